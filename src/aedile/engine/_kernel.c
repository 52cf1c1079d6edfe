/* The engine's inner loops, on Python's limited API (one binary for CPython 3.11 and later).

   Every function works on buffers that its caller in kernel.py has shaped and bounded; lengths are checked here once
   more where a wrong one would read outside a buffer. kernel_numpy.py says the same in NumPy and is what tests
   compare this file with. */

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stdint.h>
#include <string.h>

#if defined(__GNUC__) || defined(__clang__)
#define PREFETCH(p) __builtin_prefetch(p)
#define LOWEST_BIT(w) __builtin_ctzll(w)
#define COUNT_BITS(w) __builtin_popcountll(w)
#else
#define PREFETCH(p) ((void)0)
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

/* The number of boundaries <= v, found without branches. */
#define UPPER_BOUND(name, type)                                                             \
    static inline int32_t name(const type *bounds, int32_t count, type v) {                 \
        const type *base = bounds;                                                          \
        int32_t left = count;                                                               \
        while (left > 1) {                                                                  \
            int32_t half = left >> 1;                                                       \
            base += (base[half - 1] <= v) ? half : 0;                                       \
            left -= half;                                                                   \
        }                                                                                   \
        return (int32_t)(base - bounds) + (left == 1 && *base <= v);                        \
    }
UPPER_BOUND(upper_f64, double)
UPPER_BOUND(upper_i64, int64_t)

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
        for (Py_ssize_t i = 0; i < n; i++) {
            double v = values[i];
            int32_t code = upper_f64(bounds, k, v);
            code = v == v ? code : k + 1;
            out[i] = known[i] ? code : k + 2;
        }
    } else {
        TAKE(int64_t, values, o_values, n)
        TAKE(int64_t, bounds, o_bounds, count)
        for (Py_ssize_t i = 0; i < n; i++) {
            int32_t code = upper_i64(bounds, k, values[i]);
            out[i] = known[i] ? code : k + 2;
        }
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

/* ---------------------------------------------------------------- match: rows of axes -> clauses that hold */

typedef struct {
    const int32_t *codes;
    const uint64_t *bits;
} AxisRows;

#define BLOCK 64 /* entities ANDed at a time, so that one axis' rows stay in cache while they are used */

/* acc (entities of the block x words) = base AND the rows of every axis. */
WIDE static void and_block(uint64_t *acc, const uint64_t *base, const AxisRows *axes, Py_ssize_t axis_count,
                      Py_ssize_t from, Py_ssize_t count, Py_ssize_t words) {
    for (Py_ssize_t i = 0; i < count; i++) memcpy(acc + i * words, base, (size_t)words * 8);
    for (Py_ssize_t a = 0; a < axis_count; a++) {
        const int32_t *codes = axes[a].codes + from;
        const uint64_t *bits = axes[a].bits;
        for (Py_ssize_t i = 0; i < count; i++) {
            uint64_t *into = acc + i * words;
            const uint64_t *row = bits + (Py_ssize_t)codes[i] * words;
            for (Py_ssize_t w = 0; w < words; w++) into[w] &= row[w];
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

#define MAX_AXES 480

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

/* A slot is 0, or the lower 32 bits of an id's hash beside its row + 1. The hash's upper bits say where probing
   begins, which is linear: any number of slots will do. */

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
    uint64_t *slots;
    uint64_t count;
    const int64_t *offsets;
    const uint8_t *data;
    Py_ssize_t rows;
    uint64_t seed;
} Index;

static inline int32_t find(const Index *x, uint64_t h, const uint8_t *p, Py_ssize_t len) {
    uint64_t tag = h << 32, at = scaled(h, x->count);
    for (;;) {
        uint64_t slot = x->slots[at];
        if (slot == 0) return -1;
        if ((slot & 0xFFFFFFFF00000000ULL) == tag) {
            int64_t row = (int64_t)(slot & 0xFFFFFFFFULL) - 1;
            int64_t from = x->offsets[row];
            if (x->offsets[row + 1] - from == len && memcmp(x->data + from, p, (size_t)len) == 0) return (int32_t)row;
        }
        if (++at == x->count) at = 0;
    }
}

static int take_index(Buffers *b, Index *x, PyObject *o_slots, PyObject *o_offsets, PyObject *o_data, Py_ssize_t rows,
                      unsigned long long seed) {
    x->slots = take(b, o_slots, 8, 1);
    if (x->slots == NULL) return -1;
    x->count = (uint64_t)(b->held[b->count - 1].len / 8);
    if (x->count <= (uint64_t)rows) {
        PyErr_SetString(PyExc_ValueError, "an index needs more slots than rows");
        return -1;
    }
    x->offsets = take(b, o_offsets, (rows + 1) * 8, 0);
    if (x->offsets == NULL) return -1;
    x->data = take(b, o_data, rows ? (Py_ssize_t)x->offsets[rows] : 0, 0);
    x->rows = rows;
    x->seed = seed;
    return x->data == NULL ? -1 : 0;
}

/* index_add(slots, offsets, data, rows, seed, from) -> the first row from `from` on whose id was there before, or -1. */
static PyObject *index_add(PyObject *self, PyObject *args) {
    PyObject *o_slots, *o_offsets, *o_data;
    Py_ssize_t rows, from;
    unsigned long long seed;
    if (!PyArg_ParseTuple(args, "OOOnKn", &o_slots, &o_offsets, &o_data, &rows, &seed, &from)) return NULL;
    Buffers b = {.count = 0};
    Index x;
    Py_ssize_t twice = -1;
    if (take_index(&b, &x, o_slots, o_offsets, o_data, rows, seed) < 0) goto fail;
    for (Py_ssize_t r = from; r < rows && twice < 0; r++) {
        const uint8_t *p = x.data + x.offsets[r];
        Py_ssize_t len = (Py_ssize_t)(x.offsets[r + 1] - x.offsets[r]);
        uint64_t h = hash_bytes(p, len, seed), at = scaled(h, x.count);
        if (find(&x, h, p, len) >= 0) {
            twice = r;
            break;
        }
        while (x.slots[at])
            if (++at == x.count) at = 0;
        x.slots[at] = (h << 32) | (uint64_t)(r + 1);
    }
    release(&b);
    return PyLong_FromSsize_t(twice);
fail:
    release(&b);
    return NULL;
}

/* index_find(slots, offsets, data, rows, seed, ids: list of str, out i32[len(ids)]) */
static PyObject *index_find(PyObject *self, PyObject *args) {
    PyObject *o_slots, *o_offsets, *o_data, *o_ids, *o_out;
    Py_ssize_t rows;
    unsigned long long seed;
    if (!PyArg_ParseTuple(args, "OOOnKOO", &o_slots, &o_offsets, &o_data, &rows, &seed, &o_ids, &o_out)) return NULL;
    Buffers b = {.count = 0};
    Index x;
    uint64_t *hashes = NULL;
    if (!PyList_Check(o_ids)) {
        PyErr_SetString(PyExc_TypeError, "ids come as a list of str");
        goto fail;
    }
    Py_ssize_t n = PyList_Size(o_ids);
    if (take_index(&b, &x, o_slots, o_offsets, o_data, rows, seed) < 0) goto fail;
    TAKE_OUT(int32_t, out, o_out, n)
    hashes = PyMem_Malloc((size_t)(n + 1) * (8 + sizeof(char *) + sizeof(Py_ssize_t)));
    if (hashes == NULL) {
        PyErr_NoMemory();
        goto fail;
    }
    const char **texts = (const char **)(hashes + n);
    Py_ssize_t *lens = (Py_ssize_t *)(texts + n);
    for (Py_ssize_t i = 0; i < n; i++) {
        if (i + 8 < n) PREFETCH(PyList_GetItem(o_ids, i + 8));
        texts[i] = PyUnicode_AsUTF8AndSize(PyList_GetItem(o_ids, i), &lens[i]);
        if (texts[i] == NULL) goto fail;
        hashes[i] = hash_bytes((const uint8_t *)texts[i], lens[i], seed);
        PREFETCH(&x.slots[scaled(hashes[i], x.count)]);
    }
    /* Once over the slots, to have the ids they name on their way before each is compared. */
    for (Py_ssize_t i = 0; i < n; i++) {
        uint64_t slot = x.slots[scaled(hashes[i], x.count)];
        if (slot) PREFETCH(&x.offsets[(slot & 0xFFFFFFFFULL) - 1]);
    }
    for (Py_ssize_t i = 0; i < n; i++) {
        uint64_t slot = x.slots[scaled(hashes[i], x.count)];
        if (slot) PREFETCH(x.data + x.offsets[(slot & 0xFFFFFFFFULL) - 1]);
    }
    for (Py_ssize_t i = 0; i < n; i++) out[i] = find(&x, hashes[i], (const uint8_t *)texts[i], lens[i]);
    PyMem_Free(hashes);
    release(&b);
    Py_RETURN_NONE;
fail:
    PyMem_Free(hashes);
    release(&b);
    return NULL;
}

/* index_find_texts(slots, offsets, data, rows, seed, text offsets i64[n + 1], text data, n, out i32[n]) */
static PyObject *index_find_texts(PyObject *self, PyObject *args) {
    PyObject *o_slots, *o_offsets, *o_data, *o_text_offsets, *o_text_data, *o_out;
    Py_ssize_t rows, n;
    unsigned long long seed;
    if (!PyArg_ParseTuple(args, "OOOnKOOnO", &o_slots, &o_offsets, &o_data, &rows, &seed, &o_text_offsets, &o_text_data,
                          &n, &o_out))
        return NULL;
    Buffers b = {.count = 0};
    Index x;
    if (take_index(&b, &x, o_slots, o_offsets, o_data, rows, seed) < 0) goto fail;
    TAKE(int64_t, offsets, o_text_offsets, n + 1)
    TAKE(uint8_t, data, o_text_data, n ? offsets[n] : 0)
    TAKE_OUT(int32_t, out, o_out, n)
    for (Py_ssize_t i = 0; i < n; i++) {
        Py_ssize_t len = (Py_ssize_t)(offsets[i + 1] - offsets[i]);
        if (offsets[i] < 0 || len < 0) {
            PyErr_SetString(PyExc_ValueError, "offsets of texts do not ascend");
            goto fail;
        }
        out[i] = find(&x, hash_bytes(data + offsets[i], len, seed), data + offsets[i], len);
    }
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
    const int32_t *first;    /* clause -> its late literals, clauses + 1 entries */
    const int32_t *column;
    const uint8_t *op;       /* 0 ==, 1 <, 2 <=, 3 >, 4 >=; + 8 when negated */
    const uint8_t *known;    /* whether the request's side has a value */
    const int64_t *scalar;   /* the request's side: an int64, or the bits of a double */
    LateColumn columns[64];
} Late;

static inline int compare_f64(int op, double a, double s) {
    switch (op) {
        case 0: return a == s;
        case 1: return a < s;
        case 2: return a <= s;
        case 3: return a > s;
        default: return a >= s;
    }
}

static inline int compare_i64(int op, int64_t a, int64_t s) {
    switch (op) {
        case 0: return a == s;
        case 1: return a < s;
        case 2: return a <= s;
        case 3: return a > s;
        default: return a >= s;
    }
}

/* Whether all late literals of the clause are true for the candidate. */
static inline int late_holds(const Late *l, uint32_t clause, Py_ssize_t candidate, int64_t row) {
    for (int32_t k = l->first[clause]; k < l->first[clause + 1]; k++) {
        const LateColumn *c = &l->columns[l->column[k]];
        int64_t at = c->by_row ? row : (int64_t)candidate;
        if (at < 0 || at >= c->length || !l->known[k] || !(c->known[at >> 3] >> (at & 7) & 1)) return 0;
        int holds, op = l->op[k] & 7;
        if (c->kind == 0) {
            double s;
            memcpy(&s, &l->scalar[k], 8);
            holds = compare_f64(op, ((const double *)c->values)[at], s);
        } else {
            int64_t v = c->kind == 1 ? ((const int64_t *)c->values)[at] : ((const int32_t *)c->values)[at];
            holds = compare_i64(op, v, l->scalar[k]);
        }
        if (holds == (l->op[k] >> 3)) return 0;
    }
    return 1;
}

static int take_late(Buffers *b, Late *l, PyObject *o_late, Py_ssize_t clauses) {
    PyObject *o_first, *o_column, *o_op, *o_known, *o_scalar, *o_columns;
    if (!PyArg_ParseTuple(o_late, "OOOOOO", &o_first, &o_column, &o_op, &o_known, &o_scalar, &o_columns)) return -1;
    l->first = take(b, o_first, (clauses + 1) * 4, 0);
    Py_ssize_t count = l->first ? l->first[clauses] : 0;
    l->column = l->first ? take(b, o_column, count * 4, 0) : NULL;
    l->op = l->column ? take(b, o_op, count, 0) : NULL;
    l->known = l->op ? take(b, o_known, count, 0) : NULL;
    l->scalar = l->known ? take(b, o_scalar, count * 8, 0) : NULL;
    if (l->scalar == NULL) return -1;
    Py_ssize_t columns = PySequence_Size(o_columns);
    if (columns < 0 || columns > 64) {
        if (columns > 64) PyErr_SetString(PyExc_ValueError, "too many late columns");
        return -1;
    }
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

/* Late literals are compared some time after they are met, so that their columns have come from memory by then. */
#define PENDING 256

typedef struct {
    Py_ssize_t candidate;
    int64_t row;
    uint32_t clause, aim;
} Pending;

static void settle(const Late *l, const Pending *pending, Py_ssize_t count, uint64_t *out, Py_ssize_t out_words) {
    for (Py_ssize_t k = 0; k < count; k++) {
        const Pending *p = &pending[k];
        uint64_t holds = (uint64_t)late_holds(l, p->clause, p->candidate, p->row);
        out[p->candidate * out_words + (p->aim >> 6)] |= holds << (p->aim & 63);
    }
}

static inline void prefetch_late(const Late *l, uint32_t clause, Py_ssize_t candidate, int64_t row) {
    const LateColumn *c = &l->columns[l->column[l->first[clause]]];
    int64_t at = c->by_row ? row : (int64_t)candidate;
    if (at < 0 || at >= c->length) return;
    PREFETCH((const char *)c->values + at * (c->kind == 2 ? 4 : 8));
}

#define LATE 0x80000000U
#define TEST(words, i) (((words)[(i) >> 6] >> ((i) & 63)) & 1)

/* gather(rows i32[n], n, starts u32[m], lengths u16[m], lists, m, mask u64[words], words, sent or None, open i32[k], k,
          clause_strategy i32[clauses], clauses, late or None, out u64[n * out_words], out_words)

   Sets the bits of the strategies that fire. Row m - 1 of the lists stands for ids the catalogue does not have. */
static PyObject *gather(PyObject *self, PyObject *args) {
    PyObject *o_rows, *o_starts, *o_lengths, *o_lists, *o_mask, *o_sent, *o_open, *o_strategy, *o_late, *o_out;
    Py_ssize_t n, m, words, open_count, clauses, out_words;
    if (!PyArg_ParseTuple(args, "OnOOOnOnOOnOnOOn", &o_rows, &n, &o_starts, &o_lengths, &o_lists, &m, &o_mask, &words,
                          &o_sent, &o_open, &open_count, &o_strategy, &clauses, &o_late, &o_out, &out_words))
        return NULL;
    Buffers b = {.count = 0};
    Late late;
    Pending pending[PENDING];
    Py_ssize_t waiting = 0;
    void *target = NULL;
    int has_late = o_late != Py_None;
    TAKE(int32_t, rows, o_rows, n)
    TAKE(uint32_t, starts, o_starts, m)
    TAKE(uint16_t, lengths, o_lengths, m)
    TAKE(uint8_t, lists, o_lists, 0)
    Py_ssize_t held = b.held[b.count - 1].len;
    TAKE(uint64_t, mask, o_mask, words)
    const uint64_t *sent = NULL;
    if (o_sent != Py_None) {
        TAKE(uint64_t, taken, o_sent, n * words)
        sent = taken;
    }
    TAKE(int32_t, open, o_open, open_count)
    TAKE(int32_t, strategy, o_strategy, clauses)
    TAKE_OUT(uint64_t, out, o_out, n * out_words)
    if (has_late && take_late(&b, &late, o_late, clauses) < 0) goto fail;
    /* What a clause stands for in this request: its strategy, marked LATE where something is still to be compared, or
       a bit nobody reads. Most of a list is ruled out by the request at random: this way no branch hangs on it. */
    target = PyMem_Malloc((size_t)clauses * 4 + (size_t)(out_words + 1) * 8);
    if (target == NULL) {
        PyErr_NoMemory();
        goto fail;
    }
    uint64_t *fired = (uint64_t *)target;
    uint32_t *aims = (uint32_t *)(fired + out_words + 1), nowhere = (uint32_t)out_words * 64;
    for (Py_ssize_t c = 0; c < clauses; c++) {
        uint32_t aim = TEST(mask, c) ? (uint32_t)strategy[c] : nowhere;
        if (has_late && aim != nowhere && late.first[c] != late.first[c + 1]) aim |= LATE;
        aims[c] = aim;
    }
    for (Py_ssize_t i = 0; i < n && i < 16; i++) PREFETCH(&starts[rows[i] < 0 ? m - 1 : rows[i]]);
    for (Py_ssize_t i = 0; i < n; i++) {
        if (i + 16 < n) {
            int64_t ahead = rows[i + 16] < 0 ? m - 1 : rows[i + 16];
            PREFETCH(&starts[ahead]);
            PREFETCH(&lengths[ahead]);
        }
        if (i + 8 < n) PREFETCH(lists + starts[rows[i + 8] < 0 ? m - 1 : rows[i + 8]]);
        int64_t row = rows[i];
        int64_t at = row < 0 ? m - 1 : row;
        if (at >= m || (Py_ssize_t)starts[at] + lengths[at] > held) {
            PyErr_SetString(PyExc_ValueError, "a row outside the lists");
            goto fail;
        }
        const uint64_t *own = sent ? sent + i * words : NULL;
        const uint8_t *gap = lists + starts[at], *end = gap + lengths[at];
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
            if (aim & LATE) {
                if (waiting == PENDING) {
                    settle(&late, pending, waiting, out, out_words);
                    waiting = 0;
                }
                prefetch_late(&late, c, i, row);
                pending[waiting++] = (Pending){i, row, c, aim & ~LATE};
                continue;
            }
            fired[aim >> 6] |= 1ULL << (aim & 63);
        }
        for (Py_ssize_t k = 0; k < open_count; k++) {
            uint32_t c = (uint32_t)open[k];
            if (own && !TEST(own, c)) continue;
            if (has_late && !late_holds(&late, c, i, row)) continue;
            int32_t s = strategy[c];
            fired[s >> 6] |= 1ULL << (s & 63);
        }
        for (Py_ssize_t w = 0; w < out_words; w++) out[i * out_words + w] |= fired[w];
    }
    if (waiting) settle(&late, pending, waiting, out, out_words);
    PyMem_Free(target);
    release(&b);
    Py_RETURN_NONE;
fail:
    PyMem_Free(target);
    release(&b);
    return NULL;
}

/* ---------------------------------------------------------------- resolve: strategies that fire -> verdicts */

/* resolve(bits u64[n * words], n, words, live u64[words], shadow u64[words], kind u8[s], factor f64[s],
           exempt_row i32[s], exempt u64[rows * words], strategies,
           fired_offsets i64[n + 1], fired i32[capacity], acts u8[capacity], capacity,
           shadow_offsets i64[n + 1], shadow_out i32[shadow_capacity], shadow_capacity,
           excluded i32[n], multiplier f64[n], lowest, highest)
   -> (fired, shadow) written; (-1, -1) where the capacity for `fired` ran out, shadow above its capacity where that did.

   kind: 0 none of these, 1 exclude, 2 factor, 3 exempt. */
static PyObject *resolve(PyObject *self, PyObject *args) {
    PyObject *o_bits, *o_live, *o_shadow, *o_kind, *o_factor, *o_exempt_row, *o_exempt, *o_foff, *o_fired, *o_acts,
        *o_soff, *o_sout, *o_excl, *o_mult;
    Py_ssize_t n, words, strategies, capacity, shadow_capacity;
    double lowest, highest;
    if (!PyArg_ParseTuple(args, "OnnOOOOOOnOOOnOOnOOdd", &o_bits, &n, &words, &o_live, &o_shadow, &o_kind, &o_factor,
                          &o_exempt_row, &o_exempt, &strategies, &o_foff, &o_fired, &o_acts, &capacity, &o_soff, &o_sout,
                          &shadow_capacity, &o_excl, &o_mult, &lowest, &highest))
        return NULL;
    Buffers b = {.count = 0};
    uint64_t *acting = NULL;
    TAKE(uint64_t, bits, o_bits, n * words)
    TAKE(uint64_t, live, o_live, words)
    TAKE(uint64_t, shadowed, o_shadow, words)
    TAKE(uint8_t, kind, o_kind, strategies)
    TAKE(double, factor, o_factor, strategies)
    TAKE(int32_t, exempt_row, o_exempt_row, strategies)
    TAKE(uint64_t, exempt, o_exempt, 0)
    TAKE_OUT(int64_t, fired_offsets, o_foff, n + 1)
    TAKE_OUT(int32_t, fired, o_fired, capacity)
    TAKE_OUT(uint8_t, acts, o_acts, capacity)
    TAKE_OUT(int64_t, shadow_offsets, o_soff, n + 1)
    TAKE_OUT(int32_t, shadow_out, o_sout, shadow_capacity)
    TAKE_OUT(int32_t, excluded, o_excl, n)
    TAKE_OUT(double, multiplier, o_mult, n)
    acting = PyMem_Malloc((size_t)words * 4 * 8);
    if (acting == NULL) {
        PyErr_NoMemory();
        goto fail;
    }
    uint64_t *excludes = acting + words, *factors = excludes + words, *exempts = factors + words;
    memset(excludes, 0, (size_t)words * 3 * 8);
    for (Py_ssize_t s = 0; s < strategies; s++) {
        uint64_t *of_kind = kind[s] == 1 ? excludes : kind[s] == 2 ? factors : exempts;
        if (kind[s]) of_kind[s >> 6] |= 1ULL << (s & 63);
    }
    Py_ssize_t used = 0, used_shadow = 0;
    fired_offsets[0] = shadow_offsets[0] = 0;
    for (Py_ssize_t i = 0; i < n; i++) {
        const uint64_t *row = bits + i * words;
        uint64_t any_exempt = 0, any_exclude = 0, any_factor = 0, any_shadow = 0;
        for (Py_ssize_t w = 0; w < words; w++) {
            uint64_t word = row[w] & live[w];
            acting[w] = word;
            any_exempt |= word & exempts[w];
            any_exclude |= word & excludes[w];
            any_factor |= word & factors[w];
            any_shadow |= row[w] & shadowed[w];
        }
        /* In precedence order: an exempt that is itself exempted does not act. */
        for (Py_ssize_t w = 0; any_exempt && w < words; w++) {
            for (uint64_t left = ~0ULL; left & acting[w] & exempts[w];) {
                int bit = LOWEST_BIT(left & acting[w] & exempts[w]);
                left = bit == 63 ? 0 : ~0ULL << (bit + 1);
                const uint64_t *off = exempt + (Py_ssize_t)exempt_row[w * 64 + bit] * words;
                for (Py_ssize_t v = 0; v < words; v++) acting[v] &= ~off[v];
            }
        }
        int32_t winner = -1;
        for (Py_ssize_t w = 0; any_exclude && w < words; w++) {
            uint64_t word = acting[w] & excludes[w];
            if (word == 0) continue;
            winner = (int32_t)(w * 64 + LOWEST_BIT(word));
            break;
        }
        double product = 1.0;
        for (Py_ssize_t w = 0; any_factor && w < words; w++)
            for (uint64_t word = acting[w] & factors[w]; word; word &= word - 1) product *= factor[w * 64 + LOWEST_BIT(word)];
        if (used + words * 64 + 2 > capacity) goto full;
        for (Py_ssize_t w = 0; w < words; w++) {
            /* Two places are written whether there are as many bits or not: how many there are is beyond any branch
               predictor, and what was written in vain is written over. */
            uint64_t word = row[w] & live[w], does = acting[w];
            Py_ssize_t count = COUNT_BITS(word), at = used;
            int bit = LOWEST_BIT(word | TOP_BIT);
            fired[at] = (int32_t)(w * 64 + bit);
            acts[at++] = (uint8_t)((does >> bit) & 1);
            word &= word - 1;
            bit = LOWEST_BIT(word | TOP_BIT);
            fired[at] = (int32_t)(w * 64 + bit);
            acts[at++] = (uint8_t)((does >> bit) & 1);
            word &= word - 1;
            if (count > 2) {
                for (; word; word &= word - 1) {
                    bit = LOWEST_BIT(word);
                    fired[at] = (int32_t)(w * 64 + bit);
                    acts[at++] = (uint8_t)((does >> bit) & 1);
                }
            }
            used += count;
        }
        for (Py_ssize_t w = 0; any_shadow && w < words; w++) {
            for (uint64_t word = row[w] & shadowed[w]; word; word &= word - 1) {
                if (used_shadow < shadow_capacity) shadow_out[used_shadow] = (int32_t)(w * 64 + LOWEST_BIT(word));
                used_shadow++;
            }
        }
        fired_offsets[i + 1] = used;
        shadow_offsets[i + 1] = used_shadow;
        excluded[i] = winner;
        multiplier[i] = product < lowest ? lowest : product > highest ? highest : product;
    }
    if (0) {
    full: /* the caller comes again with as much room as any candidate could need */
        used = used_shadow = -1;
    }
    PyMem_Free(acting);
    release(&b);
    return Py_BuildValue("nn", used, used_shadow);
fail:
    PyMem_Free(acting);
    release(&b);
    return NULL;
}

#include "_slate_fill.h"

static PyMethodDef methods[] = {
    {"bucket", bucket, METH_VARARGS, "Rows of an ordered axis for values."},
    {"choose", choose, METH_VARARGS, "Look codes up, where they are known."},
    {"index_find_texts", index_find_texts, METH_VARARGS, "Find the rows of texts."},
    {"match", match, METH_VARARGS, "Sparse lists of the clauses that hold."},
    {"combine", combine, METH_VARARGS, "The ANDed clause bits themselves."},
    {"index_add", index_add, METH_VARARGS, "Put rows' ids into the id index."},
    {"index_find", index_find, METH_VARARGS, "Find the rows of ids."},
    {"gather", gather, METH_VARARGS, "Strategies that fire for rows of a catalogue."},
    {"resolve", resolve, METH_VARARGS, "Verdicts from strategies that fire."},
    {"slate_fill", slate_fill, METH_VARARGS, "The places of one slate."},
    {NULL, NULL, 0, NULL},
};

static PyModuleDef module = {PyModuleDef_HEAD_INIT, .m_name = "_kernel", .m_size = 0, .m_methods = methods};

PyMODINIT_FUNC PyInit__kernel(void) { return PyModule_Create(&module); }
