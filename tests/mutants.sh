#!/usr/bin/env bash
# One-line mistakes, each made in a copy of the tree: the tests that are named with it must go red. What survives is
# printed; it is a test that is missing. A mistake that changes nothing, or does not compile, is an error of this list.
# With words as argument only the mistakes whose description has them are made; with --look none is, and only those are
# told whose change to the tree changes nothing, or whose tests there are not.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 2
look() {
  local test
  ! sed "$3" "$2" | cmp -s - "$2" || echo "$1: the change to $2 changes nothing"
  for test in "${@:4}"; do
    [[ $test == sim-* ]] || [ -e "tests/$test.sh" ] || [ -e "tests/unit/$test.c" ] || [ -e "tests/attacks/$test.c" ] || echo "$1: there is no $test"
  done
}
only=${1:-}
if [ "$only" != --look ]; then
  tree=$(mktemp -d)
  trap 'rm -rf "$tree"' EXIT
  cp -r core sync audit cli tests Makefile "$tree"
  cd "$tree" || exit 2
fi
killed=0
survived=0
broken=0
build() { make --no-print-directory MODE=debug -j2 "$@" > build.log 2>&1; }
programs='build/debug/cairn build/debug/cairnd build/debug/cairn-audit'

# What must be built for a test: its own binary, or for a script the programs.
targets_of() {
  local test
  for test in "$@"; do
    case $test in
    e2e/*) echo "$programs" ;;
    sim-*) echo build/debug/sim ;;
    *) echo "build/debug/$test" ;;
    esac
  done
}
run_tests() { SECONDS_MAX=400 BIN=build/debug bash tests/run.sh "$@" > run.log 2>&1; }

# mutant WHAT FILE SED TESTS…
mutants=()
mutant() {
  if [ "$only" = --look ]; then
    look "$@"
  elif [[ $1 == *"$only"* ]]; then
    mutants+=("$1"$'\037'"$2"$'\037'"$3"$'\037'"${*:4}")
  fi
}
try() {
  local what file change tests
  IFS=$'\037' read -r what file change tests <<< "$1"
  cp "$file" kept
  sed -i "$change" "$file"
  if cmp -s "$file" kept; then
    echo "BROKEN   $what: the change to $file changes nothing"
    broken=$((broken + 1))
    return
  fi
  # shellcheck disable=SC2086,SC2046
  if ! build $(targets_of $tests); then
    echo "BROKEN   $what: it does not compile"
    tail -n 5 build.log
    broken=$((broken + 1))
  elif run_tests $tests; then
    echo "SURVIVED $what: $file, $change, and all is well for: $tests"
    survived=$((survived + 1))
  else
    echo "killed   $what ($(sed -n 's/^FAILED \([^ ]*\).*/\1/p' run.log | tr '\n' ' ' | sed 's/ $//'))"
    killed=$((killed + 1))
  fi
  cat kept > "$file" # a new time of change, so that make builds it again
}

mutant "an old bundle is taken all the same" sync/bundle_replica.c 's/is_level ? HERE : BEHIND/HERE/' test_bundle
mutant "an answer of before about the root counts" sync/bundle_anew.c 's/c.size < size/false/' test_bundle_anew
mutant "what was changed while a machine followed is lost" core/anew.c 's/e = anew_catch_up(former, fresh);/e = OK;/' test_bundle_anew
mutant "what is committed is not synced" core/db.c 's/synchronous=FULL/synchronous=OFF/' sim-1-60
mutant "inner nodes are hashed as leaves" core/merkle.c 's/"\\x01"/"\\x00"/' test_merkle
mutant "the family's copy has what is for professionals" core/minute.c 's/c->rendering != MINUTE_FAMILY || scope_may/c != NULL || scope_may/; s/{"ground", "Ground", TO_PROFESSIONALS}/{"ground", "Ground", TO_ALL}/' test_minute
mutant "a copy's document is not looked at" audit/verify_copy.c 's/ || !vtext_is(said, digits))/)/' test_copy
mutant "an entry's proof does not lead to the checkpoint" audit/verify_proof.c 's/vsame(root, p->checkpoint.root)/true/' test_verify_proof
mutant "an entry's proof takes any certificate" audit/verify_proof.c 's/cert.use != VCERT_PERSON || !vsame(cert.key.id, p->entry.leaf.by)/cert.use != VCERT_PERSON/' test_verify_proof
mutant "disclosed content is not compared with its commitment" audit/verify_open.c 's/ \&\& vsame(is, said)//' test_verify_open
mutant "a copy's place in the ledger is not looked at" audit/verify_copy.c 's/ || !vblob_is(&c->header, s->header)//; s/!vsame(root, checkpoint.root)/false/' test_copy
mutant "a minute is approved before its meeting is closed" core/domain/copy.c 's/(SELECT 1 FROM meeting_close x WHERE/(SELECT 1 FROM meeting x WHERE x.object = a.meeting OR/' test_rules
mutant "high s is taken by the signer's library" core/key.c 's/ || !is_low(&numbers))/)/' test_key
mutant "high s is taken by the verifier" audit/verify_key.c 's/memcmp(s, half_order, 32) <= 0/memcmp(s, half_order, 0) <= 0/' test_verify_parts attack_signature
mutant "every fourth year is a leap year" core/text.c 's/(y % 4 == 0 \&\& y % 100 != 0) || y % 400 == 0/y % 4 == 0/' test_text
mutant "lines may be equal" core/entry.c 's/bytes_compare(p->before, \*value) >= 0/bytes_compare(p->before, *value) > 0/' test_entry
mutant "signatures of acts are not verified" core/accept.c 's/return e == OK ? ahead_verify(d->in->ahead, .*/return e;/' test_accept
mutant "a chain may have gaps" core/accept.c 's/d->position.number != newest + 1)/d->position.number < newest + 1)/' test_accept
mutant "an envelope may be for fewer than the header names" core/seal.c 's/e->recipient_count != header->to_count/e->recipient_count > header->to_count/' test_seal
mutant "what opens need not be what the header commits to" core/seal.c 's/if (opens \&\& hash_equal(&commitment, &header->content))/if (opens \&\& !hash_is_zero(\&commitment))/' test_seal
mutant "the envelope's own word for the size of its tag is taken" core/seal.c 's/take_exactly(&cipher, ALL(is_tag_size), .*/take_raw(\&cipher, 3);/' test_seal
mutant "what was opened stays in memory" core/seal.c '/^enum err seal_open/,/^}/s/buf_release_secret/buf_release/' test_seal
mutant "others may read the database" core/db.c '/^static enum err check_mode/,/^}/s/(st.st_mode & 077) == 0/1/' test_db
mutant "R-008 is content with another child's registration" core/domain/decision.c 's/r.child IN " SAME_CHILDREN("d.child")/r.child IN " SAME_CHILDREN("r.child")/' test_accept test_kind
mutant "the log may be changed" core/schema.sql 's/BEFORE UPDATE ON entry BEGIN/BEFORE UPDATE ON entry WHEN 0 BEGIN/' test_store
mutant "a ledger may become smaller" sync/exchange_check.c 's/t->checkpoint.size < size)/t->checkpoint.size > UINT64_MAX - size)/' test_exchange
mutant "a ledger may be another one" sync/exchange_check.c 's/!hash_equal(&old_root, &t->known)/hash_is_zero(\&old_root)/' test_exchange
mutant "a replica may have seen another history, for the node" sync/cosigned.c 's/if (e == OK \&\& !hash_equal(&out->root, &m->root)) {/if (0) {/' test_cosign test_exchange
mutant "and for the other replicas" sync/cosigned.c 's/!hash_equal(&own.root, &c->checkpoint.root) \&\&/0 \&\&/' test_cosign
mutant "revoked machines are witnesses" core/cosign.c 's/WHERE v.target IN (r.object, r.agency)/WHERE v.target = r.replica_key/' test_cosign
mutant "a changed content is not found again" core/recheck_act.c 's/!hash_equal(&commitment, &e->content)/hash_equal(\&commitment, \&e->id)/' e2e/verify
mutant "a changed signature is not found again" core/recheck_act.c 's/else if (act_verify(text, .*) != OK)/else if (text->size == 0)/' e2e/verify
mutant "the leaves need not lead to the root" core/recheck_act.c 's/if (bytes_equal(query_get(&q, 0), hash_bytes(&root)))/if (hash_is_zero(\&root) == false)/' e2e/verify
mutant "the auditor does not look at what machines vouch for" audit/verify_witness.c 's/root == NULL || !vsame(root->root, c->root)/root == NULL/' test_verify_witness
mutant "what is delivered need not be in the ledger" sync/exchange_check.c 's/!hash_equal(&root, &t->checkpoint.root)/hash_is_zero(\&root)/' test_exchange
mutant "who wrote a key is not looked at" core/accept.c 's/    e = judge_taken(d);/    e = judge_taken(d) == OK ? OK : OK;/' test_witness
mutant "who erases is not looked at" core/domain/record.c '/stands_alone = true,/{n;s/is_witnessed = true/is_witnessed = false/;}' test_erasing
mutant "the node may write anybody's keys" core/domain/directory.c 's/WRITERS(OWN(ROLE_OFFICER), SELF)/WRITERS(ANY(ROLE_NODE), OWN(ROLE_OFFICER), SELF)/' test_witness test_directory
mutant "an invitation works twice" sync/join.c 's/return hash_equal(&person, &j->invitation.key) \&\& hash_equal(&seal, &j->invitation.seal_key) \&\&/return !hash_is_zero(\&person) || !hash_is_zero(\&seal) ||/' test_join
mutant "whoever invited may have been revoked" core/domain/invite.sql 's/ON c.key = i.by JOIN/ON c.key <> i.by JOIN/' test_invite
mutant "the joiner does not look for the own key" sync/join_check.c 's/has = hash_equal(&id, key_id);/has = hash_equal(\&id, key_id) || !hash_is_zero(\&id);/' test_join
mutant "the auditor lets an invitation be used twice" audit/verify_directory.c 's/if (is_node \&\& invitation)/if (!is_node \&\& invitation)/' test_verify_identity
mutant "TLS 1.2 is spoken" sync/tls.c 's/SSL_CTX_set_min_proto_version(c, TLS1_3_VERSION)/SSL_CTX_set_min_proto_version(c, TLS1_2_VERSION)/' test_node
mutant "a fork is not noticed by the auditor" audit/verify.c 's/bool is_same = vsame(root, v->seen.root);/bool is_same = v->seen.size > 0;/' attack_history
mutant "nor a rollback" audit/verify.c 's/v->has_seen && size < v->seen.size/v->has_seen \&\& size == 0/' attack_history
mutant "the node may write what people write" audit/verify_entry.c 's/  bool is = false;/  bool is = kind.len > 0;/' attack_signature
mutant "a bad signature of the ledger's own key is passed over" audit/verify_note.c 's/f->are_good = f->are_good \&\& f->curve/f->are_good = f->curve/' attack_checkpoint
mutant "another ledger is published on top" audit/publish.c 's/strcmp(was->origin, [a-z>-]*origin) != 0/was->origin[0] == 0/' test_publish
mutant "an answer that was overtaken is an alarm" cli/cairn_sync.c 's/return have != w->have || verified != w->verified;/return have > w->have + 1000000;/' e2e/offline
mutant "the person's act is exported without its place" cli/cairn_export.c 's/bool is_left = i < low + k;/bool is_left = i <= low + k;/' e2e/export
mutant "a key may be swapped" audit/verify_entry.c 's/vrow_owner(first) != vrow_owner(subject)/vrow_owner(first) == NULL \&\& subject == NULL/' test_verify_identity
mutant "a machine's certificate may have ended, for the auditor" audit/verify_directory.c 's/a->is_machine_valid = machine.key == NULL || machine.is_valid/a->is_machine_valid = machine.key == NULL || machine.key/' test_verify_identity
mutant "and for the node" core/judge.c 's/!machine_is_valid(d->in->machine, d->judged_s)/d->judged_s == 0/' test_renewal
mutant "who was revoked is renewed" core/directory.c 's/WHERE v.target IN (c.subject, k.person, ?1)/WHERE v.target IN (c.key, k.sign_key)/' test_renewal
mutant "another agency's people are renewed" core/directory.c 's/WHERE c.agency = ?1 AND c.until_s BETWEEN/WHERE c.agency IS NOT zeroblob(length(?1)) AND c.until_s BETWEEN/' test_renewal
mutant "what the keeper rejected comes in under a new key" core/judge.c "s/max(state = 'rejected')/max(state = 'no')/" test_new_identity
mutant "what was held and came in under a new key is not looked at again" core/judge.c 's/d->was_never_held = query_is_null(&q, 0);/d->was_never_held = true;/' test_new_identity
mutant "what was sent without a receipt stays under the old key" core/store.c "s/('unsent', 'sent', 'later') ORDER/('later') ORDER/" test_new_identity
mutant "an answer of another ledger renews a machine" sync/join.c 's/    e = check_same_ledger(s, &m);/    e = OK;/;s/^static enum err check_same_ledger/__attribute__((unused)) &/' test_new_identity
mutant "the author is a second person" core/second.c 's/if (c->found == c->max || hash_equal(&a->person, &c->author))/if (c->found == c->max)/' test_second
mutant "the author confirms" core/second.c 's/!hash_is_zero(&a->person) && !hash_equal(&a->person, &author.person)/!hash_is_zero(\&a->person)/' test_second
mutant "keepers confirm what needs a second person" core/directory.c 's/  if (about->takes_second)/  if (about->takes_second \&\& about->is_second)/' test_second
mutant "the keeper's word confirms, too" sync/duty.c 's/in.is_confirmed = e == OK && .*/in.is_confirmed = e == OK;/' test_second
mutant "what is shown need not be the act" core/second.c 's/hash_equal(&id, &a->act)/hash_equal(\&id, \&id)/' test_second
mutant "somebody who is kept out writes" core/judge.c 's/return err == OK && is_barred ?/return err == OK \&\& is_barred \&\& false ?/' test_staff
mutant "the child itself is shown" core/scope.c 's/if (hash_equal(&who->barred\[b\], &what->id))/if (hash_is_zero(\&what->id))/' test_scope test_staff
mutant "a bar is ended before it is accepted" core/staff.c 's/(lifted IS NULL OR lifted >= 4611686018427387904)/(lifted IS NULL)/' test_staff
mutant "the auditor lets any answer be a ground" audit/verify_conform_register.c 's/return d->says\[SAYS_PLAN\] == plan ? d : NULL/return d/; s/if (d->says\[SAYS_PLAN\] != plan)/if (d->says[SAYS_PLAN] == 3)/' test_rules
mutant "the auditor lets anyone decide" audit/verify_conform_kind.c 's/return held \& k->any ||/return true || held \& k->any ||/' test_verify_conform
mutant "the auditor takes the author for a second person" audit/verify_directory.c 's/if (a->second == NULL || a->second == a->person)/if (a->second == NULL)/' test_verify_identity
mutant "the auditor forgets who is kept out" audit/verify_directory.c 's/b->bar_count > 0 \&\& b->since < v->act.first/b->bar_count > 1 \&\& b->since < v->act.first/' test_verify_identity
mutant "the verifier's memory grows with the ledger" audit/verify_area.c 's/window_count == VAREA_WINDOWS_MAX/window_count == SIZE_MAX/' test_verify_map
mutant "a commit may have two signatures" audit/verify_commit.c 's/c->signature_count > 1)/c->signature_count > 9)/' test_verify_commit
mutant "anybody signs commits" audit/verify_commit.c 's/if (!is_key(s.key, &v->ledger.key))/if (!is_key(s.key, \&v->ledger.key) \&\& s.key.len == 0)/' test_verify_commit
mutant "a commit's signature need not verify" audit/verify_commit.c 's/^  check_later(v, c, \&s);$/  (void)check_later;/' test_verify_commit
mutant "commits are dated as one likes" audit/verify_commit.c 's/else if (!vtext_is(vtext_of(person.at + len.*/else if (person.len == 0 \&\& date[0])/' test_verify_commit
mutant "alternates take effect" audit/clone.c 's/failed = git_repository_set_odb(repository, objects)/failed = 0/' test_clone
mutant "a history that was replaced is forgotten" audit/clone_read.c 's/ \&\& !is_in_history(w, newest, &id))/ \&\& w->number > 99 \&\& !is_in_history(w, newest, \&id))/' test_clone
mutant "another commit than the draft is published" audit/publish.c 's/if (e == OK && !bytes_equal(draft, buf_bytes(&again)))/if (e == OK \&\& again.len == 0)/' test_publish
mutant "leaves that were offered need not give the root" core/recovery_finish.c 's/\*out = e == OK \&\& hash_equal(&root, &f->st.root);/*out = e == OK \&\& !hash_is_zero(\&root);/' test_recover
mutant "whoever shows a checkpoint is believed" sync/recover_node.c 's/ \&\& note_open(note, &vkey, &text) == OK;/ \&\& note_text(note, \&text) == OK;/' test_recover
mutant "a rebuilt node takes back what was erased" core/accept.c 's/kinds\[i\]->is_erasure ? feed_erase/kinds[i]->is_erasure \&\& !d->in->is_rebuilt ? feed_erase/' test_recover
mutant "who is kept out reads the child's other record" core/staff.c 's/"SELECT id FROM same"/"SELECT child FROM staff_bar WHERE person = ?1"/' test_staff
mutant "anybody writes any kind" core/judge.c 's/directory_may_write(&d->author, d->kinds\[i\], &about) != OK)/directory_may_write(\&d->author, d->kinds[i], \&about) == ERR_LIMIT)/' sim-1-60
mutant "a database has no write-ahead log" core/db.c 's/journal_mode=WAL/journal_mode=MEMORY/' sim-1-10
mutant "what was taken back, held again and lost stays taken back" core/feed_forget.c "s/SET why = 'lost' WHERE why = 'withdrawn'/SET why = 'lost' WHERE why = 'none'/" test_feed
mutant "the second value of a conflict is not listed" core/version.c 's/HAVING count(\*) > 1/HAVING count(*) > 2/' sim-1-10
mutant "an act said to be accepted and not delivered waits for ever" core/store.c "s/SET state = 'unsent' WHERE state = 'sent'/SET state = 'unsent' WHERE state = 'none'/" test_exchange
mutant "the words of a refusal do not reach whoever wrote" core/accept.c 's/"refused", rule, why, remedy/"refused", rule, "", remedy/' sim-1-10
mutant "entries of a part of an act stand close together" core/accept.c 's/\.number = d->first + from->index,/.number = d->first + i,/' sim-1-10
mutant "what was lost is not told by its number" core/recovery_status.c 's/if (e == OK \&\& r.last)/if (e == OK \&\& r.last > UINT32_MAX)/' sim-85-90
mutant "what has its number stays filed as what waits" core/store.c 's/DELETE FROM entry_child WHERE number >= ?1 AND number < ?1 + 1024/DELETE FROM entry_child WHERE number = ?1/' sim-1-10
mutant "what only an answer says was refused is discarded" core/discard.c 's/return e == OK \&\& !is_told ?/return e == OK \&\& !is_told \&\& false ?/' test_discard
mutant "what something else refers to is discarded" core/discard.c 's/if (e == OK \&\& names_act(&entry, a))/if (e == OK \&\& names_act(\&entry, a) \&\& false)/' test_discard
mutant "what waits is discarded" core/discard.c 's/strcmp(state, "refused") == 0/strcmp(state, "") != 0/' test_discard
mutant "the place of what was discarded is not known to a new log" core/anew.c 's/e = told_at(c->former, &p, &found);/e = told_at(c->former, \&p, \&found), found = false;/' test_new_log
mutant "a machine forgets that it was told of what it discarded" core/head.c "s/AND t.rule <> 'had'/AND t.rule = 'had'/" test_head
mutant "what was discarded stays in the views" core/store.c 's/return leave_pending(s, first, 0, NULL);/return drop_act(s, first, bytes_of(NULL, 0));/' test_discard
mutant "what could not be said is discarded" cli/cairn_outbox.c 's/    e = out_send(out);/    e = OK;/' e2e/refused
mutant "a commit is not synced" core/db.c 's/PRAGMA synchronous=FULL/PRAGMA synchronous=NORMAL/' test_power
[ "$only" != --look ] || exit 0

all_tests=$(printf '%s\n' "${mutants[@]}" | sed "s/.*$(printf '\037')//" | tr ' ' '\n' | sort -u)
# shellcheck disable=SC2086,SC2046
build $(targets_of $all_tests) || { tail -n 20 build.log; echo "the tree does not build"; exit 1; }
# shellcheck disable=SC2086
run_tests $all_tests || { cat run.log; echo "the tests are red without any mistake"; exit 1; }
for m in "${mutants[@]}"; do try "$m"; done
echo "$killed killed, $survived survived, $broken broken"
[ "$((survived + broken))" -eq 0 ]
