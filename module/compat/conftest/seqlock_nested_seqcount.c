// SPDX-License-Identifier: GPL-2.0
/* seqlock_t holds a seqcount_spinlock_t (since 5.10), a seqcount_t before. */
#include <linux/dcache.h>
#include <linux/seqlock.h>

unsigned int nested(void);
unsigned int nested(void)
{
	return rename_lock.seqcount.seqcount.sequence;
}
