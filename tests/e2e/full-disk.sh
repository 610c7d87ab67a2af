#!/usr/bin/env bash
# The disk of a replica, then the node's, and then the one with the published ledger, is full, with acts and with documents: a
# clear error, nothing lost, and all goes on once there is room.
. "$(dirname "$0")/lib.sh"
mkdir "$work/small"
if ! mount -t tmpfs -o size=6m,mode=700 cairn-test "$work/small" 2> "$work/said"; then
  echo "skipped: no small disk can be mounted here, which takes root and the right to mount: $(cat "$work/said")"
  checks=1
  done_with_all
  exit 0
fi
mounted="$work/small"
room() { mount -o "remount,size=$1" "$work/small"; }

node_init
node_start
join health health "Aileen Shah" practitioner
join social-work social-work "Anna Reid" practitioner

# ---- a replica ----
id=$(agency social-work "Social Work Services")
mkdir "$work/small/home"
sw() { "$BIN/cairn" --home "$work/small/home/replica" --passphrase-file "$work/passphrase" "$@"; }
sw join "$(token "$id" "Morag Reid" practitioner)" > /dev/null
sw sync > /dev/null
long=$(head -c 450 /dev/zero | tr '\0' a)
: > "$work/recorded"
# Fills the disk but for so many KiB: the moment at which it fails is another one each time.
fill() {
  rm -f "$work/small/ballast"
  local free
  free=$(df -k --output=avail "$work/small" | tail -n 1)
  [ "$free" -le "$1" ] || head -c $(((free - $1) * 1024)) /dev/zero > "$work/small/ballast"
}
# How many parts of documents wait for the others; looked at in a copy, since there is no room here.
parts_kept() {
  rm -rf "$work/look"
  mkdir "$work/look"
  cp "$1"* "$work/look"
  sqlite3 "$work/look/$(basename "$1")" 'select count(*) from staged_part'
}
failures=0
for spare in 0 30 60 90 120 160 200; do
  fill "$spare"
  for _ in $(seq 12); do
    status=0
    sw --json child add --name "Child with $spare KiB" --address "$long" > "$work/out" 2> "$work/err" || status=$?
    case $status in
    0) ids < "$work/out" >> "$work/recorded" ;;
    3)
      failures=$((failures + 1))
      grep -Eq 'disk (is full|failed)|No space' "$work/err" || fail "the words do not say that the disk is full: $(cat "$work/err")"
      grep -Eqi 'room|look at the disk' "$work/err" || fail "no remedy: $(cat "$work/err")"
      if ids < "$work/out" | grep -q .; then fail "it says that it failed and prints an entry"; fi
      break
      ;;
    *) fail "ended with $status on a full disk: $(cat "$work/err")" ;;
    esac
  done
done
check "the disk was full several times" test "$failures" -ge 4
room 16m
rm "$work/small/ballast"
for entry in $(cat "$work/recorded"); do expect 0 '"state": *"unsent"' sw show "$entry" --json; done
recorded_count=$(sort -u "$work/recorded" | grep -c . || :)
check "some were recorded before it was full" test "$recorded_count" -ge 4
check "what failed is not there" test "$(sw list child --json | grep -c '"entry"')" = "$recorded_count"
expect 0 '"same-as-before": *true' sw rebuild --json

# A sync whose answer does not fit: nothing is lost, and the next one brings it all.
for i in $(seq 12); do as health child add --name "News $i" --address "$long" > /dev/null; done
as health sync > /dev/null
for spare in 0 16; do
  fill "$spare"
  expect 3 'disk|space' sw sync
done
rm "$work/small/ballast"
expect 0 '"received": *[1-9]' sw sync --json
check "all was sent" test "$(sw outbox --json | grep -c '"act"' || :)" = 0
check "all arrived" test "$(sw list child --json | grep -c '"what": *"News')" = 12
expect 0 '"same-as-before": *true' sw rebuild --json

# A document of which some parts fit: those are kept, and the others come when there is room.
head -c 2500000 /dev/urandom > "$work/report.pdf"
document() { as health document add --title "$1" --type report --child "News 1" --file "$work/report.pdf" > /dev/null; }
document "For a full machine"
as health sync > /dev/null
for spare in 0 1500; do
  fill "$spare"
  expect 3 'disk|space' sw sync
  expect 1 'there is no' sw document save "For a full machine" "$work/saved.pdf"
done
check "what fits is kept" test "$(parts_kept "$work/small/home/replica/cairn.db")" -gt 0
rm "$work/small/ballast"
expect 0 '' sw sync
expect 0 '' sw document save "For a full machine" "$work/saved.pdf"
check "it came as it was sent" cmp "$work/report.pdf" "$work/saved.pdf"

# ---- the node ----
as health sync > /dev/null
node_stop
rm -rf "$work/small/home.kept" && cp -a "$work/small/home/replica" "$work/replica" # the replica moves to a disk with room
rm -r "$work/small/home"
cp -a "$work/node" "$work/small/node"
mv "$work/node" "$work/node.old"
ln -s "$work/small/node" "$work/node"
node_start
fill 0
entry=$(recorded health child add --name "For a full node" --address "$long")
expect 3 "the node's disk is full" as health sync
check "the administrator hears of it" grep -q 'not stored: the disk is full' "$work/serve.err"
check "it is still to be sent" test "$(outbox_size health)" = 1
expect 0 '"state": *"unsent"' as health show "$entry" --json
expect 3 'disk|space' node agency add "No room for it" --type housing
# A watch that was answered with 503 tries again by itself.
waiting=$(recorded social-work child add --name "For a node with room again")
"$BIN/cairn" --home "$work/social-work" --passphrase-file "$work/passphrase" sync --watch --every 1 > "$work/watch" 2>&1 &
watcher=$!
until_true 20 grep -q "the node's disk is full.*; trying again in 2 s" "$work/watch"
rm -f "$work/small/ballast"
until_true 20 grep -q 'accepted 1' "$work/watch"
kill -TERM "$watcher"
check "the watch ends well" wait "$watcher"
check "what it tried again is accepted" test "$(as social-work show "$waiting" --json | field state)" = accepted
size=$(ledger_size)
for spare in 4 8 16 24; do
  fill "$spare"
  status=0
  as health sync > "$work/out" 2>&1 || status=$?
  [ "$status" = 0 ] || [ "$status" = 3 ] || fail "ended with $status: $(cat "$work/out")"
  [ "$status" = 3 ] || break
done
expect 0 '"entries"' node status --json
rm -f "$work/small/ballast"
expect 0 '' as health sync
check "it was accepted" test "$(as health show "$entry" --json | field state)" = accepted
check "the ledger grew by one entry" test "$(ledger_size)" = $((size + 1))
until_true 10 is_published
"$BIN/cairn-audit" init "$work/node/ledger.git" "$work/audit" --key "$verifier_key" > /dev/null
expect 0 'holds' "$BIN/cairn-audit" verify "$work/audit"
# A document that does not fit; what of it fits waits for the rest.
document "For a full node"
for spare in 0 1500; do
  fill "$spare"
  status=0
  as health sync > "$work/out" 2>&1 || status=$?
  [ "$status" = 3 ] || grep -q 'later: *1' "$work/out" || fail "neither later nor a full disk: $(cat "$work/out")"
  expect 0 '(unsent|later) .*document\.add' as health outbox
  check "it is still to be sent" test "$(outbox_size health)" = 1
done
check "what fits is kept there" test "$(parts_kept "$work/small/node/node.db")" -gt 0
rm -f "$work/small/ballast"
expect 0 '' as health sync
room 48m
check "it was sent" test "$(outbox_size health)" = 0
as_moved() { "$BIN/cairn" --home "$work/replica" --passphrase-file "$work/passphrase" "$@"; }
expect 0 '' as_moved sync
rm "$work/saved.pdf"
expect 0 '' as_moved document save "For a full node" "$work/saved.pdf"
check "it went as it was recorded" cmp "$work/report.pdf" "$work/saved.pdf"

# ---- the published ledger ----
# It is on the small disk alone now. The store has what cannot be published, which is said once, and it follows.
until_true 10 is_published
node_stop
rm "$work/node"
cp -a "$work/small/node" "$work/node"
rm -rf "$work/small/node" "$work/node/ledger.git.kept"
mv "$work/node/ledger.git" "$work/small/ledger.git"
ln -s "$work/small/ledger.git" "$work/node/ledger.git"
node_start
fill 0
: > "$work/serve.err"
node agency add "Not published yet" --type housing > /dev/null
cannot_publish() { grep -q 'could not be published' "$work/serve.err"; }
until_true 10 cannot_publish
expect 0 '' as health sync
check "the ledger is ahead of what is published" test "$(ledger_size)" -gt "$(published_size)"
sleep 2 # it tries again each second
check "it says so once" test "$(grep -c 'could not be published' "$work/serve.err")" = 1
rm -f "$work/small/ballast"
until_true 10 is_published
check "stock git finds nothing wrong" git -C "$work/small/ledger.git" fsck --full --strict --no-dangling
"$BIN/cairn-audit" init "$work/small/ledger.git" "$work/audit-2" --key "$verifier_key" > /dev/null
expect 0 'holds' "$BIN/cairn-audit" verify "$work/audit-2"
node_stop
node_start
expect 0 '' as health sync
node_stop
done_with_all
