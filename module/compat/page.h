/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Reading a page of a file, in a hook. For image.c.
 */
#ifndef FAULTSTAT_COMPAT_PAGE_H
#define FAULTSTAT_COMPAT_PAGE_H

#include <linux/highmem.h>

/* kmap_local_page() is of 5.11; on x86-64 both give the address that the page always has. */
static inline const void *compat_page_map(struct page *page)
{
	return kmap_atomic(page);
}

static inline void compat_page_unmap(const void *at)
{
	kunmap_atomic((void *)at);
}

#endif
