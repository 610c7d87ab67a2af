#include "core/domain/domain.h"

#define DAY_S "86400"

/* Who is invited to join, by whom, and until when. The secret that a token carries is never written down; its hash is.
 */
const struct kind invite_kinds[] = {
    {
        .name = "invite.person",
        .help = "somebody may join, once, on a machine of an agency, with these roles",
        .audience = AUDIENCE_DIRECTORY,
        WRITERS(ANY(ROLE_NODE), ANY(ROLE_ADMINISTRATOR), OWN(ROLE_OFFICER)),
        FIELDS(ENTRY("agency", IN_REF, "agency.add", 1, 1, "the agency that they will work for"),
               CODE("role", IN_FACT, ROLES, 1, 10, "a role that they will have"),
               TOKEN("secret", IN_FACT, 1, "the SHA-256 of the token's secret"),
               DATE("trained", IN_FACT, 0, "of a minute-taker: the day of training"),
               TIME("until", IN_FACT, 1, "the last moment at which they can join"),
               TEXT("name", IN_CONTENT, 200, 1, 1, "their name"), TEXT("post", IN_CONTENT, 200, 0, 1, "their post")),
        .views = "invitation",
        .project = {"INSERT INTO invitation(object, number, agency, name, post, roles, secret, trained, until, by) "
                    "VALUES(:id, :entry_number, :agency, " NAME_OR_LOST
                    ", :post, :role, :secret, :trained, :until, :by)"},
        .stands_alone = true,
        .line = "name",
        .is_grant = true,
        .command = "",
    },
    {
        .name = "invite.withdraw",
        .help = "an invitation that was not used no longer holds",
        .audience = AUDIENCE_DIRECTORY,
        WRITERS(ANY(ROLE_NODE), ANY(ROLE_ADMINISTRATOR), OWN(ROLE_OFFICER)),
        FIELDS(ENTRY("invitation", IN_REF, "invite.person", 1, 1, "the invitation"),
               TEXT("reason", IN_CONTENT, 1000, 0, 1, "why")),
        .object = "invitation",
        .project = {"UPDATE invitation SET withdrawn_by = :id WHERE object = :object"},
        .stands_alone = true,
        .line = "reason",
        .operand = "invitation",
    },
    {0},
};

#define ADDED "FROM entry e JOIN act a ON a.first = e.act JOIN person p ON p.object = e.id "
#define NEW_PERSON "e.number BETWEEN :first AND :last AND e.kind = 'person.add' "
#define NODE_THEN "(SELECT id FROM node_key WHERE part = 'operating' AND number < a.first ORDER BY number DESC LIMIT 1)"

const struct rule invite_rules[] = {
    {
        .number = "A-011",
        .class = RULE_HARD,
        .gates = "invite.person",
        .words = "an invitation holds from now on, and for at most 60 days",
        .remedy = "give another time with --days or --until",
        .source = "the record's own order",
        .query = "SELECT 'broken' FROM invitation i JOIN entry e ON e.number = i.number JOIN act a ON a.first = e.act "
                 "WHERE i.number BETWEEN :first AND :last AND (i.until <= a.admitted OR "
                 "unixepoch(i.until) - unixepoch(a.admitted) > 60 * " DAY_S ")",
    },
    {
        /* Or whoever sees an invitation could have its token lead to an agency of their own. */
        .number = "A-012",
        .class = RULE_HARD,
        .gates = "invite.person",
        .words = "the secret of this invitation is that of another one",
        .remedy = "make a new invitation",
        .source = "the record's own order",
        .query = "SELECT 'broken' FROM invitation i WHERE i.number BETWEEN :first AND :last AND EXISTS "
                 "(SELECT 1 FROM invitation o WHERE o.secret = i.secret AND o.object <> i.object)",
    },
    {
        .number = "A-013",
        .class = RULE_HARD,
        .gates = "invite.person",
        .words = "whoever takes minutes must be sufficiently trained, and the day of training is not given (R-133)",
        .remedy = "give it with --trained",
        .source = "Child Protection Planning Meetings procedure, CPPM record",
        .query = "SELECT 'broken' FROM invitation i WHERE i.number BETWEEN :first AND :last AND i.trained IS NULL "
                 "AND EXISTS (SELECT 1 FROM json_each(i.roles) WHERE value = 'minute-taker')",
    },
    {
        .number = "A-014",
        .class = RULE_HARD,
        .gates = "person.add",
        .words = "the node enrols whoever was invited, an officer whom they know: with an invitation, or without one",
        .remedy = "invite them",
        .source = "the record's own order",
        .query =
            "SELECT 'broken' " ADDED "WHERE " NEW_PERSON "AND (a.by = " NODE_THEN ") <> (p.invitation IS NOT NULL)",
        .is_witnessed = true,
    },
    {
        /* What was written here and has no number yet does not speak against what has one. */
        .number = "A-015",
        .class = RULE_HARD,
        .gates = "person.add",
        .words = "this is not whom the invitation is for, or it does not hold any more",
        .remedy = "ask for a new one",
        .source = "the record's own order",
        .query = "SELECT 'broken' " ADDED "JOIN invitation i ON i.object = p.invitation WHERE " NEW_PERSON
                 "AND (i.agency <> p.agency OR (" NAME_LOST " NOT IN (i.name, p.name) "
                 "AND (i.name <> p.name OR i.post IS NOT p.post)) OR i.until < a.admitted "
                 "OR EXISTS (SELECT 1 FROM entry w WHERE w.object = i.object AND w.number < :first) "
                 "OR EXISTS (SELECT 1 FROM invitation_revoked r WHERE r.object = i.object AND r.number < :first) "
                 "OR EXISTS (SELECT 1 FROM person o WHERE o.invitation = i.object AND o.object <> p.object "
                 "AND o.number <= :last))",
        .is_witnessed = true,
    },
    {
        .number = "A-016",
        .class = RULE_HARD,
        .gates = "invite.withdraw",
        .words = "this invitation was used, or withdrawn before",
        .remedy = "cairn invite list shows what became of it; who has joined can be revoked: cairn revoke person",
        .source = "the record's own order",
        .query = "SELECT 'broken' FROM entry e WHERE e.number BETWEEN :first AND :last AND e.kind = 'invite.withdraw' "
                 "AND (EXISTS (SELECT 1 FROM person p WHERE p.invitation = e.object) OR "
                 "EXISTS (SELECT 1 FROM entry o WHERE o.object = e.object AND o.number < e.number))",
    },
    {
        .number = "A-017",
        .class = RULE_HARD,
        .gates = "replica.add",
        .words = "the node adds a machine with whom it enrols on it, and no other",
        .remedy = "an officer of the agency adds it: cairn enrol",
        .source = "the record's own order",
        .query =
            "SELECT 'broken' FROM replica r JOIN entry e ON e.number = r.number JOIN act a ON a.first = e.act "
            "WHERE r.number BETWEEN :first AND :last AND a.by = " NODE_THEN
            " AND NOT EXISTS (SELECT 1 FROM entry b JOIN person p ON p.object = b.id WHERE b.number = r.number - 1 "
            "AND b.act = e.act AND p.agency = r.agency)",
        .is_witnessed = true,
    },
    {
        /* Once: what was taken since is not given again. */
        .number = "A-018",
        .class = RULE_HARD,
        .gates = "role.give",
        .words = "the node gives whoever joined the roles of their invitation, once, and no others",
        .remedy = "somebody who may give it records it: cairn role give",
        .source = "the record's own order",
        .query = "SELECT 'broken' FROM role r JOIN entry e ON e.number = r.number JOIN act a ON a.first = e.act "
                 "WHERE r.number BETWEEN :first AND :last AND a.by = " NODE_THEN
                 " AND (NOT EXISTS (SELECT 1 FROM person p JOIN invitation i ON i.object = p.invitation "
                 "JOIN json_each(i.roles) j WHERE p.object = r.person AND j.value = r.role) OR EXISTS "
                 "(SELECT 1 FROM role o JOIN entry oe ON oe.number = o.number JOIN act oa ON oa.first = oe.act "
                 "JOIN node_key n ON n.id = oa.by AND n.part = 'operating' "
                 "WHERE o.person = r.person AND o.role = r.role AND o.number < r.number))",
        .is_witnessed = true,
    },
    {0},
};
