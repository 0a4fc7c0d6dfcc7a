#include "support/oracle_als_identity.h"

#include <string.h>

#include "support/config.h"
#include "support/support.h"

/* A state as one run of bytes. */
typedef struct {
    char *bytes;
    int64_t n, capacity;
} image;

static const int64_t size_of[] = { [RB_FLOAT32] = 4, [RB_FLOAT64] = 8, [RB_INT32] = 4, [RB_INT64] = 8, [RB_UINT8] = 1 };

static void add(image *to, const void *data, int64_t n)
{
    rb_error err = { 0 };
    assert_ok(rb_grow(&to->bytes, &to->capacity, to->n + n, &err), &err);
    if (n > 0) /* an array without elements may have no address */
        memcpy(to->bytes + to->n, data, (size_t)n);
    to->n += n;
}

static void take_array(rb_visitor *v, const char *name, rb_type type, void **data, int64_t *n_rows, int64_t *n_cols,
                       rb_shared *memory)
{
    (void)name, (void)memory;
    add(v->self, *data, *n_rows * *n_cols * size_of[type]);
}

static void take_scalar(rb_visitor *v, const char *name, rb_type type, void *value)
{
    (void)name;
    add(v->self, value, size_of[type]);
}

static double fitted(image *out, const rb_algorithm *algorithm, const void *config, const rb_split_data *s, rb_ctx *ctx)
{
    rb_error err = { 0 };
    rb_train_view view = { .ratings = &s->train, .positives = &s->train };
    char *state = NULL;
    double objective = 0;
    assert_ok(rb_alloc(&state, (int64_t)algorithm->state_size, &err), &err);
    assert_ok(rb_oracle_fit(state, &objective, algorithm, config, &view, ctx, &err), &err);
    algorithm->arrays(state, &(rb_visitor){ .array = take_array, .scalar = take_scalar, .self = out });
    rb_barrier(ctx);
    algorithm->fini(state);
    rb_free(state);
    return objective;
}

void rb_oracle_same_bits(const rb_algorithm *algorithm, const char *values, const rb_split_data *s)
{
    image alone = { 0 };
    rb_ctx serial;
    rb_ctx_serial(&serial, 1);
    serial.seed = rb_test_ctx.seed = 4711;
    void *config = rb_oracle_config(algorithm, values);
    double objective = fitted(&alone, algorithm, config, s, &serial);
    for (int threads = 1; threads <= 3; threads++) {
        image together = { 0 };
        rb_test_ctx.n_threads = threads;
        assert_true(fitted(&together, algorithm, config, s, &rb_test_ctx) == objective);
        assert_int_equal(together.n, alone.n);
        assert_memory_equal(together.bytes, alone.bytes, (size_t)alone.n);
        rb_free(together.bytes);
    }
    rb_free(alone.bytes);
    rb_free(config);
}

void rb_oracle_nth_failures(const rb_algorithm *algorithm, const char *values, const rb_split_data *s, int64_t least,
                            int64_t most)
{
    rb_train_view view = { .ratings = &s->train, .positives = &s->train };
    void *config = rb_oracle_config(algorithm, values);
    int64_t n_failed = 0;
    for (int64_t nth = 1; nth <= most; nth++) {
        rb_error err = { 0 };
        char *state = NULL;
        assert_ok(rb_alloc(&state, (int64_t)algorithm->state_size, &err), &err);
        rb_alloc_fail_nth(rb_test_ctx.rank == rb_test_ctx.n_ranks - 1 ? nth : 0);
        rb_status status = rb_oracle_fit(state, NULL, algorithm, config, &view, &rb_test_ctx, &err);
        rb_alloc_fail_nth(0);
        int64_t lowest = status, highest = status;
        rb_min_int64(&rb_test_ctx, &lowest, 1);
        rb_max_int64(&rb_test_ctx, &highest, 1);
        assert_int_equal(lowest, highest);
        assert_true(status == RB_OK || status == RB_NO_MEMORY);
        n_failed += status == RB_NO_MEMORY;
        algorithm->fini(state);
        rb_free(state);
    }
    assert_in_range(n_failed, least, most - 1); /* the last one came after all allocations */
    rb_free(config);
}
