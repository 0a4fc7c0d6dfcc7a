/* Metric units: the values of one fit and their per-user vectors. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "data/hdf.h"
#include "harness/unit.h"

void rb_metric_record_fini(rb_metric_record *r)
{
    for (int64_t i = 0; i < r->n_rows; i++)
        rb_free(r->rows[i].vector);
    rb_free(r->rows);
    for (int p = 0; p < RB_N_USERS; p++)
        rb_free(r->users[p]);
    memset(r, 0, sizeof *r);
}

rb_metric_row *rb_metric_record_add(rb_metric_record *r, const char *part, const char *id, rb_error *err)
{
    if (rb_grow(&r->rows, &r->capacity, r->n_rows + 1, err) != RB_OK)
        return NULL;
    rb_metric_row *row = &r->rows[r->n_rows++];
    *row = (rb_metric_row){ .segment = "all", .value = { NAN, RB_VALUE_UNAVAILABLE } };
    snprintf(row->part, sizeof row->part, "%s", part);
    snprintf(row->id, sizeof row->id, "%s", id);
    return row;
}

const rb_metric_row *rb_metric_record_find(const rb_metric_record *r, const char *part, const char *id)
{
    for (int64_t i = 0; i < r->n_rows; i++)
        if (strcmp(r->rows[i].part, part) == 0 && strcmp(r->rows[i].id, id) == 0 &&
            strcmp(r->rows[i].segment, "all") == 0)
            return &r->rows[i];
    return NULL;
}

/* Columns of the table of values, gathered from rows. */
typedef struct {
    const char **part, **segment, **id, **definition, **per_user;
    double *value;
    int32_t *state, *population;
    int64_t *n, *n_left_out;
    char (*hex)[65];
} columns;

static void columns_fini(columns *c)
{
    rb_free(c->part);
    rb_free(c->segment);
    rb_free(c->id);
    rb_free(c->definition);
    rb_free(c->per_user);
    rb_free(c->value);
    rb_free(c->state);
    rb_free(c->population);
    rb_free(c->n);
    rb_free(c->n_left_out);
    rb_free(c->hex);
}

static rb_status columns_from(columns *c, const rb_metric_record *r, rb_error *err)
{
    RB_TRY(rb_alloc(&c->part, r->n_rows, err));
    RB_TRY(rb_alloc(&c->segment, r->n_rows, err));
    RB_TRY(rb_alloc(&c->id, r->n_rows, err));
    RB_TRY(rb_alloc(&c->definition, r->n_rows, err));
    RB_TRY(rb_alloc(&c->per_user, r->n_rows, err));
    RB_TRY(rb_alloc(&c->value, r->n_rows, err));
    RB_TRY(rb_alloc(&c->state, r->n_rows, err));
    RB_TRY(rb_alloc(&c->population, r->n_rows, err));
    RB_TRY(rb_alloc(&c->n, r->n_rows, err));
    RB_TRY(rb_alloc(&c->n_left_out, r->n_rows, err));
    RB_TRY(rb_alloc(&c->hex, r->n_rows, err));
    for (int64_t i = 0; i < r->n_rows; i++) {
        const rb_metric_row *row = &r->rows[i];
        rb_digest_hex(c->hex[i], &row->per_user, 64);
        c->part[i] = row->part;
        c->segment[i] = row->segment;
        c->id[i] = row->id;
        c->definition[i] = row->definition;
        c->per_user[i] = c->hex[i];
        c->value[i] = row->value.value;
        c->state[i] = row->value.state;
        c->population[i] = (int32_t)row->population;
        c->n[i] = row->n;
        c->n_left_out[i] = row->n_left_out;
    }
done:
    return err->status;
}

static const char *const population_names[RB_N_USERS] = { "none", "validation/ranking", "validation/rating",
                                                          "test/ranking", "test/rating" };

static rb_status write_vectors(hid_t at, const rb_metric_record *r, rb_error *err)
{
    char name[128];
    for (int p = 0; p < RB_N_USERS; p++)
        if (r->users[p]) {
            snprintf(name, sizeof name, "users/%s", population_names[p]);
            RB_TRY(rb_hdf_write(at, name, RB_HDF_INT32, r->users[p], r->n_users[p], 1, true, err));
        }
    for (int64_t i = 0; i < r->n_rows; i++)
        if (r->rows[i].vector) {
            snprintf(name, sizeof name, "vector/%lld", (long long)i);
            RB_TRY(rb_hdf_write(at, name, RB_HDF_DOUBLE, r->rows[i].vector, r->rows[i].n_vector, 1, true, err));
        }
done:
    return err->status;
}

/* "<eval>-<set>.metric": the set is named by all parts and metrics of the rows. */
static rb_status name_kind(char kind[32], const rb_metric_record *r, const char *evaluation, rb_error *err)
{
    char set[9];
    rb_hasher h = { 0 };
    rb_digest digest;
    RB_TRY(rb_hasher_begin(&h, err));
    for (int64_t i = 0; i < r->n_rows; i++) {
        rb_hasher_text(&h, r->rows[i].part);
        rb_hasher_text(&h, r->rows[i].id);
    }
    rb_hasher_end(&h, &digest);
    rb_digest_hex(set, &digest, 8);
    snprintf(kind, 32, "%.8s-%s.metric", evaluation, set);
done:
    return err->status;
}

rb_status rb_metric_record_write(const rb_metric_record *r, const char *folder, const char *evaluation, rb_error *err)
{
    char path[4096], kind[32];
    rb_hdf file = { 0 };
    columns c = { 0 };
    RB_TRY(name_kind(kind, r, evaluation, err));
    RB_TRY(columns_from(&c, r, err));
    RB_TRY(rb_hdf_create(&file, rb_unit_path(path, folder, r->key, kind), err));
    const rb_hdf_column table[] = {
        { "part", RB_HDF_TEXT, c.part, NULL, 0 },
        { "segment", RB_HDF_TEXT, c.segment, NULL, 0 },
        { "id", RB_HDF_TEXT, c.id, NULL, 0 },
        { "definition", RB_HDF_TEXT, c.definition, NULL, 0 },
        { "value", RB_HDF_DOUBLE, c.value, NULL, 0 },
        { "state", RB_HDF_INT32, c.state, NULL, 0 },
        { "n", RB_HDF_INT64, c.n, NULL, 0 },
        { "left_out", RB_HDF_INT64, c.n_left_out, NULL, 0 },
        { "per_user", RB_HDF_TEXT, c.per_user, NULL, 0 },
        { "population", RB_HDF_INT32, c.population, NULL, 0 },
    };
    RB_TRY(rb_hdf_write_table(file.id, "metrics", table, sizeof table / sizeof *table, r->n_rows, err));
    RB_TRY(write_vectors(file.id, r, err));
    RB_TRY(rb_hdf_put_double(file.id, "wall_s", r->wall_s, err));
    RB_TRY(rb_hdf_commit(&file, err));
done:
    columns_fini(&c);
    rb_hdf_close(&file);
    return err->status;
}

/* Columns of a stored table, as read. */
typedef struct {
    char **part, **segment, **id, **definition, **hex, *all[5];
    double *value;
    int32_t *state, *population;
    int64_t *n, *n_left_out;
    int64_t n_rows;
} stored;

static void stored_fini(stored *s)
{
    void *const all[] = { s->segment, s->definition, s->all[3],     s->all[4], s->part,
                          s->id,      s->hex,        s->all[0],     s->all[1], s->all[2],
                          s->value,   s->state,      s->population, s->n,      s->n_left_out };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        rb_free(all[i]);
}

static rb_status stored_read(stored *s, hid_t at, rb_error *err)
{
    int64_t n;
    RB_TRY(rb_hdf_read_column_texts(at, "metrics", "part", &s->part, &s->all[0], &s->n_rows, err));
    RB_TRY(rb_hdf_read_column_texts(at, "metrics", "id", &s->id, &s->all[1], &n, err));
    RB_TRY(rb_hdf_read_column_texts(at, "metrics", "per_user", &s->hex, &s->all[2], &n, err));
    RB_TRY(rb_hdf_read_column_texts(at, "metrics", "segment", &s->segment, &s->all[3], &n, err));
    RB_TRY(rb_hdf_read_column_texts(at, "metrics", "definition", &s->definition, &s->all[4], &n, err));
    RB_TRY(rb_hdf_read_column(at, "metrics", "value", RB_HDF_DOUBLE, (void **)&s->value, &n, err));
    RB_TRY(rb_hdf_read_column(at, "metrics", "state", RB_HDF_INT32, (void **)&s->state, &n, err));
    RB_TRY(rb_hdf_read_column(at, "metrics", "population", RB_HDF_INT32, (void **)&s->population, &n, err));
    RB_TRY(rb_hdf_read_column(at, "metrics", "n", RB_HDF_INT64, (void **)&s->n, &n, err));
    RB_TRY(rb_hdf_read_column(at, "metrics", "left_out", RB_HDF_INT64, (void **)&s->n_left_out, &n, err));
done:
    return err->status;
}

static rb_status read_users(rb_metric_record *r, hid_t at, rb_error *err)
{
    for (int p = 0; p < RB_N_USERS; p++) {
        char name[64];
        int64_t one;
        snprintf(name, sizeof name, "users/%s", population_names[p]);
        if (!r->users[p] && rb_hdf_has(at, name))
            RB_TRY(rb_hdf_read(at, name, RB_HDF_INT32, (void **)&r->users[p], &r->n_users[p], &one, err));
    }
done:
    return err->status;
}

/* Whether an earlier file gave this value already. */
static bool is_held(const rb_metric_record *r, int64_t n_before, const stored *s, int64_t i)
{
    for (int64_t k = 0; k < n_before; k++)
        if (strcmp(r->rows[k].part, s->part[i]) == 0 && strcmp(r->rows[k].id, s->id[i]) == 0 &&
            strcmp(r->rows[k].segment, s->segment[i]) == 0)
            return true;
    return false;
}

/* What a damaged or foreign file may hold and nobody could read further. */
static rb_status check_rows(const rb_metric_record *r, int64_t from, const char *path, rb_error *err)
{
    for (int64_t i = from; i < r->n_rows; i++) {
        const rb_metric_row *row = &r->rows[i];
        bool known = (unsigned)row->value.state <= RB_VALUE_UNAVAILABLE && (unsigned)row->population < RB_N_USERS;
        if (!known)
            return RB_FAIL(err, RB_IO, "%s: '%s' has no known state and population", path, row->id);
        if (row->vector && row->n_vector != r->n_users[row->population])
            return RB_FAIL(err, RB_IO, "%s: '%s' has %lld values of %lld users", path, row->id,
                           (long long)row->n_vector, (long long)r->n_users[row->population]);
    }
    return RB_OK;
}

static rb_status read_one(rb_metric_record *r, const char *path, bool with_vectors, rb_error *err)
{
    rb_hdf file = { 0 };
    stored s = { 0 };
    char name[64];
    double wall_s;
    RB_TRY(rb_hdf_open(&file, path, err));
    RB_TRY(stored_read(&s, file.id, err));
    RB_TRY(rb_hdf_get_double(file.id, "wall_s", &wall_s, err));
    r->wall_s += wall_s;
    int64_t n_before = r->n_rows;
    if (with_vectors)
        RB_TRY(read_users(r, file.id, err));
    for (int64_t i = 0; i < s.n_rows; i++) {
        if (is_held(r, n_before, &s, i))
            continue;
        rb_metric_row *row = rb_metric_record_add(r, s.part[i], s.id[i], err);
        if (!row)
            goto done;
        row->value = (rb_metric_value){ s.value[i], (rb_value_state)s.state[i] };
        snprintf(row->segment, sizeof row->segment, "%s", s.segment[i]);
        snprintf(row->definition, sizeof row->definition, "%s", s.definition[i]);
        row->population = (rb_population)s.population[i];
        row->n = s.n[i];
        row->n_left_out = s.n_left_out[i];
        rb_digest_parse(&row->per_user, s.hex[i]);
        snprintf(name, sizeof name, "vector/%lld", (long long)i);
        int64_t one;
        if (with_vectors && rb_hdf_has(file.id, name))
            RB_TRY(rb_hdf_read(file.id, name, RB_HDF_DOUBLE, (void **)&row->vector, &row->n_vector, &one, err));
    }
    RB_TRY(check_rows(r, n_before, path, err));
done:
    stored_fini(&s);
    rb_hdf_close(&file);
    return err->status;
}

rb_status rb_metric_record_read(rb_metric_record *r, const rb_unit_list *l, const char *folder, const char *key,
                                const char *evaluation, bool with_vectors, rb_error *err)
{
    int64_t first, last;
    char path[8192], digits[RB_KEY_DIGITS + 1], eval[9], set[9], rest[16];
    rb_unit_list_range(l, key, &first, &last);
    for (int64_t i = first; i < last; i++) {
        bool good = sscanf(l->names[i], "%32[0-9a-f].%8[0-9a-f]-%8[0-9a-f].%15s", digits, eval, set, rest) == 4;
        if (!good || strcmp(eval, evaluation) != 0 || strcmp(rest, "metric.h5") != 0)
            continue;
        snprintf(path, sizeof path, "%s/units/%s", folder, l->names[i]);
        RB_TRY(read_one(r, path, with_vectors, err));
    }
done:
    return err->status;
}
