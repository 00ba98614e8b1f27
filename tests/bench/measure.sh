# shellcheck shell=dash
# What the guest's scripts bench, cost and footprint share: running the workloads bare, with the module,
# or under another tool, and holding what came out against bars.txt. Sourced, never run. What was
# measured is in $measured, as lines "CONFIGURATION WORKLOAD INSTRUCTIONS"; why something could not be
# is in $complaints.

measured=/tmp/measured
complaints=/tmp/complaints
: >$measured

# measure CONFIGURATION "WORKLOAD..." [TOOL...]: the tool, if any, gets the command as its last arguments.
measure() {
	configuration=$1 workloads=$2
	shift 2
	# shellcheck disable=SC2086 # words
	"$@" /tests/faults $workloads >/tmp/out 2>$complaints || return 1
	for workload in $workloads; do
		grep -q "^$workload [0-9.]*\$" /tmp/out || return 1
	done
	sed -n "s/^\([a-z0-9-]* [0-9.]*\)\$/$configuration \1/p" /tmp/out >>$measured
}

# measure_bare "WORKLOAD...": twice, for the first time leaves files and caches as all later ones find them.
measure_bare() {
	measure cold "$1" && : >$measured && measure bare "$1"
}

# measure_module CONFIGURATION "WORKLOAD..." PARAMETER...: with the module loaded.
measure_module() {
	configuration=$1 workloads=$2
	shift 2
	# Few ended processes are kept, so that folding them is part of what a process costs.
	insmod "$FAULTSTAT_KO" keep_exited=64 "$@" 2>$complaints || return 1
	measure "$configuration" "$workloads"
	status=$?
	rmmod faultstat && return $status
}

# measure_by_handle CONFIGURATION: the same faults on files that are told apart by their handles, bare and with
# the module.
measure_by_handle() {
	sh /tests/data/btrfs.sh /tmp/handles 2>$complaints || return
	measure cold rows-2 env FILES_IN=/tmp/handles || return 1
	measure "bare-$1" "rows-1 rows-2" env FILES_IN=/tmp/handles || return 1
	insmod "$FAULTSTAT_KO" keep_exited=64 2>$complaints || return 1
	measure "$1" "rows-1 rows-2" env FILES_IN=/tmp/handles
	status=$?
	rmmod faultstat && return $status
}

# Lines "not measured" need a reason: no_figure FIGURE says why it is to be skipped, or nothing.
no_figure() { :; }

# within VALUE LIMIT UNIT: instructions are whole ones, tenths come from what else runs meanwhile.
within() {
	awk -v value="$1" -v limit="$2" -v unit="$3" \
		'BEGIN { exit !((unit == "instructions" ? int(value + 0.5) : value) <= limit) }'
}

# check SUITE FIGURES: the suite's bars against a file of lines "FIGURE VALUE", as TAP.
check() {
	suite=$1 values=$2 failed=0 number=0
	echo "1..$(awk -v suite="$suite" '$4 == suite' /tests/data/bars.txt | wc -l)"
	while read -r figure limit unit checked what; do
		[ "$checked" = "$suite" ] || continue
		number=$((number + 1))
		if [ "$unit" = instructions ] && [ "$TEST_SERIES" != 6.1 ]; then
			limit=$((limit + limit / 5))
		fi
		value=$(awk -v figure="$figure" '$1 == figure { print $2 }' "$values")
		echo "# $figure: ${value:--} $unit $what, at most $limit"
		reason=$(no_figure "$figure")
		if [ -n "$reason" ]; then
			echo "ok $number $figure # SKIP $reason"
		elif [ -z "$value" ]; then
			echo "not ok $number $figure: not measured"
			failed=1
		elif within "$value" "$limit" "$unit"; then
			echo "ok $number $figure"
		else
			echo "not ok $number $figure: $value, at most $limit"
			failed=1
		fi
	done </tests/data/bars.txt
	return $failed
}
