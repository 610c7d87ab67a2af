#!/usr/bin/env bash
# The unit tests in the folder $1 under valgrind, as many at a time as there are processors: what is read that was never
# written, which the sanitizers of `make test` do not see, and what is lost. With names behind it, only these.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 2
seconds_max=900 # of a processor, so that a machine with other work makes nothing fail
[ ! -w /dev/shm ] || export TMPDIR="${TMPDIR:-/dev/shm}" # as in tests/run.sh: nothing here waits for a disk
export CAIRN_WORLDS=${TMPDIR:-/tmp}

# Left out, and what valgrind sees of the same code all the same.
left_out='
test_agent            processes of its own that wait for each other; the rest of core/ and cli/ by test_key, test_cmd
test_differential     thousands of ledgers for the verifier; one of each kind by test_verify and its fellows
test_verify_identity  the same
test_rules            each rule in worlds of its own; the door and the views by test_accept, test_register, test_second
test_history          histories at random; the store by test_change, test_feed
test_interference     the same, of what somebody does to a store
test_exchange         each byte of an answer spoilt; the exchange by test_carry, test_restricted, test_join
test_store            the n-th write fails, for each n; the store by test_accept, test_change
test_power            the power fails at each write; the same
test_recover          a node lost in many ways; the same code by test_new_log
test_witness          whatever a hostile node can sign; the same checks by test_cosign, test_join, test_renewal'

# The longest first, so that none of them is alone at the end.
longest='test_carry test_restricted test_bundle test_handover test_cert test_clone test_key'

try() {
  local said status name=${1##*/}
  SECONDS=0
  said=$(ulimit -t "$seconds_max"; exec valgrind --quiet --leak-check=full --errors-for-leak-kinds=definite --error-exitcode=99 "$1" 2>&1)
  status=$?
  [ "$status" != 0 ] || { echo "clean    $name ($SECONDS s)"; return 0; }
  echo "FAILED   $name ($SECONDS s$([ "$status" -lt 128 ] || echo ', too long'))"
  tail -n 40 <<< "$said" | sed 's/^/  | /'
  return 1
}
if [ "${1:-}" = --one ]; then
  try "$2"
  exit
fi

collect() { # folder
  local test name
  for name in $longest; do echo "$1/$name"; done
  for test in "$1"/test_*; do
    name=${test##*/}
    if [ ! -x "$test" ] || [ -d "$test" ] || [[ $name == *.* || " $longest " == *" $name "* ]]; then continue; fi
    grep -q "^$name " <<< "$left_out" || echo "$test"
  done
}
folder=${1:?the folder of the tests}
shift
if [ $# -gt 0 ]; then printf "$folder/%s\n" "$@"; else collect "$folder"; fi |
  xargs -P "$(nproc 2>/dev/null || echo 2)" -I{} bash tests/valgrind.sh --one {}
status=$?
[ $# -gt 0 ] || sed '1d;s/^/left out /' <<< "$left_out"
[ "$status" = 0 ]
