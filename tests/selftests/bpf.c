// SPDX-License-Identifier: GPL-2.0
/*
 * bpf.c - another counter of the same thing: a bpftrace program on handle_mm_fault() counts calls
 * by process and inode, and for processes that begin after both are there it finds the same.
 * What bpftrace itself says it lost fails the comparison by name, not the module.
 */
#include "suite.h"

#include <fcntl.h>
#include <signal.h>

#define OUTPUT	"/tmp/bpftrace.out"
#define PAGES	64ul

/*
 * The probe that is attached first is the one that is written last, so a tick that tells of a call
 * means that everything is in place.
 */
static const char program[] =
	"interval:ms:200 { printf(\"seen %d\\n\", @seen); }"
	"kprobe:handle_mm_fault {"
	"  $vma = (struct vm_area_struct *)arg0;"
	"  $file = (struct file *)$vma->vm_file;"
	"  @seen = 1;"
	"  if ((uint64)$file) {"
	"    $inode = (struct inode *)$file->f_inode;"
	"    $sb = (struct super_block *)$inode->i_sb;"
	"    @calls[pid, (uint64)$sb->s_dev, (uint64)$inode->i_ino] = count();"
	"  } else {"
	"    @calls[pid, (uint64)0, (uint64)0] = count();"
	"  }"
	"}";

/* One line of bpftrace's map. */
struct bpf_count {
	int pid;
	unsigned int dev;
	unsigned long long inode;
	long long calls;
};

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

/* What bpftrace says, for a failure. */
static void output_show(void)
{
	FILE *f = fopen(OUTPUT, "r");
	char line[512];
	int shown = 0;

	while (f && shown++ < 20 && fgets(line, sizeof(line), f))
		note("bpftrace: %.*s", (int)strcspn(line, "\n"), line);
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
		/* One name in older versions, the other in newer ones. */
		setenv("BPFTRACE_MAP_KEYS_MAX", "65536", 1);
		setenv("BPFTRACE_MAX_MAP_KEYS", "65536", 1);
		execlp("bpftrace", "bpftrace", "-B", "none", "-e", program, NULL);
		_exit(127);
	}
	return pid;
}

/* The kernel's own coding of a device number, as dev:inode in our rows is written in two. */
static unsigned int kernel_dev(const struct row *r)
{
	return r->dev_major << 20 | r->dev_minor;
}

/* A region has no inode with us, whatever file lies behind it; with bpftrace it has that file's. */
static bool is_region(const struct row *r)
{
	return *r->object == '[';
}

static long long our_calls(const struct snapshot *s, const struct bpf_count *b)
{
	long long calls = 0;
	size_t i;

	for (i = 0; i < s->nr_rows; i++)
		if (s->rows[i].pid == b->pid && s->rows[i].inode == b->inode &&
		    kernel_dev(&s->rows[i]) == b->dev && (b->inode || is_region(&s->rows[i])))
			calls += s->rows[i].n.calls;
	return calls;
}

/* Every line of bpftrace's against our rows; returns how many of them were compared. */
static int compare(const struct snapshot *s, const struct workload *w, int *wrong)
{
	FILE *f = fopen(OUTPUT, "r");
	long long all = 0;
	struct counts sum;
	int compared = 0;
	char line[512];

	while (f && fgets(line, sizeof(line), f)) {
		struct bpf_count b;

		if (sscanf(line, "@calls[%d, %u, %llu]: %lld", &b.pid, &b.dev, &b.inode,
			   &b.calls) != 4 || b.pid != w->pid)
			continue;
		compared++;
		all += b.calls;
		if (our_calls(s, &b) != b.calls) {
			note("pid %d dev %u inode %llu: bpftrace counted %lld calls, our rows %lld",
			     b.pid, b.dev, b.inode, b.calls, our_calls(s, &b));
			(*wrong)++;
		}
	}
	if (f)
		fclose(f);
	snapshot_sum_pid(s, w->pid, &sum);
	if (sum.calls != all) {
		note("pid %d: bpftrace counted %lld calls in all, we %lld", w->pid, all, sum.calls);
		snapshot_print(s, w->pid);
		(*wrong)++;
	}
	return compared;
}

static int mixed(void *arg)
{
	char *p = map_anon(200), *file;
	const char *const *path;

	(void)arg;
	if (!p)
		return 1;
	touch_write(p, 200);
	for (path = (const char *const[]){ "/tmp/bpf.a", "/tmp/bpf.b", NULL }; *path; path++) {
		file = map_file(*path, PAGES, PROT_READ | PROT_WRITE, MAP_SHARED);
		if (!file)
			return 2;
		touch_write(file, PAGES);
	}
	return 0;
}

/* Retried calls: more entries than faults, and both count entries. */
static int cold(void *arg)
{
	char *p = map_file(arg, PAGES, PROT_READ, MAP_SHARED);

	if (!p || madvise(p, PAGES * PAGE, MADV_RANDOM))
		return 1;
	touch_read(p, PAGES);
	return 0;
}

static int touch_in_thread(void *arg, int nr)
{
	touch_scattered(arg, 256, (unsigned int)nr * 3 + 1, true);
	return 0;
}

static int threads(void *arg)
{
	char *p = map_anon(256);

	(void)arg;
	return !p || threads_run(4, touch_in_thread, p, false);
}

static int program_chain(void *arg)
{
	char path[600];

	(void)arg;
	snprintf(path, sizeof(path), "%s/work", suite_dir());
	execl(path, "work", "touch", "50", "exec", "threads", "2", "30", (char *)NULL);
	return 127;
}

TEST_F(loaded, bpftrace_on_handle_mm_fault_counts_the_same_calls)
{
	static const workload_fn fns[] = { mixed, cold, threads, program_chain, mixed };
	struct workload w[ARRAY_SIZE(fns)] = { 0 };
	int status, wrong = 0;
	struct snapshot s;
	char path[256];
	pid_t bpftrace;
	size_t i;

	if (access("/sys/kernel/btf/vmlinux", F_OK))
		SKIP_TEST("the kernel has no BTF for bpftrace");
	ASSERT_NE(NULL, test_disk());
	snprintf(path, sizeof(path), "%s/bpf", test_disk());
	ASSERT_EQ(0, file_make(path, PAGES));
	ASSERT_EQ(0, file_make_empty("/tmp/bpf.a", PAGES));
	ASSERT_EQ(0, file_make_empty("/tmp/bpf.b", PAGES));
	bpftrace = bpftrace_start();
	ASSERT_LT(0, bpftrace);
	wait_until(attached_or_failed, NULL, 240000);
	if (output_has("'linux/types.h' file not found")) {
		kill(bpftrace, SIGKILL);
		waitpid(bpftrace, &status, 0);
		SKIP_TEST("bpftrace wants the kernel's headers in the guest");
	}
	ASSERT_TRUE(output_has("seen 1\n")) {
		output_show();
	}
	ASSERT_EQ(0, caches_drop());
	for (i = 0; i < ARRAY_SIZE(fns); i++) {
		EXPECT_EQ(0, workload_run(&w[i], fns[i], path));
	}
	ASSERT_EQ(0, snapshot_take(&s, FAULTS_PROC));
	ASSERT_EQ(0, kill(bpftrace, SIGINT));
	ASSERT_EQ(bpftrace, waitpid(bpftrace, &status, 0));
	/* A map that was full, or events that bpftrace lost: nothing to compare with. */
	EXPECT_FALSE(output_has("Lost"));
	EXPECT_FALSE(output_has("ERROR"));
	EXPECT_FALSE(output_has("WARNING"));
	for (i = 0; i < ARRAY_SIZE(fns); i++) {
		EXPECT_LE(2, compare(&s, &w[i], &wrong));
	}
	EXPECT_EQ(0, wrong);
	EXPECT_LT(w[1].minor + w[1].major, w[1].rows.calls);
	snapshot_free(&s);
	unlink("/tmp/bpf.a");
	unlink("/tmp/bpf.b");
	unlink(path);
}

TEST_HARNESS_MAIN
