// SPDX-License-Identifier: GPL-2.0
/*
 * Walking the stacks of current at the entry of handle_mm_fault(), preemption off.
 *
 * The program's is walked by frame pointers: at rbp lie the caller's rbp and the address that the
 * function returns to. Nothing there is trusted: it is read where the program could read it itself,
 * without a fault that is handled; frames go one way, and there are at most WALK_DEPTH_MAX. What is
 * wrong there gives wrong frames, never a wrong access.
 *
 * A function that has not yet made its frame, or has given it up, is seen by its instruction: then
 * its caller's address lies on top of the stack. A handler of signals returns to a trampoline,
 * above which lies what it interrupted, on whatever stack that was.
 */
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/ptrace.h>
#include <linux/sched.h>
#include <linux/string.h>
#include "compat/kstack.h"
#include "compat/user.h"
#include "exceptions.h"
#include "walk.h"

/**
 * struct place - where a program is
 * @ip: the next instruction; or the address that a function returns to
 * @sp: top of the stack
 * @bp: frame
 */
struct place {
	u64 ip;
	u64 sp;
	u64 bp;
};

/*
 * In struct rt_sigframe of x86-64, above the address that the handler returns to:
 * arch/x86/include/asm/sigframe.h, uapi/asm/sigcontext.h.
 */
#define SIGFRAME_BP	(40 + 120)
#define SIGFRAME_SP	(40 + 160)
#define SIGFRAME_IP	(40 + 168)

/* mov $__NR_rt_sigreturn,%rax; and the first byte of syscall. What the C libraries have there. */
#define TRAMPOLINE_CODE	0x0f0000000fc0c748ULL

/* Instructions by which a function begins and ends, as they lie in memory. */
#define CODE_PUSH_BP	0x55			/* push %rbp */
#define CODE_ENDBR64	0xfa1e0ff3		/* endbr64 */
#define CODE_ENDBR32	0xfb1e0ff3		/* endbr32 */
#define CODE_RET	0xc3			/* ret */
#define CODE_MOV_SP	0xe58948		/* mov %rsp,%rbp */
#define CODE_MOV_SP_2	0xec8b48		/* the same in other words */

/*
 * How many words of the stack are above the address that the function returns to; -1 where it has a
 * frame. Without prefix in 32-bit code.
 */
static __always_inline int words_to_return(u64 code, bool wide)
{
	if ((u8)code == CODE_PUSH_BP || (u8)code == CODE_RET ||
	    (u32)code == CODE_ENDBR64 || (u32)code == CODE_ENDBR32)
		return 0;
	if (wide && ((code & 0xffffff) == CODE_MOV_SP || (code & 0xffffff) == CODE_MOV_SP_2))
		return 1;
	if (!wide && ((code & 0xffff) == CODE_MOV_SP >> 8 || (code & 0xffff) == CODE_MOV_SP_2 >> 8))
		return 1;
	return -1;
}

/* Whether the eight bytes before an address end in a call of so many bytes by a pointer. */
static __always_inline bool ends_in_call_by_pointer(u64 code, int bytes)
{
	return (u8)(code >> 8 * (8 - bytes)) == 0xff &&
	       ((u8)(code >> 8 * (9 - bytes)) & 0x38) == 0x10;
}

/* Whether they end in a call at all. */
static __always_inline bool ends_in_call(u64 code)
{
	return (u8)(code >> 8 * 3) == 0xe8 || ends_in_call_by_pointer(code, 2) ||
	       ends_in_call_by_pointer(code, 3) || ends_in_call_by_pointer(code, 4) ||
	       ends_in_call_by_pointer(code, 6) || ends_in_call_by_pointer(code, 7);
}

#define BEFORE_RETURN	8	/* bytes that ends_in_call() wants to see */

/*
 * One step by the frame at @bp. Returns 0 with the caller in @ip and @bp; or why there is none. In
 * the window: everything is inlined.
 */
static __always_inline int frame_step(u64 bp, u64 low, u64 limit, bool wide, u64 *ip, u64 *next)
{
	u32 narrow;

	if (!bp)
		return WALK_BOTTOM;
	if (unlikely(bp < low || bp >= limit || bp & (wide ? 7 : 3)))
		return WALK_ODD;
	if (wide) {
		compat_user_read(*next, bp, limit, gone);
		compat_user_read(*ip, bp + 8, limit + 8, gone);
	} else {
		compat_user_read(narrow, bp, limit, gone);
		*next = narrow;
		compat_user_read(narrow, bp + 4, limit, gone);
		*ip = narrow;
	}
	/*
	 * Where it begins its caller is nobody, or what lies there: the number of arguments. Nor is
	 * there one to return to at what cannot be the program's.
	 */
	if (likely(*ip - PAGE_SIZE < limit - PAGE_SIZE))
		return 0;
	return *ip < PAGE_SIZE ? WALK_BOTTOM : WALK_ODD;
gone:
	return WALK_MEMORY;
}

/* The caller's address, on the stack of a function that has no frame at this moment; or 0. */
static __always_inline u64 frameless_caller(const struct place *place, u64 limit, bool wide,
					    unsigned int *failed)
{
	u64 code, caller, at = place->sp;
	u32 narrow;
	int words = 0;

	compat_user_read(code, place->ip, limit, no_code);
	words = words_to_return(code, wide);
	if (likely(words < 0))
		return 0;
	goto look;
no_code:
	/* The function is only just being called, and its code not there yet. */
	(*failed)++;
look:
	if (wide) {
		compat_user_read(caller, at + words * 8, limit, gone);
	} else {
		compat_user_read(narrow, at + words * 4, limit, gone);
		caller = narrow;
	}
	compat_user_read(code, caller - BEFORE_RETURN, limit, gone);
	return ends_in_call(code) ? caller : 0;
gone:
	(*failed)++;
	return 0;
}

/* What a signal handler interrupted. Returns whether it could be read. */
static __always_inline bool interrupted(struct place *place, u64 frame, u64 limit)
{
	if (unlikely(frame >= limit - SIGFRAME_IP))
		return false;
	compat_user_read(place->bp, frame + SIGFRAME_BP, limit, gone);
	compat_user_read(place->sp, frame + SIGFRAME_SP, limit, gone);
	compat_user_read(place->ip, frame + SIGFRAME_IP, limit, gone);
	return place->ip < limit;
gone:
	return false;
}

#define FAILED_MAX	2	/* reads in a walk, before it is given up */

/* In the window. Returns why it has ended. */
static __always_inline u8 walk_by_frames(u64 **frames, const u64 *end, struct place place,
					 u64 limit, u64 trampoline, bool wide, unsigned int *failed)
{
	u64 ip, next, low, *at = *frames;
	u8 why = WALK_DEPTH;
	int step;

from_place:
	low = place.sp;
	*at++ = place.ip;
	/* A program that makes up signals may have us run into faults again and again. */
	if (unlikely(*failed > FAILED_MAX)) {
		*frames = at;
		return WALK_MEMORY;
	}
	ip = at != end ? frameless_caller(&place, limit, wide, failed) : 0;
	if (unlikely(ip))
		*at++ = ip;
	while (likely(at != end)) {
		step = frame_step(place.bp, low, limit, wide, &ip, &next);
		if (unlikely(step)) {
			why = step;
			break;
		}
		*at++ = ip;
		low = place.bp + (wide ? 16 : 8);
		place.bp = next;
		if (likely(ip != trampoline) || !wide || at == end)
			continue;
		if (!interrupted(&place, low, limit)) {
			why = WALK_MEMORY;
			break;
		}
		goto from_place;
	}
	*failed += why == WALK_MEMORY;
	*frames = at;
	return why;
}

/*
 * Walks from @place on. Everything that is read is the program's; the page faults of reads that
 * fail are taken off the count of exceptions again.
 */
static __always_inline void walk_from(struct fs_walk *walk, unsigned int depth,
				      const struct place *place, u64 trampoline, bool wide)
{
	u64 limit, *first = walk->frames + walk->shape.kernel, *at = first;
	u64 exceptions = this_cpu_read(fs_exceptions.kernel);
	unsigned int failed = 0;

	walk->shape.user_end = WALK_MEMORY;
	if (!compat_user_begin(&limit)) {
		compat_user_give_up();
		return;
	}
	walk->shape.user_end = walk_by_frames(&at, first + depth, *place, limit, trampoline, wide,
					      &failed);
	compat_user_end();
	walk->shape.user = at - first;
	if (unlikely(failed))
		fs_exceptions_disown(exceptions, failed);
}

/**
 * fs_walk_user - walks the program's stack
 * @walk: result, behind its frames of the kernel
 * @depth: frames at most, from 1 to WALK_DEPTH_MAX
 * @class: of the call
 * @trampoline: where signal handlers of the process return to; 0 where that is not known
 *
 * In a hook, preemption off. What is wanted of @walk's shape is the kernel's part; the rest is set.
 */
void fs_walk_user(struct fs_walk *walk, unsigned int depth, enum fs_counter class, u64 trampoline)
{
	const struct pt_regs *regs = task_pt_regs(current);
	struct place place = { .ip = regs->ip, .sp = regs->sp, .bp = regs->bp };

	walk->shape.user = 0;
	walk->shape.user_end = WALK_REGISTERS;
	if (unlikely(!compat_task_has_registers(current) || !user_mode((struct pt_regs *)regs)))
		return;
	if (!compat_syscall_saves_all() && class >= COUNT_GUP) {
		walk->frames[walk->shape.kernel] = place.ip;
		walk->shape.user = 1;
		return;
	}
	if (unlikely(compat_registers_are_32bit(regs)))
		walk_from(walk, depth, &place, 0, false);
	else
		walk_from(walk, depth, &place, trampoline, true);
}

/**
 * fs_walk_find_trampoline - where the signal handlers of a stack return to
 * @walk: of current
 *
 * In a hook, preemption off. Looks at the code that each frame returns to. Returns 0 where none is
 * such a place.
 */
u64 fs_walk_find_trampoline(const struct fs_walk *walk)
{
	const u64 *at = walk->frames + walk->shape.kernel, *end = at + walk->shape.user;
	u64 exceptions = this_cpu_read(fs_exceptions.kernel), limit, code, found = 0;
	unsigned int failed = 0;

	if (compat_registers_are_32bit(task_pt_regs(current)))
		return 0;
	if (!compat_user_begin(&limit)) {
		compat_user_give_up();
		return 0;
	}
	for (; at != end && !found && !failed; at++) {
		compat_user_read(code, *at, limit, gone);
		if (code == TRAMPOLINE_CODE)
			found = *at;
		continue;
gone:
		failed++;
	}
	compat_user_end();
	if (failed)
		fs_exceptions_disown(exceptions, failed);
	return found;
}

/*
 * The call of ftrace or the breakpoint, from which our own frames lead, is within its first bytes.
 */
#define ENTRY_BYTES	16
#define OWN_MAX		24	/* frames from handle_mm_fault() to us, and some */

/*
 * How many of the innermost entries are ours, or of what has led from handle_mm_fault() to us; 0
 * where that cannot be told.
 */
static unsigned int own_entries(const unsigned long *entries, unsigned int count)
{
	unsigned long entry = (unsigned long)handle_mm_fault;
	unsigned int own = 0;

	while (own < count && entries[own] - entry > ENTRY_BYTES)
		own++;
	if (own < count)
		return own + 1;
	if (!compat_entry_has_no_frame())
		return 0;
	/* Behind our own there is what has called them, ftrace. */
	for (own = 0; own < count && within_module_core(entries[own], THIS_MODULE); own++)
		continue;
	return own && own < count ? own + 1 : 0;
}

/**
 * fs_walk_kernel - walks the kernel's stack, from the caller of handle_mm_fault() on
 * @walk: result; to be called before fs_walk_user()
 * @depth: frames at most
 *
 * In a hook, preemption off.
 */
void fs_walk_kernel(struct fs_walk *walk, unsigned int depth)
{
	unsigned long *entries = (unsigned long *)walk->frames;
	unsigned int room = min_t(unsigned int, depth + OWN_MAX, WALK_DEPTH_MAX);
	unsigned int count = compat_kernel_stack(entries, room);
	unsigned int own = own_entries(entries, count);

	if (!own) {
		walk->shape.kernel = 0;
		walk->shape.kernel_end = WALK_ODD;
		return;
	}
	walk->shape.kernel = min(count - own, depth);
	memmove(entries, entries + own, walk->shape.kernel * sizeof(*entries));
	walk->shape.kernel_end = count - own > depth || count == room ? WALK_DEPTH : WALK_BOTTOM;
}
