/*
 * The silhouette of each cluster of a trial, as results.h5 stores it.
 */
#ifndef RB_REPORT_CLUSTER_MEANS_H
#define RB_REPORT_CLUSTER_MEANS_H

#include "data/hdf.h"
#include "harness/experiment.h"

typedef struct {
    int64_t n;          /* silhouettes that are stored */
    const char **label; /* [n] the metrics' labels, borrowed of the experiment */
    double **mean;      /* [n] of each class, as rb_classes has them; NAN where it was left out */
} rb_cluster_means;

/**
 * Those of the fitted part. None where the run keeps no values of points (`store: { per_user: none }`).
 *
 * @param n_classes  clusters, and the noise where there is any
 * @return RB_OK, RB_NO_MEMORY, RB_IO, RB_BAD_INPUT: a table of another length. Zeroed before
 */
rb_status rb_cluster_means_read(rb_cluster_means *out, hid_t results, const rb_experiment *e, int64_t trial,
                                int64_t n_classes, rb_error *err);
void rb_cluster_means_fini(rb_cluster_means *m);

#endif
