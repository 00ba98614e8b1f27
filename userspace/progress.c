// SPDX-License-Identifier: GPL-2.0
/*
 * progress.c - a line on standard error that is written over, where that is a terminal and
 * the work takes more than half a second. Called by cache.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "fields.h"
#include "pace.h"
#include "progress.h"

#define PAUSE	0.5	/* seconds */

static bool wanted, shown;
static double next;
static unsigned int calls;

/**
 * progress_begin() - the work begins.
 */
void progress_begin(void)
{
	wanted = isatty(STDERR_FILENO);
	next = clock_now() + PAUSE;
}

/**
 * progress_due() - whether it is time to show something; cheap.
 *
 * Return: true if so.
 */
bool progress_due(void)
{
	return wanted && !(++calls % 16) && clock_now() >= next;
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
	next = clock_now() + PAUSE;
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
