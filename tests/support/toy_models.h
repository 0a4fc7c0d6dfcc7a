/*
 * Small algorithms that work, for tests of the harness: each shows one thing that a contract promises.
 */
#ifndef RB_SUPPORT_TOY_MODELS_H
#define RB_SUPPORT_TOY_MODELS_H

#include "data/algorithm.h"

/*
 * toy_turning: predicts the mean rating plus a fault that shrinks until iteration `turn` (from 0), then grows; ends
 * after `iterations`. Arrays: `item` (shared memory), `fault` (private), and scalars `at` (the iteration) and `ended`
 * (the iteration that `end` found).
 */
extern const rb_algorithm rb_toy_turning;

/* toy_echo: predicts of every item what the model `of` predicts for the first user. Array: `item`. */
extern const rb_algorithm rb_toy_echo;

#endif
