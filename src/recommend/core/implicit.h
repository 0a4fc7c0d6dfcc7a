/*
 * The objectives of implicit alternating least squares, as models/ials.c and models/ialspp.c minimise them: for a row
 * with entries e against the fixed factors B of the other side
 *
 *     sum_e (w_e (b_e . x)^2 - 2 t_e b_e . x) + a0 |B x|^2 + lambda |x|^2
 *
 *     rendle:  w = t = 1,  a0 = unobserved,  lambda = regularization (n + a0 n_other)^nu
 *     hu:      w = alpha r,  t = 1 + w,  a0 = 1,  lambda = regularization
 */
#ifndef RB_RECOMMEND_CORE_IMPLICIT_H
#define RB_RECOMMEND_CORE_IMPLICIT_H

#include "recommend/core/factor.h"

typedef enum { RB_OBJECTIVE_RENDLE, RB_OBJECTIVE_HU } rb_objective;

typedef struct {
    rb_objective objective;
    double regularization, nu, unobserved, alpha;
} rb_implicit;

/* Rows of a table whose config has the fields `regularization`, `nu`, `unobserved`, `objective` and `alpha`. */
#define RB_IMPLICIT_PARAMS(config)                                                                                 \
    RB_DOUBLE(config, regularization, 0.003, 0.0, 1e6, "", "lambda, scaled by frequency^nu (rendle), plain (hu)"), \
        RB_DOUBLE(config, nu, 1.0, 0.0, 1.0, "", "frequency exponent, rendle only"),                               \
        RB_DOUBLE(config, unobserved, 0.1, 0.0, 1.0, "", "weight of the unobserved (alpha_0), rendle only"),       \
        RB_CHOICE(config, objective, RB_OBJECTIVE_RENDLE, "rendle|hu", "weights of the interactions"),             \
        RB_DOUBLE(config, alpha, 40.0, 0.0, 1e6, "", "confidence of a rating, hu only")

/** lambda of a row of n entries against n_other rows. Local. */
double rb_implicit_lambda(const rb_implicit *o, int64_t n, int64_t n_other);

/** Weights w and targets t [n] of entries; returns their constant, the sum of t: the row's objective is that and the
 * formula above. Local. */
double rb_implicit_entries(const rb_implicit *o, double *t, double *w, const float *rating, int64_t n);

/** gram [k x k] = a0 B'B. Collective. @return RB_OK, RB_NO_MEMORY (agreed) */
rb_status rb_implicit_gram(double *gram, const rb_factors *b, const rb_implicit *o, const rb_ctx *ctx, rb_error *err);

/* The system of one row in double, as rb_fold_in takes it. */
typedef struct {
    double *base;  /* [k x k] */
    double *w, *t; /* [n] */
    double lambda;
} rb_implicit_row;

/** The system of a user of n entries; gram: Q'Q of the items, without a0. Local. @return RB_OK, RB_NO_MEMORY (release
 * it all the same) */
rb_status rb_implicit_row_init(rb_implicit_row *row, const rb_factors *items, const double *gram, const rb_implicit *o,
                               const float *rating, int64_t n, rb_error *err);
/** Zeroed is allowed. */
void rb_implicit_row_fini(rb_implicit_row *row);

#endif
