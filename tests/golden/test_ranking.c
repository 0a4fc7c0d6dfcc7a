/* Popularity on ml-latest-small, `implicit`: every ranking metric equals the values computed with NumPy. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "eval/ranking.h"
#include "support/support.h"

#define MAX_RATINGS 200000
#define THRESHOLD 4.0

typedef struct {
    int64_t n;
    int32_t user[MAX_RATINGS], item[MAX_RATINGS];
    float rating[MAX_RATINGS];
} table;

static int ascending(const void *a, const void *b)
{
    return *(const int32_t *)a - *(const int32_t *)b;
}

/* Replace ids by their number in ascending order; returns how many distinct ones there are. */
static int32_t number_by_id(int32_t *id, int64_t n)
{
    int32_t *sorted = malloc((size_t)n * sizeof *sorted);
    int32_t n_distinct = 0;
    for (int64_t i = 0; i < n; i++)
        sorted[i] = id[i];
    qsort(sorted, (size_t)n, sizeof *sorted, ascending);
    for (int64_t i = 0; i < n; i++)
        if (i == 0 || sorted[i] != sorted[n_distinct - 1])
            sorted[n_distinct++] = sorted[i];
    for (int64_t i = 0; i < n; i++)
        id[i] = (int32_t)((int32_t *)bsearch(&id[i], sorted, (size_t)n_distinct, sizeof *sorted, ascending) - sorted);
    free(sorted);
    return n_distinct;
}

static void read_ratings(table *t)
{
    char path[4096], line[256];
    snprintf(path, sizeof path, "%s/ml-latest-small/ratings.csv", rb_test_data());
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    assert_non_null(fgets(line, sizeof line, f));
    while (fgets(line, sizeof line, f) && t->n < MAX_RATINGS) {
        assert_int_equal(sscanf(line, "%d,%d,%f", &t->user[t->n], &t->item[t->n], &t->rating[t->n]), 3);
        t->n++;
    }
    fclose(f);
}

/* The positive rows in file order; every fifth is test. */
typedef struct {
    rb_interactions all;
    rb_ratings train, test;
} split;

static void make_split(split *s, const rb_ctx *ctx)
{
    table *t = calloc(1, sizeof *t);
    rb_error err = { 0 };
    read_ratings(t);
    int32_t n_users = number_by_id(t->user, t->n), n_items = number_by_id(t->item, t->n);
    uint8_t *part = malloc((size_t)t->n);
    assert_ok(rb_interactions_alloc(&s->all, t->n, true, false, ctx, &err), &err);
    s->all.n_users = n_users;
    s->all.n_items = n_items;
    int32_t *user = s->all.user_memory.data, *item = s->all.item_memory.data;
    float *rating = s->all.rating_memory.data;
    for (int64_t row = 0, k = 0; row < t->n; row++) {
        user[row] = t->user[row];
        item[row] = t->item[row];
        rating[row] = t->rating[row];
        part[row] = RB_PART_NONE;
        if (t->rating[row] >= THRESHOLD)
            part[row] = k++ % 5 == 0 ? RB_PART_TEST : RB_PART_TRAIN;
    }
    int64_t begin[] = { 0, t->n };
    rb_interactions_publish(&s->all, begin, ctx);
    assert_ok(rb_ratings_build(&s->train, &s->all, part, 1u << RB_PART_TRAIN, -INFINITY, ctx, &err), &err);
    assert_ok(rb_ratings_build(&s->test, &s->all, part, 1u << RB_PART_TEST, -INFINITY, ctx, &err), &err);
    free(part);
    free(t);
}

static void split_fini(split *s)
{
    rb_ratings_fini(&s->train);
    rb_ratings_fini(&s->test);
    rb_interactions_fini(&s->all);
}

static void popularity(rb_tile *tile, const void *state, const int32_t *users, int32_t n_users, int32_t item_begin,
                       int32_t item_end)
{
    const rb_ratings *train = state;
    (void)users;
    for (int32_t u = 0; u < n_users; u++)
        for (int32_t i = item_begin; i < item_end; i++)
            ((double *)tile->data)[u * tile->ld + i - item_begin] =
                (double)(train->item_begin[i + 1] - train->item_begin[i]);
}

static void popularity_has_the_known_values(void **unused)
{
    (void)unused;
    static const char *const names[][2] = {
        { "precision@10", "precision@10" },
        { "recall@10", "recall@10" },
        { "ndcg@10", "ndcg@10" },
        { "map@10", "map@10" },
        { "mrr@10", "mrr@10" },
        { "hit_rate@10", "hit_rate@10" },
        { "f1@10", "f1@10" },
        { "item_coverage@10", "item_coverage@10" },
        { "gini@10", "gini@10" },
        { "ndcg_full_idcg@10", "ndcg:bin-rel@10" },
    };
    enum { N = sizeof names / sizeof *names };
    rb_metric metrics[N];
    rb_error err = { 0 };
    rb_ctx ctx;
    split s = { 0 };
    rb_ranking ranking;
    rb_ctx_serial(&ctx, 2);
    make_split(&s, &ctx);
    json_t *golden = rb_test_golden("ml-latest-small.json");
    for (int m = 0; m < N; m++)
        assert_ok(rb_metric_parse(&metrics[m], names[m][1], &err), &err);

    rb_scorer scorer = { .score = popularity, .state = &s.train, .precision = RB_DOUBLE_PRECISION };
    rb_ranking_rules rules = {
        .n_users = s.all.n_users, .n_items = s.all.n_items, .train = &s.train, .ties = RB_TIES_INDEX
    };
    assert_ok(rb_rank(&ranking, &scorer, &rules, &s.test, NULL, metrics, N, 0, &ctx, &err), &err);

    assert_true(s.train.n == (int64_t)rb_test_number(golden, "implicit", "n_train", NULL));
    assert_true(s.test.n == (int64_t)rb_test_number(golden, "implicit", "n_test", NULL));
    assert_true(ranking.n_evaluated == (int)rb_test_number(golden, "implicit", "n_users_evaluated", NULL));
    assert_int_equal(ranking.n_evaluated + ranking.n_left_out, s.all.n_users);
    for (int m = 0; m < N; m++) {
        assert_int_equal(ranking.value[m].mean.state, RB_VALUE_OK);
        double known = rb_test_number(golden, "implicit", "results", "popularity", names[m][0], NULL);
        assert_near(ranking.value[m].mean.value / known, 1.0, 1e-12);
    }
    rb_ranking_fini(&ranking);
    split_fini(&s);
    json_decref(golden);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(popularity_has_the_known_values) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
