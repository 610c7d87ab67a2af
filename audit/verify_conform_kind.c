#include "audit/verify_conform.h"

/* The kinds of core/FORMAT.md section 8: who may write them, and what they name. */

#define P VROLE_PRACTITIONER
#define C VROLE_CHAIR
#define M VROLE_MINUTE_TAKER
#define L VROLE_LEAD_PROFESSIONAL
#define D VROLE_DESIGNATED_LEAD
#define B VROLE_BUSINESS_SUPPORT
#define K VROLE_KEEPER
#define A VROLE_ADMINISTRATOR
#define MANY VERIFY_CHILDREN_MAX
#define ANY(roles) .any = (roles)
#define SOCIAL_WORK(roles) .social_work = (roles)
#define NODE .is_nodes = true
#define CHILDREN(least, most) .child_min = least, .child_max = most
#define REFS(...) .refs = {__VA_ARGS__}
/* name, kinds */
#define ONE(name, kinds)                                                                                               \
  { name, kinds, 0, false, true }
#define ONE_OF_CHILD(name, kinds)                                                                                      \
  { name, kinds, 0, true, true }
#define SOME(name, kinds)                                                                                              \
  { name, kinds, 0, false, false }
#define SOME_OF_CHILD(name, kinds)                                                                                     \
  { name, kinds, 0, true, false }
#define PERSON(name)                                                                                                   \
  { name, 0, VREF_PERSON, false, true }
#define PERSON_MAYBE(name)                                                                                             \
  { name, 0, VREF_PERSON, false, false }
#define AGENCY                                                                                                         \
  { "agency", 0, VREF_AGENCY, false, true }
#define AGENCY_MAYBE                                                                                                   \
  { "agency", 0, VREF_AGENCY, false, false }
#define OF_MEETING ONE_OF_CHILD("meeting", VKIND(MEETING))
#define REGISTRATION ONE_OF_CHILD("registration", VKIND(ADD) | VKIND(TEMPORARY))
#define AUTHORISER PERSON_MAYBE("authoriser")
#define PROFESSIONALS ANY(P | L | C | M | K | D)

static const struct vkind kinds[] = {
    {"profile.adopt", VKIND_PROFILE, ANY(A | K), NODE},
    {"register.entitle", ANY(K), REFS(AGENCY)},
    {"register.contact", SOCIAL_WORK(K | B)},
    {"register.contact-change", SOCIAL_WORK(K | B)},
    {"register.enquire", ANY(P | L | C | D | K | B), REFS(SOME("found", VKIND(ADD) | VKIND(TEMPORARY)))},
    {"entry.void", VKIND_VOID, ANY(K | C | P | L | B), CHILDREN(0, MANY)},
    {"entry.erase", VKIND_ERASE, VERIFY_D_ERASURE, ANY(K), CHILDREN(0, MANY)},
    {"child.add", VKIND_CHILD, ANY(P | L | C | K)},
    {"child.change", ANY(P | L | C | K | B), CHILDREN(1, 1)},
    {"child.same", VKIND_SAME, ANY(K), SOCIAL_WORK(P | L | C), CHILDREN(2, 2),
     REFS(SOME_OF_CHILD("instead", VKIND(SAME) | VKIND(DISTINCT)))},
    {"child.distinct", VKIND_DISTINCT, ANY(K), SOCIAL_WORK(P | L | C), CHILDREN(2, 2),
     REFS(SOME_OF_CHILD("instead", VKIND(SAME) | VKIND(DISTINCT)))},
    {"family.add", ANY(P | L | C), CHILDREN(1, MANY)},
    {"family.change", ANY(P | L | C), CHILDREN(1, MANY)},
    {"household.add", ANY(P | L | C), CHILDREN(1, MANY)},
    {"household.change", ANY(P | L | C), CHILDREN(1, MANY)},
    {"whereabouts.record", ANY(P | L | C | K | B), CHILDREN(1, 1)},
    {"involvement.start", VKIND_INVOLVEMENT, ANY(K), SOCIAL_WORK(P | L | C), CHILDREN(1, 1), REFS(AGENCY)},
    {"involvement.change", ANY(K), SOCIAL_WORK(P | L | C), CHILDREN(1, 1),
     REFS(ONE_OF_CHILD("involvement", VKIND(INVOLVEMENT)))},
    {"involvement.end", VKIND_INVOLVEMENT_END, ANY(K), SOCIAL_WORK(P | L | C), CHILDREN(1, 1),
     REFS(ONE_OF_CHILD("involvement", VKIND(INVOLVEMENT)))},
    {"lead.name", ANY(K), SOCIAL_WORK(P | L | C), CHILDREN(1, 1), REFS(PERSON("person"))},
    {"investigation.record", SOCIAL_WORK(P | L | C), .elsewhere = P, CHILDREN(1, MANY),
     REFS(PERSON_MAYBE("lead-professional"))},
    {"safety-plan.record", ANY(P | L | C), CHILDREN(1, MANY)},
    {"safety-plan.change", ANY(P | L | C), CHILDREN(1, MANY)},
    {"meeting.delay", SOCIAL_WORK(P | L | C), CHILDREN(1, MANY)},
    {"meeting.convene", VKIND_MEETING, SOCIAL_WORK(P | L | C), CHILDREN(1, MANY),
     REFS(PERSON("chair"), PERSON_MAYBE("minute-taker"), PERSON_MAYBE("short-notice-by"))},
    {"meeting.change", VKIND_MEETING_CHANGE, SOCIAL_WORK(P | L | C), CHILDREN(1, MANY),
     REFS(OF_MEETING, PERSON_MAYBE("chair"), PERSON_MAYBE("minute-taker"), PERSON_MAYBE("short-notice-by"))},
    {"meeting.close", VKIND_CLOSE, ANY(C), CHILDREN(1, MANY), REFS(OF_MEETING)},
    {"segment.record", ANY(C | M), CHILDREN(1, MANY), REFS(OF_MEETING)},
    {"segment.change", ANY(C | M), CHILDREN(1, MANY)},
    {"assessment.record", ANY(C | M | L), CHILDREN(1, 1), REFS(OF_MEETING)},
    {"view.record", ANY(P | L), CHILDREN(1, 1), REFS(OF_MEETING)},
    {"information.record", ANY(C | M), CHILDREN(1, MANY), REFS(OF_MEETING, AGENCY_MAYBE)},
    {"information.change", ANY(C | M), CHILDREN(1, MANY), REFS(AGENCY_MAYBE)},
    {"information.closed", ANY(C | M), CHILDREN(1, MANY), REFS(OF_MEETING, AGENCY_MAYBE)},
    {"information.closed-change", ANY(C | M), CHILDREN(1, MANY), REFS(AGENCY_MAYBE)},
    {"invitee.consider", ANY(L), SOCIAL_WORK(P | C | B), CHILDREN(1, MANY), REFS(OF_MEETING, AGENCY_MAYBE)},
    {"invitation.send", VKIND_INVITATION, ANY(L), SOCIAL_WORK(P | C | B), CHILDREN(1, MANY),
     REFS(OF_MEETING, PERSON_MAYBE("person"), AGENCY_MAYBE, PERSON_MAYBE("sent-for"))},
    {"attendance.record", VKIND_ATTENDANCE, ANY(C | M | L), SOCIAL_WORK(P), CHILDREN(1, MANY),
     REFS(OF_MEETING, PERSON_MAYBE("person"), AGENCY_MAYBE)},
    {"attendance.change", VKIND_ATTENDANCE_CHANGE, ANY(C | M | L), SOCIAL_WORK(P), CHILDREN(1, MANY),
     REFS(ONE_OF_CHILD("attendance", VKIND(ATTENDANCE)))},
    {"exclusion.record", VKIND_EXCLUSION, ANY(C), CHILDREN(1, MANY), REFS(OF_MEETING)},
    {"exclusion.change", VKIND_EXCLUSION_CHANGE, ANY(C), CHILDREN(1, MANY),
     REFS(ONE_OF_CHILD("exclusion", VKIND(EXCLUSION)))},
    {"support.decide", ANY(C), CHILDREN(1, MANY), REFS(OF_MEETING)},
    {"child-attendance.decide", ANY(C | P | L), CHILDREN(1, 1), REFS(OF_MEETING)},
    {"child-attendance.change", ANY(C | P | L), CHILDREN(1, 1)},
    {"family-view.record", ANY(P | L | C | M), CHILDREN(1, MANY), REFS(OF_MEETING)},
    {"family-view.change", ANY(P | L | C | M), CHILDREN(1, MANY)},
    {"document.add", ANY(P | L | C | M | K | B), CHILDREN(1, MANY), REFS(SOME_OF_CHILD("meeting", VKIND(MEETING)))},
    {"document.file", ANY(P | L | C | M | K | B), CHILDREN(1, MANY)},
    {"report.record", VKIND_REPORT, ANY(P | L | C | K | B), CHILDREN(1, MANY),
     REFS(SOME_OF_CHILD("meeting", VKIND(MEETING)))},
    {"report.add", ANY(P | L | C | K | B), CHILDREN(1, MANY), REFS(ONE_OF_CHILD("report", VKIND(REPORT)))},
    {"decision.record", VKIND_DECISION, ANY(C), CHILDREN(1, 1), REFS(OF_MEETING)},
    {"dissent.record", ANY(P | L | C | M), CHILDREN(1, 1),
     REFS(ONE_OF_CHILD("decision", VKIND(DECISION)), PERSON_MAYBE("person"))},
    {"reporter.consider", ANY(C | M), CHILDREN(1, 1), REFS(OF_MEETING)},
    {"reporter.refer", ANY(C | P | L), CHILDREN(1, 1)},
    {"registration.add", VKIND_ADD, ANY(C), SOCIAL_WORK(K), CHILDREN(1, 1), REFS(ONE("decision", VKIND(DECISION)))},
    {"registration.temporary", VKIND_TEMPORARY, SOCIAL_WORK(K | B), CHILDREN(1, 1), REFS(AUTHORISER)},
    {"registration.amend", VKIND_AMEND, SOCIAL_WORK(K | B), CHILDREN(1, 1), REFS(REGISTRATION, AUTHORISER)},
    {"registration.correct", VKIND_CORRECT, SOCIAL_WORK(K | B), CHILDREN(1, 1), REFS(REGISTRATION, AUTHORISER)},
    {"registration.continue", VKIND_CONTINUE, ANY(C), SOCIAL_WORK(K | B), CHILDREN(1, 1),
     REFS(ONE_OF_CHILD("registration", VKIND(ADD)), ONE("decision", VKIND(DECISION)), AUTHORISER)},
    {"registration.remove", VKIND_REMOVE, ANY(C), SOCIAL_WORK(K | B), CHILDREN(1, 1),
     REFS(ONE_OF_CHILD("registration", VKIND(ADD)), ONE("decision", VKIND(DECISION)), AUTHORISER)},
    {"registration.temporary-end", VKIND_TEMPORARY_END, SOCIAL_WORK(K | B), CHILDREN(1, 1),
     REFS(ONE_OF_CHILD("registration", VKIND(TEMPORARY)), AUTHORISER)},
    {"registration.tell", ANY(P | L | C), SOCIAL_WORK(K | B), CHILDREN(1, 1), REFS(REGISTRATION)},
    {"indicator.record", VKIND_INDICATOR, ANY(C), SOCIAL_WORK(K), CHILDREN(1, 1), REFS(REGISTRATION)},
    {"register.alert", ANY(P | L | C), SOCIAL_WORK(K | B), CHILDREN(1, 1), REFS(REGISTRATION, AGENCY_MAYBE)},
    {"register.notify", ANY(P | L | C), CHILDREN(1, 1), REFS(REGISTRATION)},
    {"check.confirm", VKIND_CONFIRM, ANY(C | P | L | M), CHILDREN(1, MANY), REFS(OF_MEETING)},
    {"check.explain", VKIND_EXPLAIN, ANY(C | P | L), CHILDREN(1, MANY), REFS(OF_MEETING)},
    {"check.override", VKIND_OVERRIDE, ANY(C), CHILDREN(1, MANY), REFS(OF_MEETING)},
    {"copy.approve", VKIND_APPROVE, ANY(C), CHILDREN(1, MANY),
     REFS(OF_MEETING, SOME_OF_CHILD("report", VKIND(REPORT)))},
    {"copy.explain", ANY(C), REFS(ONE("meeting", VKIND(MEETING)))},
    {"copy.participants", VKIND_COPY_PARTICIPANTS, ANY(C), CHILDREN(1, MANY),
     REFS(OF_MEETING, ONE_OF_CHILD("approval", VKIND(APPROVE)))},
    {"copy.professionals", VKIND_COPY_PROFESSIONALS, ANY(C), CHILDREN(1, MANY),
     REFS(OF_MEETING, ONE_OF_CHILD("approval", VKIND(APPROVE)))},
    {"copy.family", VKIND_COPY_FAMILY, ANY(C), CHILDREN(1, MANY),
     REFS(OF_MEETING, ONE_OF_CHILD("approval", VKIND(APPROVE)))},
    {"restricted.add", VKIND_ITEM, PROFESSIONALS, CHILDREN(1, MANY),
     REFS(SOME_OF_CHILD("meeting", VKIND(MEETING)), SOME_OF_CHILD("exclusion", VKIND(EXCLUSION)))},
    {"restricted.permit", VKIND_PERMIT, PROFESSIONALS, REFS(ONE("item", VKIND(ITEM)))},
    {"restricted.reason", VKIND_PERMIT_REASON, PROFESSIONALS, REFS(ONE("permit", VKIND(PERMIT)))},
    {"restricted.withdraw", VKIND_PERMIT_END, PROFESSIONALS, REFS(ONE("permit", VKIND(PERMIT)))},
    {"restricted.lift", VKIND_LIFT, PROFESSIONALS, REFS(ONE("item", VKIND(ITEM)))},
    {"restricted.open", VKIND_OPEN, PROFESSIONALS, REFS(ONE("item", VKIND(ITEM) | VKIND(PERMIT)))},
    {"restricted.break-glass", VKIND_BREAK_GLASS, VERIFY_D_OPENING, ANY(D), REFS(ONE("item", VKIND(ITEM)))},
    {"restricted.review", VKIND_REVIEW, PROFESSIONALS, REFS(ONE("opening", VKIND(BREAK_GLASS)))},
    {"restricted.fault", VKIND_FAULT, PROFESSIONALS, REFS(ONE("item", VKIND(ITEM) | VKIND(PERMIT)))},
    {"scope.grow", NODE, CHILDREN(0, MANY), REFS(AGENCY)},
    {"scope.shrink", NODE, CHILDREN(0, MANY), REFS(AGENCY)},
    {"scope.grow-named", NODE, CHILDREN(0, MANY), REFS(AGENCY)},
    {"scope.shrink-named", NODE, CHILDREN(0, MANY), REFS(AGENCY)},
    {"feed.receipt", NODE},
};

/* Kinds that section 4.2 judges, or that no one writes but the node about itself. */
static const char *const of_the_directory[] = {
    "log.open",       "log.keys",      "cert.issue",      "agency.add",          "person.add",
    "person.key",     "replica.add",   "agency.key",      "escrow.key",          "role.give",
    "role.take",      "act.refuse",    "act.hold",        "key.revoke",          "person.revoke",
    "replica.revoke", "agency.revoke", "held.release",    "held.reject",         "staff.bar",
    "staff.unbar",    "invite.person", "invite.withdraw", "two-persons.require", "log.anew"};

#undef P
#undef C
#undef M
#undef L
#undef D
#undef B
#undef K
#undef A

const struct vkind *vkind_at(size_t i) {
  return i < sizeof kinds / sizeof *kinds ? &kinds[i] : NULL;
}

const struct vkind *vkind_find(struct verify_text name) {
  const struct vkind *k;
  size_t i = 0;
  while ((k = vkind_at(i)) && !vtext_is(name, k->name))
    i++;
  return k;
}

static bool is_of_the_directory(struct verify_text name) {
  for (size_t i = 0; i < sizeof of_the_directory / sizeof *of_the_directory; i++)
    if (vtext_is(name, of_the_directory[i]))
      return true;
  return false;
}

bool vkind_is_known(struct verify_text name) {
  return vkind_find(name) || is_of_the_directory(name);
}

bool vkind_may_write(const struct vkind *k, unsigned held, enum vagency_type type, bool is_node) {
  if (is_node)
    return k->is_nodes;
  return held & k->any || (type == VAGENCY_SOCIAL_WORK && held & k->social_work) ||
         ((type == VAGENCY_HEALTH || type == VAGENCY_POLICE) && held & k->elsewhere);
}
