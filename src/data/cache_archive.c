#include "data/cache_archive.h"

#include <string.h>

#include "base/alloc.h"
#include "data/hdf_internal.h"

#define N_CLEANING ((int64_t)(sizeof(rb_cleaning) / sizeof(int64_t)))

/* Rank 0 reads n elements into *data, which it allocates. Local. */
static rb_status read_array(rb_archive *a, const char *name, rb_hdf_type type, void **data, int64_t n)
{
    int64_t n_rows = 0, n_cols = 0;
    if (a->ctx->rank != 0)
        return a->err->status;
    RB_TRY(rb_hdf_read(a->file.id, name, type, data, &n_rows, &n_cols, a->err));
    if (n_rows != n || n_cols != 1)
        RB_FAIL(a->err, RB_BAD_INPUT, "%s: %s has %lld elements, expected %lld", a->file.path, name,
                (long long)(n_rows * n_cols), (long long)n);
done:
    return a->err->status;
}

/* n elements at an address that exists: on loading only rank 0 fills them, the caller passes them on. */
static void elements(rb_archive *a, const char *name, rb_hdf_type type, const void *data, int64_t n)
{
    void *read = NULL;
    if (a->err->status != RB_OK || !data)
        return;
    if (!a->loading) {
        (void)rb_hdf_write(a->file.id, name, type, data, n, 1, false, a->err);
        return;
    }
    if (rb_agree(a->ctx, read_array(a, name, type, &read, n), a->err) == RB_OK && a->ctx->rank == 0)
        memcpy((void *)data, read, (size_t)(n * (int64_t)rb_hdf_type_size(type)));
    rb_free(read);
}

/* Numbers that decide what follows, on every rank. */
static void numbers(rb_archive *a, const char *name, int64_t *values, int64_t n)
{
    elements(a, name, RB_HDF_INT64, values, n);
    if (a->loading && a->err->status == RB_OK)
        rb_bcast(a->ctx, values, n * (int64_t)sizeof *values, 0);
}

/* A private array of n elements; absent where `present` is false. Allocated on loading. */
static void array(rb_archive *a, const char *name, rb_hdf_type type, void **data, int64_t n, bool present)
{
    if (a->err->status != RB_OK || !present)
        return;
    if (!a->loading) {
        elements(a, name, type, *data, n);
        return;
    }
    if (rb_agree(a->ctx, read_array(a, name, type, data, n), a->err) != RB_OK)
        return;
    if (a->ctx->rank != 0)
        *data = rb_alloc_array(n, rb_hdf_type_size(type), a->err);
    if (rb_agree(a->ctx, a->err->status, a->err) == RB_OK)
        rb_bcast(a->ctx, *data, n * (int64_t)rb_hdf_type_size(type), 0);
}

/* An array of a struct's field by field: data is the address of a typed pointer. */
#define ARRAY(a, name, type, field, n, present)              \
    do {                                                     \
        void *field_ = (void *)(field);                      \
        array((a), (name), (type), &field_, (n), (present)); \
        (field) = field_;                                    \
    } while (0)

static const char *named(char out[128], const char *group, const char *name)
{
    (void)snprintf(out, 128, "%s/%s", group, name);
    return out;
}

static void strings(rb_archive *a, const char *group, rb_strings *s)
{
    char name[128];
    int64_t head[2] = { s->n, s->begin ? s->begin[s->n] : -1 };
    numbers(a, named(name, group, "length"), head, 2);
    s->n = head[0];
    ARRAY(a, named(name, group, "begin"), RB_HDF_INT64, s->begin, s->n + 1, head[1] >= 0);
    ARRAY(a, named(name, group, "text"), RB_HDF_UINT8, s->text, head[1], head[1] >= 0);
}

static void multi(rb_archive *a, const char *group, rb_multi *m, int64_t n_items)
{
    char name[128];
    int64_t n_values = m->begin ? m->begin[n_items] : -1;
    strings(a, named(name, group, "names"), &m->names);
    numbers(a, named(name, group, "length"), &n_values, 1);
    ARRAY(a, named(name, group, "begin"), RB_HDF_INT64, m->begin, n_items + 1, n_values >= 0);
    ARRAY(a, named(name, group, "value"), RB_HDF_INT32, m->value, n_values, n_values >= 0);
}

static void ids(rb_archive *a, const char *group, rb_ids *x)
{
    char name[128];
    int64_t head[3] = { x->n, x->number != NULL, x->begin ? x->begin[x->n] : -1 };
    numbers(a, named(name, group, "length"), head, 3);
    x->n = (int32_t)head[0];
    ARRAY(a, named(name, group, "number"), RB_HDF_INT64, x->number, head[0], head[1] != 0);
    ARRAY(a, named(name, group, "begin"), RB_HDF_INT64, x->begin, head[0] + 1, head[2] >= 0);
    ARRAY(a, named(name, group, "text"), RB_HDF_UINT8, x->text, head[2], head[2] >= 0);
}

static void interactions(rb_archive *a, rb_interactions *x)
{
    int64_t head[5] = { x->n_users, x->n_items, x->n, x->rating != NULL, x->time != NULL };
    float scale[2] = { x->min_rating, x->max_rating };
    numbers(a, "interactions/length", head, 5);
    elements(a, "interactions/scale", RB_HDF_FLOAT, scale, 2);
    if (a->loading && a->err->status == RB_OK) {
        rb_bcast(a->ctx, scale, sizeof scale, 0);
        if (rb_interactions_alloc(x, head[2], head[3] != 0, head[4] != 0, a->ctx, a->err) != RB_OK)
            return;
        x->n_users = (int32_t)head[0];
        x->n_items = (int32_t)head[1];
        x->min_rating = scale[0];
        x->max_rating = scale[1];
    }
    elements(a, "interactions/user", RB_HDF_INT32, x->user, x->n);
    elements(a, "interactions/item", RB_HDF_INT32, x->item, x->n);
    elements(a, "interactions/rating", RB_HDF_FLOAT, x->rating, x->n);
    elements(a, "interactions/time", RB_HDF_INT64, x->time, x->n);
    if (!a->loading || a->err->status != RB_OK)
        return;
    rb_shared_publish_from(&x->user_memory, 0, a->ctx);
    rb_shared_publish_from(&x->item_memory, 0, a->ctx);
    if (x->rating)
        rb_shared_publish_from(&x->rating_memory, 0, a->ctx);
    if (x->time)
        rb_shared_publish_from(&x->time_memory, 0, a->ctx);
}

static void sessions(rb_archive *a, rb_sessions *s)
{
    int64_t head[4] = { s->n, s->n_events, s->completion != NULL, s->device != NULL };
    numbers(a, "sessions/length", head, 4);
    if (a->loading && a->err->status == RB_OK)
        (void)rb_sessions_alloc(s, head[0], head[1], head[2] != 0, head[3] != 0, a->ctx, a->err);
    elements(a, "sessions/begin", RB_HDF_INT64, s->begin, s->n + 1);
    elements(a, "sessions/user", RB_HDF_INT32, s->user, s->n);
    elements(a, "sessions/item", RB_HDF_INT32, s->item, s->n_events);
    elements(a, "sessions/time", RB_HDF_INT64, s->time, s->n_events);
    elements(a, "sessions/completion", RB_HDF_FLOAT, s->completion, s->n_events);
    elements(a, "sessions/device", RB_HDF_UINT8, s->device, s->n);
    if (a->loading && a->err->status == RB_OK)
        rb_shared_publish_from(&s->memory, 0, a->ctx);
}

static void catalogue(rb_archive *a, rb_catalogue *c)
{
    int64_t head[2 + RB_N_COLUMNS] = { c->n, c->topic != NULL };
    char name[128];
    for (int k = 0; k < RB_N_COLUMNS; k++)
        head[2 + k] = c->has[k];
    numbers(a, "catalogue/length", head, 2 + RB_N_COLUMNS);
    c->n = (int32_t)head[0];
    ids(a, "catalogue/ids", &c->ids);
    for (int k = 0; k < RB_N_COLUMNS; k++) {
        c->has[k] = head[2 + k] != 0;
        if (c->has[k])
            strings(a, named(name, "catalogue/column", rb_column_name((rb_column)k)), &c->column[k]);
    }
    multi(a, "catalogue/director", &c->director, c->n);
    multi(a, "catalogue/cast", &c->cast, c->n);
    multi(a, "catalogue/country", &c->country, c->n);
    multi(a, "catalogue/genre", &c->genre, c->n);
    ARRAY(a, "catalogue/year", RB_HDF_INT32, c->year, c->n, true);
    ARRAY(a, "catalogue/date_added", RB_HDF_INT32, c->date_added, c->n, true);
    ARRAY(a, "catalogue/minutes", RB_HDF_INT32, c->minutes, c->n, true);
    ARRAY(a, "catalogue/seasons", RB_HDF_INT32, c->seasons, c->n, true);
    ARRAY(a, "catalogue/age_group", RB_HDF_UINT8, c->age_group, c->n, true);
    ARRAY(a, "catalogue/duplicate_of", RB_HDF_INT32, c->duplicate_of, c->n, true);
    ARRAY(a, "catalogue/topic", RB_HDF_INT32, c->topic, c->n, head[1] != 0);
    numbers(a, "catalogue/cleaning", (int64_t *)(void *)&c->cleaning, N_CLEANING);
}

/* Skipped lines: places, and files and reasons as strings. */
static void skipped(rb_archive *a, rb_dataset *d, int64_t n)
{
    int64_t *place = NULL; /* [2 n] line, column */
    const char **texts = NULL;
    rb_strings words = { 0 }; /* file, reason of each */
    if (a->err->status == RB_OK && !a->loading && rb_alloc(&place, 2 * n, a->err) == RB_OK &&
        rb_alloc(&texts, 2 * n, a->err) == RB_OK) {
        for (int64_t k = 0; k < n; k++) {
            place[2 * k] = d->skipped[k].line;
            place[2 * k + 1] = d->skipped[k].column;
            texts[2 * k] = d->skipped[k].file;
            texts[2 * k + 1] = d->skipped[k].reason;
        }
        (void)rb_strings_from(&words, texts, 2 * n, a->err);
    }
    ARRAY(a, "skipped/place", RB_HDF_INT64, place, 2 * n, true);
    strings(a, "skipped/words", &words);
    if (a->loading && a->err->status == RB_OK && rb_alloc(&d->skipped, n, a->err) == RB_OK) {
        d->n_skipped_listed = n;
        for (int64_t k = 0; k < n; k++) {
            d->skipped[k] = (rb_skipped){ .line = place[2 * k], .column = (int32_t)place[2 * k + 1] };
            d->skipped[k].file = rb_strdup(rb_strings_at(&words, 2 * k), a->err);
            d->skipped[k].reason = rb_strdup(rb_strings_at(&words, 2 * k + 1), a->err);
        }
    }
    if (a->loading)
        (void)rb_agree(a->ctx, a->err->status, a->err);
    rb_free(place);
    rb_free(texts);
    rb_strings_fini(&words);
}

rb_status rb_archive_dataset(rb_archive *a, rb_dataset *d)
{
    int64_t head[7] = { d->has_interactions,
                        d->has_sessions,
                        d->has_catalogue,
                        d->user_segment != NULL,
                        d->n_skipped,
                        d->n_skipped_listed,
                        d->name ? (int64_t)strlen(d->name) + 1 : 0 };
    numbers(a, "length", head, 7);
    d->has_interactions = head[0] != 0;
    d->has_sessions = head[1] != 0;
    d->has_catalogue = head[2] != 0;
    ARRAY(a, "name", RB_HDF_UINT8, d->name, head[6], head[6] > 0);
    ids(a, "users", &d->users);
    ids(a, "items", &d->items);
    ARRAY(a, "user_segment", RB_HDF_INT32, d->user_segment, d->users.n, head[3] != 0);
    if (d->has_interactions)
        interactions(a, &d->interactions);
    if (d->has_sessions)
        sessions(a, &d->sessions);
    if (d->has_catalogue)
        catalogue(a, &d->catalogue);
    d->n_skipped = head[4];
    if (head[5] > 0)
        skipped(a, d, head[5]);
    return a->err->status;
}
