// SPDX-License-Identifier: GPL-2.0
/*
 * named.c - a process that maps things by their names, touches them and waits, and its rows held
 * against its /proc/PID/maps. Used by the suites about names.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "maps.h"
#include "memory.h"
#include "named.h"
#include "note.h"

/**
 * name_add() - touch a mapping of NAME_PAGES pages and keep it for the comparison.
 * @n: where to keep it
 * @p: the mapping; NULL or MAP_FAILED is an error
 * @object: what the module calls it where maps has another name or none, else ""
 *
 * Return: 0 or -1.
 */
int name_add(struct named *n, char *p, const char *object)
{
	if (!p || p == MAP_FAILED || n->nr == NAMES)
		return -1;
	touch_write(p, NAME_PAGES);
	n->of[n->nr].at = p;
	snprintf(n->of[n->nr].object, sizeof(n->of[n->nr].object), "%s", object);
	n->nr++;
	return 0;
}

/**
 * name_add_file() - make a file, map, touch and keep it.
 * @n: where to keep it
 * @path: its path, perhaps relative
 *
 * Return: 0 or -1.
 */
int name_add_file(struct named *n, const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0644);
	char *p;

	if (fd < 0 || ftruncate(fd, NAME_PAGES * PAGE))
		return -1;
	p = mmap(NULL, NAME_PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	return name_add(n, p, "");
}

static int named_main(void *arg)
{
	struct named *n = arg;
	int ret = n->make(n);

	if (ret)
		return ret;
	gate_open(&n->ready);
	return gate_wait(&n->done);
}

/**
 * escaped_well() - is a name escaped as the format says, and no more than that?
 * @text: as in the file
 *
 * Return: false if a byte would break a row, or an escape was not needed.
 */
bool escaped_well(const char *text)
{
	const unsigned char *at = (const unsigned char *)text;

	for (; *at; at++) {
		unsigned int byte;

		if (*at < 0x20 || *at == 0x7f)
			return false;
		if (*at != '\\')
			continue;
		if (sscanf((const char *)at, "\\%3o", &byte) != 1)
			return false;
		if (byte >= 0x20 && byte != 0x7f && byte != '\\')
			return false;
		at += 3;
	}
	return true;
}

/* Every row of a file that is mapped is in maps under the same name, device and inode. */
static int rows_in_maps(const struct snapshot *s, const struct maps *maps, pid_t pid)
{
	size_t i, files = 0;
	int wrong = 0;

	for (i = 0; i < s->nr_rows; i++) {
		const struct row *r = &s->rows[i];

		if (r->pid != pid)
			continue;
		if (!escaped_well(r->escaped)) {
			note("badly escaped: %.300s", r->escaped);
			wrong++;
		}
		if (*r->object != '/')
			continue;
		files++;
		if (!maps_find(maps, r->object, r->dev_major, r->dev_minor, r->inode)) {
			note("not in maps: %u:%u %llu %.300s", r->dev_major, r->dev_minor, r->inode,
			     r->escaped);
			wrong++;
		}
	}
	/* The program itself at least. */
	return files ? wrong : wrong + 1;
}

/* A region that is no file has no device and no inode, whatever lies behind it. */
static bool row_is(const struct row *r, const struct map *map, const char *object)
{
	bool region = *object == '[';

	return !strcmp(r->object, object) && r->n.calls &&
	       r->dev_major == (region ? 0 : map->dev_major) &&
	       r->dev_minor == (region ? 0 : map->dev_minor) &&
	       r->inode == (region ? 0 : map->inode);
}

/* What maps has behind the name of a file that is gone, if the name itself does not end so. */
static bool is_deleted(const struct map *map)
{
	static const char mark[] = " (deleted)";
	size_t length = strlen(map->name), end = strlen(mark);
	struct stat about;

	if (length <= end || strcmp(map->name + length - end, mark) || *map->name != '/')
		return false;
	return stat(map->name, &about) || about.st_ino != map->inode;
}

/* Everything that was mapped and touched has its row. */
static int maps_in_rows(const struct snapshot *s, const struct maps *maps, pid_t pid,
			const struct named *n)
{
	int i, wrong = 0;

	for (i = 0; i < n->nr; i++) {
		const struct map *map = maps_at(maps, n->of[i].at);
		const char *object;
		size_t j;

		if (!map) {
			note("nothing in maps at %p", (void *)n->of[i].at);
			wrong++;
			continue;
		}
		object = *n->of[i].object ? n->of[i].object : map->name;
		for (j = 0; j < s->nr_rows; j++)
			if (s->rows[j].pid == pid && row_is(&s->rows[j], map, object))
				break;
		if (j == s->nr_rows) {
			note("no row for %u:%u %llu %.300s", map->dev_major, map->dev_minor,
			     map->inode, object);
			wrong++;
		} else if (s->rows[j].deleted != (*object == '/' && is_deleted(map))) {
			note("deleted is %lld: %.300s", s->rows[j].deleted, object);
			wrong++;
		}
	}
	return wrong;
}

/**
 * named_run() - run a process that maps and touches, compare its rows with its maps, and finish it.
 * @n: from named_in()
 * @make: what the process does
 * @s: the snapshot that was compared, to be freed by the caller
 *
 * Return: how much was wrong, each with a note.
 */
int named_run(struct named *n, int (*make)(struct named *n), struct snapshot *s)
{
	struct workload w = { 0 };
	struct maps maps;
	int wrong;

	memset(s, 0, sizeof(*s));
	n->make = make;
	if (gate_init(&n->ready) || gate_init(&n->done) || workload_start(&w, named_main, n))
		return 1;
	close(n->ready.fds[1]);
	if (gate_wait(&n->ready) || !n->nr || snapshot_take(s, faults_file()) ||
	    maps_read(&maps, w.pid)) {
		note("the process with the names failed");
		return 1;
	}
	wrong = rows_in_maps(s, &maps, w.pid) + maps_in_rows(s, &maps, w.pid, n);
	maps_free(&maps);
	if (wrong)
		snapshot_print(s, w.pid);
	gate_open(&n->done);
	if (workload_finish(&w))
		wrong++;
	return wrong;
}

/**
 * named_in() - what named_run() needs, with a directory to make files in.
 * @dir: the directory
 */
struct named *named_in(const char *dir)
{
	struct named *n = shared_alloc(sizeof(*n));

	mkdir(dir, 0700);
	snprintf(n->dir, sizeof(n->dir), "%s", dir);
	return n;
}

/**
 * named_remove() - remove the directory with all that is in it.
 * @n: from named_in()
 */
void named_remove(const struct named *n)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf '%s'", n->dir);
	if (system(command))
		note("cannot remove %s", n->dir);
}
