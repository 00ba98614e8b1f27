/* SPDX-License-Identifier: GPL-2.0 */
/*
 * cached.h - what kfaultstat cache says of a file, page by page.
 */
#ifndef SELFTESTS_CACHED_H
#define SELFTESTS_CACHED_H

#include "suite.h"
#include "shell.h"

#include <fcntl.h>

static inline long long cached_pages(struct shell *sh, const char *way, const char *path)
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
static inline bool lacks_cachestat(struct __test_metadata *_metadata, struct shell *sh,
				   const char *way)
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
static inline void page_by_page(struct __test_metadata *_metadata, struct shell *sh,
				const char *way, const char *path)
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

#endif
