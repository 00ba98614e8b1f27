// SPDX-License-Identifier: GPL-2.0
/*
 * mounts.c - an object's name is the user's path, through whatever is mounted on the way, and no
 * fault holds a mount: it can be unmounted as soon as the last mapping is gone.
 */
#include "suite.h"

#include <fcntl.h>
#include <linux/btrfs.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#include "named.h"
#include "shell.h"

#define HUGE (2ul << 20)

/* Mount points below the test's directory. */
static char *below(const struct named *n, const char *name)
{
	static char path[4][128];
	static int next;

	next = (next + 1) % 4;
	snprintf(path[next], sizeof(path[next]), "%s/%s", n->dir, name);
	return path[next];
}

static int make_in_mount(struct named *n)
{
	return chdir(below(n, "mount")) || name_add_file(n, "file") || chdir("/");
}

static int mount_below(const struct named *n, const char *source, const char *type,
		       unsigned long flags)
{
	mkdir(below(n, "mount"), 0700);
	return mount(source, below(n, "mount"), type, flags, NULL) ? -errno : 0;
}

TEST_F(loaded, file_of_a_tmpfs_has_its_mounted_path)
{
	struct named *n = named_in("/tmp/mounts a");
	struct snapshot s;

	ASSERT_EQ(0, mount_below(n, "tmpfs", "tmpfs", 0));
	EXPECT_EQ(0, named_run(n, make_in_mount, &s));
	EXPECT_NE(NULL, snapshot_row(&s, 0, "/tmp/mounts a/mount/file"));
	snapshot_free(&s);
	EXPECT_EQ(0, umount(below(n, "mount")));
	named_remove(n);
}

/* The same file under two paths: each process has it under the one it used. */
TEST_F(loaded, file_of_a_bind_mount_has_the_path_that_was_used)
{
	struct named *n = named_in("/tmp/mounts b");
	struct snapshot s;

	mkdir(below(n, "source"), 0700);
	ASSERT_EQ(0, mount_below(n, below(n, "source"), NULL, MS_BIND));
	EXPECT_EQ(0, named_run(n, make_in_mount, &s));
	EXPECT_NE(NULL, snapshot_row(&s, 0, "/tmp/mounts b/mount/file"));
	EXPECT_EQ(NULL, snapshot_row(&s, 0, "/tmp/mounts b/source/file"));
	snapshot_free(&s);
	EXPECT_EQ(0, umount(below(n, "mount")));
	named_remove(n);
}

static int make_in_chroot(struct named *n)
{
	return chroot(n->dir) || chdir("/") || name_add_file(n, "inside");
}

/* The host's path, as the host's maps says, not what the process itself would call it. */
TEST_F(loaded, file_in_a_chroot_has_the_hosts_path)
{
	struct named *n = named_in("/tmp/mounts c");
	struct snapshot s;

	EXPECT_EQ(0, named_run(n, make_in_chroot, &s));
	EXPECT_NE(NULL, snapshot_row(&s, 0, "/tmp/mounts c/inside"));
	snapshot_free(&s);
	named_remove(n);
}

static int make_in_overlay(struct named *n)
{
	char *p;

	/* One file of the lower layer, only read; one copied up; one that is new. */
	if (chdir(below(n, "mount")))
		return 1;
	p = map_file("lower", NAME_PAGES, PROT_READ, MAP_PRIVATE);
	if (!p)
		return 2;
	touch_read(p, NAME_PAGES);
	n->of[n->nr++].at = p;
	if (name_add_file(n, "changed") || name_add_file(n, "new"))
		return 3;
	/* One that is gone, of the lower layer, and a live one of the name that it has now. */
	p = map_file("gone", NAME_PAGES, PROT_READ, MAP_PRIVATE);
	if (!p || unlink("gone") || name_add_file(n, "gone (deleted)"))
		return 4;
	touch_read(p, NAME_PAGES);
	n->of[n->nr++].at = p;
	return chdir("/");
}

TEST_F(loaded, overlayfs_has_the_users_path)
{
	struct named *n = named_in("/tmp/mounts d");
	char options[512];
	struct snapshot s;
	int ret, nr[2] = { 0 };
	size_t i;

	ASSERT_EQ(0, mount_below(n, "tmpfs", "tmpfs", 0));
	mkdir(below(n, "lower"), 0700);
	mkdir(below(n, "upper"), 0700);
	mkdir(below(n, "work"), 0700);
	ASSERT_EQ(0, file_make(below(n, "lower/lower"), NAME_PAGES));
	ASSERT_EQ(0, file_make(below(n, "lower/changed"), NAME_PAGES));
	ASSERT_EQ(0, file_make(below(n, "lower/gone"), NAME_PAGES));
	ASSERT_EQ(0, umount(below(n, "mount")));
	snprintf(options, sizeof(options), "lowerdir=%s,upperdir=%s,workdir=%s", below(n, "lower"),
		 below(n, "upper"), below(n, "work"));
	ret = mount("overlay", below(n, "mount"), "overlay", 0, options) ? errno : 0;
	if (ret == ENODEV) {
		named_remove(n);
		SKIP_TEST("the kernel has no overlayfs");
	}
	ASSERT_EQ(0, ret);
	EXPECT_EQ(0, named_run(n, make_in_overlay, &s));
	EXPECT_NE(NULL, snapshot_row(&s, 0, "/tmp/mounts d/mount/lower"));
	EXPECT_NE(NULL, snapshot_row(&s, 0, "/tmp/mounts d/mount/changed"));
	EXPECT_NE(NULL, snapshot_row(&s, 0, "/tmp/mounts d/mount/new"));
	for (i = 0; i < s.nr_rows; i++)
		if (!strcmp(s.rows[i].object, "/tmp/mounts d/mount/gone (deleted)"))
			nr[s.rows[i].deleted]++;
	EXPECT_EQ(1, nr[0]);
	EXPECT_EQ(1, nr[1]);
	snapshot_free(&s);
	EXPECT_EQ(0, umount(below(n, "mount")));
	named_remove(n);
}

static int make_hugetlb(struct named *n)
{
	int prot = PROT_READ | PROT_WRITE, flags = MAP_ANONYMOUS | MAP_HUGETLB;
	char *file;

	if (name_add(n, mmap(NULL, HUGE, prot, flags | MAP_PRIVATE, -1, 0), "[hugetlb]") ||
	    name_add(n, mmap(NULL, HUGE, prot, flags | MAP_SHARED, -1, 0), "[hugetlb]"))
		return 1;
	if (file_make_empty(below(n, "mount/huge"), HUGE / PAGE))
		return 2;
	file = map_file(below(n, "mount/huge"), HUGE / PAGE, prot, MAP_SHARED);
	return name_add(n, file, "");
}

TEST_F(loaded, hugetlb_memory_and_file_have_their_names)
{
	struct named *n;
	struct snapshot s;

	if (access("/proc/sys/vm/nr_hugepages", F_OK))
		SKIP_TEST("the kernel has no hugetlb pages");
	n = named_in("/tmp/mounts e");
	ASSERT_EQ(0, file_write("/proc/sys/vm/nr_hugepages", "8"));
	ASSERT_EQ(0, mount_below(n, "huge", "hugetlbfs", 0));
	EXPECT_EQ(0, named_run(n, make_hugetlb, &s));
	EXPECT_NE(NULL, snapshot_row(&s, 0, "/tmp/mounts e/mount/huge"));
	snapshot_free(&s);
	EXPECT_EQ(0, umount(below(n, "mount")));
	EXPECT_EQ(0, file_write("/proc/sys/vm/nr_hugepages", "0"));
	named_remove(n);
}

static const char odd_comm[] = "a b\t\n\\\x01\x7f\xe4";

static int make_odd_comm(struct named *n)
{
	return prctl(PR_SET_NAME, odd_comm) || chdir(n->dir) || name_add_file(n, "file");
}

/* A space in comm is escaped as well, since comm is not the last column. */
TEST_F(loaded, odd_bytes_of_comm_are_escaped)
{
	struct named *n = named_in("/tmp/mounts f");
	const struct row *r;
	struct snapshot s;

	EXPECT_EQ(0, named_run(n, make_odd_comm, &s));
	r = snapshot_row(&s, 0, "/tmp/mounts f/file");
	ASSERT_NE(NULL, r);
	EXPECT_STREQ(odd_comm, r->comm);
	EXPECT_NE(NULL, strstr(s.text, "\na\\040b\\011\\012\\134\\001\\177\xe4 "));
	snapshot_free(&s);
	named_remove(n);
}

static int touch_in_mount(void *arg)
{
	char *p;

	if (file_make_empty(arg, 16))
		return 1;
	p = map_file(arg, 16, PROT_READ | PROT_WRITE, MAP_SHARED);
	if (!p)
		return 1;
	touch_write(p, 16);
	return munmap(p, 16 * PAGE);
}

/* Not lazily, and not after a while: no row holds a file, an inode or a mount. */
TEST_F(loaded, unmount_is_never_busy_after_faults)
{
	struct named *n = named_in("/tmp/mounts g");
	int i;

	for (i = 0; i < 100; i++) {
		ASSERT_EQ(0, mount_below(n, "tmpfs", "tmpfs", 0));
		/* By this process itself: nothing lies between its faults and the unmount. */
		ASSERT_EQ(0, touch_in_mount(below(n, "mount/file")));
		ASSERT_EQ(0, umount(below(n, "mount")));
	}
	named_remove(n);
}

/* The device behind TEST_DISK, its type and where it is mounted. */
static int disk_mounted(char *device, char *type)
{
	FILE *f = fopen("/proc/mounts", "r");
	char line[512], where[256];
	int found = -1;

	while (f && found && fgets(line, sizeof(line), f))
		if (sscanf(line, "%127s %255s %31s", device, where, type) == 3 &&
		    !strcmp(where, test_disk()))
			found = 0;
	if (f)
		fclose(f);
	return found;
}

TEST_F(loaded, unmount_of_the_disk_is_never_busy_after_faults)
{
	char device[128], type[32], path[256];
	struct workload w;
	int i;

	if (!test_disk())
		SKIP_TEST("no disk with a file system");
	ASSERT_EQ(0, disk_mounted(device, type));
	snprintf(path, sizeof(path), "%s/unmounted", test_disk());
	for (i = 0; i < scaled(10); i++) {
		w = RUN_EXACT(touch_in_mount, path);
		EXPECT_LE(16, w.minor + w.major);
		ASSERT_EQ(0, umount(test_disk()));
		ASSERT_EQ(0, mount(device, test_disk(), type, 0, NULL));
	}
	unlink(path);
}

/* Returns 0, or 100 where the kernel has no btrfs. */
static int mount_btrfs(const char *where)
{
	struct shell sh;
	int status;

	shell_run(&sh, "sh %s/data/btrfs.sh '%s'", suite_dir(), where);
	status = sh.status;
	if (status)
		note("btrfs: %s", sh.out);
	shell_free(&sh);
	return status;
}

static int subvolume_add(const char *dir, const char *name, const char *from)
{
	struct btrfs_ioctl_vol_args args = { 0 };
	int parent = open(dir, O_RDONLY | O_DIRECTORY), source = -1, err;

	strncpy(args.name, name, sizeof(args.name) - 1);
	if (from) {
		source = open(from, O_RDONLY | O_DIRECTORY);
		args.fd = source;
	}
	err = ioctl(parent, from ? BTRFS_IOC_SNAP_CREATE : BTRFS_IOC_SUBVOL_CREATE, &args);
	err = err ? -errno : 0;
	close(source);
	close(parent);
	return err;
}

#define COPY_PAGES	40

/* Twice one file in turns with its copy, and each of them alone. */
static int touch_copies(void *arg)
{
	const char *dir = arg;
	char path[2][128];
	char *p[2];
	int i, file;

	for (file = 0; file < 2; file++) {
		snprintf(path[file], sizeof(path[file]), "%s/%s/file", dir, file ? "b" : "a");
		p[file] = map_file(path[file], COPY_PAGES, PROT_READ | PROT_WRITE, MAP_PRIVATE);
		if (!p[file])
			return 1;
	}
	for (i = 0; i < 20; i++) {
		touch_write(p[0] + i * PAGE, 1);
		touch_write(p[1] + i * PAGE, 1);
	}
	touch_write(p[0] + 20 * PAGE, 20);
	return 0;
}

/* A snapshot's copy of a file shares device, inode number and generation with it. */
TEST_F(loaded, copies_in_subvolumes_of_btrfs_are_two_files)
{
	static const char dir[] = "/tmp/mounts btrfs";
	char a[64], b[64], path[128];
	struct workload w = { 0 };
	struct counts in_a, in_b;
	struct snapshot s;
	int status = mount_btrfs(dir);

	if (status == 100)
		SKIP_TEST("the kernel has no btrfs");
	ASSERT_EQ(0, status);
	snprintf(a, sizeof(a), "%s/a", dir);
	snprintf(b, sizeof(b), "%s/b", dir);
	snprintf(path, sizeof(path), "%s/a/file", dir);
	ASSERT_EQ(0, subvolume_add(dir, "a", NULL));
	ASSERT_EQ(0, file_make(path, COPY_PAGES));
	sync();
	ASSERT_EQ(0, subvolume_add(dir, "b", a));

	EXPECT_EQ(0, workload_run(&w, touch_copies, (void *)dir));
	ASSERT_EQ(0, snapshot_take(&s, FAULTS_PROC));
	EXPECT_EQ(1, snapshot_sum_object(&s, w.pid, path, &in_a));
	snprintf(path, sizeof(path), "%s/b/file", dir);
	EXPECT_EQ(1, snapshot_sum_object(&s, w.pid, path, &in_b));
	EXPECT_EQ(40, in_a.minor + in_a.major);
	EXPECT_EQ(20, in_b.minor + in_b.major);
	snapshot_free(&s);

	EXPECT_EQ(0, umount(dir));
	unlink("/tmp/btrfs");
	rmdir(dir);
}

TEST_HARNESS_MAIN
