// SPDX-License-Identifier: GPL-2.0
/*
 * flamenotes.c - what stands around the frames of a flame graph: title and sums above, below them
 * what colours mean, what is not drawn, which stacks are not whole, and in a difference what has
 * vanished. Called by flamegraph.c.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/text.h"
#include "lib/xalloc.h"
#include "stacks/callstacks.h"
#include "stacks/flamegraph/flamedraw.h"
#include "stacks/flamegraph/flametext.h"

#define LETTER		6.2	/* pixels of a letter of the variable font, about */
#define LINE		18
#define TITLE_COLUMNS	60
#define NOTE_COLUMNS	((size_t)((FLAME_LEAST - 2 * FLAME_SIDE) / FLAME_COLUMN))
#define VANISHED_MAX	12	/* that are listed */

/* What has faults before and none now, and stands on what has. */
struct vanished {
	uint32_t frame;
	uint64_t before;
};

const struct flame_counter flame_counters[STACK_COUNTERS] = {
	[STACK_CALLS] = { "fault", "calls", "Page faults by stack" },
	[STACK_MINOR] = { "minor fault", NULL, "Minor page faults by stack" },
	[STACK_MAJOR] = { "major fault", NULL, "Major page faults by stack" },
	[STACK_UNCOUNTED] = {
		"call", "that the kernel counts as no faults", "Calls that are no faults by stack",
	},
};

/* By the digit of their classes. */
static const char *const changes[] = {
	"half or fewer", "fewer", "a little fewer", "same", "a little more", "more",
	"twice or more, or new",
};

/**
 * flame_put_counted() - a count with its unit.
 * @d: what is drawn
 * @n: of what it counts
 */
void flame_put_counted(const struct flame_drawing *d, uint64_t n)
{
	flame_put_count(d->out, n);
	fprintf(d->out, " %s%s", flame_counters[d->stacks->what].unit, n == 1 ? "" : "s");
}

static void put_sums(const struct flame_drawing *d)
{
	const struct callstacks *stacks = d->stacks;
	const char *what = flame_counters[stacks->what].exactly;

	flame_put_counted(d, d->total);
	if (what)
		fprintf(d->out, " (%s)", what);
	if (stacks->seconds > 0)
		fprintf(d->out, stacks->seconds < 1000 ? " in %.3g s" : " in %.0f s",
			stacks->seconds);
	if (stacks->seconds > 0 && d->total) {
		fputs(", ", d->out);
		flame_put_count(d->out, (uint64_t)((double)d->total / stacks->seconds + 0.5));
		fputs(" per second", d->out);
	}
	if (stacks->is_difference) {
		fputs("; ", d->out);
		flame_put_change(d->out, d->total, d->tree.at[0].before);
	}
	if (stacks->every > 1) {
		fputs("; only 1 in ", d->out);
		flame_put_count(d->out, stacks->every);
		fputs(" calls was counted", d->out);
	}
}

/**
 * flame_put_heading() - title and sums, and an empty line for what is pointed at.
 * @d: what is drawn
 */
void flame_put_heading(const struct flame_drawing *d)
{
	char *title = flame_shorten(flame_shown(d->title), TITLE_COLUMNS, false);

	fprintf(d->out, "<g class=\"head\"><rect class=\"paper\" width=\"100%%\" height=\"%d\"/>\n",
		FLAME_TOP - 4);
	fprintf(d->out, "<text x=\"%d\" y=\"28\" class=\"ink title\">", FLAME_SIDE);
	flame_put_xml(d->out, title);
	fprintf(d->out, "</text>\n<text x=\"%d\" y=\"50\" class=\"dim sums\">", FLAME_SIDE);
	put_sums(d);
	fprintf(d->out, "</text>\n<text x=\"%d\" y=\"70\" class=\"ink fixed status\"></text></g>\n",
		FLAME_SIDE);
	free(title);
}

static void put_legend_entry(const struct flame_drawing *d, double *x, const char *class,
			     const char *text)
{
	fprintf(d->out, "<rect class=\"%s\" x=\"%.0f\" y=\"%.0f\" width=\"12\" height=\"12\"/><text class=\"dim\" x=\"%.0f\" y=\"%.0f\">%s</text>\n",
		class, *x, d->notes - 10, *x + 17, d->notes, text);
	*x += 17 + LETTER * (double)strlen(text) + 14;
}

static void put_legend(const struct flame_drawing *d)
{
	bool has[FLAME_KINDS] = { false };
	double x = FLAME_SIDE;
	char class[8];
	size_t i;

	for (i = 0; i < d->tree.nr; i++)
		has[flame_name_of(d, &d->tree.at[i])->kind] = true;
	for (i = 0; i < FLAME_KINDS && !d->stacks->is_difference; i++) {
		snprintf(class, sizeof(class), "%c0", flame_families[i].letter);
		if (has[i] && flame_families[i].legend)
			put_legend_entry(d, &x, class, flame_families[i].legend);
	}
	for (i = 0; i < ARRAY_SIZE(changes) && d->stacks->is_difference; i++) {
		snprintf(class, sizeof(class), "d%d", (int)i);
		put_legend_entry(d, &x, class, changes[i]);
	}
}

static void begin_note(struct flame_drawing *d, const char *class)
{
	d->notes += LINE;
	fprintf(d->out, "<text class=\"%s\" x=\"%d\" y=\"%.0f\">", class, FLAME_SIDE, d->notes);
}

static void put_narrow(struct flame_drawing *d)
{
	begin_note(d, "dim narrow");
	if (d->narrow) {
		flame_put_counted(d, d->narrow);
		fputs(" (", d->out);
		flame_put_share(d->out, d->narrow, d->total);
		fputs(") in frames too narrow to be drawn", d->out);
	}
	fputs("</text>\n", d->out);
}

static void put_short(struct flame_drawing *d)
{
	static const char *const whys[] = { "depth", "memory", "odd", "registers", "other" };
	uint64_t sums[ARRAY_SIZE(whys)] = { 0 }, sum = 0;
	const char *between = ": ";
	size_t i, j;

	for (i = 0; i < d->stacks->nr; i++) {
		const struct callstack *stack = &d->stacks->at[i];
		const char *why = callstack_ends_early(stack);

		for (j = 0; why && j + 1 < ARRAY_SIZE(whys) && strcmp(why, whys[j]); j++)
			;
		if (why)
			sums[j] += stack->n[d->stacks->what];
	}
	for (j = 0; j < ARRAY_SIZE(whys); j++)
		sum += sums[j];
	if (!sum)
		return;
	begin_note(d, "dim short");
	flame_put_counted(d, sum);
	fputs(" (", d->out);
	flame_put_share(d->out, sum, d->total);
	fputs(") by stacks that are not whole", d->out);
	for (j = 0; j < ARRAY_SIZE(whys); j++) {
		if (!sums[j])
			continue;
		fprintf(d->out, "%s%s ", between, whys[j]);
		flame_put_count(d->out, sums[j]);
		between = ", ";
	}
	fputs("</text>\n", d->out);
}

static int by_before(const void *a, const void *b)
{
	const struct vanished *x = a, *y = b;

	if (x->before != y->before)
		return x->before > y->before ? -1 : 1;
	return x->frame < y->frame ? -1 : x->frame > y->frame;
}

/* The largest that there is of each: what stands on it has vanished as well. */
static struct vanished *find_vanished(const struct flame_drawing *d, size_t *nr)
{
	struct vanished *found = NULL;
	size_t room = 0;
	uint32_t i;

	*nr = 0;
	/* Where all has vanished, the root stays. */
	for (i = 1; i < d->tree.nr;) {
		const struct flame *flame = &d->tree.at[i];

		if (flame->n) {
			i++;
			continue;
		}
		found = xgrow(found, *nr, &room, sizeof(*found));
		found[(*nr)++] = (struct vanished){ .frame = i, .before = flame->before };
		i = flame->end;
	}
	if (*nr)
		qsort(found, *nr, sizeof(*found), by_before);
	return found;
}

/* Its name, and before it those of what it stands on but the root. To be freed. */
static char *path_to(const struct flame_drawing *d, uint32_t frame)
{
	char *path = flame_shown(flame_name_of(d, &d->tree.at[frame])->text);
	uint32_t depth = d->tree.at[frame].depth, i;

	for (i = frame; depth > 1; i--) {
		char *name, *longer;

		if (d->tree.at[i].depth != depth - 1)
			continue;
		name = flame_shown(flame_name_of(d, &d->tree.at[i])->text);
		longer = xasprintf("%s; %s", name, path);
		free(name);
		free(path);
		path = longer;
		depth--;
	}
	return path;
}

static void put_vanished_one(struct flame_drawing *d, const struct vanished *one)
{
	char *path = path_to(d, one->frame);

	d->notes += LINE;
	fprintf(d->out, "<g><title>");
	flame_put_xml(d->out, path);
	fprintf(d->out, "</title><text class=\"ink fixed\" x=\"%d\" y=\"%.0f\">", FLAME_SIDE,
		d->notes);
	flame_put_count(d->out, one->before);
	path = flame_shorten(path, NOTE_COLUMNS - 24, true);
	fputs(": ", d->out);
	flame_put_xml(d->out, path);
	fputs("</text></g>\n", d->out);
	free(path);
}

static void put_vanished(struct flame_drawing *d)
{
	uint64_t sum = 0, rest = 0;
	size_t nr, i;
	struct vanished *found = find_vanished(d, &nr);

	for (i = 0; i < nr; i++) {
		sum += found[i].before;
		rest += i >= VANISHED_MAX ? found[i].before : 0;
	}
	if (nr) {
		begin_note(d, "ink vanished");
		flame_put_counted(d, sum);
		fprintf(d->out, " before, and none now, in what has vanished%s:</text>\n",
			nr == 1 ? "" : ", the most first");
	}
	for (i = 0; i < nr && i < VANISHED_MAX; i++)
		put_vanished_one(d, &found[i]);
	if (nr > VANISHED_MAX) {
		begin_note(d, "dim rest");
		flame_put_count(d->out, rest);
		fprintf(d->out, " in %zu more</text>\n", nr - VANISHED_MAX);
	}
	free(found);
}

/**
 * flame_put_notes() - all that stands below the frames.
 * @d: what is drawn; @notes is where to begin, and becomes where they end
 */
void flame_put_notes(struct flame_drawing *d)
{
	if (d->total) {
		put_legend(d);
		put_narrow(d);
		put_short(d);
	}
	if (d->stacks->is_difference)
		put_vanished(d);
}
