#include "support/oracle_hdbscan.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "support/oracle_cluster.h"

typedef struct cluster {
    struct cluster *parent, *child[64];
    int n_children, index;
    double birth, death, most, stability, value;
    bool chosen;
} cluster;

typedef struct {
    const rb_oracle_hdbscan_setting *s;
    int64_t n;
    double *reach; /* [n x n] mutual reachability */
    cluster *all[1024];
    int n_all;
    cluster **last;       /* [n] */
    double *lambda;       /* [n] */
    double *core;         /* [n] */
    int32_t number[1024]; /* labels of the chosen clusters */
} world;

static int ascending(const void *a, const void *b)
{
    const double *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

static int64_t samples_of(const world *w)
{
    return w->s->min_samples < w->n - 1 ? w->s->min_samples : w->n - 1;
}

/* All distances [n x n], not their squares. */
static void lengths(double *out, const double *x, int64_t n, int64_t d, bool cosine)
{
    rb_oracle_distances(out, x, n, d, cosine);
    for (int64_t at = 0; at < n * n && !cosine; at++)
        out[at] = sqrt(out[at]);
}

static void measure(world *w, const double *x, int64_t d)
{
    const int64_t n = w->n, samples = samples_of(w);
    double *core = w->core, *row = calloc((size_t)n, sizeof *row);
    lengths(w->reach, x, n, d, w->s->cosine);
    for (int64_t i = 0; i < n && n > 1; i++) {
        int64_t others = 0;
        for (int64_t j = 0; j < n; j++)
            if (j != i)
                row[others++] = w->reach[i * n + j];
        qsort(row, (size_t)others, sizeof *row, ascending);
        core[i] = row[samples - 1];
    }
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j < n; j++)
            w->reach[i * n + j] = fmax(w->reach[i * n + j], fmax(core[i], core[j]));
    free(row);
}

/* Component of each member by edges shorter than h (up to h where `closed`); returns how many there are. */
static int64_t components(int64_t *component, const world *w, const int64_t *member, int64_t n, double h, bool closed)
{
    int64_t n_components = 0, *stack = malloc((size_t)n * sizeof *stack);
    for (int64_t i = 0; i < n; i++)
        component[i] = -1;
    for (int64_t i = 0; i < n; i++) {
        if (component[i] >= 0)
            continue;
        int64_t n_stack = 1;
        stack[0] = i;
        component[i] = n_components;
        while (n_stack > 0) {
            int64_t at = stack[--n_stack];
            for (int64_t j = 0; j < n; j++) {
                double edge = w->reach[member[at] * w->n + member[j]];
                if (component[j] < 0 && (edge < h || (closed && edge == h))) {
                    component[j] = n_components;
                    stack[n_stack++] = j;
                }
            }
        }
        n_components++;
    }
    free(stack);
    return n_components;
}

/* The least distance that holds the members together: a search among all their edges. */
static double holds_at(const world *w, const int64_t *member, int64_t n, int64_t *component)
{
    int64_t n_edges = 0;
    double *edge = malloc((size_t)(n * n) * sizeof *edge);
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j < i; j++)
            edge[n_edges++] = w->reach[member[i] * w->n + member[j]];
    qsort(edge, (size_t)n_edges, sizeof *edge, ascending);
    int64_t low = 0, high = n_edges - 1;
    while (low < high) {
        int64_t middle = (low + high) / 2;
        if (components(component, w, member, n, edge[middle], true) == 1)
            high = middle;
        else
            low = middle + 1;
    }
    double h = edge[low];
    free(edge);
    return h;
}

static cluster *begin(world *w, cluster *parent, double birth)
{
    cluster *c = calloc(1, sizeof *c);
    c->parent = parent;
    c->birth = birth;
    c->index = w->n_all;
    w->all[w->n_all++] = c;
    if (parent)
        parent->child[parent->n_children++] = c;
    return c;
}

static void fall_apart(world *w, cluster *c, const int64_t *member, int64_t n)
{
    int64_t *component = malloc((size_t)n * sizeof *component), *part = malloc((size_t)n * sizeof *part);
    double h = holds_at(w, member, n, component), lambda = h > 0 ? fmin(1 / h, DBL_MAX) : INFINITY;
    int64_t n_parts = components(component, w, member, n, h, false), n_large = 0, stays = 0;
    int64_t *size = calloc((size_t)n_parts, sizeof *size);
    for (int64_t i = 0; i < n; i++)
        size[component[i]]++;
    for (int64_t k = 0; k < n_parts; k++)
        if (size[k] >= w->s->min_cluster_size) {
            n_large++;
            stays = size[k];
        }
    c->death = lambda;
    c->stability += (double)(n_large == 1 ? n - stays : n) * (lambda - c->birth);
    for (int64_t k = 0; k < n_parts; k++) {
        int64_t n_part = 0;
        for (int64_t i = 0; i < n; i++)
            if (component[i] == k)
                part[n_part++] = member[i];
        if (n_part > 1 && n_part >= w->s->min_cluster_size) {
            fall_apart(w, n_large == 1 ? c : begin(w, c, lambda), part, n_part);
            continue;
        }
        for (int64_t i = 0; i < n_part; i++) {
            w->last[part[i]] = c;
            w->lambda[part[i]] = lambda;
        }
    }
    free(component);
    free(part);
    free(size);
}

static void unchoose_below(cluster *c)
{
    for (int i = 0; i < c->n_children; i++) {
        c->child[i]->chosen = false;
        unchoose_below(c->child[i]);
    }
}

static void weigh(const world *w, cluster *c)
{
    double value[64], sum = 0;
    for (int i = 0; i < c->n_children; i++) {
        weigh(w, c->child[i]);
        value[i] = c->child[i]->value;
    }
    qsort(value, (size_t)c->n_children, sizeof *value, ascending);
    for (int i = 0; i < c->n_children; i++)
        sum += value[i];
    c->value = fmax(sum, c->stability);
    if (w->s->leaf)
        c->chosen = c->n_children == 0;
    else
        c->chosen = c->stability >= sum;
    if (!c->parent && !w->s->allow_single)
        c->chosen = false;
    if (c->chosen)
        unchoose_below(c);
}

static cluster *give_way(const world *w, cluster *c)
{
    if (!c->parent || 1 / c->birth >= w->s->epsilon)
        return c;
    for (cluster *above = c->parent; above->parent; above = above->parent) {
        if (1 / above->birth > w->s->epsilon)
            return above;
        c = above;
    }
    return w->s->allow_single ? c->parent : c;
}

static void use_epsilon(world *w)
{
    bool chosen[1024] = { false };
    for (int k = 0; k < w->n_all; k++)
        if (w->all[k]->chosen)
            chosen[give_way(w, w->all[k])->index] = true;
    for (int k = 0; k < w->n_all; k++)
        w->all[k]->chosen = chosen[k];
    for (int k = 0; k < w->n_all; k++)
        if (w->all[k]->chosen)
            unchoose_below(w->all[k]);
}

static double deepest(cluster *c)
{
    c->most = c->death;
    for (int i = 0; i < c->n_children; i++)
        c->most = fmax(c->most, deepest(c->child[i]));
    return c->most;
}

static cluster *chosen_of(cluster *c)
{
    while (c && !c->chosen)
        c = c->parent;
    return c;
}

static void tell(rb_oracle_hdbscan_result *out, world *w)
{
    int32_t n_labels = 0;
    memset(w->number, -1, sizeof w->number);
    deepest(w->all[0]);
    for (int64_t p = 0; p < w->n; p++) {
        double lambda = w->lambda[p], most = w->last[p]->most;
        cluster *c = chosen_of(w->last[p]);
        if (c && !c->parent && lambda < (w->s->epsilon > 0 ? 1 / w->s->epsilon : c->death))
            c = NULL;
        out->label[p] = -1;
        out->probability[p] = 0;
        out->outlier[p] = isinf(lambda) || most == 0 ? 0 : isinf(most) ? 1 : (most - lambda) / most;
        if (!c || w->n < w->s->min_cluster_size)
            continue;
        if (w->number[c->index] < 0)
            w->number[c->index] = n_labels++;
        out->label[p] = w->number[c->index];
        out->probability[p] = c->death == 0 || isinf(lambda) ? 1 : fmin(lambda, c->death) / c->death;
    }
}

/* ---- new points ---- */

typedef struct {
    double away;
    int64_t point;
} near;

static int nearer(const void *a, const void *b)
{
    const near *x = a, *y = b;
    if (x->away != y->away)
        return x->away < y->away ? -1 : 1;
    return (x->point > y->point) - (x->point < y->point);
}

/* Label of a point by its distances to all. */
static int32_t place(const world *w, const double *away, near *all)
{
    const int64_t samples = samples_of(w);
    int64_t n_near = 2 * samples < w->n ? 2 * samples : w->n, best = 0;
    double least = INFINITY;
    for (int64_t p = 0; p < w->n; p++)
        all[p] = (near){ away[p], p };
    qsort(all, (size_t)w->n, sizeof *all, nearer);
    for (int64_t i = 0; i < n_near; i++) {
        double core = fmax(all[samples < n_near ? samples : n_near - 1].away, w->core[all[i].point]);
        double reach = fmax(core, all[i].away);
        if (reach < least) {
            least = reach;
            best = all[i].point;
        }
    }
    const double lambda = least > 0 ? 1 / least : DBL_MAX;
    cluster *c = w->last[best];
    while (w->lambda[best] > lambda && c->parent && c->birth >= lambda)
        c = c->parent;
    c = chosen_of(c);
    return c ? w->number[c->index] : -1;
}

static void predict(rb_oracle_hdbscan_result *out, const world *w, const double *x, int64_t d)
{
    const int64_t n = w->n + out->n_fresh;
    double *both = malloc((size_t)(n * d) * sizeof *both), *away = malloc((size_t)(n * n) * sizeof *away);
    near *all = malloc((size_t)w->n * sizeof *all);
    memcpy(both, x, (size_t)(w->n * d) * sizeof *x);
    memcpy(both + w->n * d, out->fresh, (size_t)(out->n_fresh * d) * sizeof *x);
    lengths(away, both, n, d, w->s->cosine);
    for (int64_t i = 0; i < out->n_fresh; i++)
        out->assigned[i] = place(w, away + (w->n + i) * n, all);
    free(both);
    free(away);
    free(all);
}

void rb_oracle_hdbscan(rb_oracle_hdbscan_result *out, const double *x, int64_t n, int64_t d,
                       const rb_oracle_hdbscan_setting *s)
{
    world w = { .s = s, .n = n };
    w.reach = calloc((size_t)(n * n), sizeof *w.reach);
    w.last = calloc((size_t)n, sizeof *w.last);
    w.lambda = calloc((size_t)n, sizeof *w.lambda);
    w.core = calloc((size_t)n, sizeof *w.core);
    int64_t *member = malloc((size_t)n * sizeof *member);
    for (int64_t i = 0; i < n; i++)
        member[i] = i;
    measure(&w, x, d);
    w.last[0] = begin(&w, NULL, 0);
    if (n > 1)
        fall_apart(&w, w.all[0], member, n);
    weigh(&w, w.all[0]);
    if (s->epsilon > 0)
        use_epsilon(&w);
    tell(out, &w);
    if (out->fresh)
        predict(out, &w, x, d);
    for (int k = 0; k < w.n_all; k++)
        free(w.all[k]);
    free(member);
    free(w.reach);
    free(w.last);
    free(w.lambda);
    free(w.core);
}
