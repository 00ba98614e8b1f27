// SPDX-License-Identifier: GPL-2.0
/*
 * faults.c - workloads that fault, and how many instructions each fault took. Here are the program
 * and the workloads of processes and threads on memory of their own; those on many files are in
 * places.c, and the figures are made in figure.c.
 *
 *   faults WORKLOAD...     prints "WORKLOAD INSTRUCTIONS", a mean per fault, row or process
 *
 * Some only put something there for the command in AT_REST to look at, and print nothing.
 *
 * For a guest that counts instructions. Run by the guest's scripts bench and cost, bare, with the
 * module or under another tool.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <kselftest.h>

#include "deep.h"
#include "figure.h"
#include "memory.h"
#include "module.h"
#include "places.h"

#define STRETCHES	10	/* in a repetition */

#define AROUND		16ul	/* pages that a read fault maps around the one it is for */
#define THREADS		32
#define THREAD_PAGES	10ul
#define TASKS		3000
#define BIRTHS		200ul
#define BIRTH_PAGES	60ul

#ifndef PR_SET_VMA
#define PR_SET_VMA 0x53564d41
#define PR_SET_VMA_ANON_NAME 0
#endif

/* Faults on 4 KiB pages of anonymous memory, by one process. */
static void anon(const char *name)
{
	struct figure f = { .name = name };
	char *p = map_anon(STRETCH);
	int i;

	if (!p)
		die("mmap");
	/* The page table's own pages are there before. */
	touch_write(p, STRETCH);
	while (f.done < REPEAT) {
		figure_begin(&f);
		for (i = 0; i < STRETCHES; i++) {
			forget(p, STRETCH);
			stretch(&f, p, 1, true);
		}
		figure_end(&f);
	}
	munmap(p, STRETCH * PAGE);
}

/* Faults on STRETCH pages, by one process: they are read, and were there before. */
static void turns(const char *name, char *p)
{
	struct figure f = { .name = name };
	int i;

	touch_read(p, STRETCH);
	while (f.done < REPEAT) {
		figure_begin(&f);
		for (i = 0; i < STRETCHES; i++) {
			forget(p, STRETCH);
			stretch(&f, p, 1, false);
		}
		figure_end(&f);
	}
	munmap(p, STRETCH * PAGE);
}

/* Shared anonymous memory in turns with private, as a database's buffers are. */
static void shm_turns(const char *name)
{
	char *p = mmap(NULL, STRETCH * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		       -1, 0);
	unsigned long i;

	if (p == MAP_FAILED)
		die("mmap");
	touch_write(p, STRETCH);
	for (i = 1; i < STRETCH; i += 2)
		if (mmap(p + i * PAGE, PAGE, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED)
			die("mmap");
	turns(name, p);
}

/* Anonymous memory that has a name, as Go's heap, in turns with such as has none. */
static void named_turns(const char *name)
{
	char *p = map_anon(STRETCH);
	unsigned long i;

	if (!p)
		die("mmap");
	for (i = 1; i < STRETCH; i += 2)
		if (prctl(PR_SET_VMA, PR_SET_VMA_ANON_NAME, p + i * PAGE, PAGE, "Go: heap"))
			die("the kernel has no names for anonymous memory");
	turns(name, p);
}

/* Faults on a file that is in the page cache, through a shared map with MADV_RANDOM. */
static void hits(const char *name)
{
	struct figure f = { .name = name };
	const char *disk = test_disk();
	char path[256], *p;
	int i;

	snprintf(path, sizeof(path), "%s/cached", disk ? disk : "/tmp");
	if (file_make(path, STRETCH * AROUND))
		exit(1);
	p = map_file(path, STRETCH * AROUND, PROT_READ, MAP_SHARED);
	if (!p || madvise(p, STRETCH * AROUND * PAGE, MADV_RANDOM))
		die(path);
	touch_read(p, STRETCH * AROUND);
	while (f.done < REPEAT) {
		figure_begin(&f);
		for (i = 0; i < STRETCHES; i++) {
			forget(p, STRETCH * AROUND);
			stretch(&f, p, AROUND, false);
		}
		figure_end(&f);
	}
	munmap(p, STRETCH * AROUND * PAGE);
	unlink(path);
}

/* Threads of one process, each on memory of its own, in turn as the scheduler has it. */
static struct {
	pthread_barrier_t go, gone;
	char *memory;
	bool over;
} gang;

static void *gang_member(void *nr)
{
	for (;;) {
		pthread_barrier_wait(&gang.go);
		if (gang.over)
			return NULL;
		touch_write(gang.memory + (size_t)nr * THREAD_PAGES * PAGE, THREAD_PAGES);
		pthread_barrier_wait(&gang.gone);
	}
}

static void threads(const char *name)
{
	struct figure f = { .name = name };
	pthread_t ids[THREADS];
	size_t i;

	gang.memory = map_anon(THREADS * THREAD_PAGES);
	if (!gang.memory || pthread_barrier_init(&gang.go, NULL, THREADS + 1) ||
	    pthread_barrier_init(&gang.gone, NULL, THREADS + 1))
		die("barrier");
	gang.over = false;
	touch_write(gang.memory, THREADS * THREAD_PAGES);
	for (i = 0; i < THREADS; i++)
		if (pthread_create(&ids[i], NULL, gang_member, (void *)i))
			die("thread");
	while (f.done < REPEAT) {
		figure_begin(&f);
		for (i = 0; i < STRETCHES; i++) {
			long faults;

			forget(gang.memory, THREADS * THREAD_PAGES);
			rest();
			tick_wait();
			faults = faults_of(RUSAGE_SELF);
			figure_go(&f);
			pthread_barrier_wait(&gang.go);
			pthread_barrier_wait(&gang.gone);
			figure_stop(&f, THREADS * THREAD_PAGES);
			/* A thread's own first faults may be among them, in what is dropped. */
			if (f.done)
				expect_faults(name, faults_of(RUSAGE_SELF) - faults,
					      THREADS * THREAD_PAGES);
		}
		figure_end(&f);
	}
	gang.over = true;
	pthread_barrier_wait(&gang.go);
	for (i = 0; i < THREADS; i++)
		pthread_join(ids[i], NULL);
	munmap(gang.memory, THREADS * THREAD_PAGES * PAGE);
}

/* Many threads that have faulted and are still there. */
static void tasks(const char *name)
{
	static pthread_t ids[TASKS];
	pthread_attr_t attr;
	size_t i;

	gang.memory = map_anon(TASKS * THREAD_PAGES);
	pthread_attr_init(&attr);
	if (!gang.memory || pthread_attr_setstacksize(&attr, 32 << 10) ||
	    pthread_barrier_init(&gang.go, NULL, TASKS + 1) ||
	    pthread_barrier_init(&gang.gone, NULL, TASKS + 1))
		die("barrier");
	gang.over = false;
	for (i = 0; i < TASKS; i++)
		if (pthread_create(&ids[i], &attr, gang_member, (void *)i))
			die("thread");
	pthread_barrier_wait(&gang.go);
	pthread_barrier_wait(&gang.gone);
	stand(name);
	gang.over = true;
	pthread_barrier_wait(&gang.go);
	for (i = 0; i < TASKS; i++)
		pthread_join(ids[i], NULL);
}

/* What all kworkers have executed so far; one that sleeps has it to the instruction. */
static unsigned long long kworkers_instructions(void)
{
	unsigned long long sum = 0;
	char path[300], line[128];
	DIR *dir = opendir("/proc");
	struct dirent *entry;

	if (!dir)
		die("/proc");
	while ((entry = readdir(dir))) {
		snprintf(path, sizeof(path), "/proc/%s/comm", entry->d_name);
		if (atoi(entry->d_name) <= 0 || file_read_line(path, line, sizeof(line)) ||
		    strncmp(line, "kworker", strlen("kworker")))
			continue;
		snprintf(path, sizeof(path), "/proc/%s/schedstat", entry->d_name);
		if (file_read_line(path, line, sizeof(line)))
			die(path);
		sum += strtoull(line, NULL, 10);
	}
	closedir(dir);
	return sum;
}

/*
 * A process: its birth, faults on some pages, death, and the parent's wait. What the kernel does
 * about it later, in the timer's ticks, is in this too, so that it is timed in one. Beside it: what
 * kworkers executed for each, until all was over.
 */
static void births(const char *name)
{
	struct figure f = { .name = name }, workers = { .name = "kworkers" };
	unsigned long i;

	while (f.done < REPEAT) {
		char *p = map_anon(BIRTH_PAGES);

		if (!p)
			die("mmap");
		figure_begin(&f);
		workers.spent = -kworkers_instructions();
		tick_wait();
		figure_go(&f);
		for (i = 0; i < BIRTHS; i++) {
			pid_t pid = fork();

			if (pid < 0)
				die("fork");
			if (!pid) {
				touch_write(p, BIRTH_PAGES);
				_exit(0);
			}
			waitpid(pid, NULL, 0);
		}
		figure_stop(&f, BIRTHS);
		figure_end(&f);
		rest();
		workers.spent += kworkers_instructions();
		workers.units = BIRTHS;
		figure_end(&workers);
		munmap(p, BIRTH_PAGES * PAGE);
	}
}

static const struct {
	const char *name;
	void (*run)(const char *name);
} workloads[] = {
	{ "anon", anon },
	{ "hits", hits },
	{ "rows-1", rows_1 },
	{ "rows-2", rows_2 },
	{ "rows-100", rows_100 },
	{ "rows-full", rows_full },
	{ "threads", threads },
	{ "births", births },
	{ "new-row", new_row },
	{ "reading", reading },
	{ "shm-turns", shm_turns },
	{ "named-turns", named_turns },
	{ "deep", deep },
	{ "deep-ways", deep_ways },
	{ "full", full },
	{ "full-shared", full_shared },
	{ "tasks", tasks },
};

int main(int argc, char **argv)
{
	size_t i;
	int n;

	for (n = 1; n < argc; n++) {
		for (i = 0; i < ARRAY_SIZE(workloads); i++)
			if (!strcmp(argv[n], workloads[i].name))
				break;
		if (i == ARRAY_SIZE(workloads)) {
			fprintf(stderr, "faults: no workload %s\n", argv[n]);
			return 2;
		}
		workloads[i].run(argv[n]);
	}
	return 0;
}
