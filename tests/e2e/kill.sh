#!/usr/bin/env bash
# SIGKILL to cairn while it joins, records and syncs, and to cairnd while it serves: at the moments that core/moment.h names,
# and at random ones. Whatever was acknowledged as recorded is there afterwards, whatever was acknowledged as accepted is in
# the ledger, and all goes on. KILLS=n: so many in all, 50 at least; SEED=n repeats a run as far as the machine allows.
. "$(dirname "$0")/lib.sh"
seed=${SEED:-$(($(date +%s) % 30000))}
RANDOM=$seed
wanted=${KILLS:-50}
echo "SEED=$seed KILLS=$wanted"
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

# ends_at MOMENT PROGRAM…: the program must come to this moment, and end there.
ends_at() {
  local status=0
  { CAIRN_END_AT=$1 "${@:2}" > "$work/out" 2> "$work/err" || status=$?; } 2> /dev/null
  check "$1 is a moment of: ${*:2}" test "$status" = 137
  check "nothing is said at $1" test ! -s "$work/out"
  echo "${1%:*}" >> "$work/tried"
  kills=$((kills + 1))
}
# node_ends_at MOMENT COMMAND…: the node serves until it comes to this moment; the command meanwhile may not succeed.
node_ends_at() {
  local status=0
  : > "$work/serve.txt"
  CAIRN_END_AT=$1 "$BIN/cairnd" --node "$work/node" --passphrase-file "$work/passphrase" serve --port "$node_port" \
    > "$work/serve.txt" 2>> "$work/serve.err" &
  node_pid=$!
  until_true 30 node_says_something
  "${@:2}" > "$work/out" 2>&1 || status=$?
  [ "$status" = 0 ] || [ "$status" = 3 ] || fail "with a node that ends at $1, it ended with $status: $(cat "$work/out")"
  status=0
  { ended_by_itself "$node_pid" && wait "$node_pid" || status=$?; } 2> /dev/null
  check "$1 is a moment of the node" test "$status" = 137
  echo "${1%:*}" >> "$work/tried"
  kills=$((kills + 1))
  node_start
}
ended_by_itself() {
  for _ in $(seq 200); do
    kill -0 "$1" || return 0
    sleep 0.05
  done
  return 1
}

# ---- a node and a replica in the making ----
passphrase
init=(--node "$work/node" --passphrase-file "$work/passphrase" init --authority "North Lanarkshire Council"
  --ledger nl.example/register --host 127.0.0.1 --port 0)
mkdir "$work/other"
duration init_ms "$BIN/cairnd" --node "$work/other/node" "${init[@]:2}"
for _ in 1 2 3; do
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
# A token works once, and yet a join that was cut off is gone on with.
t=$(token "$sw" "Person 1" practitioner keeper)
for moment in keys-made request-made:2 answer-came before-commit after-commit replica-stored replica-in-place; do
  check "not joined yet" test ! -e "$work/social-work"
  ends_at "$moment" program social-work join "$t"
done
joined=1
for round in 2 3; do
  t=$(token "$sw" "Person $round" practitioner)
  if [ "$round" = 2 ]; then duration join_ms as timed join "$(token "$sw" "How long it takes" practitioner)"; fi
  for _ in 1 2; do
    [ -e "$work/joined-$round" ] ||
      kill_at "$(moment "$join_ms")" "$BIN/cairn" --home "$work/joined-$round" --passphrase-file "$work/passphrase" join "$t"
  done
  [ -e "$work/joined-$round" ] || as "joined-$round" join "$t" > /dev/null
  as "joined-$round" sync > /dev/null
  joined=$((joined + 1))
done
as social-work sync > /dev/null
as health sync > /dev/null
check "each invitation made one person" test "$(as health list person --json | grep -c '"what": *"Person ')" = $joined

# ---- at named moments: a machine ----
: > "$work/recorded"
: > "$work/accepted"
: > "$work/shared"
: > "$work/agencies"
note_accepted() { as "$1" list child --json | tr -d '\n' | sed 's/}/}\n/g' | grep '"state": *"accepted"' | ids >> "$work/accepted" || :; }
shared() { recorded social-work child add --name "$1" + involvement start --child @1 --agency "Aileen Shah's agency" | tee -a "$work/shared"; }
child_count() { as social-work list child --json | grep -c '"entry"' || :; }
ends_at before-commit program social-work child add --name "Nobody"
check "nothing of it is there" test "$(child_count)" = 0
ends_at after-commit program social-work child add --name "Somebody"
check "it is there, though nobody was told" test "$(child_count)" = 1
for moment in request-made answer-came before-commit after-commit; do
  shared "At $moment" > /dev/null
  ends_at "$moment" program social-work sync
  note_accepted social-work
done
as social-work sync > /dev/null

# A document in three parts, up and down; what was carried is not carried again.
head -c 2500000 /dev/urandom > "$work/report.pdf"
child=$(shared "With a report")
recorded social-work document add --title "Report" --type report --child "$child" --file "$work/report.pdf" > /dev/null
for moment in request-made:2 answer-came:2 after-commit; do ends_at "$moment" program social-work sync; done
as social-work sync > /dev/null
for moment in request-made:2 answer-came:3 before-commit:2 after-commit; do ends_at "$moment" program health sync; done
as health sync > /dev/null
expect 0 '' as health document save "Report" "$work/saved.pdf"
check "it is what it was" cmp "$work/report.pdf" "$work/saved.pdf"

# What is erased is out of every file at last.
as social-work family add --child "$child" --relation father --responsibilities yes --name "Zeb Quartermain" > /dev/null
as social-work sync > /dev/null
as health sync > /dev/null
erased=$(as social-work list family.add --json | ids)
check "health has it" test "$(traces health Quartermain)" -gt 0
as social-work entry erase "$erased" --ground unlawful --reason "about somebody else" > /dev/null
as social-work sync > /dev/null
for moment in before-scrub after-scrub; do ends_at "$moment" program health sync; done
as health sync > /dev/null
check "and now nothing of it" has_no_trace health Quartermain

# ---- at named moments: the node ----
for moment in before-commit after-commit before-answer after-answer before-publish:2 commit-kept published:2; do
  shared "With the node at $moment" > /dev/null
  node_stop
  node_ends_at "$moment" as social-work sync
  note_accepted social-work
done
as social-work document add --title "Another" --type report --child "$child" --file "$work/saved.pdf" > /dev/null
node_stop
node_ends_at after-commit:2 as social-work sync
as social-work sync > /dev/null
for moment in before-scrub after-scrub; do
  as social-work family add --child "$child" --relation other --responsibilities no --name "Ned Thornbury" > /dev/null
  as social-work sync > /dev/null
  as social-work entry erase "$(as social-work list family.add --json | ids | tail -n 1)" \
    --ground unlawful --reason "about somebody else" > /dev/null
  node_stop
  node_ends_at "$moment" as social-work sync
done
until_true 10 has_no_trace node Thornbury
for name in $(sed -n 's/.*"\([a-z-]*\)").*/\1/p' "$tests_folder/../core/moment.h"); do
  check "$name was tried" grep -qx "$name" "$work/tried"
done
echo "$kills at named moments"

# ---- at random moments ----
duration write_ms as social-work child add --name "How long it takes"
n=0
write_and_kill() {
  n=$((n + 1))
  kill_at "$(moment "$write_ms")" "$BIN/cairn" --home "$work/social-work" --passphrase-file "$work/passphrase" \
    --json child add --name "Child $n"
  ids < "$work/out" >> "$work/recorded" || :
}
sync_and_kill() {
  recorded social-work child add --name "To be synced $n" >> "$work/recorded"
  kill_at "$(moment "$sync_ms")" "$BIN/cairn" --home "$work/social-work" --passphrase-file "$work/passphrase" sync
  note_accepted social-work
}
serve_and_kill() {
  shared "For the node $n" > /dev/null
  recorded health child add --name "For the node, by health $n" >> "$work/shared"
  [ $((n % 4)) -ne 0 ] || node agency add "Agency $n" --type housing --json | field agency >> "$work/agencies"
  program social-work sync > "$work/out" 2>&1 &
  local one=$! other status
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
}
duration sync_ms as social-work sync
# On a busy machine a command may have ended before it could be killed.
until [ "$kills" -ge "$wanted" ] || [ "$n" -gt $((4 * wanted)) ]; do
  write_and_kill
  sync_and_kill
  serve_and_kill
done
check "so many were killed: $kills" test "$kills" -ge "$wanted"

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
