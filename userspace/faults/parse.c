// SPDX-License-Identifier: GPL-2.0
/*
 * parse.c - parses the module's texts in place. They may come from an untrusted file: everything
 * is checked, and an error is reported with its line. Called by snapshot.c and heat.c, which
 * define the fields.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "faults/parse.h"
#include "lib/text.h"

/**
 * parse_fail() - say what is wrong with the line we are at.
 * @p: begun
 * @format: as for printf
 *
 * Return: false.
 */
bool parse_fail(struct parse *p, const char *format, ...)
{
	int length = snprintf(p->error, PARSE_ERROR_MAX, "line %lu: ", p->line);
	va_list args;

	va_start(args, format);
	vsnprintf(p->error + length, PARSE_ERROR_MAX - (size_t)length, format, args);
	va_end(args);
	return false;
}

/* Without its end; NULL behind the last. */
static char *next_line(struct parse *p)
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

/**
 * parse_word() - the next word of a line.
 * @line: moved behind it
 *
 * Return: it, cut off; NULL if there is none.
 */
char *parse_word(char **line)
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

static bool check_version(struct parse *p, const char *line, const char *begin, uint64_t wanted)
{
	uint64_t version;

	if (!line) {
		snprintf(p->error, PARSE_ERROR_MAX, "empty file");
		return false;
	}
	if (strncmp(line, begin, strlen(begin)) ||
	    !text_number(line + strlen(begin), &version)) {
		snprintf(p->error, PARSE_ERROR_MAX, "not a faultstat file: the first line is not \"%sVERSION\"",
			 begin);
		return false;
	}
	if (version != wanted) {
		snprintf(p->error, PARSE_ERROR_MAX,
			 "unsupported format version %" PRIu64 " (supported: %" PRIu64 "): use the kfaultstat of the module's version",
			 version, wanted);
		return false;
	}
	return true;
}

/**
 * parse_begins() - whether a text begins as one that can be parsed, as far as there is any.
 * @text: as parse_text() takes it, before that
 * @size: bytes
 * @begin: of its first line
 * @version: behind that
 *
 * Return: true also for the beginning of the first line, and for nothing.
 */
bool parse_begins(const char *text, size_t size, const char *begin, uint64_t version)
{
	char line[64];
	size_t length = (size_t)snprintf(line, sizeof(line), "%s%" PRIu64 "\n", begin, version);

	return !memcmp(text, line, size < length ? size : length);
}

/* The module ends each line: a copy that does not is of a part. */
static bool check_end(struct parse *p)
{
	const char *at;

	if (p->at == p->end || p->end[-1] == '\n')
		return true;
	for (at = p->at; (at = memchr(at, '\n', (size_t)(p->end - at))); at++)
		p->line++;
	p->line++;
	return parse_fail(p, "the copy is truncated: incomplete line");
}

/* The first line, and whether the rest can be text. */
static bool check_begin(struct parse *p, const struct parse_format *format)
{
	size_t size = (size_t)(p->end - p->at);

	/* A part of our first line is no other file's. */
	if (size && !memchr(p->at, '\n', size) &&
	    parse_begins(p->at, size, format->begin, format->version)) {
		p->line = 1;
		return parse_fail(p, "the copy is truncated: incomplete line");
	}
	if (!check_version(p, next_line(p), format->begin, format->version))
		return false;
	if (memchr(p->at, '\0', (size_t)(p->end - p->at)))
		return parse_fail(p, "unexpected NUL bytes");
	return check_end(p);
}

/* A line that begins with #; @found has a bit for each that was there. */
static bool parse_header(const struct parse_format *format, void *data, char *line,
			 uint32_t *found)
{
	const char *key;
	size_t i;

	line += 1 + (line[1] == ' ');
	key = parse_word(&line);
	for (i = 0; key && i < format->nr_headers; i++) {
		if (strcmp(key, format->headers[i].key))
			continue;
		*found |= 1u << i;
		return format->headers[i].parse(data, line);
	}
	return true;
}

/**
 * parse_pairs() - pairs of key and value in any order; those not known are from a newer module.
 * @p: begun
 * @what: the line's own key
 * @line: what is behind that
 * @keys: that are wanted, all of them, at most 64
 * @nr_keys: how many
 *
 * Return: false if one is missing, or has no such value.
 */
bool parse_pairs(struct parse *p, const char *what, char *line, const struct parse_key *keys,
		 size_t nr_keys)
{
	char *name, *value;
	uint64_t found = 0;
	size_t i;
	bool ok;

	while ((name = parse_word(&line))) {
		value = parse_word(&line);
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
			return parse_fail(p, "invalid number %.40s of %s in the line %s",
					  value ? value : "(missing)", name, what);
	}
	for (i = 0; i < nr_keys; i++)
		if (!(found & 1ull << i))
			return parse_fail(p, "no %s in the line %s", keys[i].name, what);
	return true;
}

/*
 * The line with the names of the columns: the field of each is put down, fields->nr for one
 * that is not known.
 */
static bool parse_columns(struct parse *p, char *line, const struct parse_fields *fields)
{
	uint64_t found = 0;
	unsigned int field;
	char *name;

	while ((name = parse_word(&line))) {
		for (field = 0; field < fields->nr; field++)
			if (!strcmp(name, fields->name(field)))
				break;
		if (p->nr_columns == PARSE_COLUMNS_MAX)
			return parse_fail(p, "more than %d columns", PARSE_COLUMNS_MAX);
		if (field < fields->nr && found & 1ull << field)
			return parse_fail(p, "duplicate column %.40s", name);
		p->field[p->nr_columns++] = (unsigned char)field;
		if (field < fields->nr)
			found |= 1ull << field;
	}
	for (field = 0; field < fields->nr; field++)
		if (!((found | fields->later) & 1ull << field))
			return parse_fail(p, "no column %s", fields->name(field));
	if (p->field[p->nr_columns - 1] != fields->last)
		return parse_fail(p, "the last column is not %s",
				  fields->name(fields->last));
	return true;
}

/**
 * parse_cells() - the cells of a row but the last.
 * @p: behind the line of the columns
 * @line: of the row; moved to the last cell
 * @fields: of the format
 * @cell: takes one, false if it cannot be that; not called for columns that are not known
 * @row: for it
 *
 * Return: false if something is wrong.
 */
bool parse_cells(struct parse *p, char **line, const struct parse_fields *fields,
		 bool (*cell)(void *row, unsigned int field, char *word), void *row)
{
	size_t i;

	for (i = 0; i + 1 < p->nr_columns; i++) {
		char *word = parse_word(line);
		unsigned int field = p->field[i];

		if (!word)
			return parse_fail(p, "%zu columns instead of %zu", i, p->nr_columns);
		if (field < fields->nr && !cell(row, field, word))
			return parse_fail(p, "invalid value of %s: %.40s", fields->name(field),
					  word);
	}
	if (!**line)
		return parse_fail(p, "no %s", fields->name(fields->last));
	return true;
}

/**
 * parse_text() - take a text apart.
 * @p: set; it has columns if the text does
 * @text: @size bytes and one more
 * @size: bytes
 * @error: PARSE_ERROR_MAX bytes, what is wrong, if anything is
 * @format: what sort of text it has to be
 * @data: for the functions of that
 *
 * Return: false if it is not such a text, or one that was cut.
 */
bool parse_text(struct parse *p, char *text, size_t size, char *error,
		const struct parse_format *format, void *data)
{
	uint32_t found = 0;
	char *line;
	size_t i;

	memset(p, 0, sizeof(*p));
	p->at = text;
	p->end = text + size;
	p->error = error;
	*p->end = '\0';
	if (!check_begin(p, format))
		return false;
	while ((line = next_line(p)) && *line == '#')
		if (!parse_header(format, data, line, &found))
			return false;
	for (i = 0; i < format->nr_headers; i++)
		if (format->headers[i].wanted && !(found & 1u << i))
			return parse_fail(p, "missing header line %s", format->headers[i].key);
	if (!line)
		return true;
	if (!parse_columns(p, line, format->fields))
		return false;
	while ((line = next_line(p)))
		if (!format->row(data, line))
			return false;
	return true;
}

/**
 * parse_pid() - a pid, or 0.
 * @word: what is written
 * @pid: set on success
 *
 * Return: false if it is none.
 */
bool parse_pid(const char *word, int32_t *pid)
{
	uint64_t value;

	if (!text_number(word, &value) || value > INT32_MAX)
		return false;
	*pid = (int32_t)value;
	return true;
}

/**
 * parse_dev() - a device as major:minor, decimal.
 * @word: what is written; may be changed
 * @major: set on success
 * @minor: set on success
 *
 * Return: false if it is none.
 */
bool parse_dev(char *word, uint32_t *major, uint32_t *minor)
{
	char *colon = strchr(word, ':');
	uint64_t left, right;

	if (!colon)
		return false;
	*colon = '\0';
	if (!text_number(word, &left) || !text_number(colon + 1, &right) || left > UINT32_MAX ||
	    right > UINT32_MAX)
		return false;
	*major = (uint32_t)left;
	*minor = (uint32_t)right;
	return true;
}

/**
 * parse_flag() - 0 or 1.
 * @word: what is written
 * @flag: set on success
 *
 * Return: false if it is neither.
 */
bool parse_flag(const char *word, bool *flag)
{
	if ((*word != '0' && *word != '1') || word[1])
		return false;
	*flag = *word == '1';
	return true;
}
