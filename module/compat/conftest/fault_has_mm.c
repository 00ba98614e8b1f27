// SPDX-License-Identifier: GPL-2.0
/* handle_mm_fault(mm, vma, address, flags): up to 4.7 (not RHEL 7.7's 3.10). */
#include <linux/mm.h>

int fault_has_mm(struct mm_struct *mm, struct vm_area_struct *vma);
int fault_has_mm(struct mm_struct *mm, struct vm_area_struct *vma)
{
	return handle_mm_fault(mm, vma, 0, 0);
}
