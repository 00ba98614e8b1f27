// SPDX-License-Identifier: GPL-2.0
/*
 * Tasks and their lives. A task is in a slot, and whoever runs it has the slot to himself: so
 * it may go from one CPU to another, but is on one at a time. Births, execs and ends are under
 * one lock, as the kernel's tasklist_lock; what the module hears of them it hears without it.
 */
#include "account.h"
#include "pool.h"
#include "settings.h"
#include "world.h"

#define NRS_MAX		1048576
#define OBJECT_MISSED	WORLD_OBJECTS

struct pid_namespace init_pid_ns;
typeof(rename_lock) rename_lock;

/**
 * struct group - a thread group
 * @signal: as the kernel has it
 * @refs: tasks that are not freed
 * @threads_ever: how many there were
 * @running: those that have not ended
 * @gen: the process that it is
 * @known: the process that the module takes it for: an exec shows at the next call
 * @leader: that may have ended
 */
struct group {
	struct signal_struct signal;
	int refs;
	int threads_ever;
	int running;
	struct world_gen *gen;
	struct world_gen *known;
	struct world_task *leader;
};

/**
 * struct world_task - a task, and what the model remembers of it
 * @gen: the process at its last call
 * @object: of its last call
 * @called: whether there was one
 * @old: whether it is older than the module
 * @seen_minor: the task's counts at its last call
 * @seen_major: likewise
 * @verdict: on its last call, that the kernel has still to count
 * @before, @after: in the list of all tasks
 * @dead: in the list of those that are to be freed
 */
struct world_task {
	struct task_struct task;
	struct group *group;
	struct world_gen *gen;
	int object;
	bool called;
	bool old;
	u64 seen_minor, seen_major;
	enum world_count verdict;
	struct list_head all;
	struct llist_node dead;
};

#define NO_DUE	WORLD_COUNTS

static struct slot {
	int busy;
	struct world_task *task;
} slots[WORLD_TASKS_MAX];

static struct world_options options;
static struct world_runner runners[WORLD_RUNNERS_MAX];
static pthread_mutex_t tasklist = PTHREAD_MUTEX_INITIALIZER;
static LIST_HEAD(all_tasks);
static struct world_gen *gens;
static struct world_task *init;
static struct pid *pids[NRS_MAX];
static pid_t last_nr;
static struct llist_head graveyard;
static struct llist_head freeable[MODEL_CPUS_MAX];
static int tasks_now, tasks_peak, pids_now;
static bool all_end;
bool world_hooked;

/* The sums, of which several threads may write. */
static void add(u64 *to, u64 n)
{
	__atomic_fetch_add(to, n, __ATOMIC_RELAXED);
}

static void add_own(u64 *to, u64 n)
{
	__atomic_store_n(to, *to + n, __ATOMIC_RELEASE);
}

/* With preemption off: whoever turns hooks off waits. */
static bool hooks_are_on(void)
{
	return __atomic_load_n(&world_hooked, __ATOMIC_RELAXED);
}

static void gen_add(struct world_gen *gen, int object, enum world_count what, u64 n)
{
	add(&gen->n[what], n);
	if (object <= OBJECT_MISSED)
		add(&gen->by_object[object][what], n);
}

/* Process ids. */

void put_pid(struct pid *pid)
{
	if (!pid)
		return;
	if (__atomic_sub_fetch(&pid->count, 1, __ATOMIC_ACQ_REL))
		return;
	__atomic_fetch_sub(&pids_now, 1, __ATOMIC_RELAXED);
	free(pid);
}

struct pid *find_pid_ns(pid_t nr, struct pid_namespace *ns)
{
	MODEL_ASSERT(model_is_atomic());
	return nr < NRS_MAX ? READ_ONCE(pids[nr]) : NULL;
}

static struct pid *pid_new(struct world_task *task)
{
	struct pid *pid = calloc(1, sizeof(*pid));

	pid->count = 1;
	pid->nr = __atomic_add_fetch(&last_nr, 1, __ATOMIC_RELAXED);
	pid->task = &task->task;
	MODEL_ASSERT(pid->nr < NRS_MAX);
	rcu_assign_pointer(pids[pid->nr], pid);
	__atomic_fetch_add(&pids_now, 1, __ATOMIC_RELAXED);
	return pid;
}

/* Births. All under the lock, but for the hook. */

static struct world_gen *gen_new(pid_t nr, const char *comm)
{
	struct world_gen *gen = calloc(1, sizeof(*gen));

	gen->nr = nr;
	strcpy(gen->comm, comm);
	gen->next = gens;
	gens = gen;
	return gen;
}

static struct world_task *task_new(struct group *group, const char *comm, u64 start)
{
	struct world_task *task;
	int now;

	MODEL_ASSERT(!posix_memalign((void **)&task, 64, sizeof(*task)));
	memset(task, 0, sizeof(*task));
	task->group = group;
	task->verdict = NO_DUE;
	task->task.signal = &group->signal;
	task->task.start_time = start;
	strcpy(task->task.comm, comm);
	__atomic_fetch_add(&group->refs, 1, __ATOMIC_RELAXED);
	__atomic_fetch_add(&group->threads_ever, 1, __ATOMIC_RELAXED);
	group->running++;
	WRITE_ONCE(group->signal.nr_threads, group->signal.nr_threads + 1);
	list_add_tail(&task->all, &all_tasks);
	now = __atomic_add_fetch(&tasks_now, 1, __ATOMIC_RELAXED);
	if (now > tasks_peak)
		__atomic_store_n(&tasks_peak, now, __ATOMIC_RELAXED);
	return task;
}

static struct world_task *process_new(struct world_task *parent, const char *comm, u64 start)
{
	struct group *group = calloc(1, sizeof(*group));
	struct world_task *task = task_new(group, comm, start);
	struct pid *pid;

	task->task.group_leader = &task->task;
	pid = pid_new(task);
	group->leader = task;
	group->signal.tgid = pid;
	group->gen = gen_new(pid->nr, comm);
	group->known = group->gen;
	task->task.tgid = pid->nr;
	task->task.real_parent = parent ? parent->task.group_leader : &task->task;
	return task;
}

static struct world_task *thread_new(struct world_task *of, u64 start)
{
	struct world_task *task = task_new(of->group, of->task.comm, start);

	task->task.tgid = of->task.tgid;
	task->task.group_leader = of->task.group_leader;
	task->task.real_parent = READ_ONCE(of->task.real_parent);
	task->task.self_exec_id = of->task.self_exec_id;
	return task;
}

static struct slot *slot_take(bool empty)
{
	unsigned int tries;

	for (tries = 0; tries < 2 * options.tasks; tries++) {
		struct slot *slot = &slots[model_random() % options.tasks];

		if (__atomic_exchange_n(&slot->busy, 1, __ATOMIC_ACQUIRE))
			continue;
		if (!slot->task == empty)
			return slot;
		__atomic_store_n(&slot->busy, 0, __ATOMIC_RELEASE);
	}
	return NULL;
}

static void slot_give(struct slot *slot)
{
	__atomic_store_n(&slot->busy, 0, __ATOMIC_RELEASE);
}

/*
 * Those that have ended and are not freed yet have states, too. And where nothing is to be
 * refused, births wait for what folds the dead: threads of a busy machine come late.
 */
static bool births_are_due(void)
{
	if ((unsigned int)world_tasks_now() > 4 * options.tasks)
		return false;
	return !options.gentle || !hooks_are_on() || fs_pool_used(POOL_ROW) < WORLD_ROWS_GENTLE;
}

static void bear(struct world_task *task, bool thread)
{
	struct slot *slot = slot_take(true);
	struct world_task *child;

	if (!slot)
		return;
	if (!births_are_due()) {
		slot_give(slot);
		return;
	}
	pthread_mutex_lock(&tasklist);
	child = thread ? thread_new(task, ktime_get()) :
			 process_new(task, task->task.comm, ktime_get());
	pthread_mutex_unlock(&tasklist);
	current = &task->task;
	rcu_read_lock();
	if (hooks_are_on())
		fs_task_forked(&child->task);
	rcu_read_unlock();
	current = NULL;
	slot->task = child;
	slot_give(slot);
}

/* Calls. */

static void deliver(struct world_task *task, struct world_runner *runner)
{
	if (task->verdict == WORLD_MINOR) {
		add_own(&runner->kernel_minor, 1);
		model_add_here((u64 *)&task->task.min_flt, 1);
	} else if (task->verdict == WORLD_MAJOR) {
		add_own(&runner->kernel_major, 1);
		model_add_here((u64 *)&task->task.maj_flt, 1);
	}
	task->verdict = NO_DUE;
}

/* Counts that no call explains. */
static void unexplained(struct world_task *task, struct world_runner *runner)
{
	u64 minor = model_random() % 3, major = model_random() % 8 == 0;

	add_own(&runner->kernel_minor, minor);
	add_own(&runner->kernel_major, major);
	model_add_here((u64 *)&task->task.min_flt, minor);
	model_add_here((u64 *)&task->task.maj_flt, major);
}

typedef void (*settle_fn)(struct world_gen *gen, int object, enum world_count what, u64 n);

/*
 * What the task's counts say of its last call, and what it does not explain: to @process,
 * without a call.
 */
static void settle(const struct world_task *task, struct world_gen *process, settle_fn fn)
{
	u64 minor = task->task.min_flt - task->seen_minor;
	u64 major = task->task.maj_flt - task->seen_major;

	if (task->called) {
		process = task->gen;
		if (major)
			fn(process, task->object, WORLD_MAJOR, 1), major--;
		else if (minor)
			fn(process, task->object, WORLD_MINOR, 1), minor--;
		else
			fn(process, task->object, WORLD_UNCOUNTED, 1);
	} else if (task->old) {
		return;
	}
	fn(process, OBJECT_MISSED, WORLD_MISSED_MINOR, minor);
	fn(process, OBJECT_MISSED, WORLD_MISSED_MAJOR, major);
}

/* Where nothing is to be refused, but something was, says what there was none of. */
static void found_room(const struct world_task *task)
{
	struct fs_task_state *state = fs_task_state_find(&task->task);
	int id;

	if (state && state->row != fs_special.overflow.only)
		return;
	for (id = 0; id < POOLS; id++)
		fprintf(stderr, "pool %d: %u items are handed out%s\n", id, fs_pool_used(id),
			fs_pool_is_empty(id) ? ", it is empty" : "");
	MODEL_FAIL("a call %s found no room", state ? "with a state" : "without one");
}

static void call(struct world_task *task, int object, struct world_runner *runner)
{
	struct vm_area_struct *vma = world_objects[object].vma;
	struct pt_regs regs = { .di = (unsigned long)vma };
	enum fs_counter class = COUNT_USER + model_random() % 9;
	u64 minor, major;
	u64 random = model_random() % 128;

	deliver(task, runner);
	minor = task->task.min_flt - task->seen_minor;
	major = task->task.maj_flt - task->seen_major;
	settle(task, task->group->gen, gen_add);
	__atomic_store_n(&task->group->known, task->group->gen, __ATOMIC_RELAXED);
	task->gen = task->group->gen;
	task->object = world_objects[object].same;
	task->seen_minor = task->task.min_flt;
	task->seen_major = task->task.maj_flt;
	gen_add(task->gen, task->object, WORLD_CALLS, 1);

	if (vma->vm_file && random == 0)
		__atomic_store_n(&vma->vm_file->f_inode->i_size, 4096 << model_random() % 14,
				 __ATOMIC_RELAXED);
	regs.si = vma->vm_start + (model_random() % 4096 << PAGE_SHIFT);
	add_own(&runner->begun, 1);
	current = &task->task;
	preempt_disable();
	if (hooks_are_on()) {
		fs_account_call(vma, &regs, compat_fault_place_in_regs, class);
		if (options.gentle && fs_task_is_counting())
			found_room(task);
	}
	preempt_enable();
	current = NULL;
	add_own(&runner->done, 1);
	if (task->called || !task->old) {
		add_own(&runner->settled_minor, minor);
		add_own(&runner->settled_major, major);
	}
	task->called = true;
	task->verdict = random < 100 ? WORLD_MINOR : random < 110 ? WORLD_MAJOR : WORLD_UNCOUNTED;
	/* Or it sleeps in the fault. */
	if (model_random() % 8)
		deliver(task, runner);
}

static void calls(struct world_task *task, struct world_runner *runner)
{
	/* Some objects again and again, and some others. */
	int base = task->task.tgid * 7 % options.objects, count = model_random() % 24 + 1;

	while (count--) {
		u64 random = model_random();
		int object = random >> 8 & 0xffff;

		/* But init, which never ends, all of them. */
		if (random % 16 && task->group != init->group)
			object = base + object % 4;

		call(task, object % options.objects, runner);
	}
}

/* Names. A name may be read while it is written, as in the kernel. */

static noinline void set_comm(struct task_struct *task, const char *comm)
{
	strcpy(task->comm, comm);
}

static void rename_to(struct world_task *task, int number)
{
	char comm[TASK_COMM_LEN];

	/* Some of full length. */
	snprintf(comm, sizeof(comm), number % 2 ? "name%d" : "a_longer_name_%d", number % 10);
	current = &task->task;
	rcu_read_lock();
	if (hooks_are_on())
		fs_task_renamed(&task->task, comm);
	rcu_read_unlock();
	current = NULL;
	set_comm(&task->task, comm);
}

/*
 * Not of tasks that the module may see for the first time in the midst of it: it keeps the name
 * before then.
 */
static void rename_task(struct world_task *task)
{
	if (options.old)
		return;
	rename_to(task, model_random() % WORLD_COMMS);
	if (task->task.group_leader == &task->task)
		strcpy(task->group->gen->comm, task->task.comm);
}

/* Ends. */

/* Under the lock: a task's children are its leader's, or init's. */
static void children_go(struct world_task *from, struct world_task *to)
{
	struct world_task *task;

	list_for_each_entry(task, &all_tasks, all)
		if (task->task.real_parent == &from->task)
			rcu_assign_pointer(task->task.real_parent, &to->task);
}

/* Under the lock: nothing but what is freed a grace period later is left of it. */
static void release(struct world_task *task)
{
	struct group *group = task->group;

	settle(task, __atomic_load_n(&group->known, __ATOMIC_RELAXED), gen_add);
	list_del(&task->all);
	group->signal.min_flt += task->task.min_flt;
	group->signal.maj_flt += task->task.maj_flt;
	WRITE_ONCE(group->signal.nr_threads, group->signal.nr_threads - 1);
	if (!group->signal.nr_threads) {
		group->gen->ended = true;
		group->known->ended = true;
		WRITE_ONCE(pids[group->signal.tgid->nr], NULL);
		WRITE_ONCE(group->signal.tgid->task, NULL);
		children_go(task, init);
		children_go(group->leader, init);
	} else {
		children_go(task, group->leader);
	}
	llist_add(&task->dead, &graveyard);
}

static bool may_end(struct world_task *task, struct world_runner *runner)
{
	if (task == init && !all_end)
		return false;
	deliver(task, runner);
	/* Who ends without a call, and is not alone, may have its counts put to [overflow]. */
	if (!task->called && __atomic_load_n(&task->group->threads_ever, __ATOMIC_RELAXED) > 1)
		call(task, 0, runner);
	deliver(task, runner);
	return true;
}

static void end(struct slot *slot, struct world_runner *runner)
{
	struct world_task *task = slot->task;
	struct group *group = task->group;

	if (!may_end(task, runner))
		return;
	pthread_mutex_lock(&tasklist);
	group->running--;
	/* A leader remains, dead, until all others have gone. */
	if (task != group->leader)
		release(task);
	if (!group->running)
		release(group->leader);
	pthread_mutex_unlock(&tasklist);
	slot->task = NULL;
}

/* By a thread that is alone. What was the leader, if it was another one, is gone then. */
static void exec(struct world_task *task, struct world_runner *runner)
{
	struct group *group = task->group;
	struct world_task *leader = group->leader;
	bool alone;

	pthread_mutex_lock(&tasklist);
	alone = group->running == 1 && task != init;
	if (alone && leader != task) {
		group->leader = task;
		task->task.group_leader = &task->task;
		WRITE_ONCE(group->signal.tgid->task, &task->task);
		release(leader);
	}
	pthread_mutex_unlock(&tasklist);
	if (!alone)
		return;
	/* The arguments are copied before. */
	call(task, 0, runner);
	rename_to(task, model_random() % WORLD_COMMS);
	pthread_mutex_lock(&tasklist);
	group->gen->ended = true;
	group->gen = gen_new(task->task.tgid, task->task.comm);
	pthread_mutex_unlock(&tasklist);
	task->task.self_exec_id++;
	call(task, model_random() % options.objects, runner);
}

static void group_put(struct group *group)
{
	if (__atomic_sub_fetch(&group->refs, 1, __ATOMIC_ACQ_REL))
		return;
	put_pid(group->signal.tgid);
	free(group);
}

/* In an interrupt. */
static void free_some(int cpu)
{
	struct llist_node *at = llist_del_all(&freeable[cpu]);

	while (at) {
		struct world_task *task = llist_entry(at, struct world_task, dead);
		struct group *group = task->group;

		at = at->next;
		if (hooks_are_on())
			fs_task_freed(&task->task);
		__atomic_fetch_sub(&tasks_now, 1, __ATOMIC_RELAXED);
		free(task);
		group_put(group);
	}
}

bool world_reap(void)
{
	struct llist_node *at = llist_del_all(&graveyard), *next;
	bool any = at;
	int cpu;

	if (at)
		model_synchronize();
	for (; at; at = next) {
		next = at->next;
		llist_add(at, &freeable[model_random() % nr_cpu_ids]);
	}
	/* Some are freed by interrupts of whatever runs there. */
	for (cpu = 0; cpu < nr_cpu_ids; cpu++)
		if (!any || model_random() % 4 == 0)
			model_tick(cpu);
	for (cpu = 0; cpu < nr_cpu_ids; cpu++)
		any |= !llist_empty(&freeable[cpu]);
	return any;
}

/* What a runner does next. */
void world_step(struct world_runner *runner)
{
	struct slot *slot = slot_take(false);
	u64 what = model_random() % 100;

	if (!slot)
		return;
	if (options.unexplained && model_random() % options.unexplained == 0)
		unexplained(slot->task, runner);
	if (what < 75)
		calls(slot->task, runner);
	else if (what < 82)
		bear(slot->task, false);
	else if (what < 87)
		bear(slot->task, true);
	else if (what < 95)
		end(slot, runner);
	else if (what < 98)
		exec(slot->task, runner);
	else
		rename_task(slot->task);
	slot_give(slot);
}

/**
 * world_end_all - ends all tasks
 * @runner: on its account
 */
void world_end_all(struct world_runner *runner)
{
	int i;

	for (i = WORLD_TASKS_MAX - 1; i >= 0; i--) {
		all_end = i == 0;
		if (slots[i].task)
			end(&slots[i], runner);
	}
}

/**
 * world_start - makes what is mapped, init, and tasks that are older than the module
 * @what: kind of world
 */
void world_start(const struct world_options *what)
{
	int i;

	options = *what;
	world_objects_make();
	MODEL_ASSERT(options.objects <= (unsigned int)world_object_count);
	model_softirq = free_some;
	init = process_new(NULL, "init", 1);
	init->old = true;
	slots[0].task = init;
	for (i = 1; options.old && i < 6; i++) {
		struct world_task *task = i % 2 ? process_new(init, "old", 2) :
						  thread_new(slots[i - 1].task, 2);

		task->old = true;
		task->task.min_flt = model_random() % 1000;
		task->seen_minor = task->task.min_flt;
		slots[i].task = task;
	}
}

struct world_runner *world_runner(int number)
{
	return &runners[number];
}

void world_sum(struct world_runner *sum)
{
	u64 *to = (u64 *)sum;
	int i;
	size_t j;

	memset(sum, 0, sizeof(*sum));
	for (i = 0; i < WORLD_RUNNERS_MAX; i++)
		for (j = 0; j < sizeof(*sum) / sizeof(u64); j++)
			to[j] += __atomic_load_n((u64 *)&runners[i] + j, __ATOMIC_ACQUIRE);
}

int world_tasks_peak(void)
{
	return __atomic_load_n(&tasks_peak, __ATOMIC_RELAXED);
}

int world_tasks_now(void)
{
	return __atomic_load_n(&tasks_now, __ATOMIC_RELAXED);
}

struct world_gen *world_gens(void)
{
	return gens;
}

/**
 * world_settle_open - tells what the tasks' counts say of their last calls
 * @fn: is told
 *
 * At rest. Of a last call that was not counted it tells the call: that is pending.
 */
void world_settle_open(settle_fn fn)
{
	struct world_task *task;

	list_for_each_entry(task, &all_tasks, all) {
		if (!task->called)
			continue;
		if (task->task.min_flt != task->seen_minor ||
		    task->task.maj_flt != task->seen_major)
			settle(task, NULL, fn);
		else
			fn(task->gen, task->object, WORLD_CALLS, 1);
	}
}

/**
 * world_any_pid - a process id that is in use, or was
 */
pid_t world_any_pid(void)
{
	pid_t last = __atomic_load_n(&last_nr, __ATOMIC_RELAXED);

	return last - (pid_t)(model_random() % (last < 50 ? last : 50));
}

/**
 * world_finish - after the module has gone, nothing of it holds what is ours
 */
void world_finish(void)
{
	MODEL_ASSERT(!pids_now);
	MODEL_ASSERT(!tasks_now);
	world_objects_free();
	while (gens) {
		struct world_gen *next = gens->next;

		free(gens);
		gens = next;
	}
}
