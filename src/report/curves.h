/* Curves over k of the clusterings that a sweep made, as a run selected by them. */
#ifndef RB_REPORT_CURVES_H
#define RB_REPORT_CURVES_H

#include "report/report.h"
#include "report/results_file.h"

/**
 * All of them as one table under its heading, or member of an object: entry, space, k, value, its error, difference,
 * and which one was selected. Nothing where the run has none; for the eye, none that did not decide (elbow, gap).
 * Local.
 *
 * @return RB_OK, RB_IO, RB_NO_MEMORY, RB_BAD_INPUT
 */
rb_status rb_curves_write(FILE *out, const rb_results_file *r, rb_format format, rb_error *err);

#endif
