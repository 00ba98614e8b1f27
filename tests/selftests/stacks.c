// SPDX-License-Identifier: GPL-2.0
/*
 * stacks.c - who faults: the frames that are shown are those that called, each function being asked
 * itself where it returns to; and the sum over the stacks of a row is the row, to the fault.
 *
 * This is compiled with frame pointers, and not as a position-independent program.
 */
#include "suite.h"
#include "stackfile.h"
#include "work32.h"

#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#define CALLED __attribute__((noinline, noclone, optimize("no-optimize-sibling-calls")))

FIXTURE(asked)
{
	int fd;
};

FIXTURE_SETUP(asked)
{
	habits_learn();
	ASSERT_EQ(0, module_load(""));
	self->fd = stacks_ask("all");
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(asked)
{
	close(self->fd);
	loaded_end(_metadata, false, 0);
}

/* Where an address of this program lies in its file. */
struct wanted_address {
	unsigned long address;
	unsigned long long offset;
};

static int offset_in(struct dl_phdr_info *info, size_t size, void *data)
{
	struct wanted_address *wanted = data;
	int i;

	(void)size;
	for (i = 0; i < info->dlpi_phnum; i++) {
		const Elf64_Phdr *part = &info->dlpi_phdr[i];
		unsigned long start = info->dlpi_addr + part->p_vaddr;

		if (part->p_type == PT_LOAD && wanted->address - start < part->p_memsz)
			wanted->offset = wanted->address - start + part->p_offset;
	}
	return 0;
}

static unsigned long long offset_of(const void *address)
{
	struct wanted_address wanted = { .address = (unsigned long)address };

	dl_iterate_phdr(offset_in, &wanted);
	return wanted.offset;
}

/* This program's file. */
static const char *self_path(void)
{
	static char path[256];
	ssize_t len = readlink("/proc/self/exe", path, sizeof(path) - 1);

	return len > 0 ? path : "?";
}

/**
 * struct told - what a chain of functions says of itself, in memory shared with the test
 * @returns: where each of them returns to, the innermost first
 * @pages: to touch
 * @memory: where they are
 */
struct told {
	void *returns[8];
	size_t pages;
	char *memory;
};

/* Calls that this process's stacks with these frames have; the first frame may be anywhere. */
static long long calls_by(const struct stacks *s, pid_t pid, const char *object,
			  void *const *returns, int nr)
{
	long long calls = 0;
	size_t i;
	int j;

	for (i = 0; i < s->nr; i++) {
		const struct stack *k = &s->stack[i];

		if (k->pid != pid || strcmp(k->object, object) || k->nr < nr + 1)
			continue;
		for (j = 0; j < nr; j++)
			if (!k->frame[j + 1].image ||
			    strcmp(k->frame[j + 1].image, self_path()) ||
			    k->frame[j + 1].at != offset_of(returns[j]))
				break;
		if (j == nr)
			calls += k->calls;
	}
	return calls;
}

CALLED static void touch_here(struct told *t)
{
	size_t i;

	t->returns[0] = __builtin_return_address(0);
	for (i = 0; i < t->pages; i++)
		((volatile char *)t->memory)[i * PAGE] = 1;
}

CALLED static void middle(struct told *t)
{
	t->returns[1] = __builtin_return_address(0);
	touch_here(t);
	asm volatile("" ::: "memory");
}

CALLED static int outer(void *arg)
{
	struct told *t = arg;

	t->returns[2] = __builtin_return_address(0);
	t->memory = map_anon(t->pages);
	middle(t);
	asm volatile("" ::: "memory");
	return 0;
}

static int run_outer(void *arg)
{
	int ret = outer(arg);

	asm volatile("" ::: "memory");
	return ret;
}

TEST_F(asked, frames_are_those_that_called)
{
	struct told *t = shared_alloc(sizeof(*t));
	struct workload w;
	struct stacks s;

	t->pages = SOME_PAGES;
	w = RUN_EXACT(run_outer, t);
	ASSERT_EQ(0, stacks_take(&s, self->fd));
	EXPECT_EQ(SOME_PAGES, calls_by(&s, w.pid, "[anon]", t->returns, 3)) {
		stacks_print(&s, w.pid);
	}
	EXPECT_EQ(0, s.lost);
	stacks_free(&s);
	EXPECT_EQ(0, stacks_equal_faults(self->fd, w.pid));
}

/* Two ways in, which differ in nothing but the last call. */
CALLED static void either(struct told *t, bool second)
{
	if (second) {
		touch_here(t);
		asm volatile("" ::: "memory");
	} else {
		touch_here(t);
		asm volatile("nop" ::: "memory");
	}
}

static int both(void *arg)
{
	struct told *t = arg;
	int i;

	for (i = 0; i < 2; i++) {
		t[i].memory = map_anon(t[i].pages);
		either(&t[i], i);
	}
	return 0;
}

TEST_F(asked, stacks_that_differ_in_one_call_are_two)
{
	struct told *t = shared_alloc(2 * sizeof(*t));
	struct workload w;
	struct stacks s;

	t[0].pages = 100;
	t[1].pages = 50;
	w = RUN_EXACT(both, t);
	ASSERT_EQ(0, stacks_take(&s, self->fd));
	EXPECT_NE(t[0].returns[0], t[1].returns[0]);
	EXPECT_EQ(100, calls_by(&s, w.pid, "[anon]", t[0].returns, 1));
	EXPECT_EQ(50, calls_by(&s, w.pid, "[anon]", t[1].returns, 1));
	stacks_free(&s);
	EXPECT_EQ(0, stacks_equal_faults(self->fd, w.pid));
}

static int outer_on_each(void *arg, int nr)
{
	struct told *t = arg;

	return run_outer(&t[nr]);
}

static int outer_in_threads(void *arg)
{
	return threads_run(4, outer_on_each, arg, false);
}

TEST_F(asked, threads_have_stacks_of_their_own)
{
	struct told *t = shared_alloc(4 * sizeof(*t));
	struct workload w;
	struct stacks s;
	int i;

	for (i = 0; i < 4; i++)
		t[i].pages = SOME_PAGES;
	w = RUN_EXACT(outer_in_threads, t);
	ASSERT_EQ(0, stacks_take(&s, self->fd));
	/* The same way in. */
	EXPECT_EQ(4 * SOME_PAGES, calls_by(&s, w.pid, "[anon]", t[0].returns, 3));
	stacks_free(&s);
	EXPECT_EQ(0, stacks_equal_faults(self->fd, w.pid));
}

/* Processes of the same program that are gone: their stacks are one, and have names. */
#define SHORT_LIVED	300

static int many_short_lived(void *arg)
{
	struct told *t = arg;
	int i, n = scaled(SHORT_LIVED);
	pid_t pid;

	for (i = 0; i < n; i++) {
		pid = fork();
		if (!pid) {
			prctl(PR_SET_NAME, "short-lived");
			_exit(run_outer(t));
		}
		if (waitpid(pid, NULL, 0) != pid)
			return 1;
	}
	return 0;
}

TEST_F(asked, what_is_folded_keeps_its_names)
{
	struct told *t = shared_alloc(sizeof(*t));
	struct workload w = { 0 };
	long long calls = 0;
	struct stacks s;
	size_t i;

	t->pages = 20;
	ASSERT_EQ(0, param_set("keep_exited", "0"));
	/* None of them has rows of its own any more. */
	ASSERT_EQ(0, workload_start(&w, many_short_lived, t));
	EXPECT_EQ(0, workload_wait(&w));
	workload_kill(&w);
	sleep(2);
	ASSERT_EQ(0, stacks_take(&s, self->fd));
	for (i = 0; i < s.nr; i++) {
		const struct stack *k = &s.stack[i];

		if (strcmp(k->state, "folded") || strcmp(k->comm, "short-lived") ||
		    strcmp(k->object, "[anon]") || k->nr < 4 || !k->frame[1].image ||
		    k->frame[1].at != offset_of(t->returns[0]))
			continue;
		EXPECT_STREQ(self_path(), k->frame[3].image);
		calls += k->calls;
		note("one folded stack of %lld calls", k->calls);
	}
	EXPECT_EQ(20 * scaled(SHORT_LIVED), calls) {
		stacks_print(&s, 0);
	}
	stacks_free(&s);
}

/* As many stacks as there are ways to recurse through two functions. */
CALLED static void way(struct told *t, unsigned int bits, int depth);

CALLED static void way_two(struct told *t, unsigned int bits, int depth)
{
	way(t, bits, depth);
	asm volatile("" ::: "memory");
}

CALLED static void way(struct told *t, unsigned int bits, int depth)
{
	if (!depth)
		*(volatile char *)(t->memory += PAGE) = 1;
	else if (bits & 1)
		way_two(t, bits >> 1, depth - 1);
	else
		way(t, bits >> 1, depth - 1);
	asm volatile("" ::: "memory");
}

#define WAYS	12

static int all_ways(void *arg)
{
	struct told *t = arg;
	unsigned int i;

	t->memory = map_anon((1 << WAYS) + 1);
	for (i = 0; i < 1 << WAYS; i++)
		way(t, i, WAYS);
	return 0;
}

static long long overflow_of(const struct stacks *s, pid_t pid)
{
	long long calls = 0;
	size_t i;

	for (i = 0; i < s->nr; i++)
		if (s->stack[i].pid == pid && s->stack[i].overflow)
			calls += s->stack[i].calls;
	return calls;
}

TEST_F(asked, thousands_of_stacks_are_told_apart)
{
	struct told *t = shared_alloc(sizeof(*t));
	struct workload w;
	struct stacks s;
	size_t i, once = 0;

	w = RUN_EXACT(all_ways, t);
	ASSERT_EQ(0, stacks_take(&s, self->fd));
	for (i = 0; i < s.nr; i++)
		once += s.stack[i].pid == w.pid && s.stack[i].calls == 1 &&
			!s.stack[i].overflow && s.stack[i].nr > WAYS;
	/* The reserve may run out for a moment, and what does is said. */
	note("%zu stacks of one call, %lld calls in [overflow]", once, overflow_of(&s, w.pid));
	EXPECT_LE((1 << WAYS) - overflow_of(&s, w.pid), (long long)once);
	EXPECT_EQ(0, s.lost);
	stacks_free(&s);
	EXPECT_EQ(0, stacks_equal_faults(self->fd, w.pid));
}

FIXTURE(small)
{
	int fd;
};

FIXTURE_SETUP(small)
{
	habits_learn();
	ASSERT_EQ(0, module_load("max_memory=3 max_rows=256 max_tasks=256"));
	self->fd = stacks_ask("all");
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(small)
{
	close(self->fd);
	loaded_end(_metadata, false, 0);
}

TEST_F(small, what_finds_no_room_is_said_and_the_sum_holds)
{
	struct told *t = shared_alloc(sizeof(*t));
	struct workload w;
	struct stacks s;

	w = RUN_EXACT(all_ways, t);
	ASSERT_EQ(0, stacks_take(&s, self->fd));
	EXPECT_LT(0, overflow_of(&s, w.pid));
	note("%lld calls in [overflow], %lld lost", overflow_of(&s, w.pid), s.lost);
	if (!s.lost) {
		stacks_free(&s);
		EXPECT_EQ(0, stacks_equal_faults(self->fd, w.pid));
	} else {
		EXPECT_LE(1 << WAYS, stacks_calls(&s, w.pid, "[anon]") + s.lost);
		stacks_free(&s);
	}
}

/* Signal handlers. */

struct handled {
	struct told told;
	void *interrupted[4];
	bool alternate;
};

static struct handled *handling;

CALLED static void handler(int signo)
{
	(void)signo;
	handling->told.returns[0] = NULL;
	touch_here(&handling->told);
	asm volatile("" ::: "memory");
}

CALLED static void raise_here(struct handled *h)
{
	h->interrupted[0] = __builtin_return_address(0);
	/* By an instruction of this function itself. */
	asm volatile("ud2" ::: "memory");
}

static sigjmp_buf out_of_handler;

CALLED static void jumping_handler(int signo)
{
	handler(signo);
	siglongjmp(out_of_handler, 1);
}

CALLED static int interrupted(struct handled *h)
{
	h->interrupted[1] = __builtin_return_address(0);
	if (!sigsetjmp(out_of_handler, 1))
		raise_here(h);
	asm volatile("" ::: "memory");
	return 0;
}

static int handle(void *arg)
{
	struct sigaction action = { .sa_handler = jumping_handler };
	stack_t stack = { .ss_sp = map_anon(16), .ss_size = 16 * PAGE };

	handling = arg;
	handling->told.memory = map_anon(handling->told.pages);
	if (handling->alternate) {
		action.sa_flags = SA_ONSTACK;
		if (sigaltstack(&stack, NULL))
			return 1;
	}
	if (sigaction(SIGILL, &action, NULL))
		return 1;
	return interrupted(handling);
}

/* The handler's frames, the trampoline, what was interrupted, and its callers. */
static long long calls_across(const struct stacks *s, pid_t pid, const struct handled *h)
{
	long long calls = 0;
	size_t i;
	int j;

	for (i = 0; i < s->nr; i++) {
		const struct stack *k = &s->stack[i];

		if (k->pid != pid || strcmp(k->object, "[anon]"))
			continue;
		for (j = 1; j < k->nr; j++)
			if (k->frame[j].at == offset_of(h->interrupted[0]))
				break;
		if (j + 1 < k->nr && j >= 4 &&
		    k->frame[1].at == offset_of(h->told.returns[0]) &&
		    k->frame[j + 1].at == offset_of(h->interrupted[1]))
			calls += k->calls;
	}
	return calls;
}

static void check_handler(struct __test_metadata *_metadata, int fd, bool alternate)
{
	struct handled *h = shared_alloc(sizeof(*h));
	struct workload w;
	struct stacks s;

	h->told.pages = SOME_PAGES;
	h->alternate = alternate;
	w = RUN_EXACT(handle, h);
	ASSERT_EQ(0, stacks_take(&s, fd));
	EXPECT_EQ(SOME_PAGES, calls_across(&s, w.pid, h)) {
		stacks_print(&s, w.pid);
	}
	stacks_free(&s);
	EXPECT_EQ(0, stacks_equal_faults(fd, w.pid));
}

TEST_F(asked, what_a_signal_interrupted_is_a_caller)
{
	check_handler(_metadata, self->fd, false);
}

TEST_F(asked, what_a_signal_interrupted_is_a_caller_from_another_stack)
{
	check_handler(_metadata, self->fd, true);
}

/* Frames that are none. */

struct wild {
	char *memory;
	char *closed;
	unsigned long *loop;
	unsigned int seed;
	int turns;
};

/* Touches a page with whatever frame pointer it is given. */
CALLED static void touch_with(volatile char *page, unsigned long frame)
{
	asm volatile("push %%rbp\n\t"
		     "mov %1, %%rbp\n\t"
		     "movb $1, (%0)\n\t"
		     "pop %%rbp"
		     : : "r" (page), "r" (frame) : "memory");
}

static int touch_wildly(void *arg)
{
	struct wild *w = arg;
	unsigned long frames[8];
	int i;

	w->memory = map_anon(w->turns);
	w->closed = map_anon(4);
	w->loop = (unsigned long *)map_anon(1);
	if (mprotect(w->closed, 4 * PAGE, PROT_NONE))
		return 1;
	/* One that leads to itself, and one that leads back. */
	w->loop[0] = (unsigned long)&w->loop[0];
	w->loop[1] = 1;
	w->loop[2] = (unsigned long)&w->loop[0];
	w->loop[3] = 1;
	frames[0] = (unsigned long)&w->loop[0];
	frames[1] = (unsigned long)&w->loop[2];
	frames[2] = (unsigned long)w->closed;
	frames[3] = (unsigned long)w->closed + 4 * PAGE - 8;
	frames[4] = 0x7ffffffff000 - 8;
	frames[5] = 0xffff888000000000;
	frames[6] = 0xffffffffffffffff;
	frames[7] = 3;
	for (i = 0; i < w->turns; i++) {
		unsigned long frame = frames[i % 8];

		if (i >= w->turns / 2)
			frame = (unsigned long)rand_r(&w->seed) << 33 ^
				(unsigned long)rand_r(&w->seed) << 2;
		touch_with(w->memory + i * PAGE, frame);
	}
	return 0;
}

static long long exceptions_of_kernel(void)
{
	return totals_value("exceptions", "kernel");
}

TEST_F(asked, frames_that_are_none_end_the_walk_and_cost_no_exception)
{
	struct wild *wild = shared_alloc(sizeof(*wild));
	long long before, after;
	struct workload w;

	wild->turns = scaled(4000);
	wild->seed = (unsigned int)now_ms();
	note("seed %u", wild->seed);
	before = exceptions_of_kernel();
	w = RUN_EXACT(touch_wildly, wild);
	after = exceptions_of_kernel();
	/* What the test itself took meanwhile, and not one for each that could not be read. */
	note("%lld exceptions of the kernel", after - before);
	EXPECT_GT(wild->turns / 4, after - before);
	EXPECT_EQ(0, stacks_equal_faults(self->fd, w.pid));
}

/* Code that is made while the program runs, and code that is not where it was. */

/* push %rbp; mov %rsp,%rbp; movb $1,(%rdi); pop %rbp; ret */
static const unsigned char touching_code[] = {
	0x55, 0x48, 0x89, 0xe5, 0xc6, 0x07, 0x01, 0x5d, 0xc3
};

struct made {
	char path[2][64];
	char *code;
	char *memory;
	int pages;
};

static int file_with_code(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0700);
	int err = fd < 0 || ftruncate(fd, 2 * PAGE) ||
		  pwrite(fd, touching_code, sizeof(touching_code), PAGE) !=
		  (ssize_t)sizeof(touching_code);

	close(fd);
	return err;
}

static int map_code(struct made *m, const char *path)
{
	int fd = path ? open(path, O_RDONLY) : -1;
	char *at = mmap(m->code, PAGE, PROT_READ | PROT_EXEC | (path ? 0 : PROT_WRITE),
			MAP_PRIVATE | (m->code ? MAP_FIXED : 0) | (path ? 0 : MAP_ANONYMOUS),
			fd, path ? PAGE : 0);

	if (fd >= 0)
		close(fd);
	m->code = at;
	if (at == MAP_FAILED)
		return 1;
	if (!path)
		memcpy(at, touching_code, sizeof(touching_code));
	return 0;
}

static int run_code(struct made *m)
{
	int i;

	for (i = 0; i < m->pages; i++, m->memory += PAGE)
		((void (*)(char *))(void *)m->code)(m->memory);
	return 0;
}

static int run_moving_code(void *arg)
{
	struct made *m = arg;
	int turn;

	m->memory = map_anon(6 * m->pages);
	for (turn = 0; turn < 6; turn++)
		if (map_code(m, turn % 3 == 2 ? NULL : m->path[turn % 3]) || run_code(m))
			return 1;
	return 0;
}

static long long calls_at_leaf(const struct stacks *s, pid_t pid, const char *image)
{
	long long calls = 0;
	size_t i;

	for (i = 0; i < s->nr; i++) {
		const struct stack *k = &s->stack[i];

		if (k->pid != pid || strcmp(k->object, "[anon]") || !k->nr)
			continue;
		if (image && k->frame[0].image && !strcmp(k->frame[0].image, image) &&
		    k->frame[0].at == PAGE + 4)
			calls += k->calls;
		if (!image && k->frame[0].why && !strcmp(k->frame[0].why, "no-file"))
			calls += k->calls;
	}
	return calls;
}

TEST_F(asked, an_address_is_in_the_file_that_is_mapped_there_then)
{
	struct made *m = shared_alloc(sizeof(*m));
	struct workload w;
	struct stacks s;
	int i;

	m->pages = 40;
	for (i = 0; i < 2; i++) {
		snprintf(m->path[i], sizeof(m->path[i]), "/dev/shm/code.%d", i);
		ASSERT_EQ(0, file_with_code(m->path[i]));
	}
	w = RUN_EXACT(run_moving_code, m);
	ASSERT_EQ(0, stacks_take(&s, self->fd));
	/* Each of them had its turn twice. */
	EXPECT_EQ(2 * m->pages, calls_at_leaf(&s, w.pid, m->path[0]));
	EXPECT_EQ(2 * m->pages, calls_at_leaf(&s, w.pid, m->path[1]));
	EXPECT_EQ(2 * m->pages, calls_at_leaf(&s, w.pid, NULL)) {
		stacks_print(&s, w.pid);
	}
	stacks_free(&s);
	EXPECT_EQ(0, stacks_equal_faults(self->fd, w.pid));
	for (i = 0; i < 2; i++)
		unlink(m->path[i]);
}

/* A program that is there before anybody asks: the worker looks where its files are. */

struct early {
	struct told told;
	struct gate go;
};

static int wait_and_run(void *arg)
{
	struct early *e = arg;

	return gate_wait(&e->go) || run_outer(&e->told);
}

TEST_F(loaded, who_ran_already_has_names_too)
{
	struct early *e = shared_alloc(sizeof(*e));
	struct workload w = { 0 };
	char who[32];
	struct stacks s;
	int fd, tries;
	long long calls = 0;

	e->told.pages = SOME_PAGES;
	ASSERT_EQ(0, gate_init(&e->go));
	ASSERT_EQ(0, workload_start(&w, wait_and_run, e));
	snprintf(who, sizeof(who), "user %d", w.pid);
	fd = stacks_ask(who);
	ASSERT_LE(0, fd);
	gate_open(&e->go);
	EXPECT_EQ(0, workload_wait(&w));
	/* It is a zombie, and what it was is looked at by and by; or it is known already. */
	for (tries = 0; tries < 20 && calls < SOME_PAGES; tries++) {
		usleep(100000);
		ASSERT_EQ(0, stacks_take(&s, fd));
		calls = calls_by(&s, w.pid, "[anon]", e->told.returns, 3);
		if (calls < SOME_PAGES && tries == 19)
			stacks_print(&s, w.pid);
		stacks_free(&s);
	}
	EXPECT_EQ(SOME_PAGES, calls);
	EXPECT_EQ(0, workload_finish(&w));
	close(fd);
}

static bool nothing_is_left(void *arg)
{
	struct stacks s;
	bool left = stacks_take(&s, *(int *)arg) || s.memory;

	stacks_free(&s);
	return !left;
}

TEST_F(loaded, nothing_is_left_when_nobody_asks)
{
	struct told *t = shared_alloc(sizeof(*t));
	struct stacks s;
	int fd, again;

	t->pages = SOME_PAGES;
	fd = stacks_ask("all");
	ASSERT_LE(0, fd);
	RUN_EXACT(run_outer, t);
	ASSERT_EQ(0, stacks_take(&s, fd));
	EXPECT_LT(0, (long long)s.nr);
	EXPECT_LT(0, s.memory);
	EXPECT_EQ(1, s.requests);
	stacks_free(&s);
	close(fd);
	again = open(STACKS, O_RDONLY);
	ASSERT_LE(0, again);
	/* The worker gives it back soon. */
	EXPECT_TRUE(wait_until(nothing_is_left, &again, 20000));
	ASSERT_EQ(0, stacks_take(&s, again));
	EXPECT_EQ(0, (long long)s.nr);
	EXPECT_EQ(0, s.requests);
	stacks_free(&s);
	close(again);
}

TEST_F(asked, one_in_ten_is_a_tenth)
{
	struct told *t = shared_alloc(sizeof(*t));
	struct workload w;
	struct stacks s;
	long long calls;

	t->pages = 4000;
	ASSERT_EQ(0, param_set("stack_every", "10"));
	w = RUN_EXACT(run_outer, t);
	ASSERT_EQ(0, stacks_take(&s, self->fd));
	EXPECT_EQ(10, s.every);
	calls = calls_by(&s, w.pid, "[anon]", t->returns, 3);
	EXPECT_LE(4000 / 10 - 40, calls);
	EXPECT_GE(4000 / 10 + 40, calls);
	stacks_free(&s);
}

TEST_F(asked, depth_bounds_the_frames)
{
	struct told *t = shared_alloc(sizeof(*t));
	struct workload w;
	struct stacks s;
	size_t i, cut = 0;

	t->pages = 100;
	ASSERT_EQ(0, param_set("stack_depth", "2"));
	w = RUN_EXACT(run_outer, t);
	ASSERT_EQ(0, stacks_take(&s, self->fd));
	for (i = 0; i < s.nr; i++) {
		if (s.stack[i].pid != w.pid)
			continue;
		EXPECT_GE(2, s.stack[i].nr);
		cut += !strcmp(s.stack[i].user_end, "depth");
	}
	EXPECT_LT(0, (long long)cut);
	EXPECT_EQ(100, calls_by(&s, w.pid, "[anon]", t->returns, 1));
	stacks_free(&s);
}

/* Kernel frames. */

CALLED static int lock_memory(void *arg)
{
	struct told *t = arg;

	t->returns[0] = __builtin_return_address(0);
	t->memory = map_anon(t->pages);
	return mlock(t->memory, t->pages * PAGE);
}

static int run_lock_memory(void *arg)
{
	int ret = lock_memory(arg);

	asm volatile("" ::: "memory");
	return ret;
}

static bool has_symbol(const struct stack *k, const char *part)
{
	int i;

	for (i = 0; i < k->nr; i++)
		if (k->frame[i].symbol && strstr(k->frame[i].symbol, part))
			return true;
	return false;
}

TEST_F(loaded, who_in_the_kernel_faults_for_the_program)
{
	struct told *t = shared_alloc(sizeof(*t));
	long long calls = 0;
	struct workload w;
	struct stacks s;
	size_t i;
	int fd, j;

	t->pages = 100;
	fd = stacks_ask("both all");
	ASSERT_LE(0, fd);
	w = RUN_EXACT(run_lock_memory, t);
	ASSERT_EQ(0, stacks_take(&s, fd));
	for (i = 0; i < s.nr; i++) {
		const struct stack *k = &s.stack[i];

		if (k->pid != w.pid)
			continue;
		if (has_symbol(k, "mlock"))
			calls += k->calls;
		for (j = 0; j < k->nr; j++)
			EXPECT_FALSE(k->frame[j].symbol && !strncmp(k->frame[j].symbol, "0x", 2));
		/* At its own faults the kernel has nothing to say. */
		EXPECT_TRUE(strcmp(k->kernel_end, "none") || !has_symbol(k, "+"));
	}
	EXPECT_EQ(100, calls) {
		stacks_print(&s, w.pid);
	}
	stacks_free(&s);
	EXPECT_EQ(0, stacks_equal_faults(fd, w.pid));
	close(fd);
}

/* exec. */

static int exec_work(void *arg)
{
	(void)arg;
	execl("/tests/work", "work", "touch", "100", (char *)NULL);
	return 1;
}

TEST_F(asked, a_program_that_is_being_loaded_has_no_registers)
{
	struct workload w = { 0 };
	bool registers = false;
	struct stacks s;
	size_t i;

	EXPECT_EQ(0, workload_start(&w, exec_work, NULL));
	EXPECT_EQ(0, workload_wait(&w));
	ASSERT_EQ(0, stacks_take(&s, self->fd));
	for (i = 0; i < s.nr; i++)
		if (s.stack[i].pid == w.pid && !strcmp(s.stack[i].user_end, "registers"))
			registers = true;
	EXPECT_TRUE(registers);
	stacks_free(&s);
	EXPECT_EQ(0, stacks_equal_faults(self->fd, w.pid));
	EXPECT_EQ(0, workload_finish(&w));
}

/* Calls of stacks that end at the bottom, with so many frames, all of them in a file. */
static long long calls_whole(const struct stacks *s, pid_t pid, const char *object,
			     const char *file, int nr)
{
	long long calls = 0;
	size_t i;
	int j;

	for (i = 0; i < s->nr; i++) {
		const struct stack *k = &s->stack[i];
		int in_file = 0;

		if (k->pid != pid || strcmp(k->object, object) || strcmp(k->user_end, "bottom"))
			continue;
		for (j = 0; j < k->nr; j++)
			in_file += k->frame[j].image && strstr(k->frame[j].image, file);
		if (k->nr == nr && in_file == nr)
			calls += k->calls;
	}
	return calls;
}

TEST_F(asked, a_32_bit_program_has_callers)
{
	int *error = shared_alloc(sizeof(*error));
	struct workload w = { 0 };
	struct stacks s;

	EXPECT_EQ(0, workload_run(&w, run_work32, error));
	if (*error == ENOEXEC)
		SKIP_TEST("the kernel runs no 32-bit programs");
	EXPECT_EQ(0, w.status);
	ASSERT_EQ(0, stacks_take(&s, self->fd));
	EXPECT_LE(WORK32_PAGES, calls_whole(&s, w.pid, "[heap]", "work32", 2)) {
		stacks_print(&s, w.pid);
	}
	EXPECT_LE(WORK32_PAGES - 1, calls_whole(&s, w.pid, "[stack]", "work32", 3)) {
		stacks_print(&s, w.pid);
	}
	stacks_free(&s);
	EXPECT_EQ(0, stacks_equal_faults(self->fd, w.pid));
}

#define STACK_PAGES	200

CALLED static void touch_stack(struct told *t)
{
	char room[STACK_PAGES * PAGE];
	volatile char *p = room;
	size_t i;

	t->returns[0] = __builtin_return_address(0);
	/* From the top down, as a stack grows. */
	for (i = STACK_PAGES; i; i--)
		p[(i - 1) * PAGE] = 1;
}

CALLED static int run_touch_stack(void *arg)
{
	touch_stack(arg);
	asm volatile("" ::: "memory");
	return 0;
}

TEST_F(asked, pages_of_the_stack_itself_have_callers)
{
	struct told *t = shared_alloc(sizeof(*t));
	struct workload w;
	struct stacks s;

	w = RUN_EXACT(run_touch_stack, t);
	ASSERT_EQ(0, stacks_take(&s, self->fd));
	/* Some of it was there before. */
	EXPECT_LE(STACK_PAGES - 32, calls_by(&s, w.pid, "[stack]", t->returns, 1)) {
		stacks_print(&s, w.pid);
	}
	stacks_free(&s);
	EXPECT_EQ(0, stacks_equal_faults(self->fd, w.pid));
}

TEST(bad_wishes_are_refused)
{
	static const char * const bad[] = {
		"", "user", "both", "user ", "all all", "kernal 1", "mark=", "mark=0", "mark=x",
		"1,", "0", "user mark=-1", "1 2",
	};
	size_t i;
	int fd;

	ASSERT_EQ(0, module_load(""));
	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		fd = open(STACKS, O_WRONLY);
		ASSERT_LE(0, fd);
		errno = 0;
		EXPECT_EQ(-1, write(fd, bad[i], strlen(bad[i]))) {
			note("\"%s\" was taken", bad[i]);
		}
		EXPECT_EQ(strlen(bad[i]) ? EINVAL : 0, strlen(bad[i]) ? errno : 0);
		close(fd);
	}
	EXPECT_NE(0, param_set("stacks", "some"));
	EXPECT_NE(0, param_set("stacks_pid", "x"));
	EXPECT_NE(0, param_set("stack_depth", "0"));
	EXPECT_NE(0, param_set("stack_depth", "128"));
	EXPECT_NE(0, param_set("stack_every", "0"));
	EXPECT_EQ(0, module_unload_soon());
}

TEST_HARNESS_MAIN
