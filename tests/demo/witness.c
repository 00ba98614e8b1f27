// SPDX-License-Identifier: GPL-2.0
/*
 * witness - preloaded into perf stat: takes the rusage of the program that perf
 * runs at the two moments that perf's own counters leave out or do not show.
 * Leaves in the file $WITNESS "before PID MINOR MAJOR", what perf's child had
 * faulted when it called exec, where perf begins to count, and "whole PID MINOR
 * MAJOR", what wait4 says of it when it has ended.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static void note(const char *what, int pid, const struct rusage *usage, int flags)
{
	const char *path = getenv("WITNESS");
	char line[80];
	int fd, length;

	length = snprintf(line, sizeof(line), "%s %d %ld %ld\n", what, pid,
			  usage->ru_minflt, usage->ru_majflt);
	fd = open(path ? path : "/dev/null", O_WRONLY | O_CREAT | flags, 0644);
	if (fd < 0 || write(fd, line, length) != length)
		perror("witness");
	close(fd);
}

int execvp(const char *file, char *const argv[])
{
	struct rusage usage, later;
	long result;

	/* perf first calls it with an empty name, to have it resolved. */
	if (!*file) {
		errno = ENOENT;
		return -1;
	}
	/* Until writing the number down has changed it no more. */
	do {
		getrusage(RUSAGE_SELF, &usage);
		note("before", getpid(), &usage, O_TRUNC);
		getrusage(RUSAGE_SELF, &later);
	} while (usage.ru_minflt != later.ru_minflt || usage.ru_majflt != later.ru_majflt);

	/* Not by way of libc, which could fault on the way. */
	asm volatile("syscall" : "=a"(result)
		     : "a"(SYS_execve), "D"(file), "S"(argv), "d"(environ)
		     : "rcx", "r11", "memory");
	errno = -result;
	return -1;
}

pid_t wait4(pid_t pid, int *status, int options, struct rusage *usage)
{
	struct rusage own;
	pid_t got;

	if (!usage)
		usage = &own;
	got = syscall(SYS_wait4, pid, status, options, usage);
	if (got > 0)
		note("whole", got, usage, O_APPEND);
	return got;
}
