/* Latent Dirichlet allocation: the plain sampler's topics, laws, defined results, and the same bits everywhere. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cluster/cluster.h"
#include "cluster/core/topics_gibbs.h"
#include "harness/model.h"
#include "support/config.h"
#include "support/oracle_lda.h"
#include "support/support.h"

#define N 90
#define TERMS 24
#define GROUPS 3

extern const rb_algorithm rb_lda;

typedef rb_test_option option;

typedef struct {
    void *config, *state;
    rb_error err;
} model;

/* Documents of three vocabularies; every tenth is empty. number[i]: which document row i is. */
static void make_counts(rb_points *p, const int *number)
{
    rb_error err = { 0 };
    rb_csr x = { 0 };
    int64_t at = 0;
    assert_ok(rb_csr_init(&x, N, TERMS, N * TERMS, &err), &err);
    for (int i = 0; i < N; i++) {
        int d = number ? number[i] : i;
        rb_rng rng = { 3, rb_stream("counts"), 0, (uint64_t)d };
        for (int w = 0; w < TERMS && d % 10 != 9; w++)
            if (rb_rng_uniform(&rng, (uint32_t)w) < (w % GROUPS == d % GROUPS ? 0.7 : 0.04)) {
                x.col[at] = w;
                x.value[at++] = (double)(1 + rb_rng_below(&rng, (uint32_t)(100 + w), 3));
            }
        x.row_begin[i + 1] = at;
    }
    assert_ok(rb_points_take_csr(p, &x, &err), &err);
}

static void configure(model *m, const option *options)
{
    m->config = calloc(1, rb_lda.config_size);
    m->state = calloc(1, rb_lda.state_size);
    rb_test_set_options(m->config, &rb_lda, options, NULL);
}

static rb_status fit(model *m, const rb_points *p, double *objective, rb_ctx *ctx)
{
    rb_train_view view = { .space = p };
    rb_error *err = &m->err;
    bool done = false;
    RB_TRY(rb_lda.begin(m->state, &view, NULL, m->config, ctx, err));
    for (int64_t i = 0; !done; i++)
        RB_TRY(rb_lda.iterate(m->state, i, objective, &done, &view, NULL, m->config, ctx, err));
    RB_TRY(rb_lda.end(m->state, &view, NULL, m->config, ctx, err));
done:
    return err->status;
}

static void release(model *m)
{
    rb_lda.fini(m->state);
    free(m->config);
    free(m->state);
}

static model fitted(const rb_points *p, const option *options, rb_ctx *ctx)
{
    model m = { 0 };
    double objective = NAN;
    configure(&m, options);
    assert_ok(fit(&m, p, &objective, ctx), &m.err);
    assert_true(isfinite(objective));
    return m;
}

static rb_digest digest_of(const model *m)
{
    rb_error err = { 0 };
    rb_digest digest;
    assert_ok(rb_model_digest(&digest, &rb_lda, m->state, &err), &err);
    return digest;
}

/* ---- the sampler ---- */

static void counts_are_those_of_the_plain_sampler(void **unused)
{
    (void)unused;
    enum { K = 5 };
    const double alpha[K] = { 0.3, 0.3, 0.3, 0.3, 0.3 }, beta = 0.05;
    double *weight = calloc(TERMS * K, sizeof *weight), *expected = calloc(TERMS * K, sizeof *expected);
    rb_points p = { 0 };
    make_counts(&p, NULL);
    for (int n_proposals = 1; n_proposals <= 3; n_proposals += 2) {
        rb_error err = { 0 };
        rb_gibbs g = { 0 };
        rb_oracle_lda o;
        rb_oracle_lda_begin(&o, p.sparse, K, n_proposals, alpha[0], rb_test_ctx.seed);
        assert_ok(rb_gibbs_begin(&g, p.sparse, K, n_proposals, alpha, beta, &rb_test_ctx, &err), &err);
        for (int i = 0; i < 4; i++) {
            rb_gibbs_iterate(&g, i, alpha, beta, &rb_test_ctx);
            rb_oracle_lda_iterate(&o, i, alpha[0], beta, rb_test_ctx.seed);
            rb_oracle_lda_words(expected, &o);
            memset(weight, 0, TERMS * K * sizeof *weight);
            rb_gibbs_add(weight, &g, &rb_test_ctx);
            int64_t first = rb_blocks_element(&g.words.units, rb_test_ctx.rank, rb_test_ctx.n_ranks);
            int64_t last = rb_blocks_element(&g.words.units, rb_test_ctx.rank + 1, rb_test_ctx.n_ranks);
            assert_memory_equal(weight + first * K, expected + first * K,
                                (size_t)((last - first) * K) * sizeof *weight);
            assert_near(rb_gibbs_likelihood(&g, alpha, beta), rb_oracle_lda_likelihood(&o, alpha[0], beta), 1e-11);
        }
        rb_barrier(&rb_test_ctx);
        rb_gibbs_fini(&g);
        rb_oracle_lda_fini(&o);
    }
    rb_points_fini(&p);
    free(weight);
    free(expected);
}

/* A prior at its fixed point is where the likelihood does not change with it. */
static void updated_priors_stand_at_a_maximum(void **unused)
{
    (void)unused;
    enum { K = 3 };
    rb_error err = { 0 };
    rb_points p = { 0 };
    rb_gibbs g = { 0 };
    double alpha[K] = { 0.1, 0.1, 0.1 }, beta = 0.05;
    make_counts(&p, NULL);
    assert_ok(rb_gibbs_begin(&g, p.sparse, K, 2, alpha, beta, &rb_test_ctx, &err), &err);
    for (int i = 0; i < 30; i++)
        rb_gibbs_iterate(&g, i, alpha, beta, &rb_test_ctx);
    for (int i = 0; i < 20000; i++)
        rb_gibbs_update_priors(alpha, &beta, &g);
    double best = rb_gibbs_likelihood(&g, alpha, beta);
    for (int k = 0; k < K; k++)
        for (int side = -1; side <= 1; side += 2) {
            double moved[K];
            memcpy(moved, alpha, sizeof moved);
            moved[k] *= 1 + 0.02 * side;
            assert_true(rb_gibbs_likelihood(&g, moved, beta) < best);
        }
    assert_true(rb_gibbs_likelihood(&g, alpha, 1.02 * beta) < best);
    assert_true(rb_gibbs_likelihood(&g, alpha, 0.98 * beta) < best);
    rb_barrier(&rb_test_ctx);
    rb_gibbs_fini(&g);
    rb_points_fini(&p);
}

/* ---- the model ---- */

static const option gibbs[] = { { "topics", "3" }, { "iterations", "60" }, { NULL, NULL } };
static const option asymmetric[] = {
    { "topics", "4" },    { "iterations", "30" }, { "priors", "asymmetric" },   { "held_out", "0.3" },
    { "proposals", "5" }, { "samples", "3" },     { "embedding", "hellinger" }, { NULL, NULL }
};
static const option batch[] = { { "method", "variational" }, { "topics", "3" },     { "iterations", "12" },
                                { "priors", "asymmetric" },  { "held_out", "0.2" }, { NULL, NULL } };
static const option online[] = {
    { "method", "variational" }, { "topics", "3" }, { "iterations", "6" }, { "batch_size", "17" }, { NULL, NULL }
};
static const option *const all[] = { gibbs, asymmetric, batch, online };

static void every_method_has_the_same_bits_for_any_ranks_and_threads(void **unused)
{
    (void)unused;
    rb_points p = { 0 };
    rb_ctx serial;
    make_counts(&p, NULL);
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        rb_ctx_serial(&serial, 1);
        serial.seed = rb_test_ctx.seed;
        model alone = fitted(&p, all[i], &serial);
        rb_digest expected = digest_of(&alone);
        for (int threads = 1; threads <= 3; threads++) {
            rb_test_ctx.n_threads = threads;
            model m = fitted(&p, all[i], &rb_test_ctx);
            rb_digest digest = digest_of(&m);
            assert_memory_equal(&digest, &expected, sizeof digest);
            rb_barrier(&rb_test_ctx);
            release(&m);
        }
        release(&alone);
    }
    rb_test_ctx.n_threads = 2;
    rb_points_fini(&p);
}

static void planted_vocabularies_are_found(void **unused)
{
    (void)unused;
    rb_points p = { 0 };
    make_counts(&p, NULL);
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        if (all[i] == asymmetric) /* four topics */
            continue;
        int64_t n;
        int wrong = 0, topic_of[GROUPS] = { -1, -1, -1 };
        model m = fitted(&p, all[i], &rb_test_ctx);
        const int32_t *label = rb_lda.labels(m.state, &n);
        assert_int_equal(n, N);
        for (int d = 0; d < N; d++) {
            if (topic_of[d % GROUPS] < 0 && d % 10 != 9)
                topic_of[d % GROUPS] = label[d];
            wrong += d % 10 != 9 && label[d] != topic_of[d % GROUPS];
        }
        assert_true(wrong <= 2);
        assert_true(topic_of[0] != topic_of[1] && topic_of[1] != topic_of[2] && topic_of[0] != topic_of[2]);
        rb_barrier(&rb_test_ctx);
        release(&m);
    }
    rb_points_fini(&p);
}

static void a_document_without_words_has_the_proportions_of_the_prior(void **unused)
{
    (void)unused;
    rb_points p = { 0 };
    int64_t n, k;
    make_counts(&p, NULL);
    model m = fitted(&p, gibbs, &rb_test_ctx);
    const double *proportions = rb_lda.embed(m.state, &n, &k);
    const int32_t *label = rb_lda.labels(m.state, &n);
    for (int d = 9; d < N; d += 10) {
        for (int64_t j = 0; j < k; j++)
            assert_near(proportions[d * k + j], 1.0 / (double)k, 1e-15);
        assert_int_equal(label[d], 0);
    }
    for (int d = 0; d < N; d++) {
        double sum = 0;
        for (int64_t j = 0; j < k; j++)
            sum += proportions[d * k + j];
        assert_near(sum, 1, 1e-14);
    }
    rb_barrier(&rb_test_ctx);
    release(&m);
    rb_points_fini(&p);
}

static void known_titles_are_placed_as_in_the_fit(void **unused)
{
    (void)unused;
    rb_points p = { 0 };
    double *again = calloc(N * 8, sizeof *again);
    int32_t label[N];
    make_counts(&p, NULL);
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        rb_error err = { 0 };
        int64_t n, k;
        model m = fitted(&p, all[i], &rb_test_ctx);
        const double *embedded = rb_lda.embed(m.state, &n, &k);
        assert_ok(rb_lda.embed_new(again, m.state, &p, m.config, &rb_test_ctx, &err), &err);
        assert_memory_equal(again, embedded, (size_t)(n * k) * sizeof *again);
        assert_ok(rb_lda.assign(label, m.state, &p, m.config, &rb_test_ctx, &err), &err);
        assert_memory_equal(label, rb_lda.labels(m.state, &n), sizeof label);
        if (all[i] == asymmetric) { /* square roots: rows of length 1 */
            double squares = 0;
            for (int64_t j = 0; j < k; j++)
                squares += embedded[j] * embedded[j];
            assert_near(squares, 1, 1e-14);
        }
        rb_barrier(&rb_test_ctx);
        release(&m);
    }
    free(again);
    rb_points_fini(&p);
}

/* From given weights, batch updates know no order of documents. */
static void permuted_documents_give_permuted_topics(void **unused)
{
    (void)unused;
    enum { K = 3 };
    double start[K * TERMS];
    int number[N];
    rb_points p = { 0 }, permuted = { 0 };
    rb_rng rng = { 5, rb_stream("start"), 0, 0 };
    for (int i = 0; i < K * TERMS; i++)
        start[i] = 0.5 + rb_rng_uniform(&rng, (uint32_t)i);
    for (int i = 0; i < N; i++)
        number[i] = (i * 37 + 11) % N;
    make_counts(&p, NULL);
    make_counts(&permuted, number);
    model m[2] = { { 0 } };
    const double *proportions[2];
    const option options[] = { { "method", "variational" }, { "topics", "3" }, { "iterations", "8" }, { NULL, NULL } };
    for (int i = 0; i < 2; i++) {
        double objective;
        int64_t n, k;
        configure(&m[i], options);
        rb_value value = { .kind = RB_PARAM_ARRAY, .array = { start, K, TERMS, "given" } };
        rb_param_store(m[i].config, rb_param_find(rb_lda.params, "start"), &value);
        assert_ok(fit(&m[i], i ? &permuted : &p, &objective, &rb_test_ctx), &m[i].err);
        proportions[i] = rb_lda.embed(m[i].state, &n, &k);
    }
    for (int i = 0; i < N; i++)
        for (int k = 0; k < K; k++)
            assert_near(proportions[1][i * K + k], proportions[0][number[i] * K + k], 1e-9);
    rb_barrier(&rb_test_ctx);
    release(&m[0]);
    release(&m[1]);
    rb_points_fini(&p);
    rb_points_fini(&permuted);
}

/* ---- bad input ---- */

static void expect_failure(const rb_points *p, const option *options, const rb_array *start, const char *message)
{
    model m = { 0 };
    double objective;
    rb_shape shape = { .n_points = p->n };
    configure(&m, options);
    if (start)
        rb_param_store(m.config, rb_param_find(rb_lda.params, "start"),
                       &(rb_value){ .kind = RB_PARAM_ARRAY, .array = *start });
    if (rb_lda.check(m.config, &shape, &m.err) == RB_OK)
        fit(&m, p, &objective, &rb_test_ctx);
    assert_int_equal(m.err.status, RB_BAD_INPUT);
    if (!strstr(m.err.message, message))
        fail_msg("'%s' does not say '%s'", m.err.message, message);
    rb_barrier(&rb_test_ctx);
    release(&m);
}

static void bad_input_is_one_clear_error(void **unused)
{
    (void)unused;
    rb_error err = { 0 };
    rb_points p = { 0 }, dense = { 0 }, empty = { 0 };
    rb_csr none = { 0 };
    const double values[] = { 1, 1, 1, -1 };
    const option plain[] = { { NULL, NULL } };
    const option steps[] = { { "method", "variational" }, { "batch_size", "91" }, { NULL, NULL } };
    const option both[] = {
        { "method", "variational" }, { "batch_size", "9" }, { "priors", "asymmetric" }, { NULL, NULL }
    };
    const option one[] = { { "method", "variational" }, { "topics", "1" }, { NULL, NULL } };
    const option two[] = { { "method", "variational" }, { "topics", "2" }, { NULL, NULL } };
    make_counts(&p, NULL);
    assert_ok(rb_points_alloc_dense(&dense, N, 2, &rb_test_ctx, &err), &err);
    assert_ok(rb_csr_init(&none, 4, 5, 0, &err), &err);
    assert_ok(rb_points_take_csr(&empty, &none, &err), &err);
    dense.name = "genre";
    expect_failure(&dense, plain, NULL, "the space genre holds no counts of words, expected the space counts");
    expect_failure(&empty, plain, NULL, "none of the 4 documents has a word");
    expect_failure(&p, steps, NULL, "'lda.batch_size' is 91, but there are only 90 titles");
    expect_failure(&p, both, NULL, "'lda.priors' asymmetric needs gibbs");
    expect_failure(&p, plain, &(rb_array){ values, 1, 4, "inline" }, "'lda.start' is for the method variational");
    expect_failure(&p, two, &(rb_array){ values, 1, 4, "inline" },
                   "'lda.start' has 1 rows, expected one for each of 2");
    expect_failure(&p, one, &(rb_array){ values, 1, 4, "inline" },
                   "'lda.start' has 4 columns, expected one for each of 24");
    for (int i = 0; i < 3; i++) {
        const double bad[] = { 0.5, NAN, -1 };
        double held = p.csr.value[3];
        p.csr.value[3] = bad[i];
        expect_failure(&p, plain, NULL, "expected a count: a topic model reads the space counts");
        p.csr.value[3] = held;
    }
    double *start = calloc(TERMS, sizeof *start);
    expect_failure(&p, one, &(rb_array){ start, 1, TERMS, "inline" },
                   "'lda.start' has 0 in row 1, expected weights above 0");
    free(start);
    rb_points_fini(&p);
    rb_points_fini(&dense);
    rb_points_fini(&empty);
}

/* ---- what is told of the topics ---- */

static void coherence_is_that_of_counted_documents(void **unused)
{
    (void)unused;
    rb_error err = { 0 };
    rb_points p = { 0 };
    double coherence[1];
    const int32_t top[] = { 0, 3, 7 };
    double expected = 0;
    make_counts(&p, NULL);
    double in[3] = { 0 }, both[3] = { 0 };
    for (int d = 0; d < N; d++) {
        bool has[3] = { false };
        for (int64_t e = p.sparse->row_begin[d]; e < p.sparse->row_begin[d + 1]; e++)
            for (int i = 0; i < 3; i++)
                has[i] = has[i] || p.sparse->col[e] == top[i];
        for (int i = 0; i < 3; i++) {
            in[i] += has[i];
            both[i] += has[i] && has[(i + 1) % 3];
        }
    }
    for (int i = 0; i < 3; i++)
        expected += both[i] == 0 ? -1 : log(both[i] / N / (in[i] / N * in[(i + 1) % 3] / N)) / -log(both[i] / N);
    assert_ok(rb_topics_coherence(coherence, top, 1, 3, p.sparse, 2, &err), &err);
    assert_near(coherence[0], expected / 3, 1e-12);
    rb_points_fini(&p);
}

/* One topic: the words' own shares, whatever stands in the other half. */
static void perplexity_of_one_topic_is_that_of_the_words(void **unused)
{
    (void)unused;
    enum { COUNTED = 3 };
    rb_error err = { 0 };
    rb_points p = { 0 };
    double weight[TERMS], alpha[1] = { 0.5 }, perplexity, sum = 0, total = 0;
    uint8_t held[N] = { 0 };
    int64_t n = 0;
    make_counts(&p, NULL);
    for (int w = 0; w < TERMS; w++)
        total += weight[w] = w + 1;
    for (int d = 0; d < COUNTED; d++) {
        int place = 0;
        held[d * 4] = 1;
        for (int64_t e = p.sparse->row_begin[d * 4]; e < p.sparse->row_begin[d * 4 + 1]; e++)
            for (int i = 0; i < (int)p.sparse->value[e]; i++, place++)
                if (place % 2) {
                    sum += log(weight[p.sparse->col[e]] / total);
                    n++;
                }
    }
    rb_topics one = { .n_topics = 1, .n_terms = TERMS, .weight = weight, .alpha = alpha };
    assert_ok(rb_topics_perplexity(&perplexity, &one, &p, held, &rb_test_ctx, &err), &err);
    assert_near(perplexity, exp(-sum / (double)n), 1e-12);
    rb_points_fini(&p);
}

/* Words that are scored give no topics: they would lower the perplexity. */
static void perplexity_is_that_of_completing_documents_word_by_word(void **unused)
{
    (void)unused;
    enum { K = 3 };
    static const double alpha[K] = { 0.5, 0.2, 0.05 };
    rb_error err = { 0 };
    rb_points p = { 0 };
    double weight[TERMS * K], perplexity;
    uint8_t held[N];
    make_counts(&p, NULL);
    for (int w = 0; w < TERMS; w++)
        for (int k = 0; k < K; k++)
            weight[w * K + k] = (w % GROUPS == k ? 20 : 0.3) + (w + 1) * 0.1 * (k + 1);
    for (int d = 0; d < N; d++)
        held[d] = d % 4 == 1;
    rb_topics three = { .n_topics = K, .n_terms = TERMS, .weight = weight, .alpha = (double *)alpha };
    assert_ok(rb_topics_perplexity(&perplexity, &three, &p, held, &rb_test_ctx, &err), &err);
    assert_near(perplexity, rb_oracle_lda_perplexity(p.sparse, held, weight, K, alpha), 1e-9);
    rb_points_fini(&p);
}

static void digamma_is_known(void **unused)
{
    (void)unused;
    assert_near(rb_digamma(1), -0.57721566490153286, 1e-14);
    assert_near(rb_digamma(0.5), -1.9635100260214235, 1e-14);
    assert_near(rb_digamma(0.01), -100.56088545786867, 1e-14);
    assert_near(rb_digamma(1000.5), 6.907755320648796, 1e-14);
}

int main(int argc, char **argv)
{
    rb_test_mpi_begin(&argc, &argv);
    rb_test_ctx.seed = 29;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_are_those_of_the_plain_sampler),
        cmocka_unit_test(updated_priors_stand_at_a_maximum),
        cmocka_unit_test(every_method_has_the_same_bits_for_any_ranks_and_threads),
        cmocka_unit_test(planted_vocabularies_are_found),
        cmocka_unit_test(a_document_without_words_has_the_proportions_of_the_prior),
        cmocka_unit_test(known_titles_are_placed_as_in_the_fit),
        cmocka_unit_test(permuted_documents_give_permuted_topics),
        cmocka_unit_test(bad_input_is_one_clear_error),
        cmocka_unit_test(coherence_is_that_of_counted_documents),
        cmocka_unit_test(perplexity_of_one_topic_is_that_of_the_words),
        cmocka_unit_test(perplexity_is_that_of_completing_documents_word_by_word),
        cmocka_unit_test(digamma_is_known),
    };
    return rb_test_mpi_end(cmocka_run_group_tests(tests, NULL, NULL));
}
