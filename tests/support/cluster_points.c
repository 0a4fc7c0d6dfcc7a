#include "support/cluster_points.h"

#include <string.h>

#include "support/support.h"

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
