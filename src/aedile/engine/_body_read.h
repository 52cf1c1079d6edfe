/* Reads the candidates of a request's JSON in one pass: ids, scores and kinds, as most callers send them. Included by
   _kernel.c.

   What is in any way unusual (an escape, a letter outside ASCII, features, an id twice, a key twice, a number that is
   none) ends the pass: wire/requests.py then reads the body in another way, which also finds words for what is wrong. */

typedef struct {
    const char *at, *end;
} Text;

static inline void blanks(Text *t) {
    while (t->at < t->end && (*t->at == ' ' || *t->at == '\n' || *t->at == '\t' || *t->at == '\r')) t->at++;
}

/* Whether this character comes next, after blanks; then it is passed over. */
static inline int next_is(Text *t, char c) {
    blanks(t);
    if (t->at >= t->end || *t->at != c) return 0;
    t->at++;
    return 1;
}

/* A string of ASCII without escapes. */
static inline int plain_string(Text *t, const char **from, Py_ssize_t *len) {
    if (!next_is(t, '"')) return 0;
    const char *at = t->at;
    while (at < t->end && *at != '"' && *at != '\\' && (unsigned char)(*at - 0x20) < 0x60) at++;
    if (at >= t->end || *at != '"') return 0;
    *from = t->at;
    *len = at - t->at;
    t->at = at + 1;
    return 1;
}

/* ---------------------------------------------------------------- numbers */

static const uint64_t TENS[] = {
    1ULL, 10ULL, 100ULL, 1000ULL, 10000ULL, 100000ULL, 1000000ULL, 10000000ULL, 100000000ULL, 1000000000ULL,
    10000000000ULL, 100000000000ULL, 1000000000000ULL, 10000000000000ULL, 100000000000000ULL, 1000000000000000ULL,
    10000000000000000ULL, 100000000000000000ULL, 1000000000000000000ULL, 10000000000000000000ULL};
#define MOST_DIGITS 19 /* so many always fit into 64 bits */

/* digits / 10^places, rounded to the nearest double, ties to even; 0 where that needs more than 128 bits. */
static inline int quotient(uint64_t digits, int places, double *out) {
    if (digits == 0 || places == 0) {
        *out = (double)digits;
        return 1;
    }
    if (digits <= 1ULL << 53 && places <= MOST_DIGITS) { /* both are doubles, and one division rounds once */
        *out = (double)digits / (double)TENS[places];
        return 1;
    }
#if defined(__SIZEOF_INT128__) && (defined(__GNUC__) || defined(__clang__))
    if (places > MOST_DIGITS) return 0;
    int up = __builtin_clzll(digits), other = __builtin_clzll(TENS[places]);
    uint64_t divisor = TENS[places] << other;
    __uint128_t dividend = (__uint128_t)(digits << up) << 63;
    uint64_t whole = (uint64_t)(dividend / divisor);
    whole |= (__uint128_t)whole * divisor != dividend; /* 63 bits or more: the last one may say "and some" */
    int power = other - up - 63;                       /* -127 to 0 */
    uint64_t bits = (uint64_t)(1023 + power) << 52;
    double scale;
    memcpy(&scale, &bits, 8);
    *out = (double)whole * scale;
    return 1;
#else
    return 0;
#endif
}

/* A JSON number that is not negative, as the double nearest to it. */
static inline int number(Text *t, double *out) {
    blanks(t);
    const char *from = t->at, *at = from, *end = t->end;
    uint64_t digits = 0;
    int count = 0, places = 0, exact = 1;
    for (; at < end && *at >= '0' && *at <= '9'; at++, count++) digits = digits * 10 + (uint64_t)(*at - '0');
    if (count == 0 || (count > 1 && *from == '0')) return 0;
    if (at < end && *at == '.') {
        const char *point = ++at;
        for (; at < end && *at >= '0' && *at <= '9'; at++) digits = digits * 10 + (uint64_t)(*at - '0');
        places = (int)(at - point);
        if (places == 0) return 0;
    }
    if (at < end && (*at == 'e' || *at == 'E')) {
        at += at + 1 < end && (at[1] == '+' || at[1] == '-') ? 2 : 1;
        const char *power = at;
        while (at < end && *at >= '0' && *at <= '9') at++;
        if (at == power) return 0;
        exact = 0;
    }
    if (count + places > MOST_DIGITS || !exact || !quotient(digits, places, out)) {
        char copy[64];
        if (at - from >= (Py_ssize_t)sizeof(copy)) return 0;
        memcpy(copy, from, (size_t)(at - from));
        copy[at - from] = 0;
        *out = PyOS_string_to_double(copy, NULL, NULL);
        if (PyErr_Occurred()) {
            PyErr_Clear();
            return 0;
        }
    }
    t->at = at;
    return *out <= 1.7976931348623157e308;
}

/* ---------------------------------------------------------------- candidates */

typedef struct {
    const char *id, *kind; /* kind: NULL where none was sent */
    Py_ssize_t id_len, kind_len;
} SentOne;

typedef struct {
    SentOne *ones;
    double *scores;
    Py_ssize_t count, room, scored, kinds;
} SentAll;

static int one_more(SentAll *all) {
    if (all->count < all->room) return 1;
    Py_ssize_t room = all->room ? all->room * 4 : 256;
    SentOne *ones = PyMem_Realloc(all->ones, (size_t)room * sizeof(SentOne));
    if (ones != NULL) all->ones = ones;
    double *scores = ones ? PyMem_Realloc(all->scores, (size_t)room * 8) : NULL;
    if (scores == NULL) return 0;
    all->scores = scores;
    all->room = room;
    return 1;
}

static int read_one(Text *t, SentAll *all) {
    SentOne *one = &all->ones[all->count];
    int has_score = 0;
    *one = (SentOne){NULL, NULL, 0, 0};
    if (!next_is(t, '{')) return 0;
    do {
        const char *key;
        Py_ssize_t len;
        if (!plain_string(t, &key, &len) || !next_is(t, ':')) return 0;
        if (len == 2 && memcmp(key, "id", 2) == 0) {
            if (one->id != NULL || !plain_string(t, &one->id, &one->id_len)) return 0;
        } else if (len == 5 && memcmp(key, "score", 5) == 0) {
            if (has_score || !number(t, &all->scores[all->count])) return 0;
            has_score = 1;
        } else if (len == 4 && memcmp(key, "kind", 4) == 0) {
            if (one->kind != NULL || !plain_string(t, &one->kind, &one->kind_len)) return 0;
        } else {
            return 0;
        }
    } while (next_is(t, ','));
    all->scored += has_score;
    all->kinds += one->kind != NULL;
    all->count++;
    return next_is(t, '}') && one->id != NULL;
}

static int read_all(Text *t, SentAll *all, Py_ssize_t most, Py_ssize_t longest) {
    if (!next_is(t, '[')) return 0;
    if (next_is(t, ']')) return 1;
    do {
        if (all->count == most || !one_more(all) || !read_one(t, all)) return 0;
        Py_ssize_t len = all->ones[all->count - 1].id_len;
        if (len == 0 || len > longest) return 0;
    } while (next_is(t, ','));
    return next_is(t, ']') && (all->scored == 0 || all->scored == all->count);
}

/* Pass over a value, whatever it is; whether it is one is for others to say. */
static int pass_over(Text *t) {
    Py_ssize_t depth = 0;
    blanks(t);
    for (; t->at < t->end; t->at++) {
        char c = *t->at;
        if (c == '"') {
            for (t->at++; t->at < t->end && *t->at != '"'; t->at++)
                if (*t->at == '\\') t->at++;
            if (t->at >= t->end) return 0;
        } else if (c == '{' || c == '[') {
            depth++;
        } else if (c == '}' || c == ']') {
            if (depth-- == 0) return 1;
        } else if (c == ',' && depth == 0) {
            return 1;
        }
    }
    return 0;
}

/* Go to the value of the key `candidates` of the outermost object. */
static int find_candidates(Text *t) {
    if (!next_is(t, '{')) return 0;
    do {
        const char *key;
        Py_ssize_t len;
        if (!plain_string(t, &key, &len) || !next_is(t, ':')) return 0;
        if (len == 10 && memcmp(key, "candidates", 10) == 0) {
            blanks(t);
            return 1;
        }
        if (!pass_over(t)) return 0;
    } while (next_is(t, ','));
    return 0;
}

/* Whether no two ids are the same: 1, 0, or -1 without memory. */
static int are_distinct(const SentAll *all) {
    Py_ssize_t slots = 16;
    while (slots < 2 * all->count) slots *= 2;
    uint32_t *slot = PyMem_Calloc((size_t)slots, 4); /* the number of an id, from 1 */
    if (slot == NULL) return -1;
    int distinct = 1;
    for (Py_ssize_t i = 0; distinct && i < all->count; i++) {
        const SentOne *one = &all->ones[i];
        Py_ssize_t at = (Py_ssize_t)(hash_bytes((const uint8_t *)one->id, one->id_len, 0) & (uint64_t)(slots - 1));
        for (; slot[at] && distinct; at = (at + 1) & (slots - 1)) {
            const SentOne *other = &all->ones[slot[at] - 1];
            distinct = other->id_len != one->id_len || memcmp(other->id, one->id, (size_t)one->id_len) != 0;
        }
        slot[at] = (uint32_t)i + 1;
    }
    PyMem_Free(slot);
    return distinct;
}

static PyObject *texts_of(const SentAll *all, int kinds) {
    PyObject *list = PyList_New(all->count), *last = NULL;
    const SentOne *before = NULL;
    for (Py_ssize_t i = 0; list != NULL && i < all->count; i++) {
        const SentOne *one = &all->ones[i];
        PyObject *text;
        if (!kinds) {
            text = PyUnicode_FromStringAndSize(one->id, one->id_len);
        } else if (before && before->kind && one->kind && before->kind_len == one->kind_len &&
                   memcmp(before->kind, one->kind, (size_t)one->kind_len) == 0) {
            text = last; /* one text for all that follow each other */
            Py_INCREF(text);
        } else {
            text = one->kind ? PyUnicode_FromStringAndSize(one->kind, one->kind_len) : PyUnicode_FromString("item");
        }
        if (text == NULL || PyList_SetItem(list, i, text) < 0) {
            Py_DECREF(list);
            return NULL;
        }
        before = one;
        last = text;
    }
    return list;
}

/* read_candidates(body, most, longest) -> (ids, kinds or None, scores or None, start, end), or None where the body is
   unusual

   scores: a bytearray of float64. body[start:end] is the array of candidates. At most so many of them, with ids of at
   most so many bytes. */
static PyObject *read_candidates(PyObject *self, PyObject *args) {
    PyObject *o_body, *ids = NULL, *kinds = NULL, *scores = NULL, *found = NULL;
    Py_ssize_t most, longest;
    if (!PyArg_ParseTuple(args, "Snn", &o_body, &most, &longest)) return NULL;
    char *body;
    Py_ssize_t size;
    if (PyBytes_AsStringAndSize(o_body, &body, &size) < 0) return NULL;
    SentAll all = {0};
    Text t = {body, body + size};
    const char *start = NULL;
    int usual = find_candidates(&t);
    if (usual) {
        start = t.at;
        usual = read_all(&t, &all, most, longest);
    }
    if (usual) usual = are_distinct(&all);
    if (usual < 0) {
        PyErr_NoMemory();
    } else if (usual == 0) {
        found = Py_None;
        Py_INCREF(found);
    } else {
        ids = texts_of(&all, 0);
        kinds = all.kinds ? texts_of(&all, 1) : NULL;
        scores = all.scored ? PyByteArray_FromStringAndSize((const char *)all.scores, all.count * 8) : NULL;
        if (ids && (kinds || !all.kinds) && (scores || !all.scored))
            found = Py_BuildValue("OOOnn", ids, kinds ? kinds : Py_None, scores ? scores : Py_None,
                                  (Py_ssize_t)(start - body), (Py_ssize_t)(t.at - body));
        Py_XDECREF(ids);
        Py_XDECREF(kinds);
        Py_XDECREF(scores);
    }
    PyMem_Free(all.ones);
    PyMem_Free(all.scores);
    return found;
}
