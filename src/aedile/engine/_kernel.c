/* The engine's inner loops, on Python's limited API (one binary for CPython 3.11 and later).

   Every function works on buffers that its caller in kernel.py has shaped and bounded; lengths are checked here once
   more where a wrong one would read outside a buffer. kernel_numpy.py says the same in NumPy and is what tests
   compare this file with. */

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stdint.h>
#include <string.h>

#if defined(__GNUC__) || defined(__clang__)
#define LOWEST_BIT(w) __builtin_ctzll(w)
#define COUNT_BITS(w) __builtin_popcountll(w)
#else
static int LOWEST_BIT(uint64_t w) { int i = 0; while (!(w & 1)) { w >>= 1; i++; } return i; }
static int COUNT_BITS(uint64_t w) { int i = 0; for (; w; w &= w - 1) i++; return i; }
#endif
/* The widest vectors the machine at hand has, chosen when the library is loaded. */
#if defined(__GNUC__) && !defined(__clang__) && defined(__x86_64__) && defined(__linux__)
#define WIDE __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define WIDE
#endif

#define TOP_BIT 0x8000000000000000ULL
#define TEST(words, i) (((words)[(i) >> 6] >> ((i) & 63)) & 1)

/* ---------------------------------------------------------------- buffers */

#define MAX_BUFFERS 1000

typedef struct {
    Py_buffer held[MAX_BUFFERS];
    int count;
} Buffers;

static void release(Buffers *b) {
    while (b->count > 0) PyBuffer_Release(&b->held[--b->count]);
}

/* The memory of a contiguous buffer with at least `bytes` bytes; NULL with an exception set otherwise. */
static void *take(Buffers *b, PyObject *o, Py_ssize_t bytes, int writable) {
    static char nothing[64];
    if (b->count >= MAX_BUFFERS) {
        PyErr_SetString(PyExc_ValueError, "too many buffers");
        return NULL;
    }
    if (PyObject_GetBuffer(o, &b->held[b->count], writable ? PyBUF_WRITABLE : PyBUF_SIMPLE) < 0) return NULL;
    Py_buffer *v = &b->held[b->count++];
    if (v->len < bytes) {
        PyErr_Format(PyExc_ValueError, "a buffer of %zd bytes where %zd are needed", v->len, bytes);
        return NULL;
    }
    return v->len == 0 ? nothing : v->buf;
}

#define TAKE(type, name, object, count)                                                     \
    type *name = take(&b, object, (Py_ssize_t)(count) * (Py_ssize_t)sizeof(type), 0);      \
    if (name == NULL) goto fail;
#define TAKE_OUT(type, name, object, count)                                                 \
    type *name = take(&b, object, (Py_ssize_t)(count) * (Py_ssize_t)sizeof(type), 1);      \
    if (name == NULL) goto fail;

/* ---------------------------------------------------------------- bucket: values -> rows of an axis */

#define AT_ONCE 16

/* For each of n values the number of boundaries <= it, found without branches, a few values side by side: each step of
   a search waits for the one before, but not for the other searches. */
#define UPPER_BOUNDS(name, type)                                                                                     \
    WIDE static void name(const type *bounds, int32_t count, const type *values, int32_t *out, Py_ssize_t n) {       \
        for (Py_ssize_t from = 0; from < n; from += AT_ONCE) {                                                       \
            int32_t base[AT_ONCE] = {0};                                                                             \
            type v[AT_ONCE] = {0};                                                                                   \
            Py_ssize_t here = n - from < AT_ONCE ? n - from : AT_ONCE;                                               \
            memcpy(v, values + from, (size_t)here * sizeof(type));                                                   \
            for (int32_t left = count; left > 1;) {                                                                  \
                int32_t half = left >> 1;                                                                            \
                for (int j = 0; j < AT_ONCE; j++) base[j] += bounds[base[j] + half - 1] <= v[j] ? half : 0;          \
                left -= half;                                                                                        \
            }                                                                                                        \
            for (Py_ssize_t j = 0; j < here; j++) out[from + j] = base[j] + (count > 0 && bounds[base[j]] <= v[j]);  \
        }                                                                                                            \
    }
UPPER_BOUNDS(upper_f64, double)
UPPER_BOUNDS(upper_i64, int64_t)

static PyObject *bucket(PyObject *self, PyObject *args) {
    PyObject *o_values, *o_known, *o_bounds, *o_out;
    Py_ssize_t n, count;
    int is_double;
    if (!PyArg_ParseTuple(args, "OOOOnni", &o_values, &o_known, &o_bounds, &o_out, &n, &count, &is_double)) return NULL;
    Buffers b = {.count = 0};
    TAKE(uint8_t, known, o_known, n)
    TAKE_OUT(int32_t, out, o_out, n)
    int32_t k = (int32_t)count;
    if (is_double) {
        TAKE(double, values, o_values, n)
        TAKE(double, bounds, o_bounds, count)
        upper_f64(bounds, k, values, out, n);
        for (Py_ssize_t i = 0; i < n; i++) {
            int32_t code = values[i] == values[i] ? out[i] : k + 1;
            out[i] = known[i] ? code : k + 2;
        }
    } else {
        TAKE(int64_t, values, o_values, n)
        TAKE(int64_t, bounds, o_bounds, count)
        upper_i64(bounds, k, values, out, n);
        for (Py_ssize_t i = 0; i < n; i++) out[i] = known[i] ? out[i] : k + 2;
    }
    release(&b);
    Py_RETURN_NONE;
fail:
    release(&b);
    return NULL;
}

/* choose(codes i32[n], known, lookup i32[count], count, unknown, out i32[n], n): lookup[code] where known */
static PyObject *choose(PyObject *self, PyObject *args) {
    PyObject *o_codes, *o_known, *o_lookup, *o_out;
    Py_ssize_t count, n;
    int unknown;
    if (!PyArg_ParseTuple(args, "OOOniOn", &o_codes, &o_known, &o_lookup, &count, &unknown, &o_out, &n)) return NULL;
    Buffers b = {.count = 0};
    TAKE(int32_t, codes, o_codes, n)
    TAKE(uint8_t, known, o_known, n)
    TAKE(int32_t, lookup, o_lookup, count)
    TAKE_OUT(int32_t, out, o_out, n)
    for (Py_ssize_t i = 0; i < n; i++) {
        if (known[i] && (codes[i] < 0 || codes[i] >= count)) {
            PyErr_SetString(PyExc_ValueError, "a code outside its dictionary");
            goto fail;
        }
        out[i] = known[i] ? lookup[codes[i]] : unknown;
    }
    release(&b);
    Py_RETURN_NONE;
fail:
    release(&b);
    return NULL;
}

/* codes_at(codes i32[count], known, count, rows i32[n], out i64[n], n): codes[row] where known, else -1 */
static PyObject *codes_at(PyObject *self, PyObject *args) {
    PyObject *o_codes, *o_known, *o_rows, *o_out;
    Py_ssize_t count, n;
    if (!PyArg_ParseTuple(args, "OOnOOn", &o_codes, &o_known, &count, &o_rows, &o_out, &n)) return NULL;
    Buffers b = {.count = 0};
    TAKE(int32_t, codes, o_codes, count)
    TAKE(uint8_t, known, o_known, count)
    TAKE(int32_t, rows, o_rows, n)
    TAKE_OUT(int64_t, out, o_out, n)
    for (Py_ssize_t i = 0; i < n; i++) {
        if (rows[i] >= count) {
            PyErr_SetString(PyExc_ValueError, "a row outside its column");
            goto fail;
        }
        out[i] = rows[i] >= 0 && known[rows[i]] ? codes[rows[i]] : -1;
    }
    release(&b);
    Py_RETURN_NONE;
fail:
    release(&b);
    return NULL;
}

/* ---------------------------------------------------------------- match: rows of axes -> clauses that hold */

typedef struct {
    const int32_t *codes;
    const uint64_t *bits;
} AxisRows;

#define BLOCK 64   /* entities worked on before their rows are read off */
#define MAX_AXES 480
#define REGISTERS 4 /* words ANDed at a time: they stay in a register while all axes are gone through */

/* acc (entities of the block x words) = base AND the rows of every axis. */
WIDE static void and_block(uint64_t *acc, const uint64_t *base, const AxisRows *axes, Py_ssize_t axis_count,
                           Py_ssize_t from, Py_ssize_t count, Py_ssize_t words) {
    const uint64_t *rows[MAX_AXES];
    for (Py_ssize_t i = 0; i < count; i++) {
        uint64_t *into = acc + i * words;
        for (Py_ssize_t a = 0; a < axis_count; a++)
            rows[a] = axes[a].bits + (Py_ssize_t)axes[a].codes[from + i] * words;
        Py_ssize_t w = 0;
        for (; w + REGISTERS <= words; w += REGISTERS) {
            uint64_t held[REGISTERS];
            for (int j = 0; j < REGISTERS; j++) held[j] = base[w + j];
            for (Py_ssize_t a = 0; a < axis_count; a++)
                for (int j = 0; j < REGISTERS; j++) held[j] &= rows[a][w + j];
            for (int j = 0; j < REGISTERS; j++) into[w + j] = held[j];
        }
        for (; w < words; w++) {
            uint64_t word = base[w];
            for (Py_ssize_t a = 0; a < axis_count; a++) word &= rows[a][w];
            into[w] = word;
        }
    }
}

/* Axes as a Python sequence of (codes, bits) pairs; codes are checked against the rows there are. */
static int take_axes(Buffers *b, PyObject *o_axes, AxisRows *axes, Py_ssize_t limit, Py_ssize_t n, Py_ssize_t words) {
    Py_ssize_t count = PySequence_Size(o_axes);
    if (count < 0) return -1;
    if (count > limit) {
        PyErr_SetString(PyExc_ValueError, "too many axes");
        return -1;
    }
    for (Py_ssize_t a = 0; a < count; a++) {
        PyObject *pair = PySequence_GetItem(o_axes, a);
        PyObject *o_codes = pair ? PySequence_GetItem(pair, 0) : NULL;
        PyObject *o_bits = pair ? PySequence_GetItem(pair, 1) : NULL;
        void *codes = o_codes ? take(b, o_codes, n * 4, 0) : NULL;
        void *bits = o_bits && codes ? take(b, o_bits, 0, 0) : NULL;
        Py_ssize_t rows = bits ? b->held[b->count - 1].len / (8 * words) : 0;
        Py_XDECREF(o_codes);
        Py_XDECREF(o_bits);
        Py_XDECREF(pair);
        if (bits == NULL) return -1;
        int32_t lowest = 0, highest = -1;
        for (Py_ssize_t i = 0; i < n; i++) {
            int32_t c = ((const int32_t *)codes)[i];
            lowest = c < lowest ? c : lowest;
            highest = c > highest ? c : highest;
        }
        if (lowest < 0 || highest >= rows) {
            PyErr_SetString(PyExc_ValueError, "a code names no row of its axis");
            return -1;
        }
        axes[a].codes = codes;
        axes[a].bits = bits;
    }
    return (int)count;
}


/* A list of ascending clause ids is kept as one byte a gap: the distance to the id before, less one. 255 stands for
   255 ids passed over and no id. */
#define SKIP 255

/* match(axes, base, n, words, lengths u16[n], lists u8[capacity], capacity) -> (rows done, bytes written)

   Stops early where the capacity is reached; a list longer than 65,535 bytes raises OverflowError. */
static PyObject *match(PyObject *self, PyObject *args) {
    PyObject *o_axes, *o_base, *o_lengths, *o_lists;
    Py_ssize_t n, words, capacity;
    if (!PyArg_ParseTuple(args, "OOnnOOn", &o_axes, &o_base, &n, &words, &o_lengths, &o_lists, &capacity)) return NULL;
    Buffers b = {.count = 0};
    AxisRows axes[MAX_AXES];
    uint64_t *acc = NULL;
    int axis_count = take_axes(&b, o_axes, axes, MAX_AXES, n, words);
    if (axis_count < 0) goto fail;
    TAKE(uint64_t, base, o_base, words)
    TAKE_OUT(uint16_t, lengths, o_lengths, n)
    TAKE_OUT(uint8_t, lists, o_lists, capacity)
    acc = PyMem_Malloc((size_t)(BLOCK * words) * 8);
    if (acc == NULL) {
        PyErr_NoMemory();
        goto fail;
    }
    Py_ssize_t used = 0, done = 0, longest = words * 64 + words * 64 / SKIP + 1;
    while (done < n && used + longest <= capacity) {
        Py_ssize_t count = n - done < BLOCK ? n - done : BLOCK;
        and_block(acc, base, axes, axis_count, done, count, words);
        for (Py_ssize_t i = 0; i < count && used + longest <= capacity; i++) {
            Py_ssize_t from = used, next = 0;
            const uint64_t *row = acc + i * words;
            for (Py_ssize_t w = 0; w < words; w++) {
                for (uint64_t word = row[w]; word; word &= word - 1) {
                    Py_ssize_t id = w * 64 + LOWEST_BIT(word), gap = id - next;
                    for (; gap >= SKIP; gap -= SKIP) lists[used++] = SKIP;
                    lists[used++] = (uint8_t)gap;
                    next = id + 1;
                }
            }
            if (used - from > 65535) {
                PyErr_SetString(PyExc_OverflowError, "one entity satisfies more clauses than a list holds");
                goto fail;
            }
            lengths[done++] = (uint16_t)(used - from);
        }
    }
    PyMem_Free(acc);
    release(&b);
    return Py_BuildValue("nn", done, used);
fail:
    PyMem_Free(acc);
    release(&b);
    return NULL;
}

/* combine(axes, base, n, words, out u64[n * words]): the ANDed rows themselves. */
static PyObject *combine(PyObject *self, PyObject *args) {
    PyObject *o_axes, *o_base, *o_out;
    Py_ssize_t n, words;
    if (!PyArg_ParseTuple(args, "OOnnO", &o_axes, &o_base, &n, &words, &o_out)) return NULL;
    Buffers b = {.count = 0};
    AxisRows axes[MAX_AXES];
    int axis_count = take_axes(&b, o_axes, axes, MAX_AXES, n, words);
    if (axis_count < 0) goto fail;
    TAKE(uint64_t, base, o_base, words)
    TAKE_OUT(uint64_t, out, o_out, n * words)
    for (Py_ssize_t done = 0; done < n; done += BLOCK) {
        Py_ssize_t count = n - done < BLOCK ? n - done : BLOCK;
        and_block(out + done * words, base, axes, axis_count, done, count, words);
    }
    release(&b);
    Py_RETURN_NONE;
fail:
    release(&b);
    return NULL;
}

/* ---------------------------------------------------------------- id index: id -> row */

/* A slot is an id's hash of 64 bits and its row + 1, 12 bytes in all so that one cache line answers. That no two ids
   of the catalogue share a hash is made sure when they are added; an id the catalogue lacks is taken for another once
   in 10^13 times. Probing is linear and begins where the hash, scaled to the number of slots, says. */
#define SLOT 12

static inline uint64_t mix(uint64_t a, uint64_t m) {
#ifdef __SIZEOF_INT128__
    __uint128_t r = (__uint128_t)a * m;
    return (uint64_t)r ^ (uint64_t)(r >> 64);
#else
    a ^= a >> 32;
    a *= m;
    return a ^ (a >> 29);
#endif
}

static inline uint64_t hash_bytes(const uint8_t *p, Py_ssize_t len, uint64_t seed) {
    uint64_t h = seed ^ (uint64_t)len, part = 0;
    while (len >= 8) {
        memcpy(&part, p, 8);
        h = mix(h ^ part, 0x9E3779B97F4A7C15ULL);
        p += 8;
        len -= 8;
    }
    part = 0;
    memcpy(&part, p, (size_t)len);
    h = mix(h ^ part ^ 0xD6E8FEB86659FD93ULL, 0xA0761D6478BD642FULL);
    return mix(h, 0xE7037ED1A0B428DBULL);
}

/* h scaled to [0, count). */
static inline uint64_t scaled(uint64_t h, uint64_t count) {
#ifdef __SIZEOF_INT128__
    return (uint64_t)(((__uint128_t)h * count) >> 64);
#else
    return (h >> 32) * count >> 32;
#endif
}

typedef struct {
    uint8_t *slots;
    uint64_t count;
    const int64_t *offsets;
    const uint8_t *data;
    uint64_t seed;
} Index;

static inline int32_t find(const Index *x, uint64_t h) {
    for (uint64_t at = scaled(h, x->count);;) {
        uint64_t held;
        uint32_t row;
        memcpy(&held, x->slots + at * SLOT, 8);
        memcpy(&row, x->slots + at * SLOT + 8, 4);
        if (row == 0) return -1;
        if (held == h) return (int32_t)(row - 1);
        if (++at == x->count) at = 0;
    }
}

static int take_index(Buffers *b, Index *x, PyObject *o_slots, Py_ssize_t rows, unsigned long long seed) {
    x->slots = take(b, o_slots, SLOT, 1);
    if (x->slots == NULL) return -1;
    x->count = (uint64_t)(b->held[b->count - 1].len / SLOT);
    if (x->count <= (uint64_t)rows) {
        PyErr_SetString(PyExc_ValueError, "an index needs more slots than rows");
        return -1;
    }
    x->seed = seed;
    return 0;
}

/* index_add(slots, offsets i64[rows + 1], data, rows, seed, from) -> -1, or the row whose hash another id has too. */
static PyObject *index_add(PyObject *self, PyObject *args) {
    PyObject *o_slots, *o_offsets, *o_data;
    Py_ssize_t rows, from;
    unsigned long long seed;
    if (!PyArg_ParseTuple(args, "OOOnKn", &o_slots, &o_offsets, &o_data, &rows, &seed, &from)) return NULL;
    Buffers b = {.count = 0};
    Index x;
    Py_ssize_t twice = -1;
    if (take_index(&b, &x, o_slots, rows, seed) < 0) goto fail;
    TAKE(int64_t, offsets, o_offsets, rows + 1)
    TAKE(uint8_t, data, o_data, offsets[rows])
    for (Py_ssize_t r = from; r < rows; r++) {
        uint64_t h = hash_bytes(data + offsets[r], (Py_ssize_t)(offsets[r + 1] - offsets[r]), seed);
        if (find(&x, h) >= 0) {
            twice = r;
            break;
        }
        uint64_t at = scaled(h, x.count);
        uint32_t held, row = (uint32_t)(r + 1);
        for (memcpy(&held, x.slots + at * SLOT + 8, 4); held; memcpy(&held, x.slots + at * SLOT + 8, 4))
            if (++at == x.count) at = 0;
        memcpy(x.slots + at * SLOT, &h, 8);
        memcpy(x.slots + at * SLOT + 8, &row, 4);
    }
    release(&b);
    return PyLong_FromSsize_t(twice);
fail:
    release(&b);
    return NULL;
}

/* index_find(slots, rows, seed, ids: list of str, out i32[len(ids)]) */
static PyObject *index_find(PyObject *self, PyObject *args) {
    PyObject *o_slots, *o_ids, *o_out;
    Py_ssize_t rows;
    unsigned long long seed;
    if (!PyArg_ParseTuple(args, "OnKOO", &o_slots, &rows, &seed, &o_ids, &o_out)) return NULL;
    Buffers b = {.count = 0};
    Index x;
    uint64_t *hashes = NULL;
    if (!PyList_Check(o_ids)) {
        PyErr_SetString(PyExc_TypeError, "ids come as a list of str");
        goto fail;
    }
    Py_ssize_t n = PyList_Size(o_ids);
    if (take_index(&b, &x, o_slots, rows, seed) < 0) goto fail;
    TAKE_OUT(int32_t, out, o_out, n)
    hashes = PyMem_Malloc((size_t)(n + 1) * 8);
    if (hashes == NULL) {
        PyErr_NoMemory();
        goto fail;
    }
    volatile uint64_t sink;
    uint64_t sum = 0; /* see warm_lists; a str has its text, or the way to it, within 48 bytes */
    for (Py_ssize_t i = 0; i < n; i++) {
        PyObject *id = PyList_GetItem(o_ids, i);
        if (!PyUnicode_Check(id)) {
            PyErr_SetString(PyExc_TypeError, "an id is a str");
            goto fail;
        }
        sum += ((const uint8_t *)id)[40];
    }
    for (Py_ssize_t i = 0; i < n; i++) {
        Py_ssize_t len;
        const char *text = PyUnicode_AsUTF8AndSize(PyList_GetItem(o_ids, i), &len);
        if (text == NULL) goto fail;
        hashes[i] = hash_bytes((const uint8_t *)text, len, seed);
    }
    for (Py_ssize_t i = 0; i < n; i++) sum += x.slots[scaled(hashes[i], x.count) * SLOT];
    sink = sum;
    (void)sink;
    for (Py_ssize_t i = 0; i < n; i++) out[i] = find(&x, hashes[i]);
    PyMem_Free(hashes);
    release(&b);
    Py_RETURN_NONE;
fail:
    PyMem_Free(hashes);
    release(&b);
    return NULL;
}

/* Texts that are looked up side by side. */
#define FOUND_AT_ONCE 256

/* index_find_texts(slots, rows, seed, text offsets i64[n + 1], text data, n, out i32[n]) */
static PyObject *index_find_texts(PyObject *self, PyObject *args) {
    PyObject *o_slots, *o_offsets, *o_data, *o_out;
    Py_ssize_t rows, n;
    unsigned long long seed;
    if (!PyArg_ParseTuple(args, "OnKOOnO", &o_slots, &rows, &seed, &o_offsets, &o_data, &n, &o_out)) return NULL;
    Buffers b = {.count = 0};
    Index x;
    if (take_index(&b, &x, o_slots, rows, seed) < 0) goto fail;
    TAKE(int64_t, offsets, o_offsets, n + 1)
    TAKE(uint8_t, data, o_data, n ? offsets[n] : 0)
    TAKE_OUT(int32_t, out, o_out, n)
    uint64_t hashes[FOUND_AT_ONCE], sum = 0; /* see warm_lists */
    volatile uint64_t sink;
    for (Py_ssize_t from = 0; from < n; from += FOUND_AT_ONCE) {
        Py_ssize_t to = from + FOUND_AT_ONCE < n ? from + FOUND_AT_ONCE : n;
        for (Py_ssize_t i = from; i < to; i++) {
            if (offsets[i] < 0 || offsets[i + 1] < offsets[i]) {
                PyErr_SetString(PyExc_ValueError, "offsets of texts do not ascend");
                goto fail;
            }
            hashes[i - from] = hash_bytes(data + offsets[i], (Py_ssize_t)(offsets[i + 1] - offsets[i]), seed);
        }
        for (Py_ssize_t i = from; i < to; i++) sum += x.slots[scaled(hashes[i - from], x.count) * SLOT];
        for (Py_ssize_t i = from; i < to; i++) out[i] = find(&x, hashes[i - from]);
    }
    sink = sum;
    (void)sink;
    release(&b);
    Py_RETURN_NONE;
fail:
    release(&b);
    return NULL;
}

/* ---------------------------------------------------------------- gather: rows of the catalogue -> strategies */

typedef struct {
    const void *values;
    const uint8_t *known; /* one bit a value */
    int kind;    /* 0 double, 1 int64, 2 int32 codes */
    int by_row;  /* 1: a column of the catalogue, 0: one value a candidate */
    Py_ssize_t length;
} LateColumn;

typedef struct {
    const int32_t *first;    /* clause -> its places in `literal`, clauses + 1 entries */
    const int32_t *literal;  /* a place -> one of the distinct literals below */
    Py_ssize_t literals;
    const int32_t *column;
    const uint8_t *truth;    /* bit 0: true where the column is less than the request's side, 1 equal, 2 more, 3 neither */
    const uint8_t *known;    /* whether the request's side has a value */
    const int64_t *scalar;   /* the request's side: an int64, or the bits of a double */
    LateColumn columns[64];
    int column_count;
} Late;

static int take_late(Buffers *b, Late *l, PyObject *o_late, Py_ssize_t clauses) {
    PyObject *o_first, *o_literal, *o_column, *o_truth, *o_known, *o_scalar, *o_columns;
    if (!PyArg_ParseTuple(o_late, "OOOOOOO", &o_first, &o_literal, &o_column, &o_truth, &o_known, &o_scalar, &o_columns))
        return -1;
    l->first = take(b, o_first, (clauses + 1) * 4, 0);
    l->literal = l->first ? take(b, o_literal, (Py_ssize_t)l->first[clauses] * 4, 0) : NULL;
    l->truth = l->literal ? take(b, o_truth, 0, 0) : NULL;
    l->literals = l->truth ? b->held[b->count - 1].len : 0;
    l->column = l->truth ? take(b, o_column, l->literals * 4, 0) : NULL;
    l->known = l->column ? take(b, o_known, l->literals, 0) : NULL;
    l->scalar = l->known ? take(b, o_scalar, l->literals * 8, 0) : NULL;
    if (l->scalar == NULL) return -1;
    Py_ssize_t columns = PySequence_Size(o_columns);
    if (columns < 0 || columns > 64) {
        if (columns > 64) PyErr_SetString(PyExc_ValueError, "too many late columns");
        return -1;
    }
    l->column_count = (int)columns;
    for (Py_ssize_t k = 0; k < columns; k++) {
        LateColumn *c = &l->columns[k];
        PyObject *o_values, *o_mask, *item = PySequence_GetItem(o_columns, k);
        if (item == NULL) return -1;
        int ok = PyArg_ParseTuple(item, "OOiin", &o_values, &o_mask, &c->kind, &c->by_row, &c->length);
        Py_ssize_t size = c->kind == 2 ? 4 : 8;
        c->values = ok ? take(b, o_values, c->length * size, 0) : NULL;
        c->known = c->values ? take(b, o_mask, (c->length + 7) / 8, 0) : NULL;
        Py_DECREF(item);
        if (c->known == NULL) return -1;
    }
    return 0;
}

/* keep[i] = known[i] and the comparison, for every candidate. One comparison a loop: the compiler makes vectors of it,
   and no branch hangs on how it ends. Of an operator's truth (see TRUTHS in kernel.py) the negation is the complement,
   NaN included. */
#define COMPARED(op)                                                                                     \
    for (Py_ssize_t i = 0; i < n; i++) keep[i] = (uint8_t)(((values[i] op s) ^ negated) & known[i]);     \
    break;
#define COMPARE(name, type)                                                                              \
    WIDE static void name(const type *restrict values, type s, unsigned truth, const uint8_t *restrict known, \
                          uint8_t *restrict keep, Py_ssize_t n) {                                        \
        uint8_t negated = truth >> 3 & 1;                                                                \
        switch (negated ? truth ^ 15U : truth) {                                                         \
            case 1: COMPARED(<)                                                                          \
            case 2: COMPARED(==)                                                                         \
            case 3: COMPARED(<=)                                                                         \
            case 4: COMPARED(>)                                                                          \
            default: COMPARED(>=)                                                                        \
        }                                                                                                \
    }
COMPARE(compare_f64, double)
COMPARE(compare_i64, int64_t)

WIDE static void and_bytes(uint8_t *restrict into, const uint8_t *restrict from, Py_ssize_t n) {
    for (Py_ssize_t i = 0; i < n; i++) into[i] &= from[i];
}

/* The values of a column for the candidates, widened to 8 bytes, and whether they are known. All reads of a column stand
   together: many independent misses at once take a fraction of the time that one after the other takes. */
#define BRING(type)                                                                                      \
    for (Py_ssize_t i = 0; i < n; i++) {                                                                 \
        int64_t at = c->by_row ? rows[i] : (int64_t)i;                                                   \
        int there = at >= 0 && at < c->length;                                                           \
        at = there ? at : 0;                                                                             \
        known[i] = (uint8_t)(there & (c->known[at >> 3] >> (at & 7)));                                   \
        values[i] = ((const type *)c->values)[at];                                                       \
    }
static void bring(const LateColumn *c, const int32_t *rows, Py_ssize_t n, int64_t *values, uint8_t *known) {
    if (c->length == 0) {
        memset(values, 0, (size_t)n * 8);
        memset(known, 0, (size_t)n);
    } else if (c->kind == 2) {
        BRING(int32_t)
    } else {
        BRING(int64_t) /* the bits, of a double too */
    }
}

/* Which candidates satisfy the late literals of which clauses, all at once. */
typedef struct {
    uint32_t *row;  /* clause -> its row of `holds`; row 0 holds for everybody */
    uint8_t *holds; /* rows x n */
    Py_ssize_t n;
} LateRows;

#define HOLDS(x, clause, i) ((x)->holds[(Py_ssize_t)(x)->row[clause] * (x)->n + (i)])

static void drop_late(LateRows *x) {
    PyMem_Free(x->row);
    x->row = NULL;
}

static void settle_literal(const Late *l, int32_t k, const int64_t *values, const uint8_t *known, uint8_t *keep,
                           Py_ssize_t n) {
    size_t at = (size_t)l->column[k] * (size_t)n;
    double s;
    memcpy(&s, &l->scalar[k], 8);
    if (!l->known[k]) memset(keep, 0, (size_t)n);
    else if (l->columns[l->column[k]].kind == 0)
        compare_f64((const double *)(values + at), s, l->truth[k], known + at, keep, n);
    else compare_i64(values + at, l->scalar[k], l->truth[k], known + at, keep, n);
}

/* Fills x for the clauses that `mask` leaves alive; literals that several clauses share are compared once. */
static int settle_late(LateRows *x, const Late *l, const uint64_t *mask, Py_ssize_t clauses, const int32_t *rows,
                       Py_ssize_t n) {
    size_t columns = (size_t)l->column_count, width = (size_t)n, literals = (size_t)l->literals, alive = 1;
    for (Py_ssize_t c = 0; c < clauses; c++) alive += TEST(mask, c) && l->first[c] != l->first[c + 1];
    size_t indices = ((size_t)clauses * 4 + 7) & ~(size_t)7;
    x->row = PyMem_Malloc(indices + columns * width * 9 + literals * (width + 1) + alive * width + 8);
    if (x->row == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    int64_t *values = (int64_t *)((char *)x->row + indices);
    uint8_t *known = (uint8_t *)(values + columns * width), *one = known + columns * width;
    uint8_t *settled = one + literals * width;
    x->holds = settled + literals;
    x->n = n;
    memset(settled, 0, literals);
    memset(x->holds, 1, width);
    for (size_t k = 0; k < columns; k++) bring(&l->columns[k], rows, n, values + k * width, known + k * width);
    uint32_t count = 0;
    for (Py_ssize_t c = 0; c < clauses; c++) {
        x->row[c] = 0;
        if (!TEST(mask, c) || l->first[c] == l->first[c + 1]) continue;
        x->row[c] = ++count;
        uint8_t *keep = x->holds + (size_t)count * width;
        for (int32_t at = l->first[c]; at < l->first[c + 1]; at++) {
            int32_t k = l->literal[at];
            if (k < 0 || k >= l->literals || l->column[k] < 0 || l->column[k] >= l->column_count) {
                PyErr_SetString(PyExc_ValueError, "a late literal there is not");
                return -1;
            }
            uint8_t *mine = one + (size_t)k * width;
            if (!settled[k]) settle_literal(l, k, values, known, mine, n);
            settled[k] = 1;
            if (at == l->first[c]) memcpy(keep, mine, width);
            else and_bytes(keep, mine, n);
        }
    }
    return 0;
}

/* Posting lists: see PostingLists in kernel.py. Row m - 1 stands for ids the catalogue does not have. */
typedef struct {
    const uint32_t *starts;
    const uint16_t *lengths;
    const uint8_t *gaps;
    int64_t m;
    Py_ssize_t held;
} Lists;

static int take_lists(Buffers *b, Lists *x, PyObject *o_lists) {
    PyObject *o_starts, *o_lengths, *o_gaps;
    if (!PyArg_ParseTuple(o_lists, "OOO", &o_starts, &o_lengths, &o_gaps)) return -1;
    x->lengths = take(b, o_lengths, 2, 0);
    x->m = x->lengths ? b->held[b->count - 1].len / 2 : 0;
    x->starts = x->lengths ? take(b, o_starts, (Py_ssize_t)x->m * 4, 0) : NULL;
    x->gaps = x->starts ? take(b, o_gaps, 0, 0) : NULL;
    x->held = x->gaps ? b->held[b->count - 1].len : 0;
    return x->gaps == NULL ? -1 : 0;
}

static inline int64_t list_at(const Lists *x, int32_t row) { return row < 0 || row >= x->m ? x->m - 1 : row; }

/* Read what the candidates' lists begin and end with, one array after the other: many independent reads at once take
   a fraction of the time that one miss after the other takes, and measured better than prefetch instructions. */
static void warm_lists(const Lists *x, const int32_t *rows, Py_ssize_t n) {
    volatile uint64_t sink;
    uint64_t sum = 0;
    for (Py_ssize_t i = 0; i < n; i++) sum += x->starts[list_at(x, rows[i])];
    for (Py_ssize_t i = 0; i < n; i++) sum += x->lengths[list_at(x, rows[i])];
    for (Py_ssize_t i = 0; i < n; i++) {
        int64_t at = list_at(x, rows[i]), from = x->starts[at], to = from + x->lengths[at];
        if (to > from && to <= x->held) sum += x->gaps[from] + (uint64_t)x->gaps[to - 1];
    }
    sink = sum;
    (void)sink;
}

static inline int find_list(const Lists *x, int32_t row, const uint8_t **gap, const uint8_t **end) {
    int64_t at = list_at(x, row);
    if ((Py_ssize_t)x->starts[at] + x->lengths[at] > x->held) {
        PyErr_SetString(PyExc_ValueError, "a row outside the lists");
        return -1;
    }
    *gap = x->gaps + x->starts[at];
    *end = *gap + x->lengths[at];
    return 0;
}

/* gather(rows i32[n], n, lists, mask u64[words], words, sent or None, open i32[k], k,
          clause_strategy i32[clauses], clauses, late or None, out u64[n * out_words], out_words)

   Sets the bits of the strategies that fire. Row m - 1 of the lists stands for ids the catalogue does not have. */
static PyObject *gather(PyObject *self, PyObject *args) {
    PyObject *o_rows, *o_lists, *o_mask, *o_sent, *o_open, *o_strategy, *o_late, *o_out;
    Py_ssize_t n, words, open_count, clauses, out_words;
    if (!PyArg_ParseTuple(args, "OnOOnOOnOnOOn", &o_rows, &n, &o_lists, &o_mask, &words, &o_sent, &o_open, &open_count, &o_strategy, &clauses, &o_late, &o_out, &out_words))
        return NULL;
    Buffers b = {.count = 0};
    Lists lists;
    Late late;
    LateRows settled = {NULL, NULL, 0};
    void *target = NULL;
    int has_late = o_late != Py_None;
    TAKE(int32_t, rows, o_rows, n)
    if (take_lists(&b, &lists, o_lists) < 0) goto fail;
    TAKE(uint64_t, mask, o_mask, words)
    const uint64_t *sent = NULL;
    if (o_sent != Py_None) {
        TAKE(uint64_t, taken, o_sent, n * words)
        sent = taken;
    }
    TAKE(int32_t, open, o_open, open_count)
    TAKE(int32_t, strategy, o_strategy, clauses)
    TAKE_OUT(uint64_t, out, o_out, n * out_words)
    if (has_late && (take_late(&b, &late, o_late, clauses) < 0 ||
                     settle_late(&settled, &late, mask, clauses, rows, n) < 0))
        goto fail;
    /* What a clause stands for in this request: its strategy, or a bit nobody reads. Most of a list is ruled out by the request at random: this way no branch hangs on it. */
    target = PyMem_Malloc((size_t)clauses * 4 + (size_t)(out_words + 1) * 8);
    if (target == NULL) {
        PyErr_NoMemory();
        goto fail;
    }
    uint64_t *fired = (uint64_t *)target;
    uint32_t *aims = (uint32_t *)(fired + out_words + 1), nowhere = (uint32_t)out_words * 64;
    for (Py_ssize_t c = 0; c < clauses; c++) {
        uint32_t aim = TEST(mask, c) ? (uint32_t)strategy[c] : nowhere;
        aims[c] = aim;
    }
    warm_lists(&lists, rows, n);
    for (Py_ssize_t i = 0; i < n; i++) {
        const uint64_t *own = sent ? sent + i * words : NULL;
        const uint8_t *gap, *end;
        if (find_list(&lists, rows[i], &gap, &end) < 0) goto fail;
        uint32_t next = 0;
        memset(fired, 0, (size_t)(out_words + 1) * 8);
        for (; gap < end; gap++) {
            next += *gap;
            if (*gap == SKIP) continue;
            uint32_t c = next++;
            if (c >= (uint32_t)clauses) {
                PyErr_SetString(PyExc_ValueError, "a list names a clause there is not");
                goto fail;
            }
            uint32_t aim = aims[c];
            if (own && !TEST(own, c)) continue;
            if (has_late && !HOLDS(&settled, c, i)) continue;
            fired[aim >> 6] |= 1ULL << (aim & 63);
        }
        for (Py_ssize_t k = 0; k < open_count; k++) {
            uint32_t c = (uint32_t)open[k];
            if (own && !TEST(own, c)) continue;
            if (has_late && !HOLDS(&settled, c, i)) continue;
            int32_t s = strategy[c];
            fired[s >> 6] |= 1ULL << (s & 63);
        }
        for (Py_ssize_t w = 0; w < out_words; w++) out[i * out_words + w] |= fired[w];
    }
    PyMem_Free(target);
    drop_late(&settled);
    release(&b);
    Py_RETURN_NONE;
fail:
    PyMem_Free(target);
    drop_late(&settled);
    release(&b);
    return NULL;
}

/* scatter(bits u64[n * words], n, words, mask u64[words], clause_strategy i32[clauses], clauses, late or None,
           rows i32[n], out u64[n * out_words], out_words)

   What `gather` does, from the bits of clauses that hold for each candidate. */
static PyObject *scatter(PyObject *self, PyObject *args) {
    PyObject *o_bits, *o_mask, *o_strategy, *o_late, *o_rows, *o_out;
    Py_ssize_t n, words, clauses, out_words;
    if (!PyArg_ParseTuple(args, "OnnOOnOOOn", &o_bits, &n, &words, &o_mask, &o_strategy, &clauses, &o_late, &o_rows,
                          &o_out, &out_words))
        return NULL;
    Buffers b = {.count = 0};
    Late late;
    LateRows settled = {NULL, NULL, 0};
    int has_late = o_late != Py_None;
    TAKE(uint64_t, bits, o_bits, n * words)
    TAKE(uint64_t, mask, o_mask, words)
    TAKE(int32_t, strategy, o_strategy, clauses)
    TAKE(int32_t, rows, o_rows, n)
    TAKE_OUT(uint64_t, out, o_out, n * out_words)
    if (has_late && (take_late(&b, &late, o_late, clauses) < 0 ||
                     settle_late(&settled, &late, mask, clauses, rows, n) < 0))
        goto fail;
    for (Py_ssize_t i = 0; i < n; i++) {
        uint64_t *fired = out + i * out_words;
        for (Py_ssize_t w = 0; w < words; w++) {
            for (uint64_t word = bits[i * words + w] & mask[w]; word; word &= word - 1) {
                Py_ssize_t c = w * 64 + LOWEST_BIT(word);
                uint64_t holds = has_late ? HOLDS(&settled, c, i) : 1;
                int32_t s = strategy[c];
                fired[s >> 6] |= holds << (s & 63);
            }
        }
    }
    drop_late(&settled);
    release(&b);
    Py_RETURN_NONE;
fail:
    drop_late(&settled);
    release(&b);
    return NULL;
}

/* ---------------------------------------------------------------- resolve: strategies that fire -> verdicts */

#define EXCLUDE 1
#define FACTOR 2
#define EXEMPT 3

/* The strategies of a release: see ActionBook in kernel.py. The last three are made here, one bit a strategy. */
typedef struct {
    Py_ssize_t words, strategies;
    const uint64_t *live, *shadowed, *exempt;
    const uint8_t *kind;
    const double *factor;
    const int32_t *exempt_row;
    uint64_t *excludes, *factors, *exempts;
} Book;

/* The verdicts of n candidates: see Verdicts in verdicts.py. */
typedef struct {
    int64_t *fired_offsets, *shadow_offsets;
    int32_t *fired, *shadow, *excluded;
    uint8_t *acts;
    double *multiplier;
    double lowest, highest;
    Py_ssize_t capacity, shadow_capacity, used, used_shadow;
} Out;

static int take_book(Buffers *b, Book *k, PyObject *o_book, Py_ssize_t words) {
    PyObject *o_live, *o_shadow, *o_kind, *o_factor, *o_exempt_row, *o_exempt, *o_masks;
    if (!PyArg_ParseTuple(o_book, "OOOOOOO", &o_live, &o_shadow, &o_kind, &o_factor, &o_exempt_row, &o_exempt, &o_masks))
        return -1;
    k->words = words;
    k->live = take(b, o_live, words * 8, 0);
    k->shadowed = k->live ? take(b, o_shadow, words * 8, 0) : NULL;
    k->kind = k->shadowed ? take(b, o_kind, 0, 0) : NULL;
    k->strategies = k->kind ? b->held[b->count - 1].len : 0;
    k->factor = k->kind ? take(b, o_factor, k->strategies * 8, 0) : NULL;
    k->exempt_row = k->factor ? take(b, o_exempt_row, k->strategies * 4, 0) : NULL;
    k->exempt = k->exempt_row ? take(b, o_exempt, 0, 0) : NULL;
    k->excludes = k->exempt ? take(b, o_masks, words * 3 * 8, 0) : NULL;
    if (k->excludes == NULL) return -1;
    k->factors = k->excludes + words;
    k->exempts = k->factors + words;
    return 0;
}

static int take_out(Buffers *b, Out *r, PyObject *o_out, Py_ssize_t n) {
    PyObject *o_foff, *o_fired, *o_acts, *o_soff, *o_shadow, *o_excluded, *o_multiplier;
    if (!PyArg_ParseTuple(o_out, "OOOOOOOdd", &o_foff, &o_fired, &o_acts, &o_soff, &o_shadow, &o_excluded, &o_multiplier,
                          &r->lowest, &r->highest))
        return -1;
    r->fired_offsets = take(b, o_foff, (n + 1) * 8, 1);
    r->acts = r->fired_offsets ? take(b, o_acts, 0, 1) : NULL;
    r->capacity = r->acts ? b->held[b->count - 1].len : 0;
    r->fired = r->acts ? take(b, o_fired, r->capacity * 4, 1) : NULL;
    r->shadow_offsets = r->fired ? take(b, o_soff, (n + 1) * 8, 1) : NULL;
    r->shadow = r->shadow_offsets ? take(b, o_shadow, 0, 1) : NULL;
    r->shadow_capacity = r->shadow ? b->held[b->count - 1].len / 4 : 0;
    r->excluded = r->shadow ? take(b, o_excluded, n * 4, 1) : NULL;
    r->multiplier = r->excluded ? take(b, o_multiplier, n * 8, 1) : NULL;
    if (r->multiplier == NULL) return -1;
    r->used = r->used_shadow = 0;
    r->fired_offsets[0] = r->shadow_offsets[0] = 0;
    return 0;
}

/* What one candidate could need. */
static inline int has_room(const Out *r, Py_ssize_t words) {
    return r->used + words * 64 + 2 <= r->capacity && r->used_shadow + words * 64 + 2 <= r->shadow_capacity;
}

static inline void end_candidate(Out *r, Py_ssize_t i, int32_t winner, double product) {
    r->fired_offsets[i + 1] = r->used;
    r->shadow_offsets[i + 1] = r->used_shadow;
    r->excluded[i] = winner;
    r->multiplier[i] = product < r->lowest ? r->lowest : product > r->highest ? r->highest : product;
}

/* acting = row AND live, and what of it excludes, multiplies, exempts or is only watched: anything at all? */
WIDE static void masks_of(const uint64_t *row, const Book *k, uint64_t *acting, uint64_t any[4]) {
    uint64_t exclude = 0, factor = 0, exempt = 0, shadow = 0;
    for (Py_ssize_t w = 0; w < k->words; w++) {
        uint64_t word = row[w] & k->live[w];
        acting[w] = word;
        exclude |= word & k->excludes[w];
        factor |= word & k->factors[w];
        exempt |= word & k->exempts[w];
        shadow |= row[w] & k->shadowed[w];
    }
    any[0] = exclude;
    any[1] = factor;
    any[2] = exempt;
    any[3] = shadow;
}

/* One candidate's verdict from the bits of the strategies that fire; `acting` is room for a row. */
static void resolve_row(const uint64_t *row, const Book *k, uint64_t *acting, Out *r, Py_ssize_t i) {
    uint64_t any[4];
    Py_ssize_t words = k->words;
    masks_of(row, k, acting, any);
    /* In precedence order: an exempt that is itself exempted does not act. */
    for (Py_ssize_t w = 0; any[2] && w < words; w++) {
        for (uint64_t left = ~0ULL; left & acting[w] & k->exempts[w];) {
            int bit = LOWEST_BIT(left & acting[w] & k->exempts[w]);
            left = bit == 63 ? 0 : ~0ULL << (bit + 1);
            const uint64_t *off = k->exempt + (Py_ssize_t)k->exempt_row[w * 64 + bit] * words;
            for (Py_ssize_t v = 0; v < words; v++) acting[v] &= ~off[v];
        }
    }
    int32_t winner = -1;
    for (Py_ssize_t w = 0; any[0] && w < words; w++) {
        uint64_t word = acting[w] & k->excludes[w];
        if (word == 0) continue;
        winner = (int32_t)(w * 64 + LOWEST_BIT(word));
        break;
    }
    double product = 1.0;
    for (Py_ssize_t w = 0; any[1] && w < words; w++)
        for (uint64_t word = acting[w] & k->factors[w]; word; word &= word - 1)
            product *= k->factor[w * 64 + LOWEST_BIT(word)];
    for (Py_ssize_t w = 0; w < words; w++) {
        /* Two places are written whether there are as many bits or not: how many there are is beyond any branch
           predictor, and what was written in vain is written over. */
        uint64_t word = row[w] & k->live[w], does = acting[w];
        Py_ssize_t count = COUNT_BITS(word), at = r->used;
        for (int once = 0; once < 2; once++) {
            int bit = LOWEST_BIT(word | TOP_BIT);
            r->fired[at] = (int32_t)(w * 64 + bit);
            r->acts[at++] = (uint8_t)((does >> bit) & 1);
            word &= word - 1;
        }
        for (; count > 2 && word; word &= word - 1) {
            int bit = LOWEST_BIT(word);
            r->fired[at] = (int32_t)(w * 64 + bit);
            r->acts[at++] = (uint8_t)((does >> bit) & 1);
        }
        r->used += count;
    }
    for (Py_ssize_t w = 0; any[3] && w < words; w++)
        for (uint64_t word = row[w] & k->shadowed[w]; word; word &= word - 1)
            r->shadow[r->used_shadow++] = (int32_t)(w * 64 + LOWEST_BIT(word));
    end_candidate(r, i, winner, product);
}

/* resolve(bits u64[n * words], n, words, book, out) -> (fired, shadow) written, or None where there was too little room */
static PyObject *resolve(PyObject *self, PyObject *args) {
    PyObject *o_bits, *o_book, *o_out;
    Py_ssize_t n, words;
    if (!PyArg_ParseTuple(args, "OnnOO", &o_bits, &n, &words, &o_book, &o_out)) return NULL;
    Buffers b = {.count = 0};
    Book book;
    Out out;
    uint64_t *acting = NULL;
    TAKE(uint64_t, bits, o_bits, n * words)
    if (take_book(&b, &book, o_book, words) < 0 || take_out(&b, &out, o_out, n) < 0) goto fail;
    acting = PyMem_Malloc((size_t)words * 8);
    if (acting == NULL) {
        PyErr_NoMemory();
        goto fail;
    }
    Py_ssize_t i = 0;
    for (; i < n && has_room(&out, words); i++) resolve_row(bits + i * words, &book, acting, &out, i);
    PyMem_Free(acting);
    release(&b);
    if (i < n) Py_RETURN_NONE;
    return Py_BuildValue("nn", out.used, out.used_shadow);
fail:
    PyMem_Free(acting);
    release(&b);
    return NULL;
}

/* ---------------------------------------------------------------- decide: gather and resolve in one go */

#define ALIVE 0x40000000U
#define EXCLUDES 1U
#define EXEMPTS 2U
#define LIVE 0x80U

/* decide(rows i32[n], n, lists, mask u64[words], words, clause_strategy i32[clauses], clauses, late or None, strategy
          words, book, out) -> (fired, shadow) written, or None where there was too little room

   What `gather` and `resolve` do, where the strategies ascend with the clauses, all come from posting lists and nothing
   was sent: the common case, in which no bit set has to be written and read again. */
static PyObject *decide(PyObject *self, PyObject *args) {
    PyObject *o_rows, *o_lists, *o_mask, *o_strategy, *o_late, *o_book, *o_out;
    Py_ssize_t n, words, clauses, strategy_words;
    if (!PyArg_ParseTuple(args, "OnOOnOnOnOO", &o_rows, &n, &o_lists, &o_mask, &words, &o_strategy, &clauses, &o_late,
                          &strategy_words, &o_book, &o_out))
        return NULL;
    Buffers b = {.count = 0};
    Lists lists;
    Late late;
    LateRows settled = {NULL, NULL, 0};
    Book book;
    Out out;
    void *scratch = NULL;
    int has_late = o_late != Py_None;
    TAKE(int32_t, rows, o_rows, n)
    TAKE(uint64_t, mask, o_mask, words)
    TAKE(int32_t, strategy, o_strategy, clauses)
    if (take_lists(&b, &lists, o_lists) < 0) goto fail;
    if (has_late && (take_late(&b, &late, o_late, clauses) < 0 ||
                     settle_late(&settled, &late, mask, clauses, rows, n) < 0))
        goto fail;
    if (take_book(&b, &book, o_book, strategy_words) < 0 || take_out(&b, &out, o_out, n) < 0) goto fail;
    size_t row_bytes = (size_t)strategy_words * 8;
    scratch = PyMem_Malloc(row_bytes * 2 + (size_t)clauses * 8 + 16 + (size_t)book.strategies * 9);
    if (scratch == NULL) {
        PyErr_NoMemory();
        goto fail;
    }
    uint64_t *row_bits = scratch, *acting = row_bits + strategy_words;
    double *factor = (double *)(acting + strategy_words);
    uint32_t *aims = (uint32_t *)(factor + book.strategies + 1), *found = aims + clauses;
    uint8_t *does = (uint8_t *)(found + clauses + 1);
    for (Py_ssize_t c = 0; c < clauses; c++) {
        uint32_t aim = (uint32_t)strategy[c];
        if (TEST(mask, c)) aim |= ALIVE;
        aims[c] = aim;
    }
    for (Py_ssize_t s = 0; s < book.strategies; s++) {
        int is_live = TEST(book.live, s), kind = book.kind[s];
        does[s] = (uint8_t)(!is_live ? 0 : LIVE | (kind == EXCLUDE ? EXCLUDES : kind == EXEMPT ? EXEMPTS : 0));
        factor[s] = is_live && kind == FACTOR ? book.factor[s] : 1.0;
    }
    factor[book.strategies] = 1.0; /* for clauses that do not hold */
    Py_ssize_t i = 0;
    warm_lists(&lists, rows, n);
    for (; i < n && has_room(&out, strategy_words); i++) {
        const uint8_t *gap, *end;
        if (find_list(&lists, rows[i], &gap, &end) < 0) goto fail;
        /* Written always and kept if the clause is alive: no branch to guess, and nothing waits for the entry before. */
        uint32_t next = 0, last = ~0U;
        Py_ssize_t alive = 0, count = 0;
        for (; gap < end; gap++) {
            next += *gap;
            if (*gap == SKIP) continue;
            uint32_t c = next++;
            if (c >= (uint32_t)clauses) {
                PyErr_SetString(PyExc_ValueError, "a list names a clause there is not");
                goto fail;
            }
            found[alive] = c;
            alive += aims[c] >> 30 & 1;
        }
        uint32_t winner = ~0U, exempts_found = 0;
        double product = 1.0;
        for (Py_ssize_t k = 0; k < alive; k++) {
            uint32_t c = found[k], s = aims[c] & ~ALIVE, kept = (uint32_t)(s != last);
            if (has_late) kept &= HOLDS(&settled, c, i);
            uint32_t what = does[s] & (0U - kept);
            found[count] = s; /* never ahead of the place that is read */
            count += kept;
            last = kept ? s : last;
            uint32_t excluding = s | ((what & EXCLUDES) - 1U); /* all ones where it does not exclude */
            winner = excluding < winner ? excluding : winner;
            product *= factor[kept ? s : (uint32_t)book.strategies];
            exempts_found |= what & EXEMPTS;
        }
        if (exempts_found) {
            memset(row_bits, 0, row_bytes);
            for (Py_ssize_t k = 0; k < count; k++) row_bits[found[k] >> 6] |= 1ULL << (found[k] & 63);
            resolve_row(row_bits, &book, acting, &out, i);
            continue;
        }
        for (Py_ssize_t k = 0; k < count; k++) {
            uint32_t s = found[k];
            uint8_t live = does[s] >> 7;
            out.fired[out.used] = (int32_t)s;
            out.acts[out.used] = 1;
            out.shadow[out.used_shadow] = (int32_t)s;
            out.used += live;
            out.used_shadow += 1 - live;
        }
        end_candidate(&out, i, (int32_t)winner, product);
    }
    PyMem_Free(scratch);
    drop_late(&settled);
    release(&b);
    if (i < n) Py_RETURN_NONE;
    return Py_BuildValue("nn", out.used, out.used_shadow);
fail:
    PyMem_Free(scratch);
    drop_late(&settled);
    release(&b);
    return NULL;
}

#include "_answer_write.h"
#include "_body_read.h"
#include "_count.h"
#include "_flagged.h"
#include "_gather_many.h"
#include "_draw.h"
#include "_log_append.h"
#include "_slate_build.h"

static PyMethodDef methods[] = {
    {"bucket", bucket, METH_VARARGS, "Rows of an ordered axis for values."},
    {"choose", choose, METH_VARARGS, "Look codes up, where they are known."},
    {"codes_at", codes_at, METH_VARARGS, "Codes of rows, where they are known."},
    {"index_find_texts", index_find_texts, METH_VARARGS, "Find the rows of texts."},
    {"match", match, METH_VARARGS, "Sparse lists of the clauses that hold."},
    {"combine", combine, METH_VARARGS, "The ANDed clause bits themselves."},
    {"index_add", index_add, METH_VARARGS, "Put rows' ids into the id index."},
    {"index_find", index_find, METH_VARARGS, "Find the rows of ids."},
    {"gather", gather, METH_VARARGS, "Strategies that fire for rows of a catalogue."},
    {"scatter", scatter, METH_VARARGS, "Strategies that fire, from bits of clauses."},
    {"decide", decide, METH_VARARGS, "Verdicts for rows of a catalogue, in one go."},
    {"resolve", resolve, METH_VARARGS, "Verdicts from strategies that fire."},
    {"log_append", log_append, METH_VARARGS, "Add a decision to columns of many."},
    {"flagged", flagged, METH_VARARGS, "Which of the strategies that fire are flagged."},
    {"count_decision", count_decision, METH_VARARGS, "What strategies did in one decision."},
    {"count_numbers", count_numbers, METH_VARARGS, "How often numbers occur."},
    {"count_pairs", count_pairs, METH_VARARGS, "How often numbers occur by cell, and with how many owners."},
    {"narrow", narrow, METH_VARARGS, "Rule out the clauses of canaries that a unit is not in."},
    {"write_answer", write_answer, METH_VARARGS, "The candidates of an answer as JSON."},
    {"read_candidates", read_candidates, METH_VARARGS, "The candidates in a request's JSON."},
    {"slate", slate, METH_VARARGS, "One slate, from scores and verdicts."},
    {"slates", slates, METH_VARARGS, "The slates of many requests."},
    {"gather_many", gather_many, METH_VARARGS, "Strategies that fire for the candidates of many requests."},
    {NULL, NULL, 0, NULL},
};

static PyModuleDef module = {PyModuleDef_HEAD_INIT, .m_name = "_kernel", .m_size = 0, .m_methods = methods};

PyMODINIT_FUNC PyInit__kernel(void) { return PyModule_Create(&module); }
