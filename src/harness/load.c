/* The experiment and what it reads: the file, the data, the spaces. */
#include <dirent.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "data/cache.h"
#include "data/read.h"
#include "harness/facts.h"
#include "harness/state.h"

/* ---- the experiment ---- */

/* Rank 0 reads, every rank parses the same bytes; messages are printed once. */
static rb_status load_experiment(rb_run_state *run, rb_error *err)
{
    const rb_run_options *o = run->options;
    char kept[4200];
    rb_text text = { 0 };
    rb_messages messages = { 0 };
    snprintf(kept, sizeof kept, "%s/experiment.yaml", o->resume ? o->resume : "");
    const char *file = o->resume ? kept : o->file;
    if (run->world->rank == 0 && (!o->resume || rb_run_folder_check(o->resume, err) == RB_OK))
        rb_experiment_load(&text, file, err);
    RB_TRY_ALL(run->world, err->status);
    rb_bcast(run->world, &text.length, sizeof text.length, 0);
    if (run->world->rank != 0)
        rb_alloc(&text.data, text.length + 1, err);
    RB_TRY_ALL(run->world, err->status);
    rb_bcast(run->world, text.data, text.length, 0);
    rb_experiment_input input = { .file = file,
                                  .text = text.data,
                                  .n_bytes = text.length,
                                  .sets = o->sets,
                                  .n_sets = o->n_sets,
                                  .seed = o->seed,
                                  .algorithms = o->algorithms };
    rb_experiment_parse(&run->experiment, &input, &messages, err);
    if (o->errors)
        rb_messages_print(o->errors, &messages);
    RB_TRY_ALL(run->world, err->status);
done:
    rb_messages_fini(&messages);
    rb_text_fini(&text);
    return err->status;
}

/* ---- the data ---- */

typedef struct {
    char **name; /* [n] sorted paths */
    int64_t n, capacity;
} file_list;

static void file_list_fini(file_list *l)
{
    for (int64_t i = 0; i < l->n; i++)
        rb_free(l->name[i]);
    rb_free(l->name);
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static rb_status add_file(file_list *l, const char *folder, const char *name, rb_error *err)
{
    char path[8192];
    struct stat facts;
    snprintf(path, sizeof path, name ? "%s/%s" : "%s", folder, name);
    if (stat(path, &facts) != 0 || !S_ISREG(facts.st_mode))
        return RB_OK;
    RB_TRY(rb_grow(&l->name, &l->capacity, l->n + 1, err));
    l->name[l->n] = rb_strdup(path, err);
    l->n += l->name[l->n] != NULL;
done:
    return err->status;
}

/* The regular files at a path: the file itself, or those of the folder. */
static rb_status list_files(file_list *l, const char *path, rb_error *err)
{
    DIR *dir = opendir(path);
    if (!dir)
        return add_file(l, path, NULL, err);
    for (struct dirent *entry; (entry = readdir(dir)) && err->status == RB_OK;)
        add_file(l, path, entry->d_name, err);
    closedir(dir);
    if (l->n > 0)
        qsort(l->name, (size_t)l->n, sizeof *l->name, by_text);
    return err->status;
}

/* Whether a message names a line and a column: ":3:7: ". */
static bool names_line(const char *message)
{
    int line, column;
    char colon;
    for (const char *at = message; (at = strchr(at, ':')); at++)
        if (sscanf(at, ":%d:%d%c", &line, &column, &colon) == 3 && colon == ':')
            return true;
    return false;
}

/* Bad data say which line of the experiment asks for them; a malformed line of a data file says where it is itself. */
rb_status rb_run_blame(rb_error *err, const rb_place *at)
{
    if (err->status != RB_BAD_INPUT || names_line(err->message))
        return err->status;
    if (at->line > 0 && at->source == 0)
        rb_error_prefix(err, "%s:%d:%d", at->origin, at->line, at->column);
    else
        rb_error_prefix(err, "%s", at->origin);
    return err->status;
}

static rb_status read_data(rb_dataset *data, const rb_experiment *e, const char *data_dir, rb_ctx *ctx, rb_error *err)
{
    if (e->data_kind == RB_DATA_SYNTHETIC)
        rb_dataset_synth(data, &e->synth, e->seed, ctx, err);
    else if (e->data_kind == RB_DATA_NAMED)
        rb_dataset_named(data, e->data_name, data_dir, &e->source, ctx, err);
    else
        rb_dataset_read(data, &e->source, ctx, err);
    return rb_run_blame(err, &e->dataset_at);
}

/* Parsed and filtered data come from the cache where it has them; a cache that cannot be written is no failure. */
static rb_status read_through_cache(rb_dataset *data, const rb_experiment *e, const char *data_dir,
                                    const char *cache_dir, rb_log *log, rb_ctx *ctx, rb_error *err)
{
    char path[4200];
    file_list files = { 0 };
    rb_text description = { 0 }, note = { 0 };
    rb_digest key;
    bool found = false;
    snprintf(path, sizeof path, "%s/%s", data_dir ? data_dir : "", e->data_name ? e->data_name : "");
    list_files(&files, e->data_kind == RB_DATA_NAMED ? path : e->source.path, err);
    rb_text_addf(&description, err, "%s | %s | %s", e->dataset_text, e->filter_text, rb_eval_digest);
    RB_TRY_ALL(ctx, err->status);
    bool cached = strcmp(cache_dir, "none") != 0 && files.n > 0;
    if (cached) {
        RB_TRY(rb_cache_key(&key, description.data, (const char *const *)files.name, (int)files.n, ctx, err));
        RB_TRY(rb_cache_load(data, &found, &note, cache_dir, &key, ctx, err));
        if (note.length > 0)
            rb_log_warn(log, "%s", note.data);
    }
    if (!found) {
        RB_TRY(read_data(data, e, data_dir, ctx, err));
        if (!rb_filter_is_none(&e->filter))
            RB_TRY(rb_dataset_filter(data, &e->filter, ctx, err));
    }
    if (cached && !found) {
        rb_error failure = { 0 };
        if (rb_cache_store(data, cache_dir, &key, ctx, &failure) == RB_IO)
            rb_log_warn(log, "the data are not cached: %s", failure.message);
        else if (failure.status != RB_OK)
            *err = failure;
    }
done:
    rb_text_fini(&note);
    rb_text_fini(&description);
    file_list_fini(&files);
    return err->status;
}

/* Whether a path stays below where it begins: no `.` or `..` in it. */
static bool stays_below(const char *path)
{
    for (const char *name = path; *name; name += *name == '/') {
        const size_t length = strcspn(name, "/");
        if ((length == 1 || length == 2) && strncmp(name, "..", length) == 0)
            return false;
        name += length;
    }
    return true;
}

/*
 * Where a path leads: there, or where nothing is, below the folder of data sets by its last names, as many as lead to
 * something; "" where that is nowhere. Rank 0 looks. Collective over ctx.
 */
static void seek_path(char out[4096], const char *path, const char *data_dir, const rb_ctx *ctx)
{
    snprintf(out, 4096, "%s", path);
    if (ctx->rank == 0 && access(path, F_OK) != 0 && (errno == ENOENT || errno == ENOTDIR)) {
        const char *last = path;
        bool found = false;
        while (last && data_dir && !found) {
            last += *last == '/';
            snprintf(out, 4096, "%s/%s", data_dir, last);
            found = *last && stays_below(last) && access(out, F_OK) == 0;
            last = strchr(last, '/');
        }
        if (!found)
            out[0] = 0;
    }
    rb_bcast(ctx, out, 4096, 0);
}

/* The experiment with the path that is read; its texts, which keys and caches go by, keep the one that is written. */
static rb_status find_files(rb_experiment *found, char path[4096], const rb_experiment *e, const char *data_dir,
                            rb_log *log, const rb_ctx *ctx, rb_error *err)
{
    *found = *e;
    if (e->data_kind != RB_DATA_PATH)
        return RB_OK;
    seek_path(path, e->source.path, data_dir, ctx);
    if (!path[0])
        RB_FAIL(err, RB_BAD_INPUT, "%s: No such file or directory, nor below %s; --set dataset.path=PATH names another",
                e->source.path, data_dir ? data_dir : "a folder of --data or REELBENCH_DATA, which are not given");
    else if (strcmp(path, e->source.path) != 0)
        rb_log_say(log, "%s is not there; %s is read", e->source.path, path);
    found->source.path = path;
    return rb_run_blame(err, &e->dataset_at);
}

rb_status rb_run_data(rb_dataset *data, const rb_experiment *e, const char *data_dir, const char *cache_dir,
                      rb_log *log, rb_ctx *ctx, rb_error *err)
{
    char path[4096];
    rb_experiment found;
    const char *given = getenv("REELBENCH_DATA");
    if (!data_dir && given && *given)
        data_dir = given;
    if (e->data_kind == RB_DATA_NAMED && !data_dir)
        RB_FAIL(err, RB_BAD_INPUT,
                "the data set '%s' is sought in the folder of --data, else of REELBENCH_DATA, and neither is given; "
                "scripts/fetch-data.sh tells how to get it",
                e->data_name);
    RB_TRY_ALL(ctx, rb_run_blame(err, &e->dataset_at)); /* the environment of another host may lack it */
    RB_TRY(find_files(&found, path, e, data_dir, log, ctx, err));
    if (e->data_kind != RB_DATA_SYNTHETIC)
        return read_through_cache(data, &found, data_dir, cache_dir, log, ctx, err);
    RB_TRY(read_data(data, e, data_dir, ctx, err));
    if (!rb_filter_is_none(&e->filter))
        RB_TRY(rb_dataset_filter(data, &e->filter, ctx, err));
done:
    return err->status;
}

static void describe_data(rb_run_state *run)
{
    const rb_dataset *d = &run->data;
    char users[32], items[32], n[32], sessions[32], events[32], hex[17], events_text[128] = "";
    rb_digest_hex(hex, &d->digest, 8);
    rb_text_count(items, d->items.n);
    const char *items_end = rb_text_plural(d->items.n);
    if (!d->has_interactions) {
        rb_log_say(&run->log, "%s: %s item%s (digest %.4s %s)", d->name, items, items_end, hex, hex + 4);
        return;
    }
    if (d->has_sessions)
        snprintf(events_text, sizeof events_text, "%s event%s in %s session%s, ",
                 rb_text_count(events, d->sessions.n_events), rb_text_plural(d->sessions.n_events),
                 rb_text_count(sessions, d->sessions.n), rb_text_plural(d->sessions.n));
    rb_log_say(&run->log, "%s: %s user%s x %s item%s, %s%s %s%s (digest %.4s %s)", d->name,
               rb_text_count(users, d->users.n), rb_text_plural(d->users.n), items, items_end, events_text,
               rb_text_count(n, d->interactions.n), d->interactions.rating ? "rating" : "interaction",
               rb_text_plural(d->interactions.n), hex, hex + 4);
    if (d->n_skipped > 0)
        rb_log_warn(&run->log, "%s malformed line%s skipped (on_error: skip); results.h5 lists %s",
                    rb_text_count(n, d->n_skipped), d->n_skipped == 1 ? " was" : "s were",
                    d->n_skipped == 1 ? "it" : "them");
}

/* ---- what the trials and metrics ask of the data ---- */

/* Allowed, and one grid may need it; but the best of both is what the selection shows. */
static void warn_of_namesakes(rb_run_state *run)
{
    const rb_experiment *e = &run->experiment;
    for (int32_t i = 0; i < e->n_entries; i++) {
        const rb_entry *entry = &e->entry[i], *first = rb_experiment_namesake(e, i);
        if (first)
            rb_log_warn(&run->log,
                        "%s:%d:%d: %s stands on line %d already: both count as one entry, whose best is selected; "
                        "`as: NAME` beside one of them tells them apart",
                        entry->at.origin, entry->at.line, entry->at.column, entry->name, first->at.line);
    }
}

/* No list is longer than the catalogue: such a cutoff is allowed, but says less than it seems to. */
static void check_cutoffs(rb_run_state *run)
{
    const rb_experiment *e = &run->experiment;
    char items[32];
    for (int32_t i = 0; i < e->n_metrics && run->data.has_interactions; i++)
        if (e->metrics[i].cutoff > run->data.items.n)
            rb_log_warn(&run->log, "%s:%d:%d: '%s' cuts behind the end of the catalogue, which has %s items",
                        e->metric_at[i].origin, e->metric_at[i].line, e->metric_at[i].column, e->metrics[i].label,
                        rb_text_count(items, run->data.items.n));
}

static rb_status check_needs(const rb_run_state *run, rb_error *err)
{
    const rb_dataset *d = &run->data;
    for (int32_t i = 0; i < run->experiment.n_entries; i++) {
        const rb_entry *entry = &run->experiment.entry[i];
        const rb_algorithm *a = entry->algorithm;
        const char *lacks = NULL;
        if (a->needs & (RB_NEEDS_RATINGS | RB_NEEDS_POSITIVES) && !d->has_interactions)
            lacks = "interactions of users with items";
        else if (a->needs & RB_NEEDS_TIMES && !d->interactions.time)
            lacks = "times of the interactions";
        if (a->needs & RB_NEEDS_SESSIONS && !d->has_sessions)
            lacks = "sessions";
        else if (a->needs & RB_NEEDS_SESSIONS && run->experiment.split.kind != RB_SPLIT_SESSIONS) {
            RB_FAIL(err, RB_BAD_INPUT, "%s learns from whole sessions: give split: { kind: sessions }", a->name);
            return rb_run_blame(err, &entry->at);
        }
        if (a->needs & RB_NEEDS_ITEMS && !d->has_catalogue)
            lacks = "a catalogue";
        if (lacks) {
            RB_FAIL(err, RB_BAD_INPUT, "%s needs %s, and the data set '%s' has none", a->name, lacks, d->name);
            return rb_run_blame(err, &entry->at);
        }
    }
    return RB_OK;
}

/* What the files of a split hold. Collective. */
static rb_status digest_split(rb_run_state *run, rb_error *err)
{
    const rb_split *s = &run->experiment.split;
    const char *files[] = { s->train_file, s->test_file, s->validation_file };
    if (s->kind != RB_SPLIT_FILES)
        return RB_OK;
    return rb_cache_key(&run->split_files, "split", files, s->validation_file ? 3 : 2, run->world, err);
}

rb_status rb_run_load_experiment(rb_run_state *run, rb_error *err)
{
    const rb_run_options *o = run->options;
    RB_TRY(load_experiment(run, err));
    const rb_experiment *e = &run->experiment;
    snprintf(run->root, sizeof run->root, "%s", o->output_root ? o->output_root : e->output);
    RB_TRY_ALL(run->world, rb_experiment_folder_digest(&run->folder_digest, e, err));
    run->tie_seed = rb_seed_named(e->seed, "ties");
done:
    return err->status;
}

/* Split kind titles: what is unseen leaves the data. Collective. */
static rb_status hide_titles(rb_run_state *run, rb_error *err)
{
    const rb_experiment *e = &run->experiment;
    char seen[32], unseen[32];
    if (e->split.kind != RB_SPLIT_TITLES)
        return RB_OK;
    if (rb_split_titles(&run->unseen, &run->data, &e->split, e->seed, run->world, err) != RB_OK)
        return rb_run_blame(err, &e->split_at);
    rb_log_say(&run->log, "%s titles to cluster, %s unseen", rb_text_count(seen, run->data.items.n),
               rb_text_count(unseen, run->unseen.n));
    return RB_OK;
}

rb_status rb_run_load_data(rb_run_state *run, rb_error *err)
{
    const rb_run_options *o = run->options;
    const rb_experiment *e = &run->experiment;
    char cache[4200];
    snprintf(cache, sizeof cache, "%s/.cache", run->root);
    RB_TRY_ALL(run->world, rb_expand(&run->plan, e, err));
    RB_TRY(rb_run_check_parameters(run, err)); /* before the data, which may take minutes */
    RB_TRY(rb_run_data(&run->data, e, o->data_dir, o->cache_dir ? o->cache_dir : cache, &run->log, run->world, err));
    describe_data(run);
    RB_TRY(digest_split(run, err));
    check_cutoffs(run);
    warn_of_namesakes(run);
    RB_TRY(hide_titles(run, err));
    if (run->data.has_interactions)
        RB_TRY(rb_split_check(&e->split, &run->data, err) == RB_OK ? RB_OK : rb_run_blame(err, &e->split_at));
    RB_TRY(check_needs(run, err));
    RB_TRY_ALL(run->world, rb_run_warn_of_cold_titles(run, err));
    run->n_work = run->plan.n_trials * (e->evaluation.refit ? 2 : 1);
    RB_TRY_ALL(run->world, rb_alloc(&run->work, run->n_work, err));
    for (int64_t t = 0; t < run->plan.n_trials; t++)
        run->work[t].want = RB_WANT_VALUES;
    for (int64_t w = 0; w < run->n_work; w++)
        run->work[w].fit_of = w;
    RB_TRY_ALL(run->world, rb_run_collect_spaces(run, err));
done:
    return err->status;
}
