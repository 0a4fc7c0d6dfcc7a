/*
 * Sequential tests of two shares that may be looked at after every pair of observations, and stopped at any.
 *
 * A pair is one observation of the control x and one of the treatment y, both 0 or 1; the null hypothesis is that both
 * have one probability. The p of pair n is the least so far of min(1, 1 / E_n): rejecting when it is at most alpha,
 * whenever that is, errs with probability at most alpha (Ville's inequality).
 *
 *   e_value  E_n = prod p_x(x) p_y(y) / (p_0(x) p_0(y)), p_x and p_y Bernoulli with Jeffreys' estimates from the pairs
 *            before, p_0 with their mean. E_n is an e-value for any common probability: the bound is exact at every n.
 *            Turner, Ly and Gruenwald 2024, doi:10.1016/j.jspi.2023.106116
 *   msprt    the mixture sequential probability ratio test of the difference d, mixed over N(0, tau^2):
 *            E_n = sqrt(v / (v + n tau^2)) exp(n^2 tau^2 d^2 / (2 v (v + n tau^2))), v the two variances' sum by
 *            their estimates: the bound holds for large n, and a test looks from its first `burn_in` pairs on.
 *            Johari, Koomen, Pekelis and Walsh 2022, doi:10.1287/opre.2021.2135
 */
#ifndef RB_EVAL_SEQUENTIAL_H
#define RB_EVAL_SEQUENTIAL_H

#include "data/algorithm.h"

typedef enum { RB_SEQUENTIAL_E_VALUE, RB_SEQUENTIAL_MSPRT } rb_sequential_kind;

/* Parameters of `ab_test`. */
typedef struct {
    const char *control, *treatment; /* arms */
    int64_t pairs;
    double alpha;
    int test; /* rb_sequential_kind */
    double tau;
    int64_t burn_in;
} rb_ab_config;

/** The table of `ab_test`: a job of its own beside the policies. */
extern const rb_algorithm rb_ab_test;

typedef struct {
    rb_sequential_kind kind;
    double tau;
    int64_t burn_in;
    int64_t n, x, y; /* pairs, and how many of each were 1 */
    double log_e;    /* of the pairs so far */
    double p;        /* least so far, at most 1 */
} rb_sequential;

void rb_sequential_begin(rb_sequential *s, const rb_ab_config *config);
/** One more pair. O(1). */
void rb_sequential_add(rb_sequential *s, bool x, bool y);
/**
 * Interval of y's probability less x's that holds at all n at once with probability 1 - alpha, for large n: the
 * differences that msprt would not have rejected at this n. NAN for both before the variances are known.
 */
void rb_sequential_interval(double *low, double *high, const rb_sequential *s, double alpha);

#endif
