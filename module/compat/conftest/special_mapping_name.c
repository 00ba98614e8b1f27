// SPDX-License-Identifier: GPL-2.0
/* vm_operations_struct.name: what /proc/PID/maps calls a special mapping, since 3.16. */
#include <linux/mm.h>

const char *special_name(struct vm_area_struct *vma);
const char *special_name(struct vm_area_struct *vma)
{
	return vma->vm_ops->name(vma);
}
