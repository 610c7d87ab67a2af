#include "core/domain/domain.h"
#include "core/domain/meeting_sql.h"

#define CHILDREN                                                                                                       \
  ENTRY("child", IN_CHILD, "child.add", 1, ENTRY_CHILDREN_MAX, "each child, whose view it is or whom it is about")
#define BY_PRACTITIONERS                                                                                               \
  WRITERS(ANY(ROLE_PRACTITIONER), ANY(ROLE_LEAD_PROFESSIONAL), ANY(ROLE_CHAIR), ANY(ROLE_MINUTE_TAKER))
#define SAID(least)                                                                                                    \
  TEXT("words", IN_CONTENT, 8000, least, 1, "the views, as far as may be in their own words (R-045)"),                 \
      CODE("presented", IN_FACT, "yes|no", 0, 1, "were they presented to the meeting? (R-055, R-068)"),                \
      CODE("considered", IN_FACT, "yes|no", 0, 1, "did the meeting consider them? (R-068)"),                           \
      TEXT("in-plan", IN_CONTENT, 4000, 0, 1, "how the plan takes the child's perspective into account (R-060)")

/* clang-format off */
#define SAID_SET \
  CHANGED("presented", "presented", "presented") ", " \
  CHANGED("considered", "considered", "considered") ", " \
  CHANGED("in_plan", "in_plan", "in-plan")
/* clang-format on */

/* What the child and the family think. */
const struct kind family_view_kinds[] = {
    {
        .name = "family-view.record",
        .help = "what a child, parent or carer thinks, before, during or after a meeting (R-045, R-066, R-068)",
        .audience = AUDIENCE_CASE,
        BY_PRACTITIONERS,
        FIELDS(CHILDREN, ENTRY_OF_CHILD("meeting", "meeting.convene", "the meeting"),
               CODE("whose", IN_FACT, "child|parent|carer|family-member", 1, 1, "whose views"),
               ENTRY("family", IN_REF, "family.add", 0, 1, "which parent, carer or relative"),
               CODE("when", IN_FACT, "before|during|after", 1, 1, "before, during or after the meeting (R-066)"),
               CODE("method", IN_FACT, "conversation|form|drawing|advocate|interpreter|observation|other", 1, 1,
                    "how they were learned; of a baby by observation of its behaviour (R-067)"),
               SAID(1)),
        .views = "family_view",
        .project = {"INSERT INTO family_view(object, number, meeting, whose, family, phase, method, words, presented, "
                    "considered, in_plan) VALUES(:id, :entry_number, :meeting, :whose, :family, :when, :method, "
                    ":words, :presented, :considered, :in_plan)"},
        .line = "whose words",
    },
    {
        .name = "family-view.change",
        .help = "what became of views at the meeting, or they are put right",
        .audience = AUDIENCE_CASE,
        BY_PRACTITIONERS,
        FIELDS(CHILDREN, ENTRY_OF_CHILD("view", "family-view.record", "the views"), SAID(0),
               CLEAR("presented|considered|in-plan")),
        .object = "view",
        .is_change = true,
        .project = {"UPDATE family_view SET words = coalesce(:words, words), " SAID_SET " WHERE object = :object"},
        .line = "words",
    },
    {0},
};

#define OF_CHILD(condition) ABOUT_CHILD("family_view", "v.whose = 'child' AND " condition)
/* Children of the meeting who were born. */
#define CHILDREN_BORN "FROM meeting_child c WHERE c.meeting = :meeting AND NOT c.is_unborn "

/* Of a child who was not there: are the views before the meeting lacking, and those after it? */
#define ABSENT_CHILDREN                                                                                                \
  "SELECT c.name AS name, NOT " OF_CHILD("v.phase = 'before'") " AS lacks_before, NOT " OF_CHILD(                      \
      "v.phase = 'after'") " AS lacks_after " CHILDREN_BORN                                                            \
                           "AND NOT EXISTS (SELECT 1 FROM attendance a WHERE a.meeting = :meeting "                    \
                           "AND a.child = c.child AND a.attended <> 'none') ORDER BY name"
#define UNHEARD_CHILDREN                                                                                               \
  "SELECT c.name AS name, " OF_CHILD("1") " AS obtained, " OF_CHILD("v.presented = 'yes'") " AS presented, " OF_CHILD( \
      "v.considered = 'yes'") " AS considered " CHILDREN_BORN
#define PLANNED_WITHOUT_CHILD                                                                                          \
  "SELECT c.name AS what " CHILDREN_BORN "AND EXISTS (SELECT 1 FROM decision d WHERE d.meeting = :meeting "            \
  "AND d.child = c.child AND d.plan = 'yes') AND NOT " OF_CHILD("v.in_plan IS NOT NULL")

const struct rule family_view_rules[] = {
    {
        .number = "R-045",
        .class = RULE_CHECKLIST,
        .about = ABOUT_MEETING,
        .words = "the chair encourages parents and carers to say what they think",
        .remedy = "record what they said: cairn family-view record --whose parent",
        .source = FAMILY_NOTE "Parents and carers",
        .query = "SELECT 'open' WHERE NOT EXISTS "
                 "(SELECT 1 FROM family_view WHERE meeting = :meeting AND whose IN ('parent', 'carer'))",
    },
    {
        .number = "R-060",
        .class = RULE_HARD,
        .about = ABOUT_MEETING,
        .gates = "meeting.close",
        .words = "the plan must take the child's perspective into account",
        .remedy = "record how it does: cairn family-view change --in-plan",
        .source = FAMILY_NOTE "Children and young people",
        .query = LACKS(UNTIL_CLOSED, PLANNED_WITHOUT_CHILD),
    },
    {
        .number = "R-066",
        .class = RULE_HARD,
        .about = ABOUT_MEETING,
        .gates = "meeting.close",
        .words = "the views of a child who does not attend are still necessary before and after the meeting",
        .remedy = "record them: cairn family-view record --whose child --when before; or the chair says why there are "
                  "none: cairn check override",
        .source = FAMILY_NOTE "Children and young people",
        .query = "SELECT CASE WHEN max(lacks_before) AND EXISTS (SELECT 1 FROM meeting_close WHERE meeting = :meeting) "
                 "THEN 'broken' ELSE 'open' END, group_concat(name || ': views ' || CASE WHEN lacks_before AND "
                 "lacks_after THEN 'before and after' WHEN lacks_before THEN 'before' ELSE 'after' END || "
                 "' the meeting', '; ') FROM (" ABSENT_CHILDREN ") WHERE lacks_before OR lacks_after "
                 "HAVING count(*) > 0",
        .may_override = true,
    },
    {
        .number = "R-068",
        .class = RULE_HARD,
        .about = ABOUT_MEETING,
        .gates = "copy.approve",
        .words =
            "the child's views are obtained, presented, considered and recorded, whether or not the child is there",
        .remedy = "record them (cairn family-view record --whose child), and what became of them (--presented yes "
                  "--considered yes); or the chair says why not: cairn check override",
        .source = FAMILY_NOTE "Children and young people",
        .query = LACKS(UNTIL_APPROVED, "SELECT name || CASE WHEN NOT obtained THEN ': not obtained' WHEN NOT presented "
                                       "THEN ': not presented' ELSE ': not considered' END AS what FROM "
                                       "(" UNHEARD_CHILDREN ") WHERE NOT (obtained AND presented AND considered)"),
        .may_override = true,
    },
    {0},
};
