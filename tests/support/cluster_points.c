#include "support/cluster_points.h"

#include <math.h>
#include <string.h>

#include "base/rng.h"
#include "support/support.h"

double rb_test_mostly_zero(int64_t i, int64_t f)
{
    rb_rng rng = { 7, rb_stream("sparse"), 0, (uint64_t)i };
    if (i % 50 == 0 || (f + i) % 3 == 0)
        return 0;
    return (i % 4 == f ? 4 : 0) + rb_rng_uniform(&rng, (uint32_t)f);
}

double rb_test_all_the_same(int64_t i, int64_t f)
{
    (void)i;
    return (double)f + 0.1;
}

double rb_test_line(int64_t i, int64_t f)
{
    return f == 0 ? (double)i : 0;
}

double rb_test_with_nan(int64_t i, int64_t f)
{
    return i == 7 && f == 2 ? NAN : (double)(i + f);
}

double rb_test_with_giant(int64_t i, int64_t f)
{
    return i == 7 && f == 2 ? 1e160 : (double)(i + f);
}

double rb_test_mixed(uint64_t i)
{
    return (double)(rb_splitmix(i * 0x9E3779B97F4A7C15u) >> 11) / 9007199254740992.0;
}

double rb_test_boxes(int64_t i, int64_t f)
{
    double own = rb_test_mixed((uint64_t)(i * 64 + f)), box = rb_test_mixed((uint64_t)((i % 8 + 1000000) * 64 + f));
    double spread = (double)(i % 8 + 1) / 8;
    return i % 10 == 9 ? 12 * own : 10 * box + spread * own;
}

void rb_test_points(rb_points *p, int64_t n, int64_t d, bool sparse, rb_test_value value)
{
    rb_error err = { 0 };
    rb_csr csr = { 0 };
    memset(p, 0, sizeof *p);
    if (!sparse) {
        assert_ok(rb_points_alloc_dense(p, n, d, &rb_test_ctx, &err), &err);
        for (int64_t at = 0; rb_test_ctx.rank == 0 && at < n * d; at++)
            ((double *)p->memory.data)[at] = value(at / d, at % d);
        rb_shared_publish_from(&p->memory, 0, &rb_test_ctx);
        return;
    }
    int64_t at = 0;
    assert_ok(rb_csr_init(&csr, n, d, n * d, &err), &err);
    for (int64_t i = 0; i < n; i++) {
        for (int64_t f = 0; f < d; f++)
            if (value(i, f) != 0) {
                csr.col[at] = (int32_t)f;
                csr.value[at++] = value(i, f);
            }
        csr.row_begin[i + 1] = at;
    }
    assert_ok(rb_points_take_csr(p, &csr, &err), &err);
}
