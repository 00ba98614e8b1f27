// SPDX-License-Identifier: GPL-2.0
/*
 * swap.c - the sum of rows equals the kernel's own figures: pages that come back from swap, which
 * are major faults without a file on a disk. A memory cgroup far smaller than what its process
 * touches makes sure that pages are really written out and really gone.
 */
#include "suite.h"

#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/swap.h>

#define LIMIT		"4194304"	/* 4 MiB */
#define SWAP_PAGES	2048ul		/* 8 MiB */
#define CGROUPS		"/tmp/cgroups"
#define GROUP		CGROUPS "/small"

FIXTURE(swapping)
{
	const char *missing;	/* why the test must be skipped */
};

static int cgroup_limit(void)
{
	mkdir(CGROUPS, 0700);
	if (!mount("none", CGROUPS, "cgroup2", 0, NULL)) {
		if (!file_write(CGROUPS "/cgroup.subtree_control", "+memory") &&
		    !mkdir(GROUP, 0700) && !file_write(GROUP "/memory.max", LIMIT))
			return 0;
		rmdir(GROUP);
		umount(CGROUPS);
	}
	if (!mount("none", CGROUPS, "cgroup", 0, "memory")) {
		if (!mkdir(GROUP, 0700) && !file_write(GROUP "/memory.limit_in_bytes", LIMIT))
			return 0;
		rmdir(GROUP);
		umount(CGROUPS);
	}
	return -1;
}

FIXTURE_SETUP(swapping)
{
	const char *swap = getenv("TEST_SWAP");

	habits_learn();
	if (!swap || !*swap) {
		self->missing = "no swap device";
		return;
	}
	if (cgroup_limit()) {
		self->missing = "the kernel has no memory cgroup";
		return;
	}
	ASSERT_EQ(0, swapon(swap, 0));
	ASSERT_EQ(0, module_load(SUITE_PARAMS));
}

static bool group_gone(void *arg)
{
	(void)arg;
	return !rmdir(GROUP);
}

FIXTURE_TEARDOWN(swapping)
{
	if (self->missing)
		return;
	loaded_end(_metadata, false, 0);
	EXPECT_EQ(0, swapoff(getenv("TEST_SWAP")));
	EXPECT_TRUE(wait_until(group_gone, NULL, 10000));
	EXPECT_EQ(0, umount(CGROUPS));
}

static int group_join(void)
{
	return file_write(GROUP "/cgroup.procs", "0");
}

static int swap_anon(void *arg)
{
	char *p = map_anon(SWAP_PAGES);
	size_t i;

	(void)arg;
	if (!p || group_join())
		return 1;
	for (i = 0; i < SWAP_PAGES; i++)
		p[i * PAGE] = (char)i;
	for (i = 0; i < SWAP_PAGES; i++)
		if (p[i * PAGE] != (char)i)
			return 2;
	touch_scattered(p, SWAP_PAGES, 11, true);
	return 0;
}

TEST_F(swapping, anonymous_memory_from_swap_has_the_kernels_majors)
{
	struct workload w;

	if (self->missing)
		SKIP_TEST("%s", self->missing);
	w = RUN_EXACT(swap_anon, NULL);
	EXPECT_LT(0, w.major);
	EXPECT_LE((long long)SWAP_PAGES, shared_writes(w.minor, w.major));
}

static int swap_shared(void *arg)
{
	char *p = mmap(NULL, SWAP_PAGES * PAGE, PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	(void)arg;
	if (p == MAP_FAILED || group_join())
		return 1;
	touch_write(p, SWAP_PAGES);
	touch_scattered(p, SWAP_PAGES, 5, false);
	return 0;
}

TEST_F(swapping, shared_memory_from_swap_has_the_kernels_majors)
{
	struct workload w;

	if (self->missing)
		SKIP_TEST("%s", self->missing);
	w = RUN_EXACT(swap_shared, NULL);
	EXPECT_LT(0, w.major);
	EXPECT_LE((long long)SWAP_PAGES, shared_writes(w.minor, w.major));
}

static int swap_thread(void *arg, int nr)
{
	touch_scattered(arg, SWAP_PAGES, (unsigned int)nr * 101 + 3, nr % 2);
	return 0;
}

static int swap_threads(void *arg)
{
	char *p = map_anon(SWAP_PAGES);

	(void)arg;
	if (!p || group_join())
		return 1;
	touch_write(p, SWAP_PAGES);
	return threads_run(4, swap_thread, p, false);
}

/* Threads that want the same swapped page wait for it and are retried. */
TEST_F(swapping, four_threads_on_swapped_memory_are_exact)
{
	struct workload w;

	if (self->missing)
		SKIP_TEST("%s", self->missing);
	w = RUN_EXACT(swap_threads, NULL);
	EXPECT_LT(0, w.major);
}

struct swap_cow {
	struct kid kid;
};

static int swap_fork(void *arg)
{
	struct swap_cow *cow = arg;
	char *p = map_anon(SWAP_PAGES);
	pid_t pid;

	if (!p || group_join())
		return 1;
	touch_write(p, SWAP_PAGES);
	pid = kid_fork();
	if (pid < 0)
		return 1;
	if (!pid) {
		touch_scattered(p, SWAP_PAGES, 21, true);
		_exit(0);
	}
	touch_scattered(p, SWAP_PAGES, 31, false);
	return kid_wait(&cow->kid, pid);
}

TEST_F(swapping, parent_and_child_on_swapped_memory_are_exact)
{
	struct swap_cow *cow = shared_alloc(sizeof(*cow));
	struct workload w;

	if (self->missing)
		SKIP_TEST("%s", self->missing);
	w = RUN_EXACT(swap_fork, cow);
	EXPECT_LT(0, w.major);
	EXPECT_LT(0, cow->kid.major);
	EXPECT_EQ(0, kids_compare_now(&cow->kid, 1));
}

TEST_HARNESS_MAIN
