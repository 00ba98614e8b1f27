/* SPDX-License-Identifier: GPL-2.0 */
/*
 * stackjson.h - what kfaultstat stacks prints: JSON, lists, folded lines.
 */
#ifndef SELFTESTS_STACKJSON_H
#define SELFTESTS_STACKJSON_H

#include <stdbool.h>

long long stackjson_sum(const char *json, const char *key);
long long stackjson_calls(const char *json, const char *object, const char *const *functions);
long long stackjson_before(const char *json, const char *const *functions);
long long stackjson_without_name(const char *json);
char *stackjson_frames(const char *json, const char *const *functions);
void stackjson_print(const char *json, const char *what);
long long stacklist_sum(const char *list);
long long folded_sum(const char *folded, const char *ends);

#endif
