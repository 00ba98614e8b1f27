// SPDX-License-Identifier: GPL-2.0
/*
 * What of the module is not compiled here, for it needs the real thing: how objects are told
 * and shown (object.c, of real dentries), where mounts hang, the layout of structures, the
 * hooks themselves, the parameters and the files. In their place is as little as the rest asks
 * for. The test calls what the hooks and the parameters would call.
 */
#include "code.h"
#include "exceptions.h"
#include "export.h"
#include "heat_request.h"
#include "hooks.h"
#include "image.h"
#include "layout.h"
#include "mounts.h"
#include "object.h"
#include "settings.h"
#include "stack_request.h"
#include "task.h"
#include "uapi/faultstat.h"
#include "world.h"

struct fs_settings fs_settings = {
	.enabled = true,
	.max_rows = 32768,
	.max_tasks = 4096,
	.max_memory = 256,
	.keep_exited = 100,
};

u64 fs_object_secret;
const struct fs_object_key fs_object_other = { .ino = REGION_OTHER, .dev = OBJECT_REGION };

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

const char *fs_object_region_name(enum fs_region region)
{
	return region_names[region];
}

void fs_object_show_region(struct fs_object_shown *shown, enum fs_region region)
{
	memset(shown, 0, sizeof(*shown));
	shown->name = region_names[region];
	shown->length = strlen(shown->name);
}

struct fs_object_key fs_object_key_special(struct vm_area_struct *vma)
{
	const char *name = compat_vma_special_name(vma);
	struct fs_object_key key = { .ino = REGION_VDSO, .dev = OBJECT_REGION };

	if (!name)
		return fs_object_key_anon(vma);
	if (strcmp(name, FAULTSTAT_OBJECT_VDSO)) {
		key.ino = (unsigned long)name;
		key.dev = OBJECT_NAMED;
	}
	return key;
}

/* Files that are known by a handle alone are on a device of their own, as shared memory is. */
void fs_object_canonical(struct fs_object_key *key, struct vm_area_struct *vma)
{
	if (!fs_object_is_file(key))
		return;
	if (vma->vm_file->f_inode->i_sb->s_dev == WORLD_DEVICE_SHM) {
		key->ino = REGION_SHM;
		key->dev = OBJECT_REGION;
	} else if (vma->vm_file->f_inode->i_sb->s_dev == WORLD_DEVICE_HANDLES) {
		key->ino = vma->object;
		key->dev |= OBJECT_BY_HANDLE;
	}
}

void fs_object_show(struct fs_object_shown *shown, const struct fs_object_key *key,
		    struct vm_area_struct *vma, char *scratch)
{
	memset(shown, 0, sizeof(*shown));
	/* As the kernel's, from the end of the page. */
	shown->length = strlen(world_objects[vma->object].name);
	shown->name = memcpy(scratch + NAME_SIZE_MAX - shown->length - 1,
			     world_objects[vma->object].name, shown->length + 1);
}

void fs_object_init(void)
{
	fs_object_secret = model_random() | 1;
}

int fs_layout_check(void)
{
	return 0;
}

int fs_mounts_find(void)
{
	return 0;
}

int fs_hooks_init(void)
{
	__atomic_store_n(&world_hooked, true, __ATOMIC_RELAXED);
	return 0;
}

void fs_hooks_exit(void)
{
	__atomic_store_n(&world_hooked, false, __ATOMIC_RELAXED);
	model_synchronize();
}

unsigned int fs_hooks_status(struct fs_hook_status status[HOOKS_MAX])
{
	return 0;
}

void fs_exceptions_read(struct fs_exceptions *exceptions)
{
	exceptions->user = 0;
	exceptions->kernel = 0;
}

/* All are given. */
void fs_settings_fill(void)
{
}

int fs_settings_start(void)
{
	fs_task_counting_begin();
	return 0;
}

void fs_settings_stop(void)
{
	fs_task_counting_end();
}

int fs_export_start(void)
{
	return 0;
}

void fs_export_stop(void)
{
}

/* Nobody asks for stacks. */
struct fs_requests fs_stack_requests = {
	.mutex = __MUTEX_INITIALIZER(fs_stack_requests.mutex),
	.lock = __RAW_SPIN_LOCK_UNLOCKED(fs_stack_requests.lock),
	.parameter = {
		.link = LIST_HEAD_INIT(fs_stack_requests.parameter.link),
		.set = fs_stack_requests.parameter.sets,
	},
};

void fs_stack_requests_init(int (*watch)(bool on))
{
}

int fs_hooks_mappings(bool on)
{
	return 0;
}

u32 fs_stack_next(struct fs_process *process, struct fs_row *row, enum fs_counter class, u32 last,
		  enum fs_counter verdict)
{
	return 0;
}

u32 fs_stack_lose_call(void)
{
	return 0;
}

u32 fs_stack_call(struct fs_process *process, struct fs_row *row, enum fs_counter class)
{
	return 0;
}

void fs_stack_verdict(u32 slot, u64 generation, enum fs_counter verdict)
{
}

void fs_stack_verdict_at_end(u32 slot, u64 generation, enum fs_counter verdict)
{
}

bool fs_stack_is_of_now(u64 generation)
{
	return false;
}

void fs_stacks_merge(struct fs_row *row, struct fs_row *into)
{
}

void fs_stacks_leave(struct fs_row *row, struct fs_row *into)
{
}

void fs_stacks_free(struct fs_row *row)
{
}

void fs_stacks_place_all(void)
{
}

bool fs_stacks_are_on(void)
{
	return false;
}

void fs_stacks_stop(void)
{
}

void fs_code_forked(struct fs_process *parent, struct fs_process *child)
{
}

bool fs_code_is_wanted(void)
{
	return false;
}

void fs_code_fill(void)
{
}

void fs_code_release(struct fs_process *process)
{
}

void fs_images_pool_sizes(size_t *size)
{
	size[POOL_IMAGE] = 64;
}

void fs_code_pool_sizes(size_t *size)
{
	size[POOL_CODE_FIRST] = 64;
	size[POOL_CODE_LAST] = 64;
}

void fs_stacks_pool_sizes(size_t *size)
{
	int id;

	for (id = POOL_STACK_FIRST; id <= POOL_STACK_CELLS; id++)
		size[id] = 64;
}
