/*
 * Parts given by files of pairs: each file is read as the source is, and marks the rows of its pairs.
 */
#include "base/alloc.h"
#include "data/read.h"
#include "data/split_mark.h"

#include <math.h>

/* Numbers of a file's ids in the data set; -1 where it does not have them. */
static rb_status map_ids(int32_t **map, const rb_ids *to, const rb_ids *from, rb_error *err)
{
    char buffer[32];
    if (rb_alloc(map, from->n, err) == RB_OK)
        for (int32_t i = 0; i < from->n; i++)
            (*map)[i] = rb_ids_find(to, rb_ids_name(buffer, from, i));
    return err->status;
}

/* Row of a pair in the data set, or -1. */
static int64_t row_of(const rb_ratings *all, int32_t user, int32_t item)
{
    if (user < 0 || item < 0)
        return -1;
    int64_t low = all->user_begin[user], high = all->user_begin[user + 1];
    while (low < high) {
        int64_t middle = low + (high - low) / 2;
        if (all->user_item[middle] < item)
            low = middle + 1;
        else
            high = middle;
    }
    return low < all->user_begin[user + 1] && all->user_item[low] == item ? all->user_row[low] : -1;
}

/* Mark the rows of the file's pairs; every rank of a node finds the same, the first one writes. */
static rb_status mark_pairs(rb_split_job *job, uint8_t part, const char *file, const rb_ratings *all,
                            const rb_dataset *pairs, const rb_ctx *ctx, rb_error *err)
{
    const rb_interactions *x = &pairs->interactions;
    int32_t *user = NULL, *item = NULL;
    int64_t n_marked = 0;

    RB_TRY(map_ids(&user, &job->data->users, &pairs->users, err));
    RB_TRY(map_ids(&item, &job->data->items, &pairs->items, err));
    for (int64_t k = 0; ctx->node_rank == 0 && k < x->n; k++) {
        int64_t row = row_of(all, user[x->user[k]], item[x->item[k]]);
        if (row < 0)
            continue;
        if (job->row[row] != RB_PART_NONE) {
            char u[32], i[32];
            RB_TRY(RB_FAIL(err, RB_BAD_INPUT, "%s: user %s and item %s stand in another file of the split too", file,
                           rb_ids_name(u, &pairs->users, x->user[k]), rb_ids_name(i, &pairs->items, x->item[k])));
        }
        job->row[row] = part;
        n_marked++;
    }
    if (ctx->node_rank == 0 && n_marked == 0)
        RB_FAIL(err, RB_BAD_INPUT, "%s: no pair of it is in data set '%s'", file, job->data->name);
done:
    rb_free(user);
    rb_free(item);
    return err->status;
}

static rb_status mark_file(rb_split_job *job, uint8_t part, const char *file, const rb_ratings *all, rb_ctx *ctx,
                           rb_error *err)
{
    rb_source source = RB_SOURCE_DEFAULT;
    rb_dataset pairs = { 0 };
    if (job->split->source)
        source = *job->split->source;
    source.path = file;
    RB_TRY(rb_dataset_read(&pairs, &source, ctx, err));
    RB_TRY_ALL(ctx, mark_pairs(job, part, file, all, &pairs, ctx, err));
    rb_split_seen(job->memory, ctx);
done:
    rb_dataset_fini(&pairs);
    return err->status;
}

rb_status rb_split_by_files(rb_split_job *job, rb_ctx *ctx, rb_error *err)
{
    const rb_split *s = job->split;
    int64_t n = job->data->interactions.n;
    rb_ratings all = { 0 };
    RB_TRY(rb_ratings_build(&all, &job->data->interactions, NULL, 1u << RB_PART_TRAIN | RB_WITH_ROWS, -INFINITY, ctx,
                            err));
    if (ctx->node_rank == 0)
        for (int64_t row = 0; row < n; row++)
            job->row[row] = RB_PART_NONE;
    rb_split_seen(job->memory, ctx);
    RB_TRY(mark_file(job, RB_PART_TRAIN, s->train_file, &all, ctx, err));
    if (s->validation_file)
        RB_TRY(mark_file(job, RB_PART_VALIDATION, s->validation_file, &all, ctx, err));
    RB_TRY(mark_file(job, RB_PART_TEST, s->test_file, &all, ctx, err));
done:
    rb_ratings_fini(&all);
    return err->status;
}
