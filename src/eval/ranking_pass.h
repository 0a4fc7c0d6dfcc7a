/*
 * The pass over users x items behind eval/ranking: scores in tiles, masks, best items, pairs in the right order.
 */
#ifndef RB_EVAL_RANKING_PASS_H
#define RB_EVAL_RANKING_PASS_H

#include "eval/ranking.h"

/* The order that the rules ask for, and the two that ties allow at best and at worst. */
enum { RB_ORDER_RULES, RB_ORDER_BEST, RB_ORDER_WORST, RB_N_ORDERS };

typedef struct {
    const rb_scorer *scorer;
    const rb_ranking_rules *rules;
    const rb_ratings *relevant; /* NULL where only lists are wanted */
    const int32_t *user;        /* [n] */
    int32_t n, k;               /* users; places of a list, at most n_items */
    int n_orders;               /* 1, or RB_N_ORDERS (needs relevant) */
    rb_blocks blocks;           /* of positions in `user` */

    /* What the pass writes, for the positions of this rank. */
    int32_t *item[RB_N_ORDERS]; /* [n x k] best first, -1 behind the last candidate */
    double *score;              /* [n x k] of the rules' order */
    double *score_s;            /* seconds in the scorer, the mean of the threads, are added; NULL: not wanted */
    double *auc;                /* [n of this rank x RB_N_ORDERS], NAN where undefined; NULL: not wanted */
} rb_ranking_pass;

/** Local: this rank's blocks. @return RB_OK, RB_NO_MEMORY, RB_NOT_FINITE naming the lowest position and its item */
rb_status rb_ranking_pass_run(const rb_ranking_pass *pass, const rb_ctx *ctx, rb_error *err);

#endif
