/* How far a run is, from its journal. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/text.h"
#include "harness/run.h"
#include "report/report.h"

/* What the journal says since the last start. */
typedef struct {
    char since[32], last[32]; /* times */
    long long ranks, threads, total, done, failed, running;
    bool any, ended;
} progress;

static bool is_outcome(const char *word)
{
    return strcmp(word, "failed") == 0 || strcmp(word, "timeout") == 0 || strcmp(word, "over") == 0;
}

static void read_line(progress *p, const char *line)
{
    char time[32], word[32];
    if (sscanf(line, "%31s %31s", time, word) != 2)
        return;
    snprintf(p->last, sizeof p->last, "%s", time);
    long long ranks, threads, total, kept, failed = 0; /* an old journal does not say how many failed */
    if (sscanf(line, "%*s start %lld ranks x %lld threads, %lld trials, %lld kept, %lld of", &ranks, &threads, &total,
               &kept, &failed) >= 4) {
        *p = (progress){
            .ranks = ranks, .threads = threads, .total = total, .done = kept - failed, .failed = failed, .any = true
        };
        snprintf(p->since, sizeof p->since, "%s", time);
        snprintf(p->last, sizeof p->last, "%s", time);
    } else if (strcmp(word, "running") == 0) {
        p->running++;
    } else if (strcmp(word, "done") == 0 || is_outcome(word)) {
        p->done += strcmp(word, "done") == 0;
        p->failed += strcmp(word, "done") != 0;
        p->running--;
    } else if (strcmp(word, "end") == 0) {
        p->ended = true;
    }
}

static rb_status read_journal(progress *p, const char *folder, rb_error *err)
{
    char path[4200], line[4096];
    snprintf(path, sizeof path, "%s/journal", folder);
    RB_TRY(rb_run_folder_check(folder, err));
    FILE *f = fopen(path, "re");
    if (!f)
        return RB_FAIL(err, RB_BAD_INPUT, "%s: %s", path, strerror(errno));
    while (fgets(line, sizeof line, f))
        read_line(p, line);
    fclose(f);
    if (!p->any)
        RB_FAIL(err, RB_BAD_INPUT, "%s: nothing was started here", folder);
done:
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

rb_status rb_report_status(FILE *out, const char *folder, rb_error *err)
{
    progress p = { 0 };
    char command[4400];
    RB_TRY(read_journal(&p, folder, err));
    bool alive = is_alive(folder);
    long long waiting = p.total - p.done - p.failed - p.running;
    const char *state = p.ended && !alive ? "finished" : alive ? "running since" : "interrupted";
    fprintf(out, "%s %s · %lld done, %lld failed", state, p.ended || !alive ? p.last : p.since, p.done, p.failed);
    if (!p.ended)
        fprintf(out, ", %lld %s running, %lld waiting", p.running,
                p.running == 1 ? (alive ? "is" : "was") : (alive ? "are" : "were"), waiting > 0 ? waiting : 0);
    fputc('\n', out);
    if (!p.ended && !alive) {
        rb_run_resume_command(command, folder, (int)p.ranks);
        fprintf(out, "resume: %s\n", command);
    } else if (p.ended) {
        fprintf(out, "report: reelbench report %s\n", folder);
    }
done:
    return err->status;
}
