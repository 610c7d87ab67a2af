#!/usr/bin/env bash
# The diffs that README.md shows, of a kind with a rule and of its test: applied to a copy of the tree they build, and
# the tests pass. Of the stories of rules only those of the area that the diff adds to are told; test_rules tells all.
. "$(dirname "$0")/lib.sh"
root=$PWD
mode=$(basename "$BIN")
tests='test_rules test_directory'
mkdir "$work/tree"
cp -a Makefile README.md core sync audit cli tests "$work/tree/"
mkdir -p "$work/tree/build/$mode/tests"
# What was built already is not built again.
for part in core sync audit cli gen libcairn.a libcli.a libtest.a; do
  [ ! -e "$BIN/$part" ] || cp -a "$BIN/$part" "$work/tree/build/$mode/"
done
for part in lib unit; do [ ! -e "$BIN/tests/$part" ] || cp -a "$BIN/tests/$part" "$work/tree/build/$mode/tests/"; done
cd "$work/tree"
awk '/^```/ { on = ($0 == "```diff"); n += on; next } on { print > ("'"$work"'/diff-" n) }' README.md
check "README.md shows two diffs" test -e "$work/diff-2" -a ! -e "$work/diff-3"
# shellcheck disable=SC2046
build() { make --no-print-directory MODE="$mode" $(printf "build/$mode/%s " "$@"); }
for n in 1 2; do expect 0 '' git apply -C1 "$work/diff-$n"; done
# shellcheck disable=SC2086
expect 0 '' build $tests
expect 0 PASSED "build/$mode/test_rules" meeting
expect 0 PASSED "build/$mode/test_directory"
cd "$root"
rm -rf "$work/tree" # it has the tests themselves, and what they look for
done_with_all
