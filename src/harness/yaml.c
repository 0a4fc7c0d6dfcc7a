#include "harness/yaml.h"

#include <string.h>
#include <unistr.h>
#include <yaml.h>

#define MAX_KEYS 1000 /* of one mapping: keys are compared with each other */

/* A text on its way to a tree. */
typedef struct {
    yaml_parser_t parser;
    rb_place at; /* origin and source of every node */
    rb_arena *arena;
    rb_messages *m;
    rb_error *err;
    rb_yaml *open[RB_YAML_MAX_DEPTH]; /* mappings and lists not ended yet */
    int depth;
    const char *key; /* of the value that comes next; NULL */
    rb_place key_at;
    rb_yaml *root;
    bool stopped; /* nothing more is read */
    bool torn;    /* the tree is not whole */
} builder;

const char *rb_yaml_words(const rb_yaml *node)
{
    if (node->kind == RB_YAML_LIST)
        return "a list";
    if (node->kind == RB_YAML_MAP)
        return "a mapping";
    return rb_yaml_is_null(node) ? "nothing" : "a text";
}

bool rb_yaml_is_null(const rb_yaml *node)
{
    return node->kind == RB_YAML_SCALAR && !node->quoted &&
           (!*node->text || strcmp(node->text, "~") == 0 || strcmp(node->text, "null") == 0);
}

rb_yaml *rb_yaml_get(const rb_yaml *map, const char *key)
{
    for (rb_yaml *child = map && map->kind == RB_YAML_MAP ? map->first : NULL; child; child = child->next)
        if (strcmp(child->key, key) == 0)
            return child;
    return NULL;
}

static rb_place place_of(const builder *b, yaml_mark_t mark)
{
    rb_place at = b->at;
    at.line = (int32_t)mark.line + 1;
    at.column = (int32_t)mark.column + 1;
    return at;
}

/* Where byte number `offset` stands; columns count characters, a broken one as one. */
static rb_place place_of_byte(rb_place at, const char *text, int64_t offset)
{
    at.line = at.column = 1;
    for (int64_t i = 0; i < offset; i++) {
        if (text[i] == '\n') {
            at.line++;
            at.column = 1;
        } else if (((unsigned char)text[i] & 0xc0) != 0x80) {
            at.column++;
        }
    }
    return at;
}

/* What libyaml would refuse in words that help nobody. */
static rb_status check_bytes(bool *good, const char *text, int64_t n, rb_place at, rb_messages *m, rb_error *err)
{
    const uint8_t *bad = u8_check((const uint8_t *)text, (size_t)n);
    *good = !bad;
    if (bad) {
        int64_t offset = (const char *)bad - text;
        return rb_messages_add(m, place_of_byte(at, text, offset), err,
                               "byte 0x%02x is not UTF-8: save the file in UTF-8", *bad);
    }
    bool indentation = true;
    for (int64_t i = 0; i < n; i++) {
        if (text[i] == '\t' && indentation) {
            *good = false;
            return rb_messages_add(m, place_of_byte(at, text, i), err, "a tab in the indentation: indent with spaces");
        }
        indentation = text[i] == '\n' || (indentation && text[i] == ' ');
    }
    return RB_OK;
}

static rb_status refuse(builder *b, yaml_mark_t mark, const char *words)
{
    return rb_messages_add(b->m, place_of(b, mark), b->err, "%s", words);
}

/* The tree would be torn: only this message helps. */
static rb_status give_up(builder *b, rb_place at, const char *words)
{
    b->stopped = true;
    b->torn = true;
    return rb_messages_add(b->m, at, b->err, "%s", words);
}

/* "- popularity", and on the next line "as: NAME": libyaml reads one text of two lines and finds a colon in it. */
static bool is_as_below_a_name(const yaml_parser_t *p, const char *text, int64_t n)
{
    int64_t end = (int64_t)p->problem_mark.index, begin = end; /* of ASCII before it, a character is a byte */
    if (!p->problem || strncmp(p->problem, "mapping values", 14) != 0 || end > n)
        return false;
    while (begin > 0 && text[begin - 1] != '\n')
        begin--;
    while (begin < end && (text[begin] == ' ' || text[begin] == '\t'))
        begin++;
    return end - begin == 2 && memcmp(text + begin, "as", 2) == 0;
}

static rb_status parser_failed(builder *b, const char *text, int64_t n)
{
    const yaml_parser_t *p = &b->parser;
    b->stopped = true;
    b->torn = true;
    if (p->error == YAML_MEMORY_ERROR)
        return RB_FAIL(b->err, RB_NO_MEMORY, "out of memory while reading %s", b->at.origin);
    if (p->error == YAML_READER_ERROR) {
        int64_t offset = (int64_t)p->problem_offset < n ? (int64_t)p->problem_offset : n;
        return rb_messages_add(b->m, place_of_byte(b->at, text, offset), b->err, "not YAML: %s", p->problem);
    }
    if (is_as_below_a_name(p, text, n))
        return rb_messages_add(b->m, place_of(b, p->problem_mark), b->err,
                               "`as` stands beside an algorithm that is a key:\n  - ALGORITHM: {}\n    as: NAME");
    return rb_messages_add(b->m, place_of(b, p->problem_mark), b->err, "not YAML: %s%s%s", p->context ? p->context : "",
                           p->context ? ": " : "", p->problem ? p->problem : "unreadable");
}

static rb_yaml *container(const builder *b)
{
    return b->depth > 0 ? b->open[b->depth - 1] : NULL;
}

/* Append a node to the open mapping or list; a key that was there already is refused. */
static rb_status attach(builder *b, rb_yaml *node)
{
    rb_yaml *parent = container(b);
    if (!parent) {
        b->root = node;
        return RB_OK;
    }
    if (parent->kind == RB_YAML_MAP) {
        node->key = b->key;
        node->key_at = b->key_at;
        b->key = NULL;
        if (parent->n == MAX_KEYS)
            return give_up(b, node->key_at, "a mapping of more than 1,000 keys");
        const rb_yaml *twin = rb_yaml_get(parent, node->key);
        if (twin)
            return rb_messages_add(b->m, node->key_at, b->err, "duplicated key '%s': it stands on line %d already",
                                   node->key, twin->key_at.line);
    }
    if (parent->last)
        parent->last->next = node;
    else
        parent->first = node;
    parent->last = node;
    parent->n++;
    return RB_OK;
}

static rb_status add_node(builder *b, rb_yaml **out, rb_yaml_kind kind, yaml_mark_t mark)
{
    RB_TRY(rb_arena_alloc(b->arena, out, 1, b->err));
    (*out)->kind = kind;
    (*out)->at = place_of(b, mark);
    RB_TRY(attach(b, *out));
done:
    return b->err->status;
}

/* Whether the next event is the key of a mapping. */
static bool expects_key(const builder *b)
{
    const rb_yaml *parent = container(b);
    return parent && parent->kind == RB_YAML_MAP && !b->key;
}

static rb_status take_scalar(builder *b, const yaml_event_t *event)
{
    const char *value = (const char *)event->data.scalar.value;
    bool quoted = event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
    if (event->data.scalar.anchor)
        RB_TRY(refuse(b, event->start_mark, "anchors (&name) are not used in experiments"));
    if (event->data.scalar.tag)
        RB_TRY(refuse(b, event->start_mark, "tags (!name) are not used in experiments"));
    if (strlen(value) != event->data.scalar.length)
        RB_TRY(refuse(b, event->start_mark, "a text holds a zero byte"));
    char *text = rb_arena_text(b->arena, value, (int64_t)strlen(value), b->err);
    if (text && expects_key(b)) {
        b->key = text;
        b->key_at = place_of(b, event->start_mark);
    } else if (text) {
        rb_yaml *node;
        RB_TRY(add_node(b, &node, RB_YAML_SCALAR, event->start_mark));
        node->text = text;
        node->quoted = quoted;
    }
done:
    return b->err->status;
}

static rb_status take_start(builder *b, const yaml_event_t *event)
{
    bool map = event->type == YAML_MAPPING_START_EVENT;
    rb_yaml *node;
    if (map ? event->data.mapping_start.anchor != NULL : event->data.sequence_start.anchor != NULL)
        RB_TRY(refuse(b, event->start_mark, "anchors (&name) are not used in experiments"));
    if (map ? event->data.mapping_start.tag != NULL : event->data.sequence_start.tag != NULL)
        RB_TRY(refuse(b, event->start_mark, "tags (!name) are not used in experiments"));
    if (expects_key(b))
        return give_up(b, place_of(b, event->start_mark), "a list or a mapping cannot be a key");
    if (b->depth == RB_YAML_MAX_DEPTH)
        return give_up(b, place_of(b, event->start_mark), "nested too deeply: 16 levels are allowed");
    RB_TRY(add_node(b, &node, map ? RB_YAML_MAP : RB_YAML_LIST, event->start_mark));
    b->open[b->depth++] = node;
done:
    return b->err->status;
}

static rb_status take_alias(builder *b, const yaml_event_t *event)
{
    rb_yaml *node;
    if (expects_key(b))
        return give_up(b, place_of(b, event->start_mark), "an alias (*name) cannot be a key");
    RB_TRY(refuse(b, event->start_mark, "aliases (*name) are not used in experiments"));
    b->torn = true; /* its value is not known: what the tree says would be wrong */
    RB_TRY(add_node(b, &node, RB_YAML_SCALAR, event->start_mark));
    node->text = "";
done:
    return b->err->status;
}

static rb_status take(builder *b, const yaml_event_t *event)
{
    switch (event->type) {
    case YAML_DOCUMENT_START_EVENT:
        if (!b->root)
            return RB_OK;
        b->stopped = true;
        return refuse(b, event->start_mark, "a second document: a file holds one experiment");
    case YAML_SCALAR_EVENT:
        return take_scalar(b, event);
    case YAML_MAPPING_START_EVENT:
    case YAML_SEQUENCE_START_EVENT:
        return take_start(b, event);
    case YAML_MAPPING_END_EVENT:
    case YAML_SEQUENCE_END_EVENT:
        b->depth--;
        return RB_OK;
    case YAML_ALIAS_EVENT:
        return take_alias(b, event);
    case YAML_STREAM_END_EVENT:
        b->stopped = true;
        return RB_OK;
    default:
        return RB_OK;
    }
}

rb_status rb_yaml_parse(rb_yaml **root, const char *text, int64_t n, rb_place at, rb_arena *arena, rb_messages *m,
                        rb_error *err)
{
    builder b = { .at = at, .arena = arena, .m = m, .err = err };
    yaml_event_t event;
    bool good, ready = false;
    *root = NULL;
    if (n >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) { /* a byte order mark is no column */
        text += 3;
        n -= 3;
    }
    RB_TRY(check_bytes(&good, text, n, at, m, err));
    if (!good)
        goto done;
    ready = yaml_parser_initialize(&b.parser);
    if (!ready)
        RB_TRY(RB_FAIL(err, RB_NO_MEMORY, "out of memory while reading %s", at.origin));
    yaml_parser_set_input_string(&b.parser, (const unsigned char *)text, (size_t)n);
    while (!b.stopped) {
        if (!yaml_parser_parse(&b.parser, &event)) {
            RB_TRY(parser_failed(&b, text, n));
            break;
        }
        rb_status status = take(&b, &event);
        yaml_event_delete(&event);
        RB_TRY(status);
    }
    *root = b.torn ? NULL : b.root;
done:
    if (ready)
        yaml_parser_delete(&b.parser);
    return err->status;
}
