#include "eval/session.h"

#include <math.h>
#include <omp.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/rng.h"

/* Positions of a block at least. */
#define MIN_BLOCK 256

/* Tie orders: that of the rules, and with `bounds` the best and the worst one for the next item. */
enum { ORDER_RULES, ORDER_BEST, ORDER_WORST, N_ORDERS };

/* Sums of a metric: one for each order. What is counted once: positions and those left out. */
enum { POSITIONS, REPEATED, N_COUNTS };

typedef struct {
    rb_session_result *out;
    const rb_session_model *model;
    const rb_session_rules *rules;
    const rb_sessions *sessions;
    const rb_metric *metrics;
    int64_t *begin;   /* [n_users + 1] a user's places in `order` */
    int64_t *order;   /* [sessions->n] sessions by user, in their order */
    int64_t longest;  /* events of a session */
    rb_blocks blocks; /* of positions in out->user, weighed by events */
    double *partial;  /* [own blocks x width] */
    double *sum;      /* [width] */
    int64_t counts[N_COUNTS];
} judging;

/* What a thread works with, and finds: the lowest place in out->user at which something was wrong. */
typedef struct {
    rb_next next;
    float *ones;
    double *of_user; /* [n_metrics x N_ORDERS] sums over the positions of one user */
    int64_t counts[N_COUNTS];
    double score_s;
    int64_t flawed; /* -1: nowhere */
    rb_error error;
} seat;

static bool is_among(int32_t item, const int32_t *items, int64_t n)
{
    for (int64_t k = 0; k < n; k++)
        if (items[k] == item)
            return true;
    return false;
}

static void note_flaw(seat *s, int64_t at, int32_t user, int32_t item)
{
    if (s->flawed >= 0)
        return;
    s->flawed = at;
    RB_FAIL(&s->error, RB_NOT_FINITE,
            "the score of item %d as the next one in a session of user %d is not finite (users and items by number)",
            item, user);
}

/* Ranks of the next item among what is listed, in each tie order; false where it is not listed. */
static bool rank_of(int64_t rank[N_ORDERS], const judging *j, seat *s, int64_t at, const int32_t *items, int64_t n)
{
    const rb_next *next = &s->next;
    int32_t user = j->out->user[at], target = items[n];
    uint64_t tie = rb_mix(j->rules->tie_seed, (uint64_t)user);
    bool by_index = j->rules->ties == RB_TIES_INDEX, listed = false;
    uint64_t key = by_index ? 0 : rb_mix(tie, (uint64_t)target);
    double score = next->score[target];
    int64_t above = 0, equal = 0, before = 0;
    for (int64_t k = 0; k < next->n; k++) {
        int32_t item = next->item[k];
        double other = next->score[item];
        if (!isfinite(other))
            note_flaw(s, at, user, item);
        listed = listed || item == target;
        if (other < score || item == target || (!j->rules->repeats && is_among(item, items, n)))
            continue;
        above += other > score;
        if (other != score)
            continue;
        uint64_t its = by_index ? 0 : rb_mix(tie, (uint64_t)item);
        equal++;
        before += its < key || (its == key && item < target);
    }
    rank[ORDER_RULES] = 1 + above + before;
    rank[ORDER_BEST] = 1 + above;
    rank[ORDER_WORST] = 1 + above + equal;
    return listed;
}

static double worth(const rb_metric *m, int64_t rank)
{
    if (rank > m->cutoff)
        return 0;
    return m->def->kind == RB_METRIC_MRR ? 1 / (double)rank : 1;
}

/* All positions of one session. */
static int64_t judge_session(const judging *j, seat *s, int64_t at, int64_t session)
{
    const rb_sessions *all = j->sessions;
    const int32_t *items = all->item + all->begin[session];
    int64_t n = all->begin[session + 1] - all->begin[session], judged = 0, rank[N_ORDERS];
    for (int64_t p = 1; p < n && s->error.status == RB_OK; p++) {
        if (!j->rules->repeats && is_among(items[p], items, p)) {
            s->counts[REPEATED]++;
            continue;
        }
        double begin_s = rb_clock_s();
        if (rb_next_ask(&s->next, j->model, s->ones, items, p, j->rules->n_items, &s->error) != RB_OK)
            s->flawed = at;
        s->score_s += rb_clock_s() - begin_s;
        judged++;
        if (s->error.status == RB_OK && rank_of(rank, j, s, at, items, p))
            for (int32_t m = 0; m < j->out->n_metrics; m++)
                for (int o = 0; o < N_ORDERS; o++)
                    s->of_user[m * N_ORDERS + o] += worth(&j->metrics[m], rank[o]);
        rb_next_clear(&s->next);
    }
    s->counts[POSITIONS] += judged;
    return judged;
}

/* A user's sessions, in their order: the mean of the user, and what enters the mean over all. */
static void judge_user(const judging *j, seat *s, double *sum, int64_t at)
{
    const int32_t n_metrics = j->out->n_metrics;
    int32_t user = j->out->user[at];
    double *own = (double *)j->out->memory.data + at * n_metrics;
    int64_t judged = 0;
    memset(s->of_user, 0, (size_t)n_metrics * N_ORDERS * sizeof *s->of_user);
    for (int64_t k = j->begin[user]; k < j->begin[user + 1]; k++)
        judged += judge_session(j, s, at, j->order[k]);
    for (int32_t m = 0; m < n_metrics; m++) {
        own[m] = judged > 0 ? s->of_user[m * N_ORDERS] / (double)judged : NAN;
        for (int o = 0; o < N_ORDERS; o++)
            sum[m * N_ORDERS + o] += s->of_user[m * N_ORDERS + o];
    }
}

/* Local. */
static rb_status judge_blocks(judging *j, seat *seats, const rb_ctx *ctx, rb_error *err)
{
    int32_t first = rb_blocks_of(&j->blocks, ctx->rank, ctx->n_ranks);
    int32_t last = rb_blocks_of(&j->blocks, ctx->rank + 1, ctx->n_ranks);
    int64_t width = (int64_t)j->out->n_metrics * N_ORDERS;
    const seat *flawed = NULL;

    RB_TRY(rb_alloc(&j->partial, (last - first) * width, err));
    RB_TRY(rb_alloc(&j->sum, width, err));
    for (int t = 0; t < ctx->n_threads; t++) {
        seats[t].flawed = -1;
        RB_TRY(rb_next_alloc(&seats[t].next, &seats[t].ones, j->model, j->rules->n_items, j->longest, err));
        RB_TRY(rb_alloc(&seats[t].of_user, width, err));
    }
#pragma omp parallel for num_threads(ctx->n_threads) schedule(dynamic)
    for (int32_t block = first; block < last; block++)
        for (int64_t at = j->blocks.begin[block]; at < j->blocks.begin[block + 1]; at++)
            judge_user(j, &seats[omp_get_thread_num()], j->partial + (block - first) * width, at);
    for (int t = 0; t < ctx->n_threads; t++) {
        j->out->score_s += seats[t].score_s / ctx->n_threads;
        for (int c = 0; c < N_COUNTS; c++)
            j->counts[c] += seats[t].counts[c];
        if (seats[t].flawed >= 0 && (!flawed || seats[t].flawed < flawed->flawed))
            flawed = &seats[t];
    }
    if (flawed)
        *err = flawed->error;
done:
    return err->status;
}

/* Sessions by user, the users that have some, and blocks of them. Local. */
static rb_status plan(judging *j, rb_error *err)
{
    const rb_sessions *s = j->sessions;
    const int32_t n_users = j->rules->n_users;
    int64_t *prefix = NULL;
    RB_TRY(rb_alloc(&j->begin, (int64_t)n_users + 2, err));
    RB_TRY(rb_alloc(&j->order, s->n, err));
    RB_TRY(rb_alloc(&j->out->user, n_users, err));
    RB_TRY(rb_alloc(&j->out->value, j->out->n_metrics, err));
    RB_TRY(rb_alloc(&prefix, (int64_t)n_users + 1, err));
    for (int64_t k = 0; k < s->n; k++) {
        j->begin[s->user[k] + 2]++;
        j->longest = s->begin[k + 1] - s->begin[k] > j->longest ? s->begin[k + 1] - s->begin[k] : j->longest;
    }
    for (int32_t u = 0; u <= n_users; u++)
        j->begin[u + 1] += j->begin[u];
    for (int64_t k = 0; k < s->n; k++) /* each begin moves on to its end */
        j->order[j->begin[s->user[k] + 1]++] = k;
    for (int32_t u = 0; u < n_users; u++) {
        int64_t events = 0;
        for (int64_t k = j->begin[u]; k < j->begin[u + 1]; k++)
            events += s->begin[j->order[k] + 1] - s->begin[j->order[k]];
        if (events == 0)
            continue;
        prefix[j->out->n_users + 1] = prefix[j->out->n_users] + events;
        j->out->user[j->out->n_users++] = u;
    }
    RB_TRY(rb_blocks_init(&j->blocks, j->out->n_users, prefix, MIN_BLOCK, err));
done:
    rb_free(prefix);
    return err->status;
}

static rb_metric_value mean_of(double sum, int64_t n, bool known)
{
    if (!known)
        return (rb_metric_value){ NAN, RB_VALUE_UNAVAILABLE };
    return n > 0 ? (rb_metric_value){ sum / (double)n, RB_VALUE_OK }
                 : (rb_metric_value){ NAN, RB_VALUE_NOT_APPLICABLE };
}

static void total_up(judging *j, const rb_ctx *ctx)
{
    rb_session_result *out = j->out;
    bool bounds = j->rules->ties == RB_TIES_BOUNDS;
    rb_sum_int64(ctx, j->counts, N_COUNTS);
    out->n_positions = j->counts[POSITIONS];
    out->n_repeated = j->counts[REPEATED];
    for (int32_t m = 0; m < out->n_metrics; m++) {
        const double *sum = j->sum + (int64_t)m * N_ORDERS;
        out->value[m].mean = mean_of(sum[ORDER_RULES], out->n_positions, true);
        out->value[m].best = mean_of(sum[ORDER_BEST], out->n_positions, bounds);
        out->value[m].worst = mean_of(sum[ORDER_WORST], out->n_positions, bounds);
    }
}

static void free_seats(seat *seats, int n)
{
    for (int t = 0; seats && t < n; t++) {
        rb_next_free(&seats[t].next, seats[t].ones);
        rb_free(seats[t].of_user);
    }
    rb_free(seats);
}

rb_status rb_judge_sessions(rb_session_result *out, const rb_session_model *model, const rb_session_rules *rules,
                            const rb_sessions *sessions, const rb_metric *metrics, int32_t n_metrics, const rb_ctx *ctx,
                            rb_error *err)
{
    judging j = { .out = out, .model = model, .rules = rules, .sessions = sessions, .metrics = metrics };
    seat *seats = NULL;
    int64_t *begin = NULL;

    *out = (rb_session_result){ .n_metrics = n_metrics };
    RB_TRY_ALL(ctx, plan(&j, err));
    RB_TRY(rb_shared_alloc(&out->memory, (int64_t)out->n_users * n_metrics * (int64_t)sizeof(double), ctx, err));
    out->per_user = out->memory.data;
    (void)rb_alloc(&begin, ctx->n_ranks + 1, err);
    if (err->status == RB_OK)
        (void)rb_alloc(&seats, ctx->n_threads, err);
    RB_TRY_ALL(ctx, err->status == RB_OK ? judge_blocks(&j, seats, ctx, err) : err->status);
    rb_blocks_offsets(begin, &j.blocks, ctx);
    rb_shared_publish(&out->memory, begin, n_metrics * (int64_t)sizeof(double), ctx);
    RB_TRY(rb_blocks_sum(j.sum, j.partial, (int64_t)n_metrics * N_ORDERS, &j.blocks, ctx, err));
    total_up(&j, ctx);
done:
    free_seats(seats, ctx->n_threads);
    rb_free(begin);
    rb_free(j.begin);
    rb_free(j.order);
    rb_blocks_fini(&j.blocks);
    rb_free(j.partial);
    rb_free(j.sum);
    if (err->status != RB_OK)
        rb_session_result_fini(out);
    return err->status;
}

void rb_session_result_fini(rb_session_result *r)
{
    rb_shared_fini(&r->memory);
    rb_free(r->user);
    rb_free(r->value);
    *r = (rb_session_result){ 0 };
}
