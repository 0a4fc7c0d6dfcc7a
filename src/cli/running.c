#include "cli/running.h"

#include <string.h>

/* "reelbench 0.1.0 · 4 ranks x 2 threads on 1 host · OpenBLAS 0.3.21 Cooperlake" */
static void write_heading(FILE *out, const rb_session *s)
{
    const rb_environment *e = &s->environment;
    const char *library = e->blas_config; /* its first two words: name and version */
    size_t words = strcspn(library, " ");
    words += library[words] ? 1 + strcspn(library + words + 1, " ") : 0;
    fprintf(out, "reelbench %s · %d rank%s x %d thread%s on %d host%s · %.*s %s\n", e->version, s->ctx.n_ranks,
            s->ctx.n_ranks == 1 ? "" : "s", s->ctx.n_threads, s->ctx.n_threads == 1 ? "" : "s", s->ctx.n_nodes,
            s->ctx.n_nodes == 1 ? "" : "s", (int)words, library, e->blas_core);
    fflush(out);
}

/* "mpirun -n 4 reelbench resume DIR", as it was started. */
static void write_resume(FILE *out, const rb_session *s, const rb_run_outcome *o)
{
    char done[32], left[32], replays[80] = "", command[4400];
    rb_run_resume_command(command, o->folder, s->ctx.n_ranks);
    if (o->n_replays_left > 0)
        snprintf(replays, sizeof replays, ", %s replay%s left", rb_text_count(left, o->n_replays_left),
                 rb_text_plural(o->n_replays_left));
    fprintf(out, "stopped: %s done, %s left%s\nresume: %s\n", rb_text_count(done, o->n_done),
            rb_text_count(left, o->n_left), replays, command);
}

/* The table of what was selected, and where everything lies. */
static rb_status write_ending(FILE *out, const rb_run_outcome *o, rb_error *err)
{
    char done[32], failed[32], wall[32], hex[9], digest[64] = "no digest: nothing finished";
    fputc('\n', out);
    RB_TRY(rb_report_selection(out, o->folder, err));
    rb_digest_hex(hex, &o->digest, 8);
    if (o->has_digest)
        snprintf(digest, sizeof digest, "digest %.4s %.4s", hex, hex + 4);
    else if (o->n_done > 0)
        snprintf(digest, sizeof digest, "no digest: [fast] trials have none");
    if (o->n_trials > 0 || o->n_replays == 0)
        fprintf(out, "%s done, %s failed%s", rb_text_count(done, o->n_done), rb_text_count(failed, o->n_failed),
                o->n_replays > 0 ? ", " : "");
    if (o->n_replays > 0)
        fprintf(out, "%s of %s replay%s", rb_text_count(done, o->n_replays - o->n_replays_left),
                rb_text_count(failed, o->n_replays), rb_text_plural(o->n_replays));
    fprintf(out, " in %s · %s/results.h5 · %s\n", rb_text_duration(wall, o->wall_s), o->folder, digest);
    fflush(out);
done:
    return err->status;
}

static void fill_options(rb_run_options *options, const rb_call *call, const rb_session *session)
{
    options->data_dir = rb_call_text(call, "data");
    options->cache_dir = rb_call_text(call, "cache");
    options->group_size = (int)rb_call_int(call, "group-size"); /* auto is no number: 0 */
    options->no_share = rb_call_flag(call, "no-share");
    options->out = call->speaks ? call->out : NULL;
    options->errors = call->speaks ? call->errors : NULL;
    options->environment = &session->environment;
}

rb_status rb_running(rb_call *call, rb_run_options *options, const char *core, rb_error *err)
{
    rb_session session = { .core = core };
    rb_run_outcome outcome = { 0 };
    RB_TRY(rb_session_begin(&session, call, err));
    fill_options(options, call, &session);
    write_heading(call->out, &session);
    RB_TRY(rb_run(&outcome, options, &session.ctx, err));
    if (outcome.stopped) {
        write_resume(call->out, &session, &outcome);
        call->exit_status = rb_signals_exit();
    } else if (!options->dry_run) {
        RB_TRY_ALL(&session.ctx, call->speaks ? write_ending(call->out, &outcome, err) : RB_OK);
        if (outcome.n_failed > 0 && call->speaks)
            RB_TRY(rb_report_failures(call->errors, outcome.folder, err));
        if (outcome.n_failed > 0)
            RB_FAIL(err, RB_FAILED, "%lld of %lld trials failed: reelbench report %s", (long long)outcome.n_failed,
                    (long long)outcome.n_trials, outcome.folder);
        if (outcome.n_left > 0)
            RB_FAIL(err, RB_FAILED,
                    "%lld of %lld trials lack what the file asks for: they were stopped while they were fitted again; "
                    "their reasons stand in %s/journal",
                    (long long)outcome.n_left, (long long)outcome.n_trials, outcome.folder);
        if (outcome.n_replays_left > 0)
            RB_FAIL(err, RB_FAILED, "%lld of %lld replays were not made: the run says why above",
                    (long long)outcome.n_replays_left, (long long)outcome.n_replays);
    }
done:
    rb_session_end(&session);
    return err->status;
}
