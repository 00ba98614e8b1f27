// SPDX-License-Identifier: GPL-2.0
/*
 * cold.c - a process that lives long and touches ever more files: what it touches now has rows of
 * its own, what it has not touched for a while adds up in [other], and its sums stay the kernel's.
 */
#include "suite.h"

#include <unistd.h>

#include "crowd.h"
#include "files.h"

FIXTURE(cold)
{
	int unused;
};

FIXTURE_SETUP(cold)
{
	/* Each test loads with bounds of its own. */
}

FIXTURE_TEARDOWN(cold)
{
	loaded_end(_metadata, false, 0);
}

#define ROWS		"256"
#define SHARE		64	/* a quarter of ROWS: what one process may have */
#define MORE		100	/* files, more than the share */
#define SEEN_MS		60000
#define LATE_PAGES	7
#define IDLERS		12

static int touch_file(const char *what, int nr, size_t pages)
{
	char path[64];

	file_name_nr(path, sizeof(path), what, nr);
	return file_touch(path, pages);
}

/* What the test and its workload tell each other. */
struct talk {
	volatile bool seen;
	volatile int late;	/* the last file it touched */
};

/* Fills its share, then goes on with a new file now and then until one of them is seen. */
static int reader_of_many(void *arg)
{
	struct talk *talk = arg;
	int i;

	for (i = 0; i < MORE; i++)
		if (touch_file("many", i, 1))
			return 1;
	for (i = 0; !talk->seen; i++) {
		if (touch_file("late", i, LATE_PAGES))
			return 1;
		talk->late = i;
		usleep(100 * 1000);
	}
	/* Files that left are counted on when they are touched again. */
	for (i = 0; i < MORE; i++)
		if (touch_file("many", i, 1))
			return 1;
	return 0;
}

struct late_seen {
	pid_t pid;
	struct talk *talk;
	struct counts counts;
	char path[64];
};

static bool late_seen(void *arg)
{
	struct late_seen *l = arg;
	struct snapshot s;
	bool seen = false;
	int i;

	if (!snapshot_take(&s, FAULTS_PROC)) {
		for (i = l->talk->late; i >= 0 && !seen; i--) {
			file_name_nr(l->path, sizeof(l->path), "late", i);
			seen = snapshot_sum_object(&s, l->pid, l->path, &l->counts) == 1;
		}
	}
	snapshot_free(&s);
	return seen;
}

TEST_F(cold, a_full_process_gets_rows_for_the_files_it_touches_now)
{
	struct talk *talk = shared_alloc(sizeof(*talk));
	struct late_seen late = { .talk = talk };
	struct workload w = { 0 };
	struct counts other;
	struct snapshot s;

	/* None yet: whoever looks must not see one that is being touched. */
	talk->late = -1;
	ASSERT_EQ(0, module_load("max_rows=" ROWS));
	ASSERT_EQ(0, workload_start(&w, reader_of_many, talk));
	late.pid = w.pid;
	EXPECT_TRUE(wait_until(late_seen, &late, SEEN_MS));
	talk->seen = true;
	/* Room may come in the midst of a file: what was touched before is in [other]. */
	EXPECT_LE(1, late.counts.calls);
	EXPECT_GE(LATE_PAGES, late.counts.calls);
	EXPECT_EQ(late.counts.calls, late.counts.minor + late.counts.pending);
	EXPECT_EQ(0, workload_finish(&w));
	ASSERT_EQ(0, snapshot_take(&s, FAULTS_PROC));
	EXPECT_EQ(0, snapshot_violations(&s, 0));
	EXPECT_GE(SHARE + 1, (int)snapshot_sum_pid(&s, w.pid, &other));
	EXPECT_EQ(1, snapshot_sum_object(&s, w.pid, "[other]", &other));
	EXPECT_LE(MORE - SHARE, other.calls);
	EXPECT_EQ(0, snapshot_value(&s, "table", "overflow"));
	snapshot_free(&s);
	files_remove("many", MORE);
	files_remove("late", talk->late + 1);
}

static int read_round(void *arg, int nr)
{
	const int *rounds = arg;
	int i;

	/* At paces of their own, so that rows are found idle while some task is still in them. */
	for (i = 0; i < *rounds; i++) {
		if (touch_file("round", (i * (nr + 1)) % MORE, 1))
			return 1;
		if (i % 16 == 0)
			usleep(((unsigned int)nr + 1) * 100 * 1000);
	}
	return 0;
}

static int four_readers(void *arg)
{
	return threads_run(4, read_round, arg, false);
}

TEST_F(cold, more_files_in_turns_than_there_is_room_for_are_exact)
{
	int rounds = 1000;
	struct workload w;

	ASSERT_EQ(0, files_make("round", MORE));
	ASSERT_EQ(0, module_load("max_rows=" ROWS));
	w = RUN_EXACT(four_readers, &rounds);
	EXPECT_LE(4 * 1000, w.rows.calls);
	files_remove("round", MORE);
}

/* Some memory and a few files each; then it sleeps until the test has seen what it wants. */
static int touch_and_idle(void *arg, int nr)
{
	int i;

	(void)arg;
	for (i = 0; i < 8; i++)
		if (touch_file("idle", nr * 8 + i, 2))
			return 1;
	return 0;
}

/* The whole table is taken by processes that sleep: a late one gets rows all the same. */
TEST_F(cold, idle_processes_make_room_in_a_full_table)
{
	struct talk *talk = shared_alloc(sizeof(*talk));
	struct late_seen late = { .talk = talk };
	struct workload w = { 0 };
	struct mark before, after;
	struct crowd crowd;
	struct snapshot s;

	ASSERT_EQ(0, module_load("max_rows=128 keep_exited=0"));
	ASSERT_EQ(0, mark_take(&before));
	ASSERT_EQ(0, crowd_start(&crowd, IDLERS, touch_and_idle, NULL));
	ASSERT_EQ(0, snapshot_take(&s, FAULTS_PROC));
	EXPECT_LE(128 * 7 / 8, snapshot_value(&s, "table", "rows"));
	snapshot_free(&s);

	ASSERT_EQ(0, workload_start(&w, reader_of_many, talk));
	late.pid = w.pid;
	EXPECT_TRUE(wait_until(late_seen, &late, SEEN_MS));
	talk->seen = true;
	ASSERT_EQ(0, workload_wait(&w));
	ASSERT_EQ(0, snapshot_take(&s, FAULTS_PROC));
	EXPECT_EQ(0, snapshot_violations(&s, 0));
	EXPECT_GE(128, snapshot_value(&s, "table", "rows"));
	snapshot_free(&s);
	workload_kill(&w);

	/* The sleepers wake and end: what they had is still theirs. */
	EXPECT_EQ(0, crowd_end(&crowd));
	ASSERT_EQ(0, mark_take(&after));
	EXPECT_EQ(0, mark_compare(&before, &after, crowd.minor + w.minor, crowd.major + w.major));
	files_remove("idle", 8 * IDLERS);
	files_remove("many", MORE);
	files_remove("late", talk->late + 1);
}

TEST_HARNESS_MAIN
