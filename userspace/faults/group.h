/* SPDX-License-Identifier: GPL-2.0 */
/*
 * group.h - selected rows as items to show, each by itself or added up.
 */
#ifndef KFAULTSTAT_GROUP_H
#define KFAULTSTAT_GROUP_H

#include <stdbool.h>
#include <stddef.h>

#include "faults/column.h"
#include "faults/filter.h"

enum grouping { BY_NONE, BY_OBJECT, BY_DIR, BY_PROCESS, BY_COMM, BY_CGROUP, NR_GROUPINGS };

#define DEPTH_MAX 1000

struct grouping_spec {
	enum grouping by;
	unsigned int depth;	/* of folders; 0 for the whole path */
};

struct items {
	struct item *at;
	size_t nr;
	char **texts;		/* what items point to that is in no snapshot */
	size_t nr_texts, room_texts;
};

extern const char *const grouping_names[NR_GROUPINGS];

bool grouping_parse(struct grouping_spec *spec, const char *text);
void items_make(struct items *items, const struct row *rows, size_t nr, double seconds,
		const struct filter *filter, const struct grouping_spec *spec);
void items_ask_machine(struct items *items, const struct view *view);
void items_free(struct items *items);

#endif
