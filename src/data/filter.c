#include "data/filter.h"

#include <math.h>

#include "base/alloc.h"

const rb_param rb_filter_params[] = {
    RB_DOUBLE(rb_filter, threshold, -INFINITY, -INFINITY, 1e9, "stars", "smallest rating that is kept"),
    RB_INT(rb_filter, user_core, 0, 0, 1e9, "interactions", "k-core: fewest interactions of a user; 0: no core"),
    RB_INT(rb_filter, item_core, 0, 0, 1e9, "interactions", "k-core: fewest interactions of an item; 0: no core"),
    RB_PARAM_END,
};

rb_filter rb_filter_none(void)
{
    return (rb_filter){ .threshold = -INFINITY };
}

bool rb_filter_is_none(const rb_filter *f)
{
    return f->threshold == -INFINITY && f->user_core <= 0 && f->item_core <= 0;
}

/* What is still there. Users and items are 1 or 0; with cut, the numbers of those that are left. */
typedef struct {
    const rb_filter *filter;
    const rb_interactions *x;
    uint8_t *user, *item;         /* [n_users], [n_items] */
    int32_t *new_user, *new_item; /* number among those left, or -1 */
    int32_t *old_user, *old_item; /* [n left] */
    int32_t n_users, n_items;     /* left */
    int64_t begin, end;           /* this rank's rows */
} sieve;

static void sieve_fini(sieve *s)
{
    rb_free(s->user);
    rb_free(s->item);
    rb_free(s->new_user);
    rb_free(s->new_item);
    rb_free(s->old_user);
    rb_free(s->old_item);
}

static bool kept(const sieve *s, int64_t row)
{
    return s->user[s->x->user[row]] && s->item[s->x->item[row]] &&
           (!s->x->rating || s->x->rating[row] >= (float)s->filter->threshold);
}

/* Take out what has fewer than `core` interactions; whether anything was. */
static bool drop_poor(uint8_t *alive, const int64_t *count, int32_t n, int64_t core)
{
    bool dropped = false;
    for (int32_t i = 0; i < n; i++) {
        if (alive[i] && count[i] < core) {
            alive[i] = 0;
            dropped = true;
        }
    }
    return dropped;
}

/* Both sides at once until nothing more goes: the core is unique, so the order of dropping does not matter. */
static rb_status find_core(sieve *s, const rb_ctx *ctx, rb_error *err)
{
    int32_t n_users = s->x->n_users, n_items = s->x->n_items;
    int64_t *count = NULL;
    RB_TRY_ALL(ctx, rb_alloc(&count, (int64_t)n_users + n_items, err));
    for (bool again = s->filter->user_core > 0 || s->filter->item_core > 0; again;) {
        for (int64_t k = 0; k < (int64_t)n_users + n_items; k++)
            count[k] = 0;
#pragma omp parallel for num_threads(ctx->n_threads) schedule(static)
        for (int64_t row = s->begin; row < s->end; row++) {
            if (!kept(s, row))
                continue;
#pragma omp atomic
            count[s->x->user[row]]++;
#pragma omp atomic
            count[n_users + s->x->item[row]]++;
        }
        rb_sum_int64(ctx, count, (int64_t)n_users + n_items);
        again = drop_poor(s->user, count, n_users, s->filter->user_core);
        again |= drop_poor(s->item, count + n_users, n_items, s->filter->item_core);
    }
done:
    rb_free(count);
    return err->status;
}

static rb_status number_left(int32_t **new_number, int32_t **old_number, int32_t *n_left, const uint8_t *alive,
                             int32_t n, rb_error *err)
{
    RB_TRY(rb_alloc(new_number, n, err));
    RB_TRY(rb_alloc(old_number, n, err));
    for (int32_t i = 0; i < n; i++) {
        (*new_number)[i] = alive[i] ? *n_left : -1;
        if (alive[i])
            (*old_number)[(*n_left)++] = i;
    }
done:
    return err->status;
}

static rb_status sieve_init(sieve *s, const rb_ctx *ctx, rb_error *err)
{
    s->begin = (int64_t)((__int128)s->x->n * ctx->rank / ctx->n_ranks);
    s->end = (int64_t)((__int128)s->x->n * (ctx->rank + 1) / ctx->n_ranks);
    RB_TRY(rb_alloc(&s->user, s->x->n_users, err));
    RB_TRY(rb_alloc(&s->item, s->x->n_items, err));
    for (int32_t u = 0; u < s->x->n_users; u++)
        s->user[u] = 1;
    for (int32_t i = 0; i < s->x->n_items; i++)
        s->item[i] = 1;
done:
    return err->status;
}

/* The rows that are left, in their order, with the new numbers. */
static rb_status select_rows(rb_interactions *out, const sieve *s, const rb_ctx *ctx, rb_error *err)
{
    int64_t n_own = 0, total = 0;
    int64_t *begin = NULL; /* [n_ranks + 1] first new row of each rank */
    RB_TRY_ALL(ctx, rb_alloc(&begin, ctx->n_ranks + 1, err));
    for (int64_t row = s->begin; row < s->end; row++)
        n_own += kept(s, row);
    begin[ctx->rank + 1] = n_own;
    rb_sum_int64(ctx, begin, ctx->n_ranks + 1);
    for (int r = 0; r < ctx->n_ranks; r++)
        begin[r + 1] += begin[r];
    total = begin[ctx->n_ranks];
    if (total == 0)
        RB_TRY(RB_FAIL(err, RB_BAD_INPUT,
                       "the filter leaves no interaction (threshold %g, user_core %lld, item_core %lld)",
                       s->filter->threshold, (long long)s->filter->user_core, (long long)s->filter->item_core));
    RB_TRY(rb_interactions_alloc(out, total, s->x->rating != NULL, s->x->time != NULL, ctx, err));
    int64_t at = begin[ctx->rank];
    for (int64_t row = s->begin; row < s->end; row++) {
        if (!kept(s, row))
            continue;
        ((int32_t *)out->user_memory.data)[at] = s->new_user[s->x->user[row]];
        ((int32_t *)out->item_memory.data)[at] = s->new_item[s->x->item[row]];
        if (out->rating)
            ((float *)out->rating_memory.data)[at] = s->x->rating[row];
        if (out->time)
            ((int64_t *)out->time_memory.data)[at] = s->x->time[row];
        at++;
    }
    rb_interactions_publish(out, begin, ctx);
    out->n_users = s->n_users;
    out->n_items = s->n_items;
    out->min_rating = s->x->min_rating;
    out->max_rating = s->x->max_rating;
done:
    rb_free(begin);
    return err->status;
}

/* Events of a session whose items are left; 0 where fewer than two are, or its user is gone. */
static int64_t events_left(const rb_sessions *s, int64_t k, const sieve *v)
{
    int64_t n = 0;
    for (int64_t e = s->begin[k]; e < s->begin[k + 1]; e++)
        n += v->new_item[s->item[e]] >= 0;
    return v->new_user[s->user[k]] >= 0 && n >= 2 ? n : 0;
}

/* The first rank of each node copies: sessions are few beside the ratings of the same users. */
static void copy_sessions(rb_sessions *out, const rb_sessions *s, const sieve *v)
{
    int64_t to = 0, event = 0;
    for (int64_t k = 0; k < s->n; k++) {
        if (events_left(s, k, v) == 0)
            continue;
        ((int64_t *)out->begin)[to] = event;
        ((int32_t *)out->user)[to] = v->new_user[s->user[k]];
        if (out->device)
            ((uint8_t *)out->device)[to] = s->device[k];
        to++;
        for (int64_t e = s->begin[k]; e < s->begin[k + 1]; e++) {
            if (v->new_item[s->item[e]] < 0)
                continue;
            ((int32_t *)out->item)[event] = v->new_item[s->item[e]];
            ((int64_t *)out->time)[event] = s->time[e];
            if (out->completion)
                ((float *)out->completion)[event] = s->completion[e];
            event++;
        }
    }
}

static rb_status select_sessions(rb_sessions *out, const rb_sessions *s, const sieve *v, const rb_ctx *ctx,
                                 rb_error *err)
{
    int64_t n = 0, n_events = 0;
    for (int64_t k = 0; k < s->n; k++) {
        int64_t left = events_left(s, k, v);
        n += left > 0;
        n_events += left;
    }
    RB_TRY(rb_sessions_alloc(out, n, n_events, s->completion != NULL, s->device != NULL, ctx, err));
    if (ctx->rank == 0)
        copy_sessions(out, s, v);
    rb_shared_publish_from(&out->memory, 0, ctx);
done:
    return err->status;
}

/* Names, catalogue and segments of what is left; local. */
static rb_status select_descriptions(rb_dataset *d, const sieve *s, rb_error *err)
{
    rb_ids users = { 0 }, items = { 0 };
    rb_catalogue catalogue = { 0 };
    int32_t *segment = NULL;
    RB_TRY(rb_ids_select(&users, &d->users, s->old_user, s->n_users, err));
    RB_TRY(rb_ids_select(&items, &d->items, s->old_item, s->n_items, err));
    if (d->has_catalogue)
        RB_TRY(rb_catalogue_select(&catalogue, &d->catalogue, s->old_item, s->n_items, err));
    if (d->user_segment) {
        RB_TRY(rb_alloc(&segment, s->n_users, err));
        for (int32_t u = 0; u < s->n_users; u++)
            segment[u] = d->user_segment[s->old_user[u]];
    }
    rb_ids_fini(&d->users);
    rb_ids_fini(&d->items);
    rb_catalogue_fini(&d->catalogue);
    rb_free(d->user_segment);
    d->users = users;
    d->items = items;
    d->catalogue = catalogue;
    d->user_segment = segment;
    return err->status;
done:
    rb_ids_fini(&users);
    rb_ids_fini(&items);
    rb_catalogue_fini(&catalogue);
    return err->status;
}

static rb_status check(const rb_dataset *d, const rb_filter *f, rb_error *err)
{
    if (f->user_core < 0 || f->item_core < 0)
        return RB_FAIL(err, RB_BAD_INPUT, "a k-core of %lld and %lld, expected numbers of at least 0",
                       (long long)f->user_core, (long long)f->item_core);
    if (isnan(f->threshold))
        return RB_FAIL(err, RB_BAD_INPUT, "the filter's threshold is not a number");
    if (rb_filter_is_none(f))
        return RB_OK;
    if (!d->has_interactions)
        return RB_FAIL(err, RB_BAD_INPUT, "the filter needs interactions, and data set '%s' has none", d->name);
    if (f->threshold > -INFINITY && !d->interactions.rating)
        return RB_FAIL(err, RB_BAD_INPUT, "the filter has a threshold, and data set '%s' has no ratings", d->name);
    return RB_OK;
}

rb_status rb_dataset_filter(rb_dataset *d, const rb_filter *f, rb_ctx *ctx, rb_error *err)
{
    sieve s = { .filter = f, .x = &d->interactions };
    rb_interactions rows = { 0 };
    rb_sessions sessions = { 0 };

    RB_TRY_ALL(ctx, check(d, f, err));
    if (rb_filter_is_none(f))
        return err->status;
    RB_TRY_ALL(ctx, sieve_init(&s, ctx, err));
    RB_TRY(find_core(&s, ctx, err));
    (void)number_left(&s.new_user, &s.old_user, &s.n_users, s.user, d->interactions.n_users, err);
    RB_TRY_ALL(ctx, number_left(&s.new_item, &s.old_item, &s.n_items, s.item, d->interactions.n_items, err));
    RB_TRY(select_rows(&rows, &s, ctx, err));
    if (d->has_sessions)
        RB_TRY(select_sessions(&sessions, &d->sessions, &s, ctx, err));
    RB_TRY_ALL(ctx, select_descriptions(d, &s, err));
    rb_interactions_fini(&d->interactions);
    d->interactions = rows;
    rows = (rb_interactions){ 0 };
    if (d->has_sessions) {
        rb_sessions_fini(&d->sessions);
        d->sessions = sessions;
        sessions = (rb_sessions){ 0 };
    }
    RB_TRY(rb_dataset_digest(d, ctx, err));
done:
    rb_interactions_fini(&rows);
    rb_sessions_fini(&sessions);
    sieve_fini(&s);
    return err->status;
}
