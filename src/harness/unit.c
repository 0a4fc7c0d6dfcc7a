#include "harness/unit.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "data/hdf.h"

#define PATH_BYTES 4096

const char *rb_fit_outcome_name(rb_fit_outcome outcome)
{
    static const char *const names[] = { "done", "failed", "timeout", "over budget" };
    return names[outcome];
}

const char *rb_unit_path(char *out, const char *folder, const char *key, const char *kind)
{
    snprintf(out, PATH_BYTES, "%s/units/%s.%s.h5", folder, key, kind);
    return out;
}

bool rb_unit_exists(const char *folder, const char *key, const char *kind)
{
    char path[PATH_BYTES];
    return access(rb_unit_path(path, folder, key, kind), R_OK) == 0;
}

void rb_unit_remove(const char *folder, const char *key, const char *kind)
{
    char path[PATH_BYTES];
    unlink(rb_unit_path(path, folder, key, kind));
}

rb_status rb_unit_status(rb_error *err)
{
    if (err->status == RB_BAD_INPUT)
        err->status = RB_IO;
    return err->status;
}

void rb_unit_set_aside(const rb_unit_list *l, const char *folder, const char *key, const char *like)
{
    int64_t first, last;
    char from[2 * PATH_BYTES], to[2 * PATH_BYTES + 16];
    rb_unit_list_range(l, key, &first, &last);
    for (int64_t i = first; i < last; i++)
        if (strstr(l->names[i], like)) {
            snprintf(from, sizeof from, "%s/units/%s", folder, l->names[i]);
            snprintf(to, sizeof to, "%s.damaged", from);
            (void)rename(from, to); /* where that fails it is replaced by the unit that is made again */
        }
}

/* ---- files of a folder ---- */

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

rb_status rb_unit_list_init(rb_unit_list *l, const char *folder, rb_error *err)
{
    char path[PATH_BYTES];
    *l = (rb_unit_list){ 0 };
    snprintf(path, sizeof path, "%s/units", folder);
    DIR *dir = opendir(path);
    if (!dir)
        return errno == ENOENT ? RB_OK : RB_FAIL(err, RB_IO, "%s: %s", path, strerror(errno));
    for (struct dirent *entry; (entry = readdir(dir));) {
        size_t n = strlen(entry->d_name);
        if (n < 4 || strcmp(entry->d_name + n - 3, ".h5") != 0) /* not .part */
            continue;
        RB_TRY(rb_grow(&l->names, &l->capacity, l->n + 1, err));
        l->names[l->n] = rb_strdup(entry->d_name, err);
        RB_TRY(err->status);
        l->n++;
    }
    if (l->n > 1) /* qsort takes no NULL, not even for nothing */
        qsort(l->names, (size_t)l->n, sizeof *l->names, by_name);
done:
    closedir(dir);
    return err->status;
}

void rb_unit_list_fini(rb_unit_list *l)
{
    for (int64_t i = 0; i < l->n; i++)
        rb_free(l->names[i]);
    rb_free(l->names);
    *l = (rb_unit_list){ 0 };
}

void rb_unit_list_range(const rb_unit_list *l, const char *key, int64_t *first, int64_t *last)
{
    size_t n = strlen(key);
    int64_t low = 0, high = l->n;
    while (low < high) {
        int64_t middle = (low + high) / 2;
        if (strncmp(l->names[middle], key, n) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    *first = low;
    while (low < l->n && strncmp(l->names[low], key, n) == 0)
        low++;
    *last = low;
}

/* ---- fits ---- */

void rb_fit_record_fini(rb_fit_record *r)
{
    rb_free(r->objective);
    rb_free(r->validation);
    rb_free(r->iteration_s);
    rb_free(r->labels);
    rb_free(r->unseen);
    rb_free(r->measured);
    memset(r, 0, sizeof *r);
}

rb_status rb_unit_put_digest(hid_t at, const char *name, const rb_digest *digest, rb_error *err)
{
    char hex[65];
    rb_digest_hex(hex, digest, 64);
    return rb_hdf_put_text(at, name, hex, err);
}

/* Over all that a record holds. */
static rb_status seal_of(rb_digest *out, const rb_fit_record *r, rb_error *err)
{
    rb_hasher h = { 0 };
    const size_t n_bytes = (size_t)r->n_history * sizeof(double);
    RB_TRY(rb_hasher_begin(&h, err));
    rb_hasher_int(&h, r->outcome);
    rb_hasher_text(&h, r->message);
    rb_hasher_int(&h, r->converged);
    rb_hasher_double(&h, r->wall_s);
    rb_hasher_int(&h, r->model_bytes);
    rb_hasher_int(&h, r->kept_iteration);
    rb_hasher_bytes(&h, r->model.byte, RB_DIGEST_BYTES);
    rb_hasher_int(&h, r->n_history);
    rb_hasher_bytes(&h, r->objective, n_bytes);
    rb_hasher_bytes(&h, r->validation, n_bytes);
    rb_hasher_bytes(&h, r->iteration_s, n_bytes);
    rb_hasher_int(&h, r->n_labels);
    rb_hasher_bytes(&h, r->labels, (size_t)r->n_labels * sizeof *r->labels);
    rb_hasher_int(&h, r->n_unseen);
    rb_hasher_bytes(&h, r->unseen, (size_t)r->n_unseen * sizeof *r->unseen);
    for (int64_t i = 0; i < r->n_measured; i++) {
        rb_hasher_text(&h, r->measured[i].name);
        rb_hasher_double(&h, r->measured[i].value);
    }
done:
    rb_hasher_end(&h, out);
    return err->status;
}

rb_status rb_unit_get_digest(const rb_hdf *file, const char *name, rb_digest *digest, rb_error *err)
{
    char *hex = NULL;
    if (rb_hdf_get_text(file->id, name, &hex, err) == RB_OK && !rb_digest_parse(digest, hex))
        RB_FAIL(err, RB_IO, "%s: attribute '%s' is not a digest of 64 hexadecimal digits", file->path, name);
    rb_free(hex);
    return err->status;
}

rb_status rb_unit_check_seal(const rb_hdf *file, const rb_digest *seal, rb_error *err)
{
    rb_digest kept;
    if (rb_unit_get_digest(file, "seal", &kept, err) == RB_OK && memcmp(&kept, seal, sizeof kept) != 0)
        RB_FAIL(err, RB_IO, "%s: not the values that were written there: their digest is not that of 'seal'",
                file->path);
    return err->status;
}

static rb_status write_measured(const rb_fit_record *r, hid_t at, rb_error *err)
{
    const rb_measured *m = r->measured;
    const rb_hdf_column table[] = { { "name", RB_HDF_CHARS, m ? m->name : NULL, NULL, sizeof *m },
                                    { "value", RB_HDF_DOUBLE, m ? &m->value : NULL, NULL, sizeof *m } };
    return m ? rb_hdf_write_table(at, "measured", table, 2, r->n_measured, err) : RB_OK;
}

static rb_status read_measured(rb_fit_record *r, hid_t at, rb_error *err)
{
    char **names = NULL, *all = NULL;
    double *values = NULL;
    int64_t n;
    if (!rb_hdf_has(at, "measured"))
        return RB_OK;
    RB_TRY(rb_hdf_read_column_texts(at, "measured", "name", &names, &all, &n, err));
    RB_TRY(rb_hdf_read_column(at, "measured", "value", RB_HDF_DOUBLE, (void **)&values, &n, err));
    RB_TRY(rb_alloc(&r->measured, n, err));
    r->n_measured = n;
    for (int64_t i = 0; i < n; i++) {
        snprintf(r->measured[i].name, sizeof r->measured[i].name, "%s", names[i]);
        r->measured[i].value = values[i];
    }
done:
    rb_free(names);
    rb_free(all);
    rb_free(values);
    return err->status;
}

rb_status rb_fit_record_write(const rb_fit_record *r, const char *folder, rb_error *err)
{
    char path[PATH_BYTES];
    rb_digest seal;
    rb_hdf file = { 0 };
    RB_TRY(seal_of(&seal, r, err));
    RB_TRY(rb_hdf_create(&file, rb_unit_path(path, folder, r->key, "fit"), err));
    RB_TRY(rb_unit_put_digest(file.id, "seal", &seal, err));
    RB_TRY(rb_hdf_put_int(file.id, "outcome", r->outcome, err));
    RB_TRY(rb_hdf_put_text(file.id, "message", r->message, err));
    RB_TRY(rb_hdf_put_int(file.id, "converged", r->converged, err));
    RB_TRY(rb_hdf_put_double(file.id, "wall_s", r->wall_s, err));
    RB_TRY(rb_hdf_put_int(file.id, "model_bytes", r->model_bytes, err));
    RB_TRY(rb_hdf_put_int(file.id, "kept_iteration", r->kept_iteration, err));
    RB_TRY(rb_unit_put_digest(file.id, "model", &r->model, err));
    RB_TRY(rb_hdf_write(file.id, "objective", RB_HDF_DOUBLE, r->objective, r->n_history, 1, false, err));
    RB_TRY(rb_hdf_write(file.id, "validation", RB_HDF_DOUBLE, r->validation, r->n_history, 1, false, err));
    RB_TRY(rb_hdf_write(file.id, "iteration_s", RB_HDF_DOUBLE, r->iteration_s, r->n_history, 1, false, err));
    if (r->labels)
        RB_TRY(rb_hdf_write(file.id, "labels", RB_HDF_INT32, r->labels, r->n_labels, 1, true, err));
    if (r->unseen)
        RB_TRY(rb_hdf_write(file.id, "unseen", RB_HDF_INT32, r->unseen, r->n_unseen, 1, true, err));
    RB_TRY(write_measured(r, file.id, err));
    RB_TRY(rb_hdf_commit(&file, err));
done:
    rb_hdf_close(&file);
    return err->status;
}

/* An array of the history: each has as many values. */
static rb_status read_history(double **values, const char *name, int64_t n, const rb_hdf *file, rb_error *err)
{
    int64_t own;
    if (rb_hdf_read_vector(file->id, name, RB_HDF_DOUBLE, (void **)values, &own, err) == RB_OK && own != n)
        RB_FAIL(err, RB_IO, "%s: '%s' has %lld values, expected %lld as 'objective'", file->path, name, (long long)own,
                (long long)n);
    return err->status;
}

rb_status rb_fit_record_read(rb_fit_record *r, const char *folder, const char *key, rb_error *err)
{
    char path[PATH_BYTES];
    char *message = NULL;
    int64_t outcome, converged;
    rb_digest seal;
    rb_hdf file = { 0 };
    *r = (rb_fit_record){ 0 };
    snprintf(r->key, sizeof r->key, "%s", key);
    RB_TRY(rb_hdf_open(&file, rb_unit_path(path, folder, key, "fit"), err));
    RB_TRY(rb_hdf_get_int(file.id, "outcome", &outcome, err));
    RB_TRY(rb_hdf_get_text(file.id, "message", &message, err));
    RB_TRY(rb_hdf_get_int(file.id, "converged", &converged, err));
    RB_TRY(rb_hdf_get_double(file.id, "wall_s", &r->wall_s, err));
    RB_TRY(rb_hdf_get_int(file.id, "model_bytes", &r->model_bytes, err));
    RB_TRY(rb_hdf_get_int(file.id, "kept_iteration", &r->kept_iteration, err));
    RB_TRY(rb_unit_get_digest(&file, "model", &r->model, err));
    RB_TRY(rb_hdf_read_vector(file.id, "objective", RB_HDF_DOUBLE, (void **)&r->objective, &r->n_history, err));
    RB_TRY(read_history(&r->validation, "validation", r->n_history, &file, err));
    RB_TRY(read_history(&r->iteration_s, "iteration_s", r->n_history, &file, err));
    if (rb_hdf_has(file.id, "labels"))
        RB_TRY(rb_hdf_read_vector(file.id, "labels", RB_HDF_INT32, (void **)&r->labels, &r->n_labels, err));
    if (rb_hdf_has(file.id, "unseen"))
        RB_TRY(rb_hdf_read_vector(file.id, "unseen", RB_HDF_INT32, (void **)&r->unseen, &r->n_unseen, err));
    RB_TRY(read_measured(r, file.id, err));
    if (outcome < RB_FIT_DONE || outcome > RB_FIT_OVER_BUDGET)
        RB_FAIL(err, RB_IO, "%s: 'outcome' is %lld, expected %d to %d", path, (long long)outcome, RB_FIT_DONE,
                RB_FIT_OVER_BUDGET);
    RB_TRY(err->status);
    r->outcome = (rb_fit_outcome)outcome;
    r->converged = converged != 0;
    snprintf(r->message, sizeof r->message, "%s", message);
    RB_TRY(seal_of(&seal, r, err));
    RB_TRY(rb_unit_check_seal(&file, &seal, err));
done:
    rb_free(message);
    rb_hdf_close(&file);
    return rb_unit_status(err);
}
