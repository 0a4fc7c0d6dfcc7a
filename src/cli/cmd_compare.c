#include <string.h>

#include "base/param.h"
#include "cli/session.h"
#include "report/compare.h"

static const rb_operand operands[] = {
    { .name = "RUN[:TRIAL]",
      .kind = RB_ARG_FOLDER,
      .repeats = true,
      .help = "run folder: what it selected; RUN:TRIAL: a trial by its number, or an entry by its name" },
    { .name = NULL },
};

static const rb_command_option options[] = {
    { .name = "metric",
      .letter = 'm',
      .argument = "METRIC",
      .kind = RB_ARG_METRIC,
      .help = "metric to compare by (default: the first that selected in the first run)" },
    { .name = "test",
      .argument = "TEST",
      .choices = "wilcoxon|t|bootstrap",
      .fallback = "wilcoxon",
      .help = "paired test: signed-rank, Student's t, or the bootstrap" },
    { .name = "correction",
      .argument = "METHOD",
      .choices = "holm|bh",
      .fallback = "holm",
      .help = "of p over all pairs: Holm, or Benjamini-Hochberg" },
    { .name = "level",
      .argument = "LEVEL",
      .fallback = "0.95",
      .help = "confidence of the intervals, above 0, below 1" },
    { .name = "figure",
      .argument = "FILE",
      .kind = RB_ARG_FILE,
      .help = "write the critical-difference figure of the mean ranks, as SVG" },
    RB_OPTION_FORMAT,
    { .name = NULL },
};

static rb_status run(rb_call *call, rb_error *err)
{
    const char *level = rb_call_text(call, "level");
    rb_compare_options o = { .what = call->operands,
                             .n = call->n_operands,
                             .metric = rb_call_text(call, "metric"),
                             .figure = rb_call_text(call, "figure"),
                             .format = rb_session_format(call),
                             .n_threads = 1 };
    o.test = (rb_test_kind)rb_choice_index("wilcoxon|t|bootstrap", rb_call_text(call, "test"));
    o.correction = (rb_correction)rb_choice_index("holm|bh", rb_call_text(call, "correction"));
    if (!rb_parse_double(&o.level, level, (int64_t)strlen(level)) || !(o.level > 0 && o.level < 1))
        return RB_FAIL(err, RB_BAD_INPUT, "compare: --level is '%s', expected a number above 0 and below 1", level);
    return rb_report_compare(call->out, &o, err);
}

const rb_command rb_cmd_compare = {
    .name = "compare",
    .summary = "significance of the differences between what runs selected, or between trials",
    .description =
        "A system is a configuration with all its folds and repeats. Values are compared user by user, those of\n"
        "metrics without values of users over folds and repeats. All runs must have the same data set, filter,\n"
        "relevance, split and seed. Every pair has its test, p, p corrected over all pairs, the mean difference with\n"
        "its interval and the effect size (mean over standard deviation of the differences); systems that share a\n"
        "letter do not differ. The figure shows mean ranks with Nemenyi's critical difference (Demsar 2006). JSON\n"
        "is an object of systems and pairs; CSV and TSV are the pairs.",
    .operands = operands,
    .options = options,
    .example = "reelbench compare results/quickstart-8c1f22a0 --metric ndcg@10 --figure ranks.svg\n"
               "reelbench compare results/a-8c1f22a0:ials results/b-8c1f22a0:3 --test t",
    .run = run,
};
