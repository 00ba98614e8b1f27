/* SPDX-License-Identifier: GPL-2.0 */
/*
 * punycode.h - names that are more than ASCII, written in ASCII.
 */
#ifndef KFAULTSTAT_PUNYCODE_H
#define KFAULTSTAT_PUNYCODE_H

#include <stddef.h>
#include <stdint.h>

/* Characters at most. */
#define PUNYCODE_MAX	128

size_t punycode_decode(uint32_t *codes, const char *text, size_t length, char delimiter);

#endif
