/* Trees of SciPy, written in Newick's form as its to_tree walks them (generate_agglomerative.py). */
#include <stdlib.h>
#include <string.h>

#include "report/merges.h"
#include "support/support.h"

static const char *name_of(char buffer[32], const void *unused, int64_t leaf)
{
    (void)unused;
    snprintf(buffer, 32, "t%d", (int)leaf);
    return buffer;
}

/* The same letters, and between ':' and the next sign the same numbers. */
static void assert_same_tree(const char *a, const char *b)
{
    while (*a && *b) {
        assert_int_equal(*a, *b);
        if (*a == ':') {
            char *end_a, *end_b;
            assert_near(strtod(a + 1, &end_a), strtod(b + 1, &end_b), 1e-12);
            a = end_a;
            b = end_b;
        } else {
            a++;
            b++;
        }
    }
    assert_int_equal(*b, 0);
    assert_string_equal(a, "\n");
}

static void trees_are_those_of_scipy(void **unused)
{
    (void)unused;
    json_t *root = rb_test_golden("agglomerative.json"), *tree;
    size_t at, i;
    assert_int_equal(json_array_size(json_object_get(root, "trees")), 3);
    json_array_foreach(json_object_get(root, "trees"), at, tree)
    {
        rb_error err = { 0 };
        json_t *value;
        double row[64];
        char *text = NULL;
        size_t n_bytes, n = json_array_size(json_object_get(tree, "rows"));
        assert_true(n > 0 && n <= 64);
        json_array_foreach(json_object_get(tree, "rows"), i, value) row[i] = json_number_value(value);
        const rb_merges merges = { row, (int64_t)n / 4 + 1, name_of, NULL };
        FILE *out = open_memstream(&text, &n_bytes);
        assert_ok(rb_merges_check(row, merges.n, &err), &err);
        assert_ok(rb_newick_write(out, &merges, &err), &err);
        fclose(out);
        assert_same_tree(text, json_string_value(json_object_get(tree, "newick")));
        free(text);
    }
    json_decref(root);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(trees_are_those_of_scipy),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
