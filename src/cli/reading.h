/* What `data convert` and `data stats` share: a data set by path or by name, and where text goes. */
#ifndef RB_CLI_READING_H
#define RB_CLI_READING_H

#include "cli/session.h"
#include "data/dataset.h"

#define RB_OPTIONS_READING                                                                                             \
    { .name = "from", .argument = "FORMAT", .help = "format of the input (default: by its name and first bytes)" },    \
        { .name = "user-column", .argument = "COLUMN", .help = "users: name in the header, or number from 1" },        \
        { .name = "item-column", .argument = "COLUMN", .help = "items" },                                              \
        { .name = "rating-column", .argument = "COLUMN", .help = "ratings" },                                          \
        { .name = "timestamp-column", .argument = "COLUMN", .help = "times" },                                         \
        { .name = "delimiter", .argument = "CHARACTER", .help = "between fields (default: the format's)" },            \
        { .name = "header", .argument = "yes|no", .choices = "yes|no", .help = "whether the first line is a header" }, \
        { .name = "on-error",                                                                                          \
          .argument = "error|skip",                                                                                    \
          .choices = "error|skip",                                                                                     \
          .fallback = "error",                                                                                         \
          .help = "what a malformed line means" },                                                                     \
        { .name = "duplicates",                                                                                        \
          .argument = "error|last|mean",                                                                               \
          .choices = "error|last|mean",                                                                                \
          .fallback = "error",                                                                                         \
          .help = "what a pair of user and item that occurs twice means" },                                            \
        RB_OPTION_DATA, RB_OPTION_BLAS_CORE, RB_OPTION_THREADS

/**
 * Read the data set that an operand names: a path, or the name of a set below --data or REELBENCH_DATA.
 *
 * Collective over ctx.
 *
 * @return as rb_dataset_read; RB_BAD_INPUT where it is neither a path nor a name
 */
rb_status rb_reading(rb_dataset *out, const char *what, const rb_call *call, rb_ctx *ctx, rb_error *err);

/** Write one format of a data set to a file ("-": the call's output). On the process that speaks. */
rb_status rb_writing(const char *path, const rb_dataset *d, const char *format, const rb_call *call, rb_error *err);

#endif
