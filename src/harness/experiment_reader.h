/*
 * What the parts of the experiment's reader share: the experiment that is being filled, and how a part complains.
 *
 * A function here fails only with RB_NO_MEMORY (or RB_IO); what is wrong with the input becomes a message, and the
 * reading goes on, so that all messages come at once.
 */
#ifndef RB_HARNESS_EXPERIMENT_READER_H
#define RB_HARNESS_EXPERIMENT_READER_H

#include "harness/experiment.h"

#define RB_CAN_BE_ASKED (RB_CAN_RANK | RB_CAN_PREDICT) /* what an ensemble asks of its models */

/* An unknown key that has the name of a known one nearby. */
typedef struct rb_misspelt rb_misspelt;
struct rb_misspelt {
    const char *owner, *meant;
    const rb_misspelt *next;
};

typedef struct rb_reader {
    rb_experiment *e;
    rb_yaml *root;
    const char *folder;                     /* absolute, of the experiment file: paths are relative to it */
    const rb_algorithm *const *families[2]; /* lists of algorithms, each ended by NULL */
    const rb_misspelt *misspelt;            /* keys that have a message already */
    int64_t n_options;                      /* values of parameters so far, in the whole file */
    rb_messages *m;
    rb_error *err;
} rb_reader;

/** Add a message; err->status. */
#define RB_COMPLAIN(r, at, ...) rb_messages_add((r)->m, (at), (r)->err, __VA_ARGS__)

/** Whether an unknown key of a section was taken for this one: what it leaves out needs no second message. */
bool rb_reader_misspelt(const rb_reader *r, const char *owner, const char *key);

/** No validation part, and no key that was meant to make one. */
bool rb_reader_lacks_validation(const rb_reader *r);
/** What makes one with this kind of split. */
const char *rb_reader_validation_hint(const rb_reader *r);

/** Turn bad input that a function of another layer reported into a message; other failures go into r->err. */
rb_status rb_reader_adopt(rb_reader *r, rb_place at, const rb_error *raised);

/** Number of messages so far. */
int64_t rb_reader_n_messages(const rb_reader *r);

/** Text into the experiment's arena. */
rb_status rb_reader_keep(rb_reader *r, const char **out, const rb_text *text);

/** "; did you mean 'x'?", "; known: a, b, c", or "". names ends in NULL. */
rb_status rb_reader_suggest(rb_reader *r, const char **out, const char *name, const char *const *names);

/** A scalar as a value of a parameter; *good is false where a message was added. */
rb_status rb_reader_value(rb_reader *r, rb_value *out, bool *good, const rb_param *param, const char *owner,
                          const rb_yaml *node);

/**
 * The keys of a mapping into a struct that a table describes, on top of its defaults.
 *
 * @param[in] node    NULL: defaults alone
 * @param[in] others  keys that the caller reads itself, ended by NULL; NULL: none
 */
rb_status rb_reader_section(rb_reader *r, void *config, const rb_param *table, const char *owner, const rb_yaml *node,
                            const char *const *others);

/** Room for n values of a parameter; *good is false, with a message, where the file has more than RB_MAX_TRIALS in all.
 */
rb_status rb_reader_options(rb_reader *r, rb_option **out, bool *good, int64_t n, rb_place at);

/** Make the path of a scalar node absolute, also in the tree, so that the kept file finds it from anywhere. */
rb_status rb_reader_absolute(rb_reader *r, rb_yaml *node);

/** "name=value name=value ..." of every parameter in a table's order. */
rb_status rb_reader_canonical(rb_reader *r, const char **out, const char *prefix, const rb_param *table,
                              const void *config);

/* experiment_data.c: data set, filter, split. */
rb_status rb_reader_data(rb_reader *r);
/* experiment_metrics.c: metrics, select, early stopping; after the trials. */
rb_status rb_reader_metrics(rb_reader *r);
/* experiment_expect.c: published values; after trials and metrics. */
rb_status rb_reader_expect(rb_reader *r);
/* experiment_trials.c: the entries; calls sweep.c for their values and reference.c for what they refer to. */
rb_status rb_reader_trials(rb_reader *r);
/* experiment_trials.c: the entries of r->e from a list, which messages call `name`. */
rb_status rb_reader_entries(rb_reader *r, rb_yaml *list, const char *name);
/* experiment_replay.c: bandits and A/B tests; after the trials. */
rb_status rb_reader_replay(rb_reader *r);
/* experiment_trials.c: a message about a key that an entry's algorithm does not have. */
rb_status rb_reader_unknown_parameter(rb_reader *r, const rb_entry *entry, const rb_yaml *node);
/* experiment_rerank.c: the values of `rerank`, behind those of the entry's algorithm. */
rb_status rb_reader_rerank(rb_reader *r, rb_entry *entry, rb_yaml *node);
/* sweep.c: the values of one parameter of an entry; at least one where there is no message. */
rb_status rb_reader_sweep(rb_reader *r, rb_sweep *out, const rb_entry *entry, const rb_param *param, rb_yaml *node);
/* sweep.c: the texts of a plain value, from the value. */
rb_status rb_reader_name_option(rb_reader *r, rb_option *o, const rb_param *param);
/* sweep_array.c: numbers from an inline list or a file; *good is false where a message was added. */
bool rb_reader_is_number(const rb_yaml *node);
rb_status rb_reader_array(rb_reader *r, rb_option *out, bool *good, const char *owner, const rb_param *param,
                          rb_yaml *node);
/* reference.c: spaces by name or options, models by `as` name. */
rb_status rb_reader_reference(rb_reader *r, rb_option *out, bool *good, const rb_entry *entry, const rb_param *param,
                              const rb_yaml *node);
/* reference.c: as rb_reader_suggest, of the entries that a name leads to. */
rb_status rb_reader_suggest_entry(rb_reader *r, const char **out, const char *name);

/* reference.c: the order of entries; cycles; references to swept entries become swept; counts of configurations. */
rb_status rb_reader_resolve(rb_reader *r);

/* narrow.c: what an ensemble can do, and whether it may ask its models; those it refers to before. */
rb_status rb_reader_narrow(rb_reader *r, rb_entry *entry);

/* experiment_metrics.c: one metric as written; *good is false where a message was added. */
rb_status rb_reader_metric(rb_reader *r, rb_metric *out, bool *good, const rb_yaml *node);
/* A message where no trial of the file can give it; one where it is of whole sessions and the split has none. */
rb_status rb_reader_check_given(rb_reader *r, const rb_metric *metric, const rb_yaml *node);
rb_status rb_reader_check_sessions(rb_reader *r, const rb_metric *metric, const rb_yaml *node);
/* The one of `metrics` that means the same; -1: none does. */
int32_t rb_reader_find_metric(const rb_experiment *e, const rb_metric *metric);
/* One more of them, for which there is room. */
void rb_reader_add_metric(rb_experiment *e, const rb_metric *metric, rb_place at);

/* experiment_select.c */
rb_status rb_reader_select(rb_reader *r, rb_yaml *node);

/** Zips of unequal lengths, as far as they hold no references: for entries that cannot be resolved. */
rb_status rb_reader_check_zips(rb_reader *r);

/* The mapping of an inline experiment's own sections. */
extern const rb_param rb_top_params[], rb_source_params[], rb_evaluation_params[], rb_statistics_params[],
    rb_early_stopping_params[], rb_store_params[], rb_replay_params[];

/* What the tables above fill, where it is not a struct of the experiment itself. */
typedef struct {
    const char *experiment, *output;
    int64_t seed, repeats;
    double relevance, timeout, checkpoint;
} rb_top_keys;

typedef struct {
    const char *name, *path, *format, *delimiter;
    int header, on_error, duplicates;
    bool drop_duplicates;
    int64_t session_gap;
    int items;
    rb_array scale;
} rb_source_keys;

typedef struct {
    const char *user, *item, *rating, *timestamp;
} rb_column_keys;
extern const rb_param rb_column_params[];

typedef struct {
    const char *entry, *metric, *source;
    double value, tolerance;
    bool or_better;
} rb_expect_keys;
extern const rb_param rb_expect_params[];

typedef struct {
    const char *metric;
    int64_t patience, every;
    double min_delta;
} rb_early_stopping_keys;

#endif
