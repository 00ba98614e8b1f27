// SPDX-License-Identifier: GPL-2.0
/*
 * file_user_path(), file_user_inode(): since 6.8 a file mapped through overlayfs
 * is the backing file, and /proc/PID/maps shows the overlay's path and inode.
 */
#include <linux/fs.h>

unsigned long file_user(const struct file *file);
unsigned long file_user(const struct file *file)
{
	return file_user_inode(file)->i_ino + !!file_user_path(file);
}
