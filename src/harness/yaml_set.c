/*
 * Overrides: --set a.b.0.c=fragment.
 */
#include <string.h>

#include "base/alloc.h"
#include "harness/yaml.h"

typedef struct {
    rb_place at; /* the whole override */
    rb_arena *arena;
    rb_messages *m;
    rb_error *err;
} override;

static void become_map(rb_yaml *node)
{
    node->kind = RB_YAML_MAP;
    node->text = NULL;
}

static rb_status add_child(rb_yaml **out, rb_yaml *map, const char *key, const override *o)
{
    RB_TRY(rb_arena_alloc(o->arena, out, 1, o->err));
    rb_yaml *child = *out;
    *child = (rb_yaml){ .kind = RB_YAML_SCALAR, .at = o->at, .key = key, .key_at = o->at, .text = "" };
    if (map->last)
        map->last->next = child;
    else
        map->first = child;
    map->last = child;
    map->n++;
done:
    return o->err->status;
}

/* `- ials` is `- ials: {}`; in `- ials: {...}` the one key may be left out of a path. */
static rb_status enter_entry(rb_yaml **node, const char *key, const override *o)
{
    rb_yaml *entry = *node, *inner = NULL;
    if (entry->kind == RB_YAML_SCALAR && !rb_yaml_is_null(entry)) {
        const char *name = entry->text;
        become_map(entry);
        RB_TRY(add_child(&inner, entry, name, o));
    }
    if (entry->kind != RB_YAML_MAP || rb_yaml_get(entry, key) || rb_yaml_stands_beside(key))
        return RB_OK;
    int32_t n_inner = 0;
    for (rb_yaml *child = entry->first; child; child = child->next)
        if (!rb_yaml_stands_beside(child->key)) {
            inner = child;
            n_inner++;
        }
    if (n_inner == 1)
        *node = inner;
done:
    return o->err->status;
}

/* One step of a path; *node becomes NULL where there is none (then there is a message). */
static rb_status step(rb_yaml **node, const char *key, bool *in_list, const override *o)
{
    rb_yaml *at = *node, *next = NULL;
    if (*in_list)
        RB_TRY(enter_entry(&at, key, o));
    *in_list = at->kind == RB_YAML_LIST;
    if (at->kind == RB_YAML_LIST) {
        int64_t index = -1;
        if (!rb_parse_int(&index, key, (int64_t)strlen(key)) || index < 0 || index >= at->n)
            RB_TRY(rb_messages_add(o->m, o->at, o->err, "'%s' is no position of a list of %d (the first is 0)", key,
                                   at->n));
        else
            for (next = at->first; index > 0; index--)
                next = next->next;
    } else if (at->kind == RB_YAML_MAP || rb_yaml_is_null(at)) {
        become_map(at);
        next = rb_yaml_get(at, key);
        if (!next)
            RB_TRY(add_child(&next, at, key, o));
    } else {
        RB_TRY(rb_messages_add(o->m, o->at, o->err, "there is no '%s': '%s' is a text, not a mapping", key, at->text));
    }
done:
    *node = next;
    return o->err->status;
}

rb_status rb_yaml_set(rb_yaml *root, const char *set, int source, rb_arena *arena, rb_messages *m, rb_error *err)
{
    rb_text origin = { 0 };
    rb_yaml *value, *node = root;
    bool in_list = false;
    const char *equals = strchr(set, '=');
    int64_t n_before = m->n + m->n_left_out;
    RB_TRY(rb_text_addf(&origin, err, "--set %s", set));
    override o = { .at = { .source = source }, .arena = arena, .m = m, .err = err };
    o.at.origin = rb_arena_text(arena, origin.data, origin.length, err);
    RB_TRY(err->status);
    if (!equals || equals == set) {
        RB_TRY(rb_messages_add(m, o.at, err, "expected key=value"));
        goto done;
    }
    for (const char *key = set; node && key <= equals;) {
        size_t length = strcspn(key, ".=");
        char *name = rb_arena_text(arena, key, (int64_t)length, err);
        RB_TRY(err->status);
        RB_TRY(step(&node, name, &in_list, &o));
        key += length + 1;
    }
    RB_TRY(rb_yaml_parse(&value, equals + 1, (int64_t)strlen(equals + 1), o.at, arena, m, err));
    if (!node || m->n + m->n_left_out > n_before)
        goto done;
    if (!value || rb_yaml_is_null(value)) {
        RB_TRY(rb_messages_add(m, o.at, err, "no value stands behind ="));
        goto done;
    }
    value->key = node->key;
    value->key_at = o.at;
    value->next = node->next;
    *node = *value;
done:
    rb_text_fini(&origin);
    return err->status;
}
