#include "base/alloc.h"
#include "cli/applying.h"

static const rb_operand operands[] = { RB_OPERANDS_MODEL, { .name = NULL } };

static const rb_command_option options[] = {
    { .name = "user",
      .letter = 'u',
      .argument = "ID",
      .repeats = true,
      .takes_many = true,
      .help = "users by their own ids" },
    { .name = "session",
      .argument = "ITEM,ITEM",
      .repeats = true,
      .takes_many = true,
      .help = "sessions by their items' own ids, in the order of time: what comes next" },
    { .name = "top",
      .letter = 'k',
      .argument = "K",
      .min = 1,
      .max = 1000000,
      .fallback = "10",
      .help = "items a user or session" },
    { .name = "explain",
      .letter = 'e',
      .argument = "N",
      .min = 1,
      .max = 1000,
      .help = "name the N items of the user or session, neighbours, or models of an ensemble, that add most to each "
              "score" },
    RB_OPTIONS_MODEL,
    { .name = NULL },
};

static rb_status run(rb_call *call, rb_error *err)
{
    rb_session session = { 0 };
    rb_apply_options apply = { 0 };
    const char **users = NULL, **sessions = NULL;
    int64_t top = rb_call_int(call, "top");
    RB_TRY(rb_alloc(&users, call->n_values, err));
    RB_TRY(rb_alloc(&sessions, call->n_values, err));
    int n_users = rb_call_list(users, call, "user"), n_sessions = rb_call_list(sessions, call, "session");
    if ((n_users == 0) == (n_sessions == 0))
        RB_FAIL(err, RB_BAD_INPUT,
                n_users == 0 ? "recommend: for whom? Name users by --user ID..., or what a session "
                               "holds by --session ITEM,ITEM,..."
                             : "recommend: for users or for sessions, not for both at once");
    RB_TRY(err->status);
    RB_TRY(rb_applying_begin(&session, &apply, call, err));
    RB_TRY(n_users > 0
               ? rb_apply_recommend(&apply, users, n_users, top, rb_call_int(call, "explain"), &session.ctx, err)
               : rb_apply_next(&apply, sessions, n_sessions, top, rb_call_int(call, "explain"), &session.ctx, err));
done:
    rb_free(users);
    rb_free(sessions);
    return rb_applying_end(&session, &apply, call, err);
}

const rb_command rb_cmd_recommend = {
    .name = "recommend",
    .summary = "best items for users, or next ones of sessions, from a stored model",
    .description =
        "Lines of user (or number of the session), rank, item, score and title, separated by tabs. Items that the\n"
        "user had in training, or that the session holds, are left out. The model must have been kept (store:\n"
        "{ models: selected } keeps the selected ones). With --explain a further column names items of the user or of\n"
        "the session, neighbours of user_knn_rating, or models of an ensemble, with what each adds to the score: of\n"
        "models that do not tell themselves, what the score loses when the item is left out of what is folded in.",
    .operands = operands,
    .options = options,
    .example = "reelbench recommend results/quickstart-8c1f22a0 ials --user 17 42 --top 5",
    .run = run,
};
