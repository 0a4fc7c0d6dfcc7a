/* TF-IDF: equal to the naive computation, known answers for options, the same bits for any ranks and threads. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "data/tfidf.h"
#include "support/oracle_text.h"
#include "support/support.h"

#define N_DOCUMENTS 60

static const rb_tfidf_options plain = { .min_df = 1, .max_df = 1 };

static char **random_texts(uint64_t seed)
{
    char **text = calloc(N_DOCUMENTS, sizeof *text);
    for (int64_t d = 0; d < N_DOCUMENTS; d++)
        text[d] = rb_oracle_text_random(seed, d, d == 7 ? 0 : 3 + (int)(d * 5 % 40), 120);
    return text;
}

static void free_texts(char **text)
{
    for (int64_t d = 0; d < N_DOCUMENTS; d++)
        free(text[d]);
    free(text);
}

static void compare(const rb_tfidf *model, const rb_csr *x, const rb_oracle_text *oracle)
{
    assert_int_equal(x->n_cols, oracle->n_terms);
    assert_int_equal(x->n_rows, oracle->n_documents);
    for (int64_t t = 0; t < oracle->n_terms; t++) {
        assert_string_equal(rb_strings_at(&model->terms, t), oracle->term[t]);
        assert_int_equal(rb_tfidf_term(model, oracle->term[t]), t);
    }
    int64_t seen = 0;
    for (int64_t d = 0; d < x->n_rows; d++)
        for (int64_t t = 0; t < x->n_cols; t++) {
            double wanted = oracle->x[d * oracle->n_terms + t];
            bool there = seen < x->row_begin[d + 1] && x->col[seen] == t;
            assert_int_equal(there, wanted != 0);
            if (there)
                assert_near(x->value[seen++], wanted, 1e-14);
        }
    assert_int_equal(seen, x->row_begin[x->n_rows]);
}

static void weights_are_those_of_the_naive_computation(void **unused)
{
    (void)unused;
    static const struct {
        double min_df, max_df;
        rb_oracle_text_options oracle;
    } cases[] = {
        { 1, 1, { 1, 1e9, 0, false } },
        { 2, 1, { 2, 1e9, 0, true } },
        { .05, .25, { .05 * N_DOCUMENTS, .25 * N_DOCUMENTS, 0, false } },
        { 1, 20, { 1, 20, 37, true } },
        { 0, 1, { 0, 1e9, 1, false } },
    };
    for (uint64_t seed = 0; seed < 2; seed++) {
        char **text = random_texts(seed);
        for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
            rb_error err = { 0 };
            rb_tfidf model = { 0 };
            rb_csr x = { 0 };
            rb_oracle_text oracle;
            rb_tfidf_options o = { .min_df = cases[k].min_df,
                                   .max_df = cases[k].max_df,
                                   .max_features = cases[k].oracle.max_features,
                                   .sublinear = cases[k].oracle.sublinear };
            rb_documents documents = { (const char *const *)text, N_DOCUMENTS };
            assert_ok(rb_tfidf_fit(&model, &x, &documents, &o, &rb_test_ctx, &err), &err);
            rb_oracle_text_make(&oracle, documents.text, N_DOCUMENTS, &cases[k].oracle);
            compare(&model, &x, &oracle);
            rb_oracle_text_fini(&oracle);
            rb_csr_fini(&x);
            rb_tfidf_fini(&model);
        }
        free_texts(text);
    }
}

static void digest(rb_digest *out, const rb_tfidf *model, const rb_csr *x)
{
    rb_error err = { 0 };
    rb_hasher h = { 0 };
    assert_ok(rb_hasher_begin(&h, &err), &err);
    rb_hasher_bytes(&h, model->terms.text, (size_t)model->terms.begin[model->terms.n]);
    rb_hasher_bytes(&h, model->idf, (size_t)model->terms.n * sizeof *model->idf);
    rb_hasher_bytes(&h, x->row_begin, (size_t)(x->n_rows + 1) * sizeof *x->row_begin);
    rb_hasher_bytes(&h, x->col, (size_t)x->row_begin[x->n_rows] * sizeof *x->col);
    rb_hasher_bytes(&h, x->value, (size_t)x->row_begin[x->n_rows] * sizeof *x->value);
    rb_hasher_end(&h, out);
}

/* Every rank alone with one thread makes the reference; the job makes the rest. */
static void bits_are_the_same_for_any_ranks_and_threads(void **unused)
{
    (void)unused;
    char **text = random_texts(5);
    rb_documents documents = { (const char *const *)text, N_DOCUMENTS };
    for (int stem = 0; stem < 2; stem++) {
        rb_tfidf_options o = { .min_df = 2, .max_df = .9, .max_features = 50, .stem = stem, .stop_words = stem };
        rb_digest reference, fitted;
        for (int threads = 0; threads <= 3; threads++) { /* 0: alone */
            rb_error err = { 0 };
            rb_tfidf model = { 0 };
            rb_csr x = { 0 }, again = { 0 };
            rb_ctx ctx = rb_test_ctx;
            ctx.n_threads = threads;
            if (threads == 0)
                rb_ctx_serial(&ctx, 1);
            assert_ok(rb_tfidf_fit(&model, &x, &documents, &o, &ctx, &err), &err);
            digest(threads ? &fitted : &reference, &model, &x);
            if (threads)
                assert_memory_equal(&fitted, &reference, sizeof fitted);
            assert_ok(rb_tfidf_transform(&again, &model, &documents, &ctx, &err), &err);
            digest(&fitted, &model, &again);
            assert_memory_equal(&fitted, &reference, sizeof fitted); /* known documents get the same bits again */
            rb_csr_fini(&again);
            rb_csr_fini(&x);
            rb_tfidf_fini(&model);
        }
    }
    free_texts(text);
}

static void fit_texts(rb_tfidf *model, const char *const *text, int64_t n, const rb_tfidf_options *o, const char *terms)
{
    rb_error err = { 0 };
    char joined[512] = "";
    assert_ok(rb_tfidf_fit(model, NULL, &(rb_documents){ text, n }, o, &rb_test_ctx, &err), &err);
    for (int64_t t = 0; t < model->terms.n; t++) {
        strcat(joined, t ? " " : "");
        strcat(joined, rb_strings_at(&model->terms, t));
    }
    assert_string_equal(joined, terms);
}

static void stop_words_go_before_stems_are_taken(void **unused)
{
    (void)unused;
    static const char *const text[] = { "The running runners ran; others were hopping",
                                        "A hopeful HOPPING of the runner" };
    rb_tfidf model = { 0 };
    rb_tfidf_options o = plain;
    fit_texts(&model, text, 2, &o, "hopeful hopping of others ran runner runners running the were");
    rb_tfidf_fini(&model);
    o.stop_words = RB_STOP_WORDS_ENGLISH;
    fit_texts(&model, text, 2, &o, "hopeful hopping ran runner runners running");
    rb_tfidf_fini(&model);
    o.stem = true; /* snowballstemmer.stemmer("english") */
    fit_texts(&model, text, 2, &o, "hop hope ran run runner");
    assert_near(model.idf[0], 1, 1e-15); /* hopping stands in both */
    rb_tfidf_fini(&model);
}

static void terms_ascend_by_code_point_and_unknown_ones_are_left_out(void **unused)
{
    (void)unused;
    static const char *const text[] = { "zz \xC3\xA9\xC3\xA9 ab",
                                        "\xF0\x9D\x92\xB3\xF0\x9D\x92\xB3 \xEF\xAC\x81sh zz" };
    static const char *const other[] = { "nothing known", "zz zz", "" };
    rb_tfidf model = { 0 };
    rb_csr x = { 0 };
    rb_error err = { 0 };
    fit_texts(&model, text, 2, &plain, "ab zz \xC3\xA9\xC3\xA9 \xEF\xAC\x81sh \xF0\x9D\x92\xB3\xF0\x9D\x92\xB3");
    assert_ok(rb_tfidf_transform(&x, &model, &(rb_documents){ other, 3 }, &rb_test_ctx, &err), &err);
    assert_int_equal(x.row_begin[1], 0);
    assert_int_equal(x.row_begin[3], 1);
    assert_int_equal(x.col[0], 1);
    assert_near(x.value[0], 1, 1e-15);
    rb_csr_fini(&x);
    rb_tfidf_fini(&model);
}

static void no_term_left_is_bad_input(void **unused)
{
    (void)unused;
    static const char *const text[] = { "a b the", "of" };
    rb_tfidf model = { 0 };
    rb_csr x = { 0 };
    rb_error err = { 0 };
    rb_tfidf_options o = plain;
    o.stop_words = RB_STOP_WORDS_ENGLISH;
    assert_int_equal(rb_tfidf_fit(&model, &x, &(rb_documents){ text, 2 }, &o, &rb_test_ctx, &err), RB_BAD_INPUT);
    assert_non_null(strstr(err.message, "no term is left of 2 in 2 documents"));
    assert_null(model.idf);
}

static void fit_survives_the_nth_failed_allocation_on_the_last_rank(void **unused)
{
    (void)unused;
    char **text = random_texts(1);
    rb_documents documents = { (const char *const *)text, 12 };
    for (int stem = 0; stem < 2; stem++)
        for (int64_t nth = 1;; nth += 1 + nth / 16) {
            rb_error err = { 0 };
            rb_tfidf model = { 0 };
            rb_csr x = { 0 };
            rb_tfidf_options o = plain;
            o.stem = stem;
            o.max_features = 10;
            rb_alloc_fail_nth(rb_test_ctx.rank == rb_test_ctx.n_ranks - 1 ? nth : 0);
            rb_status status = rb_tfidf_fit(&model, &x, &documents, &o, &rb_test_ctx, &err);
            rb_alloc_fail_nth(0);
            rb_csr_fini(&x);
            rb_tfidf_fini(&model);
            if (status == RB_OK) {
                assert_true(nth > 20);
                break;
            }
            assert_int_equal(status, RB_NO_MEMORY);
        }
    free_texts(text);
}

int main(int argc, char **argv)
{
    rb_test_mpi_begin(&argc, &argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(weights_are_those_of_the_naive_computation),
        cmocka_unit_test(bits_are_the_same_for_any_ranks_and_threads),
        cmocka_unit_test(stop_words_go_before_stems_are_taken),
        cmocka_unit_test(terms_ascend_by_code_point_and_unknown_ones_are_left_out),
        cmocka_unit_test(no_term_left_is_bad_input),
        cmocka_unit_test(fit_survives_the_nth_failed_allocation_on_the_last_rank),
    };
    return rb_test_mpi_end(cmocka_run_group_tests(tests, NULL, NULL));
}
