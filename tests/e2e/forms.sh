#!/usr/bin/env bash
# Recording with forms, files and an editor; dates as people type them; rules and a meeting's checklist.
. "$(dirname "$0")/lib.sh"
node_init
node_start
join sw social-work "Anna Reid" practitioner chair
me=$(person sw "Anna Reid")

# ---- dates as people type them ----
child=$(recorded sw child add --name "Isla Reid" --born "1 Mar 2019")
expect 0 'born: +2019-03-01' as sw show "$child"
expect 0 '^born: Friday 1 March 2019$' as sw child add --name "Ewan Muir" --born 01/03/2019
expect 0 '^born: Friday 1 March 2019$' as sw child add --name "Ewan Muir" --born 1.3.2019
expect 0 '' as sw child add --name "Ewan Muir" --born yesterday
for wrong in 01/03/19 2019-13-01 "31 Feb 2019" 3-1-2019 soon ""; do
  expect 2 'born' as sw child add --name x --born "$wrong"
done
expect 0 'on: Tuesday 1 December 2026, 10:00 .local time.' \
  as sw meeting convene --child "$child" --type initial --on "1 December 2026 10:00" --chair "$me"
meeting=$(as sw list meeting.convene --json | ids)
expect 0 'on: +2026-12-01T10:00:00Z' as sw show "$meeting"
expect 2 'on' as sw meeting convene --child "$child" --type initial --on "1 December 2026 25:00" --chair "$me"
expect 2 'on' as sw meeting convene --child "$child" --type initial --on "1 December 2026" --chair "$me"
# In summer the clock on the wall is an hour ahead of UTC; an hour that the change of the clocks leaves out is none.
later=$(TZ=Europe/London recorded sw meeting convene --child "$child" --type review --on "1 Jun 2027 10:00" --chair "$me")
expect 0 'on: +2027-06-01T09:00:00Z' as sw show "$later"
TZ=Europe/London expect 2 'read in one way' as sw meeting convene --child "$child" --type review --on "28 Mar 2027 01:30" --chair "$me"

# ---- what goes without saying ----
expect 0 'view.record +Isla Reid' as sw view record --meeting "$meeting" --risk high --plan yes --register yes
expect 2 'option .*did you mean "--meeting"' as sw view record --meting "$meeting"
expect 2 'did you mean .*convene' as sw meeting convine

# ---- forms and files ----
expect 0 '^risk:$' as sw template view.record
{ as sw template view.record | sed "s/^meeting:/meeting: $meeting/;s/^plan:/plan: yes/;s/^register:/register: no/"
  printf 'risk: first line\n  second line\n'; } > "$work/form"
expect 0 'first line' as sw add view.record --file "$work/form"
view=$(ids < <(as sw list view.record --json) | tail -n 1)
expect 0 'second line' as sw show "$view"
printf '{"meeting":"%s","risk":"from a file","plan":"unsure","register":"no"}' "$meeting" > "$work/record.json"
expect 0 'from a file' as sw add view.record --file "$work/record.json"
expect 0 'from a file' as sw add view.record --file - < "$work/record.json"
expect 2 'not a field' as sw add child.add --file "$work/record.json"
expect 2 'no kind' as sw add child --file "$work/record.json"
printf 'nothing here' > "$work/bad"
expect 2 'line 1 ' as sw add view.record --file "$work/bad"
printf '# only a comment\nrisk:\n' > "$work/bad"
expect 2 'nothing is filled in' as sw add view.record --file "$work/bad"
printf '{"risk": {"a": 1}}' > "$work/bad"
expect 2 'risk' as sw add view.record --file "$work/bad"
printf '{"risk": 1, "risk": 2}' > "$work/bad"
expect 1 'uplicate' as sw add view.record --file "$work/bad"
expect 1 'could not be read' as sw add view.record --file "$work/nothing"

# ---- the editor: what was typed is kept when it is not recorded ----
cat > "$work/editor" <<'END'
#!/bin/sh
grep -q '^# ' "$1" || exit 3
cat "$ANSWERS" >> "$1"
END
chmod +x "$work/editor"
export EDITOR="$work/editor" ANSWERS="$work/answers" VISUAL=
printf 'meeting: %s\nrisk: from the editor\nplan: yes\nregister: yes\n' "$meeting" > "$work/answers"
expect 0 'from the editor' as sw edit view.record
check "nothing is left behind" test -z "$(find "$work/sw" -name 'typed-*')"
printf 'meeting: %s\nreasons: typed with care\nrisk: yes\nplan: yes\n' "$meeting" > "$work/answers"
expect 1 'R-008' as sw edit decision.record
typed=$(find "$work/sw" -name 'typed-*')
check "and it says where" grep -q "what you typed is kept.*cairn add decision.record --file $typed" "$work/said"
check "what was typed is kept" grep -q 'typed with care' "$typed"
check "for nobody else to read" test "$(stat -c %a "$typed")" = 600
sed -i 's/^plan: yes/plan: no/; s/^risk: yes/risk: no/' "$typed"
expect 0 'typed with care' as sw add decision.record --file "$typed"
: > "$work/answers"
expect 0 'nothing is recorded' as sw edit view.record
EDITOR=false expect 3 'editor' as sw edit view.record
check "an editor that failed at once leaves nothing" test -z "$(find "$work/sw" -name 'typed-*' ! -path "$typed")"
printf '#!/bin/sh\necho "risk: half a record" >> "$1"; exit 3\n' > "$work/crash"
chmod +x "$work/crash"
EDITOR=$work/crash expect 3 'what you typed is kept' as sw edit view.record
check "one that crashed later leaves what was typed" grep -q 'half a record' "$(find "$work/sw" -name 'typed-*' ! -path "$typed")"

# ---- close misspellings, of whatever is typed ----
name=$(as sw show "$child" --json | field name)
expect 2 'did you mean "view.record"' as sw template veiw.record
expect 2 'did you mean "view.record"' as sw kinds veiw.record
expect 0 'family.change' as sw kinds family
check "and no others" test "$(grep -c '^[a-z]' "$work/said")" = 2
expect 2 'did you mean "view.record"' as sw list veiw.record
printf 'rsik: high\n' > "$work/bad"
expect 2 'did you mean "risk"' as sw add view.record --file "$work/bad"
printf '{"regster": "yes"}' > "$work/bad"
expect 2 'did you mean "register"' as sw add view.record --file "$work/bad"
expect 2 'did you mean "unsure"' as sw view record --child "$child" --meeting "$meeting" --risk x --plan unsrue --register no
expect 1 "there is no child .* here; did you mean \"$name\"" as sw timeline "${name}e"
expect 1 'there is no person .* here; did you mean "Anna Reid"' as sw meeting change --meeting "$meeting" --chair "Ana Reid"
expect 1 'there is no child "Zoltan Quartz" here$' as sw timeline "Zoltan Quartz"
expect 2 'there is no' as sw show "Zoltan Quartz"

# ---- a meeting that was arranged anew is shown as it is now ----
expect 0 'on: 2027-01-05T14:30' as sw meeting change --meeting "$meeting" --on "5 Jan 2027 14:30" --place "Town Hall"
expect 0 '^on: +2027-01-05T14:30' as sw meeting show "$meeting"
check "the place" grep -Eq '^place: +Town Hall$' "$work/said"
expect 0 '' as sw meeting change --meeting "$meeting" --clear place
expect 0 '^on: +2027-01-05T14:30' as sw meeting show "$meeting"
check "no place" test "$(grep -c '^place' "$work/said" || :)" -eq 0
EDITOR="cat" expect 0 '#   on: 2027-01-05T14:30' as sw edit "$meeting"

# ---- rules and the checklist ----
expect 0 'R-008 +refuses' as sw rules
expect 0 'source: +Child Protection Planning' as sw rules R-008
expect 1 'no rule' as sw rules R-999
expect 0 '' as sw check "$meeting"
expect 0 'view.record' as sw meeting show "$meeting"
expect 0 'decision.record' as sw meeting show "$meeting"
expect 0 'Nothing is in conflict' as sw conflicts
expect 1 'not in conflict' as sw resolve "$child" --keep "$child"
node_stop
done_with_all
