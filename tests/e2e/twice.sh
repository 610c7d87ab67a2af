#!/usr/bin/env bash
# A child recorded twice by two agencies offline: joined, shown as one, told apart again; a record in the wrong file is
# voided, and by whom; a family's details change without losing what is not said.
. "$(dirname "$0")/lib.sh"
node_init
node_start
join social-work social-work "Morag Reid" practitioner
join health health "Aileen Shah" practitioner

first=$(recorded social-work child add --name "Ava Lennox" --born 2017-05-02 --address "1 High Street" --gp "Dr Kay")
second=$(recorded health child add --name "Ava Lenox" --born 2017-05-02 --alias "Ava Smith")
for r in social-work health social-work; do as "$r" sync > /dev/null; done
# Where the other record is here already, it is offered when this one is made.
expect 0 'Another record here may be of this child: look with cairn child similar' as health child add --name "Eva Lenoks"
expect 0 'Recorded here' as health child add --name "Zoltan Quartz"
check "nobody is like him" test "$(grep -c 'Another record' "$work/said" || :)" -eq 0
# What people recorded: where the node says who receives what from when on, that is not counted.
count() { as "$1" timeline "$2" --json | tr -d '\n' | sed 's/}/}\n/g' | grep '"entry"' | grep -cv '"kind": *"scope\.'; }
check "two records" test "$(count social-work "$first") $(count social-work "$second")" = "1 1"

# ---- joined, and told apart ----
# Health is involved with the child as it recorded her itself.
involve social-work "$second" "Aileen Shah"
as social-work sync > /dev/null
as health sync > /dev/null
expect 1 'there is no child' as health timeline "$first"
same=$(recorded social-work child same --child "$first" --child "$second" --reason "same mother")
as social-work sync > /dev/null
as health sync > /dev/null
check "one timeline" test "$(count health "$first") $(count health "$second")" = "4 4"
check "and all of it" test "$(traces health '1 High Street')" -gt 0
expect 1 'not recorded \(permission\)' as health child same --child "$first" --child "$second" --reason "same mother"
expect 0 "other records: *${second:0:8}" as health show "$first"
expect 0 '"told-apart-by-some": *false' as health show "$second" --json
expect 1 'not recorded \(K-020\).*of one child and of two.*'"${same:0:8}" as social-work child distinct --child "$first" \
  --child "$second" --reason "cousins"
as social-work child distinct --child "$first" --child "$second" --reason "cousins" --instead "$same" > /dev/null
check "two again" test "$(count social-work "$first")" = 3 # the child, and both statements
for r in social-work health; do as "$r" sync > /dev/null; done
expect 1 'there is no child' as health timeline "$first"
check "the other child's file is no business of health's any more" has_no_trace health '1 High Street'
check "and its own is there" test "$(count health "$second")" = 2
as social-work show "$first" > "$work/shown"
check "and no other record" test "$(grep -c "other records" "$work/shown" || :)" = 0

# ---- changes say what they change ----
involve social-work "$first" "Aileen Shah"
as social-work sync > /dev/null
as health sync > /dev/null
as social-work child change --child "$first" --address "2 Mill Lane" > /dev/null
as health child change --child "$first" --gp "Dr Lee" > /dev/null
for r in social-work health social-work; do as "$r" sync > /dev/null; done
for r in social-work health; do
  expect 0 '2 Mill Lane' as "$r" conflicts
  expect 0 'Dr Lee' as "$r" conflicts
done

# ---- in the wrong file ----
wrong=$(recorded social-work family add --child "$second" --name "Jo Reid" --relation mother --responsibilities yes)
as social-work sync > /dev/null
as health sync > /dev/null
expect 1 'not recorded \(K-010\)' as health entry void "$wrong" --reason "another family"
voiding=$(recorded social-work entry void "$wrong" --reason "another family" --seen-by "Health")
as social-work sync > /dev/null
as health sync > /dev/null
expect 0 '"state": *"voided"' as health show "$wrong" --json
expect 0 'voided because: +another family' as health show "$wrong"
check "who voided it" grep -Eq 'voided by: +' "$work/said"
check "who has seen it" grep -Eq 'seen by: +Health$' "$work/said"
expect 1 'not recorded \(void\)' as social-work entry void "$voiding" --reason "it was right"
# Who has seen it is filled in, where nobody says more: before it was sent the author's agency alone.
own=$(as social-work whoami --json | field agency)
other=$(as health whoami --json | field agency)
as social-work involvement start --child "$second" --agency "$other" > /dev/null
as social-work sync > /dev/null
sent=$(recorded social-work family add --child "$second" --name "Jo Bain" --relation mother --responsibilities yes)
as social-work sync > /dev/null
unsent=$(recorded social-work family add --child "$second" --name "Jo Burn" --relation mother --responsibilities yes)
expect 0 "^seen-by: $other " as social-work entry void "$sent" --reason "another family"
check "and their own" grep -q "^seen-by: $own " "$work/said"
expect 0 "^seen-by: $own " as social-work entry void "$unsent" --reason "another family"
check "nobody else" test "$(grep -c '^seen-by' "$work/said")" -eq 1
for r in social-work health; do expect 0 '"same-as-before": *true' as "$r" rebuild --json; done
node_stop
done_with_all
