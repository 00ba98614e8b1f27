// SPDX-License-Identifier: GPL-2.0
/*
 * bundle.c - the tarball that `make userspace BUNDLE=1` makes, on this kernel, in a root that has
 * nothing but it, a shell, readlink and dirname: every command against the loaded module.
 */
#include "suite.h"
#include "screen.h"
#include "shell.h"

#include <sys/mount.h>

/* Where the guest has it. */
#define ROOT	"/bundle"
#define PAGES	64

FIXTURE(bundle)
{
	struct shell sh;
	struct workload w;
};

static int touch_file(void *arg)
{
	char *p = map_file(ROOT "/data/file", PAGES, PROT_READ | PROT_WRITE, MAP_PRIVATE);

	(void)arg;
	if (!p)
		return 1;
	touch_write(p, PAGES);
	return 0;
}

FIXTURE_SETUP(bundle)
{
	shell_run(&self->sh, "cd " ROOT " && mv kfaultstat* kfaultstat 2>/dev/null; "
		  "mkdir -p bin proc sys dev data && cp /bin/busybox bin/ && "
		  "for name in sh readlink dirname; do ln -sf busybox bin/$name; done && "
		  "for name in proc sys dev; do mount --rbind /$name $name || exit; done");
	ASSERT_EQ(0, self->sh.status) {
		note("%s", self->sh.out);
	}
	shell_free(&self->sh);
	habits_learn();
	ASSERT_EQ(0, module_load(""));
	ASSERT_EQ(0, file_make_empty(ROOT "/data/file", PAGES));
	self->w = RUN_EXACT(touch_file, NULL);
}

FIXTURE_TEARDOWN(bundle)
{
	shell_free(&self->sh);
	umount2(ROOT "/proc", MNT_DETACH);
	umount2(ROOT "/sys", MNT_DETACH);
	umount2(ROOT "/dev", MNT_DETACH);
	loaded_end(_metadata, false, 0);
}

/* kfaultstat with these words, in that root. */
#define BUNDLE(fmt, ...) \
	shell_run(&self->sh, "chroot " ROOT " /kfaultstat/kfaultstat " fmt " 2>&1", ##__VA_ARGS__)

TEST_F(bundle, rows_are_those_of_the_module)
{
	BUNDLE("-r -p %d", self->w.pid);
	EXPECT_EQ(0, self->sh.status);
	EXPECT_EQ(self->w.minor, shell_column(self->sh.out, "MINOR")) {
		note("%s", self->sh.out);
	}
	shell_free(&self->sh);
	BUNDLE("-r -f '*/data/file' -p %d 0.1 1", self->w.pid);
	EXPECT_EQ(PAGES, shell_column(self->sh.out, "MINOR")) {
		note("%s", self->sh.out);
	}
}

TEST_F(bundle, stat_is_equal)
{
	BUNDLE("stat sh -c '(readlink /bin/sh); true'");
	EXPECT_EQ(0, self->sh.status);
	EXPECT_TRUE(has(self->sh.out, "equal")) {
		note("%s", self->sh.out);
	}
	EXPECT_TRUE(has(self->sh.out, "of 2 processes")) {
		note("%s", self->sh.out);
	}
	shell_free(&self->sh);
	BUNDLE("stat sh -c 'exit 7'");
	EXPECT_EQ(7, self->sh.status);
}

TEST_F(bundle, the_switches_and_the_doctor)
{
	static const char *const words[] = { "doctor", "off", "on", "reset", "doctor" };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(words); i++) {
		BUNDLE("%s", words[i]);
		EXPECT_EQ(0, self->sh.status) {
			note("%s: %s", words[i], self->sh.out);
		}
		shell_free(&self->sh);
	}
}

TEST_F(bundle, memory_of_files_and_of_the_system)
{
	BUNDLE("cache -r -o pages,file /data/file");
	EXPECT_EQ(PAGES, shell_column(self->sh.out, "PAGES")) {
		note("%s", self->sh.out);
	}
	shell_free(&self->sh);
	BUNDLE("map -r -o rss,object -p %d", getpid());
	EXPECT_EQ(0, self->sh.status);
	EXPECT_LT(0, shell_column(self->sh.out, "RSS")) {
		note("%s", self->sh.out);
	}
	shell_free(&self->sh);
	BUNDLE("regions -r -o calls,file -p %d 0.1 2", getpid());
	EXPECT_EQ(0, self->sh.status) {
		note("%s", self->sh.out);
	}
	shell_free(&self->sh);
	BUNDLE("sys -r 0.1 2");
	EXPECT_EQ(0, self->sh.status);
	EXPECT_LT(0, shell_column(self->sh.out, "TOTAL")) {
		note("%s", self->sh.out);
	}
}

TEST_F(bundle, top_draws_its_screen)
{
	static const char *const top[] = {
		"chroot", ROOT, "/kfaultstat/kfaultstat", "top", "0.3", NULL
	};
	struct screen *screen = screen_start(top);

	ASSERT_NE(NULL, screen);
	EXPECT_TRUE(screen_wait(screen, "in the interval"));
	EXPECT_TRUE(screen_press(screen, "q"));
	EXPECT_EQ(0, screen_end(screen));
}

TEST_HARNESS_MAIN
