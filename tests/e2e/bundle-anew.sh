#!/usr/bin/env bash
# An agency without a network, and a ledger that went on under a new name: its machine follows by files that somebody
# carries, at a person's word, and nothing that was recorded there is lost. What is late, read again or carried to the
# wrong place does no harm, and says what helps.
. "$(dirname "$0")/lib.sh"
node_init
node_start
join morag social-work "Morag Reid" officer practitioner keeper administrator
join pete police "Pete Hill" officer practitioner
join nurse health "Nan Hay" officer practitioner
as zoe join "$(token "$(agency housing "Zoe Orr's agency")" "Zoe Orr" officer)" --machine zoe > /dev/null # and never synced
for who in nurse pete morag; do as "$who" sync > /dev/null; done
mkdir "$work/stick"
cd "$work/stick"
has_fresh() { [ -e "$work/pete/cairn.db.fresh" ]; }
children() { as pete list child.add | grep -c 'accepted.*child.add' || :; }

# ---- a store that follows what is no new log: it goes when the answer says so, or when the former ledger goes on ----
as pete bundle early --new-log > /dev/null
check "it has begun" has_fresh
node take early --answer early.answer > /dev/null
expect_unchanged "$work/morag" -- 1 'another machine|not following' as morag take early.answer --new-log
expect 1 'follows "nl.example/register"' as pete take early.answer --new-log
check "and has ended" test ! -e "$work/pete/cairn.db.fresh"
expect 1 'not following' as pete take early.answer --new-log
as pete bundle once-more --new-log > /dev/null
as pete bundle plain > /dev/null
node take plain --answer plain.answer > /dev/null
expect 0 'pages taken: *1' as pete take plain.answer
check "the former ledger goes on" test ! -e "$work/pete/cairn.db.fresh"
as pete bundle another --new-log > /dev/null
as pete sync > /dev/null
check "so it does over the network" test ! -e "$work/pete/cairn.db.fresh"
expect 2 'together with --new-log' as pete bundle wrong --begin-again

# ---- the loss: pete has an entry that the backup has not, and the machine that has the next one is gone ----
node backup "$work/backup" > /dev/null
as pete child add --name "Accepted before" > /dev/null
as pete bundle one > /dev/null
node take one --answer one.answer > /dev/null
as pete take one.answer > /dev/null
as pete bundle late > /dev/null
node take late --answer late.answer > /dev/null
as morag child add --name "Known to social work" > /dev/null
as morag sync > /dev/null
as nurse sync > /dev/null
as pete child add --name "Never sent" > /dev/null
node_stop
rm -r "$work/node"
node restore "$work/backup" > /dev/null
node_start
expect 3 'restored from an old copy' as nurse sync
as pete bundle meanwhile > /dev/null
expect 3 'being rebuilt' node take meanwhile --answer x
expect 0 'nl.example/register/2' node rebuild --new-log --without-the-rest --reason "the only machine that had it is gone"

# ---- both sides are told, and what is here stays ----
size=$(ledger_size)
expect 1 'cairn bundle FILE --new-log' node take meanwhile --answer told
check "it is said whose ledger it is" grep -q 'of former ledger: *yes' "$work/said"
check "nothing was taken" test "$(ledger_size)" = "$size"
expect_unchanged "$work/morag" -- 1 'another machine' as morag take told
expect 1 'opened anew under another name' as pete take told
check "and what helps" grep -q 'over the telephone; then: cairn bundle FILE --new-log' "$work/said"
check "it waits in the outbox" test "$(outbox_size pete)" = 1

as zoe bundle first > /dev/null
node take first --answer first.answer > /dev/null
expect 1 'another name' as zoe take first.answer
check "and what helps, who has heard nothing yet" grep -q 'cairn bundle FILE --new-log' "$work/said"
as zoe bundle second --new-log > /dev/null
node take second --answer second.answer > /dev/null
expect 0 'root: *unchecked' as zoe take second.answer --new-log
expect 0 'in order' as zoe verify

# ---- following ----
expect 1 'not following' as pete take told --new-log
expect 0 'over the telephone' as pete bundle new --new-log
check "what is in use stays in use" test "$(outbox_size pete)" = 1
as pete child add --name "Recorded meanwhile" > /dev/null
expect 1 'has not come to yet' as pete take late.answer --new-log
expect 1 'begin again' as pete take told --new-log
mark() { sqlite3 "$work/pete/cairn.db.fresh" "$1"; }
mark "INSERT INTO meta(name, value) VALUES('mark', x'00')"
as pete bundle on --new-log > /dev/null
check "it goes on" test "$(mark "SELECT count(*) FROM meta WHERE name = 'mark'")" = 1
as pete bundle over --new-log --begin-again > /dev/null
check "it begins again" test "$(mark "SELECT count(*) FROM meta WHERE name = 'mark'")" = 0
mark "DELETE FROM meta" # its making was cut off
expect 1 'not following' as pete take told --new-log
as pete bundle cut --new-log > /dev/null
check "it is made" test "$(mark "SELECT count(*) FROM meta WHERE name = 'follows-anew'")" = 1
cp -a "$work/pete" "$work/begun"
expect 0 'accepted: *0' node take new --answer new.answer
expect 0 'If it answers a bundle that was written with --new-log' as pete take new.answer
expect 1 'another machine|not following' as morag take new.answer --new-log
# Killed wherever something was stored: it goes on from there, and nothing is twice.
killed=0
named=0
is_named() { has_fresh && [[ $(mark "SELECT CAST(value AS text) FROM meta WHERE name = 'vkey'") == *register/2* ]]; }
for at in before-commit after-commit; do
  for k in 1 2 3 4 5; do
    rm -r "$work/pete"
    cp -a "$work/begun" "$work/pete"
    CAIRN_END_AT=$at:$k as pete take new.answer --new-log > /dev/null 2>&1 || killed=$((killed + 1))
    ! is_named || { named=$((named + 1)) && expect 0 'pages taken: *1' as pete take late.answer; } # of the ledger of before
    as pete take new.answer --new-log > /dev/null 2>&1 || :
    check "all comes along ($at:$k)" test "$(outbox_size pete)" = 3
    check "one former store ($at:$k)" test "$(find "$work/pete" -name 'cairn.db.*' | wc -l)" = 1
  done
done
check "it was killed" test "$killed" -gt 3 -a "$named" -gt 0
rm -r "$work/pete"
cp -a "$work/begun" "$work/pete"
expect 0 'followed: *yes' as pete take new.answer --new-log
check "all comes along" grep -q 'carried: *3$' "$work/said"
check "the root is asked for" grep -q 'root: *asked with the next bundle' "$work/said"
check "the former store is kept" test "$(find "$work/pete" -name 'cairn.db.before-*' | wc -l)" = 1
check "nothing is left" test ! -e "$work/pete/cairn.db.fresh"
expect 1 'not following' as pete take new.answer --new-log
expect 0 'Nothing was taken' as pete take new.answer # and keys are shown once
expect_unchanged "$work/pete" -- 0 'Nothing was taken' as pete take new.answer
expect_unchanged "$work/pete" -- 0 'Nothing was taken' as pete take told
expect_unchanged "$work/pete" -- 1 'has not come to yet' as pete take late.answer # of another history
check "in the outbox" test "$(outbox_size pete)" = 3

# ---- what is sent, and the root ----
cp -a "$work/pete" "$work/followed"
expect 0 'acts: *3$' as pete bundle next
expect 0 'accepted: *3$' node take next --answer next.answer
expect 1 'another machine' as morag take next.answer
expect 0 'root: *same' as pete take next.answer
check "none waits" test "$(outbox_size pete)" = 0
check "all are accepted" test "$(children)" = 3
expect_unchanged "$work/pete" -- 0 'Nothing was taken' as pete take next.answer
expect 0 'had already: *3$' node take next --answer again
as pete bundle last > /dev/null
expect 0 'pages: *1$' node take last --answer last.answer # it is asked once
expect 0 '' as pete take last.answer
expect 0 'in order' as pete verify
expect 0 'in order' node verify

# ---- with a network again: it is asked at once; and whoever had begun goes on over the network ----
rm -r "$work/pete"
mv "$work/followed" "$work/pete"
expect 0 '"root": *"same"' as pete sync --json
expect 0 '"accepted"' as pete sync --json
check "once" test "$(grep -c '"root"' "$work/said" || :)" = 0
rm -r "$work/pete"
mv "$work/begun" "$work/pete"
check "it has begun" has_fresh
expect 0 'root: *same' as pete sync --new-log
check "and is done" test ! -e "$work/pete/cairn.db.fresh"
expect 0 'in order' as pete verify
node_stop
done_with_all
