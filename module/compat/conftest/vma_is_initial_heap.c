// SPDX-License-Identifier: GPL-2.0
/* vma_is_initial_heap(), vma_is_initial_stack(): since 6.6. */
#include <linux/mm.h>

bool vma_is_initial(const struct vm_area_struct *vma);
bool vma_is_initial(const struct vm_area_struct *vma)
{
	return vma_is_initial_heap(vma) || vma_is_initial_stack(vma);
}
