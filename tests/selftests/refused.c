// SPDX-License-Identifier: GPL-2.0
/*
 * refused.c - a kernel without kprobes refuses the module: an error, one line in the log that says
 * why, and nothing left behind. For such a kernel alone.
 */
#include "suite.h"

#include <errno.h>
#include <fcntl.h>

/* Lines of the log since the last call that say why the hook cannot be had. */
static int reasons(int fd)
{
	char record[1024];
	int nr = 0;
	ssize_t n;

	while ((n = read(fd, record, sizeof(record) - 1)) > 0 || (n < 0 && errno == EPIPE)) {
		if (n < 0)
			continue;
		record[n] = '\0';
		if (strstr(record, "faultstat: cannot hook handle_mm_fault") &&
		    strstr(record, "CONFIG_KPROBES"))
			nr++;
	}
	return nr;
}

TEST(load_fails_and_the_log_says_why)
{
	static const char * const params[] = { "", "attach=kprobe", "attach=ftrace" };
	int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK);
	size_t i;

	ASSERT_LE(0, fd);
	lseek(fd, 0, SEEK_END);
	for (i = 0; i < 3; i++) {
		EXPECT_GT(0, module_load(params[i])) {
			note("it loads with \"%s\"", params[i]);
		}
		EXPECT_FALSE(module_loaded());
		EXPECT_EQ(1, reasons(fd));
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
