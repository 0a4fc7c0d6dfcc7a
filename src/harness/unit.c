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
    memset(r, 0, sizeof *r);
}

static rb_status put_digest(hid_t at, const char *name, const rb_digest *digest, rb_error *err)
{
    char hex[65];
    rb_digest_hex(hex, digest, 64);
    return rb_hdf_put_text(at, name, hex, err);
}

static rb_status get_digest(hid_t at, const char *name, rb_digest *digest, rb_error *err)
{
    char *hex = NULL;
    if (rb_hdf_get_text(at, name, &hex, err) == RB_OK && !rb_digest_parse(digest, hex))
        RB_FAIL(err, RB_IO, "'%s' of a unit is not a digest", name);
    rb_free(hex);
    return err->status;
}

rb_status rb_fit_record_write(const rb_fit_record *r, const char *folder, rb_error *err)
{
    char path[PATH_BYTES];
    rb_hdf file = { 0 };
    RB_TRY(rb_hdf_create(&file, rb_unit_path(path, folder, r->key, "fit"), err));
    RB_TRY(rb_hdf_put_int(file.id, "outcome", r->outcome, err));
    RB_TRY(rb_hdf_put_text(file.id, "message", r->message, err));
    RB_TRY(rb_hdf_put_int(file.id, "converged", r->converged, err));
    RB_TRY(rb_hdf_put_double(file.id, "wall_s", r->wall_s, err));
    RB_TRY(rb_hdf_put_int(file.id, "model_bytes", r->model_bytes, err));
    RB_TRY(rb_hdf_put_int(file.id, "kept_iteration", r->kept_iteration, err));
    RB_TRY(put_digest(file.id, "model", &r->model, err));
    RB_TRY(rb_hdf_write(file.id, "objective", RB_HDF_DOUBLE, r->objective, r->n_history, 1, false, err));
    RB_TRY(rb_hdf_write(file.id, "validation", RB_HDF_DOUBLE, r->validation, r->n_history, 1, false, err));
    RB_TRY(rb_hdf_write(file.id, "iteration_s", RB_HDF_DOUBLE, r->iteration_s, r->n_history, 1, false, err));
    if (r->labels)
        RB_TRY(rb_hdf_write(file.id, "labels", RB_HDF_INT32, r->labels, r->n_labels, 1, true, err));
    RB_TRY(rb_hdf_commit(&file, err));
done:
    rb_hdf_close(&file);
    return err->status;
}

rb_status rb_fit_record_read(rb_fit_record *r, const char *folder, const char *key, rb_error *err)
{
    char path[PATH_BYTES];
    char *message = NULL;
    int64_t outcome, converged, n, one;
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
    RB_TRY(get_digest(file.id, "model", &r->model, err));
    RB_TRY(rb_hdf_read(file.id, "objective", RB_HDF_DOUBLE, (void **)&r->objective, &n, &one, err));
    RB_TRY(rb_hdf_read(file.id, "validation", RB_HDF_DOUBLE, (void **)&r->validation, &n, &one, err));
    RB_TRY(rb_hdf_read(file.id, "iteration_s", RB_HDF_DOUBLE, (void **)&r->iteration_s, &n, &one, err));
    if (rb_hdf_has(file.id, "labels"))
        RB_TRY(rb_hdf_read(file.id, "labels", RB_HDF_INT32, (void **)&r->labels, &r->n_labels, &one, err));
    if (outcome < RB_FIT_DONE || outcome > RB_FIT_OVER_BUDGET)
        RB_FAIL(err, RB_IO, "%s: unknown outcome %lld", path, (long long)outcome);
    r->outcome = (rb_fit_outcome)outcome;
    r->converged = converged != 0;
    r->n_history = n;
    snprintf(r->message, sizeof r->message, "%s", message);
done:
    rb_free(message);
    rb_hdf_close(&file);
    return err->status;
}
