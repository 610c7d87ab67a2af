#include "core/domain/domain.h"

#define MEETING_ROLES                                                                                                  \
  "chair|minute-taker|lead-professional|senior-social-worker|agency-participant|child|parent-carer|family-member|"     \
  "support|advocate|interpreter|foster-carer|reporter-observer|service-representative"
#define CHILDREN ENTRY("child", IN_CHILD, "child.add", 1, ENTRY_CHILDREN_MAX, "each child of the meeting")
#define CHILD ENTRY("child", IN_CHILD, "child.add", 1, 1, "the child")
#define MEETING ENTRY_OF_CHILD("meeting", "meeting.convene", "the meeting")
#define YES_NO "yes|no"
#define ATTENDED(least)                                                                                                \
  CODE("role", IN_FACT, MEETING_ROLES, least, 1, "in which role (R-035, R-036, R-049)"),                               \
      CODE("attended", IN_FACT, "all|part|none", least, 1, "the whole meeting, a part of it, or not (R-065)"),         \
      CODE("significant", IN_FACT, YES_NO, 0, 1, "significantly involved with the child and family? (R-105)"),         \
      CODE("basis", IN_FACT, "need-to-know|essential-to-plan|other", 0, 1,                                             \
           "of someone who was not invited: on what ground they attended (R-037)"),                                    \
      CODE("views-represented", IN_FACT, YES_NO, 0, 1,                                                                 \
           "of someone who could not attend: were their views sought and given? (N-30)"),                              \
      ENTRY("supports", IN_REF, "family.add|child.add", 0, 1, "of a support person: whom (R-047)"),                    \
      TEXT("discipline", IN_CONTENT, 200, 0, 1, "as which profession (R-002)"),                                        \
      TEXT("reason", IN_CONTENT, 2000, 0, 1, "apologies, and the reason for them (R-020, N-32)")
#define EXCLUDED(least)                                                                                                \
  CODE("form", IN_FACT, "not-invited|excluded|excluded-in-part", least, 1, "which of them (R-052)"),                   \
      CODE("ground", IN_CONTENT, "bail-conditions|significant-risk-to-others|other", least, 1, "the ground (R-051)"),  \
      TEXT("reason", IN_CONTENT, 4000, 0, 1, "the reasons, as they stand in the minute (R-056)"),                      \
      TEXT("informed-by", IN_CONTENT, 200, 0, 1, "who tells the parent or carer that they will not attend (R-053)"),   \
      TEXT("views-by", IN_CONTENT, 200, 0, 1, "who asks for their views (R-054)"),                                     \
      TEXT("outcome-by", IN_CONTENT, 200, 0, 1, "who tells them the outcome (N-38)"),                                  \
      DATE("outcome-until", IN_FACT, 0, "by which day (N-38)")
#define DECIDED(least)                                                                                                 \
  CODE("attend", IN_FACT, "all|part|none", least, 1,                                                                   \
       "does the child attend the whole meeting, a part, or not? (R-065)"),                                            \
      CODE("core-group", IN_FACT, "yes|no|later", 0, 1, "does the child attend the core group? (R-069)"),              \
      CODE("older", IN_FACT, YES_NO, 0, 1, "is this an older child or young person? (R-070, C-14)"),                   \
      TEXT("impact", IN_CONTENT, 4000, 0, 1, "what attending would mean for the child emotionally (R-059)"),           \
      TEXT("reasons", IN_CONTENT, 4000, 0, 1, "the reasons for attending or not (R-057, R-070)"),                      \
      TEXT("factors", IN_CONTENT, 4000, 0, 1, "what led to the decision (R-071)"),                                     \
      TEXT("preparer", IN_CONTENT, 200, 0, 1, "who is best placed to prepare the child (R-063)"),                      \
      CODE("prepared", IN_FACT, YES_NO, 0, 1, "was the child prepared and supported? (R-062)"),                        \
      CODE("told", IN_FACT, YES_NO, 0, 1, "was the child told, in words, of not being invited? (R-061)"),              \
      TEXT("not-told-reason", IN_CONTENT, 2000, 0, 1, "why the child was not told (R-061)")
#define BY_THOSE_WHO_NOTE                                                                                              \
  WRITERS(ANY(ROLE_CHAIR), ANY(ROLE_MINUTE_TAKER), ANY(ROLE_LEAD_PROFESSIONAL), IN("social-work", ROLE_PRACTITIONER))
#define BY_PRACTITIONERS WRITERS(ANY(ROLE_CHAIR), ANY(ROLE_PRACTITIONER), ANY(ROLE_LEAD_PROFESSIONAL))

/* Who attends and who does not, and what the chair and others decided about it. */
const struct kind attendance_kinds[] = {
    {
        .name = "attendance.record",
        .help = "that someone attended a meeting, in which role, or did not (R-016 to R-020)",
        .audience = AUDIENCE_CASE,
        BY_THOSE_WHO_NOTE,
        FIELDS(CHILDREN, MEETING, ENTRY("person", IN_REF, "person.add", 0, 1, "the practitioner"),
               ENTRY("family", IN_REF, "family.add", 0, 1, "or the member of the family, or who supports them"),
               ENTRY("agency", IN_REF, "agency.add", 0, 1, "or the agency of someone who does not work with Cairn"),
               TEXT("name", IN_CONTENT, 200, 0, 1, "and that one's name"), ATTENDED(1)),
        .views = "attendance",
        .project = {"INSERT INTO attendance(object, number, meeting, person, family, child, agency, name, discipline, "
                    "role, attended, significant, basis, supports, reason, views_represented) "
                    "SELECT :id, :entry_number, :meeting, :person, :family, CASE :role WHEN 'child' THEN "
                    "(SELECT child FROM entry_child WHERE number = :entry_number) END, :agency, :name, :discipline, "
                    ":role, :attended, :significant, :basis, :supports, :reason, :views_represented"},
        .line = "reason",
    },
    {
        .name = "attendance.change",
        .help = "what was recorded about someone's attendance is put right",
        .audience = AUDIENCE_CASE,
        BY_THOSE_WHO_NOTE,
        FIELDS(CHILDREN, ENTRY_OF_CHILD("attendance", "attendance.record", "what was recorded"), ATTENDED(0)),
        .object = "attendance",
        .is_change = true,
        .project = {"UPDATE attendance SET role = coalesce(:role, role), attended = coalesce(:attended, attended), "
                    "significant = coalesce(:significant, significant), basis = coalesce(:basis, basis), "
                    "views_represented = coalesce(:views_represented, views_represented), "
                    "supports = coalesce(:supports, supports), discipline = coalesce(:discipline, discipline), "
                    "reason = coalesce(:reason, reason) WHERE object = :object"},
        .line = "reason",
    },
    {
        .name = "exclusion.record",
        .help = "the chair decides that a parent or carer is not invited, or is excluded (R-050)",
        .audience = AUDIENCE_PROFESSIONALS,
        WRITERS(ANY(ROLE_CHAIR)),
        FIELDS(CHILDREN, MEETING, ENTRY("family", IN_REF, "family.add", 1, 1, "the parent or carer"), EXCLUDED(1)),
        .views = "exclusion",
        .project = {"INSERT INTO exclusion(object, number, meeting, family, form, ground, reason, informer, views_by, "
                    "outcome_by, outcome_until, said, by) VALUES(:id, :entry_number, :meeting, :family, :form, "
                    ":ground, :reason, :informed_by, :views_by, :outcome_by, :outcome_until, :entry_number, :by)"},
        .line = "reason",
    },
    {
        .name = "exclusion.change",
        .help = "the chair says more about an exclusion, or puts it right",
        .audience = AUDIENCE_PROFESSIONALS,
        WRITERS(ANY(ROLE_CHAIR)),
        FIELDS(CHILDREN, ENTRY_OF_CHILD("exclusion", "exclusion.record", "the exclusion"), EXCLUDED(0)),
        .object = "exclusion",
        .is_change = true,
        .project = {"UPDATE exclusion SET form = coalesce(:form, form), ground = coalesce(:ground, ground), "
                    "reason = coalesce(:reason, reason), informer = coalesce(:informed_by, informer), "
                    "views_by = coalesce(:views_by, views_by), outcome_by = coalesce(:outcome_by, outcome_by), "
                    "outcome_until = coalesce(:outcome_until, outcome_until), said = :entry_number, by = :by "
                    "WHERE object = :object"},
        .line = "reason",
    },
    {
        .name = "support.decide",
        .help = "the chair decides whether a friend or relative may come to support someone (R-048)",
        .audience = AUDIENCE_CASE,
        WRITERS(ANY(ROLE_CHAIR)),
        FIELDS(CHILDREN, MEETING, ENTRY("family", IN_REF, "family.add", 0, 1, "who would come"),
               TEXT("name", IN_CONTENT, 200, 0, 1, "or that one's name"),
               ENTRY("supports", IN_REF, "family.add|child.add", 0, 1, "to support whom (R-047)"),
               CODE("outcome", IN_FACT, "allowed|refused", 1, 1, "the decision"),
               TEXT("reason", IN_CONTENT, 2000, 0, 1, "why (R-048)")),
        .views = "support_decision",
        .project = {"INSERT INTO support_decision(object, number, meeting, family, name, supports, outcome, reason) "
                    "VALUES(:id, :entry_number, :meeting, :family, :name, :supports, :outcome, :reason)"},
        .line = "reason",
    },
    {
        .name = "child-attendance.decide",
        .help = "whether a child attends the meeting and the core group, and why (R-057 to R-072)",
        .audience = AUDIENCE_CASE,
        BY_PRACTITIONERS,
        FIELDS(CHILD, MEETING, DECIDED(1)),
        .views = "child_attendance",
        .project = {"INSERT INTO child_attendance(object, number, child, meeting, attend, core_group, is_older, "
                    "impact, reasons, factors, preparer, prepared, told, not_told) VALUES(:id, :entry_number, :child, "
                    ":meeting, :attend, :core_group, :older, :impact, :reasons, :factors, :preparer, :prepared, "
                    ":told, :not_told_reason)"},
        .line = "reasons",
    },
    {
        .name = "child-attendance.change",
        .help = "more is said about a child's attendance, or it is decided anew",
        .audience = AUDIENCE_CASE,
        BY_PRACTITIONERS,
        FIELDS(CHILD, ENTRY_OF_CHILD("decided", "child-attendance.decide", "what was decided"), DECIDED(0)),
        .object = "decided",
        .is_change = true,
        .project = {"UPDATE child_attendance SET attend = coalesce(:attend, attend), "
                    "core_group = coalesce(:core_group, core_group), is_older = coalesce(:older, is_older), "
                    "impact = coalesce(:impact, impact), reasons = coalesce(:reasons, reasons), "
                    "factors = coalesce(:factors, factors), preparer = coalesce(:preparer, preparer), "
                    "prepared = coalesce(:prepared, prepared), told = coalesce(:told, told), "
                    "not_told = coalesce(:not_told_reason, not_told) WHERE object = :object"},
        .line = "reasons",
    },
    {0},
};

const struct rule attendance_rules[] = {
    {0},
};
