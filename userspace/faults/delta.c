// SPDX-License-Identifier: GPL-2.0
/*
 * delta.c - the difference of two snapshots, row by row. Rows are created, end, and are folded
 * into rows by (comm, object), whose counts then grow by what was counted long ago. Called by
 * show in intervals, by diff and by top.
 *
 * A live row is identified by the id of its process and its object, so a reused pid makes
 * another row. What a vanished row had before is subtracted from the row that took its counts:
 * the [other] of its process if that touched too many objects; its (comm, object) if it was
 * folded; otherwise, since comm may have changed and a full table folds into [other], the
 * closest row. A folded row may vanish as well, into the [other] of its comm, and that into the
 * one of all comms, and begin again later. Each counter is handled separately and never drops
 * below zero; the sum over all rows remains exact.
 */
#include <stdlib.h>
#include <string.h>

#include "faults/delta.h"
#include "lib/index.h"
#include "lib/xalloc.h"
#include "uapi/faultstat.h"

/* A row of the earlier snapshot. */
struct earlier {
	const struct row *row;
	struct counts counts;	/* of all rows that are told apart by nothing */
	bool found;		/* again, in the later one */
};

static uint64_t row_hash(const struct row *row)
{
	uint64_t hash = hash_number(HASH_BEGIN, row->id);

	/* The name of a process may change while it lives. */
	if (!row->id)
		hash = hash_text(hash, row->comm);
	hash = hash_number(hash, row->inode);
	return hash_text(hash, row->object);
}

static bool rows_same(const struct row *a, const struct row *b)
{
	if (a->id != b->id || a->inode != b->inode || a->dev_major != b->dev_major ||
	    a->dev_minor != b->dev_minor || a->deleted != b->deleted ||
	    strcmp(a->object, b->object))
		return false;
	return a->id || (!strcmp(a->comm, b->comm) && !strcmp(a->state, b->state));
}

static bool earlier_same(const void *wanted, size_t position, const void *array)
{
	return rows_same(wanted, ((const struct earlier *)array)[position].row);
}

static bool later_same(const void *wanted, size_t position, const void *array)
{
	return rows_same(wanted, &((const struct row *)array)[position]);
}

/* The rows of the earlier snapshot; equal ones, as reused inodes make them, are one. */
static struct earlier *earlier_collect(const struct snapshot *before, struct index *index,
				       size_t *number)
{
	struct earlier *all = xcalloc(before->nr_rows, sizeof(*all));
	size_t i;

	index_init(index, before->nr_rows);
	*number = 0;
	for (i = 0; i < before->nr_rows; i++) {
		const struct row *row = &before->rows[i];
		uint32_t *slot = index_slot(index, row_hash(row), earlier_same, row, all);

		if (!*slot) {
			all[*number].row = row;
			*number += 1;
			*slot = (uint32_t)*number;
		}
		counts_add(&all[*slot - 1].counts, &row->counts);
	}
	return all;
}

static void later_collect(struct delta *d, const struct snapshot *after, struct index *index)
{
	size_t i;

	index_init(index, after->nr_rows);
	d->rows = xcalloc(after->nr_rows, sizeof(*d->rows));
	for (i = 0; i < after->nr_rows; i++) {
		const struct row *row = &after->rows[i];
		uint32_t *slot = index_slot(index, row_hash(row), later_same, row, d->rows);

		if (*slot) {
			counts_add(&d->rows[*slot - 1].counts, &row->counts);
			continue;
		}
		d->rows[d->nr_rows] = *row;
		/* Of the process's whole life, and no difference. */
		memset(&d->rows[d->nr_rows++].kernel, 0, sizeof(row->kernel));
		*slot = (uint32_t)d->nr_rows;
	}
}

/* What is open now is open now, and no difference. */
static void counts_since(struct counts *now, const struct counts *before)
{
	int i;

	for (i = 0; i < NR_COUNTS; i++)
		if (i != PENDING)
			now->n[i] -= now->n[i] < before->n[i] ? now->n[i] : before->n[i];
}

/* Takes from a row what it has of @rest, and that from @rest. */
static void take_from(struct row *row, struct counts *rest)
{
	int i;

	for (i = 0; i < NR_COUNTS; i++) {
		uint64_t some = row->counts.n[i] < rest->n[i] ? row->counts.n[i] : rest->n[i];

		if (i == PENDING)
			continue;
		row->counts.n[i] -= some;
		rest->n[i] -= some;
	}
}

static bool counts_any(const struct counts *counts)
{
	int i;

	for (i = 0; i < NR_COUNTS; i++)
		if (i != PENDING && counts->n[i])
			return true;
	return false;
}

/* From the folded row of that name and object, if there is one. */
static void take_at(struct delta *d, const struct index *later, const struct row *wanted,
		    struct counts *rest)
{
	const uint32_t *slot = index_slot(later, row_hash(wanted), later_same, wanted, d->rows);

	if (*slot)
		take_from(&d->rows[*slot - 1], rest);
}

/* The folded rows that have grown, until all of that has been taken. */
struct folded {
	struct row **rows;
	size_t nr;
};

static void folded_collect(struct folded *folded, struct delta *d)
{
	size_t i;

	folded->nr = 0;
	folded->rows = xcalloc(d->nr_rows, sizeof(*folded->rows));
	for (i = 0; i < d->nr_rows; i++)
		if (row_is(&d->rows[i], FAULTSTAT_STATE_FOLDED) && counts_any(&d->rows[i].counts))
			folded->rows[folded->nr++] = &d->rows[i];
}

/* From any folded row, those of the same object first. */
static void take_anywhere(struct folded *folded, const struct row *gone, struct counts *rest)
{
	int any;
	size_t i;

	for (any = 0; any <= 1; any++) {
		for (i = 0; i < folded->nr && counts_any(rest);) {
			struct row *row = folded->rows[i];

			if (any || !strcmp(row->object, gone->object))
				take_from(row, rest);
			if (counts_any(&row->counts))
				i++;
			else
				folded->rows[i] = folded->rows[--folded->nr];
		}
	}
}

/* Where a folded row that has gone is: in the [other] of its comm, or in that of all comms. */
static void take_from_others(struct delta *d, const struct index *later, struct earlier *gone)
{
	struct row other = { .state = FAULTSTAT_STATE_FOLDED, .object = FAULTSTAT_OBJECT_OTHER };

	other.comm = gone->row->comm;
	if (gone->row->id || strcmp(gone->row->object, FAULTSTAT_OBJECT_OTHER))
		take_at(d, later, &other, &gone->counts);
	other.comm = FAULTSTAT_OBJECT_OTHER;
	take_at(d, later, &other, &gone->counts);
}

/* Where a row that has gone is expected: its process's [other], or its folded row. */
static void take_expected(struct delta *d, const struct index *later, struct earlier *gone)
{
	struct row row = *gone->row;

	if (!row.id) {
		take_from_others(d, later, gone);
		return;
	}
	row.object = FAULTSTAT_OBJECT_OTHER;
	row.deleted = false;
	row.inode = 0;
	row.dev_major = 0;
	row.dev_minor = 0;
	take_at(d, later, &row, &gone->counts);

	row = *gone->row;
	row.id = 0;
	row.state = FAULTSTAT_STATE_FOLDED;
	take_at(d, later, &row, &gone->counts);
}

/* Where it is if there was no room for that, or if it had another name when it ended. */
static void take_unexpected(struct delta *d, const struct index *later, struct folded *folded,
			    struct earlier *gone)
{
	take_from_others(d, later, gone);
	take_anywhere(folded, gone->row, &gone->counts);
}

/* Special rows do not. */
static bool may_leave(const struct row *row)
{
	return row->id || row_is(row, FAULTSTAT_STATE_FOLDED);
}

static void take_gone(struct delta *d, const struct index *later, struct earlier *all,
		      size_t number)
{
	struct folded folded;
	size_t i;

	for (i = 0; i < number; i++)
		if (!all[i].found && may_leave(all[i].row))
			take_expected(d, later, &all[i]);
	folded_collect(&folded, d);
	for (i = 0; i < number; i++)
		if (!all[i].found && may_leave(all[i].row) && counts_any(&all[i].counts))
			take_unexpected(d, later, &folded, &all[i]);
	free(folded.rows);
}

/* A row that has less than before left for [other] and has begun anew. */
static bool is_anew(const struct row *row, const struct counts *before)
{
	int i;

	if (row->id)
		return row->counts.n[CALLS] < before->n[CALLS];
	/* No call is in progress in a folded row: each counter can tell. */
	for (i = 0; row_is(row, FAULTSTAT_STATE_FOLDED) && i < NR_COUNTS; i++)
		if (i != PENDING && row->counts.n[i] < before->n[i])
			return true;
	return false;
}

static void subtract(struct delta *d, const struct snapshot *before, const struct index *later)
{
	struct earlier *all;
	struct index index;
	size_t number, i;

	all = earlier_collect(before, &index, &number);
	for (i = 0; i < d->nr_rows; i++) {
		struct row *row = &d->rows[i];
		const uint32_t *slot = index_slot(&index, row_hash(row), earlier_same, row, all);
		struct earlier *earlier;

		if (!*slot)
			continue;
		earlier = &all[*slot - 1];
		if (is_anew(row, &earlier->counts))
			continue;
		earlier->found = true;
		counts_since(&row->counts, &earlier->counts);
	}
	take_gone(d, later, all, number);
	index_free(&index);
	free(all);
}

static void drop_unmoved(struct delta *d)
{
	size_t i, kept = 0;

	for (i = 0; i < d->nr_rows; i++)
		if (counts_any(&d->rows[i].counts))
			d->rows[kept++] = d->rows[i];
	d->nr_rows = kept;
}

/**
 * delta_make() - what was counted between two snapshots.
 * @d: filled in, to be freed
 * @before: the earlier one; NULL for everything since the load
 * @after: the later one; must stay as long as @d
 */
void delta_make(struct delta *d, const struct snapshot *before, const struct snapshot *after)
{
	struct index later;

	memset(d, 0, sizeof(*d));
	later_collect(d, after, &later);
	d->total = after->lifetime;
	if (!before || strcmp(before->load, after->load)) {
		d->since = SINCE_LOAD;
		d->reloaded = before;
		d->seconds = after->now - after->at;
		d->rows_seconds = after->resets ? 0 : d->seconds;
	} else {
		d->since = before->resets == after->resets ? SINCE_BEFORE : SINCE_RESET;
		d->seconds = after->now - before->now;
		counts_since(&d->total, &before->lifetime);
		if (d->since == SINCE_BEFORE) {
			d->rows_seconds = d->seconds;
			subtract(d, before, &later);
		}
	}
	drop_unmoved(d);
	index_free(&later);
}

/**
 * delta_free() - free a difference.
 * @d: made, or all zero
 */
void delta_free(struct delta *d)
{
	free(d->rows);
	memset(d, 0, sizeof(*d));
}
