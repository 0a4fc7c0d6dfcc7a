#include "data/bytes.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"

rb_status rb_bytes_load(char **bytes, int64_t *n_bytes, const char *path, rb_error *err)
{
    struct stat about;
    FILE *file = fopen(path, "rb");
    if (!file)
        return RB_FAIL_OPEN(err, path);
    if (fstat(fileno(file), &about) != 0 || !S_ISREG(about.st_mode)) {
        RB_FAIL(err, RB_BAD_INPUT, "%s: not a regular file", path);
        goto done;
    }
    *n_bytes = about.st_size;
    RB_TRY(rb_alloc(bytes, *n_bytes, err));
    if ((int64_t)fread(*bytes, 1, (size_t)*n_bytes, file) != *n_bytes)
        RB_FAIL(err, RB_IO, "%s: %s", path,
                ferror(file) ? strerror(errno) : "the file became shorter while it was read");
done:
    fclose(file);
    return err->status;
}

rb_status rb_bytes_share(char **bytes, int64_t *n_bytes, const char *path, const rb_ctx *ctx, rb_error *err)
{
    RB_TRY_ALL(ctx, ctx->rank == 0 ? rb_bytes_load(bytes, n_bytes, path, err) : RB_OK);
    rb_bcast(ctx, n_bytes, sizeof *n_bytes, 0);
    RB_TRY_ALL(ctx, ctx->rank == 0 ? RB_OK : rb_alloc(bytes, *n_bytes, err));
    rb_bcast(ctx, *bytes, *n_bytes, 0);
done:
    return err->status;
}
