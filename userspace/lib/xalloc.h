/* SPDX-License-Identifier: GPL-2.0 */
/*
 * xalloc.h - allocations that end the program if there is no memory.
 */
#ifndef KFAULTSTAT_XALLOC_H
#define KFAULTSTAT_XALLOC_H

#include <stddef.h>
#include <stdio.h>

void *xmalloc(size_t size);
void *xcalloc(size_t number, size_t size);
void *xrealloc(void *old, size_t size);
void *xgrow(void *array, size_t nr, size_t *room, size_t size);
char *xstrdup(const char *text);
char *xasprintf(const char *format, ...) __attribute__((format(printf, 1, 2)));
FILE *xmemstream(char **text, size_t *size);

#endif
