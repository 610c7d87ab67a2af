#!/usr/bin/env bash
# One record is changed in two places, and in three: all versions are shown with their authors until somebody says what
# holds, and nothing is overwritten.
. "$(dirname "$0")/lib.sh"
node_init
node_start
join sw social-work "Anna Reid" practitioner chair
join nhs health "Hugh Bell" practitioner
join pol police "Pete Gow" practitioner
all_sync() { for r in "$@"; do as "$r" sync > /dev/null; done; }
child=$(recorded sw child add --name "Isla Reid" --born 2019-03-01 --school "Kilmory Primary")
other=$(recorded sw child add --name "Finn Reid")
as sw sync > /dev/null
involve sw "$child" "Hugh Bell" "Pete Gow"
involve sw "$other" "Hugh Bell" "Pete Gow"
all_sync sw nhs pol sw

# ---- one after the other is no conflict ----
expect 0 'child.change' as sw child change --child "$child" --gp "Dr Shaw"
all_sync sw nhs
expect 0 '' as nhs child change --child "$child" --gp "Dr Bell"
all_sync nhs sw pol
expect 0 'Nothing is in conflict' as sw conflicts
expect 1 'not in conflict' as sw resolve "$child" --keep "$child"

# ---- two at once ----
a=$(recorded sw child change --child "$child" --school "St Mary's")
b=$(recorded nhs child change --child "$child" --school "Glenview")
expect 0 'Nothing is in conflict' as sw conflicts
all_sync sw nhs sw pol
for replica in sw nhs pol; do
  expect 0 "Glenview" as "$replica" conflicts
  check "both values" grep -q "St Mary's" "$work/said"
  check "both authors" grep -q "Anna Reid" "$work/said"
  check "and the other one" grep -q "Hugh Bell" "$work/said"
  expect 0 'conflict' as "$replica" show "$child"
  expect 0 'Isla Reid.*Anna Reid says school.*Hugh Bell says school' as "$replica" list child.add
  check "the other child is not" test "$(grep -c 'says school' "$work/said")" -eq 1
  expect 0 'says school' as "$replica" timeline "$child"
done
expect 0 '' as sw conflicts --json
check "it is JSON" is_json "$work/said"
check "with two versions" test "$(grep -o '"version"' "$work/said" | wc -l)" -eq 2

# ---- nobody changes it by the way, and what settles it must be said ----
expect 1 'in conflict' as sw child change --child "$child" --school "Another"
expect 2 'keep' as sw resolve "$child"
expect 1 'not one of the versions' as sw resolve "$child" --keep "$other"
expect 1 'not in conflict' as sw resolve "$other" --keep "$other"
expect 1 '' as sw resolve 00000000 --keep "$a"
expect 2 'FIELD=VALUE' as sw resolve "$child" --keep "$a" --set nonsense
expect 2 'FIELD=VALUE' as sw resolve "$child" --keep "$a" --set shoe-size=3
expect 2 'FIELD=VALUE' as sw resolve "$child" --keep "$a" --set "child=$other"
check "nothing was recorded" test "$(outbox_size sw)" -eq 0

# ---- one version holds ----
expect 0 '' as sw resolve "$child" --keep "$b"
expect 0 'Nothing is in conflict' as sw conflicts
expect 0 'Glenview' as nhs conflicts
all_sync sw nhs pol
for replica in sw nhs pol; do expect 0 'Nothing is in conflict' as "$replica" conflicts; done
# What did not hold is in the history all the same.
expect 0 "St Mary's" as nhs show "$a"

# ---- three ways; one is kept, with a value of its own ----
a=$(recorded sw child change --child "$child" --address "1 High Street")
b=$(recorded nhs child change --child "$child" --address "2 Low Road")
c=$(recorded pol child change --child "$child" --address "3 Mid Lane")
all_sync sw nhs pol sw nhs
expect 0 '' as nhs conflicts --json
for version in "$a" "$b" "$c"; do check "version $version is shown" grep -q "$version" "$work/said"; done
settled=$(recorded nhs resolve "$child" --keep "$c" --set "address=3 Mid Lane, Wishaw")
all_sync nhs sw pol
for replica in sw nhs pol; do
  expect 0 'Nothing is in conflict' as "$replica" conflicts
  expect 0 'address: +3 Mid Lane, Wishaw' as "$replica" show "$settled"
  expect 0 'same' as "$replica" rebuild
  expect 0 'address: +3 Mid Lane, Wishaw' as "$replica" show "$settled"
done

# ---- two settle it, each in their own way: that is a conflict again ----
a=$(recorded sw child change --child "$child" --gp "Dr One")
b=$(recorded nhs child change --child "$child" --gp "Dr Two")
all_sync sw nhs sw
expect 0 '' as sw resolve "$child" --keep "$a"
expect 0 '' as nhs resolve "$child" --keep "$b"
all_sync sw nhs sw
expect 0 'Dr One' as sw conflicts
check "and the other" grep -q 'Dr Two' "$work/said"
last=$(as sw conflicts --json | field version)
expect 0 '' as sw resolve "$child" --keep "$last"
all_sync sw nhs
expect 0 'Nothing is in conflict' as nhs conflicts

# ---- each changed something else, too: the record as it is now, and what becomes of it ----
a=$(recorded sw child change --child "$child" --school "Kilmory" --gender girl)
b=$(recorded nhs child change --child "$child" --school "Glenview" --name "Isla Bell" --language Gaelic)
all_sync sw nhs sw
expect 0 'school: +Kilmory \(Anna Reid\) \| Glenview \(Hugh Bell\)$' as sw show "$child"
check "what only one said" grep -Eq '^name: +Isla Bell$' "$work/said"
check "what nobody touched" grep -Eq '^gp: +Dr ' "$work/said"
check "its history" test "$(grep -c 'in conflict  ' "$work/said")" -eq 2
expect 0 'Kilmory \(Anna Reid\) \| Glenview \(Hugh Bell\)"' as sw show "$child" --json
check "it is JSON" is_json "$work/said"
check "with its history" grep -q '"standing": "in conflict"' "$work/said"
expect 0 'name: +Isla Reid$' as sw show "$child" --as-written
check "and nothing of what came later" test "$(grep -Ec 'gender|history' "$work/said" || :)" -eq 0
expect 0 'name: +Isla Bell$' as sw show "Isla Bell"
expect 2 'set school=' as sw resolve "$child" --keep "$a" --keep "$b"
check "both are named" grep -q 'Kilmory | Glenview' "$work/said"
# Kept is kept: what the other one alone had changed is undone, and the change says so.
expect 0 'Isla Reid' as sw resolve "$child" --keep "$a"
expect 0 'name: +Isla Reid$' as sw show "$child"
check "the school" grep -Eq '^school: +Kilmory$' "$work/said"
check "the gender" grep -Eq '^gender: +girl$' "$work/said"
check "no language" test "$(grep -c '^language' "$work/said" || :)" -eq 0
check "said by name" grep -Eq 'name: Isla Reid.*clear: language' "$work/said"
all_sync sw nhs
a=$(recorded sw child change --child "$child" --school "One" --gender boy)
b=$(recorded nhs child change --child "$child" --school "Two" --born 01/03/2018)
all_sync sw nhs sw
expect 0 '' as nhs resolve "Isla Reid" --keep "$a" --keep "$b" --set school=Three --set "due=3 Mar 2018"
all_sync nhs sw
for replica in sw nhs; do
  expect 0 'school: +Three$' as "$replica" show "$child"
  for line in 'gender: +boy$' 'born: +2018-03-01$' 'due: +2018-03-03$' 'name: +Isla Reid$'; do
    check "$line" grep -Eq "^$line" "$work/said"
  done
  expect 0 'same' as "$replica" rebuild
done
expect 0 'Isla Reid' as nhs list child.add
check "no conflict" test "$(grep -c ' says ' "$work/said" || :)" -eq 0
node_stop
done_with_all
