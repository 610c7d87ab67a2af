/* Copies of minutes and reports that a chair approved (core/FORMAT.md section 13): the approval, a copy as it stands in
 * the store, and the same with its proof, for anyone to check. */
#ifndef CAIRN_CORE_COPY_H
#define CAIRN_CORE_COPY_H

#include "core/author.h"
#include "core/commit.h"
#include "core/minute.h"

/* What a chair approves: the three renderings as they are now, and whom the one for participants is for. Composed
 * first, so that whoever approves can look at it, and passed on by copy_approve unchanged. */
struct copy_approval {
  struct hash meeting, report; /* report: zeros for a minute */
  struct sheet pages[MINUTE_RENDERINGS];
  struct hash to[ENTRY_RECIPIENTS_MAX]; /* signing keys of the professionals who took part */
  size_t to_count;
};
/* The subject is a meeting or a report with a meeting. ERR_USAGE for a report without one; ERR_LIMIT. */
enum err copy_prepare(struct store *s, const struct hash *subject, struct copy_approval *out);
void copy_approval_release(struct copy_approval *a);

/* The drafts of an approval's act. Borrows from the approval; released by copy_act_release. */
#define COPY_ACT_ENTRIES (1 + MINUTE_RENDERINGS)
#define COPY_VALUES_MAX (ENTRY_CHILDREN_MAX + 8)
struct copy_act {
  struct draft drafts[COPY_ACT_ENTRIES];
  struct draft_value values[COPY_ACT_ENTRIES][COPY_VALUES_MAX];
  char *texts[COPY_ACT_ENTRIES][COPY_VALUES_MAX];
};
enum err copy_act_make(struct store *s, const struct copy_approval *a, struct copy_act *out);
void copy_act_release(struct copy_act *a);

/* A copy of the newest approval that counts, as it stands in the store. */
struct copy {
  struct record approval, record;
  enum minute_rendering rendering;
  struct json *content; /* of record; the documents borrow from it */
  struct copy_documents documents;
  uint8_t salt[COPY_SALT_SIZE];
};
/* ERR_ABSENT, with what can be done, if there is none or the reader may not see it; ERR_PROOF if it is not what the
 * approval commits to. The caller releases it in any case. */
enum err copy_find(struct store *s, const struct hash *subject, enum minute_rendering r, struct copy *out);
void copy_release(struct copy *c);

/* The document with its proof, appended. ERR_ABSENT while the approval was not accepted. */
enum copy_form { COPY_HTML, COPY_TEXT };
enum err copy_write(struct store *s, const struct copy *c, enum copy_form form, struct buf *out);

/* Which rendering this is for, by who they are: a professional who took part, one who was invited and did not, a child
 * or member of the family of the meeting. ERR_REFUSED with words for those who receive none: who supports, interprets
 * or observes, and who was not invited. */
enum err copy_rendering_for(struct store *s, const struct hash *meeting, const struct hash *who,
                            enum minute_rendering *out);

/* The reports for a meeting, by the ids of report.record. */
enum err copy_each_report(struct store *s, const struct hash *meeting, void *of,
                          enum err (*each)(void *of, const struct hash *report));
/* The envelopes of restricted items about the meeting, or about a report for it, that are sealed to this person and
 * that the reader may see. */
enum err copy_each_attachment(struct store *s, const struct hash *meeting, const struct hash *who, void *of,
                              enum err (*each)(void *of, const struct hash *item, struct bytes envelope));

#endif
