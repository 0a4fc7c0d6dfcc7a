#include "cli/reading.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/output.h"
#include "base/param.h"
#include "data/read.h"
#include "data/write.h"

static rb_status fill_source(rb_source *source, const rb_call *call, rb_error *err)
{
    const char *delimiter = rb_call_text(call, "delimiter");
    const char *header = rb_call_text(call, "header");
    *source = (rb_source){
        .from_options = true,
        .format = rb_call_text(call, "from"),
        .user_column = rb_call_text(call, "user-column"),
        .item_column = rb_call_text(call, "item-column"),
        .rating_column = rb_call_text(call, "rating-column"),
        .timestamp_column = rb_call_text(call, "timestamp-column"),
        .header = header ? strcmp(header, "yes") == 0 : -1,
        .skip_errors = strcmp(rb_call_text(call, "on-error"), "skip") == 0,
        .duplicates = (rb_duplicates)rb_choice_index("error|last|mean", rb_call_text(call, "duplicates")),
    };
    if (delimiter && strcmp(delimiter, "\\t") == 0)
        delimiter = "\t";
    if (delimiter && strlen(delimiter) != 1)
        return RB_FAIL(err, RB_BAD_INPUT, "--delimiter is '%s', expected one character (\\t: tab)", delimiter);
    source->delimiter = (char)(delimiter ? delimiter[0] : 0);
    return RB_OK;
}

rb_status rb_reading(rb_dataset *out, const char *what, const rb_call *call, rb_ctx *ctx, rb_error *err)
{
    rb_source source;
    RB_TRY(fill_source(&source, call, err));
    source.path = what;
    if (access(what, F_OK) == 0 || strchr(what, '/'))
        return rb_dataset_read(out, &source, ctx, err);
    if (strchr(what, '.')) /* no data set's name has one */
        return RB_FAIL(err, RB_BAD_INPUT, "%s: no such file", what);
    const char *folder = rb_call_text(call, "data");
    if (!folder)
        folder = getenv("REELBENCH_DATA");
    if (!folder)
        return RB_FAIL(err, RB_BAD_INPUT,
                       "%s: no such file; for a data set's name, give its folder by --data or REELBENCH_DATA", what);
    return rb_dataset_named(out, what, folder, &source, ctx, err);
done:
    return err->status;
}

rb_status rb_writing(const char *path, const rb_dataset *d, const char *format, const rb_call *call, rb_error *err)
{
    if (!call->speaks)
        return RB_OK;
    FILE *out = NULL;
    RB_TRY(rb_output_open(&out, path, call->out, err));
    RB_TRY(rb_dataset_write(out, d, format, out == call->out ? "standard output" : path, err));
done:
    return rb_output_close(out, path, call->out, err);
}
