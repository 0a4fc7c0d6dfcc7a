/*
 * What data/hdf.c, data/hdf_read.c and data/hdf_table.c share.
 */
#ifndef RB_DATA_HDF_INTERNAL_H
#define RB_DATA_HDF_INTERNAL_H

#include "data/hdf.h"

/* The type of numbers in memory; of texts it is their pointers' size that counts. */
hid_t rb_hdf_memory_type(rb_hdf_type type);
size_t rb_hdf_type_size(rb_hdf_type type);

/* A fixed-length UTF-8 string type; the caller closes it. */
hid_t rb_hdf_text_type(size_t length);

/* RB_IO naming the file, what was being done and the object. */
rb_status rb_hdf_failed(rb_error *err, hid_t at, const char *doing, const char *name);

/* Whether a stored type is of the kind, and no value of it would be cut. */
bool rb_hdf_fits(hid_t stored, rb_hdf_type type);

/* Creates a dataset and writes it in one step. */
rb_status rb_hdf_write_dataset(hid_t at, const char *name, hid_t file_type, hid_t type, int rank, const hsize_t *dims,
                               const void *data, bool compress, rb_error *err);

/* Shape of a dataset; false unless it has 1 or 2 dimensions, and the file can hold as much. */
bool rb_hdf_shape(hid_t set, int64_t *n_rows, int64_t *n_cols);

#endif
