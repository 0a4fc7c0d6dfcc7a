#include "recommend/core/ensemble.h"

#include <math.h>

int32_t rb_ensemble_size(const rb_model_ref refs[RB_ENSEMBLE_MODELS])
{
    int32_t n = 0;
    for (int m = 0; m < RB_ENSEMBLE_MODELS; m++)
        n += refs[m].index >= 0;
    return n;
}

rb_status rb_ensemble_check(const char *owner, const rb_model_ref refs[RB_ENSEMBLE_MODELS], rb_error *err)
{
    const int32_t n = rb_ensemble_size(refs);
    for (int32_t m = 0; m < n; m++)
        if (refs[m].index < 0)
            return RB_FAIL(err, RB_BAD_INPUT, "%s names a later model and leaves out an earlier one", owner);
    if (n < 2)
        return RB_FAIL(err, RB_BAD_INPUT,
                       "%s combines other entries: name two or more by their `as` names, first: NAME, second: NAME",
                       owner);
    return RB_OK;
}

rb_status rb_ensemble_check_array(const char *owner, const char *name, const rb_array *array, int64_t n_wanted,
                                  const char *what, rb_error *err)
{
    const int64_t n = array->n_rows * array->n_cols;
    if (!array->value)
        return RB_OK;
    if (array->n_rows > 1 && array->n_cols > 1)
        return RB_FAIL(err, RB_BAD_INPUT,
                       "'%s.%s' has %lld rows, expected one: a list of lists is one array; name one entry for each",
                       owner, name, (long long)array->n_rows);
    if (n != n_wanted)
        return RB_FAIL(err, RB_BAD_INPUT, "'%s.%s' holds %lld number%s, expected %lld: %s", owner, name, (long long)n,
                       rb_text_plural(n), (long long)n_wanted, what);
    for (int64_t i = 0; i < n; i++)
        if (!isfinite(array->value[i]) || array->value[i] < 0)
            return RB_FAIL(err, RB_BAD_INPUT, "'%s.%s' holds %g, expected numbers from 0", owner, name,
                           array->value[i]);
    return RB_OK;
}

void rb_ensemble_attach(rb_ensemble *e, const rb_model_ref refs[RB_ENSEMBLE_MODELS], const rb_train_view *view)
{
    *e = (rb_ensemble){ .ranks = true, .predicts = true };
    for (int m = 0; m < RB_ENSEMBLE_MODELS; m++) {
        if (refs[m].index < 0)
            continue;
        const rb_model_view *of = &view->models[refs[m].index];
        e->ranks = e->ranks && of->algorithm->score;
        e->predicts = e->predicts && of->algorithm->predict;
        e->of[e->n++] = *of;
    }
}

void rb_ensemble_walk(void (*visit)(void *self, const rb_ensemble_part *part), void *self, int64_t ld,
                      const int32_t *users, int32_t n_users, int32_t item_begin, int32_t item_end)
{
    for (int32_t u = 0; u < n_users; u += RB_ENSEMBLE_USERS)
        for (int32_t from = item_begin; from < item_end; from += RB_ENSEMBLE_WIDTH) {
            const rb_ensemble_part part = {
                .users = users + u,
                .n_users = n_users - u < RB_ENSEMBLE_USERS ? n_users - u : RB_ENSEMBLE_USERS,
                .begin = from,
                .end = item_end - from < RB_ENSEMBLE_WIDTH ? item_end : from + RB_ENSEMBLE_WIDTH,
                .at = u * ld + (from - item_begin),
            };
            visit(self, &part);
        }
}

typedef struct {
    double *out;
    int64_t ld;
    const rb_model_view *of;
} widening;

/* Through a few numbers of its own: a score allocates nothing. */
static void widen(void *self, const rb_ensemble_part *p)
{
    const widening *w = self;
    float narrow[RB_ENSEMBLE_USERS * RB_ENSEMBLE_WIDTH];
    w->of->algorithm->score(&(rb_tile){ narrow, RB_ENSEMBLE_WIDTH }, w->of->state, p->users, p->n_users, p->begin,
                            p->end);
    for (int32_t u = 0; u < p->n_users; u++)
        for (int32_t i = 0; i < p->end - p->begin; i++)
            w->out[p->at + u * w->ld + i] = (double)narrow[u * RB_ENSEMBLE_WIDTH + i];
}

void rb_ensemble_score(double *out, int64_t ld, const rb_ensemble *e, int32_t k, const int32_t *users, int32_t n_users,
                       int32_t item_begin, int32_t item_end)
{
    const rb_model_view *of = &e->of[k];
    if (of->algorithm->precision && of->algorithm->precision(of->config) == RB_SINGLE)
        rb_ensemble_walk(widen, &(widening){ out, ld, of }, ld, users, n_users, item_begin, item_end);
    else
        of->algorithm->score(&(rb_tile){ out, ld }, of->state, users, n_users, item_begin, item_end);
}

double rb_ensemble_predict(const rb_ensemble *e, int32_t k, int32_t user, int32_t item)
{
    double out;
    e->of[k].algorithm->predict(&out, e->of[k].state, &(rb_pairs){ 1, &user, &item });
    return out;
}

rb_ensemble_items rb_ensemble_met(const rb_train_view *view, int32_t user)
{
    const rb_ratings *of = view->ratings;
    if (view->revealed && of->user_begin[user] == of->user_begin[user + 1])
        of = view->revealed;
    return (rb_ensemble_items){ of->user_item + of->user_begin[user], of->user_begin[user + 1] - of->user_begin[user] };
}

int64_t rb_ensemble_unmet(int32_t *items, const rb_train_view *view, int32_t user)
{
    const rb_ensemble_items met = rb_ensemble_met(view, user);
    int64_t n = 0, e = 0;
    for (int32_t i = 0; i < view->ratings->n_items; i++) {
        while (e < met.n && met.item[e] < i)
            e++;
        if (e == met.n || met.item[e] != i)
            items[n++] = i;
    }
    return n;
}
