// SPDX-License-Identifier: GPL-2.0
/*
 * heat_memory.c - heat within its memory: thousands of small files have room, regions become larger
 * where it is scarce, what could not be counted by region is said to be lost, and all of it comes
 * back.
 */
#include "suite.h"
#include "heatfile.h"
#include "listed.h"

#include <sys/mman.h>

#define MANY_FILES	2000

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
		if (c->cpu[round] >= 0 && run_on_cpu(c->cpu[round]))
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

TEST_F(loaded, thousands_of_files_have_regions)
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

static const unsigned int just_one[] = { 100, END };

static bool memory_is_below(void *arg)
{
	long long now = totals_value("table", "memory");

	return now > 0 && now < *(long long *)arg;
}

TEST_F(loaded, memory_is_given_back)
{
	struct listed t = { .path = "/dev/shm/heat.back", .pages = 1024, .touch = just_one };
	long long with, before = totals_value("table", "memory");
	struct workload w;

	ASSERT_EQ(0, file_make_empty(t.path, t.pages));
	ASSERT_EQ(0, param_set("heat_pid", "all"));
	w = RUN_EXACT(listed_touch, &t);
	EXPECT_EQ(1, is_hot(w.pid, t.path));
	with = totals_value("table", "memory");
	EXPECT_LT(before + 64 * (long long)PAGE, with);
	ASSERT_EQ(0, param_set("heat_pid", ""));
	/* All of what lay ready; rows and their names stay. */
	with -= 64 * (long long)PAGE;
	EXPECT_TRUE(wait_until(memory_is_below, &with, 20000));
	unlink(t.path);
}

TEST_HARNESS_MAIN
