#include "toy_algorithms.h"

static const rb_param mf_params[] = {
    RB_INT(toy_mf_config, factors, 64, 1, 4096, "", "latent factors"),
    RB_DOUBLE(toy_mf_config, regularization, 0.1, 0.0, 1e6, "", "lambda"),
    RB_CHOICE(toy_mf_config, solver, 0, "cholesky|cg", "how rows are solved"),
    RB_BOOL(toy_mf_config, biases, true, "whether there are biases"),
    RB_STRING(toy_mf_config, label, NULL, "a text"),
    RB_ARRAY(toy_mf_config, start, "start values"),
    RB_CHOICE(toy_mf_config, mode, 0, "exact|fast", "whether bits differ", .flags = RB_PARAM_FAST),
    RB_PARAM_END,
};

static const rb_param cluster_params[] = {
    RB_SPACE(toy_cluster_config, space, "genre", "points"),
    RB_INT(toy_cluster_config, k, 8, 1, 1000, "", "clusters"),
    RB_PARAM_END,
};

static const rb_param blend_params[] = {
    RB_MODEL(toy_blend_config, first, "one model"),
    RB_MODEL(toy_blend_config, second, "another model"),
    RB_DOUBLE(toy_blend_config, weight, 0.5, 0.0, 1.0, "", "share of the first"),
    RB_PARAM_END,
};

static const rb_param grouped_params[] = {
    RB_MODEL(toy_grouped_config, clusters, "a clustering"),
    RB_MODEL(toy_grouped_config, finer, "another"),
    RB_PARAM_END,
};

static const rb_param no_params[] = { RB_PARAM_END };

static const rb_algorithm blend = { .name = "toy_blend",
                                    .needs = RB_NEEDS_MODELS,
                                    .can = RB_CAN_RANK,
                                    .config_size = sizeof(toy_blend_config),
                                    .params = blend_params };
static const rb_algorithm cluster = { .name = "toy_cluster",
                                      .needs = RB_NEEDS_SPACE,
                                      .can = RB_CAN_ASSIGN,
                                      .config_size = sizeof(toy_cluster_config),
                                      .params = cluster_params };
static const rb_algorithm grouped = { .name = "toy_grouped",
                                      .needs = RB_NEEDS_LABELS,
                                      .can = RB_CAN_RANK,
                                      .config_size = sizeof(toy_grouped_config),
                                      .params = grouped_params };
static const double *mf_embed(const void *state, int64_t *n, int64_t *d)
{
    (void)state;
    *n = *d = 0;
    return NULL;
}

static const rb_algorithm mf = { .name = "toy_mf",
                                 .needs = RB_NEEDS_RATINGS,
                                 .can = RB_CAN_RANK | RB_CAN_PREDICT,
                                 .config_size = sizeof(toy_mf_config),
                                 .params = mf_params,
                                 .embed = mf_embed };
static const rb_algorithm popular = {
    .name = "toy_popular", .needs = RB_NEEDS_POSITIVES, .can = RB_CAN_RANK, .config_size = 1, .params = no_params
};
static const rb_algorithm tuned = {
    .name = "toy_tuned", .needs = RB_NEEDS_VALIDATION, .can = RB_CAN_PREDICT, .config_size = 1, .params = no_params
};

const rb_algorithm *const toy_algorithms[] = { &blend, &cluster, &grouped, &mf, &popular, &tuned, NULL };
