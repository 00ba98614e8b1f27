// SPDX-License-Identifier: GPL-2.0
/*
 * progress.c - a line on standard error that is written over, where that is a terminal and
 * the work takes more than half a second. Called by cache.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "fields.h"
#include "progress.h"

#define PAUSE	0.5	/* seconds */

static bool wanted, shown;
static double next;
static unsigned int calls;

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/**
 * progress_begin() - the work begins.
 */
void progress_begin(void)
{
	wanted = isatty(STDERR_FILENO);
	next = seconds() + PAUSE;
}

/**
 * progress_due() - whether it is time to show something; cheap.
 *
 * Return: true if so.
 */
bool progress_due(void)
{
	return wanted && !(++calls % 16) && seconds() >= next;
}

/**
 * progress_show() - how far it has come.
 * @files: that were looked at
 * @bytes: of them that are cached
 */
void progress_show(uint64_t files, uint64_t bytes)
{
	char *text = bytes_text(bytes);

	fprintf(stderr, "\r%" PRIu64 " files, %s cached\033[K", files, text);
	fflush(stderr);
	free(text);
	shown = true;
	next = seconds() + PAUSE;
}

/**
 * progress_end() - the line goes.
 */
void progress_end(void)
{
	if (shown)
		fputs("\r\033[K", stderr);
	fflush(stderr);
	wanted = false;
	shown = false;
}
