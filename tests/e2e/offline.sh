#!/usr/bin/env bash
# Agencies write while the node is away, is stopped in the middle of a request, and comes back: nothing is lost, nothing
# is recorded twice, and recording never waits for the network.
. "$(dirname "$0")/lib.sh"
node_init
node_start
replicas='social-work health police'
for r in $replicas; do join "$r" "$r" "Person of $r" practitioner chair; done
for r in $replicas; do as "$r" sync > /dev/null; done
child=$(recorded social-work child add --name "Ava Lennox" --born 2017-05-02)
involve social-work "$child" "Person of health" "Person of police"
as social-work sync > /dev/null
for r in $replicas; do as "$r" sync > /dev/null; done

# ---- the node is down ----
node_stop
declare -A written
for round in 1 2 3; do
  for r in $replicas; do
    written[$r-$round]=$(recorded "$r" child add --name "Child $round of $r")
    [ -n "${written[$r-$round]}" ] || fail "$r could not record while the node was down"
  done
done
for r in $replicas; do
  expect_unchanged "$work/$r/person.key" "$work/$r/replica.key" -- 3 'could not be reached|refused|connect' as "$r" sync
  check "$r keeps what it has not sent" test "$(outbox_size "$r")" = 3
  expect 0 '"state": *"unsent"' as "$r" outbox --json
  expect 0 'Ava Lennox' as "$r" show "$child"
done
# What is about a child that the node has never seen can be written, too.
expect 0 'Recorded here' as health involvement start --child "${written[health-1]}" \
  --agency "$(as health list agency --json | ids | head -n 1)" --anyway

# ---- the node is back ----
node_start
for r in $replicas; do expect 0 '"accepted": *3' as "$r" sync --json; done
as social-work sync > /dev/null
for id in "${written[@]}"; do check "social work has every child" has_entry social-work "$id"; done
# Of a child that somebody else has recorded an agency hears when social work involves it.
as police sync > /dev/null
check "police has its own" has_entry police "${written[police-1]}"
check "and nothing of what health recorded" has_no_trace police "Child 1 of health"
check "which social work has" test "$(traces social-work 'Child 1 of health')" -gt 0
for key in "${!written[@]}"; do
  for r in health police; do [ "${key%-*}" = "$r" ] || involve social-work "${written[$key]}" "Person of $r"; done
done
for r in $replicas; do as "$r" sync > /dev/null; done
for r in $replicas; do
  for id in "${written[@]}"; do check "$r has every child" has_entry "$r" "$id"; done
  as "$r" list child --json > "$work/$r.list"
  check "all see the same" cmp "$work/$r.list" "$work/social-work.list"
  expect 0 '"same-as-before": *true' as "$r" rebuild --json
done
# The involvement was written by someone who may not: refused, and it holds nobody up.
expect 0 '"state": *"refused"' as health outbox --json
check "and only that one is left" test "$(outbox_size health)" = 1

# ---- the node hangs: nothing is held while waiting ----
before=$(recorded police child add --name "Before the hang")
kill -STOP "$node_pid"
as police sync > "$work/first" 2>&1 &
first=$!
as police sync > "$work/second" 2>&1 &
second=$!
# Someone is connected to the node: column 3 is the other side's address, 01 means established.
is_connected() { grep -qE "^ *[0-9]+: [0-9A-F]+:[0-9A-F]+ [0-9A-F]+:0*$(printf '%X' "$node_port") 01" /proc/net/tcp; }
is_apart() { ! is_connected; }
until_true 10 is_connected
start=$SECONDS
during=$(recorded police child add --name "During the hang")
[ $((SECONDS - start)) -le 4 ] || fail "recording waited for the network"
expect 0 'During the hang' as police show "$during"
kill -CONT "$node_pid"
# Two syncs at once carry the same acts: each act is accepted once, and neither sync does harm.
for pid in "$first" "$second"; do
  status=0
  wait "$pid" || status=$?
  [ "$status" -eq 0 ] || fail "two syncs at once: one ended with $status: $(cat "$work/first" "$work/second")"
done
as police sync > /dev/null
check "all was sent" test "$(outbox_size police)" = 0
as social-work sync > /dev/null
for id in "$before" "$during"; do
  check "the entry arrived" has_entry social-work "$id"
  check "once" test "$(as social-work list child --json | ids | grep -cx "$id")" = 1
done

# An answer that comes late, when another sync has gone further, is no reason for an alarm. Here the first one has its
# answer and waits for the store; there it is stopped until the second one is through.
late_one=$(recorded police child add --name "Sent by the sync that is late")
kill -STOP "$node_pid"
"$BIN/cairn" --home "$work/police" --passphrase-file "$work/passphrase" sync > "$work/first" 2>&1 &
first=$!
until_true 10 is_connected
hold_store "$work/police/cairn.db"
size=$(git -C "$work/node/ledger.git" show main:checkpoint | sed -n 2p)
kill -CONT "$node_pid"
has_grown() { [ "$(ledger_size)" -gt "$size" ]; }
until_true 10 has_grown
until_true 10 is_apart
kill -STOP "$first"
release_store
overtaking=$(recorded police child add --name "Sent by the sync that overtakes")
expect 0 '"accepted": *[12]' as police sync --json
kill -CONT "$first"
status=0
wait "$first" || status=$?
check "the late one ends well: $(cat "$work/first")" test "$status" = 0
as social-work sync > /dev/null
for id in "$late_one" "$overtaking"; do check "both arrived" has_entry social-work "$id"; done
expect 0 '"same-as-before": *true' as police rebuild --json

# ---- sync --watch ----
node_stop
late=$(recorded health child add --name "Written before the watch")
"$BIN/cairn" --home "$work/health" --passphrase-file "$work/passphrase" sync --watch --every 1 \
  > "$work/watch" 2> "$work/watch.err" &
watcher=$!
waits_longer() { [ "$(sed -n 's/.*trying again in \([0-9]*\) s$/\1/p' "$work/watch.err" | sed -n '1p;2p' | tr '\n' ' ')" = "2 4 " ]; }
until_true 15 waits_longer
checks=$((checks + 1))
node_start
until_true 20 grep -q 'accepted 1' "$work/watch"
check "the watch sent all but what was refused before" test "$(outbox_size health)" = 1
as social-work sync > /dev/null
check "what the watch sent arrived" has_entry social-work "$late"
news=$(recorded police child change --child "$child" --school "For the watch")
as police sync > /dev/null
until_true 10 has_entry health "$news"
kill -TERM "$watcher"
status=0
wait "$watcher" || status=$?
check "a watch ends well on SIGTERM" test "$status" = 0

# A watch that waits for a node that hangs ends soon, too.
"$BIN/cairn" --home "$work/health" --passphrase-file "$work/passphrase" sync --watch --every 1 > "$work/watch" 2>&1 &
watcher=$!
kill -STOP "$node_pid"
until_true 10 is_connected
kill -TERM "$watcher"
start=$SECONDS
status=0
wait "$watcher" || status=$?
kill -CONT "$node_pid"
check "it ends well while the node hangs" test "$status" = 0
check "and within seconds" test $((SECONDS - start)) -le 12
node_stop
done_with_all
