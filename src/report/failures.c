/* Why trials of a run failed, for the end of what `run` prints. */
#include <stdbool.h>
#include <string.h>

#include "report/report.h"
#include "report/results_file.h"

#define MOST_REASONS 3

/* The reason of line i: those of trials, then those of their refits; NULL: it is done, or was not run. */
static const char *reason_of(const rb_results_file *r, int64_t i)
{
    const rb_trial_line *t = &r->trial[i % r->n_trials];
    const bool is_refit = i >= r->n_trials;
    const char *outcome = is_refit ? t->refit : t->outcome, *message = is_refit ? t->refit_message : t->message;
    if (!outcome[0] || strcmp(outcome, "done") == 0 || strcmp(outcome, "not run") == 0)
        return NULL;
    return message[0] ? message : outcome;
}

static bool has_reason(const rb_results_file *r, int64_t i, const char *reason)
{
    const char *own = reason_of(r, i);
    return own && strcmp(own, reason) == 0;
}

static void write_reason(FILE *out, const rb_results_file *r, int64_t first)
{
    const rb_trial_line *t = &r->trial[first % r->n_trials];
    const char *reason = reason_of(r, first);
    int64_t n_more = 0;
    for (int64_t i = first + 1; i < 2 * r->n_trials; i++)
        n_more += has_reason(r, i, reason);
    fprintf(out, "%strial %d (%s%s%s)", first >= r->n_trials ? "refit of " : "", t->trial, t->entry,
            t->parameters[0] ? " " : "", t->parameters);
    if (n_more > 0)
        fprintf(out, " and %lld more", (long long)n_more);
    fprintf(out, ": %s\n", reason);
}

rb_status rb_report_failures(FILE *out, const char *folder, rb_error *err)
{
    rb_results_file r = { 0 };
    int64_t n_reasons = 0;
    RB_TRY(rb_results_file_open(&r, folder, err));
    for (int64_t i = 0; i < 2 * r.n_trials; i++) {
        const char *reason = reason_of(&r, i);
        bool is_new = reason != NULL;
        for (int64_t k = 0; k < i && is_new; k++)
            is_new = !has_reason(&r, k, reason);
        if (is_new && ++n_reasons <= MOST_REASONS)
            write_reason(out, &r, i);
    }
    if (n_reasons > MOST_REASONS)
        fprintf(out, "%lld other reasons\n", (long long)(n_reasons - MOST_REASONS));
done:
    rb_results_file_close(&r);
    return err->status;
}
