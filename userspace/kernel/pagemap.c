// SPDX-License-Identifier: GPL-2.0
/*
 * pagemap.c - reads page tables with the ioctl PAGEMAP_SCAN or from /proc/PID/pagemap. It does
 * so in pieces, since mmap() and munmap() of the process wait while a piece is read. Called by
 * map and regions.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "kernel/pagemap.h"
#include "kernel/procfs.h"
#include "lib/message.h"
#include "lib/text.h"

#define PIECE		(8ull << 20)	/* bytes; with 64 MiB it waits twice as long */
#define PAGE_LEAST	4096
#define HUGE		(2ul << 20)	/* bytes of a huge page */

/* Of an entry of pagemap. */
#define ENTRY_PRESENT	0x8000000000000000ull
#define ENTRY_SWAPPED	0x4000000000000000ull
#define ENTRY_FILE	0x2000000000000000ull
#define ENTRY_FRAME	0x007fffffffffffffull

/*
 * PAGEMAP_SCAN as linux/fs.h of 6.7 has it; older headers do not. With more regions than
 * the kernel collects at once, 512, what it says of where it stopped can be too early.
 */
#define REGIONS		512

struct scan_region {
	uint64_t start, end, categories;
};

struct scan {
	uint64_t size, flags, start, end, walk_end, regions, nr_regions, max_pages;
	uint64_t inverted, all_of, any_of, told;
};

#define SCAN		_IOWR('f', 16, struct scan)

enum {
	SCAN_FILE	= 1 << 2,
	SCAN_PRESENT	= 1 << 3,
	SCAN_SWAPPED	= 1 << 4,
	SCAN_ZERO	= 1 << 5,
	SCAN_HUGE	= 1 << 6,
};

static enum pagemap_way way;
static uint64_t page_size;
static uint64_t zero_frame;	/* 0 where frames are not for us */
/* Those of the huge page that is the same for whole entries; none where it is not used. */
static uint64_t huge_zero_frame, huge_zero_frames;
static union {
	uint64_t entries[PIECE / PAGE_LEAST];
	struct scan_region regions[REGIONS];
} buffer;

/* A page that was only read is the zero page. */
static void find_zero_frame(int fd)
{
	char *page = mmap(NULL, page_size, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uint64_t entry = 0;

	if (page == MAP_FAILED)
		return;
	madvise(page, page_size, MADV_NOHUGEPAGE);
	if (!*(volatile char *)page &&
	    pread(fd, &entry, sizeof(entry), (off_t)((uintptr_t)page / page_size * 8)) ==
	    sizeof(entry) && entry & ENTRY_PRESENT)
		zero_frame = entry & ENTRY_FRAME;
	munmap(page, page_size);
}

/* Else who only reads gets a huge page of his own. */
static bool is_huge_zero_used(void)
{
	char *text = procfs_read("/sys/kernel/mm/transparent_hugepage/use_zero_page", NULL);
	bool used = text && *text == '1';

	free(text);
	return used;
}

/*
 * The same for a huge page. The mapping stays: the kernel gives the page back when nobody
 * has it any more, and it may be another one then.
 */
static void find_huge_zero_frame(int fd)
{
	const size_t huge = HUGE / page_size;
	uint64_t entries[HUGE / PAGE_LEAST], first;
	char *pages, *at;
	size_t i = 0;
	int off;

	if (!is_huge_zero_used())
		return;
	pages = mmap(NULL, 2 * HUGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (pages == MAP_FAILED)
		return;
	at = (char *)(((uintptr_t)pages + HUGE - 1) / HUGE * HUGE);
	/* Huge pages are off for us where files are looked at, see residency_begin(). */
	off = prctl(PR_GET_THP_DISABLE, 0, 0, 0, 0);
	prctl(PR_SET_THP_DISABLE, 0, 0, 0, 0);
	/* All of it comes with the first. */
	if (!madvise(at, HUGE, MADV_HUGEPAGE) && !*(volatile char *)at &&
	    pread(fd, entries, huge * 8, (off_t)((uintptr_t)at / page_size * 8)) ==
	    (ssize_t)(huge * 8))
		for (first = entries[0] & ENTRY_FRAME; i < huge && entries[i] & ENTRY_PRESENT; i++)
			if ((entries[i] & ENTRY_FRAME) != first + i)
				break;
	prctl(PR_SET_THP_DISABLE, off > 0, 0, 0, 0);
	if (i == huge) {
		huge_zero_frame = entries[0] & ENTRY_FRAME;
		huge_zero_frames = huge;
	} else {
		munmap(pages, 2 * HUGE);
	}
}

/**
 * pagemap_begin() - find out what the kernel has.
 * @via: scan or pagemap to have no other; NULL for what there is
 *
 * Return: false after a complaint.
 */
bool pagemap_begin(const char *via)
{
	struct scan scan = { .size = sizeof(scan), .any_of = SCAN_PRESENT, .told = SCAN_PRESENT };
	int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);

	page_size = (uint64_t)sysconf(_SC_PAGESIZE);
	if (via && strcmp(via, "scan") && strcmp(via, "pagemap")) {
		complain("invalid value of --via \"%s\": scan or pagemap", via);
		close(fd);
		return false;
	}
	if (fd >= 0 && !ioctl(fd, SCAN, &scan))
		way = PAGEMAP_SCANNED;
	if (fd >= 0)
		find_zero_frame(fd);
	/* Where entries are read one by one, the kernel does not tell. */
	if (zero_frame && (way == PAGEMAP_READ || (via && !strcmp(via, "pagemap"))))
		find_huge_zero_frame(fd);
	close(fd);
	if (!via)
		return true;
	if (!strcmp(via, "scan") && way != PAGEMAP_SCANNED) {
		complain("no PAGEMAP_SCAN in this kernel (needs Linux 6.7): use --via pagemap");
		return false;
	}
	way = !strcmp(via, "scan") ? PAGEMAP_SCANNED : PAGEMAP_READ;
	return true;
}

/**
 * pagemap_tells_huge() - whether PAGE_HUGE is known.
 *
 * Return: true if it is.
 */
bool pagemap_tells_huge(void)
{
	return way == PAGEMAP_SCANNED;
}

static bool trouble(struct pagemap *pagemap, int error)
{
	if (!error || error == ESRCH || error == ENOENT) {
		pagemap->ended = true;
		return false;
	}
	if (!pagemap->failed)
		complain("/proc/%d/pagemap: %s", pagemap->pid, strerror(error));
	pagemap->failed = true;
	return false;
}

/**
 * pagemap_close() - close it.
 * @pagemap: opened
 */
void pagemap_close(struct pagemap *pagemap)
{
	if (pagemap->fd >= 0)
		close(pagemap->fd);
	pagemap->fd = -1;
}

/* Whether there is anything of page tables behind it. A scan alone does not tell. */
static bool has_entries(int fd)
{
	uint64_t entry;

	return pread(fd, &entry, sizeof(entry), 0) > 0;
}

/**
 * pagemap_open() - the page tables of a process as it is now.
 * @pagemap: set, to be closed whatever comes
 * @pid: the process
 * @tid: the thread by whose way its mappings were read
 *
 * Once it is open it does not matter any more whether that thread lives.
 *
 * Return: false if the process has ended, or after a complaint.
 */
bool pagemap_open(struct pagemap *pagemap, int32_t pid, int32_t tid)
{
	char name[32];
	int error = 0;

	memset(pagemap, 0, sizeof(*pagemap));
	pagemap->pid = pid;
	for (; tid; tid = procfs_next_thread(pid, tid)) {
		snprintf(name, sizeof(name), "/proc/%d/pagemap", tid);
		pagemap->fd = open(name, O_RDONLY | O_CLOEXEC);
		error = pagemap->fd < 0 ? errno : 0;
		if (has_entries(pagemap->fd))
			return true;
		pagemap_close(pagemap);
	}
	return trouble(pagemap, error);
}

/**
 * pagemap_lives() - whether the process still has what was looked at; of a scan alone it
 * cannot be told from a process with nothing present.
 * @pagemap: opened
 *
 * Return: false if it has ended, or become another program.
 */
bool pagemap_lives(struct pagemap *pagemap)
{
	return has_entries(pagemap->fd);
}

static bool is_zero(uint64_t frame)
{
	return frame && (frame == zero_frame || frame - huge_zero_frame < huge_zero_frames);
}

static unsigned int kind_of_entry(uint64_t entry)
{
	unsigned int kind = 0;

	if (!(entry & (ENTRY_PRESENT | ENTRY_SWAPPED)))
		return 0;
	if (entry & ENTRY_FILE)
		kind |= PAGE_OF_FILE;
	if (entry & ENTRY_SWAPPED)
		return kind | PAGE_SWAPPED;
	if (is_zero(entry & ENTRY_FRAME))
		kind |= PAGE_ZERO;
	return kind | PAGE_PRESENT;
}

/* Which bits of an entry two pages of a run have in common; all but the frame. */
static bool is_same_kind(uint64_t a, uint64_t b)
{
	const uint64_t bits = ENTRY_PRESENT | ENTRY_SWAPPED | ENTRY_FILE;

	if ((a ^ b) & bits)
		return false;
	return !zero_frame || is_zero(a & ENTRY_FRAME) == is_zero(b & ENTRY_FRAME);
}

static bool read_piece(struct pagemap *pagemap, uint64_t start, uint64_t end, pagemap_run run,
		       void *data)
{
	uint64_t first = start / page_size, nr = (end - start) / page_size, at, to;
	ssize_t got = pread(pagemap->fd, buffer.entries, nr * 8, (off_t)(first * 8));

	if (got <= 0)
		return trouble(pagemap, got ? errno : 0);
	nr = (uint64_t)got / 8;
	for (at = 0; at < nr; at = to) {
		unsigned int kind = kind_of_entry(buffer.entries[at]);

		for (to = at + 1; to < nr && is_same_kind(buffer.entries[at], buffer.entries[to]);
		     to++)
			;
		if (kind)
			run(data, first + at, to - at, kind);
	}
	return true;
}

static unsigned int kind_of_region(uint64_t categories, bool whose)
{
	unsigned int kind = categories & SCAN_PRESENT ? PAGE_PRESENT : PAGE_SWAPPED;

	if (!whose || categories & SCAN_FILE)
		kind |= PAGE_OF_FILE;
	if (categories & SCAN_HUGE)
		kind |= PAGE_HUGE;
	if (categories & SCAN_ZERO)
		kind |= PAGE_ZERO;
	return kind;
}

static bool scan_piece(struct pagemap *pagemap, uint64_t start, uint64_t end, bool whose,
		       pagemap_run run, void *data)
{
	while (start < end) {
		struct scan scan = {
			.size = sizeof(scan), .start = start, .end = end,
			.regions = (uintptr_t)buffer.regions, .nr_regions = REGIONS,
			.any_of = SCAN_PRESENT | SCAN_SWAPPED,
			.told = SCAN_PRESENT | SCAN_SWAPPED | SCAN_HUGE | SCAN_ZERO,
		};
		int nr, i;

		/* Whose a page is costs a look at the page itself. */
		if (whose)
			scan.told |= SCAN_FILE;
		nr = ioctl(pagemap->fd, SCAN, &scan);
		if (nr < 0)
			return trouble(pagemap, errno);
		for (i = 0; i < nr; i++) {
			const struct scan_region *region = &buffer.regions[i];

			run(data, region->start / page_size,
			    (region->end - region->start) / page_size,
			    kind_of_region(region->categories, whose));
		}
		if (nr < REGIONS)
			break;
		/* It was full: all up to the last region is told, and nothing behind it. */
		start = buffer.regions[nr - 1].end;
	}
	return true;
}

/**
 * pagemap_walk() - look at the pages of a range that lies in one mapping.
 * @pagemap: opened
 * @start: address
 * @end: the same, behind it
 * @whose: whether PAGE_OF_FILE has to be found out, as of private copies and what devices
 *	map; otherwise it says nothing
 * @run: called for what is present or swapped
 * @data: for it
 *
 * Return: false if the process has ended, or after a complaint.
 */
bool pagemap_walk(struct pagemap *pagemap, uint64_t start, uint64_t end, bool whose,
		  pagemap_run run, void *data)
{
	while (start < end) {
		/* Pieces begin where tables do. */
		uint64_t to = (start / PIECE + 1) * PIECE;

		to = to < end ? to : end;
		if (way == PAGEMAP_SCANNED ? !scan_piece(pagemap, start, to, whose, run, data) :
		    !read_piece(pagemap, start, to, run, data))
			return false;
		start = to;
	}
	return true;
}
