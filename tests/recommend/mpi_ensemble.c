/* Models that combine other models, against the same combination of whole rows by sorting and summing. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "recommend/recommend.h"
#include "support/config.h"
#include "support/contract.h"
#include "support/support.h"

extern const rb_recommender rb_hybrid, rb_switching, rb_stacking;

enum { N_USERS = RB_CONTRACT_USERS, N_ITEMS = RB_CONTRACT_ITEMS, N_MODELS = RB_CONTRACT_MODELS };

static double given[N_MODELS] = { 0.4, 0.3, 0.3 };

static void set_choice(rb_contract_model *m, const char *name, const char *value)
{
    const rb_param *p = rb_param_find(m->algorithm->params, name);
    assert_non_null(p);
    assert_true(rb_choice_index(p->choices, value) >= 0);
    rb_oracle_set_number(m->config, m->algorithm, name, rb_choice_index(p->choices, value));
}

static void set_array(rb_contract_model *m, const char *name, double *value, int64_t n)
{
    const rb_param *p = rb_param_find(m->algorithm->params, name);
    assert_non_null(p);
    rb_param_store(m->config, p, &(rb_value){ .kind = p->kind, .array = { value, 1, n, "inline" } });
}

static void fit(rb_contract_model *m)
{
    rb_error err = { 0 };
    rb_contract_fit(m, &rb_test_ctx, &err);
    if (!rb_true_everywhere(err.status == RB_OK))
        fail_msg("fit: %s", err.message);
}

/* ---- the oracle ---- */

static void row_of(double row[N_ITEMS], int k, int32_t user)
{
    const rb_model_view *of = &rb_contract_view.models[k];
    bool single = of->algorithm->precision && of->algorithm->precision(of->config) == RB_SINGLE;
    of->algorithm->score(&(rb_tile){ row, N_ITEMS }, of->state, &user, 1, 0, N_ITEMS);
    for (int i = N_ITEMS - 1; single && i >= 0; i--)
        row[i] = (double)((float *)row)[i];
}

/* In training, or revealed: no list recommends it. */
static bool is_met(int32_t user, int32_t item)
{
    return rb_ratings_has(rb_contract_view.ratings, user, item) ||
           rb_ratings_has(rb_contract_view.revealed, user, item);
}

/* What the user has not met, in the order of the items. */
static int unmet(double out[N_ITEMS], const double row[N_ITEMS], int32_t user)
{
    int n = 0;
    for (int32_t i = 0; i < N_ITEMS; i++)
        if (!is_met(user, i))
            out[n++] = row[i];
    return n;
}

static double normalized(const char *how, int depth, const double row[N_ITEMS], int item, int32_t user)
{
    double x[N_ITEMS], least = INFINITY, most = -INFINITY, mean = 0, square = 0, above = 0, same = 0;
    const int n = unmet(x, row, user);
    for (int i = 0; i < n; i++) {
        least = fmin(least, x[i]);
        most = fmax(most, x[i]);
        mean += x[i] / n;
        above += x[i] > row[item];
        same += x[i] == row[item];
    }
    for (int i = 0; i < n; i++)
        square += (x[i] - mean) * (x[i] - mean) / n;
    if (strcmp(how, "none") == 0)
        return row[item];
    if (n == 0 || least == most)
        return 0;
    if (strcmp(how, "min_max") == 0)
        return (row[item] - least) / (most - least);
    if (strcmp(how, "z_score") == 0)
        return (row[item] - mean) / sqrt(square);
    same = fmin(same, depth - above); /* of those among the best */
    return above >= depth ? 0 : 1 - (above + fmax(0, same - 1) / 2) / depth;
}

static void check_hybrid(const char *how, int depth)
{
    double score[RB_CONTRACT_PAIRS], rating[RB_CONTRACT_PAIRS];
    rb_contract_model m = rb_contract_model_of(&rb_hybrid);
    set_choice(&m, "normalization", how);
    rb_oracle_set_number(m.config, m.algorithm, "depth", depth);
    set_array(&m, "weights", given, N_MODELS);
    fit(&m);
    rb_contract_score(score, &m);
    rb_contract_predict(rating, &m);
    for (int32_t u = 0; u < N_USERS; u++) {
        double row[N_MODELS][N_ITEMS];
        for (int k = 0; k < N_MODELS; k++)
            row_of(row[k], k, u);
        for (int32_t i = 0; i < N_ITEMS; i++) {
            double expected = 0, predicted = 0, one;
            for (int k = 0; k < N_MODELS; k++) {
                const rb_model_view *of = &rb_contract_view.models[k];
                of->algorithm->predict(&one, of->state, &(rb_pairs){ 1, &u, &i });
                expected += given[k] * normalized(how, depth, row[k], i, u);
                predicted += given[k] * one;
            }
            if (!(fabs(score[u * N_ITEMS + i] - expected) <= 1e-9 * (1 + fabs(expected))))
                fail_msg("%s: user %d, item %d: %.12g, expected %.12g", how, u, i, score[u * N_ITEMS + i], expected);
            assert_true(fabs(rating[u * N_ITEMS + i] - predicted) <= 1e-9 * fabs(predicted));
        }
    }
    rb_contract_model_fini(&m);
}

static void a_hybrid_is_the_weighted_sum_of_normalized_rows(void **unused)
{
    (void)unused;
    check_hybrid("none", 1);
    check_hybrid("min_max", 1);
    check_hybrid("z_score", 1);
    check_hybrid("rank", 7);
    check_hybrid("rank", N_ITEMS);
}

/* ---- switching ---- */

static int64_t known_of_user(int32_t u)
{
    const rb_ratings *train = rb_contract_view.ratings, *revealed = rb_contract_view.revealed;
    return train->user_begin[u + 1] - train->user_begin[u] + revealed->user_begin[u + 1] - revealed->user_begin[u];
}

static int model_of(int32_t u, int32_t i, const double *of_user, const double *of_item)
{
    const rb_ratings *train = rb_contract_view.ratings;
    int k = 0;
    while (k < N_MODELS - 1 &&
           !((double)known_of_user(u) >= (of_user   ? of_user[k]
                                          : of_item ? 0
                                                    : 1) &&
             (double)(train->item_begin[i + 1] - train->item_begin[i]) >= (of_item ? of_item[k] : 0)))
        k++;
    return k;
}

static void check_switching(double *of_user, double *of_item, const char *how, bool all_chosen)
{
    double score[RB_CONTRACT_PAIRS], rating[RB_CONTRACT_PAIRS], row[N_MODELS][N_ITEMS], one;
    int64_t n_chosen[N_MODELS] = { 0 };
    rb_contract_model m = rb_contract_model_of(&rb_switching);
    set_choice(&m, "normalization", how);
    if (of_user)
        set_array(&m, "user_thresholds", of_user, N_MODELS - 1);
    if (of_item)
        set_array(&m, "item_thresholds", of_item, N_MODELS - 1);
    fit(&m);
    rb_contract_score(score, &m);
    rb_contract_predict(rating, &m);
    for (int32_t u = 0; u < N_USERS; u++) {
        for (int k = 0; k < N_MODELS; k++)
            row_of(row[k], k, u);
        for (int32_t i = 0; i < N_ITEMS; i++) {
            const int k = model_of(u, i, of_user, of_item);
            const rb_model_view *of = &rb_contract_view.models[k];
            double expected = of_item ? normalized(how, 1, row[k], i, u) : row[k][i];
            n_chosen[k]++;
            assert_true(fabs(score[u * N_ITEMS + i] - expected) <= 1e-9 * (1 + fabs(expected)));
            of->algorithm->predict(&one, of->state, &(rb_pairs){ 1, &u, &i });
            assert_true(rating[u * N_ITEMS + i] == one);
        }
    }
    for (int k = 0; k < N_MODELS && all_chosen; k++)
        assert_true(n_chosen[k] > 0);
    rb_contract_model_fini(&m);
}

static void what_is_cold_switches_to_a_later_model(void **unused)
{
    (void)unused;
    check_switching(NULL, NULL, "z_score", false);
    check_switching((double[]){ 70, 40 }, NULL, "z_score", true);
    check_switching(NULL, (double[]){ 150, 40 }, "z_score", true);
    check_switching((double[]){ 70, 0 }, (double[]){ 0, 100 }, "min_max", true);
    check_switching((double[]){ 70, 60 }, (double[]){ 100, 0 }, "none", true);
}

/* ---- what is learned on validation ---- */

/* Rows of a linear model: one first, then the models' values. */
typedef struct {
    double x[N_USERS * N_ITEMS][N_MODELS + 1], y[N_USERS * N_ITEMS], weight[N_USERS * N_ITEMS];
    int n;
} observations;

static observations seen;

static void observe(const double x[N_MODELS], double y, double weight)
{
    seen.x[seen.n][0] = 1;
    for (int k = 0; k < N_MODELS; k++)
        seen.x[seen.n][k + 1] = x[k];
    seen.y[seen.n] = y;
    seen.weight[seen.n++] = weight;
}

static void observe_ratings(const rb_ratings *of)
{
    seen.n = 0;
    for (int32_t u = 0; u < N_USERS; u++)
        for (int64_t e = of->user_begin[u]; e < of->user_begin[u + 1]; e++) {
            double x[N_MODELS];
            for (int k = 0; k < N_MODELS; k++) {
                const rb_model_view *m = &rb_contract_view.models[k];
                m->algorithm->predict(&x[k], m->state, &(rb_pairs){ 1, &u, &of->user_item[e] });
            }
            observe(x, (double)of->user_rating[e], 1);
        }
}

static void observe_rankings(const rb_ratings *positives, const char *how)
{
    seen.n = 0;
    for (int32_t u = 0; u < N_USERS; u++) {
        double row[N_MODELS][N_ITEMS], n[2] = { 0 };
        for (int k = 0; k < N_MODELS; k++)
            row_of(row[k], k, u);
        for (int pass = 0; pass < 2; pass++)
            for (int32_t i = 0; i < N_ITEMS; i++) {
                double x[N_MODELS];
                const bool y = rb_ratings_has(positives, u, i);
                if (is_met(u, i))
                    continue;
                for (int k = 0; pass == 1 && k < N_MODELS; k++)
                    x[k] = normalized(how, 1, row[k], i, u);
                if (pass == 0)
                    n[y]++;
                else if (n[0] > 0 && n[1] > 0)
                    observe(x, y, 0.5 / n[y]);
            }
    }
}

/* Mean squared error and penalty; the fitted weights are its minimum where no step along an axis lowers it. */
static double loss(const double *w, double regularization)
{
    double sum = 0, mass = 0, penalty = 0;
    for (int o = 0; o < seen.n; o++) {
        double error = seen.y[o];
        for (int k = 0; k <= N_MODELS; k++)
            error -= w[k] * seen.x[o][k];
        sum += seen.weight[o] * error * error;
        mass += seen.weight[o];
    }
    for (int k = 1; k <= N_MODELS; k++)
        penalty += w[k] * w[k];
    return sum / mass + regularization * penalty;
}

static void assert_least(const double weight[N_MODELS + 1], double regularization)
{
    const double least = loss(weight, regularization);
    for (int k = 0; k <= N_MODELS; k++)
        for (int sign = -1; sign <= 1; sign += 2) {
            double w[N_MODELS + 1];
            memcpy(w, weight, sizeof w);
            w[k] += sign * 1e-3;
            assert_true(loss(w, regularization) > least);
        }
}

/* The constant of a ranking is that of the least loss. */
static double best_constant(const double *w)
{
    double sum = 0, mass = 0;
    for (int o = 0; o < seen.n; o++) {
        double error = seen.y[o];
        for (int k = 1; k <= N_MODELS; k++)
            error -= w[k] * seen.x[o][k];
        sum += seen.weight[o] * error;
        mass += seen.weight[o];
    }
    return sum / mass;
}

/* Weights show in what a share is of the models' own values. */
static void stacking_is_the_least_squares_of_what_validation_holds(void **unused)
{
    (void)unused;
    const double regularization = 0.01;
    double w[N_MODELS + 1] = { 0 }, row[N_MODELS][N_ITEMS], shares[N_MODELS];
    rb_contract_model m = rb_contract_model_of(&rb_stacking);
    rb_oracle_set_number(m.config, m.algorithm, "regularization", regularization);
    fit(&m);
    observe_rankings(rb_contract_view.validation_positives, "z_score");
    assert_true(seen.n > 0);
    rb_stacking.share(shares, m.state, 0, 1);
    for (int k = 0; k < N_MODELS; k++) {
        row_of(row[k], k, 0);
        w[k + 1] = shares[k] / normalized("z_score", 1, row[k], 1, 0);
    }
    w[0] = best_constant(w);
    assert_least(w, regularization);
    double rating[RB_CONTRACT_PAIRS];
    rb_contract_predict(rating, &m);
    observe_ratings(rb_contract_view.validation);
    double fitted = 0, mass = 0, plain[N_MODELS + 1] = { 0 };
    const rb_ratings *v = rb_contract_view.validation;
    for (int32_t u = 0; u < N_USERS; u++)
        for (int64_t e = v->user_begin[u]; e < v->user_begin[u + 1]; e++, mass++)
            fitted += pow((double)v->user_rating[e] - rating[u * N_ITEMS + v->user_item[e]], 2);
    for (int k = 1; k <= N_MODELS; k++) { /* better than any model alone, up to the penalty */
        memset(plain, 0, sizeof plain);
        plain[k] = 1;
        assert_true(fitted / mass <= loss(plain, 0) + regularization);
    }
    rb_contract_model_fini(&m);
}

static void fitted_weights_are_shares_that_no_others_beat(void **unused)
{
    (void)unused;
    double row[N_MODELS][N_ITEMS], shares[N_MODELS], w[N_MODELS + 1] = { 0 }, sum = 0, scale = 0, top = 0;
    rb_contract_model m = rb_contract_model_of(&rb_hybrid);
    rb_oracle_set_number(m.config, m.algorithm, "fitted", 1);
    fit(&m);
    observe_rankings(rb_contract_view.validation_positives, "min_max");
    rb_hybrid.share(shares, m.state, 0, 1);
    for (int k = 0; k < N_MODELS; k++) {
        row_of(row[k], k, 0);
        w[k + 1] = shares[k] / normalized("min_max", 1, row[k], 1, 0);
        assert_true(w[k + 1] >= 0);
        sum += w[k + 1];
    }
    assert_true(fabs(sum - 1) < 1e-9);
    for (int pass = 0; pass < 2; pass++) { /* the best multiple of these shares */
        double mean = 0, mass = 0, mean_y = 0;
        for (int o = 0; o < seen.n; o++) {
            double x = 0;
            for (int k = 1; k <= N_MODELS; k++)
                x += w[k] * seen.x[o][k];
            mean += seen.weight[o] * x;
            mean_y += seen.weight[o] * seen.y[o];
            mass += seen.weight[o];
        }
        for (int o = 0; o < seen.n && pass == 1; o++) {
            double x = -mean / mass;
            for (int k = 1; k <= N_MODELS; k++)
                x += w[k] * seen.x[o][k];
            top += seen.weight[o] * x * (seen.y[o] - mean_y / mass);
            scale += seen.weight[o] * x * x;
        }
    }
    for (int k = 1; k <= N_MODELS; k++)
        w[k] *= top / scale;
    w[0] = best_constant(w);
    const double least = loss(w, 0);
    for (int k = 1; k <= N_MODELS; k++)
        for (int sign = -1; sign <= 1; sign += 2) {
            double other[N_MODELS + 1];
            memcpy(other, w, sizeof other);
            other[k] += sign * 1e-3;
            other[0] = best_constant(other);
            assert_true(other[k] < 0 || loss(other, 0) >= least - 1e-12);
        }
    rb_contract_model_fini(&m);
}

/* ---- bad configurations ---- */

static void expect_refusal(rb_contract_model *m, const char *message)
{
    rb_error err = { 0 };
    assert_int_equal(m->algorithm->check(m->config, NULL, &err), RB_BAD_INPUT);
    assert_string_equal(err.message, message);
}

static void refer(rb_contract_model *m, const char *name, int index)
{
    const rb_param *p = rb_param_find(m->algorithm->params, name);
    rb_param_store(m->config, p, &(rb_value){ .kind = p->kind, .integer = index, .text = index < 0 ? NULL : "" });
}

static void weights_that_mean_nothing_are_refused(void **unused)
{
    (void)unused;
    double zeros[N_MODELS] = { 0 }, unfit[N_MODELS] = { 1, NAN, 1 }, below[N_MODELS] = { 1, -1, 1 };
    rb_contract_model m = rb_contract_model_of(&rb_hybrid);
    set_array(&m, "weights", given, 2);
    expect_refusal(&m, "'hybrid.weights' holds 2 numbers, expected 3: one for each model");
    set_array(&m, "weights", zeros, N_MODELS);
    expect_refusal(&m, "all of 'hybrid.weights' are 0, expected one above it");
    set_array(&m, "weights", unfit, N_MODELS);
    expect_refusal(&m, "'hybrid.weights' holds nan, expected numbers from 0");
    set_array(&m, "weights", below, N_MODELS);
    expect_refusal(&m, "'hybrid.weights' holds -1, expected numbers from 0");
    refer(&m, "second", -1);
    expect_refusal(&m, "hybrid names a later model and leaves out an earlier one");
    refer(&m, "third", -1);
    expect_refusal(&m, "hybrid combines other entries: name two or more by their `as` names, first: NAME, second: "
                       "NAME");
    rb_contract_model_fini(&m);
    m = rb_contract_model_of(&rb_switching);
    set_array(&m, "item_thresholds", given, N_MODELS);
    expect_refusal(&m, "'switching.item_thresholds' holds 3 numbers, expected 2: one for each model but the last");
    rb_contract_model_fini(&m);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_hybrid_is_the_weighted_sum_of_normalized_rows),
        cmocka_unit_test(what_is_cold_switches_to_a_later_model),
        cmocka_unit_test(stacking_is_the_least_squares_of_what_validation_holds),
        cmocka_unit_test(fitted_weights_are_shares_that_no_others_beat),
        cmocka_unit_test(weights_that_mean_nothing_are_refused),
    };
    rb_test_mpi_begin(&argc, &argv);
    rb_test_ctx.seed = 4711;
    return rb_test_mpi_end(cmocka_run_group_tests(tests, rb_contract_begin, rb_contract_end));
}
