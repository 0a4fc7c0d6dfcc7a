/*
 * Dealing trials to groups: pieces of work, which the groups of a node take one after the other.
 *
 * A piece is what one group runs in a row: the trials that share what their algorithm prepares, or one that shares
 * nothing. More than an even part of all work is cut. Pieces are dealt to nodes by predicted flops, the largest first,
 * each to the node with the least work for its groups: a function of the plan alone. Inside a node every group takes
 * the next piece from a counter in memory that its ranks share, so that a group whose trials end early goes on: no
 * message, and nobody waits for a rank that computes. A counter for all nodes would not do: over TCP one-sided access
 * goes on only while its target is inside MPI, so that all would wait for the trial of the rank that holds it. Who runs
 * what shows in no result.
 */
#ifndef RB_HARNESS_DEAL_H
#define RB_HARNESS_DEAL_H

#include "harness/state.h"

typedef struct rb_piece {
    int64_t begin, n; /* its trials, at order[begin] on */
    int64_t first;    /* of them in the order of the plan */
    double flops;
    int32_t node;
} rb_piece;

typedef struct rb_deal {
    struct rb_load *load; /* [n] scratch */
    int64_t *order;       /* [n] trials, piece by piece */
    rb_piece *piece;      /* [n_pieces] the largest first; of one group in the order of the plan */
    int64_t n_pieces;
    int64_t n_passed;     /* pieces that this group has seen; those of its node are counted by n_taken */
    int64_t n_taken;      /* of its node's */
    int32_t *node_groups; /* [n_nodes] groups whose first rank is of the node */
    double *node_flops;   /* [n_nodes] for each of its groups */
    rb_shared counter;    /* pieces of the node that were taken in this round */
} rb_deal;

/** Room for rounds of up to n trials. Collective over the world. @return RB_OK, RB_NO_MEMORY */
rb_status rb_deal_init(rb_deal *d, const rb_run_state *run, int64_t n, rb_error *err);

/** Begin a round: these trials or refits, by their index in run->work, in the order of the plan. Collective over the
 *  world. */
void rb_deal_round(rb_deal *d, const rb_run_state *run, const int64_t *trials, int64_t n);

/** The group's next piece; returns its number of trials, 0 where none is left. Collective over run->group. */
int64_t rb_deal_next(const int64_t **trials, rb_deal *d, const rb_run_state *run);

/** Collective over the world. Zeroed is allowed. */
void rb_deal_fini(rb_deal *d);

#endif
