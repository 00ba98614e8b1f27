// SPDX-License-Identifier: GPL-2.0
/*
 * Refuses to load where the headers that this was built with are those of another configuration of
 * the kernel that runs: their structures differ, and counts read at wrong offsets would be wrong.
 * CONFIG_MODVERSIONS makes the kernel notice; many kernels are built without, or told not to look.
 *
 * What the kernel's own code says of the process that loads, and of a mapping made for the purpose,
 * is compared with what is read here. What cannot be had is not compared. Nothing is locked or
 * followed before what leads there has been found right, and pointers are followed with care.
 * Called once, before anything else; sleeps.
 */
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/init.h>
#include <linux/ktime.h>
#include <linux/limits.h>
#include <linux/magic.h>
#include <linux/mman.h>
#include <linux/mount.h>
#include <linux/pid.h>
#include <linux/pid_namespace.h>
#include <linux/threads.h>
#include "compat/layout.h"
#include "compat/mappings.h"
#include "layout.h"

/* Each is a try to see a fault counted. */
#define PAGES		3
#define MAPPING_SIZE	(PAGES * PAGE_SIZE)

/* Of a process with many threads, others may map at the same moment. */
#define MAP_TRIES	16

#define peek(to, from) ({ \
	typeof(to) __to = (to); \
	!compat_peek(__to, from, sizeof(*__to)); \
})

static bool __init task_is_right(const struct mm_struct *mm)
{
	const struct task_struct *task = current, *leader;
	int nr_threads;

	if (task->pid != task_pid_nr_ns(current, &init_pid_ns) ||
	    task->tgid != task_tgid_nr_ns(current, &init_pid_ns))
		return false;
	rcu_read_lock();
	leader = pid_task(find_pid_ns(task->tgid, &init_pid_ns), PIDTYPE_PID);
	rcu_read_unlock();
	return task->mm == mm && task->group_leader == leader && !(task->flags & PF_KTHREAD) &&
	       !task->comm[TASK_COMM_LEN - 1] &&
	       compat_task_start_ns(task) <= compat_task_clock_ns() &&
	       peek(&nr_threads, &task->signal->nr_threads) && nr_threads > 0 &&
	       nr_threads <= PID_MAX_LIMIT;
}

/* Whether a touch of a page that is not there counts as one minor fault of this task. */
static bool __init faults_are_right(unsigned long mapping)
{
	const struct task_struct *task = current;
	unsigned long i, minor, major, absent;
	bool right = true;
	char c;

	for (i = 0; i < PAGES; i++) {
		const char __user *at = (const char __user *)(mapping + i * PAGE_SIZE);

		pagefault_disable();
		absent = __copy_from_user_inatomic(&c, at, sizeof(c));
		pagefault_enable();
		minor = READ_ONCE(task->min_flt);
		major = READ_ONCE(task->maj_flt);
		/* It is there already if memory is locked, or pages are huge. */
		if (!absent || get_user(c, at))
			continue;
		right = READ_ONCE(task->min_flt) == minor + 1 && READ_ONCE(task->maj_flt) == major;
		if (right)
			break;
	}
	return right;
}

/* Leaves a mapping, or 0 if none can be had. */
static bool __init mm_is_right(const struct mm_struct *mm, unsigned long *mapping)
{
	unsigned long total_vm;
	int tries, map_count;

	for (tries = 0; tries < MAP_TRIES; tries++) {
		map_count = READ_ONCE(mm->map_count);
		total_vm = READ_ONCE(mm->total_vm);
		*mapping = vm_mmap(NULL, 0, MAPPING_SIZE, PROT_READ, MAP_SHARED | MAP_ANONYMOUS, 0);
		if (IS_ERR_VALUE(*mapping))
			break;
		if (READ_ONCE(mm->map_count) == map_count + 1 &&
		    READ_ONCE(mm->total_vm) == total_vm + PAGES)
			return true;
		vm_munmap(*mapping, MAPPING_SIZE);
	}
	*mapping = 0;
	/* Other threads that map all the time may hide what we did: only one alone is sure. */
	return tries < MAP_TRIES || READ_ONCE(current->signal->nr_threads) > 1;
}

static bool __init vma_is_right(const struct vm_area_struct *vma, const struct mm_struct *mm,
				unsigned long mapping)
{
	return vma && vma->vm_start == mapping && vma->vm_end == mapping + MAPPING_SIZE &&
	       vma->vm_mm == mm && !vma->vm_pgoff &&
	       (vma->vm_flags & (VM_READ | VM_WRITE | VM_SHARED)) == (VM_READ | VM_SHARED);
}

/* Of the file that the kernel has put behind the mapping. */
static bool __init file_is_right(const struct file *file)
{
	const struct super_block *sb, *sb_of_dentry, *sb_of_mount;
	const struct inode *inode, *inode_of_dentry;
	const struct address_space *i_mapping;
	const struct list_head *devices;
	const struct dentry *dentry;
	const struct vfsmount *mnt;
	unsigned long magic;
	struct qstr name;
	loff_t size;
	char end;

	if (!peek(&inode, &file->f_inode) || !peek(&size, &inode->i_size) ||
	    !peek(&i_mapping, &inode->i_mapping) || !peek(&devices, &inode->i_devices.next) ||
	    !peek(&sb, &inode->i_sb) || !peek(&magic, &sb->s_magic))
		return false;
	/* The last two are pointers into the inode itself; its generation is beside them. */
	if (size != MAPPING_SIZE || (magic != TMPFS_MAGIC && magic != RAMFS_MAGIC) ||
	    i_mapping != &inode->i_data || devices != &inode->i_devices)
		return false;
	return peek(&dentry, &file->f_path.dentry) && peek(&mnt, &file->f_path.mnt) &&
	       peek(&inode_of_dentry, &dentry->d_inode) && inode_of_dentry == inode &&
	       peek(&sb_of_dentry, &dentry->d_sb) && sb_of_dentry == sb &&
	       peek(&sb_of_mount, &mnt->mnt_sb) && sb_of_mount == sb &&
	       peek(&name, &dentry->d_name) && name.len && name.len <= NAME_MAX &&
	       peek(&end, name.name + name.len) && !end;
}

/* Names what differs, or returns NULL. */
static const char *__init mapping_differs(struct mm_struct *mm, unsigned long mapping)
{
	const struct vm_area_struct *vma;
	const char *differs = NULL;

	compat_mmap_read_lock(mm);
	vma = find_vma(mm, mapping);
	if (!vma_is_right(vma, mm, mapping))
		differs = "vm_area_struct";
	else if (!file_is_right(vma->vm_file))
		differs = "file, inode or dentry";
	compat_mmap_read_unlock(mm);
	return differs;
}

/**
 * fs_layout_check() - compare the structures of the headers with those of the kernel that runs.
 *
 * Context: the process that loads. Sleeps, and makes a mapping in it for the while.
 * Return: 0, or -ENOEXEC after a line in the log.
 */
int __init fs_layout_check(void)
{
	struct mm_struct *mm = get_task_mm(current);
	const char *differs = NULL;
	unsigned long mapping = 0;

	if (!mm)
		return 0;
	if (!task_is_right(mm))
		differs = "task_struct";
	else if (!mm_is_right(mm, &mapping))
		differs = "mm_struct";
	else if (mapping && !faults_are_right(mapping))
		differs = "task_struct";
	else if (mapping)
		differs = mapping_differs(mm, mapping);
	if (mapping)
		vm_munmap(mapping, MAPPING_SIZE);
	mmput(mm);
	if (!differs)
		return 0;
	pr_err("built for another configuration of this kernel (struct %s differs): rebuild with its own headers\n",
	       differs);
	return -ENOEXEC;
}
