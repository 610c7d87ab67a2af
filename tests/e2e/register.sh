#!/usr/bin/env bash
# The register on an agency's machine with no network and no node: enquiries, the list now and on a day, a child's history;
# and that the keeper hears of the enquiry once there is a network again.
. "$(dirname "$0")/lib.sh"
node_init
node_start
join sw social-work "Anna Reid" practitioner chair
join kr social-work "Kirsty Gow" keeper
join nhs health "Hugh Bell" practitioner
anna=$(person sw "Anna Reid")
here=$(as kr agencies --json | field agency)
check "there is an agency" test -n "$here"

isla=$(recorded sw child add --name "Isla Reid" --born 2019-03-01)
baby=$(recorded sw child add --name "Baby Campbell" --due 2027-02-01)
as sw sync > /dev/null
as kr sync > /dev/null
temporary() { as kr registration temporary --authority "Fife Council" "$@" --json | field entry; }
r_isla=$(temporary --child "$isla" --name "Isla Reid" --alias "Ayla McKay" --born 2019-03-01)
temporary --child "$baby" --name "Baby Campbell" --mother "Catriona Galbraith" --due 2027-02-01 > /dev/null
expect 0 'Isla Reid .*pending' as kr register list
today=$(date -u +%F)
expect 0 'Nobody was on the register' as kr register list --at today
as kr sync > /dev/null
expect 0 'lead.name' as sw lead name --child "$isla" --person "$anna" --contact "01234 567890"
as sw sync > /dev/null
as nhs sync > /dev/null
as kr sync > /dev/null
node_stop

# ---- no node is running from here on ----
expect 3 '' as nhs sync
expect 0 'Isla Reid' as nhs register list
check "both are on it" test "$(grep -c 'temporarily here' "$work/said")" -eq 2
expect 0 'Isla Reid' as nhs register list --at "$today"
expect 0 'Nobody was on the register' as nhs register list --at 2020-01-01
expect 0 '^On Wednesday 1 January 2020:' as nhs register list --at "1 Jan 2020"
expect 2 'not a date' as nhs register list --at nonsense
# Health is not involved with them: it has the register, and nothing else of them.
expect 0 'temporary' as nhs register history "Isla Reid"
expect 1 'there is no child' as nhs register history "$isla"
sed "s/$isla/ID/" "$work/said" > "$work/hidden"
expect 1 '' as nhs register history "${isla//[0-9]/0}"
check "hidden and absent are the same" cmp "$work/hidden" <(sed "s/${isla//[0-9]/0}/ID/" "$work/said")
expect 0 '' as nhs list child --json
check "no child is told of" bash -c "! grep -q entry '$work/said'"
expect 0 '' as sw register history "$isla" --json
check "its registration" grep -q "$r_isla" "$work/said"
expect 0 '' as nhs register history "$r_isla" --json
check "its registration" grep -q "$r_isla" "$work/said"
expect 1 '' as nhs register history 00000000
expect 2 '' as nhs register history

# ---- enquiries: what is asked, how it is found ----
ask() { expect 0 "$1" as nhs register enquire --reason "seen in A&E" "${@:2}"; }
ask 'Isla Reid.*the same name' --name "Isla Reid" --born 2019-03-01
ask 'Isla Reid' --name "isla REED" --born "1 Mar 2019"
ask 'Isla Reid' --name "Ilsa Reid"
ask 'Isla Reid.*sounds alike' --name "Ayla Reed"
ask 'Isla Reid.*another name' --name "Ayla McKay"
ask "Baby Campbell.*the mother's name" --mother "Catriona Galbraith"
ask 'Baby Campbell' --mother "Katriona Galbreath" --born 2027-02-01
ask 'Nobody like this is on the register' --name "Ewan Muir" --born 2019-03-01
check "how old the answer is" grep -q 'last synced: 20' "$work/said"
check "that it is recorded" grep -q 'The enquiry is recorded' "$work/said"
expect 0 '' as nhs register enquire --name "Isla Reid" --reason x --for "Dr Bell" --json
check "it is JSON" is_json "$work/said"
check "with the registration" grep -q "\"registration\": *\"$r_isla\"" "$work/said"

# ---- what is no enquiry is not recorded ----
asked=$(outbox_size nhs)
check "each enquiry is an entry" test "$asked" -eq 9
expect 2 'reason is needed' as nhs register enquire --name "Isla Reid"
expect 2 'reason is needed' as nhs register enquire --name "Isla Reid" --reason ''
expect 2 'name is needed' as nhs register enquire --reason x
expect 2 'no letters' as nhs register enquire --reason x --name ' - '
expect 2 'not a date' as nhs register enquire --reason x --name "Isla Reid" --born 01/03/19
expect 2 'on its own' as nhs register enquire --reason x --name y + child add --name x
expect 2 'something to record' as nhs child add --name x + register enquire --reason x --name y
check "nothing more was recorded" test "$(outbox_size nhs)" -eq "$asked"

# ---- the network is there again: the keeper and the lead professional hear of it ----
node_start
expect 0 '' as nhs sync
check "all were sent" test "$(outbox_size nhs)" -eq 0
as kr sync > /dev/null
as sw sync > /dev/null
check "the keeper has them" test "$(as kr list register.enquire --json | ids | wc -l)" -eq 9
first=$(as kr list register.enquire --json | ids | head -n 1)
expect 0 'seen in A&E' as kr show "$first"
expect 0 'Isla Reid' as kr show "$first"
expect 0 'seen in A&E' as sw show "$first"
# Whoever was found is said with the enquiry.
expect 0 "${r_isla:0:8}" as kr show "$first" --json

# ---- a registration repeats what the child's record says now, but for what is said ----
[ -n "$node_pid" ] || node_start
join ka social-work "Ken Orr" keeper
finn=$(recorded sw child add --name "Finn Reid" --alias "Finlay" --born 2020-02-03 --gender boy --address "1 Mill Lane")
as sw sync > /dev/null
as sw child change --child "$finn" --born 2020-03-02 > /dev/null
for r in sw kr ka; do as "$r" sync > /dev/null; done
expect 0 "^born: 2020-03-02 \\(as the child's record says\\)" as kr registration temporary --child "$finn" --authority "Fife Council" --gender girl
check "the name" grep -q "^name: Finn Reid (as the" "$work/said"
check "not what was said" test "$(grep -c '^gender: ' "$work/said" || :)" -eq 0
r_finn=$(as kr register list --json | grep -F 'Finn Reid' | field registration)
expect 0 '^alias: +Finlay$' as kr show "$r_finn"
check "what was said" grep -Eq '^gender: +girl$' "$work/said"
check "nothing else" test "$(grep -c '^address' "$work/said" || :)" -eq 0

# ---- two keepers amend it at once: in every listing both say what they said ----
for r in kr ka kr; do as "$r" sync > /dev/null; done
as kr registration amend --child "$finn" --registration "$r_finn" --keyworker "Anna Reid" --name "Finn Ross" > /dev/null
as ka registration amend --child "$finn" --registration "$r_finn" --keyworker "Hugh Bell" --reason "moved" > /dev/null
for r in kr ka kr nhs; do as "$r" sync > /dev/null; done
for words in "register list" "register enquire --name Finn --reason x"; do
  # shellcheck disable=SC2086
  expect 0 'Kirsty Gow says name: Finn Ross; keyworker: Anna Reid \| Ken Orr says keyworker: Hugh Bell' as nhs $words
done
expect 0 'keyworker: +Anna Reid \(Kirsty Gow\) \| Hugh Bell \(Ken Orr\)' as nhs show "$r_finn"
expect 0 '"conflict": "Kirsty' as nhs register list --json
kens=$(as ka conflicts --json | grep -F 'Ken Orr' | field version)
expect 0 'moved' as ka resolve "$r_finn" --keep "$kens"
as ka sync > /dev/null
expect 0 'keyworker: +Hugh Bell$' as ka show "$r_finn"
check "what was only in the other version is undone" grep -Eq '^name: +Finn Reid$' "$work/said"
expect 0 'Finn Reid' as ka register list
check "no conflict" test "$(grep -c ' says ' "$work/said" || :)" -eq 0
node_stop
done_with_all
