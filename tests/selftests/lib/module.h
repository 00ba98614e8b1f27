/* SPDX-License-Identifier: GPL-2.0 */
/*
 * module.h - loading and unloading faultstat, and its parameters.
 */
#ifndef SELFTESTS_MODULE_H
#define SELFTESTS_MODULE_H

#include <stdbool.h>
#include <stddef.h>

bool module_loaded(void);
int module_load(const char *params);
int module_unload(void);
int module_unload_soon(void);
int param_set(const char *name, const char *value);
int param_get(const char *name, char *value, size_t size);
int file_write(const char *path, const char *text);
int file_read_line(const char *path, char *line, size_t size);

#endif
