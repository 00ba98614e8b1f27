// SPDX-License-Identifier: GPL-2.0
/* anon_vma_name(): names of anonymous memory by prctl(), since 5.17. */
#include <linux/mm.h>
#include <linux/mm_inline.h>

const char *anon_name(struct vm_area_struct *vma);
const char *anon_name(struct vm_area_struct *vma)
{
	return anon_vma_name(vma) ? anon_vma_name(vma)->name : NULL;
}
