/*
 * TF-IDF and LSA of the Netflix titles (workloads tfidf and lsa): bench_text [threads [repeats]].
 *
 * Prediction on 2 cores: tfidf .03 s (3.1 MB of text at 200 MB/s and core, 0.4 M words of 50 ns and core in the tables,
 * 10 ms serial for merging and sorting 50,000 terms). lsa .10 s: 6 iterations of 2 sparse products (0.27 M entries x
 * 880 bytes each, 2.9 GB in all at 50 GB/s from the caches: .06 s) and 1.05 GFLOP dense (6.3 GFLOP at 160 GFLOP/s: .04
 * s). Targets against scikit-learn in one run: 5 times for tfidf, 2 times for lsa.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "data/catalogue_read.h"
#include "data/space.h"
#include "support/bench.h"
#include "support/support.h"

static int stop(const rb_error *err)
{
    fprintf(stderr, "bench_text: %s\n", err->message);
    return 1;
}

/* Median seconds of building a space; for lsa also of the decomposition alone. */
static int run(const char *name, const char *space, const rb_catalogue *c, const rb_ctx *ctx, int repeats)
{
    rb_error err = { 0 };
    rb_space_spec spec = { 0 };
    double *all_s = malloc((size_t)repeats * sizeof *all_s), *part_s = malloc((size_t)repeats * sizeof *part_s);
    if (rb_space_parse(&spec, space, &err) != RB_OK)
        return stop(&err);
    int64_t d = 0;
    double explained = 0;
    for (int r = 0; r < repeats; r++) {
        rb_points p = { 0 };
        rb_space_model model = { 0 };
        rb_rsvd svd = { 0 };
        double start = rb_clock_s();
        if (rb_space_fit(&model, &p, &spec, c, ctx, &err) != RB_OK)
            return stop(&err);
        all_s[r] = rb_clock_s() - start;
        d = p.d;
        explained = model.explained;
        part_s[r] = 0;
        rb_points_fini(&p);
        if (spec.n_components > 0) { /* the decomposition alone, on the matrix of the same options */
            rb_space_spec text = spec;
            text.kind = rb_space_registry[RB_SPACE_TFIDF];
            rb_rsvd_options o = { .n_components = spec.n_components,
                                  .oversampling = spec.config.oversampling,
                                  .power_iterations = spec.config.power_iterations,
                                  .seed = 1 };
            if (rb_space_build(&p, &text, c, ctx, &err) != RB_OK)
                return stop(&err);
            start = rb_clock_s();
            if (rb_rsvd_init(&svd, p.sparse, &o, ctx, &err) != RB_OK)
                return stop(&err);
            part_s[r] = rb_clock_s() - start;
            rb_rsvd_fini(&svd);
            rb_points_fini(&p);
        }
        rb_space_model_fini(&model);
    }
    printf("%s\t%s\t%lld\t%.4f\t%.4f\t%.6f\n", name, space, (long long)d, rb_bench_median(all_s, repeats),
           rb_bench_median(part_s, repeats), explained);
    rb_space_spec_fini(&spec);
    free(all_s);
    free(part_s);
    return 0;
}

int main(int argc, char **argv)
{
    rb_ctx ctx;
    rb_error err = { 0 };
    rb_catalogue c = { 0 };
    char path[4352];
    int threads = argc > 1 ? atoi(argv[1]) : 2, repeats = argc > 2 ? atoi(argv[2]) : 9;
    rb_ctx_serial(&ctx, threads);
    snprintf(path, sizeof path, "%s/netflix-titles/netflix_titles.csv", rb_test_data());
    double start = rb_clock_s();
    if (rb_catalogue_read(&c, path, NULL, NULL, &ctx, &err) != RB_OK)
        return stop(&err);
    printf("# %d threads, median of %d; reading the catalogue took %.3f s\n", threads, repeats, rb_clock_s() - start);
    printf("id\tspace\tdimensions\tseconds\tdecomposition_s\texplained_variance\n");
    int failed = run("tfidf", "tfidf(stop_words=none)", &c, &ctx, repeats) ||
                 run("tfidf", "tfidf(max_features=20000)", &c, &ctx, repeats) ||
                 run("lsa", "lsa-100(max_features=20000)", &c, &ctx, repeats) ||
                 run("lsa", "lsa-50(columns=description+genres)", &c, &ctx, repeats);
    rb_catalogue_fini(&c);
    return failed;
}
