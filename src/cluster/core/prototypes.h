/*
 * What K-Modes and K-Prototypes are made of: items as rows of numbers and categories, the prototypes, and the steps of
 * Huang (1998), doi:10.1023/A:1009769707641.
 *
 *     d(x, q) = sum_j (x_j - q_j)^2 + gamma |{ a : category a of x is not that of q }|
 *
 * Numbers one chain of multiply-adds over columns ascending, in double; the mismatches are counted. The nearest
 * prototype is the one with the least distance, the lowest index among equals. A prototype has the mean of its items'
 * numbers and of every category the one that most of them have (the mode), the lowest code among equals. Categories
 * are counted as integers.
 *
 * The table is whole on every rank; a rank works on the rows of its own blocks.
 */
#ifndef RB_CLUSTER_CORE_PROTOTYPES_H
#define RB_CLUSTER_CORE_PROTOTYPES_H

#include "data/item_table.h"

/* Prototypes, side by side in whole vectors. */
typedef struct {
    int64_t k, stride; /* k in vectors of 8 */
    double *number;    /* [p x stride] */
    int32_t *mode;     /* [m x stride] -1: matches none */
} rb_prototypes;

/* Items, prototypes and what an iteration needs. */
typedef struct {
    int64_t n, k, p, m;   /* items, clusters, columns of numbers, of categories */
    const double *x;      /* [n x p] */
    const int32_t *code;  /* [n x m] */
    const int64_t *first; /* [m + 1] place of a column's counts */
    double gamma;
    rb_blocks blocks; /* of rows, by n alone */
    int64_t begin, end;
    int32_t block_begin, block_end; /* this rank's */
    rb_prototypes centre;
    int32_t *label;    /* [n] own rows; all, where items are taken one by one */
    int32_t *nearest;  /* [own rows] */
    double *distance;  /* [own rows] to the nearest prototype */
    double *partial;   /* [own blocks x (1 + k p)] */
    double *sum;       /* [1 + k p] the cost is first */
    int64_t *count;    /* [k x first[m]] items of each cluster with each category */
    int64_t *size;     /* [k] */
    int64_t *threaded; /* [n_threads x k (1 + first[m])] */
    char *scratch;     /* [n_threads x scratch_bytes] distances of a row */
    int64_t scratch_bytes;
} rb_prototypes_pass;

/* ---- prototypes.c ---- */

/** Room for k prototypes of p numbers and m categories, all of which match none. Local. */
rb_status rb_prototypes_init(rb_prototypes *c, int64_t k, int64_t p, int64_t m, rb_error *err);
void rb_prototypes_fini(rb_prototypes *c);

/** Room for the passes over a table, which is borrowed with the schema. updates: prototypes will be moved. Collective
 *  over ctx. */
rb_status rb_prototypes_pass_init(rb_prototypes_pass *pass, const rb_item_table *table, const rb_item_schema *schema,
                                  int64_t k, double gamma, bool updates, const rb_ctx *ctx, rb_error *err);
void rb_prototypes_pass_fini(rb_prototypes_pass *pass);

/** Half the mean of the columns' standard deviations (Huang 1997); 0 where there are no numbers. Local; serial. */
double rb_prototypes_gamma(const rb_item_table *table, int64_t p);

/** Put items, by their index, in place of the prototypes. Local. */
void rb_prototypes_set_items(rb_prototypes_pass *pass, const int64_t *items);

/** Nearest prototype of a row, and its distance; scratch: [scratch_bytes]. Local. */
int32_t rb_prototypes_nearest_of(double *least, const rb_prototypes_pass *pass, void *scratch, int64_t row);

/** Nearest prototype and its distance for this rank's rows, and the sum of the distances over all. Collective. */
rb_status rb_prototypes_nearest(double *cost, rb_prototypes_pass *pass, const rb_ctx *ctx, rb_error *err);

/* ---- prototypes_update.c ---- */

/** Make `nearest` the labels of this rank's rows; returns how many changed on all ranks. Collective. */
int64_t rb_prototypes_take(rb_prototypes_pass *pass, const rb_ctx *ctx);
/** Labels of all rows on every rank. Collective. */
rb_status rb_prototypes_share(rb_prototypes_pass *pass, const rb_ctx *ctx, rb_error *err);

/** Sizes, counts and sums of the labels. Collective. */
rb_status rb_prototypes_count(rb_prototypes_pass *pass, const rb_ctx *ctx, rb_error *err);

/** Give every empty cluster the item farthest from its nearest prototype (lowest index among equals) out of a cluster
 *  that has more than one, in ascending order of clusters; sizes are brought up to date. Collective. */
void rb_prototypes_fill(bool *filled, rb_prototypes_pass *pass, const rb_ctx *ctx);

/** Means and modes of what was counted; an empty cluster's prototype stays. Local, the same on every rank. */
void rb_prototypes_move(rb_prototypes_pass *pass);

/** Take all items in turn; one that is nearer to another prototype changes at once, and both prototypes with it (a mode
 *  gives way to a category that has become more frequent than itself). Returns how many changed. Every rank does all of
 *  it. */
int64_t rb_prototypes_one_by_one(rb_prototypes_pass *pass);

/* ---- prototypes_seed.c ---- */

typedef enum { RB_PROTOTYPES_CAO, RB_PROTOTYPES_HUANG, RB_PROTOTYPES_GIVEN } rb_prototypes_start;

/**
 * k items as first prototypes, [k], by their categories. Collective over ctx.
 *
 * Cao et al. (2009), doi:10.1016/j.eswa.2009.01.060: density of an item = sum over columns of how often its category
 * occurs; the densest item, then again and again the item with the largest least density x mismatches to those taken.
 * Huang (1998): categories drawn by their frequency, column by column (random numbers by ctx->seed and restart), then
 * the nearest item whose categories no earlier seed has. Ties: the lowest index. Where no item is left that differs,
 * the lowest that was not taken.
 * Cost: O(n m k). All in integers.
 */
rb_status rb_prototypes_seeds(int64_t *items, rb_prototypes_pass *pass, rb_prototypes_start start, int64_t restart,
                              const rb_ctx *ctx, rb_error *err);

#endif
