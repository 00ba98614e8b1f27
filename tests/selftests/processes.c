// SPDX-License-Identifier: GPL-2.0
/*
 * processes.c - the sum of rows equals the kernel's own figures for processes that live for a
 * moment: forks by the thousand, vfork, posix_spawn, processes that share their memory.
 */
#define SUITE_PARAMS "keep_exited=4000"
#include "suite.h"

#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>

#define KIDS 1000

struct kids {
	int nr, at_once;
	struct kid kid[KIDS];
};

static int fork_many(void *arg)
{
	struct kids *kids = arg;
	pid_t pids[KIDS];
	char *p = map_anon(16);
	int i, done = 0;

	if (!p)
		return 1;
	touch_write(p, 16);
	for (i = 0; i < kids->nr; i++) {
		pids[i] = kid_fork();
		if (pids[i] < 0)
			return 1;
		if (!pids[i]) {
			touch_write(p, (size_t)(i % 16) + 1);
			_exit(0);
		}
		if (i - done >= kids->at_once) {
			if (kid_wait(&kids->kid[done], pids[done]))
				return 1;
			done++;
		}
	}
	for (; done < kids->nr; done++)
		if (kid_wait(&kids->kid[done], pids[done]))
			return 1;
	return 0;
}

TEST_F(loaded, a_thousand_short_forks_are_exact)
{
	struct kids *kids = shared_alloc(sizeof(*kids));

	kids->nr = scaled(KIDS);
	kids->at_once = 8;
	RUN_EXACT(fork_many, kids);
	EXPECT_EQ(0, kids_compare_now(kids->kid, kids->nr));
}

static int fork_chain(void *arg)
{
	struct kids *kids = arg;
	char *p = map_anon(16);
	int depth;

	for (depth = 0; depth < kids->nr; depth++) {
		pid_t pid = kid_fork();
		int status;

		if (pid < 0)
			return 1;
		touch_write(p, 16);
		if (pid)
			return waitpid(pid, &status, 0) != pid || status;
		kids->kid[depth].pid = getpid();
	}
	return 0;
}

/* A child of a child of a child, each with a parent at its birth that the row names. */
TEST_F(loaded, forks_of_forks_are_exact)
{
	struct kids *kids = shared_alloc(sizeof(*kids));
	struct workload w;
	struct snapshot s;
	int i;

	kids->nr = 20;
	w = RUN_EXACT(fork_chain, kids);
	ASSERT_EQ(0, snapshot_take(&s, FAULTS_PROC));
	for (i = 0; i < kids->nr; i++) {
		pid_t parent = i ? kids->kid[i - 1].pid : w.pid;
		struct counts sum;
		size_t row;

		ASSERT_LT(0, snapshot_sum_pid(&s, kids->kid[i].pid, &sum));
		EXPECT_LE(16, sum.minor);
		for (row = 0; row < s.nr_rows; row++)
			if (s.rows[row].pid == kids->kid[i].pid) {
				EXPECT_EQ(parent, s.rows[row].ppid);
			}
	}
	snapshot_free(&s);
}

static char *work_path(void)
{
	static char path[600];

	snprintf(path, sizeof(path), "%s/work", suite_dir());
	return path;
}

static int vfork_many(void *arg)
{
	struct kids *kids = arg;
	static char *path;
	static int i;

	path = work_path();
	for (i = 0; i < kids->nr; i++) {
		pid_t pid = vfork();

		if (pid < 0)
			return 1;
		if (!pid) {
			execl(path, "work", "touch", "20", (char *)NULL);
			_exit(127);
		}
		if (kid_wait(&kids->kid[i], pid))
			return 1;
	}
	return 0;
}

/* Until it execs, the child faults in its parent's memory: its faults, not its parent's. */
TEST_F(loaded, vfork_and_exec_are_exact)
{
	struct kids *kids = shared_alloc(sizeof(*kids));

	kids->nr = scaled(100);
	RUN_EXACT(vfork_many, kids);
	EXPECT_EQ(0, kids_compare_now(kids->kid, kids->nr));
}

static int spawn_many(void *arg)
{
	char *argv[] = { (char *)"work", (char *)"touch", (char *)"20", NULL };
	struct kids *kids = arg;
	int i;

	for (i = 0; i < kids->nr; i++) {
		pid_t pid;

		if (posix_spawn(&pid, work_path(), NULL, NULL, argv, environ) ||
		    kid_wait(&kids->kid[i], pid))
			return 1;
	}
	return 0;
}

TEST_F(loaded, posix_spawn_is_exact)
{
	struct kids *kids = shared_alloc(sizeof(*kids));

	kids->nr = scaled(100);
	RUN_EXACT(spawn_many, kids);
	EXPECT_EQ(0, kids_compare_now(kids->kid, kids->nr));
}

struct sharer {
	char *p;
	char stack[64 << 10] __attribute__((aligned(16)));
};

#define SHARED_PAGES 200ul

static int sharer_main(void *arg)
{
	struct sharer *s = arg;

	touch_scattered(s->p, 128, 9, true);
	return 0;
}

static int share_memory(void *arg)
{
	struct kids *kids = arg;
	int i;

	for (i = 0; i < kids->nr; i++) {
		struct sharer *s = malloc(sizeof(*s));
		pid_t pid;

		if (!s)
			return 1;
		s->p = map_anon(SHARED_PAGES);
		pid = clone(sharer_main, s->stack + sizeof(s->stack), CLONE_VM | SIGCHLD, s);
		if (pid < 0)
			return 1;
		touch_scattered(s->p, 128, 5, true);
		if (kid_wait(&kids->kid[i], pid))
			return 1;
	}
	return 0;
}

/* Two processes in one memory map race for the same pages: who faulted has the fault. */
TEST_F(loaded, processes_that_share_memory_are_told_apart)
{
	struct kids *kids = shared_alloc(sizeof(*kids));

	kids->nr = scaled(100);
	RUN_EXACT(share_memory, kids);
	EXPECT_EQ(0, kids_compare_now(kids->kid, kids->nr));
}

static int thread_nothing(void *arg, int nr)
{
	touch_write((char *)arg + (size_t)nr * PAGE, 1);
	return 0;
}

static int thread_many(void *arg)
{
	char *p = map_anon(32);
	int i, ret = 0;

	for (i = 0; p && i < *(int *)arg && !ret; i++)
		ret = threads_run(16, thread_nothing, p, false);
	return !p || ret;
}

/* What an ended thread took stays with its process. */
TEST_F(loaded, a_thousand_short_threads_are_exact)
{
	int rounds = scaled(64);
	struct workload w = RUN_EXACT(thread_many, &rounds);

	EXPECT_LE(16, w.minor);
}

static int fork_by_threads_child(void *arg, int nr)
{
	struct kids *kids = arg;
	int i, each = kids->nr / 4;

	for (i = nr * each; i < (nr + 1) * each; i++) {
		pid_t pid = fork();

		if (pid < 0)
			return 1;
		if (!pid) {
			char *p = map_anon(16);

			touch_write(p, 16);
			_exit(0);
		}
		if (kid_wait(&kids->kid[i], pid))
			return 1;
	}
	return 0;
}

static int fork_by_threads(void *arg)
{
	return threads_run(4, fork_by_threads_child, arg, false);
}

TEST_F(loaded, forks_by_four_threads_at_once_are_exact)
{
	struct kids *kids = shared_alloc(sizeof(*kids));

	kids->nr = scaled(200) / 4 * 4;
	RUN_EXACT(fork_by_threads, kids);
	EXPECT_EQ(0, kids_compare_now(kids->kid, kids->nr));
}

TEST_HARNESS_MAIN
