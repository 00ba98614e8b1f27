// SPDX-License-Identifier: GPL-2.0
/*
 * bpf.c - another counter of the same thing: a bpftrace program on handle_mm_fault() counts calls
 * by process and inode, and for processes that begin after both are there it finds the same.
 * What bpftrace itself says it lost fails the comparison by name.
 */
#include "suite.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define OUTPUT	"/tmp/bpftrace.out"
#define FILE_A	"/tmp/bpf.a"
#define FILE_B	"/tmp/bpf.b"

static const char program[] =
	"BEGIN { printf(\"attached\\n\"); }"
	"kprobe:handle_mm_fault {"
	"  $vma = (struct vm_area_struct *)arg0;"
	"  $file = (uint64)$vma->vm_file;"
	"  if ($file) { @calls[pid, $vma->vm_file->f_inode->i_ino] = count(); }"
	"  else { @calls[pid, (uint64)0] = count(); }"
	"}";

static bool attached(void *arg)
{
	char line[64];

	(void)arg;
	/* bpftrace first says how many probes it attaches. */
	FILE *f = fopen(OUTPUT, "r");
	bool found = false;

	while (f && fgets(line, sizeof(line), f))
		found |= !strcmp(line, "attached\n");
	if (f)
		fclose(f);
	return found;
}

static pid_t bpftrace_start(void)
{
	pid_t pid = fork();

	if (!pid) {
		int fd = open(OUTPUT, O_WRONLY | O_CREAT | O_TRUNC, 0600);

		dup2(fd, 1);
		dup2(fd, 2);
		setenv("BPFTRACE_MAP_KEYS_MAX", "65536", 1);
		execlp("bpftrace", "bpftrace", "-e", program, NULL);
		_exit(127);
	}
	return pid;
}

static int touch_file(const char *path, int pages, int flags)
{
	int i, fd = open(path, O_RDWR | O_CREAT, 0600);
	volatile char *p;

	if (fd < 0 || ftruncate(fd, pages * 4096L))
		return 1;
	p = mmap(NULL, pages * 4096L, PROT_READ | PROT_WRITE, flags, fd, 0);
	if (p == MAP_FAILED)
		return 2;
	for (i = 0; i < pages; i++)
		p[i * 4096L] = 1;
	return 0;
}

static int mixed(void *arg)
{
	char *p = map_anon(200);

	(void)arg;
	if (!p)
		return 1;
	touch_write(p, 200);
	return touch_file(FILE_A, 70, MAP_SHARED) ? 2 : touch_file(FILE_B, 90, MAP_PRIVATE) ? 3 : 0;
}

/* Calls by bpftrace for a process and an inode; those that we have rows for. */
static long long bpftrace_calls(pid_t pid, unsigned long long inode)
{
	FILE *f = fopen(OUTPUT, "r");
	long long calls = 0;
	char line[256];

	while (f && fgets(line, sizeof(line), f)) {
		unsigned long long at;
		long long n;
		int of;

		if (sscanf(line, "@calls[%d, %llu]: %lld", &of, &at, &n) == 3 && of == pid &&
		    at == inode)
			calls += n;
	}
	if (f)
		fclose(f);
	return calls;
}

static bool bpftrace_lost(void)
{
	FILE *f = fopen(OUTPUT, "r");
	char line[256];
	bool lost = false;

	while (f && fgets(line, sizeof(line), f))
		lost |= strstr(line, "Lost") || strstr(line, "ERROR") || strstr(line, "full");
	if (f)
		fclose(f);
	return lost;
}

static long long our_calls(const struct snapshot *s, pid_t pid, unsigned long long inode)
{
	long long calls = 0;
	size_t i;

	for (i = 0; i < s->nr_rows; i++)
		if (s->rows[i].pid == pid && s->rows[i].inode == inode)
			calls += s->rows[i].n.calls;
	return calls;
}

TEST_F(loaded, bpftrace_on_handle_mm_fault_counts_the_same_calls)
{
	struct workload w[3] = { 0 };
	pid_t bpftrace = bpftrace_start();
	struct snapshot s;
	size_t i, k;
	int status;

	ASSERT_TRUE(wait_until(attached, NULL, 120000));
	for (k = 0; k < 3; k++)
		ASSERT_EQ(0, workload_run(&w[k], mixed, NULL));
	ASSERT_EQ(0, snapshot_take(&s, FAULTS_PROC));
	ASSERT_EQ(0, kill(bpftrace, SIGINT));
	ASSERT_EQ(bpftrace, waitpid(bpftrace, &status, 0));
	ASSERT_FALSE(bpftrace_lost()) {
		TH_LOG("bpftrace says that it lost something: nothing to compare with");
	}
	for (k = 0; k < 3; k++) {
		size_t rows = 0;

		for (i = 0; i < s.nr_rows; i++) {
			if (s.rows[i].pid != w[k].pid)
				continue;
			rows++;
			EXPECT_EQ(bpftrace_calls(w[k].pid, s.rows[i].inode),
				  our_calls(&s, w[k].pid, s.rows[i].inode)) {
				TH_LOG("pid %d object %s", w[k].pid, s.rows[i].object);
			}
		}
		/* The program, its memory and both files at least. */
		EXPECT_LE(4, rows);
	}
	snapshot_free(&s);
}

TEST_HARNESS_MAIN
