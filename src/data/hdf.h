/*
 * HDF5 in the few forms that we use: arrays, attributes, tables; files written aside and renamed.
 *
 * Serial: one rank calls. HDF5's own error stack is silenced; every failure is an rb_error that names the
 * file and the object. A killed writer leaves at most a file ending in .part, which nobody reads.
 */
#ifndef RB_DATA_HDF_H
#define RB_DATA_HDF_H

#include <hdf5.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"

typedef enum {
    RB_HDF_INT32,
    RB_HDF_INT64,
    RB_HDF_UINT8,
    RB_HDF_FLOAT,
    RB_HDF_DOUBLE,
    RB_HDF_TEXT,
    RB_HDF_CHARS
} rb_hdf_type;

typedef struct {
    hid_t id;
    char path[4096]; /* the final name */
    bool writing;
} rb_hdf;

/** Start a file beside its final name. */
rb_status rb_hdf_create(rb_hdf *file, const char *path, rb_error *err);
/** Close, fdatasync, rename to the final name, fsync the folder: the file is whole, or it is not there. */
rb_status rb_hdf_commit(rb_hdf *file, rb_error *err);
/** The same without the folder: a power cut may take the name until another file of the folder is committed. */
rb_status rb_hdf_commit_ahead(rb_hdf *file, rb_error *err);
/** Open for reading. RB_IO: the system does not let it be read; RB_BAD_INPUT: not an HDF5 file, or not a whole one. */
rb_status rb_hdf_open(rb_hdf *file, const char *path, rb_error *err);
/** Close; a file that was not committed is removed. Zeroed is allowed. */
void rb_hdf_close(rb_hdf *file);

/** A group below `at`, made where it is absent; close with H5Gclose. Negative on failure (err is set). */
hid_t rb_hdf_group(hid_t at, const char *name, rb_error *err);
/** A group that must be there, for reading; likewise. */
hid_t rb_hdf_open_group(hid_t at, const char *name, rb_error *err);

/**
 * An array; data in row-major order, texts as const char * const *. Missing groups of the name are made.
 * Over 64 KiB it is chunked, shuffled and deflated at level 1 where `compress` is set.
 */
rb_status rb_hdf_write(hid_t at, const char *name, rb_hdf_type type, const void *data, int64_t n_rows, int64_t n_cols,
                       bool compress, rb_error *err);

/*
 * Reading. Where an object is missing, or of another type or shape, RB_BAD_INPUT names the file, the object and what
 * was expected; nothing is allocated by a shape that the file cannot hold.
 */

/** RB_BAD_INPUT naming the file that holds `at`, and what is wrong with it. */
rb_status rb_hdf_unfit(rb_error *err, hid_t at, const char *format, ...) __attribute__((format(printf, 3, 4)));

/** Shape of an array, without its values. */
rb_status rb_hdf_extent(hid_t at, const char *name, rb_hdf_type type, int64_t *n_rows, int64_t *n_cols, rb_error *err);

/** A whole array; *data from rb_alloc, *n_rows and *n_cols its shape (n_cols 1 for vectors). Not for texts. */
rb_status rb_hdf_read(hid_t at, const char *name, rb_hdf_type type, void **data, int64_t *n_rows, int64_t *n_cols,
                      rb_error *err);

/** The same of one dimension. */
rb_status rb_hdf_read_vector(hid_t at, const char *name, rb_hdf_type type, void **data, int64_t *n, rb_error *err);

/** Texts: *all holds them one after another, each ended by 0; (*texts)[i] points into it. Both from rb_alloc. */
rb_status rb_hdf_read_texts(hid_t at, const char *name, char ***texts, char **all, int64_t *n, rb_error *err);

bool rb_hdf_has(hid_t at, const char *name);

rb_status rb_hdf_put_text(hid_t at, const char *name, const char *value, rb_error *err);
rb_status rb_hdf_put_int(hid_t at, const char *name, int64_t value, rb_error *err);
rb_status rb_hdf_put_double(hid_t at, const char *name, double value, rb_error *err);
/** Attributes; a text from rb_alloc. */
rb_status rb_hdf_get_text(hid_t at, const char *name, char **value, rb_error *err);
rb_status rb_hdf_get_int(hid_t at, const char *name, int64_t *value, rb_error *err);
rb_status rb_hdf_get_double(hid_t at, const char *name, double *value, rb_error *err);

/*
 * A column of a table: n_rows values, side by side or `stride` bytes apart (the fields of an array of structs). Texts
 * are given by pointers (RB_HDF_TEXT) or lie in place, ended by 0 (RB_HDF_CHARS, in tables only); they become strings
 * of the longest one's length.
 */
typedef struct {
    const char *name;
    rb_hdf_type type;
    const void *data;
    const char *unit; /* written as attribute "<name>.unit" where not NULL */
    size_t stride;    /* 0: side by side */
} rb_hdf_column;

/** A table: one dataset of a compound type, which h5py, pandas and h5dump show as rows. */
rb_status rb_hdf_write_table(hid_t at, const char *name, const rb_hdf_column *columns, int n_columns, int64_t n_rows,
                             rb_error *err);

/** One column of a table, converted; as rb_hdf_read. */
rb_status rb_hdf_read_column(hid_t at, const char *table, const char *column, rb_hdf_type type, void **data, int64_t *n,
                             rb_error *err);
rb_status rb_hdf_read_column_texts(hid_t at, const char *table, const char *column, char ***texts, char **all,
                                   int64_t *n, rb_error *err);

#endif
