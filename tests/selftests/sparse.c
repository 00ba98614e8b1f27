// SPDX-License-Identifier: GPL-2.0
/*
 * sparse.c - many more CPUs are possible than are there, and the numbers of those that are have
 * holes between them: nothing is sized or walked by the number online. Runs on 4 CPUs of 64.
 */
#include "suite.h"

#include <sched.h>

#include "crowd.h"

#define CPUS	"/sys/devices/system/cpu/"
#define PRESENT	4
#define HOLE	1
#define PAGES	400ul

/* The highest number in a list such as 0,2-63, or -1. */
static int last_cpu(const char *list)
{
	char line[256] = "", *at;

	if (file_read_line(list, line, sizeof(line)))
		return -1;
	at = strpbrk(line, "\n");
	if (at)
		*at = '\0';
	for (at = line + strlen(line); at > line && at[-1] >= '0' && at[-1] <= '9';)
		at--;
	return *at ? atoi(at) : -1;
}

/* The n-th of the CPUs that are online while the hole is there. */
static int nth_cpu(size_t n)
{
	int cpu = (int)(n % (PRESENT - 1));

	return cpu < HOLE ? cpu : cpu + 1;
}

static int touch_wandering(void *arg, int nr)
{
	char *p = map_anon(PAGES);
	size_t i;

	(void)arg;
	if (!p)
		return 1;
	for (i = 0; i < PAGES; i++) {
		if (i % 16 == 0 && run_on_cpu(nth_cpu((size_t)nr + i / 16)))
			return 1;
		touch_write(p + i * PAGE, 1);
	}
	return 0;
}

static int wander(void *arg)
{
	return threads_run(PRESENT, touch_wandering, arg, false);
}

static int hole_set(const char *online)
{
	char path[64];

	snprintf(path, sizeof(path), CPUS "cpu%d/online", HOLE);
	return file_write(path, online);
}

TEST_F(loaded, cpu_numbers_with_a_hole_are_exact)
{
	struct workload w;
	struct snapshot s;

	ASSERT_EQ(0, hole_set("0"));
	EXPECT_EQ(PRESENT - 1, sysconf(_SC_NPROCESSORS_ONLN));
	EXPECT_EQ(PRESENT - 1, last_cpu(CPUS "online"));
	w = RUN_EXACT(wander, NULL);
	EXPECT_LE(PRESENT * (long long)PAGES, w.minor);
	ASSERT_EQ(0, snapshot_take(&s, FAULTS_PROC));
	EXPECT_EQ(PRESENT - 1, snapshot_value(&s, "module", "cpus"));
	snapshot_free(&s);
	EXPECT_EQ(0, hole_set("1"));
}

FIXTURE(bounded)
{
};

FIXTURE_SETUP(bounded)
{
	ASSERT_EQ(0, module_load("max_memory=1"));
}

FIXTURE_TEARDOWN(bounded)
{
	/* Calls that found no room, and what the kernel made of them. */
	loaded_end(_metadata, true, 0);
}

#define FILES	16

/* Rows of many objects, each counted on every CPU in turn. */
static int touch_everywhere(void *arg, int nr)
{
	char path[64], *p;
	int i, cpu;

	(void)arg;
	for (i = 0; i < FILES; i++) {
		snprintf(path, sizeof(path), "/dev/shm/sparse.%d.%d", nr, i);
		if (file_make_empty(path, PRESENT))
			return 1;
		p = map_file(path, PRESENT, PROT_READ | PROT_WRITE, MAP_SHARED);
		unlink(path);
		if (!p)
			return 1;
		for (cpu = 0; cpu < PRESENT; cpu++) {
			if (run_on_cpu(cpu))
				return 1;
			touch_write(p + (size_t)cpu * PAGE, 1);
		}
	}
	return 0;
}

TEST_F(bounded, max_memory_holds_where_64_cpus_are_possible)
{
	struct mark before, after;
	struct counts other;
	struct crowd crowd;
	struct snapshot s;

	if (last_cpu(CPUS "possible") < PRESENT)
		SKIP_TEST("the kernel takes no CPU as possible that is not there");
	ASSERT_EQ(0, mark_take(&before));
	ASSERT_EQ(0, crowd_start(&crowd, 100, touch_everywhere, NULL));
	ASSERT_EQ(0, snapshot_take(&s, FAULTS_PROC));
	EXPECT_EQ(0, snapshot_violations(&s, 0));
	EXPECT_LT(0, snapshot_value(&s, "table", "memory"));
	EXPECT_GE(1 << 20, snapshot_value(&s, "table", "memory"));
	/* Far more was asked for than there is room for, or the bound was never met. */
	snapshot_sum_object(&s, 0, "[other]", &other);
	EXPECT_LT(0, other.calls + snapshot_value(&s, "table", "overflow"));
	snapshot_free(&s);
	EXPECT_EQ(0, crowd_end(&crowd));
	ASSERT_EQ(0, mark_take(&after));
	EXPECT_EQ(0, mark_compare(&before, &after, crowd.minor, crowd.major));
}

TEST_HARNESS_MAIN
