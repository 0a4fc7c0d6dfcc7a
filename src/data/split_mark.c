#include "data/split_mark.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"

#define DIGIT_BITS 16
#define N_DIGITS (1 << DIGIT_BITS)

rb_place rb_place_random(const void *rng, int64_t thing)
{
    rb_rng at = *(const rb_rng *)rng;
    at.entity = (uint64_t)thing;
    return (rb_place)rb_rng_bits(&at, 0) << 64 | (uint64_t)thing;
}

rb_place rb_place_latest(const void *by_time, int64_t thing)
{
    const rb_by_time *order = by_time;
    uint64_t time = (uint64_t)order->time[order->first ? order->first[thing] : thing] ^ (1ull << 63);
    return (rb_place)~time << 64 | (uint64_t)(INT64_MAX - thing);
}

int64_t rb_place_thing(rb_place place, bool latest)
{
    int64_t low = (int64_t)(uint64_t)place;
    return latest ? INT64_MAX - low : low;
}

int64_t rb_split_count(double share, int64_t n)
{
    return (int64_t)floor(share * (double)n + 0.5);
}

void rb_split_seen(const rb_shared *memory, const rb_ctx *ctx)
{
    rb_shared_sync(memory, ctx);
}

static rb_place place_of(const rb_order *order, const uint8_t *part, int64_t thing)
{
    return part[thing] == RB_PART_TRAIN ? order->place(order->self, thing) : RB_PLACE_LAST;
}

/* Counts of the digit above `shift` among this rank's things whose digits above it are `prefix`; then over ranks. */
static void count_digits(int64_t *count, int64_t *scratch, const rb_order *order, const uint8_t *part, rb_place prefix,
                         int shift, const rb_ctx *ctx)
{
    int64_t begin = (int64_t)((__int128)order->n * ctx->rank / ctx->n_ranks);
    int64_t end = (int64_t)((__int128)order->n * (ctx->rank + 1) / ctx->n_ranks);
    int n_threads = ctx->n_threads;
    memset(scratch, 0, (size_t)n_threads * N_DIGITS * sizeof *scratch);
#pragma omp parallel for num_threads(n_threads) schedule(static, 1)
    for (int t = 0; t < n_threads; t++) {
        int64_t *mine = scratch + (int64_t)t * N_DIGITS;
        for (int64_t i = begin + (end - begin) * t / n_threads; i < begin + (end - begin) * (t + 1) / n_threads; i++) {
            rb_place digits = place_of(order, part, i) >> shift;
            if (digits >> DIGIT_BITS == prefix)
                mine[(unsigned)digits & (N_DIGITS - 1)]++;
        }
    }
    memset(count, 0, N_DIGITS * sizeof *count);
    for (int t = 0; t < n_threads; t++)
        for (int d = 0; d < N_DIGITS; d++)
            count[d] += scratch[(int64_t)t * N_DIGITS + d];
    rb_sum_int64(ctx, count, N_DIGITS);
}

/* The place below which exactly k things lie. */
static rb_status threshold_of(rb_place *threshold, int64_t k, const rb_order *order, const uint8_t *part,
                              const rb_ctx *ctx, rb_error *err)
{
    int64_t *count = NULL;
    int64_t *scratch = NULL; /* [n_threads x N_DIGITS] */

    *threshold = k <= 0 ? 0 : RB_PLACE_LAST;
    if (k <= 0 || k >= order->n)
        return err->status;
    (void)rb_alloc(&scratch, (int64_t)ctx->n_threads * N_DIGITS, err);
    RB_TRY_ALL(ctx, rb_alloc(&count, N_DIGITS, err));

    rb_place prefix = 0;
    for (int shift = 128 - DIGIT_BITS; shift >= 0; shift -= DIGIT_BITS) {
        count_digits(count, scratch, order, part, prefix, shift, ctx);
        int digit = 0;
        while (digit < N_DIGITS - 1 && count[digit] < k)
            k -= count[digit++];
        prefix = prefix << DIGIT_BITS | (unsigned)digit;
        *threshold = (prefix + 1) << shift; /* 0 where the last digit of all is taken whole: nothing lies above it */
        if (*threshold == 0)
            *threshold = RB_PLACE_LAST;
        if (count[digit] == k)
            break;
    }
done:
    rb_free(count);
    rb_free(scratch);
    return err->status;
}

rb_status rb_split_mark(uint8_t *part, rb_shared *memory, uint8_t value, int64_t from, int64_t to,
                        const rb_order *order, const rb_ctx *ctx, rb_error *err)
{
    rb_place low, high;
    RB_TRY(threshold_of(&low, from, order, part, ctx, err));
    RB_TRY(threshold_of(&high, to, order, part, ctx, err));
    int64_t begin = (int64_t)((__int128)order->n * ctx->node_rank / ctx->n_node_ranks);
    int64_t end = (int64_t)((__int128)order->n * (ctx->node_rank + 1) / ctx->n_node_ranks);
#pragma omp parallel for num_threads(ctx->n_threads) schedule(static)
    for (int64_t i = begin; i < end; i++) {
        rb_place place = place_of(order, part, i);
        if (place >= low && place < high)
            part[i] = value;
    }
    rb_split_seen(memory, ctx);
done:
    return err->status;
}

rb_status rb_split_choose(rb_shared *role, const rb_split_job *job, const char *stream, int32_t n, rb_ctx *ctx,
                          rb_error *err)
{
    rb_rng rng = job->rng;
    rng.stream = rb_stream(stream);
    const rb_order order = { rb_place_random, &rng, n };
    const int64_t test = rb_split_count(job->split->test, n);
    int64_t validation = rb_split_count(job->split->validation, n);
    if (validation > n - test)
        validation = n - test;
    RB_TRY(rb_shared_alloc(role, n, ctx, err));
    RB_TRY(rb_split_mark(role->data, role, RB_PART_TEST, 0, test, &order, ctx, err));
    RB_TRY(rb_split_mark(role->data, role, RB_PART_VALIDATION, 0, validation, &order, ctx, err));
done:
    return err->status;
}
