// SPDX-License-Identifier: GPL-2.0
/* struct proc_ops in place of file_operations in /proc: since 5.6. */
#include <linux/proc_fs.h>

struct proc_dir_entry *proc_ops_test(const struct proc_ops *ops);
struct proc_dir_entry *proc_ops_test(const struct proc_ops *ops)
{
	return proc_create_data("x", 0444, NULL, ops, ops->proc_read);
}
