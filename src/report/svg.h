/*
 * Black lines and words on white, as SVG.
 */
#ifndef RB_REPORT_SVG_H
#define RB_REPORT_SVG_H

#include <stdio.h>

#include "base/status.h"

/* Write one element each; what fails shows in ferror(out), which rb_svg_end looks at. */
void rb_svg_begin(FILE *out, double width, double height);
void rb_svg_line(FILE *out, double x1, double y1, double x2, double y2, double width);
/** `anchor`: "start", "middle" or "end"; words in UTF-8. */
void rb_svg_text(FILE *out, double x, double y, const char *anchor, const char *words);
/** @return RB_OK, RB_IO */
rb_status rb_svg_end(FILE *out, rb_error *err);

#endif
