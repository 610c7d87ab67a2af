#!/usr/bin/env bash
# SIGKILL at random moments, to cairn while it joins, records and syncs, and to cairnd while it serves: whatever was
# acknowledged as recorded is there afterwards, whatever was acknowledged as accepted is in the ledger, and all goes on.
# SEED=n repeats a run as far as the machine allows.
. "$(dirname "$0")/lib.sh"
seed=${SEED:-$(($(date +%s) % 30000))}
RANDOM=$seed
echo "SEED=$seed"
kills=0
init_ms=0 join_ms=0 write_ms=0 sync_ms=0

now_ms() { echo $((${EPOCHREALTIME/[.,]/} / 1000)); }
# duration NAME COMMAND…: runs the command and keeps in $NAME how many milliseconds it took.
duration() {
  local start
  start=$(now_ms)
  "${@:2}" > /dev/null
  printf -v "$1" %s $(($(now_ms) - start))
}
# A moment in the life of something that takes so long; the first half is spent on opening the key.
moment() { echo $(($1 * 4 / 10 + RANDOM * ($1 * 8 / 10) / 32768)); }
nap() { sleep "$(($1 / 1000)).$(printf %03d $(($1 % 1000)))"; }
# kill_at MS PROGRAM…: starts it (the program itself, no shell) and kills it; its output is in $work/out.
kill_at() {
  local ms=$1 status=0
  shift
  "$@" > "$work/out" 2> "$work/err" &
  local pid=$!
  nap "$ms"
  {
    kill -KILL "$pid" && kills=$((kills + 1))
    wait "$pid" || status=$?
  } 2> /dev/null || :
  case $status in
  0 | 137) ;;
  *) fail "ended with $status before it was killed: $(cat "$work/out" "$work/err")" ;;
  esac
}
program() { "$BIN/cairn" --home "$work/$1" --passphrase-file "$work/passphrase" "${@:2}"; }

# ---- a node and a replica in the making ----
passphrase
init=(--node "$work/node" --passphrase-file "$work/passphrase" init --authority "North Lanarkshire Council"
  --ledger nl.example/register --host 127.0.0.1 --port 0)
mkdir "$work/other"
duration init_ms "$BIN/cairnd" --node "$work/other/node" "${init[@]:2}"
for round in 1 2 3; do
  [ -e "$work/node" ] || kill_at "$(moment "$init_ms")" "$BIN/cairnd" "${init[@]}"
  # Either it is whole or it is not there at all.
  if [ -e "$work/node" ]; then node status > /dev/null || fail "a node half-made"; fi
done
[ -e "$work/node" ] || "$BIN/cairnd" "${init[@]}" > /dev/null
check "nothing unfinished is left" test ! -e "$work/node.unfinished"
verifier_key=$(node status | sed -n 's/^verifier key: *//p')
node_start
join health health "Aileen Shah" practitioner
sw=$(agency social-work "Social Work Services")
joined=0
for round in 1 2 3 4; do
  t=$(token "$sw" "Person $round" practitioner)
  if [ "$round" = 1 ]; then
    duration join_ms "$BIN/cairn" --home "$work/joined-1" --passphrase-file "$work/passphrase" join "$t"
  fi
  for _ in 1 2; do
    [ -e "$work/joined-$round" ] ||
      kill_at "$(moment "$join_ms")" "$BIN/cairn" --home "$work/joined-$round" --passphrase-file "$work/passphrase" join "$t"
  done
  # A token works once, and yet a join that was cut off is gone on with.
  [ -e "$work/joined-$round" ] || as "joined-$round" join "$t" > /dev/null
  as "joined-$round" sync > /dev/null
  joined=$((joined + 1))
done
as health sync > /dev/null
check "each invitation made one person" test "$(as health list person --json | grep -c '"what": *"Person ')" = $joined
mv "$work/joined-1" "$work/social-work"

# ---- recording ----
: > "$work/recorded"
: > "$work/accepted"
duration write_ms as social-work child add --name "How long it takes"
n=0
write_and_kill() {
  n=$((n + 1))
  kill_at "$(moment "$write_ms")" "$BIN/cairn" --home "$work/social-work" --passphrase-file "$work/passphrase" \
    --json child add --name "Child $n"
  ids < "$work/out" >> "$work/recorded" || :
}
for ((i = 0; i < 28; i++)); do write_and_kill; done
for id in $(cat "$work/recorded"); do check "recorded and kept" has_entry social-work "$id"; done

# ---- syncing ----
note_accepted() { as "$1" list child --json | tr -d '\n' | sed 's/}/}\n/g' | grep '"state": *"accepted"' | ids >> "$work/accepted" || :; }
duration sync_ms as social-work sync
for ((i = 0; i < 18; i++)); do
  recorded social-work child add --name "To be synced $i" >> "$work/recorded"
  kill_at "$(moment "$sync_ms")" "$BIN/cairn" --home "$work/social-work" --passphrase-file "$work/passphrase" sync
  note_accepted social-work
done

# ---- serving ----
: > "$work/shared"
for ((i = 0; i < 18; i++)); do
  recorded social-work child add --name "For the node $i" + involvement start --child @1 --agency "Aileen Shah's agency" >> "$work/shared"
  recorded health child add --name "For the node, by health $i" >> "$work/shared"
  [ $((i % 4)) -ne 0 ] || node agency add "Agency $i" --type housing --json | field agency >> "$work/agencies"
  program social-work sync > "$work/out" 2>&1 &
  one=$!
  program health sync > "$work/out2" 2>&1 &
  other=$!
  nap "$(moment "$sync_ms")"
  node_kill
  kills=$((kills + 1))
  for pid in "$one" "$other"; do
    status=0
    wait "$pid" || status=$?
    [ "$status" = 0 ] || [ "$status" = 3 ] || fail "a sync ended with $status: $(cat "$work/out" "$work/out2")"
  done
  note_accepted social-work
  note_accepted health
  node_start
done
# On a busy machine a command may have ended before it could be killed.
while [ "$kills" -lt 50 ] && [ "$n" -lt 200 ]; do write_and_kill; done
check "at least 50 were killed: $kills" test "$kills" -ge 50

# ---- the reckoning ----
for r in social-work health social-work; do expect 0 '' as "$r" sync; done
for r in social-work health; do
  expect 0 '"same-as-before": *true' as "$r" rebuild --json
  check "$r has nothing left to send" test "$(outbox_size "$r")" = 0
  as "$r" list child --json > "$work/$r.list"
  tr -d '\n' < "$work/$r.list" | sed 's/}/}\n/g' | sed 's/^[^{]*//' | grep -F -f "$work/shared" > "$work/$r.shared"
done
check "both replicas have the same of what both may have" cmp "$work/social-work.shared" "$work/health.shared"
check "which is all that health has" test "$(ids < "$work/health.list" | wc -l)" = "$(wc -l < "$work/shared")"
check "health's files have nothing of another child" has_no_trace health "To be synced"
cat "$work/shared" >> "$work/recorded"
until_true 20 is_published
"$BIN/cairn-audit" init "$work/node/ledger.git" "$work/audit" --key "$verifier_key" > /dev/null
expect 0 'holds' "$BIN/cairn-audit" verify "$work/audit"
"$BIN/cairn-audit" log "$work/audit" --json | ids | sort > "$work/ledger"
not_in() { sort -u "$1" | comm -23 - "$2"; }
ids < "$work/social-work.list" | sort > "$work/here"
check "all that was recorded is there" test -z "$(not_in "$work/recorded" "$work/here")"
check "all that was recorded is in the ledger" test -z "$(not_in "$work/recorded" "$work/ledger")"
check "all that was accepted is in the ledger" test -z "$(not_in "$work/accepted" "$work/ledger")"
check "so are the administrator's agencies" test -z "$(not_in "$work/agencies" "$work/ledger")"
check "nothing is there twice" test -z "$(uniq -d "$work/ledger")"
check "stock git finds nothing wrong" git -C "$work/node/ledger.git" fsck --full --strict --no-dangling

# ---- and it goes on ----
last=$(recorded health child add --name "After all that")
as health sync > /dev/null
until_true 10 is_published
expect 0 'forward' "$BIN/cairn-audit" fetch "$work/audit" --json
expect 0 'holds' "$BIN/cairn-audit" verify "$work/audit"
expect 0 "$last" "$BIN/cairn-audit" log "$work/audit" --json
node_stop
was=$(git -C "$work/node/ledger.git" rev-parse main)
rm -rf "$work/node/ledger.git"
node_start
until_true 20 is_published
check "the same commits are published again" test "$(git -C "$work/node/ledger.git" rev-parse main)" = "$was"
node_stop
done_with_all
