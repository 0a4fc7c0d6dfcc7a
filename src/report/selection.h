/*
 * The selected configurations of a run as a table.
 */
#ifndef RB_REPORT_SELECTION_H
#define RB_REPORT_SELECTION_H

#include "report/results_file.h"
#include "report/table.h"

/**
 * The selected configurations with test value, interval and letters: table and Markdown under a heading for each metric
 * of selection; CSV, TSV and JSON as one table.
 *
 * @return RB_OK, RB_IO, RB_NO_MEMORY
 */
rb_status rb_selection_write(FILE *out, const rb_results_file *r, rb_format format, rb_error *err);

#endif
