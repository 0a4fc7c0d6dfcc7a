#include "report/curves.h"

#include <string.h>

#include "base/alloc.h"
#include "report/table.h"

enum { METRIC, RULE, ENTRY, SPACE, N_TEXTS };
enum { VALUE, ERROR, DIFFERENCE, N_NUMBERS };

typedef struct {
    char **text[N_TEXTS], *all[N_TEXTS]; /* [n] each */
    double *number[N_NUMBERS];           /* likewise */
    int64_t *k;
    uint8_t *is_selected;
    int64_t n;
} curves;

static rb_status read_curves(curves *c, const rb_results_file *r, rb_error *err)
{
    static const char *const texts[] = { "metric", "rule", "entry", "space" };
    static const char *const numbers[] = { "value", "error", "difference" };
    for (int i = 0; i < N_TEXTS; i++)
        RB_TRY(rb_hdf_read_column_texts(r->file.id, "curve", texts[i], &c->text[i], &c->all[i], &c->n, err));
    for (int i = 0; i < N_NUMBERS; i++)
        RB_TRY(rb_hdf_read_column(r->file.id, "curve", numbers[i], RB_HDF_DOUBLE, (void **)&c->number[i], &c->n, err));
    RB_TRY(rb_hdf_read_column(r->file.id, "curve", "k", RB_HDF_INT64, (void **)&c->k, &c->n, err));
    RB_TRY(rb_hdf_read_column(r->file.id, "curve", "selected", RB_HDF_UINT8, (void **)&c->is_selected, &c->n, err));
done:
    return err->status;
}

static void fini(curves *c)
{
    for (int i = 0; i < N_TEXTS; i++) {
        rb_free(c->text[i]);
        rb_free(c->all[i]);
    }
    for (int i = 0; i < N_NUMBERS; i++)
        rb_free(c->number[i]);
    rb_free(c->k);
    rb_free(c->is_selected);
}

/* For the eye those that decided. */
static bool is_shown(const curves *c, int64_t i, bool is_json)
{
    return is_json || strcmp(c->text[RULE][i], "best") != 0;
}

static bool any_shown(const curves *c, bool is_json)
{
    for (int64_t i = 0; i < c->n; i++)
        if (is_shown(c, i, is_json))
            return true;
    return false;
}

rb_status rb_curves_write(FILE *out, const rb_results_file *r, rb_format format, rb_error *err)
{
    static const rb_table_column columns[] = { { "metric", RB_CELL_TEXT },  { "rule", RB_CELL_TEXT },
                                               { "entry", RB_CELL_TEXT },   { "space", RB_CELL_TEXT },
                                               { "k", RB_CELL_NUMBER },     { "value", RB_CELL_NUMBER },
                                               { "error", RB_CELL_NUMBER }, { "difference", RB_CELL_NUMBER },
                                               { "selected", RB_CELL_BOOL } };
    curves c = { 0 };
    rb_table t = { 0 };
    const bool is_json = format == RB_FORMAT_JSON;
    if (!rb_hdf_has(r->file.id, "curve"))
        return RB_OK;
    RB_TRY(read_curves(&c, r, err));
    if (!any_shown(&c, is_json))
        goto done;
    fputs(is_json ? ",\n\"curve\": " : "\ncurves over k\n", out);
    rb_table_init(&t, columns, (int)(sizeof columns / sizeof *columns));
    for (int64_t i = 0; i < c.n; i++) {
        if (!is_shown(&c, i, is_json))
            continue;
        for (int k = 0; k < N_TEXTS; k++)
            RB_TRY(rb_table_text(&t, c.text[k][i], err));
        RB_TRY(rb_table_int(&t, c.k[i], err));
        for (int k = 0; k < N_NUMBERS; k++)
            RB_TRY(rb_table_double(&t, c.number[k][i], 4, err));
        RB_TRY(rb_table_bool(&t, c.is_selected[i], err));
    }
    RB_TRY(rb_table_write(out, &t, format, err));
done:
    rb_table_fini(&t);
    fini(&c);
    return err->status;
}
