/* What `run` and `resume` share. */
#ifndef RB_CLI_RUNNING_H
#define RB_CLI_RUNNING_H

#include "cli/session.h"
#include "harness/run.h"

/* Options of both, behind their own ones. */
#define RB_OPTIONS_RUNNING                                                                             \
    RB_OPTION_DATA, RB_OPTION_CACHE, RB_OPTION_BLAS_CORE, RB_OPTION_THREADS,                           \
        { .name = "group-size",                                                                        \
          .letter = 'g',                                                                               \
          .argument = "N|auto",                                                                        \
          .choices = "auto",                                                                           \
          .min = 1,                                                                                    \
          .max = 1000000,                                                                              \
          .fallback = "auto",                                                                          \
          .help = "ranks that work on one trial together" },                                           \
    {                                                                                                  \
        .name = "no-share", .help = "compute shared work for every trial again: slower, the same bits" \
    }

/**
 * Run with the options of the call added to those given; the outcome becomes the exit status.
 *
 * Collective over all processes of the job.
 *
 * @param[in] core  OpenBLAS core where the call names none; NULL: what is detected
 * @return RB_OK (call->exit_status is set where the run was stopped), RB_FAILED where trials failed, or as rb_run
 */
rb_status rb_running(rb_call *call, rb_run_options *options, const char *core, rb_error *err);

#endif
