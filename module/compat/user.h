/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Reading the program's memory in a hook: never a fault that is handled, never a wait. For walk.c
 * and image.c.
 *
 *	compat_user_begin(&limit);	where it fails nothing can be read
 *	compat_user_read(value, address, limit, gone);
 *	compat_user_end();
 *
 * Between begin and end no function is called: the processor may not touch the program's memory at
 * other times (SMAP), and objtool sees to it.
 */
#ifndef FAULTSTAT_COMPAT_USER_H
#define FAULTSTAT_COMPAT_USER_H

#include <linux/uaccess.h>
#include <asm/processor.h>
#ifdef FS_HAVE_LINUX_SCHED_TASK_STACK_H
#include <linux/sched/task_stack.h>
#endif

#ifdef FS_HAVE_UNSAFE_GET_USER
#define compat_user_window()	user_access_begin((void __user *)0UL, sizeof(u64))
#define compat_user_close()	user_access_end()
#define compat_user_get(value, at, gone) unsafe_get_user(value, at, gone)
#else
/* Up to 4.20: each read opens the window by itself. */
#define compat_user_window()	true
#define compat_user_close()	do { } while (0)
#define compat_user_get(value, at, gone) ({				\
	if (__get_user(value, at))					\
		goto gone;						\
})
#endif

/*
 * Where preemption is not counted (RHEL 7, Debian 5.10) preemption off does not keep the fault
 * handler from handling what a read runs into: it would take mmap_lock, whose holder we may be.
 */
#define compat_user_begin(limit) ({					\
	*(limit) = TASK_SIZE_MAX - 2 * sizeof(u64);			\
	pagefault_disable();						\
	compat_user_window();						\
})

#define compat_user_end() do {						\
	compat_user_close();						\
	pagefault_enable();						\
} while (0)

/* After a compat_user_begin() that failed. */
#define compat_user_give_up()	pagefault_enable()

/* Not even a processor that runs ahead reads what is not the program's: 0 instead. */
static __always_inline u64 compat_user_address(u64 address, u64 limit)
{
	u64 mask;

	asm volatile("cmp %[limit], %[address]\n\tsbb %[mask], %[mask]"
		     : [mask] "=r" (mask) : [limit] "r" (limit), [address] "r" (address) : "cc");
	return address & mask;
}

#define compat_user_read(value, address, limit, gone) do {		\
	const typeof(value) __user *__at =				\
		(void __user *)compat_user_address(address, limit);	\
									\
	compat_user_get(value, __at, gone);				\
} while (0)

/*
 * Threads that are the kernel's, or never were in user mode although they are a program's: what is
 * saved of their registers means nothing.
 */
static __always_inline bool compat_task_has_registers(const struct task_struct *task)
{
	unsigned int without = PF_KTHREAD;

#ifdef PF_IO_WORKER
	without |= PF_IO_WORKER;
#endif
#ifdef PF_USER_WORKER
	without |= PF_USER_WORKER;
#endif
	return !(task->flags & without) && task->mm;
}

/*
 * Whether a system call saves all registers. Up to 4.15 the fast way into it left out those that a
 * function has to preserve, rbp among them; system calls that are given their registers (4.17) are
 * of after that.
 */
static __always_inline bool compat_syscall_saves_all(void)
{
#ifdef CONFIG_ARCH_HAS_SYSCALL_WRAPPER
	return true;
#else
	return false;
#endif
}

static __always_inline bool compat_registers_are_32bit(const struct pt_regs *regs)
{
	return regs->cs == __USER32_CS;
}

#endif
