// SPDX-License-Identifier: GPL-2.0
/*
 * stackfile.c - parses the text of /proc/faultstat/stacks in place. It may be a copy from anywhere:
 * everything is checked. Called by stacksource.c.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "lib/index.h"
#include "lib/text.h"
#include "lib/xalloc.h"
#include "stacks/stackfile.h"
#include "uapi/faultstat.h"

enum {
	FIELD_CALLS, FIELD_MINOR, FIELD_MAJOR, FIELD_UNCOUNTED, FIELD_COMM, FIELD_PID, FIELD_ID,
	FIELD_STATE, FIELD_DEV, FIELD_INODE, FIELD_DELETED, FIELD_KERNEL_END, FIELD_USER_END,
	FIELD_FRAMES, FIELD_OBJECT,
	NR_FIELDS,
};

static const char *field_name(unsigned int field)
{
	static const char *const names[NR_FIELDS] = {
		[FIELD_CALLS] = "calls", [FIELD_MINOR] = "minor", [FIELD_MAJOR] = "major",
		[FIELD_UNCOUNTED] = "uncounted", [FIELD_COMM] = "comm", [FIELD_PID] = "pid",
		[FIELD_ID] = "id", [FIELD_STATE] = "state", [FIELD_DEV] = "dev",
		[FIELD_INODE] = "inode", [FIELD_DELETED] = "deleted",
		[FIELD_KERNEL_END] = "kernel_end", [FIELD_USER_END] = "user_end",
		[FIELD_FRAMES] = "frames", [FIELD_OBJECT] = "object",
	};

	return names[field];
}

static const struct parse_fields fields = { field_name, NR_FIELDS, FIELD_OBJECT, 0 };

struct parser {
	struct parse text;
	struct stacks *stacks;
	struct stack *row;
	size_t image_room, row_room, frame_room;
	struct index images;	/* by number; made at the first row */
};

static bool parse_load(void *data, char *line)
{
	struct parser *p = data;
	struct stacks *s = p->stacks;
	const struct parse_key keys[] = {
		{ "at", KEY_SECONDS, &s->at }, { "now", KEY_SECONDS, &s->now },
		{ "realtime", KEY_SECONDS, &s->realtime }, { "resets", KEY_NUMBER, &s->resets },
	};

	s->load = parse_word(&line);
	if (!s->load)
		return parse_fail(&p->text, "missing load id");
	return parse_pairs(&p->text, "load", line, keys, ARRAY_SIZE(keys));
}

/* NAME=NUMBER; others are of no interest here. */
static bool parse_settings(void *data, char *line)
{
	struct parser *p = data;
	struct stacks *s = p->stacks;
	char *word, *value;

	while ((word = parse_word(&line))) {
		value = strchr(word, '=');
		if (!value)
			continue;
		*value++ = '\0';
		if ((!strcmp(word, "stack_every") && !text_number(value, &s->every)) ||
		    (!strcmp(word, "stack_depth") && !text_number(value, &s->depth)))
			return parse_fail(&p->text, "invalid value of %s: %.40s", word, value);
	}
	return s->every ? true : parse_fail(&p->text, "no stack_every in the line settings");
}

/* FUNCTION, and how or "off: WHY". */
static bool parse_hook(void *data, char *line)
{
	struct parser *p = data;

	parse_word(&line);
	if (line && !strncmp(line, "off: ", strlen("off: ")))
		p->stacks->mappings_off = line + strlen("off: ");
	return true;
}

static bool parse_stacks(void *data, char *line)
{
	struct parser *p = data;
	struct stacks *s = p->stacks;
	const struct parse_key keys[] = {
		{ "frames", KEY_TEXT, &s->taken }, { "stacks", KEY_NUMBER, &s->wanted_stacks },
		{ "hidden", KEY_NUMBER, &s->hidden },
	};

	return parse_pairs(&p->text, "stacks", line, keys, ARRAY_SIZE(keys));
}

static bool parse_lost(void *data, char *line)
{
	struct parser *p = data;
	uint64_t *lost = p->stacks->lost;
	const struct parse_key keys[] = {
		{ "calls", KEY_NUMBER, &lost[STACK_CALLS] },
		{ "minor", KEY_NUMBER, &lost[STACK_MINOR] },
		{ "major", KEY_NUMBER, &lost[STACK_MAJOR] },
		{ "uncounted", KEY_NUMBER, &lost[STACK_UNCOUNTED] },
	};

	return parse_pairs(&p->text, "lost", line, keys, ARRAY_SIZE(keys));
}

static bool is_build_id(const char *text)
{
	size_t length = strlen(text);

	return length && !(length & 1) && length <= 40 &&
	       strspn(text, "0123456789abcdef") == length;
}

/* What is between an image's number and its path. */
static bool parse_image_pairs(struct parser *p, struct stack_image *image, char *line)
{
	char *dev, *deleted, *build_id;
	const struct parse_key keys[] = {
		{ "dev", KEY_TEXT, &dev }, { "inode", KEY_NUMBER, &image->inode },
		{ "deleted", KEY_TEXT, &deleted }, { "build_id", KEY_TEXT, &build_id },
	};

	if (!parse_pairs(&p->text, "image", line, keys, ARRAY_SIZE(keys)))
		return false;
	image->build_id = strcmp(build_id, "-") ? build_id : NULL;
	return ((!image->build_id || is_build_id(build_id)) &&
		parse_flag(deleted, &image->deleted) &&
		parse_dev(dev, &image->dev_major, &image->dev_minor)) ||
	       parse_fail(&p->text, "invalid image %" PRIu64, image->number);
}

/* NUMBER, pairs, and at the end the path, in which spaces are what they are. */
static bool parse_image(void *data, char *line)
{
	struct parser *p = data;
	struct stacks *s = p->stacks;
	char *number = parse_word(&line), *path = line ? strstr(line, " path ") : NULL;
	struct stack_image *image;

	s->images = xgrow(s->images, s->nr_images, &p->image_room, sizeof(*s->images));
	image = &s->images[s->nr_images];
	memset(image, 0, sizeof(*image));
	if (!number || !text_number(number, &image->number) || !image->number || !path)
		return parse_fail(&p->text, "invalid image");
	*path = '\0';
	if (!parse_image_pairs(p, image, line))
		return false;
	path += strlen(" path ");
	text_unescape(path);
	image->path = path;
	s->nr_images++;
	return true;
}

static const struct parse_header headers[] = {
	{ "load", parse_load, true },
	{ "settings", parse_settings, true },
	{ "hook", parse_hook, false },
	{ "stacks", parse_stacks, true },
	{ "lost", parse_lost, true },
	{ "image", parse_image, false },
};

/* Images by number. */

static bool has_number(const void *wanted, size_t position, const void *array)
{
	const struct stack_image *images = array;

	return images[position].number == *(const uint64_t *)wanted;
}

static uint32_t *image_slot(const struct parser *p, uint64_t number)
{
	return index_slot(&p->images, hash_number(HASH_BEGIN, number), has_number, &number,
			  p->stacks->images);
}

static bool index_images(struct parser *p)
{
	const struct stacks *s = p->stacks;
	uint32_t *slot;
	size_t i;

	index_init(&p->images, s->nr_images);
	for (i = 0; i < s->nr_images; i++) {
		slot = image_slot(p, s->images[i].number);
		if (*slot)
			return parse_fail(&p->text, "duplicate image");
		*slot = (uint32_t)i + 1;
	}
	return true;
}

/* Frames. */

static bool hex_number(const char *text, uint64_t *value)
{
	size_t digits = strspn(text + 2, "0123456789abcdef");

	if (strncmp(text, "0x", 2) || !digits || digits > 16 || text[2 + digits])
		return false;
	*value = strtoull(text + 2, NULL, 16);
	return true;
}

/* 0x7f0012345678:no-file */
static bool parse_address(struct stack_frame *frame, char *word)
{
	char *why = strchr(word, ':');

	if (!why || !why[1])
		return false;
	*why++ = '\0';
	frame->kind = FRAME_ADDRESS;
	frame->why = why;
	return hex_number(word, &frame->at);
}

/* 3+0x1139, or 3@0x1139 */
static bool parse_place(struct parser *p, struct stack_frame *frame, char *word)
{
	char *sign = word + strcspn(word, "+@");
	uint64_t number;
	uint32_t *slot;

	if (!*sign)
		return false;
	frame->kind = FRAME_FILE;
	frame->exact = *sign == '@';
	*sign++ = '\0';
	if (!text_number(word, &number) || !hex_number(sign, &frame->at))
		return false;
	slot = image_slot(p, number);
	frame->image = *slot - 1;
	return *slot;
}

static bool parse_frame(struct parser *p, char *word, bool kernel)
{
	struct stacks *s = p->stacks;
	struct stack_frame *frame;

	s->frames = xgrow(s->frames, s->nr_frames, &p->frame_room, sizeof(*s->frames));
	frame = &s->frames[s->nr_frames++];
	memset(frame, 0, sizeof(*frame));
	if (!kernel)
		return word[0] == '0' && word[1] == 'x' ? parse_address(frame, word) :
		       parse_place(p, frame, word);
	frame->kind = FRAME_KERNEL;
	frame->symbol = word;
	return *word;
}

/* One of the program begins with a digit, and a symbol never. */
static bool is_of_kernel(const char *word)
{
	return *word < '0' || *word > '9';
}

/* With commas between, the innermost first; - for none, [overflow] for all that had no room. */
static bool parse_frames(struct parser *p, char *word)
{
	struct stack *row = p->row;
	bool kernel = true;
	char *next;

	row->first = p->stacks->nr_frames;
	row->overflow = !strcmp(word, FAULTSTAT_OBJECT_OVERFLOW);
	if (row->overflow || !strcmp(word, "-"))
		return true;
	for (; word; word = next) {
		next = strchr(word, ',');
		if (next)
			*next++ = '\0';
		kernel &= is_of_kernel(word);
		if (!parse_frame(p, word, kernel))
			return false;
		row->nr++;
		row->nr_kernel += kernel;
	}
	return true;
}

static bool parse_text_field(struct parser *p, unsigned int field, char *word)
{
	struct stack *row = p->row;

	switch (field) {
	case FIELD_COMM:
		text_unescape(word);
		row->comm = word;
		return true;
	case FIELD_STATE:
		row->state = word;
		return true;
	case FIELD_KERNEL_END:
		row->kernel_end = word;
		return true;
	case FIELD_USER_END:
		row->user_end = word;
		return true;
	default:
		return parse_frames(p, word);
	}
}

static bool parse_field(void *data, unsigned int field, char *word)
{
	struct parser *p = data;
	struct stack *row = p->row;

	switch (field) {
	case FIELD_CALLS:
	case FIELD_MINOR:
	case FIELD_MAJOR:
	case FIELD_UNCOUNTED:
		return text_number(word, &row->n[field - FIELD_CALLS + STACK_CALLS]);
	case FIELD_PID:
		return parse_pid(word, &row->pid);
	case FIELD_ID:
		return text_number(word, &row->id);
	case FIELD_DEV:
		return parse_dev(word, &row->dev_major, &row->dev_minor);
	case FIELD_INODE:
		return text_number(word, &row->inode);
	case FIELD_DELETED:
		return parse_flag(word, &row->deleted);
	default:
		return parse_text_field(p, field, word);
	}
}

static bool parse_row(void *data, char *line)
{
	struct parser *p = data;
	struct stacks *s = p->stacks;

	if (!p->images.slots && !index_images(p))
		return false;
	s->stacks = xgrow(s->stacks, s->nr_stacks, &p->row_room, sizeof(*s->stacks));
	p->row = &s->stacks[s->nr_stacks];
	memset(p->row, 0, sizeof(*p->row));
	if (!parse_cells(&p->text, &line, &fields, parse_field, p))
		return false;
	text_unescape(line);
	p->row->object = line;
	s->nr_stacks++;
	return true;
}

static const struct parse_format format = {
	.begin = "# faultstat-stacks ", .version = FAULTSTAT_STACKS_FORMAT,
	.headers = headers, .nr_headers = ARRAY_SIZE(headers),
	.fields = &fields, .row = parse_row,
};

/**
 * stacks_begins() - whether this may become a text that stacks_parse() takes.
 * @text: not parsed yet
 * @size: bytes
 *
 * Return: true if nothing in its first line is against it.
 */
bool stacks_begins(const char *text, size_t size)
{
	return parse_begins(text, size, format.begin, format.version);
}

/**
 * stacks_parse() - take a text apart.
 * @stacks: filled in; to be freed also after a failure
 * @text: from malloc, @size bytes and one more; it becomes the stacks'
 * @size: bytes
 * @error: PARSE_ERROR_MAX bytes, what is wrong, if anything is
 *
 * Return: false if this is not the text of a version that we know.
 */
bool stacks_parse(struct stacks *stacks, char *text, size_t size, char *error)
{
	struct parser p = { .stacks = stacks };
	bool fine;

	memset(stacks, 0, sizeof(*stacks));
	stacks->text = text;
	fine = parse_text(&p.text, text, size, error, &format, &p);
	index_free(&p.images);
	return fine && (p.text.nr_columns ||
			parse_fail(&p.text, "the copy is truncated: no columns"));
}

/**
 * stacks_seems_cut() - whether a text has not all the stacks that its header says.
 * @stacks: parsed
 *
 * Return: true if it is a copy that was not finished.
 */
bool stacks_seems_cut(const struct stacks *stacks)
{
	return stacks->nr_stacks < stacks->wanted_stacks;
}

/**
 * stacks_free() - free what stacks_parse() took and made.
 * @stacks: all zero, or filled in
 */
void stacks_free(struct stacks *stacks)
{
	free(stacks->text);
	free(stacks->images);
	free(stacks->stacks);
	free(stacks->frames);
	memset(stacks, 0, sizeof(*stacks));
}
