/* Re-ranking against the greedy choice written naively, dense and from the start at every place. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "eval/rerank.h"
#include "support/support.h"

enum { N_ITEMS = 40, N_ASPECTS = 5, N = 30, FEW = 15, K = 12, N_HISTORY = 6 };

/* Candidates and rows; every third pair of neighbours is equal in both, so that there are ties. */
typedef struct {
    double row[N_ITEMS][N_ASPECTS];
    rb_points points;
    int32_t labels[N_ITEMS];
    rb_topk_entry candidate[N];
    int32_t history[N_HISTORY];
} world;

static void make_world(world *w, uint64_t seed, bool labelled)
{
    memset(w, 0, sizeof *w);
    for (int i = 0; i < N_ITEMS; i++) {
        uint64_t from = (uint64_t)(i % 6 == 1 ? i - 1 : i);
        for (int a = 0; a < N_ASPECTS; a++)
            w->row[i][a] = !labelled && rb_mix(seed, 10 * from + (uint64_t)a) % 3 == 0 ? 1.0 + (double)(from % 2) : 0.0;
        w->labels[i] = (int32_t)(rb_mix(seed, 1000 + from) % (N_ASPECTS + 1)) - 1;
        if (labelled && w->labels[i] >= 0)
            w->row[i][w->labels[i]] = 1;
    }
    w->points = (rb_points){ .n = N_ITEMS, .d = N_ASPECTS, .dense = &w->row[0][0], .name = "rows" };
    for (int c = 0; c < N; c++) {
        w->candidate[c].item = (int32_t)c;
        w->candidate[c].score = 100.0 - 2.5 * (double)(c % 6 == 1 ? c - 1 : c);
    }
    for (int h = 0; h < N_HISTORY; h++)
        w->history[h] = (int32_t)(rb_mix(seed, 2000 + (uint64_t)h) % N_ITEMS);
}

static double row_sum(const double *row, bool squares)
{
    double sum = 0;
    for (int a = 0; a < N_ASPECTS; a++)
        sum += squares ? row[a] * row[a] : row[a];
    return sum;
}

static double naive_likeness(const world *w, int32_t i, int32_t j)
{
    double dot = 0, lengths = sqrt(row_sum(w->row[i], true) * row_sum(w->row[j], true));
    for (int a = 0; a < N_ASPECTS; a++)
        dot += w->row[i][a] * w->row[j][a];
    return lengths > 0 ? dot / lengths : 0;
}

static double naive_share(const world *w, int32_t i, int a)
{
    double sum = row_sum(w->row[i], false);
    return sum > 0 ? w->row[i][a] / sum : 0;
}

static double naive_wish(const world *w, int n_history, int a)
{
    double own = 0, all = 0;
    for (int h = 0; h < n_history; h++)
        for (int b = 0; b < N_ASPECTS; b++) {
            own += b == a ? naive_share(w, w->history[h], b) : 0;
            all += naive_share(w, w->history[h], b);
        }
    return all > 0 ? own / all : 1.0 / N_ASPECTS;
}

/* What a candidate adds to the first `place` of the list. */
static double naive_value(const world *w, const rb_rerank_config *c, int n_history, const int32_t *order, int place,
                          int candidate)
{
    const double low = w->candidate[c->candidates - 1].score;
    double relevance = (w->candidate[candidate].score - low) / (w->candidate[0].score - low);
    double diversity = c->method == RB_RERANK_MMR && place > 0 ? INFINITY : 0;
    int32_t item = w->candidate[candidate].item;
    for (int p = 0; c->method == RB_RERANK_MMR && p < place; p++)
        diversity = fmin(diversity, -naive_likeness(w, item, w->candidate[order[p]].item));
    for (int a = 0; c->method == RB_RERANK_XQUAD && a < N_ASPECTS; a++) {
        double left = naive_wish(w, n_history, a) * naive_share(w, item, a);
        for (int p = 0; p < place; p++)
            left *= 1 - naive_share(w, w->candidate[order[p]].item, a);
        diversity += left;
    }
    return c->lambda * relevance + (1 - c->lambda) * diversity;
}

static bool is_taken(const int32_t *order, int place, int candidate)
{
    for (int p = 0; p < place; p++)
        if (order[p] == candidate)
            return true;
    return false;
}

/* Every place holds a best candidate, and of two that are equal in all the earlier one. */
static void check_order(const world *w, const rb_rerank_config *c, int n_history, const int32_t *order)
{
    for (int place = 0; place < K; place++) {
        double most = -INFINITY, own = naive_value(w, c, n_history, order, place, order[place]);
        for (int i = 0; i < c->candidates; i++)
            if (!is_taken(order, place, i))
                most = fmax(most, naive_value(w, c, n_history, order, place, i));
        assert_false(is_taken(order, place, order[place]));
        assert_near(own, most, 1e-12);
        if (order[place] % 6 == 1)
            assert_true(is_taken(order, place, order[place] - 1));
    }
}

static void run_places(world *w, const rb_rerank_config *c, bool labelled, int n_history, int32_t *order, int32_t n,
                       int32_t k)
{
    rb_reranker r;
    rb_rerank_scratch s = { 0 };
    rb_error err = { 0 };
    assert_ok(rb_reranker_init(&r, c, labelled ? NULL : &w->points, labelled ? w->labels : NULL, N_ITEMS, &err), &err);
    assert_ok(rb_rerank_scratch_init(&s, &r, N, &err), &err);
    rb_rerank(&s, &r, w->candidate, n, k, w->history, n_history);
    memcpy(order, s.order, (size_t)k * sizeof *order);
    rb_rerank_scratch_fini(&s);
    rb_reranker_fini(&r);
}

static void run(world *w, const rb_rerank_config *c, bool labelled, int n_history, int32_t order[K])
{
    run_places(w, c, labelled, n_history, order, N, K);
}

static void every_place_is_the_naive_greedy_choice(void **unused)
{
    (void)unused;
    int n_moved = 0;
    for (uint64_t seed = 1; seed <= 20; seed++)
        for (int labelled = 0; labelled < 2; labelled++)
            for (int method = RB_RERANK_MMR; method <= RB_RERANK_XQUAD; method++)
                for (int tenths = 0; tenths <= 10; tenths += 5) {
                    const rb_rerank_config c = { .method = method,
                                                 .lambda = tenths / 10.0,
                                                 .candidates = seed % 2 ? N : FEW };
                    const int n_history = seed % 5 ? N_HISTORY : 0;
                    world w;
                    int32_t order[K];
                    make_world(&w, seed, labelled);
                    run(&w, &c, labelled, n_history, order);
                    check_order(&w, &c, n_history, order);
                    for (int p = 0; p < K; p++)
                        n_moved += order[p] != p && tenths < 10;
                }
    assert_true(n_moved > 500);
}

/* Of FEW candidates, given those or as many as a longer list keeps: the list begins the same, then by score. */
static void a_shorter_list_is_the_beginning_of_a_longer_one(void **unused)
{
    (void)unused;
    int n_moved = 0;
    for (int method = RB_RERANK_MMR; method <= RB_RERANK_XQUAD; method++)
        for (uint64_t seed = 1; seed <= 5; seed++) {
            const rb_rerank_config c = { .method = method, .lambda = .3, .candidates = FEW };
            int32_t few[N], all[N];
            world w;
            make_world(&w, seed, false);
            run_places(&w, &c, false, N_HISTORY, few, FEW, K);
            run_places(&w, &c, false, N_HISTORY, all, N, N);
            assert_memory_equal(few, all, K * sizeof *few);
            for (int p = 0; p < FEW; p++) {
                assert_in_range(all[p], 0, FEW - 1);
                assert_false(is_taken(all, p, all[p]));
                n_moved += all[p] != p;
            }
            for (int p = FEW; p < N; p++)
                assert_int_equal(all[p], p);
        }
    assert_true(n_moved > 50);
}

static void lambda_1_keeps_the_order_of_the_scores(void **unused)
{
    (void)unused;
    for (int method = RB_RERANK_MMR; method <= RB_RERANK_XQUAD; method++) {
        const rb_rerank_config c = { .method = method, .lambda = 1, .candidates = N };
        world w;
        int32_t order[K];
        make_world(&w, 3, false);
        run(&w, &c, false, N_HISTORY, order);
        for (int p = 0; p < K; p++)
            assert_int_equal(order[p], p);
    }
}

static void sparse_rows_give_the_places_of_dense_ones(void **unused)
{
    (void)unused;
    int64_t begin[N_ITEMS + 1] = { 0 };
    int32_t column[N_ITEMS * N_ASPECTS], dense[K], sparse[K];
    double value[N_ITEMS * N_ASPECTS];
    for (int method = RB_RERANK_MMR; method <= RB_RERANK_XQUAD; method++) {
        const rb_rerank_config c = { .method = method, .lambda = .3, .candidates = N };
        world w;
        make_world(&w, 8, false);
        run(&w, &c, false, N_HISTORY, dense);
        for (int i = 0; i < N_ITEMS; i++) {
            begin[i + 1] = begin[i];
            for (int a = 0; a < N_ASPECTS; a++)
                if (w.row[i][a] != 0) {
                    column[begin[i + 1]] = a;
                    value[begin[i + 1]++] = w.row[i][a];
                }
        }
        const rb_csr rows = { N_ITEMS, N_ASPECTS, begin, column, value };
        w.points.dense = NULL;
        w.points.sparse = &rows;
        run(&w, &c, false, N_HISTORY, sparse);
        assert_memory_equal(sparse, dense, sizeof dense);
    }
}

static void aspects_are_not_negative(void **unused)
{
    (void)unused;
    world w;
    rb_reranker r;
    rb_rerank_config c = { .method = RB_RERANK_XQUAD, .candidates = N };
    rb_error err = { 0 }, none = { 0 };
    make_world(&w, 1, false);
    w.row[7][2] = -1;
    assert_int_equal(rb_reranker_init(&r, &c, &w.points, NULL, N_ITEMS, &err), RB_BAD_INPUT);
    assert_non_null(strstr(err.message, "those of rows have negative values"));
    c.method = RB_RERANK_MMR;
    assert_ok(rb_reranker_init(&r, &c, &w.points, NULL, N_ITEMS, &none), &none);
    rb_reranker_fini(&r);
}

static void fewer_candidates_than_places_and_none_at_all_are_defined(void **unused)
{
    (void)unused;
    world w;
    rb_reranker r;
    rb_rerank_scratch s = { 0 };
    rb_error err = { 0 };
    const rb_rerank_config c = { .method = RB_RERANK_XQUAD, .lambda = .5, .candidates = N };
    make_world(&w, 2, false);
    assert_ok(rb_reranker_init(&r, &c, &w.points, NULL, N_ITEMS, &err), &err);
    assert_ok(rb_rerank_scratch_init(&s, &r, N, &err), &err);
    rb_rerank(&s, &r, w.candidate, 0, K, w.history, N_HISTORY);
    rb_rerank(&s, &r, w.candidate, 1, K, w.history, N_HISTORY);
    assert_int_equal(s.order[0], 0);
    rb_rerank_scratch_fini(&s);
    rb_reranker_fini(&r);
}

static void the_nth_failed_allocation_leaves_nothing(void **unused)
{
    (void)unused;
    world w;
    const rb_rerank_config c = { .candidates = N };
    make_world(&w, 2, false);
    bool succeeded = false;
    for (int n = 1; n < 20 && !succeeded; n++) {
        rb_reranker r;
        rb_rerank_scratch s = { 0 };
        rb_error err = { 0 };
        rb_alloc_fail_nth(n);
        rb_reranker_init(&r, &c, &w.points, NULL, N_ITEMS, &err);
        if (err.status == RB_OK)
            rb_rerank_scratch_init(&s, &r, N, &err);
        rb_alloc_fail_nth(0);
        succeeded = err.status == RB_OK;
        assert_true(succeeded || err.status == RB_NO_MEMORY);
        rb_rerank_scratch_fini(&s);
        rb_reranker_fini(&r);
    }
    assert_true(succeeded);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_place_is_the_naive_greedy_choice),
        cmocka_unit_test(a_shorter_list_is_the_beginning_of_a_longer_one),
        cmocka_unit_test(lambda_1_keeps_the_order_of_the_scores),
        cmocka_unit_test(sparse_rows_give_the_places_of_dense_ones),
        cmocka_unit_test(aspects_are_not_negative),
        cmocka_unit_test(fewer_candidates_than_places_and_none_at_all_are_defined),
        cmocka_unit_test(the_nth_failed_allocation_leaves_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
