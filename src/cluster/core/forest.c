#include "cluster/core/forest.h"

#include <string.h>

void rb_forest_init(int32_t *parent, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        parent[i] = (int32_t)i;
}

static void unite_all(int32_t *parent, const int32_t *other, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        if (other[i] != (int32_t)i)
            rb_forest_unite(parent, (int32_t)i, other[i]);
}

void rb_forest_merge(int32_t *parent, int64_t n, const rb_ctx *ctx, int32_t *scratch)
{
    for (int t = 1; t < ctx->n_threads; t++)
        unite_all(parent, parent + t * n, n);
    for (int64_t i = 0; i < n; i++)
        parent[i] = rb_forest_root(parent, (int32_t)i);
    /* All ranks receive the forests as they are now: a rank's own may grow meanwhile, the sets stay right. */
    for (int k = 0; k < ctx->n_ranks && ctx->n_ranks > 1; k++) {
        if (k == ctx->rank)
            memcpy(scratch, parent, (size_t)n * sizeof *scratch);
        rb_bcast(ctx, scratch, n * (int64_t)sizeof *scratch, k);
        unite_all(parent, scratch, n);
    }
    for (int64_t i = 0; i < n; i++)
        parent[i] = rb_forest_root(parent, (int32_t)i);
}
