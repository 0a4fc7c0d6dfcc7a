#include "support/world_run.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "support/support.h"

static char scratch[64];

int rb_test_runs_begin(void **unused)
{
    (void)unused;
    snprintf(scratch, sizeof scratch, "/tmp/rb-run-XXXXXX");
    int64_t made = rb_test_ctx.rank != 0 || mkdtemp(scratch) != NULL;
    rb_bcast(&rb_test_ctx, scratch, sizeof scratch, 0);
    rb_min_int64(&rb_test_ctx, &made, 1);
    return made ? 0 : -1;
}

int rb_test_runs_end(void **unused)
{
    (void)unused;
    char command[128];
    rb_barrier(&rb_test_ctx);
    snprintf(command, sizeof command, "rm -r %s", scratch);
    return rb_test_ctx.rank == 0 ? system(command) : 0;
}

const char *rb_test_runs_folder(void)
{
    return scratch;
}

const char *rb_test_scratch(char out[256], const char *name)
{
    snprintf(out, 256, "%s/%s", scratch, name);
    return out;
}

static void write_yaml(const char *path, const char *yaml)
{
    FILE *f = fopen(path, "we");
    if (!f || fputs(yaml, f) < 0 || fclose(f) != 0)
        fail_msg("%s cannot be written", path);
}

rb_status rb_test_try_run(rb_run_outcome *outcome, const char *root, const char *yaml, rb_test_shape shape,
                          rb_error *err)
{
    static rb_environment environment;
    char file[256], output[256];
    rb_ctx alone;
    snprintf(file, sizeof file, "%s/%s.yaml", scratch, root);
    snprintf(output, sizeof output, "%s/%s", scratch, root);
    if (rb_test_ctx.rank == 0)
        write_yaml(file, yaml);
    assert_ok(rb_environment_collect(&environment, rb_test_ctx.n_threads, NULL, err), err);
    rb_run_options options = { .file = file,
                               .output_root = output,
                               .cache_dir = "none",
                               .group_size = shape.group_size,
                               .no_share = shape.no_share,
                               .errors = rb_test_ctx.rank == 0 ? stderr : NULL,
                               .environment = &environment,
                               .algorithms = shape.algorithms };
    rb_ctx_serial(&alone, rb_test_ctx.n_threads);
    if (!shape.alone)
        rb_run(outcome, &options, shape.world ? shape.world : &rb_test_ctx, err);
    else if (rb_test_ctx.rank == 0)
        rb_run(outcome, &options, &alone, err);
    rb_agree(&rb_test_ctx, err->status, err);
    rb_bcast(&rb_test_ctx, outcome, sizeof *outcome, 0);
    return err->status;
}

rb_run_outcome rb_test_run(const char *root, const char *yaml, rb_test_shape shape)
{
    rb_error err = { 0 };
    rb_run_outcome outcome = { 0 };
    assert_ok(rb_test_try_run(&outcome, root, yaml, shape, &err), &err);
    return outcome;
}

/* ---- what results.h5 holds ---- */

static rb_hdf open_results(const char *folder)
{
    char path[4200];
    rb_error err = { 0 };
    rb_hdf file = { 0 };
    snprintf(path, sizeof path, "%s/results.h5", folder);
    assert_ok(rb_hdf_open(&file, path, &err), &err);
    return file;
}

/* A column as numbers, whatever it holds. */
static double *numbers(hid_t at, const char *table, const char *column, int64_t *n)
{
    double *values = NULL;
    int64_t *whole = NULL;
    rb_error err = { 0 }, none = { 0 };
    if (rb_hdf_read_column(at, table, column, RB_HDF_DOUBLE, (void **)&values, n, &none) == RB_OK)
        return values;
    assert_ok(rb_hdf_read_column(at, table, column, RB_HDF_INT64, (void **)&whole, n, &err), &err);
    assert_ok(rb_alloc(&values, *n, &err), &err);
    for (int64_t i = 0; i < *n; i++)
        values[i] = (double)whole[i];
    rb_free(whole);
    return values;
}

double rb_test_cell(const char *folder, const char *table, const char *column, int64_t row)
{
    rb_hdf file = open_results(folder);
    int64_t n;
    double *values = numbers(file.id, table, column, &n);
    assert_in_range(row, 0, n - 1);
    double value = values[row];
    rb_free(values);
    rb_hdf_close(&file);
    return value;
}

void rb_test_text(char out[256], const char *folder, const char *table, const char *column, int64_t row)
{
    rb_hdf file = open_results(folder);
    rb_error err = { 0 };
    char **texts = NULL, *all = NULL;
    int64_t n;
    assert_ok(rb_hdf_read_column_texts(file.id, table, column, &texts, &all, &n, &err), &err);
    assert_in_range(row, 0, n - 1);
    snprintf(out, 256, "%s", texts[row]);
    rb_free(texts);
    rb_free(all);
    rb_hdf_close(&file);
}

double rb_test_metric(const char *folder, int trial, const char *part, const char *metric)
{
    rb_hdf file = open_results(folder);
    rb_error err = { 0 };
    char **parts = NULL, **definitions = NULL, *text[2] = { 0 };
    int64_t n;
    double *of = numbers(file.id, "metrics", "trial", &n), *value = numbers(file.id, "metrics", "value", &n);
    double found = NAN;
    assert_ok(rb_hdf_read_column_texts(file.id, "metrics", "part", &parts, &text[0], &n, &err), &err);
    assert_ok(rb_hdf_read_column_texts(file.id, "metrics", "definition", &definitions, &text[1], &n, &err), &err);
    for (int64_t i = 0; i < n; i++)
        if (of[i] == trial && strcmp(parts[i], part) == 0 && strcmp(definitions[i], metric) == 0)
            found = value[i];
    rb_free(of);
    rb_free(value);
    rb_free(parts);
    rb_free(definitions);
    rb_free(text[0]);
    rb_free(text[1]);
    rb_hdf_close(&file);
    return found;
}

double rb_test_element(const char *folder, const char *name, rb_hdf_type type, int64_t at)
{
    rb_hdf file = open_results(folder);
    rb_error err = { 0 };
    void *data = NULL;
    int64_t n_rows, n_cols;
    assert_ok(rb_hdf_read(file.id, name, type, &data, &n_rows, &n_cols, &err), &err);
    assert_in_range(at, 0, n_rows * n_cols - 1);
    double value = type == RB_HDF_DOUBLE  ? ((double *)data)[at]
                   : type == RB_HDF_FLOAT ? (double)((float *)data)[at]
                   : type == RB_HDF_INT64 ? (double)((int64_t *)data)[at]
                                          : (double)((int32_t *)data)[at];
    rb_free(data);
    rb_hdf_close(&file);
    return value;
}
