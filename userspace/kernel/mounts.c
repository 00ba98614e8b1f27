// SPDX-License-Identifier: GPL-2.0
/*
 * mounts.c - reads /proc/self/mountinfo. Called by walk, for what is mounted in several places,
 * and by sharing, for the layers of overlayfs.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "kernel/mounts.h"
#include "lib/text.h"
#include "lib/xalloc.h"

#define BLANKS	" \t\n"

static char *take_name(const char *word)
{
	char *name = xstrdup(word);

	text_unescape(name);
	return name;
}

/*
 * ID PARENT MAJOR:MINOR ROOT POINT OPTIONS [OPTIONAL...] - TYPE SOURCE OPTIONS; a word in
 * which there would be a space has an escape.
 */
static bool parse(struct mount *mount, char *line)
{
	char *words[6], *rest, *word = strtok_r(line, BLANKS, &rest);
	unsigned int major, minor;
	size_t nr;

	for (nr = 0; word && nr < ARRAY_SIZE(words); nr++, word = strtok_r(NULL, BLANKS, &rest))
		words[nr] = word;
	while (word && strcmp(word, "-"))
		word = strtok_r(NULL, BLANKS, &rest);
	if (!word || sscanf(words[2], "%u:%u", &major, &minor) != 2)
		return false;
	word = strtok_r(NULL, BLANKS, &rest);
	if (!word)
		return false;
	mount->id = atoi(words[0]);
	mount->dev = makedev(major, minor);
	mount->root = take_name(words[3]);
	mount->point = take_name(words[4]);
	mount->type = xstrdup(word);
	strtok_r(NULL, BLANKS, &rest);
	word = strtok_r(NULL, BLANKS, &rest);
	mount->options = xstrdup(word ? word : "");
	return true;
}

/**
 * mounts_read() - all that is mounted.
 * @mounts: set, to be freed; empty where there is no /proc
 */
void mounts_read(struct mounts *mounts)
{
	FILE *file = fopen("/proc/self/mountinfo", "re");
	char *line = NULL;
	size_t room = 0;

	memset(mounts, 0, sizeof(*mounts));
	while (file && getline(&line, &room, file) > 0) {
		mounts->at = xgrow(mounts->at, mounts->nr, &mounts->room, sizeof(*mounts->at));
		if (parse(&mounts->at[mounts->nr], line))
			mounts->nr++;
	}
	if (file)
		fclose(file);
	free(line);
}

/**
 * mounts_count() - in how many places a file system is mounted.
 * @mounts: read
 * @dev: of the file system
 *
 * Return: the number; 0 is not known.
 */
size_t mounts_count(const struct mounts *mounts, uint64_t dev)
{
	size_t nr = 0, i;

	for (i = 0; i < mounts->nr; i++)
		nr += mounts->at[i].dev == dev;
	return nr;
}

/**
 * mounts_by_dev() - a mount of a file system.
 * @mounts: read
 * @dev: of the file system
 *
 * Return: the first one, NULL if there is none.
 */
const struct mount *mounts_by_dev(const struct mounts *mounts, uint64_t dev)
{
	size_t i;

	for (i = 0; i < mounts->nr; i++)
		if (mounts->at[i].dev == dev)
			return &mounts->at[i];
	return NULL;
}

/**
 * mounts_by_id() - a mount by its number.
 * @mounts: read
 * @id: as name_to_handle_at() has it
 *
 * Return: the mount, NULL if it is not one of ours.
 */
const struct mount *mounts_by_id(const struct mounts *mounts, int id)
{
	size_t i;

	for (i = 0; i < mounts->nr; i++)
		if (mounts->at[i].id == id)
			return &mounts->at[i];
	return NULL;
}

/**
 * mounts_free() - free them.
 * @mounts: read, or all zero
 */
void mounts_free(struct mounts *mounts)
{
	size_t i;

	for (i = 0; i < mounts->nr; i++) {
		free(mounts->at[i].root);
		free(mounts->at[i].point);
		free(mounts->at[i].type);
		free(mounts->at[i].options);
	}
	free(mounts->at);
	memset(mounts, 0, sizeof(*mounts));
}
