/*
 * Clusterings of a batch fitted to other points or titles than their trials': reference sets, resamples.
 */
#ifndef RB_HARNESS_FIT_POINTS_H
#define RB_HARNESS_FIT_POINTS_H

#include "harness/evaluate_clusters.h"

/* What is fitted, and what becomes of it. */
typedef struct rb_point_fits {
    const rb_cluster_batch *batch;
    int64_t first, end;        /* items of it */
    const bool *wanted;        /* [batch->n] which of them; `take` may take its own item back for the next time */
    const rb_train_view *view; /* the points, or the titles */
    /** The labels [n] of an item, on every rank; NULL: these points cannot be clustered so. Collective. */
    rb_status (*take)(void *self, int64_t item, const int32_t *labels, int64_t n, rb_error *err);
    void *self;
} rb_point_fits;

/**
 * Fit every wanted item to what the view holds by all ranks together, from its trial's seed; those that agree in what
 * their algorithm prepares share it. An item that cannot be fitted, or prepared for, is taken without labels and
 * touches no other. Bits: of each item a function of its configuration, its seed and the view. Collective over the
 * world.
 * @return RB_OK, RB_NO_MEMORY, RB_IO, what `take` returns; the same on every rank
 */
rb_status rb_run_fit_points(const rb_point_fits *f, rb_error *err);

#endif
