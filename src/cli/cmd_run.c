#include "base/alloc.h"
#include "cli/running.h"

static const rb_operand operands[] = {
    RB_OPERAND_EXPERIMENT,
    { .name = NULL },
};

static const rb_command_option options[] = {
    RB_OPTION_SET,
    { .name = "output",
      .letter = 'o',
      .argument = "ROOT",
      .kind = RB_ARG_FOLDER,
      .help = "where run folders are made (default: the file's output, else results)" },
    { .name = "seed", .argument = "N", .max = INT64_MAX, .help = "seed of the experiment, instead of the file's" },
    { .name = "dry-run", .letter = 'n', .help = "print every trial with its predicted bytes and flops; start nothing" },
    RB_OPTIONS_RUNNING,
    { .name = NULL },
};

static rb_status run(rb_call *call, rb_error *err)
{
    const char **sets = NULL;
    uint64_t seed = (uint64_t)rb_call_int(call, "seed");
    RB_TRY(rb_alloc(&sets, call->n_values, err));
    rb_run_options run_options = {
        .file = call->operands[0],
        .sets = sets,
        .n_sets = rb_call_list(sets, call, "set"),
        .seed = rb_call_text(call, "seed") ? &seed : NULL,
        .output_root = rb_call_text(call, "output"),
        .dry_run = rb_call_flag(call, "dry-run"),
    };
    RB_TRY(rb_running(call, &run_options, NULL, err));
done:
    rb_free(sets);
    return err->status;
}

const rb_command rb_cmd_run = {
    .name = "run",
    .summary = "run an experiment, or go on with it",
    .description =
        "The results land in ROOT/<experiment>-<8 digits of data, split and seed>: results.h5 and, unit by unit,\n"
        "what it is merged from. Where that folder exists, finished trials are kept and FILE as it is now is\n"
        "completed. Start it with mpirun for more than one process; each uses --threads threads.\n"
        "Ctrl-C finishes the running trials and saves, a second one stops now; under mpirun the first one does. What\n"
        "was finished is kept: resume goes on.",
    .operands = operands,
    .options = options,
    .example = "mpirun -n 4 reelbench run experiments/quickstart.yaml\n"
               "reelbench run experiments/quickstart.yaml --set dataset.users=1000 --dry-run",
    .run = run,
};
