#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Compiles every probe and writes features.h. Called by Kbuild.include:
#	probe.sh FEATURES.H PROBE.c... -- COMPILER FLAGS...
# sanity_pass.c must compile and sanity_fail.c must not: a broken compiler or
# missing headers stop the build here and are never read as "feature absent".
# The kernel's own headers may make a compiler newer than the kernel warn, so only
# warnings that tell of a missing or different interface are errors; compilers
# before gcc 5 know no names for these, and there every warning is one.
set -eu

out=$1
shift
probes=
while [ "$1" != -- ]; do
	probes="$probes $1"
	shift
done
shift
if ! command -v "$1" >/dev/null 2>&1; then
	echo "faultstat: there is no compiler $1 here, which this kernel was built by: install it, or name another by CC=" >&2
	exit 1
fi
mkdir -p "$(dirname "$out")"
log=$out.log
tmp=$out.tmp
trap 'rm -f "$tmp"' EXIT

strict=-Werror
for warning in implicit-function-declaration implicit-int int-conversion incompatible-pointer-types; do
	named="${named:-} -Werror=$warning"
done
# shellcheck disable=SC2086 # several flags
if "$@" -w $named -c -o /dev/null -x c /dev/null 2>/dev/null; then
	strict=$named
fi

compiles()
{
	# shellcheck disable=SC2086 # several flags
	"$@" $strict -Wno-error=missing-prototypes -Wno-missing-prototypes \
		-Wno-missing-declarations -c -o /dev/null "$probe" >>"$log" 2>&1
}

: >"$log"
{
	echo "/* Made by module/compat/probe.sh: what this kernel has. */"
	for probe in $probes; do
		name=$(basename "$probe" .c)
		echo "== $name" >>"$log"
		if compiles "$@"; then
			found=1
		else
			found=0
		fi
		case $name in
		sanity_pass)
			if [ $found = 0 ]; then
				cat "$log" >&2
				echo "faultstat: a trivial kernel object does not compile: the compiler or the kernel headers are broken" >&2
				exit 1
			fi ;;
		sanity_fail)
			if [ $found = 1 ]; then
				echo "faultstat: the compiler accepts a file that names an interface no kernel has: feature probes would lie" >&2
				exit 1
			fi ;;
		*)
			upper=$(echo "$name" | tr '[:lower:]' '[:upper:]')
			if [ $found = 1 ]; then
				echo "#define FS_HAVE_$upper 1"
			else
				echo "/* FS_HAVE_$upper is not defined */"
			fi ;;
		esac
	done
} >"$tmp"
mv "$tmp" "$out"
