// SPDX-License-Identifier: GPL-2.0
/*
 * screen.c - draws the screen of top with curses at any size, and waits for keys. All text from
 * the file passes through text.c before. Called by top.c.
 */
#include <curses.h>
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "commands/top/screen.h"
#include "lib/message.h"
#include "lib/pace.h"
#include "lib/text.h"
#include "lib/xalloc.h"

#define FOOTER_LINES	1
#define PATH_USUAL	20
#define PATH_NARROW	10
#define NARROW		60
#define CELL_MAX	4096

enum { PAIR_TITLE = 1, PAIR_MAJOR, PAIR_TROUBLE };

static bool begun;
static bool colors;
static volatile sig_atomic_t caught;
static sigset_t mask_waiting;

static void handler(int number)
{
	caught = number;
}

/*
 * Signals come while we wait for a key and at no other time. Those that end us are not
 * left to curses: a shell is to see by which one we ended.
 */
static void signals_take(void)
{
	static const int ending[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };
	struct sigaction action = { .sa_handler = handler }, old;
	sigset_t blocked;
	size_t i;

	sigemptyset(&blocked);
	sigaddset(&blocked, SIGWINCH);
	for (i = 0; i < ARRAY_SIZE(ending); i++) {
		sigaction(ending[i], NULL, &old);
		if (old.sa_handler == SIG_IGN)
			continue;
		sigaction(ending[i], &action, NULL);
		sigaddset(&blocked, ending[i]);
	}
	sigprocmask(SIG_BLOCK, &blocked, &mask_waiting);
}

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
	signals_take();
	if (!newterm(NULL, stdout, stdin)) {
		complain("unknown terminal %s: set TERM",
			 term && *term ? term : "without a name");
		return false;
	}
	begun = true;
	atexit(screen_end);
	cbreak();
	noecho();
	keypad(stdscr, TRUE);
	timeout(0);
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
 * screen_signal() - why screen_key() returned SCREEN_END.
 *
 * Return: the signal that came; 0 if the terminal has gone.
 */
int screen_signal(void)
{
	return caught;
}

/**
 * screen_key() - wait for a key, and let signals in.
 * @seconds: how long at most; 0 only looks
 *
 * Not by curses alone, which returns at once, again and again, when the terminal has gone.
 *
 * Return: the key; SCREEN_NOTHING if none came, SCREEN_END if none will.
 */
int screen_key(double seconds)
{
	struct pollfd input = { .fd = STDIN_FILENO, .events = POLLIN };
	double end = clock_now() + seconds;
	int empty = 0, key, ready;
	bool waited = false;

	for (;;) {
		struct timespec rest = { 0, 0 };
		double left = end - clock_now();

		key = getch();
		if (caught)
			return SCREEN_END;
		if (key != ERR)
			return key;
		if (left <= 0 && waited)
			return SCREEN_NOTHING;
		if (left > 0) {
			rest.tv_sec = (time_t)left;
			rest.tv_nsec = (long)((left - (double)rest.tv_sec) * 1e9);
		}
		waited = true;
		ready = ppoll(&input, 1, &rest, &mask_waiting);
		if (ready < 0 && errno != EINTR)
			return SCREEN_END;
		/* Something to read that is nothing: the end, though it may not be said so. */
		empty = ready > 0 ? empty + 1 : 0;
		if (empty > 3 || (empty > 1 && input.revents & ~POLLIN)) {
			/* If there is a signal that says why, it came with that. */
			sigprocmask(SIG_SETMASK, &mask_waiting, NULL);
			return SCREEN_END;
		}
	}
}

/* Lines above the first item: what is in the header, and the names of the columns. */
static int header_lines(void)
{
	int lines = LINES;

	return lines >= 16 ? 6 : lines >= 8 ? 3 : 1;
}

/**
 * screen_rows() - how many items fit.
 *
 * Return: lines, at least one.
 */
size_t screen_rows(void)
{
	int rows = LINES - header_lines() - FOOTER_LINES;

	return rows > 0 ? (size_t)rows : 1;
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
	int lines = LINES, width = COLS;
	char text[CELL_MAX];
	va_list args;
	char *shown;

	if (y >= lines)
		return;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	shown = text_clip(text_shown(text, TEXT_TABLE), (size_t)width);
	move(y, 0);
	clrtoeol();
	attrset(attributes);
	addstr(shown);
	attrset(A_NORMAL);
	free(shown);
}

static const char *or_all(const char *filter)
{
	return filter ? filter : "*";
}

static void draw_header(const struct screen *s)
{
	static const char *const since[] = {
		[SINCE_BEFORE] = "in the interval", [SINCE_RESET] = "since a reset",
		[SINCE_LOAD] = "since the load",
	};
	enum delta_since from = s->all ? SINCE_LOAD : s->delta->since;
	const struct filter *filter = s->filter;
	const struct snapshot *now = s->now;
	double seconds = s->delta->seconds > 0 ? s->delta->seconds : 1;
	const uint64_t *total = s->delta->total.n;
	int lines = header_lines();
	time_t when = time(NULL);
	char clock[16] = "";
	struct tm tm;

	if (localtime_r(&when, &tm))
		strftime(clock, sizeof(clock), "%H:%M:%S", &tm);
	if (lines == 1)
		return;
	line(0, pair(PAIR_TITLE, A_BOLD) | A_BOLD, "kfaultstat %s%s  %s%s, every %.1f s", clock,
	     s->paused ? ", paused" : "", since[from],
	     from == SINCE_LOAD && now && now->resets ? ", rows since the last reset" : "",
	     s->interval->seconds);
	line(1, A_NORMAL, "major %.1f/s  minor %.1f/s  calls %.1f/s",
	     (double)total[MAJOR] / seconds, (double)total[MINOR] / seconds,
	     (double)total[CALLS] / seconds);
	if (lines == 3)
		return;
	line(2, A_NORMAL, "total %" PRIu64 " major, %" PRIu64 " minor; missed %" PRIu64 ", overflow %"
	     PRIu64, now ? now->lifetime.n[MAJOR] : 0, now ? now->lifetime.n[MINOR] : 0,
	     now ? now->total.n[MISSED] : 0, now ? now->overflow : 0);
	line(3, A_NORMAL,
	     "table %" PRIu64 " rows, %" PRIu64 " KiB; processes %" PRIu64 " live, %" PRIu64
	     " ended, %" PRIu64 " folded", now ? now->table_rows : 0, now ? now->memory >> 10 : 0,
	     now ? now->processes : 0, now ? now->ended : 0, now ? now->folded : 0);
	line(4, A_NORMAL, "by %s  name %s  object %s%s%s  sorted by %s",
	     grouping_names[s->grouping->by], or_all(filter->comm), or_all(filter->object),
	     filter->files ? ", files" : filter->areas ? ", areas" : "",
	     filter->nr_pids ? ", some pids" : "",
	     view_name(&s->view, s->view.sorts[0].field));
}

/* So wide at least that columns stay where they are when numbers grow. */
static size_t column_least(const struct view *view, size_t column)
{
	if (COLS < NARROW)
		return 0;
	if (column == COLUMN_COMM)
		return 15;
	if (column == COLUMN_PID || column == COLUMN_PPID)
		return 7;
	return view_is_number(view, column) ? 9 : 7;
}

/* Widths of all columns that could be shown, as they are. */
static void measure(struct screen *s, size_t *widths, size_t from, size_t to)
{
	size_t i, j;

	s->fitting = s->view;
	for (j = 0; j < s->view.nr_shown; j++) {
		size_t column = s->view.shown[j];
		size_t least = column_least(&s->view, column);

		widths[j] = strlen(view_name(&s->view, column));
		widths[j] = widths[j] > least ? widths[j] : least;
		for (i = from; i < to; i++) {
			char *text = view_text(&s->view, column, &s->items->at[i], TEXT_TABLE);
			size_t has = text ? text_width(text) : 1;

			widths[j] = has > widths[j] ? has : widths[j];
			free(text);
		}
	}
}

static void fit_columns(struct screen *s, size_t *widths, size_t from, size_t to)
{
	size_t width = (size_t)COLS, path = width < NARROW ? PATH_NARROW : PATH_USUAL;
	size_t wanted[FIELDS_MAX] = { 0 };

	measure(s, wanted, from, to);
	do {
		memcpy(widths, wanted, sizeof(wanted));
	} while (!view_fit(&s->fitting, widths, width, path) && view_drop(&s->fitting, wanted));
}

/* A cell, cut or filled to its width. */
static void cell(char *text, size_t width, bool right)
{
	size_t has, fill;

	text = text_clip(text, width);
	has = text_width(text);
	fill = has < width ? width - has : 0;
	if (right && fill)
		printw("%*s", (int)fill, "");
	addstr(text);
	if (!right && fill)
		printw("%*s", (int)fill, "");
	free(text);
}

static char *heading(const struct view *view, size_t column)
{
	return text_upper(xstrdup(view_name(view, column)));
}

static char *cell_text(const struct view *view, size_t column, const struct item *item,
		       size_t width)
{
	char *text = view_text(view, column, item, TEXT_TABLE);

	if (!text)
		return xstrdup("-");
	if (width)
		text = view_cut(view, column, text, width);
	/* A number that is cut would be another one. */
	if (view_is_number(view, column) && text_width(text) > width)
		memset(text, '#', strlen(text));
	return text;
}

/* Cells of an item, or names of columns; no line goes on in the next one where it is full. */
static void draw_cells(const struct screen *s, int y, const size_t *widths, const struct item *item)
{
	const struct view *view = &s->fitting;
	size_t screen = (size_t)COLS, x = 0, j;

	for (j = 0; j < view->nr_shown && x < screen; j++) {
		size_t column = view->shown[j];
		size_t width = widths[j] < screen - x ? widths[j] : screen - x;

		if (x)
			mvaddch(y, (int)x - 1, ' ');
		move(y, (int)x);
		cell(item ? cell_text(view, column, item, width) : heading(view, column), width,
		     view_is_number(view, column));
		x += widths[j] + 1;
	}
}

static void draw_table(struct screen *s)
{
	size_t widths[FIELDS_MAX], rows = screen_rows(), to, i;

	if (s->top + rows > s->items->nr)
		s->top = s->items->nr > rows ? s->items->nr - rows : 0;
	to = s->top + rows < s->items->nr ? s->top + rows : s->items->nr;
	fit_columns(s, widths, s->top, to);
	attrset(A_REVERSE);
	draw_cells(s, header_lines() - 1, widths, NULL);
	for (i = s->top; i < to; i++) {
		attrset(s->items->at[i].row.counts.n[MAJOR] ? pair(PAIR_MAJOR, A_BOLD) : A_NORMAL);
		draw_cells(s, header_lines() + (int)(i - s->top), widths, &s->items->at[i]);
	}
	attrset(A_NORMAL);
}

static void draw_help(struct screen *s)
{
	static const char *const text[] = {
		"q          end",
		"space      pause and resume",
		"t          in the interval, or since the module was loaded",
		"d          change the interval",
		"m n c      sort by majors, minors, calls",
		"< >        sort by the column to the left, to the right",
		"r          reverse the order",
		"g          sum by object, dir, process, comm, cgroup, or not at all",
		"/          only objects that match a glob",
		"u          only processes whose name matches a glob",
		"p          only some pids",
		"f          files, areas, both",
		"arrows     scroll; also by page, to the first and last row",
		"^L         redraw the screen",
		"? h        show or leave this help",
	};
	int first = header_lines() - 1;
	size_t rows = screen_rows() + 1, number = ARRAY_SIZE(text), i;

	if (s->help_top + rows > number)
		s->help_top = number > rows ? number - rows : 0;
	for (i = 0; i < rows && s->help_top + i < number; i++)
		line(first + (int)i, A_NORMAL, "  %s", text[s->help_top + i]);
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
		draw_help(s);
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
 * screen_draw_anew() - let the next drawing leave nothing that others wrote there.
 */
void screen_draw_anew(void)
{
	clearok(curscr, TRUE);
}

/* Without its last character. */
static size_t shortened(const char *text, size_t used)
{
	while (used > 1 && ((unsigned char)text[used - 1] & 0xc0) == 0x80)
		used--;
	return used ? used - 1 : 0;
}

/* Of a long answer the end, where it is being written. */
static void draw_question(const char *question, const char *answer)
{
	size_t width = (size_t)COLS, asked = strlen(question) + 2;
	char *shown = text_shown(answer, TEXT_TABLE);

	/* The cursor wants a place of its own. */
	if (width > asked + 1)
		shown = text_shorten(shown, width - asked - 1);
	move(LINES - 1, 0);
	clrtoeol();
	attrset(A_BOLD);
	printw("%s: ", question);
	addstr(shown);
	attrset(A_NORMAL);
	free(shown);
}

/**
 * screen_ask() - ask for a line of text, on the last line of the screen.
 * @screen: what is behind it
 * @question: what is asked
 * @answer: set
 * @size: of it, in bytes
 *
 * Return: '\n', 27 if the question was dismissed with the escape key, or SCREEN_END.
 */
int screen_ask(struct screen *screen, const char *question, char *answer, size_t size)
{
	size_t used = 0;
	int key;

	curs_set(1);
	answer[0] = '\0';
	for (;;) {
		draw_question(question, answer);
		refresh();
		key = screen_key(1e6);
		if (key == '\r' || key == KEY_ENTER)
			key = '\n';
		if (key == '\n' || key == 27 || key == SCREEN_END)
			break;
		if (key == KEY_RESIZE)
			screen_draw(screen);
		else if (key == KEY_BACKSPACE || key == 127 || key == '\b')
			used = shortened(answer, used);
		else if (key >= ' ' && key < 256 && used + 1 < size)
			answer[used++] = (char)key;
		answer[used] = '\0';
	}
	curs_set(0);
	return key;
}
