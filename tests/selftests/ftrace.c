// SPDX-License-Identifier: GPL-2.0
/*
 * ftrace.c - kernel.ftrace_enabled=0 silences hooks that go through ftrace, without telling them.
 * The header says so at the next read, and what was not seen meanwhile is missed, not made up.
 */
#include "suite.h"

static const char ftrace_enabled[] = "/proc/sys/kernel/ftrace_enabled";

FIXTURE(silenced)
{
	const char *why_not;	/* the kernel cannot be asked to silence its tracer */
	int unused;
};

/* Asked without the module, whose hook might be the reason. */
static const char *cannot_be_silenced(void)
{
	int err;

	if (access(ftrace_enabled, W_OK))
		return "the kernel has no kernel.ftrace_enabled";
	err = file_write(ftrace_enabled, "0");
	file_write(ftrace_enabled, "1");
	return err == -EOPNOTSUPP ? "the kernel refuses kernel.ftrace_enabled=0" : NULL;
}

FIXTURE_VARIANT(silenced)
{
	const char *params;
};

FIXTURE_VARIANT_ADD(silenced, attach_auto) { .params = "attach=auto" };
FIXTURE_VARIANT_ADD(silenced, attach_kprobe) { .params = "attach=kprobe" };

FIXTURE_SETUP(silenced)
{
	self->why_not = cannot_be_silenced();
	ASSERT_EQ(0, module_load(variant->params));
}

FIXTURE_TEARDOWN(silenced)
{
	file_write(ftrace_enabled, "1");
	loaded_end(_metadata, true, CHECK_NO_EXCEPTIONS);
}

static bool fault_hook_on(void)
{
	struct snapshot s;
	bool on = false;

	if (!snapshot_take(&s, FAULTS_TOTALS))
		on = snapshot_hook_on(&s, "handle_mm_fault");
	snapshot_free(&s);
	return on;
}

#define UNSEEN 300

struct steps {
	struct gate ready, go;
};

static int three_steps(void *arg)
{
	struct steps *steps = arg;
	char *p = map_anon(3 * UNSEEN);
	size_t i;

	for (i = 0; p && i < 3; i++) {
		touch_write(p + i * UNSEEN * PAGE, UNSEEN);
		gate_open(&steps->ready);
		if (gate_wait(&steps->go))
			return 1;
	}
	return !p;
}

TEST_F(silenced, ftrace_enabled_0_shows_at_the_next_read_and_as_missed)
{
	struct workload w = { .missed = -1 };
	struct steps steps;
	struct snapshot s;

	if (self->why_not)
		SKIP_TEST("%s", self->why_not);
	ASSERT_EQ(0, gate_init(&steps.ready));
	ASSERT_EQ(0, gate_init(&steps.go));
	EXPECT_TRUE(fault_hook_on());
	ASSERT_EQ(0, workload_start(&w, three_steps, &steps));
	ASSERT_EQ(0, gate_wait(&steps.ready));
	EXPECT_EQ(0, workload_compare_live(&w));
	EXPECT_EQ(0, w.rows.missed);

	ASSERT_EQ(0, file_write(ftrace_enabled, "0"));
	/* A hook that does not depend on it may well stay; then nothing is missed either. */
	if (fault_hook_on()) {
		note("the hook does not go through ftrace here");
		self->unused = 1;
	}
	gate_open(&steps.go);
	ASSERT_EQ(0, gate_wait(&steps.ready));
	ASSERT_EQ(0, file_write(ftrace_enabled, "1"));
	EXPECT_TRUE(fault_hook_on());

	gate_open(&steps.go);
	ASSERT_EQ(0, gate_wait(&steps.ready));
	gate_open(&steps.go);
	/* Missed ones included, the sum is the kernel's. */
	EXPECT_EQ(0, workload_finish(&w));
	EXPECT_LE(3 * UNSEEN, w.minor);
	if (self->unused) {
		EXPECT_EQ(0, w.rows.missed);
	} else {
		EXPECT_LE(UNSEEN - 1, w.rows.missed);
		EXPECT_GT(UNSEEN + 30, w.rows.missed);
	}
	/* In a row of its own, not on an object that did not earn them. */
	ASSERT_EQ(0, snapshot_take(&s, FAULTS_PROC));
	if (!self->unused) {
		struct counts missed;

		EXPECT_EQ(1, snapshot_sum_object(&s, w.pid, "[missed]", &missed));
		EXPECT_EQ(w.rows.missed, missed.missed);
		EXPECT_EQ(0, missed.calls);
	}
	snapshot_free(&s);
}

#define MANY 300

struct many {
	struct gate ready, go, seen;
};

static int two_steps(void *arg)
{
	struct many *m = arg;
	char *p = map_anon(8);

	if (!p)
		return 1;
	touch_write(p, 4);
	gate_open(&m->ready);
	if (gate_wait(&m->go))
		return 1;
	touch_write(p + 4 * PAGE, 4);
	gate_open(&m->ready);
	return gate_wait(&m->seen);
}

/* Each process's row of missed counts is made by the snapshot itself: more than it has room for. */
TEST_F(silenced, missed_counts_of_three_hundred_processes_add_up)
{
	struct workload *w = calloc(MANY, sizeof(*w));
	struct snapshot s;
	struct many m;
	int i;

	if (self->why_not)
		SKIP_TEST("%s", self->why_not);
	ASSERT_EQ(0, gate_init(&m.ready));
	ASSERT_EQ(0, gate_init(&m.go));
	ASSERT_EQ(0, gate_init(&m.seen));
	for (i = 0; i < MANY; i++) {
		w[i].missed = -1;
		ASSERT_EQ(0, workload_start(&w[i], two_steps, &m));
		ASSERT_EQ(0, gate_wait(&m.ready));
	}
	ASSERT_EQ(0, file_write(ftrace_enabled, "0"));
	for (i = 0; i < MANY; i++)
		gate_open(&m.go);
	for (i = 0; i < MANY; i++)
		ASSERT_EQ(0, gate_wait(&m.ready));
	ASSERT_EQ(0, file_write(ftrace_enabled, "1"));
	ASSERT_EQ(0, snapshot_take(&s, FAULTS_PROC));
	EXPECT_EQ(0, snapshot_violations(&s, CHECK_NO_EXCEPTIONS));
	snapshot_free(&s);
	for (i = 0; i < MANY; i++)
		gate_open(&m.seen);
	for (i = 0; i < MANY; i++) {
		EXPECT_EQ(0, workload_wait(&w[i]));
		workload_kill(&w[i]);
	}
	free(w);
}

static const char kprobes_enabled[] = "/sys/kernel/debug/kprobes/enabled";

static int tracing_write(const char *file, const char *text)
{
	char path[128];

	snprintf(path, sizeof(path), "/sys/kernel/tracing/%s", file);
	if (access(path, F_OK))
		snprintf(path, sizeof(path), "/sys/kernel/debug/tracing/%s", file);
	return file_write(path, text);
}

static bool fault_hook_is_kprobe(void)
{
	struct snapshot s;
	bool is = false;

	if (!snapshot_take(&s, FAULTS_TOTALS))
		is = !strncmp(snapshot_header(&s, "hook handle_mm_fault"), "kprobe", 6);
	snapshot_free(&s);
	return is;
}

/*
 * The function tracer keeps its call at the function's entry, so that its text looks as if the
 * hook were alive.
 */
TEST_F(silenced, kprobes_enabled_0_shows_beside_another_tracer)
{
	bool kprobe = fault_hook_is_kprobe();

	if (access(kprobes_enabled, W_OK))
		SKIP_TEST("the kernel has no kprobes/enabled");
	if (tracing_write("set_ftrace_filter", "handle_mm_fault") ||
	    tracing_write("current_tracer", "function")) {
		tracing_write("set_ftrace_filter", "");
		SKIP_TEST("the kernel has no function tracer");
	}
	EXPECT_TRUE(fault_hook_on());
	RUN_EXACT(touch_some, NULL);
	EXPECT_EQ(0, file_write(kprobes_enabled, "0"));
	/* A hook that is no kprobe goes on. */
	EXPECT_EQ(!kprobe, fault_hook_on());
	EXPECT_EQ(!kprobe, fault_hook_on());
	EXPECT_EQ(0, file_write(kprobes_enabled, "1"));
	EXPECT_TRUE(fault_hook_on());
	EXPECT_EQ(0, tracing_write("current_tracer", "nop"));
	EXPECT_EQ(0, tracing_write("set_ftrace_filter", ""));
	EXPECT_TRUE(fault_hook_on());
	RUN_EXACT(touch_some, NULL);
}

/* A process born after that is exact as ever; one that lived and died unseen has no row. */
TEST_F(silenced, process_born_after_the_silence_is_exact)
{
	struct workload w = { 0 };
	struct snapshot s;

	if (self->why_not)
		SKIP_TEST("%s", self->why_not);
	RUN_EXACT(touch_some, NULL);
	ASSERT_EQ(0, file_write(ftrace_enabled, "0"));
	EXPECT_EQ(0, workload_start(&w, touch_some, NULL));
	EXPECT_EQ(0, workload_wait(&w));
	workload_kill(&w);
	ASSERT_EQ(0, file_write(ftrace_enabled, "1"));
	RUN_EXACT(touch_some, NULL);
	ASSERT_EQ(0, snapshot_take(&s, FAULTS_PROC));
	EXPECT_EQ(0, snapshot_violations(&s, CHECK_NO_EXCEPTIONS));
	snapshot_free(&s);
}

/* Loaded while it is off: a way that works all the same, or none, and never a hook that is dead. */
TEST_F(silenced, loading_is_refused_while_ftrace_is_disabled)
{
	struct workload w = { 0 };
	int ret;

	if (self->why_not)
		SKIP_TEST("%s", self->why_not);
	ASSERT_EQ(0, module_unload());
	ASSERT_EQ(0, file_write(ftrace_enabled, "0"));
	ret = module_load(variant->params);
	if (!ret) {
		EXPECT_TRUE(fault_hook_on());
		EXPECT_EQ(0, workload_run(&w, touch_some, NULL));
	} else {
		EXPECT_EQ(-EAGAIN, ret);
	}
	ASSERT_EQ(0, file_write(ftrace_enabled, "1"));
	if (ret)
		ASSERT_EQ(0, module_load(variant->params));
	EXPECT_TRUE(fault_hook_on());
	RUN_EXACT(touch_some, NULL);
}

TEST_HARNESS_MAIN
