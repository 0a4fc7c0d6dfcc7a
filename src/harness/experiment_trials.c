/*
 * The list of trials: algorithms with their parameters, `as`, `zip` and `exclude`.
 */
#include <stdio.h>
#include <string.h>

#include "data/space.h"
#include "eval/bandit.h"
#include "harness/experiment_reader.h"

#define MAX_ENTRIES 10000

static const rb_algorithm *find_algorithm(const rb_reader *r, const char *name)
{
    for (int f = 0; f < 2; f++)
        for (const rb_algorithm *const *a = r->families[f]; *a; a++)
            if (strcmp((*a)->name, name) == 0)
                return *a;
    return NULL;
}

/* What the entries are: of trials, or of replay.policies. */
static const char *kind_of(const rb_reader *r, bool many)
{
    if (r->families[0] == rb_policy_registry)
        return many ? "policies" : "policy";
    return many ? "algorithms" : "algorithm";
}

static rb_status unknown_algorithm(rb_reader *r, rb_place at, const char *name)
{
    const char **names, *suggestion;
    int n = 0;
    for (int f = 0; f < 2; f++)
        for (const rb_algorithm *const *a = r->families[f]; *a; a++)
            n++;
    RB_TRY(rb_arena_alloc(&r->e->arena, &names, n + 1, r->err));
    n = 0;
    for (int f = 0; f < 2; f++)
        for (const rb_algorithm *const *a = r->families[f]; *a; a++)
            names[n++] = (*a)->name;
    RB_TRY(rb_reader_suggest(r, &suggestion, name, names));
    RB_TRY(RB_COMPLAIN(r, at, "unknown %s '%s'%s", kind_of(r, false), name, suggestion));
done:
    return r->err->status;
}

rb_status rb_reader_unknown_parameter(rb_reader *r, const rb_entry *entry, const rb_yaml *node)
{
    const char **names, *suggestion;
    int n = 0;
    if (strcmp(node->key, "as") == 0)
        return RB_COMPLAIN(r, node->key_at,
                           "`as` stands beside the algorithm, not among its parameters:\n"
                           "  - %s: { ... }\n"
                           "    as: NAME",
                           entry->algorithm->name);
    for (const rb_param *p = entry->algorithm->params; p && p->name; p++)
        n++;
    RB_TRY(rb_arena_alloc(&r->e->arena, &names, n + 1, r->err));
    n = 0;
    for (const rb_param *p = entry->algorithm->params; p && p->name; p++)
        names[n++] = p->name;
    RB_TRY(rb_reader_suggest(r, &suggestion, node->key, names));
    RB_TRY(RB_COMPLAIN(r, node->key_at, "unknown parameter '%s' of %s%s", node->key, entry->algorithm->name,
                       n > 0 ? suggestion : ": it has none"));
done:
    return r->err->status;
}

/* ---- the head of an entry: its algorithm and its name ---- */

static rb_status read_as(rb_reader *r, rb_entry *entry, const rb_yaml *node)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
    rb_error ignored = { 0 };
    rb_space_spec spec = { 0 };
    if (node->kind != RB_YAML_SCALAR)
        return RB_COMPLAIN(r, node->at, "`as` is %s, expected a name", rb_yaml_words(node));
    if (!*node->text || strspn(node->text, allowed) != strlen(node->text) ||
        strspn(node->text, "0123456789") == strlen(node->text))
        return RB_COMPLAIN(
            r, node->at, "`as` is '%s', expected a name of letters, digits, - and _ that is not a number", node->text);
    if (find_algorithm(r, node->text))
        return RB_COMPLAIN(r, node->at, "`as: %s` is the id of an algorithm: choose another name", node->text);
    bool is_space = rb_space_parse(&spec, node->text, &ignored) == RB_OK;
    rb_space_spec_fini(&spec);
    if (ignored.status == RB_NO_MEMORY)
        return rb_reader_adopt(r, node->at, &ignored);
    if (is_space)
        return RB_COMPLAIN(r, node->at, "`as: %s` is the name of a space: choose another name", node->text);
    for (const rb_entry *other = r->e->entry; other < entry; other++)
        if (other->named && strcmp(other->name, node->text) == 0)
            return RB_COMPLAIN(r, node->at, "duplicated `as: %s`: the entry on line %d has this name already",
                               node->text, other->at.line);
    entry->name = node->text;
    entry->named = true;
    return RB_OK;
}

/* The one key of a mapping that is neither `as` nor `rerank`; NULL where a message was added. */
static rb_status find_body(rb_reader *r, const rb_yaml **body, const rb_yaml *node)
{
    *body = NULL;
    for (const rb_yaml *child = node->first; child; child = child->next) {
        if (rb_yaml_stands_beside(child->key))
            continue;
        if (*body) {
            const char *first = (*body)->key;
            *body = NULL;
            return RB_COMPLAIN(r, child->key_at,
                               "'%s' and '%s' stand side by side: an entry has one algorithm, and its "
                               "parameters stand below it",
                               first, child->key);
        }
        *body = child;
    }
    if (!*body)
        return RB_COMPLAIN(r, node->at, "this entry names no algorithm");
    return RB_OK;
}

static rb_status read_head(rb_reader *r, rb_entry *entry, const rb_yaml *node)
{
    const rb_yaml *body = node, *as = rb_yaml_get(node, "as");
    entry->at = node->at;
    entry->name = "";
    if (node->kind == RB_YAML_LIST || rb_yaml_is_null(node))
        return RB_COMPLAIN(r, node->at, "%s stands where an algorithm is expected", rb_yaml_words(node));
    if (node->kind == RB_YAML_MAP)
        RB_TRY(find_body(r, &body, node));
    if (body) {
        const char *name = node->kind == RB_YAML_MAP ? body->key : body->text;
        rb_place at = node->kind == RB_YAML_MAP ? body->key_at : body->at;
        entry->algorithm = find_algorithm(r, name);
        if (entry->algorithm) {
            entry->name = entry->algorithm->name;
            entry->can = entry->algorithm->can;
        } else
            RB_TRY(unknown_algorithm(r, at, name));
    }
    if (as)
        RB_TRY(read_as(r, entry, as));
done:
    return r->err->status;
}

/* ---- the body of an entry: its parameters ---- */

/* A name inside zip or exclude. Parameters whose values were refused have a message already. */
static rb_status find_swept(rb_reader *r, int32_t *sweep, const rb_entry *entry, const rb_yaml *body, const char *name,
                            rb_place at, const char *where)
{
    *sweep = rb_entry_sweep(entry, name, false);
    if (*sweep < 0 && !rb_yaml_get(body, name))
        return RB_COMPLAIN(r, at, "%s names '%s', which this entry gives no value", where, name);
    return RB_OK;
}

static rb_status read_zip_group(rb_reader *r, rb_entry *entry, const rb_yaml *body, const rb_yaml *list, int number)
{
    if (list->n < 2)
        return RB_COMPLAIN(r, list->at, "zip needs two parameters or more");
    for (const rb_yaml *child = list->first; child; child = child->next) {
        int32_t s = -1;
        if (child->kind != RB_YAML_SCALAR)
            return RB_COMPLAIN(r, child->at, "%s stands where zip expects the name of a parameter",
                               rb_yaml_words(child));
        RB_TRY(find_swept(r, &s, entry, body, child->text, child->at, "zip"));
        if (s >= 0 && entry->sweep[s].zip >= 0)
            RB_TRY(RB_COMPLAIN(r, child->at, "zip names '%s' twice", child->text));
        else if (s >= 0)
            entry->sweep[s].zip = number;
    }
done:
    return r->err->status;
}

/* zip: [a, b], or several groups: [[a, b], [c, d]]. */
static rb_status read_zip(rb_reader *r, rb_entry *entry, const rb_yaml *body, const rb_yaml *zip)
{
    int number = 0;
    if (!zip)
        return RB_OK;
    if (zip->kind != RB_YAML_LIST || !zip->first)
        return RB_COMPLAIN(r, zip->at, "zip is %s, expected the parameters that vary together: [a, b]",
                           zip->kind == RB_YAML_LIST ? "empty" : rb_yaml_words(zip));
    if (zip->first->kind != RB_YAML_LIST)
        return read_zip_group(r, entry, body, zip, 0);
    for (const rb_yaml *group = zip->first; group; group = group->next) {
        if (group->kind != RB_YAML_LIST)
            return RB_COMPLAIN(r, group->at, "%s stands where zip expects a list of parameters", rb_yaml_words(group));
        RB_TRY(read_zip_group(r, entry, body, group, number++));
    }
done:
    return r->err->status;
}

static rb_status read_exclude(rb_reader *r, rb_entry *entry, const rb_yaml *body, rb_yaml *map)
{
    rb_exclude *exclude = &entry->exclude[entry->n_excludes];
    int64_t n_before = rb_reader_n_messages(r);
    if (map->kind != RB_YAML_MAP || map->n == 0)
        return RB_COMPLAIN(r, map->at, "%s stands where exclude expects { parameter: value, ... }",
                           map->kind == RB_YAML_MAP ? "an empty mapping" : rb_yaml_words(map));
    exclude->at = map->at;
    RB_TRY(rb_arena_alloc(&r->e->arena, &exclude->condition, map->n, r->err));
    for (rb_yaml *child = map->first; child; child = child->next) {
        rb_sweep values;
        int32_t s;
        RB_TRY(find_swept(r, &s, entry, body, child->key, child->key_at, "exclude"));
        if (s < 0)
            continue;
        RB_TRY(rb_reader_sweep(r, &values, entry, entry->sweep[s].param, child));
        exclude->condition[exclude->n++] = (rb_condition){ s, values.option, values.n };
    }
    if (rb_reader_n_messages(r) == n_before && exclude->n > 0)
        entry->n_excludes++;
done:
    return r->err->status;
}

static rb_status read_excludes(rb_reader *r, rb_entry *entry, const rb_yaml *body, rb_yaml *list)
{
    if (!list)
        return RB_OK;
    if (list->kind != RB_YAML_LIST)
        return RB_COMPLAIN(r, list->at, "exclude is %s, expected a list: [{ parameter: value, ... }]",
                           rb_yaml_words(list));
    RB_TRY(rb_arena_alloc(&r->e->arena, &entry->exclude, list->n, r->err));
    for (rb_yaml *child = list->first; child; child = child->next)
        RB_TRY(read_exclude(r, entry, body, child));
done:
    return r->err->status;
}

static rb_status read_body(rb_reader *r, rb_entry *entry, rb_yaml *node)
{
    if (node->kind == RB_YAML_SCALAR && rb_yaml_is_null(node))
        return RB_OK;
    if (node->kind != RB_YAML_MAP)
        return RB_COMPLAIN(r, node->at, "'%s' is %s, expected its parameters as a mapping", entry->algorithm->name,
                           rb_yaml_words(node));
    RB_TRY(rb_arena_alloc(&r->e->arena, &entry->sweep, node->n, r->err));
    for (rb_yaml *child = node->first; child; child = child->next) {
        const rb_param *param = rb_param_find(entry->algorithm->params, child->key);
        rb_sweep *sweep = &entry->sweep[entry->n_sweeps];
        if (param) {
            RB_TRY(rb_reader_sweep(r, sweep, entry, param, child));
            entry->n_sweeps += sweep->n > 0;
        } else if (strcmp(child->key, "zip") != 0 && strcmp(child->key, "exclude") != 0) {
            RB_TRY(rb_reader_unknown_parameter(r, entry, child));
        }
    }
    RB_TRY(read_zip(r, entry, node, rb_yaml_get(node, "zip")));
    RB_TRY(read_excludes(r, entry, node, rb_yaml_get(node, "exclude")));
done:
    return r->err->status;
}

/* Who needs labels refers to one clustering, with every value of its parameter. */
static rb_status check_labels(rb_reader *r, const rb_entry *entry)
{
    const rb_sweep *found = NULL;
    for (int32_t s = 0; s < entry->n_sweeps; s++) {
        const rb_sweep *sweep = &entry->sweep[s];
        int32_t target = sweep->param->kind == RB_PARAM_MODEL && !sweep->reranks ? sweep->option[0].target : -1;
        if (target < 0 || !r->e->entry[target].algorithm ||
            !rb_experiment_gives_labels(entry->algorithm, r->e->entry[target].algorithm))
            continue;
        if (found)
            return RB_COMPLAIN(r, sweep->at, "'%s.%s' is a second clustering beside '%s': one is read",
                               entry->algorithm->name, sweep->param->name, found->param->name);
        found = sweep;
    }
    if (!found)
        return RB_COMPLAIN(r, entry->at, "'%s' needs a clustering: a parameter that names an entry by its `as` name",
                           entry->algorithm->name);
    return RB_OK;
}

static rb_status check_needs(rb_reader *r, const rb_entry *entry, bool good)
{
    if (good && entry->algorithm->needs & RB_NEEDS_LABELS)
        RB_TRY(check_labels(r, entry));
    if (rb_entry_learns(entry) && rb_reader_lacks_validation(r))
        return RB_COMPLAIN(r, entry->at, "'%s' needs a validation part; %s", entry->algorithm->name,
                           rb_reader_validation_hint(r));
done:
    return r->err->status;
}

rb_status rb_reader_entries(rb_reader *r, rb_yaml *list, const char *name)
{
    rb_experiment *e = r->e;
    rb_yaml *child;
    int64_t n_before = rb_reader_n_messages(r);
    if (list->kind != RB_YAML_LIST || list->n == 0)
        return RB_COMPLAIN(r, list->at, "'%s' is %s, expected a list of %s", name,
                           list->kind == RB_YAML_LIST ? "an empty list" : rb_yaml_words(list), kind_of(r, true));
    if (list->n > MAX_ENTRIES)
        return RB_COMPLAIN(r, list->at, "'%s' lists %d %s, at most 10,000 are allowed", name, list->n,
                           kind_of(r, true));
    RB_TRY(rb_arena_alloc(&e->arena, &e->entry, list->n, r->err));
    child = list->first;
    for (int32_t i = 0; i < list->n; i++, child = child->next) {
        RB_TRY(read_head(r, &e->entry[i], child));
        e->n_entries = i + 1;
    }
    child = list->first;
    for (int32_t i = 0; i < list->n; i++, child = child->next) {
        rb_entry *entry = &e->entry[i];
        if (!entry->algorithm)
            continue;
        int64_t n_own = rb_reader_n_messages(r);
        if (child->kind == RB_YAML_MAP)
            RB_TRY(read_body(r, entry, rb_yaml_get(child, entry->algorithm->name)));
        if (rb_yaml_get(child, "rerank"))
            RB_TRY(rb_reader_rerank(r, entry, rb_yaml_get(child, "rerank")));
        RB_TRY(check_needs(r, entry, rb_reader_n_messages(r) == n_own));
    }
    RB_TRY(rb_reader_n_messages(r) == n_before ? rb_reader_resolve(r) : rb_reader_check_zips(r));
done:
    return r->err->status;
}

rb_status rb_reader_trials(rb_reader *r)
{
    rb_yaml *list = rb_yaml_get(r->root, "trials");
    if (!list && (rb_yaml_get(r->root, "replay") || rb_reader_misspelt(r, "experiment", "trials")))
        return RB_OK;
    if (!list)
        return RB_COMPLAIN(r, r->root->at, "'trials' is missing: a list of algorithms");
    return rb_reader_entries(r, list, "trials");
}
