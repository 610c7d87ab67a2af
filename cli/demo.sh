#!/usr/bin/env bash
# The main job once, with the real programs over loopback: five agencies, one node, one auditor. Works in a temporary folder, on a
# free port, and leaves nothing behind.
set -euo pipefail
: "${BIN:?the folder of the programs}"

work=$(mktemp -d)
server=''
finish() {
  status=$?
  [ -z "$server" ] || { kill "$server" 2>/dev/null && wait "$server" 2>/dev/null; } || :
  rm -rf "$work"
  [ "$status" -eq 0 ] || echo "demo: failed"
}
trap finish EXIT
cd "$work"

step() { printf '\n== %s\n' "$*"; }
(umask 077 && echo 'a passphrase for the demo' > passphrase)
cairnd() { "$BIN/cairnd" --node "$work/node" --passphrase-file passphrase "$@"; }
as() { local agency=$1; shift; "$BIN/cairn" --home "$work/$agency" --passphrase-file passphrase "$@"; }
# from JSON: the first value of a field
field() { grep -o "\"$1\": *\"\{0,1\}[^\",}]*" | sed -n '1s/^"[^"]*": *"\{0,1\}//p'; }

step "An authority sets up its node"
cairnd init --authority "North Lanarkshire Council" --ledger nl.example/register --host 127.0.0.1 --port 0 > init.txt
key=$(sed -n 's/^verifier key: *//p' init.txt)
"$BIN/cairnd" --node "$work/node" --passphrase-file passphrase serve > serve.txt 2> serve.err &
server=$!
until grep -q listening serve.txt; do kill -0 "$server"; sleep 0.05; done
sed 's/:[0-9]*$/ (a free port)/' serve.txt

step "Its administrator joins, adds five agencies and invites their officers"
cairnd agency add "North Lanarkshire Council" --type other > /dev/null
token=$(cairnd invite "North Lanarkshire Council" --person "Ada Adams" --role administrator --json | field token)
as admin join "$token" --name "Ada Adams" > /dev/null
as admin sync > /dev/null
as admin agency add "Social Work Services" --type social-work + agency add "NHS Lanarkshire" --type health \
  + agency add "Police Scotland" --type police + agency add "Education" --type education + agency add "Housing" --type housing
invite() { # agency type person post
  as admin invite "$1" --person "$3" --post "$4" --role officer --json | field token > "$2.token"
}
invite "Social Work Services" social-work "Morag Reid" "Education and Families Manager"
invite "NHS Lanarkshire" health "Dr Aileen Shah" "Paediatrician"
invite "Police Scotland" police "Sgt Iain Kerr" "Public Protection Unit"
invite "Education" education "Fiona Bell" "Head Teacher"
invite "Housing" housing "Rab Weir" "Housing Officer"
as admin sync > /dev/null

step "They join, each with a machine of its own, and give the roles of their daily work, here to themselves"
today=$(date -u +%F)
join() { # type person: and the words that give more roles
  local type=$1 person=$2
  shift 2
  as "$type" join "$(cat "$type.token")" --name "$person" --machine "$type-laptop" > joined.txt
  as "$type" sync > /dev/null
  as "$type" role give --person "$person" --role practitioner --from "$today" "$@" > /dev/null
  as "$type" sync > /dev/null
  echo "$type: $person"
}
join social-work "Morag Reid" + role give --person "Morag Reid" --role chair --from "$today"
join health "Dr Aileen Shah"
join police "Sgt Iain Kerr"
join education "Fiona Bell"
join housing "Rab Weir"
cat joined.txt
for a in admin social-work health police education housing; do as "$a" sync > /dev/null; done
echo "the fingerprints, as the administrator sees them:"
as admin invite list --json | grep -o '"fingerprint[^,}]*' | tail -n 2

step "Social work opens the case of two siblings, involves the agencies but housing, convenes an initial planning meeting"
as social-work child add --name "Ava Lennox" --born 2017-05-02 --address "3 Mill Lane, Airdrie" > /dev/null
as social-work child add --name "Ben Lennox" --born 2020-11-19 --address "3 Mill Lane, Airdrie" > /dev/null
for child in "Ava Lennox" "Ben Lennox"; do
  for agency in "Social Work Services" "NHS Lanarkshire" "Police Scotland" "Education"; do
    as social-work involvement start --child "$child" --agency "$agency" > /dev/null
  done
done
meeting=$(as social-work meeting convene --type initial --on 2026-12-01T10:00:00Z --chair "Morag Reid" \
  --child "Ava Lennox" --child "Ben Lennox" --place "Civic Centre, Motherwell" \
  --purpose "neglect, and risk to both children" --json | field entry)
as social-work sync
for a in health police education; do as "$a" sync > /dev/null; done

step "The network is off: the others write all the same"
as health view record --meeting "$meeting" --child "Ava Lennox" --risk "Ava has lost weight since the summer" --plan yes --register yes
as police view record --meeting "$meeting" --child "Ava Lennox" --risk "two call-outs to the home in October" --plan yes --register yes > /dev/null
as education view record --meeting "$meeting" --child "Ben Lennox" --risk "Ben is well and attends nursery" --plan no --register no > /dev/null
as police outbox

step "The network is back: all sync"
for a in health police education social-work; do as "$a" sync > /dev/null; echo "$a: synced"; done

step "The chair decides for each child; a plan without a registration is refused (R-008)"
if as social-work decision record --meeting "$meeting" --child "Ava Lennox" --risk yes --plan yes --reasons "neglect" 2> refused.txt; then
  exit 1
fi
cat refused.txt
as social-work decision record --meeting "$meeting" --child "Ava Lennox" --risk yes --plan yes --reasons "neglect; all agencies agree" \
  + registration add --name "Ava Lennox" --born 2017-05-02 --impact neglect --vulnerability parental-alcohol-use --review 2027-03-01 \
  + indicator record --category impact --indicator neglect --evidence "weight loss, missed appointments" \
  + indicator record --category vulnerability --indicator parental-alcohol-use --evidence "two call-outs to the home in October"
as social-work decision record --meeting "$meeting" --child "Ben Lennox" --risk no --plan no --reasons "no risk of significant harm" > /dev/null
for a in social-work health police education housing; do as "$a" sync > /dev/null; done

step "Every replica that is involved shows the same story"
as police timeline "Ava Lennox"
as social-work timeline "Ava Lennox" > story.txt
for a in health police education; do as "$a" timeline "Ava Lennox" | cmp - story.txt && echo "$a: the same"; done

step "Housing is not involved: its machine has nothing of the children, in no file"
as housing list child
as housing timeline "Ava Lennox" || echo "(ends with $?, as for a child who never was)"
if grep -qaF Lennox housing/*; then exit 1; fi

step "The auditor takes a copy of the ledger, with nothing but the verifier key, and checks it"
for _ in $(seq 100); do # the node publishes about once a second
  [ "$(git -C node/ledger.git show main:checkpoint | sed -n 2p)" = "$(cairnd status --json | field entries)" ] && break
  sleep 0.1
done
"$BIN/cairn-audit" init "$work/node/ledger.git" audit --key "$key" > /dev/null
"$BIN/cairn-audit" verify audit
"$BIN/cairn-audit" register audit

step "A copy in which one byte was changed is refused"
git clone -q node/ledger.git forged
file=$(cd forged && grep -l '^kind registration.add$' -r leaves | head -n 1)
sed -i 's/^fact review 2027-03-01$/fact review 2028-03-01/' "forged/$file"
git -C forged -c user.name=x -c user.email=x@example commit -q --amend -a --no-edit
git clone -q --bare forged forged.git
if "$BIN/cairn-audit" verify --repository forged.git --key "$key"; then exit 1; fi

kill "$server" && wait "$server"
server=''
printf '\ndemo: ok\n'
