#!/usr/bin/env bash
# What README.md, the manuals and the man pages show is what works. Of README.md and the manuals all fences that begin
# with ```sh are run, one after the other and one document after the other, as somebody would type them: in one shell, in
# one empty folder, with the programs in the path. Of the man pages' EXAMPLES the blocks between .nf and .fi that the
# comment `.\" runnable` precedes, of each page in the same way. What documents only name is there: commands, links.
. "$(dirname "$0")/lib.sh"
root=$PWD
# In the order in which they are played: the last one loses the node.
documents=(README.md cli/PRACTICE.md audit/AUDITING.md cli/ADMINISTRATION.md)
# Those inside of a list are indented.
fences() {
  awk -v name="$1" '/^ *```/ { if (on) { on = 0 } else if ($1 == "```sh") { on = 1; n++; print "echo \"-- " name ", line " NR "\"" } ; next } on' "$root/$1"
}
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

for name in "${documents[@]}"; do
  fences "$name" > "$work/fences"
  check "$name has examples" test "$(grep -c '^echo "-- ' "$work/fences")" -ge 5
  cat "$work/fences" >> "$work/manuals.sh"
done
for program in cairn cairnd cairn-audit; do
  check "README.md shows how $program is used" grep -q "^ *\(.*(\)*$program " <(fences README.md)
done
echo 'for person in ada morag; do cairn --home $person lock; done' >> "$work/manuals.sh"
play manuals
# The examples play the main job: the auditor has said that the ledger holds, the lost node was made again.
for sentence in 'The ledger holds' 'The ledger is whole' 'goes on under a new name'; do
  check "it is said: $sentence" grep -q "$sentence" "$work/said"
done
# The one item there is on the machines, and nowhere in clear.
marks=$(grep -oE -- '--(address|postcode) "[^"]*"' <(fences cli/PRACTICE.md | sed -n '/ restrict /,/^END/p') | cut -d '"' -f 2)
check "the item says where she lives" test "$(wc -l <<< "$marks")" -eq 2
while read -r mark; do check "no file says $mark" env MARK="$mark" bash "$tests_folder/canaries.sh" "$work/manuals"; done <<< "$marks"

# What a document names in passing: `cairn held list` is a command (but for the one that README's diff makes), and
# ](FILE#heading) is a heading of a file.
for program in cairn cairnd cairn-audit; do "$BIN/$program" --help | sed -n "s/^  \([a-z]\)/$program \1/p" > "$work/$program.help"; done
cat "$work"/cairn*.help > "$work/commands"
headings() { sed -n 's/^##* //p' "$1" | tr 'A-Z ' 'a-z-' | tr -cd 'a-z0-9\n-'; }
for name in "${documents[@]}"; do
  while read -r program one two; do
    grep -Eq "^$program $one( $two)?( |\$)" "$work/commands" || grep -Eq "^$program $one [A-Z[]" "$work/commands" ||
      fail "$name names \"$program $one $two\", and there is no such command"
    checks=$((checks + 1))
  done < <(sed '/leaflet give/d' "$root/$name" | tr '\n' ' ' | grep -oE '`(cairn|cairnd|cairn-audit) [a-z][a-z-]*( [a-z-]+)?' | tr -d '`' | sort -u)
  while IFS='#' read -r file heading; do
    place=$(dirname "$root/$name")/$file
    [ -n "$file" ] || place=$root/$name
    check "$name links to what is there" test -e "$place"
    [ -z "$heading" ] || check "$name links to a heading of $file" grep -qx "$heading" <(headings "$place")
  done < <(grep -oE '\]\([^):]+\)' "$root/$name" | sed 's/^](//; s/)$//' | sort -u)
done

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
