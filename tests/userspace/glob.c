// SPDX-License-Identifier: GPL-2.0
/*
 * glob.c - the reader's globs: of ASCII they match what fnmatch() does in the C locale, of any
 * other bytes what a person expects of UTF-8, in every locale. Run by tests/userspace/run.
 */
#include <fnmatch.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/glob.h"
#include "lib/text.h"

static const struct {
	const char *glob, *text;
	bool matches;
} known[] = {
	{ "", "", true }, { "", "a", false }, { "*", "", true },
	{ "*", ".hidden/with/slash", true },
	{ "**a**", "xxaxx", true }, { "?", "\xc3\xa9", true }, { "??", "\xc3\xa9", false },
	{ "?", "\xff", true }, { "?", "\xf0\x9f\x98\x80", true },
	{ "?", "\xed\xa0\x80", false },
	{ "\xc3\xa9", "\xc3\xa9", true }, { "\xc3?", "\xc3\xa9", true },
	{ "*\xa9", "\xc3\xa9", true },
	{ "*\xff*", "/a\xffz", true }, { "*\xff*", "/a\xfez", false },
	{ "[\xc3\xa0-\xc3\xbf]", "\xc3\xa9", true }, { "[a-z]", "\xc3\xa9", false },
	{ "[!a]", "\xc3\xa9", true }, { "*[!\xc3\xa9]", "\xc3\xa9", false },
	{ "[\xff]", "\xff", true }, { "[\xfe-\xff]", "\xfe", true },
	{ "[\xfe-\xff]", "\xfd", false },
	{ "[[:alpha:]]", "\xc3\xa9", false }, { "[[:alpha:]]", "i", true },
	{ "[[:upper:]]", "I", true }, { "[[:lower:]]", "I", false }, { "[[:alpha:]-]", "-", true },
	{ "[^[:digit:]]", "x", true },
	{ "[a", "[a", true }, { "[]]", "]", true }, { "[!]]", "]", false }, { "[a-]", "-", true },
	{ "\\*", "*", true }, { "\\*", "x", false }, { "[\\]]", "]", true }, { "a\\", "a\\", true },
	{ "I", "i", false }, { "\xc4\xb0", "i", false }, { "[i-j]", "i", true },
};

static int failures;

static void look(const char *locale)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(known); i++)
		if (glob_matches(known[i].glob, known[i].text) != known[i].matches) {
			printf("with %s, \"%s\" of \"%s\": not %d\n", locale, known[i].glob,
			       known[i].text, known[i].matches);
			failures++;
		}
}

static void make(char *text, size_t most, const char *letters)
{
	size_t length = (size_t)rand() % (most + 1), i;

	for (i = 0; i < length; i++)
		text[i] = letters[(size_t)rand() % strlen(letters)];
	text[length] = '\0';
}

/* No classes, which ours are not all of, and no backslash at the end, which fnmatch() refuses. */
static void compare(void)
{
	char glob[16], text[16];
	int i;

	for (i = 0; i < 2000000; i++) {
		make(glob, 8, "aabc**?[]!-\\");
		make(text, 6, "aabbc-!]\\");
		if (*glob && glob[strlen(glob) - 1] == '\\')
			continue;
		if (glob_matches(glob, text) != !fnmatch(glob, text, 0) && failures++ < 20)
			printf("\"%s\" of \"%s\": fnmatch says %d\n", glob, text,
			       !fnmatch(glob, text, 0));
	}
}

int main(void)
{
	static char many[4001], stars[401];
	clock_t begin = clock();
	size_t i;

	srand(1);
	compare();
	look("C");
	if (!setlocale(LC_ALL, "C.UTF-8"))
		failures++;
	look("C.UTF-8");
	memset(many, 'a', sizeof(many) - 1);
	for (i = 0; i + 1 < sizeof(stars); i++)
		stars[i] = i % 2 ? 'a' : '*';
	stars[sizeof(stars) - 2] = 'b';
	begin = clock();
	if (glob_matches(stars, many) || clock() - begin > 5 * CLOCKS_PER_SEC) {
		printf("many stars: %ld\n", (long)(clock() - begin));
		failures++;
	}
	return failures ? 1 : 0;
}
