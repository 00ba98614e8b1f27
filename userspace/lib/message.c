// SPDX-License-Identifier: GPL-2.0
/*
 * message.c - messages on standard error, always a single line, and the end by a signal. Called
 * from everywhere, but not while top owns the screen.
 */
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "lib/message.h"
#include "lib/text.h"

void (*complaint_before)(void);

/**
 * complain() - one line on standard error, after the program's name.
 * @format: as for printf, without a newline; names of files may hold any byte
 */
void complain(const char *format, ...)
{
	char *line = NULL, *shown;
	va_list args;
	int length;

	va_start(args, format);
	length = vasprintf(&line, format, args);
	va_end(args);
	if (length < 0)
		return;
	shown = text_shown(line, TEXT_TABLE);
	fflush(stdout);
	if (complaint_before)
		complaint_before();
	fprintf(stderr, "kfaultstat: %s\n", shown);
	free(shown);
	free(line);
}

/**
 * end_by_signal() - end by a signal that we had caught, so that a shell sees it.
 * @number: of the signal
 */
void end_by_signal(int number)
{
	sigset_t only;

	fflush(NULL);
	signal(number, SIG_DFL);
	raise(number);
	sigemptyset(&only);
	sigaddset(&only, number);
	sigprocmask(SIG_UNBLOCK, &only, NULL);
}
