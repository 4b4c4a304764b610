# Stands in for ffmpeg and ffprobe: runs the real program, unless a rule beside it says otherwise.
# A rule is a file of one line: an action, and a pattern for the program's name and arguments.

beside=${0%/bin/*}/lib
program=${0##*/}

progress() { # tell the door that frame $1 is done, on the pipe it gave us
	local word
	for word in "${words[@]}"; do
		[[ $word == pipe:* ]] && printf 'frame=%d\nprogress=continue\n' "$1" >&"${word#pipe:}"
	done
}

garbage() { # into each file that would be written
	local word before=
	for word in "${words[@]}"; do
		[[ $word == /*.@(mp4|jpg) && $before != -i ]] && printf 'not what you hoped for' >"$word"
		before=$word
	done
}

pause() { # by waiting for a word that never comes: the sandbox lets no program start another
	read -r -t "$1" _ <"$beside/silence"
}

overflow() { overflow; }

words=("$@")
shopt -s extglob
for rule in "$beside"/rules/*; do
	[[ -f $rule ]] || continue
	action= pattern=
	read -r action pattern <"$rule"
	[[ "$program $*" == $pattern ]] || continue
	case $action in
	wait) # until the rule is lifted, with a sign of life now and then
		for ((tenths = 0; ; tenths++)); do
			[[ -f $rule ]] || break
			((tenths % 10)) || progress $((tenths / 10 + 1))
			pause 0.1
		done
		;;
	slow) set -- -readrate 3 "$@" ;; # three seconds of the film in each one, from here to its end
	hang) while true; do pause 60; done ;;
	kill) # the worker that started it, which a sandbox would not let it do
		# Another's kill may have come first: then its parent is the supervisor, which adopts what workers leave.
		mapfile -d '' parent <"/proc/$PPID/cmdline"
		[[ ${parent[*]} == *worker-process* ]] && kill -9 "$PPID"
		pause 60
		;;
	crash) # a true fault: a signal sent to itself means nothing to the first process of a namespace
		ulimit -c 0 -s 256
		overflow
		;;
	garbage)
		garbage
		exit 0
		;;
	nothing) exit 0 ;;
	complain)
		printf 'Conversion failed for a reason that nobody has heard of.\n' >&2
		exit 1
		;;
	esac
done
exec "$beside/real/$program" "$@"
