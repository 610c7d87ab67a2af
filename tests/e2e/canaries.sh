#!/usr/bin/env bash
# Restricted information is nowhere in clear but on the screen of whoever opens it: its provider records items of every
# field, lets one go further and takes it back, opens, and opens at night; then all files of all machines, of the node,
# of the published ledger and of an auditor are searched, as they are while the programs run, after the node was killed,
# and after the views were made anew. That the search finds what is there is tried in each kind of place.
. "$(dirname "$0")/lib.sh"
canaries() { bash "$tests_folder/canaries.sh" "$@"; }
mkdir "$work/tmp"
export TMPDIR=$work/tmp
node_init
node_start
join police police "Pete Dunn" practitioner designated-lead officer
join sw social-work "Morag Reid" practitioner chair
join health health "Aileen Shah" practitioner
join school education "Edie Orr" practitioner
join register other "Ken Ross" keeper
machines='police sw health school register'
everybody_syncs() { for who in $machines $machines; do as "$who" sync > /dev/null || fail "$who could not sync"; done; }
everybody_syncs
child=$(recorded sw child add --name "Ava Lennox")
involve sw "$child" "Pete Dunn" "Aileen Shah" "Edie Orr"
meeting=$(recorded sw meeting convene --type initial --on 2026-12-01T10:00:00Z --chair "Morag Reid" --child "$child" \
  --purpose neglect)
secret drawer 'a passphrase for the drawer'
as register escrow key "$work/escrow.key" --file-passphrase-file "$work/drawer" > /dev/null
everybody_syncs
as police agency key > /dev/null
everybody_syncs

# ---- every field that can be restricted ----
echo 'kestrel-what: he was seen at her door' > "$work/typed"
echo 'kestrel-file: a letter from the shelter' > "$work/letter"
expect 0 'ealed' as police restrict --meeting "$meeting" --category at-risk --what-file "$work/typed" \
  --basis "kestrel-basis the plan depends on it" --address "kestrel-address 14 Larch Terrace" --to "Aileen Shah" \
  --postcode "ML1 9KESTREL" --school "kestrel-school" --name "Kestrel-Name Doe" --telephone "kestrel-telephone 01698" \
  --other "kestrel-other" --source "kestrel-source" --attach "$work/letter"
item=$(as police list restricted.add --json | ids)
expect 0 'ealed' as health restrict --meeting "$meeting" --category other --reason "kestrel-reason of health" \
  --what "kestrel-what of health" --basis "kestrel-basis of health" --to "Pete Dunn"
everybody_syncs
own=$(as health list restricted.add --json | ids | grep -vx "$item")

# ---- what people do with it ----
opens() { check "$1 opens ${*:2:2}" test "$(as "$@" | grep -ac kestrel-what)" -gt 0; }
opens health open "$item"
opens police open "$own"
as police permit "$item" --to "Edie Orr" --purpose "the safety plan" > /dev/null
everybody_syncs
permit=$(as school list restricted.permit --json | ids)
opens school open "$permit"
opens police break-glass "$item" --reason "she is missing"
everybody_syncs
opens register escrow open "$item" --key "$work/escrow.key" --file-passphrase-file "$work/drawer" --reason "the sheriff orders it"
as police permit withdraw "$item" --from "Edie Orr" --reason "the family moved" > /dev/null
everybody_syncs
for who in $machines; do
  for words in "list" "list --json" "restricted list" "restricted show $item" "show $item" "timeline $child" "status" "verify"; do
    # shellcheck disable=SC2086
    as "$who" $words > "$work/$who/said-${words%% *}" 2>&1 || :
  done
done
expect 1 'no' as sw open "$item"
expect 1 'R-093' as health permit "$item" --to "Edie Orr" --purpose x

# ---- it is nowhere ----
everything() { canaries "$work"/{node,police,sw,health,school,register,tmp,audit} "$work"/{serve.txt,serve.err,init.txt}; }
until_true 30 is_published
expect 0 "" "$BIN/cairn-audit" init "$work/node/ledger.git" "$work/audit" --key "$verifier_key"
check "it is in no file" everything
node_kill
check "it is in no file" everything
node_start
as police rebuild > /dev/null
as police unrestrict "$item" --reason "he is in prison" > /dev/null
everybody_syncs
node_stop
check "it is in no file" everything

# ---- and would be found ----
# plant WHERE COMMAND…: what the command leaves in the folder is found there, and the file is named.
planted=$work/planted
plant() {
  local where=$1
  shift
  rm -rf "$planted"
  mkdir "$planted"
  (cd "$planted" && "$@")
  expect 1 "planted/$where" canaries "$planted"
}
in_database() { sqlite3 a.db "create table t(a); insert into t values($1);"; }
in_deleted() { sqlite3 a.db "create table t(a); insert into t values('kestrel-x'); pragma secure_delete=off; delete from t;" > /dev/null; }
in_log() {
  sqlite3 b.db "pragma journal_mode=wal; create table t(a); insert into t values('kestrel-x');" ".shell cp b.db-wal a.db-wal" > /dev/null
  rm -f b.db*
}
in_git() {
  git init -q --bare a.git
  echo "a kestrel-x" | git --git-dir=a.git hash-object -w --stdin > /dev/null
}
in_pack() {
  git init -q a
  (cd a && echo "a kestrel-x" > f && git add f && git -c user.name=a -c user.email=a@b commit -qm a && git gc -q && rm f)
}
written() { printf "%b" "$1" > a; }
plant a.db in_database "'kestrel-x'"
plant a.db in_database "x'006b00650073007400720065006c00'"
plant a.db in_deleted
plant a.db-wal in_log
plant a.git in_git
plant a/.git in_pack
plant a written 'node: refused kestrel-x\n'
plant a written 'KESTREL'
plant a written 'k\0e\0s\0t\0r\0e\0l\0-\0'
for before in '' 'x' 'xx'; do plant a written "$(printf '%skestrel-x' "$before" | base64)"; done
plant a written "$(printf 'kestrel-x' | xxd -p)"
plant a bash -c 'for i in $(seq 9); do echo "a kestrel-x kestrel-x"; done | zstd -q > a'
check "nothing else is found" canaries "$tests_folder/e2e/lib.sh"
expect 2 'no file' canaries "$work/there-is-no-such-folder"
rm -rf "$planted"
done_with_all
