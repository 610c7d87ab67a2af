/* Work: what people want to record, and what must be there first. What a kind refers to is in core/domain's tables, and
 * is recorded first where it is not there; what the rules ask besides (a meeting is closed when it has decided about
 * each child, a name goes off the register by a review) is in the table of ways. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sim/write.h"

#define ACTS_AT_A_TIME 7
#define STEPS_BACK 8
#define TRIES 2 /* and twice as many at what the run is about first */
#define AIMS_APART 41

/* How something comes about. A way is named by the kind that it is for, or by a name of its own, for other ways. */
struct way {
  const char *name;
  const char *act; /* the kinds of one act, joined by +, with the values that matter; all else is drawn */
  /* Of what: fields of the act, and where there is such a thing: a row, whose columns are these fields. ?1 is the
   * person, ?2 their key's id, ?3 their agency. */
  const char *fields, *query;
  const char *before; /* the ways, joined by |, by which there comes to be such a row */
  bool (*make)(struct writing *w, const struct hash *of);
  bool is_bare; /* what is not demanded is not said: of some fields only one may be */
};

#define ACCEPTED "4611686018427387904"
#define OPEN "NOT EXISTS (SELECT 1 FROM meeting_close x WHERE x.meeting = m.object) "
#define UNDECIDED "NOT EXISTS (SELECT 1 FROM decision d WHERE d.meeting = m.object AND d.child = c.child) "
#define A_CHAIR "SELECT o.person FROM role o WHERE o.role = 'chair' AND o.taken_by IS NULL"
#define ON_REGISTER "SELECT r.child FROM registration r WHERE r.removed_number IS NULL AND r.authority IS NULL"
#define MY_MEETINGS "FROM meeting m JOIN meeting_child c ON c.meeting = m.object WHERE m.chair = ?1 AND " OPEN
#define ALL_DECIDED "NOT EXISTS (SELECT 1 FROM meeting_child c WHERE c.meeting = m.object AND " UNDECIDED ") "
/* An agency, with a person of it who is not the chair, of which nobody was there. */
#define LACKS_THERE                                                                                                    \
  "SELECT 1 FROM person p WHERE p.invitation IS NOT NULL AND p.object <> ?1 AND NOT EXISTS (SELECT 1 FROM attendance " \
  "a "                                                                                                                 \
  "JOIN person o ON o.object = a.person WHERE a.meeting = m.object AND a.attended <> 'none' AND o.agency = p.agency)"
#define REVIEWED                                                                                                       \
  "m.type = 'review' AND EXISTS (SELECT 1 FROM meeting_child c WHERE c.meeting = m.object AND c.child IN "             \
  "(" ON_REGISTER ")) "
#define NEWEST "ORDER BY 1 DESC LIMIT 8"
#define BY_NODE "(SELECT by FROM act ORDER BY first LIMIT 1)"
/* Of entries that people here recorded themselves. */
#define MINE "FROM entry e JOIN act a ON a.first = e.act WHERE a.by = ?2 AND e.id NOT IN (SELECT entry FROM voided) "

static bool document(struct writing *w, const struct hash *of) {
  (void)of;
  return make_document(w);
}

static bool profile(struct writing *w, const struct hash *of) {
  (void)of;
  return make_profile(w);
}

/* clang-format off */
static const struct way ways[] = {
    {"meeting.convene", "meeting.convene", "chair", A_CHAIR, NULL},
    {"decision.record", "decision.record risk=no plan=no", "meeting child",
     "SELECT m.object, c.child " MY_MEETINGS "AND " UNDECIDED "ORDER BY m.number DESC", "meeting.convene"},
    {"registration.add",
     "decision.record risk=yes plan=yes + registration.add decision=@1 impact=neglect + indicator.record registration=@2 "
     "category=impact indicator=neglect",
     "meeting child", "SELECT m.object, c.child " MY_MEETINGS "AND " UNDECIDED "AND c.child NOT IN (" ON_REGISTER ")",
     "child.add|meeting.convene"},
    {"registration.continue", "decision.record risk=yes plan=yes + registration.continue decision=@1",
     "meeting child registration",
     "SELECT m.object, c.child, r.object FROM meeting m JOIN meeting_child c ON c.meeting = m.object "
     "JOIN registration r ON r.child = c.child WHERE m.chair = ?1 AND r.removed_number IS NULL AND r.authority IS NULL AND "
     OPEN "AND " UNDECIDED, "a review"},
    {"meeting.close", "meeting.close quorate=yes", "meeting",
     "SELECT m.object FROM meeting m WHERE m.chair = ?1 AND " OPEN "AND " ALL_DECIDED "AND NOT EXISTS (" LACKS_THERE ")",
     "attendance.record|decision.record"},
    {"a review", "meeting.convene type=review", "child chair",
     "SELECT x.child, y.person FROM (" ON_REGISTER ") x, (" A_CHAIR ") y", "registration.add"},
    {"a review's decision", "decision.record risk=no plan=no", "meeting child",
     "SELECT m.object, c.child " MY_MEETINGS "AND " UNDECIDED "AND " REVIEWED "ORDER BY m.number DESC", "a review"},
    {"a review's end", "meeting.close quorate=yes", "meeting",
     "SELECT m.object FROM meeting m WHERE m.chair = ?1 AND " OPEN "AND " ALL_DECIDED "AND " REVIEWED
     "AND NOT EXISTS (" LACKS_THERE ")", "attendance.record|a review's decision"},
    {"registration.remove", "registration.remove", "child registration decision",
     "SELECT r.child, r.object, d.object FROM registration r JOIN decision d ON d.child = r.child AND d.plan = 'no' "
     "JOIN meeting m ON m.object = d.meeting AND m.type = 'review' JOIN meeting_close x ON x.meeting = m.object "
     "AND x.quorate = 'yes' WHERE m.chair = ?1 AND r.removed_number IS NULL AND r.authority IS NULL "
     "AND NOT EXISTS (SELECT 1 FROM registration_event v WHERE v.object = r.object AND v.number > d.number)",
     "a review's end"},
    {"registration.temporary", "registration.temporary", "child",
     "SELECT object FROM child WHERE object NOT IN (SELECT child FROM registration WHERE authority IS NOT NULL)",
     "child.add"},
    {"registration.temporary-end", "registration.temporary-end", "registration",
     "SELECT object FROM registration WHERE authority IS NOT NULL AND removed_number IS NULL", "registration.temporary"},
    {"registration.amend", "registration.amend", "registration",
     "SELECT object FROM registration WHERE removed_number IS NULL", "registration.add"},
    {"registration.correct", "registration.correct", "registration",
     "SELECT object FROM registration WHERE authority IS NULL", "registration.add"},
    {"indicator.record", "registration.amend vulnerability=online-safety + indicator.record "
     "category=vulnerability indicator=online-safety", "registration",
     "SELECT object FROM registration WHERE removed_number IS NULL", "registration.add"},
    {"dissent.record", "dissent.record about=plan"},
    {"attendance.record", "attendance.record role=agency-participant attended=all basis=need-to-know", "meeting person",
     "SELECT m.object, p.object FROM meeting m, person p WHERE p.object <> m.chair AND " OPEN
     "AND p.invitation IS NOT NULL AND NOT EXISTS (SELECT 1 FROM attendance a JOIN person o ON o.object = a.person "
     "WHERE a.meeting = m.object AND o.agency = p.agency) ORDER BY m.number DESC", "meeting.convene", .is_bare = true},
    {"invitation.send", "invitation.send basis=need-to-know", "person",
     "SELECT object FROM person WHERE invitation IS NOT NULL AND agency <> ?3", NULL, .is_bare = true},

    {"copy.approve", "copy.approve", "meeting",
     "SELECT m.object FROM meeting m JOIN meeting_close x ON x.meeting = m.object WHERE m.chair = ?1", "meeting.close",
     make_approval},
    {"copy.participants", NULL, NULL, NULL, "copy.approve"},
    {"copy.professionals", NULL, NULL, NULL, "copy.approve"},
    {"copy.family", NULL, NULL, NULL, "copy.approve"},
    {"information.closed", "information.closed", "meeting segment",
     "SELECT g.meeting, g.object FROM segment g WHERE g.family = 'closed'", "a closed part"},
    {"a closed part", "segment.record family=closed"},
    {"meeting.delay", "meeting.delay satisfied=in-place satisfied=shared satisfied=effective",
     "child investigation safety-plan",
     "SELECT a.child, i.object, p.object FROM investigation i JOIN entry_child a ON a.number = i.number "
     "JOIN entry_child b ON b.child = a.child JOIN safety_plan p ON p.number = b.number",
     "a plan meanwhile"},
    {"a plan meanwhile", "safety-plan.record", "child",
     "SELECT c.child FROM investigation i JOIN entry_child c ON c.number = i.number", "investigation.record"},
    {"reporter.refer", "reporter.refer", "consideration",
     "SELECT object FROM reporter_consideration WHERE outcome = 'refer'", "a referral"},
    {"a referral", "reporter.consider outcome=refer ground=protection"},

    {"document.add", "document.add", .make = document},
    {"document.file", NULL, NULL, NULL, "document.add"},
    {"restricted.permit", "restricted.permit", "item",
     "SELECT i.object FROM restricted_item i WHERE i.by = ?2 AND i.lifted_by IS NULL", "restricted.add", make_permit},
    {"restricted.reason", NULL, NULL, NULL, "restricted.permit"},
    {"restricted.withdraw", "restricted.withdraw", "permit",
     "SELECT object FROM restricted_permit WHERE by = ?2 AND ended_by IS NULL", "restricted.permit"},
    {"restricted.lift", "restricted.lift", "item",
     "SELECT object FROM restricted_item WHERE by = ?2 AND lifted_by IS NULL", "restricted.add"},
    {"restricted.open", "restricted.open how=own-key", "item",
     "SELECT t.object FROM restricted_to t JOIN seal_key k ON k.key = t.key WHERE k.person = ?1", "restricted.add"},
    {"restricted.break-glass", "restricted.break-glass", "item",
     "SELECT i.object FROM restricted_item i JOIN signer o ON o.key = i.by WHERE o.agency = ?3 "
     "AND i.object NOT IN (SELECT item FROM restricted_opening WHERE how = 'break-glass')", NULL},
    {"restricted.review", "restricted.review", "opening",
     "SELECT g.object FROM restricted_opening g WHERE g.how = 'break-glass' AND g.by <> ?2", "restricted.break-glass"},

    {"entry.void", "entry.void", "entry",
     "SELECT e.id " MINE "AND e.kind IN ('view.record', 'family-view.record', 'household.add', 'report.record', "
     "'whereabouts.record', 'assessment.record')", "household.add"},
    {"entry.erase", "entry.erase", "entry",
     "SELECT e.id FROM entry e WHERE e.kind IN ('view.record', 'family-view.record', 'household.add', 'report.record', "
     "'whereabouts.record', 'assessment.record', 'document.file')", "household.add"},
    {"held.release", "held.release", "hold", "SELECT object FROM hold WHERE state = 'held'", "act.hold"},
    {"held.reject", "held.reject", "hold", "SELECT object FROM hold WHERE state = 'held'", "act.hold"},
    {"staff.bar", "staff.bar", "person", "SELECT object FROM person WHERE invitation IS NULL", "person.add"},
    {"staff.unbar", "staff.unbar", "bar", "SELECT object FROM staff_bar WHERE lifted IS NULL", "staff.bar"},

    {"person.add", "person.add agency=mine"},
    {"person.key", "person.key", "person",
     "SELECT object FROM person WHERE invitation IS NULL AND agency = ?3", "person.add"},
    {"replica.add", "replica.add agency=mine"},
    {"agency.key", "agency.key agency=mine"},
    {"escrow.key", "escrow.key agency=mine"},
    {"invite.person", "invite.person agency=mine role=practitioner until=soon"},
    {"invite.withdraw", "invite.withdraw", "invitation",
     "SELECT i.object FROM invitation i WHERE i.withdrawn_by IS NULL AND i.agency = ?3 "
     "AND i.object NOT IN (SELECT invitation FROM person WHERE invitation IS NOT NULL)", "invite.person"},
    {"role.take", "role.take", "role",
     "SELECT object FROM role WHERE role IN ('business-support', 'lead-professional', 'auditor') AND taken_by IS NULL",
     "a role less"},
    {"a role less", "role.give role=business-support"},
    {"key.revoke", "key.revoke", "key",
     "SELECT k.object FROM agency_key k WHERE k.agency = ?3 AND k.object NOT IN (SELECT target FROM revocation) UNION ALL "
     "SELECT k.object FROM escrow_key k WHERE k.agency = ?3 AND k.object NOT IN (SELECT target FROM revocation)",
     "agency.key|escrow.key"},
    {"person.revoke", "person.revoke", "person",
     "SELECT object FROM person WHERE invitation IS NULL AND agency = ?3", "person.add"},
    {"replica.revoke", "replica.revoke", "replica",
     "SELECT object FROM replica WHERE name <> 'laptop' AND agency = ?3", "replica.add"},
    {"agency.revoke", "agency.revoke", "agency",
     "SELECT object FROM agency WHERE object NOT IN (SELECT agency FROM person)", "agency.add"},
    {"two-persons.require", "two-persons.require kind=agency.add"},
    {"profile.adopt", "profile.adopt", .make = profile},

    /* What the node records about what people do. */
    {"act.hold", "agency.add", "",
     "SELECT object FROM two_persons WHERE kinds LIKE '%agency.add%' AND number < " ACCEPTED, "two-persons.require"},
    {"scope.grow", NULL, NULL, NULL, "involvement.start|invitation.send|a keeper more"},
    {"scope.shrink", NULL, NULL, NULL, "involvement.end"},
    {"a keeper more", "role.give role=keeper", "person",
     "SELECT p.object FROM person p WHERE p.invitation IS NOT NULL AND p.agency NOT IN (SELECT o.agency FROM role r "
     "JOIN person o ON o.object = r.person WHERE r.role = 'keeper')", NULL, .is_bare = true},
    {"scope.shrink-named", NULL, NULL, NULL, "restricted.withdraw"},
    {"feed.receipt", NULL, NULL, NULL, "involvement.end"},
};
/* clang-format on */

/* ---- finding a way ---- */

/* Of a kind that has none of its own: it stands alone in its act. */
static struct way way_named(struct bytes name) {
  for (size_t i = 0; i < sizeof ways / sizeof *ways; i++)
    if (bytes_equal_str(name, ways[i].name))
      return ways[i];
  const struct kind *k = kind_find(name);
  if (k == NULL)
    world_must(err_set(ERR_UNKNOWN_KIND, "no way leads to \"%.*s\"", (int)name.len, (const char *)name.at), "the ways");
  return (struct way){.name = k->name, .act = k->name};
}

/* The parts of a text between these letters, one after the other. */
static bool next_part(const char **rest, char between, struct bytes *out) {
  const char *end = *rest ? strchr(*rest, between) : NULL;
  if (*rest == NULL || **rest == '\0')
    return false;
  *out = bytes_of(*rest, end ? (size_t)(end - *rest) : strlen(*rest));
  *rest = end ? end + 1 : NULL;
  return true;
}

static struct bytes draw_part(struct writing *w, const char *list) {
  struct bytes part = {0}, drawn = {0};
  for (size_t n = 1; next_part(&list, '|', &part); n++)
    if (sim_below(&w->s->chance, n) == 0)
      drawn = part;
  return drawn;
}

#define ROWS_MAX 8
#define COLUMNS_MAX 4

/* A row of what the way is about: the first one as a rule. */
struct row {
  struct hash columns[COLUMNS_MAX];
  size_t count;
};

static bool find_row(struct writing *w, const struct way *way, struct row *out) {
  const struct hash key = key_id(w->who->key);
  struct row rows[ROWS_MAX] = {{.count = 0}};
  struct query q;
  size_t count = 0;
  query_start(&q, w->who->store->db, way->query);
  const int wanted = query_param_count(&q);
  if (wanted > 0)
    query_blob(&q, 1, hash_bytes(&w->who->person));
  if (wanted > 1)
    query_blob(&q, 2, hash_bytes(&key));
  if (wanted > 2)
    query_blob(&q, 3, hash_bytes(&w->who->agency));
  while (count < ROWS_MAX && query_row(&q)) {
    rows[count].count = (size_t)query_column_count(&q);
    for (size_t i = 0; i < rows[count].count; i++)
      rows[count].columns[i] = hash_from(query_get(&q, (int)i));
    count++;
  }
  world_must(query_end(&q), way->name);
  if (count)
    *out = rows[sim_percent(&w->s->chance, 60) ? 0 : sim_below(&w->s->chance, count)];
  return count > 0;
}

static const struct kind *first_kind(const struct way *way) {
  const char *act = way->act;
  struct bytes name = {0};
  next_part(&act, ' ', &name);
  return kind_find(name);
}

static bool is_said(const struct way *way, const char *field) {
  const char *fields = way->fields;
  struct bytes name;
  while (next_part(&fields, ' ', &name))
    if (bytes_equal_str(name, field))
      return true;
  return false;
}

/* What it refers to and is not here; no bytes: nothing is lacking. */
static struct bytes find_reference(struct writing *w, const struct way *way) {
  for (const struct field *f = first_kind(way)->fields; f->name; f++)
    if (f->type == FIELD_ENTRY && f->count_min > 0 && !is_said(way, f->name) &&
        !made_has_any(w->who->store, made_kinds_of(f)))
      return draw_part(w, made_kinds_of(f));
  return (struct bytes){0};
}

/* The first that can be gone at once, or the last. */
static struct bytes choose(struct writing *w, const char *before) {
  struct bytes part = {0};
  struct row row;
  while (next_part(&before, '|', &part)) {
    const struct way way = way_named(part);
    if (way.query ? find_row(w, &way, &row) : !made_has_any(w->who->store, way.name))
      break;
  }
  return part;
}

/* What has to be recorded before it; no bytes: nothing. */
static struct bytes find_before(struct writing *w, const struct way *way, struct row *row) {
  if (way->act == NULL)
    return draw_part(w, way->before);
  if (way->query && !find_row(w, way, row))
    return way->before ? choose(w, way->before) : bytes_str(way->name);
  return find_reference(w, way);
}

/* ---- going it ---- */

static void say_row(const struct way *way, const struct row *row, struct made *m) {
  const char *fields = way->fields;
  struct bytes name;
  for (size_t i = 0; next_part(&fields, ' ', &name); i++) {
    const struct field *f = kind_field(m->kind, name);
    if (f && !made_says(m, f->name))
      made_say(m, f->name, hash_hex(&row->columns[i]).s);
  }
}

static void say_word(struct writing *w, struct made *m, struct bytes word) {
  const struct text_time soon = text_time_format(w->s->now_s + 86400);
  const struct hash_hex me = hash_hex(&w->who->person), mine = hash_hex(&w->who->agency);
  const struct { const char *word, *value; } words[] = {{"me", me.s}, {"mine", mine.s}, {"soon", soon.s}};
  char *text = bytes_copy_string(word), *value = strchr(text, '=');
  *value++ = '\0';
  const struct field *f = kind_field(m->kind, bytes_str(text));
  const char *said = value;
  for (size_t i = 0; i < sizeof words / sizeof *words; i++)
    said = strcmp(value, words[i].word) == 0 ? words[i].value : said;
  made_say(m, f->name, said);
  free(text);
}

static bool make_entry(struct writing *w, const struct way *way, const struct row *row, struct bytes text) {
  struct made *m = &w->made[w->count];
  char *copy = bytes_copy_string(text);
  const char *rest = copy + (*copy == ' ');
  struct bytes word;
  next_part(&rest, ' ', &word);
  m->kind = kind_find(word);
  while (next_part(&rest, ' ', &word))
    say_word(w, m, word);
  say_row(way, row, m);
  m->is_bare = way->is_bare;
  const bool is_made = made_complete(w, m);
  w->count += is_made;
  free(copy);
  return is_made;
}

static bool make_act(struct writing *w, const struct way *way, const struct row *row) {
  const char *rest = way->act;
  struct bytes text;
  bool is_made = true;
  writing_clear(w);
  if (way->make)
    return way->make(w, row->count ? &row->columns[0] : NULL);
  while (is_made && next_part(&rest, '+', &text))
    is_made = make_entry(w, way, row, text);
  return is_made;
}

enum went { CANNOT, CAME_CLOSER, ARRIVED };

/* What was done before in one go. Once is enough for one thing. */
struct gone {
  struct {
    size_t member;
    const char *name;
    struct row of;
  } at[ACTS_AT_A_TIME];
  size_t count;
};

static bool is_enough(const struct gone *g, size_t member, const struct way *way, const struct row *of) {
  for (size_t i = 0; i < g->count; i++)
    if (g->at[i].member == member && strcmp(g->at[i].name, way->name) == 0 && memcmp(&g->at[i].of, of, sizeof *of) == 0)
      return true;
  return false;
}

static void note_gone(struct gone *g, size_t member, const struct way *way, const struct row *of) {
  g->at[g->count].member = member;
  g->at[g->count].name = way->name;
  g->at[g->count++].of = *of;
}

/* One act on this machine towards what the way is named for. */
static enum went go(struct sim *s, size_t member, const char *name, struct gone *gone) {
  struct writing *w = writing_new(s, member);
  struct bytes at = bytes_str(name), before = {0};
  struct way way;
  struct row row;
  enum went went = CANNOT;
  for (size_t steps = 0; steps < STEPS_BACK; steps++, at = before) {
    row = (struct row){.count = 0};
    way = way_named(at);
    before = find_before(w, &way, &row);
    if (before.len == 0 || bytes_equal_str(before, way.name))
      break;
  }
  if (before.len == 0 && !is_enough(gone, member, &way, &row) && may_write(w, first_kind(&way)) &&
      make_act(w, &way, &row) && record_made(w, sim_percent(&s->chance, 10) ? ACCEPT_WRITE_ANYWAY : ACCEPT_WRITE))
    went = bytes_equal_str(at, name) ? ARRIVED : CAME_CLOSER;
  if (went == CAME_CLOSER)
    note_gone(gone, member, &way, &row);
  writing_free(w);
  return went;
}

/* What is worked towards now: from seed to seed, and from one to the next, the kinds in turn. */
static const char *find_aim(const struct sim *s) {
  size_t count = 0;
  while (kind_at(count))
    count++;
  return kind_at((s->seed + s->aims * AIMS_APART) % count)->name;
}

static void next_aim(struct sim *s) {
  s->aims++;
  s->aim_tries = 0;
}

static bool is_for_people(const char *name) {
  const struct kind *k = kind_find(bytes_str(name));
  for (size_t i = 0; i < sizeof ways / sizeof *ways; i++)
    if (strcmp(ways[i].name, name) == 0)
      return true;
  return k->writer_count > 1 || k->writers[0].role != ROLE_NODE;
}

/* What one has recorded the others have to hear of before they can go on. */
static void hand_on(struct sim *s, size_t from, size_t to, bool is_news) {
  if (sim_percent(&s->chance, 80) && (!is_news || sim_exchange(s, from)))
    sim_exchange(s, to);
}

/* As a rule somebody who may record it is at it. */
static size_t whoever_may(struct sim *s, size_t member, const char *aim) {
  const struct way way = way_named(bytes_str(aim));
  for (size_t i = 0; way.act && sim_percent(&s->chance, 70) && i < s->w.count; i++) {
    const size_t one = (member + i) % s->w.count;
    struct writing *w = writing_new(s, one);
    const bool may = may_write(w, first_kind(&way));
    writing_free(w);
    if (may)
      return one;
  }
  return member;
}

bool sim_work(struct sim *s, size_t member) {
  const char *aim = find_aim(s);
  struct gone gone = {.count = 0};
  bool is_any = false, is_news = false;
  if (!is_for_people(aim) || s->aim_tries++ == (s->aims ? TRIES : 2 * TRIES)) {
    next_aim(s);
    return false;
  }
  sim_tell(s, "  towards %s", aim);
  member = whoever_may(s, member, aim);
  for (size_t acts = 0, others = 0; acts < ACTS_AT_A_TIME && others < s->w.count * (is_any ? 2 : 1);) {
    const size_t one = (member + others) % s->w.count;
    switch (go(s, one, aim, &gone)) {
    case CANNOT:
      others++;
      if (is_any)
        hand_on(s, one, (one + 1) % s->w.count, is_news);
      is_news = false;
      break;
    case CAME_CLOSER:
      acts++;
      is_any = is_news = true;
      break;
    case ARRIVED: next_aim(s); return true;
    }
  }
  return is_any;
}
