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

# What make, Kbuild and QEMU take for something else than a part of a path; the same as in the Makefile.
special='[[:space:]'"'"'"#$:%,=\;&`()|<>*?[]'
if [[ $TOP$BUILD =~ $special ]]; then
	printf 'tests/vm: Kbuild and QEMU cannot work in a folder whose path contains %q\n' "${BASH_REMATCH[0]}" >&2
	exit 1
fi

# The packages of the two jobs that all scripts share: to build the module, and to make and run a guest.
# Whoever is started by hand or by make asks for all it wants at once, so that who cannot install is told
# in one line what is missing.
# shellcheck disable=SC2034 # used by those who source this
BUILD_PACKAGES=(gcc make libc6-dev libelf1 xz-utils patchelf pahole)
# shellcheck disable=SC2034
GUEST_PACKAGES=(qemu-system-x86 busybox-static cpio kmod e2fsprogs btrfs-progs xz-utils)
# To build the reader, and the programs that it is tried on in a guest.
# shellcheck disable=SC2034
READER_PACKAGES=(pkg-config libsmartcols-dev libncurses-dev libdw-dev libprotobuf-c-dev
	protobuf-c-compiler zlib1g-dev ncurses-base bash tar gzip perl make mawk strace)
# shellcheck disable=SC2034
READER_TEST_PACKAGES=(python3 jq tmux binutils busybox-static ncurses-base ncurses-term groff-base clang
	libclang-rt-dev util-linux-extra vmtouch locales g++ dwz chromium golang-go)
# shellcheck disable=SC2034
READER_PROGRAMS=(bash tar sort uniq xz gzip perl make find grep sed mawk dd sha256sum cp diff xargs cat sleep
	setsid strace)

say() { echo "$*" >&2; }
die() { echo "${0##*/}: $*" >&2; exit 1; }

# btrfs_image OUT: for a guest, which has no mkfs.btrfs; compressed, since nearly all of it is zeros.
btrfs_image() {
	truncate -s 40M "$1.raw" && mkfs.btrfs -q -M -n 4096 -m single -d single "$1.raw" >&2 &&
		gzip -c "$1.raw" >"$1" && rm "$1.raw"
}

# One at a time: a second run in the same tree waits here and then finds the work done.
lock() {
	exec 9>"$BUILD/.lock-$1"
	flock -n 9 && return
	say "waiting for another one in $BUILD (.lock-$1)"
	flock 9
}

# daily FILE COMMAND...: what COMMAND prints, kept in FILE and asked for once a day at most; without
# an answer the old one stands.
daily() {
	local file=$1
	shift
	if [[ -z $(find "$file" -mmin -1440 2>/dev/null) ]]; then
		if "$@" >"$file.new"; then
			mv "$file.new" "$file"
		elif [[ -s $file ]]; then
			say "the registry does not answer: staying with $(cat "$file")"
			# Not to be asked again for a while: each attempt waits for timeouts.
			touch "$file"
		else
			die "the registry does not answer, and nothing is cached"
		fi
	fi
	cat "$file"
}
