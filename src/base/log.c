#include "base/log.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"

#define REDRAW_S 0.1    /* a terminal */
#define PLAIN_LINE_S 10 /* a log */
#define LINE_BYTES 2048 /* longer lines are cut */

/* Where mpirun, the parent of a rank on its own host, writes to; -1 where there is no mpirun or no terminal. */
static int open_terminal_of_mpirun(int stream)
{
    char path[64], name[32] = "";
    snprintf(path, sizeof path, "/proc/%d/comm", (int)getppid());
    FILE *comm = fopen(path, "r");
    if (!comm)
        return -1;
    bool is_read = fgets(name, sizeof name, comm) != NULL;
    fclose(comm);
    if (!is_read ||
        (strncmp(name, "mpirun", 6) != 0 && strncmp(name, "mpiexec", 7) != 0 && strncmp(name, "orterun", 7) != 0))
        return -1;
    snprintf(path, sizeof path, "/proc/%d/fd/%d", (int)getppid(), stream);
    int fd = open(path, O_WRONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    if (fd >= 0 && !isatty(fd)) {
        close(fd);
        fd = -1;
    }
    return fd;
}

void rb_log_init(rb_log *log, FILE *out, rb_log_level level)
{
    *log = (rb_log){ .out = out, .level = level };
    if (!out)
        return;
    bool under_mpirun = getenv("OMPI_COMM_WORLD_RANK") != NULL;
    int fd = under_mpirun ? open_terminal_of_mpirun(fileno(out)) : fileno(out);
    struct winsize size;
    log->is_terminal = fd >= 0 && isatty(fd);
    if (log->is_terminal)
        log->width = ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
    if (under_mpirun && fd >= 0)
        close(fd);
    const char *no_colour = getenv("NO_COLOR");
    log->has_colour = log->is_terminal && !(no_colour && *no_colour);
}

static void clear_line(rb_log *log)
{
    if (log->line_open)
        fputs("\r\033[K", log->out);
    log->line_open = false;
}

static void write_line(rb_log *log, const char *before, const char *line)
{
    clear_line(log);
    fprintf(log->out, "%s%s\n", before, line);
    fflush(log->out);
}

void rb_log_say(rb_log *log, const char *format, ...)
{
    char line[LINE_BYTES];
    va_list args;
    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    if (log->out && log->level >= RB_LOG_NORMAL)
        write_line(log, "", line);
}

void rb_log_detail(rb_log *log, const char *format, ...)
{
    char line[LINE_BYTES];
    va_list args;
    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    if (log->out && log->level >= RB_LOG_DETAIL)
        write_line(log, "", line);
}

void rb_log_warn(rb_log *log, const char *format, ...)
{
    char line[LINE_BYTES];
    va_list args;
    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    if (log->out)
        write_line(log, log->has_colour ? "\033[33mwarning:\033[0m " : "warning: ", line);
}

const char *rb_text_duration(char out[32], double seconds)
{
    double s = seconds < 0 ? 0 : seconds;
    int64_t whole = (int64_t)s;
    if (s < 0.95)
        snprintf(out, 32, "%.1f s", s);
    else if (s < 90)
        snprintf(out, 32, "%.0f s", s);
    else if (s < 5400)
        snprintf(out, 32, "%d min %02d s", (int)(whole / 60), (int)(whole % 60));
    else
        snprintf(out, 32, "%lld h %02d min", (long long)(whole / 3600), (int)(whole / 60 % 60));
    return out;
}

void rb_progress_begin(rb_progress *p, rb_log *log, const char *unit, int64_t kept, int64_t total)
{
    double now = rb_clock_s();
    *p = (rb_progress){ .log = log,
                        .unit = unit,
                        .done = kept,
                        .total = total,
                        .kept = kept,
                        .begin_s = now,
                        .shown_s = now,
                        .every_s = log->is_terminal ? REDRAW_S : PLAIN_LINE_S };
}

/* "12.4 trials/s   ETA 3 s", or "24 s/trial..." where a unit takes longer than a second. */
static void describe_rate(char *out, size_t size, const rb_progress *p, double now)
{
    char eta[32];
    double elapsed = now - p->begin_s;
    double fresh = (double)(p->done - p->kept);
    out[0] = 0;
    if (fresh <= 0 || elapsed <= 0)
        return;
    int n = snprintf(out, size, fresh >= elapsed ? "%.1f %s/s" : "%.2g %s/s", fresh / elapsed, p->unit);
    if (p->done < p->total)
        snprintf(out + n, size - (size_t)n, "   ETA %s",
                 rb_text_duration(eta, elapsed / fresh * (double)(p->total - p->done)));
}

static void show(rb_progress *p, const char *what, double now)
{
    char done[32], total[32], rate[96], line[512];
    rb_text_count(done, p->done);
    rb_text_count(total, p->total);
    describe_rate(rate, sizeof rate, p, now);
    snprintf(line, sizeof line, " %*s/%s  %-40.*s   %s", (int)strlen(total), done, total, 120, what ? what : "", rate);
    size_t length = strlen(line);
    while (length > 0 && line[length - 1] == ' ')
        line[--length] = 0;
    if (p->log->is_terminal) {
        fprintf(p->log->out, "\r%.*s\033[K", p->log->width - 1, line);
        p->log->line_open = true;
    } else {
        fprintf(p->log->out, "%s\n", line);
    }
    fflush(p->log->out);
    p->shown_s = now;
}

void rb_progress_step(rb_progress *p, int64_t done, const char *what)
{
    p->done = done;
    if (!p->log->out || p->log->level < RB_LOG_NORMAL)
        return;
    double now = rb_clock_s();
    bool is_last = done == p->total && !p->log->is_terminal;
    if (is_last || now - p->shown_s >= p->every_s)
        show(p, what, now);
}

void rb_progress_end(rb_progress *p)
{
    if (p->log && p->log->out)
        clear_line(p->log);
}
