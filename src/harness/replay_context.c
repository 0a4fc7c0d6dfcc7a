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

/*
 * The interactions of training, without the playbacks: no feature knows a click that a policy is tested on. The arrays
 * are the caller's.
 */
static rb_status take_training(rb_dataset *known, int32_t **user, int32_t **item, float **rating, int64_t **time,
                               const rb_dataset *d, const rb_fold *fold, rb_error *err)
{
    const rb_interactions *x = &d->interactions;
    int64_t n = 0;
    for (int64_t row = 0; row < x->n; row++)
        n += fold->parts.row[row] == RB_PART_TRAIN;
    RB_TRY(rb_alloc(user, n, err));
    RB_TRY(rb_alloc(item, n, err));
    if (x->rating)
        RB_TRY(rb_alloc(rating, n, err));
    if (x->time)
        RB_TRY(rb_alloc(time, n, err));
    n = 0;
    for (int64_t row = 0; row < x->n; row++) {
        if (fold->parts.row[row] != RB_PART_TRAIN)
            continue;
        (*user)[n] = x->user[row];
        (*item)[n] = x->item[row];
        if (x->rating)
            (*rating)[n] = x->rating[row];
        if (x->time)
            (*time)[n] = x->time[row];
        n++;
    }
    *known = *d;
    known->has_sessions = false;
    known->interactions.n = n;
    known->interactions.user = *user;
    known->interactions.item = *item;
    known->interactions.rating = *rating;
    known->interactions.time = *time;
done:
    return err->status;
}

rb_status rb_replay_context_make(rb_replay_input *in, const rb_run_state *run, const rb_fold *fold, rb_error *err)
{
    rb_dataset known = run->data; /* a simulated click is in no data */
    int32_t *user = NULL, *item = NULL;
    float *rating = NULL;
    int64_t *time = NULL;
    rb_points users = { 0 };
    if (run->experiment.replay.log == RB_REPLAY_INTERACTIONS)
        RB_TRY_ALL(run->world, take_training(&known, &user, &item, &rating, &time, &run->data, fold, err));
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
    rb_free(user);
    rb_free(item);
    rb_free(rating);
    rb_free(time);
    return err->status;
}
