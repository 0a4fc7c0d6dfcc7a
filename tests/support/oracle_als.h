/*
 * What the tests of ALS and iALS share: ratings to fit, models driven through their tables, and a naive least-squares
 * row by Gaussian elimination.
 */
#ifndef RB_SUPPORT_ORACLE_ALS_H
#define RB_SUPPORT_ORACLE_ALS_H

#include "data/algorithm.h"

/* Interactions with their parts. */
typedef struct {
    rb_interactions all;
    rb_ratings train, test;
} rb_split_data;

/**
 * ml-latest-small as golden/README.md splits it: of the rows with a rating of at least `threshold`, in file order,
 * every fifth is test. Collective.
 */
void rb_oracle_movielens(rb_split_data *s, double threshold, const rb_ctx *ctx);

/**
 * Cut s, whose source is all of ml-latest-small, anew: rows (0-based) that are `fold` modulo 5 are test, the rest is
 * training; of both the ratings of at least `threshold`. Collective.
 */
void rb_oracle_fold(rb_split_data *s, int64_t fold, double threshold, const rb_ctx *ctx);

/**
 * Ratings without signal: n draws of (user with weight (i + 11)^-user_exponent, item likewise), duplicates removed,
 * half stars; one in ten is test. The same on every rank. Collective.
 */
void rb_oracle_zipf(rb_split_data *s, int32_t n_users, int32_t n_items, int64_t n, double user_exponent,
                    double item_exponent, const rb_ctx *ctx);

void rb_oracle_split_fini(rb_split_data *s);

/**
 * Factor f of k where a row starts with `init: splitmix`, in [0, 1): what nmf takes, and others less a half.
 *
 * @param row  items from 0, behind them the users
 */
double rb_oracle_start(int row, int f, int k);

/** fit, or begin, all iterations, end; *objective (may be NULL) is the last one's. Returns the status; the state is the
 * caller's. */
rb_status rb_oracle_fit(void *state, double *objective, const rb_algorithm *algorithm, const void *config,
                        const rb_train_view *view, rb_ctx *ctx, rb_error *err);

/**
 * x = (base + sum_e w_e b_e b_e' + lambda I)^-1 sum_e t_e b_e by elimination with pivoting.
 *
 * @param[in] base  [k x k] or NULL
 * @param[in] b     [n x k] row-major, one row an entry
 * @param[in] w     [n] or NULL
 */
void rb_oracle_row(double *x, const double *base, const double *b, const double *w, const double *t, int64_t n,
                   int64_t k, double lambda);

#endif
