/* What `recommend`, `predict` and `assign` share: a stored model, named by run folder and trial. */
#ifndef RB_CLI_APPLYING_H
#define RB_CLI_APPLYING_H

#include "cli/session.h"
#include "harness/apply.h"

#define RB_OPERANDS_MODEL                                                                             \
    { .name = "RUN", .kind = RB_ARG_FOLDER, .help = "run folder (results/<experiment>-<8 digits>)" }, \
    {                                                                                                 \
        .name = "TRIAL", .help = "number that report shows, or the entry's name"                      \
    }

#define RB_OPTIONS_MODEL                                                                           \
    RB_OPTION_DATA, RB_OPTION_CACHE, RB_OPTION_BLAS_CORE, RB_OPTION_THREADS,                       \
    {                                                                                              \
        .name = "output", .letter = 'o', .argument = "FILE", .kind = RB_ARG_FILE, .fallback = "-", \
        .help = "where the lines go (-: standard output)"                                          \
    }

/**
 * Begin the session of one process, open the output, and fill the options; of a job, the other processes get a null
 * output. Local.
 */
rb_status rb_applying_begin(rb_session *s, rb_apply_options *o, rb_call *call, rb_error *err);

/** Close the output and end the session; a write that failed becomes RB_IO. Local. Valid after a failed begin. */
rb_status rb_applying_end(rb_session *s, rb_apply_options *o, rb_call *call, rb_error *err);

/* RB_OPTIONS_MODEL alone, as a table. */
extern const rb_command_option rb_applying_options[];

/** Apply the model that the first two operands name to the file of the third. Local. */
rb_status rb_applying_to_file(rb_call *call,
                              rb_status (*apply)(const rb_apply_options *o, const char *file, rb_ctx *ctx,
                                                 rb_error *err),
                              rb_error *err);

#endif
