/* SPDX-License-Identifier: GPL-2.0 */
/*
 * source.h - where snapshots come from: the loaded module, or a saved copy.
 */
#ifndef KFAULTSTAT_SOURCE_H
#define KFAULTSTAT_SOURCE_H

#include <stdbool.h>

#include "message.h"
#include "snapshot.h"

#define NOT_LOADED	"not loaded: as root, modprobe faultstat, or insmod faultstat.ko"

enum source_what {
	SOURCE_FAULTS,
	SOURCE_TOTALS,	/* the header alone, which anybody may read */
};

enum exit_code source_read(struct snapshot *s, const char *input, enum source_what what,
			   char **error);
enum exit_code source_take(struct snapshot *s, const char *input, enum source_what what);

#endif
