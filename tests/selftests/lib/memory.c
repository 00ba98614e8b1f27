// SPDX-License-Identifier: GPL-2.0
/*
 * memory.c - memory and files to fault on, and threads that fault.
 *
 * Runs mostly in workloads, so nothing here prints on success or asserts; errors come back as
 * values and end as exit codes.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "memory.h"
#include "module.h"
#include "note.h"

#define MAX_THREADS 512

/**
 * touch_read() - read a byte of every page, in order.
 * @p: the first page
 * @pages: how many
 */
void touch_read(const volatile char *p, size_t pages)
{
	size_t i;

	for (i = 0; i < pages; i++)
		(void)p[i * PAGE];
}

/**
 * touch_write() - write a byte of every page, in order.
 * @p: the first page
 * @pages: how many
 */
void touch_write(volatile char *p, size_t pages)
{
	size_t i;

	for (i = 0; i < pages; i++)
		p[i * PAGE] = 1;
}

/**
 * touch_some() - a workload that reads, then writes SOME_PAGES pages of fresh anonymous memory:
 * two faults each.
 * @arg: not used
 *
 * Return: 0, or 1 if there is no memory.
 */
int touch_some(void *arg)
{
	char *p = map_anon(SOME_PAGES);

	(void)arg;
	if (!p)
		return 1;
	touch_read(p, SOME_PAGES);
	touch_write(p, SOME_PAGES);
	return 0;
}

/**
 * touch_scattered() - touch every page once, in an order without a pattern.
 * @p: the first page
 * @pages: how many; a power of two
 * @seed: picks the order
 * @write: write rather than read
 */
void touch_scattered(volatile char *p, size_t pages, unsigned int seed, bool write)
{
	size_t at = seed % pages, i;

	/* A full-period congruential sequence: odd increment, multiplier 1 mod 4. */
	for (i = 0; i < pages; i++) {
		if (write)
			p[at * PAGE] = 1;
		else
			(void)p[at * PAGE];
		at = (at * 1664525 + (2 * seed + 1)) & (pages - 1);
	}
}

/**
 * map_anon() - private anonymous memory of small pages.
 * @pages: how many
 *
 * Return: the memory or NULL.
 */
char *map_anon(size_t pages)
{
	char *p = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
		       -1, 0);

	if (p == MAP_FAILED)
		return NULL;
	madvise(p, pages * PAGE, MADV_NOHUGEPAGE);
	return p;
}

/**
 * map_anon_aligned() - private anonymous memory at a multiple of @align, no advice given.
 * @size: in bytes
 * @align: a power of two
 *
 * Return: the memory or NULL.
 */
char *map_anon_aligned(size_t size, size_t align)
{
	char *p = mmap(NULL, size + align, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
		       -1, 0);

	if (p == MAP_FAILED)
		return NULL;
	return (char *)(((uintptr_t)p + align - 1) & ~(align - 1));
}

/**
 * map_file() - map the beginning of a file; the descriptor is closed again.
 * @path: the file
 * @pages: how many
 * @prot: PROT_*
 * @flags: MAP_*
 *
 * Return: the memory or NULL.
 */
char *map_file(const char *path, size_t pages, int prot, int flags)
{
	int fd = open(path, prot & PROT_WRITE && flags & MAP_SHARED ? O_RDWR : O_RDONLY);
	char *p;

	if (fd < 0)
		return NULL;
	p = mmap(NULL, pages * PAGE, prot, flags, fd, 0);
	close(fd);
	return p == MAP_FAILED ? NULL : p;
}

/**
 * file_make() - make a file whose pages all hold data.
 * @path: the file, replaced if it is there
 * @pages: its size
 *
 * Return: 0 or -1.
 */
int file_make(const char *path, size_t pages)
{
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0644);
	static char block[16 * PAGE];
	size_t left = pages * PAGE;

	if (fd < 0) {
		note("%s: %s", path, strerror(errno));
		return -1;
	}
	memset(block, 'f', sizeof(block));
	while (left) {
		ssize_t n = write(fd, block, left < sizeof(block) ? left : sizeof(block));

		if (n <= 0) {
			note("%s: %s", path, strerror(errno));
			close(fd);
			return -1;
		}
		left -= (size_t)n;
	}
	fsync(fd);
	close(fd);
	return 0;
}

/**
 * file_make_empty() - make a file that is all hole.
 * @path: the file, replaced if it is there
 * @pages: its size
 *
 * Return: 0 or -1.
 */
int file_make_empty(const char *path, size_t pages)
{
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0644);
	int ret;

	if (fd < 0)
		return -1;
	ret = ftruncate(fd, (off_t)(pages * PAGE));
	close(fd);
	return ret;
}

/**
 * caches_drop() - write everything back and drop the page cache.
 *
 * Return: 0 or -errno.
 */
int caches_drop(void)
{
	sync();
	return file_write("/proc/sys/vm/drop_caches", "3");
}

/**
 * fault_around_set() - how many bytes a read fault on a file maps; 4096 is just its page.
 * @bytes: as text
 * @old: what was set before, or NULL
 * @size: of @old
 *
 * Return: 0 or -errno; 0 where the kernel maps no more than the page anyway (before 3.15).
 */
int fault_around_set(const char *bytes, char *old, size_t size)
{
	static const char path[] = "/sys/kernel/debug/fault_around_bytes";
	int ret = old ? file_read_line(path, old, size) : 0;

	ret = ret ? ret : file_write(path, bytes);
	return ret == -ENOENT ? 0 : ret;
}

/**
 * test_disk() - the directory on a real disk, where faults become I/O.
 *
 * Return: the path, NULL if there is none.
 */
const char *test_disk(void)
{
	const char *disk = getenv("TEST_DISK");

	return disk && *disk ? disk : NULL;
}

/**
 * suite_dir() - where the running suite and its helper programs are.
 */
const char *suite_dir(void)
{
	static char path[512];
	ssize_t n;

	if (*path)
		return path;
	n = readlink("/proc/self/exe", path, sizeof(path) - 1);
	if (n <= 0)
		return ".";
	path[n] = '\0';
	return strcpy(path, dirname(path));
}

/**
 * filesystem_known() - does the kernel have a file system, loaded or by now as a module?
 * @name: as in /proc/filesystems
 */
bool filesystem_known(const char *name)
{
	char line[128], want[64];
	FILE *f = fopen("/proc/filesystems", "r");
	bool found = false;

	if (!f)
		return false;
	snprintf(want, sizeof(want), "\t%s\n", name);
	while (!found && fgets(line, sizeof(line), f))
		found = strstr(line, want);
	fclose(f);
	return found;
}

struct thread {
	pthread_t id;
	pthread_barrier_t *start;
	thread_fn fn;
	void *arg;
	int nr, ret, cpu;
};

/**
 * run_on_cpu() - let the calling thread run on one CPU only.
 * @cpu: its number
 *
 * Return: 0, or -1 with errno set.
 */
int run_on_cpu(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	return sched_setaffinity(0, sizeof(set), &set);
}

static void *thread_main(void *arg)
{
	struct thread *t = arg;

	if (t->cpu >= 0)
		t->ret = run_on_cpu(t->cpu);
	pthread_barrier_wait(t->start);
	if (!t->ret)
		t->ret = t->fn(t->arg, t->nr);
	return NULL;
}

/**
 * threads_run() - run a function in several threads at once and wait for them.
 * @nr: how many threads
 * @fn: gets @arg and the thread's number
 * @arg: for all of them
 * @pinned: thread n runs on CPU n, modulo the number of CPUs
 *
 * Return: 0 if all of them returned 0.
 */
int threads_run(int nr, thread_fn fn, void *arg, bool pinned)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	static struct thread threads[MAX_THREADS];
	pthread_barrier_t start;
	pthread_attr_t attr;
	int i, ret = 0;

	if (nr > MAX_THREADS || pthread_barrier_init(&start, NULL, (unsigned int)nr))
		return -1;
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 64 << 10);
	for (i = 0; i < nr; i++) {
		threads[i].start = &start;
		threads[i].fn = fn;
		threads[i].arg = arg;
		threads[i].nr = i;
		threads[i].ret = 0;
		threads[i].cpu = pinned ? (int)(i % cpus) : -1;
		if (pthread_create(&threads[i].id, &attr, thread_main, &threads[i]))
			return -1;
	}
	for (i = 0; i < nr; i++) {
		pthread_join(threads[i].id, NULL);
		if (threads[i].ret)
			ret = -1;
	}
	pthread_attr_destroy(&attr);
	return ret;
}
