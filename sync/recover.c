#include "sync/recover.h"

#include <stdlib.h>
#include <string.h>

#include "core/directory.h"
#include "core/parts.h"
#include "sync/exchange_parts.h"

#define REQUEST "cairn recover 1\n"
#define ANSWER "cairn recovering 1\n"
#define LEAF_MAX (ENTRY_HEADER_MAX + 1024)
#define ITEM_MIN (1 + 4)

/* How an entry is offered. */
enum { ALONE = 0, WITH_CONTENT = 1, LARGE = 2 };

static enum err finished(const struct reader *r, const char *what) {
  return reader_end(r) == OK ? OK : err_set(ERR_FORM, "the %s is not of the form of sync/PROTOCOL.md", what);
}

static struct hash read_hash(struct reader *r) {
  return hash_from(reader_take(r, HASH_SIZE));
}

static bool is_large_size(uint32_t size) {
  return size >= PARTS_SIZE_MIN && size <= PARTS_SIZE_MAX;
}

/* ---- requests ---- */

static void read_show(struct reader *r, struct recover_request *m) {
  m->have.place = reader_u64(r);
  m->have.digest = read_hash(r);
  m->note = reader_string(r, NOTE_MAX);
  if (m->have.place >= STORE_PENDING || (m->have.place == 0) != hash_is_zero(&m->have.digest) || m->note.len == 0)
    reader_fail(r);
}

static void read_item(struct reader *r, struct recovery_item *i) {
  uint8_t form = reader_u8(r);
  i->leaf = reader_string(r, LEAF_MAX);
  i->has_content = form == WITH_CONTENT;
  if (form == WITH_CONTENT) {
    struct bytes salt = reader_take(r, ENTRY_SALT_SIZE);
    if (salt.len)
      memcpy(i->salt, salt.at, ENTRY_SALT_SIZE);
    i->content = reader_string(r, ENTRY_LARGE);
  }
  if (form == LARGE) {
    i->parts_size = reader_u32(r);
    if (!is_large_size(i->parts_size))
      reader_fail(r);
  }
  if (form > LARGE)
    reader_fail(r);
}

static void read_offer(struct reader *r, struct recover_request *m) {
  uint32_t count = reader_count(r, RECOVER_ITEMS_MAX, ITEM_MIN);
  m->items = mem_alloc_array(count, sizeof *m->items);
  for (; m->count < count && r->err == OK; m->count++)
    read_item(r, &m->items[m->count]);
  if (m->count == 0)
    reader_fail(r);
}

static void read_part(struct reader *r, struct recovery_part *p) {
  p->entry = read_hash(r);
  p->content = read_hash(r);
  p->size = reader_u32(r);
  p->number = reader_u32(r);
  p->part = reader_string(r, PARTS_PART_SIZE);
  if (!is_large_size(p->size) || p->number >= parts_count(p->size) || p->part.len != parts_length(p->size, p->number))
    reader_fail(r);
}

enum err recover_request_decode(struct bytes b, struct recover_request *out) {
  struct reader r = reader_of(b);
  struct recover_request m = {0};
  reader_expect(&r, REQUEST);
  uint8_t what = reader_u8(&r);
  m.what = (enum recover_what)what;
  m.ledger = read_hash(&r);
  if (what == RECOVER_SHOW)
    read_show(&r, &m);
  else if (what == RECOVER_OFFER)
    read_offer(&r, &m);
  else if (what == RECOVER_PART)
    read_part(&r, &m.part);
  else
    reader_fail(&r);
  enum err e = finished(&r, "request");
  if (e == OK)
    *out = m;
  else
    recover_request_release(&m);
  return e;
}

void recover_request_release(struct recover_request *m) {
  free(m->items);
  *m = (struct recover_request){0};
}

static void write_item(struct buf *b, const struct recovery_item *i) {
  buf_u8(b, i->has_content ? WITH_CONTENT : i->parts_size ? LARGE : ALONE);
  buf_string(b, i->leaf);
  if (i->has_content) {
    buf_add(b, bytes_of(i->salt, ENTRY_SALT_SIZE));
    buf_string(b, i->content);
  } else if (i->parts_size) {
    buf_u32(b, i->parts_size);
  }
}

void recover_request_encode(struct buf *b, const struct recover_request *m) {
  buf_add_str(b, REQUEST);
  buf_u8(b, (uint8_t)m->what);
  buf_add(b, hash_bytes(&m->ledger));
  switch (m->what) {
  case RECOVER_SHOW:
    buf_u64(b, m->have.place);
    buf_add(b, hash_bytes(&m->have.digest));
    buf_string(b, m->note);
    break;
  case RECOVER_OFFER:
    buf_u32(b, m->count);
    for (uint32_t i = 0; i < m->count; i++)
      write_item(b, &m->items[i]);
    break;
  case RECOVER_PART:
    buf_add(b, hash_bytes(&m->part.entry));
    buf_add(b, hash_bytes(&m->part.content));
    buf_u32(b, m->part.size);
    buf_u32(b, m->part.number);
    buf_string(b, m->part.part);
    break;
  }
}

/* ---- answers ---- */

enum { IS_ON = 1, FOLLOW_ANEW = 2, OPENED_ANEW = 4 };

enum err recover_answer_decode(struct bytes b, struct recover_answer *out) {
  struct reader r = reader_of(b);
  struct recover_answer m = {0};
  reader_expect(&r, ANSWER);
  uint8_t flags = reader_u8(&r);
  m.is_on = flags & IS_ON;
  m.follow_anew = flags & FOLLOW_ANEW;
  m.opened_anew = flags & OPENED_ANEW;
  m.next = reader_u64(&r);
  m.wanted_count = reader_count(&r, RECOVER_ITEMS_MAX, HASH_SIZE);
  m.wanted = reader_take(&r, (size_t)m.wanted_count * HASH_SIZE);
  if (flags > (IS_ON | FOLLOW_ANEW | OPENED_ANEW) || m.next >= STORE_PENDING)
    reader_fail(&r);
  enum err e = finished(&r, "answer");
  if (e == OK)
    *out = m;
  return e;
}

void recover_answer_encode(struct buf *b, const struct recover_answer *m) {
  buf_add_str(b, ANSWER);
  buf_u8(b,
         (uint8_t)((m->is_on ? IS_ON : 0) | (m->follow_anew ? FOLLOW_ANEW : 0) | (m->opened_anew ? OPENED_ANEW : 0)));
  buf_u64(b, m->next);
  buf_u32(b, m->wanted_count);
  buf_add(b, m->wanted);
}

/* ---- the replica ---- */

enum { PAGE_ROOM = 4096 };

struct page {
  struct buf items; /* encoded */
  uint32_t count;
  uint64_t last;
};

static enum err show(struct store *s, struct recover_request *m, struct buf *note) {
  struct hash root;
  uint64_t size;
  enum err e = store_checkpoint_newest(s, &size, &root, note);
  if (e == OK)
    e = feed_end(s, FEED_OWN, &m->have);
  m->what = RECOVER_SHOW;
  m->note = buf_bytes(note);
  return e;
}

struct handing_over {
  struct store *s;
  uint64_t after, next; /* 0: none */
};

static enum err look_at_key(void *of, const struct ledger_key_row *row) {
  struct handing_over *h = of;
  struct hash id = hash_of(row->spki);
  struct buf note = {0};
  uint64_t number = 0;
  enum err e = directory_handed_over(h->s, &id, &number);
  if (e == OK && number > h->after && h->next == 0 && store_checkpoint_at(h->s, number, &note) == OK)
    h->next = number;
  buf_release(&note);
  return e;
}

/* The checkpoint of a handover has the signature of the key before, which the node does not have any more, and without
 * which nobody who knows that key could be led on. */
static enum err find_handover(struct recover_round *r, struct store *s) {
  struct handing_over h = {.s = s, .after = r->handover};
  enum err e = directory_each_ledger_key(s, &h, look_at_key);
  r->shows_handover = h.next > 0;
  r->handover = h.next ? h.next : r->handover;
  return e;
}

static enum err show_handover(const struct recover_round *r, struct store *s, struct recover_request *m,
                              struct buf *note) {
  enum err e = store_checkpoint_at(s, r->handover, note);
  if (e == OK)
    e = feed_end(s, FEED_OWN, &m->have);
  m->what = RECOVER_SHOW;
  m->note = buf_bytes(note);
  return e;
}

/* One entry as it goes onto a page. ERR_LIMIT: the page is full. */
static enum err offer_entry(struct page *p, struct store *s, uint64_t number, const struct recovery_content *content) {
  struct buf leaf = {0}, encoded = {0};
  bool is_large = content->bytes.len > ENTRY_LARGE;
  struct recovery_item item = {.has_content = content->is_here && !is_large, .content = content->bytes};
  enum err e = store_leaf(s, number, &leaf);
  item.leaf = buf_bytes(&leaf);
  if (is_large)
    item.parts_size = (uint32_t)(ENTRY_SALT_SIZE + content->bytes.len);
  memcpy(item.salt, content->salt, sizeof item.salt);
  if (e == OK)
    write_item(&encoded, &item);
  if (e == OK && p->count > 0 &&
      (p->count == RECOVER_ITEMS_MAX || p->items.len + encoded.len > MSG_PAGE_MAX - PAGE_ROOM))
    e = ERR_LIMIT;
  if (e == OK) {
    buf_add(&p->items, buf_bytes(&encoded));
    p->count++;
    p->last = number;
  }
  buf_release(&encoded);
  buf_release(&leaf);
  return e;
}

struct offering {
  struct page *page;
  struct store *s;
  const struct recover_round *round;
};

/* A node that serves lacks single contents: it gets the one that it asks for, or else the first one behind it, which it
 * may lack as well, and says which is the next. */
static enum err offer_one(void *of, uint64_t number, const struct recovery_content *content) {
  struct offering *o = of;
  if (!o->round->is_on && o->page->count == 1)
    return ERR_LIMIT;
  return offer_entry(o->page, o->s, number, content);
}

static enum err offer(struct recover_round *r, struct store *s, const struct hash *ledger, struct buf *request) {
  struct page p = {0};
  struct offering o = {&p, s, r};
  enum err e = recovery_each_held(s, r->next, &o, offer_one);
  if (e == ERR_LIMIT && p.count > 0)
    e = OK;
  if (e == OK && p.count > 0) {
    buf_add_str(request, REQUEST);
    buf_u8(request, RECOVER_OFFER);
    buf_add(request, hash_bytes(ledger));
    buf_u32(request, p.count);
    buf_add(request, buf_bytes(&p.items));
  }
  r->last = p.last;
  r->offered += p.count;
  r->is_done = p.count == 0;
  buf_release(&p.items);
  return e;
}

static struct hash wanted_now(const struct recover_round *r) {
  return hash_from(bytes_of(r->wanted.at + r->wanted_at, HASH_SIZE));
}

static enum err part(struct recover_round *r, struct store *s, struct recover_request *m, struct buf *bytes) {
  struct hash id = wanted_now(r);
  struct record rec = {0};
  enum err e = recovery_find_held(s, &id, &rec);
  if (e == OK) {
    m->what = RECOVER_PART;
    m->part = (struct recovery_part){.entry = id,
                                     .content = rec.entry.content,
                                     .size = (uint32_t)(ENTRY_SALT_SIZE + rec.content.len),
                                     .number = r->part};
    e = parts_cut(s, rec.number, r->part, bytes);
    m->part.part = buf_bytes(bytes);
  }
  record_release(&rec);
  return e;
}

enum err recover_next(struct recover_round *r, struct store *s, struct buf *request) {
  struct recover_request m = {0};
  struct buf bytes = {0};
  enum err e = store_meta_hash(s, "ledger", &m.ledger);
  if (e == OK && r->has_shown && !r->shows_handover && r->wanted_at == r->wanted.len)
    return offer(r, s, &m.ledger, request);
  if (e == OK)
    e = r->shows_handover ? show_handover(r, s, &m, &bytes)
        : r->has_shown    ? part(r, s, &m, &bytes)
                          : show(s, &m, &bytes);
  r->has_followed = r->has_followed || m.have.place > 0;
  if (e == OK)
    recover_request_encode(request, &m);
  buf_release(&bytes);
  return e;
}

/* What the node's answer means for what comes next. */
static enum err note_answer(struct store *s, const struct recover_answer *m) {
  enum err e = store_begin(s);
  if (e != OK)
    return e;
  if (m->is_on)
    e = store_meta_set_number(s, RECOVER_HELD, 1);
  if (e == OK && m->follow_anew)
    e = feed_restart(s);
  return store_end(s, e);
}

/* The part was taken: the next one, or the next content. */
static enum err go_on(struct recover_round *r, struct store *s) {
  struct hash id = wanted_now(r);
  struct record rec = {0};
  enum err e = recovery_find_held(s, &id, &rec);
  if (e == OK && ++r->part == parts_count((uint32_t)(ENTRY_SALT_SIZE + rec.content.len))) {
    r->part = 0;
    r->wanted_at += HASH_SIZE;
  }
  record_release(&rec);
  return e;
}

enum err recover_take(struct recover_round *r, struct store *s, struct bytes answer) {
  struct recover_answer m;
  enum err e = recover_answer_decode(answer, &m);
  if (e != OK)
    return e;
  /* Else a node that turns a request away could send this machine back to the beginning for ever. */
  if (!r->has_shown && m.follow_anew && !r->has_followed)
    return err_set(ERR_FORM, "the node's answer does not lead on");
  if (r->has_shown && r->wanted_at < r->wanted.len) {
    e = go_on(r, s);
  } else if (!r->shows_handover) {
    if (m.next && m.next <= r->last)
      return err_set(ERR_FORM, "the node's answer does not lead on");
    r->next = m.next;
    buf_clear(&r->wanted);
    buf_add(&r->wanted, m.wanted);
    r->wanted_at = 0;
  }
  if (e == OK && !r->has_shown && (m.follow_anew || m.is_on)) {
    r->follows_anew = m.follow_anew;
    e = note_answer(s, &m);
  }
  r->opened_anew = r->opened_anew || m.opened_anew;
  r->is_on = m.is_on;
  if (e == OK && m.is_on && (!r->has_shown || r->shows_handover))
    e = find_handover(r, s);
  else
    r->shows_handover = false;
  r->has_shown = true;
  r->is_done = r->opened_anew || (!r->shows_handover && r->wanted_at == r->wanted.len && r->next == 0);
  return e;
}

bool recover_is_done(const struct recover_round *r) {
  return r->is_done;
}

void recover_round_release(struct recover_round *r) {
  buf_release(&r->wanted);
  *r = (struct recover_round){0};
}
