// SPDX-License-Identifier: GPL-2.0
/*
 * snapshot.c - parses the text of /proc/faultstat/faults in place. Called by source.c.
 */
#include <stdlib.h>
#include <string.h>

#include "faults/snapshot.h"
#include "lib/text.h"
#include "lib/xalloc.h"
#include "uapi/faultstat.h"

const char *const count_names[NR_COUNTS] = {
	[CALLS] = "calls", [MINOR] = "minor", [MAJOR] = "major", [UNCOUNTED] = "uncounted",
	[PENDING] = "pending", [MISSED] = "missed", [WRITE] = "write", [EXEC] = "exec",
	[FROM_USER] = "from_user", [FROM_KERNEL] = "from_kernel", [FROM_GUP] = "from_gup",
};

/* The columns that are not counters follow those that are. */
enum {
	FIELD_COMM = NR_COUNTS, FIELD_PID, FIELD_ID, FIELD_STATE, FIELD_PPID,
	FIELD_KERNEL_MINOR, FIELD_KERNEL_MAJOR, FIELD_DEV, FIELD_INODE, FIELD_DELETED,
	FIELD_OBJECT, NR_FIELDS,
};

static const char *const field_names[NR_FIELDS] = {
	[FIELD_COMM] = "comm", [FIELD_PID] = "pid", [FIELD_ID] = "id", [FIELD_STATE] = "state",
	[FIELD_PPID] = "ppid", [FIELD_KERNEL_MINOR] = "kernel_minor",
	[FIELD_KERNEL_MAJOR] = "kernel_major", [FIELD_DEV] = "dev", [FIELD_INODE] = "inode",
	[FIELD_DELETED] = "deleted", [FIELD_OBJECT] = "object",
};

static const char *field_name(unsigned int field)
{
	return field < NR_COUNTS ? count_names[field] : field_names[field];
}

/* The column deleted came with 1.1, the kernel's counts after that. */
static const struct parse_fields fields = {
	field_name, NR_FIELDS, FIELD_OBJECT,
	1ull << FIELD_DELETED | 1ull << FIELD_KERNEL_MINOR | 1ull << FIELD_KERNEL_MAJOR,
};

struct parser {
	struct parse text;
	struct snapshot *s;
	size_t room;		/* rows that there is memory for */
};

static bool parse_sums(struct parser *p, const char *what, char *line, struct counts *sums)
{
	struct parse_key keys[MISSED + 1];
	int i;

	for (i = 0; i <= MISSED; i++)
		keys[i] = (struct parse_key){ count_names[i], KEY_NUMBER, &sums->n[i] };
	return parse_pairs(&p->text, what, line, keys, MISSED + 1);
}

static bool parse_load(void *data, char *line)
{
	struct parser *p = data;
	struct snapshot *s = p->s;
	const struct parse_key keys[] = {
		{ "at", KEY_SECONDS, &s->at }, { "now", KEY_SECONDS, &s->now },
		{ "realtime", KEY_SECONDS, &s->realtime }, { "resets", KEY_NUMBER, &s->resets },
	};

	s->load = parse_word(&line);
	if (!s->load)
		return parse_fail(&p->text, "missing load id");
	return parse_pairs(&p->text, "load", line, keys, 4);
}

static bool parse_hook(void *data, char *line)
{
	struct parser *p = data;
	struct snapshot *s = p->s;
	struct hook *hook = &s->hooks[s->nr_hooks];

	if (s->nr_hooks == HOOKS_MAX)
		return true;
	hook->name = parse_word(&line);
	hook->how = line;
	if (!hook->name || !*hook->how)
		return parse_fail(&p->text, "invalid hook line");
	s->nr_hooks++;
	return true;
}

static bool parse_table(void *data, char *line)
{
	struct parser *p = data;
	struct snapshot *s = p->s;
	const struct parse_key keys[] = {
		{ "rows", KEY_NUMBER, &s->table_rows }, { "processes", KEY_NUMBER, &s->processes },
		{ "ended", KEY_NUMBER, &s->ended }, { "folded", KEY_NUMBER, &s->folded },
		{ "overflow", KEY_NUMBER, &s->overflow }, { "memory", KEY_NUMBER, &s->memory },
	};

	return parse_pairs(&p->text, "table", line, keys, 6);
}

static bool parse_checked(void *data, char *line)
{
	struct parser *p = data;
	struct snapshot *s = p->s;
	const struct parse_key keys[] = {
		{ "processes", KEY_NUMBER, &s->checked },
		{ "different", KEY_NUMBER, &s->different },
		{ "unchecked", KEY_NUMBER, &s->unchecked },
	};

	s->has_checked = true;
	return parse_pairs(&p->text, "checked", line, keys, 3);
}

static bool parse_mark(void *data, char *line)
{
	struct parser *p = data;
	struct snapshot *s = p->s;
	struct kernel_counts *kernel = &s->mark_kernel;
	const struct parse_key keys[] = {
		{ "processes", KEY_NUMBER, &s->mark_processes },
		{ "ended", KEY_NUMBER, &s->mark_ended },
		{ "kernel_minor", KEY_NUMBER, &kernel->minor },
		{ "kernel_major", KEY_NUMBER, &kernel->major },
		{ "unchecked", KEY_NUMBER, &s->mark_unchecked },
	};
	const char *id = parse_word(&line);

	if (!id || !text_number(id, &s->mark) || !s->mark)
		return parse_fail(&p->text, "no id of the mark");
	kernel->has_minor = true;
	kernel->has_major = true;
	return parse_pairs(&p->text, "mark", line, keys, 5);
}

static bool parse_module(void *data, char *line)
{
	struct parser *p = data;
	struct snapshot *s = p->s;
	const struct parse_key keys[] = { { "kernel", KEY_TEXT, &s->kernel } };

	s->module = parse_word(&line);
	if (!s->module)
		return parse_fail(&p->text, "no version of the module");
	return parse_pairs(&p->text, "module", line, keys, 1);
}

static bool parse_exceptions(void *data, char *line)
{
	struct parser *p = data;
	struct snapshot *s = p->s;
	const struct parse_key keys[] = {
		{ "user", KEY_NUMBER, &s->exceptions_user },
		{ "kernel", KEY_NUMBER, &s->exceptions_kernel },
	};

	return parse_pairs(&p->text, "exceptions", line, keys, 2);
}

static bool parse_lifetime(void *data, char *line)
{
	struct parser *p = data;

	return parse_sums(p, "lifetime", line, &p->s->lifetime);
}

static bool parse_total(void *data, char *line)
{
	struct parser *p = data;

	return parse_sums(p, "total", line, &p->s->total);
}

static bool parse_settings(void *data, char *line)
{
	struct parser *p = data;

	p->s->settings = line;
	return true;
}

static bool parse_names(void *data, char *line)
{
	struct parser *p = data;

	(void)line;
	p->s->names_local = true;
	return true;
}

static const struct parse_header headers[] = {
	{ "load", parse_load, true },
	{ "module", parse_module, true },
	{ "settings", parse_settings, true },
	{ "hook", parse_hook, false },
	{ "names", parse_names, false },
	{ "exceptions", parse_exceptions, true },
	{ "lifetime", parse_lifetime, true },
	{ "total", parse_total, true },
	{ "table", parse_table, true },
	{ "checked", parse_checked, false },
	{ "mark", parse_mark, false },
};

/* A dash is what the module has for a number that it does not know. */
static bool parse_known(const char *word, uint64_t *number, bool *known)
{
	*known = strcmp(word, "-");
	return !*known || text_number(word, number);
}

static bool parse_field(void *data, unsigned int field, char *word)
{
	struct row *row = data;

	switch (field) {
	case FIELD_COMM:
		text_unescape(word);
		row->comm = word;
		return true;
	case FIELD_STATE:
		row->state = word;
		return true;
	case FIELD_PID:
		return parse_pid(word, &row->pid);
	case FIELD_PPID:
		return parse_pid(word, &row->ppid);
	case FIELD_ID:
		return text_number(word, &row->id);
	case FIELD_INODE:
		return text_number(word, &row->inode);
	case FIELD_KERNEL_MINOR:
		return parse_known(word, &row->kernel.minor, &row->kernel.has_minor);
	case FIELD_KERNEL_MAJOR:
		return parse_known(word, &row->kernel.major, &row->kernel.has_major);
	case FIELD_DEV:
		return parse_dev(word, &row->dev_major, &row->dev_minor);
	case FIELD_DELETED:
		row->has_deleted = true;
		return parse_flag(word, &row->deleted);
	default:
		return text_number(word, &row->counts.n[field]);
	}
}

static bool parse_row(void *data, char *line)
{
	struct parser *p = data;
	struct snapshot *s = p->s;
	struct row *row;

	s->rows = xgrow(s->rows, s->nr_rows, &p->room, sizeof(*s->rows));
	row = &s->rows[s->nr_rows];
	memset(row, 0, sizeof(*row));
	if (!parse_cells(&p->text, &line, &fields, parse_field, row))
		return false;
	row->has_deleted &= row_is_file(row);
	/* That of a mark, which is of no single process either. */
	if (row_is(row, FAULTSTAT_STATE_FOLDED))
		row->id = 0;
	text_unescape(line);
	row->object = line;
	s->nr_rows++;
	return true;
}

static const struct parse_format format = {
	.begin = "# faultstat ", .version = FAULTSTAT_FORMAT,
	.headers = headers, .nr_headers = ARRAY_SIZE(headers),
	.fields = &fields, .row = parse_row,
};

/**
 * snapshot_begins() - whether this may become a text that snapshot_parse() takes.
 * @text: not parsed yet
 * @size: bytes
 *
 * Return: true if nothing in its first line is against it.
 */
bool snapshot_begins(const char *text, size_t size)
{
	return parse_begins(text, size, format.begin, format.version);
}

/**
 * snapshot_parse() - take a text apart.
 * @s: filled in; to be freed also after a failure
 * @text: from malloc, @size bytes and one more; it becomes the snapshot's
 * @size: bytes
 * @error: PARSE_ERROR_MAX bytes, what is wrong, if anything is
 *
 * Return: false if this is not the text of a version that we know.
 */
bool snapshot_parse(struct snapshot *s, char *text, size_t size, char *error)
{
	struct parser p = { .s = s };
	bool ok;

	memset(s, 0, sizeof(*s));
	s->text = text;
	ok = parse_text(&p.text, text, size, error, &format, &p);
	s->has_rows = p.text.nr_columns;
	/* Both came with 1.1. */
	s->total_is_of_rows = memchr(p.text.field, FIELD_DELETED, p.text.nr_columns);
	return ok;
}

/**
 * snapshot_is_older() - which of two copies was made first.
 * @s: the one
 * @other: the other
 *
 * Of two loads only the clock on the wall can tell.
 *
 * Return: true if @s was made before @other.
 */
bool snapshot_is_older(const struct snapshot *s, const struct snapshot *other)
{
	return strcmp(s->load, other->load) ? s->realtime < other->realtime : s->now < other->now;
}

/**
 * snapshot_seems_cut() - whether rows are missing from a copy that ends with a whole line.
 * @s: parsed, with rows
 * @calls: set to those of the rows
 *
 * Since 1.1 the total is that of the rows. Before, while faults went on the rows needed not
 * have all that the total had, and after a reset they were fewer than in the table. Only
 * both, and more than what comes while a table is read, say something there.
 *
 * Return: true if it seems so.
 */
bool snapshot_seems_cut(const struct snapshot *s, uint64_t *calls)
{
	uint64_t total = s->total.n[CALLS];
	size_t i;

	*calls = 0;
	for (i = 0; i < s->nr_rows; i++)
		*calls += s->rows[i].counts.n[CALLS];
	/* From 1.1 on the total is that of the rows. */
	if (s->total_is_of_rows)
		return *calls != total;
	return s->nr_rows < s->table_rows && *calls < total && total - *calls > total / 100;
}

/**
 * snapshot_free() - free a snapshot.
 * @s: parsed, or all zero
 */
void snapshot_free(struct snapshot *s)
{
	free(s->text);
	free(s->rows);
	memset(s, 0, sizeof(*s));
}

/**
 * snapshot_setting() - one of the module's settings.
 * @s: the snapshot
 * @name: of the parameter
 *
 * Return: its value, to be freed; NULL if it is not there.
 */
char *snapshot_setting(const struct snapshot *s, const char *name)
{
	const char *at = s->settings;
	size_t length = strlen(name);

	while (at && *at) {
		if (!strncmp(at, name, length) && at[length] == '=')
			return strndup(at + length + 1, strcspn(at + length + 1, " "));
		at = strchr(at, ' ');
		at += !!at;
	}
	return NULL;
}

/**
 * row_is_file() - whether the object is a file.
 * @row: the row
 *
 * Return: false for regions and for the special objects.
 */
bool row_is_file(const struct row *row)
{
	return row->inode || row->dev_major || row->dev_minor;
}

/**
 * kernel_counts_known() - whether the kernel's counts of a process are there.
 * @kernel: of a row
 *
 * Return: false for a row of no single process, and where the module could not tell.
 */
bool kernel_counts_known(const struct kernel_counts *kernel)
{
	return kernel->has_minor && kernel->has_major;
}

/**
 * row_is() - whether the row is in that state.
 * @row: the row
 * @state: one of FAULTSTAT_STATE_*
 *
 * Return: true if it is.
 */
bool row_is(const struct row *row, const char *state)
{
	return !strcmp(row->state, state);
}

/**
 * counts_add() - add counters up.
 * @sum: added to
 * @more: what is added
 */
void counts_add(struct counts *sum, const struct counts *more)
{
	int i;

	for (i = 0; i < NR_COUNTS; i++)
		sum->n[i] += more->n[i];
}
