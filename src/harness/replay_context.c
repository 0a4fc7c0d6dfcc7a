/* What contextual policies read: the users' features. */
#include <string.h>

#include "base/alloc.h"
#include "harness/replay.h"

bool rb_replay_reads_context(const rb_run_state *run)
{
    const rb_experiment *jobs = run->experiment.replay.jobs;
    bool reads = false;
    for (int32_t i = 0; jobs && i < jobs->n_entries; i++) {
        const rb_policy *policy = rb_policy_of(jobs->entry[i].algorithm);
        reads = reads || (policy && policy->reads_context);
    }
    return reads;
}

/* The interactions of training, without the playbacks: no feature knows a click that a policy is tested on. Rank 0
 * selects. Collective. */
static rb_status take_training(rb_interactions *known, const rb_interactions *all, const rb_fold *fold,
                               const rb_ctx *ctx, rb_error *err)
{
    int64_t n = 0, at = 0, *begin = NULL;
    for (int64_t row = 0; row < all->n; row++)
        n += fold->parts.row[row] == RB_PART_TRAIN;
    RB_TRY_ALL(ctx, rb_alloc(&begin, ctx->n_ranks + 1, err));
    for (int r = 1; r <= ctx->n_ranks; r++)
        begin[r] = n;
    RB_TRY(rb_interactions_alloc(known, n, all->rating != NULL, all->time != NULL, ctx, err));
    for (int64_t row = 0; row < all->n && ctx->rank == 0; row++) {
        if (fold->parts.row[row] != RB_PART_TRAIN)
            continue;
        ((int32_t *)known->user_memory.data)[at] = all->user[row];
        ((int32_t *)known->item_memory.data)[at] = all->item[row];
        if (all->rating)
            ((float *)known->rating_memory.data)[at] = all->rating[row];
        if (all->time)
            ((int64_t *)known->time_memory.data)[at] = all->time[row];
        at++;
    }
    rb_interactions_publish(known, begin, ctx);
    known->n_users = all->n_users;
    known->n_items = all->n_items;
    known->min_rating = all->min_rating;
    known->max_rating = all->max_rating;
done:
    rb_free(begin);
    return err->status;
}

rb_status rb_replay_context_make(rb_replay_input *in, const rb_run_state *run, const rb_fold *fold, rb_error *err)
{
    rb_dataset known = run->data; /* a simulated click is in no data */
    rb_interactions train = { 0 };
    rb_points users = { 0 };
    if (run->experiment.replay.log == RB_REPLAY_INTERACTIONS) {
        RB_TRY(take_training(&train, &known.interactions, fold, run->world, err));
        known.has_sessions = false;
        known.interactions = train;
    }
    RB_TRY(rb_features_users(&users, &known, true, run->world, err));
    const int64_t d = users.d + 1;
    RB_TRY_ALL(run->world, rb_alloc(&in->x, users.n * d, err));
    for (int64_t u = 0; u < users.n; u++) {
        in->x[u * d] = 1;
        memcpy(in->x + u * d + 1, users.dense + u * users.d, (size_t)users.d * sizeof *in->x);
    }
    in->context = (rb_replay_context){ in->x, d };
done:
    rb_points_fini(&users);
    rb_interactions_fini(&train);
    return err->status;
}
