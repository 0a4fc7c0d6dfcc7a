#include <stdio.h>
#include <strings.h>

#include "base/alloc.h"
#include "harness/apply_model.h"
#include "linalg/topk.h"

static const rb_ids *ids_of(const rb_dataset *d)
{
    return d->has_interactions ? &d->items : &d->catalogue.ids;
}

rb_status rb_similar_item(int32_t *item, const rb_dataset *d, const rb_similar_query *query, rb_error *err)
{
    const rb_ids *ids = ids_of(d);
    *item = query->id ? rb_ids_find(ids, query->id) : -1;
    for (int32_t i = 0; query->title && *item < 0 && i < ids->n; i++)
        if (strcasecmp(rb_apply_title(d, i), query->title) == 0)
            *item = i;
    if (*item < 0)
        return RB_FAIL(err, RB_BAD_INPUT, "no %s '%s' in the data set '%s'", query->id ? "item" : "title",
                       query->id ? query->id : query->title, d->name);
    if (d->has_catalogue)
        return rb_title_filter_check(&query->filter, &d->catalogue, err);
    return RB_OK;
}

rb_status rb_similar_print(FILE *out, const rb_dataset *d, const double *scores, int32_t item,
                           const rb_similar_query *query, rb_error *err)
{
    const rb_ids *ids = ids_of(d);
    rb_topk best = { .k = (int32_t)(query->top < ids->n ? query->top : ids->n) };
    char id[32];
    RB_TRY(rb_alloc(&best.entry, best.k, err));
    for (int32_t i = 0; i < ids->n; i++)
        if (i != item && scores[i] > 0 &&
            (!d->has_catalogue || rb_title_filter_takes(&query->filter, &d->catalogue, i)))
            rb_topk_offer(&best, scores[i], 0, i);
    rb_topk_finish(&best);
    fputs("rank\titem\tsimilarity\ttitle\n", out);
    for (int32_t k = 0; k < best.n; k++)
        fprintf(out, "%d\t%s\t%.6g\t%s\n", k + 1, rb_ids_name(id, ids, best.entry[k].item), best.entry[k].score,
                rb_apply_title(d, best.entry[k].item));
done:
    rb_free(best.entry);
    return err->status;
}

static bool compares_items(const rb_algorithm *a)
{
    return a->similar != NULL;
}

rb_status rb_apply_similar(const rb_apply_options *o, const rb_similar_query *query, rb_ctx *ctx, rb_error *err)
{
    rb_apply_model m = { 0 };
    double *scores = NULL;
    int32_t item;
    RB_TRY(rb_apply_open(&m, o, &(rb_ability){ 0, compares_items, "does not compare items" }, ctx, err));
    RB_TRY(rb_similar_item(&item, &m.run.data, query, err));
    RB_TRY(rb_alloc(&scores, m.run.data.items.n, err));
    m.algorithm->similar(scores, m.state, item);
    RB_TRY(rb_similar_print(o->out, &m.run.data, scores, item, query, err));
done:
    rb_free(scores);
    rb_apply_close(&m);
    return err->status;
}
