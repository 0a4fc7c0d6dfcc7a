#include "report/replay.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "eval/statistics.h"
#include "report/table.h"

bool rb_replay_has(const rb_results_file *r)
{
    return r->n_replayed > 0 || r->n_tests > 0;
}

/* ---- for the eye: a line a configuration ---- */

/* The repeats of one configuration: rows [first, first + n). */
typedef struct {
    int64_t first, n;
    rb_spread ctr, expected, regret;
    double matched; /* mean */
} summary;

static int by_ctr(const void *a, const void *b)
{
    const summary *x = a, *y = b;
    const bool x_has = !isnan(x->ctr.mean), y_has = !isnan(y->ctr.mean);
    if (x_has != y_has)
        return x_has ? -1 : 1;
    if (x_has && x->ctr.mean != y->ctr.mean)
        return x->ctr.mean > y->ctr.mean ? -1 : 1;
    return x->first < y->first ? -1 : x->first > y->first;
}

static rb_status summarise(summary *s, double *scratch, const rb_results_file *r, rb_error *err)
{
    const rb_replay_line *line = r->replayed + s->first;
    const double level = isnan(r->level) ? 0.95 : r->level;
    for (int64_t i = 0; i < s->n; i++) {
        scratch[i] = line[i].ctr;
        s->matched += (double)line[i].matched / (double)s->n;
    }
    RB_TRY(rb_spread_of(&s->ctr, scratch, s->n, level, err));
    for (int64_t i = 0; i < s->n; i++)
        scratch[i] = line[i].expected;
    RB_TRY(rb_spread_of(&s->expected, scratch, s->n, level, err));
    for (int64_t i = 0; i < s->n; i++)
        scratch[i] = line[i].regret;
    RB_TRY(rb_spread_of(&s->regret, scratch, s->n, level, err));
    if (s->n == 1 ||
        r->replays_interactions) { /* of one log: that of one replay, as repeats tell nothing of another log */
        s->ctr.low = s->ctr.high = 0;
        for (int64_t i = 0; i < s->n; i++) {
            s->ctr.low += line[i].low / (double)s->n;
            s->ctr.high += line[i].high / (double)s->n;
        }
    }
done:
    return err->status;
}

/* Configurations in the order of their mean share of clicks. */
static rb_status summaries(summary **all, int64_t *n, const rb_results_file *r, rb_error *err)
{
    double *scratch = NULL;
    *n = 0;
    RB_TRY(rb_alloc(&scratch, r->n_replayed, err));
    RB_TRY(rb_alloc(all, r->n_replayed, err));
    for (int64_t i = 0; i < r->n_replayed;) {
        summary *s = &(*all)[(*n)++];
        s->first = i;
        while (i < r->n_replayed && r->replayed[i].configuration == r->replayed[s->first].configuration)
            i++;
        s->n = i - s->first;
        RB_TRY(summarise(s, scratch, r, err));
    }
    if (*n > 1)
        qsort(*all, (size_t)*n, sizeof **all, by_ctr);
done:
    rb_free(scratch);
    return err->status;
}

static rb_status write_summaries(FILE *out, const rb_results_file *r, rb_format format, rb_error *err)
{
    static const rb_table_column columns[] = { { "entry", RB_CELL_TEXT },      { "parameters", RB_CELL_TEXT },
                                               { "matched", RB_CELL_NUMBER },  { "clicks / matched", RB_CELL_TEXT },
                                               { "expected", RB_CELL_NUMBER }, { "regret", RB_CELL_NUMBER } };
    summary *all = NULL;
    rb_table t = { 0 };
    int64_t n = 0;
    char value[96];
    RB_TRY(summaries(&all, &n, r, err));
    rb_table_init(&t, columns, 6);
    t.indent = "  ";
    for (const summary *s = all; s < all + n; s++) {
        const rb_replay_line *line = r->replayed + s->first;
        if (isnan(s->ctr.mean))
            snprintf(value, sizeof value, "no event matched");
        else
            snprintf(value, sizeof value, "%.4f [%.4f, %.4f]", s->ctr.mean, fmax(s->ctr.low, 0), fmin(s->ctr.high, 1));
        RB_TRY(rb_table_text(&t, line->entry, err));
        RB_TRY(rb_table_text(&t, line->parameters, err));
        RB_TRY(rb_table_double(&t, s->matched, 0, err));
        RB_TRY(rb_table_text(&t, value, err));
        RB_TRY(rb_table_double(&t, s->expected.mean, 4, err));
        RB_TRY(rb_table_double(&t, s->regret.mean, 1, err));
    }
    RB_TRY(rb_table_write(out, &t, format, err));
done:
    rb_table_fini(&t);
    rb_free(all);
    return err->status;
}

/* ---- as data: every job ---- */

static rb_status write_jobs(FILE *out, const rb_results_file *r, rb_format format, rb_error *err)
{
    static const rb_table_column columns[] = {
        { "entry", RB_CELL_TEXT },      { "parameters", RB_CELL_TEXT }, { "repeat", RB_CELL_NUMBER },
        { "events", RB_CELL_NUMBER },   { "matched", RB_CELL_NUMBER },  { "clicks", RB_CELL_NUMBER },
        { "ctr", RB_CELL_NUMBER },      { "low", RB_CELL_NUMBER },      { "high", RB_CELL_NUMBER },
        { "expected", RB_CELL_NUMBER }, { "regret", RB_CELL_NUMBER },
    };
    rb_table t;
    rb_table_init(&t, columns, sizeof columns / sizeof *columns);
    t.goes_on = true;
    for (const rb_replay_line *l = r->replayed; l < r->replayed + r->n_replayed; l++) {
        RB_TRY(rb_table_text(&t, l->entry, err));
        RB_TRY(rb_table_text(&t, l->parameters, err));
        RB_TRY(rb_table_int(&t, l->repeat, err));
        RB_TRY(rb_table_int(&t, l->events, err));
        RB_TRY(rb_table_int(&t, l->matched, err));
        RB_TRY(rb_table_int(&t, l->clicks, err));
        RB_TRY(rb_table_double(&t, l->ctr, 4, err));
        RB_TRY(rb_table_double(&t, l->low, 4, err));
        RB_TRY(rb_table_double(&t, l->high, 4, err));
        RB_TRY(rb_table_double(&t, l->expected, 4, err));
        RB_TRY(rb_table_double(&t, l->regret, 1, err));
    }
    RB_TRY(rb_table_write(out, &t, format, err));
done:
    rb_table_fini(&t);
    return err->status;
}

/* ---- A/B tests: a line each ---- */

static rb_status write_tests(FILE *out, const rb_results_file *r, rb_format format, bool goes_on, rb_error *err)
{
    static const rb_table_column columns[] = {
        { "entry", RB_CELL_TEXT },        { "parameters", RB_CELL_TEXT }, { "repeat", RB_CELL_NUMBER },
        { "pairs", RB_CELL_NUMBER },      { "control", RB_CELL_NUMBER },  { "treatment", RB_CELL_NUMBER },
        { "difference", RB_CELL_NUMBER }, { "low", RB_CELL_NUMBER },      { "high", RB_CELL_NUMBER },
        { "p", RB_CELL_NUMBER },          { "rejected", RB_CELL_BOOL },   { "true difference", RB_CELL_NUMBER },
    };
    rb_table t;
    rb_table_init(&t, columns, sizeof columns / sizeof *columns);
    t.indent = "  ";
    t.goes_on = goes_on;
    for (const rb_ab_line *l = r->test; l < r->test + r->n_tests; l++) {
        RB_TRY(rb_table_text(&t, l->entry, err));
        RB_TRY(rb_table_text(&t, l->parameters, err));
        RB_TRY(rb_table_int(&t, l->repeat, err));
        RB_TRY(rb_table_int(&t, l->pairs, err));
        RB_TRY(rb_table_double(&t, l->control, 4, err));
        RB_TRY(rb_table_double(&t, l->treatment, 4, err));
        RB_TRY(rb_table_double(&t, l->difference, 4, err));
        RB_TRY(rb_table_double(&t, l->low, 4, err));
        RB_TRY(rb_table_double(&t, l->high, 4, err));
        RB_TRY(rb_table_double(&t, l->p, 4, err));
        RB_TRY(rb_table_bool(&t, l->rejected, err));
        RB_TRY(rb_table_double(&t, l->true_difference, 4, err));
    }
    RB_TRY(rb_table_write(out, &t, format, err));
done:
    rb_table_fini(&t);
    return err->status;
}

rb_status rb_replay_write(FILE *out, const rb_results_file *r, bool tests, rb_format format, rb_error *err)
{
    const bool for_eye = format == RB_FORMAT_TABLE || format == RB_FORMAT_MARKDOWN;
    const char *gap = format == RB_FORMAT_MARKDOWN ? "\n" : "";
    if (!for_eye)
        return tests ? write_tests(out, r, format, true, err) : write_jobs(out, r, format, err);
    if ((tests ? r->n_tests : r->n_replayed) == 0)
        return RB_OK;
    fprintf(out, "%s%s\n%s",
            tests ? "A/B tests (p holds at every look)"
                  : "policies by clicks over matched events, mean of their repeats; regret against the best fixed arm",
            r->assumes_uniform ? " (assume_uniform: biased where the log is not)" : "", gap);
    RB_TRY(tests ? write_tests(out, r, format, false, err) : write_summaries(out, r, format, err));
    fputs(gap, out);
done:
    return err->status;
}
