// SPDX-License-Identifier: GPL-2.0
/*
 * heat.c - calls and majors by region of a file: known offsets give known counts, whatever the
 * size of the file, the CPU and the size of the regions.
 */
#include "suite.h"
#include "heatfile.h"
#include "listed.h"

#include <fcntl.h>
#include <sys/mman.h>

static const unsigned int offsets[] = { 0, 1, 2, 3, 4, 7, 8, 500, 511, 512, 1000, 1023, END };

TEST_F(loaded, known_offsets_give_known_counts)
{
	struct listed t = { .path = "/dev/shm/heat.known", .pages = 1024, .touch = offsets };
	struct workload w = { 0 };
	struct heat_row *row;
	struct heat h;
	long long lost;

	ASSERT_EQ(0, file_make_empty(t.path, t.pages));
	ASSERT_EQ(0, param_set("heat_pid", "all"));
	ASSERT_EQ(0, listed_start(&w, &t));
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
	EXPECT_EQ(0, listed_end(&w, &t));
	/* It is all there when the process has ended. */
	EXPECT_EQ(0, heat_equals_faults(w.pid, &lost));
	unlink(t.path);
}

/* Each page from the disk by itself; the verdict on the last one has no call after it. */
static const unsigned int far_apart[] = { 40, 3000, 41, 2000, 3999, END };

TEST_F(loaded, majors_are_in_their_regions_to_the_last_one)
{
	struct listed t = { .pages = 4000, .touch = far_apart, .read = true };
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
	ASSERT_EQ(0, listed_start(&w, &t));
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
	EXPECT_EQ(0, listed_end(&w, &t));
	unlink(path);
}

static const unsigned int just_one[] = { 100, END };

TEST_F(loaded, regions_grow_with_the_file)
{
	static const unsigned int small[] = { 0, 5, 255, END }, large[] = { 1, 256, 65535, END },
				  small_again[] = { 5, END };
	struct listed t = { .path = "/dev/shm/heat.grow", .pages = 256, .touch = small };
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
		if (listed_touch(&t))
			_exit(1);
		gate_open(&t.ready);
		if (gate_wait(&t.go) || truncate(t.path, 65536 * (off_t)PAGE))
			_exit(1);
		t.pages = 65536;
		t.touch = large;
		if (listed_touch(&t))
			_exit(1);
		t.touch = small_again;
		_exit(listed_touch(&t));
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

/* A file that is truncated to a length and touched, again and again; ends with no pages. */
struct stage {
	size_t pages;
	const unsigned int *touch;
};

static int touch_in_stages(struct listed *t, const struct stage *stage)
{
	for (; stage->pages; stage++) {
		t->pages = stage->pages;
		t->touch = stage->touch;
		if (truncate(t->path, (off_t)t->pages * (off_t)PAGE) || listed_touch(t))
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
	return run_on_cpu(0) || touch_in_stages(arg, growth);
}

/* A small file has little memory for its regions: 16, 64, 256. */
TEST_F(loaded, regions_become_more_before_they_become_larger)
{
	struct listed t = { .path = "/dev/shm/heat.more" };
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
	struct listed t = { .path = path };
	const int *nr = arg;
	int i;

	if (run_on_cpu(0))
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
TEST_F(loaded, text_read_while_regions_move_adds_up)
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
TEST_F(loaded, the_largest_file_has_regions)
{
	struct listed t = { .path = "/dev/shm/heat.large", .pages = 1024, .touch = just_one };
	struct heat_row *row;
	struct workload w;
	struct heat h;

	ASSERT_EQ(0, file_make_empty(t.path, t.pages));
	ASSERT_EQ(0, truncate(t.path, (off_t)7 << 60));
	ASSERT_EQ(0, param_set("heat_pid", "all"));
	w = RUN_EXACT(listed_touch, &t);
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
	struct listed *t = arg;
	int cpu;

	for (cpu = 0; cpu < 2; cpu++) {
		if (run_on_cpu(cpu))
			return 1;
		/* The file is small when the first call comes. */
		t->pages = cpu ? 65536 : 16;
		t->touch = cpu ? far : near;
		if (cpu && truncate(t->path, (off_t)t->pages * (off_t)PAGE))
			return 1;
		if (listed_touch(t))
			return 1;
	}
	return 0;
}

TEST_F(loaded, regions_of_different_size_add_up_over_cpus)
{
	struct listed t = { .path = "/dev/shm/heat.cpus" };
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

/* Far behind the end of a file, where a call ends in SIGBUS, regions do not become larger. */
static int touch_far_behind(void *arg)
{
	struct listed *t = arg;
	int fd = open(t->path, O_RDWR);
	char *p;

	if (fd < 0 || listed_touch(t))
		return 1;
	p = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, (off_t)1 << 50);
	if (p == MAP_FAILED)
		return 1;
	return *(volatile char *)p;
}

TEST_F(loaded, a_call_behind_the_end_counts_in_the_last_region)
{
	struct listed t = { .path = "/dev/shm/heat.behind", .pages = 1024, .touch = just_one };
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
