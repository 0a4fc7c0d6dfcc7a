/*
 * What `data synth` writes beside ratings and titles, read back: all users with their planted segments, the planted
 * topics of the titles, and the sessions.
 */
#ifndef RB_DATA_READ_MADE_H
#define RB_DATA_READ_MADE_H

#include "data/dataset.h"

/* The first lines of the files; a file of another heading is somebody else's and is left alone. */
#define RB_MADE_USERS "userId,gender,age,country,device,segment"
#define RB_MADE_TOPICS "show_id,topic"
#define RB_MADE_SESSIONS "session,userId,movieId,timestamp,completion,device"

/**
 * All users of users.csv with their segments: those without interactions count too, and the ratings are on the
 * generator's scale.
 *
 * Collective over ctx, after the interactions are read.
 *
 * @return RB_OK; RB_BAD_INPUT naming file, line and column, or a user of the ratings that the file lacks; RB_IO;
 *         RB_NO_MEMORY; the same on every rank
 */
rb_status rb_made_users(rb_dataset *d, const char *path, rb_ctx *ctx, rb_error *err);

/** These titles, which hold all items, become the items. Collective, before the catalogue is aligned. As above. */
rb_status rb_made_items(rb_dataset *d, const rb_ids *titles, rb_ctx *ctx, rb_error *err);

/** The topics of topics.csv for d's catalogue. Collective. As above. */
rb_status rb_made_topics(rb_dataset *d, const char *path, rb_ctx *ctx, rb_error *err);

/**
 * The sessions of sessions.csv, whose users and items are d's. Collective. As above.
 *
 * Cost: rank 0 reads and parses the file.
 */
rb_status rb_made_sessions(rb_dataset *d, const char *path, rb_ctx *ctx, rb_error *err);

#endif
