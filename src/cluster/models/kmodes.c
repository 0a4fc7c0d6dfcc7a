/*
 * K-Modes: clusters of items described by categories.
 *
 *     d(x, q) = |{ a : x_a != q_a }|
 *
 * A prototype q has of every column the category that most of its items have, of equals the lowest by bytes. Columns,
 * first prototypes, updates, empty clusters and the end of a restart are those of kprototypes, without numbers.
 *
 * Stored: labels, modes, sizes, counts (items of each cluster with each category), the categories' names
 * (category_text, category_begin, category_first), cost.
 *
 * Huang (1998), doi:10.1023/A:1009769707641; Cao et al. (2009), doi:10.1016/j.eswa.2009.01.060.
 * Time O(n k m) an iteration; the table and k counts of every category in each thread. Bits: the same for any ranks and
 * threads.
 */
#include "cluster/cluster.h"

#include "cluster/core/prototypes_fit.h"

typedef struct {
    const char *categorical;
    int64_t k, n_init, iterations;
    int init, update;
    rb_array centres;
} config;

static const rb_param params[] = {
    RB_INT(config, k, 8, 1, 1e6, "clusters", "number of clusters"),
    RB_STRING(config, categorical, NULL,
              "columns joined by +; ':first' takes the first value of a list; unset: those there are of "
              "type+rating+country:first+genre:first"),
    RB_CHOICE(config, init, RB_PROTOTYPES_CAO, "cao|huang|given",
              "first prototypes: dense items far apart, items near to random categories, or the parameter centres"),
    RB_ARRAY(config, centres, "first prototypes for init given: k rows of categories' codes"),
    RB_INT(config, n_init, 10, 1, 10000, "restarts", "restarts of init huang, of which the best is kept"),
    RB_INT(config, iterations, 100, 1, 1e6, "", "most iterations of a restart"),
    RB_CHOICE(config, update, RB_PROTOTYPES_BATCH, "batch|one_by_one",
              "prototypes follow after each pass over the items, or after each item, as published"),
    RB_PARAM_END,
};

static rb_prototypes_options options(const void *cfg)
{
    const config *c = cfg;
    return (rb_prototypes_options){ .name = "kmodes",
                                    .numeric = "",
                                    .categorical = c->categorical,
                                    .gamma = 1,
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

const rb_clusterer rb_kmodes = {
    .name = "kmodes",
    .summary = "items around prototypes of their most frequent categories",
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
