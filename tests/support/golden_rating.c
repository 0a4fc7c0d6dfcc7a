#include "support/golden_rating.h"

#include <math.h>

#include "support/config.h"
#include "support/support.h"

static void errors(double *rmse, double *mae, const rb_algorithm *algorithm, const void *state, const rb_ratings *test)
{
    rb_error err = { 0 };
    double *out = NULL, squares = 0, sum = 0;
    int32_t *user = NULL;
    assert_ok(rb_alloc(&out, test->n, &err), &err);
    assert_ok(rb_alloc(&user, test->n, &err), &err);
    for (int32_t u = 0; u < test->n_users; u++)
        for (int64_t e = test->user_begin[u]; e < test->user_begin[u + 1]; e++)
            user[e] = u;
    algorithm->predict(out, state, &(rb_pairs){ test->n, user, test->user_item });
    for (int64_t e = 0; e < test->n; e++) {
        double miss = fmin(5, fmax(0.5, out[e])) - (double)test->user_rating[e];
        squares += miss * miss;
        sum += fabs(miss);
    }
    *rmse = sqrt(squares / (double)test->n);
    *mae = sum / (double)test->n;
    rb_free(user);
    rb_free(out);
}

void rb_golden_rating(double *rmse, double *mae, double *out, const rb_pairs *pairs, const rb_algorithm *algorithm,
                      const char *values, const rb_split_data *s, uint64_t seed)
{
    rb_ctx ctx;
    rb_error err = { 0 };
    double unused;
    rb_ctx_serial(&ctx, 2);
    ctx.seed = seed;
    rb_train_view view = { .ratings = &s->train };
    void *config = rb_oracle_config(algorithm, values);
    char *state = NULL;
    assert_ok(rb_alloc(&state, (int64_t)algorithm->state_size, &err), &err);
    assert_ok(rb_oracle_fit(state, NULL, algorithm, config, &view, &ctx, &err), &err);
    errors(rmse ? rmse : &unused, mae ? mae : &unused, algorithm, state, &s->test);
    if (pairs)
        algorithm->predict(out, state, pairs);
    algorithm->fini(state);
    rb_free(state);
    rb_free(config);
}
