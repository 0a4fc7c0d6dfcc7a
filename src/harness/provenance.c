/* /provenance: where the numbers come from. Nothing of it enters the digest. */
#include <stdio.h>

#include "base/clock.h"
#include "harness/facts.h"
#include "harness/state.h"

static rb_status put_environment(hid_t at, const rb_environment *env, rb_error *err)
{
    const struct {
        const char *name, *value;
    } texts[] = {
        { "version", env->version },
        { "git_commit", env->commit },
        { "compiler", env->compiler },
        { "flags", env->flags },
        { "march", env->march },
        { "build_type", env->build_type },
        { "hostname", env->hostname },
        { "system", env->system },
        { "cpu", env->cpu },
        { "instructions", env->instructions },
        { "libm", env->libm },
        { "blas_core", env->blas_core },
        { "blas_config", env->blas_config },
        { "blas_choice", env->blas_choice },
        { "hdf5", env->hdf5 },
        { "mpi", env->mpi_library },
        { "openmp", env->openmp },
        { "binding", env->binding },
    };
    char hex[65];
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        RB_TRY(rb_hdf_put_text(at, texts[i].name, texts[i].value, err));
    rb_digest_hex(hex, &env->binary, 64);
    RB_TRY(rb_hdf_put_text(at, "binary_digest", hex, err));
    RB_TRY(rb_hdf_put_int(at, "git_dirty", env->dirty, err));
    RB_TRY(rb_hdf_put_double(at, "memory_bytes", env->memory_bytes, err));
done:
    return err->status;
}

static rb_status put_digest(hid_t at, const char *name, const rb_digest *digest, rb_error *err)
{
    char hex[65];
    rb_digest_hex(hex, digest, 64);
    return rb_hdf_put_text(at, name, hex, err);
}

rb_status rb_write_provenance(hid_t file, const rb_run_state *run, rb_error *err)
{
    hid_t at = rb_hdf_group(file, "provenance", err);
    char now[21];
    const char *text = run->experiment.text;
    RB_TRY(err->status);
    rb_clock_utc(now);
    RB_TRY(rb_hdf_write(at, "experiment", RB_HDF_TEXT, &text, 1, 1, false, err));
    RB_TRY(put_environment(at, run->environment, err));
    RB_TRY(rb_hdf_put_text(at, "written", now, err));
    RB_TRY(rb_hdf_put_text(at, "experiment_file", run->experiment.file, err));
    RB_TRY(rb_hdf_put_int(at, "ranks", run->world->n_ranks, err));
    RB_TRY(rb_hdf_put_int(at, "nodes", run->world->n_nodes, err));
    RB_TRY(rb_hdf_put_int(at, "threads", run->world->n_threads, err));
    RB_TRY(rb_hdf_put_int(at, "groups", run->n_groups, err));
    RB_TRY(put_digest(at, "data_digest", &run->data.digest, err));
    RB_TRY(put_digest(at, "folder_digest", &run->folder_digest, err));
    RB_TRY(rb_hdf_put_text(at, "evaluation_digest", rb_eval_digest, err));
    RB_TRY(rb_hdf_put_int(at, "seed", (int64_t)run->experiment.seed, err));
done:
    if (at >= 0)
        H5Gclose(at);
    return err->status;
}
