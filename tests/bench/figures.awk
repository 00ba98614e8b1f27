# awk program. Makes figures out of what was measured: lines "CONFIGURATION WORKLOAD INSTRUCTIONS" in,
# lines "FIGURE VALUE" out, for those of which all was measured. Used by the guest's script cost and by
# run on the host. The names are those of bars.txt.

BEGIN {
	split("anon rows-1 rows-2 rows-100 rows-full", list, " ")
	for (i in list)
		steady[list[i]]
}

{ at[$1, $2] = $3; seen[$1] = 1 }

function has(configuration, name) {
	return (configuration, name) in at && ("bare", name) in at
}

function added(configuration, name) {
	return at[configuration, name] - at["bare", name]
}

# The least of what was measured in all configurations whose name begins so; nothing where there is none.
function least(configuration, name,    key, parts, found) {
	found = ""
	for (key in at) {
		split(key, parts, SUBSEP)
		if (parts[2] == name && index(parts[1], configuration) == 1 &&
		    (found == "" || at[key] < found))
			found = at[key]
	}
	return found
}

function figure(name, value) {
	printf "%s %.1f\n", name, value
}

END {
	# What attach=auto takes.
	best = "ftrace" in seen ? "ftrace" : "kprobe"

	if (has("ftrace", "anon"))
		figure("anon-ftrace", added("ftrace", "anon"))
	if (has("kprobe", "anon"))
		figure("anon-kprobe", added("kprobe", "anon"))
	if (has(best, "rows-full"))
		figure("full-table", added(best, "rows-full"))
	if (has(best, "rows-2") && has(best, "rows-1"))
		figure("two-files", added(best, "rows-2") - added(best, "rows-1"))
	if (has(best, "new-row"))
		figure("new-row", added(best, "new-row"))
	# The least of some runs in turn, for a process costs more bare, too, after much else.
	if (least("counting", "births") != "" && least("unloaded", "births") != "")
		figure("births", (least("counting", "births") / least("unloaded", "births") - 1) * 100)
	else if (has(best, "births"))
		figure("births", added(best, "births") / at["bare", "births"] * 100)
	if (least("counting", "kworkers") != "" && least("unloaded", "kworkers") != "")
		figure("ended", least("counting", "kworkers") - least("unloaded", "kworkers"))
	else if (has(best, "kworkers"))
		figure("ended", added(best, "kworkers"))
	# Regions of files, on top of the same faults without.
	if (has("heat", "rows-1") && has(best, "rows-1"))
		figure("heat", at["heat", "rows-1"] - at[best, "rows-1"])
	if (has("heat", "rows-2") && has(best, "rows-2"))
		figure("heat-files", at["heat", "rows-2"] - at[best, "rows-2"])
	if (has("heat", "rows-full") && has(best, "rows-full"))
		figure("heat-full", at["heat", "rows-full"] - at[best, "rows-full"])
	if (has("stacks-8", "deep") && has("stackless", "deep"))
		figure("stack", at["stacks-8", "deep"] - at["stackless", "deep"])
	if (has("stacks-8", "deep") && has("stacks-32", "deep"))
		figure("stack-frame", (at["stacks-32", "deep"] - at["stacks-8", "deep"]) / 24)
	if (has("stacks-32", "deep-ways") && has("stackless", "deep-ways"))
		figure("stack-new", at["stacks-32", "deep-ways"] - at["stackless", "deep-ways"])
	if (has(best, "shm-turns"))
		figure("shm-turns", added(best, "shm-turns"))
	if (has("named", "named-turns"))
		figure("named-turns", added("named", "named-turns"))
	# Files of btrfs and NFS.
	if (("handle", "rows-1") in at)
		figure("by-handle", at["handle", "rows-1"] - at["bare-handle", "rows-1"])
	# Of the workloads whose figures are the same at every run to a tenth of an instruction. On other
	# kernels than 6.1 those of anonymous memory drift by some instructions, with and without the
	# module, which is why they are measured in turn: the least of each.
	for (name in steady) {
		bare = least("unloaded", name)
		off = least("disabled", name)
		if (bare == "" || off == "")
			continue
		pairs++
		if (off - bare > worst)
			worst = off - bare
	}
	if (pairs)
		figure("disabled", int(worst + 0.5))
	if (("roomy", "reading") in at)
		figure("reading", at["roomy", "reading"])
}
