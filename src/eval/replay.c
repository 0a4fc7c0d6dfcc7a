#include "eval/replay.h"

#include <math.h>

#include "base/alloc.h"

void rb_replay_result_fini(rb_replay_result *r)
{
    rb_free(r->played);
    *r = (rb_replay_result){ 0 };
}

static double click_of(const rb_replay_log *log, int32_t user, int32_t item)
{
    return (double)log->click[(int64_t)user * log->n_items + item];
}

void rb_replay_event(int32_t *user, int32_t *item, bool *clicked, const rb_replay_log *log, int64_t t)
{
    if (log->user) {
        *user = log->user[t];
        *item = log->item[t];
        *clicked = log->clicked[t];
        return;
    }
    const rb_rng rng = { .key = log->seed, .stream = rb_stream("replay.log"), .entity = (uint64_t)t };
    *user = (int32_t)rb_rng_below(&rng, 0, log->n_users);
    *item = (int32_t)rb_rng_below(&rng, 1, log->n_items);
    *clicked = rb_rng_uniform(&rng, 2) < click_of(log, *user, *item);
}

static int32_t shown(const rb_replay_arms *arms, const rb_replay_log *log, int32_t arm, int32_t user)
{
    return arms->item[(int64_t)arm * log->n_users + user];
}

double rb_replay_arm_mean(const rb_replay_log *log, const rb_replay_arms *arms, int32_t arm)
{
    double sum = 0;
    for (int32_t u = 0; u < log->n_users; u++)
        sum += click_of(log, u, shown(arms, log, arm, u));
    return log->n_users > 0 ? sum / log->n_users : 0;
}

int32_t rb_replay_best_arm(const rb_replay_log *log, const rb_replay_arms *arms)
{
    int32_t best = 0;
    double most = -INFINITY;
    for (int32_t a = 0; a < arms->n; a++) {
        double mean = rb_replay_arm_mean(log, arms, a);
        best = mean > most ? a : best;
        most = mean > most ? mean : most;
    }
    return best;
}

rb_status rb_replay_run(rb_replay_result *out, const rb_policy *policy, const void *config, const rb_replay_log *log,
                        const rb_replay_arms *arms, const rb_replay_context *context, uint64_t seed, rb_error *err)
{
    char *state = NULL;
    rb_rng rng = { .key = seed, .stream = rb_stream("replay.policy") };
    const bool reads = policy->reads_context;
    double best_sum = 0;
    out->n_arms = arms->n;
    out->n_events = log->n_events;
    RB_TRY(rb_alloc(&out->played, arms->n, err));
    RB_TRY(rb_alloc(&state, (int64_t)policy->about.state_size, err));
    RB_TRY(policy->begin(state, arms->n, reads ? context->d : 0, config, err));
    for (int64_t t = 0; t < log->n_events; t++) {
        int32_t user, item;
        bool clicked;
        rb_replay_event(&user, &item, &clicked, log, t);
        const double *x = reads ? context->x + user * context->d : NULL;
        rng.entity = (uint64_t)t;
        const int32_t arm = policy->choose(state, x, &rng, config);
        if (shown(arms, log, arm, user) != item)
            continue;
        policy->update(state, arm, x, clicked, config);
        out->n_matched++;
        out->n_clicked += clicked;
        out->played[arm]++;
        if (log->click) {
            out->expected += click_of(log, user, item);
            best_sum += click_of(log, user, shown(arms, log, arms->best, user));
        }
    }
    out->regret = log->click ? best_sum - out->expected : NAN;
    out->expected = log->click ? out->expected : NAN;
done:
    if (state)
        policy->end(state);
    rb_free(state);
    return err->status;
}

void rb_ab_run(rb_replay_result *out, const rb_ab_config *config, int32_t control, int32_t treatment,
               const rb_replay_log *log, const rb_replay_arms *arms, uint64_t seed)
{
    const int32_t arm[2] = { control, treatment };
    rb_rng rng = { .key = seed, .stream = rb_stream("replay.ab") };
    rb_sequential s;
    rb_sequential_begin(&s, config);
    while (s.n < config->pairs && !out->rejected) {
        bool clicked[2];
        rng.entity = (uint64_t)s.n;
        for (uint32_t side = 0; side < 2; side++) {
            const int32_t user = (int32_t)rb_rng_below(&rng, 2 * side, log->n_users);
            clicked[side] = rb_rng_uniform(&rng, 2 * side + 1) < click_of(log, user, shown(arms, log, arm[side], user));
        }
        rb_sequential_add(&s, clicked[0], clicked[1]);
        out->rejected = s.p <= config->alpha;
    }
    out->n_pairs = s.n;
    out->n_control = s.x;
    out->n_treatment = s.y;
    out->p = s.p;
    out->difference = rb_replay_arm_mean(log, arms, treatment) - rb_replay_arm_mean(log, arms, control);
    rb_sequential_interval(&out->low, &out->high, &s, config->alpha);
}

/* z such that P(|N(0, 1)| <= z) = level. */
static double two_sided(double level)
{
    double low = 0, high = 40;
    for (int i = 0; i < 200 && high > low; i++) {
        double middle = (low + high) / 2;
        if (erf(middle / sqrt(2.0)) < level)
            low = middle;
        else
            high = middle;
    }
    return high;
}

void rb_wilson(double *low, double *high, int64_t k, int64_t n, double level)
{
    const double z = two_sided(level), all = (double)n, share = (double)k / all, z2 = z * z / all;
    const double centre = (share + z2 / 2) / (1 + z2);
    const double half = sqrt(z2 * (share * (1 - share) + z2 / 4)) / (1 + z2);
    *low = fmax(centre - half, 0);
    *high = fmin(centre + half, 1);
}

rb_status rb_replay_uniformity(double *p, const rb_replay_log *log, rb_error *err)
{
    int64_t *count = NULL;
    double statistic = 0;
    *p = 1;
    if (log->n_events == 0 || log->n_items < 2 || !log->item)
        return RB_OK;
    RB_TRY(rb_alloc(&count, log->n_items, err));
    for (int64_t t = 0; t < log->n_events; t++)
        count[log->item[t]]++;
    const double expected = (double)log->n_events / log->n_items, k = log->n_items - 1;
    for (int32_t i = 0; i < log->n_items; i++)
        statistic += ((double)count[i] - expected) * ((double)count[i] - expected) / expected;
    const double z = (cbrt(statistic / k) - (1 - 2 / (9 * k))) / sqrt(2 / (9 * k));
    *p = 0.5 * erfc(z / sqrt(2.0));
done:
    rb_free(count);
    return err->status;
}
