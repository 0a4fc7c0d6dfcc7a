#include "support/oracle_als.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/support.h"

/* A user and an item, ordered by both; row is the place of the draw. */
typedef struct {
    int32_t user, item;
    float rating;
} triple;

static int by_number(const void *a, const void *b)
{
    return (*(const int32_t *)a > *(const int32_t *)b) - (*(const int32_t *)a < *(const int32_t *)b);
}

static int32_t number_ids(int32_t *id, int64_t n)
{
    int32_t *sorted = malloc((size_t)n * sizeof *sorted), n_distinct = 0;
    memcpy(sorted, id, (size_t)n * sizeof *sorted);
    qsort(sorted, (size_t)n, sizeof *sorted, by_number);
    for (int64_t i = 0; i < n; i++)
        if (n_distinct == 0 || sorted[i] != sorted[n_distinct - 1])
            sorted[n_distinct++] = sorted[i];
    for (int64_t i = 0; i < n; i++)
        id[i] = (int32_t)((int32_t *)bsearch(id + i, sorted, (size_t)n_distinct, sizeof *id, by_number) - sorted);
    free(sorted);
    return n_distinct;
}

/* Every `period`-th of the rows that reach the threshold is test. */
static void build(rb_split_data *s, const triple *rows, int64_t n, int32_t n_users, int32_t n_items, double threshold,
                  int period, const rb_ctx *ctx)
{
    rb_error err = { 0 };
    int64_t begin[64];
    uint8_t *part = malloc((size_t)n + 1);
    assert_ok(rb_interactions_alloc(&s->all, n, true, false, ctx, &err), &err);
    s->all.n_users = n_users;
    s->all.n_items = n_items;
    for (int64_t row = 0, k = 0; row < n; row++) {
        if (ctx->rank == 0) {
            ((int32_t *)s->all.user_memory.data)[row] = rows[row].user;
            ((int32_t *)s->all.item_memory.data)[row] = rows[row].item;
            ((float *)s->all.rating_memory.data)[row] = rows[row].rating;
        }
        part[row] = RB_PART_NONE;
        if (rows[row].rating >= threshold)
            part[row] = k++ % period == 0 ? RB_PART_TEST : RB_PART_TRAIN;
    }
    for (int r = 0; r <= ctx->n_ranks; r++)
        begin[r] = r == 0 ? 0 : n;
    rb_interactions_publish(&s->all, begin, ctx);
    assert_ok(rb_ratings_build(&s->train, &s->all, part, 1u << RB_PART_TRAIN, -INFINITY, ctx, &err), &err);
    assert_ok(rb_ratings_build(&s->test, &s->all, part, 1u << RB_PART_TEST, -INFINITY, ctx, &err), &err);
    free(part);
}

void rb_oracle_movielens(rb_split_data *s, double threshold, const rb_ctx *ctx)
{
    enum { MOST = 200000 };
    char path[4096], line[256];
    int32_t *user = malloc(MOST * sizeof *user), *item = malloc(MOST * sizeof *item);
    triple *rows = malloc(MOST * sizeof *rows);
    int64_t n = 0;
    snprintf(path, sizeof path, "%s/ml-latest-small/ratings.csv", rb_test_data());
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    assert_non_null(fgets(line, sizeof line, f));
    while (n < MOST && fgets(line, sizeof line, f)) {
        assert_int_equal(sscanf(line, "%d,%d,%f", user + n, item + n, &rows[n].rating), 3);
        n++;
    }
    fclose(f);
    int32_t n_users = number_ids(user, n), n_items = number_ids(item, n);
    for (int64_t row = 0; row < n; row++) {
        rows[row].user = user[row];
        rows[row].item = item[row];
    }
    build(s, rows, n, n_users, n_items, threshold, 5, ctx);
    free(rows);
    free(item);
    free(user);
}

void rb_oracle_fold(rb_split_data *s, int64_t fold, double threshold, const rb_ctx *ctx)
{
    rb_error err = { 0 };
    uint8_t *part = malloc((size_t)s->all.n + 1);
    for (int64_t row = 0; row < s->all.n; row++)
        part[row] = row % 5 == fold ? RB_PART_TEST : RB_PART_TRAIN;
    rb_ratings_fini(&s->train);
    rb_ratings_fini(&s->test);
    assert_ok(rb_ratings_build(&s->train, &s->all, part, 1u << RB_PART_TRAIN, threshold, ctx, &err), &err);
    assert_ok(rb_ratings_build(&s->test, &s->all, part, 1u << RB_PART_TEST, threshold, ctx, &err), &err);
    free(part);
}

static double *cumulated(int32_t n, double exponent)
{
    double *sum = malloc(((size_t)n + 1) * sizeof *sum);
    sum[0] = 0;
    for (int32_t i = 0; i < n; i++)
        sum[i + 1] = sum[i] + pow(i + 11.0, -exponent);
    return sum;
}

static int32_t drawn(const double *sum, int32_t n, double uniform)
{
    int32_t low = 0, high = n;
    while (high - low > 1) {
        int32_t middle = low + (high - low) / 2;
        if (sum[middle] <= uniform * sum[n])
            low = middle;
        else
            high = middle;
    }
    return low;
}

static int by_pair(const void *a, const void *b)
{
    const triple *x = a, *y = b;
    if (x->user != y->user)
        return x->user < y->user ? -1 : 1;
    if (x->item != y->item)
        return x->item < y->item ? -1 : 1;
    return (x->rating > y->rating) - (x->rating < y->rating);
}

void rb_oracle_zipf(rb_split_data *s, int32_t n_users, int32_t n_items, int64_t n, double user_exponent,
                    double item_exponent, const rb_ctx *ctx)
{
    double *users = cumulated(n_users, user_exponent), *items = cumulated(n_items, item_exponent);
    triple *rows = malloc((size_t)n * sizeof *rows);
    rb_rng rng = { .key = 20261121, .stream = rb_stream("oracle") };
    for (int64_t e = 0; e < n; e++) {
        rng.entity = (uint64_t)e;
        rows[e].user = drawn(users, n_users, rb_rng_uniform(&rng, 0));
        rows[e].item = drawn(items, n_items, rb_rng_uniform(&rng, 1));
        rows[e].rating = 0.5F * (float)(1 + rb_rng_below(&rng, 2, 10));
    }
    qsort(rows, (size_t)n, sizeof *rows, by_pair);
    int64_t kept = 0;
    for (int64_t e = 0; e < n; e++)
        if (kept == 0 || rows[e].user != rows[kept - 1].user || rows[e].item != rows[kept - 1].item)
            rows[kept++] = rows[e];
    build(s, rows, kept, n_users, n_items, -INFINITY, 10, ctx);
    free(rows);
    free(items);
    free(users);
}

void rb_oracle_split_fini(rb_split_data *s)
{
    rb_ratings_fini(&s->train);
    rb_ratings_fini(&s->test);
    rb_interactions_fini(&s->all);
}

double rb_oracle_start(int row, int f, int k)
{
    return (double)rb_splitmix((uint64_t)(row * k + f) * 0x9E3779B97F4A7C15u) / 18446744073709551616.0;
}

rb_status rb_oracle_fit(void *state, double *objective, const rb_algorithm *algorithm, const void *config,
                        const rb_train_view *view, rb_ctx *ctx, rb_error *err)
{
    bool done = false;
    double value = NAN;
    void *prepared = NULL;
    if (algorithm->prepare)
        RB_TRY_ALL(ctx, algorithm->prepare(&prepared, view, &config, 1, ctx, err));
    if (algorithm->fit) {
        RB_TRY_ALL(ctx, algorithm->fit(state, view, prepared, config, ctx, err));
        goto done;
    }
    RB_TRY_ALL(ctx, algorithm->begin(state, view, prepared, config, ctx, err));
    for (int64_t i = 0; !done; i++)
        RB_TRY_ALL(ctx, algorithm->iterate(state, i, &value, &done, view, prepared, config, ctx, err));
    if (algorithm->end)
        RB_TRY_ALL(ctx, algorithm->end(state, view, prepared, config, ctx, err));
    if (objective)
        *objective = value;
done:
    if (prepared)
        algorithm->unprepare(prepared);
    return err->status;
}

/* Gauss-Jordan on the augmented [k x (k + 1)] matrix. */
static void eliminate(double *a, int64_t k)
{
    int64_t ld = k + 1;
    for (int64_t c = 0; c < k; c++) {
        int64_t best = c;
        for (int64_t r = c + 1; r < k; r++)
            if (fabs(a[r * ld + c]) > fabs(a[best * ld + c]))
                best = r;
        for (int64_t j = 0; j < ld; j++) {
            double swap = a[c * ld + j];
            a[c * ld + j] = a[best * ld + j];
            a[best * ld + j] = swap;
        }
        for (int64_t r = 0; r < k; r++) {
            double factor = a[r * ld + c] / a[c * ld + c];
            for (int64_t j = c; r != c && j < ld; j++)
                a[r * ld + j] -= factor * a[c * ld + j];
        }
    }
}

void rb_oracle_row(double *x, const double *base, const double *b, const double *w, const double *t, int64_t n,
                   int64_t k, double lambda)
{
    double *a = calloc((size_t)(k * (k + 1)), sizeof *a);
    for (int64_t i = 0; i < k; i++) {
        for (int64_t j = 0; j < k; j++) {
            a[i * (k + 1) + j] = (base ? base[i * k + j] : 0) + (i == j ? lambda : 0);
            for (int64_t e = 0; e < n; e++)
                a[i * (k + 1) + j] += (w ? w[e] : 1) * b[e * k + i] * b[e * k + j];
        }
        for (int64_t e = 0; e < n; e++)
            a[i * (k + 1) + k] += t[e] * b[e * k + i];
    }
    eliminate(a, k);
    for (int64_t i = 0; i < k; i++)
        x[i] = a[i * (k + 1) + k] / a[i * (k + 1) + i];
    free(a);
}
