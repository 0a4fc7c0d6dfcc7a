#include "recommend/core/implicit.h"

#include <math.h>

#include "base/alloc.h"

double rb_implicit_lambda(const rb_implicit *o, int64_t n, int64_t n_other)
{
    if (o->objective == RB_OBJECTIVE_HU)
        return o->regularization;
    return o->regularization * pow((double)n + o->unobserved * (double)n_other, o->nu);
}

double rb_implicit_entries(const rb_implicit *o, double *t, double *w, const float *rating, int64_t n)
{
    bool hu = o->objective == RB_OBJECTIVE_HU;
    double constant = 0;
    for (int64_t e = 0; e < n; e++) {
        w[e] = hu ? o->alpha * (double)rating[e] : 1;
        t[e] = hu ? 1 + w[e] : 1;
        constant += t[e];
    }
    return constant;
}

rb_status rb_implicit_gram(double *gram, const rb_factors *b, const rb_implicit *o, const rb_ctx *ctx, rb_error *err)
{
    RB_TRY(rb_factors_gram(gram, b, ctx, err));
    for (int64_t i = 0; o->objective == RB_OBJECTIVE_RENDLE && i < b->k * b->k; i++)
        gram[i] *= o->unobserved;
done:
    return err->status;
}

rb_status rb_implicit_row_init(rb_implicit_row *row, const rb_factors *items, const double *gram, const rb_implicit *o,
                               const float *rating, int64_t n, rb_error *err)
{
    int64_t k = items->k;
    RB_TRY(rb_alloc(&row->t, n, err));
    RB_TRY(rb_alloc(&row->w, n, err));
    RB_TRY(rb_alloc(&row->base, k * k, err));
    for (int64_t i = 0; i < k * k; i++)
        row->base[i] = gram[i] * (o->objective == RB_OBJECTIVE_HU ? 1 : o->unobserved);
    (void)rb_implicit_entries(o, row->t, row->w, rating, n);
    row->lambda = rb_implicit_lambda(o, n, items->n);
done:
    return err->status;
}

void rb_implicit_row_fini(rb_implicit_row *row)
{
    rb_free(row->base);
    rb_free(row->w);
    rb_free(row->t);
}
