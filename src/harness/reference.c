/*
 * What entries refer to: spaces by name and options, other entries by their `as` name or, where one entry alone of an
 * algorithm has none, by that algorithm; the order that follows.
 */
#include <string.h>

#include "base/alloc.h"
#include "data/space.h"
#include "harness/experiment_reader.h"
#include "harness/sweep_cursor.h"

enum { NOT_FOUND = -1, AMBIGUOUS = -2 };

/* No `as` name is the id of an algorithm. */
static int32_t find_entry(const rb_experiment *e, const char *name)
{
    int32_t found = NOT_FOUND;
    for (int32_t i = 0; i < e->n_entries; i++)
        if ((e->entry[i].named || e->entry[i].algorithm) && strcmp(e->entry[i].name, name) == 0)
            found = found == NOT_FOUND ? i : AMBIGUOUS;
    return found;
}

rb_status rb_reader_suggest_entry(rb_reader *r, const char **out, const char *name)
{
    const rb_experiment *e = r->e;
    const char **names;
    int n = 0;
    *out = "";
    RB_TRY(rb_arena_alloc(&r->e->arena, &names, e->n_entries + 1, r->err));
    for (int32_t i = 0; i < e->n_entries; i++)
        if (find_entry(e, e->entry[i].name) == i)
            names[n++] = e->entry[i].name;
    RB_TRY(rb_reader_suggest(r, out, name, names));
done:
    return r->err->status;
}

/* The algorithm of several entries without a name. */
static rb_status ask_for_name(rb_reader *r, const rb_entry *entry, const rb_param *param, const rb_yaml *node)
{
    const rb_entry *e = r->e->entry, *end = e + r->e->n_entries, *one[2];
    for (int n = 0; e < end && n < 2; e++)
        if (strcmp(e->name, node->text) == 0)
            one[n++] = e;
    return RB_COMPLAIN(
        r, node->at,
        "'%s.%s' is '%s': those on lines %d and %d have no name; write `as: NAME` beside the one that is "
        "meant",
        entry->algorithm->name, param->name, node->text, one[0]->at.line, one[1]->at.line);
}

static void refer(rb_option *o, const rb_experiment *e, rb_param_kind kind, int32_t target)
{
    *o = (rb_option){ .value = { .kind = kind, .text = e->entry[target].name },
                      .text = e->entry[target].name,
                      .canonical = "",
                      .target = target };
}

/* A reference to a trial of the wrong kind. */
static rb_status refuse(rb_reader *r, const rb_entry *entry, const rb_param *param, const rb_yaml *node,
                        const char *lacks)
{
    const rb_algorithm *target = r->e->entry[find_entry(r->e, node->text)].algorithm;
    return RB_COMPLAIN(r, node->at, "'%s.%s' is '%s', a trial of %s, which %s", entry->algorithm->name, param->name,
                       node->text, target->name, lacks);
}

/* ---- models ---- */

bool rb_experiment_gives_labels(const rb_algorithm *referrer, const rb_algorithm *target)
{
    return referrer->needs & RB_NEEDS_LABELS && target->can & RB_CAN_ASSIGN && !(target->can & RB_CAN_BE_ASKED);
}

/*
 * What a model that is referred to cannot do and should; NULL: nothing. A parameter may say what it needs; else who
 * ranks needs a model that ranks, and who predicts one that predicts; who does both does what all its models can. An
 * algorithm that has no name was refused already.
 */
static const char *lacks_of_model(const rb_algorithm *referrer, const rb_param *param, const rb_algorithm *target)
{
    unsigned own = (referrer->can & RB_CAN_BE_ASKED) == RB_CAN_BE_ASKED ? 0
                   : referrer->can & RB_CAN_RANK                        ? RB_PARAM_RANKS
                                                                        : RB_PARAM_PREDICTS;
    unsigned asked = param->flags & (RB_PARAM_RANKS | RB_PARAM_PREDICTS);
    asked = asked ? asked : own;
    if (!target || rb_experiment_gives_labels(referrer, target))
        return NULL;
    if (!(referrer->needs & RB_NEEDS_MODELS))
        return "clusters nothing: expected a clustering of the items";
    if (!(target->can & RB_CAN_BE_ASKED))
        return "is no recommender";
    if (asked & RB_PARAM_RANKS && !(target->can & RB_CAN_RANK))
        return "cannot rank items";
    if (asked & RB_PARAM_PREDICTS && !(target->can & RB_CAN_PREDICT))
        return "cannot predict ratings";
    return NULL;
}

static rb_status read_model(rb_reader *r, rb_option *out, bool *good, const rb_entry *entry, const rb_param *param,
                            const rb_yaml *node)
{
    const rb_experiment *e = r->e;
    const char *suggestion;
    if (node->kind != RB_YAML_SCALAR || rb_yaml_is_null(node))
        return RB_COMPLAIN(r, node->at, "'%s.%s' is %s, expected the `as` name of another entry",
                           entry->algorithm->name, param->name, rb_yaml_words(node));
    int32_t target = find_entry(e, node->text);
    if (target >= 0) {
        const char *lacks = lacks_of_model(entry->algorithm, param, e->entry[target].algorithm);
        if (lacks)
            return refuse(r, entry, param, node, lacks);
        *good = true;
        refer(out, e, RB_PARAM_MODEL, target);
        return RB_OK;
    }
    if (target == AMBIGUOUS)
        return ask_for_name(r, entry, param, node);
    RB_TRY(rb_reader_suggest_entry(r, &suggestion, node->text));
    RB_TRY(RB_COMPLAIN(r, node->at, "'%s.%s' is '%s', and no entry has this name%s", entry->algorithm->name,
                       param->name, node->text, suggestion));
done:
    return r->err->status;
}

/* ---- spaces ---- */

/* The text of one option: a scalar, or a list of scalars joined by +. */
static rb_status join(rb_reader *r, rb_text *out, bool *good, const rb_yaml *node)
{
    *good = false;
    const rb_yaml *first = node->kind == RB_YAML_LIST ? node->first : node;
    for (const rb_yaml *child = first; child; child = node->kind == RB_YAML_LIST ? child->next : NULL) {
        if (child->kind != RB_YAML_SCALAR || rb_yaml_is_null(child))
            return RB_COMPLAIN(r, child->at, "'space.%s' holds %s, expected a text", node->key, rb_yaml_words(child));
        RB_TRY(rb_text_addf(out, r->err, "%s%s", child == first ? "" : "+", child->text));
    }
    if (!first)
        return RB_COMPLAIN(r, node->at, "'space.%s' is an empty list", node->key);
    *good = true;
done:
    return r->err->status;
}

static rb_status set_options(rb_reader *r, rb_space_spec *spec, const rb_yaml *map)
{
    rb_text text = { 0 };
    for (const rb_yaml *child = map->first; child; child = child->next) {
        rb_error raised = { 0 };
        bool good;
        if (strcmp(child->key, "name") == 0)
            continue;
        text.length = 0;
        RB_TRY(join(r, &text, &good, child));
        if (good && rb_space_set(spec, child->key, text.data, &raised) != RB_OK)
            RB_TRY(rb_reader_adopt(r, child->key_at, &raised));
    }
done:
    rb_text_fini(&text);
    return r->err->status;
}

static rb_status name_space(rb_reader *r, rb_option *out, const rb_space_spec *spec)
{
    rb_text name = { 0 };
    RB_TRY(rb_space_canonical(&name, spec, r->err));
    RB_TRY(rb_reader_keep(r, &out->text, &name));
    out->canonical = out->text;
    out->value = (rb_value){ .kind = RB_PARAM_SPACE, .text = out->text };
    out->target = -1;
done:
    rb_text_fini(&name);
    return r->err->status;
}

/* The entry of nearest name among those that make a space; NULL: none is near. */
static const char *nearest_maker(const rb_experiment *e, const char *name)
{
    const char *best = NULL;
    for (int32_t i = 0; i < e->n_entries; i++) {
        const char *one[] = { e->entry[i].name, best, NULL }; /* at most two are compared at a time */
        if (e->entry[i].algorithm && e->entry[i].algorithm->embed)
            best = rb_text_nearest(name, one);
    }
    return best;
}

static rb_status read_space(rb_reader *r, rb_option *out, bool *good, const rb_entry *entry, const rb_param *param,
                            const rb_yaml *node)
{
    rb_error raised = { 0 };
    rb_space_spec spec = { 0 };
    const rb_yaml *name = node->kind == RB_YAML_MAP ? rb_yaml_get(node, "name") : node;
    int64_t n_before = rb_reader_n_messages(r);
    if (!name || name->kind != RB_YAML_SCALAR || rb_yaml_is_null(name))
        return RB_COMPLAIN(r, node->at, "'%s.%s' is %s, expected a space such as lsa-100 or { name: lsa-100, ... }",
                           entry->algorithm->name, param->name, name ? rb_yaml_words(name) : "a mapping without name");
    int32_t target = node->kind == RB_YAML_SCALAR ? find_entry(r->e, node->text) : NOT_FOUND;
    if (target == AMBIGUOUS)
        return ask_for_name(r, entry, param, node);
    if (target >= 0) {
        const rb_algorithm *makes = r->e->entry[target].algorithm; /* NULL: refused already */
        if (makes && !makes->embed)
            return refuse(r, entry, param, node, "makes no space");
        *good = true;
        refer(out, r->e, RB_PARAM_SPACE, target);
        return RB_OK;
    }
    if (rb_space_parse(&spec, name->text, &raised) != RB_OK) {
        const char *nearest = node->kind == RB_YAML_SCALAR ? nearest_maker(r->e, node->text) : NULL;
        if (nearest && !spec.kind)
            RB_TRY(RB_COMPLAIN(r, name->at, "unknown space '%s'; did you mean '%s', the trial that makes one?",
                               name->text, nearest));
        else
            RB_TRY(rb_reader_adopt(r, name->at, &raised));
        goto done;
    }
    RB_TRY(set_options(r, &spec, node));
    if (rb_reader_n_messages(r) > n_before)
        goto done;
    RB_TRY(name_space(r, out, &spec));
    *good = true;
done:
    rb_space_spec_fini(&spec);
    return r->err->status;
}

rb_status rb_reader_reference(rb_reader *r, rb_option *out, bool *good, const rb_entry *entry, const rb_param *param,
                              const rb_yaml *node)
{
    *good = false;
    if (param->kind == RB_PARAM_MODEL)
        return read_model(r, out, good, entry, param, node);
    return read_space(r, out, good, entry, param, node);
}

/* ---- the order of entries ---- */

enum { NEW, OPEN, CLOSED };

/* A depth-first walk along references. */
typedef struct {
    rb_reader *r;
    uint8_t *state; /* [n_entries] */
    int32_t *path;  /* [n_path] open entries */
    int32_t n_path;
    int32_t n_closed;
    bool cyclic;
} walk;

static rb_status report_cycle(walk *w, int32_t again)
{
    const rb_experiment *e = w->r->e;
    rb_text text = { 0 };
    int32_t first = w->n_path - 1;
    while (w->path[first] != again)
        first--;
    for (int32_t i = first; i < w->n_path && text.length < 200; i++)
        RB_TRY(rb_text_addf(&text, w->r->err, "%s -> ", e->entry[w->path[i]].name));
    w->cyclic = true;
    RB_TRY(RB_COMPLAIN(w->r, e->entry[again].at, "reference cycle: %s%s", text.data, e->entry[again].name));
done:
    rb_text_fini(&text);
    return w->r->err->status;
}

static rb_status visit(walk *w, int32_t i) /* NOLINT(misc-no-recursion): as deep as references are */
{
    const rb_entry *entry = &w->r->e->entry[i];
    w->state[i] = OPEN;
    w->path[w->n_path++] = i;
    for (int32_t s = 0; s < entry->n_sweeps; s++)
        for (int64_t o = 0; o < entry->sweep[s].n; o++) {
            int32_t target = entry->sweep[s].option[o].target;
            if (target < 0 || w->state[target] == CLOSED)
                continue;
            RB_TRY(w->state[target] == OPEN ? report_cycle(w, target) : visit(w, target));
        }
    w->n_path--;
    w->state[i] = CLOSED;
    w->r->e->order[w->n_closed++] = i;
done:
    return w->r->err->status;
}

static rb_status order_entries(rb_reader *r, bool *cyclic)
{
    rb_experiment *e = r->e;
    walk w = { .r = r };
    RB_TRY(rb_arena_alloc(&e->arena, &e->order, e->n_entries, r->err));
    RB_TRY(rb_alloc(&w.state, e->n_entries, r->err));
    RB_TRY(rb_alloc(&w.path, e->n_entries, r->err));
    for (int32_t i = 0; i < e->n_entries; i++)
        if (w.state[i] == NEW)
            RB_TRY(visit(&w, i));
    *cyclic = w.cyclic;
done:
    rb_free(w.state);
    rb_free(w.path);
    return r->err->status;
}

/* ---- counts, children before parents ---- */

/* A reference to an entry becomes one option for each of its configurations. */
static rb_status spread_references(rb_reader *r, rb_sweep *sweep)
{
    const rb_experiment *e = r->e;
    rb_option *all;
    int64_t n = 0;
    for (int64_t o = 0; o < sweep->n; o++)
        n += sweep->option[o].target < 0 ? 1 : e->entry[sweep->option[o].target].n_configurations;
    if (n == sweep->n)
        return RB_OK;
    bool good;
    RB_TRY(rb_reader_options(r, &all, &good, n, sweep->at));
    n = 0;
    for (int64_t o = 0; o < sweep->n && good; o++) {
        const rb_option *option = &sweep->option[o];
        int64_t n_copies = option->target < 0 ? 1 : e->entry[option->target].n_configurations;
        for (int64_t copy = 0; copy < n_copies; copy++) {
            all[n] = *option;
            all[n++].target_index = (int32_t)copy;
        }
    }
    if (good) {
        sweep->option = all;
        sweep->n = n;
    }
done:
    return r->err->status;
}

/* How many values a sweep has is known; a reference to a swept entry has more once that is resolved. */
static bool is_counted(const rb_sweep *sweep, bool resolved)
{
    return resolved || (sweep->param->kind != RB_PARAM_MODEL && sweep->param->kind != RB_PARAM_SPACE);
}

static rb_status check_zips(rb_reader *r, const rb_entry *entry, bool resolved)
{
    for (int32_t s = 0; s < entry->n_sweeps; s++)
        for (int32_t t = 0; t < s && entry->sweep[s].zip >= 0; t++) {
            const rb_sweep *a = &entry->sweep[t], *b = &entry->sweep[s];
            if (a->zip != b->zip || a->n == b->n || !is_counted(a, resolved) || !is_counted(b, resolved))
                continue;
            RB_TRY(RB_COMPLAIN(r, b->at, "'%s' has %lld value%s and '%s' %lld: parameters of one zip need equally many",
                               b->param->name, (long long)b->n, b->n == 1 ? "" : "s", a->param->name, (long long)a->n));
            break;
        }
done:
    return r->err->status;
}

/* Configurations that no `exclude` drops; an `exclude` that drops none is a slip. */
static rb_status count_kept(rb_reader *r, rb_entry *entry)
{
    rb_arena scratch = { 0 };
    rb_sweep_cursor cursor;
    bool *hit;
    RB_TRY(rb_sweep_cursor_init(&cursor, entry, &scratch, r->err));
    RB_TRY(rb_arena_alloc(&scratch, &hit, entry->n_excludes, r->err));
    do
        entry->n_configurations += !rb_sweep_cursor_excluded(&cursor, hit);
    while (rb_sweep_cursor_next(&cursor));
    for (int32_t x = 0; x < entry->n_excludes; x++)
        if (!hit[x])
            RB_TRY(RB_COMPLAIN(r, entry->exclude[x].at, "this exclude matches no configuration of '%s'", entry->name));
    if (entry->n_configurations == 0)
        RB_TRY(RB_COMPLAIN(r, entry->at, "empty sweep: exclude leaves no configuration of '%s'", entry->name));
done:
    rb_arena_fini(&scratch);
    return r->err->status;
}

static rb_status count_configurations(rb_reader *r, rb_entry *entry)
{
    int64_t n_before = rb_reader_n_messages(r);
    for (int32_t s = 0; s < entry->n_sweeps; s++)
        RB_TRY(spread_references(r, &entry->sweep[s]));
    RB_TRY(check_zips(r, entry, true));
    if (rb_reader_n_messages(r) > n_before)
        goto done;
    int64_t n = rb_sweep_combinations(entry);
    if (n > RB_MAX_TRIALS)
        return RB_COMPLAIN(r, entry->at, "'%s' has more than 1,000,000 combinations", entry->name);
    if (entry->n_excludes > 0)
        RB_TRY(count_kept(r, entry));
    else
        entry->n_configurations = n;
done:
    return r->err->status;
}

rb_status rb_reader_check_zips(rb_reader *r)
{
    for (int32_t i = 0; i < r->e->n_entries; i++)
        RB_TRY(check_zips(r, &r->e->entry[i], false));
done:
    return r->err->status;
}

rb_status rb_reader_resolve(rb_reader *r)
{
    bool cyclic = false;
    RB_TRY(order_entries(r, &cyclic));
    for (int32_t i = 0; i < r->e->n_entries && !cyclic; i++) { /* children before parents */
        RB_TRY(count_configurations(r, &r->e->entry[r->e->order[i]]));
        RB_TRY(rb_reader_narrow(r, &r->e->entry[r->e->order[i]]));
    }
done:
    return r->err->status;
}
