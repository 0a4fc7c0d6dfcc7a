#include "eval/ranking.h"

#include <math.h>
#include <omp.h>
#include <string.h>

#include "eval/ranking_measures.h"
#include "eval/ranking_pass.h"

/* Users of a block at least: fewer would leave the scorer's tiles thin. */
#define MIN_BLOCK 64

static rb_status lists_alloc(rb_lists *lists, int32_t k, const rb_ctx *ctx, rb_error *err)
{
    int64_t places = (int64_t)lists->n * k;
    lists->k = k;
    RB_TRY(rb_shared_alloc(&lists->item_memory, places * (int64_t)sizeof(int32_t), ctx, err));
    RB_TRY(rb_shared_alloc(&lists->score_memory, places * (int64_t)sizeof(double), ctx, err));
    lists->item = lists->item_memory.data;
    lists->score = lists->score_memory.data;
done:
    return err->status;
}

/* Run the pass into the lists and let every rank see them. Collective. */
static rb_status fill_lists(rb_lists *lists, rb_ranking_pass *pass, const rb_ctx *ctx, rb_error *err)
{
    int64_t *begin = NULL;
    pass->item[RB_ORDER_RULES] = lists->item;
    pass->score = lists->score;
    rb_alloc(&begin, ctx->n_ranks + 1, err);
    if (err->status == RB_OK)
        rb_ranking_pass_run(pass, ctx, err);
    RB_TRY_ALL(ctx, err->status);
    rb_blocks_offsets(begin, &pass->blocks, ctx);
    rb_shared_publish(&lists->item_memory, begin, lists->k * (int64_t)sizeof *lists->item, ctx);
    rb_shared_publish(&lists->score_memory, begin, lists->k * (int64_t)sizeof *lists->score, ctx);
done:
    rb_free(begin);
    return err->status;
}

static int32_t list_length(int64_t k, const rb_ranking_rules *rules)
{
    return k < rules->n_items ? (int32_t)k : rules->n_items;
}

rb_status rb_rank_users(rb_lists *out, const rb_scorer *scorer, const rb_ranking_rules *rules, const int32_t *users,
                        int32_t n, int32_t k, const rb_ctx *ctx, rb_error *err)
{
    int32_t *copy = NULL;
    rb_ranking_pass pass = { .scorer = scorer, .rules = rules, .n = n, .k = list_length(k, rules), .n_orders = 1 };

    *out = (rb_lists){ .n = n };
    rb_alloc(&copy, n, err);
    RB_TRY_ALL(ctx, err->status == RB_OK ? rb_blocks_init(&pass.blocks, n, NULL, MIN_BLOCK, err) : err->status);
    memcpy(copy, users, (size_t)n * sizeof *copy);
    pass.user = copy;
    RB_TRY(lists_alloc(out, pass.k, ctx, err));
    RB_TRY(fill_lists(out, &pass, ctx, err));
done:
    out->user = copy;
    rb_blocks_fini(&pass.blocks);
    if (err->status != RB_OK)
        rb_lists_fini(out);
    return err->status;
}

void rb_lists_fini(rb_lists *lists)
{
    rb_free((void *)lists->user);
    rb_shared_fini(&lists->item_memory);
    rb_shared_fini(&lists->score_memory);
    memset(lists, 0, sizeof *lists);
}

/* A running evaluation: what was asked, the pass, and what the users' parts are collected in. */
typedef struct {
    rb_ranking *out;
    const rb_metric *metrics;
    const rb_ratings *relevant;
    rb_measures measures;
    rb_discounts discounts;
    rb_ranking_pass pass;
    int64_t most_relevant; /* of one user */
    double *partial;       /* [own blocks x width()] sums over a block's users */
    double *sum;           /* [width()] */
} evaluation;

/* number, weight and count of every metric in every order */
enum { NUMBER, WEIGHT, COUNT, N_SUMS };

static int64_t width(const evaluation *e)
{
    return (int64_t)e->out->n_metrics * RB_N_ORDERS * N_SUMS;
}

static int64_t place_of(int32_t metric, int order)
{
    return ((int64_t)metric * RB_N_ORDERS + order) * N_SUMS;
}

static rb_worth worth_of(const evaluation *e, const rb_metric *metric, const rb_judged *u, int64_t own, int order)
{
    if (metric->def->kind == RB_METRIC_AUC) {
        double value = e->pass.auc ? e->pass.auc[own * RB_N_ORDERS + order] : NAN;
        return isnan(value) ? (rb_worth){ .value = NAN } : (rb_worth){ .value = value, .number = value, .weight = 1 };
    }
    bool wanted = rb_measure_applies(metric, e->measures.facts) &&
                  (order == RB_ORDER_RULES || metric->family == RB_FAMILY_RANKING);
    return wanted ? rb_measure(metric, u, &e->measures) : (rb_worth){ .value = NAN };
}

/* Every metric of every user of a block, and their sums in ascending order of users. */
static void measure_block(const evaluation *e, const rb_judge *judge, double *sum, int32_t block, int64_t own_begin)
{
    for (int64_t p = e->pass.blocks.begin[block]; p < e->pass.blocks.begin[block + 1]; p++)
        for (int order = 0; order < e->pass.n_orders; order++) {
            rb_judged u = rb_judge_list(judge, e->pass.user[p], e->pass.item[order] + p * e->pass.k, e->pass.k, -1);
            for (int32_t m = 0; m < e->out->n_metrics; m++) {
                rb_worth worth = worth_of(e, &e->metrics[m], &u, p - own_begin, order);
                double *at = sum + place_of(m, order);
                if (order == RB_ORDER_RULES)
                    ((double *)e->out->memory.data)[p * e->out->n_metrics + m] = worth.value;
                if (isnan(worth.value))
                    continue;
                at[NUMBER] += worth.number;
                at[WEIGHT] += worth.weight;
                at[COUNT] += 1;
            }
        }
}

/* Local. */
static rb_status measure_blocks(evaluation *e, const rb_ctx *ctx, rb_error *err)
{
    rb_judge *judge = NULL; /* of each thread */
    int32_t first = rb_blocks_of(&e->pass.blocks, ctx->rank, ctx->n_ranks);
    int32_t last = rb_blocks_of(&e->pass.blocks, ctx->rank + 1, ctx->n_ranks);
    int64_t begin = e->pass.blocks.begin[first];

    RB_TRY(rb_alloc(&judge, ctx->n_threads, err));
    for (int t = 0; t < ctx->n_threads; t++) {
        judge[t].relevant = e->relevant;
        judge[t].graded = rb_measures_are_graded(e->metrics, e->out->n_metrics);
        RB_TRY(rb_judge_init(&judge[t], e->pass.k, e->most_relevant, err));
    }
    RB_TRY(rb_alloc(&e->partial, (last - first) * width(e), err));
    RB_TRY(rb_alloc(&e->sum, width(e), err));
#pragma omp parallel for num_threads(ctx->n_threads) schedule(dynamic)
    for (int32_t block = first; block < last; block++)
        measure_block(e, &judge[omp_get_thread_num()], e->partial + (block - first) * width(e), block, begin);
done:
    for (int t = 0; judge && t < ctx->n_threads; t++)
        rb_judge_fini(&judge[t]);
    rb_free(judge);
    return err->status;
}

static rb_metric_value value_of(double value)
{
    return isnan(value) ? (rb_metric_value){ NAN, RB_VALUE_NOT_APPLICABLE } : (rb_metric_value){ value, RB_VALUE_OK };
}

static void total_up(evaluation *e)
{
    for (int32_t m = 0; m < e->out->n_metrics; m++) {
        rb_ranking_value *value = &e->out->value[m];
        rb_metric_value *into[RB_N_ORDERS] = { &value->mean, &value->best, &value->worst };
        value->n_users = (int64_t)e->sum[place_of(m, RB_ORDER_RULES) + COUNT];
        for (int order = 0; order < RB_N_ORDERS; order++) {
            const double *at = e->sum + place_of(m, order);
            *into[order] = value_of(rb_measure_total(&e->metrics[m], at[NUMBER], at[WEIGHT], (int64_t)at[COUNT]));
            if (order != RB_ORDER_RULES && (order >= e->pass.n_orders || e->metrics[m].family != RB_FAMILY_RANKING))
                *into[order] = (rb_metric_value){ NAN, RB_VALUE_UNAVAILABLE };
        }
    }
}

static bool is_of_exposure(const rb_metric *metric)
{
    rb_metric_kind kind = metric->def->kind;
    return kind == RB_METRIC_ITEM_COVERAGE || kind == RB_METRIC_GINI || kind == RB_METRIC_ENTROPY;
}

/* How often each item stands within the cutoff of any list: exact integers over all ranks. Collective. */
static void count_exposure(int64_t *exposure, const evaluation *e, int64_t cutoff, const rb_ctx *ctx)
{
    const rb_ranking_pass *pass = &e->pass;
    int64_t begin = rb_blocks_element(&pass->blocks, ctx->rank, ctx->n_ranks);
    int64_t end = rb_blocks_element(&pass->blocks, ctx->rank + 1, ctx->n_ranks);
    memset(exposure, 0, (size_t)pass->rules->n_items * sizeof *exposure);
    for (int64_t p = begin; p < end; p++)
        for (int64_t j = 0; j < pass->k && j < cutoff && e->out->lists.item[p * pass->k + j] >= 0; j++)
            exposure[e->out->lists.item[p * pass->k + j]]++;
    rb_sum_int64(ctx, exposure, pass->rules->n_items);
}

static rb_status measure_exposure(evaluation *e, const rb_ctx *ctx, rb_error *err)
{
    int64_t *exposure = NULL;
    double *shares = NULL;
    int64_t n_items = e->pass.rules->n_items;
    rb_alloc(&exposure, n_items, err);
    RB_TRY_ALL(ctx, err->status == RB_OK ? rb_alloc(&shares, n_items, err) : err->status);
    for (int32_t m = 0; m < e->out->n_metrics && e->pass.n > 0; m++) {
        if (!is_of_exposure(&e->metrics[m]))
            continue;
        count_exposure(exposure, e, e->metrics[m].cutoff, ctx);
        rb_metric_kind kind = e->metrics[m].def->kind;
        double value = kind == RB_METRIC_ITEM_COVERAGE ? rb_item_coverage(exposure, n_items)
                       : kind == RB_METRIC_GINI        ? rb_gini(exposure, n_items)
                                                       : rb_exposure_entropy(exposure, n_items, shares);
        e->out->value[m].mean = value_of(value);
        e->out->value[m].n_users = e->pass.n;
    }
done:
    rb_free(exposure);
    rb_free(shares);
    return err->status;
}

/* Users with a relevant item, the longest list and what else the metrics need. Local. */
static rb_status plan(evaluation *e, int32_t least_k, rb_error *err)
{
    rb_ranking *out = e->out;
    int32_t *user = NULL;
    int64_t k = least_k > 1 ? least_k : 1; /* at least one place: there a NaN is seen */
    bool with_auc = false;
    for (int32_t m = 0; m < out->n_metrics; m++) {
        k = e->metrics[m].cutoff > k ? e->metrics[m].cutoff : k;
        with_auc = with_auc || (e->metrics[m].def->kind == RB_METRIC_AUC && !e->pass.rules->rerank);
    }
    e->pass.k = list_length(k, e->pass.rules);
    RB_TRY(rb_alloc(&user, e->relevant->n_users, err));
    out->lists.user = user;
    for (int32_t u = 0; u < e->relevant->n_users; u++) {
        int64_t n = e->relevant->user_begin[u + 1] - e->relevant->user_begin[u];
        e->most_relevant = n > e->most_relevant ? n : e->most_relevant;
        if (n > 0)
            user[out->n_evaluated++] = u;
    }
    out->n_left_out = e->relevant->n_users - out->n_evaluated;
    e->pass.user = user;
    e->pass.n = out->lists.n = out->n_evaluated;
    RB_TRY(rb_alloc(&out->value, out->n_metrics, err));
    RB_TRY(rb_blocks_init(&e->pass.blocks, e->pass.n, NULL, MIN_BLOCK, err));
    RB_TRY(rb_discounts_init(&e->discounts, k > e->most_relevant ? k : e->most_relevant, err));
    for (int order = RB_ORDER_BEST; order < e->pass.n_orders; order++)
        RB_TRY(rb_alloc(&e->pass.item[order], (int64_t)e->pass.n * e->pass.k, err));
    if (with_auc)
        RB_TRY(rb_alloc(&e->pass.auc, (int64_t)e->pass.n * RB_N_ORDERS, err));
done:
    return err->status;
}

static void evaluation_fini(evaluation *e)
{
    rb_blocks_fini(&e->pass.blocks);
    rb_discounts_fini(&e->discounts);
    rb_free(e->pass.item[RB_ORDER_BEST]);
    rb_free(e->pass.item[RB_ORDER_WORST]);
    rb_free(e->pass.auc);
    rb_free(e->partial);
    rb_free(e->sum);
}

rb_status rb_rank(rb_ranking *out, const rb_scorer *scorer, const rb_ranking_rules *rules, const rb_ratings *relevant,
                  const rb_item_facts *facts, const rb_metric *metrics, int32_t n_metrics, int32_t least_k,
                  const rb_ctx *ctx, rb_error *err)
{
    evaluation e = { .out = out, .metrics = metrics, .relevant = relevant };
    int64_t *begin = NULL;

    *out = (rb_ranking){ .n_metrics = n_metrics };
    e.pass = (rb_ranking_pass){ .scorer = scorer,
                                .rules = rules,
                                .relevant = relevant,
                                .n_orders = rules->ties == RB_TIES_BOUNDS && !rules->rerank ? RB_N_ORDERS : 1,
                                .score_s = &out->score_s };
    e.measures = (rb_measures){ .discounts = &e.discounts, .rules = rules, .facts = facts };
    RB_TRY_ALL(ctx, plan(&e, least_k, err));
    RB_TRY(lists_alloc(&out->lists, e.pass.k, ctx, err));
    RB_TRY(fill_lists(&out->lists, &e.pass, ctx, err));

    RB_TRY(rb_shared_alloc(&out->memory, (int64_t)e.pass.n * n_metrics * (int64_t)sizeof(double), ctx, err));
    out->per_user = out->memory.data;
    rb_alloc(&begin, ctx->n_ranks + 1, err);
    RB_TRY_ALL(ctx, err->status == RB_OK ? measure_blocks(&e, ctx, err) : err->status);
    rb_blocks_offsets(begin, &e.pass.blocks, ctx);
    rb_shared_publish(&out->memory, begin, n_metrics * (int64_t)sizeof(double), ctx);
    RB_TRY(rb_blocks_sum(e.sum, e.partial, width(&e), &e.pass.blocks, ctx, err));
    total_up(&e);
    RB_TRY(measure_exposure(&e, ctx, err));
done:
    rb_free(begin);
    evaluation_fini(&e);
    if (err->status != RB_OK)
        rb_ranking_fini(out);
    return err->status;
}

void rb_ranking_fini(rb_ranking *ranking)
{
    rb_lists_fini(&ranking->lists);
    rb_shared_fini(&ranking->memory);
    rb_free(ranking->value);
    memset(ranking, 0, sizeof *ranking);
}
