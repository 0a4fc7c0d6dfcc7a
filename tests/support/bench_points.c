#include "support/bench_points.h"

#include <string.h>

#include "base/rng.h"
#include "support/bench.h"

enum { TOPICS = 20, WORDS_OF_TITLE = 10 };

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

/* Titles of one topic each: a word of every fifth part of its words. */
void rb_bench_titles(rb_points *p, int64_t n)
{
    rb_error err = { 0 };
    rb_csr x = { 0 };
    rb_bench_must(rb_csr_init(&x, n, RB_BENCH_WORDS, n * WORDS_OF_TITLE, &err), &err);
    for (int64_t i = 0; i < n; i++) {
        const rb_rng rng = { 1, rb_stream("titles"), 0, (uint64_t)i };
        const int32_t first = (int32_t)(i % TOPICS) * (RB_BENCH_WORDS / TOPICS),
                      step = RB_BENCH_WORDS / TOPICS / WORDS_OF_TITLE;
        for (int32_t k = 0; k < WORDS_OF_TITLE; k++) {
            x.col[i * WORDS_OF_TITLE + k] = first + k * step + (int32_t)rb_rng_below(&rng, (uint32_t)k, step);
            x.value[i * WORDS_OF_TITLE + k] = 1;
        }
        x.row_begin[i + 1] = (i + 1) * WORDS_OF_TITLE;
    }
    rb_bench_must(rb_points_take_csr(p, &x, &err), &err);
}

void rb_bench_centres(void *config, const rb_algorithm *algorithm, const rb_points *p, int64_t k)
{
    const rb_value value = { .kind = RB_PARAM_ARRAY, .array = { p->dense, k, p->d, "inline" } };
    rb_param_store(config, rb_param_find(algorithm->params, "centres"), &value);
}

void rb_bench_set(void *config, const rb_algorithm *algorithm, const char *name, const char *text)
{
    rb_error err = { 0 };
    const rb_param *param = rb_param_find(algorithm->params, name);
    rb_value value;
    rb_bench_must(rb_param_parse(&value, param, algorithm->name, text, &err), &err);
    rb_param_store(config, param, &value);
}
