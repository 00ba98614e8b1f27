// SPDX-License-Identifier: GPL-2.0
/*
 * sharing.c - finds out which files have the same pages. Called by cache, map and regions for
 * each file that counts.
 *
 * The page cache is by inode: hard links, bind mounts and nodes of a device are one inode, which
 * is walk's part; reflinks and snapshots are several, each with pages of its own. What is left is
 * overlayfs, where a mapped file is that of a layer, while stat has another device and, for some,
 * another inode. Up to 6.11 /proc/PID/maps has those of the layer's file; from 6.6 on a handle by
 * name_to_handle_at() has in it the handle of the layer's file and the UUID of its file system,
 * which 6.9 gives for any file. A handle of a file that was copied up is still that of the lower
 * file; the attributes are those of the upper one.
 */
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "kernel/mappings.h"
#include "kernel/procfs.h"
#include "kernel/sharing.h"
#include "lib/index.h"
#include "lib/text.h"
#include "lib/xalloc.h"

#ifndef AT_HANDLE_FID
#define AT_HANDLE_FID	0x200
#endif

struct uuid_answer {
	unsigned char length, uuid[16];
};

#define ASK_UUID	_IOR(0x15, 0, struct uuid_answer)	/* FS_IOC_GETFSUUID */

/* The handle of overlayfs, after its version: where what is in it begins. */
#define STACKED_TYPE	0xf8
#define STACKED_MAGIC	0xfb
enum {
	STACKED_AT_MAGIC = 4, STACKED_AT_LENGTH, STACKED_AT_FLAGS, STACKED_AT_TYPE,
	STACKED_AT_UUID, STACKED_AT_HANDLE = 24,
};

#define STACKED_PADDING	3	/* before what the length is of */
#define STACKED_UPPER	4	/* flag */

/* The type of handle that most file systems have: inode and generation. */
#define TYPE_INODE	1

union handle {
	struct file_handle head;
	char room[sizeof(struct file_handle) + MAX_HANDLE_SZ];
};

/* A file by its handle: what is in it, whosever file that is. */
struct below {
	const unsigned char *uuid, *handle;
	size_t length;
	unsigned int type;
	bool is_lower;		/* or was copied up from there */
};

static bool ask_handle(int fd, union handle *handle, int *mount)
{
	handle->head.handle_bytes = MAX_HANDLE_SZ;
	return !name_to_handle_at(fd, "", &handle->head, mount, AT_EMPTY_PATH | AT_HANDLE_FID);
}

/* A layer may be overlayfs itself. */
static bool open_handle(const union handle *handle, struct below *below)
{
	const unsigned char *at = handle->head.f_handle;
	size_t nr = handle->head.handle_bytes, whole;

	below->type = (unsigned int)handle->head.handle_type;
	below->uuid = NULL;
	below->is_lower = false;
	while (below->type == STACKED_TYPE) {
		if (nr <= STACKED_AT_HANDLE || at[STACKED_AT_MAGIC] != STACKED_MAGIC)
			return false;
		whole = STACKED_PADDING + (size_t)at[STACKED_AT_LENGTH];
		if (whole > nr || whole <= STACKED_AT_HANDLE)
			return false;
		below->is_lower |= !(at[STACKED_AT_FLAGS] & STACKED_UPPER);
		below->type = at[STACKED_AT_TYPE];
		below->uuid = at + STACKED_AT_UUID;
		nr = whole - STACKED_AT_HANDLE;
		at += STACKED_AT_HANDLE;
	}
	below->handle = at;
	below->length = nr;
	return below->uuid;
}

/*
 * Of a file system that has no UUID a handle with a generation, which is by chance, is believed;
 * those of images, which have none, may be alike.
 */
static bool is_distinct(const struct below *below)
{
	static const unsigned char none[16];
	uint32_t generation;

	if (memcmp(below->uuid, none, sizeof(none)))
		return true;
	if (below->type != TYPE_INODE || below->length != 8)
		return false;
	memcpy(&generation, below->handle + 4, sizeof(generation));
	return generation;
}

static uint64_t hash_bytes(uint64_t hash, const unsigned char *bytes, size_t nr)
{
	while (nr--)
		hash = hash_number(hash, *bytes++);
	return hash;
}

/* Two hashes: that both meet is not to be expected. */
static struct identity key_of(const struct below *below, uint64_t more)
{
	struct identity key = { HASH_BEGIN, ~HASH_BEGIN };
	uint64_t *half;

	for (half = &key.dev; half; half = half == &key.dev ? &key.inode : NULL) {
		*half = hash_bytes(*half, below->uuid, 16);
		*half = hash_bytes(*half, below->handle, below->length);
		*half = hash_number(hash_number(*half, below->type), more);
	}
	return key;
}

static const unsigned char *uuid_of(struct sharing *sharing, int fd, uint64_t dev)
{
	struct uuid_answer answer;

	if (sharing->last_dev == dev)
		return sharing->last_uuid;
	sharing->last_dev = dev;
	memset(sharing->last_uuid, 0, sizeof(sharing->last_uuid));
	if (!ioctl(fd, ASK_UUID, &answer))
		memcpy(sharing->last_uuid, answer.uuid, sizeof(sharing->last_uuid));
	return sharing->last_uuid;
}

/* A key for when it is found by its handle alone, and one for when its attributes must fit. */
static size_t plain_keys(struct sharing *sharing, int fd, uint64_t dev, uint64_t changed,
			 struct identity *keys)
{
	union handle handle;
	struct below below;
	int mount;

	if (!ask_handle(fd, &handle, &mount))
		return 0;
	below.uuid = uuid_of(sharing, fd, dev);
	below.handle = handle.head.f_handle;
	below.length = handle.head.handle_bytes;
	below.type = (unsigned int)handle.head.handle_type;
	if (!is_distinct(&below))
		return 0;
	keys[0] = key_of(&below, 0);
	keys[1] = key_of(&below, changed);
	return 2;
}

/* What maps says, if that is the file below and tells it from all others. */
static bool key_of_maps(const struct sharing *sharing, int fd, struct identity *key)
{
	static bool has_users;		/* from 6.12 on they have what stat has */
	const struct mount *mount;

	if (has_users || !mappings_identity(fd, &key->dev, &key->inode))
		return false;
	mount = mounts_by_dev(&sharing->mounts, key->dev);
	if (!mount)
		return major((dev_t)key->dev);
	has_users = !strcmp(mount->type, "overlay");
	/* All subvolumes have one device there, and each of them has that inode. */
	return !has_users && strcmp(mount->type, "btrfs") && strcmp(mount->type, "bcachefs");
}

/* The value of an option of a mount; escapes as overlayfs has them, in what mountinfo has. */
static char *mount_option(const struct mount *mount, const char *name)
{
	size_t length = strlen(name);
	const char *at = mount->options;
	char *path, *to;

	while (strncmp(at, name, length) || at[length] != '=') {
		at = strchr(at, ',');
		if (!at)
			return NULL;
		at++;
	}
	path = xstrdup(at + length + 1);
	to = path;
	text_unescape(path);
	for (at = path; *at && *at != ','; at++) {
		if (*at == '\\' && at[1])
			at++;
		*to++ = *at;
	}
	*to = '\0';
	return path;
}

/* Opens the file in the upper layer, whose path is @upper, if that is what @file is. */
static int open_upper(const struct mount *mount, const char *upper, const struct residency *file)
{
	char name[32], path[PATH_MAX], *whole;
	size_t point = strcmp(mount->point, "/") ? strlen(mount->point) : 0;
	struct residency above;
	ssize_t length;
	int fd = -1;

	snprintf(name, sizeof(name), "/proc/self/fd/%d", file->fd);
	length = readlink(name, path, sizeof(path) - 1);
	if (length > 0 && (size_t)length > point && !strncmp(path, mount->point, point)) {
		path[length] = '\0';
		whole = xasprintf("%s%s%s", upper, strcmp(mount->root, "/") ? mount->root : "",
				  path + point);
		if (residency_open(&above, AT_FDCWD, whole) && above.changed == file->changed &&
		    above.size == file->size)
			fd = above.fd;
		else
			residency_close(&above);
		free(whole);
	}
	return fd;
}

/* Whether the data may be of another file than the attributes. */
static bool has_apart(const struct sharing *sharing, const struct mount *mount)
{
	bool apart = sharing->metacopy_is_usual;
	char *metacopy;

	if (!mount)
		return false;
	/* It is not among the options where it is as the parameter has it. */
	metacopy = mount_option(mount, "metacopy");
	if (metacopy)
		apart = !strcmp(metacopy, "on");
	free(metacopy);
	return apart || strstr(mount->options, "datadir+=") || strstr(mount->options, "::");
}

static bool key_of_handle(struct sharing *sharing, const struct residency *file,
			  struct identity *key)
{
	const struct mount *mount;
	struct identity keys[2];
	union handle handle;
	struct below below;
	int id, fd = -1;
	bool is_upper;
	char *upper;

	if (!ask_handle(file->fd, &handle, &id) || !open_handle(&handle, &below) ||
	    !is_distinct(&below))
		return false;
	mount = mounts_by_id(&sharing->mounts, id);
	if (has_apart(sharing, mount))
		return false;
	upper = below.is_lower && mount ? mount_option(mount, "upperdir") : NULL;
	/* The file may be a copy in a folder whose path only the one who mounted knows. */
	if (upper && *upper != '/') {
		free(upper);
		return false;
	}
	if (upper)
		fd = open_upper(mount, upper, file);
	free(upper);
	if (fd >= 0) {
		struct stat about;

		is_upper = !fstat(fd, &about) &&
			   plain_keys(sharing, fd, about.st_dev, 0, keys);
		close(fd);
		*key = keys[0];
		return is_upper;
	}
	*key = key_of(&below, below.is_lower ? file->changed : 0);
	return true;
}

static void begin(struct sharing *sharing)
{
	char *metacopy = procfs_read("/sys/module/overlay/parameters/metacopy", NULL);
	size_t i;

	sharing->metacopy_is_usual = metacopy && *metacopy == 'Y';
	free(metacopy);
	sharing->began = true;
	mounts_read(&sharing->mounts);
	sharing->is_needed = !sharing->mounts.nr;
	for (i = 0; i < sharing->mounts.nr; i++)
		sharing->is_needed |= !strcmp(sharing->mounts.at[i].type, "overlay");
}

static enum sharing_result meet_stacked(struct sharing *sharing, const struct residency *file)
{
	struct identity key;

	if (!key_of_maps(sharing, file->fd, &key) && !key_of_handle(sharing, file, &key))
		return SHARING_UNKNOWN;
	if (identities_add(&sharing->stacked, key.dev, key.inode) &&
	    !identities_have(&sharing->plain, key.dev, key.inode))
		return SHARING_FIRST;
	return SHARING_AGAIN;
}

/* Two plain files are two, even if their file systems are copies with the same UUID. */
static enum sharing_result meet_plain(struct sharing *sharing, const struct residency *file)
{
	struct identity keys[3] = { { file->dev, file->inode } };
	bool again = false;
	size_t nr, i;

	nr = 1 + plain_keys(sharing, file->fd, file->dev, file->changed, keys + 1);
	for (i = 0; i < nr; i++) {
		again |= identities_have(&sharing->stacked, keys[i].dev, keys[i].inode);
		identities_add(&sharing->plain, keys[i].dev, keys[i].inode);
	}
	return again ? SHARING_AGAIN : SHARING_FIRST;
}

/**
 * sharing_meet() - whether the pages of a file were met before, as another's.
 * @sharing: what was met
 * @file: open, and something is known of it
 *
 * Return: what is known.
 */
enum sharing_result sharing_meet(struct sharing *sharing, const struct residency *file)
{
	if (!sharing->began)
		begin(sharing);
	if (file->device || !file->pages)
		return SHARING_FIRST;
	if (file->is_stacked) {
		sharing->is_needed = true;
		return meet_stacked(sharing, file);
	}
	return sharing->is_needed ? meet_plain(sharing, file) : SHARING_FIRST;
}

/**
 * sharing_meet_named() - sharing_meet() of a file that may be met again by another name.
 * @sharing: what was met
 * @file: open, and something is known of it
 *
 * Hard links, bind mounts, and nodes of a device; where walk was before they are met once.
 *
 * Return: what is known.
 */
enum sharing_result sharing_meet_named(struct sharing *sharing, const struct residency *file)
{
	struct identity one = identity_of_file(file);

	if (!identities_add(&sharing->named, one.dev, one.inode))
		return SHARING_AGAIN;
	return sharing_meet(sharing, file);
}

/**
 * sharing_free() - forget all.
 * @sharing: all zero, or used
 */
void sharing_free(struct sharing *sharing)
{
	mounts_free(&sharing->mounts);
	identities_free(&sharing->plain);
	identities_free(&sharing->stacked);
	identities_free(&sharing->named);
	memset(sharing, 0, sizeof(*sharing));
}
