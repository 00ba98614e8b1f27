// SPDX-License-Identifier: GPL-2.0
/*
 * debugfile.c - files that have the names and the DWARF of others, and what is kept by build-id:
 * /usr/lib/debug, what debuginfod's client has fetched (nothing is fetched here), and what
 * .gnu_debuglink and .gnu_debugaltlink name. Called by images.c.
 *
 * A file is what is looked for if it has the same build-id; where one of both has none, if it has
 * the sum that .gnu_debuglink says.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/text.h"
#include "lib/xalloc.h"
#include "stacks/symbols/debugfile.h"
#include "stacks/symbols/rooted.h"

#define DEBUG_FOLDER	"/usr/lib/debug"

/* Takes what was opened if it is the file; closes it if not. */
static int take_if(int fd, const char *build_id, struct elffile *elf)
{
	if (fd >= 0 && elffile_read(elf, fd) && !strcmp(elf->build_id, build_id))
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

/* And frees the path. */
static int open_and_take(int root, char *path, const char *build_id, struct elffile *elf)
{
	const int fd = rooted_open(root, path);

	free(path);
	return take_if(fd, build_id, elf);
}

/* Where debuginfod's client keeps what it has fetched; NULL if that is not known. */
static char *cache_folder(void)
{
	const char *folder = getenv("DEBUGINFOD_CACHE_PATH");

	if (folder && *folder)
		return xstrdup(folder);
	folder = getenv("XDG_CACHE_HOME");
	if (folder && *folder)
		return xasprintf("%s/debuginfod_client", folder);
	folder = getenv("HOME");
	return folder && *folder ? xasprintf("%s/.cache/debuginfod_client", folder) : NULL;
}

static int open_cached(int root, const char *name, const char *build_id, struct elffile *elf)
{
	char *folder = cache_folder();
	int fd = -1;

	if (folder)
		fd = open_and_take(root, xasprintf("%s/%s/%s", folder, build_id, name), build_id,
				   elf);
	free(folder);
	return fd;
}

static int open_kept(int root, enum debugfile_kind kind, const char *build_id,
		     struct elffile *elf)
{
	static const char * const folders[] = { DEBUG_FOLDER "/.build-id", "/usr/lib/.build-id" };
	const char *end = kind == DEBUGFILE_DEBUG ? ".debug" : "";
	size_t i;

	for (i = 0; i < ARRAY_SIZE(folders); i++) {
		char *path = xasprintf("%s/%.2s/%s%s", folders[i], build_id, build_id + 2, end);
		const int fd = open_and_take(root, path, build_id, elf);

		if (fd >= 0)
			return fd;
	}
	return -1;
}

/* In a root that may be another's, and in ours; what was fetched is in ours. */
static int open_by_id(int own_root, int root, enum debugfile_kind kind, const char *build_id,
		      struct elffile *elf)
{
	const char *name = kind == DEBUGFILE_DEBUG ? "debuginfo" : "executable";
	int fd;

	if (strlen(build_id) < 6)
		return -1;
	fd = open_kept(own_root, kind, build_id, elf);
	if (fd < 0 && root != own_root)
		fd = open_kept(root, kind, build_id, elf);
	return fd < 0 ? open_cached(own_root, name, build_id, elf) : fd;
}

/**
 * debugfile_by_id() - a file by its build-id.
 * @root: our own
 * @kind: which
 * @build_id: lower-case hexadecimal
 *
 * Return: a file to be read; negative if it is not kept here.
 */
int debugfile_by_id(int root, enum debugfile_kind kind, const char *build_id)
{
	struct elffile elf;

	return open_by_id(root, root, kind, build_id, &elf);
}

/* As .gnu_debuglink says. */
static int take_linked(int fd, const struct elffile *elf, struct elffile *debug)
{
	uint32_t sum;

	if (fd < 0)
		return -1;
	if (elffile_read(debug, fd) &&
	    (*elf->build_id && *debug->build_id ? !strcmp(elf->build_id, debug->build_id) :
	     elffile_sum(fd, &sum) && sum == elf->link_sum))
		return fd;
	close(fd);
	return -1;
}

/* The bytes of a path up to its last slash. */
static int folder_length(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? (int)(slash - path) : 0;
}

static int open_linked(int root, const char *path, const struct elffile *elf,
		       struct elffile *debug)
{
	const int length = folder_length(path);
	char * const places[] = {
		xasprintf("%.*s/%s", length, path, elf->link),
		xasprintf("%.*s/.debug/%s", length, path, elf->link),
		xasprintf(DEBUG_FOLDER "%.*s/%s", length, path, elf->link),
	};
	int fd = -1;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(places); i++) {
		if (fd < 0)
			fd = take_linked(rooted_open(root, places[i]), elf, debug);
		free(places[i]);
	}
	return fd;
}

/**
 * debugfile_of() - the file that has what was taken out of another.
 * @own_root: our root
 * @root: in which the other was found; may be ours
 * @path: of the other, from there
 * @elf: of the other
 * @debug: set on success: of the file that was found
 *
 * Return: a file to be read; negative if it is not here.
 */
int debugfile_of(int own_root, int root, const char *path, const struct elffile *elf,
		 struct elffile *debug)
{
	int fd = open_by_id(own_root, root, DEBUGFILE_DEBUG, elf->build_id, debug);

	if (fd < 0 && *elf->link)
		fd = open_linked(root, path, elf, debug);
	if (fd < 0 && *elf->link && root != own_root)
		fd = open_linked(own_root, path, elf, debug);
	return fd;
}

/* A path that begins at the folder of an open file. */
static char *path_beside(int fd, const char *name)
{
	char link[32], path[PATH_MAX];
	ssize_t length;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	length = readlink(link, path, sizeof(path) - 1);
	path[length < 0 ? 0 : length] = '\0';
	return xasprintf("%.*s/%s", folder_length(path), path, name);
}

/**
 * debugfile_alt() - the file that has what several have in common, as dwz makes it.
 * @own_root: our root
 * @root: in which the file that names it was found
 * @fd: that file
 * @elf: of it
 *
 * Return: a file to be read; negative if it is not here.
 */
int debugfile_alt(int own_root, int root, int fd, const struct elffile *elf)
{
	struct elffile alt;
	int found = open_by_id(own_root, root, DEBUGFILE_DEBUG, elf->alt_id, &alt);

	if (found < 0 && *elf->alt == '/')
		found = take_if(rooted_open(root, elf->alt), elf->alt_id, &alt);
	else if (found < 0 && root == own_root)
		found = open_and_take(root, path_beside(fd, elf->alt), elf->alt_id, &alt);
	return found;
}
