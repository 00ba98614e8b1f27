// SPDX-License-Identifier: GPL-2.0
/*
 * uffd.c - userfaultfd by raw system call, and processes asleep in a fault.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <pthread.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "memory.h"
#include "uffd.h"

/**
 * uffd_open() - a userfaultfd that speaks the kernel's version.
 *
 * Return: the descriptor, -ENOSYS if the kernel has none, or another -errno.
 */
int uffd_open(void)
{
	struct uffdio_api api = { .api = UFFD_API };
	int fd = (int)syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);

	if (fd < 0)
		return -errno;
	if (ioctl(fd, UFFDIO_API, &api)) {
		int ret = -errno;

		close(fd);
		return ret;
	}
	return fd;
}

/**
 * uffd_register() - have missing faults of a range reported.
 * @fd: from uffd_open()
 * @p: the range, page aligned
 * @size: in bytes
 *
 * Return: 0 or -errno.
 */
int uffd_register(int fd, char *p, size_t size)
{
	struct uffdio_register reg = {
		.range = { (uintptr_t)p, size },
		.mode = UFFDIO_REGISTER_MODE_MISSING,
	};

	return ioctl(fd, UFFDIO_REGISTER, &reg) ? -errno : 0;
}

/**
 * uffd_wait_fault() - wait until somebody sleeps in a fault.
 * @fd: from uffd_open()
 * @ms: the bound
 *
 * Return: the page, or NULL.
 */
char *uffd_wait_fault(int fd, int ms)
{
	struct pollfd pfd = { fd, POLLIN, 0 };
	struct uffd_msg msg;
	ssize_t got;

	/* Between poll and read another page's arrival may have woken who was reported. */
	do {
		if (poll(&pfd, 1, ms) != 1)
			return NULL;
		got = read(fd, &msg, sizeof(msg));
	} while (got < 0 && errno == EAGAIN);
	if (got != sizeof(msg) || msg.event != UFFD_EVENT_PAGEFAULT)
		return NULL;
	return (char *)(uintptr_t)(msg.arg.pagefault.address & ~(PAGE - 1));
}

/**
 * uffd_resolve() - give a page and wake who sleeps on it.
 * @fd: from uffd_open()
 * @at: the page
 *
 * Return: 0 or -errno.
 */
int uffd_resolve(int fd, char *at)
{
	static char data[PAGE] __attribute__((aligned(4096)));
	struct uffdio_copy copy = {
		.dst = (uintptr_t)at,
		.src = (uintptr_t)data,
		.len = PAGE,
	};

	return ioctl(fd, UFFDIO_COPY, &copy) ? -errno : 0;
}

struct sleep_at {
	char *at;
	bool from_kernel;
	int zero;
};

static void *sleep_in_fault(void *arg)
{
	struct sleep_at *s = arg;

	if (s->from_kernel)
		return (void *)(intptr_t)read(s->zero, s->at, 16);
	s->at[0] = 1;
	return NULL;
}

static int sleeper_main(void *arg)
{
	struct sleeper *s = arg;
	struct sleep_at at = { .from_kernel = s->from_kernel };
	int fd = uffd_open();
	pthread_t thread;
	char *p = map_anon(2), *fault;

	at.at = p;
	at.zero = open("/dev/zero", O_RDONLY);
	if (fd < 0 || !p || at.zero < 0 || uffd_register(fd, p, 2 * PAGE) ||
	    pthread_create(&thread, NULL, sleep_in_fault, &at))
		return 1;
	fault = uffd_wait_fault(fd, 60000);
	if (fault != p)
		return 2;
	gate_open(&s->asleep);
	if (gate_wait(&s->wake) || uffd_resolve(fd, fault))
		return 3;
	pthread_join(thread, NULL);
	return 0;
}

/**
 * sleeper_start() - start a process and wait until its thread sleeps in a fault.
 * @s: zeroed, but for what is set before
 *
 * Return: 0 or -1.
 */
int sleeper_start(struct sleeper *s)
{
	if (gate_init(&s->asleep) || gate_init(&s->wake) ||
	    workload_start(&s->w, sleeper_main, s))
		return -1;
	/* If the child fails, nobody holds the other end, and the wait ends. */
	close(s->asleep.fds[1]);
	return gate_wait(&s->asleep);
}
