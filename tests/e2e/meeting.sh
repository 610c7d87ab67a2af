#!/usr/bin/env bash
# One family, two siblings and an unborn baby, from the investigation to registration and removal, under each profile of
# rules, on the machines of four agencies, with the network off and on. What people are shown is compared with
# tests/e2e/expected/meeting-PROFILE-PART.txt; `UPDATE=yes` writes these files anew. Arguments are the profiles to play,
# without any the national one; the others have scripts of their own, so that they are played side by side.
. "$(dirname "$0")/lib.sh"
expected=$PWD/tests/e2e/expected
profiles=${*:-national}
node_port=''

# ---- the clock and the network ----

# at DATE [HOUR]: from here on it is this day, at 10 o'clock. Whatever the machine's own clock says, dates stay the same.
at() { export CAIRN_CLOCK_AHEAD_S=$(($(date -u -d "$1T${2:-10}:00:00Z" +%s) - $(date +%s))); }
network_on() { node_start; }
network_off() { node_stop; }
# sync MACHINE…: in this order; what a later one sends reaches an earlier one the next time.
sync() {
  for r in "$@"; do as "$r" sync > /dev/null; done
}

# ---- the people ----

keir() { as sw "$@"; }
anna() { as sw --as "Anna Gray" "$@"; }
morag() { as sw --as "Morag Reid" "$@"; }
mina() { as sw --as "Mina Todd" "$@"; }
aileen() { as he "$@"; }
iain() { as po "$@"; }
fiona() { as ed "$@"; }
# id PERSON COMMAND…: records, and gives the id of the first entry.
id() { "$1" --json "${@:2}" | field entry; }

new_person() { # NAME POST ROLE…
  local roles=()
  for role in "${@:3}"; do roles+=(--role "$role"); done
  as sw person add --name "$1" --post "$2" "${roles[@]}" --new-passphrase-file "$work/passphrase" > /dev/null
}
new_agency() { # MACHINE TYPE NAME PERSON POST ROLE…
  local id roles=()
  id=$(agency "$2" "$3")
  for role in "${@:6}"; do roles+=(--role "$role"); done
  as "$1" join "$(node invite "$id" --person "$4" --post "$5" "${roles[@]}" --json | field token)" --machine "$1" > /dev/null
  as "$1" sync > /dev/null
}

# of KIND NAME: the newest entry of this kind that is about this child alone.
of() {
  as sw list "$1" --json > "$work/list"
  sqlite3 :memory: "select json_extract(value, '\$.entry') from json_each(cast(readfile('$work/list') as text))
    where json_extract(value, '\$.about') = '$2' order by key desc limit 1"
}

# ---- what is shown ----

# part NAME: what is shown from here on is kept under this name.
part() { shown=$work/shown-$1; }
# show WHAT COMMAND…: WHAT says who does what; what the command prints is kept, and how it ends.
show() {
  local status=0
  echo "== $1" >> "$shown"
  "${@:2}" >> "$shown" 2>&1 || status=$?
  echo "-- ends with $status" >> "$shown"
  echo >> "$shown"
}
# Ids are random and times are of this run: ids are numbered as they come, of times the day is kept. The ledger's numbers
# count from where the story begins, whatever it takes to set a node up. Widths stay.
stable() {
  sed -E 's/T[0-9]{2}:[0-9]{2}:[0-9]{2}Z/Thh:mm:ssZ/g; s/ +$//' "$1" | awk -v base="$base" '
  /^ *[0-9]+  [0-9a-f]+  / { match($0, /[0-9]  /); $0 = sprintf("%" RSTART "d", $1 - base) substr($0, RSTART + 1) }
  /^number: / { $0 = "number:   " $2 - base }
  /Z +[0-9]+ +[0-9]+ +[0-9]+  / { match($0, /Z /); $0 = substr($0, 1, RSTART) sprintf("%14d%10d%9d  ", $3 - base, $4 - base, $5 - base) $6 }
  {
    rest = $0; line = ""
    while (match(rest, /[0-9a-zA-Z-]+/)) {
      word = substr(rest, RSTART, RLENGTH)
      if (word ~ /^[0-9a-f]+$/ && (RLENGTH == 8 || RLENGTH == 64)) {
        word = substr(word, 1, 8)
        if (!(word in names)) names[word] = sprintf("id-%05d", ++count)
        word = names[word]
      }
      line = line substr(rest, 1, RSTART - 1) word; rest = substr(rest, RSTART + RLENGTH)
    }
    print line rest
  }'
}
compare() { # PROFILE
  local file name
  for file in "$work"/shown-*; do
    name=meeting-$1-${file##*shown-}.txt
    stable "$file" > "$work/stable"
    if [ "${UPDATE:-}" = yes ]; then
      cp "$work/stable" "$expected/$name"
    elif ! diff -u "$expected/$name" "$work/stable" > "$work/differs"; then
      head -n 80 "$work/differs"
      fail "what is shown is not what $name says"
    fi
    checks=$((checks + 1))
  done
  for file in "$expected/meeting-$1"-*.txt; do
    name=${file##*"/meeting-$1-"}
    check "$file is compared" test -e "$work/shown-${name%.txt}"
  done
}
# same_everywhere COMMAND…: all four machines show the same, but for what only those who took part in the meeting are shown.
of_all() { as "$@" | grep -v ' copy\.participants '; }
same_everywhere() {
  of_all sw "$@" > "$work/of-sw"
  for r in he po ed; do
    of_all "$r" "$@" > "$work/of-$r"
    check "sw and $r show the same of $*" cmp "$work/of-sw" "$work/of-$r"
  done
}

# ---- what all profiles share: the agencies, their people and machines ----

at 2026-11-02 09
node_init
node_start
new_agency sw social-work "Social Work Services" "Keir Ross" "Senior Manager, Child Protection" keeper officer
new_agency he health "Community Health" "Aileen Shah" "Consultant Paediatrician" practitioner chair
new_agency po police "Police Scotland" "Iain Kerr" "Detective Sergeant" practitioner
new_agency ed education "Education Services" "Fiona Bell" "Head Teacher" practitioner
agency housing "Housing Services" > /dev/null
as sw sync > /dev/null
new_person "Anna Gray" "Social Worker" practitioner lead-professional
new_person "Morag Reid" "Service Manager" chair
new_person "Mina Todd" "Business Support" business-support
as sw role give --person "Mina Todd" --role minute-taker --from 2026-11-02 --trained 2026-01-15 > /dev/null
sync sw he po ed
node_stop
mkdir "$work/beginning"
cp -r "$work/node" "$work/sw" "$work/he" "$work/po" "$work/ed" "$work/beginning/"

begin() { # PROFILE
  rm -rf "$work"/node "$work"/sw "$work"/he "$work"/po "$work"/ed "$work"/shown-* "$work/audit"
  cp -r "$work/beginning/." "$work/"
  at 2026-11-03
  network_on
  part rules
  show "The keeper adopts the profile" keir profile adopt "$1"
  sync sw he po ed
  base=$(ledger_size)
  for rule in R-011 R-012 R-019 R-072 R-115 R-117; do show "Rule $rule" keir rules "$rule"; done
}

# ---- the investigation: everybody writes offline, and two write of the same girl ----

investigation() {
  local r
  network_off
  at 2026-11-05
  ava=$(id anna child add --name "Ava Lennox" --born 2017-05-02 --alias "Ava Reid" --address "3 Mill Lane, Airdrie")
  ben=$(id anna child add --name "Ben Lennox" --born 2020-11-19 --address "3 Mill Lane, Airdrie")
  baby=$(id anna child add --name "Baby Lennox" --due 2027-01-20)
  family=(--child "$ava" --child "$ben" --child "$baby")
  mother=$(id anna family add "${family[@]}" --name "Carol Lennox" --relation mother --responsibilities yes --lives-with yes)
  father=$(id anna family add "${family[@]}" --name "Derek Lennox" --relation father --responsibilities yes --lives-with no)
  anna household add "${family[@]}" --address "3 Mill Lane, Airdrie" --member "$mother" > /dev/null
  investigation=$(id anna investigation record "${family[@]}" --outcome meeting-required --on 2026-11-05 \
    --lead-professional "Anna Gray" --concern "bruises that nobody explains, missed meals" \
    --reasons "three agencies found signs of neglect and violence at home" --participant "Iain Kerr, Police" \
    --participant "Aileen Shah, Health")
  anna safety-plan record "${family[@]}" --on 2026-11-05 --action "the father stays away from the home (Police)" \
    --action "a daily visit (Social Work)" > /dev/null
  ava_of_health=$(id aileen child add --name "Ava Lennox" --born 2017-05-02 --gp "Dr Kay, Airdrie")
  aileen child add --name "Eva Lenox" --born 2016-02-11 > /dev/null
  wrong=$(id iain child add --name "Alan Boyd" --born 2012-03-03)
  iain whereabouts record --child "$wrong" --state unknown --on 2026-11-04 --last-seen "at school, in the morning" > /dev/null
  fiona child add --name "Cara Munro" --born 2015-09-09 > /dev/null
  network_on
  sync ed he po sw
  part children
  show "Which children may be recorded twice?" anna child similar
  show "Who is like Ava?" anna child similar "$ava"
  anna child same --child "$ava" --child "$ava_of_health" --reason "the same mother and address" > /dev/null
  for child in "$ava" "$ben" "$baby"; do
    anna involvement start --child "$child" --agency "Community Health" --significant yes \
      + involvement start --agency "Police Scotland" --continuing yes + involvement start --agency "Education Services" \
      + lead name --person "Anna Gray" --contact "01236 000000" > /dev/null
  done
  anna involvement start --child "$ava" --agency "Housing Services" > /dev/null
  sync sw po he ed
  show "Once they are joined" fiona child similar
  show "Her name is enough, and finds what stands in either record" iain timeline "Ava Lennox"
}

# ---- in the wrong file, and changed in two places ----

mending() {
  local note
  note=$(id iain whereabouts record --child "$ben" --state unknown --on 2026-11-05 --last-seen "bus station")
  sync po sw he ed
  show "Education may not void what the Police recorded" fiona entry void "$note" --reason "not Ben"
  show "The Police recorded it in the wrong file" iain entry void "$note" --reason "it was Alan Boyd" \
    --seen-by "Social Work Services" --seen-by "Community Health" --seen-by "Education Services"
  network_off
  at 2026-11-09
  anna child change --child "$ben" --address "12 Elm Row, Coatbridge" > /dev/null
  aileen child change --child "$ben" --address "12 Elm Road, Coatbridge" --gp "Dr Kay, Airdrie" > /dev/null
  network_on
  sync he sw ed po
  part conflicts
  show "Two changes of the same record" iain conflicts
  show "as every list shows it" fiona list child
  version=$(anna conflicts --json | grep -o '"version": *"[0-9a-f]*"' | cut -d '"' -f 4 | sed -n 2p)
  show "Social work settles it" anna resolve "$ben" --keep "$version" --set "address=12 Elm Row, Coatbridge"
  sync sw he po ed
  show "Nothing is in conflict" aileen conflicts
  show "What holds" aileen show "$(of child.change "Ben Lennox")"
  show "What was voided is shown as such" fiona timeline "$ben"
}

# ---- convening ----

convening() {
  at 2026-11-12
  meeting=$(id anna meeting convene "${family[@]}" --type initial --on "2026-11-24 10:00" --chair "Morag Reid" \
    --minute-taker "Mina Todd" --investigation "$investigation" --decided 2026-11-12 --format physical \
    --place "Civic Centre, Motherwell" --purpose "neglect and violence at home" --chair-consulted 2026-11-12)
  m=(--meeting "$meeting")
  part rules
  show "By e-mail only to a secure address" anna invitation send "${m[@]}" --person "Fiona Bell" --basis need-to-know \
    --channel email --sent 2026-11-12
  anna invitation send "${m[@]}" --person "Aileen Shah" --basis essential-to-plan --channel email --secure-address yes --sent 2026-11-12 \
    + invitation send --person "Iain Kerr" --basis need-to-know --channel email --secure-address yes --sent 2026-11-12 \
    + invitation send --person "Fiona Bell" --basis essential-to-plan --channel email --secure-address yes --sent 2026-11-12 \
    + invitation send --person "Anna Gray" --basis essential-to-plan --channel in-person --sent 2026-11-12 \
    + invitation send --family "$mother" --basis family --channel in-person --sent 2026-11-12 \
    + invitee consider --category support --outcome not-invited --reason "the mother wants nobody with her" \
    + invitee consider --category foster-carer --outcome not-invited --reason "the children live at home" \
    + invitee consider --category third-sector --outcome not-invited --reason "no organisation works with the family" \
    + invitee consider --category adult-services --outcome not-invited --reason "neither parent is a patient" > /dev/null
  show "Only the chair excludes a parent" anna exclusion record "${m[@]}" --family "$father" --form not-invited --ground bail-conditions
  morag exclusion record "${m[@]}" --family "$father" --form not-invited --ground bail-conditions \
    --reason "he must not come near the mother" --views-by "Iain Kerr" --outcome-by "Anna Gray" --outcome-until 2026-11-27 > /dev/null
  anna child-attendance decide "${m[@]}" --child "$ava" --attend none --older yes --core-group later \
    --impact "she would meet questions about her father" --reasons "she asked not to come" --told yes > /dev/null
  anna child-attendance decide "${m[@]}" --child "$ben" --attend none --impact "he is too young to follow it" \
    --reasons "his age" --core-group no --told no --not-told-reason "his age" > /dev/null
  sync sw po ed he
}

# ---- the meeting: the network is off, everybody writes ----

meeting_day() {
  network_off
  at 2026-11-24
  for child in "$ava" "$ben" "$baby"; do
    aileen view record "${m[@]}" --child "$child" --risk "weight loss, bruises" --plan yes --register yes > /dev/null
    anna view record "${m[@]}" --child "$child" --risk "neglect at home" --plan yes --register yes > /dev/null
  done
  fiona view record "${m[@]}" --child "$ava" --risk "she is well at school" --plan no --register no > /dev/null
  iain view record "${m[@]}" --child "$ava" --risk "two calls to the home in October" --plan yes --register unsure > /dev/null
  iain family-view record "${m[@]}" "${family[@]}" --whose parent --family "$father" --when before --method conversation \
    --words "he wants to see his children" --presented yes --considered yes > /dev/null
  mina attendance record "${m[@]}" --person "Morag Reid" --role chair --attended all \
    + attendance record --person "Mina Todd" --role minute-taker --attended all \
    + attendance record --person "Anna Gray" --role lead-professional --attended all --significant yes --discipline "social work" \
    + attendance record --person "Aileen Shah" --role agency-participant --attended all --significant yes --discipline paediatrics \
    + attendance record --person "Iain Kerr" --role agency-participant --attended part --discipline police \
    + attendance record --family "$mother" --role parent-carer --attended part > /dev/null
  anna family-view record "${m[@]}" --child "$ava" --child "$ben" --whose child --when before --method drawing \
    --words "they are afraid when it is loud" --presented yes --considered yes --in-plan "a safe word, and whom to call" \
    + family-view record --whose parent --family "$mother" --when during --method conversation --words "she wants help" > /dev/null
  local apart
  apart=$(id mina segment record "${m[@]}" "${family[@]}" --family closed --from 10:40 --out "$mother" \
    --reason "what the Police know of a third person" --prepared yes)
  show "What is said without the family is not for their copy" mina information record "${m[@]}" "${family[@]}" \
    --segment "$apart" --summary "the Police spoke of a third person"
  mina information closed "${m[@]}" "${family[@]}" --segment "$apart" --summary "the Police spoke of a third person" > /dev/null
  mina information record "${m[@]}" "${family[@]}" --summary "school, nursery and health visitor reported" > /dev/null
  mina segment change "${family[@]}" --segment "$apart" --until 11:00 --explained yes > /dev/null
  for child in "$ava" "$ben" "$baby"; do
    mina assessment record "${m[@]}" --child "$child" --risk "neglect, violence between adults" --strengths "the grandmother" \
      --outline "daily visits, nursery, a safe home" > /dev/null
  done
  part pending
  show "Not sent: what the Police wrote" iain outbox
  network_on
  sync po he ed sw
  network_off
}

indicators() { # the indicators and areas of this profile
  impact=(--impact neglect --impact physical-abuse --vulnerability domestic-abuse)
  evidence=(+ indicator record --category impact --indicator neglect --evidence "missed meals, weight loss"
    + indicator record --category impact --indicator physical-abuse --evidence "bruises on the arm, seen on 4 November"
    + indicator record --category vulnerability --indicator domestic-abuse --evidence "two calls in October")
  if [ "$1" = argyll-and-bute ]; then
    areas=(--area neglect --area domestic-abuse)
    evidence+=(+ indicator record --category area --indicator neglect --evidence "as under neglect"
      + indicator record --category area --indicator domestic-abuse --evidence "as under domestic abuse")
  else
    areas=()
  fi
}

deciding() {
  local decision=(decision record "${m[@]}" --child "$ava" --risk yes --plan yes --consensus no --reasons "neglect, violence")
  local analysis=(--analysis "school sees one half of the day; health and police see the other")
  local register=(+ registration add --name "Ava Lennox" --alias "Ava Reid" --born 2017-05-02 --mother "Carol Lennox"
    --review 2027-05-18 --keyworker "Anna Gray, 01236 000000")
  local explained=(--explained "by the chair, after the meeting; she understood" --interpreter "none is needed"
    --changes "meals every day; the father stays away" --strengths "she asked for help herself" --tool "Resilience Matrix")
  part rules
  show "A plan without a registration" morag "${decision[@]}" "${analysis[@]}"
  show "No consensus, and no analysis" morag "${decision[@]}" "${register[@]}" "${impact[@]}" "${areas[@]}" "${evidence[@]}"
  show "No evidence" morag "${decision[@]}" "${analysis[@]}" "${register[@]}" "${impact[@]}" "${areas[@]}"
  show "The two categories alone" morag "${decision[@]}" "${analysis[@]}" "${explained[@]}" "${register[@]}" "${impact[@]}" "${evidence[@]:0:27}"
  if [ "$1" = argyll-and-bute ]; then
    show "With the areas of concern" morag "${decision[@]}" "${analysis[@]}" "${explained[@]}" "${register[@]}" "${impact[@]}" "${areas[@]}" "${evidence[@]}"
  fi
  show "Another agency does not decide" aileen decision record "${m[@]}" --child "$ben" --risk no --plan no --reasons "x"
  morag decision record "${m[@]}" --child "$ben" --risk no --plan no --consensus yes --reasons "he is with his grandmother" > /dev/null
  morag decision record "${m[@]}" --child "$baby" --risk yes --plan yes --consensus yes --reasons "as for Ava" "${explained[@]}" \
    + registration add --name "Baby Lennox" --due 2027-01-20 --mother "Carol Lennox" --review 2027-02-24 \
    --impact neglect "${areas[@]:0:2}" \
    + indicator record --category impact --indicator neglect --evidence "the home is not ready" \
    ${areas:+"+" indicator record --category area --indicator neglect --evidence "the home is not ready"} > /dev/null
  of_ava=$(of decision.record "Ava Lennox")
  part pending
  show "The chair's machine, before anything is sent" morag register list
  show "Health's machine knows nothing of it yet" aileen register list
  fiona view record "${m[@]}" --child "$ben" --risk "none that we see" --plan no --register no > /dev/null
  network_on
  sync sw he po ed
  part register
  show "Accepted: on every machine" aileen register list
  same_everywhere register list
}

# ---- closing: what each profile asks for ----

closing() {
  local about=("${m[@]}" "${family[@]}")
  show "A disagreement" fiona dissent record --child "$ava" --decision "$of_ava" --about plan --about registration \
    --nature "school sees no reason for a plan"
  sync ed sw he po
  show "It suspends nothing" fiona register list
  part rules
  show "Before closing: what is open" morag check "$meeting" --open
  if [ "$1" = north-lanarkshire ]; then
    show "Closing: the chair's post" morag meeting close "${about[@]}" --quorate yes
    show "The chair goes on" morag check override "${about[@]}" --rule R-012 --reason "the post is vacant until January"
  fi
  show "Closing: education was not there" morag meeting close "${about[@]}" --quorate yes
  mina attendance record "${about[@]}" --person "Fiona Bell" --role agency-participant --attended all --discipline "education" > /dev/null
  show "Closing: housing works with Ava, and was not there" morag meeting close "${about[@]}" --quorate yes
  show "which is explained" anna check explain "${about[@]}" --rule R-020 --reason "their part is the repair of the flat"
  show "Closing: who tells the father?" morag meeting close "${about[@]}" --quorate yes
  show "Only the chair of the meeting goes on all the same" aileen check override "${about[@]}" --rule R-053 --reason "x"
  show "The chair goes on" morag check override "${about[@]}" --rule R-053 --reason "the Police told him at once, on bail"
  show "Closing: the Reporter" morag meeting close "${about[@]}" --quorate yes
  morag reporter consider "${m[@]}" --child "$ava" --outcome refer --ground protection --reason "compulsory measures may be needed" > /dev/null
  for child in "$ben" "$baby"; do
    morag reporter consider "${m[@]}" --child "$child" --outcome not-necessary --reason "the mother agrees to all" > /dev/null
  done
  consideration=$(of reporter.consider "Ava Lennox")
  show "Closed" morag meeting close "${about[@]}" --quorate yes
  show "Approving the minute: Ava is older" morag minute approve "$meeting"
  if [ "$1" = north-lanarkshire ]; then
    show "which is put right" anna child-attendance change --child "$ava" --decided "$(of child-attendance.decide "Ava Lennox")" \
      --factors "what she said to her teacher"
  else
    show "which is explained" anna check explain "${about[@]}" --rule R-072 --reason "the teacher knows, and is not here"
  fi
  show "Approved" morag minute approve "$meeting"
  anna reporter refer --child "$ava" --consideration "$consideration" --sent 2026-11-24 --reason "she needs protection" \
    --information "what Police and Health found" --plan yes --assessment no --why-not "it is not finished" > /dev/null
  for rule in R-003 R-038 R-040 R-044 R-046; do
    morag check confirm "${about[@]}" --rule "$rule" --answer yes > /dev/null
  done
  morag check confirm "${about[@]}" --rule R-064 --answer no --words "the room was too small" > /dev/null
  anna registration tell --child "$ava" --registration "$(of registration.add "Ava Lennox")" --about added --way verbally \
    --way in-writing --on 2026-11-24 --told "the mother, by Anna Gray" \
    + register alert --about added --sent 2026-11-24 --system "iVPD" > /dev/null
  sync sw ed he po
  part meeting
  show "The meeting at a glance" iain meeting show "$meeting"
  part check
  show "The checklist" iain check "$meeting"
  same_everywhere meeting show "$meeting"
  same_everywhere check "$meeting"
}

# ---- enquiries with the network off ----

enquiring() {
  network_off
  at 2026-12-02 03
  part enquiries
  show "The Police, at night: the name" iain register enquire --name "Ava Lennox" --born 2017-05-02 --reason "a call to the home"
  show "Health: misspelled" aileen register enquire --name "Ava Lenox" --reason "at the emergency department"
  show "Education: it sounds like this" fiona register enquire --name "Eva Lenoks" --reason "a new pupil"
  show "The Police: another name" iain register enquire --name "Ava Reid" --reason "a missing child"
  show "Health: the unborn baby, by the mother" aileen register enquire --mother "Carol Lennox" --born 2027-01-20 --reason "booked for birth"
  show "Nobody like this" iain register enquire --name "Zoltan Quartz" --reason "a call"
  show "Without a reason" iain register enquire --name "Ava Lennox"
  network_on
  sync he ed po sw
  show "The keeper sees who asked" keir list register.enquire
}

# ---- the review: another agency's chair; one name is removed ----

review() {
  local about r_about=(--child "$ava" --child "$baby") of_ava_now
  network_off
  at 2027-01-25
  network_on
  anna child change --child "$baby" --name "Callum Lennox" --born 2027-01-22 --clear due > /dev/null
  mina registration amend --child "$baby" --registration "$(of registration.add "Callum Lennox")" --name "Callum Lennox" \
    --born 2027-01-22 --clear due --authoriser "Keir Ross" --reason "born" > /dev/null
  sync sw ed
  network_off
  at 2027-05-18
  network_on
  review=$(id anna meeting convene "${r_about[@]}" --type review --on "2027-05-18 10:00" --chair "Aileen Shah" \
    --minute-taker "Mina Todd" --decided 2027-05-03 --purpose "review after six months")
  about=(--meeting "$review" "${r_about[@]}")
  sync sw he
  network_off
  mina attendance record "${about[@]}" --person "Anna Gray" --role lead-professional --attended all --basis essential-to-plan --significant yes \
    + attendance record --person "Morag Reid" --role agency-participant --attended all --basis need-to-know \
    + attendance record --person "Iain Kerr" --role agency-participant --attended all --basis need-to-know \
    + attendance record --person "Fiona Bell" --role agency-participant --attended all --basis need-to-know \
    + attendance record --agency "Community Health" --name "Jo Hill" --role agency-participant --attended all --basis need-to-know \
    + attendance record --agency "Housing Services" --name "Pat Orr" --role agency-participant --attended all --basis need-to-know \
    + attendance record --family "$mother" --role parent-carer --attended all > /dev/null
  anna child-attendance decide --meeting "$review" --child "$ava" --attend none --impact "she would meet her father's family" \
    --reasons "she asked not to come" --told yes > /dev/null
  anna child-attendance decide --meeting "$review" --child "$baby" --attend none --impact "he is four months old" \
    --reasons "too young" --told no --not-told-reason "too young" > /dev/null
  mina family-view record "${about[@]}" --whose child --when before --method observation --words "both are well" --presented yes \
    --considered yes --in-plan "as before" > /dev/null
  for child in "$ava" "$baby"; do
    anna view record --meeting "$review" --child "$child" --risk "less than it was" \
      --plan "$([ "$child" = "$ava" ] && echo no || echo yes)" --register "$([ "$child" = "$ava" ] && echo no || echo yes)" > /dev/null
  done
  anna check explain "${about[@]}" --rule R-042 --reason "the father is in custody" \
    + check explain --rule N-27 --reason "Morag Reid knows the family by now too well" > /dev/null
  network_on
  sync sw he po ed
  part review
  show "Not yet: nobody has decided" keir registration remove --child "$ava" --registration "$(of registration.add "Ava Lennox")" --decision "$of_ava"
  of_ava_now=$(id aileen decision record --child "$ava" --meeting "$review" --risk no --plan no --consensus yes --reasons "she is safe now")
  show "The baby's plan goes on" aileen decision record --child "$baby" --meeting "$review" --risk yes --plan yes --consensus yes \
    --reasons "he is very small" + registration continue --registration "$(of registration.add "Callum Lennox")" --review 2027-11-16
  aileen reporter consider --child "$ava" --meeting "$review" --outcome already-done > /dev/null
  aileen reporter consider --child "$baby" --meeting "$review" --outcome not-necessary --reason "the plan is enough" > /dev/null
  remove=(registration remove --child "$ava" --registration "$(of registration.add "Ava Lennox")" --decision "$of_ava_now"
    --lead-professional "the school, from June" --plan "a child's plan for school" --services "the visits go on monthly")
  show "Not before the meeting is closed with a quorum" aileen "${remove[@]}"
  show "Closing: the chair is not of social work" aileen meeting close "${about[@]}" --quorate yes
  show "which is explained" aileen check explain "${about[@]}" --rule R-011 --reason "agreed between the agencies"
  if [ "$1" = north-lanarkshire ]; then
    show "Closing: that is not enough here" aileen meeting close "${about[@]}" --quorate yes
    show "The chair goes on" aileen check override "${about[@]}" --rule R-011 --reason "agreed between the agencies" \
      + check override --rule R-012 --reason "agreed between the agencies"
  fi
  show "Closed" aileen meeting close "${about[@]}" --quorate yes
  show "Removed" aileen "${remove[@]}"
  network_off
  part register
  show "The removal, before it is sent" aileen register list
  show "and for who asks" aileen register enquire --name "Ava Lennox" --reason "who is this?"
  part review
  network_on
  sync he sw ed po
  show "The checklist of the review" fiona check "$review"
  part register
  show "Who is on the register" fiona register list
  show "Who was, before the meeting" iain register list --at 2026-11-23
  show "on the day after" iain register list --at 2026-11-25
  show "and at New Year" iain register list --at 2027-01-01
  show "Ava's history" iain register history "$ava"
  show "by the record that Health made of her" aileen register history "$ava_of_health"
  show "Callum's history" iain register history "Callum Lennox"
  show "Ben's history" iain register history "$ben"
  part timeline
  show "Ava's story" iain timeline "Ava Lennox"
  show "Nothing waits anywhere" iain outbox
  for child in "$ava" "$ben" "$baby"; do same_everywhere timeline "$child"; done
  same_everywhere register list
  # Children whom other agencies recorded, and in whose cases nobody was involved.
  for r in po ed; do check "$r has nothing of a child of health's" has_no_trace "$r" "Eva Lenox"; done
  for r in he ed; do check "$r has nothing of a child of the Police's" has_no_trace "$r" "2012-03-03"; done
  for r in he po; do check "$r has nothing of a child of the school's" has_no_trace "$r" "Cara Munro"; done
  for r in sw he po ed; do expect 0 '"same-as-before": *true' as "$r" rebuild --json; done
}

# ---- the auditor ----

auditing() {
  until_true 20 is_published
  "$BIN/cairn-audit" init "$work/node/ledger.git" "$work/audit" --key "$verifier_key" > /dev/null
  part audit
  "$BIN/cairn-audit" verify "$work/audit" > "$work/verdict" || fail "the ledger does not hold: $(cat "$work/verdict")"
  show "The auditor's register" "$BIN/cairn-audit" register "$work/audit"
  show "in December" "$BIN/cairn-audit" register "$work/audit" --at 2026-12-01T00:00:00Z
  check "the ledger holds" grep -q 'The ledger holds' "$work/verdict"
}

for profile in $profiles; do
  begin "$profile"
  investigation
  mending
  convening
  meeting_day
  indicators "$profile"
  deciding "$profile"
  closing "$profile"
  enquiring
  review "$profile"
  auditing
  network_off
  compare "$profile"
done
done_with_all
