/*
 * What the models of alternating least squares share: two factor matrices with their start, scores and storage, and
 * the rows of the parameter tables for them.
 */
#ifndef RB_RECOMMEND_CORE_FACTOR_MODEL_H
#define RB_RECOMMEND_CORE_FACTOR_MODEL_H

#include "recommend/core/factor.h"

/* The order of the choice `solver`. */
typedef enum { RB_SOLVER_CHOLESKY, RB_SOLVER_CG } rb_solver;

/* Rows of a table whose config has the fields `factors`; `solver`, `cg_steps`; `init`, `init_scale`, `start`,
 * `precision`. */
#define RB_FACTORS_PARAM(config) RB_INT(config, factors, 64, 1, 4096, "", "latent factors")
#define RB_SOLVER_PARAMS(config)                                                                              \
    RB_CHOICE(config, solver, RB_SOLVER_CHOLESKY, "cholesky|cg", "exact, or cg_steps of conjugate gradient"), \
        RB_INT(config, cg_steps, 3, 1, 1000, "", "steps a row and half iteration, cg only")
#define RB_START_PARAMS(config, scale)                                                                           \
    RB_CHOICE(config, init, RB_START_RANDOM, RB_STARTS, "item factors to start from"),                           \
        RB_DOUBLE(config, init_scale, scale, 1e-12, 1e6, "", "length of a row of the start, init: random only"), \
        RB_ARRAY(config, start, "item factors, items x factors, init: file only"),                               \
        RB_CHOICE(config, precision, RB_SINGLE, RB_PRECISIONS, "of factors and systems")

typedef struct {
    rb_factors users, items;
    int32_t precision;
} rb_factor_model;

/** The start of item factors: of N(0, (scale / sqrt(k))^2), stream "factors", where it is random. */
rb_factor_start rb_item_start(rb_start kind, double scale, const rb_array *given, int64_t k);

/** Users 0, items at their start. Collective. @return as rb_factors_start (agreed) */
rb_status rb_factor_model_begin(rb_factor_model *m, const rb_ratings *train, int64_t k, rb_precision precision,
                                const rb_factor_start *start, const rb_ctx *ctx, rb_error *err);

/** Drop the padding of both. Collective. @return RB_OK, RB_NO_MEMORY (agreed) */
rb_status rb_factor_model_end(rb_factor_model *m, const rb_ratings *train, const rb_ctx *ctx, rb_error *err);

/** Names the arrays: precision, user_factors, item_factors. */
void rb_factor_model_arrays(rb_factor_model *m, rb_visitor *v);

/** Collective over the ctx that began it. Zeroed is allowed. */
void rb_factor_model_fini(rb_factor_model *m);

#endif
