/*
 * Reading catalogues of items.
 *
 * Formats, by `options->format` or from the header and the name of the file:
 *   netflix-titles  CSV with the columns of the Netflix titles file (the delimiter , or ; by its header)
 *   movies          MovieLens movies.csv (movieId,title,genres)
 *   movies.dat      MovieLens movies.dat (id::title::genre|genre)
 *   u.item          MovieLens 100k (id|title|release date|..|19 flags)
 *   tags            MovieLens tags.csv or tags.dat: the tags of an item, one after another, as its column `tags`
 *   item            RecBole atomic .item (name:type columns, tabs)
 *
 * UTF-8, with or without a byte order mark; LF and CRLF. The two MovieLens forms without a header may be Latin-1.
 * A row that is malformed is an error "file:line:column: ..." (both from 1, the column in bytes), or, with
 * on_error: skip, counted and listed. Own parser of RFC 4180 instead of libcsv: libcsv reports neither lines nor
 * columns, and repairs silently what is an error here.
 */
#ifndef RB_DATA_CATALOGUE_READ_H
#define RB_DATA_CATALOGUE_READ_H

#include "data/catalogue.h"

typedef struct rb_source rb_source;   /* data/read.h */
typedef struct rb_dataset rb_dataset; /* data/dataset.h */

/**
 * Read and clean a catalogue. The rows come in ascending order of their ids (data/ids.h).
 *
 * Collective over ctx: rank 0 reads the file and every rank gets its bytes and the same catalogue.
 *
 * @param[out]    out           zeroed before; zeroed on failure
 * @param[in]     options       format, on_error; NULL: format from the file, malformed rows are errors
 * @param[in,out] skipped_into  skipped rows are added to its list and counts; NULL: only counted in out->cleaning
 * @return RB_OK; RB_IO (cannot be read); RB_BAD_INPUT (missing, not a file, or message with file, line, column);
 * RB_NO_MEMORY
 *
 * Time and memory O(bytes of the file) on every rank.
 */
rb_status rb_catalogue_read(rb_catalogue *out, const char *path, const rb_source *options, rb_dataset *skipped_into,
                            rb_ctx *ctx, rb_error *err);

/** As rb_catalogue_read, from bytes in memory, local. `name` stands in messages and decides the format with the header.
 */
rb_status rb_catalogue_parse(rb_catalogue *out, const char *bytes, int64_t n_bytes, const char *name,
                             const rb_source *options, rb_dataset *skipped_into, rb_error *err);

/** One row for each of `items`, in their order; items without a row get blanks (unavailable). Local. */
rb_status rb_catalogue_align(rb_catalogue *out, const rb_catalogue *c, const rb_ids *items, rb_error *err);

/** Give c the column `tags` of another catalogue, item by item; blank where that has none. Local. */
rb_status rb_catalogue_add_tags(rb_catalogue *c, const rb_catalogue *tags, rb_error *err);

/** Remove the rows that repeat an earlier row of the file, and count them in cleaning.n_dropped. Local. */
rb_status rb_catalogue_drop_duplicates(rb_catalogue *c, rb_error *err);

#endif
