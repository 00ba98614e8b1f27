// SPDX-License-Identifier: GPL-2.0
/*
 * mounts.c - an object's name is the user's path, through whatever is mounted on the way, and no
 * fault holds a mount: it can be unmounted as soon as the last mapping is gone.
 */
#include "suite.h"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#include "named.h"

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

TEST_HARNESS_MAIN
