/*
 * The keys of an experiment file, with types, defaults, ranges and help.
 */
#include <math.h>

#include "harness/experiment_reader.h"

const rb_param rb_top_params[] = {
    RB_STRING(rb_top_keys, experiment, NULL, "name; run folders begin with it"),
    RB_INT(rb_top_keys, seed, 0, 0, 9.2e18, "", "seed of data, split, ties, samples and trials"),
    RB_DOUBLE(rb_top_keys, relevance, -INFINITY, -1e9, 1e9, "ratings",
              "smallest relevant rating; unset: all are relevant"),
    RB_INT(rb_top_keys, repeats, 1, 1, 10000, "", "times each configuration runs on each fold, each with its own seed"),
    RB_DOUBLE(rb_top_keys, timeout, INFINITY, 1e-3, 1e9, "s", "longest time of one trial; unset: none"),
    RB_DOUBLE(rb_top_keys, checkpoint, 600, 0, 1e9, "s",
              "longest time between two checkpoints of a fit that iterates; 0: after each iteration"),
    RB_STRING(rb_top_keys, output, "results", "folder in which run folders are made"),
    RB_PARAM_END,
};

const rb_param rb_source_params[] = {
    RB_STRING(rb_source_keys, name, NULL, "synthetic, netflix-titles or ml-latest-small; or give path"),
    RB_STRING(
        rb_source_keys, path, NULL,
        "file or folder to read; one that is not there is sought by its last names below --data or REELBENCH_DATA"),
    RB_STRING(rb_source_keys, format, NULL, "format of the file; unset: from its name and first bytes"),
    RB_STRING(rb_source_keys, delimiter, NULL, "one character or tab; unset: the format's own"),
    RB_CHOICE(rb_source_keys, header, 0, "auto|false|true", "whether the first line names the columns"),
    RB_CHOICE(rb_source_keys, on_error, 0, "fail|skip",
              "what a malformed line does; skipped ones are counted and listed"),
    RB_CHOICE(rb_source_keys, duplicates, RB_DUPLICATES_ERROR, "error|last|mean",
              "what a (user, item) pair means that occurs twice"),
    RB_BOOL(rb_source_keys, drop_duplicates, false, "remove titles that repeat an earlier title, type and year"),
    RB_INT(rb_source_keys, session_gap, -1, -1, 1e12, "s",
           "pause after which a user's next interaction begins another session; 0: never; -1: no sessions are made"),
    RB_CHOICE(rb_source_keys, items, 0, "rated|catalogue",
              "titles of the data set: those that somebody rated, or all of the catalogue beside the ratings, too"),
    RB_ARRAY(rb_source_keys, scale,
             "least and largest rating, [0.5, 5]: any other is a malformed line; unset: those that occur"),
    RB_PARAM_END,
};

const rb_param rb_column_params[] = {
    RB_STRING(rb_column_keys, user, NULL, "name in the header, or number from 1"),
    RB_STRING(rb_column_keys, item, NULL, "name in the header, or number from 1"),
    RB_STRING(rb_column_keys, rating, NULL, "name in the header, or number from 1"),
    RB_STRING(rb_column_keys, timestamp, NULL, "name in the header, or number from 1"),
    RB_PARAM_END,
};

const rb_param rb_evaluation_params[] = {
    RB_CHOICE(rb_evaluation, ties, RB_TIES_HASH, "hash|index|bounds",
              "order of equal scores; bounds adds the best and worst order"),
    RB_BOOL(rb_evaluation, clip, true, "clip predictions to the rating scale"),
    RB_BOOL(rb_evaluation, repeats, false, "sessions: an item of the session may come again"),
    RB_INT(rb_evaluation, segments, 0, 0, 100, "groups",
           "values by activity of the users and by popularity of the relevant items, in so many equal groups, and of "
           "what is cold; 0: over all alone"),
    RB_INT(rb_evaluation, gap_references, 10, 1, 1000, "sets", "gap: reference sets that are clustered for each value"),
    RB_BOOL(rb_evaluation, refit, false, "fit what is selected again, on training and validation, for its test values"),
    RB_PARAM_END,
};

const rb_param rb_statistics_params[] = {
    RB_CHOICE(rb_statistics, test, RB_TEST_WILCOXON, "wilcoxon|t|bootstrap", "paired test on users"),
    RB_CHOICE(rb_statistics, correction, RB_CORRECT_HOLM, "holm|bh",
              "for many comparisons: Holm or Benjamini-Hochberg"),
    RB_DOUBLE(rb_statistics, level, 0.95, 0.5, 0.9999, "", "confidence of intervals; 1 - level is the level of tests"),
    RB_PARAM_END,
};

const rb_param rb_early_stopping_params[] = {
    RB_STRING(rb_early_stopping_keys, metric, NULL, "watched on validation; unset: the one that select names"),
    RB_INT(rb_early_stopping_keys, patience, 3, 1, 1000000, "evaluations",
           "evaluations without a gain before a fit stops"),
    RB_INT(rb_early_stopping_keys, every, 1, 1, 1000000, "iterations", "iterations between evaluations"),
    RB_DOUBLE(rb_early_stopping_keys, min_delta, 0.0, 0.0, 1e9, "", "smallest change for the better that is a gain"),
    RB_PARAM_END,
};

const rb_param rb_expect_params[] = {
    RB_STRING(rb_expect_keys, entry, NULL, "algorithm, or its `as` name"),
    RB_STRING(rb_expect_keys, metric, NULL,
              "one of metrics, on test; of clusterings on all titles, with split kind titles on the unseen ones"),
    RB_DOUBLE(rb_expect_keys, value, 0.0, -1e300, 1e300, "", "what was published"),
    RB_DOUBLE(rb_expect_keys, tolerance, 0.0, 0.0, 1e300, "", "largest difference that is held"),
    RB_BOOL(rb_expect_keys, or_better, false, "a better value is held, however far"),
    RB_STRING(rb_expect_keys, source, NULL, "where it stands: address, version, date"),
    RB_PARAM_END,
};

#define KEEP "selected|all|none"

const rb_param rb_store_params[] = {
    RB_CHOICE(rb_store, per_user, RB_KEEP_ALL, KEEP, "values of each user, which comparisons need, and of each point"),
    RB_CHOICE(rb_store, models, RB_KEEP_SELECTED, KEEP, "fitted models"),
    RB_CHOICE(rb_store, lists, RB_KEEP_SELECTED, KEEP, "recommendations; labels of clusterings are always kept"),
    RB_BOOL(rb_store, features, false, "features of users and titles, of the whole data set, in /features"),
    RB_PARAM_END,
};

const rb_param rb_replay_params[] = {
    RB_CHOICE(rb_replay, log, RB_REPLAY_SIMULATED, "simulated|interactions",
              "clicks of generated users on titles shown at random; interactions of the test part with the candidates"),
    RB_INT(rb_replay, events, 100000, 1, 2e9, "events", "most events of the log"),
    RB_INT(rb_replay, titles, 10, 1, 100000, "titles",
           "candidates: the most popular in training; with titles alone as arms these are the candidates"),
    RB_INT(rb_replay, repeats, 1, 1, 10000, "",
           "times each policy is replayed, with draws and a simulated log of its own"),
    RB_BOOL(rb_replay, assume_uniform, false,
            "replay interactions that were not shown uniformly all the same: the values are then biased"),
    RB_PARAM_END,
};

const rb_experiment_key rb_experiment_keys[] = {
    { "", "mapping", "the file itself", rb_top_params },
    { "dataset", "mapping", "what is read: one of name and path, with columns for delimited text", rb_source_params },
    { "dataset", "mapping", "what is generated, beside name: synthetic", rb_synth_params },
    { "dataset.columns", "mapping", "where delimited text has what", rb_column_params },
    { "filter", "mapping", "which interactions, users and items stay", rb_filter_params },
    { "split", "mapping", "which interactions train, validate and test", rb_split_params },
    { "metrics", "list of metrics", "what is measured: NAME[:variant][@K]", NULL },
    { "select", "metric, or list",
      "what chooses the best configuration: one for recommenders, others for clusterings, each entry by the first that "
      "it has (kprototypes and kmodes, which have no space, by cost); elbow: the bend of inertia over k, elbow:cost "
      "that "
      "of cost; gap: the smallest k by the gap statistic",
      NULL },
    { "trials", "list of algorithms",
      "each a name, or name: {parameters}; beside it as: NAME names the entry, rerank: {...} diversifies its lists",
      NULL },
    { "trials.rerank", "mapping",
      "beside the name of an algorithm that ranks: each list is taken greedily from the best candidates, for "
      "diversity; values may be swept; the fit is that of the same trial without it",
      rb_rerank_params },
    { "replay", "mapping",
      "bandits and A/B tests on a log: arms (names of trials, ids of titles; unset: the candidates) and policies",
      rb_replay_params },
    { "evaluation", "mapping", "how values are computed", rb_evaluation_params },
    { "statistics", "mapping", "how configurations are compared", rb_statistics_params },
    { "early_stopping", "mapping", "when a fit that iterates stops early, its best iteration kept; unset: never",
      rb_early_stopping_params },
    { "expect", "list of mappings", "published values that report holds the measured ones against", rb_expect_params },
    { "store", "mapping", "what results.h5 keeps beside the metrics", rb_store_params },
    { NULL, NULL, NULL, NULL },
};
