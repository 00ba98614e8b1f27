/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The lock of a process's mappings, in process context. For code.c and layout.c.
 */
#ifndef FAULTSTAT_COMPAT_MAPPINGS_H
#define FAULTSTAT_COMPAT_MAPPINGS_H

#include <linux/mm.h>
#ifdef FS_HAVE_LINUX_SCHED_SIGNAL_H
#include <linux/sched/mm.h>
#endif

static inline void compat_mmap_read_lock(struct mm_struct *mm)
{
#ifdef FS_HAVE_MMAP_READ_LOCK
	mmap_read_lock(mm);
#else
	down_read(&mm->mmap_sem);
#endif
}

static inline bool compat_mmap_read_trylock(struct mm_struct *mm)
{
#ifdef FS_HAVE_MMAP_READ_LOCK
	return mmap_read_trylock(mm);
#else
	return down_read_trylock(&mm->mmap_sem);
#endif
}

static inline void compat_mmap_read_unlock(struct mm_struct *mm)
{
#ifdef FS_HAVE_MMAP_READ_LOCK
	mmap_read_unlock(mm);
#else
	up_read(&mm->mmap_sem);
#endif
}

#endif
