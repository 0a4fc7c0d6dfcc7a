#include "support/oracle_split.h"

#include <stdlib.h>

#include "base/rng.h"
#include "support/support.h"

typedef struct {
    uint64_t key;
    int64_t time, row;
} lot;

static int by_key(const void *a, const void *b)
{
    const lot *x = a, *y = b;
    if (x->key != y->key)
        return x->key < y->key ? -1 : 1;
    return x->row < y->row ? -1 : 1;
}

static int by_time_from_the_end(const void *a, const void *b)
{
    const lot *x = a, *y = b;
    if (x->time != y->time)
        return x->time > y->time ? -1 : 1;
    return x->row > y->row ? -1 : 1;
}

/* Lots of the rows that are training so far, of one user or (user < 0) of all; sorted. Returns how many. */
static int64_t lots_of(lot *lots, const uint8_t *part, int32_t user, const rb_dataset *d, uint64_t seed, uint32_t epoch,
                       bool by_time)
{
    int64_t n = 0;
    for (int64_t row = 0; row < d->interactions.n; row++) {
        rb_rng rng = { rb_seed_named(seed, "split"), rb_stream("split"), epoch, (uint64_t)row };
        if (part[row] == RB_PART_TRAIN && (user < 0 || d->interactions.user[row] == user))
            lots[n++] = (lot){ rb_rng_bits(&rng, 0), d->interactions.time ? d->interactions.time[row] : 0, row };
    }
    qsort(lots, (size_t)n, sizeof *lots, by_time ? by_time_from_the_end : by_key);
    return n;
}

static void give(uint8_t *part, const lot *lots, int64_t from, int64_t to, int64_t n, uint8_t value)
{
    for (int64_t k = from; k < to && k < n; k++)
        part[lots[k].row] = value;
}

static int64_t rounded(double x)
{
    int64_t whole = (int64_t)x;
    return x - (double)whole >= 0.5 ? whole + 1 : whole;
}

static void split_user(uint8_t *part, lot *lots, int32_t user, const rb_split *s, const rb_dataset *d, uint64_t seed)
{
    bool by_time = s->kind == RB_SPLIT_LEAVE_LAST_OUT || (s->kind == RB_SPLIT_LOO_SAMPLED && d->interactions.time);
    int64_t n = lots_of(lots, part, user, d, seed, 0, by_time);
    if (s->kind == RB_SPLIT_PER_USER) {
        int64_t test = rounded(s->test * (double)n);
        give(part, lots, 0, test, n, RB_PART_TEST);
        give(part, lots, test, test + rounded(s->validation * (double)n), n, RB_PART_VALIDATION);
    } else {
        give(part, lots, 0, n > 1, n, RB_PART_TEST);
        give(part, lots, 1, 1 + (n > 2 && s->validation > 0), n, RB_PART_VALIDATION);
    }
}

/* Every title's place by counting the smaller keys. */
static void split_titles(uint8_t *part, const rb_split *s, const rb_dataset *d, uint64_t seed)
{
    const int32_t n = d->items.n;
    const int64_t test = rounded(s->test * n), validation = rounded(s->validation * n);
    for (int64_t row = 0; row < d->interactions.n; row++) {
        rb_rng own = { rb_seed_named(seed, "split"), rb_stream("split.titles"), 0,
                       (uint64_t)d->interactions.item[row] };
        int64_t place = 0;
        for (int32_t i = 0; i < n; i++) {
            rb_rng other = own;
            other.entity = (uint64_t)i;
            const uint64_t a = rb_rng_bits(&other, 0), b = rb_rng_bits(&own, 0);
            place += a < b || (a == b && (uint64_t)i < own.entity);
        }
        part[row] = place < test ? RB_PART_TEST : place < test + validation ? RB_PART_VALIDATION : RB_PART_TRAIN;
    }
}

void oracle_split(uint8_t *part, const rb_split *s, const rb_dataset *d, int64_t fold, uint64_t seed)
{
    int64_t n = d->interactions.n;
    uint32_t epoch = 0;
    lot *lots = calloc((size_t)n, sizeof *lots);
    assert_non_null(lots);
    for (int64_t row = 0; row < n; row++)
        part[row] = RB_PART_TRAIN;
    if (s->kind == RB_SPLIT_STRONG_TITLES) {
        split_titles(part, s, d, seed);
        free(lots);
        return;
    }
    if (s->kind == RB_SPLIT_PER_USER || s->kind == RB_SPLIT_LEAVE_LAST_OUT || s->kind == RB_SPLIT_LOO_SAMPLED) {
        for (int32_t u = 0; u < d->users.n; u++)
            split_user(part, lots, u, s, d, seed);
        free(lots);
        return;
    }
    if (s->kind == RB_SPLIT_EVERY_NTH) {
        for (int64_t row = 0; row < n; row++)
            if (row % s->every == s->offset)
                part[row] = RB_PART_TEST;
    } else if (s->kind == RB_SPLIT_K_FOLD) {
        lots_of(lots, part, -1, d, seed, 0, false);
        give(part, lots, n * fold / s->folds, n * (fold + 1) / s->folds, n, RB_PART_TEST);
        epoch = (uint32_t)fold + 1;
    } else {
        lots_of(lots, part, -1, d, seed, 0, s->kind == RB_SPLIT_TEMPORAL);
        give(part, lots, 0, rounded(s->test * (double)n), n, RB_PART_TEST);
    }
    int64_t left = lots_of(lots, part, -1, d, seed, epoch, s->kind == RB_SPLIT_TEMPORAL);
    give(part, lots, 0, rounded(s->validation * (double)n), left, RB_PART_VALIDATION);
    free(lots);
}
