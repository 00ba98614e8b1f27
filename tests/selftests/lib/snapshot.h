/* SPDX-License-Identifier: GPL-2.0 */
/*
 * snapshot.h - one reading of faultstat's text, parsed by key and column names.
 *
 * Every suite looks at the module through this and through nothing else. A snapshot is made by
 * the module inside open(), so the rows of one snapshot and its totals belong to one moment.
 */
#ifndef SELFTESTS_SNAPSHOT_H
#define SELFTESTS_SNAPSHOT_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/resource.h>
#include <sys/types.h>

#define FAULTS_DEBUGFS	"/sys/kernel/debug/faultstat"
#define FAULTS_PROC	"/proc/faultstat/faults"
#define FAULTS_TOTALS	"/proc/faultstat/totals"
#define FAULTS_MARK	"/proc/faultstat/mark"

struct counts {
	long long calls, minor, major, uncounted, pending, missed;
	long long write, exec, from_user, from_kernel, from_gup;
};

/* The counters by name, for whoever wants to go through all of them. */
#define NR_COUNTS	11

struct count_column {
	const char *name;
	size_t offset;
	bool in_total;		/* the total and lifetime lines have it too */
};

extern const struct count_column count_columns[NR_COUNTS];

struct row {
	char *comm;
	char *state;
	char *object;		/* unescaped; may hold any byte but NUL */
	char *escaped;		/* as in the file */
	long long pid, id, ppid;
	struct counts n;
	long long kernel_minor, kernel_major;	/* of the process; -1 is not known */
	unsigned int dev_major, dev_minor;
	unsigned long long inode;
	long long deleted;
};

struct snapshot {
	char *text;		/* as read, for comparisons byte by byte */
	size_t len;
	char *copy;		/* cut into strings, which everything below points into */
	char **headers;		/* lines without "# " */
	size_t nr_headers;
	char *columns;		/* the line of column names; NULL if there was none */
	struct row *rows;
	size_t nr_rows;
	struct counts total, lifetime;
	bool undisturbed;	/* the reader took no fault around open() */
	struct rusage self;	/* the reader's own figures at open() */
};

/* What snapshot_violations() is not to look at. */
#define CHECK_NO_EXCEPTIONS	0x1	/* the exception probes were off for a while */
#define CHECK_UNDER_LOAD	0x2	/* processes end, and lifetime goes on, meanwhile */
#define CHECK_DIFFERENT		0x4	/* the test made the module's check of processes fail */

int snapshot_parse(struct snapshot *s, char *text, size_t len);
const char *faults_file(void);
int snapshot_take(struct snapshot *s, const char *path);
int snapshot_undisturbed(struct snapshot *s, const char *path);
void snapshot_free(struct snapshot *s);

const char *snapshot_header(const struct snapshot *s, const char *key);
long long snapshot_value(const struct snapshot *s, const char *line, const char *key);
long long totals_value(const char *line, const char *key);
bool snapshot_hook_on(const struct snapshot *s, const char *hook);

bool object_is_special(const char *object);
long long count_get(const struct counts *n, const struct count_column *c);
void counts_add(struct counts *sum, const struct counts *n);
size_t snapshot_sum_pid(const struct snapshot *s, pid_t pid, struct counts *sum);
size_t snapshot_sum_comm(const struct snapshot *s, const char *comm, struct counts *sum);
size_t snapshot_sum_object(const struct snapshot *s, pid_t pid, const char *object,
			   struct counts *sum);
const struct row *snapshot_row(const struct snapshot *s, pid_t pid, const char *object);

int snapshot_violations(const struct snapshot *s, unsigned int flags);
void snapshot_print(const struct snapshot *s, pid_t pid);
char *octal_unescape(char *text);
size_t read_whole(const char *path, char **text, struct snapshot *s);

#endif
