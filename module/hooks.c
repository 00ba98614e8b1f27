// SPDX-License-Identifier: GPL-2.0
/*
 * Registering, unregistering and watching the hooks; settings.c calls it under its
 * lock. The handlers here only fetch their arguments and call on.
 *
 * The hook on handle_mm_fault() runs in task context at the function's entry. A
 * kprobe's handler has preemption off; an ftrace callback may not, and turns it off.
 * The exception tracepoints run with interrupts off before anything of the fault
 * is known to be sane (up to 5.4 even before a vmalloc fault is resolved): one
 * increment of static per-CPU data, nothing else.
 */
#include <linux/delay.h>
#include <linux/ftrace.h>
#include <linux/kprobes.h>
#include <linux/module.h>
#include <linux/percpu.h>
#include <linux/preempt.h>
#include <linux/string.h>
#include "account.h"
#include "code.h"
#include "compat/fault.h"
#include "compat/tracepoint.h"
#include "exceptions.h"
#include "hooks.h"
#include "lock.h"

#define FAULT_FUNCTION	"handle_mm_fault"
#define FREE_FUNCTION	"__put_task_struct"

static __always_inline void count_fault(const struct fs_fault *fault, void *source,
					fs_fault_place_fn place)
{
	enum fs_counter class = COUNT_KERNEL;

	if (!fault->hardware)
		class = COUNT_GUP;
	else if (fault->flags & FAULT_FLAG_USER)
		class = COUNT_USER;

	if (fault->flags & FAULT_FLAG_WRITE)
		class += ACCESS_WRITE;
	else if (compat_fault_is_exec(fault->flags))
		class += ACCESS_EXEC;
	fs_account_call(fault->vma, source, place, class);
}

static int fault_kprobe_handler(struct kprobe *kprobe, struct pt_regs *regs)
{
	struct fs_fault fault;

	fs_stretch_begin();
	compat_fault_from_regs(&fault, regs);
	count_fault(&fault, regs, compat_fault_place_in_regs);
	fs_stretch_end();
	return 0;
}

static struct kprobe fault_kprobe;
static u64 own_before;	/* page faults of our own before it was set */

#ifdef COMPAT_FTRACE
/*
 * Cannot recurse: nothing that fs_account_call() calls enters handle_mm_fault(). The
 * notrace variants, since the function tracer may be watching the others.
 */
static void notrace fault_ftrace_callback(unsigned long ip, unsigned long parent_ip,
					  struct ftrace_ops *ops,
					  struct compat_ftrace_regs *regs)
{
	struct fs_fault fault;

	compat_fault_from_ftrace(&fault, regs);
	preempt_disable_notrace();
	fs_stretch_begin();
	count_fault(&fault, regs, compat_fault_place_in_ftrace);
	fs_stretch_end();
	preempt_enable_notrace();
}

static struct ftrace_ops fault_ftrace = {
	.func = fault_ftrace_callback,
	.flags = COMPAT_FTRACE_FLAGS,
};
#endif

static void probe_page_fault_user(void *data, unsigned long address, struct pt_regs *regs,
				  unsigned long error_code)
{
	this_cpu_inc(fs_exceptions.user);
}

static void probe_page_fault_kernel(void *data, unsigned long address, struct pt_regs *regs,
				    unsigned long error_code)
{
	this_cpu_inc(fs_exceptions.kernel);
}

static void probe_process_fork(void *data, struct task_struct *parent, struct task_struct *child)
{
	fs_stretch_begin();
	fs_task_forked(child);
	fs_stretch_end();
}

static void probe_process_free(void *data, struct task_struct *task)
{
	fs_stretch_begin();
	fs_task_freed(task);
	fs_stretch_end();
}

static void probe_task_rename(void *data, struct task_struct *task, const char *comm)
{
	fs_stretch_begin();
	fs_task_renamed(task, comm);
	fs_stretch_end();
}

/*
 * perf_event_mmap() is told of all that is mapped, or becomes executable, in current, by mmap(),
 * exec, mprotect() and the kernel itself, on every kernel, whoever uses perf. Only while stacks are
 * asked for.
 */
#define MAP_FUNCTION	"perf_event_mmap"

/* Nothing is counted now, or there is no memory; but what is known of the process is kept. */
static void missed_mapping(void)
{
	struct fs_process *process = fs_process_rejoin(current);

	if (!process)
		return;
	fs_code_missed(process);
	fs_process_leave(process);
}

static void note_mapping(struct vm_area_struct *vma)
{
	struct fs_process *process;

	if (!(vma->vm_flags & VM_EXEC) || vma->vm_mm != current->mm)
		return;
	process = fs_account_process();
	/* One that is not selected is there all the same, for when it is again. */
	if (!process || process->only) {
		missed_mapping();
		return;
	}
	if (fs_process_is_stacked(process) && current->in_execve && !READ_ONCE(process->ran))
		fs_code_begin(process, vma->vm_mm);
	fs_code_mapped(process, vma);
}

static int map_kprobe_handler(struct kprobe *kprobe, struct pt_regs *regs)
{
	fs_stretch_begin();
	note_mapping((struct vm_area_struct *)regs->di);
	fs_stretch_end();
	return 0;
}

static struct kprobe map_kprobe;

static int free_kprobe_handler(struct kprobe *kprobe, struct pt_regs *regs)
{
	fs_stretch_begin();
	fs_task_freed((struct task_struct *)regs->di);
	fs_stretch_end();
	return 0;
}

static struct kprobe free_kprobe;

/*
 * debugfs's kprobes/enabled=0 disarms all kprobes without telling them, and the text of
 * the probed function need not show it: another tracer may have its call there. So
 * whether kprobes fire is tried on a function of our own. watch_mutex: taken by who reads a header,
 * and where counting begins.
 */
static DEFINE_MUTEX(watch_mutex);

static struct kprobe trial_kprobe;
static bool trial_is_set;
static bool trial_fired;

static noinline void trial_target(void)
{
	/* Something to stand on. */
	asm volatile("nop; nop; nop; nop; nop" ::: "memory");
}

static int trial_handler(struct kprobe *kprobe, struct pt_regs *regs)
{
	WRITE_ONCE(trial_fired, true);
	return 0;
}

static void trial_set(void)
{
	/* By who hooks the faults, and who has mappings told. */
	mutex_lock(&watch_mutex);
	if (!trial_is_set) {
		memset(&trial_kprobe, 0, sizeof(trial_kprobe));
		trial_kprobe.addr = (kprobe_opcode_t *)trial_target;
		trial_kprobe.pre_handler = trial_handler;
		trial_is_set = !register_kprobe(&trial_kprobe);
	}
	mutex_unlock(&watch_mutex);
}

static bool kprobes_are_silent(void)
{
	if (!trial_is_set)
		return false;
	WRITE_ONCE(trial_fired, false);
	trial_target();
	return !READ_ONCE(trial_fired);
}

/*
 * Whatever silences the hook in a way of its own: faults that the kernel counts while
 * not one call comes. watch_mutex.
 */
#define UNSEEN_MAX	64

static struct {
	u64 calls;	/* when one came last */
	u64 faults;	/* as the kernel counted then */
	bool silent;
} watch;

static u64 calls_counted(void)
{
	struct fs_counters totals;

	fs_totals_read_calls(&totals);
	return fs_counters_calls(&totals);
}

static void watch_begin(u64 calls)
{
	watch.calls = calls;
	watch.faults = compat_page_faults();
	watch.silent = false;
}

static bool fault_hook_is_silent(void)
{
	u64 faults = compat_page_faults(), calls;

	/* A fault of the first sum has its call in the second. */
	smp_rmb();
	calls = calls_counted();
	/* The kernel moves the counts of a CPU that has gone one by one: a sum may fall back. */
	if (calls != watch.calls || (s64)(faults - watch.faults) < 0)
		watch_begin(calls);
	else if (faults - watch.faults >= UNSEEN_MAX)
		watch.silent = true;
	return watch.silent;
}

struct trace_hook {
	const char *name;
	void *probe;
	bool exception;
	bool on;
	const char *why;
};

static const char kprobes_disarmed[] = "disarmed, by kprobes/enabled=0";
static const char exceptions_off[] = "exceptions=0 or enabled=0";

/* Those of exceptions are off until they are asked for; the others are tried at load. */
static struct trace_hook trace_hooks[] = {
	{ "page_fault_user", probe_page_fault_user, true, .why = exceptions_off },
	{ "page_fault_kernel", probe_page_fault_kernel, true, .why = exceptions_off },
	{ "sched_process_fork", probe_process_fork, false, .why = "not tried" },
	{ "sched_process_free", probe_process_free, false, .why = "not tried" },
	{ "task_rename", probe_task_rename, false, .why = "not tried" },
};

static const char *fault_how;	/* how handle_mm_fault is hooked, NULL: it is not */
static bool fault_stuck;	/* ftrace has broken down, and the hook cannot be taken off */
static bool free_by_kprobe;
static bool maps_watched;
static const char *maps_off = "stacks are not asked for";

static int trace_hook_on(struct trace_hook *hook)
{
	int err;

	if (hook->on)
		return 0;
	err = compat_tracepoint_register(hook->name, hook->probe);
	hook->on = !err;
	hook->why = err == -ENOENT ? "this kernel has no such tracepoint" :
		    err == -ENOMEM ? "no memory for it when it was wanted" :
		    "this kernel refuses the tracepoint";
	return err;
}

static void trace_hook_off(struct trace_hook *hook, const char *why)
{
	if (hook->on)
		compat_tracepoint_unregister(hook->name, hook->probe);
	hook->on = false;
	hook->why = why;
}

static bool trace_hook_is_on(void *probe)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(trace_hooks); i++)
		if (trace_hooks[i].probe == probe)
			return trace_hooks[i].on;
	return false;
}

/*
 * Registered by name, each time anew: a kprobe keeps the address it found. Without
 * a handler it is for the address alone, and is never armed.
 */
static int kprobe_on(struct kprobe *kprobe, const char *symbol, kprobe_pre_handler_t handler)
{
	memset(kprobe, 0, sizeof(*kprobe));
	kprobe->symbol_name = symbol;
	kprobe->pre_handler = handler;
	if (!handler)
		kprobe->flags = KPROBE_FLAG_DISABLED;
	return register_kprobe(kprobe);
}

/*
 * unregister_kprobe() forgets a probe that it has no memory to disarm, which would then hit text
 * that is gone. Disabling says so, and can be tried again.
 */
static void kprobe_off(struct kprobe *kprobe)
{
	while (disable_kprobe(kprobe) == -ENOMEM)
		ssleep(1);
	unregister_kprobe(kprobe);
}

/*
 * ftrace writes a call over the no-op at a function's entry, a breakpoint kprobe an
 * int3 or, optimised, a jump. ftrace_enabled=0 takes the call back without telling
 * anything. So the text itself says whether the hook is alive.
 */
static bool fault_hook_is_armed(void)
{
	const u8 *text = (const u8 *)fault_kprobe.addr;

	return text && (*text == 0xe8 || *text == 0xe9 || *text == 0xcc);
}

static int attach_kprobe(void)
{
	struct fs_exceptions now;
	int err;

	/* The last that is set is found first by who looks for a probe, at each hit. */
	trial_set();
	fs_exceptions_read(&now);
	own_before = now.own;
	err = kprobe_on(&fault_kprobe, FAULT_FUNCTION, fault_kprobe_handler);
	if (!err)
		fault_how = "kprobe";
	return err;
}

#ifdef COMPAT_FTRACE
/* The filter's memory is freed by an empty one only, which itself takes some. */
static void filter_free(void)
{
	while (ftrace_set_filter(&fault_ftrace, NULL, 0, 1) == -ENOMEM)
		ssleep(1);
}

static int attach_ftrace(void)
{
	/* A kprobe finds the address, and goes at once. */
	int err = kprobe_on(&fault_kprobe, FAULT_FUNCTION, NULL);

	if (err)
		return err;
	kprobe_off(&fault_kprobe);
	/*
	 * Not by name: where there is no memory for the entry, that says all is well with an empty
	 * filter, which means every function there is.
	 */
	err = ftrace_set_filter_ip(&fault_ftrace, (unsigned long)fault_kprobe.addr, 0, 1);
	if (!err)
		err = register_ftrace_function(&fault_ftrace);
	if (!err)
		fault_how = "ftrace";
	else
		filter_free();
	return err;
}

/* Fails only where ftrace has turned itself off after a bug, with its calls still in place. */
static void detach_ftrace(void)
{
	int err = unregister_ftrace_function(&fault_ftrace);

	if (err) {
		pr_err("ftrace has broken down (%d): the hook stays, and so must the module until the next boot\n",
		       err);
		fault_stuck = true;
		return;
	}
	filter_free();
}
#else
static int attach_ftrace(void)
{
	return -EOPNOTSUPP;
}

static void detach_ftrace(void)
{
}
#endif

/**
 * fs_hooks_detach - takes the hook off handle_mm_fault()
 *
 * Process context, after fs_task_counting_end(); waits until no handler runs.
 */
void fs_hooks_detach(void)
{
	if (!fault_how)
		return;
	if (!strcmp(fault_how, "kprobe"))
		kprobe_off(&fault_kprobe);
	else
		detach_ftrace();
	fault_how = NULL;
	fault_kprobe.addr = NULL;
	compat_synchronize_hooks();
}

/*
 * A hook that is dead from the beginning is none. Nor would it surely come to life
 * with ftrace: RHEL 7's 3.10 then calls the stub that it had called before.
 */
static int attached(int err)
{
	if (err || fault_hook_is_armed())
		return err;
	fs_hooks_detach();
	return -EAGAIN;
}

/**
 * fs_hooks_attach - hooks handle_mm_fault()
 * @attach: how; ATTACH_AUTO takes the cheaper way that works
 *
 * Process context. Returns 0, or the error of the last way that was tried: -EAGAIN
 * where the administrator has turned such hooks off.
 */
int fs_hooks_attach(enum fs_attach attach)
{
	int err = -EOPNOTSUPP;

	/* Two hooks would count twice. */
	if (fault_stuck)
		return -EIO;
	if (attach != ATTACH_KPROBE)
		err = attached(attach_ftrace());
	if (err && attach != ATTACH_FTRACE && !fault_stuck)
		err = attached(attach_kprobe());
	return err;
}

/**
 * fs_hooks_exceptions - turns the counting of hardware exceptions on or off
 * @on: which
 *
 * Process context. A tracepoint that cannot be had shows in fs_hooks_status().
 */
void fs_hooks_exceptions(bool on)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(trace_hooks); i++) {
		if (!trace_hooks[i].exception)
			continue;
		if (on)
			trace_hook_on(&trace_hooks[i]);
		else
			trace_hook_off(&trace_hooks[i], exceptions_off);
	}
}

/**
 * fs_hooks_mappings - has what is mapped told to fs_code_mapped(), or no longer
 * @on: which
 *
 * Process context, one at a time; waits until no handler runs. Returns 0 or why it cannot be had.
 */
int fs_hooks_mappings(bool on)
{
	int err = 0;

	if (on && !maps_watched) {
		trial_set();
		err = kprobe_on(&map_kprobe, MAP_FUNCTION, map_kprobe_handler);
		maps_watched = !err;
		maps_off = err ? "this kernel refuses the kprobe" : NULL;
	} else if (!on && maps_watched) {
		kprobe_off(&map_kprobe);
		maps_watched = false;
		maps_off = "stacks are not asked for";
		compat_synchronize_hooks();
	}
	return err;
}

/**
 * fs_hooks_mappings_status - how mappings are watched
 * @status: result
 *
 * Process context; sleeps.
 */
void fs_hooks_mappings_status(struct fs_hook_status *status)
{
	status->name = MAP_FUNCTION;
	status->how = "kprobe";
	status->nmissed = map_kprobe.nmissed;
	mutex_lock(&watch_mutex);
	status->why = READ_ONCE(maps_off);
	if (!status->why && kprobes_are_silent())
		status->why = kprobes_disarmed;
	mutex_unlock(&watch_mutex);
	if (status->why)
		status->how = NULL;
}

/**
 * fs_hooks_init - hooks births, names and ends of tasks
 *
 * Process context, before fs_hooks_attach(). Without a hook on the end of tasks their
 * pointers would mean nothing: that one is essential, and has a kprobe for its
 * second way. Returns 0, -ENOENT, or -ENOMEM: what lacks for want of memory would do so for as long
 * as the module is there.
 */
int fs_hooks_init(void)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(trace_hooks); i++)
		if (!trace_hooks[i].exception && trace_hook_on(&trace_hooks[i]) == -ENOMEM)
			return -ENOMEM;
	if (trace_hook_is_on(probe_process_free))
		return 0;
	free_by_kprobe = !kprobe_on(&free_kprobe, FREE_FUNCTION, free_kprobe_handler);
	if (free_by_kprobe)
		trial_set();
	return free_by_kprobe ? 0 : -ENOENT;
}

/**
 * fs_hooks_exit - takes every hook off
 *
 * Process context, after fs_task_counting_end(); waits until no handler runs.
 */
void fs_hooks_exit(void)
{
	int i;

	fs_hooks_detach();
	for (i = 0; i < ARRAY_SIZE(trace_hooks); i++)
		trace_hook_off(&trace_hooks[i], "unloading");
	if (free_by_kprobe)
		kprobe_off(&free_kprobe);
	free_by_kprobe = false;
	fs_hooks_mappings(false);
	if (trial_is_set)
		kprobe_off(&trial_kprobe);
	trial_is_set = false;
	/* Rather a process that never ends than a call into text that is gone. */
	while (fault_stuck)
		ssleep(60);
	tracepoint_synchronize_unregister();
	compat_synchronize_hooks();
}

/**
 * fs_hooks_watch - from now on faults that the kernel counts are expected to come here
 *
 * Process context, after fs_task_counting_begin().
 */
void fs_hooks_watch(void)
{
	mutex_lock(&watch_mutex);
	watch_begin(calls_counted());
	mutex_unlock(&watch_mutex);
}

/*
 * Hits that the probe lost. Up to 5.13 a page fault in a handler counts as one, and reading the
 * program's stack may make some.
 */
static long fault_kprobe_missed(void)
{
	long missed = fault_kprobe.nmissed;
#ifdef FS_HAVE_KPROBE_FAULT_HANDLER
	struct fs_exceptions now;

	fs_exceptions_read(&now);
	missed -= min_t(u64, missed, now.own - own_before);
#endif
	return missed;
}

/* Why the hook on handle_mm_fault() is dead; NULL where it is not, or not known to be. */
static const char *fault_hook_trouble(const char *how, bool kprobes_silent)
{
	if (!fault_hook_is_armed())
		return "disarmed, by kernel.ftrace_enabled=0 or kprobes/enabled=0";
	if (!strcmp(how, "kprobe") && kprobes_silent)
		return kprobes_disarmed;
	if (fault_hook_is_silent())
		return "silent: the kernel counts faults and none comes here";
	return NULL;
}

/**
 * fs_hooks_status - what is hooked now, and what is not and why
 * @status: result
 *
 * Process context, fs_table.rows_sem held. Returns how many entries were set. Reads state
 * that settings.c may be changing: good enough for a report.
 */
unsigned int fs_hooks_status(struct fs_hook_status status[HOOKS_MAX])
{
	struct fs_hook_status *at = status;
	const char *how = fault_how, *trouble;
	bool kprobes_silent;
	int i;

	mutex_lock(&watch_mutex);
	kprobes_silent = kprobes_are_silent();
	at->name = FAULT_FUNCTION;
	at->how = how;
	at->why = "enabled=0";
	at->nmissed = how && !strcmp(how, "kprobe") ? fault_kprobe_missed() : -1;
	trouble = how ? fault_hook_trouble(how, kprobes_silent) : NULL;
	mutex_unlock(&watch_mutex);
	if (trouble) {
		at->how = NULL;
		at->why = trouble;
	}
	at++;

	for (i = 0; i < ARRAY_SIZE(trace_hooks); i++, at++) {
		const struct trace_hook *hook = &trace_hooks[i];

		at->name = hook->name;
		at->how = hook->on ? "tracepoint" : NULL;
		at->why = hook->why;
		at->nmissed = -1;
		if (free_by_kprobe && hook->probe == probe_process_free) {
			at->name = FREE_FUNCTION;
			at->how = kprobes_silent ? NULL : "kprobe";
			at->why = kprobes_disarmed;
			at->nmissed = free_kprobe.nmissed;
		}
	}
	return at - status;
}
