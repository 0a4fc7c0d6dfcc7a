/*
 * The state of the models of factors with biases that are fitted on the block grid, and what they do alike beside their
 * steps: bpr, logistic_mf, svd.
 */
#ifndef RB_RECOMMEND_CORE_SGD_STATE_H
#define RB_RECOMMEND_CORE_SGD_STATE_H

#include "recommend/core/sgd.h"

typedef struct {
    rb_factor_model factor;
    rb_biases bias;
    rb_sgd_sums sums; /* while fitting, by row */
    rb_sgd sgd;       /* likewise */
    bool is_placed;   /* what stands there by position is what the model holds */
} rb_sgd_state;

/**
 * Factors at their start, biases 0 with the mean of the training ratings, and room by position.
 *
 * Collective.
 * @param[in] biased  the steps update biases
 * @return as rb_sgd_model_begin
 */
rb_status rb_sgd_state_begin(rb_sgd_state *m, const rb_ratings *train, int64_t k, rb_precision precision,
                             const rb_sgd_start *start, bool biased, rb_sgd_schedule schedule, const rb_ctx *ctx,
                             rb_error *err);

/** The grid of an epoch. Collective. @return as rb_grid_deal */
rb_status rb_sgd_state_deal(rb_sgd_state *m, const rb_ratings *train, const rb_grid_options *options, int64_t epoch,
                            const rb_ctx *ctx, rb_error *err);

/** The rows to their positions where they are not there, an epoch by `step` on `work`, and the rows back in the model.
 * Collective. @return as rb_sgd_run */
rb_status rb_sgd_state_run(double *loss, rb_sgd_state *m, const rb_grid_step *step, const void *work, const rb_ctx *ctx,
                           rb_error *err);

/** Factors without padding; the room by position is given back. Collective. @return as rb_factor_model_end */
rb_status rb_sgd_state_end(rb_sgd_state *m, const rb_ratings *train, rb_ctx *ctx, rb_error *err);

/** rb_sgd_reveal and rb_sgd_fold_in; `fold` sees self, which begins with its rb_sgd_state. */
rb_status rb_sgd_state_reveal(void *self, const rb_ratings *revealed, rb_sgd_fold fold, const void *config,
                              const rb_ctx *ctx, rb_error *err);
rb_status rb_sgd_state_fold_in(double *scores, const void *self, rb_sgd_fold fold, const void *config,
                               const int32_t *items, const float *ratings, int64_t n, rb_error *err);

/* As the slots of data/algorithm.h; self begins with the rb_sgd_state. */
void rb_sgd_state_score(rb_tile *tile, const void *self, const int32_t *users, int32_t n_users, int32_t item_begin,
                        int32_t item_end);
void rb_sgd_state_arrays(void *self, rb_visitor *v);
void rb_sgd_state_checkpoint(void *self, rb_visitor *v);
void rb_sgd_state_fini(void *self);

#endif
