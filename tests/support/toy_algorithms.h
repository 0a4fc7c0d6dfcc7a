/*
 * Algorithms that only have tables, for tests of what reads experiments: every kind of parameter, every capability.
 */
#ifndef RB_SUPPORT_TOY_ALGORITHMS_H
#define RB_SUPPORT_TOY_ALGORITHMS_H

#include "data/algorithm.h"

typedef struct {
    int64_t factors;
    double regularization;
    int solver;
    bool biases;
    const char *label;
    rb_array start;
    int mode;
} toy_mf_config;

typedef struct {
    const char *space;
    int64_t k;
} toy_cluster_config;

typedef struct {
    rb_model_ref first, second;
    double weight;
} toy_blend_config;

typedef struct {
    rb_model_ref clusters, finer;
} toy_grouped_config;

/* toy_blend (models), toy_cluster (space), toy_grouped (labels), toy_mf (numbers, choice, bool, text, array; makes a
 * space),
 * toy_popular (no parameter), toy_tuned (needs validation); ended by NULL. */
extern const rb_algorithm *const toy_algorithms[];

#endif
