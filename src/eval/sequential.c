#include "eval/sequential.h"

#include <math.h>
#include <stddef.h>

static const rb_param params[] = {
    RB_STRING(rb_ab_config, control, NULL, "arm that the first user of each pair gets"),
    RB_STRING(rb_ab_config, treatment, NULL, "arm that the second user of each pair gets"),
    RB_INT(rb_ab_config, pairs, 10000, 1, 1e9, "pairs", "most pairs of users"),
    RB_DOUBLE(rb_ab_config, alpha, 0.05, 1e-9, 0.5, "", "largest probability to reject where both are alike"),
    RB_CHOICE(rb_ab_config, test, RB_SEQUENTIAL_E_VALUE, "e_value|msprt",
              "exact at every look; mixture sequential probability ratio test, for large numbers"),
    RB_DOUBLE(rb_ab_config, tau, 0.1, 1e-6, 10, "", "standard deviation of the differences that msprt mixes over"),
    RB_INT(rb_ab_config, burn_in, 100, 1, 1e9, "pairs", "pairs before the first look of msprt"),
    RB_PARAM_END,
};

const rb_algorithm rb_ab_test = {
    .name = "ab_test",
    .summary = "two arms on users of the generator, drawn in pairs with replacement; a sequential test that may stop "
               "at any pair",
    .reference = "Turner, Ly and Gruenwald 2024, doi:10.1016/j.jspi.2023.106116; Johari et al. 2022, "
                 "doi:10.1287/opre.2021.2135",
    .config_size = sizeof(rb_ab_config),
    .params = params,
};

void rb_sequential_begin(rb_sequential *s, const rb_ab_config *config)
{
    *s = (rb_sequential){
        .kind = (rb_sequential_kind)config->test, .tau = config->tau, .burn_in = config->burn_in, .p = 1
    };
}

static double log_bernoulli(bool one, double p)
{
    return log(one ? p : 1 - p);
}

/* Estimated variance of x plus that of y. */
static double variance(const rb_sequential *s)
{
    const double n = (double)s->n, x = (double)s->x / n, y = (double)s->y / n;
    return x * (1 - x) + y * (1 - y);
}

static double log_mixture(const rb_sequential *s)
{
    const double n = (double)s->n, v = variance(s), d = (double)(s->y - s->x) / n, m = s->tau * s->tau;
    if (s->n < s->burn_in || v <= 0)
        return 0;
    return 0.5 * log(v / (v + n * m)) + n * n * m * d * d / (2 * v * (v + n * m));
}

void rb_sequential_add(rb_sequential *s, bool x, bool y)
{
    const double before = (double)s->n + 1, px = ((double)s->x + 0.5) / before, py = ((double)s->y + 0.5) / before;
    const double p0 = (px + py) / 2;
    s->n++;
    s->x += x;
    s->y += y;
    if (s->kind == RB_SEQUENTIAL_E_VALUE)
        s->log_e += log_bernoulli(x, px) + log_bernoulli(y, py) - log_bernoulli(x, p0) - log_bernoulli(y, p0);
    else
        s->log_e = log_mixture(s);
    s->p = fmin(s->p, exp(-s->log_e));
}

void rb_sequential_interval(double *low, double *high, const rb_sequential *s, double alpha)
{
    *low = *high = NAN;
    if (s->n == 0 || !(variance(s) > 0))
        return;
    const double n = (double)s->n, v = variance(s), m = s->tau * s->tau, d = (double)(s->y - s->x) / n;
    const double half = sqrt(2 * v * (v + n * m) / (n * n * m) * (0.5 * log((v + n * m) / v) - log(alpha)));
    *low = fmax(d - half, -1);
    *high = fmin(d + half, 1);
}
