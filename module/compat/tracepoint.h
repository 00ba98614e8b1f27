/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Tracepoints by name. None of those we want is exported, and their headers moved
 * (the page-fault ones in 6.16), so the name is what lasts. Up to 5.3 a probe stays
 * where there is no memory for a list without it: that is tried again until there is,
 * since the module's text may go next. For hooks.c alone.
 */
#ifndef FAULTSTAT_COMPAT_TRACEPOINT_H
#define FAULTSTAT_COMPAT_TRACEPOINT_H

#include <linux/delay.h>
#include <linux/errno.h>
#include <linux/string.h>
#include <linux/tracepoint.h>
#ifdef FS_HAVE_TRACE_IDT
#include <linux/cpu.h>
#include <linux/smp.h>
#include <linux/workqueue.h>
#endif

#if !defined(CONFIG_TRACEPOINTS)

static inline int compat_tracepoint_attach(const char *name, void *probe)
{
	return -ENOENT;
}

static inline void compat_tracepoint_detach(const char *name, void *probe)
{
}

#elif defined(FS_HAVE_FOR_EACH_TRACEPOINT)

struct compat_tracepoint_search {
	const char *name;
	struct tracepoint *found;
};

static inline void compat_tracepoint_visit(struct tracepoint *tp, void *data)
{
	struct compat_tracepoint_search *search = data;

	if (!strcmp(tp->name, search->name))
		search->found = tp;
}

static inline struct tracepoint *compat_tracepoint_find(const char *name)
{
	struct compat_tracepoint_search search = { .name = name };

	for_each_kernel_tracepoint(compat_tracepoint_visit, &search);
	return search.found;
}

static inline int compat_tracepoint_attach(const char *name, void *probe)
{
	struct tracepoint *tp = compat_tracepoint_find(name);

	return tp ? tracepoint_probe_register(tp, probe, NULL) : -ENOENT;
}

static inline void compat_tracepoint_detach(const char *name, void *probe)
{
	struct tracepoint *tp = compat_tracepoint_find(name);

	while (tp && tracepoint_probe_unregister(tp, probe, NULL) == -ENOMEM)
		msleep(20);
}

#else

/* Succeeds for a name that does not exist; such kernels have all that we ask for. */
static inline int compat_tracepoint_attach(const char *name, void *probe)
{
	return tracepoint_probe_register(name, probe, NULL);
}

static inline void compat_tracepoint_detach(const char *name, void *probe)
{
	while (tracepoint_probe_unregister(name, probe, NULL) == -ENOMEM)
		msleep(20);
}

#endif

#ifdef FS_HAVE_TRACE_IDT

/*
 * Such a kernel has all other CPUs switch their interrupt tables, and then this one: who is
 * preempted in between, and goes on elsewhere, has left one behind on which no exception is told.
 * Not so a worker that is bound to a CPU.
 */
struct compat_tracepoint_change {
	const char *name;
	void *probe;
	bool on;
};

static inline long compat_tracepoint_change(void *data)
{
	const struct compat_tracepoint_change *change = data;

	if (change->on)
		return compat_tracepoint_attach(change->name, change->probe);
	compat_tracepoint_detach(change->name, change->probe);
	return 0;
}

static inline int compat_tracepoint_set(const char *name, void *probe, bool on)
{
	struct compat_tracepoint_change change = { name, probe, on };
	int err;

	get_online_cpus();
	err = work_on_cpu(raw_smp_processor_id(), compat_tracepoint_change, &change);
	put_online_cpus();
	return err;
}

#else

static inline int compat_tracepoint_set(const char *name, void *probe, bool on)
{
	if (on)
		return compat_tracepoint_attach(name, probe);
	compat_tracepoint_detach(name, probe);
	return 0;
}

#endif

static inline int compat_tracepoint_register(const char *name, void *probe)
{
	return compat_tracepoint_set(name, probe, true);
}

static inline void compat_tracepoint_unregister(const char *name, void *probe)
{
	compat_tracepoint_set(name, probe, false);
}

#endif
