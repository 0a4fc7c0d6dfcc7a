/* Files that a command writes for its user. */
#ifndef RB_BASE_OUTPUT_H
#define RB_BASE_OUTPUT_H

#include <stdio.h>

#include "base/status.h"

/** Open a file for writing; "-": `standard`, NULL: none. Local. @return RB_OK, RB_IO */
rb_status rb_output_open(FILE **out, const char *file, FILE *standard, rb_error *err);

/** Close it, unless it is `standard`; what could not be written becomes RB_IO where err is still good. NULL is allowed.
 */
rb_status rb_output_close(FILE *out, const char *file, FILE *standard, rb_error *err);

#endif
