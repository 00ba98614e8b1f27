// SPDX-License-Identifier: GPL-2.0
/*
 * holds.c - no lock that a hook takes is held for long, by whomever, and preemption is never off
 * for long, however much there is: of processes, rows, names, CPUs. Runs where instructions are
 * counted, with a build of the module that measures (make module HOLDS=1), on one CPU of 512 that
 * are possible.
 *
 * Each test drives what could take long; what took longest in it is printed with its place and held
 * against bars.txt.
 */
#include "suite.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bars.h"
#include "crowd.h"
#include "files.h"
#include "heatfile.h"

#define MODULE_KO	"/holds/faultstat.ko"
#define HOLDS		"/sys/kernel/debug/faultstat-holds"

FIXTURE(held)
{
	int unused;
};

FIXTURE_SETUP(held)
{
	/* Each test loads with bounds of its own. */
	setenv("FAULTSTAT_KO", MODULE_KO, 1);
}

/* Prints the longest of a kind, and all that are over the bar. -1 where there is none. */
static long long longest_of(const char *wanted, long long limit)
{
	char line[256], kind[16], place[64], function[64], longest[256] = "";
	FILE *holds = fopen(HOLDS, "r");
	long long ticks, count, most = -1;

	while (holds && fgets(line, sizeof(line), holds)) {
		if (sscanf(line, "%15s %lld %lld %63s %63s", kind, &ticks, &count, place,
			   function) != 5 || strcmp(kind, wanted) || !count)
			continue;
		if (ticks > limit)
			note("over the bar: %s of %lld at %s, %s(), one of %lld", kind, ticks,
			     place, function, count);
		if (ticks <= most)
			continue;
		most = ticks;
		snprintf(longest, sizeof(longest), "%lld at %s, %s()", ticks, place, function);
	}
	if (holds)
		fclose(holds);
	note("longest %s %s", wanted, longest);
	return most;
}

/* Both kinds must have been seen: a build that measures nothing would pass. */
static void holds_check(struct __test_metadata *_metadata)
{
	static const char * const kinds[] = { "hold", "stretch" };
	int i;

	for (i = 0; i < 2; i++) {
		long long limit = bar_limit(kinds[i]), most = longest_of(kinds[i], limit);

		EXPECT_LT(0, most);
		EXPECT_GE(limit, most);
	}
}

FIXTURE_TEARDOWN(held)
{
	struct snapshot s;

	workload_kill_all();
	/* What a reader holds counts too. */
	EXPECT_EQ(0, snapshot_take(&s, FAULTS_PROC));
	snapshot_free(&s);
	holds_check(_metadata);
	/* Tasks that had no room may have missed counts. */
	loaded_end(_metadata, true, 0);
}

static int touch_files(const char *what, int from, int nr)
{
	char path[256];
	int i;

	for (i = from; i < from + nr; i++) {
		file_name_nr(path, sizeof(path), what, i);
		if (file_touch(path, 1))
			return 1;
	}
	return 0;
}

/* Of a process's rows only a few are not of files: eight of these and all 16,384 are in use. */
#define CROWD		1500
#define CROWD_FILES	12

static int touch_twelve(void *arg, int nr)
{
	(void)arg;
	return touch_files("crowd", nr % 100 * CROWD_FILES, CROWD_FILES);
}

TEST_F(held, full_table_of_many_processes)
{
	struct crowd crowd;
	struct snapshot s;
	int fd, i;
	char c;

	ASSERT_EQ(0, module_load("keep_exited=1000 max_rows=16384 max_tasks=8192"));
	ASSERT_EQ(0, crowd_start(&crowd, CROWD, touch_twelve, NULL));
	ASSERT_EQ(0, snapshot_take(&s, FAULTS_PROC));
	EXPECT_LE(16000, s.nr_rows);
	snapshot_free(&s);
	EXPECT_EQ(0, param_set("reset", "1"));
	fd = open("/proc/faultstat/heat", O_RDONLY);
	while (fd >= 0 && read(fd, &c, 1) == 1)
		continue;
	close(fd);
	EXPECT_EQ(0, param_set("keep_exited", "10000"));
	/* Rows go cold, and a second look has them leave. */
	for (i = 0; i < 3; i++) {
		EXPECT_EQ(0, touch_files("cold", i * 100, 100));
		sleep(2);
	}
	EXPECT_EQ(0, crowd_end(&crowd));
	EXPECT_EQ(0, param_set("keep_exited", "0"));
	sleep(2);
	EXPECT_EQ(0, param_set("reset", "1"));
	files_remove("crowd", 100 * CROWD_FILES);
	files_remove("cold", 300);
}

#define SHORT_LIVED	1500

struct short_lived {
	bool named;	/* each another comm */
	bool apart;	/* each other files */
};

static int short_lived(void *arg)
{
	const struct short_lived *how = arg;
	int i;

	for (i = 0; i < SHORT_LIVED; i++) {
		pid_t pid = fork();
		char comm[16];
		int status;

		if (pid < 0)
			return 1;
		if (!pid) {
			snprintf(comm, sizeof(comm), "short%d", i);
			if (how->named)
				prctl(PR_SET_NAME, comm);
			_exit(touch_files("short", how->apart ? i % 100 * 8 : 0, 8));
		}
		if (waitpid(pid, &status, 0) != pid || status)
			return 2;
	}
	return 0;
}

static void live_short(struct __test_metadata *_metadata, struct short_lived how,
		       const char *params)
{
	struct workload w = { .missed = -1 };
	struct snapshot s;

	ASSERT_EQ(0, module_load(params));
	ASSERT_EQ(0, workload_start(&w, short_lived, &how));
	ASSERT_EQ(0, workload_wait(&w));
	sleep(1);
	ASSERT_EQ(0, snapshot_take(&s, FAULTS_PROC));
	EXPECT_LE(SHORT_LIVED / 2, snapshot_value(&s, "table", "folded"));
	snapshot_free(&s);
	files_remove("short", 100 * 8);
}

TEST_F(held, folding_many_processes_of_one_comm)
{
	live_short(_metadata, (struct short_lived){ .apart = true }, "keep_exited=500");
}

TEST_F(held, folding_many_comms)
{
	live_short(_metadata, (struct short_lived){ .named = true }, "keep_exited=500");
}

TEST_F(held, folding_in_a_table_that_is_too_small)
{
	live_short(_metadata, (struct short_lived){ .named = true, .apart = true },
		   "keep_exited=50 max_rows=256");
}

/* A name of the length that a name may have, with its number in it. */
static void long_name(char *name, size_t length, int nr)
{
	memset(name, 'n', length);
	name[length] = '\0';
	memcpy(name, "/dev/shm/", 9);
	snprintf(name + length - 8, 9, "%08d", nr % 100000000);
}

static int touch_named(void *arg)
{
	int nr = *(int *)arg, i;

	for (i = 0; i < nr; i++) {
		char path[300];

		/* All lengths of a component: all sizes of names. */
		long_name(path, 20 + i * 7 % 230, i);
		if (file_touch(path, 1))
			return 1;
		unlink(path);
	}
	return 0;
}

TEST_F(held, many_names)
{
	struct workload w = { .missed = -1 };
	int nr = 12000;

	ASSERT_EQ(0, module_load("max_rows=16384"));
	ASSERT_EQ(0, workload_start(&w, touch_named, &nr));
	ASSERT_EQ(0, workload_wait(&w));
	EXPECT_EQ(0, w.status);
	sleep(1);
}

/* A chain of directories below /dev/shm; in the last of them files are touched. */
struct tree {
	int depth;
	int length;	/* of each name */
	bool whole;	/* whether its path is shown so */
};

#define DEEP_FILES 10

static int touch_deep(void *arg)
{
	const struct tree *tree = arg;
	char name[256], file[16];
	int i;

	memset(name, 'd', tree->length);
	name[tree->length] = '\0';
	if (chdir("/dev/shm"))
		return 1;
	for (i = 0; i < tree->depth; i++)
		if ((mkdir(name, 0755) && access(name, F_OK)) || chdir(name))
			return 2;
	for (i = 0; i < DEEP_FILES; i++) {
		snprintf(file, sizeof(file), "file%d", i);
		if (file_touch(file, 1) || unlink(file))
			return 3;
	}
	for (i = 0; i < tree->depth; i++)
		if (chdir("..") || rmdir(name))
			return 4;
	return 0;
}

static void deep(struct __test_metadata *_metadata, struct tree tree)
{
	struct workload w = { .missed = -1 };
	struct snapshot s;
	int files = 0;
	size_t i;

	ASSERT_EQ(0, module_load(""));
	ASSERT_EQ(0, workload_start(&w, touch_deep, &tree));
	ASSERT_EQ(0, workload_wait(&w));
	EXPECT_EQ(0, w.status);
	ASSERT_EQ(0, snapshot_take(&s, FAULTS_PROC));
	for (i = 0; i < s.nr_rows; i++) {
		const char *object = s.rows[i].object;

		if (!strstr(object, "/file"))
			continue;
		files++;
		EXPECT_EQ(0, strncmp(object, tree.whole ? "/dev/shm/d" : ".../d", 5));
	}
	EXPECT_EQ(DEEP_FILES, files);
	snapshot_free(&s);
}

TEST_F(held, path_of_4000_bytes_in_long_names)
{
	deep(_metadata, (struct tree){ .depth = 15, .length = 254, .whole = true });
}

TEST_F(held, path_of_a_thousand_directories)
{
	deep(_metadata, (struct tree){ .depth = 1000, .length = 3 });
}

TEST_F(held, path_of_two_thousand_directories)
{
	deep(_metadata, (struct tree){ .depth = 2000, .length = 1 });
}

/* As many ids as a list may have, of processes that there are and that there are not. */
static void many_pids(char *text, size_t size, const struct crowd *crowd)
{
	size_t at = 0;
	int i;

	for (i = 0; i < 64; i++)
		at += snprintf(text + at, size - at, "%s%d", i ? "," : "",
			       i < crowd->nr ? crowd->kids[i].pid : 100000 + i);
}

static int touch_some_files(void *arg, int nr)
{
	char path[64];

	(void)arg;
	file_name_nr(path, sizeof(path), "heat", nr);
	return touch_files("few", 0, 4) || file_touch(path, 600);
}

#define REQUESTS 16	/* as many open files may ask */

TEST_F(held, heat_asked_for_by_many_with_64_pids_each)
{
	struct crowd crowd, later;
	int fds[REQUESTS], i;
	char pids[64 * 8];

	ASSERT_EQ(0, module_load("heat_pid=1"));
	ASSERT_EQ(0, crowd_start(&crowd, 64, touch_some_files, NULL));
	many_pids(pids, sizeof(pids), &crowd);
	EXPECT_EQ(0, param_set("heat_pid", pids));
	for (i = 0; i < REQUESTS; i++) {
		fds[i] = open("/proc/faultstat/heat", O_RDWR);
		ASSERT_LE(0, fds[i]);
		ASSERT_EQ((ssize_t)strlen(pids), write(fds[i], pids, strlen(pids)));
	}
	i = open("/proc/faultstat/heat", O_WRONLY);
	EXPECT_EQ(-1, write(i, pids, strlen(pids)));
	EXPECT_EQ(EBUSY, errno);
	close(i);
	ASSERT_EQ(0, crowd_start(&later, 60, touch_some_files, NULL));
	EXPECT_EQ(0, param_set("heat_pid", "all"));
	EXPECT_EQ(0, crowd_end(&later));
	EXPECT_EQ(0, param_set("reset", "1"));
	EXPECT_EQ(0, crowd_end(&crowd));
	EXPECT_EQ(0, param_set("heat_pid", ""));
	for (i = 0; i < REQUESTS; i++)
		close(fds[i]);
	files_remove("heat", 64);
	files_remove("few", 4);
}

TEST_F(held, sixty_four_processes_selected)
{
	struct crowd crowd, later;
	char pids[64 * 8];

	ASSERT_EQ(0, module_load(""));
	ASSERT_EQ(0, crowd_start(&crowd, 64, touch_some_files, NULL));
	many_pids(pids, sizeof(pids), &crowd);
	EXPECT_EQ(0, param_set("pid", pids));
	ASSERT_EQ(0, crowd_start(&later, 60, touch_some_files, NULL));
	EXPECT_EQ(0, crowd_end(&later));
	EXPECT_EQ(0, param_set("pid", ""));
	EXPECT_EQ(0, crowd_end(&crowd));
	files_remove("heat", 64);
	files_remove("few", 4);
}

static int touch_shared(void *arg)
{
	int i;

	(void)arg;
	for (i = 0; i < 200; i++) {
		char *p = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
			       -1, 0);

		if (p == MAP_FAILED)
			return 1;
		touch_write(p, 2);
	}
	return touch_files("shared", 0, 100);
}

TEST_F(held, many_mappings_of_shared_memory)
{
	struct workload w = { .missed = -1 };

	ASSERT_EQ(0, module_load(""));
	ASSERT_EQ(0, workload_start(&w, touch_shared, NULL));
	ASSERT_EQ(0, workload_wait(&w));
	EXPECT_EQ(0, w.status);
	files_remove("shared", 100);
}

TEST_F(held, no_task_state_left)
{
	struct crowd crowd;

	ASSERT_EQ(0, module_load("max_tasks=64"));
	ASSERT_EQ(0, crowd_start(&crowd, 300, touch_twelve, NULL));
	EXPECT_EQ(0, crowd_end(&crowd));
	files_remove("crowd", 100 * CROWD_FILES);
}

static int exec_often(void *arg)
{
	int i;

	(void)arg;
	for (i = 0; i < 300; i++) {
		pid_t pid = fork();
		int status;

		if (pid < 0)
			return 1;
		if (!pid) {
			execl("/bin/true", "true", NULL);
			_exit(127);
		}
		if (waitpid(pid, &status, 0) != pid || status)
			return 2;
	}
	return 0;
}

TEST_F(held, many_execs_counted_by_a_kprobe)
{
	struct workload w = { .missed = -1 };

	ASSERT_EQ(0, module_load("attach=kprobe keep_exited=20"));
	ASSERT_EQ(0, workload_start(&w, exec_often, NULL));
	ASSERT_EQ(0, workload_wait(&w));
	EXPECT_EQ(0, w.status);
	EXPECT_EQ(0, param_set("enabled", "0"));
	EXPECT_EQ(0, param_set("enabled", "1"));
}

TEST_HARNESS_MAIN
