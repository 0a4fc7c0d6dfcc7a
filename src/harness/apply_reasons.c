#include "harness/apply_reasons.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"

bool rb_reasons_are_there(const rb_algorithm *a)
{
    return (a->can & RB_CAN_EXPLAIN) || a->fold_in || a->next;
}

rb_status rb_reasons_init(rb_reasons *r, int64_t most, rb_error *err)
{
    *r = (rb_reasons){ .most = most };
    rb_alloc(&r->id, most, err);
    return rb_alloc(&r->weight, most, err);
}

void rb_reasons_fini(rb_reasons *r)
{
    rb_free(r->id);
    rb_free(r->weight);
    rb_free(r->lost);
    *r = (rb_reasons){ 0 };
}

static void print_items(FILE *out, const rb_reasons *r, int64_t n, const rb_dataset *d)
{
    char id[32];
    for (int64_t k = 0; k < n; k++) {
        const char *title = rb_apply_title(d, r->id[k]);
        fprintf(out, "%s%s (%.3g)", k ? "; " : "", *title ? title : rb_ids_name(id, &d->items, r->id[k]), r->weight[k]);
    }
}

/* ---- what a score loses ---- */

rb_status rb_reasons_leave_out(rb_reasons *r, const int32_t *own, int64_t n_own, int64_t n_listed, rb_reasons_ask ask,
                               void *self, rb_error *err)
{
    double *whole = NULL;
    rb_free(r->lost);
    r->lost = NULL;
    r->own = own;
    r->n_own = n_own;
    rb_alloc(&whole, n_listed, err);
    RB_TRY(rb_alloc(&r->lost, n_own * n_listed, err));
    RB_TRY(ask(whole, self, -1, err));
    for (int64_t e = 0; e < n_own; e++) {
        double *lost = r->lost + e * n_listed;
        RB_TRY(ask(lost, self, e, err));
        for (int64_t k = 0; k < n_listed; k++)
            lost[k] = whole[k] - lost[k];
    }
done:
    rb_free(whole);
    return err->status;
}

void rb_reasons_print_lost(FILE *out, rb_reasons *r, int64_t n_listed, int64_t at, const rb_dataset *d)
{
    int64_t n = 0;
    for (; n < r->most && n < r->n_own; n++) {
        int64_t best = -1;
        for (int64_t e = 0; e < r->n_own; e++)
            if (r->lost[e * n_listed + at] > (best < 0 ? 0 : r->lost[best * n_listed + at]))
                best = e;
        if (best < 0) /* no other adds to the score */
            break;
        r->id[n] = r->own[best];
        r->weight[n] = r->lost[best * n_listed + at];
        r->lost[best * n_listed + at] = 0; /* told */
    }
    fputc('\t', out);
    print_items(out, r, n, d);
}

/* ---- users ---- */

/* The interactions of a user that the model is fitted to, or that are revealed to it. */
static int64_t own_of(const int32_t **items, const float **ratings, const rb_apply_model *m, int32_t user)
{
    const bool positives = m->algorithm->needs & RB_NEEDS_POSITIVES;
    const rb_train_view *view = &m->fold.view;
    const rb_ratings *own = positives ? view->positives : view->ratings,
                     *revealed = positives ? view->revealed_positives : view->revealed;
    if (revealed && own->user_begin[user + 1] == own->user_begin[user])
        own = revealed;
    *items = own->user_item + own->user_begin[user];
    *ratings = own->user_rating + own->user_begin[user];
    return own->user_begin[user + 1] - own->user_begin[user];
}

/* A user who is folded in again and again. */
typedef struct {
    const rb_apply_model *m;
    const int32_t *own, *listed;
    const float *rating;
    int64_t n_own, n_listed;
    int32_t *item; /* [n_own] those that are left */
    float *value;  /* likewise */
    double *score; /* [n_items] */
} folding;

static rb_status fold_without(double *scores, void *self, int64_t without, rb_error *err)
{
    folding *f = self;
    int64_t n = 0;
    for (int64_t e = 0; e < f->n_own; e++) {
        if (e == without)
            continue;
        f->item[n] = f->own[e];
        f->value[n++] = f->rating[e];
    }
    RB_TRY(f->m->algorithm->fold_in(f->score, f->m->state, f->item, f->value, n, f->m->c->config, err));
    for (int64_t k = 0; k < f->n_listed; k++)
        scores[k] = f->score[f->listed[k]];
done:
    return err->status;
}

static bool knows_itself(const rb_algorithm *a)
{
    return a->can & RB_CAN_EXPLAIN;
}

rb_status rb_reasons_of_list(rb_reasons *r, const rb_apply_model *m, int32_t user, const int32_t *items, int64_t n,
                             rb_error *err)
{
    folding f = { .m = m, .listed = items, .n_listed = n };
    if (knows_itself(m->algorithm))
        return RB_OK;
    f.n_own = own_of(&f.own, &f.rating, m, user);
    rb_alloc(&f.item, f.n_own, err);
    rb_alloc(&f.value, f.n_own, err);
    RB_TRY(rb_alloc(&f.score, m->run.data.items.n, err));
    RB_TRY(rb_reasons_leave_out(r, f.own, f.n_own, n, fold_without, &f, err));
done:
    rb_free(f.item);
    rb_free(f.value);
    rb_free(f.score);
    return err->status;
}

/* What each model of an ensemble adds to the score, the most first. */
static rb_status print_shares(FILE *out, const rb_reasons *r, const rb_apply_model *m, int32_t user, int32_t item,
                              rb_error *err)
{
    double *share = NULL;
    const int32_t n = m->c->n_models;
    RB_TRY(rb_alloc(&share, n, err));
    m->algorithm->share(share, m->state, user, item);
    for (int64_t k = 0; k < r->most && k < n; k++) {
        int32_t best = -1;
        for (int32_t i = 0; i < n; i++)
            if (!isnan(share[i]) && (best < 0 || share[i] > share[best]))
                best = i;
        if (best < 0)
            break;
        fprintf(out, "%s%s (%.3g)", k ? "; " : "", m->run.plan.configuration[m->c->children[best]].entry->name,
                share[best]);
        share[best] = NAN; /* told */
    }
done:
    rb_free(share);
    return err->status;
}

static void print_neighbours(FILE *out, const rb_reasons *r, int64_t n, const rb_dataset *d)
{
    char id[32];
    for (int64_t k = 0; k < n; k++)
        fprintf(out, "%suser %s (%.3g)", k ? "; " : "", rb_ids_name(id, &d->users, r->id[k]), r->weight[k]);
}

rb_status rb_reasons_print(FILE *out, rb_reasons *r, const rb_apply_model *m, int32_t user, const int32_t *items,
                           int64_t n, int64_t at, rb_error *err)
{
    const rb_algorithm *a = m->algorithm;
    const rb_dataset *d = &m->run.data;
    const int32_t *own;
    const float *ratings;
    int found = 0;
    if (!knows_itself(a)) {
        rb_reasons_print_lost(out, r, n, at, d);
        return RB_OK;
    }
    fputc('\t', out);
    if (a->share)
        return print_shares(out, r, m, user, items[at], err);
    if (a->explain) {
        found = a->explain(r->id, r->weight, (int)r->most, m->state, user, items[at]);
    } else {
        const int64_t n_own = own_of(&own, &ratings, m, user);
        RB_TRY(a->explain_given(r->id, r->weight, &found, (int)r->most, m->state, own, ratings, n_own, items[at],
                                m->c->config, err));
    }
    if (a->explains_by_users)
        print_neighbours(out, r, found, d);
    else
        print_items(out, r, found, d);
done:
    return err->status;
}
