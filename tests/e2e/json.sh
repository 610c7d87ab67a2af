#!/usr/bin/env bash
# With --json every command of every program prints exactly one JSON document, whether it succeeds or fails.
leaks=yes
. "$(dirname "$0")/lib.sh"
: > "$work/tried"
: > "$work/asked"
# json STATUS PROGRAM WORDS ARGUMENTS…: WORDS are the command's, and are noted as tried.
json() {
  local wanted=$1 program=$2 words=$3 got=0
  shift 3
  # shellcheck disable=SC2086
  case $program in
  cairnd) node $words "$@" --json ;;
  cairn-audit) "$BIN/cairn-audit" $words "$@" --json ;;
  *) as "$program" --json $words "$@" ;;
  esac > "$work/out" 2> "$work/err" || got=$?
  # "not" is any status but 0.
  if [ "$wanted" = not ] && [ "$got" != 0 ]; then wanted=$got; fi
  [ "$got" = "$wanted" ] || fail "$program $words ended with $got instead of $wanted: $(cat "$work/out" "$work/err")"
  is_json "$work/out" || fail "$program $words $*: this is not one JSON document: $(cat "$work/out")"
  if [ "$wanted" != 0 ] && [ "$program" != cairn-audit ]; then
    grep -q '"error": *"..*"' "$work/out" || fail "$program $words $*: the error is not in the JSON: $(cat "$work/out")"
    [ -s "$work/err" ] || fail "$program $words $*: nothing is said on standard error"
  fi
  case $program in cairnd | cairn-audit) ;; *) program=cairn ;; esac
  echo "$program $words" >> "$work/tried"
  # The first option that a command asks for when it is given none.
  [ $# -gt 0 ] || sed -n '/needed, or/!s/.*"error": *"--\([a-z-]*\)\( is\|\(, --[a-z-]*\)* and --[a-z-]* are\) needed.*/'"$program $words"':\1/p' \
    "$work/out" >> "$work/asked"
  checks=$((checks + 1))
}
# The same for a command that is done, and whose answer is no, or that it cannot say: that is no error.
answer() {
  local wanted=$1
  as "$2" --json "${@:3}" > "$work/out" 2> "$work/err" && fail "${*:2} ended with 0" || status=$?
  [ "$status" = "$wanted" ] || fail "${*:2} ended with $status instead of $wanted: $(cat "$work/out" "$work/err")"
  is_json "$work/out" || fail "${*:2}: this is not one JSON document: $(cat "$work/out")"
}
value() { field "$1" < "$work/out"; }

passphrase
json 2 cairnd init
json 0 cairnd init --authority $'A "quoted" \\ authority\tof \360\237\222\231' --ledger nl.example/register --host 127.0.0.1 --port 0
verifier_key=$(value verifier-key)
json 2 cairnd init --authority x --ledger nl.example/register --host 127.0.0.1
json 0 cairnd status
json 0 cairnd 'agency list'
"$BIN/cairnd" --node "$work/node" --passphrase-file "$work/passphrase" serve --json > "$work/serve.txt" 2> "$work/serve.err" &
node_pid=$!
until_true 30 test -s "$work/serve.txt"
check "serve says where in JSON" is_json "$work/serve.txt"
echo "cairnd serve" >> "$work/tried"
for _ in 1 2; do # through the serving node
  json 0 cairnd status
  json 0 cairnd 'agency add' $'Social "Work"\tServices \\ \303\251\342\200\256' --type social-work
  json 0 cairnd 'agency list'
done
agency_id=$(value agency)
json 0 cairnd backup "$work/backup"
json 2 cairnd backup "$work/backup"
json 2 cairnd copy-store nonsense
json 2 cairnd restore "$work/backup"
secret wrong 'not this one'
"$BIN/cairnd" --node "$work/other" --passphrase-file "$work/wrong" restore "$work/backup" --json > "$work/out" 2> "$work/err" &&
  fail "restored with a wrong passphrase"
check "what was told of the backup is taken back" test "$(value error | head -c 14)" = "the passphrase"
json 0 cairnd 'rebuild' --status
json 1 cairnd rebuild
json 2 cairnd 'agency add' x
json 2 cairnd 'agency add' x --type nonsense
json 1 cairnd invite 00000000 --person x --role chair
json 0 cairnd invite "$agency_id" --person $'Morag "Mo" Reid' --role practitioner --role chair
token=$(value token)
json 0 cairnd 'invite list'
invitation=$(value invitation)
json 2 cairnd 'invite withdraw'
json 1 cairnd 'invite withdraw' 00000000
json 0 cairnd 'mirror list'
json 2 cairnd 'mirror add' nonsense
json 2 cairnd 'mirror add' "https://x:y@127.0.0.1:1/$work"
json 0 cairnd 'mirror add' "ssh://x@127.0.0.1:1/$work"
json 1 cairnd 'mirror add' "ssh://x@127.0.0.1:1/$work"
json 0 cairnd 'mirror list'
json 0 cairnd 'mirror remove' "$(value mirror)"
json 1 cairnd 'mirror remove' "/nothing"
json 3 cairnd 'mirror push' "/nothing"
json 0 cairnd allowed-signers
json 2 sw join "cairn:nonsense"
json 0 sw join "$token" --machine $'a "machine"'
json 2 sw join "$token"
json 0 sw sync
json 0 sw offer "$work/offer"
json 2 sw offer "$work/offer"
json 0 sw status
json 2 sw unlock --for nonsense
json 0 sw unlock --for 45s
json 0 sw lock
json 0 sw lock
json 0 sw list
json 0 sw list person
me=$(ids < "$work/out")
for words in whoami people agencies roles 'held list'; do json 0 sw "$words"; done
json 2 sw 'person add'
json 1 sw 'person add' --name "Ewan Muir" --new-passphrase-file "$work/passphrase"
json 2 sw 'person key'
json 0 sw 'person key' --person "$me" --new-passphrase-file "$work/passphrase"
json 0 sw 'people' --keys
json 0 sw 'agencies' --keys
json 0 sw 'people confirm' "$me"
json 1 sw 'people confirm' Nobody
json 0 sw 'agencies confirm' "$agency_id"
json 0 sw 'key change' --reason $'"once" a year'
json 1 sw 'agency key'
json 1 sw 'agency key export' "$work/role.pem"
json 2 sw 'agency key import' "$work/nothing" --file-passphrase-file "$work/nothing"
json 1 sw 'agency key import' "$work/nothing" --file-passphrase-file "$work/passphrase"
json 2 sw request "$work/request"
json 2 sw request "$work/request" --name x
json 1 sw enrol "$work/nothing"
for words in 'role take' 'revoke key' 'revoke person' 'revoke machine' 'revoke agency' 'held release' 'held reject'; do
  json 2 sw "$words"
done
json 0 sw 'profile list'
json 1 sw 'profile show'
json 0 sw 'profile show' national
json 2 sw 'profile adopt'
json 1 sw 'profile adopt' nonsense
json 1 sw 'profile adopt' national
json 0 sw rules
json 0 sw rules R-008
json 1 sw rules R-999
json 0 sw template view.record
json 2 sw template nonsense
json 2 sw add view.record
json 2 sw add view.record --file "$work/passphrase"
json 2 sw edit nonsense
json 0 sw conflicts
json 0 sw 'child similar'
json 1 sw 'child similar' nobody
json 0 sw 'register list'
json 0 sw 'register list' --at 2026-12-01
json 2 sw 'register list' --at nonsense
json 1 sw 'register history' Nobody
json 2 sw 'register enquire' --name x
json 1 sw 'register enquire' --name x --reason "nobody is keeper"
json 0 sw kinds
json 0 sw kinds child.add
json 2 sw kinds nonsense
json 2 sw 'child add'
json 1 sw 'child add' --name $'control \001 characters'
json 0 sw 'child add' --name $'Ava "Lennox" \\ <&> \303\251\342\200\256' --address $'two\nlines\tand a tab'
child=$(value entry)
json 0 sw 'involvement start' --child "$child" --agency "$agency_id"
involvement=$(value entry)
json 0 sw 'involvement end' --child "$child" --involvement "$involvement" --reason "moved"
json 0 sw 'meeting convene' --type initial --on 2026-12-01T10:00:00Z --chair "$me" --child "$child" --purpose $'"why"'
meeting=$(value entry)
json 0 sw 'lead name' --child "$child" --person "$me" --contact $'"01234"\n567890'
json 0 sw 'register history' "$child"
json 0 sw check "$meeting"
json 0 sw 'meeting show' "$meeting"
json 1 sw check 00000000
json 1 sw resolve "$meeting"
json 0 sw 'family-view record' --child "$child" --meeting "$meeting" --whose child --when before --method observation \
  --words $'"no"\nshe said'
json 0 sw 'view record' --child "$child" --meeting "$meeting" --risk high --plan yes --register unsure
json 1 sw 'decision record' --child "$child" --meeting "$meeting" --risk no --plan yes --reasons x
json 0 sw 'decision record' --child "$child" --meeting "$meeting" --risk no --plan no --reasons x
decision=$(value entry)
json 1 sw 'registration add' --child "$child" --decision "$decision" --name x --impact neglect
json 0 sw 'registration add' --child "$child" --decision "$decision" --name x --impact neglect --anyway
json 0 sw 'register list'
json 2 sw 'register list' --at nonsense
json 0 sw 'register history' "$child"
json 1 sw 'register history' 00000000
json 2 sw 'register enquire'
json 2 sw 'register enquire' --name Ava
json 0 sw 'dissent record' --child "$child" --decision "$decision" --about plan --about risk --nature $'"not" so'
as sw kinds --json > "$work/kinds"
"$BIN/cairn" --help > "$work/help"
for kind in $(grep -o '"kind": *"[^"]*"' "$work/kinds" | cut -d '"' -f 4); do # every kind that is typed needs something
  words=${kind/./ }
  if grep -q "^  $words  " "$work/help"; then json not sw "$words"; fi
done
json 1 sw 'agency add' x --type police
json 1 sw invite "$agency_id" --person x --role chair
json 2 sw invite
json 0 sw 'invite list'
json 2 sw 'invite withdraw'
json 1 sw 'invite withdraw' "$invitation"
json 1 sw 'role give' --person "$me" --role chair --from 2026-01-01
json 0 sw 'register list'
json 0 sw 'register list' --at "1 Jan 2026"
json 2 sw 'register list' --at soon
json 0 sw 'register history' "$child"
json 1 sw 'register history' 00000000
json 2 sw 'register enquire' --name x
json 0 sw 'register enquire' --name x --reason y
json 0 sw 'two-persons show'
json 1 sw 'two-persons require' --kind agency.add --reason x
json 2 sw 'held show'
json 1 sw 'held show' 00000000
json 0 sw erasures
json 0 sw 'staff list'
json 0 sw 'staff list' --child "$child"
json 1 sw 'staff bar' --child "$child" --person 00000000 --reason x
json 1 sw 'staff unbar' --child "$child" --bar 00000000 --reason x
json 0 sw outbox
json 0 sw sync
json 0 sw outbox
check "the outbox has its reasons in JSON" grep -q '"rule": *"R-009"' "$work/out"
refused=$(grep -o '"act": *"[0-9a-f]*"' "$work/out" | tail -n 1 | cut -d '"' -f 4) # what others refer to goes last
json 2 sw 'outbox discard'
json 1 sw 'outbox discard' 00000000
json 0 sw 'outbox discard' "$refused"
json 1 sw 'machine leave'
json 1 sw 'machine renew'
json 0 sw 'machine renew' "$work/machine-request"
json 0 sw list
json 0 sw list child
# What was typed comes out as it was.
said=$(sqlite3 :memory: "select json_extract(cast(readfile('$work/out') as text), '\$[0].what')")
check "text survives" test "$said" = $'Ava "Lennox" \\ <&> \303\251\342\200\256'
json 0 sw show "$child"
check "also more than one line" grep -qF 'two\nlines\tand a tab' "$work/out"
json 1 sw show 00000000
json 2 sw show
json 0 sw timeline "$child"
json 1 sw timeline 00000000
json 0 sw rebuild
json 0 sw verify
json 0 sw evidence
json 2 sw 'evidence show' nothing
json 2 sw 'evidence check' nothing
json 2 sw 'evidence check' nothing --key nonsense
json 1 sw 'evidence check' "$work/passphrase" --key "$verifier_key"
json 0 sw checkpoint
json 0 sw checkpoint --compare "$(value short-form)"
answer 1 sw checkpoint --compare "$(value size): 00000 00000 00000 00000 00000 00000 00000 00000"
answer 3 sw checkpoint --compare "999: 00000 00000 00000 00000 00000 00000 00000 00000"
json 2 sw checkpoint --compare nonsense
json 1 sw checkpoint --size 999
json 0 sw unlock --for 1m
json 0 sw lock
echo "a letter" > "$work/letter.txt"
json 0 sw 'document add' --title "A letter" --type letter --child "$child" --file "$work/letter.txt"
json 2 sw 'document add' --title "A letter" --type letter --child "$child"
json 0 sw 'document save' "A letter" "$work/saved.txt"
json 1 sw 'document save' "Another letter" "$work/saved-too.txt"
json 2 sw restrict --meeting "$meeting" --category private --basis x
json 0 sw restrict --child "$child" --category private --basis x --what $'kestrel "so"\nit is' --nobody-else
item=$(value entry)
json 0 sw 'restricted list'
json 0 sw 'restricted show' "$item"
json 1 sw 'restricted show' 00000000
json 0 sw open "$item"
check "what was sealed comes out as it was" grep -qF 'so\"\nit is' "$work/out"
json 1 sw open 00000000
json 2 sw permit "$item"
json 1 sw permit "$item" --to 00000000 --purpose x
json 1 sw 'permit withdraw' "$item" --from "$me" --reason x
json 1 sw break-glass "$item" --reason x
json 0 sw 'restricted reviews'
json 2 sw 'restricted review' 00000000
json 1 sw 'escrow key' "$work/escrow.key" --file-passphrase-file "$work/passphrase"
json 2 sw 'escrow open' "$item"
json 0 sw unrestrict "$item" --reason x
json 0 sw 'minute show' "$meeting" --copy family
check "it says that it is a draft" grep -q '"approved": *false' "$work/out"
json 0 sw 'minute show' "$meeting" --copy participants --html
json 2 sw 'minute show' "$meeting" --copy everybody
json 1 sw 'minute approve' "$meeting"
json 1 sw 'minute copy' "$meeting" --copy family --file "$work/minute.html"
json 0 sw 'report record' --child "$child" --meeting "$meeting" --type report --title "Health report" --text $'"well"'
report=$(value entry)
json 0 sw 'report add' --child "$child" --report "$report" --text more
json 0 sw 'report show' "$report" --copy professionals
json 0 sw 'report approve' "$report"
json 1 sw 'report copy' "$report" --copy family --file "$work/report.txt"
json 0 sw sync
json 0 sw 'report copy' "$report" --copy family --file "$work/report.txt"
json 1 sw pack "$meeting" --for "$me" --folder "$work/pack"
json 0 sw export "$child" --to "$work/exported"
json 2 sw export "$child" --to "$work/exported"
json 0 sw disclose "$child" --out "$work/disclosed"
json 2 sw disclose "$child"
json 1 sw disclose "$item" --out "$work/sealed"
json 2 sw bundle
json 0 sw bundle "$work/bundle"
json 2 sw bundle "$work/bundle"
json 2 cairnd take "$work/bundle"
json 0 cairnd take "$work/bundle" --answer "$work/answer"
json 1 cairnd take "$work/answer" --answer "$work/other"
json 0 sw take "$work/answer"
json 1 sw take "$work/bundle"
json 0 nobody list --help
json 3 nobody list
json 2 nobody nonsense
json 2 sw list --nonsense
json 0 sw '' --version

until_true 10 is_published
json 0 cairn-audit init "$work/node/ledger.git" "$work/audit"
json 2 cairn-audit init "$work/node/ledger.git" "$work/audit"
json 3 cairn-audit verify "$work/audit"
json 0 cairn-audit verify "$work/audit" --key "$verifier_key"
json 2 cairn-audit verify "$work/audit" --key nonsense
json 0 sw head "$work/head"
json 2 sw head "$work/head"
json 2 sw head
json 0 cairn-audit verify "$work/audit" --head "$work/head"
check "completeness is told in JSON" grep -q '"completeness": *"holds"' "$work/out"
json 2 cairn-audit verify "$work/audit" --head "$work/passphrase"
json 2 cairn-audit verify "$work/audit" --head "$work/nothing"
json 3 cairn-audit verify "$work/audit" --quorum 5
check "the code is told in JSON" grep -q '"N-QUORUM"' "$work/out"
json 2 cairn-audit verify "$work/audit" --quorum none
json 3 cairn-audit verify "$work/audit" --mirror /nothing
json 0 cairn-audit allowed-signers "$work/audit"
json 0 cairn-audit fetch "$work/audit"
json 0 cairn-audit fetch "$work/audit" --url "$work/node/ledger.git"
json 0 cairn-audit log "$work/audit"
json 2 cairn-audit log "$work/audit" --child "$child" --kind nonsense
json 0 cairn-audit register "$work/audit"
json 2 cairn-audit register "$work/audit" --at nonsense
json 3 cairn-audit log "$work/nothing"
json 0 cairn-audit register "$work/audit" --at "1 Jan 2020"
json 1 cairn-audit was "$child" "$work/audit"
json 2 cairn-audit was "$child" "$work/audit" --on nonsense
json 1 cairn-audit was 00000000 "$work/audit"
json 0 cairn-audit history "$child" "$work/audit"
json 2 cairn-audit history Ava "$work/audit"
json 0 cairn-audit by node "$work/audit"
json 1 cairn-audit by 00000000 "$work/audit"
for words in overrides erasures refusals holds late; do json 0 cairn-audit "$words" "$work/audit"; done
json 2 cairn-audit late "$work/audit" --days nonsense
json 0 cairn-audit who 1 "$work/audit"
json 2 cairn-audit who nonsense "$work/audit"
json 0 cairn-audit prove "$child" "$work/audit" --out "$work/proof"
json 2 cairn-audit prove "$child" "$work/audit" --out "$work/proof"
json 0 cairn-audit check "$work/proof" --key "$verifier_key"
json 3 cairn-audit check "$work/proof"
json 1 cairn-audit check "$work/letter.txt"
json 2 cairn-audit check "$work/proof" --fingerprint nonsense
json 0 cairn-audit open "$work/disclosed" "$work/audit"
check "disclosed content comes out as it was" grep -qF 'two\\nlines\\tand a tab' "$work/out"
json 1 cairn-audit open "$work/letter.txt" "$work/audit"
json 0 cairn-audit copy "$work/report.txt" --key "$verifier_key"
json 3 cairn-audit copy "$work/report.txt"
json 1 cairn-audit copy "$work/letter.txt"
json 2 cairn-audit copy "$work/report.txt" --key nonsense
for part in tls operating ledger authority; do json 0 cairnd "rotate $part"; done
json 0 sw sync
check "sync says in JSON what has changed" grep -q '"ledger-key-endorsed-by": *"[0-9a-f]' "$work/out"
json 2 cairnd 'rotate ledger' superfluous
node_stop
json 3 sw sync
json 0 cairnd status
json 0 cairnd verify

# What the tables of kinds make: without a single field each says what it needs.
"$BIN/cairn" kinds --json | grep -o '"kind": *"[^"]*"' | cut -d '"' -f 4 | tr . ' ' > "$work/kinds"
"$BIN/cairn" --help > "$work/help"
while read -r words; do
  if grep -q "^  $words " "$work/help" && ! grep -qx "cairn $words" "$work/tried"; then json not sw "$words"; fi
done < "$work/kinds"

# Help, at every level and of all commands; and every command must have been tried above.
commands_of() {
  "$BIN/$1" --help | sed -n 's/^  \([a-z][a-z -]*[a-z]\)\( [A-Z[][^ ]*\)*   *[^ ].*/\1/p'
}
for program in cairn cairnd cairn-audit; do
  commands_of "$program" > "$work/commands"
  check "$program has commands" test "$(wc -l < "$work/commands")" -ge 5
  while read -r words; do
    grep -qx "$program $words" "$work/tried" || fail "the JSON of \"$program $words\" was not tried"
    # shellcheck disable=SC2086
    "$BIN/$program" $words --help --json > "$work/out"
    is_json "$work/out" || fail "the help of $program $words is not JSON"
    # shellcheck disable=SC2086
    expect 0 "^$program $words: |usage: $program $words" "$BIN/$program" $words --help
    for option in $(sed -n "s/^$program $words://p" "$work/asked" | sort -u); do
      check "the help of $program $words says that --$option is needed" grep -q "^needed: .*--$option\(,\|\$\)" "$work/said"
    done
  done < "$work/commands"
  "$BIN/$program" --help --json > "$work/out"
  check "help in JSON" is_json "$work/out"
done
check "commands ask for what is needed" test "$(sort -u "$work/asked" | wc -l)" -ge 70
done_with_all
