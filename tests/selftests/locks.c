// SPDX-License-Identifier: GPL-2.0
/*
 * locks.c - how often a process takes a lock of the module that all CPUs share: seldom, from its
 * birth to the folding of its rows. Counted by the kernel, built with CONFIG_LOCK_STAT. Each lock
 * of the module has to be known here, and whether it is shared.
 */
#include "suite.h"

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bars.h"

#define LOCK_STAT	"/proc/lock_stat"
#define CLASSES		128

/* By the names that the kernel gives them: of the source where they are initialised. */
static const struct {
	const char *name;
	const char *what;
	bool shared;
} known[] = {
	{ "&fs_task_index.shards", "a shard of the tasks", false },
	{ "&fs_table.process_shards", "a shard of the processes", false },
	{ "&fs_table.row_shards", "a shard of the rows", false },
	{ "&shards", "a shard of the names", false },
	{ "&process->lock", "a process", false },
	{ "&some->lock", "a CPU's magazines", false },
	{ "&pools[id].depots[node].lock", "a depot of a node", true },
	{ "&heat->lock", "a row's heat", false },
	{ "fs_table.rows_sem", "rows_sem", true },
	{ "fold_mutex", "fold_mutex", true },
	{ "ring_mutex", "ring_mutex", true },
	{ "work_lock", "work_lock", true },
	{ "epoch_lock", "epoch_lock", true },
	{ "selection_lock", "selection_lock", true },
	{ "fs_heat_requests.lock", "who asks for heat", true },
	{ "fs_heat_requests.mutex", "who changes that", true },
	{ "fs_stack_requests.lock", "who asks for stacks", true },
	{ "fs_stack_requests.mutex", "who changes that", true },
	{ "&fs_stack_table.shards", "a shard of the stacks", false },
	{ "fs_stack_table.lock", "the spare stacks", true },
	{ "images_lock", "images_lock", true },
	{ "watch_mutex", "watch_mutex", true },
	{ "marks_mutex", "marks_mutex", true },
	{ "control_lock", "control_lock", true },
};

#define KNOWN ((int)ARRAY_SIZE(known))

struct class {
	char name[64];
	long long taken;
};

struct lock_stat {
	struct class of[2048];
	int nr;
};

/* "    NAME:  con-bounces contentions, 4 times, acq-bounces acquisitions ..." */
static int lock_stat_read(struct lock_stat *stat)
{
	static char line[1024];
	FILE *file = fopen(LOCK_STAT, "r");

	stat->nr = 0;
	while (file && fgets(line, sizeof(line), file)) {
		char *colon = strrchr(line, ':'), *name = line, *at;
		long long taken;

		if (!colon || sscanf(colon + 1, "%*d %*d %*f %*f %*f %*f %*d %lld", &taken) != 1)
			continue;
		*colon = '\0';
		name += strspn(name, " ");
		if (stat->nr == 2048) {
			note("more than %d classes of locks", stat->nr);
			break;
		}
		snprintf(stat->of[stat->nr].name, sizeof(stat->of[0].name), "%s", name);
		/* Another class of the same name, another subclass; for reading, for writing. */
		at = stat->of[stat->nr].name;
		at[strcspn(at, "#/")] = '\0';
		if (strlen(at) > 2 && (!strcmp(at + strlen(at) - 2, "-R") ||
				       !strcmp(at + strlen(at) - 2, "-W")))
			at[strlen(at) - 2] = '\0';
		stat->of[stat->nr++].taken = taken;
	}
	if (file)
		fclose(file);
	return stat->nr ? 0 : -1;
}

static long long taken_of(const struct lock_stat *stat, const char *name, int *classes)
{
	long long taken = 0;
	int i;

	*classes = 0;
	for (i = 0; i < stat->nr; i++) {
		if (strcmp(stat->of[i].name, name))
			continue;
		taken += stat->of[i].taken;
		++*classes;
	}
	return taken;
}

#define LOOPS		2	/* one on each CPU */
#define PROCESSES	1000	/* of each loop */
#define OBJECTS		20
#define PAGES_EACH	10

static char paths[OBJECTS][32];

static int files_make(void)
{
	int i;

	for (i = 0; i < OBJECTS; i++) {
		snprintf(paths[i], sizeof(paths[i]), "/dev/shm/locks.%d", i);
		if (file_make(paths[i], PAGES_EACH))
			return -1;
	}
	return 0;
}

static void files_remove(void)
{
	int i;

	for (i = 0; i < OBJECTS; i++)
		unlink(paths[i]);
}

/* 60 faults on six objects: five files and anonymous memory. */
static int touch_six(char **maps)
{
	int i;

	for (i = 0; i < 6; i++)
		touch_write(maps[i], PAGES_EACH);
	return 0;
}

static int forks(void)
{
	char *maps[6];
	int i;

	for (i = 0; i < 6; i++) {
		maps[i] = i ? map_file(paths[i], PAGES_EACH, PROT_READ | PROT_WRITE, MAP_PRIVATE) :
			  map_anon(PAGES_EACH);
		if (!maps[i])
			return 1;
	}
	for (i = 0; i < PROCESSES; i++) {
		pid_t pid = fork();
		int status;

		if (pid < 0)
			return 2;
		if (!pid)
			_exit(touch_six(maps));
		if (waitpid(pid, &status, 0) != pid || status)
			return 3;
	}
	return 0;
}

static int execs(void)
{
	char *args[2 + 3 * OBJECTS];
	int i;

	args[0] = "work";
	for (i = 0; i < OBJECTS; i++) {
		args[1 + 3 * i] = "read";
		args[2 + 3 * i] = paths[i];
		args[3 + 3 * i] = "1";
	}
	args[1 + 3 * OBJECTS] = NULL;
	for (i = 0; i < PROCESSES; i++) {
		pid_t pid = fork();
		int status;

		if (pid < 0)
			return 2;
		if (!pid) {
			execv("/tests/work", args);
			_exit(127);
		}
		if (waitpid(pid, &status, 0) != pid || status)
			return 3;
	}
	return 0;
}

/* One loop on each CPU; 0 if all went well. */
static int loops_run(int (*loop)(void))
{
	int i, ret = 0;
	pid_t pids[LOOPS];

	fflush(NULL);
	for (i = 0; i < LOOPS; i++) {
		pids[i] = fork();
		if (!pids[i])
			_exit(run_on_cpu(i) ? 9 : loop());
	}
	for (i = 0; i < LOOPS; i++) {
		int status = -1;

		if (pids[i] < 0 || waitpid(pids[i], &status, 0) != pids[i] || status) {
			note("loop %d: wait status %#x", i, (unsigned int)status);
			ret = -1;
		}
	}
	/* What is due is folded a jiffy later. */
	sleep(1);
	return ret;
}

static void locks_count(struct __test_metadata *_metadata, int (*loop)(void), const char *figure)
{
	static struct lock_stat before, after;
	double all = 0, shared = 0;
	int i, classes;

	ASSERT_EQ(0, files_make());
	/* Until as many have ended as are kept, and reserves are what they will be. */
	ASSERT_EQ(0, param_set("keep_exited", "200"));
	ASSERT_EQ(0, loops_run(loop));
	ASSERT_EQ(0, lock_stat_read(&before));
	ASSERT_EQ(0, loops_run(loop));
	ASSERT_EQ(0, lock_stat_read(&after));
	files_remove();
	for (i = 0; i < KNOWN; i++) {
		double each = taken_of(&after, known[i].name, &classes);

		each = (each - taken_of(&before, known[i].name, &classes)) / (LOOPS * PROCESSES);
		all += each;
		shared += known[i].shared ? each : 0;
		if (each)
			note("locks %s %.2f %s%s", figure, each, known[i].what,
			     known[i].shared ? ", shared" : "");
	}
	note("locks %s %.2f in all, %.2f of them shared", figure, all, shared);
	/* That nothing was counted would be too little. */
	EXPECT_LT(5, all);
	EXPECT_GE(bar_limit(figure), shared);
}

TEST_F(loaded, fork_and_exit_take_few_shared_locks)
{
	locks_count(_metadata, forks, "locks-fork");
}

TEST_F(loaded, fork_exec_and_exit_take_few_shared_locks)
{
	locks_count(_metadata, execs, "locks-exec");
}

static bool is_known(const char *name)
{
	int i;

	for (i = 0; i < KNOWN; i++)
		if (!strcmp(known[i].name, name))
			return true;
	/* What lockdep follows of works and timers are no locks. */
	return name[0] == '(' || strstr(name, "work") || strstr(name, "timer");
}

/* The kernel forgets a module's classes when that goes. */
TEST_F(loaded, every_lock_of_the_module_is_known)
{
	static struct lock_stat with, without;
	int i, classes, forgotten = 0;

	ASSERT_EQ(0, param_set("heat_pid", "all"));
	ASSERT_EQ(0, param_set("stacks", "both"));
	ASSERT_EQ(0, param_set("stacks_pid", "all"));
	ASSERT_EQ(0, files_make());
	ASSERT_EQ(0, loops_run(forks));
	files_remove();
	ASSERT_EQ(0, lock_stat_read(&with));
	ASSERT_EQ(0, module_unload_soon());
	ASSERT_EQ(0, lock_stat_read(&without));
	for (i = 0; i < with.nr; i++) {
		int before;

		taken_of(&with, with.of[i].name, &before);
		taken_of(&without, with.of[i].name, &classes);
		if (before <= classes)
			continue;
		forgotten++;
		EXPECT_TRUE(is_known(with.of[i].name)) {
			note("no word in locks.c of %s", with.of[i].name);
		}
	}
	EXPECT_LT(10, forgotten);
}

TEST_HARNESS_MAIN
