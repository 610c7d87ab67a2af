/* Documents that are handed to people: a self-contained, printable, accessible HTML page and plain text, made by the
 * same calls, so that both say the same. Pure. The page has no scripts, links to nothing and loads nothing; it names
 * its language, has one title, and headings without a gap in their order.
 *
 * What people wrote cannot be taken for the document's own frame: in HTML everything is escaped, and in the text it
 * never begins a line. Control characters are shown as a replacement character. */
#ifndef CAIRN_CORE_PAGE_H
#define CAIRN_CORE_PAGE_H

#include "core/bytes.h"

#define PAGE_LEVEL_MAX 4
#define PAGE_HTML_MAX ((size_t)400000) /* bytes; three of both fit into one act */
#define PAGE_TEXT_MAX ((size_t)200000)

struct page {
  struct buf html, text;
  unsigned level; /* of the last heading */
  bool in_fields;
};

/* The title is the one heading of level 1. */
void page_begin(struct page *p, struct bytes title);
/* Levels 2 to PAGE_LEVEL_MAX, at most one deeper than the heading before. */
void page_heading(struct page *p, unsigned level, struct bytes words);
/* Words of the program's own, on lines of their own. */
void page_paragraph(struct page *p, const char *words);
/* Something that is recorded, with what it is called; line breaks in it are kept. Nothing for no bytes. Fields that
 * follow each other form a list. */
void page_field(struct page *p, const char *label, struct bytes value);
/* Ends the list of fields: what follows is about something else. */
void page_break(struct page *p);
/* ERR_LIMIT if it became larger than the two limits. */
enum err page_end(struct page *p);
void page_release(struct page *p);

#endif
