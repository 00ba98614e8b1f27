// SPDX-License-Identifier: GPL-2.0
/*
 * invariants.c - what holds of every snapshot of a machine at rest.
 *
 * Run at the end of every test, over everything that was counted in it, not only over the
 * processes the test looked at.
 */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>

#include "note.h"
#include "snapshot.h"

#define MAX_VIOLATIONS	12	/* printed; all are counted */

/* Counts one violation; prints it unless there were many. */
#define violation(nr, fmt, ...) do { \
	if ((nr)++ < MAX_VIOLATIONS) \
		note("invariant broken: " fmt, ##__VA_ARGS__); \
} while (0)

static int counts_violations(const struct counts *n, bool is_row, const char *what)
{
	size_t i;
	int nr = 0;

	for (i = 0; i < NR_COUNTS; i++)
		if (count_get(n, &count_columns[i]) < 0)
			violation(nr, "%s: %s is %lld", what, count_columns[i].name,
				  count_get(n, &count_columns[i]));
	if (n->calls + n->missed != n->minor + n->major + n->uncounted + n->pending)
		violation(nr, "%s: calls %lld + missed %lld != minor %lld + major %lld + uncounted %lld + pending %lld",
			  what, n->calls, n->missed, n->minor, n->major, n->uncounted, n->pending);
	if (!is_row)
		return nr;
	if (n->from_user + n->from_kernel + n->from_gup != n->calls)
		violation(nr, "%s: from_user %lld + from_kernel %lld + from_gup %lld != calls %lld",
			  what, n->from_user, n->from_kernel, n->from_gup, n->calls);
	if (n->write + n->exec > n->calls)
		violation(nr, "%s: write %lld + exec %lld > calls %lld", what, n->write, n->exec,
			  n->calls);
	return nr;
}

static int row_by_id(const void *a, const void *b)
{
	const struct row *x = *(const struct row * const *)a;
	const struct row *y = *(const struct row * const *)b;

	return x->id < y->id ? -1 : x->id > y->id;
}

/* An id stands for one process between two execs: one pid, one state, and sums that hold. */
static int process_violations(const struct snapshot *s)
{
	const struct row **rows = calloc(s->nr_rows + 1, sizeof(*rows));
	size_t i, j;
	int nr = 0;

	if (!rows)
		return 1;
	for (i = 0; i < s->nr_rows; i++)
		rows[i] = &s->rows[i];
	qsort(rows, s->nr_rows, sizeof(*rows), row_by_id);
	for (i = 0; i < s->nr_rows; i = j) {
		struct counts sum = { 0 };
		char what[64];

		for (j = i; j < s->nr_rows && rows[j]->id == rows[i]->id; j++) {
			counts_add(&sum, &rows[j]->n);
			if (!rows[i]->id || object_is_special(rows[i]->object) ||
			    object_is_special(rows[j]->object))
				continue;
			if (rows[j]->pid != rows[i]->pid || strcmp(rows[j]->state, rows[i]->state))
				violation(nr, "id %lld is pid %lld %s and pid %lld %s",
					  rows[i]->id, rows[i]->pid, rows[i]->state, rows[j]->pid,
					  rows[j]->state);
			if (rows[j]->kernel_minor != rows[i]->kernel_minor ||
			    rows[j]->kernel_major != rows[i]->kernel_major)
				violation(nr, "id %lld: the kernel counted %lld, %lld and %lld, %lld",
					  rows[i]->id, rows[i]->kernel_minor, rows[i]->kernel_major,
					  rows[j]->kernel_minor, rows[j]->kernel_major);
		}
		snprintf(what, sizeof(what), "process id %lld", rows[i]->id);
		nr += counts_violations(&sum, true, what);
	}
	free(rows);
	return nr;
}

/* A kernel without tracepoints, or without these, says so; anywhere else they must be there. */
static bool exceptions_unknown(const struct snapshot *s)
{
	const char *why = snapshot_header(s, "hook page_fault_user");

	return why && strstr(why, "this kernel has no such tracepoint");
}

/**
 * snapshot_violations() - check everything that holds of any snapshot.
 * @s: a full snapshot, taken while no other process faults unless @flags say so
 * @flags: CHECK_*
 *
 * Nothing is tolerated. The reader itself sits in open() while the snapshot is made, so its own
 * faults are not in the way either.
 *
 * Return: how many violations there are, each with a note, up to a dozen.
 */
int snapshot_violations(const struct snapshot *s, unsigned int flags)
{
	/* Before the first reset, and at rest, both lines say the same: one is counted by CPU. */
	bool same = !(flags & CHECK_UNDER_LOAD) && !snapshot_value(s, "load", "resets");
	struct counts sum = { 0 };
	long long exceptions;
	size_t i;
	int nr = 0;

	for (i = 0; i < s->nr_rows; i++) {
		const struct row *r = &s->rows[i];
		char what[160];

		snprintf(what, sizeof(what), "row %s %lld %.100s", r->comm, r->pid, r->escaped);
		nr += counts_violations(&r->n, true, what);
		counts_add(&sum, &r->n);
		if (i && r->n.calls > s->rows[i - 1].n.calls)
			violation(nr, "%s: %lld calls, below a row of %lld", what, r->n.calls,
				  s->rows[i - 1].n.calls);
	}
	if (!(flags & CHECK_UNDER_LOAD))
		nr += process_violations(s);
	nr += counts_violations(&s->total, false, "# total");
	nr += counts_violations(&s->lifetime, false, "# lifetime");
	for (i = 0; i < NR_COUNTS; i++) {
		const struct count_column *c = &count_columns[i];

		if (!c->in_total)
			continue;
		if (count_get(&sum, c) != count_get(&s->total, c))
			violation(nr, "the rows' %s sum to %lld, # total says %lld", c->name,
				  count_get(&sum, c), count_get(&s->total, c));
		if (same && count_get(&s->lifetime, c) != count_get(&s->total, c))
			violation(nr, "# lifetime has %s %lld, # total %lld", c->name,
				  count_get(&s->lifetime, c), count_get(&s->total, c));
		if (strcmp(c->name, "pending") &&
		    count_get(&s->lifetime, c) < count_get(&s->total, c))
			violation(nr, "# lifetime has %s %lld, # total %lld", c->name,
				  count_get(&s->lifetime, c), count_get(&s->total, c));
	}
	if (!(flags & CHECK_NO_EXCEPTIONS) && !exceptions_unknown(s)) {
		exceptions = snapshot_value(s, "exceptions", "user") +
			     snapshot_value(s, "exceptions", "kernel");
		if (exceptions + sum.from_gup < s->total.minor + s->total.major - s->total.missed)
			violation(nr, "exceptions %lld + from_gup %lld < minor %lld + major %lld",
				  exceptions, sum.from_gup, s->total.minor, s->total.major);
	}
	/* A snapshot checks all that have ended by then. */
	if (!(flags & CHECK_DIFFERENT) && snapshot_value(s, "checked", "different"))
		violation(nr, "%lld of %lld processes are not as the kernel counted",
			  snapshot_value(s, "checked", "different"),
			  snapshot_value(s, "checked", "processes"));
	if (nr)
		snapshot_print(s, 0);
	return nr;
}
