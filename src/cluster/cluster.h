/*
 * Clusterings: the table of a model (data/algorithm.h) and the registry that the build collects.
 */
#ifndef RB_CLUSTER_CLUSTER_H
#define RB_CLUSTER_CLUSTER_H

#include "data/algorithm.h"

typedef rb_algorithm rb_clusterer;

/* All clusterings by ascending id, NULL at the end; generated from src/cluster/models. */
extern const rb_algorithm *const rb_cluster_registry[];

#endif
