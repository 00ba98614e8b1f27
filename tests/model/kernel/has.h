/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the kernel of this folder has of what module/compat asks for: all that is new.
 */
#define FS_HAVE_LINUX_SCHED_SIGNAL_H
#define FS_HAVE_KVZALLOC
#define FS_HAVE_KTIME_GET_BOOTTIME_NS
#define FS_HAVE_START_TIME_NS
#define FS_HAVE_SIGNAL_STATS_LOCK
#define FS_HAVE_WQ_PERCPU
#define FS_HAVE_VMA_IS_INITIAL_HEAP
#define FS_HAVE_ANON_VMA_NAME
#define CONFIG_ANON_VMA_NAME
#define FS_HAVE_SPECIAL_MAPPING_NAME
#define FS_HAVE_SEQLOCK_NESTED_SEQCOUNT
#define FS_HAVE_FAULT_FLAG_INSTRUCTION
