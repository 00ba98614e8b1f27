// SPDX-License-Identifier: GPL-2.0
/*
 * hotplug.c - CPUs that go offline and come back while everything faults: what they counted stays,
 * and every process is exact.
 */
#include "suite.h"

#include <sched.h>

#include "load.h"

#define CYCLES 8

static const char online[] = "/sys/devices/system/cpu/cpu1/online";

static int touch_until_told(void *arg, int nr)
{
	volatile int *stop = arg;
	char *p = map_anon(64);

	if (!p)
		return 1;
	while (!*stop) {
		touch_scattered(p, 64, (unsigned int)nr, true);
		if (madvise(p, 64 * PAGE, MADV_DONTNEED))
			return 1;
	}
	return 0;
}

static int threads_until_told(void *arg)
{
	return threads_run(4, touch_until_told, arg, false);
}

#define NEED_HOTPLUG do { \
	if (access(online, W_OK)) \
		SKIP_TEST("no CPU that can go offline"); \
} while (0)

/* Threads move between the CPUs; who stops on one and runs again on another loses nothing. */
TEST_F(loaded, a_cpu_that_goes_and_comes_under_load_loses_nothing)
{
	int *stop = shared_alloc(sizeof(*stop));
	struct workload w = { 0 };
	struct load *load;
	int i;

	NEED_HOTPLUG;
	load = load_start(3);
	ASSERT_NE(NULL, load);
	ASSERT_EQ(0, workload_start(&w, threads_until_told, stop));
	for (i = 0; i < scaled(CYCLES); i++) {
		ASSERT_EQ(0, load_wait_busy(load, 2));
		ASSERT_EQ(0, file_write(online, "0"));
		ASSERT_EQ(0, load_wait_busy(load, 2));
		ASSERT_EQ(0, file_write(online, "1"));
	}
	*stop = 1;
	EXPECT_EQ(0, workload_finish(&w));
	EXPECT_EQ(0, load_stop(load, true));
}

/* Counts of a CPU that is gone are still in every sum. */
TEST_F(loaded, counts_of_an_offline_cpu_stay)
{
	int pages = 500;
	struct snapshot before, after;
	char *p;

	NEED_HOTPLUG;
	ASSERT_EQ(0, run_on_cpu(1));
	p = map_anon((size_t)pages);
	touch_write(p, (size_t)pages);
	ASSERT_EQ(0, run_on_cpu(0));
	ASSERT_EQ(0, snapshot_take(&before, FAULTS_PROC));
	ASSERT_EQ(0, file_write(online, "0"));
	EXPECT_EQ(0, snapshot_take(&after, FAULTS_PROC));
	EXPECT_EQ(0, snapshot_violations(&after, 0));
	EXPECT_LE(pages, before.total.minor);
	EXPECT_LE(before.total.minor, after.total.minor);
	EXPECT_LE(before.lifetime.calls, after.lifetime.calls);
	EXPECT_LE(snapshot_value(&before, "exceptions", "user"),
		  snapshot_value(&after, "exceptions", "user"));
	EXPECT_EQ(0, file_write(online, "1"));
	snapshot_free(&before);
	snapshot_free(&after);
}

/* A module that was loaded while a CPU was away counts on it when it comes. */
TEST_F(loaded, a_cpu_that_comes_after_the_load_is_counted)
{
	int *stop = shared_alloc(sizeof(*stop));
	struct workload w = { 0 };
	struct load *load;

	NEED_HOTPLUG;
	ASSERT_EQ(0, module_unload());
	ASSERT_EQ(0, file_write(online, "0"));
	EXPECT_EQ(0, module_load(""));
	EXPECT_EQ(0, file_write(online, "1"));
	load = load_start(2);
	ASSERT_NE(NULL, load);
	ASSERT_EQ(0, workload_start(&w, threads_until_told, stop));
	ASSERT_EQ(0, load_wait_busy(load, 8));
	*stop = 1;
	EXPECT_EQ(0, workload_finish(&w));
	EXPECT_EQ(0, load_stop(load, true));
}

TEST_F(loaded, reset_and_unload_work_while_a_cpu_is_away)
{
	struct snapshot s;

	NEED_HOTPLUG;
	ASSERT_EQ(0, file_write(online, "0"));
	EXPECT_EQ(0, param_set("reset", "1"));
	EXPECT_EQ(0, snapshot_take(&s, FAULTS_PROC));
	EXPECT_EQ(0, snapshot_violations(&s, 0));
	snapshot_free(&s);
	EXPECT_EQ(0, module_unload());
	EXPECT_EQ(0, file_write(online, "1"));
	ASSERT_EQ(0, module_load(""));
}

TEST_HARNESS_MAIN
