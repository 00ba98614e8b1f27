// SPDX-License-Identifier: GPL-2.0
/*
 * layers.c - kfaultstat cache where pages of one file are seen in several places: block devices
 * and their nodes, overlayfs and its layers, hard links, bind mounts; by each way of asking that
 * the kernel has.
 */
#include "cached.h"
#include "suite.h"
#include "shell.h"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>

#define PAGES	2048

FIXTURE(layers)
{
	struct shell sh;
	char path[256];
};

FIXTURE_VARIANT(layers)
{
	const char *cache;
};

FIXTURE_VARIANT_ADD(layers, old)
{
	.cache = "--via mincore",
};

FIXTURE_VARIANT_ADD(layers, new)
{
	.cache = "--via cachestat",
};

FIXTURE_VARIANT_ADD(layers, best)
{
	.cache = "",
};

FIXTURE_SETUP(layers)
{
	snprintf(self->path, sizeof(self->path), "%s/layers.file", test_disk() ? test_disk() : "/dev/shm");
	ASSERT_EQ(0, file_make(self->path, PAGES));
}

FIXTURE_TEARDOWN(layers)
{
	shell_free(&self->sh);
	unlink(self->path);
	loaded_end(_metadata, false, 0);
}

TEST_F(layers, page_cache_of_a_block_device)
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
	shell_run(&self->sh, "mknod /tmp/layers.node b $(printf '%%d %%d' $(stat -c '0x%%t 0x%%T' %s)) && "
		  "test -b /tmp/layers.node || echo no node; exec 3<%s; "
		  "dd count=8 <&3 2>/dev/null >/dev/null; kfaultstat cache %s -r -o pages,size,file "
		  "%s /tmp/layers.node | grep -v '^#' | grep -c .; exec 3<&-; "
		  "kfaultstat cache %s -r -o pages,file %s", device, device, variant->cache, device,
		  variant->cache, device);
	EXPECT_EQ(2, strtol(self->sh.out, NULL, 10)) {
		note("%s", self->sh.out);
	}
	pages = shell_column(strchr(self->sh.out, '\n') + 1, "PAGES");
	EXPECT_EQ(0, pages);
	shell_free(&self->sh);
	shell_run(&self->sh, "rm /tmp/layers.node; losetup -d %s", device);
	EXPECT_EQ(0, self->sh.status);
}

/* The file underneath is the one that is cached. */
TEST_F(layers, page_cache_of_overlayfs_is_right)
{
	char path[300], options[600];
	int ret;

	if (!test_disk())
		SKIP_TEST("no disk: tmpfs keeps all pages");
	if (lacks_cachestat(_metadata, &self->sh, variant->cache))
		SKIP_TEST("this kernel has no cachestat");
	shell_run(&self->sh, "cd /tmp && mkdir -p layers.upper layers.work layers.mount %s/layers.lower && "
		  "mv '%s' %s/layers.lower/file", test_disk(), self->path, test_disk());
	ASSERT_EQ(0, self->sh.status);
	shell_free(&self->sh);
	snprintf(options, sizeof(options),
		 "lowerdir=%s/layers.lower,upperdir=/tmp/layers.upper,workdir=/tmp/layers.work",
		 test_disk());
	ret = mount("overlay", "/tmp/layers.mount", "overlay", 0, options) ? errno : 0;
	if (ret != ENODEV) {
		ASSERT_EQ(0, ret);
		snprintf(path, sizeof(path), "/tmp/layers.mount/file");
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
		EXPECT_EQ(0, umount("/tmp/layers.mount"));
	}
	shell_run(&self->sh, "cd /tmp && rm -rf layers.upper layers.work layers.mount %s/layers.lower",
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

	shell_run(sh, "cd /tmp/layers.once && kfaultstat cache %s -r %s 2>&1", way, paths);
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

	snprintf(point, sizeof(point), "/tmp/layers.once/%s", name);
	snprintf(options, sizeof(options), "lowerdir=%s/layers.lower,upperdir=%s/layers.%s/upper,workdir=%s/layers.%s/work",
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

/* Old kernels' stat has the layer's file for one of overlayfs: then two names are of one file. */
static bool is_one_file(const char *a, const char *b)
{
	struct stat one, other;

	return !stat(a, &one) && !stat(b, &other) && one.st_dev == other.st_dev &&
	       one.st_ino == other.st_ino;
}

/*
 * One overlay has its upper layer on the disk of the lower one, the other does not. /copied was
 * copied up by the first.
 */
TEST_F(layers, pages_of_a_layer_count_once)
{
	static const char make[] =
		"mkdir -p /tmp/layers.b/upper /tmp/layers.b/work /tmp/layers.once/bound; cd /tmp/layers.once; "
		"mkdir -p a b lower upper $disk/layers.lower $disk/layers.a/upper $disk/layers.a/work; "
		"rmdir lower upper; ln -s $disk/layers.lower lower; ln -s $disk/layers.a/upper upper; "
		"mv $file lower/file; dd if=/dev/zero of=lower/copied bs=4096 count=8";
	bool named_twice;
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
		ASSERT_EQ(0, mount("/tmp/layers.once/a", "/tmp/layers.once/bound", NULL, MS_BIND,
				   NULL));
		shell_run(&self->sh, "cd /tmp/layers.once; echo x >>a/copied");
		EXPECT_EQ(0, self->sh.status);
		shell_free(&self->sh);
		ASSERT_EQ(0, caches_drop());
		/* All of it, two pages of what was copied up, one of what it was copied from. */
		EXPECT_EQ(0, pages_read("/tmp/layers.once/b/file", PAGES));
		EXPECT_EQ(0, pages_read("/tmp/layers.once/a/copied", 2));
		EXPECT_EQ(0, pages_read("/tmp/layers.once/b/copied", 1));
		named_twice = is_one_file("/tmp/layers.once/a/file", "/tmp/layers.once/b/file");
		for (i = 0; i < ARRAY_SIZE(looks); i++) {
			const char *paths = looks[i].paths;
			/* What is named twice is one file, which shares its pages with none. */
			bool shares = i || !named_twice;

			EXPECT_EQ(looks[i].pages,
				  total_of(&self->sh, variant->cache, "pages", paths)) {
				note("%s", paths);
			}
			EXPECT_EQ(shares ? looks[i].shared_files : 0,
				  total_of(&self->sh, variant->cache, "shared_files", paths)) {
				note("%s", paths);
			}
			EXPECT_EQ(shares ? looks[i].shared_pages * (long long)PAGE : 0,
				  total_of(&self->sh, variant->cache, "shared", paths)) {
				note("%s", paths);
			}
			EXPECT_EQ(0, total_of(&self->sh, variant->cache, "shared_unknown", paths));
		}
		EXPECT_EQ(0, umount("/tmp/layers.once/bound"));
		EXPECT_EQ(0, umount("/tmp/layers.once/b"));
		EXPECT_EQ(0, umount("/tmp/layers.once/a"));
	}
	shell_run(&self->sh, "rm -rf /tmp/layers.once /tmp/layers.b %s/layers.a %s/layers.lower",
		  test_disk(), test_disk());
	if (ret == ENODEV)
		SKIP_TEST("the kernel has no overlayfs");
}

/* One inode is one file, whatever shows it. */
TEST_F(layers, hard_links_and_bind_mounts_count_once)
{
	if (lacks_cachestat(_metadata, &self->sh, variant->cache))
		SKIP_TEST("this kernel has no cachestat");
	shell_run(&self->sh, "mkdir -p /tmp/layers.once && cd /tmp/layers.once && mkdir -p a/one bound && "
		  "dd if=/dev/zero of=a/one/file bs=4096 count=16 && ln a/one/file a/linked && "
		  "dd if=/dev/zero of=a/one/other bs=4096 count=8");
	ASSERT_EQ(0, self->sh.status);
	shell_free(&self->sh);
	ASSERT_EQ(0, mount("/tmp/layers.once/a/one", "/tmp/layers.once/bound", NULL, MS_BIND,
			   NULL));
	EXPECT_EQ(24, total_of(&self->sh, variant->cache, "pages", "."));
	EXPECT_EQ(24, total_of(&self->sh, variant->cache, "pages", "a bound"));
	EXPECT_EQ(24, total_of(&self->sh, variant->cache, "pages", "bound a/linked a"));
	EXPECT_EQ(2, total_of(&self->sh, variant->cache, "files", "."));
	EXPECT_EQ(0, umount("/tmp/layers.once/bound"));
	shell_run(&self->sh, "rm -rf /tmp/layers.once");
}

TEST_HARNESS_MAIN
