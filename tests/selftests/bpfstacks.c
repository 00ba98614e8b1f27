// SPDX-License-Identifier: GPL-2.0
/*
 * bpfstacks.c - another one who walks stacks: a bpftrace program on handle_mm_fault() counts calls
 * by what called, and finds the same functions at the same addresses, as often.
 *
 * This is compiled with frame pointers, and not as a position-independent program.
 */
#include "suite.h"
#include "stackfile.h"

#include <ctype.h>
#include <fcntl.h>
#include <link.h>
#include <signal.h>
#include <sys/prctl.h>

#include "callers.h"

#define OUTPUT	"/tmp/bpftrace.out"
#define COMM	"walked"
#define PAGES	300
#define DEPTH	4	/* frames that are compared: those of functions that are known */

/* The one that tells of a call is attached first where it is written last; see bpf.c. */
static const char program[] =
	"interval:ms:200 { printf(\"seen %d\\n\", @seen); }"
	"kprobe:handle_mm_fault {"
	"  @seen = 1;"
	"  if (comm == \"" COMM "\") { @calls[ustack(perf, 16)] = count(); }"
	"}";

/* Addresses, the innermost first, and how often. */
struct walked {
	unsigned long at[DEPTH];
	int nr;
	long long calls;
};

KNOWN static void touch_here(volatile char *memory)
{
	size_t i;

	frame();
	for (i = 0; i < PAGES; i++)
		memory[i * PAGE] = 1;
}

KNOWN static void middle(volatile char *memory)
{
	touch_here(memory);
	barrier();
}

KNOWN static void one_way(volatile char *memory)
{
	middle(memory);
	barrier();
}

KNOWN static void another_way(volatile char *memory)
{
	middle(memory);
	asm volatile("nop" ::: "memory");
	middle(memory + PAGES * PAGE);
	barrier();
}

KNOWN static int in_thread(void *arg, int nr)
{
	middle((char *)arg + (size_t)nr * PAGES * PAGE);
	barrier();
	return 0;
}

KNOWN static int walk(void *arg)
{
	char *p = map_anon(7 * PAGES);

	(void)arg;
	if (!p || prctl(PR_SET_NAME, COMM))
		return 1;
	one_way(p);
	another_way(p + PAGES * PAGE);
	return threads_run(4, in_thread, p + 3 * PAGES * PAGE, false);
}

/* In the function that touches: it is small. */
static bool touches(unsigned long address)
{
	return address - (unsigned long)touch_here < 96;
}

/* bpftrace. */

static bool output_has(const char *what)
{
	FILE *f = fopen(OUTPUT, "r");
	bool found = false;
	char line[512];

	while (f && !found && fgets(line, sizeof(line), f))
		found = strstr(line, what);
	if (f)
		fclose(f);
	return found;
}

static void output_show(void)
{
	FILE *f = fopen(OUTPUT, "r");
	char line[512];
	int shown = 0;

	while (f && shown < 40 && fgets(line, sizeof(line), f)) {
		if (!strncmp(line, "seen", 4))
			continue;
		note("bpftrace: %.*s", (int)strcspn(line, "\n"), line);
		shown++;
	}
	if (f)
		fclose(f);
}

static bool attached_or_failed(void *arg)
{
	char *p = map_anon(1);

	(void)arg;
	touch_write(p, 1);
	munmap(p, PAGE);
	return output_has("seen 1\n") || output_has("ERROR") || output_has("file not found");
}

static pid_t bpftrace_start(void)
{
	pid_t pid;

	fflush(NULL);
	pid = kid_fork();
	if (!pid) {
		int fd = open(OUTPUT, O_WRONLY | O_CREAT | O_TRUNC, 0600);

		dup2(fd, 1);
		dup2(fd, 2);
		execlp("bpftrace", "bpftrace", "-B", "none", "-e", program, NULL);
		_exit(127);
	}
	return pid;
}

/* The next of its stacks; false at the end. */
static bool next_walked(FILE *f, struct walked *w)
{
	char line[512], *end;

	memset(w, 0, sizeof(*w));
	while (fgets(line, sizeof(line), f)) {
		const unsigned long at = strtoul(line, &end, 16);

		if (!strncmp(line, "@calls[", 7)) {
			w->nr = 0;
		} else if (!strncmp(line, "]: ", 3)) {
			w->calls = strtoll(line + 3, NULL, 10);
			return true;
		} else if (isspace(*line) && *end == ' ' && w->nr < DEPTH) {
			w->at[w->nr++] = at;
		}
	}
	return false;
}

/* Ours. */

struct place {
	unsigned long address;
	unsigned long long offset;
};

static int offset_in(struct dl_phdr_info *info, size_t size, void *data)
{
	struct place *place = data;
	int i;

	(void)size;
	for (i = 0; i < info->dlpi_phnum; i++) {
		const Elf64_Phdr *part = &info->dlpi_phdr[i];
		unsigned long start = info->dlpi_addr + part->p_vaddr;

		if (part->p_type == PT_LOAD && place->address - start < part->p_memsz)
			place->offset = place->address - start + part->p_offset;
	}
	return 0;
}

/* Where an address of this program lies in its file. */
static unsigned long long offset_of(unsigned long address)
{
	struct place place = { .address = address };

	dl_iterate_phdr(offset_in, &place);
	return place.offset;
}

static bool is_same(const struct stack *k, const struct walked *w)
{
	int i;

	if (k->nr < w->nr)
		return false;
	for (i = 0; i < w->nr; i++)
		if (!k->frame[i].image || k->frame[i].at != offset_of(w->at[i]))
			return false;
	return true;
}

static long long ours(const struct stacks *s, pid_t pid, const struct walked *w)
{
	long long calls = 0;
	size_t i;

	for (i = 0; i < s->nr; i++)
		if (s->stack[i].pid == pid && !strcmp(s->stack[i].object, "[anon]") &&
		    is_same(&s->stack[i], w))
			calls += s->stack[i].calls;
	return calls;
}

/*
 * Each of bpftrace's that begins where memory is touched against ours. Several of its stacks may
 * begin with the same frames. Returns how many calls were compared.
 */
static long long compare(const struct stacks *s, pid_t pid, int *wrong)
{
	struct walked all[64], w;
	FILE *f = fopen(OUTPUT, "r");
	long long compared = 0;
	int nr = 0, i;

	while (f && nr < 64 && next_walked(f, &w)) {
		if (w.nr < DEPTH || !touches(w.at[0]))
			continue;
		for (i = 0; i < nr && memcmp(all[i].at, w.at, sizeof(w.at)); i++)
			;
		if (i == nr)
			all[nr++] = w;
		else
			all[i].calls += w.calls;
		compared += w.calls;
	}
	if (f)
		fclose(f);
	for (i = 0; i < nr; i++) {
		note("%lx %lx %lx %lx: bpftrace counted %lld calls, we %lld", all[i].at[0],
		     all[i].at[1], all[i].at[2], all[i].at[3], all[i].calls, ours(s, pid, &all[i]));
		*wrong += all[i].calls != ours(s, pid, &all[i]);
	}
	/* One way, two calls of another, a thread's. */
	*wrong += nr != 4;
	return compared;
}

TEST_F(loaded, bpftrace_walks_to_the_same_functions)
{
	struct workload w = { 0 };
	int fd, status, wrong = 0;
	struct stacks s;
	pid_t bpftrace;

	if (access("/sys/kernel/btf/vmlinux", F_OK))
		SKIP_TEST("the kernel has no BTF for bpftrace");
	bpftrace = bpftrace_start();
	ASSERT_LT(0, bpftrace);
	wait_until(attached_or_failed, NULL, 240000);
	ASSERT_TRUE(output_has("seen 1\n")) {
		output_show();
	}
	fd = stacks_ask("all");
	ASSERT_LE(0, fd);
	EXPECT_EQ(0, workload_run(&w, walk, NULL));
	ASSERT_EQ(0, stacks_take(&s, fd));
	ASSERT_EQ(0, kill(bpftrace, SIGINT));
	ASSERT_EQ(bpftrace, waitpid(bpftrace, &status, 0));
	EXPECT_FALSE(output_has("Lost"));
	EXPECT_FALSE(output_has("ERROR"));
	EXPECT_FALSE(output_has("WARNING"));
	EXPECT_EQ(7 * PAGES, compare(&s, w.pid, &wrong));
	EXPECT_EQ(0, wrong) {
		output_show();
		stacks_print(&s, w.pid);
	}
	stacks_free(&s);
	close(fd);
}

TEST_HARNESS_MAIN
