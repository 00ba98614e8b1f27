// SPDX-License-Identifier: GPL-2.0
/*
 * procfs.c - memory and cgroup of live processes, and small files of /proc and /sys as
 * a whole. A process may have gone by now: then nothing is known, which is no error.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kernel/procfs.h"
#include "lib/text.h"
#include "lib/xalloc.h"

#define FILE_MAX	0x100000

/**
 * procfs_read() - a file of /proc or /sys.
 * @path: its name
 * @size: bytes that were read; may be NULL
 *
 * Return: its text, ended by NUL, to be freed; NULL with errno set if it cannot be read.
 */
char *procfs_read(const char *path, size_t *size)
{
	size_t room = 4096, used = 0;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t got;
	char *text;

	if (fd < 0)
		return NULL;
	text = xmalloc(room + 1);
	while ((got = read(fd, text + used, room - used)) > 0) {
		used += (size_t)got;
		if (used == room && room < FILE_MAX) {
			room *= 2;
			text = xrealloc(text, room + 1);
		}
	}
	close(fd);
	if (got < 0) {
		free(text);
		return NULL;
	}
	text[used] = '\0';
	if (size)
		*size = used;
	return text;
}

/**
 * procfs_rss_kib() - what a process has resident.
 * @pid: of the process
 *
 * Return: KiB, or -1 if it is not known.
 */
int64_t procfs_rss_kib(int32_t pid)
{
	unsigned long long pages;
	char path[64], *text;
	int64_t rss = -1;

	snprintf(path, sizeof(path), "/proc/%d/statm", pid);
	text = procfs_read(path, NULL);
	if (text && sscanf(text, "%*u %llu", &pages) == 1)
		rss = (int64_t)pages * (sysconf(_SC_PAGESIZE) / 1024);
	free(text);
	return rss;
}

/* Whether a list with commas between has the word. */
static bool list_has(const char *list, size_t length, const char *word)
{
	size_t size = strlen(word);

	while (length >= size) {
		size_t one = strcspn(list, ",:");

		if (one == size && !strncmp(list, word, size))
			return true;
		if (one >= length)
			break;
		list += one + 1;
		length -= one + 1;
	}
	return false;
}

/**
 * cgroup_parse() - the cgroup that says most about memory.
 * @text: of /proc/PID/cgroup
 *
 * With version 1 that of the controller memory, else that of version 2, else the first.
 *
 * Return: its path, to be freed; NULL if there is none.
 */
char *cgroup_parse(const char *text)
{
	const char *best = NULL;
	int best_rank = 0;

	while (*text) {
		size_t length = strcspn(text, "\n");
		const char *controllers = memchr(text, ':', length);
		const char *path = controllers ? memchr(controllers + 1, ':',
				   length - (size_t)(controllers + 1 - text)) : NULL;

		if (path) {
			size_t size = (size_t)(path - controllers - 1);
			int rank = list_has(controllers + 1, size, "memory") ? 3 : !size ? 2 : 1;

			if (rank > best_rank) {
				best_rank = rank;
				best = path + 1;
			}
		}
		text += length + (text[length] == '\n');
	}
	return best ? strndup(best, strcspn(best, "\n")) : NULL;
}

/**
 * procfs_cgroup() - the cgroup of a live process.
 * @pid: of the process
 *
 * Return: its path, to be freed; NULL if it is not known.
 */
char *procfs_cgroup(int32_t pid)
{
	char path[64], *text, *cgroup = NULL;

	snprintf(path, sizeof(path), "/proc/%d/cgroup", pid);
	text = procfs_read(path, NULL);
	if (text)
		cgroup = cgroup_parse(text);
	free(text);
	return cgroup;
}
