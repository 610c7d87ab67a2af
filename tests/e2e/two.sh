#!/usr/bin/env bash
# What one person may not do alone: held until a second person confirms it or does not, and the auditor follows.
. "$(dirname "$0")/lib.sh"
node_init
node_start
join anna social-work "Anna Reid" administrator
join brian health "Brian Hay" administrator
join keeper social-work "Kirsty Gow" keeper
join ian social-work "Ian Weir" practitioner
sync_all() { for r in "$@"; do as "$r" sync > /dev/null; done; }
everyone='anna brian keeper ian'
# shellcheck disable=SC2086
sync_all $everyone
hold() { as "$1" held list --json | tr '\n' ' ' | grep -o '{[^}]*"state": *"held"[^}]*}' | field hold; }

# ---- the setting ----
expect 0 'Nothing needs two persons' as anna two-persons show
expect 2 'reason' as anna two-persons require --kind agency.add
expect 1 'no such kind' as anna two-persons require --kind agency.ad --reason practice
expect 1 'fewer than two' as anna two-persons require --kind decision.record --reason practice
expect 1 'permission' as ian two-persons require --kind agency.add --reason practice
setting=(--kind agency.add --kind agency.revoke --kind role.give:keeper --kind role.give:administrator
  --kind two-persons.require --reason "agreed by the committee")
expect 0 'not sent yet' as anna two-persons require "${setting[@]}"
check "nothing waits yet" bash -c "! grep -q 'may not do this alone' '$work/said'"
# shellcheck disable=SC2086
sync_all $everyone
expect 0 'role.give:keeper' as ian two-persons show
expect 0 'needs two persons: .*agency.add' as brian status

# ---- it waits, and whoever may decide understands what ----
expect 0 'may not do this alone' as anna role give --person "Ian Weir" --role keeper --from 2026-01-01
expect 0 'held: *1' as anna sync
expect 0 'held .*two-persons' as anna outbox
sync_all brian keeper ian
expect 0 'held .*Anna Reid .*give the role keeper to Ian Weir' as brian held list
h=$(hold brian)
expect 0 'Anna Reid wants to give the role keeper to Ian Weir' as brian held show "$h"
check "who decides" grep -q 'who decides: *another person' "$work/said"
expect 0 'held for you to decide: *1' as brian status
expect 0 'held for you to decide: *0' as anna status
expect 0 'held for you to decide: *0' as keeper status
expect 0 'Ian Weir .* practitioner  *takes part' as brian people

# ---- not the author, not the keeper, not by hand at the node ----
expect 1 'permission' as anna held release "$h" --reason "my own"
expect 1 'permission' as keeper held release "$h" --reason "I am the keeper"
expect 0 '' as anna held release "$h" --reason "by force" --anyway
expect 0 'refused: *1' as anna sync
as anna outbox --json > "$work/outbox"
check "by the node" grep -q '"rule": *"permission"' "$work/outbox"
expect 0 '' as brian held release "$h" --reason "Ian was appointed on Monday"
# shellcheck disable=SC2086
sync_all $everyone $everyone
expect 0 'Ian Weir .*keeper' as brian people
expect 0 'released' as anna held show "$h"
check "the author's outbox has only what was tried by force" test "$(outbox_size anna)" = 1
expect 1 'A-001|decided' as brian held reject "$h" --reason "second thoughts"

# ---- rejected ----
expect 0 'may not do this alone' as anna agency add "A club" --type other
expect 0 'held: *1' as anna sync
sync_all brian
expect 0 'add the agency A club \(other\)' as brian held list
expect 0 '' as brian held reject "$(hold brian)" --reason "they do not take part"
sync_all brian anna
expect 0 'refused .*they do not take part' as anna outbox
check "it does not take part" bash -c "! '$BIN/cairn' --home '$work/brian' agencies | grep -q 'A club'"

# ---- the setting protects itself ----
expect 0 'may not do this alone' as brian two-persons require --reason "too tedious"
expect 0 'held: *1' as brian sync
sync_all anna
expect 0 'Brian Hay wants to require two persons for: nothing \(too tedious\)' as anna held show "$(hold anna)"
expect 0 '' as anna held reject "$(hold anna)" --reason "no"
sync_all anna brian

# ---- nor does the node do it alone; its duties go on ----
expect 1 'two persons' node agency add "By the node" --type other
expect 1 'two persons' node invite "Ian Weir's agency" --person "Somebody" --role keeper
token=$(node invite "Ian Weir's agency" --person "Rab Kerr" --role practitioner --json | field token)
expect 0 'replica' as rab join "$token"
expect 0 '' as rab sync

# ---- it is replaced as a whole, by two; what nobody could confirm is not set ----
expect 1 'fewer than two' as anna two-persons require "${setting[@]}" --kind role.give:chair
expect 0 'may not do this alone' as anna two-persons require "${setting[@]}" --kind role.give:auditor
expect 0 'held: *1' as anna sync
sync_all brian
expect 0 '' as brian held release "$(hold brian)" --reason "agreed"
sync_all brian anna
expect 0 'role.give:auditor' as anna two-persons show

# ---- the auditor ----
until_true 10 is_published
expect 0 '' "$BIN/cairn-audit" init "$work/node/ledger.git" "$work/audit" --key "$verifier_key"
expect 0 'authorship: *holds' "$BIN/cairn-audit" verify "$work/audit"
for r in anna brian keeper ian; do expect 0 'yes' as "$r" rebuild; done
done_with_all
