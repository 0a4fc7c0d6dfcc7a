/* Agglomerative clustering: the trees of the plain definition, the same bits for any ranks and threads. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "cluster/cluster.h"
#include "support/cluster_points.h"
#include "support/config.h"
#include "support/oracle_cluster.h"
#include "support/oracle_linkage.h"
#include "support/support.h"
#include "support/visitor.h"

#define MOST 700
#define SHAPED 330 /* more than one tile and one closing up */
#define D 7

extern const rb_algorithm rb_agglomerative;

typedef rb_test_option option;

typedef struct {
    rb_status status;
    char message[1024];
    int64_t n_merges;
    double cophenetic;
    rb_status assigned;
    int32_t fresh_label[MOST];
    double tree[4 * MOST];
    int32_t label[MOST];
} result;

static const char *const linkages[] = { "single", "complete", "average", "weighted", "ward", "centroid", "median" };

static void copy_array(rb_visitor *v, const char *name, rb_type type, void **data, int64_t *n_rows, int64_t *n_cols,
                       rb_shared *memory)
{
    (void)type, (void)memory;
    result *out = v->self;
    if (!strcmp(name, "tree")) {
        out->n_merges = *n_rows;
        memcpy(out->tree, *data, (size_t)(*n_rows * *n_cols) * sizeof(double));
    } else if (!strcmp(name, "labels")) {
        memcpy(out->label, *data, (size_t)*n_rows * sizeof(int32_t));
    }
}

static void fit_prepared(result *out, const void *prepared, const rb_points *p, const rb_points *fresh,
                         const void *config, rb_ctx *ctx, rb_error *err)
{
    void *state = calloc(1, rb_agglomerative.state_size);
    out->status = rb_agglomerative.fit(state, &(rb_train_view){ .space = p }, prepared, config, ctx, err);
    if (out->status == RB_OK) {
        rb_visitor visitor = { .array = copy_array, .scalar = rb_test_skip_scalar, .self = out };
        int64_t n;
        const int32_t *labels = rb_agglomerative.labels(state, &n);
        rb_agglomerative.arrays(state, &visitor);
        rb_agglomerative.measure(&out->cophenetic, state, config);
        assert_int_equal(n, p->n);
        assert_int_equal(out->n_merges, n - 1);
        assert_memory_equal(out->label, labels, (size_t)n * sizeof *labels);
        if (fresh)
            out->assigned = rb_agglomerative.assign(out->fresh_label, state, fresh, config, ctx, err);
    }
    rb_agglomerative.fini(state);
    free(state);
}

static void *config_of(const option *options)
{
    void *config = calloc(1, rb_agglomerative.config_size);
    rb_test_set_options(config, &rb_agglomerative, options, NULL);
    return config;
}

static void fit_and_assign(result *out, const rb_points *p, const rb_points *fresh, const option *options, rb_ctx *ctx)
{
    rb_error err = { 0 };
    void *config = config_of(options), *prepared = NULL;
    memset(out, 0, sizeof *out);
    out->status = rb_agglomerative.prepare(&prepared, &(rb_train_view){ .space = p, .asked = 1 },
                                           (const void *const *)&config, 1, ctx, &err);
    if (out->status == RB_OK)
        fit_prepared(out, prepared, p, fresh, config, ctx, &err);
    else
        assert_null(prepared);
    memcpy(out->message, err.message, sizeof out->message);
    rb_agglomerative.unprepare(prepared);
    free(config);
}

static void fit(result *out, const rb_points *p, const option *options, rb_ctx *ctx)
{
    fit_and_assign(out, p, NULL, options, ctx);
}

static double value_at(int64_t i, int64_t f)
{
    rb_rng rng = { 23, rb_stream("value"), 0, (uint64_t)i }, centre = { 23, rb_stream("centre"), 0, (uint64_t)(i % 5) };
    return rb_rng_normal(&rng, (uint32_t)f) + 2 * rb_rng_normal(&centre, (uint32_t)f);
}

static double gap_value(int64_t i, int64_t f)
{
    return (i * 5 + f) % 3 == 0 ? 0 : value_at(i, f);
}

static double twin_value(int64_t i, int64_t f)
{
    return value_at(i / 3, f);
}

static double tied_value(int64_t i, int64_t f)
{
    return (double)((i * (2 * f + 3) + i / 7) % 3);
}

static bool needs_euclidean(int linkage)
{
    return linkage >= 4;
}

static result one, other; /* large */

static void assert_tree(const result *r, const double *tree, double tolerance)
{
    for (int64_t t = 0; t < r->n_merges; t++) {
        assert_true(r->tree[4 * t] == tree[4 * t] && r->tree[4 * t + 1] == tree[4 * t + 1]);
        assert_near(r->tree[4 * t + 2], tree[4 * t + 2], tolerance);
        assert_true(r->tree[4 * t + 3] == tree[4 * t + 3]);
    }
}

static void every_linkage_makes_the_tree_of_its_definition(void **unused)
{
    (void)unused;
    static const int64_t sizes[] = { 2, 3, 17, 60 };
    double tree[4 * RB_ORACLE_LINKAGE_MOST], dense[RB_ORACLE_LINKAGE_MOST * D];
    for (int kind = 0; kind < 7 * 2 * 2 * 2 * 4; kind++) {
        int linkage = kind % 7, cosine = kind / 7 % 2, sparse = kind / 14 % 2, single = kind / 28 % 2;
        int64_t n = sizes[kind / 56];
        rb_points p = { 0 };
        option options[] = { { "linkage", linkages[linkage] },
                             { "metric", cosine ? "cosine" : "euclidean" },
                             { "precision", single ? "single" : "double" },
                             { "k", "1" },
                             { NULL, NULL } };
        if (cosine && needs_euclidean(linkage))
            continue;
        rb_test_points(&p, n, D, sparse, sparse ? gap_value : value_at);
        for (int64_t i = 0; i < n * D; i++)
            dense[i] = (sparse ? gap_value : value_at)(i / D, i % D);
        fit(&one, &p, options, &rb_test_ctx);
        assert_int_equal(one.status, RB_OK);
        rb_oracle_linkage(tree, dense, n, D, linkages[linkage], cosine);
        assert_tree(&one, tree, single ? 1e-5 : 1e-12);
        rb_points_fini(&p);
    }
}

static void the_tree_is_the_same_for_any_ranks_and_threads(void **unused)
{
    (void)unused;
    for (int kind = 0; kind < 7 * 2 * 2; kind++) {
        rb_points p = { 0 };
        rb_ctx serial;
        const option options[] = { { "linkage", linkages[kind % 7] },
                                   { "metric", kind / 7 % 2 && !needs_euclidean(kind % 7) ? "cosine" : "euclidean" },
                                   { "precision", kind / 14 ? "single" : "double" },
                                   { NULL, NULL } };
        rb_test_points(&p, SHAPED, D, kind / 7 % 2, kind / 14 ? tied_value : gap_value);
        rb_ctx_serial(&serial, 1);
        fit(&one, &p, options, &serial);
        assert_int_equal(one.status, RB_OK);
        for (int threads = 1; threads < 4; threads++) {
            rb_ctx ctx = rb_test_ctx;
            ctx.n_threads = threads;
            fit(&other, &p, options, &ctx);
            assert_memory_equal(&one, &other, sizeof one);
        }
        rb_points_fini(&p);
    }
}

static void heights_ascend_where_the_linkage_has_no_reversals(void **unused)
{
    (void)unused;
    for (int linkage = 0; linkage < 5; linkage++) {
        rb_points p = { 0 };
        const option options[] = { { "linkage", linkages[linkage] }, { NULL, NULL } };
        rb_test_points(&p, SHAPED, D, false, value_at);
        fit(&one, &p, options, &rb_test_ctx);
        for (int64_t t = 1; t < one.n_merges; t++)
            assert_true(one.tree[4 * t + 2] >= one.tree[4 * t - 2]);
        assert_true(one.tree[4 * one.n_merges - 1] == SHAPED);
        rb_points_fini(&p);
    }
}

#define AXES 140

/* Gaps grow along a line: one pair merges a round, and few others lose their nearest. */
static double growing_value(int64_t i, int64_t f)
{
    return f == 0 ? pow(1.25, (double)i) : 0;
}

/* A point on each axis: all are nearest to the first one, which is nearest to the second. */
static double star_value(int64_t i, int64_t f)
{
    return i == f && i > 0 ? pow(1.05, (double)i) : 0;
}

/* A star after points that merge in rounds, far from it. */
static double late_star_value(int64_t i, int64_t f)
{
    return i < 25 ? value_at(i, f) / 50 + (f == 0 ? 20 : 0) : star_value(i - 25, f);
}

/* Of the linkages that merge so. */
static void rounds_and_a_chain_make_the_same_tree(void **unused)
{
    (void)unused;
    static const char *const names[] = { "complete", "average", "weighted", "ward" };
    static double (*const values[])(int64_t, int64_t) = { growing_value, star_value, late_star_value };
    static double tree[4 * AXES], dense[AXES * AXES];
    for (int kind = 0; kind < 4 * 3; kind++) {
        double (*value)(int64_t, int64_t) = values[kind / 4];
        const option options[] = { { "linkage", names[kind % 4] }, { NULL, NULL } };
        rb_points p = { 0 };
        rb_ctx ctx = rb_test_ctx;
        rb_test_points(&p, AXES, AXES, false, value);
        for (int64_t i = 0; i < AXES * AXES; i++)
            dense[i] = value(i / AXES, i % AXES);
        rb_oracle_linkage(tree, dense, AXES, AXES, names[kind % 4], false);
        for (ctx.n_threads = 1; ctx.n_threads <= 2; ctx.n_threads++) {
            fit(&one, &p, options, &ctx);
            assert_tree(&one, tree, 1e-12 * tree[4 * (AXES - 2) + 2]);
        }
        rb_points_fini(&p);
    }
}

static void of_equal_distances_a_nearest_pair_merges(void **unused)
{
    (void)unused;
    enum { SIZE = 60 };
    double dense[SIZE * D];
    for (int i = 0; i < SIZE * D; i++)
        dense[i] = tied_value(i / D, i % D);
    for (int kind = 0; kind < 7 * 2; kind++) {
        const int linkage = kind % 7, cosine = kind / 7;
        const option options[] = { { "linkage", linkages[linkage] },
                                   { "metric", cosine ? "cosine" : "euclidean" },
                                   { NULL, NULL } };
        rb_points p = { 0 };
        if (cosine && needs_euclidean(linkage))
            continue;
        rb_test_points(&p, SIZE, D, false, tied_value);
        fit(&one, &p, options, &rb_test_ctx);
        assert_true(rb_oracle_linkage_error(one.tree, dense, SIZE, D, linkages[linkage], cosine) < 1e-12);
        rb_points_fini(&p);
    }
}

static void a_cut_by_number_undoes_the_last_merges(void **unused)
{
    (void)unused;
    enum { SIZE = 60 };
    int32_t labels[SIZE];
    bool keep[SIZE];
    for (int linkage = 0; linkage < 7; linkage++)
        for (int k = 1; k <= SIZE; k += k < 3 ? 1 : 19) {
            rb_points p = { 0 };
            char text[8];
            snprintf(text, sizeof text, "%d", k);
            const option options[] = { { "linkage", linkages[linkage] }, { "k", text }, { NULL, NULL } };
            rb_test_points(&p, SIZE, D, false, value_at);
            fit(&one, &p, options, &rb_test_ctx);
            for (int t = 0; t < SIZE - 1; t++)
                keep[t] = t < SIZE - k;
            rb_oracle_linkage_labels(labels, one.tree, SIZE, keep);
            int most = 0;
            for (int i = 0; i < SIZE; i++)
                most = one.label[i] > most ? one.label[i] : most;
            assert_int_equal(most + 1, k);
            assert_memory_equal(one.label, labels, sizeof labels);
            rb_points_fini(&p);
        }
}

/* A merge takes place where no merge below it, nor itself, is higher. */
static void a_cut_by_height_keeps_what_lies_below(void **unused)
{
    (void)unused;
    enum { SIZE = 60 };
    int32_t labels[SIZE];
    bool keep[SIZE];
    for (int linkage = 0; linkage < 7; linkage++)
        for (int row = -1; row < SIZE - 1; row += 15) {
            rb_points p = { 0 };
            char text[32];
            const option plain[] = { { "linkage", linkages[linkage] }, { "k", "1" }, { NULL, NULL } };
            rb_test_points(&p, SIZE, D, false, value_at);
            fit(&other, &p, plain, &rb_test_ctx);
            double height = row < 0 ? 0 : other.tree[4 * row + 2];
            snprintf(text, sizeof text, "%.17g", height);
            const option options[] = {
                { "linkage", linkages[linkage] }, { "cut", "height" }, { "height", text }, { NULL, NULL }
            };
            fit(&one, &p, options, &rb_test_ctx);
            for (int t = 0; t < SIZE - 1; t++) {
                keep[t] = one.tree[4 * t + 2] <= height;
                for (int side = 0; side < 2; side++)
                    if (one.tree[4 * t + side] >= SIZE)
                        keep[t] = keep[t] && keep[(int)one.tree[4 * t + side] - SIZE];
            }
            rb_oracle_linkage_labels(labels, one.tree, SIZE, keep);
            assert_memory_equal(one.label, labels, sizeof labels);
            rb_points_fini(&p);
        }
}

static void equal_points_merge_first_at_height_zero(void **unused)
{
    (void)unused;
    for (int kind = 0; kind < 14; kind++) {
        rb_points p = { 0 };
        const option options[] = { { "linkage", linkages[kind % 7] }, { "k", "200" }, { NULL, NULL } };
        rb_test_points(&p, 600, D, kind / 7, twin_value);
        fit(&one, &p, options, &rb_test_ctx);
        assert_int_equal(one.status, RB_OK);
        for (int i = 0; i < 600; i++)
            assert_int_equal(one.label[i], i / 3);
        for (int64_t t = 0; t < 400; t++)
            assert_true(one.tree[4 * t + 2] == 0);
        assert_true(one.tree[4 * 400 + 2] > 0);
        rb_points_fini(&p);
    }
}

static double zero_value(int64_t i, int64_t f)
{
    return i < 2 ? 0 : (double)(1 + (i + f) % 4);
}

static void a_row_of_zeros_is_at_cosine_distance_one(void **unused)
{
    (void)unused;
    for (int sparse = 0; sparse < 2; sparse++) {
        rb_points p = { 0 };
        const option options[] = { { "linkage", "single" }, { "metric", "cosine" }, { "k", "3" }, { NULL, NULL } };
        rb_test_points(&p, 20, D, sparse, zero_value);
        fit(&one, &p, options, &rb_test_ctx);
        for (int i = 0; i < 20; i++)
            assert_int_equal(one.label[i], i < 2 ? i : 2);
        assert_true(one.tree[4 * 18 + 2] == 1 && one.tree[4 * 17 + 2] == 1 && one.tree[4 * 16 + 2] < 1);
        rb_points_fini(&p);
    }
}

static void one_point_is_one_cluster(void **unused)
{
    (void)unused;
    for (int kind = 0; kind < 14; kind++) {
        rb_points p = { 0 };
        const option options[] = {
            { "linkage", linkages[kind % 7] }, { "k", "1" }, { "cut", kind / 7 ? "height" : "k" }, { NULL, NULL }
        };
        rb_test_points(&p, 1, D, false, value_at);
        fit(&one, &p, options, &rb_test_ctx);
        assert_int_equal(one.status, RB_OK);
        assert_int_equal(one.n_merges, 0);
        assert_int_equal(one.label[0], 0);
        rb_points_fini(&p);
    }
}

static double nan_value(int64_t i, int64_t f)
{
    return i == 30 && f == 4 ? NAN : value_at(i, f);
}

static double huge_value(int64_t i, int64_t f)
{
    return i == 5 && f == 1 ? 1e30 : value_at(i, f);
}

static void expect_refusal(int64_t n, double (*value)(int64_t, int64_t), const option *options, const char *words)
{
    for (int sparse = 0; sparse < 2; sparse++) {
        rb_points p = { 0 };
        rb_test_points(&p, n, D, sparse, value);
        fit(&one, &p, options, &rb_test_ctx);
        assert_int_equal(one.status, RB_BAD_INPUT);
        if (!strstr(one.message, words))
            fail_msg("'%s' does not say '%s'", one.message, words);
        rb_points_fini(&p);
    }
}

static void cophenetic_is_the_correlation_of_its_definition(void **unused)
{
    (void)unused;
    enum { SIZE = 60 };
    double dense[SIZE * D];
    for (int kind = 0; kind < 7 * 2 * 2 * 2; kind++) {
        const int linkage = kind % 7, cosine = kind / 7 % 2, sparse = kind / 14 % 2, single = kind / 28;
        rb_points p = { 0 };
        const option options[] = { { "linkage", linkages[linkage] },
                                   { "metric", cosine ? "cosine" : "euclidean" },
                                   { "precision", single ? "single" : "double" },
                                   { NULL, NULL } };
        if (cosine && needs_euclidean(linkage))
            continue;
        rb_test_points(&p, SIZE, D, sparse, sparse ? gap_value : value_at);
        for (int i = 0; i < SIZE * D; i++)
            dense[i] = (sparse ? gap_value : value_at)(i / D, i % D);
        fit(&one, &p, options, &rb_test_ctx);
        assert_near(one.cophenetic, rb_oracle_cophenetic(one.tree, dense, SIZE, D, cosine), single ? 1e-5 : 1e-12);
        rb_points_fini(&p);
    }
}

static double same_value(int64_t i, int64_t f)
{
    return (void)i, 1.1 * (double)f;
}

static void cophenetic_is_undefined_without_spread(void **unused)
{
    (void)unused;
    const option options[] = { { "k", "1" }, { NULL, NULL } };
    for (int n = 1; n < 3; n++) {
        rb_points p = { 0 };
        rb_test_points(&p, n, D, false, value_at);
        fit(&one, &p, options, &rb_test_ctx);
        assert_true(isnan(one.cophenetic));
        rb_points_fini(&p);
    }
    rb_points p = { 0 };
    rb_test_points(&p, 40, D, false, same_value);
    fit(&one, &p, options, &rb_test_ctx);
    assert_true(isnan(one.cophenetic));
    rb_points_fini(&p);
}

static void cuts_that_share_a_tree_are_those_of_their_own(void **unused)
{
    (void)unused;
    const option cuts[][3] = { { { "k", "2" } }, { { "k", "19" } }, { { "cut", "height" }, { "height", "3" } } };
    void *config[3], *prepared = NULL;
    rb_error err = { 0 };
    rb_points p = { 0 };
    rb_test_points(&p, 100, D, false, value_at);
    for (int i = 0; i < 3; i++)
        config[i] = config_of(cuts[i]);
    assert_ok(rb_agglomerative.prepare(&prepared, &(rb_train_view){ .space = &p, .asked = 1 },
                                       (const void *const *)config, 3, &rb_test_ctx, &err),
              &err);
    for (int i = 0; i < 3; i++) {
        memset(&other, 0, sizeof other);
        fit_prepared(&other, prepared, &p, NULL, config[i], &rb_test_ctx, &err);
        fit(&one, &p, cuts[i], &rb_test_ctx);
        assert_memory_equal(&one, &other, sizeof one);
        free(config[i]);
    }
    rb_agglomerative.unprepare(prepared);
    rb_points_fini(&p);
}

static double fresh_value(int64_t i, int64_t f)
{
    return gap_value(MOST + i, f);
}

static void new_points_join_the_cluster_of_the_nearest(void **unused)
{
    (void)unused;
    enum { SIZE = 200, FRESH = 90 };
    for (int kind = 0; kind < 4; kind++) {
        const int cosine = kind % 2, sparse = kind / 2;
        const option options[] = {
            { "linkage", "average" }, { "metric", cosine ? "cosine" : "euclidean" }, { "k", "12" }, { NULL, NULL }
        };
        rb_points p, fresh, narrow;
        double x[SIZE * D], y[FRESH * D];
        for (int i = 0; i < SIZE * D; i++)
            x[i] = gap_value(i / D, i % D);
        for (int i = 0; i < FRESH * D; i++)
            y[i] = fresh_value(i / D, i % D);
        rb_test_points(&p, SIZE, D, sparse, gap_value);
        rb_test_points(&fresh, FRESH, D, sparse, fresh_value);
        rb_test_points(&narrow, FRESH, D - 1, sparse, fresh_value);
        fit_and_assign(&one, &p, &fresh, options, &rb_test_ctx);
        assert_int_equal(one.assigned, RB_OK);
        for (int i = 0; i < FRESH; i++)
            assert_int_equal(one.fresh_label[i], one.label[rb_oracle_nearest(y + i * D, x, SIZE, D, cosine)]);
        fit_and_assign(&one, &p, &p, options, &rb_test_ctx);
        assert_memory_equal(one.fresh_label, one.label, SIZE * sizeof(int32_t));
        fit_and_assign(&one, &p, &narrow, options, &rb_test_ctx);
        assert_int_equal(one.assigned, RB_BAD_INPUT);
        assert_non_null(strstr(one.message, "6 dimensions, but the fitted points have 7"));
        rb_points_fini(&p);
        rb_points_fini(&fresh);
        rb_points_fini(&narrow);
    }
}

static void bad_input_is_one_clear_error(void **unused)
{
    (void)unused;
    const option plain[] = { { NULL, NULL } };
    const option single[] = { { "precision", "single" }, { NULL, NULL } };
    for (int linkage = 4; linkage < 7; linkage++) {
        const option cosine[] = { { "linkage", linkages[linkage] }, { "metric", "cosine" }, { NULL, NULL } };
        expect_refusal(60, value_at, cosine, "need the metric euclidean, not cosine");
    }
    expect_refusal(5, value_at, plain, "'agglomerative.k' is 8, but there are only 5 points");
    expect_refusal(0, value_at, plain, "the space is empty");
    expect_refusal(60, nan_value, plain, "point 30 has nan in dimension 4");
    expect_refusal(60, huge_value, single, "too large for single precision");
}

static void fit_survives_the_nth_failed_allocation(void **unused)
{
    (void)unused;
    const int last = rb_test_ctx.n_ranks - 1;
    for (int kind = 0; kind < 6; kind++)
        for (int64_t nth = 1, failed = 1; failed; nth++) {
            const char *const three[] = { "single", "average", "centroid" };
            const int failing = kind / 3 ? last : 0;
            rb_points p = { 0 };
            const option options[] = { { "linkage", three[kind % 3] }, { NULL, NULL } };
            rb_test_points(&p, 100, D, kind % 2, kind % 3 == 0 ? twin_value : gap_value);
            rb_alloc_fail_nth(rb_test_ctx.rank == failing ? nth : 0);
            fit(&one, &p, options, &rb_test_ctx);
            failed = rb_alloc_fail_nth(0) >= nth && rb_test_ctx.rank == failing;
            rb_max_int64(&rb_test_ctx, &failed, 1);
            assert_int_equal(one.status, failed ? RB_NO_MEMORY : RB_OK);
            rb_points_fini(&p);
        }
}

int main(int argc, char **argv)
{
    rb_test_mpi_begin(&argc, &argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_linkage_makes_the_tree_of_its_definition),
        cmocka_unit_test(the_tree_is_the_same_for_any_ranks_and_threads),
        cmocka_unit_test(heights_ascend_where_the_linkage_has_no_reversals),
        cmocka_unit_test(rounds_and_a_chain_make_the_same_tree),
        cmocka_unit_test(of_equal_distances_a_nearest_pair_merges),
        cmocka_unit_test(a_cut_by_number_undoes_the_last_merges),
        cmocka_unit_test(a_cut_by_height_keeps_what_lies_below),
        cmocka_unit_test(equal_points_merge_first_at_height_zero),
        cmocka_unit_test(a_row_of_zeros_is_at_cosine_distance_one),
        cmocka_unit_test(one_point_is_one_cluster),
        cmocka_unit_test(cophenetic_is_the_correlation_of_its_definition),
        cmocka_unit_test(cophenetic_is_undefined_without_spread),
        cmocka_unit_test(cuts_that_share_a_tree_are_those_of_their_own),
        cmocka_unit_test(new_points_join_the_cluster_of_the_nearest),
        cmocka_unit_test(bad_input_is_one_clear_error),
        cmocka_unit_test(fit_survives_the_nth_failed_allocation),
    };
    return rb_test_mpi_end(cmocka_run_group_tests(tests, NULL, NULL));
}
