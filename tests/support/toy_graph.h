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

#endif
