#include <errno.h>
#include <string.h>

#include "base/alloc.h"
#include "base/text.h"
#include "report/merges.h"

rb_status rb_merges_check(const double *row, int64_t n, rb_error *err)
{
    char *joined = NULL;
    RB_TRY(rb_alloc(&joined, 2 * n, err));
    for (int64_t t = 0; t < n - 1; t++)
        for (int side = 0; side < 2; side++) {
            const double id = row[4 * t + side];
            bool good = id >= 0 && id < (double)(n + t) && id == (double)(int64_t)id && !joined[(int64_t)id];
            if (!good)
                RB_TRY(RB_FAIL(err, RB_BAD_INPUT, "merge %lld joins %g, which is no cluster that is left", (long long)t,
                               id));
            joined[(int64_t)id] = 1;
        }
done:
    rb_free(joined);
    return err->status;
}

/* A name as it is, or in quotes where it is empty or has a letter that means something. */
static void write_name(FILE *out, const char *name)
{
    if (name[0] && !strpbrk(name, " \t\r\n()[]{}':;,_")) {
        fputs(name, out);
        return;
    }
    fputc('\'', out);
    for (; *name; name++) {
        if (*name == '\'')
            fputc('\'', out);
        fputc(*name == '\n' || *name == '\r' || *name == '\t' ? ' ' : *name, out);
    }
    fputc('\'', out);
}

/* A cluster whose parts are being written. */
typedef struct {
    int64_t id;
    int n_written;
} open_cluster;

static double height_of(const rb_merges *m, int64_t id)
{
    return id < m->n ? 0 : m->row[4 * (id - m->n) + 2];
}

rb_status rb_newick_write(FILE *out, const rb_merges *m, rb_error *err)
{
    open_cluster *stack = NULL;
    int64_t depth = 0;
    char buffer[32];
    RB_TRY(rb_alloc(&stack, m->n + 1, err)); /* a chain is as deep as it has points */
    stack[depth++] = (open_cluster){ .id = 2 * m->n - 2 };
    while (depth > 0) {
        open_cluster *top = &stack[depth - 1];
        if (top->id >= m->n && top->n_written < 2) {
            const int64_t part = (int64_t)m->row[4 * (top->id - m->n) + top->n_written];
            fputc(top->n_written == 0 ? '(' : ',', out);
            top->n_written++;
            stack[depth++] = (open_cluster){ .id = part };
            continue;
        }
        if (top->id >= m->n)
            fputc(')', out);
        else
            write_name(out, m->name(buffer, m->of, top->id));
        depth--;
        if (depth > 0) {
            rb_text_double(buffer, height_of(m, stack[depth - 1].id) - height_of(m, top->id));
            fprintf(out, ":%s", buffer);
        }
    }
    fputs(";\n", out);
    if (ferror(out))
        RB_FAIL(err, RB_IO, "the tree cannot be written: %s", strerror(errno));
done:
    rb_free(stack);
    return err->status;
}
