#include "core/domain/domain.h"

#define CHILDREN                                                                                                       \
  ENTRY("child", IN_CHILD, "child.add", 1, ENTRY_CHILDREN_MAX, "each child, whose view it is or whom it is about")
#define BY_PRACTITIONERS                                                                                               \
  WRITERS(ANY(ROLE_PRACTITIONER), ANY(ROLE_LEAD_PROFESSIONAL), ANY(ROLE_CHAIR), ANY(ROLE_MINUTE_TAKER))
#define SAID(least)                                                                                                    \
  TEXT("words", IN_CONTENT, 8000, least, 1, "the views, as far as may be in their own words (R-045)"),                 \
      CODE("presented", IN_FACT, "yes|no", 0, 1, "were they presented to the meeting? (R-055, R-068)"),                \
      CODE("considered", IN_FACT, "yes|no", 0, 1, "did the meeting consider them? (R-068)"),                           \
      TEXT("in-plan", IN_CONTENT, 4000, 0, 1, "how the plan takes the child's perspective into account (R-060)")

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
        .line = "words",
    },
    {
        .name = "family-view.change",
        .help = "what became of views at the meeting, or they are put right",
        .audience = AUDIENCE_CASE,
        BY_PRACTITIONERS,
        FIELDS(CHILDREN, ENTRY_OF_CHILD("view", "family-view.record", "the views"), SAID(0)),
        .object = "view",
        .is_change = true,
        .project = {"UPDATE family_view SET words = coalesce(:words, words), "
                    "presented = coalesce(:presented, presented), considered = coalesce(:considered, considered), "
                    "in_plan = coalesce(:in_plan, in_plan) WHERE object = :object"},
        .line = "words",
    },
    {0},
};

const struct rule family_view_rules[] = {
    {0},
};
