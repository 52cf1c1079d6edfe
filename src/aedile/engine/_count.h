/* Counts what strategies did in one decision: what server/stats.py says, in C. Included by _kernel.c. */

/* In the order of `OF_STRATEGY` in server/stats.py. */
enum { C_FIRED, C_SHADOW, C_EXCLUDED, C_MOVED, C_PINNED, C_CAPPED, C_RELAXED, C_RESERVED, C_BADGED, C_REFERRED, C_EXEMPTED, C_ROWS };
/* What a strategy is: bits of its flag. */
enum { MOVES = 1, BADGES_IT = 2, REFERS = 4 };

/* One more of a row for each strategy of a list; -1 where one is not of this release. Negative ones name nobody. */
static int count_each(int64_t *row, Py_ssize_t strategies, const int32_t *list, Py_ssize_t n) {
    for (Py_ssize_t i = 0; i < n; i++) {
        if (list[i] >= strategies) return -1;
        if (list[i] >= 0) row[list[i]]++;
    }
    return 0;
}

/* count_decision(counts i64[11 * k], flags u8[k], k, n, (excluded_by, fired_offsets, fired, acts, shadow), fired there are,
                  shadow there are, (pinned i32[n], reserved i32[n]), (held_back i32[h], gave_way i32[g]), h, g)
      -> candidates excluded */
static PyObject *count_decision(PyObject *self, PyObject *args) {
    PyObject *o_counts, *o_flags, *o[5], *o_pinned, *o_reserved, *o_held, *o_gave;
    Py_ssize_t k, n, fires, shadows, held, gave, out = 0;
    if (!PyArg_ParseTuple(args, "OOnn(OOOOO)nn(OO)(OO)nn", &o_counts, &o_flags, &k, &n, &o[0], &o[1], &o[2], &o[3], &o[4],
                          &fires, &shadows, &o_pinned, &o_reserved, &o_held, &o_gave, &held, &gave))
        return NULL;
    Buffers b = {.count = 0};
    TAKE_OUT(int64_t, counts, o_counts, C_ROWS * k)
    TAKE(uint8_t, flags, o_flags, k)
    TAKE(int32_t, excluded, o[0], n)
    TAKE(int64_t, offsets, o[1], n + 1)
    TAKE(int32_t, fired, o[2], fires)
    TAKE(uint8_t, acts, o[3], fires)
    TAKE(int32_t, shadow, o[4], shadows)
    TAKE(int32_t, pinned, o_pinned, n)
    TAKE(int32_t, reserved, o_reserved, n)
    TAKE(int32_t, held_back, o_held, held)
    TAKE(int32_t, gave_way, o_gave, gave)
    int64_t *moved = counts + C_MOVED * k, *badged = counts + C_BADGED * k, *referred = counts + C_REFERRED * k;
    int64_t *exempted = counts + C_EXEMPTED * k;
    if (count_each(counts + C_FIRED * k, k, fired, fires) < 0 || count_each(counts + C_SHADOW * k, k, shadow, shadows) < 0 ||
        count_each(counts + C_EXCLUDED * k, k, excluded, n) < 0 || count_each(counts + C_PINNED * k, k, pinned, n) < 0 ||
        count_each(counts + C_RESERVED * k, k, reserved, n) < 0 || count_each(counts + C_CAPPED * k, k, held_back, held) < 0 ||
        count_each(counts + C_RELAXED * k, k, gave_way, gave) < 0)
        goto bad;
    for (Py_ssize_t c = 0; c < n; c++) {
        int is_out = excluded[c] >= 0;
        out += is_out;
        if (offsets[c] < 0 || offsets[c + 1] > fires) goto bad;
        for (int64_t i = offsets[c]; i < offsets[c + 1]; i++) {
            int32_t s = fired[i];
            if (s < 0) goto bad;
            uint8_t does = acts[i] ? (is_out ? flags[s] & REFERS : flags[s]) : 0;
            exempted[s] += !acts[i];
            if (!does) continue;
            moved[s] += does & MOVES;
            badged[s] += (does & BADGES_IT) != 0;
            referred[s] += (does & REFERS) != 0;
        }
    }
    release(&b);
    return PyLong_FromSsize_t(out);
bad:
    PyErr_SetString(PyExc_ValueError, "a strategy outside the counts");
fail:
    release(&b);
    return NULL;
}

/* count_numbers(numbers i32[m], m, flags u8[m], all i64[k], flagged i64[k], k): one more of `all` for each number, and of
   `flagged` for each with a flag. Negative ones count nothing. */
static PyObject *count_numbers(PyObject *self, PyObject *args) {
    PyObject *o_numbers, *o_flags, *o_all, *o_flagged;
    Py_ssize_t m, k;
    if (!PyArg_ParseTuple(args, "OnOOOn", &o_numbers, &m, &o_flags, &o_all, &o_flagged, &k)) return NULL;
    Buffers b = {.count = 0};
    TAKE(int32_t, numbers, o_numbers, m)
    TAKE(uint8_t, flags, o_flags, m)
    TAKE_OUT(int64_t, all, o_all, k)
    TAKE_OUT(int64_t, flagged_ones, o_flagged, k)
    for (Py_ssize_t i = 0; i < m; i++) {
        if (numbers[i] >= k) {
            PyErr_SetString(PyExc_ValueError, "a number outside the counts");
            goto fail;
        }
        if (numbers[i] < 0) continue;
        all[numbers[i]]++;
        flagged_ones[numbers[i]] += flags[i] != 0;
    }
    release(&b);
    Py_RETURN_NONE;
fail:
    release(&b);
    return NULL;
}

/* count_pairs(owners i64[m], numbers i64[m], m, cells i64[r], r, last i64[k], k, owned i64[c*k], all i64[c*k], c*k): of each
   cell and number one more of `all` for each pair, and of `owned` for each owner that has it. owners: ascending, rows of
   cells. last: of each number the owner it was seen at last; -1 for none. */
static PyObject *count_pairs(PyObject *self, PyObject *args) {
    PyObject *o_owners, *o_numbers, *o_cells, *o_last, *o_owned, *o_all;
    Py_ssize_t m, r, k, size;
    if (!PyArg_ParseTuple(args, "OOnOnOnOOn", &o_owners, &o_numbers, &m, &o_cells, &r, &o_last, &k, &o_owned, &o_all, &size))
        return NULL;
    Buffers b = {.count = 0};
    TAKE(int64_t, owners, o_owners, m)
    TAKE(int64_t, numbers, o_numbers, m)
    TAKE(int64_t, cells, o_cells, r)
    TAKE_OUT(int64_t, last, o_last, k)
    TAKE_OUT(int64_t, owned, o_owned, size)
    TAKE_OUT(int64_t, all, o_all, size)
    Py_ssize_t most = k > 0 ? size / k : 0;
    for (Py_ssize_t i = 0; i < m; i++) {
        int64_t owner = owners[i], number = numbers[i];
        if (owner < 0 || owner >= r || number < 0 || number >= k || cells[owner] < 0 || cells[owner] >= most) {
            PyErr_SetString(PyExc_ValueError, "a pair outside the counts");
            goto fail;
        }
        int64_t at = cells[owner] * k + number;
        all[at]++;
        owned[at] += last[number] != owner;
        last[number] = owner;
    }
    release(&b);
    Py_RETURN_NONE;
fail:
    release(&b);
    return NULL;
}
