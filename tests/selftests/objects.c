// SPDX-License-Identifier: GPL-2.0
/*
 * objects.c - a call belongs to the object that was mapped where it faulted, and so does the
 * verdict on it, exactly: counts that are known by construction. Files in tmpfs, written through
 * shared mappings, take one fault for each page, no more and no fewer; where the kernel retries
 * first writes, the retry is one call more that is not counted.
 */
#include "suite.h"

#include <fcntl.h>
#include <sys/stat.h>

#define FILE_A	"/dev/shm/object A"
#define FILE_B	"/dev/shm/object B"

/* N pages of A, M of B, and as many of C, a file on a disk, as of A if there is one. */
struct pages {
	size_t n, m;
	int threads;
	const char *cold;
	char *a, *b, *c;
};

/* Thread t takes every threads-th page; after each page of A one of B and one of C. */
static int touch_interleaved(void *arg, int nr)
{
	struct pages *p = arg;
	size_t i;

	for (i = (size_t)nr; i < p->n; i += (size_t)p->threads) {
		touch_write(p->a + i * PAGE, 1);
		if (i < p->m)
			touch_write(p->b + i * PAGE, 1);
		if (p->c)
			touch_read(p->c + i * PAGE, 1);
	}
	return 0;
}

static int interleaved(void *arg)
{
	struct pages *p = arg;

	p->a = map_file(FILE_A, p->n, PROT_READ | PROT_WRITE, MAP_SHARED);
	p->b = map_file(FILE_B, p->m, PROT_READ | PROT_WRITE, MAP_SHARED);
	if (!p->a || !p->b)
		return 1;
	if (p->cold) {
		p->c = map_file(p->cold, p->n, PROT_READ, MAP_SHARED);
		if (!p->c || madvise(p->c, p->n * PAGE, MADV_RANDOM))
			return 1;
	}
	return p->threads == 1 ? touch_interleaved(p, 0) :
				 threads_run(p->threads, touch_interleaved, p, false);
}

static void expect_counts(struct __test_metadata *_metadata, const struct snapshot *s, pid_t pid,
			  const char *object, long long n)
{
	struct counts sum;

	EXPECT_EQ(1, snapshot_sum_object(s, pid, object, &sum)) {
		snapshot_print(s, pid);
	}
	EXPECT_EQ(n, sum.minor + sum.major);
	EXPECT_EQ(n, sum.calls - sum.uncounted);
	EXPECT_EQ(shared_writes_are_majors() ? sum.uncounted : 0, sum.major);
	if (shared_write_calls() == 1)
		EXPECT_EQ(0, sum.uncounted);
	EXPECT_EQ(sum.calls, sum.write);
	EXPECT_EQ(sum.calls, sum.from_user);
	EXPECT_EQ(0, sum.pending + sum.missed);
}

static void run_interleaved(struct __test_metadata *_metadata, struct pages *pages)
{
	struct workload w = { 0 };
	struct snapshot s;
	struct counts sum;

	pages->n = (size_t)scaled(3000);
	pages->m = (size_t)scaled(1700);
	ASSERT_EQ(0, file_make_empty(FILE_A, pages->n));
	ASSERT_EQ(0, file_make_empty(FILE_B, pages->m));
	EXPECT_EQ(0, workload_run(&w, interleaved, pages));
	ASSERT_EQ(0, snapshot_take(&s, FAULTS_PROC));
	expect_counts(_metadata, &s, w.pid, FILE_A, (long long)pages->n);
	expect_counts(_metadata, &s, w.pid, FILE_B, (long long)pages->m);
	EXPECT_EQ(1, snapshot_sum_object(&s, w.pid, FILE_A, &sum));
	EXPECT_EQ((long long)pages->n * shared_write_calls(), sum.calls);
	if (pages->cold) {
		EXPECT_EQ(1, snapshot_sum_object(&s, w.pid, pages->cold, &sum));
		EXPECT_EQ((long long)pages->n, sum.minor + sum.major);
		EXPECT_LT(0, sum.major);
		EXPECT_LT(sum.minor + sum.major, sum.calls);
		EXPECT_EQ(0, sum.write + sum.missed);
	}
	snapshot_free(&s);
	unlink(FILE_A);
	unlink(FILE_B);
}

TEST_F(loaded, pages_of_two_files_in_turns_count_for_each)
{
	struct pages pages = { .threads = 1 };

	run_interleaved(_metadata, &pages);
}

TEST_F(loaded, pages_of_two_files_in_turns_by_four_threads_count_for_each)
{
	struct pages pages = { .threads = 4 };

	run_interleaved(_metadata, &pages);
}

/*
 * The third file's calls are retried and become majors, between the minors of the others: a
 * verdict that went to the wrong one of two calls shows. Fault-around is off for exact counts.
 */
static void run_with_cold_file(struct __test_metadata *_metadata, int threads)
{
	struct pages pages = { .threads = threads };
	char path[256], around[32];

	snprintf(path, sizeof(path), "%s/object C", test_disk());
	pages.cold = path;
	ASSERT_EQ(0, file_make(path, (size_t)scaled(3000)));
	ASSERT_EQ(0, fault_around_set("4096", around, sizeof(around)));
	EXPECT_EQ(0, caches_drop());
	run_interleaved(_metadata, &pages);
	EXPECT_EQ(0, fault_around_set(around, NULL, 0));
	unlink(path);
}

TEST_F(loaded, majors_between_minors_of_others_stay_with_their_file)
{
	if (!test_disk())
		SKIP_TEST("no disk with a file system");
	run_with_cold_file(_metadata, 1);
}

TEST_F(loaded, majors_between_minors_by_four_threads_stay_with_their_file)
{
	if (!test_disk())
		SKIP_TEST("no disk with a file system");
	run_with_cold_file(_metadata, 4);
}

struct reuse {
	int times;
	char *at;
};

static int map_touch_unmap(const char *path, char *at, size_t pages)
{
	int fd = open(path, O_RDWR);
	char *p = mmap(at, pages * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd, 0);

	if (fd < 0 || p != at)
		return 1;
	close(fd);
	touch_write(p, pages);
	return munmap(p, pages * PAGE);
}

static int reuse_address(void *arg)
{
	struct reuse *r = arg;
	int i;

	r->at = map_anon(8);
	if (!r->at || munmap(r->at, 8 * PAGE))
		return 1;
	for (i = 0; i < r->times; i++)
		if (map_touch_unmap(FILE_A, r->at, 1) || map_touch_unmap(FILE_B, r->at, 2))
			return 1;
	return 0;
}

/* The same address, and as a rule the same vma, file and page-table memory, all the time. */
TEST_F(loaded, a_file_mapped_where_another_was_is_never_taken_for_it)
{
	struct reuse *r = shared_alloc(sizeof(*r));
	struct snapshot s;
	struct workload w;

	r->times = scaled(10000);
	ASSERT_EQ(0, file_make_empty(FILE_A, 1));
	ASSERT_EQ(0, file_make_empty(FILE_B, 2));
	w = RUN_EXACT(reuse_address, r);
	ASSERT_EQ(0, snapshot_take(&s, FAULTS_PROC));
	expect_counts(_metadata, &s, w.pid, FILE_A, r->times);
	expect_counts(_metadata, &s, w.pid, FILE_B, 2 * r->times);
	snapshot_free(&s);
	unlink(FILE_A);
	unlink(FILE_B);
}

#define GENERATIONS 200

static int new_files(void *arg)
{
	const char *dir = arg;
	char path[300], *p;
	int i;

	for (i = 0; i < GENERATIONS; i++) {
		/* A name only one of them ever has; the inode number is soon used again. */
		snprintf(path, sizeof(path), "%s/reused.%d", dir, i);
		if (file_make_empty(path, 8))
			return 1;
		p = map_file(path, 8, PROT_READ | PROT_WRITE, MAP_SHARED);
		if (!p)
			return 1;
		touch_write(p, (size_t)(i % 8) + 1);
		if (munmap(p, 8 * PAGE) || unlink(path))
			return 1;
	}
	return 0;
}

/* Files one after the other, with one inode number: each its own row, name and count. */
static void run_new_files(struct __test_metadata *_metadata, const char *dir)
{
	struct workload w = RUN_EXACT(new_files, (void *)dir);
	struct snapshot s;
	char path[300];
	int i;

	ASSERT_EQ(0, snapshot_take(&s, FAULTS_PROC));
	for (i = 0; i < GENERATIONS; i++) {
		struct counts sum;

		snprintf(path, sizeof(path), "%s/reused.%d", dir, i);
		ASSERT_EQ(1, snapshot_sum_object(&s, w.pid, path, &sum)) {
			snapshot_print(&s, w.pid);
		}
		EXPECT_EQ(i % 8 + 1, sum.minor + sum.major);
	}
	snapshot_free(&s);
}

TEST_F(loaded, inode_numbers_used_again_are_told_apart)
{
	if (!test_disk())
		SKIP_TEST("no disk with a file system");
	run_new_files(_metadata, test_disk());
}

TEST_F(loaded, tmpfs_files_made_and_deleted_are_told_apart)
{
	run_new_files(_metadata, "/dev/shm");
}

struct forked {
	size_t pages;
	struct kid kid;
	char *shared;
};

static int touch_with_child(void *arg)
{
	struct forked *f = arg;
	pid_t pid;

	f->shared = map_file(FILE_A, f->pages, PROT_READ | PROT_WRITE, MAP_SHARED);
	if (!f->shared)
		return 1;
	/* Half of it before the fork: the child has its own page table and its own faults. */
	touch_write(f->shared, f->pages / 2);
	pid = kid_fork();
	if (pid < 0)
		return 1;
	if (!pid) {
		touch_write(f->shared, f->pages);
		_exit(0);
	}
	touch_write(f->shared, f->pages);
	return kid_wait(&f->kid, pid);
}

TEST_F(loaded, one_file_of_parent_and_child_counts_for_each)
{
	struct forked *f = shared_alloc(sizeof(*f));
	struct snapshot s;
	struct workload w;

	f->pages = (size_t)scaled(1000);
	ASSERT_EQ(0, file_make_empty(FILE_A, f->pages));
	w = RUN_EXACT(touch_with_child, f);
	ASSERT_EQ(0, snapshot_take(&s, FAULTS_PROC));
	expect_counts(_metadata, &s, w.pid, FILE_A, (long long)f->pages);
	expect_counts(_metadata, &s, f->kid.pid, FILE_A, (long long)f->pages);
	snapshot_free(&s);
	unlink(FILE_A);
}

TEST_HARNESS_MAIN
