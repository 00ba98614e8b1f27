// SPDX-License-Identifier: GPL-2.0
/*
 * where.c - kfaultstat cache, map and regions against the truth: pages that are brought in or
 * dropped one by one, page tables of a process that stands still, faults at known offsets; by each
 * way of asking that the kernel has.
 */
#include "cached.h"
#include "suite.h"
#include "shell.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#define PAGES	2048

FIXTURE(where)
{
	struct shell sh;
	char path[256];
};

FIXTURE_VARIANT(where)
{
	const char *cache, *map;
};

FIXTURE_VARIANT_ADD(where, old)
{
	.cache = "--via mincore", .map = "--via pagemap",
};

FIXTURE_VARIANT_ADD(where, new)
{
	.cache = "--via cachestat", .map = "--via scan",
};

FIXTURE_VARIANT_ADD(where, best)
{
	.cache = "", .map = "",
};

FIXTURE_SETUP(where)
{
	snprintf(self->path, sizeof(self->path), "%s/where.file", test_disk() ? test_disk() : "/dev/shm");
	ASSERT_EQ(0, file_make(self->path, PAGES));
}

FIXTURE_TEARDOWN(where)
{
	shell_free(&self->sh);
	unlink(self->path);
	loaded_end(_metadata, false, 0);
}

TEST_F(where, page_cache_is_right_page_by_page)
{
	if (!test_disk())
		SKIP_TEST("no disk: tmpfs keeps all pages");
	if (lacks_cachestat(_metadata, &self->sh, variant->cache))
		SKIP_TEST("this kernel has no cachestat");
	ASSERT_EQ(0, caches_drop());
	page_by_page(_metadata, &self->sh, variant->cache, self->path);
}

/* Since 7.x khugepaged would fill up what kfaultstat maps for a moment to ask about it. */
TEST_F(where, looking_brings_nothing_into_memory)
{
	int fd, i;
	char byte;

	if (!test_disk())
		SKIP_TEST("no disk: tmpfs keeps all pages");
	if (lacks_cachestat(_metadata, &self->sh, variant->cache))
		SKIP_TEST("this kernel has no cachestat");
	ASSERT_EQ(0, caches_drop());
	fd = open(self->path, O_RDONLY);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, posix_fadvise(fd, 0, 0, POSIX_FADV_RANDOM));
	ASSERT_EQ(1, pread(fd, &byte, 1, 7 * (off_t)PAGE));
	for (i = 0; i < 100; i++) {
		shell_run(&self->sh, "kfaultstat cache %s --ranges -r '%s' 2>&1", variant->cache,
			  self->path);
		EXPECT_EQ(0, self->sh.status);
		shell_free(&self->sh);
	}
	EXPECT_EQ(1, cached_pages(&self->sh, variant->cache, self->path));
	close(fd);
}

/* Up to 5.1 mincore tells everybody the truth; never is anybody told that all of it is there. */
TEST_F(where, no_permission_is_not_told_a_lie)
{
	static const int readable = 0644;
	long long pages;
	int fd;

	if (!test_disk())
		SKIP_TEST("no disk: tmpfs keeps all pages");
	if (lacks_cachestat(_metadata, &self->sh, variant->cache))
		SKIP_TEST("this kernel has no cachestat");
	ASSERT_EQ(0, chmod(self->path, readable));
	ASSERT_EQ(0, caches_drop());
	fd = open(self->path, O_RDONLY);
	ASSERT_LE(0, fd);
	EXPECT_EQ(0, readahead(fd, 0, PAGE));
	close(fd);
	pages = cached_pages(&self->sh, variant->cache, self->path);
	EXPECT_LT(0, pages);
	EXPECT_GT(PAGES, pages);
	shell_run_as_nobody(&self->sh, "kfaultstat cache %s -r -o pages,file %s", variant->cache,
			    self->path);
	EXPECT_EQ(0, self->sh.status);
	if (!has(self->sh.out, " unknown 1 ")) {
		EXPECT_EQ(pages, shell_column(self->sh.out, "PAGES")) {
			note("%s", self->sh.out);
		}
		shell_free(&self->sh);
		return;
	}
	shell_free(&self->sh);
	shell_run_as_nobody(&self->sh, "kfaultstat cache %s %s", variant->cache, self->path);
	EXPECT_TRUE(has(self->sh.out, "no permission")) {
		note("%s", self->sh.out);
	}
	shell_free(&self->sh);

	/* Whose file it is, is told. */
	ASSERT_EQ(0, chown(self->path, 65534, 65534));
	shell_run_as_nobody(&self->sh, "kfaultstat cache %s -r -o pages,file %s", variant->cache,
			    self->path);
	EXPECT_EQ(pages, shell_column(self->sh.out, "PAGES")) {
		note("%s", self->sh.out);
	}
}

struct stand {
	const char *path;
	struct gate ready;
	bool copies;
};

/*
 * Maps the file, touches every second page, writes to every fourth, and stands still. These
 * are more regions than one scan can have.
 */
static int stand_still(void *arg)
{
	struct stand *s = arg;
	char *p = map_file(s->path, PAGES, PROT_READ | PROT_WRITE, MAP_PRIVATE);
	size_t i;

	if (!p || madvise(p, PAGES * PAGE, MADV_RANDOM))
		return 1;
	/* khugepaged would unmap them, on 7.3. A kernel without it refuses. */
	madvise(p, PAGES * PAGE, MADV_NOHUGEPAGE);
	for (i = 0; i < PAGES; i += 2) {
		if (i % 4)
			(void)*(volatile char *)(p + i * PAGE);
		else
			p[i * PAGE] = 1;
	}
	gate_open(&s->ready);
	for (;;)
		pause();
}

/* A sum of lines "KEY: N kB" of smaps, for one file or for all. */
static long long smaps_sum(struct shell *sh, pid_t pid, const char *key, const char *path)
{
	long long kb;

	shell_run(sh, "awk -v path='%s' -v key='%s:' '/^[0-9a-f]+-[0-9a-f]+ / { on = path == \"\" || "
		  "$6 == path } $1 == key && on { sum += $2 } END { print \"sum\", sum + 0 }' "
		  "/proc/%d/smaps", path, key, pid);
	kb = shell_number(sh->out, "sum ");
	shell_free(sh);
	return kb * 1024;
}

TEST_F(where, page_table_of_a_process_at_rest_is_right)
{
	struct stand s = { .path = self->path };
	struct workload w = { 0 };
	long long mapped, cached;
	char around[32] = "65536";

	ASSERT_EQ(0, module_load(""));
	ASSERT_EQ(0, gate_init(&s.ready));
	/* A read maps what is touched and no more. */
	ASSERT_EQ(0, fault_around_set("4096", around, sizeof(around)));
	ASSERT_EQ(0, workload_start(&w, stand_still, &s));
	ASSERT_EQ(0, gate_wait(&s.ready));
	ASSERT_EQ(0, fault_around_set(around, NULL, 0));
	shell_run(&self->sh, "kfaultstat map %s -p %d 2>&1", variant->map, w.pid);
	if (self->sh.status && strstr(variant->map, "scan")) {
		EXPECT_TRUE(has(self->sh.out, "PAGEMAP_SCAN"));
		SKIP_TEST("this kernel has no PAGEMAP_SCAN");
	}
	ASSERT_EQ(0, self->sh.status) {
		note("%s", self->sh.out);
	}
	shell_free(&self->sh);

	shell_run(&self->sh, "kfaultstat map %s -r -o mapped,private,rss,cached,object -p %d "
		  "-f '%s' 2>&1 | grep -v '^#'", variant->map, w.pid, self->path);
	mapped = shell_column(self->sh.out, "MAPPED");
	cached = shell_column(self->sh.out, "CACHED");
	EXPECT_EQ((PAGES / 4) * (long long)PAGE, shell_column(self->sh.out, "PRIVATE")) {
		note("%s", self->sh.out);
	}
	EXPECT_EQ((PAGES / 2) * (long long)PAGE, shell_column(self->sh.out, "RSS"));
	EXPECT_LE(mapped, cached);
	shell_free(&self->sh);
	EXPECT_EQ((PAGES / 2) * (long long)PAGE, smaps_sum(&self->sh, w.pid, "Rss", self->path));

	/* All of it. Whose pages are the zero page, smaps counts as well, up to 6.6. */
	shell_run(&self->sh, "kfaultstat map %s -r -o rss,object -p %d 2>&1 | grep -v '^#' | "
		  "grep -v vsyscall", variant->map, w.pid);
	mapped = shell_column(self->sh.out, "RSS");
	shell_free(&self->sh);
	EXPECT_EQ(smaps_sum(&self->sh, w.pid, "Rss", ""), mapped);
	workload_kill(&w);
}

#define CROWD	8	/* threads */
#define EACH	20	/* pages that each touches: fewer than a thread keeps back up to 6.1 */
#define HUGE_PAGE	(2ul << 20)
#define HUGE_PAGES	4

struct crowd {
	struct gate ready;
	char *anon, *shared;
	int nr;		/* what thread comes next */
	bool leaves;	/* the leader exits */
};

static void *touch_own_pages(void *arg)
{
	struct crowd *c = arg;
	size_t first = (size_t)__atomic_fetch_add(&c->nr, 1, __ATOMIC_SEQ_CST) * EACH, i;

	for (i = first; i < first + EACH; i++) {
		c->anon[i * PAGE] = 1;
		c->shared[i * PAGE] = 1;
	}
	gate_open(&c->ready);
	pause();
	return NULL;
}

static int stand_in_crowd(void *arg)
{
	struct crowd *c = arg;
	pthread_t thread;
	int i;

	c->anon = mmap(NULL, CROWD * EACH * PAGE, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	c->shared = mmap(NULL, CROWD * EACH * PAGE, PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (c->anon == MAP_FAILED || c->shared == MAP_FAILED)
		return 1;
	madvise(c->anon, CROWD * EACH * PAGE, MADV_NOHUGEPAGE);
	for (i = 0; i < CROWD; i++)
		if (pthread_create(&thread, NULL, touch_own_pages, c))
			return 1;
	if (c->leaves)
		syscall(SYS_exit, 0);
	for (;;)
		pause();
}

/* A thread of a process whose leader may have exited. */
static pid_t thread_of(struct shell *sh, pid_t pid)
{
	pid_t tid;

	shell_run(sh, "ls /proc/%d/task | grep -vx %d | tail -n 1", pid, pid);
	tid = (pid_t)strtol(sh->out, NULL, 10);
	shell_free(sh);
	return tid;
}

static void crowd_is_all_there(struct __test_metadata *_metadata, struct shell *sh, const char *way,
			       bool leaves)
{
	struct crowd c = { .leaves = leaves };
	struct workload w = { 0 };
	long long rss, anon;
	pid_t tid;
	int i;

	ASSERT_EQ(0, module_load(""));
	ASSERT_EQ(0, gate_init(&c.ready));
	ASSERT_EQ(0, workload_start(&w, stand_in_crowd, &c));
	for (i = 0; i < CROWD; i++)
		ASSERT_EQ(0, gate_wait(&c.ready));
	while (leaves && proc_state(w.pid) != 'Z')
		short_rest();
	shell_run(sh, "kfaultstat map %s -r -p %d 2>&1", way, w.pid);
	if (sh->status && strstr(way, "scan")) {
		workload_kill(&w);
		SKIP_TEST("this kernel has no PAGEMAP_SCAN");
	}
	ASSERT_EQ(0, sh->status) {
		note("%s", sh->out);
	}
	rss = shell_number(sh->out, " rss ");
	anon = shell_number(sh->out, " anon ");
	/* The guest's own files are on tmpfs, too. */
	EXPECT_LE(CROWD * EACH * (long long)PAGE, shell_number(sh->out, " shmem ")) {
		note("%s", sh->out);
	}
	EXPECT_EQ(rss, anon + shell_number(sh->out, " shared "));
	shell_free(sh);
	tid = thread_of(sh, w.pid);
	EXPECT_EQ(smaps_sum(sh, tid, "Rss", ""), rss);
	EXPECT_EQ(smaps_sum(sh, tid, "Anonymous", ""), anon);
	shell_run(sh, "kfaultstat map -r -o pid,rss | grep -c '^%d '", w.pid);
	EXPECT_STREQ("1\n", sh->out);
	shell_free(sh);
	shell_run(sh, "kfaultstat cache -r -p %d 2>&1 | grep -v '^#' | wc -l", w.pid);
	EXPECT_LT(2, strtol(sh->out, NULL, 10)) {
		note("%s", sh->out);
	}
	shell_free(sh);
	shell_run(sh, "kfaultstat --by process -r -o rss -p %d | grep -v '^#'", w.pid);
	EXPECT_LT(0, shell_column(sh->out, "RSS")) {
		note("%s", sh->out);
	}
	workload_kill(&w);
}

/* The kernel's own counters leave out some pages of each thread, or of each CPU. */
TEST_F(where, rss_is_what_the_page_tables_have)
{
	crowd_is_all_there(_metadata, &self->sh, variant->map, false);
}

TEST_F(where, a_leader_that_has_exited)
{
	crowd_is_all_there(_metadata, &self->sh, variant->map, true);
}

static int stand_on_huge_pages(void *arg)
{
	struct gate *ready = arg;
	char *p = mmap(NULL, HUGE_PAGES * HUGE_PAGE, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);
	size_t i;

	if (p == MAP_FAILED)
		return 1;
	for (i = 0; i < HUGE_PAGES; i++)
		p[i * HUGE_PAGE] = 1;
	gate_open(ready);
	for (;;)
		pause();
}

TEST_F(where, hugetlb_is_mapped_and_not_in_rss)
{
	const long long all = HUGE_PAGES * HUGE_PAGE;
	struct workload w = { 0 };
	struct gate ready;
	long long rss;

	shell_run(&self->sh, "echo %d >/proc/sys/vm/nr_hugepages && cat /proc/sys/vm/nr_hugepages",
		  HUGE_PAGES);
	if (self->sh.status)
		SKIP_TEST("this kernel has no hugetlb");
	ASSERT_EQ(HUGE_PAGES, strtol(self->sh.out, NULL, 10));
	shell_free(&self->sh);
	ASSERT_EQ(0, module_load(""));
	ASSERT_EQ(0, gate_init(&ready));
	ASSERT_EQ(0, workload_start(&w, stand_on_huge_pages, &ready));
	ASSERT_EQ(0, gate_wait(&ready));
	shell_run(&self->sh, "kfaultstat map %s -r -o mapped,private,rss,size,object -p %d 2>&1",
		  variant->map, w.pid);
	if (self->sh.status && strstr(variant->map, "scan")) {
		workload_kill(&w);
		SKIP_TEST("this kernel has no PAGEMAP_SCAN");
	}
	EXPECT_TRUE(has(self->sh.out, "\n8388608 - 0 8388608 [hugetlb]\n")) {
		note("%s", self->sh.out);
	}
	EXPECT_EQ(all, shell_number(self->sh.out, " hugetlb "));
	rss = shell_number(self->sh.out, " rss ");
	shell_free(&self->sh);
	EXPECT_EQ(smaps_sum(&self->sh, w.pid, "Rss", ""), rss);
	shell_run(&self->sh, "kfaultstat map %s -p %d 2>&1", variant->map, w.pid);
	EXPECT_TRUE(has(self->sh.out, ": hugetlb 8M, which is not in RSS\n")) {
		note("%s", self->sh.out);
	}
	workload_kill(&w);
	shell_free(&self->sh);
	shell_run(&self->sh, "echo 0 >/proc/sys/vm/nr_hugepages");
}

/* Touches pages of the last quarter of the file for ever, each time through a new map. */
static int touch_last_quarter(void *arg)
{
	struct stand *s = arg;
	size_t i;
	char *p;

	for (;;) {
		p = map_file(s->path, PAGES, PROT_READ | PROT_WRITE, MAP_PRIVATE);
		if (!p || madvise(p, PAGES * PAGE, MADV_RANDOM))
			return 1;
		for (i = PAGES - PAGES / 4; i < PAGES; i++)
			p[i * PAGE] = 1;
		gate_open(&s->ready);
		usleep(10000);
		munmap(p, PAGES * PAGE);
	}
}

static long long header_number(const char *key)
{
	char *text = shell_file("/proc/faultstat/heat");
	long long n = shell_number(text, key);

	free(text);
	return n;
}

static bool is_asked(void *arg)
{
	(void)arg;
	return header_number(" requests ") == 1;
}

FIXTURE(regions)
{
	struct shell sh;
	struct workload w;
	struct stand s;
};

FIXTURE_SETUP(regions)
{
	self->s.path = "/dev/shm/where.regions";
	ASSERT_EQ(0, module_load(""));
	ASSERT_EQ(0, file_make(self->s.path, PAGES));
	ASSERT_EQ(0, gate_init(&self->s.ready));
	ASSERT_EQ(0, workload_start(&self->w, touch_last_quarter, &self->s));
	ASSERT_EQ(0, gate_wait(&self->s.ready));
}

FIXTURE_TEARDOWN(regions)
{
	workload_kill(&self->w);
	shell_free(&self->sh);
	unlink(self->s.path);
	loaded_end(_metadata, false, 0);
}

TEST_F(regions, faults_are_where_the_process_touches)
{
	/* Four parts: the last has all faults, all of them are cached. */
	shell_run(&self->sh, "kfaultstat regions --parts 4 -r -s offset:asc -o offset,size,cached%%,calls,major "
		  "%s 0.5 2 2>&1 | grep -v '^#'", self->s.path);
	ASSERT_EQ(0, self->sh.status);
	EXPECT_LT(PAGES / 4, shell_column(self->sh.out, "CALLS")) {
		note("%s", self->sh.out);
	}
	EXPECT_EQ(0, shell_column(self->sh.out, "MAJOR"));
	shell_free(&self->sh);
	shell_run(&self->sh, "kfaultstat regions --parts 4 -r -s offset:asc -o offset,calls -p %d -f %s 0.5 2 2>&1 | "
		  "awk '$1 ~ /^[0-9]/ && $1 < %lu { calls += $2 } END { print \"calls\", calls + 0 }'",
		  self->w.pid, self->s.path, (PAGES - PAGES / 4) * PAGE);
	EXPECT_EQ(0, shell_number(self->sh.out, "calls "));
	/* It is taken back. */
	EXPECT_EQ(0, header_number(" requests "));
	EXPECT_EQ(0, header_number("rows "));
}

TEST_F(regions, interrupted_or_killed_it_leaves_nothing)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGKILL };
	char who[16];
	int status;
	pid_t pid;
	size_t i;

	snprintf(who, sizeof(who), "%d", self->w.pid);
	for (i = 0; i < ARRAY_SIZE(signals); i++) {
		/* Not as a background command of the shell, which would have SIGINT ignored. */
		pid = fork();
		if (!pid) {
			freopen("/tmp/where.out", "w", stdout);
			dup2(STDOUT_FILENO, STDERR_FILENO);
			execlp("kfaultstat", "kfaultstat", "regions", "-p", who, "0.2", NULL);
			_exit(127);
		}
		EXPECT_TRUE(wait_until(is_asked, NULL, 10000)) {
			shell_run(&self->sh, "cat /tmp/where.out");
			note("signal %d: %s", signals[i], self->sh.out);
			shell_free(&self->sh);
		}
		kill(pid, signals[i]);
		ASSERT_EQ(pid, waitpid(pid, &status, 0));
		EXPECT_EQ(0, header_number(" requests "));
	}
	unlink("/tmp/where.out");
}

TEST_F(regions, without_a_count_it_goes_on)
{
	shell_run(&self->sh, "timeout -s INT 4 kfaultstat regions -r -o calls,file -p %d -f %s 0.5 | grep -c '^[0-9]'",
		  self->w.pid, self->s.path);
	EXPECT_LT(2, strtol(self->sh.out, NULL, 10)) {
		note("%s", self->sh.out);
	}
	shell_free(&self->sh);
	/* Each on one line that says why. */
	shell_run(&self->sh, "mkdir -p /tmp/where.empty; kfaultstat regions /tmp/where.empty 2>&1; rmdir /tmp/where.empty");
	EXPECT_STREQ("kfaultstat: no file in the given paths\n", self->sh.out);
}

TEST_F(regions, a_picture_is_drawn)
{
	shell_run(&self->sh, "kfaultstat regions --svg /tmp/where.svg -p %d -f %s 0.3 4 >/dev/null 2>&1; "
		  "grep -c '<svg' /tmp/where.svg; tail -c 8 /tmp/where.svg; rm -f /tmp/where.svg",
		  self->w.pid, self->s.path);
	EXPECT_TRUE(has(self->sh.out, "1\n")) {
		note("%s", self->sh.out);
	}
	EXPECT_TRUE(has(self->sh.out, "</svg>"));
}

TEST_HARNESS_MAIN
