/*
 * What a path holds: which files, in which formats.
 */
#ifndef RB_DATA_SNIFF_H
#define RB_DATA_SNIFF_H

#include "base/text.h"
#include "data/ratings_format.h"

typedef struct {
    const rb_ratings_format *ratings; /* NULL: the path holds no interactions */
    const char **paths;               /* [n_paths] of the interactions */
    int32_t n_paths;
    const char *catalogue; /* path; NULL: none */
    const char *catalogue_format;
    const char *tags;                      /* path of the tags of the catalogue's items; NULL: none */
    const char *users, *topics, *sessions; /* what `data synth` wrote beside them (data/read_made.h); NULL: none */
    rb_text memory;                        /* holds the strings */
} rb_sniffed;

/**
 * Find the files of source->path and their formats, by source->format, the names and the first bytes.
 *
 * Collective over ctx: rank 0 looks, all know.
 *
 * @return RB_OK; RB_IO: unreadable; RB_BAD_INPUT: missing, neither a file nor a folder, unknown format, a folder
 * without data, a compressed file
 */
rb_status rb_sniff(rb_sniffed *s, const rb_source *source, const rb_ctx *ctx, rb_error *err);
void rb_sniffed_fini(rb_sniffed *s);

/** The format of ratings in memory, by the name and the first bytes; never NULL. */
const rb_ratings_format *rb_sniff_ratings(const char *name, const char *bytes, int64_t n);

#endif
