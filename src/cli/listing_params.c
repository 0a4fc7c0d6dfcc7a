#include <math.h>
#include <string.h>

#include "cli/listing.h"

static const char *const kind_words[] = { "bool", "int", "double", "choice", "string", "space", "trial", "array" };

static void describe_default(char *out, size_t size, const rb_param *p)
{
    char choice[64];
    out[0] = 0;
    if (p->kind == RB_PARAM_BOOL)
        snprintf(out, size, "%s", p->default_number != 0 ? "true" : "false");
    else if (p->kind == RB_PARAM_CHOICE)
        snprintf(out, size, "%s", rb_choice_name(choice, p->choices, (int)p->default_number));
    else if (p->kind == RB_PARAM_INT || p->kind == RB_PARAM_DOUBLE)
        rb_text_double(out, p->default_number);
    else if (p->default_text)
        snprintf(out, size, "%s", p->default_text);
}

static void describe_limit(char out[32], double limit)
{
    if (isinf(limit))
        snprintf(out, 32, "%s", limit < 0 ? "-inf" : "inf");
    else
        rb_text_double(out, limit);
}

static void describe_range(char *out, size_t size, const rb_param *p)
{
    char low[32], high[32];
    out[0] = 0;
    if (p->kind == RB_PARAM_CHOICE) {
        snprintf(out, size, "%s", p->choices);
    } else if (p->kind == RB_PARAM_ARRAY) {
        snprintf(out, size, "list or file");
    } else if (p->kind == RB_PARAM_INT || p->kind == RB_PARAM_DOUBLE) {
        describe_limit(low, p->min);
        describe_limit(high, p->max);
        snprintf(out, size, "%s..%s", low, high);
    }
}

static rb_status add(rb_table *table, const rb_param *p, rb_error *err)
{
    char value[64], range[256];
    describe_default(value, sizeof value, p);
    describe_range(range, sizeof range, p);
    RB_TRY(rb_table_text(table, p->name, err));
    RB_TRY(rb_table_text(table, kind_words[p->kind], err));
    RB_TRY(rb_table_text(table, value, err));
    RB_TRY(rb_table_text(table, range, err));
    RB_TRY(rb_table_text(table, p->unit, err));
    RB_TRY(rb_table_text(table, p->help, err));
done:
    return err->status;
}

rb_status rb_listing_params(FILE *out, const rb_param *const *tables, rb_format format, rb_error *err)
{
    static const rb_table_column columns[] = {
        { "parameter", RB_CELL_TEXT }, { "type", RB_CELL_TEXT }, { "default", RB_CELL_TEXT },
        { "range", RB_CELL_TEXT },     { "unit", RB_CELL_TEXT }, { "meaning", RB_CELL_TEXT },
    };
    rb_table table;
    rb_table_init(&table, columns, 6);
    table.indent = "  ";
    for (; *tables; tables++)
        for (const rb_param *p = *tables; p->name; p++)
            RB_TRY(add(&table, p, err));
    if (table.n_cells > 0 || format != RB_FORMAT_TABLE)
        RB_TRY(rb_table_write(out, &table, format, err));
done:
    rb_table_fini(&table);
    return err->status;
}
