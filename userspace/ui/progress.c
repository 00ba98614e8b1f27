// SPDX-License-Identifier: GPL-2.0
/*
 * progress.c - a progress line on standard error, if that is a terminal and the work takes more
 * than half a second. Called by the commands that look at files, and through pointers by walk.c
 * and residency.c.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "lib/message.h"
#include "lib/pace.h"
#include "ui/fields.h"
#include "ui/progress.h"

#define PAUSE	0.5	/* seconds */

static struct {
	bool wanted, shown;
	double next;
	unsigned int calls;
	uint64_t files, cached;
} now;

static void hide(void)
{
	if (now.shown)
		fputs("\r\033[K", stderr);
	fflush(stderr);
	now.shown = false;
}

/**
 * progress_begin() - the work begins.
 */
void progress_begin(void)
{
	complaint_before = hide;
	now.wanted = isatty(STDERR_FILENO);
	now.next = clock_now() + PAUSE;
	now.files = 0;
	now.cached = 0;
}

static void show(uint64_t part, uint64_t whole)
{
	char *cached = bytes_text(now.cached), *done = bytes_text(part), *size = bytes_text(whole);

	fprintf(stderr, "\r%" PRIu64 " files", now.files);
	if (now.cached)
		fprintf(stderr, ", %s cached", cached);
	if (whole)
		fprintf(stderr, "; %s of %s of the next", done, size);
	fputs("\033[K", stderr);
	fflush(stderr);
	free(cached);
	free(done);
	free(size);
	now.shown = true;
	now.next = clock_now() + PAUSE;
}

/**
 * progress_file() - one more file was looked at. Cheap.
 */
void progress_file(void)
{
	now.files++;
	if (now.wanted && !(++now.calls % 16) && clock_now() >= now.next)
		show(0, 0);
}

/**
 * progress_part() - so much of a large file was looked at.
 * @part: bytes
 * @whole: its size
 */
void progress_part(uint64_t part, uint64_t whole)
{
	if (now.wanted && clock_now() >= now.next)
		show(part, whole);
}

/**
 * progress_cached() - so much more was found.
 * @bytes: in the page cache
 */
void progress_cached(uint64_t bytes)
{
	now.cached += bytes;
}

/**
 * progress_end() - the line goes.
 */
void progress_end(void)
{
	hide();
	now.wanted = false;
}
