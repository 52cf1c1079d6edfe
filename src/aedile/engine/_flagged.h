/* Which of the strategies that fire are of a sort: what kernel.py says of `flagged`, in C. Included by _kernel.c. */

/* flagged(numbers i32[m], m, flags bool[k], k) -> the numbers that are flagged, each once, ascending */
static PyObject *flagged(PyObject *self, PyObject *args) {
    PyObject *o_numbers, *o_flags, *list = NULL;
    Py_ssize_t m, k;
    if (!PyArg_ParseTuple(args, "OnOn", &o_numbers, &m, &o_flags, &k)) return NULL;
    Buffers b = {.count = 0};
    uint8_t *seen = NULL;
    TAKE(int32_t, numbers, o_numbers, m)
    TAKE(uint8_t, flags, o_flags, k)
    seen = PyMem_Calloc((size_t)k + 1, 1);
    if (seen == NULL) {
        PyErr_NoMemory();
        goto fail;
    }
    for (Py_ssize_t i = 0; i < m; i++) {
        if (numbers[i] < 0 || numbers[i] >= k) {
            PyErr_SetString(PyExc_ValueError, "a strategy without a flag");
            goto fail;
        }
        seen[numbers[i]] = 1; /* written always: no branch to guess */
    }
    list = PyList_New(0);
    for (Py_ssize_t s = 0; list != NULL && s < k; s++) {
        if (!(seen[s] & flags[s])) continue;
        PyObject *number = PyLong_FromSsize_t(s);
        if (number == NULL || PyList_Append(list, number) < 0) Py_CLEAR(list);
        Py_XDECREF(number);
    }
fail:
    PyMem_Free(seen);
    release(&b);
    return list;
}
