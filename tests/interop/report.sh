# Cases and what came of them; the table. Needs: dir. One line a case in $dir/rows.
# shellcheck shell=bash
# shellcheck disable=SC2154

: >"$dir/rows"
: >"$dir/why"
unexpected=0
peer_name=""
peer_version=""
known=""

# The peer of the cases that follow.
peer() {	# name, version
	peer_name=$1
	peer_version=$2
}

# Said by a case before it fails. The first reason stands.
because() {
	[[ -s $dir/why ]] || printf '%s\n' "$*" >"$dir/why"
}

row() {	# transport, security, format, case, result, note
	local note=${6//|/\\|}
	printf '| %s | %s | %s | %s | %s | %s | %s | %s |\n' "$peer_name" "$peer_version" "${@:1:5}" "$note" \
		>>"$dir/rows"
	printf 'interop: %-7s %s %s, %s %s, %s: %s%s\n' "$5" "$peer_name" "$peer_version" "$1" "$2" "$3" "$4" \
		"${6:+ ($6)}" >&2
}

transport_of() {
	case $1 in
	nosec) echo "UDP | NoSec" ;;
	psk) echo "DTLS | PSK" ;;
	tcp) echo "TCP | NoSec" ;;
	tls) echo "TLS | PSK" ;;
	x509 | x509-nosec) echo "DTLS | X.509" ;;
	x509-tls) echo "TLS | X.509" ;;
	*) echo "$1" ;;
	esac
}

# prove MODE FORMAT CASE command …: a row; "known" set before says why a failure is no surprise.
prove() {
	local mode note result=yes
	mode=$(transport_of "$1")
	: >"$dir/why"
	if ! "${@:4}"; then
		result=no
		note=${known:-$(<"$dir/why")}
		[[ -n $known ]] || unexpected=$((unexpected + 1))
	fi
	row "${mode%% |*}" "${mode##*| }" "$2" "$3" "$result" "${note:-}"
	known=""
}

skip() {	# transport, security, format, case, why
	row "$1" "$2" "$3" "$4" SKIPPED "$5"
	printf '\n**** interop: SKIPPED: %s %s: %s ****\n\n' "$peer_name" "$peer_version" "$5" >&2
}

write_table() {	# file
	{
		cat "$here/head.md"
		echo "| Peer | Version | Transport | Security | Content format | Case | Result | Note |"
		echo "|---|---|---|---|---|---|---|---|"
		cat "$dir/rows"
	} >"$dir/table"
	mv "$dir/table" "$1"
}
