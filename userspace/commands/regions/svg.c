// SPDX-License-Identifier: GPL-2.0
/*
 * svg.c - draws a heat map as SVG: time from left to right, offset from the bottom up, colours
 * for faults per second, and at the right the sums of each region and how much of it is in
 * memory. No scripts, no fonts, no external resources; it follows the viewer's choice of light
 * or dark. Called by regions.c.
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "commands/regions/heatmap.h"
#include "lib/pace.h"
#include "lib/xalloc.h"
#include "ui/fields.h"

#define FILES_MAX	8	/* panels; those with the most faults */
#define CLASSES		7	/* colours */

/* Pixels. */
#define WIDTH		1040
#define LEFT		92
#define PLOT		560
#define SIDES		692	/* where what stands on the right begins */
#define SIDE		64	/* one of them, with the gap to the next */
#define SIDE_BAR	54
#define TOP		64
#define ABOVE		44	/* a panel: its name and headings */
#define BELOW		46	/* the same: times */
#define LEGEND		64
#define LABEL		7.3	/* a character of a file's name */

static const char style[] =
	"<style>\n"
	"svg{color-scheme:light dark;font:12px ui-sans-serif,system-ui,\"Helvetica Neue\",Arial,sans-serif}\n"
	".paper{fill:#fff}.plot{fill:#f3f4f6}.ink{fill:#1f2328}.dim{fill:#57606a}\n"
	".line{stroke:#8c959f;stroke-width:1;fill:none}.grid{stroke:#d8dee4;stroke-width:1}\n"
	".title{font-size:17px;font-weight:600}.name{font:12px ui-monospace,\"DejaVu Sans Mono\",Menlo,monospace}\n"
	".end{text-anchor:end}.middle{text-anchor:middle}\n"
	".cell{shape-rendering:crispEdges}\n"
	".c1{fill:#fee3c4}.c2{fill:#fdc58b}.c3{fill:#fb9f54}.c4{fill:#ef7427}.c5{fill:#d44a0c}.c6{fill:#9f2f06}.c7{fill:#5f1703}\n"
	".calls{fill:#d44a0c}.major{fill:#8250df}.cached{fill:#1a7f37}.mapped{fill:#0969da}\n"
	"@media (prefers-color-scheme:dark){\n"
	".paper{fill:#0d1117}.plot{fill:#1b212a}.ink{fill:#e6edf3}.dim{fill:#9da7b3}\n"
	".line{stroke:#6e7681}.grid{stroke:#30363d}\n"
	".c1{fill:#4a2410}.c2{fill:#7a3510}.c3{fill:#ab4a0e}.c4{fill:#dd6714}.c5{fill:#fb8f3c}.c6{fill:#fdba78}.c7{fill:#fff1dc}\n"
	".calls{fill:#fb8f3c}.major{fill:#b98cff}.cached{fill:#3fb950}.mapped{fill:#58a6ff}\n"
	"}\n"
	"</style>\n";

/* What is drawn, and the scales of it. */
struct drawing {
	FILE *out;
	const struct heatmap *map;
	double begin, seconds;		/* of all columns */
	double steps[CLASSES];		/* the least of each colour, calls per second */
	int nr_steps;
	bool rates;			/* or calls, if nobody knows in which time */
	double height;			/* of a panel's plot */
};

/* Any bytes; what no XML may hold has become octal. */
static void put_text(FILE *out, const char *text)
{
	char *shown = text_shown(text, TEXT_TABLE);
	const char *s;

	for (s = shown; *s; s++) {
		if (*s == '&')
			fputs("&amp;", out);
		else if (*s == '<')
			fputs("&lt;", out);
		else if (*s == '>')
			fputs("&gt;", out);
		else if (*s == '"')
			fputs("&quot;", out);
		else
			putc(*s, out);
	}
	free(shown);
}

static double value_of(const struct drawing *d, const struct heatmap_cell *cell)
{
	double seconds = d->map->columns[cell->column].seconds;

	return d->rates && seconds > 0 ? (double)cell->count.calls / seconds :
	       (double)cell->count.calls;
}

/* Colours in equal ratios between the least and the most there is. */
static void make_steps(struct drawing *d, size_t nr_files)
{
	double least = INFINITY, most = 0;
	size_t i, j;
	int step;

	for (i = 0; i < nr_files; i++) {
		for (j = 0; j < d->map->files[i].nr; j++) {
			double value = value_of(d, &d->map->files[i].cells[j]);

			least = value > 0 && value < least ? value : least;
			most = value > most ? value : most;
		}
	}
	if (most <= 0)
		return;
	d->nr_steps = most < least * 1.5 ? 1 : CLASSES;
	for (step = 0; step < d->nr_steps; step++)
		d->steps[step] = least * pow(most / least, (double)step / d->nr_steps);
}

static int class_of(const struct drawing *d, double value)
{
	int class = 0;

	while (class + 1 < d->nr_steps && value >= d->steps[class + 1])
		class++;
	return d->nr_steps == 1 ? CLASSES - 2 : class;
}

static double x_of(const struct drawing *d, double time)
{
	return d->seconds > 0 ? LEFT + PLOT * (time - d->begin) / d->seconds : LEFT;
}

/* Where a page is, from the top of the plot. */
static double y_of(const struct drawing *d, const struct heatmap_file *file, uint64_t page)
{
	page = page < file->extent ? page : file->extent;
	return file->extent ? d->height - d->height * (double)page / (double)file->extent : 0;
}

static void put_cells(const struct drawing *d, const struct heatmap_file *file)
{
	size_t i;
	int class;

	for (class = 0; class < CLASSES; class++) {
		bool any = false;

		for (i = 0; i < file->nr; i++) {
			const struct heatmap_cell *cell = &file->cells[i];
			const struct heatmap_column *column = &d->map->columns[cell->column];
			double left, right, top, bottom;

			if (class_of(d, value_of(d, cell)) != class || !cell->count.calls)
				continue;
			left = x_of(d, column->begin);
			right = column->seconds > 0 ? x_of(d, column->begin + column->seconds) :
				LEFT + PLOT;
			bottom = y_of(d, file, (uint64_t)cell->region << file->shift);
			top = y_of(d, file, ((uint64_t)cell->region + 1) << file->shift);
			fprintf(d->out, "%sM%.2f %.2fH%.2fV%.2fH%.2fz", any ? "" : "<path d=\"",
				left, top, right, bottom, left);
			any = true;
		}
		if (any)
			fprintf(d->out, "\" class=\"cell c%d\"/>\n", class + 1);
	}
}

/* 1, 2 or 5 times a power of ten, so that there are some five of it. */
static double tick_step(double range)
{
	double power = pow(10, floor(log10(range / 5))), ratio = range / 5 / power;

	return power * (ratio < 1.5 ? 1 : ratio < 3.5 ? 2 : ratio < 7.5 ? 5 : 10);
}

static void put_times(const struct drawing *d)
{
	char clock[CLOCK_TEXT];
	double step, at;

	clock_text(clock, d->map->realtime);
	if (d->seconds <= 0) {
		fprintf(d->out, "<text x=\"%d\" y=\"%.0f\" class=\"dim middle\">since faults are counted by region, until %s</text>\n",
			LEFT + PLOT / 2, d->height + 20, clock);
		return;
	}
	step = tick_step(d->seconds);
	for (at = 0; at <= d->seconds * 1.0001; at += step) {
		double x = x_of(d, d->begin + at);

		fprintf(d->out, "<path class=\"line\" d=\"M%.1f %.0fv5\"/><text x=\"%.1f\" y=\"%.0f\" class=\"dim middle\">%g</text>\n",
			x, d->height, x, d->height + 18, at);
	}
	fprintf(d->out, "<text x=\"%d\" y=\"%.0f\" class=\"ink middle\">seconds since %s</text>\n",
		LEFT + PLOT / 2, d->height + 36, clock);
}

static void put_offsets(const struct drawing *d, const struct heatmap_file *file)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE), step = 1, at;

	while (file->extent / step > 8)
		step *= 2;
	for (at = 0; at <= file->extent; at += step) {
		char *size = bytes_text(at * page);
		double y = y_of(d, file, at);

		if (at && at < file->extent)
			fprintf(d->out, "<path class=\"grid\" d=\"M%d %.1fh%d\"/>", LEFT, y, PLOT);
		fprintf(d->out, "<path class=\"line\" d=\"M%d %.1fh-5\"/><text x=\"%d\" y=\"%.1f\" class=\"dim end\">%s%s</text>\n",
			LEFT, y, LEFT - 9, y + 4, size, at ? "iB" : "");
		free(size);
	}
	fprintf(d->out, "<text transform=\"translate(18 %.0f) rotate(-90)\" class=\"ink middle\">offset in the file</text>\n",
		d->height / 2);
}

/* One thing of each region, from the left, as far as it goes of the most or of all. */
static void put_side(const struct drawing *d, const struct heatmap_file *file, int side,
		     const char *name, const char *below, const double *parts, size_t nr)
{
	int left = SIDES + side * SIDE;
	bool any = false;
	size_t i;

	fprintf(d->out, "<text x=\"%d\" y=\"-8\" class=\"ink\">%s</text><rect x=\"%d\" y=\"0\" width=\"%d\" height=\"%.0f\" class=\"plot\"/>\n",
		left, name, left, SIDE_BAR, d->height);
	fprintf(d->out, "<text x=\"%d\" y=\"%.0f\" class=\"dim\">", left, d->height + 18);
	put_text(d->out, below);
	fputs("</text>\n", d->out);
	for (i = 0; i < nr; i++) {
		double bottom = y_of(d, file, (uint64_t)i << file->shift);
		double top = y_of(d, file, ((uint64_t)i + 1) << file->shift);
		double width = SIDE_BAR * parts[i];

		if (width <= 0)
			continue;
		/* Little is not nothing. */
		width = width < 1 ? 1 : width;
		fprintf(d->out, "%sM%d %.2fh%.1fV%.2fH%dz", any ? "" : "<path d=\"", left, top,
			width, bottom, left);
		any = true;
	}
	if (any)
		fprintf(d->out, "\" class=\"cell %s\"/>\n", name);
}

static void put_heat_side(const struct drawing *d, const struct heatmap_file *file, int side,
			  bool major)
{
	uint64_t all = major ? file->total.major : file->total.calls;
	double parts[SPREAD_MAX] = { 0 }, most = 0;
	char *below = xasprintf("%" PRIu64, all);
	size_t i;

	for (i = 0; i < file->nr; i++) {
		const struct heat_count *count = &file->cells[i].count;
		double *part = &parts[file->cells[i].region % SPREAD_MAX];

		*part += (double)(major ? count->major : count->calls);
		most = *part > most ? *part : most;
	}
	for (i = 0; i < SPREAD_MAX && most > 0; i++)
		parts[i] /= most;
	put_side(d, file, side, major ? "major" : "calls", below, parts, SPREAD_MAX);
	free(below);
}

static void put_memory_side(const struct drawing *d, const struct heatmap_file *file, int side,
			    bool mapped)
{
	bool known = mapped ? file->has_mapped : file->has_cached;
	double parts[SPREAD_MAX] = { 0 };
	uint64_t has = 0, pages = 0;
	char *share, *below;
	size_t i;

	for (i = 0; i < file->nr_now && i < SPREAD_MAX && known; i++) {
		const struct region *region = &file->now[i];
		uint64_t part = mapped ? region->mapped : region->cached;

		part = part < region->pages ? part : region->pages;
		parts[i] = region->pages ? (double)part / (double)region->pages : 0;
		has += part;
		pages += region->pages;
	}
	share = share_text(pages ? share_of(has, pages) : 0);
	below = known && pages ? xasprintf("%s %%", share) : xstrdup("unknown");
	put_side(d, file, side, mapped ? "mapped" : "cached", below, parts, file->nr_now);
	free(share);
	free(below);
}

static void put_panel(const struct drawing *d, const struct heatmap_file *file, double y)
{
	char *name = text_shorten(text_shown(file->path, TEXT_TABLE), (size_t)(PLOT / LABEL));
	char *region = bytes_text((uint64_t)sysconf(_SC_PAGESIZE) << file->shift);

	fprintf(d->out, "<g transform=\"translate(0 %.0f)\">\n<title>", y + ABOVE);
	put_text(d->out, file->path);
	fprintf(d->out, "</title>\n<text x=\"%d\" y=\"-26\" class=\"ink name\">", LEFT);
	/* What was octal already has backslashes, which would become octal again. */
	put_text(d->out, strchr(name, '\\') ? file->path : name);
	fprintf(d->out, "</text>\n<text x=\"%d\" y=\"-8\" class=\"dim\">a row: %siB</text>\n", LEFT,
		region);
	fprintf(d->out, "<rect x=\"%d\" y=\"0\" width=\"%d\" height=\"%.0f\" class=\"plot\"/>\n",
		LEFT, PLOT, d->height);
	put_offsets(d, file);
	put_cells(d, file);
	fprintf(d->out, "<path class=\"line\" d=\"M%d 0v%.0fh%d\"/>\n", LEFT, d->height, PLOT);
	put_times(d);
	put_heat_side(d, file, 0, false);
	put_heat_side(d, file, 1, true);
	put_memory_side(d, file, 2, false);
	put_memory_side(d, file, 3, true);
	fputs("</g>\n", d->out);
	free(name);
	free(region);
}

static void put_step(FILE *out, double value)
{
	if (value >= 10)
		fprintf(out, "%.0f", value);
	else
		fprintf(out, "%.2g", value);
}

static void put_legend(const struct drawing *d, double y)
{
	const int wide = 70;
	int step;

	fprintf(d->out, "<g transform=\"translate(%d %.0f)\">\n<text x=\"0\" y=\"0\" class=\"ink\">%s</text>\n",
		LEFT, y, d->rates ? "faults (calls) per second in a region, from" :
		"faults (calls) in a region, from");
	fprintf(d->out, "<rect x=\"0\" y=\"9\" width=\"%d\" height=\"12\" class=\"plot\"/><text x=\"0\" y=\"35\" class=\"dim\">none</text>\n",
		wide - 4);
	for (step = 0; step < d->nr_steps; step++) {
		int x = (step + 1) * wide;

		fprintf(d->out, "<rect x=\"%d\" y=\"9\" width=\"%d\" height=\"12\" class=\"c%d\"/><text x=\"%d\" y=\"35\" class=\"dim\">",
			x, wide - 4, class_of(d, d->steps[step]) + 1, x);
		put_step(d->out, d->steps[step]);
		fputs("</text>\n", d->out);
	}
	fprintf(d->out, "<text x=\"%d\" y=\"0\" class=\"ink\">calls, major: of the region that had most</text>\n",
		SIDES - LEFT);
	fprintf(d->out, "<text x=\"%d\" y=\"18\" class=\"ink\">cached, mapped: of the region, at the end</text>\n</g>\n",
		SIDES - LEFT);
}

static void put_heading(const struct drawing *d, size_t shown)
{
	const struct heatmap *map = d->map;
	char clock[CLOCK_TEXT];

	clock_text(clock, map->realtime);
	fprintf(d->out, "<text x=\"%d\" y=\"28\" class=\"ink title\">Faults by time and offset</text>\n",
		LEFT);
	fprintf(d->out, "<text x=\"%d\" y=\"48\" class=\"dim\">", LEFT);
	if (map->whose) {
		fputs("of ", d->out);
		put_text(d->out, map->whose);
		fputs("; ", d->out);
	}
	if (d->rates)
		fprintf(d->out, "%zu column%s of %.3g s%s", map->nr_columns,
			map->nr_columns == 1 ? "" : "s", map->columns[0].seconds,
			map->merged > 1 ? ", several intervals each" : "");
	else
		fputs("in all", d->out);
	if (shown < map->nr)
		fprintf(d->out, "; the %zu of %zu files with the most", shown, map->nr);
	fputs("</text>\n", d->out);
}

static int by_calls(const void *a, const void *b)
{
	const struct heatmap_file *x = a, *y = b;

	if (x->total.calls != y->total.calls)
		return x->total.calls > y->total.calls ? -1 : 1;
	return strcmp(x->path, y->path);
}

/**
 * heatmap_svg() - draw it.
 * @map: added to; its files are sorted
 * @size: bytes of the text, set
 *
 * Return: the text, to be freed.
 */
char *heatmap_svg(struct heatmap *map, size_t *size)
{
	struct drawing d = { .map = map };
	size_t shown = map->nr < FILES_MAX ? map->nr : FILES_MAX, i;
	double panel, height;
	char *text = NULL;

	if (map->nr)
		qsort(map->files, map->nr, sizeof(*map->files), by_calls);
	d.out = xmemstream(&text, size);
	if (map->nr_columns) {
		const struct heatmap_column *last = &map->columns[map->nr_columns - 1];

		d.begin = map->columns[0].begin;
		d.seconds = last->begin + last->seconds - d.begin;
		d.rates = d.seconds > 0;
	}
	d.height = shown > 3 ? 160 : shown > 1 ? 240 : 384;
	make_steps(&d, shown);
	panel = ABOVE + d.height + BELOW;
	height = TOP + (double)shown * panel + LEGEND + (shown ? 0 : 30);
	fprintf(d.out, "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%.0f\" viewBox=\"0 0 %d %.0f\" role=\"img\">\n",
		WIDTH, height, WIDTH, height);
	fputs("<title>Faults by time and offset</title>\n", d.out);
	fputs("<desc>A heat map for each file: time from left to right, offset in the file from the bottom up, the colour is the number of page faults. Written by kfaultstat.</desc>\n",
	      d.out);
	fputs(style, d.out);
	fprintf(d.out, "<rect class=\"paper\" width=\"%d\" height=\"%.0f\"/>\n", WIDTH, height);
	put_heading(&d, shown);
	for (i = 0; i < shown; i++)
		put_panel(&d, &map->files[i], TOP + (double)i * panel);
	if (!shown)
		fprintf(d.out, "<text x=\"%d\" y=\"%d\" class=\"ink\">There were no faults.</text>\n",
			LEFT, TOP + 20);
	put_legend(&d, height - LEGEND + 16);
	fputs("</svg>\n", d.out);
	fclose(d.out);
	return text;
}
