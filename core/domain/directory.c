#include "core/domain/domain.h"

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
        .views = "log",
        .project = {"INSERT INTO log(object, number, origin, ledger_key, operating_key, operating_id, authority, name) "
                    "VALUES(:id, :entry_number, :origin, :ledger, :operating, :by, :authority, :authority_name)"},
        .line = "authority-name",
    },
    {
        .name = "agency.add",
        .help = "an agency that takes part",
        .audience = AUDIENCE_DIRECTORY,
        WRITERS(ANY(ROLE_NODE), ANY(ROLE_ADMINISTRATOR)),
        FIELDS(CODE("type", IN_FACT, AGENCY_TYPES, 1, 1, "what sort of agency it is"),
               TEXT("name", IN_CONTENT, 200, 1, 1, "its name")),
        .views = "agency",
        .project = {"INSERT INTO agency(object, number, type, name) VALUES(:id, :entry_number, :type, :name)"},
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
               KEY("sign", "the key they sign with"), KEY_MAYBE("seal", "the key that is sealed to"),
               TEXT("name", IN_CONTENT, 200, 1, 1, "their name"), TEXT("post", IN_CONTENT, 200, 0, 1, "their post")),
        .views = "person person_key",
        .project = {"INSERT INTO person(object, number, agency, name, post, invitation) "
                    "VALUES(:id, :entry_number, :agency, :name, :post, :invitation)",
                    "INSERT INTO person_key(object, number, person, sign_key, seal_key) "
                    "VALUES(:id, :entry_number, :id, :sign, :seal)"},
        .line = "name",
    },
    {
        .name = "person.key",
        .help = "further keys of a person: another device, or in place of keys that were lost or forgotten",
        .audience = AUDIENCE_DIRECTORY,
        WRITERS(ANY(ROLE_NODE), OWN(ROLE_OFFICER), SELF),
        FIELDS(ENTRY("person", IN_REF, "person.add", 1, 1, "whose they are"), KEY("sign", "the key they sign with"),
               KEY_MAYBE("seal", "the key that is sealed to"), TEXT("reason", IN_CONTENT, 500, 0, 1, "why")),
        .views = "person_key",
        .project = {"INSERT INTO person_key(object, number, person, sign_key, seal_key) "
                    "VALUES(:id, :entry_number, :person, :sign, :seal)"},
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
                    "VALUES(:id, :entry_number, :agency, :name, :replica)"},
        .line = "name",
    },
    {
        .name = "cert.issue",
        .help = "a certificate for a person's or a machine's key",
        .audience = AUDIENCE_DIRECTORY,
        WRITERS(ANY(ROLE_NODE)),
        FIELDS(ENTRY("subject", IN_REF, NULL, 1, 1, "the person or machine"), CERT("cert", "the certificate")),
        .views = "certificate",
        .project = {"INSERT INTO certificate(object, number, subject, key, use, from_s, until_s, cert) "
                    "VALUES(:id, :entry_number, :subject, :cert_key, :cert_use, :cert_from, :cert_until, :cert)"},
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
        .project = {"UPDATE role SET taken_by = :id WHERE object = :object"},
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
                    "VALUES(:id, :entry_number, :replica, :number, :act, :rule, :words, :remedy)"},
        .line = "words",
    },
    {0},
};

/* Whoever could introduce somebody else's key as a key of their own would be taken for its owner. */
#define ONCE(number_, kind_, view, column)                                                                             \
  {                                                                                                                    \
    .number = number_, .class = RULE_HARD, .kind = kind_,                                                              \
    .words = "this key was introduced before, and a key belongs to one person or machine only",                        \
    .remedy = "make a new key", .source = "the record's own order",                                                    \
    .query = "SELECT 'broken' FROM " view " k WHERE k.number BETWEEN :first AND :last AND ("                           \
             "EXISTS (SELECT 1 FROM person_key o WHERE o.sign_key = k." column " AND o.object <> k.object) OR "        \
             "EXISTS (SELECT 1 FROM replica o WHERE o.replica_key = k." column " AND o.object <> k.object) OR "        \
             "EXISTS (SELECT 1 FROM log o WHERE k." column " IN (o.operating_key, o.ledger_key)))"                     \
  }

const struct rule directory_rules[] = {
    ONCE("A-003", "person.add", "person_key", "sign_key"),
    ONCE("A-004", "person.key", "person_key", "sign_key"),
    ONCE("A-005", "replica.add", "replica", "replica_key"),
    {
        .number = "R-133",
        .class = RULE_HARD,
        .kind = "role.give",
        .words = "whoever takes minutes must be sufficiently trained, and the day of training is not given",
        .remedy = "give it with --trained",
        .source = "Child Protection Planning Meetings procedure, CPPM record",
        .query = "SELECT 'broken' FROM role WHERE number BETWEEN :first AND :last AND role = 'minute-taker' "
                 "AND trained IS NULL",
    },
    {0},
};
