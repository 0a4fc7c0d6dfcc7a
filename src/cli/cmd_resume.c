#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "cli/running.h"

static const rb_operand operands[] = { RB_OPERAND_RUN, { .name = NULL } };

static const rb_command_option options[] = { RB_OPTIONS_RUNNING, { .name = NULL } };

static rb_status run(rb_call *call, rb_error *err)
{
    char kept[4096];
    rb_run_options run_options = { .resume = call->operands[0] };
    snprintf(kept, sizeof kept, "%s/experiment.yaml", run_options.resume);
    if (access(kept, R_OK) != 0)
        return RB_FAIL(err, RB_BAD_INPUT, "%s: not a run folder (%s: %s)", run_options.resume, kept, strerror(errno));
    return rb_running(call, &run_options, err);
}

const rb_command rb_cmd_resume = {
    .name = "resume",
    .summary = "go on with a run that was stopped or killed",
    .description =
        "Takes the experiment that the folder keeps. Finished trials are kept, the others are run; the digest in\n"
        "the end is that of an undisturbed run. Ranks, threads and groups may differ from before.",
    .operands = operands,
    .options = options,
    .example = "mpirun -n 4 reelbench resume results/quickstart-8c1f22a0",
    .run = run,
};
