#!/bin/sh
# What a script can check of the house rules: who includes whom, banned calls, SQL that parses, what is tested, manuals
# that render, the auditor's libraries, formatting. Sizes are only reported.
set -u
cd "$(dirname "$0")/.." || exit 2
found=$(mktemp)
trap 'rm -f "$found"' EXIT
failed=0

# report WHAT: what stands in $found is wrong.
report() {
  if [ -s "$found" ]; then
    failed=$((failed + 1))
    echo "lint: $1:"
    sed 's/^/  /' "$found"
  fi
}
# Without one of these a part of what follows would say nothing, and look as if all were well.
for tool in awk readelf sqlite3 groff clang-format shellcheck cppcheck; do
  command -v "$tool" > /dev/null || echo "$tool"
done > "$found"
if [ -s "$found" ]; then
  echo "lint: missing: $(tr '\n' ' ' < "$found"); sh tests/setup.sh lint installs what is needed, or says what to install" >&2
  exit 2
fi
sources() { find "$@" -name '*.[ch]' | sort; }
# The files with comments and strings emptied; line numbers stay.
code_of() {
  awk '{
    line = $0; out = ""
    while (line != "") {
      if (in_comment) {
        i = index(line, "*/")
        if (!i) { line = ""; break }
        in_comment = 0; line = substr(line, i + 2); continue
      }
      c = substr(line, 1, 1); two = substr(line, 1, 2)
      if (two == "/*") { in_comment = 1; line = substr(line, 3); continue }
      if (two == "//") break
      if (c == "\"" || c == "'"'"'") {
        n = 2
        while (n <= length(line) && substr(line, n, 1) != c) n += substr(line, n, 1) == "\\" ? 2 : 1
        out = out c c; line = substr(line, n + 1); continue
      }
      out = out c; line = substr(line, 2)
    }
    print FILENAME ":" FNR ": " out
  }' "$1"
}

# ---- layers: core < sync, audit < cli; the tests may include everything ----
# forbid FOLDER PATTERN: files of the folder must not include what matches.
forbid() { sources "$1" | xargs grep -nE "^ *# *include *\"($2)" >> "$found"; }
: > "$found"
forbid core '(sync|audit|cli|tests)/'
forbid sync '(audit|cli|tests)/'
forbid audit '(sync|cli|tests)/'
forbid cli 'tests/'
report "a lower layer includes a higher one"
sources core sync audit cli tests | xargs grep -nE '^ *# *include *"' |
  grep -vE '"(core|sync|audit|cli|tests)/[a-z0-9_/]+\.h"' > "$found"
report "our own headers are included from the root, with the folder"
# The independent verifier shares nothing with what it judges.
sources audit | grep -E '/verify[a-z_]*\.[ch]$' | xargs grep -nE '^ *# *include' |
  grep -vE '"audit/verify[a-z_]*\.h"|<mbedtls/[a-z0-9_]+\.h>|<(assert|ctype|errno|inttypes|limits|pthread|stdarg|stdbool|stddef|stdint|stdio|stdlib|string|time|search|fcntl|unistd|sys/mman|sys/random)\.h>' > "$found"
report "the verifier includes more than libc, mbedTLS and its own headers"

# ---- third-party headers, each in the files that own them ----
owners='sqlite3 core/db.c
jansson core/json.c
openssl core/hash.c core/key.c core/cert.c core/note.c core/seal.c sync/tls.c
curl sync/client.c
event2 sync/node.c sync/node_parts.h sync/control.c
malloc cli/cairnd.c
git2 audit/publish.c audit/clone.c audit/clone_read.c audit/clone_changed.c audit/clone_parts.h audit/mirror.c audit/credential.c
mbedtls audit/verify[a-z_]*.c
zlib audit/loose.c
zstd sync/zip.c'
echo "$owners" | while read -r library files; do
  pattern=$(echo "$files" | sed 's/\./\\./g; s/ /|/g')
  sources core sync audit cli | xargs grep -nE "^ *# *include *<${library}[./]" | grep -vE "^($pattern):"
done > "$found"
report "a library's header is included by a file that does not own it"
sources core sync audit cli | xargs grep -hoE '^ *# *include *<[a-z0-9_]+[/.]' | sed 's/.*<//; s/[/.]$//' | sort -u |
  grep -vxE "$(echo "$owners" | cut -d ' ' -f 1 | tr '\n' '|')arpa|assert|ctype|dirent|errno|fcntl|fts|ftw|inttypes|libgen|limits|netdb|netinet|poll|pthread|search|signal|stdarg|stdbool|stddef|stdint|stdio|stdlib|string|sys|termios|time|unistd" > "$found"
report "a header of a library that has no owner"

# ---- calls that we do not make ----
: > "$found"
for file in $(sources core sync audit cli); do
  code_of "$file" | grep -E '(^|[^A-Za-z0-9_.>])(strcpy|strcat|stpcpy|sprintf|vsprintf|gets|strtok|strtok_r|atoi|atol|atoll|atof|rand|srand|random|mktemp|tmpnam|system|popen|alloca)[[:space:]]*\('
done >> "$found"
report "banned calls"
for file in $(sources core sync audit cli); do
  case $file in cli/cairn.c | cli/cairnd.c | cli/audit.c) continue ;; esac
  code_of "$file" | grep -E '(^|[^A-Za-z0-9_.>])exit[[:space:]]*\('
done > "$found"
report "exit() outside the programs' main files"
# The word itself must not stand here.
grep -rnE '\b(TO''DO|FIX''ME|X''XX|HA''CK)\b' core sync audit cli tests Makefile README.md --include='*' \
  --exclude-dir=vectors --exclude-dir=corpus > "$found"
report "what is left to be done"
sources core sync audit cli | grep '/[a-z_]*\.h$' | while read -r header; do
  grep -rqF "\"$header\"" core sync audit cli --include='*.[ch]' || echo "$header"
done > "$found"
report "headers that no file of the product includes"

# ---- every attack of the index is tried where it says ----
grep -oE '`[a-z0-9_/]+\.(c|sh): [^`]+`' tests/attacks/README.md | tr -d '`' | while IFS= read -r shown; do
  grep -qF -- "${shown#*: }" "tests/${shown%%: *}" 2> /dev/null || echo "$shown"
done > "$found"
report "attacks of tests/attacks/README.md that no test makes"

# ---- every mistake of tests/mutants.sh can still be made ----
bash tests/mutants.sh --look > "$found" 2>&1
report "mistakes that cannot be made any more, or that no test is to find"

# ---- SQL ----
cat core/schema.sql core/domain/*.sql | sqlite3 -bail :memory: > "$found" 2>&1
report "the schema does not execute in the stock shell"
{ cat core/schema.sql core/domain/*.sql; echo "SELECT name || ' is not STRICT' FROM pragma_table_list WHERE schema = 'main' AND type = 'table' AND strict = 0 AND name NOT LIKE 'sqlite_%';"; } |
  sqlite3 -bail :memory: > "$found" 2>&1
report "tables"

# ---- every kind and every rule has a test that names it ----
for name in $(grep -hoE '\.(name|number) = "[^"]+"' core/domain/*.c | cut -d '"' -f 2); do
  words=$(echo "$name" | tr . ' ')
  grep -rqE "(^|[^A-Za-z0-9])($name|$words)([^A-Za-z0-9]|\$)" tests/unit tests/lib tests/e2e || echo "$name"
done > "$found"
report "kinds and rules that no test names"

# ---- the tests that core/SECURITY.md speaks of ----
{
  tr '\n' ' ' < core/SECURITY.md | grep -ohE '`test_[a-z_]+: [a-z_]+`' | grep -v test_x: | tr -d '`' | sort -u | while IFS=' ' read -r file name; do
    grep -qE "^static void $name\\(" "tests/unit/${file%:}.c" 2> /dev/null || echo "$file $name"
  done
  grep -ohE '`e2e/[a-z-]+`' core/SECURITY.md | tr -d '`' | sort -u | while read -r name; do
    [ -e "tests/$name.sh" ] || [ "$name" = e2e/x ] || echo "$name"
  done
} > "$found"
report "core/SECURITY.md names tests that there are not"

# ---- manuals ----
for page in cli/man/*.1; do groff -man -Tutf8 -ww -z "$page" 2>&1; done > "$found"
report "manuals that do not render"
for program in cairn cairnd cairn-audit; do
  [ -e "cli/man/$program.1" ] || echo "cli/man/$program.1"
done > "$found"
report "manuals that are missing"

# ---- the auditor's program as it was built ----
for folder in release debug; do
  [ -x "build/$folder/cairn-audit" ] || continue
  readelf -d "build/$folder/cairn-audit" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' |
    grep -vE '^(libc|libz|libmbed[a-z0-9]*|libgit2|ld-linux[a-z0-9_-]*)\.so\.' | sed "s|^|build/$folder/cairn-audit needs |"
done > "$found"
report "the auditor's program links more than libc, mbedTLS, libgit2 and its zlib"

# ---- what only tests may do ----
: > "$found"
for program in cairn cairnd cairn-audit; do
  [ -x "build/release/$program" ] && grep -qE "CAIRN_CLOCK_AHEAD_S|CAIRN_SCRYPT_N" "build/release/$program" && echo "$program"
done > "$found"
report "programs as they are installed whose clock can be put ahead, or whose keys can be made cheap"

# ---- form ----
sources core sync audit cli tests | xargs clang-format -n --Werror 2>&1 | grep -E ': (error|warning):' | cut -d : -f 1 | sort |
  uniq -c | sed 's/^ *\([0-9]*\) \(.*\)/\2: \1 places; clang-format -i \2/' > "$found"
report "formatting"
shellcheck -S warning -x -P tests/e2e tests/*.sh tests/*/*.sh cli/demo.sh .ci/run > "$found" 2>&1
report "shellcheck"

# ---- what cppcheck finds; tests/cppcheck.txt says what is not so ----
cppcheck -q -j "$(nproc)" --enable=warning,performance,portability --std=c11 --suppressions-list=tests/cppcheck.txt \
  --suppress=missingIncludeSystem -I. -D_GNU_SOURCE --template='{file}:{line}: {id}: {message}' \
  core sync audit cli > "$found" 2>&1
report "cppcheck"

# ---- sizes, which are only reported ----
sources core sync audit cli | xargs wc -l | grep -v ' total$' | sort -rn | head -n 3 |
  awk '{ printf "lint: %s has %d lines\n", $2, $1 }'
for file in $(sources core sync audit cli | grep '\.c$'); do
  awk -v file="$file" '/^[a-z].*\) \{$/ { name = $0; start = NR }
    /^}$/ && start { if (NR - start > 50) printf "lint: %s: %d lines: %s\n", file, NR - start, name; start = 0 }' "$file"
done
[ "$failed" -eq 0 ] && echo "lint: ok"
[ "$failed" -eq 0 ]
