#include "core/domain/domain.h"

#define CHILDREN ENTRY("child", IN_CHILD, "child.add", 1, ENTRY_CHILDREN_MAX, "each child it is about")
#define REPORT_TEXT_MAX 65536
#define BY_PRACTITIONERS                                                                                               \
  WRITERS(ANY(ROLE_PRACTITIONER), ANY(ROLE_LEAD_PROFESSIONAL), ANY(ROLE_CHAIR), ANY(ROLE_KEEPER),                      \
          ANY(ROLE_BUSINESS_SUPPORT))

/* Reports that can be taken apart for those who may see only some of them (a file cannot: document.add). */
const struct kind report_kinds[] = {
    {
        .name = "report.record",
        .help = "a report for a meeting, as it may be read by everybody, the child and the family included (R-074)",
        .audience = AUDIENCE_CASE,
        BY_PRACTITIONERS,
        FIELDS(CHILDREN,
               {"meeting", FIELD_ENTRY, IN_REF, "meeting.convene", 0, 0, 1, "the meeting that it is for", true},
               CODE("type", IN_CONTENT, "report|chronology|assessment|other", 1, 1, "what it is"),
               TEXT("title", IN_CONTENT, 300, 1, 1, "what it is called"), DATE("dated", IN_CONTENT, 0, "its date"),
               TEXT("text", IN_CONTENT, REPORT_TEXT_MAX, 1, 1, "what it says to everybody")),
        .views = "report",
        .project = {"INSERT INTO report(object, number, meeting, title) VALUES(:id, :entry_number, :meeting, :title)"},
        .line = "title",
    },
    {
        .name = "report.add",
        .help = "a part of a report that only professionals read",
        .audience = AUDIENCE_PROFESSIONALS,
        BY_PRACTITIONERS,
        FIELDS(CHILDREN, ENTRY_OF_CHILD("report", "report.record", "the report"),
               TEXT("text", IN_CONTENT, REPORT_TEXT_MAX, 1, 1, "what it says to professionals")),
        .views = "report_part",
        .project = {"INSERT INTO report_part(object, number, report) VALUES(:id, :entry_number, :report)"},
        .line = "text",
    },
    {0},
};
