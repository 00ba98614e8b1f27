/* SPDX-License-Identifier: GPL-2.0 */
/*
 * source.h - sources of snapshots: the loaded module, or a saved copy.
 */
#ifndef KFAULTSTAT_SOURCE_H
#define KFAULTSTAT_SOURCE_H

#include <stdbool.h>
#include <stdint.h>

#include "faults/snapshot.h"
#include "lib/message.h"
#include "uapi/faultstat.h"

#define PROC_FILE(name)	"/proc/" FAULTSTAT_PROC_DIR "/" name
#define NOT_LOADED	"not loaded: as root, modprobe faultstat, or insmod faultstat.ko"

#define INCOMPLETE	"incomplete, so this interval is skipped"
/* Said once, whatever number of intervals it lasts. */
#define MISSING		"intervals are skipped until it is there again"

enum source_what {
	SOURCE_FAULTS,
	SOURCE_TOTALS,	/* the header alone, which anybody may read */
};

char *source_text_of(int fd, size_t *size, int *failure);
char *source_text(const char *path, size_t *size, int *failure);
const char *source_name(const char *input);
enum exit_code source_trouble(const char *path, int failure, char **error);
char *source_incomplete(const char *input, char *error);
enum exit_code source_missing(int failure);
enum exit_code source_read(struct snapshot *s, const char *input, enum source_what what,
			   char **error);
enum exit_code source_read_again(struct snapshot *s, const char *input, char **error);
int source_mark(int32_t pid);
enum exit_code source_read_mark(struct snapshot *s, int mark, char **error);
enum exit_code source_take(struct snapshot *s, const char *input, enum source_what what);

#endif
