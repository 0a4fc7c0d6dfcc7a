#include "harness/experiment_reader.h"

#include <string.h>

#include "base/alloc.h"

#define LISTED_NAMES_MAX 12 /* more of them do not help in a message */

rb_status rb_reader_adopt(rb_reader *r, rb_place at, const rb_error *raised)
{
    if (raised->status == RB_BAD_INPUT || raised->status == RB_NOT_APPLICABLE)
        return RB_COMPLAIN(r, at, "%s", raised->message);
    if (raised->status != RB_OK && r->err->status == RB_OK)
        *r->err = *raised;
    return r->err->status;
}

int64_t rb_reader_n_messages(const rb_reader *r)
{
    return r->m->n + r->m->n_left_out;
}

rb_status rb_reader_keep(rb_reader *r, const char **out, const rb_text *text)
{
    *out = rb_arena_text(&r->e->arena, text->data ? text->data : "", text->length, r->err);
    return r->err->status;
}

rb_status rb_reader_suggest(rb_reader *r, const char **out, const char *name, const char *const *names)
{
    const char *nearest = rb_text_nearest(name, names);
    rb_text text = { 0 };
    int n = 0;
    *out = "";
    while (names[n])
        n++;
    if (nearest)
        RB_TRY(rb_text_addf(&text, r->err, "; did you mean '%s'?", nearest));
    else if (n > 0 && n <= LISTED_NAMES_MAX)
        for (int i = 0; i < n; i++)
            RB_TRY(rb_text_addf(&text, r->err, "%s%s", i ? ", " : "; known: ", names[i]));
    RB_TRY(rb_reader_keep(r, out, &text));
done:
    rb_text_fini(&text);
    return r->err->status;
}

static const char *expected_form(const rb_param *param)
{
    switch (param->kind) {
    case RB_PARAM_BOOL:
        return "true or false";
    case RB_PARAM_INT:
        return "a whole number";
    case RB_PARAM_DOUBLE:
        return "a number";
    case RB_PARAM_CHOICE:
        return param->choices;
    default:
        return "a text";
    }
}

rb_status rb_reader_value(rb_reader *r, rb_value *out, bool *good, const rb_param *param, const char *owner,
                          const rb_yaml *node)
{
    rb_error raised = { 0 };
    bool is_text = param->kind != RB_PARAM_BOOL && param->kind != RB_PARAM_INT && param->kind != RB_PARAM_DOUBLE;
    *good = false;
    if (node->kind != RB_YAML_SCALAR || rb_yaml_is_null(node))
        return RB_COMPLAIN(r, node->at, "'%s.%s' is %s, expected %s", owner, param->name, rb_yaml_words(node),
                           expected_form(param));
    if (node->quoted && !is_text)
        return RB_COMPLAIN(r, node->at, "'%s.%s' is the text \"%s\", expected %s", owner, param->name, node->text,
                           expected_form(param));
    *good = rb_param_parse(out, param, owner, node->text, &raised) == RB_OK;
    return rb_reader_adopt(r, node->at, &raised);
}

static bool is_among(const char *name, const char *const *names)
{
    for (; names && *names; names++)
        if (strcmp(*names, name) == 0)
            return true;
    return false;
}

bool rb_reader_misspelt(const rb_reader *r, const char *owner, const char *key)
{
    for (const rb_misspelt *m = r->misspelt; m; m = m->next)
        if (strcmp(m->owner, owner) == 0 && strcmp(m->meant, key) == 0)
            return true;
    return false;
}

bool rb_reader_lacks_validation(const rb_reader *r)
{
    return !rb_split_has_validation(&r->e->split) && !rb_reader_misspelt(r, "split", "validation");
}

const char *rb_reader_validation_hint(const rb_reader *r)
{
    switch (r->e->split.kind) {
    case RB_SPLIT_FILES:
        return "name its pairs by split.validation_file";
    case RB_SPLIT_TITLES:
        return "split kind titles has none, it is for clusterings";
    default:
        return "give split.validation a share, such as 0.1";
    }
}

static rb_status note_misspelt(rb_reader *r, const char *owner, const char *meant)
{
    rb_misspelt *m;
    if (!meant)
        return RB_OK;
    RB_TRY(rb_arena_alloc(&r->e->arena, &m, 1, r->err));
    *m = (rb_misspelt){ owner, meant, r->misspelt };
    r->misspelt = m;
done:
    return r->err->status;
}

static rb_status unknown_key(rb_reader *r, const rb_yaml *child, const rb_param *table, const char *owner,
                             const char *const *others)
{
    const char **names, *suggestion;
    int n = 0;
    for (const rb_param *p = table; p->name; p++)
        n++;
    for (const char *const *o = others; o && *o; o++)
        n++;
    RB_TRY(rb_arena_alloc(&r->e->arena, &names, n + 1, r->err));
    n = 0;
    for (const rb_param *p = table; p->name; p++)
        names[n++] = p->name;
    for (const char *const *o = others; o && *o; o++)
        names[n++] = *o;
    RB_TRY(note_misspelt(r, owner, rb_text_nearest(child->key, names)));
    RB_TRY(rb_reader_suggest(r, &suggestion, child->key, names));
    RB_TRY(RB_COMPLAIN(r, child->key_at, "unknown key '%s' of %s%s", child->key, owner, suggestion));
done:
    return r->err->status;
}

rb_status rb_reader_section(rb_reader *r, void *config, const rb_param *table, const char *owner, const rb_yaml *node,
                            const char *const *others)
{
    rb_params_default(config, table);
    if (!node)
        return RB_OK;
    if (node->kind != RB_YAML_MAP)
        return RB_COMPLAIN(r, node->at, "'%s' is %s, expected a mapping", owner, rb_yaml_words(node));
    for (rb_yaml *child = node->first; child; child = child->next) {
        const rb_param *param = rb_param_find(table, child->key);
        rb_option option = { 0 };
        bool good = false;
        if (param && param->kind == RB_PARAM_ARRAY)
            RB_TRY(rb_reader_array(r, &option, &good, owner, param, child));
        else if (param)
            RB_TRY(rb_reader_value(r, &option.value, &good, param, owner, child));
        else if (!is_among(child->key, others))
            RB_TRY(unknown_key(r, child, table, owner, others));
        if (good && param->kind == RB_PARAM_ARRAY) /* the canonical text is of its numbers, wherever they came from */
            option.value.array.source = option.text;
        if (good)
            rb_param_store(config, param, &option.value);
    }
done:
    return r->err->status;
}

rb_status rb_reader_options(rb_reader *r, rb_option **out, bool *good, int64_t n, rb_place at)
{
    *good = n <= RB_MAX_TRIALS - r->n_options;
    if (!*good)
        return RB_COMPLAIN(r, at, "parameters have more than 1,000,000 values in all");
    r->n_options += n;
    return rb_arena_alloc(&r->e->arena, out, n, r->err);
}

rb_status rb_reader_absolute(rb_reader *r, rb_yaml *node)
{
    rb_text path = { 0 };
    if (node->text[0] == '/' || !r->folder)
        return RB_OK;
    RB_TRY(rb_text_addf(&path, r->err, "%s/%s", r->folder, node->text));
    RB_TRY(rb_reader_keep(r, &node->text, &path));
done:
    rb_text_fini(&path);
    return r->err->status;
}

rb_status rb_reader_canonical(rb_reader *r, const char **out, const char *prefix, const rb_param *table,
                              const void *config)
{
    rb_text text = { 0 };
    RB_TRY(rb_text_addf(&text, r->err, "%s", prefix));
    for (const rb_param *p = table; p->name; p++) {
        RB_TRY(rb_text_addf(&text, r->err, " %s=", p->name));
        if (p->kind == RB_PARAM_STRING) {
            const char *value = *(const char *const *)((const char *)config + p->offset);
            RB_TRY(value ? rb_yaml_write_scalar(&text, value, true, r->err) : rb_text_add(&text, "~", 1, r->err));
        } else {
            RB_TRY(rb_param_format(&text, p, config, r->err));
        }
    }
    RB_TRY(rb_reader_keep(r, out, &text));
done:
    rb_text_fini(&text);
    return r->err->status;
}
