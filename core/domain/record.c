#include "core/domain/domain.h"

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
        .is_void = true,
        .project = {"INSERT INTO voided(object, entry, by) VALUES(:object, :entry, :id)"},
        .line = "reason",
    },
    {0},
};

/* Nobody makes the record of others disappear: an agency's practitioner says what was wrong of their own, and those who
 * answer for meetings and register of all (of the register: K-012). */
const struct rule record_rules[] = {
    {
        .number = "K-010",
        .class = RULE_HARD,
        .gates = "entry.void",
        .words = "an entry is voided by whoever recorded it, by a chair, or by the Keeper of the Register",
        .remedy = "ask one of them to record it",
        .source = "the record's own order: who answers for an entry says that it was wrong",
        .query = "SELECT 'broken' FROM entry v JOIN act va ON va.first = v.act "
                 "JOIN voided d ON d.object = v.object AND d.by = v.id JOIN entry t ON t.id = d.entry "
                 "JOIN act ta ON ta.first = t.act WHERE v.number BETWEEN :first AND :last "
                 "AND NOT EXISTS (SELECT 1 FROM certificate c JOIN person_key k ON k.object = c.subject "
                 "WHERE c.key = ta.by AND " SQL_IS_KEY_OF(
                     "va.by", "k.person") ") "
                                          "AND NOT " SQL_KEY_HAS_ROLE("va.by", "chair") " AND NOT " SQL_KEY_HAS_ROLE(
                                              "va.by", "keeper"),
    },
    {
        .number = "K-013",
        .class = RULE_HARD,
        .gates = "entry.void",
        .words = "what stands in the register rests on this decision, and would stay without its ground",
        .remedy = "the Keeper of the Register voids both in one act: cairn entry void ... + entry void ...",
        .source = "Child Protection Planning Meetings procedure, purpose of the meeting (implied)",
        .query = "SELECT 'broken' FROM entry v JOIN voided d ON d.object = v.object AND d.by = v.id "
                 "JOIN registration_event r ON r.decision = d.entry WHERE v.number BETWEEN :first AND :last",
    },
    {0},
};
