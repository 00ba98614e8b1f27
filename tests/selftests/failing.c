// SPDX-License-Identifier: GPL-2.0
/*
 * failing.c - allocations that fail. Each of those that faultstat is behind in turn, while it is
 * loaded, set, read and unloaded: whatever it cannot do then it says so and undoes. And those of
 * its worker, many or all: what has no room then is counted in [overflow], and the rest is exact.
 * Nothing of it wakes the OOM killer.
 *
 * Which ones fail is decided by a module of the tests, inject/.
 */
#include "suite.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "crowd.h"
#include "files.h"
#include "heatfile.h"
#include "load.h"
#include "log.h"

#define INJECTION	"/sys/kernel/debug/"

/* How long it takes at most until memory that is there again is used. */
#define ROWS_AGAIN_MS	10000

/* What the kernel may let fail: everything, without a word. */
static const struct {
	const char *path, *value;
} knobs[] = {
	{ INJECTION "failslab/ignore-gfp-wait", "N" },
	{ INJECTION "failslab/verbose", "0" },
	{ INJECTION "fail_page_alloc/ignore-gfp-wait", "N" },
	{ INJECTION "fail_page_alloc/ignore-gfp-highmem", "N" },
	{ INJECTION "fail_page_alloc/min-order", "0" },
	{ INJECTION "fail_page_alloc/verbose", "0" },
};

static void inject_path(char *path, size_t size, const char *name)
{
	snprintf(path, size, "/sys/module/inject/parameters/%s", name);
}

static int inject_set(const char *name, const char *value)
{
	char path[128];

	inject_path(path, sizeof(path), name);
	return file_write(path, value);
}

static long inject_get(const char *name)
{
	char path[128], line[32];

	inject_path(path, sizeof(path), name);
	return file_read_line(path, line, sizeof(line)) ? -1 : atol(line);
}

static void note_callers(const char *name)
{
	char path[128], line[2048];

	inject_path(path, sizeof(path), name);
	if (!file_read_line(path, line, sizeof(line)))
		note("%s: %s", name, line);
}

static int inject_load(void)
{
	int fd, ret;

	if (!access("/sys/module/inject", F_OK))
		return 0;
	fd = open("/inject.ko", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	ret = syscall(SYS_finit_module, fd, "", 0) ? -errno : 0;
	close(fd);
	return ret;
}

static long long oom_kills(void)
{
	FILE *f = fopen("/proc/vmstat", "r");
	long long nr = -1;
	char line[128];

	while (f && nr < 0 && fgets(line, sizeof(line), f))
		if (sscanf(line, "oom_kill %lld", &nr) != 1)
			nr = -1;
	if (f)
		fclose(f);
	return nr;
}

FIXTURE(failing)
{
	bool possible;
	long long oom_kills;
	unsigned int check;	/* CHECK_* for the invariants */
	bool missed_expected;	/* of tasks for which there was no memory */
	int log;
	int checkers_log;
};

#define NEEDS_FAILING \
	do { \
		if (!self->possible) \
			SKIP_TEST("the kernel lets no allocation fail when it is told to"); \
	} while (0)

FIXTURE_SETUP(failing)
{
	size_t i;

	habits_learn();
	if (access(INJECTION "failslab", F_OK) || access(INJECTION "fail_page_alloc", F_OK))
		return;
	self->possible = true;
	for (i = 0; i < ARRAY_SIZE(knobs); i++) {
		ASSERT_EQ(0, file_write(knobs[i].path, knobs[i].value)) {
			note("%s", knobs[i].path);
		}
	}
	/* It has to see faultstat come. */
	if (module_loaded())
		ASSERT_EQ(0, module_unload_soon());
	ASSERT_EQ(0, inject_load());
	ASSERT_EQ(0, inject_set("forget", "1"));
	self->oom_kills = oom_kills();
	ASSERT_LE(0, self->oom_kills);
	self->log = log_open();
	self->checkers_log = log_open();
	ASSERT_LE(0, self->log);
	ASSERT_LE(0, self->checkers_log);
}

FIXTURE_TEARDOWN(failing)
{
	if (!self->possible)
		return;
	inject_set("once", "0");
	inject_set("percent", "0");
	loaded_end(_metadata, self->missed_expected, self->check);
	EXPECT_EQ(self->oom_kills, oom_kills());
	EXPECT_EQ(0, inject_get("may_kill")) {
		note_callers("by");
	}
	/* Which goes to sleep where it gets no memory itself, and would find nothing any more. */
	EXPECT_EQ(0, log_lines(self->checkers_log, "kmemleak: ", "disabled"));
	close(self->checkers_log);
	close(self->log);
}

/* The module's own lines in the log since the last call. */
static int lines(int log)
{
	return log_lines(log, "faultstat: ", "");
}

static void arm(void)
{
	inject_set("once", "1");
}

/* Whether an allocation has failed since arm(). From here on none does. */
static bool disarm(void)
{
	bool fired = !inject_get("once");

	inject_set("once", "0");
	return fired;
}

static unsigned int exceptions_check(void)
{
	unsigned int check = 0;
	struct snapshot s;

	if (!snapshot_take(&s, FAULTS_TOTALS) && !(snapshot_hook_on(&s, "page_fault_user") &&
						   snapshot_hook_on(&s, "page_fault_kernel")))
		check = CHECK_NO_EXCEPTIONS;
	snapshot_free(&s);
	return check;
}

/* It is as good as any, whatever has failed before. */
static void counts_right(struct __test_metadata *_metadata)
{
	struct workload w = RUN_EXACT(touch_some, NULL);

	EXPECT_LE(2 * SOME_PAGES, w.minor);
}

/* More than what lies ready, of processes, of rows and of names. */
#define PROCESSES	200
#define FILES_EACH	8

static int touch_files(void *arg, int nr)
{
	char path[256];
	int i;

	prctl(PR_SET_NAME, arg);
	for (i = nr * FILES_EACH; i < (nr + 1) * FILES_EACH; i++) {
		file_name_nr(path, sizeof(path), "hungry", i);
		if (file_touch(path, 1) || unlink(path))
			return 1;
	}
	return 0;
}

/* Lives through all of it, and later touches one new file after the other. */
struct survivor {
	struct gate go;
	volatile int stop;
	volatile int files;
};

static int survive(void *arg)
{
	struct survivor *s = arg;
	char path[256];
	int i;

	prctl(PR_SET_NAME, "survivor");
	if (gate_wait(&s->go))
		return 1;
	for (i = 0; !s->stop; i++) {
		file_name_nr(path, sizeof(path), "survivor", i);
		if (file_touch(path, 1))
			return 1;
		s->files = i + 1;
		usleep(100000);
	}
	return 0;
}

struct wanted {
	pid_t pid;
	struct survivor *survivor;
};

/* The file that the survivor has touched last has a row of its own. */
static bool has_row(void *arg)
{
	struct wanted *w = arg;
	struct snapshot s;
	char path[256];
	bool found;
	int files = w->survivor->files;

	if (!files)
		return false;
	file_name_nr(path, sizeof(path), "survivor", files - 1);
	found = !snapshot_take(&s, FAULTS_PROC) && snapshot_row(&s, w->pid, path);
	snapshot_free(&s);
	return found;
}

/* Totals equal what the kernel counts, while so many of the worker's allocations fail. */
static long long work_failing(struct __test_metadata *_metadata, const char *percent)
{
	struct survivor *survivor = shared_alloc(sizeof(*survivor));
	struct workload w = { 0 };
	struct mark before, after;
	struct wanted wanted;
	struct rusage from, to;
	struct snapshot s;
	struct crowd crowd;
	struct load *load;
	long long overflow, began;
	long failed;

	ASSERT_EQ(0, module_load("max_rows=4096 keep_exited=20 heat_pid=all"));
	ASSERT_EQ(0, gate_init(&survivor->go));
	ASSERT_EQ(0, mark_take(&before));
	getrusage(RUSAGE_CHILDREN, &from);
	failed = inject_get("failed");
	ASSERT_EQ(0, inject_set("percent", percent));
	load = load_start(2);
	ASSERT_NE(NULL, load);
	EXPECT_EQ(0, load_wait_busy(load, 16));
	EXPECT_EQ(0, load_stop(load, false));
	EXPECT_EQ(0, crowd_start(&crowd, PROCESSES, touch_files, "hungry"));
	/* Born when nothing is left. */
	EXPECT_EQ(0, workload_start(&w, survive, survivor));
	failed = inject_get("failed") - failed;
	overflow = totals_value("table", "overflow");
	note("%ld allocations failed, %lld calls in [overflow]", failed, overflow);
	EXPECT_LT(0, failed);

	/* Nobody ends and gives anything back: it has to be seen that there is memory again. */
	ASSERT_EQ(0, inject_set("percent", "0"));
	began = now_ms();
	gate_open(&survivor->go);
	wanted = (struct wanted){ w.pid, survivor };
	EXPECT_TRUE(wait_until(has_row, &wanted, ROWS_AGAIN_MS)) {
		EXPECT_EQ(0, snapshot_take(&s, FAULTS_PROC));
		snapshot_print(&s, w.pid);
		snapshot_free(&s);
	}
	note("a new file had a row after %lld ms", now_ms() - began);
	survivor->stop = 1;
	EXPECT_EQ(0, workload_wait(&w));
	workload_kill(&w);
	files_remove("survivor", survivor->files);
	EXPECT_EQ(0, crowd_end(&crowd));

	getrusage(RUSAGE_CHILDREN, &to);
	ASSERT_EQ(0, mark_take(&after));
	/* What a task without a state counted is known when the kernel frees it, by and by. */
	EXPECT_EQ(0, mark_wait(&before, &after, to.ru_minflt - from.ru_minflt,
			       to.ru_majflt - from.ru_majflt));
	counts_right(_metadata);
	return overflow;
}

TEST_F(failing, without_any_memory_calls_overflow_and_sums_are_exact)
{
	NEEDS_FAILING;
	self->missed_expected = true;
	EXPECT_LT(0, work_failing(_metadata, "100"));
}

TEST_F(failing, with_some_failures_sums_are_exact)
{
	NEEDS_FAILING;
	self->missed_expected = true;
	EXPECT_LE(0, work_failing(_metadata, "10"));
}

static const struct {
	const char *name, *values[4];
} settings[] = {
	{ "enabled", { "0", "1" } },
	{ "exceptions", { "0", "1" } },
	{ "attach", { "kprobe", "ftrace", "auto" } },
	{ "reset", { "1" } },
	{ "keep_exited", { "5", "1000" } },
	{ "pid", { "1,2", "" } },
	{ "heat_pid", { "1,2", "all", "" } },
};

/* As often as there is another allocation to fail. Returns how often. */
static int set_failing(struct __test_metadata *_metadata, int log, const char *name,
		       const char *value)
{
	char before[256], after[256];
	int nr = 0;

	for (;; nr++) {
		bool fired;
		int ret;

		if (param_get(name, before, sizeof(before)))
			return -1;
		lines(log);
		arm();
		ret = param_set(name, value);
		fired = disarm();
		if (param_get(name, after, sizeof(after)))
			return -1;
		if (ret) {
			EXPECT_EQ(-ENOMEM, ret);
			EXPECT_STREQ(before, after);
		} else if (strcmp(name, "reset")) {
			EXPECT_STREQ(value, after);
		}
		EXPECT_GE(1, lines(log));
		if (!_metadata->passed) {
			note("%s=%s", name, value);
			note_callers("last");
			return -1;
		}
		if (!fired)
			break;
		/* From where it began. */
		if (strcmp(name, "reset") && param_set(name, before))
			return -1;
	}
	EXPECT_EQ(0, nr && strcmp(name, "reset") ? param_set(name, value) : 0);
	return nr;
}

TEST_F_TIMEOUT(failing, a_parameter_is_set_or_stays, 400)
{
	size_t i, j;
	int nr = 0, some;

	NEEDS_FAILING;
	ASSERT_EQ(0, module_load(""));
	self->check = CHECK_NO_EXCEPTIONS;
	for (i = 0; i < ARRAY_SIZE(settings); i++) {
		for (j = 0; j < 4 && settings[i].values[j]; j++) {
			some = set_failing(_metadata, self->log, settings[i].name,
					   settings[i].values[j]);
			ASSERT_LE(0, some);
			nr += some;
			note("%s=%s: %d allocations", settings[i].name, settings[i].values[j],
			     some);
		}
	}
	EXPECT_LT(10, nr);
	/* Those of its hooks that could not be had when they were to come back. */
	ASSERT_EQ(0, param_set("exceptions", "0"));
	ASSERT_EQ(0, param_set("exceptions", "1"));
	EXPECT_EQ(0, exceptions_check());
	counts_right(_metadata);
}

/* What is done with a file. */
struct use {
	const char *path;
	int flags;
	bool pid;		/* of ours is written to it */
};

static const struct use uses[] = {
	{ FAULTS_PROC, O_RDONLY, false },
	{ FAULTS_TOTALS, O_RDONLY, false },
	{ FAULTS_DEBUGFS, O_RDONLY, false },
	{ HEAT, O_RDONLY, false },
	{ HEAT, O_RDWR, true },
	{ HEAT, O_WRONLY, true },
	{ FAULTS_MARK, O_RDWR, true },
	{ FAULTS_MARK, O_RDONLY, false },
};

static int use_file(const struct use *use)
{
	static char text[1 << 20];
	ssize_t n, len = 0;
	char pid[16];
	int fd = open(use->path, use->flags | O_CLOEXEC), ret = 0;

	if (fd < 0)
		return -errno;
	if (use->pid) {
		int size = snprintf(pid, sizeof(pid), "%d", getpid());

		if (write(fd, pid, size) != size)
			ret = -errno;
	}
	if ((use->flags & O_ACCMODE) != O_WRONLY && !ret) {
		while ((n = pread(fd, text + len, sizeof(text) - len, len)) > 0)
			len += n;
		if (n < 0)
			ret = -errno;
		else if (len < 100 || strncmp(text, "# faultstat", 11) || text[len - 1] != '\n')
			ret = -EBADMSG;
	}
	close(fd);
	return ret;
}

TEST_F(failing, a_file_is_read_whole_or_refused)
{
	int nr, refused = 0;
	size_t i;

	NEEDS_FAILING;
	ASSERT_EQ(0, module_load("heat_pid=all"));
	for (i = 0; i < ARRAY_SIZE(uses); i++) {
		for (nr = 0;; nr++) {
			bool fired;
			int ret;

			arm();
			ret = use_file(&uses[i]);
			fired = disarm();
			if (ret) {
				EXPECT_TRUE(fired);
				EXPECT_EQ(-ENOMEM, ret) {
					note("%s", uses[i].path);
					note_callers("last");
				}
				refused++;
			}
			if (!fired)
				break;
		}
		note("%s: %d allocations that no other way of use has", uses[i].path, nr);
	}
	EXPECT_EQ(0, lines(self->log));
	note("refused %d times", refused);
	EXPECT_LT(0, refused);
	counts_right(_metadata);
}

TEST_F_TIMEOUT(failing, unloading_needs_none_that_may_not_fail, 200)
{
	int nr = 0;

	NEEDS_FAILING;
	for (;; nr++) {
		bool fired;
		int ret;

		ASSERT_EQ(0, module_load(nr % 2 ? "attach=kprobe" : "attach=auto"));
		lines(self->log);
		arm();
		ret = module_unload();
		fired = disarm();
		EXPECT_EQ(0, ret);
		EXPECT_EQ(0, lines(self->log));
		if (!_metadata->passed) {
			note_callers("last");
			return;
		}
		/* Both ways have had their turn. */
		if (!fired && nr % 2)
			break;
	}
	note("%d times", nr);
}

static void load_failing(struct __test_metadata *_metadata, int log, const char *params, bool all)
{
	int refused = 0, loaded = 0;

	for (;;) {
		bool fired;
		int ret, said;

		lines(log);
		arm();
		ret = module_load(params);
		fired = disarm();
		said = lines(log);
		if (!fired) {
			ASSERT_EQ(0, ret);
			break;
		}
		EXPECT_TRUE(ret ? ret == -ENOMEM && !module_loaded() && said == 1 : !said) {
			note("loading: %d, with %d lines", ret, said);
			note_callers("last");
		}
		refused += !!ret;
		loaded += !ret;
		if (ret)
			continue;
		if (all)
			counts_right(_metadata);
		loaded_end(_metadata, false, exceptions_check());
	}
	note("%s: refused without one of %d allocations, as good without one of %d", params,
	     refused, loaded);
	EXPECT_LT(0, refused);
	EXPECT_LT(0, loaded);
	/* With all that it wants. */
	EXPECT_EQ(0, exceptions_check());
	if (all)
		counts_right(_metadata);
}

TEST_F_TIMEOUT(failing, loading_is_refused_in_one_line_or_as_good_as_any, 600)
{
	NEEDS_FAILING;
	load_failing(_metadata, self->log, "heat_pid=all max_rows=64 max_tasks=64", true);
	load_failing(_metadata, self->log, "attach=kprobe pid=1,2 max_rows=64 max_tasks=64", false);
}

TEST_HARNESS_MAIN
