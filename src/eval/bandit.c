#include "eval/bandit.h"

#include <math.h>
#include <stddef.h>

#include "base/alloc.h"
#include "eval/sequential.h"

const rb_algorithm *const rb_policy_registry[] = {
    &rb_policy_epsilon_greedy.about, &rb_policy_ucb1.about, &rb_policy_thompson.about,
    &rb_policy_linucb.about,         &rb_ab_test,           NULL,
};

const rb_policy *rb_policy_of(const rb_algorithm *about)
{
    return about == &rb_ab_test ? NULL : (const rb_policy *)about;
}

/* ---- what policies without contexts remember ---- */

typedef struct {
    int32_t n_arms;
    int64_t n;       /* plays */
    int64_t *played; /* [n_arms] */
    double *reward;  /* [n_arms] sums */
} tally;

static rb_status begin_tally(void *state, int32_t n_arms, int64_t d, const void *config, rb_error *err)
{
    tally *t = state;
    (void)d;
    (void)config;
    t->n_arms = n_arms;
    RB_TRY(rb_alloc(&t->played, n_arms, err));
    RB_TRY(rb_alloc(&t->reward, n_arms, err));
done:
    return err->status;
}

static void update_tally(void *state, int32_t arm, const double *context, double reward, const void *config)
{
    tally *t = state;
    (void)context;
    (void)config;
    t->n++;
    t->played[arm]++;
    t->reward[arm] += reward;
}

static void end_tally(void *state)
{
    tally *t = state;
    rb_free(t->played);
    rb_free(t->reward);
    *t = (tally){ 0 };
}

/* The lowest arm that was never played; -1: all were. */
static int32_t unplayed(const tally *t)
{
    for (int32_t a = 0; a < t->n_arms; a++)
        if (t->played[a] == 0)
            return a;
    return -1;
}

/* The arm of the largest mean + sqrt(c ln n / played); c 0: of the largest mean. */
static int32_t best_by_bound(const tally *t, double c)
{
    double most = -INFINITY, log_n = c > 0 ? log((double)t->n) : 0;
    int32_t best = unplayed(t);
    if (best >= 0)
        return best;
    best = 0;
    for (int32_t a = 0; a < t->n_arms; a++) {
        double played = (double)t->played[a], bound = t->reward[a] / played + sqrt(c * log_n / played);
        best = bound > most ? a : best;
        most = bound > most ? bound : most;
    }
    return best;
}

/* ---- epsilon-greedy ---- */

typedef struct {
    double epsilon;
} greedy_config;

static const rb_param greedy_params[] = {
    RB_DOUBLE(greedy_config, epsilon, 0.1, 0, 1, "", "share of events on which any arm is played, all alike"),
    RB_PARAM_END,
};

static int32_t choose_greedy(const void *state, const double *context, const rb_rng *rng, const void *config)
{
    const tally *t = state;
    const greedy_config *c = config;
    (void)context;
    if (rb_rng_uniform(rng, 0) < c->epsilon)
        return (int32_t)rb_rng_below(rng, 1, t->n_arms);
    return best_by_bound(t, 0);
}

const rb_policy rb_policy_epsilon_greedy = {
    .about = { .name = "epsilon_greedy",
               .summary = "the arm of the largest mean, any arm on a share of the events",
               .reference = "Sutton and Barto 1998",
               .config_size = sizeof(greedy_config),
               .state_size = sizeof(tally),
               .params = greedy_params },
    .begin = begin_tally,
    .choose = choose_greedy,
    .update = update_tally,
    .end = end_tally,
};

/* ---- UCB1 ---- */

typedef struct {
    double exploration;
} ucb_config;

static const rb_param ucb_params[] = {
    RB_DOUBLE(ucb_config, exploration, 2, 0, 1000, "", "c of the bound: mean + sqrt(c ln n / n_arm)"),
    RB_PARAM_END,
};

static int32_t choose_ucb(const void *state, const double *context, const rb_rng *rng, const void *config)
{
    (void)context;
    (void)rng;
    return best_by_bound(state, ((const ucb_config *)config)->exploration);
}

const rb_policy rb_policy_ucb1 = {
    .about = { .name = "ucb1",
               .summary = "the arm of the largest upper confidence bound",
               .reference = "Auer, Cesa-Bianchi and Fischer 2002, doi:10.1023/A:1013689704352",
               .config_size = sizeof(ucb_config),
               .state_size = sizeof(tally),
               .params = ucb_params },
    .begin = begin_tally,
    .choose = choose_ucb,
    .update = update_tally,
    .end = end_tally,
};

/* ---- Thompson sampling ---- */

typedef struct {
    double successes, failures;
} thompson_config;

static const rb_param thompson_params[] = {
    RB_DOUBLE(thompson_config, successes, 1, 1e-6, 1e9, "", "of the prior Beta(successes, failures) of every arm"),
    RB_DOUBLE(thompson_config, failures, 1, 1e-6, 1e9, "", "likewise"),
    RB_PARAM_END,
};

/* Marsaglia and Tsang 2000, doi:10.1145/358407.358414; a < 1 by G(a + 1) U^(1 / a). */
static double gamma_draw(double a, const rb_rng *rng, uint32_t *draw)
{
    double boost = 1;
    if (a < 1) {
        boost = pow(1 - rb_rng_uniform(rng, (*draw)++), 1 / a); /* 1 - U: never 0 */
        a += 1;
    }
    const double d = a - 1.0 / 3, c = 1 / sqrt(9 * d);
    for (;;) {
        double x = rb_rng_normal(rng, (*draw)++), v = 1 + c * x;
        double u = 1 - rb_rng_uniform(rng, (*draw)++);
        v = v * v * v;
        if (v > 0 && log(u) < x * x / 2 + d * (1 - v + log(v)))
            return boost * d * v;
    }
}

double rb_beta_draw(double a, double b, const rb_rng *rng, uint32_t *draw)
{
    double x = gamma_draw(a, rng, draw), y = gamma_draw(b, rng, draw);
    return x + y > 0 ? x / (x + y) : a / (a + b); /* both vanish where a and b are tiny */
}

static int32_t choose_thompson(const void *state, const double *context, const rb_rng *rng, const void *config)
{
    const tally *t = state;
    const thompson_config *c = config;
    double most = -INFINITY;
    int32_t best = 0;
    uint32_t draw = 0;
    (void)context;
    for (int32_t a = 0; a < t->n_arms; a++) {
        double failed = (double)t->played[a] - t->reward[a];
        double sample = rb_beta_draw(c->successes + t->reward[a], c->failures + failed, rng, &draw);
        best = sample > most ? a : best;
        most = sample > most ? sample : most;
    }
    return best;
}

const rb_policy rb_policy_thompson = {
    .about = { .name = "thompson",
               .summary = "the arm of the largest draw from the Beta posteriors of the means",
               .reference = "Thompson 1933, doi:10.1093/biomet/25.3-4.285; Chapelle and Li 2011",
               .config_size = sizeof(thompson_config),
               .state_size = sizeof(tally),
               .params = thompson_params },
    .begin = begin_tally,
    .choose = choose_thompson,
    .update = update_tally,
    .end = end_tally,
};
