// SPDX-License-Identifier: GPL-2.0
/*
 * images.c - finds the file of an image on this host: below our root, below the roots of processes
 * that map it, by their mappings where it has no name any more, and by its build-id. Called by
 * frames.c.
 *
 * A file is taken if it has the image's build-id. Where that is not known, it is taken if maps
 * would show the image's device and inode for it (what stat says differs on btrfs and overlayfs),
 * and if it was not written since the copy was made. The second way is not certain: somebody may
 * have written to the file between its mapping and the copy.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "stacks/symbols/debugfile.h"
#include "stacks/symbols/images.h"
#include "stacks/symbols/rooted.h"
#include "stacks/symbols/vdso.h"

/* Two clocks that say when a file was written may differ by that, in seconds. */
#define CLOCK_ERROR	1.0

/**
 * image_state_text() - why an image has no file.
 * @state: of it
 *
 * Return: a few words.
 */
const char *image_state_text(enum image_state state)
{
	static const char * const texts[] = {
		[IMAGE_FOUND] = "found",
		[IMAGE_GONE] = "not on this host",
		[IMAGE_NO_ID] = "no build-id is known",
		[IMAGE_OTHER] = "another file has its name now",
		[IMAGE_CHANGED] = "written since",
		[IMAGE_FORBIDDEN] = "not permitted",
		[IMAGE_STRANGE] = "not an ELF file",
		[IMAGE_SPECIAL] = "no file",
	};

	return texts[state];
}

/**
 * images_begin() - prepare to look for files.
 * @search: set, to be ended
 * @by_build_id: by nothing else, as a copy from another host wants
 * @realtime: when the copy was made; 0 if that is not known
 */
void images_begin(struct image_search *search, bool by_build_id, double realtime)
{
	memset(search, 0, sizeof(*search));
	search->root = rooted_own();
	search->by_build_id = by_build_id;
	search->realtime = realtime;
}

/**
 * images_end() - forget what the search has open.
 * @search: begun
 */
void images_end(struct image_search *search)
{
	if (search->root >= 0)
		close(search->root);
	mappings_free(&search->mappings);
}

/* Whether maps would call it what the module called it. */
static enum image_state check_identity(const struct image_search *search,
				       const struct stack_image *image, int fd)
{
	uint64_t dev, inode;
	struct stat about;

	if (search->by_build_id)
		return IMAGE_NO_ID;
	if (!mappings_identity(fd, &dev, &inode) ||
	    dev != makedev(image->dev_major, image->dev_minor) || inode != image->inode)
		return IMAGE_OTHER;
	if (search->realtime > 0 && !fstat(fd, &about) &&
	    (double)about.st_mtime > search->realtime + CLOCK_ERROR)
		return IMAGE_CHANGED;
	return IMAGE_FOUND;
}

static enum image_state check(const struct image_search *search, const struct stack_image *image,
			      int fd, struct elffile *elf)
{
	const bool is_elf = elffile_read(elf, fd);
	enum image_state state;

	if (image->build_id)
		return is_elf && !strcmp(elf->build_id, image->build_id) ? IMAGE_FOUND :
									   IMAGE_OTHER;
	state = check_identity(search, image, fd);
	return state == IMAGE_FOUND && !is_elf ? IMAGE_STRANGE : state;
}

/* Looks at what was opened, or at why it was not. What says most of all is kept. */
static bool take(const struct image_search *search, const struct image_wanted *wanted,
		 struct image_files *files, int fd)
{
	enum image_state state = IMAGE_GONE;

	if (fd >= 0)
		state = check(search, wanted->image, fd, &files->elf);
	else if (errno == EACCES || errno == EPERM)
		state = IMAGE_FORBIDDEN;
	else if (errno == ENODEV)
		state = IMAGE_OTHER;
	if (state == IMAGE_FOUND) {
		files->state = state;
		files->main = fd;
		return true;
	}
	if (files->state < state)
		files->state = state;
	if (fd >= 0)
		close(fd);
	return false;
}

/* What was taken out of it, and what that has in common with others. */
static void find_debug(const struct image_search *search, const char *path, int root,
		       struct image_files *files)
{
	const struct elffile *elf = &files->elf;
	struct elffile debug;

	if (!elf->has_symbols || !elf->has_dwarf)
		files->debug = debugfile_of(search->root, root, path, elf, &debug);
	if (elf->has_dwarf && *elf->alt)
		files->alt = debugfile_alt(search->root, root, files->main, elf);
	else if (files->debug >= 0 && debug.has_dwarf && *debug.alt)
		files->alt = debugfile_alt(search->root, search->root, files->debug, &debug);
}

/* Below a root; what belongs to it is looked for there as well. */
static bool take_rooted(const struct image_search *search, const struct image_wanted *wanted,
			struct image_files *files, int root)
{
	if (!take(search, wanted, files, rooted_open(root, wanted->path)))
		return false;
	find_debug(search, wanted->path, root, files);
	return true;
}

static bool take_from_root_of(const struct image_search *search,
			      const struct image_wanted *wanted, struct image_files *files,
			      int32_t pid)
{
	const int root = rooted_of(pid);
	bool taken;

	if (root < 0)
		return take(search, wanted, files, root);
	taken = take_rooted(search, wanted, files, root);
	close(root);
	return taken;
}

/* By what it has mapped, which leads to files without a name as well. */
static bool take_from_mappings_of(struct image_search *search, const struct image_wanted *wanted,
				  struct image_files *files, int32_t pid)
{
	const uint64_t dev = makedev(wanted->image->dev_major, wanted->image->dev_minor);
	struct mappings *mappings = &search->mappings;
	char link[80];
	size_t i;

	if (mappings->pid != pid) {
		mappings_free(mappings);
		mappings_read(mappings, pid, true);
	}
	for (i = 0; i < mappings->nr; i++)
		if (mappings->at[i].dev == dev && mappings->at[i].inode == wanted->image->inode)
			break;
	if (i == mappings->nr)
		return false;
	snprintf(link, sizeof(link), "/proc/%d/map_files/%" PRIx64 "-%" PRIx64, mappings->tid,
		 mappings->at[i].start, mappings->at[i].end);
	if (!take(search, wanted, files, rooted_open_link(link)))
		return false;
	find_debug(search, wanted->path, search->root, files);
	return true;
}

/* What is kept by build-id: the program, or at least what has its names. */
static bool take_kept(const struct image_search *search, const struct image_wanted *wanted,
		      struct image_files *files)
{
	const char *build_id = wanted->image->build_id;

	if (!build_id)
		return false;
	if (take(search, wanted, files,
		 debugfile_by_id(search->root, DEBUGFILE_PROGRAM, build_id))) {
		find_debug(search, wanted->path, search->root, files);
		return true;
	}
	files->is_debug = take(search, wanted, files,
			       debugfile_by_id(search->root, DEBUGFILE_DEBUG, build_id));
	if (files->is_debug && *files->elf.alt)
		files->alt = debugfile_alt(search->root, search->root, files->main, &files->elf);
	return files->is_debug;
}

static void find_vdso(const struct image_search *search, const struct image_wanted *wanted,
		      struct image_files *files)
{
	const char *build_id = wanted->image->build_id;
	size_t i;

	for (i = 0; !build_id && i < wanted->nr_pids; i++)
		if (!vdso_is_that_of(wanted->pids[i]))
			return;
	if (!build_id && (search->by_build_id || !wanted->nr_pids))
		return;
	files->main = vdso_copy();
	if (files->main >= 0 && elffile_read(&files->elf, files->main) &&
	    (!build_id || !strcmp(files->elf.build_id, build_id)))
		files->state = IMAGE_FOUND;
	else
		image_close(files);
}

/* The ways in their order: the cheaper ones first. */
static void find_file(struct image_search *search, const struct image_wanted *wanted,
		      struct image_files *files)
{
	const size_t nr_pids = search->by_build_id ? 0 : wanted->nr_pids;
	size_t i;

	if (*wanted->path == '/' && take_rooted(search, wanted, files, search->root))
		return;
	for (i = 0; i < nr_pids && *wanted->path == '/'; i++)
		if (take_from_root_of(search, wanted, files, wanted->pids[i]))
			return;
	for (i = 0; i < nr_pids; i++)
		if (take_from_mappings_of(search, wanted, files, wanted->pids[i]))
			return;
	take_kept(search, wanted, files);
}

/**
 * image_find() - find the file of an image, and what belongs to it.
 * @search: begun
 * @wanted: what is looked for
 * @files: set, to be closed whatever comes
 */
void image_find(struct image_search *search, const struct image_wanted *wanted,
		struct image_files *files)
{
	memset(files, 0, sizeof(*files));
	files->state = IMAGE_GONE;
	files->main = -1;
	files->debug = -1;
	files->alt = -1;
	if (*wanted->path != '[') {
		find_file(search, wanted, files);
		return;
	}
	files->state = IMAGE_SPECIAL;
	if (!strcmp(wanted->path, "[vdso]"))
		find_vdso(search, wanted, files);
}

static void close_one(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/**
 * image_close() - close what was found.
 * @files: set by image_find()
 */
void image_close(struct image_files *files)
{
	close_one(&files->main);
	close_one(&files->debug);
	close_one(&files->alt);
}
