#!/usr/bin/env bash
# The auditor's program over real repositories: first visits, later visits, a ledger that went back, two histories signed
# by the same key, damaged objects, forgeries; each with its exit status and its code.
. "$(dirname "$0")/lib.sh"
audit() { "$BIN/cairn-audit" "$@"; }
node_init
fingerprint=$(sed -n 's/^fingerprint of the ledger key: *//p' "$work/init.txt")
node_start
join social-work social-work "Morag Reid" practitioner chair
chair=$(person social-work "Morag Reid")
child=$(recorded social-work child add --name "Ava Lennox")
meeting=$(recorded social-work meeting convene --type initial --on 2026-12-01T10:00:00Z --chair "$chair" --child "$child")
as social-work decision record --meeting "$meeting" --child "$child" --risk yes --plan yes --reasons "neglect" \
  + registration add --name "Ava Lennox" --impact neglect \
  + indicator record --category impact --indicator neglect --evidence "weight loss" > /dev/null
as social-work sync > /dev/null
until_true 10 is_published
ledger=$work/node/ledger.git

# ---- first visits ----
expect 3 "there is no folder \"$work/nowhere.git\"" audit init "$work/nowhere.git" "$work/none"
rm -rf "$work/none"
expect 2 '' audit init "$ledger" "$work/none" --key nonsense
check "nothing is made" test ! -e "$work/none"
expect 2 '' audit init "$ledger" "$work/none" --fingerprint 1234
expect 2 'needs' audit init
expect 0 '' audit init "$ledger" "$work/bare"
expect_unchanged "$ledger" -- 3 'unknown' audit verify "$work/bare"
check "the code says why" grep -q N-NONE "$work/said"
expect 0 'Nobody has brought its key' audit register "$work/bare" # as verify says now
cp -a "$work/bare" "$work/unseen"
sed -i '/^key /,$d' "$work/unseen/seen"
expect 3 'nothing was brought' audit register "$work/unseen" # nor was it visited
expect 3 'nothing was brought' audit was "$child" "$work/unseen" --on 2026-01-01
expect 1 'N-KEY' audit verify "$work/bare" --fingerprint "$(printf '%064d' 1)"
expect 0 'holds' audit verify "$work/bare" --fingerprint "$fingerprint"
expect 0 'holds' audit verify "$work/bare" # it was remembered
expect 0 '' audit init "$ledger" "$work/audit" --key "$verifier_key"
expect_unchanged "$work/audit" -- 2 'there already' audit init "$ledger" "$work/audit" --key "$verifier_key"
git init -q --bare -b main "$work/empty.git"
expect 3 'nothing has been published' audit init "$work/empty.git" "$work/none"
check "a folder that could not be filled is not left" test ! -e "$work/none"
expect_unchanged "$ledger" -- 0 'The ledger holds' audit verify "$work/audit"
expect 0 'holds' audit verify --repository "$ledger" --key "$verifier_key"
expect 3 'unknown' audit verify --repository "$ledger"
expect 2 'not both' audit verify "$work/audit" --repository "$ledger"
expect 3 '' audit verify "$work/nothing"
expect 3 '' audit verify --repository "$work"
expect 1 'N-ORIGIN' audit verify --repository "$ledger" --key "other/ledger+${verifier_key#*+}"
other_key=$(openssl ecparam -name prime256v1 -genkey -noout | openssl ec -pubout -outform DER 2> /dev/null > "$work/other.der" &&
  openssl dgst -sha256 -r "$work/other.der" | cut -c1-8)
other_key="nl.example/register+$other_key+$( (printf '\002'; cat "$work/other.der") | base64 -w 0)"
expect 1 'N-KEY|I-SIGNATURE' audit verify --repository "$ledger" --key "$other_key"

# ---- lists ----
expect 0 'registration.add' audit log "$work/audit"
expect 0 "$child" audit log "$work/audit" --child "$(printf '%.8s' "$child")" --json
check "only what concerns the child" test "$(grep -c '"kind"' "$work/said")" = 5
expect 0 "$child" audit register "$work/audit" --json
expect 0 'none' audit log "$work/audit" --kind entry.erase
expect 2 'no kind "nokind"' audit log "$work/audit" --kind nokind
expect 2 'does not name a child' audit log "$work/audit" --child zz
expect 1 'no child "00000000" stands' audit log "$work/audit" --child 00000000
expect 2 'does not name an entry' audit who zz "$work/audit"
expect 0 'nobody' audit register "$work/audit" --at 2020-01-01T00:00:00Z
expect 2 'one way only' audit register "$work/audit" --at 2026-02-30T00:00:00Z
if grep -rqa 'Lennox' "$work/audit"; then fail "the ledger holds a name"; fi

# ---- later visits ----
expect 0 'Nothing new' audit fetch "$work/audit"
cp -a "$work/node" "$work/node.then"
rm -f "$work/node.then/control.sock"
cp -a "$work/audit" "$work/audit.then"
node agency add "A later agency" --type police > /dev/null
until_true 10 is_published
expect 0 'new entries' audit fetch "$work/audit"
expect 0 'holds' audit verify "$work/audit"
if grep -q 'All was read' "$work/said"; then fail "not only what was new was read: $(cat "$work/said")"; fi
audit verify "$work/audit" --json > "$work/new.json"
audit verify "$work/audit" --full --jobs 1 --json > "$work/full.json"
check "it is said what was not read again" grep -q '"not-read-again"' "$work/new.json"
check "and nothing else is found" cmp -s <(grep -v '"not-read-again"' "$work/new.json") "$work/full.json"
expect 2 'from 1 to 64' audit verify "$work/audit" --jobs 0
expect 2 'from 1 to 64' audit verify "$work/audit" --jobs many
cp "$work/audit/state" "$work/state"
printf 'nonsense' > "$work/audit/state"
expect 0 'All was read, .*damaged' audit verify "$work/audit"
check "it is mended" cmp -s "$work/state" "$work/audit/state"
rm "$work/audit/state"
expect 0 'holds' audit verify "$work/audit"
node_stop
expect 0 'Nothing new' audit fetch "$work/audit" # git needs no node

# From now on the auditor's folder looks at $work/shown, which is whatever the node chooses to show.
mv "$work/node/ledger.git" "$work/now.git"
show_ledger() {
  rm -rf "$work/node/ledger.git"
  cp -a "$1" "$work/node/ledger.git"
}
fresh_memory() {
  rm -rf "$work/again"
  cp -a "$work/audit" "$work/again"
}

# ---- the ledger moves: what was fetched before must be at its new place ----
mv "$work/now.git" "$work/moved.git"
fresh_memory
expect 3 '' audit fetch "$work/again"
expect_unchanged "$work/again/seen" -- 1 'less than was fetched before' audit fetch "$work/again" --url "$work/node.then/ledger.git"
expect_unchanged "$work/again/seen" -- 3 '' audit fetch "$work/again" --url "$work/nothing.git"
expect_unchanged "$work/again/seen" -- 2 '' audit fetch "$work/again" --url "https://me:secret@host.example/ledger.git"
(cd "$work" && expect 0 'fetched from there' audit fetch "$work/again" --url moved.git)
expect 0 'Nothing new' audit fetch "$work/again"
expect 0 'holds' audit verify "$work/again"
mv "$work/moved.git" "$work/now.git"

# ---- the ledger went back ----
show_ledger "$work/node.then/ledger.git"
fresh_memory
expect 1 'NOT' audit fetch "$work/again"
expect_unchanged "$work/again/seen" -- 1 'N-ROLLBACK' audit verify "$work/again"
check "all was read" grep -q 'All was read, .*not the one that was there before' "$work/said"
expect 3 'NOT hold' audit register "$work/again"
expect 3 'NOT hold' audit log "$work/again"
expect 1 'N-ROLLBACK' audit verify "$work/again" # and stays so
expect 1 'N-ROLLBACK' audit verify "$work/again" --key "$verifier_key"
show_ledger "$work/now.git"
expect 0 '' audit init "$work/now.git" "$work/compare" --key "$verifier_key"
audit fetch "$work/again" > "$work/said" 2>&1 || : # what was kept is the history that is back now
expect 0 'holds' audit verify "$work/again"

# ---- two histories by the same key: a node restored from a backup that went on ----
mv "$work/node" "$work/node.now"
mv "$work/node.then" "$work/node"
node_start
for name in One Two Three; do node agency add "Another $name" --type housing > /dev/null; done
until_true 10 is_published
node_stop
mv "$work/node/ledger.git" "$work/fork.git"
mv "$work/node" "$work/node.then"
mv "$work/node.now" "$work/node"
expect 0 'holds' audit verify --repository "$work/fork.git" --key "$verifier_key" # sound in itself
expect 1 'another history than the one' audit fetch "$work/compare" --url "$work/fork.git"
show_ledger "$work/fork.git"
fresh_memory
expect 1 'NOT' audit fetch "$work/again"
expect_unchanged "$work/again/seen" -- 1 'N-FORK' audit verify "$work/again"
expect 3 'NOT hold' audit register "$work/again"
check "both histories are kept" test -n "$(find "$work/again/ledger.git/refs/cairn" -type f; grep -s refs/cairn "$work/again/ledger.git/packed-refs" || :)"

# ---- damaged objects ----
damage() { # repository, file in it: one byte in the middle is another one
  local byte=$'\377' at
  chmod u+w "$1/$2"
  at=$(($(stat -c %s "$1/$2") / 2))
  [ "$(od -An -tx1 -j "$at" -N 1 "$1/$2" | tr -d ' ')" != ff ] || byte=$'\001'
  printf '%s' "$byte" | dd of="$1/$2" bs=1 seek="$at" conv=notrunc status=none
}
objects() { git -C "$1" rev-list --objects main | cut -d ' ' -f 1; }
rm -rf "$work/damaged.git"
git clone -q --bare --no-local "$work/now.git" "$work/loose.git"
git -C "$work/loose.git" config gc.auto 0
for pack in "$work/loose.git"/objects/pack/*.pack; do
  mv "$pack" "$work/moved.pack"
  git -C "$work/loose.git" unpack-objects -q < "$work/moved.pack"
done
rm -f "$work/loose.git"/objects/pack/*
expect 0 'holds' audit verify --repository "$work/loose.git" --key "$verifier_key"
count=0
for object in $(objects "$work/loose.git" | sed -n '1p;2p;3p;5p;8p;11p;$p'); do
  for what in damaged missing; do
    rm -rf "$work/damaged.git"
    cp -a "$work/loose.git" "$work/damaged.git"
    file=objects/${object:0:2}/${object:2}
    case $what in
    damaged) damage "$work/damaged.git" "$file" ;;
    missing) rm -f "$work/damaged.git/$file" ;;
    esac
    expect 1 'I-OBJECT' audit verify --repository "$work/damaged.git" --key "$verifier_key"
    if grep -q '^publication: *holds' "$work/said"; then fail "what could not be read is said to be published"; fi
    count=$((count + 1))
  done
done
check "objects were damaged" test "$count" -ge 12
cp -a "$work/now.git" "$work/packed.git"
git -C "$work/packed.git" repack -q -a -d -f
rm -rf "$work/damaged.git"
cp -a "$work/packed.git" "$work/damaged.git"
damage "$work/damaged.git" "$(cd "$work/damaged.git" && echo objects/pack/*.pack)"
expect 1 'I-OBJECT' audit verify --repository "$work/damaged.git" --key "$verifier_key"
expect 0 'holds' audit verify --repository "$work/packed.git" --key "$verifier_key"

# ---- forgeries that git finds in order ----
forge() { # WHAT CODES COMMAND…: the command changes a working copy; the last commit is replaced by one with the change
  local what=$1 codes=$2
  shift 2
  rm -rf "$work/forged" "$work/forged.git"
  git clone -q "$work/now.git" "$work/forged"
  (cd "$work/forged" && "$@" && git add -A && git -c user.name=x -c user.email=x@example commit -q --amend --no-edit) ||
    fail "the forgery was not made: $what"
  git clone -q --bare "$work/forged" "$work/forged.git"
  expect 1 "$codes" audit verify --repository "$work/forged.git" --key "$verifier_key"
}
newest_leaves() { git show --name-only --format= HEAD | grep leaves/; }
edit() { sed -i "$2" "$(newest_leaves)" && if [ "$1" = changed ]; then ! git diff --quiet; fi; }
forge "a fact" 'I-ROOT|I-ACT' edit changed 's/^fact type police$/fact type health/'
forge "a time" 'I-ROOT|I-TIME' edit changed 's/^admitted 2/admitted 3/'
forge "a leaf is gone" 'I-SIZE|I-LEAF' sh -c ': > "$(git show --name-only --format= HEAD | grep leaves/)"'
# A leaf of an earlier commit: the commit says who did it, and the finding which entry it was.
older() { sed -i 's/^kind person.add$/kind person.had/' "$(grep -rl '^kind person.add$' leaves | sort | head -n 1)"; }
forge "an older leaf" 'P-TREE' older
number=$(git -C "$work/now.git" grep -h -B12 -m1 '^kind person.add$' main -- leaves | sed -n 's/^number //p' | tail -n 1)
check "the entry is named" grep -Eq "P-TREE +$number +commit [0-9]+ changes entry $number, which commit [0-9]+" "$work/said"
forge "one more file" 'P-TREE' sh -c 'echo x > more'
forge "no checkpoint" 'I-LAYOUT' git rm -q checkpoint
forge "a size" 'I-NOTE|I-SIGNATURE|I-SIZE' sh -c 'n=$(sed -n 2p checkpoint); sed -i "2s/.*/$((n + 1))/" checkpoint'
forge "a signature" 'I-NOTE|I-SIGNATURE' sh -c \
  'sed -i "s/^\(— [^ ]* \)\(.\{20\}\)A/\1\2B/;t;s/^\(— [^ ]* \)\(.\{20\}\)./\1\2A/" checkpoint; git diff --quiet && exit 1 || :'
forge "a link in the place of a file" 'I-LAYOUT' sh -c 'f=$(git show --name-only --format= HEAD | grep leaves/); rm "$f"; ln -s ../../../../checkpoint "$f"'

# ---- the memory ----
fresh_memory
echo x >> "$work/again/seen"
expect 3 'damaged' audit verify "$work/again"
rm "$work/again/seen"
expect 3 'without FOLDER it is ./ledger-audit' audit verify "$work/again"
done_with_all
