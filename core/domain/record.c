#include "core/domain/domain.h"

/* v is what voids, t what it voids. */
#define VOIDING                                                                                                        \
  "entry v JOIN act va ON va.first = v.act JOIN voided d ON d.object = v.object AND d.by = v.id "                      \
  "JOIN entry t ON t.id = d.entry JOIN act ta ON ta.first = t.act WHERE v.number BETWEEN :first AND :last "
#define BY(role) SQL_KEY_HAS_ROLE("va.by", role)

/* What concerns any entry, whatever it is about. */
const struct kind record_kinds[] = {
    {
        .name = "entry.void",
        .help = "an entry that was recorded in the wrong file counts no more; it stays in the ledger",
        .audience = AUDIENCE_CASE,
        WRITERS(ANY(ROLE_KEEPER), ANY(ROLE_CHAIR), ANY(ROLE_PRACTITIONER), ANY(ROLE_LEAD_PROFESSIONAL),
                ANY(ROLE_BUSINESS_SUPPORT)),
        FIELDS(ENTRY("child", IN_CHILD, "child.add", 0, ENTRY_CHILDREN_MAX, "each child in whose file it stands"),
               ENTRY("entry", IN_REF, NULL, 1, 1, "the entry"), TEXT("reason", IN_CONTENT, 2000, 1, 1, "why"),
               TEXT("seen-by", IN_CONTENT, 200, 0, 128, "each agency or person who saw it")),
        .object = "entry",
        .is_about_entry = true,
        .is_void = true,
        .project = {"INSERT INTO voided(object, entry, by) VALUES(:object, :entry, :id)"},
        .line = "reason",
        .operand = "entry",
    },
    {
        .name = "entry.erase",
        .help = "what an entry says is erased on every machine; that there was such an entry stays in the ledger",
        .audience = AUDIENCE_CASE,
        WRITERS(ANY(ROLE_KEEPER)),
        FIELDS(ENTRY("child", IN_CHILD, "child.add", 0, ENTRY_CHILDREN_MAX, "each child in whose file it stands"),
               ENTRY("entry", IN_REF, NULL, 1, 1, "the entry"),
               CODE("ground", IN_FACT, "retention|court-order|unlawful|request|other", 1, 1, "on what ground"),
               TEXT("reason", IN_CONTENT, 2000, 1, 1, "why, without repeating what is erased")),
        .object = "entry",
        .is_about_entry = true,
        .is_erasure = true,
        .stands_alone = true,
        .is_witnessed = true,
        .project = {"INSERT INTO erasure(object, entry, by) VALUES(:object, :entry, :id)"},
        .line = "ground reason",
        .operand = "entry",
    },
    {0},
};

/* Nobody makes the record of others disappear: an agency's practitioner says what was wrong of their own, and those who
 * answer for meetings and register of all (of the register, the keeper alone). */
const struct rule record_rules[] = {
    {
        .number = "K-010",
        .class = RULE_HARD,
        .gates = "entry.void",
        .words = "an entry is voided by whoever recorded it, by a chair, or by the Keeper of the Register",
        .remedy = "ask one of them to record it",
        .source = "the record's own order: who answers for an entry says that it was wrong",
        .query = "SELECT 'broken' FROM " VOIDING "AND NOT EXISTS (SELECT 1 FROM certificate c "
                 "JOIN person_key k ON k.object = c.subject WHERE c.key = ta.by "
                 "AND " SQL_IS_KEY_OF("va.by", "k.person") ") AND NOT " BY("chair") " AND NOT " BY("keeper"),
    },
    {
        .number = "K-013",
        .class = RULE_HARD,
        .gates = "entry.void",
        .words = "what stands in the Child Protection Register is voided by its keeper only",
        .remedy = "ask the Keeper of the Register to record it",
        .source = "Participating in planning meetings and core groups, practice note: the Keeper of the Register",
        .query = "SELECT 'broken' FROM " VOIDING
                 "AND NOT " BY("keeper") " AND (t.kind = 'indicator.record' OR (t.kind LIKE 'registration.%' "
                                         "AND t.kind <> 'registration.tell'))",
    },
    {
        .number = "K-014",
        .class = RULE_HARD,
        .gates = "entry.void",
        .words = "what stands in the register rests on this decision, and would stay without its ground",
        .remedy = "the Keeper of the Register voids both in one act: cairn entry void ENTRY ... + entry void ENTRY ...",
        .source = "Child Protection Planning Meetings procedure, purpose of the meeting (implied)",
        .query = "SELECT 'broken' FROM entry v JOIN voided d ON d.object = v.object AND d.by = v.id "
                 "JOIN registration_event r ON r.decision = d.entry WHERE v.number BETWEEN :first AND :last",
    },
    {
        .number = "K-015",
        .class = RULE_HARD,
        .gates = "entry.erase",
        .words = "a name is on the Child Protection Register by this entry, and would be lost to whoever enquires",
        .remedy = "erase it once a review has removed the name",
        .source = "the record's own order: a child at risk must be found",
        .query = "SELECT 'broken' FROM entry v JOIN erasure d ON d.object = v.object AND d.by = v.id "
                 "JOIN registration r ON d.entry IN (r.object, r.child) WHERE v.number BETWEEN :first AND :last "
                 "AND r.removed IS NULL",
    },
    {
        .number = "K-018",
        .class = RULE_HARD,
        .gates = "entry.erase",
        .words =
            "this ends something, keeps somebody out or tells children apart: without it that would not hold any more",
        .remedy = "erase first what it ended; what keeps somebody out or tells children apart stays",
        .source = "the record's own order: nobody gets back by an erasure what was ended",
        .query = "SELECT 'broken' FROM entry v JOIN erasure d ON d.object = v.object AND d.by = v.id "
                 "JOIN entry e ON e.id = d.entry WHERE v.number BETWEEN :first AND :last "
                 "AND e.kind IN ('involvement.end', 'registration.remove', 'registration.temporary-end', 'staff.bar', "
                 "'child.distinct') AND NOT EXISTS (SELECT 1 FROM erasure b WHERE b.entry = e.object)",
    },
    {0},
};
