// SPDX-License-Identifier: GPL-2.0
/*
 * Finding out where mounts hang. That stands in struct mount, which the kernel keeps to
 * itself: two words right before struct vfsmount (fs/mount.h, 3.3 to 7.3), or anywhere
 * where the kernel's structures are laid out at random. So they are looked for, and those
 * are taken that say of some mounts of the running kernel what follow_up() says of them.
 * Process context, at load.
 */
#include <linux/kernel.h>
#include <linux/namei.h>
#include <linux/path.h>
#include "compat/file.h"
#include "compat/layout.h"
#include "mounts.h"

/* Bytes before and behind struct vfsmount: struct mount is not larger, up to 7.3. */
#define SEARCHED	512

struct fs_mounts fs_mounts;

#define SAMPLES		8

/* A mount of the running kernel, held, and what it hangs at. */
struct sample {
	struct path child;
	struct path up;
};

/* True if it is a mount, and not the root of the namespace. */
/* Returns 1 or, where nothing is mounted, 0; or -ENOMEM. */
static int sample_take(struct sample *sample, const char *where)
{
	int err = kern_path(where, LOOKUP_FOLLOW, &sample->child);

	if (err)
		return err == -ENOMEM ? err : 0;
	sample->up = sample->child;
	path_get(&sample->up);
	if (sample->child.dentry == sample->child.mnt->mnt_root && compat_follow_up(&sample->up))
		return 1;
	path_put(&sample->up);
	path_put(&sample->child);
	return 0;
}

static void sample_put(struct sample *sample)
{
	path_put(&sample->up);
	path_put(&sample->child);
}

/* A word near a mount; NULL where there is none. What it says need not be true. */
static void *word_at(const struct vfsmount *mnt, int offset)
{
	void *word;

	return compat_peek(&word, (const char *)mnt + offset, sizeof(word)) ? NULL : word;
}

static bool is_mountpoint(const struct sample *samples, unsigned int count, int offset)
{
	unsigned int i;

	for (i = 0; i < count; i++)
		if (word_at(samples[i].child.mnt, offset) != samples[i].up.dentry)
			return false;
	return true;
}

/* A pointer to what the parent's struct vfsmount is in, and begins @before bytes before it. */
static bool is_parent(const struct sample *samples, unsigned int count, int offset, int *before)
{
	unsigned int i;

	for (i = 0; i < count; i++) {
		const char *parent = word_at(samples[i].child.mnt, offset);
		long distance = (const char *)samples[i].up.mnt - parent;

		if (!parent || distance < 0 || distance > SEARCHED || (i && distance != *before))
			return false;
		*before = distance;
	}
	return true;
}

/* In the words from @first to @last, of which just one pair has to do. */
static bool mounts_search(const struct sample *samples, unsigned int count, int first, int last)
{
	unsigned int mountpoints = 0, parents = 0;
	struct fs_mounts found = { .known = true };
	int at, before;

	for (at = first; at <= last; at += sizeof(void *)) {
		if (is_mountpoint(samples, count, at)) {
			found.mountpoint = at;
			mountpoints++;
		} else if (is_parent(samples, count, at, &before)) {
			found.parent = at;
			found.vfsmount = before;
			parents++;
		}
	}
	if (mountpoints != 1 || parents != 1)
		return false;
	fs_mounts = found;
	return true;
}

/**
 * fs_mounts_find - finds out where mounts hang, if it can
 *
 * Process context, before any hook. One mount proves the usual place; elsewhere one word may
 * look like another by chance, and three mounts have to agree. Returns 0, found or not; or -ENOMEM.
 */
int fs_mounts_find(void)
{
	static const char * const where[SAMPLES] = {
		"/proc", "/sys", "/dev", "/run", "/dev/pts", "/dev/shm", "/tmp",
		"/sys/kernel/debug",
	};
	const int word = sizeof(void *);
	struct sample samples[SAMPLES];
	unsigned int count = 0, i;
	int some = 0;

	for (i = 0; i < SAMPLES && some >= 0; i++) {
		some = sample_take(&samples[count], where[i]);
		count += max(some, 0);
	}
	if (some >= 0 && count && !mounts_search(samples, count, -2 * word, -word) && count >= 3)
		mounts_search(samples, count, -SEARCHED, SEARCHED);
	for (i = 0; i < count; i++)
		sample_put(&samples[i]);
	return min(some, 0);
}
