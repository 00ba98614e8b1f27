// SPDX-License-Identifier: GPL-2.0
/*
 * marks.c - /proc/faultstat/mark: a process that is marked there, and all that descend from it, are
 * in what the file shows, to the fault, whatever the table folds meanwhile; and nothing of it is
 * left when it is closed.
 */
#include "suite.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>

/* Few, so that nearly all that end are folded. */
#define SMALL "max_rows=1024 keep_exited=10"

FIXTURE(marked)
{
	int fd;
};

FIXTURE_SETUP(marked)
{
	habits_learn();
	ASSERT_EQ(0, module_load(SMALL));
	self->fd = open(FAULTS_MARK, O_RDWR | O_CLOEXEC);
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(marked)
{
	close(self->fd);
	loaded_end(_metadata, false, 0);
}

static int mark(int fd, pid_t pid)
{
	char text[16];
	int len = snprintf(text, sizeof(text), "%d", pid);

	return write(fd, text, len) == len ? 0 : -errno;
}

/* What the file shows now. */
static int marked_read(int fd, struct snapshot *s)
{
	size_t len = 0, room = 1 << 16;
	char *text = malloc(room);
	ssize_t n;

	while (text && (n = pread(fd, text + len, room - len, (off_t)len)) > 0) {
		len += (size_t)n;
		if (room - len < 4096)
			text = realloc(text, room *= 2);
	}
	memset(s, 0, sizeof(*s));
	return text && !n ? snapshot_parse(s, text, len) : -1;
}

/**
 * struct family - a process that forks
 * @child: what each child does
 * @children: how many, one after the other
 * @pages: each of them touches
 * @go: when to begin
 */
struct family {
	int (*child)(const struct family *f, int nr);
	int children;
	int pages;
	struct gate go;
};

/* And a child of its own that touches half as much. */
static int grandchild(const struct family *f)
{
	char *p = map_anon(f->pages);

	if (!p)
		return 1;
	touch_write(p, f->pages / 2);
	return 0;
}

static int child(const struct family *f, int nr)
{
	char name[16], *p = map_anon(f->pages);
	int status;
	pid_t pid;

	if (!p)
		return 1;
	/* Of some names, of which each is folded on its own. */
	snprintf(name, sizeof(name), "kid-%d", nr % 5);
	prctl(PR_SET_NAME, name);
	touch_write(p, f->pages);
	pid = fork();
	if (!pid)
		_exit(grandchild(f));
	return waitpid(pid, &status, 0) != pid || status;
}

static int family_run(struct family *f)
{
	int i, status;

	if (gate_wait(&f->go))
		return 1;
	for (i = 0; i < f->children; i++) {
		pid_t pid = fork();

		if (!pid)
			_exit(f->child ? f->child(f, i) : child(f, i));
		if (waitpid(pid, &status, 0) != pid || status)
			return 1;
	}
	return 0;
}

/* Of a host that does other things, until it is enough: what @arg points to. */
static int forks_all_the_time(void *arg)
{
	const struct family f = { .pages = 20 };
	const volatile bool *enough = arg;
	int nr = 0;

	while (!*enough) {
		pid_t pid = fork();

		if (!pid)
			_exit(child(&f, nr));
		waitpid(pid, NULL, 0);
		nr++;
	}
	return 0;
}

static pid_t family_start(struct family *f)
{
	pid_t pid;

	if (gate_init(&f->go))
		return -1;
	pid = fork();
	if (!pid)
		_exit(family_run(f));
	return pid;
}

struct mark_end {
	int fd;
	long long processes;
};

/* A process ends a moment after it has been waited for. */
static bool all_ended(void *arg)
{
	const struct mark_end *e = arg;
	struct snapshot s;
	bool all = false;

	if (!marked_read(e->fd, &s))
		all = snapshot_value(&s, "mark", "ended") == e->processes;
	snapshot_free(&s);
	return all;
}

static void sum_rows(const struct snapshot *s, struct counts *sum)
{
	size_t i;

	memset(sum, 0, sizeof(*sum));
	for (i = 0; i < s->nr_rows; i++)
		counts_add(sum, &s->rows[i].n);
}

static size_t rows_of_id(const struct snapshot *s, long long id)
{
	size_t nr = 0, i;

	for (i = 0; i < s->nr_rows; i++)
		nr += s->rows[i].id == id;
	return nr;
}

/* Ends the family, and compares. */
static void family_compare(struct __test_metadata *_metadata, int fd, struct family *f, pid_t pid)
{
	struct mark_end end = { .fd = fd, .processes = 2 * f->children + 1 };
	struct counts sum;
	struct rusage use;
	struct snapshot s;
	int status = -1;

	gate_open(&f->go);
	ASSERT_EQ(pid, wait4(pid, &status, 0, &use));
	EXPECT_EQ(0, status);
	EXPECT_TRUE(wait_until(all_ended, &end, 20000));
	ASSERT_EQ(0, marked_read(fd, &s));
	sum_rows(&s, &sum);
	EXPECT_EQ(use.ru_minflt, sum.minor);
	EXPECT_EQ(use.ru_majflt, sum.major);
	EXPECT_EQ(0, sum.missed);
	EXPECT_EQ(sum.minor, s.total.minor);
	EXPECT_EQ(end.processes, snapshot_value(&s, "mark", "processes"));
	EXPECT_EQ(use.ru_minflt, snapshot_value(&s, "mark", "kernel_minor"));
	EXPECT_EQ(use.ru_majflt, snapshot_value(&s, "mark", "kernel_major"));
	EXPECT_EQ(0, snapshot_value(&s, "mark", "unchecked"));
	EXPECT_EQ(0, snapshot_violations(&s, CHECK_UNDER_LOAD));
	snapshot_free(&s);
}

TEST_F(marked, a_command_is_whole_though_all_of_it_is_folded)
{
	struct family f = { .children = scaled(1000), .pages = 10 };
	pid_t pid = family_start(&f);
	struct snapshot s;
	long long id;

	ASSERT_LT(0, pid);
	ASSERT_EQ(0, mark(self->fd, pid));
	family_compare(_metadata, self->fd, &f, pid);
	ASSERT_EQ(0, marked_read(self->fd, &s));
	id = strtoll(snapshot_header(&s, "mark"), NULL, 10);
	EXPECT_LT(0, (int)rows_of_id(&s, id));
	snapshot_free(&s);

	/* Folded with all others, then. */
	close(self->fd);
	self->fd = -1;
	ASSERT_EQ(0, snapshot_take(&s, FAULTS_PROC));
	EXPECT_EQ(0, (int)rows_of_id(&s, id));
	EXPECT_LE(f.children * (long long)f.pages, s.total.minor);
	EXPECT_EQ(0, snapshot_violations(&s, CHECK_UNDER_LOAD));
	snapshot_free(&s);
}

TEST_F(marked, a_host_that_forks_all_the_time_takes_nothing_away)
{
	struct family f = { .children = scaled(500), .pages = 10 };
	volatile bool *enough = shared_alloc(sizeof(*enough));
	struct workload others[2] = { 0 };
	pid_t pid = family_start(&f);
	int i;

	ASSERT_LT(0, pid);
	for (i = 0; i < 2; i++)
		ASSERT_EQ(0, workload_start(&others[i], forks_all_the_time, (void *)enough));
	ASSERT_EQ(0, mark(self->fd, pid));
	family_compare(_metadata, self->fd, &f, pid);
	*enough = true;
	for (i = 0; i < 2; i++) {
		EXPECT_EQ(0, workload_wait(&others[i]));
		workload_kill(&others[i]);
	}
}

/* More objects than there is room for among the folded: each child has files of its own. */
static int child_with_a_file(const struct family *f, int nr)
{
	char path[64], *p;

	snprintf(path, sizeof(path), "/tmp/mark-%d", nr);
	p = file_make_empty(path, f->pages) ? NULL :
	    map_file(path, f->pages, PROT_READ, MAP_SHARED);
	if (p)
		touch_read(p, f->pages);
	unlink(path);
	return !p;
}

TEST_F(marked, what_has_no_room_stays_with_its_mark)
{
	struct family f = {
		.child = child_with_a_file, .children = scaled(1500), .pages = 3,
	};
	struct mark_end end = { .fd = self->fd, .processes = f.children + 1 };
	struct counts sum;
	struct rusage use;
	struct snapshot s;
	int status = -1;
	pid_t pid = family_start(&f);

	ASSERT_LT(0, pid);
	ASSERT_EQ(0, mark(self->fd, pid));
	gate_open(&f.go);
	ASSERT_EQ(pid, wait4(pid, &status, 0, &use));
	EXPECT_EQ(0, status);
	EXPECT_TRUE(wait_until(all_ended, &end, 20000));
	ASSERT_EQ(0, marked_read(self->fd, &s));
	sum_rows(&s, &sum);
	EXPECT_EQ(use.ru_minflt, sum.minor);
	EXPECT_EQ(use.ru_majflt, sum.major);
	snapshot_free(&s);
}

TEST_F(marked, two_files_have_marks_of_their_own)
{
	struct family one = { .children = 20, .pages = 10 }, other = { .children = 30, .pages = 6 };
	pid_t pid_one = family_start(&one), pid_other = family_start(&other);
	int fd = open(FAULTS_MARK, O_RDWR | O_CLOEXEC);
	struct snapshot s;

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, mark(self->fd, pid_one));
	ASSERT_EQ(0, mark(fd, pid_other));
	family_compare(_metadata, fd, &other, pid_other);
	ASSERT_EQ(0, close(fd));
	/* What the closed one had is in none, and the other one's is not lost. */
	family_compare(_metadata, self->fd, &one, pid_one);
	ASSERT_EQ(0, snapshot_take(&s, FAULTS_PROC));
	EXPECT_EQ(0, snapshot_violations(&s, CHECK_UNDER_LOAD));
	snapshot_free(&s);
}

/* The file goes while processes with its mark are born and end. */
TEST_F(marked, files_are_closed_at_any_moment)
{
	volatile bool *enough = shared_alloc(sizeof(*enough));
	struct workload others = { 0 };
	int i;

	ASSERT_EQ(0, workload_start(&others, forks_all_the_time, (void *)enough));
	for (i = 0; i < scaled(60); i++) {
		int fd = open(FAULTS_MARK, O_RDWR | O_CLOEXEC);
		struct snapshot s;

		ASSERT_LE(0, fd);
		ASSERT_EQ(0, mark(fd, others.pid));
		usleep(20000);
		ASSERT_EQ(0, marked_read(fd, &s));
		EXPECT_LE(1, snapshot_value(&s, "mark", "processes"));
		snapshot_free(&s);
		close(fd);
	}
	*enough = true;
	EXPECT_EQ(0, workload_wait(&others));
	workload_kill(&others);
}

/**
 * struct line - a process that lives on in its child, again and again
 * @stop: it is to end
 * @now: the pid of the last one
 */
struct line {
	volatile bool stop;
	volatile pid_t now;
};

static int descend(void *arg)
{
	struct line *line = arg;

	while (!line->stop) {
		line->now = getpid();
		if (fork())
			_exit(0);
	}
	return 0;
}

#define LINES	8

/* Each process that has a mark ends before it is looked at, and its child has the mark. */
TEST_F(marked, a_mark_is_not_inherited_for_ever)
{
	struct line *lines = shared_alloc(LINES * sizeof(*lines));
	struct snapshot s;
	pid_t pid;
	int i, nr;

	ASSERT_NE(NULL, lines);
	for (nr = 0; nr < LINES; nr++) {
		pid = fork();
		ASSERT_LE(0, pid);
		if (!pid)
			_exit(descend(&lines[nr]));
		ASSERT_EQ(pid, waitpid(pid, NULL, 0));
	}
	for (i = 0; i < scaled(100); i++) {
		int fd = open(FAULTS_MARK, O_RDWR | O_CLOEXEC), marked = 0;

		ASSERT_LE(0, fd);
		/* Some are gone before their pid is written. */
		for (nr = 0; nr < LINES; nr++)
			marked += !mark(fd, lines[nr].now);
		usleep(5000);
		ASSERT_EQ(0, marked_read(fd, &s));
		EXPECT_LE(marked, snapshot_value(&s, "mark", "processes"));
		snapshot_free(&s);
		ASSERT_EQ(0, close(fd));
	}
	/* The last of each line is ours, if its parent has been born from here on. */
	ASSERT_EQ(0, prctl(PR_SET_CHILD_SUBREAPER, 1));
	for (nr = 0; nr < LINES; nr++) {
		for (i = 0; i < 2; i++) {
			pid = lines[nr].now;
			while (lines[nr].now == pid)
				usleep(1000);
		}
		lines[nr].stop = true;
	}
	while (waitpid(-1, NULL, 0) > 0)
		;
	EXPECT_EQ(ECHILD, errno);
	ASSERT_EQ(0, snapshot_take_at_rest(&s));
	EXPECT_EQ(0, snapshot_violations(&s, 0));
	snapshot_free(&s);
}

TEST_F(marked, a_word_that_is_no_process_is_refused)
{
	static const struct { const char *text; int error; } bad[] = {
		{ "x", EINVAL }, { "0", EINVAL }, { "-1", EINVAL }, { "1 2", EINVAL },
		{ "99999999999999999999", EINVAL },
		{ "123456789012345678901234567890", EINVAL },
		{ "2000000000", ESRCH }, { "2", EINVAL },
	};
	struct snapshot s;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		errno = 0;
		EXPECT_EQ(-1, write(self->fd, bad[i].text, strlen(bad[i].text))) {
			note("'%s' was taken", bad[i].text);
		}
		EXPECT_EQ(bad[i].error, errno) {
			note("'%s': %s", bad[i].text, strerror(errno));
		}
	}
	ASSERT_EQ(0, marked_read(self->fd, &s));
	EXPECT_EQ(0, snapshot_value(&s, "mark", "processes"));
	EXPECT_EQ(0, (int)s.nr_rows);
	snapshot_free(&s);
}

TEST_F(marked, the_module_is_unloaded_with_the_file_open)
{
	struct family f = { .children = 20, .pages = 10 };
	pid_t pid = family_start(&f);
	char byte;

	ASSERT_LT(0, pid);
	ASSERT_EQ(0, mark(self->fd, pid));
	gate_open(&f.go);
	ASSERT_EQ(pid, waitpid(pid, NULL, 0));
	EXPECT_EQ(0, module_unload());
	EXPECT_EQ(-1, pread(self->fd, &byte, 1, 0));
	ASSERT_EQ(0, module_load(SMALL));
}

TEST_HARNESS_MAIN
