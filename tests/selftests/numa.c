// SPDX-License-Identifier: GPL-2.0
/*
 * numa.c - what a CPU writes lies on its node: rows, counters, processes and task states of what
 * runs there. Runs on two nodes with a CPU each.
 *
 * Where memory lies is asked of the allocator, which says of each of its caches how many objects
 * are in use on which node.
 */
#include "suite.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define NODES		2
#define FILES		3000
#define KIDS		300
#define KID_PAGES	8
#define ROW_LEAST	128	/* bytes of a row, counters, a process with a task, at least */
#define CELL_LEAST	64
#define KID_LEAST	384
#define OF_OTHERS	(32 << 10) /* bytes that others may take meanwhile, and a twentieth */
#define AT_ONCE		16	/* first faults between two pauses, for reserves to be filled */
#define CACHES		"/sys/kernel/slab"
#define SECOND_NODE	"/sys/devices/system/node/node1"

/* Bytes by node. */
struct places {
	long long on[NODES];
};

/* Those that no memory of a cgroup, or that can be reclaimed, comes from. */
static bool is_kmalloc(const char *cache)
{
	return !strncmp(cache, "kmalloc-", 8) && strncmp(cache, "kmalloc-cg", 10) &&
	       strncmp(cache, "kmalloc-rcl", 11);
}

static int cache_line(const char *cache, const char *what, char *line, size_t size)
{
	char path[512];

	snprintf(path, sizeof(path), CACHES "/%s/%s", cache, what);
	return file_read_line(path, line, size);
}

/* Objects are told as "800 N0=300 N1=500". */
static int cache_add(struct places *sum, const char *cache)
{
	char path[512], line[256], *at;
	long long size;
	int node;

	/* What lies free in a CPU's own slabs is in use by this account, until they are shrunk. */
	snprintf(path, sizeof(path), CACHES "/%s/shrink", cache);
	if (file_write(path, "1") || cache_line(cache, "slab_size", line, sizeof(line)))
		return -1;
	size = atoll(line);
	if (cache_line(cache, "objects", line, sizeof(line)))
		return -1;
	for (node = 0; node < NODES; node++) {
		char name[16];

		snprintf(name, sizeof(name), " N%d=", node);
		at = strstr(line, name);
		sum->on[node] += at ? atoll(at + strlen(name)) * size : 0;
	}
	return 0;
}

static int places_read(struct places *places)
{
	DIR *dir = opendir(CACHES);
	struct dirent *entry;
	int ret = dir ? 0 : -1;

	memset(places, 0, sizeof(*places));
	while (dir && !ret && (entry = readdir(dir)))
		if (is_kmalloc(entry->d_name))
			ret = cache_add(places, entry->d_name);
	if (dir)
		closedir(dir);
	if (ret)
		note("the allocator does not say in " CACHES " where its memory lies");
	return ret;
}

static int run_on_node(int node)
{
	char path[64];
	int cpu;

	for (cpu = 0; cpu < NODES; cpu++) {
		snprintf(path, sizeof(path), "/sys/devices/system/node/node%d/cpu%d", node, cpu);
		if (!access(path, F_OK))
			return run_on_cpu(cpu);
	}
	return -1;
}

/**
 * struct walk - a process that the test takes from step to step
 * @step: does one
 * @node: where, for each
 * @steps: how many there are
 * @go: to the next one, or the end
 * @done: the step
 * @files: mapped, one page each
 */
struct walk {
	int (*step)(struct walk *walk, int nr);
	int node[2];
	int steps;
	struct gate go, done;
	char *files;
};

static int walk_run(void *arg)
{
	struct walk *walk = arg;
	int i;

	for (i = 0; i < walk->steps; i++) {
		if (gate_wait(&walk->go) || run_on_node(walk->node[i]) || walk->step(walk, i))
			return 1;
		gate_open(&walk->done);
	}
	return gate_wait(&walk->go);
}

/* The test's own work is on the other node, so it takes no memory from this one. */
static void walk_step(struct __test_metadata *_metadata, struct walk *walk, int nr,
		      const char *what, long long least)
{
	int here = walk->node[nr], there = !here;
	struct places before, after;
	long long on_node, elsewhere;

	ASSERT_EQ(0, run_on_node(there));
	ASSERT_EQ(0, places_read(&before));
	gate_open(&walk->go);
	ASSERT_EQ(0, gate_wait(&walk->done));
	ASSERT_EQ(0, places_read(&after));
	on_node = after.on[here] - before.on[here];
	elsewhere = after.on[there] - before.on[there];
	note("%s made on node %d: %lld bytes more there, %lld on the other node", what, here,
	     on_node, elsewhere);
	EXPECT_LE(least, on_node);
	EXPECT_GE(on_node / 20 + OF_OTHERS, elsewhere);
}

static void walk_start(struct __test_metadata *_metadata, struct walk *walk, struct workload *w)
{
	ASSERT_EQ(0, gate_init(&walk->go));
	ASSERT_EQ(0, gate_init(&walk->done));
	ASSERT_EQ(0, workload_start(w, walk_run, walk));
}

static void walk_end(struct __test_metadata *_metadata, struct walk *walk, struct workload *w)
{
	gate_open(&walk->go);
	EXPECT_EQ(0, workload_finish(w));
}

static char *map_new_files(void)
{
	char *p = mmap(NULL, FILES * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char path[64];
	size_t i;

	for (i = 0; p != MAP_FAILED && i < FILES; i++) {
		int fd;

		snprintf(path, sizeof(path), "/dev/shm/numa.%zu", i);
		if (file_make_empty(path, 1))
			return NULL;
		fd = open(path, O_RDWR);
		unlink(path);
		/* Private: some kernels retry the first write to a page that is shared. */
		if (fd < 0 || mmap(p + i * PAGE, PAGE, PROT_READ | PROT_WRITE,
				   MAP_PRIVATE | MAP_FIXED, fd, 0) == MAP_FAILED)
			return NULL;
		close(fd);
	}
	return p == MAP_FAILED ? NULL : p;
}

static void touch_slowly(char *p)
{
	size_t i;

	for (i = 0; i < FILES; i++) {
		touch_write(p + i * PAGE, 1);
		if (i % AT_ONCE == 0)
			usleep(5000);
	}
}

/* Before: the files. Their pages, and all that the kernel has of them, are none of kmalloc()'s. */
static int touch_files(struct walk *walk, int nr)
{
	(void)nr;
	if (madvise(walk->files, FILES * PAGE, MADV_DONTNEED))
		return 1;
	touch_slowly(walk->files);
	return 0;
}

static void run_files(struct __test_metadata *_metadata, int first)
{
	struct walk walk = { .step = touch_files, .steps = 2, .node = { first, !first } };
	struct workload w = { 0 };

	walk.files = map_new_files();
	ASSERT_NE(NULL, walk.files);
	walk_start(_metadata, &walk, &w);
	walk_step(_metadata, &walk, 0, "rows with their counters",
		  FILES * (ROW_LEAST + CELL_LEAST));
	walk_step(_metadata, &walk, 1, "counters", FILES * CELL_LEAST);
	walk_end(_metadata, &walk, &w);
	EXPECT_LE(2 * FILES, w.minor);
	EXPECT_EQ(0, munmap(walk.files, FILES * PAGE));
}

TEST_F(loaded, rows_and_counters_lie_where_they_are_counted_in)
{
	if (access(SECOND_NODE, F_OK))
		SKIP_TEST("the kernel knows of no second node");
	run_files(_metadata, 0);
	run_files(_metadata, 1);
}

/* Processes that are there until their parent has gone. */
static int bear(struct walk *walk, int nr)
{
	char *p = map_anon(KID_PAGES);
	struct gate born, never;
	int i;

	(void)walk;
	(void)nr;
	if (!p || gate_init(&born) || gate_init(&never))
		return 1;
	for (i = 0; i < KIDS; i++) {
		pid_t pid = kid_fork();

		if (pid < 0)
			return 1;
		if (!pid) {
			touch_write(p, KID_PAGES);
			gate_open(&born);
			_exit(gate_wait(&never));
		}
		if (gate_wait(&born))
			return 1;
	}
	return 0;
}

static void run_kids(struct __test_metadata *_metadata, int node)
{
	struct walk walk = { .step = bear, .steps = 1, .node = { node } };
	struct workload w = { 0 };

	walk_start(_metadata, &walk, &w);
	walk_step(_metadata, &walk, 0, "processes", KIDS * KID_LEAST);
	walk_end(_metadata, &walk, &w);
}

TEST_F(loaded, processes_lie_where_they_are_born)
{
	if (access(SECOND_NODE, F_OK))
		SKIP_TEST("the kernel knows of no second node");
	run_kids(_metadata, 0);
	run_kids(_metadata, 1);
}

TEST_HARNESS_MAIN
