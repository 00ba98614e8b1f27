// SPDX-License-Identifier: GPL-2.0
/*
 * check.c - the module's own check of ended processes: their rows have what the kernel counted
 * for the thread group between two execs, whatever its life was like. What it cannot know is
 * unchecked and never taken for a difference; and a difference is found, and named in the log once.
 */
#include "suite.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "crowd.h"
#include "files.h"
#include "log.h"

/* How long it takes at most until an ended process is folded or seen to have ended. */
#define END_MS	60000

/* The line "checked", with all that have ended by now looked at. */
struct checked {
	long long processes, different, unchecked;
};

static struct checked checked_now(void)
{
	struct checked c = { -1, -1, -1 };
	struct snapshot s;

	if (!snapshot_take(&s, FAULTS_PROC)) {
		c.processes = snapshot_value(&s, "checked", "processes");
		c.different = snapshot_value(&s, "checked", "different");
		c.unchecked = snapshot_value(&s, "checked", "unchecked");
	}
	snapshot_free(&s);
	return c;
}

/* What the line has to come to. */
struct goal {
	struct checked at_least;
	struct checked now;
};

static bool goal_reached(void *arg)
{
	struct goal *goal = arg;

	goal->now = checked_now();
	return goal->now.processes >= goal->at_least.processes &&
	       goal->now.different >= goal->at_least.different &&
	       goal->now.unchecked >= goal->at_least.unchecked;
}

/* Waits until so many more are there than before; returns the line as it is then. */
static struct checked checked_since(const struct checked *before, long long processes,
				    long long unchecked)
{
	struct goal goal = {
		.at_least = { before->processes + processes, 0, before->unchecked + unchecked },
	};

	if (!wait_until(goal_reached, &goal, END_MS))
		note("checked %lld, unchecked %lld; wanted %lld and %lld more than %lld and %lld",
		     goal.now.processes, goal.now.unchecked, processes, unchecked,
		     before->processes, before->unchecked);
	return goal.now;
}

/* A program that a process was: one id. */
static int program_compare(const struct snapshot *s, const struct row *first)
{
	struct counts sum = { 0 };
	size_t i;

	for (i = 0; i < s->nr_rows; i++)
		if (s->rows[i].id == first->id)
			counts_add(&sum, &s->rows[i].n);
	if (sum.minor == first->kernel_minor && sum.major == first->kernel_major)
		return 0;
	note("pid %lld id %lld: the kernel counted %lld and %lld, the rows have %lld and %lld",
	     first->pid, first->id, first->kernel_minor, first->kernel_major, sum.minor, sum.major);
	return 1;
}

/*
 * The kernel's columns of all programs of a process: each is the sum of its rows, and all together
 * are what the kernel says of the process. Returns how many programs it was, -1 if it is not so.
 */
static int kernel_compare(const struct snapshot *s, pid_t pid, long long minor, long long major)
{
	long long sum_minor = 0, sum_major = 0;
	int programs = 0, wrong = 0;
	size_t i, j;

	for (i = 0; i < s->nr_rows; i++) {
		const struct row *r = &s->rows[i];

		if (r->pid != pid)
			continue;
		for (j = 0; j < i && s->rows[j].id != r->id; j++)
			;
		if (j < i)
			continue;
		programs++;
		wrong += program_compare(s, r);
		sum_minor += r->kernel_minor;
		sum_major += r->kernel_major;
	}
	if (sum_minor != minor || sum_major != major) {
		note("pid %d: kernel_minor %lld and kernel_major %lld, but it has %lld and %lld",
		     pid, sum_minor, sum_major, minor, major);
		wrong++;
	}
	if (wrong)
		snapshot_print(s, pid);
	return wrong ? -1 : programs;
}

static int kernel_compare_now(pid_t pid, long long minor, long long major)
{
	struct snapshot s;
	int ret = -1;

	if (!snapshot_take(&s, FAULTS_PROC))
		ret = kernel_compare(&s, pid, minor, major);
	snapshot_free(&s);
	return ret;
}

static int run_work(void *arg)
{
	char path[600];

	snprintf(path, sizeof(path), "%s/work", suite_dir());
	execv(path, arg);
	return 127;
}

/* What work.c is told, and what comes of it: thread groups, and programs of the first one. */
static const struct life {
	const char *name;
	const char *argv[20];
	int processes, programs;
} lives[] = {
	{ "one thread", { "work", "touch", "100" }, 1, 2 },
	{ "four threads", { "work", "threads", "4", "50" }, 1, 2 },
	{ "two execs with faults in each image",
	  { "work", "touch", "100", "exec", "touch", "200", "exec", "touch", "300" }, 1, 4 },
	{ "exec by another thread than the leader",
	  { "work", "touch", "100", "thread-exec", "threads", "4", "50", "thread-exec", "touch",
	    "70" }, 1, 4 },
	{ "a leader that exits first",
	  { "work", "touch", "100", "leader-exits", "touch", "200", "threads", "4", "50" }, 1, 2 },
	{ "exec when the leader has exited",
	  { "work", "touch", "100", "leader-exits", "touch", "50", "thread-exec", "touch", "400" },
	  1, 3 },
	{ "children, one after the other", { "work", "touch", "20", "fork", "10" }, 11, 2 },
};

TEST_F(loaded, processes_of_every_kind_are_as_the_kernel_counted)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(lives); i++) {
		const struct life *life = &lives[i];
		struct checked before = checked_now(), after;
		struct workload w = RUN_EXACT(run_work, (void *)life->argv);
		int ended;

		EXPECT_EQ(life->programs, kernel_compare_now(w.pid, w.minor, w.major)) {
			note("%s", life->name);
		}
		/* Each program counts. */
		ended = life->processes + life->programs - 1;
		after = checked_since(&before, ended, 0);
		EXPECT_EQ(before.processes + ended, after.processes) {
			note("%s", life->name);
		}
		EXPECT_EQ(0, after.different);
		EXPECT_EQ(0, after.unchecked);
	}
}

static int touch_and_die(void *arg)
{
	touch_write(arg, 100);
	return kill(getpid(), SIGKILL);
}

static int threads_touch(void *arg, int nr)
{
	touch_write((char *)arg + (size_t)nr * 25 * PAGE, 25);
	if (nr == 3)
		kill(getpid(), SIGKILL);
	pause();
	return 0;
}

static int threads_die(void *arg)
{
	return threads_run(4, threads_touch, arg, false);
}

TEST_F(loaded, who_is_killed_is_as_the_kernel_counted)
{
	static const workload_fn ways[] = { touch_and_die, threads_die };
	struct checked before = checked_now(), after;
	char *p = map_anon(100);
	size_t i;

	ASSERT_NE(NULL, p);
	for (i = 0; i < 2; i++) {
		struct workload w = { .signal = SIGKILL };

		EXPECT_EQ(0, workload_run(&w, ways[i], p));
		EXPECT_EQ(1, kernel_compare_now(w.pid, w.minor, w.major));
	}
	after = checked_since(&before, 2, 0);
	EXPECT_EQ(before.processes + 2, after.processes);
	EXPECT_EQ(0, after.unchecked);
}

#define KIDS 20

static int ignore_children(void *arg)
{
	struct kid *kids = arg;
	char *p = map_anon(64);
	int i;

	if (!p || signal(SIGCHLD, SIG_IGN) == SIG_ERR)
		return 1;
	for (i = 0; i < KIDS; i++) {
		pid_t pid = kid_fork();
		struct rusage ru;

		if (pid < 0)
			return 1;
		if (pid) {
			kids[i].pid = pid;
			continue;
		}
		touch_write(p, 64);
		/* The page that this is written to is there before the last look. */
		kids[i].minor = 0;
		if (getrusage(RUSAGE_SELF, &ru) || getrusage(RUSAGE_SELF, &ru))
			_exit(1);
		kids[i].minor = ru.ru_minflt;
		kids[i].major = ru.ru_majflt;
		_exit(0);
	}
	/* Until none is left; nobody gets their rusage. */
	while (waitpid(-1, NULL, 0) > 0 || errno == EINTR)
		;
	return errno != ECHILD;
}

TEST_F(loaded, children_that_nobody_waits_for_are_as_the_kernel_counted)
{
	struct kid *kids = shared_alloc(KIDS * sizeof(*kids));
	struct checked before = checked_now(), after;
	struct rusage children;
	struct snapshot s;
	int i;

	RUN_EXACT(ignore_children, kids);
	ASSERT_EQ(0, getrusage(RUSAGE_CHILDREN, &children));
	EXPECT_GT(KIDS * 64, children.ru_minflt);
	after = checked_since(&before, KIDS + 1, 0);
	EXPECT_EQ(before.processes + KIDS + 1, after.processes);
	EXPECT_EQ(0, after.unchecked);
	ASSERT_EQ(0, snapshot_take(&s, FAULTS_PROC));
	for (i = 0; i < KIDS; i++) {
		EXPECT_LE(64, kids[i].minor);
		EXPECT_EQ(1, kernel_compare(&s, kids[i].pid, kids[i].minor, kids[i].major));
	}
	snapshot_free(&s);
}

static int fork_chain(void *arg)
{
	char *p = map_anon(16);
	int depth, *deepest = arg;

	for (depth = 1; depth <= *deepest; depth++) {
		pid_t pid = kid_fork();
		int status;

		if (pid < 0)
			return 1;
		touch_write(p, 16);
		if (pid)
			return waitpid(pid, &status, 0) != pid || status;
	}
	return 0;
}

TEST_F(loaded, forks_of_forks_are_as_the_kernel_counted)
{
	struct checked before = checked_now(), after;
	int deepest = 20;
	struct workload w = RUN_EXACT(fork_chain, &deepest);

	EXPECT_EQ(1, kernel_compare_now(w.pid, w.minor, w.major));
	after = checked_since(&before, deepest + 1, 0);
	EXPECT_EQ(before.processes + deepest + 1, after.processes);
	EXPECT_EQ(0, after.unchecked);
}

/* A process with two lives, and the test between them. */
struct life_of_two {
	struct gate half, go;
	char *p;
};

static int live_twice(void *arg)
{
	struct life_of_two *two = arg;

	touch_write(two->p, 50);
	gate_open(&two->half);
	if (gate_wait(&two->go))
		return 1;
	touch_write(two->p + 50 * PAGE, 50);
	return 0;
}

static int two_begin(struct life_of_two *two, struct workload *w)
{
	memset(w, 0, sizeof(*w));
	two->p = map_anon(100);
	if (!two->p || gate_init(&two->half) || gate_init(&two->go) ||
	    workload_start(w, live_twice, two))
		return -1;
	return gate_wait(&two->half);
}

/* It ends; whether its rows have all of it is not asked. */
static int two_end(struct life_of_two *two, struct workload *w)
{
	int ret;

	gate_open(&two->go);
	ret = workload_wait(w);
	workload_kill(w);
	return ret;
}

TEST_F(loaded, who_lives_has_what_the_kernel_counts_now)
{
	struct checked before = checked_now(), after;
	struct life_of_two two;
	struct workload w;

	ASSERT_EQ(0, two_begin(&two, &w));
	ASSERT_EQ(0, workload_compare_live(&w));
	EXPECT_LE(50, w.minor);
	EXPECT_EQ(1, kernel_compare_now(w.pid, w.minor, w.major));
	gate_open(&two.go);
	EXPECT_EQ(0, workload_finish(&w));
	EXPECT_LE(100, w.minor);
	EXPECT_EQ(1, kernel_compare_now(w.pid, w.minor, w.major));
	after = checked_since(&before, 1, 0);
	EXPECT_EQ(before.processes + 1, after.processes);
}

TEST_F(loaded, a_reset_in_between_changes_nothing)
{
	struct checked before = checked_now(), after;
	struct life_of_two two;
	struct snapshot s;
	struct workload w;
	struct counts sum;

	ASSERT_EQ(0, two_begin(&two, &w));
	ASSERT_EQ(0, param_set("reset", "1"));
	ASSERT_EQ(0, two_end(&two, &w));
	after = checked_since(&before, 1, 0);
	EXPECT_EQ(before.processes + 1, after.processes);
	EXPECT_EQ(0, after.unchecked);
	/* The rows have what came after it, the kernel's columns all. */
	ASSERT_EQ(0, snapshot_take(&s, FAULTS_PROC));
	ASSERT_LT(0, snapshot_sum_pid(&s, w.pid, &sum));
	EXPECT_GT(w.minor, sum.minor);
	EXPECT_EQ(w.minor, snapshot_row(&s, w.pid, "[anon]")->kernel_minor);
	snapshot_free(&s);
	/* And one that ended before the reset. */
	RUN_EXACT(live_twice, ({ gate_open(&two.go); &two; }));
	ASSERT_EQ(0, param_set("reset", "1"));
	after = checked_since(&before, 2, 0);
	EXPECT_EQ(before.processes + 2, after.processes);
	EXPECT_EQ(0, after.unchecked);
}

static int fork_many(void *arg)
{
	int i, *nr = arg;
	char *p = map_anon(16);

	for (i = 0; i < *nr; i++) {
		pid_t pid = kid_fork();
		int status;

		if (pid < 0)
			return 1;
		if (!pid) {
			touch_write(p, (size_t)(i % 16) + 1);
			_exit(0);
		}
		if (waitpid(pid, &status, 0) != pid || status)
			return 1;
	}
	return 0;
}

/* Rows that are folded, or given up, have lost what was before it when they are checked. */
TEST_F(loaded, a_reset_before_anybody_looked_changes_nothing)
{
	struct checked before = checked_now(), after;
	struct life_of_two two;
	struct workload w;
	int nr = scaled(50);

	/* Through it, and folded at its end. */
	ASSERT_EQ(0, param_set("keep_exited", "0"));
	ASSERT_EQ(0, two_begin(&two, &w));
	ASSERT_EQ(0, param_set("reset", "1"));
	ASSERT_EQ(0, two_end(&two, &w));
	after = checked_since(&before, 1, 0);
	EXPECT_EQ(before.processes + 1, after.processes);
	EXPECT_EQ(0, after.different);
	/* Ended before it. */
	ASSERT_EQ(0, param_set("keep_exited", "1000"));
	memset(&w, 0, sizeof(w));
	ASSERT_EQ(0, workload_start(&w, fork_many, &nr));
	ASSERT_EQ(0, workload_wait(&w));
	workload_kill(&w);
	ASSERT_EQ(0, param_set("reset", "1"));
	after = checked_since(&before, nr + 2, 0);
	EXPECT_EQ(before.processes + nr + 2, after.processes);
	EXPECT_EQ(0, after.different);
	EXPECT_EQ(0, after.unchecked);
}

static int turn_off_and_on(void)
{
	return param_set("enabled", "0") || param_set("enabled", "1");
}

static int select_for_a_while(void)
{
	return param_set("pid", "1") || param_set("pid", "");
}

static int load_again(void)
{
	return module_unload_soon() || module_load("");
}

TEST_F(loaded, who_was_not_seen_all_the_time_is_unchecked)
{
	static const struct {
		const char *name;
		int (*change)(void);
	} changes[] = {
		{ "enabled 0 and 1", turn_off_and_on },
		{ "another selection", select_for_a_while },
		{ "older than the module", load_again },
	};
	size_t i;

	self->check = CHECK_NO_EXCEPTIONS;
	for (i = 0; i < 3; i++) {
		struct checked before, after;
		struct life_of_two two;
		struct workload w;
		char *p;

		ASSERT_EQ(0, two_begin(&two, &w));
		ASSERT_EQ(0, changes[i].change()) {
			note("%s", changes[i].name);
		}
		before = checked_now();
		ASSERT_EQ(0, two_end(&two, &w));
		after = checked_since(&before, 0, 1);
		EXPECT_EQ(before.unchecked + 1, after.unchecked) {
			note("%s", changes[i].name);
		}
		EXPECT_EQ(before.processes, after.processes);
		EXPECT_EQ(0, after.different);
		/* One that is born then is checked again. */
		p = map_anon(100);
		ASSERT_NE(NULL, p);
		two.p = p;
		gate_open(&two.go);
		RUN_EXACT(live_twice, &two);
		before = after;
		after = checked_since(&before, 1, 0);
		EXPECT_EQ(before.processes + 1, after.processes);
		EXPECT_EQ(before.unchecked, after.unchecked);
	}
}

static int touch_much(void *arg, int nr)
{
	char path[64], *p = map_anon(32);
	int i;

	(void)arg;
	if (!p)
		return 1;
	touch_write(p, 32);
	for (i = 0; i < 30; i++) {
		snprintf(path, sizeof(path), "/dev/shm/check.%d.%d", nr, i);
		if (file_touch_unlinked(path, 2))
			return 1;
	}
	return 0;
}

/* Tables that are too small: calls in [overflow], and tasks that nothing is known of. */
TEST_F(loaded, overflow_is_unchecked_and_never_a_difference)
{
	static const char *const params[] = {
		"max_tasks=16", "max_rows=16", "max_rows=16 keep_exited=0",
	};
	size_t i;

	self->missed_expected = true;
	for (i = 0; i < 3; i++) {
		struct checked before, after;
		struct crowd crowd;
		int nr = scaled(60);

		ASSERT_EQ(0, module_unload_soon());
		ASSERT_EQ(0, module_load(params[i]));
		before = checked_now();
		ASSERT_EQ(0, crowd_start(&crowd, nr < 40 ? 40 : nr, touch_much, NULL));
		ASSERT_EQ(0, crowd_end(&crowd));
		after = checked_since(&before, 0, 20);
		EXPECT_LE(20, after.unchecked) {
			note("%s", params[i]);
		}
		EXPECT_GE(crowd.nr, after.unchecked + after.processes);
		EXPECT_EQ(0, after.different) {
			note("%s", params[i]);
		}
	}
}

/* Checked when it is folded, when it is read, and once. */
TEST_F(loaded, folded_and_kept_processes_are_checked_once)
{
	static const char *const keep[] = { "0", "5", "1000" };
	int nr = scaled(300);
	size_t i;

	for (i = 0; i < 3; i++) {
		struct workload w = { 0 };
		struct checked before, after;

		ASSERT_EQ(0, param_set("keep_exited", keep[i]));
		before = checked_now();
		ASSERT_EQ(0, workload_start(&w, fork_many, &nr));
		/* Folded, it has no row of its own that could be compared. */
		ASSERT_EQ(0, workload_wait(&w));
		workload_kill(&w);
		checked_since(&before, nr + 1, 0);
		after = checked_now();
		EXPECT_EQ(before.processes + nr + 1, after.processes) {
			note("keep_exited=%s", keep[i]);
		}
		EXPECT_EQ(0, after.different);
		EXPECT_EQ(0, after.unchecked);
	}
}

static int load_miscount(void *arg)
{
	int fd = open("/miscount.ko", O_RDONLY | O_CLOEXEC);

	touch_write(arg, 10);
	/* It does its work, and then fails. */
	return fd < 0 || !syscall(SYS_finit_module, fd, "", 0) || errno != ECANCELED;
}

static bool row_has_ended(void *arg)
{
	struct snapshot s;
	const struct row *r = NULL;
	bool ended = false;

	if (!snapshot_take(&s, FAULTS_PROC)) {
		r = snapshot_row(&s, *(pid_t *)arg, "[anon]");
		ended = r && !strcmp(r->state, "exited");
	}
	snapshot_free(&s);
	return ended;
}

TEST_F(loaded, a_fault_too_many_is_found_and_said_once)
{
	struct checked before = checked_now(), after;
	int fd = log_open(), i;
	char *p = map_anon(10);

	self->check = CHECK_DIFFERENT;
	ASSERT_LE(0, fd);
	ASSERT_NE(NULL, p);
	for (i = 1; i <= 3; i++) {
		struct workload w = { 0 };
		char words[128];
		struct snapshot s;
		struct counts sum;

		ASSERT_EQ(0, workload_start(&w, load_miscount, p));
		EXPECT_EQ(0, workload_wait(&w));
		workload_kill(&w);
		ASSERT_TRUE(wait_until(row_has_ended, &w.pid, END_MS));
		ASSERT_EQ(0, snapshot_take(&s, FAULTS_PROC));
		snapshot_sum_pid(&s, w.pid, &sum);
		EXPECT_EQ(w.minor, sum.minor + 1);
		EXPECT_EQ(w.minor, snapshot_row(&s, w.pid, "[anon]")->kernel_minor);
		snapshot_free(&s);
		after = checked_now();
		EXPECT_EQ(before.different + i, after.different);
		EXPECT_EQ(before.processes + i, after.processes);
		snprintf(words, sizeof(words),
			 "counted %lld minor and %lld major faults, the rows have %lld and %lld",
			 w.minor, w.major, sum.minor, sum.major);
		/* The first, and no other. */
		EXPECT_EQ(i == 1, log_lines(fd, "faultstat: process ", i == 1 ? words : "faults")) {
			note("%s", words);
		}
	}
	close(fd);
}

TEST_HARNESS_MAIN
