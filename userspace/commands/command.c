// SPDX-License-Identifier: GPL-2.0
/*
 * command.c - parses the command line by the tables of options of the command that it names, and
 * prints --help from the same tables. The tests compare the man page and completion with --help.
 * Called by kfaultstat.c.
 */
#include <assert.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "commands/command.h"
#include "lib/text.h"
#include "uapi/faultstat.h"

#define OPTIONS_MAX	40	/* of a command */
#define KEY_LONG	256	/* keys of options without a letter come behind those */

/* An option of the command, and what it changes. */
struct known {
	const struct option_info *info;
	void *to;
	int key;
};

struct parser {
	const struct command *const *commands;
	const struct command *command;
	struct known known[OPTIONS_MAX];
	size_t nr;
	bool named;	/* the command, by the first word */
	bool has_pids;	/* -p was given */
	bool done;
};

#define usage(...) (complain(__VA_ARGS__), EXIT_USAGE)

static void print_option(const struct option_info *info)
{
	char word[40];

	snprintf(word, sizeof(word), "%s%s%s", info->name, info->argument ? " " : "",
		 info->argument ? info->argument : "");
	if (info->letter)
		printf(" -%c, --%-14s %s\n", info->letter, word, info->help);
	else
		printf("     --%-14s %s\n", word, info->help);
}

static void print_examples(const char *const *examples)
{
	printf("\nExamples:\n");
	for (; *examples; examples++) {
		const char *what = strstr(*examples, "  ");

		if (what)
			printf(" kfaultstat %-34.*s %s\n", (int)(what - *examples), *examples,
			       what + strspn(what, " "));
		else
			printf(" kfaultstat %s\n", *examples);
	}
}

/* What there is, for those who name no command. */
static void help_commands(const struct parser *p)
{
	static const char *const examples[] = {
		"1  rows that fault, each second",
		"stat make  page faults of a command, by file",
		"cache /var/lib  what is in the page cache",
		NULL
	};
	size_t i;

	printf("Usage: kfaultstat [command] [options] [arguments]\n");
	printf("Page faults, page cache and page tables, by process and file.\n\n");
	printf("Commands, %s is the default:\n", p->commands[0]->name);
	for (i = 0; p->commands[i]; i++)
		printf(" %-8s %s\n", p->commands[i]->name, p->commands[i]->summary);
	print_examples(examples);
	printf("\nFor options and columns see kfaultstat COMMAND --help, and kfaultstat(8).\n");
}

static void help_command(const struct parser *p, const char *name)
{
	const struct command *command = p->command;
	size_t i;

	printf("Usage: kfaultstat %s [options]%s%s\n", name, *command->arguments ? " " : "",
	       command->arguments);
	printf("%s\n\nOptions:\n", command->summary);
	for (i = 0; i < p->nr; i++)
		if (p->known[i].info->help)
			print_option(p->known[i].info);
	if (command->columns) {
		printf("\nColumns%s:\n", command->columns_note ? command->columns_note : "");
		command->columns();
	}
	print_examples(command->examples);
	printf("\nSee kfaultstat(8).\n");
}

static bool help(void *to, char *value, const char *name)
{
	struct parser *p = to;

	(void)value;
	if (p->named)
		help_command(p, name);
	else
		help_commands(p);
	p->done = true;
	return true;
}

static bool version(void *to, char *value, const char *name)
{
	(void)value;
	(void)name;
	printf("kfaultstat %s\n", FAULTSTAT_VERSION);
	((struct parser *)to)->done = true;
	return true;
}

/* Every command has these. */
static const struct option_info common[] = {
	{ 'h', "help", NULL, help, 0, "show this help" },
	{ 'V', "version", NULL, version, 0, "show the version" },
	OPTIONS_END
};

static void collect(struct parser *p, const struct option_info *info, void *to)
{
	for (; info->name; info++, p->nr++) {
		assert(p->nr < OPTIONS_MAX);
		p->known[p->nr].info = info;
		p->known[p->nr].to = (char *)to + info->at;
		p->known[p->nr].key = info->letter ? info->letter : KEY_LONG + (int)p->nr;
	}
}

static const struct known *option_find(const struct parser *p, int key)
{
	size_t i;

	for (i = 0; i < p->nr; i++)
		if (p->known[i].key == key)
			return &p->known[i];
	return NULL;
}

/* What getopt wants, of the options that this command has. */
static void make_getopt(const struct parser *p, char *letters, struct option *names)
{
	size_t i;

	/* A command to run has options of its own. */
	if (p->command->runs_another)
		*letters++ = '+';
	*letters++ = ':';
	for (i = 0; i < p->nr; i++) {
		const struct option_info *info = p->known[i].info;

		*names++ = (struct option){ info->name,
					    info->argument ? required_argument : no_argument,
					    NULL, p->known[i].key };
		if (info->letter) {
			*letters++ = (char)info->letter;
			if (info->argument)
				*letters++ = ':';
		}
	}
	*letters = '\0';
	memset(names, 0, sizeof(*names));
}

/* What getopt_long() did not take: @word is where it is, @key one letter or ':'. */
static enum exit_code refused(const struct parser *p, int key, const char *word)
{
	const struct known *known = option_find(p, optopt);
	char letter[3] = { '-', (char)optopt, '\0' };
	const char *name = p->command->name;

	/* Letters stand together, and a value may be the next word. */
	if (optopt > 0 && optopt < KEY_LONG && (!known || word[0] != '-' || word[1] != '-'))
		word = letter;
	if (key == ':')
		return usage("option %s requires a value, %s: see kfaultstat %s --help", word,
			     known ? known->info->argument : "and has none", name);
	if (known && optopt)
		return usage("option %.*s takes no value: see kfaultstat %s --help",
			     (int)strcspn(word, "="), word, name);
	return usage("unknown option %s of %s: see kfaultstat %s --help", word, name,
		     name);
}

static const struct command *command_named(const struct parser *p, const char *word)
{
	const struct command *const *command;

	for (command = p->commands; *command; command++)
		if (!strcmp((*command)->name, word))
			return *command;
	return NULL;
}

/* What is left of the line, if the command does not look at it itself. */
static enum exit_code take_arguments(const struct parser *p, const struct command_line *line)
{
	const struct command *command = p->command;
	const char *first = line->nr_arguments ? line->arguments[0] : "";

	if (command->interval) {
		if (!p->named && command_named(p, first))
			return usage("the command comes first: kfaultstat %s, then its options",
				     first);
		if (*first && !p->named && strspn(first, "0123456789.-+") != strlen(first))
			return usage("unknown command \"%s\", and not an interval: see kfaultstat --help",
				     first);
		if (!interval_parse(command->interval, line->arguments, line->nr_arguments,
				    command->interval_hint ? command->interval_hint : ""))
			return EXIT_USAGE;
		if (option_find(p, 'p') && !p->has_pids)
			interval_warn_pid(command->interval, first);
		return EXIT_FINE;
	}
	if (line->nr_arguments && !*command->arguments)
		return usage("%s: unexpected argument \"%s\"",
			     command->name, first);
	return EXIT_FINE;
}

/**
 * command_line_parse() - parse the command line, up to what the command parses itself.
 * @line: set
 * @argc: of main
 * @argv: of main
 * @commands: all there are, ended by NULL; the first one is meant if none is named
 *
 * Return: EXIT_FINE, or EXIT_USAGE after a complaint.
 */
enum exit_code command_line_parse(struct command_line *line, int argc, char **argv,
				  const struct command *const *commands)
{
	struct parser p = { .commands = commands };
	struct option names[OPTIONS_MAX + 1];
	char letters[2 * OPTIONS_MAX + 3];
	const struct option_group *group;
	int key;

	p.command = argc > 1 ? command_named(&p, argv[1]) : NULL;
	p.named = p.command;
	if (!p.named)
		p.command = *commands;
	argc -= p.named;
	argv += p.named;
	for (group = p.command->options; group->rows; group++)
		collect(&p, group->rows, group->to);
	collect(&p, common, &p);
	make_getopt(&p, letters, names);
	opterr = 0;
	while (!p.done && (key = getopt_long(argc, argv, letters, names, NULL)) != -1) {
		const struct known *known = option_find(&p, key);

		if (!known)
			return refused(&p, key, argv[optind - 1]);
		if (!known->info->set(known->to, optarg, p.command->name))
			return EXIT_USAGE;
		p.has_pids = p.has_pids || key == 'p';
	}
	line->command = p.command;
	line->arguments = argv + optind;
	line->nr_arguments = argc - optind;
	line->dashes = optind && !strcmp(argv[optind - 1], "--");
	line->done = p.done;
	return p.done ? EXIT_FINE : take_arguments(&p, line);
}
