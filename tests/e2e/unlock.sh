#!/usr/bin/env bash
# cairn unlock keeps the keys for a while: commands need no passphrase, until lock, until the time is over, or until
# anything about the agent's folder is not as it was; and then nothing is recorded without one.
. "$(dirname "$0")/lib.sh"
# An agent ends by itself when the folder is removed, but not one that this script has stopped.
stopped=''
trap 'status=$?; set +e; [ -z "$stopped" ] || kill -KILL "$stopped" 2> /dev/null; (exit "$status"); finish' EXIT
node_init
node_start
join morag social-work "Morag Reid" practitioner chair
secret wrong 'another passphrase'

# Without a terminal, without standard input, without a passphrase option: only an agent can help.
bare() { setsid -w "$BIN/cairn" --home "$work/morag" "$@" <&-; }
agent_of() { sed -n 's/.*"process": *\([0-9]*\).*/\1/p' "$work/said"; }
# Not there, or only waiting to be buried by whoever runs this machine.
is_gone() { ! grep -qs '^State:[^Z]*$' "/proc/$1/status"; }
unlock() {
  expect 0 '"unlocked-until"' as morag unlock --json "$@"
  check "unlock prints JSON" is_json "$work/said"
  agent=$(agent_of)
  agents="${agents:-} $agent"
}
can_write() { expect 0 '"state": *"unsent"' bare child add --name "$1" --json; }
cannot_write() {
  local before
  before=$(outbox_size morag)
  expect 2 'no terminal to ask for the passphrase' bare child add --name "$1"
  check "nothing is recorded" test "$(outbox_size morag)" = "$before"
  if as morag list child | grep -q "$1"; then fail "recorded all the same: $1"; fi
}
is_unlocked() { [ -S "$work/morag/agent.sock" ]; }

# ---- before ----
cannot_write "Too Early"
expect 0 '"was-unlocked": *false' bare lock --json
check "lock prints JSON" is_json "$work/said"
expect 0 'nothing to lock' bare lock
expect 2 'terminal' bare unlock
expect 1 'does not open the key' "$BIN/cairn" --home "$work/morag" --passphrase-file "$work/wrong" unlock
expect 3 'no replica' "$BIN/cairn" --home "$work/nobody" --passphrase-file "$work/passphrase" unlock
expect 3 'no replica' "$BIN/cairn" --home "$work/nobody" lock
for bad in 0 0s 8 8H '8 h' -1h 1.5h 25h 1441m 86401s 1d h '' 08h 1h30m 18446744073709551617s; do
  expect 2 'at most 24h' as morag unlock --for="$bad"
done
if is_unlocked; then fail "an unlock that failed left a socket"; fi

# ---- unlocked ----
# It returns although its standard output and another descriptor are pipes that are read to their end.
exec 7>&1
timeout 20 "$BIN/cairn" --home "$work/morag" --passphrase-file "$work/passphrase" unlock --json 7>&1 | cat > "$work/said" ||
  fail "unlock keeps its caller's pipe open"
exec 7>&-
check "it says who keeps the keys" test -n "$(agent_of)"
agent=$(agent_of)
agents=$agent
check "eight hours is what it takes by itself" grep -q '"seconds": *28800' "$work/said"
check "the socket is closed to others" test "$(stat -c %a "$work/morag/agent.sock")" = 600
can_write "First Child"
expect 0 '"accepted": *1' bare sync --json
expect 0 'Recorded here' bare child add --name "Second Child" + child add --name "Third Child"
# A passphrase that is named comes first, and a wrong one is not made good by the agent.
expect 1 'does not open the key' "$BIN/cairn" --home "$work/morag" --passphrase-file "$work/wrong" child add --name Nobody
exec 8< "$work/wrong"
expect 1 'does not open the key' "$BIN/cairn" --home "$work/morag" --passphrase-fd 8 child add --name Nobody
exec 8<&-

# ---- the process ----
check "it has a session of its own" test "$(ps -o sid= -p "$agent" | tr -d ' ')" != "$(ps -o sid= -p $$ | tr -d ' ')"
check "it has no terminal" test "$(ps -o tty= -p "$agent" | tr -d ' ')" = '?'
check "it leaves no core" grep -q '^Max core file size  *0  *0 ' "/proc/$agent/limits"
check "it writes for nobody else" grep -q '^Umask:.*0077$' "/proc/$agent/status"
if [ "$(id -u)" -eq 0 ]; then
  check "it stands in no folder of ours" test "$(readlink "/proc/$agent/cwd")" = /
  for fd in 0 1 2; do check "descriptor $fd is closed" test "$(readlink "/proc/$agent/fd/$fd")" = /dev/null; done
  check "it holds nothing else of ours" test -z "$(readlink "/proc/$agent/fd/"* | grep -v -e /dev/null -e 'socket:' \
    -e 'anon_inode:\[signalfd\]' -e "^$work/morag\$" || :)"
else # others of the same user cannot even look
  check "a process of ours can be looked into" readlink "/proc/$$/cwd" > /dev/null
  expect 1 '' readlink "/proc/$agent/cwd"
fi
# Another user who gets past the folder's mode is refused by the agent and by the command alike.
stranger=(setpriv --reuid=65534 --clear-groups --inh-caps=+dac_override --ambient-caps=+dac_override)
if [ "$(id -u)" -eq 0 ] && "${stranger[@]}" true 2> /dev/null; then
  expect 2 'no terminal' \
    "${stranger[@]}" setsid -w "$BIN/cairn" --home "$work/morag" child add --name "A Stranger" < /dev/null
  expect 0 'nothing to lock' "${stranger[@]}" "$BIN/cairn" --home "$work/morag" lock
  can_write "After The Stranger"
else
  echo "skipped: another user with access to the folder can be tried only as root"
fi

# ---- lock ----
expect 0 '"was-unlocked": *true' bare lock --json
check "lock prints JSON" is_json "$work/said"
until_true 5 is_gone "$agent"
if is_unlocked; then fail "lock left the socket"; fi
cannot_write "After The Lock"
expect 0 'nothing to lock' bare lock

# ---- the time ----
unlock --for 1s
until_true 10 is_gone "$agent"
if is_unlocked; then fail "the socket outlived the agent"; fi
cannot_write "After The Time"
# Another unlock counts from now, and only one agent is left.
unlock --for 2s
first=$agent
unlock --for 30m
until_true 5 is_gone "$first"
can_write "After The First Time"
# A wrong passphrase does not end what is unlocked.
expect 1 'does not open the key' "$BIN/cairn" --home "$work/morag" --passphrase-file "$work/wrong" unlock
can_write "After A Slip"

# ---- signals; what was killed leaves a socket that means nothing ----
for signal in TERM INT HUP; do
  unlock
  kill -"$signal" "$agent"
  until_true 5 is_gone "$agent"
  if is_unlocked; then fail "SIG$signal left the socket"; fi
done
unlock
kill -KILL "$agent"
until_true 5 is_gone "$agent"
check "the socket of one that was killed stays" is_unlocked
cannot_write "After The Kill"
expect 0 'nothing to lock' bare lock
unlock
can_write "On A Stale Socket"

# ---- one that hangs: a second, then as if there were none; and lock still ends it ----
kill -STOP "$agent"
stopped=$agent
start=$SECONDS
cannot_write "While It Hangs"
check "nobody waits for long" test $((SECONDS - start)) -le 5
expect 0 '"was-unlocked": *true' bare lock --json
until_true 5 is_gone "$agent"
stopped=''
unlock
hanging=$agent
kill -STOP "$hanging"
stopped=$hanging
unlock
until_true 5 is_gone "$hanging"
stopped=''
can_write "After The Hanging One"

# ---- what it keeps is what stands in the folder ----
mv "$work/morag" "$work/moved"
mv "$work/moved" "$work/morag"
can_write "After A Move"
cp -p "$work/morag/person.key" "$work/kept"
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -aes-256-cbc -pass pass:x 2> /dev/null > "$work/other"
chmod 600 "$work/other"
mv "$work/other" "$work/morag/person.key"
expect 2 'no terminal' bare child add --name "With Another Key"
until_true 5 is_gone "$agent"
mv "$work/kept" "$work/morag/person.key"
cannot_write "With The Old One Back"
unlock
rm "$work/morag/agent.sock"
until_true 5 is_gone "$agent"
unlock
mv "$work/morag/replica.key" "$work/kept"
until_true 5 is_gone "$agent"
mv "$work/kept" "$work/morag/replica.key"
cannot_write "Without A Socket"
echo text > "$work/morag/agent.sock"
expect_unchanged "$work/morag/agent.sock" -- 3 'something else called' as morag unlock
rm "$work/morag/agent.sock"

# ---- a path longer than an address; a closed standard output; memory that must not be locked ----
long=$work/$(printf 'l%.0s' {1..150})
mv "$work/morag" "$long"
ln -s "$long" "$work/morag"
unlock
can_write "A Long Way Down"
bare lock > /dev/null
(as morag unlock <&- >&- 2>&-) || :
check "it starts without standard descriptors" is_unlocked
can_write "From The Dark"
expect 0 'wiped' bare lock
if grep -q __asan_init "$BIN/cairn"; then
  echo "not tried in this build: a sanitizer locks no memory"
elif ! setpriv --bounding-set=-ipc_lock true 2> /dev/null && [ "$(id -u)" -eq 0 ]; then
  echo "skipped: the right to lock memory cannot be given up"
else
  limited=(env)
  if [ "$(id -u)" -eq 0 ]; then limited=(setpriv --bounding-set=-ipc_lock); fi
  poor() { (ulimit -l 0 && "${limited[@]}" "$BIN/cairn" --home "$work/morag" --passphrase-file "$work/passphrase" "$@"); }
  expect 0 'Warning: .*swap' poor unlock
  can_write "In Swap"
  expect 0 '"locked-in-memory": *false' poor unlock --json
  expect 0 '"locked-in-memory": *true' as morag unlock --json
fi

# ---- the folder goes, the agent goes ----
unlock
rm -rf "$long"
until_true 5 is_gone "$agent"
for a in $agents; do check "agent $a is gone" is_gone "$a"; done
node_stop
done_with_all
