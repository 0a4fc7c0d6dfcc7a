/* Spaces: names, options and their errors; points of known catalogues; the same bits for any ranks and threads. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "data/catalogue_read.h"
#include "data/space.h"
#include "support/oracle_text.h"
#include "support/support.h"

static const char titles_csv[] = "show_id,type,title,cast,release_year,rating,duration,listed_in,description\n"
                                 "s1,Movie,One,Ann Lee,2010,PG,90 min,\"Dramas, Comedies\",A quiet river story\n"
                                 "s2,TV Show,Two,,2014,TV-MA,2 Seasons,Dramas,A loud river\n"
                                 "s3,Movie,Three,Ann Bo,2018,,110 min,,\"story, story and river\"\n";

static const char more_csv[] = "show_id,type,title,cast,release_year,rating,duration,listed_in,description\n"
                               "x1,Movie,One,Ann Lee,2010,PG,90 min,\"Dramas, Comedies\",A quiet river story\n"
                               "x2,Short,New,,,TV-Y,,\"Horror, Comedies\",unheard words\n";

static void parse_titles(rb_catalogue *c, const char *text)
{
    rb_error err = { 0 };
    assert_ok(rb_catalogue_parse(c, text, (int64_t)strlen(text), "titles.csv", NULL, NULL, &err), &err);
}

static void fit(rb_space_model *model, rb_points *p, const char *space, const rb_catalogue *c, const rb_ctx *ctx)
{
    rb_error err = { 0 };
    rb_space_spec spec = { 0 };
    assert_ok(rb_space_parse(&spec, space, &err), &err);
    assert_ok(rb_space_fit(model, p, &spec, c, ctx, &err), &err);
    rb_space_spec_fini(&spec);
}

static void names_are_read_and_written_canonically(void **unused)
{
    (void)unused;
    static const char *const known[][2] = {
        { "tfidf", "tfidf" },
        { "lsa-100", "lsa-100" },
        { "genre(normalize=true)", "genre(normalize=true)" },
        { "numeric()", "numeric" },
        { "lsa-50(max_features=20000, columns=description+genres)",
          "lsa-50(columns=description+genres,max_features=20000)" },
        { "tfidf(stop_words=english,min_df=1,sublinear=true)", "tfidf(sublinear=true)" },
        { "tfidf(min_df=0.05,stop_words=none,columns=listed_in)",
          "tfidf(columns=listed_in,stop_words=none,min_df=0.05)" },
        { "lsa-7(normalize=false,power_iterations=2,oversampling=3)",
          "lsa-7(normalize=false,power_iterations=2,oversampling=3)" },
    };
    for (size_t k = 0; k < sizeof known / sizeof *known; k++) {
        rb_error err = { 0 };
        rb_space_spec spec = { 0 }, again = { 0 };
        rb_text text = { 0 }, twice = { 0 };
        assert_ok(rb_space_parse(&spec, known[k][0], &err), &err);
        assert_ok(rb_space_canonical(&text, &spec, &err), &err);
        assert_string_equal(text.data, known[k][1]);
        assert_ok(rb_space_parse(&again, text.data, &err), &err);
        assert_ok(rb_space_canonical(&twice, &again, &err), &err);
        assert_string_equal(twice.data, text.data);
        rb_text_fini(&text);
        rb_text_fini(&twice);
        rb_space_spec_fini(&spec);
        rb_space_spec_fini(&again);
    }
}

static void what_is_wrong_with_a_name_is_said(void **unused)
{
    (void)unused;
    static const char *const known[][2] = {
        { "lda",
          "unknown space 'lda', expected counts, tfidf, lsa-N (lsa-100), genre, numeric, mixed, features or users, or "
          "the `as` name of a trial that makes one" },
        { "lsa-N", "the space 'lsa-N': N is not a whole number in [1, 100000]" },
        { "lsa-0", "the space 'lsa-0': N is not a whole number in [1, 100000]" },
        { "lsa-5(max_feature=3)", "unknown option 'max_feature' of the space lsa-5; did you mean 'max_features'?" },
        { "genre(stem=true)", "unknown option 'stem' of the space genre" },
        { "tfidf(max_features=-1)", "'tfidf.max_features' is -1, expected a whole number in [0, 1000000000]" },
        { "tfidf(stop_words=french)", "'tfidf.stop_words' is 'french', expected one of none|english" },
        { "tfidf(columns=descripton)",
          "'columns' names 'descripton', which is no column of a catalogue; did you mean 'description'?" },
        { "tfidf(columns=cast+cast)", "'columns' names 'cast' twice" },
        { "tfidf(columns=)", "'columns' names '', which is no column of a catalogue" },
        { "tfidf(stem)", "the space 'tfidf(stem)': 'stem' is not of the form option=value" },
        { "tfidf(stem=true", "the space 'tfidf(stem=true': expected one closing bracket at its end" },
        { "tfidf(stem=true)x", "the space 'tfidf(stem=true)x': expected one closing bracket at its end" },
    };
    for (size_t k = 0; k < sizeof known / sizeof *known; k++) {
        rb_error err = { 0 };
        rb_space_spec spec = { 0 };
        assert_int_equal(rb_space_parse(&spec, known[k][0], &err), RB_BAD_INPUT);
        assert_string_equal(err.message, known[k][1]);
    }
}

static void a_catalogue_that_lacks_what_is_asked_is_refused(void **unused)
{
    (void)unused;
    static const char *const known[][3] = {
        { titles_csv, "tfidf(columns=director+cast)",
          "the catalogue has no column 'director': its columns are type, title, cast, release_year, rating, duration, "
          "genres, "
          "description" },
        { "movieId,title,genres\n1,A,\n", "genre", "the catalogue has no genres, which the space genre is made of" },
        { "movieId,title,genres\n1,A,\n", "numeric",
          "the catalogue has no year, minutes or seasons, which the space numeric is made of" },
        { "movieId,title,genres\n", "tfidf", "the catalogue is empty: there is nothing to place in the space tfidf" },
        { titles_csv, "lsa-4", "4 components of a matrix of 3 x 9, expected 1 to 3" },
    };
    for (size_t k = 0; k < sizeof known / sizeof *known; k++) {
        rb_error err = { 0 };
        rb_space_spec spec = { 0 };
        rb_catalogue c = { 0 };
        rb_points p = { 0 };
        parse_titles(&c, known[k][0]);
        assert_ok(rb_space_parse(&spec, known[k][1], &err), &err);
        assert_int_equal(rb_space_build(&p, &spec, &c, &rb_test_ctx, &err), RB_BAD_INPUT);
        assert_string_equal(err.message, known[k][2]);
        rb_space_spec_fini(&spec);
        rb_catalogue_fini(&c);
    }
}

static void genres_numbers_and_mixed_are_as_stated(void **unused)
{
    (void)unused;
    rb_catalogue c = { 0 }, more = { 0 };
    rb_space_model model = { 0 };
    rb_points p = { 0 };
    rb_error err = { 0 };
    parse_titles(&c, titles_csv);
    parse_titles(&more, more_csv);
    fit(&model, &p, "genre", &c, &rb_test_ctx);
    assert_memory_equal(p.dense, ((double[]){ 1, 1, 0, 1, 0, 0 }), 6 * sizeof(double)); /* Comedies, Dramas */
    rb_points_fini(&p);
    assert_ok(rb_space_transform(&p, &model, &more, &rb_test_ctx, &err), &err);
    assert_memory_equal(p.dense, ((double[]){ 1, 1, 1, 0 }), 4 * sizeof(double)); /* Horror is not known */
    rb_points_fini(&p);
    rb_space_model_fini(&model);
    fit(&model, &p, "numeric", &c, &rb_test_ctx);
    double year = 4 / sqrt(32.0 / 3), numbers[] = { -year, -1, 0, 0, 0, 0, year, 1, 0 };
    for (int k = 0; k < 9; k++)
        assert_near(p.dense[k], numbers[k], 1e-15);
    rb_points_fini(&p);
    rb_space_model_fini(&model);
    fit(&model, &p, "mixed", &c, &rb_test_ctx);
    assert_int_equal(p.d, 2 + 3 + 2 + 5);
    double second[] = { 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1 }; /* Dramas; means; TV Show; adults */
    for (int k = 0; k < 12; k++)
        assert_near(p.dense[12 + k], second[k], 1e-15);
    rb_points_fini(&p);
    assert_ok(rb_space_transform(&p, &model, &more, &rb_test_ctx, &err), &err);
    double fresh[] = { 1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0 }; /* Comedies; no numbers; unknown type; kids */
    for (int k = 0; k < 12; k++)
        assert_near(p.dense[12 + k], fresh[k], 1e-15);
    rb_points_fini(&p);
    rb_space_model_fini(&model);
    rb_catalogue_fini(&c);
    rb_catalogue_fini(&more);
}

/* The naive documents: columns joined by hand. */
static void tfidf_of_columns_is_that_of_the_joined_text(void **unused)
{
    (void)unused;
    static const char *const soup[] = { "Ann Lee  Dramas, Comedies A quiet river story", "  Dramas A loud river",
                                        "Ann Bo   story, story and river" };
    rb_catalogue c = { 0 };
    rb_space_model model = { 0 };
    rb_points p = { 0 };
    rb_oracle_text oracle;
    parse_titles(&c, titles_csv);
    fit(&model, &p, "tfidf(stop_words=none)", &c, &rb_test_ctx);
    assert_string_equal(model.spec.config.columns, "cast+genres+description"); /* the default ones that there are */
    rb_oracle_text_make(&oracle, soup, 3, &(rb_oracle_text_options){ .min_count = 1, .max_count = 3 });
    assert_int_equal(p.d, oracle.n_terms);
    for (int64_t i = 0; i < 3; i++)
        for (int64_t e = p.sparse->row_begin[i]; e < p.sparse->row_begin[i + 1]; e++)
            assert_near(p.sparse->value[e], oracle.x[i * oracle.n_terms + p.sparse->col[e]], 1e-15);
    rb_oracle_text_fini(&oracle);
    rb_points_fini(&p);
    rb_space_model_fini(&model);
    rb_catalogue_fini(&c);
}

/* Counts times idf, divided by the row's length, is tfidf; the terms name the columns. */
static void counts_are_tfidf_without_weights(void **unused)
{
    (void)unused;
    rb_catalogue c = { 0 };
    rb_space_model counts = { 0 }, weighed = { 0 };
    rb_points n = { 0 }, x = { 0 };
    parse_titles(&c, titles_csv);
    fit(&counts, &n, "counts", &c, &rb_test_ctx);
    fit(&weighed, &x, "tfidf", &c, &rb_test_ctx);
    assert_int_equal(n.terms.n, n.d);
    assert_int_equal(n.d, x.d);
    assert_false(n.unit_rows);
    for (int64_t i = 0; i < n.n; i++) {
        double squares = 0;
        for (int64_t e = n.sparse->row_begin[i]; e < n.sparse->row_begin[i + 1]; e++)
            squares += pow(n.sparse->value[e] * counts.tfidf.idf[n.sparse->col[e]], 2);
        for (int64_t e = n.sparse->row_begin[i]; e < n.sparse->row_begin[i + 1]; e++) {
            assert_int_equal(n.sparse->col[e], x.sparse->col[e]);
            assert_near(n.sparse->value[e] * counts.tfidf.idf[n.sparse->col[e]] / sqrt(squares), x.sparse->value[e],
                        1e-14);
            assert_string_equal(rb_strings_at(&n.terms, n.sparse->col[e]),
                                rb_strings_at(&weighed.tfidf.terms, n.sparse->col[e]));
        }
    }
    rb_points_fini(&n);
    rb_points_fini(&x);
    rb_space_model_fini(&counts);
    rb_space_model_fini(&weighed);
    rb_catalogue_fini(&c);
}

/* 50 titles of random text. */
static void random_catalogue(rb_catalogue *c)
{
    rb_error err = { 0 };
    rb_text csv = { 0 };
    assert_ok(rb_text_addf(&csv, &err, "show_id,type,title,release_year,listed_in,description\n"), &err);
    for (int i = 0; i < 50; i++) {
        char *text = rb_oracle_text_random(11, i, 30, 200);
        assert_ok(rb_text_addf(&csv, &err, "s%d,%s,T%d,%d,G%d,\"%s\"\n", i, i % 3 ? "Movie" : "TV Show", i,
                               1990 + i % 7, i % 5, text),
                  &err);
        free(text);
    }
    parse_titles(c, csv.data);
    rb_text_fini(&csv);
}

static void bits_are_the_same_for_any_ranks_and_threads(void **unused)
{
    (void)unused;
    rb_catalogue c = { 0 };
    random_catalogue(&c);
    for (const char *const *space = (const char *const[]){ "lsa-8(stem=true)", "mixed", NULL }; *space; space++) {
        rb_points reference = { 0 };
        for (int threads = 0; threads <= 3; threads++) { /* 0: every rank alone */
            rb_space_model model = { 0 };
            rb_points p = { 0 }, again = { 0 };
            rb_error err = { 0 };
            rb_ctx ctx = rb_test_ctx;
            ctx.n_threads = threads;
            if (threads == 0)
                rb_ctx_serial(&ctx, 1);
            fit(&model, threads ? &p : &reference, *space, &c, &ctx);
            assert_ok(rb_space_transform(&again, &model, &c, &ctx, &err), &err);
            size_t bytes = (size_t)(again.n * again.d) * sizeof(double);
            assert_memory_equal(again.dense, reference.dense, bytes); /* known titles get the bits of the fit */
            if (threads)
                assert_memory_equal(p.dense, reference.dense, bytes);
            rb_barrier(&ctx);
            rb_points_fini(&again);
            rb_points_fini(&p);
            rb_space_model_fini(&model);
        }
        rb_points_fini(&reference);
    }
    rb_catalogue_fini(&c);
}

/* A visitor that keeps what it is shown, or gives it back, in the order of the visit. */
typedef struct {
    bool loading;
    int n, at;
    struct {
        void *bytes;
        int64_t n_rows, n_cols;
    } kept[64];
} store;

static int64_t size_of(rb_type type)
{
    return type == RB_UINT8 ? 1 : type == RB_FLOAT32 || type == RB_INT32 ? 4 : 8;
}

static void visit_array(rb_visitor *v, const char *name, rb_type type, void **data, int64_t *n_rows, int64_t *n_cols,
                        rb_shared *memory)
{
    (void)name;
    store *s = v->self;
    rb_error err = { 0 };
    assert_null(memory);
    int64_t bytes = size_of(type) * (s->loading ? s->kept[s->at].n_rows * s->kept[s->at].n_cols : *n_rows * *n_cols);
    if (s->loading) {
        *n_rows = s->kept[s->at].n_rows;
        *n_cols = s->kept[s->at].n_cols;
        *data = rb_alloc_array(bytes, 1, &err);
        memcpy(*data, s->kept[s->at++].bytes, (size_t)bytes);
        return;
    }
    s->kept[s->n].n_rows = *n_rows;
    s->kept[s->n].n_cols = *n_cols;
    s->kept[s->n].bytes = calloc((size_t)bytes + 1, 1);
    if (bytes > 0)
        memcpy(s->kept[s->n].bytes, *data, (size_t)bytes);
    s->n++;
}

static void visit_scalar(rb_visitor *v, const char *name, rb_type type, void *value)
{
    int64_t one = 1;
    store *s = v->self;
    if (!s->loading)
        visit_array(v, name, type, &value, &one, &one, NULL);
    else
        memcpy(value, s->kept[s->at++].bytes, (size_t)size_of(type));
}

static void a_loaded_model_transforms_to_the_same_bits(void **unused)
{
    (void)unused;
    rb_catalogue c = { 0 };
    random_catalogue(&c);
    for (const char *const *space = (const char *const[]){ "lsa-8(stem=true)", "mixed", NULL }; *space; space++) {
        rb_error err = { 0 };
        rb_space_model model = { 0 }, loaded = { 0 };
        rb_points p = { 0 }, q = { 0 };
        rb_text name = { 0 };
        store s = { .loading = false };
        rb_visitor v = { .array = visit_array, .scalar = visit_scalar, .self = &s };
        fit(&model, &p, *space, &c, &rb_test_ctx);
        rb_space_model_arrays(&model, &v);
        assert_ok(rb_space_canonical(&name, &model.spec, &err), &err);
        s.loading = true;
        assert_ok(rb_space_parse(&loaded.spec, name.data, &err), &err);
        rb_space_model_arrays(&loaded, &v);
        assert_int_equal(s.at, s.n);
        assert_ok(rb_space_transform(&q, &loaded, &c, &rb_test_ctx, &err), &err);
        assert_int_equal(q.d, p.d);
        assert_memory_equal(q.dense, p.dense, (size_t)(p.n * p.d) * sizeof(double));
        rb_barrier(&rb_test_ctx);
        rb_points_fini(&p);
        rb_points_fini(&q);
        rb_space_model_fini(&model);
        rb_space_model_fini(&loaded);
        rb_text_fini(&name);
        for (int k = 0; k < s.n; k++)
            free(s.kept[k].bytes);
    }
    rb_catalogue_fini(&c);
}

static void the_cost_is_known_before_anything_is_built(void **unused)
{
    (void)unused;
    rb_catalogue c = { 0 };
    random_catalogue(&c);
    for (const char *const *space =
             (const char *const[]){ "counts", "tfidf", "lsa-8", "genre", "numeric", "mixed", NULL };
         *space; space++) {
        rb_error err = { 0 };
        rb_space_spec spec = { 0 };
        rb_points p = { 0 };
        assert_ok(rb_space_parse(&spec, *space, &err), &err);
        rb_alloc_fail_nth(0);
        rb_space_size size = rb_space_cost(&spec, &c, 0);
        assert_int_equal(rb_alloc_fail_nth(0), 0);
        assert_ok(rb_space_build(&p, &spec, &c, &rb_test_ctx, &err), &err);
        assert_int_equal(size.n_points, p.n);
        assert_int_equal(size.is_dense, p.dense != NULL);
        if (p.dense) {
            assert_int_equal(size.n_dims, p.d);
            assert_true(size.held.bytes_per_node == 8.0 * (double)(p.n * p.d) && size.held.bytes_per_rank == 0);
        } else {
            const int64_t nnz = p.sparse->row_begin[p.n];
            assert_true(size.nnz >= nnz);
            assert_true(size.held.bytes_per_rank >= 12.0 * (double)nnz && size.held.bytes_per_node == 0);
        }
        assert_true(size.cost.bytes_per_rank >= size.held.bytes_per_rank);
        assert_true(size.cost.bytes_per_node >= size.held.bytes_per_node);
        rb_barrier(&rb_test_ctx);
        rb_points_fini(&p);
        rb_space_spec_fini(&spec);
    }
    rb_catalogue_fini(&c);
}

static void building_survives_the_nth_failed_allocation_on_the_last_rank(void **unused)
{
    (void)unused;
    rb_catalogue c = { 0 };
    random_catalogue(&c);
    for (const char *const *space = (const char *const[]){ "lsa-2", "counts", "tfidf", "mixed", NULL }; *space;
         space++) {
        rb_error parse_err = { 0 };
        rb_space_spec spec = { 0 };
        assert_ok(rb_space_parse(&spec, *space, &parse_err), &parse_err);
        for (int64_t nth = 1;; nth += 1 + nth / 16) {
            rb_error err = { 0 };
            rb_points p = { 0 };
            rb_alloc_fail_nth(rb_test_ctx.rank == rb_test_ctx.n_ranks - 1 ? nth : 0);
            rb_status status = rb_space_build(&p, &spec, &c, &rb_test_ctx, &err);
            rb_alloc_fail_nth(0);
            rb_points_fini(&p);
            if (status == RB_OK) {
                assert_true(nth > 5);
                break;
            }
            assert_int_equal(status, RB_NO_MEMORY);
        }
        rb_space_spec_fini(&spec);
    }
    rb_catalogue_fini(&c);
}

int main(int argc, char **argv)
{
    rb_test_mpi_begin(&argc, &argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_read_and_written_canonically),
        cmocka_unit_test(what_is_wrong_with_a_name_is_said),
        cmocka_unit_test(a_catalogue_that_lacks_what_is_asked_is_refused),
        cmocka_unit_test(genres_numbers_and_mixed_are_as_stated),
        cmocka_unit_test(counts_are_tfidf_without_weights),
        cmocka_unit_test(tfidf_of_columns_is_that_of_the_joined_text),
        cmocka_unit_test(bits_are_the_same_for_any_ranks_and_threads),
        cmocka_unit_test(a_loaded_model_transforms_to_the_same_bits),
        cmocka_unit_test(the_cost_is_known_before_anything_is_built),
        cmocka_unit_test(building_survives_the_nth_failed_allocation_on_the_last_rank),
    };
    return rb_test_mpi_end(cmocka_run_group_tests(tests, NULL, NULL));
}
