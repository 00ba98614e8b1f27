// SPDX-License-Identifier: GPL-2.0
/*
 * residency.c - asks the kernel how much of a file is in the page cache: cachestat where
 * available, otherwise mincore on windows that are mapped without any access rights. Called by
 * cache, map and regions.
 *
 * cachestat(2) is in Linux since 6.5; since 6.12.12 it fails for files that the caller neither
 * owns nor may write. Since 5.2 mincore reports every page of such files as present; see
 * tells_lies().
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/fs.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "kernel/residency.h"
#include "lib/message.h"
#include "lib/text.h"

#ifndef SYS_cachestat
#define SYS_cachestat	451	/* on every architecture */
#endif

#define WINDOW		(128ull << 20)	/* bytes that are mapped at once */
#define PAGE_LEAST	4096
#define PARTS_FROM	65536	/* pages of a file for whose parts one call each is nothing */
/* No folio is so large that one at the end of a file reaches as far as that behind it. */
#define FAR_BEHIND	(64ull << 20)

#define NOBODY		65534

#define MAGIC_HUGETLBFS	0x958458f6

#ifndef STATX_ATTR_MOUNT_ROOT
#define STATX_ATTR_MOUNT_ROOT	0x00002000
#endif
#ifndef STATX_ATTR_DAX
#define STATX_ATTR_DAX	0x00200000
#endif

void (*residency_part)(uint64_t part, uint64_t whole);

static enum residency_way usual_way;	/* cachestat or mincore */
static bool has_cachestat, forced;
static uint64_t page_size;
static unsigned char vector[WINDOW / PAGE_LEAST];

/**
 * residency_begin() - find out what the kernel has.
 * @via: cachestat or mincore to have no other; NULL for what there is
 *
 * Return: false after a complaint.
 */
bool residency_begin(const char *via)
{
	/*
	 * Windows for mincore are mappings, and since 7.x khugepaged looks at any mapping of a
	 * file as soon as there is one: it would read the pages around a cached one to make a
	 * huge page of them. Nothing that we map is for it. A kernel without the call (3.15) has
	 * no huge pages of files.
	 */
	prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);
	page_size = (uint64_t)sysconf(_SC_PAGESIZE);
	/* By trying: kernels before say ENOSYS, sandboxes what they like. */
	has_cachestat = syscall(SYS_cachestat, -1, NULL, NULL, 0) < 0 && errno == EBADF;
	usual_way = has_cachestat ? RESIDENCY_CACHESTAT : RESIDENCY_MINCORE;
	forced = via;
	if (!via)
		return true;
	if (strcmp(via, "cachestat") && strcmp(via, "mincore")) {
		complain("invalid value of --via \"%s\": cachestat or mincore", via);
		return false;
	}
	if (!strcmp(via, "mincore"))
		usual_way = RESIDENCY_MINCORE;
	else if (!has_cachestat)
		complain("no cachestat in this kernel (needs Linux 6.5): use --via mincore");
	return !strcmp(via, "mincore") || has_cachestat;
}

/**
 * residency_has_cachestat() - whether more than what is cached is known.
 *
 * Return: true if files are looked at with cachestat.
 */
bool residency_has_cachestat(void)
{
	return usual_way == RESIDENCY_CACHESTAT;
}

/**
 * residency_word() - why nothing is known of a file.
 * @state: of the file
 *
 * Return: a few words.
 */
const char *residency_word(enum residency_state state)
{
	static const char *const words[] = {
		[RESIDENCY_KNOWN] = "known",
		[RESIDENCY_FORBIDDEN] = "no permission",
		[RESIDENCY_SPECIAL] = "special file",
		[RESIDENCY_HUGETLBFS] = "hugetlbfs",
		[RESIDENCY_DAX] = "dax",
		[RESIDENCY_STACKED] = "not via cachestat",
		[RESIDENCY_UNMAPPABLE] = "cannot be mapped",
		[RESIDENCY_GONE] = "gone",
		[RESIDENCY_OTHER] = "another file now",
		[RESIDENCY_FAILED] = "error",
	};

	return words[state];
}

static bool refuse(struct residency *file, enum residency_state state)
{
	file->state = state;
	return false;
}

/**
 * residency_device_number() - a number that sysfs has of a block device.
 * @device: the device
 * @name: of the file in the device's folder
 *
 * Return: the number, 0 if there is none.
 */
uint64_t residency_device_number(uint64_t device, const char *name)
{
	uint64_t number = 0;
	char path[96];
	FILE *file;

	snprintf(path, sizeof(path), "/sys/dev/block/%u:%u/%s", major(device), minor(device),
		 name);
	file = fopen(path, "re");
	if (!file)
		return 0;
	if (fscanf(file, "%" SCNu64, &number) != 1)
		number = 0;
	fclose(file);
	return number;
}

static void set_size(struct residency *file, uint64_t size)
{
	file->size = size;
	file->pages = size / page_size + !!(size % page_size);
}

/* What sort of file system it is on; 0 if that cannot be known. */
static long magic_of(const struct residency *file)
{
	struct statfs fs;

	/* What was said of another of the device does not serve: overlayfs has those of others. */
	return fstatfs(file->fd, &fs) ? 0 : (long)fs.f_type;
}

/* Whose files have no pages: the kernel writes them when they are read. linux/magic.h has these. */
static bool is_made_up(long magic)
{
	static const long known[] = {
		0x9fa0 /* proc */, 0x62656572 /* sysfs */, 0x64626720 /* debugfs */,
		0x74726163 /* tracefs */, 0x73636673 /* securityfs */, 0x27e0eb /* cgroup */,
		0x63677270 /* cgroup2 */, 0x62656570 /* configfs */, 0xcafe4a11 /* bpf */,
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(known); i++)
		if (known[i] == magic)
			return true;
	return false;
}

/**
 * residency_is_made_up() - whether what is opened is on a file system that has no pages.
 * @fd: a file or folder
 *
 * Return: true if so.
 */
bool residency_is_made_up(int fd)
{
	struct statfs fs;

	return !fstatfs(fd, &fs) && is_made_up((long)fs.f_type);
}

/*
 * Its pages are those of the device, whatever file system the node is on; the right to know of
 * them is that of the node.
 */
static bool ask_device(struct residency *file, uint64_t device)
{
	uint64_t size;

	file->device = device;
	if (ioctl(file->fd, BLKGETSIZE64, &size))
		return refuse(file, RESIDENCY_FAILED);
	set_size(file, size);
	return true;
}

/* Size, identity, and what sort of file it is. */
static bool ask(struct residency *file)
{
	struct statx about;
	long magic;

	if (statx(file->fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS, &about))
		return refuse(file, RESIDENCY_FAILED);
	file->dev = makedev(about.stx_dev_major, about.stx_dev_minor);
	file->inode = about.stx_ino;
	file->links = about.stx_nlink;
	file->deleted = !file->links;
	file->changed = (uint64_t)about.stx_ctime.tv_sec * 1000000000 + about.stx_ctime.tv_nsec;
	if (about.stx_attributes_mask & STATX_ATTR_MOUNT_ROOT)
		file->mount_root = about.stx_attributes & STATX_ATTR_MOUNT_ROOT ? MOUNT_ROOT_YES :
				   MOUNT_ROOT_NO;
	/* The owner is told the truth; but nobody may stand for one who has no number here. */
	file->trusted = about.stx_uid == geteuid() && about.stx_uid != NOBODY;
	if (S_ISBLK(about.stx_mode))
		return ask_device(file, makedev(about.stx_rdev_major, about.stx_rdev_minor));
	if (!S_ISREG(about.stx_mode))
		return refuse(file, RESIDENCY_SPECIAL);
	set_size(file, about.stx_size);
	if (about.stx_attributes & about.stx_attributes_mask & STATX_ATTR_DAX)
		return refuse(file, RESIDENCY_DAX);
	magic = magic_of(file);
	if (!magic)
		return refuse(file, RESIDENCY_FAILED);
	if (magic == MAGIC_HUGETLBFS)
		return refuse(file, RESIDENCY_HUGETLBFS);
	if (is_made_up(magic))
		return refuse(file, RESIDENCY_SPECIAL);
	/* Its own inode has no pages; mappings are of the file underneath. */
	file->is_stacked = magic == OVERLAYFS_MAGIC;
	if (file->is_stacked && file->way == RESIDENCY_CACHESTAT) {
		if (forced)
			return refuse(file, RESIDENCY_STACKED);
		file->way = RESIDENCY_MINCORE;
	}
	return true;
}

/**
 * residency_take() - look at a file that is open.
 * @file: set, whatever comes
 * @fd: open for reading; becomes the file's
 *
 * Return: false if nothing can be known of it; then its state says why.
 */
bool residency_take(struct residency *file, int fd)
{
	memset(file, 0, sizeof(*file));
	file->fd = fd;
	file->way = usual_way;
	file->hybrid = usual_way == RESIDENCY_CACHESTAT && !forced;
	return ask(file);
}

/* What can be said of a file that cannot be opened. */
static bool refuse_open(struct residency *file, int dir, const char *path, int error)
{
	struct stat about;

	if (!fstatat(dir, path, &about, 0)) {
		file->dev = about.st_dev;
		file->inode = about.st_ino;
		file->links = (unsigned int)about.st_nlink;
		file->deleted = !file->links;
		if (S_ISBLK(about.st_mode))
			file->device = about.st_rdev;
		else if (!S_ISREG(about.st_mode))
			return refuse(file, RESIDENCY_SPECIAL);
		set_size(file, file->device ? residency_device_number(file->device, "size") * 512 :
			 (uint64_t)about.st_size);
	}
	errno = error;
	return refuse(file, error == EACCES || error == EPERM ? RESIDENCY_FORBIDDEN :
		      error == ENOENT || error == ENOTDIR || error == ESTALE ? RESIDENCY_GONE :
		      RESIDENCY_FAILED);
}

/**
 * residency_open() - open a file to look at it; its access time stays if it is ours.
 * @file: set, whatever comes; closed even where nothing can be known
 * @dir: what @path begins at
 * @path: of a regular file or a block device: others do things when they are opened
 *
 * Return: false if nothing can be known of it; then its state says why, and errno if that
 * is RESIDENCY_FAILED.
 */
bool residency_open(struct residency *file, int dir, const char *path)
{
	int flags = O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
	int fd = -1;

	memset(file, 0, sizeof(*file));
	file->fd = -1;
	/* Only a mapping counts as an access. */
	if (usual_way == RESIDENCY_MINCORE)
		fd = openat(dir, path, flags | O_NOATIME);
	if (fd < 0)
		fd = openat(dir, path, flags);
	if (fd < 0)
		return refuse_open(file, dir, path, errno);
	return residency_take(file, fd);
}

/**
 * residency_close() - close a file.
 * @file: opened or taken
 */
void residency_close(struct residency *file)
{
	if (file->fd >= 0)
		close(file->fd);
	file->fd = -1;
}

static bool count_cachestat(struct residency *file, uint64_t first, uint64_t nr,
			    struct residency_counts *counts)
{
	struct { uint64_t offset, length; } range = { first * page_size, nr * page_size };
	struct { uint64_t cached, dirty, writeback, evicted, recent; } answer = { 0 };

	if (syscall(SYS_cachestat, file->fd, &range, &answer, 0)) {
		if (errno == EPERM || errno == EACCES)
			return refuse(file, RESIDENCY_FORBIDDEN);
		return refuse(file, errno == EOPNOTSUPP ? RESIDENCY_HUGETLBFS : RESIDENCY_FAILED);
	}
	counts->cached += answer.cached;
	counts->dirty += answer.dirty;
	counts->writeback += answer.writeback;
	counts->evicted += answer.evicted;
	counts->recent += answer.recent;
	return true;
}

/* The vector of a window; nothing of it is ever accessed. */
static bool ask_mincore(struct residency *file, uint64_t first, uint64_t nr)
{
	size_t length = (size_t)(nr * page_size);
	void *window = mmap(NULL, length, PROT_NONE, MAP_SHARED, file->fd,
			    (off_t)(first * page_size));
	int failed;

	if (window == MAP_FAILED)
		return refuse(file, errno == ENODEV ? RESIDENCY_UNMAPPABLE :
			      errno == EACCES || errno == EPERM ? RESIDENCY_FORBIDDEN :
			      RESIDENCY_FAILED);
	failed = mincore(window, length, vector);
	munmap(window, length);
	return failed ? refuse(file, RESIDENCY_FAILED) : true;
}

/*
 * Whether a file that is said to be all there is one that we have no right to know of: of
 * such a one mincore says that pages far behind its end are there, too. No check of owner
 * and mode here could be as good as the kernel's own.
 */
static bool tells_lies(struct residency *file)
{
	struct residency now = { .fd = file->fd, .way = file->way };
	uint64_t far = file->size + FAR_BEHIND;

	if (far > INT64_MAX - page_size || !ask_mincore(&now, far / page_size, 1)) {
		/* Files cannot be as long as that here: root is told the truth. */
		return geteuid();
	}
	if (!(vector[0] & 1))
		return false;
	/* Or it has grown as much meanwhile. */
	return !ask(&now) || now.size <= far;
}

/* Eight pages at once. */
static uint64_t sum_vector(uint64_t from, uint64_t to)
{
	const uint64_t ones = 0x0101010101010101;
	uint64_t sum = 0, eight;

	for (; from + 8 <= to; from += 8) {
		memcpy(&eight, vector + from, 8);
		sum += ((eight & ones) * ones) >> 56;
	}
	for (; from < to; from++)
		sum += vector[from] & 1;
	return sum;
}

/* The vector of a window, by region. */
static void spread_vector(struct spread *spread, uint64_t first, uint64_t nr)
{
	uint64_t at, end;
	size_t region;

	for (at = 0, region = spread_region(spread, first); at < nr; at = end, region++) {
		end = spread_begin(spread, region + 1) - first;
		end = end < nr ? end : nr;
		spread->at[region] += sum_vector(at, end);
	}
}

static bool window_mincore(struct residency *file, uint64_t first, uint64_t nr, uint64_t *cached)
{
	if (!ask_mincore(file, first, nr))
		return false;
	*cached = sum_vector(0, nr);
	if (*cached < nr)
		file->trusted = true;
	if (!file->trusted) {
		if (tells_lies(file))
			return refuse(file, RESIDENCY_FORBIDDEN);
		file->trusted = true;
		memset(vector, 1, nr);
	}
	return true;
}

static bool count_mincore(struct residency *file, uint64_t first, uint64_t nr,
			  struct residency_counts *counts)
{
	const uint64_t window = WINDOW / page_size;

	while (nr) {
		uint64_t part = nr < window ? nr : window, cached;

		if (!window_mincore(file, first, part, &cached))
			return false;
		if (file->spread)
			spread_vector(file->spread, first, part);
		counts->cached += cached;
		first += part;
		nr -= part;
		if (nr && residency_part)
			residency_part(first * page_size, file->size);
	}
	return true;
}

/**
 * residency_count() - what of a range of pages is there.
 * @file: opened
 * @first: page
 * @nr: pages
 * @counts: added to
 *
 * Return: false if it cannot be known; then the file's state says why.
 */
bool residency_count(struct residency *file, uint64_t first, uint64_t nr,
		     struct residency_counts *counts)
{
	if (!nr)
		return true;
	if (file->way == RESIDENCY_MINCORE)
		return count_mincore(file, first, nr, counts);
	return count_cachestat(file, first, nr, counts);
}

/* Region by region, which gives the sum, too. */
static bool count_by_regions(struct residency *file, struct spread *spread,
			     struct residency_counts *counts)
{
	uint64_t begin, before;
	size_t i;

	for (i = 0; i < spread->nr; i++) {
		begin = spread_begin(spread, i);
		before = counts->cached;
		if (!residency_count(file, begin, spread_begin(spread, i + 1) - begin, counts))
			return false;
		spread->at[i] = counts->cached - before;
	}
	return true;
}

/**
 * residency_count_all() - what of the file is there.
 * @file: opened; its spread, if there is one, is empty and of all its pages
 * @counts: added to
 *
 * Return: false if it cannot be known; then the file's state says why.
 */
bool residency_count_all(struct residency *file, struct residency_counts *counts)
{
	struct spread *spread = file->spread;
	/* cachestat takes its time by folio: of a large file once is enough. */
	bool at_once = spread && file->way == RESIDENCY_CACHESTAT && file->pages >= PARTS_FROM;
	bool known = at_once ? count_by_regions(file, spread, counts) :
			       residency_count(file, 0, file->pages, counts);

	file->spread = NULL;
	if (known && spread)
		spread->filled = at_once || file->way == RESIDENCY_MINCORE;
	return known;
}

/**
 * residency_spread() - what is there by region.
 * @file: opened
 * @all: what residency_count() said of all of the spread's pages, or NULL
 * @spread: set up and empty, or filled already; its range begins with the file
 *
 * Return: false if it cannot be known; then the file's state says why.
 */
bool residency_spread(struct residency *file, const struct residency_counts *all,
		      struct spread *spread)
{
	struct residency_counts counts = { 0 };

	if (spread->filled)
		return true;
	spread->filled = true;
	if (all && (!all->cached || all->cached == spread->pages)) {
		spread_add(spread, 0, all->cached);
		return true;
	}
	return count_by_regions(file, spread, &counts);
}

static bool runs_of_vector(uint64_t first, uint64_t nr, residency_run run, void *data)
{
	uint64_t begin, end;

	for (begin = 0; begin < nr; begin = end) {
		for (end = begin + 1; end < nr && !((vector[end] ^ vector[begin]) & 1); end++)
			;
		if (!run(data, first + begin, end - begin, vector[begin] & 1))
			return false;
	}
	return true;
}

/* Halves what is neither all there nor all not, down to where mincore does the rest. */
static bool runs_of_range(struct residency *file, uint64_t first, uint64_t nr, residency_run run,
			  void *data)
{
	struct residency_counts counts = { 0 };
	uint64_t window = WINDOW / page_size, half = window, cached;

	if (file->way == RESIDENCY_CACHESTAT) {
		if (!count_cachestat(file, first, nr, &counts))
			return false;
		if (!counts.cached || counts.cached >= nr)
			return run(data, first, nr, counts.cached);
	}
	if (nr <= window && (file->way == RESIDENCY_MINCORE || file->hybrid)) {
		struct residency mapped = *file;

		if (window_mincore(&mapped, first, nr, &cached)) {
			file->trusted = mapped.trusted;
			return runs_of_vector(first, nr, run, data);
		}
		if (file->way == RESIDENCY_MINCORE)
			return refuse(file, mapped.state);
		file->hybrid = false;
	}
	if (nr <= window)
		half = nr / 2;
	else
		while (half * 2 < nr)
			half *= 2;
	return runs_of_range(file, first, half, run, data) &&
	       runs_of_range(file, first + half, nr - half, run, data);
}

/**
 * residency_runs() - what is there and what is not, from the beginning to the end.
 * @file: opened
 * @run: called for each run of pages; two that touch may be of the same sort
 * @data: for it
 *
 * Return: false if it cannot be known, and then the file's state says why; or if @run said so.
 */
bool residency_runs(struct residency *file, residency_run run, void *data)
{
	const uint64_t window = WINDOW / page_size;
	uint64_t first;

	if (file->way == RESIDENCY_CACHESTAT)
		return !file->pages || runs_of_range(file, 0, file->pages, run, data);
	for (first = 0; first < file->pages; first += window) {
		uint64_t rest = file->pages - first;

		if (!runs_of_range(file, first, rest < window ? rest : window, run, data))
			return false;
	}
	return true;
}
