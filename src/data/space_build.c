#include <math.h>
#include <string.h>

#include "data/space_columns.h"

/* The test matrix belongs to the space, not to a trial: equal spaces have equal bits, whatever the trial's seed. */
#define LSA_SEED 0x5265656C62656E63u

#define N_NUMBERS 3
#define N_AGE_GROUPS (RB_AGE_ADULTS + 1)

rb_status rb_space_check(const rb_space_spec *spec, const rb_catalogue *c, rb_error *err)
{
    rb_space_columns columns;
    rb_space_id id = spec->kind->id;
    if (id == RB_SPACE_USERS)
        return RB_OK;
    if (c->n == 0)
        return RB_FAIL(err, RB_BAD_INPUT, "the catalogue is empty: there is nothing to place in the space %s",
                       spec->kind->name);
    if (rb_space_is_text(spec))
        return rb_space_columns_resolve(&columns, spec, c, err);
    if ((id == RB_SPACE_GENRE || id == RB_SPACE_MIXED) && c->genre.names.n == 0)
        return RB_FAIL(err, RB_BAD_INPUT, "the catalogue has no genres, which the space %s is made of",
                       spec->kind->name);
    return RB_OK;
}

/* Number of a name among ascending names, or -1. */
static int64_t name_find(const rb_strings *names, const char *name)
{
    int64_t low = 0, high = names->n;
    while (low < high) {
        int64_t middle = low + (high - low) / 2;
        int order = strcmp(name, rb_strings_at(names, middle));
        if (order == 0)
            return middle;
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return -1;
}

/* Divides a row by its length; a row of zeros stays. */
static void scale_to_one(double *row, int64_t d)
{
    double sum = 0;
    for (int64_t j = 0; j < d; j++)
        sum += row[j] * row[j];
    double length = sqrt(sum);
    for (int64_t j = 0; j < d && length > 0; j++)
        row[j] /= length;
}

/* Share of the variance of x's columns that its projection on the components holds. Every rank does all of it. */
static rb_status explained_variance(double *share, const rb_csr *x, const rb_rsvd *svd, rb_error *err)
{
    double *sum = NULL, *projected = NULL;
    double n = (double)x->n_rows, squares = 0, means = 0, held = 0;
    RB_TRY(rb_alloc(&sum, x->n_cols, err));
    RB_TRY(rb_alloc(&projected, svd->k, err));
    for (int64_t e = 0; e < x->row_begin[x->n_rows]; e++) {
        sum[x->col[e]] += x->value[e];
        squares += x->value[e] * x->value[e];
    }
    for (int64_t j = 0; j < x->n_cols; j++) {
        means += (sum[j] / n) * (sum[j] / n);
        for (int64_t c = 0; c < svd->k; c++)
            projected[c] += sum[j] / n * svd->v[j * svd->k + c];
    }
    for (int64_t c = 0; c < svd->k; c++) /* |X v|^2 is at least the squared singular value */
        held += svd->singular[c] * svd->singular[c] / n - projected[c] * projected[c];
    double all = squares / n - means;
    *share = all > 0 ? held / all : 1;
done:
    rb_free(projected);
    rb_free(sum);
    return err->status;
}

/* TF-IDF rows on the components. Collective. */
static rb_status project(rb_points *out, const rb_space_model *m, const rb_csr *x, const rb_ctx *ctx, rb_error *err)
{
    int64_t d = m->svd.k, *offsets = NULL;
    RB_TRY_ALL(ctx, rb_alloc(&offsets, ctx->n_ranks + 1, err));
    RB_TRY(rb_points_alloc_dense(out, x->n_rows, d, ctx, err));
    double *rows = out->memory.data;
    rb_blocks_offsets(offsets, &out->blocks, ctx);
#pragma omp parallel for num_threads(ctx->n_threads) schedule(static)
    for (int64_t i = offsets[ctx->rank]; i < offsets[ctx->rank + 1]; i++) {
        rb_csr_times_dense(rows + i * d, x, i, i + 1, m->svd.v, d);
        if (m->spec.config.normalize)
            scale_to_one(rows + i * d, d);
    }
    rb_shared_publish(&out->memory, offsets, d * (int64_t)sizeof *rows, ctx);
    out->unit_rows = m->spec.config.normalize;
done:
    rb_free(offsets);
    return err->status;
}

/* The points of a text space from its TF-IDF matrix, which is consumed. Collective. */
static rb_status text_points(rb_points *out, const rb_space_model *m, rb_csr *x, const rb_ctx *ctx, rb_error *err)
{
    if (m->spec.kind->id == RB_SPACE_LSA)
        return project(out, m, x, ctx, err);
    RB_TRY_ALL(ctx, rb_points_take_csr(out, x, err));
    if (m->spec.kind->id == RB_SPACE_COUNTS)
        RB_TRY_ALL(ctx, rb_strings_copy(&out->terms, &m->tfidf.terms, err));
    out->unit_rows = m->spec.kind->id == RB_SPACE_TFIDF;
done:
    return err->status;
}

/* Notes the columns that were found, so that another catalogue is read in the same way. */
static rb_status keep_columns(rb_space_spec *spec, const rb_space_columns *columns, rb_error *err)
{
    rb_text text = { 0 };
    for (int k = 0; k < columns->n; k++)
        RB_TRY(rb_text_addf(&text, err, "%s%s", k ? "+" : "", rb_column_name(columns->column[k])));
    rb_free(spec->columns);
    spec->columns = rb_strdup(text.data, err);
    spec->config.columns = spec->columns;
done:
    rb_text_fini(&text);
    return err->status;
}

static rb_status text_documents(rb_space_documents *out, rb_space_spec *resolved, const rb_space_spec *spec,
                                const rb_catalogue *c, rb_error *err)
{
    rb_space_columns columns;
    RB_TRY(rb_space_columns_resolve(&columns, spec, c, err));
    if (resolved)
        RB_TRY(keep_columns(resolved, &columns, err));
    RB_TRY(rb_space_documents_init(out, &columns, c, err));
done:
    return err->status;
}

static rb_status fit_text(rb_space_model *m, rb_points *points, const rb_catalogue *c, const rb_ctx *ctx, rb_error *err)
{
    const rb_space_config *o = &m->spec.config;
    rb_tfidf_options options = rb_space_text_options(o);
    options.counts = m->spec.kind->id == RB_SPACE_COUNTS;
    rb_rsvd_options reduction = { .n_components = m->spec.n_components,
                                  .oversampling = o->oversampling,
                                  .power_iterations = o->power_iterations,
                                  .seed = LSA_SEED };
    rb_space_documents documents = { 0 };
    rb_csr x = { 0 };
    RB_TRY_ALL(ctx, text_documents(&documents, &m->spec, &m->spec, c, err));
    RB_TRY(rb_tfidf_fit(&m->tfidf, &x, &(rb_documents){ documents.begin, c->n }, &options, ctx, err));
    rb_space_documents_fini(&documents);
    if (m->spec.kind->id == RB_SPACE_LSA) {
        RB_TRY(rb_rsvd_init(&m->svd, &x, &reduction, ctx, err));
        RB_TRY_ALL(ctx, explained_variance(&m->explained, &x, &m->svd, err));
    }
    if (points)
        RB_TRY(text_points(points, m, &x, ctx, err));
done:
    rb_space_documents_fini(&documents);
    rb_csr_fini(&x);
    return err->status;
}

static rb_status transform_text(rb_points *out, const rb_space_model *m, const rb_catalogue *c, const rb_ctx *ctx,
                                rb_error *err)
{
    rb_space_documents documents = { 0 };
    rb_csr x = { 0 };
    RB_TRY_ALL(ctx, text_documents(&documents, NULL, &m->spec, c, err));
    RB_TRY(rb_tfidf_transform(&x, &m->tfidf, &(rb_documents){ documents.begin, c->n }, ctx, err));
    RB_TRY(text_points(out, m, &x, ctx, err));
done:
    rb_space_documents_fini(&documents);
    rb_csr_fini(&x);
    return err->status;
}

/* Value number k of an item: year, minutes, seasons; -1 unavailable. */
static int32_t number_of(const rb_catalogue *c, int k, int32_t i)
{
    const int32_t *columns[N_NUMBERS] = { c->year, c->minutes, c->seasons };
    return columns[k] ? columns[k][i] : -1;
}

static rb_status fit_numbers(rb_space_model *m, const rb_catalogue *c, rb_error *err)
{
    int64_t n_all = 0;
    for (int k = 0; k < N_NUMBERS; k++) {
        int64_t n = 0, sum = 0;
        double squares = 0;
        for (int32_t i = 0; i < c->n; i++)
            if (number_of(c, k, i) >= 0) {
                sum += number_of(c, k, i);
                n++;
            }
        m->mean[k] = n ? (double)sum / (double)n : 0;
        for (int32_t i = 0; i < c->n; i++)
            if (number_of(c, k, i) >= 0) {
                double off = number_of(c, k, i) - m->mean[k];
                squares += off * off;
            }
        m->deviation[k] = squares > 0 ? sqrt(squares / (double)n) : 1;
        n_all += n;
    }
    if (n_all == 0 && m->spec.kind->id == RB_SPACE_NUMERIC)
        return RB_FAIL(err, RB_BAD_INPUT,
                       "the catalogue has no year, minutes or seasons, which the space numeric is made of");
    return RB_OK;
}

/* Type names, ascending: the labels of the reference labelling "type" are their numbers. */
static rb_status fit_types(rb_space_model *m, const rb_catalogue *c, rb_error *err)
{
    int32_t *label = NULL;
    const char **names = NULL;
    int32_t n = 0;
    if (!c->has[RB_COLUMN_TYPE])
        return rb_strings_from(&m->types, NULL, 0, err);
    RB_TRY(rb_alloc(&label, c->n, err));
    RB_TRY(rb_alloc(&names, c->n, err));
    RB_TRY(rb_catalogue_labels(label, c, "type", err));
    for (int32_t i = 0; i < c->n; i++)
        if (label[i] >= 0) {
            names[label[i]] = rb_strings_at(&c->column[RB_COLUMN_TYPE], i);
            n = label[i] >= n ? label[i] + 1 : n;
        }
    RB_TRY(rb_strings_from(&m->types, names, n, err));
done:
    rb_free(names);
    rb_free(label);
    return err->status;
}

static rb_status fit_features(rb_space_model *m, const rb_catalogue *c, rb_error *err)
{
    const char **names = NULL;
    RB_TRY(rb_alloc(&names, c->genre.names.n, err));
    for (int64_t k = 0; k < c->genre.names.n; k++)
        names[k] = rb_strings_at(&c->genre.names, k);
    RB_TRY(rb_strings_from(&m->genres, names, c->genre.names.n, err));
    RB_TRY(fit_numbers(m, c, err));
    if (m->spec.kind->id == RB_SPACE_MIXED)
        RB_TRY(fit_types(m, c, err));
done:
    rb_free(names);
    return err->status;
}

/* One row of genre, numeric or mixed. column[k]: of the catalogue's genre k in the model, or -1. */
static void write_features(double *row, const rb_space_model *m, const rb_catalogue *c, const int64_t *column,
                           int32_t i)
{
    rb_space_id id = m->spec.kind->id;
    if (id != RB_SPACE_NUMERIC) {
        for (int64_t e = c->genre.begin[i]; e < c->genre.begin[i + 1]; e++)
            if (column[c->genre.value[e]] >= 0)
                row[column[c->genre.value[e]]] = 1;
        row += m->genres.n;
    }
    if (id == RB_SPACE_GENRE)
        return;
    for (int k = 0; k < N_NUMBERS; k++)
        row[k] = number_of(c, k, i) < 0 ? 0 : (number_of(c, k, i) - m->mean[k]) / m->deviation[k];
    if (id == RB_SPACE_NUMERIC)
        return;
    row += N_NUMBERS;
    int64_t type = c->has[RB_COLUMN_TYPE] ? name_find(&m->types, rb_strings_at(&c->column[RB_COLUMN_TYPE], i)) : -1;
    if (type >= 0)
        row[type] = 1;
    if (c->age_group)
        row[m->types.n + c->age_group[i]] = 1;
}

static int64_t n_features(const rb_space_model *m)
{
    switch (m->spec.kind->id) {
    case RB_SPACE_GENRE:
        return m->genres.n;
    case RB_SPACE_NUMERIC:
        return N_NUMBERS;
    default:
        return m->genres.n + N_NUMBERS + m->types.n + N_AGE_GROUPS;
    }
}

static rb_status features(rb_points *out, const rb_space_model *m, const rb_catalogue *c, const rb_ctx *ctx,
                          rb_error *err)
{
    int64_t d = n_features(m), *column = NULL, *offsets = NULL;
    rb_alloc(&offsets, ctx->n_ranks + 1, err);
    RB_TRY_ALL(ctx, rb_alloc(&column, c->genre.names.n, err));
    for (int64_t k = 0; k < c->genre.names.n; k++)
        column[k] = name_find(&m->genres, rb_strings_at(&c->genre.names, k));
    RB_TRY(rb_points_alloc_dense(out, c->n, d, ctx, err));
    double *rows = out->memory.data;
    rb_blocks_offsets(offsets, &out->blocks, ctx);
    for (int64_t i = offsets[ctx->rank]; i < offsets[ctx->rank + 1]; i++) {
        write_features(rows + i * d, m, c, column, (int32_t)i);
        if (m->spec.config.normalize)
            scale_to_one(rows + i * d, d);
    }
    rb_shared_publish(&out->memory, offsets, d * (int64_t)sizeof *rows, ctx);
    out->unit_rows = m->spec.config.normalize;
done:
    rb_free(offsets);
    rb_free(column);
    return err->status;
}

rb_status rb_space_fit(rb_space_model *model, rb_points *points, const rb_space_spec *spec, const rb_catalogue *c,
                       const rb_ctx *ctx, rb_error *err)
{
    *model = (rb_space_model){ 0 };
    if (points)
        *points = (rb_points){ 0 };
    RB_TRY_ALL(ctx, rb_space_check(spec, c, err));
    if (spec->kind->id == RB_SPACE_FEATURES || spec->kind->id == RB_SPACE_USERS)
        return RB_FAIL(err, RB_BAD_INPUT, "the space %s is made of interactions, which titles alone do not have",
                       spec->kind->name);
    RB_TRY_ALL(ctx, rb_space_spec_copy(&model->spec, spec, err));
    if (rb_space_is_text(spec)) {
        RB_TRY(fit_text(model, points, c, ctx, err));
    } else {
        RB_TRY_ALL(ctx, fit_features(model, c, err));
        if (points)
            RB_TRY(features(points, model, c, ctx, err));
    }
done:
    if (err->status != RB_OK) {
        rb_space_model_fini(model);
        if (points)
            rb_points_fini(points);
    }
    return err->status;
}

rb_status rb_space_transform(rb_points *out, const rb_space_model *model, const rb_catalogue *c, const rb_ctx *ctx,
                             rb_error *err)
{
    *out = (rb_points){ 0 };
    if (rb_space_is_text(&model->spec))
        RB_TRY(transform_text(out, model, c, ctx, err));
    else
        RB_TRY(features(out, model, c, ctx, err));
done:
    if (err->status != RB_OK)
        rb_points_fini(out);
    return err->status;
}

rb_status rb_space_build(rb_points *out, const rb_space_spec *spec, const rb_catalogue *c, const rb_ctx *ctx,
                         rb_error *err)
{
    rb_space_model model = { 0 };
    RB_TRY(rb_space_fit(&model, out, spec, c, ctx, err));
done:
    rb_space_model_fini(&model);
    return err->status;
}
