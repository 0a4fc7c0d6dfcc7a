/*
 * Writing a data set as text, in the forms that readers of this and of other systems know.
 */
#ifndef RB_DATA_WRITE_H
#define RB_DATA_WRITE_H

#include <stdio.h>

#include "data/dataset.h"

typedef struct rb_write_format {
    const char *name; /* as rb_formats has it, so that what was written is read back; NULL ends the table */
    const char *help; /* one line, no full stop */
} rb_write_format;

/** ratings.csv, u.data, ratings.dat, libmf, inter, matrix-market, titles, sessions. */
extern const rb_write_format rb_write_formats[];

/**
 * Write interactions (rows in their order), the catalogue (titles) or the sessions.
 *
 * Local. Ids are the external ones, but for libmf and matrix-market, which take numbers: there they are positions,
 * from 0 and from 1. A rating is written in the shortest form that reads back as the same float; where the data have
 * none, 1.
 *
 * @param[in] name  of the file, for messages
 * @return RB_OK; RB_BAD_INPUT: no such format, or the data have nothing of what it holds; RB_IO
 */
rb_status rb_dataset_write(FILE *out, const rb_dataset *d, const char *format, const char *name, rb_error *err);

/** "tv", "phone", "tablet", "computer"; "" for what is no rb_device. */
const char *rb_device_name(int device);

/** One field of CSV, quoted where it must be (RFC 4180). Local. */
void rb_write_csv_field(FILE *out, const char *text);

#endif
