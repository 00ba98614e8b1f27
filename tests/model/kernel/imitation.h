/* SPDX-License-Identifier: GPL-2.0 */
/*
 * As much of the kernel as the module's counting asks for, in userspace: every header that the
 * module includes from the kernel is this one (../build makes the names). Types and small
 * things are here; what runs at the same time, and what orders it, in sync.h; lists in lists.h;
 * tasks in tasks.h.
 */
#ifndef MODEL_IMITATION_H
#define MODEL_IMITATION_H

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;
typedef int s32;
typedef long long s64;
typedef long long ktime_t;
typedef unsigned int gfp_t;

/* Whoever finds something wrong says where, and ends it. */
#define MODEL_FAIL(...) do {						\
	fflush(stdout);							\
	fprintf(stderr, "%s:%d: ", __FILE__, __LINE__);			\
	fprintf(stderr, __VA_ARGS__);					\
	fprintf(stderr, "\n");						\
	abort();							\
} while (0)
#define MODEL_ASSERT(what) do {						\
	if (!(what))							\
		MODEL_FAIL("not so: %s", #what);			\
} while (0)

#define noinline		__attribute__((noinline))
#define notrace
#define __init
#define __exit
#define __read_mostly
#define __percpu
#define likely(x)		__builtin_expect(!!(x), 1)
#define unlikely(x)		__builtin_expect(!!(x), 0)
#define SMP_CACHE_BYTES		64
#define ____cacheline_aligned	__attribute__((aligned(64)))
#define ____cacheline_aligned_in_smp ____cacheline_aligned
#define PAGE_SHIFT		12
#define PAGE_SIZE		4096UL
#define U64_MAX			(~0ULL)
#define UINT_MAX		(~0U)

#define container_of(ptr, type, member) ({				\
	const typeof(((type *)0)->member) *__member = (ptr);		\
	(type *)((char *)__member - offsetof(type, member)); })
#define ARRAY_SIZE(array)	(sizeof(array) / sizeof((array)[0]))
#define DIV_ROUND_UP(n, d)	(((n) + (d) - 1) / (d))
#define round_down(x, y)	((x) & ~((typeof(x))(y) - 1))
#define BITS_PER_LONG	64
#define BITS_TO_LONGS(bits)	DIV_ROUND_UP((size_t)(bits), 64)
#define model_choose(a, b, is) ({						\
	typeof(a) __a = (a);						\
	typeof(b) __b = (b);						\
	__a is __b ? __a : __b; })
#define min(a, b)		model_choose(a, b, <)
#define max(a, b)		model_choose(a, b, >)
#define max_t(type, a, b)	max((type)(a), (type)(b))
#define min_t(type, a, b)	min((type)(a), (type)(b))
#define clamp(value, low, high)	min((typeof(value))max(value, low), high)

static inline int fls64(u64 x)
{
	return x ? 64 - __builtin_clzll(x) : 0;
}

#define ilog2(x)		(63 - __builtin_clzll(x))
#define order_base_2(x)		fls64((u64)(x) - 1)
#define roundup_pow_of_two(x)	((typeof(x))(1ULL << order_base_2(x)))
#define __ffs64(x)		((unsigned int)__builtin_ctzll(x))
#define div64_u64(a, b)		((u64)(a) / (u64)(b))
#define BUILD_BUG_ON(x)		_Static_assert(!(x), #x)

#define WARN_ON_ONCE(x)		({ bool __is = (x); model_warn(__is, #x); __is; })
#define pr_err(...)		fprintf(stderr, __VA_ARGS__)
#define pr_warn			pr_err
#define scnprintf		snprintf
#define module_init(function)	int model_module_init(void) { return function(); }
#define module_exit(function)	void model_module_exit(void) { function(); }
#define MODULE_LICENSE(text)	extern int model_unused
#define MODULE_AUTHOR(text)	extern int model_unused
#define MODULE_DESCRIPTION(text) extern int model_unused
#define MODULE_VERSION(text)	extern int model_unused

int model_module_init(void);
void model_warn(bool is, const char *what);
void model_module_exit(void);

static inline ssize_t strscpy(char *to, const char *from, size_t size)
{
	snprintf(to, size, "%s", from);
	return strlen(to);
}

bool sysfs_streq(const char *a, const char *b);
u64 model_random(void);
void get_random_bytes(void *to, size_t size);

static inline u32 hash_32(u32 value, unsigned int bits)
{
	return value * 0x61C88647U >> (32 - bits);
}

static inline u32 jhash(const void *key, size_t length, u32 seed)
{
	const unsigned char *at = key;

	while (length--)
		seed = (seed ^ *at++) * 0x01000193U;
	return seed;
}

/*
 * Time: a jiffy is a millisecond, and a second has ten, so that what waits for one need not
 * wait long.
 */
#define HZ			10
unsigned long model_jiffies(void);
#define jiffies			model_jiffies()
#define time_before(a, b)	((long)((a) - (b)) < 0)
ktime_t ktime_get(void);
#define ktime_get_boottime_ns()	((u64)ktime_get())
#define ktime_get_real()	ktime_get()
#define ktime_to_ns(time)	(time)

/* Memory. */
#define GFP_KERNEL		0
#define __GFP_NORETRY		0
#define __GFP_NOWARN		0
#define NUMA_NO_NODE		(-1)
#define MAX_NUMNODES		4

/*
 * model_fail_one_in - how many allocations of the module succeed for one that fails; 0 for none
 * that does model_fail_at - or the one, counted down, that fails
 */
extern unsigned int model_fail_one_in;
extern long model_fail_at;
void *model_alloc(size_t size, bool zero);
void kfree(const void *ptr);
long model_allocated(void);
#define kzalloc(size, gfp)		model_alloc(size, true)
#define kzalloc_node(size, gfp, node)	model_alloc(size, true)
#define kvzalloc(size, gfp)		model_alloc(size, true)
#define kvmalloc(size, gfp)		model_alloc(size, false)
#define kvfree(ptr)			kfree(ptr)

/* Which node memory is on is for its address to say: never quite where it was asked for. */
extern int nr_node_ids;
struct page;
#define virt_to_page(ptr)	((struct page *)(ptr))
#define page_to_nid(page)	((int)((unsigned long)(page) >> 12) % nr_node_ids)
#define node_online(node)	((node) >= 0)
#define cpu_to_mem(cpu)		((int)((cpu) % nr_node_ids))

#include "sync.h"
#include "lists.h"
#include "tasks.h"

#endif
