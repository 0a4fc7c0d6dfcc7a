#include "recommend/core/factor_model.h"

#include <math.h>

rb_factor_start rb_item_start(rb_start kind, double scale, const rb_array *given, int64_t k)
{
    return (rb_factor_start){ .kind = kind,
                              .given = given,
                              .parameter = "start",
                              .side = "item",
                              .stream = "factors",
                              .spread = scale / sqrt((double)k) };
}

rb_status rb_factor_model_begin(rb_factor_model *m, const rb_ratings *train, int64_t k, rb_precision precision,
                                const rb_factor_start *start, const rb_ctx *ctx, rb_error *err)
{
    m->precision = (int32_t)precision;
    RB_TRY(rb_factors_alloc(&m->users, train->n_users, k, precision, ctx, err));
    RB_TRY(rb_factors_alloc(&m->items, train->n_items, k, precision, ctx, err));
    RB_TRY(rb_factors_start(&m->items, start, &train->items, ctx, err));
done:
    return err->status;
}

rb_status rb_factor_model_end(rb_factor_model *m, const rb_ratings *train, const rb_ctx *ctx, rb_error *err)
{
    RB_TRY(rb_factors_finish(&m->users, &train->users, ctx, err));
    RB_TRY(rb_factors_finish(&m->items, &train->items, ctx, err));
done:
    return err->status;
}

void rb_factor_model_arrays(rb_factor_model *m, rb_visitor *v)
{
    v->scalar(v, "precision", RB_INT32, &m->precision);
    m->users.precision = m->items.precision = (rb_precision)m->precision;
    rb_factors_visit(&m->users, "user_factors", v);
    rb_factors_visit(&m->items, "item_factors", v);
}

void rb_factor_model_fini(rb_factor_model *m)
{
    rb_factors_fini(&m->users);
    rb_factors_fini(&m->items);
    *m = (rb_factor_model){ 0 };
}
