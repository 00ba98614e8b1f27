// SPDX-License-Identifier: GPL-2.0
/*
 * maps.c - parses /proc/PID/maps, which escapes the newline and nothing else.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "maps.h"
#include "note.h"
#include "snapshot.h"

static char *newline_unescape(char *name)
{
	char *at = name;

	while ((at = strstr(at, "\\012"))) {
		*at++ = '\n';
		memmove(at, at + 3, strlen(at + 3) + 1);
	}
	return name;
}

static int map_parse(struct map *map, char *line)
{
	int name = 0;

	if (sscanf(line, "%lx-%lx %*s %*x %x:%x %llu%n", &map->start, &map->end, &map->dev_major,
		   &map->dev_minor, &map->inode, &name) != 5 || !name)
		return -1;
	while (line[name] == ' ')
		name++;
	map->name = newline_unescape(line + name);
	return 0;
}

/**
 * maps_read() - read the map of a process.
 * @maps: filled; free it with maps_free()
 * @pid: the process
 *
 * Return: 0, or -1 after a note.
 */
int maps_read(struct maps *maps, pid_t pid)
{
	char path[64], *line, *next;

	memset(maps, 0, sizeof(*maps));
	snprintf(path, sizeof(path), "/proc/%d/maps", pid);
	read_whole(path, &maps->text, NULL);
	if (!maps->text) {
		note("cannot read %s", path);
		return -1;
	}
	for (line = maps->text; *line; line = next) {
		next = strchr(line, '\n');
		if (!next)
			return -1;
		*next++ = '\0';
		maps->map = realloc(maps->map, (maps->nr + 1) * sizeof(*maps->map));
		if (!maps->map || map_parse(&maps->map[maps->nr], line)) {
			note("cannot parse %s: %s", path, line);
			return -1;
		}
		maps->nr++;
	}
	return 0;
}

/**
 * maps_free() - give the memory back.
 * @maps: from maps_read()
 */
void maps_free(struct maps *maps)
{
	free(maps->map);
	free(maps->text);
}

/**
 * maps_at() - the region that an address is in.
 * @maps: from maps_read()
 * @address: the address
 *
 * Return: the region or NULL.
 */
const struct map *maps_at(const struct maps *maps, const void *address)
{
	size_t i;

	for (i = 0; i < maps->nr; i++)
		if (maps->map[i].start <= (unsigned long)address &&
		    (unsigned long)address < maps->map[i].end)
			return &maps->map[i];
	return NULL;
}

/**
 * maps_find() - a region by all that names it.
 * @maps: from maps_read()
 * @name: raw bytes
 * @dev_major: of the file's device
 * @dev_minor: of the file's device
 * @inode: the file's
 *
 * Return: the first such region or NULL.
 */
const struct map *maps_find(const struct maps *maps, const char *name, unsigned int dev_major,
			    unsigned int dev_minor, unsigned long long inode)
{
	size_t i;

	for (i = 0; i < maps->nr; i++) {
		const struct map *map = &maps->map[i];

		if (map->dev_major == dev_major && map->dev_minor == dev_minor &&
		    map->inode == inode && !strcmp(map->name, name))
			return map;
	}
	return NULL;
}
