/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Stacks: who calls handle_mm_fault(), by row and frames, for processes that somebody asks for.
 * What a row counts from then on is divided among its stacks: calls and verdicts.
 *
 * A stack is found in a hash index without a lock, its frames compared in full, and counted in a
 * cell of this CPU. All of it is there while anything asks for stacks, and gone when nothing does.
 *
 * Bound: stacks take at most three tenths of max_memory, their cells an eighth. A row has one stack
 * more for what finds no room, [overflow]; if not even that can be had, calls are counted as lost.
 */
#ifndef FAULTSTAT_STACK_H
#define FAULTSTAT_STACK_H

#include "stack_table.h"

/* In a hook, preemption off: */
u32 fs_stack_next(struct fs_process *process, struct fs_row *row, enum fs_counter class, u32 last,
		  enum fs_counter verdict);
u32 fs_stack_lose_call(void);
u32 fs_stack_call(struct fs_process *process, struct fs_row *row, enum fs_counter class);
void fs_stack_verdict(u32 slot, u64 generation, enum fs_counter verdict);
void fs_stack_verdict_at_end(u32 slot, u64 generation, enum fs_counter verdict);
bool fs_stack_is_of_now(u64 generation);

/* In process context: */
void fs_stacks_place_all(void);

#endif
