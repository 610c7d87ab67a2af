#!/usr/bin/env bash
# Certificates over the years: renewed in time, by the machine's own sync and for its agency's people; a machine that was
# away for too long is told so, what it sends is held, and with a new key it goes on; nothing is lost. The programs of test
# builds put their clocks ahead by $CAIRN_CLOCK_AHEAD_S.
. "$(dirname "$0")/lib.sh"
day=86400
# days N: from here on it is N days later.
days() { export CAIRN_CLOCK_AHEAD_S=$(($1 * day)); }
restart() {
  node_stop
  days "$1"
  node_start
}
audited() {
  until_true 10 is_published
  rm -rf "$work/audit"
  "$BIN/cairn-audit" init "$work/node/ledger.git" "$work/audit" --key "$verifier_key" > /dev/null
  expect 0 'holds' "$BIN/cairn-audit" verify "$work/audit"
}
until_of() { as "$1" status --json | field "$2"; }
year_of() { date -u -d "+$1 days" +%Y-%m; }
node_init
node_start
join social-work social-work "Morag Reid" officer practitioner
id=$(as social-work agencies --json | tr '\n' ' ' | grep -o '{[^}]*Morag Reid[^}]*}' | field agency)
as laptop join "$(token "$id" "Ewan Muir" practitioner)" --machine "the laptop" > /dev/null
join keeper social-work "Kirsty Gow" keeper
for r in social-work laptop keeper; do as "$r" sync > /dev/null; done
days 10
if [ "$(date -u +%F)" != "$(date -u -d "$(as laptop child add --name "Clock" > /dev/null && as laptop outbox --json | field written)" +%F)" ]; then
  as laptop sync > /dev/null
else
  echo "these programs have no clock that can be put ahead: certificates are tested with those of a test build only"
  check "the rest is tested elsewhere" true
  node_stop
  done_with_all
  exit 0
fi

# ---- not yet, and then in time ----
restart 639
size=$(ledger_size)
expect 0 'about to expire: *no' as social-work status
as social-work sync > /dev/null
check "nothing is renewed too early" test "$(ledger_size)" = "$size"
restart 641
expect 0 'about to expire: *no' as social-work status
as social-work sync > /dev/null
check "the machine's, and those of two people" test "$(ledger_size)" = $((size + 3))
check "until two years from then" test "$(until_of social-work machine-certificate-until | cut -c1-7)" = "$(year_of 1371)"
check "the person's, too" test "$(until_of social-work your-certificate-until | cut -c1-7)" = "$(year_of 1371)"
check "another machine has its own yet" test "$(until_of laptop machine-certificate-until | cut -c1-7)" = "$(year_of 730)"
as social-work sync > /dev/null
check "once" test "$(ledger_size)" = $((size + 3))
as keeper sync > /dev/null

# ---- close to the end, and offline ----
restart 725
expect 0 'about to expire: *yes' as laptop status
held=$(recorded laptop child add --name "In the last days")

# ---- after the end: those who were there go on ----
restart 731
two=$(recorded social-work child add --name "With the new certificate")
expect 0 'accepted: *1' as social-work sync
check "accepted" test "$(as social-work show "$two" --json | field state)" = accepted
size=$(ledger_size)
expect 1 'certificate of this machine is not valid any more.*held.*cairn machine renew' as laptop sync
check "it is held" test "$(ledger_size)" = $((size + 1))
check "and kept" test "$(outbox_size laptop)" = 1
expect 1 'not valid any more' as laptop sync
check "once" test "$(ledger_size)" = $((size + 1))
as keeper sync > /dev/null
expect 0 'held .*Ewan Muir .*child.add' as keeper held list
audited

# ---- the way back: a new key for the machine; his own certificate was renewed with the others' ----
expect 0 'requested' as laptop machine renew "$work/request"
expect 0 '' as social-work enrol "$work/request"
as social-work sync > /dev/null
expect 0 'renewed' as laptop machine renew
expect 0 'accepted: *1' as laptop sync
check "nothing was lost" test "$(as laptop show "$held" --json | field state) $(outbox_size laptop)" = "accepted 0"
expect 0 'about to expire: *no' as laptop status
as keeper sync > /dev/null
expect 0 'accepted since' as keeper held list
audited

# ---- an agency that was away as a whole: its officer's certificate has ended, too ----
restart 1500
as keeper sync > "$work/said" 2>&1 && fail "the keeper's certificate should have ended"
id=$(agency social-work "Keepers of the Register")
as keeper2 join "$(token "$id" "Kirsty Gow" keeper)" > /dev/null
last=$(recorded social-work child add --name "After all had ended" --anyway)
expect 1 'not valid any more' as social-work sync
expect 1 'not enrolled yet' as social-work machine renew
as keeper2 sync > /dev/null
expect 0 'held .*Morag Reid .*child.add' as keeper2 held list
hold=$(as keeper2 held list --json | tr '\n' ' ' | grep -o '{[^}]*Morag Reid[^}]*}' | tail -n 1 | field hold)
expect 0 '' as keeper2 held release "$hold" --reason "written by her, who joins anew"
as keeper2 sync > /dev/null
expect 0 'After all had ended' as keeper2 list child
check "nothing was lost" test "$(as keeper2 show "$last" --json | field state)" = accepted
audited
node_stop
done_with_all
