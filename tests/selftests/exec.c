// SPDX-License-Identifier: GPL-2.0
/*
 * exec.c - the sum of rows, of all programs that a process became, equals the kernel's own
 * figures, which survive exec: chains, exec by other threads, leaders that are gone.
 */
#include "suite.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>

#include "work32.h"

static char *work_path(void)
{
	static char path[600];

	snprintf(path, sizeof(path), "%s/work", suite_dir());
	return path;
}

struct command {
	const char *argv[24];
};

static int run_command(void *arg)
{
	struct command *c = arg;

	execv(work_path(), (char **)c->argv);
	return 127;
}

static size_t generations(const struct snapshot *s, pid_t pid, const char *state)
{
	long long ids[64];
	size_t i, j, nr = 0;

	for (i = 0; i < s->nr_rows; i++) {
		if (s->rows[i].pid != pid || (state && strcmp(s->rows[i].state, state)))
			continue;
		for (j = 0; j < nr && ids[j] != s->rows[i].id; j++)
			;
		if (j == nr && nr < 64)
			ids[nr++] = s->rows[i].id;
	}
	return nr;
}

/* Every exec begins a process with an id of its own; the ones before are in state exec. */
TEST_F(loaded, five_programs_in_turn_add_up_to_one_rusage)
{
	struct command c = { { "work", "touch", "100", "exec", "touch", "200", "exec", "touch",
			       "300", "exec", "touch", "400", "exec", "touch", "500", NULL } };
	struct workload w = RUN_EXACT(run_command, &c);
	struct snapshot s;

	EXPECT_LE(1500, w.minor);
	ASSERT_EQ(0, snapshot_take(&s, FAULTS_PROC));
	EXPECT_EQ(6, generations(&s, w.pid, NULL)) {
		snapshot_print(&s, w.pid);
	}
	EXPECT_EQ(5, generations(&s, w.pid, "exec"));
	EXPECT_EQ(1, generations(&s, w.pid, "exited"));
	snapshot_free(&s);
}

TEST_F(loaded, exec_by_a_thread_is_exact)
{
	struct command c = { { "work", "touch", "100", "thread-exec", "touch", "200",
			       "thread-exec", "touch", "300", "thread-exec", "threads", "4", "50",
			       NULL } };
	struct workload w = RUN_EXACT(run_command, &c);

	EXPECT_LE(800, w.minor);
}

TEST_F(loaded, leader_that_exits_first_loses_no_count)
{
	struct command c = { { "work", "touch", "100", "leader-exits", "touch", "200", "threads",
			       "4", "50", NULL } };
	struct workload w = RUN_EXACT(run_command, &c);

	EXPECT_LE(500, w.minor);
}

TEST_F(loaded, exec_by_a_thread_whose_leader_has_exited_is_exact)
{
	struct command c = { { "work", "touch", "100", "leader-exits", "touch", "200", "exec",
			       "touch", "300", "leader-exits", "thread-exec", "touch", "400",
			       NULL } };
	struct workload w = RUN_EXACT(run_command, &c);

	EXPECT_LE(1000, w.minor);
}

/* A process that becomes a 32-bit program: its regions have their names as ever. */
TEST_F(loaded, a_32_bit_program_is_exact)
{
	static const char * const regions[] = { "[heap]", "[stack]", "[anon]" };
	int *error = shared_alloc(sizeof(*error));
	struct workload w = { 0 };
	struct snapshot s;
	size_t i;

	ASSERT_NE(NULL, error);
	EXPECT_EQ(0, workload_run(&w, run_work32, error));
	if (*error == ENOEXEC)
		SKIP_TEST("the kernel runs no 32-bit programs");
	EXPECT_EQ(0, w.status);
	EXPECT_LE(3 * WORK32_PAGES, w.minor);
	ASSERT_EQ(0, snapshot_take(&s, FAULTS_PROC));
	for (i = 0; i < 3; i++) {
		struct counts sum;

		EXPECT_LE(1, snapshot_sum_object(&s, w.pid, regions[i], &sum));
		EXPECT_LE(WORK32_PAGES, sum.minor) {
			snapshot_print(&s, w.pid);
		}
	}
	snapshot_free(&s);
}

#define BIG_ARGS	15
#define BIG_ARG		(100ul << 10)

static int exec_with_big_arguments(void *arg)
{
	char *argv[BIG_ARGS + 6], *big = malloc(BIG_ARG);
	int i;

	(void)arg;
	if (!big)
		return 1;
	memset(big, 'a', BIG_ARG - 1);
	big[BIG_ARG - 1] = '\0';
	argv[0] = (char *)"work";
	argv[1] = (char *)"touch";
	argv[2] = (char *)"100";
	/* For a file that is not there: it fails without reading on. */
	argv[3] = (char *)"wait";
	for (i = 4; i < BIG_ARGS + 4; i++)
		argv[i] = big;
	argv[i] = NULL;
	execv(work_path(), argv);
	return 127;
}

/* The arguments are copied through a memory map that is not yet the process's. */
TEST_F(loaded, large_arguments_count_for_the_one_who_calls_exec)
{
	struct workload w = { 0 };

	ASSERT_EQ(0, workload_start(&w, exec_with_big_arguments, NULL));
	/* The new program complains, with exit code 1, of arguments it cannot make sense of. */
	EXPECT_EQ(-1, workload_finish(&w));
	EXPECT_EQ(1, w.status);
	EXPECT_EQ(w.minor, w.rows.minor);
	EXPECT_EQ(w.major, w.rows.major);
	EXPECT_LE((long long)(BIG_ARGS * BIG_ARG / PAGE), w.rows.from_gup);
}

static int exec_that_fails(void *arg)
{
	char *argv[] = { (char *)"none", NULL };
	char *p = map_anon(100);
	int i;

	if (!p)
		return 1;
	for (i = 0; i < 20; i++) {
		execv("/nonexistent", argv);
		execv(arg, argv);	/* not a program: fails after the arguments were copied */
		touch_write(p + (size_t)i * PAGE, 1);
	}
	return 0;
}

/* A failed exec is no exec: the same process, the same id. */
TEST_F(loaded, exec_that_fails_leaves_the_process_what_it_was)
{
	static char path[] = "/tmp/not-a-program";
	struct workload w;
	struct snapshot s;

	ASSERT_EQ(0, file_make(path, 1));
	ASSERT_EQ(0, chmod(path, 0755));
	w = RUN_EXACT(exec_that_fails, path);
	unlink(path);
	ASSERT_EQ(0, snapshot_take(&s, FAULTS_PROC));
	EXPECT_EQ(1, generations(&s, w.pid, NULL)) {
		snapshot_print(&s, w.pid);
	}
	snapshot_free(&s);
}

static int exec_script(void *arg)
{
	execl(arg, arg, (char *)NULL);
	return 127;
}

TEST_F(loaded, a_script_is_exact)
{
	static char path[] = "/tmp/script";
	char text[700];
	struct workload w;

	snprintf(text, sizeof(text), "#!%s threads\n", work_path());
	ASSERT_EQ(0, file_make_empty(path, 0));
	ASSERT_EQ(0, file_write(path, text));
	ASSERT_EQ(0, chmod(path, 0755));
	memset(&w, 0, sizeof(w));
	ASSERT_EQ(0, workload_start(&w, exec_script, path));
	/* "work threads /tmp/script" lacks an argument, which is exit code 1. */
	EXPECT_EQ(-1, workload_finish(&w));
	EXPECT_EQ(1, w.status);
	EXPECT_EQ(w.minor, w.rows.minor);
	EXPECT_EQ(w.major, w.rows.major);
	unlink(path);
}

static void *touch_until_exec(void *arg)
{
	char *p = arg;

	for (;;) {
		touch_write(p, 64);
		if (madvise(p, 64 * PAGE, MADV_DONTNEED))
			return NULL;
	}
}

static int exec_under_threads(void *arg)
{
	pthread_t threads[4];
	size_t i;

	for (i = 0; i < 4; i++) {
		char *p = map_anon(64);

		if (!p || pthread_create(&threads[i], NULL, touch_until_exec, p))
			return 1;
	}
	return run_command(arg);
}

/* Exec kills the other threads in the middle of their faults. */
TEST_F(loaded, exec_while_other_threads_fault_is_exact)
{
	struct command c = { { "work", "touch", "100", NULL } };
	int i;

	for (i = 0; i < scaled(20); i++)
		RUN_EXACT(exec_under_threads, &c);
}

static int exit_under_threads(void *arg)
{
	pthread_t thread;
	size_t i;

	for (i = 0; i < 4; i++) {
		char *p = map_anon(64);

		if (!p || pthread_create(&thread, NULL, touch_until_exec, p))
			return 1;
	}
	touch_write(arg, 100);
	return 0;
}

TEST_F(loaded, exit_while_other_threads_fault_is_exact)
{
	char *p = map_anon(100);
	int i;

	for (i = 0; i < scaled(20); i++)
		RUN_EXACT(exit_under_threads, p);
}

TEST_HARNESS_MAIN
