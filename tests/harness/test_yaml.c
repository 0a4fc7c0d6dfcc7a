/* YAML trees: places, what is refused, overrides, and the way back to text. */
#include <string.h>

#include "harness/yaml.h"
#include "support/support.h"

typedef struct {
    rb_arena arena;
    rb_messages m;
    rb_error err;
    rb_yaml *root;
} tree;

static void read_tree(tree *t, const char *text, int64_t n)
{
    memset(t, 0, sizeof *t);
    rb_place at = { .origin = "x.yaml" };
    assert_int_equal(rb_yaml_parse(&t->root, text, n, at, &t->arena, &t->m, &t->err), RB_OK);
}

static void free_tree(tree *t)
{
    rb_messages_fini(&t->m);
    rb_arena_fini(&t->arena);
}

static void assert_node(const rb_yaml *node, rb_yaml_kind kind, const char *text, int line, int column)
{
    assert_non_null(node);
    assert_int_equal(node->kind, kind);
    if (text)
        assert_string_equal(node->text, text);
    assert_int_equal(node->at.line, line);
    assert_int_equal(node->at.column, column);
}

static void every_node_knows_its_place(void **unused)
{
    (void)unused;
    static const char text[] = "\xef\xbb\xbf"
                               "a: \xc3\xa9t\xc3\xa9   # comment\r\n"
                               "list:\r\n"
                               "  - 1\r\n"
                               "  - {b: \"two\", c: }\r\n";
    tree t;
    read_tree(&t, text, (int64_t)strlen(text));
    assert_int_equal(t.m.n, 0);
    assert_node(t.root, RB_YAML_MAP, NULL, 1, 1);
    assert_int_equal(t.root->n, 2);
    assert_node(rb_yaml_get(t.root, "a"), RB_YAML_SCALAR, "\xc3\xa9t\xc3\xa9", 1, 4);
    const rb_yaml *list = rb_yaml_get(t.root, "list");
    assert_int_equal(list->key_at.line, 2);
    assert_int_equal(list->key_at.column, 1);
    assert_node(list->first, RB_YAML_SCALAR, "1", 3, 5);
    const rb_yaml *b = rb_yaml_get(list->last, "b"), *c = rb_yaml_get(list->last, "c");
    assert_node(b, RB_YAML_SCALAR, "two", 4, 9);
    assert_true(b->quoted);
    assert_int_equal(b->key_at.column, 6);
    assert_true(rb_yaml_is_null(c));
    assert_string_equal(rb_yaml_words(c), "nothing");
    assert_null(rb_yaml_get(t.root, "absent"));
    free_tree(&t);
}

static void one_text(tree *t, const char *text)
{
    read_tree(t, text, (int64_t)strlen(text));
    assert_int_equal(t->m.n, 0);
}

static bool same_tree(const rb_yaml *a, const rb_yaml *b)
{
    if (!a || !b)
        return a == b;
    if (a->kind != b->kind || a->n != b->n || rb_yaml_is_null(a) != rb_yaml_is_null(b))
        return false;
    if (a->kind == RB_YAML_SCALAR)
        return rb_yaml_is_null(a) || strcmp(a->text, b->text) == 0;
    const rb_yaml *x = a->first, *y = b->first;
    for (; x && y; x = x->next, y = y->next)
        if ((a->kind == RB_YAML_MAP && strcmp(x->key, y->key) != 0) || !same_tree(x, y))
            return false;
    return !x && !y;
}

static void a_written_tree_reads_back_the_same(void **unused)
{
    (void)unused;
    static const char *const texts[] = {
        "a: 1\n",
        "a: {}\nb: []\nc:\nd: ~\n",
        "a: [1, -2, 1e-4, .5, +3, \"-\", \"---\", \"...\", \"- x\", \"null\", \"~\", \"\", '#', 'a: b', \" x \"]\n",
        "a: \"\\x01\\t\\n\\u0085\\u2028\\ufeff\\u00a0\\U0001F600 \\\\ \\\" é\"\n",
        "a:\n  - - 1\n    - [2, 3]\n  - {x: 1, y: {z: [a, {b: c}]}}\n  - - - deep\n",
        "\"key: odd\": [{}, [], ~, [[]], [{}]]\n",
        "a: |\n  two\n  lines\nb: >\n  folded\n  text\n",
        "a: ndcg:exp-min@10\nb: x@y\nc: '@z'\nd: 10%\n",
        "- a\n- b: 1\n  c: 2\n-\n  - d\n",
        "just a text\n",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        tree once, again;
        rb_text written = { 0 }, twice = { 0 };
        one_text(&once, texts[i]);
        assert_ok(rb_yaml_write(&written, once.root, &once.err), &once.err);
        read_tree(&again, written.data, written.length);
        if (again.m.n > 0)
            fail_msg("%s, of:\n%s", again.m.item[0].text, written.data);
        if (!same_tree(once.root, again.root))
            fail_msg("reads back as another tree:\n%s", written.data);
        assert_ok(rb_yaml_write(&twice, again.root, &again.err), &again.err);
        assert_string_equal(written.data, twice.data);
        rb_text_fini(&written);
        rb_text_fini(&twice);
        free_tree(&once);
        free_tree(&again);
    }
}

static void written_text_looks_as_a_person_would_write_it(void **unused)
{
    (void)unused;
    tree t;
    rb_text written = { 0 };
    one_text(&t, "a: {b: 1, c: [x, \"y\"]}\nl: [{k: {p: 2}, as: n}, plain]\n");
    assert_ok(rb_yaml_write(&written, t.root, &t.err), &t.err);
    assert_string_equal(written.data, "a:\n  b: 1\n  c: [x, \"y\"]\nl:\n  - k:\n      p: 2\n    as: n\n  - plain\n");
    rb_text_fini(&written);
    free_tree(&t);
}

static void set_text(tree *t, const char *set, const char *expected)
{
    rb_text written = { 0 };
    one_text(t, "seed: 1\nlist: [als, {ials: {f: 2}, as: n}, {als: }]\nnone:\n");
    assert_ok(rb_yaml_set(t->root, set, 1, &t->arena, &t->m, &t->err), &t->err);
    if (t->m.n > 0) {
        assert_string_equal(t->m.item[0].text, expected);
    } else {
        assert_ok(rb_yaml_write(&written, t->root, &t->err), &t->err);
        if (!strstr(written.data, expected))
            fail_msg("%s gives\n%swithout\n%s", set, written.data, expected);
    }
    rb_text_fini(&written);
    free_tree(t);
}

static void an_override_reaches_every_place(void **unused)
{
    (void)unused;
    static const struct {
        const char *set, *expected;
    } cases[] = {
        { "seed=7", "seed: 7\n" },
        { "seed=[1, 2]", "seed: [1, 2]\n" },
        { "new=x=y", "new: x=y\n" },
        { "a.b.c={d: 1}", "a:\n  b:\n    c:\n      d: 1\n" },
        { "none.x=1", "none:\n  x: 1\n" },
        { "list.0=random", "- random\n" },
        { "list.0.f=[8,16]", "- als:\n      f: [8, 16]\n" },
        { "list.1.f=3", "- ials:\n      f: 3\n    as: n\n" },
        { "list.1.ials.f=3", "- ials:\n      f: 3\n    as: n\n" },
        { "list.1.g=3", "- ials:\n      f: 2\n      g: 3\n    as: n\n" },
        { "list.1.as=m", "as: m\n" },
        { "list.2.f=3", "- als:\n      f: 3\n" },
        { "list.3.f=3", "--set list.3.f=3: '3' is no position of a list of 3 (the first is 0)" },
        { "list.x=3", "--set list.x=3: 'x' is no position of a list of 3 (the first is 0)" },
        { "seed.x=3", "--set seed.x=3: there is no 'x': '1' is a text, not a mapping" },
        { "seed", "--set seed: expected key=value" },
        { "=1", "--set =1: expected key=value" },
        { "seed=", "--set seed=: no value stands behind =" },
        { "seed={", "--set seed={: not YAML: while parsing a flow node: did not find expected node content" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        tree t;
        set_text(&t, cases[i].set, cases[i].expected);
    }
}

static void messages_come_in_order_and_their_number_is_bounded(void **unused)
{
    (void)unused;
    rb_messages m = { 0 };
    rb_error err = { 0 };
    for (int i = 0; i < RB_MESSAGES_MAX + 7; i++)
        assert_ok(rb_messages_add(&m, (rb_place){ "f", 0, 1000 - i, 3 }, &err, "number %d", i), &err);
    assert_int_equal(m.n, RB_MESSAGES_MAX);
    assert_int_equal(m.n_left_out, 7);
    rb_messages_sort(&m);
    for (int64_t i = 1; i < m.n; i++)
        assert_true(m.item[i - 1].line < m.item[i].line);
    assert_string_equal(m.item[m.n - 1].text, "f:1000:3: number 0");
    rb_messages_fini(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_node_knows_its_place),
        cmocka_unit_test(a_written_tree_reads_back_the_same),
        cmocka_unit_test(written_text_looks_as_a_person_would_write_it),
        cmocka_unit_test(an_override_reaches_every_place),
        cmocka_unit_test(messages_come_in_order_and_their_number_is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
