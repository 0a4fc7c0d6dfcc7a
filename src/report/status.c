/* How far a run is, from its journal. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/log.h"
#include "base/text.h"
#include "harness/run.h"
#include "harness/unit.h"
#include "report/report.h"

/* A fit, or its evaluation, that has begun and is not done. */
typedef struct {
    long long number;
    char key[RB_KEY_DIGITS + 1];
    bool is_refit;
    time_t since;
} fit;

/* What the journal says since the last start. */
typedef struct {
    char since[32], last[32]; /* times */
    time_t since_s, last_s;   /* the same */
    long long ranks, threads, total, kept, done, failed, running, replays;
    bool any, ended;
    fit *fits; /* [n_fits] that are running */
    int64_t n_fits, capacity;
} progress;

static bool is_outcome(const char *word)
{
    return strcmp(word, "failed") == 0 || strcmp(word, "timeout") == 0 || strcmp(word, "over") == 0;
}

static time_t seconds_of(const char *time)
{
    struct tm parts = { 0 };
    return strptime(time, "%Y-%m-%dT%H:%M:%SZ", &parts) ? timegm(&parts) : 0;
}

/* A fit begins, or the one that began is done. */
static rb_status note_fit(progress *p, const fit *f, bool begins, rb_error *err)
{
    if (begins) {
        RB_TRY(rb_grow(&p->fits, &p->capacity, p->n_fits + 1, err));
        p->fits[p->n_fits++] = *f;
    }
    for (int64_t i = 0; i < p->n_fits && !begins; i++)
        if (strcmp(p->fits[i].key, f->key) == 0) {
            memmove(&p->fits[i], &p->fits[i + 1], (size_t)(--p->n_fits - i) * sizeof *p->fits);
            break;
        }
done:
    return err->status;
}

static void begin_again(progress *p, const char *time)
{
    p->since_s = p->last_s;
    p->kept = p->done + p->failed;
    p->running = p->n_fits = p->replays = 0;
    p->any = true;
    p->ended = false;
    snprintf(p->since, sizeof p->since, "%s", time);
}

/* "12 <key>" behind the words of a line. */
static fit fit_of(const char *line, const char *time)
{
    fit f = { .since = seconds_of(time) };
    const char *at = line + strlen(time);
    sscanf(at + strcspn(at, "0123456789"), "%lld %32s", &f.number, f.key);
    return f;
}

static rb_status read_line(progress *p, const char *line, rb_error *err)
{
    char time[32], word[32];
    long long kept, failed = 0; /* an old journal does not say how many failed */
    if (sscanf(line, "%31s %31s", time, word) != 2)
        return RB_OK;
    snprintf(p->last, sizeof p->last, "%s", time);
    p->last_s = seconds_of(time);
    if (sscanf(line, "%*s start %lld ranks x %lld threads, %lld trials, %lld kept, %lld of", &p->ranks, &p->threads,
               &p->total, &kept, &failed) >= 4) {
        p->done = kept - failed;
        p->failed = failed;
        begin_again(p, time);
        return RB_OK;
    }
    fit f = fit_of(line, time);
    f.is_refit = strcmp(word, "refit") == 0; /* no trial of its own */
    if (f.is_refit)
        sscanf(line, "%*s %*s %31s", word);
    if (strcmp(word, "running") == 0) {
        p->running += !f.is_refit;
        return note_fit(p, &f, true, err);
    }
    if (strcmp(word, "done") == 0 || is_outcome(word)) {
        p->done += !f.is_refit && strcmp(word, "done") == 0;
        p->failed += !f.is_refit && strcmp(word, "done") != 0;
        p->running -= !f.is_refit;
        return note_fit(p, &f, false, err);
    }
    sscanf(line, "%*s replays %lld", &p->replays);
    p->replays -= strcmp(word, "replayed") == 0;
    p->ended = p->ended || strcmp(word, "end") == 0;
    return RB_OK;
}

static rb_status read_journal(progress *p, const char *folder, rb_error *err)
{
    char path[4200], line[4096];
    FILE *f = NULL;
    snprintf(path, sizeof path, "%s/journal", folder);
    RB_TRY(rb_run_folder_check(folder, err));
    f = fopen(path, "re");
    if (!f)
        RB_TRY(RB_FAIL(err, RB_BAD_INPUT, "%s: %s", path, strerror(errno)));
    while (fgets(line, sizeof line, f))
        RB_TRY(read_line(p, line, err));
    if (!p->any)
        RB_FAIL(err, RB_BAD_INPUT, "%s: nothing was started here", folder);
done:
    if (f)
        fclose(f);
    return err->status;
}

/* Whether a run holds the folder's lock now. */
static bool is_alive(const char *folder)
{
    char path[4200];
    snprintf(path, sizeof path, "%s/lock", folder);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    bool held = flock(fd, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
    close(fd);
    return held;
}

/* Iterations in a fit's checkpoint and when it was written; 0: there is none that can be read. */
static int64_t checkpoint_of(time_t *written, const char *folder, const char *key)
{
    char path[4096];
    struct stat facts;
    rb_hdf file = { .id = -1 };
    rb_error none = { 0 };
    int64_t n = 0, n_cols;
    if (stat(rb_unit_path(path, folder, key, "checkpoint"), &facts) != 0)
        return 0;
    *written = facts.st_mtime;
    if (rb_hdf_open(&file, path, &none) == RB_OK)
        rb_hdf_extent(file.id, "history/seconds", RB_HDF_DOUBLE, &n, &n_cols, &none);
    rb_hdf_close(&file);
    return none.status == RB_OK ? n : 0;
}

/* How long each fit has been running, or had been when the run was interrupted, as far as the folder tells. */
static void print_fits(FILE *out, const progress *p, const char *folder, bool alive)
{
    enum { MOST = 8 };
    for (int64_t i = 0; i < p->n_fits && i < MOST; i++) {
        const fit *f = &p->fits[i];
        char duration[32];
        time_t until = alive ? time(NULL) : p->last_s, written = 0;
        int64_t n = checkpoint_of(&written, folder, f->key);
        until = !alive && written > until ? written : until;
        fprintf(out, "%strial %lld: %s %s, ", f->is_refit ? "refit of " : "", f->number,
                alive ? "running for" : "ran for at least", rb_text_duration(duration, difftime(until, f->since)));
        if (n > 0)
            fprintf(out, "%s iteration %lld\n", alive ? "checkpoint after" : "goes on after", (long long)n);
        else
            fprintf(out, "%s\n", alive ? "no checkpoint" : "begins again");
    }
    if (p->n_fits > MOST)
        fprintf(out, "and %lld more\n", (long long)p->n_fits - MOST);
}

/* What is left, by the rate of what was done since the start; nothing where that says nothing. */
static void print_left(FILE *out, const progress *p)
{
    char duration[32];
    const double took_s = difftime(p->last_s, p->since_s);
    const long long fresh = p->done + p->failed - p->kept, left = p->total - p->done - p->failed;
    if (fresh > 0 && left > 0 && took_s > 0)
        fprintf(out, " · about %s left", rb_text_duration(duration, took_s / (double)fresh * (double)left));
}

rb_status rb_report_status(FILE *out, const char *folder, rb_error *err)
{
    progress p = { 0 };
    char command[4400];
    RB_TRY(read_journal(&p, folder, err));
    bool alive = is_alive(folder);
    long long waiting = p.total - p.done - p.failed - p.running;
    const char *state = p.ended && !alive ? "finished" : alive ? "running since" : "interrupted";
    fprintf(out, "%s %s · %lld done, %lld failed", state, p.ended || !alive ? p.last : p.since, p.done, p.failed);
    if (!p.ended) {
        fprintf(out, ", %lld %s running, %lld waiting", p.running,
                p.running == 1 ? (alive ? "is" : "was") : (alive ? "are" : "were"), waiting > 0 ? waiting : 0);
        if (p.replays > 0)
            fprintf(out, ", %lld replay%s waiting", p.replays, p.replays == 1 ? "" : "s");
        print_left(out, &p);
    }
    fputc('\n', out);
    if (!p.ended)
        print_fits(out, &p, folder, alive);
    if (!p.ended && !alive) {
        rb_run_resume_command(command, folder, (int)p.ranks);
        fprintf(out, "resume: %s\n", command);
    } else if (p.ended) {
        fprintf(out, "report: reelbench report %s\n", folder);
    }
done:
    rb_free(p.fits);
    return err->status;
}
