/* The run folder: made or reopened, locked. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
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

/*
 * A second run in the same folder is refused while the first lives; the lock goes with its process. Where the file
 * system has no locks the run goes on without one.
 */
static rb_status lock_folder(rb_run_state *run, rb_error *err)
{
    char path[4200];
    snprintf(path, sizeof path, "%s/lock", run->folder);
    run->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (run->lock < 0)
        return RB_FAIL(err, RB_IO, "%s: %s", path, strerror(errno));
    if (flock(run->lock, LOCK_EX | LOCK_NB) == 0)
        return RB_OK;
    switch (errno) {
    case EWOULDBLOCK:
        return RB_FAIL(err, RB_ENVIRONMENT, "%s: another reelbench is at work in this folder", run->folder);
    case ENOSYS:
    case ENOLCK:
    case EOPNOTSUPP:
        rb_log_warn(&run->log, "%s: this file system has no locks (%s): see to it that no other run is at work here",
                    run->folder, strerror(errno));
        return RB_OK;
    default:
        return RB_FAIL(err, RB_ENVIRONMENT, "%s: cannot be locked: %s", path, strerror(errno));
    }
}

/* What writers that were killed have left. A rank of theirs that still lives keeps its files. */
static void clean_folder(const rb_run_state *run)
{
    const int64_t idle_s = 3600;
    char units[4200];
    snprintf(units, sizeof units, "%s/units", run->folder);
    rb_file_sweep(run->folder, idle_s);
    rb_file_sweep(units, idle_s);
}

static rb_status keep_experiment(const rb_run_state *run, rb_error *err)
{
    char path[4200];
    snprintf(path, sizeof path, "%s/experiment.yaml", run->folder);
    return rb_file_replace(path, run->experiment.text, err);
}

rb_status rb_run_folder_class(char core[64], char instructions[64], const char *folder, rb_error *err)
{
    char path[4200];
    core[0] = instructions[0] = 0;
    snprintf(path, sizeof path, "%s/class", folder);
    FILE *f = fopen(path, "re");
    if (!f)
        return errno == ENOENT ? RB_OK : RB_FAIL(err, RB_IO, "%s: %s", path, strerror(errno));
    if (fscanf(f, "%63s %63s", core, instructions) != 2)
        core[0] = instructions[0] = 0;
    fclose(f);
    return RB_OK;
}

/* The first run writes its class, later ones must be of it, else every trial would have another key and run again. */
static rb_status keep_class(const rb_run_state *run, rb_error *err)
{
    char path[4200], core[64], instructions[64], text[256];
    const rb_environment *env = run->environment;
    snprintf(path, sizeof path, "%s/class", run->folder);
    snprintf(text, sizeof text, "%s %s\n", env->blas_core, env->instructions);
    if (rb_run_folder_class(core, instructions, run->folder, err) != RB_OK)
        return err->status;
    if (!core[0])
        return rb_file_replace(path, text, err);
    if (strcmp(core, env->blas_core) == 0 && strcmp(instructions, env->instructions) == 0)
        return RB_OK;
    return RB_FAIL(err, RB_ENVIRONMENT,
                   "%s was computed with OpenBLAS core %s on %s, and this run has %s on %s: use --blas-core %s on "
                   "such a machine, or another --output",
                   run->folder, core, instructions, env->blas_core, env->instructions, core);
}

static rb_status open_folder(rb_run_state *run, rb_error *err)
{
    RB_TRY(make_folders(run->folder, err));
    RB_TRY(lock_folder(run, err));
    clean_folder(run);
    RB_TRY(keep_class(run, err));
    RB_TRY(keep_experiment(run, err));
done:
    return err->status;
}

/* The nearest folder on the way to `path` that exists must be one, and let us write. */
static rb_status check_folder(const char *path, rb_error *err)
{
    char part[4200];
    struct stat facts;
    snprintf(part, sizeof part, "%s", path);
    while (stat(part, &facts) != 0) {
        char *slash = strrchr(part, '/');
        if (errno != ENOENT && errno != ENOTDIR)
            return RB_FAIL(err, RB_IO, "%s: %s", part, strerror(errno));
        if (!slash || slash == part)
            snprintf(part, sizeof part, "%s", slash ? "/" : ".");
        else
            *slash = 0;
    }
    if (!S_ISDIR(facts.st_mode))
        return RB_FAIL(err, RB_IO, "%s is no folder; choose another --output", part);
    if (access(part, W_OK | X_OK) != 0)
        return RB_FAIL(err, RB_IO, "%s cannot be written: %s; choose another --output", part, strerror(errno));
    return RB_OK;
}

static void name_folder(rb_run_state *run)
{
    char hex[9];
    rb_digest_hex(hex, &run->folder_digest, 8);
    if (run->options->resume)
        snprintf(run->folder, sizeof run->folder, "%s", run->options->resume);
    else
        snprintf(run->folder, sizeof run->folder, "%.3000s/%.900s-%s", run->root, run->experiment.name, hex);
}

rb_status rb_run_check_folder(rb_run_state *run, rb_error *err)
{
    name_folder(run);
    if (run->world->rank == 0)
        check_folder(run->folder, err);
    return rb_agree(run->world, err->status, err);
}

rb_status rb_run_open_folder(rb_run_state *run, rb_error *err)
{
    name_folder(run);
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
