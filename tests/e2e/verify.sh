#!/usr/bin/env bash
# A replica's file is damaged, each time in another way, with the triggers out of the way: cairn verify says what is wrong,
# and changes nothing. An honest one is in order, in each state that it can be in.
leaks=yes
. "$(dirname "$0")/lib.sh"
node_init
node_start
join morag social-work "Morag Reid" officer practitioner
expect 0 'in order' as morag verify
join pete police "Pete Hill" officer practitioner
agency=$(as morag list agency --json | ids | head -n 1)
child=$(recorded morag child add --name "Ava Lennox" --born 2017-05-02 + involvement start --child @1 --agency "$agency")
as morag child change --child "$child" --address "1 High Street" > /dev/null
as morag sync > /dev/null
for name in Bo Cara; do as pete child add --name "$name" > /dev/null; done
as pete sync > /dev/null
# Refused by the node: it keeps its place in the chain.
as morag role give --person "Pete Hill" --role keeper --from 2026-01-01 --anyway > /dev/null
as morag child add --name "Dan Ross" > /dev/null
as morag sync > /dev/null
check "one was refused" test "$(outbox_size morag)" = 1
expect 0 'in order' as morag verify
for part in ledger operating; do node rotate $part > /dev/null; done
as morag sync > /dev/null
as morag child add --name "Eve Unsent" > /dev/null
expect_unchanged "$work/morag" -- 0 'Everything that is held here is in order' as morag verify
check "all of the ledger is here" grep -Eq "first $(as morag checkpoint --json | field size) entries are here" "$work/said"
expect 0 '"verdict": *"in order"' as morag verify --json
expect 0 'in order' as pete verify
# A machine's new key begins a chain of its own.
as pete child add --name "Finn" > /dev/null
as pete machine renew "$work/request" > /dev/null
expect 0 'in order' as pete verify
as pete machine renew > /dev/null 2>&1 || :

db=$work/morag/cairn.db
cp "$db" "$work/good.db"
triggers=$(sqlite3 "$db" "select 'drop trigger ' || name || ';' from sqlite_schema where type = 'trigger'")
# The triggers are made again, so that the schema is no sign of it.
again=$(sqlite3 "$db" "select sql || ';' from sqlite_schema where type = 'trigger'")

# damaged ABOUT PATTERN SQL: what is done to the file is found, under this heading and in these words.
damaged() {
  cp "$work/good.db" "$db"
  sqlite3 "$db" "pragma foreign_keys = off; pragma ignore_check_constraints = on; $triggers $3; $again" > "$work/changed" 2>&1 ||
    fail "the damage could not be done: $3: $(cat "$work/changed")"
  cmp -s "$work/good.db" "$db" && fail "nothing was damaged by: $3"
  expect_unchanged "$work/morag" -- 1 "NOT in order" as morag verify
  check "$3: it is found ($(cat "$work/said"))" grep -Eq "^ *$1 .*$2" "$work/said"
  expect 1 '"verdict": *"not in order"' as morag verify --json
  is_json "$work/said" || fail "what is found is not JSON"
}
entry="(select number from entry where id = x'$child')"
text() { echo "cast(replace(cast($1 as text), '$2', '$3') as blob)"; }
other_act="(select first from act where first > 1 and first < 4611686018427387904 order by first desc limit 1)"

damaged content 'not what its header commits to' "update content set bytes = $(text bytes Lennox Lennex) where number = $entry"
damaged content 'not what its header commits to' "update content set salt = zeroblob(16) where number = $entry"
damaged content 'not what its header commits to' "update content set (salt, bytes) = (select salt, bytes from content where number <> $entry limit 1) where number = $entry"
damaged content 'content is not here' "delete from content where number = $entry"
damaged content 'without its entry' "insert into content values(99999, zeroblob(16), x'7b7d')"
damaged entry 'id is not that of its header' "update entry set header = $(text header '2026-' '2025-') where number = $entry"
damaged act 'id does not fit its entries' "update entry set header = $(text header '2026-' '2025-') where number = $entry"
damaged entry 'not of the form' "update entry set header = $(text header 'audience' 'audiense') where number = $entry"
damaged entry 'id is not that' "update entry set id = zeroblob(32) where number = $entry"
damaged entry 'kind is not that' "update entry set kind = 'child.change' where number = $entry"
damaged entry 'filed under another record' "update entry set object = zeroblob(32) where kind = 'child.change'"
damaged entry 'children whom it is about' "delete from entry_child where number = $entry + 1"
damaged entry 'children whom it is about' "insert into entry_child values(zeroblob(32), $entry)"
damaged entry 'filed under a child, and is not here' "insert into entry_child values(zeroblob(32), 88888)"
damaged act 'entries of it are missing: 1 of 2' "delete from content where number = $entry + 1; delete from entry_child where number = $entry + 1; delete from entry where number = $entry + 1"
damaged act "act is not here" "delete from act where first = $entry"
damaged act 'admitted before the act before it' "update act set admitted = '2020-01-01T00:00:00Z' where first = $entry"
damaged ledger 'not those that the checkpoint commits to' "update act set admitted = strftime('%Y-%m-%dT%H:%M:%SZ', admitted, '+1 second') where first = (select max(first) from act where admitted is not null)"
damaged signature "act's signature does not verify" "update act set signature = (select signature from act where first = 1) where first = $entry"
damaged signature 'no certificate for its author' "update entry set header = $(text header 'kind cert.issue' 'kind cert.issua'), kind = 'cert.issua' where kind = 'cert.issue'"
damaged signature 'over its position does not verify' "update act set head = signature where first = $entry"
damaged ledger 'not those that the checkpoint' "update act set replica = (select replica from act where first = 1) where first = $entry"
damaged chain 'does not continue|are missing|kept as' "update act set previous = zeroblob(32) where first = $other_act and position > 1; update chain set position = zeroblob(32)"
damaged chain 'does not continue|missing' "update act set position = position + 1 where first = $entry"
damaged chain 'is kept as' "update chain set number = number + 5"
damaged checkpoint 'not signed' "update checkpoint set note = $(text note 'time 20' 'time 21')"
damaged checkpoint 'another size or root' "update checkpoint set root = zeroblob(32) where size = (select max(size) from checkpoint)"
damaged ledger 'not those that' "update checkpoint set root = zeroblob(32) where size = (select max(size) from checkpoint)"
damaged checkpoint 'another size or root' "update checkpoint set size = size + 1 where size = (select max(size) from checkpoint)"
damaged checkpoint 'does not cover' "delete from checkpoint where size = (select max(size) from checkpoint)"
damaged view 'view "child" is not' "update child set name = 'Eva Lennox' where object = x'$child'"
damaged view 'view "role" is not' "insert into role select zeroblob(32), number, person, 'keeper', from_date, until_date, trained, taken_by from role limit 1"
damaged view 'view "certificate" is not' "delete from certificate"
damaged outbox 'never be sent' "delete from outbox where state = 'unsent'"
damaged file 'belongs to none' "insert into outbox(act, state) values(77777, 'unsent')"

# Views alone are mended by a rebuild.
cp "$work/good.db" "$db"
sqlite3 "$db" "delete from certificate"
expect 0 'same as before: *no' as morag rebuild
expect 0 'in order' as morag verify

# A bit that fell over on the disk.
cp "$work/good.db" "$db"
flip "$db" "$(offset_of "$db" 'Ava Lennox')"
expect 1 'NOT in order' as morag verify
cp "$work/good.db" "$db"
pages=$(sqlite3 "$work/good.db" "select pageno - 1 from dbstat where name = 'content' and pagetype = 'leaf' limit 2")
for page in $pages; do dd if=/dev/urandom of="$db" bs=4096 seek="$page" count=1 conv=notrunc status=none; done
expect 1 'SQLite|could not be read|NOT in order' as morag verify

cp "$work/good.db" "$db"
expect 0 'in order' as morag verify
expect 3 'nothing|no replica' "$BIN/cairn" --home "$work/nobody" verify
hold_store "$db"
expect 3 'held by another program' as morag verify
release_store
node_stop
done_with_all
