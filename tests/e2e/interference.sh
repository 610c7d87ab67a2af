#!/usr/bin/env bash
# What the programs say to those whom restricted information is not for. The same story is played twice from the same
# folders, once with an item about Ava and once, in its place, with one about Ben; what two others see afterwards must be
# the same, every word, exit status and file: a colleague of the provider, on the provider's own machine, which holds the
# item; and an agency involved with Ava alone. They sync, try every command that `cairn --help` names, with the item's
# id wherever an id can stand, and look into their folders; the chair, who can open the item, makes packs for two who
# cannot. What travels, and each row that is stored, tests/unit/test_interference.c compares, for every kind of entry.
. "$(dirname "$0")/lib.sh"
mkdir "$work/tmp" "$work/pages" "$work/common"
export TMPDIR=$work/tmp EDITOR=true
cd "$work/tmp"

# ---- what both stories have ----
node_init
node_start
join sw social-work "Morag Reid" practitioner chair lead-professional
join police police "Pete Dunn" practitioner officer designated-lead
join health health "Aileen Shah" practitioner
join school education "Edie Orr" practitioner chair
machines='police sw health school'
all_sync() { for who in $machines; do as "$who" sync > /dev/null; done; }
all_sync
as police person add --name "Paul Gow" --role practitioner --new-passphrase-file "$work/passphrase" > /dev/null
# begin_case NAME AGENCY…: a child's record with a meeting.
begin_case() {
  child=$(recorded sw child add --name "$1" --born 2019-03-01)
  involve sw "$child" "Pete Dunn" "Aileen Shah" "${@:2}"
  meeting=$(recorded sw meeting convene --type review --on 2026-11-24T10:00:00Z --chair "Morag Reid" --child "$child" \
    --purpose neglect)
}
begin_case "Ben Lennox"
ben_meeting=$meeting
begin_case "Ava Lennox" "Edie Orr"
ava=$child
ava_meeting=$meeting
m=(--child "$ava" --meeting "$meeting")
mum=$(recorded sw family add --child "$ava" --name "Mary Lennox" --relation mother --responsibilities yes)
as sw invitation send "${m[@]}" --person "Edie Orr" --basis need-to-know --channel post --sent 2026-11-10 > /dev/null
for who in "Edie Orr" "Pete Dunn" "Aileen Shah"; do
  as sw attendance record "${m[@]}" --person "$who" --role agency-participant --attended all --basis need-to-know > /dev/null
done
as sw attendance record "${m[@]}" --family "$mum" --role parent-carer --attended all > /dev/null
as sw assessment record "${m[@]}" --risk "neglect of meals" > /dev/null
as sw child-attendance decide "${m[@]}" --attend none --impact x --reasons young > /dev/null
for when in before after; do
  as sw family-view record "${m[@]}" --whose child --when $when --method conversation --words "I like school" \
    --presented yes --considered yes > /dev/null
done
decision=$(recorded sw decision record "${m[@]}" --risk no --plan no --reasons "help is enough" \
  + reporter consider --outcome already-done)
as sw meeting close "${m[@]}" --quorate yes > /dev/null
all_sync
all_sync
node_stop
for folder in node $machines; do cp -a "$work/$folder" "$work/common/"; done

# ---- every command, with what its help says that it takes ----
# Left out: what keeps a process running or ends it, and what would take the machine, or its keys, away.
left_out='unlock lock machine-leave machine-renew key-change'
is_left_out() { case " $left_out " in *" ${1// /-} "*) ;; *) return 1 ;; esac }
"$BIN/cairn" --help | sed -n 's/^  \([a-z][a-z -]*[a-z]\)\( [A-Z[][^ ]*\)*   *[^ ].*/\1/p' > "$work/commands"
check "there are commands" test "$(wc -l < "$work/commands")" -ge 100
for words in $left_out; do check "there is: $words" grep -qx "${words//-/ }" "$work/commands"; done
declare -A is_table=()
while read -r words; do is_table[$words]=1; done < <("$BIN/cairn" kinds | awk 'NR > 1 { sub(/\./, " ", $1); print $1 }')
: > "$work/lines"
: > "$work/table-lines"
while read -r words; do
  if is_left_out "$words"; then continue; fi
  # shellcheck disable=SC2086
  "$BIN/cairn" $words --help | awk -v words="$words" -v is_table="${is_table[$words]:-}" -f "$tests_folder/lines.awk" \
    >> "$work/${is_table[$words]:+table-}lines"
done < "$work/commands"
grep @item "$work/lines" > "$work/item-lines"
grep -v @item "$work/lines" > "$work/other-lines"
for kind in table item; do check "the item is named" test "$(grep -c @item "$work/$kind-lines")" -ge 40; done

# ---- what is seen ----
# A page has of each command the words, what it said, and its exit status.
page=
status=
turn_page() { page=$work/pages/$story.$1; } # NAME
colleague() { as police --as "Paul Gow" "$@"; }
school() { as school "$@"; }
see() { # OBSERVER COMMAND…
  echo "== $*" >> "$page"
  status=0
  "$@" >> "$page" 2>&1 < /dev/null || status=$?
  echo "-- $status" >> "$page"
}
# walk OBSERVER LINES: what was only looked at is seen in JSON, too.
walk() {
  local line words
  mkdir "$work/made"
  cd "$work/made"
  while read -r line; do
    line=${line//@item/$item}
    line=${line//@child/$ava}
    line=${line//@meeting/$ava_meeting}
    IFS=$'\t' read -r -a words <<< "${line//@other/$decision}"
    see "$1" "${words[@]}"
    if [ "$status" = 0 ] && [ -z "${is_table[${words[*]:0:2}]:-}" ]; then see "$1" "${words[@]}" --json; fi
  done < "$2"
  cd "$OLDPWD"
  see_names "$work/made"
  rm -r "$work/made"
}
see_names() { (cd "$1" && find . -printf '%y %m %p\n' | sort) >> "$page"; }
# A copy and, in words, the proof at its end: of the header and the act more is seen than how long they are.
see_copy() {
  { echo "== $(basename "$1")" && cat "$1"; } >> "$page"
  sed -n 's/^\(header\|act\) //p' "$1" | while read -r coded; do base64 -d <<< "$coded"; done >> "$page"
}
# Of a replica the names of its files, and how much is in each table. Not their sizes: a signature may be a byte longer.
see_folder() {
  local database=$work/$1/cairn.db counts
  see_names "$work/$1"
  counts=$(sqlite3 "$database" "SELECT group_concat('SELECT ''' || name || ''', count(*) FROM \"' || name || '\"', ' UNION ALL ')
    FROM sqlite_schema WHERE type = 'table'")
  sqlite3 "$database" "$counts" >> "$page"
}

# ---- the two stories ----
see_unsent() {
  local words
  turn_page unsent
  for words in outbox status list "list restricted.add" "restricted list" "restricted show $item" "show $item" \
    "open $item" "timeline $ava" "permit $item --to Edie --purpose x" "unrestrict $item --reason x" "export $item" \
    "meeting show $ava_meeting"; do
    # shellcheck disable=SC2086
    see colleague $words
  done
}
see_packs() {
  local who copy file
  turn_page packs
  as sw minute approve "$ava_meeting" > /dev/null
  as sw sync > /dev/null
  for who in "Edie Orr" "Mary Lennox"; do
    see as sw pack "$ava_meeting" --for "$who" --folder "$work/pack"
    check "there is a pack" test "$status" = 0
    for file in "$work"/pack/*; do see_copy "$file"; done
    rm -r "$work/pack"
  done
  as school sync > /dev/null
  for copy in participants professionals family; do
    see school minute copy "$ava_meeting" --copy $copy --file "$work/copy.txt"
    see_copy "$work/copy.txt"
    rm "$work/copy.txt"
  done
}
# What was recorded on the way is sent in the end, and judged by the node.
see_end() { # OBSERVER REPLICA
  local words
  for words in sync outbox "restricted list" verify; do
    # shellcheck disable=SC2086
    see "$1" $words
  done
  see_folder "$2"
}
play() { # STORY MEETING WORDS
  story=$1
  node_start
  item=$(recorded police restrict --meeting "$2" --category at-risk --basis "the plan" --what "kestrel: $3" \
    --to "Morag Reid")
  see_unsent
  turn_page colleague
  see colleague sync
  as police permit "$item" --to "Aileen Shah" --purpose "the plan" > /dev/null
  see colleague sync
  as health sync > /dev/null
  as health open "$(as health list restricted.permit --json | ids)" > /dev/null
  as health sync > /dev/null
  as sw sync > /dev/null
  turn_page school
  see school sync
  see_packs
  turn_page colleague
  see colleague sync
  # What the colleague was not told was kept for the provider.
  expect 0 'Aileen Shah +own-key' as police sync
  walk colleague "$work/other-lines"
  walk colleague "$work/table-lines"
  see_end colleague police
  turn_page hidden
  walk colleague "$work/item-lines"
  turn_page school
  see school sync
  # To the tables' commands an item that is not here is none: tests/unit/test_interference.c tries each place.
  walk school "$work/item-lines"
  see_end school school
  node_stop
}
play ava "$ava_meeting" "14 Larch Terrace"
for folder in node $machines; do
  rm -r "${work:?}/$folder"
  cp -a "$work/common/$folder" "$work/"
done
play ben "$ben_meeting" "2 Elm"
# What is hidden is as what there is not: the same again with an id that nothing has.
turn_page absent
item=$(rev <<< "$item")
walk colleague "$work/item-lines"

# ---- they are the same ----
# What is random in both is from before the item, and must be in the same places.
runs_of() { awk -v only_runs=1 -f "$tests_folder/names.awk" "$1" | sort -u; }
same_pages() { # PAGE PAGE
  local pages=("$work/pages/$1" "$work/pages/$2") page
  check "there is something to be seen" test "$(wc -l < "${pages[0]}")" -ge 50
  comm -12 <(runs_of "${pages[0]}") <(runs_of "${pages[1]}") > "$work/kept"
  for page in "${pages[@]}"; do awk -v kept="$work/kept" -f "$tests_folder/names.awk" "$page" > "$page.named"; done
  diff -u "${pages[0]}.named" "${pages[1]}.named" > "$work/difference" ||
    fail "there is a difference between $1 and $2: $(head -n 40 "$work/difference")"
  checks=$((checks + 1))
}
for name in unsent packs colleague hidden school; do same_pages "ava.$name" "ben.$name"; done
same_pages ben.hidden ben.absent
done_with_all
