// SPDX-License-Identifier: GPL-2.0
/*
 * message.c - complaints on standard error, one line each whatever is in them, the end by
 * a signal, and allocations that cannot fail. Called by everybody; while top owns the screen
 * nobody may complain.
 */
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

static void *checked(void *memory)
{
	if (!memory) {
		fputs("kfaultstat: out of memory\n", stderr);
		exit(EXIT_ERROR);
	}
	return memory;
}

/**
 * xmalloc() - malloc that ends the program where there is no memory.
 * @size: bytes; 0 is as good as 1
 *
 * Return: memory, never NULL.
 */
void *xmalloc(size_t size)
{
	return checked(malloc(size ? size : 1));
}

/**
 * xcalloc() - calloc that ends the program where there is no memory.
 * @number: of elements
 * @size: bytes of each
 *
 * Return: memory, all zero, never NULL.
 */
void *xcalloc(size_t number, size_t size)
{
	return checked(calloc(number ? number : 1, size));
}

/**
 * xrealloc() - realloc that ends the program where there is no memory.
 * @old: memory, or NULL
 * @size: bytes
 *
 * Return: memory, never NULL.
 */
void *xrealloc(void *old, size_t size)
{
	return checked(realloc(old, size ? size : 1));
}

/**
 * xstrdup() - strdup that ends the program where there is no memory.
 * @text: what to copy
 *
 * Return: the copy, never NULL.
 */
char *xstrdup(const char *text)
{
	return checked(strdup(text));
}

/**
 * xasprintf() - asprintf that ends the program where there is no memory.
 * @format: as for printf
 *
 * Return: the text, never NULL.
 */
char *xasprintf(const char *format, ...)
{
	char *text = NULL;
	va_list args;

	va_start(args, format);
	if (vasprintf(&text, format, args) < 0)
		text = NULL;
	va_end(args);
	return checked(text);
}
