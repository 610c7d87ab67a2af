#!/usr/bin/env bash
# What was written once is still read: the files of tests/formats, opened with the programs of today. The messages among
# them are read by tests/unit/test_formats.c.
. "$(dirname "$0")/lib.sh"
formats=$tests_folder/formats
passphrase
expected() { sed -n "s/^$1 //p" "$formats/expected.txt"; }
verifier_key=$(cat "$formats/verifier-key.txt")
child=$(expected child)
size=$(expected size)
# On the day after they were made; nobody goes over a network, where certificates are judged by the real clock.
export CAIRN_CLOCK_AHEAD_S=$(($(date -u -d "$(expected made)" +%s) + 86400 - $(date +%s)))
mkdir -m 700 "$work/node" "$work/pete" "$work/audit"
tar -xzf "$formats/node.tar.gz" -C "$work/node"
tar -xzf "$formats/replica.tar.gz" -C "$work/pete"
tar -xzf "$formats/auditor.tar.gz" -C "$work/audit"
check "all together are small" test "$(du -sb "$formats" | cut -f 1)" -lt 1048576

# ---- the databases ----
expect 0 "in order" node verify
expect 0 "checkpoint size: *$size$" node status
check "the same root" grep -q "checkpoint root: *$(expected root | base64 -d | od -An -tx1 | tr -d ' \n' | head -c 8)" "$work/said"
expect 0 "Pete Hill's agency" node agency list
expect 0 "in order" as pete verify
expect 0 "Ava Lennox" as pete list child.add
expect 0 "meeting.convene" as pete timeline "Ava Lennox"
expect 0 "Ava Lennox" as pete register list
expect 0 "unsent .*child.add" as pete outbox
expect 0 "" as pete rebuild
expect 0 "a letter" bash -c "'$BIN/cairn' --home '$work/pete' document save 'A letter' '$work/letter' > '$work/out' && cat '$work/letter'"

# ---- bundles ----
expect 0 "accepted: *1$" node take "$formats/request.bundle" --answer "$work/new.answer"
expect 0 "pages taken: *1$" as pete take "$formats/answer.bundle"
check "what waited was accepted" test "$(outbox_size pete)" = 0

# ---- the ledger, and what an auditor remembers ----
git clone -q --bare "$formats/ledger.bundle" "$work/audit/ledger.git"
expect 0 "The ledger holds" "$BIN/cairn-audit" verify "$work/audit" --head "$formats/head.txt"
check "since the last visit" grep -q "entries: *$size" "$work/said"
expect 0 "${child:0:8}" "$BIN/cairn-audit" register "$work/audit"
expect 0 "The ledger holds" "$BIN/cairn-audit" verify --repository "$work/audit/ledger.git" --key "$verifier_key"
expect 0 "" "$BIN/cairn-audit" check "$formats/proof.txt" --key "$verifier_key"
expect 0 "Ava Lennox" "$BIN/cairn-audit" open "$formats/disclosed.txt" "$work/audit"
expect 0 "" "$BIN/cairn-audit" copy "$formats/copy.txt" --key "$verifier_key"
expect 0 "" as pete checkpoint --compare "$formats/checkpoint.txt"
status=0
as pete evidence check "$formats/evidence.txt" --key "$verifier_key" > "$work/said" 2>&1 || status=$?
check "evidence is judged" grep -Eq 'two different histories|whether the larger one goes on from the smaller one' "$work/said"
check "with its exit status" test "$status" = 0 -o "$status" = 3
done_with_all
