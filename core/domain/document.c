#include "core/document.h"
#include "core/domain/domain.h"

#define CHILDREN ENTRY("child", IN_CHILD, "child.add", 1, ENTRY_CHILDREN_MAX, "each child whom it is about")
#define BY_PRACTITIONERS                                                                                               \
  WRITERS(ANY(ROLE_PRACTITIONER), ANY(ROLE_LEAD_PROFESSIONAL), ANY(ROLE_CHAIR), ANY(ROLE_MINUTE_TAKER),                \
          ANY(ROLE_KEEPER), ANY(ROLE_BUSINESS_SUPPORT))

/* Documents as files: reports, chronologies, assessments, plans. What a file says cannot be taken apart for those who
 * may see only some of it, so it never goes to the family by itself. */
const struct kind document_kinds[] = {
    {
        .name = "document.add",
        .help = "a document is attached to a child's record or a meeting, with its file (R-074, R-122)",
        .audience = AUDIENCE_PROFESSIONALS,
        BY_PRACTITIONERS,
        FIELDS(CHILDREN, TEXT("title", IN_CONTENT, 300, 1, 1, "what it is called"),
               CODE("type", IN_CONTENT, "report|chronology|assessment|plan|letter|other", 1, 1, "what it is"),
               DATE("dated", IN_CONTENT, 0, "the date that it bears"),
               {"meeting", FIELD_ENTRY, IN_REF, "meeting.convene", 0, 0, 1, "the meeting that it is for", true}),
        .views = "document",
        .project = {"INSERT INTO document(object, number, meeting, title, type, dated) "
                    "VALUES(:id, :entry_number, :meeting, :title, :type, :dated)"},
        .line = "title",
        .file = "document.file",
    },
    {
        .name = "document.file",
        .help = "the file of a document",
        .audience = AUDIENCE_PROFESSIONALS,
        BY_PRACTITIONERS,
        FIELDS(CHILDREN, ENTRY_OF_CHILD("document", "document.add", "the document")),
        .object = "document",
        .project = {"UPDATE document SET file = :id WHERE object = :object AND file IS NULL"},
        .line = "document",
        .media = DOCUMENT_MEDIA,
        .command = "",
    },
    {0},
};

const struct rule document_rules[] = {
    {
        .number = "K-050",
        .class = RULE_HARD,
        .gates = "document.add document.file",
        .words = "a document comes with its file, one file, in one go",
        .remedy = "name the file: cairn document add --file FILE; a new version is a new document",
        .source = "the record's own order: what is listed is there",
        .query = "SELECT 'broken' FROM document WHERE number BETWEEN :first AND :last AND file IS NULL UNION ALL "
                 "SELECT 'broken' FROM entry f LEFT JOIN document d ON d.object = f.object "
                 "WHERE f.number BETWEEN :first AND :last AND f.kind = 'document.file' AND d.file IS NOT f.id",
    },
    {0},
};
