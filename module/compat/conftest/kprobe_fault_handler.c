// SPDX-License-Identifier: GPL-2.0
/*
 * struct kprobe has a fault_handler up to 5.13; and up to then a page fault while a handler runs
 * counts as a hit that the probe missed.
 */
#include <linux/kprobes.h>

void *test(struct kprobe *kprobe);
void *test(struct kprobe *kprobe)
{
	return kprobe->fault_handler;
}
