/* SPDX-License-Identifier: GPL-2.0 */
/*
 * options.h - the command line: which commands there are, which options each has, and
 * what was asked for.
 */
#ifndef KFAULTSTAT_OPTIONS_H
#define KFAULTSTAT_OPTIONS_H

#include <signal.h>
#include <stdbool.h>

#include "faults/group.h"
#include "lib/message.h"
#include "ui/fields.h"

/* Seconds. */
#define INTERVAL_LEAST	0.1
#define INTERVAL_MOST	1e6

enum command_bit {
	SHOW	= 1 << 0,
	DIFF	= 1 << 1,
	TOP	= 1 << 2,
	STAT	= 1 << 3,
	SYS	= 1 << 4,
	RESET	= 1 << 5,
	ON	= 1 << 6,
	OFF	= 1 << 7,
	DOCTOR	= 1 << 8,
	CACHE	= 1 << 9,
	MAP	= 1 << 10,
	FILE_REGIONS = 1 << 11,
};

struct options {
	const struct command *command;
	const char *input;
	const char *root;	/* of /proc and /sys, "" for our own */
	const char *report;
	struct columns_wanted columns;
	struct filter filter;
	struct grouping_spec grouping;
	struct style style;
	size_t lines;		/* at most; 0 if not given */
	bool all;
	bool wait;
	bool no_color;
	const char *via;	/* the way to ask the kernel; NULL for the best there is */
	bool one_fs;
	bool ranges, missing;
	bool smaps;
	size_t parts;		/* regions of a file at most; 0 if not given */
	const char *svg;	/* where to draw, or NULL */
	double interval;	/* seconds; 0 for once */
	uint64_t count;		/* 0 for ever */
	sighandler_t sigpipe;	/* what was to be done on SIGPIPE when we began */
	char **arguments;	/* what is left, ended by NULL */
	int nr_arguments;
};

struct command {
	const char *name;
	enum command_bit bit;
	const char *arguments;
	const char *summary;
	enum exit_code (*run)(struct options *options);
	bool intervals;		/* takes [interval [count]] */
	void (*columns)(void);	/* prints what they are, for --help; NULL if it has none */
};

extern const struct command commands[];

enum exit_code options_parse(struct options *options, int argc, char **argv, bool *done);
bool options_take_interval(struct options *options, int least);
size_t options_limit(const struct options *options, size_t lines_else);

void show_help(void);
enum exit_code show_run(struct options *options);
enum exit_code diff_run(struct options *options);
enum exit_code top_run(struct options *options);
enum exit_code stat_run(struct options *options);
void sys_help(void);
enum exit_code sys_run(struct options *options);
enum exit_code reset_run(struct options *options);
enum exit_code on_run(struct options *options);
enum exit_code off_run(struct options *options);
enum exit_code doctor_run(struct options *options);
void cache_help(void);
enum exit_code cache_run(struct options *options);
void map_help(void);
enum exit_code map_run(struct options *options);
void regions_help(void);
enum exit_code regions_run(struct options *options);

#endif
