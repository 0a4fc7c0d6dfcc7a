/*
 * results.h5, read back into arrays of structs for tables.
 */
#ifndef RB_REPORT_RESULTS_FILE_H
#define RB_REPORT_RESULTS_FILE_H

#include "base/arena.h"
#include "data/hdf.h"
#include "eval/metric.h"

typedef struct {
    int32_t trial, configuration, fold, repeat, iterations, kept_iteration;
    const char *entry, *algorithm, *parameters, *space, *outcome, *message;
    const char *refit, *refit_message; /* outcome of the refit; "": none */
    bool selected;
    double fit_s, score_s, evaluate_s;
} rb_trial_line;

typedef struct {
    int32_t trial;
    int64_t cutoff, n, left_out;
    double value;
    const char *part, *segment, *name, *definition, *state;
} rb_value_line;

typedef struct {
    int32_t rank, trial, configuration;
    const char *metric, *label, *entry, *parameters, *letters;
    bool refit; /* test is of refits on training and validation */
    double selection, test, low, high, spread_repeats;
} rb_selection_line;

/* Spread of a value of a configuration over its folds. */
typedef struct {
    int32_t configuration;
    const char *part, *segment, *metric;
    double spread_folds;
} rb_fold_line;

/* One replay of a policy. */
typedef struct {
    int32_t configuration, repeat;
    int64_t events, matched, clicks;
    double ctr, low, high, expected, regret;
    const char *entry, *parameters;
} rb_replay_line;

/* One A/B test. */
typedef struct {
    int32_t configuration, repeat;
    int64_t pairs;
    double control, treatment, difference, low, high, p, true_difference;
    bool rejected;
    const char *entry, *parameters;
} rb_ab_line;

typedef struct rb_results_file {
    rb_hdf file;
    const char *folder;
    double level;           /* of the intervals; NAN: not told */
    const char *correction; /* of p over pairs, "holm"; "": not told */
    rb_trial_line *trial;   /* [n_trials] */
    int64_t n_trials;
    rb_value_line *value; /* [n_values] in the order of trials */
    int64_t n_values;
    rb_selection_line *selection; /* [n_selection] */
    int64_t n_selection;
    rb_fold_line *fold; /* [n_folds] */
    int64_t n_folds;
    rb_replay_line *replayed; /* [n_replayed] in the order of configurations, then repeats; 0 without `replay` */
    int64_t n_replayed;
    bool assumes_uniform;      /* replays need not be of a uniform log */
    bool replays_interactions; /* all repeats replay one log */
    rb_ab_line *test;          /* [n_tests] likewise */
    int64_t n_tests;
    rb_arena arena; /* owns all of it */
} rb_results_file;

/** " [fast]" where the bits of a trial's fit differ from run to run, as its parameters then end; else "". Local. */
const char *rb_trial_label(const rb_trial_line *trial);
/** Whether a trial is of a clustering algorithm; all others are recommenders. Local. */
bool rb_trial_clusters(const rb_trial_line *trial);
/**
 * The value of a trial by a metric over all that it is of; NULL where it has none that is ok, or where its values have
 * several definitions. The definition of a silhouette may name the distance that the trial clustered with, that of the
 * gap has the number of reference sets. Local.
 */
const rb_value_line *rb_results_value(const rb_results_file *r, int32_t trial, const char *part,
                                      const rb_metric *metric);
/** The part that a configuration is judged on: of clusterings "all", or "test" where titles are divided; else "refit"
 *  where it has values of a refit, else "test". Local. */
const char *rb_results_part(const rb_results_file *r, int32_t configuration, const rb_metric *metric);
/**
 * The first trial of the configuration that an entry is judged by: the only selected one, else the only one. Local.
 *
 * @param[out] several  several might be meant, and the trial is of one of them
 * @return NULL where no entry has the name
 */
const rb_trial_line *rb_results_entry(const rb_results_file *r, const char *entry, bool *several);
/** Whether two values are of one definition, cutoff, part and segment. Local. */
bool rb_results_alike(const rb_value_line *a, const rb_value_line *b);
/**
 * One value of each kind, in the order in which they come: of those that are ok and that `takes` takes, those that no
 * earlier one is `same` as. Local.
 *
 * @param[out] out  NULL before; the caller's (rb_free), [n]
 * @return RB_OK, RB_NO_MEMORY. Time O(values x n).
 */
rb_status rb_results_kinds(const rb_value_line ***out, int *n, const rb_results_file *r,
                           bool (*takes)(const rb_value_line *v, const void *self), const void *self,
                           bool (*same)(const rb_value_line *a, const rb_value_line *b), rb_error *err);
/** Mean over the trials of a configuration of the values like a given one; NAN where none has it. Local. */
double rb_results_mean(const rb_results_file *r, int32_t configuration, const rb_value_line *like);
/** Standard deviation over folds of a configuration's value; NAN where there is one fold, or no such value. Local. */
double rb_results_fold_spread(const rb_results_file *r, int32_t configuration, const char *metric, const char *part);

/**
 * Open <folder>/results.h5 and read its tables.
 *
 * @param[out] out  zeroed by the caller; rb_results_file_close whatever is returned
 * @return RB_OK; RB_BAD_INPUT: not a run folder, or a run without results yet (the message says what to do);
 *         RB_IO; RB_NO_MEMORY
 */
rb_status rb_results_file_open(rb_results_file *out, const char *folder, rb_error *err);
void rb_results_file_close(rb_results_file *r);

#endif
