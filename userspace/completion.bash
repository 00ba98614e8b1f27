# SPDX-License-Identifier: GPL-2.0
# bash completion of kfaultstat(8). Options by command, the same as --help says.

_kfaultstat_options() {
	case $1 in
	show) echo "-i --input -a --all -n --lines -o --output -s --sort -r --raw -J --json --noheadings
		-p --pid -c --comm -f --object --files --regions --by -h --help -V --version" ;;
	diff) echo "-a --all -n --lines -o --output -s --sort -r --raw -J --json --noheadings
		-p --pid -c --comm -f --object --files --regions --by -h --help -V --version" ;;
	top) echo "-i --input -o --output -s --sort
		-p --pid -c --comm -f --object --files --regions --by --no-color -h --help -V --version" ;;
	stat) echo "-a --all -n --lines -o --output -s --sort -r --raw -J --json --noheadings --by
		-w --wait --report -h --help -V --version" ;;
	sys) echo "-o --output -r --raw -J --json --noheadings --root -h --help -V --version" ;;
	doctor) echo "-i --input -r --raw -J --json --noheadings --root -h --help -V --version" ;;
	*) echo "-h --help -V --version" ;;
	esac
}

_kfaultstat() {
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} command=show words i
	local commands="show diff top stat sys reset on off doctor"

	COMPREPLY=()
	[[ " $commands " != *" ${COMP_WORDS[1]} "* || $COMP_CWORD -eq 1 ]] || command=${COMP_WORDS[1]}
	case $prev in
	-i | --input | --report)
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		return
		;;
	--root)
		mapfile -t COMPREPLY < <(compgen -d -- "$cur")
		return
		;;
	--by)
		mapfile -t COMPREPLY < <(compgen -W "object dir process comm cgroup" -- "$cur")
		return
		;;
	-p | --pid)
		mapfile -t COMPREPLY < <(cd /proc && compgen -G "${cur:-[0-9]}*" | grep -x '[0-9]*')
		return
		;;
	-n | --lines | -o | --output | -s | --sort | -c | --comm | -f | --object)
		return
		;;
	esac
	# The words of a command that stat is to run are that command's.
	if [[ $command == stat ]]; then
		for ((i = 2; i < COMP_CWORD; i++)); do
			case ${COMP_WORDS[i]} in
			-n | --lines | -o | --output | -s | --sort | --by | --report) i=$((i + 1)) ;;
			-*) ;;
			*)
				mapfile -t COMPREPLY < <(compgen -f -- "$cur")
				return
				;;
			esac
		done
	fi
	words=$(_kfaultstat_options "$command")
	case $cur in
	-*) ;;
	*)
		words=
		[[ $COMP_CWORD -ne 1 ]] || words=$commands
		[[ $command != diff ]] || { mapfile -t COMPREPLY < <(compgen -f -- "$cur") && return; }
		[[ $command != stat ]] || { mapfile -t COMPREPLY < <(compgen -c -- "$cur") && return; }
		;;
	esac
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
}

complete -F _kfaultstat kfaultstat
