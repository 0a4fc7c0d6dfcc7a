#include "cli/applying.h"

static const rb_operand operands[] = {
    RB_OPERANDS_MODEL,
    { .name = "FILE", .kind = RB_ARG_FILE, .help = "pairs of user and item, delimited text (-: standard input)" },
    { .name = NULL },
};

static const rb_command_option options[] = { RB_OPTIONS_MODEL, { .name = NULL } };

static rb_status run(rb_call *call, rb_error *err)
{
    rb_session session = { 0 };
    rb_apply_options apply = { 0 };
    RB_TRY(rb_applying_begin(&session, &apply, call, err));
    RB_TRY(rb_apply_predict(&apply, call->operands[2], &session.ctx, err));
done:
    return rb_applying_end(&session, &apply, call, err);
}

const rb_command rb_cmd_predict = {
    .name = "predict",
    .summary = "ratings of pairs of user and item, from a stored model",
    .operands = operands,
    .options = options,
    .example = "reelbench predict results/quickstart-8c1f22a0 als pairs.csv > predicted.tsv",
    .run = run,
};
