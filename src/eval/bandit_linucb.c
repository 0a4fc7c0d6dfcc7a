/*
 * LinUCB with disjoint arms.
 *
 *     A_a = ridge I + sum x x',  b_a = sum r x,  theta_a = A_a^-1 b_a
 *     plays the arm of the largest theta_a' x + alpha sqrt(x' A_a^-1 x)
 *
 * Li, Chu, Langford and Schapire 2010, doi:10.1145/1772690.1772758. The inverse is kept by Sherman and Morrison's
 * formula: O(d^2) an event and arm, 8 d^2 bytes an arm.
 */
#include <math.h>
#include <stddef.h>

#include "base/alloc.h"
#include "eval/bandit.h"

typedef struct {
    double alpha, ridge;
} linucb_config;

typedef struct {
    int32_t n_arms;
    int64_t d;
    double *inverse; /* [n_arms x d x d] A_a^-1, symmetric */
    double *b;       /* [n_arms x d] */
    double *theta;   /* [n_arms x d] */
    double *scratch; /* [d] */
} linucb;

static const rb_param linucb_params[] = {
    RB_DOUBLE(linucb_config, alpha, 1, 0, 1000, "", "width of the upper confidence bound"),
    RB_DOUBLE(linucb_config, ridge, 1, 1e-9, 1e9, "", "weight of the identity that A starts from"),
    RB_PARAM_END,
};

static rb_status begin(void *state, int32_t n_arms, int64_t d, const void *config, rb_error *err)
{
    linucb *s = state;
    const linucb_config *c = config;
    s->n_arms = n_arms;
    s->d = d;
    RB_TRY(rb_alloc(&s->inverse, n_arms * d * d, err));
    RB_TRY(rb_alloc(&s->b, n_arms * d, err));
    RB_TRY(rb_alloc(&s->theta, n_arms * d, err));
    RB_TRY(rb_alloc(&s->scratch, d, err));
    for (int32_t a = 0; a < n_arms; a++)
        for (int64_t j = 0; j < d; j++)
            s->inverse[(a * d + j) * d + j] = 1 / c->ridge;
done:
    return err->status;
}

static double dot(const double *x, const double *y, int64_t d)
{
    double sum = 0;
    for (int64_t j = 0; j < d; j++)
        sum += x[j] * y[j];
    return sum;
}

static int32_t choose(const void *state, const double *context, const rb_rng *rng, const void *config)
{
    const linucb *s = state;
    const int64_t d = s->d;
    double most = -INFINITY;
    int32_t best = 0;
    (void)rng;
    for (int32_t a = 0; a < s->n_arms; a++) {
        double width = 0;
        for (int64_t i = 0; i < d; i++)
            width += context[i] * dot(s->inverse + (a * d + i) * d, context, d);
        double bound = dot(s->theta + a * d, context, d) +
                       ((const linucb_config *)config)->alpha * sqrt(fmax(width, 0)); /* rounding, never below 0 */
        best = bound > most ? a : best;
        most = bound > most ? bound : most;
    }
    return best;
}

static void update(void *state, int32_t arm, const double *context, double reward, const void *config)
{
    linucb *s = state;
    const int64_t d = s->d;
    double *inverse = s->inverse + arm * d * d, *y = s->scratch;
    (void)config;
    for (int64_t i = 0; i < d; i++)
        y[i] = dot(inverse + i * d, context, d);
    const double scale = 1 / (1 + dot(context, y, d));
    for (int64_t i = 0; i < d; i++)
        for (int64_t j = 0; j < d; j++)
            inverse[i * d + j] -= scale * y[i] * y[j];
    for (int64_t j = 0; j < d; j++)
        s->b[arm * d + j] += reward * context[j];
    for (int64_t i = 0; i < d; i++)
        s->theta[arm * d + i] = dot(inverse + i * d, s->b + arm * d, d);
}

static void end(void *state)
{
    linucb *s = state;
    rb_free(s->inverse);
    rb_free(s->b);
    rb_free(s->theta);
    rb_free(s->scratch);
    *s = (linucb){ 0 };
}

const rb_policy rb_policy_linucb = {
    .about = { .name = "linucb",
               .summary = "the arm of the largest upper bound of a ridge regression on features of the user",
               .reference = "Li, Chu, Langford and Schapire 2010, doi:10.1145/1772690.1772758",
               .config_size = sizeof(linucb_config),
               .state_size = sizeof(linucb),
               .params = linucb_params },
    .reads_context = true,
    .begin = begin,
    .choose = choose,
    .update = update,
    .end = end,
};
