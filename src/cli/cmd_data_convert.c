#include "cli/reading.h"

static const rb_operand operands[] = {
    { .name = "INPUT", .kind = RB_ARG_FILE, .help = "file or folder, or the name of a data set" },
    { .name = "OUTPUT", .kind = RB_ARG_FILE, .help = "file to write (-: standard output)" },
    { .name = NULL },
};

static const rb_command_option options[] = {
    { .name = "to",
      .argument = "FORMAT",
      .fallback = "ratings.csv",
      .choices = "ratings.csv|u.data|ratings.dat|libmf|inter|matrix-market|titles|sessions",
      .help = "form of the output" },
    RB_OPTIONS_READING,
    { .name = NULL },
};

static rb_status run(rb_call *call, rb_error *err)
{
    rb_session session = { 0 };
    rb_dataset data = { 0 };
    RB_TRY(rb_session_begin(&session, call, err));
    RB_TRY(rb_reading(&data, call->operands[0], call, &session.ctx, err));
    RB_TRY_ALL(&session.ctx, rb_writing(call->operands[1], &data, rb_call_text(call, "to"), call, err));
done:
    rb_dataset_fini(&data);
    rb_session_end(&session);
    return err->status;
}

const rb_command rb_cmd_data_convert = {
    .name = "data convert",
    .summary = "write a data set in another form",
    .description =
        "libmf and matrix-market hold positions instead of ids, from 0 and from 1, in ascending order of the ids.",
    .operands = operands,
    .options = options,
    .example = "reelbench data convert ml-1m/ratings.dat ratings.csv\n"
               "reelbench data convert ml-latest-small/ratings.csv - --to inter | head",
    .run = run,
};
