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

#include "parallel/ctx.h"

typedef struct rb_apply_options {
    const char *run, *trial;
    const char *data_dir, *cache_dir; /* as in rb_run_options */
    FILE *out;
} rb_apply_options;

/** Top `top` items for each user, as TSV: user, rank, item, score, title (where there is a catalogue). Serial ctx. */
rb_status rb_apply_recommend(const rb_apply_options *o, const char *const *users, int n_users, int64_t top, rb_ctx *ctx,
                             rb_error *err);

/** Predicted ratings for the pairs (user, item) of a delimited text file ("-": standard input), as TSV. Serial ctx. */
rb_status rb_apply_predict(const rb_apply_options *o, const char *file, rb_ctx *ctx, rb_error *err);

/** Cluster labels for the titles of a catalogue file, as TSV: id, label. Serial ctx. */
rb_status rb_apply_assign(const rb_apply_options *o, const char *file, rb_ctx *ctx, rb_error *err);

#endif
