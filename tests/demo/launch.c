// SPDX-License-Identifier: GPL-2.0
/*
 * launch - runs one program of the demo as its parent, and writes what wait4
 * says of it: launch FILE PROGRAM ARGUMENT... leaves "whole PID MINOR MAJOR"
 * in FILE. Called by the guest script.
 */
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	struct rusage usage;
	int status;
	FILE *file;
	pid_t pid;

	if (argc < 3) {
		fprintf(stderr, "usage: launch FILE PROGRAM ARGUMENT...\n");
		return 2;
	}
	pid = fork();
	if (!pid) {
		execv(argv[2], argv + 2);
		perror(argv[2]);
		_exit(127);
	}
	if (pid < 0 || wait4(pid, &status, 0, &usage) != pid) {
		perror("launch");
		return 1;
	}
	file = fopen(argv[1], "w");
	if (!file ||
	    fprintf(file, "whole %d %ld %ld\n", pid, usage.ru_minflt, usage.ru_majflt) < 0 ||
	    fclose(file)) {
		perror(argv[1]);
		return 1;
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
