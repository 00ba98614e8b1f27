/* SPDX-License-Identifier: GPL-2.0 */
/*
 * files.h - many small files in memory, by name and number, that a suite makes and touches.
 */
#ifndef SELFTESTS_FILES_H
#define SELFTESTS_FILES_H

#include <stddef.h>

void file_name_nr(char *path, size_t size, const char *what, int nr);
int file_touch(const char *path, size_t pages);
int file_touch_unlinked(const char *path, size_t pages);
int files_make(const char *what, int nr);
void files_remove(const char *what, int nr);

#endif
