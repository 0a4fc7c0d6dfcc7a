/*
 * What the clusters of a stored labelling hold: the terms, genres, countries, decades, age groups and titles of each.
 */
#ifndef RB_REPORT_DESCRIBE_H
#define RB_REPORT_DESCRIBE_H

#include "harness/apply.h"
#include "report/report.h"

typedef struct {
    int64_t top;         /* most entries of each kind */
    const char *columns; /* text columns of the terms, joined by +; NULL: of title, description, tags those there are */
    rb_format format;
} rb_describe_options;

/**
 * Describe every cluster of a trial, then its noise. Measures: eval/cluster_profile.h. Before them the mean silhouette
 * of the cluster's points, of each silhouette whose values per point the run keeps.
 *
 * The titles are those nearest to the mean in the space that the trial clustered, and the medoid, which has the least
 * sum of distances to the others of its cluster (in the clustering's distance; of clusters over 4000 points the one
 * nearest to the mean, which the row then says): of the space that another trial makes its stored model is read, and
 * of K-Prototypes and K-Modes their own, in which their distance is a squared euclidean one. Where no model was kept
 * the space tfidf stands in, which the row says. A trial of topics has its words by p(word | topic) and their
 * coherence. CSV, TSV and JSON have a row for each entry: cluster, titles, of, rank, name, value. Where labels of
 * several repeats of the configuration are stored, first
 * stability:seeds, their mean pairwise adjusted Rand index (cluster "all"). Serial ctx.
 *
 * @return RB_OK; RB_BAD_INPUT: no such run or trial, no clustering, no labels stored, data without titles, data that
 *         have changed, unknown columns; RB_NO_MEMORY; RB_IO
 */
rb_status rb_report_describe(const rb_apply_options *o, const rb_describe_options *d, rb_ctx *ctx, rb_error *err);

#endif
