#include "recommend/core/implicit_model.h"

#include <string.h>

#include "base/alloc.h"
#include "recommend/core/factor_fold.h"

static double entries(const rb_normal *a, double *t, double *w, int64_t row, int64_t from, int64_t n)
{
    (void)row;
    return rb_implicit_entries(a->model, t, w, a->side.rating + from, n);
}

static double lambda(const rb_normal *a, int64_t n)
{
    return rb_implicit_lambda(a->model, n, a->other->n);
}

rb_status rb_implicit_solve(rb_half_step *sums, rb_implicit_model *m, rb_side side, bool users, bool revealed,
                            int64_t cg_steps, const rb_implicit *o, const rb_ctx *ctx, rb_error *err)
{
    const rb_factors *other = users ? &m->factor.items : &m->factor.users;
    const rb_normal system = {
        .side = side,
        .own = users ? &m->factor.users : &m->factor.items,
        .other = other,
        .base = m->gram,
        .weighted = o->objective == RB_OBJECTIVE_HU,
        .keep_empty = revealed,
        .cg_steps = cg_steps,
        .entries = entries,
        .lambda = lambda,
        .model = o,
    };
    RB_TRY(rb_implicit_gram(m->gram, other, o, ctx, err));
    RB_TRY(rb_solve_rows(sums, &system, ctx, err));
done:
    return err->status;
}

rb_status rb_implicit_reveal(rb_implicit_model *m, const rb_ratings *revealed, const rb_implicit *o, const rb_ctx *ctx,
                             rb_error *err)
{
    rb_half_step sums;
    return rb_implicit_solve(&sums, m, rb_side_users(revealed), true, true, 0, o, ctx, err);
}

rb_status rb_implicit_end(rb_implicit_model *m, const rb_ratings *train, const rb_ctx *ctx, rb_error *err)
{
    RB_TRY(rb_factors_gram(m->gram, &m->factor.items, ctx, err));
    RB_TRY(rb_factor_model_end(&m->factor, train, ctx, err));
done:
    return err->status;
}

rb_status rb_implicit_fold_in(double *scores, const rb_implicit_model *m, const rb_implicit *o, const int32_t *items,
                              const float *ratings, int64_t n, rb_error *err)
{
    rb_implicit_row g = { 0 };
    double *x = NULL;
    RB_TRY(rb_alloc(&x, m->factor.items.k, err));
    RB_TRY(rb_implicit_row_init(&g, &m->factor.items, m->gram, o, ratings, n, err));
    RB_TRY(rb_fold_in(x, &m->factor.items, g.base, g.lambda, items, g.w, g.t, n, false, err));
    rb_fold_scores(scores, &m->factor.items, x);
done:
    rb_implicit_row_fini(&g);
    rb_free(x);
    return err->status;
}

rb_status rb_implicit_explain(int32_t *items, double *weights, int *found, int n, const rb_implicit_model *m,
                              const rb_implicit *o, const int32_t *own, const float *ratings, int64_t n_own,
                              int32_t item, rb_error *err)
{
    rb_implicit_row g = { 0 };
    RB_TRY(rb_implicit_row_init(&g, &m->factor.items, m->gram, o, ratings, n_own, err));
    RB_TRY(
        rb_fold_explain(items, weights, found, n, &m->factor.items, g.base, g.lambda, own, g.w, g.t, n_own, item, err));
done:
    rb_implicit_row_fini(&g);
    return err->status;
}

void rb_implicit_score(rb_tile *tile, const void *self, const int32_t *users, int32_t n_users, int32_t item_begin,
                       int32_t item_end)
{
    const rb_implicit_model *m = self;
    rb_factors_score(tile, &m->factor.users, &m->factor.items, users, n_users, item_begin, item_end);
}

void rb_implicit_arrays(void *self, rb_visitor *v)
{
    rb_implicit_model *m = self;
    rb_factor_model_arrays(&m->factor, v);
    v->array(v, "item_gram", RB_FLOAT64, (void **)&m->gram, &m->k, &m->k, NULL);
}

void rb_implicit_fini(void *self)
{
    rb_implicit_model *m = self;
    rb_free(m->gram);
    rb_factor_model_fini(&m->factor);
    memset(m, 0, sizeof *m);
}
