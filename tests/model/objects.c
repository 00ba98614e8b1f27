// SPDX-License-Identifier: GPL-2.0
/*
 * What is mapped: plain files, files that are known by their handle alone, shared memory, and
 * memory without a file, with a name and without. Every process has all of it.
 */
#include "world.h"

#define FILES_PLAIN	12
#define OBJECT_SHM	(FILES_PLAIN + 2)

static struct super_block disk = { .s_dev = 1 }, shm = { .s_dev = WORLD_DEVICE_SHM },
			  handles = { .s_dev = WORLD_DEVICE_HANDLES };
static struct mm_struct mm = { .start_stack = 1 };

#define OBJECTS_MAX	2048
struct world_object world_objects[OBJECTS_MAX];
int world_object_count;

static const char *vdso_name(struct vm_area_struct *vma)
{
	return "[vdso]";
}

static const char *vvar_name(struct vm_area_struct *vma)
{
	return "[vvar]";
}

static const struct vm_operations_struct vdso_ops = { vdso_name }, vvar_ops = { vvar_name };

static struct vm_area_struct *object_add(const char *name)
{
	struct world_object *object = &world_objects[world_object_count];

	object->name = strdup(name);
	object->same = world_object_count;
	object->vma = calloc(1, sizeof(*object->vma));
	object->vma->vm_mm = &mm;
	object->vma->vm_start = 0x10000000;
	object->vma->vm_end = 0x20000000;
	object->vma->object = world_object_count++;
	return object->vma;
}

static void file_add(const char *name, struct super_block *sb)
{
	struct vm_area_struct *vma = object_add(name);
	struct file *file = calloc(1, sizeof(*file));
	struct inode *inode = calloc(1, sizeof(*inode));

	inode->i_ino = 1000 + vma->object;
	inode->i_generation = 17;
	inode->i_sb = sb;
	inode->i_size = 1 << 20;
	file->f_inode = inode;
	vma->vm_file = file;
}

static void anon_name_add(const char *shown, const char *name)
{
	struct vm_area_struct *vma = object_add(shown);

	vma->anon_name = calloc(1, sizeof(*vma->anon_name));
	strcpy(vma->anon_name->name, name);
}

/**
 * world_objects_make - makes all there is to be mapped
 */
void world_objects_make(void)
{
	char name[4096], long_part[2048];
	int i;

	memset(long_part, 'x', sizeof(long_part));
	for (i = 0; i < FILES_PLAIN; i++) {
		snprintf(name, sizeof(name), "/lib/%.*s/%d", i < 8 ? i : i * 170, long_part, i);
		file_add(name, &disk);
	}
	for (i = 0; i < 2; i++) {
		snprintf(name, sizeof(name), "/subvolume/%d", i);
		file_add(name, &handles);
	}
	for (i = 0; i < 4; i++) {
		file_add("[shm]", &shm);
		world_objects[world_object_count - 1].same = OBJECT_SHM;
	}
	object_add("[anon]");
	object_add("[heap]")->is_heap = true;
	object_add("[stack]")->is_stack = true;
	anon_name_add("[anon:Go: heap]", "Go: heap");
	anon_name_add("[anon:Go: heap index]", "Go: heap index");
	object_add("[vdso]")->vm_ops = &vdso_ops;
	object_add("[vvar]")->vm_ops = &vvar_ops;
	MODEL_ASSERT(world_object_count <= WORLD_OBJECTS);
	while (world_object_count < WORLD_OBJECTS)
		file_add("/bin/more", &disk);
	/* More than there are rows for. */
	while (world_object_count < OBJECTS_MAX) {
		/* And more mappings of shared memory than a process may have at hand. */
		if (world_object_count < WORLD_OBJECTS + 80) {
			file_add("[shm]", &shm);
			world_objects[world_object_count - 1].same = OBJECT_SHM;
			continue;
		}
		snprintf(name, sizeof(name), "/tmp/%d", world_object_count);
		file_add(name, &disk);
	}
}

/**
 * world_objects_free - frees it, and its names
 */
void world_objects_free(void)
{
	int i;

	for (i = 0; i < world_object_count; i++) {
		struct vm_area_struct *vma = world_objects[i].vma;

		if (vma->vm_file)
			free(vma->vm_file->f_inode);
		free(vma->vm_file);
		free(vma->anon_name);
		free(vma);
		free((char *)world_objects[i].name);
	}
}
