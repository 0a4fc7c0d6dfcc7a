/* Latent Dirichlet allocation against scikit-learn (tests/golden/lda.json, made by generate_lda.py). */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cluster/cluster.h"
#include "data/catalogue_read.h"
#include "data/space.h"
#include "support/config.h"
#include "support/support.h"
#include "support/visitor.h"

extern const rb_algorithm rb_lda;

static json_t *golden;
static rb_ctx ctx;

/* Fits; returns the objective of the last pass. */
static double fit(void *state, const void *config, const rb_points *p)
{
    rb_error err = { 0 };
    rb_train_view view = { .space = p };
    double objective = NAN;
    bool done = false;
    assert_ok(rb_lda.begin(state, &view, NULL, config, &ctx, &err), &err);
    for (int64_t i = 0; !done; i++)
        assert_ok(rb_lda.iterate(state, i, &objective, &done, &view, NULL, config, &ctx, &err), &err);
    assert_ok(rb_lda.end(state, &view, NULL, config, &ctx, &err), &err);
    return objective;
}

static double *matrix(json_t *rows, int64_t *n_rows, int64_t *n_cols)
{
    *n_rows = (int64_t)json_array_size(rows);
    *n_cols = (int64_t)json_array_size(json_array_get(rows, 0));
    double *out = malloc((size_t)(*n_rows * *n_cols) * sizeof *out);
    for (int64_t r = 0; r < *n_rows; r++)
        for (int64_t c = 0; c < *n_cols; c++)
            out[r * *n_cols + c] = json_number_value(json_array_get(json_array_get(rows, (size_t)r), (size_t)c));
    return out;
}

static void known_counts(rb_points *p)
{
    rb_error err = { 0 };
    rb_csr x = { 0 };
    int64_t n, d, at = 0;
    double *counts = matrix(json_object_get(golden, "counts"), &n, &d);
    assert_ok(rb_csr_init(&x, n, d, n * d, &err), &err);
    for (int64_t i = 0; i < n; i++) {
        for (int64_t w = 0; w < d; w++)
            if (counts[i * d + w] > 0) {
                x.col[at] = (int32_t)w;
                x.value[at++] = counts[i * d + w];
            }
        x.row_begin[i + 1] = at;
    }
    assert_ok(rb_points_take_csr(p, &x, &err), &err);
    free(counts);
}

static void take_weights(rb_visitor *v, const char *name, rb_type type, void **data, int64_t *n_rows, int64_t *n_cols,
                         rb_shared *memory)
{
    (void)type, (void)n_rows, (void)n_cols, (void)memory;
    if (strcmp(name, "word_weights") == 0)
        *(const double **)v->self = *data;
}

/* Weights and proportions after some passes from the known start. */
static void expect(const char *kind, const char *iterations, const char *batch_size, const double *bound)
{
    rb_points p = { 0 };
    int64_t k, d, n;
    char *config = calloc(1, rb_lda.config_size), *state = calloc(1, rb_lda.state_size);
    json_t *answer = json_object_get(golden, kind);
    double *start = matrix(json_object_get(golden, "start"), &k, &d);
    double *weights = matrix(json_object_get(answer, "weights"), &k, &d);
    double *proportions = matrix(json_object_get(answer, "proportions"), &n, &k);
    const double *found = NULL;
    known_counts(&p);
    rb_params_default(config, rb_lda.params);
    rb_oracle_set(config, &rb_lda, "method=variational topics=3 learning_offset=5 learning_decay=0.6");
    rb_oracle_set_text(config, &rb_lda, "iterations", iterations);
    rb_oracle_set_text(config, &rb_lda, "batch_size", batch_size);
    rb_oracle_set_number(config, &rb_lda, "alpha", rb_test_number(golden, "alpha", NULL));
    rb_oracle_set_number(config, &rb_lda, "beta", rb_test_number(golden, "beta", NULL));
    rb_value value = { .kind = RB_PARAM_ARRAY, .array = { start, k, d, "golden" } };
    rb_param_store(config, rb_param_find(rb_lda.params, "start"), &value);
    double objective = fit(state, config, &p);
    rb_lda.arrays(state, &(rb_visitor){ .array = take_weights, .scalar = rb_test_skip_scalar, .self = &found });
    for (int64_t w = 0; w < d; w++)
        for (int64_t j = 0; j < k && !bound; j++)
            assert_near(found[w * k + j], weights[j * d + w], 1e-6);
    const double *embedded = rb_lda.embed(state, &n, &k);
    for (int64_t i = 0; i < n * k && !bound; i++)
        assert_near(embedded[i], proportions[i], 1e-6);
    if (bound)
        assert_near(objective, -*bound, 1e-9);
    rb_lda.fini(state);
    free(state);
    free(config);
    free(start);
    free(weights);
    free(proportions);
    rb_points_fini(&p);
}

static void batch_updates_are_those_of_scikit_learn(void **unused)
{
    (void)unused;
    expect("batch", "4", "0", NULL);
}

static void online_updates_are_those_of_scikit_learn(void **unused)
{
    (void)unused;
    expect("online", "2", "8", NULL);
}

/* The objective of a pass is of the weights before it: those of four passes are told by the fifth. */
static void the_bound_is_that_of_scikit_learn(void **unused)
{
    (void)unused;
    double bound = rb_test_number(golden, "batch", "bound", NULL);
    expect("batch", "5", "0", &bound);
}

/* Which titles are held out differs; the perplexity may not be more than 1 % above, nor so low as where the words that
 * are scored give topics, too. */
static void topics_of_the_catalogue_predict_as_well_as_scikit_learns(void **unused)
{
    (void)unused;
    static const char *const methods[] = { "gibbs", "variational" };
    char path[4352];
    rb_error err = { 0 };
    rb_catalogue titles = { 0 };
    rb_space_spec spec = { 0 };
    rb_points counts = { 0 };
    double total = 0;
    snprintf(path, sizeof path, "%s/netflix-titles/netflix_titles.csv", rb_test_data());
    assert_ok(rb_catalogue_read(&titles, path, NULL, NULL, &ctx, &err), &err);
    assert_ok(rb_space_parse(&spec, "counts(columns=description,min_df=2)", &err), &err);
    assert_ok(rb_space_build(&counts, &spec, &titles, &ctx, &err), &err);
    for (int64_t e = 0; e < counts.sparse->row_begin[counts.n]; e++)
        total += counts.sparse->value[e];
    assert_int_equal(counts.d, (int64_t)rb_test_number(golden, "catalogue", "terms", NULL));
    assert_int_equal((int64_t)total, (int64_t)rb_test_number(golden, "catalogue", "words", NULL));
    for (int m = 0; m < 2; m++) {
        char *config = calloc(1, rb_lda.config_size), *state = calloc(1, rb_lda.state_size);
        double values[2];
        rb_params_default(config, rb_lda.params);
        rb_oracle_set_text(config, &rb_lda, "method", methods[m]);
        rb_oracle_set(config, &rb_lda, m == 0 ? "held_out=0.1 iterations=100" : "held_out=0.1 iterations=20");
        fit(state, config, &counts);
        rb_lda.measure(values, state, config);
        print_message("%s: perplexity %.1f, coherence %.4f\n", methods[m], values[0], values[1]);
        assert_true(values[0] <= 1.01 * rb_test_number(golden, "catalogue", "perplexity", NULL));
        assert_true(values[0] > 1.2 * rb_test_number(golden, "catalogue", "leaked", NULL));
        assert_true(values[1] > -0.1 && values[1] < 1);
        rb_lda.fini(state);
        free(state);
        free(config);
    }
    rb_points_fini(&counts);
    rb_space_spec_fini(&spec);
    rb_catalogue_fini(&titles);
}

static int set_up(void **unused)
{
    (void)unused;
    rb_ctx_serial(&ctx, 2);
    ctx.seed = 3;
    golden = rb_test_golden("lda.json");
    return 0;
}

static int tear_down(void **unused)
{
    (void)unused;
    json_decref(golden);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(batch_updates_are_those_of_scikit_learn),
        cmocka_unit_test(online_updates_are_those_of_scikit_learn),
        cmocka_unit_test(the_bound_is_that_of_scikit_learn),
        cmocka_unit_test(topics_of_the_catalogue_predict_as_well_as_scikit_learns),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
