/* Files written aside: two writers never share one, a dead one's is swept, a live one's stays. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utime.h>

#include "base/file.h"
#include "support/support.h"

static char folder[64], path[128];

static int make_folder(void **unused)
{
    (void)unused;
    snprintf(folder, sizeof folder, "/tmp/rb-file-XXXXXX");
    snprintf(path, sizeof path, "%s", mkdtemp(folder) ? folder : "");
    strcat(path, "/unit.h5");
    return path[0] == '/' && path[1] ? 0 : -1;
}

static int remove_folder(void **unused)
{
    (void)unused;
    char command[128];
    snprintf(command, sizeof command, "rm -r %s", folder);
    return system(command);
}

static void touch(const char *name)
{
    FILE *f = fopen(name, "w");
    assert_non_null(f);
    fclose(f);
}

static void a_file_is_replaced_whole(void **unused)
{
    (void)unused;
    rb_error err = { 0 };
    char part[RB_PART_BYTES], text[32] = "";
    assert_ok(rb_file_replace(path, "first, and longer\n", &err), &err);
    assert_ok(rb_file_replace(path, "second\n", &err), &err);
    FILE *f = fopen(path, "r");
    assert_int_equal(fread(text, 1, sizeof text - 1, f), 7);
    fclose(f);
    assert_string_equal(text, "second\n");
    rb_file_part(part, path);
    assert_int_equal(access(part, F_OK), -1);
    assert_int_equal(unlink(path), 0);
}

static void a_folder_that_is_not_there_is_named(void **unused)
{
    (void)unused;
    rb_error err = { 0 };
    assert_int_equal(rb_file_replace("/tmp/rb-none/there/class", "x", &err), RB_IO);
    assert_non_null(strstr(err.message, "/tmp/rb-none/there/class"));
    assert_non_null(strstr(err.message, "No such file"));
}

/* Name aside of a child process, which is gone when it is returned. */
static void part_of_another(char out[RB_PART_BYTES])
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
        rb_file_part(out, path);
        touch(out);
        _exit(write(ends[1], out, RB_PART_BYTES) == RB_PART_BYTES ? 0 : 1);
    }
    int status;
    close(ends[1]);
    size_t n = 0;
    for (ssize_t got; (got = read(ends[0], out + n, RB_PART_BYTES - n)) > 0;)
        n += (size_t)got;
    close(ends[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_int_equal(n, RB_PART_BYTES);
}

static void two_writers_have_two_names_and_the_dead_one_is_swept(void **unused)
{
    (void)unused;
    static char mine[RB_PART_BYTES], theirs[RB_PART_BYTES];
    char elsewhere[160], old[160];
    rb_file_part(mine, path);
    part_of_another(theirs);
    assert_string_not_equal(mine, theirs);
    touch(mine);
    touch(path);
    snprintf(elsewhere, sizeof elsewhere, "%s.another-host-7.part", path);
    snprintf(old, sizeof old, "%s.third-host-7.part", path);
    touch(elsewhere);
    touch(old);
    const struct utimbuf long_ago = { 1000, 1000 };
    assert_int_equal(utime(old, &long_ago), 0);
    assert_int_equal(utime(mine, &long_ago), 0); /* its writer lives, however long it takes */
    assert_int_equal(rb_file_sweep(folder, 3600), 2);
    assert_int_equal(access(theirs, F_OK), -1);
    assert_int_equal(access(old, F_OK), -1);
    assert_int_equal(access(mine, F_OK), 0);
    assert_int_equal(access(elsewhere, F_OK), 0);
    assert_int_equal(access(path, F_OK), 0);
    assert_int_equal(rb_file_sweep("/tmp/rb-none/there", 0), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_is_replaced_whole),
        cmocka_unit_test(a_folder_that_is_not_there_is_named),
        cmocka_unit_test(two_writers_have_two_names_and_the_dead_one_is_swept),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
