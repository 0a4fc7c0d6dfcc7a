/* Titles and users as points of their features. */
#include <math.h>

#include "base/alloc.h"
#include "data/features.h"

/* Mean and standard deviation of what is known of a column; deviation 0 where all of it is equal. */
typedef struct {
    int feature;
    double mean, deviation;
} dimension;

enum { MOST_DIMS = (int)RB_N_USER_FEATURES > (int)RB_N_TITLE_FEATURES ? RB_N_USER_FEATURES : RB_N_TITLE_FEATURES };

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
    const char *names[MOST_DIMS];
    for (int k = 0; k < n_dims; k++)
        names[k] = r->feature[dims[k].feature].name;
    return rb_strings_from(&out->terms, names, n_dims, err);
}

/* Collective. */
static rb_status standardise(rb_points *out, const rb_feature_rows *r, const char *space, const rb_dataset *d,
                             const rb_ctx *ctx, rb_error *err)
{
    dimension dims[MOST_DIMS + 1];
    int n_dims = 0;
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

rb_status rb_features_users(rb_points *out, const rb_dataset *d, const rb_ctx *ctx, rb_error *err)
{
    rb_features f = { 0 };
    RB_TRY(rb_features_compute(&f, d, ctx, err));
    const rb_feature_rows users = rb_feature_rows_of_users(&f, d);
    RB_TRY(standardise(out, &users, "users", d, ctx, err));
done:
    rb_features_fini(&f);
    return err->status;
}
