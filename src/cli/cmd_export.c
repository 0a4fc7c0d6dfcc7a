#include <string.h>

#include "cli/applying.h"
#include "report/export_merges.h"

static const rb_operand operands[] = { RB_OPERANDS_MODEL, { .name = NULL } };

static const rb_command_option options[] = {
    { .name = "trec-run",
      .argument = "FILE",
      .kind = RB_ARG_FILE,
      .help = "write the lists: user Q0 item rank score tag" },
    { .name = "trec-qrels",
      .argument = "FILE",
      .kind = RB_ARG_FILE,
      .help = "write the relevant test items of all users: user 0 item level" },
    { .name = "levels",
      .argument = "LEVELS",
      .choices = "one|gain",
      .fallback = "one",
      .help = "of the relevant items: 1, or 1000 (2^rating - 1), the gain of ndcg:exp-min" },
    { .name = "newick",
      .argument = "FILE",
      .kind = RB_ARG_FILE,
      .help = "write the merge tree of a hierarchical clustering in Newick's form" },
    { .name = "dendrogram", .argument = "FILE", .kind = RB_ARG_FILE, .help = "draw it, as SVG" },
    { .name = "leaves",
      .argument = "NAMES",
      .choices = "id|title",
      .fallback = "id",
      .help = "what names the leaves of the tree" },
    { .name = "last",
      .argument = "N",
      .min = 2,
      .max = 100000,
      .fallback = "40",
      .help = "clusters that the dendrogram shows: those before the last N - 1 merges" },
    RB_OPTION_DATA,
    RB_OPTION_CACHE,
    RB_OPTION_BLAS_CORE,
    RB_OPTION_THREADS,
    { .name = NULL },
};

static rb_status run(rb_call *call, rb_error *err)
{
    rb_session session = { 0 };
    const rb_trec_files files = { .run = rb_call_text(call, "trec-run"),
                                  .qrels = rb_call_text(call, "trec-qrels"),
                                  .gains = strcmp(rb_call_text(call, "levels"), "gain") == 0 };
    const rb_apply_options apply = { .run = call->operands[0],
                                     .trial = call->operands[1],
                                     .data_dir = rb_call_text(call, "data"),
                                     .cache_dir = rb_call_text(call, "cache"),
                                     .out = call->out };
    const rb_export_merges_options merges = { .newick = rb_call_text(call, "newick"),
                                              .figure = rb_call_text(call, "dendrogram"),
                                              .by_title = strcmp(rb_call_text(call, "leaves"), "title") == 0,
                                              .last = rb_call_int(call, "last") };
    const bool wants_lists = files.run || files.qrels, wants_tree = merges.newick || merges.figure;
    if (!wants_lists && !wants_tree)
        return RB_FAIL(err, RB_BAD_INPUT,
                       "export: what? Name a file by --trec-run FILE, --trec-qrels FILE, --newick FILE or "
                       "--dendrogram FILE");
    RB_TRY(rb_session_begin_serial(&session, call, err));
    if (call->speaks && wants_lists)
        RB_TRY(rb_export_trec(&apply, &files, &session.ctx, err));
    if (call->speaks && wants_tree)
        RB_TRY(rb_export_merges(&apply, &merges, &session.ctx, err));
done:
    rb_session_end(&session);
    return err->status;
}

const rb_command rb_cmd_export = {
    .name = "export",
    .summary = "a trial's lists as files of trec_eval; the tree of a clustering as Newick and as a dendrogram",
    .description =
        "The lists must have been kept (store: { lists: selected } keeps those of the selected trials); they have as\n"
        "many places as the largest cutoff of the file, at least 10. trec_eval orders by score: the score written is\n"
        "the number of places from the end, which keeps the order that was judged. Its ndcg_cut.K, recall.K, P.K and\n"
        "map_cut.K are ndcg@K, recall@K, precision@K and map:rel@K here, over the users that have a relevant item; "
        "with\n"
        "--levels gain its ndcg_cut.K is ndcg:exp-min@K (levels are rounded, so to four digits or more).\n"
        "A tree is that of a stored model (store: { models: selected }) of agglomerative, whatever its cut: branches\n"
        "are as long as heights differ, and the broken line of the dendrogram is the trial's cut.",
    .operands = operands,
    .options = options,
    .example = "reelbench export results/quickstart-8c1f22a0 ials --trec-run ials.run --trec-qrels test.qrels\n"
               "trec_eval -m ndcg_cut.10 test.qrels ials.run\n"
               "reelbench export results/clusters-8c1f22a0 3 --newick titles.nwk --dendrogram titles.svg",
    .run = run,
};
