#!/usr/bin/env bash
# canaries.sh FOLDER|FILE…: searches all files there for the mark that every restricted value in the tests' data bears,
# in clear and in the forms in which it could get about: base64, hexadecimal, UTF-16, inside git's objects, compressed.
# Exit status 0: it is nowhere; 1: it is in the files that are named; 2: there was nothing to search.
#
# Restricted information is opened in memory and shown on a screen: a file that has it is a leak, but for the one from
# which a test types it, which stands beside the machines' folders and not in them.
set -uo pipefail
export LC_ALL=C
mark=${MARK:-kestrel}
found=$(mktemp)
trap 'rm -f "$found"' EXIT

# The characters that the mark alone decides, for each of the three places where it can begin.
base64_of() { # PADDING FIRST LENGTH
  printf '%s%s' "$1" "$mark" | base64 -w 0 | cut -c "$2-" | cut -c "1-$3"
}
size=${#mark}
forms=$(base64_of '' 1 $((size * 8 / 6)))
forms+="|$(base64_of x 3 $(((size + 1) * 8 / 6 - 2)))"
forms+="|$(base64_of xx 4 $(((size + 2) * 8 / 6 - 3)))"
forms=${forms//+/\\+}
# Of UTF-16 either order has the letters with a zero between them.
wide=$(sed 's/./&\\x00/g; s/\\x00$//' <<< "$mark")
pattern="(?i:$mark|$wide|$(printf '%s' "$mark" | od -An -tx1 | tr -d ' \n'))|$forms"

# Reads all of it: whoever writes into the pipe is not to fail.
has_mark() { [ "$(grep -acP -- "$pattern")" -gt 0 ]; }
is_git() { [ -f "$1/HEAD" ] && [ -d "$1/objects" ]; }
files=()
for place in "$@"; do
  [ -e "$place" ] || continue
  while IFS= read -r -d '' file; do files+=("$file"); done < <(find "$place" -type f -print0)
  while IFS= read -r -d '' folder; do
    is_git "$folder" || continue
    git --git-dir="$folder" cat-file --batch-all-objects --batch | has_mark && echo "$folder (an object)" >> "$found"
  done < <(find "$place" -type d -print0)
done
[ "${#files[@]}" -gt 0 ] || { echo "canaries: there is no file in: $*"; exit 2; }
printf '%s\0' "${files[@]}" | xargs -0 grep -alP -- "$pattern" >> "$found"
# Pages of the exchange are compressed; none should be at rest.
printf '%s\0' "${files[@]}" | xargs -0 grep -alP -- '\A\x28\xb5\x2f\xfd' | while IFS= read -r file; do
  zstd -dcq -- "$file" 2> /dev/null | has_mark && echo "$file (compressed)" >> "$found"
done
[ -s "$found" ] || exit 0
echo "canaries: what is restricted is in clear in:"
sort -u "$found" | sed 's/^/  /'
exit 1
