#!/usr/bin/env bash
# run.sh FOLDER SECONDS: every libFuzzer target of the folder in turn, for so many seconds each, from its corpus. What it
# finds on the way is kept in FOLDER/corpus, what breaks a target in FOLDER/found; the corpus of the tree stays as it is.
set -uo pipefail
[ $# -eq 2 ] || { echo "usage: run.sh FOLDER SECONDS" >&2; exit 2; }
cd "$(dirname "$0")/../.." || exit 2
folder=$1
broken=0
count=0
for source in tests/fuzz/fuzz_*.c; do
  target=$(basename "$source" .c)
  name=${target#fuzz_}
  seeds=tests/fuzz/corpus/$name
  [ -x "$folder/$target" ] || { echo "$folder/$target was not built"; broken=$((broken + 1)); continue; }
  [ -n "$(ls -A "$seeds" 2> /dev/null)" ] || { echo "$seeds: there is no corpus"; broken=$((broken + 1)); continue; }
  mkdir -p "$folder/corpus/$name" "$folder/found"
  count=$((count + 1))
  if "$folder/$target" -max_total_time="$2" -timeout=10 -rss_limit_mb=2048 -verbosity=0 -print_final_stats=1 \
    -artifact_prefix="$folder/found/$name-" "$folder/corpus/$name" "$seeds" > "$folder/$name.log" 2>&1; then
    printf 'ok     %-20s %s runs\n' "$name" "$(sed -n 's/^stat::number_of_executed_units: *//p' "$folder/$name.log")"
  else
    broken=$((broken + 1))
    printf 'FAILED %-20s\n' "$name"
    tail -n 40 "$folder/$name.log" | sed 's/^/       | /'
  fi
done
echo "$count targets, $broken broken"
[ "$broken" -eq 0 ] && [ "$count" -gt 0 ]
