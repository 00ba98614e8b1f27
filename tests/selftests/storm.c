// SPDX-License-Identifier: GPL-2.0
/*
 * storm.c - a build farm: every CPU forks, execs and exits without a pause, and beside it one
 * process lives on and touches ever more files. Housekeeping keeps up with what ends, what lives
 * gets rows, memory stays where it is, and no count is lost. On many CPUs, or with many that are
 * possible.
 */
#include "suite.h"

#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "crowd.h"

#define CPUS_MAX	64
#define CHILD_PAGES	8ul
#define PROBES		40	/* files that the live process touches again and again */
#define WALK_MS		8	/* between two turns of it */
#define WALKED_AT_ONCE	8	/* files of one turn, touched once each */
#define UNFREED_MAX	40	/* processes that live in the table; most were reaped by then */
#define ROW_MS		2000	/* within which a file that is touched gets a row */
#define SECOND		1000	/* in ms */
#define WATCH_MS	10
#define LOOK_MS		2000	/* between two snapshots: reading one folds, too */
#define REST_MS		60000
#define BEFORE		"/dev/shm/storm.before.%d"
#define WALKED		"/dev/shm/storm.walked.%d"
#define PROBE		"/dev/shm/storm.probe.%d"

FIXTURE(storm)
{
	int unused;
};

FIXTURE_SETUP(storm)
{
	/* Each test loads with bounds of its own. */
	habits_learn();
}

FIXTURE_TEARDOWN(storm)
{
	loaded_end(_metadata, false, 0);
}

/**
 * struct forker - a process that forks all the time, on one CPU
 * @w: itself
 * @images: how many of its children's programs have ended: each exec ends one
 * @minor: faults of its children
 * @major: likewise
 */
struct forker {
	struct workload w;
	volatile long long images;
	long long minor, major;
};

/**
 * struct probe - a file that the live process touches at each turn
 * @nr: in its name; 0 where there is none
 * @since: when it was touched first, in ms
 * @seen: the test has seen its row, or that there is none
 * @page: mapped, by the live process
 */
struct probe {
	volatile int nr;
	volatile long long since;
	volatile bool seen;
	char *page;
};

/**
 * struct sight - what is seen of the table
 * @begin: of the storm, in ms
 * @tenth: of the time it lasts
 * @keep: keep_exited
 * @images_before: processes that had begun before the storm, ended ones included
 * @worst_ended: most ended processes in the table at once
 * @worst_alive: likewise, processes that live and those that were not freed yet
 * @worst_rows: most rows
 * @early: until when memory counts as that of the beginning: for a tenth from when the table is as
 *	full as it gets, which shows in the first that is folded, and a tenth has gone
 * @memory_early: most memory then
 * @memory_late: likewise, in the last tenth
 * @probes_seen: probes that were looked for, ROW_MS and more after they were touched
 * @probes_late: those that had no row
 */
struct sight {
	long long begin, tenth, keep;
	long long images_before, worst_ended, worst_alive, worst_rows;
	long long early, memory_early, memory_late;
	int probes_seen, probes_late;
};

/**
 * struct storm - what the test shares with all processes
 * @stop: they are to end
 * @hold: forkers are to wait: a task is freed a grace period after it was reaped, for which
 *	emulated CPUs may take a second, and is alive in the table until then
 * @ready: the live process has used up its share of rows
 * @exec: children exec
 * @forkers: how many
 * @fill: files that the live process begins with
 * @walked: files that it has touched since
 * @of: the forkers
 * @live: the process that goes on living
 * @probes: of that
 * @watcher: looks at the table, often
 * @sight: what it and the test see
 */
struct storm {
	volatile bool stop, hold, ready;
	bool exec;
	int forkers, fill;
	volatile int walked;
	struct forker of[CPUS_MAX];
	struct workload live;
	struct probe probes[PROBES];
	struct workload watcher;
	struct sight sight;
};

static int child_run(const struct storm *storm, char *page)
{
	char program[600];

	if (storm->exec) {
		snprintf(program, sizeof(program), "%s/work", suite_dir());
		execl(program, "work", "touch", "8", (char *)NULL);
		return 1;
	}
	touch_write(page, CHILD_PAGES);
	return 0;
}

struct forker_arg {
	struct storm *storm;
	int nr;
};

static int forker_run(void *arg)
{
	struct forker_arg *a = arg;
	struct forker *forker = &a->storm->of[a->nr];
	char *pages = map_anon(CHILD_PAGES);
	struct kid kid;

	if (!pages || run_on_cpu(a->nr % (int)sysconf(_SC_NPROCESSORS_ONLN)))
		return 1;
	while (!a->storm->stop) {
		pid_t pid;

		if (a->storm->hold) {
			short_rest();
			continue;
		}
		pid = kid_fork();
		if (!pid)
			_exit(child_run(a->storm, pages));
		if (pid < 0 || kid_wait(&kid, pid) || kid.status)
			return 1;
		forker->minor += kid.minor;
		forker->major += kid.major;
		forker->images += 1 + a->storm->exec;
	}
	return 0;
}

/* A file of one page, made, mapped and touched. */
static char *page_of_new_file(const char *path)
{
	char *p = NULL;

	/* Private: some kernels retry the first write to a page that is shared. */
	if (!file_make_empty(path, 1))
		p = map_file(path, 1, PROT_READ | PROT_WRITE, MAP_PRIVATE);
	if (p)
		touch_write(p, 1);
	return p;
}

static int page_end(char *page, const char *path)
{
	return munmap(page, PAGE) || unlink(path);
}

static int touch_new_file(const char *format, int nr)
{
	char path[64], *p;

	snprintf(path, sizeof(path), format, nr);
	p = page_of_new_file(path);
	return !p || page_end(p, path);
}

/* One touch more, of the file that is there or, where the test has seen that, of a new one. */
static int probe_touch(struct probe *probe, int *last)
{
	char path[64];

	snprintf(path, sizeof(path), PROBE, probe->nr);
	if (probe->nr && !probe->seen) {
		if (madvise(probe->page, PAGE, MADV_DONTNEED))
			return 1;
		touch_write(probe->page, 1);
		return 0;
	}
	if (probe->nr && page_end(probe->page, path))
		return 1;
	probe->nr = 0;
	snprintf(path, sizeof(path), PROBE, ++*last);
	probe->page = page_of_new_file(path);
	if (!probe->page)
		return 1;
	probe->since = now_ms();
	probe->seen = false;
	__sync_synchronize();
	probe->nr = *last;
	return 0;
}

static int live_run(void *arg)
{
	struct storm *storm = arg;
	int i, last = 0;

	for (i = 0; i < storm->fill; i++)
		if (touch_new_file(BEFORE, i))
			return 1;
	storm->ready = true;
	while (!storm->stop) {
		for (i = 0; i < PROBES; i++)
			if (probe_touch(&storm->probes[i], &last))
				return 1;
		for (i = 0; i < WALKED_AT_ONCE; i++)
			if (touch_new_file(WALKED, storm->walked++))
				return 1;
		usleep(WALK_MS * 1000);
	}
	return 0;
}

static bool live_is_ready(void *arg)
{
	return ((struct storm *)arg)->ready;
}

static long long images_ended(const struct storm *storm)
{
	long long sum = 0;
	int i;

	for (i = 0; i < storm->forkers; i++)
		sum += storm->of[i].images;
	return sum;
}

/* Processes that have begun: they live, or have ended and are kept, or have been folded. */
static long long images_known(const struct snapshot *s)
{
	return snapshot_value(s, "table", "processes") + snapshot_value(s, "table", "ended") +
	       snapshot_value(s, "table", "folded");
}

/*
 * Ended processes in the table, at least, and those that wait to be folded, which the header
 * does not count: what had begun, by the parents' account, and neither lives nor has been folded.
 */
static long long ended_in_table(long long begun, const struct snapshot *s)
{
	return begun - snapshot_value(s, "table", "processes") -
	       snapshot_value(s, "table", "folded");
}

static void keep_most(long long *most, long long value)
{
	if (*most < value)
		*most = value;
}

static int look_at_totals(struct storm *storm)
{
	long long begun = images_ended(storm), now = now_ms();
	struct sight *sight = &storm->sight;
	struct snapshot s;

	begun += sight->images_before;

	if (snapshot_take(&s, FAULTS_TOTALS))
		return -1;
	storm->hold = snapshot_value(&s, "table", "processes") > UNFREED_MAX;
	keep_most(&sight->worst_ended, ended_in_table(begun, &s));
	keep_most(&sight->worst_alive, snapshot_value(&s, "table", "processes"));
	keep_most(&sight->worst_rows, snapshot_value(&s, "table", "rows"));
	if (!sight->early && now > sight->begin + sight->tenth &&
	    snapshot_value(&s, "table", "folded"))
		sight->early = now + sight->tenth;
	if (now < sight->early)
		keep_most(&sight->memory_early, snapshot_value(&s, "table", "memory"));
	if (now > sight->begin + 9 * sight->tenth)
		keep_most(&sight->memory_late, snapshot_value(&s, "table", "memory"));
	snapshot_free(&s);
	return 0;
}

/* Often, whatever else there is to do. */
static int watcher_run(void *arg)
{
	struct storm *storm = arg;

	if (setpriority(PRIO_PROCESS, 0, -20))
		return 1;
	while (!storm->stop) {
		if (look_at_totals(storm))
			return 1;
		usleep(WATCH_MS * 1000);
	}
	return 0;
}

/* What has been touched for long enough has a row when the file is opened now. */
static int look_at_probes(struct storm *storm)
{
	struct sight *sight = &storm->sight;
	long long begun = now_ms();
	struct snapshot s;
	int i;

	if (snapshot_take(&s, FAULTS_PROC))
		return -1;
	for (i = 0; i < PROBES; i++) {
		struct probe *probe = &storm->probes[i];
		char path[64];

		if (!probe->nr || probe->seen || probe->since > begun - ROW_MS)
			continue;
		snprintf(path, sizeof(path), PROBE, probe->nr);
		sight->probes_seen++;
		if (!snapshot_sum_object(&s, storm->live.pid, path, NULL)) {
			if (!sight->probes_late++)
				note("%s has no row after %lld ms", path, begun - probe->since);
		}
		probe->seen = true;
	}
	snapshot_free(&s);
	return 0;
}

static int live_start(struct storm *storm)
{
	return workload_start(&storm->live, live_run, storm) ||
	       !wait_until(live_is_ready, storm, REST_MS) ? -1 : 0;
}

static int storm_start(struct storm *storm)
{
	int i;

	if (workload_start(&storm->watcher, watcher_run, storm))
		return -1;
	for (i = 0; i < storm->forkers; i++) {
		struct forker_arg arg = { storm, i };

		if (workload_start(&storm->of[i].w, forker_run, &arg))
			return -1;
	}
	return 0;
}

/* The live process is compared, row by row; of the others what the kernel counted is summed up. */
static int storm_stop(struct storm *storm, long long *minor, long long *major)
{
	int i, ret = 0;

	storm->stop = true;
	if (workload_wait(&storm->watcher))
		ret = -1;
	workload_kill(&storm->watcher);
	*minor += storm->watcher.minor;
	*major += storm->watcher.major;
	for (i = 0; i < storm->forkers; i++) {
		struct forker *forker = &storm->of[i];

		if (workload_wait(&forker->w))
			ret = -1;
		workload_kill(&forker->w);
		*minor += forker->minor + forker->w.minor;
		*major += forker->major + forker->w.major;
	}
	if (workload_finish(&storm->live))
		ret = -1;
	*minor += storm->live.minor;
	*major += storm->live.major;
	return ret;
}

static long long table_value(const char *key)
{
	return totals_value("table", key);
}

/* All that has ended is either kept or folded. */
static bool quiet(void *arg)
{
	struct storm *storm = arg;
	struct snapshot s;
	bool done = false;

	if (!snapshot_take(&s, FAULTS_TOTALS))
		done = images_known(&s) >= storm->sight.images_before + images_ended(storm) &&
		       snapshot_value(&s, "table", "ended") <= storm->sight.keep;
	snapshot_free(&s);
	return done;
}

static long long param_number(const char *name)
{
	char value[32] = "";

	return param_get(name, value, sizeof(value)) ? -1 : atoll(value);
}

static int cpus(void)
{
	int nr = (int)sysconf(_SC_NPROCESSORS_ONLN);

	return nr < CPUS_MAX ? nr : CPUS_MAX;
}

static void run_storm(struct __test_metadata *_metadata, const char *params, bool exec,
		      int forkers, int seconds)
{
	struct storm *storm = shared_alloc(sizeof(*storm));
	long long look, minor = 0, major = 0;
	struct sight *sight = &storm->sight;
	struct mark before, after;
	struct snapshot s;

	ASSERT_EQ(0, module_load(params));
	storm->exec = exec;
	storm->forkers = forkers;
	/* A quarter of the table is the share of one process. */
	storm->fill = (int)param_number("max_rows") / 4 + PROBES;
	ASSERT_EQ(0, mark_take(&before));
	ASSERT_EQ(0, live_start(storm));
	EXPECT_EQ(0, table_value("overflow"));

	ASSERT_EQ(0, snapshot_take(&s, FAULTS_TOTALS));
	/* The forkers, too, and the watcher. */
	sight->images_before = images_known(&s) + forkers + 1;
	snapshot_free(&s);
	sight->keep = param_number("keep_exited");
	sight->tenth = seconds * SECOND / 10;
	sight->begin = now_ms();
	ASSERT_EQ(0, storm_start(storm));
	for (look = LOOK_MS; look < seconds * SECOND; look += LOOK_MS) {
		while (now_ms() < sight->begin + look)
			short_rest();
		ASSERT_EQ(0, look_at_probes(storm));
	}
	while (now_ms() < sight->begin + seconds * SECOND)
		short_rest();
	EXPECT_EQ(0, storm_stop(storm, &minor, &major));
	EXPECT_TRUE(wait_until(quiet, storm, REST_MS));

	note("%lld processes ended in %d s, %lld were folded; at most %lld ended ones in the table with keep_exited=%lld, and %lld alive or not freed yet; %lld rows",
	     images_ended(storm), seconds, table_value("folded"), sight->worst_ended, sight->keep,
	     sight->worst_alive, sight->worst_rows);
	note("%d files walked; %d of %d that were touched again and again without a row after %d ms; memory %lld early, %lld late",
	     storm->fill + storm->walked, sight->probes_late, sight->probes_seen, ROW_MS,
	     sight->memory_early, sight->memory_late);

	/* There was a storm, and what lives went on. */
	EXPECT_LT(sight->keep + sight->keep / 4, images_ended(storm));
	EXPECT_LT(PROBES, storm->walked);
	EXPECT_LE(PROBES, sight->probes_seen);

	/* Five in a hundred. */
	EXPECT_GE(sight->keep + sight->keep / 20, sight->worst_ended);
	EXPECT_EQ(0, sight->probes_late);
	EXPECT_EQ(0, table_value("overflow"));
	/* A pool keeps what a burst took, up to twice its aim. */
	EXPECT_LT(0, sight->memory_early);
	EXPECT_GE(sight->memory_early + sight->memory_early / 4, sight->memory_late);
	ASSERT_EQ(0, snapshot_take(&s, FAULTS_PROC));
	EXPECT_EQ(0, snapshot_violations(&s, 0));
	snapshot_free(&s);
	ASSERT_EQ(0, mark_take(&after));
	EXPECT_EQ(0, mark_compare(&before, &after, minor, major));
}

TEST_F_TIMEOUT(storm, programs_that_come_and_go_on_every_cpu, 900)
{
	run_storm(_metadata, "", true, cpus(), scaled_up(20, 120));
}

TEST_F_TIMEOUT(storm, programs_that_come_and_go_in_a_small_table, 900)
{
	run_storm(_metadata, "max_rows=1024 keep_exited=50", true, cpus(), scaled_up(12, 120));
}

/* More loops than housekeeping has ever been given a quiet moment by. */
TEST_F_TIMEOUT(storm, loops_of_fork_and_exit_leave_rows_to_what_lives, 900)
{
	run_storm(_metadata, "max_rows=1024 keep_exited=50", false, 6, scaled_up(12, 60));
}

TEST_HARNESS_MAIN
