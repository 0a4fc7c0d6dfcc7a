/* Why trials of a run failed, for the end of what `run` prints. */
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

static void write_reason(FILE *out, const rb_results_file *r, int64_t first, int64_t n)
{
    const rb_trial_line *t = &r->trial[first % r->n_trials];
    fprintf(out, "%strial %d (%s%s%s)", first >= r->n_trials ? "refit of " : "", t->trial, t->entry,
            t->parameters[0] ? " " : "", t->parameters);
    if (n > 1)
        fprintf(out, " and %lld more", (long long)n - 1);
    fprintf(out, ": %s\n", reason_of(r, first));
}

rb_status rb_report_failures(FILE *out, const char *folder, rb_error *err)
{
    rb_results_file r = { 0 };
    int64_t first[MOST_REASONS], n[MOST_REASONS] = { 0 }, n_other = 0;
    int n_reasons = 0;
    RB_TRY(rb_results_file_open(&r, folder, err));
    for (int64_t i = 0; i < 2 * r.n_trials; i++) {
        const char *reason = reason_of(&r, i);
        int k = 0;
        while (reason && k < n_reasons && strcmp(reason_of(&r, first[k]), reason) != 0)
            k++;
        if (reason && k == n_reasons && n_reasons < MOST_REASONS)
            first[n_reasons++] = i;
        if (reason && k < n_reasons)
            n[k]++;
        else
            n_other += reason != NULL;
    }
    for (int k = 0; k < n_reasons; k++)
        write_reason(out, &r, first[k], n[k]);
    if (n_other > 0)
        fprintf(out, "%lld more for other reasons\n", (long long)n_other);
done:
    rb_results_file_close(&r);
    return err->status;
}
