#include "report/cluster_means.h"

#include "base/alloc.h"

rb_status rb_cluster_means_read(rb_cluster_means *out, hid_t results, const rb_experiment *e, int64_t trial,
                                int64_t n_classes, rb_error *err)
{
    char name[256];
    RB_TRY(rb_alloc(&out->label, e->n_metrics, err));
    RB_TRY(rb_alloc(&out->mean, e->n_metrics, err));
    for (int32_t i = 0; i < e->n_metrics; i++) {
        int64_t n;
        snprintf(name, sizeof name, "per_cluster/%lld/%s/%s", (long long)trial, rb_experiment_fitted_part(e),
                 e->metrics[i].id);
        if (!rb_hdf_has(results, name))
            continue;
        out->label[out->n] = e->metrics[i].label;
        RB_TRY(rb_hdf_read_column(results, name, "mean", RB_HDF_DOUBLE, (void **)&out->mean[out->n++], &n, err));
        if (n != n_classes)
            RB_TRY(rb_hdf_unfit(err, results, "'%s' has %lld clusters, the labels have %lld", name, (long long)n,
                                (long long)n_classes));
    }
done:
    return err->status;
}

void rb_cluster_means_fini(rb_cluster_means *m)
{
    for (int64_t i = 0; i < m->n; i++)
        rb_free(m->mean[i]);
    rb_free(m->mean);
    rb_free(m->label);
    *m = (rb_cluster_means){ 0 };
}
