/* SPDX-License-Identifier: GPL-2.0 */
/*
 * snapshot.h - the module's text, parsed by the names of its keys and columns. A snapshot is
 * read by source.c and not changed later.
 */
#ifndef KFAULTSTAT_SNAPSHOT_H
#define KFAULTSTAT_SNAPSHOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "faults/parse.h"

/* The counters of a row, in the order of the file. */
enum count {
	CALLS, MINOR, MAJOR, UNCOUNTED, PENDING, MISSED,
	WRITE, EXEC, FROM_USER, FROM_KERNEL, FROM_GUP,
	NR_COUNTS
};

struct counts {
	uint64_t n[NR_COUNTS];
};

/* What the kernel counts for a process, as far as it is known. */
struct kernel_counts {
	uint64_t minor, major;
	bool has_minor, has_major;
};

struct row {
	const char *comm;	/* any bytes but NUL, as those of object */
	const char *state;
	const char *object;
	uint64_t id;		/* 0 in rows of no single process */
	uint64_t inode;
	struct counts counts;
	struct kernel_counts kernel;	/* the same in all rows of a process */
	uint32_t dev_major, dev_minor;
	int32_t pid, ppid;
	bool deleted;		/* the file had no name any more when the row was new */
	bool has_deleted;	/* that is known: an older module does not say */
};

struct hook {
	const char *name;
	const char *how;	/* mechanism, or "off: why" */
};

#define HOOKS_MAX 32

struct snapshot {
	char *text;		/* what all strings below point into */
	bool has_rows;		/* a copy of totals has none */
	bool total_is_of_rows;	/* to the call; of modules before 1.1 only at rest */
	const char *module, *kernel;
	const char *load;	/* a load of the module, by its random number */
	double at, now, realtime;	/* seconds */
	uint64_t resets;
	const char *settings;
	bool names_local;	/* paths begin at the root of their file system */
	uint64_t exceptions_user, exceptions_kernel;
	struct counts lifetime, total;	/* of these the first six */
	uint64_t table_rows, processes, ended, folded, overflow, memory;
	bool has_checked;	/* an older module checks nothing */
	uint64_t checked, different, unchecked;	/* ended processes */
	uint64_t mark;		/* id of the folded rows; 0 where the text is of no mark */
	uint64_t mark_processes, mark_ended, mark_unchecked;
	struct kernel_counts mark_kernel;	/* of those that have ended */
	struct hook hooks[HOOKS_MAX];
	size_t nr_hooks;
	struct row *rows;
	size_t nr_rows;
};

bool snapshot_begins(const char *text, size_t size);
bool snapshot_parse(struct snapshot *s, char *text, size_t size, char *error);
bool snapshot_is_older(const struct snapshot *s, const struct snapshot *other);
bool snapshot_seems_cut(const struct snapshot *s, uint64_t *calls);
void snapshot_free(struct snapshot *s);
char *snapshot_setting(const struct snapshot *s, const char *name);
bool row_is_file(const struct row *row);
bool kernel_counts_known(const struct kernel_counts *kernel);
bool row_is(const struct row *row, const char *state);
void counts_add(struct counts *sum, const struct counts *more);

extern const char *const count_names[NR_COUNTS];

#endif
