/*
 * Published values beside what was measured.
 */
#ifndef RB_REPORT_EXPECTED_H
#define RB_REPORT_EXPECTED_H

#include "harness/experiment.h"
#include "report/results_file.h"
#include "report/table.h"

/** What a run's own experiment file expects, parsed from the file that the run keeps. e zeroed; rb_experiment_fini
 *  whatever is returned. n_expected is 0 where the file names something that is not there any more. Local. */
rb_status rb_expected_load(rb_experiment *e, const rb_results_file *r, rb_error *err);

/**
 * The test value of a configuration of the entry, averaged over folds and repeats: the selected one, or the only one;
 * NAN where there is none. Local.
 */
double rb_expected_measured(const rb_results_file *r, const rb_expected *x);

/** Whether a measured value is within the tolerance, or better where that is allowed. Local. */
bool rb_expected_held(const rb_expected *x, double measured);

/** One row for each expected value: published, tolerance, measured, held, source. Local. @return RB_OK, RB_IO,
 *  RB_NO_MEMORY */
rb_status rb_expected_write(FILE *out, const rb_results_file *r, const rb_experiment *e, rb_format format,
                            rb_error *err);

#endif
