/*
 * Popularity within the segment of a user.
 *
 *     s_ui = (n_gi + damping p_i) / (n_g + damping),  p_i = n_i / n
 *
 * n_gi: training positives of item i by users of the segment g of u, n_g those of all items, n_i and n of all users. A
 * user without positives has p_i. Segments, `by: activity`: the users who have positives, ordered by how many, in
 * `segments` parts of about equal size; equal numbers are never parted; one who is revealed or folded in joins the part
 * of those with as many. `by: planted`: the segments of generated data, unknown of one who is folded in. The floor for
 * new users of a known kind: Sedhain, Sanner, Braziunas, Xie, Christensen (2014), doi:10.1145/2645710.2645772,
 * section 4.
 *
 * Time O(n + segments n_items), memory 8 segments n_items bytes a rank. Bits: exact counts.
 */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "recommend/recommend.h"

enum { BY_ACTIVITY, BY_PLANTED };

typedef struct {
    int64_t segments;
    int by;
    double damping;
} config;

typedef struct {
    double *share;     /* [n_segments x n_items] */
    double *overall;   /* [n_items] */
    int32_t *segment;  /* [n_users], -1: none */
    int64_t *activity; /* [n_active] positives of each user who has any, ascending; by activity alone */
    int64_t n_segments, n_items, n_users, n_active;
} state;

static const rb_param params[] = {
    RB_INT(config, segments, 4, 1, 1000, "", "parts of the users by activity"),
    RB_CHOICE(config, by, BY_ACTIVITY, "activity|planted",
              "what makes the segments: number of positives, or the generator's"),
    RB_DOUBLE(config, damping, 100.0, 0.0, 1e12, "positives", "weight of the popularity among all users"),
    RB_PARAM_END,
};

enum { MOST_PLANTED = 1000 }; /* for the cost, which does not see them */

static rb_cost cost(const void *cfg, const rb_shape *shape)
{
    const config *c = cfg;
    const double n_segments = (double)(c->by == BY_ACTIVITY            ? c->segments
                                       : MOST_PLANTED < shape->n_users ? MOST_PLANTED
                                                                       : shape->n_users);
    return (rb_cost){ .bytes_per_rank =
                          8 * (n_segments + 1) * ((double)shape->n_items + 1) + 12 * (double)shape->n_users,
                      .flops = 2 * (double)shape->n_positives + n_segments * (double)shape->n_items };
}

static int ascending(const void *a, const void *b)
{
    const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* Users with fewer positives, of those who have any, decide the part that a user is in. */
static int32_t segment_of(const state *m, int64_t n_own)
{
    int64_t fewer = 0, high = m->n_active;
    while (fewer < high) {
        const int64_t middle = fewer + (high - fewer) / 2;
        if (m->activity[middle] < n_own)
            fewer = middle + 1;
        else
            high = middle;
    }
    if (n_own == 0 || m->n_active == 0)
        return -1;
    fewer = fewer < m->n_active ? fewer : m->n_active - 1; /* of one more active than all */
    return (int32_t)(m->n_segments * fewer / m->n_active);
}

static rb_status segment_by_activity(state *m, const rb_ratings *train, int64_t segments, rb_error *err)
{
    RB_TRY(rb_alloc(&m->activity, m->n_users, err));
    for (int64_t u = 0; u < m->n_users; u++)
        if (train->user_begin[u + 1] > train->user_begin[u])
            m->activity[m->n_active++] = train->user_begin[u + 1] - train->user_begin[u];
    qsort(m->activity, (size_t)m->n_active, sizeof *m->activity, ascending);
    m->n_segments = segments;
    for (int64_t u = 0; u < m->n_users; u++)
        m->segment[u] = segment_of(m, train->user_begin[u + 1] - train->user_begin[u]);
done:
    return err->status;
}

static rb_status take_planted(state *m, const rb_train_view *view, rb_error *err)
{
    if (!view->user_segment)
        return RB_FAIL(err, RB_BAD_INPUT,
                       "segment_popularity: the data set has no planted segments; only generated data "
                       "have them");
    for (int64_t u = 0; u < m->n_users; u++) {
        m->segment[u] = view->user_segment[u];
        if (m->segment[u] >= m->n_segments)
            m->n_segments = m->segment[u] + 1;
    }
    return RB_OK;
}

static rb_status count(state *m, const rb_ratings *train, double damping, rb_error *err)
{
    double *n_of = NULL; /* [n_segments] */
    RB_TRY(rb_alloc(&m->share, m->n_segments * m->n_items, err));
    RB_TRY(rb_alloc(&m->overall, m->n_items, err));
    RB_TRY(rb_alloc(&n_of, m->n_segments, err));
    for (int64_t u = 0; u < m->n_users; u++)
        for (int64_t e = train->user_begin[u]; e < train->user_begin[u + 1] && m->segment[u] >= 0; e++) {
            m->share[m->segment[u] * m->n_items + train->user_item[e]]++;
            n_of[m->segment[u]]++;
        }
    for (int64_t i = 0; i < m->n_items && train->n > 0; i++)
        m->overall[i] = (double)(train->item_begin[i + 1] - train->item_begin[i]) / (double)train->n;
    for (int64_t g = 0; g < m->n_segments; g++)
        for (int64_t i = 0; i < m->n_items; i++) {
            double *share = &m->share[g * m->n_items + i];
            *share = n_of[g] + damping > 0 ? (*share + damping * m->overall[i]) / (n_of[g] + damping) : m->overall[i];
        }
done:
    rb_free(n_of);
    return err->status;
}

static rb_status fit_local(state *m, const rb_train_view *view, const config *c, rb_error *err)
{
    RB_TRY(rb_alloc(&m->segment, m->n_users, err));
    if (c->by == BY_PLANTED)
        RB_TRY(take_planted(m, view, err));
    else
        RB_TRY(segment_by_activity(m, view->positives, c->segments, err));
    RB_TRY(count(m, view->positives, c->damping, err));
done:
    return err->status;
}

static rb_status fit(void *self, const rb_train_view *view, const void *prepared, const void *cfg, rb_ctx *ctx,
                     rb_error *err)
{
    state *m = self;
    (void)prepared;
    m->n_users = view->positives->n_users;
    m->n_items = view->positives->n_items;
    RB_TRY_ALL(ctx, fit_local(m, view, cfg, err));
done:
    return err->status;
}

static rb_status reveal(void *self, const rb_train_view *view, const void *prepared, const void *cfg, rb_ctx *ctx,
                        rb_error *err)
{
    state *m = self;
    const rb_ratings *revealed = view->revealed_positives;
    (void)prepared, (void)cfg, (void)ctx;
    for (int64_t u = 0; u < m->n_users; u++)
        if (m->segment[u] < 0)
            m->segment[u] = segment_of(m, revealed->user_begin[u + 1] - revealed->user_begin[u]);
    return err->status;
}

/* Shares of a segment; -1: of all users. */
static const double *shares_of(const state *m, int32_t segment)
{
    return segment < 0 ? m->overall : m->share + segment * m->n_items;
}

static void score(rb_tile *tile, const void *self, const int32_t *users, int32_t n_users, int32_t item_begin,
                  int32_t item_end)
{
    const state *m = self;
    for (int32_t u = 0; u < n_users; u++) {
        const double *share = shares_of(m, m->segment[users[u]]);
        memcpy((double *)tile->data + u * tile->ld, share + item_begin,
               (size_t)(item_end - item_begin) * sizeof *share);
    }
}

static rb_status fold_in(double *scores, const void *self, const int32_t *items, const float *ratings, int64_t n,
                         const void *cfg, rb_error *err)
{
    const state *m = self;
    (void)items, (void)ratings, (void)cfg;
    memcpy(scores, shares_of(m, segment_of(m, n)), (size_t)m->n_items * sizeof *scores);
    return err->status;
}

static void arrays(void *self, rb_visitor *v)
{
    state *m = self;
    int64_t n_cols = 1;
    v->array(v, "share", RB_FLOAT64, (void **)&m->share, &m->n_segments, &m->n_items, NULL);
    v->array(v, "overall", RB_FLOAT64, (void **)&m->overall, &m->n_items, &n_cols, NULL);
    n_cols = 1;
    v->array(v, "segment", RB_INT32, (void **)&m->segment, &m->n_users, &n_cols, NULL);
    v->array(v, "activity", RB_INT64, (void **)&m->activity, &m->n_active, &n_cols, NULL);
}

static void fini(void *self)
{
    state *m = self;
    rb_free(m->share);
    rb_free(m->overall);
    rb_free(m->segment);
    rb_free(m->activity);
    *m = (state){ 0 };
}

const rb_recommender rb_segment_popularity = {
    .name = "segment_popularity",
    .summary = "share of the item in the positives of users of the same activity or kind",
    .reference = "Sedhain, Sanner, Braziunas, Xie, Christensen 2014, doi:10.1145/2645710.2645772",
    .needs = RB_NEEDS_POSITIVES,
    .can = RB_CAN_RANK | RB_CAN_COLD_USER,
    .config_size = sizeof(config),
    .state_size = sizeof(state),
    .params = params,
    .cost = cost,
    .fit = fit,
    .reveal = reveal,
    .score = score,
    .fold_in = fold_in,
    .arrays = arrays,
    .fini = fini,
};
