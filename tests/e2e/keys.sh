#!/usr/bin/env bash
# A person's two keys, changed by themselves, or by the officer when a passphrase was forgotten; an agency's role key, handed
# on; whose keys they are is shown, and compared.
. "$(dirname "$0")/lib.sh"
node_init
node_start
join social-work social-work "Morag Reid" officer practitioner
join health health "Aileen Shah" officer practitioner designated-lead
sync_all() { for r in "$@"; do as "$r" sync > /dev/null; done; }
sync_all social-work health
mode_of() { stat -c %a "$1"; }
seals() { find "$work/$1" -name 'seal*.key' | wc -l; }

# ---- everyone begins with a key to sign and one that is sealed to ----
check "both are kept" test -f "$work/social-work/person.key" -a -f "$work/social-work/seal.key"
check "closed to others" test "$(mode_of "$work/social-work/seal.key")" = 600
check "encrypted" grep -q 'ENCRYPTED PRIVATE KEY' "$work/social-work/seal.key"
expect 0 'Aileen Shah .*counts +first' as social-work people --keys
public() { openssl pkey -in "$1" -passin "file:$work/passphrase" -pubout -outform DER | sha256sum | cut -c 1-64; }
check "the fingerprint is that of the file" grep -q "$(public "$work/health/seal.key")" "$work/said"
check "which is not the one to sign with" test "$(public "$work/health/seal.key")" != "$(public "$work/health/person.key")"

# ---- new keys of one's own, and every step may be made again ----
old_sign=$(public "$work/health/person.key")
old_seal=$(public "$work/health/seal.key")
expect 0 'state: *made' as health key change --reason "once a year"
new_sign=$(sed -n 's/^fingerprint of your key: *//p' "$work/said")
new_seal=$(sed -n 's/^fingerprint of your sealing key: *//p' "$work/said")
expect 0 'state: *waiting' as health key change
check "the same ones" grep -q "$new_sign" "$work/said"
expect 0 '' as health child add --name "With the old keys"
expect 0 'accepted: *2' as health sync
check "nothing is refused" test "$(outbox_size health)" = 0
# The node certified the keys while it answered.
expect 0 '' as health sync
check "the old ones are used still" test "$(public "$work/health/person.key")" = "$old_sign"
cp -a "$work/health" "$work/before"
expect 0 'state: *changed' as health key change
check "the new ones are used now" test "$(public "$work/health/person.key")" = "$new_sign" -a \
  "$(public "$work/health/seal.key")" = "$new_seal"
check "the old one to seal to is kept" test "$(public "$work/health/seal-$(echo "$old_seal" | cut -c 1-16).key")" = "$old_seal"
check "no key is left over" test "$(find "$work/health" -name 'person*.key' | wc -l)" = 1 -a "$(seals health)" = 2
expect 0 '' as health child add --name "With the new keys"
expect 0 'accepted: *2' as health sync
expect 0 "fingerprint of your key: *$new_sign" as health whoami
expect 0 'Aileen Shah .*takes part' as health people
expect 0 'Aileen Shah .*revoked' as health people --keys

# The same, cut off after each of the steps: the files have their names, and the store does not know it yet.
interrupted() { # folder, what was done already
  rm -rf "$work/cut"
  cp -a "$work/before" "$work/cut"
  (
    cd "$work/cut"
    case $1 in
    signing) mv "person-$(echo "$new_sign" | cut -c 1-16).key" person.key ;;
    linked)
      mv "person-$(echo "$new_sign" | cut -c 1-16).key" person.key
      ln seal.key "seal-$(echo "$old_seal" | cut -c 1-16).key"
      ;;
    sealing)
      mv "person-$(echo "$new_sign" | cut -c 1-16).key" person.key
      ln seal.key "seal-$(echo "$old_seal" | cut -c 1-16).key"
      mv "seal-$(echo "$new_seal" | cut -c 1-16).key" seal.key
      ;;
    esac
  )
  expect 0 'state: *changed' as cut key change
  check "$1: the new ones" test "$(public "$work/cut/person.key")" = "$new_sign" -a "$(public "$work/cut/seal.key")" = "$new_seal"
  check "$1: and the old one to seal to" test "$(public "$work/cut/seal-$(echo "$old_seal" | cut -c 1-16).key")" = "$old_seal"
  check "$1: the old ones are revoked once" test "$(as cut list key.revoke --json | grep -c '"entry"')" = 1
  expect 0 '' as cut child add --name "After $1"
}
for step in signing linked sealing; do interrupted "$step"; done

# ---- what came is shown, and stays marked until it was compared ----
expect 0 'Aileen Shah' as social-work sync
check "the new key is shown" grep -q "NOT CONFIRMED.*Aileen Shah.*$new_sign" "$work/said"
expect 0 "NOT CONFIRMED.*Aileen Shah.*$new_sign" as social-work people --keys
expect 0 '' as social-work sync
check "once" test "$(grep -c "$new_sign" "$work/said" || :)" = 0
expect 0 "$new_sign" as social-work people confirm "Aileen Shah"
expect 0 'nothing to confirm' as social-work people confirm "Aileen Shah"
expect 0 "counts +confirmed.*$new_sign" as social-work people --keys
expect 0 'yes' as social-work rebuild
expect 0 "counts +confirmed.*$new_sign" as social-work people --keys
expect 1 '' as social-work people confirm "Nobody"
expect 0 "counts +confirmed.*$new_sign" as health people --keys

# ---- a forgotten passphrase, on a machine that several share ----
secret other 'the colleague has another one'
secret third 'and now yet another one'
expect 0 '' as social-work person add --name "Ewan Muir" --role practitioner --new-passphrase-file "$work/other"
sync_all social-work
ewan() { "$BIN/cairn" --home "$work/social-work" --passphrase-file "$work/other" --as "Ewan Muir" "$@"; }
# He changes them himself, too: the old ones are used until the new ones count.
expect 0 'state: *made' ewan key change
expect 0 '' ewan child add --name "By Ewan, between"
sync_all social-work social-work
expect 0 'state: *changed' ewan key change
sync_all social-work
expect 0 '' ewan child add --name "By Ewan, after"
sync_all social-work
check "all accepted" test "$(outbox_size social-work)" = 0
expect 0 'fingerprint of their sealing key' as social-work person key --person "Ewan Muir" --new-passphrase-file "$work/third"
sync_all social-work
third() { "$BIN/cairn" --home "$work/social-work" --passphrase-file "$work/third" --as "Ewan Muir" "$@"; }
expect 0 '' third child add --name "With the officer's"
old=$(as social-work list person.key --json | ids | sed -n 2p)
expect 0 '' as social-work revoke key "$old" --why other --reason "the passphrase was forgotten"
sync_all social-work
expect 0 '' third child add --name "And on"
sync_all social-work
check "all accepted again" test "$(outbox_size social-work)" = 0

# ---- a forgotten passphrase of one's own machine: it is set up anew ----
new() { "$BIN/cairn" --home "$work/anew" --passphrase-file "$work/third" "$@"; }
expect 0 'sealing key' new request "$work/request" --name "Ewan Muir" --machine "a new start"
expect 0 'token' as social-work enrol "$work/request" --person "Ewan Muir"
token=$(sed -n 's/^token: *//p' "$work/said")
sync_all social-work
expect 0 'sealing key' new join "$token"
new sync > /dev/null
expect 0 '' new child add --name "On a machine that was set up anew"
expect 0 'accepted: *1' new sync
sed "s/^seal .*/$(sed -n 's/^person /seal /p' "$work/request" | sed 's/[/&]/\\&/g')/" "$work/request" > "$work/double"
expect 1 'A-00' as social-work enrol "$work/double" --person "Ewan Muir"
grep -v '^seal ' "$work/request" > "$work/without"
expect 1 'not a request file' as social-work enrol "$work/without"

# ---- the agency's role key ----
expect 1 'permission' third agency key
check "nothing is left of it" test "$(find "$work/social-work" -name 'agency-*' | wc -l)" = 0
expect 0 'fingerprint of the role key' as health agency key --reason "the first"
sync_all health
role=$(find "$work/health" -name 'agency-*.key')
check "closed to others" test "$(mode_of "$role")" = 600
expect 0 "Aileen Shah's agency .*counts +confirmed|first.*$(public "$role")" as health agencies --keys
expect 0 "Aileen Shah's agency" as social-work sync
check "it is shown" grep -q "$(public "$role")" "$work/said"
secret file-passphrase 'the passphrase of the file'
expect 0 'role key' as health agency key export "$work/role.pem" --file-passphrase-file "$work/file-passphrase"
check "the file is closed to others" test "$(mode_of "$work/role.pem")" = 600
check "stock openssl opens it" openssl pkey -in "$work/role.pem" -passin "file:$work/file-passphrase" -noout
expect 3 'exists|made' as health agency key export "$work/role.pem" --file-passphrase-file "$work/file-passphrase"
expect 1 'no such role key' as social-work agency key export "$work/none.pem" --file-passphrase-file "$work/file-passphrase"
# Another agency's is not taken, nor one that is kept already; the deputy's machine takes it.
expect 1 'not a role key of your agency' as social-work agency key import "$work/role.pem" --file-passphrase-file "$work/file-passphrase"
expect 1 'already' as health agency key import "$work/role.pem" --file-passphrase-file "$work/file-passphrase"
expect 1 'passphrase' as health agency key import "$work/role.pem" --file-passphrase-file "$work/other"
deputy() { "$BIN/cairn" --home "$work/deputy" --passphrase-file "$work/other" "$@"; }
deputy request "$work/deputy-request" --name "Rab Orr" --machine "the deputy's" > /dev/null
expect 0 'token' as health enrol "$work/deputy-request" --role practitioner
token=$(sed -n 's/^token: *//p' "$work/said")
sync_all health
expect 0 '' deputy join "$token"
deputy sync > /dev/null
expect 0 'role key' deputy agency key import "$work/role.pem" --file-passphrase-file "$work/file-passphrase"
check "kept under the deputy's own passphrase" openssl pkey -in "$work/deputy/$(basename "$role")" -passin "file:$work/other" -noout
# A second one is the newest; the first is still exported by its entry.
first=$(as health list agency.key --json | ids)
expect 0 '' as health agency key
sync_all health social-work
expect 0 'NOT CONFIRMED' as social-work agencies --keys
expect 0 '' as social-work agencies confirm "Aileen Shah's agency"
expect 0 "Aileen Shah's agency .*confirmed" as social-work agencies --keys
expect 0 "$(public "$role")" as health agency key export "$work/first.pem" --key "$first" --file-passphrase-file "$work/file-passphrase"
as health agency key export "$work/second.pem" --file-passphrase-file "$work/file-passphrase" > "$work/said"
check "the newest" test "$(grep -c "$(public "$role")" "$work/said" || :)" = 0
expect 0 '' as health revoke key "$first" --why replaced
sync_all health
expect 0 'revoked' as health agencies --keys

# ---- the agent keeps the key that is sealed to, and is not asked where the passphrase is needed ----
expect 0 'unlocked' as health unlock --for 60s
check "the agent is there" test -S "$work/health/agent.sock"
expect 0 '' as health lock

# ---- the auditor ----
until_true 10 is_published
expect 0 '' "$BIN/cairn-audit" init "$work/node/ledger.git" "$work/audit" --key "$verifier_key"
expect 0 'authorship: *holds' "$BIN/cairn-audit" verify "$work/audit"
for r in social-work health; do expect 0 'yes' as "$r" rebuild; done
done_with_all
