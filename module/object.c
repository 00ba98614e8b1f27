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

/*
 * What may be read of names for one path, in words, and for each name as many more: meanwhile this
 * CPU does nothing else. It is enough for 4,095 bytes of a few names, and for 140 short ones.
 * Deeper trees are made by accident or malice: there a path loses its beginning.
 */
#define WORDS_MAX	580
#define WORDS_FOR_NAME	4
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

/**
 * fs_object_has_code - whether what is mapped executable there has names of its own for its code
 * @vma: stable mapping
 *
 * In a hook. A file, or what the kernel maps; not memory that a program has filled.
 */
bool fs_object_has_code(struct vm_area_struct *vma)
{
	return vma->vm_file || special_name(vma);
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

#define ONES	0x0101010101010101ULL

/*
 * A word at a time, none of which is across what may be the end of memory; NAME_SIZE_MAX at most.
 */
static size_t name_length(const char *name)
{
	const char *at = name - (unsigned long)name % sizeof(u64);
	u64 word = compat_read_word(at) | ((1ULL << 8 * (name - at)) - 1), nul;

	while (!(nul = (word - ONES) & ~word & ONES << 7)) {
		at += sizeof(u64);
		if (at - name >= NAME_SIZE_MAX)
			return NAME_SIZE_MAX;
		word = compat_read_word(at);
	}
	return at + __ffs64(nul) / 8 - name;
}

/* Of a few bytes mostly, for which it is faster than memcpy(). */
static void copy_words(char *to, const char *from, size_t len)
{
	size_t i;

	if (len < sizeof(u64)) {
		for (i = 0; i < len; i++)
			to[i] = from[i];
		return;
	}
	for (i = 0; i < len - sizeof(u64); i += sizeof(u64))
		memcpy(to + i, from + i, sizeof(u64));
	/* The last one may overlap with the one before. */
	memcpy(to + len - sizeof(u64), from + len - sizeof(u64), sizeof(u64));
}

/**
 * struct text - a name that is put together from its end
 * @start: where there is room from
 * @at: its first byte so far; one byte before @start where it did not fit and lost its beginning
 * @words: that may still be read for it
 */
struct text {
	char *start;
	char *at;
	int words;
};

static void prepend(struct text *text, const char *part, size_t len)
{
	if (text->at < text->start)
		return;
	if (len > (size_t)(text->at - text->start)) {
		size_t room = text->at - text->start;

		copy_words(text->start, part + len - room, room);
		text->at = text->start - 1;
		return;
	}
	text->at -= len;
	copy_words(text->at, part, len);
}

static void prepend_name(struct text *text, const struct dentry *dentry)
{
	const char *name = READ_ONCE(dentry->d_name.name);
	/* A rename may change name and length between two loads; the NUL is always there. */
	size_t len = name_length(name);

	text->words -= WORDS_FOR_NAME + len / sizeof(u64);
	prepend(text, name, len);
	if (text->at > text->start)
		*--text->at = '/';
	else
		text->at = text->start - 1;
}

static void prepend_names(struct text *text, const struct path *path)
{
	const struct dentry *dentry = path->dentry;
	const struct vfsmount *mnt = path->mnt;
	int mounts = 0;

	while (text->at >= text->start) {
		if (dentry == mnt->mnt_root) {
			const struct vfsmount *parent;

			if (!fs_mounts.known || mounts++ == MOUNTS_MAX)
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
		if (text->words <= 0) {
			prepend(text, "...", 3);
			break;
		}
		prepend_name(text, dentry);
		dentry = READ_ONCE(dentry->d_parent);
	}
}

/* Memory that never had a place in a tree: memfd, SysV, sockets, devices without a node. */
static bool is_pseudo(const struct path *path)
{
	return path->dentry->d_op && path->dentry->d_op->d_dname &&
	       (!IS_ROOT(path->dentry) || path->dentry != path->mnt->mnt_root);
}

/* Its beginning marked as left out if it did not fit; @end is behind its NUL. */
static void show_text(struct fs_object_shown *shown, struct text *text, const char *end)
{
	if (text->at < text->start) {
		text->at = text->start;
		memcpy(text->at, "...", 3);
	}
	shown->name = text->at;
	shown->length = end - 1 - text->at;
}

/* Whether the mark behind the name is ours is said, too. */
static void show_pseudo(struct fs_object_shown *shown, const struct path *path, char *scratch)
{
	struct text text = { .start = scratch, .at = scratch + NAME_SIZE_MAX };
	struct dentry *dentry = path->dentry;
	unsigned long magic = dentry->d_sb->s_magic;

	if (magic != TMPFS_MAGIC && magic != HUGETLBFS_MAGIC && !compat_dname_may_sleep(dentry)) {
		const char *name = dentry->d_op->d_dname(dentry, scratch, NAME_SIZE_MAX);

		if (!IS_ERR_OR_NULL(name)) {
			shown->name = name;
			shown->length = strlen(name);
			return;
		}
	}
	shown->deleted = true;
	prepend(&text, " (deleted)", sizeof(" (deleted)"));
	prepend_name(&text, dentry);
	show_text(shown, &text, scratch + NAME_SIZE_MAX);
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

static void show_path(struct fs_object_shown *shown, const struct path *path, char *scratch)
{
	struct text text = { .start = scratch, .words = WORDS_MAX };
	unsigned int sequence;
	unsigned long mounts;
	int tries = 0, words;

	rcu_read_lock();
	do {
		words = text.words;
		sequence = compat_rename_sequence();
		mounts = mounts_sum(path->mnt);
		smp_rmb(); /* what is read lies between two equal sequences */
		text.at = scratch + NAME_SIZE_MAX;
		shown->deleted = d_unlinked(path->dentry);
		if (shown->deleted)
			prepend(&text, " (deleted)", sizeof(" (deleted)"));
		else
			prepend(&text, "", 1);
		prepend_names(&text, path);
		smp_rmb(); /* what is read lies between two equal sequences */
	} while ((sequence & 1 || sequence != compat_rename_sequence() ||
		  mounts != mounts_sum(path->mnt)) && ++tries < RENAME_RETRIES &&
		 text.words >= words - text.words);
	rcu_read_unlock();

	if (text.at >= scratch && (!*text.at || *text.at == ' '))
		prepend(&text, "/", 1);
	show_text(shown, &text, scratch + NAME_SIZE_MAX);
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
	const struct path *path;

	shown->ino = 0;
	shown->dev = 0;
	shown->deleted = false;
	if (fs_object_is_file(key)) {
		const struct inode *inode = compat_file_inode(vma->vm_file);

		shown->ino = inode->i_ino;
		shown->dev = inode->i_sb->s_dev;
		path = compat_file_path(vma->vm_file);
		if (is_pseudo(path))
			show_pseudo(shown, path, scratch);
		else
			show_path(shown, path, scratch);
	} else {
		shown->name = region_name(key, vma, scratch);
		shown->length = strlen(shown->name);
	}
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
