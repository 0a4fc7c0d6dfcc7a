/*
 * Stop words: the English list of scikit-learn (318 words; BSD-3-Clause, from the Glasgow Information Retrieval Group).
 */
#ifndef RB_DATA_STOP_WORDS_H
#define RB_DATA_STOP_WORDS_H

#include <stdbool.h>
#include <stdint.h>

typedef enum { RB_STOP_WORDS_NONE, RB_STOP_WORDS_ENGLISH } rb_stop_words;

/* The choices of a parameter table, in the order of the enum. */
#define RB_STOP_WORDS_CHOICES "none|english"

/** Whether a lower-case word of n bytes stands in the list. */
bool rb_is_stop_word(rb_stop_words list, const char *word, int64_t n);

#endif
