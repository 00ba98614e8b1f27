// SPDX-License-Identifier: GPL-2.0
/*
 * files.c - the sum of rows equals the kernel's own figures: files on a disk, with real I/O, so
 * with major faults and retried calls. Every way to map a file, each after the page cache was
 * dropped.
 */
#include "suite.h"

#include <fcntl.h>

#define FILE_PAGES 512ul	/* a power of two, for touch_scattered() */

static char *disk_file(void)
{
	static char path[256];

	snprintf(path, sizeof(path), "%s/pages", test_disk());
	return path;
}

FIXTURE(cold)
{
	char *path;
};

FIXTURE_VARIANT(cold)
{
	bool shared, write, random;
};

FIXTURE_VARIANT_ADD(cold, shared_read) { .shared = true };
FIXTURE_VARIANT_ADD(cold, shared_read_random) { .shared = true, .random = true };
FIXTURE_VARIANT_ADD(cold, shared_write) { .shared = true, .write = true };
FIXTURE_VARIANT_ADD(cold, shared_write_random) { .shared = true, .write = true, .random = true };
FIXTURE_VARIANT_ADD(cold, private_read) { 0 };
FIXTURE_VARIANT_ADD(cold, private_read_random) { .random = true };
FIXTURE_VARIANT_ADD(cold, private_write) { .write = true };
FIXTURE_VARIANT_ADD(cold, private_write_random) { .write = true, .random = true };

FIXTURE_SETUP(cold)
{
	if (!test_disk())
		return;	/* a skip here would not keep the test from being run */
	self->path = disk_file();
	ASSERT_EQ(0, file_make(self->path, FILE_PAGES));
	ASSERT_EQ(0, module_load(SUITE_PARAMS));
	ASSERT_EQ(0, caches_drop());
}

FIXTURE_TEARDOWN(cold)
{
	if (!self->path)
		return;
	loaded_end(_metadata, false, 0);
	unlink(self->path);
}

#define NEED_DISK do { \
	if (!test_disk()) \
		SKIP_TEST("no disk with a file system"); \
} while (0)

struct map_file {
	const char *path;
	bool shared, write, random;
};

static char *map_as_told(const struct map_file *m)
{
	char *p = map_file(m->path, FILE_PAGES, PROT_READ | (m->write ? PROT_WRITE : 0),
			   m->shared ? MAP_SHARED : MAP_PRIVATE);

	if (p && m->random && madvise(p, FILE_PAGES * PAGE, MADV_RANDOM))
		return NULL;
	return p;
}

static int touch_file(void *arg)
{
	const struct map_file *m = arg;
	char *p = map_as_told(m);

	if (!p)
		return 1;
	touch_scattered(p, FILE_PAGES, 7, m->write);
	/* Once more: now everything is in the cache, and mostly in the page table. */
	touch_read(p, FILE_PAGES);
	return 0;
}

/* Majors are real I/O, minors what readahead had brought by then; both are the kernel's. */
TEST_F(cold, cold_file_has_the_kernels_majors)
{
	struct map_file m = { self->path, variant->shared, variant->write, variant->random };
	const struct row *row;
	struct workload w;
	struct snapshot s;

	NEED_DISK;
	w = RUN_EXACT(touch_file, &m);
	EXPECT_LT(0, w.major);
	/* Without readahead every page is read for itself. */
	if (variant->random) {
		EXPECT_LE((long long)FILE_PAGES / 2, w.major);
	}
	/* The majors are the file's, but for those of the program itself. */
	ASSERT_EQ(0, snapshot_take(&s, FAULTS_PROC));
	row = snapshot_row(&s, w.pid, self->path);
	ASSERT_NE(NULL, row);
	EXPECT_LT(0, row->n.major);
	EXPECT_LE(row->n.major, w.major);
	if (variant->write) {
		EXPECT_LE((long long)FILE_PAGES, row->n.minor + row->n.major);
	}
	snapshot_free(&s);
}

static int touch_file_in_thread(void *arg, int nr)
{
	const struct map_file *m = arg;
	char *p = map_as_told(m);

	if (!p)
		return 1;
	touch_scattered(p, FILE_PAGES, (unsigned int)nr * 37 + 1, m->write);
	return munmap(p, FILE_PAGES * PAGE);
}

static int eight_threads(void *arg)
{
	return threads_run(8, touch_file_in_thread, arg, false);
}

/* They wait for each other's pages and for the mmap lock, and calls are retried. */
TEST_F(cold, eight_threads_on_one_cold_file_are_exact)
{
	struct map_file m = { self->path, variant->shared, variant->write, variant->random };
	struct workload w;

	NEED_DISK;
	w = RUN_EXACT(eight_threads, &m);
	EXPECT_LT(0, w.major);
	EXPECT_LT(w.minor + w.major, w.rows.calls);
}

static char *shared_map;

static int touch_shared_map(void *arg, int nr)
{
	const struct map_file *m = arg;

	touch_scattered(shared_map, FILE_PAGES, (unsigned int)nr * 37 + 1, m->write);
	return 0;
}

static int eight_threads_one_map(void *arg)
{
	shared_map = map_as_told(arg);
	return !shared_map || threads_run(8, touch_shared_map, arg, false);
}

TEST_F(cold, eight_threads_on_one_cold_mapping_are_exact)
{
	struct map_file m = { self->path, variant->shared, variant->write, variant->random };
	struct workload w;

	NEED_DISK;
	w = RUN_EXACT(eight_threads_one_map, &m);
	EXPECT_LT(0, w.major);
}

static int deleted_file(void *arg)
{
	char *p = map_file(arg, FILE_PAGES, PROT_READ | PROT_WRITE, MAP_SHARED);

	if (!p || unlink(arg))
		return 1;
	touch_scattered(p, FILE_PAGES, 3, false);
	touch_write(p, FILE_PAGES);
	return 0;
}

TEST_F(loaded, deleted_file_is_exact_after_dropped_caches)
{
	struct workload w;
	char *path;

	NEED_DISK;
	path = disk_file();
	ASSERT_EQ(0, file_make(path, FILE_PAGES));
	ASSERT_EQ(0, caches_drop());
	w = RUN_EXACT(deleted_file, path);
	EXPECT_LT(0, w.major);
	EXPECT_LE((long long)FILE_PAGES, w.minor + w.major);
}

static int read_into_map(void *arg)
{
	char *p = map_anon(FILE_PAGES);
	char *file = map_file(arg, FILE_PAGES, PROT_READ | PROT_WRITE, MAP_SHARED);
	int fd = open(arg, O_RDONLY), null = open("/dev/null", O_WRONLY), i;

	if (!p || !file || fd < 0 || null < 0)
		return 1;
	/* The kernel touches user memory: untouched pages as target, cold file pages as source. */
	for (i = 0; i < (int)FILE_PAGES / 2; i++)
		if (pread(fd, p + (size_t)i * PAGE, PAGE, (off_t)(i * (int)PAGE)) != (ssize_t)PAGE)
			return 1;
	fd = open("/tmp/target", O_RDWR | O_CREAT | O_TRUNC, 0600);
	if (fd < 0)
		return 1;
	for (i = 0; i < (int)FILE_PAGES; i++)
		if (pwrite(fd, file + (size_t)i * PAGE, 64, 0) != 64)
			return 1;
	return unlink("/tmp/target");
}

/* Faults that system calls take, from the kernel's mode, with I/O. */
TEST_F(loaded, system_calls_on_cold_pages_are_from_kernel)
{
	struct workload w;
	char *path;

	NEED_DISK;
	path = disk_file();
	ASSERT_EQ(0, file_make(path, FILE_PAGES));
	ASSERT_EQ(0, caches_drop());
	w = RUN_EXACT(read_into_map, path);
	EXPECT_LE((long long)FILE_PAGES / 2, w.rows.from_kernel + w.rows.from_gup);
	unlink(path);
}

static int mapped_while_written(void *arg, int nr)
{
	const struct map_file *m = arg;
	char *p = map_as_told(m);
	int round, fd;

	if (!p)
		return 1;
	for (round = 0; round < 10; round++) {
		if (nr == 0) {
			/* Drops the clean pages from the cache under the others' feet. */
			fd = open(m->path, O_RDONLY);
			if (fd < 0)
				return 1;
			fsync(fd);
			posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
			close(fd);
		} else {
			touch_scattered(p, FILE_PAGES, (unsigned int)(nr + 8 * round), m->write);
			madvise(p, FILE_PAGES * PAGE, MADV_DONTNEED);
		}
	}
	return munmap(p, FILE_PAGES * PAGE);
}

static int cache_dropped_all_the_time(void *arg)
{
	return threads_run(4, mapped_while_written, arg, false);
}

TEST_F(cold, cache_dropped_while_threads_fault_is_exact)
{
	struct map_file m = { self->path, variant->shared, variant->write, variant->random };
	struct workload w;

	NEED_DISK;
	w = RUN_EXACT(cache_dropped_all_the_time, &m);
	EXPECT_LT(0, w.major);
}

TEST_HARNESS_MAIN
