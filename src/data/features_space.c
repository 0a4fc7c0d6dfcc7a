/* Titles as points of their features. */
#include <math.h>

#include "base/alloc.h"
#include "data/features.h"

/* Mean and standard deviation of what is known of a column; deviation 0 where all of it is equal. */
typedef struct {
    int feature;
    double mean, deviation;
} dimension;

static dimension measure(const rb_features *f, int feature)
{
    const double *at = f->title + feature;
    double sum = 0, square = 0;
    int64_t n = 0;
    for (int64_t i = 0; i < f->n_titles; i++) {
        double value = at[i * RB_N_TITLE_FEATURES];
        n += !isnan(value);
        sum += isnan(value) ? 0 : value;
    }
    double mean = n > 0 ? sum / (double)n : 0;
    for (int64_t i = 0; i < f->n_titles; i++) {
        double value = at[i * RB_N_TITLE_FEATURES];
        square += isnan(value) ? 0 : (value - mean) * (value - mean);
    }
    double deviation = n > 0 ? sqrt(square / (double)n) : 0;
    return (dimension){ feature, mean, deviation > 1e-12 * fabs(mean) ? deviation : 0 };
}

rb_status rb_features_space(rb_points *out, const rb_dataset *d, const rb_ctx *ctx, rb_error *err)
{
    rb_features f = { 0 };
    dimension dims[RB_N_TITLE_FEATURES];
    int n_dims = 0;
    RB_TRY(rb_features_compute(&f, d, ctx, err));
    for (int k = 0; k < RB_N_TITLE_FEATURES; k++) {
        dims[n_dims] = measure(&f, k);
        n_dims += dims[n_dims].deviation > 0;
    }
    if (n_dims == 0)
        RB_TRY(RB_FAIL(err, RB_BAD_INPUT, "space 'features': no feature tells the titles of data set '%s' apart",
                       d->name));
    RB_TRY(rb_points_alloc_dense(out, f.n_titles, n_dims, ctx, err));
    for (int64_t i = 0; i < f.n_titles && ctx->rank == 0; i++)
        for (int k = 0; k < n_dims; k++) {
            double value = f.title[i * RB_N_TITLE_FEATURES + dims[k].feature];
            ((double *)out->memory.data)[i * n_dims + k] =
                isnan(value) ? 0 : (value - dims[k].mean) / dims[k].deviation;
        }
    rb_shared_publish_from(&out->memory, 0, ctx);
done:
    rb_features_fini(&f);
    return err->status;
}
