// SPDX-License-Identifier: GPL-2.0
/*
 * vmfiles.c - reads the kernel's own statistics of memory and paging. Kernels differ in the
 * names and in how counters are split: 3.10 has pgscan and pgsteal by zone; later ones have
 * sums, and beside these anon and file, which count the same pages again. Called by sys.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "kernel/procfs.h"
#include "kernel/vmfiles.h"
#include "lib/message.h"
#include "lib/text.h"
#include "lib/xalloc.h"

const struct vm_column vm_columns[NR_VM] = {
	[VM_TOTAL] = { "total", VM_NOW, "MemTotal" },
	[VM_USED] = { "used", VM_NOW, "total without free, buffers and cache" },
	[VM_FREE] = { "free", VM_NOW, "MemFree" },
	[VM_SHARED] = { "shared", VM_NOW, "Shmem" },
	[VM_BUFFERS] = { "buffers", VM_NOW, "Buffers" },
	[VM_CACHE] = { "cache", VM_NOW, "Cached and SReclaimable" },
	[VM_AVAILABLE] = { "available", VM_NOW, "MemAvailable" },
	[VM_SWAP_TOTAL] = { "swap_total", VM_NOW, "SwapTotal" },
	[VM_SWAP_USED] = { "swap_used", VM_NOW, "SwapTotal without SwapFree" },
	[VM_SWAP_FREE] = { "swap_free", VM_NOW, "SwapFree" },
	[VM_ACTIVE] = { "active", VM_NOW, "Active" },
	[VM_INACTIVE] = { "inactive", VM_NOW, "Inactive" },
	[VM_FAULT] = { "fault/s", VM_RATE, "pgfault" },
	[VM_MAJFLT] = { "majflt/s", VM_RATE, "pgmajfault" },
	[VM_PGPGIN] = { "pgpgin/s", VM_RATE_SIZE, "pgpgin, a size" },
	[VM_PGPGOUT] = { "pgpgout/s", VM_RATE_SIZE, "pgpgout, a size" },
	[VM_PGFREE] = { "pgfree/s", VM_RATE, "pgfree" },
	[VM_SCAN_KSWAPD] = { "pgscank/s", VM_RATE, "pgscan_kswapd" },
	[VM_SCAN_DIRECT] = { "pgscand/s", VM_RATE, "pgscan_direct" },
	[VM_STEAL_KSWAPD] = { "pgstealk/s", VM_RATE, "pgsteal_kswapd" },
	[VM_STEAL_DIRECT] = { "pgsteald/s", VM_RATE, "pgsteal_direct" },
	[VM_ALLOCSTALL] = { "allocstall/s", VM_RATE, "allocstall" },
	[VM_REFAULT] = { "refault/s", VM_RATE, "workingset_refault" },
	[VM_THP_FAULT] = { "thpfault/s", VM_RATE, "thp_fault_alloc" },
	[VM_THP_FALLBACK] = { "thpfallb/s", VM_RATE, "thp_fault_fallback" },
	[VM_PSWPIN] = { "pswpin/s", VM_RATE, "pswpin" },
	[VM_PSWPOUT] = { "pswpout/s", VM_RATE, "pswpout" },
	[VM_PSI_SOME] = { "psi_some%", VM_SHARE, "some of /proc/pressure/memory" },
	[VM_PSI_FULL] = { "psi_full%", VM_SHARE, "full of /proc/pressure/memory" },
};

/* A name of the file's, and the column it counts in. */
struct source_name {
	const char *name;
	int column;
};

static const struct source_name meminfo_names[] = {
	{ "MemTotal:", VM_TOTAL }, { "MemFree:", VM_FREE }, { "Shmem:", VM_SHARED },
	{ "Buffers:", VM_BUFFERS }, { "Cached:", VM_CACHE }, { "SReclaimable:", VM_CACHE },
	{ "MemAvailable:", VM_AVAILABLE }, { "SwapTotal:", VM_SWAP_TOTAL },
	{ "SwapFree:", VM_SWAP_FREE }, { "Active:", VM_ACTIVE }, { "Inactive:", VM_INACTIVE },
	{ NULL, 0 },
};

static const struct source_name vmstat_names[] = {
	{ "pgfault", VM_FAULT }, { "pgmajfault", VM_MAJFLT }, { "pgpgin", VM_PGPGIN },
	{ "pgpgout", VM_PGPGOUT }, { "pgfree", VM_PGFREE }, { "pgscan_kswapd", VM_SCAN_KSWAPD },
	{ "pgscan_direct", VM_SCAN_DIRECT }, { "pgsteal_kswapd", VM_STEAL_KSWAPD },
	{ "pgsteal_direct", VM_STEAL_DIRECT }, { "allocstall", VM_ALLOCSTALL },
	{ "workingset_refault", VM_REFAULT }, { "workingset_refault_anon", VM_REFAULT },
	{ "workingset_refault_file", VM_REFAULT }, { "thp_fault_alloc", VM_THP_FAULT },
	{ "thp_fault_fallback", VM_THP_FALLBACK }, { "pswpin", VM_PSWPIN },
	{ "pswpout", VM_PSWPOUT }, { NULL, 0 },
};

/* Names that some kernels have once for each zone instead; pgscan_direct_throttle is none. */
static const struct source_name by_zone[] = {
	{ "pgscan_kswapd", VM_SCAN_KSWAPD }, { "pgscan_direct", VM_SCAN_DIRECT },
	{ "pgsteal_kswapd", VM_STEAL_KSWAPD }, { "pgsteal_direct", VM_STEAL_DIRECT },
	{ "allocstall", VM_ALLOCSTALL }, { NULL, 0 },
};

static const char *const zones[] = { "dma", "dma32", "normal", "high", "movable", "device" };

static bool is_zone_of(const char *name, const char *of)
{
	size_t length = strlen(of), i;

	if (strncmp(name, of, length) || name[length] != '_')
		return false;
	for (i = 0; i < ARRAY_SIZE(zones); i++)
		if (!strcmp(name + length + 1, zones[i]))
			return true;
	return false;
}

static int column_of(const struct source_name *names, const char *name)
{
	for (; names->name; names++)
		if (!strcmp(names->name, name))
			return names->column;
	for (names = by_zone; names->name; names++)
		if (is_zone_of(name, names->name))
			return names->column;
	return NR_VM;
}

static void add(struct vm_sample *sample, int column, uint64_t value)
{
	sample->known[column] = true;
	sample->value[column] += value;
}

/* Lines of a name and a number. */
static void parse(struct vm_sample *sample, char *text, const struct source_name *names)
{
	char *line, *word, *rest = NULL, *words = NULL;
	uint64_t value;
	int column;

	for (line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		word = strtok_r(line, " ", &words);
		column = word ? column_of(names, word) : NR_VM;
		word = strtok_r(NULL, " ", &words);
		if (column < NR_VM && word && text_number(word, &value))
			add(sample, column, value);
	}
}

static void parse_pressure(struct vm_sample *sample, const char *text)
{
	static const struct source_name names[] = {
		{ "some ", VM_PSI_SOME }, { "full ", VM_PSI_FULL },
	};
	size_t i;

	for (i = 0; i < 2; i++) {
		const char *line = strstr(text, names[i].name);
		const char *total = line ? strstr(line, "total=") : NULL;
		unsigned long long value;

		if (total && sscanf(total, "total=%llu", &value) == 1)
			add(sample, names[i].column, value);
	}
}

/* What is the difference of others, where these are known. */
static void derive(struct vm_sample *s)
{
	static const int parts[] = { VM_FREE, VM_BUFFERS, VM_CACHE };
	uint64_t rest = s->value[VM_TOTAL];
	bool known = s->known[VM_TOTAL];
	size_t i;

	for (i = 0; i < 3; i++) {
		known = known && s->known[parts[i]] && s->value[parts[i]] <= rest;
		rest -= s->value[parts[i]];
	}
	if (known)
		add(s, VM_USED, rest);
	if (s->known[VM_SWAP_TOTAL] && s->known[VM_SWAP_FREE] &&
	    s->value[VM_SWAP_FREE] <= s->value[VM_SWAP_TOTAL])
		add(s, VM_SWAP_USED, s->value[VM_SWAP_TOTAL] - s->value[VM_SWAP_FREE]);
}

static char *read_below(const char *root, const char *path, bool wanted)
{
	char *name = xasprintf("%s/proc/%s", root, path);
	char *text = procfs_read(name, NULL);

	if (!text && wanted)
		complain("%s: %s", name, strerror(errno));
	free(name);
	return text;
}

/* As /proc/uptime, which is too coarse for short intervals. */
static double boottime(void)
{
	struct timespec t;

	clock_gettime(CLOCK_BOOTTIME, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/**
 * vm_sample_read() - read all of it, once.
 * @sample: filled in
 * @root: of /proc, "" for our own
 *
 * Pressure may be missing; without meminfo, vmstat and uptime there is nothing to show.
 *
 * Return: false after a complaint.
 */
bool vm_sample_read(struct vm_sample *sample, const char *root)
{
	char *meminfo, *vmstat, *pressure, *uptime;
	bool read;

	memset(sample, 0, sizeof(*sample));
	meminfo = read_below(root, "meminfo", true);
	vmstat = meminfo ? read_below(root, "vmstat", true) : NULL;
	uptime = vmstat ? read_below(root, "uptime", true) : NULL;
	read = !!uptime;
	pressure = read_below(root, "pressure/memory", false);
	if (read) {
		parse(sample, meminfo, meminfo_names);
		parse(sample, vmstat, vmstat_names);
		sample->when = *root ? strtod(uptime, NULL) : boottime();
		derive(sample);
	}
	if (read && pressure)
		parse_pressure(sample, pressure);
	free(meminfo);
	free(vmstat);
	free(pressure);
	free(uptime);
	return read;
}

/**
 * vm_value() - what is shown in a column.
 * @before: the earlier sample, all zero for since boot
 * @after: the later one
 * @column: VM_*
 * @value: KiB, per second, or percent; set if it is known
 *
 * Return: whether it is.
 */
bool vm_value(const struct vm_sample *before, const struct vm_sample *after, int column,
	      double *value)
{
	double seconds = after->when - before->when;
	uint64_t moved;

	if (!after->known[column])
		return false;
	if (vm_columns[column].kind == VM_NOW) {
		*value = (double)after->value[column];
		return true;
	}
	if (seconds <= 0)
		return false;
	moved = after->value[column] > before->value[column] ?
		after->value[column] - before->value[column] : 0;
	*value = (double)moved / seconds;
	if (vm_columns[column].kind == VM_SHARE)
		*value /= 1e4;
	return true;
}
