#!/usr/bin/env bash
# An agency without a network: its exchange goes to and fro in files that somebody carries. What is lost, late, read
# again, carried to the wrong place, cut or changed does no harm, and says so.
. "$(dirname "$0")/lib.sh"
node_init
node_start
join morag social-work "Morag Reid" officer practitioner keeper administrator
join pete police "Pete Hill" officer practitioner
as pete sync > /dev/null
mkdir "$work/stick"
cd "$work/stick" # so that names are relative: the serving node works elsewhere

# Pete's machine and the node stay apart from here on.
child=$(recorded pete child add --name "Ava Lennox" --born 2017-05-02)
expect 2 'nothing' as pete take nothing
expect 2 'FILE' as pete bundle
expect 0 'acts: *1$' as pete bundle one
check "nobody else can read it" test "$(stat -c %a one)" = 600
if grep -aq 'Lennox\|Ava\|Pete' one; then fail "the bundle can be read"; fi
check "it waits in the outbox" test "$(outbox_size pete)" = 1
expect 2 'is there already' as pete bundle one
mkfifo pipe.unfinished
expect 0 '' timeout 20 "$BIN/cairn" --home "$work/pete" --passphrase-file "$work/passphrase" bundle pipe
rm pipe
expect 2 'answer' node take one
expect 2 'is there already' node take one --answer one
expect 2 'nothing' node take nothing --answer one.answer
check "no answer to nothing" test ! -e one.answer

# ---- what the serving node must not open: its own store, whose lock it would lose, and what is waited for ----
is_held() { grep -q ":$(stat -c %i "$1") " /proc/locks; }
check "the serving node has the store to itself" is_held "$work/node/node.db"
expect 2 'is the store' node take "$work/node/node.db" --answer x
ln "$work/node/node.db" linked
expect 2 'is the store' node take linked --answer x
expect 2 'is the store' node rebuild --offer "$PWD/linked"
rm linked
expect 2 'is the store' as pete take "$work/pete/cairn.db"
check "it still has" is_held "$work/node/node.db"
mkfifo pipe
expect 2 'not a file' timeout 20 "$BIN/cairnd" --node "$work/node" rebuild --offer "$PWD/pipe"
rm pipe

# ---- the wrong people, and damage ----
expect_unchanged "$work/morag" -- 1 'for the node' as morag take one
expect 1 'not a bundle' node take "$work/passphrase" --answer x
head -c 1000 one > shorter
expect 1 'cut off' node take shorter --answer x
cp one changed
flip changed 900
expect 1 'not a bundle as it was written' node take changed --answer x
size=$(ledger_size)
cp one renamed

# ---- there and back ----
expect 0 '"accepted": *1,' node take one --answer=one.answer --json
check "the ledger grew" test "$(ledger_size)" -gt "$size"
if grep -aq 'Lennox\|Ava\|Pete' one.answer; then fail "the answer can be read"; fi
expect 1 'answer, for the machine' node take one.answer --answer x
expect_unchanged "$work/morag" -- 1 'another machine' as morag take one.answer
head -c -1 one.answer > shorter.answer
expect_unchanged "$work/pete" -- 1 'not a bundle as it was written' as pete take shorter.answer
check "the answer can be had again" grep -q "ask the node's administrator for the answer again" "$work/said"
check "still in the outbox" test "$(outbox_size pete)" = 1
expect 0 'accepted: *1$' as pete take one.answer
check "it was taken" test "$(outbox_size pete)" = 0
expect 0 'accepted' as pete list child.add

# ---- again, and out of order ----
size=$(ledger_size)
expect 0 'had already: *1$' node take renamed --answer again.answer
check "nothing new" test "$(ledger_size)" = "$size"
expect 0 'Nothing was taken' as pete take one.answer
if grep -q 'ledger size' "$work/said"; then fail "a ledger of no size"; fi
expect 0 'Nothing was taken' as pete take again.answer
as pete child add --name "Ben Muir" > /dev/null
as pete bundle two > /dev/null
as pete child add --name "Col Gow" > /dev/null
as pete bundle three > /dev/null
expect 0 'accepted: *2$' node take three --answer three.answer
expect 0 'had already: *1$' node take two --answer two.answer
expect 0 'accepted: *2$' as pete take three.answer
expect 0 'Nothing was taken' as pete take two.answer
check "all are accepted" test "$(outbox_size pete)" = 0

# ---- what others recorded, with a document; the answer overtaken, and lost ----
as morag sync > /dev/null
as morag involvement start --child "$child" --agency "Pete Hill's agency" > /dev/null
head -c 2500000 /dev/urandom > report.pdf
as morag document add --child "$child" --title "Chronology" --type chronology --file report.pdf > /dev/null
as morag sync > /dev/null
as pete bundle four > /dev/null
expect 0 'pages: *[4-9]' node take four --answer four.answer
cp -a "$work/pete" "$work/synced"
expect 0 'received: *[1-9]' as pete take four.answer
expect 0 'application/pdf' as pete document save "Chronology" got.pdf
check "the document came" cmp report.pdf got.pdf
expect 0 'Nothing was taken' as pete take four.answer
rm -r "$work/pete"
mv "$work/synced" "$work/pete"
as pete sync > /dev/null
expect_unchanged "$work/pete" -- 0 'Nothing was taken' as pete take four.answer
as pete child add --name "Dot Weir" > /dev/null
as pete document add --child "Dot Weir" --title "Letter" --type letter --file report.pdf > /dev/null
as pete bundle five > /dev/null
expect 0 'accepted: *2$' node take five --answer lost
expect 0 'had already: *2$' node take five --answer five.answer
expect 0 'accepted: *2$' as pete take five.answer
expect 0 '' as morag sync
expect 0 'application/pdf' as morag document save "Letter" letter.pdf
check "the document went" cmp report.pdf letter.pdf

# ---- how fresh this machine is: as the answer was when it was written, and not while more is to come ----
synced() { as pete status --json | field last-synced; }
as pete bundle late > /dev/null
expect 0 '' node take late --answer late.answer
CAIRN_CLOCK_AHEAD_S=$((9 * 86400)) expect 0 'pages-taken": *1' as pete take late.answer --json
check "not when it was taken" test "$(synced)" = "$(field answered < "$work/said")"
as pete bundle older > /dev/null
expect 0 '' node take older --answer older.answer
CAIRN_CLOCK_AHEAD_S=3600 as pete sync > /dev/null
at_the_sync=$(synced)
expect 0 '' as pete take older.answer
check "an older answer does not make it older" test "$(synced)" = "$at_the_sync"
for title in One Two; do
  as morag document add --child "$child" --title "$title" --type chronology --file report.pdf > /dev/null
done
as morag sync > /dev/null
CAIRN_END_AT=answer-came:6 CAIRN_CLOCK_AHEAD_S=7200 as pete sync > /dev/null 2>&1 || :
check "one came, and not the other" test "$(as pete list document.add | grep -c 'One\|Two')" = 1
check "it has not all yet" test "$(synced)" = "$at_the_sync"
as pete sync > /dev/null

# ---- the node is not serving, and its authority has changed meanwhile: the machine follows ----
as pete bundle six > /dev/null
expect 0 '' node rotate authority --reason "once in ten years"
node_stop
expect 0 'accepted: *0$' node take six --answer six.answer
expect 0 'authority' as pete take six.answer
as pete bundle seven > /dev/null
expect 0 '' node take seven --answer seven.answer
expect 0 'pages taken: *1$' as pete take seven.answer
expect 1 'another authority|taken before' as pete take six.answer
expect 0 'in order' as pete verify

# ---- a node that was put back to an old copy, and hears of it by files alone ----
cp -a "$work/node" "$work/copied"
node_start
as pete child add --name "Fay Orr" > /dev/null
as pete bundle eight > /dev/null
node take eight --answer eight.answer > /dev/null
as pete take eight.answer > /dev/null
as pete offer early > /dev/null
expect 1 'lacks nothing' node rebuild --offer "$PWD/early"
node_stop
rm -r "$work/node"
mv "$work/copied" "$work/node"
node_start
as pete bundle nine > /dev/null
expect 1 'larger ledger' node take nine --answer x
check "it is said what helps" grep -q 'cairn offer FILE' "$work/said"
as pete offer held > /dev/null
expect 0 '' node rebuild --offer "$PWD/held" --without-the-rest
expect 0 'accepted: *0' node take nine --answer nine.answer
expect 0 '' as pete take nine.answer
node_stop

# ---- a node that has lost contents asks for them ----
sqlite3 "$work/node/node.db" "INSERT INTO forgotten(number, why) SELECT max(number), 'lost' FROM entry WHERE kind = 'child.add';
  DELETE FROM content WHERE number IN (SELECT number FROM forgotten WHERE why = 'lost');
  DELETE FROM child WHERE number IN (SELECT number FROM forgotten WHERE why = 'lost')"
as pete bundle lost-one > /dev/null
node take lost-one --answer lost-one.answer > /dev/null
expect 0 'cairn offer FILE' as pete take lost-one.answer
as pete offer there > /dev/null
expect 0 '' node rebuild --offer "$PWD/there"
as pete bundle nothing-lost > /dev/null
node take nothing-lost --answer nothing-lost.answer > /dev/null
expect 0 '' as pete take nothing-lost.answer
if grep -q 'cairn offer FILE' "$work/said"; then fail "the node still lacks something"; fi

# ---- another node; a machine that was revoked ----
mv "$work/node" "$work/first"
node init --authority "Argyll and Bute Council" --ledger ab.example/register --host 127.0.0.1 --port 0 > /dev/null
expect_unchanged "$work/node" -- 1 'another ledger' node take six --answer x
rm -r "$work/node"
mv "$work/first" "$work/node"
node_start
as morag revoke machine pete --why lost > /dev/null
as morag sync > /dev/null
as pete child add --name "Eve Hay" > /dev/null
as pete bundle ten > /dev/null
expect 1 'revoked' node take ten --answer x
check "it is held, and nothing is lost" grep -q 'held' "$work/said"
check "no answer was left anywhere" test ! -e x -a ! -e x.unfinished
done_with_all
