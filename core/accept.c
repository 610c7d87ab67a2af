#include "core/accept.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/accept_parts.h"
#include "core/feed.h"
#include "core/seal.h"
#include "core/second.h"

enum { NEWEST_ADMITTED, REFUSAL, AT_POSITION, HOLD, HOLD_OF, BEGIN, END };

static const char *const sql[] = {
    [NEWEST_ADMITTED] = "SELECT admitted FROM act WHERE first < ?1 ORDER BY first DESC LIMIT 1",
    [REFUSAL] = "SELECT act, rule, words, remedy FROM refusal WHERE replica = ?1 AND position = ?2",
    [HOLD] = "SELECT h.act, h.rule, h.words, h.state FROM hold h WHERE h.replica = ?1 AND h.position = ?2 "
             "ORDER BY h.entry DESC LIMIT 1",
    [HOLD_OF] = "SELECT act FROM hold WHERE object = ?1",
    [AT_POSITION] = "SELECT 1 FROM act WHERE id = ?1 AND replica = ?2 AND position = ?3",
    [BEGIN] = "SAVEPOINT act",
    [END] = "RELEASE act",
};

const char *const *accept_statements(size_t *count_out) {
  *count_out = sizeof sql / sizeof *sql;
  return sql;
}

bool door_is_write(const struct door *d) {
  return d->in->how == ACCEPT_WRITE || d->in->how == ACCEPT_WRITE_ANYWAY;
}

uint64_t door_number(const struct door *d) {
  if (d->in->how == ACCEPT_TAKE)
    return d->in->first;
  return door_is_write(d) ? STORE_PENDING : store_size(d->s) + 1;
}

/* Words may quote what a peer sent, cut short; they must be plain, because the node writes them into an entry. */
static void put_words(char *out, size_t out_size, const char *words) {
  snprintf(out, out_size, "%s", words);
  if (!text_is_plain(bytes_str(out)))
    for (char *c = out; *c; c++)
      *c = *c < 0x20 || *c > 0x7e ? '?' : *c;
}

enum err door_give(struct door *d, enum verdict_code code, const char *rule, const char *words, const char *remedy) {
  d->verdict.code = code;
  snprintf(d->verdict.rule, sizeof d->verdict.rule, "%s", rule);
  put_words(d->verdict.words, sizeof d->verdict.words, words);
  put_words(d->verdict.remedy, sizeof d->verdict.remedy, remedy);
  return ERR_REFUSED;
}

/* ---- decode ---- */

static bool is_large(const struct act_entry *e) {
  return e->parts_size > 0 || e->content.len > ENTRY_LARGE;
}

static bool has_content(const struct act_entry *e) {
  return !e->is_erased && !e->is_lost;
}

static enum err check_sizes(const struct accept_act *in) {
  size_t total = 0, large = 0;
  if (in->count == 0 || in->size > ACT_ENTRIES_MAX || in->count > in->size)
    return err_set(ERR_FORM, "an act has 1 to %d entries", ACT_ENTRIES_MAX);
  for (size_t i = 0; i < in->count; i++) {
    if (in->entries[i].content.len > ENTRY_CONTENT_MAX || in->entries[i].header.len > ENTRY_HEADER_MAX)
      return err_set(ERR_LIMIT, "an entry's content is larger than 8 MiB");
    large += is_large(&in->entries[i]);
    total += in->entries[i].header.len + (is_large(&in->entries[i]) ? 0 : in->entries[i].content.len);
  }
  if (large > ACT_LARGE_MAX)
    return err_set(ERR_LIMIT, "an act has more than %d contents of over 1 MiB", ACT_LARGE_MAX);
  return total <= ACT_SIZE_MAX ? OK : err_set(ERR_LIMIT, "an act is larger than 2 MiB");
}

/* What is sealed has its salt in the envelope. One that is not what its header says is refused with a number, so that
 * its author hears of it; one that comes with a number must not come at all. */
static enum err check_envelope(struct door *d, size_t i) {
  static const uint8_t none[ENTRY_SALT_SIZE];
  const struct act_entry *from = &d->in->entries[i];
  if (from->content.len > ENTRY_LARGE)
    return err_set(ERR_LIMIT, "sealed content is larger than 512 KiB");
  if (memcmp(from->salt, none, sizeof none) != 0)
    return err_set(ERR_FORM, "a sealed entry has a salt outside its envelope");
  return d->in->how == ACCEPT_TAKE ? seal_check(from->content, &d->entries[i]) : OK;
}

static enum err decode_entry(struct door *d, size_t i) {
  const struct act_entry *from = &d->in->entries[i];
  struct entry *e = &d->entries[i];
  enum err err = entry_decode(from->header, e);
  if (err != OK)
    return err;
  if (!hash_equal(&e->by, &d->entries[0].by))
    return err_set(ERR_FORM, "an act's entries have different authors");
  d->kinds[i] = kind_find(e->kind);
  if (from->parts_size && d->in->how == ACCEPT_ADMIT)
    return OK; /* judge_parts says what of it, if it is judged at all */
  if (!has_content(from) && d->in->how != ACCEPT_TAKE)
    return err_set(ERR_FORM, "an entry has no content");
  if (e->audience == AUDIENCE_RESTRICTED)
    return has_content(from) ? check_envelope(d, i) : OK;
  struct hash commitment = entry_commitment(from->salt, from->content);
  if (has_content(from) && !hash_equal(&commitment, &e->content))
    return err_set(ERR_FORM, "an entry's content is not the one that its header commits to");
  if (!has_content(from) || json_parse_record(from->content, &d->contents[i]) != OK)
    d->contents[i] = NULL;
  return OK;
}

/* What is taken has its place in a chain: the first of it, and only that, has nothing before it. Of an act whose first
 * entry did not come it is not known. */
static enum err check_place(const struct accept_act *in) {
  bool is_good = in->position > 0 && (in->position == 1) == hash_is_zero(&in->previous);
  if (in->how != ACCEPT_TAKE || is_good || in->entries[0].index > 0)
    return OK;
  return err_set(ERR_FORM, "an act's position is not of its form");
}

static enum err decode(struct door *d) {
  const struct accept_act *in = d->in;
  enum err e = check_sizes(in);
  if (e == OK)
    e = check_place(in);
  if (e == OK && in->how != ACCEPT_TAKE && in->count != in->size)
    e = err_set(ERR_FORM, "an act lacks entries");
  if (e != OK)
    return e;
  d->entries = mem_alloc_array(in->count, sizeof *d->entries);
  d->contents = mem_alloc_array(in->count, sizeof *d->contents);
  d->kinds = mem_alloc_array(in->count, sizeof *d->kinds);
  for (size_t i = 0; e == OK && i < in->count; i++)
    e = decode_entry(d, i);
  if (e == OK)
    e = act_root_of_part(in->entries, in->count, in->size, in->siblings, &d->text.root);
  if (e != OK)
    return e;
  d->text.by = d->entries[0].by;
  d->text.size = in->size;
  d->position = (struct position){in->replica, in->position, in->previous, act_id(&d->text)};
  d->verdict.act = d->position.act;
  return OK;
}

/* ---- signature and certificate ---- */

/* The ledger's first entry names its own author's key. On the node it must be the first, elsewhere the one that was
 * pinned when the replica joined. */
static enum err verify_opening(struct door *d) {
  struct buf spki = {0};
  struct key *key = NULL;
  struct hash pinned, id;
  const struct entry *e = &d->entries[0];
  enum err err = text_base64_decode(entry_key(e, "operating"), &spki);
  if (err == OK)
    err = key_from_spki(buf_bytes(&spki), &key);
  if (err == OK)
    err = act_verify(&d->text, key, d->in->signature);
  if (err == OK) {
    id = key_id(key);
    if (!hash_equal(&id, &e->by) || d->in->size != 1)
      err = err_set(ERR_KEY, "a ledger is opened by its operating key, alone in its act");
    else if (!hash_equal(&id, &d->position.replica) || d->position.number != 1)
      err = err_set(ERR_KEY, "a ledger is opened with the first act of its operating key");
  }
  if (err == OK && d->in->how == ACCEPT_TAKE &&
      (d->in->first != 1 || store_meta_hash(d->s, "ledger", &pinned) != OK || !hash_equal(&pinned, &e->id)))
    err = err_set(ERR_KEY, "this is not the ledger that this replica joined");
  if (err == OK && d->in->how != ACCEPT_TAKE && store_size(d->s) != 0)
    err = err_set(ERR_KEY, "the ledger is open already");
  d->author = (struct author){.key_id = e->by, .is_node = true, .roles = 1u << ROLE_NODE, .until_s = INT64_MAX};
  key_free(key);
  buf_release(&spki);
  return err;
}

static enum err verify_author(struct door *d) {
  if (bytes_equal_str(d->entries[0].kind, "log.open"))
    return verify_opening(d);
  enum err e = directory_author_of(d->s, &d->text.by, door_number(d), d->judged_s, &d->author);
  return e == OK ? ahead_verify(d->in->ahead, d->in->ahead_index, &d->text, d->author.key, d->in->signature) : e;
}

static enum err find_newest(struct store *s, int64_t *out) {
  struct query q;
  if (s->answers.has_newest) {
    *out = s->answers.newest_s;
    return OK;
  }
  query_start(&q, s->db, sql[NEWEST_ADMITTED]);
  query_int(&q, 1, (int64_t)STORE_PENDING);
  if (query_row(&q))
    text_time_parse(query_get(&q, 0), out);
  return query_end(&q);
}

static enum err find_time(struct door *d) {
  int64_t newest_s = INT64_MIN;
  if (d->in->how == ACCEPT_TAKE) {
    if (d->in->admitted.len != TEXT_TIME_SIZE || text_time_parse(d->in->admitted, &d->judged_s) != OK)
      return err_set(ERR_FORM, "an act's time of admission is not a time");
    memcpy(d->admitted.s, d->in->admitted.at, TEXT_TIME_SIZE);
    return OK;
  }
  d->judged_s = d->in->now_s;
  if (door_is_write(d))
    return OK;
  enum err e = find_newest(d->s, &newest_s);
  if (d->judged_s < newest_s)
    d->judged_s = newest_s;
  d->admitted = text_time_format(d->judged_s);
  return e;
}

/* ---- position ---- */

/* Of the entries that came, those that are here already stay as they are; more of the act may be here by now. */
static enum err find_present(struct door *d) {
  size_t whole = 0;
  enum err e = OK;
  d->is_known = true;
  d->present = mem_alloc_array(d->in->count, sizeof *d->present);
  for (size_t i = 0; e == OK && i < d->in->count; i++) {
    struct hash id;
    e = store_presence(d->s, d->in->first + d->in->entries[i].index, &id, &d->present[i]);
    if (e == OK && d->present[i] != STORE_ABSENT && !hash_equal(&id, &d->entries[i].id))
      e = err_set(ERR_PROOF, "another entry has this number");
    whole += d->present[i] == STORE_WHOLE;
  }
  d->is_done = whole == d->in->count;
  return e;
}

/* The act is in the store already: pending here and now confirmed, or accepted before. */
static enum err meet_known(struct door *d) {
  uint64_t first;
  enum err e = store_find_act_id(d->s, &d->position.act, &first);
  if (e == ERR_ABSENT)
    return OK;
  if (e != OK)
    return e;
  if (first >= STORE_PENDING && d->in->how == ACCEPT_TAKE && d->in->count < d->in->size)
    return err_set(ERR_PROOF, "an act that was written here comes back in part");
  if (first >= STORE_PENDING && d->in->how != ACCEPT_TAKE)
    return err_set(ERR_HAD, "this act is recorded already");
  if (first >= STORE_PENDING) {
    d->has_rows = mem_alloc_array(d->in->size, sizeof *d->has_rows);
    return store_number_pending(d->s, first, d->in->first, d->has_rows);
  }
  if (d->in->how == ACCEPT_TAKE && first != d->in->first)
    return err_set(ERR_PROOF, "an act came with two numbers");
  d->is_done = true;
  d->verdict.code = VERDICT_HAD;
  d->verdict.first = first;
  d->verdict.last = first + d->in->size - 1;
  return d->in->how == ACCEPT_TAKE ? find_present(d) : OK;
}

/* Was this act refused at this position? Then the verdict is the one that it got. */
static enum err repeat_refusal(struct door *d) {
  struct query q;
  struct hash_hex replica = hash_hex(&d->position.replica), act = hash_hex(&d->position.act);
  query_start(&q, d->s->db, sql[REFUSAL]);
  query_text(&q, 1, bytes_str(replica.s));
  query_int(&q, 2, (int64_t)d->position.number);
  bool same = query_row(&q) && bytes_equal_str(query_get(&q, 0), act.s);
  if (same) {
    char *texts[3];
    for (int i = 0; i < 3; i++)
      texts[i] = bytes_copy_string(query_get(&q, i + 1));
    door_give(d, VERDICT_REFUSED, texts[0], texts[1], texts[2]);
    for (int i = 0; i < 3; i++)
      free(texts[i]);
    d->is_done = true;
  }
  enum err e = query_end(&q);
  if (e == OK && !same)
    e = err_set(ERR_CHAIN,
                "another act has the number %" PRIu64 " in this replica's chain: the replica was copied or restored",
                d->position.number);
  /* It was not a refusal of the act itself: the act had come before, at another position. */
  return e == OK && strcmp(d->verdict.rule, "had") == 0 ? meet_known(d) : e;
}

static const char *remedy_of_hold(const char *rule, bool is_rejected) {
  if (strcmp(rule, SECOND_RULE) == 0)
    return is_rejected ? "another person decided against it" : "another person decides whether it is to be";
  return is_rejected ? "the Keeper of the Register decided against it" : "the Keeper of the Register decides";
}

/* Is this act held at this position, or was it, until somebody decided against it? */
static enum err repeat_hold(struct door *d) {
  struct query q;
  struct hash_hex replica = hash_hex(&d->position.replica), act = hash_hex(&d->position.act);
  query_start(&q, d->s->db, sql[HOLD]);
  query_text(&q, 1, bytes_str(replica.s));
  query_int(&q, 2, (int64_t)d->position.number);
  if (query_row(&q) && bytes_equal_str(query_get(&q, 0), act.s) && !bytes_equal_str(query_get(&q, 3), "released")) {
    bool is_rejected = bytes_equal_str(query_get(&q, 3), "rejected");
    char *rule = bytes_copy_string(query_get(&q, 1)), *words = bytes_copy_string(query_get(&q, 2));
    door_give(d, is_rejected ? VERDICT_REFUSED : VERDICT_HELD, rule, words, remedy_of_hold(rule, is_rejected));
    d->is_done = true;
    free(rule);
    free(words);
  }
  return query_end(&q);
}

/* The position was seen before: it must be this act's. */
static enum err repeat_verdict(struct door *d) {
  struct query q;
  query_start(&q, d->s->db, sql[AT_POSITION]);
  query_blob(&q, 1, hash_bytes(&d->position.act));
  query_blob(&q, 2, hash_bytes(&d->position.replica));
  query_int(&q, 3, (int64_t)d->position.number);
  bool is_its = query_row(&q);
  enum err e = query_end(&q);
  if (e != OK)
    return e;
  if (is_its)
    return meet_known(d);
  e = repeat_hold(d);
  return e == OK && !d->is_done ? repeat_refusal(d) : e;
}

static enum err check_position(struct door *d) {
  uint64_t newest;
  struct hash previous;
  enum err e = store_chain(d->s, &d->position.replica, &newest, &previous);
  if (e != OK)
    return e;
  if (d->position.number <= newest)
    return repeat_verdict(d);
  if (d->position.number != newest + 1)
    return err_set(ERR_CHAIN,
                   "acts are missing: the newest one known in this replica's chain is %" PRIu64
                   ", this one is %" PRIu64,
                   newest, d->position.number);
  if (!hash_equal(&d->position.previous, &previous))
    return err_set(ERR_CHAIN, "the replica's chain is not the one known here: the replica was copied or restored");
  e = meet_known(d);
  if (e == OK && d->is_done) {
    char words[128];
    snprintf(words, sizeof words, "this act was accepted before, as %" PRIu64 " to %" PRIu64, d->verdict.first,
             d->verdict.last);
    snprintf(d->verdict.rule, sizeof d->verdict.rule, "had");
    snprintf(d->verdict.words, sizeof d->verdict.words, "%s", words);
  }
  return e;
}

/* ---- append, views, rules ---- */

static void find_first(struct door *d) {
  d->first = door_is_write(d) ? store_next_pending(d->s) : door_number(d);
  d->verdict.first = d->first;
  d->verdict.last = d->first + d->in->size - 1;
}

static enum err append_leaf(struct door *d, size_t i) {
  struct buf text = {0};
  struct leaf leaf = {.number = d->first + i,
                      .admitted = bytes_str(d->admitted.s),
                      .position = &d->position,
                      .index = (uint32_t)i,
                      .size = d->in->size,
                      .signature = d->in->signature,
                      .head = d->in->head,
                      .header = d->in->entries[i].header};
  leaf_format(&text, &leaf);
  struct hash h = merkle_leaf(buf_bytes(&text));
  buf_add(&d->s->new_leaves, hash_bytes(&h));
  buf_release(&text);
  return buf_err(&d->s->new_leaves);
}

static enum err put_if_newer(struct store *s, const struct position *p) {
  uint64_t newest;
  struct hash ignored;
  enum err e = store_chain(s, &p->replica, &newest, &ignored);
  return e == OK && p->number > newest ? store_put_chain(s, p) : e;
}

/* An accepted act is the newest of its replica's chain, and so is a refused or held one, of which the node's entry
 * tells. One that was held and is let through has its place already. */
static enum err follow_chain(struct door *d) {
  enum err err = d->in->is_rebuilt ? put_if_newer(d->s, &d->position) : OK;
  if (d->in->how != ACCEPT_TAKE && !d->in->is_released)
    err = store_put_chain(d->s, &d->position);
  for (size_t i = 0; err == OK && i < d->in->count; i++) {
    const struct entry *e = &d->entries[i];
    struct position p;
    if (!position_is_told(e))
      continue;
    err = position_told(e, &p);
    if (err == OK)
      err = put_if_newer(d->s, &p);
  }
  return err;
}

static char *copy_text(const struct json *record, const char *key) {
  const struct json *j = record ? json_get(record, key) : NULL;
  return bytes_copy_string(j ? json_get_text(j) : bytes_of(NULL, 0));
}

/* On the replica whose act it was: the node's entry that it was refused, or the keeper's that it is not let through. */
static enum err hear_of_own(struct door *d, size_t i) {
  const struct entry *e = &d->entries[i];
  const struct json *content = d->contents[i];
  struct hash act = {{0}};
  struct query q;
  enum err err = OK;
  bool is_refusal = bytes_equal_str(e->kind, "act.refuse");
  if (!is_refusal && !bytes_equal_str(e->kind, "held.reject"))
    return OK;
  if (is_refusal) {
    err = hash_parse(entry_fact(e, "act"), &act);
  } else {
    query_start(&q, d->s->db, sql[HOLD_OF]);
    query_blob(&q, 1, hash_bytes(entry_ref(e, "hold")));
    if (query_row(&q))
      hash_parse(query_get(&q, 0), &act);
    err = query_end(&q);
  }
  char *rule = bytes_copy_string(is_refusal ? entry_fact(e, "rule") : bytes_str("held"));
  char *why = copy_text(content, is_refusal ? "words" : "reason"), *remedy = copy_text(content, "remedy");
  if (err == OK && !hash_is_zero(&act) && strcmp(rule, "had") != 0)
    err = store_outbox_mark(d->s, &act, "refused", rule, why, remedy);
  free(rule);
  free(why);
  free(remedy);
  return err;
}

static bool is_sealed(const struct entry *e) {
  return e->audience == AUDIENCE_RESTRICTED;
}

/* What erases, or says what became of an act, says it in its header, and nobody can erase it: without its content it
 * was lost with a node, and counts all the same. */
static struct act_entry as_it_came(const struct door *d, size_t i) {
  struct act_entry from = d->in->entries[i];
  if (kind_stands_alone(d->kinds[i]) && !has_content(&from)) {
    from.is_erased = false;
    from.is_lost = true;
  }
  return from;
}

bool door_enters_views(const struct door *d, size_t i) {
  const struct act_entry *from = &d->in->entries[i];
  const struct kind *k = d->kinds[i];
  bool is_whole = d->contents[i] || (has_content(from) && ((k && k->media) || is_sealed(&d->entries[i])));
  if (kind_stands_alone(k) && !has_content(from))
    return kind_check_header(k, &d->entries[i]) == OK;
  return k && is_whole && (d->in->how != ACCEPT_TAKE || kind_check(k, &d->entries[i], d->contents[i]) == OK);
}

static enum err append_entry(struct door *d, size_t i) {
  const struct act_entry came = as_it_came(d, i), *from = &came;
  struct projection p = {.kind = d->kinds[i],
                         .entry = &d->entries[i],
                         .content = d->contents[i],
                         .number = d->first + from->index,
                         .admitted = bytes_str(d->admitted.s),
                         .is_new = d->in->how != ACCEPT_TAKE};
  enum store_presence present = d->is_known ? d->present[i] : STORE_ABSENT;
  if (present == STORE_WHOLE || (present == STORE_HEADER_ONLY && from->is_lost))
    return OK;
  enum err e = store_find_object(d->s, p.kind, p.entry, &p.object);
  if (e == OK && present == STORE_ABSENT)
    e = store_put_entry(d->s, p.number, d->first, from->index, p.entry,
                        hash_equal(&p.object, &p.entry->id) ? NULL : &p.object);
  if (e == OK && !p.is_new && has_content(from))
    e = store_remember(d->s, p.number);
  if (e == OK)
    e = store_put_content(d->s, p.number, p.entry, from);
  bool enters = door_enters_views(d, i);
  if (e == OK && present == STORE_HEADER_ONLY && enters && kind_stands_alone(p.kind))
    return view_replay(d->s, &p.object); /* its header has entered the views */
  if (e == OK && d->has_rows && d->has_rows[from->index])
    e = enters ? OK : view_replay(d->s, &p.object);
  else if (e == OK)
    e = enters ? view_enter(d->s, &p) : view_pass_by(d->s, &p);
  /* Of one that has lost its words, the machine hears by its act's verdict. */
  return e == OK && enters && p.content && d->in->how == ACCEPT_TAKE ? hear_of_own(d, i) : e;
}

static enum err append_act(struct door *d) {
  const struct act_row row = {d->first,         &d->text,    &d->position,
                              d->in->signature, d->in->head, bytes_str(d->admitted.s)};
  bool has_first = d->in->entries[0].index == 0;
  enum err e = d->is_known ? OK : store_put_act(d->s, &row);
  if (e == OK && d->in->how == ACCEPT_ADMIT) {
    d->s->answers.has_newest = true;
    d->s->answers.newest_s = d->judged_s;
  }
  if (e == OK && d->is_known && has_first)
    e = store_put_place(d->s, d->first, &d->position, d->in->head);
  if (e == OK && d->in->count < d->in->size)
    e = store_put_part(d->s, d->first, d->in->entries, d->in->count, d->in->siblings);
  return e;
}

static enum err append(struct door *d) {
  find_first(d);
  d->is_entering = true;
  enum err e = append_act(d);
  if (e == OK && door_is_write(d))
    e = store_put_outbox(d->s, d->first);
  for (size_t i = 0; e == OK && i < d->in->count; i++) {
    e = append_entry(d, i);
    if (d->entries[i].cert.len)
      store_forget_keys(d->s);
  }
  return e == OK && (d->in->how != ACCEPT_TAKE || d->in->is_rebuilt) ? follow_chain(d) : e;
}

/* Nothing is said of an act before its contents are there: the words of a refusal would be about what nobody saw. */
static enum err judge_parts(struct door *d) {
  for (size_t i = 0; i < d->in->count; i++)
    if (d->in->entries[i].parts_size)
      return door_give(d, VERDICT_LATER, "parts", "parts of its content are missing",
                       "sync again: they are sent again by themselves");
  return OK;
}

static enum err judge(struct door *d) {
  enum err e = judge_parts(d);
  if (e == OK)
    e = judge_kinds(d);
  if (e == OK)
    e = judge_sealed(d);
  if (e == OK)
    e = judge_references(d);
  if (e == OK)
    e = judge_profile(d);
  if (e == OK && d->in->how != ACCEPT_WRITE_ANYWAY)
    e = judge_permission(d);
  if (e == OK)
    e = judge_handover(d);
  if (e == OK)
    e = judge_certificates(d);
  if (e == OK)
    e = judge_second(d);
  if (e == OK)
    e = append(d);
  if (e == OK && d->in->how != ACCEPT_WRITE_ANYWAY)
    e = judge_rules(d);
  return e == OK ? hold_for_second(d) : e;
}

static enum err take(struct door *d) {
  enum err e = judge_handover(d);
  if (e == OK)
    e = judge_certificates(d);
  if (e == OK)
    e = judge_taken(d);
  if (e == OK)
    e = append(d);
  if (e == OK && d->in->asks_rules)
    e = judge_rules(d);
  return e == OK ? judge_taken_rules(d) : e;
}

static enum err enter(struct door *d) {
  bool has_place = d->in->how == ACCEPT_TAKE || d->in->is_released;
  enum err e = has_place ? meet_known(d) : check_position(d);
  if (e != OK || d->is_done)
    return e;
  e = d->in->how == ACCEPT_TAKE ? take(d) : judge(d);
  bool is_on_node = d->in->how == ACCEPT_ADMIT || d->in->is_rebuilt;
  for (size_t i = 0; e == OK && is_on_node && !d->is_known && i < d->in->count; i++)
    e = append_leaf(d, i);
  for (size_t i = 0; e == OK && is_on_node && i < d->in->count; i++)
    e = d->kinds[i] && d->kinds[i]->is_erasure ? feed_erase(d->s, d->first + i) : OK;
  if (e == OK && is_on_node)
    e = feed_follow(d->s, &(struct feed_act){.first = d->first,
                                             .entries = d->entries,
                                             .count = d->in->count,
                                             .is_new = d->in->how == ACCEPT_ADMIT,
                                             .was_never_held = d->was_never_held});
  if (e == OK)
    d->verdict.code = VERDICT_ACCEPTED;
  return e;
}

static enum err run(struct door *d, int statement) {
  struct query q;
  query_start(&q, d->s->db, sql[statement]);
  return query_run(&q);
}

static enum err enter_bare(struct door *d) {
  enum err e = enter(d);
  d->verdict.has_traces = e != OK && d->is_entering;
  return e;
}

/* What fails in the middle leaves no trace, whatever it was. */
static enum err enter_safely(struct door *d) {
  size_t leaves = d->s->new_leaves.len;
  if (d->in->is_bare)
    return enter_bare(d);
  enum err e = run(d, BEGIN);
  if (e != OK)
    return e;
  e = enter(d);
  if (e == OK)
    return run(d, END);
  d->s->new_leaves.len = leaves;
  store_forget_keys(d->s);
  if (!db_in_transaction(d->s->db))
    return e; /* a full disk ends the whole transaction */
  char words[512], remedy[512];
  snprintf(words, sizeof words, "%s", err_words(e));
  snprintf(remedy, sizeof remedy, "%s", err_remedy());
  enum err undone = db_do(d->s->db, "ROLLBACK TO act");
  if (undone == OK)
    undone = db_do(d->s->db, "RELEASE act");
  return undone == OK ? err_set_remedy(e, remedy, "%s", words) : undone;
}

static void door_release(struct door *d) {
  for (size_t i = 0; d->contents && i < d->in->count; i++)
    json_free(d->contents[i]);
  free(d->entries);
  free(d->contents);
  free(d->kinds);
  free(d->present);
  free(d->has_rows);
  free(d->places);
}

enum err accept_act(struct store *s, const struct accept_act *in, struct verdict *out) {
  struct door d = {.s = s, .in = in};
  enum err e = decode(&d);
  if (e == OK)
    e = find_time(&d);
  if (e == OK)
    e = verify_author(&d);
  if (e == OK)
    e = enter_safely(&d);
  if (e == ERR_REFUSED) {
    d.verdict.first = d.verdict.last = 0;
    e = OK;
  }
  if (e == OK)
    *out = d.verdict;
  door_release(&d);
  return e;
}
