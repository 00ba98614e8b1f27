// SPDX-License-Identifier: GPL-2.0
/*
 * group.c - makes items of rows, adds them up, and asks /proc for what only live processes have.
 * Called by show, diff, stat and top.
 */
#include <stdlib.h>
#include <string.h>

#include "faults/group.h"
#include "kernel/procfs.h"
#include "lib/index.h"
#include "lib/text.h"
#include "lib/xalloc.h"
#include "uapi/faultstat.h"
#include "ui/fields.h"

const char *const grouping_names[NR_GROUPINGS] = {
	[BY_NONE] = "none", [BY_OBJECT] = "object", [BY_DIR] = "dir", [BY_PROCESS] = "process",
	[BY_COMM] = "comm", [BY_CGROUP] = "cgroup",
};

/**
 * grouping_parse() - what to add rows up by.
 * @spec: set
 * @text: object, dir, dir=DEPTH, process, comm or cgroup
 *
 * Return: false if it is none of these.
 */
bool grouping_parse(struct grouping_spec *spec, const char *text)
{
	uint64_t depth;
	int i;

	spec->depth = 0;
	if (!strncmp(text, "dir=", 4)) {
		spec->by = BY_DIR;
		if (!text_number(text + 4, &depth) || !depth || depth > DEPTH_MAX)
			return false;
		spec->depth = (unsigned int)depth;
		return true;
	}
	for (i = BY_OBJECT; i < NR_GROUPINGS; i++) {
		if (!strcmp(text, grouping_names[i])) {
			spec->by = (enum grouping)i;
			return true;
		}
	}
	return false;
}

static char *keep_text(struct items *items, char *text)
{
	items->texts = xgrow(items->texts, items->nr_texts, &items->room_texts,
			     sizeof(*items->texts));
	items->texts[items->nr_texts++] = text;
	return text;
}

static bool is_live(const struct row *row)
{
	return row->pid && row_is(row, FAULTSTAT_STATE_LIVE);
}

/* What /proc says of a process, asked once for all of its rows. */
struct machine {
	int32_t pid;
	int64_t rss_kib;
	const char *cgroup;
};

static bool machine_same(const void *wanted, size_t position, const void *array)
{
	return *(const int32_t *)wanted == ((const struct machine *)array)[position].pid;
}

/* Fills in one or the other of every live item. */
static void ask(struct items *items, bool rss, bool cgroup)
{
	struct machine *known = xcalloc(items->nr, sizeof(*known));
	struct index index;
	size_t nr = 0, i;

	index_init(&index, items->nr);
	for (i = 0; i < items->nr; i++) {
		struct item *item = &items->at[i];
		struct machine *m;
		uint32_t *slot;

		if (!is_live(&item->row))
			continue;
		slot = index_slot(&index, hash_number(HASH_BEGIN, (uint64_t)item->row.pid),
				  machine_same, &item->row.pid, known);
		if (!*slot) {
			m = &known[nr++];
			*slot = (uint32_t)nr;
			m->pid = item->row.pid;
			m->rss_kib = rss ? procfs_rss_kib(m->pid) : -1;
			m->cgroup = cgroup ? procfs_cgroup(m->pid) : NULL;
			if (m->cgroup)
				keep_text(items, (char *)m->cgroup);
		}
		m = &known[*slot - 1];
		if (rss)
			item->rss_kib = m->rss_kib;
		if (cgroup)
			item->cgroup = m->cgroup;
	}
	index_free(&index);
	free(known);
}

/**
 * items_ask_machine() - fill in what /proc knows of live processes, where it is shown.
 * @items: of the module that is loaded here, not of a copy
 * @view: what is shown
 */
void items_ask_machine(struct items *items, const struct view *view)
{
	bool rss = view_has(view, COLUMN_RSS);
	bool cgroup = view_has(view, COLUMN_CGROUP);
	size_t i;

	for (i = 0; i < items->nr && cgroup; i++)
		cgroup = !items->at[i].cgroup;
	if (rss || cgroup)
		ask(items, rss, cgroup);
}

/* The folder of a path, down to a depth; what is no path stays. */
static const char *dir_text(struct items *items, const struct row *row, unsigned int depth)
{
	const char *object = row->object;
	char *dir;

	if (*object != '/')
		return object;
	dir = strndup(object, dir_length(object, depth));
	if (!dir)
		return object;
	return keep_text(items, dir);
}

/* What an item is told by in its grouping: a text, or a process. */
struct wanted {
	enum grouping by;
	const struct item *item;
};

static const char *group_text(enum grouping by, const struct item *item)
{
	switch (by) {
	case BY_OBJECT:
		return item->row.object;
	case BY_DIR:
		return item->dir;
	case BY_CGROUP:
		return item->cgroup;
	default:
		return item->row.comm;
	}
}

static uint64_t group_hash(enum grouping by, const struct item *item)
{
	if (by == BY_PROCESS && item->row.id)
		return hash_number(HASH_BEGIN, item->row.id);
	return hash_text(HASH_BEGIN, group_text(by, item));
}

static bool group_same(const void *looked_for, size_t position, const void *array)
{
	const struct wanted *wanted = looked_for;
	const struct item *a = wanted->item, *b = &((const struct item *)array)[position];

	if (wanted->by == BY_PROCESS) {
		if (a->row.id || b->row.id)
			return a->row.id == b->row.id;
		if (strcmp(a->row.state, b->row.state))
			return false;
	}
	/* A file that is gone and one of whose name that is a part. */
	if (wanted->by == BY_OBJECT && a->row.deleted != b->row.deleted)
		return false;
	return !strcmp(group_text(wanted->by, a), group_text(wanted->by, b));
}

/* A process that was seen in a group. */
struct member {
	uint64_t id;
	uint32_t group;
};

static bool member_same(const void *wanted, size_t position, const void *array)
{
	const struct member *a = wanted, *b = &((const struct member *)array)[position];

	return a->id == b->id && a->group == b->group;
}

/* What rows of a group may differ in is nothing that the group has. */
static void forget_differences(struct item *group, enum grouping by)
{
	struct row *row = &group->row;

	if (by != BY_PROCESS) {
		row->pid = 0;
		row->ppid = 0;
		row->id = 0;
		row->state = NULL;
		memset(&row->kernel, 0, sizeof(row->kernel));
		if (by != BY_COMM)
			row->comm = NULL;
		if (by != BY_CGROUP)
			group->cgroup = NULL;
	}
	if (by != BY_OBJECT) {
		row->object = NULL;
		row->deleted = false;
		row->has_deleted = false;
		row->inode = 0;
		row->dev_major = 0;
		row->dev_minor = 0;
	}
	if (by != BY_DIR)
		group->dir = NULL;
}

/* Moves the groups to the front of the items and cuts the rest off. */
static void items_group(struct items *items, enum grouping by)
{
	struct member *members = xcalloc(items->nr, sizeof(*members));
	struct index groups, seen;
	size_t nr = 0, nr_members = 0, i;

	index_init(&groups, items->nr);
	index_init(&seen, items->nr);
	for (i = 0; i < items->nr; i++) {
		struct item item = items->at[i];
		struct wanted wanted = { by, &item };
		struct member member = { .id = item.row.id };
		uint32_t *slot, *member_slot;

		slot = index_slot(&groups, group_hash(by, &item), group_same, &wanted, items->at);
		if (!*slot) {
			items->at[nr] = item;
			items->at[nr++].processes = 0;
			*slot = (uint32_t)nr;
		} else {
			struct row *group = &items->at[*slot - 1].row;

			counts_add(&group->counts, &item.row.counts);
			if (group->inode != item.row.inode ||
			    group->dev_major != item.row.dev_major ||
			    group->dev_minor != item.row.dev_minor) {
				group->inode = 0;
				group->dev_major = 0;
				group->dev_minor = 0;
			}
		}
		if (!member.id)
			continue;
		member.group = *slot;
		member_slot = index_slot(&seen, hash_number(hash_number(HASH_BEGIN, member.id),
							    *slot),
					 member_same, &member, members);
		if (!*member_slot) {
			members[nr_members++] = member;
			*member_slot = (uint32_t)nr_members;
			items->at[*slot - 1].processes++;
		}
	}
	items->nr = nr;
	for (i = 0; i < nr; i++)
		forget_differences(&items->at[i], by);
	index_free(&seen);
	index_free(&groups);
	free(members);
}

/**
 * items_make() - what is shown of rows.
 * @items: filled in, to be freed; points into the rows' snapshot
 * @rows: of a snapshot or a difference
 * @nr: how many
 * @seconds: what they were counted in; 0 if that is not known
 * @filter: which of them
 * @spec: what to add them up by
 */
void items_make(struct items *items, const struct row *rows, size_t nr, double seconds,
		const struct filter *filter, const struct grouping_spec *spec)
{
	size_t i;

	memset(items, 0, sizeof(*items));
	items->at = xcalloc(nr, sizeof(*items->at));
	for (i = 0; i < nr; i++) {
		struct item *item = &items->at[items->nr];

		if (!filter_passes(filter, &rows[i]))
			continue;
		item->row = rows[i];
		item->rss_kib = -1;
		item->seconds = seconds;
		item->processes = rows[i].id != 0;
		if (spec->by == BY_DIR)
			item->dir = dir_text(items, &rows[i], spec->depth);
		items->nr++;
	}
	if (spec->by == BY_CGROUP) {
		ask(items, false, true);
		for (i = 0; i < items->nr; i++)
			if (!items->at[i].cgroup)
				items->at[i].cgroup = "-";
	}
	if (spec->by != BY_NONE)
		items_group(items, spec->by);
}

/**
 * items_free() - free items.
 * @items: made, or all zero
 */
void items_free(struct items *items)
{
	size_t i;

	for (i = 0; i < items->nr_texts; i++)
		free(items->texts[i]);
	free(items->texts);
	free(items->at);
	memset(items, 0, sizeof(*items));
}
