/*
 * The contract of data/algorithm.h, for every table of both registries: a new model is held to it without an edit here.
 * Each law is one test of one algorithm, named after both. What is compared is agreed among the ranks before it is
 * asserted, so that a broken law fails on all of them and none waits.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "eval/metric.h"
#include "eval/session.h"
#include "harness/model.h"
#include "harness/stored_model.h"
#include "support/contract.h"
#include "support/support.h"
#include "support/visitor.h"

#define N_USERS RB_CONTRACT_USERS
#define N_ITEMS RB_CONTRACT_ITEMS
#define N_PAIRS RB_CONTRACT_PAIRS
#define N_POINTS RB_CONTRACT_POINTS
#define N_FAILURES 8
#define MAX_TESTS 1024

/* Fails on every rank where it is false on one. */
#define assert_everywhere(condition) assert_true(rb_true_everywhere(condition))

/* ---- the table ---- */

static void check_param(const rb_param *p, const rb_algorithm *a)
{
    char choice[64];
    assert_ptr_equal(rb_param_find(a->params, p->name), p); /* no name twice */
    assert_true(p->help && *p->help && p->help[strlen(p->help) - 1] != '.');
    assert_true(p->offset < a->config_size);
    if (p->kind == RB_PARAM_INT || p->kind == RB_PARAM_DOUBLE) {
        assert_true(isfinite(p->default_number) && p->default_number >= p->min && p->default_number <= p->max);
        assert_non_null(p->unit);
    }
    if (p->kind == RB_PARAM_INT)
        assert_true(p->default_number == floor(p->default_number));
    if (p->kind == RB_PARAM_CHOICE) {
        int index = (int)p->default_number;
        assert_true(*rb_choice_name(choice, p->choices, index) != 0);
        assert_int_equal(rb_choice_index(p->choices, choice), index);
    }
    if (p->flags & RB_PARAM_PREPARES)
        assert_non_null(a->prepare);
}

static void its_table_is_complete(void **of)
{
    const rb_algorithm *a = *of;
    assert_true(a->name && *a->name && a->reference && *a->reference);
    assert_true(a->summary && *a->summary && a->summary[strlen(a->summary) - 1] != '.');
    assert_true(a->params && a->cost && a->arrays && a->fini && a->state_size > 0 && a->needs != 0);
    for (const rb_param *p = a->params; p->name; p++)
        check_param(p, a);
}

static void its_slots_agree_with_what_it_can(void **of)
{
    const rb_algorithm *a = *of;
    assert_true((a->fit != NULL) != (a->begin != NULL));
    assert_true((a->begin != NULL) == (a->iterate != NULL));
    assert_true(a->begin || !a->end);
    assert_true(!a->reveal || (a->can & RB_CAN_COLD_USER));
    assert_true((a->prepare != NULL) == (a->unprepare != NULL));
    assert_true(((a->can & RB_CAN_RANK) != 0) == (a->score != NULL));
    assert_true(((a->can & RB_CAN_PREDICT) != 0) == (a->predict != NULL));
    assert_true(((a->can & RB_CAN_ASSIGN) != 0) == (a->labels != NULL));
    assert_true(((a->can & RB_CAN_EXPLAIN) != 0) == (a->explain || a->explain_given || a->share));
    assert_true(!a->share || a->attach);
    assert_true(!a->attach || (a->needs & RB_NEEDS_MODELS));
    assert_true(((a->can & RB_CAN_NEXT) != 0) == (a->next != NULL));
    assert_true(!a->next_scratch || a->next);
    assert_true(a->score || a->predict || a->labels || a->embed || a->next);
    assert_true((a->measures != NULL) == (a->measure != NULL));
    assert_true(!a->embed_new || a->embed);
    assert_true(!a->assign || (a->needs & RB_NEEDS_SPACE));
    assert_true(!a->assign_items || ((a->needs & RB_NEEDS_ITEMS) && a->labels && !a->assign));
    for (const char *const *m = a->measures; m && *m; m++)
        assert_true(rb_metric_find(*m) && rb_metric_find(*m)->of_fit);
}

/* Sizes of the arrays that a merge tree is read back from. */
typedef struct {
    int64_t n_labels, n_merges, n_numbers;
} merge_arrays;

static void note_array(rb_visitor *v, const char *name, rb_type type, void **data, int64_t *n_rows, int64_t *n_cols,
                       rb_shared *memory)
{
    merge_arrays *m = v->self;
    (void)data;
    (void)memory;
    if (strcmp(name, "labels") == 0 && type == RB_INT32)
        m->n_labels = *n_rows;
    if (strcmp(name, "tree") == 0 && type == RB_FLOAT64) {
        m->n_merges = *n_rows;
        m->n_numbers = *n_cols;
    }
}

static void its_merge_tree_has_a_row_for_each_merge_of_its_points(void **of)
{
    merge_arrays found = { 0 };
    rb_contract_model m = rb_contract_fitted_together(*of, 2);
    rb_visitor v = { .array = note_array, .scalar = rb_test_skip_scalar, .self = &found };
    m.algorithm->arrays(m.state, &v);
    assert_everywhere(found.n_labels > 1 && found.n_merges == found.n_labels - 1 && found.n_numbers == 4);
    rb_contract_model_fini(&m);
}

/* Others plan with what is promised before the fit. */
static void its_space_has_the_size_it_promised(void **of)
{
    const rb_algorithm *a = *of;
    if (!a->embed)
        return;
    rb_contract_model m = rb_contract_fitted_together(a, 2);
    rb_shape shape = rb_contract_shape(a, &rb_test_ctx);
    int64_t n, d, promised_n = shape.n_points, promised_d = shape.n_dims;
    const double *made = a->embed(m.state, &n, &d);
    if (a->embed_shape)
        a->embed_shape(m.config, &shape, &promised_n, &promised_d);
    assert_everywhere(made && n == promised_n && d == promised_d);
    rb_contract_model_fini(&m);
}

/* A model that computes each score from a seed holds nothing and does nothing beforehand: 0 is a cost. */
static void its_cost_is_known_beforehand_and_covers_its_model(void **of)
{
    rb_contract_model m = rb_contract_fitted_together(*of, 2);
    rb_shape shape = rb_contract_shape(*of, &rb_test_ctx);
    rb_alloc_fail_nth(0);
    rb_cost cost = m.algorithm->cost(m.config, &shape);
    assert_everywhere(rb_alloc_fail_nth(0) == 0);
    assert_everywhere(isfinite(cost.bytes_per_rank) && cost.bytes_per_rank >= 0);
    assert_everywhere(isfinite(cost.bytes_per_node) && cost.bytes_per_node >= 0);
    assert_everywhere(isfinite(cost.flops) && cost.flops >= 0);
    double held = (double)rb_model_bytes(m.algorithm, m.state) - (double)m.algorithm->state_size;
    assert_everywhere(cost.bytes_per_rank + cost.bytes_per_node >= held);
    rb_contract_model_fini(&m);
}

static void its_defaults_pass_its_check(void **of)
{
    rb_error err = { 0 };
    rb_contract_model m = rb_contract_model_of(*of);
    rb_shape shape = rb_contract_shape(*of, &rb_test_ctx);
    if (m.algorithm->check)
        assert_ok(m.algorithm->check(m.config, &shape, &err), &err);
    rb_contract_model_fini(&m);
}

/* model_fini gives fini a state that was never fitted; a second call finds what the first left. */
static void a_zeroed_state_can_be_released(void **of)
{
    rb_contract_model m = rb_contract_model_of(*of);
    m.algorithm->fini(m.state);
    rb_contract_model_fini(&m);
}

/* ---- fits ---- */

static void assign_points(int32_t label[N_POINTS], const rb_contract_model *m, rb_ctx *ctx)
{
    rb_error err = { 0 };
    int64_t n = 0;
    const int32_t *own = m->algorithm->labels(m->state, &n);
    bool good = n == (m->algorithm->needs & RB_NEEDS_SPACE ? N_POINTS : N_ITEMS);
    for (int64_t p = 0; good && p < n; p++)
        good = own[p] >= -1 && own[p] < N_POINTS;
    assert_everywhere(good);
    memset(label, 0, N_POINTS * sizeof *label);
    memcpy(label, own, (size_t)n * sizeof *label);
    if (m->algorithm->assign)
        m->algorithm->assign(label, m->state, rb_contract_view_of(m->algorithm).space, m->config, ctx, &err);
    if (m->algorithm->assign_items)
        m->algorithm->assign_items(label, m->state, rb_contract_view.items, m->config, ctx, &err);
    assert_everywhere(err.status == RB_OK);
}

static bool same_bytes(const void *a, const void *b, size_t n_bytes)
{
    return memcmp(a, b, n_bytes) == 0;
}

static void its_fit_has_the_same_bits_for_any_ranks_and_threads(void **of)
{
    const rb_algorithm *a = *of;
    double value_alone[RB_CONTRACT_MEASURES], value[RB_CONTRACT_MEASURES];
    int32_t label_alone[N_POINTS], label[N_POINTS];
    rb_ctx serial;
    rb_ctx_serial(&serial, 1);
    rb_contract_model alone = rb_contract_fitted_alone(a);
    rb_digest expected = rb_contract_digest(&alone);
    if (a->labels)
        assign_points(label_alone, &alone, &serial);
    assert_everywhere(rb_contract_measure(value_alone, &alone));
    for (int n_threads = 1; n_threads <= 2; n_threads++) {
        rb_contract_model together = rb_contract_fitted_together(a, n_threads);
        assert_everywhere(rb_contract_same_digest(&together, &expected));
        assert_everywhere(rb_contract_measure(value, &together));
        assert_everywhere(same_bytes(value, value_alone, sizeof value));
        if (a->labels) {
            assign_points(label, &together, &rb_test_ctx);
            assert_everywhere(memcmp(label, label_alone, sizeof label) == 0);
        }
        rb_contract_model_fini(&together);
    }
    rb_contract_model_fini(&alone);
}

/* The n-th allocation of the last rank fails: all ranks know, or none was hurt. */
static void its_fit_survives_a_failed_allocation_of_one_rank(void **of)
{
    bool is_last = rb_test_ctx.rank == rb_test_ctx.n_ranks - 1;
    rb_alloc_fail_nth(0);
    rb_contract_model whole = rb_contract_fitted_together(*of, 1);
    rb_digest expected = rb_contract_digest(&whole);
    int64_t count = is_last ? rb_alloc_fail_nth(0) : 0, n_failed = 0;
    rb_max_int64(&rb_test_ctx, &count, 1);
    rb_contract_model_fini(&whole);
    for (int64_t f = 0; f < N_FAILURES && f < count; f++) {
        rb_error err = { 0 };
        rb_contract_model m = rb_contract_model_of(*of);
        int64_t nth = count <= N_FAILURES ? f + 1 : 1 + f * (count - 1) / (N_FAILURES - 1);
        rb_alloc_fail_nth(is_last ? nth : 0);
        rb_contract_fit(&m, &rb_test_ctx, &err);
        rb_alloc_fail_nth(0);
        assert_everywhere(err.status == RB_NO_MEMORY ||
                          (err.status == RB_OK && rb_contract_same_digest(&m, &expected)));
        int64_t least = err.status, most = err.status;
        rb_min_int64(&rb_test_ctx, &least, 1);
        rb_max_int64(&rb_test_ctx, &most, 1);
        assert_int_equal(least, most);
        n_failed += err.status != RB_OK;
        rb_contract_model_fini(&m);
    }
    assert_true(count <= 2 || n_failed > 0); /* config and state are two; else nothing was tested */
}

/* ---- what a fitted model says ---- */

/* Tiles of a batch of users over `width` items each, into a table of all; columns beyond a tile stay untouched. */
static void score_in_tiles(char *out, const rb_contract_model *m, int32_t batch, int32_t width)
{
    const size_t size = rb_contract_score_size(m);
    const int64_t ld = width + 3;
    double memory[N_USERS * (N_ITEMS + 3)];
    for (int32_t from = 0; from < N_USERS; from += batch) {
        int32_t users[N_USERS], n = from + batch < N_USERS ? batch : N_USERS - from;
        for (int32_t k = 0; k < n; k++)
            users[k] = (from + k) * 7 % N_USERS; /* in no order */
        for (int32_t begin = 0; begin < N_ITEMS; begin += width) {
            int32_t end = begin + width < N_ITEMS ? begin + width : N_ITEMS;
            memset(memory, 0x5a, sizeof memory);
            m->algorithm->score(&(rb_tile){ memory, ld }, m->state, users, n, begin, end);
            for (int32_t k = 0; k < n; k++) {
                const char *row = (const char *)memory + (size_t)(k * ld) * size;
                memcpy(out + (size_t)(users[k] * N_ITEMS + begin) * size, row, (size_t)(end - begin) * size);
                for (const char *at = row + (size_t)(end - begin) * size; at < row + (size_t)ld * size; at++)
                    assert_int_equal(*at, 0x5a);
            }
        }
    }
}

static void its_scores_are_finite_and_the_same_in_any_tiles(void **of)
{
    static const int32_t widths[] = { 1, 4, 9, 16, N_ITEMS }, batches[] = { 1, 3, 8, N_USERS };
    double whole[N_PAIRS], tiled[N_PAIRS];
    rb_contract_model m = rb_contract_fitted_alone(*of);
    const size_t size = rb_contract_score_size(&m);
    rb_alloc_fail_nth(0);
    rb_contract_score(whole, &m);
    assert_int_equal(rb_alloc_fail_nth(0), 0);
    for (int p = 0; p < N_PAIRS; p++)
        assert_true(isfinite(size == sizeof(float) ? (double)((float *)whole)[p] : whole[p]));
    for (size_t w = 0; w < sizeof widths / sizeof *widths; w++)
        for (size_t b = 0; b < sizeof batches / sizeof *batches; b++) {
            memset(tiled, 0, sizeof tiled);
            score_in_tiles((char *)tiled, &m, batches[b], widths[w]);
            assert_memory_equal(tiled, whole, N_PAIRS * size);
        }
    rb_contract_model_fini(&m);
}

static void its_predictions_are_finite_and_the_same_in_any_batch(void **of)
{
    double all[N_PAIRS], one = NAN;
    rb_contract_model m = rb_contract_fitted_alone(*of);
    rb_contract_predict(all, &m);
    for (int32_t p = 0; p < N_PAIRS; p++) {
        assert_true(isfinite(all[p]));
        m.algorithm->predict(&one, m.state, &(rb_pairs){ 1, &(int32_t){ p / N_ITEMS }, &(int32_t){ p % N_ITEMS } });
        assert_true(one == all[p]);
    }
    rb_contract_model_fini(&m);
}

/* Listed items are each listed once, what is not listed has no score, and a session asked again gets the same. */
static void its_next_items_are_finite_and_leave_nothing_behind(void **of)
{
    rb_error err = { 0 };
    rb_contract_model m = rb_contract_fitted_alone(*of);
    const rb_session_model model = { m.algorithm, m.state, m.config };
    const rb_sessions *s = rb_contract_view.sessions;
    double first[N_ITEMS], score[N_ITEMS];
    float *ones = NULL;
    rb_next next = { 0 };
    assert_ok(rb_next_alloc(&next, &ones, &model, N_ITEMS, 1, &err), &err);
    for (int64_t k = 0; k < 60; k++) {
        int64_t session = k % 20, n = s->begin[session + 1] - s->begin[session];
        bool listed[N_ITEMS] = { false };
        rb_alloc_fail_nth(0);
        m.algorithm->next(&next, m.state, s->item + s->begin[session], 1 + k % n, m.config);
        assert_int_equal(rb_alloc_fail_nth(0), 0);
        for (int64_t e = 0; e < next.n; e++) {
            assert_false(listed[next.item[e]]);
            listed[next.item[e]] = true;
        }
        for (int i = 0; i < N_ITEMS; i++)
            assert_true(listed[i] ? isfinite(next.score[i]) && next.score[i] != 0 : next.score[i] == 0);
        if (k == 0)
            memcpy(first, next.score, sizeof first);
        rb_next_clear(&next);
    }
    m.algorithm->next(&next, m.state, s->item + s->begin[0], 1, m.config);
    memcpy(score, next.score, sizeof score);
    assert_memory_equal(score, first, sizeof first);
    rb_next_free(&next, ones);
    rb_contract_model_fini(&m);
}

static void a_loaded_model_is_the_saved_one(void **of)
{
    char path[64];
    double saved[N_PAIRS] = { 0 }, loaded[N_PAIRS] = { 0 };
    rb_error err = { 0 };
    rb_hdf file = { 0 };
    rb_contract_model m = rb_contract_fitted_together(*of, 2), copy = rb_contract_model_of(*of);
    rb_digest expected = rb_contract_digest(&m);
    snprintf(path, sizeof path, "/tmp/rb_contract_%ld.h5", (long)getpid()); /* every rank its own */
    assert_ok(rb_hdf_create(&file, path, &err), &err);
    assert_ok(rb_model_save(file.id, m.algorithm, m.state, &expected, &err), &err);
    assert_ok(rb_hdf_commit(&file, &err), &err);
    assert_ok(rb_hdf_open(&file, path, &err), &err);
    assert_ok(rb_model_load(file.id, copy.algorithm, copy.state, &err), &err);
    assert_ok(rb_stored_model_attach(copy.state, copy.algorithm, copy.config, rb_contract_view.models,
                                     RB_CONTRACT_MODELS, &err),
              &err);
    rb_hdf_close(&file);
    unlink(path);
    assert_everywhere(rb_contract_same_digest(&copy, &expected));
    if (m.algorithm->score) {
        rb_contract_score(saved, &m);
        rb_contract_score(loaded, &copy);
        assert_everywhere(same_bytes(saved, loaded, sizeof saved));
    }
    if (m.algorithm->predict) {
        rb_contract_predict(saved, &m);
        rb_contract_predict(loaded, &copy);
        assert_everywhere(same_bytes(saved, loaded, sizeof saved));
    }
    rb_contract_model_fini(&copy);
    rb_contract_model_fini(&m);
}

/* ---- ensembles ---- */

static void what_its_models_add_is_its_score(void **of)
{
    const rb_algorithm *a = *of;
    rb_contract_model m = rb_contract_fitted_together(a, 2);
    for (int32_t u = 0; u < N_USERS; u += 7)
        for (int32_t i = 0; i < N_ITEMS; i++) {
            double shares[RB_CONTRACT_MODELS], score = NAN, sum = 0;
            if (a->score)
                a->score(&(rb_tile){ &score, 1 }, m.state, &u, 1, i, i + 1);
            else
                a->predict(&score, m.state, &(rb_pairs){ 1, &u, &i });
            a->share(shares, m.state, u, i);
            for (int k = 0; k < RB_CONTRACT_MODELS; k++)
                sum += shares[k];
            assert_true(fabs(sum - score) <= 1e-9 * (1 + fabs(score)));
        }
    rb_contract_model_fini(&m);
}

/* ---- users who are revealed ---- */

/* Scores of all pairs in double, or predictions of what scores nothing. */
static void all_values(double out[N_PAIRS], const rb_contract_model *m)
{
    if (!m->algorithm->score) {
        rb_contract_predict(out, m);
        return;
    }
    rb_contract_score(out, m);
    if (rb_contract_score_size(m) == sizeof(float))
        for (int p = N_PAIRS - 1; p >= 0; p--)
            out[p] = (double)((const float *)out)[p];
}

static void a_revealed_user_is_as_folded_in_and_all_others_as_before(void **of)
{
    const rb_algorithm *a = *of;
    enum { FIRST = RB_CONTRACT_REVEALED * N_ITEMS };
    double with[N_PAIRS], without[N_PAIRS], folded[N_ITEMS];
    rb_error err = { 0 };
    rb_contract_model m = rb_contract_fitted_together(a, 2), plain = rb_contract_model_of(a);
    plain.unrevealed = true;
    assert_everywhere(rb_contract_fit(&plain, &rb_test_ctx, &err) == RB_OK);
    all_values(with, &m);
    all_values(without, &plain);
    bool others = true, same = true;
    for (int p = 0; p < N_PAIRS; p++)
        if (p / N_ITEMS != RB_CONTRACT_REVEALED)
            others = others && with[p] == without[p];
        else
            same = same && with[p] == without[p];
    assert_everywhere(others);
    const rb_ratings *r =
        a->needs & RB_NEEDS_POSITIVES ? rb_contract_view.revealed_positives : rb_contract_view.revealed;
    int64_t from = r->user_begin[RB_CONTRACT_REVEALED], n = r->user_begin[RB_CONTRACT_REVEALED + 1] - from;
    if (a->fold_in) {
        a->fold_in(folded, m.state, r->user_item + from, r->user_rating + from, n, m.config, &err);
        bool equal = err.status == RB_OK;
        for (int i = 0; i < N_ITEMS; i++)
            equal = equal && fabs(folded[i] - with[FIRST + i]) < 1e-4 * (1 + fabs(folded[i]));
        assert_everywhere(equal);
    }
    bool changes = !a->fold_in; /* where folding in gives what the unseen have, so does revealing */
    for (int i = 0; i < N_ITEMS && a->fold_in; i++)
        changes = changes || fabs(folded[i] - without[FIRST + i]) > 1e-4 * (1 + fabs(folded[i]));
    assert_everywhere(!changes || !same);
    rb_contract_model_fini(&plain);
    rb_contract_model_fini(&m);
}

/* ---- all of it ---- */

typedef struct {
    const char *name;
    void (*test)(void **of);
    unsigned can; /* what an algorithm must be able to do for it; 0: nothing */
    bool reveals; /* it must have `reveal` */
    bool shares;  /* and `share` */
} law;

#define LAW(test_, can_, ...)                                       \
    {                                                               \
        .name = #test_, .test = (test_), .can = (can_), __VA_ARGS__ \
    }

static const law laws[] = {
    LAW(its_table_is_complete, 0),
    LAW(its_slots_agree_with_what_it_can, 0),
    LAW(its_cost_is_known_beforehand_and_covers_its_model, 0),
    LAW(its_defaults_pass_its_check, 0),
    LAW(its_merge_tree_has_a_row_for_each_merge_of_its_points, RB_CAN_MERGE),
    LAW(its_space_has_the_size_it_promised, 0),
    LAW(a_zeroed_state_can_be_released, 0),
    LAW(its_fit_has_the_same_bits_for_any_ranks_and_threads, 0),
    LAW(its_fit_survives_a_failed_allocation_of_one_rank, 0),
    LAW(its_scores_are_finite_and_the_same_in_any_tiles, RB_CAN_RANK),
    LAW(its_predictions_are_finite_and_the_same_in_any_batch, RB_CAN_PREDICT),
    LAW(its_next_items_are_finite_and_leave_nothing_behind, RB_CAN_NEXT),
    LAW(a_loaded_model_is_the_saved_one, 0),
    LAW(what_its_models_add_is_its_score, 0, .shares = true),
    LAW(a_revealed_user_is_as_folded_in_and_all_others_as_before, 0, .reveals = true),
};

/* Experiments name algorithms of both families alike. */
static void no_two_algorithms_share_a_name(void **unused)
{
    (void)unused;
    for (int r = 0; r < 2; r++)
        for (const rb_algorithm *const *a = rb_contract_registries[r]; *a; a++) {
            int n = 0;
            for (int s = 0; s < 2; s++)
                for (const rb_algorithm *const *b = rb_contract_registries[s]; *b; b++)
                    n += strcmp((*a)->name, (*b)->name) == 0;
            assert_int_equal(n, 1);
        }
}

int main(int argc, char **argv)
{
    static char names[MAX_TESTS][128];
    struct CMUnitTest tests[MAX_TESTS] = { cmocka_unit_test(no_two_algorithms_share_a_name) };
    size_t n = 1;
    rb_test_mpi_begin(&argc, &argv);
    rb_test_ctx.seed = 4711;
    for (int r = 0; r < 2; r++)
        for (const rb_algorithm *const *a = rb_contract_registries[r]; *a; a++)
            for (size_t l = 0; l < sizeof laws / sizeof *laws && n < MAX_TESTS; l++) {
                if (((*a)->can & laws[l].can) != laws[l].can || (laws[l].reveals && !(*a)->reveal) ||
                    (laws[l].shares && !(*a)->share))
                    continue;
                snprintf(names[n], sizeof names[n], "%s: %s", (*a)->name, laws[l].name);
                tests[n] =
                    (struct CMUnitTest){ .name = names[n], .test_func = laws[l].test, .initial_state = (void *)*a };
                n++;
            }
    return rb_test_mpi_end(_cmocka_run_group_tests("contract", tests, n, rb_contract_begin, rb_contract_end));
}
