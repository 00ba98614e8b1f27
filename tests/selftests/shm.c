// SPDX-License-Identifier: GPL-2.0
/*
 * shm.c - the sum of rows equals the kernel's own figures: memory with a file behind it that is
 * not on a disk (memfd, SysV, tmpfs), mapped by one process or by two.
 */
#include "suite.h"

#include <fcntl.h>
#include <sys/ipc.h>
#include <sys/shm.h>
#include <sys/syscall.h>

#define SHM_PAGES ((size_t)scaled(1000))

/* Reads one half first, so that there are holes read, holes written and pages written again. */
static int touch_half_and_all(char *p)
{
	if (!p || p == MAP_FAILED)
		return 1;
	touch_read(p, SHM_PAGES / 2);
	touch_write(p, SHM_PAGES);
	return 0;
}

static int memfd(void *arg)
{
	int fd = (int)syscall(SYS_memfd_create, "faultstat test", 0);
	char *p;
	int i;

	(void)arg;
	if (fd < 0 || ftruncate(fd, (off_t)(SHM_PAGES * PAGE)))
		return 1;
	/* Shared first, private then: copies of pages that are there. */
	for (i = 0; i < 2; i++) {
		p = mmap(NULL, SHM_PAGES * PAGE, PROT_READ | PROT_WRITE,
			 i ? MAP_PRIVATE : MAP_SHARED, fd, 0);
		if (touch_half_and_all(p))
			return 1;
	}
	return 0;
}

TEST_F(loaded, memfd_is_exact_shared_and_private)
{
	struct workload w;
	int fd = (int)syscall(SYS_memfd_create, "probe", 0);

	if (fd < 0)
		SKIP_TEST("the kernel has no memfd");
	close(fd);
	w = RUN_EXACT(memfd, NULL);
	EXPECT_LE(2 * (long long)SHM_PAGES, shared_writes(w.minor, w.major));
}

struct sysv {
	int id;
	struct kid kid;
};

static int sysv_child(int id)
{
	char *p = shmat(id, NULL, 0);

	return touch_half_and_all(p == (char *)-1 ? NULL : p);
}

static int sysv(void *arg)
{
	struct sysv *sysv = arg;
	pid_t pid = kid_fork();

	if (pid < 0)
		return 1;
	if (!pid)
		_exit(sysv_child(sysv->id));
	return sysv_child(sysv->id) || kid_wait(&sysv->kid, pid);
}

/* Two processes attach one segment and touch it at the same time: each has its own faults. */
TEST_F(loaded, sysv_segment_counts_for_each_that_attaches_it)
{
	struct sysv *sv = shared_alloc(sizeof(*sv));
	struct workload w;

	sv->id = shmget(IPC_PRIVATE, SHM_PAGES * PAGE, IPC_CREAT | 0600);
	if (sv->id < 0 && errno == ENOSYS)
		SKIP_TEST("the kernel has no SysV shared memory");
	ASSERT_LE(0, sv->id);
	w = RUN_EXACT(sysv, sv);
	EXPECT_EQ(0, shmctl(sv->id, IPC_RMID, NULL));
	EXPECT_EQ(0, kids_compare_now(&sv->kid, 1));
	EXPECT_LE((long long)SHM_PAGES, shared_writes(w.minor, w.major));
	EXPECT_LE((long long)SHM_PAGES, shared_writes(sv->kid.minor, sv->kid.major));
}

static int tmpfs_file(void *arg)
{
	char *path = arg;
	int ret;

	if (file_make_empty(path, SHM_PAGES))
		return 1;
	ret = touch_half_and_all(map_file(path, SHM_PAGES, PROT_READ | PROT_WRITE, MAP_SHARED)) ||
	      touch_half_and_all(map_file(path, SHM_PAGES, PROT_READ | PROT_WRITE, MAP_PRIVATE));
	unlink(path);
	return ret;
}

TEST_F(loaded, tmpfs_file_is_exact_shared_and_private)
{
	struct workload w = RUN_EXACT(tmpfs_file, (void *)"/dev/shm/file");

	EXPECT_LE(2 * (long long)SHM_PAGES, shared_writes(w.minor, w.major));
}

static int tmpfs_deleted(void *arg)
{
	char *path = arg, *p;

	if (file_make_empty(path, SHM_PAGES))
		return 1;
	p = map_file(path, SHM_PAGES, PROT_READ | PROT_WRITE, MAP_SHARED);
	return !p || unlink(path) || touch_half_and_all(p);
}

TEST_F(loaded, tmpfs_file_deleted_while_mapped_is_exact)
{
	struct workload w = RUN_EXACT(tmpfs_deleted, (void *)"/dev/shm/deleted");

	EXPECT_LE((long long)SHM_PAGES, shared_writes(w.minor, w.major));
}

static int punched(void *arg, int nr)
{
	char *p = map_file(arg, SHM_PAGES, PROT_READ | PROT_WRITE, MAP_SHARED);
	int i;

	if (!p)
		return 1;
	for (i = 0; i < 10; i++) {
		if (nr == 0 && madvise(p, SHM_PAGES * PAGE, MADV_REMOVE))
			return 1;
		touch_write(p, SHM_PAGES);
	}
	return munmap(p, SHM_PAGES * PAGE);
}

static int punched_by_one(void *arg)
{
	int ret = file_make_empty(arg, SHM_PAGES) || threads_run(4, punched, arg, false);

	unlink(arg);
	return ret;
}

/* Faults that meet a hole being punched wait for it and are retried. */
TEST_F(loaded, pages_punched_out_while_others_touch_are_exact)
{
	struct workload w = RUN_EXACT(punched_by_one, (void *)"/dev/shm/punched");

	EXPECT_LE(4 * (long long)SHM_PAGES, w.minor + w.major);
}

TEST_HARNESS_MAIN
