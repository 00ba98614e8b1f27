// SPDX-License-Identifier: GPL-2.0
/*
 * names.c - an object has the name, device and inode that /proc/PID/maps shows for it, whatever
 * bytes and however long the name; in the file it is escaped so that a row stays a row.
 *
 * Each test has a process that maps things, touches them and waits; then its rows are held against
 * its maps.
 */
#include "suite.h"

#include <fcntl.h>
#include <pthread.h>
#include <sys/auxv.h>
#include <sys/ipc.h>
#include <sys/param.h>
#include <sys/prctl.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "named.h"

static int make_odd_bytes(struct named *n)
{
	static const char * const names[] = {
		"plain", "two words", " leading and trailing ", "tab\there", "new\nline",
		"back\\slash", "not\\040escaped", "trailing\\", "quote\"'`$", "\x01\x02\x1f\x7f",
		"latin1 \xe4\xf6\xfc\xff", "utf-8 \xc3\xa4\xe2\x82\xac", "name (deleted)",
		"[anon]", "\n\n\n", "#comment",
	};
	size_t i;

	if (chdir(n->dir))
		return 1;
	for (i = 0; i < ARRAY_SIZE(names); i++)
		if (name_add_file(n, names[i]))
			return 1;
	return 0;
}

TEST_F(loaded, odd_bytes_of_names_are_escaped_as_in_maps)
{
	struct named *n = named_in("/tmp/names");
	struct snapshot s;

	ASSERT_EQ(0, named_run(n, make_odd_bytes, &s));
	/* By hand for the ones that maps itself leaves in doubt. */
	EXPECT_NE(NULL, snapshot_row(&s, 0, "/tmp/names/not\\040escaped"));
	EXPECT_NE(NULL, snapshot_row(&s, 0, "/tmp/names/new\nline"));
	EXPECT_NE(NULL, snapshot_row(&s, 0, "/tmp/names/[anon]"));
	EXPECT_NE(NULL, strstr(s.text, "/tmp/names/tab\\011here\n"));
	EXPECT_NE(NULL, strstr(s.text, "/tmp/names/two words\n"));
	EXPECT_NE(NULL, strstr(s.text, "/tmp/names/back\\134slash\n"));
	EXPECT_NE(NULL, strstr(s.text, "/tmp/names/latin1 \xe4\xf6\xfc\xff\n"));
	snapshot_free(&s);
	named_remove(n);
}

#define LONG_PART 240

static int make_long_path(struct named *n)
{
	char part[LONG_PART + 1];
	size_t len = strlen(n->dir);
	int depth = 0;

	if (chdir(n->dir))
		return 1;
	memset(part, 'p', LONG_PART);
	part[LONG_PART] = '\0';
	part[7] = ' ';
	part[9] = '\n';
	/* One of 4,000 bytes, which no system call takes in one piece, and two on the way. */
	while (len + LONG_PART + 1 < 4000) {
		if (depth % 6 == 2 && name_add_file(n, "file"))
			return 1;
		if (mkdir(part, 0700) || chdir(part))
			return 1;
		len += LONG_PART + 1;
		depth++;
	}
	part[4000 - len - 1] = '\0';
	return name_add_file(n, part);
}

TEST_F(loaded, paths_of_4000_bytes_stay_whole)
{
	struct named *n = named_in("/tmp/long");
	struct snapshot s;
	size_t i, longest = 0;

	ASSERT_EQ(0, named_run(n, make_long_path, &s));
	for (i = 0; i < s.nr_rows; i++)
		if (strlen(s.rows[i].object) > longest)
			longest = strlen(s.rows[i].object);
	EXPECT_EQ(4000, longest);
	snapshot_free(&s);
	named_remove(n);
}

static int make_deleted_as(struct named *n, const char *name)
{
	int fd = open(name, O_RDWR | O_CREAT, 0600);

	if (fd < 0 || ftruncate(fd, NAME_PAGES * PAGE) || unlink(name))
		return 1;
	return name_add(n, mmap(NULL, NAME_PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0),
			"");
}

static int make_linked(struct named *n, const char *name, const char *other)
{
	int fd = open(name, O_RDWR | O_CREAT, 0600);

	return fd < 0 || close(fd) || link(name, other) || make_deleted_as(n, name);
}

static int make_deleted(struct named *n)
{
	return chdir(n->dir) || make_deleted_as(n, "gone before");
}

TEST_F(loaded, file_deleted_before_its_first_fault_says_so)
{
	struct named *n = named_in("/tmp/deleted");
	struct snapshot s;

	ASSERT_EQ(0, named_run(n, make_deleted, &s));
	EXPECT_NE(NULL, snapshot_row(&s, 0, "/tmp/deleted/gone before (deleted)"));
	snapshot_free(&s);
	named_remove(n);
}

/* Two files of one name in maps; and one that lost the name it was opened by, not its other. */
static int make_deleted_and_live(struct named *n)
{
	if (chdir(n->dir) || name_add_file(n, "re (deleted)"))
		return 1;
	return make_deleted_as(n, "re") || make_linked(n, "link", "linked too");
}

static int deleted_and_live(const struct snapshot *s, const char *object, struct row *of)
{
	int nr = 0;
	size_t i;

	for (i = 0; i < s->nr_rows; i++)
		if (!strcmp(s->rows[i].object, object) && nr < 2)
			of[nr++] = s->rows[i];
	return nr;
}

TEST_F(loaded, a_deleted_file_and_a_live_one_of_the_name_that_it_has_now)
{
	static const char * const dirs[] = { "/tmp/deleted", "/dev/shm/names" };
	struct snapshot s;
	struct row of[2];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(dirs); i++) {
		struct named *n = named_in(dirs[i]);
		char object[64];

		ASSERT_EQ(0, named_run(n, make_deleted_and_live, &s));
		snprintf(object, sizeof(object), "%s/re (deleted)", dirs[i]);
		ASSERT_EQ(2, deleted_and_live(&s, object, of));
		EXPECT_EQ(1, of[0].deleted + of[1].deleted);
		EXPECT_NE(of[0].inode, of[1].inode);
		snprintf(object, sizeof(object), "%s/link (deleted)", dirs[i]);
		ASSERT_EQ(1, deleted_and_live(&s, object, of));
		EXPECT_EQ(1, of[0].deleted);
		snapshot_free(&s);
		named_remove(n);
	}
}

static int delete_and_rename_later(void *arg)
{
	struct named *n = arg;

	if (chdir(n->dir) || name_add_file(n, "gone") || name_add_file(n, "moved"))
		return 1;
	if (unlink("gone") || rename("moved", "elsewhere"))
		return 1;
	touch_write(n->of[0].at, NAME_PAGES);
	return madvise(n->of[1].at, NAME_PAGES * PAGE, MADV_DONTNEED) ||
	       (touch_write(n->of[1].at, NAME_PAGES), 0);
}

/* A name is made once, when the row is new; what happens to the file later makes no new row. */
TEST_F(loaded, name_is_made_once_when_the_row_is_new)
{
	struct named *n = named_in("/tmp/later");
	struct workload w = RUN_EXACT(delete_and_rename_later, n);
	struct counts sum;
	struct snapshot s;

	ASSERT_EQ(0, snapshot_take(&s, FAULTS_PROC));
	EXPECT_EQ(1, snapshot_sum_object(&s, w.pid, "/tmp/later/gone", &sum));
	/* As of the same moment. */
	EXPECT_EQ(0, snapshot_row(&s, w.pid, "/tmp/later/gone")->deleted);
	EXPECT_EQ((long long)NAME_PAGES, shared_writes(sum.minor, sum.major));
	EXPECT_EQ((long long)NAME_PAGES, sum.calls - sum.uncounted);
	EXPECT_EQ(1, snapshot_sum_object(&s, w.pid, "/tmp/later/moved", &sum));
	EXPECT_EQ(2 * (long long)NAME_PAGES, shared_writes(sum.minor, sum.major));
	EXPECT_EQ(2 * (long long)NAME_PAGES, sum.calls - sum.uncounted);
	EXPECT_EQ(NULL, snapshot_row(&s, w.pid, "/tmp/later/elsewhere"));
	snapshot_free(&s);
	named_remove(n);
}

static int make_regions(struct named *n)
{
	int flags = MAP_ANONYMOUS, prot = PROT_READ | PROT_WRITE, fd, id;
	volatile char stack[NAME_PAGES * PAGE];
	char *vdso = (char *)getauxval(AT_SYSINFO_EHDR);
	char *heap = sbrk((NAME_PAGES + 1) * PAGE);

	if (heap == (char *)-1 || name_add(n, (char *)stack, "[stack]") ||
	    name_add(n, heap, "[heap]") || name_add(n, map_anon(NAME_PAGES), "[anon]"))
		return 1;
	if (name_add(n, mmap(NULL, NAME_PAGES * PAGE, prot, flags | MAP_SHARED, -1, 0), "[shm]"))
		return 2;
	fd = (int)syscall(SYS_memfd_create, "memory file", 0);
	if (fd >= 0 && (ftruncate(fd, NAME_PAGES * PAGE) ||
			name_add(n, mmap(NULL, NAME_PAGES * PAGE, prot, MAP_SHARED, fd, 0), "")))
		return 3;
	id = shmget(0x1234abcd, NAME_PAGES * PAGE, IPC_CREAT | 0600);
	if (id >= 0 && name_add(n, shmat(id, NULL, 0), ""))
		return 4;
	if (id >= 0)
		shmctl(id, IPC_RMID, NULL);
	if (name_add_file(n, "/dev/shm/on tmpfs"))
		return 5;
	if (vdso) {
		/* Read-only, and perhaps of one page. */
		touch_read(vdso, 1);
		n->of[n->nr].at = vdso;
		strcpy(n->of[n->nr++].object, "[vdso]");
	}
	return 0;
}

TEST_F(loaded, each_kind_of_memory_has_its_name)
{
	struct named *n = named_in("/tmp/regions");
	struct snapshot s;

	ASSERT_EQ(0, named_run(n, make_regions, &s));
	EXPECT_LE(6, n->nr);
	/* They never had a name in a tree: what maps has behind theirs is the kernel's. */
	ASSERT_NE(NULL, snapshot_row(&s, 0, "/memfd:memory file (deleted)"));
	ASSERT_NE(NULL, snapshot_row(&s, 0, "/SYSV1234abcd (deleted)"));
	EXPECT_EQ(1, snapshot_row(&s, 0, "/memfd:memory file (deleted)")->deleted);
	EXPECT_EQ(1, snapshot_row(&s, 0, "/SYSV1234abcd (deleted)")->deleted);
	EXPECT_EQ(0, snapshot_row(&s, 0, "[shm]")->deleted);
	snapshot_free(&s);
	unlink("/dev/shm/on tmpfs");
	named_remove(n);
}

#ifndef PR_SET_VMA
#define PR_SET_VMA 0x53564d41
#define PR_SET_VMA_ANON_NAME 0
#endif

#define STACKS 10000
#define STACKS_AT_ONCE 250
#define STACK_SIZE (32ul << 10)

static void *touch_stack(void *arg)
{
	volatile char on_stack[2 * PAGE];

	(void)arg;
	touch_write(on_stack, 2);
	return NULL;
}

/* A stack with a name of its own, which stays mapped when its thread has ended. */
static int start_thread(pthread_t *thread, int nr)
{
	char name[32], *stack = mmap(NULL, STACK_SIZE, PROT_READ | PROT_WRITE,
				     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	pthread_attr_t attr;
	int ret;

	if (stack == MAP_FAILED)
		return 1;
	snprintf(name, sizeof(name), "stack of %d", nr);
	if (prctl(PR_SET_VMA, PR_SET_VMA_ANON_NAME, stack, STACK_SIZE, name))
		return 2;
	pthread_attr_init(&attr);
	pthread_attr_setstack(&attr, stack, STACK_SIZE);
	ret = pthread_create(thread, &attr, touch_stack, NULL);
	pthread_attr_destroy(&attr);
	return ret ? 3 : 0;
}

static int threads_with_named_stacks(void *arg)
{
	int nr = *(int *)arg, i, j, ret;
	pthread_t threads[STACKS_AT_ONCE];

	for (i = 0; i < nr; i += STACKS_AT_ONCE) {
		for (j = 0; j < STACKS_AT_ONCE; j++) {
			ret = start_thread(&threads[j], i + j);
			if (ret)
				return ret;
		}
		for (j = 0; j < STACKS_AT_ONCE; j++)
			pthread_join(threads[j], NULL);
	}
	return 0;
}

/* Each is an object: they fill the process's share of the rows, and no fault is lost. */
TEST_F(loaded, ten_thousand_threads_whose_stacks_have_names)
{
	int *nr = shared_alloc(sizeof(*nr));
	char *page = map_anon(1);
	long long named = 0, pages = 0;
	struct counts other = { 0 };
	struct workload w;
	struct snapshot s;
	size_t i;

	ASSERT_NE(NULL, page);
	if (prctl(PR_SET_VMA, PR_SET_VMA_ANON_NAME, page, PAGE, "x"))
		SKIP_TEST("the kernel has no names for anonymous memory");
	*nr = scaled(STACKS);
	w = RUN_EXACT(threads_with_named_stacks, nr);
	ASSERT_EQ(0, snapshot_take(&s, FAULTS_PROC));
	EXPECT_EQ(0, snapshot_violations(&s, 0));
	for (i = 0; i < s.nr_rows; i++) {
		const struct row *r = &s.rows[i];
		int of, end = 0;

		if (r->pid != w.pid || sscanf(r->object, "[anon:stack of %d]%n", &of, &end) != 1)
			continue;
		EXPECT_EQ(strlen(r->object), end);
		EXPECT_TRUE(of >= 0 && of < *nr);
		EXPECT_LE(2, r->n.minor);
		pages += r->n.minor;
		named++;
	}
	snapshot_sum_object(&s, w.pid, "[other]", &other);
	note("%d stacks: %lld rows with %lld faults, %lld in [other]", *nr, named, pages,
	     other.minor);
	/* A quarter of max_rows is one process's; rows that were idle for long have moved. */
	EXPECT_LE(MIN(*nr / 4, 1000), named);
	EXPECT_GE(16384 / 4, named);
	EXPECT_LE(2ll * *nr, pages + other.minor);
	snapshot_free(&s);
}

TEST_HARNESS_MAIN
