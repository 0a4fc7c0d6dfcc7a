#include "cli/applying.h"
#include "report/describe.h"

static const rb_operand operands[] = { RB_OPERANDS_MODEL, { .name = NULL } };

static const rb_command_option options[] = {
    { .name = "top",
      .letter = 'k',
      .argument = "N",
      .min = 1,
      .max = 10000,
      .fallback = "8",
      .help = "most terms, genres, ... of a cluster" },
    { .name = "columns",
      .argument = "COLUMNS",
      .help = "text columns of the terms, joined by + (default: title+description+tags, of those there are)" },
    RB_OPTION_FORMAT,
    RB_OPTIONS_MODEL,
    { .name = NULL },
};

static rb_status run(rb_call *call, rb_error *err)
{
    rb_session session = { 0 };
    rb_apply_options apply = { 0 };
    const rb_describe_options describe = { .top = rb_call_int(call, "top"),
                                           .columns = rb_call_text(call, "columns"),
                                           .format = rb_session_format(call) };
    RB_TRY(rb_applying_begin(&session, &apply, call, err));
    RB_TRY(rb_report_describe(&apply, &describe, &session.ctx, err));
done:
    return rb_applying_end(&session, &apply, call, err);
}

const rb_command rb_cmd_describe = {
    .name = "describe",
    .summary = "what the clusters of a trial hold: terms, genres, countries, decades, age groups, titles",
    .description =
        "Terms are those of the largest class-based TF-IDF (Grootendorst 2022): occurrences in the cluster times\n"
        "ln(1 + A / occurrences), A the mean number of occurrences in a cluster. Genres, countries, decades and age\n"
        "groups have the share of the cluster's titles. The nearest titles are those at the least distance to the\n"
        "cluster's mean in the trial's space, or in tfidf where that is no built-in one. Noise comes last. CSV, TSV\n"
        "and JSON have a row for each entry with its value: TF-IDF, share, or distance. Of silhouettes that the run\n"
        "has, with its values per point (store: { per_user: ... }): the mean over each cluster. With several repeats:\n"
        "stability:seeds, the mean adjusted Rand index over the pairs of their labellings.",
    .operands = operands,
    .options = options,
    .example = "reelbench describe results/clusters-8c1f22a0 kmeans --top 5",
    .run = run,
};
