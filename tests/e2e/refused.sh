#!/usr/bin/env bash
# What the node refuses: the author is told before, may record it anyway, sees afterwards in the outbox which rule, why
# and what to do; what comes behind passes; what refers to it shares its fate; the refusal stands in the ledger;
# and a person discards it.
. "$(dirname "$0")/lib.sh"
node_init
node_start
join social-work social-work "Morag Reid" practitioner chair
join health health "Aileen Shah" practitioner
as social-work sync > /dev/null
chair=$(person social-work "Morag Reid")
child=$(recorded social-work child add --name "Ava Lennox")
other=$(recorded social-work child add --name "Ben Lennox")
meeting=$(recorded social-work meeting convene --type initial --on 2026-12-01T10:00:00Z --chair "$chair" --child "$child" \
  --child "$other" --purpose "neglect")
involve social-work "$child" "Aileen Shah"
as social-work sync > /dev/null
as health sync > /dev/null

# ---- told before, and nothing is recorded ----
# RULE PATTERN COMMAND…
refused_early() {
  local rule=$1 pattern=$2
  shift 2
  expect 1 "not recorded \($rule\)" as "$@"
  check "the words say why" grep -Eq "$pattern" "$work/said"
  check "there is a remedy" test "$(wc -l < "$work/said")" -ge 2
  expect 1 '"code": *"ERR_REFUSED"' as "$1" --json "${@:2}"
}
refused_early R-007 'does not say' social-work decision record --meeting "$meeting" --child "$child" --risk yes --reasons x
refused_early R-008 'same act' social-work decision record --meeting "$meeting" --child "$child" --risk yes --plan yes --reasons x
no_plan=$(recorded social-work decision record --meeting "$meeting" --child "$other" --risk no --plan no --reasons "no risk")
refused_early R-009 'does not|did not' social-work registration add --child "$other" --decision "$no_plan" \
  --name "Ben Lennox" --impact neglect
refused_early permission '' health meeting convene --type initial --on 2026-12-01T10:00:00Z --chair "$chair" --child "$child"
check "nothing of it was recorded" test "$(outbox_size social-work) $(outbox_size health)" = "1 0"
# An act is recorded whole or not at all.
refused_early R-009 '' social-work decision record --meeting "$meeting" --child "$child" --risk no --plan no --reasons x \
  + registration add --name "Ava Lennox" --impact neglect
# What is about the whole act and stands behind a + must not be overlooked.
expect 2 'before the first' as social-work decision record --meeting "$meeting" --child "$child" --risk no --plan no --reasons x \
  + registration add --name "Ava Lennox" --impact neglect --anyway
check "nor a part of an act" test "$(outbox_size social-work)" = 1
as social-work sync > /dev/null

# ---- recorded anyway, and refused by the node ----
bad=$(recorded social-work decision record --meeting "$meeting" --child "$child" --risk yes --plan yes --reasons "without" --anyway)
behind=$(recorded social-work registration add --child "$child" --decision "$bad" --name "Ava Lennox" --impact neglect --anyway)
good=$(recorded social-work child add --name "Cal Lennox")
[ -n "$bad" ] && [ -n "$behind" ] && [ -n "$good" ] || fail "not recorded with --anyway"
expect 0 'Not everything was accepted' as social-work sync
expect 0 '"refused": *0' as social-work sync --json # a refused act is not offered again
check "what comes behind passes" test "$(as social-work show "$good" --json | field state)" = accepted
as social-work outbox --json > "$work/outbox"
check "two are left" test "$(grep -c '"act"' "$work/outbox")" = 2
row() { tr -d '\n' < "$work/outbox" | sed 's/}/}\n/g' | grep "\"$1\""; }
check "R-008 is named" test "$(row "$bad" | field rule)" = R-008
row "$bad" > "$work/row"
check "with its words" grep -q '"why": *"the meeting decided that .* same act' "$work/row"
check "and a remedy" grep -q '"remedy": *"record .* registration add' "$work/row"
check "what refers to it shares its fate" test "$(row "$behind" | field state)" = refused
check "and says so" test "$(row "$behind" | field rule)" = reference
expect 0 'R-008' as social-work outbox
expect 0 '"refused": *2' as social-work status --json
check "it is shown as refused" test "$(as social-work show "$bad" --json | field state)" = refused
permission=$(recorded health meeting convene --type initial --on 2026-12-01T10:00:00Z --chair "$chair" --child "$child" --anyway)
as health sync > /dev/null
as health outbox --json > "$work/outbox"
check "permission is judged by the node, too" test "$(row "$permission" | field rule)" = permission

# ---- the others never see what was refused, the ledger tells that it was ----
as health sync > /dev/null
for id in "$bad" "$behind"; do
  expect 1 'there is no|not found' as health show "$id"
  expect 1 'there is no|not found' as health show "$(printf '%.8s' "$id")"
done
expect 0 '"same-as-before": *true' as social-work rebuild --json
expect 0 '"same-as-before": *true' as health rebuild --json
until_true 10 is_published
"$BIN/cairn-audit" init "$work/node/ledger.git" "$work/audit" --key "$verifier_key" > /dev/null
expect 0 'holds' "$BIN/cairn-audit" verify "$work/audit"
expect 0 '' "$BIN/cairn-audit" log "$work/audit" --kind act.refuse --json
check "three refusals stand in the ledger" test "$(grep -c '"kind"' "$work/said")" = 3
expect 0 '' "$BIN/cairn-audit" log "$work/audit" --json
for id in "$bad" "$behind" "$permission"; do
  if grep -q "$id" "$work/said"; then fail "a refused entry is in the ledger"; fi
done
expect 0 'nobody' "$BIN/cairn-audit" register "$work/audit"

# ---- discarded: only what was refused, what refers to it first, and all of it is said once more ----
act_of() { row "$1" | field act; }
as social-work outbox --json > "$work/outbox"
bad_act=$(act_of "$bad")
behind_act=$(act_of "$behind")
unsent=$(recorded social-work child add --name "Dee Lennox")
expect_unchanged "$work/social-work" -- 1 'not refused: it is unsent' as social-work outbox discard "$unsent"
expect_unchanged "$work/social-work" -- 1 "act ${behind_act:0:8} in the outbox refers to it" as social-work outbox discard "$bad_act"
check "with the remedy" grep -q "cairn outbox discard ${behind_act:0:8}" "$work/said"
check "and nothing is said of what it holds" bash -c "! grep -q 'written:' '$work/said'"
expect 3 'could not write' sh -c "'$BIN/cairn' --home '$work/social-work' outbox discard '$behind_act' > /dev/full"
check "what could not be said is not discarded" test "$(as social-work show "$behind" --json | field state)" = refused
expect 1 'there is no such act' as social-work outbox discard 00000000
expect 1 'there is no such act' as social-work outbox discard "$good"
expect 1 'there is no such act' as health outbox discard "$bad_act"
expect 2 'four digits' as social-work outbox discard abc
expect 1 'what was refused: cairn outbox discard' as social-work machine leave
expect 0 'Ava Lennox' as social-work outbox discard "${behind_act:0:8}"
check "its rule" grep -q 'rule: *reference' "$work/said"
check "and what became of it" grep -q 'It was discarded' "$work/said"
expect 1 'there is no' as social-work show "$behind"
expect 0 '' as social-work outbox discard "${bad:0:12}" --json # by an entry of it
check "what was typed" grep -q '"says": *".*reasons: without' "$work/said"
content="json_extract(cast(readfile('$work/said') as text), '\$.entries[0].content')"
check "as it was recorded" test "$(sqlite3 :memory: "select json_extract($content, '\$.reasons')")" = without
check "and its header" grep -q '"header": *"cairn entry 1.nkind decision.record' "$work/said"
check "one is left, which was not sent" test "$(outbox_size social-work)" = 1
expect 0 '"same-as-before": *true' as social-work rebuild --json
expect 0 '' as social-work verify
expect 0 'accepted: *1' as social-work sync
check "what came behind is accepted" test "$(as social-work show "$unsent" --json | field state)" = accepted
expect 0 '' as social-work verify
expect 0 '' "$BIN/cairn-audit" log "$work/audit" --kind act.refuse --json
check "the refusals stay in the ledger" test "$(grep -c '"kind"' "$work/said")" = 3

# ---- the chain goes on after a restart of the node ----
node_stop
node_start
decided=$(recorded social-work decision record --meeting "$meeting" --child "$child" --risk yes --plan yes --reasons "neglect" \
  + registration add --name "Ava Lennox" --impact neglect \
  + indicator record --category impact --indicator neglect --evidence "weight loss")
as social-work sync > /dev/null
check "accepted after all" test "$(as social-work show "$decided" --json | field state)" = accepted
node_stop
done_with_all
