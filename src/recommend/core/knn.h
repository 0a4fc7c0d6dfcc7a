/*
 * Nearest neighbours among the rows (users or items) of implicit feedback, exact.
 *
 * With c_ij the weighted number of columns that rows i and j share, n_i that of row i's own columns:
 *
 *     cosine             c_ij / (sqrt(n_i n_j) + shrink)
 *     jaccard            c_ij / (n_i + n_j - c_ij + shrink)
 *     dice               2 c_ij / (n_i + n_j + shrink)
 *     tversky            c_ij / (c_ij + alpha (n_i - c_ij) + beta (n_j - c_ij) + shrink)
 *     asymmetric_cosine  c_ij / (n_i^alpha n_j^(1 - alpha) + shrink)
 *     dot                c_ij / (1 + shrink)
 *     walk               c_ij / (n_i^alpha n_j^beta), of rp3beta alone, whose columns count n_c^-alpha and sizes do not
 *
 * i is the row whose neighbours are sought. weighting none: every shared column counts 1, in whole numbers; tf_idf:
 * idf_c^2 with idf_c = ln(rows that are not empty / (1 + rows of c)); bm25: that times f_i f_j with f_i = (K1 + 1) /
 * (K1 (1 - B + B len_i / mean len) + 1), K1 = 1.2, B = 0.75 (Robertson and Zaragoza 2009, doi:10.1561/1500000019; n_i
 * then has f_i^2).
 *
 * Similarities: Deshpande, Karypis (2004), doi:10.1145/963770.963776; Tversky (1977), doi:10.1037/0033-295X.84.4.327;
 * Aiolli (2013), doi:10.1145/2507157.2507189.
 */
#ifndef RB_RECOMMEND_CORE_KNN_H
#define RB_RECOMMEND_CORE_KNN_H

#include "data/algorithm.h"

/* The order of the choices in the table; what stands behind them is not offered there. */
enum { RB_KNN_COSINE, RB_KNN_JACCARD, RB_KNN_DICE, RB_KNN_TVERSKY, RB_KNN_ASYMMETRIC_COSINE, RB_KNN_DOT, RB_KNN_WALK };
enum { RB_KNN_EQUAL, RB_KNN_TF_IDF, RB_KNN_BM25, RB_KNN_STEPS };

/* The config of a model by neighbours, and its table. */
typedef struct {
    int64_t k;
    int similarity, weighting;
    double shrink, alpha, beta;
} rb_knn_config;

extern const rb_param rb_knn_params[];

/* Which rows are compared, and the columns that they share. */
typedef struct {
    int64_t n_rows, n_cols;
    int64_t n_filled;                     /* training rows that are not empty: the rows of idf and of the mean length */
    const int64_t *row_begin, *col_begin; /* [n_rows + 1], [n_cols + 1] */
    const int32_t *row_col, *col_row;     /* ascending within a row; within a column */
    const rb_blocks *blocks;              /* of the rows */
    const int64_t *done;                  /* [n_rows + 1]; not NULL: rows r with done[r + 1] > done[r] get no list */
} rb_knn_rows;

rb_knn_rows rb_knn_users(const rb_ratings *train);
rb_knn_rows rb_knn_items(const rb_ratings *train);

/* Sparse lists: of the neighbours of each row, or of the rows that have it as a neighbour. */
typedef struct {
    int64_t *begin; /* [n_rows + 1] */
    int32_t *id;
    double *weight;
    int64_t n_rows, n;
    rb_shared begin_memory, id_memory, weight_memory;
} rb_knn_lists;

/* How much a shared column counts, and the size n_i of a row. */
typedef struct {
    double *col;    /* [n_cols]; NULL: 1 */
    double *factor; /* [n_rows] f_i of bm25; NULL: 1 */
    double *size;   /* [n_rows] */
} rb_knn_weights;

/**
 * `prepare` of a model by neighbours: the lists of all configs, which differ in k alone. Collective.
 *
 * @param[out] prepared  a rb_knn_lists with the longest k of them, released by rb_knn_unprepare
 */
rb_status rb_knn_prepare(void **prepared, const rb_knn_rows *rows, const void *const *configs, int n, const rb_ctx *ctx,
                         rb_error *err);
void rb_knn_unprepare(void *prepared);

/** `check` of a model by neighbours. */
rb_status rb_knn_check(const void *cfg, const rb_shape *shape, rb_error *err);

/** Local. @return RB_OK, RB_NO_MEMORY. Time O(nnz). */
rb_status rb_knn_weigh(rb_knn_weights *w, const rb_knn_rows *rows, const rb_knn_config *config, rb_error *err);
void rb_knn_weights_fini(rb_knn_weights *w);

/** f_i of bm25, of a row of this length. */
double rb_knn_length_factor(double length, double mean);

/** Similarity of row i to row j from what they share, 0 where that is 0. size_i is n_i, as of rb_knn_weights. */
double rb_knn_similarity(double shared, double size_i, double size_j, const rb_knn_config *config);

/**
 * The k most similar rows of every row, most similar first, ties by the lower number; the row itself and rows of
 * similarity 0 or less are not neighbours.
 *
 * Collective over ctx. Each rank computes the rows of its own blocks.
 *
 * @param[out] out  zeroed before; the same on every rank, node-shared, owned by the caller
 * @return RB_OK, RB_NO_MEMORY (agreed; out can be released)
 *
 * Bits: the same for any ranks and threads: what two rows share is one sum in ascending order of the columns. Time
 * O(sum over columns of (rows of it)^2 / (P T)), memory 12 bytes a neighbour a node, 20 n_rows a thread.
 */
rb_status rb_knn_find(rb_knn_lists *out, const rb_knn_rows *rows, const rb_knn_config *config, const rb_ctx *ctx,
                      rb_error *err);

/** rb_knn_find for n configs at once, which differ in k and, of walks, in beta alone: what rows share is summed once.
 *  out [n], each with the longest k. Collective. Memory as n searches. */
rb_status rb_knn_find_each(rb_knn_lists *out, const rb_knn_rows *rows, const rb_knn_config *configs, int n,
                           const rb_ctx *ctx, rb_error *err);

/** Room for n entries in all. Collective. @return RB_OK, RB_NO_MEMORY (agreed) */
rb_status rb_knn_reserve(rb_knn_lists *lists, int64_t n_rows, int64_t n, const rb_ctx *ctx, rb_error *err);

/* One row's entries. */
typedef struct {
    int32_t *id;
    double *weight;
    int64_t n;
} rb_knn_list;

/**
 * The lists of all ranks, one behind the other. Collective; out as of rb_knn_find.
 *
 * @param[in]     own    [range[rank + 1] - range[rank]] the lists of this rank's rows
 * @param[in,out] range  [n_ranks + 1] first row of each rank; destroyed
 */
rb_status rb_knn_gather(rb_knn_lists *out, const rb_knn_list *own, int64_t *range, int64_t n_rows, const rb_ctx *ctx,
                        rb_error *err);

/** Make the rows [range[rank], range[rank + 1]) that each rank wrote visible to all; range, [n_ranks + 1], is
 *  destroyed. Collective. */
void rb_knn_publish(rb_knn_lists *lists, int64_t *range, const rb_ctx *ctx);

/**
 * The first k of each list, in ascending order of their numbers. Collective; out as of rb_knn_find.
 *
 * @param[in] others  lists of the rows that have none in `lists`, or NULL
 */
rb_status rb_knn_first(rb_knn_lists *out, const rb_knn_lists *lists, const rb_knn_lists *others, int64_t k,
                       const rb_ctx *ctx, rb_error *err);

/** Row i of out: the rows j that have i among their first k, ascending, with j's weight of i. Collective. */
rb_status rb_knn_transpose(rb_knn_lists *out, const rb_knn_lists *lists, int64_t k, const rb_ctx *ctx, rb_error *err);

/** out[id - begin] += factor * weight over the entries of row with id in [begin, end). Lists by ascending id. Local. */
void rb_knn_add(double *out, const rb_knn_lists *lists, int64_t row, double factor, int32_t begin, int32_t end);

/** First place in the ascending id[0 .. n) that is not below `least`, else n. Local. */
int64_t rb_knn_lower(const int32_t *id, int64_t n, int32_t least);

/** The entry of (row, id), 0 where there is none. Lists by ascending id. Local. */
double rb_knn_at(const rb_knn_lists *lists, int64_t row, int64_t id);

/** Bytes and flops of rb_knn_find and of the lists of a model, from the mean lengths of rows and columns. */
rb_cost rb_knn_cost(const rb_knn_config *config, const rb_shape *shape, bool by_user);

/** Names the arrays of the state, `name`_begin, `name`_id, `name`_weight. */
void rb_knn_visit(rb_knn_lists *lists, const char *const names[3], rb_visitor *v);

/** Collective over the ctx that made them. Zeroed is allowed. */
void rb_knn_fini(rb_knn_lists *lists);

#endif
