// SPDX-License-Identifier: GPL-2.0
/*
 * settings.c - parameters changed while the machine faults: every change takes effect, none loses
 * or invents a count that it should not, and what follows is exact again.
 */
#include "suite.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "crowd.h"
#include "heatfile.h"
#include "load.h"

#define CHANGES 24

/* A process born after the last change is exact. */
static void run_exact_after(struct __test_metadata *_metadata)
{
	int i;

	for (i = 0; i < 3; i++)
		RUN_EXACT(touch_some, NULL);
}

/* One change after the other under load, each of them refused by nobody. */
static void change_under_load(struct __test_metadata *_metadata, const char *name,
			      const char *const *values, int nr_values)
{
	struct load *load = load_start(3);
	int i;

	ASSERT_NE(NULL, load);
	for (i = 0; i < scaled(CHANGES); i++) {
		const char *value = values[i % nr_values];

		ASSERT_EQ(0, param_set(name, value)) {
			note("%s=%s is refused", name, value);
		}
		ASSERT_EQ(0, load_wait_busy(load, 1));
	}
	EXPECT_EQ(0, load_stop(load, false));
}

static struct counts lifetime_now(void)
{
	struct counts n = { 0 };
	struct snapshot s;

	if (!snapshot_take(&s, FAULTS_TOTALS))
		n = s.lifetime;
	snapshot_free(&s);
	return n;
}

TEST_F(loaded, reset_starts_again_and_lifetime_goes_on)
{
	struct counts before, after;
	struct snapshot s;

	RUN_EXACT(touch_some, NULL);
	before = lifetime_now();
	EXPECT_LE(2 * SOME_PAGES, before.minor);
	ASSERT_EQ(0, param_set("reset", "1"));
	ASSERT_EQ(0, snapshot_take(&s, FAULTS_PROC));
	after = s.lifetime;
	EXPECT_EQ(1, snapshot_value(&s, "load", "resets"));
	/* Small: what this process took since. */
	EXPECT_GT(100, s.total.calls);
	EXPECT_GT(100, s.total.minor);
	EXPECT_LE(before.calls, after.calls);
	EXPECT_LE(before.minor, after.minor);
	EXPECT_GT(before.minor + 100, after.minor);
	EXPECT_EQ(0, snapshot_violations(&s, 0));
	snapshot_free(&s);
	run_exact_after(_metadata);
}

#define ENDED	300

/* Some may have been folded, where the worker is slow to find memory. */
static bool all_have_ended(void *arg)
{
	(void)arg;
	return totals_value("table", "ended") + totals_value("table", "folded") >= ENDED;
}

/* More than are taken out of the table in one go. */
TEST_F(loaded, reset_drops_all_processes_that_have_ended)
{
	int i;

	for (i = 0; i < ENDED; i++) {
		pid_t pid = fork();

		if (!pid)
			_exit(0);
		ASSERT_EQ(pid, waitpid(pid, NULL, 0));
	}
	EXPECT_TRUE(wait_until(all_have_ended, NULL, 60000));
	ASSERT_EQ(0, param_set("reset", "1"));
	EXPECT_GT(10, totals_value("table", "ended"));
	run_exact_after(_metadata);
}

struct open_call {
	struct gate ready, go;

};

static int with_open_calls(void *arg)
{
	struct open_call *o = arg;
	char *p = map_anon(40);

	if (!p)
		return 1;
	touch_write(p, 20);
	gate_open(&o->ready);
	if (gate_wait(&o->go))
		return 1;
	touch_write(p + 20 * PAGE, 20);
	return 0;
}

/* Calls that are open at the reset: no verdict without its call afterwards, nothing negative. */
TEST_F(loaded, reset_between_a_call_and_its_verdict_loses_neither)
{
	struct workload w[20] = { 0 };
	struct open_call *o = shared_alloc(sizeof(*o));
	struct snapshot s;
	int i;

	ASSERT_EQ(0, gate_init(&o->ready));
	ASSERT_EQ(0, gate_init(&o->go));
	for (i = 0; i < 20; i++) {
		ASSERT_EQ(0, workload_start(&w[i], with_open_calls, o));
		ASSERT_EQ(0, gate_wait(&o->ready));
	}
	ASSERT_EQ(0, param_set("reset", "1"));
	ASSERT_EQ(0, snapshot_take(&s, FAULTS_PROC));
	EXPECT_EQ(0, snapshot_violations(&s, 0));
	snapshot_free(&s);
	for (i = 0; i < 20; i++)
		gate_open(&o->go);
	for (i = 0; i < 20; i++)
		EXPECT_EQ(0, workload_wait(&w[i]));
	ASSERT_EQ(0, snapshot_take(&s, FAULTS_PROC));
	EXPECT_EQ(0, snapshot_violations(&s, 0));
	for (i = 0; i < 20; i++) {
		struct counts sum;

		/* Since the reset: the second half of their pages, and a few more. */
		EXPECT_LT(0, snapshot_sum_pid(&s, w[i].pid, &sum));
		EXPECT_LE(20, sum.minor);
		EXPECT_GT(35, sum.minor);
	}
	snapshot_free(&s);
}

TEST_F(loaded, reset_under_load_stays_exact)
{
	static const char * const values[] = { "1" };
	struct counts before, after;
	struct snapshot s;

	before = lifetime_now();
	change_under_load(_metadata, "reset", values, 1);
	after = lifetime_now();
	EXPECT_LT(before.calls, after.calls);
	/* A reset between an exception and its call parts the two; all else adds up. */
	ASSERT_EQ(0, snapshot_take(&s, FAULTS_PROC));
	EXPECT_EQ(0, snapshot_violations(&s, CHECK_NO_EXCEPTIONS));
	snapshot_free(&s);
	/* At rest there is nothing in between. */
	ASSERT_EQ(0, param_set("reset", "1"));
	run_exact_after(_metadata);
}

TEST_F(loaded, enabled_under_load_stays_exact)
{
	static const char * const values[] = { "0", "1" };

	self->missed_expected = true;
	change_under_load(_metadata, "enabled", values, 2);
	ASSERT_EQ(0, param_set("enabled", "1"));
	ASSERT_EQ(0, param_set("reset", "1"));
	run_exact_after(_metadata);
}

/* Nothing is counted meanwhile, and afterwards nothing is made up for it. */
TEST_F(loaded, enabled_0_counts_nothing)
{
	struct workload w = { 0 };
	struct snapshot s, off;

	ASSERT_EQ(0, param_set("enabled", "0"));
	ASSERT_EQ(0, snapshot_take(&s, FAULTS_PROC));
	EXPECT_FALSE(snapshot_hook_on(&s, "handle_mm_fault"));
	ASSERT_EQ(0, workload_start(&w, touch_some, NULL));
	EXPECT_EQ(0, workload_wait(&w));
	workload_kill(&w);
	ASSERT_EQ(0, snapshot_take(&off, FAULTS_PROC));
	EXPECT_EQ(s.total.calls, off.total.calls);
	EXPECT_EQ(s.lifetime.calls, off.lifetime.calls);
	EXPECT_EQ(0, snapshot_sum_pid(&off, w.pid, &w.rows));
	snapshot_free(&s);
	snapshot_free(&off);
	ASSERT_EQ(0, param_set("enabled", "1"));
	ASSERT_EQ(0, snapshot_take(&s, FAULTS_PROC));
	EXPECT_TRUE(snapshot_hook_on(&s, "handle_mm_fault"));
	snapshot_free(&s);
	run_exact_after(_metadata);
	self->check = CHECK_NO_EXCEPTIONS;
}

TEST_F(loaded, attach_under_load_stays_exact)
{
	static const char * const values[] = { "kprobe", "ftrace", "auto" };
	struct snapshot s;

	self->missed_expected = true;
	/* Not every kernel has the second; those that have not say so, and stay as they are. */
	if (param_set("attach", "ftrace"))
		change_under_load(_metadata, "attach", &values[2], 1);
	else
		change_under_load(_metadata, "attach", values, 3);
	ASSERT_EQ(0, param_set("attach", "kprobe"));
	ASSERT_EQ(0, snapshot_take(&s, FAULTS_PROC));
	EXPECT_EQ(0, strncmp(snapshot_header(&s, "hook handle_mm_fault"), "kprobe", 6));
	snapshot_free(&s);
	run_exact_after(_metadata);
}

/* Whichever way it is hooked, the counts are the same: exact. */
static int hooks_without_reason(const char *path)
{
	struct snapshot s;
	int nr = 0;
	size_t i;

	if (snapshot_take(&s, path))
		return -1;
	for (i = 0; i < s.nr_headers; i++) {
		const char *off = strstr(s.headers[i], " off:");

		if (strncmp(s.headers[i], "hook ", 5) || !off)
			continue;
		if (strlen(off) > strlen(" off: ") && !strstr(off, "(null)"))
			continue;
		note("# %s", s.headers[i]);
		nr++;
	}
	snapshot_free(&s);
	return nr;
}

TEST_F(loaded, every_hook_that_is_off_says_why)
{
	static const char * const loads[] = {
		"enabled=0", "enabled=0 exceptions=0", "exceptions=0", "",
	};
	static const char * const changes[][2] = {
		{ "enabled", "0" }, { "exceptions", "0" }, { "exceptions", "1" },
		{ "enabled", "1" }, { "exceptions", "0" }, { "exceptions", "1" },
	};
	size_t i, j;

	for (i = 0; i < ARRAY_SIZE(loads); i++) {
		ASSERT_EQ(0, module_unload_soon());
		ASSERT_EQ(0, module_load(loads[i]));
		EXPECT_EQ(0, hooks_without_reason(FAULTS_PROC));
		EXPECT_EQ(0, hooks_without_reason(FAULTS_TOTALS));
		for (j = 0; j < ARRAY_SIZE(changes); j++) {
			ASSERT_EQ(0, param_set(changes[j][0], changes[j][1]));
			EXPECT_EQ(0, hooks_without_reason(FAULTS_PROC));
		}
	}
	self->check = CHECK_NO_EXCEPTIONS;
}

TEST_F(loaded, attach_names_what_is_in_use)
{
	static const char * const values[] = { "kprobe", "ftrace", "kprobe", "auto" };
	struct snapshot s;
	size_t i;

	for (i = 0; i < 4; i++) {
		const char *used;

		if (param_set("attach", values[i])) {
			EXPECT_STREQ("ftrace", values[i]);
			continue;
		}
		ASSERT_EQ(0, snapshot_take(&s, FAULTS_PROC));
		used = snapshot_header(&s, "hook handle_mm_fault");
		ASSERT_NE(NULL, used);
		if (strcmp(values[i], "auto")) {
			EXPECT_EQ(0, strncmp(used, values[i], strlen(values[i])));
		} else {
			EXPECT_TRUE(!strncmp(used, "kprobe", 6) || !strncmp(used, "ftrace", 6));
		}
		snapshot_free(&s);
		run_exact_after(_metadata);
	}
}

TEST_F(loaded, exceptions_under_load_stay_exact)
{
	static const char * const values[] = { "0", "1" };

	change_under_load(_metadata, "exceptions", values, 2);
	self->check = CHECK_NO_EXCEPTIONS;
	run_exact_after(_metadata);
}

TEST_F(loaded, heat_pid_under_load_stays_exact)
{
	static const char *const values[] = { "all", "", "1", "all" };

	change_under_load(_metadata, "heat_pid", values, 4);
	run_exact_after(_metadata);
}

TEST_F(loaded, exceptions_0_counts_none_and_the_rest_goes_on)
{
	struct snapshot s, off;

	ASSERT_EQ(0, param_set("exceptions", "0"));
	self->check = CHECK_NO_EXCEPTIONS;
	ASSERT_EQ(0, snapshot_take(&s, FAULTS_PROC));
	EXPECT_FALSE(snapshot_hook_on(&s, "page_fault_user"));
	EXPECT_FALSE(snapshot_hook_on(&s, "page_fault_kernel"));
	EXPECT_TRUE(snapshot_hook_on(&s, "handle_mm_fault"));
	run_exact_after(_metadata);
	ASSERT_EQ(0, snapshot_take(&off, FAULTS_PROC));
	EXPECT_EQ(snapshot_value(&s, "exceptions", "user"),
		  snapshot_value(&off, "exceptions", "user"));
	EXPECT_LE(s.total.calls + 3 * 600, off.total.calls);
	snapshot_free(&s);
	snapshot_free(&off);
	ASSERT_EQ(0, param_set("exceptions", "1"));
	ASSERT_EQ(0, snapshot_take(&s, FAULTS_PROC));
	EXPECT_TRUE(snapshot_hook_on(&s, "page_fault_user"));
	snapshot_free(&s);
}

static long long pid_minor(pid_t pid)
{
	struct snapshot s;
	struct counts sum = { 0 };

	if (!snapshot_take(&s, FAULTS_PROC))
		snapshot_sum_pid(&s, pid, &sum);
	snapshot_free(&s);
	return sum.minor;
}

static long long unselected_calls(void)
{
	struct snapshot s;
	struct counts sum = { 0 };

	if (!snapshot_take(&s, FAULTS_PROC))
		snapshot_sum_object(&s, 0, "[unselected]", &sum);
	snapshot_free(&s);
	return sum.calls;
}

static int turns(void *arg)
{
	struct open_call *o = arg;
	char *p = map_anon(100);
	int i;

	if (!p)
		return 1;
	for (i = 0; i < 3; i++) {
		touch_write(p, 100);
		if (madvise(p, 100 * PAGE, MADV_DONTNEED))
			return 1;
		gate_open(&o->ready);
		if (gate_wait(&o->go))
			return 1;
	}
	return 0;
}

/* Let both do a turn, and wait until they have. */
static int both_turn(struct open_call *a, struct open_call *b)
{
	gate_open(&a->go);
	gate_open(&b->go);
	return gate_wait(&a->ready) || gate_wait(&b->ready);
}

TEST_F(loaded, pid_selects_and_the_others_are_in_unselected)
{
	struct open_call *o = shared_alloc(2 * sizeof(*o));
	struct workload w[2] = { 0 };
	long long a, b, unselected;
	char pid[16];
	int i;

	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, gate_init(&o[i].ready));
		ASSERT_EQ(0, gate_init(&o[i].go));
		ASSERT_EQ(0, workload_start(&w[i], turns, &o[i]));
		ASSERT_EQ(0, gate_wait(&o[i].ready));
	}
	snprintf(pid, sizeof(pid), "%d", w[0].pid);
	ASSERT_EQ(0, param_set("pid", pid));
	a = pid_minor(w[0].pid);
	b = pid_minor(w[1].pid);
	unselected = unselected_calls();
	ASSERT_EQ(0, both_turn(&o[0], &o[1]));
	EXPECT_LE(a + 100, pid_minor(w[0].pid));
	/* One call was open: its verdict may still arrive. */
	EXPECT_GE(b + 1, pid_minor(w[1].pid));
	EXPECT_LE(unselected + 99, unselected_calls());

	ASSERT_EQ(0, param_set("pid", ""));
	b = pid_minor(w[1].pid);
	ASSERT_EQ(0, both_turn(&o[0], &o[1]));
	EXPECT_LE(b + 99, pid_minor(w[1].pid));
	for (i = 0; i < 2; i++)
		gate_open(&o[i].go);
	/* The one that was selected throughout is exact to the end. */
	EXPECT_EQ(0, workload_finish(&w[0]));
	EXPECT_EQ(0, workload_wait(&w[1]));
}

static const char ns_last_pid[] = "/proc/sys/kernel/ns_last_pid";

/* Runs a child that has this pid, to its end. Returns 0, or -1 where it cannot be had. */
static int run_as(pid_t wanted, int (*fn)(void *arg), void *arg)
{
	char last[16];
	int i, status;

	snprintf(last, sizeof(last), "%d", wanted - 1);
	for (i = 0; i < 50; i++) {
		pid_t pid;

		if (file_write(ns_last_pid, last))
			return -1;
		pid = fork();
		if (!pid)
			_exit(getpid() == wanted ? fn(arg) : 0);
		if (pid < 0 || waitpid(pid, &status, 0) != pid || status)
			return -1;
		if (pid == wanted)
			return 0;
	}
	return -1;
}

/* One that no process has, and that is far from those given out now; 0 if there is none. */
static pid_t unused_pid(void)
{
	char max[32];
	pid_t pid;

	if (file_read_line("/proc/sys/kernel/pid_max", max, sizeof(max)))
		return 0;
	for (pid = atoi(max) / 10 * 9; pid > 0 && !kill(pid, 0);)
		pid--;
	return pid;
}

static int touch_file(void *arg)
{
	char *p = map_file(arg, SOME_PAGES, PROT_READ | PROT_WRITE, MAP_SHARED);

	if (!p)
		return 1;
	touch_write(p, SOME_PAGES);
	return 0;
}

TEST_F(loaded, pid_means_the_process_that_has_it_not_the_next_one)
{
	long long first, unselected;
	struct workload w = { 0 };
	struct open_call *o = shared_alloc(sizeof(*o));
	char pid[16];

	if (access(ns_last_pid, W_OK))
		SKIP_TEST("the kernel has no kernel.ns_last_pid");
	ASSERT_EQ(0, gate_init(&o->ready));
	ASSERT_EQ(0, gate_init(&o->go));
	ASSERT_EQ(0, workload_start(&w, with_open_calls, o));
	ASSERT_EQ(0, gate_wait(&o->ready));
	snprintf(pid, sizeof(pid), "%d", w.pid);
	ASSERT_EQ(0, param_set("pid", pid));
	gate_open(&o->go);
	EXPECT_EQ(0, workload_finish(&w));
	first = pid_minor(w.pid);
	EXPECT_LE(40, first);
	unselected = unselected_calls();
	ASSERT_EQ(0, run_as(w.pid, touch_some, NULL));
	EXPECT_EQ(first, pid_minor(w.pid));
	EXPECT_LE(unselected + SOME_PAGES, unselected_calls());
}

/* One that is not there yet is the first process that gets it. */
TEST_F(loaded, pid_of_no_process_waits_for_the_first_that_gets_it)
{
	pid_t unused = unused_pid();
	long long first;
	char pid[16];

	if (access(ns_last_pid, W_OK))
		SKIP_TEST("the kernel has no kernel.ns_last_pid");
	ASSERT_LT(0, unused);
	snprintf(pid, sizeof(pid), "%d", unused);
	ASSERT_EQ(0, param_set("pid", pid));
	ASSERT_EQ(0, run_as(unused, touch_some, NULL));
	first = pid_minor(unused);
	EXPECT_LE(SOME_PAGES, first);
	ASSERT_EQ(0, run_as(unused, touch_some, NULL));
	EXPECT_EQ(first, pid_minor(unused));
	/* Said once more, it means the next one. */
	ASSERT_EQ(0, param_set("pid", pid));
	ASSERT_EQ(0, run_as(unused, touch_some, NULL));
	EXPECT_LE(first + SOME_PAGES, pid_minor(unused));
}

/* How many processes with this id have heat of the file. Their program has some of its own. */
static size_t heated_by(pid_t pid, const char *path)
{
	struct heat h = { 0 };
	size_t i, nr = 0;

	if (heat_take(&h))
		return 1000;
	for (i = 0; i < h.nr; i++)
		nr += h.rows[i].pid == pid && !strcmp(h.rows[i].object, path);
	heat_free(&h);
	return nr;
}

TEST_F(loaded, heat_pid_means_the_process_that_has_it_not_the_next_one)
{
	static const char path[] = "/tmp/heat_pid";
	pid_t unused = unused_pid();
	char pid[16];

	if (access(ns_last_pid, W_OK))
		SKIP_TEST("the kernel has no kernel.ns_last_pid");
	ASSERT_EQ(0, file_make_empty(path, SOME_PAGES));
	ASSERT_LT(0, unused);
	snprintf(pid, sizeof(pid), "%d", unused);
	ASSERT_EQ(0, param_set("heat_pid", pid));
	ASSERT_EQ(0, run_as(unused, touch_file, (void *)path));
	EXPECT_EQ(1, heated_by(unused, path));
	ASSERT_EQ(0, run_as(unused, touch_file, (void *)path));
	EXPECT_EQ(1, heated_by(unused, path));
	unlink(path);
}

TEST_F(loaded, pid_under_load_stays_exact)
{
	char one[16], several[64];
	const char *values[] = { "", one, several };
	struct snapshot s;

	snprintf(one, sizeof(one), "%d", getpid());
	snprintf(several, sizeof(several), "1,%d,%d,99", getpid(), getppid());
	change_under_load(_metadata, "pid", values, 3);
	ASSERT_EQ(0, snapshot_take(&s, FAULTS_PROC));
	EXPECT_EQ(0, snapshot_violations(&s, 0));
	EXPECT_EQ(1, snapshot_sum_object(&s, 0, "[unselected]", NULL));
	snapshot_free(&s);
	ASSERT_EQ(0, param_set("pid", ""));
	run_exact_after(_metadata);
}

TEST_HARNESS_MAIN
