/* Bandits on logs, by hand, against an online oracle, and by the laws of replay and of sequential tests. */
#include <math.h>
#include <string.h>

#include "eval/replay.h"
#include "support/support.h"

enum { USERS = 40, TITLES = 4 };

/* Title i is clicked with probability 0.2 + 0.15 i by every user. */
static const float *clicks(void)
{
    static float p[USERS * TITLES];
    for (int u = 0; u < USERS; u++)
        for (int i = 0; i < TITLES; i++)
            p[u * TITLES + i] = 0.2f + 0.15f * (float)i;
    return p;
}

/* Arm a is title a. */
static rb_replay_arms titles(void)
{
    static int32_t item[TITLES * USERS];
    for (int a = 0; a < TITLES; a++)
        for (int u = 0; u < USERS; u++)
            item[a * USERS + u] = a;
    return (rb_replay_arms){ TITLES, item, TITLES - 1 };
}

static rb_replay_log simulated(int64_t n_events, uint64_t seed)
{
    return (
        rb_replay_log){ .n_events = n_events, .n_users = USERS, .n_items = TITLES, .click = clicks(), .seed = seed };
}

static rb_replay_result replay(const rb_policy *policy, const void *config, const rb_replay_log *log, uint64_t seed)
{
    rb_error err = { 0 };
    rb_replay_result out = { 0 };
    const rb_replay_arms arms = titles();
    const rb_replay_context none = { 0 };
    assert_ok(rb_replay_run(&out, policy, config, log, &arms, &none, seed, &err), &err);
    return out;
}

/* Greedy: arm 0 until it matches (event 1), arm 1 until it matches (event 4), arms 2 and 3 likewise (5, 7), then the
 * best mean: arm 1, which matches at event 9 alone. */
static void a_log_is_replayed_as_by_hand(void **unused)
{
    (void)unused;
    static const int32_t user[10] = { 0 }, item[10] = { 3, 0, 0, 2, 1, 2, 0, 3, 2, 1 };
    static const uint8_t clicked[10] = { 1, 0, 1, 1, 1, 0, 1, 0, 1, 0 };
    const rb_replay_log log = { 10, USERS, TITLES, user, item, clicked, NULL, 0 };
    const double epsilon = 0;
    rb_replay_result r = replay(&rb_policy_epsilon_greedy, &epsilon, &log, 1);
    assert_int_equal(r.n_events, 10);
    assert_int_equal(r.n_matched, 5);
    assert_int_equal(r.n_clicked, 1);
    assert_int_equal(r.played[0], 1);
    assert_int_equal(r.played[1], 2);
    assert_int_equal(r.played[2], 1);
    assert_int_equal(r.played[3], 1);
    assert_true(isnan(r.expected) && isnan(r.regret));
    rb_replay_result_fini(&r);
}

static void no_matched_event_is_a_result(void **unused)
{
    (void)unused;
    static const int32_t user[3] = { 0 }, item[3] = { 3, 3, 3 };
    static const uint8_t clicked[3] = { 1, 1, 1 };
    rb_replay_log log = { 3, USERS, TITLES, user, item, clicked, NULL, 0 };
    const double epsilon = 0;
    for (log.n_events = 3; log.n_events >= 0; log.n_events -= 3) {
        rb_replay_result r = replay(&rb_policy_epsilon_greedy, &epsilon, &log, 1);
        assert_int_equal(r.n_matched, 0);
        assert_int_equal(r.n_clicked, 0);
        rb_replay_result_fini(&r);
    }
}

/* Played at random, every arm is played alike: the estimate is the mean of the true means, 0.425. */
static void the_estimate_of_a_uniform_log_is_unbiased(void **unused)
{
    (void)unused;
    const double epsilon = 1;
    int64_t n_clicked = 0, n_matched = 0;
    double expected = 0, low, high;
    for (uint64_t seed = 0; seed < 20; seed++) {
        const rb_replay_log log = simulated(8000, seed);
        rb_replay_result r = replay(&rb_policy_epsilon_greedy, &epsilon, &log, seed + 100);
        n_clicked += r.n_clicked;
        n_matched += r.n_matched;
        expected += r.expected;
        rb_replay_result_fini(&r);
    }
    rb_wilson(&low, &high, n_clicked, n_matched, 0.999);
    assert_true(low < 0.425 && 0.425 < high && high - low < 0.02);
    assert_near(expected / (double)n_matched, 0.425, 0.004);
    assert_near((double)n_matched / (20.0 * 8000), 1.0 / TITLES, 0.005);
}

/* The oracle plays online, written apart: clicks in the first 200 plays. */
static double online_clicks(double epsilon, uint64_t seed)
{
    double reward[TITLES] = { 0 }, n[TITLES] = { 0 }, sum = 0;
    for (int t = 0; t < 200; t++) {
        const rb_rng rng = { .key = seed, .stream = 77, .entity = (uint64_t)t };
        int arm = 0;
        for (int a = 0; a < TITLES; a++) {
            double mean = n[a] > 0 ? reward[a] / n[a] : 2, best = n[arm] > 0 ? reward[arm] / n[arm] : 2;
            arm = mean > best ? a : arm;
        }
        if (rb_rng_uniform(&rng, 0) < epsilon)
            arm = (int)rb_rng_below(&rng, 1, TITLES);
        double click = rb_rng_uniform(&rng, 2) < 0.2 + 0.15 * arm;
        n[arm]++;
        reward[arm] += click;
        sum += click;
    }
    return sum;
}

/* Clicks of the first 200 matches: a log as long as that takes, found by halving. */
static double replayed_clicks(double epsilon, uint64_t seed)
{
    int64_t low = 200, high = 4000;
    rb_replay_log log = simulated(high, seed);
    while (low < high) {
        log.n_events = (low + high) / 2;
        rb_replay_result r = replay(&rb_policy_epsilon_greedy, &epsilon, &log, seed + 5);
        low = r.n_matched < 200 ? log.n_events + 1 : low;
        high = r.n_matched < 200 ? high : log.n_events;
        rb_replay_result_fini(&r);
    }
    log.n_events = low;
    rb_replay_result r = replay(&rb_policy_epsilon_greedy, &epsilon, &log, seed + 5);
    assert_int_equal(r.n_matched, 200);
    double sum = (double)r.n_clicked;
    rb_replay_result_fini(&r);
    return sum;
}

/* Theorem 1 of Li et al. 2011: the matched events have the law of the policy's own. */
static void matched_events_have_the_law_of_online_play(void **unused)
{
    (void)unused;
    enum { N = 400 };
    double mean[2] = { 0 }, square[2] = { 0 };
    for (uint64_t seed = 0; seed < N; seed++) {
        const double x[2] = { online_clicks(0.1, seed), replayed_clicks(0.1, seed) };
        for (int k = 0; k < 2; k++) {
            mean[k] += x[k] / N;
            square[k] += x[k] * x[k] / N;
        }
    }
    double variance[2] = { square[0] - mean[0] * mean[0], square[1] - mean[1] * mean[1] };
    assert_near(mean[0], mean[1], 3 * sqrt((variance[0] + variance[1]) / N));
    assert_near(sqrt(variance[0]) / sqrt(variance[1]), 1, 0.2);
}

static void ucb_and_thompson_regret_less_than_a_share_of_chance(void **unused)
{
    (void)unused;
    const double epsilon = 0.3, exploration = 0.5, prior[2] = { 1, 1 };
    double regret[3] = { 0 };
    for (uint64_t seed = 0; seed < 5; seed++) {
        const rb_replay_log log = simulated(40000, seed);
        const rb_policy *policies[] = { &rb_policy_epsilon_greedy, &rb_policy_ucb1, &rb_policy_thompson };
        const void *configs[] = { &epsilon, &exploration, prior };
        for (int k = 0; k < 3; k++) {
            rb_replay_result r = replay(policies[k], configs[k], &log, seed);
            assert_near(r.regret, (double)r.n_matched * 0.65 - r.expected, 1e-3);
            regret[k] += r.regret;
            rb_replay_result_fini(&r);
        }
    }
    assert_true(regret[1] < 0.7 * regret[0]);
    assert_true(regret[2] < 0.5 * regret[0]);
}

static void draws_of_beta_have_its_moments(void **unused)
{
    (void)unused;
    static const double shapes[][2] = { { 1, 1 }, { 0.4, 2 }, { 30, 12 } };
    for (int k = 0; k < 3; k++) {
        const double a = shapes[k][0], b = shapes[k][1];
        double mean = 0, square = 0;
        for (uint64_t i = 0; i < 40000; i++) {
            const rb_rng rng = { .key = 9, .stream = 1, .entity = i };
            uint32_t draw = 0;
            double x = rb_beta_draw(a, b, &rng, &draw);
            assert_true(x >= 0 && x <= 1);
            mean += x / 40000;
            square += x * x / 40000;
        }
        assert_near(mean, a / (a + b), 0.005);
        assert_near(square - mean * mean, a * b / ((a + b) * (a + b) * (a + b + 1)), 0.002);
    }
}

/* ---- LinUCB against systems solved anew at every step ---- */

enum { ARMS = 3, D = 5 };

/* x of A x = b by elimination with pivots; A and b are consumed. */
static void solve(double *x, double a[D][D], double *b)
{
    for (int k = 0; k < D; k++) {
        int p = k;
        for (int i = k; i < D; i++)
            p = fabs(a[i][k]) > fabs(a[p][k]) ? i : p;
        for (int j = 0; j < D; j++) {
            double keep = a[k][j];
            a[k][j] = a[p][j];
            a[p][j] = keep;
        }
        double keep = b[k];
        b[k] = b[p];
        b[p] = keep;
        for (int i = k + 1; i < D; i++) {
            double f = a[i][k] / a[k][k];
            for (int j = k; j < D; j++)
                a[i][j] -= f * a[k][j];
            b[i] -= f * b[k];
        }
    }
    for (int k = D - 1; k >= 0; k--) {
        x[k] = b[k];
        for (int j = k + 1; j < D; j++)
            x[k] -= a[k][j] * x[j];
        x[k] /= a[k][k];
    }
}

/* theta' x + alpha sqrt(x' A^-1 x) from the sums of an arm. */
static double bound_of(double sums[D][D], const double *b, const double *x, double alpha)
{
    double a[D][D], right[D], theta[D], y[D], value = 0, width = 0;
    memcpy(a, sums, sizeof a);
    memcpy(right, b, sizeof right);
    solve(theta, a, right);
    memcpy(a, sums, sizeof a);
    memcpy(right, x, sizeof right);
    solve(y, a, right);
    for (int j = 0; j < D; j++) {
        value += theta[j] * x[j];
        width += x[j] * y[j];
    }
    return value + alpha * sqrt(width);
}

static void linucb_plays_what_a_dense_solver_says(void **unused)
{
    (void)unused;
    rb_error err = { 0 };
    const double config[2] = { 0.8, 2 }; /* alpha, ridge */
    const rb_policy *policy = &rb_policy_linucb;
    double sums[ARMS][D][D] = { 0 }, b[ARMS][D] = { 0 };
    char state[512] = { 0 };
    int n_played[ARMS] = { 0 };
    assert_true(policy->about.state_size <= sizeof state);
    assert_ok(policy->begin(state, ARMS, D, config, &err), &err);
    for (int a = 0; a < ARMS; a++)
        for (int j = 0; j < D; j++)
            sums[a][j][j] = config[1];
    for (int t = 0; t < 400; t++) {
        const rb_rng rng = { .key = 4, .stream = 2, .entity = (uint64_t)t };
        double x[D] = { 1 }, most = -1;
        int best = 0;
        for (uint32_t j = 1; j < D; j++)
            x[j] = rb_rng_normal(&rng, j);
        for (int a = 0; a < ARMS; a++) {
            double bound = bound_of(sums[a], b[a], x, config[0]);
            best = bound > most + 1e-12 ? a : best;
            most = fmax(most, bound);
        }
        assert_int_equal(policy->choose(state, x, &rng, config), best);
        double reward = rb_rng_uniform(&rng, 90) < 0.5 + (best == 1 ? 0.3 : -0.2) * (x[1] > 0 ? 1 : -1);
        policy->update(state, best, x, reward, config);
        for (int i = 0; i < D; i++) {
            for (int j = 0; j < D; j++)
                sums[best][i][j] += x[i] * x[j];
            b[best][i] += reward * x[i];
        }
        n_played[best]++;
    }
    for (int a = 0; a < ARMS; a++)
        assert_true(n_played[a] > 10);
    policy->end(state);
}

/* ---- sequential tests ---- */

static rb_ab_config test_of(rb_sequential_kind kind)
{
    rb_ab_config c = { 0 };
    rb_params_default(&c, rb_ab_test.params);
    c.test = kind;
    return c;
}

/* Pair 1: both estimates 1/2, E = 1. Pair 2: px = 1/4, py = 3/4, p0 = 1/2: E = (3/4)^2 / (1/2)^2 = 9/4. */
static void an_e_value_is_as_by_hand(void **unused)
{
    (void)unused;
    rb_sequential s;
    const rb_ab_config c = test_of(RB_SEQUENTIAL_E_VALUE);
    rb_sequential_begin(&s, &c);
    rb_sequential_add(&s, false, true);
    assert_near(s.p, 1, 0);
    rb_sequential_add(&s, false, true);
    assert_near(exp(s.log_e), 2.25, 1e-12);
    assert_near(s.p, 1 / 2.25, 1e-12);
    rb_sequential_add(&s, true, false); /* p keeps the least */
    assert_near(s.p, 1 / 2.25, 1e-12);
}

/* Over every outcome of five pairs, whatever the common probability: what makes the error bound exact. */
static void the_mean_of_an_e_value_is_at_most_one(void **unused)
{
    (void)unused;
    const rb_ab_config c = test_of(RB_SEQUENTIAL_E_VALUE);
    for (int k20 = 1; k20 < 20; k20 += 3) {
        double p = k20 / 20.0, mean = 0, all = 0;
        for (unsigned outcome = 0; outcome < 1u << 10; outcome++) {
            double chance = 1;
            rb_sequential s;
            rb_sequential_begin(&s, &c);
            for (unsigned k = 0; k < 10; k++)
                chance *= outcome >> k & 1 ? p : 1 - p;
            for (unsigned k = 0; k < 10; k += 2)
                rb_sequential_add(&s, outcome >> k & 1, outcome >> (k + 1) & 1);
            mean += chance * exp(s.log_e);
            all += chance;
        }
        assert_near(all, 1, 1e-12);
        assert_true(mean <= 1 + 1e-12 && mean > 0.7);
    }
}

/* Share of A/B tests that reject where the arms differ by `difference`. */
static double rejections(rb_sequential_kind kind, float base, float difference, int n_tests)
{
    const float click[2] = { base, base + difference };
    const int32_t item[2] = { 0, 1 };
    const rb_replay_log log = { .n_users = 1, .n_items = 2, .click = click };
    const rb_replay_arms arms = { 2, item, 1 };
    rb_ab_config c = test_of(kind);
    int n = 0;
    c.pairs = 1500;
    for (int i = 0; i < n_tests; i++) {
        rb_replay_result r = { 0 };
        rb_ab_run(&r, &c, 0, 1, &log, &arms, (uint64_t)i);
        assert_true(r.rejected == (r.p <= c.alpha) && (r.rejected || r.n_pairs == c.pairs));
        assert_near(r.difference, (double)click[1] - (double)click[0], 1e-12);
        n += r.rejected;
    }
    return (double)n / n_tests;
}

static void the_error_under_the_null_is_at_most_alpha_at_all_looks(void **unused)
{
    (void)unused;
    for (rb_sequential_kind kind = RB_SEQUENTIAL_E_VALUE; kind <= RB_SEQUENTIAL_MSPRT; kind++) {
        assert_true(rejections(kind, 0.5f, 0, 800) <= 0.05);
        assert_true(rejections(kind, 0.1f, 0, 800) <= 0.05);
        assert_true(rejections(kind, 0.3f, 0.15f, 100) >= 0.95);
    }
}

static void the_interval_agrees_with_the_mixture_test(void **unused)
{
    (void)unused;
    const rb_ab_config c = test_of(RB_SEQUENTIAL_MSPRT);
    rb_sequential s;
    double low, high;
    rb_sequential_begin(&s, &c);
    rb_sequential_interval(&low, &high, &s, c.alpha);
    assert_true(isnan(low) && isnan(high));
    for (int t = 0; t < 1500; t++) {
        const rb_rng rng = { .key = 12, .stream = 3, .entity = (uint64_t)t };
        rb_sequential_add(&s, rb_rng_uniform(&rng, 0) < 0.4, rb_rng_uniform(&rng, 1) < 0.47);
        if (s.n < c.burn_in)
            continue;
        rb_sequential_interval(&low, &high, &s, c.alpha);
        assert_true((exp(-s.log_e) <= c.alpha) == (low > 0 || high < 0));
    }
}

/* ---- what is said of a log ---- */

static void wilson_and_pearson_are_the_known_ones(void **unused)
{
    (void)unused;
    rb_error err = { 0 };
    double low, high, p;
    rb_wilson(&low, &high, 10, 100, 0.95);
    assert_near(low, 0.0552291370606751, 1e-12);
    assert_near(high, 0.17436566150491315, 1e-12);
    int32_t item[900];
    rb_replay_log log = { .n_events = 900, .n_items = TITLES, .item = item };
    for (int t = 0; t < 900; t++)
        item[t] = t % 4;
    assert_ok(rb_replay_uniformity(&p, &log, &err), &err);
    assert_true(p > 0.99);
    for (int t = 0; t < 900; t++)
        item[t] = t < 20 ? t % 2 : t % 4; /* 230, 230, 220, 220: chi-square 4/9, 3 degrees, p = 0.931 */
    assert_ok(rb_replay_uniformity(&p, &log, &err), &err);
    assert_near(p, 0.931, 0.01);
    for (int t = 0; t < 900; t++)
        item[t] = t % 5 == 0 ? 0 : t % 4;
    assert_ok(rb_replay_uniformity(&p, &log, &err), &err);
    assert_true(p < 1e-10);
}

static void the_best_arm_is_of_the_largest_mean_and_the_lowest_of_equals(void **unused)
{
    (void)unused;
    const rb_replay_log log = simulated(1, 1);
    rb_replay_arms arms = titles();
    int32_t item[3 * USERS];
    assert_int_equal(rb_replay_best_arm(&log, &arms), TITLES - 1);
    for (int a = 0; a < 3; a++) /* arms 1 and 2 show the same titles, which are better than those of arm 0 */
        for (int u = 0; u < USERS; u++)
            item[a * USERS + u] = a == 0 ? u % 2 : 1 + u % 2;
    arms = (rb_replay_arms){ .n = 3, .item = item };
    assert_int_equal(rb_replay_best_arm(&log, &arms), 1);
}

static void a_replay_survives_the_nth_failed_allocation(void **unused)
{
    (void)unused;
    const rb_replay_log log = simulated(100, 1);
    const rb_replay_arms arms = titles();
    const double config[2] = { 1, 1 };
    double x[USERS * 2] = { 0 };
    const rb_replay_context context = { x, 2 };
    for (int64_t nth = 1;; nth++) {
        rb_error err = { 0 };
        rb_replay_result r = { 0 };
        rb_alloc_fail_nth(nth);
        rb_replay_run(&r, &rb_policy_linucb, config, &log, &arms, &context, 1, &err);
        rb_alloc_fail_nth(0);
        rb_replay_result_fini(&r);
        if (err.status == RB_OK) {
            assert_int_equal(nth, 7);
            break;
        }
        assert_int_equal(err.status, RB_NO_MEMORY);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_log_is_replayed_as_by_hand),
        cmocka_unit_test(no_matched_event_is_a_result),
        cmocka_unit_test(the_estimate_of_a_uniform_log_is_unbiased),
        cmocka_unit_test(matched_events_have_the_law_of_online_play),
        cmocka_unit_test(ucb_and_thompson_regret_less_than_a_share_of_chance),
        cmocka_unit_test(draws_of_beta_have_its_moments),
        cmocka_unit_test(linucb_plays_what_a_dense_solver_says),
        cmocka_unit_test(an_e_value_is_as_by_hand),
        cmocka_unit_test(the_mean_of_an_e_value_is_at_most_one),
        cmocka_unit_test(the_error_under_the_null_is_at_most_alpha_at_all_looks),
        cmocka_unit_test(the_interval_agrees_with_the_mixture_test),
        cmocka_unit_test(wilson_and_pearson_are_the_known_ones),
        cmocka_unit_test(the_best_arm_is_of_the_largest_mean_and_the_lowest_of_equals),
        cmocka_unit_test(a_replay_survives_the_nth_failed_allocation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
