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
#include "code.h"
#include "ended.h"
#include "export.h"
#include "fold.h"
#include "heat.h"
#include "heat_request.h"
#include "holds.h"
#include "hooks.h"
#include "housekeeping.h"
#include "image.h"
#include "layout.h"
#include "memory.h"
#include "mounts.h"
#include "name.h"
#include "object.h"
#include "pool.h"
#include "process.h"
#include "row_life.h"
#include "settings.h"
#include "special.h"
#include "stack_request.h"
#include "sweep.h"
#include "table.h"
#include "task.h"
#include "uapi/faultstat.h"
#include "worker.h"

static int storage_start(void)
{
	size_t size[POOLS] = { 0 };
	int err;

	fs_names_pool_sizes(size);
	fs_rows_pool_sizes(size);
	fs_heat_pool_sizes(size);
	fs_images_pool_sizes(size);
	fs_code_pool_sizes(size);
	fs_stacks_pool_sizes(size);
	size[POOL_PROCESS] = sizeof(struct fs_process);
	size[POOL_TASK] = sizeof(struct fs_task_state);
	size[POOL_SCRATCH] = NAME_SIZE_MAX;
	fs_settings_fill();
	fs_memory_start((unsigned long long)fs_settings.max_memory << 20);
	err = fs_pool_init(fs_settings.max_rows + SPECIAL_ROWS, fs_settings.max_tasks, size);
	/* What cannot grow later takes its memory before what can. */
	if (!err)
		err = fs_table_init(fs_settings.max_rows, fs_settings.max_tasks);
	if (!err)
		err = fs_names_init(fs_settings.max_rows);
	if (!err)
		err = fs_sweep_init();
	if (!err)
		err = fs_task_init(fs_settings.max_tasks);
	if (!err)
		err = fs_ended_keep(fs_settings.keep_exited);
	if (!err)
		err = fs_pool_fill();
	fs_fold_init();
	if (!err)
		err = fs_special_start();
	if (err)
		pr_err("no memory for the table (max_memory is %u MiB)\n",
		       fs_settings.max_memory);
	return err;
}

static void storage_stop(void)
{
	if (fs_stacks_are_on())
		fs_stacks_stop();
	fs_task_destroy();
	fs_ended_destroy();
	fs_heat_destroy();
	fs_rows_destroy();
	fs_fold_destroy();
	fs_processes_destroy();
	fs_names_destroy();
	fs_sweep_destroy();
	fs_table_destroy();
	fs_requests_destroy(&fs_heat_requests);
	fs_requests_destroy(&fs_stack_requests);
	fs_pool_destroy();
	fs_memory_stop();
}

static int __init faultstat_init(void)
{
	int err;

	err = fs_layout_check();
	if (err)
		return err;
	err = fs_mounts_find();
	if (err) {
		pr_err("no memory to look at mounts\n");
		return err;
	}
	fs_object_init();
	fs_stack_requests_init(fs_hooks_mappings);
	err = fs_worker_start(&fs_house_works);
	if (err) {
		pr_err("no memory for its work queues\n");
		goto no_worker;
	}
	err = storage_start();
	if (err)
		goto no_storage;
	err = fs_hooks_init();
	if (err == -ENOMEM)
		pr_err("no memory for its hooks\n");
	else if (err)
		pr_err("neither sched_process_free nor __put_task_struct can be hooked: the end of a task would go unseen\n");
	if (err)
		goto no_hooks;
	err = fs_settings_start();
	if (err)
		goto no_hooks;
	/* Last, because an open file cannot be taken back. */
	err = fs_export_start();
	if (err) {
		pr_err("no memory for its files\n");
		goto no_files;
	}
	fs_holds_start();
	return 0;

no_files:
	fs_settings_stop();
no_hooks:
	fs_hooks_exit();
no_storage:
	fs_worker_stop();
	storage_stop();
	return err;
no_worker:
	fs_worker_stop();
	return err;
}

static void __exit faultstat_exit(void)
{
	fs_holds_stop();
	fs_settings_stop();
	fs_export_stop();
	fs_hooks_exit();
	fs_worker_stop();
	storage_stop();
}

module_init(faultstat_init);
module_exit(faultstat_exit);
MODULE_LICENSE("GPL");
MODULE_AUTHOR("The faultstat maintainers");
MODULE_DESCRIPTION("Exact page-fault counts per process and mapped object");
MODULE_VERSION(FAULTSTAT_VERSION);
