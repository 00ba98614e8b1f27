// SPDX-License-Identifier: GPL-2.0
/*
 * flamegraph.c - draws a flame graph as SVG: the root at the bottom, who faults above it, then the
 * calls from the outermost to the innermost, and at the tips what was faulted on. The object is
 * always there and always the last: the same code on the heap and on a file is two matters, and as
 * a tip it divides no frame below it. Each fault is in just one tip, so what the tips that are
 * drawn do not add up to is what is too narrow.
 *
 * The picture stands for itself; the script of flamescript.c, where it may run, draws all again
 * from the data that are in it. Called by the commands that put out stacks.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "lib/index.h"
#include "lib/xalloc.h"
#include "stacks/flamegraph/flamedraw.h"
#include "stacks/flamegraph/flamegraph.h"
#include "stacks/flamegraph/flamescript.h"
#include "stacks/flamegraph/flametext.h"

#define INSIDE		3	/* pixels from the edge of a frame to its text */
#define GAP		0.5	/* at the right of a frame that is not narrow */
#define NARROW		0.3	/* what is narrower is not drawn */
#define FIELD		280	/* to search */

#define FRAMES_DRAWN	20000	/* at most; if there are more, the narrowest are left out */
#define FRAMES_KEPT	200000	/* for the script; if there are more, the smallest are left out */
#define MORE		1.25	/* by that the limit grows until there are few enough */
#define SHADES		5

const struct flame_family flame_families[FLAME_KINDS] = {
	[FLAME_ALL] = { 'a', 1, "", NULL },
	[FLAME_PROCESS] = { 'p', SHADES, "process", "process" },
	[FLAME_PROGRAM] = { 'f', SHADES, "", "program and libraries, a shade for each" },
	[FLAME_MADE] = { 'm', SHADES, "no file", "code in no known file, as of a JIT" },
	[FLAME_KERNEL] = { 'k', SHADES, "kernel", "kernel" },
	[FLAME_OVERFLOW] = { 'o', 1, "", "stacks that found no room" },
	[FLAME_OBJECT] = { 'b', SHADES, "object", "object that was faulted on" },
};

/* 0 to 6: how it changed, 3 is not at all. */
static int change_of(const struct flame *flame)
{
	double now = (double)flame->n, before = (double)flame->before;

	if (now >= before * 2)
		return now > 0 ? 6 : 3;
	if (now > before * 1.01)
		return now >= before * 1.1 ? 5 : 4;
	if (now * 2 <= before)
		return 0;
	return now * 1.1 <= before ? 1 : now * 1.01 < before ? 2 : 3;
}

static int shade_of(const struct flame_name *name)
{
	uint64_t hash = hash_text(HASH_BEGIN, name->path ? name->path :
				  name->kind == FLAME_KERNEL ? "" : name->text);

	return (int)((hash >> 8) % (uint64_t)flame_families[name->kind].shades);
}

static void put_look(const struct flame_drawing *d, const struct flame *flame)
{
	const struct flame_name *name = flame_name_of(d, flame);

	if (d->stacks->is_difference)
		fprintf(d->out, "d%d", change_of(flame));
	else
		fprintf(d->out, "%c%d", flame_families[name->kind].letter, shade_of(name));
}

static const char *where_of(const struct flame_name *name)
{
	return name->path ? name->path : name->why ? name->why : flame_families[name->kind].where;
}

/* Whether the text ends in what is in brackets, as it does where there is no function. */
static bool says_where(const char *text, const char *where)
{
	size_t length = strlen(text), end = strlen(where);

	if (!strcmp(text, where))
		return true;
	return length >= end + 2 && text[length - 1] == ']' && text[length - end - 2] == '[' &&
	       !memcmp(text + length - end - 1, where, end);
}

/* What stands behind its text: where it is, in brackets; empty if that is no news. To be freed. */
static char *place_of(const struct flame_name *name)
{
	const char *where = where_of(name);
	char *shown, *place;

	if (!*where || says_where(name->text, where))
		return xstrdup("");
	shown = flame_shown(where);
	/* As [vdso] has them already. */
	place = *where == '[' ? xasprintf(" %s", shown) : xasprintf(" [%s]", shown);
	free(shown);
	return place;
}

static void put_full_name(const struct flame_drawing *d, const struct flame_name *name)
{
	char *place = place_of(name);

	flame_put_shown(d->out, name->text);
	flame_put_xml(d->out, place);
	free(place);
}

static void put_tooltip(const struct flame_drawing *d, const struct flame *flame)
{
	fputs("<title>", d->out);
	put_full_name(d, flame_name_of(d, flame));
	putc('\n', d->out);
	flame_put_counted(d, flame->n);
	fputs(", ", d->out);
	flame_put_share(d->out, flame->n, d->total);
	if (d->stacks->is_difference) {
		fputs("; ", d->out);
		flame_put_change(d->out, flame->n, flame->before);
	}
	fputs("</title>", d->out);
}

static void put_box_text(const struct flame_drawing *d, const struct flame *flame, double x,
			 double y, double width)
{
	const struct flame_name *name = flame_name_of(d, flame);
	double room = (width - 2 * INSIDE) / FLAME_COLUMN;
	char *shown;

	if (room < 1 || !*name->text)
		return;
	shown = flame_shown(name->text);
	if (room >= 3 || (double)flame_columns(shown) <= room) {
		shown = flame_shorten(shown, (size_t)room,
				      name->kind == FLAME_OBJECT && *name->text == '/');
		fprintf(d->out, "<text x=\"%.2f\" y=\"%.0f\" textLength=\"%.1f\">", x + INSIDE,
			y + FLAME_ROW - 5, (double)flame_columns(shown) * FLAME_COLUMN);
		flame_put_xml(d->out, shown);
		fputs("</text>", d->out);
	}
	free(shown);
}

static void put_box(const struct flame_drawing *d, const struct flame *flame, double x,
		    double width)
{
	double y = d->base - (double)flame->depth * FLAME_ROW;

	fputs("<g class=\"", d->out);
	put_look(d, flame);
	fputs("\">", d->out);
	put_tooltip(d, flame);
	fprintf(d->out, "<rect x=\"%.2f\" y=\"%.0f\" width=\"%.2f\" height=\"%d\"/>", x, y,
		width > GAP * 4 ? width - GAP : width, FLAME_ROW - 1);
	put_box_text(d, flame, x, y, width);
	fputs("</g>\n", d->out);
}

/* The next frame that is drawn: what stands on one that is not drawn is not, either. */
static uint32_t next_of(const struct flame_drawing *d, uint32_t at)
{
	const struct flame *flame = &d->tree.at[at];

	return (double)flame->n >= d->least ? at + 1 : flame->end;
}

/* So that there are not too many. What tips are left out has no place in the picture. */
static void choose_drawn(struct flame_drawing *d)
{
	size_t drawn;
	uint32_t i;

	d->least = NARROW / MORE * (double)d->total / (FLAME_WIDTH - 2 * FLAME_SIDE);
	do {
		d->least *= MORE;
		d->narrow = d->total;
		drawn = 0;
		for (i = 0; i < d->tree.nr; i = next_of(d, i)) {
			const struct flame *flame = &d->tree.at[i];

			if ((double)flame->n < d->least)
				continue;
			drawn++;
			if (flame_name_of(d, flame)->kind == FLAME_OBJECT)
				d->narrow -= flame->n;
		}
	} while (drawn > FRAMES_DRAWN);
}

static void choose_kept(struct flame_drawing *d)
{
	size_t kept, i;

	for (d->least_kept = 1;; d->least_kept += d->least_kept / 4 + 1) {
		kept = 0;
		for (i = 0; i < d->tree.nr; i++)
			kept += d->tree.at[i].n >= d->least_kept;
		if (kept <= FRAMES_KEPT)
			return;
	}
}

static void put_boxes(const struct flame_drawing *d)
{
	/* By depth: where the next frame begins, in faults from the left. */
	uint64_t *next = xcalloc(d->tree.levels + 1, sizeof(*next));
	double scale = (FLAME_WIDTH - 2 * FLAME_SIDE) / (double)d->total;
	uint32_t i;

	fputs("<g class=\"frames\">\n", d->out);
	for (i = 0; i < d->tree.nr; i = next_of(d, i)) {
		const struct flame *flame = &d->tree.at[i];
		uint64_t start = next[flame->depth];

		/* The script knows nothing of the others, and so leaves no gaps for them. */
		if (flame->n >= d->least_kept)
			next[flame->depth] += flame->n;
		next[flame->depth + 1] = start;
		if ((double)flame->n >= d->least)
			put_box(d, flame, FLAME_SIDE + (double)start * scale,
				(double)flame->n * scale);
	}
	fputs("</g>\n", d->out);
	free(next);
}

/* Names of the frames that are kept, in their new order. */
static void put_names(struct flame_drawing *d)
{
	uint32_t number = 0;
	size_t i;

	for (i = 0; i < d->tree.nr_names; i++)
		d->tree.names[i].number = UINT32_MAX;
	for (i = 0; i < d->tree.nr; i++) {
		struct flame *flame = &d->tree.at[i];
		struct flame_name *name = &d->tree.names[flame->name];
		char *text, *place;

		if (flame->n < d->least_kept || name->number != UINT32_MAX)
			continue;
		text = flame_shown(name->text);
		place = place_of(name);
		fprintf(d->out, "%s[\"%c%d\",", number ? ",\n" : "",
			flame_families[name->kind].letter, shade_of(name));
		flame_put_json(d->out, text);
		putc(',', d->out);
		flame_put_json(d->out, place);
		putc(']', d->out);
		name->number = number++;
		free(text);
		free(place);
	}
}

/* In order: depth, name, faults, and in a difference faults before and the change's class. */
static void put_data(struct flame_drawing *d)
{
	bool difference = d->stacks->is_difference;
	size_t i;

	fprintf(d->out, "<metadata>{\"unit\":\"%s\",\"difference\":%s,\"cut\":%s,\"width\":%d,\"least\":%d,\"side\":%d,\"base\":%.0f,",
		flame_counters[d->stacks->what].unit, difference ? "true" : "false",
		d->least_kept > 1 ? "true" : "false", FLAME_WIDTH, FLAME_LEAST, FLAME_SIDE,
		d->base);
	fprintf(d->out, "\"row\":%d,\"inside\":%d,\"gap\":%g,\"column\":%g,\"narrow\":%g,\"field\":%d,\"most\":%d,\"more\":%g,\n\"names\":[",
		FLAME_ROW, INSIDE, GAP, FLAME_COLUMN, NARROW, FIELD, FRAMES_DRAWN,
		MORE);
	put_names(d);
	fputs("],\n\"frames\":[", d->out);
	for (i = 0; i < d->tree.nr; i++) {
		const struct flame *flame = &d->tree.at[i];

		if (flame->n < d->least_kept)
			continue;
		fprintf(d->out, "%s%u,%u,%" PRIu64, i ? "," : "", flame->depth,
			flame_name_of(d, flame)->number, flame->n);
		if (difference)
			fprintf(d->out, ",%" PRIu64 ",%d", flame->before,
				change_of(flame));
		if (i % 16 == 15)
			putc('\n', d->out);
	}
	fputs("]}</metadata>\n", d->out);
}

/* Written before the height is known, which is that of the notes. */
static void put_body(struct flame_drawing *d)
{
	if (!d->total) {
		fprintf(d->out, "<text x=\"%d\" y=\"%.0f\" class=\"ink\">Nothing was counted.</text>\n",
			FLAME_SIDE, d->base + FLAME_ROW - 5);
	} else {
		put_boxes(d);
	}
	flame_put_notes(d);
	flame_put_heading(d);
	if (d->total) {
		put_data(d);
		fputs(flame_script, d->out);
	}
}

static void put_picture(FILE *out, const struct flame_drawing *d, const char *body, size_t size)
{
	double height = d->notes + FLAME_BELOW;

	fprintf(out, "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%.0f\" viewBox=\"0 0 %d %.0f\">\n<title>",
		FLAME_WIDTH, height, FLAME_WIDTH, height);
	flame_put_shown(out, d->title);
	fputs("</title>\n<desc>A flame graph: the root at the bottom, callers below whom they call, at the tips what was faulted on; the width is the number of page faults. Written by kfaultstat.</desc>\n",
	      out);
	fputs(flame_style, out);
	fprintf(out, "<rect class=\"paper\" width=\"100%%\" height=\"%.0f\"/>\n", height);
	fwrite(body, 1, size, out);
	fputs("</svg>\n", out);
}

/**
 * flamegraph_write() - draw stacks as a flame graph: one SVG file that needs nothing else.
 * @out: where to
 * @stacks: widths are by the counter that they say, as counted: not multiplied by @every; if they
 *	are a difference, colours are by change, and what has vanished is listed below
 * @title: any bytes; NULL for what is counted
 * @by_process: the frames next to the root are names of processes
 *
 * Return: false if it could not be written, errno is set.
 */
bool flamegraph_write(FILE *out, const struct callstacks *stacks, const char *title,
		      bool by_process)
{
	struct flame_drawing d = {
		.stacks = stacks, .title = title ? title : flame_counters[stacks->what].title,
	};
	char *body = NULL;
	size_t size;

	flametree_make(&d.tree, stacks, by_process);
	d.total = d.tree.at[0].n;
	d.base = FLAME_TOP + (double)(d.total ? d.tree.levels - 1 : 0) * FLAME_ROW;
	d.notes = d.base + FLAME_ROW + FLAME_BELOW;
	if (d.total) {
		choose_drawn(&d);
		choose_kept(&d);
	}
	d.out = xmemstream(&body, &size);
	put_body(&d);
	fclose(d.out);
	put_picture(out, &d, body, size);
	free(body);
	flametree_free(&d.tree);
	return !fflush(out) && !ferror(out);
}
