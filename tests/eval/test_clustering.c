/* Agreement with a reference: known answers, pairs counted one by one, laws. */
#include <math.h>
#include <string.h>

#include "base/rng.h"
#include "eval/stability.h"
#include "support/oracle_cluster.h"
#include "support/support.h"

#define N 150

static void random_labels(int32_t *labels, int64_t n, int64_t k, uint32_t draw)
{
    for (int64_t i = 0; i < n; i++) {
        rb_rng rng = { 3, rb_stream("labels"), 0, (uint64_t)i };
        labels[i] = (int32_t)rb_rng_below(&rng, draw, k);
    }
}

static rb_agreement agreement(const int32_t *labels, int noise, const int32_t *reference, int64_t n)
{
    rb_error err = { 0 };
    rb_agreement out;
    rb_labelling labelling = { labels, noise };
    assert_ok(rb_clustering_agreement(&out, &labelling, reference, n, &err), &err);
    return out;
}

static void agreement_is_that_of_all_pairs_and_factorials(void **unused)
{
    (void)unused;
    for (uint32_t round = 0; round < 20; round++) {
        int32_t a[N], b[N];
        double information[4];
        random_labels(a, N, 1 + round % 7, 2 * round);
        random_labels(b, N, 2 + round, 2 * round + 1);
        for (int i = 0; i < N && round % 3 == 0; i++)
            b[i] = i % 2 ? a[i] : b[i];
        rb_agreement mine = agreement(a, RB_NOISE_DROP, b, N);
        rb_oracle_information(information, a, b, N);
        double shared = information[0], mean = (information[2] + information[3]) / 2;
        double h = shared / information[3], c = information[2] > 0 ? shared / information[2] : 1;
        assert_near(mine.ari.value, rb_oracle_ari(a, b, N), 1e-12);
        assert_near(mine.nmi.value, shared / mean, 1e-12);
        assert_near(mine.ami.value, (shared - information[1]) / (mean - information[1]), 1e-10);
        assert_near(mine.homogeneity.value, h, 1e-12);
        assert_near(mine.completeness.value, c, 1e-12);
        assert_near(mine.v_measure.value, h + c > 0 ? 2 * h * c / (h + c) : 0, 1e-12);
    }
}

/* Values of scikit-learn's documentation and of small cases worked out by hand. */
static void known_answers(void **unused)
{
    (void)unused;
    const int32_t a[] = { 0, 0, 1, 2 }, b[] = { 0, 0, 1, 1 };
    rb_agreement m = agreement(a, RB_NOISE_DROP, b, 4);
    assert_near(m.ari.value, 0.5714285714285714, 1e-12);
    assert_near(m.homogeneity.value, 1, 1e-12);
    assert_near(m.completeness.value, 2.0 / 3, 1e-12);
    assert_near(m.v_measure.value, 0.8, 1e-12);
    assert_near(m.purity.value, 1, 1e-12);
    m = agreement(b, RB_NOISE_DROP, a, 4);
    assert_near(m.purity.value, 0.75, 1e-12);
    const int32_t all_apart[] = { 0, 1, 2, 3 }, one[] = { 5, 5, 5, 5 };
    m = agreement(all_apart, RB_NOISE_DROP, one, 4);
    assert_near(m.ari.value, 0, 1e-12);
    assert_near(m.ami.value, 0, 1e-12);
    assert_near(m.nmi.value, 0, 1e-12);
}

static void equal_partitions_agree_whatever_their_names(void **unused)
{
    (void)unused;
    int32_t a[N], b[N];
    for (int64_t k = 1; k <= N; k += 29) {
        for (int i = 0; i < N; i++) {
            a[i] = (int32_t)(i % k);
            b[i] = (int32_t)(1000 - a[i]);
        }
        rb_agreement m = agreement(a, RB_NOISE_DROP, b, N);
        assert_true(m.ari.value == 1 && m.ami.value == 1 && m.nmi.value == 1 && m.purity.value == 1);
        assert_near(m.v_measure.value, 1, 1e-12);
    }
}

static void noise_is_treated_as_asked(void **unused)
{
    (void)unused;
    int32_t a[N], b[N], dropped_a[N], dropped_b[N], merged[N], apart[N];
    int n = 0;
    random_labels(a, N, 5, 100);
    random_labels(b, N, 4, 101);
    for (int i = 0; i < N; i++) {
        bool is_noise = i % 5 == 0;
        merged[i] = is_noise ? 77 : a[i];
        apart[i] = is_noise ? 100 + i : a[i];
        if (!is_noise) {
            dropped_a[n] = a[i];
            dropped_b[n++] = b[i];
        }
        a[i] = is_noise ? -1 : a[i];
    }
    double left = rb_oracle_ari(dropped_a, dropped_b, n);
    assert_near(agreement(a, RB_NOISE_DROP, b, N).ari.value, left, 1e-12);
    assert_near(agreement(a, RB_NOISE_SCALED, b, N).ari.value, left * n / N, 1e-12);
    assert_near(agreement(a, RB_NOISE_MERGE, b, N).ari.value, rb_oracle_ari(merged, b, N), 1e-12);
    assert_near(agreement(a, RB_NOISE_SINGLETONS, b, N).ari.value, rb_oracle_ari(apart, b, N), 1e-12);
}

static void a_point_without_a_reference_is_left_out(void **unused)
{
    (void)unused;
    const int32_t a[] = { 0, 0, 1, 2, 3 }, b[] = { 0, 0, 1, 1, -1 }, unknown[] = { -1, -1, -1, -1, -1 };
    assert_near(agreement(a, RB_NOISE_DROP, b, 5).ari.value, 0.5714285714285714, 1e-12);
    assert_int_equal(agreement(a, RB_NOISE_DROP, unknown, 5).ari.state, RB_VALUE_NOT_APPLICABLE);
    assert_int_equal(agreement(unknown, RB_NOISE_DROP, a, 5).purity.state, RB_VALUE_NOT_APPLICABLE);
}

static void counts_leave_out_noise(void **unused)
{
    (void)unused;
    rb_error err = { 0 };
    rb_cluster_counts counts;
    const int32_t a[] = { 7, -1, 3, 7, 7, -1, 3, 9 };
    assert_ok(rb_cluster_counts_init(&counts, a, 8, &err), &err);
    assert_int_equal(counts.n_clusters, 3);
    assert_int_equal(counts.size[0], 2);
    assert_int_equal(counts.size[1], 3);
    assert_int_equal(counts.size[2], 1);
    assert_near(counts.noise_fraction, 0.25, 0);
    assert_true(counts.least == 1 && counts.middle == 2 && counts.most == 3);
    rb_cluster_counts_fini(&counts);
    assert_ok(rb_cluster_counts_init(&counts, a, 0, &err), &err);
    assert_int_equal(counts.n_clusters, 0);
    rb_cluster_counts_fini(&counts);
}

static void stability_is_the_mean_over_pairs(void **unused)
{
    (void)unused;
    rb_error err = { 0 };
    rb_metric_value value;
    int32_t label[3][N];
    for (int k = 0; k < 3; k++)
        random_labels(label[k], N, 4, (uint32_t)k);
    for (int i = 0; i < N; i++) /* alike to some part */
        label[1][i] = i % 3 ? label[0][i] : label[1][i];
    const int32_t *const all[] = { label[0], label[1], label[2] };
    const double wanted = (rb_oracle_ari(label[0], label[1], N) + rb_oracle_ari(label[0], label[2], N) +
                           rb_oracle_ari(label[1], label[2], N)) /
                          3;
    assert_ok(rb_clustering_stability(&value, all, 3, N, &err), &err);
    assert_near(value.value, wanted, 1e-12);
    assert_ok(rb_clustering_stability(&value, all, 1, N, &err), &err);
    assert_int_equal(value.state, RB_VALUE_NOT_APPLICABLE);
    const int32_t left[] = { 0, 1, -1, -1 }, right[] = { -1, -1, 0, 1 }; /* no point in common */
    const int32_t *const apart[] = { left, right };
    assert_ok(rb_clustering_stability(&value, apart, 2, 4, &err), &err);
    assert_int_equal(value.state, RB_VALUE_NOT_APPLICABLE);
}

static void a_resample_has_each_of_its_points_once(void **unused)
{
    (void)unused;
    enum { MANY = 5000 };
    static int64_t row[MANY], other[MANY];
    int64_t n = 0, n_other = 0, n_both = 0;
    for (int b = 0; b < RB_STABILITY_SAMPLES; b++) {
        n = rb_stability_draw(row, MANY, b);
        assert_true(fabs((double)n / MANY - (1 - exp(-1))) < 0.03);
        for (int64_t i = 0; i < n; i++)
            assert_true(row[i] < MANY && (i == 0 ? row[0] >= 0 : row[i] > row[i - 1]));
    }
    n_other = rb_stability_draw(other, MANY, 0);
    for (int64_t i = 0, k = 0; i < n; i++) {
        while (k < n_other && other[k] < row[i])
            k++;
        n_both += k < n_other && other[k] == row[i];
    }
    assert_true(fabs((double)n_both / MANY - pow(1 - exp(-1), 2)) < 0.03);
    assert_true(rb_stability_draw(row, 1, 3) == 1 && row[0] == 0);
}

static void agreement_survives_the_nth_failed_allocation(void **unused)
{
    (void)unused;
    const int32_t a[] = { 0, 0, 1, 2, 3 }, b[] = { 0, 0, 1, 1, -1 };
    rb_labelling labelling = { a, RB_NOISE_DROP };
    for (int64_t nth = 1;; nth++) {
        rb_error err = { 0 };
        rb_agreement out;
        rb_alloc_fail_nth(nth);
        rb_status status = rb_clustering_agreement(&out, &labelling, b, 5, &err);
        if (rb_alloc_fail_nth(0) < nth)
            break;
        assert_int_equal(status, RB_NO_MEMORY);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agreement_is_that_of_all_pairs_and_factorials),
        cmocka_unit_test(known_answers),
        cmocka_unit_test(equal_partitions_agree_whatever_their_names),
        cmocka_unit_test(noise_is_treated_as_asked),
        cmocka_unit_test(a_point_without_a_reference_is_left_out),
        cmocka_unit_test(counts_leave_out_noise),
        cmocka_unit_test(stability_is_the_mean_over_pairs),
        cmocka_unit_test(a_resample_has_each_of_its_points_once),
        cmocka_unit_test(agreement_survives_the_nth_failed_allocation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
