// SPDX-License-Identifier: GPL-2.0
/*
 * rooted.c - opens regular files, to be read, below a root that may be another's: a container may
 * have any links there, and FIFOs and devices, which do things when they are opened. Called by
 * images.c, debugfile.c and perfmap.c.
 *
 * A file is found first (O_PATH), which touches nothing, and opened when it is seen to be a regular
 * one. On the way the kernel keeps below the root (openat2, since 5.6); where it cannot, no link is
 * followed at all.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "kernel/procfs.h"
#include "stacks/symbols/rooted.h"

/* The same number on all architectures, and of linux/openat2.h, which older systems do not have. */
#ifndef SYS_openat2
#define SYS_openat2	437
#endif
#define STAY_IN_ROOT	0x10
#define NO_MAGIC_LINKS	0x02
#define NO_LINKS	0x04

#define TRIES	16

struct how {
	uint64_t flags, mode, resolve;
};

/**
 * rooted_own() - our own root.
 *
 * Return: a directory, to be closed; negative if there is none.
 */
int rooted_own(void)
{
	return open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
}

/**
 * rooted_of() - the root of a process, in its mount namespace.
 * @pid: of the process
 *
 * Return: a directory, to be closed; negative with errno if it is gone or if we may not.
 */
int rooted_of(int32_t pid)
{
	int32_t tid = pid;
	char path[32];
	int root;

	do {
		snprintf(path, sizeof(path), "/proc/%d/root", tid);
		root = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	} while (root < 0 && errno == ENOENT && (tid = procfs_next_thread(pid, tid)));
	return root;
}

/* By hand: one part of the path after the other, and no link. */
static int find_by_parts(int root, const char *path)
{
	int at = fcntl(root, F_DUPFD_CLOEXEC, 0);
	char part[NAME_MAX + 1];

	for (path += strspn(path, "/"); at >= 0 && *path; path += strspn(path, "/")) {
		const size_t length = strcspn(path, "/");
		const bool last = !path[length];
		int next = -1;

		errno = ENAMETOOLONG;
		if (length <= NAME_MAX) {
			memcpy(part, path, length);
			part[length] = '\0';
			errno = ELOOP;
			if (strcmp(part, ".."))
				next = openat(at, part, O_PATH | O_NOFOLLOW | O_CLOEXEC |
					      (last ? 0 : O_DIRECTORY));
		}
		close(at);
		at = next;
		path += length;
	}
	return at;
}

static int find(int root, const char *path, uint64_t resolve)
{
	struct how how = {
		.flags = O_PATH | O_CLOEXEC,
		.resolve = STAY_IN_ROOT | NO_MAGIC_LINKS | resolve,
	};
	int tries, at = -1;

	/* Again where somebody renames directories meanwhile. */
	for (tries = 0; tries < TRIES; tries++) {
		at = (int)syscall(SYS_openat2, root, path, &how, sizeof(how));
		if (at >= 0 || errno != EAGAIN)
			break;
	}
	/* Some sandboxes say EPERM of calls that they do not know. */
	if (at < 0 && (errno == ENOSYS || errno == EPERM))
		return find_by_parts(root, path);
	return at;
}

/* Opens what was found, and closes that. */
static int open_found(int found, struct stat *about)
{
	char path[32];
	int file = -1, error;

	if (found < 0)
		return -1;
	if (fstat(found, about)) {
		error = errno;
	} else if (!S_ISREG(about->st_mode)) {
		error = ENODEV;
	} else {
		snprintf(path, sizeof(path), "/proc/self/fd/%d", found);
		file = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
		error = errno;
	}
	close(found);
	errno = error;
	return file;
}

/**
 * rooted_open() - open a regular file, to be read.
 * @root: where paths begin, and where links end
 * @path: from there; it may begin with a slash
 *
 * Return: the file; negative with errno, which is ENODEV if it is no regular one.
 */
int rooted_open(int root, const char *path)
{
	struct stat about;

	return open_found(find(root, path, 0), &about);
}

/**
 * rooted_open_strictly() - the same, and no part of the path may be a link.
 * @root: where paths begin
 * @path: from there
 * @about: set: of the file, as it was found
 *
 * Return: as there; errno is ELOOP or ENODEV of links.
 */
int rooted_open_strictly(int root, const char *path, struct stat *about)
{
	return open_found(find(root, path, NO_LINKS), about);
}

/**
 * rooted_open_link() - open the regular file that a link of /proc leads to.
 * @link: its path
 *
 * Return: as rooted_open().
 */
int rooted_open_link(const char *link)
{
	struct stat about;

	return open_found(open(link, O_PATH | O_CLOEXEC), &about);
}
