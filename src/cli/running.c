#include "cli/running.h"

rb_status rb_running(rb_call *call, rb_run_options *options, rb_error *err)
{
    rb_session session = { 0 };
    rb_run_outcome outcome = { 0 };
    RB_TRY(rb_session_begin(&session, call, err));
    options->data_dir = rb_call_text(call, "data");
    options->cache_dir = rb_call_text(call, "cache");
    options->group_size = (int)rb_call_int(call, "group-size"); /* auto is no number: 0 */
    options->no_share = rb_call_flag(call, "no-share");
    options->out = call->speaks ? call->out : NULL;
    options->errors = call->speaks ? call->errors : NULL;
    options->environment = &session.environment;
    RB_TRY(rb_run(&outcome, options, &session.ctx, err));
    if (outcome.stopped)
        call->exit_status = rb_signals_exit();
    else if (outcome.n_failed > 0)
        RB_FAIL(err, RB_FAILED, "%lld of %lld trials failed; their reasons: reelbench report %s",
                (long long)outcome.n_failed, (long long)outcome.n_trials, outcome.folder);
done:
    rb_session_end(&session);
    return err->status;
}
