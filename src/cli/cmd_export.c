#include "cli/applying.h"

static const rb_operand operands[] = { RB_OPERANDS_MODEL, { .name = NULL } };

static const rb_command_option options[] = {
    { .name = "trec-run",
      .argument = "FILE",
      .kind = RB_ARG_FILE,
      .help = "write the lists: user Q0 item rank score tag" },
    { .name = "trec-qrels",
      .argument = "FILE",
      .kind = RB_ARG_FILE,
      .help = "write the relevant test items of all users: user 0 item 1" },
    RB_OPTION_DATA,
    RB_OPTION_CACHE,
    RB_OPTION_BLAS_CORE,
    RB_OPTION_THREADS,
    { .name = NULL },
};

static rb_status run(rb_call *call, rb_error *err)
{
    rb_session session = { 0 };
    const char *run_file = rb_call_text(call, "trec-run"), *qrels_file = rb_call_text(call, "trec-qrels");
    const rb_apply_options apply = { .run = call->operands[0],
                                     .trial = call->operands[1],
                                     .data_dir = rb_call_text(call, "data"),
                                     .cache_dir = rb_call_text(call, "cache") };
    if (!run_file && !qrels_file)
        return RB_FAIL(err, RB_BAD_INPUT, "export: what? Name a file by --trec-run FILE, --trec-qrels FILE, or both");
    RB_TRY(rb_session_begin_serial(&session, call, err));
    if (call->speaks)
        RB_TRY(rb_export_trec(&apply, run_file, qrels_file, &session.ctx, err));
done:
    rb_session_end(&session);
    return err->status;
}

const rb_command rb_cmd_export = {
    .name = "export",
    .summary = "a trial's lists and the relevant items as files of trec_eval",
    .description =
        "The lists must have been kept (store: { lists: selected } keeps those of the selected trials); they have as\n"
        "many places as the largest cutoff of the file, at least 10. trec_eval orders by score: the score written is\n"
        "the number of places from the end, which keeps the order that was judged. Its ndcg_cut.K, recall.K, P.K and\n"
        "map_cut.K are ndcg@K, recall@K, precision@K and map:rel@K here, over the users that have a relevant item.",
    .operands = operands,
    .options = options,
    .example = "reelbench export results/quickstart-8c1f22a0 ials --trec-run ials.run --trec-qrels test.qrels\n"
               "trec_eval -m ndcg_cut.10 test.qrels ials.run",
    .run = run,
};
