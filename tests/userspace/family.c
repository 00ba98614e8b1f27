// SPDX-License-Identifier: GPL-2.0
/*
 * family.c - which rows stat takes for its command's: made tables of processes, where pids
 * are used again, parents die before their children, and programs become others.
 */
#include <stdio.h>
#include <string.h>

#include "faults/family.h"
#include "lib/text.h"

static int failures;

struct process {
	uint64_t id;
	int32_t pid, ppid;
	const char *state;
	uint64_t minor;
};

/* What the kernel counted for one. */
struct counted {
	struct process process;
	bool known;
	uint64_t minor;
};

static void expect(const char *what, const struct process *processes, size_t nr, uint64_t last_id,
		   uint64_t minor, size_t members)
{
	struct row rows[32];
	struct snapshot s = { .rows = rows, .nr_rows = nr };
	struct family family;
	size_t i;

	memset(rows, 0, sizeof(rows));
	for (i = 0; i < nr; i++) {
		/* The order of the file is that of calls, not of birth. */
		struct row *row = &rows[nr - 1 - i];

		row->comm = "x";
		row->object = "[anon]";
		row->id = processes[i].id;
		row->pid = processes[i].pid;
		row->ppid = processes[i].ppid;
		row->state = processes[i].state;
		row->counts.n[MINOR] = processes[i].minor;
	}
	family_find(&family, &s, last_id, 100, 50);
	if (family.sum.n[MINOR] != minor || family.processes != members) {
		printf("%s: %llu minors of %zu processes, wanted %llu of %zu\n", what,
		       (unsigned long long)family.sum.n[MINOR], family.processes,
		       (unsigned long long)minor, members);
		failures++;
	}
	family_free(&family);
}

/* What the kernel counted for processes, of which the first is the command; each has two rows. */
static void expect_kernel(const char *what, const struct counted *counted, size_t nr, bool known,
			  uint64_t minor, size_t different)
{
	struct row rows[32];
	struct snapshot s = { .rows = rows, .nr_rows = 2 * nr };
	struct family family;
	size_t i;

	memset(rows, 0, sizeof(rows));
	for (i = 0; i < 2 * nr; i++) {
		const struct counted *c = &counted[i / 2];
		const struct process *p = &c->process;

		rows[i] = (struct row){
			.comm = "x", .object = i % 2 ? "[anon]" : "[heap]",
			.id = p->id, .pid = p->pid, .ppid = p->ppid, .state = p->state, .kernel = {
				.minor = c->minor, .has_minor = c->known, .has_major = c->known,
			},
		};
		/* In two rows, and what the kernel counted stands in both. */
		rows[i].counts.n[MINOR] = i % 2 ? 1 : p->minor - 1;
	}
	family_find(&family, &s, 5, 100, 50);
	if (kernel_counts_known(&family.kernel) != known ||
	    (known && (family.kernel.minor != minor || family.different != different))) {
		printf("%s: %s, the kernel counted %llu, %zu different\n", what,
		       kernel_counts_known(&family.kernel) ? "known" : "unknown",
		       (unsigned long long)family.kernel.minor, family.different);
		failures++;
	}
	family_free(&family);
}

#define EXPECT_KERNEL(what, known, minor, different, ...) do { \
	const struct counted table[] = { __VA_ARGS__ }; \
	expect_kernel(what, table, ARRAY_SIZE(table), known, minor, different); \
} while (0)

#define EXPECT(what, last_id, minor, members, ...) do { \
	const struct process table[] = { __VA_ARGS__ }; \
	expect(what, table, ARRAY_SIZE(table), last_id, minor, members); \
} while (0)

int main(void)
{
	EXPECT("the command, before and after exec", 5, 11, 1,
	       { 3, 50, 1, "live", 1000 }, { 6, 100, 50, "exec", 1 }, { 7, 100, 50, "exited", 10 });
	EXPECT("children and their children", 5, 111, 3,
	       { 6, 100, 50, "exited", 1 }, { 7, 101, 100, "exited", 10 },
	       { 8, 102, 101, "live", 100 });
	EXPECT("others that were born meanwhile", 5, 1, 1,
	       { 6, 100, 50, "exited", 1 }, { 7, 101, 1, "live", 10 },
	       { 8, 102, 101, "live", 100 });
	EXPECT("what was there before", 5, 1, 1,
	       { 4, 100, 50, "exited", 1000 }, { 5, 101, 100, "live", 1000 },
	       { 6, 100, 50, "exited", 1 });
	EXPECT("a pid of ours that is another's later, and its child", 5, 11, 2,
	       { 6, 100, 50, "live", 1 }, { 7, 101, 100, "exited", 10 },
	       { 8, 101, 1, "live", 1000 }, { 9, 102, 101, "live", 1000 });
	EXPECT("a pid of another that is ours later, and its child", 5, 111, 3,
	       { 6, 100, 50, "live", 1 }, { 7, 101, 1, "exited", 1000 },
	       { 8, 102, 101, "live", 1000 },
	       { 9, 101, 100, "exited", 10 }, { 10, 103, 101, "live", 100 });
	EXPECT("exec of a child whose parent's pid is another's by then", 5, 1111, 3,
	       { 6, 100, 50, "live", 1 }, { 7, 101, 100, "exited", 10 },
	       { 8, 102, 101, "exec", 100 },
	       { 9, 101, 1, "live", 5000 }, { 10, 102, 101, "live", 1000 });
	EXPECT("a process of another that gets the pid after one of ours became a program", 5,
	       11, 2,
	       { 6, 100, 50, "live", 1 }, { 7, 101, 100, "exec", 0 }, { 8, 101, 100, "exited", 10 },
	       { 9, 101, 1, "live", 5000 });
	EXPECT("born as a child of who started the command, and its child", 5, 111, 3,
	       { 6, 100, 50, "live", 1 }, { 7, 101, 50, "exited", 10 },
	       { 8, 102, 101, "live", 100 });
	EXPECT("a child of ours from before the command", 5, 1, 1,
	       { 6, 90, 50, "live", 1000 }, { 7, 91, 90, "live", 1000 }, { 8, 100, 50, "live", 1 });
	EXPECT("one that becomes a program meanwhile", 5, 1, 1,
	       { 4, 90, 50, "exec", 1000 }, { 6, 100, 50, "live", 1 }, { 7, 90, 50, "live", 1000 });
	EXPECT("folded rows are of nobody", 0, 1, 1,
	       { 6, 100, 50, "live", 1 }, { 0, 0, 0, "folded", 1000 });
	EXPECT("nobody", 100, 0, 0, { 6, 100, 50, "live", 1 });
	EXPECT_KERNEL("the kernel's counts once for each program", true, 111, 0,
		      { { 6, 100, 50, "exec", 1 }, true, 1 },
		      { { 7, 100, 50, "exited", 10 }, true, 10 },
		      { { 8, 101, 100, "exited", 100 }, true, 100 });
	EXPECT_KERNEL("one that differs, and another that makes up for it", true, 22, 2,
		      { { 6, 100, 50, "exited", 10 }, true, 11 },
		      { { 7, 101, 100, "exited", 12 }, true, 11 });
	EXPECT_KERNEL("one that is not known", false, 0, 0,
		      { { 6, 100, 50, "exited", 10 }, true, 10 },
		      { { 7, 101, 100, "exited", 12 }, false, 0 });
	EXPECT_KERNEL("others are none of ours", true, 10, 0,
		      { { 6, 100, 50, "exited", 10 }, true, 10 },
		      { { 7, 101, 1, "exited", 12 }, false, 0 },
		      { { 8, 102, 1, "exited", 12 }, true, 17 });
	return failures != 0;
}
