/* Titles and users as points of their features. */
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "data/features.h"

/* Mean and standard deviation of what is known of a column; deviation 0 where all of it is equal. */
typedef struct {
    int feature;
    double mean, deviation;
} dimension;

static dimension measure(const rb_feature_rows *r, int feature)
{
    const double *at = r->value + feature;
    double sum = 0, square = 0;
    int64_t n = 0;
    for (int64_t i = 0; i < r->n_rows; i++) {
        double value = at[i * r->n_columns];
        n += !isnan(value);
        sum += isnan(value) ? 0 : value;
    }
    double mean = n > 0 ? sum / (double)n : 0;
    for (int64_t i = 0; i < r->n_rows; i++) {
        double value = at[i * r->n_columns];
        square += isnan(value) ? 0 : (value - mean) * (value - mean);
    }
    double deviation = n > 0 ? sqrt(square / (double)n) : 0;
    return (dimension){ feature, mean, deviation > 1e-12 * fabs(mean) ? deviation : 0 };
}

static rb_status name_dimensions(rb_points *out, const rb_feature_rows *r, const dimension *dims, int n_dims,
                                 rb_error *err)
{
    const char **names = NULL;
    RB_TRY(rb_alloc(&names, n_dims, err));
    for (int k = 0; k < n_dims; k++)
        names[k] = r->feature[dims[k].feature].name;
    RB_TRY(rb_strings_from(&out->terms, names, n_dims, err));
done:
    rb_free(names);
    return err->status;
}

/* Collective. */
static rb_status standardise(rb_points *out, const rb_feature_rows *r, const char *space, const rb_dataset *d,
                             const rb_ctx *ctx, rb_error *err)
{
    dimension *dims = NULL;
    int n_dims = 0;
    RB_TRY_ALL(ctx, rb_alloc(&dims, r->n_columns + 1, err));
    for (int k = 0; k < r->n_columns; k++) {
        dims[n_dims] = measure(r, k);
        n_dims += dims[n_dims].deviation > 0;
    }
    if (n_dims == 0)
        RB_TRY(RB_FAIL(err, RB_BAD_INPUT, "space '%s': no feature tells the %s of data set '%s' apart", space, r->of,
                       d->name));
    RB_TRY(rb_points_alloc_dense(out, r->n_rows, n_dims, ctx, err));
    for (int64_t i = 0; i < r->n_rows && ctx->rank == 0; i++)
        for (int k = 0; k < n_dims; k++) {
            double value = r->value[i * r->n_columns + dims[k].feature];
            ((double *)out->memory.data)[i * n_dims + k] =
                isnan(value) ? 0 : (value - dims[k].mean) / dims[k].deviation;
        }
    rb_shared_publish_from(&out->memory, 0, ctx);
    RB_TRY_ALL(ctx, name_dimensions(out, r, dims, n_dims, err));
done:
    rb_free(dims);
    if (err->status != RB_OK)
        rb_points_fini(out);
    return err->status;
}

rb_status rb_features_space(rb_points *out, const rb_dataset *d, const rb_ctx *ctx, rb_error *err)
{
    rb_features f = { 0 };
    RB_TRY(rb_features_compute(&f, d, ctx, err));
    const rb_feature_rows titles = rb_feature_rows_of_titles(&f, d);
    RB_TRY(standardise(out, &titles, "features", d, ctx, err));
done:
    rb_features_fini(&f);
    return err->status;
}

/* ---- users, with their genres ---- */

/* Share of each genre among the genres of a user's titles, NaN where these have none: columns behind the features. */
static void add_shares(double *value, int64_t width, const rb_dataset *d)
{
    const rb_interactions *x = &d->interactions;
    const rb_multi *genre = &d->catalogue.genre;
    const int64_t n_genres = genre->names.n, first = width - n_genres;
    for (int64_t row = 0; row < x->n; row++)
        for (int64_t g = genre->begin[x->item[row]]; g < genre->begin[x->item[row] + 1]; g++)
            value[x->user[row] * width + first + genre->value[g]]++;
    for (int64_t u = 0; u < x->n_users; u++) {
        double *share = value + u * width + first, total = 0;
        for (int64_t g = 0; g < n_genres; g++)
            total += share[g]; /* whole numbers: exact */
        for (int64_t g = 0; g < n_genres; g++)
            share[g] = total > 0 ? share[g] / total : NAN;
    }
}

/* The features of the users, then their shares; `feature` and `value` are owned by the caller. */
static rb_status widen(rb_feature_rows *rows, rb_feature **feature, double **value, const rb_dataset *d, rb_error *err)
{
    const int64_t n_genres = d->catalogue.genre.names.n, n_own = rows->n_columns, width = n_own + n_genres;
    RB_TRY(rb_alloc(feature, width, err));
    RB_TRY(rb_alloc(value, rows->n_rows * width, err));
    memcpy(*feature, rows->feature, (size_t)n_own * sizeof **feature);
    for (int64_t g = 0; g < n_genres; g++)
        (*feature)[n_own + g].name = rb_strings_at(&d->catalogue.genre.names, g);
    for (int64_t u = 0; u < rows->n_rows; u++)
        memcpy(*value + u * width, rows->value + u * n_own, (size_t)n_own * sizeof **value);
    add_shares(*value, width, d);
    rows->feature = *feature;
    rows->value = *value;
    rows->n_columns = (int)width;
done:
    return err->status;
}

rb_status rb_features_users(rb_points *out, const rb_dataset *d, bool genres, const rb_ctx *ctx, rb_error *err)
{
    rb_features f = { 0 };
    rb_feature *feature = NULL;
    double *value = NULL;
    RB_TRY(rb_features_compute(&f, d, ctx, err));
    rb_feature_rows users = rb_feature_rows_of_users(&f, d);
    if (genres && d->has_catalogue && d->catalogue.has[RB_COLUMN_GENRES])
        RB_TRY_ALL(ctx, widen(&users, &feature, &value, d, err));
    RB_TRY(standardise(out, &users, "users", d, ctx, err));
done:
    rb_free(feature);
    rb_free(value);
    rb_features_fini(&f);
    return err->status;
}
