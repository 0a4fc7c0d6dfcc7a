/*
 * Stored models at work: recommend, predict and assign for the user's own external ids.
 *
 * RUN is a run folder, TRIAL the number that `report` shows, or the `as` name (or the
 * algorithm's id) of an entry: its only stored model, or of several the selected one. The data are loaded again as the
 * run's experiment says and must have the digest that the run recorded.
 */
#ifndef RB_HARNESS_APPLY_H
#define RB_HARNESS_APPLY_H

#include <stdio.h>

#include "data/algorithm.h"
#include "data/dataset.h"
#include "data/title_filter.h"

typedef struct rb_apply_options {
    const char *run, *trial;
    const char *data_dir, *cache_dir;      /* as in rb_run_options */
    const rb_algorithm *const *algorithms; /* likewise */
    FILE *out;
} rb_apply_options;

/**
 * Top `top` items for each user, as TSV: user, rank, item, score, title (where there is a catalogue); with n_explain >
 * 0 also up to so many of the user's items that contribute most to each score, by title or else by id (of an ensemble:
 * of its models, by name; of one that names neighbours: users), with what they add to it, or of a model that does not
 * tell, with what the score loses without them. RB_BAD_INPUT of a model that neither tells nor folds users in.
 * Serial ctx.
 */
rb_status rb_apply_recommend(const rb_apply_options *o, const char *const *users, int n_users, int64_t top,
                             int64_t n_explain, rb_ctx *ctx, rb_error *err);

/**
 * The `top` items that come next in each session, "ITEM,ITEM,..." by external ids, as TSV: session (from 1), rank,
 * item, score, title; equal scores by item; with n_explain > 0 also up to so many items of the session whose lack
 * lowers the score most. Items of the session only where evaluation.repeats is true. Serial ctx.
 */
rb_status rb_apply_next(const rb_apply_options *o, const char *const *sessions, int n_sessions, int64_t top,
                        int64_t n_explain, rb_ctx *ctx, rb_error *err);

/**
 * Predicted ratings for the pairs (user, item) of a delimited text file ("-": standard input), as TSV. A pair with an
 * id that the data set does not have gets a line without a rating and a message, and RB_FAILED is returned. Serial ctx.
 */
rb_status rb_apply_predict(const rb_apply_options *o, const char *file, rb_ctx *ctx, rb_error *err);

/** Cluster labels for the titles of a catalogue file, as TSV: id, label. Serial ctx. */
rb_status rb_apply_assign(const rb_apply_options *o, const char *file, rb_ctx *ctx, rb_error *err);

/* Which items like one are wanted. */
typedef struct {
    const char *id, *title; /* of the item; the id where both are given */
    int64_t top;
    rb_title_filter filter; /* for data with titles */
} rb_similar_query;

/** Number of the item of a query; RB_BAD_INPUT where there is none, or no title that its filter could take. Local. */
rb_status rb_similar_item(int32_t *item, const rb_dataset *d, const rb_similar_query *query, rb_error *err);

/** The items with the largest scores above 0, as TSV: rank, item, similarity, title; ties by number. Local. */
rb_status rb_similar_print(FILE *out, const rb_dataset *d, const double *scores, int32_t item,
                           const rb_similar_query *query, rb_error *err);

/** That, by a stored model that compares items. Serial ctx. */
rb_status rb_apply_similar(const rb_apply_options *o, const rb_similar_query *query, rb_ctx *ctx, rb_error *err);

/* Files of trec_eval; NULL: none. */
typedef struct {
    const char *run;   /* lines "user Q0 item rank score tag"; the score is the number of places from the end */
    const char *qrels; /* lines "user 0 item level" of what is relevant */
    bool gains;        /* level: 1000 (2^rating - 1), rounded, the gain of ndcg:exp-min; else 1 */
} rb_trec_files;

/**
 * The kept lists of a trial, and the relevant test items of all users, as files of trec_eval. Serial ctx.
 *
 * @return RB_OK; RB_BAD_INPUT: as the others, and lists that were not kept, ids with blanks, or a rating whose level
 * would be below 0 or above 10^9; RB_IO
 */
rb_status rb_export_trec(const rb_apply_options *o, const rb_trec_files *files, rb_ctx *ctx, rb_error *err);

#endif
