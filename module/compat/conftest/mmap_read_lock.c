// SPDX-License-Identifier: GPL-2.0
/* 5.8: mmap_sem is mmap_lock, with functions of its own. */
#include <linux/mm.h>

void test(struct mm_struct *mm);
void test(struct mm_struct *mm)
{
	mmap_read_lock(mm);
	mmap_read_unlock(mm);
}
