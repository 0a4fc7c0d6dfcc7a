/*
 * Files that are whole or absent: written aside under a name that no other writer has, synced, renamed.
 *
 * The name aside is "<path>.<host>-<process>.part": a killed writer leaves it, and two writers of one path (the ranks
 * of a run whose rank 0 was killed, and those of the run that goes on with it) never write into the same file.
 */
#ifndef RB_BASE_FILE_H
#define RB_BASE_FILE_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

#define RB_PART_BYTES 4400

/** The name aside of a path, for this process. */
void rb_file_part(char out[RB_PART_BYTES], const char *path);

/**
 * Put the file aside in place: sync it, rename it to path, sync the folder. On failure it is removed.
 *
 * @return RB_OK, RB_IO naming path
 */
rb_status rb_file_place(const char *path, rb_error *err);

/** The same, but a power cut may take the name until rb_file_place has put another file into the folder. */
rb_status rb_file_place_ahead(const char *path, rb_error *err);

/** Write a whole file in place of what stood there. @return RB_OK, RB_IO naming path */
rb_status rb_file_replace(const char *path, const char *text, rb_error *err);

/**
 * Remove what killed writers left in a folder: names aside of processes of this host that are gone, and of other hosts
 * where nothing was written for idle_s seconds. Whatever cannot be read or removed stays.
 *
 * @return how many were removed
 */
int rb_file_sweep(const char *folder, int64_t idle_s);

#endif
