#include "recommend/core/level_one.h"

#include <omp.h>
#include <string.h>

#include "base/alloc.h"

enum { MOST = RB_ENSEMBLE_MODELS, TARGET = MOST + 1, WIDTH = (MOST + 1) * (MOST + 2) };

/* What one thread works with: of ranking the rows of all models, [n_models x n_items]. */
typedef struct {
    const rb_ensemble *models;
    const rb_scale *scale;
    const rb_train_view *view;  /* of ranking; NULL */
    const rb_ratings *observed; /* positives, or ratings */
    bool ranks;
} question;

static void add(rb_level_one *l, const double *x, double y, double weight)
{
    for (int32_t i = 0; i <= l->n; i++) {
        for (int32_t j = 0; j <= l->n; j++)
            l->moment[i][j] += weight * x[i] * x[j];
        l->moment[i][TARGET] += weight * x[i] * y;
    }
}

/* Whether the user's entries hold an item, asked in ascending order; *at begins at the first of them. */
static bool holds(const rb_ratings *own, int64_t *at, int32_t user, int32_t item)
{
    while (*at < own->user_begin[user + 1] && own->user_item[*at] < item)
        ++*at;
    return *at < own->user_begin[user + 1] && own->user_item[*at] == item;
}

/* Over the items that the user has not met, [n_items] of room. */
static void add_ranking(rb_level_one *l, const question *q, double *rows, int32_t *unmet, int32_t user)
{
    const rb_ratings *own = q->observed;
    const int64_t n_items = own->n_items, begin = own->user_begin[user];
    int64_t n[2] = { 0 }, at = begin;
    double x[MOST + 1] = { 1 };
    if (begin == own->user_begin[user + 1])
        return;
    const int64_t n_unmet = rb_ensemble_unmet(unmet, q->view, user);
    for (int64_t i = 0; i < n_unmet; i++)
        n[holds(own, &at, user, unmet[i])]++;
    if (n[0] == 0 || n[1] == 0)
        return;
    const double mass[2] = { 0.5 / (double)n[0], 0.5 / (double)n[1] };
    for (int32_t k = 0; k < l->n; k++)
        rb_ensemble_score(rows + k * n_items, n_items, q->models, k, &user, 1, 0, (int32_t)n_items);
    at = begin;
    for (int64_t i = 0; i < n_unmet; i++) {
        const bool y = holds(own, &at, user, unmet[i]);
        for (int32_t k = 0; k < l->n; k++)
            x[k + 1] = rb_scale_at(q->scale, k, user, rows[(int64_t)k * n_items + unmet[i]]);
        add(l, x, y, mass[y]);
    }
}

static void add_ratings(rb_level_one *l, const question *q, int32_t user)
{
    double x[MOST + 1] = { 1 };
    for (int64_t e = q->observed->user_begin[user]; e < q->observed->user_begin[user + 1]; e++) {
        for (int32_t k = 0; k < l->n; k++)
            x[k + 1] = rb_ensemble_predict(q->models, k, user, q->observed->user_item[e]);
        add(l, x, (double)q->observed->user_rating[e], 1);
    }
}

static rb_status observe(rb_level_one *l, const question *q, rb_ctx *ctx, rb_error *err)
{
    const rb_blocks *b = &q->observed->users;
    const int32_t first = rb_blocks_of(b, ctx->rank, ctx->n_ranks), end = rb_blocks_of(b, ctx->rank + 1, ctx->n_ranks);
    const int64_t n_items = q->ranks ? q->observed->n_items : 0;
    double *partial = NULL, *rows = NULL;
    int32_t *unmet = NULL;
    *l = (rb_level_one){ .n = q->models->n };
    (void)rb_alloc(&partial, (int64_t)(end - first) * WIDTH, err);
    (void)rb_alloc(&unmet, n_items * ctx->n_threads, err);
    RB_TRY_ALL(ctx, rb_alloc(&rows, q->models->n * n_items * ctx->n_threads, err));
#pragma omp parallel for num_threads(ctx->n_threads) schedule(dynamic, 1)
    for (int32_t block = first; block < end; block++) {
        rb_level_one own = { .n = l->n };
        const int64_t room = n_items * omp_get_thread_num();
        for (int64_t u = b->begin[block]; u < b->begin[block + 1]; u++)
            if (q->ranks)
                add_ranking(&own, q, rows + room * l->n, unmet + room, (int32_t)u);
            else
                add_ratings(&own, q, (int32_t)u);
        memcpy(partial + (int64_t)(block - first) * WIDTH, own.moment, sizeof own.moment);
    }
    RB_TRY(rb_blocks_sum(l->moment[0], partial, WIDTH, b, ctx, err));
done:
    rb_free(partial);
    rb_free(rows);
    rb_free(unmet);
    return err->status;
}

rb_status rb_level_one_of_ranking(rb_level_one *l, const rb_ensemble *e, const rb_scale *s, const rb_train_view *view,
                                  const rb_ratings *positives, rb_ctx *ctx, rb_error *err)
{
    return observe(l, &(question){ e, s, view, positives, true }, ctx, err);
}

rb_status rb_level_one_of_rating(rb_level_one *l, const rb_ensemble *e, const rb_ratings *ratings, rb_ctx *ctx,
                                 rb_error *err)
{
    return observe(l, &(question){ e, NULL, NULL, ratings, false }, ctx, err);
}

rb_cost rb_level_one_cost(int32_t n_models, const rb_shape *shape)
{
    const double users = (double)shape->n_users, items = (double)shape->n_items;
    return (rb_cost){ .bytes_per_rank = (8 * n_models + 4) * shape->n_threads * items + 16.0 * RB_MAX_BLOCKS * WIDTH,
                      .flops = users * items * n_models * 100 };
}

/* ---- weights ---- */

/* The moments about the means; false where nothing was observed. */
typedef struct {
    double mean[MOST], mean_target, xx[MOST][MOST], xy[MOST];
} centred;

static bool centre(centred *c, const rb_level_one *l)
{
    const double mass = l->moment[0][0];
    if (!(mass > 0))
        return false;
    c->mean_target = l->moment[0][TARGET] / mass;
    for (int32_t i = 0; i < l->n; i++)
        c->mean[i] = l->moment[0][i + 1] / mass;
    for (int32_t i = 0; i < l->n; i++) {
        for (int32_t j = 0; j < l->n; j++)
            c->xx[i][j] = l->moment[i + 1][j + 1] / mass - c->mean[i] * c->mean[j];
        c->xy[i] = l->moment[i + 1][TARGET] / mass - c->mean[i] * c->mean_target;
    }
    return true;
}

/* (XX + ridge I) w = xy over the models of a set; one that the earlier ones tell already, or that tells nothing, has 0.
 */
static void solve(double w[MOST], const centred *c, int32_t n, unsigned set, double ridge)
{
    double a[MOST][MOST + 1];
    bool used[MOST];
    for (int32_t i = 0; i < n; i++) {
        memcpy(a[i], c->xx[i], sizeof c->xx[i]);
        a[i][i] += ridge;
        a[i][MOST] = c->xy[i];
    }
    for (int32_t p = 0; p < n; p++) {
        used[p] = (set >> p & 1) && a[p][p] > 1e-12 * (c->xx[p][p] + c->mean[p] * c->mean[p]);
        for (int32_t i = 0; used[p] && i < n; i++) {
            const double factor = a[i][p] / a[p][p];
            for (int32_t j = 0; i != p && j <= MOST; j++)
                a[i][j] -= j < n || j == MOST ? factor * a[p][j] : 0;
        }
    }
    for (int32_t p = 0; p < n; p++)
        w[p] = used[p] ? a[p][MOST] / a[p][p] : 0;
}

static void make_equal(double *weight, int32_t n)
{
    for (int32_t k = 0; k < n; k++)
        weight[k] = 1.0 / n;
}

void rb_level_one_ridge(double *weight, const rb_level_one *l, double regularization)
{
    centred c = { 0 };
    bool any = false;
    weight[0] = 0;
    make_equal(weight + 1, l->n);
    if (!centre(&c, l))
        return;
    double w[MOST];
    solve(w, &c, l->n, ~0u, regularization);
    for (int32_t k = 0; k < l->n; k++)
        any = any || w[k] != 0;
    if (!any)
        return;
    memcpy(weight + 1, w, (size_t)l->n * sizeof *w);
    weight[0] = c.mean_target;
    for (int32_t k = 0; k < l->n; k++)
        weight[0] -= w[k] * c.mean[k];
}

void rb_level_one_shares(double *weight, const rb_level_one *l)
{
    centred c = { 0 };
    double most = 0;
    make_equal(weight, l->n);
    if (!centre(&c, l))
        return;
    for (unsigned set = 1; set < 1u << l->n; set++) {
        double w[MOST], explained = 0, sum = 0;
        bool good = true;
        solve(w, &c, l->n, set, 0);
        for (int32_t k = 0; k < l->n; k++) {
            good = good && w[k] >= 0;
            explained += w[k] * c.xy[k];
            sum += w[k];
        }
        if (!good || !(explained > most))
            continue;
        most = explained;
        for (int32_t k = 0; k < l->n; k++)
            weight[k] = w[k] / sum;
    }
}
