// SPDX-License-Identifier: GPL-2.0
/*
 * heat.c - parses the text of /proc/faultstat/heat in place, and subtracts an earlier one from a
 * later one. Called by the command regions.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "faults/heat.h"
#include "lib/text.h"
#include "lib/xalloc.h"
#include "uapi/faultstat.h"

enum {
	FIELD_COMM, FIELD_PID, FIELD_ID, FIELD_STATE, FIELD_DEV, FIELD_INODE, FIELD_DELETED,
	FIELD_REGION_SIZE, FIELD_CALLS, FIELD_MAJOR, FIELD_LOST, FIELD_REGIONS, FIELD_OBJECT,
	NR_FIELDS,
};

static const char *field_name(unsigned int field)
{
	static const char *const names[NR_FIELDS] = {
		[FIELD_COMM] = "comm", [FIELD_PID] = "pid", [FIELD_ID] = "id",
		[FIELD_STATE] = "state", [FIELD_DEV] = "dev", [FIELD_INODE] = "inode",
		[FIELD_DELETED] = "deleted", [FIELD_REGION_SIZE] = "region_size", [FIELD_CALLS] = "calls",
		[FIELD_MAJOR] = "major", [FIELD_LOST] = "lost", [FIELD_REGIONS] = "regions",
		[FIELD_OBJECT] = "object",
	};

	return names[field];
}

/* The column deleted came with 1.1. */
static const struct parse_fields fields = {
	field_name, NR_FIELDS, FIELD_OBJECT, 1ull << FIELD_DELETED,
};

struct parser {
	struct parse text;
	struct heat *heat;
	struct heat_row *row;
	size_t row_room, cell_room;
};

static bool parse_load(void *data, char *line)
{
	struct parser *p = data;
	struct heat *heat = p->heat;
	const struct parse_key keys[] = {
		{ "at", KEY_SECONDS, &heat->at }, { "now", KEY_SECONDS, &heat->now },
		{ "realtime", KEY_SECONDS, &heat->realtime },
		{ "resets", KEY_NUMBER, &heat->resets },
	};

	heat->load = parse_word(&line);
	if (!heat->load)
		return parse_fail(&p->text, "missing load id");
	return parse_pairs(&p->text, "load", line, keys, ARRAY_SIZE(keys));
}

static bool parse_heat(void *data, char *line)
{
	struct parser *p = data;
	struct heat *heat = p->heat;
	const struct parse_key keys[] = {
		{ "rows", KEY_NUMBER, &heat->wanted_rows },
		{ "requests", KEY_NUMBER, &heat->requests }, { "lost", KEY_NUMBER, &heat->lost },
	};

	return parse_pairs(&p->text, "heat", line, keys, ARRAY_SIZE(keys));
}

static const struct parse_header headers[] = {
	{ "load", parse_load, true },
	{ "heat", parse_heat, true },
};

/* A number up to a sign, which goes. */
static bool cut_number(char **text, char sign, uint64_t *value)
{
	char *begin = *text, *end = strchr(begin, sign);

	if (!end)
		return false;
	*end = '\0';
	*text = end + 1;
	return text_number(begin, value);
}

static bool parse_cell(struct heat_cell *cell, char *word)
{
	uint64_t region;

	if (!cut_number(&word, ':', &region) || region >= HEAT_REGIONS_MAX ||
	    !cut_number(&word, ':', &cell->count.calls) || !text_number(word, &cell->count.major))
		return false;
	cell->region = (uint32_t)region;
	return true;
}

/* INDEX:CALLS:MAJORS with commas between, each index once; or - for none. */
static bool parse_regions(struct parser *p, char *word)
{
	bool found[HEAT_REGIONS_MAX] = { false };
	struct heat *heat = p->heat;
	char *next;

	p->row->from = heat->nr_cells;
	if (!strcmp(word, "-"))
		return true;
	for (; word; word = next) {
		struct heat_cell *cell;

		next = strchr(word, ',');
		if (next)
			*next++ = '\0';
		heat->cells = xgrow(heat->cells, heat->nr_cells, &p->cell_room,
				    sizeof(*heat->cells));
		cell = &heat->cells[heat->nr_cells];
		if (!parse_cell(cell, word) || found[cell->region])
			return false;
		found[cell->region] = true;
		heat->nr_cells++;
		p->row->nr++;
	}
	return true;
}

static bool parse_field(void *data, unsigned int field, char *word)
{
	struct parser *p = data;
	struct heat_row *row = p->row;
	uint32_t major, minor;

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
	case FIELD_ID:
		return text_number(word, &row->id);
	case FIELD_DEV:
		if (!parse_dev(word, &major, &minor))
			return false;
		row->dev = makedev(major, minor);
		return true;
	case FIELD_INODE:
		return text_number(word, &row->inode);
	case FIELD_DELETED:
		row->has_deleted = true;
		return parse_flag(word, &row->deleted);
	case FIELD_REGION_SIZE:
		return text_number(word, &row->region_size) &&
		       row->region_size >= HEAT_REGION_LEAST &&
		       row->region_size <= HEAT_REGION_MOST &&
		       !(row->region_size & (row->region_size - 1));
	case FIELD_CALLS:
		return text_number(word, &row->calls);
	case FIELD_MAJOR:
		return text_number(word, &row->major);
	case FIELD_LOST:
		return text_number(word, &row->lost);
	default:
		return parse_regions(p, word);
	}
}

/* Larger regions than that are few: the module has none behind 2^62 bytes. */
static bool regions_are_in_reach(const struct heat *heat, const struct heat_row *row)
{
	size_t i;

	for (i = row->from; i < row->from + row->nr; i++)
		if (heat->cells[i].region >= HEAT_EXTENT_MOST / row->region_size)
			return false;
	return true;
}

static bool parse_row(void *data, char *line)
{
	struct parser *p = data;
	struct heat *heat = p->heat;

	heat->rows = xgrow(heat->rows, heat->nr_rows, &p->row_room, sizeof(*heat->rows));
	p->row = &heat->rows[heat->nr_rows];
	memset(p->row, 0, sizeof(*p->row));
	if (!parse_cells(&p->text, &line, &fields, parse_field, p))
		return false;
	if (!regions_are_in_reach(heat, p->row))
		return parse_fail(&p->text, "impossible regions");
	text_unescape(line);
	p->row->object = line;
	heat->nr_rows++;
	return true;
}

static const struct parse_format format = {
	.begin = "# faultstat-heat ", .version = FAULTSTAT_HEAT_FORMAT,
	.headers = headers, .nr_headers = ARRAY_SIZE(headers),
	.fields = &fields, .row = parse_row,
};

/**
 * heat_begins() - whether this may become a text that heat_parse() takes.
 * @text: not parsed yet
 * @size: bytes
 *
 * Return: true if nothing in its first line is against it.
 */
bool heat_begins(const char *text, size_t size)
{
	return parse_begins(text, size, format.begin, format.version);
}

/**
 * heat_parse() - take a text apart.
 * @heat: filled in; to be freed also after a failure
 * @text: from malloc, @size bytes and one more; it becomes the heat's
 * @size: bytes
 * @error: PARSE_ERROR_MAX bytes, what is wrong, if anything is
 *
 * Return: false if this is not the text of a version that we know.
 */
bool heat_parse(struct heat *heat, char *text, size_t size, char *error)
{
	struct parser p = { .heat = heat };

	memset(heat, 0, sizeof(*heat));
	heat->text = text;
	if (!parse_text(&p.text, text, size, error, &format, &p))
		return false;
	return p.text.nr_columns || parse_fail(&p.text, "the copy is truncated: no columns");
}

/**
 * heat_seems_cut() - whether rows are missing, as in a copy that is not whole.
 * @heat: parsed
 *
 * Modules before 1.1 count rows that the reader of another pid namespace does not see, too.
 *
 * Return: true if there are fewer than its header says.
 */
bool heat_seems_cut(const struct heat *heat)
{
	return heat->nr_rows < heat->wanted_rows;
}

/**
 * heat_free() - free it.
 * @heat: parsed, or all zero
 */
void heat_free(struct heat *heat)
{
	free(heat->text);
	free(heat->rows);
	free(heat->cells);
	memset(heat, 0, sizeof(*heat));
}

/**
 * heat_is_of_load() - whether two are of the same load of the module, with no reset between.
 * @heat: the later one
 * @before: the earlier one, or all zero
 *
 * Return: true if the one goes on where the other ended.
 */
bool heat_is_of_load(const struct heat *heat, const struct heat *before)
{
	return before->load && !strcmp(heat->load, before->load) && heat->resets == before->resets;
}

static const struct heat_row *find(const struct heat *heat, const struct heat_row *wanted,
				   size_t place)
{
	size_t i;

	/* Mostly it stands where it stood. */
	for (i = 0; i < heat->nr_rows; i++) {
		const struct heat_row *row = &heat->rows[(place + i) % heat->nr_rows];

		if (row->id == wanted->id && row->dev == wanted->dev &&
		    row->inode == wanted->inode && row->deleted == wanted->deleted &&
		    !strcmp(row->object, wanted->object))
			return row;
	}
	return NULL;
}

/* Takes away what was; false if there is less than that, so that it was forgotten between. */
static bool take_away(struct heat_regions *regions, const struct heat *before,
		      const struct heat_row *was)
{
	uint64_t each = regions->region_size / was->region_size;
	size_t i;

	if (!each || regions->lost < was->lost)
		return false;
	regions->lost -= was->lost;
	for (i = was->from; i < was->from + was->nr; i++) {
		const struct heat_cell *cell = &before->cells[i];
		struct heat_count *count = &regions->at[cell->region / each];

		if (count->calls < cell->count.calls || count->major < cell->count.major)
			return false;
		count->calls -= cell->count.calls;
		count->major -= cell->count.major;
	}
	return true;
}

static void fill(struct heat_regions *regions, const struct heat *heat, const struct heat_row *row)
{
	size_t i;

	memset(regions, 0, sizeof(*regions));
	regions->region_size = row->region_size;
	regions->lost = row->lost;
	for (i = row->from; i < row->from + row->nr; i++)
		regions->at[heat->cells[i].region] = heat->cells[i].count;
}

/**
 * heat_since() - what a row has more than before.
 * @regions: set
 * @now: where the row is from
 * @row: which
 * @before: an earlier heat; all zero for all that the row has
 *
 * A row whose regions have become larger is compared by these. What counts anew, for the
 * module was loaded anew or had forgotten the row, has come with all that it has.
 */
void heat_since(struct heat_regions *regions, const struct heat *now, const struct heat_row *row,
		const struct heat *before)
{
	const struct heat_row *was = NULL;

	if (heat_is_of_load(now, before))
		was = find(before, row, (size_t)(row - now->rows));
	fill(regions, now, row);
	if (was && !take_away(regions, before, was))
		fill(regions, now, row);
}
