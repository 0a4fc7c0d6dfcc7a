/* The run folder: made or reopened, locked, scanned for what is finished. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "harness/state.h"

static rb_status make_folders(const char *path, rb_error *err)
{
    char part[4200];
    snprintf(part, sizeof part, "%s/units", path);
    for (char *slash = part + 1;; slash++) {
        if (*slash != '/' && *slash != 0)
            continue;
        char kept = *slash;
        *slash = 0;
        if (mkdir(part, 0777) != 0 && errno != EEXIST)
            return RB_FAIL(err, RB_IO, "%s: cannot be made: %s", part, strerror(errno));
        *slash = kept;
        if (!kept)
            return RB_OK;
    }
}

/* A second run in the same folder is refused while the first lives; the lock goes with its process. */
static rb_status lock_folder(rb_run_state *run, rb_error *err)
{
    char path[4200];
    snprintf(path, sizeof path, "%s/lock", run->folder);
    run->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (run->lock < 0)
        return RB_FAIL(err, RB_IO, "%s: %s", path, strerror(errno));
    if (flock(run->lock, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK)
        return RB_FAIL(err, RB_ENVIRONMENT, "%s: another reelbench is at work in this folder", run->folder);
    return RB_OK;
}

/* The experiment as resolved, written aside and renamed. */
static rb_status keep_experiment(const rb_run_state *run, rb_error *err)
{
    char path[4200], part[4300];
    snprintf(path, sizeof path, "%s/experiment.yaml", run->folder);
    snprintf(part, sizeof part, "%s.part", path);
    FILE *f = fopen(part, "we");
    bool good = f && fputs(run->experiment.text, f) >= 0 && fflush(f) == 0 && fsync(fileno(f)) == 0;
    if (f)
        good = fclose(f) == 0 && good;
    if (!good || rename(part, path) != 0)
        return RB_FAIL(err, RB_IO, "%s: cannot be written: %s", path, strerror(errno));
    return RB_OK;
}

/*
 * The class in which a folder's results have the same bits: the BLAS core and the instruction class. The first run
 * writes it, later ones must be of it, else every trial would have another key and run again.
 */
static rb_status keep_class(const rb_run_state *run, rb_error *err)
{
    char path[4200], core[64] = "", instructions[64] = "";
    const rb_environment *env = run->environment;
    snprintf(path, sizeof path, "%s/class", run->folder);
    FILE *f = fopen(path, "re");
    if (f) {
        int n = fscanf(f, "%63s %63s", core, instructions);
        fclose(f);
        bool same = strcmp(core, env->blas_core) == 0 && strcmp(instructions, env->instructions) == 0;
        if (n == 2 && !same)
            return RB_FAIL(
                err, RB_ENVIRONMENT,
                "%s was computed with OpenBLAS core %s on %s, and this run has %s on %s: use --blas-core %s on "
                "such a machine, or another --output",
                run->folder, core, instructions, env->blas_core, env->instructions, core);
        if (n == 2)
            return RB_OK;
    }
    f = fopen(path, "we");
    bool good = f && fprintf(f, "%s %s\n", env->blas_core, env->instructions) > 0;
    if (f)
        good = fclose(f) == 0 && good;
    return good ? RB_OK : RB_FAIL(err, RB_IO, "%s: cannot be written: %s", path, strerror(errno));
}

static rb_status open_folder(rb_run_state *run, rb_error *err)
{
    RB_TRY(make_folders(run->folder, err));
    RB_TRY(lock_folder(run, err));
    RB_TRY(keep_class(run, err));
    RB_TRY(keep_experiment(run, err));
done:
    return err->status;
}

rb_status rb_run_open_folder(rb_run_state *run, rb_error *err)
{
    char hex[9];
    rb_digest_hex(hex, &run->folder_digest, 8);
    if (run->options->resume)
        snprintf(run->folder, sizeof run->folder, "%s", run->options->resume);
    else
        snprintf(run->folder, sizeof run->folder, "%.3000s/%.900s-%s", run->root, run->experiment.name, hex);
    if (run->world->rank == 0)
        open_folder(run, err);
    return rb_agree(run->world, err->status, err);
}

rb_status rb_run_open_journal(rb_run_state *run, rb_error *err)
{
    char path[4200];
    snprintf(path, sizeof path, "%s/journal", run->folder);
    if (run->group.rank == 0)
        rb_journal_open(&run->journal, path, err);
    return rb_agree(run->world, err->status, err);
}

/* ---- what is finished ---- */

/* Whether the metric units of a key hold every metric asked for, on every part. */
static bool is_complete(const rb_metric_record *r, const rb_experiment *e, bool has_interactions)
{
    for (int32_t i = 0; i < e->n_metrics; i++) {
        const char *id = e->metrics[i].id;
        bool clustering = e->metrics[i].def->family == RB_FAMILY_CLUSTERING;
        if (clustering ? !rb_metric_record_find(r, "all", id) : !rb_metric_record_find(r, "test", id))
            return false;
        if (!clustering && has_interactions && e->split.validation > 0 && !rb_metric_record_find(r, "validation", id))
            return false;
    }
    return true;
}

static rb_status scan_trial(rb_run_state *run, int64_t t, const rb_unit_list *units, rb_error *err)
{
    rb_work *w = &run->work[t];
    rb_metric_record metrics = { 0 };
    rb_fit_record fit = { 0 };
    int64_t first, last;
    char path[8192], suffix[32];
    rb_unit_list_range(units, w->key, &first, &last);
    if (first == last || !rb_unit_exists(run->folder, w->key, "fit"))
        return RB_OK;
    RB_TRY(rb_fit_record_read(&fit, run->folder, w->key, err));
    bool again = fit.outcome == RB_FIT_TIMEOUT || fit.outcome == RB_FIT_OVER_BUDGET; /* another machine may do it */
    w->outcome = fit.outcome;
    w->fitted = !again;
    snprintf(suffix, sizeof suffix, "%s.metric.h5", run->which);
    for (int64_t i = first; i < last; i++)
        if (strstr(units->names[i], suffix)) {
            snprintf(path, sizeof path, "%s/units/%s", run->folder, units->names[i]);
            RB_TRY(rb_metric_record_read(&metrics, path, false, err));
        }
    w->evaluated = w->fitted && (fit.outcome == RB_FIT_FAILED ||
                                 is_complete(&metrics, &run->experiment, run->data.has_interactions));
done:
    rb_metric_record_fini(&metrics);
    rb_fit_record_fini(&fit);
    return err->status;
}

/* A unit that cannot be read (a disk's fault) is made again. */
static rb_status scan(rb_run_state *run, rb_error *err)
{
    rb_unit_list units = { 0 };
    RB_TRY(rb_unit_list_init(&units, run->folder, err));
    for (int64_t t = 0; t < run->plan.n_trials; t++) {
        rb_error failure = { 0 };
        if (scan_trial(run, t, &units, &failure) == RB_NO_MEMORY) {
            *err = failure;
            break;
        }
        if (failure.status != RB_OK) {
            rb_log_warn(&run->log, "%s; its trial runs again", failure.message);
            run->work[t].fitted = run->work[t].evaluated = false;
        }
        if (!run->work[t].fitted)
            run->work[t].outcome = RB_FIT_DONE; /* as if it had never run */
    }
done:
    rb_unit_list_fini(&units);
    return err->status;
}

rb_status rb_run_scan(rb_run_state *run, rb_error *err)
{
    if (run->world->rank == 0)
        scan(run, err);
    RB_TRY_ALL(run->world, err->status);
    rb_bcast(run->world, run->work, run->plan.n_trials * (int64_t)sizeof *run->work, 0);
    run->n_kept = 0;
    for (int64_t t = 0; t < run->plan.n_trials; t++)
        run->n_kept += run->work[t].evaluated;
done:
    return err->status;
}
