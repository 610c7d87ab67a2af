#include "core/domain/domain.h"

#define CHILD_WRITERS WRITERS(ANY(ROLE_PRACTITIONER), ANY(ROLE_LEAD_PROFESSIONAL), ANY(ROLE_CHAIR), ANY(ROLE_KEEPER))
#define PEOPLE_WRITERS WRITERS(ANY(ROLE_PRACTITIONER), ANY(ROLE_LEAD_PROFESSIONAL), ANY(ROLE_CHAIR))
#define SOCIAL_WORKERS                                                                                                 \
  WRITERS(IN("social-work", ROLE_PRACTITIONER), IN("social-work", ROLE_LEAD_PROFESSIONAL),                             \
          IN("social-work", ROLE_CHAIR), ANY(ROLE_KEEPER))

#define CHILD_DETAILS                                                                                                  \
  TEXT("alias", IN_CONTENT, 200, 0, 16, "each other name the child is known by (N-17)"),                               \
      DATE("born", IN_CONTENT, 0, "date of birth"),                                                                    \
      DATE("due", IN_CONTENT, 0, "expected date of birth of an unborn baby (N-01)"),                                   \
      TEXT("gender", IN_CONTENT, 60, 0, 1, "gender"), TEXT("address", IN_CONTENT, 500, 0, 1, "where the child lives"), \
      TEXT("school", IN_CONTENT, 300, 0, 1, "school or nursery"), TEXT("gp", IN_CONTENT, 300, 0, 1, "GP practice"),    \
      TEXT("language", IN_CONTENT, 200, 0, 1, "first language"),                                                       \
      TEXT("ethnicity", IN_CONTENT, 200, 0, 1, "race and culture"),                                                    \
      TEXT("religion", IN_CONTENT, 200, 0, 1, "religion"),                                                             \
      TEXT("disability", IN_CONTENT, 500, 0, 1, "disability or health condition"),                                     \
      TEXT("communication", IN_CONTENT, 500, 0, 1, "what the child needs in order to communicate"),                    \
      TEXT("legal-status", IN_CONTENT, 500, 0, 1, "orders and legal status"),                                          \
      CODE("service-connection", IN_CONTENT, YES_NO "|unknown", 0, 1,                                                  \
           "is there a connection of the family with the Armed Forces? (R-034)")
#define CHILD_CLEAR                                                                                                    \
  "alias|born|due|gender|address|school|gp|language|ethnicity|religion|disability|communication|legal-status|"         \
  "service-connection"

/* clang-format off */
#define CHILD_SET \
  CHANGED("aliases", "alias", "alias") ", " \
  CHANGED("born", "born", "born") ", " \
  CHANGED("due", "due", "due") ", " \
  CHANGED("gender", "gender", "gender") ", " \
  CHANGED("address", "address", "address") ", " \
  CHANGED("school", "school", "school") ", " \
  CHANGED("gp", "gp", "gp") ", " \
  CHANGED("language", "language", "language") ", " \
  CHANGED("ethnicity", "ethnicity", "ethnicity") ", " \
  CHANGED("religion", "religion", "religion") ", " \
  CHANGED("disability", "disability", "disability") ", " \
  CHANGED("communication", "communication", "communication") ", " \
  CHANGED("legal_status", "legal_status", "legal-status") ", " \
  CHANGED("service_connection", "service_connection", "service-connection")
/* clang-format on */

#define EARLIER                                                                                                        \
  {                                                                                                                    \
    "instead", FIELD_ENTRY, IN_REF, "child.same|child.distinct", 0, 0, 16,                                             \
        "each earlier statement about these two that this one takes back", true                                        \
  }

#define RELATIONS                                                                                                      \
  "mother|father|parent|carer|foster-carer|sibling|family-member|significant-adult|support-person|advocate|other"
#define FAMILY_DETAILS                                                                                                 \
  TEXT("alias", IN_CONTENT, 200, 0, 16, "each other name they are known by"),                                          \
      DATE("born", IN_CONTENT, 0, "date of birth"), TEXT("address", IN_CONTENT, 500, 0, 1, "where they live"),         \
      TEXT("phone", IN_CONTENT, 100, 0, 1, "how to reach them"),                                                       \
      CODE("lives-with", IN_CONTENT, YES_NO "|unknown", 0, 1, "do they live with the child?"),                         \
      TEXT("needs", IN_CONTENT, 1000, 0, 1, "what they need in order to take part: interpreter, advocate, support"),   \
      ENTRY("supports", IN_REF, "family.add", 0, 16, "each person whom a support person or advocate supports (R-047)")
#define FAMILY_CLEAR "alias|born|address|phone|lives-with|needs|supports"

/* clang-format off */
#define FAMILY_SET \
  CHANGED("aliases", "alias", "alias") ", " \
  CHANGED("lives_with", "lives_with", "lives-with") ", " \
  CHANGED("born", "born", "born") ", " \
  CHANGED("address", "address", "address") ", " \
  CHANGED("phone", "phone", "phone") ", " \
  CHANGED("needs", "needs", "needs") ", " \
  CHANGED("supports", "supports", "supports")
#define HOUSEHOLD_SET \
  CHANGED("members", "member", "member") ", " \
  CHANGED("since", "since", "since")
/* clang-format on */

#define EACH_CHILD ENTRY("child", IN_CHILD, "child.add", 1, ENTRY_CHILDREN_MAX, "each child it is about")

const struct kind people_kinds[] = {
    {
        .name = "child.add",
        .help = "a child, born or unborn, about whom records are kept (N-01)",
        .audience = AUDIENCE_CASE,
        CHILD_WRITERS,
        FIELDS(TEXT("name", IN_CONTENT, 200, 1, 1, "the child's full name; of an unborn baby as it is known"),
               CHILD_DETAILS),
        .views = "child",
        .project =
            {"INSERT INTO child(object, number, name, aliases, born, due, gender, address, school, gp, language, "
             "ethnicity, religion, disability, communication, legal_status, service_connection) "
             "VALUES(:id, :entry_number, :name, :alias, :born, :due, :gender, :address, :school, :gp, "
             ":language, :ethnicity, :religion, :disability, :communication, :legal_status, "
             ":service_connection)"},
        .line = "name",
        .searched = "name alias born due",
    },
    {
        .name = "child.change",
        .help = "what is known of a child has changed: a new address, the birth of an unborn baby (N-15)",
        .audience = AUDIENCE_CASE,
        WRITERS(ANY(ROLE_PRACTITIONER), ANY(ROLE_LEAD_PROFESSIONAL), ANY(ROLE_CHAIR), ANY(ROLE_KEEPER),
                ANY(ROLE_BUSINESS_SUPPORT)),
        FIELDS(ENTRY("child", IN_CHILD, "child.add", 1, 1, "the child"),
               TEXT("name", IN_CONTENT, 200, 0, 1, "the child's full name"), CHILD_DETAILS, CLEAR(CHILD_CLEAR)),
        .object = "child",
        .is_change = true,
        .project = {"UPDATE child SET name = coalesce(:name, name), " CHILD_SET " WHERE object = :object"},
        .line = "name",
        .searched = "name alias born due",
    },
    {
        .name = "child.same",
        .help = "two records are of one child: the child was recorded twice",
        .audience = AUDIENCE_CASE,
        .moves_scope = true,
        SOCIAL_WORKERS,
        FIELDS(ENTRY("child", IN_CHILD, "child.add", 2, 2, "the two records"), EARLIER,
               TEXT("reason", IN_CONTENT, 1000, 1, 1, "how this is known")),
        .views = "child_pair",
        .project = {"INSERT INTO child_pair(object, number, a, b, is_same, instead) "
                    "SELECT :id, :entry_number, min(child), max(child), 1, :instead FROM entry_child "
                    "WHERE number = :entry_number"},
        .line = "reason",
    },
    {
        .name = "child.distinct",
        .help = "two records are of two children, however alike they are",
        .audience = AUDIENCE_CASE,
        .moves_scope = true,
        SOCIAL_WORKERS,
        FIELDS(ENTRY("child", IN_CHILD, "child.add", 2, 2, "the two children"), EARLIER,
               TEXT("reason", IN_CONTENT, 1000, 1, 1, "how this is known")),
        .views = "child_pair",
        .project = {"INSERT INTO child_pair(object, number, a, b, is_same, instead) "
                    "SELECT :id, :entry_number, min(child), max(child), 0, :instead FROM entry_child "
                    "WHERE number = :entry_number"},
        .line = "reason",
    },
    {
        .name = "family.add",
        .help = "a person in the child's life: parent, carer, brother or sister, whoever holds parental "
                "responsibilities (R-024), supports the family (R-047) or is significant to the child (N-17)",
        .audience = AUDIENCE_CASE,
        PEOPLE_WRITERS,
        FIELDS(ENTRY("child", IN_CHILD, "child.add", 1, ENTRY_CHILDREN_MAX,
                     "each child of whom the relation holds; record the person again where it is another one"),
               TEXT("name", IN_CONTENT, 200, 1, 1, "the person's name"),
               CODE("relation", IN_FACT, RELATIONS, 1, 1, "what they are to the child"),
               CODE("responsibilities", IN_FACT, YES_NO "|unknown", 1, 1,
                    "do they hold parental responsibilities? (R-024)"),
               FAMILY_DETAILS),
        .views = "family",
        .project = {"INSERT INTO family(object, number, name, aliases, relation, responsibilities, lives_with, born, "
                    "address, phone, needs, supports) VALUES(:id, :entry_number, :name, :alias, :relation, "
                    ":responsibilities, :lives_with, :born, :address, :phone, :needs, :supports)"},
        .line = "name",
    },
    {
        .name = "family.change",
        .help = "what is known of a person in the child's life has changed",
        .audience = AUDIENCE_CASE,
        PEOPLE_WRITERS,
        FIELDS(EACH_CHILD, ENTRY_OF_CHILD("family", "family.add", "the person"),
               TEXT("name", IN_CONTENT, 200, 0, 1, "the person's name"),
               CODE("relation", IN_FACT, RELATIONS, 0, 1, "what they are to the child"),
               CODE("responsibilities", IN_FACT, YES_NO "|unknown", 0, 1, "do they hold parental responsibilities?"),
               FAMILY_DETAILS, CLEAR(FAMILY_CLEAR)),
        .object = "family",
        .is_change = true,
        .project = {"UPDATE family SET name = coalesce(:name, name), relation = coalesce(:relation, relation), "
                    "responsibilities = coalesce(:responsibilities, responsibilities), " FAMILY_SET
                    " WHERE object = :object"},
        .line = "name",
    },
    {
        .name = "household.add",
        .help = "who lives together with the child, and where (N-17)",
        .audience = AUDIENCE_CASE,
        PEOPLE_WRITERS,
        FIELDS(ENTRY("child", IN_CHILD, "child.add", 1, ENTRY_CHILDREN_MAX, "each child who lives there"),
               TEXT("address", IN_CONTENT, 500, 1, 1, "where"),
               ENTRY("member", IN_REF, "family.add", 0, 32, "each other member"),
               DATE("since", IN_CONTENT, 0, "since when")),
        .views = "household",
        .project = {"INSERT INTO household(object, number, address, members, since) "
                    "VALUES(:id, :entry_number, :address, :member, :since)"},
        .line = "address",
    },
    {
        .name = "household.change",
        .help = "the household has changed",
        .audience = AUDIENCE_CASE,
        PEOPLE_WRITERS,
        FIELDS(EACH_CHILD, ENTRY_OF_CHILD("household", "household.add", "the household"),
               TEXT("address", IN_CONTENT, 500, 0, 1, "where"),
               ENTRY("member", IN_REF, "family.add", 0, 32, "each other member, of all there are now"),
               DATE("since", IN_CONTENT, 0, "since when"), CLEAR("member|since")),
        .object = "household",
        .is_change = true,
        .project = {"UPDATE household SET address = coalesce(:address, address), " HOUSEHOLD_SET
                    " WHERE object = :object"},
        .line = "address",
    },
    {
        .name = "whereabouts.record",
        .help = "where a child is has become unknown, or is known again; what is done to trace the child (N-16)",
        .audience = AUDIENCE_CASE,
        WRITERS(ANY(ROLE_PRACTITIONER), ANY(ROLE_LEAD_PROFESSIONAL), ANY(ROLE_CHAIR), ANY(ROLE_KEEPER),
                ANY(ROLE_BUSINESS_SUPPORT)),
        FIELDS(ENTRY("child", IN_CHILD, "child.add", 1, 1, "the child"),
               CODE("state", IN_FACT, "unknown|known", 1, 1, "are the child's whereabouts known?"),
               DATE("on", IN_FACT, 1, "since when"),
               TEXT("last-seen", IN_CONTENT, 1000, 0, 1, "where, when and by whom the child was last seen"),
               TEXT("traced", IN_CONTENT, 2000, 0, 32, "each thing that was done to trace the child"),
               DATE("next", IN_CONTENT, 0, "when it is looked at again")),
        .views = "whereabouts",
        .project = {"INSERT INTO whereabouts(object, number, child, state, since, next) "
                    "VALUES(:id, :entry_number, :child, :state, :on, :next)"},
        .line = "last-seen",
    },
    {0},
};

const struct rule people_rules[] = {
    {
        .number = "K-020",
        .class = RULE_HARD,
        .gates = "child.same child.distinct",
        .words = "this contradicts what was said before: the two records would be of one child and of two",
        .remedy = "find out which is right, and name each statement that holds no more: --instead",
        .source = "the record's own order: a child has one record, and nobody is taken for another",
        .query =
            "SELECT 'broken', coalesce((SELECT 'opposite are ' || group_concat(substr(lower(hex(o.object)), 1, 8), "
            "', ') FROM child_standing o WHERE o.a = n.a AND o.b = n.b AND o.is_same <> n.is_same), "
            "'other records join what ' || substr(lower(hex(d.object)), 1, 8) || ' tells apart') "
            "FROM child_pair n JOIN child_standing d ON d.is_same = 0 AND d.a IN " SAME_CHILDREN(
                "n.a") " "
                       "AND d.b IN " SAME_CHILDREN("n.a") " WHERE n.number BETWEEN :first AND :last",
    },
    {0},
};
