#include "core/domain/domain.h"
#include "core/domain/meeting_sql.h"

/* The referrals that follow from a meeting. */
#define SENT "FROM referral f JOIN reporter_consideration r ON r.object = f.consideration WHERE r.meeting = :meeting "

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
        .line = "outcome reason",
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
        .project = {"INSERT INTO referral(object, number, child, consideration, sent, reason, information, "
                    "plan, assessment, why_not, by) VALUES(:id, :entry_number, :child, :consideration, :sent, :reason, "
                    ":information, :plan, :assessment, :why_not, :by)"},
        .line = "reason",
    },
    {0},
};

const struct rule reporter_rules[] = {
    {
        .number = "R-127",
        .class = RULE_HARD,
        .about = ABOUT_MEETING,
        .gates = "meeting.close",
        .words =
            "the meeting must consider for each child whether a referral to the Principal Reporter may be necessary, "
            "and if not, why not",
        .remedy = "record it: cairn reporter consider --outcome already-done|refer|not-necessary --reason ...",
        .source = "Child Protection Planning Meetings procedure, referral to Reporter",
        .query = "SELECT " UNTIL_CLOSED " FROM meeting_child c WHERE c.meeting = :meeting AND NOT EXISTS "
                 "(SELECT 1 FROM reporter_consideration r WHERE r.meeting = :meeting AND r.child = c.child "
                 "AND (r.outcome <> 'not-necessary' OR r.reason IS NOT NULL))",
    },
    {
        .number = "R-129",
        .class = RULE_DEADLINE,
        .about = ABOUT_MEETING,
        .words = "where a referral was found necessary, it is actioned straight away",
        .remedy = "send it, and record it: cairn reporter refer --consideration R ...; or say why not: "
                  "cairn check explain --rule R-129",
        .source = "Child Protection Planning Meetings procedure, referral to Reporter",
        .query =
            "SELECT iif(coalesce(substr(r.considered, 1, 10), :today) < coalesce(f.sent, :today), 'broken', 'open'), "
            "'found necessary on ' || substr(r.considered, 1, 10) || coalesce(', sent on ' || f.sent, '') "
            "FROM reporter_consideration r LEFT JOIN referral f ON f.consideration = r.object "
            "WHERE r.meeting = :meeting AND r.outcome = 'refer' "
            "AND (f.object IS NULL OR f.sent > substr(r.considered, 1, 10))",
    },
    {
        .number = "R-130",
        .class = RULE_CHECKLIST,
        .about = ABOUT_MEETING,
        .words = "the referral to the Principal Reporter includes relevant and proportionate information",
        .remedy = "say what: cairn reporter refer --information ..., or cairn check confirm",
        .source = "Child Protection Planning Meetings procedure, referral to Reporter",
        .query = "SELECT 'na' WHERE NOT EXISTS (SELECT 1 " SENT ") UNION ALL "
                 "SELECT 'open' " SENT "AND f.information IS NULL",
    },
    {
        .number = "R-132",
        .class = RULE_REASON,
        .about = ABOUT_MEETING,
        .gates = "meeting.close",
        .words =
            "a referral to the Principal Reporter includes, where possible, the child's plan and the full assessment "
            "of risk and need, and one does not and does not say why",
        .remedy = "record a referral with --plan yes --assessment yes, or with --why-not",
        .source = "Child Protection Planning Meetings procedure, referral to Reporter",
        .query = "SELECT " UNTIL_CLOSED " " SENT
                 "AND f.why_not IS NULL AND (f.plan IS NOT 'yes' OR f.assessment IS NOT 'yes')",
    },
    {0},
};
