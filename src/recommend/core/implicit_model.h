/*
 * What the models of implicit alternating least squares share beside their objective (core/implicit.h): the state, the
 * exact half step, and what follows the fit.
 */
#ifndef RB_RECOMMEND_CORE_IMPLICIT_MODEL_H
#define RB_RECOMMEND_CORE_IMPLICIT_MODEL_H

#include "recommend/core/factor_model.h"
#include "recommend/core/factor_solve.h"
#include "recommend/core/implicit.h"

typedef struct {
    rb_factor_model factor;
    double *gram; /* [k x k] Q'Q of the items, for fold-in; while fitting, of the side that is fixed, times a0 */
    int64_t k;
} rb_implicit_model;

/**
 * Solve all rows of users or of items exactly, or by cg_steps of conjugate gradient from where they stand.
 *
 * @param[in] revealed  rows without entries stay as they are; else they become 0
 * Collective over ctx; returns, bits and cost as rb_solve_rows.
 */
rb_status rb_implicit_solve(rb_half_step *sums, rb_implicit_model *m, rb_side side, bool users, bool revealed,
                            int64_t cg_steps, const rb_implicit *o, const rb_ctx *ctx, rb_error *err);

/** The users who were revealed, for the items as they stand. Collective; as rb_implicit_solve. */
rb_status rb_implicit_reveal(rb_implicit_model *m, const rb_ratings *revealed, const rb_implicit *o, const rb_ctx *ctx,
                             rb_error *err);

/** The Gram matrix of the items, and factors without padding. Collective. @return RB_OK, RB_NO_MEMORY (agreed) */
rb_status rb_implicit_end(rb_implicit_model *m, const rb_ratings *train, const rb_ctx *ctx, rb_error *err);

/** The user half step of one more row: scores of all items. Local. @return as rb_fold_in */
rb_status rb_implicit_fold_in(double *scores, const rb_implicit_model *m, const rb_implicit *o, const int32_t *items,
                              const float *ratings, int64_t n, rb_error *err);

/** What the own items add to the score of one. Local. @return as rb_fold_explain */
rb_status rb_implicit_explain(int32_t *items, double *weights, int *found, int n, const rb_implicit_model *m,
                              const rb_implicit *o, const int32_t *own, const float *ratings, int64_t n_own,
                              int32_t item, rb_error *err);

/* As the slots of data/algorithm.h; self is the model. */
void rb_implicit_score(rb_tile *tile, const void *self, const int32_t *users, int32_t n_users, int32_t item_begin,
                       int32_t item_end);
void rb_implicit_arrays(void *self, rb_visitor *v);
void rb_implicit_fini(void *self);

#endif
