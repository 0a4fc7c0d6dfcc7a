/* `data features`: the features of users and titles as text or HDF5. */
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/output.h"
#include "cli/reading.h"
#include "data/features.h"
#include "report/table.h"

static const rb_operand operands[] = {
    { .name = "INPUT", .kind = RB_ARG_FILE, .help = "file or folder, or the name of a data set" },
    { .name = "OUTPUT", .kind = RB_ARG_FILE, .help = "file to write (-: standard output); HDF5 where it ends in .h5" },
    { .name = NULL },
};

static const rb_command_option options[] = {
    { .name = "of",
      .argument = "users|titles",
      .choices = "users|titles",
      .fallback = "titles",
      .help = "whose features go into a text (an HDF5 file holds both)" },
    { .name = "format",
      .letter = 'f',
      .argument = "FORMAT",
      .choices = RB_FORMAT_CHOICES,
      .fallback = "csv",
      .help = "form of a text: table, csv, tsv, json or markdown" },
    RB_OPTIONS_READING,
    { .name = NULL },
};

/* ---- text ---- */

static rb_status write_table(FILE *out, const rb_feature_rows *p, rb_format format, rb_error *err)
{
    rb_table_column columns[1 + RB_N_USER_FEATURES + RB_N_TITLE_FEATURES] = { { "id", RB_CELL_TEXT } };
    rb_table table;
    char id[32];
    for (int f = 0; f < p->n_columns; f++)
        columns[f + 1] = (rb_table_column){ p->feature[f].name, RB_CELL_NUMBER };
    rb_table_init(&table, columns, p->n_columns + 1);
    for (int32_t r = 0; r < p->n_rows; r++) {
        RB_TRY(rb_table_text(&table, rb_ids_name(id, p->ids, r), err));
        for (int f = 0; f < p->n_columns; f++)
            RB_TRY(rb_table_double(&table, p->value[(int64_t)r * p->n_columns + f], -1, err));
    }
    RB_TRY(rb_table_write(out, &table, format, err));
done:
    rb_table_fini(&table);
    return err->status;
}

static rb_status write_text(const char *path, const rb_feature_rows *p, const rb_call *call, rb_error *err)
{
    FILE *out = NULL;
    RB_TRY(rb_output_open(&out, path, call->out, err));
    RB_TRY(write_table(out, p, rb_session_format(call), err));
done:
    return rb_output_close(out, path, call->out, err);
}

/* ---- HDF5 ---- */

static rb_status write_hdf(const char *path, const rb_features *f, const rb_dataset *d, rb_error *err)
{
    rb_hdf file = { 0 };
    char digest[65];
    rb_digest_hex(digest, &d->digest, 64);
    RB_TRY(rb_hdf_create(&file, path, err));
    RB_TRY(rb_hdf_put_text(file.id, "data_digest", digest, err));
    RB_TRY(rb_features_write(file.id, f, d, err));
    RB_TRY(rb_hdf_commit(&file, err));
done:
    rb_hdf_close(&file);
    return err->status;
}

/* On the process that speaks. */
static rb_status write_all(const rb_features *f, const rb_dataset *d, const rb_call *call, rb_error *err)
{
    const char *path = call->operands[1];
    size_t n = strlen(path);
    if (!call->speaks)
        return RB_OK;
    if (n > 3 && strcmp(path + n - 3, ".h5") == 0)
        return write_hdf(path, f, d, err);
    bool users = strcmp(rb_call_text(call, "of"), "users") == 0;
    rb_feature_rows p = users ? rb_feature_rows_of_users(f, d) : rb_feature_rows_of_titles(f, d);
    return write_text(path, &p, call, err);
}

static rb_status run(rb_call *call, rb_error *err)
{
    rb_session session = { 0 };
    rb_dataset data = { 0 };
    rb_features features = { 0 };
    RB_TRY(rb_session_begin(&session, call, err));
    RB_TRY(rb_reading(&data, call->operands[0], call, &session.ctx, err));
    RB_TRY(rb_features_compute(&features, &data, &session.ctx, err));
    RB_TRY_ALL(&session.ctx, write_all(&features, &data, call, err));
done:
    rb_features_fini(&features);
    rb_dataset_fini(&data);
    rb_session_end(&session);
    return err->status;
}

const rb_command rb_cmd_data_features = {
    .name = "data features",
    .summary = "features of users and titles, as CSV or HDF5",
    .description =
        "`reelbench list features` has each with its unit and formula. What the data do not tell is empty in a\n"
        "text and NaN in HDF5, which holds the tables users, titles and definitions.",
    .operands = operands,
    .options = options,
    .example = "reelbench data features ml-latest-small users.csv --of users --data ~/data\n"
               "reelbench data features ml-latest-small features.h5 --data ~/data",
    .run = run,
};
