/*
 * Parsing the pieces of ratings text into columns, one place a line.
 *
 * A place whose line is no rating (blank, a "movie:" line, malformed) gets user and item -1. An id is kept as the
 * number it is, or, on a side that is `hashed`, as its index in the table of the piece.
 */
#ifndef RB_DATA_RATINGS_PARSE_H
#define RB_DATA_RATINGS_PARSE_H

#include "data/ratings_ids.h"
#include "data/ratings_text.h"

#define RB_MAX_LISTED 1000 /* malformed lines that are listed */

enum { RB_SIDE_USER, RB_SIDE_ITEM, RB_N_SIDES };

typedef struct {
    int64_t slot;
    const rb_segment *segment; /* that holds the slot */
    rb_fault fault;
} rb_bad_line;

/* What one thread found. */
typedef struct {
    rb_id_table ids[RB_N_SIDES];
    int64_t largest[RB_N_SIDES]; /* id; -1: none */
    int64_t n_records, n_bad;
    rb_bad_line *bad; /* [n_listed] the first malformed lines */
    int64_t n_listed, bad_capacity;
    rb_error err;
} rb_parsed;

typedef struct {
    const rb_layout *layout;
    const rb_text_files *files;
    const rb_pieces *pieces;
    bool skip_errors; /* else a piece ends at its first malformed line */
    bool hashed[RB_N_SIDES];
    int32_t *id[RB_N_SIDES]; /* by slot */
    float *rating;           /* by slot; NULL where the layout has none */
    int64_t *time;           /* by slot; NULL where the layout has none */
} rb_parse;

/**
 * Parse all pieces of this rank. Local; one piece a thread.
 *
 * @param[out] parsed    [pieces->n_pieces], zeroed by the caller
 * @param[out] too_large which sides met an id that is not a whole number below 2^31: they must be hashed, all is to
 *                       be done again
 * @return RB_OK, RB_NO_MEMORY. Malformed lines are found in `parsed`.
 */
rb_status rb_parse_pieces(rb_parsed *parsed, bool too_large[RB_N_SIDES], const rb_parse *job, const rb_ctx *ctx,
                          rb_error *err);
void rb_parsed_fini(rb_parsed *parsed, int n);

#endif
