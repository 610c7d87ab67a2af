#!/usr/bin/env bash
# A machine takes a new key: enrolled by its own officer, or by another machine's by way of a file; cut off at every step;
# restored from a backup; what is unsent is sent under the new key and nothing is lost. A machine is given away.
. "$(dirname "$0")/lib.sh"
node_init
node_start
join social-work social-work "Morag Reid" officer practitioner
join keeper social-work "Kirsty Gow" keeper officer
sync_all() { for r in "$@"; do as "$r" sync > /dev/null; done; }
machine_of() { as "$1" status --json | field fingerprint-of-this-machine; }
state_of() { as "$1" show "$2" --json | field state; }
audited() {
  until_true 10 is_published
  rm -rf "$work/audit"
  "$BIN/cairn-audit" init "$work/node/ledger.git" "$work/audit" --key "$verifier_key" > /dev/null
  expect 0 'holds' "$BIN/cairn-audit" verify "$work/audit"
}

# ---- an officer, on their own machine ----
was=$(machine_of social-work)
expect 1 'passphrase' "$BIN/cairn" --home "$work/social-work" --passphrase-file <(echo "not this one") machine renew
one=$(recorded social-work child add --name "Written before")
expect 0 'state: *recorded' as social-work machine renew
check "the old key is still in use" test "$(machine_of social-work)" = "$was"
expect 1 'not enrolled yet' as social-work machine renew
sync_all social-work
check "what was recorded before is accepted under the old key" test "$(state_of social-work "$one")" = accepted
two=$(recorded social-work child add --name "Written between")
three=$(recorded social-work child add --name "Written between, too")
expect 0 'state: *renewed' as social-work machine renew
check "two acts were moved" grep -q 'acts moved: *2' "$work/said"
new=$(machine_of social-work)
check "the machine has another key" test "$new" != "$was"
check "no key is left beside" test "$(ls "$work/social-work")" = "$(printf 'cairn.db\nperson.key\nreplica.key\nseal.key')"
check "nothing unsent was lost" test "$(outbox_size social-work)" = 3 # and that the old key counts no more
expect 0 'accepted: *3' as social-work sync
check "they are accepted" test "$(state_of social-work "$two") $(state_of social-work "$three")" = "accepted accepted"
check "the outbox is empty" test "$(outbox_size social-work)" = 0
four=$(recorded social-work child add --name "Written after")
expect 0 'accepted: *1' as social-work sync
check "and goes on" test "$(state_of social-work "$four")" = accepted
expect 0 'accepted .*Morag Reid' as social-work list replica.revoke
expect 0 '"same-as-before": *true' as social-work rebuild --json
audited

# ---- no officer there: by a file ----
id=$(as keeper agencies --json | tr '\n' ' ' | grep -o '{[^}]*Morag Reid[^}]*}' | field agency)
as laptop join "$(token "$id" "Ewan Muir" practitioner)" --machine "the laptop" > /dev/null
sync_all laptop social-work
was=$(machine_of laptop)
unsent=$(recorded laptop child add --name "Before the request")
expect 1 'not enrolled yet' as laptop machine renew
check "the remedy is a request" grep -q 'machine renew FILE' "$work/said"
expect 0 'state: *requested' as laptop machine renew "$work/laptop.request"
print=$(grep -o '[0-9a-f]\{64\}' "$work/said")
expect 2 'laptop.request' as laptop machine renew "$work/laptop.request"
expect 0 'state: *requested' as laptop machine renew "$work/laptop.again" # the file may have been lost on the way
check "it is the same key" test "$(grep -o '[0-9a-f]\{64\}' "$work/said")" = "$print"
sync_all keeper
expect 1 'permission' as keeper enrol "$work/laptop.request"
sed 's/^replaces ./replaces x/' "$work/laptop.request" > "$work/bad-request"
expect 1 'not a request' as social-work enrol "$work/bad-request"
expect 0 "$print" as social-work enrol "$work/laptop.request"
expect 1 'not enrolled yet' as laptop machine renew
sync_all social-work
# It does not know yet that its old key counts no more: what it sends is held, and is accepted under the new key.
expect 1 'this machine was revoked.*machine renew' as laptop sync
check "and stays" test "$(outbox_size laptop)" = 1
expect 0 'state: *renewed' as laptop machine renew
check "the key that the officer saw" test "$(machine_of laptop)" = "$print"
expect 0 'accepted: *1' as laptop sync
check "accepted" test "$(state_of laptop "$unsent") $(outbox_size laptop)" = "accepted 0"
sync_all keeper
expect 0 'accepted since .*Ewan Muir .*child.add' as keeper held list
audited

# ---- cut off at every step ----
# Killed a little later each time, until the key is renewed.
renew_and_kill() { # replica
  local n=10 status
  for _ in $(seq 100); do
    status=0
    n=$((n + n / 3))
    { timeout -s KILL "$(printf '%d.%03d' $((n / 1000)) $((n % 1000)))" "$BIN/cairn" --home "$work/$1" --passphrase-file "$work/passphrase" \
      machine renew > "$work/said" 2>&1; } 2> /dev/null || status=$?
    case $status in
    0 | 1)
      ! grep -q 'state: *renewed' "$work/said" || return 0
      grep -Eq 'state: *recorded|not enrolled yet' "$work/said" || break
      as "$1" sync > /dev/null
      n=10
      ;;
    124 | 137) killed=$((killed + 1)) ;;
    *) break ;;
    esac
    as "$1" list > /dev/null # whatever was cut off, all else works in between
  done
  fail "the renewal failed with $status: $(cat "$work/said")"
}
killed=0
was=$(machine_of social-work)
waiting=$(recorded social-work child add --name "While it is cut off")
as social-work sync > /dev/null
waiting=$(recorded social-work child add --name "While it is cut off, unsent")
renew_and_kill social-work
check "killed a few times" test "$killed" -ge 2
check "renewed in the end" test "$(machine_of social-work)" != "$was"
expect 0 'refused: *0' as social-work sync
check "nothing is lost" test "$(state_of social-work "$waiting") $(outbox_size social-work)" = "accepted 0"
# Between the store's commit and the file's new place.
expect 0 'recorded' as social-work machine renew
sync_all social-work
cp "$work/social-work/replica.key" "$work/old.key"
cp "$work/social-work/replica.key.new" "$work/new.key"
expect 0 'state: *renewed' as social-work machine renew
mv "$work/old.key" "$work/social-work/replica.key"
mv "$work/new.key" "$work/social-work/replica.key.new"
expect 0 'accepted: *1' as social-work sync # the revocation of the key before
check "the file is in its place" test ! -e "$work/social-work/replica.key.new"
audited

# ---- with the network off ----
expect 0 'recorded' as social-work machine renew
sync_all social-work
node_stop
was=$(machine_of social-work)
expect 3 'could not be reached' as social-work machine renew
check "the old key is in use" test "$(machine_of social-work)" = "$was"
node_start
expect 0 'state: *renewed' as social-work machine renew
sync_all social-work

# ---- restored from a backup: what it wrote since is gone from here, the node has it; its chain does not continue ----
sync_all laptop
mv "$work/laptop" "$work/lost"
cp -a "$work/lost" "$work/laptop"
after=$(recorded lost child add --name "After the backup")
as lost sync > /dev/null
rm -rf "$work/lost"
twin=$(recorded laptop child add --name "After it was restored")
expect 1 'copied or restored' as laptop sync
expect 0 'state: *requested' as laptop machine renew "$work/restored.request"
expect 0 '' as social-work enrol "$work/restored.request"
# It has no network now: what it asks the node goes in a file, and so does the answer.
expect 2 'one at a time' as laptop machine renew "$work/x" --bundle "$work/y"
expect 0 'state: *asked' as laptop machine renew --bundle "$work/to-the-node"
expect 1 'not enrolled yet' node take "$work/to-the-node" --answer "$work/to-the-laptop"
sync_all social-work
expect 0 'machine renew --answer' node take "$work/to-the-node" --answer "$work/to-the-laptop"
expect_unchanged "$work/social-work" -- 1 'no new key waits' as social-work machine renew --answer "$work/to-the-laptop"
expect_unchanged "$work/laptop" -- 1 'machine renew --answer' as laptop take "$work/to-the-laptop"
expect 0 'state: *renewed' as laptop machine renew --answer "$work/to-the-laptop"
expect 0 'accepted: *1' as laptop sync
check "what was written after is accepted" test "$(state_of laptop "$twin")" = accepted
check "what was written before comes back" test "$(state_of laptop "$after")" = accepted
audited

# ---- given away, to another agency and to another person ----
gone=$(as laptop list replica --json | tr '\n' ' ' | grep -o '{[^}]*the laptop[^}]*}' | tail -n 1 | field entry)
child=$(recorded laptop child add --name "Not sent yet")
expect_unchanged "$work/laptop" -- 1 '1 of the acts recorded here' as laptop machine leave
health=$(agency health "Health and Social Care")
t=$(token "$health" "Una Bell" practitioner)
expect 2 'there is a replica' as laptop join "$t" # never over what is there
as laptop sync > /dev/null
check "sent" test "$(state_of laptop "$child")" = accepted
expect 0 'removed' as laptop machine leave
check "nothing is left" test ! -e "$work/laptop"
expect 3 'no replica' as laptop status
[ -n "$gone" ] || fail "the machine's entry was not found"
as laptop join "$t" --machine "the laptop" > /dev/null
as laptop sync > /dev/null
expect 0 'Una Bell' as laptop whoami
check "in its new agency" grep -q 'Health and Social Care' "$work/said"
expect 0 '' as laptop child add --name "By the new owner"
expect 0 'accepted: *1' as laptop sync
echo x > "$work/laptop/mine"
as laptop child add --name "Given up" > /dev/null
expect 3 'something else' as laptop machine leave --anyway
check "what is not ours stays" test "$(ls "$work/laptop")" = mine
audited
node_stop
done_with_all
