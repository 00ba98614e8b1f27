// SPDX-License-Identifier: GPL-2.0
/*
 * cpus.c - counters are each CPU's own, and yet no count is lost: not when a task moves, not when
 * a CPU goes away and comes back, not when many count on the same row at once.
 */
#include "suite.h"

#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <unistd.h>

#include "load.h"

#define THREADS	8
#define PAGES	400
#define SHARED	"/tmp/eight"

static int touch_some(void *arg)
{
	char *p = map_anon(300);

	(void)arg;
	if (!p)
		return 1;
	touch_write(p, 300);
	return 0;
}

TEST_F(loaded, cpu_offline_and_online_under_load)
{
	static const char path[] = "/sys/devices/system/cpu/cpu1/online";
	struct load *load;
	int i;

	if (access(path, W_OK))
		SKIP_TEST("this kernel cannot take a CPU away");
	load = load_start(4);
	ASSERT_NE(NULL, load);
	for (i = 0; i < 10; i++) {
		ASSERT_EQ(0, load_wait_busy(load, 2));
		ASSERT_EQ(0, file_write(path, i % 2 ? "1" : "0"));
	}
	ASSERT_EQ(0, file_write(path, "1"));
	EXPECT_EQ(0, load_stop(load, true));
	RUN_EXACT(touch_some, NULL);
}

struct part {
	char *at;
	int cpu;
	bool wander;
};

static void go_to(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	sched_setaffinity(0, sizeof(set), &set);
}

/* One page at a time, on its own CPU or each on another. */
static void *touch_part(void *arg)
{
	struct part *part = arg;
	int i, cpus = sysconf(_SC_NPROCESSORS_ONLN);

	go_to(part->cpu % cpus);
	for (i = 0; i < PAGES; i++) {
		if (part->wander && i % 8 == 0)
			go_to((part->cpu + i / 8) % cpus);
		part->at[i * 4096L] = 1;
	}
	return NULL;
}

static int eight_threads(bool wander)
{
	int i, fd = open(SHARED, O_RDWR | O_CREAT | O_TRUNC, 0600);
	pthread_t threads[THREADS];
	struct part parts[THREADS];
	char *p;

	if (fd < 0 || ftruncate(fd, THREADS * PAGES * 4096L))
		return 1;
	p = mmap(NULL, THREADS * PAGES * 4096L, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (p == MAP_FAILED)
		return 2;
	for (i = 0; i < THREADS; i++) {
		parts[i] = (struct part){ p + i * PAGES * 4096L, i, wander };
		if (pthread_create(&threads[i], NULL, touch_part, &parts[i]))
			return 3;
	}
	for (i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	return 0;
}

static int pinned(void *arg)
{
	(void)arg;
	return eight_threads(false);
}

static int wandering(void *arg)
{
	(void)arg;
	return eight_threads(true);
}

/* Every page once: the row has exactly as many, wherever they were counted. */
static void expect_pages(struct __test_metadata *_metadata, const struct workload *w)
{
	struct counts n;
	struct snapshot s;

	ASSERT_EQ(0, snapshot_take(&s, FAULTS_PROC));
	ASSERT_EQ(1, snapshot_sum_object(&s, w->pid, SHARED, &n));
	EXPECT_EQ(THREADS * PAGES, n.minor);
	EXPECT_EQ(THREADS * PAGES, n.write);
	EXPECT_EQ(0, n.major + n.missed);
	snapshot_free(&s);
}

TEST_F(loaded, eight_threads_on_their_own_cpus_count_in_one_row)
{
	struct workload w = RUN_EXACT(pinned, NULL);

	expect_pages(_metadata, &w);
}

TEST_F(loaded, eight_threads_that_change_cpus_count_in_one_row)
{
	struct workload w = RUN_EXACT(wandering, NULL);

	expect_pages(_metadata, &w);
}

TEST_HARNESS_MAIN
