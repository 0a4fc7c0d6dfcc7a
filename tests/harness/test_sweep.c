/* Sampled parameters: reproducible, independent of everything but seed and name, within their bounds. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/rng.h"
#include "harness/expand.h"
#include "support/support.h"
#include "support/toy_algorithms.h"

typedef struct {
    double value[100];
    int64_t n;
} draws;

/* The values of parameter `name` of the last entry of a list of trials. */
static draws draws_of(const char *seed, const char *trials, const char *name)
{
    char text[2048];
    rb_experiment e = { 0 };
    rb_messages m = { 0 };
    rb_error err = { 0 };
    draws d = { .n = 0 };
    snprintf(text, sizeof text,
             "experiment: x\nseed: %s\ndataset: { name: synthetic }\nmetrics: [ndcg@10]\ntrials:\n%s", seed, trials);
    rb_experiment_input input = {
        .file = "x.yaml", .text = text, .n_bytes = (int64_t)strlen(text), .algorithms = toy_algorithms
    };
    if (rb_experiment_parse(&e, &input, &m, &err) != RB_OK)
        fail_msg("%s\n%s", err.message, m.n ? m.item[0].text : "");
    const rb_entry *entry = &e.entry[e.n_entries - 1];
    for (int32_t s = 0; s < entry->n_sweeps; s++)
        if (strcmp(entry->sweep[s].param->name, name) == 0)
            for (; d.n < entry->sweep[s].n; d.n++)
                d.value[d.n] = entry->sweep[s].option[d.n].value.number;
    rb_experiment_fini(&e);
    rb_messages_fini(&m);
    return d;
}

#define SAMPLED "regularization: { log_uniform: [1e-4, 10], samples: 50 }"

static void the_same_seed_and_name_draw_the_same(void **unused)
{
    (void)unused;
    draws d = draws_of("7", "  - toy_mf: { " SAMPLED " }\n", "regularization");
    static const char *const others[] = {
        "  - toy_mf: { factors: { uniform: [1, 50], samples: 9 }, " SAMPLED ", solver: [cg, cholesky] }\n",
        "  - toy_popular\n  - toy_cluster: { k: { uniform: [1, 9], samples: 3 } }\n  - toy_mf: { " SAMPLED " }\n",
    };
    assert_int_equal(d.n, 50);
    for (int i = 0; i < 2; i++) {
        draws other = draws_of("7", others[i], "regularization");
        assert_int_equal(other.n, d.n);
        assert_memory_equal(other.value, d.value, sizeof d.value);
    }
    draws fewer =
        draws_of("7", "  - toy_mf: { regularization: { log_uniform: [1e-4, 10], samples: 20 } }\n", "regularization");
    assert_int_equal(fewer.n, 20);
    assert_memory_equal(fewer.value, d.value, 20 * sizeof *d.value);
}

static void another_seed_or_name_draws_another(void **unused)
{
    (void)unused;
    draws d = draws_of("7", "  - toy_mf: { " SAMPLED " }\n", "regularization");
    draws seed = draws_of("8", "  - toy_mf: { " SAMPLED " }\n", "regularization");
    draws name = draws_of("7", "  - toy_mf: { " SAMPLED " }\n    as: other\n", "regularization");
    for (int i = 0; i < 50; i++) {
        assert_true(d.value[i] != seed.value[i]);
        assert_true(d.value[i] != name.value[i]);
    }
}

static void a_draw_is_the_philox_number_of_its_name(void **unused)
{
    (void)unused;
    draws log = draws_of("7", "  - toy_mf: { " SAMPLED " }\n", "regularization");
    draws flat = draws_of("7", "  - toy_mf: { regularization: { uniform: [2, 6], samples: 50 } }\n", "regularization");
    for (int i = 0; i < 50; i++) {
        rb_rng rng = { .key = rb_seed_named(7, "samples"),
                       .stream = rb_stream("toy_mf.regularization"),
                       .entity = (uint64_t)i };
        double u = rb_rng_uniform(&rng, 0);
        assert_near(log.value[i], 1e-4 * pow(1e5, u), 1e-5);
        assert_true(fabs(log.value[i] / (1e-4 * pow(1e5, u)) - 1) < 1e-5); /* six digits */
        assert_near(flat.value[i], 2 + 4 * u, 1e-5);
        assert_true(flat.value[i] >= 2 && flat.value[i] <= 6);
    }
}

static void whole_numbers_are_rounded_and_counted_once(void **unused)
{
    (void)unused;
    draws d = draws_of("7", "  - toy_mf: { factors: { uniform: [3, 6], samples: 90 } }\n", "factors");
    assert_int_equal(d.n, 4); /* 90 draws of four numbers: each of them, once */
    double sum = 0;
    for (int64_t i = 0; i < d.n; i++) {
        assert_true(d.value[i] == floor(d.value[i]) && d.value[i] >= 3 && d.value[i] <= 6);
        sum += d.value[i];
    }
    assert_true(sum == 18);
    draws wide = draws_of("7", "  - toy_mf: { factors: { log_uniform: [1, 4096], samples: 60 } }\n", "factors");
    int64_t below = 0;
    for (int64_t i = 0; i < wide.n; i++)
        below += wide.value[i] < 64;
    assert_true(wide.n > 35 && below > 10 && wide.n - below > 10); /* half of the draws below the geometric mean */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_seed_and_name_draw_the_same),
        cmocka_unit_test(another_seed_or_name_draws_another),
        cmocka_unit_test(a_draw_is_the_philox_number_of_its_name),
        cmocka_unit_test(whole_numbers_are_rounded_and_counted_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
