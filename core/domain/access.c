#include "core/domain/domain.h"

#define WHY "lost|left|compromised|replaced|other"
#define REVOKED_BY WRITERS(ANY(ROLE_NODE), ANY(ROLE_ADMINISTRATOR), OWN(ROLE_OFFICER), SELF)
#define REVOKE "INSERT INTO revocation(object, number, target, why) VALUES(:id, :entry_number, "

/* Who may no longer take part, from the place in the ledger where it stands; and what became of acts that arrived
 * afterwards. */
const struct kind access_kinds[] = {
    {
        .name = "key.revoke",
        .help = "a person's keys no longer count: the device was lost, the passphrase is known",
        .audience = AUDIENCE_DIRECTORY,
        REVOKED_BY,
        FIELDS(ENTRY("key", IN_REF, "person.add|person.key|agency.key", 1, 1, "the entry that introduced the keys"),
               CODE("why", IN_FACT, WHY, 1, 1, "why"), TEXT("reason", IN_CONTENT, 1000, 0, 1, "in words")),
        .views = "revocation",
        .project = {REVOKE ":key, :why)"},
        .line = "key",
        .command = "revoke key",
        .operand = "key",
    },
    {
        .name = "person.revoke",
        .help = "a person no longer takes part: none of their keys counts",
        .audience = AUDIENCE_DIRECTORY,
        REVOKED_BY,
        FIELDS(ENTRY("person", IN_REF, "person.add", 1, 1, "who"), CODE("why", IN_FACT, WHY, 1, 1, "why"),
               TEXT("reason", IN_CONTENT, 1000, 0, 1, "in words")),
        .views = "revocation",
        .project = {REVOKE ":person, :why)"},
        .line = "person",
        .command = "revoke person",
        .operand = "person",
    },
    {
        .name = "replica.revoke",
        .help = "a machine no longer takes part: it receives nothing more, what it sends is held",
        .audience = AUDIENCE_DIRECTORY,
        WRITERS(ANY(ROLE_NODE), ANY(ROLE_ADMINISTRATOR), OWN(ROLE_OFFICER)),
        FIELDS(ENTRY("replica", IN_REF, "replica.add", 1, 1, "the machine"), CODE("why", IN_FACT, WHY, 1, 1, "why"),
               TEXT("reason", IN_CONTENT, 1000, 0, 1, "in words")),
        .views = "revocation",
        .project = {REVOKE ":replica, :why)"},
        .line = "replica",
        .command = "revoke machine",
        .operand = "replica",
    },
    {
        .name = "agency.revoke",
        .help = "an agency no longer takes part, with all its people and machines",
        .audience = AUDIENCE_DIRECTORY,
        WRITERS(ANY(ROLE_NODE), ANY(ROLE_ADMINISTRATOR)),
        FIELDS(ENTRY("agency", IN_REF, "agency.add", 1, 1, "the agency"), CODE("why", IN_FACT, WHY, 1, 1, "why"),
               TEXT("reason", IN_CONTENT, 1000, 0, 1, "in words")),
        .views = "revocation",
        .project = {REVOKE ":agency, :why)"},
        .line = "agency",
        .command = "revoke agency",
        .operand = "agency",
    },
    {
        .name = "act.hold",
        .help = "the node holds an act: its author or machine counted no more, its profile of rules did not, or it "
                "needs two persons",
        .audience = AUDIENCE_NAMED,
        WRITERS(ANY(ROLE_NODE)),
        FIELDS(TOKEN("replica", IN_FACT, 1, "the replica that sent it"),
               WHOLE("number", IN_FACT, 1, "its position in the replica's chain"),
               TOKEN("previous", IN_FACT, 1, "the position before"), TOKEN("act", IN_FACT, 1, "the act"),
               TOKEN("author", IN_FACT, 1, "the author's key"), TOKEN("rule", IN_FACT, 1, "why it is held"),
               TOKEN("head", IN_FACT, 0, "the replica's signature over the position"),
               TEXT("words", IN_CONTENT, 600, 1, 1, "why it is held"),
               TEXT("written", IN_CONTENT, 40, 1, 1, "when its author says it was written"),
               TEXT("what", IN_CONTENT, 2000, 1, 1, "the kinds of its entries"),
               TEXT("header", IN_CONTENT, ENTRY_HEADER_MAX, 0, SECOND_ENTRIES_MAX,
                    "for a second person: the headers of its entries, in order"),
               TEXT("said", IN_CONTENT, SECOND_SAID_MAX, 0, SECOND_ENTRIES_MAX,
                    "for a second person: salt and content of each, in base64, or - where they are not for everyone")),
        .views = "hold",
        .project = {"INSERT INTO hold(object, entry, replica, position, act, author, rule, words) "
                    "VALUES(:id, :entry_number, :replica, :number, :act, :author, :rule, :words)"},
        .line = "what",
        .is_witnessed = true,
    },
    {
        .name = "held.release",
        .help = "a held act is let through: the node judges it as if it had come in time",
        .audience = AUDIENCE_NAMED,
        WRITERS(ANY(ROLE_KEEPER), ANY(ROLE_SECOND)),
        FIELDS(ENTRY("hold", IN_REF, "act.hold", 1, 1, "what is held"), TEXT("reason", IN_CONTENT, 1000, 1, 1, "why")),
        .object = "hold",
        .project = {"UPDATE hold SET state = 'released', decided_by = :id WHERE object = :object"},
        .line = "reason",
        .is_witnessed = true,
    },
    {
        .name = "held.reject",
        .help = "a held act is not let through",
        .audience = AUDIENCE_NAMED,
        WRITERS(ANY(ROLE_KEEPER), ANY(ROLE_SECOND)),
        FIELDS(ENTRY("hold", IN_REF, "act.hold", 1, 1, "what is held"), TEXT("reason", IN_CONTENT, 1000, 1, 1, "why")),
        .object = "hold",
        .project = {"UPDATE hold SET state = 'rejected', decided_by = :id WHERE object = :object"},
        .line = "reason",
        .is_witnessed = true,
    },
    {0},
};

const struct rule access_rules[] = {
    {
        .number = "A-001",
        .class = RULE_HARD,
        .gates = "held.release",
        .words = "this act is not held any more: it was decided about before",
        .remedy = "cairn held list shows what waits for a decision",
        .source = "the record's own order",
        .query = "SELECT 'broken' FROM entry e WHERE e.number BETWEEN :first AND :last AND e.kind LIKE 'held.%' "
                 "AND EXISTS (SELECT 1 FROM entry o WHERE o.object = e.object AND o.number < e.number)",
    },
    {
        .number = "A-002",
        .class = RULE_HARD,
        .gates = "held.reject",
        .words = "this act is not held any more: it was decided about before",
        .remedy = "cairn held list shows what waits for a decision",
        .source = "the record's own order",
        .query = "SELECT 'broken' FROM entry e WHERE e.number BETWEEN :first AND :last AND e.kind LIKE 'held.%' "
                 "AND EXISTS (SELECT 1 FROM entry o WHERE o.object = e.object AND o.number < e.number)",
    },
    {0},
};
