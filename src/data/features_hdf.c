/* Features as tables of an HDF5 file. */
#include "base/alloc.h"
#include "data/features.h"

rb_feature_rows rb_feature_rows_of_users(const rb_features *f, const rb_dataset *d)
{
    return (rb_feature_rows){ "users", rb_feature_registry, f->user, &d->users, RB_N_USER_FEATURES, f->n_users };
}

rb_feature_rows rb_feature_rows_of_titles(const rb_features *f, const rb_dataset *d)
{
    const rb_ids *items = d->has_interactions ? &d->items : &d->catalogue.ids;
    return (rb_feature_rows){
        "titles", rb_feature_registry + RB_N_USER_FEATURES, f->title, items, RB_N_TITLE_FEATURES, f->n_titles
    };
}

static rb_status write_definitions(hid_t at, rb_error *err)
{
    const rb_feature *f = rb_feature_registry;
    const rb_hdf_column columns[] = {
        { "of", RB_HDF_TEXT, &f->of, NULL, sizeof *f },           { "name", RB_HDF_TEXT, &f->name, NULL, sizeof *f },
        { "family", RB_HDF_TEXT, &f->family, NULL, sizeof *f },   { "unit", RB_HDF_TEXT, &f->unit, NULL, sizeof *f },
        { "formula", RB_HDF_TEXT, &f->formula, NULL, sizeof *f },
    };
    return rb_hdf_write_table(at, "definitions", columns, sizeof columns / sizeof *columns,
                              RB_N_USER_FEATURES + RB_N_TITLE_FEATURES, err);
}

static rb_status write_part(hid_t at, const rb_feature_rows *p, rb_error *err)
{
    rb_hdf_column columns[1 + RB_N_USER_FEATURES + RB_N_TITLE_FEATURES];
    char(*numbers)[32] = NULL; /* where ids are numbers */
    const char **ids = NULL;
    RB_TRY(rb_alloc(&numbers, p->n_rows, err));
    RB_TRY(rb_alloc(&ids, p->n_rows, err));
    for (int32_t r = 0; r < p->n_rows; r++)
        ids[r] = rb_ids_name(numbers[r], p->ids, r);
    columns[0] = (rb_hdf_column){ .name = "id", .type = RB_HDF_TEXT, .data = ids };
    for (int f = 0; f < p->n_columns; f++)
        columns[f + 1] = (rb_hdf_column){ .name = p->feature[f].name,
                                          .type = RB_HDF_DOUBLE,
                                          .data = p->value + f,
                                          .unit = p->feature[f].unit,
                                          .stride = (size_t)p->n_columns * sizeof *p->value };
    RB_TRY(rb_hdf_write_table(at, p->of, columns, p->n_columns + 1, p->n_rows, err));
done:
    rb_free(ids);
    rb_free(numbers);
    return err->status;
}

rb_status rb_features_write(hid_t at, const rb_features *f, const rb_dataset *d, rb_error *err)
{
    const rb_feature_rows users = rb_feature_rows_of_users(f, d), titles = rb_feature_rows_of_titles(f, d);
    RB_TRY(write_definitions(at, err));
    RB_TRY(write_part(at, &users, err));
    RB_TRY(write_part(at, &titles, err));
done:
    return err->status;
}
