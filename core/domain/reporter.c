#include "core/domain/domain.h"

const struct kind reporter_kinds[] = {
    {
        .name = "reporter.consider",
        .help = "the meeting considered whether to refer a child to the Principal Reporter (R-127)",
        .audience = AUDIENCE_CASE,
        WRITERS(ANY(ROLE_CHAIR), ANY(ROLE_MINUTE_TAKER)),
        FIELDS(ENTRY("child", IN_CHILD, "child.add", 1, 1, "the child"),
               ENTRY_OF_CHILD("meeting", "meeting.convene", "the meeting"),
               CODE("outcome", IN_FACT, "already-done|refer|not-necessary", 1, 1, "what was found"),
               CODE("ground", IN_CONTENT, "protection|guidance|treatment|control|compliance", 0, 5,
                    "each ground for compulsory measures (R-128)"),
               TEXT("reason", IN_CONTENT, 2000, 0, 1, "why; needed where it is not necessary")),
        .views = "reporter_consideration",
        .project = {"INSERT INTO reporter_consideration(object, number, child, meeting, outcome, grounds, reason, "
                    "considered, by) "
                    "VALUES(:id, :entry_number, :child, :meeting, :outcome, :ground, :reason, :admitted, :by)"},
        .line = "outcome",
    },
    {
        .name = "reporter.refer",
        .help = "a child was referred to the Principal Reporter (R-129)",
        .audience = AUDIENCE_CASE,
        WRITERS(ANY(ROLE_CHAIR), ANY(ROLE_PRACTITIONER), ANY(ROLE_LEAD_PROFESSIONAL)),
        FIELDS(ENTRY("child", IN_CHILD, "child.add", 1, 1, "the child"),
               ENTRY_OF_CHILD("consideration", "reporter.consider", "where it was found necessary"),
               DATE("sent", IN_FACT, 1, "the day on which it was sent"),
               TEXT("reason", IN_CONTENT, 4000, 1, 1, "the reason for the referral (R-131)"),
               TEXT("information", IN_CONTENT, 4000, 0, 1, "what else it includes, and why that much (R-130)"),
               CODE("plan", IN_CONTENT, "yes|no", 0, 1, "does it include the child's plan? (R-132)"),
               CODE("assessment", IN_CONTENT, "yes|no", 0, 1,
                    "does it include the full assessment of risk and need? (R-132)"),
               TEXT("why-not", IN_CONTENT, 2000, 0, 1, "why it does not include both")),
        .views = "referral",
        .project = {"INSERT INTO referral(object, number, child, consideration, sent, reason, plan, assessment, "
                    "why_not, by) VALUES(:id, :entry_number, :child, :consideration, :sent, :reason, :plan, "
                    ":assessment, :why_not, :by)"},
        .line = "reason",
    },
    {0},
};

const struct rule reporter_rules[] = {
    {0},
};
