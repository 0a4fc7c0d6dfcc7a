/*
 * Comparing what runs made: paired tests over the same users, and a figure of mean ranks. Serial; starts no MPI.
 */
#ifndef RB_REPORT_COMPARE_H
#define RB_REPORT_COMPARE_H

#include <stdio.h>

#include "eval/statistics.h"
#include "report/report.h"

typedef struct {
    const char *const *what; /* [n] "RUN": all that it selected by the metric; "RUN:TRIAL", number or entry */
    int n;
    const char *metric; /* as an experiment writes it; NULL: the first that selected in the first run */
    rb_test_kind test;
    rb_correction correction;
    double level;       /* of the intervals; 1 - level decides what differs */
    const char *figure; /* file for the critical-difference figure, SVG; NULL: none */
    rb_format format;
    int n_threads;
} rb_compare_options;

/**
 * Print the systems with value, mean rank and letters, and every pair with its test: difference, interval, p, corrected
 * p, effect size. JSON is an object of both; CSV and TSV are the table of pairs.
 *
 * A system is a configuration with all its folds and repeats: the mean of a user's values over them is compared user by
 * user; a metric without values of users, value by value over folds and repeats. The values are those on test, of the
 * refits where every system has them, or of the clusterings.
 *
 * @return RB_OK; RB_BAD_INPUT: runs that were evaluated on other parts, clusterings of different spaces, values that
 *         were not kept (each message says what to do); RB_IO; RB_NO_MEMORY
 */
rb_status rb_report_compare(FILE *out, const rb_compare_options *o, rb_error *err);

#endif
