/* SQL that the rules about a meeting share. :meeting is the meeting they are asked about. */
#ifndef CAIRN_CORE_DOMAIN_MEETING_SQL_H
#define CAIRN_CORE_DOMAIN_MEETING_SQL_H

#define PROCEDURE "Child Protection Planning Meetings procedure, "
#define FAMILY_NOTE "Participation of parents, carers and children in planning meetings, "
#define NATIONAL "National Guidance for Child Protection in Scotland 2021, updated 2023, "

/* What is lacking can still come until the meeting is closed. */
#define UNTIL_CLOSED                                                                                                   \
  "CASE WHEN EXISTS (SELECT 1 FROM meeting_close WHERE meeting = :meeting) THEN 'broken' ELSE 'open' END"

/* An open meeting breaks nothing yet: at the door (core/kind.h), where each decision would look through all decisions
 * of the meeting, the rest need not be asked. */
#define UNLESS_OPEN_AT_THE_DOOR "(NOT :at_door OR EXISTS (SELECT 1 FROM meeting_close WHERE meeting = :meeting))"

/* The same until its minute is approved. */
#define UNTIL_APPROVED                                                                                                 \
  "CASE WHEN EXISTS (SELECT 1 FROM approval WHERE meeting = :meeting AND report IS NULL) THEN 'broken' ELSE 'open' "   \
  "END"

/* The state if the query names anything in its column `what`, and all that it names; otherwise no row. */
#define LACKS(state, query)                                                                                            \
  "SELECT " state ", group_concat(what, '; ') FROM (" query " ORDER BY what) HAVING count(*) > 0"

/* A setting of the profile; NULL if there is none. */
#define SETTING(name) "(SELECT value FROM setting WHERE object = :profile AND name = '" name "')"
/* The latest day for the notice of a meeting m, by the profile. */
#define NOTICE_BY "notice_by(m.held_on, " SETTING("notice") ", " SETTING("notice-unit") ", " SETTING("holiday") ")"

/* The person whose key it is. */
#define PERSON_OF(key)                                                                                                 \
  "(SELECT k.person FROM certificate t JOIN person_key k ON k.object = t.subject WHERE t.key = " key ")"

/* Is there a row v of the view table that is about the child c.child? */
#define ABOUT_CHILD(table, condition)                                                                                  \
  "EXISTS (SELECT 1 FROM " table " v JOIN entry_child ve ON ve.number = v.number "                                     \
  "WHERE v.meeting = :meeting AND ve.child = c.child AND " condition ")"

/* For IN: c.child and all records of the same child. */
#define SAME_CHILD SAME_CHILDREN("c.child")

/* A row of a checklist: open until it is confirmed. */
#define CONFIRM(number_, words_, source_)                                                                              \
  {                                                                                                                    \
    .number = number_, .class = RULE_CHECKLIST, .about = ABOUT_MEETING, .words = words_,                               \
    .remedy = "say that it was done, was not, or does not apply: cairn check confirm --rule " number_,                 \
    .source = source_                                                                                                  \
  }

#endif
