/* Adds one decision to columns of many: what store/decision_batch.py says, in C. Included by _kernel.c.

   A column is a bytearray that grows. Whatever can fail comes first, so that no column gets longer than the others. */

/* In the order of `COLUMNS` in store/decision_batch.py; of lists first the sizes, then the values. */
enum {
    ID_SIZES, ID_DATA, RANK_BEFORE, RANK_AFTER, SCORES, MULTIPLIERS, EXCLUDED_BY, PINNED_BY, RESERVED_BY, PAGE,
    CAPPED, CAPPED_BY, RELAXED, RELAXED_BY, BADGED, BADGES, REFERRED, REFERRED_BY, FIRED, FIRED_BY, EXEMPTED, EXEMPTED_BY,
    SHADOW, SHADOW_BY, COLUMNS
};

typedef struct {
    PyObject *array[COLUMNS];
    Py_ssize_t before[COLUMNS]; /* bytes it had */
    Py_ssize_t more[COLUMNS];   /* bytes to be added */
    char *at[COLUMNS];
} Columns;

/* Make room for what is to be added; -1 with an exception set, and all as it was, where there is none. */
static int make_room(Columns *x) {
    for (int k = 0; k < COLUMNS; k++) {
        if (PyByteArray_Resize(x->array[k], x->before[k] + x->more[k]) == 0) {
            x->at[k] = PyByteArray_AsString(x->array[k]) + x->before[k];
            continue;
        }
        for (int back = 0; back < k; back++) (void)PyByteArray_Resize(x->array[back], x->before[back]);
        return -1;
    }
    return 0;
}

static inline void put32(Columns *x, int column, int64_t value) {
    int32_t small = (int32_t)value;
    memcpy(x->at[column], &small, 4);
    x->at[column] += 4;
}

/* Pairs (candidate, strategy), candidates ascending, as sizes and values; code: what is noted of a strategy, or NULL. */
static void put_pairs(Columns *x, int sizes, const int64_t *candidate, const int32_t *strategy, Py_ssize_t count,
                      Py_ssize_t n, const int32_t *code) {
    Py_ssize_t at = 0;
    for (Py_ssize_t c = 0; c < n; c++) {
        Py_ssize_t from = at;
        for (; at < count && candidate[at] == c; at++)
            put32(x, sizes + 1, code ? code[strategy[at]] : strategy[at]);
        put32(x, sizes, at - from);
    }
}

/* log_append(columns: tuple of bytearrays, ids: list of str, n,
              (excluded_by, multiplier, fired_offsets, fired, acts, shadow_offsets, shadow),
              (rank_before, rank_after, score, pinned, reserved, page), page's length,
              (candidates, strategies) of held_back, gave_way, badged, referred: flat tuple of 8, their four lengths,
              badge i32[k]: the text of each strategy) */
static PyObject *log_append(PyObject *self, PyObject *args) {
    PyObject *columns, *ids, *o[7], *p[6], *q[8], *o_badge;
    Py_ssize_t n, pages, count[4];
    if (!PyArg_ParseTuple(args, "O!O!n(OOOOOOO)(OOOOOO)n(OOOOOOOO)(nnnn)O", &PyTuple_Type, &columns, &PyList_Type, &ids, &n,
                          &o[0], &o[1], &o[2], &o[3], &o[4], &o[5], &o[6], &p[0], &p[1], &p[2], &p[3], &p[4], &p[5], &pages,
                          &q[0], &q[1], &q[2], &q[3], &q[4], &q[5], &q[6], &q[7], &count[0], &count[1], &count[2], &count[3],
                          &o_badge))
        return NULL;
    Buffers b = {.count = 0};
    Columns x = {0};
    const int64_t *candidate[4];
    const int32_t *strategy[4];
    TAKE(int32_t, excluded, o[0], n)
    TAKE(double, multiplier, o[1], n)
    TAKE(int64_t, fired_offsets, o[2], n + 1)
    TAKE(int32_t, fired, o[3], fired_offsets[n])
    TAKE(uint8_t, acts, o[4], fired_offsets[n])
    TAKE(int64_t, shadow_offsets, o[5], n + 1)
    TAKE(int32_t, shadow, o[6], shadow_offsets[n])
    TAKE(int64_t, rank_before, p[0], n)
    TAKE(int64_t, rank_after, p[1], n)
    TAKE(double, score, p[2], n)
    TAKE(int32_t, pinned, p[3], n)
    TAKE(int32_t, reserved, p[4], n)
    TAKE(int64_t, page, p[5], pages)
    TAKE(int32_t, badge, o_badge, 0)
    Py_ssize_t badges = b.held[b.count - 1].len / 4;
    for (int k = 0; k < 4; k++) {
        candidate[k] = take(&b, q[2 * k], count[k] * 8, 0);
        strategy[k] = candidate[k] ? take(&b, q[2 * k + 1], count[k] * 4, 0) : NULL;
        if (strategy[k] == NULL) goto fail;
        for (Py_ssize_t i = 0; i < count[k]; i++)
            if (candidate[k][i] < (i ? candidate[k][i - 1] : 0) || candidate[k][i] >= n) goto bad;
    }
    for (Py_ssize_t i = 0; i < count[2]; i++)
        if (strategy[2][i] < 0 || strategy[2][i] >= badges) goto bad;
    if (PyTuple_Size(columns) != COLUMNS || PyList_Size(ids) < n) goto bad;
    Py_ssize_t off = 0;
    for (Py_ssize_t c = 0; c < n; c++) {
        Py_ssize_t len;
        PyObject *id = PyList_GetItem(ids, c);
        if (id == NULL || PyUnicode_AsUTF8AndSize(id, &len) == NULL) goto fail;
        x.more[ID_DATA] += len;
        if (fired_offsets[c] > fired_offsets[c + 1] || shadow_offsets[c] > shadow_offsets[c + 1]) goto bad;
    }
    if (fired_offsets[0] < 0 || shadow_offsets[0] < 0) goto bad;
    for (int64_t i = 0; i < fired_offsets[n]; i++) off += !acts[i];
    for (int k = 0; k < COLUMNS; k++) {
        x.array[k] = PyTuple_GetItem(columns, k);
        if (x.array[k] == NULL || !PyByteArray_Check(x.array[k])) goto bad;
        x.before[k] = PyByteArray_Size(x.array[k]);
        if (k != ID_DATA) x.more[k] = n * 4;
    }
    x.more[SCORES] = x.more[MULTIPLIERS] = n * 8;
    x.more[PAGE] = pages * 4;
    for (int k = 0; k < 4; k++) x.more[CAPPED_BY + 2 * k] = count[k] * 4;
    x.more[FIRED_BY] = (Py_ssize_t)fired_offsets[n] * 4;
    x.more[EXEMPTED_BY] = off * 4;
    x.more[SHADOW_BY] = (Py_ssize_t)shadow_offsets[n] * 4;
    if (make_room(&x) < 0) goto fail;

    memcpy(x.at[SCORES], score, (size_t)n * 8);
    memcpy(x.at[MULTIPLIERS], multiplier, (size_t)n * 8);
    memcpy(x.at[EXCLUDED_BY], excluded, (size_t)n * 4);
    memcpy(x.at[PINNED_BY], pinned, (size_t)n * 4);
    memcpy(x.at[RESERVED_BY], reserved, (size_t)n * 4);
    memcpy(x.at[FIRED_BY], fired, (size_t)x.more[FIRED_BY]);
    memcpy(x.at[SHADOW_BY], shadow, (size_t)x.more[SHADOW_BY]);
    for (Py_ssize_t c = 0; c < n; c++) {
        Py_ssize_t len;
        const char *text = PyUnicode_AsUTF8AndSize(PyList_GetItem(ids, c), &len);
        memcpy(x.at[ID_DATA], text, (size_t)len);
        x.at[ID_DATA] += len;
        put32(&x, ID_SIZES, len);
        put32(&x, RANK_BEFORE, rank_before[c]);
        put32(&x, RANK_AFTER, rank_after[c]);
        put32(&x, FIRED, fired_offsets[c + 1] - fired_offsets[c]);
        put32(&x, SHADOW, shadow_offsets[c + 1] - shadow_offsets[c]);
        Py_ssize_t held = 0;
        for (int64_t i = fired_offsets[c]; off && i < fired_offsets[c + 1]; i++)
            if (!acts[i]) put32(&x, EXEMPTED_BY, fired[i]), held++;
        put32(&x, EXEMPTED, held);
    }
    for (Py_ssize_t i = 0; i < pages; i++) put32(&x, PAGE, page[i]);
    for (int k = 0; k < 4; k++)
        put_pairs(&x, CAPPED + 2 * k, candidate[k], strategy[k], count[k], n, k == 2 ? badge : NULL);
    release(&b);
    Py_RETURN_NONE;
bad:
    PyErr_SetString(PyExc_ValueError, "a decision that does not fit its columns");
fail:
    release(&b);
    return NULL;
}
