/*
 * What commands share that compute: the BLAS core, the environment and the context, with MPI where a launcher started
 * the program, without it elsewhere.
 */
#ifndef RB_CLI_SESSION_H
#define RB_CLI_SESSION_H

#include "cli/command.h"
#include "report/report.h"

/* Options of all commands that compute; each table begins with those that it takes. */
#define RB_OPTION_BLAS_CORE                                                                                \
    {                                                                                                      \
        .name = "blas-core", .argument = "CORE", .fallback = "auto",                                       \
        .help = "OpenBLAS kernels: auto (what it detects), inherit (what the environment says), or a name" \
    }
#define RB_OPTION_THREADS                                                                             \
    {                                                                                                 \
        .name = "threads", .letter = 't', .argument = "N", .min = 1, .max = 4096,                     \
        .help = "threads of each rank (default: OMP_NUM_THREADS, else the rank's share of the cores)" \
    }
#define RB_OPTION_DATA                                                    \
    {                                                                     \
        .name = "data", .argument = "DIR", .kind = RB_ARG_FOLDER,         \
        .help = "folder of the named data sets (default: REELBENCH_DATA)" \
    }
#define RB_OPTION_CACHE                                                      \
    {                                                                        \
        .name = "cache", .argument = "DIR|none", .kind = RB_ARG_FOLDER,      \
        .help = "folder of parsed data (default: .cache in the output root)" \
    }
/* In the order of rb_format. */
#define RB_FORMAT_CHOICES "table|csv|tsv|json|markdown"
#define RB_OPTION_FORMAT                                                                                          \
    {                                                                                                             \
        .name = "format", .letter = 'f', .argument = "FORMAT", .choices = RB_FORMAT_CHOICES, .fallback = "table", \
        .help = "form of the tables: table, csv, tsv, json or markdown"                                           \
    }

/* The folder that a run made. */
#define RB_OPERAND_RUN                                                                               \
    {                                                                                                \
        .name = "DIR", .kind = RB_ARG_FOLDER, .help = "run folder (results/<experiment>-<8 digits>)" \
    }

typedef struct {
    rb_log log; /* of warnings and progress, on stderr */
    rb_environment environment;
    rb_ctx ctx;
    const char
        *core; /* set before the beginning: OpenBLAS core where the call names none; NULL: the option's default */
} rb_session;

/**
 * Fix the BLAS core (options blas-core and threads of the call), collect the environment, start MPI where a launcher
 * started more than one process. Collective over all processes.
 */
rb_status rb_session_begin(rb_session *s, const rb_call *call, rb_error *err);

/** The same in one process, whatever started it: for commands that compute a little. Local. */
rb_status rb_session_begin_serial(rb_session *s, const rb_call *call, rb_error *err);

/** The option format of a call. Local. */
rb_format rb_session_format(const rb_call *call);

/** Collective. Valid after a failed begin, and on a zeroed session. */
void rb_session_end(rb_session *s);

#endif
