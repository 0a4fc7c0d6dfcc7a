/*
 * Small algorithms that work, for tests of the harness: each shows one thing that a contract promises.
 */
#ifndef RB_SUPPORT_TOY_MODELS_H
#define RB_SUPPORT_TOY_MODELS_H

#include <signal.h>

#include "data/algorithm.h"

/*
 * toy_turning: predicts the mean rating plus a fault that shrinks until iteration `turn` (from 0), then grows; ends
 * after `iterations`. Arrays: `item` (shared memory), `fault` (private), and scalars `at` (the iteration) and `ended`
 * (the iteration that `end` found).
 */
extern const rb_algorithm rb_toy_turning;

/* toy_echo: predicts of every item what the model `of` predicts for the first user. Array: `item`. */
extern const rb_algorithm rb_toy_echo;

/*
 * toy_shared: prepares a list of uniform numbers, as long as the largest `k` among its configs, from the seed and the
 * marked `base`; a model's `item` is the sum of the list's first k numbers plus one of its own seed. Preparing fails
 * where any config is `greedy`.
 */
extern const rb_algorithm rb_toy_shared;

/* What rb_toy_shared did on this rank since a test zeroed it. */
typedef struct {
    int64_t prepared, unprepared, fitted;
    int64_t n_configs; /* of the last one that was prepared */
    int64_t longest;   /* k among them */
} rb_toy_log;
extern rb_toy_log rb_toy_shared_log;

/*
 * toy_waiting: predicts 0; with `behind` n it ends only once n fits of others have ended, and fails after 30 s. All
 * have the same predicted flops.
 */
extern const rb_algorithm rb_toy_waiting;

/* A file, empty at first, of which all ranks know: rb_toy_waiting counts the ends of fits in it. */
extern const char *rb_toy_waiting_file;

/* toy_shaped: predicts 0; fails where its view has other sizes than `check` was told. */
extern const rb_algorithm rb_toy_shaped;

/*
 * toy_measured: point p has label p mod k; measures a `cost` of 100 / k, no `cophenetic` (NAN) and, of odd k alone, a
 * `coherence` of 1 / k.
 */
extern const rb_algorithm rb_toy_measured;

/* How often rb_toy_measured was fitted on this rank since a test zeroed it. */
extern int64_t rb_toy_measured_fits;

/* Becomes 1 with each fit of it: a run whose `stop` this is ends after its first. */
extern volatile sig_atomic_t rb_toy_measured_stop;

#endif
