// SPDX-License-Identifier: GPL-2.0
/*
 * faultstat: counts page faults per process and mapped object, exactly.
 *
 * This file only knows the order in which the parts come and go: memory, table,
 * worker, hooks on the life of tasks, the counting, and last the files. Every
 * part's stop is right after its start has failed.
 */
#include <linux/init.h>
#include <linux/module.h>
#include "export.h"
#include "heat.h"
#include "hooks.h"
#include "object.h"
#include "pool.h"
#include "settings.h"
#include "table.h"
#include "task.h"
#include "uapi/faultstat.h"
#include "worker.h"

/* Rows of table_init() that are not the user's: overflow, unselected, other. */
#define SPECIAL_ROWS 3

static int storage_start(void)
{
	size_t size[POOLS] = { 0 };
	int err;

	table_pool_sizes(size);
	heat_pool_sizes(size);
	size[POOL_TASK] = sizeof(struct task_state);
	size[POOL_SCRATCH] = NAME_SIZE_MAX;
	pool_init((unsigned long long)settings.max_memory << 20,
		  settings.max_rows + SPECIAL_ROWS, settings.max_tasks, size);
	/* What cannot grow later takes its memory before what can. */
	err = table_init(settings.max_rows, settings.keep_exited);
	if (!err)
		err = task_init(settings.max_tasks);
	if (!err)
		err = pool_fill();
	if (!err)
		err = table_start();
	if (err)
		pr_err("faultstat: no memory for the table (max_memory is %u MiB)\n",
		       settings.max_memory);
	return err;
}

static void storage_stop(void)
{
	task_destroy();
	table_destroy();
	pool_destroy();
}

static int __init faultstat_init(void)
{
	int err;

	object_init();
	err = worker_start();
	if (err)
		goto no_worker;
	err = storage_start();
	if (err)
		goto no_storage;
	err = hooks_init();
	if (err) {
		pr_err("faultstat: neither sched_process_free nor __put_task_struct can be hooked: the end of a task would go unseen\n");
		goto no_hooks;
	}
	err = settings_start();
	if (err)
		goto no_hooks;
	/* Last, because an open file cannot be taken back. */
	err = export_start();
	if (err)
		goto no_files;
	return 0;

no_files:
	settings_stop();
no_hooks:
	hooks_exit();
no_storage:
	worker_stop();
	storage_stop();
	return err;
no_worker:
	worker_stop();
	return err;
}

static void __exit faultstat_exit(void)
{
	settings_stop();
	export_stop();
	hooks_exit();
	worker_stop();
	storage_stop();
}

module_init(faultstat_init);
module_exit(faultstat_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Exact page-fault counts per process and mapped object");
MODULE_VERSION(FAULTSTAT_VERSION);
