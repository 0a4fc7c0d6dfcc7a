#include "data/split.h"

#include <string.h>

#include "base/alloc.h"
#include "data/split_mark.h"

#define KINDS \
    "random|per_user|leave_last_out|temporal|k_fold|sessions|strong|loo_sampled|files|every_nth|titles|strong_titles"

const rb_param rb_split_params[] = {
    RB_CHOICE(rb_split, kind, RB_SPLIT_RANDOM, KINDS, "how interactions are divided"),
    RB_DOUBLE(rb_split, test, 0.2, 0, 1, "", "share of the test part"),
    RB_DOUBLE(rb_split, validation, 0, 0, 1, "", "share of the validation part; 0 leaves it out"),
    RB_INT(rb_split, folds, 5, 2, 1000, "", "folds of k_fold"),
    RB_DOUBLE(rb_split, reveal, 0.8, 0, 1, "", "strong: share of a held-out user's interactions that is known"),
    RB_INT(rb_split, negatives, 100, 1, 100000, "items", "loo_sampled: sampled items the test item is ranked among"),
    RB_INT(rb_split, every, 5, 2, 1e9, "rows", "every_nth: one row in so many is test"),
    RB_INT(rb_split, offset, 0, 0, 1e9, "rows", "every_nth: the first test row"),
    RB_STRING(rb_split, train_file, NULL, "files: training interactions"),
    RB_STRING(rb_split, validation_file, NULL, "files: validation interactions"),
    RB_STRING(rb_split, test_file, NULL, "files: test interactions"),
    RB_PARAM_END,
};

#define SHARES "test|validation"

const rb_split_about rb_split_abouts[] = {
    { "random", "shares of all interactions, drawn at random", SHARES },
    { "per_user", "shares of each user's interactions, drawn at random", SHARES },
    { "leave_last_out", "the user's last interaction is test, the one before it validation where validation > 0",
      "validation" },
    { "temporal", "shares of all interactions: the last ones are test, those before them validation", SHARES },
    { "k_fold", "each interaction is test in one of `folds` folds; validation is drawn from the rest",
      "folds|validation" },
    { "sessions", "shares of the sessions: those that start last are test, those before them validation", SHARES },
    { "strong", "shares of the users: of a test or validation user's interactions a share `reveal` is known",
      SHARES "|reveal" },
    { "loo_sampled", "leave_last_out, ranked among `negatives` sampled items", "validation|negatives" },
    { "files", "by the pairs of files", "train_file|validation_file|test_file" },
    { "every_nth", "row k is test where k % every = offset; validation is drawn from the rest",
      "every|offset|validation" },
    { "titles", "share of the titles: no clustering is fitted on them, and each is judged on them, too", "test" },
    { "strong_titles", "shares of the titles: nothing that was done with a test or validation title is fitted on",
      SHARES },
    { NULL, NULL, NULL },
};

bool rb_split_takes(int kind, const char *key)
{
    return strcmp(key, "kind") == 0 || rb_choice_index(rb_split_abouts[kind].keys, key) >= 0;
}

int64_t rb_split_n_folds(const rb_split *s)
{
    return s->kind == RB_SPLIT_K_FOLD ? s->folds : 1;
}

static rb_status check_parameters(const rb_split *s, rb_error *err)
{
    if (s->kind < 0 || s->kind >= RB_N_SPLIT_KINDS)
        return RB_FAIL(err, RB_BAD_INPUT, "split kind number %d does not exist", s->kind);
    double test = s->kind == RB_SPLIT_K_FOLD        ? 1.0 / (double)s->folds
                  : s->kind == RB_SPLIT_EVERY_NTH   ? 1.0 / (double)s->every
                  : rb_split_takes(s->kind, "test") ? s->test
                                                    : 0;
    if (s->kind == RB_SPLIT_K_FOLD && s->folds < 2)
        return RB_FAIL(err, RB_BAD_INPUT, "'split.folds' is %lld, expected at least 2", (long long)s->folds);
    if (s->kind == RB_SPLIT_EVERY_NTH && (s->every < 2 || s->offset < 0 || s->offset >= s->every))
        return RB_FAIL(err, RB_BAD_INPUT, "'split.offset' is %lld, expected a row in 0 .. %lld ('split.every' - 1)",
                       (long long)s->offset, (long long)s->every - 1);
    if (s->kind == RB_SPLIT_FILES && (!s->train_file || !s->test_file))
        return RB_FAIL(err, RB_BAD_INPUT, "split kind files needs 'split.train_file' and 'split.test_file'");
    if (s->kind == RB_SPLIT_STRONG && !(s->reveal > 0 && s->reveal < 1))
        return RB_FAIL(err, RB_BAD_INPUT, "'split.reveal' is %g, expected a share between 0 and 1", s->reveal);
    if (!(test >= 0 && s->validation >= 0 && test + s->validation < 1))
        return RB_FAIL(err, RB_BAD_INPUT,
                       "test %g and validation %g leave nothing to train on: their sum must be below 1", test,
                       s->validation);
    return RB_OK;
}

static rb_status check_data(const rb_split *s, const rb_dataset *d, rb_error *err)
{
    int64_t n = d->interactions.n;
    if (s->kind == RB_SPLIT_TITLES && d->has_interactions)
        return RB_FAIL(err, RB_BAD_INPUT,
                       "split kind titles is for titles alone, and data set '%s' has interactions: kind strong_titles "
                       "holds out titles with theirs",
                       d->name);
    if (s->kind == RB_SPLIT_TITLES && !d->has_catalogue)
        return RB_FAIL(err, RB_BAD_INPUT, "split kind titles needs titles, and data set '%s' has none", d->name);
    if (s->kind == RB_SPLIT_TITLES)
        return RB_OK;
    bool by_time = s->kind == RB_SPLIT_TEMPORAL || s->kind == RB_SPLIT_LEAVE_LAST_OUT ||
                   (s->kind == RB_SPLIT_SESSIONS && d->has_interactions);
    char kind[64];
    rb_choice_name(kind, KINDS, s->kind);
    if (s->kind == RB_SPLIT_SESSIONS && !d->has_sessions)
        return RB_FAIL(err, RB_BAD_INPUT, "split kind sessions needs sessions, and data set '%s' has none", d->name);
    if (s->kind == RB_SPLIT_SESSIONS && d->sessions.n == 0)
        return RB_FAIL(err, RB_BAD_INPUT, "split kind sessions: no session of data set '%s' has two events", d->name);
    if (s->kind != RB_SPLIT_SESSIONS && (!d->has_interactions || n == 0))
        return RB_FAIL(err, RB_BAD_INPUT, "split kind %s needs interactions, and data set '%s' has none", kind,
                       d->name);
    if (by_time && !d->interactions.time)
        return RB_FAIL(err, RB_BAD_INPUT, "split kind %s needs times, and data set '%s' has none", kind, d->name);
    if (s->kind == RB_SPLIT_K_FOLD && s->folds > n)
        return RB_FAIL(err, RB_BAD_INPUT, "'split.folds' is %lld, and data set '%s' has %lld interactions",
                       (long long)s->folds, d->name, (long long)n);
    return RB_OK;
}

bool rb_split_has_validation(const rb_split *s)
{
    return s->validation > 0 || s->validation_file;
}

rb_status rb_split_check(const rb_split *s, const rb_dataset *d, rb_error *err)
{
    RB_TRY(check_parameters(s, err));
    if (d)
        RB_TRY(check_data(s, d, err));
done:
    return err->status;
}

bool rb_split_sizes(int64_t n_rows[RB_N_PARTS], const rb_split *s, int64_t n, int64_t fold)
{
    int64_t test, validation = rb_split_count(s->validation, n);
    switch (s->kind) {
    case RB_SPLIT_RANDOM:
    case RB_SPLIT_TEMPORAL:
        test = rb_split_count(s->test, n);
        break;
    case RB_SPLIT_K_FOLD:
        test = n * (fold + 1) / s->folds - n * fold / s->folds;
        break;
    case RB_SPLIT_EVERY_NTH:
        test = (n - s->offset + s->every - 1) / s->every;
        break;
    default:
        return false;
    }
    memset(n_rows, 0, RB_N_PARTS * sizeof *n_rows);
    n_rows[RB_PART_TEST] = test;
    n_rows[RB_PART_VALIDATION] = validation < n - test ? validation : n - test;
    n_rows[RB_PART_TRAIN] = n - test - n_rows[RB_PART_VALIDATION];
    return true;
}

/* Mark the next `share` of all rows in an order, at most what is left. */
static rb_status mark_share(rb_split_job *job, uint8_t value, double share, int64_t taken, const rb_order *order,
                            const rb_ctx *ctx, rb_error *err)
{
    int64_t n = rb_split_count(share, order->n);
    if (n > order->n - taken)
        n = order->n - taken;
    return rb_split_mark(job->row, job->memory, value, 0, n, order, ctx, err);
}

/* Test and validation are the first rows of one order: random, or by time. */
static rb_status by_order(rb_split_job *job, const rb_order *order, const rb_ctx *ctx, rb_error *err)
{
    const rb_split *s = job->split;
    RB_TRY(mark_share(job, RB_PART_TEST, s->test, 0, order, ctx, err));
    RB_TRY(mark_share(job, RB_PART_VALIDATION, s->validation, rb_split_count(s->test, order->n), order, ctx, err));
done:
    return err->status;
}

static rb_status by_fold(rb_split_job *job, rb_ctx *ctx, rb_error *err)
{
    int64_t n = job->data->interactions.n, folds = job->split->folds;
    int64_t from = n * job->fold / folds, to = n * (job->fold + 1) / folds;
    rb_order order = { rb_place_random, &job->rng, n };
    rb_rng other = job->rng; /* a fold's validation does not follow from the order that made the folds */
    other.epoch = (uint32_t)job->fold + 1;
    rb_order rest = { rb_place_random, &other, n };
    RB_TRY(rb_split_mark(job->row, job->memory, RB_PART_TEST, from, to, &order, ctx, err));
    RB_TRY(mark_share(job, RB_PART_VALIDATION, job->split->validation, to - from, &rest, ctx, err));
done:
    return err->status;
}

static rb_status every_nth(rb_split_job *job, rb_ctx *ctx, rb_error *err)
{
    int64_t n = job->data->interactions.n, every = job->split->every, offset = job->split->offset;
    rb_order rest = { rb_place_random, &job->rng, n };
    if (ctx->node_rank == 0)
        for (int64_t row = offset; row < n; row += every)
            job->row[row] = RB_PART_TEST;
    rb_split_seen(job->memory, ctx);
    return mark_share(job, RB_PART_VALIDATION, job->split->validation, (n - offset + every - 1) / every, &rest, ctx,
                      err);
}

static rb_status divide(rb_split_job *job, rb_ctx *ctx, rb_error *err)
{
    const rb_interactions *x = &job->data->interactions;
    rb_by_time latest = { x->time, NULL };
    switch ((rb_split_kind)job->split->kind) {
    case RB_SPLIT_RANDOM:
        return by_order(job, &(rb_order){ rb_place_random, &job->rng, x->n }, ctx, err);
    case RB_SPLIT_TEMPORAL:
        return by_order(job, &(rb_order){ rb_place_latest, &latest, x->n }, ctx, err);
    case RB_SPLIT_K_FOLD:
        return by_fold(job, ctx, err);
    case RB_SPLIT_EVERY_NTH:
        return every_nth(job, ctx, err);
    case RB_SPLIT_SESSIONS:
        return rb_split_by_sessions(job, ctx, err);
    case RB_SPLIT_FILES:
        return rb_split_by_files(job, ctx, err);
    case RB_SPLIT_STRONG_TITLES:
        return rb_split_by_titles(job, ctx, err);
    case RB_SPLIT_PER_USER:
    case RB_SPLIT_LEAVE_LAST_OUT:
    case RB_SPLIT_STRONG:
    case RB_SPLIT_LOO_SAMPLED:
    case RB_SPLIT_TITLES: /* has no rows */
    case RB_N_SPLIT_KINDS:
        break;
    }
    return rb_split_by_user(job, ctx, err);
}

rb_status rb_split_fold(rb_parts *out, const rb_split *s, const rb_dataset *d, int64_t fold, uint64_t seed, rb_ctx *ctx,
                        rb_error *err)
{
    RB_TRY_ALL(ctx, rb_split_check(s, d, err));
    out->n_rows = d->has_interactions ? d->interactions.n : 0;
    out->n_sessions = s->kind == RB_SPLIT_SESSIONS ? d->sessions.n : 0;
    RB_TRY(rb_shared_alloc(&out->memory, out->n_rows + out->n_sessions, ctx, err));
    uint8_t *part = out->memory.data;
    rb_split_job job = {
        .split = s,
        .data = d,
        .fold = fold,
        .rng = { .key = rb_seed_named(seed, "split"), .stream = rb_stream("split") },
        .row = part,
        .session = part + out->n_rows,
        .memory = &out->memory,
    };
    RB_TRY(divide(&job, ctx, err));
    out->row = out->n_rows > 0 ? part : NULL;
    out->session = out->n_sessions > 0 ? part + out->n_rows : NULL;
done:
    if (err->status != RB_OK)
        rb_parts_fini(out);
    return err->status;
}

void rb_parts_fini(rb_parts *p)
{
    rb_shared_fini(&p->memory);
    *p = (rb_parts){ 0 };
}
