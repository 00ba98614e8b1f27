// SPDX-License-Identifier: GPL-2.0
/*
 * Tracepoints as objects that for_each_kernel_tracepoint() visits (since 3.15);
 * before, tracepoint_probe_register() takes a name, and any name succeeds.
 */
#include <linux/tracepoint.h>

static void visit(struct tracepoint *tp, void *data)
{
	*(struct tracepoint **)data = tp;
}

int tracepoint_objects_test(void *probe);
int tracepoint_objects_test(void *probe)
{
	struct tracepoint *tp = NULL;

	for_each_kernel_tracepoint(visit, &tp);
	return tracepoint_probe_register(tp, probe, NULL);
}
