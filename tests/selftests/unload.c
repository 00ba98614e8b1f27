// SPDX-License-Identifier: GPL-2.0
/*
 * unload.c - unloading is safe at any moment: under full load, with tasks asleep in faults, with
 * files open, with parameters being written; and who holds it up is who has debugfs open.
 */
#include "suite.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/syscall.h>

#include "load.h"
#include "uffd.h"

#define UNLOADS 50

FIXTURE(unloading)
{
	struct load *load;
	struct sleeper *sleepers[2];	/* one asleep in user mode, one in a system call */
};

FIXTURE_SETUP(unloading)
{
	int i;

	self->load = load_start(2);
	ASSERT_NE(NULL, self->load);
	for (i = 0; i < 2; i++) {
		int fd = uffd_open();

		if (fd == -ENOSYS)
			break;	/* the load alone, then */
		close(fd);
		self->sleepers[i] = shared_alloc(sizeof(*self->sleepers[i]));
		self->sleepers[i]->from_kernel = i;
		ASSERT_EQ(0, module_load(""));
		/* Asleep since the module has counted its call. */
		ASSERT_EQ(0, sleeper_start(self->sleepers[i]));
		ASSERT_EQ(0, module_unload());
	}
}

/* Whoever slept or faulted through all of it goes on as if nothing had been. */
FIXTURE_TEARDOWN(unloading)
{
	int i;

	for (i = 0; i < 2 && self->sleepers[i]; i++) {
		gate_open(&self->sleepers[i]->wake);
		EXPECT_EQ(0, workload_wait(&self->sleepers[i]->w));
	}
	EXPECT_EQ(0, load_stop(self->load, false));
	loaded_end(_metadata, true, CHECK_NO_EXCEPTIONS);
}

struct writer {
	volatile int stop;
	volatile unsigned long written, refused;
};

/* Finds the parameter gone at times, and the module going in between. */
static int write_enabled(void *arg)
{
	struct writer *w = arg;

	while (!w->stop) {
		int ret = param_set("enabled", "1");

		if (!ret)
			w->written++;
		else
			w->refused++;
		if (ret && ret != -ENOENT && ret != -ENODEV)
			return 1;
		sched_yield();
	}
	return 0;
}

/*
 * Fifty times, each time after the load has run with the module and after the writer has written;
 * the writer goes on while the module goes, and while it comes again.
 */
TEST_F(unloading, fifty_unloads_under_load_with_tasks_asleep_are_safe)
{
	struct writer *writer = shared_alloc(sizeof(*writer));
	struct workload w = { 0 };
	int i, times = scaled(UNLOADS);

	ASSERT_EQ(0, workload_start(&w, write_enabled, writer));
	for (i = 0; i < times; i++) {
		unsigned long written;

		ASSERT_EQ(0, module_load(i % 5 ? "attach=auto" : "attach=kprobe"));
		written = writer->written;
		do {
			ASSERT_EQ(0, load_wait_busy(self->load, 2));
		} while (writer->written < written + 3);
		ASSERT_EQ(0, module_unload());
		ASSERT_FALSE(module_loaded());
	}
	writer->stop = 1;
	EXPECT_EQ(0, workload_wait(&w));
	EXPECT_LE(3 * times, (long)writer->written);
	EXPECT_LT(0, (long)writer->refused);
}

static int read_all_the_time(void *arg)
{
	struct writer *w = arg;

	while (!w->stop) {
		char *text;
		size_t len = read_whole(FAULTS_PROC, &text, NULL);

		if (!text) {
			w->refused++;
			continue;
		}
		/* Whole, or cut short by the unload, but never something else. */
		if (len && strncmp(text, "# faultstat 1\n", 14))
			return 1;
		w->written++;
		free(text);
	}
	return 0;
}

TEST_F(unloading, ten_unloads_while_the_procfs_file_is_read_are_safe)
{
	struct writer *reader = shared_alloc(sizeof(*reader));
	struct workload w = { 0 };
	int i;

	ASSERT_EQ(0, workload_start(&w, read_all_the_time, reader));
	for (i = 0; i < 10; i++) {
		unsigned long seen;

		ASSERT_EQ(0, module_load(""));
		seen = reader->written;
		while (reader->written < seen + 2) {
			ASSERT_EQ(0, load_wait_busy(self->load, 1));
		}
		ASSERT_EQ(0, module_unload());
	}
	reader->stop = 1;
	EXPECT_EQ(0, workload_wait(&w));
	EXPECT_LE(20, (long)reader->written);
}

TEST_F(unloading, open_debugfs_file_makes_it_busy)
{
	char byte;
	int fd, ret;

	ASSERT_EQ(0, module_load(""));
	fd = open(FAULTS_DEBUGFS, O_RDONLY);
	ASSERT_LE(0, fd);
	ret = module_unload();
	/* Which of the two depends on the kernel; tools print both as "in use". */
	EXPECT_TRUE(ret == -EAGAIN || ret == -EBUSY);
	EXPECT_EQ(1, read(fd, &byte, 1));
	ASSERT_EQ(0, load_wait_busy(self->load, 2));
	EXPECT_EQ(-1, module_unload() ? -1 : 0);
	EXPECT_EQ(0, close(fd));
	EXPECT_EQ(0, module_unload());
}

static void unload_with_proc_open(struct __test_metadata *_metadata, const char *path,
				  size_t read_before)
{
	char buf[64];
	int fd;

	ASSERT_EQ(0, module_load(""));
	fd = open(path, O_RDONLY);
	ASSERT_LE(0, fd);
	EXPECT_EQ((ssize_t)read_before, read(fd, buf, read_before));
	EXPECT_EQ(0, module_unload());
	EXPECT_FALSE(module_loaded());
	errno = 0;
	EXPECT_EQ(-1, read(fd, buf, sizeof(buf)));
	EXPECT_NE(0, errno);
	EXPECT_EQ(-1, lseek(fd, 0, SEEK_SET) < 0 ? -1 : read(fd, buf, sizeof(buf)));
	EXPECT_EQ(0, close(fd));
	/* And one that is open while the next one is loaded is no file of the next one. */
	EXPECT_NE(0, access(path, F_OK));
}

TEST_F(unloading, open_procfs_files_read_an_error_after)
{
	unload_with_proc_open(_metadata, FAULTS_PROC, 0);
	unload_with_proc_open(_metadata, FAULTS_PROC, 40);
	unload_with_proc_open(_metadata, FAULTS_TOTALS, 0);
	unload_with_proc_open(_metadata, FAULTS_TOTALS, 40);
}

TEST_F(unloading, old_open_file_is_not_the_next_modules)
{
	char buf[64];
	int fd;

	ASSERT_EQ(0, module_load(""));
	fd = open(FAULTS_PROC, O_RDONLY);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, module_unload());
	ASSERT_EQ(0, module_load(""));
	EXPECT_EQ(-1, read(fd, buf, sizeof(buf)));
	EXPECT_EQ(0, module_unload());
	EXPECT_EQ(0, close(fd));
}

/* A second one beside the first is refused, and hurts nothing. */
TEST_F(loaded, loading_twice_is_refused)
{
	const char *path = getenv("FAULTSTAT_KO");
	int fd = open(path ? path : "/faultstat.ko", O_RDONLY);

	ASSERT_LE(0, fd);
	EXPECT_EQ(-1, syscall(SYS_finit_module, fd, "", 0));
	EXPECT_EQ(EEXIST, errno);
	close(fd);
}

static int exit_soon(void *arg)
{
	touch_write(arg, 20);
	return 0;
}

/* Tasks that are between their end and the grace period after it, which the module hooks. */
TEST_F(loaded, unload_right_after_processes_ended_is_safe)
{
	char *p = map_anon(20);
	int i, j;

	for (i = 0; i < 10; i++) {
		for (j = 0; j < 10; j++) {
			struct workload w = { 0 };

			ASSERT_EQ(0, workload_start(&w, exit_soon, p));
			workload_wait(&w);
			workload_kill(&w);
		}
		ASSERT_EQ(0, module_unload());
		ASSERT_EQ(0, module_load(""));
	}
}

TEST_HARNESS_MAIN
