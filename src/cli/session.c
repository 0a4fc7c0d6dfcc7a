#include "cli/session.h"

#include "base/param.h"

static rb_status prepare(rb_session *s, const rb_call *call, rb_error *err)
{
    const char *core = s->core && !rb_call_flag(call, "blas-core") ? s->core : rb_call_text(call, "blas-core");
    rb_ctx_serial(&s->ctx, 1);
    rb_log_init(&s->log, call->speaks ? call->errors : NULL, RB_LOG_NORMAL);
    RB_TRY(rb_blas_pin(core, call->argv, &s->log, err));
    RB_TRY(rb_environment_collect(&s->environment, (int)rb_call_int(call, "threads"), core, err));
done:
    return err->status;
}

rb_status rb_session_begin(rb_session *s, const rb_call *call, rb_error *err)
{
    RB_TRY(prepare(s, call, err));
    if (call->launch.has_launcher)
        return rb_environment_start(&s->ctx, &s->environment, &s->log, err);
    rb_environment_serial(&s->ctx, &s->environment);
    rb_signals_install();
    s->ctx.stop = rb_signals_flag();
done:
    return err->status;
}

rb_status rb_session_begin_serial(rb_session *s, const rb_call *call, rb_error *err)
{
    RB_TRY(prepare(s, call, err));
    rb_environment_serial(&s->ctx, &s->environment);
done:
    return err->status;
}

void rb_session_end(rb_session *s)
{
    rb_environment_stop(&s->ctx);
}

rb_format rb_session_format(const rb_call *call)
{
    return (rb_format)rb_choice_index(RB_FORMAT_CHOICES, rb_call_text(call, "format"));
}
