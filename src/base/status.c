#include "base/status.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static const char *const words[] = {
#define RB_STATUS_WORDS(name, text, exit_status) text,
    RB_STATUS_LIST(RB_STATUS_WORDS)
#undef RB_STATUS_WORDS
};

static const int exits[] = {
#define RB_STATUS_EXIT(name, text, exit_status) exit_status,
    RB_STATUS_LIST(RB_STATUS_EXIT)
#undef RB_STATUS_EXIT
};

const char *rb_status_words(rb_status status)
{
    return (unsigned)status < RB_N_STATUSES ? words[status] : "unknown status";
}

int rb_status_exit(rb_status status)
{
    return (unsigned)status < RB_N_STATUSES ? exits[status] : 1;
}

rb_status rb_fail_at(rb_error *err, const char *file, int line, rb_status status, const char *format, ...)
{
    if (err->status != RB_OK)
        return err->status;
    va_list args;
    va_start(args, format);
    vsnprintf(err->message, sizeof err->message, format, args);
    va_end(args);
    err->status = status;
    snprintf(err->file, sizeof err->file, "%s", file);
    err->line = line;
    return status;
}

rb_status rb_fail_open_at(rb_error *err, const char *file, int line, const char *path)
{
    int why = errno;
    bool is_input = why == ENOENT || why == ENOTDIR || why == EISDIR || why == ELOOP || why == ENAMETOOLONG;
    return rb_fail_at(err, file, line, is_input ? RB_BAD_INPUT : RB_IO, "%s: %s", path, strerror(why));
}

void rb_error_prefix(rb_error *err, const char *format, ...)
{
    if (err->status == RB_OK)
        return;
    char prefix[sizeof err->message];
    va_list args;
    va_start(args, format);
    vsnprintf(prefix, sizeof prefix, format, args);
    va_end(args);
    size_t n = strlen(prefix), room = sizeof err->message - 3;
    n = n < room ? n : room;
    size_t kept = strnlen(err->message, room - n);
    memmove(err->message + n + 2, err->message, kept);
    memcpy(err->message, prefix, n);
    memcpy(err->message + n, ": ", 2);
    err->message[n + 2 + kept] = 0;
}
