/* The merge tree of a stored model, for other programs and for the eye. */
#ifndef RB_REPORT_EXPORT_MERGES_H
#define RB_REPORT_EXPORT_MERGES_H

#include <stdbool.h>

#include "harness/apply.h"

typedef struct {
    const char *newick, *figure; /* files ("-": o->out); NULL: not wanted */
    bool by_title;               /* leaves have their titles, or where there is none their ids */
    int64_t last;                /* clusters that the figure shows */
} rb_export_merges_options;

/**
 * Write the tree of a trial in Newick's form, its dendrogram as SVG, or both (report/merges.h); the broken line of the
 * figure is the trial's own cut. Serial ctx.
 *
 * @return RB_OK; RB_BAD_INPUT: no such run or trial, a model that was not kept or has no merge tree, data that have
 *         changed; RB_NO_MEMORY; RB_IO
 */
rb_status rb_export_merges(const rb_apply_options *o, const rb_export_merges_options *options, rb_ctx *ctx,
                           rb_error *err);

#endif
