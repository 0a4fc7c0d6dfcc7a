/*
 * The values of one parameter of an entry: fixed, listed, a range, or sampled.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/rng.h"
#include "harness/experiment_reader.h"

#define MAX_SAMPLES 100000

/* Where one parameter's values are read. */
typedef struct {
    rb_reader *r;
    rb_sweep *out;
    const rb_entry *entry;
    const rb_param *param;
    char owner[160]; /* "ials.regularization" */
} place;

rb_status rb_reader_name_option(rb_reader *r, rb_option *o, const rb_param *param)
{
    char number[64] = "";
    rb_text text = { 0 };
    if (param->kind == RB_PARAM_STRING) {
        RB_TRY(o->value.text ? rb_yaml_write_scalar(&text, o->value.text, true, r->err) : RB_OK);
        o->text = o->value.text ? o->value.text : "";
        RB_TRY(rb_reader_keep(r, &o->canonical, &text));
        goto done;
    }
    if (param->kind == RB_PARAM_INT)
        snprintf(number, sizeof number, "%lld", (long long)o->value.integer);
    else if (param->kind == RB_PARAM_DOUBLE)
        rb_text_double(number, o->value.number);
    else if (param->kind == RB_PARAM_CHOICE)
        rb_choice_name(number, param->choices, (int)o->value.number);
    else if (param->kind == RB_PARAM_BOOL)
        snprintf(number, sizeof number, "%s", o->value.number != 0 ? "true" : "false");
    o->text = o->canonical = rb_arena_text(&r->e->arena, number, (int64_t)strlen(number), r->err);
done:
    rb_text_fini(&text);
    return r->err->status;
}

static rb_status read_option(const place *p, rb_option *o, bool *good, rb_yaml *node)
{
    rb_reader *r = p->r;
    *o = (rb_option){ .target = -1 };
    if (p->param->kind == RB_PARAM_SPACE || p->param->kind == RB_PARAM_MODEL)
        return rb_reader_reference(r, o, good, p->entry, p->param, node);
    if (p->param->kind == RB_PARAM_ARRAY)
        return rb_reader_array(r, o, good, p->entry->algorithm->name, p->param, node);
    RB_TRY(rb_reader_value(r, &o->value, good, p->param, p->entry->algorithm->name, node));
    if (*good)
        RB_TRY(rb_reader_name_option(r, o, p->param));
done:
    return r->err->status;
}

static int by_value(const void *a, const void *b)
{
    const rb_option *x = *(const rb_option *const *)a, *y = *(const rb_option *const *)b;
    int order = x->target != y->target ? (x->target < y->target ? -1 : 1) : strcmp(x->canonical, y->canonical);
    return order ? order : (x < y ? -1 : 1);
}

/* Marks every value that an earlier one equals; *first is the first of them, or NULL. */
static rb_status find_repeats(const place *p, bool *repeats, const rb_option **first)
{
    const rb_option **sorted;
    const rb_sweep *sweep = p->out;
    *first = NULL;
    RB_TRY(rb_alloc(&sorted, sweep->n, p->r->err)); /* NOLINT(bugprone-sizeof-expression): pointers */
    for (int64_t i = 0; i < sweep->n; i++)
        sorted[i] = &sweep->option[i];
    qsort(sorted, (size_t)sweep->n, sizeof *sorted, by_value); /* NOLINT(bugprone-sizeof-expression): pointers */
    for (int64_t i = 1; i < sweep->n; i++)
        if (sorted[i]->target == sorted[i - 1]->target && strcmp(sorted[i]->canonical, sorted[i - 1]->canonical) == 0) {
            repeats[sorted[i] - sweep->option] = true;
            if (!*first || sorted[i] < *first)
                *first = sorted[i];
        }
done:
    rb_free(sorted);
    return p->r->err->status;
}

static rb_status read_list(const place *p, rb_yaml *node)
{
    rb_reader *r = p->r;
    rb_sweep *sweep = p->out;
    const rb_option *twice;
    bool good, *repeats = NULL;
    if (node->n == 0)
        return RB_COMPLAIN(r, node->at, "empty sweep: '%s' lists no value", p->owner);
    RB_TRY(rb_reader_options(r, &sweep->option, &good, node->n, node->at));
    for (rb_yaml *child = good ? node->first : NULL; child; child = child->next) {
        RB_TRY(read_option(p, &sweep->option[sweep->n], &good, child));
        sweep->n += good;
    }
    RB_TRY(rb_alloc(&repeats, sweep->n, r->err));
    RB_TRY(find_repeats(p, repeats, &twice));
    if (twice)
        RB_TRY(RB_COMPLAIN(r, node->at, "'%s' lists %s twice", p->owner, twice->text));
done:
    rb_free(repeats);
    return r->err->status;
}

/* Both ends of [a, b], within the parameter's range. */
static rb_status read_ends(const place *p, rb_value ends[2], bool *good, const rb_yaml *node)
{
    rb_reader *r = p->r;
    bool low, high;
    *good = false;
    if (node->kind != RB_YAML_LIST || node->n != 2)
        return RB_COMPLAIN(r, node->at, "'%s' needs two ends: { %s: [a, b] }", p->owner, node->key);
    RB_TRY(rb_reader_value(r, &ends[0], &low, p->param, p->entry->algorithm->name, node->first));
    RB_TRY(rb_reader_value(r, &ends[1], &high, p->param, p->entry->algorithm->name, node->last));
    if (!low || !high)
        return RB_OK;
    if (ends[0].number > ends[1].number)
        return RB_COMPLAIN(r, node->at, "empty sweep: '%s' goes from %s to %s", p->owner, node->first->text,
                           node->last->text);
    if (strcmp(node->key, "log_uniform") == 0 && ends[0].number <= 0)
        return RB_COMPLAIN(r, node->first->at, "'%s' begins at %s, expected a number above 0 for log_uniform", p->owner,
                           node->first->text);
    *good = true;
done:
    return r->err->status;
}

/* A number that stands beside the two ends: step, samples. */
static rb_status read_beside(const place *p, rb_value *out, bool *good, const rb_param *param, const rb_yaml *map,
                             const char *form, bool required)
{
    const rb_yaml *node = rb_yaml_get(map, param->name);
    *out =
        (rb_value){ .kind = param->kind, .number = param->default_number, .integer = (int64_t)param->default_number };
    *good = node || !required;
    if (node)
        return rb_reader_value(p->r, out, good, param, p->owner, node);
    if (required)
        return RB_COMPLAIN(p->r, map->at, "'%s' needs %s beside %s", p->owner, param->name, form);
    return RB_OK;
}

static rb_status read_range(const place *p, const rb_yaml *map)
{
    rb_reader *r = p->r;
    bool whole = p->param->kind == RB_PARAM_INT, good_ends, good_step;
    const rb_param step_param = {
        .name = "step", .kind = p->param->kind, .default_number = 1, .min = whole ? 1 : 1e-300, .max = 1e9
    };
    rb_value ends[2], step;
    RB_TRY(read_ends(p, ends, &good_ends, rb_yaml_get(map, "range")));
    RB_TRY(read_beside(p, &step, &good_step, &step_param, map, "range", !whole));
    if (!good_ends || !good_step)
        goto done;
    double steps = floor((ends[1].number - ends[0].number) / step.number + (whole ? 0 : 1e-9));
    bool good;
    int64_t n = steps >= RB_MAX_TRIALS ? RB_MAX_TRIALS + 1 : (int64_t)steps + 1;
    RB_TRY(rb_reader_options(r, &p->out->option, &good, n, map->at));
    p->out->n = good ? n : 0;
    for (int64_t i = 0; i < p->out->n; i++) {
        rb_option *o = &p->out->option[i];
        char digits[32];
        snprintf(digits, sizeof digits, "%.12g",
                 ends[0].number + (double)i * step.number); /* .3, not .30000000000000004 */
        *o = (rb_option){ .value = { .kind = p->param->kind }, .target = -1 };
        o->value.integer = whole ? ends[0].integer + i * step.integer : 0;
        o->value.number = whole ? (double)o->value.integer : fmin(strtod(digits, NULL), ends[1].number);
        RB_TRY(rb_reader_name_option(r, o, p->param));
    }
done:
    return r->err->status;
}

/* Draw number i between two ends: to six digits, so that it can be written by hand; whole for whole parameters. */
static rb_value sample(const place *p, const rb_value ends[2], bool logarithmic, int64_t i)
{
    char name[200], digits[32];
    snprintf(name, sizeof name, "%s.%s", p->entry->name, p->param->name);
    rb_rng rng = { .key = rb_seed_named(p->r->e->seed, "samples"), .stream = rb_stream(name), .entity = (uint64_t)i };
    double u = rb_rng_uniform(&rng, 0), a = ends[0].number, b = ends[1].number;
    double x = logarithmic ? exp(log(a) + u * (log(b) - log(a))) : a + u * (b - a);
    rb_value value = { .kind = p->param->kind };
    if (p->param->kind == RB_PARAM_INT) {
        value.integer = llround(x);
        value.integer = value.integer < ends[0].integer   ? ends[0].integer
                        : value.integer > ends[1].integer ? ends[1].integer
                                                          : value.integer;
        value.number = (double)value.integer;
        return value;
    }
    snprintf(digits, sizeof digits, "%.6g", x);
    value.number = fmin(fmax(strtod(digits, NULL), a), b);
    return value;
}

/* Equal draws (of whole numbers) count once. */
static rb_status read_samples(const place *p, const rb_yaml *map, const rb_yaml *node)
{
    static const rb_param samples = { .name = "samples", .kind = RB_PARAM_INT, .min = 1, .max = MAX_SAMPLES };
    rb_reader *r = p->r;
    rb_sweep *sweep = p->out;
    rb_value ends[2], n;
    bool good_ends, good_n, *repeats = NULL;
    const rb_option *twice;
    RB_TRY(read_ends(p, ends, &good_ends, node));
    RB_TRY(read_beside(p, &n, &good_n, &samples, map, node->key, true));
    if (!good_ends || !good_n)
        goto done;
    RB_TRY(rb_reader_options(r, &sweep->option, &good_n, n.integer, map->at));
    sweep->n = good_n ? n.integer : 0;
    for (int64_t i = 0; i < sweep->n; i++) {
        sweep->option[i] = (rb_option){ .target = -1 };
        sweep->option[i].value = sample(p, ends, strcmp(node->key, "log_uniform") == 0, i);
        RB_TRY(rb_reader_name_option(r, &sweep->option[i], p->param));
    }
    RB_TRY(rb_alloc(&repeats, sweep->n, r->err));
    RB_TRY(find_repeats(p, repeats, &twice));
    int64_t kept = 0;
    for (int64_t i = 0; i < sweep->n; i++)
        if (!repeats[i])
            sweep->option[kept++] = sweep->option[i];
    sweep->n = kept;
done:
    rb_free(repeats);
    return r->err->status;
}

/* A key that no form has, or that another form has. */
static rb_status refuse_key(const place *p, const rb_yaml *child, const rb_yaml *form)
{
    static const char *const all[] = { "range", "step", "uniform", "log_uniform", "samples", NULL };
    const char *suggestion;
    for (int i = 0; all[i]; i++)
        if (strcmp(all[i], child->key) == 0)
            return form ? RB_COMPLAIN(p->r, child->key_at, "'%s' does not go with %s of '%s'", child->key, form->key,
                                      p->owner)
                        : RB_OK;
    RB_TRY(rb_reader_suggest(p->r, &suggestion, child->key, all));
    RB_TRY(RB_COMPLAIN(p->r, child->key_at, "unknown key '%s' of '%s'%s", child->key, p->owner, suggestion));
done:
    return p->r->err->status;
}

static rb_status read_map(const place *p, const rb_yaml *map)
{
    static const char *const forms[] = { "range", "uniform", "log_uniform", NULL };
    rb_reader *r = p->r;
    const rb_yaml *form = NULL;
    int64_t n_before = rb_reader_n_messages(r);
    if (p->param->kind != RB_PARAM_INT && p->param->kind != RB_PARAM_DOUBLE)
        return RB_COMPLAIN(r, map->at, "'%s' is a mapping, expected a value or a list of values", p->owner);
    for (int i = 0; forms[i] && !form; i++)
        form = rb_yaml_get(map, forms[i]);
    bool is_range = form && strcmp(form->key, "range") == 0;
    for (const rb_yaml *child = map->first; child; child = child->next)
        if (child != form && strcmp(child->key, is_range ? "step" : "samples") != 0)
            RB_TRY(refuse_key(p, child, form));
    if (rb_reader_n_messages(r) > n_before)
        goto done;
    if (!form)
        return RB_COMPLAIN(r, map->at, "'%s' is a mapping without range, uniform or log_uniform", p->owner);
    RB_TRY(is_range ? read_range(p, map) : read_samples(p, map, form));
done:
    return r->err->status;
}

/* [[1, 2], [3, 4]] and [1, 2] are the numbers of one array, which [a, 2] was to be; [a.txt, b.txt] sweeps over files.
 */
static bool is_inline_array(const rb_param *param, const rb_yaml *node)
{
    bool any = false;
    for (const rb_yaml *child = node->first; child && !any; child = child->next)
        any = child->kind == RB_YAML_LIST || rb_reader_is_number(child);
    return param->kind == RB_PARAM_ARRAY && any;
}

rb_status rb_reader_sweep(rb_reader *r, rb_sweep *out, const rb_entry *entry, const rb_param *param, rb_yaml *node)
{
    place p = { .r = r, .out = out, .entry = entry, .param = param };
    snprintf(p.owner, sizeof p.owner, "%s.%s", entry->algorithm->name, param->name);
    *out = (rb_sweep){ .param = param, .at = node->at, .zip = -1 };
    if (node->kind == RB_YAML_LIST && !is_inline_array(param, node))
        return read_list(&p, node);
    if (node->kind == RB_YAML_MAP && param->kind != RB_PARAM_SPACE)
        return read_map(&p, node);
    bool good;
    RB_TRY(rb_reader_options(r, &out->option, &good, 1, node->at));
    if (good)
        RB_TRY(read_option(&p, &out->option[0], &good, node));
    out->n = good;
done:
    return r->err->status;
}
