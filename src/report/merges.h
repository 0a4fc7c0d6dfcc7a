/*
 * A merge tree of a hierarchical clustering, told as Newick and drawn as a dendrogram.
 */
#ifndef RB_REPORT_MERGES_H
#define RB_REPORT_MERGES_H

#include <stdint.h>
#include <stdio.h>

#include "base/status.h"

/* A tree over n leaves in the convention of SciPy's linkage; borrowed. */
typedef struct {
    const double *row; /* [n - 1 x 4] two ids (leaves below n, n + t the cluster of row t), height, leaves */
    int64_t n;
    /** Name of a leaf, UTF-8; buffer is there for those that have none in memory. */
    const char *(*name)(char buffer[32], const void *of, int64_t leaf);
    const void *of;
} rb_merges;

/** Whether the rows are a tree: each joins two that are there and were not joined before. Local.
 *  @return RB_OK, RB_NO_MEMORY, RB_BAD_INPUT */
rb_status rb_merges_check(const double *row, int64_t n, rb_error *err);

/**
 * The tree in Newick's form, in one line: (a:1,(b:.5,c:.5):.5); as SciPy's to_tree has it, left before right.
 *
 * The length of a branch is the height above less that below, leaves at 0: negative where heights fall, as those of
 * centroid and median may. Names are quoted where they hold what Newick gives a meaning. Time and memory O(n).
 *
 * @return RB_OK, RB_NO_MEMORY, RB_IO
 */
rb_status rb_newick_write(FILE *out, const rb_merges *m, rb_error *err);

/**
 * The dendrogram as SVG, the root on the left, of the last `last` clusters alone: what was merged before is one leaf,
 * named by the number of its points in brackets (SciPy's truncate_mode lastp).
 *
 * @param[in] last     leaves that are drawn, at least 2; all where there are fewer
 * @param[in] k        clusters of a cut that is drawn as a broken line; 0: none
 * @param[in] caption  one line below
 * @return RB_OK, RB_NO_MEMORY, RB_IO
 */
rb_status rb_figure_merges(FILE *out, const rb_merges *m, int64_t last, int64_t k, const char *caption, rb_error *err);

#endif
