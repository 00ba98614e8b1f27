/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Images: the files that code is in, as stacks name them after the processes are gone: path,
 * device, inode and build-id. The build-id is read where an image is made, if the notes are in the
 * file's first page and that is in memory; on PREEMPT_RT kernels never.
 */
#ifndef FAULTSTAT_IMAGE_H
#define FAULTSTAT_IMAGE_H

#include <linux/mm.h>
#include <linux/types.h>
#include "object.h"

struct fs_name;

/* As linkers write them (SHA-1), and at most. */
#define BUILD_ID_MAX	20

/**
 * struct fs_image - a file with code, or a special mapping such as [vdso]
 * @hash_next: chain of the index
 * @key: as rows have it
 * @number: by which places name it; from 1 on
 * @name: as shown; pinned
 * @ino: inode as shown
 * @dev: device as shown
 * @deleted: as shown
 * @build_id_size: bytes of @build_id; 0 where it is not known
 */
struct fs_image {
	struct fs_image *hash_next;
	struct fs_object_key key;
	u32 number;
	u32 dev;
	u64 ino;
	struct fs_name *name;
	bool deleted;
	u8 build_id_size;
	u8 build_id[BUILD_ID_MAX];
};

/* In a hook, or wherever else preemption is off and the mapping stable: */
struct fs_image *fs_image_of(struct vm_area_struct *vma);
bool fs_images_are_full(void);

/* In process context: */
int fs_images_start(void);
void fs_images_stop(void);
unsigned int fs_images_count(void);
struct fs_image *fs_image_by_number(u32 number);
void fs_images_pool_sizes(size_t *size);

#endif
