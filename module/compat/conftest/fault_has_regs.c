// SPDX-License-Identifier: GPL-2.0
/*
 * handle_mm_fault(vma, address, flags, regs): since 5.9 the fault accounting is
 * inside, and regs is NULL where no hardware fault called it. Kernels without it
 * tell the two apart by a flag that the fault handler alone sets.
 */
#include <linux/mm.h>

vm_fault_t fault_has_regs(struct vm_area_struct *vma, struct pt_regs *regs);
vm_fault_t fault_has_regs(struct vm_area_struct *vma, struct pt_regs *regs)
{
	return handle_mm_fault(vma, 0, 0, regs);
}
