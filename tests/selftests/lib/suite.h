/* SPDX-License-Identifier: GPL-2.0 */
/*
 * suite.h - what every suite begins with: the harness, and a fixture that owns the module.
 *
 * Every test loads the module afresh, and ends with the invariants over everything that was
 * counted in it, all of its processes gone. A suite may say with which parameters it loads
 * (SUITE_PARAMS) before it includes this.
 */
#ifndef SELFTESTS_SUITE_H
#define SELFTESTS_SUITE_H

#define _GNU_SOURCE
#include <stdio.h>
#define TH_LOG_STREAM stdout	/* one stream, so that lines stay in order */
#include <kselftest_harness.h>

#include "habits.h"
#include "memory.h"
#include "module.h"
#include "note.h"
#include "snapshot.h"
#include "workload.h"

/* A debug kernel under emulation is slow; the suite as a whole has its own timeout. */
#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT 300

#ifndef SUITE_PARAMS
#define SUITE_PARAMS ""
#endif

/* A skip must stand in skips.txt, with the reason. */
#define SKIP_TEST(fmt, ...) \
	SKIP(return, fmt, ##__VA_ARGS__)

FIXTURE(loaded)
{
	bool missed_expected;	/* the test made the module miss calls, and looked at how many */
	unsigned int check;	/* CHECK_* for the invariants */
};

FIXTURE_SETUP(loaded)
{
	habits_learn();
	ASSERT_EQ(0, module_load(SUITE_PARAMS));
}

/*
 * The table at rest. Whoever prints what the test says may fault while it is taken: what has been
 * lost is lost in the next one, too.
 */
static inline int snapshot_take_at_rest(struct snapshot *s)
{
	int tries, ret;

	for (tries = 0;; tries++) {
		ret = snapshot_take(s, FAULTS_PROC);
		if (ret || s->lifetime.calls == s->total.calls || tries == 4)
			return ret;
		snapshot_free(s);
		usleep(50000);
	}
}

static inline void loaded_end(struct __test_metadata *_metadata, bool missed_expected,
			      unsigned int check)
{
	long long before;
	struct snapshot s;

	workload_kill_all();
	if (module_loaded()) {
		before = totals_value("total", "calls");
		EXPECT_EQ(0, snapshot_take_at_rest(&s)) {
			snapshot_free(&s);
			return;
		}
		/* What hooks counted beside the rows, since the last reset too. */
		EXPECT_LE(before, s.total.calls);
		EXPECT_GE(totals_value("total", "calls"), s.total.calls);
		EXPECT_EQ(0, snapshot_violations(&s, check));
		if (!missed_expected) {
			EXPECT_EQ(0, s.lifetime.missed) {
				snapshot_print(&s, 0);
			}
		}
		snapshot_free(&s);
		EXPECT_EQ(0, module_unload_soon());
	}
}

FIXTURE_TEARDOWN(loaded)
{
	loaded_end(_metadata, self->missed_expected, self->check);
}

/* Run a workload and compare; the value is the workload, with its figures. */
#define RUN_EXACT(fn, arg) ({ \
	struct workload __w = { 0 }; \
	EXPECT_EQ(0, workload_run(&__w, fn, arg)); \
	__w; \
})

#endif
