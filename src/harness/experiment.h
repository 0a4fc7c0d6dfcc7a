/*
 * The experiment file: what a researcher asks for, read from YAML and checked as a whole.
 *
 * Every rank parses the same bytes and gets the same experiment; nothing here is collective. The tables of
 * rb_experiment_keys name every key with its default and its help; the parameters of algorithms, spaces, data,
 * filters and splits come from the tables of those who own them.
 */
#ifndef RB_HARNESS_EXPERIMENT_H
#define RB_HARNESS_EXPERIMENT_H

#include "base/digest.h"
#include "data/algorithm.h"
#include "data/filter.h"
#include "data/read.h"
#include "data/split.h"
#include "data/synth.h"
#include "eval/metric.h"
#include "eval/ranking.h"
#include "eval/statistics.h"
#include "harness/yaml.h"

#define RB_MAX_TRIALS 1000000
#define RB_MOST_SELECTS 8

/* One value of a swept parameter. */
typedef struct rb_option {
    rb_value value;
    const char *text;      /* as it stands in a configuration's text: "64", "cholesky", "lsa-100", an `as` name */
    const char *canonical; /* as it stands in a configuration's key: equal for equal values; "" for a reference, whose
                              key is its child's */
    int32_t target;        /* entry that is referenced; -1 */
    int32_t target_index;  /* which of its configurations */
} rb_option;

/*
 * The values of one parameter in one entry. Draw i of `samples` is Philox(H(seed, "samples"), stream
 * "<entry>.<parameter>", entity i), whatever else stands in the file, rounded to six significant digits; whole
 * parameters are rounded, and equal draws count once.
 */
typedef struct rb_sweep {
    const rb_param *param;
    rb_place at;       /* of the value */
    rb_option *option; /* [n], n >= 1 */
    int64_t n;
    int zip;      /* parameters with the same number vary together; -1: crossed with all others */
    bool reranks; /* of `rerank`, not of the algorithm */
} rb_sweep;

/* One condition of an `exclude`: the parameter has one of these values. */
typedef struct rb_condition {
    int32_t sweep;     /* number in rb_entry.sweep */
    rb_option *option; /* [n] */
    int64_t n;
} rb_condition;

typedef struct rb_exclude {
    rb_condition *condition; /* [n]: all hold */
    int32_t n;
    rb_place at;
} rb_exclude;

/* One item of `trials`. */
typedef struct rb_entry {
    const rb_algorithm *algorithm;
    const char *name; /* the `as` name, else the algorithm's id */
    bool named;       /* by `as` */
    unsigned can;     /* the algorithm's; an ensemble ranks and predicts only what all that it goes on asking do */
    bool taught;      /* learns from the validation part, or asks an entry that does */
    rb_place at;
    rb_sweep *sweep; /* [n_sweeps] in the order written; what is not here has its default */
    int32_t n_sweeps;
    bool reranks;        /* has `rerank` */
    rb_exclude *exclude; /* [n_excludes] */
    int32_t n_excludes;
    int64_t n_configurations; /* after exclusion */
} rb_entry;

typedef enum { RB_DATA_SYNTHETIC, RB_DATA_NAMED, RB_DATA_PATH } rb_data_kind;

typedef struct rb_evaluation {
    rb_ties ties;
    bool clip;        /* predictions to the rating scale */
    bool repeats;     /* items of a session are candidates for its next one */
    int64_t segments; /* groups of users, and of items, with values of their own; 0: none */
    int64_t gap_references;
    bool refit; /* test values of what is selected come from a fit on training and validation */
} rb_evaluation;

typedef struct rb_statistics {
    rb_test_kind test;
    rb_correction correction;
    double level; /* of confidence */
} rb_statistics;

typedef struct rb_early_stopping {
    bool on;
    rb_metric metric; /* on validation */
    int64_t patience; /* evaluations without gain before the fit stops */
    int64_t every;    /* iterations between evaluations */
    double min_delta; /* smallest gain that counts */
} rb_early_stopping;

/* A value that was published, or that another system has; `report` holds the measured one against it. */
typedef struct rb_expected {
    const char *entry, *source;
    rb_metric metric; /* one of the file's */
    double value, tolerance;
    bool or_better; /* a better value is held too */
} rb_expected;

typedef enum { RB_KEEP_SELECTED, RB_KEEP_ALL, RB_KEEP_NONE } rb_keep;

typedef struct rb_store {
    rb_keep per_user, models, lists;
    bool features; /* of users and titles */
} rb_store;

/* What is selected of clusterings that a sweep of k makes: the best value, or a place of the curve over k. */
typedef enum { RB_SELECT_BEST, RB_SELECT_ELBOW, RB_SELECT_GAP } rb_select_rule;

typedef enum { RB_REPLAY_SIMULATED, RB_REPLAY_INTERACTIONS } rb_replay_source;

typedef struct rb_replay_arm {
    const char *name; /* of an entry, else the external id of a title */
    int32_t entry;    /* -1: a title */
    rb_place at;
} rb_replay_arm;

/* Bandits and A/B tests: `replay`. */
typedef struct rb_replay {
    int log; /* rb_replay_source */
    int64_t events, titles, repeats;
    bool assume_uniform;
    rb_replay_arm *arm; /* [n_arms]; none: every candidate is an arm */
    int32_t n_arms;
    struct rb_experiment *jobs; /* its entries are policies and A/B tests; NULL: the file has no `replay` */
    rb_place at;
    const char *text; /* canonical, without arms and jobs */
    const char *key;  /* of it what changes a job's result */
} rb_replay;

typedef struct rb_experiment {
    const char *file; /* as given, for messages */
    const char *name;
    uint64_t seed;

    rb_data_kind data_kind;
    const char *data_name; /* "synthetic", "netflix-titles", ...; NULL where `path` is given */
    rb_synth synth;        /* RB_DATA_SYNTHETIC */
    rb_source source;      /* RB_DATA_PATH: all of it, path absolute; RB_DATA_NAMED: its options */
    rb_filter filter;
    rb_split split;
    rb_place dataset_at, split_at; /* what asks for data and split, for messages about what they hold */
    double relevance; /* smallest rating that is relevant; -INFINITY: every interaction that `filter` leaves */

    rb_metric *metrics;  /* [n_metrics] distinct, in the order written */
    rb_place *metric_at; /* [n_metrics] where each is asked for */
    int32_t n_metrics;
    /* [n_select] also among metrics; a recommenders' one first, then those of clusterings: each entry by the first that
     * it can have a value of, and by what rule. */
    rb_metric select[RB_MOST_SELECTS];
    rb_select_rule select_rule[RB_MOST_SELECTS];
    int32_t n_select;
    rb_metric gap_error; /* by gap: also among metrics */

    rb_entry *entry; /* [n_entries] */
    int32_t n_entries;
    int32_t *order; /* [n_entries] entries, those that are referenced before those that refer */

    rb_replay replay;

    rb_evaluation evaluation;
    rb_statistics statistics;
    rb_early_stopping early_stopping;
    rb_expected *expected; /* [n_expected] */
    int32_t n_expected;
    rb_store store;
    int64_t repeats;
    double timeout_s;    /* of one trial; INFINITY: none */
    double checkpoint_s; /* longest time between two checkpoints of a fit */
    const char *output;  /* root of run folders */

    /* Canonical texts for keys and digests: every value, defaults too, equal for equal meaning. That of the evaluation
     * has what touches the values of every metric: not refit, segments, gap_references. */
    const char *dataset_text, *filter_text, *split_text, *evaluation_text, *early_stopping_text;
    const char *split_key; /* as split_text without the paths of files, for keys beside the digest of their contents */

    const char *text; /* the file as resolved: YAML, --set and seed applied, paths absolute; reads back to the same */
    rb_arena arena;   /* owns everything above */
} rb_experiment;

/* What is read. */
typedef struct rb_experiment_input {
    const char *file; /* name for messages; paths inside are relative to its folder */
    const char *text; /* [n_bytes] of YAML; NULL: read from the file */
    int64_t n_bytes;
    const char *const *sets; /* [n_sets] "key=value" */
    int32_t n_sets;
    const uint64_t *seed;                  /* replaces the file's; NULL */
    const rb_algorithm *const *algorithms; /* ended by NULL; NULL: both registries */
} rb_experiment_input;

/**
 * Read and check an experiment. Local; starts nothing.
 *
 * @param[out] out     zeroed by the caller; rb_experiment_fini whatever is returned
 * @param[out] errors  zeroed by the caller: everything that is wrong, at once
 * @return RB_OK (then there are no messages); RB_BAD_INPUT with a message that counts them; RB_IO (the file cannot be
 *         read); RB_NO_MEMORY
 *
 * The same input gives the same experiment anywhere. Cost: O(bytes + options).
 */
rb_status rb_experiment_parse(rb_experiment *out, const rb_experiment_input *input, rb_messages *errors, rb_error *err);

/** The bytes of an experiment file ("-": standard input), at most RB_YAML_MAX_BYTES; for rank 0 to hand round. Local.
 */
rb_status rb_experiment_load(rb_text *out, const char *file, rb_error *err);

void rb_experiment_fini(rb_experiment *e);

/** Digest of data set, filter, relevance, split and seed: what names the run folder `<experiment>-<8 hex>`. */
rb_status rb_experiment_folder_digest(rb_digest *out, const rb_experiment *e, rb_error *err);

/** Whether an entry can give a metric at all (what it can do against the metric's family). */
bool rb_experiment_applies(const rb_metric *metric, const rb_entry *entry);

/** Whether e->select[i] chooses among the configurations of an entry: of several for clusterings the first that it can
 *  have a value of, which takes a space for all that measures distances. */
bool rb_experiment_selects(const rb_experiment *e, int32_t i, const rb_entry *entry);

/** Whether a reference from one algorithm to another gives it a clustering (view->labels) instead of a model. */
bool rb_experiment_gives_labels(const rb_algorithm *referrer, const rb_algorithm *target);

/** The first entry of a name; NULL: none. */
const rb_entry *rb_experiment_entry(const rb_experiment *e, const char *name);

/** Number of the sweep of a parameter among those of an entry, of its `rerank` or of its algorithm; -1: the entry gives
 *  it no value. */
int32_t rb_entry_sweep(const rb_entry *entry, const char *parameter, bool reranks);

/** Number of the arm of a name; -1: none. */
int32_t rb_replay_find_arm(const rb_replay *replay, const char *name);

/** Whether a fit of the entry learns from the validation part. */
bool rb_entry_learns(const rb_entry *entry);

/** Whether that of any entry does: then users of even hash are learned from, and those of odd hash select. */
bool rb_experiment_learns(const rb_experiment *e);

/** The first of the entries before i that counts as one with it: of the same name and, of clusterings, in one of its
 *  spaces; NULL: none does. */
const rb_entry *rb_experiment_namesake(const rb_experiment *e, int32_t i);

/** What a file without `select` goes without, where it sweeps or would keep what is selected; NULL. Local. */
const char *rb_experiment_lacks_select(const rb_experiment *e);

/** Whether early stopping watches the fits of an entry. */
bool rb_experiment_watches(const rb_experiment *e, const rb_entry *entry);

/** The part that a clustering was fitted on, and that its fit measures: "all", or "train" where titles are divided. */
const char *rb_experiment_fitted_part(const rb_experiment *e);

/* The file itself, or a part of it, for documentation. */
typedef struct rb_experiment_key {
    const char *name;       /* "" for the file itself, "a.b" for b in a; NULL ends the table. `dataset` stands twice */
    const char *form;       /* "mapping", "list of metrics" */
    const char *help;       /* one line, no full stop */
    const rb_param *params; /* its keys with types, defaults and help; NULL: not a mapping of plain values */
} rb_experiment_key;

/** All parts of an experiment file, in the order of the documentation. */
extern const rb_experiment_key rb_experiment_keys[];

#endif
