/*
 * What `prepare` of an algorithm computed, while the trials of a group of ranks that share it run one after the other.
 *
 * Trials share it that agree on the algorithm, on its parameters flagged RB_PARAM_PREPARES, on their space and on the
 * trials they refer to, inside a fold; not on the repeat, since `prepare` sees the experiment's seed. One is held at a
 * time: it goes when the last of its trials was fitted, or before another is computed.
 */
#ifndef RB_HARNESS_PREPARED_H
#define RB_HARNESS_PREPARED_H

#include "data/algorithm.h"

struct rb_job;

typedef struct rb_prepared {
    const int64_t *order; /* [n_order] what this group runs in this round, by its index in run->work; borrowed */
    int64_t n_order;
    const rb_algorithm *algorithm; /* NULL: nothing is held */
    void *state;
    int64_t *user; /* [n_users] that it is for, in the order of their fits */
    int64_t n_users, n_left;
    bool alone;    /* each user gets its own: there is one, or what all could share failed */
    double part_s; /* of the time it took, for each that it serves */
} rb_prepared;

/**
 * What a job's algorithm needs of `prepare`: what is held, where that is for this job, else computed for it and all
 * that come after it in `order` and share it. NULL where the algorithm prepares nothing.
 *
 * Where it cannot be computed for all of them, each of them gets its own: the same bits, and only those fail that
 * would fail by themselves. With options->no_share each gets its own from the start. Collective over job->ctx.
 *
 * @return RB_OK, RB_NO_MEMORY, or what the algorithm returns (agreed)
 */
rb_status rb_prepared_get(const void **state, rb_prepared *p, const struct rb_job *job, rb_error *err);

/** The job that got it last has ended its fit; the last of all releases it. Collective over the group. */
void rb_prepared_done(rb_prepared *p);

/** Release what is held; zeroed is allowed. Collective over the group. */
void rb_prepared_release(rb_prepared *p);

#endif
