// SPDX-License-Identifier: GPL-2.0
/*
 * procfs.c - memory and cgroup of live processes, and small files of /proc and /sys as
 * a whole. A process may have exited already; that is not an error, nothing is known then.
 *
 * /proc/PID is the directory of the process's first thread, the leader. A leader may exit
 * before the others: pthread_exit() in main() does that. It is a zombie then for as long as
 * they run, and of its files
 *  - these are the process's still: stat but for its sizes, comm, io, limits, task,
 *    oom_score, autogroup, timers;
 *  - these are empty, all zero or missing: maps, smaps, smaps_rollup, numa_maps, map_files,
 *    pagemap, mem, auxv, environ, cmdline, statm, all Vm and Rss lines of status, root, cwd,
 *    exe, fd, fdinfo, mounts, mountinfo, mountstats, the links in ns;
 *  - these are the leader's alone: cgroup and cpuset (as it was left, or the root: to
 *    move the process is to move its live threads), status but for Threads, wchan, syscall.
 * This is what a program showed on 6.18; kernels from 3.10 on do it for the same reason:
 * do_exit() drops task->mm, ->files, ->fs and ->nsproxy, and takes the task's cgroup for
 * final, while what is in task->signal stays until the last thread has exited.
 *
 * /proc/TID of another thread, which is not listed but there, has all of this, and in the
 * form that /proc/PID has it in: /proc/PID/task/TID has no map_files, and up to 4.8 names
 * another mapping [stack]. So a reader begins with the leader's file, and as long as there
 * is nothing in it goes on with those of procfs_next_thread().
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kernel/procfs.h"
#include "lib/text.h"
#include "lib/xalloc.h"

#define FILE_MAX	0x100000
#define TURNS		100

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

/* State and number of threads in stat, which anyone may read; false if it has gone. */
static bool read_stat(int32_t tid, char *state, int *threads)
{
	char path[32], *text;
	const char *at;
	bool known;
	int field;

	snprintf(path, sizeof(path), "/proc/%d/stat", tid);
	text = procfs_read(path, NULL);
	at = text ? strrchr(text, ')') : NULL;
	known = at && sscanf(at, ") %c", state) == 1;
	/* That is field 3, and the one of threads 20. */
	for (field = 2; at && field < 20; field++)
		at = strchr(at + 1, ' ');
	known = known && at;
	*threads = at ? atoi(at) : 0;
	free(text);
	return known;
}

/*
 * By one call where we may trace it. A thread that exits loses exe with its memory, root a
 * little later; but exe would take kernel threads for such, and they may be asked for, too.
 */
static bool has_exited(int32_t tid, bool leads)
{
	char path[32], target[1], state;
	int threads;

	snprintf(path, sizeof(path), "/proc/%d/%s", tid, leads ? "root" : "exe");
	if (readlink(path, target, sizeof(target)) >= 0)
		return false;
	if (errno == ENOENT || errno == ESRCH)
		return true;
	return !read_stat(tid, &state, &threads) || state == 'Z' || state == 'X';
}

/* The first of the threads but the leader whose number is larger than that, or 0. */
static int32_t first_thread(int32_t pid, int32_t above)
{
	const struct dirent *entry;
	int32_t first = 0;
	char path[32];
	DIR *threads;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	threads = opendir(path);
	if (!threads)
		return 0;
	while ((entry = readdir(threads))) {
		int32_t one = isdigit((unsigned char)*entry->d_name) ? atoi(entry->d_name) : 0;

		if (one > above && one != pid && (!first || one < first))
			first = one;
	}
	closedir(threads);
	return first;
}

/**
 * procfs_next_thread() - by which thread to ask next what a process has.
 * @pid: the process
 * @tid: the thread in whose directory there was nothing: first @pid itself
 *
 * The threads come in the order of their numbers. What one that runs does not have, no other
 * has. A number is not used again before all others have been.
 *
 * Return: another thread, or 0 if @tid has not exited, or if there are no more.
 */
int32_t procfs_next_thread(int32_t pid, int32_t tid)
{
	int32_t next = 0;
	int turn, threads;
	char state;

	if (!has_exited(tid, tid == pid))
		return 0;
	/* The kernel's list ends early where it has come to a thread that exits just then. */
	for (turn = 0; !next && turn < TURNS; turn++) {
		next = first_thread(pid, tid == pid ? 0 : tid);
		if (!next && (!read_stat(pid, &state, &threads) || threads < 2))
			break;
	}
	return next;
}

static int64_t rss_of(int32_t tid)
{
	unsigned long long pages;
	char path[32], *text;
	int64_t rss = -1;

	snprintf(path, sizeof(path), "/proc/%d/statm", tid);
	text = procfs_read(path, NULL);
	if (text && sscanf(text, "%*u %llu", &pages) == 1)
		rss = (int64_t)pages * (sysconf(_SC_PAGESIZE) / 1024);
	free(text);
	return rss;
}

/**
 * procfs_rss_kib() - what a process has resident.
 * @pid: of the process
 *
 * Return: KiB, or -1 if it is not known.
 */
int64_t procfs_rss_kib(int32_t pid)
{
	int32_t tid = pid;
	int64_t rss;

	do {
		rss = rss_of(tid);
	} while (rss <= 0 && (tid = procfs_next_thread(pid, tid)));
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
	int32_t other = procfs_next_thread(pid, pid);

	/* There is something in the leader's in any case: it may be out of date. */
	snprintf(path, sizeof(path), "/proc/%d/cgroup", other ? other : pid);
	text = procfs_read(path, NULL);
	if (text)
		cgroup = cgroup_parse(text);
	free(text);
	return cgroup;
}
