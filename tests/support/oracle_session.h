/*
 * Sessions for tests, and session models written another way: dense matrices over all items, every training session
 * compared with the session of the present, one at a time.
 */
#ifndef RB_SUPPORT_ORACLE_SESSION_H
#define RB_SUPPORT_ORACLE_SESSION_H

#include "data/algorithm.h"

/** Sessions from lists of items that end in -1, in `time` order: event e of session k is at times[k] + e (times NULL:
 * all at 0). users NULL: session k is of user k. Collective over rb_test_ctx; release with rb_sessions_fini. */
void oracle_sessions_make(rb_sessions *out, const int32_t *const *lists, int n, const int32_t *users,
                          const int64_t *times);

/** Random sessions of 2 to 9 events over a walk: item i is followed by i + 1 or i + 2 more often than by others; some
 * items come twice. Collective over rb_test_ctx. */
void oracle_sessions_walk(rb_sessions *out, int n, int n_items, int n_users, uint64_t seed);

/* Every oracle: score [n_items], 0 where an item is not listed, for what follows items[0 .. n). */

/** w_ij of all pairs, then the k largest of the last item (ties: the lower item). weight(d) as in V-SKNN's names: same,
 * linear, div, log, quadratic. beside: association rules. */
void oracle_rules(double *score, const rb_sessions *s, int n_items, int last, bool beside, int64_t steps,
                  const char *weight, int64_t k);
void oracle_markov(double *score, const rb_sessions *s, int n_items, int last, double smoothing);

typedef struct {
    int64_t k, sample;
    const char *similarity;                  /* cosine, jaccard, dice; NULL: that of V-SKNN */
    const char *weighting, *weighting_score; /* V-SKNN */
    double idf;
} oracle_sknn;
void oracle_neighbours(double *score, const rb_sessions *s, int n_items, const int32_t *items, int64_t n,
                       const oracle_sknn *c);

#endif
