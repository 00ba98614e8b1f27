# shellcheck shell=bash
# The worlds that run and fuzz try, and how one is tried. Sourced by both, after ../vm/lib.sh.

here=$TOP/tests/model
work=$BUILD/model
# Seconds that a try takes.
try_seconds=4

# Name, and options of main.c. Those that count in --totals have too little of everything, and allocations fail.
# shellcheck disable=SC2034 # used by those who source this
scenarios=(
	"rows|--old --heat --keep-varies"
	"nodes|--nodes=2 --heat --keep=30 --cpus=7 --runners=5"
	"unloading|--unload --old --heat --objects=8"
	"none-kept|--keep=0 --unexplained=0 --tasks=100"
	"one-large|--processes --objects=2000 --max-rows=6000 --keep-varies"
	"small|--totals --max-rows=200 --max-memory=4 --max-tasks=64 --keep=20 --objects=300 --heat --select --keep-varies --fail=3 --nodes=2"
	"large|--totals --max-rows=1000 --max-memory=8 --max-tasks=200 --keep=50 --objects=2000 --heat --keep-varies --fail=10"
	"least|--totals --unload --max-rows=16 --max-memory=2 --max-tasks=16 --keep=0 --fail=2"
)

# build_tsan, build_asan: the program, by the two that cannot look at once.
build_tsan() { "$here/build" "$work/tsan" -O1 -fsanitize=thread; }
build_asan() { "$here/build" "$work/asan" -O1 -fsanitize=address,undefined -fno-sanitize-recover=all; }

# try SANITIZER OPTIONS...: runs it; ends as it does, or not later than its time and two minutes more. The
# addresses of newer kernels are too random for ThreadSanitizer.
try() {
	local status=0 said=$work/said.$1
	TSAN_OPTIONS="exitcode=0 history_size=7 suppressions=$here/suppressions.txt" \
		ASAN_OPTIONS="detect_leaks=1" UBSAN_OPTIONS="print_stacktrace=1" \
		timeout -k 5 "$((try_seconds + 120))" setarch -R "$work/$1" "--seconds=$try_seconds" "${@:2}" \
		>"$said" 2>&1 || status=$?
	# Of a race whose other side it has forgotten nobody can say whether it is meant; the same one comes again.
	awk 'BEGIN { RS = "==================\n" }
		/WARNING: ThreadSanitizer/ { if (/failed to restore the stack/) next; races = 1 }
		{ printf "%s", $0 }
		END { exit races }' "$said" || status=66
	rm -f "$said"
	return "$status"
}
