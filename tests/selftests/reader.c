// SPDX-License-Identifier: GPL-2.0
/*
 * reader.c - every command of kfaultstat but stat against the counters of the loaded module:
 * what it shows adds up to what the kernel says, over folds, resets and loads.
 */
#include "suite.h"
#include "screen.h"
#include "shell.h"

#include <signal.h>
#include <sys/wait.h>

static int touch_and_map(void *arg)
{
	char *p = map_anon(300), *file;

	(void)arg;
	if (!p)
		return 1;
	touch_write(p, 300);
	/* Private: some kernels retry the first write to a page that is shared. */
	file = map_file("/tmp/reader.file", 64, PROT_READ | PROT_WRITE, MAP_PRIVATE);
	if (!file)
		return 2;
	touch_write(file, 64);
	return 0;
}

FIXTURE(reader)
{
	struct shell sh;
	struct workload w;
	long long missed;
	unsigned int check;	/* CHECK_* for the invariants */
};

FIXTURE_SETUP(reader)
{
	ASSERT_EQ(0, module_load(""));
	ASSERT_EQ(0, file_make_empty("/tmp/reader.file", 64));
	self->w = RUN_EXACT(touch_and_map, NULL);
}

FIXTURE_TEARDOWN(reader)
{
	shell_free(&self->sh);
	unlink("/tmp/reader.file");
	loaded_end(_metadata, self->missed > 0, self->check);
}

/* The workload in every grouping: its sums are the kernel's. */
TEST_F(reader, show_adds_up_to_rusage_in_every_grouping)
{
	static const char *const by[] = {
		"", "--by object", "--by dir", "--by dir=1", "--by process", "--by comm", "--by cgroup",
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(by); i++) {
		shell_run(&self->sh, "kfaultstat -r -p %d %s 2>&1", self->w.pid, by[i]);
		EXPECT_EQ(0, self->sh.status);
		EXPECT_EQ(self->w.minor, shell_column(self->sh.out, "MINOR")) {
			note("%s: %s", by[i], self->sh.out);
		}
		EXPECT_EQ(self->w.major, shell_column(self->sh.out, "MAJOR"));
		shell_free(&self->sh);
	}
	shell_run(&self->sh, "kfaultstat -r -p %d -f '*reader.file' -o minor,write 2>&1",
		  self->w.pid);
	EXPECT_EQ(64, shell_column(self->sh.out, "MINOR"));
	EXPECT_EQ(64, shell_column(self->sh.out, "WRITE"));
	shell_free(&self->sh);
	shell_run(&self->sh, "kfaultstat -r -p %d --files -f '/tmp/*' -o object --noheadings",
		  self->w.pid);
	EXPECT_STREQ("/tmp/reader.file\n", self->sh.out);
}

static int sleep_resident(void *arg)
{
	char *p = map_anon(2000);

	if (!p)
		return 1;
	touch_write(p, 2000);
	gate_open(arg);
	pause();
	return 0;
}

TEST_F(reader, live_processes_have_their_rss_and_cgroup)
{
	char line[256], *statm;
	struct workload w = { 0 };
	struct gate gate;

	ASSERT_EQ(0, gate_init(&gate));
	ASSERT_EQ(0, workload_start(&w, sleep_resident, &gate));
	ASSERT_EQ(0, gate_wait(&gate));
	snprintf(line, sizeof(line), "/proc/%d/statm", w.pid);
	statm = shell_file(line);
	shell_run(&self->sh, "kfaultstat -r --by process -p %d -o rss 2>&1", w.pid);
	EXPECT_EQ(shell_number(statm, " ") * (long long)PAGE, shell_column(self->sh.out, "RSS"));
	/* 2,000 pages, less what the kernel has not added up yet: 64 of each kind up to 6.1. */
	EXPECT_LT(1750 * (long long)PAGE, shell_column(self->sh.out, "RSS"));
	free(statm);
	shell_free(&self->sh);
	/* Live ones have one, those that have ended are under "-". */
	shell_run(&self->sh,
		  "mkdir -p /tmp/cgroup && { mount -t cgroup2 none /tmp/cgroup 2>/dev/null || "
		  "mount -t cgroup -o memory none /tmp/cgroup; } && mkdir /tmp/cgroup/of\\ one && "
		  "echo %d >/tmp/cgroup/of\\ one/cgroup.procs", w.pid);
	EXPECT_EQ(0, self->sh.status) {
		note("%s", self->sh.out);
	}
	shell_free(&self->sh);
	shell_run(&self->sh, "kfaultstat -r --by cgroup -p %d,%d -o cgroup -s cgroup --noheadings",
		  w.pid, self->w.pid);
	EXPECT_STREQ("-\n/of\\040one\n", self->sh.out);
	workload_kill(&w);
	shell_free(&self->sh);
	shell_run(&self->sh, "rmdir /tmp/cgroup/of\\ one; umount /tmp/cgroup");
}

/* The sum of "counts" of all intervals, which are one line of JSON each. */
static long long intervals_sum(const char *json, const char *key, int *intervals, bool *reset,
			       bool *reload)
{
	long long sum = 0;
	const char *at;

	*intervals = 0;
	for (at = json; at && *at; at = strchr(at, '\n') ? strchr(at, '\n') + 1 : NULL) {
		const char *counts = strstr(at, "\"counts\": ");
		const char *since = strstr(at, "\"since\": ");

		if (!counts || !since)
			break;
		(*intervals)++;
		*reset = *reset || !strncmp(since, "\"since\": \"reset\"", 16);
		if (!strncmp(since, "\"since\": \"reload\"", 17)) {
			*reload = true;
			sum = 0;
		}
		sum += shell_number(counts, key);
	}
	return sum;
}

/* What the last of several lines says of the time since load. */
static long long last_lifetime(const char *json, const char *key)
{
	const char *at, *last = NULL;

	for (at = json; (at = strstr(at, "\"lifetime\": ")); at++)
		last = at;
	return shell_number(last, key);
}

static const char churn[] =
	"for i in $(seq 40); do (cat /proc/version; cp /bin/busybox /tmp/copied) >/dev/null; done";

TEST_F(reader, intervals_add_up_over_folds_and_resets)
{
	static const char *const keys[] = { "\"calls\": ", "\"minor\": ", "\"major\": " };
	bool reset = false, reload = false;
	int intervals = 0;
	size_t i;

	ASSERT_EQ(0, param_set("keep_exited", "3"));
	shell_run(&self->sh, "kfaultstat 0.5 30 -J >/tmp/intervals & sh -c '%s'; kfaultstat reset; sh -c '%s'; wait",
		  churn, churn);
	EXPECT_EQ(0, self->sh.status);
	shell_free(&self->sh);
	self->sh.out = shell_file("/tmp/intervals");
	for (i = 0; i < ARRAY_SIZE(keys); i++) {
		EXPECT_EQ(last_lifetime(self->sh.out, keys[i]),
			  intervals_sum(self->sh.out, keys[i], &intervals, &reset, &reload));
	}
	EXPECT_EQ(30, intervals);
	EXPECT_TRUE(reset);
	EXPECT_FALSE(reload);
}

TEST_F(reader, intervals_say_that_the_module_was_loaded_anew)
{
	bool reset = false, reload = false;
	int intervals = 0;

	/*
	 * Each step waits for the one before it, but not for ever; at last the pipe is closed.
	 * Whoever looks at the module just then makes rmmod try again.
	 */
	shell_run(&self->sh,
		  "soon() { for i in $(seq 300); do \"$@\" 2>/tmp/why && return; sleep 0.1; done; "
		  "cat /tmp/why; kill $pipe; exit 1; }; "
		  "rm -f /tmp/intervals /tmp/complaints; "
		  "{ kfaultstat 0.3 -J 2>/tmp/complaints; echo $? >/tmp/status; } | while read -r line; do "
		  "echo \"$line\" >>/tmp/intervals; [ -z \"$last\" ] || break; "
		  "case $line in *'\"since\": \"reload\"'*) last=1 ;; esac; done >/dev/null & "
		  "pipe=$!; soon test -s /tmp/intervals; soon rmmod faultstat; "
		  "soon test -s /tmp/complaints; sleep 1; "
		  "insmod $FAULTSTAT_KO || exit; cat /proc/version; wait");
	EXPECT_EQ(0, self->sh.status) {
		note("%s", self->sh.out);
	}
	shell_free(&self->sh);
	self->sh.out = shell_file("/tmp/intervals");
	EXPECT_EQ(last_lifetime(self->sh.out, "\"calls\": "),
		  intervals_sum(self->sh.out, "\"calls\": ", &intervals, &reset, &reload));
	EXPECT_TRUE(reload);
	EXPECT_LE(3, intervals);
	shell_free(&self->sh);
	/* Said once. */
	shell_run(&self->sh, "cat /tmp/complaints; cat /tmp/status");
	EXPECT_STREQ("kfaultstat: faultstat is not loaded: as root, modprobe faultstat, or insmod faultstat.ko\n0\n",
		     self->sh.out);
}

/* At rest but for the readers themselves: what the rows moved by is what the total did. */
TEST_F(reader, diff_is_exact_where_everything_was_folded)
{
	long long rows, total;

	shell_run(&self->sh, "sh -c '%s'; cat /proc/faultstat/faults >/tmp/before", churn);
	shell_free(&self->sh);
	ASSERT_EQ(0, param_set("keep_exited", "0"));
	shell_run(&self->sh, "sh -c '%s'; cat /proc/faultstat/faults >/tmp/after", churn);
	shell_free(&self->sh);
	shell_run(&self->sh, "kfaultstat diff /tmp/before /tmp/after -r -o comm,calls 2>&1");
	EXPECT_EQ(0, self->sh.status);
	rows = shell_column(self->sh.out, "CALLS");
	total = shell_number(strstr(self->sh.out, "\n# total "), " calls ");
	EXPECT_EQ(total, rows) {
		note("%s", self->sh.out);
	}
	EXPECT_LT(1000, total);
	shell_free(&self->sh);
	shell_run(&self->sh, "kfaultstat diff /tmp/after /tmp/before 2>&1");
	EXPECT_EQ(1, self->sh.status);
	EXPECT_TRUE(has(self->sh.out, "give the earlier copy first"));
}

TEST_F(reader, sys_shows_the_kernels_own_figures)
{
	char *meminfo = shell_file("/proc/meminfo");

	shell_run(&self->sh, "kfaultstat sys -r -o total,swap_total");
	EXPECT_EQ(shell_number(meminfo, "MemTotal:"), shell_column(self->sh.out, "TOTAL"));
	EXPECT_EQ(shell_number(meminfo, "SwapTotal:"), shell_column(self->sh.out, "SWAP_TOTAL"));
	free(meminfo);
	shell_free(&self->sh);
	shell_run(&self->sh,
		  "(sh -c '%s'; touch /tmp/done) & kfaultstat sys 0.1 20 -r -o fault/s 2>&1; wait",
		  churn);
	EXPECT_EQ(0, self->sh.status);
	EXPECT_LT(100, shell_column(self->sh.out, "FAULT/S"));
	shell_free(&self->sh);
	/* Twenty readings at 0.1 s take two seconds, not more and not less. */
	shell_run(&self->sh, "kfaultstat sys 0.1 21 -J");
	EXPECT_LE(1, shell_number(self->sh.out, "\"seconds\": "));
}

TEST_F(reader, reset_off_and_on_switch_the_module)
{
	char value[16];

	shell_run(&self->sh, "kfaultstat reset 2>&1");
	EXPECT_EQ(0, self->sh.status);
	EXPECT_STREQ("", self->sh.out);
	EXPECT_EQ(1, totals_value("load", "resets"));
	shell_run(&self->sh, "kfaultstat off 2>&1");
	EXPECT_EQ(0, self->sh.status);
	EXPECT_EQ(0, param_get("enabled", value, sizeof(value)));
	EXPECT_STREQ("0", value);
	shell_run(&self->sh, "kfaultstat doctor 2>&1");
	EXPECT_EQ(1, self->sh.status);
	EXPECT_TRUE(has(self->sh.out, "kfaultstat on turns it on"));
	shell_run(&self->sh, "kfaultstat on 2>&1");
	EXPECT_EQ(0, self->sh.status);
	EXPECT_EQ(0, param_get("enabled", value, sizeof(value)));
	EXPECT_STREQ("1", value);
	self->missed = 1;
}

/* A fault that the kernel counted and nobody had: see miscount.c. */
TEST_F(reader, doctor_says_what_is_not_as_the_kernel_counted)
{
	shell_run(&self->sh, "kfaultstat doctor 2>&1");
	EXPECT_EQ(0, self->sh.status);
	EXPECT_TRUE(has(self->sh.out, "all as the kernel counted")) {
		note("%s", self->sh.out);
	}
	self->check = CHECK_DIFFERENT;
	/* It ends a grace period later; who looks at it checks it. */
	shell_run(&self->sh,
		  "insmod /miscount.ko 2>/dev/null; for i in $(seq 300); do kfaultstat -r >/dev/null; kfaultstat doctor >/dev/null || break; sleep 0.1; done; kfaultstat doctor 2>&1");
	EXPECT_EQ(1, self->sh.status);
	EXPECT_TRUE(has(self->sh.out, "1 of ") &&
		    has(self->sh.out, "processes not as the kernel counted")) {
		note("%s", self->sh.out);
	}
}

TEST_F(reader, doctor_is_content_and_sees_a_dead_hook)
{
	int off;

	shell_run(&self->sh, "kfaultstat doctor 2>&1");
	EXPECT_EQ(0, self->sh.status) {
		note("%s", self->sh.out);
	}
	EXPECT_TRUE(has(self->sh.out, "handle_mm_fault"));
	EXPECT_TRUE(has(self->sh.out, "/sys/kernel/debug/faultstat is present"));
	/* There may be no such switch, or none that can be turned off. */
	if (access("/proc/sys/kernel/ftrace_enabled", W_OK))
		return;
	off = file_write("/proc/sys/kernel/ftrace_enabled", "0");
	if (off == -EOPNOTSUPP)
		return;
	ASSERT_EQ(0, off);
	shell_free(&self->sh);
	shell_run(&self->sh, "kfaultstat doctor 2>&1");
	EXPECT_EQ(1, self->sh.status);
	EXPECT_TRUE(has(self->sh.out, "kernel.ftrace_enabled=1")) {
		note("%s", self->sh.out);
	}
	ASSERT_EQ(0, file_write("/proc/sys/kernel/ftrace_enabled", "1"));
	self->missed = 1;
}

TEST_F(reader, a_reader_without_the_right_is_told_so)
{
	static const char *const refused[] = {
		"kfaultstat", "kfaultstat stat true", "kfaultstat reset", "kfaultstat on", "kfaultstat 1 2",
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(refused); i++) {
		shell_run_as_nobody(&self->sh, refused[i]);
		EXPECT_EQ(1, self->sh.status);
		EXPECT_TRUE(has(self->sh.out, "run as root")) {
			note("%s: %s", refused[i], self->sh.out);
		}
		shell_free(&self->sh);
	}
	shell_run_as_nobody(&self->sh, "kfaultstat sys");
	EXPECT_EQ(0, self->sh.status);
	shell_run_as_nobody(&self->sh, "kfaultstat doctor");
	EXPECT_EQ(0, self->sh.status) {
		note("%s", self->sh.out);
	}
}

TEST_F(reader, without_the_module_every_command_says_how_to_load_it)
{
	static const char *const commands[] = {
		"kfaultstat", "kfaultstat 1 1", "kfaultstat stat true", "kfaultstat reset",
		"kfaultstat on", "kfaultstat off",
	};
	size_t i;

	ASSERT_EQ(0, module_unload_soon());
	for (i = 0; i < ARRAY_SIZE(commands); i++) {
		shell_run(&self->sh, "%s 2>&1", commands[i]);
		EXPECT_EQ(3, self->sh.status);
		EXPECT_STREQ("kfaultstat: faultstat is not loaded: as root, modprobe faultstat, or insmod faultstat.ko\n",
			     self->sh.out);
		shell_free(&self->sh);
	}
	shell_run(&self->sh, "kfaultstat doctor 2>&1");
	EXPECT_EQ(3, self->sh.status);
	EXPECT_TRUE(has(self->sh.out, "modprobe faultstat"));
}

TEST_F(reader, top_survives_unload_and_load)
{
	static const char *const top[] = { "kfaultstat", "top", "0.3", NULL };
	struct screen *screen = screen_start(top);

	ASSERT_NE(NULL, screen);
	EXPECT_TRUE(screen_wait(screen, "kfaultstat"));
	EXPECT_TRUE(screen_wait(screen, "in the interval"));
	EXPECT_EQ(0, module_unload_soon());
	EXPECT_TRUE(screen_wait(screen, "not loaded"));
	EXPECT_EQ(0, module_load(""));
	EXPECT_TRUE(screen_wait(screen, "since the load"));
	EXPECT_TRUE(screen_press(screen, "q"));
	EXPECT_EQ(0, screen_end(screen));
}

TEST_HARNESS_MAIN
