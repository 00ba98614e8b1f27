// SPDX-License-Identifier: GPL-2.0
/*
 * callers.c - touches memory in functions whose names are known, for the suite stackreader: alone,
 * in threads, in a library, in code that it makes itself, as many short processes.
 *
 *	callers WHAT [PAGES [MORE...]]
 *
 * This is compiled with frame pointers, and keeps its symbols. Each function has something to do
 * behind what it calls, so that nothing is called in its place.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "callers.h"

#define RING	4096	/* pages that are touched one by one before they are given back */

static volatile char *fresh(size_t pages)
{
	void *p = mmap(NULL, pages * CALLERS_PAGE, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		exit(3);
	madvise(p, pages * CALLERS_PAGE, MADV_NOHUGEPAGE);
	return p;
}

KNOWN static void touch_inner(volatile char *memory, size_t pages)
{
	size_t i;

	frame();
	for (i = 0; i < pages; i++)
		memory[i * CALLERS_PAGE] = 1;
}

KNOWN static void touch_middle(volatile char *memory, size_t pages)
{
	touch_inner(memory, pages);
	barrier();
}

KNOWN static void touch_outer(volatile char *memory, size_t pages)
{
	touch_middle(memory, pages);
	barrier();
}

KNOWN static int run_touch(size_t pages, char **more)
{
	(void)more;
	touch_outer(fresh(pages), pages);
	barrier();
	return 0;
}

KNOWN static int run_library(size_t pages, char **more)
{
	(void)more;
	called_outer(fresh(pages), pages);
	barrier();
	return 0;
}

/* Named as a C++ compiler names a member of a template in a namespace, and a template. */
void room_touch(volatile char *memory, size_t pages) __asm__("_ZN5house4roomIiE5touchEPVcm");
void house_fill(volatile char *memory, size_t pages) __asm__("_ZN5house4fillIlEEvPVcm");

KNOWN void room_touch(volatile char *memory, size_t pages)
{
	touch_inner(memory, pages);
	barrier();
}

KNOWN void house_fill(volatile char *memory, size_t pages)
{
	room_touch(memory, pages);
	barrier();
}

KNOWN static int run_mangled(size_t pages, char **more)
{
	(void)more;
	house_fill(fresh(pages), pages);
	barrier();
	return 0;
}

/* Threads, each by a way of its own. */

static size_t thread_pages;

KNOWN static void *north(void *memory)
{
	touch_outer(memory, thread_pages);
	barrier();
	return NULL;
}

KNOWN static void *east(void *memory)
{
	touch_outer(memory, thread_pages);
	asm volatile("nop" ::: "memory");
	return NULL;
}

KNOWN static void *south(void *memory)
{
	touch_middle(memory, thread_pages);
	barrier();
	return NULL;
}

KNOWN static void *west(void *memory)
{
	touch_inner(memory, thread_pages);
	barrier();
	return NULL;
}

KNOWN static int run_threads(size_t pages, char **more)
{
	static void *(*const ways[])(void *memory) = { north, east, south, west };
	pthread_t threads[4];
	int i;

	(void)more;
	thread_pages = pages;
	for (i = 0; i < 4; i++)
		if (pthread_create(&threads[i], NULL, ways[i], (void *)fresh(pages)))
			return 4;
	for (i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	return 0;
}

/* For ever, a page each 10 ms. */
KNOWN static int run_slowly(size_t pages, char **more)
{
	const struct timespec rest = { 0, 10 * 1000 * 1000 };
	volatile char *memory = fresh(RING);
	size_t i;

	(void)pages;
	(void)more;
	for (i = 0;; i++) {
		if (i == RING) {
			madvise((void *)memory, RING * CALLERS_PAGE, MADV_DONTNEED);
			i = 0;
		}
		touch_outer(memory + i * CALLERS_PAGE, 1);
		nanosleep(&rest, NULL);
	}
	return 0;
}

/* So many pages at each SIGUSR1; a SIGUSR2 ends it. Says on its output that it is done. */
KNOWN static int run_turns(size_t pages, char **more)
{
	sigset_t wanted;
	int number;

	(void)more;
	sigemptyset(&wanted);
	sigaddset(&wanted, SIGUSR1);
	sigaddset(&wanted, SIGUSR2);
	sigprocmask(SIG_BLOCK, &wanted, NULL);
	for (;;) {
		if (write(STDOUT_FILENO, ".", 1) != 1)
			return 5;
		if (sigwait(&wanted, &number) || number == SIGUSR2)
			return 0;
		touch_outer(fresh(pages), pages);
		barrier();
	}
}

/* Code that no file has: push %rbp; mov %rsp,%rbp; movb $1,(%rdi); pop %rbp; ret. */
static const unsigned char code[] = { 0x55, 0x48, 0x89, 0xe5, 0xc6, 0x07, 0x01, 0x5d, 0xc3 };

typedef void (*made_fn)(volatile char *memory);

static made_fn make_code(void)
{
	void *p = (void *)fresh(1);
	char path[64];
	FILE *map;

	memcpy(p, code, sizeof(code));
	if (mprotect(p, CALLERS_PAGE, PROT_READ | PROT_EXEC))
		exit(6);
	snprintf(path, sizeof(path), "/tmp/perf-%d.map", getpid());
	map = fopen(path, "w");
	if (!map)
		exit(7);
	fprintf(map, "%lx %zx made_by_hand\n", (unsigned long)p, sizeof(code));
	if (fclose(map))
		exit(7);
	return (made_fn)p;
}

KNOWN static void call_made(made_fn made, volatile char *memory)
{
	made(memory);
	barrier();
}

KNOWN static int run_made(size_t pages, char **more)
{
	const struct timespec rest = { 0, 10 * 1000 * 1000 };
	volatile char *memory = fresh(RING);
	made_fn made = make_code();
	size_t i;

	(void)pages;
	(void)more;
	for (i = 0;; i++) {
		if (i == RING) {
			madvise((void *)memory, RING * CALLERS_PAGE, MADV_DONTNEED);
			i = 0;
		}
		call_made(made, memory + i * CALLERS_PAGE);
		nanosleep(&rest, NULL);
	}
	return 0;
}

static int run_one(char **command)
{
	int status = -1;
	pid_t pid = vfork();

	if (!pid) {
		execv(command[0], command);
		_exit(127);
	}
	return pid > 0 && waitpid(pid, &status, 0) == pid ? status : -1;
}

/* So many processes, one after the other, of a program with its arguments. */
KNOWN static int run_many(size_t times, char **more)
{
	size_t i;

	for (i = 0; more && i < times; i++)
		if (run_one(more))
			return 8;
	return more ? 0 : 2;
}

static const struct {
	const char *what;
	int (*run)(size_t pages, char **more);
} all[] = {
	{ "touch", run_touch }, { "library", run_library }, { "mangled", run_mangled },
	{ "threads", run_threads }, { "slowly", run_slowly }, { "turns", run_turns },
	{ "made", run_made }, { "many", run_many }, { NULL, NULL }
};

int main(int argc, char **argv)
{
	size_t pages = argc > 2 ? strtoul(argv[2], NULL, 10) : 0, i;
	int ret = 2;

	for (i = 0; argc > 1 && all[i].what; i++) {
		if (!strcmp(argv[1], all[i].what)) {
			ret = all[i].run(pages, argc > 3 ? argv + 3 : NULL);
			barrier();
			break;
		}
	}
	return ret;
}
