/* The Netflix titles: counts, blanks, TF-IDF and neighbours equal those that scikit-learn and NumPy give. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "data/catalogue_read.h"
#include "data/space.h"
#include "support/support.h"

static rb_catalogue titles;
static json_t *golden;
static rb_ctx ctx;

static int set_up(void **unused)
{
    (void)unused;
    char path[4352];
    rb_error err = { 0 };
    rb_ctx_serial(&ctx, 2);
    snprintf(path, sizeof path, "%s/netflix-titles/netflix_titles.csv", rb_test_data());
    golden = rb_test_golden("netflix-titles.json");
    if (rb_catalogue_read(&titles, path, NULL, NULL, &ctx, &err) != RB_OK)
        fail_msg("%s", err.message);
    return 0;
}

static int tear_down(void **unused)
{
    (void)unused;
    rb_catalogue_fini(&titles);
    json_decref(golden);
    return 0;
}

static void counts_and_blanks_are_those_of_the_file(void **unused)
{
    (void)unused;
    assert_int_equal(titles.n, (int)rb_test_number(golden, "n_titles", NULL));
    assert_int_equal(titles.genre.names.n, (int)rb_test_number(golden, "n_genres", NULL));
    for (int k = 0; k < RB_N_COLUMNS; k++)
        if (k != RB_COLUMN_TAGS)
            assert_int_equal(titles.cleaning.blank[k],
                             (int)rb_test_number(golden, "blank",
                                                 k == RB_COLUMN_GENRES ? "listed_in" : rb_column_name((rb_column)k),
                                                 NULL));
    assert_int_equal(titles.cleaning.n_shifted, 3);
    assert_int_equal(titles.cleaning.n_duplicates, 7); /* counted with Python: strip, lower, type, release_year */
    assert_int_equal(titles.cleaning.n_bad_dates + titles.cleaning.n_bad_years + titles.cleaning.n_bad_durations, 0);
    for (const char *const *id = (const char *const[]){ "s5542", "s5795", "s5814", NULL }; *id; id++) {
        int32_t i = rb_ids_find(&titles.ids, *id);
        assert_true(titles.minutes[i] >= 66 && titles.minutes[i] <= 84);
        assert_int_equal(titles.age_group[i], RB_AGE_UNRATED);
    }
}

static void reference_labels_have_the_known_sizes(void **unused)
{
    (void)unused;
    rb_error err = { 0 };
    int32_t *label = malloc((size_t)titles.n * sizeof *label), n_movies = 0, n_genres = 0;
    assert_ok(rb_catalogue_labels(label, &titles, "type", &err), &err);
    for (int32_t i = 0; i < titles.n; i++)
        n_movies += label[i] == 0;
    assert_int_equal(n_movies, (int)rb_test_number(golden, "n_movies", NULL));
    assert_ok(rb_catalogue_labels(label, &titles, "primary_genre", &err), &err);
    for (int32_t i = 0; i < titles.n; i++)
        n_genres = label[i] >= n_genres ? label[i] + 1 : n_genres;
    assert_int_equal(n_genres, (int)rb_test_number(golden, "n_primary_genres", NULL));
    free(label);
}

static void build(rb_points *points, const char *space)
{
    rb_error err = { 0 };
    rb_space_spec spec = { 0 };
    assert_ok(rb_space_parse(&spec, space, &err), &err);
    assert_ok(rb_space_build(points, &spec, &titles, &ctx, &err), &err);
    rb_space_spec_fini(&spec);
}

static void tfidf_has_the_shape_and_sums_of_scikit_learn(void **unused)
{
    (void)unused;
    static const char *const spaces[][2] = {
        { "description_min_df1", "tfidf(columns=description,stop_words=none)" },
        { "description_min_df2", "tfidf(columns=description,stop_words=none,min_df=2)" },
        { "soup_min_df1", "tfidf(stop_words=none)" },
        { "soup_min_df2", "tfidf(stop_words=none,min_df=2)" },
    };
    for (size_t k = 0; k < 4; k++) {
        rb_points p = { 0 };
        build(&p, spaces[k][1]);
        double sum = 0, squares = 0;
        int64_t nnz = p.sparse->row_begin[p.n];
        for (int64_t e = 0; e < nnz; e++) {
            sum += p.sparse->value[e];
            squares += p.sparse->value[e] * p.sparse->value[e];
        }
        const char *part = "tfidf_no_stop_words", *name = spaces[k][0];
        assert_int_equal(p.d, (int64_t)rb_test_number(golden, part, name, "n_features", NULL));
        assert_int_equal(nnz, (int64_t)rb_test_number(golden, part, name, "nnz", NULL));
        assert_near(sum, rb_test_number(golden, part, name, "sum", NULL), 1e-12);
        assert_near(squares, rb_test_number(golden, part, name, "frobenius_sq", NULL), 1e-12);
        rb_points_fini(&p);
    }
}

/* Cosine of two sparse unit rows. */
static double cosine(const rb_csr *x, int64_t a, int64_t b)
{
    double sum = 0;
    int64_t i = x->row_begin[a], j = x->row_begin[b];
    while (i < x->row_begin[a + 1] && j < x->row_begin[b + 1]) {
        if (x->col[i] == x->col[j])
            sum += x->value[i] * x->value[j];
        bool left = x->col[i] <= x->col[j], right = x->col[j] <= x->col[i];
        i += left;
        j += right;
    }
    return sum;
}

static void the_neighbours_of_stranger_things_are_known(void **unused)
{
    (void)unused;
    rb_points p = { 0 };
    build(&p, "tfidf(stop_words=none,min_df=2)");
    const rb_strings *title = &titles.column[RB_COLUMN_TITLE];
    int32_t query = 0;
    while (strcmp(rb_strings_at(title, query), "Stranger Things") != 0)
        query++;
    double *similar = malloc((size_t)titles.n * sizeof *similar);
    for (int32_t i = 0; i < titles.n; i++)
        similar[i] = i == query ? -1 : cosine(p.sparse, query, i);
    json_t *nearest = json_object_get(golden, "nearest_to_stranger_things");
    for (size_t k = 0; k < json_array_size(nearest); k++) {
        int32_t best = 0;
        for (int32_t i = 1; i < titles.n; i++)
            if (similar[i] > similar[best])
                best = i;
        json_t *wanted = json_array_get(nearest, k);
        assert_string_equal(rb_strings_at(title, best), json_string_value(json_object_get(wanted, "title")));
        assert_near(similar[best], rb_test_number(wanted, "cosine", NULL), 1e-12);
        similar[best] = -1;
    }
    free(similar);
    rb_points_fini(&p);
}

/*
 * The space of the peers' workloads. scikit-learn 1.9.1's TruncatedSVD(100, n_iter=5, random_state=0) holds .105832 of
 * the variance of the same 20,000 features and has the first singular values below to its own accuracy.
 */
static void lsa_holds_as_much_variance_as_scikit_learn(void **unused)
{
    (void)unused;
    rb_error err = { 0 };
    rb_space_spec spec = { 0 };
    rb_space_model model = { 0 };
    rb_points p = { 0 };
    assert_ok(rb_space_parse(&spec, "lsa-100(max_features=20000)", &err), &err);
    assert_ok(rb_space_fit(&model, &p, &spec, &titles, &ctx, &err), &err);
    assert_int_equal(model.tfidf.terms.n, 20000);
    assert_int_equal(p.d, 100);
    assert_true(model.explained >= 0.105832);
    assert_true(p.unit_rows);
    for (int64_t i = 0; i < p.n; i += 1000) {
        double squares = 0;
        for (int64_t j = 0; j < p.d; j++)
            squares += p.dense[i * p.d + j] * p.dense[i * p.d + j];
        assert_near(squares, 1, 1e-14);
    }
    rb_points_fini(&p);
    rb_space_model_fini(&model);
    rb_space_spec_fini(&spec);
}

static void movielens_has_its_own_default_columns(void **unused)
{
    (void)unused;
    char path[4352];
    rb_error err = { 0 };
    rb_catalogue movies = { 0 }, tags = { 0 };
    rb_space_spec spec = { 0 };
    rb_space_model model = { 0 };
    snprintf(path, sizeof path, "%s/ml-latest-small/movies.csv", rb_test_data());
    assert_ok(rb_catalogue_read(&movies, path, NULL, NULL, &ctx, &err), &err);
    snprintf(path, sizeof path, "%s/ml-latest-small/tags.csv", rb_test_data());
    assert_ok(rb_catalogue_read(&tags, path, NULL, NULL, &ctx, &err), &err);
    assert_int_equal(movies.n, 9742);
    assert_int_equal(tags.n, 1572); /* distinct movieId in tags.csv */
    assert_ok(rb_catalogue_add_tags(&movies, &tags, &err), &err);
    assert_ok(rb_space_parse(&spec, "tfidf", &err), &err);
    assert_ok(rb_space_fit(&model, NULL, &spec, &movies, &ctx, &err), &err);
    assert_string_equal(model.spec.config.columns, "title+genres+tags");
    assert_true(rb_tfidf_term(&model.tfidf, "jumanji") >= 0);
    assert_true(rb_tfidf_term(&model.tfidf, "pixar") >= 0);
    rb_space_model_fini(&model);
    rb_space_spec_fini(&spec);
    rb_catalogue_fini(&tags);
    rb_catalogue_fini(&movies);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_and_blanks_are_those_of_the_file),
        cmocka_unit_test(reference_labels_have_the_known_sizes),
        cmocka_unit_test(tfidf_has_the_shape_and_sums_of_scikit_learn),
        cmocka_unit_test(the_neighbours_of_stranger_things_are_known),
        cmocka_unit_test(lsa_holds_as_much_variance_as_scikit_learn),
        cmocka_unit_test(movielens_has_its_own_default_columns),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
