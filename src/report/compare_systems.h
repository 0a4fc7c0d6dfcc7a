/*
 * What `compare` compares: systems of one or more runs with their values over the same units.
 */
#ifndef RB_REPORT_COMPARE_SYSTEMS_H
#define RB_REPORT_COMPARE_SYSTEMS_H

#include "eval/metric.h"
#include "report/results_file.h"

typedef struct {
    const rb_results_file *run;
    const rb_trial_line *trial; /* one of the configuration's; the selected one where there is one */
    char name[128];             /* told apart from the others */
    double *x;                  /* [n_units] owned; NAN where it has no value */
    int64_t capacity;
} rb_system;

typedef struct {
    rb_results_file *run; /* [n_runs] one for each operand */
    int n_runs;
    rb_metric metric;
    rb_system *system; /* [n] */
    int32_t n;
    int64_t capacity;
    int64_t n_units;
    bool over_users; /* else over folds and repeats */
    const char *part;
    uint64_t seed; /* of the first run */
} rb_systems;

/** @param[out] s  zeroed; rb_systems_fini whatever is returned. @return as rb_report_compare */
rb_status rb_systems_read(rb_systems *s, const char *const *what, int n, const char *metric, rb_error *err);
void rb_systems_fini(rb_systems *s);

#endif
