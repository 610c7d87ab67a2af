#!/usr/bin/env bash
# Makes the files of this folder anew, with the programs of $BIN and the unit test of the same build: README.md says what
# each is. One command: make MODE=debug all build/debug/test_formats && BIN=build/debug bash tests/formats/make.sh
# Keys, salts and signatures of what the programs write are drawn anew each time; the messages are the same each time.
. "$(dirname "$0")/../e2e/lib.sh"
here=$(cd "$(dirname "$0")" && pwd)
made=$work/made
mkdir "$made"
node_init
node_start
join morag social-work "Morag Reid" officer practitioner chair keeper
join pete police "Pete Hill" officer practitioner
as morag sync > /dev/null
as pete sync > /dev/null

# ---- what is in the record: a child on the register, something sealed, something erased ----
child=$(recorded morag child add --name "Ava Lennox" --born 2017-05-02)
as morag involvement start --child "$child" --agency "Pete Hill's agency" > /dev/null
as morag meeting convene --type initial --on 2026-12-01T10:00:00Z --chair "Morag Reid" --child "$child" --purpose neglect > /dev/null
meeting=$(as morag list meeting.convene --json | ids)
as morag decision record --child "$child" --meeting "$meeting" --risk yes --plan yes --reasons neglect \
  + registration add --impact neglect \
  + indicator record --category impact --indicator neglect --evidence "weight loss since the summer" > /dev/null
as morag restrict --meeting "$meeting" --category private --basis "she asked" --what "what nobody else may read" --nobody-else > /dev/null
echo "a letter" > "$work/letter.txt"
as morag document add --title "A letter" --type letter --child "$child" --file "$work/letter.txt" > /dev/null
report=$(recorded morag report record --child "$child" --meeting "$meeting" --type report --title "Report" --text "all is well")
as morag report approve "$report" > /dev/null
as morag sync > /dev/null
as morag report copy "$report" --copy family --file "$made/copy.txt" > /dev/null
as pete sync > /dev/null
until_true 10 is_published

# ---- what people hand on ----
"$BIN/cairn-audit" init "$work/node/ledger.git" "$work/audit" --key "$verifier_key" > /dev/null
"$BIN/cairn-audit" verify "$work/audit" > /dev/null
"$BIN/cairn-audit" prove "$child" "$work/audit" --out "$made/proof.txt" > /dev/null
as morag head "$made/head.txt" > /dev/null
as morag disclose "$child" --out "$made/disclosed.txt" > /dev/null
as morag checkpoint --to "$made/checkpoint.txt" > /dev/null
as pete child add --name "Ben Muir" > /dev/null
as pete bundle "$made/request.bundle" > /dev/null
git -C "$work/node/ledger.git" bundle create -q "$made/ledger.bundle" main
(cd "$work/audit" && find . -path ./ledger.git -prune -o -type f -print0 | sort -z | tar -c --null -T - --mtime=@0 --owner=0 --group=0) |
  gzip -9n > "$made/auditor.tar.gz"
node_stop

# ---- the databases, with their keys ----
keep() { # folder name files…
  local folder=$1 name=$2
  shift 2
  (cd "$work/$folder" && tar -c --mtime=@0 --owner=0 --group=0 "$@") | gzip -9n > "$made/$name.tar.gz"
}
keep node node node.db authority.key ledger.key operating.key tls.key
keep pete replica cairn.db person.key seal.key replica.key
cp -a "$work/node" "$work/then"
node take "$made/request.bundle" --answer "$made/answer.bundle" > /dev/null

# ---- two histories ----
node_start
for name in One Two Three; do node agency add "$name" --type housing > /dev/null; done
until_true 10 is_published
"$BIN/cairn-audit" fetch "$work/audit" > /dev/null
"$BIN/cairn-audit" verify "$work/audit" > /dev/null
node_stop
rm -rf "$work/node"
mv "$work/then" "$work/node"
node_start
for name in Four Five Six Seven Eight Nine; do node agency add "$name" --type housing > /dev/null; done
until_true 10 is_published
"$BIN/cairn-audit" fetch "$work/audit" > /dev/null || :
"$BIN/cairn-audit" verify "$work/audit" > /dev/null || :
cp "$work"/audit/evidence-*.txt "$made/evidence.txt"
node_stop

# ---- the messages, and what the files are checked against ----
"$BIN/test_formats" make "$made" > /dev/null
echo "$verifier_key" > "$made/verifier-key.txt"
{
  echo "made $(date -u +%FT%TZ)"
  echo "child $child"
  sed -n '2s/^/size /p;3s/^/root /p' "$made/checkpoint.txt"
} > "$made/expected.txt"
rm -f "$here"/*.txt "$here"/*.bundle "$here"/*.gz "$here"/*.msg
cp "$made"/* "$here"
check "all together are small" test "$(du -sb "$here" | cut -f 1)" -lt 1048576
du -sb "$here"
done_with_all
