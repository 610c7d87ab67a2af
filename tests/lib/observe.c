#include "tests/lib/observe.h"

#include <stdlib.h>
#include <string.h>

#include "core/store_parts.h"
#include "sync/msg.h"
#include "tests/lib/world.h"

#define SHORT_DIGITS 8
#define HASH_BASE64_SIZE 44
#define BASE64_MIN 80 /* a run of so many is a signature or a certificate */
#define ROWS_MAX 20000

static const char hex_digits[] = "0123456789abcdef";
static const char base64_digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=";

/* How a hash that was not named before is dealt with. */
enum new_names { NAME_NEW, LEAVE_NEW };

void observed_release(struct observed *o) {
  buf_release(&o->text);
  buf_release(&o->names);
}

/* ---- values of random look ---- */

static size_t name_count(const struct observed *o) {
  return o->names.len / HASH_SIZE;
}

static size_t find_name(const struct observed *o, struct bytes hash) {
  for (size_t i = 0; i < name_count(o); i++)
    if (memcmp(o->names.at + i * HASH_SIZE, hash.at, HASH_SIZE) == 0)
      return i;
  return name_count(o);
}

bool observed_names(const struct observed *o, const struct hash *h) {
  return find_name(o, hash_bytes(h)) < name_count(o);
}

static void add_name(struct observed *o, struct bytes hash, enum new_names how, struct buf *out) {
  size_t i = find_name(o, hash);
  if (i == name_count(o) && how == LEAVE_NEW) {
    buf_add_str(out, "#?");
    return;
  }
  if (i == name_count(o))
    buf_add(&o->names, hash);
  buf_addf(out, "#%zu", i);
}

/* The first digits of a hash that was named already; false if there is none. */
static bool add_short(const struct observed *o, struct bytes digits, struct buf *out) {
  for (size_t i = 0; i < name_count(o); i++) {
    struct hash h = hash_from(bytes_of(o->names.at + i * HASH_SIZE, HASH_SIZE));
    if (memcmp(hash_hex(&h).s, digits.at, SHORT_DIGITS) == 0) {
      buf_addf(out, "#%zu.8", i);
      return true;
    }
  }
  return false;
}

static size_t run_of(struct bytes text, const char *set) {
  size_t n = 0;
  while (n < text.len && text.at[n] && strchr(set, text.at[n]))
    n++;
  return n;
}

/* A hash in base64, as the root in a checkpoint. */
static bool add_base64(struct observed *o, struct bytes run, enum new_names how, struct buf *out) {
  struct buf hash = {0};
  bool is_hash = run.len == HASH_BASE64_SIZE && text_base64_decode(run, &hash) == OK && hash.len == HASH_SIZE;
  if (is_hash)
    add_name(o, buf_bytes(&hash), how, out);
  buf_release(&hash);
  return is_hash;
}

static void add_text(struct observed *o, struct bytes text, enum new_names how, struct buf *out) {
  uint8_t hash[HASH_SIZE];
  while (text.len) {
    size_t base64 = run_of(text, base64_digits), hex = run_of(text, hex_digits), taken = base64 ? base64 : 1;
    struct bytes run = bytes_of(text.at, taken);
    if (base64 == HASH_SIZE * 2 && hex == base64 && text_hex_decode(run, hash) == OK)
      add_name(o, bytes_of(hash, HASH_SIZE), how, out);
    else if (base64 >= BASE64_MIN)
      buf_add_str(out, "<base64>");
    else if (!add_base64(o, run, how, out) && (base64 != SHORT_DIGITS || hex != base64 || !add_short(o, run, out)))
      buf_add(out, run);
    text = bytes_of(text.at + taken, text.len - taken);
  }
}

static bool is_signature(struct bytes v) {
  return v.len >= 64 && v.len <= 72 && v.at[0] == 0x30 && v.at[1] == v.len - 2;
}

static void add_value(struct observed *o, struct bytes v, enum new_names how, struct buf *out) {
  if (text_is_plain_lines(v))
    add_text(o, v, how, out);
  else if (v.len == HASH_SIZE)
    add_name(o, v, how, out);
  else if (is_signature(v))
    buf_add_str(out, "<signature>");
  else
    buf_addf(out, "<%zu bytes>", v.len);
}

void observe_words(struct observed *o, const char *what, struct bytes words) {
  buf_addf(&o->text, "%s: ", what);
  add_text(o, words, NAME_NEW, &o->text);
  buf_add_str(&o->text, "\n");
}

void observe_number(struct observed *o, const char *what, uint64_t n) {
  buf_addf(&o->text, "%s: %llu\n", what, (unsigned long long)n);
}

void observe_value(struct observed *o, const char *what, struct bytes value) {
  buf_addf(&o->text, "%s: ", what);
  add_value(o, value, NAME_NEW, &o->text);
  buf_add_str(&o->text, "\n");
}

/* ---- messages ---- */

static void add_end(struct observed *o, const char *what, const struct feed_end *end) {
  buf_addf(&o->text, "%s: %llu %s\n", what, (unsigned long long)end->place, hash_hex(&end->digest).s);
}

static void add_entries(struct observed *o, const struct act_entry *entries, uint32_t count) {
  for (uint32_t i = 0; i < count; i++) {
    observe_number(o, "index", entries[i].index);
    observe_value(o, "header", entries[i].header);
    observe_value(o, "salt", bytes_of(entries[i].salt, ENTRY_SALT_SIZE));
    observe_value(o, "content", entries[i].content);
    observe_number(o, "parts", entries[i].parts_size);
    observe_number(o, "erased", entries[i].is_erased);
  }
}

void observe_request(struct observed *o, struct bytes request) {
  struct msg_request m;
  world_must(msg_request_decode(request, &m), "a request");
  size_t varies = m.receipt.len + m.cosignature.len + m.head.len;
  observe_number(o, "request flags", m.flags);
  observe_value(o, "ledger", hash_bytes(&m.ledger));
  add_end(o, "have", &m.have);
  observe_value(o, "receipt", m.receipt);
  observe_number(o, "size", m.size);
  observe_value(o, "root", hash_bytes(&m.root));
  observe_value(o, "cosigned", m.cosigned);
  observe_value(o, "cosignature", m.cosignature);
  observe_value(o, "key", hash_bytes(&m.key));
  observe_value(o, "head", m.head);
  for (uint32_t i = 0; i < m.act_count; i++) {
    const struct msg_act *a = &m.acts[i];
    varies += a->signature.len;
    observe_number(o, "act at", a->position);
    observe_value(o, "previous", hash_bytes(&a->previous));
    observe_value(o, "signature", a->signature);
    add_entries(o, a->entries, a->count);
  }
  observe_number(o, "length", request.len - varies);
  msg_request_release(&m);
}

static void add_verdict(struct observed *o, const struct verdict *v) {
  observe_number(o, "code", v->code);
  observe_value(o, "of", hash_bytes(&v->act));
  observe_number(o, "first", v->first);
  observe_number(o, "last", v->last);
  observe_words(o, "rule", bytes_str(v->rule));
  observe_words(o, "words", bytes_str(v->words));
  observe_words(o, "remedy", bytes_str(v->remedy));
}

static void add_event(struct observed *o, const struct msg_event *e) {
  observe_number(o, "event", e->form);
  observe_number(o, "first", e->first);
  observe_value(o, "admitted", e->admitted);
  observe_value(o, "replica", hash_bytes(&e->position.replica));
  observe_number(o, "number", e->position.number);
  observe_value(o, "previous", hash_bytes(&e->position.previous));
  observe_value(o, "act", hash_bytes(&e->position.act));
  observe_value(o, "head", e->head);
  observe_value(o, "signature", e->signature);
  observe_number(o, "size", e->size);
  observe_value(o, "siblings", e->siblings);
  add_entries(o, e->entries, e->count);
}

void observe_answer(struct observed *o, struct bytes answer) {
  struct msg_answer m;
  world_must(msg_answer_decode(answer, &m), "an answer");
  size_t varies = m.checkpoint.len;
  for (uint32_t i = 0; i < m.verdict_count; i++) {
    observe_number(o, "verdict on", m.positions[i]);
    add_verdict(o, &m.verdicts[i]);
  }
  add_end(o, "upto", &m.upto);
  observe_number(o, "more", m.has_more);
  for (uint32_t i = 0; i < m.event_count; i++) {
    add_event(o, &m.events[i]);
    varies += m.events[i].signature.len + m.events[i].head.len;
  }
  observe_value(o, "checkpoint", m.checkpoint);
  observe_number(o, "proof", m.proof.len);
  observe_number(o, "length", answer.len - varies);
  msg_answer_release(&m);
}

/* ---- files ---- */

/* Tables whose rows stand in the order of the ledger: what they name is named first. */
static const char *const in_order[] = {"act", "entry", "feed"};
#define IN_ORDER_COUNT (sizeof in_order / sizeof *in_order)

static bool is_in_order(const char *table) {
  for (size_t i = 0; i < IN_ORDER_COUNT; i++)
    if (strcmp(table, in_order[i]) == 0)
      return true;
  return false;
}

static char *row_text(struct observed *o, const char *table, struct query *q) {
  enum new_names how = is_in_order(table) ? NAME_NEW : LEAVE_NEW;
  struct buf row = {0};
  buf_addf(&row, "%s:", table);
  for (int i = 0; i < query_column_count(q); i++) {
    struct bytes v = query_get(q, i);
    buf_add_str(&row, " | ");
    if (query_is_null(q, i))
      buf_add_str(&row, "NULL");
    else if (strcmp(table, "feed") == 0 && v.len == HASH_SIZE)
      text_hex_encode(&row, v);
    else
      add_value(o, v, how, &row);
  }
  char *copy = bytes_copy_string(buf_bytes(&row));
  buf_release(&row);
  return copy;
}

static int compare_rows(const void *a, const void *b) {
  return strcmp(*(char *const *)a, *(char *const *)b);
}

static void add_table(struct observed *o, struct db *db, const char *table) {
  char **rows = mem_alloc_array(ROWS_MAX, sizeof *rows);
  struct buf statement = {0};
  struct query q;
  size_t count = 0;
  buf_addf(&statement, "SELECT * FROM \"%s\" ORDER BY 1, 2", table);
  query_start_once(&q, db, buf_cstr(&statement));
  while (count < ROWS_MAX && query_row(&q))
    rows[count++] = row_text(o, table, &q);
  world_must(query_end(&q), table);
  if (!is_in_order(table))
    qsort(rows, count, sizeof *rows, compare_rows);
  for (size_t i = 0; i < count; i++) {
    buf_addf(&o->text, "%s\n", rows[i]);
    free(rows[i]);
  }
  free(rows);
  buf_release(&statement);
}

void observe_store(struct observed *o, struct store *s) {
  struct query q;
  for (size_t i = 0; i < IN_ORDER_COUNT; i++)
    add_table(o, s->db, in_order[i]);
  query_start_once(&q, s->db, "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name");
  while (query_row(&q)) {
    char *table = bytes_copy_string(query_get(&q, 0));
    if (!is_in_order(table))
      add_table(o, s->db, table);
    free(table);
  }
  world_must(query_end(&q), "the list of tables");
}
