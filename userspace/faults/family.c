// SPDX-License-Identifier: GPL-2.0
/*
 * family.c - finds the descendants of a process by pid, the parent's pid at birth, and id. Pids
 * are reused, ids are not, and ids ascend: the parent of a process is the youngest one that had
 * the parent's pid at that time. The process that started the command has no other children: one
 * that appears later (CLONE_PARENT) is a descendant. Called by stat.
 */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "faults/family.h"
#include "lib/index.h"
#include "lib/xalloc.h"
#include "uapi/faultstat.h"

/* A process, once however many rows it has. */
struct member {
	uint64_t id;
	int32_t pid, ppid;
	bool inside;
	bool continues;		/* became a program: the next of its pid is the same process */
	struct kernel_counts kernel;
	uint64_t minor, major;	/* of its rows */
};

static int member_compare(const void *left, const void *right)
{
	const struct member *a = left, *b = right;

	return (a->id > b->id) - (a->id < b->id);
}

/* In the order of birth. */
static struct member *members_collect(const struct snapshot *s, size_t *number)
{
	struct member *members = xcalloc(s->nr_rows, sizeof(*members));
	size_t nr = 0, kept = 0, i;

	for (i = 0; i < s->nr_rows; i++) {
		const struct row *row = &s->rows[i];

		if (row->id)
			members[nr++] = (struct member){
				.id = row->id, .pid = row->pid, .ppid = row->ppid,
				.continues = row_is(row, FAULTSTAT_STATE_EXEC),
				.kernel = row->kernel,
			};
	}
	qsort(members, nr, sizeof(*members), member_compare);
	for (i = 0; i < nr; i++)
		if (!kept || members[kept - 1].id != members[i].id)
			members[kept++] = members[i];
	*number = kept;
	return members;
}

static bool pid_same(const void *wanted, size_t position, const void *array)
{
	return *(const int32_t *)wanted == ((const struct member *)array)[position].pid;
}

static uint32_t *pid_slot(const struct index *youngest, const struct member *members,
			  const int32_t *pid)
{
	return index_slot(youngest, hash_number(HASH_BEGIN, (uint64_t)*pid), pid_same, pid,
			  members);
}

/* The youngest of that pid so far. */
static const struct member *youngest_of(const struct index *youngest, const struct member *members,
					int32_t pid)
{
	uint32_t slot = *pid_slot(youngest, members, &pid);

	return slot ? &members[slot - 1] : NULL;
}

/* In the order of birth, so that a parent is known to be inside before its children. */
static void members_mark(struct member *members, size_t nr, uint64_t last_id, int32_t pid,
			 int32_t parent)
{
	struct index youngest;
	bool begun = false;
	size_t i;

	index_init(&youngest, nr);
	for (i = 0; i < nr; i++) {
		struct member *m = &members[i];
		const struct member *from = youngest_of(&youngest, members, m->pid);
		bool born = !from || !from->continues;

		/* Its parent may be gone and the parent's pid another's, when it calls exec. */
		if (born)
			from = youngest_of(&youngest, members, m->ppid);
		if (m->id > last_id) {
			begun = begun || (m->pid == pid && m->ppid == parent);
			m->inside = (begun && born && m->ppid == parent) || (from && from->inside);
		}
		*pid_slot(&youngest, members, &m->pid) = (uint32_t)i + 1;
	}
	index_free(&youngest);
}

static struct member *member_of(struct member *members, size_t nr, uint64_t id)
{
	struct member wanted = { .id = id };

	return bsearch(&wanted, members, nr, sizeof(*members), member_compare);
}

/* What the kernel says of all that are inside. */
static void family_ask_kernel(struct family *family, const struct member *members, size_t nr)
{
	struct kernel_counts *sum = &family->kernel;
	size_t i;

	sum->has_minor = true;
	sum->has_major = true;
	for (i = 0; i < nr; i++) {
		const struct member *m = &members[i];

		if (!m->inside)
			continue;
		sum->has_minor &= m->kernel.has_minor;
		sum->has_major &= m->kernel.has_major;
		sum->minor += m->kernel.minor;
		sum->major += m->kernel.major;
		family->different += m->minor != m->kernel.minor || m->major != m->kernel.major;
	}
}

/**
 * snapshot_last_id() - the youngest process that a snapshot knows.
 * @s: the snapshot
 *
 * Return: its id.
 */
uint64_t snapshot_last_id(const struct snapshot *s)
{
	uint64_t last = 0;
	size_t i;

	for (i = 0; i < s->nr_rows; i++)
		if (s->rows[i].id > last)
			last = s->rows[i].id;
	return last;
}

/**
 * family_find() - the rows of a process and of its descendants.
 * @family: filled in, to be freed
 * @s: the snapshot
 * @last_id: of the youngest process from before it was started
 * @pid: of the process
 * @parent: pid of who started it
 */
void family_find(struct family *family, const struct snapshot *s, uint64_t last_id,
		 int32_t pid, int32_t parent)
{
	struct member *members, *m;
	size_t nr, i;

	memset(family, 0, sizeof(*family));
	members = members_collect(s, &nr);
	members_mark(members, nr, last_id, pid, parent);
	for (i = 0; i < nr; i++)
		family->processes += members[i].inside && !members[i].continues;
	family->rows = xcalloc(s->nr_rows, sizeof(*family->rows));
	for (i = 0; i < s->nr_rows; i++) {
		m = member_of(members, nr, s->rows[i].id);
		if (!m || !m->inside)
			continue;
		m->minor += s->rows[i].counts.n[MINOR];
		m->major += s->rows[i].counts.n[MAJOR];
		family->rows[family->nr_rows++] = s->rows[i];
		counts_add(&family->sum, &s->rows[i].counts);
	}
	family_ask_kernel(family, members, nr);
	free(members);
}

/**
 * family_of_mark() - the rows of all descendants of who marked itself.
 * @family: filled in, to be freed
 * @s: a snapshot of the mark
 * @parent: pid of who did
 *
 * Those that have been folded are among them, though nothing tells them apart.
 */
void family_of_mark(struct family *family, const struct snapshot *s, int32_t parent)
{
	size_t i;

	memset(family, 0, sizeof(*family));
	family->processes = s->mark_processes - 1;
	family->rows = xcalloc(s->nr_rows, sizeof(*family->rows));
	for (i = 0; i < s->nr_rows; i++) {
		if (s->rows[i].pid == parent)
			continue;
		family->rows[family->nr_rows++] = s->rows[i];
		counts_add(&family->sum, &s->rows[i].counts);
	}
	/* Of those that have not ended it would be unknown. */
	if (s->mark_ended == family->processes && !s->mark_unchecked)
		family->kernel = s->mark_kernel;
	family->different = family->sum.n[MINOR] != s->mark_kernel.minor ||
			    family->sum.n[MAJOR] != s->mark_kernel.major;
}

/**
 * family_free() - free what was found.
 * @family: found, or all zero
 */
void family_free(struct family *family)
{
	free(family->rows);
	memset(family, 0, sizeof(*family));
}
