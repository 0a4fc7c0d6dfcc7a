/*
 * One of several models for each pair of user and item, by how much is known of both: the first of which the thresholds
 * are reached, else the last.
 *
 *     s_ui = s^m_ui,  m the least k with n_u >= user threshold k and n_i >= item threshold k, or the last
 *
 * n_u, n_i: interactions in training, of users who are folded in those revealed. The last model is for what is cold.
 * Where items are told apart, one list holds scores of several models, which `normalization` makes comparable for the
 * user (core/ensemble.h); else a user's list is that of one model, untouched. Burke (2002),
 * doi:10.1023/A:1021240730564 (switching hybrids).
 *
 * It ranks where all of its models rank and predicts ratings where all of them do. Memory 4 bytes a user and item a
 * rank, with item thresholds 16 bytes a user and model a node. Bits: those of the models.
 */
#include "base/alloc.h"
#include "recommend/core/ensemble.h"

typedef struct {
    RB_ENSEMBLE_FIELDS;
    rb_array user_thresholds, item_thresholds;
    int normalization;
    int64_t depth;
} config;

typedef struct {
    rb_ensemble models;
    double *threshold; /* [2 x n_thresholds] of users, then of items, for each model but the last */
    int32_t *user_known, *item_known;
    int64_t n_thresholds, n_users, n_items;
    rb_scale scale;
} state;

static const rb_param params[] = {
    RB_ENSEMBLE_PARAMS(config),
    RB_ARRAY(config, user_thresholds,
             "interactions that a user needs for each model but the last; 1 where neither thresholds are given"),
    RB_ARRAY(config, item_thresholds, "interactions that an item needs for each model but the last"),
    RB_CHOICE(config, normalization, RB_SCALE_Z_SCORE, RB_SCALE_CHOICES,
              "with item thresholds: how the models' scores of a user's items are made comparable"),
    RB_INT(config, depth, 100, 1, 1000000, "items", "with normalization rank: best items of a user that have one"),
    RB_PARAM_END,
};

static rb_status check(const void *cfg, const rb_shape *shape, rb_error *err)
{
    const config *c = cfg;
    (void)shape;
    const int32_t n = rb_ensemble_size(RB_ENSEMBLE_REFS(c));
    RB_TRY(rb_ensemble_check("switching", RB_ENSEMBLE_REFS(c), err));
    RB_TRY(rb_ensemble_check_array("switching", "user_thresholds", &c->user_thresholds, n - 1,
                                   "one for each model but the last", err));
    RB_TRY(rb_ensemble_check_array("switching", "item_thresholds", &c->item_thresholds, n - 1,
                                   "one for each model but the last", err));
done:
    return err->status;
}

static rb_scale_kind scale_of(const config *c)
{
    return c->item_thresholds.value ? (rb_scale_kind)c->normalization : RB_SCALE_NONE;
}

static rb_cost cost(const void *cfg, const rb_shape *shape)
{
    const config *c = cfg;
    const int32_t n = rb_ensemble_size(RB_ENSEMBLE_REFS(c));
    rb_cost cost = rb_scale_cost(scale_of(c), c->depth, n, shape);
    cost.bytes_per_rank += 16 * n + 4 * (double)(shape->n_users + shape->n_items) + 8 * (shape->n_ranks + 1);
    cost.flops += (double)(shape->n_users + shape->n_items);
    return cost;
}

static rb_status attach(void *self, const rb_train_view *view, const void *cfg, rb_error *err)
{
    const config *c = cfg;
    rb_ensemble_attach(&((state *)self)->models, RB_ENSEMBLE_REFS(c), view);
    return err->status;
}

static rb_status count_known(state *m, const rb_train_view *view, rb_error *err)
{
    const rb_ratings *train = view->ratings, *revealed = view->revealed;
    RB_TRY(rb_alloc(&m->user_known, m->n_users, err));
    RB_TRY(rb_alloc(&m->item_known, m->n_items, err));
    for (int64_t u = 0; u < m->n_users; u++)
        m->user_known[u] = (int32_t)(train->user_begin[u + 1] - train->user_begin[u] +
                                     (revealed ? revealed->user_begin[u + 1] - revealed->user_begin[u] : 0));
    for (int64_t i = 0; i < m->n_items; i++)
        m->item_known[i] = (int32_t)(train->item_begin[i + 1] - train->item_begin[i]);
done:
    return err->status;
}

static rb_status fit(void *self, const rb_train_view *view, const void *prepared, const void *cfg, rb_ctx *ctx,
                     rb_error *err)
{
    state *m = self;
    const config *c = cfg;
    (void)prepared;
    attach(m, view, cfg, err);
    m->n_users = view->ratings->n_users;
    m->n_items = view->ratings->n_items;
    m->n_thresholds = m->models.n - 1;
    (void)rb_alloc(&m->threshold, 2 * m->n_thresholds, err);
    RB_TRY_ALL(ctx, count_known(m, view, err));
    for (int64_t k = 0; k < m->n_thresholds; k++) {
        m->threshold[k] = c->user_thresholds.value ? c->user_thresholds.value[k] : c->item_thresholds.value ? 0 : 1;
        m->threshold[m->n_thresholds + k] = c->item_thresholds.value ? c->item_thresholds.value[k] : 0;
    }
    if (m->models.ranks)
        RB_TRY(rb_scale_fit(&m->scale, &m->models, scale_of(c), c->depth, view, ctx, err));
done:
    return err->status;
}

static int32_t chosen(const state *m, int32_t user, int32_t item)
{
    for (int32_t k = 0; k < m->n_thresholds; k++)
        if (m->user_known[user] >= m->threshold[k] && m->item_known[item] >= m->threshold[m->n_thresholds + k])
            return k;
    return m->models.n - 1;
}

/* Whether model k may be chosen for an item of the user: no earlier one has all of them. */
static bool may_be_chosen(const state *m, int32_t user, int32_t k)
{
    for (int32_t earlier = 0; earlier < k; earlier++)
        if (m->user_known[user] >= m->threshold[earlier] && m->threshold[m->n_thresholds + earlier] <= 0)
            return false;
    return k == m->n_thresholds || m->user_known[user] >= m->threshold[k];
}

typedef struct {
    const rb_tile *tile;
    const state *m;
    int32_t k;
} question;

/* Of the few users for whom model k may be chosen. */
static void score_some(void *self, const rb_ensemble_part *p)
{
    const question *q = self;
    double some[RB_ENSEMBLE_USERS * RB_ENSEMBLE_WIDTH], *out = (double *)q->tile->data + p->at;
    int32_t who[RB_ENSEMBLE_USERS], place[RB_ENSEMBLE_USERS], n = 0;
    for (int32_t u = 0; u < p->n_users; u++)
        if (may_be_chosen(q->m, p->users[u], q->k)) {
            who[n] = p->users[u];
            place[n++] = u;
        }
    if (n == 0)
        return;
    rb_ensemble_score(some, RB_ENSEMBLE_WIDTH, &q->m->models, q->k, who, n, p->begin, p->end);
    for (int32_t u = 0; u < n; u++)
        for (int32_t i = p->begin; i < p->end; i++)
            if (chosen(q->m, who[u], i) == q->k)
                out[place[u] * q->tile->ld + i - p->begin] =
                    rb_scale_at(&q->m->scale, q->k, who[u], some[u * RB_ENSEMBLE_WIDTH + i - p->begin]);
}

static void score(rb_tile *tile, const void *self, const int32_t *users, int32_t n_users, int32_t item_begin,
                  int32_t item_end)
{
    const state *m = self;
    for (int32_t k = 0; k < m->models.n; k++)
        rb_ensemble_walk(score_some, &(question){ tile, m, k }, tile->ld, users, n_users, item_begin, item_end);
}

static void predict(double *out, const void *self, const rb_pairs *pairs)
{
    const state *m = self;
    for (int64_t p = 0; p < pairs->n; p++) {
        const int32_t u = pairs->user[p], i = pairs->item[p];
        out[p] = rb_ensemble_predict(&m->models, chosen(m, u, i), u, i);
    }
}

/* All of it is that of one model. */
static void share(double *shares, const void *self, int32_t user, int32_t item)
{
    const state *m = self;
    const int32_t one = chosen(m, user, item);
    for (int32_t k = 0; k < m->models.n; k++)
        shares[k] = 0;
    if (m->models.ranks)
        score(&(rb_tile){ &shares[one], 1 }, m, &user, 1, item, item + 1);
    else
        shares[one] = rb_ensemble_predict(&m->models, one, user, item);
}

static void arrays(void *self, rb_visitor *v)
{
    state *m = self;
    int64_t n_rows = 2, n_cols = 1;
    v->array(v, "threshold", RB_FLOAT64, (void **)&m->threshold, &n_rows, &m->n_thresholds, NULL);
    v->array(v, "user_known", RB_INT32, (void **)&m->user_known, &m->n_users, &n_cols, NULL);
    v->array(v, "item_known", RB_INT32, (void **)&m->item_known, &m->n_items, &n_cols, NULL);
    rb_scale_arrays(&m->scale, v);
}

static void fini(void *self)
{
    state *m = self;
    rb_free(m->threshold);
    rb_free(m->user_known);
    rb_free(m->item_known);
    rb_scale_fini(&m->scale);
    *m = (state){ 0 };
}

const rb_recommender rb_switching = {
    .name = "switching",
    .summary = "the first of several models whose thresholds a user and an item reach, another for cold ones",
    .reference = "Burke 2002, doi:10.1023/A:1021240730564",
    .needs = RB_NEEDS_RATINGS | RB_NEEDS_MODELS,
    .can = RB_CAN_RANK | RB_CAN_PREDICT | RB_CAN_COLD_USER | RB_CAN_COLD_ITEM | RB_CAN_EXPLAIN,
    .config_size = sizeof(config),
    .state_size = sizeof(state),
    .params = params,
    .check = check,
    .cost = cost,
    .fit = fit,
    .score = score,
    .predict = predict,
    .share = share,
    .attach = attach,
    .arrays = arrays,
    .fini = fini,
};
