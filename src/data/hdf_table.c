/* Tables: datasets of a compound type. */
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "data/hdf_internal.h"

static bool is_text(const rb_hdf_column *c)
{
    return c->type == RB_HDF_TEXT || c->type == RB_HDF_CHARS;
}

/* Address of value i. */
static const char *value_at(const rb_hdf_column *c, int64_t i)
{
    return (const char *)c->data + (size_t)i * (c->stride ? c->stride : rb_hdf_type_size(c->type));
}

static const char *text_at(const rb_hdf_column *c, int64_t i)
{
    return c->type == RB_HDF_CHARS ? value_at(c, i) : *(const char *const *)value_at(c, i);
}

static hid_t column_type(const rb_hdf_column *c, int64_t n_rows)
{
    if (!is_text(c))
        return H5Tcopy(rb_hdf_memory_type(c->type));
    size_t longest = 1;
    for (int64_t i = 0; i < n_rows; i++)
        if (strlen(text_at(c, i)) > longest)
            longest = strlen(text_at(c, i));
    return rb_hdf_text_type(longest);
}

static void fill(char *rows, size_t row, size_t offset, size_t size, const rb_hdf_column *c, int64_t n_rows)
{
    for (int64_t i = 0; i < n_rows; i++) {
        char *to = rows + (size_t)i * row + offset;
        if (is_text(c))
            memcpy(to, text_at(c, i), strlen(text_at(c, i)));
        else
            memcpy(to, value_at(c, i), size);
    }
}

static rb_status put_units(hid_t at, const char *name, const rb_hdf_column *columns, int n_columns, rb_error *err)
{
    hid_t set = H5Dopen2(at, name, H5P_DEFAULT);
    for (int c = 0; c < n_columns && set >= 0; c++) {
        char attribute[128];
        snprintf(attribute, sizeof attribute, "%s.unit", columns[c].name);
        if (columns[c].unit)
            rb_hdf_put_text(set, attribute, columns[c].unit, err);
    }
    if (set >= 0)
        H5Dclose(set);
    return err->status;
}

rb_status rb_hdf_write_table(hid_t at, const char *name, const rb_hdf_column *columns, int n_columns, int64_t n_rows,
                             rb_error *err)
{
    enum { MOST = 64 };
    size_t offset[MOST + 1] = { 0 }, size[MOST] = { 0 };
    hid_t types[MOST], table = -1;
    char *rows = NULL;
    RB_ASSERT(n_columns <= MOST);
    for (int c = 0; c < n_columns; c++) {
        types[c] = column_type(&columns[c], n_rows);
        size[c] = H5Tget_size(types[c]);
        offset[c + 1] = offset[c] + size[c];
    }
    size_t row = offset[n_columns];
    table = H5Tcreate(H5T_COMPOUND, row);
    for (int c = 0; c < n_columns; c++)
        H5Tinsert(table, columns[c].name, offset[c], types[c]);
    RB_TRY(rb_alloc(&rows, n_rows * (int64_t)row, err));
    for (int c = 0; c < n_columns; c++)
        fill(rows, row, offset[c], size[c], &columns[c], n_rows);
    RB_TRY(rb_hdf_write_dataset(at, name, table, table, 1, (hsize_t[]){ (hsize_t)n_rows }, rows, true, err));
    RB_TRY(put_units(at, name, columns, n_columns, err));
done:
    for (int c = 0; c < n_columns; c++)
        H5Tclose(types[c]);
    H5Tclose(table);
    rb_free(rows);
    return err->status;
}

/* Rows of `length` bytes each, padded with 0, made into texts. */
static rb_status split_texts(char ***texts, char **all, const char *rows, int64_t n, size_t length, rb_error *err)
{
    RB_TRY(rb_alloc(texts, n, err));
    RB_TRY(rb_alloc(all, n * (int64_t)(length + 1), err));
    for (int64_t i = 0; i < n; i++) {
        (*texts)[i] = *all + i * (int64_t)(length + 1);
        memcpy((*texts)[i], rows + i * (int64_t)length, length);
    }
done:
    return err->status;
}

/* Reads one member of a compound dataset; member_type is closed here. */
static rb_status read_member(hid_t set, const char *column, hid_t member, void *data, rb_error *err)
{
    hid_t type = H5Tcreate(H5T_COMPOUND, H5Tget_size(member));
    H5Tinsert(type, column, 0, member);
    if (H5Dread(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, data) < 0)
        rb_hdf_unfit(err, set, "column '%s' is damaged: it cannot be read", column);
    H5Tclose(type);
    return err->status;
}

/* Opens a table and finds a column's own type; on failure err is set. The caller closes both. */
static hid_t open_column(hid_t at, const char *table, const char *column, rb_hdf_type wanted, hid_t *own, int64_t *n,
                         rb_error *err)
{
    int64_t n_cols;
    bool good = false;
    *own = -1;
    hid_t set = rb_hdf_has(at, table) ? H5Dopen2(at, table, H5P_DEFAULT) : -1;
    if (set >= 0 && rb_hdf_shape(set, n, &n_cols) && n_cols == 1) {
        hid_t type = H5Dget_type(set);
        int index = H5Tget_class(type) == H5T_COMPOUND ? H5Tget_member_index(type, column) : -1;
        if (index >= 0)
            *own = H5Tget_member_type(type, (unsigned)index);
        H5Tclose(type);
        good = *own >= 0 && rb_hdf_fits(*own, wanted) && H5Tis_variable_str(*own) <= 0;
        if (!good)
            rb_hdf_unfit(err, at, "table '%s' has no column '%s' of %s", table, column,
                         wanted == RB_HDF_TEXT ? "texts of fixed length" : "numbers as expected");
    } else {
        rb_hdf_unfit(err, at, set < 0 ? "it has no table '%s'" : "'%s' is not a table of one dimension", table);
    }
    return set;
}

/* Closes what open_column opened. */
static void close_column(hid_t set, hid_t own)
{
    if (own >= 0)
        H5Tclose(own);
    if (set >= 0)
        H5Dclose(set);
}

rb_status rb_hdf_read_column(hid_t at, const char *table, const char *column, rb_hdf_type type, void **data, int64_t *n,
                             rb_error *err)
{
    hid_t own;
    *data = NULL;
    hid_t set = open_column(at, table, column, type, &own, n, err);
    if (err->status == RB_OK && (*data = rb_alloc_array(*n, rb_hdf_type_size(type), err)) && *n > 0)
        read_member(set, column, rb_hdf_memory_type(type), *data, err);
    close_column(set, own);
    return err->status;
}

rb_status rb_hdf_read_column_texts(hid_t at, const char *table, const char *column, char ***texts, char **all,
                                   int64_t *n, rb_error *err)
{
    hid_t own;
    char *rows = NULL;
    *texts = NULL;
    *all = NULL;
    hid_t set = open_column(at, table, column, RB_HDF_TEXT, &own, n, err);
    if (err->status == RB_OK && rb_alloc(&rows, *n * (int64_t)H5Tget_size(own), err) == RB_OK) {
        if (*n > 0)
            read_member(set, column, own, rows, err);
        if (err->status == RB_OK)
            split_texts(texts, all, rows, *n, H5Tget_size(own), err);
    }
    rb_free(rows);
    close_column(set, own);
    return err->status;
}
