#!/usr/bin/env bash
# The auditor asks: who was on the register when, who wrote what, what went another way. One ledger of two days, nine days
# apart, with a registration that was voided, an erasure, a refusal, a hold and entries that came late.
. "$(dirname "$0")/lib.sh"
audit() { "$BIN/cairn-audit" "$@"; }
ask() { (cd "$work" && audit "$@"); }
short() { printf '%.8s' "$1"; }
lacks() { ! grep -q -- "$1" "$work/said"; }
node_init
node_start
join sw social-work "Morag Reid" officer practitioner chair keeper
join pete police "Pete Hill" officer practitioner
morag=$(person sw "Morag Reid")
ava=$(recorded sw child add --name "Ava Lennox")
cara=$(recorded sw child add --name "Cara Muir")
dan=$(recorded sw child add --name "Dan Ross")
register() { # CHILD NAME: the registration's id
  local meeting
  meeting=$(recorded sw meeting convene --type initial --on 2026-12-01T10:00:00Z --chair "$morag" --child "$1")
  as sw --json decision record --meeting "$meeting" --child "$1" --risk yes --plan yes --reasons "neglect" \
    + registration add --name "$2" --impact neglect \
    + indicator record --category impact --indicator neglect --evidence "weight loss" |
    ids | sed -n 2p
}
registration=$(register "$ava" "Ava Lennox")
mistake=$(register "$cara" "Cara Muir")
slip=$(register "$dan" "Dan Ross")
as sw sync > /dev/null
as sw entry void "$slip" --reason "another child" > /dev/null
as sw sync > /dev/null
day=$(date -u +%F)
# Written today, and admitted nine days later.
late=$(recorded sw child change --child "$dan" --address "1 High Street")
node_stop
export CAIRN_CLOCK_AHEAD_S=$((9 * 86400))
node_start
as sw entry void "$mistake" --reason "another child" > /dev/null
erased=$(recorded sw child change --child "$dan" --address "2 High Street")
as sw sync > /dev/null
as sw entry erase "$erased" --ground court-order --reason "x" > /dev/null
meeting=$(as sw list meeting --json | ids | head -n 1)
as sw check override --meeting "$meeting" --rule R-009 --reason "she is safe" --child "$ava" > /dev/null
as sw role give --person "Pete Hill" --role chair --from 2026-01-01 --anyway > /dev/null
as sw sync > /dev/null
as pete revoke person "Pete Hill" --why left > /dev/null
as pete child add --name "Eve" --anyway > /dev/null
as pete sync > /dev/null 2>&1 || :
until_true 10 is_published
audit init "$work/node/ledger.git" "$work/ledger-audit" --key "$verifier_key" > /dev/null
expect 0 'holds' ask verify

# ---- who was on the register ----
expect 0 "^ *$(short "$ava") .* registration" ask register
check "the voided one is not" lacks "$(short "$cara")"
expect 0 "$(short "$cara")" ask register --at "$day"
expect 0 'Yes: the name was on the register' ask was "$(short "$ava")"
expect 1 'No: among all [0-9]+ entries' ask was "$dan"
expect 1 "known otherwise \(yes\): entry [0-9]+ voided" ask was "$cara" --on "$day"
expect 1 'For a part of .* it was known otherwise' ask was "$dan" --on "$day"
check "which, from when to when" grep -Eq "^ *[0-9]+ +registration +$day.* +[0-9]+ +$day" "$work/said"
expect 1 '' ask was "$dan"
check "another day it is silent" lacks 'otherwise'
touch "$work/ledger-audit/ledger.git/shallow" # any finding: nothing is proved by a ledger that does not hold
for question in "was $dan" "was $ava" register holds log "who 1" "history $ava"; do
  # shellcheck disable=SC2086
  expect 3 'may be behind this answer' ask $question
done
rm "$work/ledger-audit/ledger.git/shallow"
expect 2 'has not come' ask was "$ava" --on "1 Jan 2090"
expect 2 'read in one way only' ask was "$ava" --on 3/4/26
expect 2 'first eight digits' ask was Ava
expect 1 'no child "00000000" stands in' ask was 00000000

# ---- who, what, when ----
expect 0 "registration.add .* decision=" ask history "$ava"
check "nothing of others" lacks "$(short "$dan")"
expect 0 "registration.add .* voided" ask history "$(short "$cara")"
expect 0 "roles: *practitioner chair officer keeper" ask who "$(short "$registration")"
check "person, agency and machine" test "$(grep -cE '^(by|agency|machine): *[0-9a-f]{64}$' "$work/said")" = 3
check "until when the certificate was valid" grep -Eq '^certificate until: *20..-' "$work/said"
expect 0 'by: *node' ask who 3
expect 2 'first eight digits' ask who abc
expect 0 "registration.add" ask by "$morag"
expect 0 "cert.issue" ask by node
expect 1 'no person' ask by "$ava"
expect 0 "check.override .* R-009 .* $(short "$ava")" ask overrides
expect 0 "$(short "$erased") .*ground=court-order" ask erasures
expect 0 " permission " ask refusals
expect 0 " revoked +$(short "$(person pete "Pete Hill")") +[0-9a-f]{8} +[0-9a-f]{8} +[0-9]+ +undecided" ask holds
check "nothing was decided about it" lacks released
expect 0 "check.override +$(short "$morag") +[0-9a-f]{8} +$(short "$ava")" ask log --kind check.override
for list in log overrides erasures refusals holds late "by node" "history $ava"; do
  # shellcheck disable=SC2086
  expect 0 '^ *NUMBER +ENTRY' ask $list
done
expect 0 " $(short "$late") .* 9  child.change " ask late
expect 2 'number of days' ask late --days soon

# ---- one entry alone ----
fingerprint=$(sed -n 's/^fingerprint of the ledger key: *//p' "$work/init.txt")
prove() { expect 0 '' ask prove "$1" --out "$work/proof" && rm -rf "$work/alone" && mkdir "$work/alone" && mv "$work/proof" "$work/alone"; }
prove 1
expect 0 'by: *node' audit check "$work/alone/proof" --key "$verifier_key"
prove "$registration"
expect 0 'proof: *holds' audit check "$work/alone/proof" --fingerprint "$fingerprint"
check "whose it is" grep -q "^by: *$morag" "$work/said"
expect 3 'E-NONE' audit check "$work/alone/proof"
expect 0 'holds' audit check "$work/alone/proof" "$work/ledger-audit"
expect 1 'E-KEY' audit check "$work/alone/proof" --fingerprint "$(printf '%064d' 1)"
expect 2 'not both' audit check "$work/alone/proof" "$work/ledger-audit" --key "$verifier_key"
expect 2 'there already' ask prove "$registration" --out "$work/alone/proof"
# Another key's checkpoint over the same leaves, at another time, is none of the ledger's.
openssl ecparam -name prime256v1 -genkey -noout -out "$work/thief.pem"
openssl pkey -in "$work/thief.pem" -pubout -outform DER > "$work/thief.der"
name=${verifier_key%%+*}
id=$(openssl dgst -sha256 -r "$work/thief.der" | cut -c1-8)
sed -n 's/^note //p' "$work/alone/proof" | base64 -d | sed '/^$/,$d; s/^time .*/time 2099-01-01T00:00:00Z/' > "$work/thief.text"
for _ in 1 2 3 4 5 6 7 8 9 10 11 12; do # until s is low
  { cat "$work/thief.text"; printf '\n\342\200\224 %s ' "$name"; { printf %s "${id^^}" | basenc --base16 -d; \
    openssl dgst -sha256 -sign "$work/thief.pem" "$work/thief.text"; } | base64 -w 0; echo; } > "$work/thief.note"
  sed -e "s|^vkey .*|vkey $name+$id+$({ printf '\002'; cat "$work/thief.der"; } | base64 -w 0)|" \
    -e "s|^note .*|note $(base64 -w 0 "$work/thief.note")|" "$work/alone/proof" > "$work/stolen"
  audit check "$work/stolen" > "$work/said" 2>&1 || :
  ! grep -q E-NONE "$work/said" || break
done
expect 3 'E-NONE' audit check "$work/stolen"
expect 1 'E-LEDGER' audit check "$work/stolen" "$work/ledger-audit"
sed 's/^act-path /act-path AAAA/' "$work/alone/proof" > "$work/forged"
echo 'cairn evidence 1' > "$work/evidence"
expect 2 'cairn evidence check' audit check "$work/evidence"
expect 1 'E-FORM|this is no proof' audit check "$work/passphrase"
check "in words" lacks 'section'
expect 1 'E-ACT' audit check "$work/forged" --key "$verifier_key"
# The commands of audit/FORMAT.md section 6, as they stand there; none of our programs is needed.
awk '/^## 6/ { on = 1 } /^## 7/ { on = 0 } on && /^    get\(\)/ { block = 1 } on && block && !/^    / && NF { block = 0 } on && block' \
  "$tests_folder/../audit/FORMAT.md" | sed 's/^    //' > "$work/alone/check.sh"
(cd "$work/alone" && bash check.sh) > "$work/said" 2>&1 || fail "the commands of section 6 fail: $(cat "$work/said")"
check "the key is the one that is known" grep -q "$fingerprint" "$work/said"
check "both signatures verify" test "$(grep -c '^Verified OK' "$work/said")" = 2
check "the certificate, too" grep -q 'author.pem: OK' "$work/said"
check "and nothing is wrong" lacks 'not in\|another'
sed -i 's/^path ..../path AAAA/' "$work/alone/proof"
(cd "$work/alone" && bash check.sh) > "$work/said" 2>&1 || :
check "a path that does not lead there is noticed" grep -q 'not in the tree: leaf' "$work/said"

# ---- disclosed content ----
change=$(recorded sw child change --child "$dan" --address "3 High Street")
expect 1 'ledger yet' as sw disclose "$change" --out "$work/disclosed"
expect 2 '--out' as sw disclose "$late"
expect 1 'was erased' as sw disclose "$erased" --out "$work/disclosed"
number=$(audit who "$late" "$work/ledger-audit" --json | field number)
expect 1 '' as pete disclose "$number" --out "$work/disclosed"
expect 1 'no entry with the number 999' as sw disclose 999 --out "$work/disclosed"
expect 0 "$late" as sw disclose "$number" --out "$work/by-number"
expect 1 '' as pete disclose "$late" --out "$work/disclosed" # it does not exist for the police
check "nothing was written" test ! -e "$work/disclosed"
expect 0 'outside of the record' as sw disclose "$late" --out "$work/disclosed"
expect 0 'exactly what was committed to as entry' ask open "$work/disclosed" --save "$work/saved"
check "as it was written" grep -q '1 High Street' "$work/saved"
sed 's/^salt ./salt x/' "$work/disclosed" > "$work/forged"
check "the same as by its id" cmp "$work/by-number" "$work/disclosed"
expect 1 'O-FORM.*|no content as cairn disclose' ask open "$work/forged"
sed "s/^salt .*/salt $(printf '%032d' 1)/" "$work/disclosed" > "$work/forged"
expect 1 'O-CONTENT' ask open "$work/forged"
# The keeper erases it, and somebody kept a file with the content.
as sw entry erase "$late" --ground retention --reason "x" > /dev/null
as sw sync > /dev/null
until_true 10 is_published
expect 0 '' ask fetch
expect 1 'O-ERASED' ask open "$work/disclosed"
check "what was erased is not shown" lacks 'High Street'
as sw disclose "$change" --out "$work/disclosed-new" > /dev/null
expect 0 'exactly' ask open "$work/disclosed-new"
check "what it says" grep -q '3 High Street' "$work/said"

# ---- a ledger that does not hold answers nothing ----
expect 0 '' audit init "$work/node/ledger.git" "$work/other" --key "$verifier_key"
sed -i "s|^brought-key .*|brought-key other/ledger+${verifier_key#*+}|" "$work/other/seen"
for question in register "was $ava" "history $ava" "who 1" "by node" overrides "prove 1"; do
  # shellcheck disable=SC2086
  expect 3 'does NOT hold' audit $question "$work/other"
  check "and nothing is listed" lacks 'registration\|check.override'
done

# ---- content that is missing, and was not erased ----
node_stop
expect 0 'verdict: *in order' node verify
db=$work/node/node.db
triggers=$(sqlite3 "$db" "select 'drop trigger ' || name || ';' from sqlite_schema where type = 'trigger'")
of_change="(select number from entry where id = x'$change')"
sqlite3 "$db" "pragma foreign_keys = off; $triggers delete from content where number = $of_change;"
expect 1 'content .* its content is not here' node verify
sqlite3 "$db" "insert into forgotten values($of_change, 'erased');"
expect 1 'its content is not here, and no entry erased it' node verify
done_with_all
