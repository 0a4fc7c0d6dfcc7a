/*
 * Published values beside what was measured.
 */
#ifndef RB_REPORT_EXPECTED_H
#define RB_REPORT_EXPECTED_H

#include "harness/experiment.h"
#include "report/results_file.h"
#include "report/table.h"

/**
 * What a run's own experiment file expects, parsed from the file that the run keeps. Local.
 *
 * @param[in,out] e       zeroed; rb_experiment_fini whatever is returned
 * @param[in,out] unread  zeroed; why the file cannot be read any more (it names another that was moved), n_expected is
 *                        0 then; left empty where it can, or expects nothing; rb_text_fini
 * @return RB_OK, RB_IO, RB_BAD_INPUT (of results.h5), RB_NO_MEMORY
 */
rb_status rb_expected_load(rb_experiment *e, rb_text *unread, const rb_results_file *r, rb_error *err);

/**
 * What the configuration of the entry was measured at, averaged over folds and repeats, on the part that it is judged
 * on (rb_results_part): of the only one selected, else the only one. NAN where several might be meant, or one of its
 * trials has no value. Local.
 */
double rb_expected_measured(const rb_results_file *r, const rb_expected *x);

/** One row for each expected value: published, tolerance, measured, held, source. Local. @return RB_OK, RB_IO,
 *  RB_NO_MEMORY */
rb_status rb_expected_write(FILE *out, const rb_results_file *r, const rb_experiment *e, rb_format format,
                            rb_error *err);

#endif
