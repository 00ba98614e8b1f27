// SPDX-License-Identifier: GPL-2.0
/*
 * Parameters in /sys/module/faultstat/parameters. They may be written before init,
 * during it and during exit: control_lock puts everything in one row, and `phase`
 * refuses what comes too late. A bad value changes nothing and is answered with
 * EINVAL and one line in the log that says what is allowed.
 */
#include <linux/cpumask.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/mutex.h>
#include <linux/string.h>
#include "ended.h"
#include "fold.h"
#include "heat_request.h"
#include "pids.h"
#include "reset.h"
#include "settings.h"
#include "stack_request.h"
#include "table.h"
#include "task.h"

#define KEEP_BY_HOST	UINT_MAX	/* until it is known: 0 is a number like others */

struct fs_settings fs_settings = {
	.enabled	= true,
	.exceptions	= true,
	.attach		= ATTACH_AUTO,
	.keep_exited	= KEEP_BY_HOST,
	.stack_depth	= STACK_DEPTH_DEFAULT,
	.stack_every	= 1,
};

/* Taken by who writes a parameter; outside all others. */
static DEFINE_MUTEX(control_lock);
static enum { PHASE_LOADING, PHASE_UP, PHASE_GOING } phase;

static const char * const attach_names[ATTACHES] = {
	[ATTACH_AUTO]	= "auto",
	[ATTACH_FTRACE]	= "ftrace",
	[ATTACH_KPROBE]	= "kprobe",
};

/**
 * fs_settings_attach_name - how a way of attaching is written
 * @attach: the way
 *
 * Any context.
 */
const char *fs_settings_attach_name(enum fs_attach attach)
{
	return attach_names[attach];
}

static int refuse(const char *name, const char *allowed)
{
	pr_err("%s: invalid value; allowed is %s\n", name, allowed);
	return -EINVAL;
}

/* Nothing but 0 and 1, so that a typing error is not taken for one of them. */
static int switch_parse(const char *name, const char *text, bool *value)
{
	*value = sysfs_streq(text, "1");
	return *value || sysfs_streq(text, "0") ? 0 : refuse(name, "0 or 1");
}

static const char *attach_hint(int err)
{
	switch (err) {
	case -EAGAIN:
		return "set kernel.ftrace_enabled and debugfs's kprobes/enabled to 1";
	case -ENOMEM:
		return "no memory";
	default:
		return "is CONFIG_KPROBES on?";
	}
}

/* Under control_lock. */
static int counting_start(void)
{
	int err;

	/* First the exceptions: there are never fewer of them than faults. */
	fs_hooks_exceptions(fs_settings.exceptions);
	err = fs_hooks_attach(fs_settings.attach);
	if (!err) {
		fs_task_counting_begin();
		fs_hooks_watch();
	} else {
		fs_hooks_exceptions(false);
		pr_err("cannot hook handle_mm_fault by %s (error %d): %s\n",
		       fs_settings_attach_name(fs_settings.attach), err, attach_hint(err));
	}
	return err;
}

/* Under control_lock. */
static void counting_stop(void)
{
	fs_task_counting_end();
	fs_hooks_exceptions(false);
	fs_hooks_detach();
}

/*
 * What stands for 0: 1 MiB for each GiB of the host's memory, a row for each 4 KiB of that, which
 * is what a row takes that a dozen CPUs count in, and for each CPU as many tasks as the kernel has
 * pids by default. Not less than 64 MiB, 16,384 rows and 32,768 tasks, which are limits: what is
 * not used is not taken.
 */
static unsigned int host_memory(void)
{
	struct sysinfo host;

	si_meminfo(&host);
	return clamp_t(u64, (u64)host.totalram * host.mem_unit >> 30, 64, 1024);
}

static unsigned int host_rows(void)
{
	return clamp(fs_settings.max_memory * (1U << (20 - 12)), 16384U, 131072U);
}

static unsigned int host_tasks(void)
{
	return max(1024 * num_online_cpus(), 32768U);
}

/* Sixteen for each CPU, so that what some of those are to fold is few beside it. */
static unsigned int host_keep(void)
{
	return clamp(16 * num_online_cpus(), 1000U, 8192U);
}

/**
 * fs_settings_fill - sets what was left to the host
 *
 * Process context, before any of them is used.
 */
void fs_settings_fill(void)
{
	if (!fs_settings.max_memory)
		fs_settings.max_memory = host_memory();
	if (!fs_settings.max_rows)
		fs_settings.max_rows = host_rows();
	if (!fs_settings.max_tasks)
		fs_settings.max_tasks = host_tasks();
	/* It may be written at any time. */
	cmpxchg(&fs_settings.keep_exited, KEEP_BY_HOST, host_keep());
}

/**
 * fs_settings_start - puts the settings into effect
 *
 * Process context, once everything is ready to count. Returns 0 or why the hook on
 * handle_mm_fault cannot be had.
 */
int fs_settings_start(void)
{
	int err;

	mutex_lock(&control_lock);
	/* Which may have been written since the table was made. */
	err = fs_table_select(&fs_settings.pid);
	if (!err)
		err = fs_ended_keep(fs_settings.keep_exited);
	if (err)
		pr_err("no memory for its settings\n");
	/* It waits for hooks: not where there is nothing to ask for. */
	if (!fs_pids_is_empty(&fs_settings.heat_pid))
		fs_requests_set_parameter(&fs_heat_requests, &fs_settings.heat_pid, 0);
	fs_stacks_limit(fs_settings.stack_depth, fs_settings.stack_every);
	if (!err && fs_settings.stacks && !fs_pids_is_empty(&fs_settings.stacks_pid)) {
		err = fs_stacks_choose(fs_settings.stacks, &fs_settings.stacks_pid);
		if (err)
			pr_err("no memory for the stacks of stacks_pid\n");
	}
	if (!err && fs_settings.enabled)
		err = counting_start();
	if (!err)
		phase = PHASE_UP;
	mutex_unlock(&control_lock);
	return err;
}

/**
 * fs_settings_stop - refuses changes from now on, and stops counting
 *
 * Process context.
 */
void fs_settings_stop(void)
{
	mutex_lock(&control_lock);
	phase = PHASE_GOING;
	counting_stop();
	mutex_unlock(&control_lock);
}

/*
 * The shape of every change while the module may be running: under the lock, not
 * after exit began. @apply is called when it runs, @store otherwise.
 */
static int control(int (*change)(const void *value, bool running), const void *value)
{
	int err = -ENODEV;

	mutex_lock(&control_lock);
	if (phase != PHASE_GOING)
		err = change(value, phase == PHASE_UP);
	mutex_unlock(&control_lock);
	return err;
}

/* enabled */

static int enabled_change(const void *value, bool running)
{
	bool enabled = *(const bool *)value;
	int err = 0;

	if (running && enabled && !fs_settings.enabled)
		err = counting_start();
	else if (running && !enabled && fs_settings.enabled)
		counting_stop();
	if (!err)
		fs_settings.enabled = enabled;
	return err;
}

static int enabled_set(const char *text, const struct kernel_param *param)
{
	bool value;
	int err = switch_parse("enabled", text, &value);

	return err ? err : control(enabled_change, &value);
}

static int bool_get(char *buffer, const struct kernel_param *param)
{
	return sprintf(buffer, "%d", *(bool *)param->arg);
}

static const struct kernel_param_ops enabled_ops = { .set = enabled_set, .get = bool_get };

module_param_cb(enabled, &enabled_ops, &fs_settings.enabled, 0644);
MODULE_PARM_DESC(enabled, "count faults: 0 or 1 (default 1); 0 takes the hooks off handle_mm_fault and the exceptions and forgets what calls are open");

/* exceptions */

static int exceptions_change(const void *value, bool running)
{
	fs_settings.exceptions = *(const bool *)value;
	if (running && fs_settings.enabled)
		fs_hooks_exceptions(fs_settings.exceptions);
	return 0;
}

static int exceptions_set(const char *text, const struct kernel_param *param)
{
	bool value;
	int err = switch_parse("exceptions", text, &value);

	return err ? err : control(exceptions_change, &value);
}

static const struct kernel_param_ops exceptions_ops = { .set = exceptions_set, .get = bool_get };

module_param_cb(exceptions, &exceptions_ops, &fs_settings.exceptions, 0644);
MODULE_PARM_DESC(exceptions, "count hardware page faults by the tracepoints page_fault_user and page_fault_kernel: 0 or 1 (default 1)");

/* attach */

static int attach_change(const void *value, bool running)
{
	enum fs_attach old = fs_settings.attach;
	int err = 0;

	fs_settings.attach = *(const enum fs_attach *)value;
	if (!running || !fs_settings.enabled || fs_settings.attach == old)
		return 0;
	counting_stop();
	err = counting_start();
	if (err) {
		fs_settings.attach = old;
		fs_settings.enabled = !counting_start();
	}
	return err;
}

static int attach_set(const char *text, const struct kernel_param *param)
{
	enum fs_attach value;

	for (value = 0; value < ATTACHES; value++)
		if (sysfs_streq(text, attach_names[value]))
			return control(attach_change, &value);
	return refuse("attach", "auto, ftrace or kprobe");
}

static int attach_get(char *buffer, const struct kernel_param *param)
{
	return sprintf(buffer, "%s", fs_settings_attach_name(fs_settings.attach));
}

static const struct kernel_param_ops attach_ops = { .set = attach_set, .get = attach_get };

module_param_cb(attach, &attach_ops, NULL, 0644);
MODULE_PARM_DESC(attach, "how to hook handle_mm_fault: auto, ftrace or kprobe (default auto); a change forgets what calls are open");

/* reset */

static int reset_change(const void *value, bool running)
{
	int err = running ? fs_reset_run() : 0;

	if (running && !err) {
		fs_heat_reset();
		err = fs_stacks_reset();
	}
	return err;
}

static int reset_set(const char *text, const struct kernel_param *param)
{
	if (!sysfs_streq(text, "1"))
		return refuse("reset", "1");
	return control(reset_change, NULL);
}

static int reset_get(char *buffer, const struct kernel_param *param)
{
	return sprintf(buffer, "0");
}

static const struct kernel_param_ops reset_ops = { .set = reset_set, .get = reset_get };

module_param_cb(reset, &reset_ops, NULL, 0644);
MODULE_PARM_DESC(reset, "write 1: everything but the lifetime totals counts from nothing");

/* Numbers. */

/**
 * struct limits - what a number may be
 * @value: its place in the settings
 * @by_host: or 0, see fs_settings_fill()
 * @min: least
 * @max: most
 */
struct limits {
	unsigned int *value;
	bool by_host;
	unsigned int min;
	unsigned int max;
};

static const struct limits max_rows_limits = { &fs_settings.max_rows, true, 16, 131072 };
static const struct limits max_tasks_limits = { &fs_settings.max_tasks, true, 16, 4194304 };
static const struct limits max_memory_limits = { &fs_settings.max_memory, true, 1, 16384 };
static const struct limits keep_exited_limits = { &fs_settings.keep_exited, false, 0, 131072 };

static const struct limits stack_depth_limits = {
	&fs_settings.stack_depth, false, 1, WALK_DEPTH_MAX
};

static const struct limits stack_every_limits = {
	&fs_settings.stack_every, false, 1, STACK_EVERY_MAX
};

static int number_parse(const char *text, const struct kernel_param *param, unsigned int *value)
{
	const struct limits *limits = param->arg;
	char allowed[80];

	if (!kstrtouint(text, 10, value)) {
		if (limits->by_host && !*value)
			return 0;
		if (*value >= limits->min && *value <= limits->max)
			return 0;
	}
	snprintf(allowed, sizeof(allowed), "a number from %u to %u%s", limits->min, limits->max,
		 limits->by_host ? ", or 0 for what suits the host" : "");
	return refuse(param->name, allowed);
}

/* Of those that can be given at load only: the loader alone writes them. */
static int number_set(const char *text, const struct kernel_param *param)
{
	const struct limits *limits = param->arg;
	unsigned int value;
	int err = number_parse(text, param, &value);

	if (!err)
		*limits->value = value;
	return err;
}

static int number_get(char *buffer, const struct kernel_param *param)
{
	const struct limits *limits = param->arg;

	return sprintf(buffer, "%u", *limits->value);
}

struct stack_limit {
	unsigned int *limit;
	unsigned int value;
};

static int stack_limit_change(const void *value, bool running)
{
	const struct stack_limit *change = value;

	*change->limit = change->value;
	if (running)
		fs_stacks_limit(fs_settings.stack_depth, fs_settings.stack_every);
	return 0;
}

static int stack_limit_set(const char *text, const struct kernel_param *param)
{
	const struct limits *limits = param->arg;
	struct stack_limit change = { .limit = limits->value };
	int err = number_parse(text, param, &change.value);

	return err ? err : control(stack_limit_change, &change);
}

static int keep_exited_change(const void *value, bool running)
{
	unsigned int keep = *(const unsigned int *)value;

	if (running) {
		int err = fs_ended_keep(keep);

		if (err)
			return err;
		fs_fold_all(false);
	}
	fs_settings.keep_exited = keep;
	return 0;
}

static int keep_exited_set(const char *text, const struct kernel_param *param)
{
	unsigned int value;
	int err = number_parse(text, param, &value);

	return err ? err : control(keep_exited_change, &value);
}

static const struct kernel_param_ops number_ops = { .set = number_set, .get = number_get };
static const struct kernel_param_ops keep_exited_ops = {
	.set = keep_exited_set,
	.get = number_get,
};

static const struct kernel_param_ops stack_limit_ops = {
	.set = stack_limit_set,
	.get = number_get,
};

module_param_cb(max_rows, &number_ops, (void *)&max_rows_limits, 0444);
MODULE_PARM_DESC(max_rows, "rows at once, 16 to 131072 (default 0: one for each 4 KiB of max_memory, at least 16384); calls without a row go to [overflow]");
module_param_cb(max_tasks, &number_ops, (void *)&max_tasks_limits, 0444);
MODULE_PARM_DESC(max_tasks, "tasks remembered at once, 16 to 4194304 (default 0: 1024 for each online CPU, at least 32768); calls of others go to [overflow]");
module_param_cb(max_memory, &number_ops, (void *)&max_memory_limits, 0444);
MODULE_PARM_DESC(max_memory, "MiB of memory for everything, 1 to 16384 (default 0: a thousandth of the host's memory, 64 to 1024)");
module_param_cb(keep_exited, &keep_exited_ops, (void *)&keep_exited_limits, 0644);
MODULE_PARM_DESC(keep_exited, "ended processes kept before they are folded by comm, 0 to 131072 (default 1000, or 16 for each online CPU)");

module_param_cb(stack_depth, &stack_limit_ops, (void *)&stack_depth_limits, 0644);
MODULE_PARM_DESC(stack_depth, "frames of a stack at most, of the program and of the kernel each, 1 to 127 (default 32)");
module_param_cb(stack_every, &stack_limit_ops, (void *)&stack_every_limits, 0644);
MODULE_PARM_DESC(stack_every, "count by stack one in so many calls of each CPU, 1 to 1000000 (default 1: all)");

/* pid */

static int pid_change(const void *value, bool running)
{
	const struct fs_pid_list *list = value;

	if (running) {
		int err = fs_table_select(list);

		if (err)
			return err;
	}
	fs_settings.pid = *list;
	return 0;
}

static int pid_set(const char *text, const struct kernel_param *param)
{
	struct fs_pid_list list = { .all = false };

	if (!fs_pids_parse(text, &list))
		return refuse("pid", PIDS_ALLOWED ", or none for all");
	return control(pid_change, &list);
}

/**
 * fs_settings_copy - the settings at one moment
 * @copy: result
 *
 * Process context.
 */
void fs_settings_copy(struct fs_settings *copy)
{
	mutex_lock(&control_lock);
	*copy = fs_settings;
	mutex_unlock(&control_lock);
}

static int pids_get(char *buffer, const struct kernel_param *param)
{
	struct fs_pid_list list;

	mutex_lock(&control_lock);
	list = *(const struct fs_pid_list *)param->arg;
	mutex_unlock(&control_lock);
	return fs_pids_text(&list, buffer, PIDS_TEXT);
}

static const struct kernel_param_ops pid_ops = { .set = pid_set, .get = pids_get };

module_param_cb(pid, &pid_ops, &fs_settings.pid, 0644);
MODULE_PARM_DESC(pid, "process ids (initial namespace) counted on their own, with commas between; empty (default) is all; calls of others go to [unselected]");

/* heat_pid */

static int heat_pid_change(const void *value, bool running)
{
	fs_settings.heat_pid = *(const struct fs_pid_list *)value;
	if (running)
		fs_requests_set_parameter(&fs_heat_requests, &fs_settings.heat_pid, 0);
	return 0;
}

static int heat_pid_set(const char *text, const struct kernel_param *param)
{
	struct fs_pid_list list = { .all = true };

	if (!sysfs_streq(text, "all") && !fs_pids_parse(text, &list))
		return refuse("heat_pid", PIDS_ALLOWED ", all, or none");
	return control(heat_pid_change, &list);
}

static const struct kernel_param_ops heat_pid_ops = { .set = heat_pid_set, .get = pids_get };

module_param_cb(heat_pid, &heat_pid_ops, &fs_settings.heat_pid, 0644);
MODULE_PARM_DESC(heat_pid, "process ids (initial namespace) whose files are counted by region, with commas between, or all; empty (default) is none");

/* stacks, stacks_pid */

static const char * const stacks_names[] = {
	[STACKS_OFF]	= "off",
	[STACKS_USER]	= "user",
	[STACKS_KERNEL]	= "kernel",
	[STACKS_BOTH]	= "both",
};

/**
 * fs_settings_stacks_name - how the kinds of frames are written
 * @mode: enum fs_stack_mode
 *
 * Any context.
 */
const char *fs_settings_stacks_name(unsigned int mode)
{
	return stacks_names[mode];
}

static int stacks_change(const void *value, bool running)
{
	unsigned int mode = *(const unsigned int *)value;
	int err = running ? fs_stacks_choose(mode, &fs_settings.stacks_pid) : 0;

	if (!err)
		fs_settings.stacks = mode;
	return err;
}

static int stacks_set(const char *text, const struct kernel_param *param)
{
	unsigned int mode;

	for (mode = 0; mode < ARRAY_SIZE(stacks_names); mode++)
		if (sysfs_streq(text, stacks_names[mode]))
			return control(stacks_change, &mode);
	return refuse("stacks", "off, user, kernel or both");
}

static int stacks_get(char *buffer, const struct kernel_param *param)
{
	return sprintf(buffer, "%s", stacks_names[fs_settings.stacks]);
}

static const struct kernel_param_ops stacks_ops = { .set = stacks_set, .get = stacks_get };

module_param_cb(stacks, &stacks_ops, NULL, 0644);
MODULE_PARM_DESC(stacks, "count the calls of the processes in stacks_pid by stack, too: off, user, kernel or both (default off)");

static int stacks_pid_change(const void *value, bool running)
{
	const struct fs_pid_list *list = value;
	int err = running ? fs_stacks_choose(fs_settings.stacks, list) : 0;

	if (!err)
		fs_settings.stacks_pid = *list;
	return err;
}

static int stacks_pid_set(const char *text, const struct kernel_param *param)
{
	struct fs_pid_list list = { .all = true };

	if (!sysfs_streq(text, "all") && !fs_pids_parse(text, &list))
		return refuse("stacks_pid", PIDS_ALLOWED ", all, or none");
	return control(stacks_pid_change, &list);
}

static const struct kernel_param_ops stacks_pid_ops = { .set = stacks_pid_set, .get = pids_get };

module_param_cb(stacks_pid, &stacks_pid_ops, &fs_settings.stacks_pid, 0644);
MODULE_PARM_DESC(stacks_pid, "process ids (initial namespace) whose calls are counted by stack as stacks says, with commas between, or all; empty (default) is none");
