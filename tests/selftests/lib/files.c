// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include "files.h"

#include <errno.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "memory.h"

/**
 * file_name_nr() - what the file of that name and number is called.
 * @path: result
 * @size: its room
 * @what: a name
 * @nr: a number
 */
void file_name_nr(char *path, size_t size, const char *what, int nr)
{
	snprintf(path, size, "/dev/shm/%s.%s.%d", program_invocation_short_name, what, nr);
}

/**
 * file_touch() - write to each page of a file that is there, or is made for it and stays.
 * @path: the file
 * @pages: its size
 *
 * Return: 0 or 1.
 */
int file_touch(const char *path, size_t pages)
{
	char *p;

	if (access(path, F_OK) && file_make_empty(path, pages))
		return 1;
	/* Private: some kernels retry the first write to a page that is shared. */
	p = map_file(path, pages, PROT_READ | PROT_WRITE, MAP_PRIVATE);
	if (!p)
		return 1;
	touch_write(p, pages);
	return munmap(p, pages * PAGE);
}

/**
 * file_touch_unlinked() - write to each page of a new file that has no name any more, and stays
 *	mapped.
 * @path: the name it has had
 * @pages: its size
 *
 * Return: 0 or 1.
 */
int file_touch_unlinked(const char *path, size_t pages)
{
	char *p;

	if (file_make_empty(path, pages))
		return 1;
	p = map_file(path, pages, PROT_READ | PROT_WRITE, MAP_SHARED);
	unlink(path);
	if (!p)
		return 1;
	touch_write(p, pages);
	return 0;
}

/**
 * files_make() - make files of one page, empty.
 * @what: their name
 * @nr: how many
 *
 * Before threads share them: who finds one missing would empty it under another's map.
 *
 * Return: 0 or -1.
 */
int files_make(const char *what, int nr)
{
	char path[256];
	int i;

	for (i = 0; i < nr; i++) {
		file_name_nr(path, sizeof(path), what, i);
		if (file_make_empty(path, 1))
			return -1;
	}
	return 0;
}

/**
 * files_remove() - remove files, those that are there.
 * @what: their name
 * @nr: how many
 */
void files_remove(const char *what, int nr)
{
	char path[256];
	int i;

	for (i = 0; i < nr; i++) {
		file_name_nr(path, sizeof(path), what, i);
		unlink(path);
	}
}
