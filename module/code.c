// SPDX-License-Identifier: GPL-2.0
/*
 * What code.h says. A process's ranges are changed under its lock, by hooks where something is
 * mapped and by the worker; they are read without, and read again if they were being changed.
 *
 * A process that begins by exec while stacks are asked for has all of its ranges from its first
 * mapping on; a child by fork gets its parent's. Others are looked at by the worker, once a stack
 * wants to know. A child that has its parent's memory (vfork, CLONE_VM) is a process of its own,
 * and what it maps is told of itself alone. What is unmapped is not told, and need not be: nothing
 * runs there until something else is mapped. What mremap() moves is not told either: code that it
 * has moved is where it was.
 *
 * Where one call of the kprobe comes when the process cannot be told, its ranges are not known from
 * then on, until the worker has looked.
 */
#include <linux/delay.h>
#include <linux/pid.h>
#include <linux/sched.h>
#include <linux/string.h>
#include "code.h"
#include "compat/mappings.h"
#include "image.h"
#include "lock.h"
#include "process.h"
#include "row.h"
#include "worker.h"

static const size_t code_sizes[] = { 1024, 4096 };

static bool wanted;	/* by some process; any context */
static bool watched;	/* what is mapped is told */
static unsigned long next_look;	/* jiffies: not before, where one was in vain */

static unsigned int ranges_max(const struct fs_code *code)
{
	return (code_sizes[code->pool - POOL_CODE_FIRST] - sizeof(*code)) /
	       sizeof(struct fs_code_range);
}

/* Under the process's lock. Returns NULL where there is no memory. */
static struct fs_code *code_new(enum fs_pool_id pool)
{
	struct fs_code *code = fs_pool_get(pool);

	if (!code)
		return NULL;
	code->pool = pool;
	code->known = false;
	code->full = false;
	code->count = 0;
	code->trampoline = 0;
	code->version = VERSION_NONE + 1;
	return code;
}

/* Changes. Under the process's lock; readers may be at it. */

static void change_begin(struct fs_code *code)
{
	WRITE_ONCE(code->sequence, code->sequence | 1);
	smp_wmb(); /* the sequence is odd before anything changes */
}

static void change_end(struct fs_code *code)
{
	smp_wmb(); /* all has changed before the sequence is even */
	WRITE_ONCE(code->sequence, code->sequence + 1);
}

/* What an address means has changed: stacks with it are to be looked at again. */
static void new_version(struct fs_code *code)
{
	u32 version = code->version + 1;

	WRITE_ONCE(code->version, version == VERSION_NONE ? version + 1 : version);
}

/* What is mapped at @address, if that were in the range. */
static u64 place_at(const struct fs_code_range *range, unsigned long address)
{
	return range->place + (address - range->start);
}

/* The first range that ends behind an address. */
static unsigned int range_after(const struct fs_code *code, unsigned int count,
				unsigned long address)
{
	unsigned int low = 0, high = count, middle;

	while (low < high) {
		middle = (low + high) / 2;
		if (READ_ONCE(code->ranges[middle].end) <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Puts @by ranges more, or less, at @at. There is room. */
static void ranges_move(struct fs_code *code, unsigned int at, int by)
{
	unsigned int from = by < 0 ? at - by : at;

	memmove(&code->ranges[from + by], &code->ranges[from],
		(code->count - from) * sizeof(code->ranges[0]));
	WRITE_ONCE(code->count, code->count + by);
}

/*
 * Makes [start, end) free: ranges that are in it go, those that reach in are cut. Returns the place
 * in the order. One that is cut in two loses its upper part where there is no room for one more.
 */
static unsigned int range_free(struct fs_code *code, unsigned long start, unsigned long end)
{
	unsigned int at = range_after(code, code->count, start), last;
	struct fs_code_range *range = &code->ranges[at];

	if (at < code->count && range->start < start) {
		if (range->end > end) {
			if (code->count < ranges_max(code)) {
				ranges_move(code, at, 1);
				range[1].place = place_at(range, end);
				range[1].start = end;
			} else {
				code->full = true;
			}
		}
		range->end = start;
		at++;
	}
	for (last = at; last < code->count && code->ranges[last].end <= end; last++)
		continue;
	if (last > at)
		ranges_move(code, at, -(int)(last - at));
	range = &code->ranges[at];
	if (at < code->count && range->start < end) {
		range->place = place_at(range, end);
		range->start = end;
	}
	return at;
}

/* Whether it is known already: mprotect() tells once more, and so does what is mapped piecewise. */
static bool range_is_known(const struct fs_code *code, const struct fs_code_range *wanted_range)
{
	unsigned int at = range_after(code, code->count, wanted_range->start);
	const struct fs_code_range *range = &code->ranges[at];

	return at < code->count && range->start <= wanted_range->start &&
	       range->end >= wanted_range->end &&
	       place_at(range, wanted_range->start) == wanted_range->place;
}

static bool ranges_reach(const struct fs_code *code, const struct fs_code_range *range)
{
	unsigned int at = range_after(code, code->count, range->start);

	return at < code->count && code->ranges[at].start < range->end;
}

/* Under the lock of whose @from is; @to is of nobody yet, and what has read it before is told. */
static void code_copy(struct fs_code *to, const struct fs_code *from)
{
	u32 sequence = to->sequence;

	memcpy(to, from, sizeof(*from) + from->count * sizeof(from->ranges[0]));
	to->sequence = sequence;
}

/* More room, if it is wanted and to be had. Under the process's lock. */
static struct fs_code *code_grow(struct fs_process *process, struct fs_code *code)
{
	struct fs_code *more;

	/* One that is mapped in the midst of another makes two more. */
	if (code->count + 2 <= ranges_max(code) || code->pool == POOL_CODE_LAST)
		return code;
	more = fs_pool_get(POOL_CODE_LAST);
	if (!more)
		return code;
	code_copy(more, code);
	more->pool = POOL_CODE_LAST;
	smp_wmb(); /* readers find it whole */
	WRITE_ONCE(process->code, more);
	fs_pool_put(code->pool, code);
	return more;
}

/* What is mapped somewhere. */
enum mapped {
	MAPPED_FILE,
	MAPPED_NO_FILE,
	MAPPED_NO_ROOM,		/* a file, but there are too many images */
	MAPPED_LATER,		/* a file, but there was no memory in the pools at this moment */
};

/* Under the process's lock. */
static void range_add(struct fs_process *process, const struct fs_code_range *range,
		      enum mapped mapped)
{
	struct fs_code *code = process->code;
	unsigned int at;

	if (mapped == MAPPED_FILE && range_is_known(code, range))
		return;
	if (mapped == MAPPED_NO_FILE && !ranges_reach(code, range))
		return;
	code = code_grow(process, code);
	change_begin(code);
	at = range_free(code, range->start, range->end);
	if (mapped == MAPPED_FILE && code->count < ranges_max(code)) {
		ranges_move(code, at, 1);
		code->ranges[at] = *range;
	} else if (mapped == MAPPED_LATER) {
		WRITE_ONCE(code->known, false);
	} else if (mapped != MAPPED_NO_FILE) {
		WRITE_ONCE(code->full, true);
	}
	new_version(code);
	change_end(code);
}

/* What is mapped. Preemption off, the mapping stable. */
static enum mapped range_of(struct fs_code_range *range, struct vm_area_struct *vma)
{
	struct fs_image *image;

	range->start = vma->vm_start;
	range->end = vma->vm_end;
	range->place = PLACE_NO_FILE;
	if (!fs_object_has_code(vma))
		return MAPPED_NO_FILE;
	image = fs_image_of(vma);
	if (!image)
		return fs_images_are_full() ? MAPPED_NO_ROOM : MAPPED_LATER;
	range->place = (u64)image->number << PLACE_IMAGE_SHIFT;
	if (vma->vm_file)
		range->place |= (u64)vma->vm_pgoff << PAGE_SHIFT;
	/* Beyond that there is no code, but a mapping may be. */
	if (vma->vm_file && (u64)vma->vm_pgoff + vma_pages(vma) > PLACE_OFFSET_MASK >> PAGE_SHIFT)
		return MAPPED_NO_ROOM;
	return MAPPED_FILE;
}

/**
 * fs_code_begin - a process is being loaded by exec
 * @process: of current
 * @mm: of the new program
 *
 * In a hook, preemption off. If this is its first executable mapping all of them will be told; if
 * not, somebody has begun to watch in the midst of it.
 */
void fs_code_begin(struct fs_process *process, const struct mm_struct *mm)
{
	struct fs_code *code;
	unsigned long flags;

	fs_hook_lock_irqsave(&process->lock, flags);
	if (!process->code) {
		code = code_new(POOL_CODE_FIRST);
		if (code)
			code->known = !mm->exec_vm;
		smp_wmb(); /* readers find it whole */
		WRITE_ONCE(process->code, code);
	}
	fs_hook_unlock_irqrestore(&process->lock, flags);
}

/* Preemption off. Returns false where the worker is to come again. */
static bool map_one(struct fs_process *process, struct vm_area_struct *vma)
{
	struct fs_code_range range;
	unsigned long flags;
	enum mapped mapped;

	if (!(vma->vm_flags & VM_EXEC) || !READ_ONCE(process->code))
		return true;
	mapped = range_of(&range, vma);
	fs_hook_lock_irqsave(&process->lock, flags);
	if (process->code)
		range_add(process, &range, mapped);
	fs_hook_unlock_irqrestore(&process->lock, flags);
	return mapped != MAPPED_LATER;
}

/**
 * fs_code_mapped - something has been mapped in a process
 * @process: of current
 * @vma: stable
 *
 * In a hook, preemption off.
 */
void fs_code_mapped(struct fs_process *process, struct vm_area_struct *vma)
{
	map_one(process, vma);
}

/* Under the process's lock: whether its ranges are all of its mappings. */
static void set_known(struct fs_code *code, bool known)
{
	change_begin(code);
	WRITE_ONCE(code->known, known);
	new_version(code);
	change_end(code);
}

/**
 * fs_code_missed - something may have been mapped in a process that was not told
 * @process: of current
 *
 * In a hook.
 */
void fs_code_missed(struct fs_process *process)
{
	unsigned long flags;

	if (!READ_ONCE(process->code))
		return;
	fs_hook_lock_irqsave(&process->lock, flags);
	if (process->code)
		set_known(process->code, false);
	fs_hook_unlock_irqrestore(&process->lock, flags);
}

/**
 * fs_code_forked - a child has the mappings of its parent
 * @parent: of current
 * @child: new
 *
 * In a hook, preemption off. A thread of the parent that maps at this moment may be in the child's
 * ranges although it is not in its mappings: nothing of the child runs there.
 */
void fs_code_forked(struct fs_process *parent, struct fs_process *child)
{
	struct fs_code *from = READ_ONCE(parent->code), *code;
	enum fs_pool_id pool;
	unsigned long flags;

	if (!from || !READ_ONCE(from->known))
		return;
	/* It may be given back, and taken anew, meanwhile: but in this pool. */
	pool = READ_ONCE(from->pool);
	code = fs_pool_get(pool);
	if (!code)
		return;
	fs_hook_lock_irqsave(&parent->lock, flags);
	if (parent->code == from && from->known) {
		code_copy(code, from);
		from = NULL;
	}
	fs_hook_unlock_irqrestore(&parent->lock, flags);
	fs_hook_lock_irqsave(&child->lock, flags);
	if (!from && !child->code) {
		WRITE_ONCE(child->code, code);
		code = NULL;
	}
	fs_hook_unlock_irqrestore(&child->lock, flags);
	if (code)
		fs_pool_put(pool, code);
}

/**
 * fs_code_set_trampoline - where signal handlers of a process return to is known now
 * @process: of current
 * @address: of the trampoline
 *
 * In a hook, preemption off.
 */
void fs_code_set_trampoline(struct fs_process *process, u64 address)
{
	unsigned long flags;

	fs_hook_lock_irqsave(&process->lock, flags);
	if (process->code)
		WRITE_ONCE(process->code->trampoline, address);
	fs_hook_unlock_irqrestore(&process->lock, flags);
}

/* Finding. */

static u64 find_place(const struct fs_code *code, unsigned int count, u64 address, bool is_ip)
{
	u64 inside = is_ip ? address : address - 1;
	unsigned int at = range_after(code, count, inside);

	if (at < count && READ_ONCE(code->ranges[at].start) <= inside)
		return place_at(&code->ranges[at], address) | (is_ip ? PLACE_EXACT : 0);
	return READ_ONCE(code->full) ? PLACE_NO_ROOM : PLACE_NO_FILE;
}

#define TRIES	4

/*
 * Without the lock. A code that has been given back stays memory of its kind until the hooks have
 * ended; its count is never more than it has room for.
 */
static bool try_places(const struct fs_code *code, const u64 *addresses, unsigned int count,
		       u64 *places, u32 *version)
{
	u32 sequence = READ_ONCE(code->sequence);
	u64 trampoline = READ_ONCE(code->trampoline);
	unsigned int ranges, i;

	smp_rmb(); /* against change_begin() */
	ranges = READ_ONCE(code->count);
	*version = READ_ONCE(code->known) ? READ_ONCE(code->version) : VERSION_NONE;
	for (i = 0; i < count; i++)
		/* Where the program was, or what a signal has interrupted. */
		places[i] = find_place(code, ranges, addresses[i],
				       !i || (trampoline && addresses[i - 1] == trampoline));
	smp_rmb(); /* against change_end() */
	return !(sequence & 1) && sequence == READ_ONCE(code->sequence);
}

static void want(struct fs_process *process)
{
	if (!READ_ONCE(watched))
		return;
	if (!READ_ONCE(process->code_wanted)) {
		WRITE_ONCE(process->code_wanted, CODE_WANTED);
		WRITE_ONCE(wanted, true);
	}
	/* What could not be looked at is not looked at again at once. */
	if (READ_ONCE(wanted) && !time_before(jiffies, READ_ONCE(next_look)))
		fs_worker_keep_house();
}

/**
 * fs_code_places - finds the files that addresses are in
 * @process: whose they are
 * @addresses: where it is, and where the calls return to that have led there
 * @count: of them
 * @places: result
 *
 * In a hook, preemption off; or in process context with fs_table.rows_sem held for writing and
 * preemption off. Returns the version of the mappings; VERSION_NONE where they are not known yet,
 * and the worker is on its way.
 */
u32 fs_code_places(struct fs_process *process, const u64 *addresses, unsigned int count,
		   u64 *places)
{
	const struct fs_code *code;
	u32 version = VERSION_NONE;
	unsigned int i;
	int tries;

	for (tries = 0; tries < TRIES; tries++) {
		code = READ_ONCE(process->code);
		if (!code)
			break;
		if (!try_places(code, addresses, count, places, &version) ||
		    code != READ_ONCE(process->code))
			continue;
		if (version == VERSION_NONE)
			break;
		return version;
	}
	for (i = 0; i < count; i++)
		places[i] = PLACE_LATER;
	if (tries < TRIES)
		want(process);
	return VERSION_NONE;
}

/* The worker's side. */

/**
 * fs_code_want - has fs_code_fill() look at a process's mappings, if they are not known
 * @process: any
 *
 * Any context.
 */
void fs_code_want(struct fs_process *process)
{
	const struct fs_code *code = READ_ONCE(process->code);

	if ((code && READ_ONCE(code->known)) || !READ_ONCE(watched))
		return;
	WRITE_ONCE(process->code_wanted, CODE_WANTED);
	WRITE_ONCE(wanted, true);
}

/**
 * fs_code_watch - whether what is mapped is told from now on
 * @on: where it is not, nothing is known of any mapping
 *
 * Process context.
 */
void fs_code_watch(bool on)
{
	WRITE_ONCE(watched, on);
}

/**
 * fs_code_is_wanted - whether fs_code_fill() has anything to do
 *
 * Process context.
 */
bool fs_code_is_wanted(void)
{
	return READ_ONCE(wanted);
}

/* Under the process's lock. */
static bool fill_begin(struct fs_process *process)
{
	if (!process->code)
		WRITE_ONCE(process->code, code_new(POOL_CODE_FIRST));
	return process->code;
}

/* The lock of the mappings held: none comes or goes. Returns whether all are known now. */
static bool fill_from(struct fs_process *process, struct mm_struct *mm)
{
	unsigned long address = 0, flags;
	struct vm_area_struct *vma;
	bool all;

	fs_hook_lock_irqsave(&process->lock, flags);
	all = fill_begin(process);
	fs_hook_unlock_irqrestore(&process->lock, flags);
	while (all && (vma = find_vma(mm, address))) {
		fs_preempt_disable();
		all = map_one(process, vma);
		fs_preempt_enable();
		address = vma->vm_end;
		cond_resched();
	}
	return all;
}

/* Whether the mappings of a task are those of its process, and not of the next program. */
static bool is_loaded(const struct fs_process *process, const struct task_struct *task)
{
	return compat_task_exec_id(task) == process->exec_id && !task->in_execve;
}

/* Mappings that are not to be given up under rows_sem. */
#define FILL_AT_ONCE	32

struct fill {
	struct mm_struct *put[FILL_AT_ONCE];
	unsigned int count;
	bool last;	/* who is busy now is left to the next stack that asks */
	bool busy;	/* some process could not be looked at now */
};

/*
 * Its mappings, if it still has any. What a program does with its own lock of them is not waited
 * for.
 */
static void fill_process(struct fs_process *process, struct fill *fill)
{
	struct task_struct *task = get_pid_task(process->pid, PIDTYPE_PID);
	struct mm_struct *mm = task ? get_task_mm(task) : NULL;
	unsigned long flags;
	bool all;

	if (mm && is_loaded(process, task) && compat_mmap_read_trylock(mm)) {
		all = fill_from(process, mm);
		if (!all)
			WRITE_ONCE(next_look, jiffies + HZ / 4);
		fs_hook_lock_irqsave(&process->lock, flags);
		/* Exec may have come in between. */
		if (all && process->code)
			set_known(process->code, is_loaded(process, task));
		fs_hook_unlock_irqrestore(&process->lock, flags);
		compat_mmap_read_unlock(mm);
	} else if (mm && !fill->last) {
		fill->busy = true;
		WRITE_ONCE(process->code_wanted, CODE_BUSY);
	} else if (mm) {
		WRITE_ONCE(next_look, jiffies + HZ / 4);
	}
	if (mm)
		fill->put[fill->count++] = mm;
	if (task)
		put_task_struct(task);
}

static bool fill_one(struct fs_process *process, void *data)
{
	struct fill *fill = data;

	if (READ_ONCE(process->code_wanted) != CODE_WANTED || !process->pid ||
	    READ_ONCE(process->kind) != PROCESS_LIVE)
		return true;
	WRITE_ONCE(process->code_wanted, CODE_NOT_WANTED);
	fill_process(process, fill);
	return fill->count < FILL_AT_ONCE;
}

/* Some after the others, for mmput() is not for under rows_sem. Returns whether any was busy. */
static bool fill_all(bool last)
{
	struct fill fill = { .last = last };
	bool all;

	do {
		down_write(&fs_table.rows_sem);
		/* Whoever asked for stacks may have gone. */
		all = !READ_ONCE(watched) || fs_row_owners_walk(fill_one, &fill);
		up_write(&fs_table.rows_sem);
		while (fill.count)
			mmput(fill.put[--fill.count]);
	} while (!all && !fs_worker_is_stopping());
	return fill.busy;
}

static bool try_again(struct fs_process *process, void *data)
{
	if (READ_ONCE(process->code_wanted) == CODE_BUSY)
		WRITE_ONCE(process->code_wanted, CODE_WANTED);
	return true;
}

#define FILL_TRIES	4

/**
 * fs_code_fill - looks at the mappings of processes that stacks want to know of
 *
 * Process context; sleeps. One whose mappings are being changed all the time is left to the next
 * stack that asks.
 */
void fs_code_fill(void)
{
	int tries;

	WRITE_ONCE(wanted, false);
	for (tries = 1; fill_all(tries == FILL_TRIES) && !fs_worker_is_stopping(); tries++) {
		msleep(20);
		down_write(&fs_table.rows_sem);
		fs_row_owners_walk(try_again, NULL);
		up_write(&fs_table.rows_sem);
	}
}

/**
 * fs_code_release - forgets a process's mappings
 * @process: that has ended; or no hook looks for them any more
 *
 * Any context but NMI.
 */
void fs_code_release(struct fs_process *process)
{
	struct fs_code *code;
	unsigned long flags;

	fs_hook_lock_irqsave(&process->lock, flags);
	code = process->code;
	WRITE_ONCE(process->code, NULL);
	WRITE_ONCE(process->code_wanted, CODE_NOT_WANTED);
	fs_hook_unlock_irqrestore(&process->lock, flags);
	if (code)
		fs_pool_put(code->pool, code);
}

/**
 * fs_code_pool_sizes - the item sizes of the pools that mappings use
 * @size: by pool
 *
 * Any context.
 */
void fs_code_pool_sizes(size_t *size)
{
	size[POOL_CODE_FIRST] = code_sizes[0];
	size[POOL_CODE_LAST] = code_sizes[1];
}
