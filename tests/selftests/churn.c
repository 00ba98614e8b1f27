// SPDX-License-Identifier: GPL-2.0
/*
 * churn.c - a host that forks all day or reads files without end: ended processes are folded by
 * command name, memory stays where it is, and no count is lost.
 */
#include "suite.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>

#include "crowd.h"

#define HALF_ROWS 8192		/* of the default max_rows */
#define NEARLY 64		/* ended processes that are few enough to read all rows */

FIXTURE(churning)
{
	int unused;
};

FIXTURE_SETUP(churning)
{
	/* Each test loads with parameters of its own. */
	habits_learn();
}

FIXTURE_TEARDOWN(churning)
{
	loaded_end(_metadata, false, 0);
}

static long long mem_available(void)
{
	FILE *f = fopen("/proc/meminfo", "r");
	long long kb = -1;
	char line[128];

	while (f && kb < 0 && fgets(line, sizeof(line), f))
		if (sscanf(line, "MemAvailable: %lld kB", &kb) != 1)
			kb = -1;
	if (f)
		fclose(f);
	return kb;
}

struct fold_wait {
	const char *comm;
	long long ended;
};

/* No process of that name is live, and at most so many ended ones are kept. */
static bool folded(void *arg)
{
	struct fold_wait *f = arg;
	struct snapshot s;
	bool done = false;
	size_t i;

	/* The header first: the whole text may be long, but reading it folds the last few. */
	if (!snapshot_take(&s, FAULTS_TOTALS))
		done = snapshot_value(&s, "table", "ended") <= f->ended + NEARLY;
	snapshot_free(&s);
	if (!done)
		return false;
	done = false;
	if (!snapshot_take(&s, FAULTS_PROC)) {
		done = snapshot_value(&s, "table", "ended") <= f->ended;
		for (i = 0; i < s.nr_rows; i++)
			if (!strcmp(s.rows[i].comm, f->comm) && !strcmp(s.rows[i].state, "live"))
				done = false;
	}
	snapshot_free(&s);
	return done;
}

static long long memory_now(void)
{
	struct snapshot s;
	long long memory = -1;

	if (!snapshot_take(&s, FAULTS_PROC))
		memory = snapshot_value(&s, "table", "memory");
	snapshot_free(&s);
	return memory;
}

/* Who forks all day, two of them at once. */
struct burst {
	int nr;
	struct kid sum[2];
};

static int burst_child(void *arg)
{
	prctl(PR_SET_NAME, "burst");
	touch_write(arg, 1);
	_exit(0);
}

/* Children in their parent's memory, which makes it quick; their faults and name are their own. */
static int burst(void *arg, int nr)
{
	struct burst *b = arg;
	char *page = map_anon(1), *stack = malloc(64 << 10);
	struct kid kid;
	int i;

	if (!page || !stack)
		return 1;
	for (i = 0; i < b->nr / 2; i++) {
		pid_t pid = clone(burst_child, stack + (64 << 10),
				  CLONE_VM | CLONE_VFORK | SIGCHLD, page);

		if (pid < 0 || kid_wait(&kid, pid) || kid.status)
			return 1;
		b->sum[nr].minor += kid.minor;
		b->sum[nr].major += kid.major;
		if (madvise(page, PAGE, MADV_DONTNEED))
			return 1;
	}
	return 0;
}

static void run_burst(struct __test_metadata *_metadata, struct burst *b, int nr)
{
	struct fold_wait wait = { "burst", 100 };
	struct crowd crowd;

	b->nr = nr;
	ASSERT_EQ(0, crowd_start(&crowd, 2, burst, b));
	ASSERT_EQ(0, crowd_end(&crowd));
	ASSERT_TRUE(wait_until(folded, &wait, 60000));
}

TEST_F(churning, twenty_thousand_processes_are_folded_and_none_is_lost)
{
	struct burst *b = shared_alloc(sizeof(*b));
	long long memory, early, available = mem_available();
	int nr = scaled(20000);
	struct counts rows;
	struct snapshot s;

	ASSERT_EQ(0, module_load("keep_exited=100"));
	memory = memory_now();
	run_burst(_metadata, b, nr / 10);
	early = memory_now();
	run_burst(_metadata, b, nr - nr / 10);
	ASSERT_EQ(0, snapshot_take(&s, FAULTS_PROC));
	note("%d processes: memory %lld before, %lld after a tenth of them, %lld after all; MemAvailable %lld kB before, %lld kB after",
	     nr, memory, early, snapshot_value(&s, "table", "memory"), available, mem_available());
	EXPECT_EQ(0, snapshot_violations(&s, 0));
	snapshot_sum_comm(&s, "burst", &rows);
	EXPECT_EQ(b->sum[0].minor + b->sum[1].minor, rows.minor);
	EXPECT_EQ(b->sum[0].major + b->sum[1].major, rows.major);
	EXPECT_EQ(0, rows.missed + rows.pending);
	EXPECT_LE(nr - 100, snapshot_value(&s, "table", "folded"));
	EXPECT_EQ(0, snapshot_value(&s, "table", "overflow"));
	/* The same memory for ten times the processes. */
	EXPECT_GE(early + early / 2, snapshot_value(&s, "table", "memory"));
	snapshot_free(&s);
}

static int unique_files(int from, int nr)
{
	char path[64], *p;
	int i;

	for (i = from; i < from + nr; i++) {
		snprintf(path, sizeof(path), "/dev/shm/unique.%d", i);
		if (file_make_empty(path, 1))
			return 1;
		p = map_file(path, 1, PROT_READ | PROT_WRITE, MAP_SHARED);
		if (!p)
			return 1;
		touch_write(p, 1);
		if (munmap(p, PAGE) || unlink(path))
			return 1;
	}
	return 0;
}

static int touch_unique(void *arg, int nr)
{
	int each = *(int *)arg;

	prctl(PR_SET_NAME, "unique");
	return unique_files(nr * each, each);
}

/* All rows of a name and what overflowed: every fault of these processes is in one of them. */
static void unique_sum(const struct snapshot *s, struct counts *sum)
{
	struct counts overflow;

	snapshot_sum_comm(s, "unique", sum);
	snapshot_sum_object(s, 0, "[overflow]", &overflow);
	counts_add(sum, &overflow);
}

static long long rows_in_state(const struct snapshot *s, const char *state)
{
	long long nr = 0;
	size_t i;

	for (i = 0; i < s->nr_rows; i++)
		nr += !strcmp(s->rows[i].state, state);
	return nr;
}

static void run_unique(struct __test_metadata *_metadata, int processes, int files)
{
	struct fold_wait wait = { "unique", 0 };
	int each = files / processes;
	long long memory, available = mem_available();
	struct mark before, after;
	struct counts sum;
	struct crowd crowd;
	struct snapshot s;

	ASSERT_EQ(0, module_load(""));
	memory = memory_now();
	ASSERT_EQ(0, mark_take(&before));
	ASSERT_EQ(0, crowd_start(&crowd, processes, touch_unique, &each));
	ASSERT_EQ(0, snapshot_take(&s, FAULTS_PROC));
	note("%d files by %d processes: rows %lld, overflow %lld, memory %lld before, %lld now; MemAvailable %lld kB before, %lld kB now",
	     files, processes, snapshot_value(&s, "table", "rows"),
	     snapshot_value(&s, "table", "overflow"), memory,
	     snapshot_value(&s, "table", "memory"), available, mem_available());
	EXPECT_EQ(0, snapshot_violations(&s, 0));
	EXPECT_GE(2 * HALF_ROWS, snapshot_value(&s, "table", "rows"));
	EXPECT_GE(64 << 20, snapshot_value(&s, "table", "memory"));
	unique_sum(&s, &sum);
	EXPECT_LE(files, shared_writes(sum.minor, sum.major));
	snapshot_free(&s);
	EXPECT_EQ(0, crowd_end(&crowd));
	ASSERT_EQ(0, mark_take(&after));
	EXPECT_EQ(0, mark_compare(&before, &after, crowd.minor, crowd.major));

	/* Folded: half the table at most, the rest of the files in one row. */
	ASSERT_EQ(0, param_set("keep_exited", "0"));
	ASSERT_TRUE(wait_until(folded, &wait, 60000));
	ASSERT_EQ(0, snapshot_take(&s, FAULTS_PROC));
	EXPECT_EQ(0, snapshot_violations(&s, 0));
	EXPECT_GE(HALF_ROWS + 1, rows_in_state(&s, "folded"));
	if (files > HALF_ROWS) {
		EXPECT_LT(0, snapshot_sum_object(&s, 0, "[other]", NULL));
	}
	unique_sum(&s, &sum);
	EXPECT_LE(crowd.minor, sum.minor);
	snapshot_free(&s);
	ASSERT_EQ(0, mark_take(&after));
	EXPECT_EQ(0, mark_compare(&before, &after, crowd.minor, crowd.major));
}

TEST_F(churning, twenty_thousand_files_of_one_process_lose_no_count)
{
	run_unique(_metadata, 1, scaled(20000));
}

TEST_F(churning, twenty_thousand_files_of_100_processes_lose_no_count)
{
	run_unique(_metadata, 100, scaled(20000));
}

/* Paths of which four make a page, so that they are most of what the table takes. */
static int unique_long_files(int from, int nr)
{
	char path[300], *p;
	int i;

	for (i = from; i < from + nr; i++) {
		snprintf(path, sizeof(path), "/dev/shm/%0*d", 250, i);
		if (file_make_empty(path, 1))
			return 1;
		p = map_file(path, 1, PROT_READ | PROT_WRITE, MAP_PRIVATE);
		if (!p)
			return 1;
		touch_write(p, 1);
		if (munmap(p, PAGE) || unlink(path))
			return 1;
	}
	return 0;
}

static int touch_long(void *arg, int nr)
{
	int each = *(int *)arg;

	return unique_long_files(nr * each, each);
}

/* A file whose name has room now; @arg says which. */
static bool new_file_is_shown(void *arg)
{
	char path[300];
	struct snapshot s;
	bool shown;

	++*(int *)arg;
	snprintf(path, sizeof(path), "/dev/shm/%0*d", 250, *(int *)arg);
	if (unique_long_files(*(int *)arg, 1) || snapshot_take(&s, FAULTS_PROC))
		return false;
	shown = snapshot_sum_object(&s, 0, path, NULL) > 0;
	snapshot_free(&s);
	return shown;
}

/* Names of files that are gone make room for others, many times over. */
TEST_F(churning, names_of_files_that_are_gone_make_room)
{
	int each = scaled(12000) / 60, nr = 1000000, i;
	struct mark before, after;
	struct crowd crowd;
	struct snapshot s;

	ASSERT_EQ(0, module_load("max_memory=4 max_rows=512 keep_exited=0"));
	ASSERT_EQ(0, mark_take(&before));
	ASSERT_EQ(0, crowd_start(&crowd, 60, touch_long, &each));
	EXPECT_EQ(0, crowd_end(&crowd));
	for (i = 0; i < 5; i++) {
		EXPECT_TRUE(wait_until(new_file_is_shown, &nr, 5000));
	}
	ASSERT_EQ(0, mark_take(&after));
	EXPECT_EQ(0, mark_compare(&before, &after, crowd.minor, crowd.major));
	ASSERT_EQ(0, snapshot_take(&s, FAULTS_PROC));
	note("%d names, memory %lld, %lld calls in [overflow]", 60 * each,
	     snapshot_value(&s, "table", "memory"), snapshot_value(&s, "table", "overflow"));
	EXPECT_EQ(0, snapshot_violations(&s, 0));
	EXPECT_GE(4 << 20, snapshot_value(&s, "table", "memory"));
	snapshot_free(&s);
}

static int touch_same(void *arg, int nr)
{
	/* Private: some kernels retry the first write to a page that is shared. */
	char *p = map_file(arg, 16, PROT_READ | PROT_WRITE, MAP_PRIVATE);

	prctl(PR_SET_NAME, nr % 2 ? "odd one" : "even one");
	if (!p)
		return 1;
	touch_write(p, 16);
	return 0;
}

/* Folding adds up by command name and object: two names, so two rows for one file. */
TEST_F(churning, rows_fold_by_command_and_object)
{
	struct fold_wait wait = { "odd one", 0 };
	static char path[] = "/dev/shm/folded";
	struct counts odd, even;
	struct crowd crowd;
	struct snapshot s;
	long long rows = 0;
	size_t i;

	ASSERT_EQ(0, module_load("keep_exited=0"));
	ASSERT_EQ(0, file_make_empty(path, 16));
	ASSERT_EQ(0, crowd_start(&crowd, 60, touch_same, path));
	EXPECT_EQ(0, crowd_end(&crowd));
	ASSERT_TRUE(wait_until(folded, &wait, 60000));
	wait.comm = "even one";
	ASSERT_TRUE(wait_until(folded, &wait, 60000));
	ASSERT_EQ(0, snapshot_take(&s, FAULTS_PROC));
	for (i = 0; i < s.nr_rows; i++) {
		const struct row *r = &s.rows[i];

		if (strcmp(r->object, path))
			continue;
		rows++;
		EXPECT_EQ(30 * 16, r->n.calls);
		EXPECT_EQ(30 * 16, r->n.minor);
		EXPECT_STREQ("folded", r->state);
	}
	EXPECT_EQ(2, rows);
	snapshot_sum_comm(&s, "odd one", &odd);
	snapshot_sum_comm(&s, "even one", &even);
	EXPECT_EQ(crowd.minor, odd.minor + even.minor);
	EXPECT_EQ(crowd.major, odd.major + even.major);
	snapshot_free(&s);
	unlink(path);
}

/* The newest ended processes are the ones that are kept. */
TEST_F(churning, newest_ended_processes_are_kept)
{
	struct workload w[8];
	struct snapshot s;
	int i;

	ASSERT_EQ(0, module_load("keep_exited=3"));
	for (i = 0; i < 8; i++)
		w[i] = RUN_EXACT(touch_some, NULL);
	ASSERT_EQ(0, snapshot_take(&s, FAULTS_PROC));
	EXPECT_EQ(3, snapshot_value(&s, "table", "ended"));
	for (i = 0; i < 8; i++) {
		struct counts sum;

		EXPECT_EQ(i >= 5, snapshot_sum_pid(&s, w[i].pid, &sum) != 0);
	}
	snapshot_free(&s);
}

#define AGED_PAGES 16
#define AGED_COMMS 60		/* of several rows each, and room for 96 */

/* Who touches a file; comm and file of one name. */
static int touch_named(void *arg, int nr)
{
	char path[64], *p;

	(void)nr;
	prctl(PR_SET_NAME, arg);
	snprintf(path, sizeof(path), "/dev/shm/%s", (char *)arg);
	p = map_file(path, AGED_PAGES, PROT_READ | PROT_WRITE, MAP_PRIVATE);
	if (!p)
		return 1;
	touch_write(p, AGED_PAGES);
	return 0;
}

/* One process from its birth until it is folded, and what all rows have then. */
static int run_named(const char *name, struct crowd *sum, struct snapshot *s)
{
	static char comm[16];
	struct fold_wait wait = { comm, 0 };
	struct crowd crowd;
	char path[64];

	snprintf(comm, sizeof(comm), "%s", name);
	snprintf(path, sizeof(path), "/dev/shm/%s", name);
	if (file_make_empty(path, AGED_PAGES) || crowd_start(&crowd, 1, touch_named, comm) ||
	    crowd_end(&crowd) || !wait_until(folded, &wait, 60000))
		return 1;
	sum->minor += crowd.minor;
	sum->major += crowd.major;
	if (snapshot_take(s, FAULTS_PROC))
		return 1;
	return snapshot_violations(s, 0);
}

static long long folded_minor(const struct snapshot *s, const char *comm, const char *object)
{
	size_t i;

	for (i = 0; i < s->nr_rows; i++)
		if (!strcmp(s->rows[i].state, "folded") && !strcmp(s->rows[i].comm, comm) &&
		    !strcmp(s->rows[i].object, object))
			return s->rows[i].n.minor;
	return -1;
}

/* What is folded last, or again and again, has a row of its own; what was long ago has none. */
TEST_F(churning, folded_rows_that_are_not_added_to_make_room)
{
	char name[16], path[64];
	struct crowd sum = { .minor = 0 };
	struct mark before, after;
	struct snapshot s;
	int i;

	ASSERT_EQ(0, module_load("keep_exited=0 max_rows=256"));
	ASSERT_EQ(0, mark_take(&before));
	for (i = 0; i < AGED_COMMS; i++) {
		snprintf(name, sizeof(name), "once%d", i);
		ASSERT_EQ(0, run_named(name, &sum, &s));
		snprintf(path, sizeof(path), "/dev/shm/%s", name);
		EXPECT_EQ(AGED_PAGES, folded_minor(&s, name, path)) {
			note("of %s", name);
		}
		snapshot_free(&s);
		unlink(path);
		ASSERT_EQ(0, run_named("often", &sum, &s));
		EXPECT_EQ((i + 1) * AGED_PAGES, folded_minor(&s, "often", "/dev/shm/often"));
		EXPECT_GE(128 + 1, rows_in_state(&s, "folded"));
		if (i < AGED_COMMS - 1)
			snapshot_free(&s);
	}
	EXPECT_EQ(-1, folded_minor(&s, "once0", "/dev/shm/once0"));
	/* The oldest are one row for all comms, later ones one a comm. */
	EXPECT_LT(0, folded_minor(&s, "[other]", "[other]"));
	snprintf(name, sizeof(name), "once%d", AGED_COMMS * 2 / 3);
	EXPECT_LT(0, folded_minor(&s, name, "[other]"));
	snapshot_free(&s);
	ASSERT_EQ(0, mark_take(&after));
	EXPECT_EQ(0, mark_compare(&before, &after, sum.minor, sum.major));
	unlink("/dev/shm/often");

	/* Reset empties them as well. */
	ASSERT_EQ(0, param_set("reset", "1"));
	ASSERT_EQ(0, snapshot_take(&s, FAULTS_PROC));
	EXPECT_EQ(0, rows_in_state(&s, "folded"));
	snapshot_free(&s);
	ASSERT_EQ(0, run_named("often", &sum, &s));
	EXPECT_EQ(AGED_PAGES, folded_minor(&s, "often", "/dev/shm/often"));
	snapshot_free(&s);
	unlink("/dev/shm/often");
}

TEST_HARNESS_MAIN
