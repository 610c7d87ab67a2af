#!/usr/bin/env bash
# People compare what they were shown. A node that shows two replicas different histories is found out by a telephone
# call, by the files that they exchange, by their own next sync, and by the auditor.
. "$(dirname "$0")/lib.sh"
node_init
node_start
join morag social-work "Morag Reid" officer practitioner
join pete police "Pete Hill" officer practitioner
for r in morag pete morag; do as $r sync > /dev/null; done

short_of() { as "$1" checkpoint --json "${@:2}" | field short-form; }

# ---- an honest node ----
expect 0 '^size: *[0-9]+$' as morag checkpoint
check "the short form is there" grep -Eq '^short form: +[0-9]+:( [0-9]{5}){8}$' "$work/said"
for r in morag pete; do as $r sync > /dev/null; done
common=$(as morag checkpoint --json | field size)
check "both have verified the same" test "$(short_of morag)" = "$(short_of pete)"
expect 0 'The same' as morag checkpoint --compare "$(short_of pete)"
expect 0 '"comparison": *"same"' as morag checkpoint --json --compare "$(short_of pete | tr -d ' ')"
expect 0 'written to' as pete checkpoint --to "$work/pete.note"
expect 0 'The same' as morag checkpoint --compare "$work/pete.note"
expect 2 'is there already' as pete checkpoint --to "$work/pete.note"

# An older one is found again; one that nobody has verified is not.
as morag child add --name "Ava Lennox" > /dev/null
as morag sync > /dev/null
check "the ledger has grown" test "$(as morag checkpoint --json | field size)" -gt "$common"
expect 0 'The same' as morag checkpoint --compare "$(short_of pete)"
expect 0 "^size: *$common\$" as morag checkpoint --size "$common"
check "with the same short form" test "$(short_of morag --size "$common")" = "$(short_of pete)"
expect 3 'cannot say' as pete checkpoint --compare "$(short_of morag)"
expect 3 '"comparison": *"cannot say"' as pete checkpoint --compare "$(short_of morag)" --json
expect 1 'no checkpoint of size' as pete checkpoint --size 999

# What is misheard is another history until it is read out again; what is no short form is not compared.
expect 1 'NOT the same .*|Read it out once more' as morag checkpoint --compare "$(short_of pete | tr 0123456789 1234567890 | sed "s/^[^:]*/$common/")"
expect 1 '"comparison": *"other history"' as morag checkpoint --json --compare "$common: 00000 00000 00000 00000 00000 00000 00000 00000"
expect 2 'neither the short form' as morag checkpoint --compare "$common: 12345"
expect 2 'neither the short form' as morag checkpoint --compare "$work/nothing"
expect 2 'neither the short form' as morag checkpoint --compare "$work/passphrase"
expect 2 'stands alone' as morag checkpoint --compare "$work/pete.note" --size 3
expect 2 'takes a number' as morag checkpoint --size few

# A note that the ledger's key has not signed says nothing, whatever stands in it.
sed '2s/.*/5/' "$work/pete.note" > "$work/forged.note"
expect 3 'not signed by the key' as morag checkpoint --compare "$work/forged.note"
sed '1s/.*/other.example\/register/' "$work/pete.note" > "$work/forged.note"
expect 3 'not signed by the key' as morag checkpoint --compare "$work/forged.note"

# The auditor sees the same short form, and who vouches for what.
for r in pete morag pete morag; do as $r sync > /dev/null; done
pete_size=$(as pete checkpoint --json | field size)
agency police "One more" > /dev/null
until_true 10 is_published
audit() { "$BIN/cairn-audit" verify --repository "$1/ledger.git" --key "$verifier_key" --evidence "$work" "${@:2}"; }
expect 0 'The ledger holds' audit "$work/node"
check "two machines of two agencies" grep -Eq "^ *$pete_size +2 +2$" "$work/said"
as pete sync > /dev/null
check "with the short form of the replicas" grep -qF "short form:  $(short_of pete)" <(sed 's/short form: */short form:  /' "$work/said")

# ---- a node that has two faces: each of the two syncs with one of them ----
for r in pete morag pete morag; do as $r sync > /dev/null; done
until_true 10 is_published
node_stop
cp -a "$work/node" "$work/second"
swap() { mv "$work/node" "$work/spare" && mv "$work/second" "$work/node" && mv "$work/spare" "$work/second"; }
node_start
as morag child add --name "Bo Marsh" > /dev/null
for _ in 1 2; do as morag sync > /dev/null; done
until_true 10 is_published
node_stop
swap
node_start
as pete child add --name "Cara Dunn" > /dev/null
for _ in 1 2; do as pete sync > /dev/null; done
until_true 10 is_published
check "of one size" test "$(as morag checkpoint --json | field size)" = "$(as pete checkpoint --json | field size)"
expect 1 'NOT the same' as morag checkpoint --compare "$(short_of pete)"
expect 1 'NOT the same' as pete checkpoint --compare "$(short_of morag)"

# Morag comes to the face that Pete was shown: she is turned away, keeps all, and the administrator hears of it.
as morag child add --name "Dan Ross" > /dev/null
expect 1 'another history' as morag sync
check "nothing is lost" test "$(outbox_size morag)" = 1
check "the administrator hears of it" grep -q 'other contents than this node' "$work/serve.err"

# ---- evidence ----
expect 0 'No evidence was kept' as morag evidence
as pete checkpoint --to "$work/other.note" > /dev/null
expect 1 'NOT the same' as morag checkpoint --compare "$work/other.note"
proof=$(as morag evidence --json | field file)
expect 0 "^ *$proof  .*two different histories" as morag evidence
expect 0 'two different histories of the first' as morag evidence check "$proof"
expect 0 'verified before: *$|size:' as morag evidence show "$proof"
expect 1 'NOT the same' as morag checkpoint --compare "$work/other.note"
check "it is kept once" test "$(as morag evidence --json | grep -c '"file"')" = 1
# Anybody checks it, with nothing but the ledger's key.
cp "$work/morag/$proof" "$work/proof.txt"
third() { "$BIN/cairn" --home "$work/nobody" evidence check "$work/proof.txt" --key "$verifier_key" "$@"; }
expect 0 '^verdict: *proves it' third
expect 0 '"verdict": *"proves it"' third --json
sed -i '/^[0-9]*$/y/123456789/234567891/' "$work/proof.txt"
expect 1 '^verdict: *proves nothing' third
echo nonsense > "$work/proof.txt"
expect 1 'not evidence of the form' third
expect 2 'a verifier key has' "$BIN/cairn" evidence check "$work/proof.txt" --key nonsense
expect 2 'no file' as morag evidence check nothing
expect 2 'the ledger.s key is needed' "$BIN/cairn" --home "$work/nobody" evidence check "$work/proof.txt"
cp "$work/proof.txt" "$work/morag/evidence-0.txt"
expect 0 'this file is damaged' as morag evidence
rm "$work/morag/evidence-0.txt"

# A node that carries what Morag vouches for into the history that Pete is shown.
node_stop
sqlite3 "$work/node/node.db" "attach '$work/second/node.db' as other;
  insert or replace into cosignature select c.* from other.cosignature c join checkpoint k on k.size = c.size
  where not exists (select 1 from other.checkpoint o where o.size = c.size and o.root = k.root)"
node_start
agency police "A new one" > /dev/null
expect 1 'was shown another history' as pete sync
check "it says where the proof is" grep -q 'the proof is in evidence-' "$work/said"
proof=$(as pete evidence --json | field file)
expect 0 'vouches for another one' as pete evidence check "$proof"
check "with the machine that does" grep -q "^witness: *$(as morag status --json | field fingerprint-of-this-machine)" "$work/said"
until_true 10 is_published
expect 1 'N-WITNESS .*the machine [0-9a-f]{8} vouches for another history' audit "$work/node"
expect 1 '"anchoring": *"does not hold"' audit "$work/node" --json
expect 0 'The ledger holds' audit "$work/second"
# The auditor keeps what proves it, here of what Morag vouches for in two ways; and a third person can check it.
as morag head "$work/morag.head" > /dev/null
expect 0 '' "$BIN/cairn-audit" init "$work/node/ledger.git" "$work/folder" --key "$verifier_key"
expect 1 'N-FORK +[0-9]+ .*that the machine [0-9a-f]{8} has verified' "$BIN/cairn-audit" verify "$work/folder" --head "$work/morag.head"
check "both are kept" test "$(find "$work/folder" -name 'evidence-*.txt' | wc -l)" = 2
for proof in "$work/folder"/evidence-*.txt; do
  cp "$proof" "$work/proof.txt"
  expect 0 '^verdict: *proves it' third
done
check "nothing of it was taken" test "$(as pete verify --json | field verdict)" = "in order"
node_stop
done_with_all
