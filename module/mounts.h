/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Where mounts hang, so that names of files can begin at the root of the mount namespace.
 */
#ifndef FAULTSTAT_MOUNTS_H
#define FAULTSTAT_MOUNTS_H

#include <linux/compiler.h>
#include <linux/mount.h>
#include <linux/types.h>

struct dentry;

/**
 * struct fs_mounts - where in a struct mount things are
 * @known: whether what follows was found
 * @parent: of the pointer to the parent's struct mount, from the struct vfsmount
 * @mountpoint: of the pointer to the dentry that it hangs at, likewise
 * @vfsmount: of the struct vfsmount, from the beginning
 */
struct fs_mounts {
	bool known;
	int parent;
	int mountpoint;
	int vfsmount;
};

extern struct fs_mounts fs_mounts;

/**
 * fs_mount_parent - the mount that a mount hangs in, itself at the root of a namespace
 * @mnt: any, fs_mounts being known
 *
 * Under RCU.
 */
static inline const struct vfsmount *fs_mount_parent(const struct vfsmount *mnt)
{
	return READ_ONCE(*(void **)((char *)mnt + fs_mounts.parent)) + fs_mounts.vfsmount;
}

/**
 * fs_mount_mountpoint - where it hangs
 * @mnt: any, fs_mounts being known
 *
 * Under RCU.
 */
static inline const struct dentry *fs_mount_mountpoint(const struct vfsmount *mnt)
{
	return READ_ONCE(*(const struct dentry **)((char *)mnt + fs_mounts.mountpoint));
}

int fs_mounts_find(void);

#endif
