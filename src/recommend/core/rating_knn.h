/*
 * Ratings by neighbours, as Surprise defines them: rows x are users or items, columns y the other side.
 *
 *     r_xy = b_xy + s_x sum_v sim(x, v) (r_vy - b_vy) / s_v / sum_v sim(x, v)
 *
 * v: of the rows with a rating in column y, the `k` most similar to x whose similarity is above 0, ties by the lower
 * number, x itself left out. b and s by `centring`: none 0 and 1; mean the row's mean and 1; z_score that and the
 * row's standard deviation (that of all ratings where it is 0); baseline mu + b_user + b_item (core/bias.h) and 1. With
 * fewer than `min_k` neighbours, or none, r_xy is b_xy, for `none` the mean of all ratings. A user or item without
 * training ratings gets the mean of all ratings, with `baseline` what is known of mu + b_user + b_item.
 *
 * Similarity over the n columns that both rows have, 0 where n < min_support:
 *
 *     msd               1 / (sum (r_x - r_v)^2 / n + 1)
 *     cosine            sum r_x r_v / sqrt(sum r_x^2 sum r_v^2)
 *     pearson           (n sum r_x r_v - sum r_x sum r_v) / sqrt((n sum r_x^2 - (sum r_x)^2) (n sum r_v^2 - (sum
 *                       r_v)^2)); 0 where either row is constant
 *     pearson_baseline  the cosine of r - mu - b_user - b_item times (n - 1) / (n - 1 + shrinkage); 0 where n < 2
 *
 * Ratings that are multiples of 1/2 make every sum of the first three exact. Herlocker, Konstan, Borchers, Riedl
 * (1999), doi:10.1145/312624.312682; Sarwar, Karypis, Konstan, Riedl (2001), doi:10.1145/371920.372071; Koren (2010),
 * doi:10.1145/1644873.1644874, section 2.2; Hug (2020), doi:10.21105/joss.02174.
 */
#ifndef RB_RECOMMEND_CORE_RATING_KNN_H
#define RB_RECOMMEND_CORE_RATING_KNN_H

#include "recommend/core/bias.h"
#include "recommend/core/history.h"
#include "recommend/core/knn.h"

enum { RB_RATING_MSD, RB_RATING_COSINE, RB_RATING_PEARSON, RB_RATING_PEARSON_BASELINE };
enum { RB_CENTRE_NONE, RB_CENTRE_MEAN, RB_CENTRE_Z_SCORE, RB_CENTRE_BASELINE };

#define RB_RATING_MOST_K 4096 /* neighbours of a prediction; it needs no memory but its stack */

typedef struct {
    int64_t k, min_k, min_support, candidates;
    int similarity, centring;
    double shrinkage, reg_user, reg_item;
    int64_t bias_iterations;
} rb_rating_knn_config;

extern const rb_param rb_rating_knn_params[];

/* The state. */
typedef struct {
    rb_knn_lists near;  /* row x: the rows of a similarity above 0, ascending */
    rb_history raters;  /* row y: the rows with a rating there, and the ratings */
    double *centre;     /* [n_x] the row's part of b: its mean; with baseline mu + its bias; else 0 */
    double *spread;     /* [n_x] s */
    rb_biases bias;     /* where similarity or centring need it, else without arrays */
    double mean;        /* of all ratings */
    double mean_spread; /* standard deviation of all ratings */
    int64_t k, min_k;
    int32_t centring, n_x, n_x_spread;
    int32_t by_user; /* rows are users */
    rb_shared centre_memory, spread_memory;
} rb_rating_knn;

/* ---- similarities (rating_similarity.c) ---- */

/* The ratings whose rows are compared. The value of a rating is r - (col_bias[c] + row_bias[r]), without biases r. */
typedef struct {
    int64_t n_rows, n_cols;
    const int64_t *row_begin, *col_begin; /* [n_rows + 1], [n_cols + 1] */
    const int32_t *row_col, *col_row;     /* ascending within a row; within a column */
    const float *row_rating, *col_rating;
    const double *row_bias, *col_bias; /* [n_rows], [n_cols]; NULL: 0 */
    double mean;                       /* taken off as well, with biases */
} rb_rating_rows;

/* What a thread needs to compare one row with all others. */
typedef struct rb_rating_scratch rb_rating_scratch;
rb_status rb_rating_scratch_new(rb_rating_scratch **s, int64_t n_rows, const rb_rating_knn_config *config,
                                rb_error *err);
void rb_rating_scratch_free(rb_rating_scratch *s);

/** The row of `n` ratings in the columns col, as the search of all rows does it; bias: its row_bias. `itself` is left
 *  out, -1: nobody. The list is the scratch's, valid until its next use. Local. */
rb_knn_list rb_rating_compare(rb_rating_scratch *s, const rb_rating_rows *rows, const int32_t *col, const float *rating,
                              int64_t n, double bias, int32_t itself, const rb_rating_knn_config *config);

/**
 * The rows of a similarity above 0 to each row, ascending; with `candidates` the most similar of them alone.
 *
 * Collective over ctx. Each rank computes the rows of its own blocks.
 *
 * @param[out] out  zeroed before; the same on every rank, node-shared, owned by the caller (rb_knn_fini)
 * @return RB_OK, RB_NO_MEMORY (agreed; out can be released)
 *
 * Bits: the same for any ranks and threads: what two rows share is one sum in ascending order of the columns. Time
 * O(sum over columns of (rows of it)^2 / (P T)), memory 12 bytes a pair a node and as much among the ranks, 76 n_rows a
 * thread.
 */
rb_status rb_rating_find(rb_knn_lists *out, const rb_rating_rows *rows, const rb_blocks *blocks,
                         const rb_rating_knn_config *config, const rb_ctx *ctx, rb_error *err);

/** A row's part of b, and s, from its n ratings; bias: the row's. Local. */
void rb_rating_centre_row(double *centre, double *spread, const rb_rating_knn *m, const float *rating, int64_t n,
                          double bias);

/* ---- slots of a table whose state is a rb_rating_knn; see data/algorithm.h ---- */

rb_status rb_rating_knn_check(const void *cfg, const rb_shape *shape, rb_error *err);
rb_cost rb_rating_knn_cost(const rb_rating_knn_config *config, const rb_shape *shape, bool by_user);
rb_status rb_rating_knn_prepare(void **prepared, const rb_train_view *view, const rb_rating_knn_config *config,
                                bool by_user, const rb_ctx *ctx, rb_error *err);
rb_status rb_rating_knn_fit(rb_rating_knn *m, const rb_train_view *view, const void *prepared,
                            const rb_rating_knn_config *config, bool by_user, const rb_ctx *ctx, rb_error *err);
rb_status rb_rating_knn_reveal(void *self, const rb_train_view *view, const void *prepared, const void *cfg,
                               rb_ctx *ctx, rb_error *err);
void rb_rating_knn_score(rb_tile *tile, const void *self, const int32_t *users, int32_t n_users, int32_t item_begin,
                         int32_t item_end);
void rb_rating_knn_predict(double *out, const void *self, const rb_pairs *pairs);
rb_status rb_rating_knn_fold_in(double *scores, const void *self, const int32_t *items, const float *ratings, int64_t n,
                                const void *cfg, rb_error *err);
/** What the user's ratings, where rows are users the neighbours, add to b_xy, largest first. */
int rb_rating_knn_explain(int32_t *items, double *weights, int n, const void *self, int32_t user, int32_t item);
void rb_rating_knn_arrays(void *self, rb_visitor *v);
void rb_rating_knn_fini(void *self);

/* What the tables of these models have in common. */
#define RB_RATING_KNN_MODEL                                                                                      \
    .needs = RB_NEEDS_RATINGS, .config_size = sizeof(rb_rating_knn_config), .state_size = sizeof(rb_rating_knn), \
    .params = rb_rating_knn_params, .check = rb_rating_knn_check, .unprepare = rb_knn_unprepare,                 \
    .reveal = rb_rating_knn_reveal, .score = rb_rating_knn_score, .predict = rb_rating_knn_predict,              \
    .fold_in = rb_rating_knn_fold_in, .arrays = rb_rating_knn_arrays, .fini = rb_rating_knn_fini

#endif
