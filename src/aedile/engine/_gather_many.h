/* What gather does for the candidates of many requests, each with a mask and late values of its own. Included by
   _kernel.c. */

/* gather_many(rows i32[n], requests i64[m + 1], m, lists, masks u64[m * words], words, own u64[n * words] or None,
               open u64[words], clause_strategy i32[clauses], clauses, late or None, out u64[n * out_words], out_words)

   Sets the bits of the strategies that fire for n candidates; those of request r begin at requests[r]. own: clauses
   that each candidate leaves possible. open: clauses without a literal on the catalogue, which no list names. late: as
   for gather, but `known` and `scalar` have one row for each request. */
static PyObject *gather_many(PyObject *self, PyObject *args) {
    PyObject *o_rows, *o_requests, *o_lists, *o_masks, *o_own, *o_open, *o_strategy, *o_late, *o_out;
    Py_ssize_t m, words, clauses, out_words;
    if (!PyArg_ParseTuple(args, "OOnOOnOOOnOOn", &o_rows, &o_requests, &m, &o_lists, &o_masks, &words, &o_own, &o_open,
                          &o_strategy, &clauses, &o_late, &o_out, &out_words))
        return NULL;
    Buffers b = {.count = 0};
    Lists lists;
    Late late;
    LateRows settled = {NULL, NULL, 0};
    void *room = NULL;
    int has_late = o_late != Py_None;
    TAKE(int64_t, requests, o_requests, m + 1)
    Py_ssize_t n = (Py_ssize_t)requests[m];
    int is_bad = requests[0] != 0;
    for (Py_ssize_t r = 0; r < m; r++) is_bad |= requests[r + 1] < requests[r];
    TAKE(int32_t, rows, o_rows, n)
    if (take_lists(&b, &lists, o_lists) < 0) goto fail;
    TAKE(uint64_t, masks, o_masks, m * words)
    const uint64_t *own_all = NULL;
    if (o_own != Py_None) {
        TAKE(uint64_t, taken, o_own, n * words)
        own_all = taken;
    }
    TAKE(uint64_t, open, o_open, words)
    TAKE(int32_t, strategy, o_strategy, clauses)
    TAKE_OUT(uint64_t, out, o_out, n * out_words)
    for (Py_ssize_t c = 0; c < clauses; c++) is_bad |= strategy[c] >= out_words * 64;
    if (is_bad) {
        PyErr_SetString(PyExc_ValueError, "an index outside its array");
        goto fail;
    }
    Py_ssize_t literals = 0;
    const uint8_t *known = NULL;
    const int64_t *scalar = NULL;
    if (has_late) {
        if (take_late(&b, &late, o_late, clauses) < 0) goto fail;
        literals = late.literals;
        known = take(&b, PyTuple_GetItem(o_late, 4), m * literals, 0);
        scalar = known ? take(&b, PyTuple_GetItem(o_late, 5), m * literals * 8, 0) : NULL;
        if (scalar == NULL) goto fail;
        for (int k = 0; k < late.column_count; k++)
            if (!late.columns[k].by_row) {
                PyErr_SetString(PyExc_ValueError, "late columns are of the catalogue here");
                goto fail;
            }
    }
    room = PyMem_Malloc((size_t)(out_words + 1) * 8 + (size_t)clauses * 8 + 8);
    if (room == NULL) {
        PyErr_NoMemory();
        goto fail;
    }
    uint64_t *fired = room;
    uint32_t *aims = (uint32_t *)(fired + out_words + 1), *free_ones = aims + clauses, nowhere = (uint32_t)out_words * 64;
    for (Py_ssize_t r = 0; r < m; r++) {
        const uint64_t *mask = masks + r * words;
        Py_ssize_t from = (Py_ssize_t)requests[r], size = (Py_ssize_t)(requests[r + 1] - requests[r]), free_count = 0;
        if (has_late) {
            late.known = known + r * literals;
            late.scalar = scalar + r * literals;
        }
        if (has_late && settle_late(&settled, &late, mask, clauses, rows + from, size) < 0) goto fail;
        for (Py_ssize_t c = 0; c < clauses; c++) {
            uint32_t alive = (uint32_t)TEST(mask, c) & (uint32_t)(strategy[c] >= 0);
            aims[c] = alive ? (uint32_t)strategy[c] : nowhere;
            free_ones[free_count] = (uint32_t)c;
            free_count += alive & TEST(open, c);
        }
        warm_lists(&lists, rows + from, size);
        for (Py_ssize_t i = 0; i < size; i++) {
            const uint64_t *own = own_all ? own_all + (from + i) * words : NULL;
            uint64_t *into = out + (from + i) * out_words;
            const uint8_t *gap, *end;
            if (find_list(&lists, rows[from + i], &gap, &end) < 0) goto fail;
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
            for (Py_ssize_t k = 0; k < free_count; k++) {
                uint32_t c = free_ones[k], aim = aims[c];
                if (own && !TEST(own, c)) continue;
                if (has_late && !HOLDS(&settled, c, i)) continue;
                fired[aim >> 6] |= 1ULL << (aim & 63);
            }
            for (Py_ssize_t w = 0; w < out_words; w++) into[w] |= fired[w];
        }
        drop_late(&settled);
    }
    PyMem_Free(room);
    release(&b);
    Py_RETURN_NONE;
fail:
    PyMem_Free(room);
    drop_late(&settled);
    release(&b);
    return NULL;
}
