#!/usr/bin/env bash
# The node's keys and its authority are changed while machines are away: they follow, newcomers join, the auditor follows
# from what it remembers and from the start, openssl agrees; whatever interrupts a rotation, the node has the right keys.
. "$(dirname "$0")/lib.sh"

node_init
node_start
join sw social-work "Morag Reid" practitioner chair officer
join health health "Aileen Shah" practitioner
agency_id=$(agency police "Police Scotland")
until_true 10 is_published
expect 0 '' "$BIN/cairn-audit" init "$work/node/ledger.git" "$work/audit" --key "$verifier_key"
expect 0 'anchoring: *holds' "$BIN/cairn-audit" verify "$work/audit"

value() { sed -n "s/^$1: *//p" "$work/said"; }
sync_all() { for r in "$@"; do as "$r" sync > /dev/null || fail "$r could not sync"; done; }
# pem_of ENTRY: the certificate in an entry of the directory, as anyone can export it.
pem_of() {
  rm -rf "$work/exported"
  as sw export "$1" --to "$work/exported" > /dev/null
  sed -n 's/^cert //p' "$work/exported/header" | base64 -d | openssl x509 -inform DER
}
# shown OPTION…: the chain that the node shows, leaf first.
shown() { openssl s_client -connect "127.0.0.1:$node_port" -tls1_3 -showcerts "$@" < /dev/null 2> /dev/null; }
shown_key() { shown "$@" | openssl x509 -pubkey -noout | openssl pkey -pubin -outform DER | sha256sum | cut -d ' ' -f 1; }
issued_by() { openssl verify -CAfile "$work/authority-$1.pem" -purpose sslserver "$work/chain" > /dev/null 2>&1; }
issued_not_by() { ! issued_by "$1"; }
newest() { as sw list "$1" --json | ids | tail -n 1; }

first_authority=$(as sw list log.open --json | ids)
pem_of "$first_authority" > "$work/authority-1.pem"
old_token=$(token "$agency_id" "Ewan Muir" practitioner)

# ---- tls: machines notice nothing ----
expect 0 'Replicas need not do anything' node rotate tls
check "the fingerprint is that of the new key" test "$(value 'fingerprint of the tls key')" = "$(shown_key)"
sync_all sw
node status > "$work/said"
check "and the status shows it" test "$(value 'fingerprint of the tls key')" = "$(shown_key)"

# ---- operating, ledger, authority; and the ledger once more, while health is away ----
child=$(recorded health child add --name "Away Lennox")
expect 0 'number:' node rotate operating --reason "the yearly change"
expect 0 '' node agency add "North Housing" --type housing
expect 0 'verifier key:' node rotate ledger
ledger_2=$(value 'fingerprint of the ledger key')
expect 0 "The ledger's key has changed with entry .*$ledger_2" as sw sync
first_key=$(echo "$verifier_key" | cut -d + -f 3- | base64 -d | tail -c +2 | sha256sum | cut -d ' ' -f 1)
check "endorsed by the key before" grep -q "ledger key endorsed by: *$first_key" "$work/said"
expect 0 'Invitations that were made before' node rotate authority
authority_2=$(value 'fingerprint of the authority')
expect 0 '' node rotate ledger --reason "once more"
ledger_3=$(value 'fingerprint of the ledger key')
expect 0 "authority has changed with entry .*$authority_2" as sw sync
expect 0 'received: *0' as sw sync
check "it is said once" bash -c "! grep -q changed '$work/said'"

# A machine that has not heard of the new authority is shown the old one's certificate, anyone else the new one's.
pem_of "$(as sw list log.keys --json | ids | tail -n 2 | head -n 1)" > "$work/authority-2.pem"
check "the new authority's fingerprint" \
  test "$(openssl x509 -in "$work/authority-2.pem" -outform DER | sha256sum | cut -d ' ' -f 1)" = "$authority_2"
for n in 1 2; do
  shown -requestCAfile "$work/authority-$n.pem" > "$work/chain"
  check "authority $n issued it" issued_by "$n"
  check "and not the other" issued_not_by $((3 - n))
done
shown > "$work/chain"
check "who names none is shown the new one" issued_by 2

# The same after a new TLS key, and after the node was started again.
expect 0 '' node rotate tls
key=$(shown_key)
check "both from the new key" test "$(shown_key -requestCAfile "$work/authority-1.pem")" = "$key"
node_stop
node_start
check "after a start" test "$(shown_key -requestCAfile "$work/authority-1.pem")" = "$key"
shown -requestCAfile "$work/authority-1.pem" > "$work/chain"
check "from the old authority" issued_by 1

# ---- health comes back; a newcomer joins ----
expect 0 "The ledger's key has changed with entry .*$ledger_3" as health sync
check "from the key that it knew" grep -q "ledger key endorsed by: *$first_key" "$work/said"
check "and the authority" grep -q "$authority_2" "$work/said"
expect 0 'Everything recorded here was accepted' as health outbox
check "what it wrote is accepted" test "$(outbox_size health)" = 0
expect 3 'authority' as ewan join "$old_token"
check "nothing is left of it" test ! -e "$work/ewan"
sync_all sw
as sw involvement start --child "$child" --agency "Police Scotland" > /dev/null
sync_all sw
as ewan join "$(token "$agency_id" "Ewan Muir" practitioner)" > /dev/null
sync_all ewan sw
check "the newcomer has what health wrote" has_entry ewan "$child"
recorded ewan child add --name "New Lennox" > /dev/null
sync_all ewan health sw
for r in sw health ewan; do expect 0 'yes' as "$r" rebuild; done
# A machine that was requested before and is enrolled after.
expect 0 '' as colleague request "$work/request" --name "Una Bell" --machine desk
expect 0 '' as sw enrol "$work/request" --role practitioner
enrolled=$(value token)
sync_all sw
expect 0 '' node rotate authority
authority_3=$(value 'fingerprint of the authority')
sync_all sw
expect 3 'authority' as colleague join "$enrolled"
as colleague join "$(echo "$enrolled" | sed "s/:[0-9a-f]\{64\}:/:$authority_3:/")" > /dev/null
sync_all colleague

# ---- a machine that must take a new key and has not heard of the new authority; nor is anything shown to it by the one
# that it trusts, while that one's key is taken away ----
away=$(recorded colleague child add --name "Colleague Lennox")
expect 0 'requested' as colleague machine renew "$work/renewal"
expect 0 '' node rotate authority
authority_4=$(value 'fingerprint of the authority')
expect 0 '' as sw enrol "$work/renewal"
sync_all sw
former=$(cd "$work/node" && ls -t authority-*.key | head -n 1)
mv "$work/node/$former" "$work/taken-away"
expect 0 '' node rotate tls
expect 3 "$former goes back into .*rotate tls" as colleague machine renew
expect 3 "$former goes back into .*rotate tls" as colleague sync
mv "$work/taken-away" "$work/node/$former"
expect 0 '' node rotate tls
expect 1 'was revoked' as colleague sync
expect 0 'renewed' as colleague machine renew
expect 0 "authority has changed with entry .*$authority_4" as colleague sync
check "what waited is accepted" test "$(as colleague show "$away" --json | field state)" = accepted

# ---- openssl: the endorsement, and an entry by the operating key of before ----
handover=$(as sw list log.keys --json | ids | sed -n 2p)
rm -rf "$work/exported"
as sw export "$handover" --to "$work/exported" > /dev/null
echo "$verifier_key" | cut -d + -f 3- | base64 -d | tail -c +2 | openssl pkey -pubin -inform DER -out "$work/ledger.pem"
sed -n 's/^fact endorsed //p' "$work/exported/header" | base64 -d > "$work/endorsed"
printf 'cairn ledger key 1\nledger %s\nkey %s\n' "$first_authority" "$ledger_2" > "$work/text"
expect 0 'Verified OK' openssl dgst -sha256 -verify "$work/ledger.pem" -signature "$work/endorsed" "$work/text"
for entry in "$first_authority" "$handover" "$(newest agency.add)" "$child"; do
  rm -rf "$work/exported"
  expect 0 '' as sw export "$entry" --to "$work/exported"
  expect 0 'Verified OK' sh -c "cd '$work/exported' && sh ./check.sh"
done

# ---- the auditor ----
until_true 10 is_published
expect 0 'forward|new entries' "$BIN/cairn-audit" fetch "$work/audit"
expect 0 'anchoring: *holds' "$BIN/cairn-audit" verify "$work/audit"
check "it shows the key in force" grep -q "fingerprint: *$ledger_3" "$work/said"
for known in "--key $verifier_key" "--fingerprint $first_key" "--fingerprint $ledger_2" "--fingerprint $ledger_3"; do
  # shellcheck disable=SC2086
  expect 0 'authorship: *holds' "$BIN/cairn-audit" verify --repository "$work/node/ledger.git" $known
done
expect 1 'N-KEY' "$BIN/cairn-audit" verify --repository "$work/node/ledger.git" --fingerprint "$authority_2"
node rotate ledger > /dev/null
node rotate operating > /dev/null
sync_all health
node rotate ledger > /dev/null
until_true 10 is_published
expect 0 '' "$BIN/cairn-audit" fetch "$work/audit"
expect 0 'anchoring: *holds' "$BIN/cairn-audit" verify "$work/audit"

# ---- interrupted: the files as they stand between the steps of a rotation ----
node_stop
opens() { expect 0 '' node agency add "Agency $((++agencies))" --type other; }
agencies=0
for part in tls operating ledger authority; do
  rm -rf "$work/before" "$work/after"
  cp -a "$work/node" "$work/before"
  expect 0 '' node rotate "$part"
  cp -a "$work/node" "$work/after"
  # Prepared, and not yet in the store: the old key stays, the new one goes.
  rm -rf "$work/node"
  cp -a "$work/before" "$work/node"
  cp "$work/after/$part.key" "$work/node/$part.key.new"
  opens
  check "$part: the new key is gone" test ! -e "$work/node/$part.key.new"
  check "$part: the old one is there" cmp "$work/node/$part.key" "$work/before/$part.key"
  # In the store, and the file not yet in its place.
  rm -rf "$work/node"
  cp -a "$work/after" "$work/node"
  mv "$work/node/$part.key" "$work/node/$part.key.new"
  cp "$work/before/$part.key" "$work/node/$part.key"
  rm -f "$work"/node/authority-*.key
  cp "$work"/before/authority-*.key "$work/node/"
  opens
  check "$part: the new key is in its place" cmp "$work/node/$part.key" "$work/after/$part.key"
  check "$part: and nowhere else" test ! -e "$work/node/$part.key.new"
  check "$part: keys of authorities are kept" diff <(cd "$work/node" && ls authority-*) <(cd "$work/after" && ls authority-*)
done
# The new key was lost: said, and nothing is changed.
mv "$work/node/authority.key" "$work/kept"
cp "$work/before/authority.key" "$work/node/"
expect_unchanged "$work/node/authority.key" -- 3 'authority.key.* is not the key' node agency add "Lost" --type other
mv "$work/kept" "$work/node/authority.key"
# Killed, wherever it is, within the time that one takes.
begun=$(date +%s%N)
expect 0 '' node rotate operating
took_ms=$((($(date +%s%N) - begun) / 1000000))
killed=0
for i in $(seq 1 8); do
  part=$(echo "tls operating ledger authority" | cut -d ' ' -f $((i % 4 + 1)))
  "$BIN/cairnd" --node "$work/node" --passphrase-file "$work/passphrase" rotate "$part" > /dev/null 2>&1 &
  sleep "$((took_ms * i / 10 / 1000)).$(printf '%03d' $((took_ms * i / 10 % 1000)))"
  kill -KILL $! 2> /dev/null && killed=$((killed + 1))
  wait $! 2> /dev/null || :
  opens
  check "nothing is left of it" test -z "$(find "$work/node" -name '*.key.new')"
done
check "some were killed" test "$killed" -ge 1
node_start
sync_all sw health ewan
until_true 10 is_published
expect 0 '' "$BIN/cairn-audit" fetch "$work/audit"
expect 0 'authorship: *holds' "$BIN/cairn-audit" verify "$work/audit"
for r in sw health ewan; do expect 0 'yes' as "$r" rebuild; done

# ---- restored from a copy of before all keys were changed: with the newer files it ends where it was; with those of the
# copy alone it says what is missing. Health has heard of none of it, ewan of a part, sw of all ----
expect 0 '' node backup "$work/backup"
sync_all sw health ewan
node rotate ledger > /dev/null
node agency add "In Between" --type other > /dev/null
sync_all ewan
node rotate authority > /dev/null
node rotate operating > /dev/null
node rotate ledger > /dev/null
node rotate tls > /dev/null
after=$(recorded sw child add --name "After Lennox")
sync_all sw
size=$(ledger_size)
# status_of NAME: a number of the rebuilding.
status_of() { node rebuild --status --json | tr -d ' "' | sed -n "s/^$1:\([0-9]*\),*$/\1/p"; }
node_stop
mkdir "$work/keys"
cp "$work/node"/*.key "$work/keys"
rm -rf "$work/node"
expect 0 '' node restore "$work/backup"
node_start
expect 3 'not from this authority' as sw sync
expect 3 'restored from an old copy|being rebuilt' as ewan sync
check "the administrator hears why" grep -q "signed by a key that is not here.*newer files of keys" "$work/serve.err"
expect 1 '' node rebuild
node_stop
rm -rf "$work/node"
expect 0 'Not the keys of the backup: authority.key, ledger.key, operating.key, tls.key' \
  node restore "$work/backup" --keys "$work/keys"
node_start
expect 3 'being rebuilt|restored' as health sync
# Nobody has offered the certificate of the authority that she goes by; its key is here.
expect 3 'being rebuilt|restored' as sw sync
as sw offer "$work/offer" > /dev/null
expect 0 'being rebuilt' node rebuild --status --offer "$work/offer"
for machine in sw ewan; do expect 3 'being rebuilt|restored' as "$machine" sync; done
check "all that were there are heard" test "$(status_of heard)" -ge 3
expect 0 'whole' node rebuild --without-the-rest
check "it ends where it was" test "$(ledger_size)" = "$size"
sync_all sw ewan health
check "what was written last is there" has_entry sw "$after"
node_stop
expect 0 '' node verify
node_start
expect 0 '' node rotate operating
sync_all health sw ewan
until_true 10 is_published
expect 0 'authorship: *holds' "$BIN/cairn-audit" verify --repository "$work/node/ledger.git" --key "$verifier_key"
done_with_all
