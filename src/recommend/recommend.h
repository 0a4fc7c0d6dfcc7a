/*
 * Recommenders: the table of a model (data/algorithm.h) and the registry that the build collects.
 */
#ifndef RB_RECOMMEND_RECOMMEND_H
#define RB_RECOMMEND_RECOMMEND_H

#include "data/algorithm.h"

typedef rb_algorithm rb_recommender;

/* All recommenders by ascending id, NULL at the end; generated from src/recommend/models. */
extern const rb_algorithm *const rb_recommend_registry[];

#endif
