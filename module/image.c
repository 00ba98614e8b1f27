// SPDX-License-Identifier: GPL-2.0
/*
 * What image.h says. An image is there from the first process that maps it while stacks are asked
 * for until nothing asks for stacks any more: who reads a stack finds all that it names. There are
 * at most IMAGES_MAX, in a 32nd of max_memory; beyond that frames have no file.
 */
#include <linux/elf.h>
#include <linux/log2.h>
#include <linux/pagemap.h>
#include <linux/string.h>
#include "compat/page.h"
#include "image.h"
#include "lock.h"
#include "memory.h"
#include "name.h"
#include "pool.h"
#include "table.h"

/* Of paths that many processes of a host run. */
#define IMAGES_MAX	16384

/*
 * Written under the lock: a file is mapped by somebody for the first time. Read without: what is in
 * the index or the array stays until images stop.
 */
static DEFINE_RAW_SPINLOCK(images_lock);
static struct fs_image **image_index;
static struct fs_image **image_by_number;
static u32 image_mask;
static unsigned int images_max;
static unsigned int images;

static u32 image_bucket(const struct fs_object_key *key)
{
	return (key->ino * fs_table.hash_ino + key->dev * fs_table.hash_dev) >> 32 &
	       image_mask;
}

static struct fs_image *image_find(const struct fs_object_key *key)
{
	struct fs_image *image = READ_ONCE(image_index[image_bucket(key)]);

	while (image && !fs_object_key_equal(image->key, *key))
		image = READ_ONCE(image->hash_next);
	return image;
}

/* The build-id. */

/* Notes of a file that are looked at, at most. */
#define NOTES_MAX	16

/* A file's first page, where the notes of what linkers make are, if it is in memory. */
struct head {
	struct page *page;
	const u8 *at;
	unsigned int notes;	/* that have been looked at */
};

static bool head_get(struct head *head, struct vm_area_struct *vma)
{
	/* Giving it up may sleep. */
	if (compat_preempt_rt() || !vma->vm_file)
		return false;
	head->page = find_get_page(vma->vm_file->f_mapping, 0);
	/* What is swapped out of tmpfs is no page: 3.10 says so by the lower bits. */
	if (IS_ERR_OR_NULL(head->page) || (unsigned long)head->page & 3)
		return false;
	if (!PageUptodate(head->page) || PageHWPoison(head->page)) {
		put_page(head->page);
		return false;
	}
	head->at = compat_page_map(head->page);
	head->notes = 0;
	return true;
}

static void head_put(struct head *head)
{
	compat_page_unmap(head->at);
	put_page(head->page);
}

/*
 * Copies a part of the page. Somebody may be writing to the file: what is decided by is what was
 * copied. Returns false where it is not whole in the page.
 */
static bool head_copy(const struct head *head, u64 offset, void *part, u64 size)
{
	if (offset >= PAGE_SIZE || size > PAGE_SIZE - offset)
		return false;
	memcpy(part, head->at + offset, size);
	barrier();
	return true;
}

#define NOTE_BUILD_ID	3	/* NT_GNU_BUILD_ID */
#define NOTE_OWNER	4	/* bytes of "GNU" */

/* Notes as they lie one after the other. Returns whether no more need be looked at. */
static bool find_note(struct fs_image *image, struct head *head, u64 offset, u64 size)
{
	const u64 end = offset < PAGE_SIZE ? min_t(u64, size, PAGE_SIZE - offset) + offset : 0;
	struct elf32_note note;
	u8 name[NOTE_OWNER];

	for (; offset < end; offset += round_up(note.n_namesz, 4) + round_up(note.n_descsz, 4)) {
		if (head->notes++ == NOTES_MAX)
			return true;
		if (!head_copy(head, offset, &note, sizeof(note)) ||
		    note.n_namesz > PAGE_SIZE || note.n_descsz > PAGE_SIZE)
			return false;
		offset += sizeof(note);
		if (note.n_type != NOTE_BUILD_ID || note.n_namesz != NOTE_OWNER ||
		    !note.n_descsz || note.n_descsz > BUILD_ID_MAX ||
		    !head_copy(head, offset, name, NOTE_OWNER) || memcmp(name, "GNU", NOTE_OWNER))
			continue;
		if (!head_copy(head, offset + NOTE_OWNER, image->build_id, note.n_descsz))
			return false;
		image->build_id_size = note.n_descsz;
		return true;
	}
	return false;
}

/* Program headers at most that are looked at. */
#define HEADERS_MAX	32

static void find_build_id_64(struct fs_image *image, struct head *head)
{
	struct elf64_phdr part;
	struct elf64_hdr elf;
	unsigned int i;

	if (!head_copy(head, 0, &elf, sizeof(elf)))
		return;
	for (i = 0; i < min_t(unsigned int, elf.e_phnum, HEADERS_MAX); i++) {
		if (!head_copy(head, elf.e_phoff + i * sizeof(part), &part, sizeof(part)) ||
		    (part.p_type == PT_NOTE &&
		     find_note(image, head, part.p_offset, part.p_filesz)))
			return;
	}
}

static void find_build_id_32(struct fs_image *image, struct head *head)
{
	struct elf32_phdr part;
	struct elf32_hdr elf;
	unsigned int i;

	if (!head_copy(head, 0, &elf, sizeof(elf)))
		return;
	for (i = 0; i < min_t(unsigned int, elf.e_phnum, HEADERS_MAX); i++) {
		if (!head_copy(head, (u64)elf.e_phoff + i * sizeof(part), &part, sizeof(part)) ||
		    (part.p_type == PT_NOTE &&
		     find_note(image, head, part.p_offset, part.p_filesz)))
			return;
	}
}

static void find_build_id(struct fs_image *image, struct vm_area_struct *vma)
{
	u8 ident[EI_NIDENT];
	struct head head;

	if (!head_get(&head, vma))
		return;
	if (head_copy(&head, 0, ident, sizeof(ident)) && !memcmp(ident, ELFMAG, SELFMAG) &&
	    ident[EI_DATA] == ELFDATA2LSB) {
		if (ident[EI_CLASS] == ELFCLASS64)
			find_build_id_64(image, &head);
		else if (ident[EI_CLASS] == ELFCLASS32)
			find_build_id_32(image, &head);
	}
	head_put(&head);
}

/* Making one. */

static struct fs_image *image_new(const struct fs_object_key *key, struct vm_area_struct *vma)
{
	struct fs_image *image = fs_pool_get(POOL_IMAGE);
	char *scratch = image ? fs_pool_get(POOL_SCRATCH) : NULL;
	struct fs_object_shown shown;

	if (!scratch)
		goto failed;
	memset(image, 0, sizeof(*image));
	image->key = *key;
	fs_object_show(&shown, key, vma, scratch);
	image->name = fs_name_get(shown.name, shown.length);
	fs_pool_put(POOL_SCRATCH, scratch);
	if (!image->name)
		goto failed;
	fs_name_pin(image->name);
	image->ino = shown.ino;
	image->dev = shown.dev;
	image->deleted = shown.deleted;
	find_build_id(image, vma);
	return image;
failed:
	if (image)
		fs_pool_put(POOL_IMAGE, image);
	return NULL;
}

static void image_free(struct fs_image *image)
{
	fs_name_unpin(image->name);
	fs_pool_put(POOL_IMAGE, image);
}

/*
 * Under the lock: has others find it, unless another CPU was here. NULL where there are too many.
 */
static struct fs_image *image_join(struct fs_image *image)
{
	struct fs_image **bucket = &image_index[image_bucket(&image->key)];
	struct fs_image *other = image_find(&image->key);

	if (other || images == images_max)
		return other;
	image->number = images + 1;
	image->hash_next = *bucket;
	WRITE_ONCE(image_by_number[images], image);
	/* Who finds it finds it whole. */
	smp_wmb();
	WRITE_ONCE(*bucket, image);
	WRITE_ONCE(images, images + 1);
	return image;
}

/**
 * fs_images_are_full - whether no more can be made for want of room, and not of memory now
 *
 * Any context.
 */
bool fs_images_are_full(void)
{
	return READ_ONCE(images) == images_max;
}

/**
 * fs_image_of - finds or makes the image of a mapping
 * @vma: stable, of a file or a special one
 *
 * In a hook, or wherever else preemption is off. Returns NULL where there is no memory, or too many
 * are there.
 */
struct fs_image *fs_image_of(struct vm_area_struct *vma)
{
	struct fs_object_key key = fs_object_key_is_plain(vma) ? fs_object_key_plain(vma) :
				   fs_object_key_special(vma);
	struct fs_image *image, *joined;
	unsigned long flags;

	fs_object_canonical(&key, vma);
	image = image_find(&key);
	if (image || fs_images_are_full())
		return image;
	image = image_new(&key, vma);
	if (!image)
		return NULL;
	fs_hook_lock_irqsave(&images_lock, flags);
	joined = image_join(image);
	fs_hook_unlock_irqrestore(&images_lock, flags);
	if (joined != image)
		image_free(image);
	return joined;
}

/**
 * fs_images_count - how many there are; their numbers are from 1 to that
 *
 * Process context.
 */
unsigned int fs_images_count(void)
{
	return READ_ONCE(images);
}

/**
 * fs_image_by_number - the image that a place names
 * @number: of a place; 0 and what is too large give NULL
 *
 * Any context, while stacks are asked for.
 */
struct fs_image *fs_image_by_number(u32 number)
{
	return number && number <= READ_ONCE(images) ? image_by_number[number - 1] : NULL;
}

/**
 * fs_images_start - makes room for images, and none yet
 *
 * Process context. Returns 0 or -ENOMEM; fs_images_stop() is right after either.
 */
int fs_images_start(void)
{
	images_max = min_t(unsigned int, fs_memory_part(32, sizeof(struct fs_image)), IMAGES_MAX);
	image_mask = roundup_pow_of_two(images_max) - 1;
	image_index = fs_memory_zalloc((image_mask + 1) * sizeof(*image_index));
	image_by_number = fs_memory_zalloc(images_max * sizeof(*image_by_number));
	return image_index && image_by_number ? 0 : -ENOMEM;
}

/**
 * fs_images_stop - frees all images
 *
 * Process context, with no hook left that may be at one, and no stack that names one.
 */
void fs_images_stop(void)
{
	while (images)
		image_free(image_by_number[--images]);
	fs_memory_free(image_index, (image_mask + 1) * sizeof(*image_index));
	fs_memory_free(image_by_number, images_max * sizeof(*image_by_number));
	image_index = NULL;
	image_by_number = NULL;
}

/**
 * fs_images_pool_sizes - the item size of the pool that images use
 * @size: by pool
 *
 * Any context.
 */
void fs_images_pool_sizes(size_t *size)
{
	size[POOL_IMAGE] = sizeof(struct fs_image);
}
