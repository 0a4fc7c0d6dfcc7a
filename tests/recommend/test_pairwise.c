/*
 * bpr and logistic_mf against plain loops over the users as they are numbered (`grid: 1, order: given`), from the same
 * start and with the same random numbers.
 */
#include <math.h>
#include <string.h>

#include "recommend/recommend.h"
#include "support/config.h"
#include "support/oracle_als.h"
#include "support/support.h"

extern const rb_recommender rb_bpr, rb_logistic_mf;

enum { N_USERS = 40, N_ITEMS = 25, K = 3, N_EPOCHS = 2, SEED = 77 };

typedef struct {
    double p[N_USERS][K], q[N_ITEMS][K], bu[N_USERS], bi[N_ITEMS];
} model;

static void begin(model *m, const rb_ratings *r)
{
    memset(m, 0, sizeof *m);
    for (int j = 0; j < N_ITEMS + N_USERS; j++)
        for (int f = 0; f < K; f++) {
            double value = 0.2 * (rb_oracle_start(j, f, K) - 0.5);
            if (j >= N_ITEMS && r->user_begin[j - N_ITEMS] < r->user_begin[j - N_ITEMS + 1])
                m->p[j - N_ITEMS][f] = value;
            else if (j < N_ITEMS && r->item_begin[j] < r->item_begin[j + 1])
                m->q[j][f] = value;
        }
}

/* The first of four draws that the user has nothing to do with, or -1; bpr stops after two. */
static int drawn(const rb_ratings *r, const char *stream, int tries, int epoch, int user, int item, int round)
{
    uint32_t words[4];
    rb_rng_words(
        words,
        &(rb_rng){ .key = SEED, .stream = rb_stream(stream), .epoch = (uint32_t)epoch, .entity = (uint64_t)user },
        (uint32_t)(item * 16 + round));
    for (int w = 0; w < tries; w++) {
        int other = (int)(words[w] / 4294967296.0 * N_ITEMS);
        bool seen = false;
        for (int64_t e = r->user_begin[user]; e < r->user_begin[user + 1]; e++)
            seen = seen || r->user_item[e] == other;
        if (!seen)
            return other;
    }
    return -1;
}

static double score(const model *m, int u, int i)
{
    double sum = m->bu[u] + m->bi[i];
    for (int f = 0; f < K; f++)
        sum += m->p[u][f] * m->q[i][f];
    return sum;
}

static void bpr_step(model *m, int u, int i, int j)
{
    const double rate = 0.05, reg_user = 0.02, reg_item = 0.03, reg_bias = 0.04;
    double s = 1 / (1 + exp(score(m, u, i) - score(m, u, j)));
    for (int f = 0; f < K; f++) {
        double p = m->p[u][f], qi = m->q[i][f], qj = m->q[j][f];
        m->p[u][f] += rate * (s * (qi - qj) - reg_user * p);
        m->q[i][f] += rate * (s * p - reg_item * qi);
        m->q[j][f] += rate * (-s * p - reg_item * qj);
    }
    m->bi[i] += rate * (s - reg_bias * m->bi[i]);
    m->bi[j] += rate * (-s - reg_bias * m->bi[j]);
}

static void logistic_step(model *m, int u, int i, double c)
{
    const double rate = 0.05, reg = 0.02;
    double slope = c - (1 + c) / (1 + exp(-score(m, u, i)));
    for (int f = 0; f < K; f++) {
        double p = m->p[u][f], q = m->q[i][f];
        m->p[u][f] += rate * (slope * q - reg * p);
        m->q[i][f] += rate * (slope * p - reg * q);
    }
    m->bu[u] += rate * (slope - reg * m->bu[u]);
    m->bi[i] += rate * (slope - reg * m->bi[i]);
}

static void naive(model *m, const rb_ratings *r, bool pairs)
{
    begin(m, r);
    for (int epoch = 0; epoch < N_EPOCHS; epoch++)
        for (int u = 0; u < N_USERS; u++)
            for (int64_t e = r->user_begin[u]; e < r->user_begin[u + 1]; e++) {
                int i = r->user_item[e];
                if (!pairs)
                    logistic_step(m, u, i, 0.5 * (double)r->user_rating[e]);
                for (int round = 0; round < (pairs ? 1 : 3); round++) {
                    int other =
                        drawn(r, pairs ? "bpr.negatives" : "logistic.negatives", pairs ? 2 : 4, epoch, u, i, round);
                    if (other >= 0 && pairs)
                        bpr_step(m, u, i, other);
                    else if (other >= 0)
                        logistic_step(m, u, other, 0);
                }
            }
}

static void check(const rb_algorithm *algorithm, const char *values, bool pairs)
{
    static model expected;
    rb_ctx ctx;
    rb_error err = { 0 };
    rb_split_data s = { 0 };
    rb_ctx_serial(&ctx, 2);
    ctx.seed = SEED;
    rb_oracle_zipf(&s, N_USERS, N_ITEMS, 400, 0.6, 0.9, &ctx);
    rb_train_view view = { .ratings = &s.train, .positives = &s.train };
    void *config = rb_oracle_config(algorithm, values);
    char *state = NULL;
    double tile[N_ITEMS];
    assert_ok(rb_alloc(&state, (int64_t)algorithm->state_size, &err), &err);
    assert_ok(rb_oracle_fit(state, NULL, algorithm, config, &view, &ctx, &err), &err);
    naive(&expected, &s.train, pairs);
    for (int32_t u = 0; u < N_USERS; u++) {
        algorithm->score(&(rb_tile){ tile, N_ITEMS }, state, &u, 1, 0, N_ITEMS);
        for (int i = 0; i < N_ITEMS; i++)
            assert_near(tile[i], score(&expected, u, i), 1e-12);
    }
    algorithm->fini(state);
    rb_free(state);
    rb_free(config);
    rb_oracle_split_fini(&s);
}

#define COMMON "factors=3 iterations=2 grid=1 order=given init=splitmix precision=double learning_rate=0.05 "

static void bpr_is_the_loop_over_the_positives(void **unused)
{
    (void)unused;
    check(&rb_bpr, COMMON "reg_user=0.02 reg_item=0.03 reg_bias=0.04 negative_tries=2", true);
}

static void logistic_mf_is_the_loop_over_the_positives(void **unused)
{
    (void)unused;
    check(&rb_logistic_mf, COMMON "regularization=0.02 alpha=0.5 samples=3", false);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bpr_is_the_loop_over_the_positives),
        cmocka_unit_test(logistic_mf_is_the_loop_over_the_positives),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
