/*
 * results.h5 while it is being merged: the tables that grow trial by trial.
 */
#ifndef RB_HARNESS_RESULTS_H
#define RB_HARNESS_RESULTS_H

#include "harness/select.h"
#include "harness/state.h"

/* What the tables need of one trial. */
typedef struct rb_trial_facts {
    bool finished; /* its fit unit is there */
    rb_fit_outcome outcome;
    char message[256];
    bool converged, selected;
    int64_t n_history, model_bytes;
    int64_t kept_iteration;            /* from 0; -1 */
    double fit_s, score_s, evaluate_s; /* evaluate_s without score_s */
    char digest[65];                   /* of its fit and its values; "" where it is left out */
} rb_trial_facts;

typedef struct rb_history_row {
    int32_t trial, iteration;
    uint8_t kept, refit;
    const char *phase; /* that the objective is of; "" where it is the same all the way */
    double objective, validation, wall_s;
} rb_history_row;

/* A value and the trial it belongs to. */
typedef struct rb_value_row {
    int32_t trial;
    rb_metric_row row; /* vector not kept */
} rb_value_row;

/* What a trial or replay adds to the digest of the run. */
typedef struct rb_digest_line {
    const char *key;
    char digest[65];
} rb_digest_line;

rb_digest_line rb_digest_line_of(const char *key, const char digest[65]);

/* How far the labellings of the repeats of a configuration agree. */
typedef struct rb_repeats {
    rb_metric_value stability;
    int64_t n; /* labellings */
} rb_repeats;

typedef struct rb_results {
    rb_run_state *run;
    rb_hdf file;
    rb_unit_list units;
    rb_repeats *repeats;   /* [trials] at the first repeat of each configuration and fold; NULL: not asked for */
    rb_trial_facts *facts; /* [run->n_work] trials, then their refits */
    rb_value_row *value;
    int64_t n_values, values_capacity;
    rb_history_row *history;
    int64_t n_history, history_capacity;
    rb_selection selection;
    rb_digest_line *replayed; /* [n_replayed] jobs of `replay` that are done */
    int64_t n_replayed;
    int64_t n_left_out; /* of the digest: stopped by time or memory, fast, not run */
} rb_results;

/** List the units of r->run and, where the experiment asks for them, read the repeats; release both. Serial. */
rb_status rb_results_begin(rb_results *r, rb_error *err);
void rb_results_end(rb_results *r);

/** All values of a trial, or of a refit (part "refit" instead of "test"), from its metric units. False where there are
 *  none. */
bool rb_results_read(rb_metric_record *out, const void *results, int64_t work, bool with_vectors, rb_error *err);

/* An rb_hdf_column of `field` of an array of structs, under its own name or another; a unit or NULL. */
#define RB_RESULTS_COLUMN(rows, type, field) RB_RESULTS_COLUMN_AS(rows, type, field, #field, NULL)
#define RB_RESULTS_COLUMN_AS(rows, type, field, name, unit)                      \
    {                                                                            \
        (name), (type), (rows) ? &(rows)[0].field : NULL, (unit), sizeof *(rows) \
    }
#define RB_RESULTS_N_OF(table) ((int)(sizeof(table) / sizeof *(table)))

/** Whether the experiment names a metric; units may hold more. */
bool rb_results_asks_for(const rb_results *r, const char *id);

/** Write the vectors of a trial or refit that the experiment asks for: per user, with their users, and per point. */
rb_status rb_results_write_vectors(rb_results *r, int64_t work, const rb_fit_record *fit, const rb_metric_record *m,
                                   rb_error *err);
/** The part of it that is over points: /per_point and, over the labels of fit, /per_cluster. RB_IO where labels and
 *  vector differ in length. */
rb_status rb_results_write_points(rb_results *r, int64_t work, const rb_fit_record *fit, const rb_metric_record *m,
                                  rb_error *err);

/** Say of what nothing could be selected, and why. */
void rb_results_note_unselected(const rb_results *r);

/** Note in r->facts which trials the selection names. */
void rb_results_mark_selected(rb_results *r);
/** Models, lists and (where only those of the selected are asked for) vectors of the trials that are kept; models
 *  and lists of its refit where a trial has one. */
rb_status rb_results_keep(rb_results *r, rb_error *err);
/** Once the selection stands, remove units that it did not keep; nothing while trials are left. */
void rb_results_drop(const rb_results *r);

/** Write the tables /trials, /metrics, /history, /timing, /per_fold, /selection, /comparisons. */
rb_status rb_results_write_tables(rb_results *r, rb_error *err);

/** Write /replay, note the digests of its jobs. */
rb_status rb_results_write_replay(rb_results *r, rb_error *err);

/** Two of these tables (harness/results_selection.c). */
rb_status rb_results_write_selection(rb_results *r, rb_error *err);
rb_status rb_results_write_curve(rb_results *r, rb_error *err);
rb_status rb_results_write_comparisons(rb_results *r, rb_error *err);

#endif
