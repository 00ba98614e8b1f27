// SPDX-License-Identifier: GPL-2.0
/*
 * fuzz.c - libFuzzer's target: a text of either kind, or two with a NUL between, parsed,
 * compared, added up and put out in every way. Built by the script fuzz.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "faults/delta.h"
#include "faults/family.h"
#include "faults/group.h"
#include "faults/heat.h"
#include "faults/json.h"
#include "stacks/stackfile.h"
#include "ui/fields.h"
#include "ui/render.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

static FILE *nowhere;

static bool parse(struct snapshot *s, const unsigned char *data, size_t size)
{
	char error[PARSE_ERROR_MAX] = "";
	char *text = malloc(size + 1);

	memcpy(text, data, size);
	if (snapshot_parse(s, text, size, error))
		return true;
	/* Every refusal says why, and on one line. */
	if (!*error || strchr(error, '\n'))
		abort();
	snapshot_free(s);
	return false;
}

/* What is cut is as wide as it may be, in whatever mode and from either end. */
static void cut(const char *name)
{
	static const enum text_mode modes[] = { TEXT_TABLE, TEXT_RAW };
	size_t i, width;

	for (i = 0; i < ARRAY_SIZE(modes); i++) {
		for (width = 1; width < 20; width += 3) {
			char *shown = text_shorten(text_shown(name, modes[i]), width);

			if (text_width(shown) > width)
				abort();
			free(shown);
			shown = text_clip(text_shown(name, modes[i]), width);
			if (text_width(shown) > width)
				abort();
			free(shown);
		}
	}
}

static void show(const struct row *rows, size_t nr, double seconds)
{
	static const struct filter all;
	static const struct columns_wanted usual;
	struct grouping_spec spec = { 0 };
	struct view view;

	if (!view_choose(&view, &item_fields, &usual, NULL, "dir,major,dev,object:desc"))
		abort();
	/* Not by cgroup, which looks at this machine. */
	for (spec.by = BY_NONE; spec.by < BY_CGROUP; spec.by++) {
		struct style style = { .format = (enum format)(spec.by % 3), .width = 80 };
		struct items items;

		spec.depth = spec.by == BY_DIR ? 2 : 0;
		items_make(&items, rows, nr, seconds, &all, &spec);
		items_sort(items.at, items.nr, &view);
		items_print(items.at, items.nr, &view, &style, NULL, nowhere, NULL);
		items_free(&items);
	}
}

/* Never more than there was, and never less than nothing. */
static void check_delta(const struct delta *d, const struct snapshot *after)
{
	size_t i;

	if (d->nr_rows > after->nr_rows)
		abort();
	for (i = 0; i <= MISSED; i++)
		if (d->total.n[i] > after->lifetime.n[i])
			abort();
}

static bool parse_heat(struct heat *heat, const unsigned char *data, size_t size)
{
	char error[PARSE_ERROR_MAX] = "";
	char *text = malloc(size + 1);

	memcpy(text, data, size);
	if (heat_parse(heat, text, size, error))
		return true;
	if (!*error || strchr(error, '\n'))
		abort();
	heat_free(heat);
	return false;
}

/* What came to a region is not more than it has. */
static void check_heat(const struct heat *now, const struct heat *before)
{
	static struct heat_regions regions;
	size_t i, j;

	for (i = 0; i < now->nr_rows; i++) {
		const struct heat_row *row = &now->rows[i];

		heat_since(&regions, now, row, before);
		if (regions.region_size != row->region_size || regions.lost > row->lost)
			abort();
		for (j = row->from; j < row->from + row->nr; j++)
			if (regions.at[now->cells[j].region].calls > now->cells[j].count.calls)
				abort();
	}
}

static void take_heat(const unsigned char *data, size_t first, size_t size)
{
	struct heat before = { 0 }, now;

	if (!parse_heat(&now, data, first))
		return;
	check_heat(&now, &before);
	if (first < size) {
		before = now;
		if (parse_heat(&now, data + first + 1, size - first - 1))
			check_heat(&now, &before);
		heat_free(&before);
	}
	heat_free(&now);
}

/* Frames and images are where they are said to be. */
static void check_stacks(const struct stacks *stacks)
{
	size_t i, j;

	for (i = 0; i < stacks->nr_stacks; i++) {
		const struct stack *stack = &stacks->stacks[i];

		if (stack->first + stack->nr > stacks->nr_frames || stack->nr_kernel > stack->nr)
			abort();
		for (j = stack->first; j < stack->first + stack->nr; j++)
			if (stacks->frames[j].kind == FRAME_FILE &&
			    stacks->frames[j].image >= stacks->nr_images)
				abort();
	}
}

static void take_stacks(const unsigned char *data, size_t size)
{
	char error[PARSE_ERROR_MAX] = "";
	char *text = malloc(size + 1);
	struct stacks stacks;

	memcpy(text, data, size);
	if (stacks_parse(&stacks, text, size, error))
		check_stacks(&stacks);
	else if (!*error || strchr(error, '\n'))
		abort();
	stacks_free(&stacks);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	const unsigned char *middle = memchr(data, '\0', size);
	size_t first = middle ? (size_t)(middle - data) : size;
	struct snapshot before, after;
	struct family family;
	struct delta delta;
	char *json;
	size_t i;

	if (!nowhere) {
		nowhere = fopen("/dev/null", "w");
		setenv("LC_ALL", "C.UTF-8", 1);
		text_init();
	}
	take_heat(data, first, size);
	take_stacks(data, size);
	if (!parse(&before, data, first))
		return 0;
	show(before.rows, before.nr_rows, 1);
	for (i = 0; i < before.nr_rows && i < 16; i++) {
		cut(before.rows[i].comm);
		cut(before.rows[i].object);
	}
	json = json_snapshot(&before);
	free(json);
	family_find(&family, &before, 0, 100, 1);
	family_free(&family);
	if (middle && parse(&after, middle + 1, size - first - 1)) {
		delta_make(&delta, &before, &after);
		check_delta(&delta, &after);
		show(delta.rows, delta.nr_rows, delta.seconds);
		delta_free(&delta);
		snapshot_free(&after);
	}
	snapshot_free(&before);
	return 0;
}
