// SPDX-License-Identifier: GPL-2.0
/*
 * gup.c - the sum of rows equals the kernel's own figures: calls without a hardware fault, where
 * the kernel fetches the pages of this process or of another one by itself.
 */
#include "suite.h"

#include <fcntl.h>
#include <linux/futex.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#define GUP_PAGES	512ul

#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ	22
#define MADV_POPULATE_WRITE	23
#endif

static int populate(void *arg)
{
	int prot = PROT_READ | PROT_WRITE;
	const char *path = arg;
	char *p = mmap(NULL, GUP_PAGES * PAGE, prot, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE,
		       -1, 0);

	if (p == MAP_FAILED)
		return 1;
	touch_write(p, GUP_PAGES);
	if (!path)
		return 0;
	return !map_file(path, GUP_PAGES, prot, MAP_SHARED | MAP_POPULATE) ||
	       !map_file(path, GUP_PAGES, PROT_READ, MAP_PRIVATE | MAP_POPULATE);
}

TEST_F(loaded, map_populate_of_anonymous_memory_is_from_gup)
{
	struct workload w = RUN_EXACT(populate, NULL);

	EXPECT_LT(0, w.rows.from_gup);
}

/*
 * Cold pages: a call that had to read is retried, uncounted, and finds a minor fault; or a major
 * one, where get_user_pages() counts whatever comes back.
 */
static void expect_retries(struct __test_metadata *_metadata, const struct workload *w)
{
	if (faults_counted_by_callers()) {
		EXPECT_LT(0, w->major);
	} else {
		EXPECT_LT(w->minor + w->major, w->rows.calls);
	}
}

TEST_F(loaded, map_populate_of_a_cold_file_is_from_gup)
{
	struct workload w;
	char path[256];

	if (!test_disk())
		SKIP_TEST("no disk with a file system");
	snprintf(path, sizeof(path), "%s/populate", test_disk());
	ASSERT_EQ(0, file_make(path, GUP_PAGES));
	ASSERT_EQ(0, caches_drop());
	w = RUN_EXACT(populate, path);
	expect_retries(_metadata, &w);
	EXPECT_LE((long long)GUP_PAGES, w.rows.from_gup);
	unlink(path);
}

static int lock_memory(void *arg)
{
	char *file, *p = map_anon(GUP_PAGES), *more;

	if (!p || mlock(p, GUP_PAGES * PAGE))
		return 1;
	touch_write(p, GUP_PAGES);
	if (munlock(p, GUP_PAGES * PAGE) || mlockall(MCL_CURRENT | MCL_FUTURE))
		return 1;
	more = map_anon(GUP_PAGES);
	if (!more)
		return 1;
	touch_write(more, GUP_PAGES);
	if (munlockall() || !arg)
		return !arg ? 0 : 1;
	file = map_file(arg, GUP_PAGES, PROT_READ, MAP_SHARED);
	return !file || mlock(file, GUP_PAGES * PAGE);
}

TEST_F(loaded, mlock_and_mlockall_are_from_gup)
{
	struct workload w = RUN_EXACT(lock_memory, NULL);

	EXPECT_LE(2 * (long long)GUP_PAGES, w.rows.from_gup);
}

TEST_F(loaded, mlock_of_a_cold_file_is_exact)
{
	struct workload w;
	char path[256];

	if (!test_disk())
		SKIP_TEST("no disk with a file system");
	snprintf(path, sizeof(path), "%s/lock", test_disk());
	ASSERT_EQ(0, file_make(path, GUP_PAGES));
	ASSERT_EQ(0, caches_drop());
	w = RUN_EXACT(lock_memory, path);
	expect_retries(_metadata, &w);
	unlink(path);
}

static int madvise_populate(void *arg)
{
	char *p = map_anon(GUP_PAGES);

	(void)arg;
	return !p || madvise(p, GUP_PAGES * PAGE, MADV_POPULATE_READ) ||
	       madvise(p, GUP_PAGES * PAGE, MADV_POPULATE_WRITE);
}

TEST_F(loaded, madvise_populate_is_from_gup)
{
	struct workload w;
	char *p = map_anon(1);

	if (madvise(p, PAGE, MADV_POPULATE_READ) && errno == EINVAL)
		SKIP_TEST("the kernel has no MADV_POPULATE_READ");
	w = RUN_EXACT(madvise_populate, NULL);
	EXPECT_LE(2 * (long long)GUP_PAGES, w.rows.from_gup);
}

static int direct_io(void *arg)
{
	int fd = open(arg, O_RDWR | O_DIRECT);
	char *p = map_anon(GUP_PAGES);

	if (fd < 0 || !p)
		return 1;
	/* Into pages that are not there yet, and out of pages that are not either. */
	if (pread(fd, p, GUP_PAGES / 2 * PAGE, 0) != (ssize_t)(GUP_PAGES / 2 * PAGE))
		return 2;
	if (pwrite(fd, p + GUP_PAGES / 2 * PAGE, GUP_PAGES / 2 * PAGE, 0) !=
	    (ssize_t)(GUP_PAGES / 2 * PAGE))
		return 3;
	return 0;
}

TEST_F(loaded, direct_io_on_untouched_memory_is_from_gup)
{
	struct workload w;
	char path[256];

	if (!test_disk())
		SKIP_TEST("no disk with a file system");
	snprintf(path, sizeof(path), "%s/direct", test_disk());
	ASSERT_EQ(0, file_make(path, GUP_PAGES));
	w = RUN_EXACT(direct_io, path);
	EXPECT_LE((long long)GUP_PAGES, w.minor);
	EXPECT_LT(0, w.rows.from_gup);
	unlink(path);
}

static int futexes(void *arg)
{
	char *p = map_anon(GUP_PAGES);
	size_t i;

	(void)arg;
	if (!p)
		return 1;
	/* The kernel writes to a page that is not there while it may not fault: it fetches it. */
	for (i = 0; i + 1 < GUP_PAGES; i += 2)
		if (syscall(SYS_futex, p + i * PAGE, FUTEX_WAKE_OP_PRIVATE, 1, 1,
			    p + (i + 1) * PAGE,
			    FUTEX_OP(FUTEX_OP_ADD, 1, FUTEX_OP_CMP_EQ, 0)) < 0)
			return 2;
	return 0;
}

TEST_F(loaded, futex_on_untouched_memory_is_counted)
{
	struct workload w = RUN_EXACT(futexes, NULL);

	EXPECT_LE((long long)GUP_PAGES / 2, w.rows.from_gup);
}

/* A target with pages it never touched, and somebody else who touches them for it. */
struct remote {
	struct gate ready, done;
	pid_t target;
	char *anon, *file;
	const char *path;
};

static int remote_target(void *arg)
{
	struct remote *r = arg;

	r->anon = map_anon(2 * GUP_PAGES);
	r->file = map_file(r->path, GUP_PAGES, PROT_READ | PROT_WRITE, MAP_SHARED);
	if (!r->anon || !r->file)
		return 1;
	touch_write(r->anon, GUP_PAGES);
	prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY);
	gate_open(&r->ready);
	if (gate_wait(&r->done))
		return 1;
	touch_write(r->anon, 2 * GUP_PAGES);
	touch_read(r->file, GUP_PAGES);
	return 0;
}

static int remote_vm(void *arg)
{
	struct remote *r = arg;
	char *p = map_anon(3 * GUP_PAGES);
	struct iovec local = { p, 2 * GUP_PAGES * PAGE };
	struct iovec remote = { r->anon, 2 * GUP_PAGES * PAGE };
	struct iovec local_file = { p + 2 * GUP_PAGES * PAGE, GUP_PAGES * PAGE };
	struct iovec remote_file = { r->file, GUP_PAGES * PAGE };

	if (!p)
		return 1;
	if (process_vm_readv(r->target, &local, 1, &remote, 1, 0) != (ssize_t)local.iov_len)
		return 2;
	if (process_vm_writev(r->target, &local_file, 1, &remote_file, 1, 0) !=
	    (ssize_t)local_file.iov_len)
		return 3;
	return 0;
}

static int remote_ptrace(void *arg)
{
	struct remote *r = arg;
	char path[64], word[8] = "";
	size_t i;
	int fd;

	if (ptrace(PTRACE_ATTACH, r->target, NULL, NULL) ||
	    waitpid(r->target, NULL, __WALL) != r->target)
		return 1;
	for (i = 0; i < GUP_PAGES; i++)
		if (ptrace(PTRACE_POKEDATA, r->target, r->anon + (GUP_PAGES + i) * PAGE, 1L))
			return 2;
	snprintf(path, sizeof(path), "/proc/%d/mem", r->target);
	fd = open(path, O_RDWR);
	for (i = 0; i < GUP_PAGES; i++)
		if (pread(fd, word, sizeof(word), (off_t)(r->file + i * PAGE)) != sizeof(word))
			return 3;
	return ptrace(PTRACE_DETACH, r->target, NULL, NULL) ? 4 : 0;
}

/*
 * Both are compared: who asked for the pages, and whose pages they were. Where the kernel counts
 * for the latter, it is so many counts that no call of its own explains.
 */
static void run_remote(struct __test_metadata *_metadata, int (*caller_fn)(void *),
		       long long missed)
{
	struct remote *r = shared_alloc(sizeof(*r));
	struct workload target = { .missed = missed }, caller = { 0 };

	r->path = "/dev/shm/remote";
	ASSERT_EQ(0, file_make_empty(r->path, GUP_PAGES));
	ASSERT_EQ(0, gate_init(&r->ready));
	ASSERT_EQ(0, gate_init(&r->done));
	ASSERT_EQ(0, workload_start(&target, remote_target, r));
	r->target = target.pid;
	ASSERT_EQ(0, gate_wait(&r->ready));
	EXPECT_EQ(0, workload_run(&caller, caller_fn, r));
	EXPECT_EQ(0, workload_compare_live(&target));
	gate_open(&r->done);
	EXPECT_EQ(0, workload_finish(&target));
	EXPECT_LE((long long)GUP_PAGES, caller.rows.from_gup);
	EXPECT_EQ(missed, target.rows.missed);
	unlink(r->path);
}

TEST_F(loaded, process_vm_readv_and_writev_count_where_the_kernel_counts)
{
	self->missed_expected = faults_counted_by_callers();
	run_remote(_metadata, remote_vm, self->missed_expected ? 2 * (long long)GUP_PAGES : 0);
}

TEST_F(loaded, ptrace_and_proc_mem_count_where_the_kernel_counts)
{
	/* What goes through /proc/PID/mem is counted for nobody there. */
	self->missed_expected = faults_counted_by_callers();
	run_remote(_metadata, remote_ptrace, self->missed_expected ? (long long)GUP_PAGES : 0);
}

TEST_HARNESS_MAIN
