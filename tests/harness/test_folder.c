/* The run folder: its lock on file systems that have none, what killed writers left, the class it was computed in. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/state.h"
#include "support/support.h"

/* Stands before the system's: the errno it fails with; 0: it locks. */
static int flock_errno;

int flock(int fd, int operation)
{
    (void)fd;
    (void)operation;
    errno = flock_errno;
    return flock_errno ? -1 : 0;
}

static char folder[64];

static int make_folder(void **unused)
{
    (void)unused;
    snprintf(folder, sizeof folder, "/tmp/rb-folder-XXXXXX");
    flock_errno = 0;
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **unused)
{
    (void)unused;
    char command[128];
    snprintf(command, sizeof command, "rm -r %s", folder);
    return system(command);
}

/* Open the folder as a run of this class would; what it says goes to `said`. */
static rb_status open_as(const char *core, char said[512], rb_error *err)
{
    rb_ctx world;
    rb_ctx_serial(&world, 1);
    FILE *out = tmpfile();
    rb_environment environment = { .instructions = "avx512" };
    snprintf(environment.blas_core, sizeof environment.blas_core, "%s", core);
    const rb_run_options options = { .resume = folder, .environment = &environment, .out = out };
    rb_run_state run;
    rb_run_state_init(&run, &options, &world);
    run.experiment.text = "experiment: x\n";
    rb_run_open_folder(&run, err);
    run.experiment.text = NULL;
    rb_run_state_fini(&run);
    rewind(out);
    said[fread(said, 1, 511, out)] = 0;
    fclose(out);
    return err->status;
}

static void a_folder_at_work_is_refused(void **unused)
{
    (void)unused;
    rb_error err = { 0 };
    char said[512];
    flock_errno = EWOULDBLOCK;
    assert_int_equal(open_as("Zen", said, &err), RB_ENVIRONMENT);
    assert_non_null(strstr(err.message, "another reelbench is at work"));
}

static void a_file_system_without_locks_is_said_once(void **unused)
{
    (void)unused;
    const int codes[] = { ENOSYS, ENOLCK, EOPNOTSUPP };
    for (int i = 0; i < 3; i++) {
        rb_error err = { 0 };
        char said[512];
        flock_errno = codes[i];
        assert_ok(open_as("Zen", said, &err), &err);
        const char *first = strstr(said, "no locks");
        assert_non_null(first);
        assert_null(strstr(first + 1, "no locks"));
    }
}

static void a_lock_that_fails_otherwise_ends_the_run(void **unused)
{
    (void)unused;
    rb_error err = { 0 };
    char said[512];
    flock_errno = EIO;
    assert_int_equal(open_as("Zen", said, &err), RB_ENVIRONMENT);
    assert_non_null(strstr(err.message, "cannot be locked"));
    assert_non_null(strstr(err.message, folder));
    assert_int_equal(rb_status_exit(err.status), 3);
}

static void another_class_is_refused_and_names_the_first(void **unused)
{
    (void)unused;
    rb_error err = { 0 };
    char said[512];
    assert_ok(open_as("Zen", said, &err), &err);
    assert_string_equal(said, "");
    assert_ok(open_as("Zen", said, &err), &err);
    assert_int_equal(open_as("Haswell", said, &err), RB_ENVIRONMENT);
    assert_non_null(strstr(err.message, "--blas-core Zen"));
}

static void what_killed_writers_left_is_swept(void **unused)
{
    (void)unused;
    rb_error err = { 0 };
    char units[80], left[256], host[65], said[512];
    assert_int_equal(gethostname(host, sizeof host), 0);
    snprintf(units, sizeof units, "%s/units", folder);
    assert_int_equal(mkdir(units, 0755), 0);
    snprintf(left, sizeof left, "%s/k.fit.h5.%.64s-2147483646.part", units, host); /* above every process number */
    FILE *f = fopen(left, "w");
    assert_non_null(f);
    fclose(f);
    assert_ok(open_as("Zen", said, &err), &err);
    assert_int_equal(access(left, F_OK), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_folder_at_work_is_refused, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(a_file_system_without_locks_is_said_once, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(a_lock_that_fails_otherwise_ends_the_run, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(another_class_is_refused_and_names_the_first, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(what_killed_writers_left_is_swept, make_folder, remove_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
