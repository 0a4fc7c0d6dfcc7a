/* Before anything is fitted: what each trial costs, what the node allows, how the ranks are grouped. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "harness/replay.h"

rb_shape rb_run_shape(const rb_run_state *run, int64_t work, const rb_ctx *ctx)
{
    const rb_configuration *c = rb_run_configuration(run, work);
    const rb_dataset *d = &run->data;
    const rb_fold_size *given = &run->size[2 * rb_run_trial(run, work)->fold + rb_run_is_refit(run, work)];
    rb_shape s = { .n_items = d->items.n,
                   .n_users = d->users.n,
                   .nnz = given->n_ratings,
                   .n_positives = given->n_ratings, /* at most */
                   .n_sessions = given->n_sessions,
                   .n_events = given->n_events,
                   .n_ranks = ctx->n_ranks,
                   .n_node_ranks = ctx->n_node_ranks,
                   .n_threads = ctx->n_threads };
    int64_t maker = rb_run_space_child(run, work);
    if (maker >= 0)
        rb_run_made_shape(&s.n_points, &s.n_dims, run, maker, ctx);
    rb_space_size size = c->space ? rb_run_space_size(run, c->space) : (rb_space_size){ 0 };
    if (size.n_points > 0) {
        s.n_points = size.n_points;
        s.n_dims = size.n_dims;
        s.n_points_nnz = size.is_dense ? 0 : size.nnz;
    }
    return s;
}

/* A number in a small file ("max" and absent files give INFINITY). */
static double number_in(const char *path)
{
    double value = INFINITY;
    FILE *f = fopen(path, "re");
    if (!f)
        return INFINITY;
    if (fscanf(f, "%lf", &value) != 1 || value <= 0)
        value = INFINITY;
    fclose(f);
    return value;
}

/* What a node may use: the least of its memory, its control group and what Slurm gave. */
static double node_budget(const rb_environment *env)
{
    double budget = env->memory_bytes > 0 ? env->memory_bytes : INFINITY;
    budget = fmin(budget, number_in("/sys/fs/cgroup/memory.max"));
    budget = fmin(budget, number_in("/sys/fs/cgroup/memory/memory.limit_in_bytes"));
    const char *slurm = getenv("SLURM_MEM_PER_NODE"); /* megabytes */
    if (slurm && atof(slurm) > 0)
        budget = fmin(budget, atof(slurm) * 1048576.0);
    return budget;
}

/* Bytes of a node while one trial runs on each group of it. */
static double node_bytes(const rb_cost *cost, const rb_run_state *run)
{
    int node_ranks = run->world->n_node_ranks;
    double groups = fmax(1.0, (double)node_ranks / run->group.n_node_ranks);
    return (cost->bytes_per_rank + run->footprint.bytes_per_rank) * node_ranks + cost->bytes_per_node * groups +
           run->footprint.bytes_per_node;
}

void rb_run_over_budget(char out[512], const rb_run_state *run, int64_t t)
{
    out[0] = 0;
    double needs = node_bytes(&run->work[t].cost, run);
    if (needs <= run->budget_bytes)
        return;
    char need[32], allowed[32];
    snprintf(out, 512, "needs %s a node, %s are allowed: not started; fewer groups or more nodes would hold it",
             rb_text_bytes(need, needs), rb_text_bytes(allowed, run->budget_bytes));
}

void rb_run_rerank_over_budget(char out[512], const rb_run_state *run, int64_t work)
{
    rb_cost cost = run->work[work].cost;
    char need[32], allowed[32];
    cost.bytes_per_rank += run->work[work].rerank_bytes;
    const double needs = node_bytes(&cost, run);
    out[0] = 0;
    if (needs > run->budget_bytes)
        snprintf(out, 512, "re-ranking its lists needs %s a node, %s are allowed; fewer candidates or groups would fit",
                 rb_text_bytes(need, needs), rb_text_bytes(allowed, run->budget_bytes));
}

void rb_run_replays_over_budget(char out[512], const rb_run_state *run)
{
    const rb_cost cost = { .bytes_per_rank = rb_run_replay_bytes(run) };
    const double needs = node_bytes(&cost, run);
    int64_t over = needs > run->budget_bytes; /* on the fullest of the nodes: every rank decides the same */
    char need[32], allowed[32];
    out[0] = 0;
    rb_max_int64(run->world, &over, 1);
    if (over)
        snprintf(out, 512, "it needs %s a node, %s are allowed; fewer titles, arms or ranks a node would fit",
                 rb_text_bytes(need, needs), rb_text_bytes(allowed, run->budget_bytes));
}

static int64_t n_waiting(const rb_run_state *run)
{
    int64_t n = 0;
    for (int64_t t = 0; t < run->plan.n_trials; t++)
        n += rb_run_is_to_run(run, t);
    return n;
}

/* The smallest group that leaves no rank idle: as many groups as there are trials to run, at most. */
static int choose_group_size(const rb_run_state *run)
{
    int64_t waiting = n_waiting(run);
    int n_ranks = run->world->n_ranks;
    for (int size = 1; size < n_ranks; size++)
        if (n_ranks % size == 0 && n_ranks / size <= waiting)
            return size;
    return n_ranks;
}

/* The models that a fit refers to. */
static double children_bytes(const rb_run_state *run, int64_t work)
{
    const rb_configuration *c = rb_run_configuration(run, work);
    double bytes = 0;
    for (int32_t i = 0; i < c->n_models; i++)
        bytes += rb_run_model_bytes(run, rb_run_child(run, work, i));
    return bytes;
}

/* The space of a trial is built before its fit: a trial needs the larger of what both take. */
static void add_building(rb_cost *cost, const rb_run_state *run, const char *space)
{
    const rb_space_size size = rb_run_space_size(run, space);
    cost->bytes_per_rank = fmax(cost->bytes_per_rank, size.cost.bytes_per_rank - size.held.bytes_per_rank);
    cost->bytes_per_node = fmax(cost->bytes_per_node, size.cost.bytes_per_node - size.held.bytes_per_node);
}

/* A fit that early stopping watches keeps a copy of its best state, which is at most what the fit needs itself. */
static rb_cost cost_of(const rb_run_state *run, int64_t work)
{
    const rb_configuration *c = rb_run_configuration(run, work);
    const rb_algorithm *a = c->entry->algorithm;
    rb_shape shape = rb_run_shape(run, work, &run->group);
    rb_cost cost = a->cost(c->config, &shape);
    if (run->work[work].fit_of != work)
        cost.flops = cost.prepare_flops = 0;
    if (c->space_child >= 0) /* those of the data are counted with what the harness holds */
        cost.bytes_per_node += (double)sizeof(double) * (double)shape.n_points * (double)shape.n_dims;
    if (rb_experiment_watches(&run->experiment, c->entry) && !rb_run_is_refit(run, work)) {
        cost.bytes_per_rank *= 2;
        cost.bytes_per_node *= 2;
    }
    cost.bytes_per_rank += children_bytes(run, work);
    if (a->can & RB_CAN_RECOMMEND) {
        rb_cost evaluation = rb_run_evaluation_cost(run);
        cost.bytes_per_rank += evaluation.bytes_per_rank;
        cost.bytes_per_node += evaluation.bytes_per_node;
    }
    if (c->space)
        add_building(&cost, run, c->space);
    return cost;
}

/* A trial or refit that prepares something. */
typedef struct {
    rb_digest prepares;
    int64_t work;
    int32_t fold;
    bool refit;
} sharer;

static int by_what_is_shared(const void *a, const void *b)
{
    const sharer *x = a, *y = b;
    const int apart = memcmp(&x->prepares, &y->prepares, sizeof x->prepares);
    if (apart != 0)
        return apart;
    if (x->fold != y->fold || x->refit != y->refit)
        return x->fold != y->fold ? (x->fold < y->fold ? -1 : 1) : (x->refit ? 1 : -1);
    return x->work < y->work ? -1 : 1;
}

static bool share(const sharer *a, const sharer *b)
{
    return memcmp(&a->prepares, &b->prepares, sizeof a->prepares) == 0 && a->fold == b->fold && a->refit == b->refit;
}

/* What several share is computed with the first of them that is to run, and counted there. */
static rb_status count_shared(rb_run_state *run, rb_error *err)
{
    sharer *all = NULL;
    int64_t n = 0;
    RB_TRY(rb_alloc(&all, run->n_work, err));
    for (int64_t w = 0; w < run->n_work && !run->options->no_share; w++)
        if (run->work[w].cost.prepare_flops > 0 && run->work[w].fit_of == w && rb_run_is_to_run(run, w))
            all[n++] = (sharer){ run->work[w].prepares, w, rb_run_trial(run, w)->fold, rb_run_is_refit(run, w) };
    qsort(all, (size_t)n, sizeof *all, by_what_is_shared);
    for (int64_t i = 1; i < n; i++)
        if (share(&all[i], &all[i - 1]))
            run->work[all[i].work].cost.flops -= run->work[all[i].work].cost.prepare_flops;
done:
    rb_free(all);
    return err->status;
}

/* Nothing is divided for its size alone where nothing is to run: all that there is then stands for it. */
static rb_status count_folds(rb_run_state *run, rb_error *err)
{
    const rb_dataset *d = &run->data;
    bool any = n_waiting(run) > 0;
    RB_TRY_ALL(run->world, rb_alloc(&run->size, 2 * (int64_t)run->plan.n_folds, err));
    for (int32_t f = 0; f < run->plan.n_folds; f++)
        if (any)
            RB_TRY(rb_fold_count(&run->size[2 * f], run, f, run->world, err));
        else
            run->size[2 * f] = run->size[2 * f + 1] =
                (rb_fold_size){ d->interactions.n, d->sessions.n, d->sessions.n_events };
done:
    return err->status;
}

rb_status rb_run_preflight(rb_run_state *run, rb_error *err)
{
    int n_ranks = run->world->n_ranks;
    int size = run->options->group_size > 0 ? run->options->group_size : choose_group_size(run);
    if (n_ranks % size != 0)
        return RB_FAIL(err, RB_BAD_INPUT, "--group-size %d does not divide the %d ranks into equal groups", size,
                       n_ranks);
    run->n_groups = n_ranks / size;
    run->group_number = run->world->rank / size;
    RB_TRY_ALL(run->world, rb_ctx_split(&run->group, run->world, run->group_number, err));
    double budget = node_budget(run->environment);
    int64_t least = budget < 0x1p62 ? (int64_t)budget : INT64_MAX; /* of all nodes: every rank decides the same */
    rb_min_int64(run->world, &least, 1);
    run->budget_bytes = least == INT64_MAX ? INFINITY : (double)least;
    run->footprint = rb_run_footprint(run);
    RB_TRY(count_folds(run, err));
    for (int64_t w = 0; w < run->n_work; w++) {
        run->work[w].cost = cost_of(run, w);
        run->work[w].rerank_bytes = rb_run_rerank_bytes(run, rb_run_configuration(run, w));
    }
    RB_TRY_ALL(run->world, count_shared(run, err));
    RB_TRY_ALL(run->world, rb_run_say_metrics(run, err));
done:
    return err->status;
}

void rb_run_print_plan(const rb_run_state *run, FILE *out)
{
    double flops = 0;
    if (run->plan.n_trials > 0)
        fprintf(out, "%6s  %-16s %12s %12s %10s  %s\n", "trial", "algorithm", "bytes a rank", "bytes a node", "flops",
                "parameters");
    for (int64_t t = 0; t < run->plan.n_trials; t++) {
        const rb_trial *trial = &run->plan.trial[t];
        const rb_configuration *c = &run->plan.configuration[trial->configuration];
        const rb_cost *cost = &run->work[t].cost;
        char rank[32], node[32];
        fprintf(out, "%6lld  %-16s %12s %12s %10.2e  %s", (long long)trial->number, c->entry->name,
                rb_text_bytes(rank, cost->bytes_per_rank + run->work[t].rerank_bytes + run->footprint.bytes_per_rank),
                rb_text_bytes(node, cost->bytes_per_node + run->footprint.bytes_per_node), cost->flops, c->text);
        if (run->plan.n_folds > 1)
            fprintf(out, " fold=%d", trial->fold + 1);
        if (run->plan.n_repeats > 1)
            fprintf(out, " repeat=%d", trial->repeat + 1);
        if (run->work[t].fit_of != t)
            fprintf(out, "  (the fit of trial %lld)", (long long)rb_run_trial(run, run->work[t].fit_of)->number);
        fputs(run->work[t].twin ? "  (the same as on fold 1)\n" : "\n", out);
        flops += run->work[t].twin ? 0 : cost->flops;
    }
    char n[32], bytes[32];
    if (run->experiment.evaluation.refit)
        fprintf(out, "then the selected configurations, on training and validation\n");
    if (run->replays.plan.n_trials > 0)
        fprintf(out, "%s%s replay%s, %s a rank\n", run->plan.n_trials > 0 ? "then " : "",
                rb_text_count(n, run->replays.plan.n_trials), rb_text_plural(run->replays.plan.n_trials),
                rb_text_bytes(bytes, run->footprint.bytes_per_rank + rb_run_replay_bytes(run)));
    if (run->plan.n_trials == 0)
        return;
    fprintf(out, "%s trial%s, %.3g flops in all, %d group%s of %d rank%s\n", rb_text_count(n, run->plan.n_trials),
            run->plan.n_trials == 1 ? "" : "s", flops, run->n_groups, run->n_groups == 1 ? "" : "s", run->group.n_ranks,
            run->group.n_ranks == 1 ? "" : "s");
}
