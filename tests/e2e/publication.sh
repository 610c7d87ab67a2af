#!/usr/bin/env bash
# The published repository: stock git accepts each commit's signature, a history that was lost is published again as it
# was, mirrors follow, and whatever is done to a commit or a repository that stock git may not notice, the auditor finds.
. "$(dirname "$0")/lib.sh"
export GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL=/dev/null
audit() { "$BIN/cairn-audit" "$@"; }
ledger=$work/node/ledger.git
newest() { git -C "$1" rev-parse main; }
not_said() { ! grep -q -- "$1" "$work/said"; }
node_init
node mirror add "$work/mirror.git" > /dev/null # which is not there yet
node_start
is_published_as() { [ "$(newest "$1" 2> /dev/null)" = "$2" ]; }
publish_one() {
  node agency add "$1" --type housing > /dev/null
  until_true 10 is_published
}
until_true 10 is_published
publish_one "One agency"
expect 0 '' node rotate ledger --reason "to see it"
until_true 10 is_published
publish_one "Another"

# ---- stock git ----
audit init "$ledger" "$work/audit" --key "$verifier_key" > /dev/null
expect 0 'publication: *holds' audit verify "$work/audit"
audit allowed-signers "$work/audit" > "$work/signers"
check "the node says the same" cmp "$work/signers" <(node allowed-signers)
check "both keys are listed" test "$(wc -l < "$work/signers")" = 2
check "the first one until the second one" grep -q 'valid-before=' "$work/signers"
git_verifies() { git -c gpg.format=ssh -c gpg.ssh.allowedSignersFile="$work/signers" -C "$1" verify-commit "$2"; }
for commit in $(git -C "$ledger" rev-list main); do expect 0 'Good "git" signature for ledger@nl.example-register' git_verifies "$ledger" "$commit"; done
check "these were several" test "$(git -C "$ledger" rev-list --count main)" -ge 4

# ---- mirrors ----
says_of_mirror() { node mirror list --json | tr -d '\n' | grep -Eq "\"state\": *\"$1\""; }
until_true 10 says_of_mirror unreachable
expect 0 'unreachable.*there is no folder' node status
expect 1 'already' node mirror add "$work/mirror.git"
expect 2 'neither a whole path nor an https' node mirror add mirror.git
# No password is taken, and so none is kept; what git says of a URL that is none repeats it.
for url in 'https://me:se@cret@host/x' 'https://token@host/x' 'ssh://me:secret@host/x'; do
  expect 2 'a password stands in the URL' node mirror add "$url"
  expect 2 'a password stands in the URL' node mirror push "$url"
  expect 2 'a password stands in the URL' audit init "$url" "$work/none"
  expect 2 'a password stands in the URL' audit verify "$work/audit" --mirror "$url"
done
for url in http://host/x git://host/x; do expect 2 'nothing says who answers' node mirror add "$url"; done
expect 2 'whole path' node mirror add me@host:x
expect 2 'whole path' node mirror add https://host/x --credentials passphrase
expect 2 'No such file' node mirror add https://host/x --credentials "$work/no-credentials"
echo me:secret > "$work/open-credentials"
chmod 644 "$work/open-credentials"
expect 3 "chmod 600 .*/open-credentials" node mirror add https://host/x --credentials "$work/open-credentials"
expect 3 'malformed' node mirror push 'https://host:99999999/x'
expect 3 'malformed' audit init 'https://host:99999999/x' "$work/none"
check "and nothing is left" test ! -e "$work/none"
git init -q --bare -b main "$work/mirror.git"
node_stop
node_start # tries them all
until_true 10 is_published_as "$work/mirror.git" "$(newest "$ledger")"
publish_one "A third"
until_true 10 is_published_as "$work/mirror.git" "$(newest "$ledger")"
until_true 10 says_of_mirror same
expect 3 '"state": *"ahead"' audit verify "$work/audit" --mirror "$work/mirror.git" --json
cp -a "$work/mirror.git" "$work/apart.git"
as_somebody() { git -c user.name=x -c user.email=x@example "$@"; }
elsewhere=$(as_somebody -C "$work/apart.git" commit-tree -p main~1 -m "another way" 'main^{tree}')
git -C "$work/apart.git" update-ref refs/heads/main "$elsewhere"
expect 0 '' node mirror add "$work/apart.git"
until_true 10 says_of_mirror apart
check "it is left as it is" test "$(newest "$work/apart.git")" = "$elsewhere"
check "the node says so" grep -q 'apart.git" went its own way' "$work/serve.err"
expect 0 'apart .*went its own way, and is left as it is$' node mirror list
expect 1 'commits that are not part of this ledger' node mirror push "$work/apart.git"
expect 1 'no mirror' node mirror remove "$work/nothing.git"
expect 0 '' node mirror remove "$work/apart.git"
audit fetch "$work/audit" > /dev/null
expect 0 'holds' audit verify "$work/audit" --mirror "$work/mirror.git" --mirror "file://$work/mirror.git"
check "it is the same" grep -Eq 'mirror.git +same' "$work/said"
cp -a "$work/audit" "$work/audit.mirrors"
expect 1 'P-MIRROR' audit verify "$work/audit.mirrors" --mirror "$work/mirror.git" --mirror "$work/apart.git"
check "both are kept" git -C "$work/audit.mirrors/ledger.git" cat-file -e "$elsewhere"
git -C "$work/apart.git" update-ref refs/heads/main main~1
expect 1 'P-MIRROR .*held another history at an earlier visit' audit verify "$work/audit.mirrors"
expect 1 'P-MIRROR' audit verify "$work/audit.mirrors" --mirror "$work/mirror.git"
expect 3 'may be behind this answer' audit register "$work/audit.mirrors"
mv "$work/apart.git" "$work/away.git"
expect 1 'P-MIRROR' audit verify "$work/audit.mirrors" --mirror "$work/apart.git"
mv "$work/away.git" "$work/apart.git"
expect 0 'behind' audit verify "$work/audit.mirrors" --mirror "$work/apart.git"
expect 0 'holds' audit verify "$work/audit.mirrors" # that it is well is remembered, too
expect 3 'unreachable *there is no folder' audit verify "$work/audit.mirrors" --mirror "$work/nothing.git"
expect 2 'in a folder' audit verify --repository "$ledger" --mirror "$work/mirror.git"

# ---- the same commits again ----
node_stop
was=$(newest "$ledger")
git -C "$ledger" update-ref refs/heads/main main~2 # as if it had died before the branch moved
node_start
until_true 10 is_published
check "what was kept is published" test "$(newest "$ledger")" = "$was"
node_stop
git -C "$ledger" update-ref refs/heads/main "$(as_somebody -C "$ledger" commit-tree -p main~1 -m x 'main^{tree}')"
node_start
node agency add "Not published" --type housing > /dev/null
until_true 10 grep -q 'does not end with the commit' "$work/serve.err"
node_stop
rm -rf "$ledger"
node_start
until_true 10 is_published
node_stop
check "the history goes on" git -C "$ledger" merge-base --is-ancestor "$was" main

# ---- another last commit ----
# attack WHAT CODES COMMAND…: the command reads the newest commit and writes another one in its place.
attack() {
  rm -rf "$work/bad.git"
  cp -a "$ledger" "$work/bad.git"
  git -C "$work/bad.git" cat-file commit main | "${@:3}" > "$work/commit"
  git -C "$work/bad.git" update-ref refs/heads/main \
    "$(git -C "$work/bad.git" hash-object -t commit -w --literally --stdin < "$work/commit")"
  found "$1" "$2"
}
# found WHAT CODES: the auditor finds these and nothing else.
found() {
  local status=1
  [ -n "$2" ] || status=0
  expect "$status" '' audit verify --repository "$work/bad.git" --key "$verifier_key" --json
  codes=$(sed -n 's/.*"code": *"\([^"]*\)".*/\1/p' "$work/said" | sort | tr '\n' ' ')
  check "$1: $codes instead of $2" test "$codes" = "${2:+$2 }"
}
unsigned() { sed '/^gpgsig /,/END SSH/d'; }
# sign KEY NAMESPACE: the draft's commit, signed by stock ssh-keygen.
sign() {
  rm -f "$work/draft.sig"
  ssh-keygen -q -Y sign -n "$2" -f "$1" -O hashalg=sha256 "$work/draft" 2> "$work/keygen" || fail "$(cat "$work/keygen")"
  sed '/^$/,$d' "$work/draft"
  sed 's/^/ /; 1s/^ /gpgsig /' "$work/draft.sig"
  sed -n '/^$/,$p' "$work/draft"
}
# Its last number is s: one of 32 bytes that begins with less than 7f is below half the order.
is_low() {
  local blob
  blob=$(sed '1d;$d' "$work/draft.sig" | base64 -d | od -An -v -tx1 | tr -d ' \n')
  [[ ${blob: -72:8} = 00000020 && ${blob: -64:2} < 7f ]]
}
# sign_as KEY NAMESPACE COMMAND…: what the command makes of the commit, with a new signature.
sign_as() {
  unsigned | "${@:3}" > "$work/draft"
  for _ in $(seq 60); do
    sign "$1" "$2" > "$work/finished"
    if is_low; then break; fi
  done
  cat "$work/finished"
}
twice() { awk '/^gpgsig /{f=1} {print} f{b=b $0 "\n"} /END SSH/{if (f) printf "%s", b; f=0}'; }
ssh-keygen -q -t ecdsa -b 256 -N '' -f "$work/stranger"
# The ledger's key as ssh-keygen takes it: what the node would never sign with it.
openssl ec -in "$work/node/ledger.key" -passin "file:$work/passphrase" -out "$work/stolen" 2> /dev/null
chmod 600 "$work/stolen"
ssh-keygen -y -f "$work/stolen" > "$work/stolen.pub"
ours=$work/stolen
attack "what openssh signs with the ledger's key" '' sign_as "$ours" git cat
attack "changed" 'P-COMMIT P-SIGNATURE' sed '$s/$/ /'
attack "unsigned" P-UNSIGNED unsigned
attack "an unlisted key" P-KEY sign_as "$work/stranger" git cat
attack "another namespace" P-NAMESPACE sign_as "$ours" file cat
attack "back-dated" 'P-DATE P-DATE' sign_as "$ours" git sed -E 's/> [0-9]+ /> 1600000000 /'
attack "two signatures" P-SECOND twice
attack "two parents" P-PARENT sign_as "$ours" git sed "s/^parent .*/&\nparent $was/"
attack "another header" P-COMMIT sign_as "$ours" git sed 's/^committer .*/&\nencoding UTF-8/'
tree=$({ git -C "$ledger" ls-tree main && printf '100644 blob %s\tmore\n' "$(git -C "$ledger" rev-parse main:checkpoint)"; } | git -C "$ledger" mktree)
attack "one more file" P-TREE sign_as "$ours" git sed "s/^tree .*/tree $tree/"
attack "a signature in another form" P-SIGNATURE sed 's/^\( [A-Za-z0-9+/]\{60\}\)\([A-Za-z0-9+/]\{10\}\)$/\1\n \2/'

# ---- repositories that show another history ----
detour() { # WHAT CODE COMMAND…: in a copy of the repository
  rm -rf "$work/bad.git" "$work/none"
  cp -a "$ledger" "$work/bad.git"
  (cd "$work/bad.git" && "${@:3}") || fail "not made: $1"
  found "$1" "$2"
  expect 1 'nothing was fetched' audit init "$work/bad.git" "$work/none"
}
detour "replace refs" P-REPLACE git replace "$(newest "$ledger")" "$was"
detour "grafts" P-GRAFT sh -c 'git rev-parse main > info/grafts'
detour "a shallow repository" P-SHALLOW sh -c 'git rev-parse main > shallow'
detour "alternates" P-ALTERNATES sh -c "echo '$work/mirror.git/objects' > objects/info/alternates"

# ---- a forced update ----
rm -rf "$work/bad.git"
cp -a "$ledger" "$work/bad.git"
audit init "$work/bad.git" "$work/forced" --key "$verifier_key" > /dev/null
was=$(newest "$work/bad.git")
git -C "$work/bad.git" update-ref refs/heads/main main~1
expect 1 'NOT the one' audit fetch "$work/forced"
expect 1 '' audit verify "$work/forced" --json
check "it is found, and nothing else" test "$(sed -n 's/.*"code": *"\([^"]*\)".*/\1/p' "$work/said")" = P-FORCED
check "both are kept" git -C "$work/forced/ledger.git" cat-file -e "$was"
done_with_all
