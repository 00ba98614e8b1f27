# awk program. The tables of make bench, as Markdown: of the facts, figures and bars, and of all that was
# measured, in this order of arguments. -v series= names the kernel series. Called by run.

FNR == 1 { part++ }
/^#/ { next }
part == 1 { fact[$1] = $2 }
part == 2 { value[$1] = $2 }
# Those of the reader have a table of their own.
part == 3 && NF && $4 != "reader" {
	bars[++bar_count] = $1
	limit[$1] = $2
	unit[$1] = $3
	text = $5
	for (i = 6; i <= NF; i++)
		text = text " " $i
	what[$1] = text
}
part == 4 { at[$1, $2] = $3; seen[$1] = 1 }

# With commas, and a sign if it is a difference.
function number(value, sign,    text, rest) {
	text = sprintf("%d", value < 0 ? 0.5 - value : value + 0.5)
	for (rest = ""; length(text) > 3; text = substr(text, 1, length(text) - 3))
		rest = "," substr(text, length(text) - 2) rest
	text = text rest
	if (!sign || text == "0")
		return text
	return (value < 0 ? "-" : "+") text
}

function added(configuration, workload) {
	if (!((configuration, workload) in at))
		return "-"
	return number(at[configuration, workload] - at["bare", workload], 1)
}

function line(configuration, name,    i, text) {
	text = "| " name " |"
	for (i = 1; i <= workloads; i++)
		text = text " " added(configuration, workload[i]) " |"
	print text
}

# One figure beside its bar; what is above it stands out.
function bar(name,    most, is) {
	most = limit[name]
	if (unit[name] == "instructions" && series != "6.1")
		most = most * 1.2
	if (!(name in value))
		is = "-"
	else if (unit[name] == "percent")
		is = value[name] " %"
	else
		is = number(value[name]) " " unit[name]
	if (name in value && (unit[name] == "instructions" ? int(value[name] + 0.5) : value[name]) > most)
		is = "**" is "**"
	printf "| %s | %s | %s%s |\n", what[name], is, number(most), unit[name] == "percent" ? " %" : ""
}

# Everybody on every workload.
function peers(    i, text) {
	print "| instructions added per fault | anonymous | page cache | 1 file | 2 in turn | 100 in turn |" \
		" 16,240 rows | 32 threads | process, 60 faults |"
	print "|---|---|---|---|---|---|---|---|---|"
	text = "| *bare* |"
	for (i = 1; i <= workloads; i++)
		text = text " *" number(at["bare", workload[i]]) "* |"
	print text
	line("ftrace", "**faultstat**, `attach=ftrace`")
	line("kprobe", "**faultstat**, `attach=kprobe`")
	line("ftrace-without-exceptions", "`attach=ftrace exceptions=0`")
	line("kprobe-without-exceptions", "`attach=kprobe exceptions=0`")
	line("heat", "`heat_pid=all`")
	line("disabled", "`enabled=0`")
	line("unloaded", "unloaded again")
	line("perf-stat", "perf stat -e minor-faults,major-faults")
	line("perf-record", "perf record -e page-faults -c 1 -g")
	line("bpf-count", "bpftrace, kprobe: one count")
	line("bpf-pid", "bpftrace, kprobe: by pid")
	line("bpf-file", "bpftrace, kprobe: by comm, pid, file name")
	line("bpf-fexit", "bpftrace, fexit: by comm, pid, file name, major")
	line("bpf-stack", "bpftrace, page-faults: by user stack, pid, comm")
}

END {
	workloads = split("anon hits rows-1 rows-2 rows-100 rows-full threads births", workload, " ")
	printf "Linux %s, one processor, mitigations=off. ", fact["kernel"]
	printf "Others: perf %s, bpftrace %s.\n\n", fact["perf"], fact["bpftrace"]
	peers()
	print "\n| figure | measured | at most |"
	print "|---|---|---|"
	for (i = 1; i <= bar_count; i++)
		bar(bars[i])
	printf "\nMemory: %s bytes of text, %s of data;\n", number(fact["text"]), number(fact["data"])
	printf "%s bytes for a 64-byte path (one for all its rows), %s for a task.\n",
		number(value["path"]), number(value["task"])
}
