// SPDX-License-Identifier: GPL-2.0
/*
 * standin.c - opens a copy where the module's file is wanted, for commands that take no copy.
 * Preloaded by the tests: FAULTSTAT_COPY names the copy.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "../../module/uapi/faultstat.h"

#define FOLDER	"/proc/" FAULTSTAT_PROC_DIR "/"

int open(const char *path, int flags, ...)
{
	int (*real)(const char *path, int flags, ...) = dlsym(RTLD_NEXT, "open");
	const char *copy = getenv("FAULTSTAT_COPY");
	mode_t mode = 0;
	va_list args;

	if (flags & O_CREAT) {
		va_start(args, flags);
		mode = va_arg(args, mode_t);
		va_end(args);
	}
	if (copy && !strncmp(path, FOLDER, strlen(FOLDER)))
		path = copy;
	return real(path, flags, mode);
}
