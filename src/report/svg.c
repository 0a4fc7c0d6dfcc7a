#include "report/svg.h"

#include <errno.h>
#include <string.h>

void rb_svg_begin(FILE *out, double width, double height)
{
    fprintf(out,
            "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 %g %g' width='%g' height='%g' "
            "font-family='sans-serif' font-size='12'>\n<rect width='100%%' height='100%%' fill='white'/>\n",
            width, height, width, height);
}

void rb_svg_line(FILE *out, double x1, double y1, double x2, double y2, double width)
{
    fprintf(out, "<line x1='%.1f' y1='%.1f' x2='%.1f' y2='%.1f' stroke='black' stroke-width='%g'/>\n", x1, y1, x2, y2,
            width);
}

static void write_escaped(FILE *out, const char *text)
{
    for (; *text; text++)
        switch (*text) {
        case '&':
            fputs("&amp;", out);
            break;
        case '<':
            fputs("&lt;", out);
            break;
        case '>':
            fputs("&gt;", out);
            break;
        default:
            fputc(*text, out);
        }
}

void rb_svg_text(FILE *out, double x, double y, const char *anchor, const char *words)
{
    fprintf(out, "<text x='%.1f' y='%.1f' text-anchor='%s'>", x, y, anchor);
    write_escaped(out, words);
    fputs("</text>\n", out);
}

rb_status rb_svg_end(FILE *out, rb_error *err)
{
    fputs("</svg>\n", out);
    return ferror(out) ? RB_FAIL(err, RB_IO, "the figure cannot be written: %s", strerror(errno)) : RB_OK;
}
