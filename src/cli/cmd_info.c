#include "cli/session.h"
#include "report/table.h"

static const rb_command_option options[] = {
    RB_OPTION_BLAS_CORE,
    RB_OPTION_THREADS,
    RB_OPTION_FORMAT,
    { .name = NULL },
};

static rb_status add(rb_table *t, const char *name, const char *value, rb_error *err)
{
    RB_TRY(rb_table_text(t, name, err));
    RB_TRY(rb_table_text(t, value, err));
done:
    return err->status;
}

static rb_status add_build(rb_table *t, const rb_environment *e, rb_error *err)
{
    char text[256];
    snprintf(text, sizeof text, "%s%s", e->commit, e->dirty ? " (changed since)" : "");
    RB_TRY(add(t, "version", e->version, err));
    RB_TRY(add(t, "commit", text, err));
    snprintf(text, sizeof text, "%s, %s, -march=%s", e->compiler, e->build_type, e->march);
    RB_TRY(add(t, "build", text, err));
    RB_TRY(add(t, "flags", e->flags, err));
    RB_TRY(add(t, "mpi", e->mpi_library, err));
    snprintf(text, sizeof text, "%s, %d thread%s a rank", e->openmp, e->n_threads, e->n_threads == 1 ? "" : "s");
    RB_TRY(add(t, "openmp", text, err));
    RB_TRY(add(t, "openblas", e->blas_config, err));
    snprintf(text, sizeof text, "%s (%s)%s", e->blas_core, e->blas_choice,
             e->blas_is_openmp ? "" : ", not the OpenMP build: install libopenblas-openmp");
    RB_TRY(add(t, "openblas core", text, err));
    RB_TRY(add(t, "hdf5", e->hdf5, err));
done:
    return err->status;
}

static rb_status add_machine(rb_table *t, const rb_environment *e, rb_error *err)
{
    char text[256], memory[32], shm[32];
    RB_TRY(add(t, "host", e->hostname, err));
    RB_TRY(add(t, "system", e->system, err));
    snprintf(text, sizeof text, "%s, %s", e->cpu, e->instructions);
    RB_TRY(add(t, "processor", text, err));
    snprintf(text, sizeof text, "%d, of which %d for this process (%s)", e->n_cpus, e->n_cpus_bound, e->binding);
    RB_TRY(add(t, "cores", text, err));
    snprintf(text, sizeof text, "%s, %s free in /dev/shm", rb_text_bytes(memory, e->memory_bytes),
             e->shm_bytes < 0 ? "unavailable" : rb_text_bytes(shm, e->shm_bytes));
    RB_TRY(add(t, "memory", text, err));
done:
    return err->status;
}

static rb_status run(rb_call *call, rb_error *err)
{
    static const rb_table_column columns[] = { { "fact", RB_CELL_TEXT }, { "value", RB_CELL_TEXT } };
    rb_session session = { 0 };
    rb_table table;
    rb_text class = { 0 };
    rb_table_init(&table, columns, 2);
    table.no_heading = true;
    RB_TRY(rb_session_begin_serial(&session, call, err));
    RB_TRY(add_build(&table, &session.environment, err));
    RB_TRY(add_machine(&table, &session.environment, err));
    RB_TRY(rb_environment_class(&class, &session.environment, err));
    RB_TRY(add(&table, "class of bits", class.data, err));
    RB_TRY(rb_table_write(call->out, &table, rb_session_format(call), err));
done:
    rb_table_fini(&table);
    rb_text_fini(&class);
    rb_session_end(&session);
    return err->status;
}

const rb_command rb_cmd_info = {
    .name = "info",
    .summary = "versions, compiler, MPI, threads, OpenBLAS core, HDF5, machine",
    .description = "The last line is the class inside which results have the same bits. Starts no MPI.",
    .options = options,
    .example = "reelbench info --format json",
    .run = run,
};
