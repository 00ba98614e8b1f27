/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What /proc/PID/maps of the running kernel shows for a mapping: the inode, the
 * path and the special names have all moved. For object.c alone.
 */
#ifndef FAULTSTAT_COMPAT_FILE_H
#define FAULTSTAT_COMPAT_FILE_H

#include <linux/dcache.h>
#include <linux/fs.h>
#include <linux/magic.h>
#include <linux/mm.h>
#include <linux/mount.h>
#include <linux/namei.h>
#include <linux/path.h>
#include <linux/seqlock.h>
#ifdef FS_HAVE_ANON_VMA_NAME
#include <linux/mm_inline.h>
#endif

static __always_inline const struct inode *compat_file_inode(const struct file *file)
{
#ifdef FS_HAVE_FILE_USER_PATH
	return file_user_inode(file);
#else
	return file_inode(file);
#endif
}

static inline const struct path *compat_file_path(const struct file *file)
{
#ifdef FS_HAVE_FILE_USER_PATH
	return file_user_path(file);
#else
	return &file->f_path;
#endif
}

/* Asking a file system for a name it makes up may sleep: never in a hook. */
static inline bool compat_dname_may_sleep(const struct dentry *dentry)
{
#if defined(DMA_BUF_MAGIC) && !defined(FS_HAVE_DMA_BUF_NAME_LOCK)
	if (dentry->d_sb->s_magic == DMA_BUF_MAGIC)
		return true;
#endif
	/* A dma-buf's spinlock. */
	return compat_preempt_rt();
}

static __always_inline bool compat_vma_is_heap(const struct vm_area_struct *vma)
{
#ifdef FS_HAVE_VMA_IS_INITIAL_HEAP
	return vma_is_initial_heap(vma);
#else
	return vma->vm_start <= vma->vm_mm->brk && vma->vm_end >= vma->vm_mm->start_brk;
#endif
}

static __always_inline bool compat_vma_is_stack(const struct vm_area_struct *vma)
{
#ifdef FS_HAVE_VMA_IS_INITIAL_HEAP
	return vma_is_initial_stack(vma);
#else
	return vma->vm_start <= vma->vm_mm->start_stack &&
	       vma->vm_end >= vma->vm_mm->start_stack;
#endif
}

/*
 * follow_up(), and nothing where a hook could not do the same: it walks upwards
 * under RCU alone, which older kernels do not wait for before they free a mount.
 */
static inline int compat_follow_up(struct path *path)
{
#if defined(FS_HAVE_FOLLOW_UP) && defined(FS_HAVE_MOUNTS_BY_RCU)
	return follow_up(path);
#else
	return 0;
#endif
}

/* The name that a program gave to anonymous memory, or NULL. */
static __always_inline const char *compat_vma_anon_name(struct vm_area_struct *vma)
{
#if defined(FS_HAVE_ANON_VMA_NAME) && defined(CONFIG_ANON_VMA_NAME)
	return vma->anon_name ? vma->anon_name->name : NULL;
#else
	return NULL;
#endif
}

/* The name of anonymous memory that has one. */
static __always_inline const char *compat_vma_anon_name_there(struct vm_area_struct *vma)
{
#if defined(FS_HAVE_ANON_VMA_NAME) && defined(CONFIG_ANON_VMA_NAME)
	return vma->anon_name->name;
#else
	return "";
#endif
}

/* How far into a word such names begin: struct anon_vma_name is on its own. */
#if defined(FS_HAVE_ANON_VMA_NAME) && defined(CONFIG_ANON_VMA_NAME)
#define COMPAT_ANON_NAME_IN_WORD	(offsetof(struct anon_vma_name, name) % 8)
#else
#define COMPAT_ANON_NAME_IN_WORD	0
#endif

/* A word, aligned, some bytes of which may be nobody's. */
static __always_inline u64 compat_read_word(const char *at)
{
#ifdef FS_HAVE_READ_WORD_AT_A_TIME
	return read_word_at_a_time(at);
#else
	return READ_ONCE(*(const u64 *)at);
#endif
}

/* The name of a special mapping such as [vvar], or NULL. */
static inline const char *compat_vma_special_name(struct vm_area_struct *vma)
{
#ifdef FS_HAVE_SPECIAL_MAPPING_NAME
	if (vma->vm_ops && vma->vm_ops->name)
		return vma->vm_ops->name(vma);
#endif
	return NULL;
}

/*
 * rename_lock's sequence, odd while a rename is under way. Read bare: the seqlock
 * API may wait for the writer, and on PREEMPT_RT sleep, which no hook may.
 */
static inline unsigned int compat_rename_sequence(void)
{
#ifdef FS_HAVE_SEQLOCK_NESTED_SEQCOUNT
	return READ_ONCE(rename_lock.seqcount.seqcount.sequence);
#else
	return READ_ONCE(rename_lock.seqcount.sequence);
#endif
}

#endif
