#include "support/bench_points.h"

#include <string.h>

#include "base/rng.h"
#include "support/bench.h"

void rb_bench_blobs(rb_points *p, int64_t n, int64_t d, const rb_ctx *ctx)
{
    rb_error err = { 0 };
    memset(p, 0, sizeof *p);
    rb_bench_must(rb_points_alloc_dense(p, n, d, ctx, &err), &err);
    double *x = p->memory.data;
    for (int64_t i = 0; ctx->rank == 0 && i < n; i++) {
        rb_rng centre = { 1, rb_stream("centre"), 0, (uint64_t)(i % 100) }, noise = { 1, rb_stream("noise"), 0, 0 };
        noise.entity = (uint64_t)i;
        for (int64_t f = 0; f < d; f++)
            x[i * d + f] = 4 * rb_rng_normal(&centre, (uint32_t)f) + rb_rng_normal(&noise, (uint32_t)f);
    }
    rb_shared_publish_from(&p->memory, 0, ctx);
}

void rb_bench_set(void *config, const rb_algorithm *algorithm, const char *name, const char *text)
{
    rb_error err = { 0 };
    const rb_param *param = rb_param_find(algorithm->params, name);
    rb_value value;
    rb_bench_must(rb_param_parse(&value, param, algorithm->name, text, &err), &err);
    rb_param_store(config, param, &value);
}
