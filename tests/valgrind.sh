#!/usr/bin/env bash
# The unit tests in the folder $1 under valgrind: what they read that was never written, and what they lose. Without those
# that start programs of their own, or whose many worlds would take hours: the sanitizers of `make test` have them.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 2
left_out='test_agent test_differential test_exchange test_store test_history test_interference test_verify_identity test_rules'
failed=0
for test in "$1"/test_*; do
  name=${test##*/}
  [ -x "$test" ] && [ ! -d "$test" ] || continue
  [[ $test != *.* ]] && [[ " $left_out " != *" $name "* ]] || continue
  said=$(timeout 300 valgrind --quiet --leak-check=full --errors-for-leak-kinds=definite --error-exitcode=99 "$test" 2>&1)
  status=$?
  printf '%-8s %s\n' "$([ "$status" = 0 ] && echo clean || echo FAILED)" "$name"
  [ "$status" = 0 ] || { failed=1; tail -n 40 <<< "$said" | sed 's/^/  | /'; }
done
exit "$failed"
