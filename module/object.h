/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Objects: what was mapped at the address of a fault, as /proc/PID/maps would call
 * it. The key tells objects apart and is made at every call; the name is made once,
 * when a row is new.
 */
#ifndef FAULTSTAT_OBJECT_H
#define FAULTSTAT_OBJECT_H

#include <linux/bitops.h>
#include <linux/string.h>
#include <linux/types.h>
#include "compat/file.h"

/**
 * struct fs_object_key - which object; never a pointer, which could be reused
 * @ino: inode number; or enum fs_region; or a hash of the region's name
 * @dev: device (upper half) and generation (lower half) of the file; or
 *	 OBJECT_REGION; or OBJECT_NAMED for a region that is not in enum fs_region
 */
struct fs_object_key {
	u64 ino;
	u64 dev;
};

/**
 * struct fs_object_shown - how an object is shown, made once for each row
 * @name: what /proc/PID/maps calls it
 * @length: of @name
 * @ino: the inode there; 0 for a region. On overlayfs that is not always the inode
 *	 of the key, which is of the file underneath, where generations are kept
 * @dev: its device
 * @deleted: the name it was opened by is gone, or it never had one; @name says so behind it
 */
struct fs_object_shown {
	const char *name;
	size_t length;
	u64 ino;
	u32 dev;
	bool deleted;
};

/*
 * In @dev, of a file that has its identity from its file handle: @ino is a hash of that.
 * No device number has the bit, so fs_object_key_plain() never makes such a key, and
 * the fast path never finds the row by itself.
 */
#define OBJECT_BY_HANDLE	0x4000000000000000ULL

#define OBJECT_REGION	(~0ULL)
#define OBJECT_NAMED	(~1ULL)

/*
 * In the key of a task's state, whose row counts by region, or by stack: fs_object_key_plain()
 * never makes such a key, so the fast path, which knows nothing of either, is left.
 */
#define OBJECT_HEATED	(~2ULL)
#define OBJECT_STACKED	(~3ULL)

enum fs_region {
	REGION_ANON,
	REGION_HEAP,
	REGION_STACK,
	REGION_VDSO,
	REGION_SHM,
	REGION_HUGETLB,
	/* Rows that are not objects. */
	REGION_MISSED,
	REGION_OTHER,
	REGION_OVERFLOW,
	REGION_UNSELECTED,
	REGION_HIDDEN,
	REGIONS
};

extern const struct fs_object_key fs_object_other;
extern u64 fs_object_secret;

static __always_inline bool fs_object_key_equal(struct fs_object_key a, struct fs_object_key b)
{
	return a.ino == b.ino && a.dev == b.dev;
}

static inline bool fs_object_is_file(const struct fs_object_key *key)
{
	return key->dev < OBJECT_NAMED;
}

static inline bool fs_object_is_by_handle(const struct fs_object_key *key)
{
	return fs_object_is_file(key) && key->dev & OBJECT_BY_HANDLE;
}

static __always_inline u64 fs_word_at(const char *text)
{
	u64 word;

	memcpy(&word, text, sizeof(word));
	return word;
}

/* What is before NAME in [anon:NAME]. */
#define ANON_SHOWN_BEFORE	6

/**
 * fs_anon_name_is_shown - whether anonymous memory with that name is what is shown so
 * @shown: "[anon:NAME]"; a word more can be read behind it (name.c)
 * @vma: stable mapping, without a file, with a name, in which the kernel allows no ']'
 *
 * In a hook, at every call: a word at a time, up to the first byte that differs.
 */
static __always_inline bool fs_anon_name_is_shown(const char *shown, struct vm_area_struct *vma)
{
	const char *at = compat_vma_anon_name_there(vma) - COMPAT_ANON_NAME_IN_WORD;
	u64 word, differ;
	int bit;

	shown += ANON_SHOWN_BEFORE - COMPAT_ANON_NAME_IN_WORD;
	word = fs_word_at(shown);
	differ = (compat_read_word(at) ^ word) >> 8 * COMPAT_ANON_NAME_IN_WORD <<
		 8 * COMPAT_ANON_NAME_IN_WORD;
	while (!differ) {
		at += 8;
		shown += 8;
		word = fs_word_at(shown);
		differ = compat_read_word(at) ^ word;
	}
	/* The NUL of the one at the end of the other. */
	bit = __ffs64(differ) & ~7;
	return (u8)(differ >> bit) == ']' && (u8)(word >> bit) == ']';
}

/*
 * Of a name that the kernel keeps for anonymous memory, which is of printable ASCII: so the lowest
 * upper bit that is set in a word, when one was taken from each of its bytes, is that of the NUL.
 */
static __always_inline u64 fs_anon_name_hash(const char *name)
{
	const unsigned int before = 8 * COMPAT_ANON_NAME_IN_WORD;
	const char *at = name - COMPAT_ANON_NAME_IN_WORD;
	u64 word = compat_read_word(at), hash = 0, nul;

	/* What is before the name in its first word is anything: here some text. */
	if (before)
		word = word >> before << before | (0x0101010101010101ULL & ((1ULL << before) - 1));
	while (!(nul = (word - 0x0101010101010101ULL) & 0x8080808080808080ULL)) {
		hash = (hash ^ word) * fs_object_secret;
		/*
		 * Else a bit that differs at the top of one word could be made up for in the next.
		 */
		hash ^= hash >> 32;
		at += 8;
		word = compat_read_word(at);
	}
	return (hash ^ (word & (nul ^ (nul - 1)) >> 8)) * fs_object_secret;
}

/**
 * fs_object_key_anon - the key of anonymous memory that has a name
 * @vma: stable mapping, without a file and vm_ops, with a name
 *
 * In a hook.
 */
static __always_inline struct fs_object_key fs_object_key_anon(struct vm_area_struct *vma)
{
	struct fs_object_key key = { .ino = REGION_HEAP, .dev = OBJECT_REGION };

	if (compat_vma_is_heap(vma))
		return key;
	key.ino = REGION_STACK;
	if (compat_vma_is_stack(vma))
		return key;
	key.ino = fs_anon_name_hash(compat_vma_anon_name(vma));
	key.dev = OBJECT_NAMED;
	return key;
}

struct fs_object_key fs_object_key_special(struct vm_area_struct *vma);

/**
 * fs_object_key_is_plain - whether fs_object_key_plain() can tell what @vma maps
 * @vma: stable mapping
 *
 * In the hooks, at every call. True for files and plain anonymous memory.
 */
static __always_inline bool fs_object_key_is_plain(struct vm_area_struct *vma)
{
	return vma->vm_file || (!vma->vm_ops && !compat_vma_anon_name(vma));
}

/**
 * fs_object_key_plain - the identity of what @vma maps
 * @vma: stable mapping, plain
 *
 * In the hooks, at every call: a few loads and no function. Two keys that differ may
 * still be one object (shared anonymous memory, which has an inode per mapping), and
 * two files may have one key (subvolumes of btrfs); fs_object_canonical() knows.
 */
static __always_inline struct fs_object_key fs_object_key_plain(struct vm_area_struct *vma)
{
	const struct file *file = vma->vm_file;
	struct fs_object_key key;

	if (file) {
		const struct inode *inode = file_inode(file);

		key.ino = inode->i_ino;
		key.dev = (u64)inode->i_sb->s_dev << 32 | inode->i_generation;
		return key;
	}
	key.ino = REGION_ANON;
	key.dev = OBJECT_REGION;
	if (compat_vma_is_heap(vma))
		key.ino = REGION_HEAP;
	else if (compat_vma_is_stack(vma))
		key.ino = REGION_STACK;
	else if (unlikely(!vma->vm_mm->start_stack && vma->vm_flags & VM_GROWSDOWN))
		/* The stack of a program that exec is still making. */
		key.ino = REGION_STACK;
	return key;
}

bool fs_object_has_code(struct vm_area_struct *vma);
const char *fs_object_region_name(enum fs_region region);
void fs_object_show_region(struct fs_object_shown *shown, enum fs_region region);
void fs_object_canonical(struct fs_object_key *key, struct vm_area_struct *vma);
void fs_object_show(struct fs_object_shown *shown, const struct fs_object_key *key,
		    struct vm_area_struct *vma, char *scratch);
void fs_object_init(void);

#endif
