/*
 * What a run folder says, as tables: `report`, `status`, `digest`. Serial; nothing here starts MPI.
 */
#ifndef RB_REPORT_REPORT_H
#define RB_REPORT_REPORT_H

#include <stdio.h>

#include "base/status.h"

typedef enum { RB_FORMAT_TABLE, RB_FORMAT_CSV, RB_FORMAT_TSV, RB_FORMAT_JSON, RB_FORMAT_MARKDOWN } rb_format;

/**
 * The selected configuration of each algorithm with its test value, interval and letters; what a run ends with. Where
 * nothing was selected, the command that shows the trials.
 *
 * @return RB_OK, RB_BAD_INPUT, RB_IO as below
 */
rb_status rb_report_selection(FILE *out, const char *folder, rb_error *err);

/** Why trials and refits of a run failed, up to three different reasons, each with the first trial that has it and how
 *  many more do. Local. @return RB_OK, RB_BAD_INPUT, RB_IO, RB_NO_MEMORY */
rb_status rb_report_failures(FILE *out, const char *folder, rb_error *err);

/**
 * The best configuration of each algorithm by the selection metric, and every trial with its metrics: JSON is an object
 * of both ("selection", "trials"), of the values that the experiment expects where there are any ("published"), of the
 * curves over k where there are any ("curve"), and of a run that replayed of its policies and A/B tests ("replay",
 * "ab_tests"); CSV and TSV are the table of trials, whose last columns say of the selected ones by which metric, their
 * rank, test value, interval and letters.
 *
 * @return RB_OK, RB_BAD_INPUT (not a run folder, or it has no results.h5 yet; the message says what to do), RB_IO
 */
rb_status rb_report_run(FILE *out, const char *folder, rb_format format, rb_error *err);

/** How far a run is: done, running (for how long, and from which iteration each goes on) when it was stopped, waiting,
 * about how long the rest takes, and the command that resumes it. */
rb_status rb_report_status(FILE *out, const char *folder, rb_error *err);

/** The digest of a run's results, the class in which it holds, and what is left out of it. */
rb_status rb_report_digest(FILE *out, const char *folder, rb_error *err);

#endif
