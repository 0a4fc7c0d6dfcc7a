#include "data/token_table.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

#define FIRST_SLOTS 1024

/* Eight bytes at a time; the last ones, fewer than eight, make one word with zeros behind. */
static uint32_t hash_of(const char *word, int64_t n)
{
    uint64_t h = (uint64_t)n * 0x9E3779B97F4A7C15u;
    for (; n > 0; n -= 8, word += 8) {
        uint64_t w = 0;
        memcpy(&w, word, n < 8 ? (size_t)n : 8);
        h = (h ^ w) * 0xFF51AFD7ED558CCDu;
        h ^= h >> 32;
    }
    return (uint32_t)(h ^ (h >> 29));
}

/* The slot of a word, or the free one where it would stand. */
static int64_t slot_of(const rb_token_table *t, const char *word, int64_t n, uint32_t hash)
{
    int64_t mask = t->n_slots - 1;
    int64_t s = hash & mask;
    for (; t->slot[s]; s = (s + 1) & mask) {
        const rb_token_entry *e = &t->entry[t->slot[s] - 1];
        if (e->hash == hash && e->n == n && memcmp(t->text + e->begin, word, (size_t)n) == 0)
            break;
    }
    return s;
}

static rb_status double_slots(rb_token_table *t, rb_error *err)
{
    int64_t wanted = t->n_slots ? 2 * t->n_slots : FIRST_SLOTS;
    int32_t *slot = NULL;
    RB_TRY(rb_alloc(&slot, wanted, err));
    for (int64_t i = 0; i < t->n; i++) {
        int64_t s = t->entry[i].hash & (wanted - 1);
        while (slot[s])
            s = (s + 1) & (wanted - 1);
        slot[s] = (int32_t)i + 1;
    }
    rb_free(t->slot);
    t->slot = slot;
    t->n_slots = wanted;
done:
    return err->status;
}

rb_status rb_token_table_add(int32_t *number, rb_token_table *t, const char *word, int64_t n, rb_error *err)
{
    if (2 * (t->n + 1) > t->n_slots)
        RB_TRY(double_slots(t, err));
    uint32_t hash = hash_of(word, n);
    int64_t s = slot_of(t, word, n, hash);
    if (!t->slot[s]) {
        RB_TRY(rb_grow(&t->entry, &t->capacity, t->n + 1, err));
        RB_TRY(rb_grow(&t->text, &t->text_capacity, t->n_text + n + 1, err));
        t->entry[t->n] = (rb_token_entry){ .begin = t->n_text, .n = (int32_t)n, .hash = hash };
        memcpy(t->text + t->n_text, word, (size_t)n);
        t->text[t->n_text + n] = 0;
        t->n_text += n + 1;
        t->slot[s] = (int32_t)++t->n;
    }
    *number = t->slot[s] - 1;
done:
    return err->status;
}

int32_t rb_token_table_find(const rb_token_table *t, const char *word, int64_t n)
{
    return t->n ? t->slot[slot_of(t, word, n, hash_of(word, n))] - 1 : -1;
}

/* A word by its first eight bytes, as a number, with the rest to fall back on. */
typedef struct {
    uint64_t head;
    const char *word;
    int32_t number;
} sort_key;

static int compare_keys(const void *a, const void *b)
{
    const sort_key *x = a, *y = b;
    if (x->head != y->head)
        return x->head < y->head ? -1 : 1;
    return strcmp(x->word, y->word);
}

rb_status rb_token_table_order(int32_t *order, const rb_token_table *t, rb_error *err)
{
    sort_key *key = NULL;
    RB_TRY(rb_alloc(&key, t->n, err));
    for (int64_t i = 0; i < t->n; i++) {
        const rb_token_entry *e = &t->entry[i];
        uint64_t head = 0;
        memcpy(&head, t->text + e->begin, e->n < 8 ? (size_t)e->n : 8);
        key[i] = (sort_key){ __builtin_bswap64(head), t->text + e->begin, (int32_t)i };
    }
    qsort(key, (size_t)t->n, sizeof *key, compare_keys);
    for (int64_t i = 0; i < t->n; i++)
        order[i] = key[i].number;
done:
    rb_free(key);
    return err->status;
}

void rb_token_table_fini(rb_token_table *t)
{
    rb_free(t->text);
    rb_free(t->entry);
    rb_free(t->slot);
    memset(t, 0, sizeof *t);
}
