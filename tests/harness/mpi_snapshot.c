/* A state that is set aside and put back, on nodes of one rank, whose memory is private, and of two, which share it. */
#include <string.h>

#include "harness/snapshot.h"
#include "support/contract.h"
#include "support/support.h"
#include "support/toy_models.h"

static void iterate(rb_contract_model *m, int64_t iteration, rb_ctx *ctx)
{
    rb_error err = { 0 };
    double objective;
    bool done;
    assert_ok(
        m->algorithm->iterate(m->state, iteration, &objective, &done, &rb_contract_view, NULL, m->config, ctx, &err),
        &err);
}

static double predicted(const rb_contract_model *m, int32_t item)
{
    const int32_t user = 0;
    double out;
    m->algorithm->predict(&out, m->state, &(rb_pairs){ 1, &user, &item });
    return out;
}

/* Twice: the second restore follows the collectives of the first, which no rank may have left out. */
static void uneven_nodes_put_back_what_they_set_aside(void **unused)
{
    (void)unused;
    rb_ctx ctx;
    rb_error err = { 0 };
    rb_snapshot kept = { 0 };
    double before[RB_CONTRACT_ITEMS];
    rb_test_nodes(&ctx, rb_test_uneven);
    rb_contract_model m = rb_contract_model_of(&rb_toy_turning);
    assert_ok(m.algorithm->begin(m.state, &rb_contract_view, NULL, m.config, &ctx, &err), &err);
    for (int pass = 0; pass < 2; pass++) {
        iterate(&m, pass, &ctx);
        for (int32_t i = 0; i < RB_CONTRACT_ITEMS; i++)
            before[i] = predicted(&m, i);
        assert_ok(rb_snapshot_take(&kept, m.algorithm, m.state, &ctx, &err), &err);
        iterate(&m, 9, &ctx);
        assert_false(rb_true_everywhere(predicted(&m, 0) == before[0]));
        assert_ok(rb_snapshot_restore(&kept, m.algorithm, m.state, &ctx, &err), &err);
        for (int32_t i = 0; i < RB_CONTRACT_ITEMS; i++)
            assert_true(rb_true_everywhere(predicted(&m, i) == before[i]));
    }
    rb_snapshot_fini(&kept);
    rb_contract_model_fini(&m);
    rb_ctx_fini(&ctx);
}

int main(int argc, char **argv)
{
    rb_test_mpi_begin(&argc, &argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(uneven_nodes_put_back_what_they_set_aside),
    };
    return rb_test_mpi_end(cmocka_run_group_tests(tests, rb_contract_begin, rb_contract_end));
}
