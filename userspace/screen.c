// SPDX-License-Identifier: GPL-2.0
/*
 * screen.c - draws top's screen with curses, whatever its size: the header, the table and
 * the last line. Everything that comes from the file goes through text.c before.
 */
#include <curses.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "message.h"
#include "screen.h"
#include "text.h"

#define HEADER_LINES	6	/* with the names of the columns */
#define FOOTER_LINES	1
#define PATH_MIN	20
#define CELL_MAX	4096

enum { PAIR_TITLE = 1, PAIR_MAJOR, PAIR_TROUBLE };

static bool begun;
static bool colors;

/**
 * screen_begin() - take the terminal.
 * @color: if it has any
 *
 * Return: false after a complaint.
 */
bool screen_begin(bool color)
{
	const char *term = getenv("TERM");

	/* The escape key is a key, not only the beginning of others. */
	set_escdelay(25);
	if (!newterm(NULL, stdout, stdin)) {
		complain("the terminal %s is not known here: set TERM", term ? term : "without a name");
		return false;
	}
	begun = true;
	atexit(screen_end);
	cbreak();
	noecho();
	keypad(stdscr, TRUE);
	curs_set(0);
	colors = color && has_colors();
	if (colors) {
		start_color();
		use_default_colors();
		init_pair(PAIR_TITLE, COLOR_CYAN, -1);
		init_pair(PAIR_MAJOR, COLOR_YELLOW, -1);
		init_pair(PAIR_TROUBLE, COLOR_RED, -1);
	}
	return true;
}

/**
 * screen_end() - give the terminal back.
 */
void screen_end(void)
{
	if (begun)
		endwin();
	begun = false;
}

/**
 * screen_rows() - how many items fit.
 *
 * Return: lines, at least one.
 */
size_t screen_rows(void)
{
	int lines = LINES;

	return lines > HEADER_LINES + FOOTER_LINES ? (size_t)(lines - HEADER_LINES - FOOTER_LINES) :
		1;
}

static attr_t pair(int number, attr_t otherwise)
{
	return colors ? (attr_t)COLOR_PAIR(number) : otherwise;
}

/* A line of the header, cut at the end of the screen. */
static void line(int y, attr_t attributes, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static void line(int y, attr_t attributes, const char *format, ...)
{
	int lines = LINES;
	char text[CELL_MAX];
	va_list args;
	char *shown;

	if (y >= lines)
		return;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	shown = text_shown(text, TEXT_TABLE);
	attrset(attributes);
	mvaddnstr(y, 0, shown, -1);
	attrset(A_NORMAL);
	clrtoeol();
	free(shown);
}

static const char *or_all(const char *filter)
{
	return filter ? filter : "*";
}

static void draw_header(const struct screen *s)
{
	const struct filter *filter = &s->options->filter;
	const struct snapshot *now = s->now;
	double seconds = s->delta->seconds > 0 ? s->delta->seconds : 1;
	const uint64_t *total = s->delta->total.n;
	time_t when = time(NULL);
	char clock[16] = "";
	struct tm tm;

	if (localtime_r(&when, &tm))
		strftime(clock, sizeof(clock), "%H:%M:%S", &tm);
	line(0, pair(PAIR_TITLE, A_BOLD) | A_BOLD, "kfaultstat %s  %s, every %.1f s%s", clock,
	     s->all ? "since the load" : s->delta->since == SINCE_RESET ? "since a reset" :
	     s->delta->since == SINCE_LOAD ? "since the load" : "in the interval",
	     s->options->interval, s->paused ? ", paused" : "");
	line(1, A_NORMAL, "major %.1f/s  minor %.1f/s  calls %.1f/s",
	     (double)total[MAJOR] / seconds,
	     (double)total[MINOR] / seconds, (double)total[CALLS] / seconds);
	line(2, A_NORMAL, "total %" PRIu64 " major, %" PRIu64 " minor; missed %" PRIu64 ", overflow %"
	     PRIu64, now ? now->lifetime.n[MAJOR] : 0, now ? now->lifetime.n[MINOR] : 0,
	     now ? now->total.n[MISSED] : 0, now ? now->overflow : 0);
	line(3, A_NORMAL,
	     "table %" PRIu64 " rows, %" PRIu64 " KiB; processes %" PRIu64 " live, %" PRIu64
	     " ended, %" PRIu64 " folded", now ? now->table_rows : 0, now ? now->memory >> 10 : 0,
	     now ? now->processes : 0, now ? now->ended : 0, now ? now->folded : 0);
	line(4, A_NORMAL, "by %s  name %s  object %s%s%s  sorted by %s",
	     grouping_names[s->options->grouping.by], or_all(filter->comm), or_all(filter->object),
	     filter->files ? ", files" : filter->regions ? ", regions" : "",
	     filter->nr_pids ? ", some pids" : "",
	     s->options->sorts.nr ? column_name(s->options->sorts.by[0].column) : "nothing");
}

static bool is_path(enum column column)
{
	return column == COLUMN_OBJECT || column == COLUMN_DIR || column == COLUMN_CGROUP;
}

static size_t column_least(enum column column)
{
	if (column == COLUMN_COMM)
		return 15;
	if (column == COLUMN_PID || column == COLUMN_PPID)
		return 7;
	return column_is_number(column) ? 9 : 7;
}

/* Widths of all columns, and of the path what is left. */
static bool fit(const struct screen *s, size_t *widths, size_t from, size_t to)
{
	size_t used = 0, path = s->columns.nr, width = (size_t)COLS, i, j;

	for (j = 0; j < s->columns.nr; j++) {
		enum column column = s->columns.at[j];

		widths[j] = strlen(column_name(column));
		if (is_path(column)) {
			path = j;
			continue;
		}
		if (widths[j] < column_least(column))
			widths[j] = column_least(column);
		for (i = from; i < to; i++) {
			char *text = column_text(column, &s->items->at[i], TEXT_TABLE);
			size_t has = text ? text_width(text) : 1;

			if (has > widths[j])
				widths[j] = has;
			free(text);
		}
		used += widths[j] + 1;
	}
	if (path == s->columns.nr)
		return used <= width;
	if (used + PATH_MIN > width) {
		widths[path] = width > used ? width - used : 1;
		return false;
	}
	widths[path] = width - used;
	return true;
}

/* Numbers go from the right until there is room for the path. */
static void fit_columns(struct screen *s, size_t *widths, size_t from, size_t to)
{
	s->columns = s->options->columns;
	while (!fit(s, widths, from, to)) {
		size_t last = s->columns.nr;

		while (last > 0 && !column_is_number(s->columns.at[last - 1]))
			last--;
		if (last <= 2)
			return;
		memmove(&s->columns.at[last - 1], &s->columns.at[last],
			(s->columns.nr - last) * sizeof(s->columns.at[0]));
		s->columns.nr--;
	}
}

/* One cell, cut or filled to its width. */
static void cell(enum column column, char *text, size_t width, bool last)
{
	size_t has;

	if (is_path(column))
		text = text_shorten(text, width);
	has = text_width(text);
	if (column_is_number(column) && has < width)
		printw("%*s", (int)(width - has), "");
	addstr(text);
	if (!column_is_number(column) && has < width)
		printw("%*s", (int)(width - has), "");
	if (!last)
		addch(' ');
	free(text);
}

static void draw_names(const struct screen *s, const size_t *widths)
{
	size_t j, i;

	move(HEADER_LINES - 1, 0);
	attrset(A_REVERSE);
	for (j = 0; j < s->columns.nr; j++) {
		char *name = xstrdup(column_name(s->columns.at[j]));

		for (i = 0; name[i]; i++)
			if (name[i] >= 'a' && name[i] <= 'z')
				name[i] = (char)(name[i] - 'a' + 'A');
		cell(s->columns.at[j], name, widths[j], j + 1 == s->columns.nr);
	}
	attrset(A_NORMAL);
	clrtoeol();
}

static void draw_item(const struct screen *s, const struct item *item, const size_t *widths)
{
	size_t j;

	if (item->row.counts.n[MAJOR])
		attrset(pair(PAIR_MAJOR, A_BOLD));
	for (j = 0; j < s->columns.nr; j++) {
		char *text = column_text(s->columns.at[j], item, TEXT_TABLE);

		cell(s->columns.at[j], text ? text : xstrdup("-"), widths[j], j + 1 ==
		     s->columns.nr);
	}
	attrset(A_NORMAL);
}

static void draw_table(struct screen *s)
{
	size_t widths[COLUMNS_SHOWN_MAX], rows = screen_rows(), to, i;

	if (s->top + rows > s->items->nr)
		s->top = s->items->nr > rows ? s->items->nr - rows : 0;
	to = s->top + rows < s->items->nr ? s->top + rows : s->items->nr;
	fit_columns(s, widths, s->top, to);
	draw_names(s, widths);
	for (i = s->top; i < to; i++) {
		move(HEADER_LINES + (int)(i - s->top), 0);
		draw_item(s, &s->items->at[i], widths);
	}
}

static void draw_help(void)
{
	static const char *const text[] = {
		"q          end",
		"space      stop and go on",
		"t          in the interval, or since the module was loaded",
		"d          another interval",
		"m n c      sort by majors, minors, calls",
		"< >        sort by the column to the left, to the right",
		"r          the other way round",
		"g          add up by object, dir, process, comm, cgroup, or not at all",
		"/          only objects that match a glob",
		"u          only processes whose name matches a glob",
		"p          only some pids",
		"f          files, regions, both",
		"arrows     up and down; pages and ends by their keys",
		"? h        these lines",
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(text); i++)
		line(HEADER_LINES - 1 + (int)i, A_NORMAL, "  %s", text[i]);
}

/**
 * screen_draw() - draw everything.
 * @s: what there is; where it begins is corrected if there are not so many
 */
void screen_draw(struct screen *s)
{
	erase();
	draw_header(s);
	if (s->helping)
		draw_help();
	else
		draw_table(s);
	if (s->trouble)
		line(LINES - 1, pair(PAIR_TROUBLE, A_BOLD), "%s", s->trouble);
	else
		line(LINES - 1, A_DIM, "%zu of %zu   q end   ? keys", s->items->nr ? s->top + 1 : 0,
		     s->items->nr);
	refresh();
}

/**
 * screen_ask() - ask for a line of text, on the last line of the screen.
 * @question: what is asked
 * @answer: set
 * @size: of it, in bytes
 *
 * Return: false if the question was dismissed with the escape key.
 */
bool screen_ask(const char *question, char *answer, size_t size)
{
	size_t used = 0;
	int key;

	timeout(-1);
	curs_set(1);
	answer[0] = '\0';
	for (;;) {
		line(LINES - 1, A_BOLD, "%s: %s", question, answer);
		refresh();
		key = getch();
		if (key == '\n' || key == '\r' || key == KEY_ENTER || key == 27 || key == ERR)
			break;
		if ((key == KEY_BACKSPACE || key == 127 || key == '\b') && used)
			answer[--used] = '\0';
		else if (key >= ' ' && key < 256 && key != 127 && used + 1 < size)
			answer[used++] = (char)key;
		answer[used] = '\0';
	}
	curs_set(0);
	return key != 27 && key != ERR;
}
