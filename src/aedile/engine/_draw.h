/* Draws canaries: what draw.py says, in C, with SHA-256 as FIPS 180-4 has it. Included by _kernel.c. */

static const uint32_t ROUND[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01,
    0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc,
    0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147,
    0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116, 0x1e376c08,
    0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208,
    0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

#define TURN(x, n) ((x) >> (n) | (x) << (32 - (n)))

static void sha_block(uint32_t h[8], const uint8_t *block) {
    uint32_t w[64], a = h[0], b = h[1], c = h[2], d = h[3], e = h[4], f = h[5], g = h[6], k = h[7];
    for (int i = 0; i < 16; i++)
        w[i] = (uint32_t)block[4 * i] << 24 | (uint32_t)block[4 * i + 1] << 16 | (uint32_t)block[4 * i + 2] << 8 | block[4 * i + 3];
    for (int i = 16; i < 64; i++)
        w[i] = w[i - 16] + (TURN(w[i - 15], 7) ^ TURN(w[i - 15], 18) ^ w[i - 15] >> 3) + w[i - 7] +
               (TURN(w[i - 2], 17) ^ TURN(w[i - 2], 19) ^ w[i - 2] >> 10);
    for (int i = 0; i < 64; i++) {
        uint32_t one = k + (TURN(e, 6) ^ TURN(e, 11) ^ TURN(e, 25)) + ((e & f) ^ (~e & g)) + ROUND[i] + w[i];
        uint32_t two = (TURN(a, 2) ^ TURN(a, 13) ^ TURN(a, 22)) + ((a & b) ^ (a & c) ^ (b & c));
        k = g, g = f, f = e, e = d + one, d = c, c = b, b = a, a = one + two;
    }
    h[0] += a, h[1] += b, h[2] += c, h[3] += d, h[4] += e, h[5] += f, h[6] += g, h[7] += k;
}

#define MOST_BLOCKS 5
#define LONGEST (MOST_BLOCKS * 64 - 9)

/* The first 8 bytes of the digest of two texts, one behind the other; together at most LONGEST bytes. */
static void sha_head(const char *one, size_t len, const char *two, size_t more, uint8_t head[8]) {
    uint32_t h[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
    uint8_t text[MOST_BLOCKS * 64] = {0};
    size_t all = len + more, size = (all + 9 + 63) / 64 * 64;
    memcpy(text, one, len);
    memcpy(text + len, two, more);
    text[all] = 0x80;
    for (int i = 0; i < 8; i++) text[size - 1 - (size_t)i] = (uint8_t)((uint64_t)all * 8 >> (8 * i));
    for (size_t at = 0; at < size; at += 64) sha_block(h, text + at);
    for (int i = 0; i < 8; i++) head[i] = (uint8_t)(h[i / 4] >> (24 - 8 * (i % 4)));
}

/* narrow(mask u64[words], words, clauses u64[draws * words], draws, draws' (prefix, bound): list of pairs of bytes,
          unit: bytes or None)

   See kernel.py. What the mask has out already is not drawn. */
static PyObject *narrow(PyObject *self, PyObject *args) {
    PyObject *o_mask, *o_clauses, *bounds, *unit;
    Py_ssize_t words, draws;
    if (!PyArg_ParseTuple(args, "OnOnO!O", &o_mask, &words, &o_clauses, &draws, &PyList_Type, &bounds, &unit)) return NULL;
    Buffers b = {.count = 0};
    char *id = NULL;
    Py_ssize_t len = 0;
    TAKE_OUT(uint64_t, mask, o_mask, words)
    TAKE(uint64_t, clauses, o_clauses, draws * words)
    if (unit != Py_None && PyBytes_AsStringAndSize(unit, &id, &len) < 0) goto fail;
    for (Py_ssize_t d = 0; d < draws; d++) {
        const uint64_t *mine = clauses + d * words;
        uint64_t any = 0;
        for (Py_ssize_t w = 0; w < words; w++) any |= mask[w] & mine[w];
        if (!any) continue;
        const char *prefix, *bound;
        Py_ssize_t own, size;
        PyObject *pair = PyList_GetItem(bounds, d);
        if (pair == NULL || !PyArg_ParseTuple(pair, "y#y#", &prefix, &own, &bound, &size)) goto fail;
        if (own + len > LONGEST || size < 8) {
            PyErr_SetString(PyExc_ValueError, "an id of more bytes than are drawn here");
            goto fail;
        }
        if (id != NULL) {
            uint8_t head[8];
            if (size == 8) sha_head(prefix, (size_t)own, id, (size_t)len, head);
            if (size > 8 || memcmp(head, bound, 8) < 0) continue; /* a longer bound is above all digests */
        }
        for (Py_ssize_t w = 0; w < words; w++) mask[w] &= ~mine[w];
    }
    release(&b);
    Py_RETURN_NONE;
fail:
    release(&b);
    return NULL;
}
