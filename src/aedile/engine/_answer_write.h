/* Writes the candidates of an answer as JSON: what wire/answers.py says, for items with plain ids. Included by
   _kernel.c. */

typedef struct {
    char *data;
    size_t used, room;
    int failed;
} Written;

static void write_bytes(Written *w, const char *data, size_t len) {
    if (w->used + len > w->room) {
        size_t room = (w->used + len) * 2;
        char *data_now = PyMem_Realloc(w->data, room);
        if (data_now == NULL) {
            w->failed = 1;
            return;
        }
        w->data = data_now;
        w->room = room;
    }
    memcpy(w->data + w->used, data, len);
    w->used += len;
}

#define WRITE(w, text) write_bytes(w, text, sizeof(text) - 1)

/* A text in quotes: 1, or 0 where it has a letter that JSON writes in another way or that is not ASCII, -1 on error. */
static int write_text(Written *w, PyObject *text) {
    Py_ssize_t len;
    const char *from = text ? PyUnicode_AsUTF8AndSize(text, &len) : NULL;
    if (from == NULL) return -1;
    int plain = 1;
    for (Py_ssize_t i = 0; i < len; i++) plain &= from[i] != '"' && from[i] != '\\' && (unsigned char)(from[i] - 0x20) < 0x5F;
    if (!plain) return 0;
    WRITE(w, "\"");
    write_bytes(w, from, (size_t)len);
    WRITE(w, "\"");
    return 1;
}

/* The next number of a JSON list of numbers. */
static int write_number(Written *w, const char **at, const char *end) {
    const char *from = *at;
    while (*at < end && **at != ',' && **at != ']') (*at)++;
    if (*at == from || *at >= end) return 0;
    write_bytes(w, from, (size_t)(*at - from));
    (*at)++;
    return 1;
}

/* write_answer(head, ids: list of str, n, page i64[k], k, scores: JSON list of k numbers, badged i64[b], texts: list of
               b str, excluded_by i32[n], names: list of str) -> bytes, or None where a text is not plain

   head: all that stands before the slate's first candidate. badged: the candidates that texts belong to, ascending.
   names: what `excluded_by` counts in. */
static PyObject *write_answer(PyObject *self, PyObject *args) {
    PyObject *ids, *o_page, *o_badged, *texts, *o_by, *names, *answer = NULL;
    const char *head, *scores;
    Py_ssize_t head_len, scores_len, n, count;
    if (!PyArg_ParseTuple(args, "y#O!nOny#OO!OO!", &head, &head_len, &PyList_Type, &ids, &n, &o_page, &count, &scores,
                          &scores_len, &o_badged, &PyList_Type, &texts, &o_by, &PyList_Type, &names))
        return NULL;
    Buffers b = {.count = 0};
    Written w = {0};
    Py_ssize_t badges = PyList_Size(texts), known = PyList_Size(names);
    int32_t *first = NULL;
    const char *at = scores + 1, *end = scores + scores_len;
    TAKE(int64_t, page, o_page, count)
    TAKE(int64_t, badged, o_badged, badges)
    TAKE(int32_t, by, o_by, n)
    if (PyList_Size(ids) < n) goto bad;
    first = PyMem_Malloc((size_t)(n + 1) * 4); /* of each candidate its first badge, from 1; 0 for none */
    w.room = (size_t)(head_len + n * 80 + 64);
    w.data = PyMem_Malloc(w.room);
    if (first == NULL || w.data == NULL) {
        PyErr_NoMemory();
        goto fail;
    }
    memset(first, 0, (size_t)(n + 1) * 4);
    for (Py_ssize_t i = badges - 1; i >= 0; i--) {
        if (badged[i] < 0 || badged[i] >= n) goto bad;
        first[badged[i]] = (int32_t)i + 1;
    }
    write_bytes(&w, head, (size_t)head_len);
    int plain = 1;
    for (Py_ssize_t i = 0; plain == 1 && i < count; i++) {
        int64_t c = page[i];
        if (c < 0 || c >= n) goto bad;
        if (i) WRITE(&w, ",");
        WRITE(&w, "{\"id\":");
        plain = write_text(&w, PyList_GetItem(ids, (Py_ssize_t)c));
        WRITE(&w, ",\"score\":");
        if (!write_number(&w, &at, end)) goto bad;
        if (first[c]) {
            WRITE(&w, ",\"badges\":[");
            for (Py_ssize_t k = first[c] - 1; plain == 1 && k < badges && badged[k] == c; k++) {
                if (k >= first[c]) WRITE(&w, ",");
                plain = write_text(&w, PyList_GetItem(texts, k));
            }
            WRITE(&w, "]");
        }
        WRITE(&w, "}");
    }
    WRITE(&w, "],\"excluded\":[");
    for (Py_ssize_t c = 0, written = 0; plain == 1 && c < n; c++) {
        if (by[c] < 0) continue;
        if (by[c] >= known) goto bad;
        if (written++) WRITE(&w, ",");
        WRITE(&w, "{\"id\":");
        plain = write_text(&w, PyList_GetItem(ids, c));
        WRITE(&w, ",\"by\":");
        if (plain == 1) plain = write_text(&w, PyList_GetItem(names, by[c]));
        WRITE(&w, "}");
    }
    WRITE(&w, "]}");
    if (plain < 0) goto fail;
    if (w.failed) {
        PyErr_NoMemory();
        goto fail;
    }
    if (plain) {
        answer = PyBytes_FromStringAndSize(w.data, (Py_ssize_t)w.used);
    } else {
        answer = Py_None;
        Py_INCREF(answer);
    }
    goto fail;
bad:
    PyErr_SetString(PyExc_ValueError, "an index outside its array");
fail:
    PyMem_Free(first);
    PyMem_Free(w.data);
    release(&b);
    return answer;
}
