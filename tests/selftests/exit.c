// SPDX-License-Identifier: GPL-2.0
/*
 * exit.c - the sum of rows equals the kernel's own figures, with the faults that the kernel takes
 * for a task while it exits: it walks the robust list and clears the thread id in user memory.
 * Both point into pages that the task never touched.
 */
#include "suite.h"

#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/syscall.h>

/* What the exiting task leaves for the test. */
struct last {
	long long minor;	/* its own faults just before exit, or -1 */
	struct kid kid;
};

/* The place to keep it in is touched before, or keeping it would be one more fault. */
static void keep_own_minor(struct last *last)
{
	struct rusage ru;

	memset(&ru, 0, sizeof(ru));
	last->minor = -1;
	if (!getrusage(RUSAGE_SELF, &ru))
		last->minor = ru.ru_minflt;
}

static int exit_with_robust_list(void *arg)
{
	struct last *last = arg;
	char *p = map_anon(1);

	if (!p || syscall(SYS_set_robust_list, p, sizeof(struct robust_list_head)))
		return 1;
	keep_own_minor(last);
	syscall(SYS_exit_group, 0);
	return 1;
}

TEST_F(loaded, robust_list_head_in_an_untouched_page_is_counted)
{
	struct last *last = shared_alloc(sizeof(*last));
	struct workload w = RUN_EXACT(exit_with_robust_list, last);

	EXPECT_EQ(last->minor + 1, w.minor);
}

#define ENTRIES 32

static int exit_with_robust_chain(void *arg)
{
	struct last *last = arg;
	struct robust_list_head *head;
	char *heads = map_anon(1), *locks = map_anon(ENTRIES);
	struct robust_list *at;
	int fd, i;

	if (!heads || !locks)
		return 1;
	head = (struct robust_list_head *)heads;
	memset(head, 0, sizeof(*head));
	head->futex_offset = 64;
	at = &head->list;
	for (i = 0; i < ENTRIES; i++) {
		at->next = (struct robust_list *)(locks + (size_t)i * PAGE);
		at = at->next;
		/* The lock says that this thread owns it. */
		*(unsigned int *)((char *)at + 64) = (unsigned int)syscall(SYS_gettid);
	}
	at->next = &head->list;
	if (syscall(SYS_set_robust_list, head, sizeof(*head)))
		return 1;
	/* A private copy of the pages' contents: after fork, each write at exit is a fault. */
	fd = (int)syscall(SYS_fork);
	if (fd < 0)
		return 1;
	if (!fd) {
		/* Lists are not inherited; the copies keep the parent's pages shared. */
		raise(SIGSTOP);
		_exit(0);
	}
	/* Stopped, it faults no more, neither now nor while the snapshot is made. */
	if (waitpid(fd, NULL, WUNTRACED) != fd)
		return 1;
	last->kid.pid = fd;
	keep_own_minor(last);
	syscall(SYS_exit_group, 0);
	return 1;
}

static bool has_ended(void *arg)
{
	const pid_t *pid = arg;
	char path[64], state = 'Z';
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/stat", *pid);
	f = fopen(path, "re");
	if (f) {
		if (fscanf(f, "%*d (%*[^)]) %c", &state) != 1)
			state = 'Z';
		fclose(f);
	}
	return state == 'Z' || state == 'X';
}

/* Every lock the task still owned is marked, in a page that is copied on write for it. */
TEST_F(loaded, robust_locks_in_pages_shared_since_fork_are_counted)
{
	struct last *last = shared_alloc(sizeof(*last));
	struct workload w = RUN_EXACT(exit_with_robust_chain, last);

	EXPECT_LE(last->minor + ENTRIES, w.minor);
	kill(last->kid.pid, SIGKILL);
	/* It faults on its way, which a snapshot is not to come between. */
	EXPECT_TRUE(wait_until(has_ended, &last->kid.pid, 20000));
}

struct clear {
	struct last *last;
	char *tid_page;
	char stack[64 << 10] __attribute__((aligned(16)));
};

static int exit_at_once(void *arg)
{
	struct clear *c = arg;

	keep_own_minor(c->last);
	syscall(SYS_exit_group, 0);
	return 1;
}

static int clear_tid_of_process(void *arg)
{
	struct clear *c = malloc(sizeof(*c));
	pid_t pid;

	if (!c)
		return 1;
	c->last = arg;
	c->tid_page = map_anon(1);
	pid = clone(exit_at_once, c->stack + sizeof(c->stack),
		    CLONE_VM | CLONE_CHILD_CLEARTID | SIGCHLD, c, NULL, NULL, c->tid_page);
	return !c->tid_page || pid < 0 || kid_wait(&c->last->kid, pid);
}

TEST_F(loaded, clear_child_tid_in_an_untouched_page_is_counted)
{
	struct last *last = shared_alloc(sizeof(*last));

	RUN_EXACT(clear_tid_of_process, last);
	EXPECT_EQ(last->minor + 1, last->kid.minor);
	EXPECT_EQ(0, kids_compare_now(&last->kid, 1));
}

struct exiting_thread {
	char *tid_page, *robust_page;
	pid_t tid;
};

static void *exit_thread(void *arg)
{
	struct exiting_thread *t = arg;

	syscall(SYS_set_tid_address, t->tid_page);
	syscall(SYS_set_robust_list, t->robust_page, sizeof(struct robust_list_head));
	__atomic_store_n(&t->tid, (pid_t)syscall(SYS_gettid), __ATOMIC_SEQ_CST);
	syscall(SYS_exit, 0);
	return NULL;
}

static bool thread_gone(void *arg)
{
	struct exiting_thread *t = arg;
	pid_t tid = __atomic_load_n(&t->tid, __ATOMIC_SEQ_CST);

	return tid && syscall(SYS_tgkill, getpid(), tid, 0) && errno == ESRCH;
}

#define EXITING_THREADS 50

static int threads_exit(void *arg)
{
	int *late = arg, i;

	for (i = 0; i < EXITING_THREADS; i++) {
		struct exiting_thread t = { map_anon(1), map_anon(1), 0 };
		struct last before, after;
		pthread_t thread;

		if (!t.tid_page || !t.robust_page ||
		    pthread_create(&thread, NULL, exit_thread, &t))
			return 1;
		keep_own_minor(&before);
		if (!wait_until(thread_gone, &t, 20000))
			return 2;
		keep_own_minor(&after);
		/* The pages are there now, although nobody but the exit touched them. */
		if (after.minor > before.minor)
			(*late)++;
	}
	return 0;
}

/* The threads' faults at their exit are their process's, long after they are gone. */
TEST_F(loaded, last_faults_of_threads_are_exact_in_a_living_process)
{
	int *late = shared_alloc(sizeof(*late));
	struct workload w = RUN_EXACT(threads_exit, late);

	EXPECT_LE(2 * EXITING_THREADS, w.minor);
	EXPECT_LT(0, *late);
}

static int exit_code_in_stack_of_faults(void *arg)
{
	char *p = map_anon(64);
	int i;

	(void)arg;
	/* Many exits with an open last fault, counted or not. */
	for (i = 0; i < 64; i++) {
		int status;
		pid_t pid = kid_fork();

		if (pid < 0)
			return 1;
		if (!pid) {
			touch_write(p, (size_t)i + 1);
			syscall(SYS_exit_group, 0);
		}
		if (waitpid(pid, &status, 0) != pid || status)
			return 1;
	}
	return 0;
}

static bool all_settled(void *arg)
{
	struct snapshot s;
	struct counts sum = { 0 };
	size_t i;

	(void)arg;
	if (!snapshot_take(&s, FAULTS_PROC))
		for (i = 0; i < s.nr_rows; i++)
			if (!strcmp(s.rows[i].state, "exited"))
				counts_add(&sum, &s.rows[i].n);
	snapshot_free(&s);
	return sum.calls && !sum.pending;
}

/* What was open when a task ended is settled when it is freed. */
TEST_F(loaded, nothing_stays_pending_after_the_end)
{
	RUN_EXACT(exit_code_in_stack_of_faults, NULL);
	EXPECT_TRUE(wait_until(all_settled, NULL, 20000));
}

TEST_HARNESS_MAIN
