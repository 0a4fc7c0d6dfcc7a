/* Titles that are held out whole: of the catalogue itself, or with all that was done with them. */
#include "base/alloc.h"
#include "data/split_mark.h"

/* Titles of a part, in their order; their numbers stay in scratch. */
static rb_status select_titles(rb_catalogue *out, const rb_catalogue *c, const uint8_t *part, uint8_t wanted,
                               int32_t *scratch, rb_error *err)
{
    int32_t n = 0;
    for (int32_t i = 0; i < c->n; i++)
        if (part[i] == wanted)
            scratch[n++] = i;
    return rb_catalogue_select(out, c, scratch, n, err);
}

/* Both parts, and the ids of training in place of all. */
static rb_status divide(rb_catalogue *unseen, rb_dataset *d, const uint8_t *part, rb_error *err)
{
    rb_catalogue train = { 0 };
    rb_ids items = { 0 };
    int32_t *scratch = NULL;
    RB_TRY(rb_alloc(&scratch, d->catalogue.n, err));
    RB_TRY(select_titles(unseen, &d->catalogue, part, RB_PART_TEST, scratch, err));
    RB_TRY(select_titles(&train, &d->catalogue, part, RB_PART_TRAIN, scratch, err));
    RB_TRY(rb_ids_select(&items, &d->items, scratch, train.n, err));
    rb_catalogue_fini(&d->catalogue);
    rb_ids_fini(&d->items);
    d->catalogue = train;
    d->items = items;
    train = (rb_catalogue){ 0 };
done:
    rb_catalogue_fini(&train);
    rb_free(scratch);
    return err->status;
}

rb_status rb_split_titles(rb_catalogue *unseen, rb_dataset *d, const rb_split *s, uint64_t seed, rb_ctx *ctx,
                          rb_error *err)
{
    rb_shared memory = { 0 };
    RB_TRY_ALL(ctx, rb_split_check(s, d, err));
    const int64_t n = d->catalogue.n, n_unseen = rb_split_count(s->test, n);
    const rb_rng rng = { .key = rb_seed_named(seed, "split"), .stream = rb_stream("split.titles") };
    const rb_order order = { rb_place_random, &rng, n };
    if (n_unseen < 1 || n - n_unseen < 2)
        RB_TRY(RB_FAIL(err, RB_BAD_INPUT, "'split.test' %g leaves %lld titles for training and %lld unseen", s->test,
                       (long long)(n - n_unseen), (long long)n_unseen));
    RB_TRY(rb_shared_alloc(&memory, n, ctx, err));
    RB_TRY(rb_split_mark(memory.data, &memory, RB_PART_TEST, 0, n_unseen, &order, ctx, err));
    RB_TRY_ALL(ctx, divide(unseen, d, memory.data, err));
done:
    rb_shared_fini(&memory);
    return err->status;
}

rb_status rb_split_by_titles(rb_split_job *job, rb_ctx *ctx, rb_error *err)
{
    const rb_interactions *x = &job->data->interactions;
    rb_shared roles = { 0 };
    RB_TRY(rb_split_choose(&roles, job, "split.titles", x->n_items, ctx, err));
    const uint8_t *role = roles.data;
    const int64_t begin = x->n * ctx->node_rank / ctx->n_node_ranks,
                  end = x->n * (ctx->node_rank + 1) / ctx->n_node_ranks;
#pragma omp parallel for num_threads(ctx->n_threads) schedule(static)
    for (int64_t row = begin; row < end; row++)
        job->row[row] = role[x->item[row]];
    rb_split_seen(job->memory, ctx);
done:
    rb_shared_fini(&roles);
    return err->status;
}
