#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define HOST_BYTES 65

static void host_name(char out[HOST_BYTES])
{
    if (gethostname(out, HOST_BYTES) != 0)
        out[0] = 0;
    out[HOST_BYTES - 1] = 0;
}

void rb_file_part(char out[RB_PART_BYTES], const char *path)
{
    char host[HOST_BYTES];
    host_name(host);
    snprintf(out, RB_PART_BYTES, "%.4200s.%s-%ld.part", path, host, (long)getpid());
}

/* fsync of a file or folder by name. */
static bool sync_path(const char *path, int flags)
{
    int fd = open(path, flags | O_CLOEXEC);
    if (fd < 0)
        return false;
    bool good = fsync(fd) == 0;
    int code = errno;
    close(fd);
    errno = code;
    return good;
}

static bool sync_folder_of(const char *path)
{
    char folder[RB_PART_BYTES];
    snprintf(folder, sizeof folder, "%s", path);
    char *slash = strrchr(folder, '/');
    if (slash)
        slash[slash == folder] = 0;
    return sync_path(slash ? folder : ".", O_RDONLY | O_DIRECTORY);
}

static rb_status failed(const char *path, rb_error *err)
{
    return RB_FAIL(err, RB_IO, "%s: cannot be written: %s", path, strerror(errno));
}

rb_status rb_file_place_ahead(const char *path, rb_error *err)
{
    char part[RB_PART_BYTES];
    rb_file_part(part, path);
    if (sync_path(part, O_RDONLY) && rename(part, path) == 0)
        return RB_OK;
    failed(path, err);
    unlink(part);
    return err->status;
}

rb_status rb_file_place(const char *path, rb_error *err)
{
    RB_TRY(rb_file_place_ahead(path, err));
    if (!sync_folder_of(path))
        failed(path, err);
done:
    return err->status;
}

rb_status rb_file_replace(const char *path, const char *text, rb_error *err)
{
    char part[RB_PART_BYTES];
    rb_file_part(part, path);
    FILE *f = fopen(part, "we");
    bool good = f && fputs(text, f) >= 0 && fflush(f) == 0;
    int code = errno;
    if (f && fclose(f) != 0 && good) {
        good = false;
        code = errno;
    }
    if (good)
        return rb_file_place(path, err);
    unlink(part);
    return RB_FAIL(err, RB_IO, "%s: cannot be written: %s", path, strerror(code));
}

/* Whether the writer of a name aside is gone. */
static bool is_stale(int folder, const char *name, const char *host, int64_t idle_s)
{
    struct stat info;
    size_t n = strlen(name), n_host = strlen(host);
    const char *dash = strrchr(name, '-');
    if (n < 5 || strcmp(name + n - 5, ".part") != 0 || !dash || fstatat(folder, name, &info, 0) != 0)
        return false;
    bool ours = (size_t)(dash - name) > n_host && strncmp(dash - n_host, host, n_host) == 0 &&
                dash[-(ptrdiff_t)n_host - 1] == '.';
    long process = strtol(dash + 1, NULL, 10);
    if (ours && process > 0)
        return kill((pid_t)process, 0) != 0 && errno == ESRCH;
    return time(NULL) - info.st_mtime > idle_s;
}

int rb_file_sweep(const char *folder, int64_t idle_s)
{
    char host[HOST_BYTES];
    int n = 0;
    DIR *dir = opendir(folder);
    if (!dir)
        return 0;
    host_name(host);
    for (struct dirent *entry; (entry = readdir(dir));)
        if (is_stale(dirfd(dir), entry->d_name, host, idle_s))
            n += unlinkat(dirfd(dir), entry->d_name, 0) == 0;
    closedir(dir);
    return n;
}
