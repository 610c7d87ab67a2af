#!/usr/bin/env bash
# Somebody is kept out of a relative's case: what they record about the child is refused, and they are shown nothing of it;
# colleagues on the same machine go on.
. "$(dirname "$0")/lib.sh"
node_init
node_start
join social-work social-work "Morag Reid" officer practitioner chair
join keeper social-work "Kirsty Gow" keeper
join health health "Aileen Shah" practitioner
sync_all() { for r in "$@"; do as "$r" sync > /dev/null; done; }
sync_all social-work keeper health
as social-work person add --name "Sally Ross" --role practitioner --new-passphrase-file "$work/passphrase" > /dev/null
sync_all social-work
sally() { as social-work --as "Sally Ross" "$@"; }
morag() { as social-work "$@"; }
ava=$(recorded social-work child add --name "Ava Lennox")
ben=$(recorded social-work child add --name "Ben Boyd")
meeting=$(recorded social-work meeting convene --type initial --on 2026-12-01T10:00:00Z --chair "Morag Reid" --child "$ava" \
  --child "$ben")
involve social-work "$ava" "Aileen Shah"
sync_all social-work keeper health
view() { view=(view record --child "$1" --meeting "$meeting" --risk high --plan yes --register yes); }
view "$ava"
expect 0 '' sally "${view[@]}"
sync_all social-work

# ---- by whom ----
expect 1 'permission' as health staff bar --person "Sally Ross" --child "$ava" --reason "not mine to say"
expect 2 'reason is needed' as keeper staff bar --person "Sally Ross" --child "$ava"
sync_all keeper
expect 0 '' as keeper staff bar --person "Sally Ross" --child "Ava Lennox" --reason "her niece"
bar=$(as keeper staff list --json | field bar)
expect 0 'Sally Ross .*Ava Lennox .*not accepted yet' as keeper staff list
sync_all keeper

# What Sally recorded before she or her machine knew of it, and sends afterwards.
expect 0 '' sally "${view[@]}"
late=$(sally list view.record --json | ids | tail -n 1)
expect 0 'refused: *1' as social-work sync
check "the record tells why" grep -q barred <<< "$(morag outbox)"

# ---- hidden looks like absent, wherever it is asked for ----
for words in "show $ava" "timeline $ava" "export $ava --to $work/exported" "show $meeting" "show $bar" "show $late" \
  "staff list --child $ava"; do
  # shellcheck disable=SC2086
  expect 1 'there is no ' sally $words
  sed "s/$ava\|$meeting\|$bar\|$late/ID/g" "$work/said" > "$work/hidden"
  # shellcheck disable=SC2086
  expect 1 'there is no ' sally ${words/$ava/00000000}
  # shellcheck disable=SC2086
  expect 0 '' morag $words
  rm -rf "$work/exported"
done
expect 1 '' sally timeline "Ava Lennox"
sed 's/Ava Lennox/NAME/' "$work/said" > "$work/hidden"
expect 1 '' sally timeline "Nobody Atall"
check "in the same words" cmp "$work/hidden" <(sed 's/Nobody Atall/NAME/' "$work/said")
expect 1 'there is no ' sally outbox discard "$late"
sed "s/$late/ID/" "$work/said" > "$work/hidden"
expect 1 'there is no ' sally outbox discard 00000000
check "nor can she discard what she may not see" cmp "$work/hidden" <(sed 's/00000000/ID/' "$work/said")
for words in list "list child" "list view" "list staff.bar" "staff list" outbox people; do
  # shellcheck disable=SC2086
  sally $words --json > "$work/list"
  check "nothing in: $words" bash -c "! grep -qe 'Ava' -e '$ava' -e 'niece' '$work/list'"
done
expect 0 'Ben Boyd' sally list child
sync_all health
expect 0 'Ava Lennox' morag timeline "$ava"
check "colleagues know why" grep -q 'her niece' <<< "$(morag staff list)"
expect 0 'her niece' as health staff list

# ---- nothing is recorded about the child ----
expect 1 'there is no ' sally "${view[@]}"
view "Ava Lennox"
expect 1 'there is no ' sally "${view[@]}"
expect 0 '' sally child add --name "Another child"
view "$ava"
expect 0 '' morag "${view[@]}"
sync_all social-work

# ---- who joined with a machine is told apart from colleagues, too ----
expect 0 '' as social-work staff bar --person "Morag Reid" --child "$ben" --reason "a neighbour"
expect 1 'there is no ' as social-work show "$ben"
expect 0 'Ben Boyd' sally show "$ben"
sync_all social-work keeper
expect 1 'there is no ' as social-work show "$ben"

# ---- ended, and never by oneself ----
bens=$(as keeper staff list --child "$ben" --json | field bar)
expect 1 'there is no ' as social-work staff unbar --child "$ben" --bar "$bens" --reason "never mind"
expect 0 '' as keeper staff unbar --child "$ava" --bar "$bar" --reason "adopted elsewhere"
expect 1 'reference|not about' as keeper staff unbar --child "$ava" --bar "$bens" --reason "a mistake"
sync_all keeper social-work health
expect 0 'Ava Lennox' sally show "$ava"
expect 0 '' sally "${view[@]}"
sync_all social-work
expect 0 'Sally Ross .*ended' as health staff list
expect 1 'A-022' as keeper staff unbar --child "$ava" --bar "$bar" --reason "again"

# ---- the auditor ----
until_true 10 is_published
expect 0 '' "$BIN/cairn-audit" init "$work/node/ledger.git" "$work/audit" --key "$verifier_key"
expect 0 'authorship: *holds' "$BIN/cairn-audit" verify "$work/audit"
check "and the ledger does not say why" bash -c "! git -C '$work/node/ledger.git' grep -q niece main"
for r in social-work keeper health; do expect 0 'yes' as "$r" rebuild; done
done_with_all
