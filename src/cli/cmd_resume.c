#include <string.h>

#include "cli/running.h"

static const rb_operand operands[] = { RB_OPERAND_RUN, { .name = NULL } };

static const rb_command_option options[] = { RB_OPTIONS_RUNNING, { .name = NULL } };

/*
 * The folder's bits belong to the OpenBLAS core that it was begun with: a machine of the same instructions has it too.
 * On another one the run itself says what differs.
 */
static rb_status run(rb_call *call, rb_error *err)
{
    rb_run_options run_options = { .resume = call->operands[0] };
    char core[64], instructions[64];
    RB_TRY(rb_run_folder_check(run_options.resume, err));
    RB_TRY(rb_run_folder_class(core, instructions, run_options.resume, err));
    bool has_core = strcmp(instructions, rb_environment_instructions()) == 0;
    RB_TRY(rb_running(call, &run_options, has_core ? core : NULL, err));
done:
    return err->status;
}

const rb_command rb_cmd_resume = {
    .name = "resume",
    .summary = "go on with a run that was stopped or killed",
    .description =
        "Takes the experiment that the folder keeps. Finished trials are kept, the others are run; the digest in\n"
        "the end is that of an undisturbed run. Ranks, threads and groups may differ from before; the OpenBLAS core "
        "is\n"
        "that of the first start where this machine has it.",
    .operands = operands,
    .options = options,
    .example = "mpirun -n 4 reelbench resume results/quickstart-8c1f22a0",
    .run = run,
};
