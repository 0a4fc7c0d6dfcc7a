/*
 * Tests against values of SciPy 1.17.1 with NumPy 2.4.6 and statsmodels 0.15.0 (ttest_rel with its interval; wilcoxon
 * on the non-zero differences, exact up to 50 of them without ties, else approx without correction; t.sf, t.ppf;
 * multipletests holm and fdr_bh).
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "eval/statistics.h"
#include "support/support.h"

/* The series of the known values: splitmix64(i) / 2^64, b moved down, both rounded to a grid where there is one. */
static void series(double *a, double *b, int64_t n, double shift, double grid)
{
    for (int64_t i = 0; i < n; i++) {
        a[i] = (double)rb_splitmix((uint64_t)(2 * i)) / 0x1p64;
        b[i] = (double)rb_splitmix((uint64_t)(2 * i + 1)) / 0x1p64 - shift;
        if (grid > 0) {
            a[i] = rint(a[i] * grid) / grid;
            b[i] = rint(b[i] * grid) / grid;
        }
    }
}

static const struct {
    int64_t n;
    double shift, grid, t, p_t, low, high, cohen_d, w, p_w;
    bool exact;
} known[] = {
    { 12, 0.1, 0, 0.908063946131111, 0.38330751859692724, -0.1179141684283502, 0.2835446862536769, 0.2621354818700954,
      29.0, 0.4697265625, true },
    { 50, 0.1, 0, 2.845263099755627, 0.0064600428614563395, 0.039197963610203695, 0.22771633402041216,
      0.40238096641941196, 365.0, 0.00784436585604098, true },
    { 51, 0.1, 0, 2.4865423395880515, 0.0162832037096057, 0.022968271980796068, 0.21600070208824468,
      0.34818557162175606, 412.0, 0.018635650152404985, false },
    { 200, 0.05, 8, 0.199420851543876, 0.8421371688789105, -0.049997345785518954, 0.06124734578551895,
      0.01410118364366705, 7275.5, 0.8016755153002822, false },
    { 1000, 0.02, 0, -0.2310694181358324, 0.8173081878080994, -0.028313168667803548, 0.022347749720095428,
      -0.007307056589190491, 248937.0, 0.8857182963181641, false },
    { 20000, 0.004, 0, 1.302650654946141, 0.19270905533770208, -0.0018994949490076982, 0.009426900078219329,
      0.009211131116295136, 98775373.0, 0.1320869697071825, false },
};

static void paired_tests_have_the_values_of_scipy(void **unused)
{
    (void)unused;
    for (size_t k = 0; k < sizeof known / sizeof *known; k++) {
        rb_error err = { 0 };
        rb_comparison t, w;
        int64_t n = known[k].n;
        double *a = malloc((size_t)n * sizeof *a), *b = malloc((size_t)n * sizeof *b);
        series(a, b, n, known[k].shift, known[k].grid);
        assert_ok(rb_paired_t(&t, a, b, n, .95, &err), &err);
        assert_ok(rb_wilcoxon(&w, a, b, n, .95, &err), &err);
        assert_int_equal(t.n, n);
        assert_near(t.statistic / known[k].t, 1, 1e-10);
        assert_near(t.p / known[k].p_t, 1, 1e-10);
        assert_near(t.low, known[k].low, 1e-12);
        assert_near(t.high, known[k].high, 1e-12);
        assert_near(t.cohen_d, known[k].cohen_d, 1e-12);
        assert_true(w.statistic == known[k].w);
        assert_near(w.p / known[k].p_w, 1, 1e-10);
        assert_int_equal(w.exact, known[k].exact);
        free(a);
        free(b);
    }
}

static void tails_and_quantiles_have_the_values_of_scipy(void **unused)
{
    (void)unused;
    static const struct {
        double t, df, p;
    } tail[] = {
        { 0.5, 1, 0.7048327646991335 },      { 2, 1, 0.2951672353008665 },       { 1, 2, 0.4226497308103742 },
        { 2.5, 10, 0.03144684423660882 },    { -1.96, 30, 0.05934231289605049 }, { 3, 1000, 0.0027667090442381925 },
        { 1.5, 138492, 0.1336166820822818 }, { 12, 5, 7.089492517161522e-05 },   { 40, 100, 2.462107602140071e-63 },
    };
    static const struct {
        double p, df, t;
    } quantile[] = {
        { 0.975, 1, 12.706204736174694 },  { 0.975, 2, 4.302652729749462 },    { 0.95, 9, 1.833112932656237 },
        { 0.025, 30, -2.042272456301238 }, { 0.995, 137, 2.6121919799385127 }, { 0.975, 138492, 1.9599811139887635 },
    };
    for (size_t k = 0; k < sizeof tail / sizeof *tail; k++)
        assert_near(rb_t_two_sided(tail[k].t, tail[k].df) / tail[k].p, 1, 1e-11);
    for (size_t k = 0; k < sizeof quantile / sizeof *quantile; k++)
        assert_near(rb_t_quantile(quantile[k].p, quantile[k].df) / quantile[k].t, 1, 1e-11);
    assert_true(rb_t_two_sided(0, 5) == 1 && rb_t_two_sided(INFINITY, 5) == 0);
}

static void corrections_have_the_values_of_statsmodels(void **unused)
{
    (void)unused;
    rb_error err = { 0 };
    const double p[] = { .01, .04, .03, .005, .2, .04, .8 };
    const double holm[] = { .06, .16, .15, .035, .4, .16, .8 };
    const double bh[] = { .035, .056, .056, .035, .23333333333333336, .056, .8 };
    double adjusted[7];
    assert_ok(rb_adjust(adjusted, p, 7, RB_CORRECT_HOLM, &err), &err);
    for (int i = 0; i < 7; i++)
        assert_near(adjusted[i], holm[i], 1e-15);
    assert_ok(rb_adjust(adjusted, p, 7, RB_CORRECT_BH, &err), &err);
    for (int i = 0; i < 7; i++)
        assert_near(adjusted[i], bh[i], 1e-15);
}

static void a_missing_p_value_is_no_comparison(void **unused)
{
    (void)unused;
    rb_error err = { 0 };
    double p[] = { .02, NAN, .03 };
    assert_ok(rb_adjust(p, p, 3, RB_CORRECT_HOLM, &err), &err);
    assert_near(p[0], .04, 1e-15);
    assert_true(isnan(p[1]));
    assert_near(p[2], .04, 1e-15);
}

static void equal_columns_do_not_differ(void **unused)
{
    (void)unused;
    const double a[] = { .1, .2, NAN, .4 }, b[] = { .1, .2, .9, .4 };
    for (int kind = RB_TEST_WILCOXON; kind <= RB_TEST_BOOTSTRAP; kind++) {
        rb_error err = { 0 };
        rb_comparison c;
        assert_ok(rb_compare(&c, (rb_test_kind)kind, a, b, 4, .95, 1, 2, &err), &err);
        assert_int_equal(c.n, 3);
        assert_true(c.p == 1 && c.difference == 0 && c.cohen_d == 0);
    }
}

static void one_pair_gives_no_p_value(void **unused)
{
    (void)unused;
    const double a[] = { .1 }, b[] = { .2 };
    for (int kind = RB_TEST_WILCOXON; kind <= RB_TEST_BOOTSTRAP; kind++) {
        rb_error err = { 0 };
        rb_comparison c;
        assert_ok(rb_compare(&c, (rb_test_kind)kind, a, b, 1, .95, 1, 1, &err), &err);
        assert_true(isnan(c.p) && isnan(c.low) && isnan(c.cohen_d));
        assert_near(c.difference, -.1, 1e-15);
    }
}

static void a_constant_difference_is_certain(void **unused)
{
    (void)unused;
    const double a[] = { 1.25, 2.25, 3.25 }, b[] = { 1, 2, 3 };
    rb_error err = { 0 };
    rb_comparison c;
    assert_ok(rb_paired_t(&c, a, b, 3, .95, &err), &err);
    assert_true(c.p == 0 && c.low == .25 && c.high == .25);
}

/* For many pairs, the bootstrap of a mean agrees with Student's t; its bits do not depend on threads. */
static void the_bootstrap_agrees_with_t_and_with_itself(void **unused)
{
    (void)unused;
    enum { N = 2000 };
    double a[N], b[N];
    rb_error err = { 0 };
    rb_comparison t, one, three;
    series(a, b, N, .02, 0);
    assert_ok(rb_paired_t(&t, a, b, N, .95, &err), &err);
    assert_ok(rb_bootstrap(&one, a, b, N, .95, 4000, 5, 1, &err), &err);
    assert_ok(rb_bootstrap(&three, a, b, N, .95, 4000, 5, 3, &err), &err);
    assert_true(one.p == three.p && one.low == three.low && one.high == three.high);
    double half = (t.high - t.low) / 2;
    assert_near((one.low - t.low) / half, 0, .1);
    assert_near((one.high - t.high) / half, 0, .1);
    assert_near(one.p, t.p, .04);
}

static void the_spread_is_that_of_the_values_held(void **unused)
{
    (void)unused;
    const double x[] = { 1, NAN, 2, 3, 4 };
    rb_error err = { 0 };
    rb_spread s;
    assert_ok(rb_spread_of(&s, x, 5, .95, &err), &err);
    assert_int_equal(s.n, 4);
    assert_near(s.mean, 2.5, 1e-15);
    assert_near(s.sd, 1.2909944487358056, 1e-15);
    assert_near(s.high, 2.5 + 3.182446305284263 * 1.2909944487358056 / 2, 1e-12);
    assert_ok(rb_spread_of(&s, x + 1, 1, .95, &err), &err);
    assert_true(s.n == 0 && isnan(s.mean) && isnan(s.sd));
}

static void letters_of_a_textbook_case(void **unused)
{
    (void)unused;
    /* rows 0 and 3 differ, 1 and 3, 0 and 4, 1 and 4, 2 and 4 */
    enum { N = 5, WIDTH = 8 };
    static const int pairs[][2] = { { 0, 3 }, { 1, 3 }, { 0, 4 }, { 1, 4 }, { 2, 4 } };
    bool differs[N * N] = { false };
    char letters[N * WIDTH];
    rb_error err = { 0 };
    for (size_t k = 0; k < sizeof pairs / sizeof *pairs; k++)
        differs[pairs[k][0] * N + pairs[k][1]] = differs[pairs[k][1] * N + pairs[k][0]] = true;
    assert_ok(rb_letters(letters, WIDTH, differs, N, &err), &err);
    static const char *const expected[] = { "a", "a", "ab", " bc", "  c" };
    for (int i = 0; i < N; i++)
        assert_string_equal(letters + (ptrdiff_t)i * WIDTH, expected[i]);
}

/* The law: two rows share a letter exactly where they do not differ. */
static void letters_say_exactly_who_differs(void **unused)
{
    (void)unused;
    enum { N = 9, WIDTH = 53 };
    for (uint64_t seed = 0; seed < 200; seed++) {
        bool differs[N * N] = { false };
        char letters[N * WIDTH];
        rb_error err = { 0 };
        for (int i = 0; i < N; i++)
            for (int j = i + 1; j < N; j++)
                differs[i * N + j] = differs[j * N + i] = rb_mix(seed, (uint64_t)(i * N + j)) % 10 < seed % 10;
        assert_ok(rb_letters(letters, WIDTH, differs, N, &err), &err);
        for (int i = 0; i < N; i++)
            for (int j = 0; j < N; j++) {
                const char *a = letters + (ptrdiff_t)i * WIDTH, *b = letters + (ptrdiff_t)j * WIDTH;
                bool shared = false;
                for (; *a && *b; a++, b++)
                    shared = shared || (*a != ' ' && *a == *b);
                if (shared == differs[i * N + j])
                    fail_msg("seed %llu: rows %d and %d", (unsigned long long)seed, i, j);
            }
    }
}

static void too_many_letters_are_refused(void **unused)
{
    (void)unused;
    enum { N = 5 };
    bool differs[N * N];
    char letters[N * 4];
    rb_error err = { 0 };
    for (int i = 0; i < N * N; i++)
        differs[i] = i / N != i % N;
    assert_int_equal(rb_letters(letters, 4, differs, N, &err), RB_NOT_APPLICABLE);
}

/* Every allocation of every function may fail. */
static void failed_allocations_are_reported(void **unused)
{
    (void)unused;
    const double a[] = { 1, 2, 3, 4 }, b[] = { 2, 2, 4, 4 };
    const bool differs[] = { 0, 1, 1, 0 };
    for (int what = 0; what < 6; what++)
        for (int64_t nth = 1;; nth++) {
            rb_error err = { 0 };
            rb_comparison c;
            rb_spread s;
            double adjusted[4];
            char letters[2 * 8];
            rb_alloc_fail_nth(nth);
            rb_status status = what < 3    ? rb_compare(&c, (rb_test_kind)what, a, b, 4, .95, 1, 1, &err)
                               : what == 3 ? rb_adjust(adjusted, a, 4, RB_CORRECT_BH, &err)
                               : what == 4 ? rb_spread_of(&s, a, 4, .95, &err)
                                           : rb_letters(letters, 8, differs, 2, &err);
            int64_t n = rb_alloc_fail_nth(0);
            if (n < nth) {
                assert_int_equal(status, RB_OK);
                break;
            }
            assert_int_equal(status, RB_NO_MEMORY);
        }
}

static void mean_ranks_share_ties_and_leave_out_gaps(void **unused)
{
    (void)unused;
    const double a[] = { 3, 1, 2, NAN, 5 }, b[] = { 2, 1, 4, 1, 5 }, c[] = { 1, 0, 3, 2, 5 };
    const double *const x[] = { a, b, c };
    double rank[3];
    int64_t n;
    rb_mean_ranks(rank, &n, x, 3, 5, false);
    assert_int_equal(n, 4);
    assert_true(rank[0] == (1 + 1.5 + 3 + 2) / 4 && rank[1] == (2 + 1.5 + 1 + 2) / 4 &&
                rank[2] == (3 + 3 + 2 + 2) / 4.);
    rb_mean_ranks(rank, &n, x, 3, 5, true);
    assert_true(rank[0] == (3 + 2.5 + 1 + 2) / 4 && rank[1] == (2 + 2.5 + 3 + 2) / 4 &&
                rank[2] == (1 + 1 + 2 + 2) / 4.);
    rb_mean_ranks(rank, &n, x, 3, 0, false);
    assert_true(n == 0 && isnan(rank[0]));
}

/* q of Demsar 2006, table 5 (a), which has three decimals. */
static void critical_differences_are_those_of_the_tables(void **unused)
{
    (void)unused;
    static const double q05[] = { 1.960, 2.343, 2.569, 2.728, 2.850, 2.949, 3.031, 3.102, 3.164 };
    static const double q10[] = { 1.645, 2.052, 2.291, 2.459, 2.589, 2.693, 2.780, 2.855, 2.920 };
    for (int32_t k = 2; k <= 10; k++) {
        double unit = sqrt(k * (k + 1) / (6.0 * 30));
        assert_true(fabs(rb_critical_difference(k, 30, 0.05) / unit - q05[k - 2]) <= 0.0011);
        assert_true(fabs(rb_critical_difference(k, 30, 0.1) / unit - q10[k - 2]) <= 0.0011);
    }
    assert_true(isnan(rb_critical_difference(1, 30, 0.05)) && isnan(rb_critical_difference(3, 0, 0.05)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paired_tests_have_the_values_of_scipy),
        cmocka_unit_test(tails_and_quantiles_have_the_values_of_scipy),
        cmocka_unit_test(corrections_have_the_values_of_statsmodels),
        cmocka_unit_test(a_missing_p_value_is_no_comparison),
        cmocka_unit_test(equal_columns_do_not_differ),
        cmocka_unit_test(one_pair_gives_no_p_value),
        cmocka_unit_test(a_constant_difference_is_certain),
        cmocka_unit_test(the_bootstrap_agrees_with_t_and_with_itself),
        cmocka_unit_test(the_spread_is_that_of_the_values_held),
        cmocka_unit_test(letters_of_a_textbook_case),
        cmocka_unit_test(letters_say_exactly_who_differs),
        cmocka_unit_test(too_many_letters_are_refused),
        cmocka_unit_test(mean_ranks_share_ties_and_leave_out_gaps),
        cmocka_unit_test(critical_differences_are_those_of_the_tables),
        cmocka_unit_test(failed_allocations_are_reported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
