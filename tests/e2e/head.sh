#!/usr/bin/env bash
# Agencies hand the auditor their machines' heads: what a ledger leaves out that they had sent, or were told of, is found;
# and what shows two histories is kept as evidence for others.
. "$(dirname "$0")/lib.sh"
audit() { "$BIN/cairn-audit" "$@"; }
node_init
node_start
join morag social-work "Morag Reid" officer practitioner
join pete police "Pete Hill" officer practitioner
as morag child add --name "Ava Lennox" > /dev/null
as morag sync > /dev/null
until_true 10 is_published
# Fetched a minute ago.
CAIRN_CLOCK_AHEAD_S=-60 expect 0 '' audit init "$work/node/ledger.git" "$work/audit" --key "$verifier_key"
expect 0 'holds' audit verify "$work/audit"
node_stop
rm -f "$work/node/control.sock"
cp -a "$work/node" "$work/then"
node_start

# ---- honest ----
as pete child add --name "Ben Muir" > /dev/null
as pete sync > /dev/null
as morag child add --name "Col Gow" > /dev/null
expect 0 'newest act: *1$' as morag head "$work/older"
as morag sync > /dev/null
as morag child add --name "not sent" > /dev/null
expect 0 'newest act: *2$' as morag head "$work/head"
expect 0 'acts told of: *1$' as pete head "$work/petes"
expect 2 'is there already' as morag head "$work/head"
if grep -aq 'Gow\|Lennox\|Morag' "$work/head"; then fail "the head holds a name"; fi
until_true 10 is_published
expect 3 'before the head was written' audit verify "$work/audit" --head "$work/head"
check "a copy that is only older is no evidence" test "$(find "$work/audit" -name 'evidence-*' | wc -l)" = 0
expect 0 'new entries' audit fetch "$work/audit"
expect 0 'completeness: *holds' audit verify "$work/audit" --head "$work/older" --head "$work/head" --head "$work/petes"

# Its signature can be checked with stock tools.
sed '$d' "$work/head" > "$work/text"
sed -n 's/^signature //p' "$work/head" | base64 -d > "$work/head.sig"
git clone -q "$work/node/ledger.git" "$work/clone"
find "$work/clone/leaves" -type f -exec cat {} + | sed -n 's/^key replica //p' > "$work/machines"
verified=0
while read -r spki; do
  echo "$spki" | base64 -d | openssl pkey -pubin -inform DER -out "$work/machine.pub" 2> /dev/null
  if openssl dgst -sha256 -verify "$work/machine.pub" -signature "$work/head.sig" "$work/text" > /dev/null 2>&1; then
    verified=$((verified + 1))
  fi
done < "$work/machines"
check "one machine signed it" test "$verified" = 1

# ---- brought wrongly ----
expect 2 'no head as cairn head writes' audit verify "$work/audit" --head "$work/passphrase"
expect 2 'cannot read' audit verify "$work/audit" --head "$work/nothing"
sed 's/^number 2/number 3/' "$work/head" > "$work/changed"
expect 3 'M-HEAD' audit verify "$work/audit" --head "$work/changed"

# ---- a quorum ----
node agency add "One more" --type housing > /dev/null
for r in pete morag pete; do as $r sync > /dev/null; done
until_true 10 is_published
audit fetch "$work/audit" > /dev/null
expect 0 '^1 agency vouches for the first [0-9]+ entries' audit verify "$work/audit" --quorum 1
expect 3 'N-QUORUM .*2 agencies vouch for the first [0-9]+ entries, and were to vouch' audit verify "$work/audit" --quorum 2
as pete head "$work/pete.now" > /dev/null
as morag head "$work/morag.now" > /dev/null
expect 0 'quorum size: *[0-9]' audit verify "$work/audit" --quorum 2 --head "$work/pete.now" --head "$work/morag.now"
expect 3 'any part of the ledger: 2; .*: 3' audit verify "$work/audit" --quorum 3 --head "$work/pete.now" --head "$work/morag.now"
expect 2 'number of agencies' audit verify "$work/audit" --quorum 0
node_stop

# ---- the node goes back, and on from there: the heads show what is missing ----
mv "$work/node" "$work/node.now"
mv "$work/then" "$work/node"
kept() { find "$work/$1" -name 'evidence-*' | wc -l; }
cp -a "$work/audit" "$work/back"
cp -a "$work/node/ledger.git" "$work/then.git"
audit fetch "$work/back" > /dev/null || :
expect 1 'N-ROLLBACK' audit verify "$work/back" --head "$work/head"
check "a withheld tail" grep -q 'M-TAIL.*number 2 ' "$work/said"
check "a receipt without its entry" grep -q 'M-RECEIPT' "$work/said"
check "the evidence is kept and named" grep -q 'ROLLBACK  *evidence-' "$work/said"
# Anybody is told what a smaller checkpoint shows by itself, and what not, with nothing but the key.
file=$work/back/$(grep -o 'evidence-[0-9a-f]*.txt' "$work/said" | head -n 1)
expect 3 '^verdict: *does not show it alone' "$BIN/cairn" --home "$work/nobody" evidence check "$file" --key "$verifier_key"
check "what is shown" grep -q 'key has signed a ledger of [0-9]* entries' "$work/said"
check "what is not" grep -q 'nor that the smaller one was shown after the larger one' "$work/said"
# Without a folder it stands where it is wanted. A copy that may only be older is told so, and to keep nothing apart.
mkdir "$work/proofs" "$work/here"
expect 1 'N-ROLLBACK' audit verify --repository "$work/then.git" --key "$verifier_key" --head "$work/head" --evidence "$work/proofs"
check "fetching is what is advised" grep -q 'takes nothing away' "$work/said"
if grep -q 'Keep this copy' "$work/said"; then fail "two pieces of advice that do not go together"; fi
check "it is written there" test "$(kept proofs)" = 1
(cd "$work/here" && audit verify --repository "$work/then.git" --key "$verifier_key" --head "$work/head" > /dev/null) || :
check "or where the auditor is" test "$(kept here)" = 1
expect 2 'evidence' audit verify --repository "$work/then.git" --evidence "$work/no/folder"
count=$(kept back)
expect 1 'N-ROLLBACK' audit verify "$work/back" --head "$work/head"
check "once" test "$(kept back)" = "$count"
node_start
for name in One Two Three Four Five Six Seven Eight Nine Ten; do node agency add "Another $name" --type housing > /dev/null; done
until_true 10 is_published
node_stop
cp -a "$work/audit" "$work/forked"
audit fetch "$work/forked" > /dev/null || :
expect 1 'N-FORK' audit verify "$work/forked" --head "$work/head"
file=$(grep -o 'evidence-[0-9a-f]*.txt' "$work/said" | head -n 1)
check "the evidence is there" test -s "$work/forked/$file"
# Whether two checkpoints of one size are among those that were published is chance: it proves, or only asks.
status=0
"$BIN/cairn" evidence check "$work/forked/$file" --key "$verifier_key" > "$work/said" 2>&1 || status=$?
check "others can judge it" grep -Eq 'two different histories|two histories|whether the larger one goes on' "$work/said"
check "with its exit status" test "$status" = 0 -o "$status" = 3
expect 1 'N-FORK|N-ROLLBACK' audit verify --repository "$work/node/ledger.git" --key "$verifier_key" --head "$work/head" \
  --evidence "$work"
done_with_all
