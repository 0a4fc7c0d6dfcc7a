#include <string.h>

#include "base/alloc.h"
#include "cluster/core/prototypes.h"

static int64_t mismatches(const rb_prototypes_pass *pass, int64_t row, const int32_t *categories)
{
    const int32_t *code = pass->code + row * pass->m;
    int64_t n = 0;
    for (int64_t a = 0; a < pass->m; a++)
        n += code[a] != categories[a];
    return n;
}

/* The row with the largest value, the lowest among equals, of all ranks; the value too. Collective. */
static int64_t argmax(int64_t *most, const int64_t *value, const rb_prototypes_pass *pass, const rb_ctx *ctx)
{
    int64_t at = INT64_MAX, own = INT64_MIN;
#pragma omp parallel num_threads(ctx->n_threads)
    {
        int64_t here = INT64_MAX, best = INT64_MIN;
#pragma omp for schedule(static) nowait
        for (int64_t i = pass->begin; i < pass->end; i++)
            if (value[i - pass->begin] > best) {
                best = value[i - pass->begin];
                here = i;
            }
#pragma omp critical
        if (best > own || (best == own && here < at)) {
            own = best;
            at = here;
        }
    }
    *most = own;
    rb_max_int64(ctx, most, 1);
    at = own == *most ? at : INT64_MAX;
    rb_min_int64(ctx, &at, 1);
    return at;
}

static bool is_taken(const int64_t *items, int64_t n, int64_t item)
{
    for (int64_t c = 0; c < n; c++)
        if (items[c] == item)
            return true;
    return false;
}

static int64_t first_not_taken(const int64_t *items, int64_t n)
{
    int64_t i = 0;
    while (is_taken(items, n, i))
        i++;
    return i;
}

/* How often the categories of an item occur, summed over columns. */
static rb_status densities(int64_t *density, const rb_prototypes_pass *pass, const rb_ctx *ctx, rb_error *err)
{
    int64_t *count = NULL;
    RB_TRY_ALL(ctx, rb_alloc(&count, pass->first[pass->m], err));
    for (int64_t i = pass->begin; i < pass->end; i++)
        for (int64_t a = 0; a < pass->m; a++)
            count[pass->first[a] + pass->code[i * pass->m + a]]++;
    rb_sum_int64(ctx, count, pass->first[pass->m]);
    for (int64_t i = pass->begin; i < pass->end; i++)
        for (int64_t a = 0; a < pass->m; a++)
            density[i - pass->begin] += count[pass->first[a] + pass->code[i * pass->m + a]];
done:
    rb_free(count);
    return err->status;
}

static rb_status cao(int64_t *items, const rb_prototypes_pass *pass, const rb_ctx *ctx, rb_error *err)
{
    int64_t *density = NULL, *least = NULL, own = pass->end - pass->begin, most;
    rb_alloc(&density, own, err);
    RB_TRY_ALL(ctx, rb_alloc(&least, own, err));
    RB_TRY(densities(density, pass, ctx, err));
    items[0] = argmax(&most, density, pass, ctx);
    for (int64_t c = 1; c < pass->k; c++) {
        const int32_t *last = pass->code + items[c - 1] * pass->m;
#pragma omp parallel for num_threads(ctx->n_threads) schedule(static)
        for (int64_t i = 0; i < own; i++) {
            int64_t apart = density[i] * mismatches(pass, pass->begin + i, last);
            least[i] = c == 1 || apart < least[i] ? apart : least[i];
        }
        items[c] = argmax(&most, least, pass, ctx);
        if (most == 0)
            items[c] = first_not_taken(items, c);
    }
done:
    rb_free(density);
    rb_free(least);
    return err->status;
}

static rb_status huang(int64_t *items, const rb_prototypes_pass *pass, int64_t restart, const rb_ctx *ctx,
                       rb_error *err)
{
    int64_t *matches = NULL, own = pass->end - pass->begin, most;
    int32_t *drawn = NULL;
    rb_alloc(&drawn, pass->m, err);
    RB_TRY_ALL(ctx, rb_alloc(&matches, own, err));
    for (int64_t c = 0; c < pass->k; c++) {
        rb_rng rng = { ctx->seed, rb_stream("prototypes huang"), (uint32_t)restart, (uint64_t)c };
        for (int64_t a = 0; a < pass->m; a++)
            drawn[a] = pass->code[rb_rng_below(&rng, (uint32_t)a, pass->n) * pass->m + a];
#pragma omp parallel for num_threads(ctx->n_threads) schedule(static)
        for (int64_t i = 0; i < own; i++) {
            matches[i] = pass->m - mismatches(pass, pass->begin + i, drawn);
            for (int64_t s = 0; s < c && matches[i] >= 0; s++)
                if (mismatches(pass, pass->begin + i, pass->code + items[s] * pass->m) == 0)
                    matches[i] = -1;
        }
        items[c] = argmax(&most, matches, pass, ctx);
        if (most < 0)
            items[c] = first_not_taken(items, c);
    }
done:
    rb_free(drawn);
    rb_free(matches);
    return err->status;
}

rb_status rb_prototypes_seeds(int64_t *items, rb_prototypes_pass *pass, rb_prototypes_start start, int64_t restart,
                              const rb_ctx *ctx, rb_error *err)
{
    return start == RB_PROTOTYPES_HUANG ? huang(items, pass, restart, ctx, err) : cao(items, pass, ctx, err);
}
