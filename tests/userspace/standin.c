// SPDX-License-Identifier: GPL-2.0
/*
 * standin.c - opens a copy where the module's file is wanted, for commands that take no copy.
 * Preloaded by the tests: FAULTSTAT_COPY names the copy, FAULTSTAT_REQUESTS the file that takes
 * what is written to the module, FAULTSTAT_STATUS what is read as any process's status.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "../../module/uapi/faultstat.h"

#define FOLDER	"/proc/" FAULTSTAT_PROC_DIR "/"

int open(const char *path, int flags, ...)
{
	int (*real)(const char *path, int flags, ...) = dlsym(RTLD_NEXT, "open");
	bool writes = (flags & O_ACCMODE) != O_RDONLY;
	const char *copy = getenv(writes ? "FAULTSTAT_REQUESTS" : "FAULTSTAT_COPY");
	const char *status = getenv("FAULTSTAT_STATUS"), *name = strrchr(path, '/');
	mode_t mode = 0;
	va_list args;

	if (flags & O_CREAT) {
		va_start(args, flags);
		mode = va_arg(args, mode_t);
		va_end(args);
	}
	if (copy && !strncmp(path, FOLDER, strlen(FOLDER)))
		return real(copy, writes ? flags | O_APPEND : flags, mode);
	if (status && name && !strcmp(name, "/status") && !strncmp(path, "/proc/", 6))
		return real(status, flags, mode);
	return real(path, flags, mode);
}
