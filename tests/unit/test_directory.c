/* Who signs, and who may write what. The permissions are written down here a second time, so that a change of the
 * tables is seen. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "core/directory.h"
#include "tests/lib/world.h"

#define DAY_S 86400

/* role, or role@agency type; words joined by spaces. With "own", an officer only about people and machines of their own
 * agency. "self": the person whom it is about. */
static const struct {
  const char *kind, *writers;
  bool is_own;
} permissions[] = {
    {"log.open", "node", false},
    {"agency.add", "node administrator", false},
    {"person.add", "node officer", true},
    {"invite.person", "node administrator officer", true},
    {"invite.withdraw", "node administrator officer", true},
    {"person.key", "officer self", true},
    {"replica.add", "node officer", true},
    {"agency.key", "officer designated-lead", true},
    {"escrow.key", "keeper", true},
    {"cert.issue", "node", false},
    {"role.give", "node administrator officer", false},
    {"role.take", "node administrator officer", false},
    {"key.revoke", "node administrator officer self", true},
    {"person.revoke", "node administrator officer self", true},
    {"replica.revoke", "node administrator officer", true},
    {"agency.revoke", "node administrator", false},
    {"log.keys", "node", false},
    {"log.anew", "node", false},
    {"act.hold", "node", false},
    {"held.release", "keeper second-person", false},
    {"held.reject", "keeper second-person", false},
    {"two-persons.require", "node administrator", false},
    {"staff.bar", "keeper officer chair@social-work lead-professional@social-work self", true},
    {"staff.unbar", "keeper officer chair@social-work lead-professional@social-work", true},
    {"act.refuse", "node", false},
    {"profile.adopt", "node administrator keeper", false},
    {"entry.void", "keeper chair practitioner lead-professional business-support", false},
    {"entry.erase", "keeper", false},
    {"scope.grow", "node", false},
    {"scope.shrink", "node", false},
    {"scope.grow-named", "node", false},
    {"scope.shrink-named", "node", false},
    {"feed.receipt", "node", false},
    {"check.confirm", "chair practitioner lead-professional minute-taker", false},
    {"check.explain", "chair practitioner lead-professional", false},
    {"check.override", "chair", false},
    {"child.add", "practitioner lead-professional chair keeper", false},
    {"child.change", "practitioner lead-professional chair keeper business-support", false},
    {"child.same", "practitioner@social-work lead-professional@social-work chair@social-work keeper", false},
    {"child.distinct", "practitioner@social-work lead-professional@social-work chair@social-work keeper", false},
    {"family.add", "practitioner lead-professional chair", false},
    {"family.change", "practitioner lead-professional chair", false},
    {"household.add", "practitioner lead-professional chair", false},
    {"household.change", "practitioner lead-professional chair", false},
    {"whereabouts.record", "practitioner lead-professional chair keeper business-support", false},
    {"document.add", "practitioner lead-professional chair minute-taker keeper business-support", false},
    {"document.file", "practitioner lead-professional chair minute-taker keeper business-support", false},
    {"report.record", "practitioner lead-professional chair keeper business-support", false},
    {"report.add", "practitioner lead-professional chair keeper business-support", false},
    {"copy.approve", "chair", false},
    {"copy.explain", "chair", false},
    {"copy.participants", "chair", false},
    {"copy.professionals", "chair", false},
    {"copy.family", "chair", false},
    {"investigation.record",
     "practitioner@social-work lead-professional@social-work chair@social-work practitioner@police "
     "practitioner@health",
     false},
    {"safety-plan.record", "practitioner lead-professional chair", false},
    {"safety-plan.change", "practitioner lead-professional chair", false},
    {"meeting.delay", "practitioner@social-work lead-professional@social-work chair@social-work", false},
    {"involvement.change", "practitioner@social-work lead-professional@social-work chair@social-work keeper", false},
    {"involvement.start", "practitioner@social-work lead-professional@social-work chair@social-work keeper", false},
    {"lead.name", "practitioner@social-work lead-professional@social-work chair@social-work keeper", false},
    {"involvement.end", "practitioner@social-work lead-professional@social-work chair@social-work keeper", false},
    {"meeting.convene", "practitioner@social-work lead-professional@social-work chair@social-work", false},
    {"meeting.change", "practitioner@social-work lead-professional@social-work chair@social-work", false},
    {"segment.record", "chair minute-taker", false},
    {"segment.change", "chair minute-taker", false},
    {"information.record", "chair minute-taker", false},
    {"information.change", "chair minute-taker", false},
    {"information.closed", "chair minute-taker", false},
    {"information.closed-change", "chair minute-taker", false},
    {"assessment.record", "chair minute-taker lead-professional", false},
    {"meeting.close", "chair", false},
    {"invitee.consider", "lead-professional practitioner@social-work chair@social-work business-support@social-work",
     false},
    {"invitation.send", "lead-professional practitioner@social-work chair@social-work business-support@social-work",
     false},
    {"attendance.record", "chair minute-taker lead-professional practitioner@social-work", false},
    {"attendance.change", "chair minute-taker lead-professional practitioner@social-work", false},
    {"exclusion.record", "chair", false},
    {"exclusion.change", "chair", false},
    {"support.decide", "chair", false},
    {"child-attendance.decide", "chair practitioner lead-professional", false},
    {"child-attendance.change", "chair practitioner lead-professional", false},
    {"family-view.record", "practitioner lead-professional chair minute-taker", false},
    {"family-view.change", "practitioner lead-professional chair minute-taker", false},
    {"view.record", "practitioner lead-professional", false},
    {"decision.record", "chair", false},
    {"dissent.record", "practitioner lead-professional chair minute-taker", false},
    {"reporter.consider", "chair minute-taker", false},
    {"reporter.refer", "chair practitioner lead-professional", false},
    {"registration.add", "chair keeper@social-work", false},
    {"indicator.record", "chair keeper@social-work", false},
    {"registration.amend", "keeper@social-work business-support@social-work", false},
    {"registration.correct", "keeper@social-work business-support@social-work", false},
    {"registration.continue", "chair keeper@social-work business-support@social-work", false},
    {"registration.remove", "chair keeper@social-work business-support@social-work", false},
    {"registration.temporary", "keeper@social-work business-support@social-work", false},
    {"registration.temporary-end", "keeper@social-work business-support@social-work", false},
    {"registration.tell", "practitioner lead-professional chair keeper@social-work business-support@social-work",
     false},
    {"register.alert", "practitioner lead-professional chair keeper@social-work business-support@social-work", false},
    {"register.notify", "practitioner lead-professional chair", false},
    {"register.enquire", "practitioner lead-professional chair designated-lead keeper business-support", false},
    {"register.entitle", "keeper", false},
    {"register.contact", "keeper@social-work business-support@social-work", false},
    {"register.contact-change", "keeper@social-work business-support@social-work", false},
    {"restricted.add", "practitioner lead-professional chair minute-taker keeper designated-lead", false},
    {"restricted.permit", "practitioner lead-professional chair minute-taker keeper designated-lead", false},
    {"restricted.reason", "practitioner lead-professional chair minute-taker keeper designated-lead", false},
    {"restricted.withdraw", "practitioner lead-professional chair minute-taker keeper designated-lead", false},
    {"restricted.lift", "practitioner lead-professional chair minute-taker keeper designated-lead", false},
    {"restricted.open", "practitioner lead-professional chair minute-taker keeper designated-lead", false},
    {"restricted.break-glass", "designated-lead", false},
    {"restricted.review", "practitioner lead-professional chair minute-taker keeper designated-lead", false},
    {"restricted.fault", "practitioner lead-professional chair minute-taker keeper designated-lead", false},
};

static bool is_among(const char *writers, const char *role, const char *type) {
  struct bytes rest = bytes_str(writers), word;
  char at[64];
  snprintf(at, sizeof at, "%s@%s", role, type);
  for (bool more = true; more;) {
    more = text_split(&rest, ' ', &word);
    if (!more)
      word = rest;
    if (bytes_equal_str(word, role) || bytes_equal_str(word, at))
      return true;
  }
  return false;
}

static void check_role(const struct kind *k, const char *writers, enum role r, struct bytes type) {
  struct author a = {.roles = 1u << r, .agency = {{1}}, .person = {{2}}};
  struct author_about about = {.agency = {{1}}, .person = {{3}}};
  memcpy(a.agency_type, type.at, type.len);
  bool may = is_among(writers, role_word(r), a.agency_type);
  enum err e = directory_may_write(&a, k, &about);
  if (e != (may ? OK : ERR_REFUSED))
    fail_msg("%s by %s in %s: %s", k->name, role_word(r), a.agency_type, err_text(e));
  if (!may && strstr(err_words(e), role_word(k->writers[0].role)) == NULL)
    fail_msg("%s: the words do not say who may: %s", k->name, err_words(e));
  a.roles = ~(1u << r) & ((1u << ROLE_COUNT) - 1); /* all the others together */
  bool others_may = false;
  for (enum role o = 0; o < ROLE_COUNT; o++)
    others_may = others_may || (o != r && is_among(writers, role_word(o), a.agency_type));
  assert_int_equal(directory_may_write(&a, k, &about), others_may ? OK : ERR_REFUSED);
}

static void every_permission(void **state) {
  const struct kind *k;
  (void)state;
  for (size_t i = 0; (k = kind_at(i)); i++) {
    const char *writers = NULL;
    for (size_t p = 0; p < sizeof permissions / sizeof *permissions; p++)
      if (strcmp(permissions[p].kind, k->name) == 0)
        writers = permissions[p].writers;
    if (writers == NULL)
      fail_msg("%s: this test does not know who may write it", k->name);
    for (enum role r = 0; r < ROLE_COUNT; r++) {
      struct bytes rest = bytes_str(AGENCY_TYPES), type;
      for (bool more = true; more;) {
        more = text_split(&rest, '|', &type);
        check_role(k, writers, r, more ? type : rest);
      }
    }
    struct author nobody = {.roles = 0};
    assert_int_equal(directory_may_write(&nobody, k, &(struct author_about){0}), ERR_REFUSED);
  }
}

/* What is about others: an officer's word counts in their own agency, anyone's about themselves. */
static void about_whom(void **state) {
  (void)state;
  for (size_t p = 0; p < sizeof permissions / sizeof *permissions; p++) {
    const struct kind *k = kind_find(bytes_str(permissions[p].kind));
    struct author officer = {.roles = 1u << ROLE_OFFICER, .agency = {{1}}, .person = {{2}}, .agency_type = "health"};
    struct author someone = {.agency = {{1}}, .person = {{2}}, .agency_type = "health"};
    struct author_about own = {.agency = {{1}}, .person = {{3}}}, foreign = {.agency = {{4}}, .person = {{3}}},
                        none = {0}, self = {.agency = {{1}}, .person = {{2}}};
    bool is_officers = is_among(permissions[p].writers, "officer", "health");
    bool is_self = is_among(permissions[p].writers, "self", "health");
    assert_int_equal(directory_may_write(&officer, k, &own), is_officers ? OK : ERR_REFUSED);
    assert_int_equal(directory_may_write(&officer, k, &foreign),
                     is_officers && !permissions[p].is_own ? OK : ERR_REFUSED);
    assert_int_equal(directory_may_write(&officer, k, &none), is_officers && !permissions[p].is_own ? OK : ERR_REFUSED);
    struct author lead = officer;
    lead.roles = 1u << ROLE_DESIGNATED_LEAD;
    bool is_leads = is_among(permissions[p].writers, "designated-lead", "health");
    assert_int_equal(directory_may_write(&lead, k, &own), is_leads ? OK : ERR_REFUSED);
    assert_int_equal(directory_may_write(&lead, k, &foreign), is_leads && !permissions[p].is_own ? OK : ERR_REFUSED);
    assert_int_equal(directory_may_write(&someone, k, &self), is_self ? OK : ERR_REFUSED);
    assert_int_equal(directory_may_write(&someone, k, &own), ERR_REFUSED);
  }
}

/* ---- authors ---- */

struct scene {
  struct world w;
  struct hash agency;
  struct world_member *m;
};

static void scene_open(struct scene *c, uint64_t seed, const char *roles) {
  world_open(&c->w, seed);
  c->agency = world_agency(&c->w, "Police Scotland", "police");
  c->m = world_join(&c->w, &c->agency, "Sgt Iain Kerr", roles);
}

static void authors(void **state) {
  struct scene c;
  struct author a;
  (void)state;
  scene_open(&c, 1, "practitioner chair");
  struct hash operating = key_id(c.w.operating), key = key_id(c.m->key), ledger = key_id(c.w.ledger),
              authority = key_id(c.w.authority);
  struct store *const stores[] = {c.w.node.store, c.m->store};
  for (size_t i = 0; i < 2; i++) {
    assert_int_equal(directory_author(stores[i], &operating, c.w.now_s, &a), OK);
    assert_true(a.is_node);
    assert_int_equal(a.roles, 1u << ROLE_NODE);
    struct hash id = key_id(a.key);
    assert_true(hash_equal(&id, &operating));
    assert_int_equal(directory_author(stores[i], &key, c.w.now_s, &a), OK);
    assert_false(a.is_node);
    assert_int_equal(a.roles, 1u << ROLE_PRACTITIONER | 1u << ROLE_CHAIR);
    assert_string_equal(a.agency_type, "police");
    assert_true(hash_equal(&a.agency, &c.agency));
    assert_true(hash_equal(&a.person, &c.m->person));
    assert_true(a.from_s < c.w.now_s && a.until_s > c.w.now_s + 700 * (int64_t)DAY_S);
    id = key_id(a.key);
    assert_true(hash_equal(&id, &key));
    assert_int_equal(directory_author(stores[i], &c.m->replica, c.w.now_s, &a), ERR_KEY);
    assert_int_equal(directory_author(stores[i], &ledger, c.w.now_s, &a), ERR_KEY);
    assert_int_equal(directory_author(stores[i], &authority, c.w.now_s, &a), ERR_KEY);
  }
  world_close(&c.w);
}

static void machines(void **state) {
  struct scene c;
  struct author a;
  struct machine m;
  (void)state;
  scene_open(&c, 2, "practitioner");
  struct hash person = key_id(c.m->key), operating = key_id(c.w.operating);
  assert_int_equal(directory_author(c.w.node.store, &person, c.w.now_s, &a), OK);
  assert_int_equal(directory_machine(c.w.node.store, &c.m->replica, &m), OK);
  struct hash id = key_id(m.key);
  assert_true(hash_equal(&id, &c.m->replica) && hash_equal(&m.entry, &c.m->machine));
  assert_true(hash_equal(&m.agency, &c.agency) && !m.is_revoked);
  assert_true(m.from_s == a.from_s && m.until_s == a.until_s);
  assert_true(machine_is_valid(&m, m.from_s) && machine_is_valid(&m, m.until_s));
  assert_false(machine_is_valid(&m, m.from_s - 1) || machine_is_valid(&m, m.until_s + 1));
  assert_int_equal(directory_machine(c.w.node.store, &person, &m), ERR_KEY);
  assert_int_equal(directory_machine(c.w.node.store, &operating, &m), ERR_KEY);
  assert_int_equal(directory_machine(c.w.node.store, &c.m->person, &m), ERR_KEY);
  /* As the operating key's place in the cache is taken by asking for it as an author. */
  assert_int_equal(directory_author(c.w.node.store, &operating, c.w.now_s, &a), OK);
  assert_int_equal(directory_machine(c.w.node.store, &operating, &m), ERR_KEY);
  world_close(&c.w);
}

/* Days from and until which a role holds, in days from the day of judging. */
static void days_of_roles(void **state) {
  static const struct {
    int from, until; /* 99: open */
    bool holds;
  } days[] = {{0, 99, true},  {0, 0, true},    {-1, 0, true}, {-9, 9, true}, {-300, 99, true},
              {1, 99, false}, {-9, -1, false}, {1, 9, false}, {9, 1, false}};
  struct scene c;
  (void)state;
  assert_int_equal(sizeof days / sizeof *days, ROLE_COUNT - ROLE_CHAIR);
  scene_open(&c, 3, "practitioner");
  struct hash key = key_id(c.m->key);
  struct hash_hex person = hash_hex(&c.m->person);
  struct world_member *officer = world_join(&c.w, &c.m->agency, "Ann Orr", "officer"),
                      *admin = world_join(&c.w, &c.m->agency, "Ada Orr", "administrator");
  for (size_t i = 0; i < sizeof days / sizeof *days; i++) {
    enum role r = (enum role)(ROLE_CHAIR + i); /* a role of its own for each case */
    struct author a;
    c.w.now_s += DAY_S;
    struct text_time from = text_time_format(c.w.now_s + days[i].from * (int64_t)DAY_S),
                     until = text_time_format(c.w.now_s + days[i].until * (int64_t)DAY_S);
    from.s[TEXT_DATE_SIZE] = until.s[TEXT_DATE_SIZE] = '\0';
    struct draft_value values[5] = {{"person", person.s}, {"role", role_word(r)}, {"from", from.s}};
    size_t count = 3;
    if (days[i].until != 99)
      values[count++] = (struct draft_value){"until", until.s};
    if (r == ROLE_MINUTE_TAKER)
      values[count++] = (struct draft_value){"trained", "2025-03-01"};
    struct draft d = world_draft("role.give", values, count);
    if (role_may_be_given(bytes_str(role_word(r)), 1u << ROLE_OFFICER, true))
      world_record(&c.w, officer, d);
    else
      world_record(&c.w, admin, d);
    world_sync(&c.w, officer);
    world_sync(&c.w, admin);
    assert_int_equal(directory_author(c.w.node.store, &key, c.w.now_s, &a), OK);
    if ((a.roles >> r & 1) != days[i].holds)
      fail_msg("from %s until %s on %s", from.s, days[i].until == 99 ? "-" : until.s, text_time_format(c.w.now_s).s);
  }
  world_close(&c.w);
}

static void names(void **state) {
  struct scene c;
  struct buf b = {0};
  (void)state;
  scene_open(&c, 4, "practitioner");
  struct hash key = key_id(c.m->key), operating = key_id(c.w.operating), unknown = {{0xab, 0xcd, 0xef, 0x01}};
  directory_name(c.w.node.store, &key, &b);
  buf_add_str(&b, "|");
  directory_name(c.w.node.store, &operating, &b);
  buf_add_str(&b, "|");
  directory_name(c.w.node.store, &unknown, &b);
  assert_string_equal(buf_cstr(&b), "Sgt Iain Kerr|the node|abcdef01");
  buf_release(&b);
  world_close(&c.w);
}

static void certificates_and_the_log(void **state) {
  struct scene c;
  struct buf cert = {0};
  struct cert_facts facts;
  struct directory_log log = {0};
  struct store *empty = NULL;
  char path[64];
  (void)state;
  scene_open(&c, 5, "practitioner");
  struct hash key = key_id(c.m->key), operating = key_id(c.w.operating);
  assert_int_equal(directory_certificate(c.m->store, &key, &cert), OK);
  assert_int_equal(cert_read(buf_bytes(&cert), &facts), OK);
  assert_true(hash_equal(&facts.key_id, &key) && hash_equal(&facts.subject, &c.m->person));
  assert_int_equal(directory_certificate(c.m->store, &operating, &cert), ERR_KEY);
  assert_int_equal(directory_log(c.m->store, &log), OK);
  assert_string_equal(buf_cstr(&log.origin), "nl.example/register");
  assert_true(hash_equal(&log.operating_id, &operating));
  assert_true(bytes_equal(buf_bytes(&log.ledger_key), key_spki(c.w.ledger)));
  assert_true(bytes_equal(buf_bytes(&log.authority), buf_bytes(&c.w.authority_cert)));
  directory_log_release(&log);
  snprintf(path, sizeof path, "%s/empty.db", c.w.folder);
  assert_int_equal(store_create(path, &empty), OK);
  assert_int_equal(directory_log(empty, &log), ERR_ABSENT);
  struct author a;
  assert_int_equal(directory_author(empty, &operating, c.w.now_s, &a), ERR_KEY);
  store_close(empty);
  directory_log_release(&log);
  buf_release(&cert);
  world_close(&c.w);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_permission),
      cmocka_unit_test(about_whom),
      cmocka_unit_test(authors),
      cmocka_unit_test(machines),
      cmocka_unit_test(days_of_roles),
      cmocka_unit_test(names),
      cmocka_unit_test(certificates_and_the_log),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
