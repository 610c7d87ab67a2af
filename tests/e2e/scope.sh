#!/usr/bin/env bash
# Who receives what: two siblings and a half-sibling, and agencies that are involved with all of them, with some, with
# none. What an agency is not to have is not in its files; what is hidden and what never was look the same, byte for byte.
# Access is given, taken, and given again, also while a machine is away.
. "$(dirname "$0")/lib.sh"
node_init
node_start
join sw social-work "Morag Reid" practitioner chair officer
join keeper social-work "Kirsty Gow" keeper
join health health "Aileen Shah" practitioner
join police police "Iain Kerr" practitioner officer
join charity third-sector "Jo Hill" practitioner
join never housing "Rab Weir" practitioner
others='health police charity never'
everyone="sw keeper $others"
sync_all() { for r in "$@"; do as "$r" sync > /dev/null || fail "$r could not sync"; done; }
# shellcheck disable=SC2086
sync_all $everyone

# Of each entry one word that stands nowhere else: whoever has the word in a file has the entry's content.
ava=$(recorded sw child add --name "Ava Lennox" --born 2017-05-02 --address "MARKAVA 3 Mill Lane")
ben=$(recorded sw child add --name "Ben Lennox" --born 2020-11-19 --address "MARKBEN 3 Mill Lane")
cal=$(recorded sw child add --name "Cal Moffat" --born 2012-01-30 --address "MARKCAL 9 Loch Road")
mother=$(recorded sw family add --child "$ava" --child "$ben" --child "$cal" --name "MARKMUM Carol" --relation mother \
  --responsibilities yes)
recorded sw family add --child "$ava" --child "$ben" --name "MARKDAD Derek" --relation father --responsibilities yes > /dev/null
where=$(recorded sw whereabouts record --child "$ben" --state unknown --on 2026-11-04 --last-seen "MARKWHERE the bus station")
involve sw "$ava" "Aileen Shah" "Iain Kerr" "Jo Hill"
involve sw "$ben" "Aileen Shah" "Iain Kerr"
involve sw "$cal" "Aileen Shah"
sync_all sw
# shellcheck disable=SC2086
sync_all $everyone

# holds REPLICA WORD…, lacks REPLICA WORD…: in all files of the replica, however they came to be there.
holds() { for word in "${@:2}"; do check "$1 has $word" test "$(traces "$1" "$word")" -gt 0; done; }
lacks() { for word in "${@:2}"; do check "$1 has nothing of $word" has_no_trace "$1" "$word"; done; }
holds keeper MARKAVA MARKBEN MARKCAL MARKMUM MARKDAD MARKWHERE
holds health MARKAVA MARKBEN MARKCAL MARKMUM MARKDAD MARKWHERE
holds police MARKAVA MARKBEN MARKDAD MARKWHERE
lacks police MARKCAL MARKMUM
holds charity MARKAVA
lacks charity MARKBEN MARKCAL MARKMUM MARKDAD MARKWHERE
lacks never MARKAVA MARKBEN MARKCAL MARKMUM MARKDAD MARKWHERE Lennox Moffat

# ---- what each is shown ----
shows() { expect 0 "$1" as "$2" "${@:3}"; }
never_says() { check "$1: and nothing of $2" bash -c "! grep -q '$2' '$work/said'"; }
for r in $others; do
  for words in "list" "list child" "list family" "list involvement" "child similar" "conflicts" "outbox" "status"; do
    for json in "" "--json"; do
      # shellcheck disable=SC2086
      expect 0 '' as "$r" $words $json
      [ "$r" = health ] || never_says "$r $words" 'Cal Moffat\|MARKCAL\|MARKMUM'
      case $r in charity | never) never_says "$r $words" 'Ben Lennox\|MARKBEN\|MARKDAD' ;; esac
      [ "$r" != never ] || never_says "$r $words" 'Lennox'
    done
  done
done
shows 'MARKMUM' health timeline "Cal Moffat"
shows 'MARKDAD' police timeline "Ava Lennox"
never_says police MARKMUM
shows 'Ava Lennox' charity timeline "Ava Lennox"
never_says charity 'MARKDAD\|MARKMUM'
shows 'Ava Lennox' charity list child
shows 'Nothing' never list child

# ---- what is hidden and what never was: the same words, the same status ----
# same REPLICA HIDDEN COMMAND…: the command with the hidden id (its prefix, a name) in place of ID, and with an invented one.
invented_id=0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
same() {
  local r=$1 hidden=$2 invented=$invented_id status=0 other=0
  case $hidden in *[!0-9a-f]*) invented="Zoltan Quartz" ;; *) invented=${invented:0:${#hidden}} ;; esac
  shift 2
  as "$r" "${@//ID/$hidden}" > "$work/hidden" 2>&1 || status=$?
  as "$r" "${@//ID/$invented}" > "$work/invented" 2>&1 || other=$?
  sed -i "s|$hidden|ID|g; s|${hidden:0:8}|ID|g" "$work/hidden"
  sed -i "s|$invented|ID|g; s|${invented:0:8}|ID|g" "$work/invented"
  check "$r: it is not found: $*" test "$status" = 1 -o "$status" = 2 # where no name is taken
  check "$r: nor is what never was: $*" test "$other" = "$status"
  check "$r: the same words: $*" cmp "$work/hidden" "$work/invented"
}
# of a child, of any entry
same_child() {
  same "$1" "$2" show ID
  same "$1" "$2" show ID --json
  same "$1" "$2" timeline ID
  same "$1" "$2" timeline ID --json
  same "$1" "$2" register history ID
  same "$1" "$2" child similar ID
  same "$1" "$2" staff list --child ID
  same "$1" "$2" child change --child ID --gp "Dr Who"
  same "$1" "$2" child change --child ID --gp "Dr Who" --anyway
  same "$1" "$2" whereabouts record --child ID --state known --on 2026-11-05 --json
}
same_entry() {
  same "$1" "$2" show ID
  same "$1" "$2" export ID --to "$work/exported"
  same "$1" "$2" export ID --to "$work/exported" --json
  same "$1" "$2" entry void ID --reason "a mistake"
  same "$1" "$2" resolve ID --keep ID
}
for hidden in "$ben" "${ben:0:8}" "Ben Lennox"; do same_child charity "$hidden"; done
same_child police "$cal"
same_child never "$ava"
same_child never "Ava Lennox"
same_entry charity "$where"
same_entry charity "$mother"
same_entry police "${mother:0:10}"
same_entry never "$ava"
check "none of these left anything" test "$(outbox_size charity) $(outbox_size police) $(outbox_size never)" = "0 0 0"
check "and nothing was exported" test ! -e "$work/exported"

# ---- a meeting about the siblings ----
meeting=$(recorded sw meeting convene --type initial --on 2026-12-01T10:00:00Z --chair "Morag Reid" --child "$ava" \
  --child "$ben" --purpose "MARKMEETING neglect")
view=$(recorded sw view record --meeting "$meeting" --child "$ben" --risk "MARKVIEW neglect" --plan yes --register no)
sync_all sw police charity never
shows 'Ben Lennox' police meeting show "$meeting"
shows '' police check "$meeting"
for r in charity never; do
  lacks "$r" MARKMEETING MARKVIEW
  same "$r" "$meeting" meeting show ID
  same "$r" "$meeting" meeting show ID --json
  same "$r" "$meeting" check ID
  same "$r" "$meeting" view record --meeting ID --risk none --plan no --register no --child Lennox
  same_entry "$r" "$view"
done
# Whoever is invited receives what belongs to the meeting, with its children, and no more of them.
as sw invitation send --meeting "$meeting" --person "Jo Hill" --basis need-to-know --channel email --secure-address yes \
  --sent 2026-11-12 > /dev/null
sync_all sw charity never
holds charity MARKMEETING MARKVIEW MARKBEN
lacks charity MARKWHERE MARKDAD MARKMUM MARKCAL
shows 'Ben Lennox' charity meeting show "$meeting"
never_says charity MARKWHERE
same_entry charity "$where"
as charity view record --meeting "$meeting" --child "$ben" --risk "MARKCHARITY he is often hungry" --plan yes --register no > /dev/null
sync_all charity sw police never
holds sw MARKCHARITY
holds police MARKCHARITY
lacks never MARKCHARITY MARKMEETING

# ---- the register ----
as sw decision record --meeting "$meeting" --child "$ava" --risk yes --plan yes --reasons "MARKDECISION neglect" \
  + registration add --name "Ava Lennox" --alias "MARKALIAS" --born 2017-05-02 --impact neglect \
  + indicator record --category impact --indicator neglect --evidence "MARKEVIDENCE weight loss" > /dev/null
# An agency that has the register and nothing else of her.
join school education "Fiona Bell" practitioner
# shellcheck disable=SC2086
sync_all sw school $others
holds school MARKALIAS
lacks school MARKAVA MARKDECISION MARKEVIDENCE MARKMEETING
holds charity MARKALIAS MARKDECISION MARKEVIDENCE
shows 'Ava Lennox' school register list
shows 'Ava Lennox.*the same name' school register enquire --name "Ava Lennox" --reason "MARKENQUIRY a new pupil"
shows '' school register history "Ava Lennox"
same_entry school "$ava"
same school "$ava" timeline ID
# The one that is not entitled has no register.
lacks never MARKALIAS MARKEVIDENCE Lennox
shows 'Nobody is on the register' never register list
shows 'Nobody like this is on the register' never register enquire --name "Ava Lennox" --reason "MARKASKED why"
sed 's/Ava Lennox/NAME/' "$work/said" > "$work/hidden"
shows 'Nobody like this is on the register' never register enquire --name "Zoltan Quartz" --reason "MARKASKED why"
check "whoever is on it or not" cmp "$work/hidden" <(sed 's/Zoltan Quartz/NAME/' "$work/said")
same never "Ava Lennox" register history ID
# An enquiry is for the keeper, and for whoever made it.
sync_all school never keeper sw police
holds keeper MARKENQUIRY MARKASKED
holds school MARKENQUIRY
lacks school MARKASKED
lacks police MARKENQUIRY MARKASKED
# The keeper lets an agency consult it, and not any more.
as keeper register entitle "Rab Weir's agency" --may yes --reason "their night service" > /dev/null
sync_all keeper never
shows 'Ava Lennox' never register list
holds never MARKALIAS
lacks never MARKAVA MARKDECISION MARKEVIDENCE MARKMEETING
same never "$ava" timeline ID
as keeper register entitle "Rab Weir's agency" --may no --reason "the service has ended" > /dev/null
sync_all keeper
expect 0 'Entries that your agency is not to have any more: [1-9]' as never sync
shows 'Nobody is on the register' never register list
lacks never MARKALIAS MARKEVIDENCE
holds never MARKASKED # its own, with the name that it asked for

# ---- taken away: what the agency wrote stays, and what it has not sent goes its way ----
involvement_of() { # PERSON CHILD
  as sw list involvement.start --json > "$work/list"
  sqlite3 :memory: "select json_extract(value, '\$.entry') from json_each(cast(readfile('$work/list') as text))
    where json_extract(value, '\$.about') = '$2' and json_extract(value, '\$.what') = '$1''s agency' order by key desc limit 1"
}
end_involvement() { # CHILD NAME PERSON
  as sw involvement end --child "$1" --involvement "$(involvement_of "$3" "$2")" --reason "their part is done" > /dev/null
}
own=$(recorded police whereabouts record --child "$ben" --state known --on 2026-11-06 --last-seen "MARKOWN at his aunt's")
sync_all police sw health
end_involvement "$ben" "Ben Lennox" "Iain Kerr"
sync_all sw
unsent=$(recorded police whereabouts record --child "$ben" --state known --on 2026-11-07 --last-seen "MARKUNSENT at home")
holds police MARKBEN MARKWHERE MARKDAD MARKVIEW
expect 0 'Entries that your agency is not to have any more: [1-9][0-9]*\. Their content is gone from this machine' as police sync
check "and says how many" grep -Eq '^withdrawn: *[1-9]' "$work/said"
lacks police MARKBEN MARKWHERE MARKDAD MARKVIEW MARKMEETING MARKCHARITY "Ben Lennox"
holds police MARKAVA MARKOWN MARKUNSENT MARKALIAS
check "what was written before it was known here is accepted" test "$(as police show "$unsent" --json | field state)" = accepted
shows 'MARKOWN' police show "$own"
check "and social work has it" test "$(as sw sync > /dev/null && traces sw MARKUNSENT)" -gt 0
same police "$ben" show ID
same police "$ben" timeline ID
same police "${ben:0:8}" timeline ID --json
same police "Ben Lennox" timeline ID
same police "$meeting" meeting show ID
same police "$meeting" check ID
same police "$where" export ID --to "$work/exported"
same police "$ben" whereabouts record --child ID --state known --on 2026-11-08
expect 0 'withdrawn: *0' as police sync
never_says police 'not to have any more'
shows 'yes' police rebuild
lacks police MARKBEN MARKDAD # nor did the replaying of its views write it anew

# A machine that joins now has never had any of it.
as police2 join "$(token "$(as sw list agency --json | tr '\n' ' ' | grep -o "{[^}]*Iain Kerr's agency[^}]*}" | field entry)" \
  "Ina Rae" practitioner)" > /dev/null
sync_all police2
holds police2 MARKAVA MARKOWN MARKUNSENT
lacks police2 MARKBEN MARKWHERE MARKDAD MARKVIEW MARKMEETING MARKCAL

# ---- while a machine is away: given and taken, taken and given ----
involve sw "$cal" "Jo Hill"
sync_all sw
end_involvement "$cal" "Cal Moffat" "Jo Hill"
sync_all sw
expect 0 'withdrawn: *[1-9]' as charity sync
lacks charity MARKCAL MARKMUM
same charity "$cal" timeline ID
involve sw "$ben" "Iain Kerr"
sync_all sw police police2
holds police MARKBEN MARKWHERE MARKDAD MARKMEETING MARKCHARITY
holds police2 MARKBEN MARKWHERE MARKDAD MARKMEETING MARKCHARITY
shows 'MARKWHERE' police show "$where"
shows 'MARKDAD' police timeline "Ben Lennox"
shows 'Ben Lennox' police meeting show "$meeting"
as police timeline "$ben" > "$work/one"
check "both machines show the same again" cmp "$work/one" <(as police2 timeline "$ben")
check "which is what social work has, but for the mother of all three" \
  cmp <(as police timeline "$ben" --json | ids) <(as sw timeline "$ben" --json | ids | grep -v "$mother")
end_involvement "$ava" "Ava Lennox" "Aileen Shah"
sync_all sw
involve sw "$ava" "Aileen Shah"
sync_all sw health
holds health MARKAVA MARKMUM MARKDAD
shows 'MARKMUM' health timeline "Ava Lennox"

# ---- cut off while it takes away: the next sync does the rest, and nothing is left in any file ----
end_involvement "$ava" "Ava Lennox" "Jo Hill"
sync_all sw
n=20 killed=0
for _ in $(seq 60); do
  status=0
  { timeout -s KILL "$(printf '%d.%03d' $((n / 1000)) $((n % 1000)))" "$BIN/cairn" --home "$work/charity" \
    --passphrase-file "$work/passphrase" sync > "$work/said" 2>&1; } 2> /dev/null || status=$?
  case $status in
  0) break ;;
  124 | 137) killed=$((killed + 1)) ;;
  *) fail "a sync ended with $status: $(cat "$work/said")" ;;
  esac
  n=$((n + n / 5 + 1))
done
check "killed a few times" test "$killed" -ge 2
check "and through in the end" test "$status" = 0
lacks charity MARKALIAS MARKEVIDENCE
holds charity MARKAVA MARKDECISION MARKMEETING MARKCHARITY # what belongs to the meeting, and its own
shows 'yes' charity rebuild

# ---- everybody's views, and the auditor ----
# shellcheck disable=SC2086
for r in $everyone school police2; do
  expect 0 '' as "$r" sync
  expect 0 'yes' as "$r" rebuild
done
until_true 10 is_published
expect 0 '' "$BIN/cairn-audit" init "$work/node/ledger.git" "$work/audit" --key "$verifier_key"
expect 0 'authorship: *holds' "$BIN/cairn-audit" verify "$work/audit"
check "the ledger has no content" bash -c "! git -C '$work/node/ledger.git' grep -q MARK main"
node_stop
done_with_all
