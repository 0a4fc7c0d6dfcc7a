/* Likelihood and priors of collapsed Gibbs sampling, from histograms of its counts. */
#include <math.h>

#include "cluster/core/topics_gibbs.h"

#define LEAST_PRIOR 1e-6

static double log_gamma(double x)
{
    int sign;
    return lgamma_r(x, &sign);
}

/* sum_n h_n (ln gamma(n + a) - ln gamma(a)) over n = 1 .. longest. */
static double sum_log_gamma(const int64_t *h, int64_t longest, double a)
{
    double sum = 0, base = log_gamma(a);
    for (int64_t n = 1; n <= longest; n++)
        if (h[n] > 0)
            sum += (double)h[n] * (log_gamma((double)n + a) - base);
    return sum;
}

double rb_gibbs_likelihood(const rb_gibbs *g, const double *alpha, double beta)
{
    int64_t longest = g->documents.longest;
    double all = 0, all_beta = (double)g->n_terms * beta, sum = 0;
    for (int64_t k = 0; k < g->n_topics; k++) {
        all += alpha[k];
        sum += sum_log_gamma(g->topic_count + k * (longest + 1), longest, alpha[k]);
        sum += log_gamma(all_beta) - log_gamma((double)g->total[k] + all_beta);
    }
    sum -= sum_log_gamma(g->length, longest, all);
    return sum + sum_log_gamma(g->word_count, g->words.longest, beta);
}

/* sum_n h_n (psi(n + a) - psi(a)), where the difference is 1 / a + ... + 1 / (a + n - 1). */
static double sum_digamma(const int64_t *h, int64_t longest, double a)
{
    double sum = 0, difference = 0;
    for (int64_t n = 1; n <= longest; n++) {
        difference += 1 / (a + (double)(n - 1));
        sum += (double)h[n] * difference;
    }
    return sum;
}

void rb_gibbs_update_priors(double *alpha, double *beta, const rb_gibbs *g)
{
    int64_t longest = g->documents.longest;
    double all = 0, all_beta = (double)g->n_terms * *beta, topics = 0;
    for (int64_t k = 0; k < g->n_topics; k++)
        all += alpha[k];
    double documents = sum_digamma(g->length, longest, all);
    for (int64_t k = 0; k < g->n_topics; k++) {
        alpha[k] *= sum_digamma(g->topic_count + k * (longest + 1), longest, alpha[k]) / documents;
        alpha[k] = fmax(alpha[k], LEAST_PRIOR);
        topics += rb_digamma((double)g->total[k] + all_beta) - rb_digamma(all_beta);
    }
    *beta *= sum_digamma(g->word_count, g->words.longest, *beta) / ((double)g->n_terms * topics);
    *beta = fmax(*beta, LEAST_PRIOR);
}
