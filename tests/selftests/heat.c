// SPDX-License-Identifier: GPL-2.0
/*
 * heat.c - calls and majors by region of a file: known offsets give known counts, whatever the
 * file's size, the CPU and the size of the regions; only processes that are asked for have any, as
 * long as somebody asks; what could not be counted by region is said to be lost.
 */
#include "suite.h"
#include "heatfile.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>

#define MANY_FILES	2000

/* A process that does something to a file and then waits, so that it can be looked at. */
struct task {
	struct gate ready, go;
	const char *path;
	size_t pages;
	const unsigned int *touch;	/* pages; the last is END */
	bool read;
};

#define END (~0u)

static int touch_listed(struct task *t)
{
	/* Private, since some kernels retry the first write to a page that is shared. */
	char *p = map_file(t->path, t->pages, PROT_READ | (t->read ? 0 : PROT_WRITE),
			   MAP_PRIVATE);
	const unsigned int *at;

	if (!p || madvise(p, t->pages * PAGE, MADV_RANDOM))
		return 1;
	for (at = t->touch; *at != END; at++) {
		if (t->read)
			(void)*(volatile char *)(p + *at * PAGE);
		else
			p[*at * PAGE] = 1;
	}
	return munmap(p, t->pages * PAGE);
}

static int touch_and_wait(void *arg)
{
	struct task *t = arg;

	if (touch_listed(t))
		return 1;
	gate_open(&t->ready);
	return gate_wait(&t->go);
}

static int task_start(struct workload *w, struct task *t)
{
	if (gate_init(&t->ready) || gate_init(&t->go) || workload_start(w, touch_and_wait, t))
		return -1;
	return gate_wait(&t->ready);
}

static int task_end(struct workload *w, struct task *t)
{
	gate_open(&t->go);
	return workload_finish(w);
}

static const unsigned int offsets[] = { 0, 1, 2, 3, 4, 7, 8, 500, 511, 512, 1000, 1023, END };

TEST_F(loaded, known_offsets_of_a_file)
{
	struct task t = { .path = "/dev/shm/heat.known", .pages = 1024, .touch = offsets };
	struct workload w = { 0 };
	struct heat_row *row;
	struct heat h;
	long long lost;

	ASSERT_EQ(0, file_make_empty(t.path, t.pages));
	ASSERT_EQ(0, param_set("heat_pid", "all"));
	ASSERT_EQ(0, task_start(&w, &t));
	ASSERT_EQ(0, heat_take(&h));
	row = heat_find(&h, w.pid, t.path);
	ASSERT_NE(NULL, row);
	EXPECT_EQ(4 * PAGE, row->size);
	EXPECT_EQ(12, row->calls);
	EXPECT_EQ(0, row->major);
	EXPECT_EQ(4, row->region[0].calls);
	EXPECT_EQ(2, row->region[1].calls);
	EXPECT_EQ(1, row->region[2].calls);
	EXPECT_EQ(1, row->region[125].calls);
	EXPECT_EQ(1, row->region[127].calls);
	EXPECT_EQ(1, row->region[128].calls);
	EXPECT_EQ(1, row->region[250].calls);
	EXPECT_EQ(1, row->region[255].calls);
	EXPECT_EQ(0, heat_equals_faults(w.pid, &lost));
	EXPECT_EQ(0, lost);
	heat_free(&h);
	EXPECT_EQ(0, task_end(&w, &t));
	/* It is all there when the process has ended. */
	EXPECT_EQ(0, heat_equals_faults(w.pid, &lost));
	unlink(t.path);
}

/* Each page from the disk by itself; the verdict on the last one has no call after it. */
static const unsigned int far_apart[] = { 40, 3000, 41, 2000, 3999, END };

TEST_F(loaded, majors_by_region_to_the_last_one)
{
	struct task t = { .pages = 4000, .touch = far_apart, .read = true };
	struct workload w = { 0 };
	struct heat_row *row;
	char path[256];
	struct heat h;
	int i, at;

	if (!test_disk())
		SKIP_TEST("no disk to read from");
	snprintf(path, sizeof(path), "%s/heat.major", test_disk());
	t.path = path;
	ASSERT_EQ(0, file_make(path, t.pages));
	ASSERT_EQ(0, param_set("heat_pid", "all"));
	ASSERT_EQ(0, caches_drop());
	ASSERT_EQ(0, task_start(&w, &t));
	ASSERT_EQ(0, heat_take(&h));
	row = heat_find(&h, w.pid, path);
	ASSERT_NE(NULL, row);
	EXPECT_EQ(16 * PAGE, row->size);
	EXPECT_EQ(5, row->major);
	for (i = 0; i < 5; i++) {
		at = (int)far_apart[i] / 16;
		EXPECT_EQ(at == 2 ? 2 : 1, row->region[at].major) {
			note("region %d: %lld majors of %lld calls", at, row->region[at].major,
			     row->region[at].calls);
		}
		EXPECT_LE(row->region[at].major, row->region[at].calls);
	}
	heat_free(&h);
	EXPECT_EQ(0, task_end(&w, &t));
	unlink(path);
}

static const unsigned int just_one[] = { 100, END };

static int touch_one(void *arg)
{
	return touch_listed(arg);
}

TEST_F(loaded, file_grows_and_regions_with_it)
{
	static const unsigned int small[] = { 0, 5, 255, END }, large[] = { 1, 256, 65535, END },
				  small_again[] = { 5, END };
	struct task t = { .path = "/dev/shm/heat.grow", .pages = 256, .touch = small };
	struct heat_row *row;
	struct heat h;
	pid_t pid;
	int i;

	/* One process: the row must stay. */
	ASSERT_EQ(0, param_set("heat_pid", "all"));
	ASSERT_EQ(0, file_make_empty(t.path, t.pages));
	ASSERT_EQ(0, gate_init(&t.ready));
	ASSERT_EQ(0, gate_init(&t.go));
	pid = fork();
	if (!pid) {
		if (touch_listed(&t))
			_exit(1);
		gate_open(&t.ready);
		if (gate_wait(&t.go) || truncate(t.path, 65536 * (off_t)PAGE))
			_exit(1);
		t.pages = 65536;
		t.touch = large;
		if (touch_listed(&t))
			_exit(1);
		t.touch = small_again;
		_exit(touch_listed(&t));
	}
	ASSERT_EQ(0, gate_wait(&t.ready));
	ASSERT_EQ(0, heat_take(&h));
	row = heat_find(&h, pid, t.path);
	ASSERT_NE(NULL, row);
	EXPECT_EQ(PAGE, row->size);
	EXPECT_EQ(1, row->region[0].calls);
	EXPECT_EQ(1, row->region[5].calls);
	EXPECT_EQ(1, row->region[255].calls);
	heat_free(&h);
	gate_open(&t.go);
	ASSERT_EQ(pid, waitpid(pid, &i, 0));
	ASSERT_EQ(0, i);
	ASSERT_EQ(0, heat_take(&h));
	row = heat_find(&h, pid, t.path);
	ASSERT_NE(NULL, row);
	EXPECT_EQ(256 * PAGE, row->size);
	EXPECT_EQ(7, row->calls);
	EXPECT_EQ(5, row->region[0].calls);
	EXPECT_EQ(1, row->region[1].calls);
	EXPECT_EQ(1, row->region[255].calls);
	heat_free(&h);
	unlink(t.path);
}

static int run_on(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	return sched_setaffinity(0, sizeof(set), &set);
}

/* A file that is truncated to a length and touched, again and again; ends with no pages. */
struct stage {
	size_t pages;
	const unsigned int *touch;
};

static int touch_in_stages(struct task *t, const struct stage *stage)
{
	for (; stage->pages; stage++) {
		t->pages = stage->pages;
		t->touch = stage->touch;
		if (truncate(t->path, (off_t)t->pages * (off_t)PAGE) || touch_listed(t))
			return 1;
	}
	return 0;
}

static const unsigned int ten[] = { 0, 9, END }, fifty[] = { 10, 49, END },
			  many[] = { 9, 255, END }, too_many[] = { 8, 65535, END };
static const struct stage growth[] = { { 10, ten }, { 50, fifty }, { 256, many }, { 0 } },
			  more_growth[] = { { 10, ten }, { 50, fifty }, { 256, many },
					    { 65536, too_many }, { 0 } };

/* On one CPU, so that its regions are those that grow. */
static int grow_by_size(void *arg)
{
	return run_on(0) || touch_in_stages(arg, growth);
}

/* A small file has little memory for its regions: 16, 64, 256. */
TEST_F(loaded, regions_become_more_before_they_become_larger)
{
	struct task t = { .path = "/dev/shm/heat.more" };
	struct heat_row *row;
	struct workload w;
	long long lost;
	struct heat h;

	ASSERT_EQ(0, file_make_empty(t.path, 10));
	ASSERT_EQ(0, param_set("heat_pid", "all"));
	w = RUN_EXACT(grow_by_size, &t);
	ASSERT_EQ(0, heat_take(&h));
	row = heat_find(&h, w.pid, t.path);
	ASSERT_NE(NULL, row);
	EXPECT_EQ(PAGE, row->size);
	EXPECT_EQ(6, row->calls);
	EXPECT_EQ(1, row->region[0].calls);
	EXPECT_EQ(2, row->region[9].calls);
	EXPECT_EQ(1, row->region[10].calls);
	EXPECT_EQ(1, row->region[49].calls);
	EXPECT_EQ(1, row->region[255].calls);
	heat_free(&h);
	EXPECT_EQ(0, heat_equals_faults(w.pid, &lost));
	EXPECT_EQ(0, lost);
	unlink(t.path);
}

#define GROWING_FILES	200

static int grow_many(void *arg)
{
	char path[64];
	struct task t = { .path = path };
	const int *nr = arg;
	int i;

	if (run_on(0))
		return 1;
	for (i = 0; i < *nr; i++) {
		snprintf(path, sizeof(path), "/dev/shm/heat.growing.%d", i);
		if (file_make_empty(path, 10) || touch_in_stages(&t, more_growth))
			return 1;
		unlink(path);
		/* The worker that fetches memory is to come to it. */
		if (i % 8 == 0)
			usleep(10000);
	}
	return 0;
}

/* What is read while regions move to other memory, and that is used again, adds up. */
TEST_F(loaded, read_while_regions_move)
{
	struct workload w = { 0 };
	int nr = GROWING_FILES, reads = 0, whole = 0;
	siginfo_t info;
	long long lost;
	struct heat h;
	size_t i;

	ASSERT_EQ(0, param_set("heat_pid", "all"));
	ASSERT_EQ(0, workload_start(&w, grow_many, &nr));
	do {
		ASSERT_EQ(0, heat_take(&h));
		reads++;
		for (i = 0; i < h.nr; i++) {
			if (h.rows[i].pid != w.pid || strncmp(h.rows[i].object, "/dev/shm/", 9))
				continue;
			EXPECT_GE(8, h.rows[i].calls) {
				note("%s", h.rows[i].object);
			}
		}
		heat_free(&h);
		info.si_pid = 0;
	} while (!waitid(P_PID, (id_t)w.pid, &info, WEXITED | WNOWAIT | WNOHANG) && !info.si_pid);
	EXPECT_EQ(0, workload_finish(&w));
	EXPECT_LT(5, reads);
	ASSERT_EQ(0, heat_take(&h));
	for (i = 0; i < h.nr; i++)
		whole += h.rows[i].pid == w.pid && h.rows[i].calls == 8 &&
			 !strncmp(h.rows[i].object, "/dev/shm/heat.growing.", 22);
	EXPECT_EQ(GROWING_FILES, whole);
	heat_free(&h);
	EXPECT_EQ(0, heat_equals_faults(w.pid, &lost));
	EXPECT_EQ(0, lost);
	note("%d reads", reads);
}

/* One may map the beginning of a file that is larger than any disk. */
TEST_F(loaded, a_file_as_large_as_can_be)
{
	struct task t = { .path = "/dev/shm/heat.large", .pages = 1024, .touch = just_one };
	struct heat_row *row;
	struct workload w;
	struct heat h;

	ASSERT_EQ(0, file_make_empty(t.path, t.pages));
	ASSERT_EQ(0, truncate(t.path, (off_t)7 << 60));
	ASSERT_EQ(0, param_set("heat_pid", "all"));
	w = RUN_EXACT(touch_one, &t);
	ASSERT_EQ(0, heat_take(&h));
	row = heat_find(&h, w.pid, t.path);
	ASSERT_NE(NULL, row);
	EXPECT_EQ(1ull << 54, row->size);
	EXPECT_EQ(1, row->region[0].calls);
	heat_free(&h);
	unlink(t.path);
}

struct spread {
	const char *path;
	size_t pages;
	int threads;
};

/* Each thread all pages once, through a map of its own, in an order of its own. */
static int touch_all(void *arg, int nr)
{
	struct spread *s = arg;
	char *p = map_file(s->path, s->pages, PROT_READ | PROT_WRITE, MAP_PRIVATE);

	if (!p || madvise(p, s->pages * PAGE, MADV_RANDOM))
		return 1;
	touch_scattered(p, s->pages, (unsigned int)nr, true);
	return munmap(p, s->pages * PAGE);
}

static int touch_by_threads(void *arg)
{
	struct spread *s = arg;

	return threads_run(s->threads, touch_all, s, false);
}

TEST_F(loaded, threads_on_two_cpus_count_every_page)
{
	struct spread s = { .path = "/dev/shm/heat.threads", .pages = 2048, .threads = 6 };
	struct heat_row *row;
	struct workload w;
	long long lost;
	struct heat h;
	int i;

	ASSERT_EQ(0, file_make_empty(s.path, s.pages));
	ASSERT_EQ(0, param_set("heat_pid", "all"));
	w = RUN_EXACT(touch_by_threads, &s);
	ASSERT_EQ(0, heat_take(&h));
	row = heat_find(&h, w.pid, s.path);
	ASSERT_NE(NULL, row);
	EXPECT_EQ(8 * PAGE, row->size);
	/* A retry, which some kernels have, is a call more. */
	for (i = 0; i < REGIONS; i++) {
		EXPECT_LE(8 * s.threads, row->region[i].calls) {
			note("region %d", i);
		}
	}
	heat_free(&h);
	EXPECT_EQ(0, heat_equals_faults(w.pid, &lost));
	EXPECT_EQ(0, lost);
	unlink(s.path);
}

/* CPUs whose regions have different sizes are added up. */
static int two_cpus(void *arg)
{
	static const unsigned int near[] = { 0, 1, 2, END }, far[] = { 3, 60000, END };
	struct task *t = arg;
	int cpu;

	for (cpu = 0; cpu < 2; cpu++) {
		if (run_on(cpu))
			return 1;
		/* The file is small when the first call comes. */
		t->pages = cpu ? 65536 : 16;
		t->touch = cpu ? far : near;
		if (cpu && truncate(t->path, (off_t)t->pages * (off_t)PAGE))
			return 1;
		if (touch_listed(t))
			return 1;
	}
	return 0;
}

TEST_F(loaded, cpus_with_regions_of_different_size)
{
	struct task t = { .path = "/dev/shm/heat.cpus" };
	struct heat_row *row;
	struct workload w;
	struct heat h;

	if (sysconf(_SC_NPROCESSORS_ONLN) < 2)
		SKIP_TEST("one CPU");
	ASSERT_EQ(0, file_make_empty(t.path, 16));
	ASSERT_EQ(0, param_set("heat_pid", "all"));
	w = RUN_EXACT(two_cpus, &t);
	ASSERT_EQ(0, heat_take(&h));
	row = heat_find(&h, w.pid, t.path);
	ASSERT_NE(NULL, row);
	EXPECT_EQ(256 * PAGE, row->size);
	EXPECT_EQ(5, row->calls);
	EXPECT_EQ(4, row->region[0].calls);
	EXPECT_EQ(1, row->region[60000 / 256].calls);
	heat_free(&h);
	unlink(t.path);
}

/* So many files of some pages, of which each has these two touched, twice, on these CPUs or any. */
struct crowd {
	int files;
	size_t pages;
	unsigned int first, second;
	int cpu[2];
};

#define ANY_CPU	{ -1, -1 }

static void crowd_path(char *path, size_t size, int nr)
{
	snprintf(path, size, "/dev/shm/heat.many.%d", nr);
}

static int touch_many(void *arg)
{
	const struct crowd *c = arg;
	char path[64], *p;
	int i, round;

	for (round = 0; round < 2; round++) {
		if (c->cpu[round] >= 0 && run_on(c->cpu[round]))
			return 1;
		for (i = 0; i < c->files; i++) {
			crowd_path(path, sizeof(path), i);
			p = map_file(path, c->pages, PROT_READ | PROT_WRITE, MAP_PRIVATE);
			if (!p)
				return 1;
			p[c->first * PAGE] = 1;
			p[c->second * PAGE] = 1;
			munmap(p, c->pages * PAGE);
			/* The worker that fetches memory is to come to it. */
			if (i % 32 == 0)
				usleep(10000);
		}
	}
	return 0;
}

static pid_t many_files(struct __test_metadata *_metadata, struct crowd c, long long *lost)
{
	struct workload w;
	char path[64];
	int i;

	for (i = 0; i < c.files; i++) {
		crowd_path(path, sizeof(path), i);
		ASSERT_EQ(0, file_make_empty(path, c.pages));
	}
	ASSERT_EQ(0, param_set("heat_pid", "all"));
	w = RUN_EXACT(touch_many, &c);
	EXPECT_EQ(0, heat_equals_faults(w.pid, lost));
	for (i = 0; i < c.files; i++) {
		crowd_path(path, sizeof(path), i);
		unlink(path);
	}
	return w.pid;
}

TEST_F(loaded, thousands_of_files)
{
	long long lost;
	struct heat h;

	many_files(_metadata, (struct crowd){ MANY_FILES, 2, 0, 1, ANY_CPU }, &lost);
	/* Not 2,000 first uses at once, and room for all. */
	EXPECT_GE(4 * MANY_FILES / 20, lost);
	/* Not a page for each of such small files, let alone on each CPU. */
	ASSERT_EQ(0, heat_take(&h));
	EXPECT_GT(MANY_FILES * (long long)PAGE, h.memory) {
		note("%lld bytes", h.memory);
	}
	heat_free(&h);
}

FIXTURE(own)
{
	int unused;
};

FIXTURE_SETUP(own)
{
	/* Each test loads by itself. */
}

FIXTURE_TEARDOWN(own)
{
	loaded_end(_metadata, false, 0);
}

static void memory_is_at_most(struct __test_metadata *_metadata, long long bytes)
{
	struct snapshot s;

	ASSERT_EQ(0, snapshot_take(&s, FAULTS_PROC));
	EXPECT_GE(bytes, snapshot_value(&s, "table", "memory"));
	snapshot_free(&s);
}

/* How many of a process's files have regions of so many pages, each with what it should have. */
static int files_with_regions_of(struct __test_metadata *_metadata, struct heat *h, pid_t pid,
				 struct crowd c, size_t pages)
{
	int i, nr = 0;

	for (i = 0; i < c.files; i++) {
		struct heat_row *row;
		char path[64];

		crowd_path(path, sizeof(path), i);
		row = heat_find(h, pid, path);
		if (!row || row->size != pages * PAGE)
			continue;
		EXPECT_EQ(2, row->region[c.first / pages].calls);
		EXPECT_EQ(2, row->region[c.second / pages].calls);
		EXPECT_EQ(4, row->calls);
		nr++;
	}
	return nr;
}

TEST_F(own, where_memory_is_scarce_regions_are_larger)
{
	/* A row is shown with the largest regions that it has on any CPU. */
	const struct crowd c = { 700, 1024, 3, 1000, { 0, 0 } };
	int nr[3], i, pages;
	long long lost;
	struct heat h;
	pid_t pid;

	/*
	 * Room for 256 regions in a quarter of it: 256 files; for 64 in a sixteenth: 256. (For
	 * the files themselves there would be less on more CPUs than this suite's two.)
	 */
	ASSERT_EQ(0, module_load("max_memory=4"));
	pid = many_files(_metadata, c, &lost);
	EXPECT_EQ(0, lost);
	ASSERT_EQ(0, heat_take(&h));
	for (i = 0, pages = 4; i < 3; i++, pages *= 4) {
		nr[i] = files_with_regions_of(_metadata, &h, pid, c, (size_t)pages);
		EXPECT_LT(0, nr[i]);
		note("%d files with regions of %d pages", nr[i], pages);
	}
	EXPECT_EQ(c.files, nr[0] + nr[1] + nr[2]);
	heat_free(&h);
	memory_is_at_most(_metadata, 4 << 20);
}

/*
 * Of 2,000, each file on each of two CPUs, 1,536 have regions of their own and 64 share. The
 * others' calls are lost, and said to be.
 */
TEST_F(own, where_memory_has_run_out_regions_are_shared_then_lost)
{
	long long lost;

	if (sysconf(_SC_NPROCESSORS_ONLN) < 2)
		SKIP_TEST("one CPU");
	ASSERT_EQ(0, module_load("max_memory=4"));
	many_files(_metadata, (struct crowd){ 1000, 2, 0, 1, { 0, 1 } }, &lost);
	note("%lld calls lost", lost);
	EXPECT_GT(2 * (2000 - 1536), lost);
	EXPECT_LE(2 * (2000 - 1536 - 64), lost);
	memory_is_at_most(_metadata, 4 << 20);
}

TEST_F(own, asked_for_at_load)
{
	struct task t = { .path = "/dev/shm/heat.load", .pages = 1024, .touch = just_one };
	struct workload w;
	long long lost;

	ASSERT_EQ(0, file_make_empty(t.path, t.pages));
	ASSERT_EQ(0, module_load("heat_pid=all"));
	w = RUN_EXACT(touch_one, &t);
	EXPECT_EQ(1, is_hot(w.pid, t.path));
	EXPECT_EQ(0, heat_equals_faults(w.pid, &lost));
	EXPECT_EQ(0, lost);
	unlink(t.path);
}

TEST_F(loaded, only_those_asked_for_and_only_as_long)
{
	struct task t[2] = {
		{ .path = "/dev/shm/heat.a", .pages = 1024, .touch = offsets },
		{ .path = "/dev/shm/heat.b", .pages = 1024, .touch = offsets },
	};
	struct workload w[2] = { { 0 }, { 0 } };
	char pid[16];
	struct heat h;
	int i;

	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, file_make_empty(t[i].path, t[i].pages));
		ASSERT_EQ(0, task_start(&w[i], &t[i]));
	}
	ASSERT_EQ(0, heat_take(&h));
	EXPECT_EQ(0, h.nr);
	heat_free(&h);
	snprintf(pid, sizeof(pid), "%d", w[1].pid);
	ASSERT_EQ(0, param_set("heat_pid", pid));
	for (i = 0; i < 2; i++)
		EXPECT_EQ(0, task_end(&w[i], &t[i]));
	ASSERT_EQ(0, heat_take(&h));
	EXPECT_EQ(0, heat_rows_of(&h, w[0].pid));
	heat_free(&h);
	ASSERT_EQ(0, param_set("heat_pid", ""));
	ASSERT_EQ(0, heat_take(&h));
	EXPECT_EQ(0, h.nr);
	heat_free(&h);
	for (i = 0; i < 2; i++)
		unlink(t[i].path);
}

/* Touches a file whenever it is told, until the gate that ends it is open. */
struct toucher {
	const char *path;
	volatile bool stop;
	volatile unsigned long turns;
};

static int touch_for_ever(void *arg)
{
	struct toucher *t = arg;
	char *p;

	while (!t->stop) {
		p = map_file(t->path, 64, PROT_READ | PROT_WRITE, MAP_PRIVATE);
		if (!p)
			return 1;
		touch_write(p, 64);
		munmap(p, 64 * PAGE);
		t->turns++;
	}
	return 0;
}

static bool has_turned(void *arg)
{
	struct toucher *t = arg;

	return t->turns > 3;
}

static bool turned_again(struct toucher *t)
{
	t->turns = 0;
	return wait_until(has_turned, t, 20000);
}

TEST_F(loaded, two_who_ask_do_not_disturb_each_other)
{
	struct toucher *t[2];
	struct workload w[2] = { { 0 }, { 0 } };
	char pid[2][16];
	int fd[2], i;

	for (i = 0; i < 2; i++) {
		t[i] = shared_alloc(sizeof(*t[i]));
		t[i]->path = i ? "/dev/shm/heat.two" : "/dev/shm/heat.one";
		ASSERT_EQ(0, file_make_empty(t[i]->path, 64));
		ASSERT_EQ(0, workload_start(&w[i], touch_for_ever, t[i]));
		snprintf(pid[i], sizeof(pid[i]), "%d", w[i].pid);
	}
	fd[0] = heat_ask(pid[0]);
	ASSERT_LE(0, fd[0]);
	ASSERT_TRUE(turned_again(t[0]) && turned_again(t[1]));
	EXPECT_EQ(1, is_hot(w[0].pid, t[0]->path));
	EXPECT_EQ(0, is_hot(w[1].pid, t[1]->path));
	fd[1] = heat_ask(pid[1]);
	ASSERT_LE(0, fd[1]);
	ASSERT_TRUE(turned_again(t[0]) && turned_again(t[1]));
	EXPECT_EQ(1, is_hot(w[0].pid, t[0]->path));
	EXPECT_EQ(1, is_hot(w[1].pid, t[1]->path));
	/* Somebody else: the same list as well, then all, then what is no list. */
	EXPECT_EQ((ssize_t)strlen(pid[0]), write(fd[1], pid[0], strlen(pid[0])));
	ASSERT_TRUE(turned_again(t[0]) && turned_again(t[1]));
	EXPECT_EQ(1, is_hot(w[0].pid, t[0]->path));
	EXPECT_EQ(0, is_hot(w[1].pid, t[1]->path));
	EXPECT_EQ(3, write(fd[1], "all", 3));
	ASSERT_TRUE(turned_again(t[0]) && turned_again(t[1]));
	EXPECT_EQ(1, is_hot(w[1].pid, t[1]->path));
	close(fd[0]);
	EXPECT_EQ(1, is_hot(w[0].pid, t[0]->path));
	close(fd[1]);
	ASSERT_TRUE(turned_again(t[0]) && turned_again(t[1]));
	EXPECT_EQ(0, is_hot(w[0].pid, t[0]->path));
	EXPECT_EQ(0, is_hot(w[1].pid, t[1]->path));
	for (i = 0; i < 2; i++) {
		t[i]->stop = true;
		EXPECT_EQ(0, workload_finish(&w[i]));
		unlink(t[i]->path);
	}
}

TEST_F(loaded, who_asked_and_was_killed_asks_no_more)
{
	struct toucher *t = shared_alloc(sizeof(*t));
	struct workload w = { 0 };
	struct gate asked;
	char pid[16];
	pid_t asker;
	int status;

	t->path = "/dev/shm/heat.killed";
	ASSERT_EQ(0, file_make_empty(t->path, 64));
	ASSERT_EQ(0, gate_init(&asked));
	ASSERT_EQ(0, workload_start(&w, touch_for_ever, t));
	snprintf(pid, sizeof(pid), "%d", w.pid);
	asker = fork();
	if (!asker) {
		if (heat_ask(pid) < 0)
			_exit(1);
		gate_open(&asked);
		for (;;)
			pause();
	}
	ASSERT_EQ(0, gate_wait(&asked));
	ASSERT_TRUE(turned_again(t));
	EXPECT_EQ(1, is_hot(w.pid, t->path));
	kill(asker, SIGKILL);
	ASSERT_EQ(asker, waitpid(asker, &status, 0));
	EXPECT_EQ(0, is_hot(w.pid, t->path));
	ASSERT_TRUE(turned_again(t));
	EXPECT_EQ(0, is_hot(w.pid, t->path));
	t->stop = true;
	EXPECT_EQ(0, workload_finish(&w));
	unlink(t->path);
}

TEST_F(loaded, what_is_no_list_changes_nothing)
{
	static const struct {
		const char *text;
		int error;
	} bad[] = {
		{ "", EINVAL }, { "x", EINVAL }, { "1,", EINVAL }, { "0", EINVAL },
		{ "-1", EINVAL }, { "1;2", EINVAL },
		{ "everyone", EINVAL }, { "99999999999", EINVAL },
	};
	char text[1024], gone[32];
	struct heat h;
	unsigned int i;
	int fd = open(HEAT, O_RDWR);
	pid_t pid = fork();

	if (!pid)
		_exit(0);
	ASSERT_EQ(pid, waitpid(pid, NULL, 0));

	ASSERT_LE(0, fd);
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		/* A write of nothing never reaches the module on some kernels. */
		if (!*bad[i].text)
			continue;
		EXPECT_EQ(-1, write(fd, bad[i].text, strlen(bad[i].text)));
		EXPECT_EQ(bad[i].error, errno) {
			note("'%s': %s", bad[i].text, strerror(errno));
		}
	}
	for (i = 0; i < 2; i++) {
		snprintf(gone, sizeof(gone), i ? "%d" : "1,%d", pid);
		EXPECT_EQ(-1, write(fd, gone, strlen(gone)));
		EXPECT_EQ(ESRCH, errno);
	}
	memset(text, '1', sizeof(text));
	EXPECT_EQ(-1, write(fd, text, sizeof(text)));
	EXPECT_EQ(EINVAL, errno);
	ASSERT_EQ(0, heat_take(&h));
	EXPECT_EQ(0, h.requests);
	heat_free(&h);
	EXPECT_EQ(1, write(fd, "1", 1));
	EXPECT_EQ(-1, write(fd, "x", 1));
	ASSERT_EQ(0, heat_take(&h));
	EXPECT_EQ(1, h.requests);
	heat_free(&h);
	/* Like any open file of /proc it does not keep the module, see teardown. */
	EXPECT_EQ(0, module_unload_soon());
	EXPECT_EQ(-1, write(fd, "1", 1));
	close(fd);
}

TEST_F(loaded, reset_begins_anew)
{
	struct task t = { .path = "/dev/shm/heat.reset", .pages = 1024, .touch = just_one };
	struct workload w;
	struct heat h;

	ASSERT_EQ(0, file_make_empty(t.path, t.pages));
	ASSERT_EQ(0, param_set("heat_pid", "all"));
	w = RUN_EXACT(touch_one, &t);
	EXPECT_EQ(1, is_hot(w.pid, t.path));
	ASSERT_EQ(0, param_set("reset", "1"));
	ASSERT_EQ(0, heat_take(&h));
	EXPECT_EQ(NULL, heat_find(&h, w.pid, t.path));
	EXPECT_EQ(0, h.lost);
	heat_free(&h);
	w = RUN_EXACT(touch_one, &t);
	ASSERT_EQ(0, heat_take(&h));
	ASSERT_NE(NULL, heat_find(&h, w.pid, t.path));
	EXPECT_EQ(1, heat_find(&h, w.pid, t.path)->calls);
	heat_free(&h);
	unlink(t.path);
}

static bool memory_is_below(void *arg)
{
	long long now = totals_value("table", "memory");

	return now > 0 && now < *(long long *)arg;
}

TEST_F(loaded, memory_is_given_back)
{
	struct task t = { .path = "/dev/shm/heat.back", .pages = 1024, .touch = just_one };
	long long with, before = totals_value("table", "memory");
	struct workload w;

	ASSERT_EQ(0, file_make_empty(t.path, t.pages));
	ASSERT_EQ(0, param_set("heat_pid", "all"));
	w = RUN_EXACT(touch_one, &t);
	EXPECT_EQ(1, is_hot(w.pid, t.path));
	with = totals_value("table", "memory");
	EXPECT_LT(before + 64 * (long long)PAGE, with);
	ASSERT_EQ(0, param_set("heat_pid", ""));
	/* All of what lay ready; rows and their names stay. */
	with -= 64 * (long long)PAGE;
	EXPECT_TRUE(wait_until(memory_is_below, &with, 20000));
	unlink(t.path);
}

/* Far behind the end of a file, where a call ends in SIGBUS, regions do not become larger. */
static int touch_far_behind(void *arg)
{
	struct task *t = arg;
	int fd = open(t->path, O_RDWR);
	char *p;

	if (fd < 0 || touch_listed(t))
		return 1;
	p = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, (off_t)1 << 50);
	if (p == MAP_FAILED)
		return 1;
	return *(volatile char *)p;
}

TEST_F(loaded, a_call_behind_the_end_of_the_file)
{
	struct task t = { .path = "/dev/shm/heat.behind", .pages = 1024, .touch = just_one };
	struct workload w = { .signal = SIGBUS };
	struct heat_row *row;
	struct heat h;

	ASSERT_EQ(0, file_make_empty(t.path, t.pages));
	ASSERT_EQ(0, param_set("heat_pid", "all"));
	ASSERT_EQ(0, workload_run(&w, touch_far_behind, &t));
	ASSERT_EQ(0, heat_take(&h));
	row = heat_find(&h, w.pid, t.path);
	ASSERT_NE(NULL, row);
	EXPECT_EQ(4 * PAGE, row->size);
	EXPECT_EQ(1, row->region[25].calls);
	EXPECT_LE(1, row->region[255].calls);
	heat_free(&h);
	unlink(t.path);
}

/*
 * A major that is not settled when the heat is dropped is of the time before: one thread sleeps
 * with it, another one touches the file when there is heat again.
 */
struct late {
	struct gate slept, touch, done;
	const char *path;
	size_t pages;
};

static int late_thread(void *arg, int nr)
{
	struct late *l = arg;
	char *p = map_file(l->path, l->pages, PROT_READ, MAP_PRIVATE);

	if (!p || madvise(p, l->pages * PAGE, MADV_RANDOM))
		return 1;
	if (!nr) {
		(void)*(volatile char *)(p + 100 * PAGE);
		gate_open(&l->slept);
		return gate_wait(&l->done);
	}
	if (gate_wait(&l->touch))
		return 1;
	(void)*(volatile char *)(p + 900 * PAGE);
	gate_open(&l->done);
	return 0;
}

static int late_process(void *arg)
{
	return threads_run(2, late_thread, arg, false);
}

TEST_F(loaded, no_major_without_a_call_after_a_reset)
{
	struct late l = { .pages = 1024 };
	struct workload w = { 0 };
	struct heat_row *row;
	char path[256];
	struct heat h;

	if (!test_disk())
		SKIP_TEST("no disk to read from");
	snprintf(path, sizeof(path), "%s/heat.late", test_disk());
	l.path = path;
	ASSERT_EQ(0, file_make(path, l.pages));
	ASSERT_EQ(0, caches_drop());
	ASSERT_EQ(0, gate_init(&l.slept) || gate_init(&l.touch) || gate_init(&l.done));
	ASSERT_EQ(0, param_set("heat_pid", "all"));
	ASSERT_EQ(0, workload_start(&w, late_process, &l));
	ASSERT_EQ(0, gate_wait(&l.slept));
	ASSERT_EQ(0, param_set("heat_pid", ""));
	ASSERT_EQ(0, param_set("heat_pid", "all"));
	gate_open(&l.touch);
	ASSERT_EQ(0, workload_finish(&w));
	ASSERT_EQ(0, heat_take(&h));
	row = heat_find(&h, w.pid, path);
	ASSERT_NE(NULL, row);
	EXPECT_EQ(0, row->region[25].calls);
	EXPECT_EQ(0, row->region[25].major);
	EXPECT_EQ(1, row->region[225].major);
	heat_free(&h);
	unlink(path);
}

/* Regions, not files; and files that are not mapped in the usual way. */
TEST_F(loaded, memory_without_a_file_has_no_heat)
{
	struct heat h;
	size_t i;

	ASSERT_EQ(0, param_set("heat_pid", "all"));
	free(malloc(1 << 20));
	touch_write(map_anon(100), 100);
	ASSERT_EQ(0, heat_take(&h));
	for (i = 0; i < h.nr; i++) {
		EXPECT_NE('[', h.rows[i].object[0]) {
			note("%s", h.rows[i].object);
		}
	}
	heat_free(&h);
}

TEST_HARNESS_MAIN
