/*
 * What reading must give, worked out naively: rows in order, ids sorted with qsort and found by walking through them.
 */
#ifndef RB_SUPPORT_ORACLE_RATINGS_H
#define RB_SUPPORT_ORACLE_RATINGS_H

#include "data/dataset.h"

typedef struct {
    char user[40], item[40];
    float rating;
    int64_t time;
} oracle_row;

/** Fail the test unless the data set holds exactly these rows; numeric: ids in the order of their values. */
void oracle_ratings_check(const rb_dataset *d, const oracle_row *rows, int64_t n, bool numeric, bool with_rating,
                          bool with_time);

#endif
