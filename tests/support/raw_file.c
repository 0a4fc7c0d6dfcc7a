#include "support/raw_file.h"

#include <stdio.h>
#include <sys/stat.h>

#include "support/support.h"

void *rb_raw_read(int64_t *length, const char *path, int64_t n_bytes)
{
    struct stat facts = { 0 };
    char *data = NULL;
    rb_error err = { 0 };
    FILE *file = fopen(path, "rb");
    if (!file || fstat(fileno(file), &facts) != 0) {
        fail_msg("%s cannot be read", path);
        return NULL;
    }
    if (n_bytes >= 0 && facts.st_size != n_bytes)
        fail_msg("%s has %lld bytes instead of %lld", path, (long long)facts.st_size, (long long)n_bytes);
    assert_ok(rb_alloc(&data, facts.st_size, &err), &err);
    if (fread(data, 1, (size_t)facts.st_size, file) != (size_t)facts.st_size)
        fail_msg("%s cannot be read to its end", path);
    fclose(file);
    if (length)
        *length = facts.st_size;
    return data;
}

void rb_raw_write(const char *path, const void *data, int64_t n_bytes)
{
    FILE *file = fopen(path, "wb");
    bool written = file && fwrite(data, 1, (size_t)n_bytes, file) == (size_t)n_bytes;
    if (!file || fclose(file) != 0 || !written)
        fail_msg("%s cannot be written", path);
}
