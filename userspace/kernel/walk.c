// SPDX-License-Identifier: GPL-2.0
/*
 * walk.c - walks through folders, and through the files that processes map, and hands each file
 * on once: a file with several hard links, or one that is named and also lies in a named folder,
 * counts once. It keeps no list of the files, only of folders that may be met again by a bind
 * mount. Called by cache and regions.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "kernel/mappings.h"
#include "kernel/walk.h"
#include "lib/glob.h"
#include "lib/index.h"
#include "lib/message.h"
#include "lib/xalloc.h"

/*
 * Whether opening a device does nothing else: a node of one that is not there can load a driver
 * or make an array, and of a removable one the medium is looked for.
 */
static bool is_harmless(uint64_t device)
{
	return residency_device_number(device, "size") &&
	       !residency_device_number(device, "removable") &&
	       !residency_device_number(device, "../removable");
}

static void trouble(struct walk *walk, const char *path, int error)
{
	walk->failed = true;
	if (!walk->quiet)
		complain("%s: %s", path, strerror(error));
}

/* Whether a file is of another file system than the tree's root, which is mounted on it. */
static bool is_elsewhere(const struct walk *walk, const struct residency *file)
{
	struct statfs fs;

	if (file->dev == walk->dev)
		return false;
	/* Files of overlayfs may have the devices of those underneath. */
	if (file->mount_root != MOUNT_ROOT_UNKNOWN)
		return file->mount_root == MOUNT_ROOT_YES;
	return file->fd < 0 || fstatfs(file->fd, &fs) || fs.f_type != OVERLAYFS_MAGIC;
}

static bool is_wanted(const struct walk *walk, const char *path)
{
	return !walk->wanted || glob_matches(walk->wanted, path);
}

/*
 * Whether what is there may be met in another place as well: by a bind mount, or a file system
 * that is mounted twice. Unknown is yes.
 */
static bool is_in_places(struct walk *walk, uint64_t dev)
{
	if (walk->last_dev != dev)
		walk->last_in_places = mounts_count(&walk->mounts, dev) != 1;
	walk->last_dev = dev;
	return walk->last_in_places;
}

/* Where single files are mounted, which otherwise nothing tells from others. */
static void find_bound(struct walk *walk)
{
	const struct mount *mount;
	struct stat about;
	size_t i;

	for (i = 0; i < walk->mounts.nr; i++) {
		mount = &walk->mounts.at[i];
		/* Servers may not answer. */
		if (strcmp(mount->root, "/") &&
		    (major(mount->dev) || !strcmp(mount->type, "tmpfs") ||
		     !strcmp(mount->type, "btrfs") || !strcmp(mount->type, "overlay")) &&
		    !lstat(mount->point, &about) && S_ISREG(about.st_mode))
			identities_add(&walk->bound, about.st_dev, about.st_ino);
	}
}

/*
 * Whether the files of a folder were handed on before, when it was met in another place. If only
 * some files are wanted they may not have been: then each is remembered, see was_before().
 */
static bool folder_was_before(struct walk *walk, const struct stat *about)
{
	return !walk->wanted && is_in_places(walk, about->st_dev) &&
	       !identities_add(&walk->folders, about->st_dev, about->st_ino);
}

/* What is named itself is handed on then. */
static bool is_named(const struct walk *walk, const struct residency *file)
{
	struct identity one = identity_of_file(file);

	return walk->named.nr > 1 && identities_have(&walk->named, one.dev, one.inode);
}

static bool was_before(struct walk *walk, const struct residency *file, bool folder_was)
{
	struct identity one = identity_of_file(file);

	if (file->links > 1 || file->device || identities_have(&walk->bound, one.dev, one.inode) ||
	    (walk->wanted && is_in_places(walk, one.dev)))
		return !identities_add(&walk->seen, one.dev, one.inode);
	/* What is mounted on a file of a folder is not what was there before. */
	return folder_was && file->mount_root != MOUNT_ROOT_YES;
}

static void visit_file(struct walk *walk, int dir, const char *name, bool folder_was)
{
	struct residency file;

	if (!is_wanted(walk, walk->path))
		return;
	residency_open(&file, dir, name);
	/* What vanished between the folder and here was no file of the tree's. */
	if (file.state == RESIDENCY_SPECIAL)
		walk->special++;
	else if (file.state == RESIDENCY_FAILED && file.fd < 0)
		trouble(walk, walk->path, errno);
	else if (file.state != RESIDENCY_GONE && (!walk->one_fs || !is_elsewhere(walk, &file)) &&
		 !is_named(walk, &file) && !was_before(walk, &file, folder_was))
		walk->visit(walk->data, &file, walk->path);
	residency_close(&file);
	if (walk->looked)
		walk->looked();
}

/* Appends a name to the path; where it ended before, to be cut there again. */
static size_t path_enter(struct walk *walk, const char *name)
{
	size_t length = strlen(walk->path), more = strlen(name);

	if (length + more + 2 > walk->room) {
		walk->room = 2 * (length + more + 2);
		walk->path = xrealloc(walk->path, walk->room);
	}
	if (length && walk->path[length - 1] != '/')
		strcpy(walk->path + length, "/");
	strcat(walk->path + length, name);
	return length;
}

static unsigned char type_of(int dir, const struct dirent *entry)
{
	struct stat about;

	if (entry->d_type != DT_UNKNOWN)
		return entry->d_type;
	if (fstatat(dir, entry->d_name, &about, AT_SYMLINK_NOFOLLOW))
		return DT_UNKNOWN;
	return (unsigned char)IFTODT(about.st_mode);
}

static void walk_folder(struct walk *walk, int fd, bool root);

static void enter_folder(struct walk *walk, int dir, const char *name)
{
	int fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd >= 0)
		walk_folder(walk, fd, false);
	else if (errno != ENOENT && errno != ENOTDIR && errno != ELOOP)
		trouble(walk, walk->path, errno);
}

static void visit_entry(struct walk *walk, int dir, const struct dirent *entry, bool folder_was)
{
	const char *name = entry->d_name;
	struct stat about;
	size_t length;

	if (!strcmp(name, ".") || !strcmp(name, ".."))
		return;
	length = path_enter(walk, name);
	switch (type_of(dir, entry)) {
	case DT_REG:
		visit_file(walk, dir, name, folder_was);
		break;
	case DT_BLK:
		if (!fstatat(dir, name, &about, AT_SYMLINK_NOFOLLOW) &&
		    S_ISBLK(about.st_mode) && is_harmless(about.st_rdev))
			visit_file(walk, dir, name, folder_was);
		else
			walk->special++;
		break;
	case DT_DIR:
		enter_folder(walk, dir, name);
		break;
	case DT_UNKNOWN:	/* gone */
	case DT_LNK:		/* has no pages; what it leads to has a name of its own */
		break;
	default:
		walk->special++;
	}
	walk->path[length] = '\0';
}

/* A folder, which becomes closed. */
static void walk_folder(struct walk *walk, int fd, bool root)
{
	const struct dirent *entry;
	struct stat about;
	DIR *folder;
	bool was;

	if (fstat(fd, &about) || (!root && walk->one_fs && about.st_dev != walk->dev) ||
	    (!root && identities_have(&walk->named, about.st_dev, about.st_ino))) {
		close(fd);
		return;
	}
	walk->dev = root ? about.st_dev : walk->dev;
	/* What the kernel makes up when it is read has no pages, and there is much of it. */
	if (residency_is_made_up(fd)) {
		walk->special++;
		close(fd);
		return;
	}
	was = folder_was_before(walk, &about);
	folder = fdopendir(fd);
	if (!folder) {
		trouble(walk, walk->path, errno);
		close(fd);
		return;
	}
	for (;;) {
		errno = 0;
		entry = readdir(folder);
		if (!entry)
			break;
		visit_entry(walk, fd, entry, was);
	}
	/* A folder that was removed has no more entries. */
	if (errno && errno != ENOENT)
		trouble(walk, walk->path, errno);
	closedir(folder);
}

static void walk_named(struct walk *walk, const char *path)
{
	struct residency file = { .fd = -1, .state = RESIDENCY_SPECIAL };
	struct stat about;
	int fd;

	free(walk->path);
	walk->path = xstrdup(path);
	walk->room = strlen(path) + 1;
	if (stat(path, &about)) {
		trouble(walk, path, errno);
		return;
	}
	if (S_ISDIR(about.st_mode)) {
		fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (fd >= 0)
			walk_folder(walk, fd, true);
		else
			trouble(walk, path, errno);
		return;
	}
	/* Other devices and pipes do things when they are opened. */
	if (S_ISREG(about.st_mode) || S_ISBLK(about.st_mode)) {
		residency_open(&file, AT_FDCWD, path);
		if ((file.state == RESIDENCY_FAILED && file.fd < 0) ||
		    file.state == RESIDENCY_GONE)
			trouble(walk, path, errno);
		else if (!was_before(walk, &file, false))
			walk->visit(walk->data, &file, path);
		residency_close(&file);
		if (walk->looked)
			walk->looked();
		return;
	}
	walk->visit(walk->data, &file, path);
}

static void forget(struct walk *walk)
{
	identities_free(&walk->named);
	identities_free(&walk->seen);
	identities_free(&walk->folders);
	identities_free(&walk->bound);
	mounts_free(&walk->mounts);
	walk->last_dev = 0;
}

/* A folder is open for each level of a tree. */
static void allow_depth(void)
{
	struct rlimit limit;

	if (!getrlimit(RLIMIT_NOFILE, &limit)) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
}

/**
 * walk_paths() - hand on the files that have these names, and all in these folders.
 * @walk: what is wanted; may be used again
 * @paths: the names
 * @nr: how many
 */
void walk_paths(struct walk *walk, char *const *paths, size_t nr)
{
	struct identity one;
	struct stat about;
	size_t i;

	allow_depth();
	forget(walk);
	mounts_read(&walk->mounts);
	find_bound(walk);
	walk->special = 0;
	walk->failed = false;
	for (i = 0; i < nr; i++) {
		/* What is named twice counts once. */
		if (stat(paths[i], &about))
			continue;
		one = identity_of_stat(&about);
		if ((!S_ISDIR(about.st_mode) && !is_wanted(walk, paths[i])) ||
		    !identities_add(&walk->named, one.dev, one.inode))
			identities_add(&walk->seen, ~0ull, i);
	}
	for (i = 0; i < nr; i++)
		if (!identities_have(&walk->seen, ~0ull, i))
			walk_named(walk, paths[i]);
}

/**
 * walk_processes() - hand on the files that these processes map.
 * @walk: what is wanted; may be used again
 * @pids: the processes
 * @nr: how many
 * @nr_live: how many of them were there, set
 */
void walk_processes(struct walk *walk, const int32_t *pids, size_t nr, size_t *nr_live)
{
	size_t i, j;

	identities_free(&walk->seen);
	walk->failed = false;
	for (i = *nr_live = 0; i < nr; i++) {
		struct identities mapped = { 0 };
		struct mappings mappings;
		enum mappings_result result = mappings_read(&mappings, pids[i], walk->quiet);

		walk->failed |= result == MAPPINGS_FAILED;
		if (result == MAPPINGS_GONE && !walk->quiet) {
			mappings_complain_gone(pids[i]);
			walk->failed = true;
		}
		*nr_live += result == MAPPINGS_READ;
		for (j = 0; result == MAPPINGS_READ && j < mappings.nr; j++) {
			const struct mapping *m = &mappings.at[j];
			struct residency file;
			struct identity one;

			if (!mapping_is_file(m) || !is_wanted(walk, m->path) ||
			    !identities_add(&mapped, m->dev,
					    m->inode ^ hash_text(HASH_BEGIN, m->path)))
				continue;
			mapping_open(&file, &mappings, m);
			file.deleted = mapping_is_deleted(&mappings, m);
			one = identity_of_file(&file);
			if (!one.inode || identities_add(&walk->seen, one.dev, one.inode))
				walk->visit(walk->data, &file, m->path);
			if (walk->looked)
				walk->looked();
			residency_close(&file);
		}
		identities_free(&mapped);
		mappings_free(&mappings);
	}
}

/**
 * walk_free() - forget what was seen.
 * @walk: used
 */
void walk_free(struct walk *walk)
{
	forget(walk);
	free(walk->path);
	walk->path = NULL;
}
