/*
 * The durable units of a run folder: one file for a fit, one for its metrics, written aside and renamed.
 *
 *     units/<key>.fit.h5                outcome, history, labels, what the fit measured, digest of the model
 *     units/<key>.<eval>-<set>.metric.h5  values of a set of metrics, with their vectors over users and points
 *     units/<key>.model.h5              arrays of the model, as long as it may be selected or is kept
 *     units/<key>.<eval>-<K>.lists.h5   top-K lists, likewise
 *     units/<key>.replay.h5             what a policy or an A/B test came to (harness/replay_unit.c)
 *     units/<key>.checkpoint.h5         where a fit stood that is not done (harness/checkpoint.c)
 *
 * <key> is the first 32 hexadecimal digits of F, the digest of everything that a fit depends on
 * (harness/key.c); <eval> 8 digits of the digest of the evaluation's rules and code; <set> 8 digits over what the file
 * holds, so that metrics which are added later get a file beside it. A unit that is there is whole; what is not there
 * is computed again, and so is what a disk damaged: a seal, the digest of what a unit holds, tells.
 */
#ifndef RB_HARNESS_UNIT_H
#define RB_HARNESS_UNIT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/digest.h"
#include "data/algorithm.h"
#include "data/hdf.h"
#include "eval/metric.h"

#define RB_KEY_DIGITS 32

typedef enum { RB_FIT_DONE, RB_FIT_FAILED, RB_FIT_TIMEOUT, RB_FIT_OVER_BUDGET } rb_fit_outcome;

/** "done", "failed", "timeout", "over budget". */
const char *rb_fit_outcome_name(rb_fit_outcome outcome);

/* A metric that only the fit knows, by its name in the registry. */
typedef struct rb_measured {
    char name[32];
    double value; /* NAN: not defined */
} rb_measured;

typedef struct rb_fit_record {
    char key[RB_KEY_DIGITS + 1];
    rb_fit_outcome outcome;
    char message[1024]; /* why it failed */
    bool converged;
    double wall_s; /* of the fit, with its part of what it shares with others, without evaluation */
    int64_t model_bytes;
    rb_digest model;        /* of the state's arrays; zero where it failed */
    int64_t n_history;      /* iterations */
    double *objective;      /* [n_history] NAN where not known */
    double *validation;     /* [n_history] metric of early stopping, NAN where not computed */
    double *iteration_s;    /* [n_history] */
    int64_t kept_iteration; /* from 0: the best on validation, whose model it is; -1 where nothing watched */
    int32_t *labels;        /* [n_labels] clusterings; else NULL */
    int64_t n_labels;
    int32_t *unseen; /* [n_unseen] of titles that it was not fitted on; NULL where there are none or it cannot tell */
    int64_t n_unseen;
    rb_measured *measured; /* [n_measured] all that the algorithm measures, whatever the experiment asks for */
    int64_t n_measured;
} rb_fit_record;

void rb_fit_record_fini(rb_fit_record *r);
rb_status rb_fit_record_write(const rb_fit_record *r, const char *folder, rb_error *err);
rb_status rb_fit_record_read(rb_fit_record *r, const char *folder, const char *key, rb_error *err);

/* Over which users, or points, a vector of values goes. */
typedef enum {
    RB_USERS_NONE,
    RB_USERS_VALIDATION_RANKING, /* users with a relevant item */
    RB_USERS_VALIDATION_RATING,  /* users with a rating */
    RB_USERS_VALIDATION_SESSION, /* users with a revealed position of a session */
    RB_USERS_TEST_RANKING,
    RB_USERS_TEST_RATING,
    RB_USERS_TEST_SESSION,
    RB_N_USERS,
    RB_POINTS = RB_N_USERS, /* all n + n_left_out points of a clustering, in the order of its labels; NAN: left out */
    RB_N_POPULATIONS
} rb_population;

/* One value, as the long table of results.h5 holds it. */
typedef struct rb_metric_row {
    char part[12];       /* "validation", "test"; of clusterings "all", or "train" and "test" of the titles */
    char segment[24];    /* "all" */
    char id[64];         /* as asked for: "ndcg:bin-min@10" */
    char definition[64]; /* where the trial decides what the id leaves open (a silhouette's distance); else "" */
    rb_metric_value value;
    int64_t n;          /* users, ratings or points that the value is over */
    int64_t n_left_out; /* users without a relevant item, noise points, unseen */
    rb_digest per_user; /* of the vector below; zero where there is none */
    double *vector;     /* [n_vector] owned; NULL */
    int64_t n_vector;
    rb_population population; /* of the vector */
} rb_metric_row;

/* Top-K lists of one part. */
typedef struct rb_stored_lists {
    int64_t n_users, k;
    int32_t *user; /* [n_users] */
    int32_t *item; /* [n_users x k] -1 where there are fewer candidates */
    double *score; /* [n_users x k] */
} rb_stored_lists;

typedef struct rb_metric_record {
    char key[RB_KEY_DIGITS + 1];
    int64_t n_rows, capacity;
    rb_metric_row *rows;
    int32_t *users[RB_N_USERS]; /* users of the vectors of a population, ascending, owned; NULL */
    int64_t n_users[RB_N_USERS];
    double score_s, wall_s; /* in the model's own score and predict; with everything else of the evaluation */
} rb_metric_record;

void rb_metric_record_fini(rb_metric_record *r);
/** A new row at the end, zeroed but for part, segment and id; NULL where memory is short (err is set). */
rb_metric_row *rb_metric_record_add(rb_metric_record *r, const char *part, const char *id, rb_error *err);
/** A row with what a fit measured; not applicable where its algorithm does not measure it. */
rb_status rb_metric_record_add_measured(rb_metric_record *r, const char *part, const rb_metric *metric,
                                        const rb_fit_record *fit, rb_error *err);
/** Give a row the vector [n] that it owns from here on, also where its digest fails. Local. */
rb_status rb_metric_row_take(rb_metric_row *row, rb_population population, double *vector, int64_t n, rb_error *err);
/** The row of a part and id over all of it (segment "all"), or NULL. */
const rb_metric_row *rb_metric_record_find(const rb_metric_record *r, const char *part, const char *id);
/** @param evaluation  8 hexadecimal digits naming the rules and the code that computed the values */
rb_status rb_metric_record_write(const rb_metric_record *r, const char *folder, const char *evaluation, rb_error *err);

void rb_stored_lists_fini(rb_stored_lists *l);
/** Digest of the first k places of every list. */
rb_status rb_stored_lists_digest(rb_digest *out, const rb_stored_lists *l, int64_t k, rb_error *err);
/** @param k  places asked for: the lists have as many, or all items where there are fewer */
rb_status rb_stored_lists_write(const rb_stored_lists *l, const char *folder, const char *key, const char *evaluation,
                                int64_t k, rb_error *err);

/** Path of a unit: "<folder>/units/<key>.<kind>.h5"; out holds 4096 bytes. */
const char *rb_unit_path(char *out, const char *folder, const char *key, const char *kind);
bool rb_unit_exists(const char *folder, const char *key, const char *kind);
void rb_unit_remove(const char *folder, const char *key, const char *kind);

/** Attributes of a unit that hold a digest. */
rb_status rb_unit_put_digest(hid_t at, const char *name, const rb_digest *digest, rb_error *err);
rb_status rb_unit_get_digest(const rb_hdf *file, const char *name, rb_digest *digest, rb_error *err);
/** Attribute "seal" must be the digest of what was read; RB_IO where it is not. */
rb_status rb_unit_check_seal(const rb_hdf *file, const rb_digest *seal, rb_error *err);
/** A damaged unit is a fault of the machine, not of the user's input: RB_BAD_INPUT becomes RB_IO. */
rb_status rb_unit_status(rb_error *err);

/* Names of all files in units/, sorted. */
typedef struct {
    char **names;
    int64_t n, capacity;
} rb_unit_list;

rb_status rb_unit_list_init(rb_unit_list *l, const char *folder, rb_error *err);
void rb_unit_list_fini(rb_unit_list *l);
/** First file of a key, and one past the last. */
void rb_unit_list_range(const rb_unit_list *l, const char *key, int64_t *first, int64_t *last);
/** Rename the units of a key whose names hold `like`, so that they are made again: to "<name>.damaged". */
void rb_unit_set_aside(const rb_unit_list *l, const char *folder, const char *key, const char *like);

/** Adds the rows of all metric files of a key and evaluation to r; of a value that stands in two the first is taken. */
rb_status rb_metric_record_read(rb_metric_record *r, const rb_unit_list *l, const char *folder, const char *key,
                                const char *evaluation, bool with_vectors, rb_error *err);

/** Places of the widest lists of a key and evaluation that were stored; 0: none. */
int64_t rb_stored_lists_width(const rb_unit_list *l, const char *key, const char *evaluation);
/** Whether the widest lists of a key and evaluation have one shape, without reading them; RB_IO says what is wrong. */
rb_status rb_stored_lists_check(const rb_unit_list *l, const char *folder, const char *key, const char *evaluation,
                                rb_error *err);
/** The first k places of lists that are at least as wide; RB_IO where there are none. */
rb_status rb_stored_lists_read(rb_stored_lists *out, const rb_unit_list *l, const char *folder, const char *key,
                               const char *evaluation, int64_t k, rb_error *err);
/** Remove the lists of a key, whatever their width. @param evaluation  NULL: of all evaluations */
void rb_stored_lists_remove(const rb_unit_list *l, const char *folder, const char *key, const char *evaluation);

#endif
