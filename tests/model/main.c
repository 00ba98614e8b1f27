// SPDX-License-Identifier: GPL-2.0
/*
 * The module's counting, loaded into this program, in a world of random tasks, beside readers
 * and whoever changes settings: main --seed=N ... Says nothing and ends with 0, or says what is
 * wrong and aborts.
 *
 * Three rounds of load, each with a comparison at rest: from load on; with resets among the
 * load; after a reset at rest. Then everything ends, is compared once more, and is unloaded.
 */
#include <unistd.h>
#include "check.h"
#include "ended.h"
#include "fold.h"
#include "heat_request.h"
#include "pool.h"
#include "reset.h"
#include "settings.h"
#include "sweep.h"
#include "worker.h"

/* What is asked for. */
static unsigned int seed = 1, seconds = 3, cpus = 4, runners = 4, readers = 2, fail, fail_at;
static bool heat, select_some, keep_varies, unload;
static enum check_depth depth = CHECK_ROWS;
static struct world_options world = { .tasks = 40, .objects = 25, .unexplained = 50 };

static bool running, resetting;

static bool goes_on(void)
{
	return __atomic_load_n(&running, __ATOMIC_RELAXED);
}

static void *runner_run(void *data)
{
	int number = (long)data;

	model_thread_start(64ULL * seed + number, number % nr_cpu_ids);
	while (goes_on())
		world_step(world_runner(number));
	return NULL;
}

static void *reader_run(void *data)
{
	struct world_runner before, after;
	struct fs_snapshot *snapshot;
	bool rows;

	model_thread_start(64ULL * seed + 32 + (long)data, -1);
	while (goes_on()) {
		rows = model_random() % 4;
		world_sum(&before);
		snapshot = rows ? fs_snapshot_take(&init_pid_ns, NULL) : fs_snapshot_take_totals();
		world_sum(&after);
		if (snapshot)
			check_under_load(snapshot, rows, depth, &before, &after);
		fs_snapshot_free(snapshot);
		usleep(model_random() % 2000);
	}
	return NULL;
}

static void *reaper_run(void *data)
{
	model_thread_start(64ULL * seed + 48, -1);
	while (goes_on()) {
		world_reap();
		usleep(model_random() % 1000);
	}
	return NULL;
}

static void pids_choose(struct fs_pid_list *list)
{
	unsigned int i;

	memset(list, 0, sizeof(*list));
	list->count = model_random() % 5;
	for (i = 0; i < list->count; i++)
		list->pids[i] = world_any_pid();
}

static void setting_change(void)
{
	struct fs_pid_list list;

	pids_choose(&list);
	switch (model_random() % 5) {
	case 0:
		if (keep_varies && !fs_ended_keep(model_random() % 2 ? model_random() % 200 : 0))
			fs_fold_all(false);
		break;
	case 1:
		list.all = model_random() % 2;
		if (heat)
			fs_requests_set_parameter(&fs_heat_requests, &list, 0);
		break;
	case 2:
		if (select_some)
			fs_table_select(&list);
		break;
	case 3:
		if (resetting && !fs_reset_run())
			fs_heat_reset();
		break;
	default:
		fs_worker_keep_house();
	}
}

static void *settings_run(void *data)
{
	model_thread_start(64ULL * seed + 49, -1);
	while (goes_on()) {
		setting_change();
		usleep(model_random() % 8000);
	}
	return NULL;
}

static pthread_t threads[64];
static int thread_count;

static void thread_add(void *(*run)(void *data), long number)
{
	MODEL_ASSERT(!pthread_create(&threads[thread_count++], NULL, run, (void *)number));
}

static void load_begin(bool everybody)
{
	unsigned int i;

	__atomic_store_n(&model_fail_one_in, fail, __ATOMIC_RELAXED);
	__atomic_store_n(&running, true, __ATOMIC_RELAXED);
	for (i = 0; i < runners; i++)
		thread_add(runner_run, i);
	for (i = 0; everybody && i < readers; i++)
		thread_add(reader_run, i);
	thread_add(reaper_run, 0);
	if (everybody)
		thread_add(settings_run, 0);
}

static void load_end(void)
{
	__atomic_store_n(&running, false, __ATOMIC_RELAXED);
	while (thread_count)
		pthread_join(threads[--thread_count], NULL);
	__atomic_store_n(&model_fail_one_in, 0, __ATOMIC_RELAXED);
}

static void load(void)
{
	load_begin(true);
	usleep(seconds * 1e6 / 3);
	load_end();
}

/* Until nothing is to be freed, and no work is left. */
static void rest(void)
{
	int quiet = 0;

	while (quiet < 3) {
		quiet = !world_reap() && model_works_are_idle() ? quiet + 1 : 0;
		usleep(1000);
	}
}

/* Where all is to be exact, a worker that comes late must not matter. */
static void pools_fill(void)
{
	static const enum fs_pool_id ids[] = { POOL_TASK, POOL_PROCESS, POOL_ROW, POOL_GROUP,
					       POOL_GROUP_CELLS,
					       POOL_NAME_FIRST, POOL_NAME_FIRST + 1,
					       POOL_NAME_FIRST + 2, POOL_NAME_FIRST + 3 };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(ids); i++)
		fs_pool_aim(ids[i], 3 * WORLD_ROWS_GENTLE);
	fs_pool_aim(POOL_SCRATCH, 32);
	fs_pool_refill();
}

static void compare(enum check_depth how, bool since_load)
{
	struct fs_snapshot *snapshot = fs_snapshot_take(&init_pid_ns, NULL);

	MODEL_ASSERT(snapshot);
	check_at_rest(snapshot, how, since_load);
	fs_snapshot_free(snapshot);
}

/* Tasks that found no room settle at their ends. */
static bool compares_alive(void)
{
	return depth != CHECK_TOTALS;
}

static void rounds(void)
{
	load();
	rest();
	if (compares_alive())
		compare(depth, true);
	resetting = true;
	load();
	rest();
	if (compares_alive())
		compare(depth, false);
	resetting = false;
	check_mark_reset();
	MODEL_ASSERT(!fs_reset_run());
	load();
	rest();
	if (compares_alive())
		compare(depth, true);
}

/* With everything gone, the pools have back what they gave, but for cells of the special rows. */
static void nothing_is_left(const unsigned int *used)
{
	struct fs_pid_list none = { 0 };
	int id;

	fs_requests_set_parameter(&fs_heat_requests, &none, 0);
	fs_table_select(&none);
	MODEL_ASSERT(!fs_ended_keep(0));
	MODEL_ASSERT(!fs_reset_run());
	rest();
	for (id = 0; id < POOLS; id++) {
		unsigned int now = fs_pool_used(id), most = used[id];

		if (id == POOL_CELLS_FIRST)
			most += 2 * nr_cpu_ids;
		else if (id >= POOL_NAME_FIRST && id <= POOL_NAME_LAST)
			continue;
		if (now > most)
			MODEL_FAIL("pool %d: %u items are handed out, %u at load", id, now,
				   used[id]);
	}
}

/* With everything ended and compared once more, nothing is left; or in the midst of it. */
static void finish(const unsigned int *used)
{
	if (unload) {
		load_begin(false);
		usleep(seconds * 1e6 / 30);
		model_module_exit();
		load_end();
	}
	world_end_all(world_runner(0));
	rest();
	if (unload)
		return;
	compare(depth, true);
	nothing_is_left(used);
	model_module_exit();
}

/**
 * struct option_value - an option, and what it sets
 * @name: without the dashes
 * @number: set to what stands behind it
 * @set: set to true
 */
struct option_value {
	const char *name;
	unsigned int *number;
	bool *set;
};

static bool processes_only, totals_only;

static const struct option_value options[] = {
	{ "seed", &seed }, { "seconds", &seconds }, { "cpus", &cpus }, { "runners", &runners },
	{ "readers", &readers }, { "nodes", (unsigned int *)&nr_node_ids },
	{ "max-rows", &fs_settings.max_rows }, { "max-tasks", &fs_settings.max_tasks },
	{ "max-memory", &fs_settings.max_memory }, { "keep", &fs_settings.keep_exited },
	{ "tasks", &world.tasks }, { "objects", &world.objects },
	{ "unexplained", &world.unexplained }, { "fail", &fail }, { "fail-at", &fail_at },
	{ "old", .set = &world.old }, { "heat", .set = &heat }, { "select", .set = &select_some },
	{ "keep-varies", .set = &keep_varies }, { "unload", .set = &unload },
	{ "processes", .set = &processes_only }, { "totals", .set = &totals_only },
};

static void option_take(const char *text)
{
	size_t i, length = strcspn(text, "=");

	for (i = 0; i < ARRAY_SIZE(options); i++) {
		const struct option_value *option = &options[i];

		if (strncmp(text, option->name, length) || option->name[length])
			continue;
		if (option->set && !text[length])
			*option->set = true;
		else if (option->number && text[length])
			*option->number = strtoul(text + length + 1, NULL, 10);
		else
			break;
		return;
	}
	MODEL_FAIL("no option --%s", text);
}

static void options_take(int argc, char **argv)
{
	int i;

	for (i = 1; i < argc; i++)
		option_take(strncmp(argv[i], "--", 2) ? argv[i] : argv[i] + 2);
	if (totals_only)
		depth = CHECK_TOTALS;
	else if (processes_only)
		depth = CHECK_PROCESSES;
	MODEL_ASSERT(runners <= WORLD_RUNNERS_MAX && world.tasks <= WORLD_TASKS_MAX);
	MODEL_ASSERT(depth != CHECK_ROWS || world.objects <= WORLD_OBJECTS);
}

/* One allocation fails: all that had been made is given back. 3 where there are not so many. */
static int load_failing(void)
{
	model_fail_at = fail_at;
	if (!model_module_init())
		model_module_exit();
	MODEL_ASSERT(!model_allocated());
	return model_fail_at > 0 ? 3 : 0;
}

int main(int argc, char **argv)
{
	unsigned int used[POOLS];
	int id;

	options_take(argc, argv);
	model_thread_start(seed, -1);
	model_cpus_start(cpus);
	if (fail_at)
		return load_failing();
	world.gentle = depth != CHECK_TOTALS;
	world_start(&world);
	MODEL_ASSERT(!model_module_init());
	for (id = 0; id < POOLS; id++)
		used[id] = fs_pool_used(id);
	if (depth != CHECK_TOTALS)
		pools_fill();
	rounds();
	finish(used);
	world_finish();
	if (model_allocated())
		MODEL_FAIL("%ld allocations of the module are left", model_allocated());
	return 0;
}
