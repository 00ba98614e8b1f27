// SPDX-License-Identifier: GPL-2.0
/*
 * snapshot.c - parses the text of /proc/faultstat/faults. It may come from a file that
 * anybody wrote: nothing is believed, and what is wrong is named with its line.
 * The text is cut into strings in place.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "message.h"
#include "snapshot.h"
#include "text.h"
#include "../module/uapi/faultstat.h"

const char *const count_names[NR_COUNTS] = {
	[CALLS] = "calls", [MINOR] = "minor", [MAJOR] = "major", [UNCOUNTED] = "uncounted",
	[PENDING] = "pending", [MISSED] = "missed", [WRITE] = "write", [EXEC] = "exec",
	[FROM_USER] = "from_user", [FROM_KERNEL] = "from_kernel", [FROM_GUP] = "from_gup",
};

/* The columns that are not counters follow those that are. */
enum {
	FIELD_COMM = NR_COUNTS, FIELD_PID, FIELD_ID, FIELD_STATE, FIELD_PPID, FIELD_DEV,
	FIELD_INODE, FIELD_OBJECT, NR_FIELDS,
	FIELD_UNKNOWN = NR_FIELDS,
};

static const char *const field_names[NR_FIELDS] = {
	[FIELD_COMM] = "comm", [FIELD_PID] = "pid", [FIELD_ID] = "id", [FIELD_STATE] = "state",
	[FIELD_PPID] = "ppid", [FIELD_DEV] = "dev", [FIELD_INODE] = "inode",
	[FIELD_OBJECT] = "object",
};

#define COLUMNS_MAX 64

struct parser {
	struct snapshot *s;
	char *at, *end;		/* of the text; there is a NUL at the end */
	unsigned long line;
	char *error;
	unsigned int found;	/* of the lines below, by their place there */
	unsigned char field[COLUMNS_MAX];
	size_t nr_columns;
	size_t room;		/* rows that there is memory for */
};

static bool fail(struct parser *p, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static bool fail(struct parser *p, const char *format, ...)
{
	int length = snprintf(p->error, PARSE_ERROR_MAX, "line %lu: ", p->line);
	va_list args;

	va_start(args, format);
	vsnprintf(p->error + length, PARSE_ERROR_MAX - (size_t)length, format, args);
	va_end(args);
	return false;
}

/* The next line without its end; NULL behind the last. */
static char *next_line(struct parser *p)
{
	char *line = p->at, *end;

	if (line == p->end)
		return NULL;
	p->line++;
	end = memchr(line, '\n', (size_t)(p->end - line));
	if (end) {
		*end = '\0';
		p->at = end + 1;
	} else {
		p->at = p->end;
	}
	return line;
}

/* The next word of a line, cut off; NULL if there is none. */
static char *next_word(char **line)
{
	char *word = *line, *end;

	if (!word || !*word)
		return NULL;
	end = strchrnul(word, ' ');
	if (*end)
		*end++ = '\0';
	*line = end;
	return word;
}

/* What a key of a header line is, and where its value goes. */
struct key {
	const char *name;
	enum { KEY_TEXT, KEY_NUMBER, KEY_SECONDS } type;
	void *value;
};

/* Pairs of key and value in any order; those not known are from a newer module. */
static bool parse_pairs(struct parser *p, const char *what, char *line, const struct key *keys,
			size_t nr_keys)
{
	char *name, *value;
	uint64_t found = 0;
	size_t i;
	bool ok;

	while ((name = next_word(&line))) {
		value = next_word(&line);
		for (i = 0; i < nr_keys && strcmp(keys[i].name, name); i++)
			;
		if (i == nr_keys)
			continue;
		found |= 1ull << i;
		if (keys[i].type == KEY_TEXT)
			ok = value ? (*(const char **)keys[i].value = value, true) : false;
		else if (keys[i].type == KEY_NUMBER)
			ok = value && text_number(value, keys[i].value);
		else
			ok = value && text_seconds(value, keys[i].value);
		if (!ok)
			return fail(p, "%s of %s is no number: %.40s", name, what,
				    value ? value : "nothing");
	}
	for (i = 0; i < nr_keys; i++)
		if (!(found & 1ull << i))
			return fail(p, "no %s in the line %s", keys[i].name, what);
	return true;
}

static bool parse_sums(struct parser *p, const char *what, char *line, struct counts *sums)
{
	struct key keys[MISSED + 1];
	int i;

	for (i = 0; i <= MISSED; i++)
		keys[i] = (struct key){ count_names[i], KEY_NUMBER, &sums->n[i] };
	return parse_pairs(p, what, line, keys, MISSED + 1);
}

static bool parse_load(struct parser *p, char *line)
{
	struct snapshot *s = p->s;
	const struct key keys[] = {
		{ "at", KEY_SECONDS, &s->at }, { "now", KEY_SECONDS, &s->now },
		{ "realtime", KEY_SECONDS, &s->realtime }, { "resets", KEY_NUMBER, &s->resets },
	};

	s->load = next_word(&line);
	if (!s->load)
		return fail(p, "no number of the load");
	return parse_pairs(p, "load", line, keys, 4);
}

static bool parse_hook(struct parser *p, char *line)
{
	struct snapshot *s = p->s;
	struct hook *hook = &s->hooks[s->nr_hooks];

	if (s->nr_hooks == HOOKS_MAX)
		return true;
	hook->name = next_word(&line);
	hook->how = line;
	if (!hook->name || !*hook->how)
		return fail(p, "a hook without a name or a mechanism");
	s->nr_hooks++;
	return true;
}

static bool parse_table(struct parser *p, char *line)
{
	struct snapshot *s = p->s;
	const struct key keys[] = {
		{ "rows", KEY_NUMBER, &s->table_rows }, { "processes", KEY_NUMBER, &s->processes },
		{ "ended", KEY_NUMBER, &s->ended }, { "folded", KEY_NUMBER, &s->folded },
		{ "overflow", KEY_NUMBER, &s->overflow }, { "memory", KEY_NUMBER, &s->memory },
	};

	return parse_pairs(p, "table", line, keys, 6);
}

static bool parse_module(struct parser *p, char *line)
{
	struct snapshot *s = p->s;
	const struct key keys[] = { { "kernel", KEY_TEXT, &s->kernel } };

	s->module = next_word(&line);
	if (!s->module)
		return fail(p, "no version of the module");
	return parse_pairs(p, "module", line, keys, 1);
}

static bool parse_exceptions(struct parser *p, char *line)
{
	struct snapshot *s = p->s;
	const struct key keys[] = {
		{ "user", KEY_NUMBER, &s->exceptions_user },
		{ "kernel", KEY_NUMBER, &s->exceptions_kernel },
	};

	return parse_pairs(p, "exceptions", line, keys, 2);
}

static bool parse_lifetime(struct parser *p, char *line)
{
	return parse_sums(p, "lifetime", line, &p->s->lifetime);
}

static bool parse_total(struct parser *p, char *line)
{
	return parse_sums(p, "total", line, &p->s->total);
}

static bool parse_settings(struct parser *p, char *line)
{
	p->s->settings = line;
	return true;
}

static bool parse_names(struct parser *p, char *line)
{
	(void)line;
	p->s->names_local = true;
	return true;
}

/* The lines of the header. Those that are wanted are in every text of the module's. */
static const struct {
	const char *key;
	bool (*parse)(struct parser *p, char *line);
	bool wanted;
} header_lines[] = {
	{ "load", parse_load, true },
	{ "module", parse_module, true },
	{ "settings", parse_settings, true },
	{ "hook", parse_hook, false },
	{ "names", parse_names, false },
	{ "exceptions", parse_exceptions, true },
	{ "lifetime", parse_lifetime, true },
	{ "total", parse_total, true },
	{ "table", parse_table, true },
};

/* A line that begins with "# ". */
static bool parse_header(struct parser *p, char *line)
{
	const char *key = next_word(&line);
	size_t i;

	for (i = 0; key && i < ARRAY_SIZE(header_lines); i++) {
		if (strcmp(key, header_lines[i].key))
			continue;
		p->found |= 1u << i;
		return header_lines[i].parse(p, line);
	}
	return true;
}

static bool check_header(struct parser *p)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(header_lines); i++)
		if (header_lines[i].wanted && !(p->found & 1u << i))
			return fail(p, "the header has no line %s", header_lines[i].key);
	return true;
}

/* The module ends each line: a copy that does not is of a part. */
static bool check_end(struct parser *p)
{
	const char *at;

	if (p->at == p->end || p->end[-1] == '\n')
		return true;
	for (at = p->at; (at = memchr(at, '\n', (size_t)(p->end - at))); at++)
		p->line++;
	p->line++;
	return fail(p, "the copy is cut: this line has no end");
}

static bool parse_columns(struct parser *p, char *line)
{
	uint64_t found = 0;
	unsigned int field;
	char *name;

	while ((name = next_word(&line))) {
		for (field = 0; field < NR_FIELDS; field++)
			if (!strcmp(name, field < NR_COUNTS ? count_names[field] :
							      field_names[field]))
				break;
		if (p->nr_columns == COLUMNS_MAX)
			return fail(p, "more than %d columns", COLUMNS_MAX);
		if (field < NR_FIELDS && found & 1ull << field)
			return fail(p, "the column %.40s is there twice", name);
		p->field[p->nr_columns++] = (unsigned char)field;
		found |= 1ull << field;
	}
	for (field = 0; field < NR_FIELDS; field++)
		if (!(found & 1ull << field))
			return fail(p, "no column %s", field < NR_COUNTS ? count_names[field] :
								       field_names[field]);
	if (p->field[p->nr_columns - 1] != FIELD_OBJECT)
		return fail(p, "the column object is not the last one");
	p->s->has_rows = true;
	return true;
}

static bool parse_pid(const char *word, int32_t *pid)
{
	uint64_t value;

	if (!text_number(word, &value) || value > INT32_MAX)
		return false;
	*pid = (int32_t)value;
	return true;
}

static bool parse_dev(char *word, struct row *row)
{
	char *colon = strchr(word, ':');
	uint64_t major, minor;

	if (!colon)
		return false;
	*colon = '\0';
	if (!text_number(word, &major) || !text_number(colon + 1, &minor) || major > UINT32_MAX ||
	    minor > UINT32_MAX)
		return false;
	row->dev_major = (uint32_t)major;
	row->dev_minor = (uint32_t)minor;
	return true;
}

static bool parse_field(struct row *row, unsigned int field, char *word)
{
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
	case FIELD_DEV:
		return parse_dev(word, row);
	case FIELD_UNKNOWN:
		return true;
	default:
		return text_number(word, &row->counts.n[field]);
	}
}

static bool parse_row(struct parser *p, char *line)
{
	struct snapshot *s = p->s;
	struct row *row;
	size_t i;

	if (s->nr_rows == p->room) {
		p->room = p->room ? p->room + p->room / 2 : 1024;
		s->rows = xrealloc(s->rows, p->room * sizeof(*s->rows));
	}
	row = &s->rows[s->nr_rows];
	memset(row, 0, sizeof(*row));
	for (i = 0; i + 1 < p->nr_columns; i++) {
		char *word = next_word(&line);

		if (!word)
			return fail(p, "%zu columns where %zu are named", i, p->nr_columns);
		if (!parse_field(row, p->field[i], word))
			return fail(p, "%s cannot be %.40s", p->field[i] < NR_COUNTS ?
				    count_names[p->field[i]] : field_names[p->field[i]], word);
	}
	if (!*line)
		return fail(p, "no object");
	text_unescape(line);
	row->object = line;
	s->nr_rows++;
	return true;
}

static bool parse_version(struct parser *p, char *line)
{
	static const char begin[] = "# faultstat ";
	uint64_t version;

	if (!line || strncmp(line, begin, strlen(begin)) ||
	    !text_number(line + strlen(begin), &version)) {
		snprintf(p->error, PARSE_ERROR_MAX, "not faultstat's text: the first line is not \"%sVERSION\"",
			 begin);
		return false;
	}
	if (version != FAULTSTAT_FORMAT) {
		snprintf(p->error, PARSE_ERROR_MAX,
			 "format version %" PRIu64 ", and this kfaultstat reads version %d: use that of the module",
			 version, FAULTSTAT_FORMAT);
		return false;
	}
	return true;
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
	struct parser p = { .s = s, .at = text, .end = text + size, .error = error };
	char *line;

	memset(s, 0, sizeof(*s));
	s->text = text;
	*p.end = '\0';
	if (!parse_version(&p, next_line(&p)))
		return false;
	if (memchr(p.at, '\0', (size_t)(p.end - p.at)))
		return fail(&p, "there are NUL bytes in the text");
	if (!check_end(&p))
		return false;
	while ((line = next_line(&p)) && *line == '#')
		if (!parse_header(&p, line + 1 + (line[1] == ' ')))
			return false;
	if (!check_header(&p))
		return false;
	if (!line)
		return true;
	if (!parse_columns(&p, line))
		return false;
	while ((line = next_line(&p)))
		if (!parse_row(&p, line))
			return false;
	return true;
}

/**
 * snapshot_seems_cut() - whether rows are missing from a copy that ends with a whole line.
 * @s: parsed, with rows
 * @calls: set to those of the rows
 *
 * While faults go on the rows need not have all that the total has, and after a reset they
 * are fewer than in the table. Only both, and more than what comes while a table is read,
 * say something.
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
