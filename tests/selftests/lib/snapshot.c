// SPDX-License-Identifier: GPL-2.0
/*
 * snapshot.c - reads faultstat's text and finds rows in it.
 *
 * Columns and keys are found by their names, as the format asks of its readers, so that a column
 * added later breaks no test. Plain process context; called by every suite.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <kselftest.h>

#include "note.h"
#include "snapshot.h"

#define MAX_COLUMNS	64

const struct count_column count_columns[NR_COUNTS] = {
	{ "calls", offsetof(struct counts, calls), true },
	{ "minor", offsetof(struct counts, minor), true },
	{ "major", offsetof(struct counts, major), true },
	{ "uncounted", offsetof(struct counts, uncounted), true },
	{ "pending", offsetof(struct counts, pending), true },
	{ "missed", offsetof(struct counts, missed), true },
	{ "write", offsetof(struct counts, write), false },
	{ "exec", offsetof(struct counts, exec), false },
	{ "from_user", offsetof(struct counts, from_user), false },
	{ "from_kernel", offsetof(struct counts, from_kernel), false },
	{ "from_gup", offsetof(struct counts, from_gup), false },
};

/**
 * count_get() - one of the counts.
 * @n: the counts
 * @c: which
 */
long long count_get(const struct counts *n, const struct count_column *c)
{
	return *(const long long *)((const char *)n + c->offset);
}

static void count_set(struct counts *n, const struct count_column *c, long long value)
{
	*(long long *)((char *)n + c->offset) = value;
}

/**
 * counts_add() - add one set of counts to another.
 * @sum: what grows
 * @n: what is added
 */
void counts_add(struct counts *sum, const struct counts *n)
{
	size_t i;

	for (i = 0; i < NR_COUNTS; i++)
		count_set(sum, &count_columns[i],
			  count_get(sum, &count_columns[i]) + count_get(n, &count_columns[i]));
}

/**
 * octal_unescape() - undo \ooo escapes in place.
 * @text: the string
 *
 * Return: @text.
 */
char *octal_unescape(char *text)
{
	char *from = text, *to = text;

	while (*from) {
		if (from[0] == '\\' && from[1] >= '0' && from[1] <= '3' &&
		    from[2] >= '0' && from[2] <= '7' && from[3] >= '0' && from[3] <= '7') {
			*to++ = (char)((from[1] - '0') << 6 | (from[2] - '0') << 3 |
				       (from[3] - '0'));
			from += 4;
		} else {
			*to++ = *from++;
		}
	}
	*to = '\0';
	return text;
}

/* A number and nothing else, as large as a long long: a counter that wrapped below 0 fails here. */
static int number_parse(const char *token, long long *value)
{
	char *end;

	errno = 0;
	*value = strtoll(token, &end, 10);
	return errno || end == token || *end ? -1 : 0;
}

/**
 * snapshot_header() - the rest of the header line that begins with a key.
 * @s: a parsed snapshot
 * @key: its first word or words, such as "table" or "hook handle_mm_fault"
 *
 * Return: what follows the key and one space, or NULL if no line begins with it.
 */
const char *snapshot_header(const struct snapshot *s, const char *key)
{
	size_t len = strlen(key), i;

	for (i = 0; i < s->nr_headers; i++) {
		if (strncmp(s->headers[i], key, len))
			continue;
		if (s->headers[i][len] == ' ')
			return s->headers[i] + len + 1;
		if (!s->headers[i][len])
			return s->headers[i] + len;
	}
	return NULL;
}

/**
 * snapshot_value() - a number of a header line, by key.
 * @s: a parsed snapshot
 * @line: the line's first word or words
 * @key: the key before the number
 *
 * Return: the number, or -1 if line or key is not there or the number is none.
 */
long long snapshot_value(const struct snapshot *s, const char *line, const char *key)
{
	const char *at = snapshot_header(s, line);
	size_t len = strlen(key);
	char word[32];
	long long value;

	while (at && *at) {
		size_t n = strcspn(at, " ");

		if (n == len && !strncmp(at, key, len) && at[n]) {
			at += n + 1;
			snprintf(word, sizeof(word), "%.*s", (int)strcspn(at, " "), at);
			return number_parse(word, &value) ? -1 : value;
		}
		at += n;
		at += strspn(at, " ");
	}
	return -1;
}

/**
 * totals_value() - a number of a header line, by key, as it is now.
 * @line: the line's first word or words
 * @key: the key before the number
 *
 * Return: the number, or -1 if there is no reading the header, or no such number in it.
 */
long long totals_value(const char *line, const char *key)
{
	long long value = -1;
	struct snapshot s;

	if (!snapshot_take(&s, FAULTS_TOTALS))
		value = snapshot_value(&s, line, key);
	snapshot_free(&s);
	return value;
}

/**
 * snapshot_hook_on() - does the header say that a hook is in place?
 * @s: a parsed snapshot
 * @hook: its name
 *
 * Return: false if its line is missing or says "off:".
 */
bool snapshot_hook_on(const struct snapshot *s, const char *hook)
{
	char key[64];
	const char *rest;

	snprintf(key, sizeof(key), "hook %s", hook);
	rest = snapshot_header(s, key);
	return rest && *rest && strncmp(rest, "off:", 4);
}

static int totals_parse(const struct snapshot *s, const char *line, struct counts *n)
{
	size_t i;

	for (i = 0; i < NR_COUNTS; i++) {
		long long value;

		if (!count_columns[i].in_total)
			continue;
		value = snapshot_value(s, line, count_columns[i].name);
		if (value < 0) {
			note("header '# %s' has no good '%s'", line, count_columns[i].name);
			return -1;
		}
		count_set(n, &count_columns[i], value);
	}
	return 0;
}

/* A dash is a number that the module does not know. */
static int known_parse(const char *field, long long *value)
{
	*value = -1;
	return strcmp(field, "-") ? number_parse(field, value) : 0;
}

static int field_parse(struct row *r, const char *column, char *field)
{
	long long value;
	size_t i;

	for (i = 0; i < NR_COUNTS; i++) {
		if (strcmp(column, count_columns[i].name))
			continue;
		if (number_parse(field, &value))
			return -1;
		count_set(&r->n, &count_columns[i], value);
		return 0;
	}
	if (!strcmp(column, "comm"))
		r->comm = octal_unescape(field);
	else if (!strcmp(column, "state"))
		r->state = field;
	else if (!strcmp(column, "pid"))
		return number_parse(field, &r->pid);
	else if (!strcmp(column, "id"))
		return number_parse(field, &r->id);
	else if (!strcmp(column, "ppid"))
		return number_parse(field, &r->ppid);
	else if (!strcmp(column, "kernel_minor"))
		return known_parse(field, &r->kernel_minor);
	else if (!strcmp(column, "kernel_major"))
		return known_parse(field, &r->kernel_major);
	else if (!strcmp(column, "deleted"))
		return number_parse(field, &r->deleted) || r->deleted >> 1 ? -1 : 0;
	else if (!strcmp(column, "inode"))
		return sscanf(field, "%llu", &r->inode) == 1 ? 0 : -1;
	else if (!strcmp(column, "dev"))
		return sscanf(field, "%u:%u", &r->dev_major, &r->dev_minor) == 2 ? 0 : -1;
	return 0;
}

static int row_parse(struct row *r, char **columns, size_t nr_columns, char *line)
{
	char *field = line;
	size_t i;

	for (i = 0; i + 1 < nr_columns; i++) {
		char *end = strchr(field, ' ');

		if (!end || end == field) {
			note("row has no column '%s': %s", columns[i], line);
			return -1;
		}
		*end = '\0';
		if (field_parse(r, columns[i], field)) {
			note("row has a bad '%s': '%s' (object %s)", columns[i], field, end + 1);
			return -1;
		}
		field = end + 1;
	}
	if (!*field) {
		note("row without an object");
		return -1;
	}
	r->escaped = field;
	r->object = strdup(field);
	if (!r->object)
		return -1;
	octal_unescape(r->object);
	return 0;
}

/* All columns the format promises are there, and object, which may hold spaces, is last. */
static int columns_check(char **columns, size_t nr)
{
	static const char * const others[] = {
		"comm", "pid", "id", "state", "ppid", "kernel_minor", "kernel_major", "dev", "inode",
		"deleted", "object",
	};
	size_t i, j;

	for (i = 0; i < NR_COUNTS + ARRAY_SIZE(others); i++) {
		const char *want = i < NR_COUNTS ? count_columns[i].name : others[i - NR_COUNTS];

		for (j = 0; j < nr && strcmp(columns[j], want); j++)
			;
		if (j == nr) {
			note("no column '%s'", want);
			return -1;
		}
	}
	if (strcmp(columns[nr - 1], "object")) {
		note("the last column is '%s', not 'object'", columns[nr - 1]);
		return -1;
	}
	return 0;
}

static int table_parse(struct snapshot *s, char *line, char *rest)
{
	char *columns[MAX_COLUMNS], *save, *word, *next;
	size_t nr = 0, room = 0;

	s->columns = strdup(line);
	for (word = strtok_r(line, " ", &save); word && nr < MAX_COLUMNS;
	     word = strtok_r(NULL, " ", &save))
		columns[nr++] = word;
	if (!s->columns || columns_check(columns, nr))
		return -1;
	for (line = rest; *line; line = next) {
		next = strchr(line, '\n');
		if (!next) {
			note("the last row is cut off: %s", line);
			return -1;
		}
		*next++ = '\0';
		if (s->nr_rows == room) {
			room = room ? 2 * room : 256;
			s->rows = realloc(s->rows, room * sizeof(*s->rows));
			if (!s->rows)
				return -1;
		}
		memset(&s->rows[s->nr_rows], 0, sizeof(*s->rows));
		if (row_parse(&s->rows[s->nr_rows], columns, nr, line))
			return -1;
		s->nr_rows++;
	}
	return 0;
}

/**
 * snapshot_parse() - take a text apart.
 * @s: filled; whatever it held is lost, not freed
 * @text: the text, which the snapshot owns from here on
 * @len: its length
 *
 * Return: 0, or -1 after a note that says what is wrong with the text.
 */
int snapshot_parse(struct snapshot *s, char *text, size_t len)
{
	bool undisturbed = s->undisturbed;
	struct rusage self = s->self;
	char *line, *next;

	memset(s, 0, sizeof(*s));
	s->undisturbed = undisturbed;
	s->self = self;
	s->text = text;
	s->len = len;
	s->copy = malloc(len + 1);
	s->headers = calloc(256, sizeof(*s->headers));
	if (!s->copy || !s->headers)
		return -1;
	memcpy(s->copy, text, len);
	s->copy[len] = '\0';
	if (strlen(s->copy) != len) {
		note("the text holds a NUL");
		return -1;
	}
	for (line = s->copy; *line; line = next) {
		next = strchr(line, '\n');
		if (!next) {
			note("the text ends within a line: %s", line);
			return -1;
		}
		*next++ = '\0';
		if (!strncmp(line, "# ", 2) && s->nr_headers < 256) {
			s->headers[s->nr_headers++] = line + 2;
			continue;
		}
		if (table_parse(s, line, next))
			return -1;
		break;
	}
	if (!s->nr_headers || strcmp(s->headers[0], "faultstat 1")) {
		note("the first line is not '# faultstat 1'");
		return -1;
	}
	return totals_parse(s, "total", &s->total) || totals_parse(s, "lifetime", &s->lifetime) ?
		-1 : 0;
}

/**
 * read_whole() - read a file of unknown size.
 * @path: the file
 * @text: its contents, ended by a NUL, to be freed; NULL on error
 * @s: if not NULL, told whether this process faulted around open()
 *
 * Return: the length. On error @text is NULL and errno is set.
 */
size_t read_whole(const char *path, char **text, struct snapshot *s)
{
	size_t room = 64 << 10, len = 0;
	struct rusage before, after;
	ssize_t n = 0;
	int fd, error;

	*text = NULL;
	memset(&before, 0, sizeof(before));
	memset(&after, 0, sizeof(after));
	getrusage(RUSAGE_SELF, &before);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	getrusage(RUSAGE_SELF, &after);
	if (fd < 0)
		return 0;
	if (s) {
		s->undisturbed = before.ru_minflt == after.ru_minflt &&
				 before.ru_majflt == after.ru_majflt;
		s->self = after;
	}
	*text = malloc(room);
	while (*text) {
		n = read(fd, *text + len, room - len - 1);
		if (n <= 0)
			break;
		len += (size_t)n;
		if (len + 1 == room) {
			room *= 2;
			*text = realloc(*text, room);
		}
	}
	error = errno;
	close(fd);
	if (!*text)
		return 0;
	if (n < 0) {
		free(*text);
		*text = NULL;
		errno = error;
		return 0;
	}
	(*text)[len] = '\0';
	return len;
}

/**
 * faults_file() - where the faults are to be read on this kernel.
 *
 * Return: FAULTS_DEBUGFS; FAULTS_PROC where the kernel has no debugfs at all.
 */
const char *faults_file(void)
{
	static const char *path;

	if (!path)
		path = access("/sys/kernel/debug", F_OK) ? FAULTS_PROC : FAULTS_DEBUGFS;
	return path;
}

/**
 * snapshot_take() - read and parse one of the module's files.
 * @s: filled; free it with snapshot_free(), after an error too
 * @path: FAULTS_DEBUGFS, FAULTS_PROC or FAULTS_TOTALS
 *
 * Return: 0, or -1 after a note.
 */
int snapshot_take(struct snapshot *s, const char *path)
{
	char *text;
	size_t len;

	memset(s, 0, sizeof(*s));
	len = read_whole(path, &text, s);
	if (!text) {
		note("cannot read %s: %s", path, strerror(errno));
		return -1;
	}
	if (snapshot_parse(s, text, len))
		return -1;
	if (!s->columns && strcmp(path, FAULTS_TOTALS)) {
		note("%s has no table", path);
		return -1;
	}
	return 0;
}

/**
 * snapshot_undisturbed() - a snapshot whose moment is known to the fault.
 * @s: filled
 * @path: as for snapshot_take()
 *
 * The reader's own faults are in the totals. One that takes none between asking for its rusage
 * and the end of open() knows exactly how many; the first readings warm it up.
 *
 * Return: 0, or -1 after a note.
 */
int snapshot_undisturbed(struct snapshot *s, const char *path)
{
	int i;

	for (i = 0; i < 100; i++) {
		if (snapshot_take(s, path))
			return -1;
		if (s->undisturbed)
			return 0;
		snapshot_free(s);
	}
	note("the reader faults at every open()");
	return -1;
}

/**
 * snapshot_free() - give a snapshot's memory back.
 * @s: the snapshot; may be freed twice
 */
void snapshot_free(struct snapshot *s)
{
	size_t i;

	for (i = 0; i < s->nr_rows; i++)
		free(s->rows[i].object);
	free(s->rows);
	free(s->headers);
	free(s->columns);
	free(s->copy);
	free(s->text);
	memset(s, 0, sizeof(*s));
}

/**
 * object_is_special() - is this the name of a row that is no object?
 * @object: the unescaped name
 */
bool object_is_special(const char *object)
{
	static const char * const names[] = {
		"[missed]", "[overflow]", "[other]", "[unselected]", "[hidden]",
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(names); i++)
		if (!strcmp(object, names[i]))
			return true;
	return false;
}

/**
 * snapshot_sum_object() - what the rows of a process say of one object.
 * @s: the snapshot
 * @pid: the process, all exec generations of it; 0 is every process
 * @object: its unescaped name; NULL is every object
 * @sum: where the sum goes; may be NULL
 *
 * Return: how many rows there were.
 */
size_t snapshot_sum_object(const struct snapshot *s, pid_t pid, const char *object,
			   struct counts *sum)
{
	size_t i, nr = 0;

	if (sum)
		memset(sum, 0, sizeof(*sum));
	for (i = 0; i < s->nr_rows; i++) {
		if (pid && s->rows[i].pid != pid)
			continue;
		if (object && strcmp(s->rows[i].object, object))
			continue;
		if (sum)
			counts_add(sum, &s->rows[i].n);
		nr++;
	}
	return nr;
}

/**
 * snapshot_sum_pid() - what the rows of a process say, all exec generations together.
 * @s: the snapshot
 * @pid: the process
 * @sum: where the sum goes
 *
 * Return: how many rows there were.
 */
size_t snapshot_sum_pid(const struct snapshot *s, pid_t pid, struct counts *sum)
{
	return snapshot_sum_object(s, pid, NULL, sum);
}

/**
 * snapshot_sum_comm() - what the rows under one command name say, folded ones too.
 * @s: the snapshot
 * @comm: the unescaped name
 * @sum: where the sum goes
 *
 * Return: how many rows there were.
 */
size_t snapshot_sum_comm(const struct snapshot *s, const char *comm, struct counts *sum)
{
	size_t i, nr = 0;

	memset(sum, 0, sizeof(*sum));
	for (i = 0; i < s->nr_rows; i++) {
		if (strcmp(s->rows[i].comm, comm))
			continue;
		counts_add(sum, &s->rows[i].n);
		nr++;
	}
	return nr;
}

/**
 * snapshot_row() - the row of an object in a process.
 * @s: the snapshot
 * @pid: the process; 0 is any
 * @object: its unescaped name
 *
 * Return: the first such row, or NULL.
 */
const struct row *snapshot_row(const struct snapshot *s, pid_t pid, const char *object)
{
	size_t i;

	for (i = 0; i < s->nr_rows; i++)
		if ((!pid || s->rows[i].pid == pid) && !strcmp(s->rows[i].object, object))
			return &s->rows[i];
	return NULL;
}

/**
 * snapshot_print() - show rows beside a failure.
 * @s: the snapshot
 * @pid: whose rows; 0 is everybody's, up to 20 of them
 *
 * Three times in a test, not more: the first failures tell.
 */
void snapshot_print(const struct snapshot *s, pid_t pid)
{
	static int printed;
	size_t i, shown = 0;

	if (printed++ >= 3)
		return;
	for (i = 0; i < s->nr_headers; i++)
		note("  # %s", s->headers[i]);
	for (i = 0; i < s->nr_rows && shown < 20; i++) {
		const struct row *r = &s->rows[i];

		if (pid && r->pid != pid)
			continue;
		note("  %s %lld id %lld %s calls %lld minor %lld major %lld uncounted %lld pending %lld missed %lld user %lld kernel %lld gup %lld %u:%u %llu %.200s",
		     r->comm, r->pid, r->id, r->state, r->n.calls, r->n.minor, r->n.major,
		     r->n.uncounted, r->n.pending, r->n.missed, r->n.from_user, r->n.from_kernel,
		     r->n.from_gup, r->dev_major, r->dev_minor, r->inode, r->escaped);
		shown++;
	}
}
