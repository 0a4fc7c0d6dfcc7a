#include "cluster/core/kmeans_model.h"

#include <math.h>

#include "base/alloc.h"

rb_status rb_kmeans_check_given(const rb_array *centres, bool is_given, int64_t k, const char *name, rb_error *err)
{
    if (is_given && !centres->value)
        return RB_FAIL(err, RB_BAD_INPUT, "'%s.init' is given, but '%s.centres' is not set", name, name);
    if (!is_given && centres->value)
        return RB_FAIL(err, RB_BAD_INPUT, "'%s.centres' is set, but '%s.init' is not given", name, name);
    if (is_given && centres->n_rows != k)
        return RB_FAIL(err, RB_BAD_INPUT, "'%s.centres' (%s) has %lld rows, expected k = %lld", name, centres->source,
                       (long long)centres->n_rows, (long long)k);
    return RB_OK;
}

rb_status rb_kmeans_check_given_values(const rb_array *centres, int64_t d, const char *name, rb_error *err)
{
    if (centres->n_cols != d)
        return RB_FAIL(err, RB_BAD_INPUT, "'%s.centres' (%s) has %lld columns, but the space has %lld dimensions", name,
                       centres->source, (long long)centres->n_cols, (long long)d);
    for (int64_t i = 0; i < centres->n_rows * d; i++)
        if (!isfinite(centres->value[i]))
            return RB_FAIL(err, RB_BAD_INPUT, "'%s.centres' (%s) has %g in row %lld, expected finite numbers", name,
                           centres->source, centres->value[i], (long long)(i / d));
    return RB_OK;
}

rb_status rb_kmeans_assign_points(int32_t *labels, const double *values, int64_t k, int64_t d, const rb_points *points,
                                  bool is_single, bool is_spherical, const rb_ctx *ctx, rb_error *err)
{
    rb_kmeans_data data = { 0 };
    rb_kmeans_centres centres = { 0 };
    rb_kmeans_pass pass = { 0 };
    int64_t *offsets = NULL;

    if (points->d != d)
        return RB_FAIL(err, RB_BAD_INPUT, "the points have %lld dimensions, but the centres have %lld",
                       (long long)points->d, (long long)d);
    RB_TRY_ALL(ctx, rb_alloc(&offsets, ctx->n_ranks + 1, err));
    RB_TRY(rb_kmeans_data_init(&data, points, k, is_single, is_spherical, false, ctx, err));
    RB_TRY(rb_kmeans_centres_init(&centres, &data, k, ctx, err));
    rb_kmeans_centres_set(&centres, &data, values, ctx);
    RB_TRY_ALL(ctx, rb_kmeans_pass_init(&pass, &data, &centres, labels, false, 0, ctx, err));
    rb_kmeans_assign(&pass, ctx);
    rb_blocks_offsets(offsets, &data.blocks, ctx);
    for (int r = 0; r <= ctx->n_ranks; r++)
        offsets[r] *= (int64_t)sizeof *labels;
    rb_allgather_bytes(ctx, labels, (char *)labels + offsets[ctx->rank], offsets);
done:
    rb_kmeans_pass_fini(&pass);
    rb_kmeans_centres_fini(&centres);
    rb_kmeans_data_fini(&data);
    rb_free(offsets);
    return err->status;
}
