# shellcheck shell=bash
# What the benches that need no guest share: reader and residency. Sourced, never run. Their figures are
# those of the machine they run on, and progress goes to stderr, for stdout is Markdown.

. "$(dirname "${BASH_SOURCE[0]}")/../vm/lib.sh"

: "${RUNS:=5}" "${KFAULTSTAT:=$BUILD/userspace/kfaultstat}"
# Nobody's language makes a figure another.
export LC_ALL=C.UTF-8

make -s -C "$TOP/userspace" O="$BUILD/userspace" all >&2
native=$BUILD/userspace/native
gcc -O2 -Wall -o "$native" "$TOP/tests/bench/native.c"

# What is made lies here and goes at the end, whatever ends it.
scratch=()
# shellcheck disable=SC2317,SC2329 # called by the trap
clean() {
	[[ -z ${load:-} ]] || kill "$load" 2>/dev/null || true
	[[ ${#scratch[@]} -eq 0 ]] || rm -rf "${scratch[@]}"
}
trap clean EXIT

# folder PARENT: a new folder there, its path in the variable folder.
folder() {
	mkdir -p "$1"
	folder=$(mktemp -d "$1/faultstat-bench-XXXXXX")
	scratch+=("$folder")
}

trouble=$(mktemp)
scratch+=("$trouble")

# takes COMMAND...: its milliseconds, those of processor time, and the most KiB it had.
takes() { "$native" time "$RUNS" "$@"; }

# rounded NUMBER: no more of it than is the same at the next run, with commas.
rounded() { awk -v n="$1" 'BEGIN {
	text = sprintf("%.*f", n < 10, n)
	if (n >= 1000)
		text = substr(text, 1, length(text) - 3) "," substr(text, length(text) - 2)
	print text }'; }

# best COMMAND...: the first two of them, for a cell of a table.
best() {
	local elapsed processor
	if read -r elapsed processor _ < <(takes "$@"); then
		echo "$(rounded "$elapsed") ($(rounded "$processor"))"
	else
		echo "$*" >>"$trouble"
		echo -
	fi
}

# nothing_lacks: dies if a cell is empty.
nothing_lacks() { [[ ! -s $trouble ]] || die "cannot be measured: $(head -n 1 "$trouble")"; }

# line CELL...: a row of a table.
line() {
	printf '| %s ' "$@"
	echo "|"
}

version() { "$@" 2>&1 | grep -oE '[0-9]+\.[0-9]+(\.[0-9]+)?' | head -n 1; }

# machine: where figures are from.
machine() { echo "Linux $(version uname -r), $(nproc) processors"; }
