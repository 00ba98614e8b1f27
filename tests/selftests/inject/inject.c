// SPDX-License-Identifier: GPL-2.0
/*
 * inject.c - makes allocations fail that faultstat is behind, directly or by what it calls. For the
 * suite failing.
 *
 * The kernel's own filter by stack cannot be had on x86-64. So failslab and fail_page_alloc, which
 * otherwise do nothing, are told before each allocation whether to let it fail: by fail_nth of the
 * task, which counts the allocations until then. Parameters:
 *
 *   once      1: of the allocations of the task that writes this, the next one fails whose chain of
 *             callers has not failed yet; 0: none does. Reads 0 when one has failed.
 *   forget    1: no chain has failed yet
 *   percent   so many of the worker's fail
 *   failed    how many have failed
 *   last      the callers of what failed last
 *   may_kill  allocations that could call the OOM killer: the worker's, and those that faultstat
 *             makes itself, on whose behalf ever
 *   by        the callers of the first of them
 */
#include <linux/errno.h>
#include <linux/gfp.h>
#include <linux/init.h>
#include <linux/jhash.h>
#include <linux/kallsyms.h>
#include <linux/kprobes.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/notifier.h>
#include <linux/preempt.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/spinlock.h>
#include <linux/stacktrace.h>
#include <linux/string.h>

MODULE_DESCRIPTION("Failing allocations, for the tests of faultstat");
MODULE_LICENSE("GPL");

#if defined(CONFIG_FAILSLAB) && defined(CONFIG_FAIL_PAGE_ALLOC)

#define DEPTH		48
#define CHAINS		4096
#define TEXT		1024

/* A chain of callers, from the allocator out. */
struct chain {
	unsigned long entries[DEPTH];
	unsigned int count;
};

static DEFINE_RAW_SPINLOCK(lock);
static struct module __rcu *target;		/* faultstat, while it is there */
/* Never followed: */
static struct task_struct *armed;		/* who wrote once=1 */
static struct task_struct *failing;		/* whose allocation has failed last */
static u32 failed_chains[CHAINS];		/* by hash; 0 is none */
static unsigned int percent;
static u32 random = 1;
static unsigned int failed;
static unsigned int may_kill;
static char last[TEXT];
static char by[TEXT];

/* Where in the chain faultstat comes first; beyond it if nowhere. */
static unsigned int first_of(const struct chain *chain, const struct module *mod)
{
	unsigned int i;

	for (i = 0; i < chain->count; i++)
		if (within_module(chain->entries[i], mod))
			break;
	return i;
}

/* Whether nothing but the allocator is between. */
static bool is_direct(const struct chain *chain, unsigned int first)
{
	char name[KSYM_SYMBOL_LEN];

	snprintf(name, sizeof(name), "%ps", (void *)chain->entries[first - 1]);
	return strstr(name, "kmalloc") || strstr(name, "kmem") || strstr(name, "kvmalloc");
}

static void chain_print(char *text, const struct chain *chain)
{
	unsigned int i;
	int n = 0;

	text[0] = '\0';
	for (i = 0; i < chain->count && n < TEXT - 1; i++)
		n += scnprintf(text + n, TEXT - n, "%ps ", (void *)chain->entries[i]);
}

/*
 * Where the kernel itself has no answer but a warning: a kprobe that it cannot take off. And where
 * it is the allocator, or what watches it, that has another answer than to fail.
 */
static const char * const pointless[] = {
	"disarm_kprobe", "allocate_slab", "kmemleak_alloc", "fill_pool", "stack_depot_save",
};

static bool is_pointless(const char *callers)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(pointless); i++)
		if (strstr(callers, pointless[i]))
			return true;
	return false;
}

/* Under the lock. */
static void look_for_killers(gfp_t gfp, const struct chain *chain, unsigned int first)
{
	static char callers[TEXT];

	if (!(gfp & __GFP_DIRECT_RECLAIM) || gfp & (__GFP_NORETRY | __GFP_RETRY_MAYFAIL))
		return;
	if (!(current->flags & PF_WQ_WORKER) && !is_direct(chain, first))
		return;
	chain_print(callers, chain);
	if (!is_pointless(callers) && !may_kill++)
		memcpy(by, callers, TEXT);
}

/* The same for each load, wherever that puts the module. */
static u32 chain_hash(const struct chain *chain, const struct module *mod)
{
	u32 hash = 0;
	unsigned int i;

	for (i = 0; i < chain->count; i++) {
		unsigned long at = chain->entries[i];

		if (within_module_init(at, mod))
			at -= (unsigned long)mod->init;
		else if (within_module(at, mod))
			at -= (unsigned long)mod->exit;
		hash = jhash_2words((u32)at, (u32)(at >> 32), hash);
	}
	return hash ? hash : 1;
}

/* Under the lock. Whether this chain is one that has not been seen, which it is from now on. */
static bool chain_is_new(u32 hash)
{
	unsigned int i;

	for (i = 0; i < CHAINS; i++) {
		u32 *place = &failed_chains[(hash + i) % CHAINS];

		if (*place == hash)
			return false;
		if (!*place) {
			*place = hash;
			return true;
		}
	}
	return false;
}

/* Under the lock. As random as it has to be, and the same in each boot. */
static bool percent_hits(void)
{
	random = random * 1664525 + 1013904223;
	return (random >> 16) % 100 < percent;
}

/* Under the lock. */
static bool should_fail_now(const struct chain *chain, const struct module *mod)
{
	bool once = current == armed && chain_is_new(chain_hash(chain, mod));

	if (!once && !(current->flags & PF_WQ_WORKER && percent_hits()))
		return false;
	chain_print(last, chain);
	if (is_pointless(last))
		return false;
	if (once)
		armed = NULL;
	return true;
}

static void allocation(gfp_t gfp)
{
	const struct module *mod;
	struct chain chain;
	unsigned long flags;
	unsigned int first;

	if (!in_task())
		return;
	rcu_read_lock_sched();
	mod = rcu_dereference_sched(target);
	if (!mod)
		goto out;
	chain.count = stack_trace_save(chain.entries, DEPTH, 4);
	first = first_of(&chain, mod);
	if (!first || first == chain.count)
		goto out;
	raw_spin_lock_irqsave(&lock, flags);
	look_for_killers(gfp, &chain, first);
	if (!(gfp & __GFP_NOFAIL) && should_fail_now(&chain, mod)) {
		failed++;
		failing = current;
		current->fail_nth = 1;
	}
	raw_spin_unlock_irqrestore(&lock, flags);
out:
	rcu_read_unlock_sched();
}

/* int should_failslab(struct kmem_cache *, gfp_t) */
static int slab_handler(struct kprobe *kprobe, struct pt_regs *regs)
{
	allocation((__force gfp_t)regs->si);
	return 0;
}

/* bool should_fail_alloc_page(gfp_t, unsigned int) */
static int page_handler(struct kprobe *kprobe, struct pt_regs *regs)
{
	allocation((__force gfp_t)regs->di);
	return 0;
}

/* void warn_alloc(gfp_t, ...): the kernel need not say what we did, with a trace as of an oops. */
static int warn_handler(struct kprobe *kprobe, struct pt_regs *regs)
{
	if (current == READ_ONCE(failing))
		regs->di |= (__force unsigned long)__GFP_NOWARN;
	return 0;
}

static struct kprobe warn_probe = {
	.symbol_name	= "warn_alloc",
	.pre_handler	= warn_handler,
};

static struct kprobe slab_probe = {
	.symbol_name	= "should_failslab",
	.pre_handler	= slab_handler,
};

static struct kprobe page_probe = {
	.symbol_name	= "should_fail_alloc_page",
	.pre_handler	= page_handler,
};

static int module_notified(struct notifier_block *block, unsigned long state, void *data)
{
	struct module *mod = data;

	if (strcmp(mod->name, "faultstat"))
		return NOTIFY_DONE;
	if (state == MODULE_STATE_COMING) {
		rcu_assign_pointer(target, mod);
	} else if (state == MODULE_STATE_GOING) {
		RCU_INIT_POINTER(target, NULL);
		synchronize_rcu();
	}
	return NOTIFY_OK;
}

static struct notifier_block module_block = { .notifier_call = module_notified };

static int once_set(const char *text, const struct kernel_param *param)
{
	bool on;
	int err = kstrtobool(text, &on);

	if (!err)
		WRITE_ONCE(armed, on ? current : NULL);
	return err;
}

static int once_get(char *buffer, const struct kernel_param *param)
{
	return sprintf(buffer, "%d\n", !!READ_ONCE(armed));
}

static const struct kernel_param_ops once_ops = { .set = once_set, .get = once_get };

static int forget_set(const char *text, const struct kernel_param *param)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&lock, flags);
	memset(failed_chains, 0, sizeof(failed_chains));
	raw_spin_unlock_irqrestore(&lock, flags);
	return 0;
}

static const struct kernel_param_ops forget_ops = { .set = forget_set };

module_param_cb(once, &once_ops, NULL, 0644);
module_param_cb(forget, &forget_ops, NULL, 0200);
module_param(percent, uint, 0644);
module_param(failed, uint, 0444);
module_param(may_kill, uint, 0444);
module_param_string(last, last, sizeof(last), 0444);
module_param_string(by, by, sizeof(by), 0444);

static struct kprobe *probes[] = { &slab_probe, &page_probe, &warn_probe };

static int __init inject_init(void)
{
	int err = register_kprobes(probes, ARRAY_SIZE(probes));

	if (err)
		return err;
	err = register_module_notifier(&module_block);
	if (err)
		unregister_kprobes(probes, ARRAY_SIZE(probes));
	return err;
}

static void __exit inject_exit(void)
{
	unregister_module_notifier(&module_block);
	unregister_kprobes(probes, ARRAY_SIZE(probes));
}

module_exit(inject_exit);
#else
static int __init inject_init(void)
{
	return -EOPNOTSUPP;
}
#endif

module_init(inject_init);
