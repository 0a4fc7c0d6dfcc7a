#include <string.h>

#include "base/alloc.h"
#include "linalg/topk.h"
#include "recommend/core/rating_knn.h"

/* Row x and column y of a prediction. */
typedef struct {
    const int32_t *near; /* [n_near] rows similar to x, ascending */
    const double *similarity;
    int64_t n_near;
    const int32_t *rater; /* [n_raters] rows with a rating in y, ascending */
    const float *rating;
    int64_t n_raters;
    double centre, spread; /* of x */
    double of_column;      /* the column's part of b */
    bool known_column;     /* y has training ratings */
} pair;

/* The neighbours, most similar first; `item` is the place among the raters. */
typedef struct {
    rb_topk_entry entry[RB_RATING_MOST_K];
    rb_topk best;
    double sum; /* of their similarities */
} neighbours;

/* First place in id[from .. n) that is not below `least`: steps that double, then halves; near places are near. */
static int64_t advance(const int32_t *id, int64_t from, int64_t n, int32_t least)
{
    int64_t step = 1;
    while (from + step < n && id[from + step - 1] < least) {
        from += step;
        step *= 2;
    }
    return from + rb_knn_lower(id + from, from + step < n ? step : n - from, least);
}

static void find_neighbours(neighbours *found, const pair *p, int64_t k)
{
    int64_t a = 0, b = 0;
    found->best = (rb_topk){ .entry = found->entry, .k = (int32_t)k };
    found->sum = 0;
    while (a < p->n_near && b < p->n_raters) {
        if (p->near[a] < p->rater[b]) {
            a = advance(p->near, a, p->n_near, p->rater[b]);
        } else if (p->near[a] > p->rater[b]) {
            b = advance(p->rater, b, p->n_raters, p->near[a]);
        } else {
            rb_topk_offer(&found->best, p->similarity[a], 0, (int32_t)b);
            a++;
            b++;
        }
    }
    rb_topk_finish(&found->best);
    for (int32_t n = 0; n < found->best.n; n++)
        found->sum += found->entry[n].score;
}

static bool are_enough(const rb_rating_knn *m, const neighbours *found)
{
    return found->best.n >= m->min_k;
}

/* What the neighbour at a place of the raters says, of one row's spread. */
static double said_by(const rb_rating_knn *m, const pair *p, int32_t place)
{
    const int32_t v = p->rater[place];
    return ((double)p->rating[place] - (m->centre[v] + p->of_column)) / m->spread[v];
}

static double estimate(const rb_rating_knn *m, const pair *p)
{
    neighbours found;
    if (!p->known_column && m->centring != RB_CENTRE_BASELINE)
        return m->mean;
    find_neighbours(&found, p, m->k);
    if (!are_enough(m, &found))
        return m->centring == RB_CENTRE_NONE ? m->mean : p->centre + p->of_column;
    double sum = 0;
    for (int32_t n = 0; n < found.best.n; n++)
        sum += found.entry[n].score * said_by(m, p, found.entry[n].item);
    return p->centre + p->of_column + sum / found.sum * p->spread;
}

static double part_of_column(const rb_rating_knn *m, int64_t y)
{
    if (m->centring != RB_CENTRE_BASELINE)
        return 0;
    return m->by_user ? m->bias.item[y] : m->bias.user[y];
}

static pair pair_at(const rb_rating_knn *m, int32_t user, int32_t item)
{
    const int64_t x = m->by_user ? user : item, y = m->by_user ? item : user;
    const int64_t near = m->near.begin[x], raters = m->raters.begin[y];
    return (pair){ .near = m->near.id + near,
                   .similarity = m->near.weight + near,
                   .n_near = m->near.begin[x + 1] - near,
                   .rater = m->raters.item + raters,
                   .rating = m->raters.rating + raters,
                   .n_raters = m->raters.begin[y + 1] - raters,
                   .centre = m->centre[x],
                   .spread = m->spread[x],
                   .of_column = part_of_column(m, y),
                   .known_column = m->raters.begin[y + 1] > raters };
}

void rb_rating_knn_predict(double *out, const void *self, const rb_pairs *pairs)
{
    for (int64_t i = 0; i < pairs->n; i++) {
        const pair p = pair_at(self, pairs->user[i], pairs->item[i]);
        out[i] = estimate(self, &p);
    }
}

void rb_rating_knn_score(rb_tile *tile, const void *self, const int32_t *users, int32_t n_users, int32_t item_begin,
                         int32_t item_end)
{
    for (int32_t u = 0; u < n_users; u++)
        for (int32_t i = item_begin; i < item_end; i++) {
            const pair p = pair_at(self, users[u], i);
            ((double *)tile->data)[u * tile->ld + i - item_begin] = estimate(self, &p);
        }
}

int rb_rating_knn_explain(int32_t *items, double *weights, int n, const void *self, int32_t user, int32_t item)
{
    const rb_rating_knn *m = self;
    const pair p = pair_at(m, user, item);
    neighbours found;
    rb_topk_entry entry[RB_RATING_MOST_K];
    rb_topk best = { .entry = entry, .k = n < RB_RATING_MOST_K ? n : RB_RATING_MOST_K };
    find_neighbours(&found, &p, m->k);
    if (!are_enough(m, &found))
        return 0;
    for (int32_t i = 0; i < found.best.n; i++) {
        const int32_t place = found.entry[i].item;
        rb_topk_offer(&best, found.entry[i].score / found.sum * said_by(m, &p, place) * p.spread, 0, p.rater[place]);
    }
    rb_topk_finish(&best);
    for (int32_t i = 0; i < best.n; i++) {
        items[i] = entry[i].item;
        weights[i] = entry[i].score;
    }
    return best.n;
}

/* ---- a user given by interactions ---- */

typedef struct {
    int32_t *item; /* [n] ascending */
    float *rating; /* [n] */
    int64_t n;
    double bias;
} given;

static rb_status sort_given(given *g, const int32_t *items, const float *ratings, int64_t n, rb_error *err)
{
    RB_TRY(rb_alloc(&g->item, n, err));
    RB_TRY(rb_alloc(&g->rating, n, err));
    for (; g->n < n; g->n++) {
        const int64_t at = rb_knn_lower(g->item, g->n, items[g->n]);
        memmove(g->item + at + 1, g->item + at, (size_t)(g->n - at) * sizeof *g->item);
        memmove(g->rating + at + 1, g->rating + at, (size_t)(g->n - at) * sizeof *g->rating);
        g->item[at] = items[g->n];
        g->rating[at] = ratings[g->n];
    }
done:
    return err->status;
}

/* By the formula of the user half of core/bias.h. */
static double bias_of(const rb_rating_knn *m, const given *g, double reg_user)
{
    const double weight = reg_user + (double)g->n;
    double sum = 0;
    for (int64_t e = 0; e < g->n && m->bias.item; e++)
        sum += (double)g->rating[e] - m->mean - m->bias.item[g->item[e]];
    return weight > 0 ? sum / weight : 0;
}

static rb_status fold_in_row(double *scores, const rb_rating_knn *m, const given *g, const rb_rating_knn_config *c,
                             rb_error *err)
{
    rb_rating_scratch *scratch = NULL;
    const bool centred = c->similarity == RB_RATING_PEARSON_BASELINE;
    const rb_rating_rows rows = { .n_rows = m->n_x,
                                  .n_cols = m->raters.n_users,
                                  .col_begin = m->raters.begin,
                                  .col_row = m->raters.item,
                                  .col_rating = m->raters.rating,
                                  .row_bias = centred ? m->bias.user : NULL,
                                  .col_bias = centred ? m->bias.item : NULL,
                                  .mean = m->mean };
    RB_TRY(rb_rating_scratch_new(&scratch, m->n_x, c, err));
    const rb_knn_list near = rb_rating_compare(scratch, &rows, g->item, g->rating, g->n, g->bias, -1, c);
    double centre, spread;
    rb_rating_centre_row(&centre, &spread, m, g->rating, g->n, g->bias);
    for (int32_t i = 0; i < m->raters.n_users; i++) {
        pair p = pair_at(m, 0, i);
        p.near = near.id;
        p.similarity = near.weight;
        p.n_near = near.n;
        p.centre = centre;
        p.spread = spread;
        scores[i] = estimate(m, &p);
    }
done:
    rb_rating_scratch_free(scratch);
    return err->status;
}

static void fold_in_column(double *scores, const rb_rating_knn *m, const given *g)
{
    for (int32_t i = 0; i < m->n_x; i++) {
        pair p = pair_at(m, 0, i);
        p.rater = g->item;
        p.rating = g->rating;
        p.n_raters = g->n;
        p.of_column = m->centring == RB_CENTRE_BASELINE ? g->bias : 0;
        p.known_column = g->n > 0;
        scores[i] = estimate(m, &p);
    }
}

rb_status rb_rating_knn_fold_in(double *scores, const void *self, const int32_t *items, const float *ratings, int64_t n,
                                const void *cfg, rb_error *err)
{
    const rb_rating_knn *m = self;
    const rb_rating_knn_config *c = cfg;
    given g = { 0 };
    RB_TRY(sort_given(&g, items, ratings, n, err));
    g.bias = bias_of(m, &g, c->reg_user);
    if (m->by_user)
        RB_TRY(fold_in_row(scores, m, &g, c, err));
    else
        fold_in_column(scores, m, &g);
done:
    rb_free(g.item);
    rb_free(g.rating);
    return err->status;
}
