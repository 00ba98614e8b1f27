// SPDX-License-Identifier: GPL-2.0
/*
 * Names of objects. Called by account.c in a hook, with preemption off and the
 * mapping stable, once for each new row: no lock, no allocation, no reference, and
 * nothing of current but what any task has.
 *
 * A path is read upwards from its last name, under RCU, over every mount to the
 * root of the mount namespace; where it is not known how mounts hang (mounts.h), to the
 * root of the file system.
 */
#include <linux/dcache.h>
#include <linux/err.h>
#include <linux/exportfs.h>
#include <linux/fs.h>
#include <linux/hash.h>
#include <linux/magic.h>
#include <linux/mm.h>
#include <linux/mount.h>
#include <linux/random.h>
#include <linux/rcupdate.h>
#include <linux/string.h>
#include "mounts.h"
#include "object.h"
#include "pool.h"
#include "uapi/faultstat.h"

static const char * const region_names[REGIONS] = {
	[REGION_ANON]		= FAULTSTAT_OBJECT_ANON,
	[REGION_HEAP]		= FAULTSTAT_OBJECT_HEAP,
	[REGION_STACK]		= FAULTSTAT_OBJECT_STACK,
	[REGION_VDSO]		= FAULTSTAT_OBJECT_VDSO,
	[REGION_SHM]		= FAULTSTAT_OBJECT_SHM,
	[REGION_HUGETLB]	= FAULTSTAT_OBJECT_HUGETLB,
	[REGION_MISSED]		= FAULTSTAT_OBJECT_MISSED,
	[REGION_OTHER]		= FAULTSTAT_OBJECT_OTHER,
	[REGION_OVERFLOW]	= FAULTSTAT_OBJECT_OVERFLOW,
	[REGION_UNSELECTED]	= FAULTSTAT_OBJECT_UNSELECTED,
	[REGION_HIDDEN]		= FAULTSTAT_OBJECT_HIDDEN,
};

u64 fs_object_secret __read_mostly;

const struct fs_object_key fs_object_other = { .ino = REGION_OTHER, .dev = OBJECT_REGION };

/* A path is broken off here: deeper trees are made by accident or malice. */
#define NAMES_MAX	2048
#define MOUNTS_MAX	64
#define RENAME_RETRIES	8

/**
 * fs_object_region_name - how a region is written
 * @region: which
 *
 * Any context.
 */
const char *fs_object_region_name(enum fs_region region)
{
	return region_names[region];
}

/**
 * fs_object_show_region - how a region is shown
 * @shown: result
 * @region: which
 *
 * Any context.
 */
void fs_object_show_region(struct fs_object_shown *shown, enum fs_region region)
{
	shown->name = region_names[region];
	shown->length = strlen(shown->name);
	shown->ino = 0;
	shown->dev = 0;
	shown->deleted = false;
}

static const char *special_name(struct vm_area_struct *vma)
{
	const char *name = compat_vma_special_name(vma);

	if (!name && vma->vm_start == (unsigned long)vma->vm_mm->context.vdso)
		name = FAULTSTAT_OBJECT_VDSO;
	return name;
}

/* 64 bits of FNV-1a: names of one process's regions will not meet by chance. */
static u64 name_hash(const char *name)
{
	u64 hash = 0xcbf29ce484222325ULL;

	for (; *name; name++)
		hash = (hash ^ (unsigned char)*name) * 0x100000001b3ULL;
	return hash;
}

/**
 * fs_object_key_special - the key of a mapping that fs_object_key_plain() does not know
 * @vma: stable mapping, without a file, with vm_ops or with a name of its own
 *
 * In a hook.
 */
struct fs_object_key fs_object_key_special(struct vm_area_struct *vma)
{
	struct fs_object_key key = { .ino = REGION_ANON, .dev = OBJECT_REGION };
	const char *name = special_name(vma);

	if (name && !strcmp(name, FAULTSTAT_OBJECT_VDSO)) {
		key.ino = REGION_VDSO;
		return key;
	}
	if (!name && compat_vma_anon_name(vma))
		return fs_object_key_anon(vma);
	if (!name && compat_vma_is_heap(vma))
		key.ino = REGION_HEAP;
	else if (!name && compat_vma_is_stack(vma))
		key.ino = REGION_STACK;
	if (name) {
		key.ino = name_hash(name);
		key.dev = OBJECT_NAMED;
	}
	return key;
}

/*
 * Text is put together from its end: @at is its first byte so far. What does not
 * fit is cut off at its beginning, and the result is one byte before @start.
 */
static char *prepend(char *start, char *at, const char *text, size_t len)
{
	if (at < start)
		return at;
	if (len > (size_t)(at - start)) {
		size_t room = at - start;

		memcpy(start, text + len - room, room);
		return start - 1;
	}
	at -= len;
	memcpy(at, text, len);
	return at;
}

static char *prepend_name(char *start, char *at, const struct dentry *dentry)
{
	const char *name = READ_ONCE(dentry->d_name.name);

	/* A rename may change name and length between two loads; the NUL is always there. */
	at = prepend(start, at, name, strnlen(name, NAME_SIZE_MAX));
	return prepend(start, at, "/", 1);
}

static char *prepend_names(char *start, char *at, const struct path *path)
{
	const struct dentry *dentry = path->dentry;
	const struct vfsmount *mnt = path->mnt;
	int i;

	for (i = 0; i < NAMES_MAX && at >= start; i++) {
		if (dentry == mnt->mnt_root) {
			const struct vfsmount *parent;

			if (!fs_mounts.known)
				break;
			parent = fs_mount_parent(mnt);
			if (parent == mnt)
				break;
			dentry = fs_mount_mountpoint(mnt);
			mnt = parent;
			continue;
		}
		/* Out of reach of its mount: as far as it goes. */
		if (IS_ROOT(dentry))
			break;
		at = prepend_name(start, at, dentry);
		dentry = READ_ONCE(dentry->d_parent);
	}
	return at;
}

/* Memory that never had a place in a tree: memfd, SysV, sockets, devices without a node. */
static bool is_pseudo(const struct path *path)
{
	return path->dentry->d_op && path->dentry->d_op->d_dname &&
	       (!IS_ROOT(path->dentry) || path->dentry != path->mnt->mnt_root);
}

/* @deleted says whether the mark behind the name is ours. */
static const char *pseudo_name(const struct path *path, char *scratch, bool *deleted)
{
	struct dentry *dentry = path->dentry;
	unsigned long magic = dentry->d_sb->s_magic;
	char *end = scratch + NAME_SIZE_MAX, *at;

	if (magic != TMPFS_MAGIC && magic != HUGETLBFS_MAGIC && !compat_dname_may_sleep(dentry)) {
		const char *name = dentry->d_op->d_dname(dentry, scratch, NAME_SIZE_MAX);

		if (!IS_ERR_OR_NULL(name))
			return name;
	}
	*deleted = true;
	at = prepend(scratch, end, " (deleted)", sizeof(" (deleted)"));
	return prepend_name(scratch, at, dentry);
}

/* Changes if a mount on the way to the root is moved or taken away. */
static unsigned long mounts_sum(const struct vfsmount *mnt)
{
	unsigned long sum = 0;
	int i;

	for (i = 0; i < MOUNTS_MAX && fs_mounts.known; i++) {
		const struct vfsmount *parent = fs_mount_parent(mnt);

		if (parent == mnt)
			break;
		sum = sum * 31 + (unsigned long)parent + (unsigned long)fs_mount_mountpoint(mnt);
		mnt = parent;
	}
	return sum;
}

static const char *file_name(const struct path *path, char *scratch, bool *deleted)
{
	char *end = scratch + NAME_SIZE_MAX, *at;
	unsigned int sequence;
	unsigned long mounts;
	int tries = 0;

	if (is_pseudo(path))
		return pseudo_name(path, scratch, deleted);

	rcu_read_lock();
	do {
		sequence = compat_rename_sequence();
		mounts = mounts_sum(path->mnt);
		smp_rmb(); /* what is read lies between two equal sequences */
		*deleted = d_unlinked(path->dentry);
		if (*deleted)
			at = prepend(scratch, end, " (deleted)", sizeof(" (deleted)"));
		else
			at = prepend(scratch, end, "", 1);
		at = prepend_names(scratch, at, path);
		smp_rmb(); /* what is read lies between two equal sequences */
	} while ((sequence & 1 || sequence != compat_rename_sequence() ||
		  mounts != mounts_sum(path->mnt)) && ++tries < RENAME_RETRIES);
	rcu_read_unlock();

	if (at < scratch) {
		/* Too long: what fits, its beginning marked as left out. */
		memcpy(scratch, "...", 3);
		return scratch;
	}
	if (!*at || *at == ' ')
		at = prepend(scratch, at, "/", 1);
	return at;
}

/*
 * The kernel's own names for anonymous memory that has an inode. Such a dentry is
 * its own root and never renamed; no file that one can open is both.
 */
static bool is_internal(const struct path *path, unsigned long magic, const char *name)
{
	return path->dentry->d_sb->s_magic == magic && IS_ROOT(path->dentry) &&
	       !strcmp(path->dentry->d_name.name, name);
}

/* A handle of NFS has 37 words, and one of btrfs has 5. */
#define HANDLE_WORDS	40

/*
 * Copies of a file in btrfs's subvolumes share device, inode number and generation; NFS
 * has no generations, and a server may use a file id again. Both have file handles that
 * tell such files apart, and make them without a lock, an allocation or a request.
 */
static void key_by_handle(struct fs_object_key *key, struct inode *inode)
{
	const struct super_block *sb = inode->i_sb;
	u32 handle[HANDLE_WORDS] = { 0 };
	u64 hash = 0xcbf29ce484222325ULL;
	int words = HANDLE_WORDS, type, i;

	if (sb->s_magic != BTRFS_SUPER_MAGIC && sb->s_magic != NFS_SUPER_MAGIC)
		return;
	if (!sb->s_export_op || !sb->s_export_op->encode_fh)
		return;
	type = sb->s_export_op->encode_fh(inode, handle, &words, NULL);
	if (type <= 0 || type == FILEID_INVALID || words > HANDLE_WORDS)
		return;
	for (i = 0; i < words; i++)
		hash = (hash ^ handle[i]) * 0x100000001b3ULL;
	key->ino = hash;
	key->dev |= OBJECT_BY_HANDLE;
}

/**
 * fs_object_canonical - the one key of an object that fs_object_key_plain() has several
 *	for, or shares with another one
 * @key: as fs_object_key_plain() made it; changed where need be
 * @vma: the same stable mapping
 *
 * In a hook.
 */
void fs_object_canonical(struct fs_object_key *key, struct vm_area_struct *vma)
{
	const struct path *path;

	if (!fs_object_is_file(key))
		return;
	path = compat_file_path(vma->vm_file);
	if (is_internal(path, TMPFS_MAGIC, "dev/zero")) {
		key->ino = REGION_SHM;
		key->dev = OBJECT_REGION;
	} else if (is_internal(path, HUGETLBFS_MAGIC, "anon_hugepage")) {
		key->ino = REGION_HUGETLB;
		key->dev = OBJECT_REGION;
	} else {
		key_by_handle(key, file_inode(vma->vm_file));
	}
}

static const char *region_name(const struct fs_object_key *key, struct vm_area_struct *vma,
			       char *scratch)
{
	const char *name;

	if (key->dev == OBJECT_REGION)
		return region_names[key->ino];

	name = special_name(vma);
	if (name)
		return name;
	name = compat_vma_anon_name(vma);
	snprintf(scratch, NAME_SIZE_MAX, "[anon:%s]", name ? name : "");
	return scratch;
}

/**
 * fs_object_show - how an object is shown
 * @shown: result; its name is in @scratch or constant, and at most NAME_SIZE_MAX bytes
 *	long with its NUL
 * @key: canonical
 * @vma: the same stable mapping
 * @scratch: NAME_SIZE_MAX bytes to build a name in
 *
 * In a hook.
 */
void fs_object_show(struct fs_object_shown *shown, const struct fs_object_key *key,
		    struct vm_area_struct *vma, char *scratch)
{
	shown->ino = 0;
	shown->dev = 0;
	shown->deleted = false;
	if (fs_object_is_file(key)) {
		const struct inode *inode = compat_file_inode(vma->vm_file);

		shown->ino = inode->i_ino;
		shown->dev = inode->i_sb->s_dev;
		shown->name = file_name(compat_file_path(vma->vm_file), scratch, &shown->deleted);
	} else {
		shown->name = region_name(key, vma, scratch);
	}
	shown->length = strlen(shown->name);
}

/**
 * fs_object_init - before any key is made
 *
 * Process context.
 */
void fs_object_init(void)
{
	get_random_bytes(&fs_object_secret, sizeof(fs_object_secret));
	fs_object_secret |= 1;
}
