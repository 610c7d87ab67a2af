#!/usr/bin/env bash
# Who is who: an officer enrols colleagues on the same machine and on another one, gives and takes roles, revokes; what
# was written before a revocation and arrives after it is held, and the keeper decides; the auditor follows.
. "$(dirname "$0")/lib.sh"
node_init
node_start
join social-work social-work "Morag Reid" officer practitioner
join keeper social-work "Kirsty Gow" keeper
join health health "Aileen Shah" officer practitioner
sync_all() { for r in "$@"; do as "$r" sync > /dev/null; done; }
sync_all social-work keeper health
secret other 'the colleague has another one'
rejected() { expect 1 "$@"; }

# ---- who am I, who is there, who may give what ----
expect 0 'Morag Reid' as social-work whoami
check "with roles" grep -q 'roles: .*practitioner, officer' "$work/said"
expect 0 'Kirsty Gow .*keeper' as social-work people
expect 0 "Aileen Shah's agency .*health" as social-work agencies
expect 0 'keeper .*administrator' as social-work roles

# ---- a colleague on the same machine, with a passphrase of their own ----
expect 0 'fingerprint' as social-work person add --name "Ewan Muir" --post "Social worker" --role practitioner \
  --new-passphrase-file "$work/other"
expect 0 'Ewan Muir .*not accepted yet' as social-work people
ewan() { "$BIN/cairn" --home "$work/social-work" --passphrase-file "$work/other" --as "Ewan Muir" "$@"; }
expect 1 'no certificate' ewan child add --name "Too early"
sync_all social-work
expect 0 'Ewan Muir .*takes part' as social-work people
expect 0 'Ewan Muir' ewan child add --name "By Ewan"
expect 1 'passphrase' "$BIN/cairn" --home "$work/social-work" --passphrase-file "$work/passphrase" --as "Ewan Muir" \
  child add --name "Not by Ewan"
expect 1 'no key on this machine' as social-work --as "Kirsty Gow" child add --name "Not by Kirsty"
sync_all social-work
check "his record is accepted" test "$(outbox_size social-work)" = 0

# ---- a forgotten passphrase: new keys for the same person; the old ones are revoked ----
secret third 'and now yet another one'
expect 0 'Ewan Muir' as social-work person key --person "Ewan Muir" --new-passphrase-file "$work/third"
sync_all social-work
third() { "$BIN/cairn" --home "$work/social-work" --passphrase-file "$work/third" --as "Ewan Muir" "$@"; }
expect 0 'Ewan Muir' third child add --name "With the new key"
sync_all social-work
check "accepted, too" test "$(outbox_size social-work)" = 0
# The entry that introduced the person introduced the old keys, too: revoking those keys does not revoke the person.
first_keys=$(person social-work "Ewan Muir" | sed -n 1p)
expect 0 '' as social-work revoke key "$first_keys" --why replaced --reason "the passphrase was forgotten"
sync_all social-work
expect 0 'Ewan Muir .*takes part' as social-work people
expect 1 'passphrase' ewan child add --name "With the old passphrase"
expect 0 '' third child add --name "With the new key, still"
sync_all social-work
check "the new keys count" test "$(outbox_size social-work)" = 0

# ---- a colleague on another machine of the agency, by a request file ----
other() { "$BIN/cairn" --home "$work/second" --passphrase-file "$work/other" "$@"; }
expect 2 'name is needed' other request "$work/request"
expect 0 'fingerprint' other request "$work/request" --name "Isla Ross" --machine "the second laptop"
prints=$(grep -o '[0-9a-f]\{64\}' "$work/said" | sort | tr '\n' ' ')
expect 0 'token' as social-work enrol "$work/request" --role practitioner
token=$(sed -n 's/^token: *//p' "$work/said")
check "the fingerprints are the same on both sides" test \
  "$(grep '^fingerprint' "$work/said" | grep -o '[0-9a-f]\{64\}' | sort | tr '\n' ' ')" = "$prints"
expect 1 'not enrolled yet' other join "$token"
sync_all social-work
expect 2 'request was enrolled' as nobody join "$token"
expect 0 'replica' other join "$token"
expect 0 '' other sync
expect 0 'Isla Ross' other whoami
expect 0 'Isla Ross' other child add --name "By Isla"
expect 0 'accepted: *1' other sync
sed 's/^name .*/name Somebody Else\nname Twice/' "$work/request" > "$work/bad-request"
expect 1 'not a request file' as social-work enrol "$work/bad-request"

# ---- roles ----
sync_all social-work health
isla=$(person social-work "Isla Ross")
aileen=$(person social-work "Aileen Shah")
expect 0 '' as social-work role give --person "Isla Ross" --role chair --from 2026-01-01
expect 1 'R-133' as social-work role give --person "Isla Ross" --role minute-taker --from 2026-01-01
expect 0 '' as social-work role give --person "Isla Ross" --role minute-taker --from 2026-01-01 --trained 2025-03-01
expect 1 'permission' as social-work role give --person "Isla Ross" --role keeper --from 2026-01-01
expect 1 'permission' as social-work role give --person "$aileen" --role chair --from 2026-01-01
expect 1 'permission' as health role give --person "$isla" --role chair --from 2026-01-01
sync_all social-work health
expect 0 'Isla Ross .*practitioner, chair, minute-taker' as health people
given=$(as social-work list role.give --json | tr '\n' ' ' | grep -o '{[^}]*"what": *"chair"[^}]*}' | field entry)
expect 0 '' as social-work role take --role "$given" --reason "moves to another team"
sync_all social-work health
expect 0 'Isla Ross .*practitioner, minute-taker' as health people

# ---- the same at the node, for a hand-made request ----
expect 0 '' as health role give --person "$isla" --role chair --from 2026-01-01 --anyway
expect 0 'refused: *1' as health sync
expect 0 'refused .*permission' as health outbox

# ---- revoked while offline: held, and the keeper decides ----
first=$(other child add --name "Written before, one" --json | field entry)
second=$(other child add --name "Written before, two" --json | field entry)
expect 0 '' as social-work revoke person "Isla Ross" --why left --reason "left on Friday"
sync_all social-work
expect 0 'held: *2' other sync
expect 0 'held' other outbox
sync_all keeper
expect 0 'held .*Isla Ross .*child.add' as keeper held list
hold() { as keeper held list --json | grep -o '"hold": *"[0-9a-f]*"' | cut -d '"' -f 4 | sed -n "$1p"; }
sync_all social-work
expect 1 'there is no act' as social-work held release "$(hold 1)" --reason "not mine to decide"
expect 0 '' as keeper held release "$(hold 1)" --reason "written before she left"
expect 0 '' as keeper held reject "$(hold 2)" --reason "a double"
sync_all keeper
expect 0 '' other sync
check "the one is accepted" test "$(other show "$first" --json | field state)" = accepted
check "the other is refused" test "$(other show "$second" --json | field state)" = refused
expect 0 'a double' other outbox
expect 1 'A-001|decided' as keeper held release "$(hold 1)" --reason "again"
sync_all health
expect 0 'Isla Ross .*revoked' as health people
expect 1 'revoked' other child add --name "After it was known here"

# ---- a lost machine receives nothing more; what it sends is held ----
lost=$(as health list replica --json | tr '\n' ' ' | grep -o '{[^}]*"what": *"health"[^}]*}' | field entry)
expect 0 '' as health revoke machine "$lost" --why lost
expect 0 'accepted: *1' as health sync
as health child add --name "On the lost machine" > /dev/null
node_size=$(ledger_size)
expect 1 'this machine was revoked' as health sync
check "what it sent is held" test "$(ledger_size)" = $((node_size + 1))
expect 1 'this machine was revoked' as health sync
check "once" test "$(ledger_size)" = $((node_size + 1))
check "and stays in its outbox" test "$(outbox_size health)" = 2
sync_all keeper
expect 0 'held .*Aileen Shah .*child.add' as keeper held list

# ---- invitations ----
id=$(agency housing "North Housing")
t=$(token "$id" "Rab Weir" practitioner)
expect 1 'was withdrawn or used, has expired, or never was' as wrong join "${t%?????}00000"
expect 0 '' as rab join "$t"
expect 1 'was withdrawn or used, has expired, or never was' as again join "$t"
check "nothing is left of it" test ! -e "$work/again"
mangled=$(echo "$t" | sed 's/:[0-9a-f]\{64\}:/:0000000000000000000000000000000000000000000000000000000000000000:/')
expect 3 'authority' as mangled join "$mangled"

# ---- the auditor ----
until_true 10 is_published
expect 0 '' "$BIN/cairn-audit" init "$work/node/ledger.git" "$work/audit" --key "$verifier_key"
expect 0 'authorship: *holds' "$BIN/cairn-audit" verify "$work/audit"
for r in social-work keeper health; do expect 0 'yes' as "$r" rebuild; done
done_with_all
