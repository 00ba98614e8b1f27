/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Ended processes: the newest are kept in a ring, and what falls out of it is queued, on the CPU
 * that ended the one in its place, to be folded there. Nothing of a process is known here but the
 * node by which it is queued (fs_process.due).
 */
#ifndef FAULTSTAT_ENDED_H
#define FAULTSTAT_ENDED_H

#include <linux/llist.h>
#include <linux/types.h>

/* In a hook: */
void fs_ended_add(struct llist_node *process, bool keep);

/* In process context: */
struct llist_node *fs_ended_take_due(int cpu);
bool fs_ended_is_due(int cpu);
void fs_ended_make_due(unsigned int count);
void fs_ended_make_due_if(bool (*fn)(const struct llist_node *process));
unsigned int fs_ended_count(void);
int fs_ended_keep(unsigned int count);
void fs_ended_destroy(void);

#endif
