/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a hook at the entry of handle_mm_fault() is given: where the arguments are,
 * and what the flags say of a call's origin and access; and how many faults the kernel
 * itself counts. For hooks.c and account.h.
 */
#ifndef FAULTSTAT_COMPAT_FAULT_H
#define FAULTSTAT_COMPAT_FAULT_H

#include <linux/ftrace.h>
#include <linux/mm.h>
#include <linux/ptrace.h>
#include <linux/vmstat.h>

/**
 * struct fs_fault - one call of handle_mm_fault()
 * @vma: the mapping; stable while the hook runs (mmap lock or VMA lock is held)
 * @flags: FAULT_FLAG_*
 * @hardware: a hardware exception led here; otherwise get_user_pages() and its kin
 */
struct fs_fault {
	struct vm_area_struct *vma;
	unsigned int flags;
	bool hardware;
};

/**
 * struct fs_fault_place - where a call is, for the slow path
 * @vma: as in struct fs_fault
 * @address: of the fault
 */
struct fs_fault_place {
	struct vm_area_struct *vma;
	unsigned long address;
};

/* Tells the place out of what the hook was given. */
typedef struct fs_fault_place (*fs_fault_place_fn)(void *source);

#ifdef FS_HAVE_FAULT_HAS_MM
#define FAULT_VMA_ARGUMENT	1
#define FAULT_VMA_REGISTER	si
#define FAULT_ADDRESS_REGISTER	dx
#else
#define FAULT_VMA_ARGUMENT	0
#define FAULT_VMA_REGISTER	di
#define FAULT_ADDRESS_REGISTER	si
#endif

/* The x86-64 calling convention: arguments in di, si, dx, cx. The upper half of a
 * register that holds an unsigned int is undefined.
 */
static __always_inline void compat_fault_from_words(struct fs_fault *fault, unsigned long a,
						    unsigned long b, unsigned long c,
						    unsigned long d)
{
#ifdef FS_HAVE_FAULT_HAS_MM
	fault->vma = (struct vm_area_struct *)b;
	fault->flags = (unsigned int)d;
#else
	fault->vma = (struct vm_area_struct *)a;
	fault->flags = (unsigned int)c;
#endif
#ifdef FS_HAVE_FAULT_HAS_REGS
	fault->hardware = d != 0;
#elif defined(FS_HAVE_FAULT_FLAG_INTERRUPTIBLE)
	/* RHEL 8.4 to 8.7: the exception handler alone sets it. */
	fault->hardware = fault->flags & FAULT_FLAG_INTERRUPTIBLE;
#else
	/* Up to 5.6 the exception handler alone set FAULT_FLAG_KILLABLE. */
	fault->hardware = fault->flags & FAULT_FLAG_KILLABLE;
#endif
}

static __always_inline void compat_fault_from_regs(struct fs_fault *fault, struct pt_regs *regs)
{
	compat_fault_from_words(fault, regs->di, regs->si, regs->dx, regs->cx);
}

static __always_inline struct fs_fault_place compat_fault_place_in_regs(void *source)
{
	const struct pt_regs *regs = source;
	struct fs_fault_place place = {
		.vma = (struct vm_area_struct *)regs->FAULT_VMA_REGISTER,
		.address = regs->FAULT_ADDRESS_REGISTER,
	};

	return place;
}

/*
 * What ftrace hands to a callback at a function's entry, and the flags that the
 * callback of hooks.c is registered with. It turns preemption off by itself and
 * cannot recurse; kernels up to 5.10 have to be told, or they put a guard of their
 * own around it, while newer ones do so only where asked to.
 */
#if defined(CONFIG_DYNAMIC_FTRACE_WITH_ARGS) && defined(FS_HAVE_FTRACE_REGS)
#define COMPAT_FTRACE		1
#define COMPAT_FTRACE_FLAGS	0
#define compat_ftrace_regs	ftrace_regs

/* The arguments, without every other register being saved. */
static __always_inline unsigned long compat_ftrace_argument(struct compat_ftrace_regs *fregs,
							    unsigned int n)
{
#ifdef FS_HAVE_FTRACE_REGS_GET_ARGUMENT
	return ftrace_regs_get_argument(fregs, n);
#else
	return regs_get_kernel_argument(&fregs->regs, n);
#endif
}

static __always_inline void compat_fault_from_ftrace(struct fs_fault *fault,
						     struct compat_ftrace_regs *fregs)
{
	compat_fault_from_words(fault, compat_ftrace_argument(fregs, 0),
				compat_ftrace_argument(fregs, 1),
				compat_ftrace_argument(fregs, 2),
				compat_ftrace_argument(fregs, 3));
}

static __always_inline struct fs_fault_place compat_fault_place_in_ftrace(void *source)
{
	struct fs_fault_place place = {
		.vma = (void *)compat_ftrace_argument(source, FAULT_VMA_ARGUMENT),
		.address = compat_ftrace_argument(source, FAULT_VMA_ARGUMENT + 1),
	};

	return place;
}
#elif defined(CONFIG_DYNAMIC_FTRACE_WITH_REGS) && !defined(FS_HAVE_FTRACE_REGS)
#define COMPAT_FTRACE		1
#define COMPAT_FTRACE_FLAGS	(FTRACE_OPS_FL_SAVE_REGS | FTRACE_OPS_FL_RECURSION_SAFE)
#define compat_ftrace_regs	pt_regs

static __always_inline void compat_fault_from_ftrace(struct fs_fault *fault,
						     struct compat_ftrace_regs *regs)
{
	compat_fault_from_regs(fault, regs);
}

#define compat_fault_place_in_ftrace compat_fault_place_in_regs
#endif

/*
 * Page faults that the kernel has counted, as in /proc/vmstat: at the entry of
 * handle_mm_fault(), and since 6.4 when the fault is complete. 0 where it counts none.
 */
static inline u64 compat_page_faults(void)
{
	u64 sum = 0;
#ifdef CONFIG_VM_EVENT_COUNTERS
	int cpu;

	for_each_possible_cpu(cpu)
		sum += READ_ONCE(per_cpu(vm_event_states, cpu).event[PGFAULT]);
#endif
	return sum;
}

/* Not known before 4.6: such a call counts as a read. */
static __always_inline unsigned int compat_fault_is_exec(unsigned int flags)
{
#ifdef FS_HAVE_FAULT_FLAG_INSTRUCTION
	return flags & FAULT_FLAG_INSTRUCTION;
#else
	return 0;
#endif
}

#endif
