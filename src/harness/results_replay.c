/* /replay: what the policies earned and what the A/B tests found. */
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "harness/replay.h"
#include "harness/results.h"

typedef struct {
    int32_t job, configuration, repeat;
    const char *entry, *policy, *parameters, *state, *key;
    char digest[65];
    uint8_t rejected;
    int64_t events, matched, clicks, pairs;
    double ctr, low, high, expected, regret;
    double control, treatment, difference, p, true_difference;
} row;

static row row_of(const rb_run_state *run, int64_t i, const rb_replay_result *result)
{
    const rb_plan *plan = &run->replays.plan;
    const rb_trial *job = &plan->trial[i];
    const rb_configuration *c = &plan->configuration[job->configuration];
    const double pairs = (double)result->n_pairs;
    row out = { .job = (int32_t)job->number,
                .configuration = c->index + 1,
                .repeat = job->repeat + 1,
                .entry = c->entry->name,
                .policy = c->entry->algorithm->name,
                .parameters = c->text,
                .state = result->n_matched > 0 ? "ok" : "unavailable",
                .key = run->replays.job[i].key,
                .rejected = result->rejected,
                .events = result->n_events,
                .matched = result->n_matched,
                .clicks = result->n_clicked,
                .pairs = result->n_pairs,
                .ctr = NAN,
                .low = result->low,
                .high = result->high,
                .expected = NAN,
                .regret = result->regret,
                .control = (double)result->n_control / pairs,
                .treatment = (double)result->n_treatment / pairs,
                .difference = (double)(result->n_treatment - result->n_control) / pairs,
                .p = result->p,
                .true_difference = result->difference };
    if (!rb_policy_of(c->entry->algorithm))
        return out;
    out.low = out.high = NAN;
    if (result->n_matched > 0) {
        out.ctr = (double)result->n_clicked / (double)result->n_matched;
        out.expected = result->expected / (double)result->n_matched;
        rb_wilson(&out.low, &out.high, result->n_clicked, result->n_matched, run->experiment.statistics.level);
    }
    return out;
}

static rb_status write_policies(hid_t at, const row *rows, int64_t n, rb_error *err)
{
    const rb_hdf_column columns[] = {
        RB_RESULTS_COLUMN(rows, RB_HDF_INT32, job),
        RB_RESULTS_COLUMN(rows, RB_HDF_INT32, configuration),
        RB_RESULTS_COLUMN(rows, RB_HDF_INT32, repeat),
        RB_RESULTS_COLUMN(rows, RB_HDF_TEXT, entry),
        RB_RESULTS_COLUMN(rows, RB_HDF_TEXT, policy),
        RB_RESULTS_COLUMN(rows, RB_HDF_TEXT, parameters),
        RB_RESULTS_COLUMN(rows, RB_HDF_INT64, events),
        RB_RESULTS_COLUMN(rows, RB_HDF_INT64, matched),
        RB_RESULTS_COLUMN(rows, RB_HDF_INT64, clicks),
        RB_RESULTS_COLUMN(rows, RB_HDF_DOUBLE, ctr),
        RB_RESULTS_COLUMN(rows, RB_HDF_DOUBLE, low),
        RB_RESULTS_COLUMN(rows, RB_HDF_DOUBLE, high),
        RB_RESULTS_COLUMN(rows, RB_HDF_TEXT, state),
        RB_RESULTS_COLUMN(rows, RB_HDF_DOUBLE, expected),
        RB_RESULTS_COLUMN_AS(rows, RB_HDF_DOUBLE, regret, "regret", "clicks"),
        RB_RESULTS_COLUMN(rows, RB_HDF_TEXT, key),
        RB_RESULTS_COLUMN(rows, RB_HDF_CHARS, digest),
    };
    return rb_hdf_write_table(at, "policies", columns, RB_RESULTS_N_OF(columns), n, err);
}

static rb_status write_tests(hid_t at, const row *rows, int64_t n, rb_error *err)
{
    const rb_hdf_column columns[] = {
        RB_RESULTS_COLUMN(rows, RB_HDF_INT32, job),         RB_RESULTS_COLUMN(rows, RB_HDF_INT32, configuration),
        RB_RESULTS_COLUMN(rows, RB_HDF_INT32, repeat),      RB_RESULTS_COLUMN(rows, RB_HDF_TEXT, entry),
        RB_RESULTS_COLUMN(rows, RB_HDF_TEXT, parameters),   RB_RESULTS_COLUMN(rows, RB_HDF_INT64, pairs),
        RB_RESULTS_COLUMN(rows, RB_HDF_DOUBLE, control),    RB_RESULTS_COLUMN(rows, RB_HDF_DOUBLE, treatment),
        RB_RESULTS_COLUMN(rows, RB_HDF_DOUBLE, difference), RB_RESULTS_COLUMN(rows, RB_HDF_DOUBLE, low),
        RB_RESULTS_COLUMN(rows, RB_HDF_DOUBLE, high),       RB_RESULTS_COLUMN(rows, RB_HDF_DOUBLE, p),
        RB_RESULTS_COLUMN(rows, RB_HDF_UINT8, rejected),    RB_RESULTS_COLUMN(rows, RB_HDF_DOUBLE, true_difference),
        RB_RESULTS_COLUMN(rows, RB_HDF_TEXT, key),          RB_RESULTS_COLUMN(rows, RB_HDF_CHARS, digest),
    };
    return rb_hdf_write_table(at, "tests", columns, RB_RESULTS_N_OF(columns), n, err);
}

static rb_status write_arms(hid_t at, const rb_run_state *run, rb_error *err)
{
    const rb_replay *replay = &run->experiment.replay;
    const char **name = NULL, **kind = NULL;
    RB_TRY(rb_alloc(&name, replay->n_arms, err));
    RB_TRY(rb_alloc(&kind, replay->n_arms, err));
    for (int32_t a = 0; a < replay->n_arms; a++) {
        name[a] = replay->arm[a].name;
        kind[a] = replay->arm[a].entry >= 0 ? "trial" : "title";
    }
    const rb_hdf_column columns[] = { { "name", RB_HDF_TEXT, name, NULL, 0 }, { "kind", RB_HDF_TEXT, kind, NULL, 0 } };
    RB_TRY(rb_hdf_write_table(at, "arms", columns, 2, replay->n_arms, err));
done:
    rb_free(name);
    rb_free(kind);
    return err->status;
}

static rb_status take_played(int64_t **played, int64_t *n, int64_t *capacity, int32_t *n_arms,
                             const rb_replay_result *result, rb_error *err)
{
    *n_arms = result->n_arms;
    RB_TRY(rb_grow(played, capacity, *n + result->n_arms, err));
    memcpy(*played + *n, result->played, (size_t)result->n_arms * sizeof **played);
    *n += result->n_arms;
done:
    return err->status;
}

/* Rows of the jobs that are done, those of policies and those of tests. */
static rb_status read_jobs(row *policies, int64_t *n_policies, row *tests, int64_t *n_tests, int64_t **played,
                           int32_t *n_arms, const rb_run_state *run, rb_error *err)
{
    rb_replay_result result = { 0 };
    rb_digest digest;
    int64_t n_played = 0, capacity = 0;
    for (int64_t i = 0; i < run->replays.plan.n_trials; i++) {
        const rb_configuration *c = &run->replays.plan.configuration[run->replays.plan.trial[i].configuration];
        const bool is_policy = rb_policy_of(c->entry->algorithm) != NULL;
        row *to = is_policy ? &policies[*n_policies] : &tests[*n_tests];
        if (!run->replays.job[i].done)
            continue;
        RB_TRY(rb_replay_unit_read(&result, run->folder, run->replays.job[i].key, err));
        RB_TRY(rb_replay_digest(&digest, &result, err));
        *to = row_of(run, i, &result);
        rb_digest_hex(to->digest, &digest, 64);
        if (is_policy)
            RB_TRY(take_played(played, &n_played, &capacity, n_arms, &result, err));
        *(is_policy ? n_policies : n_tests) += 1;
        rb_replay_result_fini(&result);
    }
done:
    rb_replay_result_fini(&result);
    return err->status;
}

static void keep_digests(rb_results *r, const row *rows, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        r->replayed[r->n_replayed++] = rb_digest_line_of(rows[i].key, rows[i].digest);
}

/* Whether a model is an arm whose bits differ from run to run; every job plays all arms. */
static bool has_fast_arm(const rb_run_state *run)
{
    for (int32_t a = 0; a < run->experiment.replay.n_arms; a++) {
        const int64_t work = rb_run_arm_work(run, a);
        if (work >= 0 && rb_run_configuration(run, work)->is_fast)
            return true;
    }
    return false;
}

rb_status rb_results_write_replay(rb_results *r, rb_error *err)
{
    const rb_run_state *run = r->run;
    const int64_t n = run->replays.plan.n_trials;
    row *policies = NULL, *tests = NULL;
    int64_t n_policies = 0, n_tests = 0, *played = NULL;
    int32_t n_arms = 0;
    hid_t at = -1;
    if (!run->experiment.replay.jobs)
        return RB_OK;
    RB_TRY(rb_alloc(&policies, n, err));
    RB_TRY(rb_alloc(&tests, n, err));
    RB_TRY(rb_alloc(&r->replayed, n, err));
    RB_TRY(read_jobs(policies, &n_policies, tests, &n_tests, &played, &n_arms, run, err));
    at = rb_hdf_group(r->file.id, "replay", err);
    RB_TRY(err->status);
    RB_TRY(rb_hdf_put_text(at, "log", run->experiment.replay.text, err));
    RB_TRY(write_policies(at, policies, n_policies, err));
    RB_TRY(write_tests(at, tests, n_tests, err));
    RB_TRY(write_arms(at, run, err));
    if (n_policies > 0)
        RB_TRY(rb_hdf_write(at, "played", RB_HDF_INT64, played, n_policies, n_arms, true, err));
    if (!has_fast_arm(run)) {
        keep_digests(r, policies, n_policies);
        keep_digests(r, tests, n_tests);
    }
    r->n_left_out += n - r->n_replayed;
done:
    if (at >= 0)
        H5Gclose(at);
    rb_free(played);
    rb_free(policies);
    rb_free(tests);
    return err->status;
}
