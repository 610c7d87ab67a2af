#!/usr/bin/env bash
# An exported entry is checked by stock openssl and a POSIX shell alone; after any change it no longer checks.
. "$(dirname "$0")/lib.sh"
node_init
node_start
join social-work social-work "Morag Reid" practitioner chair
join health health "Aileen Shah" practitioner
as social-work sync > /dev/null
chair=$(person social-work "Morag Reid")
child=$(recorded social-work child add --name "Ava 'Lennox' \$(id)" --address 'a `b` \ "c"')
as social-work --json meeting convene --type initial --on 2026-12-01T10:00:00Z --chair "$chair" --child "$child" --purpose "neglect" \
  + view record --child "$child" --meeting @1 --risk "some
more than one line" --plan yes --register unsure \
  + decision record --child "$child" --meeting @1 --risk no --plan no --reasons "no risk" > "$work/act"
second=$(ids < "$work/act" | sed -n 2p)
third=$(ids < "$work/act" | sed -n 3p)
as social-work export "$second" --to "$work/unsent" > /dev/null
as social-work sync > /dev/null
of_node=$(as social-work list person --json | ids | head -n 1)

checks_in() { (cd "$1" && env -i PATH="$PATH" sh check.sh); }
export_entry() { expect 0 'openssl' as social-work export "$2" --to "$work/$1"; }
export_entry single "$child"
export_entry second "$second"
export_entry third "$third"
export_entry by-node "$of_node"
export_entry opening "$(as social-work list log.open --json | ids)"
for x in unsent single second third by-node opening; do
  expect 0 'all of it checks' checks_in "$work/$x"
  check "the script is what was printed, or more" test -s "$work/$x/check.sh"
  check "no other may read it" test "$(stat -c %a "$work/$x")" = 700
done
# What is printed to be typed is what is in the script.
as social-work export "$second" --to "$work/typed" > "$work/printed"
sed -n '/^set -e$/,/^echo /p' "$work/printed" > "$work/commands"
check "the commands are printed" test "$(wc -l < "$work/commands")" -gt 5
expect 0 'all of it checks' sh -c "cd '$work/typed' && rm check.sh && sh '$work/commands'"
check "the content is the content" grep -q 'Ava' "$work/single/content"

# ---- one changed byte, anywhere ----
must_fail() { # folder, what was done to it
  if checks_in "$1" > "$work/said" 2>&1; then fail "$2, and it still checks"; fi
  if grep -q 'all of it checks' "$work/said"; then fail "$2, and it says that it checks"; fi
  checks=$((checks + 1))
}
spoil() { # export, file, offset
  rm -rf "$work/spoilt"
  cp -r "$work/$1" "$work/spoilt"
  flip "$work/spoilt/$2" "$3"
  must_fail "$work/spoilt" "byte $3 of $2 in $1 was changed"
}
for x in single second by-node; do
  for file in header act act.sig content salt; do
    size=$(stat -c %s "$work/$x/$file")
    for ((at = 0; at < size; at += size / 5 + 1)); do spoil "$x" "$file" "$at"; done
    spoil "$x" "$file" $((size - 1))
  done
done
for sibling in "$work"/second/sibling-*; do spoil second "$(basename "$sibling")" 31; done
spoil second author.pem 200
spoil second authority.pem 380 # in its key

# ---- parts of one export in another ----
swap() { # to, from, files…
  local to=$1 from=$2
  shift 2
  rm -rf "$work/spoilt"
  cp -r "$work/$to" "$work/spoilt"
  for file in "$@"; do cp "$work/$from/$file" "$work/spoilt/$file"; done
  must_fail "$work/spoilt" "$* of $from in $to"
}
swap second third header content salt
swap second third sibling-1
swap single second act act.sig
as health child add --name "Of another author" --json > "$work/act"
as health export "$(ids < "$work/act")" --to "$work/foreign" > /dev/null
expect 0 'all of it checks' checks_in "$work/foreign"
swap single foreign author.pem
swap single foreign act act.sig author.pem
# A certificate that somebody made for themselves, and a signature of theirs.
rm -rf "$work/spoilt"
cp -r "$work/single" "$work/spoilt"
(
  cd "$work/spoilt"
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout key -subj /CN=x -out author.pem
  openssl dgst -sha256 -sign key -out act.sig act
) 2> /dev/null
must_fail "$work/spoilt" "author and signature were replaced"
# Longer files.
for file in header act content act.sig; do
  rm -rf "$work/spoilt"
  cp -r "$work/single" "$work/spoilt"
  echo >> "$work/spoilt/$file"
  must_fail "$work/spoilt" "$file was made longer"
done

# ---- an act of which only a part came ----
as social-work --json child add --name "Bea" + child add --name "Cal" + child add --name "Dee" + child add --name "Eva" + child add --name "Finn" \
  > "$work/five"
for n in 2 5; do involve social-work "$(ids < "$work/five" | sed -n ${n}p)" "Aileen Shah"; done
as social-work sync > /dev/null
as health sync > /dev/null
for n in 2 5; do
  export_part() { as health export "$(ids < "$work/five" | sed -n ${n}p)" --to "$work/part-$n"; }
  expect 0 'openssl' export_part
  expect 0 'all of it checks' checks_in "$work/part-$n"
done
expect 1 'there is no entry' as health export "$(ids < "$work/five" | sed -n 3p)" --to "$work/part-3"
involve social-work "$(ids < "$work/five" | sed -n 3p)" "Aileen Shah"
as social-work sync > /dev/null
as health sync > /dev/null
expect 0 'openssl' as health export "$(ids < "$work/five" | sed -n 3p)" --to "$work/part-3"
expect 0 'all of it checks' checks_in "$work/part-3"
spoil part-3 header 30
spoil part-3 act.sig 20

# ---- usage ----
expect_unchanged "$work/single" -- 2 'already' as social-work export "$child" --to "$work/single"
expect 1 '' as social-work export 00000000 --to "$work/none"
check "nothing is made for what is not there" test ! -e "$work/none"
expect 3 '' as social-work export "$child" --to "$work/no/such/folder"
(cd "$work" && as social-work export "$child" > /dev/null)
check "the default folder has the id in its name" test -d "$work/entry-$(printf '%.8s' "$child")"
node_stop
done_with_all
