/*
 * Values of a run by groups of users and titles, for the eye.
 */
#ifndef RB_REPORT_SEGMENTS_H
#define RB_REPORT_SEGMENTS_H

#include "report/results_file.h"
#include "report/table.h"

/** Whether a value is that of a group of users or items (`evaluation.segments`). Local. */
bool rb_segments_has(const rb_value_line *value);

/**
 * For each metric with values of groups a heading and a table: a row for each selected recommender, with the mean over
 * its trials on the part that is judged; a column for all and for each group; in a last row the users that
 * the values of the first row are over, of all its trials. Then where the values of every trial are; nothing where no
 * value is of a group.
 *
 * @return RB_OK, RB_IO, RB_NO_MEMORY
 */
rb_status rb_segments_write(FILE *out, const rb_results_file *r, rb_format format, rb_error *err);

#endif
