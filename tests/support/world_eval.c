#include "support/world_eval.h"

#include <math.h>
#include <stdlib.h>

#include "support/support.h"

#define SEED 99
#define N_GENRES 6
#define RELEVANCE 3.0

uint64_t world_eval_tie_key(uint64_t seed, int user, int item)
{
    return rb_mix(rb_mix(seed, (uint64_t)user), (uint64_t)item);
}

rb_part world_eval_part(const world_eval *w, int u, int i)
{
    uint64_t draw = rb_mix(u * 1000003u, (uint64_t)i) % 100;
    if (u == 5 && i > 3)
        return RB_PART_TRAIN;
    if (u % 17 == 0 && draw < 25)
        return RB_PART_NONE;
    if (u % 13 == 1 && draw >= 30 && w->n_users > 20)
        return RB_PART_NONE;
    return draw < 25 ? RB_PART_TRAIN : draw < 30 ? RB_PART_VALIDATION : draw < 40 ? RB_PART_TEST : RB_PART_NONE;
}

void *world_eval_zeroed(size_t n, size_t size)
{
    void *p = calloc(n ? n : 1, size);
    assert_non_null(p);
    return p;
}

static void fill_dense(world_eval *w, uint8_t *part)
{
    for (int u = 0; u < w->n_users; u++)
        for (int i = 0; i < w->n_items; i++) {
            size_t at = (size_t)u * (size_t)w->n_items + (size_t)i;
            float rating = 0.5F + 0.5F * (float)(rb_mix(at, 1) % 10);
            part[at] = (uint8_t)world_eval_part(w, u, i);
            w->train[at] = part[at] == RB_PART_TRAIN;
            w->masked[at] = part[at] == RB_PART_TRAIN || part[at] == RB_PART_VALIDATION;
            w->relevant[at] = part[at] == RB_PART_TEST && rating >= RELEVANCE ? rating : 0.0F;
            w->score[at] = (double)(rb_mix(at, 2) % (uint64_t)w->n_scores) - w->n_scores / 2.0;
            ((int32_t *)w->all.user_memory.data)[at] = u;
            ((int32_t *)w->all.item_memory.data)[at] = i;
            ((float *)w->all.rating_memory.data)[at] = rating;
        }
}

static void fill_genres(world_eval *w)
{
    w->genres.begin = world_eval_zeroed((size_t)w->n_items + 1, sizeof *w->genres.begin);
    w->genres.value = world_eval_zeroed((size_t)w->n_items * N_GENRES, sizeof *w->genres.value);
    for (int i = 0; i < w->n_items; i++) {
        w->genres.begin[i + 1] = w->genres.begin[i];
        for (int g = N_GENRES - 1; g >= 0; g--) { /* in no useful order; every seventh item has none */
            bool has = i % 7 && rb_mix((uint64_t)i, 100 + (uint64_t)g) % 3 == 0;
            w->genre[i * N_GENRES + g] = has;
            if (has)
                w->genres.value[w->genres.begin[i + 1]++] = g;
        }
    }
}

void world_eval_init(world_eval *w, int n_users, int n_items, int n_scores)
{
    rb_error err = { 0 };
    const rb_ctx *ctx = &rb_test_ctx;
    size_t n = (size_t)n_users * (size_t)n_items;
    *w = (world_eval){ .n_users = n_users, .n_items = n_items, .n_scores = n_scores };
    w->train = world_eval_zeroed(n, 1);
    w->masked = world_eval_zeroed(n, 1);
    w->genre = world_eval_zeroed((size_t)n_items * N_GENRES, 1);
    w->relevant = world_eval_zeroed(n, sizeof *w->relevant);
    w->score = world_eval_zeroed(n, sizeof *w->score);
    uint8_t *part = world_eval_zeroed(n, 1);
    assert_ok(rb_interactions_alloc(&w->all, (int64_t)n, true, false, ctx, &err), &err);
    w->all.n_users = n_users;
    w->all.n_items = n_items;
    fill_dense(w, part); /* every rank writes the same values */
    int64_t begin[64];
    for (int r = 0; r <= ctx->n_ranks; r++)
        begin[r] = (int64_t)n * r / ctx->n_ranks;
    rb_interactions_publish(&w->all, begin, ctx);
    assert_ok(rb_ratings_build(&w->train_part, &w->all, part, 1u << RB_PART_TRAIN, -INFINITY, ctx, &err), &err);
    assert_ok(rb_ratings_build(&w->validation, &w->all, part, 1u << RB_PART_VALIDATION, -INFINITY, ctx, &err), &err);
    assert_ok(rb_ratings_build(&w->test, &w->all, part, 1u << RB_PART_TEST, RELEVANCE, ctx, &err), &err);
    fill_genres(w);
    assert_ok(rb_item_facts_init(&w->facts, &w->train_part, &w->genres, NULL, &err), &err);
    w->oracle = (oracle_eval){ .n_users = n_users,
                               .n_items = n_items,
                               .score = w->score,
                               .masked = w->masked,
                               .train = w->train,
                               .relevant = w->relevant,
                               .seed = SEED,
                               .genre = w->genre,
                               .n_genres = N_GENRES };
    free(part);
}

void world_eval_fini(world_eval *w)
{
    rb_item_facts_fini(&w->facts);
    rb_ratings_fini(&w->train_part);
    rb_ratings_fini(&w->validation);
    rb_ratings_fini(&w->test);
    rb_interactions_fini(&w->all);
    free(w->genres.begin);
    free(w->genres.value);
    free(w->train);
    free(w->masked);
    free(w->genre);
    free(w->relevant);
    free(w->score);
}

static void score_double(rb_tile *tile, const void *state, const int32_t *users, int32_t n_users, int32_t item_begin,
                         int32_t item_end)
{
    const world_eval *w = state;
    for (int32_t u = 0; u < n_users; u++)
        for (int32_t i = item_begin; i < item_end; i++)
            ((double *)tile->data)[u * tile->ld + i - item_begin] = w->score[(int64_t)users[u] * w->n_items + i];
}

static void score_single(rb_tile *tile, const void *state, const int32_t *users, int32_t n_users, int32_t item_begin,
                         int32_t item_end)
{
    const world_eval *w = state;
    for (int32_t u = 0; u < n_users; u++)
        for (int32_t i = item_begin; i < item_end; i++)
            ((float *)tile->data)[u * tile->ld + i - item_begin] = (float)w->score[(int64_t)users[u] * w->n_items + i];
}

rb_scorer world_eval_scorer(const world_eval *w, rb_precision precision)
{
    return (
        rb_scorer){ .score = precision == RB_SINGLE ? score_single : score_double, .state = w, .precision = precision };
}

rb_ranking_rules world_eval_rules(const world_eval *w, rb_ties ties)
{
    return (rb_ranking_rules){ .n_users = w->n_users,
                               .n_items = w->n_items,
                               .train = &w->train_part,
                               .masked = &w->validation,
                               .ties = ties,
                               .tie_seed = SEED };
}
