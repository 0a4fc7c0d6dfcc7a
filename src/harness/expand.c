#include "harness/expand.h"

#include <stdio.h>
#include <string.h>

#include "base/rng.h"
#include "data/space.h"
#include "harness/sweep_cursor.h"

/* The parameters of one table. */
typedef struct {
    const rb_param *params;
    int32_t n;
    int32_t *sweep_of; /* [n] the entry's sweep of each parameter; -1: its default */
    rb_option *fixed;  /* [n] the default */
} columns;

/* One entry on its way into configurations. */
typedef struct {
    rb_plan *plan;
    const rb_entry *entry;
    columns own, rerank;
    int32_t n_children;   /* most that a configuration can have */
    const int32_t *first; /* [n_entries] first configuration of each entry */
    rb_error *err;
} entry_plan;

static rb_status keep(rb_plan *plan, const char **out, const rb_text *text, rb_error *err)
{
    *out = rb_arena_text(&plan->arena, text->data ? text->data : "", text->length, err);
    return err->status;
}

/* The canonical name of the space that a table's default names. */
static rb_status default_space(entry_plan *p, rb_option *o, const char *name)
{
    rb_space_spec spec = { 0 };
    rb_text text = { 0 };
    RB_TRY(rb_space_parse(&spec, name, p->err));
    RB_TRY(rb_space_canonical(&text, &spec, p->err));
    RB_TRY(keep(p->plan, &o->canonical, &text, p->err));
    o->value.text = o->canonical;
done:
    rb_space_spec_fini(&spec);
    rb_text_fini(&text);
    return p->err->status;
}

/* Defaults as options; `config` holds a table's defaults. */
static rb_status default_option(entry_plan *p, columns *t, int32_t k, const void *config)
{
    const rb_param *param = &t->params[k];
    rb_option *o = &t->fixed[k];
    rb_text text = { 0 };
    *o = (rb_option){ .text = "", .canonical = "~", .target = -1 };
    o->value = (rb_value){ .kind = param->kind,
                           .number = param->default_number,
                           .integer = param->kind == RB_PARAM_INT ? (int64_t)param->default_number : 0,
                           .text = param->default_text };
    if (param->kind == RB_PARAM_MODEL || param->kind == RB_PARAM_ARRAY)
        return RB_OK;
    if (param->kind == RB_PARAM_SPACE)
        return param->default_text ? default_space(p, o, param->default_text) : RB_OK;
    if (param->kind == RB_PARAM_STRING && param->default_text)
        RB_TRY(rb_yaml_write_scalar(&text, param->default_text, true, p->err));
    else if (param->kind != RB_PARAM_STRING)
        RB_TRY(rb_param_format(&text, param, config, p->err));
    else
        return RB_OK;
    RB_TRY(keep(p->plan, &o->canonical, &text, p->err));
done:
    rb_text_fini(&text);
    return p->err->status;
}

static rb_status begin_table(entry_plan *p, columns *t, const rb_param *params, size_t config_size)
{
    rb_arena *arena = &p->plan->arena;
    char *config;
    t->params = params;
    while (params && params[t->n].name)
        t->n++;
    RB_TRY(rb_arena_alloc(arena, &t->sweep_of, t->n, p->err));
    RB_TRY(rb_arena_alloc(arena, &t->fixed, t->n, p->err));
    RB_TRY(rb_arena_alloc(arena, &config, (int64_t)config_size, p->err));
    rb_params_default(config, params);
    for (int32_t k = 0; k < t->n; k++) {
        t->sweep_of[k] = -1;
        for (int32_t s = 0; s < p->entry->n_sweeps; s++)
            if (p->entry->sweep[s].param == &params[k])
                t->sweep_of[k] = s;
        RB_TRY(default_option(p, t, k, config));
    }
done:
    return p->err->status;
}

static rb_status begin_entry(entry_plan *p)
{
    const rb_algorithm *a = p->entry->algorithm;
    RB_TRY(begin_table(p, &p->own, a->params, a->config_size));
    for (int32_t k = 0; k < p->own.n; k++)
        p->n_children += p->own.params[k].kind == RB_PARAM_MODEL || p->own.params[k].kind == RB_PARAM_SPACE;
    if (p->entry->reranks)
        RB_TRY(begin_table(p, &p->rerank, rb_rerank_params, sizeof(rb_rerank_config)));
done:
    return p->err->status;
}

static const rb_option *option_of(const entry_plan *p, const columns *t, const rb_sweep_cursor *cursor, int32_t k)
{
    int32_t s = t->sweep_of[k];
    return s < 0 ? &t->fixed[k] : &p->entry->sweep[s].option[cursor->position[s]];
}

/* Where a reference leads to a model, or to labels. */
static void refer(const entry_plan *p, rb_configuration *c, const rb_option *o, rb_value *value)
{
    int32_t child = p->first[o->target] + o->target_index;
    value->integer = -1;
    if (rb_experiment_gives_labels(p->entry->algorithm, p->plan->experiment->entry[o->target].algorithm)) {
        c->labels_child = child;
        return;
    }
    value->integer = c->n_models;
    c->children[c->n_models++] = child;
}

/* Models first, in the order of the table, then the clustering, then the trial that makes the space. */
static void fill(const entry_plan *p, rb_configuration *c, const rb_sweep_cursor *cursor)
{
    for (int32_t k = 0; k < p->own.n; k++) {
        const rb_option *o = option_of(p, &p->own, cursor, k);
        rb_value value = o->value;
        if (p->own.params[k].kind == RB_PARAM_MODEL && o->target >= 0)
            refer(p, c, o, &value);
        if (p->own.params[k].kind == RB_PARAM_SPACE) {
            c->space = o->target < 0 ? value.text : NULL;
            c->space_child = o->target < 0 ? -1 : p->first[o->target] + o->target_index;
        }
        rb_param_store(c->config, &p->own.params[k], &value);
    }
    c->n_children = c->n_models;
    if (c->labels_child >= 0)
        c->children[c->n_children++] = c->labels_child;
    if (c->space_child >= 0)
        c->children[c->n_children++] = c->space_child;
}

bool rb_configuration_is_of_users(const rb_plan *plan, const rb_configuration *c)
{
    while (c->space_child >= 0)
        c = &plan->configuration[c->space_child];
    return rb_space_is_of_users(c->space);
}

/* Clusters stand in place of the space; which they are, the key of their trial says. */
static rb_status fill_rerank(const entry_plan *p, rb_configuration *c, const rb_sweep_cursor *cursor)
{
    rb_rerank_config *config;
    rb_text text = { 0 };
    RB_TRY(rb_arena_alloc(&p->plan->arena, &config, 1, p->err));
    for (int32_t k = 0; k < p->rerank.n; k++) {
        const rb_option *o = option_of(p, &p->rerank, cursor, k);
        rb_param_store(config, &p->rerank.params[k], &o->value);
        if (p->rerank.params[k].kind == RB_PARAM_MODEL && o->target >= 0)
            c->aspects_child = p->first[o->target] + o->target_index;
    }
    if (c->aspects_child >= 0)
        config->space = NULL;
    for (int32_t k = 0; k < p->rerank.n; k++)
        if (p->rerank.params[k].kind != RB_PARAM_SPACE || config->space)
            RB_TRY(rb_text_addf(&text, p->err, "%s=%s ", p->rerank.params[k].name,
                                option_of(p, &p->rerank, cursor, k)->canonical));
    RB_TRY(keep(p->plan, &c->rerank_text, &text, p->err));
    c->rerank = config;
done:
    rb_text_fini(&text);
    return p->err->status;
}

bool rb_configuration_reads_model(const rb_configuration *c, int32_t child)
{
    return child < c->n_models || (c->space_child >= 0 && child == c->n_children - 1);
}

#define NESTED_TEXT_MAX 200 /* longer ones are named by their number: texts of texts would grow without end */

/* The reference's name; where it has several configurations, with the text of the one meant. */
static rb_status add_reference(const entry_plan *p, rb_text *text, const rb_option *o)
{
    const rb_configuration *child = &p->plan->configuration[p->first[o->target] + o->target_index];
    if (strlen(child->text) > NESTED_TEXT_MAX)
        return rb_text_addf(text, p->err, "%s(%d)", o->text, o->target_index + 1);
    if (child->entry->n_configurations > 1)
        return rb_text_addf(text, p->err, "%s(%s)", o->text, child->text);
    return rb_text_addf(text, p->err, "%s", o->text);
}

/* Children are expanded before their parents. */
static bool is_fast(const entry_plan *p, const rb_configuration *c)
{
    const rb_configuration *all = p->plan->configuration;
    bool fast = rb_params_fast(c->config, p->own.params) || (c->aspects_child >= 0 && all[c->aspects_child].is_fast);
    for (int32_t i = 0; i < c->n_children; i++)
        fast = fast || all[c->children[i]].is_fast;
    return fast;
}

static rb_status name_configuration(const entry_plan *p, rb_configuration *c, const rb_sweep_cursor *cursor)
{
    rb_text text = { 0 }, canonical = { 0 }, prepares = { 0 }, space = { 0 };
    for (int32_t s = 0; s < p->entry->n_sweeps; s++) {
        const rb_sweep *sweep = &p->entry->sweep[s];
        const rb_option *o = &sweep->option[cursor->position[s]];
        RB_TRY(
            rb_text_addf(&text, p->err, "%s%s%s=", s ? " " : "", sweep->reranks ? "rerank." : "", sweep->param->name));
        RB_TRY(o->target >= 0 ? add_reference(p, &text, o) : rb_text_addf(&text, p->err, "%s", o->text));
        if (sweep->param->kind == RB_PARAM_SPACE && !sweep->reranks && o->target >= 0)
            RB_TRY(add_reference(p, &space, o));
    }
    for (int32_t k = 0; k < p->own.n; k++) {
        const rb_param *param = &p->own.params[k];
        const char *value = option_of(p, &p->own, cursor, k)->canonical;
        RB_TRY(rb_text_addf(&canonical, p->err, "%s%s=%s", k ? " " : "", param->name, value));
        if (param->flags & RB_PARAM_PREPARES)
            RB_TRY(rb_text_addf(&prepares, p->err, "%s=%s ", param->name, value));
    }
    if (p->entry->reranks && p->rerank.sweep_of[0] < 0) /* a re-ranked list never looks like one that is not */
        RB_TRY(rb_text_addf(&text, p->err, "%srerank.%s=%s", text.length ? " " : "", p->rerank.params[0].name,
                            p->rerank.fixed[0].canonical));
    if (c->is_fast)
        RB_TRY(rb_text_addf(&text, p->err, "%s[fast]", text.length ? " " : ""));
    RB_TRY(keep(p->plan, &c->text, &text, p->err));
    RB_TRY(keep(p->plan, &c->canonical, &canonical, p->err));
    RB_TRY(keep(p->plan, &c->prepares, &prepares, p->err));
    c->space_name = c->space;
    if (c->space_child >= 0)
        RB_TRY(keep(p->plan, &c->space_name, &space, p->err));
done:
    rb_text_fini(&space);
    rb_text_fini(&text);
    rb_text_fini(&canonical);
    rb_text_fini(&prepares);
    return p->err->status;
}

static rb_status expand_entry(entry_plan *p, int32_t index)
{
    rb_plan *plan = p->plan;
    rb_sweep_cursor cursor;
    char *config;
    RB_TRY(begin_entry(p));
    RB_TRY(rb_sweep_cursor_init(&cursor, p->entry, &plan->arena, p->err));
    do {
        if (rb_sweep_cursor_excluded(&cursor, NULL))
            continue;
        rb_configuration *c = &plan->configuration[index];
        *c = (rb_configuration){
            .entry = p->entry, .index = index, .labels_child = -1, .space_child = -1, .aspects_child = -1
        };
        index++;
        RB_TRY(rb_arena_alloc(&plan->arena, &config, (int64_t)p->entry->algorithm->config_size, p->err));
        RB_TRY(rb_arena_alloc(&plan->arena, &c->children, p->n_children, p->err));
        c->config = config;
        fill(p, c, &cursor);
        if (p->entry->reranks)
            RB_TRY(fill_rerank(p, c, &cursor));
        c->is_fast = is_fast(p, c);
        RB_TRY(name_configuration(p, c, &cursor));
    } while (rb_sweep_cursor_next(&cursor));
done:
    return p->err->status;
}

static rb_status number_trials(rb_plan *plan, rb_error *err)
{
    plan->n_trials = (int64_t)plan->n_configurations * plan->n_folds * plan->n_repeats;
    RB_TRY(rb_arena_alloc(&plan->arena, &plan->trial, plan->n_trials, err));
    int64_t t = 0;
    for (int32_t c = 0; c < plan->n_configurations; c++)
        for (int32_t f = 0; f < plan->n_folds; f++)
            for (int32_t r = 0; r < plan->n_repeats; r++, t++)
                plan->trial[t] = (rb_trial){ .number = t + 1, .configuration = c, .fold = f, .repeat = r };
done:
    return err->status;
}

rb_status rb_expand(rb_plan *out, const rb_experiment *e, rb_error *err)
{
    int32_t *first, n_ordered = 0;
    out->experiment = e;
    out->n_folds = (int32_t)rb_split_n_folds(&e->split);
    out->n_repeats = (int32_t)e->repeats;
    RB_TRY(rb_arena_alloc(&out->arena, &first, e->n_entries, err));
    for (int32_t i = 0; i < e->n_entries; i++) {
        first[i] = out->n_configurations;
        out->n_configurations += (int32_t)e->entry[i].n_configurations;
    }
    RB_TRY(rb_arena_alloc(&out->arena, &out->configuration, out->n_configurations, err));
    RB_TRY(rb_arena_alloc(&out->arena, &out->order, out->n_configurations, err));
    for (int32_t i = 0; i < e->n_entries; i++) { /* children first: their texts stand in their parents' */
        int32_t entry = e->order[i];
        entry_plan p = { .plan = out, .entry = &e->entry[entry], .first = first, .err = err };
        RB_TRY(expand_entry(&p, first[entry]));
        for (int64_t c = 0; c < p.entry->n_configurations; c++)
            out->order[n_ordered++] = first[entry] + (int32_t)c;
    }
    RB_TRY(number_trials(out, err));
done:
    return err->status;
}

void rb_plan_fini(rb_plan *plan)
{
    rb_arena_fini(&plan->arena);
    memset(plan, 0, sizeof *plan);
}

const rb_trial *rb_plan_trial(const rb_plan *plan, int32_t configuration, int32_t fold, int32_t repeat)
{
    return &plan->trial[((int64_t)configuration * plan->n_folds + fold) * plan->n_repeats + repeat];
}

uint64_t rb_plan_seed(const rb_plan *plan, int32_t repeat)
{
    return rb_mix(rb_seed_named(plan->experiment->seed, "trial"), (uint64_t)repeat);
}
