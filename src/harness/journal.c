#include "harness/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"

rb_status rb_journal_open(rb_journal *journal, const char *path, rb_error *err)
{
    journal->fd = open(path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
    if (journal->fd < 0)
        return RB_FAIL(err, RB_IO, "%s: %s", path, strerror(errno));
    char last = '\n';
    off_t end = lseek(journal->fd, 0, SEEK_END);
    if (end > 0 && pread(journal->fd, &last, 1, end - 1) == 1 && last != '\n' && write(journal->fd, "\n", 1) != 1)
        return RB_FAIL(err, RB_IO, "%s: %s", path, strerror(errno));
    return RB_OK;
}

static rb_status append(const rb_journal *journal, rb_error *err, const char *format, va_list args)
{
    char line[2048];
    rb_clock_utc(line);
    line[20] = ' ';
    int n = vsnprintf(line + 21, sizeof line - 22, format, args);
    n = 21 + (n < (int)sizeof line - 23 ? n : (int)sizeof line - 23);
    for (int i = 0; i < n; i++)
        if (line[i] == '\n')
            line[i] = ' ';
    line[n++] = '\n';
    if (write(journal->fd, line, (size_t)n) != n)
        return RB_FAIL(err, RB_IO, "the journal cannot be written: %s", strerror(errno));
    return RB_OK;
}

rb_status rb_journal_note(rb_journal *journal, rb_error *err, const char *format, ...)
{
    if (journal->fd < 0)
        return err->status;
    va_list args;
    va_start(args, format);
    rb_status status = append(journal, err, format, args);
    va_end(args);
    return status;
}

rb_status rb_journal_write(rb_journal *journal, rb_error *err, const char *format, ...)
{
    if (journal->fd < 0)
        return err->status;
    va_list args;
    va_start(args, format);
    rb_status status = append(journal, err, format, args);
    va_end(args);
    if (status == RB_OK && fdatasync(journal->fd) != 0)
        return RB_FAIL(err, RB_IO, "the journal cannot be written: %s", strerror(errno));
    return status;
}

void rb_journal_close(rb_journal *journal)
{
    if (journal->fd >= 0)
        close(journal->fd);
    journal->fd = -1;
}
