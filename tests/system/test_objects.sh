#!/usr/bin/env bash
# Objects of the operator's own: imported from XML, provisioned with all else in one record, and
# received by a device built on libcoap's client.
set -u
cd "$(dirname "$0")/../.." || exit 2
build=$1
# shellcheck source=tests/lib.sh
. tests/lib.sh
# shellcheck source=tests/system/tap.sh
. tests/system/tap.sh

examples=schema/json/examples
start_daemon --set log.level=info --set limits.admin_line=4194304 || exit 1
coap=coap://127.0.0.1:$coap_port

device() {
	"$build/system/coapdevice-openssl" --server "$coap" --endpoint process-17 "$@"
}
# What the plan says will be sent: "PUT /0/1 format=11542 bytes=34 c800…", and so on.
planned() {
	ctl --json plan process-17 --reveal "$@" | jq -r '.steps[] | "\(.method) \(.path)" +
		(if .method == "PUT" then " format=\(.content_format) bytes=\(.bytes) \(.payload.hex)" else "" end)'
}
record() { jq --argjson w "$1" '.config.write[3].value = $w' $examples/endpoint-everything.json; }

out=$(ctl endpoint set process-17 --config $examples/endpoint-everything.json 2>&1)
like "a record cannot write to an object that nobody knows" 'object 26241 is not known' "$out"
is "OMA's XML is imported" "object 26241 (Process Settings, version 1.0, 14 resources) imported" \
	"$(ctl object import --secret 5 $examples/objects/26241.xml 2>&1)"
check "and the record is taken at once" ctl endpoint set process-17 --config $examples/endpoint-everything.json
is "what was imported reads like its JSON" \
	"$(jq -S . $examples/objects/26241-process-settings.json)" "$(ctl object get 26241 | jq -S .)"
like "it is listed" '26241 +Process Settings +1.0 +multiple +14 +import' "$(ctl object list)"

for bad in '{"0":"x","1":1001}' '{"0":"x","3":16.5}' '{"0":"x","5":{"hex":"00"}}' '{"0":"x","10":4}' \
	'{"0":"x","4":1}' '{"0":"x","6":"yesterday"}' '{"0":"x","7":"11"}' '{"0":"x","8":[101]}' \
	'{"0":"x","11":1}' '{"0":"x","14":1}' '{"0":"x","2":-1}' '{"0":"x","9":"x"}' \
	'{"0":"a label of more than thirty-two octets"}'; do
	out=$(record "$bad" | ctl endpoint set process-17 --config - 2>&1)
	is "refused: $bad" 1 $?
	like "with its place" 'where: /config/write/3/value' "$out"
done

for secret in 000102030405060708090a0b0c0d0e0f 00112233445566778899aabbccddeeff apn-password cose-key; do
	out=$(ctl --json endpoint get process-17; ctl --json plan process-17)
	is "not shown: $secret" "" "$(grep -o "$secret" <<<"$out")"
done

label=c8000b706c616e74206e6f727468	# "plant north"
tlv=${label}c101e7c802080000000100000000c4033fc00000c10401c8051000112233445566778899aabbccddeeff
tlv+=c406695735a5c407000b0000860841000a41075a8009c10a05c60d3c2f332f303e
out=$(device)
is "TLV: a device on libcoap gets what the plan says" "answer 2.04
$(planned)" "$out"
is "TLV: all types of one object, and a resource without instances" \
	"PUT /26241/0 format=11542 bytes=89 $tlv" "$(grep '^PUT /26241/0 ' <<<"$out")"
like "what is linked to comes first" '^/21/1 /11/0 /23/0 /24/0 /0/1 /0/2 /0/3 /1/1 /1/2 /1/3 /2/0 /2/1 ' \
	"$(grep ^PUT <<<"$out" | cut -d' ' -f2 | tr '\n' ' ')"
ended() { [[ $(ctl --json history process-17 | jq -r '.entries[0].result') == "$1" ]]; }
check "the session is finished" eventually ended finished

out=$(device --pct 112)
is "SenML CBOR: likewise" "answer 2.04
$(planned --pct 112)" "$out"
like "SenML CBOR: all types" '^PUT /26241/0 format=112 bytes=146 8ca3' "$(grep '/26241/0 ' <<<"$out")"
like "what it cannot say is noted" '/26241/0/9: left out' "$(ctl plan process-17 --pct 112)"

# A definition changes under a daemon that runs: the next device gets the new type.
sed 's/<Type>Integer</<Type>Float</; s/<RangeEnumeration>[^<]*</<RangeEnumeration></' \
	$examples/objects/26241.xml >"$dir/changed.xml"
check "a definition is replaced" ctl object import "$dir/changed.xml"
like "and holds at once" '^PUT /26241/0 .*c8000b706c616e74206e6f727468c401c1c80000' "$(device)"
check "back again" ctl object import $examples/objects/26241.xml
is "a secret stays one when XML says nothing of it" true \
	"$(ctl object get 26241 | jq '.resources[] | select(.id == 5).secret')"

like "what a record needs stays" 'endpoint "process-17" writes to object 26241' "$(ctl object remove 26241 2>&1)"
like "what a file says is not removed" 'was not imported' "$(ctl object remove 3 2>&1)"
like "objects with names of their own in records are not replaced" 'cannot be imported' \
	"$(sed 's/26241/21/g' $examples/objects/26241.xml | ctl object import - 2>&1)"
like "a slip in XML is told with its line" 'line 17: .*"Twice"' \
	"$(sed '0,/>Single</s//>Twice</' $examples/objects/26241.xml | ctl object import - 2>&1)"
like "nothing expands" 'document type' \
	"$(printf '<!DOCTYPE L [<!ENTITY a "%s">]><LWM2M>&a;</LWM2M>' aaaa | ctl object import - 2>&1)"
{ echo '<LWM2M><!--'; head -c 1100000 /dev/zero | tr '\0' ' '; echo '--></LWM2M>'; } >"$dir/big.xml"
like "a megabyte is enough" 'at most 1048576' "$(ctl object import "$dir/big.xml" 2>&1)"
printf '<?xml version="1.0" encoding="ISO-8859-1"?><LWM2M><Object><Name>Gr\366\337e</Name><ObjectID>26242</ObjectID>
<MultipleInstances>Single</MultipleInstances><Mandatory>Optional</Mandatory><Resources><Item ID="0"><Name>a</Name>
<Operations>R</Operations><MultipleInstances>Single</MultipleInstances><Mandatory>Optional</Mandatory><Type>Float</Type>
</Item></Resources></Object></LWM2M>' >"$dir/latin.xml"
like "a file in ISO-8859-1 is read as one" 'Größe' "$(ctl object import "$dir/latin.xml" 2>&1)"

stop_daemon -KILL
start_daemon || exit 1
coap=coap://127.0.0.1:$coap_port
check "imports survive kill -9" ctl object get 26242
out=$(device)
like "and devices get them" "^PUT /26241/0 format=11542 bytes=89 $tlv" "$out"

# Files are read again on SIGHUP.
stop_daemon
mkdir "$dir/objects"
start_daemon --set objects.directory="$dir/objects" || exit 1
sed 's/26241/26243/' $examples/objects/26241-process-settings.json >"$dir/objects/26243.json"
kill -HUP "$daemon_pid"
check "a new file counts after SIGHUP" eventually ctl object get 26243
echo '{' >"$dir/objects/26243.json"
kill -HUP "$daemon_pid"
said() { grep -q 'those in force stay' "$dir/strapd.log"; }
check "a broken one is told, and those in force stay" eventually said
check "so it is still known" ctl object get 26243
rm "$dir/objects/26243.json"
ctl endpoint remove process-17 >/dev/null
check "what no record needs can be removed" ctl object remove 26241 26242
stop_daemon
is "the daemon stops in order" 0 $?
finish_tap
