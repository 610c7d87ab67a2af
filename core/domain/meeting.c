#include "core/domain/domain.h"

#define BY_SOCIAL_WORK                                                                                                 \
  WRITERS(IN("social-work", ROLE_PRACTITIONER), IN("social-work", ROLE_LEAD_PROFESSIONAL),                             \
          IN("social-work", ROLE_CHAIR))
#define CHILDREN ENTRY("child", IN_CHILD, "child.add", 1, ENTRY_CHILDREN_MAX, "each child it is about")
#define MEETING ENTRY_OF_CHILD("meeting", "meeting.convene", "the meeting")
/* What convening and a change of it say alike; type, time and chair only where least is 1 they must. */
#define CONVENED(least)                                                                                                \
  CODE("type", IN_FACT, "initial|review|pre-birth|transfer", least, 1, "what sort of meeting"),                        \
      TIME("on", IN_FACT, least, "when it is held"),                                                                   \
      ENTRY("chair", IN_REF, "person.add", least, 1, "who chairs it (R-011, R-012)"),                                  \
      ENTRY("minute-taker", IN_REF, "person.add", 0, 1, "who takes the minute; not the chair (R-134)"),                \
      ENTRY("investigation", IN_REF, "investigation.record", 0, 1, "the investigation that led to it (R-001, N-22)"),  \
      DATE("decided", IN_FACT, 0, "the day on which it was decided to convene it; otherwise today (R-013)"),           \
      DATE("chair-consulted", IN_FACT, 0, "the day on which the chair was consulted on whom to invite (R-022)"),       \
      CODE("format", IN_CONTENT, "physical|virtual|hybrid", 0, 1, "how people meet"),                                  \
      TEXT("place", IN_CONTENT, 300, 0, 1, "where it is held"),                                                        \
      TEXT("purpose", IN_CONTENT, 2000, 0, 1, "why it is convened"),                                                   \
      CODE("short-notice", IN_FACT, "nature-of-concern|perceived-risk|other", 0, 1,                                    \
           "why there is less notice than the profile asks for (R-014)"),                                              \
      TEXT("short-notice-reason", IN_CONTENT, 2000, 0, 1, "the same in words (R-014)"),                                \
      ENTRY("short-notice-by", IN_REF, "person.add", 0, 1, "who approved the short notice (R-014)")

const struct kind meeting_kinds[] = {
    {
        .name = "meeting.convene",
        .help = "a Child Protection Planning Meeting of several professions is convened (R-002; R-010: by social work)",
        .audience = AUDIENCE_CASE,
        BY_SOCIAL_WORK,
        FIELDS(CHILDREN, CONVENED(1)),
        .views = "meeting",
        .project = {"INSERT INTO meeting(object, number, type, held_on, chair, minute_taker, investigation, convener, "
                    "decided, format, place, purpose, chair_consulted, short_notice, short_notice_reason, "
                    "short_notice_by) VALUES(:id, :entry_number, :type, :on, :chair, :minute_taker, :investigation, "
                    ":by, coalesce(:decided, substr(:at, 1, 10)), :format, :place, :purpose, :chair_consulted, "
                    ":short_notice, :short_notice_reason, :short_notice_by)"},
        .line = "purpose",
    },
    {
        .name = "meeting.change",
        .help = "what was arranged for a meeting is arranged anew: another time, chair, place",
        .audience = AUDIENCE_CASE,
        BY_SOCIAL_WORK,
        FIELDS(CHILDREN, MEETING, CONVENED(0)),
        .object = "meeting",
        .is_change = true,
        .project = {"UPDATE meeting SET type = coalesce(:type, type), held_on = coalesce(:on, held_on), "
                    "chair = coalesce(:chair, chair), minute_taker = coalesce(:minute_taker, minute_taker), "
                    "investigation = coalesce(:investigation, investigation), decided = coalesce(:decided, decided), "
                    "format = coalesce(:format, format), place = coalesce(:place, place), "
                    "purpose = coalesce(:purpose, purpose), "
                    "chair_consulted = coalesce(:chair_consulted, chair_consulted), "
                    "short_notice = coalesce(:short_notice, short_notice), "
                    "short_notice_reason = coalesce(:short_notice_reason, short_notice_reason), "
                    "short_notice_by = coalesce(:short_notice_by, short_notice_by) WHERE object = :object"},
        .line = "purpose",
    },
    {
        .name = "segment.record",
        .help = "a part of a meeting, open to the family or held without them (R-052)",
        .audience = AUDIENCE_PROFESSIONALS,
        WRITERS(ANY(ROLE_CHAIR), ANY(ROLE_MINUTE_TAKER)),
        FIELDS(CHILDREN, MEETING, CODE("family", IN_FACT, "open|closed", 1, 1, "open to the family, or without them?"),
               TEXT("from", IN_CONTENT, 20, 0, 1, "the time of day it began"),
               TEXT("until", IN_CONTENT, 20, 0, 1, "the time of day it ended"),
               ENTRY("out", IN_REF, "family.add", 0, 16, "each member of the family who was out"),
               TEXT("reason", IN_CONTENT, 2000, 0, 1, "why it was held without the family"),
               CODE("prepared", IN_FACT, "yes|no", 0, 1, "did the chair prepare the family for it?"),
               CODE("explained", IN_FACT, "yes|no", 0, 1, "did the chair explain the reasons to them?")),
        .views = "segment",
        .project = {"INSERT INTO segment(object, number, meeting, family, from_time, until_time, out, reason, "
                    "prepared, explained) VALUES(:id, :entry_number, :meeting, :family, :from, :until, :out, :reason, "
                    ":prepared, :explained)"},
        .line = "reason",
    },
    {
        .name = "assessment.record",
        .help = "what a meeting found about the risk to a child, and the outline of the plan (R-004, R-005)",
        .audience = AUDIENCE_CASE,
        WRITERS(ANY(ROLE_CHAIR), ANY(ROLE_MINUTE_TAKER), ANY(ROLE_LEAD_PROFESSIONAL)),
        FIELDS(ENTRY("child", IN_CHILD, "child.add", 1, 1, "the child"), MEETING,
               TEXT("risk", IN_CONTENT, 8000, 1, 1, "the risks, as the meeting assessed them together (R-004)"),
               TEXT("strengths", IN_CONTENT, 8000, 0, 1, "what protects the child"),
               TEXT("outline", IN_CONTENT, 8000, 0, 1, "the outline of the plan that was agreed (R-005)")),
        .views = "assessment",
        .project = {"INSERT INTO assessment(object, number, child, meeting, risk, strengths, outline) "
                    "VALUES(:id, :entry_number, :child, :meeting, :risk, :strengths, :outline)"},
        .line = "risk",
    },
    {
        .name = "view.record",
        .help = "a participant's view on risk, plan and registration (R-102 to R-104)",
        .audience = AUDIENCE_CASE,
        WRITERS(ANY(ROLE_PRACTITIONER), ANY(ROLE_LEAD_PROFESSIONAL)),
        FIELDS(ENTRY("child", IN_CHILD, "child.add", 1, 1, "the child"), MEETING,
               TEXT("risk", IN_CONTENT, 4000, 1, 1, "view on the level of risk"),
               CODE("plan", IN_CONTENT, "yes|no|unsure", 1, 1, "is a Child Protection Plan needed?"),
               CODE("register", IN_CONTENT, "yes|no|unsure", 1, 1, "should the name be placed on the register?")),
        .views = "participant_view",
        .project = {"INSERT INTO participant_view(object, number, child, meeting, risk, plan, register, by) "
                    "VALUES(:id, :entry_number, :child, :meeting, :risk, :plan, :register, :by)"},
        .line = "risk",
    },
    {
        .name = "meeting.close",
        .help = "the chair closes a meeting, and says whether it had a quorum (N-29, N-33, N-35)",
        .audience = AUDIENCE_CASE,
        WRITERS(ANY(ROLE_CHAIR)),
        FIELDS(
            CHILDREN, MEETING,
            CODE("quorate", IN_FACT, "yes|no", 1, 1, "did every core agency of the profile attend? (R-016 to R-019)"),
            DATE("early-review", IN_FACT, 0, "of a meeting without quorum: when its early review is held (N-35)"),
            TEXT("reasons", IN_CONTENT, 4000, 0, 1, "why the meeting went on without a quorum (N-35)"),
            TEXT("safeguards", IN_CONTENT, 4000, 0, 1, "what keeps the child safe until the review (N-35)")),
        .views = "meeting_close",
        .project = {"INSERT INTO meeting_close(object, number, meeting, quorate, reasons, safeguards, early_review, "
                    "closed, by) VALUES(:id, :entry_number, :meeting, :quorate, :reasons, :safeguards, :early_review, "
                    ":admitted, :by)"},
        .line = "reasons",
    },
    {0},
};

const struct rule meeting_rules[] = {
    {0},
};
