/* Lists units: the top-K lists of one fit. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "data/hdf.h"
#include "harness/unit.h"

void rb_stored_lists_fini(rb_stored_lists *l)
{
    rb_free(l->user);
    rb_free(l->item);
    rb_free(l->score);
    memset(l, 0, sizeof *l);
}

rb_status rb_stored_lists_digest(rb_digest *out, const rb_stored_lists *l, int64_t k, rb_error *err)
{
    rb_hasher h = { 0 };
    k = k < l->k ? k : l->k;
    rb_hasher_begin(&h, err);
    rb_hasher_int(&h, l->n_users);
    rb_hasher_int(&h, k);
    rb_hasher_bytes(&h, l->user, (size_t)l->n_users * sizeof *l->user);
    for (int64_t i = 0; i < l->n_users; i++) {
        rb_hasher_bytes(&h, l->item + i * l->k, (size_t)k * sizeof *l->item);
        rb_hasher_bytes(&h, l->score + i * l->k, (size_t)k * sizeof *l->score);
    }
    rb_hasher_end(&h, out);
    return err->status;
}

rb_status rb_stored_lists_write(const rb_stored_lists *l, const char *folder, const char *key, const char *evaluation,
                                int64_t k, rb_error *err)
{
    char path[4096], kind[64];
    rb_hdf file = { 0 };
    snprintf(kind, sizeof kind, "%s-%lld.lists", evaluation, (long long)k);
    RB_TRY(rb_hdf_create(&file, rb_unit_path(path, folder, key, kind), err));
    RB_TRY(rb_hdf_write(file.id, "user", RB_HDF_INT32, l->user, l->n_users, 1, false, err));
    RB_TRY(rb_hdf_write(file.id, "item", RB_HDF_INT32, l->item, l->n_users, l->k, false, err));
    RB_TRY(rb_hdf_write(file.id, "score", RB_HDF_DOUBLE, l->score, l->n_users, l->k, false, err));
    RB_TRY(rb_hdf_put_int(file.id, "k", l->k, err));
    RB_TRY(rb_hdf_commit(&file, err));
done:
    rb_hdf_close(&file);
    return err->status;
}

/* Places of the lists in a file of this name; 0: it holds none of this evaluation. */
static int64_t width_of(const char *name, const char *evaluation)
{
    char digits[RB_KEY_DIGITS + 1], eval[9], rest[16];
    int64_t k = 0;
    bool good = sscanf(name, "%32[0-9a-f].%8[0-9a-f]-%" SCNd64 ".%15s", digits, eval, &k, rest) == 4;
    return good && strcmp(eval, evaluation) == 0 && strcmp(rest, "lists.h5") == 0 ? k : 0;
}

int64_t rb_stored_lists_width(const rb_unit_list *l, const char *key, const char *evaluation)
{
    int64_t first, last, widest = 0;
    rb_unit_list_range(l, key, &first, &last);
    for (int64_t i = first; i < last; i++) {
        int64_t k = width_of(l->names[i], evaluation);
        widest = k > widest ? k : widest;
    }
    return widest;
}

/* Cut every list after k places. */
static void cut(rb_stored_lists *l, int64_t k)
{
    if (l->k <= k)
        return;
    for (int64_t i = 1; i < l->n_users; i++) { /* a list moves towards the front only */
        memmove(l->item + i * k, l->item + i * l->k, (size_t)k * sizeof *l->item);
        memmove(l->score + i * k, l->score + i * l->k, (size_t)k * sizeof *l->score);
    }
    l->k = k;
}

rb_status rb_stored_lists_read(rb_stored_lists *out, const rb_unit_list *l, const char *folder, const char *key,
                               const char *evaluation, int64_t k, rb_error *err)
{
    char path[4096], kind[64];
    int64_t n = 0, n_cols = 0, n_items = 0, n_scores = 0, width = rb_stored_lists_width(l, key, evaluation);
    rb_hdf file = { 0 };
    *out = (rb_stored_lists){ 0 };
    snprintf(kind, sizeof kind, "%s-%lld.lists", evaluation, (long long)(width < k ? k : width));
    RB_TRY(rb_hdf_open(&file, rb_unit_path(path, folder, key, kind), err));
    RB_TRY(rb_hdf_get_int(file.id, "k", &out->k, err));
    RB_TRY(rb_hdf_read(file.id, "user", RB_HDF_INT32, (void **)&out->user, &out->n_users, &n_cols, err));
    RB_TRY(rb_hdf_read(file.id, "item", RB_HDF_INT32, (void **)&out->item, &n_items, &n_cols, err));
    RB_TRY(rb_hdf_read(file.id, "score", RB_HDF_DOUBLE, (void **)&out->score, &n_scores, &n, err));
    if (n_items != out->n_users || n_scores != out->n_users || n_cols != out->k || n != out->k || out->k < 1)
        RB_FAIL(err, RB_IO, "%s: its lists have not one shape", path);
    else
        cut(out, k);
done:
    rb_hdf_close(&file);
    return rb_unit_status(err);
}

rb_status rb_stored_lists_check(const rb_unit_list *l, const char *folder, const char *key, const char *evaluation,
                                rb_error *err)
{
    char path[4096], kind[64];
    int64_t k = 0, n_users = 0, n = 0, n_cols = 0;
    static const rb_hdf_type types[] = { RB_HDF_INT32, RB_HDF_DOUBLE };
    static const char *const names[] = { "item", "score" };
    rb_hdf file = { 0 };
    snprintf(kind, sizeof kind, "%s-%lld.lists", evaluation, (long long)rb_stored_lists_width(l, key, evaluation));
    RB_TRY(rb_hdf_open(&file, rb_unit_path(path, folder, key, kind), err));
    RB_TRY(rb_hdf_get_int(file.id, "k", &k, err));
    RB_TRY(rb_hdf_extent(file.id, "user", RB_HDF_INT32, &n_users, &n_cols, err));
    for (int i = 0; i < 2; i++) {
        RB_TRY(rb_hdf_extent(file.id, names[i], types[i], &n, &n_cols, err));
        if (n != n_users || n_cols != k || k < 1) {
            RB_FAIL(err, RB_IO, "%s: '%s' has %lld x %lld values, expected %lld users x %lld places", path, names[i],
                    (long long)n, (long long)n_cols, (long long)n_users, (long long)k);
            goto done;
        }
    }
done:
    rb_hdf_close(&file);
    return rb_unit_status(err);
}

void rb_stored_lists_remove(const rb_unit_list *l, const char *folder, const char *key, const char *evaluation)
{
    int64_t first, last;
    char path[8192];
    rb_unit_list_range(l, key, &first, &last);
    for (int64_t i = first; i < last; i++)
        if (evaluation ? width_of(l->names[i], evaluation) > 0 : strstr(l->names[i], ".lists.h5") != NULL) {
            snprintf(path, sizeof path, "%s/units/%s", folder, l->names[i]);
            unlink(path);
        }
}
