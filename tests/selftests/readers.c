// SPDX-License-Identifier: GPL-2.0
/*
 * readers.c - what a reader gets: one text in both places, one moment in it, however slowly it is
 * read and whatever happens meanwhile, with debugfs or without.
 */
#include "suite.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/wait.h>

#include "load.h"

/* The lines the format promises, in their order. */
static const char * const header_keys[] = {
	"faultstat", "module", "load", "settings", "hook handle_mm_fault", "hook page_fault_user",
	"hook page_fault_kernel", "exceptions", "lifetime", "total", "table",
};

static void header_is_complete(struct __test_metadata *_metadata, const struct snapshot *s)
{
	const char *last = s->copy;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(header_keys); i++) {
		const char *at = snapshot_header(s, header_keys[i]);

		ASSERT_NE(NULL, at) {
			note("no line '# %s'", header_keys[i]);
		}
		EXPECT_LT(last, at);
		last = at;
	}
	for (i = 0; i < 6; i++) {
		static const char * const keys[] = {
			"rows", "processes", "ended", "folded", "overflow", "memory",
		};

		EXPECT_LE(0, snapshot_value(s, "table", keys[i]));
	}
	EXPECT_LE(0, snapshot_value(s, "exceptions", "user"));
	EXPECT_LE(0, snapshot_value(s, "exceptions", "kernel"));
	EXPECT_LE(0, snapshot_value(s, "load", "resets"));
}

TEST_F(loaded, header_has_every_line_in_every_file)
{
	static const char * const paths[] = { FAULTS_DEBUGFS, FAULTS_PROC, FAULTS_TOTALS };
	struct snapshot s;
	size_t i;

	RUN_EXACT(touch_some, NULL);
	for (i = 0; i < 3; i++) {
		ASSERT_EQ(0, snapshot_take(&s, paths[i]));
		header_is_complete(_metadata, &s);
		EXPECT_EQ(i < 2, !!s.columns);
		EXPECT_EQ(i < 2, s.nr_rows > 0);
		snapshot_free(&s);
	}
}

static double load_time(const struct snapshot *s, const char *key)
{
	const char *line = snapshot_header(s, "load");
	char want[32];
	double value;

	snprintf(want, sizeof(want), " %s ", key);
	line = line ? strstr(line, want) : NULL;
	return line && sscanf(line + strlen(want), "%lf", &value) == 1 ? value : -1;
}

TEST_F(loaded, both_files_have_the_same_text)
{
	struct snapshot debug, proc;
	size_t i;

	ASSERT_EQ(0, snapshot_take(&debug, FAULTS_DEBUGFS));
	ASSERT_EQ(0, snapshot_take(&proc, FAULTS_PROC));
	EXPECT_STREQ(debug.columns, proc.columns);
	ASSERT_EQ(debug.nr_headers, proc.nr_headers);
	for (i = 0; i < debug.nr_headers; i++) {
		size_t word = strcspn(debug.headers[i], " ");

		EXPECT_EQ(0, strncmp(debug.headers[i], proc.headers[i], word + 1));
	}
	EXPECT_STREQ(snapshot_header(&debug, "settings"), snapshot_header(&proc, "settings"));
	EXPECT_STREQ(snapshot_header(&debug, "module"), snapshot_header(&proc, "module"));
	EXPECT_EQ(load_time(&debug, "at"), load_time(&proc, "at"));
	EXPECT_LT(0.0, load_time(&debug, "at"));
	EXPECT_LE(load_time(&debug, "at"), load_time(&debug, "now"));
	EXPECT_LE(load_time(&debug, "now"), load_time(&proc, "now"));
	snapshot_free(&debug);
	snapshot_free(&proc);
}

/* Mounted after the load, or never: /proc does not depend on it. */
TEST_F(loaded, without_debugfs_the_file_in_proc_works)
{
	struct snapshot s;

	ASSERT_EQ(0, umount("/sys/kernel/debug"));
	EXPECT_NE(0, access(FAULTS_DEBUGFS, F_OK));
	EXPECT_EQ(0, snapshot_take(&s, FAULTS_PROC));
	EXPECT_EQ(0, snapshot_violations(&s, 0));
	snapshot_free(&s);
	EXPECT_EQ(0, module_unload());
	EXPECT_EQ(0, module_load(""));
	EXPECT_EQ(0, snapshot_take(&s, FAULTS_PROC));
	EXPECT_EQ(0, snapshot_violations(&s, 0));
	snapshot_free(&s);
	ASSERT_EQ(0, mount("debugfs", "/sys/kernel/debug", "debugfs", 0, NULL));
	EXPECT_EQ(0, snapshot_take(&s, FAULTS_DEBUGFS));
	snapshot_free(&s);
	RUN_EXACT(touch_some, NULL);
}

#define TEXT_MAX	0x100000

/* The rest of an open file; -1 on error. */
static ssize_t read_rest(int fd, char *text, size_t step)
{
	ssize_t len = 0, n;

	while ((n = read(fd, text + len, step)) > 0 && len + (ssize_t)step < TEXT_MAX)
		len += n;
	return n < 0 ? -1 : len;
}

/* The processes come and go, and the settings change, and none of it is in the text. */
TEST_F(loaded, text_read_byte_by_byte_under_load_is_one_moment)
{
	char *slow = malloc(TEXT_MAX), *fast = malloc(TEXT_MAX);
	struct load *load = load_start(3);
	struct snapshot s, later;
	ssize_t len = 0, whole;
	int fd;

	ASSERT_NE(NULL, load);
	ASSERT_EQ(0, load_wait_busy(load, 20));
	fd = open(FAULTS_PROC, O_RDONLY);
	ASSERT_LE(0, fd);
	while (len < TEXT_MAX && read(fd, slow + len, 1) == 1) {
		if (++len % 500 == 0) {
			ASSERT_EQ(0, load_wait_busy(load, 1));
		}
		if (len == 100) {
			ASSERT_EQ(0, param_set("keep_exited", "7"));
		}
	}
	EXPECT_LT(1000, len);
	/* Once more from its beginning, in other pieces: the same to the byte. */
	ASSERT_EQ(0, lseek(fd, 0, SEEK_SET));
	whole = read_rest(fd, fast, 4096);
	close(fd);
	EXPECT_EQ(0, load_stop(load, false));
	ASSERT_EQ(len, whole);
	EXPECT_EQ(0, memcmp(slow, fast, (size_t)len));
	free(fast);
	ASSERT_EQ(0, snapshot_parse(&s, slow, (size_t)len));
	EXPECT_EQ(NULL, strstr(snapshot_header(&s, "settings"), "keep_exited=7 "));
	EXPECT_LT(0, s.nr_rows);
	ASSERT_EQ(0, snapshot_take(&later, FAULTS_PROC));
	EXPECT_LT(s.lifetime.calls, later.lifetime.calls);
	snapshot_free(&s);
	snapshot_free(&later);
}

/* Taken at rest, read while it is rest no longer: it still adds up. */
TEST_F(loaded, text_opened_at_rest_and_read_under_load_adds_up)
{
	char *text = malloc(TEXT_MAX);
	struct snapshot s = { 0 };
	struct workload w;
	struct load *load;
	ssize_t len;
	int fd;

	w = RUN_EXACT(touch_some, NULL);
	fd = open(FAULTS_DEBUGFS, O_RDONLY);
	ASSERT_LE(0, fd);
	load = load_start(3);
	ASSERT_NE(NULL, load);
	ASSERT_EQ(0, load_wait_busy(load, 10));
	len = read_rest(fd, text, 7);
	close(fd);
	EXPECT_EQ(0, load_stop(load, false));
	ASSERT_LT(0, len);
	ASSERT_EQ(0, snapshot_parse(&s, text, (size_t)len));
	EXPECT_EQ(0, snapshot_violations(&s, 0));
	EXPECT_EQ(0, workload_compare(&w, &s));
	snapshot_free(&s);
}

/* Many files open at once are many snapshots, each its own. */
TEST_F(loaded, forty_open_files_are_forty_snapshots)
{
	char *text = malloc(TEXT_MAX);
	struct counts last = { 0 };
	int fds[40], i;

	for (i = 0; i < 40; i++) {
		char *p = map_anon(10);

		touch_write(p, 10);
		fds[i] = open(i % 2 ? FAULTS_PROC : FAULTS_DEBUGFS, O_RDONLY);
		ASSERT_LE(0, fds[i]);
	}
	for (i = 0; i < 40; i++) {
		struct snapshot s = { 0 };
		ssize_t len = read_rest(fds[i], text, 4096);
		char *own;

		close(fds[i]);
		ASSERT_LT(0, len);
		own = malloc((size_t)len);
		memcpy(own, text, (size_t)len);
		ASSERT_EQ(0, snapshot_parse(&s, own, (size_t)len));
		EXPECT_EQ(0, snapshot_violations(&s, 0));
		EXPECT_LE(last.calls + (i ? 10 : 0), s.total.calls);
		last = s.total;
		snapshot_free(&s);
	}
}

/* Snapshots under load: what holds at any moment, and a process that is exact meanwhile. */
TEST_F(loaded, reading_under_load_disturbs_no_count)
{
	struct load *load = load_start(3);
	long long calls = 0;
	int i;

	ASSERT_NE(NULL, load);
	for (i = 0; i < 20; i++) {
		struct snapshot s;
		size_t row;

		ASSERT_EQ(0, load_wait_busy(load, 1));
		ASSERT_EQ(0, snapshot_take(&s, i % 2 ? FAULTS_PROC : FAULTS_DEBUGFS));
		/* Only forward, and a verdict is never ahead of its call. */
		EXPECT_LE(calls, s.lifetime.calls);
		calls = s.lifetime.calls;
		EXPECT_LE(0, s.total.pending);
		for (row = 0; row < s.nr_rows; row++) {
			const struct counts *n = &s.rows[row].n;

			EXPECT_LE(0, n->pending);
			EXPECT_EQ(n->calls + n->missed,
				  n->minor + n->major + n->uncounted + n->pending);
		}
		snapshot_free(&s);
	}
	EXPECT_EQ(0, load_stop(load, true));
}

#define HAMMERS		12
#define HAMMER_PAGES	64ul

struct hammer {
	volatile int stop;
	struct gate ready;
	char *file, *anon;
};

/* Two objects in turns, so that calls and verdicts of a thread are in different rows. */
static int hammer_thread(void *arg, int nr)
{
	struct hammer *h = arg;
	char *anon = h->anon + (size_t)nr * HAMMER_PAGES * PAGE;
	char *file = h->file + (size_t)nr * HAMMER_PAGES * PAGE;
	size_t i;

	while (!h->stop) {
		for (i = 0; i < HAMMER_PAGES; i++) {
			touch_write(anon + i * PAGE, 1);
			touch_write(file + i * PAGE, 1);
		}
		if (madvise(anon, HAMMER_PAGES * PAGE, MADV_DONTNEED) ||
		    madvise(file, HAMMER_PAGES * PAGE, MADV_DONTNEED))
			return 1;
	}
	return 0;
}

static int hammer(void *arg)
{
	struct hammer *h = arg;

	h->anon = map_anon(HAMMERS * HAMMER_PAGES);
	h->file = map_file("/tmp/hit", HAMMERS * HAMMER_PAGES, PROT_READ | PROT_WRITE,
			   MAP_SHARED);
	if (!h->anon || !h->file)
		return 1;
	gate_open(&h->ready);
	return threads_run(HAMMERS, hammer_thread, h, false);
}

/* A task has one call open at a time, whatever the others do while a snapshot is made. */
TEST_F(loaded, no_more_calls_are_pending_than_there_are_threads)
{
	struct hammer *h = shared_alloc(sizeof(*h));
	struct workload w = { 0 };
	long long calls = 0;
	int i;

	ASSERT_EQ(0, file_make_empty("/tmp/hit", HAMMERS * HAMMER_PAGES));
	ASSERT_EQ(0, gate_init(&h->ready));
	ASSERT_EQ(0, workload_start(&w, hammer, h));
	ASSERT_EQ(0, gate_wait(&h->ready));
	for (i = 0; i < scaled(60); i++) {
		struct snapshot s, totals;
		struct counts sum;

		ASSERT_EQ(0, snapshot_take(&s, i % 2 ? FAULTS_PROC : FAULTS_DEBUGFS));
		EXPECT_EQ(0, snapshot_violations(&s, CHECK_UNDER_LOAD));
		snapshot_sum_pid(&s, w.pid, &sum);
		/* And the main thread. */
		EXPECT_GE(HAMMERS + 1, sum.pending);
		EXPECT_LE(calls, s.lifetime.calls);
		/* All that could be asleep in a guest, and those that are not. */
		EXPECT_GE(100, s.total.pending);
		EXPECT_GE(s.total.pending, s.lifetime.pending);
		ASSERT_EQ(0, snapshot_take(&totals, FAULTS_TOTALS));
		EXPECT_LE(s.lifetime.calls, totals.lifetime.calls);
		EXPECT_GE(100, totals.lifetime.pending);
		calls = totals.lifetime.calls;
		snapshot_free(&totals);
		snapshot_free(&s);
	}
	h->stop = 1;
	EXPECT_EQ(0, workload_finish(&w));
	unlink("/tmp/hit");
}

#define BIRTHS	200

/* New files, new processes: each is a row that was not there a moment ago. */
static int births(void *arg)
{
	volatile int *stop = arg;
	char path[64];
	int i, status;

	for (i = 0; !*stop; i++) {
		char *p;

		snprintf(path, sizeof(path), "/tmp/birth.%d.%d", (int)getpid(), i % BIRTHS);
		if (file_make_empty(path, 1))
			return 1;
		p = map_file(path, 1, PROT_READ | PROT_WRITE, MAP_SHARED);
		if (!p)
			return 1;
		touch_write(p, 1);
		munmap(p, PAGE);
		unlink(path);
		if (i % 8 == 0) {
			pid_t pid = kid_fork();

			if (!pid)
				_exit(0);
			if (pid < 0 || waitpid(pid, &status, 0) != pid)
				return 1;
		}
	}
	return 0;
}

TEST_F(loaded, rows_add_up_to_the_total_whatever_is_born_meanwhile)
{
	volatile int *stop = shared_alloc(sizeof(*stop));
	struct workload w[3] = { 0 };
	int i;

	for (i = 0; i < 3; i++)
		ASSERT_EQ(0, workload_start(&w[i], births, (void *)stop));
	for (i = 0; i < scaled(40); i++) {
		struct snapshot s;

		ASSERT_EQ(0, snapshot_take(&s, FAULTS_PROC));
		EXPECT_EQ(0, snapshot_violations(&s, CHECK_UNDER_LOAD));
		snapshot_free(&s);
	}
	*stop = 1;
	for (i = 0; i < 3; i++)
		EXPECT_EQ(0, workload_finish(&w[i]));
}

TEST_HARNESS_MAIN
