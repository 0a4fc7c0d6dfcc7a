/*
 * The matrix while clusters merge.
 *
 * A merge writes the new cluster's row and no column: what stands in the other rows for that slot is old from then on.
 * Whoever reads a row brings it up to date first, out of the rows that were written since; that reads one number of a
 * line for each of them, but only where somebody asks, and most pairs of clusters are never asked for. Dead slots are
 * masked by an infinite number that is added to a row. When half of the slots are dead, the matrix is made smaller.
 */
#ifndef RB_CLUSTER_CORE_LINKAGE_ROWS_H
#define RB_CLUSTER_CORE_LINKAGE_ROWS_H

#include "cluster/core/linkage.h"

/* A row that was written. */
typedef struct rb_linkage_write {
    int32_t slot, time;
} rb_linkage_write;

typedef struct rb_linkage_rows {
    int64_t n, n_live, stride; /* n: slots */
    bool is_single;
    rb_linkage linkage;
    void *value;        /* REAL [n x stride], the matrix's */
    void *mask;         /* REAL [stride] 0, infinite where dead */
    double *size;       /* [n] points of a cluster */
    int32_t *point;     /* [n] its lowest point */
    int32_t *written;   /* [n] time of the merge that made it, 0: a point */
    int32_t *refreshed; /* [n] time for which its row holds */
    int32_t *moved;     /* [n] of the last rb_linkage_rows_shrink: new slot of an old one, -1: dead */
    rb_linkage_write
        *recent; /* [n_recent] ascending in time; slots that died or were written again may be among them */
    int64_t n_recent;
    int32_t now; /* merges so far */
} rb_linkage_rows;

typedef struct rb_linkage_nearest {
    int64_t slot;
    double distance;
} rb_linkage_nearest;

rb_status rb_linkage_rows_init(rb_linkage_rows *r, rb_linkage_matrix *m, rb_linkage linkage, rb_error *err);
void rb_linkage_rows_fini(rb_linkage_rows *r);

static inline bool rb_linkage_is_live(const rb_linkage_rows *r, int64_t slot)
{
    return r->size[slot] > 0;
}

/** Nearest live slot of another, the lowest among equals; its row is brought up to date. */
rb_linkage_nearest rb_linkage_nearest_of(rb_linkage_rows *r, int64_t slot);

/** An element of a row that is up to date. */
double rb_linkage_at(const rb_linkage_rows *r, int64_t slot, int64_t other);

/** Merge two clusters into the lower slot, whose row is then up to date. */
void rb_linkage_unite(rb_linkage_merge *merge, rb_linkage_rows *r, int64_t a, int64_t b);

/** Drop dead slots where they are half of all. Returns true where slots moved: r->moved tells where to. */
bool rb_linkage_rows_shrink(rb_linkage_rows *r);

/* Numbers searched at once, and the multiple of which strides are. */
#define RB_LINKAGE_LANES 16

/** Place of the least of row + mask, the lowest among equals; n is a multiple of RB_LINKAGE_LANES. Local. */
int64_t rb_linkage_least_f64(const double *row, const double *mask, int64_t n);
int64_t rb_linkage_least_f32(const float *row, const float *mask, int64_t n);

#endif
