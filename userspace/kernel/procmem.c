// SPDX-License-Identifier: GPL-2.0
/*
 * procmem.c - the memory of processes by the kernel's counters in /proc/PID/status, which is
 * readable for every user. Called by map.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kernel/procfs.h"
#include "kernel/procmem.h"
#include "lib/message.h"
#include "lib/text.h"
#include "lib/xalloc.h"

/* A small file below /proc/TID, without an allocation: there may be many. */
static bool read_small(int32_t tid, const char *name, char *text, size_t size)
{
	char path[64];
	ssize_t got;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/%s", tid, name);
	*text = '\0';
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	got = read(fd, text, size - 1);
	close(fd);
	text[got > 0 ? got : 0] = '\0';
	return got > 0;
}

static bool line_kib(const char *text, const char *name, uint64_t *bytes)
{
	const char *at = strstr(text, name);

	if (!at || sscanf(at + strlen(name), "%" SCNu64, bytes) != 1)
		return false;
	*bytes *= 1024;
	return true;
}

/* Before 4.5 only what is shared at all is known, and from another file. */
static void split_by_statm(struct procmem *m, int32_t tid)
{
	uint64_t resident, shared, page = (uint64_t)sysconf(_SC_PAGESIZE);
	char text_of[256];

	if (!read_small(tid, "statm", text_of, sizeof(text_of)) ||
	    sscanf(text_of, "%*u %" SCNu64 " %" SCNu64, &resident, &shared) != 2)
		return;
	m->rss = resident * page;
	m->shared = shared * page;
	m->anon = resident > shared ? m->rss - m->shared : 0;
}

static void take_name(struct procmem *m, const char *status)
{
	size_t length;

	if (strncmp(status, "Name:\t", 6))
		return;
	length = strcspn(status + 6, "\n");
	length = length < sizeof(m->comm) ? length : sizeof(m->comm) - 1;
	memcpy(m->comm, status + 6, length);
	text_unescape(m->comm);
}

static bool has_exited(const char *status)
{
	return strstr(status, "\nState:\tZ") || strstr(status, "\nState:\tX");
}

/**
 * procmem_read() - what the kernel counts of a process.
 * @memory: set
 * @pid: the process
 *
 * Return: false if there is none, or if it has no memory of its own.
 */
bool procmem_read(struct procmem *memory, int32_t pid)
{
	char status[8192];
	int32_t tid = pid;

	memset(memory, 0, sizeof(*memory));
	memory->pid = pid;
	if (!read_small(pid, "status", status, sizeof(status)))
		return false;
	/* Threads may have names of their own. */
	take_name(memory, status);
	while (!line_kib(status, "\nVmRSS:", &memory->rss)) {
		/* Kernel threads have none either: nothing more is asked of them. */
		if (tid == pid && !has_exited(status))
			return false;
		tid = procfs_next_thread(pid, tid);
		if (!tid)
			return false;
		read_small(tid, "status", status, sizeof(status));
	}
	line_kib(status, "\nVmSize:", &memory->size);
	line_kib(status, "\nVmSwap:", &memory->swap);
	line_kib(status, "\nHugetlbPages:", &memory->hugetlb);
	memory->has_split = line_kib(status, "\nRssAnon:", &memory->anon) &&
			    line_kib(status, "\nRssFile:", &memory->file) &&
			    line_kib(status, "\nRssShmem:", &memory->shmem);
	memory->shared = memory->file + memory->shmem;
	if (!memory->has_split)
		split_by_statm(memory, tid);
	return true;
}

/**
 * procmems_read() - the same of all processes that have memory of their own.
 * @all: set; what it had before is overwritten
 *
 * Return: false after a complaint.
 */
bool procmems_read(struct procmems *all)
{
	DIR *proc = opendir("/proc");
	const struct dirent *entry;
	uint64_t pid;

	all->nr = 0;
	if (!proc) {
		complain("/proc: %s", strerror(errno));
		return false;
	}
	while ((entry = readdir(proc))) {
		if (!text_number(entry->d_name, &pid) || pid > INT32_MAX)
			continue;
		all->at = xgrow(all->at, all->nr, &all->room, sizeof(*all->at));
		all->nr += procmem_read(&all->at[all->nr], (int32_t)pid);
	}
	closedir(proc);
	return true;
}
