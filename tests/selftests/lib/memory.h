/* SPDX-License-Identifier: GPL-2.0 */
/*
 * memory.h - mapping and touching memory and files.
 */
#ifndef SELFTESTS_MEMORY_H
#define SELFTESTS_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define PAGE 4096ul
#define SOME_PAGES 500

void touch_read(const volatile char *p, size_t pages);
void touch_write(volatile char *p, size_t pages);
void touch_scattered(volatile char *p, size_t pages, unsigned int seed, bool write);
int touch_some(void *arg);

char *map_anon(size_t pages);
char *map_anon_aligned(size_t size, size_t align);
char *map_file(const char *path, size_t pages, int prot, int flags);
int file_make(const char *path, size_t pages);
int file_make_empty(const char *path, size_t pages);
int caches_drop(void);
int fault_around_set(const char *bytes, char *old, size_t size);

const char *test_disk(void);
const char *suite_dir(void);
bool filesystem_known(const char *name);

typedef int (*thread_fn)(void *arg, int nr);
int run_on_cpu(int cpu);
int threads_run(int nr, thread_fn fn, void *arg, bool pinned);

#endif
