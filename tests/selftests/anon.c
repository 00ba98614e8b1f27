// SPDX-License-Identifier: GPL-2.0
/*
 * anon.c - the sum of a process's rows equals the kernel's own figures: anonymous memory of every
 * page size. Each test also says how many faults there must have been at least, so that one whose
 * workload stopped faulting fails.
 */
#include "suite.h"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>

#define HUGE (2ul << 20)

static int zero_page_then_write(void *arg)
{
	size_t pages = *(size_t *)arg;
	char *p = map_anon(pages);

	if (!p)
		return 1;
	touch_read(p, pages);
	touch_write(p, pages);
	return 0;
}

/* Every page faults twice: once onto the zero page, once to copy it. */
TEST_F(loaded, small_pages_read_then_written_are_exact)
{
	size_t pages = (size_t)scaled(2000);
	struct workload w = RUN_EXACT(zero_page_then_write, &pages);

	EXPECT_LE(2 * (long long)pages, w.minor);
	EXPECT_LE((long long)pages, w.rows.write);
}

static int dropped_and_moved(void *arg)
{
	size_t pages = *(size_t *)arg;
	char *p = map_anon(pages);
	int i;

	for (i = 0; p && i < 5; i++) {
		touch_write(p, pages);
		if (madvise(p, pages * PAGE, MADV_DONTNEED))
			return 1;
		touch_write(p, pages);
		if (mprotect(p, pages * PAGE, PROT_READ) ||
		    mprotect(p, pages * PAGE, PROT_READ | PROT_WRITE))
			return 1;
		touch_write(p, pages);
		p = mremap(p, pages * PAGE, 2 * pages * PAGE, MREMAP_MAYMOVE);
		if (p == MAP_FAILED)
			return 1;
		touch_write(p + pages * PAGE, pages);
		p = mremap(p, 2 * pages * PAGE, pages * PAGE, 0);
	}
	return !p || p == MAP_FAILED;
}

TEST_F(loaded, pages_dropped_protected_and_moved_are_exact)
{
	size_t pages = (size_t)scaled(200);
	struct workload w = RUN_EXACT(dropped_and_moved, &pages);

	EXPECT_LE(2 * 5 * (long long)pages, w.minor);
}

struct cow {
	size_t pages;
	struct kid kid;
};

static int copy_on_write(void *arg)
{
	struct cow *cow = arg;
	char *p = map_anon(cow->pages);
	pid_t pid;

	if (!p)
		return 1;
	touch_write(p, cow->pages);
	pid = kid_fork();
	if (pid < 0)
		return 1;
	if (!pid) {
		touch_write(p, cow->pages);
		_exit(0);
	}
	touch_write(p, cow->pages);
	return kid_wait(&cow->kid, pid);
}

/* Parent and child write the same pages at the same time: each copy belongs to who made it. */
TEST_F(loaded, copy_on_write_counts_for_the_one_who_writes)
{
	struct cow *cow = shared_alloc(sizeof(*cow));
	struct workload w;

	cow->pages = (size_t)scaled(1000);
	w = RUN_EXACT(copy_on_write, cow);
	EXPECT_LE((long long)cow->pages, w.minor);
	EXPECT_LE((long long)cow->pages, cow->kid.minor);
	EXPECT_EQ(0, kids_compare_now(&cow->kid, 1));
}

static int stack_and_heap(void *arg)
{
	volatile char stack[256 * PAGE];
	char *heap = sbrk(256 * PAGE);

	(void)arg;
	if (heap == (char *)-1)
		return 1;
	touch_write(stack, 256);
	touch_write(heap, 255);
	return 0;
}

TEST_F(loaded, growing_stack_and_heap_have_rows_of_their_own)
{
	struct workload w = RUN_EXACT(stack_and_heap, NULL);

	EXPECT_LE(2 * 255, w.minor);
}

static int shared_anon(void *arg)
{
	size_t pages = *(size_t *)arg;
	char *p = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		       -1, 0);

	if (p == MAP_FAILED)
		return 1;
	touch_read(p, pages / 2);
	touch_write(p, pages);
	return 0;
}

TEST_F(loaded, shared_anonymous_memory_is_one_object_for_all)
{
	size_t pages = (size_t)scaled(1000);
	struct workload w = RUN_EXACT(shared_anon, &pages);

	EXPECT_LE((long long)pages, shared_writes(w.minor, w.major));
}

struct huge {
	size_t size;
	long long anon_huge_kb;	/* as the process saw it in its smaps */
};

static long long smaps_sum(const char *key)
{
	FILE *f = fopen("/proc/self/smaps", "r");
	long long sum = 0, kb;
	char line[512];

	while (f && fgets(line, sizeof(line), f))
		if (!strncmp(line, key, strlen(key)) &&
		    sscanf(line + strlen(key), ": %lld kB", &kb) == 1)
			sum += kb;
	if (f)
		fclose(f);
	return sum;
}

static int huge_pages(void *arg)
{
	struct huge *huge = arg;
	char *p = map_anon_aligned(huge->size, HUGE);

	if (!p || madvise(p, huge->size, MADV_HUGEPAGE))
		return 1;
	touch_read(p, huge->size / PAGE / 2);
	touch_write(p, huge->size / PAGE);
	huge->anon_huge_kb = smaps_sum("AnonHugePages");
	/* A hole in the middle of a huge page splits its mapping. */
	if (madvise(p + 16 * PAGE, 16 * PAGE, MADV_DONTNEED))
		return 1;
	touch_write(p, huge->size / PAGE);
	return 0;
}

TEST_F(loaded, transparent_huge_pages_count_once_each)
{
	static const char thp[] = "/sys/kernel/mm/transparent_hugepage/enabled";
	struct huge *huge = shared_alloc(sizeof(*huge));
	struct workload w;

	if (access(thp, F_OK))
		SKIP_TEST("the kernel has no transparent huge pages");
	ASSERT_EQ(0, file_write(thp, "madvise"));
	huge->size = 8 * HUGE;
	w = RUN_EXACT(huge_pages, huge);
	/* It did get huge pages, so far fewer faults than pages. */
	EXPECT_LT(0, huge->anon_huge_kb);
	EXPECT_GT((long long)(huge->size / PAGE), w.minor);
}

static int hugetlb_memory(void *arg)
{
	int flags = MAP_ANONYMOUS | MAP_HUGETLB;
	char *private = mmap(NULL, 4 * HUGE, PROT_READ | PROT_WRITE, flags | MAP_PRIVATE, -1, 0);
	char *shared = mmap(NULL, 4 * HUGE, PROT_READ | PROT_WRITE, flags | MAP_SHARED, -1, 0);
	char *file = map_file(arg, 4 * HUGE / PAGE, PROT_READ | PROT_WRITE, MAP_SHARED);
	int i;

	if (private == MAP_FAILED || shared == MAP_FAILED || !file)
		return 1;
	for (i = 0; i < 4; i++) {
		(void)*(volatile char *)(private + (size_t)i * HUGE);
		*(volatile char *)(private + (size_t)i * HUGE) = 1;
		*(volatile char *)(shared + (size_t)i * HUGE) = 1;
		*(volatile char *)(file + (size_t)i * HUGE) = 1;
	}
	return 0;
}

static int hugetlb_in_mount(struct __test_metadata *_metadata)
{
	static char path[] = "/tmp/huge/file";
	struct workload w;

	if (file_make_empty(path, 4 * HUGE / PAGE))
		return -1;
	w = RUN_EXACT(hugetlb_memory, path);
	unlink(path);
	EXPECT_LE(12, w.minor);
	return 0;
}

TEST_F(loaded, hugetlb_pages_count_once_private_shared_and_file)
{
	char reserved[32] = "";

	if (access("/proc/sys/vm/nr_hugepages", F_OK))
		SKIP_TEST("the kernel has no hugetlb pages");
	ASSERT_EQ(0, file_write("/proc/sys/vm/nr_hugepages", "16"));
	ASSERT_EQ(0, file_read_line("/proc/sys/vm/nr_hugepages", reserved, sizeof(reserved)));
	EXPECT_LE(12, atoi(reserved));
	mkdir("/tmp/huge", 0700);
	ASSERT_EQ(0, mount("huge", "/tmp/huge", "hugetlbfs", 0, NULL));
	EXPECT_EQ(0, hugetlb_in_mount(_metadata));
	EXPECT_EQ(0, umount("/tmp/huge"));
	EXPECT_EQ(0, rmdir("/tmp/huge"));
	EXPECT_EQ(0, file_write("/proc/sys/vm/nr_hugepages", "0"));
}

static int touch_in_thread(void *arg, int nr)
{
	size_t pages = *(size_t *)arg;
	char *p = map_anon(pages);

	if (!p)
		return 1;
	touch_scattered(p, pages, (unsigned int)nr, true);
	return munmap(p, pages * PAGE);
}

static int many_threads(void *arg)
{
	return threads_run(8, touch_in_thread, arg, false);
}

/* Threads map and unmap while the others fault, so they wait for the mmap lock, and retry. */
TEST_F(loaded, eight_threads_that_map_and_touch_are_exact)
{
	size_t pages = (size_t)scaled(2560) >= 2560 ? 256 : 64;
	struct workload w = RUN_EXACT(many_threads, &pages);

	EXPECT_LE(8 * (long long)pages, w.minor);
}

TEST_HARNESS_MAIN
