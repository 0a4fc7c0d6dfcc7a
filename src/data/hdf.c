#include "data/hdf.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/file.h"
#include "data/hdf_internal.h"

hid_t rb_hdf_memory_type(rb_hdf_type type)
{
    switch (type) {
    case RB_HDF_INT32:
        return H5T_NATIVE_INT32;
    case RB_HDF_INT64:
        return H5T_NATIVE_INT64;
    case RB_HDF_UINT8:
        return H5T_NATIVE_UINT8;
    case RB_HDF_FLOAT:
        return H5T_NATIVE_FLOAT;
    default:
        return H5T_NATIVE_DOUBLE;
    }
}

size_t rb_hdf_type_size(rb_hdf_type type)
{
    return type == RB_HDF_TEXT ? sizeof(char *) : H5Tget_size(rb_hdf_memory_type(type));
}

/* A fixed-length UTF-8 string type; the caller closes it. */
hid_t rb_hdf_text_type(size_t length)
{
    hid_t type = H5Tcopy(H5T_C_S1);
    H5Tset_size(type, length > 0 ? length : 1);
    H5Tset_strpad(type, H5T_STR_NULLPAD);
    H5Tset_cset(type, H5T_CSET_UTF8);
    return type;
}

rb_status rb_hdf_failed(rb_error *err, hid_t at, const char *doing, const char *name)
{
    char file[512] = "";
    H5Fget_name(at, file, sizeof file);
    return RB_FAIL(err, RB_IO, "%s: %s '%s' failed", file[0] ? file : "HDF5", doing, name);
}

rb_status rb_hdf_unfit(rb_error *err, hid_t at, const char *format, ...)
{
    char file[1024] = "", what[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(what, sizeof what, format, arguments);
    va_end(arguments);
    H5Fget_name(at, file, sizeof file);
    return RB_FAIL(err, RB_BAD_INPUT, "%s: %s", file[0] ? file : "HDF5", what);
}

rb_status rb_hdf_create(rb_hdf *file, const char *path, rb_error *err)
{
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
    *file = (rb_hdf){ .id = -1, .writing = true };
    snprintf(file->path, sizeof file->path, "%s", path);
    char part[RB_PART_BYTES];
    rb_file_part(part, path);
    unlink(part);
    file->id = H5Fcreate(part, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    if (file->id < 0) {
        file->writing = false;
        return RB_FAIL(err, RB_IO, "%s: cannot be written: %s", part, strerror(errno));
    }
    return RB_OK;
}

/* The whole file aside, to be put in place by `place`. */
static rb_status finish(rb_hdf *file, rb_status (*place)(const char *, rb_error *), rb_error *err)
{
    char part[RB_PART_BYTES];
    bool good = H5Fclose(file->id) >= 0;
    file->id = -1;
    file->writing = false;
    if (good)
        return place(file->path, err);
    rb_file_part(part, file->path);
    unlink(part);
    return RB_FAIL(err, RB_IO, "%s: cannot be written: HDF5 could not close it", file->path);
}

rb_status rb_hdf_commit(rb_hdf *file, rb_error *err)
{
    return finish(file, rb_file_place, err);
}

rb_status rb_hdf_commit_ahead(rb_hdf *file, rb_error *err)
{
    return finish(file, rb_file_place_ahead, err);
}

rb_status rb_hdf_open(rb_hdf *file, const char *path, rb_error *err)
{
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
    *file = (rb_hdf){ .id = -1 };
    snprintf(file->path, sizeof file->path, "%s", path);
    if (access(path, R_OK) != 0)
        return RB_FAIL(err, RB_IO, "%s: %s", path, strerror(errno));
    file->id = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
    if (file->id >= 0)
        return RB_OK;
    if (H5Fis_hdf5(path) <= 0)
        return RB_FAIL(err, RB_BAD_INPUT, "%s: not an HDF5 file", path);
    return RB_FAIL(err, RB_BAD_INPUT, "%s: not a whole HDF5 file, or another program has it open for writing", path);
}

void rb_hdf_close(rb_hdf *file)
{
    if (file->path[0] && file->id >= 0)
        H5Fclose(file->id);
    if (file->writing) {
        char part[RB_PART_BYTES];
        rb_file_part(part, file->path);
        unlink(part);
    }
    *file = (rb_hdf){ .id = -1 };
}

hid_t rb_hdf_group(hid_t at, const char *name, rb_error *err)
{
    if (rb_hdf_has(at, name))
        return H5Gopen2(at, name, H5P_DEFAULT);
    hid_t links = H5Pcreate(H5P_LINK_CREATE);
    H5Pset_create_intermediate_group(links, 1);
    hid_t group = H5Gcreate2(at, name, links, H5P_DEFAULT, H5P_DEFAULT);
    H5Pclose(links);
    if (group < 0)
        rb_hdf_failed(err, at, "making group", name);
    return group;
}

bool rb_hdf_has(hid_t at, const char *name)
{
    char part[1024];
    size_t n = strlen(name);
    if (n >= sizeof part)
        return false;
    for (size_t i = 1; i <= n; i++) /* every group of the way must exist before HDF5 answers */
        if (name[i] == '/' || name[i] == 0) {
            memcpy(part, name, i);
            part[i] = 0;
            if (H5Lexists(at, part, H5P_DEFAULT) <= 0)
                return false;
        }
    return true;
}

static hid_t creation(int rank, const hsize_t *dims, size_t size, bool compress)
{
    hid_t properties = H5Pcreate(H5P_DATASET_CREATE);
    hsize_t bytes = size;
    for (int i = 0; i < rank; i++)
        bytes *= dims[i];
    if (compress && bytes > 65536) {
        hsize_t chunk[2] = { dims[0], rank == 2 ? dims[1] : 1 };
        hsize_t row = size * chunk[1];
        if (chunk[0] * row > 1048576)
            chunk[0] = row < 1048576 ? 1048576 / row : 1;
        H5Pset_chunk(properties, rank, chunk);
        H5Pset_shuffle(properties);
        H5Pset_deflate(properties, 1);
    }
    return properties;
}

/* Creates a dataset and writes it in one step. */
rb_status rb_hdf_write_dataset(hid_t at, const char *name, hid_t file_type, hid_t type, int rank, const hsize_t *dims,
                               const void *data, bool compress, rb_error *err)
{
    hid_t space = H5Screate_simple(rank, dims, NULL);
    hid_t links = H5Pcreate(H5P_LINK_CREATE);
    H5Pset_create_intermediate_group(links, 1);
    hid_t properties = creation(rank, dims, H5Tget_size(type), compress);
    hid_t set = H5Dcreate2(at, name, file_type, space, links, properties, H5P_DEFAULT);
    bool empty = dims[0] == 0 || (rank == 2 && dims[1] == 0);
    if (set < 0 || (!empty && H5Dwrite(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, data) < 0))
        rb_hdf_failed(err, at, "writing", name);
    if (set >= 0)
        H5Dclose(set);
    H5Pclose(properties);
    H5Pclose(links);
    H5Sclose(space);
    return err->status;
}

rb_status rb_hdf_write(hid_t at, const char *name, rb_hdf_type type, const void *data, int64_t n_rows, int64_t n_cols,
                       bool compress, rb_error *err)
{
    hsize_t dims[2] = { (hsize_t)n_rows, (hsize_t)n_cols };
    int rank = n_cols == 1 ? 1 : 2;
    if (type != RB_HDF_TEXT)
        return rb_hdf_write_dataset(at, name, rb_hdf_memory_type(type), rb_hdf_memory_type(type), rank, dims, data,
                                    compress, err);
    hid_t texts = H5Tcopy(H5T_C_S1);
    H5Tset_size(texts, H5T_VARIABLE);
    H5Tset_cset(texts, H5T_CSET_UTF8);
    rb_hdf_write_dataset(at, name, texts, texts, rank, dims, data, false, err);
    H5Tclose(texts);
    return err->status;
}

/* ---- attributes ---- */

static rb_status put(hid_t at, const char *name, hid_t type, const void *value, rb_error *err)
{
    hid_t space = H5Screate(H5S_SCALAR);
    hid_t attribute = H5Acreate2(at, name, type, space, H5P_DEFAULT, H5P_DEFAULT);
    if (attribute < 0 || H5Awrite(attribute, type, value) < 0)
        rb_hdf_failed(err, at, "writing attribute", name);
    if (attribute >= 0)
        H5Aclose(attribute);
    H5Sclose(space);
    return err->status;
}

rb_status rb_hdf_put_text(hid_t at, const char *name, const char *value, rb_error *err)
{
    hid_t type = rb_hdf_text_type(strlen(value));
    put(at, name, type, value, err);
    H5Tclose(type);
    return err->status;
}

rb_status rb_hdf_put_int(hid_t at, const char *name, int64_t value, rb_error *err)
{
    return put(at, name, H5T_NATIVE_INT64, &value, err);
}

rb_status rb_hdf_put_double(hid_t at, const char *name, double value, rb_error *err)
{
    return put(at, name, H5T_NATIVE_DOUBLE, &value, err);
}
