# shellcheck shell=bash
# What every script of tests/vm shares: where things are and how to speak. Sourced, never run.
# Data that a caller reads goes to stdout; progress and complaints go to stderr.

set -euo pipefail

# Tools such as mkfs and depmod live where an ordinary user's PATH does not look.
PATH=$PATH:/usr/sbin:/sbin

VM=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
TOP=$(cd "$VM/../.." && pwd)
# Everything that is made lies here and is ignored by git. FAULTSTAT_BUILD puts it elsewhere, say
# on a bigger disk, or shares one download cache between clones.
BUILD=${FAULTSTAT_BUILD:-$TOP/build}
mkdir -p "$BUILD"
BUILD=$(cd "$BUILD" && pwd)
export FAULTSTAT_BUILD=$BUILD

case $TOP$BUILD in
*[[:space:]]*)
	echo "tests/vm: make and Kbuild cannot work in a path with spaces: $TOP" >&2
	exit 1
	;;
esac

say() { echo "$*" >&2; }
die() { echo "${0##*/}: $*" >&2; exit 1; }

# One at a time: a second run in the same tree waits here and then finds the work done.
lock() {
	exec 9>"$BUILD/.lock-$1"
	flock 9
}
