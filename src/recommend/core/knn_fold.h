/*
 * A new row beside those of a fitted neighbourhood: what a model keeps so that somebody it has never met gets
 * neighbours, by the similarities of core/knn.h.
 */
#ifndef RB_RECOMMEND_CORE_KNN_FOLD_H
#define RB_RECOMMEND_CORE_KNN_FOLD_H

#include "recommend/core/history.h"
#include "recommend/core/knn.h"

typedef struct {
    rb_history columns;     /* row c: the training rows that have column c */
    rb_knn_weights weights; /* of the training rows; size 0 of all others */
    double mean_length;     /* of the training rows that are not empty */
    int64_t n_rows, n_cols;
} rb_knn_fold;

/**
 * Users of the training interactions, as rows. Collective over ctx.
 *
 * @param[out] f  zeroed; owned by the caller (rb_knn_fold_fini)
 * @return RB_OK, RB_NO_MEMORY (agreed; f can be released)
 */
rb_status rb_knn_fold_keep(rb_knn_fold *f, const rb_ratings *train, const rb_knn_config *config, const rb_ctx *ctx,
                           rb_error *err);

/** Bytes that it holds. */
rb_cost rb_knn_fold_cost(const rb_shape *shape);

/**
 * The k training rows most similar to one that has the columns given, as rb_knn_find would have them. Local.
 *
 * @param[out] out   ascending by id; id and weight are the caller's (rb_free), also where it fails
 * @param[in]  cols  [n] in any order; what occurs twice counts once
 * @return RB_OK, RB_NO_MEMORY
 *
 * Time O(n log n + sum over columns of the rows of it + n_rows).
 */
rb_status rb_knn_fold_find(rb_knn_list *out, const rb_knn_fold *f, const int32_t *cols, int64_t n,
                           const rb_knn_config *config, rb_error *err);

/** Names the arrays: fold_begin, fold_row, fold_col, fold_factor, fold_size, fold_mean_length. */
void rb_knn_fold_visit(rb_knn_fold *f, rb_visitor *v);

/** Collective over the ctx that made it. Zeroed is allowed. */
void rb_knn_fold_fini(rb_knn_fold *f);

#endif
