#!/usr/bin/env bash
# What README.md and the man pages show is what works. Of README.md all fences that begin with ```sh are run, one after
# the other, as somebody would type them: in one shell, in one empty folder, with the programs in the path. Of the man
# pages' EXAMPLES the blocks between .nf and .fi that the comment `.\" runnable` precedes, of each page in the same way.
. "$(dirname "$0")/lib.sh"
root=$PWD
fences() { awk '/^```/ { if (on) { on = 0 } else if ($0 == "```sh") { on = 1; n++; print "echo \"-- fence " n ", line " NR "\"" } ; next } on' "$1"; }
runnable() {
  awk '/^\.SH/ { examples = ($2 == "EXAMPLES") ; on = 0 }
    examples && /^\.\\" runnable/ { marked = 1; next }
    /^\.nf/ { if (marked) on = 1; marked = 0; next }
    /^\.fi/ { on = 0; next }
    on' "$1" | sed 's/\\f[BIRP]//g; s/\\-/-/g; s/\\(aq/'"'"'/g; s/\\(dq/"/g; s/\\&//g; s/\\e/\\/g'
}
# play NAME: runs $work/NAME.sh as typed, and ends what it left in the background.
play() {
  local name=$1 status=0 pid
  mkdir "$work/$name" "$work/$name.home"
  (cd "$work/$name" && env -u BIN HOME="$work/$name.home" PATH="$BIN:$PATH" setsid timeout 120 bash -eu -o pipefail "$work/$name.sh") \
    > "$work/said" 2>&1 < /dev/null || status=$?
  for pid in /proc/[0-9]*; do
    [ "$(readlink "$pid/cwd" 2> /dev/null)" != "$work/$name" ] || kill -KILL "${pid#/proc/}" 2> /dev/null || :
  done
  if [ "$status" -ne 0 ]; then
    tail -n 30 "$work/said"
    fail "the examples of $name ended with $status"
  fi
  checks=$((checks + 1))
}

fences "$root/README.md" > "$work/README.md.sh"
check "README.md has examples" test "$(grep -c . "$work/README.md.sh")" -ge 5
for program in cairn cairnd cairn-audit; do
  check "README.md shows how $program is used" grep -q "^ *\(.*(\)*$program " "$work/README.md.sh"
done
play README.md
# The examples play the main job: at the end the auditor has said that the ledger holds, and who is on the register.
check "the auditor was shown" grep -q 'The ledger holds' "$work/said"
# The one item there is on the machines, and nowhere in clear.
marks=$(grep -oE -- '--(address|postcode) "[^"]*"' "$work/README.md.sh" | cut -d '"' -f 2)
check "the item says where she lives" test "$(wc -l <<< "$marks")" -eq 2
while read -r mark; do check "no file says $mark" env MARK="$mark" bash "$tests_folder/canaries.sh" "$work/README.md"; done <<< "$marks"

for page in "$root"/cli/man/*.1; do
  name=$(basename "$page")
  runnable "$page" > "$work/$name.sh"
  [ ! -s "$work/$name.sh" ] || play "$name"
  # Examples that are only shown name commands that exist.
  while read -r program words; do
    "$BIN/$program" --help > "$work/help"
    grep -q "^  ${words%% *}" "$work/help" || fail "$name shows \"$program $words\", and there is no such command"
    checks=$((checks + 1))
  done < <(sed -n '/^\.SH EXAMPLES/,/^\.SH SEE/p' "$page" | sed 's/\\-/-/g; s/\\f[BIR]//g' |
    grep -Eo '\b(cairn|cairnd|cairn-audit) +([a-z]+)( |$)' | sort -u)
done
done_with_all
