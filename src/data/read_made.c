#include "data/read_made.h"

#include <string.h>

#include "data/bytes.h"
#include "data/csv.h"
#include "data/ratings_number.h"
#include "data/synth.h"
#include "data/write.h"

/* ---- tables of ids and one number ---- */

typedef struct {
    int64_t *id;    /* [n] ascending */
    int32_t *value; /* [n] */
    int64_t n, id_capacity, value_capacity;
} id_table;

static void id_table_fini(id_table *t)
{
    rb_free(t->id);
    rb_free(t->value);
    *t = (id_table){ 0 };
}

/* A whole number in a field of the last record. */
static rb_status whole(int64_t *out, rb_csv *csv, int64_t field, rb_error *err)
{
    if (!rb_number_whole(out, rb_csv_text(csv, field), csv->field[field].n))
        return rb_csv_fail(csv, field, err, "'%.40s' is not a whole number", rb_csv_text(csv, field));
    return RB_OK;
}

static rb_status next_record(rb_csv *csv, bool *more, int64_t n_fields, rb_error *err)
{
    RB_TRY(rb_csv_next(csv, more, err));
    if (*more && csv->n_fields != n_fields)
        rb_csv_fail(csv, -1, err, "%lld fields, expected %lld", (long long)csv->n_fields, (long long)n_fields);
done:
    return err->status;
}

static rb_status add_row(id_table *t, rb_csv *csv, rb_error *err)
{
    int64_t id, value;
    RB_TRY(whole(&id, csv, 0, err));
    RB_TRY(whole(&value, csv, csv->n_fields - 1, err));
    if (t->n > 0 && id <= t->id[t->n - 1]) {
        rb_csv_fail(csv, 0, err, "'%lld' does not come after the id before it", (long long)id);
        goto done;
    }
    RB_TRY(rb_grow(&t->id, &t->id_capacity, t->n + 1, err));
    RB_TRY(rb_grow(&t->value, &t->value_capacity, t->n + 1, err));
    t->id[t->n] = id;
    t->value[t->n++] = (int32_t)value;
done:
    return err->status;
}

/* The first and the last column of a file with a heading. Local. */
static rb_status parse_table(id_table *t, const char *path, const char *bytes, int64_t n_bytes, rb_error *err)
{
    rb_csv csv = { 0 };
    bool more = true;
    rb_csv_begin(&csv, path, bytes, n_bytes, ",", true);
    RB_TRY(rb_csv_next(&csv, &more, err));
    const int64_t n_fields = csv.n_fields;
    for (;;) {
        RB_TRY(next_record(&csv, &more, n_fields, err));
        if (!more)
            break;
        RB_TRY(add_row(t, &csv, err));
    }
done:
    rb_csv_fini(&csv);
    return err->status;
}

static rb_status read_table(id_table *t, const char *path, rb_ctx *ctx, rb_error *err)
{
    char *bytes = NULL;
    int64_t n_bytes = 0;
    RB_TRY(rb_bytes_share(&bytes, &n_bytes, path, ctx, err));
    RB_TRY_ALL(ctx, parse_table(t, path, bytes, n_bytes, err));
done:
    rb_free(bytes);
    return err->status;
}

/* ---- users and items that nobody rated count too ---- */

/* Number of each old id among the new ones. Local. */
static rb_status map_ids(int32_t **map, const rb_ids *from, const rb_ids *to, const char *what, rb_error *err)
{
    char name[32];
    RB_TRY(rb_alloc(map, from->n, err));
    for (int32_t i = 0; i < from->n; i++) {
        (*map)[i] = rb_ids_find(to, rb_ids_name(name, from, i));
        if ((*map)[i] < 0)
            RB_TRY(RB_FAIL(err, RB_BAD_INPUT, "%s '%s' of the ratings is missing beside them", what,
                           rb_ids_name(name, from, i)));
    }
done:
    return err->status;
}

/* Replace the ids of one side; the interactions follow. to is taken over. Collective. */
static rb_status widen(rb_dataset *d, bool users, rb_ids *to, rb_ctx *ctx, rb_error *err)
{
    rb_interactions *x = &d->interactions;
    rb_ids *ids = users ? &d->users : &d->items;
    int32_t *map = NULL, *index = users ? x->user_memory.data : x->item_memory.data;
    int64_t *begin = NULL;
    rb_alloc(&begin, ctx->n_ranks + 1, err);
    RB_TRY_ALL(ctx, map_ids(&map, ids, to, users ? "user" : "item", err));
    for (int r = 0; r <= ctx->n_ranks; r++)
        begin[r] = x->n * r / ctx->n_ranks;
    rb_barrier(ctx); /* all have read what is overwritten now */
    for (int64_t k = begin[ctx->rank]; k < begin[ctx->rank + 1]; k++)
        index[k] = map[index[k]];
    if (d->has_interactions)
        rb_interactions_publish(x, begin, ctx);
    rb_ids_fini(ids);
    *ids = *to;
    *to = (rb_ids){ 0 };
    x->n_users = d->users.n;
    x->n_items = d->items.n;
done:
    rb_free(begin);
    rb_free(map);
    return err->status;
}

static rb_status take_users(rb_ids *ids, rb_dataset *d, const id_table *t, rb_error *err)
{
    RB_TRY(rb_ids_init_numbers(ids, t->id, (int32_t)t->n, err));
    RB_TRY(rb_alloc(&d->user_segment, t->n, err));
    for (int64_t u = 0; u < t->n; u++)
        d->user_segment[u] = t->value[u];
done:
    return err->status;
}

rb_status rb_made_users(rb_dataset *d, const char *path, rb_ctx *ctx, rb_error *err)
{
    id_table t = { 0 };
    rb_ids ids = { 0 };
    RB_TRY(read_table(&t, path, ctx, err));
    RB_TRY_ALL(ctx, take_users(&ids, d, &t, err));
    RB_TRY(widen(d, true, &ids, ctx, err));
    d->interactions.min_rating = RB_SYNTH_LEAST_RATING;
    d->interactions.max_rating = RB_SYNTH_MOST_RATING;
done:
    rb_ids_fini(&ids);
    id_table_fini(&t);
    return err->status;
}

rb_status rb_made_items(rb_dataset *d, const rb_ids *titles, rb_ctx *ctx, rb_error *err)
{
    rb_ids ids = { 0 };
    int32_t *all = NULL;
    rb_alloc(&all, titles->n, err);
    for (int32_t i = 0; all && i < titles->n; i++)
        all[i] = i;
    RB_TRY_ALL(ctx, err->status == RB_OK ? rb_ids_select(&ids, titles, all, titles->n, err) : err->status);
    RB_TRY(widen(d, false, &ids, ctx, err));
done:
    rb_ids_fini(&ids);
    rb_free(all);
    return err->status;
}

static rb_status take_topics(rb_catalogue *c, const id_table *t, const char *path, rb_error *err)
{
    char name[32];
    if (t->n != c->n)
        return RB_FAIL(err, RB_BAD_INPUT, "%s: topics of %lld titles, expected %d", path, (long long)t->n, c->n);
    RB_TRY(rb_alloc(&c->topic, c->n, err));
    for (int32_t i = 0; i < c->n; i++) {
        snprintf(name, sizeof name, "%lld", (long long)t->id[i]);
        if (rb_ids_find(&c->ids, name) != i)
            RB_TRY(RB_FAIL(err, RB_BAD_INPUT, "%s:%d:1: '%s' is no title", path, i + 2, name));
        c->topic[i] = t->value[i];
    }
done:
    return err->status;
}

rb_status rb_made_topics(rb_dataset *d, const char *path, rb_ctx *ctx, rb_error *err)
{
    id_table t = { 0 };
    RB_TRY(read_table(&t, path, ctx, err));
    RB_TRY_ALL(ctx, take_topics(&d->catalogue, &t, path, err));
done:
    id_table_fini(&t);
    return err->status;
}

/* ---- sessions ---- */

enum { SESSION, USER, ITEM, TIME, COMPLETION, DEVICE, N_SESSION_FIELDS };

/* The event of the last record is number `event`, of session number `session`, whose first it may be. */
static rb_status add_event(rb_sessions *s, rb_csv *csv, int64_t session, int64_t event, bool begins,
                           const rb_dataset *d, rb_error *err)
{
    int64_t time;
    float share;
    int device = 0;
    int32_t user = rb_ids_find(&d->users, rb_csv_text(csv, USER));
    int32_t item = rb_ids_find(&d->items, rb_csv_text(csv, ITEM));
    if (user < 0 || item < 0)
        return rb_csv_fail(csv, user < 0 ? USER : ITEM, err, "'%.40s' is no %s of this folder",
                           rb_csv_text(csv, user < 0 ? USER : ITEM), user < 0 ? "user" : "item");
    RB_TRY(whole(&time, csv, TIME, err));
    if (rb_number_float(&share, rb_csv_text(csv, COMPLETION), csv->field[COMPLETION].n) != RB_NUMBER_OK)
        return rb_csv_fail(csv, COMPLETION, err, "'%.40s' is not a number", rb_csv_text(csv, COMPLETION));
    while (device < RB_N_DEVICES && strcmp(rb_device_name(device), rb_csv_text(csv, DEVICE)) != 0)
        device++;
    if (device == RB_N_DEVICES)
        return rb_csv_fail(csv, DEVICE, err, "'%.40s' is no device", rb_csv_text(csv, DEVICE));
    if (begins) {
        ((int64_t *)s->begin)[session] = event;
        ((int32_t *)s->user)[session] = user;
        ((uint8_t *)s->device)[session] = (uint8_t)device;
    }
    ((int32_t *)s->item)[event] = item;
    ((int64_t *)s->time)[event] = time;
    ((float *)s->completion)[event] = share;
done:
    return err->status;
}

/* How many sessions and events a file has, and, where s has room for them, what they are. Local. */
static rb_status parse_sessions(int64_t n[2], rb_sessions *s, const rb_dataset *d, const char *path, const char *bytes,
                                int64_t n_bytes, rb_error *err)
{
    rb_csv csv = { 0 };
    bool more = true;
    int64_t session, last = -1;
    n[0] = n[1] = 0;
    rb_csv_begin(&csv, path, bytes, n_bytes, ",", true);
    RB_TRY(rb_csv_next(&csv, &more, err));
    for (;; n[1]++) {
        RB_TRY(next_record(&csv, &more, N_SESSION_FIELDS, err));
        if (!more)
            break;
        RB_TRY(whole(&session, &csv, SESSION, err));
        bool begins = n[0] == 0 || session != last;
        last = session;
        n[0] += begins;
        if (s->memory.data)
            RB_TRY(add_event(s, &csv, n[0] - 1, n[1], begins, d, err));
    }
done:
    rb_csv_fini(&csv);
    return err->status;
}

rb_status rb_made_sessions(rb_dataset *d, const char *path, rb_ctx *ctx, rb_error *err)
{
    char *bytes = NULL;
    int64_t n_bytes = 0, n[2] = { 0 };
    if (ctx->rank == 0 && rb_bytes_load(&bytes, &n_bytes, path, err) == RB_OK)
        parse_sessions(n, &d->sessions, d, path, bytes, n_bytes, err);
    RB_TRY_ALL(ctx, err->status);
    rb_bcast(ctx, n, sizeof n, 0);
    RB_TRY(rb_sessions_alloc(&d->sessions, n[0], n[1], true, true, ctx, err));
    d->has_sessions = true;
    if (ctx->rank == 0)
        parse_sessions(n, &d->sessions, d, path, bytes, n_bytes, err);
    RB_TRY_ALL(ctx, err->status);
    rb_shared_publish_from(&d->sessions.memory, 0, ctx);
done:
    rb_free(bytes);
    return err->status;
}
