// SPDX-License-Identifier: GPL-2.0
/*
 * heat_requests.c - heat is kept of the processes that are asked for and of no others, as long as
 * the parameter or an open file asks.
 */
#include "suite.h"
#include "heatfile.h"
#include "listed.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>

static const unsigned int offsets[] = { 0, 1, 2, 3, 4, 7, 8, 500, 511, 512, 1000, 1023, END };

static const unsigned int just_one[] = { 100, END };

FIXTURE(own)
{
	int unused;
};

FIXTURE_SETUP(own)
{
	/* Each test loads by itself. */
}

FIXTURE_TEARDOWN(own)
{
	loaded_end(_metadata, false, 0);
}

TEST_F(own, the_parameter_works_at_load)
{
	struct listed t = { .path = "/dev/shm/heat.load", .pages = 1024, .touch = just_one };
	struct workload w;
	long long lost;

	ASSERT_EQ(0, file_make_empty(t.path, t.pages));
	ASSERT_EQ(0, module_load("heat_pid=all"));
	w = RUN_EXACT(listed_touch, &t);
	EXPECT_EQ(1, is_hot(w.pid, t.path));
	EXPECT_EQ(0, heat_equals_faults(w.pid, &lost));
	EXPECT_EQ(0, lost);
	unlink(t.path);
}

TEST_F(loaded, only_those_asked_for_have_heat_and_only_as_long)
{
	struct listed t[2] = {
		{ .path = "/dev/shm/heat.a", .pages = 1024, .touch = offsets },
		{ .path = "/dev/shm/heat.b", .pages = 1024, .touch = offsets },
	};
	struct workload w[2] = { { 0 }, { 0 } };
	char pid[16];
	struct heat h;
	int i;

	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, file_make_empty(t[i].path, t[i].pages));
		ASSERT_EQ(0, listed_start(&w[i], &t[i]));
	}
	ASSERT_EQ(0, heat_take(&h));
	EXPECT_EQ(0, h.nr);
	heat_free(&h);
	snprintf(pid, sizeof(pid), "%d", w[1].pid);
	ASSERT_EQ(0, param_set("heat_pid", pid));
	for (i = 0; i < 2; i++)
		EXPECT_EQ(0, listed_end(&w[i], &t[i]));
	ASSERT_EQ(0, heat_take(&h));
	EXPECT_EQ(0, heat_rows_of(&h, w[0].pid));
	heat_free(&h);
	ASSERT_EQ(0, param_set("heat_pid", ""));
	ASSERT_EQ(0, heat_take(&h));
	EXPECT_EQ(0, h.nr);
	heat_free(&h);
	for (i = 0; i < 2; i++)
		unlink(t[i].path);
}

/* Touches a file whenever it is told, until the gate that ends it is open. */
struct toucher {
	const char *path;
	volatile bool stop;
	volatile unsigned long turns;
};

static int touch_for_ever(void *arg)
{
	struct toucher *t = arg;
	char *p;

	while (!t->stop) {
		p = map_file(t->path, 64, PROT_READ | PROT_WRITE, MAP_PRIVATE);
		if (!p)
			return 1;
		touch_write(p, 64);
		munmap(p, 64 * PAGE);
		t->turns++;
	}
	return 0;
}

static bool has_turned(void *arg)
{
	struct toucher *t = arg;

	return t->turns > 3;
}

static bool turned_again(struct toucher *t)
{
	t->turns = 0;
	return wait_until(has_turned, t, 20000);
}

TEST_F(loaded, two_open_files_do_not_disturb_each_other)
{
	struct toucher *t[2];
	struct workload w[2] = { { 0 }, { 0 } };
	char pid[2][16];
	int fd[2], i;

	for (i = 0; i < 2; i++) {
		t[i] = shared_alloc(sizeof(*t[i]));
		t[i]->path = i ? "/dev/shm/heat.two" : "/dev/shm/heat.one";
		ASSERT_EQ(0, file_make_empty(t[i]->path, 64));
		ASSERT_EQ(0, workload_start(&w[i], touch_for_ever, t[i]));
		snprintf(pid[i], sizeof(pid[i]), "%d", w[i].pid);
	}
	fd[0] = heat_ask(pid[0]);
	ASSERT_LE(0, fd[0]);
	ASSERT_TRUE(turned_again(t[0]) && turned_again(t[1]));
	EXPECT_EQ(1, is_hot(w[0].pid, t[0]->path));
	EXPECT_EQ(0, is_hot(w[1].pid, t[1]->path));
	fd[1] = heat_ask(pid[1]);
	ASSERT_LE(0, fd[1]);
	ASSERT_TRUE(turned_again(t[0]) && turned_again(t[1]));
	EXPECT_EQ(1, is_hot(w[0].pid, t[0]->path));
	EXPECT_EQ(1, is_hot(w[1].pid, t[1]->path));
	/* Somebody else: the same list as well, then all, then what is no list. */
	EXPECT_EQ((ssize_t)strlen(pid[0]), write(fd[1], pid[0], strlen(pid[0])));
	ASSERT_TRUE(turned_again(t[0]) && turned_again(t[1]));
	EXPECT_EQ(1, is_hot(w[0].pid, t[0]->path));
	EXPECT_EQ(0, is_hot(w[1].pid, t[1]->path));
	EXPECT_EQ(3, write(fd[1], "all", 3));
	ASSERT_TRUE(turned_again(t[0]) && turned_again(t[1]));
	EXPECT_EQ(1, is_hot(w[1].pid, t[1]->path));
	close(fd[0]);
	EXPECT_EQ(1, is_hot(w[0].pid, t[0]->path));
	close(fd[1]);
	ASSERT_TRUE(turned_again(t[0]) && turned_again(t[1]));
	EXPECT_EQ(0, is_hot(w[0].pid, t[0]->path));
	EXPECT_EQ(0, is_hot(w[1].pid, t[1]->path));
	for (i = 0; i < 2; i++) {
		t[i]->stop = true;
		EXPECT_EQ(0, workload_finish(&w[i]));
		unlink(t[i]->path);
	}
}

TEST_F(loaded, a_killed_reader_asks_no_more)
{
	struct toucher *t = shared_alloc(sizeof(*t));
	struct workload w = { 0 };
	struct gate asked;
	char pid[16];
	pid_t asker;
	int status;

	t->path = "/dev/shm/heat.killed";
	ASSERT_EQ(0, file_make_empty(t->path, 64));
	ASSERT_EQ(0, gate_init(&asked));
	ASSERT_EQ(0, workload_start(&w, touch_for_ever, t));
	snprintf(pid, sizeof(pid), "%d", w.pid);
	asker = fork();
	if (!asker) {
		if (heat_ask(pid) < 0)
			_exit(1);
		gate_open(&asked);
		for (;;)
			pause();
	}
	ASSERT_EQ(0, gate_wait(&asked));
	ASSERT_TRUE(turned_again(t));
	EXPECT_EQ(1, is_hot(w.pid, t->path));
	kill(asker, SIGKILL);
	ASSERT_EQ(asker, waitpid(asker, &status, 0));
	EXPECT_EQ(0, is_hot(w.pid, t->path));
	ASSERT_TRUE(turned_again(t));
	EXPECT_EQ(0, is_hot(w.pid, t->path));
	t->stop = true;
	EXPECT_EQ(0, workload_finish(&w));
	unlink(t->path);
}

TEST_F(loaded, an_invalid_list_changes_nothing)
{
	static const struct {
		const char *text;
		int error;
	} bad[] = {
		{ "", EINVAL }, { "x", EINVAL }, { "1,", EINVAL }, { "0", EINVAL },
		{ "-1", EINVAL }, { "1;2", EINVAL },
		{ "everyone", EINVAL }, { "99999999999", EINVAL },
	};
	char text[1024], gone[32];
	struct heat h;
	unsigned int i;
	int fd = open(HEAT, O_RDWR);
	pid_t pid = fork();

	if (!pid)
		_exit(0);
	ASSERT_EQ(pid, waitpid(pid, NULL, 0));

	ASSERT_LE(0, fd);
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		/* A write of nothing never reaches the module on some kernels. */
		if (!*bad[i].text)
			continue;
		EXPECT_EQ(-1, write(fd, bad[i].text, strlen(bad[i].text)));
		EXPECT_EQ(bad[i].error, errno) {
			note("'%s': %s", bad[i].text, strerror(errno));
		}
	}
	for (i = 0; i < 2; i++) {
		snprintf(gone, sizeof(gone), i ? "%d" : "1,%d", pid);
		EXPECT_EQ(-1, write(fd, gone, strlen(gone)));
		EXPECT_EQ(ESRCH, errno);
	}
	memset(text, '1', sizeof(text));
	EXPECT_EQ(-1, write(fd, text, sizeof(text)));
	EXPECT_EQ(EINVAL, errno);
	ASSERT_EQ(0, heat_take(&h));
	EXPECT_EQ(0, h.requests);
	heat_free(&h);
	EXPECT_EQ(1, write(fd, "1", 1));
	EXPECT_EQ(-1, write(fd, "x", 1));
	ASSERT_EQ(0, heat_take(&h));
	EXPECT_EQ(1, h.requests);
	heat_free(&h);
	/* Like any open file of /proc it does not keep the module, see teardown. */
	EXPECT_EQ(0, module_unload_soon());
	EXPECT_EQ(-1, write(fd, "1", 1));
	close(fd);
}

TEST_F(loaded, reset_begins_anew)
{
	struct listed t = { .path = "/dev/shm/heat.reset", .pages = 1024, .touch = just_one };
	struct workload w;
	struct heat h;

	ASSERT_EQ(0, file_make_empty(t.path, t.pages));
	ASSERT_EQ(0, param_set("heat_pid", "all"));
	w = RUN_EXACT(listed_touch, &t);
	EXPECT_EQ(1, is_hot(w.pid, t.path));
	ASSERT_EQ(0, param_set("reset", "1"));
	ASSERT_EQ(0, heat_take(&h));
	EXPECT_EQ(NULL, heat_find(&h, w.pid, t.path));
	EXPECT_EQ(0, h.lost);
	heat_free(&h);
	w = RUN_EXACT(listed_touch, &t);
	ASSERT_EQ(0, heat_take(&h));
	ASSERT_NE(NULL, heat_find(&h, w.pid, t.path));
	EXPECT_EQ(1, heat_find(&h, w.pid, t.path)->calls);
	heat_free(&h);
	unlink(t.path);
}

/*
 * A major that is not settled when the heat is dropped is of the time before: one thread sleeps
 * with it, another one touches the file when there is heat again.
 */
struct late {
	struct gate slept, touch, done;
	const char *path;
	size_t pages;
};

static int late_thread(void *arg, int nr)
{
	struct late *l = arg;
	char *p = map_file(l->path, l->pages, PROT_READ, MAP_PRIVATE);

	if (!p || madvise(p, l->pages * PAGE, MADV_RANDOM))
		return 1;
	if (!nr) {
		(void)*(volatile char *)(p + 100 * PAGE);
		gate_open(&l->slept);
		return gate_wait(&l->done);
	}
	if (gate_wait(&l->touch))
		return 1;
	(void)*(volatile char *)(p + 900 * PAGE);
	gate_open(&l->done);
	return 0;
}

static int late_process(void *arg)
{
	return threads_run(2, late_thread, arg, false);
}

TEST_F(loaded, no_major_without_a_call_after_a_reset)
{
	struct late l = { .pages = 1024 };
	struct workload w = { 0 };
	struct heat_row *row;
	char path[256];
	struct heat h;

	if (!test_disk())
		SKIP_TEST("no disk to read from");
	snprintf(path, sizeof(path), "%s/heat.late", test_disk());
	l.path = path;
	ASSERT_EQ(0, file_make(path, l.pages));
	ASSERT_EQ(0, caches_drop());
	ASSERT_EQ(0, gate_init(&l.slept) || gate_init(&l.touch) || gate_init(&l.done));
	ASSERT_EQ(0, param_set("heat_pid", "all"));
	ASSERT_EQ(0, workload_start(&w, late_process, &l));
	ASSERT_EQ(0, gate_wait(&l.slept));
	ASSERT_EQ(0, param_set("heat_pid", ""));
	ASSERT_EQ(0, param_set("heat_pid", "all"));
	gate_open(&l.touch);
	ASSERT_EQ(0, workload_finish(&w));
	ASSERT_EQ(0, heat_take(&h));
	row = heat_find(&h, w.pid, path);
	ASSERT_NE(NULL, row);
	EXPECT_EQ(0, row->region[25].calls);
	EXPECT_EQ(0, row->region[25].major);
	EXPECT_EQ(1, row->region[225].major);
	heat_free(&h);
	unlink(path);
}

TEST_HARNESS_MAIN
