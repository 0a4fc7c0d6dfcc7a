/* K-Modes and K-Prototypes: the plain definition step by step, the same bits for any ranks and threads, bad input. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/param.h"
#include "cluster/core/prototypes_fit.h"
#include "data/synth.h"
#include "support/support.h"

#define N 2600 /* several blocks */
#define K 7

static rb_dataset data;

static int set_up(void **unused)
{
    (void)unused;
    rb_error err = { 0 };
    rb_synth c = { 0 };
    rb_params_default(&c, rb_synth_params);
    c.users = 10;
    c.items = N;
    c.ratings = 100;
    assert_ok(rb_dataset_synth(&data, &c, 5, &rb_test_ctx, &err), &err);
    return 0;
}

static int tear_down(void **unused)
{
    (void)unused;
    rb_dataset_fini(&data);
    return 0;
}

static rb_prototypes_options usual(void)
{
    return (rb_prototypes_options){ .name = "kprototypes",
                                    .numeric = "year+minutes",
                                    .categorical = "type+rating+country:first+genre:first",
                                    .standardize = true,
                                    .k = K,
                                    .n_init = 1,
                                    .iterations = 100 };
}

static rb_status fit(rb_prototypes_state *s, const rb_catalogue *items, const rb_prototypes_options *o, rb_ctx *ctx,
                     rb_error *err)
{
    bool done = false;
    double objective;
    RB_TRY(rb_prototypes_begin(s, items, o, ctx, err));
    while (!done)
        RB_TRY(rb_prototypes_iterate(s, &objective, &done, o, ctx, err));
    RB_TRY(rb_prototypes_end(s, ctx, err));
done:
    return err->status;
}

/* ---- the definition, on one rank, without blocks ---- */

typedef struct {
    double number[K][2];
    int32_t mode[K][4];
} centres;

static double distance_to(const rb_item_table *t, int64_t i, const centres *c, int k, double gamma)
{
    double d = 0;
    for (int j = 0; j < 2; j++)
        d += pow(t->number[2 * i + j] - c->number[k][j], 2);
    for (int a = 0; a < 4; a++)
        d += t->code[4 * i + a] != c->mode[k][a] ? gamma : 0;
    return d;
}

static double label_all(int32_t *label, const rb_item_table *t, const centres *c, double gamma)
{
    double cost = 0;
    for (int64_t i = 0; i < t->n; i++) {
        for (int k = 1, best = label[i] = 0; k < K; k++)
            if (distance_to(t, i, c, k, gamma) < distance_to(t, i, c, best, gamma))
                best = label[i] = k;
        cost += distance_to(t, i, c, label[i], gamma);
    }
    return cost;
}

static int32_t most_frequent(const rb_item_table *t, const int32_t *label, int k, int a)
{
    int count[N] = { 0 };
    int32_t best = 0;
    for (int64_t i = 0; i < t->n; i++)
        count[t->code[4 * i + a]] += label[i] == k;
    for (int32_t v = 1; v < N; v++)
        best = count[v] > count[best] ? v : best;
    return best;
}

static void move_all(centres *c, const rb_item_table *t, const int32_t *label)
{
    for (int k = 0; k < K; k++) {
        double sum[2] = { 0 };
        int64_t n = 0;
        for (int64_t i = 0; i < t->n; i++)
            if (label[i] == k) {
                sum[0] += t->number[2 * i];
                sum[1] += t->number[2 * i + 1];
                n++;
            }
        assert_true(n > 0);
        for (int j = 0; j < 2; j++)
            c->number[k][j] = sum[j] / (double)n;
        for (int a = 0; a < 4; a++)
            c->mode[k][a] = most_frequent(t, label, k, a);
    }
}

static double by_definition(int32_t label[N], const rb_item_table *t, const int64_t *seeds, double gamma)
{
    centres c;
    double cost = INFINITY;
    int32_t before[N];
    memset(label, -1, N * sizeof *label);
    for (int k = 0; k < K; k++) {
        memcpy(c.number[k], t->number + 2 * seeds[k], sizeof c.number[k]);
        memcpy(c.mode[k], t->code + 4 * seeds[k], sizeof c.mode[k]);
    }
    for (bool same = false; !same;) {
        memcpy(before, label, sizeof before);
        double now = label_all(label, t, &c, gamma);
        same = memcmp(before, label, sizeof before) == 0 || now >= cost;
        cost = now;
        move_all(&c, t, label);
    }
    return label_all(label, t, &c, gamma);
}

static void a_fit_in_batches_is_that_of_the_definition(void **unused)
{
    (void)unused;
    static int32_t label[N];
    for (int init = RB_PROTOTYPES_CAO; init <= RB_PROTOTYPES_HUANG; init++) {
        rb_error err = { 0 };
        rb_prototypes_state s = { 0 }, twin = { 0 };
        rb_prototypes_options o = usual();
        o.init = init;
        assert_ok(rb_prototypes_begin(&twin, &data.catalogue, &o, &rb_test_ctx, &err), &err);
        double cost = by_definition(label, &twin.run->table, twin.run->seed, twin.gamma);
        assert_near(twin.gamma, 0.5, 0.2); /* of columns of deviation 1, but for what is unavailable */
        assert_ok(fit(&s, &data.catalogue, &o, &rb_test_ctx, &err), &err);
        assert_true(s.converged);
        assert_near(s.cost, cost, 1e-10);
        assert_memory_equal(s.label, label, sizeof label);
        rb_prototypes_state_fini(&twin);
        rb_prototypes_state_fini(&s);
    }
}

static void sizes_and_counts_are_those_of_the_labels(void **unused)
{
    (void)unused;
    rb_error err = { 0 };
    rb_prototypes_state s = { 0 };
    rb_item_table t = { 0 };
    rb_prototypes_options o = usual();
    assert_ok(fit(&s, &data.catalogue, &o, &rb_test_ctx, &err), &err);
    assert_ok(rb_item_table_init(&t, &s.schema, &data.catalogue, &err), &err);
    for (int64_t i = 0; i < N; i++) {
        s.size[s.label[i]]--;
        for (int64_t a = 0; a < 4; a++)
            s.count[s.label[i] * s.schema.names.n + s.schema.first[a] + t.code[4 * i + a]]--;
    }
    for (int64_t c = 0; c < K; c++)
        assert_int_equal(s.size[c], 0);
    for (int64_t j = 0; j < K * s.schema.names.n; j++)
        assert_int_equal(s.count[j], 0);
    rb_item_table_fini(&t);
    rb_prototypes_state_fini(&s);
}

static void items_one_by_one_have_the_same_bits_on_any_ranks(void **unused)
{
    (void)unused;
    rb_error err = { 0 };
    rb_ctx serial;
    rb_prototypes_state alone = { 0 }, together = { 0 };
    rb_prototypes_options o = usual();
    o.update = RB_PROTOTYPES_ONE_BY_ONE;
    o.init = RB_PROTOTYPES_HUANG;
    o.n_init = 2;
    rb_ctx_serial(&serial, 1);
    serial.seed = rb_test_ctx.seed;
    assert_ok(fit(&alone, &data.catalogue, &o, &serial, &err), &err);
    assert_ok(fit(&together, &data.catalogue, &o, &rb_test_ctx, &err), &err);
    assert_memory_equal(&alone.cost, &together.cost, sizeof alone.cost);
    assert_memory_equal(alone.label, together.label, N * sizeof *alone.label);
    assert_memory_equal(alone.number, together.number, K * 2 * sizeof *alone.number);
    rb_prototypes_state_fini(&alone);
    rb_prototypes_state_fini(&together);
}

static void more_restarts_never_cost_more(void **unused)
{
    (void)unused;
    double least = INFINITY;
    for (int64_t n_init = 1; n_init <= 4; n_init++) {
        rb_error err = { 0 };
        rb_prototypes_state s = { 0 };
        rb_prototypes_options o = usual();
        o.init = RB_PROTOTYPES_HUANG;
        o.n_init = n_init;
        assert_ok(fit(&s, &data.catalogue, &o, &rb_test_ctx, &err), &err);
        assert_true(s.cost <= least && s.restart < n_init);
        least = s.cost;
        rb_prototypes_state_fini(&s);
    }
}

static void an_item_that_was_fitted_is_assigned_to_its_cluster(void **unused)
{
    (void)unused;
    static int32_t label[N];
    rb_error err = { 0 };
    rb_prototypes_state s = { 0 };
    rb_prototypes_options o = usual();
    assert_ok(fit(&s, &data.catalogue, &o, &rb_test_ctx, &err), &err);
    assert_ok(rb_prototypes_assign_items(label, &s, &data.catalogue, NULL, &rb_test_ctx, &err), &err);
    assert_memory_equal(label, s.label, sizeof label);
    rb_prototypes_state_fini(&s);
}

/* n items of one kind. */
static void same_items(rb_catalogue *c, int32_t n)
{
    const char *types[64], *ratings[64];
    rb_error err = { 0 };
    *c = (rb_catalogue){ .n = n };
    for (int i = 0; i < n; i++) {
        types[i] = "Movie";
        ratings[i] = "R";
    }
    assert_ok(rb_ids_init_range(&c->ids, n, &err), &err);
    assert_ok(rb_strings_from(&c->column[RB_COLUMN_TYPE], types, n, &err), &err);
    assert_ok(rb_strings_from(&c->column[RB_COLUMN_RATING], ratings, n, &err), &err);
    assert_ok(rb_alloc(&c->year, n, &err), &err);
    for (int i = 0; i < n; i++)
        c->year[i] = 2000;
    c->has[RB_COLUMN_TYPE] = c->has[RB_COLUMN_RATING] = c->has[RB_COLUMN_RELEASE_YEAR] = true;
}

static void items_that_are_all_equal_lie_in_the_first_cluster_at_no_cost(void **unused)
{
    (void)unused;
    for (int init = RB_PROTOTYPES_CAO; init <= RB_PROTOTYPES_HUANG; init++)
        for (int update = RB_PROTOTYPES_BATCH; update <= RB_PROTOTYPES_ONE_BY_ONE; update++) {
            rb_error err = { 0 };
            rb_catalogue c;
            rb_prototypes_state s = { 0 };
            rb_prototypes_options o = usual();
            o.numeric = "year";
            o.categorical = NULL;
            o.init = init;
            o.update = update;
            same_items(&c, 20);
            assert_ok(fit(&s, &c, &o, &rb_test_ctx, &err), &err);
            assert_true(s.cost == 0 && s.gamma == 1);
            for (int i = 0; i < 20; i++)
                assert_int_equal(s.label[i], 0);
            rb_prototypes_state_fini(&s);
            rb_catalogue_fini(&c);
        }
}

static void assert_refused(rb_prototypes_options o, const rb_catalogue *items, const char *message)
{
    rb_error err = { 0 };
    rb_prototypes_state s = { 0 };
    assert_int_equal(fit(&s, items, &o, &rb_test_ctx, &err), RB_BAD_INPUT);
    assert_non_null(strstr(err.message, message));
    rb_prototypes_state_fini(&s);
}

static void bad_input_is_one_clear_error(void **unused)
{
    (void)unused;
    double start[K * 6] = { 0 };
    rb_catalogue few, none = { 0 };
    rb_prototypes_options o = usual();
    same_items(&few, K - 1);
    assert_refused(o, &none, "empty");
    o.numeric = "year";
    o.categorical = NULL;
    assert_refused(o, &few, "'kprototypes.k' is 7, but there are only 6 items");
    o.k = 2;
    o.categorical = "";
    assert_refused(o, &few, "kmeans");
    o.categorical = "genre:first";
    assert_refused(o, &few, "'genres:first'");
    o = usual();
    o.centres = (rb_array){ start, K, 6, "inline" };
    assert_refused(o, &data.catalogue, "'kprototypes.init' is not given");
    o.init = RB_PROTOTYPES_GIVEN;
    o.centres.n_cols = 5;
    assert_refused(o, &data.catalogue, "expected 2 numbers and 4 categories");
    o.centres.n_cols = 6;
    start[2] = 1e6;
    assert_refused(o, &data.catalogue, "the code of a category");
    start[0] = NAN;
    assert_refused(o, &data.catalogue, "expected finite numbers");
    o.centres.n_rows = 3;
    assert_refused(o, &data.catalogue, "expected k = 7");
    o.centres.value = NULL;
    assert_refused(o, &data.catalogue, "'kprototypes.centres' is not set");
    rb_catalogue_fini(&few);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_fit_in_batches_is_that_of_the_definition),
        cmocka_unit_test(sizes_and_counts_are_those_of_the_labels),
        cmocka_unit_test(items_one_by_one_have_the_same_bits_on_any_ranks),
        cmocka_unit_test(more_restarts_never_cost_more),
        cmocka_unit_test(an_item_that_was_fitted_is_assigned_to_its_cluster),
        cmocka_unit_test(items_that_are_all_equal_lie_in_the_first_cluster_at_no_cost),
        cmocka_unit_test(bad_input_is_one_clear_error),
    };
    rb_test_mpi_begin(&argc, &argv);
    return rb_test_mpi_end(cmocka_run_group_tests(tests, set_up, tear_down));
}
