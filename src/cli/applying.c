#include "cli/applying.h"

#include "base/output.h"

rb_status rb_applying_begin(rb_session *s, rb_apply_options *o, rb_call *call, rb_error *err)
{
    *o = (rb_apply_options){ .run = call->operands[0],
                             .trial = rb_call_operand(call, 1),
                             .data_dir = rb_call_text(call, "data"),
                             .cache_dir = rb_call_text(call, "cache"),
                             .out = call->out };
    RB_TRY(rb_session_begin_serial(s, call, err));
    if (call->speaks)
        RB_TRY(rb_output_open(&o->out, rb_call_text(call, "output"), call->out, err));
done:
    return err->status;
}

rb_status rb_applying_end(rb_session *s, rb_apply_options *o, rb_call *call, rb_error *err)
{
    rb_output_close(o->out, rb_call_text(call, "output"), call->out, err);
    o->out = NULL;
    rb_session_end(s);
    return err->status;
}

const rb_command_option rb_applying_options[] = { RB_OPTIONS_MODEL, { .name = NULL } };

rb_status rb_applying_to_file(rb_call *call,
                              rb_status (*apply)(const rb_apply_options *o, const char *file, rb_ctx *ctx,
                                                 rb_error *err),
                              rb_error *err)
{
    rb_session session = { 0 };
    rb_apply_options options = { 0 };
    RB_TRY(rb_applying_begin(&session, &options, call, err));
    RB_TRY(apply(&options, call->operands[2], &session.ctx, err));
done:
    return rb_applying_end(&session, &options, call, err);
}
