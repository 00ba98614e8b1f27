/* SPDX-License-Identifier: GPL-2.0 */
/*
 * message.h - exit codes, and messages on standard error.
 */
#ifndef KFAULTSTAT_MESSAGE_H
#define KFAULTSTAT_MESSAGE_H

/* What the program's exit says; the man page has them, too. */
enum exit_code {
	EXIT_FINE	= 0,
	EXIT_ERROR	= 1,
	EXIT_USAGE	= 2,
	EXIT_NOT_LOADED	= 3,
	/* Of a read, never of the program: a copy that is just being written. */
	EXIT_INCOMPLETE	= 256,
	/* The same: a copy that is not there, at least at the moment. */
	EXIT_MISSING	= 257,
};

/* Called before a complaint, if there is something else on standard error; or NULL. */
extern void (*complaint_before)(void);

void complain(const char *format, ...) __attribute__((format(printf, 1, 2)));
void end_by_signal(int number);

#endif
