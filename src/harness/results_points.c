/* What results.h5 keeps of single points and clusters: the vectors over points, and their means over each cluster. */
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "eval/cluster_profile.h"
#include "harness/results.h"

static rb_status write_means(rb_results *r, const char *name, const rb_classes *classes, const double *value,
                             rb_error *err)
{
    double *mean = NULL;
    int64_t *size = NULL;
    RB_TRY(rb_alloc(&mean, classes->n, err));
    RB_TRY(rb_alloc(&size, classes->n, err));
    for (int64_t c = 0; c < classes->n; c++)
        size[c] = classes->begin[c + 1] - classes->begin[c];
    rb_class_means(mean, classes, value);
    const rb_hdf_column table[] = { { "cluster", RB_HDF_INT32, classes->label, NULL, 0 },
                                    { "points", RB_HDF_INT64, size, NULL, 0 },
                                    { "mean", RB_HDF_DOUBLE, mean, NULL, 0 } };
    RB_TRY(rb_hdf_write_table(r->file.id, name, table, RB_RESULTS_N_OF(table), classes->n, err));
done:
    rb_free(mean);
    rb_free(size);
    return err->status;
}

static rb_status write_row(rb_results *r, long long number, const rb_fit_record *fit, const rb_metric_row *row,
                           rb_error *err)
{
    const bool of_unseen = strcmp(row->part, "test") == 0; /* titles that were not fitted */
    const int32_t *labels = of_unseen ? fit->unseen : fit->labels;
    const int64_t n = of_unseen ? fit->n_unseen : fit->n_labels;
    rb_classes classes = { 0 };
    char name[256];
    if (!labels || n != row->n_vector)
        return RB_FAIL(err, RB_IO, "trial %lld has %lld labels, '%s' (%s) is over %lld points", number,
                       (long long)(labels ? n : 0), row->id, row->part, (long long)row->n_vector);
    RB_TRY(rb_classes_init(&classes, labels, n, err));
    snprintf(name, sizeof name, "per_point/%lld/%s/%s", number, row->part, row->id);
    RB_TRY(rb_hdf_write(r->file.id, name, RB_HDF_DOUBLE, row->vector, row->n_vector, 1, true, err));
    snprintf(name, sizeof name, "per_cluster/%lld/%s/%s", number, row->part, row->id);
    RB_TRY(write_means(r, name, &classes, row->vector, err));
done:
    rb_classes_fini(&classes);
    return err->status;
}

rb_status rb_results_write_points(rb_results *r, int64_t work, const rb_fit_record *fit, const rb_metric_record *m,
                                  rb_error *err)
{
    long long number = rb_run_trial(r->run, work)->number;
    for (int64_t i = 0; i < m->n_rows; i++)
        if (m->rows[i].vector && m->rows[i].population == RB_POINTS && rb_results_asks_for(r, m->rows[i].id))
            RB_TRY(write_row(r, number, fit, &m->rows[i], err));
done:
    return err->status;
}
