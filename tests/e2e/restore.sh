#!/usr/bin/env bash
# A node is backed up while it serves, and lost: it is made again from the backup and machines that are ahead of it, from a
# mirror and machines, and from machines alone. Each time the ledger has the root that it had, the auditor finds what they
# remember, what was erased stays erased, and what was recorded meanwhile comes.
. "$(dirname "$0")/lib.sh"
audit() { "$BIN/cairn-audit" "$@"; }
value() { field "$1" < "$work/said"; }
sync_all() { for _ in 1 2; do for r in "$@"; do as "$r" sync > /dev/null; done; done; }
root() { node status --json | field checkpoint-root; }
lose() { rm -rf "$work/node"; }
node_init
node_start
join sw social-work "Morag Reid" practitioner keeper
join nurse health "Ben Ford" practitioner
sync_all sw nurse
child=$(recorded sw child add --name "Ava Lennox")
involve sw "$child" "Ben Ford"
doomed=$(recorded sw family add --child "$child" --name "Somebody Unrelated" --relation family-member --responsibilities no)
sync_all sw nurse

# ---- backup ----
mkdir "$work/backups"
expect 0 '"findings": *0' node backup "$work/backups/one" --json
check "it says the root" test "$(value checkpoint-root)" = "$(root)"
backed=$(root)
check "it has the keys" test "$(value key-files)" = 4
check "nobody else may read it" test "$(stat -c %a "$work/backups/one")" = 600
expect_unchanged "$work/backups" -- 2 'is there already' node backup "$work/backups/one"
expect 3 '' node backup "$work/nowhere/two"
expect 0 'delete it by a date' node backup "$work/backups/told"
rm "$work/backups/told"
expect 0 'cairn-node-' node backup "$work/backups"
mv "$work/node/authority.key" "$work/authority.away"
expect 1 'lacks: *authority.key' node backup "$work/backups/lacking"
mv "$work/authority.away" "$work/node/authority.key"
rm "$work/backups/lacking"
# What backups that were killed have left is in clear: the next one into the folder removes it, and names what may be
# somebody else's.
left=$work/backups/cairn-node-2026-01-01T00-00-00Z.backup.unfinished
for file in "$left" "$left-wal" "$work/backups/three.unfinished" "$work/backups/theirs.unfinished"; do
  cp "$work/backups/one" "$file"
done
expect_unchanged "$work/backups" -- 3 'another backup is being written' flock "$work/backups" \
  "$BIN/cairnd" --node "$work/node" --passphrase-file "$work/passphrase" backup "$work/backups/three"
expect 0 'Removed: 1 copies' node backup "$work/backups/three"
check "what may be another's is named" grep -q "delete them: $work/backups/theirs.unfinished\$" "$work/said"
check "and all else is gone" test "$(find "$work/backups" -name '*unfinished*')" = "$work/backups/theirs.unfinished"
rm "$work/backups/theirs.unfinished" "$work/backups/three"
ln -s "$work/elsewhere" "$work/link"
expect 2 'is there already' node copy-store "$work/link"
check "nothing is written where a link leads" test ! -e "$work/elsewhere"
check "nothing is left beside" test "$(find "$work/backups" -type f | wc -l)" = 2
has_clear_key() { grep -aq 'BEGIN PRIVATE' "$1"; }
check "the keys stay encrypted" test "$(grep -ac 'BEGIN ENCRYPTED PRIVATE' "$work/backups/one")" = 4
if has_clear_key "$work/backups/one"; then fail "a key is in clear"; fi
cp "$work/backups/one" "$work/spoilt"
flip "$work/spoilt" "$(offset_of "$work/spoilt" 'Ava Lennox')" # most bytes of a small database have nothing
expect 2 'is there already' node restore "$work/backups/one"

# ---- what happens after it ----
as sw entry erase "$doomed" --ground unlawful --reason "about somebody else" > /dev/null
note() { recorded "$1" family add --child "$child" --name "$2" --relation family-member --responsibilities no; }
note sw "An Aunt" > /dev/null
head -c 2500000 /dev/urandom > "$work/plan.pdf"
as sw document add --child "$child" --title "The plan" --type chronology --file "$work/plan.pdf" > /dev/null
ours=$(recorded sw child add --name "Known to social work alone")
is_as_it_was() {
  check "$1: the same root" test "$(root)" = "$was"
  check "$1: of the same size" test "$(ledger_size)" = "$size"
  expect 0 'in order' node verify
}
# What machines recorded while the node was away comes.
goes_on() {
  local meanwhile=$2
  sync_all sw nurse
  check "$1: what was recorded meanwhile is accepted" test "$(as nurse show "$meanwhile" --json | field state)" = accepted
  check "$1: what was erased is not in the node" test "$(grep -ac 'Somebody Unrelated' "$work/node/node.db" || :)" = 0
  until_true 10 is_published
}
# Without a copy of the repository the commits are other ones, and the ledger in them is the same.
remembers() {
  rm -rf "$work/again"
  audit init "$work/node/ledger.git" "$work/again" --key "$verifier_key" > /dev/null
  cp "$work/audit/seen" "$work/again/seen"
  expect 0 'publication: *holds' audit verify "$work/again"
  cp "$work/again/seen" "$work/audit/seen"
}
# The state that is to come back.
settle() {
  sync_all sw nurse
  until_true 10 is_published
  was=$(root) size=$(ledger_size)
  rm -rf "$work/mirror.git" "$work/audit"
  cp -a "$work/node/ledger.git" "$work/mirror.git"
  audit init "$work/mirror.git" "$work/audit" --key "$verifier_key" > /dev/null
  expect 0 'publication: *holds' audit verify "$work/audit"
  node_stop
}

# ---- from the backup, and machines that are ahead ----
settle
lose
expect 1 'backup is damaged' node restore "$work/spoilt"
check "nothing is left of it" test ! -e "$work/node" -a ! -e "$work/node.unfinished"
# What is damaged, or no backup, is refused by name.
triggers=$(sqlite3 "$work/backups/one" "SELECT 'DROP TRIGGER ' || name || ';' FROM sqlite_schema WHERE type = 'trigger'")
spoil() { cp "$work/backups/one" "$work/spoilt.$1" && sqlite3 "$work/spoilt.$1" "$triggers $2"; }
spoil content "UPDATE content SET bytes = CAST(replace(CAST(bytes AS TEXT), 'Ava Lennox', 'Ave Lennox') AS BLOB)"
spoil key "UPDATE backup_file SET bytes = CAST(replace(CAST(bytes AS TEXT), 'A', 'B') AS BLOB) WHERE name = 'tls.key'"
head -c 60000 "$work/backups/one" > "$work/spoilt.cut"
chmod 600 "$work"/spoilt.*
expect 1 "not a node's backup" node restore "$work/sw/cairn.db"
expect 1 'backup is damaged: content of entry [0-9]*: .*' node restore "$work/spoilt.content"
check "an older one is advised" grep -q 'older' "$work/said"
expect 1 'not as they were written' node restore "$work/spoilt.key"
expect 1 'backup is damaged' node restore "$work/spoilt.cut"
for other in "$work/passphrase" "$work/plan.pdf" "$work/audit/seen"; do
  expect 1 "not a node's backup" node restore "$other"
done
if grep -q 'join again' "$work/said"; then fail "an administrator is told to join"; fi
expect 2 'No such file' node restore "$work/no-backup"
expect 2 'is a folder: name the backup in it' node restore "$work/backups"
for option in mirror offer host port; do
  expect 2 "--$option is for restoring without a backup" node restore "$work/backups/one" "--$option" x
done
mkdir "$work/few"
expect 2 "authority.key.* in .*/few" node restore --keys "$work/few" --host 127.0.0.1 --mirror "$work/mirror.git"
check "nothing is left of them" test ! -e "$work/node" -a ! -e "$work/node.unfinished"
expect 0 'cairnd .*rebuild' "$BIN/cairnd" --node "$work/node//" --passphrase-file "$work/passphrase" restore "$work/backups/one"
expect 0 'being rebuilt' node status
expect 3 'being rebuilt' node agency add "Too early" --type housing
expect 1 'nobody has shown' node rebuild
expect 2 'No such file' node rebuild --offer "$work/no-offer"
node_start
check "the administrator is told" grep -q 'being rebuilt' "$work/serve.err"
one=$(note nurse "Written while the node was away")
expect 3 'restored from an old copy' as nurse sync
check "nothing is lost" test "$(outbox_size nurse)" = 1
expect 1 'nobody has offered the leaf' node rebuild
expect 1 'was shown' node rebuild --accept-loss
expect 2 'do not go together' node rebuild --status --accept-loss
expect 2 'do not go together' node rebuild --accept-loss --new-log --reason "a slip of the pen"
expect 3 'restored from an old copy' as sw sync
expect 0 '"missing": *0' node rebuild --status --json
expect 1 'nobody who takes part' node rebuild --status --without nobody --reason "a slip of the pen"
expect 2 'needs --reason' node rebuild --without sw
# The mirror stands in the node's own list.
node mirror add "$work/mirror.git" > /dev/null
expect 0 'Heard: 2 of 2' node rebuild
node mirror remove "$work/mirror.git" > /dev/null
check "nothing is said of commits that are made anew" test "$(grep -c P-FORCED "$work/said" || :)" = 0
is_as_it_was "from a backup"
goes_on "from a backup" "$one"
check "what was published goes on" test "$(node status --json | grep -c publishing-failed || :)" = 0
rm -rf "$work/now.git"
cp -a "$work/node/ledger.git" "$work/now.git"
rm -rf "$work/mirror.git"
cp -a "$work/now.git" "$work/mirror.git"
expect 0 'change: *forward' audit fetch "$work/audit"
expect 0 'publication: *holds' audit verify "$work/audit"
expect 1 'is not being rebuilt' node rebuild
ours_number=$(as sw show "$ours" --json | field number)

# ---- from a mirror, and machines; of the node only its keys are left ----
settle
mkdir "$work/keys"
cp "$work/node"/*.key "$work/keys"
lose
from_keys() { node restore --keys "$work/keys" --host 127.0.0.1 --port "$node_port" "$@"; }
expect 2 '--host and one of' node restore --keys "$work/keys" --host 127.0.0.1
expect 3 '' from_keys --mirror "$work/nothing.git"
expect 0 '"missing": *0' from_keys --mirror "$work/mirror.git" --json
node_start
two=$(note nurse "Written while there was no node")
expect 3 'restored from an old copy' as nurse sync
expect 0 '"state": *"being rebuilt"' node status --json
expect 1 'not heard: "sw" of "Morag Reid.s agency"' node rebuild
check "nothing was changed" test "$(ledger_size)" = 0
expect 0 'cairnd rebuild --status lists them' node rebuild --without-the-rest
check "it says how many were heard" grep -q 'Heard: 1 of 2' "$work/said"
check "the same root, whatever is lost" test "$(root)" = "$was"
expect 0 '"from"' node rebuild --status --json
check "what was known to social work alone is lost" test "$(grep -c "\"from\": *$ours_number" "$work/said")" = 1
expect 1 "$ours_number .*lost" node verify
check "and that the node can serve all the same" grep -q 'All that is here is in order' "$work/said"
expect 0 '' as nurse sync
expect 0 '' as sw sync
is_whole_again() { node rebuild --status --json | grep -q '"lost": *0'; }
check "it comes back with the machine that has it" is_whole_again
expect 0 'in order' node verify
goes_on "from a mirror" "$two"
rm -rf "$work/now.git"
cp -a "$work/node/ledger.git" "$work/now.git"
rm -rf "$work/mirror.git"
cp -a "$work/now.git" "$work/mirror.git"
expect 0 'change: *forward' audit fetch "$work/audit"
expect 0 'publication: *holds' audit verify "$work/audit"

# ---- from machines alone ----
settle
lose
rm -rf "$work/mirror.git"
expect 0 'entries' as sw offer "$work/offer"
expect 2 'is there already' as sw offer "$work/offer"
check "nobody else may read it" test "$(stat -c %a "$work/offer")" = 600
expect 0 'entries' as nurse offer "$work/offer-2"
expect 0 'being rebuilt' from_keys --offer "$work/offer" --offer "$work/offer-2"
check "it says where it can be reached" grep -q "port: *$node_port" "$work/said"
node_start
three=$(note nurse "Written while nobody had anything")
expect 3 'restored from an old copy' as nurse sync
expect 0 'P-FORCED' node rebuild # the other machine's file was heard
check "both were heard" grep -q 'Heard: 2 of 2' "$work/said"
is_as_it_was "from machines alone"
goes_on "from machines alone" "$three"
remembers
node_stop

# ---- a machine that was not waited for has more ----
node_start
sync_all sw nurse
node_stop
check "the store is copied" node backup "$work/backups/before" > /dev/null
node_start
note sw "Accepted, and nobody else knows" > /dev/null
as sw sync > /dev/null
as sw sync > /dev/null
node_stop
lose
node restore "$work/backups/before" > /dev/null
node_start
expect 3 'restored from an old copy' as nurse sync
expect 1 'heard: 1 of 2 machines' node rebuild
expect 0 '"machine": *"sw"' node rebuild --status --json
expect 0 'Heard: 1 of 2' node rebuild --without-the-rest
note nurse "Takes the same number" > /dev/null
as nurse sync > /dev/null
expect 1 'keep this machine as it is' as sw sync
expect 0 'Keep this machine as it is' as sw outbox
expect 0 'accepted' as nurse outbox
check "others are told nothing of the kind" test "$(grep -c 'as it is' "$work/said" || :)" = 0
# What cannot be published is told.
until_true 10 is_published
mv "$work/node/ledger.git" "$work/kept.git"
echo nothing > "$work/node/ledger.git"
note nurse "Not published" > /dev/null
as nurse sync > /dev/null
says_unpublished() { node status --json | grep -q publishing-failed; }
until_true 10 says_unpublished
expect 0 'does NOT go on' node status
rm "$work/node/ledger.git"
mv "$work/kept.git" "$work/node/ledger.git"
until_true 10 is_published
check "and no longer when it can" test "$(node status --json | grep -c publishing-failed || :)" = 0
node_stop

# ---- the last resort: nobody has shown more than the backup has ----
lose
expect 0 '' node restore "$work/backups/one" --keys "$work/keys"
expect 0 'being rebuilt' "$BIN/cairnd" --node "$work/node" rebuild --status < /dev/null # without a passphrase
node mirror add "$work/nothing.git" > /dev/null
expect 0 'nothing.git was passed over' node rebuild --accept-loss
node mirror remove "$work/nothing.git" > /dev/null
check "it is whole" grep -q 'state: *whole' "$work/said"
check "the root of the backup" test "$(root)" = "$backed"
expect 0 'number' node agency add "It takes entries again" --type housing

# ---- the last resort: what machines show is another history, and the ledger goes on under a new name ----
node_start
is_kept=$(ledger_size)
four=$(note nurse "Written before the new name")
expect 3 'restored from an old copy' as nurse sync
expect 3 'restored from an old copy' as sw sync
expect 1 'do not give the root' node rebuild
expect 2 'needs --reason' node rebuild --new-log
expect 0 "ledger: *nl.example/register/2" node rebuild --new-log --reason "the node went on from an old backup"
check "it says how much is as it was" grep -q "kept: *$is_kept\$" "$work/said"
expect 0 'in order' node verify
expect 1 'opened anew' as nurse sync
check "a person says so" test "$(outbox_size nurse)" = 1
expect 0 'former-store.*cairn.db.before-' as nurse --json sync --new-log
expect 0 'root: *same' as sw sync --new-log
sync_all sw nurse
check "what was recorded is accepted" test "$(as nurse show "$four" --json | field state)" = accepted
check "what was accepted before is here again" test "$(as sw show "$ours" --json | field state)" = accepted
check "the former store is kept" test "$(find "$work/nurse" -name "cairn.db.before-*" | wc -l)" = 1
expect 0 'in order' as sw verify
expect 0 'in order' node verify
until_true 10 is_published
rm -rf "$work/again"
audit init "$work/node/ledger.git" "$work/again" --key "$verifier_key" > /dev/null
expect 3 'N-ANEW' audit verify "$work/again"
expect 0 'anchoring: *holds' audit verify "$work/again"
# Whoever had seen more than was kept finds that it is not there, and keeps what shows it.
audit init "$work/node/ledger.git" "$work/seen-more" --key "$verifier_key" > /dev/null
cp "$work/audit/seen" "$work/seen-more/seen"
expect 1 'N-ANEW' audit verify "$work/seen-more"
check "it is evidence" test "$(find "$work/seen-more" -name 'evidence-*' | wc -l)" = 1
done_with_all
