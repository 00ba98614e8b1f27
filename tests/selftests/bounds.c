// SPDX-License-Identifier: GPL-2.0
/*
 * bounds.c - however small the table and however many processes, tasks and files: what finds no
 * room is counted in [overflow], nothing is lost, and the bounds are kept.
 */
#include "suite.h"

#include <fcntl.h>
#include <pthread.h>

#include "crowd.h"
#include "files.h"

FIXTURE(bounded)
{
	bool missed_expected;	/* tasks found no room, and some of them did later */
};

FIXTURE_SETUP(bounded)
{
	/* Each test loads with bounds of its own. */
}

FIXTURE_TEARDOWN(bounded)
{
	loaded_end(_metadata, self->missed_expected, 0);
}

#define FILES 50

static int touch_own_and_shared(void *arg, int nr)
{
	char *p = map_anon(32), *file;
	char path[64];

	(void)arg;
	snprintf(path, sizeof(path), "/dev/shm/bounds.%d", nr % FILES);
	file = map_file(path, 8, PROT_READ | PROT_WRITE, MAP_SHARED);
	if (!p || !file)
		return 1;
	touch_write(p, 32);
	touch_write(file, 8);
	return 0;
}

/* Makes the files they share, or removes them. */
static int files(bool make)
{
	char path[64];
	int i, ret = 0;

	for (i = 0; i < FILES && !ret; i++) {
		snprintf(path, sizeof(path), "/dev/shm/bounds.%d", i);
		ret = make ? file_make_empty(path, 8) : unlink(path);
	}
	return ret;
}

static long long overflow_calls(const struct snapshot *s)
{
	struct counts sum;

	snapshot_sum_object(s, 0, "[overflow]", &sum);
	return sum.calls;
}

/* Rows that stand for no object of a process are not of those that max_rows bounds. */
static long long ordinary_rows(const struct snapshot *s)
{
	long long nr = 0;
	size_t i;

	for (i = 0; i < s->nr_rows; i++)
		nr += !object_is_special(s->rows[i].object);
	return nr;
}

TEST_F(bounded, sixteen_rows_hold_200_processes_and_lose_no_count)
{
	struct mark before, after;
	struct crowd crowd;
	struct snapshot s;

	ASSERT_EQ(0, files(true));
	ASSERT_EQ(0, module_load("max_rows=16"));
	ASSERT_EQ(0, mark_take(&before));
	ASSERT_EQ(0, crowd_start(&crowd, scaled(200), touch_own_and_shared, NULL));
	ASSERT_EQ(0, snapshot_take(&s, FAULTS_PROC));
	EXPECT_EQ(0, snapshot_violations(&s, 0));
	EXPECT_GE(16, ordinary_rows(&s));
	EXPECT_GE(16, snapshot_value(&s, "table", "rows"));
	EXPECT_LE(40 * (scaled(200) - 16), overflow_calls(&s));
	EXPECT_EQ(snapshot_value(&s, "table", "overflow"), overflow_calls(&s));
	snapshot_free(&s);
	EXPECT_EQ(0, crowd_end(&crowd));
	/* Where the rows could not tell them apart, the verdicts are still all there. */
	ASSERT_EQ(0, mark_take(&after));
	EXPECT_EQ(0, mark_compare(&before, &after, crowd.minor, crowd.major));
	EXPECT_EQ(0, files(false));
}

static int touch_long_names(void *arg, int nr)
{
	char name[200], path[300];
	int i;

	(void)arg;
	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	for (i = 0; i < 60; i++) {
		snprintf(path, sizeof(path), "/dev/shm/%s.%d.%d", name, nr, i);
		if (file_touch_unlinked(path, 2))
			return 1;
	}
	return 0;
}

TEST_F(bounded, one_mebibyte_holds_100_processes_and_loses_no_count)
{
	struct mark before, after;
	struct crowd crowd;
	struct snapshot s;

	self->missed_expected = true;
	ASSERT_EQ(0, module_load("max_memory=1"));
	ASSERT_EQ(0, mark_take(&before));
	ASSERT_EQ(0, crowd_start(&crowd, 100, touch_long_names, NULL));
	ASSERT_EQ(0, snapshot_take(&s, FAULTS_PROC));
	EXPECT_EQ(0, snapshot_violations(&s, 0));
	EXPECT_GE(1 << 20, snapshot_value(&s, "table", "memory"));
	EXPECT_LT(0, overflow_calls(&s));
	snapshot_free(&s);
	EXPECT_EQ(0, crowd_end(&crowd));
	ASSERT_EQ(0, mark_take(&after));
	/* Not one call is lost, even those of tasks that nothing could be remembered about. */
	EXPECT_LE(100 * 60 * 2, after.total.calls - before.total.calls);
	EXPECT_LE(crowd.minor + crowd.major, after.total.calls - before.total.calls);
}

static pthread_barrier_t all_there;

static int touch_and_stay(void *arg, int nr)
{
	touch_write((char *)arg + (size_t)nr * 4 * PAGE, 2);
	pthread_barrier_wait(&all_there);
	touch_write((char *)arg + ((size_t)nr * 4 + 2) * PAGE, 2);
	return 0;
}

static int many_threads(void *arg)
{
	int nr = *(int *)arg;
	char *p = map_anon((size_t)nr * 4);

	pthread_barrier_init(&all_there, NULL, (unsigned int)nr);
	return !p || threads_run(nr, touch_and_stay, p, false);
}

static bool tasks_free(void *arg)
{
	struct snapshot s;
	bool live = true;
	size_t i;

	(void)arg;
	if (!snapshot_take(&s, FAULTS_PROC)) {
		for (i = 0, live = false; i < s.nr_rows; i++)
			if (!strcmp(s.rows[i].state, "live") && s.rows[i].pid != getpid())
				live = true;
	}
	snapshot_free(&s);
	return !live;
}

/* Sixteen tasks are remembered; the others' calls are counted all the same. */
TEST_F(bounded, sixteen_task_states_for_300_threads_lose_no_call)
{
	struct workload w = { .missed = -1 };
	int nr = scaled(300), i;
	struct mark before, after;
	struct snapshot s;

	self->missed_expected = true;
	ASSERT_EQ(0, module_load("max_tasks=16"));
	ASSERT_EQ(0, mark_take(&before));
	ASSERT_EQ(0, workload_start(&w, many_threads, &nr));
	EXPECT_EQ(0, workload_wait(&w));
	ASSERT_EQ(0, snapshot_take(&s, FAULTS_PROC));
	EXPECT_EQ(0, snapshot_violations(&s, 0));
	EXPECT_LT(0, overflow_calls(&s));
	snapshot_free(&s);
	workload_kill(&w);
	ASSERT_EQ(0, mark_take(&after));
	EXPECT_LE(w.minor + w.major, after.total.calls - before.total.calls);
	/* When they are gone, others are remembered again, and are exact from their birth. */
	ASSERT_TRUE(wait_until(tasks_free, NULL, 20000));
	for (i = 0; i < 20; i++)
		RUN_EXACT(touch_some, NULL);
}

TEST_F(bounded, sixteen_task_states_for_100_processes_lose_no_call)
{
	struct mark before, after;
	struct crowd crowd;
	struct snapshot s;

	ASSERT_EQ(0, files(true));
	self->missed_expected = true;
	ASSERT_EQ(0, module_load("max_tasks=16"));
	ASSERT_EQ(0, mark_take(&before));
	ASSERT_EQ(0, crowd_start(&crowd, 100, touch_own_and_shared, NULL));
	ASSERT_EQ(0, snapshot_take(&s, FAULTS_PROC));
	EXPECT_EQ(0, snapshot_violations(&s, 0));
	EXPECT_LE(40 * (100 - 16), overflow_calls(&s));
	snapshot_free(&s);
	EXPECT_EQ(0, crowd_end(&crowd));
	ASSERT_EQ(0, mark_take(&after));
	EXPECT_LE(crowd.minor + crowd.major, after.total.calls - before.total.calls);
	EXPECT_EQ(0, files(false));
}

/* All bounds at their smallest, together. */
TEST_F(bounded, the_smallest_limits_lose_no_count)
{
	struct crowd crowd;
	struct snapshot s;
	int i;

	self->missed_expected = true;
	ASSERT_EQ(0, module_load("max_rows=16 max_tasks=16 max_memory=1 keep_exited=0"));
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, crowd_start(&crowd, 30, touch_long_names, NULL));
		EXPECT_EQ(0, crowd_end(&crowd));
		ASSERT_EQ(0, snapshot_take(&s, FAULTS_PROC));
		EXPECT_EQ(0, snapshot_violations(&s, 0));
		EXPECT_GE(16, ordinary_rows(&s));
		EXPECT_GE(1 << 20, snapshot_value(&s, "table", "memory"));
		EXPECT_LE(crowd.minor, s.total.calls);
		snapshot_free(&s);
	}
}

static int burst_of_rows(void *arg)
{
	int *nr = arg, i;

	for (i = 0; i < *nr; i++) {
		char path[64], *p;

		snprintf(path, sizeof(path), "/dev/shm/burst.%d", i);
		if (file_make_empty(path, 1))
			return 1;
		p = map_file(path, 1, PROT_READ | PROT_WRITE, MAP_SHARED);
		unlink(path);
		if (!p)
			return 1;
		touch_write(p, 1);
	}
	return 0;
}

/*
 * A program that maps its libraries touches a few dozen files at once. That finds rows even if
 * nobody had time to prepare more of them; the default bounds are not an excuse.
 */
TEST_F(bounded, a_hundred_files_at_once_find_rows)
{
	struct snapshot s;
	struct workload w;
	int nr = 100;

	ASSERT_EQ(0, module_load(""));
	w = RUN_EXACT(burst_of_rows, &nr);
	ASSERT_EQ(0, snapshot_take(&s, FAULTS_PROC));
	EXPECT_EQ(0, overflow_calls(&s));
	EXPECT_LE(nr, (int)snapshot_sum_pid(&s, w.pid, &w.rows));
	snapshot_free(&s);
}

TEST_HARNESS_MAIN
