/*
 * What the build knows of itself; generated at build time (cmake/CodeDigests.cmake, cmake/BuildFacts.cmake).
 */
#ifndef RB_HARNESS_FACTS_H
#define RB_HARNESS_FACTS_H

typedef struct {
    const char *id;  /* algorithm; NULL ends the table */
    const char *hex; /* SHA-256 over the model's file, its family's core, the layers base .. data, what drives a fit */
} rb_code_digest;

extern const rb_code_digest rb_code_digests[];

/* SHA-256 over the sources of the evaluation, here and in eval, and the layers base .. data. */
extern const char rb_eval_digest[];

typedef struct {
    const char *version;
    const char *commit; /* "unavailable" outside a checkout */
    int dirty;
    const char *compiler;
    const char *march;
    const char *build_type;
    const char *flags;
    const char *sanitize;
} rb_build_facts;

extern const rb_build_facts rb_build;

#endif
