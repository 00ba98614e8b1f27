// SPDX-License-Identifier: GPL-2.0
/*
 * perfmap.c - names of code that a program has made itself, as a JIT does. perf's convention is
 * that the program writes lines "START SIZE NAME", in hexadecimal, to /tmp/perf-PID.map. Called by
 * frames.c.
 *
 * The pid is that of the process's own pid namespace, and /tmp is that of its mount namespace, else
 * ours. Anybody may write to /tmp: so the file has to be a regular one with a single name, which
 * belongs to the process's user or to root, and which nobody else may write, except members of the
 * process's own group. No link is followed, and the file must not be older than the process. If two
 * lines cover an address, the later one counts, as with perf.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "kernel/procfs.h"
#include "lib/xalloc.h"
#include "stacks/symbols/perfmap.h"
#include "stacks/symbols/rooted.h"

/* Bytes of a file that are read, and of a line. */
#define SIZE_MAX_READ	0x4000000
#define LINE_MAX_READ	4096
/* Seconds by which clocks may differ. */
#define CLOCK_ERROR	60

/* What /proc says of the process. */
struct owner {
	int32_t own_pid;	/* in its pid namespace */
	uint64_t users[4], groups[4];	/* real, effective, saved, of the file system */
	double began;		/* seconds since the boot */
};

static bool read_ids(const char *text, const char *field, uint64_t *ids)
{
	const char *at = strstr(text, field);

	return at && sscanf(at + strlen(field), "%" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64,
			    &ids[0], &ids[1], &ids[2], &ids[3]) == 4;
}

/* The last number of a line, or what it was before. */
static void read_last(const char *text, const char *field, int32_t *number)
{
	const char *at = strstr(text, field);
	char *end;

	if (!at)
		return;
	for (at += strlen(field); *at && *at != '\n'; at = end) {
		const long one = strtol(at, &end, 10);

		if (end == at)
			return;
		*number = (int32_t)one;
		end += strspn(end, " \t");
	}
}

/* When it began, by its stat: the 22nd field, in ticks. */
static bool read_begin(int32_t pid, double *began)
{
	char path[32], *text;
	const char *at;
	int field;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	text = procfs_read(path, NULL);
	at = text ? strrchr(text, ')') : NULL;
	for (field = 2; at && field < 22; field++)
		at = strchr(at + 1, ' ');
	if (at)
		*began = (double)strtoull(at, NULL, 10) / (double)sysconf(_SC_CLK_TCK);
	free(text);
	return at;
}

static bool read_owner(int32_t pid, struct owner *owner)
{
	char path[32], *text;
	bool known;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	text = procfs_read(path, NULL);
	if (!text)
		return false;
	owner->own_pid = pid;
	read_last(text, "\nNSpid:", &owner->own_pid);
	known = read_ids(text, "\nUid:", owner->users) && read_ids(text, "\nGid:", owner->groups);
	free(text);
	return known && read_begin(pid, &owner->began);
}

/* When the boot was, by the clock that files have their times of; 0 if that is not known. */
static double time_of_boot(void)
{
	struct timespec now, up;

	if (clock_gettime(CLOCK_REALTIME, &now) || clock_gettime(CLOCK_BOOTTIME, &up))
		return 0;
	return (double)(now.tv_sec - up.tv_sec);
}

static bool is_one_of(const uint64_t *ids, uint64_t id)
{
	return id == ids[0] || id == ids[1] || id == ids[3];
}

/* What is wrong with a file, or NULL. */
static const char *check(const struct stat *about, const struct owner *owner)
{
	if (about->st_uid && !is_one_of(owner->users, about->st_uid))
		return "perf map of another user";
	if (about->st_mode & 0002 ||
	    (about->st_mode & 0020 && about->st_gid && !is_one_of(owner->groups, about->st_gid)))
		return "others can write to the perf map";
	if (about->st_nlink != 1)
		return "perf map with other names";
	if ((double)about->st_mtime + CLOCK_ERROR < time_of_boot() + owner->began)
		return "perf map older than the process";
	return NULL;
}

/* Below a root; negative if there is none, and @trouble set if there is a wrong one. */
static int open_map(int root, int32_t pid, const struct owner *owner, const char **trouble)
{
	struct stat about;
	char path[48];
	int fd;

	snprintf(path, sizeof(path), "tmp/perf-%d.map", pid);
	fd = rooted_open_strictly(root, path, &about);
	if (fd < 0) {
		if (errno == ENODEV || errno == ELOOP)
			*trouble = "perf map is no regular file";
		else if (errno != ENOENT)
			*trouble = "perf map cannot be opened";
		return fd;
	}
	*trouble = check(&about, owner);
	if (!*trouble)
		return fd;
	close(fd);
	return -1;
}

static int find_map(int32_t pid, const struct owner *owner, const char **trouble)
{
	int root = rooted_of(pid), fd = -1;

	if (root >= 0) {
		fd = open_map(root, owner->own_pid, owner, trouble);
		close(root);
	}
	root = fd < 0 && !*trouble ? rooted_own() : -1;
	if (root >= 0) {
		fd = open_map(root, pid, owner, trouble);
		close(root);
	}
	return fd;
}

/* Whether it is as it was; remembers how it is. */
static bool is_as_seen(int fd, struct perfmap_seen *seen)
{
	struct perfmap_seen now = { .dev = 0 };
	struct stat about;

	if (fstat(fd, &about))
		return true;
	now.dev = about.st_dev;
	now.inode = about.st_ino;
	now.size = about.st_size;
	now.changed = about.st_mtim.tv_sec * 1000000000ll + about.st_mtim.tv_nsec;
	if (now.dev == seen->dev && now.inode == seen->inode && now.size == seen->size &&
	    now.changed == seen->changed)
		return true;
	*seen = now;
	return false;
}

/* Addresses in order. */
struct wanted {
	struct perfmap_place **at;
	size_t nr;
};

/* Where the code is that an address is in: that of a return address is before it. */
static uint64_t place_of(const struct perfmap_place *place)
{
	return place->address - !place->exact;
}

static int compare(const void *a, const void *b)
{
	const uint64_t one = place_of(*(struct perfmap_place * const *)a);
	const uint64_t other = place_of(*(struct perfmap_place * const *)b);

	return one < other ? -1 : one > other;
}

static void name_range(const struct wanted *wanted, uint64_t begin, uint64_t size, const char *name)
{
	size_t low = 0, high = wanted->nr;

	while (low < high) {
		const size_t middle = low + (high - low) / 2;

		if (place_of(wanted->at[middle]) < begin)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < wanted->nr && place_of(wanted->at[low]) - begin < size; low++) {
		free(wanted->at[low]->name);
		wanted->at[low]->name = xstrdup(name);
		wanted->at[low]->offset = wanted->at[low]->address - begin;
	}
}

/* A hexadecimal number and a space; NULL if it is none. */
static const char *take_hex(const char *at, uint64_t *number)
{
	const char *begin;

	if (at[0] == '0' && (at[1] == 'x' || at[1] == 'X'))
		at += 2;
	*number = 0;
	for (begin = at; at - begin <= 16; at++) {
		unsigned int digit = (unsigned char)*at - '0';

		if (digit > 9)
			digit = ((unsigned char)*at | 0x20) - 'a' + 10u;
		if (digit > 15 || (*at > '9' && *at < 'A'))
			break;
		*number = *number << 4 | digit;
	}
	return at != begin && at - begin <= 16 && *at == ' ' ? at + strspn(at, " ") : NULL;
}

static void take_line(const struct wanted *wanted, char *line)
{
	uint64_t begin, size;
	const char *at;

	line[strcspn(line, "\n")] = '\0';
	at = take_hex(line, &begin);
	at = at ? take_hex(at, &size) : NULL;
	if (at && *at && size && begin + size - 1 >= begin)
		name_range(wanted, begin, size, at);
}

/* What is too long is passed over; what is not ended by a newline is being written. */
static void read_lines(FILE *file, const struct wanted *wanted)
{
	char line[LINE_MAX_READ];
	size_t done = 0;
	bool whole = true;

	while (done < SIZE_MAX_READ && fgets(line, sizeof(line), file)) {
		const size_t length = strlen(line);
		const bool ends = length && line[length - 1] == '\n';

		done += length ? length : 1;
		if (whole && ends)
			take_line(wanted, line);
		whole = ends;
	}
}

static void read_map(int fd, struct perfmap_place *places, size_t nr)
{
	struct wanted wanted = { .nr = nr };
	FILE *file = fdopen(fd, "r");
	size_t i;

	if (!file) {
		close(fd);
		return;
	}
	wanted.at = xmalloc(nr * sizeof(*wanted.at));
	for (i = 0; i < nr; i++)
		wanted.at[i] = &places[i];
	qsort(wanted.at, nr, sizeof(*wanted.at), compare);
	read_lines(file, &wanted);
	free(wanted.at);
	fclose(file);
}

/**
 * perfmap_find() - name addresses of a process by its map.
 * @pid: of the process
 * @now: when it was that process, in seconds since the boot; 0 if that is not known
 * @seen: of its map; nothing is found in one that is as it was
 * @places: names are set of those that are in the map; NULL at first
 * @nr: how many
 *
 * Return: what is wrong with the map; NULL if nothing is, or if there is none.
 */
const char *perfmap_find(int32_t pid, double now, struct perfmap_seen *seen,
			 struct perfmap_place *places, size_t nr)
{
	const char *trouble = NULL;
	struct owner owner;
	int fd;

	if (!nr || !read_owner(pid, &owner) || (now > 0 && owner.began > now + 1))
		return NULL;
	fd = find_map(pid, &owner, &trouble);
	if (fd < 0)
		return trouble;
	if (is_as_seen(fd, seen))
		close(fd);
	else
		read_map(fd, places, nr);
	return NULL;
}
