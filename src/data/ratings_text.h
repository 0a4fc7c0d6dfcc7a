/*
 * Text of one or several files, cut at line ends into pieces: one a thread of each rank, about equal in bytes.
 */
#ifndef RB_DATA_RATINGS_TEXT_H
#define RB_DATA_RATINGS_TEXT_H

#include "parallel/ctx.h"

typedef struct {
    char *name;        /* as the user gave it, for messages; owned */
    const char *bytes; /* the file; NULL until it is mapped */
    int64_t n_bytes;
    int64_t body; /* first byte after the header */
    bool is_mapped;
} rb_text_file;

typedef struct {
    rb_text_file *file;
    int32_t n_files;
} rb_text_files;

/* Lines of one file that one thread reads. */
typedef struct {
    int32_t file;
    int64_t begin, end; /* bytes of the file; begin is the start of a line */
    int64_t n_lines;
    int64_t slot; /* number of its first line, counted over all files from 0, without headers */
} rb_segment;

typedef struct {
    rb_segment *segment; /* [n_segments] of this rank, in order */
    int64_t n_segments;
    int64_t *piece;               /* [n_pieces + 1] first segment of each piece */
    int n_pieces;                 /* threads of this rank */
    int64_t slot_begin, slot_end; /* lines of this rank */
    int64_t n_slots;              /* lines of all ranks */
} rb_pieces;

/**
 * Look at files without opening them. Collective: rank 0 looks, all know. Names are copied.
 *
 * @return RB_OK; RB_BAD_INPUT: a file is missing or not regular, or all are empty; RB_IO: unreadable
 */
rb_status rb_text_files_find(rb_text_files *t, const char *const *paths, int32_t n, const rb_ctx *ctx, rb_error *err);
/** One "file" that lies in memory already, the same on every rank. Local. */
rb_status rb_text_files_buffer(rb_text_files *t, const char *name, const char *bytes, int64_t n, rb_error *err);
/** Bytes of the byte order mark at the start: 0 or 3. */
int64_t rb_text_mark(const char *bytes, int64_t n);

/** Map a file for reading, unless it is mapped. Local. @return RB_OK; RB_IO: unreadable, or another size than before */
rb_status rb_text_file_map(rb_text_file *f, rb_error *err);
void rb_text_files_fini(rb_text_files *t);

/** Cut the bodies of all files into pieces and count their lines; maps the files of this rank. Collective. */
rb_status rb_pieces_init(rb_pieces *p, rb_text_files *t, const rb_ctx *ctx, rb_error *err);
void rb_pieces_fini(rb_pieces *p);

/** The segment of this rank that holds a slot, or NULL. */
const rb_segment *rb_pieces_find(const rb_pieces *p, int64_t slot);

/** Number in its file, from 1, of the line of a slot. Counts from the start of the file: for messages. */
int64_t rb_pieces_line(const rb_segment *s, const rb_text_file *f, int64_t slot);

#endif
