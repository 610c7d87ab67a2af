#!/usr/bin/env bash
# Wrong words, wrong files, wrong requests: each is answered with the exit status that cli/cmd.h promises (1 no, 2 wrong
# usage, 3 could not) or the HTTP status of sync/PROTOCOL.md, in words that help, and nothing is changed.
leaks=yes
. "$(dirname "$0")/lib.sh"
node_init
node_start
join social-work social-work "Morag Reid" practitioner chair
home=$work/social-work
child=$(recorded social-work child add --name "Ava Lennox")
as social-work sync > /dev/null
sw() { as social-work "$@"; }
audit() { "$BIN/cairn-audit" "$@"; }
until_true 10 is_published
audit init "$work/node/ledger.git" "$work/audit" --key "$verifier_key" > /dev/null

# ---- words ----
for program in cairn cairnd cairn-audit; do
  bin=$BIN/$program
  expect 2 "$program: no command|--help explains" "$bin"
  expect 2 'not a command' "$bin" xyzzyplugh
  expect 2 'not an option.*did you mean "--help"' "$bin" --hepl
  expect 2 'not an option' "$bin" -x
  expect 2 'not a command' "$bin" ''
  expect 0 "^usage: $program" "$bin" --help
  expect 0 "^$program [0-9]" "$bin" --version
  expect 3 'could not write' sh -c "'$bin' --help > /dev/full"
done
expect 2 'did you mean "timeline"' sw timelnie
expect 2 'did you mean "child"' sw chidl add
expect 2 'needs a further word' sw child
expect 2 'did you mean "invite"' node invitee
expect 2 'did you mean "verify"' audit verfy
me=$(person social-work 'Morag Reid')
all=("$home" "$work/audit" "$work/node/ledger.git" "$work/node/authority.key" --)
expect_unchanged "${all[@]}" 2 'needs TOKEN' sw join
expect_unchanged "${all[@]}" 2 'needs ENTRY' sw show
expect_unchanged "${all[@]}" 2 'one word too many' sw status more
expect_unchanged "${all[@]}" 2 'did you mean "--name"' sw child add --nane x
expect_unchanged "${all[@]}" 2 'needs a value' sw child add --name
expect_unchanged "${all[@]}" 2 'needs a value' sw child add --name --born 2020-01-01
expect_unchanged "${all[@]}" 2 'given twice' sw child add --name x --name y
expect_unchanged "${all[@]}" 2 'takes no value' sw child add --name x --anyway=yes
expect_unchanged "${all[@]}" 2 '--name is needed' sw child add
expect_unchanged "${all[@]}" 2 'after \+' sw child add --name x +
expect_unchanged "${all[@]}" 2 'after \+' sw child add --name x + nonsense add
expect_unchanged "${all[@]}" 2 'records nothing' sw list + child add --name x
expect_unchanged "${all[@]}" 2 '1 to 3600' sw sync --watch --every 0
expect_unchanged "${all[@]}" 2 '1 to 3600' sw sync --watch --every 18446744073709551617
expect_unchanged "${all[@]}" 2 '' sw show abc
expect_unchanged "${all[@]}" 2 '' sw show "$(printf '%065d' 0)"
expect_unchanged "${all[@]}" 1 'there is no|not found' sw show 0000
expect_unchanged "${all[@]}" 1 'there is no|not found' sw timeline 00000000
expect_unchanged "${all[@]}" 1 'there is no' sw timeline "Nobody of this name"
# A word that is none of a list is wrong usage, and the list is named, whichever command asks.
for command in "node invite x --person x" "sw invite x --person x" "sw role give --person $me --from today" \
  "sw person add --name x --new-passphrase-file $work/passphrase"; do
  # shellcheck disable=SC2086
  expect_unchanged "${all[@]}" 2 '--role: "nonsense" must be one of: practitioner\|' $command --role nonsense
done
for command in node sw; do
  expect_unchanged "${all[@]}" 2 '--type: "polise" must be one of: social-work\|.*; did you mean "police"' $command agency add x --type polise
done
expect_unchanged "${all[@]}" 2 '' node invite "Nobody's agency" --person x --role nonsense
expect_unchanged "${all[@]}" 2 '' node invite 00000000 --person x
expect_unchanged "${all[@]}" 2 '' node invite 00000000 --role chair
expect_unchanged "${all[@]}" 1 '' node invite 00000000 --person x --role chair
expect_unchanged "${all[@]}" 2 '1 to 60' node invite 00000000 --person x --role chair --days 61
expect_unchanged "${all[@]}" 2 'type' node agency add "x"
expect_unchanged "${all[@]}" 3 "held by another program .process $node_pid" node serve
expect_unchanged "${all[@]}" 2 'already' node init --authority x --ledger x --host x
expect 2 'name has' "$BIN/cairnd" --node "$work/new" --passphrase-file "$work/passphrase" init --authority x --ledger 'A B' --host x
expect 2 'port' "$BIN/cairnd" --node "$work/new" --passphrase-file "$work/passphrase" init --authority x --ledger x --host x --port 65536
secret short short
expect 2 'at least 8' "$BIN/cairnd" --node "$work/new" --passphrase-file "$work/short" init --authority x --ledger x --host x
expect 2 'authority is empty' "$BIN/cairnd" --node "$work/new" init --authority '' --ledger x --host x
expect 2 'host is empty' "$BIN/cairnd" --node "$work/new" init --authority x --ledger x --host ''
check "and nothing is left of them" test -z "$(find "$work" -maxdepth 1 -name 'new*')"

# An id that fits two entries: 257 entries have two with the same two first digits, not four, so many are needed; the
# names are a shorter way.
as social-work child add --name "Twin" > /dev/null
as social-work child add --name "Twin" > /dev/null
if sw timeline "Twin" > "$work/said" 2>&1; then fail "two children of the same name, and one was taken"; fi
check "it says so" grep -Eq 'more than one|there is no' "$work/said"

# ---- values ----
expect_unchanged "${all[@]}" 2 'born' sw child add --name x --born 2023-02-29
expect_unchanged "${all[@]}" 2 'born' sw child add --name x --born 2023-13-01
expect_unchanged "${all[@]}" 2 'born' sw child add --name x --born 1899-12-31
expect_unchanged "${all[@]}" 2 'born' sw child add --name x --born '2023-2'
expect_unchanged "${all[@]}" 2 'on' sw meeting convene --type initial --on 2026-12-01T24:00:00Z --chair "$child" --child "$child"
expect_unchanged "${all[@]}" 2 '--type: "nonsense" must be one of: initial' sw meeting convene --type nonsense --on 2026-12-01T10:00:00Z --chair "$(person social-work 'Morag Reid')" --child "$child"
expect_unchanged "${all[@]}" 1 'there is no|kind' sw meeting convene --type initial --on 2026-12-01T10:00:00Z --chair "$child" --child "$child"
expect_unchanged "${all[@]}" 1 'name' sw child add --name $'\377\376'
expect_unchanged "${all[@]}" 1 'name' sw child add --name $'a\355\240\200'
expect_unchanged "${all[@]}" 1 'name' sw child add --name $'a\033[2Jb'
expect_unchanged "${all[@]}" 1 'name' sw child add --name ''
expect_unchanged "${all[@]}" 1 'name' sw child add --name "$(head -c 201 /dev/zero | tr '\0' a)"
# shellcheck disable=SC2046
expect_unchanged "${all[@]}" 1 'alias' sw meeting convene --type initial --on 2026-12-01T10:00:00Z --chair "$me" --child "$child" \
  + decision record --child "$child" --meeting @1 --risk yes --plan yes --reasons x \
  + registration add --child "$child" --decision @2 --name x --impact neglect $(printf -- '--alias x%d ' $(seq 17))
# What has no name is found by its id, and it is said where that stands.
expect_unchanged "${all[@]}" 2 'cairn list person shows them' sw revoke key "Morag Reid" --why lost
expect_unchanged "${all[@]}" 2 'must name' sw registration add --child "$child" --decision @1 --name x --impact neglect
expect_unchanged "${all[@]}" 2 'decision is needed' sw child add --name x + registration add --child @1 --name x
# An entry of two children is no child for what is about one.
other=$(recorded social-work child add --name "Another")
expect_unchanged "${all[@]}" 2 'child is needed' sw meeting convene --type initial --on 2026-12-01T10:00:00Z --chair "$me" \
  --child "$child" --child "$other" + decision record --risk no --plan no --reasons x
# shellcheck disable=SC2046
expect_unchanged "${all[@]}" 1 'at most 64' sw child add --name x $(printf -- '+ child add --name x%d ' $(seq 64))
expect 0 'Recorded here' sw child add --name "$(head -c 200 /dev/zero | tr '\0' a)" # 200 is not too long
expect 0 'Recorded here' sw child add --name=--help
expect 2 'token' as new join "cairn:127.0.0.1:$node_port:nonsense:nonsense"
check "nothing is made" test -z "$(find "$work" -maxdepth 1 -name 'new*')"

# ---- passphrases ----
secret wrong 'another passphrase'
with() { "$BIN/cairn" --home "$home" --passphrase-file "$1" "${@:2}"; }
expect_unchanged "${all[@]}" 1 'passphrase' with "$work/wrong" child add --name x
expect_unchanged "${all[@]}" 2 'passphrase|No such' with "$work/nothing" child add --name x
expect_unchanged "${all[@]}" 2 'no passphrase' with /dev/null child add --name x
expect_unchanged "${all[@]}" 2 'passphrase-file' setsid "$BIN/cairn" --home "$home" child add --name x
expect_unchanged "${all[@]}" 2 'descriptor' "$BIN/cairn" --home "$home" --passphrase-fd nonsense child add --name x
expect_unchanged "${all[@]}" 3 'descriptor' "$BIN/cairn" --home "$home" --passphrase-fd 77 child add --name x
if with "$work/wrong" child add --name x 2>&1 | grep -qF 'another passphrase'; then fail "a passphrase is printed"; fi
# What others may read is no secret, whoever asks for it; a pipe is read by nobody else.
cp "$work/passphrase" "$work/open"
for mode in 640 604; do
  chmod "$mode" "$work/open"
  expect_unchanged "${all[@]}" 3 "^chmod 600 $work/open" with "$work/open" child add --name x
done
expect 3 'others may read the passphrase in' "$BIN/cairnd" --node "$work/new" --passphrase-file "$work/open" init --authority x --ledger x --host x
expect 3 'others may read' sw person add --name x --new-passphrase-file "$work/open"
expect 3 'others may read' sw agency key import "$work/nothing" --file-passphrase-file "$work/open"
check "nothing is made" test -z "$(find "$work" -maxdepth 1 -name 'new*')"
expect 0 'Recorded here' with <(cat "$work/passphrase") child add --name x

# ---- tokens ----
id=$(agency health "NHS Lanarkshire")
t=$(token "$id" "Aileen Shah" practitioner)
part() { echo "$t" | cut -d : -f "$1"; }
zeros=$(printf '%064d' 0)
size=$(ledger_size)
expect 2 'token' as new join "${t%?}"
expect 2 'token' as new join "x$t"
expect 2 'token' as new join "$(echo "$t" | tr a-f A-F)"
expect 3 'authority|certificate' as new join "cairn:127.0.0.1:$node_port:$zeros:$(part 5)"
expect 1 'used, has expired, or never was' as new join "cairn:127.0.0.1:$node_port:$(part 4):$(printf '%032d' 1)"
# A secret of zeros is that of a machine that an officer enrolled.
expect 2 'request was enrolled' as new join "cairn:127.0.0.1:$node_port:$(part 4):$(printf '%032d' 0)"
expect 3 '' as new join "cairn:127.0.0.1:1:$(part 4):$(part 5)"
expect 3 '' as new join "cairn:localhost:$node_port:$(part 4):$(part 5)" # the certificate names 127.0.0.1
expect 2 'at least 8' "$BIN/cairn" --home "$work/new" --passphrase-file "$work/short" join "$t"
check "nothing was written for any of them" test "$(ledger_size)" = "$size"
check "there is no replica" test ! -e "$work/new"
expect 2 'already' sw join "$t"
as health join "$t" > /dev/null
rm -rf "$work/new.joining"
expect 1 'used, has expired, or never was' as new join "$t"
check "the token worked once" test "$(ledger_size)" = $((size + 5))

# ---- the folder and its files ----
on() { "$BIN/cairn" --home "$work/$1" "${@:2}"; }
copy() { rm -rf "$work/copy" && cp -a "$home" "$work/copy"; }
copy
chmod 755 "$work/copy"
expect 3 "^chmod 700 $work/copy\$" on copy list
chmod 700 "$work/copy"
chmod 644 "$work/copy/cairn.db"
expect 3 "^chmod 600 $work/copy/cairn.db\$" on copy list
chmod 600 "$work/copy/cairn.db"
expect 0 'Ava' on copy list
chmod 644 "$work/copy/person.key"
expect 3 "chmod 600 $work/copy/person.key" on copy --passphrase-file "$work/passphrase" child add --name x
bad_store() { # WHAT PATTERN: the copy's database is as it was made before
  expect_unchanged "$work/copy" -- 3 "$2" on copy list
  expect_unchanged "$work/copy" -- 3 "$2" on copy --passphrase-file "$work/passphrase" sync
}
copy
rm "$work/copy/cairn.db"
expect 3 'cairn join' on copy list
copy
sqlite3 "$work/other.db" 'create table t(x); insert into t values(1)'
chmod 600 "$work/other.db"
cp -p "$work/other.db" "$work/copy/cairn.db"
bad_store "another program's database" 'not a database of this program'
head -c 100000 /dev/urandom > "$work/copy/cairn.db"
bad_store "no database at all" 'not a database of this program'
echo 'hello' > "$work/copy/cairn.db"
bad_store "a text" 'not a database of this program'
: > "$work/copy/cairn.db"
bad_store "an empty file" 'not a database of this program'
copy
sqlite3 "$work/copy/cairn.db" 'pragma user_version = 2'
bad_store "a newer version's" 'newer'
copy
sqlite3 "$work/copy/cairn.db" 'pragma application_id = 1'
bad_store "with another program's mark" 'not a database of this program'
copy
head -c 20000 "$home/cairn.db" > "$work/copy/cairn.db"
status=0
on copy list > "$work/said" 2>&1 || status=$?
check "a cut file is no reason to fall over" test "$status" = 3
copy
echo nonsense > "$work/copy/person.key"
expect_unchanged "$work/copy" -- 1 '' on copy --passphrase-file "$work/passphrase" child add --name x
mkdir "$work/empty"
chmod 700 "$work/empty"
expect 3 'cairn join' on empty list
expect 3 'cairn join' on nothing list
expect 2 'not a folder' on passphrase list
expect 3 'cairnd init' "$BIN/cairnd" --node "$work/nothing" status
expect 2 'not a folder' "$BIN/cairnd" --node "$work/passphrase" status
expect 3 "\"$work/nothing/bundle\" could not be made" sw bundle "$work/nothing/bundle"

# ---- two programs at once ----
copy
hold_store "$work/copy/cairn.db"
on copy list > "$work/waits" 2>&1 &
waits=$!
sleep 0.3
check "the second waits" kill -0 "$waits"
release_store
status=0
wait "$waits" || status=$?
check "and goes on when the first has ended: $(cat "$work/waits")" test "$status" = 0
hold_store "$work/copy/cairn.db"
expect 3 "held by another program .process $holder" on copy list
release_store
expect 3 "held by another program .process $node_pid" env BIN="$BIN" sh -c "mv '$work/node/control.sock' '$work/socket'; \"\$BIN/cairnd\" --node '$work/node' status; s=\$?; mv '$work/socket' '$work/node/control.sock'; exit \$s"

# ---- HTTP ----
sqlite3 "$home/cairn.db" "select writefile('$work/ca.der', value) from meta where name = 'authority';
  select writefile('$work/me.der', value) from meta where name = 'replica-cert'" > /dev/null
openssl x509 -inform der -in "$work/ca.der" -out "$work/ca.pem"
openssl x509 -inform der -in "$work/me.der" -out "$work/me.pem"
openssl pkey -in "$home/replica.key" -passin "file:$work/passphrase" -out "$work/me.key"
openssl pkey -in "$home/person.key" -passin "file:$work/passphrase" -out "$work/person.key"
url=https://127.0.0.1:$node_port
ask() { curl --silent --show-error --max-time 20 --cacert "$work/ca.pem" --output "$work/answer" --write-out '%{http_code}\n' "$@"; }
me() { ask --cert "$work/me.pem" --key "$work/me.key" "$@"; }
type='Content-Type: application/cairn'
# http STATUS COMMAND…: with this status, a line of plain words, and nothing stored
http() {
  local wanted=$1
  shift
  expect 0 "^$wanted\$" "$@"
  check "in one line of words" test "$(wc -l < "$work/answer")" = 1
}
size=$(ledger_size)
printf 'cairn sync 1\n' > "$work/cut"
head -c 5242880 /dev/zero > "$work/large"
head -c 100000 /dev/urandom > "$work/garbage"
: > "$work/nil"
for body in cut garbage nil; do
  http 401 ask -H "$type" --data-binary "@$work/$body" "$url/v1/sync"
  http 400 me -H "$type" --data-binary "@$work/$body" "$url/v1/sync"
  http 400 ask -H "$type" --data-binary "@$work/$body" "$url/v1/join"
done
expect 0 '^413$' me -H "$type" -H 'Expect:' --data-binary "@$work/large" "$url/v1/sync"
http 400 me --data-binary "@$work/cut" "$url/v1/sync" # another media type
http 405 me -H "$type" "$url/v1/sync"
http 405 ask -X PUT -H "$type" --data-binary "@$work/cut" "$url/v1/join"
for path in / /v1 /v1/ /v1/sync/ '/v1/sync?x' /v2/sync /../etc/passwd /v1/%73ync; do
  http 404 me --path-as-is -H "$type" --data-binary "@$work/cut" "$url$path"
done
http 400 me -H "$type" -H 'Transfer-Encoding: chunked' --data-binary "@$work/cut" "$url/v1/sync"
status=0
curl --silent --max-time 10 --output "$work/answer" --write-out '%{http_code}' "http://127.0.0.1:$node_port/v1/sync" > "$work/said" || status=$?
check "plain HTTP is not answered" test "$status:$(cat "$work/said")" != 0:200
if [ "$status" = 0 ]; then fail "plain HTTP got an answer"; fi
# TLS 1.2, a certificate of another authority, a certificate for another use, one without its key.
if me --tls-max 1.2 -H "$type" --data-binary "@$work/cut" "$url/v1/sync" > "$work/said" 2>&1; then fail "TLS 1.2 is spoken"; fi
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$work/own.key" -subj "/CN=$(printf '%064d' 1)" \
  -out "$work/own.pem" 2> /dev/null
if ask --cert "$work/own.pem" --key "$work/own.key" -H "$type" --data-binary "@$work/cut" "$url/v1/sync" > "$work/said" 2>&1; then
  check "a stranger's certificate is none" grep -qx 401 "$work/said"
fi
sqlite3 "$home/cairn.db" "select writefile('$work/person.der', cert) from certificate where use = 'person' limit 1" > /dev/null
openssl x509 -inform der -in "$work/person.der" -out "$work/person.pem"
if ask --cert "$work/person.pem" --key "$work/person.key" -H "$type" --data-binary "@$work/cut" "$url/v1/sync" > "$work/said" 2>&1; then
  check "a person's certificate is no replica's" grep -qx 401 "$work/said"
fi
# A replica whose certificate was never entered into this ledger cannot be had from outside; one that asks for another
# ledger can.
(printf 'cairn sync 1\n'; head -c 81 /dev/zero; printf '\0\0\0\0\0\0\0\0') > "$work/other-ledger"
expect 0 '^(400|409)$' me -H "$type" --data-binary "@$work/other-ledger" "$url/v1/sync"
check "nothing was stored by all that" test "$(ledger_size)" = "$size"
check "the node is still there" kill -0 "$node_pid"
expect 0 '"accepted": *[0-9]' sw sync --json
expect 0 '"same-as-before": *true' sw rebuild --json
node_stop

# ---- a second node on the same port, and on the same folder ----
node_start
cp -a "$work/node" "$work/second"
rm -f "$work/second/control.sock"
expect 3 'cannot listen|in use' "$BIN/cairnd" --node "$work/second" --passphrase-file "$work/passphrase" serve --port "$node_port"
expect 1 'passphrase' "$BIN/cairnd" --node "$work/second" --passphrase-file "$work/wrong" serve --port 0
node_stop
done_with_all
