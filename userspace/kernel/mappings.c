// SPDX-License-Identifier: GPL-2.0
/*
 * mappings.c - /proc/PID/maps, and the files that it names. Called by cache, map and regions.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "kernel/mappings.h"
#include "kernel/procfs.h"
#include "lib/message.h"
#include "lib/xalloc.h"

/* What maps has behind the name of a file that was unlinked. */
#define DELETED	" (deleted)"

/* The one character that maps escapes. */
static void unescape_newlines(char *path)
{
	char *at = path;

	while ((at = strstr(at, "\\012"))) {
		*at++ = '\n';
		memmove(at, at + 3, strlen(at + 3) + 1);
	}
}

/* Whether a name leads to the file that is mapped, by what stat says. */
static bool leads_to(const char *name, uint64_t dev, uint64_t inode)
{
	struct stat about;

	return !stat(name, &about) && about.st_dev == dev && about.st_ino == inode;
}

/* The name of what has none, or another than the module gives it. Files may be called so. */
static const char *name_of(const struct mapping *m, const char *path)
{
	const char *name = path;

	if (!*path)
		return "[anon]";
	if (!strcmp(path, "/dev/zero" DELETED))
		name = "[shm]";
	else if (!strcmp(path, "/anon_hugepage" DELETED))
		name = "[hugetlb]";
	return name != path && leads_to(path, m->dev, m->inode) ? path : name;
}

/* By hand, for there are many lines of many numbers. */
static bool take_number(const char **at, unsigned int base, char end, uint64_t *number)
{
	const char *begin = *at;

	*number = 0;
	for (;; (*at)++) {
		unsigned int digit = (unsigned char)**at - '0';

		if (digit > 9)
			digit = **at >= 'a' ? (unsigned char)**at - 'a' + 10u : base;
		if (digit >= base)
			break;
		*number = *number * base + digit;
	}
	return *at != begin && *(*at)++ == end;
}

/* All but the path, of which the beginning is returned; NULL if it is no such line. */
static const char *parse_fields(struct mapping *m, const char *line)
{
	uint64_t major, minor;

	if (!take_number(&line, 16, '-', &m->start) || !take_number(&line, 16, ' ', &m->end) ||
	    strnlen(line, 5) < 5 || line[4] != ' ')
		return NULL;
	m->shared = line[3] == 's';
	line += 5;
	if (!take_number(&line, 16, ' ', &m->offset) || !take_number(&line, 16, ':', &major) ||
	    !take_number(&line, 16, ' ', &minor))
		return NULL;
	m->dev = makedev((unsigned int)major, (unsigned int)minor);
	if (!take_number(&line, 10, ' ', &m->inode))
		return NULL;
	return line + strspn(line, " ");
}

/**
 * mapping_parse() - a line of /proc/PID/maps, or the first line of each in smaps.
 * @m: set; its path is to be freed
 * @line: without newline
 *
 * Return: false if it is none.
 */
bool mapping_parse(struct mapping *m, const char *line)
{
	const char *path = parse_fields(m, line);

	if (!path)
		return false;
	m->path = xstrdup(name_of(m, path));
	/* The file that the kernel makes for each mapping of it is none to a user. */
	if (!strcmp(m->path, "[hugetlb]")) {
		m->dev = 0;
		m->inode = 0;
	}
	unescape_newlines(m->path);
	return true;
}

/**
 * mapping_is_file() - whether there is a file behind it, shared memory among them.
 * @m: the mapping
 *
 * Return: true if there is.
 */
bool mapping_is_file(const struct mapping *m)
{
	return m->inode || m->dev;
}

/* Takes a line; false ends the walk. */
typedef bool (*take_line)(void *data, const char *line);

/* Hands on the lines of a file, without newlines. Returns 0 or an error. */
static int each_line(const char *name, take_line take, void *data)
{
	FILE *file = fopen(name, "re");
	bool more = true;
	char *line = NULL;
	size_t room = 0;
	ssize_t length;
	int error;

	if (!file)
		return errno;
	errno = 0;
	while (more && (length = getline(&line, &room, file)) > 0) {
		line[length - 1] = line[length - 1] == '\n' ? '\0' : line[length - 1];
		more = take(data, line);
	}
	error = ferror(file) ? errno : 0;
	fclose(file);
	free(line);
	return error;
}

/* Returns ESRCH as well if the thread exits in the middle. */
static int each_line_of(int32_t tid, take_line take, void *data)
{
	char name[32];
	int error;

	snprintf(name, sizeof(name), "/proc/%d/maps", tid);
	error = each_line(name, take, data);
	return error == ENOENT ? ESRCH : error;
}

static enum mappings_result trouble(int32_t pid, int error, bool quiet)
{
	if (error == ESRCH)
		return MAPPINGS_GONE;
	if (!quiet)
		complain("/proc/%d/maps: %s%s", pid, strerror(error),
			 geteuid() && (error == EACCES || error == EPERM) ?
			 ": run as root or as the owner of the process" : "");
	return MAPPINGS_FAILED;
}

/**
 * mappings_free() - free them.
 * @mappings: read
 */
void mappings_free(struct mappings *mappings)
{
	size_t i;

	for (i = 0; i < mappings->nr; i++)
		free(mappings->at[i].path);
	free(mappings->at);
	memset(mappings, 0, sizeof(*mappings));
}

static bool append(void *data, const char *line)
{
	struct mappings *mappings = data;

	mappings->at = xgrow(mappings->at, mappings->nr, &mappings->room, sizeof(*mappings->at));
	if (mapping_parse(&mappings->at[mappings->nr], line))
		mappings->nr++;
	return true;
}

/**
 * mappings_read() - all that a process has mapped.
 * @mappings: set, to be freed whatever comes
 * @pid: the process
 * @quiet: no complaint
 *
 * Return: what came of it; after a complaint if it failed.
 */
enum mappings_result mappings_read(struct mappings *mappings, int32_t pid, bool quiet)
{
	int32_t next = pid;
	int error;

	memset(mappings, 0, sizeof(*mappings));
	do {
		mappings_free(mappings);
		mappings->pid = pid;
		mappings->tid = next;
		error = each_line_of(next, append, mappings);
		if (!error && !mappings->nr)
			error = ESRCH;
	} while (error == ESRCH && (next = procfs_next_thread(pid, next)));
	return error ? trouble(pid, error, quiet) : MAPPINGS_READ;
}

/**
 * mappings_complain_gone() - say that what was named is no process that maps anything.
 * @pid: what was named
 */
void mappings_complain_gone(int32_t pid)
{
	complain("no process %d with memory of its own", pid);
}

struct search {
	const struct identities *files;
	bool any, found;
};

static bool look_for_file(void *data, const char *line)
{
	struct search *search = data;
	struct mapping m;

	search->any = true;
	search->found = parse_fields(&m, line) && mapping_is_file(&m) &&
			identities_have(search->files, m.dev, m.inode);
	return !search->found;
}

/**
 * mappings_have() - whether a process maps any of some files, asked for less than all that
 * it maps costs.
 * @pid: the process
 * @files: by what maps calls them
 *
 * Return: true if it does; false also where we may not know.
 */
bool mappings_have(int32_t pid, const struct identities *files)
{
	struct search search = { .files = files };
	int32_t tid = pid;
	int error;

	do {
		search.any = false;
		error = each_line_of(tid, look_for_file, &search);
		if (!error && !search.any)
			error = ESRCH;
	} while (error == ESRCH && !search.found && (tid = procfs_next_thread(pid, tid)));
	return search.found;
}

/* One of our own mappings, by where it begins. */
struct own {
	uint64_t start;
	struct mapping m;
	bool found;
};

static bool look_for_start(void *data, const char *line)
{
	struct own *own = data;

	own->found = parse_fields(&own->m, line) && own->m.start == own->start;
	return !own->found;
}

/**
 * mappings_own() - what maps calls the file of one of our own mappings.
 * @here: where that begins
 * @dev: set on success
 * @inode: set on success
 *
 * Return: false if it is not found.
 */
bool mappings_own(const void *here, uint64_t *dev, uint64_t *inode)
{
	struct own own = { .start = (uintptr_t)here };

	each_line("/proc/self/maps", look_for_start, &own);
	if (!own.found)
		return false;
	*dev = own.m.dev;
	*inode = own.m.inode;
	return true;
}

/**
 * mappings_identity() - what maps calls an open file. What stat says differs on btrfs and
 * overlayfs.
 * @fd: the file
 * @dev: set on success
 * @inode: set on success
 *
 * Return: false if it cannot be mapped.
 */
bool mappings_identity(int fd, uint64_t *dev, uint64_t *inode)
{
	static uint64_t same_dev;	/* where what stat says of one file is what maps says */
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	struct statfs fs;
	struct stat about;
	bool found;
	void *here;

	if (fstat(fd, &about))
		return false;
	if (same_dev && about.st_dev == same_dev) {
		*dev = about.st_dev;
		*inode = about.st_ino;
		return true;
	}
	here = mmap(NULL, page, PROT_NONE, MAP_PRIVATE, fd, 0);
	if (here == MAP_FAILED)
		return false;
	found = mappings_own(here, dev, inode);
	munmap(here, page);
	if (!found)
		return false;
	/* Of overlayfs stat says the devices of layers, for some files, and maps the mount's. */
	if (*dev == about.st_dev && *inode == about.st_ino && !fstatfs(fd, &fs) &&
	    fs.f_type != OVERLAYFS_MAGIC)
		same_dev = *dev;
	return true;
}

static bool is_in_maps_as(int fd, const struct mapping *m)
{
	uint64_t dev = 0, inode = 0;

	return mappings_identity(fd, &dev, &inode) && dev == m->dev && inode == m->inode;
}

static bool says_deleted(const char *path)
{
	size_t length = strlen(path), end = strlen(DELETED);

	return length > end && !strcmp(path + length - end, DELETED);
}

/* Whether a name leads to the file; @about is what stat says of the mapping, or NULL. */
static bool name_leads_to(const char *name, const struct mapping *m, const struct stat *about)
{
	struct stat named;
	bool same;
	int fd;

	if (about)
		return leads_to(name, about->st_dev, about->st_ino);
	if (leads_to(name, m->dev, m->inode))
		return true;
	/* What stat says may differ from maps. Devices and pipes do things when they are opened. */
	if (stat(name, &named) || !S_ISREG(named.st_mode))
		return false;
	fd = open(name, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	same = fd >= 0 && is_in_maps_as(fd, m);
	if (fd >= 0)
		close(fd);
	return same;
}

/*
 * What stat says of the file, by way of a thread that lives. Returns that thread; @name is the
 * way, and @error what was wrong, or 0.
 */
static int32_t stat_mapped(const struct mappings *mappings, const struct mapping *m, char *name,
			   size_t size, struct stat *about, int *error)
{
	int32_t tid = mappings->tid, next = tid;

	do {
		tid = next;
		snprintf(name, size, "/proc/%d/map_files/%" PRIx64 "-%" PRIx64, tid, m->start,
			 m->end);
		*error = stat(name, about) ? errno : 0;
	} while (*error == ENOENT && (next = procfs_next_thread(mappings->pid, tid)));
	return tid;
}

/**
 * mapping_is_deleted() - whether the name that a file was opened by is gone.
 * @mappings: of the process
 * @m: one of them
 *
 * What maps has behind such a name may be the end of a name as well, and then that leads to
 * the file. Memory that never had a name, memfd and SysV, is as if its name was gone.
 *
 * Return: true if it is.
 */
bool mapping_is_deleted(const struct mappings *mappings, const struct mapping *m)
{
	char name[80], *rooted;
	struct stat about;
	bool leads;
	int32_t tid;
	int error;

	if (!mapping_is_file(m) || !says_deleted(m->path))
		return false;
	tid = stat_mapped(mappings, m, name, sizeof(name), &about, &error);
	rooted = xasprintf("/proc/%d/root%s", tid, m->path);
	leads = name_leads_to(rooted, m, error ? NULL : &about) ||
		name_leads_to(m->path, m, error ? NULL : &about);
	free(rooted);
	return !leads;
}

/* Whether it can be opened and looked at. */
static bool has_pages(const struct stat *about)
{
	return S_ISREG(about->st_mode) || S_ISBLK(about->st_mode);
}

/* Opens what has the name now; it may be another file. */
static bool open_name(struct residency *file, const char *name, const struct mapping *m)
{
	struct stat about;

	if (stat(name, &about)) {
		file->state = errno == EACCES || errno == EPERM ? RESIDENCY_FORBIDDEN :
			      RESIDENCY_GONE;
		return false;
	}
	if (!has_pages(&about)) {
		file->state = RESIDENCY_SPECIAL;
		return about.st_ino == m->inode;
	}
	residency_open(file, AT_FDCWD, name);
	if (file->fd < 0 ? about.st_ino == m->inode && about.st_dev == m->dev :
	    (file->dev == m->dev && file->inode == m->inode) || is_in_maps_as(file->fd, m))
		return true;
	residency_close(file);
	memset(file, 0, sizeof(*file));
	file->fd = -1;
	file->state = RESIDENCY_OTHER;
	return false;
}

/**
 * mapping_open() - open the file that is mapped, to look at what of it is cached.
 * @file: set, to be closed whatever comes
 * @mappings: of the process
 * @m: one of them, of a file
 *
 * Deleted files and those of other mount namespaces as well, where we may: the kernel asks
 * for CAP_SYS_ADMIN or CAP_CHECKPOINT_RESTORE.
 *
 * Return: false if nothing can be known of it; then its state says why.
 */
bool mapping_open(struct residency *file, const struct mappings *mappings,
		  const struct mapping *m)
{
	char name[80], *rooted;
	struct stat about;
	int32_t tid;
	bool same;
	int error;

	memset(file, 0, sizeof(*file));
	file->fd = -1;
	tid = stat_mapped(mappings, m, name, sizeof(name), &about, &error);
	if (!error) {
		if (has_pages(&about))
			return residency_open(file, AT_FDCWD, name);
		file->state = RESIDENCY_SPECIAL;
		return false;
	}
	if (*m->path != '/') {
		file->state = RESIDENCY_FORBIDDEN;
		return false;
	}
	/* Paths begin at our root; one of another mount namespace at the root of that. */
	rooted = xasprintf("/proc/%d/root%s", tid, m->path);
	same = open_name(file, rooted, m) || open_name(file, m->path, m);
	free(rooted);
	if (!same && file->state != RESIDENCY_FORBIDDEN)
		file->state = says_deleted(m->path) ? RESIDENCY_FORBIDDEN : file->state;
	return same && file->state == RESIDENCY_KNOWN;
}
