// SPDX-License-Identifier: GPL-2.0
/*
 * heatfile.c - /proc/faultstat/heat: reading it, asking by it.
 */
#define _GNU_SOURCE
#include "heatfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "memory.h"
#include "note.h"
#include "snapshot.h"

/**
 * heat_free() - free it.
 * @h: taken, or all zero
 */
void heat_free(struct heat *h)
{
	free(h->text);
	free(h->rows);
	memset(h, 0, sizeof(*h));
}

static int regions_parse(struct heat_row *r, char *list)
{
	long long index, calls, major, last = -1;
	char *one, *rest = NULL;

	if (!strcmp(list, "-"))
		return 0;
	for (one = strtok_r(list, ",", &rest); one; one = strtok_r(NULL, ",", &rest)) {
		if (sscanf(one, "%lld:%lld:%lld", &index, &calls, &major) != 3 || index <= last ||
		    index >= REGIONS)
			return -1;
		r->region[index].calls = calls;
		r->region[index].major = major;
		last = index;
	}
	return 0;
}

static int row_parse(struct heat_row *r, char *line)
{
	char *field[13], *at = line;
	long long calls = 0, major = 0;
	int i;

	/* Then the object, whose spaces are its own. */
	for (i = 0; i < 13; i++) {
		field[i] = strsep(&at, " ");
		if (!at)
			return -1;
	}
	memset(r, 0, sizeof(*r));
	r->comm = octal_unescape(field[0]);
	r->pid = atoll(field[1]);
	r->id = atoll(field[2]);
	r->state = field[3];
	r->inode = strtoull(field[5], NULL, 10);
	r->deleted = !strcmp(field[6], "1");
	if (!r->deleted && strcmp(field[6], "0"))
		return -1;
	r->size = strtoull(field[7], NULL, 10);
	r->calls = atoll(field[8]);
	r->major = atoll(field[9]);
	r->lost = atoll(field[10]);
	r->lost_major = atoll(field[11]);
	r->object = octal_unescape(at);
	if (regions_parse(r, field[12]))
		return -1;
	for (i = 0; i < REGIONS; i++) {
		calls += r->region[i].calls;
		major += r->region[i].major;
	}
	if (calls != r->calls || major != r->major || r->size < PAGE || r->size & (r->size - 1))
		return -1;
	return 0;
}

/**
 * heat_take() - read and parse the whole file.
 * @h: filled; free it with heat_free()
 *
 * Return: 0, or -1 after a note, also for a line that is not as it should be.
 */
int heat_take(struct heat *h)
{
	const char *columns = "comm pid id state dev inode deleted region_size calls major lost "
			      "lost_major regions object";
	char *line, *next;
	size_t room = 0, rows = 0;

	memset(h, 0, sizeof(*h));
	h->lost = -1;
	if (!read_whole(HEAT, &h->text, NULL)) {
		note("cannot read " HEAT ": %s", strerror(errno));
		return -1;
	}
	if (strncmp(h->text, "# faultstat-heat 1\n", 19) || !strstr(h->text, columns)) {
		note("not a file of heat: %.60s", h->text);
		return -1;
	}
	for (line = h->text; *line; line = next) {
		next = strchr(line, '\n');
		if (!next) {
			note("the last line has no end");
			return -1;
		}
		*next++ = '\0';
		if (sscanf(line, "# heat rows %zu requests %lld memory %lld lost %lld",
			   &rows, &h->requests, &h->memory, &h->lost) == 4)
			continue;
		if (*line == '#' || !strncmp(line, "comm ", 5))
			continue;
		if (h->nr == room) {
			room = room ? room * 2 : 64;
			h->rows = realloc(h->rows, room * sizeof(*h->rows));
			if (!h->rows)
				return -1;
		}
		if (row_parse(&h->rows[h->nr], line)) {
			note("not a row of heat: %s", line);
			return -1;
		}
		h->nr++;
	}
	/* By that a reader knows a copy that is cut. */
	if (rows != h->nr) {
		note("the header has %zu rows, there are %zu", rows, h->nr);
		return -1;
	}
	return h->lost < 0 ? -1 : 0;
}

/**
 * heat_find() - the row of a process and a file, or NULL.
 */
struct heat_row *heat_find(struct heat *h, pid_t pid, const char *object)
{
	size_t i;

	for (i = 0; i < h->nr; i++)
		if (h->rows[i].pid == pid && !strcmp(h->rows[i].object, object))
			return &h->rows[i];
	return NULL;
}

/**
 * heat_rows_of() - how many rows a process has.
 */
size_t heat_rows_of(const struct heat *h, pid_t pid)
{
	size_t i, nr = 0;

	for (i = 0; i < h->nr; i++)
		nr += h->rows[i].pid == pid;
	return nr;
}

/**
 * heat_equals_faults() - compare what was counted by region with what was counted by file.
 * @pid: of the process
 * @lost: set to how many of its calls have no region: those that its rows say, and those that
 *	 came before a row had heat, which the header says
 *
 * Return: 0, or -1 after a note, where anything but what is said to be lost differs.
 */
int heat_equals_faults(pid_t pid, long long *lost)
{
	long long calls, major, rowless = 0;
	struct snapshot s;
	struct heat h;
	int wrong = 0;
	size_t i;

	*lost = 0;
	if (snapshot_take(&s, FAULTS_PROC) || heat_take(&h))
		return -1;
	for (i = 0; i < s.nr_rows; i++) {
		const struct row *row = &s.rows[i];
		const struct heat_row *hot;

		if (row->pid != pid || !row->inode)
			continue;
		hot = heat_find(&h, pid, row->object);
		calls = row->n.calls - (hot ? hot->calls + hot->lost : 0);
		major = row->n.major - (hot ? hot->major + hot->lost_major : 0);
		*lost += calls + (hot ? hot->lost : 0);
		rowless += calls;
		if (calls < 0 || major < 0 || major > calls) {
			note("%s: %lld calls and %lld majors more by region than by file",
			     row->object, -calls, -major);
			wrong = -1;
		}
	}
	if (rowless > h.lost) {
		note("the header says that %lld calls are lost, %lld are missing", h.lost, rowless);
		wrong = -1;
	}
	snapshot_free(&s);
	heat_free(&h);
	return wrong;
}

/**
 * heat_ask() - ask for processes, as long as what is returned is open.
 * @who: as it is written to the file
 *
 * Return: a descriptor, or -1.
 */
int heat_ask(const char *who)
{
	int fd = open(HEAT, O_WRONLY | O_CLOEXEC);

	if (fd >= 0 && write(fd, who, strlen(who)) == (ssize_t)strlen(who))
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

/**
 * is_hot() - whether a process has heat of a file.
 * @pid: the process
 * @object: the file; others, as the program itself, may be faulted in at any time
 *
 * Return: 1 or 0; -1 where the file cannot be read.
 */
int is_hot(pid_t pid, const char *object)
{
	struct heat h;
	int found = -1;

	if (!heat_take(&h))
		found = heat_find(&h, pid, object) ? 1 : 0;
	heat_free(&h);
	return found;
}
