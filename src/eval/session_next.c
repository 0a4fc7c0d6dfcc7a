/* Asking a model for the next item: by its own slot, or by folding the session in as a new user. */
#include <string.h>

#include "base/alloc.h"
#include "eval/session.h"

bool rb_session_applies(const rb_algorithm *a)
{
    return a->next || (a->fold_in && (a->can & RB_CAN_RANK) && !(a->can & RB_CAN_PREDICT));
}

rb_status rb_next_alloc(rb_next *next, float **ones, const rb_session_model *model, int32_t n_items, int64_t n_longest,
                        rb_error *err)
{
    const rb_algorithm *a = model->algorithm;
    int64_t n_scratch = a->next_scratch ? a->next_scratch(model->state, model->config) : 0;
    char *scratch = NULL;
    *next = (rb_next){ 0 };
    *ones = NULL;
    RB_TRY(rb_alloc(&next->score, n_items, err));
    RB_TRY(rb_alloc(&next->item, n_items, err));
    if (n_scratch > 0)
        RB_TRY(rb_alloc(&scratch, n_scratch, err));
    next->scratch = scratch;
    RB_TRY(rb_alloc(ones, n_longest, err));
    for (int64_t k = 0; k < n_longest; k++)
        (*ones)[k] = 1;
done:
    return err->status;
}

void rb_next_free(rb_next *next, float *ones)
{
    rb_free(next->score);
    rb_free(next->item);
    rb_free(next->scratch);
    rb_free(ones);
}

rb_status rb_next_ask(rb_next *next, const rb_session_model *model, const float *ones, const int32_t *items, int64_t n,
                      int32_t n_items, rb_error *err)
{
    const rb_algorithm *a = model->algorithm;
    if (a->next) {
        a->next(next, model->state, items, n, model->config);
        return RB_OK;
    }
    RB_TRY(a->fold_in(next->score, model->state, items, ones, n, model->config, err));
    for (int32_t i = 0; i < n_items; i++)
        next->item[i] = i;
    next->n = n_items;
done:
    return err->status;
}

void rb_next_clear(rb_next *next)
{
    for (int64_t k = 0; k < next->n; k++)
        next->score[next->item[k]] = 0;
    next->n = 0;
}
