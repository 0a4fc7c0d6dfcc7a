/*
 * Rules between two items: what follows (or stands beside) an item in the training sessions, and how often. The state
 * and the functions that models by rules share.
 */
#ifndef RB_RECOMMEND_CORE_ITEM_RULES_H
#define RB_RECOMMEND_CORE_ITEM_RULES_H

#include "recommend/core/knn.h"

/* How a distance of d steps, d >= 1, weighs: 1, max(0, 1 - d / 10), 1 / d, 1 / log10(d + 1.7), 1 / d^2. */
typedef enum { RB_STEP_SAME, RB_STEP_LINEAR, RB_STEP_DIV, RB_STEP_LOG, RB_STEP_QUADRATIC } rb_step_weight;
#define RB_STEP_WEIGHTS "same|linear|div|log|quadratic"

double rb_step_weight_of(rb_step_weight weight, int64_t distance);

typedef struct {
    bool beside;   /* distinct items of the same session, in either order, once a session; else items behind */
    int64_t steps; /* at most so far behind */
    rb_step_weight weight;
    int64_t k; /* consequents kept of an item: those of largest weight, ties by the lower item */
} rb_rules_config;

typedef struct {
    rb_knn_lists rules; /* row i: consequents of item i, the heaviest first, and their weights */
} rb_item_rules;

/**
 * Count the rules.
 *
 *     w_ij = sum over the events of i and those of j behind them by at most `steps` of weight(distance)
 *
 * Collective over ctx. Each rank counts the rows of its own items.
 *
 * @return RB_OK, RB_NO_MEMORY (agreed; m can be released)
 *
 * Bits: the same for any ranks and threads: a weight is one sum in ascending order of the events of i. Time
 * O(n_events steps / (P T)), beside: O(sum of squared lengths / (P T)); memory 12 bytes a rule a node, 24 n_items a
 * thread, 8 n_events a rank while counting.
 */
rb_status rb_item_rules_fit(rb_item_rules *m, const rb_rules_config *config, const rb_train_view *view,
                            const rb_ctx *ctx, rb_error *err);

/** Bytes and flops of the fit. */
rb_cost rb_item_rules_cost(const rb_rules_config *config, const rb_shape *shape);

/** `next`: the consequents of the last item. */
void rb_item_rules_next(rb_next *out, const void *self, const int32_t *items, int64_t n, const void *cfg);
void rb_item_rules_arrays(void *self, rb_visitor *v);
void rb_item_rules_fini(void *self);

/* What the tables of models that are nothing else have in common. */
#define RB_ITEM_RULES_MODEL                                                                                 \
    .needs = RB_NEEDS_SESSIONS | RB_NEEDS_RATINGS, .can = RB_CAN_NEXT, .state_size = sizeof(rb_item_rules), \
    .next = rb_item_rules_next, .arrays = rb_item_rules_arrays, .fini = rb_item_rules_fini

#endif
