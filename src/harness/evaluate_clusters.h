/*
 * Metrics of clusterings: all labellings of one space together, so that the distances of its points are computed once.
 */
#ifndef RB_HARNESS_EVALUATE_CLUSTERS_H
#define RB_HARNESS_EVALUATE_CLUSTERS_H

#include "harness/state.h"

/* A clustering that waits for its values. */
typedef struct rb_waiting {
    int64_t trial;
    rb_fit_record fit;
    const int32_t *labels; /* [n_labels] of the part that is evaluated; NULL: the algorithm cannot assign */
    int64_t n_labels;
    rb_metric_record record;
    rb_wanted wanted;
    rb_metric_value gap[2];    /* by RB_GAP_VALUE, RB_GAP_ERROR */
    rb_metric_value stability; /* of resamples */
    const char *distance;      /* that it clustered with */
} rb_waiting;

/* All clusterings of one space. */
typedef struct rb_cluster_batch {
    rb_run_state *run;
    const rb_points *points, *unseen; /* NULL: of the catalogue itself, where nothing has a distance */
    const rb_catalogue *titles;       /* of the part */
    const char *part;
    rb_waiting *item;
    int64_t n;
    int32_t *reference; /* [titles of the larger part] scratch */
} rb_cluster_batch;

/** The distance that clusterings by c work with. Local. */
const char *rb_run_clustered_with(const rb_configuration *c);

/**
 * The wanted values of all items, of the part that was fitted and, where titles are unseen, on these: points, labels
 * and reference labels of that part alone. Written to their units. Collective over the world.
 */
rb_status rb_evaluate_cluster_batch(rb_cluster_batch *b, rb_error *err);

/* ---- harness/gap.c ---- */

/** Whether a gap statistic is that of clusterings by an algorithm: one that has a parameter k. Local. */
bool rb_run_has_gap(const rb_metric *m, const rb_algorithm *a);

/**
 * `gap` of every item that wants it (eval/gap.h), B being evaluation.gap_references; unavailable where a reference set
 * cannot be clustered so. Reference sets are fitted by all ranks together, with the trial's seed. Collective over the
 * world.
 */
rb_status rb_run_find_gaps(rb_cluster_batch *b, rb_error *err);

/* ---- harness/bootstrap.c ---- */

/** Whether clusterings by an algorithm can be made of resamples: of points, or of titles alone. Local. */
bool rb_run_can_resample(const rb_algorithm *a);

/**
 * stability:bootstrap (eval/stability.h) of every item that wants it, clustered anew by all ranks together. Not
 * applicable to what needs more than points or titles; unavailable where a resample cannot be clustered so. Collective
 * over the world. @return RB_OK, RB_NO_MEMORY, RB_IO, the same on every rank
 *
 * Cost: RB_STABILITY_SAMPLES fits of 63 % of the points an item, and labels of at most 64 MiB or of one item.
 */
rb_status rb_run_bootstrap(rb_cluster_batch *b, rb_error *err);

#endif
