// SPDX-License-Identifier: GPL-2.0
/* follow_up(): from the root of a mount to the place it is mounted on. */
#include <linux/namei.h>
#include <linux/path.h>

int follow_up_test(struct path *path);
int follow_up_test(struct path *path)
{
	return follow_up(path);
}
