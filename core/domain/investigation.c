#include "core/domain/domain.h"

#define SOCIAL_WORKERS                                                                                                 \
  WRITERS(IN("social-work", ROLE_PRACTITIONER), IN("social-work", ROLE_LEAD_PROFESSIONAL),                             \
          IN("social-work", ROLE_CHAIR))
#define INVESTIGATORS                                                                                                  \
  WRITERS(IN("social-work", ROLE_PRACTITIONER), IN("social-work", ROLE_LEAD_PROFESSIONAL),                             \
          IN("social-work", ROLE_CHAIR), IN("police", ROLE_PRACTITIONER), IN("health", ROLE_PRACTITIONER))
#define PLAN_WRITERS WRITERS(ANY(ROLE_PRACTITIONER), ANY(ROLE_LEAD_PROFESSIONAL), ANY(ROLE_CHAIR))
#define EACH_CHILD ENTRY("child", IN_CHILD, "child.add", 1, ENTRY_CHILDREN_MAX, "each child it is about")

#define PLAN_DETAILS                                                                                                   \
  TEXT("needs", IN_CONTENT, 4000, 0, 1, "the needs of the child, and the harm there may be"),                          \
      TEXT("seen", IN_CONTENT, 2000, 0, 1, "how the child is seen and heard"),                                         \
      TEXT("monitoring", IN_CONTENT, 2000, 0, 1, "how it is watched that it works"),                                   \
      TEXT("signal", IN_CONTENT, 2000, 0, 1, "how anyone who is concerned says so"),                                   \
      TEXT("contact", IN_CONTENT, 300, 0, 16, "each person to turn to, and how to reach them"),                        \
      TEXT("agreed", IN_CONTENT, 300, 0, 32, "each person who understands it and agrees"),                             \
      TEXT("shared", IN_CONTENT, 300, 0, 32, "each person or agency who has it"),                                      \
      DATE("until", IN_FACT, 0, "until when, if it is not until the planning meeting")
#define PLAN_CLEAR "needs|seen|monitoring|signal|contact|agreed|shared|until"

/* clang-format off */
#define PLAN_SET \
  CHANGED("until_date", "until", "until") ", " \
  CHANGED("needs", "needs", "needs") ", " \
  CHANGED("seen", "seen", "seen") ", " \
  CHANGED("monitoring", "monitoring", "monitoring") ", " \
  CHANGED("signal", "signal", "signal") ", " \
  CHANGED("contacts", "contact", "contact") ", " \
  CHANGED("agreed", "agreed", "agreed") ", " \
  CHANGED("shared", "shared", "shared")
/* clang-format on */

/* What an investigation came to, and what keeps the child safe until the planning meeting. */
const struct kind investigation_kinds[] = {
    {
        .name = "investigation.record",
        .help = "what a child protection investigation came to (R-001, N-22)",
        .audience = AUDIENCE_CASE,
        INVESTIGATORS,
        FIELDS(EACH_CHILD,
               CODE("outcome", IN_FACT, "meeting-required|meeting-not-required|no-further-action", 1, 1,
                    "what was decided (N-21)"),
               DATE("on", IN_FACT, 1, "when"),
               ENTRY("lead-professional", IN_REF, "person.add", 0, 1, "the lead professional, a social worker (N-26)"),
               TEXT("concern", IN_CONTENT, 4000, 0, 1, "what was investigated"),
               TEXT("reasons", IN_CONTENT, 4000, 1, 1, "why it was decided so (N-21)"),
               TEXT("participant", IN_CONTENT, 300, 0, 32, "each person who took part, with their agency")),
        .views = "investigation",
        .project = {"INSERT INTO investigation(object, number, outcome, held_on, lead_professional, reasons) "
                    "VALUES(:id, :entry_number, :outcome, :on, :lead_professional, :reasons)"},
        .line = "reasons",
    },
    {
        .name = "safety-plan.record",
        .help = "an interim safety plan: what keeps the child safe until the planning meeting (N-25, N-34)",
        .audience = AUDIENCE_CASE,
        PLAN_WRITERS,
        FIELDS(EACH_CHILD, DATE("on", IN_FACT, 1, "since when it holds"),
               TEXT("action", IN_CONTENT, 1000, 1, 32, "each thing that is done, by whom, from when on"), PLAN_DETAILS),
        .views = "safety_plan",
        .project = {"INSERT INTO safety_plan(object, number, agreed_on, until_date, actions, needs, seen, monitoring, "
                    "signal, contacts, agreed, shared) VALUES(:id, :entry_number, :on, :until, :action, :needs, :seen, "
                    ":monitoring, :signal, :contact, :agreed, :shared)"},
        .line = "action",
    },
    {
        .name = "safety-plan.change",
        .help = "the interim safety plan was reviewed and has changed",
        .audience = AUDIENCE_CASE,
        PLAN_WRITERS,
        FIELDS(EACH_CHILD, ENTRY_OF_CHILD("safety-plan", "safety-plan.record", "the interim safety plan"),
               DATE("on", IN_FACT, 0, "since when it holds"),
               TEXT("action", IN_CONTENT, 1000, 0, 32, "each thing that is done, of all there are now"), PLAN_DETAILS,
               CLEAR(PLAN_CLEAR)),
        .object = "safety-plan",
        .is_change = true,
        .project = {"UPDATE safety_plan SET agreed_on = coalesce(:on, agreed_on), actions = coalesce(:action, "
                    "actions), " PLAN_SET " WHERE object = :object"},
        .line = "action",
    },
    {
        .name = "meeting.delay",
        .help = "the accountable senior manager agrees that the planning meeting is held later than the procedure says "
                "(N-23, N-24)",
        .audience = AUDIENCE_CASE,
        SOCIAL_WORKERS,
        FIELDS(EACH_CHILD, ENTRY_OF_CHILD("investigation", "investigation.record", "the investigation"),
               ENTRY_OF_CHILD("safety-plan", "safety-plan.record", "the interim safety plan that holds until then"),
               DATE("until", IN_FACT, 1, "the latest day of the meeting"),
               CODE("satisfied", IN_FACT, "in-place|shared|effective", 3, 3,
                    "that the interim safety plan is in place, is shared, and is effective up to the meeting"),
               TEXT("manager", IN_CONTENT, 300, 1, 1, "the senior manager, by name and post"),
               TEXT("reason", IN_CONTENT, 2000, 1, 1, "why it is later")),
        .views = "meeting_delay",
        .project = {"INSERT INTO meeting_delay(object, number, investigation, safety_plan, until_date) "
                    "VALUES(:id, :entry_number, :investigation, :safety_plan, :until)"},
        .line = "reason",
    },
    {0},
};

const struct rule investigation_rules[] = {
    {
        .number = "N-25",
        .class = RULE_HARD,
        .gates = "meeting.delay",
        .words = "the meeting is put off, and the interim safety plan that the child relies on meanwhile is not enough",
        .remedy = "bring the plan up to date first: cairn safety-plan change",
        .source = "National Guidance for Child Protection in Scotland, interim safety planning",
        .query = "SELECT 'broken', CASE WHEN p.object IS NULL THEN 'it counts no more' "
                 "WHEN p.until_date < d.until_date THEN 'it ends before the meeting' "
                 "WHEN p.needs IS NULL THEN 'it does not say which harm it is about (needs)' "
                 "WHEN p.seen IS NULL THEN 'it does not say how the child is seen and heard (seen)' "
                 "WHEN p.monitoring IS NULL THEN 'it does not say how it is watched (monitoring)' "
                 "WHEN p.signal IS NULL THEN 'it does not say how anyone who is concerned says so (signal)' "
                 "WHEN p.contacts IS NULL THEN 'it does not say whom to turn to (contact)' "
                 "WHEN p.agreed IS NULL THEN 'it does not say who agrees with it (agreed)' "
                 "ELSE 'it does not say who has it (shared)' END "
                 "FROM meeting_delay d LEFT JOIN safety_plan p ON p.object = d.safety_plan "
                 "WHERE d.number BETWEEN :first AND :last AND (p.object IS NULL OR p.until_date < d.until_date "
                 "OR p.needs IS NULL OR p.seen IS NULL OR p.monitoring IS NULL OR p.signal IS NULL "
                 "OR p.contacts IS NULL OR p.agreed IS NULL OR p.shared IS NULL)",
    },
    {0},
};
