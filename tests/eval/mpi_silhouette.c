/* Silhouettes and compactness: equal to plain loops over all pairs, and the same bits for any ranks and threads. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "eval/silhouette.h"
#include "support/oracle_cluster.h"
#include "support/support.h"

#define N 203
#define D 13
#define N_LABELLINGS 5

static int32_t labels[N_LABELLINGS][N];
static const rb_labelling labellings[N_LABELLINGS] = { { labels[0], RB_NOISE_DROP },
                                                       { labels[1], RB_NOISE_MERGE },
                                                       { labels[2], RB_NOISE_SINGLETONS },
                                                       { labels[3], RB_NOISE_SCALED },
                                                       { labels[4], RB_NOISE_DROP } };

/* Planted groups, some duplicates and near ones, one zero row; about a third of the entries are zero, so that sparse is
 * sparse. */
static void make_rows(double *x)
{
    for (int64_t i = 0; i < N; i++) {
        rb_rng rng = { 5, rb_stream("rows"), 0, (uint64_t)i };
        for (int64_t f = 0; f < D; f++)
            x[i * D + f] = (f + i) % 3 == 0 ? 0 : rb_rng_normal(&rng, (uint32_t)f) + (double)(i % 4 == f % 4);
        if (i % 20 == 19)
            memcpy(x + i * D, x + (i - 1) * D, D * sizeof *x);
        if (i % 20 == 16) { /* a hair's breadth apart, which differences of products cannot tell */
            memcpy(x + i * D, x + (i - 1) * D, D * sizeof *x);
            x[i * D + 1] += 1e-7;
        }
        if (i == 77)
            memset(x + i * D, 0, D * sizeof *x);
        for (int l = 0; l < N_LABELLINGS; l++) {
            labels[l][i] = (int32_t)rb_rng_below(&rng, 100 + (uint32_t)l, 4 + 3 * l) * 2;
            if (l > 0 && rb_rng_below(&rng, 200 + (uint32_t)l, 6) == 0)
                labels[l][i] = -1;
        }
    }
    labels[4][9] = 1; /* a singleton */
    for (int64_t i = 16; i < N; i += 20)
        labels[0][i] = labels[0][i - 1] = (int32_t)i; /* clusters of two such neighbours */
}

static void make_points(rb_points *p, bool sparse, rb_error *err)
{
    double x[N * D];
    make_rows(x);
    if (!sparse) {
        assert_ok(rb_points_alloc_dense(p, N, D, &rb_test_ctx, err), err);
        if (rb_test_ctx.rank == 0)
            memcpy(p->memory.data, x, sizeof x);
        rb_shared_publish_from(&p->memory, 0, &rb_test_ctx);
        return;
    }
    rb_csr csr = { 0 };
    assert_ok(rb_csr_init(&csr, N, D, N * D, err), err);
    int64_t at = 0;
    for (int64_t i = 0; i < N; i++) {
        for (int64_t f = 0; f < D; f++)
            if (x[i * D + f] != 0) {
                csr.col[at] = (int32_t)f;
                csr.value[at++] = x[i * D + f];
            }
        csr.row_begin[i + 1] = at;
    }
    assert_ok(rb_points_take_csr(p, &csr, err), err);
}

/* Labels without gaps after the treatment of noise, made the plain way. Returns how many clusters. */
static int32_t plain_labels(int32_t *out, const rb_labelling *labelling, int64_t n)
{
    int32_t k = 0, first = -1;
    for (int32_t value = 0; value < N; value++) {
        bool used = false;
        for (int64_t i = 0; i < n; i++)
            if (labelling->labels[i] == value) {
                out[i] = k;
                used = true;
            }
        k += used;
    }
    for (int64_t i = 0; i < n; i++)
        if (labelling->labels[i] < 0) {
            bool is_new = labelling->noise == RB_NOISE_SINGLETONS || (labelling->noise == RB_NOISE_MERGE && first < 0);
            out[i] = is_new ? k++ : labelling->noise == RB_NOISE_MERGE ? first : -1;
            first = labelling->noise == RB_NOISE_MERGE ? out[i] : first;
        }
    return k;
}

static double kept_share(const rb_labelling *labelling)
{
    int kept = 0;
    for (int i = 0; i < N; i++)
        kept += labelling->labels[i] >= 0;
    return labelling->noise == RB_NOISE_SCALED ? (double)kept / N : 1;
}

static void a_silhouette_is_that_of_all_pairs(void **unused)
{
    (void)unused;
    for (int kind = 0; kind < 4; kind++) {
        rb_error err = { 0 };
        rb_points p = { 0 };
        rb_metric_value values[N_LABELLINGS];
        double x[N * D], mine[N_LABELLINGS][N], plain[N];
        double *per_point[N_LABELLINGS] = { mine[0], mine[1], mine[2], mine[3], mine[4] };
        make_rows(x);
        make_points(&p, kind & 1, &err);
        assert_ok(rb_silhouette_many(values, per_point, &p, labellings, N_LABELLINGS,
                                     kind & 2 ? RB_SILHOUETTE_COSINE : RB_SILHOUETTE_EUCLIDEAN, &rb_test_ctx, &err),
                  &err);
        for (int l = 0; l < N_LABELLINGS; l++) {
            int32_t compact[N];
            plain_labels(compact, &labellings[l], N);
            double expected = rb_oracle_silhouette(plain, x, N, D, compact, kind & 2);
            assert_int_equal(values[l].state, RB_VALUE_OK);
            assert_near(values[l].value, expected * kept_share(&labellings[l]), 1e-12);
            for (int i = 0; i < N; i++) {
                assert_int_equal(isnan(mine[l][i]), isnan(plain[i]));
                if (!isnan(plain[i]))
                    assert_near(mine[l][i], plain[i], 1e-10);
            }
        }
        rb_points_fini(&p);
    }
}

static void scores_go_to_the_ranks_that_ask_for_them(void **unused)
{
    (void)unused;
    rb_error err = { 0 };
    rb_points p = { 0 };
    rb_metric_value values[N_LABELLINGS];
    double x[N * D], mine[N], plain[N];
    double *none[N_LABELLINGS] = { NULL }, *one[N_LABELLINGS] = { NULL, mine };
    int32_t compact[N];
    make_rows(x);
    make_points(&p, false, &err);
    const bool asks = rb_test_ctx.rank == rb_test_ctx.n_ranks - 1;
    assert_ok(rb_silhouette_many(values, asks ? one : none, &p, labellings, N_LABELLINGS, RB_SILHOUETTE_EUCLIDEAN,
                                 &rb_test_ctx, &err),
              &err);
    plain_labels(compact, &labellings[1], N);
    rb_oracle_silhouette(plain, x, N, D, compact, false);
    for (int i = 0; asks && i < N; i++)
        assert_near(mine[i], plain[i], 1e-10); /* `merge` leaves no point out */
    rb_points_fini(&p);
}

/* The sampled rows and their labels laid out anew, scored by the plain loops. */
static void a_sampled_silhouette_is_that_of_its_points_alone(void **unused)
{
    (void)unused;
    static const int64_t sizes[] = { 40, 101, N, 10 * N };
    double all[N * D], x[N * D], plain[N];
    make_rows(all);
    for (int kind = 0; kind < 4; kind++)
        for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
            rb_error err = { 0 };
            rb_points p = { 0 };
            rb_metric_value values[N_LABELLINGS];
            int64_t row[N], n_noise[N_LABELLINGS], n = sizes[s] < N ? sizes[s] : N;
            make_points(&p, kind & 1, &err);
            rb_silhouette_draw(row, N, sizes[s]);
            for (int64_t i = 0; i < n; i++)
                memcpy(x + i * D, all + row[i] * D, D * sizeof *x);
            assert_ok(rb_silhouette_sampled(values, n_noise, &p, labellings, N_LABELLINGS,
                                            kind & 2 ? RB_SILHOUETTE_COSINE : RB_SILHOUETTE_EUCLIDEAN, sizes[s],
                                            &rb_test_ctx, &err),
                      &err);
            for (int l = 0; l < N_LABELLINGS; l++) {
                int32_t own[N], compact[N];
                int64_t noise = 0;
                for (int64_t i = 0; i < n; i++) {
                    own[i] = labels[l][row[i]];
                    noise += own[i] < 0;
                }
                plain_labels(compact, &(rb_labelling){ own, labellings[l].noise }, n);
                double expected = rb_oracle_silhouette(plain, x, n, D, compact, kind & 2);
                double share = labellings[l].noise == RB_NOISE_SCALED ? (double)(n - noise) / (double)n : 1;
                assert_int_equal(n_noise[l], noise);
                assert_int_equal(values[l].state, RB_VALUE_OK);
                assert_near(values[l].value, expected * share, 1e-12);
            }
            rb_points_fini(&p);
        }
}

static void a_draw_is_of_distinct_rows_and_fair(void **unused)
{
    (void)unused;
    int64_t row[N], again[N], drawn = 0, lower = 0;
    for (int64_t size = 1; size <= N; size++) {
        rb_silhouette_draw(row, N, size);
        for (int64_t i = 0; i < size; i++)
            assert_true(row[i] < N && row[i] >= (i > 0 ? row[i - 1] + 1 : 0));
        for (int64_t i = 0; i < size; i++, drawn++)
            lower += row[i] < 100;
    }
    assert_near((double)lower / (double)drawn, 100.0 / N, 0.02);
    rb_silhouette_draw(row, N, 100 * N); /* all there are */
    for (int64_t i = 0; i < N; i++)
        assert_int_equal(row[i], i);
    static const int64_t known[] = { 28, 126, 150, 170, 224, 347, 380, 901 }; /* by a Philox in Python */
    rb_silhouette_draw(again, 1000, 8);
    assert_memory_equal(again, known, sizeof known);
}

/* A label that all points may have and so few points may not. */
static void a_sample_may_have_labels_far_above_its_size(void **unused)
{
    (void)unused;
    rb_error err = { 0 };
    rb_points p = { 0 };
    int32_t low[N], high[N];
    rb_labelling both[] = { { low, RB_NOISE_DROP }, { high, RB_NOISE_DROP } };
    rb_metric_value values[2];
    int64_t n_noise[2];
    for (int i = 0; i < N; i++) {
        low[i] = i % 3;
        high[i] = i % 3 == 2 ? N + (1 << 20) : i % 3;
    }
    make_points(&p, false, &err);
    assert_ok(rb_silhouette_sampled(values, n_noise, &p, both, 2, RB_SILHOUETTE_EUCLIDEAN, 50, &rb_test_ctx, &err),
              &err);
    assert_memory_equal(&values[0].value, &values[1].value, sizeof(double));
    rb_points_fini(&p);
}

static void silhouettes_have_the_same_bits_for_any_shape_and_company(void **unused)
{
    (void)unused;
    for (int kind = 0; kind < 4; kind++) {
        rb_error err = { 0 };
        rb_points p = { 0 };
        rb_ctx serial;
        rb_ctx_serial(&serial, 1);
        make_points(&p, kind & 1, &err);
        rb_silhouette_distance distance = kind & 2 ? RB_SILHOUETTE_COSINE : RB_SILHOUETTE_EUCLIDEAN;
        for (int threads = 1; threads < 4; threads++) {
            rb_ctx ctx = rb_test_ctx;
            rb_metric_value alone, all[N_LABELLINGS];
            ctx.n_threads = threads;
            assert_ok(rb_silhouette_many(all, NULL, &p, labellings, N_LABELLINGS, distance, &ctx, &err), &err);
            for (int l = 0; l < N_LABELLINGS; l++) {
                assert_ok(rb_silhouette_many(&alone, NULL, &p, labellings + l, 1, distance, &serial, &err), &err);
                assert_memory_equal(&all[l].value, &alone.value, sizeof(double));
            }
            int64_t n_noise[N_LABELLINGS];
            assert_ok(rb_silhouette_sampled(all, n_noise, &p, labellings, N_LABELLINGS, distance, 90, &ctx, &err),
                      &err);
            for (int l = 0; l < N_LABELLINGS; l++) {
                assert_ok(rb_silhouette_sampled(&alone, n_noise, &p, labellings + l, 1, distance, 90, &serial, &err),
                          &err);
                assert_memory_equal(&all[l].value, &alone.value, sizeof(double));
            }
        }
        rb_points_fini(&p);
    }
}

static void compactness_is_that_of_plain_loops_for_any_shape(void **unused)
{
    (void)unused;
    double x[N * D];
    make_rows(x);
    for (int l = 0; l < N_LABELLINGS; l++)
        for (int sparse = 0; sparse < 2; sparse++) {
            rb_error err = { 0 };
            rb_points p = { 0 };
            rb_ctx serial;
            rb_compactness mine, alone;
            int32_t compact[N];
            double plain[3], scale = kept_share(&labellings[l]);
            rb_ctx_serial(&serial, 1);
            make_points(&p, sparse, &err);
            assert_ok(rb_clustering_compactness(&mine, &p, &labellings[l], &rb_test_ctx, &err), &err);
            assert_ok(rb_clustering_compactness(&alone, &p, &labellings[l], &serial, &err), &err);
            rb_oracle_compactness(plain, x, N, D, compact, plain_labels(compact, &labellings[l], N));
            assert_near(mine.davies_bouldin.value, plain[0] * scale, 1e-12);
            assert_near(mine.calinski_harabasz.value, plain[1] * scale, 1e-12);
            assert_near(mine.inertia.value, plain[2] * scale, 1e-12);
            assert_memory_equal(&mine.davies_bouldin.value, &alone.davies_bouldin.value, sizeof(double));
            assert_memory_equal(&mine.calinski_harabasz.value, &alone.calinski_harabasz.value, sizeof(double));
            assert_memory_equal(&mine.inertia.value, &alone.inertia.value, sizeof(double));
            rb_points_fini(&p);
        }
}

static void one_cluster_or_only_noise_is_not_applicable(void **unused)
{
    (void)unused;
    rb_error err = { 0 };
    rb_points p = { 0 };
    int32_t one[N] = { 0 }, noise[N], each[N];
    for (int i = 0; i < N; i++) {
        noise[i] = -1;
        each[i] = i;
    }
    rb_labelling degenerate[] = { { one, RB_NOISE_DROP },
                                  { noise, RB_NOISE_DROP },
                                  { noise, RB_NOISE_SCALED },
                                  { noise, RB_NOISE_SINGLETONS },
                                  { each, RB_NOISE_DROP } };
    rb_metric_value values[5];
    rb_compactness compactness;
    make_points(&p, false, &err);
    for (int distance = 0; distance < 2; distance++) {
        assert_ok(
            rb_silhouette_many(values, NULL, &p, degenerate, 5, (rb_silhouette_distance)distance, &rb_test_ctx, &err),
            &err);
        for (int l = 0; l < 5; l++)
            assert_int_equal(values[l].state, RB_VALUE_NOT_APPLICABLE);
    }
    assert_ok(rb_clustering_compactness(&compactness, &p, &degenerate[1], &rb_test_ctx, &err), &err);
    assert_int_equal(compactness.inertia.state, RB_VALUE_NOT_APPLICABLE);
    assert_ok(rb_clustering_compactness(&compactness, &p, &degenerate[0], &rb_test_ctx, &err), &err);
    assert_int_equal(compactness.inertia.state, RB_VALUE_OK);
    assert_int_equal(compactness.davies_bouldin.state, RB_VALUE_NOT_APPLICABLE);
    rb_points_fini(&p);
}

static void duplicates_of_a_point_are_no_distance_away(void **unused)
{
    (void)unused;
    for (int sparse = 0; sparse < 2; sparse++) {
        rb_error err = { 0 };
        rb_points p = { 0 };
        rb_metric_value value;
        int32_t pair[N];
        double mine[N], *per_point[] = { mine };
        for (int i = 0; i < N; i++)
            pair[i] = i == 18 || i == 19 ? 1 : 0; /* equal rows */
        rb_labelling labelling = { pair, RB_NOISE_DROP };
        make_points(&p, sparse, &err);
        assert_ok(rb_silhouette_many(&value, per_point, &p, &labelling, 1, RB_SILHOUETTE_EUCLIDEAN, &rb_test_ctx, &err),
                  &err);
        assert_true(mine[18] == 1 && mine[19] == 1);
        rb_points_fini(&p);
    }
}

static void a_bad_label_is_named(void **unused)
{
    (void)unused;
    rb_error err = { 0 };
    rb_points p = { 0 };
    int32_t bad[N] = { 0 };
    rb_metric_value value;
    rb_labelling labelling = { bad, RB_NOISE_DROP };
    bad[3] = -2;
    make_points(&p, false, &err);
    assert_int_equal(rb_silhouette_many(&value, NULL, &p, &labelling, 1, RB_SILHOUETTE_COSINE, &rb_test_ctx, &err),
                     RB_BAD_INPUT);
    assert_non_null(strstr(err.message, "point 3 has label -2"));
    rb_points_fini(&p);
}

static void a_failed_allocation_on_one_rank_is_known_to_all(void **unused)
{
    (void)unused;
    for (int kind = 0; kind < 6; kind++)
        for (int64_t nth = 1, failed = 1; failed; nth++) {
            rb_error make = { 0 }, err = { 0 };
            rb_points p = { 0 };
            rb_metric_value values[N_LABELLINGS];
            rb_compactness compactness;
            make_points(&p, kind & 1, &make);
            rb_alloc_fail_nth(rb_test_ctx.rank == rb_test_ctx.n_ranks - 1 ? nth : 0);
            int64_t n_noise[N_LABELLINGS];
            rb_status status =
                kind & 4 ? rb_silhouette_sampled(values, n_noise, &p, labellings, N_LABELLINGS, RB_SILHOUETTE_EUCLIDEAN,
                                                 90, &rb_test_ctx, &err)
                : kind & 2
                    ? rb_clustering_compactness(&compactness, &p, labellings + 1, &rb_test_ctx, &err)
                    : rb_silhouette_many(values, NULL, &p, labellings, N_LABELLINGS,
                                         nth % 2 ? RB_SILHOUETTE_COSINE : RB_SILHOUETTE_EUCLIDEAN, &rb_test_ctx, &err);
            int64_t n = rb_alloc_fail_nth(0);
            failed = rb_test_ctx.rank == rb_test_ctx.n_ranks - 1 ? n >= nth : 0;
            rb_max_int64(&rb_test_ctx, &failed, 1);
            assert_int_equal(status, failed ? RB_NO_MEMORY : RB_OK);
            rb_points_fini(&p);
        }
}

int main(int argc, char **argv)
{
    rb_test_mpi_begin(&argc, &argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_silhouette_is_that_of_all_pairs),
        cmocka_unit_test(scores_go_to_the_ranks_that_ask_for_them),
        cmocka_unit_test(a_sampled_silhouette_is_that_of_its_points_alone),
        cmocka_unit_test(a_draw_is_of_distinct_rows_and_fair),
        cmocka_unit_test(a_sample_may_have_labels_far_above_its_size),
        cmocka_unit_test(silhouettes_have_the_same_bits_for_any_shape_and_company),
        cmocka_unit_test(compactness_is_that_of_plain_loops_for_any_shape),
        cmocka_unit_test(one_cluster_or_only_noise_is_not_applicable),
        cmocka_unit_test(duplicates_of_a_point_are_no_distance_away),
        cmocka_unit_test(a_bad_label_is_named),
        cmocka_unit_test(a_failed_allocation_on_one_rank_is_known_to_all),
    };
    return rb_test_mpi_end(cmocka_run_group_tests(tests, NULL, NULL));
}
