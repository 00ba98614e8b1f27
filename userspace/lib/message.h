/* SPDX-License-Identifier: GPL-2.0 */
/*
 * message.h - exit codes, the one way to complain, and memory that is there or
 * ends the program. Everybody uses it.
 */
#ifndef KFAULTSTAT_MESSAGE_H
#define KFAULTSTAT_MESSAGE_H

#include <stddef.h>

/* What the program's exit says; the man page has them, too. */
enum exit_code {
	EXIT_FINE	= 0,
	EXIT_ERROR	= 1,
	EXIT_USAGE	= 2,
	EXIT_NOT_LOADED	= 3,
};

/* Called before a complaint, if there is something else on standard error; or NULL. */
extern void (*complaint_before)(void);

void complain(const char *format, ...) __attribute__((format(printf, 1, 2)));
void end_by_signal(int number);

void *xmalloc(size_t size);
void *xcalloc(size_t number, size_t size);
void *xrealloc(void *old, size_t size);
char *xstrdup(const char *text);
char *xasprintf(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
