/*
 * The matrix while clusters merge. A rank holds the rows of some clusters, whole; what clusters there are, every rank
 * knows. Two clusters merge into the lower slot, whose row is then that of the union (Lance and Williams 1967), and so
 * is the column in the rows of all others. Dead slots stay until the columns are closed up; a row never moves, but that
 * of a union may be where the row of either part was.
 */
#ifndef RB_CLUSTER_CORE_LINKAGE_ROWS_H
#define RB_CLUSTER_CORE_LINKAGE_ROWS_H

#include "cluster/core/linkage.h"

typedef struct rb_linkage_rows {
    const rb_ctx *ctx;
    int64_t n, n_live, stride; /* n: slots */
    bool is_single;
    rb_linkage linkage;
    void *value;     /* REAL [rows of this rank x stride], the matrix's */
    void *mask;      /* REAL [stride] 0, infinite where dead; is added to a row that is searched */
    void *spare;     /* REAL [stride] a row of another rank */
    void *united;    /* the row of the last rb_linkage_unite */
    double *size;    /* [n] points of a cluster, 0: dead */
    int32_t *point;  /* [n] its lowest point */
    int32_t *owner;  /* [n] the rank that holds its row */
    int32_t *place;  /* [n] which of that rank's rows it is */
    int32_t *moved;  /* [n] of the last closing up: new slot of an old one, -1: dead */
    int32_t *origin; /* [n] old slot of a new one */
} rb_linkage_rows;

/* Pairs that merged in rounds. Those of a round share no cluster, and ascend in their lower slots. */
typedef struct rb_linkage_log {
    int64_t n_rounds;
    int64_t *begin;  /* [n_rounds + 1] first pair of a round */
    int32_t *a, *b;  /* a < b */
    double *na, *nb; /* points of the parts */
    double *height;  /* as the matrix has it */
    int32_t *met;    /* [slots] rounds whose columns a row has united */
    double *size;    /* [slots] points after the last round, where the rows' `size` is that before it */
} rb_linkage_log;

typedef struct rb_linkage_nearest {
    int64_t slot;
    double distance;
    double other; /* distance of another slot that was asked for */
} rb_linkage_nearest;

/** Local. */
rb_status rb_linkage_rows_init(rb_linkage_rows *r, rb_linkage_matrix *m, rb_linkage linkage, const rb_ctx *ctx,
                               rb_error *err);
void rb_linkage_rows_fini(rb_linkage_rows *r);

static inline bool rb_linkage_is_live(const rb_linkage_rows *r, int64_t slot)
{
    return r->size[slot] > 0;
}

static inline bool rb_linkage_is_own(const rb_linkage_rows *r, int64_t slot)
{
    return r->owner[slot] == r->ctx->rank && rb_linkage_is_live(r, slot);
}

/** A merge of two slots at a height as the matrix has it. */
rb_linkage_merge rb_linkage_merge_of(const rb_linkage_rows *r, int64_t a, int64_t b, double height);

/** Address of a row of this rank. */
void *rb_linkage_row(const rb_linkage_rows *r, int64_t slot);

/** Nearest of n slots in a row, the lowest among equals. Local. */
rb_linkage_nearest rb_linkage_search(const rb_linkage_rows *r, const void *row, int64_t n);

/** Nearest live slot of another, with its distance to a third one, `other` (-1: none). Collective. */
rb_linkage_nearest rb_linkage_nearest_of(const rb_linkage_rows *r, int64_t slot, int64_t other);

/** Merge two slots into the lower one. Collective; one row is sent, where its owners differ, and one to all. */
void rb_linkage_unite(rb_linkage_merge *merge, rb_linkage_rows *r, int64_t a, int64_t b, double height);

/** Distance of a slot to the cluster of the last rb_linkage_unite. Local. */
double rb_linkage_from_united(const rb_linkage_rows *r, int64_t slot);

/** Drop dead slots where they are half of all. Returns true where slots moved: r->moved tells where to. Local. */
bool rb_linkage_rows_shrink(rb_linkage_rows *r);

/** A slot is dead for searches. */
void rb_linkage_mask_out(rb_linkage_rows *r, int64_t slot);

/* ---- for rounds ---- */

/** Unite the columns of all rounds before `n_rounds` that an own row has not met. Local.
 *  @param scratch  REAL [pairs of a round] */
void rb_linkage_meet(const rb_linkage_rows *r, const rb_linkage_log *log, int64_t slot, int64_t n_rounds,
                     void *scratch);

/** Row of the union of a pair of the last round, out of those of its parts, [n] each, which have met the rounds before;
 *  out is x or y. Both halves of the matrix get the same bits. Local. */
void rb_linkage_unite_pair(void *out, void *x, void *y, const rb_linkage_rows *r, const rb_linkage_log *log,
                           int64_t pair, void *scratch);

/* ---- closing up ---- */

/** Number the live slots: r->origin, r->moved. Local. */
void rb_linkage_number(rb_linkage_rows *r);

/** Close up an own row that has met all, by its old number. Local. */
void rb_linkage_close_row(const rb_linkage_rows *r, int64_t slot);

/** Take the new numbers for all that is known of slots, and the mask. Local, after all rows are closed up. */
void rb_linkage_renumber(rb_linkage_rows *r);

/** Place of the least of row + mask, the lowest among equals; n is a multiple of RB_LINKAGE_LANES. Local. */
int64_t rb_linkage_least_f64(const double *row, const double *mask, int64_t n);
int64_t rb_linkage_least_f32(const float *row, const float *mask, int64_t n);

#endif
