#!/usr/bin/env bash
# Joining: an administrator on a replica of their own adds an agency and invites its officer; a token works once, for
# whom it is for, until it expires or is withdrawn; what goes wrong is said on both sides and changes nothing; both sides
# can compare fingerprints; the auditor follows.
. "$(dirname "$0")/lib.sh"
gone='was withdrawn or used, has expired, or never was'
node_init
expect 0 'No port is fixed' node status
check "no port is shown that is none" test "$(grep -c '^port' "$work/said" || :)" = 0
node_start
expect 0 "^port: *$node_port\$" node status
sync_all() { for r in "$@"; do as "$r" sync > /dev/null; done; }
fingerprint() { sed -n "s/^fingerprint of $1: *//p" "$work/said"; }
# An administrator's replica is up to date: what became of the newest invitation there.
state() { as admin sync > /dev/null; as admin invite list --json | grep -o '"state": *"[^"]*"' | sed -n '$s/.*"\([^"]*\)"$/\1/p'; }
told() { grep -qE "somebody tried to join with the invitation [0-9a-f]{8}: $1" "$work/serve.err"; }
# refused STATUS PATTERN COMMAND…: and neither the ledger nor anything here has changed.
refused() {
  local size files
  size=$(ledger_size)
  files=$(cd "$work" && find . -path ./node -prune -o -type f ! -name '*-shm' ! -name said ! -name 'serve.*' -print | sort)
  expect "$@"
  check "the ledger has not grown" test "$(ledger_size)" = "$size"
  check "no file was added or removed" test "$files" = \
    "$(cd "$work" && find . -path ./node -prune -o -type f ! -name '*-shm' ! -name said ! -name 'serve.*' -print | sort)"
}

# ---- the node's own people: the one thing that the node itself invites for ----
expect 0 '' node agency add "North Lanarkshire Council" --type other
expect 0 'the node itself invited' node invite "North Lanarkshire Council" --person "Ada Adams" --role administrator
admin_token=$(sed -n 's/^token: *//p' "$work/said")
expect 0 'open .*Ada Adams .*administrator .*the node' node invite list
refused 1 'not for "Eve"' as admin join "$admin_token" --name "Eve"
refused 1 'not for the agency "Police"' as admin join "$admin_token" --agency "Police"
check "the node says so" told 'as somebody else than it is for'
check "of the agency, too" told 'as somebody of another agency than it is for'
expect 0 'roles: *administrator' as admin join "$admin_token" --name "Ada Adams" --agency "North Lanarkshire Council"
for what in 'your key' 'this machine' 'the authority' 'the ledger key'; do
  check "the fingerprint of $what is shown" test "$(fingerprint "$what" | wc -c)" = 65
done
key=$(fingerprint 'your key') machine=$(fingerprint 'this machine')
check "the authority is the node's" test "$(fingerprint 'the authority')" = \
  "$(node status | sed -n 's/^fingerprint of the authority: *//p')"
check "the ledger's key is the node's" test "$(fingerprint 'the ledger key')" = \
  "$(node status | sed -n 's/^fingerprint of the ledger key: *//p')"
expect 0 "used .*Ada Adams .*$key *$machine" node invite list
sync_all admin

# ---- the administrator adds an agency and invites its officer ----
expect 2 'needs' as admin agency add --type health
expect 0 'NHS Lanarkshire' as admin agency add "NHS Lanarkshire" --type health
expect 1 'permission' as admin invite "NHS Lanarkshire" --person "Aileen Shah" --role practitioner
expect 1 'no agency' as admin invite "Nobody" --person "Aileen Shah" --role officer
expect 2 'must be one of' as admin invite "NHS Lanarkshire" --person "Aileen Shah" --role emperor
expect 2 'to come' as admin invite "NHS Lanarkshire" --person "Aileen Shah" --role officer --until 2020-01-01T00:00:00Z
expect 2 'at most 60' as admin invite "NHS Lanarkshire" --person "Aileen Shah" --role officer --until 2999-01-01T00:00:00Z
expect 2 'not both' as admin invite "NHS Lanarkshire" --person "A" --role officer --days 1 --until 2999-01-01T00:00:00Z
expect 0 'works from your next cairn sync on' as admin invite "NHS Lanarkshire" --person "Aileen Shah" --role officer
officer_token=$(sed -n 's/^token: *//p' "$work/said")
expect 0 'not accepted yet .*Aileen Shah' as admin invite list
refused 1 "$gone" as health join "$officer_token"
cp "$work/said" "$work/unknown"
sync_all admin
expect 0 'officer' as health join "$officer_token" --name "Aileen Shah"
key=$(fingerprint 'your key') machine=$(fingerprint 'this machine')
sync_all health admin
expect 0 "used .*Aileen Shah .*Ada Adams *$key *$machine" as admin invite list
expect 0 "Aileen Shah .*$key" as admin people --keys
expect 0 "$key" as health whoami

# ---- a copied token, and the answer once more ----
refused 1 "$gone" as copy join "$officer_token"
check "in the words of one that never was" cmp -s "$work/said" "$work/unknown"
check "the node says so" told 'it was used before'
if grep -qE "Aileen|${officer_token##*:}" "$work/serve.err"; then fail "the node says who it is for, or the secret"; fi

# ---- the officer invites a colleague, to the own agency, to what officers give ----
expect 1 'permission' as health invite "North Lanarkshire Council" --person "Rab" --role officer
expect 1 'permission' as health invite "NHS Lanarkshire" --person "Rab" --role keeper
expect 2 'R-133' as health invite "NHS Lanarkshire" --person "Rab Weir" --role minute-taker
expect 0 '' as health invite "NHS Lanarkshire" --person "Rab Weir" --post "Nurse" --role practitioner --role minute-taker \
  --trained 2026-01-15
t=$(sed -n 's/^token: *//p' "$work/said")
sync_all health
expect 0 'Rab Weir' as rab join "$t"
sync_all rab
expect 0 'roles: *practitioner, minute-taker' as rab whoami

# ---- withdrawn ----
expect 0 '' as admin invite "NHS Lanarkshire" --person "Isla Ross" --role officer
t=$(sed -n 's/^token: *//p' "$work/said")
sync_all admin
invitation=$(as admin invite list --json | grep -o '"invitation": *"[0-9a-f]*"' | cut -d '"' -f 4 | sed -n '$p')
sync_all rab
expect 1 'permission' as rab invite withdraw "$invitation"
expect 0 '' as admin invite withdraw "$invitation" --reason "sent to the wrong address"
check "withdrawn" test "$(state)" = withdrawn
refused 1 "$gone" as isla join "$t"
check "in the same words" cmp -s "$work/said" "$work/unknown"
check "the node says so" told 'it had been withdrawn'
used=$(as admin invite list --json | grep -o '"invitation": *"[0-9a-f]*"' | cut -d '"' -f 4 | sed -n 2p)
expect 1 'A-016' as admin invite withdraw "$used"
expect 1 'A-016' node invite withdraw "$used"
expect 1 'invite list shows' node invite withdraw 00000000
expect 0 'number' node invite withdraw "$(node invite "NHS Lanarkshire" --person "X" --role officer > /dev/null
  node invite list --json | grep -o '"invitation": *"[0-9a-f]*"' | cut -d '"' -f 4 | sed -n '$p')"

# ---- expired ----
for seconds in 3 20 60; do # a slow machine may not write it in time
  end=$(($(date +%s) + seconds))
  if node invite "NHS Lanarkshire" --person "Isla Ross" --role officer --until "$(date -u -d "@$end" +%Y-%m-%dT%H:%M:%SZ)" \
    > "$work/said" 2>&1; then break; fi
done
t=$(sed -n 's/^token: *//p' "$work/said")
is_over() { [ "$(date +%s)" -gt "$end" ]; }
until_true 70 is_over
refused 1 "$gone" as isla join "$t"
check "in the same words" cmp -s "$work/said" "$work/unknown"
check "the node says so" told 'it had expired'
check "and the list" test "$(state)" = expired

# ---- whoever wrote it was revoked ----
expect 0 '' as admin invite "NHS Lanarkshire" --person "Second Officer" --role officer
second_token=$(sed -n 's/^token: *//p' "$work/said")
sync_all admin
expect 0 '' as second join "$second_token"
sync_all second
expect 0 '' as second invite "NHS Lanarkshire" --person "Isla Ross" --role practitioner
t=$(sed -n 's/^token: *//p' "$work/said")
sync_all second admin
expect 0 '' as admin revoke person "Second Officer" --why compromised
sync_all admin
refused 1 "$gone" as isla join "$t"
check "the node says so" told 'its agency, or whoever wrote it, had been revoked'
check "and the list" test "$(state)" = revoked

# ---- another host, another authority, another node ----
expect 0 '' as admin invite "NHS Lanarkshire" --person "Isla Ross" --role officer
t=$(sed -n 's/^token: *//p' "$work/said")
sync_all admin
refused 3 'certificate is for another host' as isla join "$(echo "$t" | sed 's/127\.0\.0\.1/localhost/')"
refused 3 'the authority that the invitation names' as isla join "$(echo "$t" | sed 's/:[0-9a-f]\{64\}:/:'"$(printf '%064d' 1)"':/')"
expect 0 '' "$BIN/cairnd" --node "$work/other" --passphrase-file "$work/passphrase" init --authority "Another" \
  --ledger other.example/register --host 127.0.0.1 --port 0
"$BIN/cairnd" --node "$work/other" --passphrase-file "$work/passphrase" serve > "$work/other.txt" 2>&1 &
other=$!
until_true 30 grep -q listening "$work/other.txt"
other_port=$(sed -n 's/.*:\([0-9]*\)$/\1/p' "$work/other.txt")
refused 3 'the authority that the invitation names' as isla join "${t/:$node_port:/:$other_port:}"
{ kill "$other" && wait "$other" || :; } 2> /dev/null

# ---- at the terminal, who joins is shown whom the invitation is for ----
at_terminal() { script -qefc "'$BIN/cairn' --home '$work/isla' --passphrase-file '$work/passphrase' join '$t'" /dev/null; }
if command -v script > /dev/null; then
  refused 1 'person: *Isla Ross' at_terminal < <(echo no)
  check "asked" grep -q 'Is that you' "$work/said"
  check "and answered" grep -q 'for somebody else' "$work/said"
else
  echo "script is not here: the question is not tried"
fi

# ---- in the node's place, with its certificate: what is no answer, or the answer to another ----
node_stop
sqlite3 "$work/node/node.db" "select writefile('$work/tls.der', value) from meta where name = 'tls-cert';
  select writefile('$work/ca.der', key) from node_key where part = 'authority' order by number desc limit 1" > /dev/null
for name in tls ca; do openssl x509 -inform der -in "$work/$name.der" -out "$work/$name.pem"; done
# false_node FILE: one connection, answered with what is in the file.
mkfifo "$work/answer"
exec {answer_fd}<> "$work/answer"
false_node() {
  cat "$1" >&"$answer_fd"
  timeout 30 openssl s_server -quiet -naccept 1 -port "$node_port" -tls1_3 -cert "$work/tls.pem" -cert_chain "$work/ca.pem" \
    -key "$work/node/tls.key" -pass "file:$work/passphrase" < "$work/answer" > "$work/request.http" 2> "$work/false.err" &
  false_pid=$!
  until_true 10 listens
}
false_node_ends() { wait "$false_pid" || :; }
listens() { grep -q "$(printf ':%04X 0*:0000 0A' "$node_port")" /proc/net/tcp /proc/net/tcp6; }
page() { # status line, media type, file with the body
  printf 'HTTP/1.1 %s\r\nContent-Type: %s\r\nContent-Length: %d\r\nConnection: close\r\n\r\n' "$1" "$2" "$(wc -c < "$3")"
  cat "$3"
}
text() { printf '\0\0\0%b%s' "\\x$(printf '%02x' ${#1})" "$1"; }
echo '<html>Sign in to the network</html>' > "$work/portal"
{ printf 'cairn invited 1\n'; text "Isla Ross"; text ""; text "NHS Lanarkshire"; text officer; text 2026-12-31T10:00:00Z; } > "$work/invited"
page '200 OK' text/html "$work/portal" > "$work/a-page"
{ printf 'HTTP/1.1 302 Found\r\nLocation: https://127.0.0.1/\r\nContent-Length: 0\r\nConnection: close\r\n\r\n'; } > "$work/a-redirect"
page '200 OK' application/cairn "$work/portal" > "$work/a-form"
page '200 OK' application/cairn "$work/invited" > "$work/an-invitation"
isla() { as isla join "$t"; }
# answered STATUS PATTERN FILE
answered() {
  false_node "$work/$3"
  expect "$1" "$2" isla
  false_node_ends
  check "there is no replica" test ! -e "$work/isla"
}
for file in a-page a-redirect a-form; do
  answered "$([ $file = a-form ] && echo 1 || echo 3)" 'not one of a Cairn node|not of the form' "$file"
  check "and no keys" test ! -e "$work/isla.joining"
done
expect 3 'could not be reached' isla
# The invitation is confirmed, the keys are made, the answer to the request proper is another.
answered 3 'could not be reached' an-invitation
check "the request is kept for the next time" test -s "$work/isla.joining/join.request"
kept_files=$(digest "$work/isla.joining")
node_start
url=https://127.0.0.1:$node_port/v1/join
# Somebody else's answer, asked for again with their own request: the keys in it are not these.
expect 0 '' node invite "NHS Lanarkshire" --person "Somebody Else" --role officer
else_token=$(sed -n 's/^token: *//p' "$work/said")
node_stop
{ printf 'cairn invited 1\n'; text "Somebody Else"; text ""; text "NHS Lanarkshire"; text officer; text 2026-12-31T10:00:00Z; } > "$work/invited"
page '200 OK' application/cairn "$work/invited" > "$work/an-invitation"
false_node "$work/an-invitation"
expect 3 'could not be reached' as else join "$else_token"
false_node_ends
node_start
curl --silent --cacert "$work/ca.pem" -H 'Content-Type: application/cairn' --data-binary "@$work/else.joining/join.request" \
  --output "$work/joined" "$url"
node_stop
page '200 OK' application/cairn "$work/joined" > "$work/another-answer"
answered 1 'certificate for another key' another-answer
for file in a-page a-redirect a-form; do
  answered "$([ $file = a-form ] && echo 1 || echo 3)" 'not one of a Cairn node|not of the form' "$file"
done
check "all is kept as it was" test "$(digest "$work/isla.joining")" = "$kept_files"
node_start
expect 1 'not for "Eve"' as isla join "$t" --name Eve
expect 0 'Isla Ross' isla
expect 0 '' as isla sync
expect 0 'Somebody Else' as else join "$else_token"
expect 0 '' as else sync

# ---- the auditor ----
until_true 10 is_published
expect 0 '' "$BIN/cairn-audit" init "$work/node/ledger.git" "$work/audit" --key "$verifier_key"
expect 0 'authorship: *holds' "$BIN/cairn-audit" verify "$work/audit"
sync_all admin health
for r in admin health isla; do expect 0 'yes' as "$r" rebuild; done
done_with_all
