/*
 * The data of an experiment: data set, filter, split.
 */
#include <math.h>
#include <string.h>

#include "harness/experiment_reader.h"

static const char *const data_names[] = { "synthetic", "netflix-titles", "ml-latest-small", NULL };

/* Keys that a named data set takes from rb_source_params; the rest describes files. */
static const char *const named_keys[] = { "name",        "on_error", "duplicates", "drop_duplicates",
                                          "session_gap", "items",    "scale",      NULL };

static rb_status read_delimiter(rb_reader *r, const rb_yaml *node, const char *text)
{
    if (!text)
        return RB_OK;
    if (strcmp(text, "tab") == 0)
        text = "\t";
    if (strlen(text) != 1)
        return RB_COMPLAIN(r, node->at, "'dataset.delimiter' is '%s', expected one character or tab", text);
    r->e->source.delimiter = text[0];
    return RB_OK;
}

static rb_status read_format(rb_reader *r, const rb_yaml *node, const char *text)
{
    const char *suggestion;
    rb_text all = { 0 };
    for (const char *const *known = rb_formats(); text && *known; known++) {
        if (strcmp(*known, text) == 0)
            r->e->source.format = *known;
        RB_TRY(rb_text_addf(&all, r->err, "%s%s", all.length ? ", " : "; expected ", *known));
    }
    if (text && !r->e->source.format) {
        RB_TRY(rb_reader_suggest(r, &suggestion, text, rb_formats()));
        RB_TRY(RB_COMPLAIN(r, node->at, "unknown format '%s'%s", text, *suggestion ? suggestion : all.data));
    }
done:
    rb_text_fini(&all);
    return r->err->status;
}

static rb_status read_scale(rb_reader *r, const rb_yaml *node, const rb_array *scale)
{
    rb_source *source = &r->e->source;
    if (!scale->value)
        return RB_OK;
    const bool are_two = scale->n_rows * scale->n_cols == 2;
    const float low = are_two ? (float)scale->value[0] : 0, high = are_two ? (float)scale->value[1] : 0;
    if (!are_two || !isfinite(low) || !isfinite(high) || !(low < high))
        return RB_COMPLAIN(r, node->at, "'dataset.scale' is %s, expected the least and the largest rating: [0.5, 5]",
                           scale->source);
    source->has_scale = true;
    source->scale[0] = low;
    source->scale[1] = high;
    return RB_OK;
}

/* A file or folder of the user's own, or the options of a named data set. */
static rb_status read_source(rb_reader *r, const rb_yaml *node)
{
    static const char *const others[] = { "columns", NULL };
    rb_source *source = &r->e->source;
    rb_source_keys keys = { 0 };
    rb_column_keys columns = { 0 };
    rb_yaml *path = rb_yaml_get(node, "path");

    RB_TRY(rb_reader_section(r, &keys, rb_source_params, "dataset", node, others));
    RB_TRY(rb_reader_section(r, &columns, rb_column_params, "dataset.columns", rb_yaml_get(node, "columns"), NULL));
    source->header = keys.header - 1;
    source->skip_errors = keys.on_error == 1;
    source->duplicates = (rb_duplicates)keys.duplicates;
    source->drop_duplicates = keys.drop_duplicates;
    source->makes_sessions = keys.session_gap >= 0;
    source->session_gap = keys.session_gap;
    source->all_titles = keys.items == 1;
    source->user_column = columns.user;
    source->item_column = columns.item;
    source->rating_column = columns.rating;
    source->timestamp_column = columns.timestamp;
    RB_TRY(read_scale(r, rb_yaml_get(node, "scale"), &keys.scale));
    RB_TRY(read_delimiter(r, rb_yaml_get(node, "delimiter"), keys.delimiter));
    RB_TRY(read_format(r, rb_yaml_get(node, "format"), keys.format));
    if (keys.path) {
        RB_TRY(rb_reader_absolute(r, path));
        source->path = keys.path = path->text;
    }
    const char *text;
    RB_TRY(rb_reader_canonical(r, &text, "files", rb_source_params, &keys));
    RB_TRY(rb_reader_canonical(r, &r->e->dataset_text, text, rb_column_params, &columns));
done:
    return r->err->status;
}

static rb_status read_named(rb_reader *r, const rb_yaml *node)
{
    for (const rb_yaml *child = node->first; child; child = child->next) {
        bool fits = false;
        for (const char *const *key = named_keys; *key; key++)
            fits = fits || strcmp(*key, child->key) == 0;
        if (!fits && (rb_param_find(rb_source_params, child->key) || strcmp(child->key, "columns") == 0))
            RB_TRY(RB_COMPLAIN(r, child->key_at,
                               "'dataset.%s' describes files of your own: it goes with path, not with "
                               "name: %s",
                               child->key, r->e->data_name));
    }
    RB_TRY(read_source(r, node));
done:
    return r->err->status;
}

static rb_status read_synthetic(rb_reader *r, const rb_yaml *node)
{
    static const char *const others[] = { "name", NULL };
    rb_error raised = { 0 };
    int64_t n_before = rb_reader_n_messages(r);
    RB_TRY(rb_reader_section(r, &r->e->synth, rb_synth_params, "dataset", node, others));
    if (rb_reader_n_messages(r) == n_before && rb_synth_check(&r->e->synth, &raised) != RB_OK)
        RB_TRY(rb_reader_adopt(r, node->at, &raised));
    RB_TRY(rb_reader_canonical(r, &r->e->dataset_text, "synthetic", rb_synth_params, &r->e->synth));
done:
    return r->err->status;
}

/* Neither a name nor a path: keys that no kind of data has are said beside it. */
static rb_status refuse_anonymous(rb_reader *r, const rb_yaml *node)
{
    rb_source_keys keys = { 0 };
    const char **others;
    int n = 0;
    while (rb_synth_params[n].name)
        n++;
    RB_TRY(rb_arena_alloc(&r->e->arena, &others, n + 2, r->err));
    for (int i = 0; i < n; i++)
        others[i] = rb_synth_params[i].name;
    others[n] = "columns";
    RB_TRY(rb_reader_section(r, &keys, rb_source_params, "dataset", node, others));
    if (!rb_reader_misspelt(r, "dataset", "name") && !rb_reader_misspelt(r, "dataset", "path"))
        RB_TRY(RB_COMPLAIN(r, node->at, "'dataset' needs one of name and path"));
done:
    return r->err->status;
}

static rb_status read_dataset(rb_reader *r)
{
    const char *suggestion;
    const rb_yaml *node = rb_yaml_get(r->root, "dataset");
    const rb_yaml *name = rb_yaml_get(node, "name"), *path = rb_yaml_get(node, "path");
    const rb_yaml *ratings = rb_yaml_get(node, "ratings");
    if (!node && rb_reader_misspelt(r, "experiment", "dataset"))
        return RB_OK;
    if (!node)
        return RB_COMPLAIN(r, r->root->at, "'dataset' is missing: { name: synthetic } or { path: FILE }");
    if (node->kind != RB_YAML_MAP)
        return RB_COMPLAIN(r, node->at, "'dataset' is %s, expected a mapping: { name: synthetic } or { path: FILE }",
                           rb_yaml_words(node));
    if (!name && !path)
        return refuse_anonymous(r, node);
    if (name && path)
        return RB_COMPLAIN(r, node->at, "'dataset' needs one of name and path, not both");
    r->e->dataset_at = ratings ? ratings->at : path ? path->at : name->at;
    if (path) {
        r->e->data_kind = RB_DATA_PATH;
        return read_source(r, node);
    }
    if (name->kind != RB_YAML_SCALAR)
        return RB_COMPLAIN(r, name->at, "'dataset.name' is %s, expected a text", rb_yaml_words(name));
    for (const char *const *known = data_names; *known; known++)
        if (strcmp(*known, name->text) == 0)
            r->e->data_name = *known;
    if (!r->e->data_name) {
        RB_TRY(rb_reader_suggest(r, &suggestion, name->text, data_names));
        RB_TRY(RB_COMPLAIN(r, name->at, "unknown data set '%s'%s", name->text, suggestion));
    } else if (r->e->data_name == data_names[0]) {
        r->e->data_kind = RB_DATA_SYNTHETIC;
        RB_TRY(read_synthetic(r, node));
    } else {
        r->e->data_kind = RB_DATA_NAMED;
        RB_TRY(read_named(r, node));
    }
done:
    return r->err->status;
}

/* Keys that the kind does not read would be silently without effect. */
static rb_status check_split_keys(rb_reader *r, const rb_yaml *node, int kind)
{
    rb_text takers = { 0 };
    for (const rb_yaml *child = node && node->kind == RB_YAML_MAP ? node->first : NULL; child; child = child->next) {
        if (!rb_param_find(rb_split_params, child->key) || rb_split_takes(kind, child->key))
            continue;
        takers.length = 0;
        for (int k = 0; k < RB_N_SPLIT_KINDS; k++)
            if (rb_split_takes(k, child->key))
                RB_TRY(rb_text_addf(&takers, r->err, "%s%s", takers.length > 0 ? ", " : "", rb_split_abouts[k].name));
        RB_TRY(RB_COMPLAIN(r, child->key_at, "'split.%s' has no effect with kind %s: it goes with %s", child->key,
                           rb_split_abouts[kind].name, takers.data));
    }
done:
    rb_text_fini(&takers);
    return r->err->status;
}

static rb_status read_split(rb_reader *r)
{
    static const char *const files[] = { "train_file", "validation_file", "test_file" };
    rb_split *split = &r->e->split;
    rb_yaml *node = rb_yaml_get(r->root, "split");
    rb_error raised = { 0 };
    int64_t n_before = rb_reader_n_messages(r);
    r->e->split_at = node ? node->at : r->root->at;
    for (int i = 0; i < 3; i++) {
        rb_yaml *file = rb_yaml_get(node, files[i]);
        if (file && file->kind == RB_YAML_SCALAR && *file->text)
            RB_TRY(rb_reader_absolute(r, file));
    }
    RB_TRY(rb_reader_section(r, split, rb_split_params, "split", node, NULL));
    split->source = r->e->data_kind == RB_DATA_PATH ? &r->e->source : NULL;
    if (rb_reader_n_messages(r) == n_before)
        RB_TRY(check_split_keys(r, node, split->kind));
    if (rb_reader_n_messages(r) == n_before && rb_split_check(split, NULL, &raised) != RB_OK)
        RB_TRY(rb_reader_adopt(r, node ? node->at : r->root->at, &raised));
    RB_TRY(rb_reader_canonical(r, &r->e->split_text, "split", rb_split_params, split));
    rb_split content = *split; /* files enter keys by what they hold, not by where they lie */
    content.train_file = content.test_file = NULL;
    content.validation_file = split->validation_file ? "" : NULL;
    RB_TRY(rb_reader_canonical(r, &r->e->split_key, "split", rb_split_params, &content));
done:
    return r->err->status;
}

rb_status rb_reader_data(rb_reader *r)
{
    RB_TRY(read_dataset(r));
    RB_TRY(rb_reader_section(r, &r->e->filter, rb_filter_params, "filter", rb_yaml_get(r->root, "filter"), NULL));
    RB_TRY(rb_reader_canonical(r, &r->e->filter_text, "filter", rb_filter_params, &r->e->filter));
    RB_TRY(read_split(r));
done:
    return r->err->status;
}
