// SPDX-License-Identifier: GPL-2.0
/*
 * signals.c - the sum of rows equals the kernel's own figures where a fault fails, sleeps, or is
 * cut short: SIGBUS, SIGSEGV, userfaultfd, and a process that is killed in the middle.
 */
#include "suite.h"

#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/time.h>

#include "uffd.h"

static sigjmp_buf after_signal;

static void on_fault(int sig)
{
	(void)sig;
	siglongjmp(after_signal, 1);
}

static int truncated_map(void *arg)
{
	int times = *(int *)arg, fd;
	volatile int i;
	char *p;

	if (file_make("/tmp/truncated", 2))
		return 1;
	fd = open("/tmp/truncated", O_RDWR);
	p = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (fd < 0 || p == MAP_FAILED || ftruncate(fd, PAGE))
		return 1;
	unlink("/tmp/truncated");
	if (times)
		signal(SIGBUS, on_fault);
	for (i = 0; i < times; i++) {
		if (sigsetjmp(after_signal, 1))
			continue;
		touch_write(p + PAGE, 1);	/* behind the end of the file */
		return 2;
	}
	touch_write(p, 1);
	touch_write(p + (times ? 0 : PAGE), 1);
	return 0;
}

/* The call fails and counts for nothing; the process goes on. */
TEST_F(loaded, handled_sigbus_is_exact)
{
	int times = scaled(500);
	struct workload w = RUN_EXACT(truncated_map, &times);

	EXPECT_LE(times, w.rows.uncounted);
}

TEST_F(loaded, deadly_sigbus_is_exact)
{
	struct workload w = { .signal = SIGBUS };
	int times = 0;

	EXPECT_EQ(0, workload_run(&w, truncated_map, &times));
	EXPECT_LE(1, w.rows.uncounted);
}

struct bad_access {
	int times;
	char *unmapped, *read_only;
};

static int bad_accesses(void *arg)
{
	struct bad_access *bad = arg;
	char *p = map_anon(3);
	volatile int i;

	bad->unmapped = p;
	bad->read_only = p + PAGE;
	if (!p || munmap(p, PAGE) || mprotect(p + PAGE, PAGE, PROT_READ))
		return 1;
	touch_read(p + PAGE, 1);
	if (bad->times)
		signal(SIGSEGV, on_fault);
	for (i = 0; i < bad->times; i++) {
		if (sigsetjmp(after_signal, 1))
			continue;
		touch_write(i % 2 ? bad->unmapped : bad->read_only, 1);
		return 2;
	}
	touch_write(p + 2 * PAGE, 1);
	if (!bad->times)
		touch_write(bad->unmapped, 1);
	return 0;
}

/* These never reach the memory manager: exceptions without a call. */
TEST_F(loaded, handled_sigsegv_is_exact)
{
	struct bad_access *bad = shared_alloc(sizeof(*bad));
	struct snapshot before, after;

	bad->times = scaled(500);
	ASSERT_EQ(0, snapshot_take(&before, FAULTS_PROC));
	RUN_EXACT(bad_accesses, bad);
	ASSERT_EQ(0, snapshot_take(&after, FAULTS_PROC));
	EXPECT_LE(bad->times + after.total.minor - before.total.minor,
		  snapshot_value(&after, "exceptions", "user") +
		  snapshot_value(&after, "exceptions", "kernel") -
		  snapshot_value(&before, "exceptions", "user") -
		  snapshot_value(&before, "exceptions", "kernel"));
	snapshot_free(&before);
	snapshot_free(&after);
}

TEST_F(loaded, deadly_sigsegv_is_exact)
{
	struct bad_access *bad = shared_alloc(sizeof(*bad));
	struct workload w = { .signal = SIGSEGV };

	EXPECT_EQ(0, workload_run(&w, bad_accesses, bad));
}

#define NEED_UFFD do { \
	int __fd = uffd_open(); \
	if (__fd == -ENOSYS) \
		SKIP_TEST("the kernel has no userfaultfd"); \
	ASSERT_LE(0, __fd); \
	close(__fd); \
} while (0)

struct resolver {
	int fd, left;
};

static void *resolve_all(void *arg)
{
	struct resolver *r = arg;

	while (r->left > 0) {
		char *at = uffd_wait_fault(r->fd, 60000);

		if (!at)
			return arg;
		/* Another thread's message for the same page finds it resolved. */
		if (!uffd_resolve(r->fd, at))
			r->left--;
	}
	return NULL;
}

static int touch_all(void *arg, int nr)
{
	(void)nr;
	touch_write(arg, 200);
	return 0;
}

static int resolved(void *arg)
{
	struct resolver r = { uffd_open(), 200 };
	char *p = map_anon(200);
	pthread_t thread;
	void *ret;

	if (r.fd < 0 || !p || uffd_register(r.fd, p, 200 * PAGE) ||
	    pthread_create(&thread, NULL, resolve_all, &r))
		return 1;
	if (threads_run(*(int *)arg, touch_all, p, false))
		return 2;
	return pthread_join(thread, &ret) || ret;
}

/* Each fault sleeps, is retried when its page has come, and counts once. */
TEST_F(loaded, userfaultfd_is_exact)
{
	struct workload w;
	int threads = 1;

	NEED_UFFD;
	w = RUN_EXACT(resolved, &threads);
	EXPECT_LE(200, w.minor + w.major);
	EXPECT_LE(200, w.rows.uncounted);
}

TEST_F(loaded, userfaultfd_for_four_threads_is_exact)
{
	int threads = 4;

	NEED_UFFD;
	RUN_EXACT(resolved, &threads);
}

static void killed_asleep(struct __test_metadata *_metadata, bool from_kernel)
{
	int i;

	for (i = 0; i < 10; i++) {
		struct sleeper *s = shared_alloc(sizeof(*s));

		s->from_kernel = from_kernel;
		ASSERT_EQ(0, sleeper_start(s));
		s->w.signal = SIGKILL;
		/* Asleep: the call is open, counted as pending until its end is known. */
		EXPECT_EQ(0, workload_compare_live(&s->w));
		EXPECT_LE(1, s->w.rows.pending);
		ASSERT_EQ(0, kill(s->w.pid, SIGKILL));
		EXPECT_EQ(0, workload_finish(&s->w));
		EXPECT_LE(1, s->w.rows.uncounted);
	}
}

TEST_F(loaded, killed_while_its_fault_sleeps_is_exact)
{
	NEED_UFFD;
	killed_asleep(_metadata, false);
}

TEST_F(loaded, killed_while_a_system_calls_fault_sleeps_is_exact)
{
	NEED_UFFD;
	killed_asleep(_metadata, true);
}

static int woken(struct __test_metadata *_metadata, bool from_kernel)
{
	struct sleeper *s = shared_alloc(sizeof(*s));

	s->from_kernel = from_kernel;
	ASSERT_EQ(0, sleeper_start(s));
	EXPECT_EQ(0, workload_compare_live(&s->w));
	gate_open(&s->wake);
	return workload_finish(&s->w);
}

TEST_F(loaded, fault_that_slept_counts_once)
{
	NEED_UFFD;
	EXPECT_EQ(0, woken(_metadata, false));
	EXPECT_EQ(0, woken(_metadata, true));
}

static volatile int signals;

static void on_alarm(int sig)
{
	(void)sig;
	signals++;
}

static void *resolve_after_signals(void *arg)
{
	struct resolver *r = arg;
	char *at = uffd_wait_fault(r->fd, 60000);
	int seen = signals;

	/* Each signal throws the sleeper out of its fault, and it faults anew. */
	while (signals < seen + 20)
		short_rest();
	return at && !uffd_resolve(r->fd, at) ? NULL : arg;
}

/* How many faults the kernel counted for one write, that many signals having come in between. */
static int interrupted(void *arg)
{
	struct rusage before, after;
	long long *counted = arg;
	struct itimerval tick = { { 0, 2000 }, { 0, 2000 } }, never = { 0 };
	struct sigaction action = { .sa_handler = on_alarm };
	struct resolver r = { uffd_open(), 1 };
	char *p = map_anon(1);
	pthread_t thread;
	sigset_t mask;
	void *ret;

	sigemptyset(&mask);
	sigaddset(&mask, SIGALRM);
	pthread_sigmask(SIG_BLOCK, &mask, NULL);
	if (r.fd < 0 || !p || uffd_register(r.fd, p, PAGE) ||
	    pthread_create(&thread, NULL, resolve_after_signals, &r))
		return 1;
	sigaction(SIGALRM, &action, NULL);
	pthread_sigmask(SIG_UNBLOCK, &mask, NULL);
	if (setitimer(ITIMER_REAL, &tick, NULL))
		return 1;
	getrusage(RUSAGE_THREAD, &before);
	touch_write(p, 1);
	getrusage(RUSAGE_THREAD, &after);
	setitimer(ITIMER_REAL, &never, NULL);
	*counted = after.ru_minflt + after.ru_majflt - before.ru_minflt - before.ru_majflt;
	return pthread_join(thread, &ret) || ret;
}

/*
 * Retries without the flag of a retry: every one a call, one of them counted; or each of them,
 * where the kernel lets the callers of handle_mm_fault() count.
 */
TEST_F(loaded, fault_interrupted_by_signals_is_exact)
{
	long long *counted = shared_alloc(sizeof(*counted));
	struct workload w;

	NEED_UFFD;
	w = RUN_EXACT(interrupted, counted);
	if (faults_counted_by_callers()) {
		EXPECT_LE(10, *counted);
	} else {
		EXPECT_LE(10, w.rows.uncounted);
	}
}

TEST_HARNESS_MAIN
