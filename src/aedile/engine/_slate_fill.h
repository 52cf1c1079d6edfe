/* Fills the places of one slate: what slate_places.py says, in C. Included by _slate_build.h.

   Candidates are spoken of by rank. Rank r owns the entries first[r] to last[r] - 1, the strongest cap first: the cap's
   index, the candidate's key for it, and what counts for that key before any place is given. Pins come in order of
   precedence. taken: the rank on each place. By rank: the index of its pin and the strategy of the reserve that claimed
   its place, -1 where none did. By entry: whether the cap held the candidate back when its turn first came, and whether
   its place breaks the cap. */

typedef struct {
    int64_t *keys;
    Py_ssize_t count;
} Heap;

static void heap_push(Heap *h, int64_t key) {
    Py_ssize_t i = h->count++;
    for (; i > 0 && h->keys[(i - 1) / 2] > key; i = (i - 1) / 2) h->keys[i] = h->keys[(i - 1) / 2];
    h->keys[i] = key;
}

static int64_t heap_pop(Heap *h) {
    int64_t top = h->keys[0], key = h->keys[--h->count];
    Py_ssize_t i = 0;
    for (Py_ssize_t child; (child = 2 * i + 1) < h->count; i = child) {
        if (child + 1 < h->count && h->keys[child + 1] < h->keys[child]) child++;
        if (h->keys[child] >= key) break;
        h->keys[i] = h->keys[child];
    }
    if (h->count > 0) h->keys[i] = key;
    return top;
}

typedef struct {
    Py_ssize_t size, entries, caps, reserves, ends;
    int64_t *first, *last, *start, *limit, *horizon, *reserve_end, *taken;
    int32_t *cap, *cap_strategy, *reserve_strategy, *pinned, *reserved;
    uint8_t *member, *held, *broken;
    /* own memory */
    int64_t *need, *left, *wait_until, *claim_by, *claims, *end, *open, *claimed;
    int32_t *bucket, *claim_reserve;
    int64_t *count;
    uint8_t *placed, *had_turn;
    Heap returned, yielding;
    int yielding_ready;
    Py_ssize_t next_rank, filled, next_look, claim_count;
} Slate;

/* Number the (cap, key) pairs of all entries from 0, by open addressing over `slots`, a power of two above 2 e. */
static void number_buckets(Slate *s, const int64_t *key, int64_t *slot, Py_ssize_t slots) {
    int32_t used = 0;
    for (Py_ssize_t i = 0; i < slots; i++) slot[i] = -1;
    for (Py_ssize_t e = 0; e < s->entries; e++) {
        uint64_t h = ((uint64_t)key[e] + (uint64_t)s->cap[e] * 0x9E3779B97F4A7C15ULL) * 0xD6E8FEB86659FD93ULL;
        Py_ssize_t at = (Py_ssize_t)((h ^ h >> 32) & (uint64_t)(slots - 1));
        while (slot[at] >= 0 && (key[slot[at]] != key[e] || s->cap[slot[at]] != s->cap[e])) at = (at + 1) & (slots - 1);
        if (slot[at] < 0) {
            slot[at] = e;
            s->bucket[e] = used++;
        } else {
            s->bucket[e] = s->bucket[slot[at]];
        }
    }
}

static inline int blocks(const Slate *s, int64_t entry, int64_t place) {
    int32_t cap = s->cap[entry];
    return place <= s->horizon[cap] && s->start[entry] + s->count[s->bucket[entry]] >= s->limit[cap];
}

/* The entry of the strongest cap this place would break, -1 if there is none. */
static inline int64_t strongest(const Slate *s, int64_t rank, int64_t place) {
    for (int64_t e = s->first[rank]; e < s->last[rank]; e++)
        if (blocks(s, e, place)) return e;
    return -1;
}

static void put(Slate *s, int64_t rank, int64_t place) {
    s->taken[place - 1] = rank;
    s->placed[rank] = 1;
    for (int64_t e = s->first[rank]; e < s->last[rank]; e++)
        if (place <= s->horizon[s->cap[e]]) s->count[s->bucket[e]]++;
    for (Py_ssize_t k = 0; k < s->reserves; k++)
        if (s->member[k * s->size + rank]) {
            s->left[k]--;
            if (place <= s->reserve_end[k]) s->need[k]--;
        }
}

static void note_broken(Slate *s, int64_t rank, int64_t place) {
    for (int64_t e = s->first[rank]; e < s->last[rank]; e++) s->broken[e] = (uint8_t)blocks(s, e, place);
}

static void hold_back(Slate *s, int64_t rank, int64_t place, int64_t entry) {
    int64_t until = 0;
    for (int64_t e = entry; e < s->last[rank]; e++) {
        if (!blocks(s, e, place)) continue;
        if (!s->had_turn[rank]) s->held[e] = 1;
        if (s->horizon[s->cap[e]] > until) until = s->horizon[s->cap[e]];
    }
    s->had_turn[rank] = 1;
    s->wait_until[rank] = until;
}

static int64_t next_free(Slate *s, int64_t place) {
    for (;;) {
        int64_t rank;
        while (s->next_rank < s->size && s->placed[s->next_rank]) s->next_rank++;
        if (s->returned.count > 0 && s->returned.keys[0] < s->next_rank) {
            rank = heap_pop(&s->returned);
            if (s->placed[rank]) continue;
        } else if (s->next_rank < s->size) {
            rank = s->next_rank++;
        } else {
            return -1;
        }
        int64_t entry = strongest(s, rank, place);
        if (entry < 0) return rank;
        hold_back(s, rank, place, entry);
    }
}

static void end_caps(Slate *s, int64_t place) {
    for (int64_t rank = 0; rank < s->next_rank; rank++)
        if (s->wait_until[rank] == place - 1 && !s->placed[rank]) heap_push(&s->returned, rank);
    s->yielding_ready = 0;
}

/* Orders ranks by the weakness of the strongest cap that holds them back, then by rank. */
static inline int64_t hope(const Slate *s, int64_t rank, int64_t place) {
    int64_t entry = strongest(s, rank, place);
    return (entry < 0 ? 0 : (int64_t)(INT32_MAX - s->cap_strategy[s->cap[entry]]) << 32) | rank;
}

/* No candidate is left that breaks no cap, nor will there be one until a cap ends. Until then counts only grow, so an
   entry of the heap is at worst too hopeful and is put right when it comes up. */
static int64_t least_held(Slate *s, int64_t place) {
    if (!s->yielding_ready) {
        s->yielding.count = 0;
        for (int64_t rank = 0; rank < s->size; rank++)
            if (!s->placed[rank]) heap_push(&s->yielding, hope(s, rank, place));
        s->yielding_ready = 1;
    }
    for (;;) {
        int64_t key = heap_pop(&s->yielding), rank = key & 0xFFFFFFFF;
        if (s->placed[rank]) continue;
        int64_t now = hope(s, rank, place);
        if (now == key) return rank;
        heap_push(&s->yielding, now);
    }
}

static int allows(const Slate *s, Py_ssize_t reserve, int64_t rank, int64_t place) {
    int64_t entry = strongest(s, rank, place);
    return entry < 0 || s->cap_strategy[s->cap[entry]] > s->reserve_strategy[reserve];
}

static void claim_all(Slate *s, int64_t place) {
    for (Py_ssize_t i = 0; i < s->claim_count; i++) s->claim_by[s->claims[i]] = 0;
    s->claim_count = 0;
    for (Py_ssize_t i = 0; i < s->ends; i++) s->claimed[i] = 0;
    for (Py_ssize_t k = 0; k < s->reserves; k++) {
        const uint8_t *member = s->member + k * s->size;
        int64_t until = s->reserve_end[k], want = s->need[k];
        if (until < place || want <= 0) continue;
        if (s->claim_count > 0) {
            for (int64_t r = 0; r < s->size; r++) want -= member[r] && s->claim_by[r] > 0 && s->claim_by[r] <= until;
            for (int64_t r = 0; r < s->size && want > 0; r++) { /* due later for another: bring it forward */
                if (!member[r] || s->claim_by[r] <= until) continue;
                int room = 1;
                for (Py_ssize_t i = 0; i < s->ends; i++)
                    if (s->end[i] >= until && s->end[i] < s->claim_by[r] && s->claimed[i] >= s->open[i] - s->filled)
                        room = 0;
                if (!room || !allows(s, k, r, place)) continue;
                for (Py_ssize_t i = 0; i < s->ends; i++)
                    s->claimed[i] += s->end[i] >= until && s->end[i] < s->claim_by[r];
                s->claim_by[r] = until;
                want--;
            }
        }
        for (Py_ssize_t i = 0; i < s->ends; i++) {
            int64_t room = s->open[i] - s->filled - s->claimed[i];
            if (s->end[i] >= until && room < want) want = room;
        }
        int64_t found = 0;
        for (int64_t r = 0; r < s->size && found < want; r++) {
            if (!member[r] || s->placed[r] || s->claim_by[r] > 0 || !allows(s, k, r, place)) continue;
            s->claim_by[r] = until;
            s->claim_reserve[r] = (int32_t)k;
            s->claims[s->claim_count++] = r;
            found++;
        }
        for (Py_ssize_t i = 0; i < s->ends; i++)
            if (s->end[i] >= until) s->claimed[i] += found;
    }
}

static int64_t pressed(Slate *s, int64_t place) {
    int64_t slack = INT64_MAX / 2;
    for (Py_ssize_t i = 0; i < s->ends; i++) {
        if (s->end[i] < place) continue;
        int64_t room = s->open[i] - s->filled;
        for (Py_ssize_t k = 0; k < s->reserves; k++) {
            int64_t needed = s->need[k] < s->left[k] ? s->need[k] : s->left[k];
            if (s->reserve_end[k] >= place && s->reserve_end[k] <= s->end[i] && needed > 0) room -= needed;
        }
        if (room < slack) slack = room;
    }
    if (slack > 0) {
        s->next_look = s->filled + slack;
        return -1;
    }
    claim_all(s, place);
    for (Py_ssize_t i = 0; i < s->ends; i++) {
        if (s->end[i] < place || s->claimed[i] == 0 || s->claimed[i] < s->open[i] - s->filled) continue;
        int64_t best = s->size;
        for (Py_ssize_t c = 0; c < s->claim_count; c++)
            if (s->claims[c] < best && s->claim_by[s->claims[c]] <= s->end[i]) best = s->claims[c];
        s->reserved[best] = s->reserve_strategy[s->claim_reserve[best]];
        note_broken(s, best, place);
        return best;
    }
    return -1;
}

static void fill_places(Slate *s, int64_t last) {
    for (int64_t place = 1; place <= last; place++) {
        for (Py_ssize_t c = 0; c < s->caps; c++)
            if (s->horizon[c] == place - 1) {
                end_caps(s, place);
                break;
            }
        if (s->taken[place - 1] >= 0) continue;
        int64_t rank = s->ends > 0 && s->filled >= s->next_look ? pressed(s, place) : -1;
        if (rank < 0) rank = next_free(s, place);
        if (rank < 0) {
            rank = least_held(s, place);
            note_broken(s, rank, place);
        }
        put(s, rank, place);
        s->filled++;
    }
    int64_t rank = 0;
    for (int64_t place = last + 1; place <= s->size; place++) {
        if (s->taken[place - 1] >= 0) continue;
        while (s->placed[rank]) rank++;
        s->taken[place - 1] = rank++;
    }
}

static void pin_places(Slate *s, const int64_t *rank, const int64_t *position, Py_ssize_t pins) {
    for (Py_ssize_t p = 0; p < pins; p++) {
        if (s->placed[rank[p]]) continue;
        int64_t wished = position[p] < s->size ? position[p] : s->size, place = wished;
        while (place <= s->size && s->taken[place - 1] >= 0) place++;
        if (place > s->size)
            for (place = wished; s->taken[place - 1] >= 0;) place--;
        put(s, rank[p], place);
        s->pinned[rank[p]] = (int32_t)p;
    }
}

/* The distinct ends of reserves, ascending, with the places open up to each. Returns the last place caps or reserves
   speak of. */
static int64_t look_ahead(Slate *s) {
    int64_t last = 0;
    for (Py_ssize_t k = 0; k < s->reserves; k++) {
        int64_t end = s->reserve_end[k];
        Py_ssize_t i = s->ends;
        for (Py_ssize_t j = 0; j < s->ends; j++)
            if (s->end[j] == end) i = -1;
        if (i < 0) continue;
        for (; i > 0 && s->end[i - 1] > end; i--) s->end[i] = s->end[i - 1];
        s->end[i] = end;
        s->ends++;
    }
    for (Py_ssize_t i = 0; i < s->ends; i++) {
        int64_t end = s->end[i] < s->size ? s->end[i] : s->size;
        s->open[i] = end;
        for (int64_t place = 1; place <= end; place++) s->open[i] -= s->taken[place - 1] >= 0;
        if (end > last) last = end;
    }
    for (Py_ssize_t c = 0; c < s->caps; c++)
        if (s->horizon[c] > last) last = s->horizon[c];
    return last < s->size ? last : s->size;
}

/* Fills the places. Of s, its sizes, its inputs and its outputs are set; need: of each reserve, places it asks for.
   Returns -1 where there is no memory. */
static int fill_slate(Slate *s, const int64_t *key, const int64_t *need, const int64_t *pin_rank,
                      const int64_t *pin_position, Py_ssize_t pins) {
    Py_ssize_t n = s->size, e = s->entries, k = s->reserves, slots = 4;
    while (slots <= 2 * e) slots *= 2;
    size_t words = (size_t)(slots + e + (e + 1) / 2 + 5 * n + (n + 1) / 2 + 2 * ((n + 7) / 8) + 5 * k);
    int64_t *memory = PyMem_Calloc(words, 8);
    if (memory == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    int64_t *at = memory;
    int64_t *slot = at; at += slots;
    s->count = at; at += e;
    s->returned.keys = at; at += n; /* no rank waits twice in a heap */
    s->yielding.keys = at; at += n;
    s->wait_until = at; at += n;
    s->claim_by = at; at += n;
    s->claims = at; at += n;
    s->need = at; at += k;
    s->left = at; at += k;
    s->end = at; at += k;
    s->open = at; at += k;
    s->claimed = at; at += k;
    s->bucket = (int32_t *)at; at += (e + 1) / 2;
    s->claim_reserve = (int32_t *)at; at += (n + 1) / 2;
    s->placed = (uint8_t *)at; at += (n + 7) / 8;
    s->had_turn = (uint8_t *)at;
    for (Py_ssize_t i = 0; i < n; i++) s->taken[i] = s->pinned[i] = s->reserved[i] = -1;
    memset(s->held, 0, (size_t)e);
    memset(s->broken, 0, (size_t)e);
    for (Py_ssize_t i = 0; i < k; i++) {
        s->need[i] = need[i];
        for (Py_ssize_t r = 0; r < n; r++) s->left[i] += s->member[i * n + r];
    }
    number_buckets(s, key, slot, slots);
    pin_places(s, pin_rank, pin_position, pins);
    fill_places(s, look_ahead(s));
    PyMem_Free(memory);
    return 0;
}
