/* offer: what this machine holds of the ledger, in a file, for the administrator of a node that was lost. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/home.h"
#include "sync/recover.h"

/* What a node that lacks everything would answer. */
static enum err answer_for(struct recover_round *r, struct bytes request, struct buf *answer) {
  struct recover_request m = {0};
  struct buf wanted = {0};
  struct recover_answer a = {.is_on = true, .next = r->last + 1};
  enum err e = recover_request_decode(request, &m);
  for (uint32_t i = 0; e == OK && i < m.count; i++) {
    struct leaf_read l = {0};
    e = m.items[i].parts_size ? leaf_parse(m.items[i].leaf, &l) : OK;
    if (e == OK && m.items[i].parts_size) {
      struct hash id = hash_of(l.leaf.header);
      buf_add(&wanted, hash_bytes(&id));
    }
    leaf_read_release(&l);
  }
  a.wanted = buf_bytes(&wanted);
  a.wanted_count = (uint32_t)(wanted.len / HASH_SIZE);
  if (e == OK)
    recover_answer_encode(answer, &a);
  buf_release(&wanted);
  recover_request_release(&m);
  return e;
}

static enum err write_all(int fd, struct bytes b) {
  while (b.len > 0) {
    ssize_t n = write(fd, b.at, b.len);
    if (n <= 0)
      return err_set(ERR_DISK, "the file could not be written: %s", strerror(errno));
    b = bytes_of(b.at + n, b.len - (size_t)n);
  }
  return OK;
}

static enum err write_request(int fd, struct bytes request) {
  struct buf framed = {0};
  buf_string(&framed, request);
  enum err e = write_all(fd, buf_bytes(&framed));
  buf_release(&framed);
  return e;
}

static enum err write_offer(struct home *h, int fd, struct recover_round *r) {
  enum err e = write_all(fd, bytes_str(RECOVER_FILE_LINE));
  if (e == OK)
    e = write_all(fd, hash_bytes(&h->replica_id));
  while (e == OK && !recover_is_done(r)) {
    struct buf request = {0}, answer = {0};
    e = recover_next(r, h->store, &request);
    if (e == OK && !recover_is_done(r))
      e = write_request(fd, buf_bytes(&request));
    if (e == OK && !recover_is_done(r))
      e = answer_for(r, buf_bytes(&request), &answer);
    if (e == OK && !recover_is_done(r))
      e = recover_take(r, h->store, buf_bytes(&answer));
    buf_release(&request);
    buf_release(&answer);
  }
  return e == OK && fsync(fd) != 0 ? err_set(ERR_DISK, "the file could not be written: %s", strerror(errno)) : e;
}

static enum err offer(struct home *h, const char *path, struct out *out) {
  struct recover_round r = {0};
  char words[512], remedy[512];
  int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0)
    return errno == EEXIST ? err_set(ERR_USAGE, "\"%s\" is there already: name another file", path)
                           : err_set(ERR_IO, "\"%s\" could not be made: %s", path, strerror(errno));
  enum err e = write_offer(h, fd, &r);
  close(fd);
  snprintf(words, sizeof words, "%s", err_words(e));
  snprintf(remedy, sizeof remedy, "%s", err_remedy());
  if (e != OK)
    unlink(path);
  if (e == OK) {
    out_begin(out, NULL);
    out_field(out, "file", path);
    out_field_number(out, "entries", r.offered);
    out_end(out);
    out_say(out,
            "It has what this machine holds, and is not encrypted: carry it as you would carry the machine. For the "
            "administrator: cairnd rebuild --offer FILE");
  }
  recover_round_release(&r);
  return e == OK ? OK : err_set_remedy(e, remedy, "%s", words);
}

static enum err run_offer(void *program, const struct cmd_line *line, struct out *out) {
  struct home *h = program;
  enum err e = home_open(h, line, HOME_NO_KEY);
  if (e == OK)
    e = offer(h, cmd_nth(line, "", 0), out);
  home_close(h);
  return e;
}

const struct cmd home_offer_commands[] = {
    {"offer", "FILE", 1, 1, NULL, "write what this machine holds of the ledger into a file, for a node that was lost",
     "What cairn sync offers by itself to a node that is being rebuilt; for when there is no network, or no node yet.\n"
     "Nothing changes here.",
     run_offer},
    {0},
};
