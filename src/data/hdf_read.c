/* Reading arrays and attributes: whatever a damaged or foreign file holds, one message says what was expected. */
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "data/hdf_internal.h"

#define DEFLATE_AT_MOST 1032 /* no stream of deflate is shorter by more than this factor */
#define SLACK_BYTES 65536

/* What a stored type must be, in words. */
static const char *words_of(rb_hdf_type type)
{
    static const char *const words[] = {
        [RB_HDF_INT32] = "integers of 32 bits",
        [RB_HDF_INT64] = "integers of 64 bits",
        [RB_HDF_UINT8] = "bytes",
        [RB_HDF_FLOAT] = "floating-point numbers of 32 bits",
        [RB_HDF_DOUBLE] = "floating-point numbers of 64 bits",
        [RB_HDF_TEXT] = "texts",
        [RB_HDF_CHARS] = "texts",
    };
    return words[type];
}

bool rb_hdf_fits(hid_t stored, rb_hdf_type type)
{
    if (type == RB_HDF_TEXT || type == RB_HDF_CHARS)
        return H5Tget_class(stored) == H5T_STRING;
    hid_t wanted = rb_hdf_memory_type(type);
    return H5Tget_class(stored) == H5Tget_class(wanted) && H5Tget_size(stored) <= H5Tget_size(wanted);
}

/* Whether the file can hold as much as the shape says: nobody allocates what a damaged header asks for. */
static bool is_backed(hid_t set, hid_t type, const hsize_t dims[2])
{
    hsize_t bytes;
    if (__builtin_mul_overflow(dims[0], dims[1], &bytes) || __builtin_mul_overflow(bytes, H5Tget_size(type), &bytes))
        return false;
    return bytes <= SLACK_BYTES || (bytes - SLACK_BYTES) / DEFLATE_AT_MOST <= H5Dget_storage_size(set);
}

bool rb_hdf_shape(hid_t set, int64_t *n_rows, int64_t *n_cols)
{
    hsize_t dims[2] = { 1, 1 };
    hid_t space = H5Dget_space(set), type = H5Dget_type(set);
    int rank = H5Sget_simple_extent_ndims(space);
    if (rank == 1 || rank == 2)
        H5Sget_simple_extent_dims(space, dims, NULL);
    bool good = (rank == 1 || rank == 2) && is_backed(set, type, dims);
    H5Tclose(type);
    H5Sclose(space);
    *n_rows = (int64_t)dims[0];
    *n_cols = (int64_t)dims[1];
    return good;
}

/* Opens a dataset of the type; negative on failure (err is set). */
static hid_t open_set(hid_t at, const char *name, rb_hdf_type type, int64_t *n_rows, int64_t *n_cols, rb_error *err)
{
    *n_rows = *n_cols = 0;
    hid_t set = rb_hdf_has(at, name) ? H5Dopen2(at, name, H5P_DEFAULT) : -1;
    if (set < 0) {
        rb_hdf_unfit(err, at, "it has no dataset '%s'", name);
        return set;
    }
    hid_t stored = H5Dget_type(set);
    if (!rb_hdf_fits(stored, type))
        rb_hdf_unfit(err, at, "'%s' has another type, expected %s", name, words_of(type));
    else if (!rb_hdf_shape(set, n_rows, n_cols))
        rb_hdf_unfit(err, at, "'%s' has another shape, expected 1 or 2 dimensions that the file holds", name);
    H5Tclose(stored);
    if (err->status == RB_OK)
        return set;
    H5Dclose(set);
    return -1;
}

rb_status rb_hdf_extent(hid_t at, const char *name, rb_hdf_type type, int64_t *n_rows, int64_t *n_cols, rb_error *err)
{
    hid_t set = open_set(at, name, type, n_rows, n_cols, err);
    if (set >= 0)
        H5Dclose(set);
    return err->status;
}

rb_status rb_hdf_read(hid_t at, const char *name, rb_hdf_type type, void **data, int64_t *n_rows, int64_t *n_cols,
                      rb_error *err)
{
    *data = NULL;
    hid_t set = open_set(at, name, type, n_rows, n_cols, err);
    if (set < 0)
        return err->status;
    *data = rb_alloc_array(*n_rows * *n_cols, rb_hdf_type_size(type), err);
    if (*data && *n_rows * *n_cols > 0 &&
        H5Dread(set, rb_hdf_memory_type(type), H5S_ALL, H5S_ALL, H5P_DEFAULT, *data) < 0)
        rb_hdf_unfit(err, at, "'%s' is damaged: it cannot be read", name);
    H5Dclose(set);
    if (err->status != RB_OK) {
        rb_free(*data);
        *data = NULL;
    }
    return err->status;
}

rb_status rb_hdf_read_vector(hid_t at, const char *name, rb_hdf_type type, void **data, int64_t *n, rb_error *err)
{
    int64_t n_cols;
    if (rb_hdf_read(at, name, type, data, n, &n_cols, err) == RB_OK && n_cols != 1) {
        rb_hdf_unfit(err, at, "'%s' has %lld columns, expected one dimension", name, (long long)n_cols);
        rb_free(*data);
        *data = NULL;
    }
    return err->status;
}

rb_status rb_hdf_read_texts(hid_t at, const char *name, char ***texts, char **all, int64_t *n, rb_error *err)
{
    *texts = NULL;
    *all = NULL;
    char **given = NULL;
    int64_t n_cols, bytes = 0;
    hid_t type = -1, space = -1, set = open_set(at, name, RB_HDF_TEXT, n, &n_cols, err);
    if (set < 0)
        goto done;
    if (n_cols != 1) {
        rb_hdf_unfit(err, at, "'%s' has %lld columns, expected one dimension", name, (long long)n_cols);
        goto done;
    }
    type = H5Tcopy(H5T_C_S1);
    H5Tset_size(type, H5T_VARIABLE);
    H5Tset_cset(type, H5T_CSET_UTF8);
    space = H5Dget_space(set);
    RB_TRY(rb_alloc(&given, *n, err));
    RB_TRY(rb_alloc(texts, *n, err));
    if (*n > 0 && H5Dread(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, given) < 0) {
        rb_hdf_unfit(err, at, "'%s' is damaged: it cannot be read", name);
        goto done;
    }
    for (int64_t i = 0; i < *n; i++)
        bytes += (int64_t)strlen(given[i] ? given[i] : "") + 1;
    RB_TRY(rb_alloc(all, bytes, err));
    char *to = *all;
    for (int64_t i = 0; i < *n; i++) {
        (*texts)[i] = to;
        to = stpcpy(to, given[i] ? given[i] : "") + 1;
    }
done:
    if (given && space >= 0)
        H5Dvlen_reclaim(type, space, H5P_DEFAULT, given);
    rb_free(given);
    if (space >= 0)
        H5Sclose(space);
    if (type >= 0)
        H5Tclose(type);
    if (set >= 0)
        H5Dclose(set);
    return err->status;
}

hid_t rb_hdf_open_group(hid_t at, const char *name, rb_error *err)
{
    hid_t group = rb_hdf_has(at, name) ? H5Gopen2(at, name, H5P_DEFAULT) : -1;
    if (group < 0)
        rb_hdf_unfit(err, at, "it has no group '%s'", name);
    return group;
}

/* ---- attributes ---- */

/* Opens an attribute of one value of a type; negative on failure (err is set). */
static hid_t open_attribute(hid_t at, const char *name, rb_hdf_type type, const char *expected, rb_error *err)
{
    hid_t attribute = H5Aexists(at, name) > 0 ? H5Aopen(at, name, H5P_DEFAULT) : -1;
    if (attribute < 0) {
        rb_hdf_unfit(err, at, "it has no attribute '%s'", name);
        return attribute;
    }
    hid_t stored = H5Aget_type(attribute), space = H5Aget_space(attribute);
    bool good =
        rb_hdf_fits(stored, type) && H5Tis_variable_str(stored) <= 0 && H5Sget_simple_extent_npoints(space) == 1;
    H5Sclose(space);
    H5Tclose(stored);
    if (good)
        return attribute;
    H5Aclose(attribute);
    rb_hdf_unfit(err, at, "attribute '%s' is not what is expected there: %s", name, expected);
    return -1;
}

static rb_status get(hid_t at, const char *name, rb_hdf_type type, const char *expected, void *value, rb_error *err)
{
    hid_t attribute = open_attribute(at, name, type, expected, err);
    if (attribute < 0)
        return err->status;
    if (H5Aread(attribute, rb_hdf_memory_type(type), value) < 0)
        rb_hdf_unfit(err, at, "attribute '%s' is damaged: it cannot be read", name);
    H5Aclose(attribute);
    return err->status;
}

rb_status rb_hdf_get_text(hid_t at, const char *name, char **value, rb_error *err)
{
    *value = NULL;
    hid_t attribute = open_attribute(at, name, RB_HDF_TEXT, "one text of fixed length", err);
    if (attribute < 0)
        return err->status;
    hid_t type = H5Aget_type(attribute);
    *value = rb_alloc_array((int64_t)H5Tget_size(type) + 1, 1, err);
    if (*value && H5Aread(attribute, type, *value) < 0)
        rb_hdf_unfit(err, at, "attribute '%s' is damaged: it cannot be read", name);
    H5Tclose(type);
    H5Aclose(attribute);
    return err->status;
}

rb_status rb_hdf_get_int(hid_t at, const char *name, int64_t *value, rb_error *err)
{
    return get(at, name, RB_HDF_INT64, "one integer", value, err);
}

rb_status rb_hdf_get_double(hid_t at, const char *name, double *value, rb_error *err)
{
    return get(at, name, RB_HDF_DOUBLE, "one floating-point number", value, err);
}
