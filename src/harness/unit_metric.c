/* Metric units: the values of one fit and their vectors over users and points. */
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

rb_status rb_metric_row_take(rb_metric_row *row, rb_population population, double *vector, int64_t n, rb_error *err)
{
    row->vector = vector;
    row->n_vector = n;
    row->population = population;
    return rb_digest_of(&row->per_user, vector, (size_t)n * sizeof *vector, err);
}

rb_status rb_metric_record_add_measured(rb_metric_record *r, const char *part, const rb_metric *metric,
                                        const rb_fit_record *fit, rb_error *err)
{
    rb_metric_row *row = rb_metric_record_add(r, part, metric->id, err);
    if (!row)
        return err->status;
    row->value = (rb_metric_value){ NAN, RB_VALUE_NOT_APPLICABLE };
    for (int64_t i = 0; i < fit->n_measured; i++)
        if (strcmp(fit->measured[i].name, metric->def->name) == 0) {
            bool known = isfinite(fit->measured[i].value);
            row->value =
                (rb_metric_value){ known ? fit->measured[i].value : NAN, known ? RB_VALUE_OK : RB_VALUE_UNAVAILABLE };
            row->n = fit->n_labels;
        }
    return RB_OK;
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

/* Over all rows of a file and the users of its vectors; the vectors have digests of their own among the columns. */
static rb_status seal_of(rb_digest *out, const columns *c, int64_t n, const rb_metric_record *r, rb_error *err)
{
    rb_hasher h = { 0 };
    RB_TRY(rb_hasher_begin(&h, err));
    rb_hasher_double(&h, r->wall_s);
    rb_hasher_double(&h, r->score_s);
    rb_hasher_int(&h, n);
    for (int64_t i = 0; i < n; i++) {
        rb_hasher_text(&h, c->part[i]);
        rb_hasher_text(&h, c->segment[i]);
        rb_hasher_text(&h, c->id[i]);
        rb_hasher_text(&h, c->definition[i]);
        rb_hasher_text(&h, c->per_user[i]);
        rb_hasher_double(&h, c->value[i]);
        rb_hasher_int(&h, c->state[i]);
        rb_hasher_int(&h, c->population[i]);
        rb_hasher_int(&h, c->n[i]);
        rb_hasher_int(&h, c->n_left_out[i]);
    }
    for (int p = 0; p < RB_N_USERS; p++) {
        rb_hasher_int(&h, r->n_users[p]);
        rb_hasher_bytes(&h, r->users[p], (size_t)r->n_users[p] * sizeof *r->users[p]);
    }
done:
    rb_hasher_end(&h, out);
    return err->status;
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

static const char *const population_names[RB_N_USERS] = {
    "none",         "validation/ranking", "validation/rating", "validation/session",
    "test/ranking", "test/rating",        "test/session"
};

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
    rb_digest seal;
    RB_TRY(name_kind(kind, r, evaluation, err));
    RB_TRY(columns_from(&c, r, err));
    RB_TRY(seal_of(&seal, &c, r->n_rows, r, err));
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
    RB_TRY(rb_hdf_put_double(file.id, "score_s", r->score_s, err));
    RB_TRY(rb_unit_put_digest(file.id, "seal", &seal, err));
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

/* The users of each population of a file. */
static rb_status read_users(rb_metric_record *own, const rb_hdf *file, rb_error *err)
{
    for (int p = 0; p < RB_N_USERS; p++) {
        char name[64];
        snprintf(name, sizeof name, "users/%s", population_names[p]);
        if (rb_hdf_has(file->id, name))
            RB_TRY(rb_hdf_read_vector(file->id, name, RB_HDF_INT32, (void **)&own->users[p], &own->n_users[p], err));
    }
done:
    return err->status;
}

/* All files of a record have the same users: those of the first are kept. */
static void keep_users(rb_metric_record *r, rb_metric_record *own)
{
    for (int p = 0; p < RB_N_USERS; p++)
        if (!r->users[p]) {
            r->users[p] = own->users[p];
            r->n_users[p] = own->n_users[p];
            own->users[p] = NULL;
        }
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
static rb_status check_rows(const stored *s, const rb_metric_record *own, const rb_hdf *file, rb_error *err)
{
    rb_digest seal;
    const columns all = { .part = (const char **)s->part,
                          .segment = (const char **)s->segment,
                          .id = (const char **)s->id,
                          .definition = (const char **)s->definition,
                          .per_user = (const char **)s->hex,
                          .value = s->value,
                          .state = s->state,
                          .population = s->population,
                          .n = s->n,
                          .n_left_out = s->n_left_out };
    for (int64_t i = 0; i < s->n_rows; i++) {
        bool known = (unsigned)s->state[i] <= RB_VALUE_UNAVAILABLE && (unsigned)s->population[i] < RB_N_POPULATIONS;
        if (!known)
            return RB_FAIL(err, RB_IO, "%s: '%s' has no known state and population", file->path, s->id[i]);
        if (s->n[i] < 0 || s->n_left_out[i] < 0)
            return RB_FAIL(err, RB_IO, "%s: '%s' is over a negative number of users", file->path, s->id[i]);
    }
    RB_TRY(seal_of(&seal, &all, s->n_rows, own, err));
    RB_TRY(rb_unit_check_seal(file, &seal, err));
done:
    return err->status;
}

/* The vector of row i of the file: its length must be that of its population, its digest the row's. */
static rb_status read_vector(rb_metric_row *row, const rb_metric_record *r, const rb_hdf *file, int64_t i,
                             bool with_vectors, rb_error *err)
{
    char name[64];
    int64_t one, n = 0;
    rb_digest digest;
    snprintf(name, sizeof name, "vector/%lld", (long long)i);
    if (row->population == RB_USERS_NONE)
        return RB_OK;
    const bool of_points = row->population == RB_POINTS;
    const int64_t expected = of_points ? row->n + row->n_left_out : r->n_users[row->population];
    RB_TRY(with_vectors ? rb_hdf_read_vector(file->id, name, RB_HDF_DOUBLE, (void **)&row->vector, &n, err)
                        : rb_hdf_extent(file->id, name, RB_HDF_DOUBLE, &n, &one, err));
    if (n != expected)
        return RB_FAIL(err, RB_IO, "%s: '%s' (%s) has %lld values, expected one for each of %lld %s", file->path, name,
                       row->id, (long long)n, (long long)expected, of_points ? "points" : "users");
    if (!with_vectors)
        return RB_OK;
    row->n_vector = n;
    RB_TRY(rb_digest_of(&digest, row->vector, (size_t)n * sizeof *row->vector, err));
    if (memcmp(&digest, &row->per_user, sizeof digest) != 0)
        RB_FAIL(err, RB_IO, "%s: '%s' (%s) is not what was written there; remove the file and resume", file->path, name,
                row->id);
done:
    return err->status;
}

static rb_status read_one(rb_metric_record *r, const char *path, bool with_vectors, rb_error *err)
{
    rb_hdf file = { 0 };
    stored s = { 0 };
    rb_metric_record own = { 0 };
    RB_TRY(rb_hdf_open(&file, path, err));
    RB_TRY(stored_read(&s, file.id, err));
    RB_TRY(rb_hdf_get_double(file.id, "wall_s", &own.wall_s, err));
    RB_TRY(rb_hdf_get_double(file.id, "score_s", &own.score_s, err));
    RB_TRY(read_users(&own, &file, err));
    RB_TRY(check_rows(&s, &own, &file, err));
    r->wall_s += own.wall_s;
    r->score_s += own.score_s;
    int64_t n_before = r->n_rows;
    keep_users(r, &own);
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
        RB_TRY(read_vector(row, r, &file, i, with_vectors, err));
    }
done:
    rb_metric_record_fini(&own);
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
    return rb_unit_status(err);
}
