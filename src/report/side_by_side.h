/*
 * Selected clusterings of several spaces in one table, by the values that compare across them.
 */
#ifndef RB_REPORT_SIDE_BY_SIDE_H
#define RB_REPORT_SIDE_BY_SIDE_H

#include "report/results_file.h"
#include "report/table.h"

/**
 * Below a heading a row for each selected clustering, in the order of the selection: number of clusters, noise, sizes,
 * stability and agreement with reference labels, those that the run has; means over the trials of the configuration, on
 * the part that it is judged on. Nothing where all stand in one space and one metric selected them, or where the run
 * has no such values. Silhouettes and the like are left out: they measure the space more than the clustering.
 *
 * @return RB_OK, RB_IO, RB_NO_MEMORY
 */
rb_status rb_side_by_side_write(FILE *out, const rb_results_file *r, rb_format format, rb_error *err);

#endif
