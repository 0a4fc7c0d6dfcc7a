/*
 * Any bytes, read as an experiment file, give an experiment whose kept text says the same, or messages. What stands
 * behind a zero byte is an override (--set).
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../support/toy_algorithms.c"
#include "base/alloc.h"
#include "harness/expand.h"

#define MOST_TRIALS 2000 /* more of them only take time */

static void require(int condition, const char *what)
{
    if (!condition) {
        fprintf(stderr, "not so: %s\n", what);
        abort();
    }
}

static int64_t expand(rb_plan *plan, const rb_experiment *e)
{
    rb_error err = { 0 };
    require(rb_expand(plan, e, &err) == RB_OK, "a good experiment expands");
    for (int32_t i = 0; i < plan->n_configurations; i++)
        for (int32_t k = 0; k < plan->configuration[i].n_children; k++) {
            int32_t child = plan->configuration[i].children[k];
            require(child >= 0 && child < plan->n_configurations && child != i, "children are other configurations");
        }
    return plan->n_trials;
}

/* What is kept of a good experiment reads back to the same plan. */
static void check_kept(const rb_experiment *e)
{
    rb_experiment again = { 0 };
    rb_messages m = { 0 };
    rb_error err = { 0 };
    rb_plan a = { 0 }, b = { 0 };
    rb_experiment_input input = {
        .file = e->file, .text = e->text, .n_bytes = (int64_t)strlen(e->text), .algorithms = toy_algorithms
    };
    require(rb_experiment_parse(&again, &input, &m, &err) == RB_OK, "the kept text is good");
    require(strcmp(again.text, e->text) == 0, "the kept text is kept as it is");
    require(expand(&a, e) == expand(&b, &again), "as many trials");
    for (int32_t i = 0; i < a.n_configurations; i++)
        require(strcmp(a.configuration[i].canonical, b.configuration[i].canonical) == 0, "the same configurations");
    rb_plan_fini(&a);
    rb_plan_fini(&b);
    rb_experiment_fini(&again);
    rb_messages_fini(&m);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *copy = malloc(size + 1);
    require(copy != NULL, "memory");
    memcpy(copy, data, size);
    copy[size] = 0;
    size_t n = strlen(copy);
    const char *set = n < size ? copy + n + 1 : NULL;
    rb_experiment e = { 0 };
    rb_messages m = { 0 };
    rb_error err = { 0 };
    rb_experiment_input input = { .file = "f.yaml",
                                  .text = copy,
                                  .n_bytes = (int64_t)n,
                                  .sets = &set,
                                  .n_sets = set != NULL,
                                  .algorithms = toy_algorithms };
    rb_status status = rb_experiment_parse(&e, &input, &m, &err);
    require((status == RB_OK && m.n == 0) || (status == RB_BAD_INPUT && m.n > 0), "well, or messages");
    int64_t n_trials = 0;
    for (int32_t i = 0; status == RB_OK && i < e.n_entries; i++)
        n_trials += e.entry[i].n_configurations;
    if (status == RB_OK && n_trials * rb_split_n_folds(&e.split) * e.repeats <= MOST_TRIALS)
        check_kept(&e);
    rb_experiment_fini(&e);
    rb_messages_fini(&m);
    free(copy);
    return 0;
}
