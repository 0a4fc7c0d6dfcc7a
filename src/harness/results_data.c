/* /dataset: external ids, titles, planted truth, what cleaning did. /features. */
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "harness/state.h"

static rb_status write_ids(hid_t at, const char *name, const rb_ids *ids, rb_error *err)
{
    const char **texts = NULL;
    if (ids->number)
        return rb_hdf_write(at, name, RB_HDF_INT64, ids->number, ids->n, 1, true, err);
    RB_TRY(rb_alloc(&texts, ids->n, err));
    for (int32_t i = 0; i < ids->n; i++)
        texts[i] = ids->text + ids->begin[i];
    RB_TRY(rb_hdf_write(at, name, RB_HDF_TEXT, texts, ids->n, 1, false, err));
done:
    rb_free(texts);
    return err->status;
}

static rb_status write_strings(hid_t at, const char *name, const rb_strings *s, rb_error *err)
{
    const char **texts = NULL;
    RB_TRY(rb_alloc(&texts, s->n, err));
    for (int64_t i = 0; i < s->n; i++)
        texts[i] = rb_strings_at(s, i);
    RB_TRY(rb_hdf_write(at, name, RB_HDF_TEXT, texts, s->n, 1, false, err));
done:
    rb_free(texts);
    return err->status;
}

static rb_status write_cleaning(hid_t at, const rb_catalogue *c, rb_error *err)
{
    const rb_cleaning *k = &c->cleaning;
    const char *what[RB_N_COLUMNS + 16];
    char words[RB_N_COLUMNS][64];
    int64_t count[RB_N_COLUMNS + 16], n = 0;
    const struct {
        const char *name;
        int64_t value;
    } counts[] = { { "rows", k->n_rows },
                   { "skipped rows", k->n_skipped },
                   { "shifted durations", k->n_shifted },
                   { "duplicates", k->n_duplicates },
                   { "dropped duplicates", k->n_dropped },
                   { "unreadable dates", k->n_bad_dates },
                   { "unreadable years", k->n_bad_years },
                   { "unreadable durations", k->n_bad_durations } };
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        what[n] = counts[i].name;
        count[n++] = counts[i].value;
    }
    for (int i = 0; i < RB_N_COLUMNS; i++)
        if (c->has[i]) {
            snprintf(words[i], sizeof words[i], "blank %s", rb_column_name((rb_column)i));
            what[n] = words[i];
            count[n++] = k->blank[i];
        }
    const rb_hdf_column columns[] = { { "what", RB_HDF_TEXT, what, NULL, 0 },
                                      { "count", RB_HDF_INT64, count, NULL, 0 } };
    return rb_hdf_write_table(at, "cleaning", columns, 2, n, err);
}

static rb_status write_catalogue(hid_t at, const rb_catalogue *c, rb_error *err)
{
    if (c->has[RB_COLUMN_TITLE])
        RB_TRY(write_strings(at, "titles", &c->column[RB_COLUMN_TITLE], err));
    if (c->duplicate_of)
        RB_TRY(rb_hdf_write(at, "duplicate_of", RB_HDF_INT32, c->duplicate_of, c->n, 1, true, err));
    if (c->age_group)
        RB_TRY(rb_hdf_write(at, "age_group", RB_HDF_UINT8, c->age_group, c->n, 1, true, err));
    if (c->topic)
        RB_TRY(rb_hdf_write(at, "planted/item_topic", RB_HDF_INT32, c->topic, c->n, 1, true, err));
    RB_TRY(write_cleaning(at, c, err));
done:
    return err->status;
}

static rb_status write_skipped(hid_t at, const rb_dataset *d, rb_error *err)
{
    int64_t n = d->n_skipped_listed, *line = NULL;
    int32_t *column = NULL;
    const char **file = NULL, **reason = NULL;
    RB_TRY(rb_alloc(&line, n, err));
    RB_TRY(rb_alloc(&column, n, err));
    RB_TRY(rb_alloc(&file, n, err));
    RB_TRY(rb_alloc(&reason, n, err));
    for (int64_t i = 0; i < n; i++) {
        line[i] = d->skipped[i].line;
        column[i] = d->skipped[i].column;
        file[i] = d->skipped[i].file;
        reason[i] = d->skipped[i].reason;
    }
    const rb_hdf_column columns[] = { { "file", RB_HDF_TEXT, file, NULL, 0 },
                                      { "line", RB_HDF_INT64, line, NULL, 0 },
                                      { "column", RB_HDF_INT32, column, NULL, 0 },
                                      { "reason", RB_HDF_TEXT, reason, NULL, 0 } };
    RB_TRY(rb_hdf_write_table(at, "skipped", columns, 4, n, err));
done:
    rb_free(line);
    rb_free(column);
    rb_free(file);
    rb_free(reason);
    return err->status;
}

rb_status rb_write_dataset(hid_t file, const rb_dataset *d, const rb_catalogue *unseen, rb_error *err)
{
    hid_t at = rb_hdf_group(file, "dataset", err);
    RB_TRY(err->status);
    RB_TRY(rb_hdf_put_text(at, "name", d->name, err));
    RB_TRY(rb_hdf_put_int(at, "interactions", d->has_interactions ? d->interactions.n : 0, err));
    RB_TRY(rb_hdf_put_int(at, "sessions", d->has_sessions ? d->sessions.n : 0, err));
    RB_TRY(rb_hdf_put_int(at, "events", d->has_sessions ? d->sessions.n_events : 0, err));
    RB_TRY(rb_hdf_put_int(at, "skipped_lines", d->n_skipped, err));
    if (d->has_interactions)
        RB_TRY(write_ids(at, "users", &d->users, err));
    RB_TRY(write_ids(at, "items", &d->items, err));
    if (unseen->n > 0)
        RB_TRY(write_ids(at, "unseen", &unseen->ids, err));
    if (d->user_segment)
        RB_TRY(rb_hdf_write(at, "planted/user_segment", RB_HDF_INT32, d->user_segment, d->users.n, 1, true, err));
    if (d->has_catalogue)
        RB_TRY(write_catalogue(at, &d->catalogue, err));
    if (d->n_skipped_listed > 0)
        RB_TRY(write_skipped(at, d, err));
done:
    if (at >= 0)
        H5Gclose(at);
    return err->status;
}

rb_status rb_write_features(hid_t file, const rb_run_state *run, rb_error *err)
{
    if (!run->features.title)
        return RB_OK;
    hid_t at = rb_hdf_group(file, "features", err);
    if (at < 0)
        return err->status;
    rb_features_write(at, &run->features, &run->data, err);
    H5Gclose(at);
    return err->status;
}
