// SPDX-License-Identifier: GPL-2.0
/*
 * xalloc.c - allocations that end the program if there is no memory. Called from everywhere.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/xalloc.h"

static void *checked(void *memory)
{
	if (!memory) {
		fputs("kfaultstat: out of memory\n", stderr);
		exit(EXIT_FAILURE);
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
 * xgrow() - an array with room for one more element.
 * @array: of elements, or NULL
 * @nr: how many there are
 * @room: for how many there is memory; set
 * @size: bytes of each
 *
 * Return: the array, half as large again if it was full.
 */
void *xgrow(void *array, size_t nr, size_t *room, size_t size)
{
	if (nr < *room)
		return array;
	*room += *room / 2 + 64;
	return xrealloc(array, *room * size);
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

/**
 * xmemstream() - open_memstream that ends the program where there is no memory.
 * @text: set when the stream is closed; to be freed
 * @size: of it, set as well
 *
 * Return: a stream, never NULL.
 */
FILE *xmemstream(char **text, size_t *size)
{
	return checked(open_memstream(text, size));
}
