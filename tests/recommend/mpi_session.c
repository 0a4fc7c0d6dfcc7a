/* Session models against dense oracles, on planted walks, and on what sessions may be at worst. */
#include <math.h>
#include <string.h>

#include "eval/session.h"
#include "recommend/recommend.h"
#include "support/config.h"
#include "support/oracle_session.h"
#include "support/support.h"

#define N_ITEMS 40
#define N_SESSIONS 300
#define N_QUERIES 60

extern const rb_recommender rb_sequential_rules, rb_association_rules, rb_markov, rb_sknn, rb_vsknn;

static rb_sessions train, queries;

/* A model fitted to sessions by all ranks. */
typedef struct {
    const rb_algorithm *a;
    _Alignas(64) char config[256];
    void *state;
    rb_next next;
    float *ones;
} model;

static void begin(model *m, const rb_algorithm *a)
{
    rb_error err = { 0 };
    char *memory = NULL;
    memset(m, 0, sizeof *m);
    m->a = a;
    assert_true(a->config_size <= sizeof m->config);
    rb_params_default(m->config, a->params);
    assert_ok(rb_alloc(&memory, (int64_t)a->state_size, &err), &err);
    m->state = memory;
}

static void fit(model *m, const rb_sessions *s, int32_t n_items)
{
    rb_error err = { 0 };
    rb_ratings shape = { .n_items = n_items };
    rb_train_view view = { .sessions = s, .ratings = &shape };
    assert_ok(m->a->fit(m->state, &view, NULL, m->config, &rb_test_ctx, &err), &err);
    rb_session_model of = { m->a, m->state, m->config };
    assert_ok(rb_next_alloc(&m->next, &m->ones, &of, n_items, 1, &err), &err);
}

static void end(model *m)
{
    rb_next_free(&m->next, m->ones);
    m->a->fini(m->state);
    rb_free(m->state);
}

/* Every prefix of every query. */
static void compare(model *m, void (*oracle)(double *score, const int32_t *items, int64_t n, const void *c),
                    const void *c)
{
    double expected[N_ITEMS];
    for (int64_t q = 0; q < queries.n; q++) {
        const int32_t *items = queries.item + queries.begin[q];
        for (int64_t n = 1; n <= queries.begin[q + 1] - queries.begin[q]; n++) {
            m->a->next(&m->next, m->state, items, n, m->config);
            oracle(expected, items, n, c);
            for (int i = 0; i < N_ITEMS; i++)
                assert_near(m->next.score[i], expected[i], 1e-12);
            rb_next_clear(&m->next);
        }
    }
}

typedef struct {
    const char *weight;
    int64_t steps, k;
    bool beside;
    double smoothing;
} rule;

static void rules(double *score, const int32_t *items, int64_t n, const void *c)
{
    const rule *r = c;
    oracle_rules(score, &train, N_ITEMS, items[n - 1], r->beside, r->steps, r->weight, r->k);
}

static void chain(double *score, const int32_t *items, int64_t n, const void *c)
{
    oracle_markov(score, &train, N_ITEMS, items[n - 1], ((const rule *)c)->smoothing);
}

static void near(double *score, const int32_t *items, int64_t n, const void *c)
{
    oracle_neighbours(score, &train, N_ITEMS, items, n, c);
}

static void sequential_rules_are_those_of_the_oracle(void **unused)
{
    (void)unused;
    static const rule all[] = { { "div", 10, 20, false, 0 },
                                { "same", 2, 5, false, 0 },
                                { "linear", 9, 40, false, 0 },
                                { "log", 3, 7, false, 0 },
                                { "quadratic", 1, 40, false, 0 } };
    for (size_t r = 0; r < sizeof all / sizeof *all; r++) {
        model m;
        begin(&m, &rb_sequential_rules);
        rb_oracle_set_text(m.config, m.a, "weighting", all[r].weight);
        rb_oracle_set_number(m.config, m.a, "steps", (double)all[r].steps);
        rb_oracle_set_number(m.config, m.a, "k", (double)all[r].k);
        fit(&m, &train, N_ITEMS);
        compare(&m, rules, &all[r]);
        end(&m);
    }
}

static void association_rules_are_those_of_the_oracle(void **unused)
{
    (void)unused;
    static const rule few = { "same", 0, 6, true, 0 };
    model m;
    begin(&m, &rb_association_rules);
    rb_oracle_set(m.config, m.a, "k=6");
    fit(&m, &train, N_ITEMS);
    compare(&m, rules, &few);
    end(&m);
}

static void the_chain_is_that_of_the_oracle(void **unused)
{
    (void)unused;
    static const char *const text[] = { "0", "0.5", "20" };
    static const rule smooth[] = { { .smoothing = 0 }, { .smoothing = 0.5 }, { .smoothing = 20 } };
    for (int k = 0; k < 3; k++) {
        model m;
        begin(&m, &rb_markov);
        rb_oracle_set_text(m.config, m.a, "smoothing", text[k]);
        fit(&m, &train, N_ITEMS);
        compare(&m, chain, &smooth[k]);
        end(&m);
    }
}

static void neighbours_are_those_of_the_oracle(void **unused)
{
    (void)unused;
    static const char *const by[] = { "cosine", "jaccard", "dice" };
    for (int k = 0; k < 3; k++) {
        const oracle_sknn c = { .k = 15, .sample = 60, .similarity = by[k] };
        model m;
        begin(&m, &rb_sknn);
        rb_oracle_set(m.config, m.a, "k=15 sample=60");
        rb_oracle_set_text(m.config, m.a, "similarity", by[k]);
        fit(&m, &train, N_ITEMS);
        compare(&m, near, &c);
        end(&m);
    }
}

static void weighted_neighbours_are_those_of_the_oracle(void **unused)
{
    (void)unused;
    static const char *const by[] = { "same", "linear", "div", "log", "quadratic" };
    for (int k = 0; k < 5; k++) {
        const oracle_sknn c = {
            .k = 12, .sample = 80, .weighting = by[k], .weighting_score = by[(k + 2) % 5], .idf = k % 2 ? 5 : 0
        };
        model m;
        begin(&m, &rb_vsknn);
        rb_oracle_set(m.config, m.a, k % 2 ? "k=12 sample=80 idf=5" : "k=12 sample=80 idf=0");
        rb_oracle_set_text(m.config, m.a, "weighting", c.weighting);
        rb_oracle_set_text(m.config, m.a, "weighting_score", c.weighting_score);
        fit(&m, &train, N_ITEMS);
        compare(&m, near, &c);
        end(&m);
    }
}

static const rb_algorithm *const all_models[] = { &rb_sequential_rules, &rb_association_rules, &rb_markov, &rb_sknn,
                                                  &rb_vsknn };
#define N_MODELS 5

/* Share of the queries' positions whose next item scores among the five highest. */
static double hits(model *m, const rb_sessions *s)
{
    int64_t n = 0, n_hits = 0;
    for (int64_t q = 0; q < s->n; q++)
        for (int64_t p = 1; p < s->begin[q + 1] - s->begin[q]; p++) {
            m->a->next(&m->next, m->state, s->item + s->begin[q], p, m->config);
            int32_t wanted = s->item[s->begin[q] + p];
            int above = 0;
            for (int64_t k = 0; k < m->next.n; k++)
                above += m->next.score[m->next.item[k]] > m->next.score[wanted];
            n++;
            n_hits += m->next.score[wanted] > 0 && above < 5;
            rb_next_clear(&m->next);
        }
    return (double)n_hits / (double)n;
}

/* All items of the walk are equally popular, so that five guesses hit one position in eight. */
static void planted_walks_are_found(void **unused)
{
    (void)unused;
    for (int k = 0; k < N_MODELS; k++) {
        model m;
        begin(&m, all_models[k]);
        fit(&m, &train, N_ITEMS);
        assert_true(hits(&m, &queries) > 2 * 5.0 / N_ITEMS);
        end(&m);
    }
}

/* Nothing to learn from, and items that training never met: nothing is listed, or popularity is. */
static void the_unknown_lists_nothing(void **unused)
{
    (void)unused;
    static const int32_t a[] = { 0, 1, -1 }, b[] = { 1, 0, -1 };
    static const int32_t *const lists[] = { a, b };
    static const int32_t unseen[] = { 3 }, mixed[] = { 0, 3 };
    rb_sessions none, two;
    oracle_sessions_make(&none, NULL, 0, NULL, NULL);
    oracle_sessions_make(&two, lists, 2, NULL, NULL);
    for (int k = 0; k < N_MODELS; k++) {
        model m;
        bool smooth = all_models[k] == &rb_markov, by_all = k >= 3;
        begin(&m, all_models[k]);
        fit(&m, &none, 4);
        m.a->next(&m.next, m.state, unseen, 1, m.config);
        assert_int_equal(m.next.n, 0);
        end(&m);
        begin(&m, all_models[k]);
        fit(&m, &two, 4);
        m.a->next(&m.next, m.state, unseen, 1, m.config);
        assert_int_equal(m.next.n, smooth ? 2 : 0);
        rb_next_clear(&m.next);
        m.a->next(&m.next, m.state, mixed, 2, m.config);
        assert_int_equal(m.next.n, smooth || by_all ? 2 : 0);
        end(&m);
    }
    rb_sessions_fini(&none);
    rb_sessions_fini(&two);
}

/* Equal times: the later session of the data is the more recent one. Of two sessions, one may be looked at. */
static void the_later_session_wins_a_tie(void **unused)
{
    (void)unused;
    static const int32_t a[] = { 0, 1, -1 }, b[] = { 0, 2, -1 }, query[] = { 0 };
    static const int32_t *const lists[] = { a, b };
    rb_sessions s;
    model m;
    oracle_sessions_make(&s, lists, 2, NULL, NULL);
    for (int limit = 0; limit < 2; limit++) {
        begin(&m, &rb_sknn);
        rb_oracle_set(m.config, m.a, limit ? "k=1" : "sample=1");
        fit(&m, &s, 4);
        m.a->next(&m.next, m.state, query, 1, m.config);
        assert_true(m.next.score[2] > 0 && m.next.score[1] == 0);
        end(&m);
    }
    rb_sessions_fini(&s);
}

static int make(void **unused)
{
    (void)unused;
    oracle_sessions_walk(&train, N_SESSIONS, N_ITEMS, 50, 1);
    oracle_sessions_walk(&queries, N_QUERIES, N_ITEMS, 50, 2);
    return 0;
}

static int release(void **unused)
{
    (void)unused;
    rb_sessions_fini(&train);
    rb_sessions_fini(&queries);
    return 0;
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sequential_rules_are_those_of_the_oracle),
        cmocka_unit_test(association_rules_are_those_of_the_oracle),
        cmocka_unit_test(the_chain_is_that_of_the_oracle),
        cmocka_unit_test(neighbours_are_those_of_the_oracle),
        cmocka_unit_test(weighted_neighbours_are_those_of_the_oracle),
        cmocka_unit_test(planted_walks_are_found),
        cmocka_unit_test(the_unknown_lists_nothing),
        cmocka_unit_test(the_later_session_wins_a_tie),
    };
    rb_test_mpi_begin(&argc, &argv);
    return rb_test_mpi_end(cmocka_run_group_tests(tests, make, release));
}
