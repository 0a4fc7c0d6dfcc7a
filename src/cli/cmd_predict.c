#include "cli/applying.h"

static const rb_operand operands[] = {
    RB_OPERANDS_MODEL,
    { .name = "FILE", .kind = RB_ARG_FILE, .help = "pairs of user and item, delimited text (-: standard input)" },
    { .name = NULL },
};

static rb_status run(rb_call *call, rb_error *err)
{
    return rb_applying_to_file(call, rb_apply_predict, err);
}

const rb_command rb_cmd_predict = {
    .name = "predict",
    .summary = "ratings of pairs of user and item, from a stored model",
    .operands = operands,
    .options = rb_applying_options,
    .example = "reelbench predict results/quickstart-8c1f22a0 als pairs.csv > predicted.tsv",
    .run = run,
};
