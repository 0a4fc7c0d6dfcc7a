/*
 * Reading an experiment: YAML, overrides, sections, and what they must agree on.
 */
#include "harness/experiment.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "cluster/cluster.h"
#include "harness/experiment_reader.h"
#include "recommend/recommend.h"

#define NAME_MAX_BYTES 100 /* of an experiment: it names a folder */

rb_status rb_experiment_load(rb_text *out, const char *file, rb_error *err)
{
    char block[65536];
    bool is_stdin = strcmp(file, "-") == 0;
    FILE *f = is_stdin ? stdin : fopen(file, "rb");
    if (!f)
        return RB_FAIL_OPEN(err, file);
    for (size_t n = 1; n > 0;) {
        n = fread(block, 1, sizeof block, f);
        if (n == 0 && ferror(f))
            RB_TRY(RB_FAIL_OPEN(err, file)); /* a folder opens, and fails here */
        RB_TRY(rb_text_add(out, block, (int64_t)n, err));
        if (out->length > RB_YAML_MAX_BYTES)
            RB_TRY(RB_FAIL(err, RB_BAD_INPUT, "%s is no experiment file: it has more than 16 MiB", file));
    }
done:
    if (!is_stdin)
        fclose(f);
    return err->status;
}

static rb_status read_name(rb_reader *r, const char *name, const rb_yaml *node)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";
    r->e->name = name;
    if (!node && rb_reader_misspelt(r, "experiment", "experiment"))
        return RB_OK;
    if (!node)
        return RB_COMPLAIN(r, r->root->at, "'experiment' is missing: a name, which run folders begin with");
    if (name && (strspn(name, allowed) != strlen(name) || strlen(name) > NAME_MAX_BYTES || strchr(".-", name[0])))
        return RB_COMPLAIN(r, node->at,
                           "'experiment' is '%s', expected a name of letters, digits, - _ and . (it names a "
                           "folder), at most %d",
                           name, NAME_MAX_BYTES);
    return RB_OK;
}

/* The plain values and the sections that fill one struct each. */
static rb_status read_plain(rb_reader *r)
{
    rb_experiment *e = r->e;
    const char *others[16];
    int n = 0;
    for (const rb_experiment_key *key = rb_experiment_keys; key->name; key++)
        if (*key->name && !strchr(key->name, '.') && (n == 0 || strcmp(others[n - 1], key->name) != 0))
            others[n++] = key->name;
    others[n] = NULL;
    rb_top_keys top = { 0 };
    RB_TRY(rb_reader_section(r, &top, rb_top_params, "experiment", r->root, others));
    RB_TRY(read_name(r, top.experiment, rb_yaml_get(r->root, "experiment")));
    e->seed = (uint64_t)top.seed;
    e->repeats = top.repeats;
    e->relevance = top.relevance;
    e->timeout_s = top.timeout;
    e->checkpoint_s = top.checkpoint;
    e->output = top.output;
    RB_TRY(rb_reader_section(r, &e->evaluation, rb_evaluation_params, "evaluation", rb_yaml_get(r->root, "evaluation"),
                             NULL));
    RB_TRY(rb_reader_section(r, &e->statistics, rb_statistics_params, "statistics", rb_yaml_get(r->root, "statistics"),
                             NULL));
    RB_TRY(rb_reader_section(r, &e->store, rb_store_params, "store", rb_yaml_get(r->root, "store"), NULL));
    rb_evaluation values = e->evaluation, defaults = { 0 };
    rb_params_default(&defaults, rb_evaluation_params);
    values.refit = false; /* adds fits, changes none */
    values.segments = defaults.segments;
    values.gap_references = defaults.gap_references;
    RB_TRY(rb_reader_canonical(r, &e->evaluation_text, "evaluation", rb_evaluation_params, &values));
done:
    return r->err->status;
}

static rb_status check_n_trials(rb_reader *r, const rb_experiment *e, rb_place at, const char *what)
{
    int64_t n = 0;
    char digits[32];
    for (int32_t i = 0; i < e->n_entries; i++)
        n += e->entry[i].n_configurations;
    bool over = __builtin_mul_overflow(n, rb_split_n_folds(&e->split), &n) || __builtin_mul_overflow(n, e->repeats, &n);
    if (over || n > RB_MAX_TRIALS)
        return RB_COMPLAIN(r, at, "%s %s, at most 1,000,000 are allowed",
                           over ? "far too many" : rb_text_count(digits, n), what);
    return RB_OK;
}

static rb_status read_tree(rb_reader *r)
{
    if (r->root->kind != RB_YAML_MAP)
        return RB_COMPLAIN(r, r->root->at, "the file is %s, expected a mapping: experiment: NAME, dataset: ...",
                           rb_yaml_words(r->root));
    RB_TRY(read_plain(r));
    RB_TRY(rb_reader_data(r));
    RB_TRY(rb_reader_trials(r));
    RB_TRY(rb_reader_replay(r));
    RB_TRY(rb_reader_metrics(r));
    RB_TRY(rb_reader_expect(r));
    const rb_yaml *trials = rb_yaml_get(r->root, "trials");
    if (rb_reader_n_messages(r) == 0 && trials)
        RB_TRY(check_n_trials(r, r->e, trials->at, "trials (configurations x folds x repeats)"));
    if (rb_reader_n_messages(r) == 0 && r->e->replay.jobs)
        RB_TRY(check_n_trials(r, r->e->replay.jobs, r->e->replay.at, "replays (configurations x repeats)"));
done:
    return r->err->status;
}

/* The absolute folder of the file; NULL where paths inside stay as they are. */
static rb_status find_folder(rb_reader *r, const char *file)
{
    rb_text name = { 0 };
    const char *slash = strrchr(file, '/');
    RB_TRY(rb_text_addf(&name, r->err, "%.*s", slash ? (int)(slash - file + 1) : 1, slash ? file : "."));
    char *real = realpath(name.data, NULL);
    if (real) {
        r->folder = rb_arena_text(&r->e->arena, real, (int64_t)strlen(real), r->err);
        free(real);
    }
done:
    rb_text_fini(&name);
    return r->err->status;
}

static rb_status apply_overrides(rb_reader *r, const rb_experiment_input *input)
{
    char seed[64];
    for (int32_t i = 0; i < input->n_sets; i++)
        RB_TRY(rb_yaml_set(r->root, input->sets[i], i + 1, &r->e->arena, r->m, r->err));
    if (input->seed) {
        snprintf(seed, sizeof seed, "seed=%llu", (unsigned long long)*input->seed);
        RB_TRY(rb_yaml_set(r->root, seed, input->n_sets + 1, &r->e->arena, r->m, r->err));
    }
done:
    return r->err->status;
}

/* YAML, then everything that it says; messages where something is wrong. */
static rb_status read_text(rb_reader *r, const rb_experiment_input *input, const char *text, int64_t n)
{
    rb_experiment *e = r->e;
    rb_place at = { .origin = e->file };
    rb_text resolved = { 0 };
    RB_TRY(find_folder(r, e->file));
    RB_TRY(rb_yaml_parse(&r->root, text, n, at, &e->arena, r->m, r->err));
    if (!r->root) {
        if (rb_reader_n_messages(r) == 0)
            RB_TRY(RB_COMPLAIN(r, at, "the file is empty"));
        goto done;
    }
    RB_TRY(apply_overrides(r, input));
    RB_TRY(read_tree(r));
    RB_TRY(rb_yaml_write(&resolved, r->root, r->err));
    RB_TRY(rb_reader_keep(r, &e->text, &resolved));
done:
    rb_text_fini(&resolved);
    return r->err->status;
}

rb_status rb_experiment_parse(rb_experiment *out, const rb_experiment_input *input, rb_messages *errors, rb_error *err)
{
    static const rb_algorithm *const none[] = { NULL };
    rb_reader r = { .e = out,
                    .m = errors,
                    .err = err,
                    .families = { input->algorithms ? input->algorithms : rb_recommend_registry,
                                  input->algorithms ? none : rb_cluster_registry } };
    rb_text loaded = { 0 };
    int64_t n = input->n_bytes;
    out->file = rb_arena_text(&out->arena, input->file, (int64_t)strlen(input->file), err);
    RB_TRY(err->status);
    if (!input->text)
        RB_TRY(rb_experiment_load(&loaded, input->file, err));
    const char *text = input->text ? input->text : loaded.data;
    n = input->text ? n : loaded.length;
    RB_TRY(read_text(&r, input, text ? text : "", n));
    rb_messages_sort(errors);
    RB_TRY(rb_messages_raise(errors, out->file, err));
done:
    rb_text_fini(&loaded);
    return err->status;
}

void rb_experiment_fini(rb_experiment *e) /* NOLINT(misc-no-recursion): one level */
{
    if (e->replay.jobs)
        rb_experiment_fini(e->replay.jobs);
    rb_arena_fini(&e->arena);
    memset(e, 0, sizeof *e);
}

/* Of the algorithm's own space, not of what re-ranks its lists. */
static const rb_sweep *space_sweep(const rb_entry *entry)
{
    for (int32_t s = 0; s < entry->n_sweeps; s++)
        if (entry->sweep[s].param->kind == RB_PARAM_SPACE && !entry->sweep[s].reranks)
            return &entry->sweep[s];
    return NULL;
}

/* Whether two entries of an algorithm may stand in one space; what reads none stands in one. */
static bool share_space(const rb_entry *a, const rb_entry *b)
{
    const rb_sweep *x = space_sweep(a), *y = space_sweep(b);
    for (int64_t i = 0; x && y && i < x->n; i++)
        for (int64_t k = 0; k < y->n; k++)
            if (x->option[i].target == y->option[k].target &&
                strcmp(x->option[i].canonical, y->option[k].canonical) == 0)
                return true;
    return !x && !y;
}

const rb_entry *rb_experiment_entry(const rb_experiment *e, const char *name)
{
    for (int32_t i = 0; i < e->n_entries; i++)
        if (e->entry[i].name && strcmp(e->entry[i].name, name) == 0)
            return &e->entry[i];
    return NULL;
}

int32_t rb_entry_sweep(const rb_entry *entry, const char *parameter, bool reranks)
{
    for (int32_t s = 0; s < entry->n_sweeps; s++)
        if (entry->sweep[s].reranks == reranks && strcmp(entry->sweep[s].param->name, parameter) == 0)
            return s;
    return -1;
}

int32_t rb_replay_find_arm(const rb_replay *replay, const char *name)
{
    for (int32_t a = 0; a < replay->n_arms; a++)
        if (strcmp(replay->arm[a].name, name) == 0)
            return a;
    return -1;
}

const rb_entry *rb_experiment_namesake(const rb_experiment *e, int32_t i)
{
    for (int32_t k = 0; k < i; k++)
        if (strcmp(e->entry[k].name, e->entry[i].name) == 0 && share_space(&e->entry[k], &e->entry[i]))
            return &e->entry[k];
    return NULL;
}

rb_status rb_experiment_folder_digest(rb_digest *out, const rb_experiment *e, rb_error *err)
{
    rb_hasher h = { 0 };
    RB_TRY(rb_hasher_begin(&h, err));
    rb_hasher_text(&h, e->dataset_text);
    rb_hasher_text(&h, e->filter_text);
    rb_hasher_double(&h, e->relevance);
    rb_hasher_text(&h, e->split_text);
    rb_hasher_int(&h, (int64_t)e->seed);
done:
    rb_hasher_end(&h, out);
    return err->status;
}

const char *rb_experiment_fitted_part(const rb_experiment *e)
{
    return e->split.kind == RB_SPLIT_TITLES ? "train" : "all";
}

const char *rb_experiment_lacks_select(const rb_experiment *e)
{
    bool sweeps = false;
    for (int32_t i = 0; i < e->n_entries; i++)
        sweeps = sweeps || e->entry[i].n_configurations > 1;
    if (e->n_select > 0 || e->n_entries == 0)
        return NULL;
    if (e->store.models == RB_KEEP_SELECTED)
        return "no select: no model is kept and nothing is compared";
    return sweeps ? "no select: nothing is chosen and nothing is compared" : NULL;
}
