/*
 * Selection on validation and the comparison of what was selected. Where several metrics select clusterings, each
 * decides on the entries that none before it has a value of.
 *
 * Configurations compete inside a family: the entries of one name (for clusterings: of one name in one space, since a
 * silhouette measures the space more than the algorithm). The value of a configuration is the mean over its folds and
 * repeats; one that has not finished everywhere does not compete. Ties go to the lower configuration.
 *
 * elbow takes of a family the configuration at the knee (linalg/knee.h) of the curve of least values over `k`,
 * and none where there is no knee; gap the smallest k that the gap statistic allows (eval/gap.h), and none
 * where it allows none. A family without `k` has neither.
 */
#ifndef RB_HARNESS_SELECT_H
#define RB_HARNESS_SELECT_H

#include "eval/statistics.h"
#include "harness/expand.h"
#include "harness/unit.h"

/* The winner of one family by one selection metric. */
typedef struct rb_selected {
    const rb_metric *metric;
    int32_t configuration;
    const char *space;    /* of a clustering, "" where a trial makes it: ranks hold within one; else "" */
    double selection;     /* mean value that selected it: on validation, or of the clustering */
    rb_metric_value test; /* mean on test, of the refits where there are any; of clusterings the same as selection */
    double low, high;     /* interval of the mean over users; NAN where the metric is no mean over users */
    double spread_users;  /* standard deviation over users; NAN */
    double spread_seeds;  /* standard deviation over repeats; NAN with one */
    double *vector;       /* [n_vector] test values by user, mean over folds and repeats; owned; NULL */
    int64_t n_vector;
    char letters[32]; /* of the compact display; "" where nothing was compared */
} rb_selected;

/* A pair of winners. */
typedef struct rb_pair {
    int32_t a, b; /* into selected */
    rb_comparison test;
    double p_adjusted;
} rb_pair;

/* A point of the curve over k of a family of clusterings. */
typedef struct rb_curve_point {
    const rb_metric *metric;
    rb_select_rule rule;
    int32_t configuration; /* the best of this k */
    const char *space;
    int64_t k;
    double value, error; /* error: of the gap statistic; NAN */
    double difference;   /* of Kneedle, largest at knees; of the gap Gap(k) - Gap(k') + s_k', k' the next; NAN */
    bool is_selected;
} rb_curve_point;

typedef struct rb_selection {
    rb_selected *selected; /* [n] by metric, then space, then the best `selection` first */
    int32_t n;
    rb_pair *pair; /* [n_pairs] */
    int32_t n_pairs;
    rb_curve_point *curve; /* [n_curve] by family, then k ascending */
    int32_t n_curve;
} rb_selection;

/**
 * Reads the values of one trial; vectors where `with_vectors`. False where the trial has not finished. Trial n_trials +
 * t is the refit of trial t, whose test values have the part "refit".
 */
typedef struct rb_trial_reader {
    bool (*read)(rb_metric_record *out, const void *self, int64_t trial, bool with_vectors, rb_error *err);
    const void *self;
} rb_trial_reader;

/**
 * Select and compare. Local.
 *
 * @param[out] out  zeroed by the caller; rb_selection_fini whatever is returned
 * @return RB_OK, RB_IO, RB_NO_MEMORY
 */
rb_status rb_select(rb_selection *out, const rb_plan *plan, const rb_trial_reader *reader, int32_t n_users,
                    int n_threads, rb_error *err);
/** The winners alone, in the order of metrics and families, without test values and comparisons. As rb_select. */
rb_status rb_select_winners(rb_selection *out, const rb_plan *plan, const rb_trial_reader *reader, rb_error *err);

void rb_selection_fini(rb_selection *s);

#endif
