/*
 * Reading a data set from files: ratings in every common format, in parallel, and the catalogues beside them.
 *
 * Ratings text is cut at line ends into byte ranges over ranks and threads. Lines are numbered over the whole file,
 * the header included; the error is that of the lowest bad line, whatever the shape of the run.
 */
#ifndef RB_DATA_READ_H
#define RB_DATA_READ_H

#include "data/dataset.h"

/* What a (user, item) pair that occurs twice means. */
typedef enum {
    RB_DUPLICATES_ERROR, /* bad input, naming both lines */
    RB_DUPLICATES_LAST,  /* the last line counts, at the place of the last */
    RB_DUPLICATES_MEAN   /* mean of the ratings, summed in the order of the lines in double; time of the last */
} rb_duplicates;

typedef struct rb_source {
    const char *path;   /* file or folder */
    const char *format; /* one of rb_formats; NULL: sniffed from the name and the first bytes */
    const char *user_column, *item_column, *rating_column, *timestamp_column; /* name in the header, or 1-based number
                                                                                 as text; NULL: the format's own */
    char delimiter;                                                           /* 0: the format's own, or sniffed */
    int header;                                                               /* -1: sniffed, 0: none, 1: one line */
    bool from_options; /* of a command, not an experiment: messages name options */
    bool skip_errors;  /* on_error: skip: malformed lines are counted and listed, not an error */
    rb_duplicates duplicates;
    bool drop_duplicates; /* catalogue rows that repeat an earlier one are removed */
    bool makes_sessions;  /* of the users' histories, data/sessions_gap.h */
    int64_t session_gap;  /* seconds of pause that end one; 0: none does */
    bool all_titles;      /* titles of the catalogue that nobody rated are items too */
    bool has_scale;       /* a rating outside `scale` is a malformed line */
    float scale[2];       /* least and largest rating */
} rb_source;

#define RB_SOURCE_DEFAULT \
    {                     \
        .header = -1      \
    }

/**
 * Names of the formats, ended by NULL.
 *
 * Ratings: u.data, ratings.dat, ratings.csv (MovieLens), libmf, inter (RecBole), matrix-market, netflix-prize (mv_*.txt
 * and combined_data_*.txt, a file or a folder), csv, tsv, text (any delimiter; columns, delimiter and header as given
 * or sniffed). Catalogues: see data/catalogue_read.h.
 */
const char *const *rb_formats(void);

/**
 * Read interactions, a catalogue, or both (a MovieLens folder) from source->path. A folder that `data synth` wrote
 * gives its sessions and planted truth too (data/read_made.h).
 *
 * Collective over ctx. Users and items are numbered by ascending id. The first 1,000 skipped lines are listed in
 * out->skipped. out->digest is computed.
 *
 * Items are those of the interactions; those of the catalogue too, where source->all_titles or the generator asks for
 * it. The scale of the ratings is the one given, else that of the generator, else from the least to the largest.
 *
 * @param[out] out  zeroed by the caller; rb_dataset_fini whatever is returned
 * @return RB_OK, RB_BAD_INPUT (the file, line, column, value and what was expected; a missing file, one that is not
 * regular; all_titles without a catalogue, a scale without ratings), RB_IO (unreadable), RB_NO_MEMORY; the same on
 * every rank
 *
 * Bits: the same for any ranks and threads. Cost: O(bytes / (P T)) to parse, O(n / (P T)) to number and place; about
 * 24 bytes of shared memory an interaction and as many of private memory while reading.
 */
rb_status rb_dataset_read(rb_dataset *out, const rb_source *source, rb_ctx *ctx, rb_error *err);

/**
 * Read a data set by its name: "ml-latest-small" or "netflix-titles", from the folder of that name below data_dir.
 *
 * Collective over ctx. Takes duplicates, skip_errors, drop_duplicates, what makes sessions, all_titles and the scale
 * from options (NULL: defaults).
 *
 * @return as rb_dataset_read; RB_BAD_INPUT for an unknown name
 */
rb_status rb_dataset_named(rb_dataset *out, const char *name, const char *data_dir, const rb_source *options,
                           rb_ctx *ctx, rb_error *err);

#endif
