#include "cluster/core/spanning.h"

#include <math.h>
#include <omp.h>
#include <string.h>

#include "cluster/core/forest.h"

/* What is known of the shortest edge of a point to another component. */
typedef struct {
    double length; /* of the best edge known; infinite: none */
    double floor;  /* no edge is shorter; where it reaches length, the edge is the shortest */
    int32_t to;
} reach;

typedef struct {
    const rb_leaves *l;
    const rb_neighbours *nb;
    int64_t n, min_samples;
    double *core;            /* [n] by position, as all below; of rb_metric_distance */
    float *core_half;        /* [n] as a limit of h */
    float *leaf_core;        /* [n_leaves] the least of a leaf */
    int32_t *component;      /* [n] its lowest position */
    int32_t *leaf_component; /* [n_leaves] -1: several */
    int32_t *parent, *size;  /* [n] forest; points of a component at its root */
    int32_t *best;           /* [n] at a root: the point with the shortest edge */
    double *bound;           /* [n] at a root: the shortest edge known */
    int64_t *active;         /* [n_leaves] points that have to search */
    int32_t largest;         /* the component that takes no edge */
    int64_t *first, *begin;  /* [n_ranks + 1] leaves and positions of the ranks */
    rb_shared memory;
    reach *reach; /* [n] */
} tree;

/* One thread's walk for the points of a leaf. */
typedef struct {
    rb_leaf_walk walk;
    tree *t;
    int32_t slot[RB_LEAVES_MOST]; /* the first query of the same component */
    double bound[RB_LEAVES_MOST]; /* of a slot */
} search;

double rb_spanning_bytes(double n)
{
    double leaves = 2 * n / RB_LEAVES_MOST + n / RB_LEAVES_SPARSE_ROWS + 1;
    return 36 * n + 16 * leaves;
}

double rb_spanning_node_bytes(double n)
{
    return (double)sizeof(reach) * n;
}

double rb_spanning_length(double distance, bool is_cosine)
{
    return is_cosine ? distance : sqrt(distance);
}

/* ---- lists ---- */

static double longer(double a, double b)
{
    return a > b ? a : b;
}

/* The list knows all edges below the larger of its last distance and the core distance. */
static void read_list(tree *t, int64_t p)
{
    const int64_t k = t->nb->k;
    const int32_t *index = t->nb->index + p * k;
    const double *distance = t->nb->distance + p * k;
    reach r = { .length = INFINITY, .floor = t->reach[p].floor, .to = -1 };
    for (int64_t i = 0; i < k && distance[i] < r.length; i++) {
        int32_t q = index[i];
        double length = longer(longer(t->core[p], t->core[q]), distance[i]);
        if (t->component[q] != t->component[p] && length < r.length) {
            r.length = length;
            r.to = q;
        }
    }
    double beyond = k == t->n - 1 ? INFINITY : longer(t->core[p], distance[k - 1]);
    r.floor = longer(r.floor, beyond < r.length ? beyond : r.length);
    t->reach[p] = r;
}

static void read_lists(tree *t, const rb_ctx *ctx)
{
    for (int k = 0; k <= ctx->n_ranks; k++)
        t->begin[k] = t->n / ctx->n_ranks * k + t->n % ctx->n_ranks * k / ctx->n_ranks;
#pragma omp parallel for num_threads(ctx->n_threads) schedule(static)
    for (int64_t p = t->begin[ctx->rank]; p < t->begin[ctx->rank + 1]; p++) {
        const reach *r = &t->reach[p];
        if (t->component[p] != t->largest && (r->to < 0 || t->component[r->to] == t->component[p]))
            read_list(t, p);
    }
    rb_shared_publish(&t->memory, t->begin, (int64_t)sizeof *t->reach, ctx);
}

static bool must_search(const tree *t, int64_t p, double bound)
{
    const reach *r = &t->reach[p];
    return t->component[p] != t->largest && r->floor < r->length && r->floor < bound;
}

static void find_bounds(tree *t)
{
    for (int64_t p = 0; p < t->n; p++)
        t->bound[p] = INFINITY;
    for (int64_t p = 0; p < t->n; p++) {
        int32_t c = t->component[p];
        t->bound[c] = t->reach[p].length < t->bound[c] ? t->reach[p].length : t->bound[c];
    }
    for (int64_t leaf = 0; leaf < t->l->n_leaves; leaf++) {
        t->active[leaf] = 0;
        for (int64_t p = t->l->begin[leaf]; p < t->l->begin[leaf + 1]; p++)
            t->active[leaf] += must_search(t, p, t->bound[t->component[p]]);
    }
}

/* ---- walks ---- */

static void set_limit(search *s, int64_t q)
{
    const rb_leaves *l = s->t->l;
    const double bound = s->bound[s->slot[q]];
    rb_leaf_walk *w = &s->walk;
    if (s->t->core[w->position[q]] >= bound)
        w->limit[q] = -1;
    else
        w->limit[q] = rb_leaf_limit(l, w->position[q], rb_leaves_half(l, bound));
}

static bool wants(void *self, rb_leaf_walk *w, int64_t q, int64_t leaf)
{
    search *s = self;
    const tree *t = s->t;
    if (t->leaf_component[leaf] == t->component[w->position[q]])
        return false;
    set_limit(s, q);
    return t->leaf_core[leaf] <= w->limit[q];
}

static void try_edge(search *s, int64_t q, int64_t to)
{
    tree *t = s->t;
    const int64_t p = s->walk.position[q];
    const rb_metric_points *points = t->l->points;
    double length = rb_metric_distance(points, t->l->order[p], points, t->l->order[to]);
    length = longer(longer(t->core[p], t->core[to]), length);
    if (length < t->reach[p].length) {
        t->reach[p].length = length;
        t->reach[p].to = (int32_t)to;
    }
    if (length < s->bound[s->slot[q]]) {
        s->bound[s->slot[q]] = length;
        set_limit(s, q);
    }
}

static void take(void *self, rb_leaf_walk *w, int64_t q, int64_t begin, int64_t n, const float *product)
{
    search *s = self;
    const tree *t = s->t;
    const float *half = t->l->half + begin, own = t->l->half[w->position[q]], limit = w->limit[q];
    const float *core = t->core_half + begin;
    const int32_t *component = t->component + begin, c = t->component[w->position[q]];
    int32_t n_within = 0, within[RB_LEAVES_MOST] = { 0 };
    for (int64_t o = 0; o < n; o++)
        n_within += (own + half[o] - product[o] <= limit) & (core[o] <= limit) & (component[o] != c);
    if (n_within == 0)
        return;
    n_within = 0;
    for (int64_t o = 0; o < n; o++) {
        within[n_within] = (int32_t)o;
        n_within += (own + half[o] - product[o] <= limit) & (core[o] <= limit) & (component[o] != c);
    }
    for (int32_t i = 0; i < n_within; i++)
        if (own + half[within[i]] - product[within[i]] <= w->limit[q])
            try_edge(s, q, begin + within[i]);
}

static double read_bound(const double *bound)
{
    double value;
#pragma omp atomic read
    value = *bound;
    return value;
}

/* What one leaf found helps the next: lengths do not depend on how much of it is known when. */
static void lower_bound(double *bound, double value)
{
    if (!(value < read_bound(bound)))
        return;
#pragma omp critical(rb_spanning_bound)
    if (value < *bound) {
#pragma omp atomic write
        *bound = value;
    }
}

static void search_leaf(search *s, int64_t leaf)
{
    tree *t = s->t;
    rb_leaf_walk *w = &s->walk;
    w->leaf = leaf;
    w->n = 0;
    for (int64_t p = t->l->begin[leaf]; p < t->l->begin[leaf + 1]; p++) {
        int32_t c = t->component[p];
        double bound = read_bound(&t->bound[c]);
        if (!must_search(t, p, bound))
            continue;
        int64_t q = w->n++, slot = 0;
        w->position[q] = p;
        while (t->component[w->position[slot]] != c)
            slot++;
        s->slot[q] = (int32_t)slot;
        if (slot == q)
            s->bound[q] = bound;
        set_limit(s, q);
    }
    if (w->n == 0)
        return;
    rb_leaf_walk_run(w);
    for (int64_t q = 0; q < w->n; q++) {
        reach *r = &t->reach[w->position[q]];
        double bound = s->bound[s->slot[q]];
        r->floor = longer(r->floor, r->length < bound ? r->length : bound);
        lower_bound(&t->bound[t->component[w->position[q]]], bound);
    }
}

static void search_leaves(tree *t, search *s, const rb_ctx *ctx)
{
    rb_leaf_cut(t->first, t->l, t->active, ctx->n_ranks);
#pragma omp parallel for num_threads(ctx->n_threads) schedule(dynamic)
    for (int64_t leaf = t->first[ctx->rank]; leaf < t->first[ctx->rank + 1]; leaf++)
        if (t->active[leaf] > 0)
            search_leaf(&s[omp_get_thread_num()], leaf);
    for (int k = 0; k <= ctx->n_ranks; k++)
        t->begin[k] = t->l->begin[t->first[k]];
    rb_shared_publish(&t->memory, t->begin, (int64_t)sizeof *t->reach, ctx);
}

/* ---- rounds ---- */

static void note_components(tree *t, const rb_ctx *ctx)
{
    t->largest = 0;
    memset(t->size, 0, (size_t)t->n * sizeof *t->size);
    for (int64_t p = 0; p < t->n; p++)
        t->size[t->component[p] = rb_forest_root(t->parent, (int32_t)p)]++;
    for (int64_t p = 0; p < t->n; p++)
        if (t->size[p] > t->size[t->largest])
            t->largest = (int32_t)p;
    for (int64_t leaf = 0; leaf < t->l->n_leaves; leaf++) {
        int64_t begin = t->l->begin[leaf], end = t->l->begin[leaf + 1];
        int32_t c = begin < end ? t->component[begin] : -1;
        for (int64_t p = begin; p < end; p++)
            c = t->component[p] == c ? c : -1;
        t->leaf_component[leaf] = c;
    }
    rb_barrier(ctx); /* all have read what is written next */
}

/* A circle of such edges has one length, so that whichever of them is left out, the tree is as short. */
static int64_t take_edges(rb_spanning_edge *edges, tree *t)
{
    const bool is_cosine = t->l->points->is_cosine;
    int64_t n = 0;
    for (int64_t p = 0; p < t->n; p++)
        t->best[p] = -1;
    for (int64_t p = 0; p < t->n; p++) {
        int32_t *best = &t->best[t->component[p]];
        if (t->component[p] != t->largest && t->reach[p].to >= 0 &&
            (*best < 0 || t->reach[p].length < t->reach[*best].length))
            *best = (int32_t)p;
    }
    for (int64_t c = 0; c < t->n; c++) {
        int32_t p = t->best[c];
        if (p < 0 || rb_forest_root(t->parent, p) == rb_forest_root(t->parent, t->reach[p].to))
            continue;
        rb_forest_unite(t->parent, p, t->reach[p].to);
        edges[n++] = (rb_spanning_edge){ t->l->order[p], t->l->order[t->reach[p].to],
                                         rb_spanning_length(t->reach[p].length, is_cosine) };
    }
    return n;
}

static rb_status tree_init(tree *t, const rb_ctx *ctx, rb_error *err)
{
    const int64_t n = t->n, n_leaves = t->l->n_leaves;
    rb_alloc(&t->core, n, err);
    rb_alloc(&t->core_half, n, err);
    rb_alloc(&t->leaf_core, n_leaves, err);
    rb_alloc(&t->component, n, err);
    rb_alloc(&t->leaf_component, n_leaves, err);
    rb_alloc(&t->parent, n, err);
    rb_alloc(&t->size, n, err);
    rb_alloc(&t->best, n, err);
    rb_alloc(&t->bound, n, err);
    rb_alloc(&t->active, n_leaves, err);
    rb_alloc(&t->first, ctx->n_ranks + 1, err);
    RB_TRY_ALL(ctx, rb_alloc(&t->begin, ctx->n_ranks + 1, err));
    RB_TRY(rb_shared_alloc(&t->memory, n * (int64_t)sizeof *t->reach, ctx, err));
    t->reach = t->memory.data;
    for (int64_t p = 0; p < n; p++) {
        t->core[p] = t->nb->distance[p * t->nb->k + t->min_samples - 1];
        t->core_half[p] = (float)rb_leaves_half(t->l, t->core[p]);
    }
    for (int64_t leaf = 0; leaf < n_leaves; leaf++) {
        t->leaf_core[leaf] = INFINITY;
        for (int64_t p = t->l->begin[leaf]; p < t->l->begin[leaf + 1]; p++)
            t->leaf_core[leaf] = fminf(t->leaf_core[leaf], t->core_half[p]);
    }
    for (int64_t p = 0; ctx->rank == 0 && p < n; p++)
        t->reach[p] = (reach){ INFINITY, 0, -1 };
    rb_shared_publish_from(&t->memory, 0, ctx);
    rb_forest_init(t->parent, n);
done:
    return err->status;
}

static void tree_fini(tree *t)
{
    rb_shared_fini(&t->memory);
    rb_free(t->core);
    rb_free(t->core_half);
    rb_free(t->leaf_core);
    rb_free(t->component);
    rb_free(t->leaf_component);
    rb_free(t->parent);
    rb_free(t->size);
    rb_free(t->best);
    rb_free(t->bound);
    rb_free(t->active);
    rb_free(t->first);
    rb_free(t->begin);
}

rb_status rb_spanning_tree(rb_spanning_edge *edges, const rb_leaves *l, const rb_leaf_balls *balls,
                           const rb_neighbours *neighbours, int64_t min_samples, const rb_ctx *ctx, rb_error *err)
{
    tree t = { .l = l, .nb = neighbours, .n = l->points->n, .min_samples = min_samples };
    search *s = NULL;
    if (rb_alloc(&s, ctx->n_threads, err) == RB_OK)
        for (int k = 0; k < ctx->n_threads; k++) {
            rb_leaf_walk_init(&s[k].walk, l, balls, err);
            s[k].t = &t;
            s[k].walk.self = &s[k];
            s[k].walk.take = take;
            s[k].walk.wants = wants;
        }
    RB_TRY_ALL(ctx, err->status);
    RB_TRY(tree_init(&t, ctx, err));
    for (int64_t n = 0; n < t.n - 1;) {
        note_components(&t, ctx);
        read_lists(&t, ctx);
        find_bounds(&t);
        rb_barrier(ctx); /* all have counted what a search changes */
        search_leaves(&t, s, ctx);
        n += take_edges(edges + n, &t);
    }
done:
    for (int k = 0; s && k < ctx->n_threads; k++)
        rb_leaf_walk_fini(&s[k].walk);
    rb_free(s);
    tree_fini(&t);
    return err->status;
}
