/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Reading where a pointer may be wrong. For what is looked at once, at load.
 */
#ifndef FAULTSTAT_COMPAT_LAYOUT_H
#define FAULTSTAT_COMPAT_LAYOUT_H

#include <linux/types.h>
#include <linux/uaccess.h>

/* 0, or an error where nothing is mapped. */
static inline long compat_peek(void *to, const void *from, size_t size)
{
#ifdef FS_HAVE_COPY_FROM_KERNEL_NOFAULT
	return copy_from_kernel_nofault(to, from, size);
#else
	return probe_kernel_read(to, from, size);
#endif
}

#endif
