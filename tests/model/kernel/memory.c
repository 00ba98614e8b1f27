// SPDX-License-Identifier: GPL-2.0
/*
 * kmalloc() that fails now and then, and text.
 */
#include "imitation.h"

unsigned int model_fail_one_in;
long model_fail_at;

/* What is allocated and not freed. */
static long allocated;

static bool fails(void)
{
	unsigned int one_in = __atomic_load_n(&model_fail_one_in, __ATOMIC_RELAXED);

	if (__atomic_load_n(&model_fail_at, __ATOMIC_RELAXED) > 0 &&
	    __atomic_sub_fetch(&model_fail_at, 1, __ATOMIC_RELAXED) == 0)
		return true;
	return one_in && model_random() % one_in == 0;
}

/**
 * model_alloc - memory for the module
 * @size: bytes
 * @zero: whether it is to be clear; else it is anything but
 */
void *model_alloc(size_t size, bool zero)
{
	void *ptr;

	might_sleep();
	if (fails() || posix_memalign(&ptr, 64, size))
		return NULL;
	memset(ptr, zero ? 0 : 0xa5, size);
	__atomic_fetch_add(&allocated, 1, __ATOMIC_RELAXED);
	return ptr;
}

void kfree(const void *ptr)
{
	if (!ptr)
		return;
	__atomic_fetch_sub(&allocated, 1, __ATOMIC_RELAXED);
	free((void *)ptr);
}

/**
 * model_allocated - how many pieces of memory the module has
 */
long model_allocated(void)
{
	return __atomic_load_n(&allocated, __ATOMIC_RELAXED);
}

/**
 * model_warn - what the kernel would warn of
 * @is: whether
 * @what: it says
 */
void model_warn(bool is, const char *what)
{
	if (is)
		MODEL_FAIL("warning: %s", what);
}

bool sysfs_streq(const char *a, const char *b)
{
	size_t length = strlen(b);

	return !strncmp(a, b, length) && (!a[length] || (a[length] == '\n' && !a[length + 1]));
}
