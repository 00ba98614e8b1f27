// SPDX-License-Identifier: GPL-2.0
/*
 * filter.c - selects rows: by pid, by globs, files or areas. Called by group.c, and by the
 * options and keys that set the filter.
 */
#include <string.h>

#include "faults/filter.h"
#include "lib/glob.h"
#include "lib/text.h"

/**
 * filter_pids() - add a list of pids.
 * @filter: added to
 * @list: with commas between
 *
 * Return: false if the list is not good; then nothing is added.
 */
bool filter_pids(struct filter *filter, const char *list)
{
	size_t nr = filter->nr_pids, i;

	for (;; list++) {
		size_t length = strcspn(list, ",");
		char word[12] = "";
		uint64_t pid;

		if (!length || length >= sizeof(word))
			return false;
		memcpy(word, list, length);
		if (!text_number(word, &pid) || !pid || pid > INT32_MAX)
			return false;
		/* What is named twice counts once. */
		for (i = 0; i < nr && filter->pids[i] != (int32_t)pid; i++)
			;
		if (i == FILTER_PIDS_MAX)
			return false;
		filter->pids[i] = (int32_t)pid;
		nr += i == nr;
		list += length;
		if (!*list)
			break;
	}
	filter->nr_pids = nr;
	return true;
}

static bool pid_passes(const struct filter *filter, int32_t pid)
{
	size_t i;

	for (i = 0; i < filter->nr_pids; i++)
		if (filter->pids[i] == pid)
			return true;
	return !filter->nr_pids;
}

/**
 * filter_glob() - undo the octal escapes in a glob, so that names can be given as they are shown.
 * @glob: changed; what is escaped means itself, whatever globs take it for
 */
void filter_glob(char *glob)
{
	char byte[5], *to = glob;

	while (*glob) {
		memcpy(byte, glob, strnlen(glob, 4));
		byte[strnlen(glob, 4)] = '\0';
		text_unescape(byte);
		if (*glob != '\\' || byte[1]) {
			*to++ = *glob++;
			continue;
		}
		if (strchr("\\*?[]", *byte))
			*to++ = '\\';
		*to++ = *byte;
		glob += 4;
	}
	*to = '\0';
}

/**
 * filter_is_any() - whether there may be rows that are not looked at.
 * @filter: what is wanted
 *
 * Return: true if so.
 */
bool filter_is_any(const struct filter *filter)
{
	return filter->nr_pids || filter->files || filter->areas || filter->comm ||
	       filter->object;
}

/**
 * filter_passes() - whether a row is looked at.
 * @filter: what is wanted
 * @row: the row
 *
 * Return: true if it is.
 */
bool filter_passes(const struct filter *filter, const struct row *row)
{
	if (!pid_passes(filter, row->pid))
		return false;
	if ((filter->files && !row_is_file(row)) || (filter->areas && row_is_file(row)))
		return false;
	if (filter->comm && !glob_matches(filter->comm, row->comm))
		return false;
	return !filter->object || glob_matches(filter->object, row->object);
}
