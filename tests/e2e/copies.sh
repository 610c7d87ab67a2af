#!/usr/bin/env bash
# A minute and a report in three renderings: what each says, the chair's one approval, copies that prove themselves, packs.
. "$(dirname "$0")/lib.sh"
node_init
node_start
join sw social-work "Morag Reid" practitioner chair lead-professional
join he health "Aileen Shah" practitioner
join po police "Iain Boyd" practitioner chair
as sw sync > /dev/null
child=$(recorded sw child add --name "Ava Lennox" --born 2019-03-01 --address "canaryaddress")
involve sw "$child" "Aileen Shah" "Iain Boyd"
mum=$(recorded sw family add --child "$child" --name "Mary Lennox" --relation mother --responsibilities yes \
  --address "canaryrefuge" --phone "canaryphone")
dad=$(recorded sw family add --child "$child" --name "Carl Lennox" --relation father --responsibilities yes)
friend=$(recorded sw family add --child "$child" --name "Jean Hill" --relation support-person --responsibilities no)
meeting=$(recorded sw meeting convene --type review --on 2026-11-24T10:00:00Z --chair "Morag Reid" \
  --child "$child" --purpose "the words <b>everybody</b> reads")
m=(--child "$child" --meeting "$meeting")
as sw sync > /dev/null
as he sync > /dev/null
as po sync > /dev/null

# lacks PATTERN FILE…: none of the files has it.
lacks() { ! grep -qE -- "$@"; }

# ---- what is recorded ----
as sw invitation send "${m[@]}" --person "Iain Boyd" --basis need-to-know --channel post --sent 2026-11-10 > /dev/null
as sw invitation send "${m[@]}" --family "$mum" --basis family --channel post --sent 2026-11-10 > /dev/null
as sw attendance record "${m[@]}" --person "Aileen Shah" --role agency-participant --attended all --basis need-to-know > /dev/null
as sw attendance record "${m[@]}" --person "Iain Boyd" --role agency-participant --attended none --reason canaryapology > /dev/null
as sw attendance record "${m[@]}" --family "$mum" --role parent-carer --attended all > /dev/null
as sw attendance record "${m[@]}" --family "$friend" --role support --attended all --supports "$mum" > /dev/null
as sw support decide "${m[@]}" --family "$friend" --outcome allowed > /dev/null
as sw exclusion record "${m[@]}" --family "$dad" --form excluded --ground bail-conditions --informed-by A --views-by A \
  --outcome-by A --outcome-until 2026-12-04 > "$work/exclusion"
exclusion=$(as sw list exclusion.record --json | ids)
as sw segment record "${m[@]}" --family closed --out "$mum" --from 10:20 --until 10:40 --prepared yes \
  --explained yes --reason canaryclosed > /dev/null
segment=$(as sw list segment.record --json | ids)
as sw information record "${m[@]}" --summary "everybody heard that she is well" > /dev/null
as sw information closed "${m[@]}" --segment "$segment" --summary canarysaid > /dev/null
as sw family-view record "${m[@]}" --whose child --when before --method conversation --words "I like school" \
  --presented yes --considered yes > /dev/null
as sw family-view record "${m[@]}" --whose parent --family "$mum" --when before --method conversation --words "worn out" > /dev/null
as sw assessment record "${m[@]}" --risk "neglect of meals, since they moved to 12 Fern Street" > /dev/null
as sw child-attendance decide "${m[@]}" --attend none --impact x --reasons young > /dev/null
as sw decision record "${m[@]}" --risk no --plan no --reasons "help is enough" \
  + reporter consider --outcome already-done > /dev/null

# ---- drafts ----
expect 2 '--copy is needed' as sw minute show "$meeting"
expect 2 'must be one of' as sw minute show "$meeting" --copy everybody
expect 1 'there is no' as sw minute show 00000000 --copy family
for copy in participants professionals family; do
  as sw minute show "$meeting" --copy $copy > "$work/$copy.draft"
  as sw minute show "$meeting" --copy $copy --html > "$work/$copy.draft.html"
  check "a draft says so" grep -q DRAFT "$work/$copy.draft"
  check "it has what was found" grep -q 'neglect of meals' "$work/$copy.draft"
  check "no address is in it" lacks 'canary(address|refuge|phone)' "$work/$copy.draft" "$work/$copy.draft.html"
done
check "professionals read why a part was closed" grep -q canaryclosed "$work/professionals.draft"
check "the family's has nothing of it" lacks canary "$work"/family.draft*
check "and nothing of who was excluded" lacks 'Carl Lennox' "$work"/family.draft*
check "what was written is no markup" grep -q '&lt;b&gt;everybody' "$work/family.draft.html"
check "a page that calls nothing" lacks '<script|href|src=|url\(' "$work/family.draft.html"

# ---- approval ----
expect 1 'R-056' as sw minute approve "$meeting"
expect 0 '' as sw exclusion change --exclusion "$exclusion" --child "$child" --reason canarybail
expect 1 'K-072' as sw minute approve "$meeting"
as sw meeting close "${m[@]}" --quorate yes > /dev/null
as sw sync > /dev/null
as po sync > /dev/null
expect 1 'K-070' as po minute approve "$meeting"

# ---- nothing slips through ----
other=$(recorded sw child add --name "A Lennox")
involve sw "$other" "Aileen Shah"
as sw child same --child "$child" --child "$other" --reason "the same mother" > /dev/null
as sw sync > /dev/null
as he sync > /dev/null
elsewhere=$(recorded he restrict --child "$other" --category at-risk --basis x --what x --address "12 Fern St" \
  --to "Morag Reid")
as he sync > /dev/null
as sw sync > /dev/null
expect 1 '12 Fern Street.*address' as sw minute approve "$meeting"
as he unrestrict "$elsewhere" --reason x > /dev/null
as he restrict --meeting "$meeting" --category at-risk --basis x --what "kestrel: they hide at 12 Fern St, ML6 8QQ." \
  --address "12 Fern St, Airdrie" --to "Morag Reid" > /dev/null
as he sync > /dev/null
as sw sync > /dev/null
expect 1 '12 Fern Street.*address' as sw minute approve "$meeting"
expect 1 'in 1 places' as sw minute approve "$meeting"
expect 2 'takes the words' as sw minute approve "$meeting" --explain "12 Fern Street"
expect 2 'nothing that was found' as sw minute approve "$meeting" --explain "14 Elm Road=x"
check "nothing was approved" test -z "$(as sw list copy.approve --json | ids || :)"
explained=(--explain "12 fern street=it is the school's own street")
expect 1 'no approved copy' as sw minute copy "$meeting" --copy family --file "$work/none.html"
expect 0 'copy.approve' as sw minute approve "$meeting" "${explained[@]}"
expect 0 'own street' as sw show "$(as sw list copy.explain --json | ids)"
expect 1 'was not accepted yet' as sw minute copy "$meeting" --copy family --file "$work/none.html"
check "nothing was written" test ! -e "$work/none.html"
for r in sw he po; do as $r sync > /dev/null; done

# ---- who has what ----
expect 0 '' as he minute copy "$meeting" --copy participants --file "$work/participants.html"
expect 1 'no approved copy' as po minute copy "$meeting" --copy participants --file "$work/none.html"
for copy in professionals family; do
  expect 0 '' as po minute copy "$meeting" --copy $copy --file "$work/$copy.html"
  expect 0 '' as po minute copy "$meeting" --copy $copy --file "$work/$copy.txt"
done
expect 2 'is there already' as po minute copy "$meeting" --copy family --file "$work/family.html"
expect 2 'must end with' as po minute copy "$meeting" --copy family --file "$work/family.doc"
check "the reason of the exclusion is in the professionals'" grep -q canarybail "$work/professionals.txt"
check "the family's has nothing of it" lacks 'canary|Carl' "$work"/family.html "$work"/family.txt
check "it is no draft" lacks DRAFT "$work"/family.txt

# ---- proof ----
audit() { "$BIN/cairn-audit" "$@"; }
until_true 30 is_published
audit init "$work/node/ledger.git" "$work/audit" --key "$verifier_key" > /dev/null
for file in participants.html professionals.html professionals.txt family.html family.txt; do
  expect 0 "rendering: +${file%.*}" audit copy "$work/$file" --key "$verifier_key"
  expect 0 "exactly what the chair" audit copy "$work/$file" "$work/audit"
  expect 3 'C-NONE' audit copy "$work/$file"
done
expect 0 "$(as sw show "$meeting" --json | field entry)" audit copy "$work/family.html" --key "$verifier_key"
sed 's/help is enough/help was enough/' "$work/family.html" > "$work/forged.html"
expect 1 'C-DOCUMENT' audit copy "$work/forged.html" --key "$verifier_key"
sed 's/^rendering family$/rendering participants/' "$work/family.html" > "$work/forged.html"
expect 1 'C-DOCUMENT' audit copy "$work/forged.html" --key "$verifier_key"
other=$(sed 's/.*+.*+//' <<< "$verifier_key")
"$BIN/cairnd" --node "$work/other" --passphrase-file "$work/passphrase" init --authority Other --ledger nl.example/register \
  --host 127.0.0.1 --port 0 > "$work/other.txt"
expect 1 'C-KEY' audit copy "$work/family.html" --key "$(sed -n 's/^verifier key: *//p' "$work/other.txt")"
check "that was another key" test "$other" != "$(sed -n 's/^verifier key: *//p' "$work/other.txt" | sed 's/.*+.*+//')"
head -n 5 "$work/family.txt" > "$work/short.txt"
expect 1 'C-FORM' audit copy "$work/short.txt" --key "$verifier_key"
expect 2 'cannot read' audit copy "$work/nothing.txt"
expect 2 'either' audit copy "$work/family.txt" "$work/audit" --key "$verifier_key"
expect 2 'verifier key' audit copy "$work/family.txt" --key x

# The commitment with stock tools: core/FORMAT.md section 13.
line() { sed -n "s/^$1 //p" "$2"; }
before_proof() { awk '/^<!-- cairn proof 1$/ || /^---------------- cairn proof 1$/ { exit } { print }' "$1"; }
before_proof "$work/family.html" > "$work/html"
before_proof "$work/family.txt" > "$work/text"
line salt "$work/family.txt" | sed 's/../\\x&/g' | { IFS= read -r s && printf '%b' "$s"; } > "$work/salt"
is=$({ printf 'cairn copy 1\n'; cat "$work/salt"; openssl dgst -sha256 -binary "$work/html"
  openssl dgst -sha256 -binary "$work/text"; } | openssl dgst -sha256 -r | cut -c1-64)
line header "$work/family.txt" | openssl base64 -d -A > "$work/header"
check "openssl makes the same commitment" grep -qx "fact family $is" "$work/header"
line act "$work/family.txt" | openssl base64 -d -A > "$work/act"
line signature "$work/family.txt" | openssl base64 -d -A > "$work/act.sig"
line cert "$work/family.txt" | openssl base64 -d -A | openssl x509 -inform DER -pubkey -noout > "$work/author.pub"
expect 0 'Verified OK' openssl dgst -sha256 -verify "$work/author.pub" -signature "$work/act.sig" "$work/act"

# ---- a report ----
report=$(recorded he report record "${m[@]}" --type report --title "Health report" --text "gaining weight")
as he report add --child "$child" --report "$report" --text canarymedical > /dev/null
as he sync > /dev/null
as sw sync > /dev/null
expect 0 'gaining weight' as sw report show "$report" --copy family
check "nothing for professionals" lacks canary "$work/said"
expect 0 'canarymedical' as sw report show "$report" --copy professionals
expect 0 '' as sw report approve "$report"
for r in sw po; do as $r sync > /dev/null; done
expect 0 '' as po report copy "$report" --copy family --file "$work/report.txt"
expect 0 'of: +report' audit copy "$work/report.txt" --key "$verifier_key"

# ---- packs ----
expect 2 '--for is needed' as sw pack "$meeting" --folder "$work/pack"
expect 2 '--folder is needed' as sw pack "$meeting" --for "Mary Lennox"
expect 1 'supports, interprets or observes' as sw pack "$meeting" --for "Jean Hill" --folder "$work/pack"
check "no folder was made" test ! -e "$work/pack"
pack() { # FOR RENDERING ENVELOPES
  rm -rf "$work/pack"
  expect 0 "minute.html" as sw pack "$meeting" --for "$1" --folder "$work/pack"
  expect 0 "rendering: +$2" audit copy "$work/pack/minute.html" --key "$verifier_key"
  expect 0 "rendering: +$2" audit copy "$work/pack/report-${report:0:8}.txt" --key "$verifier_key"
  check "all of it is there" test "$(find "$work/pack" -type f | wc -l)" = $((4 + ${3:-0}))
  check "and what is sealed to them, alone" test "$(find "$work/pack" -name 'sealed-*.cms' | wc -l)" = "${3:-0}"
}
pack "Aileen Shah" participants 1
check "the recipient opens it with stock tools" sh -c "openssl cms -decrypt -binary -inform DER -in '$work'/pack/sealed-*.cms \
  -inkey '$work/he/seal.key' -passin 'file:$work/passphrase' | grep -qa 'kestrel: they hide'"
check "and nobody else" sh -c "! openssl cms -decrypt -binary -inform DER -in '$work'/pack/sealed-*.cms \
  -inkey '$work/po/seal.key' -passin 'file:$work/passphrase' | grep -qa 'hide at'" 2> "$work/refused"
pack "Iain Boyd" professionals
pack "Mary Lennox" family
pack "Carl Lennox" family
pack "Ava Lennox" family
check "nothing for professionals in it" lacks canary "$work"/pack/*
expect 2 "is there already" as sw pack "$meeting" --for "Ava Lennox" --folder "$work/pack"
as sw verify > /dev/null
as po verify > /dev/null
node_stop
done_with_all
