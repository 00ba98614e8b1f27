// SPDX-License-Identifier: GPL-2.0
/*
 * Mounts are freed a grace period after their end, so that RCU is enough to walk
 * upwards over them: since 3.13 (48a066e72d97), and in RHEL 7.7's 3.10. Modules see
 * nothing of that but the flag it brought.
 */
#include <linux/mount.h>

int mounts_by_rcu(const struct vfsmount *mnt);
int mounts_by_rcu(const struct vfsmount *mnt)
{
	return mnt->mnt_flags & MNT_DOOMED;
}
