// SPDX-License-Identifier: GPL-2.0
/*
 * cpus.c - counters are each CPU's own, and yet no count is lost: not when a task moves, not when
 * many count on the same row at once. Runs on eight CPUs.
 */
#include "suite.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/utsname.h>

#define THREADS	8
#define PAGES	512ul		/* of each thread; a power of two */
#define ROUNDS	20
#define SHARED	"/dev/shm/eight"

struct parts {
	bool wander;		/* change CPUs all the time, rather than stay on one each */
	char *shared;
};

static void private_name(char *path, size_t size, int nr)
{
	snprintf(path, size, SHARED ".%d", nr);
}

/* A page of the shared file, one of a file that is the thread's own, one of anonymous memory. */
static int touch_parts(void *arg, int nr)
{
	struct parts *parts = arg;
	char *anon = map_anon(PAGES), *own, path[64];
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	size_t i;

	private_name(path, sizeof(path), nr);
	own = map_file(path, PAGES, PROT_READ | PROT_WRITE, MAP_PRIVATE);
	if (!anon || !own)
		return 1;
	for (i = 0; i < PAGES; i++) {
		if (parts->wander && i % 8 == 0 &&
		    run_on_cpu((int)(((size_t)nr + i / 8) % (size_t)cpus)))
			return 1;
		touch_write(parts->shared + ((size_t)nr * PAGES + i) * PAGE, 1);
		touch_write(own + i * PAGE, 1);
		touch_write(anon + i * PAGE, 1);
	}
	return 0;
}

static int eight_threads(void *arg)
{
	struct parts *parts = arg;

	/* Private: some kernels retry the first write to a page that is shared. */
	parts->shared = map_file(SHARED, THREADS * PAGES, PROT_READ | PROT_WRITE, MAP_PRIVATE);
	return !parts->shared || threads_run(THREADS, touch_parts, parts, !parts->wander);
}

/*
 * Since 7.0 at the latest the first write to a private map of a file begins under the lock of the
 * mapping, and comes once more, with that of all mappings, for what it has to prepare.
 */
static bool first_writes_are_retried(void)
{
	struct utsname name;

	return !uname(&name) && atoi(name.release) >= 7;
}

static void expect_exactly(struct __test_metadata *_metadata, const struct snapshot *s, pid_t pid,
			   const char *object, size_t pages, int writers)
{
	long long tries = first_writes_are_retried() ? writers : 0;
	struct counts n;

	EXPECT_EQ(1, snapshot_sum_object(s, pid, object, &n));
	EXPECT_GE(tries, n.uncounted);
	EXPECT_EQ((long long)pages + n.uncounted, n.calls);
	EXPECT_EQ((long long)pages, n.minor);
	EXPECT_EQ((long long)pages + n.uncounted, n.write);
	EXPECT_EQ(0, n.major + n.pending + n.missed);
}

/* Every page is touched once, so the rows are known, wherever it was that they were counted. */
static void run_parts(struct __test_metadata *_metadata, bool wander)
{
	struct parts parts = { .wander = wander };
	struct workload w;
	struct snapshot s;
	char path[64];
	int i;

	EXPECT_EQ(8, sysconf(_SC_NPROCESSORS_ONLN));
	ASSERT_EQ(0, file_make_empty(SHARED, THREADS * PAGES));
	for (i = 0; i < THREADS; i++) {
		private_name(path, sizeof(path), i);
		ASSERT_EQ(0, file_make_empty(path, PAGES));
	}
	w = RUN_EXACT(eight_threads, &parts);
	ASSERT_EQ(0, snapshot_take(&s, FAULTS_PROC));
	expect_exactly(_metadata, &s, w.pid, SHARED, THREADS * PAGES, THREADS);
	for (i = 0; i < THREADS; i++) {
		private_name(path, sizeof(path), i);
		expect_exactly(_metadata, &s, w.pid, path, PAGES, 1);
		unlink(path);
	}
	snapshot_free(&s);
	unlink(SHARED);
}

TEST_F(loaded, eight_threads_on_their_own_cpus_are_exact)
{
	run_parts(_metadata, false);
}

TEST_F(loaded, eight_threads_that_change_cpus_are_exact)
{
	run_parts(_metadata, true);
}

static int touch_same(void *arg, int nr)
{
	touch_scattered(arg, PAGES, (unsigned int)nr * 11 + 1, nr % 2);
	return 0;
}

static int same_pages(void *arg)
{
	int round;

	(void)arg;
	for (round = 0; round < ROUNDS; round++) {
		char *p = map_anon(PAGES);

		if (!p || threads_run(THREADS, touch_same, p, true) || munmap(p, PAGES * PAGE))
			return 1;
	}
	return 0;
}

/* All of them want the same pages of one object at once, in other orders. */
TEST_F(loaded, eight_threads_racing_for_the_same_pages_are_exact)
{
	struct workload w = RUN_EXACT(same_pages, NULL);

	EXPECT_LE(ROUNDS * (long long)PAGES, w.minor);
}

static int cold_pages(void *arg, int nr)
{
	char *p = map_file(arg, PAGES, PROT_READ, MAP_SHARED);

	if (!p || madvise(p, PAGES * PAGE, MADV_RANDOM))
		return 1;
	touch_scattered(p, PAGES, (unsigned int)nr * 11 + 1, false);
	return munmap(p, PAGES * PAGE);
}

static int eight_on_cold_file(void *arg)
{
	return threads_run(THREADS, cold_pages, arg, true);
}

TEST_F(loaded, eight_threads_on_one_cold_file_are_exact)
{
	struct workload w;
	char path[256];

	if (!test_disk())
		SKIP_TEST("no disk with a file system");
	snprintf(path, sizeof(path), "%s/eight", test_disk());
	ASSERT_EQ(0, file_make(path, PAGES));
	ASSERT_EQ(0, caches_drop());
	w = RUN_EXACT(eight_on_cold_file, path);
	EXPECT_LT(0, w.major);
	EXPECT_LT(w.minor + w.major, w.rows.calls);
	unlink(path);
}

TEST_HARNESS_MAIN
