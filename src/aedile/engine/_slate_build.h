/* Builds one slate: what slate.py says, in C, step by step under the same names. Included by _kernel.c. */

#include "_slate_fill.h"

#include <float.h>

/* As slate_plan.py numbers them. */
enum { SETTLED, PIN, CAP, RESERVE, BADGE, REFER, KINDS };
/* How a cap counts: by a key of the candidate's, or over a window by shopper or by entity. */
enum { BY_KEY, BY_SHOPPER, BY_ENTITY };

/* What each strategy asks of a slate: see SlatePlan in slate_plan.py. */
typedef struct {
    const int8_t *kind, *counting;
    const int64_t *bound, *horizon;
    const int32_t *badge;
    Py_ssize_t strategies, texts;
} Plan;

/* Pairs (candidate, strategy), by candidate, then by precedence; room for as many as strategies fire. */
typedef struct {
    int64_t *candidate;
    int32_t *strategy;
    Py_ssize_t count;
} Noted;

static inline void note(Noted *x, int64_t candidate, int32_t strategy) {
    x->candidate[x->count] = candidate;
    x->strategy[x->count++] = strategy;
}

/* ---------------------------------------------------------------- order by score */

/* A candidate and its score's bits, which for numbers that are not negative compare as the scores do. */
typedef struct {
    uint64_t score;
    int64_t candidate;
} Scored;

static void scored(Scored *into, const double *scores, Py_ssize_t n) {
    for (Py_ssize_t i = 0; i < n; i++) {
        double plain = scores[i] + 0.0; /* no -0.0 */
        memcpy(&into[i].score, &plain, 8);
        into[i].candidate = (int64_t)i;
    }
}

/* The text of an id in UTF-8, whose bytes compare as code points do; NULL with an exception set where it has none. */
static inline const char *id_text(PyObject *ids, int64_t candidate, Py_ssize_t *len) {
    PyObject *id = PyList_GetItem(ids, (Py_ssize_t)candidate);
    return id == NULL ? NULL : PyUnicode_AsUTF8AndSize(id, len);
}

/* Whether a comes after b: by score descending, ties by id. -1 with an exception set where an id is no text. */
static inline int is_after(const Scored *a, const Scored *b, PyObject *ids) {
    if (a->score != b->score) return a->score < b->score;
    Py_ssize_t mine, others;
    const char *own = id_text(ids, a->candidate, &mine), *other = own ? id_text(ids, b->candidate, &others) : NULL;
    if (other == NULL) return -1;
    int order = memcmp(own, other, (size_t)(mine < others ? mine : others));
    return order ? order > 0 : mine > others;
}

/* Stable merge sort, from short runs upwards; what lies in order already is only looked at. */
static int sort_scored(Scored *x, Scored *room, Py_ssize_t n, PyObject *ids) {
    for (Py_ssize_t from = 0; from < n; from += 8) {
        Py_ssize_t to = from + 8 < n ? from + 8 : n;
        for (Py_ssize_t i = from + 1; i < to; i++) {
            Scored one = x[i];
            Py_ssize_t at = i;
            int after = 0;
            for (; at > from && (after = is_after(&x[at - 1], &one, ids)) > 0; at--) x[at] = x[at - 1];
            if (after < 0) return -1;
            x[at] = one;
        }
    }
    for (Py_ssize_t width = 8; width < n; width *= 2) {
        for (Py_ssize_t from = 0; from + width < n; from += 2 * width) {
            Py_ssize_t middle = from + width, to = middle + width < n ? middle + width : n;
            int after = is_after(&x[middle - 1], &x[middle], ids);
            if (after < 0) return -1;
            if (!after) continue;
            memcpy(room, x + from, (size_t)width * sizeof(Scored));
            Py_ssize_t left = 0, right = middle, at = from;
            while (left < width && right < to) {
                after = is_after(&room[left], &x[right], ids);
                if (after < 0) return -1;
                x[at++] = after ? x[right++] : room[left++];
            }
            memcpy(x + at, room + left, (size_t)(width - left) * sizeof(Scored));
        }
    }
    return 0;
}

/* ---------------------------------------------------------------- what acts on the slate */

/* By kind; nothing of it for excluded candidates but refers. */
static int by_kind(Noted *found, const Plan *plan, Py_ssize_t n, const int64_t *offsets, const int32_t *fired,
                   const uint8_t *acts, const int32_t *excluded) {
    for (Py_ssize_t c = 0; c < n; c++) {
        for (int64_t e = offsets[c]; e < offsets[c + 1]; e++) {
            int32_t s = fired[e];
            if (s < 0 || s >= plan->strategies) return -1;
            int kind = acts[e] ? plan->kind[s] : SETTLED;
            if (kind == SETTLED || (excluded[c] >= 0 && kind != REFER)) continue;
            note(&found[kind], c, s);
        }
    }
    return 0;
}

/* The badges without those whose text a stronger one shows for the candidate already. seen: one a text, all -1. */
static void each_text_once(Noted *badges, const Plan *plan, int64_t *seen) {
    Py_ssize_t kept = 0;
    for (Py_ssize_t i = 0; i < badges->count; i++) {
        int64_t candidate = badges->candidate[i];
        int32_t strategy = badges->strategy[i];
        if (seen[plan->badge[strategy]] == candidate) continue;
        seen[plan->badge[strategy]] = candidate;
        badges->candidate[kept] = candidate;
        badges->strategy[kept++] = strategy;
    }
    badges->count = kept;
}

/* The distinct strategies, ascending, into `distinct`; numbered: for each entry its index among them. index: one a
   strategy. */
static Py_ssize_t number_strategies(const Noted *x, Py_ssize_t strategies, int32_t *index, int32_t *distinct,
                                    int32_t *numbered) {
    Py_ssize_t count = 0;
    memset(index, 0, (size_t)strategies * 4);
    for (Py_ssize_t i = 0; i < x->count; i++) index[x->strategy[i]] = 1;
    for (Py_ssize_t s = 0; s < strategies; s++)
        if (index[s]) {
            distinct[count] = (int32_t)s;
            index[s] = (int32_t)count++;
        }
    for (Py_ssize_t i = 0; i < x->count; i++) numbered[i] = index[x->strategy[i]];
    return count;
}

/* An int64 (n,) that a mapping has for a strategy; NULL with an exception set where it has none. */
static const int64_t *taken_for(Buffers *b, PyObject *mapping, int32_t strategy, Py_ssize_t n) {
    PyObject *key = PyLong_FromLong(strategy);
    PyObject *array = key ? PyObject_GetItem(mapping, key) : NULL;
    const int64_t *found = array ? take(b, array, n * 8, 0) : NULL; /* the buffer keeps the array alive */
    Py_XDECREF(key);
    Py_XDECREF(array);
    return found;
}

/* ---------------------------------------------------------------- pins, caps and reserves */

typedef struct {
    Py_ssize_t n, m; /* candidates, and those of them that are not excluded */
    Py_ssize_t base; /* where they begin in what is kept for many requests: keys and what was spent */
    const int64_t *ranked; /* rank -> candidate */
    int64_t *rank_of;      /* candidate -> rank, -1 where excluded */
    int64_t *order, *rank; /* out: candidates by place; room: entry -> rank */
    int32_t *pinned, *reserved;
    Noted gave_way, held_back;
} Slated;

/* The broken caps that gave way: not window caps that only put their candidates behind all others. by_score: the ranks
   that are not pinned, in the order of their places. breaks: room, one a rank. */
static void drop_mere_windows(Slate *s, const int64_t *rank, const Plan *plan, const int64_t *by_score, Py_ssize_t count,
                              uint8_t *breaks) {
    for (Py_ssize_t c = 0; c < s->caps; c++) {
        if (plan->counting[s->cap_strategy[c]] == BY_KEY) continue;
        memset(breaks, 0, (size_t)s->size);
        int any = 0;
        for (Py_ssize_t e = 0; e < s->entries; e++)
            if (s->broken[e] && s->cap[e] == c) breaks[rank[e]] = 1, any = 1;
        if (!any) continue;
        Py_ssize_t behind = count;
        while (behind > 0 && breaks[by_score[behind - 1]]) breaks[by_score[--behind]] = 2;
        for (Py_ssize_t e = 0; e < s->entries; e++)
            if (s->cap[e] == c && breaks[rank[e]] == 2) s->broken[e] = 0;
    }
}

/* The caps that held a rank back, where a candidate of lower score, not pinned, stands before it. behind: room. */
static void keep_moved(Slate *s, const int64_t *rank, const int64_t *by_score, Py_ssize_t count, uint8_t *behind) {
    memset(behind, 0, (size_t)s->size);
    int64_t worst = -1;
    for (Py_ssize_t i = 0; i < count; i++) {
        if (by_score[i] < worst) behind[by_score[i]] = 1;
        else worst = by_score[i];
    }
    for (Py_ssize_t e = 0; e < s->entries; e++) s->held[e] &= behind[rank[e]];
}

/* The entries of caps: of each candidate the strongest first, without those whose key is unknown. */
static Py_ssize_t cap_entries(Slate *s, Buffers *b, const Slated *x, const Plan *plan, const Noted *caps,
                              const int32_t *numbered, PyObject *keys, PyObject *spent, int64_t *key, int64_t *start,
                              int64_t *candidate, const int64_t **of_cap) {
    for (Py_ssize_t c = 0; c < s->caps; c++) {
        int32_t strategy = s->cap_strategy[c];
        of_cap[c] = taken_for(b, plan->counting[strategy] == BY_KEY ? keys : spent, strategy, x->base + x->n);
        if (of_cap[c] == NULL) return -1;
        of_cap[c] += x->base;
        s->limit[c] = plan->bound[strategy];
        s->horizon[c] = plan->horizon[strategy];
    }
    Py_ssize_t count = 0;
    for (Py_ssize_t i = 0; i < caps->count; i++) {
        int64_t own = caps->candidate[i], value = of_cap[numbered[i]][own];
        int counting = plan->counting[caps->strategy[i]];
        key[count] = counting == BY_KEY ? value : counting == BY_ENTITY ? own : 0;
        start[count] = counting == BY_KEY ? 0 : value;
        s->cap[count] = numbered[i];
        candidate[count] = own;
        x->rank[count] = x->rank_of[own];
        count += key[count] >= 0;
    }
    return count;
}

/* The pins in the order in which they are dealt: by strategy, then by rank. */
static void deal(const Noted *pins, const Slated *x, Heap *sorted, int32_t *strategy, int64_t *rank) {
    for (Py_ssize_t i = 0; i < pins->count; i++)
        heap_push(sorted, (int64_t)pins->strategy[i] << 32 | x->rank_of[pins->candidate[i]]);
    for (Py_ssize_t i = 0; i < pins->count; i++) {
        int64_t key = heap_pop(sorted);
        strategy[i] = (int32_t)(key >> 32);
        rank[i] = key & 0xFFFFFFFF;
    }
}

static int fill_by_task(Slated *x, Buffers *b, const Plan *plan, const Noted *found, PyObject *keys, PyObject *spent) {
    const Noted *pins = &found[PIN], *caps = &found[CAP], *reserves = &found[RESERVE];
    Py_ssize_t m = x->m, e = caps->count, p = pins->count, f = reserves->count, k = plan->strategies;
    Py_ssize_t c = e < k ? e : k, r = f < k ? f : k; /* no more caps and reserves than that */
    int result = -1;
    Slate s = {0};
    s.size = m;
    size_t longs = (size_t)(3 * m + 4 * e + 2 * c + 2 * r + 3 * p), ints = (size_t)(k + c + r + 2 * e + f + 2 * m + p);
    char *memory = PyMem_Calloc((size_t)c * sizeof(void *) + longs * 8 + ints * 4 + (size_t)(2 * e + m) + 8, 1);
    uint8_t *member = NULL;
    if (memory == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    const int64_t **of_cap = (const int64_t **)memory;
    int64_t *at = (int64_t *)(of_cap + c);
    s.first = at; at += m;
    s.last = at; at += m;
    s.taken = at; at += m;
    int64_t *key = at; at += e;
    int64_t *start = at; at += e;
    int64_t *candidate = at; at += e;
    x->rank = at; at += e;
    s.limit = at; at += c;
    s.horizon = at; at += c;
    int64_t *need = at; at += r;
    s.reserve_end = at; at += r;
    int64_t *pin_rank = at; at += p;
    int64_t *pin_position = at; at += p;
    Heap dealt = {at, 0}; at += p;
    int32_t *small = (int32_t *)at;
    int32_t *index = small; small += k;
    s.cap_strategy = small; small += c;
    s.reserve_strategy = small; small += r;
    int32_t *numbered = small; small += e;
    s.cap = small; small += e;
    int32_t *reserve_of = small; small += f;
    s.pinned = small; small += m;
    s.reserved = small; small += m;
    int32_t *pin_strategy = small; small += p;
    s.held = (uint8_t *)small;
    s.broken = s.held + e;
    uint8_t *flags = s.broken + e;

    s.caps = number_strategies(caps, k, index, s.cap_strategy, numbered);
    s.start = start;
    s.entries = cap_entries(&s, b, x, plan, caps, numbered, keys, spent, key, start, candidate, of_cap);
    if (s.entries < 0) goto done;
    for (Py_ssize_t i = 0; i < s.entries;) {
        Py_ssize_t to = i;
        while (to < s.entries && candidate[to] == candidate[i]) to++;
        s.first[x->rank[i]] = i;
        s.last[x->rank[i]] = to;
        i = to;
    }
    s.reserves = number_strategies(reserves, k, index, s.reserve_strategy, reserve_of);
    s.member = member = PyMem_Calloc((size_t)(s.reserves * m + 1), 1);
    if (member == NULL) {
        PyErr_NoMemory();
        goto done;
    }
    for (Py_ssize_t i = 0; i < f; i++) member[reserve_of[i] * m + x->rank_of[reserves->candidate[i]]] = 1;
    for (Py_ssize_t i = 0; i < s.reserves; i++) {
        need[i] = plan->bound[s.reserve_strategy[i]];
        s.reserve_end[i] = plan->horizon[s.reserve_strategy[i]];
    }
    deal(pins, x, &dealt, pin_strategy, pin_rank);
    for (Py_ssize_t i = 0; i < p; i++) pin_position[i] = plan->bound[pin_strategy[i]];

    if (fill_slate(&s, key, need, pin_rank, pin_position, p) < 0) goto done;
    Py_ssize_t unpinned = 0;
    int64_t *by_score = s.first; /* its entries are not asked for any more */
    for (Py_ssize_t place = 0; place < m; place++) {
        int64_t rank = s.taken[place];
        x->order[place] = x->ranked[rank];
        if (s.pinned[rank] >= 0) x->pinned[x->ranked[rank]] = pin_strategy[s.pinned[rank]];
        else by_score[unpinned++] = rank;
        x->reserved[x->ranked[rank]] = s.reserved[rank];
    }
    drop_mere_windows(&s, x->rank, plan, by_score, unpinned, flags);
    keep_moved(&s, x->rank, by_score, unpinned, flags);
    for (Py_ssize_t i = 0; i < s.entries; i++) {
        if (s.broken[i]) note(&x->gave_way, candidate[i], s.cap_strategy[s.cap[i]]);
        if (s.held[i]) note(&x->held_back, candidate[i], s.cap_strategy[s.cap[i]]);
    }
    result = 0;
done:
    PyMem_Free(member);
    PyMem_Free(memory);
    return result;
}

/* ---------------------------------------------------------------- slate */

static int take_plan(Buffers *b, Plan *plan, PyObject *o_plan) {
    PyObject *o_kind, *o_counting, *o_bound, *o_horizon, *o_badge;
    if (!PyArg_ParseTuple(o_plan, "OOOOOn", &o_kind, &o_counting, &o_bound, &o_horizon, &o_badge, &plan->texts)) return -1;
    plan->kind = take(b, o_kind, 0, 0);
    plan->strategies = plan->kind ? b->held[b->count - 1].len : 0;
    plan->counting = plan->kind ? take(b, o_counting, plan->strategies, 0) : NULL;
    plan->bound = plan->counting ? take(b, o_bound, plan->strategies * 8, 0) : NULL;
    plan->horizon = plan->bound ? take(b, o_horizon, plan->strategies * 8, 0) : NULL;
    plan->badge = plan->horizon ? take(b, o_badge, plan->strategies * 4, 0) : NULL;
    return plan->badge == NULL ? -1 : 0;
}

/* The verdicts that a slate is built of. */
typedef struct {
    const int64_t *offsets;
    const int32_t *fired;
    const uint8_t *acts;
    const int32_t *excluded;
    const double *multiplier;
} Given;

#define BAD_INDEX (-2)

/* One slate. sorted: room for 2 n of them, and behind it for 2 n int64. found: room for all pairs of each kind. seen:
   room for one a text. 0, or -1 with an exception set, or BAD_INDEX without. */
static int build_one(Slated *x, Buffers *b, const Plan *plan, Noted *found, Scored *sorted, PyObject *ids,
                     const double *scores, const Given *v, PyObject *keys, PyObject *spent, int64_t *before,
                     int64_t *after, double *score, int64_t *seen) {
    Py_ssize_t n = x->n;
    int64_t *ranked = (int64_t *)(sorted + 2 * n), *rank_of = ranked + n;
    scored(sorted, scores, n);
    if (sort_scored(sorted, sorted + n, n, ids) < 0) return -1;
    int moved = 0;
    for (Py_ssize_t i = 0; i < n; i++) {
        before[sorted[i].candidate] = i + 1;
        moved |= v->multiplier[i] != 1.0;
    }
    memcpy(score, scores, (size_t)n * 8);
    if (moved) {
        for (Py_ssize_t i = 0; i < n; i++) {
            double product = scores[i] * v->multiplier[i];
            score[i] = product < DBL_MAX ? product : DBL_MAX;
        }
        scored(sorted, score, n);
        if (sort_scored(sorted, sorted + n, n, ids) < 0) return -1;
    }
    x->m = 0;
    for (Py_ssize_t i = 0; i < n; i++) {
        int64_t c = sorted[i].candidate;
        rank_of[c] = -1;
        if (v->excluded[c] < 0) {
            rank_of[c] = x->m;
            ranked[x->m++] = c;
        }
        x->pinned[i] = x->reserved[i] = -1;
        after[i] = 0;
    }
    if (by_kind(found, plan, n, v->offsets, v->fired, v->acts, v->excluded) < 0) return BAD_INDEX;
    x->ranked = ranked, x->rank_of = rank_of;
    if (found[PIN].count || found[CAP].count || found[RESERVE].count) {
        if (fill_by_task(x, b, plan, found, keys, spent) < 0) return -1;
    } else {
        memcpy(x->order, ranked, (size_t)x->m * 8);
    }
    for (Py_ssize_t i = 0; i < x->m; i++) after[x->order[i]] = i + 1;
    for (Py_ssize_t i = 0; i < plan->texts; i++) seen[i] = -1;
    each_text_once(&found[BADGE], plan, seen);
    return 0;
}

/* slate(scores f64[n], ids: list of n str, n, verdicts, fired, plan, keys, spent,
         order i64[n], rank_before i64[n], rank_after i64[n], score f64[n], pinned i32[n], reserved i32[n],
         candidates i64[4 * fired], strategies i32[4 * fired])
      -> (candidates on the slate, pairs of badged, referred, gave way, held back)

   verdicts: (excluded_by, multiplier, fired_offsets, fired, acts). keys, spent: mappings from a cap's number to an
   int64 (n,). The pairs of each of the four sorts begin at 0, fired, 2 fired and 3 fired. */
static PyObject *slate(PyObject *self, PyObject *args) {
    PyObject *o_scores, *ids, *o_excluded, *o_multiplier, *o_offsets, *o_fired, *o_acts, *o_plan, *keys, *spent, *o_order,
        *o_before, *o_after, *o_score, *o_pinned, *o_reserved, *o_candidates, *o_strategies;
    Slated x = {0};
    Py_ssize_t count;
    if (!PyArg_ParseTuple(args, "OO!n(OOOOO)nOOOOOOOOOOO", &o_scores, &PyList_Type, &ids, &x.n, &o_excluded, &o_multiplier,
                          &o_offsets, &o_fired, &o_acts, &count, &o_plan, &keys, &spent, &o_order, &o_before, &o_after,
                          &o_score, &o_pinned, &o_reserved, &o_candidates, &o_strategies))
        return NULL;
    Buffers b = {.count = 0};
    Plan plan;
    Scored *sorted = NULL;
    Noted found[KINDS];
    Py_ssize_t n = x.n;
    TAKE(double, scores, o_scores, n)
    TAKE(int32_t, excluded, o_excluded, n)
    TAKE(double, multiplier, o_multiplier, n)
    TAKE(int64_t, offsets, o_offsets, n + 1)
    TAKE(int32_t, fired, o_fired, count)
    TAKE(uint8_t, acts, o_acts, count)
    if (take_plan(&b, &plan, o_plan) < 0) goto fail;
    TAKE_OUT(int64_t, order, o_order, n)
    TAKE_OUT(int64_t, before, o_before, n)
    TAKE_OUT(int64_t, after, o_after, n)
    TAKE_OUT(double, score, o_score, n)
    TAKE_OUT(int32_t, pinned, o_pinned, n)
    TAKE_OUT(int32_t, reserved, o_reserved, n)
    TAKE_OUT(int64_t, candidates, o_candidates, 4 * count)
    TAKE_OUT(int32_t, strategies, o_strategies, 4 * count)
    if (PyList_Size(ids) < n) goto bad;
    for (Py_ssize_t i = 0; i < n; i++)
        if (offsets[i] < 0 || offsets[i + 1] < offsets[i] || offsets[i + 1] > count) goto bad;
    sorted = PyMem_Malloc((size_t)(2 * n + 1) * sizeof(Scored) + (size_t)n * 16 + (size_t)(count * 3 + 1) * 12 + (size_t)plan.texts * 8);
    if (sorted == NULL) {
        PyErr_NoMemory();
        goto fail;
    }
    int64_t *seen = (int64_t *)(sorted + 2 * n) + 2 * n, *own = seen + plan.texts;
    int32_t *small = (int32_t *)(own + 3 * count);
    for (int kind = PIN; kind <= RESERVE; kind++) {
        found[kind] = (Noted){own, small, 0};
        own += count;
        small += count;
    }
    Given given = {offsets, fired, acts, excluded, multiplier};
    found[BADGE] = (Noted){candidates, strategies, 0};
    found[REFER] = (Noted){candidates + count, strategies + count, 0};
    x.gave_way = (Noted){candidates + 2 * count, strategies + 2 * count, 0};
    x.held_back = (Noted){candidates + 3 * count, strategies + 3 * count, 0};

    x.order = order, x.pinned = pinned, x.reserved = reserved;
    int failed = build_one(&x, &b, &plan, found, sorted, ids, scores, &given, keys, spent, before, after, score, seen);
    if (failed == BAD_INDEX) goto bad;
    if (failed) goto fail;
    PyMem_Free(sorted);
    release(&b);
    return Py_BuildValue("nnnnn", x.m, found[BADGE].count, found[REFER].count, x.gave_way.count, x.held_back.count);
bad:
    PyErr_SetString(PyExc_ValueError, "an index outside its array");
fail:
    PyMem_Free(sorted);
    release(&b);
    return NULL;
}

/* slates(scores f64[n], ids: list of n str, requests i64[m + 1], m, verdicts, fired, plan, keys, spent,
          rank_after i64[n], pinned i32[n], reserved i32[n])

   The slates of m requests one after the other; requests[r] is where the candidates of one begin. keys and spent are
   as in `slate`, for all n candidates. */
static PyObject *slates(PyObject *self, PyObject *args) {
    PyObject *o_scores, *ids, *o_requests, *o_excluded, *o_multiplier, *o_offsets, *o_fired, *o_acts, *o_plan, *keys,
        *spent, *o_after, *o_pinned, *o_reserved;
    Py_ssize_t m, count, longest = 0, most = 0;
    if (!PyArg_ParseTuple(args, "OO!On(OOOOO)nOOOOOO", &o_scores, &PyList_Type, &ids, &o_requests, &m, &o_excluded,
                          &o_multiplier, &o_offsets, &o_fired, &o_acts, &count, &o_plan, &keys, &spent, &o_after,
                          &o_pinned, &o_reserved))
        return NULL;
    Buffers b = {.count = 0}, own_buffers = {.count = 0};
    Plan plan;
    Scored *sorted = NULL;
    PyObject *own_ids = NULL;
    TAKE(int64_t, requests, o_requests, m + 1)
    Py_ssize_t n = (Py_ssize_t)requests[m];
    if (requests[0] != 0 || n > PyList_Size(ids)) goto bad;
    for (Py_ssize_t r = 0; r < m; r++) {
        Py_ssize_t size = (Py_ssize_t)(requests[r + 1] - requests[r]);
        if (size < 0 || requests[r + 1] > n) goto bad;
        longest = size > longest ? size : longest;
    }
    TAKE(double, scores, o_scores, n)
    TAKE(int32_t, excluded, o_excluded, n)
    TAKE(double, multiplier, o_multiplier, n)
    TAKE(int64_t, offsets, o_offsets, n + 1)
    TAKE(int32_t, fired, o_fired, count)
    TAKE(uint8_t, acts, o_acts, count)
    if (take_plan(&b, &plan, o_plan) < 0) goto fail;
    TAKE_OUT(int64_t, after, o_after, n)
    TAKE_OUT(int32_t, pinned, o_pinned, n)
    TAKE_OUT(int32_t, reserved, o_reserved, n)
    for (Py_ssize_t i = 0; i < n; i++)
        if (offsets[i] < 0 || offsets[i + 1] < offsets[i] || offsets[i + 1] > count) goto bad;
    for (Py_ssize_t r = 0; r < m; r++) {
        Py_ssize_t size = (Py_ssize_t)(offsets[requests[r + 1]] - offsets[requests[r]]);
        most = size > most ? size : most;
    }
    /* Room for the largest: what is sorted, order, rank before, score, seen, and pairs of all sorts. */
    sorted = PyMem_Malloc((size_t)(2 * longest + 1) * sizeof(Scored) + (size_t)longest * 40 + (size_t)plan.texts * 8 +
                          (size_t)(most * (KINDS + 2) + 1) * 12);
    if (sorted == NULL) {
        PyErr_NoMemory();
        goto fail;
    }
    for (Py_ssize_t r = 0; r < m; r++) {
        Py_ssize_t from = (Py_ssize_t)requests[r], size = (Py_ssize_t)(requests[r + 1] - requests[r]);
        Slated x = {.n = size, .base = from};
        Noted found[KINDS];
        int64_t *order = (int64_t *)(sorted + 2 * longest) + 2 * longest, *before = order + longest;
        double *score = (double *)(before + longest);
        int64_t *seen = (int64_t *)(score + longest), *own = seen + plan.texts;
        int32_t *small = (int32_t *)(own + (KINDS + 2) * most);
        for (int kind = PIN; kind < KINDS; kind++, own += most, small += most) found[kind] = (Noted){own, small, 0};
        x.gave_way = (Noted){own, small, 0};
        x.held_back = (Noted){own + most, small + most, 0};
        x.order = order, x.pinned = pinned + from, x.reserved = reserved + from;
        Given given = {offsets + from, fired, acts, excluded + from, multiplier + from};
        own_ids = PyList_GetSlice(ids, from, from + size);
        int failed = own_ids == NULL ? -1
                                     : build_one(&x, &own_buffers, &plan, found, sorted, own_ids, scores + from, &given,
                                                 keys, spent, before, after + from, score, seen);
        release(&own_buffers);
        Py_XDECREF(own_ids);
        if (failed == BAD_INDEX) goto bad;
        if (failed) goto fail;
    }
    PyMem_Free(sorted);
    release(&b);
    Py_RETURN_NONE;
bad:
    PyErr_SetString(PyExc_ValueError, "an index outside its array");
fail:
    PyMem_Free(sorted);
    release(&b);
    return NULL;
}
