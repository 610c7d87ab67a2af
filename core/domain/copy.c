#include "core/domain/domain.h"
#include "core/domain/meeting_sql.h"

#include "core/sheet.h"

#define CHILDREN ENTRY("child", IN_CHILD, "child.add", 1, ENTRY_CHILDREN_MAX, "each child of the meeting")
#define MEETING ENTRY_OF_CHILD("meeting", "meeting.convene", "the meeting")

/* One rendering with what proves it. The three kinds differ in who receives them, and in nothing else. */
#define COPY(rendering, audience_, help_)                                                                              \
  {                                                                                                                    \
    .name = "copy." rendering, .help = help_, .audience = audience_, WRITERS(ANY(ROLE_CHAIR)),                         \
    FIELDS(CHILDREN, MEETING, ENTRY_OF_CHILD("approval", "copy.approve", "the approval that commits to it"),           \
           TOKEN("salt", IN_CONTENT, 1, "32 digits, drawn afresh for each rendering"),                                 \
           TEXT("html", IN_CONTENT, SHEET_HTML_MAX, 1, 1, "the document as a page"),                                   \
           TEXT("text", IN_CONTENT, SHEET_TEXT_MAX, 1, 1, "the document as plain text")),                              \
    .views = "copy",                                                                                                   \
    .project = {"INSERT INTO copy(object, number, meeting, approval, rendering, commitment) VALUES(:id, "              \
                ":entry_number, :meeting, :approval, '" rendering "', copy_commitment(:salt, :html, :text))"},         \
    .line = "meeting", .command = "",                                                                                  \
  }

/* The chair's one approval of exactly three documents. The documents stand in its act, each for those who may read it.
 */
const struct kind copy_kinds[] = {
    {
        .name = "copy.approve",
        .help =
            "the chair approves a minute, or a report, in its three renderings: cairn minute approve (R-056, R-072)",
        .audience = AUDIENCE_CASE,
        WRITERS(ANY(ROLE_CHAIR)),
        FIELDS(CHILDREN, MEETING,
               {"report", FIELD_ENTRY, IN_REF, "report.record", 0, 0, 1, "the report, if it is one", true},
               TOKEN("participants", IN_FACT, 1, "what is committed to: the rendering for those who took part"),
               TOKEN("professionals", IN_FACT, 1, "the same for professionals who did not"),
               TOKEN("family", IN_FACT, 1, "the same for the child and the family")),
        .views = "approval",
        .project = {"INSERT INTO approval(object, number, meeting, report, participants, professionals, family, by) "
                    "VALUES(:id, :entry_number, :meeting, :report, :participants, :professionals, :family, :by)"},
        .line = "meeting report",
        .command = "",
    },
    {
        .name = "copy.explain",
        .help = "why words of a family copy may stand there, though restricted information has them, too (R-091)",
        .audience = AUDIENCE_NAMED,
        WRITERS(ANY(ROLE_CHAIR)),
        FIELDS(ENTRY("meeting", IN_REF, "meeting.convene", 1, 1, "the meeting"),
               TEXT("said", IN_CONTENT, 1000, 1, 1, "the words"),
               TEXT("reason", IN_CONTENT, 2000, 1, 1, "why they may")),
        .views = "copy_explanation",
        .project = {"INSERT INTO copy_explanation(object, number, meeting) VALUES(:id, :entry_number, :meeting)"},
        .line = "reason",
        .is_for_keeper = true,
        .command = "",
    },
    COPY("participants", AUDIENCE_NAMED, "an approved minute or report, for the professionals who took part (R-092)"),
    COPY("professionals", AUDIENCE_PROFESSIONALS, "an approved minute or report, for professionals who did not"),
    COPY("family", AUDIENCE_CASE, "an approved minute or report, for the child and the family (R-091)"),
    {0},
};

/* An approval a of this act, and the copies of one rendering that it commits to. */
#define APPROVED "FROM approval a WHERE a.number BETWEEN :first AND :last "
#define COPIES(rendering)                                                                                              \
  "(SELECT count(*) FROM copy c WHERE c.approval = a.object AND c.meeting = a.meeting AND c.number BETWEEN :first "    \
  "AND :last AND c.rendering = '" rendering "' AND c.commitment = a." rendering ")"

const struct rule copy_rules[] = {
    {
        .number = "K-070",
        .class = RULE_HARD,
        .gates = "copy.approve",
        .words = "a minute, and what is added to it, is approved by the chair of its meeting",
        .remedy = "ask the chair of this meeting to approve it",
        .source = PROCEDURE "CPPM record",
        .query = "SELECT 'broken' FROM approval a JOIN meeting m ON m.object = a.meeting "
                 "WHERE a.number BETWEEN :first AND :last AND NOT " SQL_IS_KEY_OF("a.by", "m.chair"),
    },
    {
        .number = "K-071",
        .class = RULE_HARD,
        .gates = "copy.approve copy.participants copy.professionals copy.family",
        .words = "an approval stands in one act with the three documents that it commits to, and with nothing else",
        .remedy = "let the program make them: cairn minute approve, cairn report approve",
        .source = "the record's own order: what was approved is exactly what is handed out",
        .query = "SELECT 'broken' WHERE :last - :first <> 3 UNION ALL SELECT 'broken' " APPROVED
                 "AND (" COPIES("participants") " <> 1 OR " COPIES("professionals") " <> 1 OR " COPIES(
                     "family") " <> 1) "
                               "UNION ALL SELECT 'broken' WHERE (SELECT count(*) " APPROVED ") <> 1",
    },
    {
        .number = "K-072",
        .class = RULE_HARD,
        .gates = "copy.approve",
        .words = "a minute is approved when its meeting has been closed",
        .remedy = "the chair closes it first: cairn meeting close",
        .source = PROCEDURE "CPPM record (implied)",
        .query = "SELECT 'broken' " APPROVED "AND a.report IS NULL AND NOT EXISTS "
                 "(SELECT 1 FROM meeting_close x WHERE x.meeting = a.meeting)",
    },
    {
        .number = "K-073",
        .class = RULE_HARD,
        .gates = "copy.approve",
        .words = "a report is approved by the chair of the meeting that it is for, and this one is for another meeting "
                 "or for none",
        .remedy = "name the report's own meeting",
        .source = "the record's own order: whoever answers for a meeting answers for what is handed out with it",
        .query = "SELECT 'broken' " APPROVED "AND a.report IS NOT NULL AND NOT EXISTS "
                 "(SELECT 1 FROM report r WHERE r.object = a.report AND r.meeting = a.meeting)",
    },
    {0},
};
