#include "recommend/core/factor_bias.h"

void rb_factor_bias_score(rb_tile *tile, const rb_factor_model *factor, const rb_biases *bias, const int32_t *users,
                          int32_t n_users, int32_t item_begin, int32_t item_end)
{
    rb_factors_score(tile, &factor->users, &factor->items, users, n_users, item_begin, item_end);
    for (int32_t u = 0; u < n_users; u++) {
        double known = bias->mean + bias->user[users[u]];
        int64_t at = u * tile->ld;
        for (int32_t i = item_begin; i < item_end; i++, at++)
            if (factor->precision == RB_SINGLE)
                ((float *)tile->data)[at] = (float)(known + bias->item[i] + (double)((float *)tile->data)[at]);
            else
                ((double *)tile->data)[at] += known + bias->item[i];
    }
}

void rb_factor_bias_predict(double *out, const rb_factor_model *factor, const rb_biases *bias, const rb_pairs *pairs)
{
    for (int64_t p = 0; p < pairs->n; p++) {
        int32_t user = pairs->user[p], item = pairs->item[p];
        out[p] = rb_bias_at(bias, user, item);
        if (user >= 0 && item >= 0)
            out[p] += rb_factors_dot(&factor->users, user, &factor->items, item);
    }
}
