/* What the harness itself holds beside a fit: the data, the parts of a fold by user and by item, the points of spaces,
 * the evaluation. */
#include <math.h>

#include "harness/replay.h"

/* MPI, HDF5 and OpenBLAS of one process, as measured. */
#define PROCESS_BYTES 16e6

/* Of an interaction in coordinates. */
static double row_bytes(const rb_interactions *x)
{
    return 2 * sizeof *x->user + (x->rating ? sizeof *x->rating : 0) + (x->time ? sizeof *x->time : 0);
}

/* Ratings of n interactions by user and by item. */
static double ratings_bytes(const rb_interactions *x, double n)
{
    const rb_ratings *r = NULL;
    double lists = n * (double)(sizeof *r->user_item + sizeof *r->user_rating) * 2;
    return lists + ((double)x->n_users + x->n_items) * sizeof *r->user_begin;
}

/* Share of the interactions that are relevant. */
static double share_relevant(const rb_interactions *x, double relevance)
{
    int64_t n = 0;
    for (int64_t i = 0; i < x->n; i++)
        n += !x->rating || x->rating[i] >= relevance;
    return x->n > 0 ? (double)n / (double)x->n : 0;
}

static double texts_bytes(const rb_strings *s)
{
    return s->begin ? (double)s->begin[s->n] + (double)s->n * sizeof *s->begin : 0;
}

/* The catalogue is private to a rank. */
static double catalogue_bytes(const rb_dataset *d)
{
    double bytes = 0;
    for (int k = 0; d->has_catalogue && k < RB_N_COLUMNS; k++)
        bytes += d->catalogue.has[k] ? texts_bytes(&d->catalogue.column[k]) : 0;
    return bytes;
}

/* Every space that the trials name is built before the first of them, and held. */
static void add_spaces(rb_cost *cost, const rb_run_state *run)
{
    for (int32_t i = 0; i < run->n_spaces; i++) {
        const rb_space_size size = rb_run_space_size(run, run->space[i].name);
        cost->bytes_per_rank += size.held.bytes_per_rank;
        cost->bytes_per_node += size.held.bytes_per_node;
    }
}

rb_cost rb_run_footprint(const rb_run_state *run)
{
    const rb_experiment *e = &run->experiment;
    const rb_interactions *x = &run->data.interactions;
    const rb_sessions *s = &run->data.sessions;
    rb_cost cost = { .bytes_per_rank = PROCESS_BYTES + catalogue_bytes(&run->data) };
    double sessions = (double)s->n_events * (sizeof *s->item + sizeof *s->time + sizeof *s->completion) +
                      (double)s->n * (sizeof *s->begin + sizeof *s->user + sizeof *s->device);
    add_spaces(&cost, run);
    if (run->data.has_sessions) /* split whole: once more, by part */
        cost.bytes_per_node += e->split.kind == RB_SPLIT_SESSIONS ? 2 * sessions : sessions;
    if (!run->data.has_interactions)
        return cost;
    bool all_relevant = e->relevance == -INFINITY;
    double n = (double)x->n;
    /* every interaction stands in one part: that of the fit, of validation or of test */
    cost.bytes_per_node += n * (row_bytes(x) + sizeof(uint8_t)) + ratings_bytes(x, n);
    if (!all_relevant)
        cost.bytes_per_node += ratings_bytes(x, n * share_relevant(x, e->relevance));
    if (rb_experiment_learns(e)) { /* validation once more, whole; how large it is is not known of every split */
        const double share = e->split.validation > 0 && e->split.validation < 1 ? e->split.validation : 1;
        cost.bytes_per_node += ratings_bytes(x, n * share);
        cost.bytes_per_rank += 2 * n;
    }
    if (e->split.kind == RB_SPLIT_STRONG) /* seen: training once more, with what is revealed */
        cost.bytes_per_node += ratings_bytes(x, n);
    return cost;
}

double rb_run_model_bytes(const rb_run_state *run, int64_t work) /* NOLINT(misc-no-recursion): as deep as references */
{
    const rb_configuration *c = rb_run_configuration(run, work);
    const rb_algorithm *a = c->entry->algorithm;
    const rb_shape shape = rb_run_shape(run, work, &run->group);
    const rb_cost cost = a->cost(c->config, &shape);
    double bytes = cost.bytes_per_rank + cost.bytes_per_node;
    for (int32_t i = 0; a->attach && i < c->n_models; i++)
        bytes += rb_run_model_bytes(run, rb_run_child(run, work, i));
    return bytes;
}

/* Of the arms' models, which are read one at a time, the largest. */
static double largest_arm(const rb_run_state *run)
{
    double most = 0;
    for (int32_t a = 0; a < run->experiment.replay.n_arms; a++) {
        const int64_t work = rb_run_arm_work(run, a);
        most = fmax(most, work >= 0 ? rb_run_model_bytes(run, work) : 0);
    }
    return most;
}

double rb_run_replay_bytes(const rb_run_state *run)
{
    const rb_replay *replay = &run->experiment.replay;
    const rb_dataset *data = &run->data;
    const double n_users = data->users.n, n_rows = (double)data->interactions.n;
    const double n_titles = fmin(data->items.n, (double)replay->titles + replay->n_arms);
    const double n_arms = replay->n_arms > 0 ? replay->n_arms : n_titles;
    if (rb_run_replays_left(run) == 0)
        return 0;
    double bytes = n_users * n_arms * sizeof(int32_t) + largest_arm(run);
    if (replay->log == RB_REPLAY_SIMULATED)
        bytes += n_users * n_titles * sizeof(float);
    else /* the order of the log, then the log */
        bytes += n_rows * 2 * sizeof(int64_t) + fmin(n_rows, (double)replay->events) * (2 * sizeof(int32_t) + 1);
    if (!rb_replay_reads_context(run))
        return bytes;
    const double d = 1.0 + RB_N_USER_FEATURES + data->catalogue.genre.names.n;
    bytes += n_users * d * sizeof(double);
    if (replay->log == RB_REPLAY_INTERACTIONS) /* once a node */
        bytes += n_rows * row_bytes(&data->interactions) / run->world->n_node_ranks;
    return bytes + run->world->n_threads * n_arms * d * (d + 2) * sizeof(double); /* states of LinUCB */
}

/* Of the lists that are made. */
static int64_t list_places(const rb_run_state *run)
{
    return run->lists_k > RB_LISTS_K ? run->lists_k : RB_LISTS_K;
}

/* Every thread's candidates of a batch of users, and a copy of the rows that compare them. */
double rb_run_rerank_bytes(const rb_run_state *run, const rb_configuration *c)
{
    const rb_rerank_config *rerank = c->rerank;
    if (!rerank)
        return 0;
    const rb_space_size size = rerank->space ? rb_run_space_size(run, rerank->space) : (rb_space_size){ 0 };
    const int64_t k = list_places(run), n_items = run->data.items.n;
    const int64_t depth = rerank->candidates > k ? rerank->candidates : k;
    const double n_values = !rerank->space ? n_items : size.is_dense ? (double)size.n_points * size.n_dims : size.nnz;
    return run->world->n_threads * rb_rank_thread_bytes(depth < n_items ? depth : n_items) +
           n_values * (sizeof(int32_t) + sizeof(double));
}

rb_cost rb_run_evaluation_cost(const rb_run_state *run)
{
    const int64_t k = list_places(run);
    double n_users = run->data.users.n, n_values = n_users * run->experiment.n_metrics * sizeof(double);
    int n_parts = 1 + rb_split_has_validation(&run->experiment.split);
    return (rb_cost){ .bytes_per_rank = n_users * (double)k * sizeof(int32_t) + n_parts * n_values,
                      .bytes_per_node = n_users * (double)k * (sizeof(int32_t) + sizeof(double)) + n_values };
}
