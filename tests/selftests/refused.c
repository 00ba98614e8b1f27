// SPDX-License-Identifier: GPL-2.0
/*
 * refused.c - a kernel without kprobes refuses the module: an error, one line in the log that says
 * why, and nothing left behind. For such a kernel alone.
 */
#include "log.h"
#include "suite.h"

TEST(load_fails_and_the_log_says_why)
{
	static const char * const params[] = { "", "attach=kprobe", "attach=ftrace" };
	int fd = log_open();
	size_t i;

	ASSERT_LE(0, fd);
	for (i = 0; i < 3; i++) {
		EXPECT_GT(0, module_load(params[i])) {
			note("it loads with \"%s\"", params[i]);
		}
		EXPECT_FALSE(module_loaded());
		EXPECT_EQ(1, log_lines(fd, "faultstat: cannot hook handle_mm_fault",
				       "CONFIG_KPROBES"));
	}
	close(fd);
	EXPECT_NE(0, access(FAULTS_PROC, F_OK));
}

/* Not counting is no reason to refuse; to begin with it is. */
TEST(loaded_without_counting_it_cannot_begin)
{
	ASSERT_EQ(0, module_load("enabled=0"));
	EXPECT_GT(0, param_set("enabled", "1"));
	EXPECT_EQ(0, module_unload());
}

TEST_HARNESS_MAIN
