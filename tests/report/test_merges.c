/* Newick and dendrograms of trees that are given. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "report/merges.h"
#include "support/support.h"

static const char *const odd_names[] = { "a", "it's", "b c", "" };

static const char *odd_name(char buffer[32], const void *unused, int64_t leaf)
{
    (void)buffer, (void)unused;
    return odd_names[leaf];
}

static const char *number(char buffer[32], const void *unused, int64_t leaf)
{
    (void)unused;
    snprintf(buffer, 32, "%d", (int)leaf);
    return buffer;
}

static char *newick(const rb_merges *m)
{
    rb_error err = { 0 };
    char *text = NULL;
    size_t n_bytes;
    FILE *out = open_memstream(&text, &n_bytes);
    assert_ok(rb_newick_write(out, m, &err), &err);
    fclose(out);
    return text;
}

static char *figure(const rb_merges *m, int64_t last, int64_t k)
{
    rb_error err = { 0 };
    char *text = NULL;
    size_t n_bytes;
    FILE *out = open_memstream(&text, &n_bytes);
    assert_ok(rb_figure_merges(out, m, last, k, "a < b", &err), &err);
    fclose(out);
    return text;
}

static int count(const char *text, const char *what)
{
    int n = 0;
    for (; (text = strstr(text, what)); text++)
        n++;
    return n;
}

static void names_with_signs_are_quoted(void **unused)
{
    (void)unused;
    const double rows[] = { 0, 1, 1, 2, 2, 3, 1.5, 2, 4, 5, 4, 4 };
    const rb_merges m = { rows, 4, odd_name, NULL };
    char *text = newick(&m);
    assert_string_equal(text, "((a:1,'it''s':1):3,('b c':1.5,'':1.5):2.5);\n");
    free(text);
}

static void one_leaf_is_a_tree(void **unused)
{
    (void)unused;
    const rb_merges m = { NULL, 1, odd_name, NULL };
    char *text = newick(&m);
    assert_string_equal(text, "a;\n");
    free(text);
    free(figure(&m, 40, 1));
}

/* A chain is as deep as it has points: nothing may recurse. */
static void a_chain_of_many_is_written(void **unused)
{
    (void)unused;
    enum { N = 200000 };
    double *rows = calloc((size_t)4 * (N - 1), sizeof *rows);
    for (int64_t t = 0; t < N - 1; t++) {
        const double row[] = { t == 0 ? 0 : (double)(t + 1), t == 0 ? 1 : (double)(N + t - 1), (double)t + 1,
                               (double)t + 2 };
        memcpy(rows + 4 * t, row, sizeof row);
    }
    const rb_merges m = { rows, N, number, NULL };
    char *text = newick(&m), *drawn = figure(&m, 30, 4);
    assert_int_equal(count(text, ","), N - 1);
    assert_int_equal(count(text, ")"), N - 1);
    /* 29 merges are left: 29 points and the cluster of all others. */
    assert_int_equal(count(drawn, "text-anchor='start'"), 30 + 1);
    assert_int_equal(count(drawn, ">(199971)<"), 1);
    assert_int_equal(count(drawn, "stroke-dasharray"), 1);
    assert_int_equal(count(drawn, ">a &lt; b<"), 1);
    free(text);
    free(drawn);
    free(rows);
}

static void all_leaves_stand_where_there_are_few(void **unused)
{
    (void)unused;
    const double rows[] = { 0, 1, 0, 2, 2, 3, 0, 2, 4, 5, 0, 4 };
    const rb_merges m = { rows, 4, odd_name, NULL };
    char *drawn = figure(&m, 40, 2); /* equal heights: there is no place for a cut */
    assert_int_equal(count(drawn, "text-anchor='start'"), 4 + 1);
    assert_int_equal(count(drawn, "stroke-dasharray"), 0);
    assert_null(strstr(drawn, "nan"));
    free(drawn);
}

static void rows_that_are_no_tree_are_refused(void **unused)
{
    (void)unused;
    const double wrong[][8] = {
        { 0, 1, 1, 2, 0, 2, 2, 2 },   { 0, 1, 1, 2, 2, 4, 2, 2 },   { 0, 3, 1, 2, 1, 2, 2, 2 },
        { -1, 1, 1, 2, 2, 3, 2, 3 },  { 0.5, 1, 1, 2, 2, 3, 2, 3 }, { 0, 0, 1, 2, 2, 3, 2, 3 },
        { NAN, 1, 1, 2, 2, 3, 2, 3 },
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        rb_error err = { 0 };
        assert_int_equal(rb_merges_check(wrong[i], 3, &err), RB_BAD_INPUT);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_with_signs_are_quoted),       cmocka_unit_test(one_leaf_is_a_tree),
        cmocka_unit_test(a_chain_of_many_is_written),        cmocka_unit_test(all_leaves_stand_where_there_are_few),
        cmocka_unit_test(rows_that_are_no_tree_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
