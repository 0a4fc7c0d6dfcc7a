/*
 * Words of a text, as scikit-learn's default takes them: lower case (Python's str.lower), then runs of two or more
 * word characters, where a word character is what Python's isalnum says, or _.
 */
#ifndef RB_DATA_TOKEN_H
#define RB_DATA_TOKEN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"

typedef struct {
    int64_t begin; /* first byte in rb_tokens.text */
    int32_t n;     /* bytes */
} rb_token;

/* The words of one text; reused from text to text, released once. */
typedef struct {
    char *text; /* lower case */
    int64_t text_capacity;
    rb_token *token; /* [n] */
    int64_t n, capacity;
} rb_tokens;

/**
 * Cut a text of n_bytes into words. Local.
 *
 * @param[in,out] out  zeroed before the first use; its words are replaced
 * @return RB_OK; RB_NO_MEMORY. Bytes that are not UTF-8 separate words.
 */
rb_status rb_tokenize(rb_tokens *out, const char *text, int64_t n_bytes, rb_error *err);
void rb_tokens_fini(rb_tokens *tokens);

/** Whether a code point is a letter, a number or _. */
bool rb_is_word_character(uint32_t code_point);

#endif
