#include "support/visitor.h"

void rb_test_skip_scalar(rb_visitor *v, const char *name, rb_type type, void *value)
{
    (void)v, (void)name, (void)type, (void)value;
}
