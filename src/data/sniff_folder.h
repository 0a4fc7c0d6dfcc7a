/*
 * What a folder holds: the files of the data sets that are known.
 */
#ifndef RB_DATA_SNIFF_FOLDER_H
#define RB_DATA_SNIFF_FOLDER_H

#include "data/ratings_format.h"

/* What rank 0 found. */
typedef struct {
    const rb_ratings_format *ratings;
    char **paths; /* [n_paths] owned */
    int64_t n_paths, capacity;
    const char *catalogue_format;    /* borrowed */
    char *catalogue, *tags;          /* owned */
    char *users, *topics, *sessions; /* owned; of data/read_made.h */
} rb_found;

/** One more file of ratings. */
rb_status rb_found_add(rb_found *f, const char *path, rb_error *err);
void rb_found_fini(rb_found *f);

/**
 * Look into source->path for MovieLens (csv, dat, 100k), RecBole, Netflix Prize and Netflix titles files, and for what
 * `data synth` writes beside ratings; where
 * source->format is set, for files of that format alone. Local.
 *
 * @return RB_OK; RB_BAD_INPUT: none is there, or several are; RB_IO: the folder cannot be read
 */
rb_status rb_sniff_folder(rb_found *f, const rb_source *source, rb_error *err);

#endif
