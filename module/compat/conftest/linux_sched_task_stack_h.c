// SPDX-License-Identifier: GPL-2.0
/* 4.11: task_pt_regs() and its kin want this header; RHEL 7's 3.10 has the folder without it. */
#include <linux/sched/task_stack.h>
