/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Tasks, their memory and what is mapped there: the fields that the module looks at.
 */
#ifndef MODEL_TASKS_H
#define MODEL_TASKS_H

#define TASK_COMM_LEN		16
#define PID_MAX_LIMIT		4194304
#define PF_KTHREAD		0x00200000
#define VM_GROWSDOWN		0x00000100
#define FAULT_FLAG_WRITE	0x01
#define FAULT_FLAG_KILLABLE	0x10
#define FAULT_FLAG_USER		0x40
#define FAULT_FLAG_INSTRUCTION	0x100

enum pid_type { PIDTYPE_PID, PIDTYPE_TGID };

struct pid_namespace {
	int unused;
};

extern struct pid_namespace init_pid_ns;

struct pid {
	int count;
	pid_t nr;
	struct task_struct *task;
};

struct signal_struct {
	int nr_threads;
	unsigned long min_flt;
	unsigned long maj_flt;
	struct pid *tgid;
};

struct task_struct {
	unsigned int flags;
	pid_t tgid;
	struct signal_struct *signal;
	struct task_struct *group_leader;
	struct task_struct *real_parent;
	u64 start_time;
	u32 self_exec_id;
	unsigned long min_flt;
	unsigned long maj_flt;
	char comm[TASK_COMM_LEN];
};

struct super_block {
	u32 s_dev;
};

struct inode {
	u64 i_ino;
	u32 i_generation;
	struct super_block *i_sb;
	loff_t i_size;
	int object;
};

struct dentry {
	struct super_block *d_sb;
};

struct vfsmount {
	struct dentry *mnt_root;
};

struct path {
	struct vfsmount *mnt;
	struct dentry *dentry;
};

struct file {
	struct path f_path;
	struct inode *f_inode;
};

struct mm_struct {
	unsigned long start_brk, brk, start_stack;
};

struct anon_vma_name {
	int count;
	char name[80];
};

struct vm_area_struct;

struct vm_operations_struct {
	const char *(*name)(struct vm_area_struct *vma);
};

struct vm_area_struct {
	unsigned long vm_start;
	unsigned long vm_end;
	unsigned long vm_flags;
	unsigned long vm_pgoff;
	struct mm_struct *vm_mm;
	struct file *vm_file;
	const struct vm_operations_struct *vm_ops;
	struct anon_vma_name *anon_name;
	bool is_heap, is_stack;
	int object;
};

struct pt_regs {
	unsigned long di, si, dx, cx;
};

struct seqcount_in_lock {
	unsigned int sequence;
};

extern struct {
	struct {
		struct seqcount_in_lock seqcount;
	} seqcount;
} rename_lock;

#define file_inode(file)		((file)->f_inode)
#define i_size_read(inode)		__atomic_load_n(&(inode)->i_size, __ATOMIC_RELAXED)
#define vma_is_initial_heap(vma)	((vma)->is_heap)
#define vma_is_initial_stack(vma)	((vma)->is_stack)
#define thread_group_leader(task)	((task)->group_leader == (task))
#define task_tgid(task)			READ_ONCE((task)->signal->tgid)

static inline struct pid *get_pid(struct pid *pid)
{
	if (pid)
		__atomic_fetch_add(&pid->count, 1, __ATOMIC_RELAXED);
	return pid;
}

void put_pid(struct pid *pid);
struct pid *find_pid_ns(pid_t nr, struct pid_namespace *ns);
#define find_vpid(nr) find_pid_ns(nr, &init_pid_ns)

static inline pid_t pid_nr_ns(struct pid *pid, struct pid_namespace *ns)
{
	return pid ? pid->nr : 0;
}

static inline pid_t pid_nr(struct pid *pid)
{
	return pid_nr_ns(pid, NULL);
}

static inline struct task_struct *pid_task(struct pid *pid, enum pid_type type)
{
	return READ_ONCE(pid->task);
}

#endif
