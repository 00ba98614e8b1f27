// SPDX-License-Identifier: GPL-2.0
/*
 * work.c - a program to be exec'ed by suites: does what its arguments say, one after the other.
 *
 *   touch N         touch N anonymous pages
 *   map FILE N      map N pages of FILE shared and write to them
 *   read FILE N     map N pages of FILE private and read them
 *   fork N          N children touch 10 pages each, one after the other
 *   threads N M     N threads touch M pages each
 *   wait FIFO       wait until somebody writes to FIFO
 *   exec            do the rest in a new image of this program
 *   thread-exec     the same, exec called by a thread that is not the leader
 *   leader-exits    the leader exits; a thread does the rest
 *
 * Exit code 0 if all went well, 1 if not.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "memory.h"

/* Asked for at the start: a process whose leader has exited has no /proc/self/exe. */
static char self[512];

static int do_all(char **args);

static int do_touch(size_t pages)
{
	char *p = map_anon(pages);

	if (!p)
		return 1;
	touch_write(p, pages);
	return 0;
}

static int touch_thread(void *arg, int nr)
{
	(void)nr;
	return do_touch(*(size_t *)arg);
}

static int do_map(const char *path, size_t pages, bool write)
{
	char *p = map_file(path, pages, write ? PROT_READ | PROT_WRITE : PROT_READ,
			   write ? MAP_SHARED : MAP_PRIVATE);

	if (!p)
		return 1;
	if (write)
		touch_write(p, pages);
	else
		touch_read(p, pages);
	return 0;
}

static int do_fork(int nr)
{
	int i, status;

	for (i = 0; i < nr; i++) {
		pid_t pid = fork();

		if (pid < 0)
			return 1;
		if (!pid)
			_exit(do_touch(10));
		if (waitpid(pid, &status, 0) != pid || status)
			return 1;
	}
	return 0;
}

static int do_wait(const char *path)
{
	int fd = open(path, O_RDONLY);
	char c;

	return fd < 0 || read(fd, &c, 1) != 1;
}

static int do_exec(char **args)
{
	char **argv = args - 1;	/* the place of the word "exec" becomes the name */

	argv[0] = (char *)"work";
	execv(self, argv);
	return 1;
}

static void *thread_exec(void *arg)
{
	exit(do_exec(arg));
}

static void *thread_rest(void *arg)
{
	exit(do_all(arg));
}

static int in_thread(void *(*fn)(void *), char **args, bool leader_exits)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, fn, args))
		return 1;
	if (leader_exits)
		syscall(SYS_exit, 0);
	pthread_join(thread, NULL);
	return 1;
}

static int do_one(char ***args)
{
	const char *verb = *(*args)++;
	const char *first = **args;

	if (!strcmp(verb, "exec"))
		return do_exec(*args);
	if (!strcmp(verb, "thread-exec"))
		return in_thread(thread_exec, *args, false);
	if (!strcmp(verb, "leader-exits"))
		return in_thread(thread_rest, *args, true);
	if (!first)
		return 1;
	(*args)++;
	if (!strcmp(verb, "touch"))
		return do_touch(strtoul(first, NULL, 0));
	if (!strcmp(verb, "fork"))
		return do_fork(atoi(first));
	if (!strcmp(verb, "wait"))
		return do_wait(first);
	if (!**args)
		return 1;
	if (!strcmp(verb, "map") || !strcmp(verb, "read"))
		return do_map(first, strtoul(*(*args)++, NULL, 0), !strcmp(verb, "map"));
	if (!strcmp(verb, "threads")) {
		size_t pages = strtoul(*(*args)++, NULL, 0);

		return threads_run(atoi(first), touch_thread, &pages, false) != 0;
	}
	return 1;
}

static int do_all(char **args)
{
	while (*args)
		if (do_one(&args))
			return 1;
	return 0;
}

int main(int argc, char **argv)
{
	if (argc < 2 || readlink("/proc/self/exe", self, sizeof(self) - 1) < 0)
		return 1;
	return do_all(argv + 1);
}
