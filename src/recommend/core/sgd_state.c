#include "recommend/core/sgd_state.h"

#include <string.h>

rb_status rb_sgd_state_begin(rb_sgd_state *m, const rb_ratings *train, int64_t k, rb_precision precision,
                             const rb_sgd_start *start, bool biased, rb_sgd_schedule schedule, const rb_ctx *ctx,
                             rb_error *err)
{
    RB_TRY(rb_bias_fit(&m->bias, train, &(rb_bias_config){ 0 }, ctx, err));
    RB_TRY(rb_sgd_model_begin(&m->factor, train, k, precision, start, ctx, err));
    RB_TRY(rb_sgd_sums_begin(&m->sums, &m->factor, schedule, ctx, err));
    RB_TRY(rb_sgd_begin(&m->sgd, &m->factor, biased, schedule, ctx, err));
done:
    return err->status;
}

rb_status rb_sgd_state_deal(rb_sgd_state *m, const rb_ratings *train, const rb_grid_options *options, int64_t epoch,
                            const rb_ctx *ctx, rb_error *err)
{
    RB_TRY(rb_grid_deal(&m->sgd.grid, train, options, epoch, ctx, err));
    m->is_placed = false;
done:
    return err->status;
}

rb_status rb_sgd_state_run(double *loss, rb_sgd_state *m, const rb_grid_step *step, const void *work, const rb_ctx *ctx,
                           rb_error *err)
{
    if (!m->is_placed)
        rb_sgd_load(&m->sgd, &m->factor, &m->bias, &m->sums, ctx);
    m->is_placed = true;
    RB_TRY(rb_sgd_run(loss, &m->sgd, step, work, ctx, err));
    rb_sgd_store(&m->factor, &m->bias, &m->sums, &m->sgd, ctx);
done:
    return err->status;
}

rb_status rb_sgd_state_end(rb_sgd_state *m, const rb_ratings *train, rb_ctx *ctx, rb_error *err)
{
    rb_sgd_fini(&m->sgd);
    rb_sgd_sums_fini(&m->sums);
    return rb_factor_model_end(&m->factor, train, ctx, err);
}

rb_status rb_sgd_state_reveal(void *self, const rb_ratings *revealed, rb_sgd_fold fold, const void *config,
                              const rb_ctx *ctx, rb_error *err)
{
    rb_sgd_state *m = self;
    return rb_sgd_reveal(&m->factor, &m->bias, revealed, fold, self, config, ctx, err);
}

rb_status rb_sgd_state_fold_in(double *scores, const void *self, rb_sgd_fold fold, const void *config,
                               const int32_t *items, const float *ratings, int64_t n, rb_error *err)
{
    const rb_sgd_state *m = self;
    return rb_sgd_fold_in(scores, &m->factor, &m->bias, fold, self, config, items, ratings, n, err);
}

void rb_sgd_state_score(rb_tile *tile, const void *self, const int32_t *users, int32_t n_users, int32_t item_begin,
                        int32_t item_end)
{
    const rb_sgd_state *m = self;
    rb_factor_bias_score(tile, &m->factor, &m->bias, users, n_users, item_begin, item_end);
}

void rb_sgd_state_arrays(void *self, rb_visitor *v)
{
    rb_sgd_state *m = self;
    rb_factor_model_arrays(&m->factor, v);
    rb_bias_arrays(&m->bias, v);
}

static void visit_sums(rb_shared *sums, const char *name, const rb_factors *of, rb_visitor *v)
{
    int64_t n = of->n, n_cols = RB_SGD_SUMS;
    v->array(v, name, of->precision == RB_SINGLE ? RB_FLOAT32 : RB_FLOAT64, &sums->data, &n, &n_cols, sums);
}

/* What is read back is not yet at its positions. */
void rb_sgd_state_checkpoint(void *self, rb_visitor *v)
{
    rb_sgd_state *m = self;
    rb_sgd_state_arrays(m, v);
    if (m->sums.users.data) {
        visit_sums(&m->sums.users, "user_sums", &m->factor.users, v);
        visit_sums(&m->sums.items, "item_sums", &m->factor.items, v);
    }
    m->is_placed = m->is_placed && !v->reads;
}

void rb_sgd_state_fini(void *self)
{
    rb_sgd_state *m = self;
    rb_sgd_fini(&m->sgd);
    rb_sgd_sums_fini(&m->sums);
    rb_factor_model_fini(&m->factor);
    rb_bias_fini(&m->bias);
    memset(m, 0, sizeof *m);
}
