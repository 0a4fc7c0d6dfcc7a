/*
 * What K-Means is made of: the points in its precision, the centres, and the passes over them.
 *
 * Distances. Dense points: the definition of linalg/distance.h. Sparse points: |x|^2 - 2 x.c + |c|^2, at least 0, the
 * products over the non-zeros of x ascending, one chain of multiply-adds. Spherical: 1 - x.c on rows and centres of
 * length 1, the same chain. All in the precision of the fit. The nearest centre is the one with the least distance,
 * the lowest index among equals. Sums of points and the objective are in double.
 *
 * Every rank reads all points (memory shared by a node) and works on the rows of its own blocks.
 */
#ifndef RB_CLUSTER_CORE_KMEANS_H
#define RB_CLUSTER_CORE_KMEANS_H

#include "data/algorithm.h"

/* The points as the passes read them. REAL is float or double. */
typedef struct rb_kmeans_data {
    int64_t n, d, k;
    bool is_single, is_spherical, is_sparse;
    const struct rb_kmeans_kernels *kernels;
    rb_blocks blocks;               /* of rows, by n and k alone */
    int32_t block_begin, block_end; /* this rank's */
    int64_t begin, end;             /* this rank's rows */
    const void *x;                  /* dense: REAL [n x d] */
    rb_shared copy;                 /* dense: where x is not the caller's array */
    const int64_t *row_begin;       /* sparse */
    const int32_t *col;             /* sparse */
    const void *value;              /* sparse: REAL [nnz] */
    double *scaled;                 /* sparse: values rounded to REAL and of unit rows, where they differ */
    float *narrow;                  /* sparse: the same as float */
    rb_csr by_column;               /* sparse: the transpose */
    rb_blocks columns;              /* sparse: of columns, by non-zeros */
    double *norm2;                  /* [end - begin] squared lengths, computed in REAL */
    double total_norm2;             /* sum over all points */
    double unit;                    /* roundoff of REAL times RB_DISTANCE_MARGIN */
    double tiny;                    /* what underflow may lose in a squared distance */
} rb_kmeans_data;

/* Centres. Their values are representable in REAL, so a stored model gives the same labels as the fit. */
typedef struct rb_kmeans_centres {
    int64_t k, d, stride; /* stride: k in whole vectors, of table and half */
    double *row;          /* dense: [k x d] */
    float *narrow;        /* dense and single: the same */
    rb_shared table;      /* sparse: REAL [d x stride], a dimension's value in all centres lies together */
    void *half;           /* REAL [stride] |c|^2 / 2; 0 where spherical */
    double *norm2;        /* [stride] |c|^2 */
    double reach;         /* the largest squared length */
    bool has_zero;        /* spherical: a centre of length 0, for which chords are no distances */
} rb_kmeans_centres;

/* Assignment and update: what they read, write and keep between iterations. */
typedef struct rb_kmeans_pass {
    const rb_kmeans_data *data;
    const rb_kmeans_centres *centres;
    int32_t *label;   /* [n], borrowed; this rank's rows are written; -1: not assigned yet */
    double *upper;    /* [own rows] bound of the distance to the own centre; NULL: no pruning */
    double *lower;    /* [own rows x n_groups] bounds of the distance to any other centre of a group */
    int64_t n_groups; /* of centres, group_size in a row */
    int64_t group_size;
    double *group_drift; /* [n_groups] the longest way of a centre */
    char *scratch;       /* [n_threads x scratch_bytes] */
    int64_t scratch_bytes;
    double *partial; /* [own blocks x width] sums of each block; sparse: [own column blocks x width]; NULL where
                        nothing is updated */
    double *sum;     /* [width] over all blocks */
    int64_t width;
} rb_kmeans_pass;

/* Most points of a table of candidates. */
#define RB_KMEANS_TOGETHER 16

/* Points whose distances to many rows are wanted: one as a dense vector, several side by side. */
typedef struct rb_kmeans_table {
    void *y;                          /* REAL [d x width], owned by the caller, zero at first; room for the widest */
    int64_t row[RB_KMEANS_TOGETHER];  /* which points they are */
    double norm2[RB_KMEANS_TOGETHER]; /* sparse: their squared lengths */
    int n, width;                     /* width: 1 where n is 1, else the kernels' `together` */
} rb_kmeans_table;

/* The two least scores (half distances without |x|^2 / 2) of a row to some centres, and where the least stands. */
typedef struct rb_kmeans_least {
    double least, second;
    int32_t at;
} rb_kmeans_least;

/* Rows of one call of `score`: no storage takes more. */
#define RB_KMEANS_BATCH 32

/* The passes of one precision and storage; local, over any rows of the caller's own. */
typedef struct rb_kmeans_kernels {
    int64_t (*scratch_bytes)(int64_t k, int64_t d);
    /** Nearest centre of rows [begin, end); returns how many labels changed. */
    int64_t (*assign)(const rb_kmeans_pass *pass, void *scratch, int64_t begin, int64_t end);
    /** Nearest centre of the rows listed, ascending, whatever their bounds; returns how many labels changed. */
    int64_t (*settle)(const rb_kmeans_pass *pass, void *scratch, const int64_t *rows, int64_t n);
    /** Least scores of n <= RB_KMEANS_BATCH rows to centres [first, last). */
    void (*score)(rb_kmeans_least *out, const rb_kmeans_pass *pass, void *scratch, const int64_t *rows, int n,
                  int64_t first, int64_t last);
    /** Add rows [begin, end) to a block's sums: k centres, k counts, d parts of the objective. NULL where sparse. */
    void (*accumulate)(double *partial, const rb_kmeans_pass *pass, int64_t begin, int64_t end);
    /** Squared lengths of the clusters' sums over a block of columns. NULL where dense. */
    void (*column_lengths)(double *partial, const rb_kmeans_pass *pass, void *scratch, int32_t block);
    /** New values of a block of columns: sum times weight; partial: [stride] squared ways, [stride] sums times old
     *  values. NULL where dense. */
    void (*move_columns)(double *partial, rb_kmeans_centres *centres, const rb_kmeans_pass *pass, const double *weight,
                         void *scratch, int32_t block);
    /** Distances of the rows listed to the points of a table, [n x table->n]. */
    void (*distances)(double *out, const rb_kmeans_data *data, const int64_t *rows, int64_t n,
                      const rb_kmeans_table *table);
    /** Distance of a row to one of the centres. */
    double (*own_distance)(const rb_kmeans_data *data, const rb_kmeans_centres *centres, int64_t row, int32_t c);
    /** Makes the table of n rows, n <= together. */
    void (*tabulate)(rb_kmeans_table *table, const rb_kmeans_data *data, const int64_t *rows, int n);
    void (*norms)(double *norm2, const rb_kmeans_data *data, int64_t begin, int64_t end);
    int together;   /* points of a table, at most RB_KMEANS_TOGETHER */
    bool is_metric; /* distances are sums of squares, so the triangle inequality holds up to data->unit */
} rb_kmeans_kernels;

extern const rb_kmeans_kernels rb_kmeans_dense_f64, rb_kmeans_dense_f32, rb_kmeans_sparse_f64, rb_kmeans_sparse_f32;

/* ---- kmeans_data.c ---- */

/**
 * Points in the precision of the fit; rows of length 1 where spherical. Collective over ctx.
 *
 * Borrows the points: they outlive it. with_columns: a sparse fit needs the transpose, an assignment does not.
 * @return RB_OK, RB_NO_MEMORY, RB_BAD_INPUT: a value is not finite, or too large for its square in that precision
 */
rb_status rb_kmeans_data_init(rb_kmeans_data *data, const rb_points *points, int64_t k, bool is_single,
                              bool is_spherical, bool with_columns, const rb_ctx *ctx, rb_error *err);
void rb_kmeans_data_fini(rb_kmeans_data *data); /* collective over the same ctx */

/** Mean over dimensions of the variance of the points: the scale of `tolerance`. Collective over ctx; sparse: needs the
 *  transpose. */
rb_status rb_kmeans_mean_variance(double *variance, const rb_kmeans_data *data, const rb_ctx *ctx, rb_error *err);

/* ---- kmeans_centres.c ---- */

/** Room for k centres, all zero. Collective over ctx. */
rb_status rb_kmeans_centres_init(rb_kmeans_centres *c, const rb_kmeans_data *data, int64_t k, const rb_ctx *ctx,
                                 rb_error *err);
void rb_kmeans_centres_fini(rb_kmeans_centres *c); /* collective over the same ctx */

/** Take values, [k x d], rounded to REAL; spherical: of length 1 already. Collective over ctx. */
void rb_kmeans_centres_set(rb_kmeans_centres *c, const rb_kmeans_data *data, const double *values, const rb_ctx *ctx);
/** Take points by their index. Collective over ctx. */
void rb_kmeans_centres_set_points(rb_kmeans_centres *c, const rb_kmeans_data *data, const int64_t *points,
                                  const rb_ctx *ctx);
/** Copy the values out, [k x d]. Local. */
void rb_kmeans_centres_get(double *values, const rb_kmeans_centres *c, const rb_kmeans_data *data);

/** Names the values and all that is made of them, for the slot `checkpoint`. */
void rb_kmeans_centres_checkpoint(rb_kmeans_centres *c, const rb_kmeans_data *data, rb_visitor *v);

/** Half lengths, reach and has_zero from the values as they stand. Local. */
void rb_kmeans_centres_measure(rb_kmeans_centres *c, const rb_kmeans_data *data, const rb_ctx *ctx);

/* ---- kmeans_step.c, kmeans_update.c ---- */

/** Room for the passes. updates: centres will be moved; n_groups: lower bounds of a row, 0: no bounds, 1: Hamerly's,
 *  k: Elkan's. Local; data, centres and label are borrowed. */
rb_status rb_kmeans_pass_init(rb_kmeans_pass *pass, const rb_kmeans_data *data, const rb_kmeans_centres *centres,
                              int32_t *label, bool updates, int64_t n_groups, const rb_ctx *ctx, rb_error *err);
void rb_kmeans_pass_fini(rb_kmeans_pass *pass);

/** Forget labels and bounds of this rank's rows. Local. */
void rb_kmeans_pass_reset(rb_kmeans_pass *pass);
/** The bounds alone. */
void rb_kmeans_pass_forget(rb_kmeans_pass *pass);

/** Labels of this rank's rows and, where centres will be moved and points are dense, the blocks' sums while the rows
 *  are at hand. Returns how many labels changed on all ranks. Collective over ctx. */
int64_t rb_kmeans_assign(const rb_kmeans_pass *pass, const rb_ctx *ctx);

/** The blocks' sums of dense points anew, after labels were changed. Local. */
void rb_kmeans_accumulate(const rb_kmeans_pass *pass, const rb_ctx *ctx);

/** Give every empty cluster the point farthest from its centre (lowest index among equals) of all clusters that have
 *  more than one, in ascending order of clusters. count is brought up to date. Collective over ctx. */
rb_status rb_kmeans_reseed(int64_t *count, const rb_kmeans_pass *pass, const rb_ctx *ctx, rb_error *err);

/** Points of each cluster, [k], over all ranks. Collective over ctx. */
void rb_kmeans_count(int64_t *count, const rb_kmeans_pass *pass, const rb_ctx *ctx);

/* What an update found. */
typedef struct rb_kmeans_update {
    double cost;   /* of the labels with the old centres: what is minimised */
    double shift2; /* sum over centres of the squared way they went */
    double *drift; /* [k] the way each went, rounded up; owned by the caller */
} rb_kmeans_update;

/**
 * Move every centre to the mean of its points (spherical: to its direction; a mean of length 0 keeps the old centre)
 * and the bounds with them. Collective over ctx.
 *
 * Dense: the blocks' sums are those of the labels (assign, or accumulate after re-seeding). Sparse: the labels of all
 * ranks are published.
 * @return RB_OK, RB_NO_MEMORY
 */
rb_status rb_kmeans_move(rb_kmeans_update *out, rb_kmeans_centres *centres, const rb_kmeans_pass *pass,
                         const int64_t *count, const rb_ctx *ctx, rb_error *err);

/** Sum over all points of the distance to the centre of their label. Collective over ctx. */
rb_status rb_kmeans_cost(double *cost, const rb_kmeans_pass *pass, const rb_ctx *ctx, rb_error *err);

/* ---- kmeans_groups.c ---- */

/** Nearest centre of rows [begin, end) where a row has bounds for several groups of centres. Local. */
int64_t rb_kmeans_assign_by_groups(const rb_kmeans_pass *pass, void *scratch, int64_t begin, int64_t end);

/* ---- kmeans_seed.c ---- */

typedef enum { RB_KMEANS_PLUS_PLUS, RB_KMEANS_PARALLEL } rb_kmeans_seeding;

/** Candidates of a step of k-means++ where nothing is said: 2 + ln k, as in scikit-learn. */
int64_t rb_kmeans_local_trials(int64_t k);

/**
 * k points as first centres; indices in points, [k]. Collective over ctx; random numbers by ctx->seed and restart.
 *
 * k-means++ draws local_trials >= 1 candidates a step and takes the one that lowers the sum of squared distances the
 * most, the lowest index among equals.
 * Cost: at most 2 n k d local_trials flops and 8 n local_trials bytes over all ranks.
 */
rb_status rb_kmeans_seeds(int64_t *points, const rb_kmeans_data *data, rb_kmeans_seeding seeding, int64_t local_trials,
                          int64_t restart, const rb_ctx *ctx, rb_error *err);

#endif
