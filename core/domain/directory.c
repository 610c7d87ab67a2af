#include "core/domain/domain.h"

/* What log.open and log.keys name. */
#define NODE_KEY(part)                                                                                                 \
  "SELECT :id, :entry_number, '" #part "', :" #part ", :" #part "_id, :admitted WHERE :" #part " IS NOT NULL"
#define NODE_KEYS                                                                                                      \
  "INSERT INTO node_key(object, number, part, key, id, since) " NODE_KEY(ledger) " UNION ALL " NODE_KEY(               \
      operating) " UNION ALL " NODE_KEY(authority)

/* Who there is: the ledger itself, agencies, people, their machines, certificates and roles; and what became of
 * acts that were not accepted. */
const struct kind directory_kinds[] = {
    {
        .name = "log.open",
        .help = "the ledger's first entry: its name and its keys",
        .audience = AUDIENCE_DIRECTORY,
        WRITERS(ANY(ROLE_NODE)),
        FIELDS(TOKEN("origin", IN_FACT, 1, "the ledger's name"), KEY("ledger", "signs checkpoints"),
               KEY("operating", "signs the node's own entries"),
               CERT("authority", "the certification authority's certificate"),
               TEXT("authority-name", IN_CONTENT, 200, 1, 1, "the local authority whose register this is")),
        .views = "log node_key",
        .project = {"INSERT INTO log(object, number, origin, name) "
                    "VALUES(:id, :entry_number, :origin, coalesce(:authority_name, " NAME_LOST "))",
                    NODE_KEYS},
        .stands_alone = true,
        .line = "authority-name",
    },
    {
        .name = "log.keys",
        .help = "new keys of the node, or a new authority, from the next entry on",
        .audience = AUDIENCE_DIRECTORY,
        WRITERS(ANY(ROLE_NODE)),
        FIELDS(KEY_MAYBE("ledger", "signs checkpoints"), KEY_MAYBE("operating", "signs the node's own entries"),
               CERT_MAYBE("authority", "the certification authority's certificate"),
               TOKEN("endorsed", IN_FACT, 0, "the signature of the ledger's key before over the new one"),
               TEXT("reason", IN_CONTENT, 500, 0, 1, "why")),
        .views = "node_key",
        .project = {NODE_KEYS},
        .line = "reason",
        .stands_alone = true,
    },
    {
        .name = "log.anew",
        .help = "the ledger goes on under a new name: of what it had behind `kept`, not everything could be had again",
        .audience = AUDIENCE_DIRECTORY,
        WRITERS(ANY(ROLE_NODE)),
        FIELDS(TOKEN("origin", IN_FACT, 1, "the ledger's name from now on"),
               TOKEN("former", IN_FACT, 1, "its name before"),
               WHOLE("kept", IN_FACT, 1, "so many entries are the former ones"),
               WHOLE("size", IN_FACT, 1, "how many there were"), TOKEN("root", IN_FACT, 1, "the root of all those"),
               TOKENS("missing", IN_FACT, 0, 24, "the numbers of those that are nowhere, FROM-TO"),
               TEXT("reason", IN_CONTENT, 500, 1, 1, "why"),
               TEXT("checkpoint", IN_CONTENT, 2000, 0, 1, "the signed checkpoint of all those")),
        .views = "log",
        .project = {"INSERT INTO log(object, number, origin, name) SELECT :id, :entry_number, :origin, name FROM log "
                    "WHERE number = 1"},
        .line = "reason",
        .stands_alone = true,
    },
    {
        .name = "agency.add",
        .help = "an agency that takes part",
        .audience = AUDIENCE_DIRECTORY,
        WRITERS(ANY(ROLE_NODE), ANY(ROLE_ADMINISTRATOR)),
        FIELDS(CODE("type", IN_FACT, AGENCY_TYPES, 1, 1, "what sort of agency it is"),
               TEXT("name", IN_CONTENT, 200, 1, 1, "its name")),
        .views = "agency",
        .project = {"INSERT INTO agency(object, number, type, name) VALUES(:id, :entry_number, :type, " NAME_OR_LOST
                    ")"},
        .stands_alone = true,
        .line = "name",
        .operand = "name",
    },
    {
        .name = "person.add",
        .help = "someone who works for an agency, and their first keys",
        .audience = AUDIENCE_DIRECTORY,
        WRITERS(ANY(ROLE_NODE), OWN(ROLE_OFFICER)),
        FIELDS(ENTRY("agency", IN_REF, "agency.add", 1, 1, "the agency they work for"),
               ENTRY("invitation", IN_REF, "invite.person", 0, 1, "what they joined with"),
               KEY("sign", "the key they sign with"), KEY("seal", "the key that is sealed to"),
               TEXT("name", IN_CONTENT, 200, 1, 1, "their name"), TEXT("post", IN_CONTENT, 200, 0, 1, "their post")),
        .views = "person person_key",
        .project = {"INSERT INTO person(object, number, agency, name, post, invitation) "
                    "VALUES(:id, :entry_number, :agency, " NAME_OR_LOST ", :post, :invitation)",
                    "INSERT INTO person_key(object, number, person, sign_key, seal_key, sign_id, seal_id) "
                    "VALUES(:id, :entry_number, :id, :sign, :seal, :sign_id, :seal_id)"},
        .stands_alone = true,
        .line = "name",
    },
    {
        .name = "person.key",
        .help = "further keys of a person: another device, or in place of keys that were lost or forgotten",
        .audience = AUDIENCE_DIRECTORY,
        WRITERS(OWN(ROLE_OFFICER), SELF),
        FIELDS(ENTRY("person", IN_REF, "person.add", 1, 1, "whose they are"), KEY("sign", "the key they sign with"),
               KEY("seal", "the key that is sealed to"), TEXT("reason", IN_CONTENT, 500, 0, 1, "why")),
        .views = "person_key",
        .project = {"INSERT INTO person_key(object, number, person, sign_key, seal_key, sign_id, seal_id) "
                    "VALUES(:id, :entry_number, :person, :sign, :seal, :sign_id, :seal_id)"},
        .stands_alone = true,
        .line = "person",
    },
    {
        .name = "replica.add",
        .help = "a machine on which an agency keeps its replica",
        .audience = AUDIENCE_DIRECTORY,
        WRITERS(ANY(ROLE_NODE), OWN(ROLE_OFFICER)),
        FIELDS(ENTRY("agency", IN_REF, "agency.add", 1, 1, "the agency whose machine it is"),
               KEY("replica", "the machine's key"), TEXT("name", IN_CONTENT, 200, 1, 1, "what the machine is called")),
        .views = "replica",
        .project = {"INSERT INTO replica(object, number, agency, name, replica_key) "
                    "VALUES(:id, :entry_number, :agency, " NAME_OR_LOST ", :replica)"},
        .stands_alone = true,
        .line = "name",
    },
    {
        .name = "agency.key",
        .help = "the agency's role key, which what concerns the agency as a whole is sealed to: the newest one counts",
        .audience = AUDIENCE_DIRECTORY,
        WRITERS(OWN(ROLE_OFFICER), OWN(ROLE_DESIGNATED_LEAD)),
        FIELDS(ENTRY("agency", IN_REF, "agency.add", 1, 1, "whose it is"), KEY("seal", "the key that is sealed to"),
               TEXT("reason", IN_CONTENT, 500, 0, 1, "why")),
        .views = "agency_key",
        .project = {"INSERT INTO agency_key(object, number, agency, seal_key, seal_id) "
                    "VALUES(:id, :entry_number, :agency, :seal, :seal_id)"},
        .stands_alone = true,
        .line = "agency",
    },
    {
        .name = "escrow.key",
        .help = "a key that the Keeper of the Register holds offline: items are sealed to the newest one, too",
        .audience = AUDIENCE_DIRECTORY,
        WRITERS(OWN(ROLE_KEEPER)),
        FIELDS(ENTRY("agency", IN_REF, "agency.add", 1, 1, "the keeper's agency"), KEY("seal", "the key"),
               TEXT("reason", IN_CONTENT, 500, 0, 1, "why")),
        .views = "escrow_key",
        .project = {"INSERT INTO escrow_key(object, number, agency, seal_key, seal_id) "
                    "VALUES(:id, :entry_number, :agency, :seal, :seal_id)"},
        .stands_alone = true,
        .line = "agency",
    },
    {
        .name = "cert.issue",
        .help = "a certificate for a person's or a machine's key",
        .audience = AUDIENCE_DIRECTORY,
        WRITERS(ANY(ROLE_NODE)),
        FIELDS(ENTRY("subject", IN_REF, "person.add|person.key|replica.add", 1, 1, "the person or machine"),
               CERT("cert", "the certificate")),
        .views = "certificate",
        .project = {"INSERT INTO certificate(object, number, subject, agency, key, use, from_s, until_s, cert) "
                    "VALUES(:id, :entry_number, :subject, coalesce((SELECT p.agency FROM person_key k "
                    "JOIN person p ON p.object = k.person WHERE k.object = :subject), "
                    "(SELECT agency FROM replica WHERE object = :subject)), "
                    ":cert_key, :cert_use, :cert_from, :cert_until, :cert)"},
        .stands_alone = true,
        .line = "subject",
    },
    {
        .name = "role.give",
        .help = "a role that a person has",
        .audience = AUDIENCE_DIRECTORY,
        WRITERS(ANY(ROLE_NODE), ANY(ROLE_ADMINISTRATOR), ANY(ROLE_OFFICER)),
        FIELDS(ENTRY("person", IN_REF, "person.add", 1, 1, "who"), CODE("role", IN_FACT, ROLES, 1, 1, "the role"),
               DATE("from", IN_FACT, 1, "first day"), DATE("until", IN_FACT, 0, "last day"),
               DATE("trained", IN_FACT, 0, "of a minute-taker: the day of training")),
        .views = "role",
        .project = {"INSERT INTO role(object, number, person, role, from_date, until_date, trained) "
                    "VALUES(:id, :entry_number, :person, :role, :from, :until, :trained)"},
        .stands_alone = true,
        .line = "role",
        .is_grant = true,
    },
    {
        .name = "role.take",
        .help = "a role that a person no longer has, from the moment this is accepted",
        .audience = AUDIENCE_DIRECTORY,
        WRITERS(ANY(ROLE_NODE), ANY(ROLE_ADMINISTRATOR), ANY(ROLE_OFFICER)),
        FIELDS(ENTRY("role", IN_REF, "role.give", 1, 1, "the entry that gave it"),
               TEXT("reason", IN_CONTENT, 1000, 0, 1, "why")),
        .object = "role",
        .project = {"UPDATE role SET taken_by = coalesce(taken_by, :id) WHERE object = :object"},
        .stands_alone = true,
        .line = "role",
        .is_grant = true,
    },
    {
        .name = "act.refuse",
        .help = "the node refused an act",
        .audience = AUDIENCE_NAMED,
        WRITERS(ANY(ROLE_NODE)),
        FIELDS(TOKEN("replica", IN_FACT, 1, "the replica that sent it"),
               WHOLE("number", IN_FACT, 1, "its position in the replica's chain"),
               TOKEN("previous", IN_FACT, 1, "the position before"), TOKEN("act", IN_FACT, 1, "the act"),
               TOKEN("author", IN_FACT, 1, "the author's key"),
               TOKEN("rule", IN_FACT, 1, "the rule or check that it broke"),
               TOKEN("head", IN_FACT, 0, "the replica's signature over the position"),
               TEXT("words", IN_CONTENT, 600, 1, 1, "what was wrong"),
               TEXT("remedy", IN_CONTENT, 600, 0, 1, "what can be done")),
        .views = "refusal",
        .project = {"INSERT INTO refusal(object, entry, replica, position, act, rule, words, remedy) "
                    "VALUES(:id, :entry_number, :replica, :number, :act, :rule, " WORDS_OR_LOST ", :remedy)"},
        .line = "words",
        .stands_alone = true,
        .is_witnessed = true,
    },
    {0},
};

/* Whoever could introduce somebody else's key as a key of their own would be taken for its owner. Keys to sign and keys
 * to seal to are one set: no key serves both purposes. What stands behind the act (:last) is not looked at. */
#define KNOWN(key)                                                                                                     \
  "EXISTS (SELECT 1 FROM person_key o WHERE (o.sign_key = " key " OR o.seal_key = " key                                \
  ") AND o.object <> k.object AND o.number <= :last) OR "                                                              \
  "EXISTS (SELECT 1 FROM agency_key o WHERE o.seal_key = " key " AND o.object <> k.object AND o.number <= :last) OR "  \
  "EXISTS (SELECT 1 FROM escrow_key o WHERE o.seal_key = " key " AND o.object <> k.object AND o.number <= :last) OR "  \
  "EXISTS (SELECT 1 FROM replica o WHERE o.replica_key = " key " AND o.object <> k.object AND o.number <= :last) OR "  \
  "EXISTS (SELECT 1 FROM node_key o WHERE o.key = " key " AND o.number <= :last)"
#define ONCE(number_, kind_, view, broken)                                                                             \
  {                                                                                                                    \
    .number = number_, .class = RULE_HARD, .gates = kind_,                                                             \
    .words = "this key was introduced before, and a key belongs to one person or machine, and serves one purpose",     \
    .remedy = "make a new key", .source = "the record's own order",                                                    \
    .query = "SELECT 'broken' FROM " view " k WHERE k.number BETWEEN :first AND :last AND (" broken ")",               \
    .is_witnessed = true                                                                                               \
  }
#define PAIR_KNOWN "k.sign_key = k.seal_key OR " KNOWN("k.sign_key") " OR " KNOWN("k.seal_key")

const struct rule directory_rules[] = {
    ONCE("A-003", "person.add", "person_key", PAIR_KNOWN),
    ONCE("A-004", "person.key", "person_key", PAIR_KNOWN),
    ONCE("A-005", "replica.add", "replica", KNOWN("k.replica_key")),
    ONCE("A-006", "agency.key", "agency_key", KNOWN("k.seal_key")),
    ONCE("A-008", "escrow.key", "escrow_key", KNOWN("k.seal_key")),
    {
        .number = "A-007",
        .class = RULE_HARD,
        .gates = "log.keys",
        .words = "this key was introduced before, and a key is used for one thing only",
        .remedy = "make a new key",
        .source = "the record's own order",
        .query =
            "SELECT 'broken' FROM node_key k WHERE k.number BETWEEN :first AND :last AND ("
            "EXISTS (SELECT 1 FROM person_key o WHERE k.key IN (o.sign_key, o.seal_key)) OR "
            "EXISTS (SELECT 1 FROM agency_key o WHERE o.seal_key = k.key) OR "
            "EXISTS (SELECT 1 FROM escrow_key o WHERE o.seal_key = k.key) OR "
            "EXISTS (SELECT 1 FROM replica o WHERE o.replica_key = k.key) OR "
            "EXISTS (SELECT 1 FROM node_key o WHERE o.key = k.key AND (o.part <> k.part OR o.number <> k.number)))",
    },
    {
        .number = "R-133",
        .class = RULE_HARD,
        .gates = "role.give",
        .words = "whoever takes minutes must be sufficiently trained, and the day of training is not given",
        .remedy = "give it with --trained",
        .source = "Child Protection Planning Meetings procedure, CPPM record",
        .query = "SELECT 'broken' FROM role WHERE number BETWEEN :first AND :last AND role = 'minute-taker' "
                 "AND trained IS NULL",
    },
    {0},
};
