/*
 * The law of permuted ids, over both registries: other numbers for users, items or points give the same scores,
 * predictions and labels under those numbers. It holds for given start values and without ties; an algorithm that draws
 * random numbers and takes no start values is left out, which is found out by another seed.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "harness/model.h"
#include "support/contract.h"
#include "support/oracle_als.h"
#include "support/support.h"

#define N_USERS RB_CONTRACT_USERS
#define N_ITEMS RB_CONTRACT_ITEMS
#define N_POINTS RB_CONTRACT_POINTS
#define MAX_TESTS 512
#define MAX_START 4096

/* What the views of this test cannot renumber. */
#define FIXED \
    (RB_NEEDS_COUNTS | RB_NEEDS_ITEMS | RB_NEEDS_SESSIONS | RB_NEEDS_LABELS | RB_NEEDS_MODELS | RB_NEEDS_TIMES)

/* Data under other numbers: number n was number old[n]. */
static int32_t old_user[N_USERS], old_item[N_ITEMS], old_point[N_POINTS];
static rb_ratings ratings, positives, validation;
static rb_points points;
static const rb_train_view renumbered = {
    .ratings = &ratings, .positives = &positives, .validation = &validation, .space = &points
};

static void shuffle(int32_t *old, int32_t n, const char *stream)
{
    rb_rng rng = { .key = 5, .stream = rb_stream(stream) };
    for (int32_t i = 0; i < n; i++)
        old[i] = i;
    for (int32_t i = n - 1; i > 0; i--) {
        int32_t j = (int32_t)rb_rng_below(&rng, (uint32_t)i, (uint64_t)i + 1), swapped = old[i];
        old[i] = old[j];
        old[j] = swapped;
    }
}

static void renumber(rb_ratings *out, const rb_ratings *in)
{
    int32_t new_user[N_USERS], new_item[N_ITEMS];
    int64_t begin[64], row = 0;
    rb_error err = { 0 };
    rb_interactions x;
    for (int32_t u = 0; u < N_USERS; u++)
        new_user[old_user[u]] = u;
    for (int32_t i = 0; i < N_ITEMS; i++)
        new_item[old_item[i]] = i;
    assert_ok(rb_interactions_alloc(&x, in->n, true, false, &rb_test_ctx, &err), &err);
    x.n_users = N_USERS;
    x.n_items = N_ITEMS;
    for (int32_t u = 0; u < N_USERS && rb_test_ctx.rank == 0; u++)
        for (int64_t e = in->user_begin[u]; e < in->user_begin[u + 1]; e++, row++) {
            ((int32_t *)x.user_memory.data)[row] = new_user[u];
            ((int32_t *)x.item_memory.data)[row] = new_item[in->user_item[e]];
            ((float *)x.rating_memory.data)[row] = in->user_rating[e];
        }
    for (int r = 0; r <= rb_test_ctx.n_ranks; r++)
        begin[r] = r == 0 ? 0 : in->n;
    rb_interactions_publish(&x, begin, &rb_test_ctx);
    assert_ok(rb_ratings_build(out, &x, NULL, 0, -INFINITY, &rb_test_ctx, &err), &err);
    assert_true(out->n == in->n);
    rb_interactions_fini(&x);
}

static int begin(void **unused)
{
    rb_error err = { 0 };
    rb_contract_begin(unused);
    shuffle(old_user, N_USERS, "permuted.users");
    shuffle(old_item, N_ITEMS, "permuted.items");
    shuffle(old_point, N_POINTS, "permuted.points");
    renumber(&ratings, rb_contract_view.ratings);
    renumber(&positives, rb_contract_view.positives);
    renumber(&validation, rb_contract_view.validation);
    int64_t d = rb_contract_view.space->d;
    assert_ok(rb_points_alloc_dense(&points, N_POINTS, d, &rb_test_ctx, &err), &err);
    for (int64_t p = 0; p < N_POINTS && rb_test_ctx.rank == 0; p++)
        memcpy((double *)points.memory.data + p * d, rb_contract_view.space->dense + old_point[p] * d,
               (size_t)d * sizeof(double));
    rb_shared_publish_from(&points.memory, 0, &rb_test_ctx);
    return 0;
}

static int end(void **unused)
{
    rb_points_fini(&points);
    rb_ratings_fini(&ratings);
    rb_ratings_fini(&positives);
    rb_ratings_fini(&validation);
    return rb_contract_end(unused);
}

/* ---- start values ---- */

static void store(rb_contract_model *m, const char *name, const rb_value *value)
{
    const rb_param *p = rb_param_find(m->algorithm->params, name);
    if (p && p->kind == value->kind)
        rb_param_store(m->config, p, value);
}

static int64_t integer_of(const rb_contract_model *m, const char *name)
{
    const rb_param *p = rb_param_find(m->algorithm->params, name);
    return p ? *(const int64_t *)((const char *)m->config + p->offset) : 0;
}

/* Rows of start factors follow the items' numbers; centres are in no order but their own. */
static void give_start(rb_contract_model *m, double values[MAX_START], bool is_renumbered)
{
    const rb_param *init = rb_param_find(m->algorithm->params, "init");
    bool by_item = rb_param_find(m->algorithm->params, "start") != NULL;
    int64_t n_rows = by_item ? N_ITEMS : integer_of(m, "k"), n_cols = by_item ? integer_of(m, "factors")
                                                                      : m->algorithm->needs & RB_NEEDS_SPACE ? points.d
                                                                                                             : 0;
    if (!init || n_rows * n_cols == 0 || !rb_param_find(m->algorithm->params, by_item ? "start" : "centres"))
        return;
    rb_rng rng = { .key = 6, .stream = rb_stream("permuted.start") };
    assert_true(n_rows * n_cols <= MAX_START);
    for (int64_t r = 0; r < n_rows; r++)
        for (int64_t c = 0; c < n_cols; c++) {
            rng.entity = (uint64_t)(by_item && is_renumbered ? old_item[r] : r);
            values[r * n_cols + c] = by_item ? 0.1 * rb_rng_normal(&rng, (uint32_t)c)
                                             : 4 * (double)(r % 3) + rb_rng_uniform(&rng, (uint32_t)c);
        }
    rb_value array = { .kind = RB_PARAM_ARRAY, .array = { values, n_rows, n_cols, "given" } };
    store(m, by_item ? "start" : "centres", &array);
    store(m, "init",
          &(rb_value){ .kind = RB_PARAM_CHOICE, .number = rb_choice_index(init->choices, by_item ? "file" : "given") });
}

static rb_contract_model fitted(const rb_algorithm *a, const rb_train_view *view, uint64_t seed, double *start)
{
    rb_error err = { 0 };
    rb_contract_model m = rb_contract_model_of(a);
    if (a->can & RB_CAN_RANK) /* no list is cut, so no tie decides */
        store(&m, "k", &(rb_value){ .kind = RB_PARAM_INT, .integer = N_USERS });
    const rb_param *tolerance = rb_param_find(a->params, "tolerance");
    if (tolerance && tolerance->default_number > 0) { /* where it stops must not depend on the order of its steps */
        store(&m, "tolerance", &(rb_value){ .kind = RB_PARAM_DOUBLE, .number = 1e-13 });
        store(&m, "iterations", &(rb_value){ .kind = RB_PARAM_INT, .integer = 10000 });
    }
    give_start(&m, start, view == &renumbered);
    rb_test_ctx.seed = seed;
    assert_ok(rb_oracle_fit(m.state, NULL, a, m.config, view, &rb_test_ctx, &err), &err);
    return m;
}

/* ---- the law ---- */

static void read_scores(double out[RB_CONTRACT_PAIRS], const rb_contract_model *m)
{
    rb_contract_score(out, m);
    if (rb_contract_score_size(m) == sizeof(float))
        for (int p = RB_CONTRACT_PAIRS - 1; p >= 0; p--)
            out[p] = (double)((const float *)out)[p];
}

static void check_values(const double *before, const double *after, const rb_contract_model *m)
{
    bool single = m->algorithm->precision && m->algorithm->precision(m->config) == RB_SINGLE;
    double largest = 0;
    for (int p = 0; p < RB_CONTRACT_PAIRS; p++)
        largest = fabs(before[p]) > largest ? fabs(before[p]) : largest;
    for (int u = 0; u < N_USERS; u++)
        for (int i = 0; i < N_ITEMS; i++) {
            double a = after[u * N_ITEMS + i], b = before[old_user[u] * N_ITEMS + old_item[i]];
            if (!(fabs(a - b) <= (single ? 1e-3 : 1e-8) * largest))
                fail_msg("user %d, item %d: %.17g, under the old numbers %.17g", u, i, a, b);
        }
}

/* Clusters are numbered as their given centres are; where there are none, by their points. */
static void check_labels(const rb_contract_model *before, const rb_contract_model *after)
{
    int64_t n, m;
    const int32_t *a = before->algorithm->labels(before->state, &n), *b = after->algorithm->labels(after->state, &m);
    assert_true(n == N_POINTS && m == N_POINTS);
    if (rb_param_find(before->algorithm->params, "centres")) {
        for (int p = 0; p < N_POINTS; p++)
            assert_int_equal(b[p], a[old_point[p]]);
        return;
    }
    for (int p = 0; p < N_POINTS; p++) {
        assert_int_equal(b[p] < 0, a[old_point[p]] < 0);
        for (int q = 0; q < p; q++)
            assert_int_equal(b[p] == b[q], a[old_point[p]] == a[old_point[q]]);
    }
}

static void other_numbers_change_nothing_else(void **of)
{
    static double one[RB_CONTRACT_PAIRS], two[RB_CONTRACT_PAIRS], start[MAX_START], moved[MAX_START];
    const rb_algorithm *a = *of;
    rb_contract_model before = fitted(a, &rb_contract_view, 1, start),
                      reseeded = fitted(a, &rb_contract_view, 2, start);
    rb_digest digest = rb_contract_digest(&before);
    if (!rb_contract_same_digest(&reseeded, &digest)) {
        print_message("%s draws random numbers and takes no start values\n", a->name);
    } else {
        rb_contract_model after = fitted(a, &renumbered, 1, moved);
        if (a->can & RB_CAN_RANK) {
            read_scores(one, &before);
            read_scores(two, &after);
            check_values(one, two, &before);
        }
        if (a->can & RB_CAN_PREDICT) {
            rb_contract_predict(one, &before);
            rb_contract_predict(two, &after);
            check_values(one, two, &before);
        }
        if (a->can & RB_CAN_ASSIGN && a->needs & RB_NEEDS_SPACE) /* the catalogue keeps its numbers */
            check_labels(&before, &after);
        rb_contract_model_fini(&after);
    }
    rb_contract_model_fini(&reseeded);
    rb_contract_model_fini(&before);
}

int main(int argc, char **argv)
{
    struct CMUnitTest tests[MAX_TESTS];
    size_t n = 0;
    rb_test_mpi_begin(&argc, &argv);
    for (int r = 0; r < 2; r++)
        for (const rb_algorithm *const *a = rb_contract_registries[r]; *a && n < MAX_TESTS; a++)
            if (!((*a)->needs & FIXED))
                tests[n++] = (struct CMUnitTest){ .name = (*a)->name,
                                                  .test_func = other_numbers_change_nothing_else,
                                                  .initial_state = (void *)*a };
    return rb_test_mpi_end(_cmocka_run_group_tests("permuted", tests, n, begin, end));
}
