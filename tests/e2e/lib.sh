# What the scripts of this folder share; they begin with: . "$(dirname "$0")/lib.sh"
# Each works in a temporary folder of its own, with real programs over loopback on a free port; whatever happens, it ends
# with the folder removed and nothing left running. A script is done when its last line is `done_with_all`.
# shellcheck shell=bash
set -Eeuo pipefail
# The line of the script, also for what failed in a function here.
at_line() { echo "line ${BASH_LINENO[${#BASH_LINENO[@]} - 2]}"; }
trap 'echo "$(at_line): failed: $BASH_COMMAND" >&2' ERR
: "${BIN:?the folder of the programs}"
BIN=$(cd "$BIN" && pwd)
tests_folder=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# What a sanitizer finds must not look like one of the programs' own exit statuses. Looking at the end for what was not
# freed takes a third of a command's time: it is done by nodes, by the scripts that try every command and every way to
# fail (they say leaks=yes before they begin), and by all unit tests.
export ASAN_OPTIONS="exitcode=99:${ASAN_OPTIONS:-}:detect_leaks=0"
[ "${leaks:-}" != yes ] || export ASAN_OPTIONS="$ASAN_OPTIONS:detect_leaks=1"
export UBSAN_OPTIONS="exitcode=99:print_stacktrace=1:${UBSAN_OPTIONS:-}"
export LSAN_OPTIONS="exitcode=99:${LSAN_OPTIONS:-}" TZ=UTC LC_ALL=C
# Test builds take this for the derivation of keys from passphrases; tests/unit/test_key.c looks at the real one.
export CAIRN_SCRYPT_N=16
unset CAIRN_HOME MAKEFLAGS MFLAGS MAKELEVEL

work=$(mktemp -d)
node_pid=''
node_port=''
mounted=''
holder=''
hold_fd=''
is_done=''
checks=0

finish() {
  status=$?
  trap - EXIT INT TERM
  # The shell's own words about who was killed are of no use.
  exec 2> /dev/null
  # shellcheck disable=SC2046
  kill -CONT $(jobs -p) || :
  # shellcheck disable=SC2046
  kill -KILL $(jobs -p) || :
  wait || :
  for folder in $mounted; do umount -l "$folder" 2>/dev/null || :; done
  if [ "$status" -eq 0 ] && [ -z "$is_done" ]; then
    echo "the script ended early"
    status=1
  fi
  if [ "$status" -ne 0 ] && [ -s "$work/serve.err" ]; then
    echo "-- what the node said on standard error:"
    tail -n 20 "$work/serve.err"
  fi
  # The machines' folders and what the node says; the script's own files stand beside them.
  if [ "$status" -eq 0 ]; then bash "$tests_folder/canaries.sh" "$work"/*/ "$work"/serve.* || [ $? -eq 2 ] || status=1; fi
  rm -rf "$work"
  exit "$status"
}
trap finish EXIT
trap 'exit 1' INT TERM

done_with_all() {
  [ "$checks" -gt 0 ] || fail "nothing was checked"
  is_done=yes
  echo "$(basename "$0" .sh): $checks checks"
}

fail() {
  echo "$(at_line): $*" >&2
  exit 1
}

# check WHAT COMMAND…: the command must succeed.
check() {
  local what=$1
  shift
  "$@" || fail "$what: $*"
  checks=$((checks + 1))
}

# expect STATUS PATTERN COMMAND…: runs the command; its exit status and what it prints (extended regular expression, both
# outputs together) must be as expected. What it printed stays in $work/said.
expect() {
  local wanted=$1 pattern=$2 got=0
  shift 2
  "$@" > "$work/said" 2>&1 || got=$?
  if [ "$got" -ne "$wanted" ] || { [ -n "$pattern" ] && ! grep -Eq -- "$pattern" "$work/said"; }; then
    echo "-- said:"
    head -c 3000 "$work/said"
    fail "exit status $got instead of $wanted, or without \"$pattern\": $*"
  fi
  checks=$((checks + 1))
}

# The same, and the files and folders named first (up to --) must be as they were, byte for byte.
expect_unchanged() {
  local kept=() before after
  while [ "$1" != -- ]; do
    kept+=("$1")
    shift
  done
  shift
  before=$(digest "${kept[@]}")
  expect "$@"
  after=$(digest "${kept[@]}")
  [ "$before" = "$after" ] || fail "something was changed by: ${*:3}"
}

digest() {
  # The write-ahead log is there only while a program has the database open, or was killed.
  find "$@" -type f ! -name '*-shm' -exec sha256sum {} + 2>/dev/null | sort | sha256sum
}

# until_true SECONDS COMMAND…: asks again and again, fails after so many seconds.
until_true() {
  local deadline=$((SECONDS + $1 + 1))
  shift
  until "$@"; do
    [ "$SECONDS" -lt "$deadline" ] || fail "this did not come true in time: $*"
    sleep 0.05
  done
}

# flip FILE OFFSET: one bit of the byte there falls over, so that it is another one in any case.
flip() {
  local byte
  byte=$(od -An -tu1 -j "$2" -N 1 "$1" | tr -d ' ')
  # shellcheck disable=SC2059
  printf "\\$(printf '%03o' $((byte ^ 1)))" | dd of="$1" bs=1 seek="$2" conv=notrunc status=none
}
# Where a file has these words first.
offset_of() { grep -abo -- "$2" "$1" | sed -n '1s/:.*//p'; }

# ---- JSON as the programs print it ----

field() { grep -o "\"$1\": *\"\{0,1\}[^\",}]*" | sed -n '1s/^"[^"]*": *"\{0,1\}//p'; }
ids() { grep -o '"entry": *"[0-9a-f]*"' | cut -d '"' -f 4; }
is_json() { [ "$(sqlite3 :memory: "select json_valid(cast(readfile('$1') as text))")" = 1 ]; }

# ---- the node ----

# secret FILE WORDS: a file that nobody else may read, as passphrases are kept.
secret() { (umask 077 && echo "$2" > "$work/$1"); }
passphrase() { secret passphrase 'a passphrase for the tests'; }
node() { "$BIN/cairnd" --node "$work/node" --passphrase-file "$work/passphrase" "$@"; }
# The program itself and no shell around it, so that $! is the one to signal.
node_start() {
  : > "$work/serve.txt"
  ASAN_OPTIONS=$ASAN_OPTIONS:detect_leaks=1 "$BIN/cairnd" --node "$work/node" --passphrase-file "$work/passphrase" serve --port "${node_port:-0}" \
    > "$work/serve.txt" 2>> "$work/serve.err" &
  node_pid=$!
  until_true 30 node_says_something
  grep -q listening "$work/serve.txt" || fail "the node did not start: $(cat "$work/serve.err")"
  # Replicas know the node by the port of their token: the next start takes the same one.
  node_port=$(sed -n 's/.*:\([0-9]*\)$/\1/p' "$work/serve.txt")
}
node_says_something() { [ -s "$work/serve.txt" ] || ! kill -0 "$node_pid" 2>/dev/null; }
node_stop() {
  local status=0
  kill -TERM "$node_pid"
  wait "$node_pid" || status=$?
  node_pid=''
  [ "$status" -eq 0 ] || fail "the node ended with $status on SIGTERM: $(tail -n 30 "$work/serve.err")"
}
node_kill() {
  {
    kill -KILL "$node_pid" || :
    wait "$node_pid" || :
  } 2> /dev/null
  node_pid=''
}
node_init() {
  passphrase
  node init --authority "North Lanarkshire Council" --ledger nl.example/register --host 127.0.0.1 --port 0 > "$work/init.txt"
  verifier_key=$(sed -n 's/^verifier key: *//p' "$work/init.txt")
  [ -n "$verifier_key" ] || fail "init printed no verifier key"
}
ledger_size() { node status --json | field entries; }
published_size() { git -C "$work/node/ledger.git" show main:checkpoint 2>/dev/null | sed -n 2p; }
is_published() { [ "$(published_size)" = "$(ledger_size)" ]; }

# ---- agencies ----

as() {
  local replica=$1
  shift
  "$BIN/cairn" --home "$work/$replica" --passphrase-file "$work/passphrase" "$@"
}
# agency TYPE NAME: prints its id.
agency() { node agency add "$2" --type "$1" --json | field agency; }
# token AGENCY PERSON ROLE…: prints an invitation's token.
token() {
  local id=$1 person=$2 roles=()
  shift 2
  for role in "$@"; do roles+=(--role "$role"); done
  node invite "$id" --person "$person" "${roles[@]}" --json | field token
}
# join REPLICA TYPE PERSON ROLE…: a new agency of this type with one machine.
join() {
  local replica=$1 type=$2 person=$3 id
  shift 3
  id=$(agency "$type" "$person's agency")
  as "$replica" join "$(token "$id" "$person" "$@")" --machine "$replica" > /dev/null
  as "$replica" sync > /dev/null
}
# involve BY CHILD PERSON…: social work lets the agencies of these people (see join) receive the child's record.
involve() {
  local by=$1 child=$2 who
  shift 2
  for who in "$@"; do as "$by" involvement start --child "$child" --agency "$who's agency" > /dev/null; done
}
# traces REPLICA WORDS: in how many places its files have them: the database, what SQLite keeps beside it, all else.
traces() { cat "$work/$1"/* 2> /dev/null | grep -acF -- "$2" || :; }
has_no_trace() { [ "$(traces "$1" "$2")" -eq 0 ]; }
# The id of the first entry that a recording command printed.
recorded() { as "$1" --json "${@:2}" | field entry; }
person() { as "$1" list person --json | grep -F "\"what\": \"$2\"" | ids; }
outbox_size() { as "$1" outbox --json | grep -c '"act"' || :; }
has_entry() { as "$1" list --json | ids | grep -qx "$2"; }

# ---- another program that holds a database, until release_store ----

hold_store() { # database
  rm -f "$work/hold" "$work/held"
  mkfifo "$work/hold"
  exec {hold_fd}<> "$work/hold"
  sqlite3 -bail "$1" < "$work/hold" > "$work/held" 2>&1 &
  holder=$!
  echo "pragma locking_mode=exclusive; begin immediate; select 'held';" >&"$hold_fd"
  until_true 10 grep -qs held "$work/held"
}
release_store() {
  {
    kill "$holder"
    wait "$holder" || :
  } 2> /dev/null
  exec {hold_fd}>&-
}
