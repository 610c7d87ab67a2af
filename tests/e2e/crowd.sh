#!/usr/bin/env bash
# 200 machines sync at once with one node (tests/e2e/crowd.c), while 50 others only keep connections open: each is answered,
# none much later than the others, the node stays small, and what they sent is in the ledger. Where more come than the
# node takes, whoever is at work is served when those who say nothing have been cut off.
# MACHINES=n and EVERY=n: every n-th of them sends an act, too.
. "$(dirname "$0")/lib.sh"
machines=${MACHINES:-200}
every=${EVERY:-10}
node_init
node_start
join social-work social-work "Morag Reid" officer practitioner
before=$(ledger_size)
"$BIN/crowd" "$work/social-work" "$work/passphrase" "$machines" "$every" 50 > "$work/crowd.txt" || fail "not all were served"
figure() { sed -n "s/^$1 //p" "$work/crowd.txt"; }
check "none much later than the others: $(tr '\n' ' ' < "$work/crowd.txt")" \
  test "$(figure max_ms)" -le $((4 * $(figure median_ms) + 2000))
peak=$(sed -n 's/^VmHWM:[^0-9]*\([0-9]*\) kB/\1/p' "/proc/$node_pid/status")
# The sanitizer's own memory about each allocation doubles and trebles it; make soak measures the program as it is installed.
limit=262144
! grep -q __asan_init "$BIN/cairnd" || limit=$((3 * limit))
check "the node stayed under $limit KiB: $peak" test "$peak" -lt "$limit"
echo "machines $machines, median $(figure median_ms) ms, the last $(figure max_ms) ms, busy $(figure busy) times, the node's peak $((peak / 1024)) MiB"
as social-work sync > /dev/null
sent=$(((machines + every - 1) / every))
check "what they sent is there" test "$(as social-work list child --json | grep -c '"state": *"accepted"')" = "$sent"
expect 0 '"same-as-before": *true' as social-work rebuild --json
check "the ledger has grown by it, the machines and their certificates" test "$(ledger_size)" = $((before + 2 * machines + sent))
node_stop
done_with_all
