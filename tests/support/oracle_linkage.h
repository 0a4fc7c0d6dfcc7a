/*
 * Hierarchical clustering the plain way: all pairs of clusters before each merge, distances by definition.
 */
#ifndef RB_SUPPORT_ORACLE_LINKAGE_H
#define RB_SUPPORT_ORACLE_LINKAGE_H

#include <stdbool.h>
#include <stdint.h>

#define RB_ORACLE_LINKAGE_MOST 140 /* points */

/**
 * Merge tree [n - 1 x 4] as SciPy writes it: lower id, higher id, height, points; rows as they merge.
 *
 * @param[in] linkage  "single", ..., "median"
 */
void rb_oracle_linkage(double *tree, const double *x, int64_t n, int64_t d, const char *linkage, bool cosine);

/**
 * How far a tree is from one that the plain way may make: before each of its merges the two clusters that it names are
 * compared, by definition, with all pairs. Where distances tie, several trees are right; of each of them this is 0.
 *
 * @return the largest difference of a height, and of the distance of what merges, from the least distance
 */
double rb_oracle_linkage_error(const double *tree, const double *x, int64_t n, int64_t d, const char *linkage,
                               bool cosine);

/** Labels by lowest point where all merges of rows with keep[row] take place. */
void rb_oracle_linkage_labels(int32_t *labels, const double *tree, int64_t n, const bool *keep);

/** Correlation over all pairs of the height of the first merge that holds both and their distance. */
double rb_oracle_cophenetic(const double *tree, const double *x, int64_t n, int64_t d, bool cosine);

#endif
