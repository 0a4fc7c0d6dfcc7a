/* The pairs of what runs made: tests, letters, tables, figure. */
#include "report/compare.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/output.h"
#include "base/rng.h"
#include "report/compare_systems.h"
#include "report/figure_ranks.h"
#include "report/table.h"

static const char *const tests[] = {
    [RB_TEST_WILCOXON] = "wilcoxon", [RB_TEST_T] = "t", [RB_TEST_BOOTSTRAP] = "bootstrap"
};
static const char *const corrections[] = { [RB_CORRECT_HOLM] = "Holm", [RB_CORRECT_BH] = "Benjamini-Hochberg" };

#define LETTERS 32

typedef struct {
    int32_t a, b;
    rb_comparison test;
    double p_adjusted;
} pair;

/* The best first. */
typedef struct {
    const rb_system *system;
    rb_spread spread;
    double merit; /* its mean, or minus its mean: the more the better */
    double rank;  /* mean over the units that all have */
    char letters[LETTERS];
} row;

typedef struct {
    const rb_compare_options *o;
    rb_systems systems;
    row *row; /* [systems.n] */
    pair *pair;
    int64_t n_pairs, n_ranked;
} comparison;

static bool lower_is_better(const comparison *c)
{
    return c->systems.metric.def->better == RB_BETTER_LOWER;
}

/* ---- statistics ---- */

static int by_merit(const void *a, const void *b)
{
    const row *x = a, *y = b;
    if (x->merit != y->merit)
        return x->merit > y->merit ? -1 : 1;
    return x->system < y->system ? -1 : 1;
}

static rb_status order(comparison *c, rb_error *err)
{
    const rb_systems *s = &c->systems;
    const double **x = NULL;
    double *rank = NULL;
    RB_TRY(rb_alloc(&c->row, s->n, err));
    for (int32_t i = 0; i < s->n; i++) {
        c->row[i].system = &s->system[i];
        RB_TRY(rb_spread_of(&c->row[i].spread, s->system[i].x, s->n_units, c->o->level, err));
        c->row[i].merit = lower_is_better(c) ? -c->row[i].spread.mean : c->row[i].spread.mean;
    }
    qsort(c->row, (size_t)s->n, sizeof *c->row, by_merit);
    RB_TRY(rb_alloc(&x, s->n, err)); /* NOLINT(bugprone-sizeof-expression): pointers */
    RB_TRY(rb_alloc(&rank, s->n, err));
    for (int32_t i = 0; i < s->n; i++)
        x[i] = c->row[i].system->x;
    rb_mean_ranks(rank, &c->n_ranked, x, s->n, s->n_units, lower_is_better(c));
    for (int32_t i = 0; i < s->n; i++)
        c->row[i].rank = rank[i];
done:
    rb_free(x);
    rb_free(rank);
    return err->status;
}

static rb_status test_pairs(comparison *c, rb_error *err)
{
    const rb_compare_options *o = c->o;
    const rb_systems *s = &c->systems;
    double *p = NULL;
    RB_TRY(rb_alloc(&c->pair, (int64_t)s->n * (s->n - 1) / 2, err));
    for (int32_t i = 0; i < s->n; i++)
        for (int32_t k = i + 1; k < s->n; k++) {
            pair *q = &c->pair[c->n_pairs++];
            *q = (pair){ .a = i, .b = k };
            RB_TRY(rb_compare(&q->test, o->test, c->row[i].system->x, c->row[k].system->x, s->n_units, o->level,
                              rb_seed_named(s->seed, "bootstrap"), o->n_threads, err));
        }
    RB_TRY(rb_alloc(&p, c->n_pairs, err));
    for (int64_t k = 0; k < c->n_pairs; k++)
        p[k] = c->pair[k].test.p;
    RB_TRY(rb_adjust(p, p, c->n_pairs, o->correction, err));
    for (int64_t k = 0; k < c->n_pairs; k++)
        c->pair[k].p_adjusted = p[k];
done:
    rb_free(p);
    return err->status;
}

static rb_status give_letters(comparison *c, rb_error *err)
{
    const int32_t n = c->systems.n;
    bool *differs = NULL;
    char *letters = NULL;
    rb_error many = { 0 };
    RB_TRY(rb_alloc(&differs, (int64_t)n * n, err));
    RB_TRY(rb_alloc(&letters, (int64_t)n * LETTERS, err));
    for (int64_t k = 0; k < c->n_pairs; k++) {
        const pair *q = &c->pair[k];
        differs[(int64_t)q->a * n + q->b] = differs[(int64_t)q->b * n + q->a] = q->p_adjusted < 1 - c->o->level;
    }
    if (rb_letters(letters, LETTERS, differs, n, &many) == RB_OK)
        for (int32_t i = 0; i < n; i++)
            memcpy(c->row[i].letters, letters + (int64_t)i * LETTERS, LETTERS);
    else if (many.status != RB_NOT_APPLICABLE) /* more letters than there are: the pairs tell all the same */
        *err = many;
done:
    rb_free(differs);
    rb_free(letters);
    return err->status;
}

/* ---- tables ---- */

static rb_status write_systems(FILE *out, const comparison *c, rb_error *err)
{
    static const rb_table_column columns[] = { { "system", RB_CELL_TEXT }, { "parameters", RB_CELL_TEXT },
                                               { "run", RB_CELL_TEXT },    { "trial", RB_CELL_NUMBER },
                                               { "n", RB_CELL_NUMBER },    { "mean", RB_CELL_NUMBER },
                                               { "low", RB_CELL_NUMBER },  { "high", RB_CELL_NUMBER },
                                               { "rank", RB_CELL_NUMBER }, { "letters", RB_CELL_TEXT } };
    rb_table t;
    rb_table_init(&t, columns, sizeof columns / sizeof *columns);
    t.goes_on = true;
    for (int32_t i = 0; i < c->systems.n; i++) {
        const row *r = &c->row[i];
        RB_TRY(rb_table_text(&t, r->system->name, err));
        RB_TRY(rb_table_text(&t, r->system->trial->parameters, err));
        RB_TRY(rb_table_text(&t, r->system->run->folder, err));
        RB_TRY(rb_table_int(&t, r->system->trial->trial, err));
        RB_TRY(rb_table_int(&t, r->spread.n, err));
        RB_TRY(rb_table_double(&t, r->spread.mean, 4, err));
        RB_TRY(rb_table_double(&t, r->spread.low, 4, err));
        RB_TRY(rb_table_double(&t, r->spread.high, 4, err));
        RB_TRY(rb_table_double(&t, r->rank, 3, err));
        RB_TRY(rb_table_letters(&t, r->letters, err));
    }
    RB_TRY(rb_table_write(out, &t, c->o->format, err));
done:
    rb_table_fini(&t);
    return err->status;
}

/* The eye sees three digits of what may be 1e-300. */
static rb_status add_p(rb_table *t, double p, rb_error *err)
{
    char shown[32];
    snprintf(shown, sizeof shown, "%.3g", p);
    return rb_table_shown(t, p, shown, err);
}

static rb_status write_pairs(FILE *out, const comparison *c, rb_error *err)
{
    static const rb_table_column columns[] = { { "a", RB_CELL_TEXT },         { "b", RB_CELL_TEXT },
                                               { "n", RB_CELL_NUMBER },       { "difference", RB_CELL_NUMBER },
                                               { "low", RB_CELL_NUMBER },     { "high", RB_CELL_NUMBER },
                                               { "test", RB_CELL_TEXT },      { "statistic", RB_CELL_NUMBER },
                                               { "p", RB_CELL_NUMBER },       { "corrected p", RB_CELL_NUMBER },
                                               { "effect d", RB_CELL_NUMBER } };
    rb_table t;
    rb_table_init(&t, columns, sizeof columns / sizeof *columns);
    for (const pair *q = c->pair; q < c->pair + c->n_pairs; q++) {
        RB_TRY(rb_table_text(&t, c->row[q->a].system->name, err));
        RB_TRY(rb_table_text(&t, c->row[q->b].system->name, err));
        RB_TRY(rb_table_int(&t, q->test.n, err));
        RB_TRY(rb_table_double(&t, q->test.difference, 4, err));
        RB_TRY(rb_table_double(&t, q->test.low, 4, err));
        RB_TRY(rb_table_double(&t, q->test.high, 4, err));
        RB_TRY(rb_table_text(&t, tests[q->test.kind], err));
        RB_TRY(rb_table_double(&t, q->test.statistic, 4, err));
        RB_TRY(add_p(&t, q->test.p, err));
        RB_TRY(add_p(&t, q->p_adjusted, err));
        RB_TRY(rb_table_double(&t, q->test.cohen_d, 3, err));
    }
    RB_TRY(rb_table_write(out, &t, c->o->format, err));
done:
    rb_table_fini(&t);
    return err->status;
}

/* What is compared are users: of errors that are pooled elsewhere the mean of the users' own. */
static const char *name_metric(char out[96], const rb_systems *s)
{
    const rb_metric *m = &s->metric;
    rb_metric named = *m;
    rb_error none = { 0 };
    if (s->over_users && m->def->family == RB_FAMILY_RATING && m->variant[0] == RB_ERROR_GLOBAL)
        rb_metric_choose(&named, "user", &none);
    snprintf(out, 96, "%s", named.label);
    return out;
}

static void describe(char out[256], const comparison *c)
{
    const rb_systems *s = &c->systems;
    char n[32], metric[96];
    snprintf(out, 256, "%s%s%s: paired %s over %s %s, %s, level %g", name_metric(metric, s),
             strcmp(s->part, "all") == 0 ? "" : " on ", strcmp(s->part, "all") == 0 ? "" : s->part, tests[c->o->test],
             rb_text_count(n, c->n_ranked), s->over_users ? "users" : "folds and repeats",
             corrections[c->o->correction], 1 - c->o->level);
}

static rb_status write_all(FILE *out, const comparison *c, rb_error *err)
{
    const rb_format format = c->o->format;
    const char *gap = format == RB_FORMAT_MARKDOWN ? "\n" : "";
    char words[256];
    describe(words, c);
    if (format == RB_FORMAT_CSV || format == RB_FORMAT_TSV)
        return write_pairs(out, c, err);
    if (format == RB_FORMAT_JSON)
        fputs("{\n\"systems\": ", out);
    else
        fprintf(out, "%s\n%s", words, gap);
    RB_TRY(write_systems(out, c, err));
    if (format == RB_FORMAT_JSON)
        fputs(",\n\"pairs\": ", out);
    else
        fprintf(out, "%s(same letter: no significant difference; rank: mean over the %s that all have)\n\n", gap,
                c->systems.over_users ? "users" : "folds and repeats");
    RB_TRY(write_pairs(out, c, err));
    if (format == RB_FORMAT_JSON)
        fputs("}\n", out);
done:
    return err->status;
}

/* ---- figure ---- */

static int by_rank(const void *a, const void *b)
{
    const rb_ranked *x = a, *y = b;
    return (x->rank > y->rank) - (x->rank < y->rank);
}

static rb_status write_figure(FILE *out, const comparison *c, rb_error *err)
{
    const int32_t n = c->systems.n;
    rb_ranked *ranked = NULL;
    char caption[384], metric[160], name[96];
    FILE *f = NULL;
    RB_TRY(rb_alloc(&ranked, n, err));
    for (int32_t i = 0; i < n; i++)
        ranked[i] = (rb_ranked){ c->row[i].system->name, c->row[i].rank };
    qsort(ranked, (size_t)n, sizeof *ranked, by_rank);
    RB_TRY(rb_output_open(&f, c->o->figure, out, err));
    snprintf(metric, sizeof metric, "%s%s%s", name_metric(name, &c->systems),
             strcmp(c->systems.part, "all") == 0 ? "" : " on ",
             strcmp(c->systems.part, "all") == 0 ? "" : c->systems.part);
    snprintf(caption, sizeof caption,
             "%s: mean ranks over %lld %s; a bar joins what Nemenyi's test at %g does not part", metric,
             (long long)c->n_ranked, c->systems.over_users ? "users" : "folds and repeats", 1 - c->o->level);
    RB_TRY(rb_figure_ranks(f, ranked, n, rb_critical_difference(n, c->n_ranked, 1 - c->o->level), caption, err));
done:
    rb_free(ranked);
    return rb_output_close(f, c->o->figure, out, err);
}

rb_status rb_report_compare(FILE *out, const rb_compare_options *o, rb_error *err)
{
    comparison c = { .o = o };
    RB_TRY(rb_systems_read(&c.systems, o->what, o->n, o->metric, err));
    if (c.systems.n < 2)
        RB_TRY(RB_FAIL(err, RB_BAD_INPUT, "one system (%s): nothing to compare it with", c.systems.system[0].name));
    RB_TRY(order(&c, err));
    if (c.n_ranked < 2)
        RB_TRY(RB_FAIL(err, RB_BAD_INPUT, "%lld %s have values of %s by every system: a test needs two%s",
                       (long long)c.n_ranked, c.systems.over_users ? "users" : "folds and repeats",
                       c.systems.metric.label, c.systems.over_users ? "" : "; run with `repeats` or a k_fold split"));
    RB_TRY(test_pairs(&c, err));
    RB_TRY(give_letters(&c, err));
    RB_TRY(write_all(out, &c, err));
    if (o->figure)
        RB_TRY(write_figure(out, &c, err));
done:
    rb_free(c.row);
    rb_free(c.pair);
    rb_systems_fini(&c.systems);
    return err->status;
}
