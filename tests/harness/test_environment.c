/* What the environment says about launchers, threads, the class of bits, and how it is asked to stop. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/environment.h"
#include "support/support.h"

static const char *const launcher_names[] = { "OMPI_COMM_WORLD_RANK",
                                              "OMPI_COMM_WORLD_SIZE",
                                              "OMPI_COMM_WORLD_LOCAL_SIZE",
                                              "PMIX_RANK",
                                              "PMI_RANK",
                                              "PMI_SIZE",
                                              "SLURM_PROCID",
                                              "SLURM_NTASKS",
                                              "SLURM_STEP_ID",
                                              "OMP_NUM_THREADS" };

static int without_launcher(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < sizeof launcher_names / sizeof *launcher_names; i++)
        unsetenv(launcher_names[i]);
    return 0;
}

static void a_program_started_by_hand_is_rank_0_of_1(void **unused)
{
    (void)unused;
    rb_launch launch = rb_launch_detect();
    assert_int_equal(launch.rank, 0);
    assert_int_equal(launch.n_ranks, 1);
    assert_false(launch.has_launcher);
}

static void mpirun_tells_the_rank(void **unused)
{
    (void)unused;
    setenv("OMPI_COMM_WORLD_RANK", "2", 1);
    setenv("OMPI_COMM_WORLD_SIZE", "3", 1);
    rb_launch launch = rb_launch_detect();
    assert_int_equal(launch.rank, 2);
    assert_int_equal(launch.n_ranks, 3);
    assert_true(launch.has_launcher && launch.is_open_mpi);
}

static void srun_tells_the_rank_and_a_batch_script_does_not(void **unused)
{
    (void)unused;
    setenv("SLURM_PROCID", "0", 1); /* sbatch sets these in its script too, which no launcher started */
    setenv("SLURM_NTASKS", "8", 1);
    assert_false(rb_launch_detect().has_launcher);
    setenv("SLURM_PROCID", "5", 1);
    setenv("SLURM_STEP_ID", "0", 1);
    rb_launch launch = rb_launch_detect();
    assert_int_equal(launch.rank, 5);
    assert_int_equal(launch.n_ranks, 8);
    assert_true(launch.has_launcher && !launch.is_open_mpi);
}

static rb_environment collect(int n_threads)
{
    rb_error err = { RB_OK };
    rb_environment env;
    assert_ok(rb_environment_collect(&env, n_threads, NULL, &err), &err);
    return env;
}

static void threads_are_those_asked_for_else_the_share_of_the_cores(void **unused)
{
    (void)unused;
    int all = collect(0).n_threads;
    assert_int_equal(all, collect(0).n_cpus_bound);
    assert_int_equal(collect(7).n_threads, 7);
    setenv("OMPI_COMM_WORLD_LOCAL_SIZE", "1000000", 1);
    assert_int_equal(collect(0).n_threads, collect(0).n_cpus_bound == collect(0).n_cpus ? 1 : all);
    setenv("OMP_NUM_THREADS", "5,2", 1);
    assert_int_equal(collect(0).n_threads, 5);
    assert_int_equal(collect(7).n_threads, 7);
}

static void every_fact_has_a_value(void **unused)
{
    (void)unused;
    rb_environment env = collect(0);
    const char *const facts[] = { env.hostname, env.system,    env.cpu,         env.binding, env.instructions,
                                  env.libm,     env.blas_core, env.blas_config, env.hdf5,    env.mpi_library,
                                  env.openmp,   env.compiler,  env.flags,       env.march,   env.build_type,
                                  env.version,  env.commit };
    for (size_t i = 0; i < sizeof facts / sizeof *facts; i++)
        assert_true(facts[i][0] != 0);
    assert_string_equal(env.blas_choice, "auto");
    assert_true(env.memory_bytes > 0);
}

static void the_class_names_core_instructions_libm_and_binary(void **unused)
{
    (void)unused;
    rb_error err = { RB_OK };
    rb_environment env = collect(0);
    rb_text text = { 0 };
    char binary[17];
    rb_digest_hex(binary, &env.binary, 16);
    assert_ok(rb_environment_class(&text, &env, &err), &err);
    assert_non_null(strstr(text.data, env.blas_core));
    assert_non_null(strstr(text.data, env.instructions));
    assert_non_null(strstr(text.data, env.libm));
    assert_non_null(strstr(text.data, binary));
    rb_text_fini(&text);
}

static void the_flag_holds_the_signal(void **unused)
{
    (void)unused;
    rb_signals_install();
    assert_int_equal(*rb_signals_flag(), 0);
    assert_int_equal(rb_signals_exit(), 0);
    raise(SIGUSR1);
    assert_int_equal(*rb_signals_flag(), SIGUSR1);
    assert_int_equal(rb_signals_exit(), 0);
    raise(SIGTERM); /* the first one to stop: running trials are finished */
    assert_int_equal(*rb_signals_flag(), SIGTERM);
    assert_int_equal(rb_signals_exit(), 143);
}

/* Exit status of a child that gets these signals, 77 where it lives on. */
static int status_after(int first, int second)
{
    pid_t child = fork();
    if (child == 0) {
        rb_signals_install();
        raise(first);
        if (second)
            raise(second);
        _exit(77);
    }
    int status = 0;
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void the_second_ctrl_c_ends_at_once(void **unused)
{
    (void)unused;
    assert_int_equal(status_after(SIGUSR1, SIGUSR1), 77);
    assert_int_equal(status_after(SIGINT, SIGINT), 130);
    assert_int_equal(status_after(SIGINT, SIGTERM), 143);
}

static void under_mpirun_the_first_does(void **unused)
{
    (void)unused;
    setenv("OMPI_COMM_WORLD_RANK", "0", 1);
    assert_int_equal(status_after(SIGUSR1, 0), 77);
    assert_int_equal(status_after(SIGINT, 0), 130);
    assert_int_equal(status_after(SIGTERM, 0), 143);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_program_started_by_hand_is_rank_0_of_1, without_launcher),
        cmocka_unit_test_setup(mpirun_tells_the_rank, without_launcher),
        cmocka_unit_test_setup(srun_tells_the_rank_and_a_batch_script_does_not, without_launcher),
        cmocka_unit_test_setup(threads_are_those_asked_for_else_the_share_of_the_cores, without_launcher),
        cmocka_unit_test_setup(every_fact_has_a_value, without_launcher),
        cmocka_unit_test_setup(the_class_names_core_instructions_libm_and_binary, without_launcher),
        cmocka_unit_test_setup(the_second_ctrl_c_ends_at_once, without_launcher),
        cmocka_unit_test_setup(under_mpirun_the_first_does, without_launcher),
        cmocka_unit_test_setup(the_flag_holds_the_signal, without_launcher), /* last: the flag stays */
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
