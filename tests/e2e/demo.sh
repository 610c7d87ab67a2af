#!/usr/bin/env bash
# The demo must do what it says, say so last, and leave nothing behind.
. "$(dirname "$0")/lib.sh"
mkdir "$work/tmp"
expect 0 '' env TMPDIR="$work/tmp" bash cli/demo.sh
[ "$(tail -n 1 "$work/said")" = "demo: ok" ] || fail "the demo's last line is: $(tail -n 1 "$work/said")"
check "the story is the same everywhere" test "$(grep -c ': the same$' "$work/said")" = 3
check "nothing is left in the temporary folder" test -z "$(ls -A "$work/tmp")"
# What the demo started had its folder on the command line.
printf '%s' "$work/tmp" > "$work/pattern"
is_running() { grep -lsaF -f "$work/pattern" /proc/[0-9]*/cmdline 2>/dev/null | grep -q .; }
if is_running; then fail "the demo left a process running"; fi
# It must also clean up when it fails half-way.
mkdir "$work/bin"
ln -s "$BIN/cairnd" "$BIN/cairn-audit" "$work/bin"
printf '#!/bin/sh\ncase "$*" in *"meeting convene"*) exit 3 ;; esac\nexec %s/cairn "$@"\n' "$BIN" > "$work/bin/cairn"
chmod +x "$work/bin/cairn"
expect 1 '^demo: failed$' env TMPDIR="$work/tmp" BIN="$work/bin" bash cli/demo.sh
check "nothing is left after a failure" test -z "$(ls -A "$work/tmp")"
if is_running; then fail "the demo that failed left a process running"; fi
done_with_all
