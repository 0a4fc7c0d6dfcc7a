/*
 * K-Prototypes: clusters of items described by numbers and by categories.
 *
 *     d(x, q) = sum_j (x_j - q_j)^2 + gamma |{ a : x_a != q_a }|
 *
 * Each prototype q has the mean of its items' numbers and the most frequent of their categories (of equals the lowest
 * by bytes). `numeric` and `categorical` name columns of the catalogue (data/item_table.h). gamma 0 is half the mean
 * standard deviation of the numeric columns as they are compared (Huang 1997), or 1 where all are constant. Without
 * standardisation numbers count in their own units. A number that is unavailable is the mean of those that are known; a
 * blank field is a category of its own.
 *
 * First prototypes are items: init cao takes dense ones far apart (Cao et al. 2009, without chance, so once), huang
 * draws categories by their frequency and takes the items nearest to them; both look at the categories alone.
 *
 * update batch: all items to their nearest prototype (the lowest index among equals), then all prototypes; parallel.
 * An empty cluster takes the item farthest from its nearest prototype, out of a cluster with more than one.
 * one_by_one: after a first such step every item in turn, whose prototypes follow at once, as published and as in the
 * package kmodes; every rank does all of it. A restart ends when no item changes, when the cost no longer falls, or
 * after `iterations`; labels are then taken from the final prototypes. The least cost of `n_init` restarts is kept.
 *
 * Stored: labels, the prototypes (numbers, modes), sizes, counts (items of each cluster with each category), the
 * categories' names (category_text, category_begin, category_first), cost, gamma.
 *
 * Huang (1997), "Clustering large data sets with mixed numeric and categorical values"; Huang (1998),
 * doi:10.1023/A:1009769707641; Cao et al. (2009), doi:10.1016/j.eswa.2009.01.060.
 * Time O(n k (p + m)) an iteration; the table and k counts of every category in each thread. Bits: the same for any
 * ranks and threads.
 */
#include "cluster/cluster.h"

#include "cluster/core/prototypes_fit.h"

typedef struct {
    const char *numeric, *categorical;
    int64_t k, n_init, iterations;
    int init, update;
    bool standardize;
    double gamma;
    rb_array centres;
} config;

static const rb_param params[] = {
    RB_INT(config, k, 8, 1, 1e6, "clusters", "number of clusters"),
    RB_STRING(config, numeric, NULL,
              "columns joined by +, of year, minutes, seasons, date_added; unset: those of the first three there are"),
    RB_STRING(config, categorical, NULL,
              "columns joined by +; ':first' takes the first value of a list; unset: those there are of "
              "type+rating+country:first+genre:first"),
    RB_BOOL(config, standardize, true, "divide numbers, less their mean, by their standard deviation"),
    RB_DOUBLE(config, gamma, 0, 0, 1e12, "",
              "what a mismatch counts; 0: half the mean standard deviation of the numbers"),
    RB_CHOICE(config, init, RB_PROTOTYPES_CAO, "cao|huang|given",
              "first prototypes: dense items far apart, items near to random categories, or the parameter centres"),
    RB_ARRAY(config, centres,
             "first prototypes for init given: k rows of numbers in the units of the data, then of categories' codes"),
    RB_INT(config, n_init, 10, 1, 10000, "restarts", "restarts of init huang, of which the best is kept"),
    RB_INT(config, iterations, 100, 1, 1e6, "", "most iterations of a restart"),
    RB_CHOICE(config, update, RB_PROTOTYPES_BATCH, "batch|one_by_one",
              "prototypes follow after each pass over the items, or after each item, as published"),
    RB_PARAM_END,
};

static rb_prototypes_options options(const void *cfg)
{
    const config *c = cfg;
    return (rb_prototypes_options){ .name = "kprototypes",
                                    .numeric = c->numeric,
                                    .categorical = c->categorical,
                                    .standardize = c->standardize,
                                    .gamma = c->gamma,
                                    .k = c->k,
                                    .n_init = c->n_init,
                                    .iterations = c->iterations,
                                    .init = c->init,
                                    .update = c->update,
                                    .centres = c->centres };
}

static rb_status check(const void *cfg, const rb_shape *shape, rb_error *err)
{
    rb_prototypes_options o = options(cfg);
    return rb_prototypes_fit_check(&o, shape, err);
}

static rb_cost cost(const void *cfg, const rb_shape *shape)
{
    rb_prototypes_options o = options(cfg);
    return rb_prototypes_fit_cost(&o, shape);
}

static rb_status begin(void *self, const rb_train_view *view, const void *prepared, const void *cfg, rb_ctx *ctx,
                       rb_error *err)
{
    (void)prepared;
    rb_prototypes_options o = options(cfg);
    return rb_prototypes_begin(self, view->items, &o, ctx, err);
}

static rb_status iterate(void *self, int64_t iteration, double *objective, bool *done, const rb_train_view *view,
                         const void *prepared, const void *cfg, rb_ctx *ctx, rb_error *err)
{
    (void)iteration, (void)view, (void)prepared;
    rb_prototypes_options o = options(cfg);
    return rb_prototypes_iterate(self, objective, done, &o, ctx, err);
}

static rb_status end(void *self, const rb_train_view *view, const void *prepared, const void *cfg, rb_ctx *ctx,
                     rb_error *err)
{
    (void)view, (void)prepared, (void)cfg;
    return rb_prototypes_end(self, ctx, err);
}

const rb_clusterer rb_kprototypes = {
    .name = "kprototypes",
    .summary = "items around prototypes of mean numbers and most frequent categories",
    .reference = "Huang 1998, doi:10.1023/A:1009769707641; Cao et al. 2009, doi:10.1016/j.eswa.2009.01.060",
    .needs = RB_NEEDS_ITEMS,
    .can = RB_CAN_ASSIGN,
    .config_size = sizeof(config),
    .state_size = sizeof(rb_prototypes_state),
    .params = params,
    .check = check,
    .cost = cost,
    .begin = begin,
    .iterate = iterate,
    .end = end,
    .converged = rb_prototypes_converged,
    .labels = rb_prototypes_labels,
    .assign_items = rb_prototypes_assign_items,
    .place_items = rb_prototypes_place_items,
    .measures = rb_prototypes_measures,
    .measure = rb_prototypes_measure,
    .checkpoint = rb_prototypes_checkpoint,
    .arrays = rb_prototypes_arrays,
    .fini = rb_prototypes_state_fini,
};
