#include "cluster/core/neighbours.h"

#include <math.h>
#include <omp.h>
#include <string.h>

/* A point that may be among the nearest. */
typedef struct {
    float h;
    int32_t position;
} candidate;

typedef struct {
    double distance;
    int32_t position;
} neighbour;

/* One thread's search for the neighbours of a leaf. */
typedef struct {
    rb_leaf_walk walk;
    int64_t k, room;
    float *least;       /* [RB_LEAVES_MOST x k] heap of the least h seen, the largest first */
    candidate *pending; /* [RB_LEAVES_MOST x room] */
    neighbour *found;   /* [RB_LEAVES_MOST x k] ascending: decided */
    int64_t n_least[RB_LEAVES_MOST], n_pending[RB_LEAVES_MOST], n_found[RB_LEAVES_MOST];
    double margin[RB_LEAVES_MOST];
} search;

static int64_t room_for(int64_t k)
{
    return 4 * k > 4 * RB_LEAVES_MOST ? 4 * k : 4 * (int64_t)RB_LEAVES_MOST;
}

double rb_neighbours_thread_bytes(int64_t k)
{
    return (double)RB_LEAVES_MOST * (20.0 * (double)k + 8.0 * (double)room_for(k));
}

static rb_status search_init(search *s, const rb_leaves *l, const rb_leaf_balls *balls, int64_t k, rb_error *err)
{
    s->k = k;
    s->room = room_for(k);
    rb_leaf_walk_init(&s->walk, l, balls, err);
    rb_alloc(&s->least, RB_LEAVES_MOST * k, err);
    rb_alloc(&s->pending, RB_LEAVES_MOST * s->room, err);
    rb_alloc(&s->found, RB_LEAVES_MOST * k, err);
    s->walk.self = s;
    return err->status;
}

static void search_fini(search *s)
{
    rb_leaf_walk_fini(&s->walk);
    rb_free(s->least);
    rb_free(s->pending);
    rb_free(s->found);
}

/* ---- candidates ---- */

/* Puts h into the heap in place of the largest. */
static void sift(float *heap, int64_t n, float h)
{
    int64_t at = 0;
    for (;;) {
        int64_t child = 2 * at + 1;
        if (child + 1 < n && heap[child + 1] > heap[child])
            child++;
        if (child >= n || heap[child] <= h)
            break;
        heap[at] = heap[child];
        at = child;
    }
    heap[at] = h;
}

static void lower(float *limit, double value)
{
    float rounded = nextafterf((float)value, INFINITY);
    *limit = rounded < *limit ? rounded : *limit;
}

/* The k-th least h is within its margin of the k-th distance, and so is what may take its place. */
static void note_least(search *s, int64_t q, float h)
{
    float *heap = s->least + q * s->k;
    if (s->n_least[q] < s->k) {
        int64_t at = s->n_least[q]++;
        for (; at > 0 && heap[(at - 1) / 2] < h; at = (at - 1) / 2)
            heap[at] = heap[(at - 1) / 2];
        heap[at] = h;
    } else if (h < heap[0]) {
        sift(heap, s->k, h);
    } else {
        return;
    }
    if (s->n_least[q] == s->k)
        lower(&s->walk.limit[q], (double)heap[0] + 2 * s->margin[q]);
}

static void insert(search *s, int64_t q, neighbour x)
{
    neighbour *found = s->found + q * s->k;
    int64_t at = s->n_found[q];
    if (at == s->k) {
        const neighbour *last = &found[at - 1];
        if (x.distance > last->distance || (x.distance == last->distance && x.position > last->position))
            return;
        at--;
    } else {
        s->n_found[q]++;
    }
    for (; at > 0 && (found[at - 1].distance > x.distance ||
                      (found[at - 1].distance == x.distance && found[at - 1].position > x.position));
         at--)
        found[at] = found[at - 1];
    found[at] = x;
}

/* Drops what the limit leaves out by now. */
static void sieve(search *s, int64_t q)
{
    candidate *pending = s->pending + q * s->room;
    int64_t n = 0;
    for (int64_t i = 0; i < s->n_pending[q]; i++)
        if (pending[i].h <= s->walk.limit[q])
            pending[n++] = pending[i];
    s->n_pending[q] = n;
}

/* Decides by the definition. Where k points lie in the same place nothing is nearer. */
static void decide(search *s, int64_t q)
{
    const rb_leaves *l = s->walk.leaves;
    const int64_t own = s->walk.position[q];
    const candidate *pending = s->pending + q * s->room;
    for (int64_t i = 0; i < s->n_pending[q]; i++) {
        int32_t position = pending[i].position;
        insert(s, q,
               (neighbour){ rb_metric_distance(l->points, l->order[own], l->points, l->order[position]), position });
    }
    s->n_pending[q] = 0;
    if (s->n_found[q] < s->k)
        return;
    double last = s->found[q * s->k + s->k - 1].distance;
    if (!(last > 0))
        s->walk.limit[q] = -1;
    else
        lower(&s->walk.limit[q], rb_leaves_half(l, last) + s->margin[q]);
}

static void take(void *self, rb_leaf_walk *w, int64_t q, int64_t begin, int64_t n, const float *product)
{
    search *s = self;
    const float *half = w->leaves->half + begin, own = w->leaves->half[w->position[q]], limit = w->limit[q];
    int32_t n_within = 0, within[RB_LEAVES_MOST] = { 0 };
    for (int64_t o = 0; o < n; o++)
        n_within += own + half[o] - product[o] <= limit;
    if (n_within == 0)
        return;
    n_within = 0;
    for (int64_t o = 0; o < n; o++) {
        within[n_within] = (int32_t)o;
        n_within += own + half[o] - product[o] <= limit;
    }
    candidate *pending = s->pending + q * s->room;
    for (int32_t i = 0; i < n_within; i++) {
        int32_t o = within[i];
        float h = own + half[o] - product[o];
        if (h > w->limit[q] || begin + o == w->position[q])
            continue;
        note_least(s, q, h);
        pending[s->n_pending[q]++] = (candidate){ h, (int32_t)begin + o };
    }
    if (s->n_pending[q] + RB_LEAVES_MOST > s->room) {
        sieve(s, q);
        if (2 * s->n_pending[q] > s->room)
            decide(s, q);
    }
}

/* ---- leaves ---- */

static void search_leaf(search *s, rb_neighbours *nb, int64_t leaf)
{
    rb_leaf_walk *w = &s->walk;
    const rb_leaves *l = w->leaves;
    w->take = take;
    w->leaf = leaf;
    w->n = l->begin[leaf + 1] - l->begin[leaf];
    for (int64_t q = 0; q < w->n; q++) {
        w->position[q] = l->begin[leaf] + q;
        w->limit[q] = rb_leaf_limit(l, w->position[q], INFINITY);
        s->margin[q] = rb_leaves_margin(l, (double)l->half[w->position[q]], l->most_half);
        s->n_least[q] = s->n_pending[q] = s->n_found[q] = 0;
    }
    rb_leaf_walk_run(w);
    for (int64_t q = 0; q < w->n; q++) {
        sieve(s, q);
        decide(s, q);
        for (int64_t i = 0; i < s->k; i++) {
            nb->index[w->position[q] * s->k + i] = s->found[q * s->k + i].position;
            nb->distance[w->position[q] * s->k + i] = s->found[q * s->k + i].distance;
        }
    }
}

static void search_leaves(search *s, rb_neighbours *nb, const int64_t *first, const rb_ctx *ctx)
{
#pragma omp parallel for num_threads(ctx->n_threads) schedule(dynamic)
    for (int64_t leaf = first[ctx->rank]; leaf < first[ctx->rank + 1]; leaf++)
        search_leaf(&s[omp_get_thread_num()], nb, leaf);
}

rb_status rb_neighbours_init(rb_neighbours *nb, const rb_leaves *l, const rb_leaf_balls *balls, int64_t k,
                             const rb_ctx *ctx, rb_error *err)
{
    search *s = NULL;
    int64_t *first = NULL;
    *nb = (rb_neighbours){ .n = l->points->n, .k = k };
    rb_alloc(&first, ctx->n_ranks + 1, err);
    if (rb_alloc(&s, ctx->n_threads, err) == RB_OK)
        for (int t = 0; t < ctx->n_threads; t++)
            search_init(&s[t], l, balls, k, err);
    RB_TRY_ALL(ctx, err->status);
    RB_TRY(rb_shared_alloc(&nb->index_memory, nb->n * k * (int64_t)sizeof *nb->index, ctx, err));
    RB_TRY(rb_shared_alloc(&nb->distance_memory, nb->n * k * (int64_t)sizeof *nb->distance, ctx, err));
    nb->index = nb->index_memory.data;
    nb->distance = nb->distance_memory.data;
    rb_leaf_cut(first, l, NULL, ctx->n_ranks);
    search_leaves(s, nb, first, ctx);
    for (int r = 0; r <= ctx->n_ranks; r++)
        first[r] = l->begin[first[r]];
    rb_shared_publish(&nb->index_memory, first, k * (int64_t)sizeof *nb->index, ctx);
    rb_shared_publish(&nb->distance_memory, first, k * (int64_t)sizeof *nb->distance, ctx);
done:
    for (int t = 0; s && t < ctx->n_threads; t++)
        search_fini(&s[t]);
    rb_free(s);
    rb_free(first);
    return err->status;
}

void rb_neighbours_fini(rb_neighbours *nb)
{
    rb_shared_fini(&nb->index_memory);
    rb_shared_fini(&nb->distance_memory);
    memset(nb, 0, sizeof *nb);
}

/* ---- of points ---- */

bool rb_neighbour_lists_by_balls(const rb_points *points)
{
    return points->dense && points->n >= RB_NEIGHBOURS_FROM_BALLS;
}

rb_status rb_neighbour_lists_init(rb_neighbour_lists *out, const rb_points *points, bool is_cosine, int64_t k,
                                  bool has_balls, const rb_ctx *ctx, rb_error *err)
{
    RB_TRY_ALL(ctx, rb_metric_points_init(&out->metric, points, is_cosine, ctx, err));
    if (points->n < 2)
        goto done;
    RB_TRY(rb_leaves_init(&out->leaves, &out->metric, RB_LEAVES_GROUPS, ctx, err));
    if (has_balls)
        RB_TRY_ALL(ctx, rb_leaf_balls_init(&out->balls, &out->leaves, ctx, err));
    RB_TRY(rb_neighbours_init(&out->lists, &out->leaves, has_balls ? &out->balls : NULL, k, ctx, err));
done:
    return err->status;
}

void rb_neighbour_lists_fini(rb_neighbour_lists *l)
{
    rb_neighbours_fini(&l->lists);
    rb_leaf_balls_fini(&l->balls);
    rb_leaves_fini(&l->leaves);
    rb_metric_points_fini(&l->metric);
}

double rb_neighbour_lists_bytes(double n, double d, double nnz, int64_t k, int n_threads)
{
    return rb_leaves_bytes(n, d, nnz) + rb_leaf_walk_bytes(n, d, nnz > 0, n_threads) + 8 * n +
           rb_neighbours_thread_bytes(k) * n_threads;
}
