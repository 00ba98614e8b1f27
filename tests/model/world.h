/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The world that the module counts in: tasks that are born, call, exec, and end as the kernel
 * has them do it, at random; and the simple model: what each process should have been counted
 * for.
 */
#ifndef MODEL_WORLD_H
#define MODEL_WORLD_H

#include <linux/sched.h>

#define WORLD_DEVICE_SHM	7
#define WORLD_DEVICE_HANDLES	8
#define WORLD_COMMS		12
/* Objects whose rows are compared one by one; there may be more. */
#define WORLD_OBJECTS		32
#define WORLD_TASKS_MAX		512
#define WORLD_RUNNERS_MAX	16
/* With more rows in use births wait, where nothing is to be refused. */
#define WORLD_ROWS_GENTLE	3000

/* What a process is counted for. A missed count is not in the two before it. */
enum world_count {
	WORLD_CALLS,
	WORLD_MINOR,
	WORLD_MAJOR,
	WORLD_UNCOUNTED,
	WORLD_MISSED_MINOR,
	WORLD_MISSED_MAJOR,
	WORLD_COUNTS
};

/**
 * struct world_object - something that is mapped
 * @name: as it is to be shown
 * @same: the object whose row it shares: itself, or the first of shared memory
 * @vma: all processes' mapping of it
 */
struct world_object {
	const char *name;
	int same;
	struct vm_area_struct *vma;
};

extern struct world_object world_objects[];
extern int world_object_count;

void world_objects_make(void);
void world_objects_free(void);

/**
 * struct world_gen - a process: a thread group between two execs
 * @next: of all there are
 * @nr: its pid
 * @comm: its leader's name now, or when it ended
 * @ended: whether it has
 * @n: its counts
 * @by_object: the same by object; the last place is for what was missed
 * @was: what they all were at the reset that the next comparison is to begin from
 * @was_by_object: likewise
 */
struct world_gen {
	struct world_gen *next;
	pid_t nr;
	char comm[TASK_COMM_LEN];
	bool ended;
	u64 n[WORLD_COUNTS];
	u64 by_object[WORLD_OBJECTS + 1][WORLD_COUNTS];
	u64 was[WORLD_COUNTS];
	u64 was_by_object[WORLD_OBJECTS + 1][WORLD_COUNTS];
};

/**
 * struct world_options - what kind of world
 * @tasks: about how many there are
 * @objects: how many of world_objects are touched
 * @unexplained: one in how many steps the kernel counts what no call explains; 0: never
 * @old: whether there are tasks that are older than the module
 * @gentle: whether births wait where rows are few
 */
struct world_options {
	unsigned int tasks;
	unsigned int objects;
	unsigned int unexplained;
	bool old;
	bool gentle;
};

/**
 * struct world_runner - what a thread that runs tasks has done; written by it alone
 * @begun: calls that may have been counted
 * @done: calls that must have been counted
 * @kernel_minor: counts that the kernel has, or is about to have
 * @kernel_major: likewise
 * @settled_minor: of those the ones that a later call of the task has settled
 * @settled_major: likewise
 */
struct world_runner {
	u64 begun;
	u64 done;
	u64 kernel_minor;
	u64 kernel_major;
	u64 settled_minor;
	u64 settled_major;
} ____cacheline_aligned;

/* Whether the hooks call the module. */
extern bool world_hooked;

void world_start(const struct world_options *options);
void world_step(struct world_runner *runner);
void world_end_all(struct world_runner *runner);
void world_sum(struct world_runner *sum);
struct world_runner *world_runner(int number);

/*
 * The reaper's thread: frees, a grace period later, what has ended. Returns whether there was
 * anything.
 */
bool world_reap(void);
int world_tasks_peak(void);
int world_tasks_now(void);

/* At rest. */
struct world_gen *world_gens(void);
void world_settle_open(void (*fn)(struct world_gen *gen, int object, enum world_count what, u64 n));
pid_t world_any_pid(void);
void world_finish(void);

#endif
