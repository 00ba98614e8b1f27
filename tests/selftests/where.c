// SPDX-License-Identifier: GPL-2.0
/*
 * where.c - kfaultstat cache, map and regions against the truth: pages that are brought in or
 * dropped one by one, page tables of a process that stands still, faults at known offsets; by each
 * way of asking that the kernel has.
 */
#include "suite.h"
#include "shell.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mount.h>
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

static long long cached_pages(struct shell *sh, const char *way, const char *path)
{
	long long pages = -1;

	shell_run(sh, "kfaultstat cache %s -r -o pages,file '%s' 2>&1", way, path);
	if (!sh->status)
		pages = shell_column(sh->out, "PAGES");
	else
		note("%s", sh->out);
	shell_free(sh);
	return pages;
}

/* True if that way is one that this kernel lacks, and kfaultstat says so. */
static bool lacks_cachestat(struct __test_metadata *_metadata, struct shell *sh, const char *way)
{
	bool lacks;

	shell_run(sh, "kfaultstat cache %s /proc/version 2>&1", way);
	lacks = sh->status && strstr(way, "cachestat");
	if (lacks) {
		EXPECT_TRUE(has(sh->out, "no cachestat in this kernel")) {
			note("%s", sh->out);
		}
	}
	shell_free(sh);
	return lacks;
}

/* Pages that come and go one by one; one that nothing of is cached as yet. */
static void page_by_page(struct __test_metadata *_metadata, struct shell *sh, const char *way,
			 const char *path)
{
	static const int order[] = { 7, 900, 8, 0, 1023, 512 };
	char byte;
	int fd = open(path, O_RDONLY), i;

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, posix_fadvise(fd, 0, 0, POSIX_FADV_RANDOM));
	EXPECT_EQ(0, cached_pages(sh, way, path));
	for (i = 0; i < 6; i++) {
		ASSERT_EQ(1, pread(fd, &byte, 1, (off_t)PAGE * order[i]));
		EXPECT_EQ(i + 1, cached_pages(sh, way, path));
	}
	shell_run(sh, "kfaultstat cache %s --ranges -r '%s' 2>&1", way, path);
	/* Pages 7 and 8 are one range. */
	EXPECT_TRUE(has(sh->out, "28672")) {
		note("%s", sh->out);
	}
	shell_free(sh);
	for (i = 0; i < 6; i++) {
		ASSERT_EQ(0, posix_fadvise(fd, (off_t)PAGE * order[i], PAGE, POSIX_FADV_DONTNEED));
		EXPECT_EQ(5 - i, cached_pages(sh, way, path));
	}
	close(fd);
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

TEST_F(where, page_cache_of_a_block_device)
{
	char device[32];
	long long pages;

	if (lacks_cachestat(_metadata, &self->sh, variant->cache))
		SKIP_TEST("this kernel has no cachestat");
	shell_run(&self->sh, "set -e; device=$(losetup -f); losetup \"$device\" '%s'; echo \"$device\"",
		  self->path);
	if (self->sh.status)
		SKIP_TEST("no loop device");
	ASSERT_TRUE(sscanf(self->sh.out, "%31s", device) == 1);
	shell_free(&self->sh);
	page_by_page(_metadata, &self->sh, variant->cache, device);

	/* Another node of it is the same pages, which go when nothing has it open any more. */
	shell_run(&self->sh, "mknod /tmp/where.node b $(stat -c '0x%%t 0x%%T' %s); exec 3<%s; "
		  "dd count=8 <&3 2>/dev/null >/dev/null; kfaultstat cache %s -r -o pages,size,file "
		  "%s /tmp/where.node | grep -v '^#' | grep -c .; exec 3<&-; "
		  "kfaultstat cache %s -r -o pages,file %s", device, device, variant->cache, device,
		  variant->cache, device);
	EXPECT_EQ(2, strtol(self->sh.out, NULL, 10)) {
		note("%s", self->sh.out);
	}
	pages = shell_column(strchr(self->sh.out, '\n') + 1, "PAGES");
	EXPECT_EQ(0, pages);
	shell_free(&self->sh);
	shell_run(&self->sh, "rm /tmp/where.node; losetup -d %s", device);
	EXPECT_EQ(0, self->sh.status);
}

/* The file underneath is the one that is cached. */
TEST_F(where, page_cache_of_overlayfs_is_right)
{
	char path[300], options[600];
	int ret;

	if (!test_disk())
		SKIP_TEST("no disk: tmpfs keeps all pages");
	if (lacks_cachestat(_metadata, &self->sh, variant->cache))
		SKIP_TEST("this kernel has no cachestat");
	shell_run(&self->sh, "cd /tmp && mkdir -p where.upper where.work where.mount %s/where.lower && "
		  "mv '%s' %s/where.lower/file", test_disk(), self->path, test_disk());
	ASSERT_EQ(0, self->sh.status);
	shell_free(&self->sh);
	snprintf(options, sizeof(options),
		 "lowerdir=%s/where.lower,upperdir=/tmp/where.upper,workdir=/tmp/where.work",
		 test_disk());
	ret = mount("overlay", "/tmp/where.mount", "overlay", 0, options) ? errno : 0;
	if (ret != ENODEV) {
		ASSERT_EQ(0, ret);
		snprintf(path, sizeof(path), "/tmp/where.mount/file");
		ASSERT_EQ(0, caches_drop());
		if (strstr(variant->cache, "cachestat")) {
			/* It would look into the wrong inode. */
			shell_run(&self->sh, "kfaultstat cache %s %s 2>&1", variant->cache, path);
			EXPECT_TRUE(has(self->sh.out, "not via cachestat")) {
				note("%s", self->sh.out);
			}
			shell_free(&self->sh);
		} else {
			page_by_page(_metadata, &self->sh, variant->cache, path);
		}
		EXPECT_EQ(0, umount("/tmp/where.mount"));
	}
	shell_run(&self->sh, "cd /tmp && rm -rf where.upper where.work where.mount %s/where.lower",
		  test_disk());
	if (ret == ENODEV)
		SKIP_TEST("the kernel has no overlayfs");
}

/* Reads the first pages of a file and no more. */
static int pages_read(const char *path, size_t nr)
{
	static char buffer[PAGE];
	int fd = open(path, O_RDONLY), ret = fd < 0 ? -1 : 0;
	size_t i;

	if (!ret)
		ret = posix_fadvise(fd, 0, 0, POSIX_FADV_RANDOM);
	for (i = 0; i < nr && !ret; i++)
		ret = pread(fd, buffer, PAGE, (off_t)(i * PAGE)) == (ssize_t)PAGE ? 0 : -1;
	close(fd);
	return ret;
}

/* A number of the total of a look at these. */
static long long total_of(struct shell *sh, const char *way, const char *key, const char *paths)
{
	char words[32], *total;
	long long n = -1;

	shell_run(sh, "cd /tmp/where.once && kfaultstat cache %s -r %s 2>&1", way, paths);
	total = strstr(sh->out, "# total");
	snprintf(words, sizeof(words), " %s ", key);
	if (!sh->status && total)
		n = shell_number(total, words);
	if (n < 0)
		note("%s", sh->out);
	shell_free(sh);
	return n;
}

static int overlay(const char *name, const char *upper)
{
	char options[256], point[64];

	snprintf(point, sizeof(point), "/tmp/where.once/%s", name);
	snprintf(options, sizeof(options), "lowerdir=%s/where.lower,upperdir=%s/where.%s/upper,workdir=%s/where.%s/work",
		 test_disk(), upper, name, upper, name);
	return mount("overlay", point, "overlay", 0, options) ? errno : 0;
}

/* By which paths, how many files, and of how many pages another one has the same. */
static const struct {
	const char *paths;
	int pages, shared_files, shared_pages;
} looks[] = {
	{ "a/file b/file", PAGES, 1, PAGES },
	{ "a b", PAGES + 3, 1, PAGES },
	{ "b a", PAGES + 3, 1, PAGES },
	{ "a lower", PAGES + 3, 1, PAGES },
	{ "lower b", PAGES + 1, 2, PAGES + 1 },
	{ "a upper", PAGES + 2, 1, 2 },
	{ "upper a", PAGES + 2, 1, 2 },
	{ "a bound", PAGES + 2, 0, 0 },
	{ "a b lower upper bound", PAGES + 3, 4, 2 * PAGES + 3 },
};

/*
 * One overlay has its upper layer on the disk of the lower one, the other does not. /copied was
 * copied up by the first.
 */
TEST_F(where, pages_of_a_layer_count_once)
{
	static const char make[] =
		"mkdir -p /tmp/where.b/upper /tmp/where.b/work /tmp/where.once/bound; cd /tmp/where.once; "
		"mkdir -p a b lower upper $disk/where.lower $disk/where.a/upper $disk/where.a/work; "
		"rmdir lower upper; ln -s $disk/where.lower lower; ln -s $disk/where.a/upper upper; "
		"mv $file lower/file; dd if=/dev/zero of=lower/copied bs=4096 count=8";
	size_t i;
	int ret;

	if (!test_disk())
		SKIP_TEST("no disk: tmpfs keeps all pages");
	if (strstr(variant->cache, "cachestat"))
		SKIP_TEST("cachestat does not see the pages of overlayfs");
	shell_run(&self->sh, "disk='%s' file='%s'; %s", test_disk(), self->path, make);
	ASSERT_EQ(0, self->sh.status);
	shell_free(&self->sh);
	ret = overlay("a", test_disk());
	if (ret != ENODEV) {
		ASSERT_EQ(0, ret);
		ASSERT_EQ(0, overlay("b", "/tmp"));
		ASSERT_EQ(0, mount("/tmp/where.once/a", "/tmp/where.once/bound", NULL, MS_BIND,
				   NULL));
		shell_run(&self->sh, "cd /tmp/where.once; echo x >>a/copied");
		EXPECT_EQ(0, self->sh.status);
		shell_free(&self->sh);
		ASSERT_EQ(0, caches_drop());
		/* All of it, two pages of what was copied up, one of what it was copied from. */
		EXPECT_EQ(0, pages_read("/tmp/where.once/b/file", PAGES));
		EXPECT_EQ(0, pages_read("/tmp/where.once/a/copied", 2));
		EXPECT_EQ(0, pages_read("/tmp/where.once/b/copied", 1));
		for (i = 0; i < ARRAY_SIZE(looks); i++) {
			const char *paths = looks[i].paths;

			EXPECT_EQ(looks[i].pages,
				  total_of(&self->sh, variant->cache, "pages", paths)) {
				note("%s", paths);
			}
			EXPECT_EQ(looks[i].shared_files,
				  total_of(&self->sh, variant->cache, "shared_files", paths)) {
				note("%s", paths);
			}
			EXPECT_EQ(looks[i].shared_pages * (long long)PAGE,
				  total_of(&self->sh, variant->cache, "shared", paths)) {
				note("%s", paths);
			}
			EXPECT_EQ(0, total_of(&self->sh, variant->cache, "shared_unknown", paths));
		}
		EXPECT_EQ(0, umount("/tmp/where.once/bound"));
		EXPECT_EQ(0, umount("/tmp/where.once/b"));
		EXPECT_EQ(0, umount("/tmp/where.once/a"));
	}
	shell_run(&self->sh, "rm -rf /tmp/where.once /tmp/where.b %s/where.a %s/where.lower",
		  test_disk(), test_disk());
	if (ret == ENODEV)
		SKIP_TEST("the kernel has no overlayfs");
}

/* One inode is one file, whatever shows it. */
TEST_F(where, hard_links_and_bind_mounts_count_once)
{
	if (lacks_cachestat(_metadata, &self->sh, variant->cache))
		SKIP_TEST("this kernel has no cachestat");
	shell_run(&self->sh, "mkdir -p /tmp/where.once && cd /tmp/where.once && mkdir -p a/one bound && "
		  "dd if=/dev/zero of=a/one/file bs=4096 count=16 && ln a/one/file a/linked && "
		  "dd if=/dev/zero of=a/one/other bs=4096 count=8");
	ASSERT_EQ(0, self->sh.status);
	shell_free(&self->sh);
	ASSERT_EQ(0, mount("/tmp/where.once/a/one", "/tmp/where.once/bound", NULL, MS_BIND, NULL));
	EXPECT_EQ(24, total_of(&self->sh, variant->cache, "pages", "."));
	EXPECT_EQ(24, total_of(&self->sh, variant->cache, "pages", "a bound"));
	EXPECT_EQ(24, total_of(&self->sh, variant->cache, "pages", "bound a/linked a"));
	EXPECT_EQ(2, total_of(&self->sh, variant->cache, "files", "."));
	EXPECT_EQ(0, umount("/tmp/where.once/bound"));
	shell_run(&self->sh, "rm -rf /tmp/where.once");
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
