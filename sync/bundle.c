#include "sync/bundle.h"

#include <stdlib.h>
#include <string.h>

#include "core/seal.h"
#include "sync/msg.h"
#include "sync/zip.h"

#define MAGIC "cairn bundle 1\n"
#define LABEL "cairn bundle label 1\n"
#define FRAME_SIZE 4 /* the length that stands before a page */
#define PAGE_NAME_SIZE (2 * HASH_SIZE)
/* The label of a bundle with so many pages is not longer. */
#define LABEL_FIXED 512
#define LABEL_MAX (LABEL_FIXED + (size_t)BUNDLE_PAGES_MAX * PAGE_NAME_SIZE)
#define CHUNK ((size_t)65536)

enum page_form { PAGE_PLAIN = 0, PAGE_PACKED = 1 };

/* ---- the label ---- */

static void encode_label(struct buf *b, const struct bundle_label *l, uint32_t count, struct bytes pages) {
  buf_add_str(b, LABEL);
  buf_u8(b, (uint8_t)l->kind);
  buf_add(b, hash_bytes(&l->ledger));
  buf_add(b, hash_bytes(&l->machine));
  buf_add(b, hash_bytes(&l->node));
  buf_u64(b, l->number);
  buf_string(b, bytes_str(l->at.s));
  buf_u32(b, count);
  buf_add(b, pages);
}

static enum err malformed(const char *why) {
  return err_set_remedy(ERR_FORM, "copy it again from where it was written, or have a new one made",
                        "this is not a bundle as it was written: %s", why);
}

static struct text_time take_time(struct reader *r) {
  struct text_time t = {{0}};
  struct bytes at = reader_string(r, TEXT_TIME_SIZE);
  if (text_is_time(at))
    memcpy(t.s, at.at, TEXT_TIME_SIZE);
  else
    reader_fail(r);
  return t;
}

/* The pages of the label are those that were found: seen has the hash of each. */
static bool are_pages(struct bytes pages, struct bytes seen) {
  bool are = pages.len == 2 * seen.len;
  for (size_t i = 0; are && i < seen.len / HASH_SIZE; i++)
    are = memcmp(pages.at + i * PAGE_NAME_SIZE + HASH_SIZE, seen.at + i * HASH_SIZE, HASH_SIZE) == 0;
  return are;
}

static enum err decode_label(struct bundle_reader *b, struct bytes seen) {
  struct reader r = reader_of(buf_bytes(&b->text));
  struct bundle_label *l = &b->label;
  reader_expect(&r, LABEL);
  uint8_t kind = reader_u8(&r);
  l->kind = (enum bundle_kind)kind;
  l->ledger = hash_from(reader_take(&r, HASH_SIZE));
  l->machine = hash_from(reader_take(&r, HASH_SIZE));
  l->node = hash_from(reader_take(&r, HASH_SIZE));
  l->number = reader_u64(&r);
  l->at = take_time(&r);
  if (kind != BUNDLE_REQUEST && kind != BUNDLE_ANSWER)
    reader_fail(&r);
  b->page_count = reader_count(&r, BUNDLE_PAGES_MAX, PAGE_NAME_SIZE);
  b->pages = reader_take(&r, (size_t)b->page_count * PAGE_NAME_SIZE);
  b->signed_text = bytes_of(b->text.at, b->text.len - r.rest.len);
  b->signature = reader_string(&r, KEY_SIGNATURE_MAX);
  if (r.err == OK && !are_pages(b->pages, seen))
    reader_fail(&r);
  return reader_end(&r) == OK ? OK : malformed("its label does not fit what is in it");
}

/* ---- writing ---- */

static enum err put(struct bundle_writer *w, struct bytes b) {
  if (b.len && fwrite(b.at, 1, b.len, w->file) != b.len)
    return err_set(ERR_DISK, "the bundle could not be written: the disk is full, or was taken out");
  w->size += b.len;
  return OK;
}

enum err bundle_begin(struct bundle_writer *w, FILE *file, const struct bundle_label *label, const struct key *to,
                      uint64_t size_max) {
  *w = (struct bundle_writer){.file = file, .label = *label, .to = to, .size_max = size_max};
  return put(w, bytes_str(MAGIC));
}

/* As an entry's content that is restricted (core/FORMAT.md section 12): salted, padded, and sealed to one key. */
static enum err seal_page(struct bytes message, const struct key *to, struct hash *content_out, struct buf *out) {
  uint8_t salt[ENTRY_SALT_SIZE];
  struct buf plain = {0};
  buf_u8(&plain, PAGE_PACKED);
  if (!zip_pack(message, &plain)) {
    buf_clear(&plain);
    buf_u8(&plain, PAGE_PLAIN);
    buf_add(&plain, message);
  }
  key_random(salt, sizeof salt);
  enum err e = seal_make(salt, buf_bytes(&plain), &to, 1, out);
  if (e == OK)
    *content_out = entry_commitment(salt, buf_bytes(&plain));
  buf_release_secret(&plain);
  return e;
}

/* Is there room for one page more, and the label behind it? */
static bool has_room(const struct bundle_writer *w, size_t sealed) {
  size_t label = LABEL_FIXED + (w->page_count + (size_t)1) * PAGE_NAME_SIZE;
  return w->page_count < BUNDLE_PAGES_MAX && w->size + FRAME_SIZE + sealed + FRAME_SIZE + label <= w->size_max;
}

enum err bundle_add(struct bundle_writer *w, struct bytes message) {
  struct hash content;
  struct buf sealed = {0}, frame = {0};
  enum err e = seal_page(message, w->to, &content, &sealed);
  if (e == OK && !has_room(w, sealed.len))
    e = err_set(ERR_LIMIT, "a bundle has at most %d MiB", (int)(w->size_max >> 20));
  buf_u32(&frame, (uint32_t)sealed.len);
  if (e == OK)
    e = put(w, buf_bytes(&frame));
  if (e == OK)
    e = put(w, buf_bytes(&sealed));
  if (e == OK) {
    struct hash hash = hash_of(buf_bytes(&sealed));
    buf_add(&w->pages, hash_bytes(&content));
    buf_add(&w->pages, hash_bytes(&hash));
    w->page_count++;
  }
  buf_release(&frame);
  buf_release(&sealed);
  return e;
}

enum err bundle_end(struct bundle_writer *w, const struct key *signer) {
  struct buf end = {0}, text = {0}, signature = {0};
  encode_label(&text, &w->label, w->page_count, buf_bytes(&w->pages));
  enum err e = key_sign(signer, buf_bytes(&text), &signature);
  buf_u32(&end, 0);
  buf_add(&end, buf_bytes(&text));
  buf_string(&end, buf_bytes(&signature));
  if (e == OK)
    e = put(w, buf_bytes(&end));
  /* Also where only a page before this failed: it has left a hole. */
  if (e == OK && (fflush(w->file) != 0 || ferror(w->file)))
    e = err_set(ERR_DISK, "the bundle could not be written: the disk is full, or was taken out");
  buf_release(&end);
  buf_release(&text);
  buf_release(&signature);
  return e;
}

void bundle_writer_release(struct bundle_writer *w) {
  buf_release(&w->pages);
  *w = (struct bundle_writer){0};
}

/* ---- reading ---- */

/* Exactly len bytes, appended; as they come, so that nothing is allocated for what is only said to be there. */
static enum err get(FILE *file, size_t len, struct buf *out) {
  uint8_t chunk[CHUNK];
  while (len > 0) {
    size_t want = len < sizeof chunk ? len : sizeof chunk, got = fread(chunk, 1, want, file);
    buf_add(out, bytes_of(chunk, got));
    if (got < want)
      return ferror(file) ? err_set(ERR_IO, "the bundle could not be read") : malformed("it is cut off");
    len -= got;
  }
  return buf_err(out);
}

/* The next page as it is sealed; nothing where the pages end. */
static enum err get_page(FILE *file, struct buf *out) {
  struct buf frame = {0};
  enum err e = get(file, FRAME_SIZE, &frame);
  struct reader r = reader_of(buf_bytes(&frame));
  size_t len = reader_u32(&r);
  if (e == OK && len > SEAL_ENVELOPE_MAX)
    e = malformed("a page is larger than any can be");
  if (e == OK)
    e = get(file, len, out);
  buf_release(&frame);
  return e;
}

/* seen gets the hash of each. */
static enum err get_pages(FILE *file, struct buf *seen) {
  struct buf page = {0};
  uint64_t size = sizeof MAGIC - 1;
  enum err e;
  do {
    buf_clear(&page);
    e = get_page(file, &page);
    size += FRAME_SIZE + page.len;
    if (e == OK && (size > BUNDLE_MAX || seen->len > (size_t)BUNDLE_PAGES_MAX * HASH_SIZE))
      e = err_set(ERR_LIMIT, "a bundle has at most %d MiB and %d pages", (int)(BUNDLE_MAX >> 20), BUNDLE_PAGES_MAX);
    if (e == OK && page.len) {
      struct hash hash = hash_of(buf_bytes(&page));
      buf_add(seen, hash_bytes(&hash));
    }
  } while (e == OK && page.len);
  buf_release(&page);
  return e;
}

/* All that is left of the file. */
static enum err get_label(struct bundle_reader *r) {
  uint8_t chunk[4096];
  size_t got;
  buf_init(&r->text, LABEL_MAX);
  while ((got = fread(chunk, 1, sizeof chunk, r->file)) > 0 && buf_err(&r->text) == OK)
    buf_add(&r->text, bytes_of(chunk, got));
  if (ferror(r->file))
    return err_set(ERR_IO, "the bundle could not be read");
  return buf_err(&r->text) == OK ? OK : malformed("its label is longer than any can be");
}

static enum err get_magic(FILE *file) {
  struct buf magic = {0};
  enum err e = get(file, sizeof MAGIC - 1, &magic);
  if (e == ERR_FORM || (e == OK && !bytes_equal_str(buf_bytes(&magic), MAGIC)))
    e = err_set_remedy(ERR_FORM, "cairn bundle FILE writes one", "this is not a bundle");
  buf_release(&magic);
  return e;
}

enum err bundle_open(struct bundle_reader *r, FILE *file) {
  struct buf seen = {0};
  *r = (struct bundle_reader){.file = file};
  enum err e = get_magic(file);
  if (e == OK)
    e = get_pages(file, &seen);
  if (e == OK)
    e = get_label(r);
  if (e == OK)
    e = decode_label(r, buf_bytes(&seen));
  if (e == OK && fseek(file, sizeof MAGIC - 1, SEEK_SET) != 0)
    e = err_set(ERR_IO, "the bundle is not in a file that can be read twice");
  buf_release(&seen);
  return e;
}

enum err bundle_verify(const struct bundle_reader *r, const struct key *signer) {
  if (key_verify(signer, r->signed_text, r->signature) != OK)
    return err_set_remedy(ERR_SIGNATURE, "have a new one made",
                          "the bundle was changed, or is not from whom it says it is");
  return OK;
}

bool bundle_is_done(const struct bundle_reader *r) {
  return r->at == r->page_count;
}

static enum err unpack(struct bytes plain, struct buf *out) {
  struct reader r = reader_of(plain);
  uint8_t form = reader_u8(&r);
  if (r.err != OK || form > PAGE_PACKED)
    return malformed("a page says nothing");
  if (form == PAGE_PACKED)
    return zip_unpack(r.rest, MSG_ANSWER_MAX, out);
  buf_add(out, r.rest);
  return buf_err(out);
}

/* The file may have been changed since its label was checked: the page must still be the one that was signed. */
enum err bundle_next(struct bundle_reader *r, const struct key *own, struct buf *message) {
  const uint8_t *page = r->pages.at + (size_t)r->at * PAGE_NAME_SIZE;
  struct entry *header = mem_alloc(sizeof *header);
  struct buf sealed = {0}, plain = {0};
  uint8_t salt[ENTRY_SALT_SIZE];
  header->to[header->to_count++] = key_id(own);
  header->content = hash_from(bytes_of(page, HASH_SIZE));
  header->sealed = hash_from(bytes_of(page + HASH_SIZE, HASH_SIZE));
  enum err e = get_page(r->file, &sealed);
  if (e == OK)
    e = seal_open(buf_bytes(&sealed), header, own, salt, &plain);
  if (e == OK)
    e = unpack(buf_bytes(&plain), message);
  r->at++;
  free(header);
  buf_release(&sealed);
  buf_release_secret(&plain);
  return e;
}

void bundle_reader_release(struct bundle_reader *r) {
  buf_release(&r->text);
  *r = (struct bundle_reader){0};
}
