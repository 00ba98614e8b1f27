// SPDX-License-Identifier: GPL-2.0
/* kvzalloc(): since 4.12. */
#include <linux/mm.h>
#include <linux/slab.h>

void *kvzalloc_test(size_t size);
void *kvzalloc_test(size_t size)
{
	return kvzalloc(size, GFP_KERNEL);
}
