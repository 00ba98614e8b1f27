// SPDX-License-Identifier: GPL-2.0
/*
 * options.c - the command line, from one table of options that the parser, --help, and
 * through it the tests of man page and completion go by. Called by kfaultstat.c. Columns
 * are looked at by the commands (fields.c), whose defaults differ.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "commands/options.h"
#include "lib/spread.h"
#include "lib/text.h"
#include "uapi/faultstat.h"
#include "ui/fields.h"

#define TABLES	(SHOW | DIFF | STAT)
#define ROWS	(SHOW | DIFF | TOP)
#define MEMORY	(CACHE | MAP | FILE_REGIONS)
#define EVERY	(~0u)

#define STDIN_ONCE	"standard input cannot be read again and again: give a file with --input"

struct option_info {
	int key;		/* the letter, or a number beyond them */
	const char *name;
	const char *argument;
	unsigned int commands;
	const char *help;		/* NULL: an older name of the one before */
};

enum {
	KEY_NOHEADINGS = 256, KEY_FILES, KEY_AREAS, KEY_BY, KEY_NO_COLOR, KEY_REPORT, KEY_ROOT,
	KEY_VIA, KEY_RANGES, KEY_MISSING, KEY_SMAPS, KEY_SVG, KEY_PARTS,
};

static const struct option_info options_known[] = {
	{ 'i', "input", "FILE", SHOW | TOP | DOCTOR,
	  "read a saved copy of the module's file, - from stdin" },
	{ 'i', "input", "FILE", FILE_REGIONS,
	  "faults from a saved copy of /proc/faultstat/heat" },
	{ 'a', "all", NULL, SHOW | DIFF | MEMORY, "all rows, not only those that fit the screen" },
	{ 'a', "all", NULL, STAT, "all rows, not only the first twenty" },
	{ 'n', "lines", "NUMBER", TABLES | MEMORY, "at most so many rows" },
	{ 'o', "output", "LIST", TABLES | TOP | MEMORY,
	  "columns to show; +LIST adds to the usual ones" },
	{ 'o', "output", "LIST", SYS, "columns to show" },
	{ 's', "sort", "LIST", TABLES | TOP | MEMORY,
	  "columns to sort by, each with :asc or :desc if need be" },
	{ 'r', "raw", NULL, TABLES | SYS | DOCTOR | MEMORY,
	  "words with one space between, for programs" },
	{ 'J', "json", NULL, SHOW | SYS | MEMORY, "JSON; a line for each interval" },
	{ 'J', "json", NULL, DIFF | STAT | DOCTOR, "JSON" },
	{ KEY_NOHEADINGS, "noheadings", NULL, TABLES | SYS | DOCTOR | MEMORY,
	  "no names of columns" },
	{ 'p', "pid", "PID[,...]", ROWS, "only these processes" },
	{ 'c', "comm", "GLOB", ROWS, "only processes of such a name" },
	{ 'p', "pid", "PID[,...]", CACHE, "the files that these processes map" },
	{ 'p', "pid", "PID[,...]", MAP, "what these processes have mapped, not all processes" },
	{ 'p', "pid", "PID[,...]", FILE_REGIONS, "these processes and the files that they map" },
	{ 'f', "object", "GLOB", CACHE | FILE_REGIONS, "only such files; * matches / as well" },
	{ 'f', "object", "GLOB", MAP,
	  "only such objects, and their share of the process's memory" },
	{ 'f', "object", "GLOB", ROWS, "only such objects; * matches / as well" },
	{ KEY_FILES, "files", NULL, ROWS, "only files" },
	{ KEY_AREAS, "areas", NULL, ROWS, "only what has no file" },
	{ KEY_AREAS, "regions", NULL, ROWS, NULL },	/* what it was called before 1.1 */
	{ KEY_BY, "by", "WHAT", SHOW | TOP,
	  "add up by object, dir[=DEPTH], process, comm or cgroup" },
	{ KEY_BY, "by", "WHAT", DIFF, "add up by object, dir[=DEPTH], process or comm" },
	{ KEY_BY, "by", "WHAT", STAT, "add up by object (usual), dir[=DEPTH], process or comm" },
	{ KEY_BY, "by", "WHAT", CACHE, "add files up by dir, or by its first folders: dir=DEPTH" },
	{ 'x', "one-file-system", NULL, CACHE, "do not go into other file systems" },
	{ KEY_RANGES, "ranges", NULL, CACHE, "the ranges of each file that are cached" },
	{ KEY_MISSING, "missing", NULL, CACHE, "the ranges of each file that are not" },
	{ KEY_VIA, "via", "WAY", CACHE, "ask the kernel by cachestat, or by mincore" },
	{ KEY_VIA, "via", "WAY", MAP, "ask by scan (PAGEMAP_SCAN), or by pagemap" },
	{ KEY_SMAPS, "smaps", NULL, MAP, "what smaps says, too; stalls the process meanwhile" },
	{ KEY_PARTS, "parts", "NUMBER", FILE_REGIONS,
	  "at most so many regions of a file, from 1 to 256" },
	{ KEY_SVG, "svg", "FILE", FILE_REGIONS, "draw faults by time and offset" },
	{ KEY_NO_COLOR, "no-color", NULL, TOP, "no colours" },
	{ 'w', "wait", NULL, STAT, "wait for what the command leaves running, too" },
	{ KEY_REPORT, "report", "FILE", STAT, "write the report there, not to standard error" },
	{ KEY_ROOT, "root", "DIR", SYS | DOCTOR,
	  "look at DIR/proc and DIR/sys, not /proc and /sys" },
	{ 'h', "help", NULL, EVERY, "this text" },
	{ 'V', "version", NULL, EVERY, "the version of kfaultstat" },
};

#define NR_OPTIONS ARRAY_SIZE(options_known)

static void help(const struct command *command)
{
	const struct command *c;
	size_t i;

	printf("Usage: kfaultstat %s [options]%s%s\n", command->name, *command->arguments ? " " : "",
	       command->arguments);
	printf("%s\n\nOptions:\n", command->summary);
	for (i = 0; i < NR_OPTIONS; i++) {
		const struct option_info *o = &options_known[i];
		char word[40];

		if (!(o->commands & command->bit) || !o->help)
			continue;
		snprintf(word, sizeof(word), "%s%s%s", o->name, o->argument ? " " : "",
			 o->argument ? o->argument : "");
		if (o->key < 256)
			printf(" -%c, --%-14s %s\n", o->key, word, o->help);
		else
			printf("     --%-14s %s\n", word, o->help);
	}
	if (command->columns) {
		printf("\nColumns%s:\n", command->bit == SYS ?
		       " (KiB with -r and -J), by name in /proc/meminfo, vmstat, pressure" : "");
		command->columns();
	}
	if (command->bit == SHOW) {
		printf("\nCommands, show being the one that is meant without any:\n");
		for (c = commands; c->name; c++)
			printf(" %-8s %s\n", c->name, c->summary);
	}
	printf("\nSee kfaultstat(8).\n");
}

static const struct option_info *option_find(const struct command *command, int key)
{
	size_t i;

	for (i = 0; i < NR_OPTIONS; i++)
		if (options_known[i].key == key && options_known[i].commands & command->bit)
			return &options_known[i];
	return NULL;
}

/* What getopt wants, of the options that this command has. */
static void make_getopt(const struct command *command, char *letters, struct option *names)
{
	size_t i;

	/* A command to run has options of its own. */
	if (command->bit == STAT)
		*letters++ = '+';
	*letters++ = ':';
	for (i = 0; i < NR_OPTIONS; i++) {
		const struct option_info *o = &options_known[i];

		if (!(o->commands & command->bit))
			continue;
		*names++ = (struct option){ o->name, o->argument ? required_argument : no_argument,
					    NULL, o->key };
		if (o->key < 256) {
			*letters++ = (char)o->key;
			if (o->argument)
				*letters++ = ':';
		}
	}
	*letters = '\0';
	memset(names, 0, sizeof(*names));
}

#define usage(...) (complain(__VA_ARGS__), EXIT_USAGE)

static enum exit_code set_lines(struct options *options, const char *value)
{
	uint64_t lines;

	if (!text_number(value, &lines) || !lines || lines > SIZE_MAX / 2)
		return usage("-n is a number of rows from 1 on, not \"%s\"", value);
	options->lines = (size_t)lines;
	return EXIT_FINE;
}

static enum exit_code set_parts(struct options *options, const char *value)
{
	uint64_t parts;

	if (!text_number(value, &parts) || !parts || parts > SPREAD_MAX)
		return usage("--parts is a number of regions from 1 to %d, not \"%s\"", SPREAD_MAX,
			     value);
	options->parts = (size_t)parts;
	return EXIT_FINE;
}

/* Of files nothing else is known; of processes that have ended nobody knows the cgroup. */
static bool grouping_fits(const struct options *options, bool cgroups)
{
	if (options->command->bit == CACHE)
		return options->grouping.by == BY_DIR;
	return cgroups || options->grouping.by != BY_CGROUP;
}

static enum exit_code set_grouping(struct options *options, const char *value)
{
	bool cgroups = options->command->bit & (SHOW | TOP);

	if (grouping_parse(&options->grouping, value) && grouping_fits(options, cgroups))
		return EXIT_FINE;
	if (options->command->bit == CACHE)
		return usage("--by of cache is dir or dir=DEPTH (from 1 to %d), not \"%s\"",
			     DEPTH_MAX, value);
	return usage("--by of %s is object, dir, dir=DEPTH (from 1 to %d), process%s, not \"%s\"",
		     options->command->name, DEPTH_MAX, cgroups ? ", comm or cgroup" : " or comm",
		     value);
}

static enum exit_code set(struct options *options, int key, char *value)
{
	switch (key) {
	case 'i':
		options->input = value;
		return EXIT_FINE;
	case 'a':
		options->all = true;
		return EXIT_FINE;
	case 'n':
		return set_lines(options, value);
	case 'o':
		options->columns.output = value;
		return EXIT_FINE;
	case 's':
		options->columns.sort = value;
		return EXIT_FINE;
	case 'r':
		options->style.format = FORMAT_RAW;
		return EXIT_FINE;
	case 'J':
		options->style.format = FORMAT_JSON;
		return EXIT_FINE;
	case KEY_NOHEADINGS:
		options->style.noheadings = true;
		return EXIT_FINE;
	case 'p':
		return filter_pids(&options->filter, value) ? EXIT_FINE :
		       usage("-p is a list of pids from 1 on with commas between, at most %d, not \"%s\"",
			     FILTER_PIDS_MAX, value);
	case 'c':
		/* As it is shown, bytes that could not be. */
		filter_glob(value);
		options->filter.comm = value;
		return EXIT_FINE;
	case 'f':
		filter_glob(value);
		options->filter.object = value;
		return EXIT_FINE;
	case KEY_FILES:
		options->filter.files = true;
		return EXIT_FINE;
	case KEY_AREAS:
		options->filter.areas = true;
		return EXIT_FINE;
	case KEY_BY:
		return set_grouping(options, value);
	case KEY_NO_COLOR:
		options->no_color = true;
		return EXIT_FINE;
	case 'w':
		options->wait = true;
		return EXIT_FINE;
	case 'x':
		options->one_fs = true;
		return EXIT_FINE;
	case KEY_VIA:
		options->via = value;
		return EXIT_FINE;
	case KEY_RANGES:
		options->ranges = true;
		return EXIT_FINE;
	case KEY_MISSING:
		options->missing = true;
		return EXIT_FINE;
	case KEY_SMAPS:
		options->smaps = true;
		return EXIT_FINE;
	case KEY_PARTS:
		return set_parts(options, value);
	case KEY_SVG:
		options->svg = value;
		return EXIT_FINE;
	case KEY_REPORT:
		options->report = value;
		return EXIT_FINE;
	default:
		options->root = value;
		return EXIT_FINE;
	}
}

/* What getopt_long() did not take: @word is where it is, @key one letter or ':'. */
static enum exit_code refused(const struct options *options, int key, const char *word)
{
	const struct option_info *known = option_find(options->command, optopt);
	char letter[3] = { '-', (char)optopt, '\0' };
	const char *name = options->command->name;

	/* Letters stand together, and a value may be the next word. */
	if (optopt > 0 && optopt < 256 && (!known || word[0] != '-' || word[1] != '-'))
		word = letter;
	if (key == ':')
		return usage("%s wants a value, %s: see kfaultstat %s --help", word,
			     known ? known->argument : "and there is none", name);
	if (known && optopt)
		return usage("%.*s takes no value: see kfaultstat %s --help",
			     (int)strcspn(word, "="), word, name);
	return usage("%s is no option of kfaultstat %s: see kfaultstat %s --help", word, name,
		     name);
}

static const struct command *command_named_by(const char *word)
{
	const struct command *c;

	for (c = commands; c->name; c++)
		if (!strcmp(c->name, word))
			return c;
	return NULL;
}

static enum exit_code parse_interval(struct options *options, bool command_named)
{
	char **argument = options->arguments;
	const char *first = options->nr_arguments ? argument[0] : "";

	if (!command_named && command_named_by(first))
		return usage("the command comes first: kfaultstat %s, then its options", first);
	if (*first && !command_named && strspn(first, "0123456789.-+") != strlen(first))
		return usage("\"%s\" is no command and no interval: see kfaultstat --help", first);
	if (options->nr_arguments > 2)
		return usage("\"%s\" is too much: interval and count are all", argument[2]);
	if (options->nr_arguments > 0 &&
	    (!text_seconds(first, &options->interval) || options->interval < INTERVAL_LEAST ||
	     options->interval > INTERVAL_MOST))
		return usage("the interval is a number of seconds from %g to %.0f, not \"%s\"%s",
			     INTERVAL_LEAST, INTERVAL_MOST, first,
			     options->command->bit == MAP ? "; processes are given with -p" : "");
	if (options->nr_arguments > 1 &&
	    (!text_number(argument[1], &options->count) || !options->count))
		return usage("the count is a number from 1 on, not \"%s\"", argument[1]);
	if (options->interval > 0 && options->input && !strcmp(options->input, "-"))
		return usage(STDIN_ONCE);
	return EXIT_FINE;
}

/**
 * options_take_interval() - take interval and count from behind other arguments: the last one
 * or two if they are numbers; ./5 is a file.
 * @options: their interval and count are set, and the arguments become fewer
 * @least: arguments that are none of them, whatever they look like
 *
 * Return: false after a complaint.
 */
bool options_take_interval(struct options *options, int least)
{
	int nr = options->nr_arguments;
	double number;

	if (nr - 2 >= least && text_seconds(options->arguments[nr - 2], &options->interval)) {
		if (!text_number(options->arguments[nr - 1], &options->count) || !options->count)
			return complain("the count is a number from 1 on, not %s",
					options->arguments[nr - 1]), false;
		nr -= 2;
	} else if (nr - 1 >= least && text_seconds(options->arguments[nr - 1], &number)) {
		options->interval = number;
		nr--;
	}
	if (nr < options->nr_arguments &&
	    (options->interval < INTERVAL_LEAST || options->interval > INTERVAL_MOST))
		return complain("%s is no interval in seconds from %g on", options->arguments[nr],
				INTERVAL_LEAST), false;
	options->nr_arguments = nr;
	if (options->interval > 0 && options->input && !strcmp(options->input, "-"))
		return complain(STDIN_ONCE), false;
	return true;
}

/* What can be told to be wrong before anything is read. */
static enum exit_code check(struct options *options, bool command_named)
{
	if (options->filter.files && options->filter.areas)
		return usage("%s and --areas together leave nothing: give one of them", "--files");
	if (options->command->bit == DOCTOR && options->input && *options->root)
		return usage("--input and --root are two sources: give one of them");
	if (options->grouping.by == BY_CGROUP && options->input)
		return usage("%s wants live processes, which a saved copy has none of", "--by cgroup");
	if (options->command->intervals)
		return parse_interval(options, command_named);
	if (options->nr_arguments && !*options->command->arguments)
		return usage("kfaultstat %s takes no argument, and there is \"%s\"",
			     options->command->name, options->arguments[0]);
	return EXIT_FINE;
}

/* The command's name comes first, or there is none and show is meant. */
static const struct command *command_find(int *argc, char ***argv)
{
	const struct command *c = *argc > 1 ? command_named_by((*argv)[1]) : NULL;

	if (!c)
		return commands;
	(*argc)--;
	(*argv)++;
	return c;
}

/**
 * options_parse() - take the command line apart.
 * @options: set
 * @argc: of main
 * @argv: of main
 * @done: set where help or version was all that was wanted
 *
 * Return: EXIT_FINE, or EXIT_USAGE after a complaint.
 */
enum exit_code options_parse(struct options *options, int argc, char **argv, bool *done)
{
	struct option names[NR_OPTIONS + 1];
	char letters[2 * NR_OPTIONS + 3];
	int key, words = argc;
	enum exit_code code;

	memset(options, 0, sizeof(*options));
	options->root = "";
	options->command = command_find(&argc, &argv);
	make_getopt(options->command, letters, names);
	opterr = 0;
	while ((key = getopt_long(argc, argv, letters, names, NULL)) != -1) {
		if (key == 'h') {
			help(options->command);
			*done = true;
			return EXIT_FINE;
		}
		if (key == 'V') {
			printf("kfaultstat %s\n", FAULTSTAT_VERSION);
			*done = true;
			return EXIT_FINE;
		}
		if (!option_find(options->command, key))
			return refused(options, key, argv[optind - 1]);
		code = set(options, key, optarg);
		if (code != EXIT_FINE)
			return code;
	}
	options->arguments = argv + optind;
	options->nr_arguments = argc - optind;
	return check(options, argc < words);
}

/**
 * options_limit() - how many rows are shown at most.
 * @options: what is wanted
 * @lines_else: lines of the screen that are for something else
 *
 * Sets the width of the style, too.
 *
 * Return: the number.
 */
size_t options_limit(const struct options *options, size_t lines_else)
{
	size_t columns, lines;

	if (options->lines)
		return options->lines;
	screen_size(STDOUT_FILENO, &columns, &lines);
	if (options->all || !lines || options->style.format != FORMAT_TABLE)
		return SIZE_MAX;
	return lines > lines_else + 1 ? lines - lines_else : 1;
}
