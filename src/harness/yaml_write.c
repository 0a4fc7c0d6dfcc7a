/*
 * A tree as YAML text in block style; lists of scalars stand on one line.
 */
#include <string.h>
#include <unistr.h>

#include "harness/yaml.h"

static rb_status add(rb_text *out, const char *text, rb_error *err)
{
    return rb_text_add(out, text, (int64_t)strlen(text), err);
}

/* Whether a scalar reads back as the same plain text in any place, flow lists included. */
static bool is_plain(const char *text)
{
    static const char safe[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./@+-() =";
    size_t n = strlen(text);
    if (n == 0 || strspn(text, safe) < n || text[n - 1] == ' ' || strchr("@= ", text[0]) || strcmp(text, "null") == 0)
        return false;
    if (strchr("-.+", text[0])) /* a number; else it may be the mark of a list or of a document's end */
        return strspn(text, "0123456789.eE+-") == n && strpbrk(text, "0123456789");
    return true;
}

/* Code points that libyaml takes as they are and that are no line ends. */
static bool is_printable(ucs4_t c)
{
    if (c < 0x7f)
        return c >= 0x20;
    return c >= 0xa0 && c != 0x2028 && c != 0x2029 && c != 0xfeff && c != 0xfffe && c != 0xffff;
}

static rb_status write_quoted(rb_text *out, const char *text, rb_error *err)
{
    const uint8_t *at = (const uint8_t *)text, *end = at + strlen(text);
    RB_TRY(add(out, "\"", err));
    while (at < end) {
        ucs4_t c;
        int n = u8_mbtouc(&c, at, (size_t)(end - at));
        if (c == '"' || c == '\\')
            RB_TRY(rb_text_addf(out, err, "\\%c", (int)c));
        else if (is_printable(c))
            RB_TRY(rb_text_add(out, (const char *)at, n, err));
        else
            RB_TRY(rb_text_addf(out, err, "\\u%04x", (unsigned)c));
        at += n;
    }
    RB_TRY(add(out, "\"", err));
done:
    return err->status;
}

rb_status rb_yaml_write_scalar(rb_text *out, const char *text, bool quoted, rb_error *err)
{
    return quoted || !is_plain(text) ? write_quoted(out, text, err) : add(out, text, err);
}

static bool holds_scalars_only(const rb_yaml *node)
{
    for (const rb_yaml *child = node->first; child; child = child->next)
        if (child->kind != RB_YAML_SCALAR)
            return false;
    return true;
}

static rb_status write_scalar(rb_text *out, const rb_yaml *node, rb_error *err)
{
    return rb_yaml_is_null(node) ? add(out, "~", err) : rb_yaml_write_scalar(out, node->text, node->quoted, err);
}

/* The first line of a block stands behind what is written already; the others are indented. */
static rb_status write_node(rb_text *out, const rb_yaml *node, int indent, rb_error *err);

/* A short list on one line: [16, 32, 64]. */
static rb_status write_flow(rb_text *out, const rb_yaml *list, rb_error *err)
{
    RB_TRY(add(out, "[", err));
    for (const rb_yaml *child = list->first; child; child = child->next) {
        RB_TRY(write_scalar(out, child, err));
        if (child->next)
            RB_TRY(add(out, ", ", err));
    }
    RB_TRY(add(out, "]", err));
done:
    return err->status;
}

/* What stands behind "key:" or "-": short things on the same line, blocks on lines of their own behind a key. */
static rb_status write_value(rb_text *out, const rb_yaml *node, int indent, bool behind_dash, rb_error *err)
{
    if (node->n == 0 || (node->kind == RB_YAML_LIST && holds_scalars_only(node))) {
        RB_TRY(add(out, " ", err));
        RB_TRY(write_node(out, node, indent, err));
        return add(out, "\n", err);
    }
    if (behind_dash)
        RB_TRY(add(out, " ", err));
    else
        RB_TRY(rb_text_addf(out, err, "\n%*s", indent + 2, ""));
    RB_TRY(write_node(out, node, indent + 2, err));
done:
    return err->status;
}

static rb_status write_node(rb_text *out, const rb_yaml *node, int indent, rb_error *err)
{
    if (node->kind == RB_YAML_SCALAR)
        return write_scalar(out, node, err);
    if (node->n == 0)
        return add(out, node->kind == RB_YAML_MAP ? "{}" : "[]", err);
    if (node->kind == RB_YAML_LIST && holds_scalars_only(node))
        return write_flow(out, node, err);
    for (const rb_yaml *child = node->first; child; child = child->next) {
        if (child != node->first)
            RB_TRY(rb_text_addf(out, err, "%*s", indent, ""));
        if (node->kind == RB_YAML_MAP) {
            RB_TRY(rb_yaml_write_scalar(out, child->key, !*child->key, err));
            RB_TRY(add(out, ":", err));
        } else {
            RB_TRY(add(out, "-", err));
        }
        RB_TRY(write_value(out, child, indent, node->kind == RB_YAML_LIST, err));
    }
done:
    return err->status;
}

rb_status rb_yaml_write(rb_text *out, const rb_yaml *root, rb_error *err)
{
    RB_TRY(write_node(out, root, 0, err));
    if (root->kind == RB_YAML_SCALAR || root->n == 0 || (root->kind == RB_YAML_LIST && holds_scalars_only(root)))
        RB_TRY(add(out, "\n", err));
done:
    return err->status;
}
