/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Which line of the cache a member is in. What one CPU writes often must not lie in a line that
 * others read at each fault: where a structure has both, static_assert() says that they are apart.
 */
#ifndef FAULTSTAT_CACHELINE_H
#define FAULTSTAT_CACHELINE_H

#include <linux/cache.h>
#include <linux/stddef.h>

#define FS_LINE_SIZE	64

/* Lines from the beginning of a structure that is aligned to them to a word in it. */
#define fs_line_of(type, member)	(offsetof(type, member) / FS_LINE_SIZE)

#endif
