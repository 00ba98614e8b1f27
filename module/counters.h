/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What is counted. One set per row and CPU (a cell), one per row for what cannot
 * use a cell, and one per CPU for the totals; all in the same order.
 *
 * A call adds one to exactly one of the nine classes (origin by access) and, once
 * the kernel's verdict on it is known, one to exactly one of the three verdicts.
 * So calls, write, from_user and their like are sums that the reader makes, and
 * the usual fault costs two additions to a row.
 */
#ifndef FAULTSTAT_COUNTERS_H
#define FAULTSTAT_COUNTERS_H

#include <linux/types.h>

enum fs_counter {
	/* Counts of the kernel that no call explains. */
	COUNT_MISSED_MINOR,
	COUNT_MISSED_MAJOR,
	/* Verdicts: what the kernel counted a call as. */
	COUNT_MINOR,
	COUNT_MAJOR,
	COUNT_UNCOUNTED,
	/* Classes: origin + access; the common ones stand next to the verdicts. */
	COUNT_USER,
	COUNT_GUP = COUNT_USER + 3,
	COUNT_KERNEL = COUNT_GUP + 3,
	COUNTERS = COUNT_KERNEL + 3
};

enum fs_access { ACCESS_READ, ACCESS_WRITE, ACCESS_EXEC };

/* What is read first, and what after it. */
#define COUNT_FIRST_VERDICT	COUNT_MISSED_MINOR
#define COUNT_LAST_VERDICT	COUNT_UNCOUNTED
#define COUNT_FIRST_CLASS	COUNT_USER
#define COUNT_LAST_CLASS	(COUNT_KERNEL + ACCESS_EXEC)

struct fs_counters {
	u64 n[COUNTERS];
};

static inline u64 fs_counters_calls(const struct fs_counters *c)
{
	u64 calls = 0;
	int i;

	for (i = COUNT_FIRST_CLASS; i <= COUNT_LAST_CLASS; i++)
		calls += c->n[i];
	return calls;
}

static inline u64 fs_counters_missed(const struct fs_counters *c)
{
	return c->n[COUNT_MISSED_MINOR] + c->n[COUNT_MISSED_MAJOR];
}

/* Minor and major faults as the kernel counted them, the missed ones included. */
static inline u64 fs_counters_minor(const struct fs_counters *c)
{
	return c->n[COUNT_MINOR] + c->n[COUNT_MISSED_MINOR];
}

static inline u64 fs_counters_major(const struct fs_counters *c)
{
	return c->n[COUNT_MAJOR] + c->n[COUNT_MISSED_MAJOR];
}

static inline u64 fs_counters_verdicts(const struct fs_counters *c)
{
	return c->n[COUNT_MINOR] + c->n[COUNT_MAJOR] + c->n[COUNT_UNCOUNTED];
}

/*
 * Calls whose verdict is not known yet. Missed counts stand on both sides and drop out.
 * Up to 5.4 a remote access may, for a moment, look like the verdict on a call that is
 * just being counted.
 */
static inline u64 fs_counters_pending(const struct fs_counters *c)
{
	u64 calls = fs_counters_calls(c);
	u64 verdicts = fs_counters_verdicts(c);

	return calls > verdicts ? calls - verdicts : 0;
}

/*
 * Raises calls that were read earlier to @wanted, as far as those read @later allow it:
 * class by class they stay between what was true earlier and what was true later.
 */
static inline void fs_counters_raise_calls(struct fs_counters *c, const struct fs_counters *later,
					   u64 wanted)
{
	u64 calls = fs_counters_calls(c), some;
	int i;

	for (i = COUNT_FIRST_CLASS; i <= COUNT_LAST_CLASS && calls < wanted; i++) {
		if (later->n[i] <= c->n[i])
			continue;
		some = later->n[i] - c->n[i];
		if (some > wanted - calls)
			some = wanted - calls;
		c->n[i] += some;
		calls += some;
	}
}

static inline u64 fs_counters_origin(const struct fs_counters *c, enum fs_counter origin)
{
	return c->n[origin + ACCESS_READ] + c->n[origin + ACCESS_WRITE] +
	       c->n[origin + ACCESS_EXEC];
}

static inline u64 fs_counters_access(const struct fs_counters *c, enum fs_access access)
{
	return c->n[COUNT_USER + access] + c->n[COUNT_GUP + access] +
	       c->n[COUNT_KERNEL + access];
}

static inline void fs_counters_add(struct fs_counters *to, const struct fs_counters *from)
{
	int i;

	for (i = 0; i < COUNTERS; i++)
		to->n[i] += from->n[i];
}

static inline void fs_counters_subtract(struct fs_counters *from, const struct fs_counters *what)
{
	int i;

	for (i = 0; i < COUNTERS; i++)
		from->n[i] -= what->n[i];
}

#endif
