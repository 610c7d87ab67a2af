/* Documents that are handed to people: a self-contained, printable, accessible HTML page and plain text, made by the
 * same calls, so that both say the same. Pure. The page has no scripts, links to nothing and loads nothing; it names
 * its language, has one title, and headings without a gap in their order.
 *
 * What people wrote cannot be taken for the document's own frame: in HTML everything is escaped, and in the text it
 * never begins a line. Control characters are shown as a replacement character. */
#ifndef CAIRN_CORE_SHEET_H
#define CAIRN_CORE_SHEET_H

#include "core/bytes.h"

#define SHEET_LEVEL_MAX 4
#define SHEET_HTML_MAX ((size_t)400000) /* bytes; three of both fit into one act */
#define SHEET_TEXT_MAX ((size_t)200000)

struct sheet {
  struct buf html, text;
  unsigned level; /* of the last heading */
  bool in_fields;
};

/* The title is the one heading of level 1. */
void sheet_begin(struct sheet *p, struct bytes title);
/* Levels 2 to SHEET_LEVEL_MAX, at most one deeper than the heading before. */
void sheet_heading(struct sheet *p, unsigned level, struct bytes words);
/* Words of the program's own, on lines of their own. */
void sheet_paragraph(struct sheet *p, const char *words);
/* Something that is recorded, with what it is called; line breaks in it are kept. Nothing for no bytes. Fields that
 * follow each other form a list. */
void sheet_field(struct sheet *p, const char *label, struct bytes value);
/* Ends the list of fields: what follows is about something else. */
void sheet_break(struct sheet *p);
/* ERR_LIMIT if it became larger than the two limits. */
enum err sheet_end(struct sheet *p);
void sheet_release(struct sheet *p);

#endif
