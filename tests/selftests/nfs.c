// SPDX-License-Identifier: GPL-2.0
/*
 * nfs.c - files of an NFS mount are counted exactly, are told apart where the server uses a file's
 * number again, and hold neither mount nor module.
 *
 * This machine is its own server, so a test can change files behind the client's back.
 */
#include "suite.h"

#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "shell.h"

#define PAGES		64
#define HALF		(PAGES / 2)
#define MOUNTED		"/tmp/nfs"
#define NO_SERVER	100	/* of nfs.sh */

/* A file as the server has it. */
static char *served(const char *name)
{
	static char path[2][256];
	static int next;

	next = !next;
	snprintf(path[next], sizeof(path[next]), "%s/exported%s", test_disk(), name);
	return path[next];
}

/* No attributes or names are kept, so what the server does is seen at once. */
static int mount_exported(void)
{
	return mount("127.0.0.1:/", MOUNTED, "nfs4", 0,
		     "vers=4.2,addr=127.0.0.1,clientaddr=127.0.0.1,noac,lookupcache=none") ?
		-errno : 0;
}

static int server(const char *command)
{
	struct shell sh;
	int status;

	shell_run(&sh, "sh %s/data/nfs.sh %s", suite_dir(), command);
	status = sh.status;
	if (*sh.out)
		note("nfs.sh: %s", sh.out);
	shell_free(&sh);
	return status;
}

/* What main() found, for the tests, which are its children. */
static int server_status;

FIXTURE(nfs)
{
	const char *why_not;
};

FIXTURE_SETUP(nfs)
{
	habits_learn();
	if (!test_disk())
		self->why_not = "no disk with a file system";
	else if (server_status == NO_SERVER)
		self->why_not = "the kernel has no NFS server";
	if (self->why_not)
		return;
	ASSERT_EQ(0, server_status);
	ASSERT_EQ(0, mount_exported());
	EXPECT_EQ(0, module_load(SUITE_PARAMS));
}

FIXTURE_TEARDOWN(nfs)
{
	if (self->why_not)
		return;
	workload_kill_all();
	EXPECT_EQ(0, umount(MOUNTED));
	unlink(served("/a"));
	unlink(served("/b"));
	loaded_end(_metadata, false, 0);
}

#define NEED_NFS() do { \
	if (self->why_not) \
		SKIP_TEST("%s", self->why_not); \
} while (0)

struct measured {
	char *path;
	int flags;
	long long minor, major;		/* what the kernel counted for the file alone */
};

/* Half of the pages are read and half are written. */
static void touch_halves(char *p, size_t half, struct measured *m)
{
	struct rusage before, after;

	getrusage(RUSAGE_SELF, &before);
	touch_read(p, half);
	touch_write(p + half * PAGE, half);
	getrusage(RUSAGE_SELF, &after);
	m->minor = after.ru_minflt - before.ru_minflt;
	m->major = after.ru_majflt - before.ru_majflt;
}

static int measure(void *arg)
{
	struct measured *m = arg;
	char *other = map_anon(2), *p;

	p = map_file(m->path, PAGES, PROT_READ | PROT_WRITE, m->flags);
	if (!p || !other)
		return 1;
	/* Whatever else faults has then done so: code, stack. */
	touch_halves(other, 1, m);
	touch_halves(p, HALF, m);
	/* What is dirty would keep the superblock for some seconds. */
	return msync(p, PAGES * PAGE, MS_SYNC);
}

TEST_F(nfs, row_of_a_file_is_what_the_kernel_counted)
{
	static const int flags[] = { MAP_SHARED, MAP_PRIVATE };
	struct measured *m = shared_alloc(sizeof(*m));
	struct counts n;
	struct snapshot s;
	struct workload w;
	int i;

	NEED_NFS();
	for (i = 0; i < 2; i++) {
		m->path = i ? MOUNTED "/b" : MOUNTED "/a";
		m->flags = flags[i];
		ASSERT_EQ(0, file_make(served(i ? "/b" : "/a"), PAGES));
		w = RUN_EXACT(measure, m);
		ASSERT_EQ(0, snapshot_take(&s, FAULTS_PROC));
		EXPECT_EQ(1, snapshot_sum_object(&s, w.pid, m->path, &n));
		EXPECT_EQ(m->minor, n.minor);
		EXPECT_EQ(m->major, n.major);
		EXPECT_EQ(n.minor + n.major + n.uncounted, n.calls);
		EXPECT_EQ(0, n.pending);
		/* It had to be asked for. Of large folios, only a copy is made page by page. */
		EXPECT_LE(1, n.major);
		EXPECT_LE(flags[i] == MAP_PRIVATE ? HALF + 1 : 2, n.minor + n.major);
		snapshot_free(&s);
	}
}

struct reuse {
	struct stat was, is;	/* of both files, as the client has them */
};

static int touch_copy(const char *path, size_t pages, struct stat *about)
{
	char *p = map_file(path, PAGES, PROT_READ | PROT_WRITE, MAP_PRIVATE);

	if (!p || stat(path, about))
		return -1;
	touch_write(p, pages);
	return munmap(p, PAGES * PAGE);
}

/* The inode number is free as soon as the server has let go of the old file. */
static int make_with_inode(const char *path, ino_t ino)
{
	long long end = now_ms() + 10000;
	struct stat about;

	while (now_ms() < end) {
		if (file_make(path, PAGES) || stat(path, &about))
			return -1;
		if (about.st_ino == ino)
			return 0;
		unlink(path);
		short_rest();
	}
	return -1;
}

static int touch_reused(void *arg)
{
	struct reuse *r = arg;

	if (touch_copy(MOUNTED "/a", 40, &r->was))
		return 1;
	if (unlink(served("/a")) || make_with_inode(served("/b"), r->was.st_ino))
		return 2;
	return touch_copy(MOUNTED "/b", 20, &r->is) ? 3 : 0;
}

/* Since 4.13. */
static bool nfs_has_handles(void)
{
	struct shell sh;
	bool found;

	shell_run(&sh, "grep -q ' nfs_encode_fh' /proc/kallsyms");
	found = !sh.status;
	shell_free(&sh);
	return found;
}

/* NFS has no generations: device and inode number of both are the same. */
TEST_F(nfs, a_file_id_that_is_used_again_is_another_file)
{
	struct reuse *r = shared_alloc(sizeof(*r));
	const struct row *a, *b;
	struct snapshot s;
	struct workload w;

	NEED_NFS();
	if (!nfs_has_handles())
		SKIP_TEST("the kernel's NFS has no file handles to give");
	ASSERT_EQ(0, file_make(served("/a"), PAGES));
	w = RUN_EXACT(touch_reused, r);
	EXPECT_EQ(r->was.st_ino, r->is.st_ino);
	EXPECT_EQ(r->was.st_dev, r->is.st_dev);
	ASSERT_EQ(0, snapshot_take(&s, FAULTS_PROC));
	a = snapshot_row(&s, w.pid, MOUNTED "/a");
	b = snapshot_row(&s, w.pid, MOUNTED "/b");
	ASSERT_NE(NULL, a);
	ASSERT_NE(NULL, b);
	EXPECT_EQ(40, a->n.minor + a->n.major);
	EXPECT_EQ(20, b->n.minor + b->n.major);
	EXPECT_EQ(a->inode, b->inode);
	EXPECT_EQ(a->dev_minor, b->dev_minor);
	snapshot_free(&s);
}

static int touch_shared(const char *path)
{
	char *p = map_file(path, PAGES, PROT_READ | PROT_WRITE, MAP_SHARED);

	if (!p)
		return -1;
	touch_write(p, PAGES);
	/* What is dirty would keep the superblock for some seconds. */
	return msync(p, PAGES * PAGE, MS_SYNC) || munmap(p, PAGES * PAGE);
}

/* Whether the client has no superblock any more, below its line of headings. */
static bool is_gone(void *arg)
{
	char *text = shell_file("/proc/fs/nfsfs/volumes");
	char *second = text ? strchr(text, '\n') : NULL;
	bool gone = second && !second[1];

	(void)arg;
	free(text);
	return gone;
}

/* Neither is the mount busy, nor does the superblock stay behind. */
TEST_F(nfs, unmount_is_never_delayed_by_faults)
{
	int i;

	NEED_NFS();
	ASSERT_EQ(0, file_make(served("/a"), PAGES));
	for (i = 0; i < scaled(10); i++) {
		EXPECT_FALSE(is_gone(NULL));
		/* By this process itself: nothing lies between its faults and the unmount. */
		ASSERT_EQ(0, touch_shared(MOUNTED "/a"));
		ASSERT_EQ(0, umount(MOUNTED));
		EXPECT_TRUE(wait_until(is_gone, NULL, 1000));
		ASSERT_EQ(0, mount_exported());
	}
}

struct mapper {
	struct gate touched, unloaded;
};

static int touch_twice(void *arg)
{
	struct mapper *m = arg;
	char *p = map_file(MOUNTED "/a", PAGES, PROT_READ | PROT_WRITE, MAP_SHARED);

	if (!p)
		return 1;
	touch_write(p, HALF);
	gate_open(&m->touched);
	if (gate_wait(&m->unloaded))
		return 2;
	touch_write(p + HALF * PAGE, HALF);
	return msync(p, PAGES * PAGE, MS_SYNC);
}

/* Mount, mapping and file work on without the module, and are counted by the next one. */
TEST_F(nfs, module_unloads_with_files_of_the_mount_mapped)
{
	struct measured *m = shared_alloc(sizeof(*m));
	struct workload w = { 0 };
	struct mapper mapper;
	struct snapshot s;

	NEED_NFS();
	ASSERT_EQ(0, file_make(served("/a"), PAGES));
	ASSERT_EQ(0, gate_init(&mapper.touched));
	ASSERT_EQ(0, gate_init(&mapper.unloaded));
	ASSERT_EQ(0, workload_start(&w, touch_twice, &mapper));
	ASSERT_EQ(0, gate_wait(&mapper.touched));
	ASSERT_EQ(0, snapshot_take(&s, FAULTS_PROC));
	EXPECT_NE(NULL, snapshot_row(&s, w.pid, MOUNTED "/a"));
	snapshot_free(&s);

	ASSERT_EQ(0, module_unload());
	gate_open(&mapper.unloaded);
	EXPECT_EQ(0, workload_wait(&w));
	ASSERT_EQ(0, module_load(SUITE_PARAMS));
	m->path = MOUNTED "/a";
	m->flags = MAP_SHARED;
	RUN_EXACT(measure, m);
	EXPECT_LE(2, m->minor + m->major);
}

/* One server for all tests: its start takes ten seconds where nothing keeps track of clients. */
int main(int argc, char **argv)
{
	char start[300];
	int ret;

	if (!test_disk())
		return test_harness_run(argc, argv);
	mkdir(served(""), 0755);
	mkdir(MOUNTED, 0755);
	snprintf(start, sizeof(start), "start %s", served(""));
	server_status = server(start);
	ret = test_harness_run(argc, argv);
	if (!server_status && server("stop"))
		ret = ret ? ret : 1;
	rmdir(MOUNTED);
	rmdir(served(""));
	return ret;
}
