/*
 * Members of a visitor (data/algorithm.h) that reads what a test wants of a model.
 */
#ifndef RB_SUPPORT_VISITOR_H
#define RB_SUPPORT_VISITOR_H

#include "data/algorithm.h"

/** For a visitor of arrays alone. */
void rb_test_skip_scalar(rb_visitor *v, const char *name, rb_type type, void *value);

#endif
