/* Lists and relevance in the form of TREC, so that trec_eval judges them. */
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/output.h"
#include "harness/apply_model.h"

/* The lists of a trial as results.h5 keeps them. */
typedef struct {
    int32_t *user; /* [n] */
    int32_t *item; /* [n x k] -1 behind the last */
    int64_t n, k;
} kept_lists;

static rb_status read_lists(kept_lists *l, const rb_apply_model *m, rb_error *err)
{
    const rb_dataset *d = &m->run.data;
    char name[96];
    int64_t n_rows;
    rb_hdf results = { 0 };
    RB_TRY(rb_run_results_open(&results, m->options.resume, err));
    snprintf(name, sizeof name, "recommendations/%lld/user", (long long)m->trial->number);
    if (!rb_hdf_has(results.id, name))
        RB_TRY(
            RB_FAIL(err, RB_BAD_INPUT,
                    "the lists of trial %lld (%s) were not kept: store: { lists: all } keeps every one, selected those "
                    "that were selected",
                    (long long)m->trial->number, m->c->entry->name));
    RB_TRY(rb_hdf_read_vector(results.id, name, RB_HDF_INT32, (void **)&l->user, &l->n, err));
    snprintf(name, sizeof name, "recommendations/%lld/item", (long long)m->trial->number);
    RB_TRY(rb_hdf_read(results.id, name, RB_HDF_INT32, (void **)&l->item, &n_rows, &l->k, err));
    if (n_rows != l->n)
        RB_TRY(rb_hdf_unfit(err, results.id, "'%s' has %lld lists of %lld users", name, (long long)n_rows,
                            (long long)l->n));
    for (int64_t i = 0; i < l->n; i++)
        if (l->user[i] < 0 || l->user[i] >= d->users.n)
            RB_TRY(rb_hdf_unfit(err, results.id, "'%s' has a list of user %d, expected 0 to %d", name, l->user[i],
                                d->users.n - 1));
    for (int64_t i = 0; i < l->n * l->k; i++)
        if (l->item[i] < -1 || l->item[i] >= d->items.n)
            RB_TRY(rb_hdf_unfit(err, results.id, "'%s' lists item %d, expected 0 to %d", name, l->item[i],
                                d->items.n - 1));
done:
    rb_hdf_close(&results);
    return err->status;
}

/* The columns of TREC's files stand between blanks. */
static rb_status check_ids(const rb_ids *ids, const char *what, rb_error *err)
{
    char buffer[32];
    for (int32_t i = 0; i < ids->n; i++) {
        const char *name = rb_ids_name(buffer, ids, i);
        for (const char *at = name; *at; at++)
            if (isspace((unsigned char)*at))
                return RB_FAIL(err, RB_BAD_INPUT, "the %s '%s' has a blank in its id, which TREC's files cannot hold",
                               what, name);
    }
    return RB_OK;
}

/*
 * trec_eval orders by score, and equal ones by the item's name: the score is therefore the number of places from the
 * end, which keeps the order that was judged.
 */
static void write_run(FILE *out, const rb_apply_model *m, const kept_lists *l)
{
    const rb_dataset *d = &m->run.data;
    char user[32], item[32];
    for (int64_t i = 0; i < l->n; i++)
        for (int64_t r = 0; r < l->k && l->item[i * l->k + r] >= 0; r++)
            fprintf(out, "%s Q0 %s %lld %lld %s-%lld\n", rb_ids_name(user, &d->users, l->user[i]),
                    rb_ids_name(item, &d->items, l->item[i * l->k + r]), (long long)r + 1, (long long)(l->k - r),
                    m->c->entry->name, (long long)m->trial->number);
}

/* The level of a rating. trec_eval takes whole numbers, and its nDCG does not change where all of them grow alike. */
static rb_status level_of(long long *level, double rating, bool gains, rb_error *err)
{
    double gain = gains ? 1000 * (exp2(rating) - 1) : 1;
    if (!(gain >= 0 && gain <= 1e9))
        return RB_FAIL(err, RB_BAD_INPUT, "a rating of %g has no gain that fits a level, expected one from 0 to 19",
                       rating);
    *level = llround(gain);
    return RB_OK;
}

static rb_status write_qrels(FILE *out, const rb_apply_model *m, bool gains, rb_error *err)
{
    const rb_dataset *d = &m->run.data;
    const rb_ratings *relevant = rb_fold_relevant(&m->fold, RB_PART_TEST);
    char user[32], item[32];
    for (int32_t u = 0; u < relevant->n_users; u++)
        for (int64_t e = relevant->user_begin[u]; e < relevant->user_begin[u + 1]; e++) {
            long long level = 0;
            RB_TRY(level_of(&level, (double)relevant->user_rating[e], gains, err));
            fprintf(out, "%s 0 %s %lld\n", rb_ids_name(user, &d->users, u),
                    rb_ids_name(item, &d->items, relevant->user_item[e]), level);
        }
done:
    return err->status;
}

rb_status rb_export_trec(const rb_apply_options *o, const rb_trec_files *files, rb_ctx *ctx, rb_error *err)
{
    rb_apply_model m = { 0 };
    kept_lists lists = { 0 };
    FILE *run = NULL, *qrels = NULL;
    RB_TRY(rb_apply_open_trial(&m, o, "recommendations",
                               &(rb_ability){ RB_CAN_RANK, NULL, "does not rank the catalogue: it has no lists" }, ctx,
                               err));
    RB_TRY(read_lists(&lists, &m, err));
    RB_TRY(check_ids(&m.run.data.users, "user", err));
    RB_TRY(check_ids(&m.run.data.items, "item", err));
    RB_TRY(rb_fold_build(&m.fold, &m.run, m.trial->fold, false, ctx, err));
    RB_TRY(rb_output_open(&run, files->run, o->out, err));
    RB_TRY(rb_output_open(&qrels, files->qrels, o->out, err));
    if (run)
        write_run(run, &m, &lists);
    if (qrels)
        RB_TRY(write_qrels(qrels, &m, files->gains, err));
done:
    rb_output_close(run, files->run, o->out, err);
    rb_output_close(qrels, files->qrels, o->out, err);
    rb_free(lists.user);
    rb_free(lists.item);
    rb_apply_close(&m);
    return err->status;
}
