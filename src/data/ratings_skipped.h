/*
 * Malformed lines: the first one as an error, or all that were skipped as a list.
 */
#ifndef RB_DATA_RATINGS_SKIPPED_H
#define RB_DATA_RATINGS_SKIPPED_H

#include "data/dataset.h"
#include "data/ratings_parse.h"

/** RB_BAD_INPUT "file:line:column: reason" for the first malformed line of this rank, RB_OK where none is. Local. */
rb_status rb_parsed_fail(const rb_parsed *parsed, const rb_pieces *pieces, const rb_text_files *files, rb_error *err);

/** List the first RB_MAX_LISTED malformed lines of all ranks in out->skipped, on every rank. Collective. */
rb_status rb_parsed_list(rb_dataset *out, const rb_parsed *parsed, const rb_pieces *pieces, const rb_text_files *files,
                         const rb_ctx *ctx, rb_error *err);

#endif
