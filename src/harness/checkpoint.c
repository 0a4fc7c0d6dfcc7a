/*
 * A fit that is interrupted goes on where it stood: units/<key>.checkpoint.h5 holds its state after an iteration.
 *
 *     state/          what the algorithm's slot `checkpoint` names
 *     best/0, 1, ...  the state at the best iteration so far, where early stopping keeps one: bytes of a snapshot
 *     history/        objective, validation, seconds of the iterations
 *     numbers         best, gained, seconds so far
 *     counts          kept iteration, evaluations since a gain, whether there is a best
 *     @seal           digest of all of it
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "harness/job.h"
#include "harness/state_file.h"

#define KIND "checkpoint"

enum { BEST, GAINED, SPENT_S, N_NUMBERS };
enum { KEPT_ITERATION, SINCE, HAS_BEST, N_COUNTS };

/* What is written and read beside the two states. */
typedef struct {
    double number[N_NUMBERS];
    int64_t count[N_COUNTS];
    double *history[3]; /* [n_history] objective, validation, seconds */
    int64_t n_history;
} facts;

static const char *const histories[3] = { "history/objective", "history/validation", "history/seconds" };

static void seal_facts(rb_hasher *h, const facts *f)
{
    rb_hasher_bytes(h, f->number, sizeof f->number);
    rb_hasher_bytes(h, f->count, sizeof f->count);
    rb_hasher_int(h, f->n_history);
    for (int i = 0; i < 3; i++)
        rb_hasher_bytes(h, f->history[i], (size_t)f->n_history * sizeof(double));
}

/* The best state so far is another one than the present. */
static bool keeps_best(const rb_job *j)
{
    return j->fit.kept_iteration >= 0 && j->fit.kept_iteration < j->fit.n_history - 1;
}

static void name_best(char out[32], int64_t i)
{
    snprintf(out, 32, "best/%lld", (long long)i);
}

/* ---- write ---- */

static rb_status write_facts(hid_t at, rb_hasher *h, const facts *f, rb_error *err)
{
    RB_TRY(rb_hdf_write(at, "numbers", RB_HDF_DOUBLE, f->number, N_NUMBERS, 1, false, err));
    RB_TRY(rb_hdf_write(at, "counts", RB_HDF_INT64, f->count, N_COUNTS, 1, false, err));
    for (int i = 0; i < 3; i++)
        RB_TRY(rb_hdf_write(at, histories[i], RB_HDF_DOUBLE, f->history[i], f->n_history, 1, false, err));
    seal_facts(h, f);
done:
    return err->status;
}

static rb_status write_best(hid_t at, rb_hasher *h, const rb_snapshot *kept, rb_error *err)
{
    char name[32];
    for (int64_t i = 0; i < kept->n; i++) {
        const rb_kept_array *a = &kept->array[i];
        name_best(name, i);
        RB_TRY(rb_hdf_write(at, name, RB_HDF_UINT8, a->data, a->n_bytes, 1, false, err));
        rb_hasher_bytes(h, a->data, (size_t)a->n_bytes);
    }
done:
    return err->status;
}

/* The parts of rank 0 alone. */
static rb_status write_rest(rb_hdf *file, rb_hasher *h, const rb_job *j, const rb_course *w, rb_error *err)
{
    const rb_fit_record *r = &j->fit;
    const facts f = { .number = { w->best, w->gained, rb_clock_s() - w->begin_s },
                      .count = { r->kept_iteration, w->since, keeps_best(j) },
                      .history = { r->objective, r->validation, r->iteration_s },
                      .n_history = r->n_history };
    rb_digest seal;
    RB_TRY(write_facts(file->id, h, &f, err));
    if (keeps_best(j))
        RB_TRY(write_best(file->id, h, &w->kept, err));
    rb_hasher_end(h, &seal);
    RB_TRY(rb_unit_put_digest(file->id, "seal", &seal, err));
    RB_TRY(rb_hdf_commit(file, err));
done:
    return err->status;
}

static rb_status write_file(rb_job *j, const rb_course *w, rb_error *err)
{
    const bool writes = j->ctx.rank == 0;
    char path[4096];
    rb_hdf file = { .id = -1 };
    rb_hasher h = { 0 };
    rb_digest unused;
    hid_t group = -1;
    if (writes && rb_hasher_begin(&h, err) == RB_OK &&
        rb_hdf_create(&file, rb_unit_path(path, j->run->folder, j->work->key, KIND), err) == RB_OK)
        group = rb_hdf_group(file.id, "state", err);
    RB_TRY_ALL(&j->ctx, err->status);
    RB_TRY(rb_state_write(group, &h, j->algorithm, j->state, &j->ctx, err));
    if (group >= 0) {
        H5Gclose(group);
        group = -1;
    }
    RB_TRY_ALL(&j->ctx, writes ? write_rest(&file, &h, j, w, err) : RB_OK);
done:
    if (group >= 0)
        H5Gclose(group);
    rb_hasher_end(&h, &unused);
    if (writes)
        rb_hdf_close(&file);
    return err->status;
}

void rb_checkpoint_write(rb_job *j, rb_course *w)
{
    rb_error failure = { 0 };
    if (write_file(j, w, &failure) == RB_OK) {
        w->saved_s = rb_clock_s();
        return;
    }
    w->saved_s = INFINITY;
    rb_log_warn(&j->run->log, "%s; this fit goes on without checkpoints", failure.message);
}

void rb_checkpoint_remove(const rb_job *j)
{
    if (j->algorithm->checkpoint)
        rb_unit_remove(j->run->folder, j->work->key, KIND);
}

/* ---- read ---- */

static rb_status read_fixed(hid_t at, const char *name, rb_hdf_type type, void *to, int64_t n, size_t size,
                            rb_error *err)
{
    void *data = NULL;
    int64_t n_found;
    RB_TRY(rb_hdf_read_vector(at, name, type, &data, &n_found, err));
    if (n_found == n)
        memcpy(to, data, (size_t)n * size);
    else
        rb_hdf_unfit(err, at, "'%s' has %lld values, expected %lld", name, (long long)n_found, (long long)n);
done:
    rb_free(data);
    return err->status;
}

static rb_status read_facts(facts *f, hid_t at, rb_error *err)
{
    int64_t n;
    RB_TRY(read_fixed(at, "numbers", RB_HDF_DOUBLE, f->number, N_NUMBERS, sizeof(double), err));
    RB_TRY(read_fixed(at, "counts", RB_HDF_INT64, f->count, N_COUNTS, sizeof(int64_t), err));
    for (int i = 0; i < 3; i++) {
        RB_TRY(rb_hdf_read_vector(at, histories[i], RB_HDF_DOUBLE, (void **)&f->history[i], &n, err));
        if (i > 0 && n != f->n_history)
            RB_TRY(rb_hdf_unfit(err, at, "'%s' has %lld values, expected %lld", histories[i], (long long)n,
                                (long long)f->n_history));
        f->n_history = n;
    }
done:
    return err->status;
}

/* The record and the course as they were. */
static rb_status take_facts(rb_job *j, rb_course *w, const facts *f, rb_error *err)
{
    for (int64_t i = 0; i < f->n_history; i++)
        RB_TRY(rb_job_note_iteration(j, f->history[0][i], f->history[1][i], f->history[2][i], err));
    j->fit.kept_iteration = f->count[KEPT_ITERATION];
    w->best = f->number[BEST];
    w->gained = f->number[GAINED];
    w->since = f->count[SINCE];
    w->begin_s -= f->number[SPENT_S];
done:
    return err->status;
}

/* The best state is the present one, or takes its place in a snapshot of it. Ranks that keep nothing of it read
 * nothing.
 */
static rb_status read_best(hid_t at, rb_hasher *h, rb_job *j, rb_course *w, bool is_other, rb_error *err)
{
    char name[32];
    RB_TRY(rb_snapshot_take(&w->kept, j->algorithm, j->state, &j->ctx, err));
    for (int64_t i = 0; is_other && i < w->kept.n; i++) {
        const rb_kept_array *a = &w->kept.array[i];
        if (!a->data)
            continue;
        name_best(name, i);
        RB_TRY(read_fixed(at, name, RB_HDF_UINT8, a->data, a->n_bytes, 1, err));
        rb_hasher_bytes(h, a->data, (size_t)a->n_bytes);
    }
done:
    return rb_agree(&j->ctx, err->status, err);
}

static rb_status read_file(rb_job *j, rb_course *w, rb_error *err)
{
    char path[4096];
    rb_hdf file = { .id = -1 };
    rb_hasher h = { 0 };
    rb_digest seal;
    facts f = { 0 };
    hid_t group = -1;
    rb_hasher_begin(&h, err);
    if (err->status == RB_OK &&
        rb_hdf_open(&file, rb_unit_path(path, j->run->folder, j->work->key, KIND), err) == RB_OK &&
        read_facts(&f, file.id, err) == RB_OK)
        group = rb_hdf_open_group(file.id, "state", err);
    RB_TRY_ALL(&j->ctx, err->status);
    RB_TRY(rb_state_read(group, &h, j->algorithm, j->state, &j->ctx, err));
    seal_facts(&h, &f);
    if (f.count[KEPT_ITERATION] >= 0)
        RB_TRY(read_best(file.id, &h, j, w, f.count[HAS_BEST], err));
    rb_hasher_end(&h, &seal);
    if (j->ctx.rank == 0)
        rb_unit_check_seal(&file, &seal, err);
    RB_TRY_ALL(&j->ctx, err->status);
    RB_TRY_ALL(&j->ctx, take_facts(j, w, &f, err));
done:
    if (group >= 0)
        H5Gclose(group);
    rb_hasher_end(&h, &seal);
    rb_hdf_close(&file);
    for (int i = 0; i < 3; i++)
        rb_free(f.history[i]);
    return err->status;
}

/* Whether rank 0 sees one. */
static bool is_there(const rb_job *j)
{
    int64_t found = j->ctx.rank == 0 && rb_unit_exists(j->run->folder, j->work->key, KIND);
    rb_bcast(&j->ctx, &found, sizeof found, 0);
    return found != 0;
}

rb_status rb_checkpoint_read(bool *lost, rb_job *j, rb_course *w, rb_error *err)
{
    rb_error failure = { 0 };
    *lost = false;
    if (!is_there(j))
        return RB_OK;
    if (read_file(j, w, &failure) == RB_NO_MEMORY) {
        *err = failure;
        return err->status;
    }
    *lost = failure.status != RB_OK;
    if (*lost) {
        rb_log_warn(&j->run->log, "%s; this fit begins anew", failure.message);
        return RB_OK;
    }
    rb_log_say(&j->run->log, "trial %lld (%s) goes on after iteration %lld", (long long)j->trial->number,
               j->c->entry->name, (long long)j->fit.n_history);
    if (j->ctx.rank == 0)
        rb_journal_note(&j->run->journal, err, "resumed %lld %s after iteration %lld", (long long)j->trial->number,
                        j->work->key, (long long)j->fit.n_history);
    return rb_agree(&j->ctx, err->status, err);
}
