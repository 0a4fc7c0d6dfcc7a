/*
 * A data set: interactions, sessions, catalogue, planted truth, with the digest of all of it.
 */
#ifndef RB_DATA_DATASET_H
#define RB_DATA_DATASET_H

#include "base/digest.h"
#include "data/catalogue.h"
#include "data/interactions.h"
#include "data/sessions.h"

/* A line that was skipped because on_error is skip. */
typedef struct {
    char *file;
    int64_t line;
    int32_t column;
    char *reason;
} rb_skipped;

typedef struct rb_dataset {
    char *name; /* "synthetic", "ml-latest-small", file name */
    bool has_interactions, has_sessions, has_catalogue;
    rb_ids users, items;
    rb_interactions interactions;
    rb_sessions sessions;
    rb_catalogue catalogue; /* one row an item, in the order of items, where there are interactions too */
    int32_t *user_segment;  /* [users.n] generator's planted segment; NULL */
    rb_skipped *skipped;    /* [n_skipped_listed] first skipped lines */
    int64_t n_skipped, n_skipped_listed;
    rb_digest digest; /* of everything above that results can depend on */
} rb_dataset;

/** Collective over the ctx that made it. */
void rb_dataset_fini(rb_dataset *d);

/** Compute d->digest from the content (the same however it was read or made). Collective. */
rb_status rb_dataset_digest(rb_dataset *d, const rb_ctx *ctx, rb_error *err);

#endif
