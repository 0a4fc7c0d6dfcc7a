#include "harness/replay.h"

#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "harness/facts.h"

int64_t rb_run_arm_work(const rb_run_state *run, int32_t arm)
{
    const rb_replay *replay = &run->experiment.replay;
    if (arm >= replay->n_arms || replay->arm[arm].entry < 0)
        return -1;
    const rb_entry *entry = &run->experiment.entry[replay->arm[arm].entry];
    for (int32_t c = 0; c < run->plan.n_configurations; c++)
        if (run->plan.configuration[c].entry == entry)
            return rb_run_holder(run, rb_plan_trial(&run->plan, c, 0, 0)->number - 1);
    return -1;
}

int64_t rb_run_replays_left(const rb_run_state *run)
{
    int64_t n = 0;
    for (int64_t i = 0; i < run->replays.plan.n_trials; i++)
        n += !run->replays.job[i].done;
    return n;
}

bool rb_run_is_arm(const rb_run_state *run, int32_t configuration)
{
    for (int32_t a = 0; rb_run_replays_left(run) > 0 && a < run->experiment.replay.n_arms; a++) {
        const int64_t work = rb_run_arm_work(run, a);
        if (work >= 0 && rb_run_configuration(run, work)->index == configuration)
            return true;
    }
    return false;
}

void rb_run_mark_arms(rb_run_state *run)
{
    for (int32_t a = 0; rb_run_replays_left(run) > 0 && a < run->experiment.replay.n_arms; a++) {
        const int64_t work = rb_run_arm_work(run, a);
        rb_work *w = work >= 0 ? &run->work[work] : NULL;
        if (w && w->fitted && w->outcome == RB_FIT_DONE && !w->has_model)
            w->again = true;
    }
}

/* ---- keys ---- */

static rb_status check_arms(const rb_run_state *run, rb_error *err)
{
    const rb_replay *replay = &run->experiment.replay;
    if (!run->data.has_interactions) {
        RB_FAIL(err, RB_BAD_INPUT, "replay needs interactions of users with items, and the data set '%s' has none",
                run->data.name);
        return rb_run_blame(err, &replay->at);
    }
    for (int32_t a = 0; a < replay->n_arms; a++) {
        const rb_replay_arm *arm = &replay->arm[a];
        if (arm->entry >= 0 || rb_ids_find(&run->data.items, arm->name) >= 0)
            continue;
        RB_FAIL(err, RB_BAD_INPUT, "arm '%s' is neither the name of a trial nor the id of a title", arm->name);
        return rb_run_blame(err, &arm->at);
    }
    return RB_OK;
}

/* What all jobs depend on. */
static void hash_input(rb_hasher *h, const rb_run_state *run)
{
    const rb_experiment *e = &run->experiment;
    rb_hasher_text(h, e->replay.key);
    rb_hasher_bytes(h, run->data.digest.byte, RB_DIGEST_BYTES);
    rb_hasher_text(h, e->filter_text);
    rb_hasher_text(h, e->split_key);
    rb_hasher_bytes(h, run->split_files.byte, RB_DIGEST_BYTES);
    rb_hasher_double(h, e->relevance);
    rb_hasher_int(h, (int64_t)e->seed);
    for (int32_t a = 0; a < e->replay.n_arms; a++) {
        const int64_t work = rb_run_arm_work(run, a);
        rb_hasher_text(h, work >= 0 ? run->work[work].key : e->replay.arm[a].name);
        rb_hasher_text(h, e->replay.arm[a].name); /* A/B tests name their arms */
    }
    rb_hasher_text(h, rb_eval_digest);
    rb_hasher_text(h, run->environment->blas_core);
    rb_hasher_text(h, run->environment->instructions);
}

static rb_status make_key(rb_run_state *run, const rb_trial *job, rb_error *err)
{
    const rb_configuration *c = &run->replays.plan.configuration[job->configuration];
    rb_hasher h = { 0 };
    rb_digest digest;
    RB_TRY(rb_hasher_begin(&h, err));
    rb_hasher_text(&h, c->entry->algorithm->name);
    rb_hasher_text(&h, c->canonical);
    rb_hasher_int(&h, (int64_t)rb_plan_seed(&run->replays.plan, job->repeat));
    hash_input(&h, run);
done:
    rb_hasher_end(&h, &digest);
    rb_digest_hex(run->replays.job[job->number - 1].key, &digest, RB_KEY_DIGITS);
    return err->status;
}

rb_status rb_run_replay_keys(rb_run_state *run, rb_error *err)
{
    rb_replays *r = &run->replays;
    if (!run->experiment.replay.jobs)
        return RB_OK;
    RB_TRY(check_arms(run, err));
    RB_TRY(rb_expand(&r->plan, run->experiment.replay.jobs, err));
    RB_TRY(rb_alloc(&r->job, r->plan.n_trials, err));
    for (int64_t i = 0; i < r->plan.n_trials; i++)
        RB_TRY(make_key(run, &r->plan.trial[i], err));
done:
    return err->status;
}

/* ---- what is there ---- */

/* A unit that cannot be read makes room and is made again. */
static rb_status scan(rb_run_state *run, rb_error *err)
{
    rb_replays *r = &run->replays;
    rb_unit_list units;
    RB_TRY(rb_unit_list_init(&units, run->folder, err));
    for (int64_t i = 0; i < r->plan.n_trials; i++) {
        rb_replay_result result = { 0 };
        rb_error failure = { 0 };
        if (!rb_unit_exists(run->folder, r->job[i].key, "replay"))
            continue;
        rb_replay_unit_read(&result, run->folder, r->job[i].key, &failure);
        rb_replay_result_fini(&result);
        if (failure.status == RB_NO_MEMORY)
            RB_TRY(RB_FAIL(err, RB_NO_MEMORY, "%s", failure.message));
        if (failure.status != RB_OK) {
            rb_log_warn(&run->log, "%s; it is made again", failure.message);
            rb_unit_set_aside(&units, run->folder, r->job[i].key, ".replay.h5");
        }
        r->job[i].done = failure.status == RB_OK;
    }
done:
    rb_unit_list_fini(&units);
    return err->status;
}

rb_status rb_run_scan_replays(rb_run_state *run, rb_error *err)
{
    rb_replays *r = &run->replays;
    if (run->world->rank == 0)
        scan(run, err);
    RB_TRY_ALL(run->world, err->status);
    rb_bcast(run->world, r->job, r->plan.n_trials * (int64_t)sizeof *r->job, 0);
done:
    return err->status;
}

/* ---- running ---- */

static rb_status run_job(rb_replay_result *out, const rb_run_state *run, const rb_replay_input *in, int64_t number,
                         rb_error *err)
{
    const rb_plan *plan = &run->replays.plan;
    const rb_trial *job = &plan->trial[number];
    const rb_configuration *c = &plan->configuration[job->configuration];
    const rb_policy *policy = rb_policy_of(c->entry->algorithm);
    const uint64_t seed = rb_plan_seed(plan, job->repeat);
    rb_replay_log log = in->log;
    log.seed = seed;
    if (policy)
        return rb_replay_run(out, policy, c->config, &log, &in->arms, &in->context, seed, err);
    const rb_ab_config *ab = c->config;
    const rb_replay *replay = &run->experiment.replay; /* which lists both */
    rb_ab_run(out, ab, rb_replay_find_arm(replay, ab->control), rb_replay_find_arm(replay, ab->treatment), &log,
              &in->arms, seed);
    return RB_OK;
}

/* Jobs of this rank, as many at a time as it has threads; then their units, one by one. */
static rb_status run_batch(rb_run_state *run, const rb_replay_input *in, const int64_t *jobs, int64_t n, rb_error *err)
{
    rb_replay_result *result = NULL;
    rb_error *failure = NULL;
    RB_TRY(rb_alloc(&result, n, err));
    RB_TRY(rb_alloc(&failure, n, err));
#pragma omp parallel for num_threads(run->world->n_threads) schedule(dynamic, 1)
    for (int64_t i = 0; i < n; i++)
        run_job(&result[i], run, in, jobs[i], &failure[i]);
    for (int64_t i = 0; i < n; i++) {
        const rb_replay_job *job = &run->replays.job[jobs[i]];
        if (failure[i].status != RB_OK)
            RB_TRY(RB_FAIL(err, failure[i].status, "%s", failure[i].message));
        RB_TRY(rb_replay_unit_write(&result[i], run->folder, job->key, err));
        RB_TRY(rb_journal_write(&run->replays.journal, err, "replayed %lld %s", (long long)jobs[i] + 1, job->key));
    }
done:
    for (int64_t i = 0; result && i < n; i++)
        rb_replay_result_fini(&result[i]);
    rb_free(result);
    rb_free(failure);
    return err->status;
}

/* This rank's jobs, dealt by number. */
static rb_status run_mine(rb_run_state *run, const rb_replay_input *in, bool *ran, bool *stopped, rb_error *err)
{
    const rb_ctx *world = run->world;
    rb_replays *r = &run->replays;
    int64_t *mine = NULL, n = 0, turn = 0;
    RB_TRY(rb_alloc(&mine, r->plan.n_trials, err));
    for (int64_t i = 0; i < r->plan.n_trials; i++)
        if (!r->job[i].done && turn++ % world->n_ranks == world->rank)
            mine[n++] = i;
    for (int64_t first = 0; first < n && !*stopped; first += world->n_threads) {
        *stopped = rb_run_asked_to_stop(run);
        const int64_t size = n - first < world->n_threads ? n - first : world->n_threads;
        if (*stopped)
            break;
        RB_TRY(run_batch(run, in, mine + first, size, err));
        for (int64_t i = first; i < first + size; i++)
            ran[mine[i]] = true;
    }
done:
    rb_free(mine);
    return err->status;
}

/* The first arm without a model; -1: none. */
static int32_t lacking_arm(const rb_run_state *run)
{
    for (int32_t a = 0; a < run->experiment.replay.n_arms; a++) {
        const int64_t work = rb_run_arm_work(run, a);
        if (work >= 0 && (!run->work[work].has_model || run->work[work].outcome != RB_FIT_DONE))
            return a;
    }
    return -1;
}

static rb_status open_journal(rb_run_state *run, rb_error *err)
{
    char path[4200];
    snprintf(path, sizeof path, "%s/journal", run->folder);
    rb_journal_open(&run->replays.journal, path, err);
    if (err->status == RB_OK && run->world->rank == 0)
        rb_journal_write(&run->journal, err, "replays %lld", (long long)rb_run_replays_left(run));
    return rb_agree(run->world, err->status, err);
}

rb_status rb_run_replays(rb_run_state *run, bool *stopped, rb_error *err)
{
    rb_replays *r = &run->replays;
    const int64_t n = r->plan.n_trials, left = rb_run_replays_left(run);
    rb_replay_input in = { 0 };
    rb_error refusal = { 0 };
    bool *ran = NULL;
    int64_t *done = NULL, stop;
    char count[32], why[512];
    if (left == 0)
        return RB_OK;
    const int32_t lacks = lacking_arm(run);
    if (lacks >= 0) {
        rb_log_warn(&run->log, "nothing is replayed: arm '%s' has no model", run->experiment.replay.arm[lacks].name);
        return RB_OK;
    }
    rb_run_replays_over_budget(why, run);
    if (why[0]) {
        rb_log_warn(&run->log, "nothing is replayed: %s", why);
        return RB_OK;
    }
    rb_replay_input_init(&in, run, &refusal); /* the same on every rank */
    if (refusal.status == RB_BAD_INPUT) {
        rb_log_warn(&run->log, "nothing is replayed: %s", refusal.message);
        goto done;
    }
    *err = refusal;
    RB_TRY(err->status);
    RB_TRY(open_journal(run, err));
    rb_alloc(&ran, n, err);
    RB_TRY_ALL(run->world, rb_alloc(&done, n, err));
    RB_TRY_ALL(run->world, run_mine(run, &in, ran, stopped, err));
    for (int64_t i = 0; i < n; i++)
        done[i] = ran[i] || r->job[i].done;
    rb_max_int64(run->world, done, n);
    for (int64_t i = 0; i < n; i++)
        r->job[i].done = done[i] != 0;
    stop = *stopped;
    rb_max_int64(run->world, &stop, 1);
    *stopped = stop != 0;
    rb_log_say(&run->log, "%s replay%s of %d arms on %lld events",
               rb_text_count(count, left - rb_run_replays_left(run)), left == 1 ? "" : "s", in.arms.n,
               (long long)in.log.n_events);
done:
    rb_journal_close(&r->journal);
    rb_free(ran);
    rb_free(done);
    rb_replay_input_fini(&in);
    return err->status;
}
