# SPDX-License-Identifier: GPL-2.0
# bash completion of kfaultstat(8). Options by command, the same as --help says.

_kfaultstat_options() {
	case $1 in
	show) echo "-i --input -a --all -n --lines -o --output -s --sort -r --raw -J --json --noheadings
		-p --pid -c --comm -f --object --files --areas --by -h --help -V --version" ;;
	diff) echo "-a --all -n --lines -o --output -s --sort -r --raw -J --json --noheadings
		-p --pid -c --comm -f --object --files --areas --by -h --help -V --version" ;;
	top) echo "-i --input -o --output -s --sort
		-p --pid -c --comm -f --object --files --areas --by --no-color -h --help -V --version" ;;
	stat) echo "-a --all -n --lines -o --output -s --sort -r --raw -J --json --noheadings --by
		-w --wait --report -h --help -V --version" ;;
	cache) echo "-a --all -n --lines -o --output -s --sort -r --raw -J --json --noheadings -p --pid
		-f --object --by -x --one-file-system --ranges --missing --via -h --help -V --version" ;;
	map) echo "-a --all -n --lines -o --output -s --sort -r --raw -J --json --noheadings -p --pid
		-f --object --via --smaps -h --help -V --version" ;;
	regions) echo "-i --input -a --all -n --lines -o --output -s --sort -r --raw -J --json --noheadings
		-p --pid -f --object --parts --svg -h --help -V --version" ;;
	stacks) echo "-i --input --before -a --all -n --lines -p --pid -c --comm -f --object -U --user -K --kernel
		-e --event --by --list --folded -J --json --noheadings --inlines --source --svg --pprof --report
		-w --wait -h --help -V --version" ;;
	sys) echo "-o --output -r --raw -J --json --noheadings --root -h --help -V --version" ;;
	doctor) echo "-i --input -r --raw -J --json --noheadings --root -h --help -V --version" ;;
	*) echo "-h --help -V --version" ;;
	esac
}

_kfaultstat_columns() {
	case $1 in
	sys) echo "total used free shared buffers cache available swap_total swap_used swap_free active inactive
		fault/s majflt/s pgpgin/s pgpgout/s pgfree/s pgscank/s pgscand/s pgstealk/s pgsteald/s
		allocstall/s refault/s thpfault/s thpfallb/s pswpin/s pswpout/s psi_some% psi_full%" ;;
	cache) echo "size cached pages percent dirty writeback evicted recent came went files unknown shared dev inode deleted
		state bar dir file" ;;
	map) echo "pid comm size mapped percent of_file cached private huge swapped rss change mappings
		smaps_rss pss referenced dev inode deleted state bar object anon file shmem shared swap hugetlb" ;;
	regions) echo "offset size cached cached% mapped mapped% calls share% major dev inode deleted state file" ;;
	*) echo "comm pid id state ppid calls minor major uncounted pending missed write exec from_user
		from_kernel from_gup read calls_s minor_s major_s processes kernel_minor kernel_major rss dev inode deleted cgroup
		dir object" ;;
	esac
}

# The last name of a list with commas between; what is there already is not offered again.
_kfaultstat_list() {
	local before='' column begun=$2

	case $begun in
	*,*) before=${begun%,*}, begun=${begun##*,} ;;
	+*) before=+ begun=${begun#+} ;;
	esac
	for column in $(_kfaultstat_columns "$1"); do
		[[ $column == "$begun"* && ,${before#+} != *",$column,"* ]] || continue
		COMPREPLY+=("$before$column")
	done
	# Another one may follow.
	_kfaultstat_option nospace
}

# An option of this completion, if it is one and not a test of it.
_kfaultstat_option() {
	[[ -z ${COMP_TYPE-} ]] || compopt -o "$1"
}

# Files, or with -d folders: bash adds the slash of a folder and quotes what must be.
_kfaultstat_files() {
	mapfile -t COMPREPLY < <(compgen "$1" -- "$2")
	_kfaultstat_option filenames
}

# Pids with commas between.
_kfaultstat_pids() {
	local before='' begun=$1

	[[ $begun != *,* ]] || before=${begun%,*}, begun=${begun##*,}
	mapfile -t COMPREPLY < <(cd /proc && compgen -G "${begun:-[0-9]}*" | grep -x '[0-9]*')
	COMPREPLY=("${COMPREPLY[@]/#/$before}")
	_kfaultstat_option nospace
}

# Whether the word at $1, of which colons make several, is of a list to sort by.
_kfaultstat_sorts() {
	local i=$1

	while [[ $i -gt 2 && ${COMP_WORDS[i - 1]} == : ]]; do
		i=$((i - 2))
	done
	[[ ${COMP_WORDS[i - 1]} != = ]] || i=$((i - 1))
	[[ ${COMP_WORDS[i - 1]} == -s || ${COMP_WORDS[i - 1]} == --sort ]]
}

_kfaultstat() {
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} command=show words i
	local commands="show diff top stat sys cache map regions stacks reset on off doctor"

	COMPREPLY=()
	# bash makes words of their own of = and :, as in --by=dir and -s major:asc.
	[[ " $commands " != *" ${COMP_WORDS[1]} "* || $COMP_CWORD -eq 1 ]] || command=${COMP_WORDS[1]}
	i=$COMP_CWORD
	if [[ $cur == = ]]; then
		cur=
	elif [[ $prev == = && $i -gt 2 ]]; then
		prev=${COMP_WORDS[i - 2]}
	elif [[ $cur == : ]] && _kfaultstat_sorts $((i - 1)); then
		mapfile -t COMPREPLY < <(compgen -W "asc desc")
		return
	elif [[ $prev == : ]] && _kfaultstat_sorts "$i"; then
		# What was sorted by before it is in other words.
		[[ $cur != *,* ]] || { _kfaultstat_list "$command" "$cur" && return; }
		mapfile -t COMPREPLY < <(compgen -W "asc desc" -- "$cur")
		return
	fi
	case $prev in
	-i | --input | --before | --report | --svg | --pprof)
		_kfaultstat_files -f "$cur"
		return
		;;
	--root)
		_kfaultstat_files -d "$cur"
		return
		;;
	--via)
		words="scan pagemap"
		[[ $command != cache && $command != regions ]] || words="cachestat mincore"
		mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
		return
		;;
	--by)
		words="object dir process comm"
		case $command in
		diff | stat) ;;
		cache) words=dir ;;
		stacks) words="function comm process object" ;;
		*) words+=" cgroup" ;;
		esac
		mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
		return
		;;
	-e | --event)
		mapfile -t COMPREPLY < <(compgen -W "calls minor major" -- "$cur")
		return
		;;
	-p | --pid)
		_kfaultstat_pids "$cur"
		return
		;;
	-o | --output | -s | --sort)
		_kfaultstat_list "$command" "$cur"
		return
		;;
	-n | --lines | --parts | -c | --comm | -f | --object)
		return
		;;
	esac
	# The words of a command that stat is to run are that command's.
	if [[ $command == stat ]]; then
		for ((i = 2; i < COMP_CWORD; i++)); do
			case ${COMP_WORDS[i]} in
			-n | --lines | -o | --output | -s | --sort | --by | --report)
				[[ ${COMP_WORDS[i + 1]} == = ]] || i=$((i + 1))
				;;
			-* | = | :) ;;
			*)
				# The rest of a word of which bash made several.
				[[ ${COMP_WORDS[i - 1]} != [=:] ]] || continue
				_kfaultstat_files -f "$cur"
				return
				;;
			esac
		done
	fi
	words=$(_kfaultstat_options "$command")
	case $command:$cur in
	*:-*) ;;
	diff:* | cache:* | regions:*)
		_kfaultstat_files -f "$cur"
		return
		;;
	stat:*)
		mapfile -t COMPREPLY < <(compgen -c -- "$cur")
		return
		;;
	*)
		words=
		[[ $COMP_CWORD -ne 1 ]] || words=$commands
		;;
	esac
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
}

complete -F _kfaultstat kfaultstat
