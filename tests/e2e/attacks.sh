#!/usr/bin/env bash
# A node that lies (hostile.c): with its own authority and keys it publishes acts under certificates that are not in order.
# The leaves, the tree and the checkpoint are sound each time; the auditor tells what is wrong with the authorship.
. "$(dirname "$0")/lib.sh"
node_init
node_start
join social-work social-work "Morag Reid" officer practitioner
as social-work child add --name "Ava Lennox" > /dev/null
as social-work sync > /dev/null
until_true 10 is_published
node_stop

# Every attack that the hostile node knows is made; those on entry 1 in a ledger that was so from the start.
names=$(sed -n 's/.*{\.name = "\([a-z-]*\)".*/\1/p' "$(dirname "$0")/hostile.c")
mkdir "$work/shown"
for name in $names; do
  case $name in
  no-ca | no-constraints | ca-that-signs | *-from-the-start) ;;
  *) cp -a "$work/node/ledger.git" "$work/shown/$name.git" ;;
  esac
done
# shellcheck disable=SC2086
"$BIN/hostile" "$work/node" "$work/passphrase" "$work/shown" $names || fail "the attacks were not made"

verify() { # ATTACK
  "$BIN/cairn-audit" verify --repository "$work/shown/$1.git" --key "$verifier_key" "${@:2}"
}
# found CODE ATTACK WORDS: with this code, exit status 1, integrity and anchoring in order, and not without the attack.
found() {
  expect 1 "\"code\": *\"$1\"" verify "$2" --json
  check "$2 is told in words" grep -q "$3" "$work/said"
  for subject in integrity anchoring; do
    check "the $subject of $2 holds" test "$(field "$subject" < "$work/said")" = holds
  done
  tried="$tried $2"
}
tried=''
for name in none none-from-the-start; do
  expect 0 'holds' verify "$name"
  tried="$tried $name"
done

found A-AUTHORITY no-ca 'not that of an authority'
found A-AUTHORITY no-constraints 'not that of an authority'
found A-AUTHORITY ca-that-signs 'another key usage'
found A-ISSUER self-signed 'not issued by'
found A-ISSUER wrong-issuer 'not issued by'
found A-ISSUER issued-by-a-machine 'not issued by'
found A-USAGE usage 'key usage'
found A-USAGE no-usage 'key usage'
found A-USAGE extended-usage 'key usage'
found A-USAGE machines-usage 'does not fit'
found A-USAGE ca-for-a-person 'an authority'
found A-VALIDITY expired 'was valid at'
found A-VALIDITY not-yet-valid 'was valid at'
found A-VALIDITY expired-machine 'replica .* was valid at'
found A-REVOKED revoked 'had been revoked'
found A-REVOKED revoked-key 'had been revoked'
found A-AGENCY other-agency 'an officer of the agency'
found A-SUBJECT other-subject 'another subject'
found A-SUBJECT unknown-subject 'did not introduce'
found A-SWAPPED swapped 'gives a key to another'
found A-SWAPPED second-person 'gives a key to another'
found A-CERT malformed 'no certificate'

expect 1 'A-CERT .*no certificate' verify malformed # as people see it
for name in $names; do
  case " $tried " in *" $name "*) ;; *) fail "$name was not tried" ;; esac
done
done_with_all
