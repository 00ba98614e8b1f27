/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The locks of the hooks, and what lockdep has to know of them. Where the kprobe is a
 * breakpoint, a hook runs in what the kernel has called NMI context since 5.8, and so
 * its locks look as if an NMI could find them held by its own CPU. It cannot: no one
 * holds them with interrupts on, and handle_mm_fault() is not called with interrupts
 * off. Lockdep knows of no such excuse, but takes locks of another subclass for others;
 * the kernel tells it so of the locks of kretprobes (commit 645f224e7ba2).
 */
#ifndef FAULTSTAT_LOCK_H
#define FAULTSTAT_LOCK_H

#include <linux/hardirq.h>
#include <linux/preempt.h>
#include <linux/spinlock.h>
#include "holds.h"

/* Any context but a true NMI. */
#define fs_hook_lock_irqsave(lock, flags) do { \
	raw_spinlock_t *__lock = (lock); \
	raw_spin_lock_irqsave_nested(__lock, flags, in_nmi() ? SINGLE_DEPTH_NESTING : 0); \
	fs_hold_begin(__lock); \
} while (0)
#define fs_hook_unlock_irqrestore(lock, flags) do { \
	raw_spinlock_t *__lock = (lock); \
	fs_hold_end(__lock); \
	raw_spin_unlock_irqrestore(__lock, flags); \
} while (0)

/* The same with interrupts off already. */
#define fs_hook_lock(lock) do { \
	raw_spinlock_t *__lock = (lock); \
	raw_spin_lock_nested(__lock, in_nmi() ? SINGLE_DEPTH_NESTING : 0); \
	fs_hold_begin(__lock); \
} while (0)
#define fs_hook_unlock(lock) do { \
	raw_spinlock_t *__lock = (lock); \
	fs_hold_end(__lock); \
	raw_spin_unlock(__lock); \
} while (0)

/* What needs the hooks' context, in process context as well. */
#define fs_preempt_disable() do { \
	preempt_disable(); \
	fs_stretch_begin(); \
} while (0)
#define fs_preempt_enable() do { \
	fs_stretch_end(); \
	preempt_enable(); \
} while (0)

#endif
