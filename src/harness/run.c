#include "harness/run.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "harness/replay.h"

void rb_run_state_init(rb_run_state *run, const rb_run_options *options, rb_ctx *world)
{
    *run = (rb_run_state){ .options = options,
                           .environment = options->environment,
                           .world = world,
                           .lock = -1,
                           .journal = { -1 },
                           .replays = { .journal = { -1 } },
                           .begin_s = rb_clock_s() };
    rb_ctx_serial(&run->group, world->n_threads);
    rb_log_init(&run->log, options->out, RB_LOG_NORMAL);
}

void rb_run_state_fini(rb_run_state *run)
{
    for (int32_t i = 0; i < run->n_spaces; i++) {
        rb_points_fini(&run->space[i].points);
        rb_points_fini(&run->space[i].unseen);
        rb_space_spec_fini(&run->space[i].spec);
    }
    rb_free(run->space);
    for (int64_t w = 0; run->work && w < run->n_work; w++)
        rb_free(run->work[w].why);
    rb_free(run->work);
    rb_free(run->size);
    rb_free(run->held);
    rb_journal_close(&run->journal);
    rb_ctx_fini(&run->group);
    rb_free(run->replays.job);
    rb_plan_fini(&run->replays.plan);
    rb_plan_fini(&run->plan);
    rb_features_fini(&run->features);
    rb_dataset_fini(&run->data);
    rb_catalogue_fini(&run->unseen);
    rb_experiment_fini(&run->experiment);
    if (run->lock >= 0)
        close(run->lock);
}

/* The largest of a node's ranks counts: those of one group have the same arrays. */
void rb_run_say_outside(rb_run_state *run)
{
    const rb_ctx *world = run->world;
    char size[32];
    int64_t most = run->outside_bytes, of_node = run->outside_bytes, n_nodes;
    rb_max_int64(world, &most, 1);
    if (most == 0 || run->said_outside)
        return;
    if (world->node != MPI_COMM_NULL)
        RB_MPI(MPI_Allreduce(MPI_IN_PLACE, &of_node, 1, MPI_INT64_T, MPI_MAX, world->node));
    n_nodes = world->node_rank == 0 && of_node > 0;
    rb_sum_int64(world, &n_nodes, 1);
    run->said_outside = true;
    rb_log_warn(&run->log,
                "%lld of %d node%s: /dev/shm has no room for all that the ranks of a node share; %s so far lie in "
                "nameless files of the kernel's memory instead",
                (long long)n_nodes, world->n_nodes, world->n_nodes == 1 ? "" : "s", rb_text_bytes(size, (double)most));
}

/* "4 trials and 12 replays": what is to run. */
static void name_work(char out[96], const rb_run_state *run)
{
    char n[32], replays[32];
    const int64_t n_trials = run->plan.n_trials, n_replays = rb_run_replays_left(run);
    rb_text_count(n, n_trials);
    rb_text_count(replays, n_replays);
    if (n_trials == 0)
        snprintf(out, 96, "%s replay%s", replays, rb_text_plural(n_replays));
    else if (n_replays == 0)
        snprintf(out, 96, "%s trial%s", n, rb_text_plural(n_trials));
    else
        snprintf(out, 96, "%s trial%s and %s replay%s", n, rb_text_plural(n_trials), replays,
                 rb_text_plural(n_replays));
}

static void announce(rb_run_state *run)
{
    char n[32], to_run[32], bytes[32], failed[64] = "", replays[64] = "", all[96];
    double most = run->footprint.bytes_per_rank + rb_run_replay_bytes(run) +
                  run->footprint.bytes_per_node / run->world->n_node_ranks;
    for (int64_t t = 0; t < run->plan.n_trials; t++) {
        const rb_cost *cost = &run->work[t].cost;
        double share = cost->bytes_per_rank + run->work[t].rerank_bytes +
                       cost->bytes_per_node / run->group.n_node_ranks + run->footprint.bytes_per_rank +
                       run->footprint.bytes_per_node / run->world->n_node_ranks;
        most = share > most ? share : most;
    }
    rb_text_bytes(bytes, most);
    if (run->n_kept_failed > 0)
        snprintf(failed, sizeof failed, " %s of them failed,", rb_text_count(n, run->n_kept_failed));
    if (rb_run_replays_left(run) > 0)
        snprintf(replays, sizeof replays, ", %s replay%s", rb_text_count(n, rb_run_replays_left(run)),
                 rb_text_plural(rb_run_replays_left(run)));
    rb_text_count(n, run->n_kept);
    name_work(all, run);
    if (run->n_kept > 0)
        rb_log_say(&run->log, "%s kept,%s %s to run%s; run folder %s", n, failed,
                   rb_text_count(to_run, run->plan.n_trials - run->n_kept), replays, run->folder);
    else
        rb_log_say(&run->log, "%s, at most %s a rank; run folder %s", all, bytes, run->folder);
}

void rb_run_resume_command(char out[4400], const char *folder, int n_ranks)
{
    int n = n_ranks > 1 ? snprintf(out, 4400, "mpirun -n %d ", n_ranks) : 0;
    snprintf(out + n, (size_t)(4400 - n), "reelbench resume %s", folder);
}

/* A trial may take minutes to finish, and mpirun kills the ranks a second after Ctrl-C: rank 0 has its words ready. */
static void prepare_words(const rb_run_state *run)
{
    char command[4400], first[100], last[4400];
    const char *begin = run->log.is_terminal ? "\n" : ""; /* Ctrl-C leaves ^C on the line */
    if (!run->options->out)
        return;
    rb_run_resume_command(command, run->folder, run->world->n_ranks);
    snprintf(first, sizeof first, "%sfinishing the running trials; Ctrl-C again stops now\n", begin);
    snprintf(last, sizeof last, "%sstopped; what was finished is kept\nresume: %.4200s\n", begin, command);
    rb_signals_say(first, last);
}

rb_status rb_run_folder_check(const char *folder, rb_error *err)
{
    char path[4200];
    struct stat about;
    snprintf(path, sizeof path, "%s/experiment.yaml", folder);
    if (access(path, R_OK) == 0)
        return RB_OK;
    if (stat(folder, &about) != 0)
        return RB_FAIL(err, RB_BAD_INPUT,
                       "%s: %s; a run folder is what `reelbench run` names, such as results/x-8c1f22a0", folder,
                       strerror(errno));
    if (!S_ISDIR(about.st_mode))
        return RB_FAIL(err, RB_BAD_INPUT, "%s: a file, expected a run folder", folder);
    if (access(path, F_OK) == 0)
        return RB_FAIL(err, RB_BAD_INPUT, "%s: cannot be read: %s", path, strerror(errno));
    return RB_FAIL(err, RB_BAD_INPUT, "%s: not a run folder: it holds no experiment.yaml", folder);
}

rb_status rb_run_results_check(const char *folder, rb_error *err)
{
    char path[4200];
    RB_TRY(rb_run_folder_check(folder, err));
    snprintf(path, sizeof path, "%s/results.h5", folder);
    if (access(path, R_OK) != 0)
        RB_FAIL(err, RB_BAD_INPUT, "%s: no results.h5 yet; see: reelbench status %s", folder, folder);
done:
    return err->status;
}

rb_status rb_run_results_open(rb_hdf *file, const char *folder, rb_error *err)
{
    char path[4200];
    int64_t schema;
    RB_TRY(rb_run_results_check(folder, err));
    snprintf(path, sizeof path, "%s/results.h5", folder);
    RB_TRY(rb_hdf_open(file, path, err));
    RB_TRY(rb_hdf_get_int(file->id, "schema", &schema, err));
    if (schema != RB_RESULTS_SCHEMA)
        RB_FAIL(err, RB_BAD_INPUT, "%s: its schema has number %lld, expected %d", path, (long long)schema,
                RB_RESULTS_SCHEMA);
done:
    return err->status;
}

/* The file was changed since: what it asks for no more is neither shown nor removed. */
static void announce_others(rb_run_state *run)
{
    char n[32];
    if (run->n_others > 0)
        rb_log_say(&run->log, "%s fit%s of an earlier file stay%s in the folder, in no table of this one",
                   rb_text_count(n, run->n_others), run->n_others == 1 ? "" : "s", run->n_others == 1 ? "s" : "");
}

static void announce_again(rb_run_state *run)
{
    char n[32];
    int64_t n_again = rb_run_count_again(run);
    if (n_again > 0)
        rb_log_say(&run->log, "%s finished trial%s fitted again: the file asks for more of them than was kept",
                   rb_text_count(n, n_again), n_again == 1 ? " is" : "s are");
}

/* What a start finds and will do; `status` counts from the last one. */
static rb_status note_start(rb_run_state *run, rb_error *err)
{
    int64_t n_failed, n_kept = rb_run_count_kept(&n_failed, run);
    if (run->world->rank == 0)
        rb_journal_write(&run->journal, err, "start %d ranks x %d threads, %lld trials, %lld kept, %lld of them failed",
                         run->world->n_ranks, run->world->n_threads, (long long)run->plan.n_trials, (long long)n_kept,
                         (long long)n_failed);
    return rb_agree(run->world, err->status, err);
}

/*
 * What `store` asks for of the selected and an earlier run dropped (it selected others, or kept less) is made again:
 * that a second time, since only now the selection stands.
 */
static rb_status restore(rb_run_outcome *outcome, rb_run_state *run, rb_error *err)
{
    bool *all = NULL, *selected = NULL;
    RB_TRY_ALL(run->world, rb_alloc(&all, run->n_work, err));
    memset(all, 1, (size_t)run->n_work);
    if (rb_run_mark_dropped(run, all) == 0) /* the common case: everything is there whatever is selected */
        goto done;
    if (run->world->rank == 0)
        rb_run_selected(&selected, run, err);
    RB_TRY_ALL(run->world, err->status);
    if (run->world->rank == 0)
        memcpy(all, selected, (size_t)run->n_work);
    rb_bcast(run->world, all, run->n_work, 0);
    if (rb_run_mark_dropped(run, all) > 0) {
        announce_again(run);
        RB_TRY(note_start(run, err));
        RB_TRY(rb_run_build_spaces(run, err));
        RB_TRY(rb_run_trials(run, &outcome->stopped, err));
    }
done:
    rb_free(all);
    rb_free(selected);
    return err->status;
}

/* What was selected is fitted once more where the experiment asks for it. */
static rb_status refit(rb_run_state *run, bool *stopped, rb_error *err)
{
    RB_TRY(rb_run_choose_refits(run, err));
    rb_run_mark_dropped(run, NULL); /* models that the refits read */
    RB_TRY(rb_run_build_spaces(run, err));
    RB_TRY(rb_run_trials(run, stopped, err));
done:
    return err->status;
}

/* What is left and failed of trials and refits, and the trials that are done. */
static void count(rb_run_outcome *outcome, const rb_run_state *run)
{
    outcome->n_done = outcome->n_failed = outcome->n_left = 0;
    outcome->n_trials = run->plan.n_trials;
    outcome->n_kept = run->n_kept;
    for (int64_t t = 0; t < run->n_work; t++) {
        const rb_work *w = &run->work[rb_run_holder(run, t)];
        if (w->want == RB_WANT_NOTHING || (rb_run_is_refit(run, t) && run->work[t].twin))
            continue;
        if (!w->fitted)
            outcome->n_left++;
        else if (rb_run_ending(run, t) != RB_FIT_DONE)
            outcome->n_failed++;
        else if (w->evaluated)
            outcome->n_done += !rb_run_is_refit(run, t);
        else
            outcome->n_left++;
    }
    outcome->n_replays = run->replays.plan.n_trials;
    outcome->n_replays_left = rb_run_replays_left(run);
}

static rb_status write_results(rb_run_outcome *outcome, rb_run_state *run, rb_error *err)
{
    char hex[65];
    if (run->experiment.store.features && !outcome->stopped)
        RB_TRY(rb_features_compute(&run->features, &run->data, run->world, err));
    if (run->world->rank == 0 && rb_run_merge(outcome, run, err) == RB_OK) {
        rb_digest_hex(hex, &outcome->digest, 64);
        rb_journal_write(&run->journal, err, "%s %s", outcome->stopped || outcome->n_left ? "stopped" : "end",
                         outcome->has_digest ? hex : "-");
    }
    RB_TRY_ALL(run->world, err->status);
    rb_bcast(run->world, &outcome->has_digest, sizeof outcome->has_digest, 0);
    rb_bcast(run->world, &outcome->digest, sizeof outcome->digest, 0);
done:
    return err->status;
}

static rb_status work(rb_run_outcome *outcome, rb_run_state *run, rb_error *err)
{
    RB_TRY(rb_run_open_folder(run, err));
    snprintf(outcome->folder, sizeof outcome->folder, "%s", run->folder);
    prepare_words(run);
    RB_TRY(rb_run_scan_replays(run, err));
    RB_TRY(rb_run_scan(run, err));
    RB_TRY(rb_run_preflight(run, err));
    RB_TRY(rb_run_open_journal(run, err));
    announce(run);
    announce_others(run);
    announce_again(run);
    RB_TRY(note_start(run, err));
    RB_TRY(rb_run_build_spaces(run, err));
    RB_TRY(rb_run_trials(run, &outcome->stopped, err));
    if (!outcome->stopped)
        RB_TRY(rb_evaluate_clusterings(run, err));
    if (!outcome->stopped)
        RB_TRY(rb_run_replays(run, &outcome->stopped, err));
    if (!outcome->stopped && run->experiment.evaluation.refit)
        RB_TRY(refit(run, &outcome->stopped, err));
    count(outcome, run);
    if (!outcome->stopped && outcome->n_left == 0) {
        RB_TRY(restore(outcome, run, err));
        count(outcome, run);
    }
    RB_TRY(write_results(outcome, run, err));
done:
    return err->status;
}

rb_status rb_run(rb_run_outcome *outcome, const rb_run_options *options, rb_ctx *world, rb_error *err)
{
    rb_run_state run;
    *outcome = (rb_run_outcome){ 0 };
    rb_run_state_init(&run, options, world);
    world->outside_bytes = &run.outside_bytes;
    RB_TRY(rb_run_load_experiment(&run, err));
    if (!options->dry_run)
        RB_TRY(rb_run_check_folder(&run, err)); /* before the data, which may take minutes */
    RB_TRY(rb_run_load_data(&run, err));
    RB_TRY_ALL(world, rb_run_keys(&run, err));
    RB_TRY_ALL(world, rb_run_replay_keys(&run, err));
    if (options->dry_run) {
        RB_TRY(rb_run_preflight(&run, err));
        if (options->out)
            rb_run_print_plan(&run, options->out);
        RB_TRY(rb_run_check(&run, err));
    } else {
        RB_TRY(work(outcome, &run, err));
    }
done:
    rb_signals_say("", "");
    rb_run_state_fini(&run);
    world->outside_bytes = NULL;
    outcome->wall_s = rb_clock_s() - run.begin_s;
    return err->status;
}
