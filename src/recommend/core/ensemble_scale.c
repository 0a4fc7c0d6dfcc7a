/* Scores of several models made comparable, user by user. */
#include <math.h>
#include <omp.h>
#include <string.h>

#include "base/alloc.h"
#include "linalg/topk.h"
#include "recommend/core/ensemble.h"

/* What one thread works with. */
typedef struct {
    double *row;        /* [RB_ENSEMBLE_USERS x n_items] */
    int32_t *unmet;     /* [n_items] */
    rb_topk_entry *top; /* [depth] */
} scratch;

static double inverse(double x)
{
    return x > 0 && isfinite(1 / x) ? 1 / x : 0;
}

/* Scores of items not met, brought to the front; returns how many. */
static int64_t drop_met(double *row, int32_t *unmet, const rb_train_view *view, int32_t user)
{
    const int64_t n = rb_ensemble_unmet(unmet, view, user);
    for (int64_t i = 0; i < n; i++)
        row[i] = row[unmet[i]];
    return n;
}

static void find_range(double scale[2], const double *x, int64_t n)
{
    double least = INFINITY, most = -INFINITY;
    for (int64_t i = 0; i < n; i++) {
        least = x[i] < least ? x[i] : least;
        most = x[i] > most ? x[i] : most;
    }
    scale[0] = n > 0 ? least : 0;
    scale[1] = n > 0 ? inverse(most - least) : 0;
}

/* In two passes: a difference of squares would lose what little scores differ by. */
static void find_moments(double scale[2], const double *x, int64_t n)
{
    double sum = 0, square = 0;
    for (int64_t i = 0; i < n; i++)
        sum += x[i];
    const double mean = n > 0 ? sum / (double)n : 0;
    for (int64_t i = 0; i < n; i++)
        square += (x[i] - mean) * (x[i] - mean);
    const double deviation = n > 0 ? sqrt(square / (double)n) : 0;
    scale[0] = mean;
    scale[1] = deviation > 1e-13 * fabs(mean) ? inverse(deviation) : 0; /* else what rounding leaves */
}

/* Where all are alike no item is better than another; the list is empty then, and every rank 0. */
static void find_best(double *best, int64_t depth, rb_topk_entry *top, const double *x, int64_t n)
{
    double range[2];
    rb_topk t = { .entry = top, .k = (int32_t)depth };
    find_range(range, x, n);
    for (int64_t i = 0; i < n && range[1] > 0; i++)
        rb_topk_offer(&t, x[i], 0, (int32_t)i);
    rb_topk_finish(&t);
    for (int64_t k = 0; k < depth; k++)
        best[k] = k < t.n ? top[k].score : range[1] > 0 ? -INFINITY : INFINITY;
}

static void fit_users(rb_scale *s, const scratch *own, const rb_ensemble *e, const rb_train_view *view, int32_t first,
                      int32_t n)
{
    const int32_t n_items = view->ratings->n_items;
    const int64_t per_model = s->n_numbers / e->n;
    int32_t users[RB_ENSEMBLE_USERS];
    for (int32_t u = 0; u < n; u++)
        users[u] = first + u;
    for (int32_t k = 0; k < e->n; k++) {
        rb_ensemble_score(own->row, n_items, e, k, users, n, 0, n_items);
        for (int32_t u = 0; u < n; u++) {
            double *row = own->row + (int64_t)u * n_items;
            double *number = s->number + users[u] * s->n_numbers + k * per_model;
            const int64_t n_left = drop_met(row, own->unmet, view, users[u]);
            if (s->kind == RB_SCALE_MIN_MAX)
                find_range(number, row, n_left);
            else if (s->kind == RB_SCALE_Z_SCORE)
                find_moments(number, row, n_left);
            else
                find_best(number, s->depth, own->top, row, n_left);
        }
    }
}

static rb_status begin_threads(scratch **out, const rb_scale *s, int32_t n_items, const rb_ctx *ctx, rb_error *err)
{
    RB_TRY(rb_alloc(out, ctx->n_threads, err));
    for (int t = 0; t < ctx->n_threads; t++) {
        RB_TRY(rb_alloc(&(*out)[t].row, (int64_t)RB_ENSEMBLE_USERS * n_items, err));
        RB_TRY(rb_alloc(&(*out)[t].unmet, n_items, err));
        RB_TRY(rb_alloc(&(*out)[t].top, s->depth, err));
    }
done:
    return err->status;
}

static void end_threads(scratch *own, const rb_ctx *ctx)
{
    for (int t = 0; own && t < ctx->n_threads; t++) {
        rb_free(own[t].row);
        rb_free(own[t].unmet);
        rb_free(own[t].top);
    }
    rb_free(own);
}

/* A batch of users is scored by one thread, whoever it is. */
static void fit_own(rb_scale *s, scratch *own, const rb_ensemble *e, const rb_train_view *view, int64_t begin,
                    int64_t end, const rb_ctx *ctx)
{
#pragma omp parallel num_threads(ctx->n_threads)
    {
        const scratch *mine = &own[omp_get_thread_num()];
#pragma omp for schedule(dynamic, 1)
        for (int64_t u = begin; u < end; u += RB_ENSEMBLE_USERS)
            fit_users(s, mine, e, view, (int32_t)u,
                      end - u < RB_ENSEMBLE_USERS ? (int32_t)(end - u) : RB_ENSEMBLE_USERS);
    }
}

static int64_t numbers_of(rb_scale_kind kind, int64_t depth, int32_t n_models)
{
    return kind == RB_SCALE_NONE ? 0 : n_models * (kind == RB_SCALE_RANK ? depth : 2);
}

rb_status rb_scale_fit(rb_scale *s, const rb_ensemble *e, rb_scale_kind kind, int64_t depth, const rb_train_view *view,
                       rb_ctx *ctx, rb_error *err)
{
    const rb_ratings *train = view->ratings;
    int64_t *begin = NULL;
    scratch *own = NULL;
    s->kind = kind;
    s->depth = kind != RB_SCALE_RANK ? 0 : depth < train->n_items ? depth : train->n_items;
    s->n_numbers = numbers_of(kind, s->depth, e->n);
    s->n_users = s->n_numbers > 0 ? train->n_users : 0;
    if (s->n_users == 0)
        return RB_OK;
    RB_TRY(rb_shared_alloc(&s->memory, s->n_users * s->n_numbers * (int64_t)sizeof *s->number, ctx, err));
    s->number = s->memory.data;
    (void)rb_alloc(&begin, ctx->n_ranks + 1, err);
    RB_TRY_ALL(ctx, begin_threads(&own, s, train->n_items, ctx, err));
    rb_blocks_offsets(begin, &train->users, ctx);
    fit_own(s, own, e, view, begin[ctx->rank], begin[ctx->rank + 1], ctx);
    rb_shared_publish(&s->memory, begin, s->n_numbers * (int64_t)sizeof *s->number, ctx);
done:
    end_threads(own, ctx);
    rb_free(begin);
    return err->status;
}

rb_cost rb_scale_cost(rb_scale_kind kind, int64_t depth, int32_t n_models, const rb_shape *shape)
{
    const double users = (double)shape->n_users, items = (double)shape->n_items;
    const double best = (double)(depth < shape->n_items ? depth : shape->n_items);
    if (kind == RB_SCALE_NONE)
        return (rb_cost){ 0 };
    return (rb_cost){
        .bytes_per_rank = shape->n_threads * ((8 * RB_ENSEMBLE_USERS + 4) * items + best * sizeof(rb_topk_entry)),
        .bytes_per_node = 8 * users * n_models * (kind == RB_SCALE_RANK ? best : 2),
        .flops = 100 * n_models * users * items,
    };
}

/* First of n descending numbers that is below x; or that is not above it. */
static int64_t first_below(const double *best, int64_t n, double x, bool or_equal)
{
    int64_t low = 0, high = n;
    while (low < high) {
        const int64_t middle = low + (high - low) / 2;
        if (best[middle] > x || (!or_equal && best[middle] == x))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static double rank_of(const double *best, int64_t depth, double score)
{
    const int64_t above = first_below(best, depth, score, true), same = first_below(best, depth, score, false) - above;
    const double place = (double)above + (same > 1 ? 0.5 * (double)(same - 1) : 0);
    return 1 - place / (double)depth;
}

double rb_scale_at(const rb_scale *s, int32_t k, int32_t user, double score)
{
    const double *number = s->number ? s->number + user * s->n_numbers : NULL;
    if (s->kind == RB_SCALE_NONE || !number)
        return score;
    if (s->kind == RB_SCALE_RANK)
        return rank_of(number + k * s->depth, s->depth, score);
    return (score - number[2 * (int64_t)k]) * number[2 * (int64_t)k + 1];
}

typedef struct {
    double *out; /* [n_users x ld] */
    int64_t ld;
    const rb_scale *scale;
    const rb_ensemble *models;
    int32_t k;
    double weight;
} addition;

/* Adds weight times the comparable scores of model k. */
static void add_scores(void *self, const rb_ensemble_part *p)
{
    const addition *a = self;
    double some[RB_ENSEMBLE_USERS * RB_ENSEMBLE_WIDTH];
    rb_ensemble_score(some, RB_ENSEMBLE_WIDTH, a->models, a->k, p->users, p->n_users, p->begin, p->end);
    for (int32_t u = 0; u < p->n_users; u++)
        for (int32_t i = 0; i < p->end - p->begin; i++)
            a->out[p->at + u * a->ld + i] +=
                a->weight * rb_scale_at(a->scale, a->k, p->users[u], some[u * RB_ENSEMBLE_WIDTH + i]);
}

void rb_scale_score(rb_tile *tile, const rb_scale *s, const rb_ensemble *e, const double *weight, const int32_t *users,
                    int32_t n_users, int32_t item_begin, int32_t item_end)
{
    double *out = tile->data;
    for (int32_t u = 0; u < n_users; u++)
        memset(out + u * tile->ld, 0, (size_t)(item_end - item_begin) * sizeof *out);
    for (int32_t k = 0; k < e->n; k++)
        rb_ensemble_walk(add_scores, &(addition){ out, tile->ld, s, e, k, weight[k] }, tile->ld, users, n_users,
                         item_begin, item_end);
}

void rb_scale_share(double *shares, const rb_scale *s, const rb_ensemble *e, const double *weight, int32_t user,
                    int32_t item)
{
    for (int32_t k = 0; k < e->n; k++) {
        shares[k] = 0;
        if (e->ranks)
            rb_ensemble_walk(add_scores, &(addition){ &shares[k], 1, s, e, k, weight[k] }, 1, &user, 1, item, item + 1);
        else
            shares[k] = weight[k] * rb_ensemble_predict(e, k, user, item);
    }
}

void rb_scale_arrays(rb_scale *s, rb_visitor *v)
{
    v->scalar(v, "normalization", RB_INT64, &s->kind);
    v->scalar(v, "depth", RB_INT64, &s->depth);
    v->array(v, "scale", RB_FLOAT64, (void **)&s->number, &s->n_users, &s->n_numbers, &s->memory);
    if (s->n_users == 0) /* what is read back has a place even where there is nothing */
        s->number = NULL;
}

void rb_scale_fini(rb_scale *s)
{
    rb_shared_fini(&s->memory);
    *s = (rb_scale){ 0 };
}
