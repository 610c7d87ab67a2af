#!/usr/bin/env bash
# Restricted information, from the provider's keyboard to whoever may read it and back: sealing, permits, the key of the
# duty lead, the keeper's key in a drawer.
. "$(dirname "$0")/lib.sh"
node_init
node_start
join social-work social-work "Morag Reid" practitioner chair
join police police "Pete Dunn" practitioner designated-lead officer
join health health "Aileen Shah" practitioner
join education education "Edie Orr" practitioner
join register other "Ken Ross" keeper
for who in social-work police health education register; do as "$who" sync > /dev/null; done
child=$(recorded social-work child add --name "Ava Lennox")
involve social-work "$child" "Pete Dunn" "Aileen Shah" "Edie Orr"
meeting=$(recorded social-work meeting convene --type initial --on 2026-12-01T10:00:00Z --chair "Morag Reid" \
  --child "$child" --purpose neglect)
for who in "Pete Dunn" "Aileen Shah"; do
  as social-work attendance record --meeting "$meeting" --person "$who" --role agency-participant --attended all > /dev/null
done
as social-work attendance record --meeting "$meeting" --person "Morag Reid" --role chair --attended all > /dev/null
as social-work attendance record --meeting "$meeting" --person "Edie Orr" --role agency-participant --attended none \
  > /dev/null
everybody_syncs() { for who in police social-work health education register police social-work; do as "$who" sync > /dev/null; done; }
everybody_syncs

# ---- keys of offices ----
secret drawer 'a passphrase for the drawer'
expect 0 'fingerprint of the escrow key' as register escrow key "$work/escrow.key" --file-passphrase-file "$work/drawer"
expect 1 'permission' as police escrow key "$work/other.key" --file-passphrase-file "$work/drawer"
check "no file is left of what was refused" test ! -e "$work/other.key"
expect 0 'role key' as police agency key
as police sync > /dev/null
as register sync > /dev/null
everybody_syncs

# ---- marking ----
secret='kestrel: 14 Larch Terrace, ML1 9ZZ'
mark() { as police restrict --meeting "$meeting" --category at-risk --basis "needed for the plan" "$@"; }
expect 2 'what-file is needed' mark
expect 2 'what-file is needed' mark --what x --what-file y
expect 2 '--reason is needed' as police restrict --meeting "$meeting" --category other --basis x --what y
expect 2 '--basis is needed' as police restrict --meeting "$meeting" --category private --what y
expect 2 '--category is needed' as police restrict --meeting "$meeting" --basis private --what y
expect 2 'must be one of' as police restrict --meeting "$meeting" --category secret --basis x --what y
expect 2 '--meeting, --report or --child' as police restrict --category private --basis x --what y
expect 2 'for whom is it' as police restrict --child "$child" --category private --basis x --what y
printf '%s\n' "$secret" > "$work/typed"
expect 0 'Sealed to 5 keys' mark --what-file - --address "14 Larch Terrace" --postcode "ML1 9ZZ" < "$work/typed"
rm "$work/typed"
item=$(as police list restricted.add --json | ids)
check "one item" test "$(wc -l <<< "$item")" -eq 1
everybody_syncs

# ---- who holds it ----
expect 0 'role key' as police restricted show "$item"
expect 0 "Aileen Shah" as police restricted show "$item"
expect 0 "Nobody has opened it" as police restricted show "$item"
for who in social-work police health; do check "$who has the item" has_entry "$who" "$item"; done
expect 1 'there is no|no entry' as education show "$item"
cp "$work/said" "$work/hidden"
expect 1 'there is no|no entry' as education show "${item//[0-9]/7}"
check "hidden and absent are the same" cmp <(sed "s/[0-9a-f]\{8,\}/ID/" "$work/hidden") <(sed "s/[0-9a-f]\{8,\}/ID/" "$work/said")
for who in social-work police health education register node; do
  check "$who has nothing of it in clear" has_no_trace "$who" Larch
  check "$who has nothing of it in clear" has_no_trace "$who" kestrel
done

expect 0 'sealed to: *5' as health show "$item"
as health export "$item" --to "$work/exported" > /dev/null
check "an exported envelope checks with openssl" sh -c "cd '$work/exported' && sh check.sh" > /dev/null
check "nothing is exported in clear" sh -c "! grep -rqa Larch '$work/exported'"
printf x >> "$work/exported/envelope"
check "a changed one does not" sh -c "cd '$work/exported' && ! sh check.sh" > /dev/null 2>&1

# ---- opening ----
expect 0 'Larch Terrace' as health open "$item"
expect 0 '"address": *\["14 Larch Terrace"\]|14 Larch Terrace' as social-work open "$item" --json
expect 1 'there is no|no entry' as education open "$item"
as health sync > /dev/null
expect 0 'Aileen Shah +own-key' as police sync
expect 2 '' as health open "$item" extra
everybody_syncs
expect 0 'Aileen Shah +own-key' as police restricted show "$item"
expect 0 'Morag Reid +own-key' as police restricted show "$item"

# ---- letting it go further ----
expect 2 '--to and --purpose' as police permit "$item" --to "Edie Orr"
expect 1 'R-093' as health permit "$item" --to "Edie Orr" --purpose "the school's safety plan"
expect 1 'R-093' as social-work permit "$item" --to "Edie Orr" --purpose "the school's safety plan"
expect 0 'restricted.permit' as police permit "$item" --to "Edie Orr" --purpose "the school's safety plan"
expect 1 'have a permit already' as police permit "$item" --to "Edie Orr" --purpose again
as police sync > /dev/null
as education sync > /dev/null
permit=$(as education list restricted.permit --json | ids)
expect 0 'Larch Terrace' as education open "$permit"
expect 0 'sealed' as education restricted list
everybody_syncs
expect 0 'Edie Orr.*safety plan' as police restricted show "$item"
expect 2 '--from is needed' as police permit withdraw "$item" --reason "moved away"
expect 1 'no permit' as police permit withdraw "$item" --from "Aileen Shah" --reason x
expect 0 'restricted.withdraw' as police permit withdraw "$item" --from "Edie Orr" --reason "the family moved"
as police sync > /dev/null
as education sync > /dev/null
expect 1 'not here any more|there is no|no entry' as education open "$permit"

# ---- at night, and from the drawer ----
expect 2 '--reason is needed' as police break-glass "$item"
expect 1 'permission|no role key' as health break-glass "$item" --reason "she is missing"
expect 0 'Larch Terrace' as police break-glass "$item" --reason "she is missing, and he is on his way"
as police sync > /dev/null
expect 0 'break-glass.*due' as register sync
expect 0 'openings to review: *1' as register status
check "it is told once" sh -c "! grep -q break-glass" < <(as register sync)
everybody_syncs
expect 0 'break-glass' as register restricted reviews
opening=$(as register restricted reviews --json | grep -o '"opening": *"[0-9a-f]*"' | cut -d '"' -f 4)
expect 0 'restricted.review' as register restricted review "$opening" --outcome justified --finding "there was a risk"
as register sync > /dev/null
as police sync > /dev/null
expect 0 'justified' as police restricted show "$item"
expect 0 'No opening waits' as register restricted reviews
expect 2 '--key and --reason' as register escrow open "$item" --key "$work/escrow.key"
expect 0 'Larch Terrace' as register escrow open "$item" --key "$work/escrow.key" --file-passphrase-file "$work/drawer" \
  --reason "the sheriff orders it"
everybody_syncs
expect 0 'Ken Ross +escrow' as police restricted show "$item"

# ---- restricted no more ----
expect 1 'R-093' as health unrestrict "$item" --reason "everybody knows"
expect 0 'restricted.lift' as police unrestrict "$item" --reason "he is in prison"
everybody_syncs
expect 0 'restricted no more' as health restricted list
expect 1 'restricted no more' as police permit "$item" --to "Edie Orr" --purpose x
for who in social-work police health education register node; do
  check "$who has nothing of it in clear" has_no_trace "$who" Larch
  expect 0 '' as "${who/node/police}" verify
done
check "the views rebuilt are the views kept" as police rebuild
node_stop
done_with_all
