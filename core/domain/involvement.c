#include "core/domain/domain.h"

#define SOCIAL_WORKERS                                                                                                 \
  WRITERS(IN("social-work", ROLE_PRACTITIONER), IN("social-work", ROLE_LEAD_PROFESSIONAL),                             \
          IN("social-work", ROLE_CHAIR), ANY(ROLE_KEEPER))
#define DETAILS                                                                                                        \
  CODE("continuing", IN_CONTENT, YES_NO, 0, 1, "of the police: does their involvement continue? (R-027)"),             \
      CODE("significant", IN_CONTENT, YES_NO, 0, 1, "are they significantly involved with the child? (R-105)")

/* clang-format off */
#define INVOLVED_SET \
  CHANGED("continuing", "continuing", "continuing") ", " \
  CHANGED("significant", "significant", "significant") ", " \
  CHANGED("reason", "reason", "reason")
/* clang-format on */

const struct kind involvement_kinds[] = {
    {
        .name = "involvement.start",
        .help = "an agency starts to work with a child, and from then on receives the child's record (R-020)",
        .audience = AUDIENCE_CASE,
        SOCIAL_WORKERS,
        FIELDS(ENTRY("child", IN_CHILD, "child.add", 1, 1, "the child"),
               ENTRY("agency", IN_REF, "agency.add", 1, 1, "the agency"), DETAILS,
               TEXT("reason", IN_CONTENT, 1000, 0, 1, "why")),
        .moves_scope = true,
        .views = "involvement",
        .project = {"INSERT INTO involvement(object, number, child, agency, reason, continuing, significant, started) "
                    "VALUES(:id, :entry_number, :child, :agency, :reason, :continuing, :significant, :admitted)"},
        .line = "agency",
    },
    {
        .name = "involvement.change",
        .help = "how an agency is involved with a child has changed",
        .audience = AUDIENCE_CASE,
        SOCIAL_WORKERS,
        FIELDS(ENTRY("child", IN_CHILD, "child.add", 1, 1, "the child"),
               ENTRY_OF_CHILD("involvement", "involvement.start", "the involvement"), DETAILS,
               TEXT("reason", IN_CONTENT, 1000, 0, 1, "why"), CLEAR("continuing|significant|reason")),
        .object = "involvement",
        .is_change = true,
        .project = {"UPDATE involvement SET " INVOLVED_SET " WHERE object = :object"},
        .line = "reason",
    },
    {
        .name = "involvement.end",
        .help = "an agency no longer works with a child",
        .audience = AUDIENCE_CASE,
        SOCIAL_WORKERS,
        FIELDS(ENTRY("child", IN_CHILD, "child.add", 1, 1, "the child"),
               ENTRY_OF_CHILD("involvement", "involvement.start", "the involvement that ends"),
               TEXT("reason", IN_CONTENT, 1000, 1, 1, "why")),
        .object = "involvement",
        .moves_scope = true,
        .project = {"UPDATE involvement SET ended_by = :id, ended = :admitted WHERE object = :object"},
        .line = "reason",
    },
    {
        .name = "lead.name",
        .help = "who is the lead professional for a child from now on (R-021, N-28); told of enquiries to the register",
        .audience = AUDIENCE_REGISTER,
        SOCIAL_WORKERS,
        FIELDS(ENTRY("child", IN_CHILD, "child.add", 1, 1, "the child"),
               ENTRY("person", IN_REF, "person.add", 1, 1, "the lead professional"),
               TEXT("contact", IN_CONTENT, 500, 0, 1, "how to reach them")),
        .views = "lead",
        .project = {"INSERT INTO lead(object, number, child, person, contact) "
                    "VALUES(:id, :entry_number, :child, :person, :contact)"},
        .line = "person",
    },
    {0},
};

/* Who sees what is for social work to say: an agency does not bring itself in, and nobody else undoes what it said. */
const struct rule involvement_rules[] = {
    {
        .number = "K-016",
        .class = RULE_HARD,
        .gates = "involvement.start invitation.send",
        .words = "nobody involves their own agency with a child, or invites it to a meeting",
        .remedy = "ask social work to record it",
        .source = "the record's own order: who is involved or invited receives the child's record",
        .query = "SELECT 'broken' FROM (SELECT number, agency FROM involvement UNION ALL "
                 "SELECT i.number, coalesce(w.agency, i.agency) FROM meeting_invitation i "
                 "LEFT JOIN person w ON w.object = i.person) v " SQL_AUTHORS_AGENCY
                 "WHERE v.number BETWEEN :first AND :last AND v.agency = g.object AND g.type <> 'social-work'",
    },
    {
        .number = "K-017",
        .class = RULE_HARD,
        .gates = "entry.void",
        .words = "what says who is involved, invited or the same child is voided by social work only",
        .remedy = "ask social work to record it",
        .source = "the record's own order: who is involved or invited receives the child's record",
        .query = "SELECT 'broken' FROM entry v JOIN voided d ON d.object = v.object AND d.by = v.id "
                 "JOIN entry e ON e.id = d.entry " SQL_AUTHORS_AGENCY
                 "WHERE v.number BETWEEN :first AND :last AND g.type <> 'social-work' "
                 "AND e.kind IN ('involvement.start', 'involvement.end', 'invitation.send', 'attendance.record', "
                 "'meeting.convene', 'meeting.change', 'child.same', 'child.distinct')",
    },
    {0},
};
