// SPDX-License-Identifier: GPL-2.0
/*
 * io_uring.c - the sum of rows equals the kernel's own figures when a worker thread of io_uring
 * faults for its process: reads into memory that nobody touched, forced into a worker.
 */
#include "suite.h"
#include "stackfile.h"

#include <fcntl.h>
#include <linux/io_uring.h>
#include <sys/syscall.h>

#define ENTRIES		32u
#define READ_PAGES	16ul

struct ring {
	int fd;
	unsigned int features;
	unsigned int *sq_tail, *sq_mask, *sq_array, *cq_head, *cq_tail, *cq_mask;
	struct io_uring_sqe *sqes;
	struct io_uring_cqe *cqes;
};

static void *ring_map(int fd, size_t size, off_t what)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd, what);

	return p == MAP_FAILED ? NULL : p;
}

static int ring_open(struct ring *r)
{
	struct io_uring_params params;
	char *sq, *cq;

	memset(&params, 0, sizeof(params));
	r->fd = (int)syscall(SYS_io_uring_setup, ENTRIES, &params);
	if (r->fd < 0)
		return -errno;
	r->features = params.features;
	sq = ring_map(r->fd, params.sq_off.array + params.sq_entries * sizeof(int),
		      IORING_OFF_SQ_RING);
	cq = ring_map(r->fd, params.cq_off.cqes + params.cq_entries * sizeof(*r->cqes),
		      IORING_OFF_CQ_RING);
	r->sqes = ring_map(r->fd, params.sq_entries * sizeof(*r->sqes), IORING_OFF_SQES);
	if (!sq || !cq || !r->sqes)
		return -ENOMEM;
	r->sq_tail = (unsigned int *)(sq + params.sq_off.tail);
	r->sq_mask = (unsigned int *)(sq + params.sq_off.ring_mask);
	r->sq_array = (unsigned int *)(sq + params.sq_off.array);
	r->cq_head = (unsigned int *)(cq + params.cq_off.head);
	r->cq_tail = (unsigned int *)(cq + params.cq_off.tail);
	r->cq_mask = (unsigned int *)(cq + params.cq_off.ring_mask);
	r->cqes = (struct io_uring_cqe *)(cq + params.cq_off.cqes);
	return 0;
}

/* Read a file into p, each READ_PAGES pages by a request of their own, all of them in workers. */
static int ring_read(struct ring *r, int file, char *p, unsigned int requests)
{
	unsigned int tail = *r->sq_tail, i, done = 0;

	for (i = 0; i < requests; i++, tail++) {
		struct io_uring_sqe *sqe = &r->sqes[tail & *r->sq_mask];

		memset(sqe, 0, sizeof(*sqe));
		sqe->opcode = IORING_OP_READ;
		sqe->flags = IOSQE_ASYNC;
		sqe->fd = file;
		sqe->addr = (unsigned long)(p + i * READ_PAGES * PAGE);
		sqe->len = (unsigned int)(READ_PAGES * PAGE);
		r->sq_array[tail & *r->sq_mask] = tail & *r->sq_mask;
	}
	__atomic_store_n(r->sq_tail, tail, __ATOMIC_RELEASE);
	if (syscall(SYS_io_uring_enter, r->fd, requests, requests, IORING_ENTER_GETEVENTS, NULL,
		    0) != (long)requests)
		return 1;
	while (done < requests) {
		unsigned int head = *r->cq_head;

		if (head == __atomic_load_n(r->cq_tail, __ATOMIC_ACQUIRE))
			return 2;
		if (r->cqes[head & *r->cq_mask].res != (int)(READ_PAGES * PAGE))
			return 3;
		__atomic_store_n(r->cq_head, head + 1, __ATOMIC_RELEASE);
		done++;
	}
	return 0;
}

struct reading {
	const char *path;
	int rounds;
};

static int read_in_workers(void *arg)
{
	struct reading *reading = arg;
	int file = open(reading->path, O_RDONLY), round;
	struct ring r;

	if (file < 0 || ring_open(&r))
		return 1;
	for (round = 0; round < reading->rounds; round++) {
		char *p = map_anon(ENTRIES * READ_PAGES);

		if (!p || ring_read(&r, file, p, ENTRIES))
			return 2;
		if (munmap(p, ENTRIES * READ_PAGES * PAGE))
			return 3;
	}
	/* Exits with its workers still there. */
	return 0;
}

#define NEED_RING do { \
	struct ring __r; \
	int __ret = ring_open(&__r); \
	if (__ret == -ENOSYS) \
		SKIP_TEST("the kernel has no io_uring"); \
	ASSERT_EQ(0, __ret); \
	if (!(__r.features & IORING_FEAT_NATIVE_WORKERS)) \
		SKIP_TEST("io_uring's workers are kernel threads here"); \
	close(__r.fd); \
} while (0)

TEST_F(loaded, workers_reading_into_untouched_memory_are_exact)
{
	struct reading reading = { "/tmp/ring", scaled(20) };
	struct workload w;

	NEED_RING;
	ASSERT_EQ(0, file_make(reading.path, READ_PAGES));
	w = RUN_EXACT(read_in_workers, &reading);
	unlink(reading.path);
	EXPECT_LE((long long)(ENTRIES * READ_PAGES) * reading.rounds, w.minor);
	EXPECT_LE((long long)(ENTRIES * READ_PAGES) * reading.rounds,
		  w.rows.from_kernel + w.rows.from_gup);
}

/* A worker was never in the program: its stacks have no frames of that, and say why. */
TEST_F(loaded, workers_have_no_registers_of_the_program)
{
	struct reading reading = { "/tmp/ring", 4 };
	long long calls = 0;
	struct workload w;
	struct stacks s;
	size_t i;
	int fd;

	NEED_RING;
	fd = stacks_ask("both all");
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, file_make(reading.path, READ_PAGES));
	w = RUN_EXACT(read_in_workers, &reading);
	unlink(reading.path);
	ASSERT_EQ(0, stacks_take(&s, fd));
	for (i = 0; i < s.nr; i++)
		if (s.stack[i].pid == w.pid && !strcmp(s.stack[i].user_end, "registers"))
			calls += s.stack[i].calls;
	EXPECT_LE((long long)(ENTRIES * READ_PAGES) * reading.rounds, calls) {
		stacks_print(&s, w.pid);
	}
	stacks_free(&s);
	EXPECT_EQ(0, stacks_equal_faults(fd, w.pid));
	close(fd);
}

TEST_F(loaded, workers_reading_a_cold_file_are_exact)
{
	struct reading reading = { NULL, 4 };
	struct workload w;
	char path[256];

	NEED_RING;
	if (!test_disk())
		SKIP_TEST("no disk with a file system");
	snprintf(path, sizeof(path), "%s/ring", test_disk());
	reading.path = path;
	ASSERT_EQ(0, file_make(path, READ_PAGES));
	ASSERT_EQ(0, caches_drop());
	w = RUN_EXACT(read_in_workers, &reading);
	unlink(path);
	EXPECT_LE((long long)(ENTRIES * READ_PAGES) * reading.rounds, w.minor + w.major);
}

static int exec_with_workers(void *arg)
{
	char program[600];

	snprintf(program, sizeof(program), "%s/work", suite_dir());
	if (read_in_workers(arg))
		return 1;
	execl(program, "work", "touch", "100", (char *)NULL);
	return 127;
}

/* Exec ends the workers, which are threads of the process. */
TEST_F(loaded, exec_with_workers_left_is_exact)
{
	struct reading reading = { "/tmp/ring", 2 };
	struct workload w;

	NEED_RING;
	ASSERT_EQ(0, file_make(reading.path, READ_PAGES));
	w = RUN_EXACT(exec_with_workers, &reading);
	unlink(reading.path);
	EXPECT_LE((long long)(ENTRIES * READ_PAGES) * reading.rounds + 100, w.minor);
}

TEST_HARNESS_MAIN
