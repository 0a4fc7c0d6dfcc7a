#include <math.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "cli/reading.h"
#include "report/table.h"

static const rb_operand operands[] = {
    { .name = "INPUT", .kind = RB_ARG_FILE, .help = "file or folder, or the name of a data set" },
    { .name = NULL },
};

static const rb_command_option options[] = { RB_OPTION_FORMAT, RB_OPTIONS_READING, { .name = NULL } };

static rb_status add_count(rb_table *t, const char *fact, int64_t value, rb_error *err)
{
    RB_TRY(rb_table_text(t, fact, err));
    RB_TRY(rb_table_int(t, value, err));
done:
    return err->status;
}

static rb_status add_double(rb_table *t, const char *fact, double value, int decimals, rb_error *err)
{
    RB_TRY(rb_table_text(t, fact, err));
    RB_TRY(rb_table_double(t, value, decimals, err));
done:
    return err->status;
}

static rb_status add_text(rb_table *t, const char *fact, const char *value, rb_error *err)
{
    RB_TRY(rb_table_text(t, fact, err));
    RB_TRY(rb_table_text(t, value, err));
done:
    return err->status;
}

static int compare_counts(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* Quantiles of how often each of n values occurs: the element at rank floor(q (n - 1)) of the sorted counts. */
static rb_status add_quantiles(rb_table *t, const char *of, const int32_t *index, int64_t n_rows, int32_t n,
                               rb_error *err)
{
    static const struct {
        const char *name;
        double q;
    } quantiles[] = { { "least", 0 },   { "25 %", 0.25 }, { "median", 0.5 },
                      { "75 %", 0.75 }, { "95 %", 0.95 }, { "most", 1 } };
    int64_t *count = NULL;
    RB_TRY(rb_alloc(&count, n, err));
    for (int64_t k = 0; k < n_rows; k++)
        count[index[k]]++;
    qsort(count, (size_t)n, sizeof *count, compare_counts);
    for (size_t i = 0; n > 0 && i < sizeof quantiles / sizeof *quantiles; i++) {
        char fact[64];
        snprintf(fact, sizeof fact, "interactions of %s, %s", of, quantiles[i].name);
        RB_TRY(add_count(t, fact, count[(int64_t)floor(quantiles[i].q * (n - 1))], err));
    }
done:
    rb_free(count);
    return err->status;
}

/* Mean of the ratings in the fixed tree, NAN where there are none. Collective. */
static rb_status mean_rating(double *mean, const rb_interactions *x, const rb_ctx *ctx, rb_error *err)
{
    rb_ratings all = { 0 };
    *mean = NAN;
    if (!x->rating)
        return RB_OK;
    RB_TRY(rb_ratings_build(&all, x, NULL, ~0u, -INFINITY, ctx, err));
    RB_TRY(rb_ratings_mean(mean, &all, ctx, err));
done:
    rb_ratings_fini(&all);
    return err->status;
}

static rb_status add_interactions(rb_table *t, const rb_interactions *x, double mean, rb_error *err)
{
    double cells = (double)x->n_users * (double)x->n_items;
    RB_TRY(add_count(t, "users", x->n_users, err));
    RB_TRY(add_count(t, "items", x->n_items, err));
    RB_TRY(add_count(t, "interactions", x->n, err));
    RB_TRY(add_double(t, "density", cells > 0 ? (double)x->n / cells : NAN, 6, err));
    RB_TRY(add_double(t, "rating, least", x->rating ? x->min_rating : NAN, -1, err));
    RB_TRY(add_double(t, "rating, mean", mean, 4, err));
    RB_TRY(add_double(t, "rating, most", x->rating ? x->max_rating : NAN, -1, err));
    RB_TRY(add_quantiles(t, "a user", x->user, x->n, x->n_users, err));
    RB_TRY(add_quantiles(t, "an item", x->item, x->n, x->n_items, err));
done:
    return err->status;
}

static rb_status add_catalogue(rb_table *t, const rb_catalogue *c, rb_error *err)
{
    const rb_cleaning *r = &c->cleaning;
    RB_TRY(add_count(t, "titles", c->n, err));
    RB_TRY(add_count(t, "genres", c->genre.names.n, err));
    RB_TRY(add_count(t, "rows repaired (duration in the rating column)", r->n_shifted, err));
    RB_TRY(add_count(t, "rows that repeat an earlier one", r->n_duplicates, err));
    for (int column = 0; column < RB_N_COLUMNS; column++) {
        char fact[64];
        snprintf(fact, sizeof fact, "blank %s", rb_column_name((rb_column)column));
        if (c->has[column] && r->blank[column] > 0)
            RB_TRY(add_count(t, fact, r->blank[column], err));
    }
done:
    return err->status;
}

static rb_status describe(rb_table *t, const rb_dataset *d, double mean, rb_error *err)
{
    char digest[65];
    if (d->has_interactions)
        RB_TRY(add_interactions(t, &d->interactions, mean, err));
    if (d->has_sessions) {
        RB_TRY(add_count(t, "sessions", d->sessions.n, err));
        RB_TRY(add_count(t, "events in sessions", d->sessions.n_events, err));
    }
    if (d->has_catalogue)
        RB_TRY(add_catalogue(t, &d->catalogue, err));
    RB_TRY(add_count(t, "lines skipped", d->n_skipped, err));
    rb_digest_hex(digest, &d->digest, 64);
    RB_TRY(add_text(t, "digest", digest, err));
done:
    return err->status;
}

static void list_skipped(FILE *out, const rb_dataset *d)
{
    for (int64_t i = 0; i < d->n_skipped_listed; i++)
        fprintf(out, "skipped %s:%lld:%d: %s\n", d->skipped[i].file, (long long)d->skipped[i].line,
                d->skipped[i].column, d->skipped[i].reason);
}

static rb_status run(rb_call *call, rb_error *err)
{
    static const rb_table_column columns[] = { { "fact", RB_CELL_TEXT }, { "value", RB_CELL_TEXT } };
    rb_session session = { 0 };
    rb_dataset data = { 0 };
    rb_table table;
    double mean;
    rb_table_init(&table, columns, 2);
    table.no_heading = true;
    RB_TRY(rb_session_begin(&session, call, err));
    RB_TRY(rb_reading(&data, call->operands[0], call, &session.ctx, err));
    RB_TRY(mean_rating(&mean, &data.interactions, &session.ctx, err));
    RB_TRY_ALL(&session.ctx, describe(&table, &data, mean, err));
    list_skipped(call->errors, &data);
    RB_TRY(rb_table_write(call->out, &table, rb_session_format(call), err));
done:
    rb_table_fini(&table);
    rb_dataset_fini(&data);
    rb_session_end(&session);
    return err->status;
}

const rb_command rb_cmd_data_stats = {
    .name = "data stats",
    .summary = "describe a data set: sizes, density, quantiles, cleaning, digest",
    .operands = operands,
    .options = options,
    .example = "reelbench data stats ml-latest-small --data ~/data\nreelbench data stats ratings.dat --format json",
    .run = run,
};
