// SPDX-License-Identifier: GPL-2.0
/*
 * demangle.c - names of functions as people write them: C++ and Rust. Called by naming.c and
 * inlines.c, in the process that reads what others wrote.
 *
 * C++ is what the library of the compiler makes of it, and where that is not installed names stay
 * as they are. What it makes of a short name that somebody has made up may be endless, and so may
 * the time: who calls this can be ended.
 */
#include <dlfcn.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "stacks/symbols/demangle.h"
#include "stacks/symbols/rust.h"

/* Bytes of a name at most, and of what it stands for. */
#define NAME_MAX_BYTES	16384
#define TEXT_MAX_BYTES	32768

typedef char *(*cxa_demangle)(const char *name, char *text, size_t *size, int *status);

static cxa_demangle demangle_cxx;

/**
 * demangle_begin() - find what C++ needs, while files can be opened.
 */
void demangle_begin(void)
{
	static bool done;
	void *library;

	if (done)
		return;
	done = true;
	library = dlopen("libstdc++.so.6", RTLD_NOW | RTLD_LOCAL);
	if (library)
		demangle_cxx = (cxa_demangle)(uintptr_t)dlsym(library, "__cxa_demangle");
}

/**
 * demangle() - the name of a function as people write it.
 * @name: as it is in a symbol table
 *
 * Return: text to be freed; NULL if the name is as people write it, or if it is too long.
 */
char *demangle(const char *name)
{
	char *text;
	int status;

	if (name[0] != '_' || (name[1] != 'Z' && name[1] != 'R'))
		return NULL;
	text = rust_demangle(name);
	if (text || name[1] != 'Z' || !demangle_cxx || strlen(name) > NAME_MAX_BYTES)
		return text;
	text = demangle_cxx(name, NULL, NULL, &status);
	if (text && strlen(text) > TEXT_MAX_BYTES) {
		free(text);
		text = NULL;
	}
	return text;
}
