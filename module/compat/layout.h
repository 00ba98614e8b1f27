/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Reading where a pointer may be wrong, and the lock of a process's mappings. For what is looked at
 * once, at load.
 */
#ifndef FAULTSTAT_COMPAT_LAYOUT_H
#define FAULTSTAT_COMPAT_LAYOUT_H

#include <linux/mm.h>
#include <linux/uaccess.h>
#ifdef FS_HAVE_LINUX_SCHED_SIGNAL_H
#include <linux/sched/mm.h>
#endif

/* 0, or an error where nothing is mapped. */
static inline long compat_peek(void *to, const void *from, size_t size)
{
#ifdef FS_HAVE_COPY_FROM_KERNEL_NOFAULT
	return copy_from_kernel_nofault(to, from, size);
#else
	return probe_kernel_read(to, from, size);
#endif
}

static inline void compat_mmap_read_lock(struct mm_struct *mm)
{
#ifdef FS_HAVE_MMAP_READ_LOCK
	mmap_read_lock(mm);
#else
	down_read(&mm->mmap_sem);
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
