// SPDX-License-Identifier: GPL-2.0
/*
 * Snapshots under load hold what docs/format.md calls invariants, and lie between what the
 * model had before and after. At rest they are what the model has.
 */
#include "check.h"
#include "object.h"

#define OBJECT_MISSED	WORLD_OBJECTS

static void print_counters(const char *what, const struct fs_counters *c)
{
	int i;

	fprintf(stderr, "%s: missed, verdicts, calls by class:", what);
	for (i = 0; i < COUNTERS; i++)
		fprintf(stderr, " %lld", (s64)c->n[i]);
	fprintf(stderr, "\n");
}

/* A count that is less than nothing is very large. */
static void counters_are_sane(const char *what, const struct fs_counters *c)
{
	bool sane = fs_counters_verdicts(c) <= fs_counters_calls(c);
	int i;

	for (i = 0; i < COUNTERS; i++)
		sane &= c->n[i] < 1ULL << 60;
	sane &= fs_counters_calls(c) + fs_counters_missed(c) ==
		fs_counters_minor(c) + fs_counters_major(c) + c->n[COUNT_UNCOUNTED] +
		fs_counters_pending(c);
	if (sane)
		return;
	print_counters(what, c);
	MODEL_FAIL("the invariants do not hold");
}

static void rows_are_sane(const struct fs_snapshot *snapshot)
{
	struct fs_counters sum = { 0 };
	u64 last = U64_MAX;
	unsigned int i;
	int j;

	for (i = 0; i < snapshot->count; i++) {
		const struct fs_snapshot_row *row = snapshot->order[i].row;

		counters_are_sane("row", &row->counters);
		fs_counters_add(&sum, &row->counters);
		MODEL_ASSERT(fs_counters_calls(&row->counters) <= last);
		last = fs_counters_calls(&row->counters);
	}
	for (j = 0; j < COUNTERS; j++)
		MODEL_ASSERT(sum.n[j] == snapshot->total.n[j]);
}

/**
 * check_under_load - holds a snapshot against what happened around it
 * @snapshot: made while everything runs
 * @rows: whether it has rows
 * @depth: how much is exact
 * @before: what was done when it was begun
 * @after: and when it had been made
 */
void check_under_load(const struct fs_snapshot *snapshot, bool rows, enum check_depth depth,
		      const struct world_runner *before, const struct world_runner *after)
{
	const struct fs_counters *lifetime = &snapshot->lifetime;

	if (rows)
		rows_are_sane(snapshot);
	counters_are_sane(rows ? "lifetime" : "lifetime of totals", lifetime);
	counters_are_sane(rows ? "total" : "total of totals", &snapshot->total);
	if (rows)
		MODEL_ASSERT(fs_counters_pending(&snapshot->total) <= (u64)world_tasks_peak());
	MODEL_ASSERT(fs_counters_pending(lifetime) <= (u64)world_tasks_peak());
	MODEL_ASSERT(fs_counters_calls(lifetime) >= before->done);
	MODEL_ASSERT(fs_counters_calls(lifetime) <= after->begun);
	MODEL_ASSERT(fs_counters_minor(lifetime) <= after->kernel_minor);
	MODEL_ASSERT(fs_counters_major(lifetime) <= after->kernel_major);
	if (depth == CHECK_TOTALS)
		return;
	MODEL_ASSERT(!snapshot->overflow);
	MODEL_ASSERT(fs_counters_minor(lifetime) >= before->settled_minor);
	MODEL_ASSERT(fs_counters_major(lifetime) >= before->settled_major);
}

/* At rest: processes, by pid; ids do not say which of a pid is the older one. */

/**
 * struct shown - a process of a snapshot
 * @found: it is one of the model
 * @n: its counts, of all rows
 * @by_object: by row
 */
struct shown {
	pid_t pid;
	u64 id;
	u8 kind;
	bool found;
	char comm[TASK_COMM_LEN];
	u64 n[WORLD_COUNTS];
	u64 by_object[WORLD_OBJECTS + 1][WORLD_COUNTS];
};

static int compare_rows(const void *a, const void *b)
{
	const struct fs_snapshot_row *one = *(const struct fs_snapshot_row **)a;
	const struct fs_snapshot_row *other = *(const struct fs_snapshot_row **)b;

	if (one->pid != other->pid)
		return one->pid < other->pid ? -1 : 1;
	return one->id < other->id ? -1 : one->id > other->id;
}

static int object_of(const struct fs_snapshot_row *row)
{
	size_t length;
	const char *name = fs_snapshot_object(row, &length);
	int i;

	MODEL_ASSERT(strlen(name) == length);
	if (!strcmp(name, fs_object_region_name(REGION_MISSED)))
		return OBJECT_MISSED;
	for (i = 0; i < WORLD_OBJECTS; i++)
		if (world_objects[i].same == i && !strcmp(world_objects[i].name, name))
			return i;
	return -1;
}

static void add_row(u64 *to, const struct fs_counters *c)
{
	to[WORLD_CALLS] += fs_counters_calls(c);
	to[WORLD_MINOR] += c->n[COUNT_MINOR];
	to[WORLD_MAJOR] += c->n[COUNT_MAJOR];
	to[WORLD_UNCOUNTED] += c->n[COUNT_UNCOUNTED];
	to[WORLD_MISSED_MINOR] += c->n[COUNT_MISSED_MINOR];
	to[WORLD_MISSED_MAJOR] += c->n[COUNT_MISSED_MAJOR];
}

/* All that is not folded or special. */
static struct shown *processes_shown(const struct fs_snapshot *snapshot, int *count)
{
	const struct fs_snapshot_row **rows = malloc((snapshot->count + 1) * sizeof(*rows));
	struct shown *shown = calloc(snapshot->count + 1, sizeof(*shown)), *at = shown - 1;
	unsigned int i;
	int object;

	for (i = 0; i < snapshot->count; i++)
		rows[i] = snapshot->order[i].row;
	qsort(rows, snapshot->count, sizeof(*rows), compare_rows);
	for (i = 0; i < snapshot->count; i++) {
		if (!rows[i]->pid)
			continue;
		if (at < shown || at->id != rows[i]->id) {
			at++;
			at->pid = rows[i]->pid;
			at->id = rows[i]->id;
			at->kind = rows[i]->kind;
			strcpy(at->comm, rows[i]->comm);
		}
		add_row(at->n, &rows[i]->counters);
		object = object_of(rows[i]);
		if (object >= 0)
			add_row(at->by_object[object], &rows[i]->counters);
	}
	*count = at + 1 - shown;
	free(rows);
	return shown;
}

static int compare_gens(const void *a, const void *b)
{
	const struct world_gen *one = *(const struct world_gen **)a;
	const struct world_gen *other = *(const struct world_gen **)b;

	return one->nr < other->nr ? -1 : one->nr > other->nr;
}

/* By pid. */
static struct world_gen **gens_sorted(int *count)
{
	struct world_gen **sorted, *gen;
	int i = 0;

	for (gen = world_gens(); gen; gen = gen->next)
		i++;
	*count = i;
	sorted = malloc((i + 1) * sizeof(*sorted));
	for (gen = world_gens(); gen; gen = gen->next)
		sorted[--i] = gen;
	/* Which leaves the order of what is equal: few of them are not in place. */
	for (i = 1; i < *count; i++) {
		int j = i;

		for (gen = sorted[i]; j > 0 && compare_gens(&sorted[j - 1], &gen) > 0; j--)
			sorted[j] = sorted[j - 1];
		sorted[j] = gen;
	}
	return sorted;
}

static void less(u64 *to, const u64 *n, const u64 *was)
{
	int i;

	for (i = 0; i < WORLD_COUNTS; i++)
		to[i] = n[i] - was[i];
}

static bool is_equal(const u64 *a, const u64 *b)
{
	return !memcmp(a, b, WORLD_COUNTS * sizeof(u64));
}

static bool is_nothing(const u64 *n)
{
	static const u64 nothing[WORLD_COUNTS];

	return is_equal(n, nothing);
}

static void print_counts(const char *what, const u64 *n)
{
	fprintf(stderr, "%s: calls %llu minor %llu major %llu uncounted %llu missed %llu %llu\n",
		what, n[0], n[1], n[2], n[3], n[4], n[5]);
}

static void print_rows(const struct fs_snapshot *snapshot, u64 id)
{
	unsigned int i;
	size_t length;

	for (i = 0; i < snapshot->count; i++) {
		const struct fs_snapshot_row *row = snapshot->order[i].row;
		u64 n[WORLD_COUNTS] = { 0 };

		add_row(n, &row->counters);
		if (row->id == id)
			print_counts(fs_snapshot_object(row, &length), n);
	}
}

/* Two processes of a pid, one of them folded, may be alike by chance: either will do. */
static bool is_shown(const struct shown *shown, const struct world_gen *gen, enum check_depth depth)
{
	bool lives = shown->kind == PROCESS_LIVE;
	u64 wanted[WORLD_COUNTS];
	int i;

	less(wanted, gen->n, gen->was);
	if (shown->pid != gen->nr || !is_equal(wanted, shown->n))
		return false;
	if (lives == gen->ended || strcmp(gen->comm, shown->comm))
		return false;
	for (i = 0; i <= WORLD_OBJECTS && depth == CHECK_ROWS; i++) {
		less(wanted, gen->by_object[i], gen->was_by_object[i]);
		if (!is_equal(wanted, shown->by_object[i]))
			return false;
	}
	return true;
}

static void print_gen(const struct world_gen *gen)
{
	u64 n[WORLD_COUNTS];
	int i;

	less(n, gen->n, gen->was);
	print_counts("model", n);
	for (i = 0; i <= WORLD_OBJECTS; i++) {
		less(n, gen->by_object[i], gen->was_by_object[i]);
		if (!is_nothing(n))
			print_counts(i < WORLD_OBJECTS ? world_objects[i].name : "[missed]", n);
	}
}

static void print_shown(const struct fs_snapshot *snapshot, const struct shown *shown)
{
	print_counts("module", shown->n);
	print_rows(snapshot, shown->id);
}

static void add_counts(u64 *to, const u64 *from)
{
	int i;

	for (i = 0; i < WORLD_COUNTS; i++)
		to[i] += from[i];
}

/* What is folded, or should be, of one name. */
static void folded_is_equal(const struct fs_snapshot *snapshot, const char *comm, const u64 *wanted)
{
	u64 n[WORLD_COUNTS] = { 0 };
	unsigned int i;

	for (i = 0; i < snapshot->count; i++) {
		const struct fs_snapshot_row *row = snapshot->order[i].row;

		if (row->kind == PROCESS_FOLDED && !strcmp(row->comm, comm))
			add_row(n, &row->counters);
	}
	if (is_equal(n, wanted))
		return;
	print_counts("model", wanted);
	print_counts("module", n);
	MODEL_FAIL("folded processes called %s", comm);
}

static void folded_are_equal(const struct fs_snapshot *snapshot, struct world_gen **folded,
			     int count)
{
	int i, j;

	for (i = 0; i < count; i++) {
		u64 wanted[WORLD_COUNTS] = { 0 }, n[WORLD_COUNTS];
		struct world_gen *gen = folded[i];

		for (j = i; gen && j < count; j++) {
			if (!folded[j] || strcmp(folded[j]->comm, gen->comm))
				continue;
			less(n, folded[j]->n, folded[j]->was);
			add_counts(wanted, n);
			if (j > i)
				folded[j] = NULL;
		}
		if (gen)
			folded_is_equal(snapshot, gen->comm, wanted);
	}
}

/* The one of a snapshot that a process of the model is, from the first of its pid. NULL if none. */
static struct shown *shown_find(struct shown *at, const struct shown *end,
				const struct world_gen *gen, enum check_depth depth)
{
	for (; at < end && at->pid == gen->nr; at++)
		if (!at->found && is_shown(at, gen, depth))
			return at;
	return NULL;
}

static void processes_are_equal(const struct fs_snapshot *snapshot, enum check_depth depth)
{
	int shown_count, gen_count, folded = 0, i;
	struct shown *shown = processes_shown(snapshot, &shown_count), *at = shown;
	const struct shown *end = shown + shown_count;
	struct world_gen **gens = gens_sorted(&gen_count);
	u64 wanted[WORLD_COUNTS];

	for (i = 0; i < gen_count; i++) {
		struct world_gen *gen = gens[i];
		struct shown *found;

		less(wanted, gen->n, gen->was);
		if (is_nothing(wanted))
			continue;
		while (at < end && at->pid < gen->nr)
			at++;
		found = shown_find(at, end, gen, depth);
		if (found) {
			found->found = true;
			continue;
		}
		if (!gen->ended) {
			print_gen(gen);
			if (at < end)
				print_shown(snapshot, at);
			MODEL_FAIL("process %d (%s) lives and is not shown so", gen->nr, gen->comm);
		}
		/* Else it is folded. */
		gens[folded++] = gen;
	}
	for (at = shown; at < end; at++) {
		if (at->found)
			continue;
		print_shown(snapshot, at);
		MODEL_FAIL("process %d (%s) is not as in the model", at->pid, at->comm);
	}
	folded_are_equal(snapshot, gens, folded);
	free(gens);
	free(shown);
}

/* Open calls, for as long as is compared. */
static void open_add(struct world_gen *gen, int object, enum world_count what, u64 n)
{
	if (what == WORLD_CALLS)
		return;
	gen->n[what] += n;
	if (object <= OBJECT_MISSED)
		gen->by_object[object][what] += n;
}

static void open_take_back(struct world_gen *gen, int object, enum world_count what, u64 n)
{
	open_add(gen, object, what, -n);
}

/**
 * check_at_rest - holds a snapshot against the model
 * @snapshot: made while nothing ran
 * @depth: how much is exact
 * @since_load: whether nothing was reset, or everything was at one moment of rest
 */
void check_at_rest(const struct fs_snapshot *snapshot, enum check_depth depth, bool since_load)
{
	u64 wanted[WORLD_COUNTS] = { 0 }, n[WORLD_COUNTS] = { 0 };
	struct world_gen *gen;

	world_settle_open(open_add);
	rows_are_sane(snapshot);
	counters_are_sane("lifetime", &snapshot->lifetime);
	for (gen = world_gens(); gen; gen = gen->next)
		add_counts(wanted, gen->n);
	add_row(n, &snapshot->lifetime);
	if (depth == CHECK_TOTALS) {
		/* Which call a count is of is not known of tasks that had no room. */
		wanted[WORLD_MINOR] += wanted[WORLD_MISSED_MINOR];
		wanted[WORLD_MAJOR] += wanted[WORLD_MISSED_MAJOR];
		n[WORLD_MINOR] += n[WORLD_MISSED_MINOR];
		n[WORLD_MAJOR] += n[WORLD_MISSED_MAJOR];
		wanted[WORLD_UNCOUNTED] = n[WORLD_UNCOUNTED];
		wanted[WORLD_MISSED_MINOR] = n[WORLD_MISSED_MINOR];
		wanted[WORLD_MISSED_MAJOR] = n[WORLD_MISSED_MAJOR];
	}
	if (!is_equal(wanted, n)) {
		print_counts("model", wanted);
		print_counts("module", n);
		MODEL_FAIL("the lifetime; %llu calls found no room", snapshot->overflow);
	}
	if (depth != CHECK_TOTALS && since_load)
		processes_are_equal(snapshot, depth);
	/* The module's own comparison comes to the same. */
	MODEL_ASSERT(!snapshot->check.different);
	world_settle_open(open_take_back);
}

static void open_is_past(struct world_gen *gen, int object, enum world_count what, u64 n)
{
	/*
	 * A call without a verdict is carried over; what is missed is known at the next call
	 * only.
	 */
	if (what == WORLD_CALLS)
		n = -n;
	else if (what != WORLD_MINOR && what != WORLD_MAJOR)
		return;
	gen->was[what] += n;
	if (object <= OBJECT_MISSED)
		gen->was_by_object[object][what] += n;
}

/**
 * check_mark_reset - what there is now is what a reset at rest leaves behind
 */
void check_mark_reset(void)
{
	struct world_gen *gen;

	for (gen = world_gens(); gen; gen = gen->next) {
		memcpy(gen->was, gen->n, sizeof(gen->n));
		memcpy(gen->was_by_object, gen->by_object, sizeof(gen->by_object));
	}
	world_settle_open(open_is_past);
}
