// SPDX-License-Identifier: GPL-2.0
/*
 * layout.c - a module that was not built for the kernel that runs is refused, a line in the log
 * says what to do, and nothing is left behind. vm/wrong-modules makes the modules.
 */
#include "log.h"
#include "suite.h"

#include <errno.h>

static int load(const char *path)
{
	int ret;

	setenv("FAULTSTAT_KO", path, 1);
	ret = module_load("");
	unsetenv("FAULTSTAT_KO");
	return ret;
}

static void expect_refused(struct __test_metadata *_metadata, const char *path, const char *differs)
{
	int fd = log_open();

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, access(path, R_OK));
	EXPECT_EQ(-ENOEXEC, load(path));
	EXPECT_FALSE(module_loaded());
	EXPECT_NE(0, access(FAULTS_PROC, F_OK));
	EXPECT_EQ(1, log_lines(fd, "faultstat: built for another configuration of this kernel",
			       differs));
	close(fd);
	/* That it was tried harms nothing. */
	EXPECT_EQ(0, module_load(""));
	EXPECT_EQ(0, module_unload_soon());
}

TEST(headers_with_another_task_struct_are_refused)
{
	expect_refused(_metadata, "/wrong/task.ko", "(struct task_struct differs)");
}

TEST(headers_with_another_mm_struct_are_refused)
{
	if (access("/wrong/mm.ko", R_OK))
		SKIP_TEST("no option of this kernel is known that moves fields of mm_struct");
	expect_refused(_metadata, "/wrong/mm.ko", "(struct mm_struct differs)");
}

TEST(headers_with_another_inode_are_refused)
{
	expect_refused(_metadata, "/wrong/inode.ko", "(struct file, inode or dentry differs)");
}

/* Some kernels are configured to load it all the same, others refuse; without BTF all load it. */
TEST(btf_that_does_not_match_can_be_removed)
{
	int fd = log_open(), ret;

	ASSERT_LE(0, fd);
	if (access("/wrong/btf.ko", R_OK))
		SKIP_TEST("modules have no BTF here");
	ret = load("/wrong/btf.ko");
	EXPECT_EQ(!ret, module_loaded());
	if (ret) {
		EXPECT_EQ(-EINVAL, ret);
		EXPECT_EQ(1, log_lines(fd, "failed to validate module [faultstat] BTF", ": -22"));
	} else {
		/* CONFIG_MODULE_ALLOW_BTF_MISMATCH: said once for all modules. */
		EXPECT_EQ(1, log_lines(fd, "BTF mismatch detected", "Kernel module"));
		EXPECT_EQ(0, module_unload_soon());
	}
	note("it is %s", ret ? "refused" : "loaded");
	EXPECT_EQ(0, load("/wrong/no-btf.ko"));
	EXPECT_EQ(0, log_lines(fd, "BTF", "faultstat"));
	EXPECT_EQ(0, access(FAULTS_PROC, R_OK));
	EXPECT_EQ(0, module_unload_soon());
	close(fd);
}

TEST_HARNESS_MAIN
