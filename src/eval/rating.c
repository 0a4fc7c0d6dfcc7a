#include "eval/rating.h"

#include <math.h>
#include <omp.h>
#include <string.h>

#include "base/clock.h"

/* Ratings of a block at least. */
#define MIN_BLOCK 4096
/* Pairs that are predicted at once. */
#define CHUNK 1024

/* Sums over a user's or a block's test ratings: of all, and of those whose user and item were seen in training. */
typedef struct {
    double square[2], absolute[2]; /* by RB_ERROR_ALL, RB_ERROR_WARM */
    int64_t n[2];
    int64_t unseen_user, unseen_item, unseen;
} errors;

/* For each metric: numerator, ratings that entered, users that have a value. */
enum { NUMBER, RATINGS, USERS, N_SUMS };
enum { UNSEEN, UNSEEN_USERS, UNSEEN_ITEMS, N_COUNTS };

typedef struct {
    rb_rating *out;
    const rb_predictor *predictor;
    const rb_ratings *train, *test;
    bool clip;
    const rb_metric *metrics;
    rb_blocks blocks;         /* of positions in out->user, weighed by test ratings */
    double *partial;          /* [own blocks x width] */
    double *sum;              /* [width] */
    int64_t counts[N_COUNTS]; /* of this rank, then of all */
} evaluation;

/* What a thread finds besides: counts, and the lowest position with a prediction that is not finite. */
typedef struct {
    int64_t counts[N_COUNTS];
    int64_t position;
    int32_t user, item;
    double score_s;
} findings;

static void note_flaw(findings *f, int64_t position, int32_t user, int32_t item)
{
    if (f->position < 0 || position < f->position) {
        f->position = position;
        f->user = user;
        f->item = item;
    }
}

static bool seen(const int64_t *begin, int32_t id)
{
    return begin[id + 1] > begin[id];
}

/* One prediction against its rating. */
static void add_error(errors *e, const evaluation *ev, double prediction, float rating, int32_t user, int32_t item)
{
    if (ev->clip)
        prediction = fmin(fmax(prediction, ev->test->min_rating), ev->test->max_rating);
    double difference = prediction - (double)rating;
    bool new_user = !seen(ev->train->user_begin, user), new_item = !seen(ev->train->item_begin, item);
    e->unseen_user += new_user;
    e->unseen_item += new_item;
    e->unseen += new_user || new_item;
    for (int part = RB_ERROR_ALL; part <= (new_user || new_item ? RB_ERROR_ALL : RB_ERROR_WARM); part++) {
        e->square[part] += difference * difference;
        e->absolute[part] += fabs(difference);
        e->n[part]++;
    }
}

/* A user's errors in ascending order of items. */
static errors errors_of_user(const evaluation *ev, findings *f, int64_t position)
{
    const rb_ratings *test = ev->test;
    int32_t user = ev->out->user[position], users[CHUNK];
    double prediction[CHUNK];
    errors e = { 0 };
    for (int i = 0; i < CHUNK; i++)
        users[i] = user;
    for (int64_t at = test->user_begin[user]; at < test->user_begin[user + 1]; at += CHUNK) {
        int64_t rest = test->user_begin[user + 1] - at;
        rb_pairs pairs = { .n = rest < CHUNK ? rest : CHUNK, .user = users, .item = test->user_item + at };
        double begin_s = rb_clock_s();
        ev->predictor->predict(prediction, ev->predictor->state, &pairs);
        f->score_s += rb_clock_s() - begin_s;
        for (int64_t i = 0; i < pairs.n; i++) {
            if (!isfinite(prediction[i]))
                note_flaw(f, position, user, pairs.item[i]);
            add_error(&e, ev, prediction[i], test->user_rating[at + i], user, pairs.item[i]);
        }
    }
    return e;
}

static bool is_of_rating(const rb_metric *m)
{
    return m->family == RB_FAMILY_RATING;
}

static double error_of(const rb_metric *m, const errors *e)
{
    int part = m->variant[1];
    if (e->n[part] == 0)
        return NAN;
    return m->def->kind == RB_METRIC_RMSE ? sqrt(e->square[part] / (double)e->n[part])
                                          : e->absolute[part] / (double)e->n[part];
}

static void add_user(const rb_metric *m, double *sum, const errors *e, double own)
{
    int part = m->variant[1];
    bool pooled = m->variant[0] == RB_ERROR_GLOBAL;
    if (e->n[part] == 0)
        return;
    sum[NUMBER] += !pooled ? own : m->def->kind == RB_METRIC_RMSE ? e->square[part] : e->absolute[part];
    sum[RATINGS] += (double)e->n[part];
    sum[USERS] += 1;
}

static void measure_block(const evaluation *ev, findings *f, double *sum, int32_t block)
{
    rb_rating *out = ev->out;
    for (int64_t p = ev->blocks.begin[block]; p < ev->blocks.begin[block + 1]; p++) {
        errors e = errors_of_user(ev, f, p);
        f->counts[UNSEEN] += e.unseen;
        f->counts[UNSEEN_USERS] += e.unseen_user;
        f->counts[UNSEEN_ITEMS] += e.unseen_item;
        for (int32_t m = 0; m < out->n_metrics; m++) {
            double *own = (double *)out->memory.data + p * out->n_metrics + m;
            *own = is_of_rating(&ev->metrics[m]) ? error_of(&ev->metrics[m], &e) : NAN;
            if (is_of_rating(&ev->metrics[m]))
                add_user(&ev->metrics[m], sum + (int64_t)m * N_SUMS, &e, *own);
        }
    }
}

/* Local. */
static rb_status measure_blocks(evaluation *ev, const rb_ctx *ctx, rb_error *err)
{
    findings *f = NULL;
    int32_t first = rb_blocks_of(&ev->blocks, ctx->rank, ctx->n_ranks);
    int32_t last = rb_blocks_of(&ev->blocks, ctx->rank + 1, ctx->n_ranks);
    int64_t width = (int64_t)ev->out->n_metrics * N_SUMS;

    RB_TRY(rb_alloc(&f, ctx->n_threads, err));
    for (int t = 0; t < ctx->n_threads; t++)
        f[t].position = -1;
    RB_TRY(rb_alloc(&ev->partial, (last - first) * width, err));
    RB_TRY(rb_alloc(&ev->sum, width, err));
#pragma omp parallel for num_threads(ctx->n_threads) schedule(dynamic)
    for (int32_t block = first; block < last; block++)
        measure_block(ev, &f[omp_get_thread_num()], ev->partial + (block - first) * width, block);
    findings *flawed = NULL;
    for (int t = 0; t < ctx->n_threads; t++) {
        ev->out->score_s += f[t].score_s / ctx->n_threads;
        for (int c = 0; c < N_COUNTS; c++)
            ev->counts[c] += f[t].counts[c];
        if (f[t].position >= 0 && (!flawed || f[t].position < flawed->position))
            flawed = &f[t];
    }
    if (flawed)
        RB_FAIL(err, RB_NOT_FINITE, "the prediction of user %d for item %d is not finite (users and items by number)",
                flawed->user, flawed->item);
done:
    rb_free(f);
    return err->status;
}

/* Users with test ratings, and blocks of them by their ratings. Local. */
static rb_status plan(evaluation *ev, rb_error *err)
{
    const rb_ratings *test = ev->test;
    rb_rating *out = ev->out;
    int64_t *prefix = NULL;
    out->n_test = test->n;
    RB_TRY(rb_alloc(&out->user, test->n_users, err));
    RB_TRY(rb_alloc(&prefix, (int64_t)test->n_users + 1, err));
    for (int32_t u = 0; u < test->n_users; u++)
        if (seen(test->user_begin, u)) {
            out->user[out->n_users++] = u;
            prefix[out->n_users] = test->user_begin[u + 1] - test->user_begin[0];
        }
    RB_TRY(rb_alloc(&out->value, out->n_metrics, err));
    RB_TRY(rb_blocks_init(&ev->blocks, out->n_users, prefix, MIN_BLOCK, err));
done:
    rb_free(prefix);
    return err->status;
}

static void total_up(evaluation *ev)
{
    for (int32_t m = 0; m < ev->out->n_metrics; m++) {
        const rb_metric *metric = &ev->metrics[m];
        const double *sum = ev->sum + (int64_t)m * N_SUMS;
        rb_rating_value *v = &ev->out->value[m];
        *v = (rb_rating_value){ .value = { NAN, RB_VALUE_NOT_APPLICABLE },
                                .n_ratings = (int64_t)sum[RATINGS],
                                .n_users = (int64_t)sum[USERS] };
        if (v->n_ratings == 0)
            continue;
        bool pooled = metric->variant[0] == RB_ERROR_GLOBAL;
        double mean = sum[NUMBER] / (pooled ? sum[RATINGS] : sum[USERS]);
        v->value = (rb_metric_value){ pooled && metric->def->kind == RB_METRIC_RMSE ? sqrt(mean) : mean, RB_VALUE_OK };
    }
}

rb_status rb_rate(rb_rating *out, const rb_predictor *predictor, const rb_ratings *train, const rb_ratings *test,
                  bool clip, const rb_metric *metrics, int32_t n_metrics, const rb_ctx *ctx, rb_error *err)
{
    evaluation ev = {
        .out = out, .predictor = predictor, .train = train, .test = test, .clip = clip, .metrics = metrics
    };
    int64_t *begin = NULL;

    *out = (rb_rating){ .n_metrics = n_metrics };
    RB_TRY_ALL(ctx, plan(&ev, err));
    RB_TRY(rb_shared_alloc(&out->memory, (int64_t)out->n_users * n_metrics * (int64_t)sizeof(double), ctx, err));
    out->per_user = out->memory.data;
    rb_alloc(&begin, ctx->n_ranks + 1, err);
    RB_TRY_ALL(ctx, err->status == RB_OK ? measure_blocks(&ev, ctx, err) : err->status);
    rb_blocks_offsets(begin, &ev.blocks, ctx);
    rb_shared_publish(&out->memory, begin, n_metrics * (int64_t)sizeof(double), ctx);
    RB_TRY(rb_blocks_sum(ev.sum, ev.partial, (int64_t)n_metrics * N_SUMS, &ev.blocks, ctx, err));
    rb_sum_int64(ctx, ev.counts, N_COUNTS);
    out->n_unseen = ev.counts[UNSEEN];
    out->n_unseen_users = ev.counts[UNSEEN_USERS];
    out->n_unseen_items = ev.counts[UNSEEN_ITEMS];
    total_up(&ev);
done:
    rb_free(begin);
    rb_blocks_fini(&ev.blocks);
    rb_free(ev.partial);
    rb_free(ev.sum);
    if (err->status != RB_OK)
        rb_rating_fini(out);
    return err->status;
}

void rb_rating_fini(rb_rating *rating)
{
    rb_shared_fini(&rating->memory);
    rb_free(rating->user);
    rb_free(rating->value);
    memset(rating, 0, sizeof *rating);
}
