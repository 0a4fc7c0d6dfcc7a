#include "cli/listing.h"
#include "data/features.h"

static const char *name_of(int i)
{
    return rb_feature_registry[i].id;
}

static const char *summary_of(int i)
{
    return rb_feature_registry[i].formula;
}

static rb_status explain(FILE *out, int i, rb_format format, rb_error *err)
{
    static const rb_table_column columns[] = {
        { "feature", RB_CELL_TEXT }, { "family", RB_CELL_TEXT }, { "unit", RB_CELL_TEXT }, { "formula", RB_CELL_TEXT }
    };
    const rb_feature *f = &rb_feature_registry[i];
    rb_table table;
    rb_table_init(&table, columns, 4);
    RB_TRY(rb_table_text(&table, f->id, err));
    RB_TRY(rb_table_text(&table, f->family, err));
    RB_TRY(rb_table_text(&table, f->unit, err));
    RB_TRY(rb_table_text(&table, f->formula, err));
    RB_TRY(rb_table_write(out, &table, format, err));
done:
    rb_table_fini(&table);
    return err->status;
}

const rb_listing rb_listing_features = {
    .word = "features",
    .name_of = name_of,
    .summary_of = summary_of,
    .explain = explain,
};
