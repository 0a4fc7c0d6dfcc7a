#include "report/describe_facets.h"

#include <stdio.h>

#include "base/alloc.h"
#include "base/text.h"
#include "data/space.h"

/* The texts that say most of a title: its other columns are described by themselves. */
static rb_status find_columns(rb_text *out, const char *columns, const rb_catalogue *c, rb_error *err)
{
    static const rb_column all[] = { RB_COLUMN_TITLE, RB_COLUMN_DESCRIPTION, RB_COLUMN_TAGS };
    if (columns)
        return rb_text_addf(out, err, "%s", columns);
    for (int i = 0; i < 3; i++)
        if (c->has[all[i]])
            RB_TRY(rb_text_addf(out, err, "%s%s", out->length > 0 ? "+" : "", rb_column_name(all[i])));
done:
    return err->status;
}

static rb_status make_terms(rb_facets *all, const char *given, const rb_catalogue *c, const rb_classes *classes,
                            rb_ctx *ctx, rb_error *err)
{
    rb_facet *f = &all->facet[RB_FACET_TERMS];
    rb_text columns = { 0 };
    rb_space_spec spec = { 0 };
    RB_TRY(find_columns(&columns, given, c, err));
    if (columns.length == 0)
        goto done;
    RB_TRY(rb_space_parse(&spec, "counts", err));
    RB_TRY(rb_space_set(&spec, "columns", columns.data, err));
    RB_TRY(rb_space_build(&all->texts, &spec, c, ctx, err));
    RB_TRY(rb_strings_copy(&f->names, &all->texts.terms, err));
    RB_TRY(rb_alloc(&f->weight, all->texts.d, err));
    f->x = *all->texts.sparse;
    rb_class_weights(f->weight, classes, &f->x);
done:
    rb_space_spec_fini(&spec);
    rb_text_fini(&columns);
    return err->status;
}

static void add_value(rb_csr *x, int64_t row, int32_t value)
{
    int64_t *end = &x->row_begin[row + 1];
    for (int64_t e = x->row_begin[row]; e < *end; e++)
        if (x->col[e] == value)
            return; /* written twice */
    x->col[*end] = value;
    x->value[(*end)++] = 1;
}

static rb_status make_multi(rb_facet *f, const rb_multi *m, int64_t n, rb_error *err)
{
    RB_TRY(rb_csr_init(&f->x, n, m->names.n, m->begin[n], err));
    RB_TRY(rb_strings_copy(&f->names, &m->names, err));
    for (int64_t i = 0; i < n; i++) {
        f->x.row_begin[i + 1] = f->x.row_begin[i];
        for (int64_t e = m->begin[i]; e < m->begin[i + 1]; e++)
            add_value(&f->x, i, m->value[e]);
    }
done:
    return err->status;
}

static rb_status make_decades(rb_facet *f, const rb_catalogue *c, rb_error *err)
{
    int32_t first = INT32_MAX, last = -1;
    char(*name)[16] = NULL;
    const char **names = NULL;
    for (int32_t i = 0; i < c->n; i++)
        if (c->year[i] >= 0) {
            first = c->year[i] / 10 < first ? c->year[i] / 10 : first;
            last = c->year[i] / 10 > last ? c->year[i] / 10 : last;
        }
    const int32_t n = last < 0 ? 0 : last - first + 1;
    RB_TRY(rb_alloc(&name, n, err));
    RB_TRY(rb_alloc(&names, n, err));
    for (int32_t k = 0; k < n; k++) {
        snprintf(name[k], sizeof name[k], "%ds", (first + k) * 10);
        names[k] = name[k];
    }
    RB_TRY(rb_strings_from(&f->names, names, n, err));
    RB_TRY(rb_csr_init(&f->x, c->n, n, c->n, err));
    for (int32_t i = 0; i < c->n; i++) {
        f->x.row_begin[i + 1] = f->x.row_begin[i];
        if (c->year[i] >= 0)
            add_value(&f->x, i, c->year[i] / 10 - first);
    }
done:
    rb_free(name);
    rb_free(names);
    return err->status;
}

static rb_status make_age_groups(rb_facet *f, const rb_catalogue *c, rb_error *err)
{
    static const char *const names[] = { "unrated", "kids", "older kids", "teens", "adults" };
    RB_TRY(rb_strings_from(&f->names, names, RB_AGE_ADULTS + 1, err));
    RB_TRY(rb_csr_init(&f->x, c->n, RB_AGE_ADULTS + 1, c->n, err));
    for (int32_t i = 0; i < c->n; i++) {
        f->x.row_begin[i + 1] = f->x.row_begin[i];
        add_value(&f->x, i, c->age_group[i]);
    }
done:
    return err->status;
}

rb_status rb_facets_init(rb_facets *out, const char *columns, const rb_catalogue *c, const rb_classes *classes,
                         rb_ctx *ctx, rb_error *err)
{
    static const char *const names[RB_N_FACETS] = { "terms", "genres", "countries", "decades", "age groups" };
    rb_facet *facet = out->facet;
    for (int f = 0; f < RB_N_FACETS; f++)
        facet[f].name = names[f];
    RB_TRY(make_terms(out, columns, c, classes, ctx, err));
    if (c->has[RB_COLUMN_GENRES])
        RB_TRY(make_multi(&facet[RB_FACET_GENRES], &c->genre, c->n, err));
    if (c->has[RB_COLUMN_COUNTRY])
        RB_TRY(make_multi(&facet[RB_FACET_COUNTRIES], &c->country, c->n, err));
    if (c->has[RB_COLUMN_RELEASE_YEAR])
        RB_TRY(make_decades(&facet[RB_FACET_DECADES], c, err));
    if (c->has[RB_COLUMN_RATING])
        RB_TRY(make_age_groups(&facet[RB_FACET_AGE_GROUPS], c, err));
    for (int f = 0; f < RB_N_FACETS; f++)
        out->most = facet[f].x.n_cols > out->most ? facet[f].x.n_cols : out->most;
done:
    return err->status;
}

void rb_facets_fini(rb_facets *all)
{
    all->facet[RB_FACET_TERMS].x = (rb_csr){ 0 };
    for (int f = 0; f < RB_N_FACETS; f++) {
        rb_csr_fini(&all->facet[f].x);
        rb_strings_fini(&all->facet[f].names);
        rb_free(all->facet[f].weight);
    }
    rb_points_fini(&all->texts);
}
