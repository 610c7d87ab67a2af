/* What the files of tables in this folder share: the macros that keep a table readable, and the list of areas. */
#ifndef CAIRN_CORE_DOMAIN_DOMAIN_H
#define CAIRN_CORE_DOMAIN_DOMAIN_H

#include "core/child.h"
#include "core/kind.h"

/* Writers: anyone with the role, only in agencies of a type, only about people and machines of the writer's own agency;
 * or the person whom the entry is about. */
#define ANY(role)                                                                                                      \
  { role, NULL, false }
#define IN(type, role)                                                                                                 \
  { role, type, false }
#define OWN(role)                                                                                                      \
  { role, NULL, true }
#define SELF                                                                                                           \
  { ROLE_SELF, NULL, false }

#define FIELDS(...)                                                                                                    \
  .fields = (const struct field[]) {                                                                                   \
    __VA_ARGS__, {                                                                                                     \
      0                                                                                                                \
    }                                                                                                                  \
  }
#define WRITERS(...)                                                                                                   \
  .writers = (const struct writer[]){__VA_ARGS__},                                                                     \
  .writer_count = sizeof((const struct writer[]){__VA_ARGS__}) / sizeof(struct writer)

/* name, place, most bytes, least and most occurrences, help */
#define TEXT(name, place, max, least, most, help)                                                                      \
  { name, FIELD_TEXT, place, NULL, max, least, most, help, false }
#define CODE(name, place, codes, least, most, help)                                                                    \
  { name, FIELD_CODE, place, codes, 0, least, most, help, false }
#define DATE(name, place, least, help)                                                                                 \
  { name, FIELD_DATE, place, NULL, 0, least, 1, help, false }
#define TIME(name, place, least, help)                                                                                 \
  { name, FIELD_TIME, place, NULL, 0, least, 1, help, false }
#define TOKEN(name, place, least, help)                                                                                \
  { name, FIELD_TOKEN, place, NULL, 0, least, 1, help, false }
#define ENTRY(name, place, kind, least, most, help)                                                                    \
  { name, FIELD_ENTRY, place, kind, 0, least, most, help, false }
/* As ENTRY in place IN_REF, once; and it must be about the same child. */
#define ENTRY_OF_CHILD(name, kind, help)                                                                               \
  { name, FIELD_ENTRY, IN_REF, kind, 0, 1, 1, help, true }
#define KEY(name, help)                                                                                                \
  { name, FIELD_KEY, IN_KEY, NULL, 0, 1, 1, help, false }
#define CERT(name, help)                                                                                               \
  { name, FIELD_CERT, IN_CERT, NULL, 0, 1, 1, help, false }
/* As KEY and CERT, but they may be absent. */
#define KEY_MAYBE(name, help)                                                                                          \
  { name, FIELD_KEY, IN_KEY, NULL, 0, 0, 1, help, false }
#define CERT_MAYBE(name, help)                                                                                         \
  { name, FIELD_CERT, IN_CERT, NULL, 0, 0, 1, help, false }
/* As TOKEN, but a list. */
#define TOKENS(name, place, least, most, help)                                                                         \
  { name, FIELD_TOKEN, place, NULL, 0, least, most, help, false }
#define WHOLE(name, place, least, help)                                                                                \
  { name, FIELD_WHOLE, place, NULL, 0, least, 1, help, false }

#define YES_NO "yes|no"

/* In a change: what is known no more. What a change does not say stays as it was, so this must be said. */
#define CLEAR(fields)                                                                                                  \
  CODE("clear", IN_CONTENT, fields, 0, 32, "each field whose value holds no more, without a new one")
/* In its UPDATE, one column a line between `clang-format off` and `on`: the column takes the parameter's value, or none
 * if the field is among those cleared. */
#define CHANGED(column, parameter, field)                                                                              \
  column " = coalesce(:" parameter ", CASE WHEN NOT EXISTS (SELECT 1 FROM json_each(:clear) WHERE value = '" field     \
         "') THEN " column " END)"

/* Of an act: joins its author's agency as g. */
#define SQL_AUTHORS_AGENCY                                                                                             \
  "JOIN act t ON t.first = :first JOIN certificate c ON c.key = t.by JOIN person_key k ON k.object = c.subject "       \
  "JOIN person p ON p.object = k.person JOIN agency g ON g.object = p.agency "

extern const struct kind involvement_kinds[], investigation_kinds[], scope_kinds[];
extern const struct rule involvement_rules[];
extern const struct kind reporter_kinds[];
extern const struct rule reporter_rules[];

/* For the queries of rules, about `key`, the author's key id in some view. Is it a key of this person? Of somebody who
 * has the role today? */
#define SQL_IS_KEY_OF(key, person)                                                                                     \
  "EXISTS (SELECT 1 FROM certificate ce JOIN person_key pk ON pk.object = ce.subject "                                 \
  "WHERE ce.key = " key " AND pk.person = " person ")"
#define SQL_HAS_ROLE(person, role)                                                                                     \
  "EXISTS (SELECT 1 FROM role ro WHERE ro.person = " person " AND ro.role = '" role "' AND ro.taken_by IS NULL "       \
  "AND ro.from_date <= :today AND coalesce(ro.until_date, :today) >= :today)"
#define SQL_KEY_HAS_ROLE(key, role)                                                                                    \
  "EXISTS (SELECT 1 FROM certificate ce JOIN person_key pk ON pk.object = ce.subject "                                 \
  "WHERE ce.key = " key " AND " SQL_HAS_ROLE("pk.person", role) ")"

extern const struct kind invitation_kinds[], attendance_kinds[], family_view_kinds[];
extern const struct rule meeting_rules[], invitation_rules[], attendance_rules[], family_view_rules[];
extern const struct rule record_rules[], people_rules[], investigation_rules[];
extern const struct kind restricted_kinds[];
extern const struct rule restricted_rules[];
extern const struct kind report_kinds[], copy_kinds[];
extern const struct rule copy_rules[];
extern const struct kind document_kinds[];
extern const struct rule document_rules[];
extern const struct kind directory_kinds[], access_kinds[], invite_kinds[], second_kinds[], staff_kinds[],
    profile_kinds[], record_kinds[], people_kinds[], meeting_kinds[], decision_kinds[], register_kinds[], check_kinds[];
extern const struct rule directory_rules[], access_rules[], invite_rules[], staff_rules[], decision_rules[],
    register_rules[], check_rules[];

extern const struct kind information_kinds[];
extern const struct rule information_rules[];

/* In a projection: the field words, or name, of an entry that counts without its content. */
#define WORDS_OR_LOST "coalesce(:words, 'the words were lost with the node')"
#define NAME_LOST "'the name was lost with the node'"
#define NAME_OR_LOST "coalesce(:name, " NAME_LOST ")"

#endif
