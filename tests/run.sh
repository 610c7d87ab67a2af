#!/usr/bin/env bash
# All tests: unit tests, fuzz targets over their corpora, and the scripts of tests/e2e, with the programs of $BIN; or only
# those whose names are given (test_text fuzz_note e2e/demo). One line for each test, then what failed ones printed; the
# last line is always `N passed, N failed`. Both have `(N skipped)` behind them where a part could not be tried on this
# machine. A test also fails when it leaves a process or a temporary file behind, or when what is restricted in its data
# is found in a file (tests/canaries.sh).
set -uo pipefail
: "${BIN:?the folder of the programs and tests}"
cd "$(dirname "$0")/.." || exit 2
BIN=$(cd "$BIN" && pwd) || exit 2
export BIN
# A report names four callers of who asked for memory instead of thirty, and what was freed waits in 8 MiB instead of 256
# before it is used again: what is found is nearly the same, and memory is much cheaper.
export ASAN_OPTIONS="malloc_context_size=4:quarantine_size_mb=8:thread_local_quarantine_size_kb=64:${ASAN_OPTIONS:-}"
# One more than there are processors: some tests wait for what is slow on purpose.
jobs_max=$(($(nproc 2>/dev/null || echo 2) + 1))
seconds_max=${SECONDS_MAX:-240}
# Databases that sync to memory instead of to a disk do not wait for it; that writes and syncs which fail lose nothing is
# shown by a file system of the tests' own (tests/lib/faultvfs.c). What a container gives of memory may be small.
if [ -z "${TMPDIR:-}" ] && [ -w /dev/shm ] && [ "$(df -k --output=avail /dev/shm | tail -n 1)" -gt 1048576 ]; then
  export TMPDIR=/dev/shm
fi
export CAIRN_WORLDS=${TMPDIR:-/tmp}
scratch=$(mktemp -d)
passed=0
failed=0
skipped=0
declare -A name_of=() started_at=()
trap 'rm -rf "$scratch"' EXIT
trap 'kill_all; exit 1' INT TERM

kill_all() {
  for pid in "${!name_of[@]}"; do kill_session "$pid"; done
}
# What runs in the session of a test: ids of processes that are not just waiting to be buried.
session() {
  local stat rest
  for stat in /proc/[0-9]*/stat; do
    read -r line 2>/dev/null < "$stat" || continue
    rest=${line##*) }
    # shellcheck disable=SC2086
    set -- $rest
    [ "$4" = "$session_id" ] && [ "$1" != Z ] && echo "${line%% *}"
  done
}
kill_session() {
  session_id=$1
  # shellcheck disable=SC2046
  kill -KILL $(session) 2>/dev/null || :
}

tests=()
collect() { # folder, suffix, prefix of the name
  local found=0 file
  for file in "$1"/$2; do
    file=${file##*/}
    [ -e "$1/$file" ] && [ "$file" != lib.sh ] || continue
    found=1
    tests+=("$3${file%.*}")
  done
  [ "$found" = 1 ] || { echo "FAILED $1: no tests were found"; failed=$((failed + 1)); }
}
collect tests/e2e '*.sh' e2e/
collect tests/unit 'test_*.c' ''
collect tests/attacks 'attack_*.c' ''
collect tests/fuzz 'fuzz_*.c' ''
tests+=(sim-golden sim-1-150 sim-151-300)
# The longest ones first, so that both cores have work until the end.
longest=(test_differential sim-1-150 sim-151-300 test_exchange test_store test_rules test_history e2e/interference e2e/json e2e/scope
  e2e/kill e2e/bad-input e2e/meeting e2e/meeting-argyll-and-bute e2e/meeting-north-lanarkshire e2e/offline test_carry e2e/verify
  e2e/full-disk e2e/bad-line e2e/restore)
for ((i = ${#longest[@]} - 1; i >= 0; i--)); do
  for n in "${!tests[@]}"; do
    [ "${tests[n]}" = "${longest[i]}" ] || continue
    unset "tests[n]"
    tests=("${longest[i]}" "${tests[@]}")
    break
  done
done
if [ $# -gt 0 ]; then
  tests=("$@")
  failed=0
fi

run_one() {
  case $1 in
  e2e/*) exec bash "tests/$1.sh" ;;
  sim-golden) exec "$BIN/sim" --golden ;;
  sim-*) exec "$BIN/sim" --seeds "${1#sim-}" ;;
  esac
  [ -x "$BIN/$1" ] || { echo "$BIN/$1 was not built"; exit 1; }
  case $1 in
  fuzz_*)
    corpus=tests/fuzz/corpus/${1#fuzz_}
    [ -n "$(ls -A "$corpus" 2>/dev/null)" ] || { echo "$corpus: there is no corpus"; exit 1; }
    exec "$BIN/$1" "$corpus"
    ;;
  *) exec "$BIN/$1" ;;
  esac
}
export -f run_one

start() {
  local place=$scratch/${1//\//-}
  mkdir -p "$place/tmp"
  # shellcheck disable=SC2016
  TMPDIR=$place/tmp setsid timeout --kill-after=10 "$seconds_max" bash -c 'run_one "$1"' - "$1" \
    > "$place/said" 2>&1 < /dev/null &
  name_of[$!]=$1
  started_at[$!]=${EPOCHREALTIME/[.,]/}
}

# What a test says that it did not try: what cmocka counts, and lines of the scripts.
count_skipped() {
  awk '/^\[  SKIPPED \] [0-9]+ test/ { n += $4 } /^skipped:/ { n++ } END { print n + 0 }' "$1"
}
also_skipped() { [ "$1" -eq 0 ] || echo " ($1 skipped)"; }

finish_one() {
  local pid status=0 name place ms left unseen
  wait -n -p pid || status=$?
  name=${name_of[$pid]}
  place=$scratch/${name//\//-}
  ms=$(((${EPOCHREALTIME/[.,]/} - started_at[$pid]) / 1000))
  unset "name_of[$pid]"
  session_id=$pid
  left=$(session)
  [ "$status" -ne 124 ] && [ "$status" -ne 137 ] || echo "it took longer than $seconds_max seconds" >> "$place/said"
  if [ -n "$left" ]; then
    status=1
    for p in $left; do echo "left running: $(tr '\0' ' ' < "/proc/$p/cmdline")" >> "$place/said"; done
    kill_session "$pid"
  fi
  left=$(ls -A "$place/tmp")
  if [ -n "$left" ]; then
    status=1
    echo "left behind in the temporary folder: $left" >> "$place/said"
  fi
  # What is left is what it said; the scripts of tests/e2e search their machines' folders themselves (lib.sh).
  bash tests/canaries.sh "$place" >> "$scratch/canaries" || { status=1; cat "$scratch/canaries" >> "$place/said"; }
  : > "$scratch/canaries"
  unseen=$(count_skipped "$place/said")
  skipped=$((skipped + unseen))
  if [ "$status" -eq 0 ]; then
    passed=$((passed + 1))
    printf 'ok     %-24s %3d.%d s%s\n' "$name" $((ms / 1000)) $((ms % 1000 / 100)) "$(also_skipped "$unseen")"
  else
    failed=$((failed + 1))
    printf 'FAILED %-24s %3d.%d s%s\n' "$name" $((ms / 1000)) $((ms % 1000 / 100)) "$(also_skipped "$unseen")"
    tail -n 60 "$place/said" | sed 's/^/       | /'
  fi
  rm -rf "$place"
}

for name in "${tests[@]}"; do
  [ "${#name_of[@]}" -lt "$jobs_max" ] || finish_one
  start "$name"
done
while [ "${#name_of[@]}" -gt 0 ]; do finish_one; done
echo "$passed passed, $failed failed$(also_skipped "$skipped")"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
