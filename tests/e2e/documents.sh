#!/usr/bin/env bash
# Documents as files: a report of 7 MiB goes up and down over lines that break, and comes out as it went in.
. "$(dirname "$0")/lib.sh"
node_init
node_start
join social-work social-work "Morag Reid" practitioner chair
join health health "Aileen Shah" practitioner
as social-work sync > /dev/null
child=$(recorded social-work child add --name "Ava Lennox")
involvement=$(recorded social-work involvement start --child "$child" --agency "Aileen Shah's agency")
meeting=$(recorded social-work meeting convene --type initial --on 2026-12-01T10:00:00Z --chair "Morag Reid" \
  --child "$child" --purpose neglect)
head -c $((7 * 1024 * 1024)) /dev/urandom > "$work/report.pdf"
echo "a short letter" > "$work/letter.txt"

# ---- what cannot be attached ----
attach() { as social-work document add --title "${3:-Health report}" --type report --file "$1" --child "$2"; }
expect 2 'there is no file' attach "$work/nothing.pdf" "$child"
: > "$work/empty.pdf"
expect 2 'is empty' attach "$work/empty.pdf" "$child"
cp "$work/letter.txt" "$work/letter.exe"
expect 2 'must end with \.pdf' attach "$work/letter.exe" "$child"
head -c $((8 * 1024 * 1024 + 1)) /dev/zero > "$work/large.pdf"
expect 1 'larger than 8 MiB' attach "$work/large.pdf" "$child"
rm "$work/large.pdf"
expect 2 '--file is needed' as social-work document add --title x --type report --child "$child"
expect 2 '--title is needed' as social-work document add --type report --file "$work/letter.txt" --child "$child"
check "nothing of it was recorded" test -z "$(as social-work list document --json | ids || :)"

# ---- recorded with the network off, saved again ----
as social-work sync > /dev/null
expect 0 'Health report' as social-work document add --title "Health report" --type report --dated 2026-11-20 \
  --meeting "$meeting" --file "$work/report.pdf" \
  + document add --title "Letter from school" --type letter --file "$work/letter.txt"
expect 0 'Health report' as social-work list document.add
report=$(as social-work list document.add --json | ids | head -n 1)
expect 0 '7340032' as social-work show "$(as social-work list document.file --json | ids | head -n 1)"
expect 0 'application/pdf' as social-work document save "Health report" "$work/saved.pdf"
check "what was saved is what was attached" cmp "$work/report.pdf" "$work/saved.pdf"
check "nobody else may read it" test "$(stat -c %a "$work/saved.pdf")" = 600
expect_unchanged "$work/saved.pdf" -- 2 'is there already' as social-work document save "$report" "$work/saved.pdf"
expect 1 'there is no' as social-work document save 00000000 "$work/other.pdf"
expect 1 'there is no' as social-work document save "Helth report" "$work/other.pdf"
expect 3 'could not be made' as social-work document save "$report" "$work/no/such/folder.pdf"
expect 0 'letter.txt' as social-work document save "Letter from school" "$work/saved-letter.txt"

# ---- up and down, cut in the middle ----
# parts_in DATABASE: how many parts wait there; looked at in a copy, for the program may have the database open.
parts_in() {
  rm -f "$work"/copy.db*
  for end in '' -wal; do [ ! -e "$1$end" ] || cp "$1$end" "$work/copy.db$end"; done
  sqlite3 "$work/copy.db" 'select count(*) from staged_part' 2> /dev/null || echo 0
}
# cut_at_answer N DATABASE REPLICA: syncs, and is killed when the N-th answer has come: then some parts are there, and not
# all.
cut_at_answer() {
  local status=0
  { CAIRN_END_AT=answer-came:$1 as "$3" sync > "$work/out" 2>&1 || status=$?; } 2> /dev/null
  check "the sync was killed: $status" test "$status" = 137
  cut_at=$(parts_in "$2")
  check "in the middle: $cut_at of 8 parts" test "$cut_at" -ge 2 -a "$cut_at" -lt 8
}

cut_at_answer 6 "$work/node/node.db" social-work
check "nothing was accepted half" test "$(as social-work list document.add --json | grep -c '"unsent"')" = 2
# And then the node.
"$BIN/cairn" --home "$work/social-work" --passphrase-file "$work/passphrase" sync > "$work/out" 2>&1 &
pid=$!
node_kill
wait "$pid" || check "the sync could not: $?" test $? = 3
check "the parts that had come are still there" test "$(parts_in "$work/node/node.db")" -ge "$cut_at"
node_start
expect 0 'accepted: *1' as social-work sync
check "nothing is left in the outbox" test "$(outbox_size social-work)" = 0
check "nor waits at the node" test "$(parts_in "$work/node/node.db")" = 0

cut_at_answer 7 "$work/health/cairn.db" health
expect 1 'there is no' as health document save "Health report" "$work/half.pdf"
check "nothing half was written" test ! -e "$work/half.pdf"
expect 0 '' as health sync
expect 0 'application/pdf' as health document save "Health report" "$work/received.pdf"
check "it came as it was" cmp "$work/report.pdf" "$work/received.pdf"
expect 0 '' as health document save "Letter from school" "$work/received.txt"
check "and so did the letter" cmp "$work/letter.txt" "$work/received.txt"
check "nothing waits any more" test "$(parts_in "$work/health/cairn.db")" = 0
expect 0 '"same-as-before": *true' as health rebuild --json

# ---- who does not work with the child any more has it no longer, and can have it again ----
size_of() { cat "$work/$1/cairn.db"* | wc -c; }
check "it is in the file: $(size_of health) bytes" test "$(size_of health)" -gt 7000000
as social-work involvement end --child "$child" --involvement "$involvement" --reason "moved away" > /dev/null
as social-work sync > /dev/null
expect 0 'your agency is not to have any more: [1-9]' as health sync
expect 1 'there is no' as health document save "Health report" "$work/withdrawn.pdf"
check "it is not in the file any more: $(size_of health) bytes" test "$(size_of health)" -lt 7000000
expect 0 'in order' as health verify
as social-work involvement start --child "$child" --agency "Aileen Shah's agency" > /dev/null
as social-work sync > /dev/null
expect 0 '' as health sync
expect 0 '' as health document save "Health report" "$work/again.pdf"
check "it came again as it was" cmp "$work/report.pdf" "$work/again.pdf"
expect 0 'in order' as health verify

# ---- a stranger checks the file, and the ledger holds ----
file=$(as health list document.file --json | ids | head -n 1)
as health export "$file" --to "$work/exported" > /dev/null
expect 0 'all of it checks' sh -c "cd '$work/exported' && sh check.sh"
until_true 20 is_published
"$BIN/cairn-audit" init "$work/node/ledger.git" "$work/audit" --key "$verifier_key" > /dev/null
expect 0 'holds' "$BIN/cairn-audit" verify "$work/audit"
node_stop
expect 3 '' as social-work sync
done_with_all
