/*
 * Small algorithms that refer to each other, for tests of what the harness hands from trial to trial.
 */
#ifndef RB_SUPPORT_TOY_GRAPH_H
#define RB_SUPPORT_TOY_GRAPH_H

#include "data/algorithm.h"

/*
 * toy_embedding: makes a space of its points, y = x W with W [d x dims] uniform in [-1, 1) by the trial's seed.
 * `fault`: none, fit (the fit fails) or nan (a value of the space is none). Arrays: `y` [n x dims], `w` [d x dims].
 */
extern const rb_algorithm rb_toy_embedding;

/* toy_forgetful: the same, but it cannot place new points. */
extern const rb_algorithm rb_toy_forgetful;

/* toy_short: a clustering of the catalogue, all in one, that leaves the last item out. */
extern const rb_algorithm rb_toy_short;

/*
 * toy_popular_of: needs a clustering (`clusters`); the score of an item is how many positives the items of its cluster
 * have together, 0 for noise. Array: `item` [n_items].
 */
extern const rb_algorithm rb_toy_popular_of;

/*
 * toy_ensemble: score = weight * first + (1 - weight) * second, which it goes on asking; both score in double. The
 * weight is the given one, or halved by `iterations` of which the best is to be kept. Array: `weight` [1].
 */
extern const rb_algorithm rb_toy_ensemble;

#endif
