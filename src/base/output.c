#include "base/output.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

rb_status rb_output_open(FILE **out, const char *file, FILE *standard, rb_error *err)
{
    *out = file && strcmp(file, "-") == 0 ? standard : NULL;
    if (file && !*out)
        *out = fopen(file, "we");
    return file && !*out ? RB_FAIL(err, RB_IO, "%s: %s", file, strerror(errno)) : RB_OK;
}

rb_status rb_output_close(FILE *out, const char *file, FILE *standard, rb_error *err)
{
    bool failed = out && ferror(out);
    if (out && out != standard && fclose(out) != 0)
        failed = true;
    if (failed && err->status == RB_OK)
        RB_FAIL(err, RB_IO, "%s: cannot be written", file);
    return err->status;
}
