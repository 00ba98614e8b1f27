// SPDX-License-Identifier: GPL-2.0
/*
 * backing.c - finds out what sort of memory a mapping is of, on which it depends what RSS
 * counts its pages as, if at all. Called by map, for each object.
 *
 * A file that can be opened says so itself, by its file system. What cannot be, because it
 * is deleted or we have no right, is often of one of the mounts that the kernel keeps to
 * itself for shared memory, memfd and SysV; these are known by their device, which is that
 * of a mapping of our own of the same sort.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "kernel/backing.h"

#define MAGIC_TMPFS	0x01021994
#define MAGIC_HUGETLBFS	0x958458f6

/* Huge pages have as many sizes as the machine has, and a mount for each. */
#define SIZES_MOST	16

static struct {
	uint64_t shmem;
	uint64_t hugetlb[SIZES_MOST];
	size_t nr_hugetlb;
	bool known;
} kept;

/* The device of memory that we map without touching it; 0 if there is none. */
static uint64_t dev_of_own(size_t size, int flags)
{
	uint64_t dev = 0, inode;
	void *here = mmap(NULL, size, PROT_NONE, flags | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (here == MAP_FAILED)
		return 0;
	mappings_own(here, &dev, &inode);
	munmap(here, size);
	return dev;
}

/* What this kernel has is in folders such as hugepages-2048kB. */
static void find_kept(void)
{
	DIR *folder = opendir("/sys/kernel/mm/hugepages");
	const struct dirent *entry;
	unsigned long kib;

	kept.known = true;
	kept.shmem = dev_of_own((size_t)sysconf(_SC_PAGESIZE), MAP_SHARED);
	while (folder && (entry = readdir(folder)) && kept.nr_hugetlb < SIZES_MOST) {
		if (sscanf(entry->d_name, "hugepages-%lukB", &kib) == 1 && kib)
			kept.hugetlb[kept.nr_hugetlb++] =
				dev_of_own(kib * 1024, MAP_PRIVATE | MAP_HUGETLB |
					   (__builtin_ctzl(kib * 1024) << MAP_HUGE_SHIFT));
	}
	if (folder)
		closedir(folder);
}

static enum backing by_device(const struct mapping *m)
{
	size_t i;

	if (!kept.known)
		find_kept();
	if (m->dev == kept.shmem)
		return BACKING_SHMEM;
	for (i = 0; i < kept.nr_hugetlb; i++)
		if (m->dev == kept.hugetlb[i])
			return BACKING_HUGETLB;
	return BACKING_FILE;
}

/* Of overlayfs it is unknown what is underneath: a file of a disk, mostly. */
static enum backing by_magic(const struct statfs *fs)
{
	return fs->f_type == MAGIC_TMPFS ? BACKING_SHMEM :
	       fs->f_type == MAGIC_HUGETLBFS ? BACKING_HUGETLB : BACKING_FILE;
}

static enum backing by_name(const struct mapping *m)
{
	struct statfs fs;
	struct stat about;

	/* Such as anon_inode:[perf_event]. */
	if (*m->path != '/' && *m->path != '[')
		return BACKING_SPECIAL;
	if (stat(m->path, &about) || about.st_dev != m->dev || statfs(m->path, &fs))
		return BACKING_FILE;
	return by_magic(&fs);
}

/* What the kernel does not name, and what it names for the program. */
static bool is_anonymous(const char *area)
{
	return !strncmp(area, "[anon", 5) || !strcmp(area, "[heap]") ||
	       !strncmp(area, "[stack", 6);
}

/**
 * backing_of() - what sort of memory a mapping is of.
 * @m: the mapping
 * @file: what it is of, opened as far as that goes
 *
 * Return: the sort; BACKING_FILE where it cannot be known.
 */
enum backing backing_of(const struct mapping *m, const struct residency *file)
{
	enum backing backing;
	struct statfs fs;

	if (!strcmp(m->path, "[hugetlb]"))
		return BACKING_HUGETLB;
	if (!mapping_is_file(m))
		return is_anonymous(m->path) ? BACKING_ANON : BACKING_SPECIAL;
	switch (file->state) {
	case RESIDENCY_HUGETLBFS:
		return BACKING_HUGETLB;
	case RESIDENCY_SPECIAL:
	case RESIDENCY_DAX:
		return BACKING_SPECIAL;
	default:
		break;
	}
	if (file->fd >= 0 && !fstatfs(file->fd, &fs))
		return by_magic(&fs);
	backing = by_device(m);
	return backing == BACKING_FILE ? by_name(m) : backing;
}
